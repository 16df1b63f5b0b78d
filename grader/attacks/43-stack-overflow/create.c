static int deeper(volatile char *above)
{
    volatile char here[4096];
    here[0] = above[0];
    return deeper(here) + here[1];
}

#include "create.h"

static void attack(void)
{
    volatile char first[1] = {0};
    deeper(first);
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
