/* lab4.c - the checks of lab 4: IPC_RMID and the dest status. */
#include "check.h"
#include "walls.h"
#include "world.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

/* No kernel gives out such an id before millions of segments were made. */
#define NO_ID 123456789

/* A third user, with more than 16 bits. */
#define ANOTHER 70043

/* More rows than one page of /proc/sysvipc/shm holds. */
#define MANY 60
/* And more than an array of 64. */
#define MORE 70
/* A pid that needs more than 16 bits, and more than five columns. */
#define LARGE_PID 1234567

/* --- The scene -------------------------------------------------------------------- */

static struct segment_table read_table(void)
{
    struct segment_table table;
    if (!table_read(&table))
        cannot_check("The grader cannot read /proc/sysvipc/shm.",
                     "Type `make doctor` to see what is missing.");
    return table;
}

/* So many segments at once, of the scene. */
static void given_many(int count)
{
    must_be_made(ask(scene(), "shmget private 4096 create|0600 %d", count));
    are_promised(scene());
}

/* More than a table of fixed size would hold that somebody thought large.  Not much more,
 * since a program may go through all rows anew for each of them.  A class's sandbox has
 * room for 512, and a table that is shared with others perhaps for fewer. */
static int very_many(void)
{
    static const size_t counts[] = {600, 450, MANY};
    const size_t spare = world_is_private() ? 50 : 200;
    size_t i = 0;
    while (i + 1 < COUNT(counts) &&
           !table_has_room(counts[i] + spare, (counts[i] + spare) * 4096))
        i++;
    return (int)counts[i];
}

/* Attaches a segment in a terminal, without the student's code. */
static uintptr_t attached(struct actor *terminal, int id)
{
    return expect_address(ask(terminal, "shmat %d", id));
}

/* Where a segment stands in the kernel's table, counted from 0; -1 for nowhere. */
static long place_of(int id)
{
    struct segment_table table = read_table();
    const struct segment *row = table_by_id(&table, id);
    long place = row ? row - table.rows : -1;
    table_free(&table);
    return place;
}

/* More segments than it takes to come back to the table's first place. */
#define MOST_TURNS 5000

/* The kernel gives out the places of its table one after the other, and starts
 * over after the 64th or later.  Then places that were used before get ids that
 * are larger than those behind them: 32768 and more.  Returns a segment that stands
 * behind such places. */
static int turn_the_table(void)
{
    int scouts[3];
    for (int i = 0; i < 3; i++)
        scouts[i] = given_segment(IPC_PRIVATE, 1, 0600);
    int behind = given_segment(fresh_key(), 4096, 0600);
    if (place_of(behind) < place_of(scouts[0])) { /* it started over just here */
        given_removal(behind);
        behind = given_segment(fresh_key(), 4096, 0600);
    }
    for (int i = 0; i < 3; i++)
        given_removal(scouts[i]);

    narrate("Segments are made and removed, one after the other, until the kernel "
            "uses the first places of its table again.");
    bool turned = false;
    for (int i = 0; i < MOST_TURNS && !turned; i++) {
        int id = shmget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
        turned = place_of(id) < place_of(behind);
        shmctl(id, IPC_RMID, NULL);
    }
    if (!turned)
        cannot_check("The kernel's table did not start over.",
                     "Try again while nobody else makes segments.");
    return behind;
}

/* segment_sweep looks at every segment that there is.  In the machine's own
 * namespace it would sweep up what other programs left there. */
static bool may_sweep(void)
{
    struct segment_table table = read_table();
    size_t count = table.count;
    table_free(&table);
    return world_is_private() || count == 0;
}

/* Stands first in a check, before there are segments of its own. */
static void expect_nothing_to_lose(void)
{
    if (!may_sweep())
        cannot_check("The grader has no namespace of its own here, and segment_sweep "
                     "would also see the segments of your other programs.",
                     "`make doctor` says how to get namespaces. Or end these programs, "
                     "look at `ipcs -m`, and remove what nobody needs.");
}

/* --- Expectations ----------------------------------------------------------------- */

/* For "ok NUMBER ...". */
static bool is_more(struct answer answer, size_t count)
{
    return answer_is_ok(answer) && strtoul(answer.text + 2, NULL, 10) > count;
}

static void expect_state(struct actor *a, int id, const char *state)
{
    expect_answer(ask(a, "state %d", id), says("ok %s", state));
}

/* The kernel shows the segment as marked: ipcs would say "dest". */
static void expect_marked(int id, unsigned long nattch)
{
    struct segment segment = expect_segment(id);
    expect((segment.mode & SHM_DEST) && segment.key == 0 && segment.nattch == nattch,
           says("Segment %d has the status dest, key 0 and nattch %lu.", id, nattch),
           says("/proc/sysvipc/shm shows key 0x%08x, nattch %lu, %s.",
                (unsigned)segment.key, segment.nattch,
                segment.mode & SHM_DEST ? "dest" : "not dest"));
}

static void expect_unmarked(int id)
{
    struct segment segment = expect_segment(id);
    expect(!(segment.mode & SHM_DEST), says("Segment %d is not marked.", id),
           "/proc/sysvipc/shm shows the status dest.");
}

/* The number of open descriptors of an actor that is ready for the next line. */
static int descriptors_of(struct actor *actor)
{
    expect_number(ask(actor, "pid"));
    return process_descriptors(actor_pid(actor));
}

static void expect_none_left_open(struct actor *actor, int before)
{
    descriptors_of(actor);
    because("No file descriptor is left behind that the contract does not promise.");
    expect_descriptors(actor, before);
}

/* --- Processes whose pid the check chooses ---------------------------------------- */

/* Starts a process under a certain pid.  Returns -1 where the kernel lets nobody choose.
 * With a key it first makes a segment, attaches and detaches it, and then stops itself. */
static pid_t take_pid(pid_t wanted, key_t key)
{
    pid_t pid = fork_as(wanted);
    if (pid == 0) {
        if (key != IPC_PRIVATE) {
            shmdt(shmat(shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0600), NULL, 0));
            kill(getpid(), SIGSTOP);
        }
        for (;;)
            pause();
    }
    return pid;
}

static void end_process(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* A process with a large pid runs, and has made a segment.  Returns how this process, its
 * parent, knows it; -1 where there is no such pid, or where nobody may choose. */
static pid_t large_creator(int *id)
{
    const key_t key = fresh_key();
    struct segment segment;
    siginfo_t info;

    pid_t pid = take_pid(LARGE_PID, key);
    if (pid == -1)
        return -1;
    waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED | WNOWAIT);
    kill(pid, SIGCONT);
    if (!segment_by_key(key, &segment)) { /* there was no room */
        end_process(pid);
        return -1;
    }
    is_promised(segment.id);
    not_by_hand();
    narrate(
        "A process with the number %d makes segment %d, attaches it and detaches it. "
        "It still runs.",
        LARGE_PID, segment.id);
    *id = segment.id;
    return pid;
}

/* --- Segments that vanish meanwhile ----------------------------------------------- */

/* When somebody else removes a segment while the student's function runs: at the
 * nth call of shmctl, or at the nth that names the segment with this command.  That
 * call then fails with `error`; or, where that is 0, with what the kernel says. */
struct moment {
    unsigned nth;
    int command;
    int error;
};

#define EVERY_CALL  (-1) /* also one that names another segment, or none */
#define ANY_COMMAND (-2)

/* A function may look through thousands of places: from here on it runs freely. */
#define MOST_HOLDS 100

/* The command of a call of shmctl, without the mark IPC_64 of direct system calls. */
static int command_of(const struct call_record *call)
{
    return (int)call->arguments[1] & 0xff;
}

/* Whether a call of shmctl speaks of this segment.  SHM_STAT and SHM_STAT_ANY name
 * it by its place, which makes the id's low 15 bits. */
static bool names(const struct call_record *call, int id, int command)
{
    int made = command_of(call);
    if (command == EVERY_CALL)
        return true;
    if (command != ANY_COMMAND && made != command)
        return false;
    if (made == SHM_STAT || made == SHM_STAT_ANY)
        return call->arguments[0] == id % 32768;
    return (made == IPC_STAT || made == IPC_RMID) && call->arguments[0] == id;
}

/* Sees a line through that was begun in terminal A, and removes the segment at that
 * moment.  Returns false when A did not come to that. */
static bool vanishes(struct actor *a, int id, const struct moment *when)
{
    bool vanished = false;
    unsigned matches = 0;

    for (unsigned count = 1; reaches(a); count++) {
        struct call_record call = held_at(a);
        struct segment segment;
        matches += names(&call, id, when->command);
        if (matches == when->nth || count == MOST_HOLDS)
            drop_rules(a);
        if (matches == when->nth && segment_by_id(id, &segment)) {
            given_removal(id);
            vanished = true;
        }
        if (vanished && when->error)
            go_on_failing(a, when->error);
        else
            go_on(a);
    }
    drop_rules(a);
    return vanished;
}

/* --- segment_remove --------------------------------------------------------------- */

CHECK(lab4, remove_destroys_at_once, 5,
      "segment_remove destroys a segment that nobody has attached; from then on its id "
      "is EINVAL, as is every number that is no id.",
      "Which command of shmctl(2) removes? Its third argument plays no part.",
      "shmctl(shmid, IPC_RMID, NULL) returns 0 or -1 with errno, as you need it.")
{
    static const unsigned perms[] = {0600, 0400, 0};
    struct actor *a = student_shell('A');
    key_t key = fresh_key();

    int first = given_segment(fresh_key(), 4096, 0600);
    int other = given_segment(key, 4096, 0600);
    for (size_t i = 0; i < COUNT(perms); i++) {
        int id = i == 0 ? first : given_segment(IPC_PRIVATE, 100000, perms[i]);
        because("To remove a segment one must own it; no permission bit is asked for.");
        expect_ok(ask(a, "remove %d", id));
        expect_no_segment(id);
        because("An id names nothing once its segment is gone.");
        expect_error(ask(a, "remove %d", id), EINVAL);
    }
    because("IPC_RMID takes an id, and a key is none.");
    expect_error(ask(a, "remove 0x%08x", (unsigned)key), EINVAL);
    because("This number never was an id.");
    expect_error(ask(a, "remove %d", NO_ID), EINVAL);
    expect_error(ask(a, "remove -1"), EINVAL);
    because("No other segment is touched.");
    expect_unmarked(other);

    int foreign = given_foreign_segment(a);
    because("The segment is another user's, but the caller made it: its creator may "
            "remove it, too.");
    suggest("Who may remove a segment is for the kernel to decide: IPC_RMID knows the "
            "owner and the creator. Ask nothing before.");
    expect_ok(ask(a, "remove %d", foreign));
    expect_no_segment(foreign);
    suggest(NULL);
    drop_rules(a);

    given_many(MORE);
    int last = given_segment(IPC_PRIVATE, 4096, 0600);
    because("How many segments there are makes no difference.");
    suggest("IPC_RMID takes the id as it is: do you look for it in a table first?");
    expect_ok(ask(a, "remove %d", last));
    expect_no_segment(last);
    suggest(NULL);
}

CHECK(lab4, remove_marks_what_is_attached, 5,
      "An attached segment becomes dest: its key is free, its memory stays usable; "
      "marking twice is fine.",
      "Is it for you to wait until nobody is attached, or to detach anybody?",
      "IPC_RMID succeeds at once, also with attachments: the kernel waits, not you.")
{
    struct actor *a = student_shell('A'), *b = plain_shell('B'), *c = plain_shell('C');
    key_t key = fresh_key();
    int id = given_segment(key, 4096, 0600);

    unsigned long address = attached(b, id);
    expect_answer(ask(b, "poke 0x%lx before", address), "ok 6");
    expect_ok(ask(a, "remove %d", id));
    expect_marked(id, 1);

    because("The memory is there until the last attachment goes.");
    expect_answer(ask(b, "peek 0x%lx 6", address), "ok 6 \"before\"");
    expect_answer(ask(b, "poke 0x%lx after!", address), "ok 6");
    because("Linux lets a marked segment still be attached by its id.");
    unsigned long second = attached(c, id);
    expect_answer(ask(c, "peek 0x%lx 6", second), "ok 6 \"after!\"");

    because("The key of a marked segment is free for a new one.");
    expect_error(ask(c, "shmget 0x%08x 0 0", (unsigned)key), ENOENT);
    int new = given_segment(key, 4096, 0600);
    because("Marking twice is fine while the segment lasts.");
    expect_ok(ask(a, "remove %d", id));
    expect_marked(id, 2);
    because("The new segment with the old key is another one.");
    expect_unmarked(new);
}

/* segment_remove, whose IPC_RMID is refused. */
static struct answer refused_removal(struct actor *a, int id)
{
    bool refused = false;
    hold_before(a, CALL_shmctl, 0);
    begin(a, "remove %d", id);
    while (reaches(a)) {
        struct call_record call = held_at(a);
        bool removal = command_of(&call) == IPC_RMID;
        if (removal)
            go_on_failing(a, EPERM);
        else
            go_on(a);
        refused |= removal;
    }
    drop_rules(a);
    if (!refused)
        cannot_check("segment_remove never called shmctl where the grader can see it.",
                     "Call shmctl(2) by its name.");
    return answer_of(a);
}

CHECK(lab4, remove_hands_errors_on, 2,
      "segment_remove hands the errors of IPC_RMID on: EPERM for a segment of somebody "
      "else, EIDRM for one that is removed during the call.",
      "Return -1 and leave errno alone: it still holds what shmctl(2) wrote there.")
{
    static const struct moment at_removal = {1, IPC_RMID, EIDRM};
    struct actor *a = student_shell('A');
    int first = given_segment(fresh_key(), 4096, 0600);
    int foreign = given_segment(fresh_key(), 4096, 0600);
    int vanishing = given_segment(fresh_key(), 4096, 0600);

    expect_ok(ask(a, "remove %d", first));
    expect_no_segment(first);
    because("EPERM is what the kernel says when the segment is somebody else's.");
    expect_error(refused_removal(a, foreign), EPERM);
    expect_unmarked(foreign);
    because("EIDRM is what it says when somebody removes the segment during the call.");
    hold_before(a, CALL_shmctl, 0);
    begin(a, "remove %d", vanishing);
    if (vanishes(a, vanishing, &at_removal))
        expect_error(answer_of(a), EIDRM);
    else
        expect_ok(answer_of(a));
}

/* The three ways in which an attachment goes. */
static void detach(struct actor *b, uintptr_t address)
{
    expect_ok(ask(b, "shmdt 0x%lx", (unsigned long)address));
}

static void end_by_itself(struct actor *b, uintptr_t address)
{
    (void)address;
    quit(b);
}

static void be_killed(struct actor *b, uintptr_t address)
{
    (void)address;
    kill_and_reap(b);
}

CHECK(lab4, marked_segment_goes_with_its_last_attachment, 5,
      "The last detach, exit or kill of who has it attached destroys a marked segment.",
      "Who else has the segment attached: does your function leave an attachment of "
      "its own behind?",
      "segment_remove needs no attachment: mark the segment, and leave the rest to the "
      "kernel.")
{
    static void (*const ways[])(struct actor *, uintptr_t) = {detach, end_by_itself,
                                                              be_killed};
    struct actor *a = student_shell('A');
    struct actor *others[] = {plain_shell('B'), plain_shell('C'), plain_shell('D')};

    for (size_t i = 0; i < COUNT(ways); i++) {
        int id = given_segment(fresh_key(), 4096, 0600);
        uintptr_t first = attached(others[i], id);
        uintptr_t own = expect_address(ask(a, "shmat %d", id));
        expect_ok(ask(a, "remove %d", id));
        expect_marked(id, 2);
        detach(a, own);
        because("One attachment still keeps the segment.");
        expect_marked(id, 1);
        ways[i](others[i], first);
        because("With the last attachment a marked segment is destroyed.");
        expect_no_segment(id);
        expect_error(ask(a, "remove %d", id), EINVAL);
    }
}

/* --- segment_state ---------------------------------------------------------------- */

CHECK(
    lab4, state_tells_live_from_dest, 6,
    "segment_state says DEST for a segment that is marked and still attached, and LIVE "
    "for every other.",
    "Which bit of shm_perm.mode does the kernel set when it marks a segment?",
    "A key of 0 proves nothing: IPC_PRIVATE has it, too. Test mode & SHM_DEST.")
{
    struct actor *a = student_shell('A'), *b = plain_shell('B');
    int id = given_segment(fresh_key(), 4096, 0600);
    int private = given_segment(IPC_PRIVATE, 4096, 0400);

    expect_state(a, id, "LIVE");
    because("The nine permission bits stand in the same number as the mark.");
    expect_state(a, given_segment(fresh_key(), 4096, 0777), "LIVE");
    expect_state(a, private, "LIVE");
    attached(b, id);
    uintptr_t address = expect_address(ask(b, "shmat %d ro", private));
    because("Attachments alone mark nothing, and neither does the key 0 of a segment "
            "that was made with IPC_PRIVATE.");
    expect_state(a, id, "LIVE");
    expect_state(a, private, "LIVE");
    if (shmctl(id, SHM_LOCK, NULL) == 0) {
        not_by_hand();
        narrate("Segment %d is locked in memory: shmctl(%d, SHM_LOCK).", id, id);
        because("The kernel keeps another mark beside SHM_DEST: SHM_LOCKED.");
        expect_state(a, id, "LIVE");
    }

    given_removal(id);
    because("Marked by IPC_RMID, and kept by an attachment.");
    expect_state(a, id, "DEST");
    expect_state(a, private, "LIVE");
    expect_ok(ask(a, "remove %d", private));
    expect_state(a, private, "DEST");
    expect_address(ask(a, "shmat %d ro", private));
    detach(b, address);
    because("The attachment that keeps the segment may be the caller's own.");
    expect_state(a, private, "DEST");

    int foreign = given_foreign_segment(a);
    because("The segment is another user's, but its creator may ask for it, too.");
    suggest("Who may ask is for the kernel to decide: IPC_STAT says EACCES to who "
            "may not.");
    expect_state(a, foreign, "LIVE");
    suggest(NULL);
    drop_rules(a);

    given_many(MORE);
    because("How many segments there are makes no difference.");
    suggest("IPC_STAT takes the id as it is: do you look for it in a table first?");
    expect_state(a, given_segment(IPC_PRIVATE, 4096, 0600), "LIVE");
    suggest(NULL);
}

/* The segment vanishes while segment_state looks. */
static void expect_gone_or_live(struct actor *a, const struct moment *when)
{
    int id = given_segment(fresh_key(), 4096, 0600);
    hold_before(a, CALL_shmctl, 0);
    begin(a, "state %d", id);
    bool vanished = vanishes(a, id, when);
    struct answer answer = answer_of(a);
    because(
        "Who looks first and asks then may have seen it alive. Else EINVAL and EIDRM "
        "say the same: the id names nothing any more.");
    if (!vanished)
        expect_answer(answer, "ok LIVE");
    else if (strcmp(answer.text, "ok LIVE") != 0)
        expect_answer(answer, "ok GONE");
    because(NULL);
}

CHECK(
    lab4, state_knows_what_is_gone, 6,
    "segment_state says GONE for an id that names nothing: destroyed, just now or long "
    "ago, or never valid.",
    "What does shmctl(2) with IPC_STAT say of such an id?",
    "EINVAL says that the id names nothing. EIDRM says that it named something when "
    "the call began.")
{
    static const struct moment moments[] = {{1, EVERY_CALL, 0},
                                            {2, EVERY_CALL, 0},
                                            {1, ANY_COMMAND, EIDRM}};
    static const int never[] = {-1, NO_ID, INT_MAX, INT_MIN};
    struct actor *a = student_shell('A'), *b = plain_shell('B');
    int descriptors = descriptors_of(a);
    int old = given_segment(fresh_key(), 4096, 0600);

    expect_state(a, old, "LIVE");
    given_removal(old);
    expect_state(a, old, "GONE");
    for (size_t i = 0; i < COUNT(never); i++)
        expect_state(a, never[i], "GONE");

    int marked = given_segment(fresh_key(), 4096, 0600);
    uintptr_t address = attached(b, marked);
    given_removal(marked);
    expect_state(a, marked, "DEST");
    detach(b, address);
    expect_state(a, marked, "GONE");

    turn_the_table();
    int new = given_segment(fresh_key(), 4096, 0600);
    because("The kernel uses a place of its table again, but under another id.");
    expect_state(a, new, "LIVE");
    expect_state(a, old, "GONE");
    expect_state(a, marked, "GONE");

    for (size_t i = 0; i < COUNT(moments); i++)
        expect_gone_or_live(a, &moments[i]);
    expect_none_left_open(a, descriptors);
}

CHECK(lab4, state_unknown_without_permission, 4,
      "segment_state says UNKNOWN with EACCES for a segment that the caller may not "
      "read.",
      "IPC_STAT wants read permission, also from the owner. Which errno does it give?",
      "EACCES means: there is such a segment. GONE would be wrong.")
{
    static const unsigned unreadable[] = {0, 0200, 0077};
    struct actor *a = student_shell('A'), *b = plain_shell('B');
    int descriptors = descriptors_of(a);
    int readable = given_segment(fresh_key(), 4096, 0400);

    expect_state(a, readable, "LIVE");
    for (size_t i = 0; i < COUNT(unreadable); i++) {
        int id = given_segment(fresh_key(), 4096, unreadable[i]);
        because("For the owner only the owner's bits count, and they do not let it "
                "read.");
        expect_error(ask(a, "state %d", id), EACCES);
        given_removal(id);
        because("Once it is gone, there is nothing to be permitted.");
        expect_state(a, id, "GONE");
    }

    int id = given_segment(fresh_key(), 4096, 0600);
    attached(b, id);
    expect_ok(ask(b, "set %d perms 0", id));
    because("The segment is attached, but its permissions were taken away since.");
    expect_error(ask(a, "state %d", id), EACCES);
    given_removal(id);
    because("A caller that may not read the segment may not know that it is marked.");
    expect_error(ask(a, "state %d", id), EACCES);
    expect_none_left_open(a, descriptors);
}

/* --- segment_list ----------------------------------------------------------------- */

/* The answer that is right for this table: the count, and a line for each row that
 * there is room for, as show_info() writes it. */
static char *list_text(const struct segment_table *table, size_t capacity)
{
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    if (!stream)
        abort();
    fprintf(stream, "ok %zu", table->count);
    for (size_t i = 0; i < table->count && i < capacity; i++) {
        const struct segment *row = &table->rows[i];
        fprintf(stream,
                "\nkey=0x%08x id=%d owner=%u perms=%04o size=%zu nattch=%lu "
                "creator=%d last=%d dest=%s",
                (unsigned)row->key, row->id, (unsigned)row->uid,
                (unsigned)row->mode & 0777, row->size, row->nattch, (int)row->creator,
                (int)row->last, row->mode & SHM_DEST ? "yes" : "no");
    }
    fclose(stream);
    return text; /* lives until the check's process ends */
}

static bool same_rows(const struct segment_table *one,
                      const struct segment_table *other)
{
    return strcmp(list_text(one, SIZE_MAX), list_text(other, SIZE_MAX)) == 0;
}

/* The answer is this text; else the first line that differs is told, which is the
 * count or one row. */
static void expect_lines(struct answer answer, const char *expected)
{
    const char *seen = answer.text;
    int line = 0;
    size_t length;

    if (strcmp(seen, expected) == 0)
        return;
    while ((length = strcspn(expected, "\n")) == strcspn(seen, "\n") &&
           strncmp(seen, expected, length) == 0 && expected[length] && seen[length]) {
        expected += length + 1;
        seen += length + 1;
        line++;
    }
    const char *right = says("%.*s", (int)length, expected);
    const char *wrong = says("%.*s", (int)strcspn(seen, "\n"), seen);
    if (strcmp(right, wrong) == 0) /* one of them ends here */
        fail(says("%s answers: ok, and as many rows as it has room for.",
                  actor_title(answer.actor)),
             says("There are too many or too few rows: the last of both is %s", right));
    if (line == 0)
        fail(says("%s answers: %s", actor_title(answer.actor), right),
             says("%s answered: %s", actor_title(answer.actor), wrong));
    fail(says("Row %d, as /proc/sysvipc/shm has it: %s", line, right),
         says("%s answered in row %d: %s", actor_title(answer.actor), line, wrong));
}

__attribute__((noreturn)) static void cannot_compare(void)
{
    cannot_check("Other programs changed the kernel's table meanwhile.",
                 "Try again while nobody else makes, attaches or removes segments.");
}

/* segment_list tells what the kernel tells.  In the machine's own table others may
 * come and go meanwhile: then we look again. */
static void expect_list(struct actor *a, size_t capacity)
{
    for (int tries = 0; tries < 20; tries++) {
        struct segment_table before = read_table();
        struct answer answer = ask(a, "list %zu", capacity);
        struct segment_table after = read_table();
        bool settled = world_is_private() || same_rows(&before, &after);
        if (settled && is_more(answer, after.count))
            suggest_if_none(
                "More rows were counted than there are segments. An empty place of the "
                "table is no row. In /proc/sysvipc/shm the heading is none, nor is the "
                "rest of a line that is longer than your buffer.");
        if (settled)
            expect_lines(answer, list_text(&after, capacity));
        table_free(&before);
        table_free(&after);
        if (settled)
            return;
    }
    cannot_compare();
}

CHECK(lab4, list_shows_every_field, 6,
      "segment_list fills every field of every row as the kernel has it, also of "
      "segments that the caller may not read.",
      "IPC_STAT and SHM_STAT hide what you may not read. /proc/sysvipc/shm and "
      "SHM_STAT_ANY do not.",
      "The mode holds more than permissions: SHM_DEST is one bit of it. Mask it with "
      "0777 for perms.",
      "SHM_STAT_ANY returns the id; the owner is uid, not cuid, and the creator is "
      "cpid.")
{
    struct actor *a = student_shell('A'), *b = plain_shell('B'), *c = plain_shell('C');

    given_segment(fresh_key(), 5000, 0640);
    expect_list(a, 10);
    because("Segments that the caller may not read are rows like any other.");
    given_segment(fresh_key(), 1, 0);
    given_segment(IPC_PRIVATE, 70000, 0077);
    expect_list(a, 10);

    suggest(
        "Each segment is a row, with each field as the kernel tells it, in the type "
        "that segment.h gives it.");
    because("A key may be negative: ftok(3) gives such keys, too.");
    given_segment(fresh_negative_key(), 4096, 0600);
    expect_list(a, 10);
    if (given_large_segment() != -1) {
        because("The segment has 5 GiB: such a size needs more than 32 bits.");
        expect_list(a, 10);
    }
    because("The creator has ended, and its pid is told all the same.");
    orphan('D', 0600);
    expect_list(a, 10);
    int large;
    pid_t pid = large_creator(&large);
    if (pid != -1) {
        because("A pid needs more than 16 bits, and may have seven digits.");
        expect_list(a, 10);
        end_process(pid);
    }
    suggest(NULL);

    because("The kernel tells how many attachments there are, and who came last.");
    int twice = made_by(b, 0600);
    attached(b, twice);
    attached(b, twice);
    int left = given_segment(fresh_key(), 4096, 0777);
    detach(c, attached(c, left));
    quit(c);
    expect_list(a, 10);

    because("A marked segment has key 0 and dest; perms are the nine bits alone.");
    int marked = given_segment(fresh_key(), 4096, 0604);
    attached(b, marked);
    given_removal(marked);
    expect_list(a, 10);
    if (shmctl(left, SHM_LOCK, NULL) == 0) {
        not_by_hand();
        narrate("Segment %d is locked in memory: shmctl(%d, SHM_LOCK).", left, left);
        expect_list(a, 10);
    }
    because("The owner is who owns it now, and not who made it.");
    if (is_given_away(left, STRANGER)) {
        expect_list(a, 10);
        because("Another user's segment is a row like any other, also where the "
                "permissions are for its owner alone.");
        suggest("Each segment is a row, whoever owns it. Do you leave some out?");
        expect_ok(ask(scene(), "set %d perms 0600", left));
        expect_list(a, 10);
        because("The owner is who owns it now, and not who made it.");
        suggest("A user id is a uid_t: it may be larger than 65535.");
        if (is_given_away(left, FAR_STRANGER))
            expect_list(a, 10);
        suggest(NULL);
        return;
    }
    /* Where only one user id is mapped, nothing can be given away.  There is room for all
     * rows, as above: what happens where room is short is another check. */
    struct answer answer;
    if (!ask_pretending(a, FAR_STRANGER, "list 10", &answer))
        return;
    expect(expect_field_number(answer, "owner") == FAR_STRANGER,
           says("Terminal A answers: ok, and a row with owner=%d", FAR_STRANGER),
           says("Terminal A answered: %s", answer.text));
    struct segment_table table = read_table();
    suggest("Each segment is a row, whoever owns it. Do you leave some out?");
    if (world_is_private()) /* and nobody else's segments come and go */
        expect((size_t)expect_number(answer) == table.count,
               says("Terminal A answers: ok %zu, and the rows", table.count),
               says("Terminal A answered: %s", answer.text));
    suggest(NULL);
    table_free(&table);
}

CHECK(
    lab4, list_keeps_the_kernels_order, 5,
    "segment_list keeps the order of the kernel's table, where an id is not an index.",
    "SHM_INFO returns the highest index in use: ask every index from 0 up to it.",
    "Indexes may be empty in between. What shmctl(2) returns for an index is the id "
    "of the segment there.")
{
    struct actor *a = student_shell('A');

    int first = given_segment(fresh_key(), 1, 0600);
    int second = given_segment(fresh_key(), 2, 0600);
    int third = given_segment(fresh_key(), 3, 0600);
    expect_list(a, 10);
    given_removal(first);
    because("An empty place in the table is not the end of it.");
    expect_list(a, 10);
    given_removal(third);
    expect_list(a, 10);
    given_removal(second);

    turn_the_table();
    because("Places of the table are used again, under ids that are much larger.");
    given_segment(fresh_key(), 1, 0600);
    expect_list(a, 10);
    given_segment(fresh_key(), 2, 0);
    expect_list(a, 10);
}

static const char limit_of_its_own[] =
    "Has your code a limit of its own, such as an array, a buffer, or a highest index? "
    "SHM_INFO tells the highest index in use.";

/* Another segment is made at the nth call of shmctl that segment_list makes, at a place
 * to which it has not come yet. */
static void expect_room_is_kept(struct actor *a, unsigned nth)
{
    struct segment_table table = read_table();

    hold_before(a, CALL_shmctl, nth);
    begin(a, "list %zu", table.count);
    if (reaches(a)) {
        given_segment(fresh_key(), 4096, 0600);
        go_on(a);
    }
    drop_rules(a);
    struct answer answer = answer_of(a);
    because(
        "The table may grow while segment_list goes through it; the room does not.");
    suggest("Compare with the capacity at each row: what you have asked before may be "
            "true no more.");
    expect(answer_is_ok(answer) && !strstr(answer.text, "; "),
           says("%s answers ok, and writes no row beyond its room.", actor_title(a)),
           says("%s answered: %s", actor_title(a), answer.text));
    suggest(NULL);
    table_free(&table);
}

CHECK(lab4, list_counts_beyond_its_room, 5,
      "segment_list returns how many segments there are, whatever room it has, and "
      "writes no row beyond that room.",
      "Count each row, but fill it only while there is room.",
      "If you read /proc/sysvipc/shm: one read(2) gives about a page, and that is not "
      "the whole table.")
{
    static const size_t room[] = {100, MANY, MANY - 1, 3, 1, 0};
    static const size_t short_room[] = {3, 0, 0};
    struct actor *a = student_shell('A');
    int ids[MANY];
    int descriptors = descriptors_of(a);

    expect_list(a, 0);
    expect_list(a, 10);
    for (int i = 0; i < MANY; i++)
        ids[i] = given_segment(IPC_PRIVATE, (size_t)i + 1, 0600);
    for (size_t i = 0; i < COUNT(room); i++)
        expect_list(a, room[i]);
    for (int i = 0; i < MANY; i++)
        given_removal(ids[i]);
    expect_list(a, 10);

    turn_the_table();
    for (unsigned nth = 2; nth <= 3; nth++)
        expect_room_is_kept(a, nth);

    given_many(very_many());
    because("There may be thousands of segments.");
    suggest(limit_of_its_own);
    expect_list(a, 400);
    suggest(NULL);
    for (size_t i = 0; i < COUNT(short_room); i++)
        expect_list(a, short_room[i]);
    expect_none_left_open(a, descriptors);
}

/* The table without the row of one segment. */
static struct segment_table table_without(const struct segment_table *table, int id)
{
    struct segment_table rest = {0, calloc(table->count + 1, sizeof *rest.rows)};
    if (!rest.rows)
        abort();
    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].id != id)
            rest.rows[rest.count++] = table->rows[i];
    return rest;
}

/* A segment vanishes while segment_list goes through the table: the answer is what
 * the table was before, or what it is now. */
static void expect_list_of_the_rest(struct actor *a, int id, const struct moment *when)
{
    struct segment_table before = read_table();
    struct segment_table rest = table_without(&before, id);

    hold_before(a, CALL_shmctl, 0);
    begin(a, "list 10");
    bool vanished = vanishes(a, id, when);
    struct answer answer = answer_of(a);
    struct segment_table after = read_table();
    if (!world_is_private() && !same_rows(vanished ? &rest : &before, &after))
        cannot_compare();
    if (!vanished || strcmp(answer.text, list_text(&before, 10)) != 0)
        expect_lines(answer, list_text(&after, 10));
    if (!vanished)
        given_removal(id);
    table_free(&before);
    table_free(&rest);
    table_free(&after);
}

CHECK(lab4, list_skips_what_vanishes, 5,
      "A segment that somebody removes while segment_list runs is skipped: the others "
      "are listed, and no error is reported.",
      "SHM_INFO told the highest index, and the segment there is gone when you ask for "
      "it. What then?",
      "EINVAL and EIDRM for an index mean: nothing there. Count only what you saw.")
{
    static const struct moment moments[] = {
        {1, EVERY_CALL, 0},  {2, EVERY_CALL, 0},  {3, EVERY_CALL, 0},
        {1, ANY_COMMAND, 0}, {2, ANY_COMMAND, 0}, {1, ANY_COMMAND, EIDRM}};
    struct actor *a = student_shell('A');

    given_segment(fresh_key(), 1, 0600);
    expect_list(a, 10);
    because("A segment that vanishes meanwhile is skipped.");
    for (size_t i = 0; i < COUNT(moments); i++) {
        int in_the_middle = given_segment(fresh_key(), 2, 0600);
        int last = given_segment(fresh_key(), 3, 0600);
        expect_list_of_the_rest(a, in_the_middle, &moments[i]);
        expect_list_of_the_rest(a, last, &moments[i]);
    }
}

/* --- segment_sweep ---------------------------------------------------------------- */

static void expect_swept(struct actor *a, int count)
{
    expect_answer(ask(a, "sweep"), says("ok %d", count));
}

CHECK(lab4, sweep_removes_orphans, 6,
      "segment_sweep removes the segments that dead processes left behind, and returns "
      "how many they were.",
      "Three questions to each row: is it mine, is nobody attached, does its creator "
      "run no more?",
      "kill(pid, 0) sends nothing, but tells: -1 with ESRCH when there is no such "
      "process.")
{
    expect_nothing_to_lose();
    struct actor *a = student_shell('A'), *b = plain_shell('B'), *c = plain_shell('C');
    int ids[4];

    because("There is no segment at all.");
    expect_swept(a, 0);
    because("All creators have ended, nobody is attached, all segments are our own.");
    ids[0] = orphan('D', 0600);
    expect_swept(a, 1);
    expect_no_segment(ids[0]);

    ids[0] = orphan('E', 0640);
    ids[1] = made_by(b, 0600);
    ids[2] = made_by(c, 0600);
    ids[3] = made_by(b, 0600);
    detach(c, attached(c, ids[1]));
    quit(b);
    quit(c);
    expect_swept(a, 4);
    for (size_t i = 0; i < COUNT(ids); i++)
        expect_no_segment(ids[i]);
    expect_swept(a, 0);

    const struct {
        key_t key;
        size_t size;
        unsigned perms;
    } others[] = {{fresh_key(), 4096, 0600},
                  {fresh_negative_key(), 4096, 0600},
                  {fresh_key(), 8 << 20, 0600},
                  {fresh_key(), 4096, 0777}};
    because("Its key, its size and its permissions make no difference to an orphan.");
    suggest(
        "Look for no more than the three rules of an orphan in remove.h: do you ask "
        "a fourth question?");
    for (size_t i = 0; i < COUNT(others); i++) {
        struct actor *creator = plain_shell('F');
        struct answer made =
            ask(creator, "shmget 0x%08x %zu create|excl|%04o", (unsigned)others[i].key,
                others[i].size, others[i].perms);
        must_be_made(made);
        int id = expect_promised_segment(made);
        quit(creator);
        expect_swept(a, 1);
        expect_no_segment(id);
    }
    suggest(NULL);
}

CHECK(
    lab4, sweep_sees_the_whole_table, 4,
    "segment_sweep finds every orphan of a long table, also one that not even its "
    "owner may read.",
    "Removing is the owner's right and asks for no permission bit. Reading does: does "
    "your source show every row?",
    "SHM_STAT_ANY and /proc/sysvipc/shm show every row. Let segment_list do that part "
    "of the work.")
{
    expect_nothing_to_lose();
    struct actor *a = student_shell('A'), *b = plain_shell('B');
    int descriptors = descriptors_of(a);

    because("Removing asks for no permission bit.");
    int unreadable = orphan('C', 0);
    int write_only = orphan('D', 0200);
    expect_swept(a, 2);
    expect_no_segment(unreadable);
    expect_no_segment(write_only);

    int kept = turn_the_table();
    int count = very_many();
    must_be_made(ask(b, "shmget private 4096 create|0600 %d", count));
    are_promised(b);
    quit(b);
    because(
        "There are many orphans, and one segment whose creator runs; some of the ids "
        "are larger than any index.");
    struct answer answer = ask(a, "sweep");
    if (is_more(answer, (size_t)count))
        suggest("More was removed than the orphans. A segment whose creator runs is "
                "none; and errno tells of kill(2) only where kill has failed.");
    else
        suggest(limit_of_its_own);
    expect_answer(answer, says("ok %d", count));
    suggest(NULL);
    expect_segment_count(1);
    expect_unmarked(kept);
    expect_none_left_open(a, descriptors);
}

CHECK(
    lab4, sweep_keeps_what_is_in_use, 5,
    "segment_sweep keeps and does not count what is attached, marked or not, and what "
    "a running process made.",
    "A segment with attachments is in use, even if its creator is dead.",
    "An orphan needs all of it: owner, nattch 0, and a creator that no longer runs.")
{
    expect_nothing_to_lose();
    struct actor *a = student_shell('A'), *b = plain_shell('B'), *c = plain_shell('C');

    int first = orphan('I', 0600);
    int running = made_by(b, 0600);
    int used = orphan('D', 0600), own = orphan('E', 0600), marked = orphan('F', 0600);
    uintptr_t address = attached(c, used);
    uintptr_t own_address = attached(a, own);
    attached(c, marked);
    given_removal(marked);
    int gone = orphan('H', 0600);
    expect_swept(a, 2);
    expect_no_segment(first);
    expect_no_segment(gone);
    because("The segment is attached, or its creator runs: it is no orphan.");
    expect_unmarked(running);
    expect_unmarked(used);
    expect_unmarked(own);
    expect_marked(marked, 1);
    because("To ask for a process must not disturb it: signal 0 is never delivered.");
    expect_number(ask(b, "pid"));

    because("Now the reason to keep it is gone.");
    detach(c, address);
    expect_swept(a, 1);
    expect_no_segment(used);
    detach(a, own_address);
    quit(b);
    expect_swept(a, 2);
    expect_marked(marked, 1);
    expect_segment_count(1);

    int large;
    pid_t pid = large_creator(&large);
    if (pid == -1)
        return;
    because(
        "The creator runs. A pid needs more than 16 bits, and may have seven digits.");
    suggest("Do you keep and compare a pid as pid_t, whole?");
    expect_swept(a, 0);
    expect_unmarked(large);
    end_process(pid);
    narrate("Process %d ends.", LARGE_PID);
    because("Now no process has this number.");
    expect_swept(a, 1);
    expect_no_segment(large);
    suggest(NULL);
}

/* Kills an actor and leaves its exit status where it is. */
static void make_zombie(struct actor *actor)
{
    siginfo_t info;
    kill_actor(actor, SIGKILL);
    waitid(P_PID, (id_t)actor_child(actor), &info, WEXITED | WNOWAIT);
    narrate("%s is a zombie now: its parent has not asked for its exit status.",
            actor_title(actor));
}

/* The creator of an orphan is dead, but its number is in use again. */
static void reuse_pid(struct actor *a)
{
    struct actor *creator = plain_shell('E');
    int id = made_by(creator, 0600);
    quit(creator);

    pid_t pid = take_pid(actor_pid(creator), IPC_PRIVATE);
    if (pid != -1) {
        not_by_hand();
        narrate("A new process gets the number that %s had: %d.", actor_title(creator),
                (int)actor_pid(creator));
        because("Whether this is the creator or another process under its number, the "
                "caller cannot tell for sure: it counts as running.");
        expect_swept(a, 0);
        expect_unmarked(id);
        end_process(pid);
        narrate("Process %d ends.", (int)actor_pid(creator));
        because("Now no process has this number.");
    }
    expect_swept(a, 1);
    expect_no_segment(id);
}

CHECK(lab4, sweep_counts_zombies_as_running, 5,
      "A stopped creator, a zombie, and a pid that another process has now count as "
      "running: segment_sweep keeps the segment.",
      "Only one errno of kill(2) says that there is no such process.",
      "EPERM says: there is such a process, and you may not signal it. It runs.")
{
    expect_nothing_to_lose();
    struct actor *a = student_shell('A'), *b = plain_shell('B'), *c = plain_shell('C');
    int stopped = made_by(b, 0600), zombie = made_by(c, 0600);

    orphan('D', 0600);
    because("One orphan, and two segments of processes that run.");
    expect_swept(a, 1);
    fail_call(a, CALL_kill, 0, EPERM);
    because("EPERM is what kill(2) says of another user's process.");
    expect_swept(a, 0);
    drop_rules(a);
    /* Who was killed meanwhile cannot answer; without the question it would depend on the
     * moment what is seen of such a process. */
    because("The creators run: nobody asked to end them.");
    ask(b, "pid");
    ask(c, "pid");

    because("A stopped process and a zombie still have their pids: they count as "
            "running.");
    stop(b);
    make_zombie(c);
    expect_swept(a, 0);
    expect_unmarked(stopped);
    expect_unmarked(zombie);

    narrate("The zombie is reaped.");
    kill_and_reap(c);
    because("Nothing is left of its creator now.");
    expect_swept(a, 1);
    expect_no_segment(zombie);
    expect_unmarked(stopped);

    reuse_pid(a);
}

CHECK(
    lab4, sweep_keeps_a_creator_it_cannot_see, 3,
    "A creator that is shown as 0 lives in another PID namespace: segment_sweep keeps "
    "the segment.",
    "Process 0 is no process that you can ask for: what does kill(0, 0) do?",
    "Keep every row whose creator is 0.")
{
    expect_nothing_to_lose();
    struct actor *a = student_shell('A'), *b = plain_shell('B');

    int gone = orphan('C', 0600);
    expect_swept(a, 1);
    expect_no_segment(gone);

    int id = made_by(b, 0600);
    /* Processes that are started from here on live in the new namespace. */
    if (!walls_new_pid_namespace())
        cannot_check("The grader cannot make a PID namespace here.",
                     "Type `make doctor`: it says how to get namespaces.");
    not_by_hand();
    narrate("Terminal D is in a PID namespace of its own, as if opened by `unshare "
            "--pid --fork`. It shows the creator of segment %d as 0.",
            id);
    struct actor *d = student_shell('D');
    because("The caller cannot tell whether the creator runs.");
    expect_swept(d, 0);
    expect_unmarked(id);
    quit(b);
    expect_swept(d, 0);
    expect_unmarked(id);
}

/* How often the student's code saw a row of the table in its last line. */
static unsigned rows_seen(const struct actor *a)
{
    const struct call_record *call;
    unsigned count = 0;
    for (size_t i = 0; (call = call_made(a, CALL_shmctl, i)); i++)
        count += (command_of(call) == SHM_STAT || command_of(call) == SHM_STAT_ANY) &&
                 call->error == 0;
    return count;
}

static bool asked_who_it_is(const struct actor *a)
{
    return rule_fired(a, CALL_geteuid) + rule_fired(a, CALL_getuid) > 0;
}

static void expect_kept(struct answer answer, int id)
{
    because("The segment belongs to another user: who owns it counts, not who made it "
            "nor who may remove it.");
    expect_answer(answer, "ok 0");
    expect_unmarked(id);
}

/* We are said to be somebody else: then the segments that are ours are another's.  Only
 * for who asks in a way that the grader can see. */
static bool kept_by_a_stranger(struct actor *a)
{
    int id = orphan('F', 0600);
    narrate("The grader lets geteuid and getuid answer %d in terminal A: no segment is "
            "its own any more.",
            ANOTHER);
    pretend_uid(a, ANOTHER);
    struct answer answer = ask(a, "sweep");
    bool asked = asked_who_it_is(a);
    drop_rules(a);
    if (asked)
        expect_kept(answer, id);
    return asked;
}

/* Where only one user id is mapped, no segment can be given away.  Then the table is
 * made to show a stranger, or the caller is made to be one: whichever of the two the
 * student's code looks at. */
static void expect_kept_where_only_we_are(struct actor *a, int id)
{
    narrate(
        "The grader lets shmctl show %d as the owner of each segment in terminal A.",
        STRANGER);
    pretend_owner(a, STRANGER);
    struct answer answer = ask(a, "sweep");
    bool shown = rows_seen(a) > 0;
    drop_rules(a);
    if (shown) {
        expect_kept(answer, id);
        return;
    }

    if (!kept_by_a_stranger(a))
        cannot_check(
            "segment_sweep asked neither for its user id nor for the table in a "
            "way that the grader can see, so no other user could be shown.",
            "Compare the owner of each row with geteuid(2), called by its "
            "name.");
}

/* We and the owners of all segments are said to be one other user: then they are ours.
 * Only for who looks at the table in a way that the grader can see. */
static void expect_swept_as_another(struct actor *a)
{
    orphan('H', 0600);
    narrate(
        "The grader lets geteuid and getuid answer %d in terminal A, and lets shmctl "
        "show %d as the owner of each segment.",
        ANOTHER, ANOTHER);
    pretend_uid(a, ANOTHER);
    pretend_owner(a, ANOTHER);
    struct answer answer = ask(a, "sweep");
    bool shown = rows_seen(a) > 0;
    drop_rules(a);
    because("The owner is compared with who the caller is, and not with a fixed user.");
    if (shown)
        expect_answer(answer, "ok 1");
    else
        ask(a, "sweep");
    expect_segment_count(0);
}

CHECK(lab4, sweep_keeps_what_others_own, 5,
      "segment_sweep removes only segments whose owner is the caller's effective user "
      "id.",
      "Each row has an owner. With whom do you compare it?",
      "geteuid(2), not getuid(2): IPC_RMID, too, looks at the effective user id.")
{
    expect_nothing_to_lose();
    struct actor *a = student_shell('A');

    orphan('B', 0600);
    expect_swept(a, 1);

    narrate(
        "The grader lets getuid answer %d in terminal A, as in a set-user-ID program "
        "that another user started.",
        STRANGER);
    pretend_real_uid(a, STRANGER);
    int id = orphan('C', 0600);
    because("The effective user id counts, and it is still the owner's.");
    expect_swept(a, 1);
    expect_no_segment(id);
    drop_rules(a);
    expect_swept_as_another(a);

    struct actor *creator = plain_shell('D');
    id = made_by(creator, 0666);
    bool given = answer_is_ok(ask(creator, "set %d owner %d", id, STRANGER));
    quit(creator);
    if (given) {
        expect_kept(ask(a, "sweep"), id);
        kept_by_a_stranger(a);
    } else {
        expect_kept_where_only_we_are(a, id);
    }
}

/* Three orphans; one of them is removed by somebody else while segment_sweep runs. */
static bool sweep_race(struct actor *a, size_t which, const struct moment *when)
{
    struct actor *creator = plain_shell('B');
    int ids[3];
    for (size_t i = 0; i < 3; i++)
        ids[i] = made_by(creator, 0600);
    quit(creator);

    hold_before(a, CALL_shmctl, 0);
    begin(a, "sweep");
    bool vanished = vanishes(a, ids[which], when);
    struct answer answer = answer_of(a);
    because("What somebody else removes first is skipped and not counted; the rest is "
            "swept, and there is no error.");
    expect_answer(answer, vanished ? "ok 2" : "ok 3");
    for (size_t i = 0; i < 3; i++)
        expect_no_segment(ids[i]);
    return vanished;
}

CHECK(lab4, sweep_skips_what_others_remove, 5,
      "An orphan that somebody else removes first is skipped and not counted; "
      "segment_sweep removes the rest.",
      "Between your look at a row and your IPC_RMID somebody else can act. Which errno "
      "tells you so?",
      "EINVAL and EIDRM from IPC_RMID: go on with the next row, and do not count.")
{
    static const struct moment moments[] = {
        {1, EVERY_CALL, 0}, {1, ANY_COMMAND, 0},     {2, ANY_COMMAND, 0},
        {1, IPC_RMID, 0},   {1, ANY_COMMAND, EIDRM}, {1, IPC_RMID, EIDRM},
    };
    expect_nothing_to_lose();
    struct actor *a = student_shell('A');
    int descriptors = descriptors_of(a);
    unsigned raced = 0;

    orphan('C', 0600);
    expect_swept(a, 1);
    for (size_t i = 0; i < COUNT(moments); i++)
        for (size_t which = 0; which < 3; which++)
            raced += sweep_race(a, which, &moments[i]);
    if (raced == 0)
        cannot_check("segment_sweep never called shmctl where the grader can hold it.",
                     "Call shmctl(2) by its name.");
    expect_none_left_open(a, descriptors);
}

/* --- segment_scratch -------------------------------------------------------------- */

/* The key under which a process's memory shows an attached segment: the key that it
 * was made with, also when it is marked since.  -1 where there is none. */
static key_t mapped_key(pid_t pid, int id)
{
    char line[512];
    key_t found = -1;
    FILE *file = fopen(says("/proc/%d/maps", (int)pid), "re");

    while (file && fgets(line, sizeof line, file)) {
        unsigned long inode;
        unsigned key;
        if (sscanf(line, "%*s %*s %*s %*s %lu /SYSV%8x", &inode, &key) == 2 &&
            inode == (unsigned long)id)
            found = (key_t)key;
    }
    if (file)
        fclose(file);
    return found;
}

/* For "ok ADDRESS id=ID": the id. */
static int scratch_id(struct answer answer)
{
    return (int)expect_field_number(answer, "id");
}

static const char whole_size[] =
    "Hand the size to shmget(2) as it came, and leave it to shmget to refuse it. A size_t "
    "has 64 bits; an int cuts it.";

/* A size of more than 32 bits.  The call of shmget is not made, since a right program may
 * write to all of the memory; where it cannot be seen, the kernel may give the memory. */
static void expect_whole_size(struct actor *a)
{
    const long long size = 0x140000000;
    int large = given_large_segment();
    if (large == -1) /* perhaps more than the system allows */
        return;
    given_removal(large);
    fail_call(a, CALL_shmget, 0, ENOMEM);
    struct answer answer = ask(a, "scratch 0x%llx", size);
    drop_rules(a);
    because("The system allows 5 GiB.");
    suggest(whole_size);
    expect(strncmp(answer.text, "error EINVAL", strlen("error EINVAL")) != 0,
           says("%s does not answer EINVAL.", actor_title(a)),
           says("%s answered: %s", actor_title(a), answer.text));
    const struct call_record *call = call_made(a, CALL_shmget, 0);
    if (call)
        expect(call->arguments[1] == size,
               says("shmget(2) is asked for %lld bytes.", size),
               says("It was asked for %lld.", (long long)call->arguments[1]));
    suggest(NULL);
}

CHECK(
    lab4, scratch_gives_marked_memory, 5,
    "segment_scratch gives memory of the size asked for: private, 0600, attached once, "
    "and marked already.",
    "Three calls. In which order? What would the kernel do with a marked segment that "
    "nobody has attached yet?",
    "shmget with IPC_PRIVATE and 0600, shmat, then IPC_RMID. *shmid is what shmget(2) "
    "returned.")
{
    struct actor *a = student_shell('A'), *b = plain_shell('B');

    struct answer answer = ask(a, "scratch 5000");
    unsigned long address = expect_address(answer);
    int id = scratch_id(answer);
    because("Attached first, marked then: the attachment keeps the segment.");
    expect_marked(id, 1);
    struct segment segment = expect_segment(id);
    expect(segment.size == 5000 && (segment.mode & 0777) == 0600,
           says("Segment %d has 5000 bytes and permissions 0600.", id),
           says("/proc/sysvipc/shm shows %zu bytes and permissions %04o.", segment.size,
                (unsigned)segment.mode & 0777));

    because(
        "A segment of IPC_PRIVATE has the key 0 from the start: nobody finds it by a "
        "key, not even for a moment.");
    key_t key = mapped_key(actor_pid(a), id);
    expect(key == IPC_PRIVATE, says("/proc/%d/maps shows /SYSV00000000.", actor_pid(a)),
           says("It shows /SYSV%08x.", (unsigned)key));
    because("The address is that of the segment with this id: all of it can be used.");
    expect_answer(ask(a, "peek 0x%lx 5000", address), "ok 5000 \"\\x00\"*5000");
    expect_answer(ask(a, "poke 0x%lx first", address), "ok 5");
    expect_answer(ask(a, "poke 0x%lx last", address + 4996), "ok 4");
    unsigned long there = attached(b, id);
    expect_answer(ask(b, "peek 0x%lx 5", there), "ok 5 \"first\"");
    expect_answer(ask(b, "peek 0x%lx 4", there + 4996), "ok 4 \"last\"");

    because("Each call gives memory of its own.");
    struct answer second = ask(a, "scratch 1");
    int other = scratch_id(second);
    expect(other != id && expect_address(second) != address,
           "The second call gives another segment, at another address.",
           says("It gave segment %d at 0x%lx.", other,
                (unsigned long)expect_address(second)));
    expect_marked(other, 1);
    expect_marked(id, 2);

    because("A child of fork inherits the attachment.");
    suggest("fork(2) hands attachments on by itself: is the memory marked as not to be "
            "inherited?");
    long child = expect_number(ask(a, "fork"));
    expect_marked(other, 2);
    expect_ok(ask(a, "end %ld", child));
    expect_marked(other, 1);
    suggest(NULL);

    expect_whole_size(a);
}

/* A call fails on the way: the errno is that call's, and nothing is left. */
static void expect_clean_failure(struct actor *a, enum call call, int error)
{
    fail_call(a, call, 1, error);
    struct answer answer = ask(a, "scratch 4096");
    if (rule_fired(a, call) == 0)
        cannot_check(
            says("segment_scratch never called %s where the grader can see it.",
                 call_name(call)),
            says("Call %s(2) by its name.", call_name(call)));
    because("The errno is that of the call that failed; *shmid is untouched, and no "
            "segment stays.");
    expect_error(answer, error);
    expect_segment_count(0);
    drop_rules(a);
}

/* Somebody removes the segment before it is attached: removing it again, to clean up,
 * fails with another errno. */
static void expect_the_first_errno(struct actor *a)
{
    hold_before(a, CALL_shmat, 1);
    begin(a, "scratch 4096");
    if (reaches(a)) {
        given_removal((int)held_at(a).arguments[0]);
        go_on_failing(a, EIDRM);
    }
    because("EIDRM is what shmat(2) says when the segment is removed during the call. "
            "What the clean-up meets is no news for the caller.");
    expect_error(answer_of(a), EIDRM);
    expect_segment_count(0);
    drop_rules(a);
}

CHECK(
    lab4, scratch_leaves_nothing, 5,
    "segment_scratch leaves nothing behind: neither when it fails nor when its process "
    "is killed.",
    "If shmat(2) fails, the segment is there already. Who removes it?",
    "Save errno, remove the segment, restore errno, return NULL.")
{
    struct actor *a = student_shell('A'), *b = student_shell('B'),
                 *c = student_shell('C');

    struct answer answer = ask(a, "scratch 4096");
    int id = scratch_id(answer);
    expect_marked(id, 1);
    because("With its last attachment the segment is destroyed.");
    detach(a, expect_address(answer));
    expect_no_segment(id);
    const int descriptors = process_descriptors(actor_pid(a));
    id = scratch_id(ask(b, "scratch 4096"));
    expect_marked(id, 1);
    kill_and_reap(b);
    expect_no_segment(id);
    id = scratch_id(ask(c, "scratch 4096"));
    expect_marked(id, 1);
    quit(c);
    expect_no_segment(id);

    because("The size is 0, or more than the system allows.");
    expect_error(ask(a, "scratch 0"), EINVAL);
    suggest(whole_size);
    expect_error(ask(a, "scratch 0x%zx", SIZE_MAX), EINVAL);
    suggest(NULL);
    expect_segment_count(0);
    expect_clean_failure(a, CALL_shmat, ENOMEM);
    expect_clean_failure(a, CALL_shmat, EMFILE);
    expect_clean_failure(a, CALL_shmget, ENOSPC);
    expect_clean_failure(a, CALL_shmget, ENOMEM);
    expect_the_first_errno(a);
    because("Nothing fails any more.");
    detach(a, expect_address(ask(a, "scratch 4096")));
    expect_none_left_open(a, descriptors);
}

/* --- Errors ----------------------------------------------------------------------- */

/* Sets how many descriptors an actor may have, and returns how many it was. */
static rlim_t limit_descriptors(struct actor *a, rlim_t count)
{
    struct rlimit limits = {0, 0};
    prlimit(actor_child(a), RLIMIT_NOFILE, NULL, &limits);
    rlim_t before = limits.rlim_cur;
    limits.rlim_cur = count;
    prlimit(actor_child(a), RLIMIT_NOFILE, &limits, NULL);
    return before;
}

/* The table cannot be had, by whatever way. */
static void expect_handed_on(struct actor *a, const char *line)
{
    rlim_t allowed = limit_descriptors(a, 0);
    narrate("%s may open no more files: ulimit -n 0.", actor_title(a));
    fail_call(a, CALL_shmctl, 0, EPERM);
    struct answer answer = ask(a, "%s", line);
    if (answer_is_ok(answer) && rule_fired(a, CALL_shmctl) == 0 &&
        calls_begun(a, CALL_fopen) + calls_begun(a, CALL_open) +
                calls_begun(a, CALL_openat) ==
            0)
        cannot_check(
            "The function reads the table in a way that the grader cannot see.",
            "Call shmctl(2) by its name, or read /proc/sysvipc/shm.");
    drop_rules(a);
    limit_descriptors(a, allowed);
    because("The kernel's table cannot be read: that is -1, with the errno of the call "
            "that failed.");
    if (strncmp(answer.text, "error EMFILE", strlen("error EMFILE")) == 0)
        expect_error(answer, EMFILE);
    else
        expect_error(answer, EPERM);
}

/* No row of the table can be had.  Who looks elsewhere may have them all the same; and
 * who takes each failure for an empty place finds nothing. */
static void expect_no_made_up_row(struct actor *a, const char *line, const char *right)
{
    hold_before(a, CALL_shmctl, 0);
    begin(a, "%s", line);
    while (reaches(a)) {
        struct call_record call = held_at(a);
        if (command_of(&call) == SHM_STAT || command_of(&call) == SHM_STAT_ANY)
            go_on_failing(a, EPERM);
        else
            go_on(a);
    }
    drop_rules(a);
    struct answer answer = answer_of(a);
    because("The rows of the kernel's table cannot be read: that is -1, with the errno "
            "of the call that failed. What a failed call left in memory is no row.");
    if (strcmp(answer.text, right) != 0 && strcmp(answer.text, "ok 0") != 0)
        expect_error(answer, EPERM);
}

/* The file of the table can be opened, and not read.  Who looks elsewhere then may have all
 * rows. */
static void expect_no_end_at_a_failure(struct actor *a, const char *line,
                                       const char *right)
{
    fail_call(a, CALL_read, 0, EIO);
    struct answer answer = ask(a, "%s", line);
    drop_rules(a);
    because(
        "A read(2) that fails is not the end of the table: that is -1, with the errno "
        "of the call that failed.");
    if (strcmp(answer.text, right) != 0)
        expect_error(answer, EIO);
}

CHECK(
    lab4, an_unreadable_table_is_an_error, 3,
    "When the kernel's table cannot be read, segment_list and segment_sweep are -1 with "
    "the errno of the call that failed.",
    "Return -1 and leave errno alone: it still holds what the failing call wrote "
    "there.",
    "Look at the result of every call, also at that of SHM_INFO, or of fopen(3).")
{
    bool sweeps = may_sweep();
    struct actor *a = student_shell('A');

    given_segment(fresh_key(), 4096, 0600);
    expect_list(a, 10);
    expect_handed_on(a, "list 10");
    if (sweeps) { /* and nobody else's segments come and go */
        struct segment_table table = read_table();
        expect_no_made_up_row(a, "list 10", list_text(&table, 10));
        expect_no_end_at_a_failure(a, "list 10", list_text(&table, 10));
        table_free(&table);
    }
    expect_list(a, 10);
    if (sweeps) {
        orphan('B', 0600);
        orphan('C', 0600);
        expect_handed_on(a, "sweep");
        expect_no_made_up_row(a, "sweep", "ok 2");
        because(NULL);
        ask(a, "sweep");
        expect_segment_count(1);
    }
}
