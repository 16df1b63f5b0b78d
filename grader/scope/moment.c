/* moment.c - joins the table of segments with the maps of all processes. */
#include "moment.h"

#include "maps.h"

#include <ctype.h>
#include <dirent.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How often to look again when the table changed under way. */
#define ATTEMPTS 5

static struct attachment *room_for(struct moment *moment, size_t more)
{
    struct attachment *longer =
        realloc(moment->attachments, (moment->count + more) * sizeof *longer);
    if (!longer)
        abort();
    moment->attachments = longer;
    return longer + moment->count;
}

static void look_at(struct moment *moment, pid_t pid)
{
    struct attachment few[8];
    struct attachment *found = few;
    size_t capacity = sizeof few / sizeof few[0], count;

    enum sight sight = process_maps(pid, found, capacity, &count);
    while (count > capacity) {
        capacity = 2 * count;
        found = room_for(moment, capacity);
        sight = process_maps(pid, found, capacity, &count);
    }
    moment->looked += sight == SIGHT_READ;
    moment->hidden += sight == SIGHT_HIDDEN;
    moment->elsewhere += sight == SIGHT_ELSEWHERE;
    if (count > 0 && found == few)
        memcpy(room_for(moment, count), few, count * sizeof few[0]);
    moment->count += count;
}

static void look_at_all(struct moment *moment)
{
    DIR *directory = opendir("/proc");
    if (!directory)
        return;
    for (const struct dirent *entry; (entry = readdir(directory));)
        if (isdigit((unsigned char)entry->d_name[0]))
            look_at(moment, (pid_t)strtol(entry->d_name, NULL, 10));
    closedir(directory);
}

/* By segment, process and address. */
static int by_place(const void *one, const void *other)
{
    const struct attachment *a = one, *b = other;
    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    if (a->pid != b->pid)
        return a->pid < b->pid ? -1 : 1;
    return a->address < b->address ? -1 : a->address > b->address;
}

static bool same_row(const struct segment *a, const struct segment *b)
{
    return a->id == b->id && a->nattch == b->nattch && a->mode == b->mode &&
           a->last == b->last && a->key == b->key;
}

static bool same_table(const struct segment_table *a, const struct segment_table *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!same_row(&a->rows[i], &b->rows[i]))
            return false;
    return true;
}

/* Whether two processes have one memory: a child of vfork until it calls exec. */
static bool share_memory(pid_t one, pid_t other)
{
    return syscall(SYS_kcmp, one, other, KCMP_VM, 0, 0) == 0;
}

/* How many of a segment's nattch the attachments account for. */
static unsigned long count_seen(const struct moment *moment, int id)
{
    unsigned long seen = 0;
    for (size_t i = 0; i < moment->count; i++)
        if (moment->attachments[i].id == id && !moment->attachments[i].shares)
            seen += moment->attachments[i].pieces;
    return seen;
}

/* The kernel counts the attachments of a memory once, however many processes have it.
 * kcmp(2) is asked only where too many were seen. */
static void mark_shared(struct moment *moment)
{
    for (size_t i = 0; i < moment->count; i++) {
        struct attachment *later = &moment->attachments[i];
        const struct segment *row = table_by_id(&moment->table, later->id);
        if (!row || count_seen(moment, later->id) <= row->nattch)
            continue;
        for (size_t j = 0; j < i && !later->shares; j++) {
            const struct attachment *first = &moment->attachments[j];
            if (first->id == later->id && first->address == later->address &&
                first->pid != later->pid && !first->shares &&
                share_memory(first->pid, later->pid))
                later->shares = first->pid;
        }
    }
}

/* One try.  Returns false where the table cannot be read. */
static bool read_once(struct moment *moment)
{
    struct segment_table after;

    *moment = (struct moment){.count = 0};
    if (!table_read(&moment->table))
        return false;
    look_at_all(moment);
    if (!table_read(&after)) {
        moment_free(moment);
        return false;
    }
    moment->steady = same_table(&moment->table, &after);
    table_free(&moment->table);
    moment->table = after;
    clock_gettime(CLOCK_REALTIME, &moment->time);
    return true;
}

bool moment_read(struct moment *moment)
{
    for (int attempt = 1;; attempt++) {
        if (!read_once(moment))
            return false;
        if (moment->steady || attempt == ATTEMPTS)
            break;
        moment_free(moment);
    }
    if (moment->count > 0)
        qsort(moment->attachments, moment->count, sizeof *moment->attachments,
              by_place);
    mark_shared(moment);
    return true;
}

void moment_free(struct moment *moment)
{
    table_free(&moment->table);
    free(moment->attachments);
    *moment = (struct moment){.count = 0};
}

unsigned long moment_unseen(const struct moment *moment, const struct segment *segment)
{
    unsigned long seen = count_seen(moment, segment->id);
    return seen < segment->nattch ? segment->nattch - seen : 0;
}
