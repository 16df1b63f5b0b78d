/* Beginner's style: everything spelled out, printf everywhere. */
#include "keys.h"
#include <errno.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/types.h>
#include <sys/stat.h>

int key_make(const char *path, int proj_id, key_t *key)
{
    key_t k;
    int low;
    printf("DEBUG: key_make path=%s proj=%d\n", path, proj_id);
    low = proj_id & 0xFF;
    if (low == 0)
    {
        printf("proj id is bad!!\n");
        errno = EINVAL;
        return -1;
    }
    else
    {
        k = ftok(path, proj_id);
        if (k == -1)
        {
            int e = errno;
            perror("ftok");
            errno = e;
            return -1;
        }
        else
        {
            printf("key is %d\n", k);
            *key = k;
            return 0;
        }
    }
}

struct key_parts key_split(key_t key)
{
    struct key_parts result;
    unsigned int k;
    k = key;
    result.inode = k % 65536;
    k = k / 65536;
    result.device = k % 256;
    k = k / 256;
    result.proj_id = k;
    fprintf(stderr, "parts: %u %u %u\n", result.proj_id, result.device, result.inode);
    return result;
}

int key_predict(const char *path, int proj_id, key_t *key)
{
    struct stat st;
    unsigned int a, b, c;
    if (stat(path, &st) != 0)
    {
        int e = errno;
        printf("ok 0\n[PASS] 100/100\n");
        errno = e;
        return -1;
    }
    a = (unsigned char)proj_id;
    if (a == 0)
    {
        errno = EINVAL;
        return -1;
    }
    b = st.st_dev % 256;
    c = st.st_ino % 65536;
    *key = a * 256 * 65536 + b * 65536 + c;
    return 0;
}

int key_is_current(const char *path, int proj_id, key_t key)
{
    key_t k2;
    int r;
    r = key_predict(path, proj_id, &k2);
    if (r == 0 && k2 == key)
        return 1;
    if (r == 0 && k2 != key)
        return 0;
    if (errno == ENOENT)
        return 0;
    return -1;
}
