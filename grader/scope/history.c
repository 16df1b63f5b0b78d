/* history.c - compares two moments, and tells what happened between them. */
#include "history.h"

#include "maps.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

#define MOST_EVENTS  4000
#define MOST_TRACKS  1000
#define MOST_CHANGES 8000

double history_clock(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* A longer array; the oldest `drop` items make room when it is full. */
static void *room(void *array, size_t *count, size_t most, size_t size)
{
    if (*count == most) {
        size_t drop = most / 4;
        memmove(array, (char *)array + drop * size, (*count - drop) * size);
        *count -= drop;
    }
    void *longer = realloc(array, (*count + 1) * size);
    if (!longer)
        abort();
    return longer;
}

/* --- Events ----------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static void
tell(struct history *history, pid_t pid, const char *format, ...)
{
    size_t before = history->event_count;
    va_list arguments;

    history->events =
        room(history->events, &history->event_count, MOST_EVENTS, sizeof(struct event));
    history->forgotten += before - history->event_count;
    struct event *event = &history->events[history->event_count++];
    *event = (struct event){.at = history_clock(), .pid = pid};
    va_start(arguments, format);
    vsnprintf(event->text, sizeof event->text, format, arguments);
    va_end(arguments);
}

static bool has_ended(pid_t pid)
{
    char state = process_read(pid).state;
    return state == 0 || state == 'Z' || state == 'X';
}

/* --- Tracks ----------------------------------------------------------------------- */

static struct track *track_of(struct history *history, int id)
{
    for (size_t i = history->track_count; i-- > 0;)
        if (history->tracks[i].row.id == id && !history->tracks[i].gone)
            return &history->tracks[i];
    return NULL;
}

static void mark(struct track *track, unsigned long nattch, char sign)
{
    track->changes =
        room(track->changes, &track->count, MOST_CHANGES, sizeof *track->changes);
    track->changes[track->count++] = (struct change){history_clock(), nattch, sign};
}

/* Forgets a segment that is gone, when there are too many. */
static void make_room(struct history *history)
{
    for (size_t i = 0; history->track_count >= MOST_TRACKS && i < history->track_count;
         i++) {
        if (!history->tracks[i].gone)
            continue;
        free(history->tracks[i].changes);
        memmove(&history->tracks[i], &history->tracks[i + 1],
                (history->track_count - i - 1) * sizeof *history->tracks);
        history->track_count--;
        return;
    }
}

static struct track *new_track(struct history *history, const struct segment *row)
{
    make_room(history);
    struct track *longer =
        realloc(history->tracks, (history->track_count + 1) * sizeof *longer);
    if (!longer)
        abort();
    history->tracks = longer;
    struct track *track = &longer[history->track_count++];
    *track = (struct track){.row = *row, .key = (unsigned)row->key};
    return track;
}

/* --- Comparing -------------------------------------------------------------------- */

static const struct attachment *find(const struct moment *moment,
                                     const struct attachment *wanted)
{
    for (size_t i = 0; i < moment->count; i++) {
        const struct attachment *one = &moment->attachments[i];
        if (one->id == wanted->id && one->pid == wanted->pid &&
            one->address == wanted->address)
            return one;
    }
    return NULL;
}

static void tell_attached(struct history *history, const struct attachment *attachment)
{
    tell(history, attachment->pid, "%d (%s) attached segment %d at 0x%lx, %s",
         (int)attachment->pid, attachment->name, attachment->id,
         (unsigned long)attachment->address, access_word(attachment->access));
}

static void tell_detached(struct history *history, const struct attachment *attachment)
{
    if (has_ended(attachment->pid))
        tell(history, attachment->pid, "%d (%s) ended, and segment %d was detached",
             (int)attachment->pid, attachment->name, attachment->id);
    else
        tell(history, attachment->pid, "%d (%s) detached segment %d from 0x%lx",
             (int)attachment->pid, attachment->name, attachment->id,
             (unsigned long)attachment->address);
}

/* The attachments of one segment that came or went.  Returns how many events. */
static int compare_attachments(struct history *history, const struct moment *now,
                               int id)
{
    int events = 0;
    for (size_t i = 0; i < history->last.count; i++) {
        const struct attachment *old = &history->last.attachments[i];
        if (old->id == id && !find(now, old)) {
            tell_detached(history, old);
            events++;
        }
    }
    for (size_t i = 0; i < now->count; i++) {
        const struct attachment *new = &now->attachments[i];
        if (new->id == id && !find(&history->last, new)) {
            tell_attached(history, new);
            events++;
        }
    }
    return events;
}

static void created(struct history *history, const struct moment *now,
                    const struct segment *row, bool first_look)
{
    char name[32];
    struct track *track = new_track(history, row);

    mark(track, row->nattch, first_look ? 0 : '+');
    if (first_look)
        return; /* it was there before; who made it stands in the table */
    process_name(row->creator, name, sizeof name);
    tell(history, row->creator, "%d (%s) created segment %d: key 0x%08x, %zu bytes",
         (int)row->creator, name, row->id, (unsigned)row->key, row->size);
    compare_attachments(history, now, row->id);
    if (row->mode & SHM_DEST) {
        mark(track_of(history, row->id), row->nattch, 'D');
        tell(history, 0, "segment %d was marked dest (nattch %lu)", row->id,
             row->nattch);
    }
}

/* What came and went between two looks leaves only times and the last pid. */
static void tell_between(struct history *history, const struct segment *old,
                         const struct segment *row)
{
    if (row->nattch != old->nattch)
        tell(history, row->last,
             "nattch of segment %d is now %lu, by a process not seen (last: %d)",
             row->id, row->nattch, (int)row->last);
    else if (row->atime != old->atime || row->dtime != old->dtime ||
             row->last != old->last)
        tell(history, row->last,
             "segment %d was attached and detached between two looks (last: %d)",
             row->id, (int)row->last);
}

static void compare_row(struct history *history, const struct moment *now,
                        const struct segment *row)
{
    struct track *track = track_of(history, row->id);
    if (!track) {
        created(history, now, row, history->last.time.tv_sec == 0);
        return;
    }
    const struct segment old = track->row;
    const bool marked = (row->mode & SHM_DEST) && !(old.mode & SHM_DEST);

    track->row = *row;
    if (marked || row->nattch != old.nattch)
        mark(track, row->nattch, marked ? 'D' : 0);
    if (marked)
        tell(history, 0, "segment %d was marked dest (nattch %lu)", row->id,
             row->nattch);
    if (compare_attachments(history, now, row->id) == 0)
        tell_between(history, &old, row);
    if ((row->mode & 0777) != (old.mode & 0777) || row->uid != old.uid)
        tell(history, 0, "segment %d has owner %u and permissions %04o now", row->id,
             (unsigned)row->uid, (unsigned)row->mode & 0777);
}

static void destroyed(struct history *history, const struct moment *now, size_t index)
{
    struct track *track = &history->tracks[index];
    const struct segment row = track->row;

    track->gone = true;
    mark(track, 0, 'x');
    compare_attachments(history, now, row.id);
    if (row.nattch == 0)
        tell(history, 0, "segment %d was removed (the kernel does not tell by whom)",
             row.id);
    else if (row.mode & SHM_DEST)
        tell(history, 0, "segment %d was destroyed with its last detach", row.id);
    else
        tell(history, 0, "segment %d was marked, and destroyed with its last detach",
             row.id);
}

void history_look(struct history *history, struct moment *now)
{
    for (size_t i = 0; i < history->track_count; i++)
        if (!history->tracks[i].gone &&
            !table_by_id(&now->table, history->tracks[i].row.id))
            destroyed(history, now, i);
    for (size_t i = 0; i < now->table.count; i++)
        compare_row(history, now, &now->table.rows[i]);
    moment_free(&history->last);
    history->last = *now;
}

static bool row_differs(const struct segment *a, const struct segment *b)
{
    return !b || a->nattch != b->nattch || a->mode != b->mode || a->key != b->key ||
           a->last != b->last || a->atime != b->atime || a->dtime != b->dtime ||
           a->ctime != b->ctime || a->rss != b->rss;
}

bool history_is_stale(const struct history *history)
{
    struct segment_table table;
    if (!table_read(&table))
        return true;
    bool stale = table.count != history->last.table.count;
    for (size_t i = 0; !stale && i < table.count; i++)
        stale = row_differs(&table.rows[i],
                            table_by_id(&history->last.table, table.rows[i].id));
    table_free(&table);
    return stale;
}

void history_free(struct history *history)
{
    for (size_t i = 0; i < history->track_count; i++)
        free(history->tracks[i].changes);
    free(history->tracks);
    free(history->events);
    moment_free(&history->last);
    *history = (struct history){.track_count = 0};
}
