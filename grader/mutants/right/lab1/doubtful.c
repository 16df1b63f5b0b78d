/* Trusts nothing: a -1 of ftok(3) counts as a failure only if stat(2) fails, too; prints. */
#include "keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/stat.h>

enum { ERROR = -1, FINE = 0 };

static int refuse(const char *who, int why)
{
    fprintf(stderr, "%s: %s\n", who, strerror(why));
    errno = why;
    return ERROR;
}

int key_make(const char *path, int proj_id, key_t *key)
{
    struct stat file;
    key_t made;

    printf("key_make(%.20s, %#x)\n", path, (unsigned)proj_id);
    fflush(stdout);
    if (((unsigned)proj_id << 24) == 0)
        return refuse("key_make", EINVAL);
    errno = 0;
    made = ftok(path, proj_id);
    if (made == (key_t)-1 && stat(path, &file) != FINE)
        return refuse("key_make", errno);
    memcpy(key, &made, sizeof made);
    return FINE;
}

struct key_parts key_split(key_t key)
{
    unsigned char bytes[4];
    struct key_parts parts = {0, 0, 0};

    memcpy(bytes, &key, sizeof bytes); /* little end first */
    parts.proj_id = bytes[3];
    parts.device = bytes[2];
    parts.inode = bytes[0] + 256u * bytes[1];
    return parts;
}

int key_predict(const char *path, int proj_id, key_t *key)
{
    struct stat file;
    unsigned char bytes[4];

    memset(&file, 0, sizeof file);
    if (stat(path, &file) != FINE)
        return refuse("key_predict", errno);
    if (proj_id % 256 == 0)
        return refuse("key_predict", EINVAL);
    bytes[0] = (unsigned char)file.st_ino;
    bytes[1] = (unsigned char)(file.st_ino >> 8);
    bytes[2] = (unsigned char)file.st_dev;
    bytes[3] = (unsigned char)proj_id;
    memcpy(key, bytes, sizeof bytes);
    return FINE;
}

int key_is_current(const char *path, int proj_id, key_t key)
{
    key_t one, other;
    int first = key_predict(path, proj_id, &one), error = errno;

    if (first == ERROR) {
        errno = error;
        return error == ENOENT ? 0 : ERROR;
    }
    if (key_make(path, proj_id, &other) == ERROR)
        return errno == ENOENT ? 0 : ERROR;
    return one == key && other == key;
}
