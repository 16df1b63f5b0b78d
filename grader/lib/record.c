/* record.c - builds a check's record and sends it. */
#include "record.h"

#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The length of the UTF-8 character at `text` that may be shown, or 0. */
static size_t shown_length(const unsigned char *text)
{
    size_t length;
    if (*text == '\n' || *text == '\t' || (*text >= 0x20 && *text < 0x7f))
        return 1;
    if (*text >= 0xc2 && *text < 0xe0)
        length = 2;
    else if (*text >= 0xe0 && *text < 0xf0)
        length = 3;
    else if (*text >= 0xf0 && *text < 0xf5)
        length = 4;
    else
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    /* U+0080 to U+009f are control characters, too. */
    if (*text == 0xc2 && text[1] < 0xa0)
        return 0;
    /* Overlong forms, surrogates and numbers beyond Unicode are no characters. */
    if ((*text == 0xe0 && text[1] < 0xa0) || (*text == 0xed && text[1] >= 0xa0) ||
        (*text == 0xf0 && text[1] < 0x90) || (*text == 0xf4 && text[1] >= 0x90))
        return 0;
    return length;
}

char *record_safe(const char *text)
{
    static const char digits[] = "0123456789abcdef";
    char *safe = malloc(4 * strlen(text) + 1);
    char *to = safe;
    if (!safe)
        abort();
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        size_t length = shown_length(at);
        if (length == 0) {
            *to++ = '\\';
            *to++ = 'x';
            *to++ = digits[*at >> 4];
            *to++ = digits[*at & 15];
            at++;
        }
        for (; length > 0; length--)
            *to++ = (char)*at++;
    }
    *to = '\0';
    return safe;
}

static void set_text(json_t *object, const char *name, const char *text)
{
    if (!text)
        return;
    char *safe = record_safe(text);
    json_object_set_new(object, name, json_string(safe));
    free(safe);
}

void record_begin(struct record *record, const char *lab, const char *check)
{
    record->object = json_object();
    record->start = now();
    set_text(record->object, "lab", lab);
    set_text(record->object, "check", check);
    json_object_set_new(record->object, "steps", json_array());
    json_object_set_new(record->object, "leaks", json_array());
    json_object_set_new(record->object, "by_hand", json_true());
}

void record_step(struct record *record, const char *where, const char *line)
{
    trace_table();
    json_t *step = json_object();
    set_text(step, "where", where);
    set_text(step, "line", line);
    json_array_append_new(json_object_get(record->object, "steps"), step);
    trace_step();
}

void record_answer(struct record *record, const char *answer)
{
    json_t *steps = json_object_get(record->object, "steps");
    set_text(json_array_get(steps, json_array_size(steps) - 1), "answer", answer);
    trace_table();
}

int record_step_count(const struct record *record)
{
    return (int)json_array_size(json_object_get(record->object, "steps"));
}

void record_coverage(struct record *record, const char *line)
{
    json_t *lines = json_object_get(record->object, "coverage");
    json_t *known;
    size_t i;
    if (!lines) {
        lines = json_array();
        json_object_set_new(record->object, "coverage", lines);
    }
    json_array_foreach(lines, i, known)
    {
        if (strcmp(json_string_value(known), line) == 0)
            return;
    }
    json_array_append_new(lines, json_string(line));
}

void record_leak(struct record *record, unsigned key, int id, size_t size,
                 const char *by, int step)
{
    json_array_append_new(json_object_get(record->object, "leaks"),
                          json_pack("{s:I, s:i, s:I, s:s, s:i}", "key", (json_int_t)key,
                                    "id", id, "size", (json_int_t)size, "by", by,
                                    "step", step));
}

void record_function(struct record *record, const char *function)
{
    set_text(record->object, "function", function);
}

void record_hint(struct record *record, const char *hint)
{
    set_text(record->object, "hint", hint);
}

void record_not_by_hand(struct record *record)
{
    json_object_set_new(record->object, "by_hand", json_false());
}

/* The descriptor of the grade program, or -1. */
static int report(void)
{
    const char *text = getenv("SHMLAB_REPORT");
    return text ? (int)strtol(text, NULL, 10) : -1;
}

/* ftok(3) puts the low 8 bits of a device number into a key, and the kernel numbers
 * file systems in memory as they come.  Who compares two runs needs to know them. */
static json_t *devices(void)
{
    static const char *const paths[] = {".",          "/",      "/proc",
                                        "/dev/null",  "/sys",   "/usr/bin",
                                        "/etc/hosts", "disk-1", "disk-2"};
    json_t *list = json_array();
    struct stat status;

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (stat(paths[i], &status) == 0)
            json_array_append_new(list,
                                  json_integer((json_int_t)(status.st_dev & 0xff)));
    return list;
}

/* A message has a limit.  A process that answers much to each line must not make its
 * record vanish: long texts are cut, the more the more there are. */
#define MESSAGE_MAX 100000

static void cut_steps(json_t *steps)
{
    static const char *const names[] = {"line", "answer"};
    json_t *step;
    size_t i, room = MESSAGE_MAX / 8 / (json_array_size(steps) + 1);

    json_array_foreach(steps, i, step) for (size_t j = 0; j < 2; j++)
    {
        const char *text = json_string_value(json_object_get(step, names[j]));
        size_t length = text ? strlen(text) : 0;
        if (length <= room)
            continue;
        for (length = room; length > 0 && (text[length] & 0xc0) == 0x80;)
            length--; /* not within a character */
        json_object_set_new(step, names[j], json_sprintf("%.*s...", (int)length, text));
    }
}

#define STEPS_KEPT 50 /* from the start and from the end of a very long story */

/* Takes the text of the steps in between; their numbers stay. */
static void cut_middle(json_t *steps)
{
    const size_t count = json_array_size(steps);
    for (size_t i = STEPS_KEPT; i + STEPS_KEPT < count; i++) {
        json_t *step = json_array_get(steps, i);
        json_object_clear(step);
        json_object_set_new(step, "line", json_string("..."));
    }
}

static void cut_text(json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    size_t length = text ? strlen(text) : 0;
    if (length <= MESSAGE_MAX / 16)
        return;
    for (length = MESSAGE_MAX / 16; (text[length] & 0xc0) == 0x80;)
        length--;
    json_object_set_new(object, name, json_sprintf("%.*s...", (int)length, text));
}

static char *text_of(json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    if (!text || strlen(text) <= MESSAGE_MAX)
        return text;
    free(text);
    cut_steps(json_object_get(object, "steps"));
    cut_text(object, "expected");
    cut_text(object, "seen");
    cut_text(object, "printed");
    while (json_array_size(json_object_get(object, "leaks")) > 50)
        json_array_remove(json_object_get(object, "leaks"), 50);
    text = json_dumps(object, JSON_COMPACT);
    if (!text || strlen(text) <= MESSAGE_MAX)
        return text;
    free(text);
    cut_middle(json_object_get(object, "steps"));
    return json_dumps(object, JSON_COMPACT);
}

void record_send(struct record *record, const char *verdict, const char *expected,
                 const char *seen, const char *because, const char *printed)
{
    set_text(record->object, "verdict", verdict);
    set_text(record->object, "expected", expected);
    set_text(record->object, "seen", seen);
    set_text(record->object, "because", because);
    set_text(record->object, "printed", printed);
    if (strcmp(verdict, "failed") == 0)
        trace_attach(record->object);
    if (strcmp(verdict, "passed") == 0) /* nobody reads the story of a pass */
        json_object_del(record->object, "steps");
    set_text(record->object, "world", getenv("SHMLAB_WORLD"));
    json_object_set_new(record->object, "seconds", json_real(now() - record->start));
    if (getenv("SHMLAB_SEED"))
        json_object_set_new(record->object, "devices", devices());
    char *text = text_of(record->object);
    if (text && report() != -1)
        while (send(report(), text, strlen(text), MSG_NOSIGNAL) == -1 && errno == EINTR)
            continue;
    free(text);
}
