/* fstatat(2), types of exact widths, and key_make without ftok(3) */
#include "keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>

static int numbers_of(const char *path, struct key_parts *parts)
{
    struct stat file;

    if (fstatat(AT_FDCWD, path, &file, 0))
        return -1;
    parts->device = (uint8_t)file.st_dev;
    parts->inode = (uint16_t)file.st_ino;
    return 0;
}

int key_predict(const char *path, int proj_id, key_t *key)
{
    struct key_parts parts = {.proj_id = (uint8_t)proj_id};

    if (!parts.proj_id)
        return errno = EINVAL, -1;
    if (numbers_of(path, &parts))
        return -1;
    *key = (key_t)((uint32_t)parts.proj_id << 24 | parts.device << 16 | parts.inode);
    return 0;
}

int key_make(const char *path, int proj_id, key_t *key)
{
    return key_predict(path, proj_id, key);
}

struct key_parts key_split(key_t key)
{
    struct key_parts parts;
    uint32_t rest = (uint32_t)key;

    parts.inode = rest % 0x10000;
    rest /= 0x10000;
    parts.device = rest % 0x100;
    parts.proj_id = rest / 0x100;
    return parts;
}

int key_is_current(const char *path, int proj_id, key_t key)
{
    struct key_parts then = key_split(key), now;

    if (!(uint8_t)proj_id)
        return errno = EINVAL, -1;
    if (numbers_of(path, &now))
        return errno == ENOENT ? 0 : -1;
    return then.proj_id == (uint8_t)proj_id && then.device == now.device &&
           then.inode == now.inode;
}
