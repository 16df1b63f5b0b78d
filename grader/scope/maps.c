/* maps.c - reads /proc/PID. */
#include "maps.h"

#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h of the kernel; proc(5), flags */

/* Pseudo terminals: Documentation/admin-guide/devices.txt of the kernel. */
#define FIRST_PTS_MAJOR 136
#define LAST_PTS_MAJOR  143
#define TTY_MAJOR       4

/* What /proc/PID/stat tells, which all may read. */
struct stat_line {
    char name[32];
    char state;
    int terminal; /* a device number; 0 for none */
    unsigned flags;
};

static bool read_stat(pid_t pid, struct stat_line *stat_line)
{
    char path[32], line[512];

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return false;
    ssize_t length = read(fd, line, sizeof line - 1);
    close(fd);
    line[length > 0 ? length : 0] = '\0';
    /* The name stands in parentheses and may hold anything, also ")". */
    char *open_parenthesis = strchr(line, '('), *close_parenthesis = strrchr(line, ')');
    if (!open_parenthesis || !close_parenthesis ||
        sscanf(close_parenthesis + 1, " %c %*d %*d %*d %d %*d %u", &stat_line->state,
               &stat_line->terminal, &stat_line->flags) != 3)
        return false;
    *close_parenthesis = '\0';
    text_printable(open_parenthesis + 1, stat_line->name, sizeof stat_line->name);
    return true;
}

static void name_terminal(int device, char *name, size_t size)
{
    unsigned number = major((dev_t)device);
    name[0] = '\0';
    if (number >= FIRST_PTS_MAJOR && number <= LAST_PTS_MAJOR)
        snprintf(name, size, "pts/%u",
                 (number - FIRST_PTS_MAJOR) * 256 + minor((dev_t)device));
    else if (number == TTY_MAJOR)
        snprintf(name, size, "tty%u", minor((dev_t)device));
}

/* Why a file of a process could not be read.  A process may end at any time. */
static enum sight reason(pid_t pid, int error)
{
    struct stat_line stat_line;
    if (error == ENOENT || error == ESRCH || !read_stat(pid, &stat_line))
        return SIGHT_NONE;
    if (stat_line.state == 'Z' || stat_line.state == 'X' ||
        (stat_line.flags & PF_KTHREAD))
        return SIGHT_NONE;
    return SIGHT_HIDDEN;
}

static bool namespace_of(const char *who, char *name, size_t size)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/%s/ns/ipc", who);
    ssize_t length = readlink(path, name, size - 1);
    name[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* SIGHT_READ: it lives in our IPC namespace.  Elsewhere the same id is another
 * segment. */
static enum sight sight_of(pid_t pid)
{
    char who[16], ours[64], theirs[64];

    snprintf(who, sizeof who, "%d", (int)pid);
    if (!namespace_of(who, theirs, sizeof theirs))
        return reason(pid, errno);
    return namespace_of("self", ours, sizeof ours) && strcmp(ours, theirs) == 0
               ? SIGHT_READ
               : SIGHT_ELSEWHERE;
}

/* One line of maps. */
struct mapping {
    uintptr_t start, end, offset;
    char rights[5];
    unsigned device;
    unsigned long inode;
};

/* Whether a line shows a segment.  The kernel keeps segments in a file system of its
 * own, which no path leads to: so they always show as deleted, on a device without a
 * major number.  A file that somebody named /SYSV00001234 does not. */
static bool is_segment(const char *line, struct mapping *mapping)
{
    int name = 0;
    unsigned key;

    if (!strstr(line, "/SYSV") ||
        sscanf(line, "%lx-%lx %4s %lx %x:%*x %lu %n", &mapping->start, &mapping->end,
               mapping->rights, &mapping->offset, &mapping->device, &mapping->inode,
               &name) != 6 ||
        name == 0 || mapping->device != 0)
        return false;
    int rest = 0;
    return sscanf(line + name, "/SYSV%8x (deleted)%n", &key, &rest) == 1 && rest > 0;
}

static enum access access_of(const char *rights)
{
    if (rights[1] == 'w')
        return ACCESS_WRITE;
    return rights[0] == 'r' ? ACCESS_READ : ACCESS_NONE;
}

/* munmap and mprotect cut an attachment into pieces.  They belong together when they
 * lead back to the same first address. */
static bool joins(struct attachment *found, size_t count, const struct mapping *mapping)
{
    for (size_t i = 0; i < count; i++) {
        struct attachment *attachment = &found[i];
        if (attachment->id != (int)mapping->inode ||
            attachment->address != mapping->start - mapping->offset)
            continue;
        attachment->pieces++;
        attachment->bytes += mapping->end - mapping->start;
        if (attachment->access != access_of(mapping->rights))
            attachment->access = ACCESS_MIXED;
        return true;
    }
    return false;
}

static struct attachment begin_attachment(pid_t pid, const struct mapping *mapping)
{
    return (struct attachment){
        .id = (int)mapping->inode,
        .pid = pid,
        .address = mapping->start - mapping->offset,
        .bytes = mapping->end - mapping->start,
        .pieces = 1,
        .access = access_of(mapping->rights),
    };
}

static void name_all(pid_t pid, struct attachment *found, size_t count)
{
    struct stat_line stat_line = {.name = "?"};
    if (count == 0)
        return;
    read_stat(pid, &stat_line);
    for (size_t i = 0; i < count; i++) {
        snprintf(found[i].name, sizeof found[i].name, "%s", stat_line.name);
        name_terminal(stat_line.terminal, found[i].terminal, sizeof found[i].terminal);
    }
}

void process_name(pid_t pid, char *name, size_t size)
{
    struct stat_line stat_line = {.name = "?"};
    read_stat(pid, &stat_line);
    snprintf(name, size, "%s", stat_line.name);
}

enum sight process_maps(pid_t pid, struct attachment *found, size_t capacity,
                        size_t *count)
{
    char path[32];
    char *line = NULL;
    size_t room = 0;
    struct mapping mapping;

    *count = 0;
    enum sight sight = sight_of(pid);
    if (sight != SIGHT_READ)
        return sight;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return reason(pid, errno);
    while (getline(&line, &room, file) > 0) {
        if (!is_segment(line, &mapping) ||
            joins(found, *count < capacity ? *count : capacity, &mapping))
            continue;
        if (*count < capacity)
            found[*count] = begin_attachment(pid, &mapping);
        ++*count;
    }
    free(line);
    fclose(file);
    name_all(pid, found, *count < capacity ? *count : capacity);
    return SIGHT_READ;
}
