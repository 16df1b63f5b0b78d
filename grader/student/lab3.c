/* lab3.c - the lab shell's commands for attach.c. */
#include "attach.h"

#include "shell.h"
#include "show_info.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A read's buffer is this much longer than asked, to see a write beyond it. */
#define GUARD 64
/* Counts that no buffer can have (overflow is a lesson) get one of this size. */
#define LARGEST_BUFFER (1 << 20)

const char lab_name[] = "lab3";

static void do_attach(const struct words *words)
{
    int id = (int)number_at(words, 1);
    bool read_only = words->count == 3 && strcmp(words->word[2], "ro") == 0;
    before("segment_attach");
    void *address = segment_attach(id, read_only);
    after();
    if (!address) {
        answer_failure(NULL);
        return;
    }
    remember((unsigned long)(uintptr_t)address);
    answer("ok %p", address);
}

static void do_detach(const struct words *words)
{
    const void *address = (const void *)(uintptr_t)number_at(words, 1);
    before("segment_detach");
    int result = segment_detach(address);
    after();
    answer_status(result);
}

static void do_stat(const struct words *words)
{
    int id = (int)number_at(words, 1);
    struct segment_info info;
    char text[256];
    memset(&info, UNTOUCHED, sizeof info);

    before("segment_stat");
    int result = segment_stat(id, &info);
    after();
    show_info(text, sizeof text, &info);
    if (result == -1)
        answer_failure(is_untouched(&info, sizeof info) ? NULL : "*info was changed");
    else if (result == 0)
        answer("ok %s", text);
    else
        answer("ok %s; returned %d, neither 0 nor -1", text, result);
}

static void do_write(const struct words *words)
{
    int id = (int)number_at(words, 1);
    size_t offset = (size_t)number_at(words, 2);
    /* Without TEXT, COUNT bytes: write ID OFFSET bytes COUNT. */
    size_t count = words->count == 5 ? (size_t)number_at(words, 4) : words->length[3];
    size_t room = count < LARGEST_BUFFER ? count : LARGEST_BUFFER;
    char *bytes = malloc(room + 1);
    if (!bytes) {
        answer("usage: no memory for %zu bytes", room);
        return;
    }
    memset(bytes, 'b', room);
    if (words->count == 4)
        memcpy(bytes, words->word[3], room);

    before("segment_write");
    ssize_t result = segment_write(id, offset, bytes, count);
    after();
    answer_number(result);
    free(bytes);
}

static void do_read(const struct words *words)
{
    static char text[40000];
    int id = (int)number_at(words, 1);
    size_t offset = (size_t)number_at(words, 2);
    size_t count = (size_t)number_at(words, 3);
    size_t room = count < LARGEST_BUFFER ? count : LARGEST_BUFFER;
    unsigned char *bytes = malloc(room + GUARD);
    if (!bytes) {
        answer("usage: no memory for %zu bytes", room);
        return;
    }
    memset(bytes, UNTOUCHED, room + GUARD);

    before("segment_read");
    ssize_t result = segment_read(id, offset, bytes, count);
    after();
    if (result == -1) {
        answer_failure(is_untouched(bytes, room + GUARD) ? NULL
                                                         : "the buffer was changed");
    } else {
        show_bytes(text, sizeof text, bytes, room);
        answer("ok %zd %s%s", result, text,
               is_untouched(bytes + room, GUARD)
                   ? ""
                   : "; more than COUNT bytes of the buffer were changed");
    }
    free(bytes);
}

const struct command lab_commands[] = {
    {"attach", "ID [ro]", "segment_attach; ro: read_only is true", 1, 2, do_attach},
    {"detach", "ADDRESS", "segment_detach", 1, 1, do_detach},
    {"stat", "ID", "segment_stat", 1, 1, do_stat},
    {"write", "ID OFFSET TEXT", "segment_write; or: ID OFFSET bytes COUNT", 3, 4,
     do_write},
    {"read", "ID OFFSET COUNT", "segment_read", 3, 3, do_read},
    {0},
};
