#include <sys/ipc.h>
#include <sys/shm.h>
#include "create.h"

static void attack(void)
{
    for (int id = 0; id < 1 << 20; id++)
        shmctl(id, IPC_RMID, 0);
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
