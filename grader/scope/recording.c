/* recording.c - collects steps in the shape of the grader's (grader/lib/trace.h). */
#include "recording.h"

#include "maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

/* More than a picture shows by far; a bound for a recording that was forgotten. */
#define MOST_STEPS 20000

bool recording_begin(struct recording *recording, const char *path, const char *title)
{
    struct moment moment;

    *recording = (struct recording){.file = fopen(path, "we")};
    if (!recording->file) {
        fprintf(stderr, "scope: %s cannot be written: %s\n", path, strerror(errno));
        return false;
    }
    recording->steps = json_array();
    recording->titles = json_object();
    recording->title = strdup(title);
    /* What is there already is the first step. */
    if (moment_read(&moment) && moment.table.count > 0)
        recording_step(recording, 0, "The recording begins.", NULL, &moment, false);
    moment_free(&moment);
    return true;
}

const char *recording_title(struct recording *recording, pid_t pid)
{
    char name[32], number[16], title[64];

    snprintf(number, sizeof number, "%d", (int)pid);
    const char *known = json_string_value(json_object_get(recording->titles, number));
    if (known)
        return known;
    process_name(pid, name, sizeof name);
    snprintf(title, sizeof title, "%s %s", name, number);
    json_object_set_new(recording->titles, number, json_string(title));
    return json_string_value(json_object_get(recording->titles, number));
}

static json_t *attached_to(struct recording *recording, const struct moment *moment,
                           int id)
{
    json_t *titles = json_array();
    for (size_t i = 0; i < moment->count; i++) {
        const struct attachment *attachment = &moment->attachments[i];
        for (unsigned j = 0; attachment->id == id && j < attachment->pieces; j++)
            json_array_append_new(titles,
                                  json_string(
                                      recording_title(recording, attachment->pid)));
    }
    return titles;
}

static bool same_row(const struct segment *a, const struct segment *b)
{
    return a && b && a->nattch == b->nattch && a->mode == b->mode && a->key == b->key &&
           a->last == b->last;
}

static json_t *changes(struct recording *recording, const struct moment *moment)
{
    json_t *list = json_array();
    for (size_t i = 0; i < moment->table.count; i++) {
        const struct segment *row = &moment->table.rows[i];
        if (!same_row(row, table_by_id(&recording->last, row->id)))
            json_array_append_new(list,
                                  json_pack("{s:i, s:I, s:I, s:I, s:b, s:o}", "id",
                                            row->id, "key",
                                            (json_int_t)(unsigned)row->key, "size",
                                            (json_int_t)row->size, "nattch",
                                            (json_int_t)row->nattch, "dest",
                                            (row->mode & SHM_DEST) != 0, "attached",
                                            attached_to(recording, moment, row->id)));
    }
    for (size_t i = 0; i < recording->last.count; i++)
        if (!table_by_id(&moment->table, recording->last.rows[i].id))
            json_array_append_new(list,
                                  json_pack("{s:i, s:b}", "id",
                                            recording->last.rows[i].id, "gone", 1));
    return list;
}

/* Keeps the table, to compare the next one with it. */
static void keep(struct recording *recording, const struct segment_table *table)
{
    size_t bytes = table->count * sizeof *table->rows;
    table_free(&recording->last);
    recording->last.rows = malloc(bytes ? bytes : 1);
    if (!recording->last.rows)
        abort();
    if (bytes)
        memcpy(recording->last.rows, table->rows, bytes);
    recording->last.count = table->count;
}

void recording_step(struct recording *recording, pid_t pid, const char *line,
                    json_t *call, const struct moment *after, bool ended)
{
    json_t *step = json_object();
    if (json_array_size(recording->steps) >= MOST_STEPS) {
        json_decref(step);
        json_decref(call);
        return;
    }
    json_array_append_new(recording->steps, step);
    if (pid)
        json_object_set_new(step, "where",
                            json_string(recording_title(recording, pid)));
    if (line)
        json_object_set_new(step, "line", json_string(line));
    if (call)
        json_object_set_new(step, "calls", json_pack("[o]", call));
    if (after) {
        json_object_set_new(step, "segments", changes(recording, after));
        keep(recording, &after->table);
    }
    if (ended)
        json_object_set_new(step, "ended",
                            json_pack("[s]", recording_title(recording, pid)));
}

bool recording_end(struct recording *recording)
{
    json_t *object = json_pack("{s:i, s:s, s:o}", "schema", 1, "title",
                               recording->title, "steps", recording->steps);
    bool written = json_dumpf(object, recording->file, JSON_INDENT(1)) == 0;
    written = putc('\n', recording->file) != EOF && written;
    written = fclose(recording->file) == 0 && written;
    if (!written)
        fputs("scope: the recording could not be written.\n", stderr);
    json_decref(object);
    json_decref(recording->titles);
    free(recording->title);
    table_free(&recording->last);
    return written;
}
