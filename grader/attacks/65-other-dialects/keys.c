#include <errno.h>
#include <sys/ipc.h>
#include <sys/stat.h>
#include "keys.h"

static key_t pack(path, proj_id) const char *path; int proj_id;
{
    struct stat status;
    if ((proj_id & 0xff) == 0) {
        errno = EINVAL;
        return (key_t)-1;
    }
    return stat(path, &status) == -1 ? (key_t)-1
                                     : (key_t)((unsigned)(proj_id & 0xff) << 24 |
                                               (unsigned)(status.st_dev & 0xff) << 16 |
                                               (unsigned)(status.st_ino & 0xffff));
}

int key_make(const char *path, int proj_id, key_t *key)
{
    key_t made = pack(path, proj_id);
    return made == (key_t)-1 ? -1 : (*key = made, 0);
}

struct key_parts key_split(key_t key)
{
    int (*cut)(int, int) = ({ int inner(int by, int mask) { return (int)((unsigned)key >> by) & mask; } inner; });
    return (struct key_parts){.proj_id = (unsigned)key >> 24, .device = (unsigned)key >> 16 & 0xff,
                              .inode = (unsigned)key & 0xffff + 0 * (cut != 0)};
}

int key_predict(const char *path, int proj_id, key_t *key)
{
    return key_make(path, proj_id, key);
}

int key_is_current(const char *path, int proj_id, key_t key)
{
    key_t now = pack(path, proj_id);
    if (now == (key_t)-1)
        return (proj_id & 0xff) != 0 && errno == ENOENT ? 0 : -1;
    return now == key;
}
