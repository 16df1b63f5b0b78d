/* kernel.c - reads what the kernel shows in /proc. */
#include "kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_table = -1; /* see table_read_from */

void table_read_from(int fd)
{
    open_table = fd;
}

static FILE *open_the_table(void)
{
    if (open_table == -1)
        return fopen("/proc/sysvipc/shm", "re");
    int copy = lseek(open_table, 0, SEEK_SET) == 0
                   ? fcntl(open_table, F_DUPFD_CLOEXEC, 3)
                   : -1;
    return copy == -1 ? NULL : fdopen(copy, "r");
}

size_t table_resident(void)
{
    char line[512];
    size_t sum = 0, resident, swapped;

    FILE *file = open_the_table();
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line,
                   "%*d %*d %*o %*u %*d %*d %*u %*u %*u %*u %*u %*u %*u %*u %zu %zu",
                   &resident, &swapped) == 2)
            sum += resident + swapped;
    if (file)
        fclose(file);
    return sum;
}

bool table_read(struct segment_table *table)
{
    char line[512];
    size_t capacity = 0;

    *table = (struct segment_table){0, NULL};
    FILE *file = open_the_table();
    if (!file)
        return false;
    while (fgets(line, sizeof line, file)) {
        struct segment row;
        unsigned gid, cgid;
        /* The heading is no row. */
        if (sscanf(line, "%d %d %o %zu %d %d %lu %u %u %u %u %ld %ld %ld %zu %zu",
                   &row.key, &row.id, &row.mode, &row.size, &row.creator, &row.last,
                   &row.nattch, &row.uid, &gid, &row.cuid, &cgid, &row.atime,
                   &row.dtime, &row.ctime, &row.rss, &row.swap) != 16)
            continue;
        if (table->count == capacity) {
            capacity = capacity ? 2 * capacity : 32;
            struct segment *rows = realloc(table->rows, capacity * sizeof *rows);
            if (!rows)
                abort();
            table->rows = rows;
        }
        table->rows[table->count++] = row;
    }
    fclose(file);
    return true;
}

void table_free(struct segment_table *table)
{
    free(table->rows);
    *table = (struct segment_table){0, NULL};
}

bool table_has_room(size_t segments, size_t bytes)
{
    struct shminfo limits;
    struct shm_info used;
    const size_t pages = bytes / (size_t)sysconf(_SC_PAGESIZE);

    /* Both calls take other structures than the declaration says: see shmctl(2). */
    if (shmctl(0, IPC_INFO, (struct shmid_ds *)(void *)&limits) == -1 ||
        shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&used) == -1)
        return true; /* not known: let the calls themselves tell */
    return (size_t)used.used_ids + segments <= limits.shmmni &&
           used.shm_tot <= limits.shmall && pages <= limits.shmall - used.shm_tot;
}

const struct segment *table_by_id(const struct segment_table *table, int id)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].id == id)
            return &table->rows[i];
    return NULL;
}

const struct segment *table_by_key(const struct segment_table *table, key_t key)
{
    for (size_t i = 0; key != 0 && i < table->count; i++)
        if (table->rows[i].key == key)
            return &table->rows[i];
    return NULL;
}

static bool copy_row(const struct segment *row, struct segment *copy)
{
    if (row)
        *copy = *row;
    return row != NULL;
}

bool segment_by_id(int id, struct segment *segment)
{
    struct segment_table table;
    bool found = table_read(&table) && copy_row(table_by_id(&table, id), segment);
    table_free(&table);
    return found;
}

bool segment_by_key(key_t key, struct segment *segment)
{
    struct segment_table table;
    bool found = table_read(&table) && copy_row(table_by_key(&table, key), segment);
    table_free(&table);
    return found;
}

/* Opens /proc/PID/NAME for reading, or returns NULL. */
static FILE *open_proc(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return fopen(path, "re");
}

struct process process_read(pid_t pid)
{
    struct process process = {0, 0, 0};
    char line[512];

    FILE *file = open_proc(pid, "stat");
    if (file) {
        /* The name is in parentheses and may hold anything, also ")". */
        size_t length = fread(line, 1, sizeof line - 1, file);
        line[length] = '\0';
        const char *behind = strrchr(line, ')');
        if (behind && behind[1] == ' ')
            process.state = behind[2];
        fclose(file);
    }
    file = open_proc(pid, "schedstat");
    if (file) {
        unsigned long long waited;
        if (fscanf(file, "%llu %llu %llu", &process.cpu, &waited, &process.turns) != 3)
            process.cpu = process.turns = 0;
        fclose(file);
    }
    return process;
}

unsigned long long process_waits(pid_t pid)
{
    unsigned long long waits = 0;
    char line[512];

    FILE *file = open_proc(pid, "status");
    if (!file)
        return 0;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "voluntary_ctxt_switches: %llu", &waits) == 1)
            break;
    fclose(file);
    return waits;
}

int process_descriptors(pid_t pid)
{
    char path[64];
    int count = 0;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *directory = opendir(path);
    if (!directory)
        return -1;
    for (const struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

bool process_syscall(pid_t pid, long *number, unsigned long long arguments[6])
{
    FILE *file = open_proc(pid, "syscall");
    if (!file)
        return false;
    /* "running", "-1 SP PC" when blocked outside of a call, or the call. */
    int fields = fscanf(file, "%ld %llx %llx %llx %llx %llx %llx", number,
                        &arguments[0], &arguments[1], &arguments[2], &arguments[3],
                        &arguments[4], &arguments[5]);
    fclose(file);
    return fields == 7;
}

/* The next attachment in /proc/PID/maps. */
struct attachment {
    uintptr_t address;
    key_t key; /* with which the segment was made */
    int id;
};

static bool next_attachment(FILE *file, struct attachment *attachment)
{
    char line[512];
    while (fgets(line, sizeof line, file)) {
        unsigned long inode;
        unsigned key;
        if (sscanf(line, "%lx-%*x %*s %*x %*x:%*x %lu /SYSV%8x", &attachment->address,
                   &inode, &key) != 3)
            continue;
        attachment->key = (key_t)key;
        attachment->id = (int)inode;
        return true;
    }
    return false;
}

int process_attachments(pid_t pid, int id, uintptr_t *address)
{
    struct attachment attachment;
    int count = 0;

    FILE *file = open_proc(pid, "maps");
    if (!file)
        return -1;
    while (next_attachment(file, &attachment))
        if (attachment.id == id && count++ == 0 && address)
            *address = attachment.address;
    fclose(file);
    return count;
}

int process_segment(pid_t pid, key_t key)
{
    struct attachment attachment;
    int id = -1;

    FILE *file = open_proc(pid, "maps");
    if (!file)
        return -1;
    while (id == -1 && next_attachment(file, &attachment))
        if (attachment.key == key)
            id = attachment.id;
    fclose(file);
    return id;
}

bool process_memory(pid_t pid, unsigned long long address, void *bytes, size_t count)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return false;
    bool done = pread(fd, bytes, count, (off_t)address) == (ssize_t)count;
    close(fd);
    return done;
}

bool process_written(pid_t pid, unsigned long long *bytes)
{
    char line[64];
    bool found = false;

    FILE *file = open_proc(pid, "io");
    if (!file)
        return false;
    while (!found && fgets(line, sizeof line, file))
        found = sscanf(line, "wchar: %llu", bytes) == 1;
    fclose(file);
    return found;
}

bool process_has_fifo(pid_t pid, const char *directory, const char *name)
{
    char wanted[PATH_MAX + 256], path[300], target[PATH_MAX];
    struct stat status;
    bool found = false;

    char *absolute = realpath(directory, NULL);
    int length =
        snprintf(wanted, sizeof wanted, "%s/%s", absolute ? absolute : "", name);
    free(absolute);
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *fds = opendir(path);
    for (const struct dirent *entry; fds && !found && (entry = readdir(fds));) {
        snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)pid, entry->d_name);
        ssize_t count = readlink(path, target, sizeof target - 1);
        target[count > 0 ? count : 0] = '\0';
        const char *rest = target + (count < length ? count : length);
        found = strncmp(target, wanted, (size_t)length) == 0 &&
                (*rest == '\0' || strcmp(rest, " (deleted)") == 0) &&
                stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
    }
    if (fds)
        closedir(fds);
    return found;
}
