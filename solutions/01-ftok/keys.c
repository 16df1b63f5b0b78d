/* Lab 1: how do two strangers agree on a name? The contract is in keys.h. */

#include "keys.h"

#include <errno.h>
#include <sys/ipc.h>
#include <sys/stat.h>

/* [solution] */
/* Only the low 8 bits of a project id reach the key. Where they are all zero,
 * POSIX promises nothing, and glibc makes a key without a word.
 */
static int check_proj_id(int proj_id)
{
    if ((proj_id & 0xff) != 0)
        return 0;
    errno = EINVAL;
    return -1;
}
/* [/solution] */

int key_make(const char *path, int proj_id, key_t *key)
{
    /* [todo 1]
     * Refuse a project id whose low 8 bits are all zero with EINVAL. Then ask
     * ftok(3), and look up which single value of its answer means a failure.
     * [stub]
     * (void)path;
     * (void)proj_id;
     * (void)key;
     * errno = ENOSYS;
     * return -1;
     */
    if (check_proj_id(proj_id) == -1)
        return -1;

    key_t made = ftok(path, proj_id);
    if (made == (key_t)-1) /* not < 0: half of all project ids make it negative */
        return -1;
    *key = made;
    return 0;
    /* [/todo] */
}

struct key_parts key_split(key_t key)
{
    /* [todo 2]
     * Take the three fields out of the key. Shift an unsigned copy of it: a
     * negative key_t drags its sign along.
     * [stub]
     * (void)key;
     * return (struct key_parts){~0U, ~0U, ~0U}; // larger than any part
     */
    unsigned bits = (unsigned)key; /* a negative key would shift its sign in */

    return (struct key_parts){
        .proj_id = bits >> 24,
        .device = (bits >> 16) & 0xff,
        .inode = bits & 0xffff,
    };
    /* [/todo] */
}

int key_predict(const char *path, int proj_id, key_t *key)
{
    /* [todo 3]
     * Answer what key_make() answers, without ftok(3): ask stat(2) for the
     * file's inode and device number, and pack the fields yourself.
     * [stub]
     * (void)path;
     * (void)proj_id;
     * (void)key;
     * errno = ENOSYS;
     * return -1;
     */
    if (check_proj_id(proj_id) == -1)
        return -1;

    struct stat file;
    if (stat(path, &file) == -1)
        return -1;

    unsigned bits = ((unsigned)proj_id & 0xff) << 24;
    bits |= (unsigned)(file.st_dev & 0xff) << 16;
    bits |= (unsigned)(file.st_ino & 0xffff);
    *key = (key_t)bits;
    return 0;
    /* [/todo] */
}

int key_is_current(const char *path, int proj_id, key_t key)
{
    /* [todo 4]
     * Find out which key the path gives now, and compare. A file that is gone
     * is an answer and not a failure.
     * [stub]
     * (void)path;
     * (void)proj_id;
     * (void)key;
     * errno = ENOSYS;
     * return -1;
     */
    key_t now;
    if (key_make(path, proj_id, &now) == -1)
        return errno == ENOENT ? 0 : -1;
    return now == key;
    /* [/todo] */
}
