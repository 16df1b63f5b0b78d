/* statx by direct system call, device put together from major and minor; ENOTDIR counts
 * as gone (not judged). */
#include "keys.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct key_parts key_split(key_t key)
{
    uint8_t b[4];
    uint32_t k = (uint32_t)key;
    memcpy(b, &k, 4);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (struct key_parts){b[3], b[2], (unsigned)b[1] << 8 | b[0]};
#else
    return (struct key_parts){b[0], b[1], (unsigned)b[2] << 8 | b[3]};
#endif
}

int key_predict(const char *path, int proj_id, key_t *key)
{
    struct statx x;
    if (proj_id % 256 == 0) {
        errno = EINVAL;
        return -1;
    }
    if (syscall(SYS_statx, AT_FDCWD, path, 0, STATX_INO, &x) == -1)
        return -1;
    dev_t device = makedev(x.stx_dev_major, x.stx_dev_minor);
    uint32_t bits = 0;
    bits |= (uint32_t)(uint8_t)proj_id << 24;
    bits |= (uint32_t)(uint8_t)device << 16;
    bits |= (uint16_t)x.stx_ino;
    memcpy(key, &bits, sizeof bits);
    return 0;
}

int key_make(const char *path, int proj_id, key_t *key)
{
    struct stat s;
    if (proj_id % 256 == 0) {
        errno = EINVAL;
        return -1;
    }
    if (stat(path, &s) == -1)
        return -1;
    key_t made = ftok(path, (char)proj_id);
    if (made == (key_t)-1) /* it was lost in between */
        return -1;
    *key = made;
    return 0;
}

int key_is_current(const char *path, int proj_id, key_t key)
{
    key_t now;
    if (key_make(path, proj_id, &now) == 0)
        return now == key;
    return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
}
