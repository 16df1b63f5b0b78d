/* Lab 5: the writer sends each line of its standard input. channel.h has the rules. */

#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    /* TODO 1: Check the arguments. If there is not exactly one, or if it names
     * no directory, say on standard error how the program is used, and end
     * with status 2. Look up chdir(2): it checks the directory and shortens
     * all names.
     */
    (void)argc;
    (void)argv;

    /* TODO 2: Find the FIFOs and the segment that the reader made, or make
     * them: mkfifo(3), fifo(7), shmget(2). Think of what a killed pair left
     * behind: flock(2). Before you make anything, think of SIGINT and SIGTERM:
     * sigprocmask(2), ppoll(2), signalfd(2).
     */

    /* TODO 3: Again and again: wait until the segment is free, wait for a
     * line, copy it into the segment, and say that it is ready. Look up what
     * read(2) and write(2) answer on a FIFO whose other end has gone, and what
     * SIGPIPE does.
     */

    /* TODO 4: Remove what is there: unlink(2), shmctl(2). The reader may be
     * quicker than you, and the next pair may be there already.
     */
    return EXIT_FAILURE;
}
