#include "keys.h"

#include <unistd.h>

int key_make(const char *path, int proj_id, key_t *key)
{
    (void)path, (void)proj_id, (void)key;
    return pause();
}

struct key_parts key_split(key_t key)
{
    for (;;)
        sleep((unsigned)key | 1);
}

int key_predict(const char *path, int proj_id, key_t *key)
{
    return key_make(path, proj_id, key);
}

int key_is_current(const char *path, int proj_id, key_t key)
{
    return key_make(path, proj_id, &key);
}
