/* unit_shell.c - the lab shell: what it understands, and how it answers. */
#include "check.h"
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>

static void expect_usage(struct answer answer)
{
    cr_expect(strncmp(answer.text, "usage: ", 7) == 0, "seen: %s", answer.text);
}

CHECK(lab0, numbers_are_written_as_in_c, 0,
      "Numbers are decimal, hexadecimal or octal; anything else is refused.", "-")
{
    struct actor *g = plain_shell('A');
    is_promised(expect_id(ask(g, "shmget 0x7b 100 create|excl|0600")));
    is_promised(expect_id(ask(g, "shmget 123 0144 0")));
    expect_usage(ask(g, "shmget 12x 100 0"));
    expect_usage(ask(g, "shmget 0x1ffffffff 100 0"));
    expect_usage(ask(g, "shmget 123 100 creat"));
    expect_usage(ask(g, "shmget 123 100"));
    expect_usage(ask(g, "shmget 123 100 0 0"));
    expect_usage(ask(g, "shmget 123 100 0 1 0"));
    is_promised(expect_id(ask(g, "shmget 123 100 0 3")));
    expect_usage(ask(g, "nonsense"));
    expect_usage(ask(g, "end 1"));
    expect_ok(ask(g, "errno ENOENT"));
    expect_usage(ask(g, "errno 2"));
}

CHECK(
    lab0, words_are_quoted_and_repeated, 0,
    "A word may be quoted, hold escapes, and be repeated; peek shows what poke wrote.",
    "-")
{
    struct actor *g = plain_shell('A');
    int id = given_segment(IPC_PRIVATE, 8192, 0600);
    expect_address(ask(g, "shmat %d", id));
    expect_answer(ask(g, "poke $ \"a b\\n\\x01\\\"\"*2"), "ok 12");
    expect_address(ask(g, "shmat %d", id));
    expect_answer(ask(g, "peek $ 13"),
                  "ok 13 \"a b\\x0a\\x01\\\"a b\\x0a\\x01\\\"\\x00\"");
    expect_answer(ask(g, "poke $ x*4096"), "ok 4096");
    expect_answer(ask(g, "peek $ 4096"), "ok 4096 \"x\"*4096");
}

CHECK(lab0, a_child_keeps_the_attachments, 0,
      "fork, end and exec do to nattch what the kernel promises.", "-")
{
    struct actor *a = plain_shell('A');
    int id = given_segment(IPC_PRIVATE, 4096, 0600);
    uintptr_t address = expect_address(ask(a, "shmat %d", id));
    int child = expect_id(ask(a, "fork"));
    expect_nattch(id, 2);
    expect_ok(ask(a, "end %d zombie", child));
    expect_nattch(id, 1);
    expect_ok(ask(a, "end %d", child));
    expect_ok(ask(a, "exec"));
    expect_nattch(id, 0);
    expect_number(ask(a, "pid"));
    expect_error(ask(a, "shmdt 0x%lx", (unsigned long)address), EINVAL);
}

CHECK(lab0, permissions_bind_every_actor, 0,
      "An actor has no capabilities: permission 0400 forbids writing, also for root.",
      "-")
{
    struct actor *a = plain_shell('A');
    int id = given_segment(IPC_PRIVATE, 4096, 0400);
    expect_error(ask(a, "shmat %d", id), EACCES);
    expect_address(ask(a, "shmat %d ro", id));
    ask_to_die(a, SIGSEGV, "poke $ x");
    expect_nattch(id, 0);
}

CHECK(lab0, unsafe_text_is_made_safe, 0,
      "Control bytes and broken UTF-8 become \\xHH; good UTF-8 stays.", "-")
{
    static const struct {
        const char *text, *safe;
    } some[] = {
        {"plain\ttext\n", "plain\ttext\n"},
        {"\033[31m", "\\x1b[31m"},
        {"Gr\xc3\xbc\xc3\x9f \xe4\xb8\xad", "Gr\xc3\xbc\xc3\x9f \xe4\xb8\xad"},
        {"\xff\xc3", "\\xff\\xc3"},
        {"\xc2\x9b", "\\xc2\\x9b"},
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
        {"\x7f]]>", "\\x7f]]>"},
    };
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        char *safe = record_safe(some[i].text);
        cr_expect(strcmp(safe, some[i].safe) == 0, "%zu: %s", i, safe);
        free(safe);
    }
}
