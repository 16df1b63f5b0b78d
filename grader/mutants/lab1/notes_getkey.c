/* Thought: From the notes, getKey: a key below zero means that ftok has failed.
 * Caught by: make_gives_the_key_of_the_file, make_takes_negative_keys
 */
#include "keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/stat.h>

int key_make(const char *path, int proj_id, key_t *key)
{
    if ((proj_id & 0xff) == 0) {
        errno = EINVAL;
        return -1;
    }
    key_t k = ftok(path, proj_id);
    if (k < 0)
        return -1;
    *key = k;
    return 0;
}

struct key_parts key_split(key_t key)
{
    struct key_parts p;
    p.proj_id = (unsigned)key >> 24 & 0xff;
    p.device = (unsigned)key >> 16 & 0xff;
    p.inode = (unsigned)key & 0xffff;
    return p;
}

int key_predict(const char *path, int proj_id, key_t *key)
{
    struct stat s;
    if ((proj_id & 0xff) == 0) {
        errno = EINVAL;
        return -1;
    }
    if (stat(path, &s) < 0)
        return -1;
    *key = (key_t)(((unsigned)proj_id & 0xff) << 24 | ((unsigned)s.st_dev & 0xff) << 16 |
                   ((unsigned)s.st_ino & 0xffff));
    return 0;
}

int key_is_current(const char *path, int proj_id, key_t key)
{
    key_t k;
    if (key_predict(path, proj_id, &k) < 0)
        return errno == ENOENT ? 0 : -1;
    return k == key;
}
