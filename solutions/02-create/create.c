/* Lab 2: IPC_CREAT versus IPC_EXCL. The contract is in create.h. */

#include "create.h"

#include <errno.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

int segment_create(key_t key, size_t size, mode_t perms)
{
    /* [todo 1]
     * Refuse permission bits beyond 0777 with EINVAL: shmget(2) would take some
     * of them for flags. Then look up which two flags together promise a
     * segment that is new.
     * [stub]
     * (void)key;
     * (void)size;
     * (void)perms;
     * errno = ENOSYS;
     * return -1;
     */
    if ((perms & ~(mode_t)0777) != 0) { /* in shmget's flags, 01000 is IPC_CREAT */
        errno = EINVAL;
        return -1;
    }
    return shmget(key, size, IPC_CREAT | IPC_EXCL | (int)perms);
    /* [/todo] */
}

int segment_find(key_t key)
{
    /* [todo 2]
     * Refuse IPC_PRIVATE with EINVAL: shmget(2) would create a segment for it.
     * Then find out with which size and which flags shmget(2) finds any segment
     * there is, also one that you may not read.
     * [stub]
     * (void)key;
     * errno = ENOSYS;
     * return -1;
     */
    if (key == IPC_PRIVATE) {
        errno = EINVAL;
        return -1;
    }
    /* The kernel refuses a size that is larger than the segment's, and denies
     * permission bits that are asked for. 0 and 0 find every segment.
     */
    return shmget(key, 0, 0);
    /* [/todo] */
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    /* [todo 3]
     * Find the segment or create it, and know which of the two you did.
     * Between two of your calls, another process may create the segment or
     * remove it. Neither is an error.
     * [stub]
     * (void)key;
     * (void)size;
     * (void)perms;
     * (void)created;
     * errno = ENOSYS;
     * return -1;
     */
    /* IPC_CREAT alone would find or create in one step, but not tell which. Two
     * steps tell. If the segment vanishes between them, the next round decides;
     * no number of rounds is a reason to give up.
     */
    for (;;) {
        int shmid = segment_create(key, size, perms);
        if (shmid != -1) {
            *created = true;
            return shmid;
        }
        if (errno != EEXIST)
            return -1;

        shmid = shmget(key, size, 0);
        if (shmid != -1) {
            *created = false;
            return shmid;
        }
        if (errno != ENOENT)
            return -1;
    }
    /* [/todo] */
}

size_t segment_footprint(size_t size)
{
    /* [todo 4]
     * Ask sysconf(3) for the page size, and round up to whole pages. A size can
     * be so large that the rounded number does not fit.
     * [stub]
     * (void)size;
     * errno = ENOSYS;
     * return 1; // one byte is never a number of whole pages
     */
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if (size > SIZE_MAX - (page - 1)) {
        errno = EOVERFLOW;
        return 0;
    }
    return (size + page - 1) / page * page;
    /* [/todo] */
}
