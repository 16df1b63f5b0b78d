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

/* What stands in a file that the kernel writes page by page: valid until the next call,
 * or NULL. */
static char *text_of(int fd)
{
    static char *text;
    static size_t room;
    size_t length = 0;

    for (;;) {
        if (room < length + 8192) {
            room = 2 * room + 8192;
            text = realloc(text, room);
            if (!text)
                abort();
        }
        ssize_t count = pread(fd, text + length, room - length - 1, (off_t)length);
        if (count == -1)
            return NULL;
        length += (size_t)count;
        text[length] = '\0';
        if (count == 0)
            return text;
    }
}

/* Checks read the table before and after each step, so stdio would be felt. */
static char *table_text(void)
{
    if (open_table != -1)
        return text_of(open_table);
    int fd = open("/proc/sysvipc/shm", O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return NULL;
    char *text = text_of(fd);
    close(fd);
    return text;
}

/* Cuts the next line off a text; NULL at its end. */
static char *next_line(char **text)
{
    char *line = *text && **text ? *text : NULL;
    if (line) {
        *text += strcspn(line, "\n");
        if (**text)
            *(*text)++ = '\0';
    }
    return line;
}

/* Reads a row of the table; false for its heading.  The third field is octal. */
static bool row_of(const char *line, struct segment *row)
{
    unsigned long long field[16];

    for (size_t i = 0; i < sizeof field / sizeof field[0]; i++) {
        char *end;
        field[i] = strtoull(line, &end, i == 2 ? 8 : 10);
        if (end == line)
            return false;
        line = end;
    }
    *row = (struct segment){.key = (key_t)field[0],
                            .id = (int)field[1],
                            .mode = (mode_t)field[2],
                            .size = (size_t)field[3],
                            .creator = (pid_t)field[4],
                            .last = (pid_t)field[5],
                            .nattch = (unsigned long)field[6],
                            .uid = (uid_t)field[7],
                            .cuid = (uid_t)field[9],
                            .atime = (long)field[11],
                            .dtime = (long)field[12],
                            .ctime = (long)field[13],
                            .rss = (size_t)field[14],
                            .swap = (size_t)field[15]};
    return true;
}

size_t table_resident(void)
{
    size_t sum = 0;
    struct segment row;
    char *text = table_text();

    for (const char *line; (line = next_line(&text));)
        if (row_of(line, &row))
            sum += row.rss + row.swap;
    return sum;
}

bool table_read(struct segment_table *table)
{
    size_t capacity = 0;
    struct segment row;
    char *text = table_text();

    *table = (struct segment_table){0, NULL};
    if (!text)
        return false;
    for (const char *line; (line = next_line(&text));) {
        if (!row_of(line, &row))
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

/* Reads the text in /proc/PID/NAME, which the kernel writes in one piece. */
static bool proc_text(pid_t pid, const char *name, char *line, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return false;
    ssize_t length = read(fd, line, size - 1);
    close(fd);
    line[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* What stands in /proc/PID/stat behind the name, or NULL. */
static const char *stat_of(pid_t pid, char *line, size_t size)
{
    if (!proc_text(pid, "stat", line, size))
        return NULL;
    /* The name is in parentheses and may hold anything, also ")". */
    const char *behind = strrchr(line, ')');
    return behind && behind[1] == ' ' ? behind + 2 : NULL;
}

char process_state(pid_t pid)
{
    char line[512];
    const char *fields = stat_of(pid, line, sizeof line);
    if (!fields)
        return 0;
    return *fields;
}

pid_t process_session(pid_t pid)
{
    char line[512];
    int session = -1;
    const char *fields = stat_of(pid, line, sizeof line);
    return fields && sscanf(fields, "%*c %*d %*d %d", &session) == 1 ? session : -1;
}

size_t session_processes(pid_t session, pid_t *pids, size_t room)
{
    size_t count = 0;
    DIR *proc = opendir("/proc");
    for (const struct dirent *entry; proc && count < room && (entry = readdir(proc));) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && process_session(pid) == session)
            pids[count++] = pid;
    }
    if (proc)
        closedir(proc);
    return count;
}

struct process process_read(pid_t pid)
{
    struct process process = {process_state(pid), 0, 0};
    char line[128];
    unsigned long long waited;

    if (proc_text(pid, "schedstat", line, sizeof line) &&
        sscanf(line, "%llu %llu %llu", &process.cpu, &waited, &process.turns) != 3)
        process.cpu = process.turns = 0;
    return process;
}

unsigned long long process_waits(pid_t pid)
{
    unsigned long long waits = 0;
    char text[4096];

    if (!proc_text(pid, "status", text, sizeof text))
        return 0;
    const char *line = strstr(text, "\nvoluntary_ctxt_switches:");
    return line && sscanf(line, "\nvoluntary_ctxt_switches: %llu", &waits) == 1 ? waits
                                                                                : 0;
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
    char line[256];
    if (!proc_text(pid, "syscall", line, sizeof line))
        return false;
    /* "running", "-1 SP PC" when blocked outside of a call, or the call. */
    int fields = sscanf(line, "%ld %llx %llx %llx %llx %llx %llx", number,
                        &arguments[0], &arguments[1], &arguments[2], &arguments[3],
                        &arguments[4], &arguments[5]);
    return fields == 7;
}

/* Opens /proc/PID/NAME for reading, or returns NULL. */
static FILE *open_proc(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return fopen(path, "re");
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
        if (!strstr(line, " /SYSV"))
            continue; /* most lines are libraries, and sscanf is slow */
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

bool process_bytes(pid_t pid, unsigned long long *read, unsigned long long *written)
{
    FILE *file = open_proc(pid, "io");
    bool found = file && fscanf(file, "rchar: %llu wchar: %llu", read, written) == 2;
    if (file)
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
