/* Lab 2: IPC_CREAT versus IPC_EXCL. The contract is in create.h. */

#include "create.h"

#include <errno.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

int segment_create(key_t key, size_t size, mode_t perms)
{
    /* TODO 1: Refuse permission bits beyond 0777 with EINVAL: shmget(2) would
     * take some of them for flags. Then look up which two flags together
     * promise a segment that is new.
     */
    (void)key;
    (void)size;
    (void)perms;
    errno = ENOSYS;
    return -1;
}

int segment_find(key_t key)
{
    /* TODO 2: Refuse IPC_PRIVATE with EINVAL: shmget(2) would create a segment
     * for it. Then find out with which size and which flags shmget(2) finds
     * any segment there is, also one that you may not read.
     */
    (void)key;
    errno = ENOSYS;
    return -1;
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    /* TODO 3: Find the segment or create it, and know which of the two you
     * did. Between two of your calls, another process may create the segment
     * or remove it. Neither is an error.
     */
    (void)key;
    (void)size;
    (void)perms;
    (void)created;
    errno = ENOSYS;
    return -1;
}

size_t segment_footprint(size_t size)
{
    /* TODO 4: Ask sysconf(3) for the page size, and round up to whole pages. A
     * size can be so large that the rounded number does not fit.
     */
    (void)size;
    errno = ENOSYS;
    return 1; // one byte is never a number of whole pages
}
