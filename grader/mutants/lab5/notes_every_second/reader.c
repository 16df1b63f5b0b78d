/* Thought: From the notes, the server: look into the memory every second, and print what is there.
 * Caught by: the_reader_may_come_first
 */
#include "channel.h"

#include <stdio.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    struct stat status;
    if (argc != 2 || stat(argv[1], &status) == -1 || !S_ISDIR(status.st_mode)) {
        fprintf(stderr, "usage: reader DIR\n");
        return 2;
    }
    key_t k = ftok(argv[1], CHANNEL_PROJ_ID);
    if (k < 0) {
        perror("ftok");
        return 1;
    }
    int shmid = shmget(k, CHANNEL_CAPACITY, IPC_CREAT | 0666);
    char *text = shmat(shmid, NULL, 0);
    while (1) {
        printf("client say: %s\n", text);
        fflush(stdout);
        sleep(1);
    }
    shmdt(text);
    shmctl(shmid, IPC_RMID, NULL);
    return 0;
}
