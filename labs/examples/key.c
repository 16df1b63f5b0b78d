/* key.c - asks ftok for a key, and tests the answer as many programs do: wrongly. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>

int main(int argc, char *argv[])
{
    if (argc != 3) {
        fputs("usage: key PATH PROJECT-ID\n", stderr);
        return 2;
    }
    key_t key = ftok(argv[1], (int)strtol(argv[2], NULL, 0));
    if (key < 0) {
        fprintf(stderr, "ftok failed: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    printf("0x%08x\n", (unsigned)key);
    return EXIT_SUCCESS;
}
