/* Lab 4: IPC_RMID and the dest status. The contract is in remove.h. */

#include "remove.h"

#include <errno.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

int segment_remove(int shmid)
{
    /* TODO 1: Mark the segment for destruction: shmctl(2), IPC_RMID. */
    (void)shmid;
    errno = ENOSYS;
    return -1;
}

enum segment_state segment_state(int shmid)
{
    /* TODO 2: Ask shmctl(2) with IPC_STAT. On success SHM_DEST in
     * shm_perm.mode decides; on failure errno tells a segment that is gone
     * from one that you may not read.
     */
    (void)shmid;
    errno = ENOSYS;
    return SEGMENT_UNKNOWN;
}

int segment_list(struct segment_info *rows, size_t capacity)
{
    /* TODO 3: Walk through the kernel's table and count its rows; fill as many
     * of them as there is room for. Two ways lead there: read
     * /proc/sysvipc/shm, see proc(5), or ask shmctl(2) with SHM_INFO and then
     * SHM_STAT_ANY for each index, which is not an id.
     */
    (void)rows;
    (void)capacity;
    errno = ENOSYS;
    return -1;
}

int segment_sweep(void)
{
    /* TODO 4: Go through the table once more, with the rows that you may not
     * read, and remove the orphans. kill(2) with signal 0 tells whether a
     * process runs: look up what its errno values mean.
     */
    errno = ENOSYS;
    return -1;
}

void *segment_scratch(size_t size, int *shmid)
{
    /* TODO 5: Create a segment with IPC_PRIVATE and 0600, attach it, mark it,
     * in this order. If a step fails, leave nothing behind, and keep the errno
     * of the step that failed.
     */
    (void)size;
    (void)shmid;
    errno = ENOSYS;
    return NULL;
}
