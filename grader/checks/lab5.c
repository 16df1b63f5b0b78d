/* lab5.c - the checks of lab 5: a reader and a writer, synchronised through FIFOs.
 *
 * What lies in the segment and what goes through the FIFOs is the student's own
 * protocol.  So the checks judge what a user of the two programs sees: the output,
 * the exit statuses, what is there while the two talk, and what is left behind.
 */
#include "check.h"

#include "../../labs/05-fifo/channel.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONGEST (CHANNEL_CAPACITY - 1) /* bytes of the longest message */
#define MANY    300                    /* lines, more than one byte can count */
#define FIRST   3                      /* lines: are all of these late? */

static const char *new_directory(const char *name)
{
    narrate("There is a new, empty directory: mkdir '%s'", name);
    if (mkdir(name, 0755) == -1)
        cannot_check("The grader cannot make a directory.",
                     "Free some space, and try again.");
    return name;
}

static struct actor *start(const char *which, const char *directory)
{
    return program(which, directory, NULL);
}

/* --- Bytes, as a person reads them ------------------------------------------------ */

#define SHOWN 40 /* bytes of a long line */

static const char *quoted(const char *bytes, size_t count)
{
    if (count <= SHOWN)
        return says("\"%.*s\"", (int)count, bytes);
    return says("\"%.*s...\" (%zu bytes)", SHOWN, bytes, count);
}

static size_t line_length(const char *text, size_t length)
{
    const char *newline = memchr(text, '\n', length);
    return newline ? (size_t)(newline - text) : length;
}

/* A line of so many bytes in which no two places look alike for long; `seed` makes
 * it differ from others. */
static const char *long_line(size_t count, unsigned seed)
{
    char *line = malloc(count + 16);
    if (!line)
        abort();
    for (size_t at = 0; at < count; at += 8)
        snprintf(line + at, 9, "%02u-%04zx.", seed % 100, at & 0xffff);
    line[count] = '\0';
    return line;
}

/* --- A pair ----------------------------------------------------------------------- */

/* A reader and a writer in one directory, and what the reader has to print. */
struct pair {
    const char *directory;
    struct actor *reader, *writer;
    char *text; /* each line with its newline */
    size_t length;
};

/* The program stays, and is blocked or busy with nothing. */
static void expect_waits(struct actor *actor, const char *for_what)
{
    settle();
    expect(is_running(actor), says("%s waits for %s.", actor_title(actor), for_what),
           how_it_stands(actor));
}

/* The one that comes first has to wait for the other one. */
static struct pair open_pair(const char *directory, const char *first)
{
    struct pair pair = {.directory = directory};
    if (strcmp(first, "reader") == 0) {
        pair.reader = start("reader", directory);
        expect_waits(pair.reader, "a writer");
        pair.writer = start("writer", directory);
    } else {
        pair.writer = start("writer", directory);
        expect_waits(pair.writer, "a reader");
        pair.reader = start("reader", directory);
    }
    return pair;
}

/* Whoever sleeps for some time before it looks for the other one has not met it yet. */
static void let_them_meet(struct actor *one, struct actor *other)
{
    if (is_running(one))
        wait_blocked(one);
    if (is_running(other))
        wait_blocked(other);
    settle();
}

/* From now on the reader has to print this line, too. */
static void add_line(struct pair *pair, const char *line, size_t count)
{
    char *longer = realloc(pair->text, pair->length + count + 1);
    if (!longer)
        abort();
    memcpy(longer + pair->length, line, count);
    longer[pair->length + count] = '\n';
    pair->text = longer;
    pair->length += count + 1;
}

/* In one go with its newline. */
static void send_line(struct pair *pair, const char *line, size_t count)
{
    add_line(pair, line, count);
    type_input(pair->writer, pair->text + pair->length - count - 1, count + 1);
}

static void type_bytes(struct pair *pair, const char *line, size_t count)
{
    const char *shown = count > SHOWN ? quoted(line, count) : line;
    story_step(pair->writer, count == 0 ? "(an empty line: Enter alone)" : shown);
    send_line(pair, line, count);
}

static void type_line(struct pair *pair, const char *line)
{
    type_bytes(pair, line, strlen(line));
}

/* Some short lines in one go. */
static void type_together(struct pair *pair, const char *const lines[], size_t count)
{
    const size_t before = pair->length;
    const char *shown = "In one go:";
    for (size_t i = 0; i < count; i++) {
        add_line(pair, lines[i], strlen(lines[i]));
        shown = says("%s \"%s\\n\"", shown, lines[i]);
    }
    story_step(pair->writer, shown);
    type_input(pair->writer, pair->text + before, pair->length - before);
}

/* Many lines in one go, each longer or shorter than the one before. */
static void type_lines(struct pair *pair, unsigned count, size_t longest)
{
    size_t before = pair->length;
    for (unsigned i = 1; i <= count; i++) {
        const char *line =
            says("%u of %u %s", i, count, long_line((size_t)i * 37 % longest, i));
        add_line(pair, line, strlen(line));
    }
    story_step(pair->writer,
               says("%u lines in one go: \"1 of %u ...\", \"2 of %u ...\", and so on",
                    count, count, count));
    type_input(pair->writer, pair->text + before, pair->length - before);
}

/* Many bytes in one go, more than `room`.  All lines are alike: here it is no matter
 * which of them comes when. */
static void type_many(struct pair *pair, size_t room)
{
    const char *line = long_line(2000, 1);
    const size_t before = pair->length;
    while (pair->length - before < room + 5 * (size_t)CHANNEL_CAPACITY)
        add_line(pair, line, strlen(line));
    story_step(pair->writer, says("%zu times the line %s",
                                  (pair->length - before) / (strlen(line) + 1),
                                  quoted(line, strlen(line))));
    type_input(pair->writer, pair->text + before, pair->length - before);
}

/* Stops to read the reader's output, and types until nothing moves any more. */
static void fill_output(struct pair *pair)
{
    size_t room = leave_output(pair->reader);
    narrate(
        "Nobody reads the reader's standard output, a pipe with room for %zu bytes.",
        room);
    type_many(pair, room);
    settle();
}

static void read_on(struct pair *pair)
{
    narrate("Now the reader's output is read.");
    take_output(pair->reader);
}

/* Fails the check: the reader printed something else, or less, or more. */
__attribute__((noreturn)) static void explain(struct pair *pair, const char *seen,
                                              size_t length)
{
    size_t at = 0, number = 1;

    while (at < length && at < pair->length) {
        size_t want = line_length(pair->text + at, pair->length - at);
        size_t got = line_length(seen + at, length - at);
        if (want != got || memcmp(pair->text + at, seen + at, want) != 0 ||
            at + got == length)
            break;
        at += want + 1;
        number++;
    }
    if (at >= pair->length)
        fail(says("Lines that the reader prints: %zu.", number - 1),
             says("It printed one more: %s.",
                  quoted(seen + at, line_length(seen + at, length - at))));

    const char *expected =
        says("Line %zu of the reader's output is %s.", number,
             quoted(pair->text + at, line_length(pair->text + at, pair->length - at)));
    if (at >= length) {
        /* Without a suggestion of the check: the line may be anywhere. */
        if (is_running(pair->reader))
            suggest_if_none(
                "Where does the line stop: in the writer, in a FIFO, or in the "
                "reader, whose printf(3) keeps it in a buffer until fflush(3)? "
                "`strace -f -e read,write` before each program shows it.");
        fail(expected,
             says("Lines that the reader printed: %zu. Nothing more came. %s %s",
                  number - 1, how_it_stands(pair->reader),
                  how_it_stands(pair->writer)));
    }
    size_t got = line_length(seen + at, length - at), same = 0;
    while (at + same < pair->length && same < got &&
           pair->text[at + same] == seen[at + same])
        same++;
    fail(expected, says("Line %zu is %s%s%s.", number, quoted(seen + at, got),
                        at + got == length ? ", without a newline" : "",
                        same < SHOWN ? "" : says("; byte %zu differs", same + 1)));
}

/* The reader has printed every line so far, and nothing else. */
static void expect_printed(struct pair *pair)
{
    size_t length;
    const char *seen = read_output(pair->reader, pair->length, &length);
    if (length != pair->length || (length > 0 && memcmp(seen, pair->text, length) != 0))
        explain(pair, seen, length);
}

/* Whether the two have come to rest, perhaps only for some time, and a line is missing. */
static bool rests_before_printing(struct pair *pair)
{
    settle();
    return output_now(pair->reader) < pair->length && !is_left_aside(pair->reader) &&
           !is_left_aside(pair->writer);
}

/* Types a line and waits until it is printed and all is quiet: so one message is on its
 * way at a time, and only the checks that are about turns depend on them. */
static void pass_line(struct pair *pair, const char *line)
{
    type_line(pair, line);
    expect_printed(pair);
    settle();
}

/* What a dying pair printed: the first lines, perhaps not all.  The last one is whole,
 * unless the reader itself was ended. */
static void expect_first_lines(struct pair *pair, bool whole)
{
    size_t length;
    const char *seen = read_output(pair->reader, pair->length, &length);
    if (length == 0)
        return;
    if (length > pair->length || memcmp(seen, pair->text, length) != 0 ||
        (whole && seen[length - 1] != '\n'))
        explain(pair, seen, length);
}

/* After this line both are there, and know it. */
static void connect_pair(struct pair *pair)
{
    pass_line(pair, "hello");
}

/* Where each line has to wait for the end of a sleep, a check with many of them would
 * take minutes. */
static void expect_no_sleep(struct pair *pair)
{
    for (unsigned i = 1; i <= FIRST; i++) {
        type_line(pair, says("in time %u", i));
        bool late = rests_before_printing(pair);
        expect_printed(pair);
        if (!late)
            return;
    }
    cannot_check("Each line came only after a sleep, and so many lines would take too "
                 "long.",
                 "First mend what each_line_is_printed_at_once and "
                 "waiting_costs_no_cpu_time say, and check again.");
}

/* --- The end ---------------------------------------------------------------------- */

static void expect_status(struct actor *actor, int status)
{
    int seen = wait_end(actor);
    expect(seen == status,
           says("%s ends with exit status %d.", actor_title(actor), status),
           how_it_stands(actor));
}

/* It has said something on standard error since there were `before` bytes. */
static void expect_words(struct actor *actor, size_t before, const char *about)
{
    size_t elsewhere = output_now(actor);
    expect(errors_now(actor) > before,
           says("%s says on standard error %s.", actor_title(actor), about),
           elsewhere == 0
               ? "Nothing came on standard error."
               : says("Nothing came on standard error. Bytes that came on standard "
                      "output: %zu.",
                      elsewhere));
}

static key_t key_of(const char *directory)
{
    return ftok(directory, CHANNEL_PROJ_ID);
}

/* The names in a directory, or "" when it is empty. */
static const char *names_in(const char *directory)
{
    const char *names = "";
    DIR *stream = opendir(directory);
    for (const struct dirent *entry; stream && (entry = readdir(stream));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            names = says("%s %s", names, entry->d_name);
    if (stream)
        closedir(stream);
    return names;
}

static void expect_nothing_left(const char *directory)
{
    key_t key = key_of(directory);
    struct segment segment;

    suggest(
        "Who removes the segment at the end? shmctl(2) with IPC_RMID does, and it stays "
        "when nobody does, also with nattch 0.");
    if (segment_by_key(key, &segment))
        fail(says("No segment with key 0x%08x is left; that is ftok(\"%s\", 'S').",
                  (unsigned)key, directory),
             says("/proc/sysvipc/shm still shows it: id %d, %zu bytes, nattch %lu.",
                  segment.id, segment.size, segment.nattch));
    expect_segment_count(0);
    suggest(
        "Who removes the FIFOs at the end? unlink(2) does, for both of them, whoever "
        "made them.");
    expect(*names_in(directory) == '\0',
           says("The directory %s is empty again.", directory),
           says("It still holds:%s.", names_in(directory)));
    suggest(NULL);
}

/* The writer has ended; the reader has printed all, and ends, too. */
static void expect_reader_done(struct pair *pair)
{
    expect_status(pair->reader, 0);
    expect_printed(pair);
    expect_nothing_left(pair->directory);
}

/* All is printed, and the two end as they should. */
static void expect_good_end(struct pair *pair)
{
    expect_status(pair->writer, 0);
    expect_reader_done(pair);
}

static void close_pair(struct pair *pair)
{
    settle();
    end_input(pair->writer);
    expect_good_end(pair);
}

/* A line, or a part of one. */
static void type_without_newline(struct pair *pair, const char *bytes, size_t count)
{
    story_step(pair->writer, says("%s (and no newline)", quoted(bytes, count)));
    type_input(pair->writer, bytes, count);
}

static void type_enter(struct pair *pair)
{
    story_step(pair->writer, "(Enter)");
    type_input(pair->writer, "\n", 1);
}

/* A writer alone, whose input has ended: as in `echo x | writer DIR`. */
static struct pair write_ahead(const char *directory, const char *bytes, size_t count)
{
    struct pair pair = {.directory = directory};
    pair.writer = start("writer", directory);
    if (count > 0)
        type_without_newline(&pair, bytes, count);
    end_input(pair.writer);
    because(
        "The writer has come first, and its input has ended: it waits for a reader all "
        "the same.");
    expect_waits(pair.writer, "a reader");
    pair.reader = start("reader", directory);
    return pair;
}

/* --- Arguments -------------------------------------------------------------------- */

static void expect_usage(const char *which, const char *first, const char *second)
{
    struct actor *actor = program(which, first, second);
    expect_status(actor, 2);
    expect_words(actor, 0, "how it is used");
}

/* What this one did not remove is no matter of the check. */
static void forgive_segments_of(const struct actor *actor)
{
    struct segment_table table;
    if (!table_read(&table))
        return;
    for (size_t i = 0; i < table.count; i++)
        if (table.rows[i].creator == actor_pid(actor))
            is_promised(table.rows[i].id);
    table_free(&table);
}

/* Likewise of the one that is there. */
static void forgive_segment(const char *directory)
{
    struct segment segment;
    if (segment_by_key(key_of(directory), &segment))
        is_promised(segment.id);
}

/* Whatever else may be missing in the two. */
static void expect_no_usage(const char *directory)
{
    struct actor *const both[] = {start("reader", directory),
                                  start("writer", directory)};

    end_input(both[1]);
    settle();
    for (int i = 0; i < 2; i++) {
        if (is_running(both[i]))
            kill_and_reap(both[i]);
        else
            expect(wait_end(both[i]) != 2,
                   says("The %s takes %s for a directory.", i ? "writer" : "reader",
                        directory),
                   "It ended with exit status 2.");
    }
    forgive_segments_of(both[0]);
    forgive_segments_of(both[1]);
}

CHECK(lab5, wrong_arguments_are_status_2, 4,
      "No argument, two, or one that is no directory: a usage message on standard "
      "error, status 2, nothing made.",
      "Look at argc first. What does stat(2) or chdir(2) say of the argument?",
      "Before anything else: argc is 2, and argv[1] is a directory (S_ISDIR). If not, "
      "print to stderr and return 2.")
{
    static const char *const programs[] = {"reader", "writer"};
    const char *directory = new_directory("channel");
    narrate("There is a regular file: touch notes.txt");
    FILE *file = fopen("notes.txt", "we");
    if (file)
        fclose(file);
    narrate("There is a FIFO, which nobody has opened: mkfifo pipe");
    (void)mkfifo("pipe", 0600);

    for (int i = 0; i < 2; i++) {
        expect_usage(programs[i], NULL, NULL);
        expect_usage(programs[i], directory, directory);
        expect_usage(programs[i], "missing", NULL);
        expect_usage(programs[i], "notes.txt", NULL);
        expect_usage(programs[i], "pipe", NULL);
        expect_usage(programs[i], "", NULL);
    }
    because("Wrong use creates nothing.");
    expect_nothing_left(directory);
    expect(access("missing", F_OK) == -1, "The path missing does not exist.",
           "It was made.");
    expect(access(CHANNEL_READY, F_OK) == -1 && access(CHANNEL_TAKEN, F_OK) == -1,
           "No FIFO is made in the working directory.",
           says("The working directory holds:%s.", names_in(".")));

    because("With one directory the two are used as they should be.");
    expect_no_usage(directory);
    narrate("A symbolic link leads to the directory: ln -s '%s' link", directory);
    if (symlink(directory, "link") == 0)
        expect_no_usage("link");
}

/* --- The conversation ------------------------------------------------------------- */

#define MOST_NTHS 12 /* of one call, in one run */

/* A moment of a program's start: right after something was made, or right before a wait. */
struct moment {
    enum call call;
    bool after;
};

/* Returns whether the program comes to that moment, and is held there. */
static bool is_held_at(struct actor *actor, const struct moment *moment, unsigned nth)
{
    if (!reaches(actor))
        return false;
    narrate("%s is held right %s its call number %u of %s(2).", actor_title(actor),
            moment->after ? "after" : "before", nth, call_name(moment->call));
    return true;
}

/* The first one is held at a moment of its start, and the second one goes as far as it
 * can meanwhile.  Returns whether the first one came to that moment. */
static bool meet_at(const char *directory, bool reader, const struct moment *moment,
                    unsigned nth)
{
    static const char *const names[] = {"writer", "reader"};
    prepare_hold(moment->call, nth, moment->after);
    struct actor *first = start(names[reader], directory);
    bool held = is_held_at(first, moment, nth);
    if (!held)
        drop_rules(first);
    struct actor *second = start(names[!reader], directory);
    settle();
    if (held)
        go_on(first);
    struct pair pair = {.directory = directory,
                        .reader = reader ? first : second,
                        .writer = reader ? second : first};
    pass_line(&pair, "hello");
    close_pair(&pair);
    return held;
}

/* `example` has run as the first one, and shows which calls this program makes. */
static void meet_everywhere(const char *directory, bool reader,
                            const struct actor *example)
{
    static const struct moment starts[] = {
        {CALL_mkfifo, false}, {CALL_mkfifo, true},  {CALL_mkfifoat, false},
        {CALL_mknod, false},  {CALL_shmget, false}, {CALL_shmget, true},
        {CALL_shmat, true},   {CALL_open, false},   {CALL_openat, false},
        {CALL_fopen, false},
    };
    because("The second one may come while the first one is still at its start.");
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        for (unsigned nth = 1;
             nth <= MOST_NTHS && nth <= calls_begun(example, starts[i].call) &&
             meet_at(directory, reader, &starts[i], nth);
             nth++)
            continue;
}

CHECK(
    lab5, the_reader_may_come_first, 5,
    "A reader that comes first waits for its writer; a line arrives; both end with 0 "
    "and leave nothing behind.",
    "Which calls on a FIFO wait until the other end is there? See fifo(7).",
    "Whoever comes first makes the FIFOs and the segment; EEXIST is no error for the "
    "second.",
    "At the end remove three things: unlink(2) twice, and shmctl(2) with IPC_RMID. The "
    "other one may have been quicker: that is no error.")
{
    struct pair pair = open_pair(new_directory("channel"), "reader");
    pass_line(&pair, "hello");
    close_pair(&pair);
    meet_everywhere(pair.directory, true, pair.reader);
}

CHECK(lab5, the_writer_may_come_first, 5,
      "A writer that comes first waits for its reader, and nothing that was typed "
      "meanwhile is lost.",
      "What does your writer do with a line while no reader is there?",
      "Do not touch the segment before you know that a reader is there and that it is "
      "your turn.")
{
    struct pair pair = open_pair(new_directory("channel"), "writer");
    pass_line(&pair, "typed when both were there");
    close_pair(&pair);

    pair = (struct pair){.directory = pair.directory};
    pair.writer = start("writer", pair.directory);
    type_line(&pair, "typed before the reader came");
    expect_waits(pair.writer, "a reader");
    pair.reader = start("reader", pair.directory);
    expect_printed(&pair);
    pass_line(&pair, "typed afterwards");
    close_pair(&pair);
    meet_everywhere(pair.directory, false, pair.writer);
}

/* A program may do its work in a child. */
#define FAMILY 64

/* The id of the segment with this key that a process of the program has attached, or -1. */
static int attached_by_key(const struct actor *actor, key_t key)
{
    pid_t family[FAMILY];
    size_t count = session_processes(actor_pid(actor), family, FAMILY);
    int id = -1;
    for (size_t i = 0; i < count && id == -1; i++)
        id = process_segment(family[i], key);
    return id;
}

/* The id of the pair's segment, or -1.  A pair may mark it as soon as both are
 * attached: then only their maps tell the key. */
static int channel_id(const struct pair *pair)
{
    struct segment segment;
    key_t key = key_of(pair->directory);
    if (segment_by_key(key, &segment))
        return segment.id;
    int id = attached_by_key(pair->reader, key);
    return id != -1 ? id : attached_by_key(pair->writer, key);
}

/* It is attached now, or was: a program may attach for each message. */
static bool has_attached(const struct actor *actor, int id)
{
    const struct call_record *call;
    for (size_t i = 0; (call = call_made(actor, CALL_shmat, i)); i++)
        if (call->arguments[0] == id && call->error == 0)
            return true;
    pid_t family[FAMILY];
    size_t count = session_processes(actor_pid(actor), family, FAMILY);
    bool attached = false;
    for (size_t i = 0; i < count; i++)
        attached |= process_attachments(family[i], id, NULL) > 0;
    return attached;
}

static bool has_fifo(const struct actor *actor, const char *directory, const char *name)
{
    pid_t family[FAMILY];
    size_t count = session_processes(actor_pid(actor), family, FAMILY);
    bool has = false;
    for (size_t i = 0; i < count; i++)
        has |= process_has_fifo(family[i], directory, name);
    return has;
}

static void expect_fifo(const struct pair *pair, const char *name)
{
    struct stat status;
    const char *path = says("%s/%s", pair->directory, name);
    bool there = lstat(path, &status) == 0;

    expect((there && S_ISFIFO(status.st_mode)) ||
               has_fifo(pair->reader, pair->directory, name) ||
               has_fifo(pair->writer, pair->directory, name),
           says("While the two talk, %s is a FIFO.", path),
           there ? "It is something else." : "There is no such file.");
}

/* Bytes that the writer wrote to anything but its standard output and error, and that the
 * reader read. */
struct moved {
    unsigned long long written, read;
};

static bool moved_elsewhere(const struct pair *pair, struct moved *moved)
{
    unsigned long long unused;
    if (!process_bytes(actor_pid(pair->writer), &unused, &moved->written) ||
        !process_bytes(actor_pid(pair->reader), &moved->read, &unused))
        return false;
    moved->written -= output_now(pair->writer) + errors_now(pair->writer);
    return true;
}

/* Whether a text without special characters stands in the segment now. */
static bool segment_holds(int id, const char *text)
{
    struct answer attached = ask(scene(), "shmat %d ro", id);
    if (!answer_is_ok(attached))
        return false;
    unsigned long address = strtoul(attached.text + 3, NULL, 0);
    struct answer bytes = ask(scene(), "peek 0x%lx %d", address, CHANNEL_CAPACITY);
    ask(scene(), "shmdt 0x%lx", address);
    return strstr(bytes.text, text) != NULL;
}

/* Lines of one length go through the segment. */
static void expect_no_text_outside(struct pair *pair, int id, size_t length)
{
    enum { LINES = 6 };
    struct moved before = {0}, after = {0};
    bool seen = moved_elsewhere(pair, &before);
    for (unsigned i = 0; i < LINES; i++)
        pass_line(pair, long_line(length, i));
    seen = seen && moved_elsewhere(pair, &after);
    /* The writer may also write a text from one of its threads to another: the reader has
     * not read it then. */
    if (!seen || after.written - before.written < LINES * length / 2 ||
        after.read - before.read < LINES * length / 2)
        return;
    const char *middle = long_line(length, LINES - 1) + length / 2;
    suggest(
        "Copy the text into the segment. Through a FIFO goes only that it is there, and "
        "how long it is.");
    expect(
        segment_holds(id, says("%.*s", SHOWN, middle)),
        says("The writer puts %d lines of %zu bytes into the segment, and only a few "
             "bytes into FIFOs or files.",
             LINES, length),
        says("Meanwhile it wrote %llu bytes to FIFOs or files.",
             after.written - before.written));
    suggest(NULL);
}

/* Whoever comes first makes the segment. */
static void expect_channel(const char *directory, const char *first)
{
    struct pair pair = open_pair(directory, first);
    connect_pair(&pair);

    unsigned key = (unsigned)key_of(pair.directory);
    int id = channel_id(&pair);
    expect(id != -1,
           says("While the two talk there is a segment with key 0x%08x, which is "
                "ftok(\"%s\", 'S').",
                key, pair.directory),
           "/proc/sysvipc/shm shows none.");
    struct segment segment = expect_segment(id);
    expect(segment.size == CHANNEL_CAPACITY,
           says("The segment has %d bytes.", CHANNEL_CAPACITY),
           says("/proc/sysvipc/shm shows %zu.", segment.size));
    expect(has_attached(pair.reader, id), "The reader attaches the segment.",
           "It never did.");
    expect(has_attached(pair.writer, id), "The writer attaches the segment.",
           "It never did.");
    expect_fifo(&pair, CHANNEL_READY);
    expect_fifo(&pair, CHANNEL_TAKEN);

    suggest(
        "The longest line has CHANNEL_CAPACITY - 1 bytes without its newline. Is your "
        "limit smaller?");
    pass_line(&pair, long_line(LONGEST, 9));
    suggest(NULL);
    expect_no_text_outside(&pair, id, LONGEST);
    expect_no_text_outside(&pair, id, 400);
    close_pair(&pair);
}

CHECK(lab5, the_text_travels_through_the_segment, 6,
      "The text travels through a segment of 4096 bytes with key ftok(DIR, 'S'), and "
      "the FIFOs carry no text.",
      "The key comes from DIR, not from \".\"; the size is CHANNEL_CAPACITY.",
      "Both programs attach the segment with shmat(2). Through a FIFO go only a few "
      "bytes for each message, such as its length.")
{
    const char *directory = new_directory("channel");
    expect_channel(directory, "reader");
    expect_channel(directory, "writer");
}

CHECK(lab5, each_line_is_printed_at_once, 5,
      "Each line is printed at once: the reader waits neither for the next line nor "
      "for a buffer to fill.",
      "What does printf(3) do with a line when standard output is a pipe?",
      "Write with write(2), or call fflush(stdout) after each message.",
      "And the writer: fread(3) waits until its buffer is full. A line is complete at "
      "its newline, wherever read(2) has cut.")
{
    struct pair pair = open_pair(new_directory("channel"), "reader");

    because("Standard output is a pipe here, and no other line follows.");
    pass_line(&pair, "one");
    pass_line(&pair, "two");

    because(
        "Whoever sleeps for a fixed time, such as a second, is late for a line that "
        "comes meanwhile.");
    type_line(&pair, "no later");
    if (rests_before_printing(&pair))
        fail(
            "Neither program waits or sleeps while the line \"no later\" can be passed on.",
            "Both wait or sleep, and the line is not printed yet.");
    expect_printed(&pair);

    because("A line ends at its newline, however many calls of read(2) it takes.");
    suggest(
        "Standard input comes in pieces. Where does your writer cut it into lines?");
    static const char *const pieces[] = {"on", "e in ", "four ", "pieces"};
    for (size_t i = 0; i < COUNT(pieces); i++) {
        type_without_newline(&pair, pieces[i], strlen(pieces[i]));
        settle();
        expect_printed(&pair);
    }
    type_enter(&pair);
    add_line(&pair, "one in four pieces", strlen("one in four pieces"));
    expect_printed(&pair);
    close_pair(&pair);
}

/* What a program keeps open. */
struct holdings {
    int descriptors, attachments;
};

static struct holdings holdings_of(const struct pair *pair, const struct actor *actor)
{
    return (struct holdings){
        process_descriptors(actor_pid(actor)),
        process_attachments(actor_pid(actor), channel_id(pair), NULL),
    };
}

/* After MANY lines it keeps about as much as before: a few more are its own business. */
static void expect_holdings(const struct pair *pair, const struct actor *actor,
                            struct holdings before)
{
    struct holdings now = holdings_of(pair, actor);
    because("A program that keeps something for each line comes to a limit.");
    suggest(
        "What do you open or attach for a line, and where do you close or detach it?");
    expect(now.descriptors < before.descriptors + MANY / 2,
           says("%s has about %d open descriptors, as before these lines.",
                actor_title(actor), before.descriptors),
           says("/proc/%d/fd shows %d.", (int)actor_pid(actor), now.descriptors));
    expect(now.attachments < before.attachments + MANY / 2,
           says("%s has the segment attached as often as before these lines: %d.",
                actor_title(actor), before.attachments),
           says("/proc/%d/maps shows it %d times.", (int)actor_pid(actor),
                now.attachments));
    suggest(NULL);
}

CHECK(
    lab5, a_burst_loses_nothing, 6,
    "Of many lines typed in one go while the reader is stopped, none is lost, doubled, "
    "torn or reordered.",
    "The reader has not looked yet, and the writer has the next line. Who holds the "
    "writer back?",
    "A bell that is rung three times does not keep three messages: there is room for "
    "one. The writer must wait until the reader has said \"taken\".")
{
    struct pair pair = open_pair(new_directory("channel"), "reader");
    connect_pair(&pair);
    expect_no_sleep(&pair);

    stop(pair.reader);
    type_lines(&pair, 20, 150);
    settle();
    resume(pair.reader);
    expect_printed(&pair);

    struct holdings before[] = {holdings_of(&pair, pair.reader),
                                holdings_of(&pair, pair.writer)};
    narrate("Then %d lines, one after the other.", MANY);
    for (unsigned i = 1; i <= MANY; i++) {
        const char *line = says("%u", i);
        send_line(&pair, line, strlen(line));
        expect_printed(&pair);
    }
    settle();
    expect_holdings(&pair, pair.reader, before[0]);
    expect_holdings(&pair, pair.writer, before[1]);
    close_pair(&pair);
}

#define MOST_TURNS 400

/* Lets one program go on by one call that reads or writes at a time, and the other one as
 * far as it can get meanwhile. */
static void slow_motion(struct actor *actor)
{
    static const enum call calls[] = {
        CALL_read,  CALL_write, CALL_readv,  CALL_writev,  CALL_fflush,  CALL_fgets,
        CALL_fputs, CALL_fputc, CALL_fwrite, CALL_fprintf, CALL_dprintf,
    };
    narrate("%s is slowed down: after each call that reads or writes it waits until "
            "nothing else moves.",
            actor_title(actor));
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        hold_after(actor, calls[i], 0);
}

/* Returns how often it was held. */
static int full_speed(struct actor *actor)
{
    int turns = 0;
    for (; turns < MOST_TURNS && reaches(actor); turns++)
        go_on(actor);
    drop_rules(actor);
    if (reaches(actor))
        go_on(actor);
    return turns;
}

CHECK(
    lab5, they_take_turns, 5,
    "Nothing is torn when one of the two is slow: each touches the segment only while "
    "it is its turn.",
    "At which moment do you say \"ready\", and at which \"taken\"? What may the other "
    "one do from then on?",
    "First copy into the segment, then ring. First copy out of it, or print it, then "
    "say \"taken\".")
{
    struct pair pair = open_pair(new_directory("channel"), "reader");
    connect_pair(&pair);
    expect_no_sleep(&pair);

    because("The writer overwrites the segment as soon as it may.");
    slow_motion(pair.reader);
    type_lines(&pair, 6, 30);
    int reader_turns = full_speed(pair.reader);
    expect_printed(&pair);

    because("The reader looks into the segment as soon as it may.");
    slow_motion(pair.writer);
    type_lines(&pair, 6, 30);
    int writer_turns = full_speed(pair.writer);
    expect_printed(&pair);
    close_pair(&pair);
    because(NULL);
    if (reader_turns == 0 || writer_turns == 0)
        cannot_check(
            reader_turns == 0
                ? "The reader makes no call at which the grader can hold it."
                : "The writer makes no call at which the grader can hold it.",
            "Use the FIFOs with read(2) and write(2), or as streams with fgets(3), "
            "fputs(3), fprintf(3), fwrite(3) or fflush(3).");
}

CHECK(lab5, a_full_output_loses_nothing, 5,
      "When nobody reads the reader's output, both wait; later everything is there.",
      "Who waits for whom, when the reader is blocked in write(2)?",
      "Say \"taken\" only when the line is printed or copied, and do not give up a "
      "write(2) that waits or that wrote only a part.")
{
    struct pair pair = open_pair(new_directory("channel"), "reader");
    connect_pair(&pair);

    fill_output(&pair);
    expect_waits(pair.reader, "somebody who reads its output");
    expect_waits(pair.writer, "the reader");
    read_on(&pair);
    expect_printed(&pair);
    close_pair(&pair);
}

/* Types a last line without a newline. */
static void type_last_line(struct pair *pair, const char *line)
{
    type_without_newline(pair, line, strlen(line));
    add_line(pair, line, strlen(line));
}

/* Standard input and output need not be pipes, and a file is always ready. */
static void expect_files_copied(const char *directory)
{
    static const char text[] = "one\n\n  three\nfour, and no newline";
    char copied[sizeof text + 2] = "";

    narrate(
        "There is a file of four lines: printf 'one\\n\\n  three\\nfour, and no newline' > "
        "lines.txt");
    FILE *file = fopen("lines.txt", "we");
    if (!file || fputs(text, file) == EOF || fclose(file) == EOF)
        cannot_check("The grader cannot write a file.",
                     "Free some space, and try again.");
    because("Standard input and output may be files.");
    suggest(
        "Which calls answer EPERM for a file? And what says that a file has ended?");
    prepare_files(NULL, "out.txt");
    struct pair pair = {.directory = directory, .reader = start("reader", directory)};
    prepare_files("lines.txt", NULL);
    pair.writer = start("writer", directory);
    expect_status(pair.writer, 0);
    expect_status(pair.reader, 0);
    file = fopen("out.txt", "re");
    size_t length = file ? fread(copied, 1, sizeof copied - 1, file) : 0;
    if (file)
        fclose(file);
    expect(length == sizeof text && memcmp(copied, text, sizeof text - 1) == 0 &&
               copied[length - 1] == '\n',
           "The file out.txt holds the four lines of lines.txt, each with a newline.",
           says("It holds %zu bytes: %s.", length, quoted(copied, strlen(copied))));
    suggest(NULL);
    expect_nothing_left(directory);
}

CHECK(lab5, every_line_is_a_message, 5,
      "An empty line is a message, and so is a last line that has no newline.",
      "How does your reader tell an empty message from none?",
      "At the end of the input, look whether something stands behind the last newline: "
      "then that is a line, too.")
{
    struct pair pair = open_pair(new_directory("channel"), "reader");
    static const char *const lines[] = {"", "", "text", ""};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        pass_line(&pair, lines[i]);
    static const char *const gaps[] = {"text", "", "", "", "text", ""};
    type_together(&pair, gaps, COUNT(gaps));
    expect_printed(&pair);

    because("A last line counts also when it has no newline and the reader comes to it "
            "late.");
    stop(pair.reader);
    type_last_line(&pair, "the end");
    end_input(pair.writer);
    settle();
    resume(pair.reader);
    expect_good_end(&pair);

    because("One byte is enough for a line.");
    pair = open_pair(pair.directory, "reader");
    type_last_line(&pair, "x");
    end_input(pair.writer);
    expect_good_end(&pair);

    expect_files_copied(pair.directory);
    pair = write_ahead(pair.directory, "ahead", 5);
    add_line(&pair, "ahead", 5);
    expect_good_end(&pair);
    const char *longest = long_line(LONGEST, 3);
    pair = write_ahead(pair.directory, longest, LONGEST);
    add_line(&pair, longest, LONGEST);
    because(
        "The longest message has CHANNEL_CAPACITY - 1 bytes, also as a last line without "
        "a newline.");
    expect_good_end(&pair);
}

CHECK(lab5, no_line_is_no_special_case, 3,
      "When the writer's input ends before any line, both end with 0 and leave nothing "
      "behind.",
      "How does your reader learn that there will be no message at all?",
      "The end of the input is the end of the conversation, also of one without a "
      "message: the writer still has to meet the reader.")
{
    const char *directory = new_directory("channel");
    struct pair pair = open_pair(directory, "reader");
    settle();
    close_pair(&pair);

    because("The input may end before the writer looks at it for the first time.");
    pair = open_pair(directory, "reader");
    close_pair(&pair);

    pair = write_ahead(directory, "", 0);
    expect_good_end(&pair);
}

CHECK(
    lab5, a_message_may_hold_any_bytes, 5,
    "A message is up to 4095 bytes of any kind: UTF-8 and control bytes pass unharmed.",
    "How do both sides learn how long a message is?",
    "Send the length beside the bytes, and use memcpy(3), fwrite(3) or write(2). A "
    "byte 0xff is no EOF, and a % is no format.")
{
    struct pair pair = open_pair(new_directory("channel"), "reader");
    char bytes[255];
    size_t count = 0;
    for (unsigned byte = 1; byte < 256; byte++)
        if (byte != '\n')
            bytes[count++] = (char)byte;

    because("No text is special: the end of the input is what ends the two.");
    static const char *const words[] = {"quit", "exit", ".",    "q",   "bye",  "end",
                                        "END",  "EOF",  "stop", ":q",  "\x04", "\x1a",
                                        "0",    "-1",   "QUIT", "EXIT"};
    for (size_t i = 0; i < COUNT(words); i++)
        pass_line(&pair, words[i]);
    pass_line(&pair, "   three blanks before, and a tab behind\t");
    pass_line(&pair, "100 %s of %d\\n and \ttabs  ");
    pass_line(&pair, "\xe5\x85\xb1\xe4\xba\xab\xe3\x83\xa1\xe3\x83\xa2\xe3\x83\xaa "
                     "\xc3\xa9t\xc3\xa9 \xf0\x9f\x90\xa7\r");
    because("Every byte but newline and NUL may stand in a line.");
    type_bytes(&pair, bytes, count);
    expect_printed(&pair);

    because("The longest message has CHANNEL_CAPACITY - 1 bytes.");
    pass_line(&pair, long_line(LONGEST - 1, 1));
    pass_line(&pair, long_line(LONGEST, 2));
    pass_line(&pair, "short again");
    close_pair(&pair);
}

/* A line that the writer has to refuse. */
static void type_too_long(struct pair *pair, size_t count)
{
    const char *line = says("%s\n", long_line(count, 9));
    story_step(pair->writer, quoted(line, count));
    type_input(pair->writer, line, count + 1);
}

static void type_too_long_in_pieces(struct pair *pair)
{
    const char *piece = long_line(3000, 7);
    for (int i = 0; i < 2; i++) {
        type_without_newline(pair, piece, 3000);
        settle();
    }
    type_enter(pair);
}

/* The end after a line that was refused. */
static void expect_refused_end(struct pair *pair, size_t words)
{
    expect_status(pair->writer, 1);
    expect_words(pair->writer, words, "that a line was refused");
    because("The reader has printed all that was sent.");
    expect_reader_done(pair);
}

CHECK(
    lab5, a_longer_line_is_refused, 5,
    "A line of 4096 bytes or more is refused on standard error, no part is sent, and "
    "the writer's status is 1.",
    "fgets(3) cuts a long line into pieces. How do you know that a piece is one?",
    "Read on to the newline, throw all of it away, and note that the exit status will "
    "be 1.")
{
    struct pair pair = open_pair(new_directory("channel"), "reader");
    connect_pair(&pair);
    size_t words = errors_now(pair.writer);

    type_too_long(&pair, CHANNEL_CAPACITY);
    pass_line(&pair, "after 4096");
    expect_words(pair.writer, words, "that a line was refused");
    words = errors_now(pair.writer);
    type_too_long(&pair, 10000);
    pass_line(&pair, "after 10000");
    expect_words(pair.writer, words, "that a line was refused");
    words = errors_now(pair.writer);
    type_too_long(&pair, (size_t)2 * LONGEST);
    type_too_long(&pair, (size_t)2 * CHANNEL_CAPACITY);
    pass_line(&pair, long_line(LONGEST, 1));

    because("A buffer of any size has an end: the line may be longer.");
    type_too_long(&pair, 16384);
    pass_line(&pair, "");
    pass_line(&pair, "");
    type_too_long(&pair, 66000);
    type_too_long(&pair, 140000);
    pass_line(&pair, "after 140000");
    because("A long line may come in pieces, as a person types it.");
    type_too_long_in_pieces(&pair);
    pass_line(&pair, "after the pieces");
    end_input(pair.writer);
    expect_refused_end(&pair, words);

    static const size_t last[] = {CHANNEL_CAPACITY, 5000, 8190};
    for (size_t i = 0; i < sizeof last / sizeof last[0]; i++) {
        pair = write_ahead(pair.directory, long_line(last[i], 8), last[i]);
        because("This last line has no newline, and is too long.");
        expect_refused_end(&pair, 0);
    }

    const char *both = says("%s\nlast", long_line(5000, 7));
    narrate("Two lines: one of 5000 bytes, and \"last\", which has no newline.");
    pair = write_ahead(pair.directory, both, strlen(both));
    add_line(&pair, "last", 4);
    because("The last line is short enough, and follows one that is too long.");
    expect_refused_end(&pair, 0);
}

/* It waits, or ends. */
static void expect_no_polling(struct actor *actor, const char *when)
{
    expect(wait_blocked(actor),
           says("%s sleeps without any use of the CPU %s.", actor_title(actor), when),
           says("%s wakes up again and again, or never sleeps.", actor_title(actor)));
}

static void expect_blocked(struct actor *actor, const char *when)
{
    expect_no_polling(actor, when);
    expect(is_running(actor),
           says("%s sleeps without any use of the CPU %s.", actor_title(actor), when),
           how_it_stands(actor));
}

/* The program that comes first.  Each of its time-outs ends before the other one comes:
 * nobody can know how long that takes. */
static struct actor *start_impatient(const char *which, const char *directory)
{
    prepare_expiry();
    return start(which, directory);
}

CHECK(
    lab5, waiting_costs_no_cpu_time, 6,
    "Whoever waits is blocked: alone, without input, while the other one is slow, and "
    "while the output is full.",
    "A loop with usleep(3) or sched_yield(2) is no waiting. Which call comes back "
    "only when there is news?",
    "read(2) and open(2) of a FIFO block; poll(2) with time-out -1 does. A FIFO whose "
    "other end has closed is always ready: do not ask it again and again.")
{
    const char *directory = new_directory("channel");
    struct pair pair = {.directory = directory};

    narrate(
        "The grader lets each time-out of poll(2), select(2) and epoll_wait(2) end at "
        "once, as after a long time.");
    pair.writer = start_impatient("writer", directory);
    expect_blocked(pair.writer, "while no reader is there");
    drop_rules(pair.writer);
    pair.reader = start("reader", directory);
    connect_pair(&pair);
    expire_waits(pair.writer);
    expire_waits(pair.reader);
    pass_line(&pair, "and again");
    expect_blocked(pair.writer, "while nothing is typed");
    expect_blocked(pair.reader, "while nothing is typed");
    type_without_newline(&pair, "half", 4);
    settle();
    expect_blocked(pair.writer, "while a line has no end yet");
    type_enter(&pair);
    add_line(&pair, "half", 4);
    expect_printed(&pair);
    stop(pair.reader);
    type_many(&pair, 0);
    settle();
    expect_blocked(pair.writer, "while the reader is stopped");
    resume(pair.reader);
    expect_printed(&pair);
    drop_rules(pair.writer);
    drop_rules(pair.reader);
    close_pair(&pair);

    pair = (struct pair){.directory = directory};
    pair.reader = start_impatient("reader", directory);
    expect_blocked(pair.reader, "while no writer is there");
    drop_rules(pair.reader);
    pair.writer = start("writer", directory);
    connect_pair(&pair);
    stop(pair.reader);
    type_lines(&pair, 3, 30);
    end_input(pair.writer);
    settle();
    expect_no_polling(pair.writer,
                      "while its input has ended and the reader is stopped");
    resume(pair.reader);
    expect_good_end(&pair);

    prepare_hold(CALL_mkfifo, 1, true);
    pair = (struct pair){.directory = directory, .reader = start("reader", directory)};
    bool held = is_held_at(pair.reader, &(struct moment){CALL_mkfifo, true}, 1);
    pair.writer = start("writer", directory);
    expect_blocked(pair.writer, "while the reader is still at its start");
    if (held)
        go_on(pair.reader);
    close_pair(&pair);

    pair = (struct pair){.directory = directory};
    pair.writer = start("writer", directory);
    type_line(&pair, "typed alone");
    expect_blocked(pair.writer, "while no reader is there, and a line is");
    end_input(pair.writer);
    expect_blocked(pair.writer, "while no reader is there, and its input has ended");
    pair.reader = start("reader", directory);
    expect_good_end(&pair);

    pair = open_pair(directory, "reader");
    connect_pair(&pair);
    kill_and_reap(pair.reader);
    settle();
    expect_no_polling(pair.writer, "while the reader is gone and nothing is typed");
    end_input(pair.writer);
    wait_end(pair.writer);
    forgive_segment(directory);

    directory = new_directory("another");
    pair = open_pair(directory, "reader");
    connect_pair(&pair);
    fill_output(&pair);
    expect_blocked(pair.reader, "while its output is full");
    expect_blocked(pair.writer, "while the reader cannot go on");
    kill_and_reap(pair.writer);
    expect_no_polling(pair.reader, "while its output is full, and the writer has gone");
    read_on(&pair);
    wait_end(pair.reader);
    forgive_segment(directory);
}

/* --- Sudden ends ------------------------------------------------------------------ */

static enum call held_call(const struct actor *actor)
{
    return (enum call)held_at(actor).call;
}

/* The writer is gone; the reader has noticed. */
static void expect_reader_ends(struct pair *pair)
{
    because("The writer is gone: the kernel has closed its end of the FIFOs.");
    expect_status(pair->reader, 0);
    expect_first_lines(pair, true);
    expect_nothing_left(pair->directory);
}

/* The writer is killed in the middle of a line: it may say in several words how long that
 * is.  Returns whether it has made so many calls. */
static bool dies_writing(const char *directory, unsigned nth)
{
    struct pair pair = open_pair(directory, "writer");
    connect_pair(&pair);
    hold_after(pair.writer, CALL_write, nth);
    hold_after(pair.writer, CALL_fflush, nth);
    type_line(&pair, long_line(300, 4)); /* its length needs more than one byte */
    bool held = reaches(pair.writer);
    if (held)
        narrate("The writer has just called %s.", call_name(held_call(pair.writer)));
    kill_and_reap(pair.writer);
    expect_reader_ends(&pair);
    return held;
}

/* The writer is ended while the first of its lines, which it has announced, waits for the
 * reader. */
static void dies_with_a_line(const char *directory, unsigned lines, int signal)
{
    struct pair pair = open_pair(directory, "reader");
    connect_pair(&pair);
    int id = channel_id(&pair);
    size_t before = pair.length;
    stop(pair.reader);
    type_lines(&pair, lines, 30);
    settle();
    /* It waits, and its first line is in the segment: so it has announced it. */
    size_t sent = line_length(pair.text + before, pair.length - before);
    bool announced = segment_holds(id, says("%.*s", (int)sent, pair.text + before));
    if (signal == SIGKILL) {
        kill_and_reap(pair.writer);
    } else {
        kill_actor(pair.writer, signal);
        wait_end(pair.writer);
    }
    resume(pair.reader);
    expect_reader_ends(&pair);
    suggest(
        "The hang-up comes at once, and before it what was written. Read first, until "
        "read(2) answers 0.");
    expect(!announced || output_now(pair.reader) > before,
           says("The reader prints what was sent: %s.",
                quoted(pair.text + before, sent)),
           "It ended without it, and the line lay in the segment.");
    suggest(NULL);
}

CHECK(lab5, the_reader_survives_a_killed_writer, 5,
      "When the writer is killed, the reader ends by itself with status 0 and removes "
      "everything.",
      "What does read(2) answer on a FIFO whose last writer has gone?",
      "As long as your reader itself holds a FIFO open for writing, it never sees the "
      "end of that FIFO.",
      "The dead writer can remove nothing any more: the reader removes the segment and "
      "both FIFOs, whoever made them.")
{
    const char *directory = new_directory("channel");
    struct pair pair = open_pair(directory, "reader");
    connect_pair(&pair);
    kill_and_reap(pair.writer);
    expect_reader_ends(&pair);

    for (unsigned nth = 1; nth <= MOST_NTHS && dies_writing(directory, nth); nth++)
        continue;
    dies_with_a_line(directory, 3, SIGKILL);

    pair = open_pair(directory, "reader");
    connect_pair(&pair);
    fill_output(&pair);
    kill_and_reap(pair.writer);
    read_on(&pair);
    expect_reader_ends(&pair);

    pair = open_pair(directory, "writer");
    let_them_meet(pair.reader, pair.writer);
    kill_and_reap(pair.writer);
    because("The writer was there, and was killed before its first line.");
    expect_status(pair.reader, 0);
    expect_nothing_left(directory);
}

/* The reader is gone; the writer notices now, and has input enough. */
static void expect_writer_ends(struct pair *pair, size_t words)
{
    because("The reader is gone: nobody will ever take a message.");
    expect_status(pair->writer, 1);
    expect_words(pair->writer, words, "that the reader is gone");
    expect_nothing_left(pair->directory);
}

CHECK(
    lab5, the_writer_notices_a_killed_reader, 5,
    "When the reader is killed, the writer says so, removes everything, and ends with "
    "status 1, not by SIGPIPE.",
    "What happens to a process that writes to a FIFO that nobody reads? See pipe(7).",
    "Ignore SIGPIPE: then write(2) fails with EPIPE, and you can clean up.",
    "The reader may also die while you wait for \"taken\": then read(2) answers 0, "
    "unless your writer itself holds that FIFO open for writing.")
{
    const char *directory = new_directory("channel");
    struct pair pair = open_pair(directory, "reader");
    connect_pair(&pair);
    size_t words = errors_now(pair.writer);
    kill_and_reap(pair.reader);
    type_line(&pair, "is anybody there?");
    expect_writer_ends(&pair, words);

    pair = open_pair(directory, "writer");
    connect_pair(&pair);
    words = errors_now(pair.writer);
    stop(pair.reader);
    type_lines(&pair, 3, 30);
    settle();
    kill_and_reap(pair.reader);
    type_line(&pair, "is anybody there?");
    expect_writer_ends(&pair, words);

    pair = open_pair(directory, "reader");
    connect_pair(&pair);
    words = errors_now(pair.writer);
    hold_after(pair.reader, CALL_read, 1);
    hold_after(pair.reader, CALL_fflush, 1);
    type_lines(&pair, 3, 30);
    if (reaches(pair.reader))
        narrate("The reader has just called %s.", call_name(held_call(pair.reader)));
    kill_and_reap(pair.reader);
    type_line(&pair, "is anybody there?");
    expect_writer_ends(&pair, words);

    pair = open_pair(directory, "reader");
    let_them_meet(pair.reader, pair.writer);
    words = errors_now(pair.writer);
    kill_and_reap(pair.reader);
    type_line(&pair, "is anybody there?");
    expect_writer_ends(&pair, words);

    pair = open_pair(directory, "reader");
    connect_pair(&pair);
    words = errors_now(pair.writer);
    stop(pair.writer);
    kill_and_reap(pair.reader);
    type_line(&pair, "the last line");
    end_input(pair.writer);
    resume(pair.writer);
    expect_writer_ends(&pair, words);

    /* Without another message the writer need not notice: its status and its words are
     * free. */
    pair = open_pair(directory, "reader");
    connect_pair(&pair);
    kill_and_reap(pair.reader);
    settle();
    end_input(pair.writer);
    wait_end(pair.writer);
    because("The reader is gone, and can remove nothing any more.");
    expect_nothing_left(directory);
}

/* One that is alone gets a signal. */
static void signal_alone(const char *directory, const char *which, int signal)
{
    struct actor *actor = start(which, directory);
    expect_waits(actor, "the other program");
    kill_actor(actor, signal);
    wait_end(actor);
    expect_nothing_left(directory);
}

/* A writer that is alone, and has input: a line, or only the end. */
static void signal_ahead(const char *directory, const char *line, bool ends, int signal)
{
    struct pair pair = {.directory = directory, .writer = start("writer", directory)};
    if (line)
        type_line(&pair, line);
    if (ends)
        end_input(pair.writer);
    expect_waits(pair.writer, "a reader");
    kill_actor(pair.writer, signal);
    wait_end(pair.writer);
    expect_nothing_left(directory);
}

/* The reader may learn of it at once; the writer may need a message to notice. `words`: what
 * the writer had said before. */
static void expect_other_ends(struct pair *pair, const struct actor *gone, size_t words)
{
    bool reader = gone == pair->reader;
    if (reader)
        type_line(pair, "is anybody there?");
    because(reader ? "A writer whose reader has gone says so, and ends with status 1."
                   : "A reader whose writer has gone ends with status 0.");
    expect_status(reader ? pair->writer : pair->reader, reader);
    if (reader)
        expect_words(pair->writer, words, "that the reader is gone");
    because("Whoever is ended by a signal removes what it made.");
    expect_first_lines(pair, !reader);
    expect_nothing_left(pair->directory);
}

/* One of two that are connected and have nothing to do gets a signal. */
static void signal_connected(const char *directory, bool reader, int signal)
{
    struct pair pair = open_pair(directory, reader ? "writer" : "reader");
    struct actor *actor = reader ? pair.reader : pair.writer;
    connect_pair(&pair);
    const size_t words = errors_now(pair.writer);
    kill_actor(actor, signal);
    wait_end(actor);
    expect_other_ends(&pair, actor, words);
}

/* The writer gets a signal in the middle of a line: that one is not sent. */
static void signal_in_a_line(const char *directory, size_t count, int signal)
{
    struct pair pair = open_pair(directory, "reader");
    connect_pair(&pair);
    type_without_newline(&pair, long_line(count, 6), count);
    settle();
    kill_actor(pair.writer, signal);
    wait_end(pair.writer);
    expect_other_ends(&pair, pair.writer, 0);
}

/* The reader made everything; now its output is full, and the writer is gone. */
static void signal_left_behind(const char *directory, int signal)
{
    struct segment segment;
    struct pair pair = {.directory = directory, .reader = start("reader", directory)};
    expect_waits(pair.reader, "a writer");
    bool made = access(says("%s/%s", directory, CHANNEL_READY), F_OK) == 0 &&
                access(says("%s/%s", directory, CHANNEL_TAKEN), F_OK) == 0 &&
                segment_by_key(key_of(directory), &segment);
    pair.writer = start("writer", directory);
    connect_pair(&pair);
    fill_output(&pair);
    kill_and_reap(pair.writer);
    settle();
    kill_actor(pair.reader, signal);
    wait_end(pair.reader);
    if (made)
        expect_nothing_left(directory);
    else
        forgive_segment(directory); /* the writer made it */
}

/* One gets a signal while it waits in the middle of a message. */
static void signal_busy(const char *directory, bool reader, int signal)
{
    struct pair pair = open_pair(directory, "reader");
    struct actor *actor = reader ? pair.reader : pair.writer;
    connect_pair(&pair);
    fill_output(&pair);
    const size_t words = errors_now(pair.writer);
    kill_actor(actor, signal);
    wait_end(actor);
    read_on(&pair);
    expect_other_ends(&pair, actor, words);
}

CHECK(
    lab5, signals_leave_nothing_behind, 5,
    "SIGINT or SIGTERM ends whoever gets it, alone or connected, and everything is "
    "removed.",
    "What does your program do with SIGTERM while it waits in open(2) or read(2)?",
    "sigaction(2) without SA_RESTART: the call that waits comes back with EINTR. Then "
    "remove what is there, and end.")
{
    const char *directory = new_directory("channel");
    because("Whoever is ended by a signal removes what it made.");
    signal_alone(directory, "reader", SIGINT);
    signal_alone(directory, "reader", SIGTERM);
    signal_alone(directory, "writer", SIGINT);
    signal_alone(directory, "writer", SIGTERM);
    signal_ahead(directory, "typed alone", false, SIGTERM);
    signal_ahead(directory, "typed alone", true, SIGINT);
    signal_ahead(directory, NULL, true, SIGTERM);
    signal_connected(directory, true, SIGINT);
    signal_connected(directory, true, SIGTERM);
    signal_connected(directory, false, SIGINT);
    signal_connected(directory, false, SIGTERM);
    signal_in_a_line(directory, 4, SIGTERM);
    signal_in_a_line(directory, 5000, SIGINT);
    signal_busy(directory, true, SIGTERM);
    signal_busy(directory, false, SIGINT);
    dies_with_a_line(directory, 1, SIGTERM);
    signal_left_behind(directory, SIGINT);
}

/* --- Signals at the wrong moment -------------------------------------------------- */

static const struct moment moments[] = {
    {CALL_mkfifo, true},      {CALL_mkfifoat, true},     {CALL_mknod, true},
    {CALL_shmget, true},      {CALL_open, false},        {CALL_openat, false},
    {CALL_fopen, false},      {CALL_read, false},        {CALL_readv, false},
    {CALL_poll, false},       {CALL_ppoll, false},       {CALL_select, false},
    {CALL_pselect, false},    {CALL_sigsuspend, false},  {CALL_pause, false},
    {CALL_epoll_wait, false}, {CALL_epoll_pwait, false}, {CALL_fgets, false},
};
#define MOMENTS (sizeof moments / sizeof moments[0])

struct cast {
    const char *directory;
    const char *which; /* the one that gets the signal */
    const char *other; /* the one that is there already, or NULL */
};

/* Ends what may be there: the other one was told nothing, or may wait for the next. */
static void end_other(struct actor *other)
{
    settle();
    if (other && is_running(other))
        kill_actor(other, SIGTERM);
    if (other)
        wait_end(other);
}

/* Runs to the point at which nothing moves, and counts the calls on the way. */
static void count_calls(const struct cast *cast, unsigned counts[CALL_COUNT])
{
    struct actor *other = cast->other ? start(cast->other, cast->directory) : NULL;
    settle();
    struct actor *actor = start(cast->which, cast->directory);
    expect_waits(actor, cast->other ? "work" : "the other program");
    for (enum call call = 0; call < CALL_COUNT; call++)
        counts[call] = calls_begun(actor, call);
    kill_actor(actor, SIGTERM);
    wait_end(actor);
    end_other(other);
    expect_nothing_left(cast->directory);
}

/* Returns whether the program came to that moment. */
static bool interrupt_at(const struct cast *cast, const struct moment *moment,
                         unsigned nth)
{
    struct actor *other = cast->other ? start(cast->other, cast->directory) : NULL;
    settle();
    prepare_hold(moment->call, nth, moment->after);
    struct actor *actor = start(cast->which, cast->directory);
    bool held = is_held_at(actor, moment, nth);
    kill_actor(actor, nth % 2 ? SIGTERM : SIGINT);
    if (held)
        go_on(actor);
    wait_end(actor);
    end_other(other);
    expect_nothing_left(cast->directory);
    return held;
}

/* A signal at every moment of one program's start.  Returns how many there were. */
static unsigned interrupt_everywhere(const struct cast *cast)
{
    unsigned counts[CALL_COUNT], held = 0;
    count_calls(cast, counts);
    for (size_t i = 0; i < MOMENTS; i++)
        for (unsigned nth = 1; nth <= counts[moments[i].call] && nth <= MOST_NTHS;
             nth++)
            held += interrupt_at(cast, &moments[i], nth);
    return held;
}

/* The other one was killed, and a program gets a signal while it removes things: at least
 * the segment that it made must be gone.  Returns whether it came to that moment. */
static bool interrupt_end(const char *directory, bool reader,
                          const struct moment *moment, unsigned nth)
{
    struct pair pair = open_pair(directory, reader ? "reader" : "writer");
    struct actor *actor = reader ? pair.reader : pair.writer;
    struct segment segment;
    connect_pair(&pair);
    bool made = segment_by_key(key_of(directory), &segment) &&
                segment.creator == actor_pid(actor);
    if (made && moment->after)
        hold_after(actor, moment->call, nth);
    else if (made)
        hold_before(actor, moment->call, nth);
    kill_and_reap(reader ? pair.writer : pair.reader);
    if (!reader)
        type_line(&pair, "is anybody there?");
    bool held = made && is_held_at(actor, moment, nth);
    if (held) {
        kill_actor(actor, nth % 2 ? SIGTERM : SIGINT);
        go_on(actor);
    }
    wait_end(actor);
    because("A signal may come also while a program cleans up.");
    if (held)
        expect_no_segment(segment.id);
    else if (made) /* a usual end is another check's matter */
        is_promised(segment.id);
    return held;
}

static unsigned interrupt_every_end(const char *directory, bool reader)
{
    static const struct moment ends[] = {{CALL_unlink, false},   {CALL_unlink, true},
                                         {CALL_unlinkat, false}, {CALL_remove, false},
                                         {CALL_shmctl, false},   {CALL_shmdt, false}};
    unsigned held = 0;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        for (unsigned nth = 1;
             nth <= MOST_NTHS && interrupt_end(directory, reader, &ends[i], nth); nth++)
            held++;
    return held;
}

/* A program that is alone ends by a signal; at one moment of that a second one comes. */
static void interrupt_again(const char *directory, const char *which,
                            const struct moment *moment, unsigned nth)
{
    struct actor *actor = start(which, directory);
    expect_waits(actor, "the other program");
    hold_before(actor, moment->call, nth);
    kill_actor(actor, SIGINT);
    if (is_held_at(actor, moment, nth)) {
        kill_actor(actor, nth % 2 ? SIGINT : SIGTERM);
        go_on(actor);
    }
    wait_end(actor);
    because("An impatient person types Ctrl-C twice.");
    expect_nothing_left(directory);
}

static void interrupt_end_again(const char *directory, const char *which)
{
    static const struct moment ends[] = {{.call = CALL_unlink},
                                         {.call = CALL_unlinkat},
                                         {.call = CALL_remove},
                                         {.call = CALL_shmctl}};
    struct actor *example = start(which, directory);
    expect_waits(example, "the other program");
    drop_rules(example); /* counts from here on */
    kill_actor(example, SIGINT);
    wait_end(example);
    expect_nothing_left(directory);
    for (size_t i = 0; i < COUNT(ends); i++)
        for (unsigned nth = 1; nth <= calls_begun(example, ends[i].call) && nth <= 2;
             nth++)
            interrupt_again(directory, which, &ends[i], nth);
}

CHECK(
    lab5, a_signal_may_come_at_any_time, 4,
    "SIGINT or SIGTERM at any moment of the start or of the end, also right before a "
    "wait: the program ends, and nothing is left.",
    "The signal comes when shmget(2) has made the segment, and you have not stored its "
    "id yet. Or after your test of a flag, and before the read(2) that waits.",
    "Block both signals with sigprocmask(2) before you make anything, and let them in "
    "only while you wait: ppoll(2), pselect(2), or signalfd(2) and poll(2).")
{
    const char *directory = new_directory("channel");
    because("A signal may come between any two steps of a program.");
    unsigned held = 0;
    held += interrupt_everywhere(&(struct cast){directory, "reader", NULL});
    held += interrupt_everywhere(&(struct cast){directory, "writer", NULL});
    held += interrupt_everywhere(&(struct cast){directory, "reader", "writer"});
    held += interrupt_everywhere(&(struct cast){directory, "writer", "reader"});
    interrupt_end_again(directory, "reader");
    interrupt_end_again(directory, "writer");
    held += interrupt_every_end(directory, true);
    held += interrupt_every_end(directory, false);
    if (held == 0)
        cannot_check("Neither program makes a call at which the grader can hold it.",
                     "Call mkfifo(3), shmget(2), open(2) and read(2) by their names.");
}

/* --- Calls that fail -------------------------------------------------------------- */

/* By these calls a program gets what it needs; and why they may fail. */
static const struct fault {
    enum call call;
    int error;
} faults[] = {
    {CALL_mkfifo, ENOSPC}, {CALL_mkfifo, EACCES}, {CALL_mkfifoat, ENOSPC},
    {CALL_mknod, ENOSPC},  {CALL_open, EMFILE},   {CALL_openat, EMFILE},
    {CALL_fopen, EMFILE},  {CALL_shmget, ENOSPC}, {CALL_shmget, ENOMEM},
    {CALL_shmat, ENOMEM},  {CALL_flock, ENOLCK},  {CALL_signalfd, EMFILE},
};
#define FAULTS (sizeof faults / sizeof faults[0])

/* Without this call a program may do its work, but it must not be deaf to signals. */
static void signal_after_failure(struct pair *pair, struct actor *actor)
{
    const size_t words = errors_now(pair->writer);
    kill_actor(actor, SIGTERM);
    wait_end(actor);
    expect_other_ends(pair, actor, words);
}

/* Every such call of one program fails.  Either it copes, and the two work; or it ends
 * with status 1 and says what went wrong.  Returns whether it made such a call. */
static bool fails_at(const char *directory, bool reader, bool first,
                     const struct fault *fault)
{
    static const char *const names[] = {"writer", "reader"};
    struct pair pair = {.directory = directory};
    struct actor *both[2];

    for (int turn = 0; turn < 2; turn++) {
        bool is_it = first == (turn == 0);
        if (is_it)
            prepare_failure(fault->call, 0, fault->error);
        both[is_it] = start(names[is_it ? reader : !reader], directory);
        settle();
    }
    struct actor *actor = both[1], *other = both[0];
    let_them_meet(actor, other);
    pair.reader = reader ? actor : other;
    pair.writer = reader ? other : actor;
    if (is_running(actor)) {
        type_line(&pair, "hello");
        settle();
    }
    bool failed = rule_fired(actor, fault->call) > 0;
    if (failed)
        narrate("Each call of %s(2) in the %s fails with %s.", call_name(fault->call),
                names[reader], strerrorname_np(fault->error));
    if (is_running(actor) && failed && fault->call == CALL_signalfd) {
        signal_after_failure(&pair, actor);
    } else if (is_running(actor)) {
        end_input(pair.writer);
        expect_good_end(&pair);
    } else {
        expect_status(actor, 1);
        expect_words(actor, 0, "what went wrong");
        end_other(other);
    }
    return failed;
}

/* Returns how many calls failed. */
static unsigned fail_everywhere(const char *directory, bool reader, bool first)
{
    unsigned failed = 0;
    /* All has gone well with this pair: it shows which calls the program makes. */
    struct pair pair = open_pair(directory, reader == first ? "reader" : "writer");
    pass_line(&pair, "hello");
    close_pair(&pair);
    for (size_t i = 0; i < FAULTS; i++)
        if (calls_begun(reader ? pair.reader : pair.writer, faults[i].call) > 0)
            failed += fails_at(directory, reader, first, &faults[i]);
    return failed;
}

CHECK(
    lab5, a_failing_call_is_no_secret, 3,
    "When a program cannot get what it needs, such as a FIFO or a segment, it says so on "
    "standard error and ends with status 1.",
    "What do mkfifo(3), open(2), shmget(2) and shmat(2) return when they fail? Who looks "
    "at it?",
    "perror(3) says what went wrong. Then remove what you have made, and return 1.")
{
    const char *directory = new_directory("channel");
    struct pair pair;
    because("A call may fail on a machine that is full, or that has its limits.");
    unsigned failed = 0;
    for (int i = 0; i < 4; i++)
        failed += fail_everywhere(directory, i % 2, i / 2);
    if (failed == 0)
        cannot_check("Neither program makes a call that the grader can let fail.",
                     "Call mkfifo(3), open(2), shmget(2) and shmat(2) by their names.");
    pair = open_pair(directory, "reader");
    because("Nothing may stop the next pair, or be left when that one has ended.");
    pass_line(&pair, "all is well again");
    close_pair(&pair);
}

/* --- Others in the same directory ------------------------------------------------- */

/* Neither gets the time to notice the other's end. */
static void kill_pair(struct pair *pair)
{
    stop(pair->reader);
    stop(pair->writer);
    kill_and_reap(pair->reader);
    kill_and_reap(pair->writer);
}

static void expect_refused(const char *directory)
{
    struct actor *second = start("reader", directory);
    because("There is a reader in this directory already.");
    expect_status(second, 1);
    expect_words(second, 0, "that there is a reader already");
}

/* Two readers come at the same time. */
static void meet_another_reader(const char *directory, enum call call, unsigned nth)
{
    prepare_hold(call, nth, false);
    struct actor *first = start("reader", directory);
    bool held = is_held_at(first, &(struct moment){.call = call}, nth);
    if (!held)
        drop_rules(first);
    struct actor *second = start("reader", directory);
    settle();
    if (held)
        go_on(first);
    let_them_meet(first, second);
    because("Of two readers that come at the same time one stays.");
    expect(is_running(first) != is_running(second),
           "One reader waits for a writer, and the other one has ended.",
           says("%s %s", how_it_stands(first), how_it_stands(second)));
    struct actor *refused = is_running(first) ? second : first;
    expect_status(refused, 1);
    expect_words(refused, 0, "that there is a reader already");
    struct pair pair = {.directory = directory,
                        .reader = refused == first ? second : first,
                        .writer = start("writer", directory)};
    pass_line(&pair, "hello");
    close_pair(&pair);
}

/* Before it opens what lies there already, its own lock not yet held. */
static void meet_another_everywhere(const char *directory, const struct actor *example)
{
    static const enum call calls[] = {CALL_open, CALL_openat, CALL_fopen};
    for (size_t i = 0; i < COUNT(calls); i++)
        for (unsigned nth = 1; nth <= calls_begun(example, calls[i]) && nth <= 4; nth++)
            meet_another_reader(directory, calls[i], nth);
}

CHECK(
    lab5, a_second_reader_is_refused, 5,
    "A second reader is refused with a message and status 1; the running pair goes on "
    "undisturbed.",
    "The FIFOs and the segment may also be left over from a killed pair. What tells "
    "you that a reader is really there?",
    "Something that the kernel takes back when a process dies: a lock, see flock(2).",
    "The second reader must remove nothing, read nothing and say nothing in the FIFOs.")
{
    struct pair pair = {.directory = new_directory("channel")};
    pair.reader = start("reader", pair.directory);
    expect_waits(pair.reader, "a writer");
    expect_refused(pair.directory);

    pair.writer = start("writer", pair.directory);
    connect_pair(&pair);
    expect_refused(pair.directory);
    because("The refused reader has disturbed nothing.");
    for (int i = 1; i <= 5; i++)
        pass_line(&pair, says("undisturbed %d", i));
    close_pair(&pair);
    meet_another_everywhere(pair.directory, pair.reader);

    pair = open_pair(pair.directory, "writer");
    connect_pair(&pair);
    expect_refused(pair.directory);
    pass_line(&pair, "the writer came first");
    kill_pair(&pair);

    narrate("A new pair comes, and finds what the killed one left behind.");
    pair = open_pair(pair.directory, "reader");
    expect_refused(pair.directory);
    connect_pair(&pair);
    expect_refused(pair.directory);
    close_pair(&pair);
}

/* A pair that comes after one that was killed. */
static void expect_new_pair(const char *directory, const char *first)
{
    because("What a killed pair left behind must not stop the next one.");
    narrate("A new pair comes. In %s there is:%s", directory, names_in(directory));
    struct pair pair = open_pair(directory, first);
    pass_line(&pair, "new");
    pass_line(&pair, "and newer");
    close_pair(&pair);
}

static void kill_alone(const char *directory, const char *which)
{
    struct actor *actor = start(which, directory);
    expect_waits(actor, "the other program");
    kill_and_reap(actor);
}

/* A new pair comes while another process has the number of one that was killed. */
static void expect_pair_after(const struct actor *dead, const char *directory,
                              const char *first)
{
    pid_t pid = fork_as(actor_pid(dead));
    if (pid == 0)
        for (;;)
            pause();
    if (pid != -1) {
        not_by_hand();
        narrate("Another process gets the pid that %s had.", actor_title(dead));
    }
    expect_new_pair(directory, first);
    if (pid == -1)
        return;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void remove_name(const char *directory, const char *name)
{
    const char *path = says("%s/%s", directory, name);
    narrate("Only a part of it is left over: rm -f %s", path);
    (void)unlink(path);
}

/* In the segment lies a message that was never taken. */
static struct pair leave_a_message(const char *directory)
{
    struct pair pair = open_pair(directory, "writer");
    connect_pair(&pair);
    stop(pair.reader);
    type_lines(&pair, 3, 30);
    settle();
    kill_pair(&pair);
    return pair;
}

/* The FIFOs are there, and no segment. */
static void leave_no_segment(const char *directory)
{
    struct segment segment;
    struct pair pair = open_pair(directory, "reader");
    connect_pair(&pair);
    kill_pair(&pair);
    if (segment_by_key(key_of(directory), &segment))
        given_removal(segment.id);
}

/* A program that is killed while it makes its things, or removes them, leaves some. */
static void leave_a_part(const char *directory, bool ready, bool taken)
{
    kill_alone(directory, ready ? "reader" : "writer");
    if (!ready)
        remove_name(directory, CHANNEL_READY);
    if (!taken)
        remove_name(directory, CHANNEL_TAKEN);
    expect_new_pair(directory, taken ? "reader" : "writer");
}

CHECK(
    lab5, leftovers_do_not_matter, 5,
    "What a pair killed with SIGKILL left behind does not stop the next pair, which "
    "removes all of it in the end.",
    "kill -9 cleans up nothing. Which of your calls fails when the FIFO or the segment "
    "is there already?",
    "EEXIST of mkfifo(3) is no error, and the segment may hold anything: whoever comes "
    "first gives it its first state.")
{
    const char *directory = new_directory("channel");
    struct pair pair = open_pair(directory, "reader");
    connect_pair(&pair);
    kill_pair(&pair);
    expect_new_pair(directory, "reader");

    expect_pair_after(leave_a_message(directory).writer, directory, "writer");
    expect_pair_after(leave_a_message(directory).reader, directory, "reader");

    kill_alone(directory, "reader");
    expect_new_pair(directory, "writer");
    kill_alone(directory, "writer");
    expect_new_pair(directory, "reader");

    prepare_hold(CALL_mkfifo, 1, true);
    struct actor *reader = start("reader", directory);
    if (reaches(reader))
        narrate("The reader has made one FIFO.");
    kill_and_reap(reader);
    expect_new_pair(directory, "reader");

    leave_no_segment(directory);
    expect_new_pair(directory, "reader");
    leave_no_segment(directory);
    expect_new_pair(directory, "writer");
    leave_a_part(directory, false, true);
    leave_a_part(directory, true, false);
    leave_a_part(directory, false, false);
}

CHECK(
    lab5, pairs_do_not_disturb_each_other, 3,
    "Two pairs in two directories do not meet, by whatever path a directory is named.",
    "What makes your key, and the names of your FIFOs? Only DIR tells the pairs apart.")
{
    struct pair one = {.directory = new_directory("one")};
    struct pair two = {.directory = new_directory("number two")};
    char *path = realpath(two.directory, NULL);
    char roundabout[600 + 1]; /* a long way to the same place */
    for (size_t i = 0; i + 2 < sizeof roundabout; i += 2)
        memcpy(roundabout + i, "./", 3);

    one.reader = start("reader", one.directory);
    expect_waits(one.reader, "its writer");
    two.reader = start("reader", two.directory);
    expect_waits(two.reader, "its writer");
    prepare_argument("\"$PWD/number two$(printf '/.%.0s' $(seq 300))\"");
    two.writer = start("writer", says("%s/%s", path, roundabout));
    one.writer = start("writer", "./one/.");
    free(path);
    pass_line(&one, "to one");
    pass_line(&two, "to two");
    pass_line(&one, "and again");
    expect_printed(&two);

    end_input(one.writer);
    expect_status(one.writer, 0);
    expect_status(one.reader, 0);
    because("The other pair has ended, and took only its own things with it.");
    pass_line(&two, "still there");
    close_pair(&two);
    expect_printed(&one);
    expect_nothing_left(one.directory);
}
