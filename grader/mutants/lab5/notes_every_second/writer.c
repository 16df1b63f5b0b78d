/* The other half: the client. */
#include "channel.h"

#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    struct stat status;
    char line[CHANNEL_CAPACITY];
    if (argc != 2 || stat(argv[1], &status) == -1 || !S_ISDIR(status.st_mode)) {
        fprintf(stderr, "usage: writer DIR\n");
        return 2;
    }
    int shmid = shmget(ftok(argv[1], CHANNEL_PROJ_ID), CHANNEL_CAPACITY, IPC_CREAT);
    char *text = shmat(shmid, NULL, 0);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        strcpy(text, line);
        sleep(1);
    }
    shmdt(text);
    return 0;
}
