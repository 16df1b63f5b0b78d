/* lab4.c - the lab shell's commands for remove.c. */
#include "remove.h"

#include "shell.h"
#include "show_info.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_LIST 4096
#define UNTOUCHED_ID (-4242)

const char lab_name[] = "lab4";

static void do_remove(const struct words *words)
{
    int id = (int)number_at(words, 1);
    before("segment_remove");
    int result = segment_remove(id);
    after();
    answer_status(result);
}

static void do_state(const struct words *words)
{
    int id = (int)number_at(words, 1);
    before("segment_state");
    enum segment_state state = segment_state(id);
    after();
    switch (state) {
    case SEGMENT_LIVE:
        answer("ok LIVE");
        break;
    case SEGMENT_DEST:
        answer("ok DEST");
        break;
    case SEGMENT_GONE:
        answer("ok GONE");
        break;
    case SEGMENT_UNKNOWN:
        answer_failure(NULL); /* UNKNOWN tells its reason in errno */
        break;
    default:
        answer("ok %d; no state that remove.h names", (int)state);
        break;
    }
}

static void answer_list(int count, const struct segment_info *rows, size_t capacity)
{
    static char text[60000];
    size_t used = 0;
    size_t filled = (size_t)count < capacity ? (size_t)count : capacity;

    text[0] = '\0';
    for (size_t i = 0; i < filled && used + 200 < sizeof text; i++) {
        text[used++] = '\n';
        used += (size_t)show_info(text + used, sizeof text - used, &rows[i]);
    }
    answer("ok %d%s%s", count, text,
           is_untouched(&rows[capacity], sizeof rows[capacity])
               ? ""
               : "; a row behind the last was changed");
}

static void do_list(const struct words *words)
{
    size_t capacity = (size_t)number_at(words, 1);
    if (capacity > LARGEST_LIST) {
        answer("usage: list CAPACITY, at most %d", LARGEST_LIST);
        return;
    }
    struct segment_info *rows = malloc((capacity + 1) * sizeof *rows);
    if (!rows) {
        answer("usage: no memory for %zu rows", capacity);
        return;
    }
    memset(rows, UNTOUCHED, (capacity + 1) * sizeof *rows);

    /* Without room, rows may be NULL: it is every other time. */
    static bool null_is_next;
    null_is_next = capacity == 0 && !null_is_next;
    before("segment_list");
    int count = segment_list(null_is_next ? NULL : rows, capacity);
    after();
    if (count < 0)
        answer_number(count);
    else
        answer_list(count, rows, capacity);
    free(rows);
}

static void do_sweep(const struct words *words)
{
    (void)words;
    before("segment_sweep");
    int count = segment_sweep();
    after();
    answer_number(count);
}

static void do_scratch(const struct words *words)
{
    size_t size = (size_t)number_at(words, 1);
    int id = UNTOUCHED_ID;
    before("segment_scratch");
    void *address = segment_scratch(size, &id);
    after();
    if (!address) {
        answer_failure(id == UNTOUCHED_ID ? NULL : "*shmid was changed");
        return;
    }
    remember((unsigned long)(uintptr_t)address);
    if (id == UNTOUCHED_ID)
        answer("ok %p; *shmid is unset", address);
    else
        answer("ok %p id=%d", address, id);
}

const struct command lab_commands[] = {
    {"remove", "ID", "segment_remove", 1, 1, do_remove},
    {"state", "ID", "segment_state", 1, 1, do_state},
    {"list", "CAPACITY", "segment_list", 1, 1, do_list},
    {"sweep", "", "segment_sweep", 0, 0, do_sweep},
    {"scratch", "SIZE", "segment_scratch", 1, 1, do_scratch},
    {0},
};
