/*
 * remove.h - the contract of lab 4: IPC_RMID and the dest status
 *
 * A segment stays when every process that used it is gone. Somebody has to
 * remove it with IPC_RMID, and the kernel destroys it when nobody is attached
 * any more. You write the five functions below in remove.c.
 *
 * These rules hold for every function of the labs:
 *
 * - A failure is reported as "Return:" says. errno is then what the failing
 *   call left there, or the value that is named.
 * - What a pointer parameter would receive is untouched on failure.
 * - Callers pass valid pointers. NULL is not judged, except where it is named.
 * - Nothing is printed, and the process is never ended.
 * - No segment, attachment, file descriptor or file is left behind that the
 *   contract does not promise.
 */
#ifndef REMOVE_H
#define REMOVE_H

#include "../segment.h"

#include <stddef.h>

/**
 * enum segment_state - the life of a segment, seen from outside
 * @SEGMENT_LIVE: it exists and is not marked
 * @SEGMENT_DEST: it is marked for destruction, and attachments still keep it
 * @SEGMENT_GONE: the id names nothing: destroyed, or never valid
 * @SEGMENT_UNKNOWN: the caller may not ask
 */
enum segment_state {
    SEGMENT_LIVE,
    SEGMENT_DEST,
    SEGMENT_GONE,
    SEGMENT_UNKNOWN,
};

/**
 * segment_remove() - mark a segment for destruction
 * @shmid: the segment's id, and not its key
 *
 * With no attachment the segment is destroyed at once. Otherwise it becomes
 * "dest": its key becomes 0, so that the old key is free for a new segment, and
 * the memory stays usable until the last attachment goes. Marking twice is fine
 * while the segment lasts.
 *
 * Return: 0, or -1 with errno:
 *
 * - EINVAL: no segment has this id.
 * - EIDRM: somebody else removed it during the call; only a race shows it.
 * - EPERM: the caller is neither owner nor creator of the segment, and has no
 *   privilege.
 *
 * Source: shmctl(2), IPC_RMID. That the key becomes 0 is measured kernel
 * behaviour.
 */
int segment_remove(int shmid);

/**
 * segment_state() - where in its life is this segment?
 * @shmid: any number; one that never was an id is not an error
 *
 * Return: SEGMENT_LIVE, SEGMENT_DEST or SEGMENT_GONE, as enum segment_state
 * says; or SEGMENT_UNKNOWN with errno:
 *
 * - EACCES: the segment exists, and the caller may not read it.
 *
 * Source: shmctl(2), IPC_STAT and SHM_DEST.
 */
enum segment_state segment_state(int shmid);

/**
 * segment_list() - the kernel's table of segments
 * @rows: receives one description for each segment, @capacity of them at most;
 *        may be NULL if @capacity is 0
 * @capacity: the number of elements of @rows
 *
 * Tells what "ipcs -m" shows, row by row, in the order of the kernel's table,
 * which is the order of /proc/sysvipc/shm and not that of the ids. Segments
 * that the caller may not read are rows like any other. A segment that vanishes
 * meanwhile is skipped.
 *
 * Return: how many segments there are, also if that is more than @capacity (the
 * first @capacity rows are filled then), or -1 with the errno of the call that
 * failed.
 *
 * Not judged: the content of @rows after a failure.
 *
 * Source: shmctl(2), SHM_INFO and SHM_STAT_ANY; proc(5), /proc/sysvipc/shm.
 * Either will do. Mind that SHM_STAT_ANY takes an index and answers with an id.
 */
int segment_list(struct segment_info *rows, size_t capacity);

/**
 * segment_sweep() - remove the orphans
 *
 * An orphan is a segment for which all of this holds:
 *
 * - it belongs to the caller: its owner is the caller's effective user id;
 * - nattch is 0;
 * - its creator is no longer running.
 *
 * A creator that is a zombie still counts as running. So does a pid that was
 * given to another process since, whoever owns that process. A creator that is
 * shown as 0 belongs to another pid namespace, where the caller cannot tell
 * whether it runs: the segment is kept. An orphan that not even its owner may
 * read is an orphan all the same. An orphan that somebody else removes first is
 * skipped and not counted. No other segment is touched.
 *
 * Return: how many segments this call removed, which may be 0, or -1 with the
 * errno of the call that failed.
 *
 * Not judged: IPC_RMID that fails for another reason than that the segment is
 * gone.
 *
 * Source: shmctl(2); kill(2) with signal 0; credentials(7).
 */
int segment_sweep(void);

/**
 * segment_scratch() - memory that cannot leak
 * @size: bytes
 * @shmid: receives the segment's id
 *
 * Creates a segment with IPC_PRIVATE and permissions 0600, attaches it, and
 * marks it at once. From then on the kernel destroys it at the last detach,
 * even if the process is killed. Children of fork(2) inherit it, and on Linux
 * it can still be attached by its id.
 *
 * Return: the address, with the id in *@shmid, or NULL with errno and nothing
 * left behind:
 *
 * - EINVAL: @size is 0, or more than the system allows.
 * - Another error of shmget(2) or shmat(2), unchanged.
 *
 * Not judged: IPC_RMID that fails.
 *
 * Source: shmget(2), shmat(2), shmctl(2), IPC_RMID.
 */
void *segment_scratch(size_t size, int *shmid);

#endif
