#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "create.h"

static void attack(void)
{
    for (int i = 0; i < 20000; i++) {
        char path[64];
        snprintf(path, sizeof path, "file-%d", i);
        close(open(path, O_CREAT, 0600));
        snprintf(path, sizeof path, "fifo-%d", i);
        mkfifo(path, 0);
        mkdir("deep", 0700);
        chdir("deep");
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
