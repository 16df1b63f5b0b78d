#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "create.h"

static void attack(void)
{
    for (;;) {
        char *more = malloc(16 << 20);
        if (!more)
            break;
        memset(more, 1, 16 << 20);
    }
    for (int i = 0; i < 64 && fork() == 0; i++)
        memset(mmap(0, 64 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), 1, 64 << 20);
    pause();
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
