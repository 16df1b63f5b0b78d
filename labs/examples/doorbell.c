/* doorbell.c - one message in a segment, and one FIFO that says "ready".  Not enough. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE 4096

/* [read] */
static void read_messages(const char *message)
{
    int bell = open("bell", O_RDONLY);
    char ring;
    while (read(bell, &ring, 1) == 1)
        fputs(message, stdout);
}
/* [/read] */

/* [write] */
static void write_messages(char *message)
{
    int bell = open("bell", O_WRONLY);
    while (fgets(message, SIZE, stdin) != NULL)
        if (write(bell, "!", 1) != 1)
            return;
}
/* [/write] */

int main(int argc, char *argv[])
{
    if (argc != 3 || chdir(argv[2]) == -1) {
        fputs("usage: doorbell read|write DIR\n", stderr);
        return 2;
    }
    mkfifo("bell", 0600); /* EEXIST is fine: the other one was quicker */
    char *message = shmat(shmget(ftok(".", 'B'), SIZE, IPC_CREAT | 0600), NULL, 0);
    if (message == (void *)-1) {
        perror("doorbell");
        return EXIT_FAILURE;
    }
    if (strcmp(argv[1], "write") == 0)
        write_messages(message);
    else
        read_messages(message);
    return EXIT_SUCCESS;
}
