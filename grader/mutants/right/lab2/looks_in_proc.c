/* Looks a key up in /proc/sysvipc/shm; shmget only creates. */
#include "create.h"

#include <errno.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/ipc.h>
#include <sys/shm.h>

struct row {
    int id;
    size_t size;
};

/* 1 when there is such a segment, 0 when there is none, -1 when nobody can tell. */
static int look(key_t key, struct row *row)
{
    FILE *table = fopen("/proc/sysvipc/shm", "re");
    if (!table)
        return -1;
    char line[512];
    int found = 0;
    while (!found && fgets(line, sizeof line, table)) {
        int other;
        unsigned perms;
        if (sscanf(line, "%d %d %o %zu", &other, &row->id, &perms, &row->size) == 4)
            found = other == key;
    }
    fclose(table);
    return found;
}

int segment_create(key_t key, size_t size, mode_t perms)
{
    if (perms & ~(mode_t)0777) {
        errno = EINVAL;
        return -1;
    }
    return shmget(key, size, IPC_CREAT | IPC_EXCL | (int)perms);
}

int segment_find(key_t key)
{
    struct row row;
    int found = 0;
    if (key == IPC_PRIVATE)
        errno = EINVAL;
    else if ((found = look(key, &row)) == 0)
        errno = ENOENT;
    return found == 1 ? row.id : -1;
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    for (;;) {
        struct row row = {-1, 0};
        int found = key == IPC_PRIVATE ? 0 : look(key, &row);
        if (found == -1)
            return -1;
        if (found == 0) {
            int id = segment_create(key, size, perms);
            if (id == -1 && errno == EEXIST)
                continue;
            if (id != -1)
                *created = true;
            return id;
        }
        if (row.size < size) {
            errno = EINVAL;
            return -1;
        }
        *created = false;
        return row.id;
    }
}

size_t segment_footprint(size_t size)
{
    size_t page = getauxval(AT_PAGESZ), up;
    if (__builtin_add_overflow(size, page - 1, &up)) {
        errno = EOVERFLOW;
        return 0;
    }
    return up - up % page;
}
