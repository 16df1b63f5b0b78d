/* story.c - collects the steps, holds expectations against them, and ends the check
 * with a verdict and a record. */
#include "story.h"

#include "check.h"
#include "record.h"
#include "settings.h"
#include "trace.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/random.h>
#include <sys/shm.h>
#include <unistd.h>

static const char mend_table[] =
    "Look at the limits with `ipcs -lm`, and at what is in use with `ipcs -um`; remove "
    "what nobody needs.";

/* A segment that this check has met. */
struct met {
    int id;
    key_t key;
    size_t size;
    bool before;   /* it was there already: not ours */
    bool promised; /* the contract wants it, or the check made it */
    char by[16];   /* the actor that made it */
    int step;      /* and the step after which it was seen; 0: none */
};

static struct {
    const struct check *check;
    bool private_world;
    struct record record;
    const char *because;
    const char *suggestion;
    struct met *met;
    size_t met_count;
} story;

/* --- Telling ---------------------------------------------------------------------- */

const char *says_with(const char *format, va_list arguments)
{
    char *text;
    if (vasprintf(&text, format, arguments) == -1)
        abort();
    return text; /* lives until the check's process ends */
}

const char *says(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = says_with(format, arguments);
    va_end(arguments);
    return text;
}

void narrate(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    record_step(&story.record, NULL, says_with(format, arguments));
    va_end(arguments);
}

void not_by_hand(void)
{
    record_not_by_hand(&story.record);
}

void because(const char *sentence)
{
    story.because = sentence;
}

void suggest(const char *sentence)
{
    story.suggestion = sentence;
}

void suggest_if_none(const char *sentence)
{
    if (!story.suggestion)
        story.suggestion = sentence;
}

void story_step(const struct actor *actor, const char *line)
{
    record_step(&story.record, actor_terminal(actor), line);
}

static void notice_new_segments(void);

void story_answer(const char *text)
{
    record_answer(&story.record, text);
    notice_new_segments();
}

/* --- Whose segments are whose ----------------------------------------------------- */

static struct met *met_by_id(int id)
{
    for (size_t i = 0; i < story.met_count; i++)
        if (story.met[i].id == id)
            return &story.met[i];
    return NULL;
}

static struct met *meet(const struct segment *row)
{
    struct met *longer = realloc(story.met, (story.met_count + 1) * sizeof *longer);
    if (!longer)
        abort();
    story.met = longer;
    struct met *met = &story.met[story.met_count++];
    *met = (struct met){.id = row->id, .key = row->key, .size = row->size};
    return met;
}

/* Keeps in mind after which step a segment was there for the first time. */
static void notice_new_segments(void)
{
    struct segment_table table;
    if (!table_read(&table))
        return;
    for (size_t i = 0; i < table.count; i++) {
        const struct segment *row = &table.rows[i];
        if (met_by_id(row->id))
            continue;
        struct met *met = meet(row);
        const struct actor *actor = actor_by_pid(row->creator);
        met->step = record_step_count(&story.record);
        snprintf(met->by, sizeof met->by, "%s", actor ? actor_title(actor) : "");
    }
    table_free(&table);
}

/* Whether this check's processes made a segment.  In a namespace of our own all
 * are ours; else the creator tells, or the log of the calls. */
static bool is_ours(const struct segment *row)
{
    const struct met *met = met_by_id(row->id);
    if (met && met->before)
        return false;
    return story.private_world || (met && met->promised) || actors_had(row->creator) ||
           actors_made(row->id);
}

/* Bits that nobody can know before: from the kernel, or, where two runs must tell the
 * same story, from SHMLAB_SEED (FNV-1a). */
static uint32_t fresh_bits(void)
{
    static unsigned count;
    const char *seed = getenv("SHMLAB_SEED");
    uint32_t bits = 0;

    if (!seed) {
        while (getrandom(&bits, sizeof bits, 0) != sizeof bits)
            continue;
        return bits;
    }
    bits = 2166136261U;
    for (const char *at = says("%s %s %u", seed, story.check->name, count++); *at; at++)
        bits = (bits ^ (unsigned char)*at) * 16777619U;
    return bits;
}

key_t fresh_key(void)
{
    struct segment_table table;
    key_t key = 0;
    if (!table_read(&table))
        cannot_check("The grader cannot read /proc/sysvipc/shm.",
                     "Type `make doctor` to see what is missing.");
    do {
        key = (key_t)(fresh_bits() & 0x7effffff); /* positive, and never -1 */
    } while (key == IPC_PRIVATE || table_by_key(&table, key));
    table_free(&table);
    return key;
}

key_t fresh_negative_key(void)
{
    struct segment segment;
    key_t key;
    do
        key = (key_t)((unsigned)fresh_key() | 0x80000000U);
    while (segment_by_key(key, &segment));
    return key;
}

void is_promised(int id)
{
    notice_new_segments();
    struct met *met = met_by_id(id);
    if (met)
        met->promised = true;
}

void are_promised(const struct actor *by)
{
    notice_new_segments();
    for (size_t i = 0; i < story.met_count; i++)
        if (strcmp(story.met[i].by, actor_title(by)) == 0)
            story.met[i].promised = true;
}

struct actor *scene(void)
{
    static struct actor *shell;
    if (!shell)
        shell = plain_shell('G');
    return shell;
}

void must_be_made(struct answer answer)
{
    if (!answer_is_ok(answer))
        cannot_check(says("The grader could not make a segment: %s.", answer.text),
                     mend_table);
}

int given_segment(key_t key, size_t size, unsigned perms)
{
    struct answer answer =
        key == IPC_PRIVATE
            ? ask(scene(), "shmget private %zu create|excl|%04o", size, perms)
            : ask(scene(), "shmget 0x%08x %zu create|excl|%04o", (unsigned)key, size,
                  perms);
    must_be_made(answer);
    int id = expect_id(answer);
    is_promised(id);
    return id;
}

void given_removal(int id)
{
    expect_ok(ask(scene(), "rmid %d", id));
}

bool is_given_away(int id, uid_t owner)
{
    return answer_is_ok(ask(scene(), "set %d owner %d", id, (int)owner));
}

int given_foreign_segment(struct actor *actor)
{
    int id = given_segment(fresh_key(), 4096, 0600);
    if (!is_given_away(id, STRANGER)) {
        narrate("The grader lets shmctl show %d as the owner of each segment in %s.",
                STRANGER, actor_title(actor));
        pretend_owner(actor, STRANGER);
    }
    return id;
}

int given_large_segment(void)
{
    /* SHM_NORESERVE is 010000. */
    struct answer made = ask(scene(), "shmget private 0x140000000 create|010600");
    return answer_is_ok(made) ? expect_promised_segment(made) : -1;
}

int made_by(struct actor *creator, unsigned perms)
{
    struct answer answer = ask(creator, "shmget private 4096 create|%04o", perms);
    must_be_made(answer);
    return expect_promised_segment(answer);
}

int orphan(char name, unsigned perms)
{
    struct actor *creator = plain_shell(name);
    int id = made_by(creator, perms);
    quit(creator);
    return id;
}

const char errno_is_old[] =
    "errno tells why a call has failed, and only then: a call that succeeds does not clear "
    "it. Ask the call's result first.";

void left_in_errno(struct actor *actor, const char *name)
{
    suggest(errno_is_old);
    expect_ok(ask(actor, "errno %s", name));
}

int expect_promised_segment(struct answer answer)
{
    int id = expect_id(answer);
    expect_segment(id);
    is_promised(id);
    return id;
}

/* --- What a shell answered -------------------------------------------------------- */

void expect(bool holds, const char *expected, const char *seen)
{
    if (!holds)
        fail(expected, seen);
}

/* A remark stands behind "; ": something that the contract forbids. */
static bool has_remark(const char *text)
{
    return strstr(text, "; ") != NULL;
}

static const char *answered(struct answer answer)
{
    return says("%s answered: %s", actor_title(answer.actor), answer.text);
}

/* Mistakes that the answer itself tells, whatever the check is about. */
static void suggest_by_answer(struct answer answer, bool error_expected)
{
    const char *text = answer.text;
    const struct call_record *made = call_made(answer.actor, CALL_shmget, 0);
    if (made && made->result == 0 && strncmp(text, "error 0:", 8) == 0)
        suggest("shmget(2) answered 0, and 0 is an id like any other. Only -1 is a "
                "failure.");
    else if (strstr(text, "was changed") && error_expected)
        suggest(
            "Write to what the caller gave you only when everything has succeeded.");
    else if (strstr(text, "was changed"))
        suggest(
            "The work was done, and then your function told a failure. What does your "
            "test compare the result with? Only -1 is a failure; other negative "
            "numbers are none.");
    else if (strstr(text, "neither 0 nor -1"))
        suggest(
            "The function returns 0 or -1, on each of its paths. Where a return is missing, "
            "the compiler warns: look at the first lines above.");
    else if (strstr(text, "unset"))
        suggest("`unset`: your function succeeded and did not write this.");
    else if (strstr(text, "error ENOTTY"))
        suggest(
            "ENOTTY is what printf(3) leaves in errno where the output is no terminal. "
            "Keep errno before you call anything else, or do not print.");
    else if (strncmp(text, "ok 0xffffffffffffffff", strlen("ok 0xffffffffffffffff")) ==
             0)
        suggest(
            "shmat(2) has failed: it answers (void *)-1 then, and not NULL. What does "
            "your test compare with?");
}

void expect_answer(struct answer answer, const char *text)
{
    if (strcmp(answer.text, text) != 0)
        suggest_by_answer(answer, strncmp(text, "error", 5) == 0);
    expect(strcmp(answer.text, text) == 0,
           says("%s answers: %s", actor_title(answer.actor), text), answered(answer));
}

void expect_ok(struct answer answer)
{
    expect_answer(answer, "ok");
}

void expect_error(struct answer answer, int error)
{
    expect_answer(answer,
                  says("error %s: %s", strerrorname_np(error), strerrordesc_np(error)));
}

/* The number behind "ok ", or the check has failed. */
static long number_in(struct answer answer, const char *what)
{
    char *end = NULL;
    long number = 0;
    bool good = answer_is_ok(answer) && !has_remark(answer.text);
    if (good && answer.text[2])
        number = strtol(answer.text + 3, &end, 0);
    good = good && end && end != answer.text + 3;
    if (!good)
        suggest_by_answer(answer, false);
    expect(good, says("%s answers: %s", actor_title(answer.actor), what),
           answered(answer));
    return number;
}

int expect_id(struct answer answer)
{
    return (int)number_in(answer, "ok, and an id");
}

long expect_number(struct answer answer)
{
    return number_in(answer, "ok, and a number");
}

uintptr_t expect_address(struct answer answer)
{
    return (uintptr_t)number_in(answer, "ok, and an address");
}

const char *expect_field(struct answer answer, const char *name)
{
    const char *pattern = says(" %s=", name);
    const char *found = strstr(answer.text, pattern);
    const char *value = found ? found + strlen(pattern) : "unset";
    expect(answer_is_ok(answer) && !has_remark(answer.text) &&
               strncmp(value, "unset", strlen("unset")) != 0,
           says("%s answers: ok, with %s", actor_title(answer.actor), name),
           answered(answer));
    return says("%.*s", (int)strcspn(value, " \n;"), value);
}

unsigned long expect_field_number(struct answer answer, const char *name)
{
    return strtoul(expect_field(answer, name), NULL,
                   strcmp(name, "perms") == 0 ? 8 : 0);
}

/* --- What the kernel shows -------------------------------------------------------- */

struct segment expect_segment(int id)
{
    struct segment segment;
    expect(segment_by_id(id, &segment), says("There is a segment with id %d.", id),
           says("/proc/sysvipc/shm has no row with id %d.", id));
    return segment;
}

void expect_no_segment(int id)
{
    struct segment segment;
    if (segment_by_id(id, &segment))
        fail(
            says("Segment %d is gone.", id),
            says(
                "/proc/sysvipc/shm still shows id %d: key 0x%08x, %zu bytes, nattch %lu%s.",
                id, (unsigned)segment.key, segment.size, segment.nattch,
                segment.mode & SHM_DEST ? ", dest" : ""));
}

void expect_nattch(int id, unsigned long nattch)
{
    struct segment segment = expect_segment(id);
    expect(segment.nattch == nattch, says("nattch of segment %d is %lu.", id, nattch),
           says("/proc/sysvipc/shm shows nattch %lu.", segment.nattch));
}

void expect_no_attachment_more(int id, unsigned long before)
{
    struct segment segment;
    if (segment_by_id(id, &segment) && segment.nattch > before)
        suggest(
            "A call attached the segment and did not detach it. Look at each return "
            "behind shmat(2), also where something failed.");
    expect_nattch(id, before);
}

void expect_segment_count(size_t count)
{
    struct segment_table table;
    size_t ours = 0;
    if (!table_read(&table))
        cannot_check("The grader cannot read /proc/sysvipc/shm.",
                     "Type `make doctor` to see what is missing.");
    for (size_t i = 0; i < table.count; i++)
        ours += is_ours(&table.rows[i]);
    table_free(&table);
    expect(ours == count,
           count == 0 ? "No segment of this story is left."
                      : says("Number of segments that this story made: %zu.", count),
           says("/proc/sysvipc/shm shows %zu.", ours));
}

void expect_descriptors(const struct actor *actor, int before)
{
    int now = process_descriptors(actor_pid(actor));
    if (now > before)
        suggest("What you open you must close, on every path: open(2), fopen(3) and "
                "opendir(3) need their close(2), fclose(3) and closedir(3).");
    expect(now == before,
           says("%s has %d open descriptors, as before.", actor_title(actor), before),
           says("/proc/%d/fd shows %d.", (int)actor_pid(actor), now));
}

/* --- The end ---------------------------------------------------------------------- */

/* Notes every segment that nobody promised, and removes all that are ours.
 * Returns how many leaked. */
static int settle_segments(bool early)
{
    struct segment_table table;
    int leaked = 0;

    notice_new_segments();
    if (!table_read(&table))
        return 0;
    for (size_t i = 0; i < table.count; i++) {
        const struct segment *row = &table.rows[i];
        if (!is_ours(row))
            continue;
        struct met *met = met_by_id(row->id);
        /* When a story breaks off, the programs are killed in the middle of their work. */
        bool excused = early && actor_was_cut_short(actor_by_pid(row->creator));
        if (!met->promised && !excused) {
            leaked++;
            record_leak(&story.record, (unsigned)met->key, met->id, met->size, met->by,
                        met->step);
        }
        shmctl(row->id, IPC_RMID, NULL);
    }
    table_free(&table);
    return leaked;
}

/* Where the machine's table is shared, others may have filled it.  No check needs more
 * than this. */
#define MOST_SEGMENTS 128
#define MOST_BYTES    (16 << 20)

static bool table_is_full(void)
{
    return !story.private_world && !table_has_room(MOST_SEGMENTS, MOST_BYTES);
}

static const char full_table[] =
    "The machine's table of segments is nearly full, and the checks share it with "
    "others.";
static const char narrow_pipes[] =
    "New pipes and FIFOs had less room than usual, because processes of the same user "
    "hold many of them.";
static const char mend_pipes[] =
    "Check again when those processes have ended, or take the limit away: `sudo sysctl "
    "-w fs.pipe-user-pages-soft=0`.";

void story_begin(const struct check *check, bool private_world)
{
    struct segment_table table;

    story.check = check;
    story.private_world = private_world;
    record_begin(&story.record, check->lab, check->name);
    if (!table_read(&table))
        cannot_check("The grader cannot read /proc/sysvipc/shm.",
                     "Type `make doctor` to see what is missing.");
    for (size_t i = 0; i < table.count; i++)
        meet(&table.rows[i])->before = true;
    table_free(&table);
    if (table_is_full())
        cannot_check(full_table, mend_table);
}

const char *current_lab(void)
{
    return story.check->lab;
}

static void tell_coverage(const char *line)
{
    record_coverage(&story.record, line);
}

/* Ends every process, looks for leaks and sends the record.  Returns the verdict:
 * a story that came to its end has failed all the same when it leaked. */
static enum verdict conclude(enum verdict verdict, const char **expected,
                             const char **seen)
{
    static const char *const names[] = {"passed", "failed", "unchecked"};

    actors_end();
    const char *hint = actors_hint();
    if (!hint)
        hint = story.suggestion;
    if (getenv("SHMLAB_COVERAGE"))
        actors_coverage(tell_coverage);
    const char *output = actors_output();
    trace_end();
    record_function(&story.record, actors_function());
    int leaked = settle_segments(verdict != VERDICT_PASSED);
    if (verdict == VERDICT_PASSED && leaked > 0) {
        verdict = VERDICT_FAILED;
        *expected =
            "When the processes have ended, no segment is left but those that the "
            "contract promises.";
        *seen =
            leaked == 1 ? "One segment leaked." : says("%d segments leaked.", leaked);
        story.because = "A segment stays when its process ends. Whoever makes one that "
                        "nobody asked for must also remove it.";
        hint = "Follow each path of your code to its end, also where a call failed: on "
               "which of them is the segment made and not removed?";
    }
    if (verdict == VERDICT_FAILED)
        record_hint(&story.record, hint);
    record_send(&story.record, names[verdict], *expected, *seen,
                verdict == VERDICT_PASSED ? NULL : story.because, output);
    return verdict;
}

/* Does not come back unless the check has passed. */
static void end(enum verdict verdict, const char *expected, const char *seen)
{
    static bool ending;
    if (verdict == VERDICT_FAILED && table_is_full()) {
        verdict = VERDICT_UNCHECKED; /* perhaps the program was right */
        expected = full_table;
        seen = mend_table;
    } else if (verdict == VERDICT_FAILED && programs_lacked_room()) {
        verdict = VERDICT_UNCHECKED;
        expected = narrow_pipes;
        seen = mend_pipes;
    }
    if (ending) /* the end itself met trouble: without a record there is no verdict */
        abort();
    ending = true;

    verdict = conclude(verdict, &expected, &seen);
    check_ended(verdict, expected, seen);
}

void story_end(void)
{
    end(VERDICT_PASSED, NULL, NULL);
}

void fail(const char *expected, const char *seen)
{
    end(VERDICT_FAILED, expected, seen);
    abort();
}

void cannot_check(const char *reason, const char *remedy)
{
    end(VERDICT_UNCHECKED, reason, remedy);
    abort();
}
