/* run.c - turns the steps of a record into rows.
 *
 * Calls within a step change what is known of the segments as the kernel would; at the
 * end of the step the table that was read then has the last word.
 */
#include "run.h"

#include "calls.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

/* An attachment that a call made: shmdt names no more than the address. */
struct place {
    int pid, band;
    long long address;
};

/* What is known while the steps are read. */
struct reading {
    struct run *run;
    struct state bands[MAX_BANDS];
    unsigned held[MAX_LANES][MAX_BANDS];
    bool ended[MAX_LANES];
    struct place *places;
    size_t place_count;
};

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static long long number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

__attribute__((format(printf, 1, 2))) static char *says(const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length == -1)
        abort();
    return text;
}

/* --- Lanes and bands -------------------------------------------------------------- */

static int lane_named(struct run *run, const char *title)
{
    if (!title || !*title)
        return -1;
    for (size_t i = 0; i < run->lane_count; i++)
        if (strcmp(run->lanes[i].title, title) == 0)
            return (int)i;
    if (run->lane_count == MAX_LANES) {
        run->lanes_left++;
        return -1;
    }
    run->lanes[run->lane_count].title = says("%s", title);
    return (int)run->lane_count++;
}

/* The band of a segment that was not destroyed. */
static int band_of(const struct reading *reading, int id)
{
    for (size_t i = 0; i < reading->run->band_count; i++)
        if (reading->run->bands[i].id == id && !reading->bands[i].gone)
            return (int)i;
    return -1;
}

static int new_band(struct reading *reading, int id, unsigned key, size_t size)
{
    struct run *run = reading->run;
    if (run->band_count == MAX_BANDS) {
        run->bands_left++;
        return -1;
    }
    run->bands[run->band_count] = (struct band){.id = id, .key = key, .size = size};
    reading->bands[run->band_count].exists = true;
    return (int)run->band_count++;
}

static void destroy(struct reading *reading, int band)
{
    reading->bands[band] = (struct state){.gone = true};
    for (size_t i = 0; i < MAX_LANES; i++)
        reading->held[i][band] = 0;
}

/* --- Rows ------------------------------------------------------------------------- */

static void set_after(const struct reading *reading, struct row *row)
{
    memcpy(row->bands, reading->bands, sizeof row->bands);
    memcpy(row->ended, reading->ended, sizeof row->ended);
    for (size_t i = 0; i < MAX_LANES; i++) {
        row->held[i] = 0;
        for (size_t j = 0; j < reading->run->band_count; j++)
            row->held[i] += reading->held[i][j];
    }
}

static struct row *add_row(struct reading *reading, enum row_kind kind, int lane,
                           char *text)
{
    struct run *run = reading->run;
    if (run->row_count % 64 == 0) {
        struct row *longer = realloc(run->rows, (run->row_count + 64) * sizeof *longer);
        if (!longer)
            abort();
        run->rows = longer;
    }
    struct row *row = &run->rows[run->row_count++];
    *row = (struct row){.kind = kind, .lane = lane, .target = -1};
    row->text = text;
    set_after(reading, row);
    return row;
}

/* --- What a call does ------------------------------------------------------------- */

static void attach(struct reading *reading, int lane, int pid, int band,
                   long long address)
{
    struct place *longer =
        realloc(reading->places, (reading->place_count + 1) * sizeof *longer);
    if (!longer)
        abort();
    reading->places = longer;
    longer[reading->place_count++] = (struct place){pid, band, address};
    reading->bands[band].nattch++;
    if (lane >= 0)
        reading->held[lane][band]++;
}

/* `inherited`: by a process that forked this one; the address is the same. */
static int detach(struct reading *reading, int lane, int pid, long long address,
                  bool inherited)
{
    for (size_t i = reading->place_count; i-- > 0;) {
        const struct place place = reading->places[i];
        if (place.address != address || (place.pid != pid && !inherited))
            continue;
        struct state *state = &reading->bands[place.band];
        if (lane >= 0 && reading->held[lane][place.band] > 0)
            reading->held[lane][place.band]--;
        if (state->nattch > 0 && --state->nattch == 0 && state->dest)
            destroy(reading, place.band);
        return place.band;
    }
    return -1;
}

static void remove_band(struct reading *reading, int band)
{
    if (reading->bands[band].nattch == 0)
        destroy(reading, band);
    else
        reading->bands[band].dest = true;
}

/* Changes the state as the call did.  Returns the band that it names, or -1. */
static int obey(struct reading *reading, int lane, const json_t *call)
{
    const char *name = text_of(call, "call");
    const int pid = (int)number_of(call, "pid");
    const long long result = number_of(call, "result");
    const bool failed = json_object_get(call, "error") != NULL;

    if (strcmp(name, "shmget") == 0) {
        int band = failed ? -1 : band_of(reading, (int)result);
        if (!failed && band == -1 &&
            ((call_argument(call, 2) & IPC_CREAT) || call_argument(call, 0) == 0))
            band = new_band(reading, (int)result, (unsigned)call_argument(call, 0),
                            (size_t)call_argument(call, 1));
        return band;
    }
    if (strcmp(name, "shmdt") == 0 && !failed) {
        int band = detach(reading, lane, pid, call_argument(call, 0), false);
        return band >= 0 ? band
                         : detach(reading, lane, pid, call_argument(call, 0), true);
    }
    const long long command = call_argument(call, 1);
    if (strcmp(name, "shmat") != 0 &&
        (strcmp(name, "shmctl") != 0 || command == SHM_STAT ||
         command == SHM_STAT_ANY || command == SHM_INFO || command == IPC_INFO))
        return -1;
    int band = band_of(reading, (int)call_argument(call, 0));
    if (failed || band == -1)
        return band;
    if (strcmp(name, "shmat") == 0)
        attach(reading, lane, pid, band, result);
    else if (command == IPC_RMID)
        remove_band(reading, band);
    return band;
}

static void load_call(struct reading *reading, const json_t *call)
{
    char text[512];
    int lane = lane_named(reading->run, text_of(call, "where"));

    int target = obey(reading, lane, call);
    call_text(call, text, sizeof text);
    struct row *row = add_row(reading, ROW_CALL, lane, says("%s", text));
    row->target = target;
    row->refused = json_object_get(call, "error") != NULL;
}

/* --- What the kernel showed ------------------------------------------------------- */

static void see_attached(struct reading *reading, int band, const json_t *names)
{
    const json_t *name;
    size_t i;
    for (i = 0; i < MAX_LANES; i++)
        reading->held[i][band] = 0;
    json_array_foreach(names, i, name)
    {
        int lane = lane_named(reading->run, json_string_value(name));
        if (lane >= 0)
            reading->held[lane][band]++;
    }
}

static void see_segment(struct reading *reading, const json_t *seen)
{
    int id = (int)number_of(seen, "id");
    int band = band_of(reading, id);

    if (json_is_true(json_object_get(seen, "gone"))) {
        if (band >= 0)
            destroy(reading, band);
        return;
    }
    if (band == -1)
        band = new_band(reading, id, (unsigned)number_of(seen, "key"),
                        (size_t)number_of(seen, "size"));
    if (band == -1)
        return;
    reading->bands[band].nattch = (unsigned long)number_of(seen, "nattch");
    reading->bands[band].dest = json_is_true(json_object_get(seen, "dest"));
    const json_t *names = json_object_get(seen, "attached");
    if (names)
        see_attached(reading, band, names);
}

/* The table that was read after a step: into the step's last row. */
static void see_table(struct reading *reading, const json_t *object)
{
    const json_t *item;
    size_t i;
    json_array_foreach(json_object_get(object, "segments"), i, item)
        see_segment(reading, item);
    json_array_foreach(json_object_get(object, "ended"), i, item)
    {
        int lane = lane_named(reading->run, json_string_value(item));
        if (lane >= 0)
            reading->ended[lane] = true;
    }
    if (reading->run->row_count > 0)
        set_after(reading, &reading->run->rows[reading->run->row_count - 1]);
}

/* --- Steps ------------------------------------------------------------------------ */

static void load_step(struct reading *reading, const json_t *step)
{
    const char *line = text_of(step, "line"), *answer = text_of(step, "answer");
    const json_t *calls = json_object_get(step, "calls"), *call;
    int lane = lane_named(reading->run, text_of(step, "where"));
    bool one_row = json_array_size(calls) == 0;
    size_t i;

    /* A process that is started again in the same terminal is a new one. */
    if (lane >= 0)
        reading->ended[lane] = false;
    if (*line)
        add_row(reading, lane >= 0 ? ROW_LINE : ROW_SENTENCE, lane,
                one_row && *answer ? says("%s → %s", line, answer) : says("%s", line));
    json_array_foreach(calls, i, call) load_call(reading, call);
    if (!one_row && *answer)
        add_row(reading, ROW_ANSWER, lane, says("→ %s", answer));
    see_table(reading, step);
}

/* How it stood when every process had ended, and what was leaked. */
static void load_end(struct reading *reading, const json_t *record)
{
    const json_t *final = json_object_get(record, "final"), *leak;
    size_t i;

    if (final) {
        add_row(reading, ROW_SENTENCE, -1, says("The check has ended all processes."));
        for (i = 0; i < reading->run->lane_count; i++)
            reading->ended[i] = true;
        see_table(reading, final);
    }
    json_array_foreach(json_object_get(record, "leaks"), i, leak)
    {
        int band = band_of(reading, (int)number_of(leak, "id"));
        if (band >= 0)
            reading->run->bands[band].leaked = true;
    }
}

static char *title_of(const json_t *record)
{
    const char *promise = text_of(record, "promise"), *title = text_of(record, "title");
    return says("%s", *promise ? promise : title);
}

static char *outcome_of(const json_t *record)
{
    const char *expected = text_of(record, "expected"), *seen = text_of(record, "seen");
    return *expected ? says("Expected: %s\nSeen: %s", expected, seen) : says("%s", "");
}

void run_load(struct run *run, const json_t *record)
{
    struct reading *reading = calloc(1, sizeof *reading);
    const json_t *step;
    size_t i;

    if (!reading)
        abort();
    *run = (struct run){.title = title_of(record), .outcome = outcome_of(record)};
    reading->run = run;
    json_array_foreach(json_object_get(record, "steps"), i, step)
        load_step(reading, step);
    load_end(reading, record);
    free(reading->places);
    free(reading);
}

void run_free(struct run *run)
{
    for (size_t i = 0; i < run->row_count; i++)
        free(run->rows[i].text);
    for (size_t i = 0; i < run->lane_count; i++)
        free(run->lanes[i].title);
    free(run->rows);
    free(run->title);
    free(run->outcome);
    *run = (struct run){.row_count = 0};
}

void describe_run(const struct run *run, FILE *out)
{
    for (size_t i = 0; i < run->row_count; i++) {
        const struct row *row = &run->rows[i];
        if (row->lane >= 0)
            fprintf(out, "%s: ", run->lanes[row->lane].title);
        fprintf(out, "%s\n", row->text);
    }
    fputs(run->outcome, out);
}
