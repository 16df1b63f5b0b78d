/* copies.c - a parent sends messages to its child, through a pipe or through a segment.
 *
 * strace then shows how many system calls carried them.  The segment has room for all
 * the messages, so that one ring of the bell is enough.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE 4096

static int through_pipe(const int channel[2], int count)
{
    char message[SIZE];
    if (fork() == 0) {
        int wrong = 0;
        close(channel[1]);
        for (int i = 0; i < count; i++)
            if (read(channel[0], message, SIZE) != SIZE || message[0] != (char)i)
                wrong = 1;
        _exit(wrong);
    }
    for (int i = 0; i < count; i++) {
        memset(message, i, SIZE);
        if (write(channel[1], message, SIZE) != SIZE)
            break;
    }
    return 0;
}

static int through_segment(const int bell[2], int count)
{
    int id = shmget(IPC_PRIVATE, (size_t)count * SIZE, IPC_CREAT | 0600);
    char *memory = shmat(id, NULL, 0);
    shmctl(id, IPC_RMID, NULL);
    if (memory == (void *)-1)
        return -1;
    if (fork() == 0) {
        char ring;
        int wrong = read(bell[0], &ring, 1) != 1;
        for (int i = 0; i < count; i++)
            if (memory[(size_t)i * SIZE] != (char)i)
                wrong = 1;
        _exit(wrong);
    }
    for (int i = 0; i < count; i++)
        memset(memory + (size_t)i * SIZE, i, SIZE);
    return write(bell[1], "!", 1) == 1 ? 0 : -1;
}

int main(int argc, char *argv[])
{
    int channel[2];
    int status;
    if (argc != 3 || pipe(channel) == -1) {
        fputs("usage: copies pipe|segment COUNT\n", stderr);
        return 2;
    }
    int count = atoi(argv[2]);
    int result = strcmp(argv[1], "pipe") == 0 ? through_pipe(channel, count)
                                              : through_segment(channel, count);
    if (result == -1 || wait(&status) == -1 || status != 0) {
        fputs("copies: the messages did not arrive\n", stderr);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
