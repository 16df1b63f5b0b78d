/* What stands behind each create.c.each-call: the functions of lab 2, each of which begins with the
 * attack's at_each_call().
 */
#include "create.h"

int segment_create(key_t key, size_t size, mode_t perms)
{
    (void)key, (void)size, (void)perms;
    at_each_call();
    return 0;
}

int segment_find(key_t key)
{
    (void)key;
    at_each_call();
    return 0;
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    (void)key, (void)size, (void)perms;
    at_each_call();
    *created = true;
    return 0;
}

size_t segment_footprint(size_t size)
{
    at_each_call();
    return size;
}
