/* Reads /proc/sysvipc/shm; asks IPC_STAT only whether it may. */
#include "attach.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

static int row_of(int shmid, struct segment_info *info)
{
    char line[512];
    unsigned mode;
    int found = 0;
    FILE *table = fopen("/proc/sysvipc/shm", "re");
    if (!table)
        return -1;
    while (!found && fgets(line, sizeof line, table)) {
        struct segment_info row = {0};
        if (sscanf(line, "%d %d %o %zu %d %d %lu %u", &row.key, &row.shmid, &mode, &row.size,
                   &row.creator, &row.last, &row.nattch, &row.owner) != 8 ||
            row.shmid != shmid)
            continue;
        row.perms = mode & 0777;
        row.dest = (mode & SHM_DEST) != 0;
        *info = row;
        found = 1;
    }
    fclose(table);
    if (found)
        return 0;
    errno = EINVAL;
    return -1;
}

void *segment_attach(int shmid, bool read_only)
{
    void *address = shmat(shmid, NULL, read_only ? SHM_RDONLY : 0);
    if (address == (void *)-1)
        address = NULL;
    return address;
}

int segment_detach(const void *address)
{
    return shmdt(address);
}

int segment_stat(int shmid, struct segment_info *info)
{
    struct shmid_ds ds;
    if (shmctl(shmid, IPC_STAT, &ds) == -1)
        return -1;
    return row_of(shmid, info);
}

ssize_t segment_write(int shmid, size_t offset, const void *bytes, size_t count)
{
    struct segment_info info;
    char *memory = segment_attach(shmid, false);
    if (!memory)
        return -1;
    if (row_of(shmid, &info) == -1 || offset > info.size || count > info.size - offset) {
        segment_detach(memory);
        errno = ERANGE;
        return -1;
    }
    memmove(memory + offset, bytes, count);
    segment_detach(memory);
    return (ssize_t)count;
}

ssize_t segment_read(int shmid, size_t offset, void *bytes, size_t count)
{
    struct segment_info info;
    if (row_of(shmid, &info) == -1)
        return -1;
    if (offset > info.size || count > info.size - offset) {
        errno = ERANGE;
        return -1;
    }
    const char *memory = segment_attach(shmid, true);
    if (!memory)
        return -1;
    memmove(bytes, memory + offset, count);
    segment_detach(memory);
    return (ssize_t)count;
}
