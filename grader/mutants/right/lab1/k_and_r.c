/* An old hand: K&R definitions, no headers but the contract's and errno. */
#include "keys.h"
#include <errno.h>
#include <sys/stat.h>
#include <sys/ipc.h>

int key_make(path, proj_id, key)
    const char *path;
    int proj_id;
    key_t *key;
{
    key_t k = -1;

    if ((proj_id & 0377) == 0)
        errno = EINVAL;
    else
        k = ftok(path, proj_id);
    if (k != -1)
        *key = k;
    return k == -1 ? -1 : 0;
}

struct key_parts key_split(key)
    key_t key;
{
    struct key_parts p;

    p.proj_id = (key >> 24) & 0377;
    p.device = (key >> 16) & 0377;
    p.inode = key & 0177777;
    return p;
}

int key_predict(path, proj_id, key)
    const char *path;
    int proj_id;
    key_t *key;
{
    struct stat st;

    if ((proj_id & 0377) == 0) {
        errno = EINVAL;
        return -1;
    }
    if (stat(path, &st) < 0)
        return -1;
    *key = ((proj_id & 0377) << 24) | ((st.st_dev & 0377) << 16) | (st.st_ino & 0177777);
    return 0;
}

int key_is_current(path, proj_id, key)
    const char *path;
    int proj_id;
    key_t key;
{
    key_t k;

    switch (key_make(path, proj_id, &k)) {
    case 0:
        return k == key;
    default:
        return errno == ENOENT ? 0 : -1;
    }
}
