/* journal.h - which segments the course's processes made, for `make clean`.
 *
 * A program that runs in the machine's own IPC namespace (a lab shell at a
 * terminal, lab 5 by hand, the checks where namespaces are refused) writes a line
 * for each segment that it may have created into the file JOURNAL_NAME beside the
 * program, or into the file that JOURNAL_VARIABLE names (the checks' own):
 *
 *     ID PID BOOT
 *
 * with the boot's id, since ids start anew at each boot.  A segment is the
 * course's if its id and its creator's pid stand in such a line.
 *
 * A process of a check writes the id -1 when it starts: every segment that it makes
 * is the course's, also one whose line it does not come to write.  Such a journal is
 * swept right after the run, before the pid can be given to another process.
 */
#ifndef SHMLAB_JOURNAL_H
#define SHMLAB_JOURNAL_H

#define JOURNAL_NAME     "made-segments"
#define JOURNAL_ANY      (-1)
#define JOURNAL_VARIABLE "SHMLAB_JOURNAL"
#define BOOT_ID_FILE     "/proc/sys/kernel/random/boot_id"

#endif
