/* trace.c - notes the calls and the table of segments, step by step. */
#include "trace.h"

#include "actor.h"
#include "kernel.h"
#include "settings.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <time.h>

/* A record must fit in one message to the grade program, about 200 KB.  A picture shows
 * less than this in any case. */
#define MOST_ROWS   300
#define MOST_CALLS  250
#define FIRST_CALLS 100 /* of these, taken from the start; the others from the end */

#define MOST_ACTORS 256

static struct {
    struct segment_table table; /* as it was read last */
    int64_t *starts;            /* when each step began */
    json_t **noted;             /* what each step changed; NULL for nothing */
    size_t steps;
    json_t *final;
    size_t rows; /* noted so far */
    bool ended[MOST_ACTORS];
    bool cut;
} trace;

void trace_step(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    trace.starts = realloc(trace.starts, (trace.steps + 1) * sizeof *trace.starts);
    trace.noted = realloc(trace.noted, (trace.steps + 1) * sizeof(json_t *));
    if (!trace.starts || !trace.noted)
        abort();
    trace.noted[trace.steps] = NULL;
    trace.starts[trace.steps++] = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* --- The table -------------------------------------------------------------------- */

/* In the machine's own namespace there are other people's segments, too. */
static bool is_of_the_story(const struct segment *row)
{
    return world_is_private() || actors_had(row->creator) || actors_made(row->id);
}

static bool same_row(const struct segment *a, const struct segment *b)
{
    return a && b && a->nattch == b->nattch && a->mode == b->mode && a->key == b->key &&
           a->size == b->size && a->last == b->last;
}

/* Who has a segment attached: the terminal of an actor, for each attachment. */
static json_t *attached_to(const struct segment *row)
{
    json_t *titles = json_array();
    const struct actor *actor;
    for (size_t i = 0; row->nattch > 0 && (actor = actor_at(i)); i++) {
        int count = is_running(actor)
                        ? process_attachments(actor_pid(actor), row->id, NULL)
                        : 0;
        for (; count > 0; count--)
            json_array_append_new(titles, json_string(actor_terminal(actor)));
    }
    return titles;
}

static json_t *row_object(const struct segment *row)
{
    return json_pack("{s:i, s:I, s:I, s:I, s:b, s:o}", "id", row->id, "key",
                     (json_int_t)(unsigned)row->key, "size", (json_int_t)row->size,
                     "nattch", (json_int_t)row->nattch, "dest",
                     (row->mode & SHM_DEST) != 0, "attached", attached_to(row));
}

/* The rows that differ from those that were read last. */
static json_t *changes(const struct segment_table *now)
{
    json_t *list = json_array();
    for (size_t i = 0; i < now->count; i++)
        if (is_of_the_story(&now->rows[i]) &&
            !same_row(&now->rows[i], table_by_id(&trace.table, now->rows[i].id)))
            json_array_append_new(list, row_object(&now->rows[i]));
    for (size_t i = 0; i < trace.table.count; i++)
        if (is_of_the_story(&trace.table.rows[i]) &&
            !table_by_id(now, trace.table.rows[i].id))
            json_array_append_new(list, json_pack("{s:i, s:b}", "id",
                                                  trace.table.rows[i].id, "gone", 1));
    return list;
}

/* The actors whose end was awaited since it was noted last.  When a process that was not
 * awaited ends is for the kernel to decide: two runs would tell two stories. */
static json_t *newly_ended(void)
{
    json_t *titles = json_array();
    const struct actor *actor;
    for (size_t i = 0; (actor = actor_at(i)) && i < MOST_ACTORS; i++)
        if (!trace.ended[i] && has_been_awaited(actor)) {
            trace.ended[i] = true;
            json_array_append_new(titles, json_string(actor_terminal(actor)));
        }
    return titles;
}

static bool differs(const struct segment_table *now)
{
    if (now->count != trace.table.count)
        return true;
    for (size_t i = 0; i < now->count; i++)
        if (now->rows[i].id != trace.table.rows[i].id ||
            !same_row(&now->rows[i], &trace.table.rows[i]))
            return true;
    return false;
}

/* What changed, as an object; NULL for nothing. */
static json_t *note(void)
{
    struct segment_table now;
    json_t *object = NULL;

    if (trace.rows >= MOST_ROWS) {
        trace.cut = true;
        return NULL;
    }
    if (!table_read(&now))
        return NULL;
    if (differs(&now)) {
        json_t *list = changes(&now);
        trace.rows += json_array_size(list);
        object = json_pack("{s:o, s:o}", "segments", list, "ended", newly_ended());
    }
    table_free(&trace.table);
    trace.table = now;
    return object;
}

static void join(json_t *object, const json_t *later, const char *name)
{
    json_array_extend(json_object_get(object, name), json_object_get(later, name));
}

void trace_table(void)
{
    json_t *object = note();
    /* What was there before the first step is no news. */
    json_t **noted = trace.steps > 0 ? &trace.noted[trace.steps - 1] : NULL;

    if (object && noted && *noted) {
        join(*noted, object, "segments");
        join(*noted, object, "ended");
    } else if (noted && !*noted) {
        *noted = json_incref(object);
    }
    json_decref(object);
}

void trace_end(void)
{
    trace.final = note();
    if (!trace.final)
        trace.final = json_pack("{s:o}", "ended", newly_ended());
}

/* --- The calls -------------------------------------------------------------------- */

struct made {
    const struct actor *actor;
    const struct call_record *call;
    unsigned times;
};

/* Those that a picture of segments shows; in lab 5 also what rings and waits. */
static bool is_shown(enum call call)
{
    switch (call) {
    case CALL_shmget:
    case CALL_shmat:
    case CALL_shmdt:
    case CALL_shmctl:
    case CALL_ftok:
    case CALL_mkfifo:
    case CALL_mkfifoat:
    case CALL_mknod:
    case CALL_unlink:
    case CALL_unlinkat:
    case CALL_remove:
    case CALL_kill:
        return true;
    case CALL_open:
    case CALL_openat:
    case CALL_read:
    case CALL_write:
        return strcmp(current_lab(), "lab5") == 0;
    default:
        return false;
    }
}

static int by_time(const void *one, const void *other)
{
    const struct made *a = one, *b = other;
    return a->call->time < b->call->time ? -1 : a->call->time > b->call->time;
}

static size_t add_log(struct made **list, size_t count, const struct actor *actor)
{
    size_t length;
    const struct call_record *log = actor_log(actor, &length);
    struct made *longer = realloc(*list, (count + length + 1) * sizeof *longer);
    if (!longer)
        abort();
    *list = longer;
    for (size_t i = 0; i < length; i++)
        if (is_shown((enum call)log[i].call))
            longer[count++] = (struct made){actor, &log[i], 1};
    return count;
}

/* The step in which something happened; steps count from 0. */
static size_t step_at(int64_t time)
{
    size_t step = 0;
    while (step + 1 < trace.steps && trace.starts[step + 1] <= time)
        step++;
    return step;
}

static bool same_call(const struct made *a, const struct made *b)
{
    return a->actor == b->actor && a->call->call == b->call->call &&
           a->call->pid == b->call->pid && a->call->result == b->call->result &&
           a->call->error == b->call->error &&
           memcmp(a->call->arguments, b->call->arguments, sizeof a->call->arguments) ==
               0 &&
           step_at(a->call->time) == step_at(b->call->time);
}

/* A program that polls makes the same call again and again. */
static size_t merge_equal(struct made *list, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept > 0 && same_call(&list[kept - 1], &list[i]))
            list[kept - 1].times++;
        else
            list[kept++] = list[i];
    return kept;
}

static json_t *call_object(const struct made *made)
{
    const struct call_record *call = made->call;
    json_t *object =
        json_pack("{s:s, s:i, s:s, s:[I, I, I], s:I}", "where",
                  actor_terminal(made->actor), "pid", (int)call->pid, "call",
                  call_name((enum call)call->call), "arguments",
                  (json_int_t)call->arguments[0], (json_int_t)call->arguments[1],
                  (json_int_t)call->arguments[2], "result", (json_int_t)call->result);
    const char *error = call->error ? strerrorname_np(call->error) : NULL;
    if (error)
        json_object_set_new(object, "error", json_string(error));
    if (made->times > 1)
        json_object_set_new(object, "times", json_integer(made->times));
    return object;
}

static void attach_call(json_t *steps, const struct made *made)
{
    json_t *step = json_array_get(steps, step_at(made->call->time));
    json_t *calls = json_object_get(step, "calls");
    if (!calls) {
        calls = json_array();
        json_object_set_new(step, "calls", calls);
    }
    json_array_append_new(calls, call_object(made));
}

static void attach_calls(json_t *steps)
{
    struct made *list = NULL;
    const struct actor *actor;
    size_t count = 0;

    for (size_t i = 0; (actor = actor_at(i)); i++)
        count = add_log(&list, count, actor);
    if (count > 0)
        qsort(list, count, sizeof *list, by_time);
    count = merge_equal(list, count);
    trace.cut |= count > MOST_CALLS;
    for (size_t i = 0; i < count; i++)
        if (i < FIRST_CALLS || i + MOST_CALLS - FIRST_CALLS >= count)
            attach_call(steps, &list[i]);
    free(list);
}

/* --- The record ------------------------------------------------------------------- */

static void attach_list(json_t *object, const json_t *noted, const char *name)
{
    json_t *list = json_object_get(noted, name);
    if (json_array_size(list) > 0)
        json_object_set(object, name, list);
}

void trace_attach(json_t *record)
{
    json_t *steps = json_object_get(record, "steps");
    for (size_t i = 0; i < trace.steps; i++) {
        attach_list(json_array_get(steps, i), trace.noted[i], "segments");
        attach_list(json_array_get(steps, i), trace.noted[i], "ended");
    }
    if (trace.steps > 0)
        attach_calls(steps);
    json_object_set(record, "final", trace.final);
    if (trace.cut)
        json_object_set_new(record, "trace_cut", json_true());
}
