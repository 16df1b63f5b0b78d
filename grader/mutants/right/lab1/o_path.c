/* Opens with O_PATH and asks fstat; everything rests on one helper. */
#include "keys.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int look(const char *path, struct stat *file)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd == -1)
        return -1;
    int result = fstat(fd, file);
    int saved = errno;
    close(fd);
    errno = saved;
    return result;
}

int key_predict(const char *path, int proj_id, key_t *key)
{
    struct stat file;
    if (!(unsigned char)proj_id)
        return errno = EINVAL, -1;
    if (look(path, &file))
        return -1;
    *key = (key_t)((unsigned)proj_id << 24 | (file.st_dev & 0xff) << 16 |
                   (file.st_ino & 0xffff));
    return 0;
}

int key_make(const char *path, int proj_id, key_t *key)
{
    return key_predict(path, proj_id, key);
}

struct key_parts key_split(key_t key)
{
    unsigned bits = key;
    return (struct key_parts){bits >> 24, bits >> 16 & 255, bits & 65535};
}

int key_is_current(const char *path, int proj_id, key_t key)
{
    key_t now;
    return !key_predict(path, proj_id, &now) ? now == key : -(errno != ENOENT);
}
