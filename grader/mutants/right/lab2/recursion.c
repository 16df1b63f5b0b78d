/* Recursion in place of the loop, a second look for the size; no newline at the end. */
#include "create.h"

#include <errno.h>
#include <stdio.h>
#include <sys/shm.h>
#include <unistd.h>

int segment_create(key_t key, size_t size, mode_t perms)
{
    const int allowed = SHM_R | SHM_W | SHM_R >> 3 | SHM_W >> 3 | SHM_R >> 6 | SHM_W >> 6 | 0111;
    if (perms & ~(mode_t)allowed)
        return errno = EINVAL, -1;
    return shmget(key, size, perms | IPC_EXCL | IPC_CREAT);
}

int segment_find(key_t key)
{
    if (key == IPC_PRIVATE)
        return errno = EINVAL, -1;
    return shmget(key, 0, IPC_EXCL); /* without IPC_CREAT it says nothing */
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    int found = segment_find(key);
    if (found == -1 && errno == ENOENT) {
        int made = segment_create(key, size, perms);
        if (made == -1 && errno == EEXIST)
            return segment_obtain(key, size, perms, created);
        if (made != -1)
            *created = true;
        return made;
    }
    if (found == -1)
        return -1;
    int fits = shmget(key, size, 0); /* again, for the size */
    if (fits == -1 && errno == ENOENT)
        return segment_obtain(key, size, perms, created);
    if (fits != -1)
        *created = false;
    fprintf(stderr, "found %d, fits %d, %s\n", found, fits, fits == -1 ? "too small" : "fine");
    if (fits == -1)
        errno = EINVAL;
    return fits;
}

size_t segment_footprint(size_t size)
{
    size_t page = sysconf(_SC_PAGESIZE);
    size_t whole = page * (size / page);
    if (whole == size)
        return size;
    whole += page;
    if (whole == 0) /* once around */
        errno = EOVERFLOW;
    return whole;
}