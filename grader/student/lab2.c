/* lab2.c - the lab shell's commands for create.c. */
#include "create.h"

#include "shell.h"

#include <string.h>

const char lab_name[] = "lab2";

static void do_create(const struct words *words)
{
    key_t key = key_at(words, 1);
    size_t size = (size_t)number_at(words, 2);
    mode_t perms = (mode_t)number_at(words, 3);
    before("segment_create");
    int id = segment_create(key, size, perms);
    after();
    answer_number(id);
}

static void do_find(const struct words *words)
{
    key_t key = key_at(words, 1);
    before("segment_find");
    int id = segment_find(key);
    after();
    answer_number(id);
}

static void do_obtain(const struct words *words)
{
    key_t key = key_at(words, 1);
    size_t size = (size_t)number_at(words, 2);
    mode_t perms = (mode_t)number_at(words, 3);
    /* A byte that is neither true nor false shows whether it was written. */
    unsigned char untouched = 0x7f, byte = untouched;
    bool created;
    memcpy(&created, &byte, 1);

    before("segment_obtain");
    int id = segment_obtain(key, size, perms, &created);
    after();
    memcpy(&byte, &created, 1);
    if (id == -1) {
        answer_failure(byte == untouched ? NULL : "*created was changed");
        return;
    }
    remember((unsigned long)id);
    if (byte == untouched)
        answer("ok %d; *created is unset", id);
    else
        answer("ok %d created=%s", id, byte ? "true" : "false");
}

static void do_footprint(const struct words *words)
{
    size_t size = (size_t)number_at(words, 1);
    before("segment_footprint");
    size_t bytes = segment_footprint(size);
    after();
    if (bytes == 0 && size != 0)
        answer_failure(NULL);
    else
        answer("ok %zu", bytes);
}

const struct command lab_commands[] = {
    {"create", "KEY SIZE PERMS", "segment_create", 3, 3, do_create},
    {"find", "KEY", "segment_find", 1, 1, do_find},
    {"obtain", "KEY SIZE PERMS", "segment_obtain", 3, 3, do_obtain},
    {"footprint", "SIZE", "segment_footprint", 1, 1, do_footprint},
    {0},
};
