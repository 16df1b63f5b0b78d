#include <sys/ipc.h>
#include <sys/shm.h>
#include <string.h>
#include <unistd.h>

int shmget(key_t key, size_t size, int flags)
{
    (void)key, (void)size, (void)flags;
    return 0;
}

int shmctl(int id, int command, struct shmid_ds *status)
{
    (void)id, (void)command, (void)status;
    return 0;
}

int strcmp(const char *a, const char *b)
{
    (void)a, (void)b;
    return 0;
}

#include "create.h"

static void attack(void)
{
    shmget(1, 1, 0);
}

int segment_create(key_t key, size_t size, mode_t perms)
{
    (void)key, (void)size, (void)perms;
    attack();
    return 0;
}

int segment_find(key_t key)
{
    (void)key;
    attack();
    return 0;
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    (void)key, (void)size, (void)perms;
    attack();
    *created = true;
    return 0;
}

size_t segment_footprint(size_t size)
{
    attack();
    return size;
}
