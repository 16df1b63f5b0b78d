/* Thought: From the notes, a.cc: a FIFO as a doorbell gives synchronisation and mutual exclusion.
 * Caught by: wrong_arguments_are_status_2
 */
#include "channel.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    char path[4200], bell;
    (void)argc;
    snprintf(path, sizeof path, "%s/%s", argv[1] ? argv[1] : ".", CHANNEL_READY);
    int shmid = shmget(ftok(argv[1], CHANNEL_PROJ_ID), CHANNEL_CAPACITY,
                       IPC_CREAT | IPC_EXCL | 0666);
    char *text = shmat(shmid, NULL, 0);
    mkfifo(path, 0664);
    int fd = open(path, O_RDONLY);
    while (read(fd, &bell, 1) > 0) {
        printf("%s\n", text);
        fflush(stdout);
    }
    close(fd);
    unlink(path);
    shmdt(text);
    shmctl(shmid, IPC_RMID, NULL);
    return 0;
}
