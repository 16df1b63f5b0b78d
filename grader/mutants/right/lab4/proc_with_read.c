/* read(2) of /proc/sysvipc/shm into a growing buffer; sweep counts first, then allocates */
#include "remove.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

int segment_remove(int shmid)
{
    return shmctl(shmid, IPC_RMID, NULL);
}

static bool is_gone(void)
{
    return errno == EINVAL || errno == EIDRM;
}

enum segment_state segment_state(int shmid)
{
    struct shmid_ds ds;
    if (shmctl(shmid, IPC_STAT, &ds) == -1)
        return is_gone() ? SEGMENT_GONE : SEGMENT_UNKNOWN;
    return (ds.shm_perm.mode & SHM_DEST) != 0 ? SEGMENT_DEST : SEGMENT_LIVE;
}

static char *table_text(void)
{
    int fd = open("/proc/sysvipc/shm", O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return NULL;
    size_t room = 256, used = 0;
    char *text = malloc(room);
    for (;;) {
        if (used + 1 == room)
            text = realloc(text, room *= 2);
        ssize_t got = read(fd, text + used, room - used - 1);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1) {
            int error = errno;
            close(fd);
            free(text);
            errno = error;
            return NULL;
        }
        if (got == 0)
            break;
        used += (size_t)got;
    }
    close(fd);
    text[used] = '\0';
    return text;
}

int segment_list(struct segment_info *rows, size_t capacity)
{
    char *text = table_text(), *save;
    if (!text)
        return -1;
    size_t count = 0;
    char *line = strtok_r(text, "\n", &save);
    while (line && (line = strtok_r(NULL, "\n", &save))) {
        char *at = line;
        struct segment_info row = {0};
        row.key = (key_t)strtol(at, &at, 10);
        row.shmid = (int)strtol(at, &at, 10);
        unsigned mode = (unsigned)strtoul(at, &at, 8);
        row.size = strtoul(at, &at, 10);
        row.creator = (pid_t)strtol(at, &at, 10);
        row.last = (pid_t)strtol(at, &at, 10);
        row.nattch = strtoul(at, &at, 10);
        row.owner = (uid_t)strtoul(at, &at, 10);
        row.perms = mode & (0777);
        row.dest = mode & SHM_DEST;
        if (count < capacity)
            rows[count] = row;
        count++;
    }
    free(text);
    return (int)count;
}

int segment_sweep(void)
{
    int room = segment_list(NULL, 0);
    if (room == -1)
        return -1;
    room += 16;
    struct segment_info *rows = calloc((size_t)room, sizeof *rows);
    int count = segment_list(rows, (size_t)room), removed = 0;
    for (int i = 0; i < count && i < room; i++) {
        const struct segment_info *row = &rows[i];
        if (row->owner != geteuid() || row->nattch || row->creator <= 0)
            continue;
        if (kill(row->creator, 0) != -1 || errno != ESRCH)
            continue;
        removed += segment_remove(row->shmid) == 0;
    }
    free(rows);
    return count == -1 ? -1 : removed;
}

void *segment_scratch(size_t size, int *shmid)
{
    int id = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
    if (id == -1)
        return NULL;

    void *address = shmat(id, NULL, 0);
    if (address == (void *)-1) {
        int error = errno;
        (void)segment_remove(id);
        errno = error;
        return NULL;
    }
    if (segment_remove(id) == -1) {
        int error = errno;
        (void)shmdt(address);
        errno = error;
        return NULL;
    }
    *shmid = id;
    return address;
}
