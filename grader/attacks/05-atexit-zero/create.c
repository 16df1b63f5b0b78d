#include <stdlib.h>
#include <unistd.h>

static void zero(void)
{
    _exit(0);
}

__attribute__((constructor)) static void attack(void)
{
    atexit(zero);
}

#include "create.h"

static void leave(void)
{
    exit(1);
}

int segment_create(key_t key, size_t size, mode_t perms)
{
    (void)key, (void)size, (void)perms;
    leave();
    return 0;
}

int segment_find(key_t key)
{
    (void)key;
    leave();
    return 0;
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    (void)key, (void)size, (void)perms;
    leave();
    *created = true;
    return 0;
}

size_t segment_footprint(size_t size)
{
    leave();
    return size;
}
