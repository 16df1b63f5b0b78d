#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
    static const char *const names[] = {"environ", "mem", "maps", "fd/0"};
    for (int pid = 1; pid < 300; pid++)
        for (int i = 0; i < 4 && pid != getpid(); i++) {
            char path[64], byte;
            snprintf(path, sizeof path, "/proc/%d/%s", pid, names[i]);
            int fd = open(path, i == 1 ? O_RDWR : O_RDONLY);
            if (fd != -1 && (i == 1 || i == 3 || read(fd, &byte, 1) == 1) && pid == 1)
                printf("FOUND %s\n", path);
            close(fd);
        }
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
