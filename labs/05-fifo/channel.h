/*
 * channel.h - the contract of lab 5: waiting for each other
 *
 * You write two programs, reader.c and writer.c. The writer sends each line
 * of its standard input; the reader prints each on its standard output. The
 * text travels through a shared memory segment. A segment cannot make anybody
 * wait, but a FIFO can.
 *
 *     reader DIR
 *     writer DIR
 *
 * DIR is an existing directory in which both may make and remove files. The
 * two may be started in either order; the first one waits for the other.
 *
 * The names below are fixed. What lies in the segment, and what goes through
 * the FIFOs, is your own protocol: your reader only ever meets your writer.
 *
 * Messages
 *
 * - A message is a line without its newline, of 0 to CHANNEL_CAPACITY - 1
 *   bytes. An empty line is a message. So is a last line that has no newline.
 * - Bytes are bytes: UTF-8 passes unharmed. (A NUL byte need not.)
 * - The reader prints each message with a newline, at once: it does not wait
 *   for the next one, or for a buffer to fill.
 * - Nothing is lost, torn, doubled or reordered, however fast the writer is
 *   and however slow the reader.
 * - A longer line is refused: the writer says so at once on standard error,
 *   and does not send the line, nor any part of it. The lines after it are
 *   sent as usual. In the end the writer's status is 1.
 * - Waiting costs no CPU time, whatever a program waits for: it blocks until
 *   there is news. Who wakes up after some time to look does not block.
 *
 * The end
 *
 * - At the end of the writer's input the writer ends with status 0 (or 1, if
 *   it refused a line), and the reader, once it has printed everything, with
 *   status 0. Afterwards the segment and both FIFOs are gone. Input without
 *   any line is no special case: both programs meet, and both end. The writer
 *   may end before its last lines are taken.
 * - The writer is killed, also with SIGKILL: the reader prints what was sent,
 *   and ends by itself with status 0. A line counts as sent once the writer
 *   has announced it: with its first word through a FIFO after the text is in
 *   the segment. Afterwards everything is removed.
 * - The reader is killed, also with SIGKILL: the writer notices at its next
 *   message at the latest, says so on standard error, and ends with status 1.
 *   SIGPIPE must not end it. Afterwards everything is removed.
 * - SIGINT or SIGTERM at either program, at any time, also while it waits for
 *   the other one to start: it ends, and everything that it made is removed.
 *   For the other one it is as if this one was killed.
 * - "Removed" may come earlier: the names may go as soon as both are there.
 *   Other files in DIR, such as a lock file, are allowed, and removed, too.
 *
 * Other programs on the same DIR
 *
 * - What a pair left behind that was killed with SIGKILL (a segment, one FIFO
 *   or both) does not stop the next pair.
 * - A second reader, while one is there, is refused: it says so on standard
 *   error and ends with status 1. The running pair does not notice.
 *
 * Exit statuses
 *
 *   0  everything went well
 *   1  something went wrong, and standard error says what
 *   2  wrong use: no argument, more than one, or a DIR that is no directory;
 *      standard error says how the program is used, and nothing is created
 *
 * Not judged: the words of the messages on standard error; the exit status
 * after SIGINT or SIGTERM; the writer's status when the reader was killed and
 * no message follows; what the other one does when one is ended before the two
 * have met; a second writer on the same DIR; a program that starts while one of
 * the former pair has not ended yet; an input that cannot be read, such as a
 * directory; an output that cannot be written, such as a closed pipe or a full
 * disk; a DIR that may not be read, or that is removed meanwhile; reader and
 * writer of two different users; two directories in use at the same time whose
 * keys happen to be equal (lab 1 shows how that comes about); other files in
 * DIR that have the FIFOs' names.
 *
 * Source: fifo(7), pipe(7), signal(7), shmget(2), ftok(3).
 */
#ifndef CHANNEL_H
#define CHANNEL_H

/* The segment's key is ftok(DIR, CHANNEL_PROJ_ID). */
#define CHANNEL_PROJ_ID 'S'

/* The segment's size in bytes. The longest message is one byte shorter. */
#define CHANNEL_CAPACITY 4096

/* The FIFOs, in DIR. One FIFO from the writer to the reader: "a message is ready". */
#define CHANNEL_READY "ready.fifo"

/* And one from the reader to the writer: "the message is taken". */
#define CHANNEL_TAKEN "taken.fifo"

#endif
