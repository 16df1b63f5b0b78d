/* Thought: From the notes, the client: IPC_CREAT gets or creates, so whoever comes first creates.
 * Caught by: create_makes_a_segment
 */
#include "create.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

static int getShm(key_t k, size_t size, int flag)
{
    int id = shmget(k, size, flag);
    if (id < 0)
        return -1;
    return id;
}

int segment_create(key_t key, size_t size, mode_t perms)
{
    if (perms > 0777) {
        errno = EINVAL;
        return -1;
    }
    return getShm(key, size, IPC_CREAT | IPC_EXCL);
}

int segment_find(key_t key)
{
    if (key == 0) {
        errno = EINVAL;
        return -1;
    }
    return getShm(key, 0, 0);
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    int id = getShm(key, size, IPC_CREAT);
    (void)perms;
    if (id >= 0)
        *created = true;
    return id;
}

size_t segment_footprint(size_t size)
{
    if (size > SIZE_MAX - 4095) {
        errno = EOVERFLOW;
        return 0;
    }
    return (size + 4095) / 4096 * 4096;
}
