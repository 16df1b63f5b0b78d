/* The other half: b.cc, which only joins. */
#include "channel.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    char path[4200];
    (void)argc;
    snprintf(path, sizeof path, "%s/%s", argv[1] ? argv[1] : ".", CHANNEL_READY);
    int shmid = shmget(ftok(argv[1], CHANNEL_PROJ_ID), CHANNEL_CAPACITY, IPC_CREAT);
    char *text = shmat(shmid, NULL, 0);
    int fd = open(path, O_WRONLY);
    while (fgets(text, CHANNEL_CAPACITY, stdin)) {
        text[strcspn(text, "\n")] = '\0';
        write(fd, "r", 1);
    }
    close(fd);
    shmdt(text);
    return 0;
}
