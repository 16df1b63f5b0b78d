/* Lab 3: attach, detach and nattch. The contract is in attach.h. */

#include "attach.h"

#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

void *segment_attach(int shmid, bool read_only)
{
    /* TODO 1: Attach with shmat(2), and let the kernel choose the address.
     * Look up how shmat(2) reports a failure: it is not NULL.
     */
    (void)shmid;
    (void)read_only;
    errno = ENOSYS;
    return NULL;
}

int segment_detach(const void *address)
{
    /* TODO 2: Detach with shmdt(2). */
    (void)address;
    errno = ENOSYS;
    return -1;
}

int segment_stat(int shmid, struct segment_info *info)
{
    /* TODO 3: Ask shmctl(2) with IPC_STAT, and fill *info from its answer. The
     * kernel keeps more than the nine permission bits in shm_perm.mode: look
     * up SHM_DEST there.
     */
    (void)shmid;
    (void)info;
    errno = ENOSYS;
    return -1;
}

ssize_t segment_write(int shmid, size_t offset, const void *bytes, size_t count)
{
    /* TODO 4: Check the range against the segment's size, attach, copy,
     * detach. Leave no attachment behind on any path, and mind offsets and
     * counts so large that their sum overflows.
     */
    (void)shmid;
    (void)offset;
    (void)bytes;
    (void)count;
    errno = ENOSYS;
    return -1;
}

ssize_t segment_read(int shmid, size_t offset, void *bytes, size_t count)
{
    /* TODO 5: The same in the other direction. It must also work on a segment
     * that you may only read: how do you have to attach it?
     */
    (void)shmid;
    (void)offset;
    (void)bytes;
    (void)count;
    errno = ENOSYS;
    return -1;
}
