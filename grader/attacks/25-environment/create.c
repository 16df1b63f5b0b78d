#include <stdio.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
    for (char **at = environ; *at; at++)
        if (strncmp(*at, "PATH=", 5) != 0 && strncmp(*at, "LANG=", 5) != 0 &&
            strncmp(*at, "ASAN_OPTIONS=", 13) != 0 && strncmp(*at, "SHMLAB_LINE=", 12) != 0 &&
            strncmp(*at, "SHMLAB_CONTROL=", 15) != 0)
            printf("FOUND %s\n", *at);
    fflush(stdout);
}

#include <stdlib.h>
#include "create.h"

static void leave(void)
{
    abort();
}

int segment_create(key_t key, size_t size, mode_t perms)
{
    (void)key, (void)size, (void)perms;
    leave();
    return 0;
}

int segment_find(key_t key)
{
    (void)key;
    leave();
    return 0;
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    (void)key, (void)size, (void)perms;
    leave();
    *created = true;
    return 0;
}

size_t segment_footprint(size_t size)
{
    leave();
    return size;
}
