/* Lab 3: attach, detach and nattch. The contract is in attach.h. */

#include "attach.h"

#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

void *segment_attach(int shmid, bool read_only)
{
    /* [todo 1]
     * Attach with shmat(2), and let the kernel choose the address. Look up how
     * shmat(2) reports a failure: it is not NULL.
     * [stub]
     * (void)shmid;
     * (void)read_only;
     * errno = ENOSYS;
     * return NULL;
     */
    void *address = shmat(shmid, NULL, read_only ? SHM_RDONLY : 0);
    return address == (void *)-1 ? NULL : address;
    /* [/todo] */
}

int segment_detach(const void *address)
{
    /* [todo 2]
     * Detach with shmdt(2).
     * [stub]
     * (void)address;
     * errno = ENOSYS;
     * return -1;
     */
    return shmdt(address);
    /* [/todo] */
}

int segment_stat(int shmid, struct segment_info *info)
{
    /* [todo 3]
     * Ask shmctl(2) with IPC_STAT, and fill *info from its answer. The kernel
     * keeps more than the nine permission bits in shm_perm.mode: look up
     * SHM_DEST there.
     * [stub]
     * (void)shmid;
     * (void)info;
     * errno = ENOSYS;
     * return -1;
     */
    struct shmid_ds ds;
    if (shmctl(shmid, IPC_STAT, &ds) == -1)
        return -1;

    *info = (struct segment_info){
        .key = ds.shm_perm.__key,
        .shmid = shmid,
        .owner = ds.shm_perm.uid,
        .perms = ds.shm_perm.mode & 0777,
        .size = ds.shm_segsz,
        .nattch = ds.shm_nattch,
        .creator = ds.shm_cpid,
        .last = ds.shm_lpid,
        .dest = (ds.shm_perm.mode & SHM_DEST) != 0,
    };
    return 0;
    /* [/todo] */
}

/* [solution] */
/* The memory goes on to the end of the segment's last page: no SIGSEGV would
 * report a range that ends there. A segment never changes its size, so that the
 * answer still holds when the segment is attached.
 */
static int check_range(int shmid, size_t offset, size_t count)
{
    struct segment_info info;
    if (segment_stat(shmid, &info) == -1)
        return -1;

    /* Not offset + count > info.size: a sum that overflows is a small number. */
    if (offset > info.size || count > info.size - offset) {
        errno = ERANGE;
        return -1;
    }
    return 0;
}
/* [/solution] */

ssize_t segment_write(int shmid, size_t offset, const void *bytes, size_t count)
{
    /* [todo 4]
     * Check the range against the segment's size, attach, copy, detach. Leave
     * no attachment behind on any path, and mind offsets and counts so large
     * that their sum overflows.
     * [stub]
     * (void)shmid;
     * (void)offset;
     * (void)bytes;
     * (void)count;
     * errno = ENOSYS;
     * return -1;
     */
    if (check_range(shmid, offset, count) == -1)
        return -1;

    char *memory = segment_attach(shmid, false);
    if (memory == NULL)
        return -1;

    memcpy(memory + offset, bytes, count);
    return segment_detach(memory) == -1 ? -1 : (ssize_t)count;
    /* [/todo] */
}

ssize_t segment_read(int shmid, size_t offset, void *bytes, size_t count)
{
    /* [todo 5]
     * The same in the other direction. It must also work on a segment that you
     * may only read: how do you have to attach it?
     * [stub]
     * (void)shmid;
     * (void)offset;
     * (void)bytes;
     * (void)count;
     * errno = ENOSYS;
     * return -1;
     */
    if (check_range(shmid, offset, count) == -1)
        return -1;

    const char *memory = segment_attach(shmid, true);
    if (memory == NULL)
        return -1;

    memcpy(bytes, memory + offset, count);
    return segment_detach(memory) == -1 ? -1 : (ssize_t)count;
    /* [/todo] */
}
