/* Thought: From the notes, delshm: whoever creates deletes, so another process must not.
 * Caught by: remove_destroys_at_once
 */

#include "remove.h"

#include <errno.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

int segment_remove(int shmid)
{
    struct shmid_ds ds;
    if (shmctl(shmid, IPC_STAT, &ds) < 0)
        return -1;
    if (ds.shm_cpid != getpid()) {
        errno = EPERM;
        return -1;
    }
    return shmctl(shmid, IPC_RMID, NULL);
}

/* Does errno say that the segment is gone? EINVAL: the id names nothing. EIDRM:
 * it named a segment when the call began, and somebody removed it meanwhile.
 */
static bool is_gone(void)
{
    return errno == EINVAL || errno == EIDRM;
}

enum segment_state segment_state(int shmid)
{
    struct shmid_ds ds;
    if (shmctl(shmid, IPC_STAT, &ds) == -1)
        return is_gone() ? SEGMENT_GONE : SEGMENT_UNKNOWN;
    return (ds.shm_perm.mode & SHM_DEST) != 0 ? SEGMENT_DEST : SEGMENT_LIVE;
}

/* The highest index in use in the kernel's table (0 if it is empty), or -1. */
static int last_index(void)
{
    struct shm_info usage;
    return shmctl(0, SHM_INFO, (struct shmid_ds *)&usage);
}

/* Reads one place of the kernel's table: 1 and *row, 0 if the place is empty,
 * or -1. IPC_STAT would want an id and the permission to read. SHM_STAT_ANY wants
 * neither: it takes an index, answers with the id, and shows what everybody may
 * see in /proc/sysvipc/shm.
 */
static int read_row(int index, struct segment_info *row)
{
    struct shmid_ds ds;
    int shmid = shmctl(index, SHM_STAT_ANY, &ds);
    if (shmid == -1)
        return is_gone() ? 0 : -1;

    *row = (struct segment_info){
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
    return 1;
}

int segment_list(struct segment_info *rows, size_t capacity)
{
    int last = last_index();
    if (last == -1)
        return -1;

    int count = 0;
    for (int index = 0; index <= last; index++) {
        struct segment_info row;
        int found = read_row(index, &row);
        if (found == -1)
            return -1;
        if (found == 0)
            continue;
        if ((size_t)count < capacity)
            rows[count] = row;
        count++;
    }
    return count;
}

/* Signal 0 is not delivered, but the kernel looks for the receiver: ESRCH means
 * that there is none, EPERM that there is one, of another user. A pid of 0 is a
 * process of another pid namespace; kill(0, ...) would mean our own group.
 */
static bool may_be_running(pid_t pid)
{
    return pid == 0 || kill(pid, 0) == 0 || errno != ESRCH;
}

static bool is_orphan(const struct segment_info *row)
{
    return row->owner == geteuid() && row->nattch == 0 && !may_be_running(row->creator);
}

int segment_sweep(void)
{
    int last = last_index();
    if (last == -1)
        return -1;

    int removed = 0;
    for (int index = 0; index <= last; index++) {
        struct segment_info row;
        int found = read_row(index, &row);
        if (found == -1)
            return -1;
        if (found == 0 || !is_orphan(&row))
            continue;
        /* Nothing can lock the table between the look and the removal. Who
         * attaches meanwhile keeps the memory: the segment is then only marked.
         */
        if (segment_remove(row.shmid) == 0)
            removed++;
        else if (!is_gone())
            return -1;
    }
    return removed;
}

void *segment_scratch(size_t size, int *shmid)
{
    int id = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
    if (id == -1)
        return NULL;

    void *address = shmat(id, NULL, 0);
    if (address == (void *)-1) {
        int error = errno;
        (void)segment_remove(id);
        errno = error;
        return NULL;
    }
    if (segment_remove(id) == -1) {
        int error = errno;
        (void)shmdt(address);
        errno = error;
        return NULL;
    }
    *shmid = id;
    return address;
}
