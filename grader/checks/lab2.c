/* lab2.c - the checks of lab 2: IPC_CREAT versus IPC_EXCL. */
#include "check.h"
#include "world.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

/* More calls of shmget than any strategy needs for one answer. */
#define MOST_CALLS 12

/* What the kernel shows of a segment, against what was asked for. */
static void expect_looks(int id, key_t key, size_t size, unsigned perms)
{
    struct segment segment = expect_segment(id);
    expect(segment.key == key && segment.size == size && (segment.mode & 0777) == perms,
           says("Segment %d has key 0x%08x, %zu bytes and permissions %04o.", id,
                (unsigned)key, size, perms),
           says("/proc/sysvipc/shm shows key 0x%08x, %zu bytes and permissions %04o.",
                (unsigned)segment.key, segment.size, (unsigned)segment.mode & 0777));
    expect_no_attachment_more(id, 0); /* no function of this lab leaves an attachment */
}

static bool was_created(struct answer answer)
{
    return strcmp(expect_field(answer, "created"), "true") == 0;
}

static void expect_created(struct answer answer, bool created)
{
    const char *seen = expect_field(answer, "created");
    expect(strcmp(seen, created ? "true" : "false") == 0,
           created ? "*created is true: this call made the segment."
                   : "*created is false: the segment was there before this call.",
           says("%s answered: %s", actor_title(answer.actor), answer.text));
}

/* A terminal with a umask that takes away whatever is not the owner's. */
static struct actor *careful_shell(void)
{
    struct actor *a = student_shell('A');
    expect_ok(ask(a, "umask 077"));
    return a;
}

static const char errno_tells[] =
    "An earlier call has failed, and errno still tells why.";

/* Keys at which a program may stumble; returns how many there are.  All but the first are
 * the same in each run: in a shared world they may be somebody else's. */
#define ODD_KEYS 4
static size_t choose_odd_keys(key_t keys[ODD_KEYS])
{
    keys[0] = fresh_negative_key();
    keys[1] = -1; /* what ftok(3) answers when it fails */
    keys[2] = INT32_MIN;
    keys[3] = INT32_MAX;
    return world_is_private() ? ODD_KEYS : 1;
}

/* A segment whose creator, a terminal of this name, has ended. */
static int given_orphan(char name, key_t key, unsigned perms)
{
    struct actor *creator = plain_shell(name);
    struct answer made =
        ask(creator, "shmget 0x%08x 4096 create|excl|%04o", (unsigned)key, perms);
    must_be_made(made);
    int id = expect_promised_segment(made);
    quit(creator);
    return id;
}

/* --- segment_create --------------------------------------------------------------- */

CHECK(lab2, create_makes_a_segment, 6,
      "segment_create makes a segment of the given key, size and permissions, filled "
      "with zeros.",
      "One call of shmget(2) does it: key, size, and a third argument that is made of "
      "flags and permission bits.",
      "Put the flags and the permissions together with |, as in IPC_CREAT | IPC_EXCL | "
      "perms.")
{
    struct actor *a = student_shell('A');
    key_t key = fresh_key();

    int id = expect_promised_segment(ask(a, "create 0x%08x 4096 0600", (unsigned)key));
    expect_looks(id, key, 4096, 0600);

    uintptr_t address = expect_address(ask(scene(), "shmat %d", id));
    because("The kernel fills a new segment with zeros.");
    expect_answer(ask(scene(), "peek 0x%lx 4096", (unsigned long)address),
                  "ok 4096 \"\\x00\"*4096");

    because(
        "Every number but IPC_PRIVATE is a key: key_t has a sign, and -1 is a key.");
    key_t odd[ODD_KEYS];
    size_t odd_count = choose_odd_keys(odd);
    for (size_t i = 0; i < odd_count; i++) {
        id = expect_promised_segment(
            ask(a, "create 0x%08x 4096 0600", (unsigned)odd[i]));
        expect_looks(id, odd[i], 4096, 0600);
    }

    because(errno_tells);
    left_in_errno(a, "EEXIST");
    expect_promised_segment(ask(a, "create 0x%08x 4096 0600", (unsigned)fresh_key()));
}

/* Lets the key be taken at the last moment: when A is about to create. */
static void expect_late_refusal(struct actor *a, key_t key)
{
    bool taken = false;

    hold_before(a, CALL_shmget, 0);
    begin(a, "create 0x%08x 4096 0600", (unsigned)key);
    while (reaches(a)) {
        if (!taken && held_at(a).arguments[2] & IPC_CREAT) {
            given_segment(key, 4096, 0600);
            taken = true;
        }
        go_on(a);
    }
    struct answer answer = answer_of(a);
    drop_rules(a);
    if (taken)
        expect_error(answer, EEXIST);
    else /* nothing could come before the call */
        expect_promised_segment(answer);
}

CHECK(
    lab2, create_refuses_a_taken_key, 7,
    "segment_create fails with EEXIST when the key is taken, whoever took it and with "
    "whatever permissions.",
    "IPC_CREAT alone finds a segment that exists. Which flag makes that an error?",
    "With IPC_CREAT | IPC_EXCL, shmget(2) creates or fails; errno is then EEXIST.")
{
    struct actor *a = student_shell('A');
    key_t key = fresh_key(), closed_key = fresh_key();

    int id = expect_promised_segment(ask(a, "create 0x%08x 4096 0600", (unsigned)key));
    expect_error(ask(a, "create 0x%08x 4096 0600", (unsigned)key), EEXIST);
    expect_looks(id, key, 4096, 0600);

    because("A segment without any permission takes its key all the same.");
    int closed = given_segment(closed_key, 100, 0);
    expect_error(ask(a, "create 0x%08x 100 0600", (unsigned)closed_key), EEXIST);
    expect_looks(closed, closed_key, 100, 0);

    because("A smaller segment takes its key, too.");
    suggest("Size and permissions matter to a call that finds a segment. Which call "
            "creates one or fails, and never finds?");
    expect_error(ask(a, "create 0x%08x 8192 0600", (unsigned)key), EEXIST);
    expect_looks(id, key, 4096, 0600);
    suggest(NULL);
    expect_segment_count(2);

    because(
        "The creator has ended, and nobody is attached: the segment still takes its "
        "key. Others may need what is in it.");
    key_t orphan_key = fresh_key();
    int left = given_orphan('O', orphan_key, 0600);
    expect_error(ask(a, "create 0x%08x 4096 0600", (unsigned)orphan_key), EEXIST);
    expect_looks(left, orphan_key, 4096, 0600);

    because("The key may be taken after any look: IPC_EXCL sees that, too.");
    expect_late_refusal(a, fresh_key());
}

CHECK(lab2, create_gives_exact_permissions, 5,
      "The new segment has exactly the permissions that were asked for: none is added, "
      "and the umask takes none away.",
      "Nothing but `perms` belongs into the permission bits. With 0, not even the "
      "creator may attach the segment.")
{
    static const unsigned some[] = {0600, 0666, 0640, 0400, 0, 0111};
    struct actor *a = careful_shell();

    for (size_t i = 0; i < COUNT(some); i++) {
        key_t key = fresh_key();
        int id = expect_promised_segment(
            ask(a, "create 0x%08x 4096 %04o", (unsigned)key, some[i]));
        expect_looks(id, key, 4096, some[i]);
        if (some[i] == 0) {
            because("A segment with permissions 0 cannot be attached by its creator.");
            expect_error(ask(a, "shmat %d", id), EACCES);
            because("No bit from 0 to 0777 is cut off, also no execute bit.");
        }
    }

    /* Who needs shmctl for it may fail, but must leave nothing behind. */
    because(NULL);
    fail_call(a, CALL_shmctl, 1, ENOMEM);
    struct answer answer = ask(a, "create 0x%08x 4096 0600", (unsigned)fresh_key());
    if (answer_is_ok(answer))
        expect_promised_segment(answer);
}

CHECK(lab2, create_refuses_foreign_bits, 6,
      "segment_create refuses permission bits beyond 0777 with EINVAL, and creates "
      "nothing.",
      "In shmget(2) the third argument carries flags and permissions together. What "
      "happens when `perms` holds 02000?",
      "02000 is IPC_EXCL and 01000 is IPC_CREAT. Test perms & ~0777 before you call "
      "shmget(2), and set errno yourself.")
{
    static const unsigned bad[] = {01000,   02600,   04600,    010600,
                                   0100644, 0200600, 01000600, 020000000600};
    struct actor *a = student_shell('A');

    expect_promised_segment(ask(a, "create 0x%08x 4096 0777", (unsigned)fresh_key()));
    for (size_t i = 0; i < COUNT(bad); i++)
        expect_error(ask(a, "create 0x%08x 4096 0%o", (unsigned)fresh_key(), bad[i]),
                     EINVAL);
    expect_segment_count(1);
}

static const char impossible_size[] =
    "shmget(2) itself refuses a size that is not possible, with EINVAL. Hand the size on as "
    "it is, and errno too: did another call change it?";

/* 64 MiB: more than some books say, and no memory as long as nobody touches it. */
#define LARGE (64 << 20)

/* Whether the kernel makes a segment of this size; it is removed again. */
static bool is_allowed(size_t size)
{
    struct answer made = ask(scene(), "shmget private %zu create|0600", size);
    if (!answer_is_ok(made))
        return false;
    given_removal(expect_promised_segment(made));
    return true;
}

CHECK(
    lab2, create_keeps_the_exact_size, 5,
    "The kernel keeps the size that was asked for, to the byte; a new segment of size 0 "
    "is EINVAL.",
    "Hand the size to shmget(2) as it is. The kernel rounds to pages by itself, and "
    "does not show it.")
{
    static const size_t sizes[] = {1, 4095, 4097, 100000};
    struct actor *a = student_shell('A');

    for (size_t i = 0; i < COUNT(sizes); i++) {
        key_t key = fresh_key();
        int id = expect_promised_segment(
            ask(a, "create 0x%08x %zu 0600", (unsigned)key, sizes[i]));
        expect_looks(id, key, sizes[i], 0600);
    }
    suggest(impossible_size);
    expect_error(ask(a, "create 0x%08x 0 0600", (unsigned)fresh_key()), EINVAL);
    expect_error(ask(a, "create 0x%08x 0x%zx 0600", (unsigned)fresh_key(), SIZE_MAX),
                 EINVAL);
    suggest(NULL);

    if (!world_is_private() || !is_allowed(LARGE))
        return;
    because("The system allows this size: it has just made such a segment.");
    key_t key = fresh_key();
    struct answer answer = ask(a, "create 0x%08x %d 0600", (unsigned)key, LARGE);
    if (strncmp(answer.text, "error ENOMEM:", 13) == 0) /* others took it meanwhile */
        return;
    int id = expect_promised_segment(answer);
    expect_looks(id, key, LARGE, 0600);
    given_removal(id);
}

CHECK(lab2, create_outlives_its_creator, 4,
      "A segment stays when the process that created it has ended.",
      "Nothing is to be done for that: a segment belongs to the kernel, not to the "
      "process. Does your function remove it again?")
{
    struct actor *a = student_shell('A');
    key_t key = fresh_key();

    int id = expect_promised_segment(ask(a, "create 0x%08x 4096 0600", (unsigned)key));
    quit(a);
    expect_looks(id, key, 4096, 0600);
    expect_answer(ask(scene(), "shmget 0x%08x 0 0", (unsigned)key), says("ok %d", id));
}

/* --- segment_find ----------------------------------------------------------------- */

CHECK(lab2, find_finds_any_segment, 6,
      "segment_find returns the id of the segment, whatever its size and permissions; "
      "0 is an id, too.",
      "Which size and which flags ask shmget(2) for nothing in particular?",
      "shmget(key, 0, 0): size 0 fits every segment, and flags without permission bits "
      "ask for no permission.")
{
    static const struct {
        size_t size;
        unsigned perms;
    } some[] = {{1, 0600}, {4096, 0400}, {70000, 0}, {4096, 0060}};
    struct actor *a = student_shell('A');
    key_t key = 0, odd[ODD_KEYS];
    size_t odd_count = choose_odd_keys(odd);
    int first = -1, id = -1;

    for (size_t i = 0; i < COUNT(some); i++) {
        because(
            "Every number but IPC_PRIVATE is a key, and size and permissions do not "
            "matter.");
        key = i < odd_count ? odd[i] : fresh_key();
        id = given_segment(key, some[i].size, some[i].perms);
        if (i == 0)
            first = id;
        expect_answer(ask(a, "find 0x%08x", (unsigned)key), says("ok %d", id));
        expect_looks(id, key, some[i].size, some[i].perms);
        if (i == COUNT(some) - 1) {
            because(errno_tells);
            left_in_errno(a, "ENOENT");
            expect_answer(ask(a, "find 0x%08x", (unsigned)key), says("ok %d", id));
        }
    }
    suggest(NULL);

    because(
        "The kernel's table may have a hole: a segment before this one was removed.");
    given_removal(first);
    expect_answer(ask(a, "find 0x%08x", (unsigned)key), says("ok %d", id));

    because("The creator has ended, and nobody is attached: the segment is there.");
    key = fresh_key();
    id = given_orphan('O', key, 0600);
    expect_answer(ask(a, "find 0x%08x", (unsigned)key), says("ok %d", id));

    because("The kernel's table may be long.");
    must_be_made(ask(scene(), "shmget private 1 create|0600 30"));
    are_promised(scene());
    key = fresh_key();
    id = given_segment(key, 1, 0600);
    expect_answer(ask(a, "find 0x%08x", (unsigned)key), says("ok %d", id));

    because("It does not matter whose segment it is.");
    id = given_foreign_segment(a);
    key = expect_segment(id).key;
    expect_answer(ask(a, "find 0x%08x", (unsigned)key), says("ok %d", id));
}

CHECK(lab2, find_never_creates, 6,
      "segment_find fails with ENOENT when no segment has the key, and creates none.",
      "IPC_CREAT has no place in this function.")
{
    struct actor *a = student_shell('A');
    key_t key = fresh_key();

    expect_error(ask(a, "find 0x%08x", (unsigned)key), ENOENT);
    expect_segment_count(0);

    because("Every number but IPC_PRIVATE is a key, and no segment has this one.");
    static const key_t odd[] = {1, -1};
    struct segment segment;
    for (size_t i = 0; i < COUNT(odd); i++)
        if (!segment_by_key(odd[i], &segment)) /* there are others in a shared world */
            expect_error(ask(a, "find 0x%08x", (unsigned)odd[i]), ENOENT);

    because(NULL);
    int id = given_segment(key, 4096, 0600);
    expect_answer(ask(a, "find 0x%08x", (unsigned)key), says("ok %d", id));
    uintptr_t address = expect_address(ask(scene(), "shmat %d", id));
    given_removal(id);
    because("A key names nothing once its segment is removed, also while somebody is "
            "still attached.");
    expect_error(ask(a, "find 0x%08x", (unsigned)key), ENOENT);
    expect_ok(ask(scene(), "shmdt 0x%lx", (unsigned long)address));
    expect_error(ask(a, "find 0x%08x", (unsigned)key), ENOENT);
    expect_segment_count(0);
}

CHECK(lab2, find_refuses_ipc_private, 5,
      "segment_find refuses IPC_PRIVATE with EINVAL: no segment can be found by it.",
      "With a size above 0, shmget(2) creates a segment for IPC_PRIVATE at every call, "
      "also without IPC_CREAT.",
      "Compare the key with IPC_PRIVATE first, and set errno to EINVAL yourself.")
{
    struct actor *a = student_shell('A');
    key_t key = fresh_key();
    int id = given_segment(key, 4096, 0600);

    expect_answer(ask(a, "find 0x%08x", (unsigned)key), says("ok %d", id));
    given_segment(IPC_PRIVATE, 4096, 0600);
    expect_error(ask(a, "find private"), EINVAL);
    expect_segment_count(2);
}

/* --- segment_obtain --------------------------------------------------------------- */

CHECK(
    lab2, obtain_creates_and_says_so, 5,
    "segment_obtain creates the segment where there is none, and says so in *created.",
    "How can one call of shmget(2) tell you for certain that this very call created "
    "the segment?",
    "IPC_CREAT alone never tells. IPC_CREAT | IPC_EXCL succeeds only when it created.")
{
    static const char as_they_are[] =
        "Size and permissions go to shmget(2) as they are, also permissions 0: no bit is "
        "added, and the umask takes none away.";
    static const unsigned some[] = {0666, 0400, 0, 0777, 0111};
    struct actor *a = careful_shell();
    key_t key = fresh_key(), odd[ODD_KEYS];
    size_t odd_count = choose_odd_keys(odd);
    int descriptors = 0;

    for (int turn = 0; turn < 2; turn++) {
        if (turn == 1)
            because(
                "The first segment is removed: now none has this key, though somebody "
                "is still attached to it.");
        struct answer answer = ask(a, "obtain 0x%08x 5000 0640", (unsigned)key);
        int id = expect_promised_segment(answer);
        expect_created(answer, true);
        suggest(as_they_are);
        expect_looks(id, key, 5000, 0640);
        suggest(NULL);

        expect_address(ask(scene(), "shmat %d", id));
        given_removal(id);

        if (turn == 0)
            descriptors = process_descriptors(actor_pid(a));
        because("No call leaves a file descriptor behind.");
        expect_descriptors(a, descriptors);
    }

    because("The new segment has exactly the permissions that were asked for, and each "
            "number but IPC_PRIVATE is a key.");
    for (size_t i = 0; i < COUNT(some); i++) {
        key = i < odd_count ? odd[i] : fresh_key();
        struct answer answer =
            ask(a, "obtain 0x%08x 4096 %04o", (unsigned)key, some[i]);
        suggest(as_they_are);
        int id = expect_promised_segment(answer);
        suggest(NULL);
        expect_created(answer, true);
        suggest(as_they_are);
        expect_looks(id, key, 4096, some[i]);
        suggest(NULL);
    }

    because(errno_tells);
    left_in_errno(a, "EEXIST");
    struct answer answer = ask(a, "obtain 0x%08x 4096 0600", (unsigned)fresh_key());
    expect_promised_segment(answer);
    expect_created(answer, true);
}

static void expect_found(struct answer answer, int id)
{
    expect(expect_id(answer) == id, says("Terminal A answers: ok %d", id),
           says("Terminal A answered: %s", answer.text));
    expect_created(answer, false);
}

CHECK(lab2, obtain_finds_and_says_so, 6,
      "segment_obtain finds a segment that exists, as large or larger, and says so in "
      "*created; also when the same process made it.",
      "The creator's pid proves nothing: this process may have created the segment "
      "earlier.",
      "When IPC_CREAT | IPC_EXCL fails with EEXIST, the segment is there: now find it.")
{
    struct actor *a = student_shell('A');
    key_t key = fresh_key(), other_key = fresh_key();

    int id = given_segment(key, 5000, 0600);
    static const char *const sizes[] = {"5000", "4097", "1", "0"};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct answer answer = ask(a, "obtain 0x%08x %s 0600", (unsigned)key, sizes[i]);
        expect_found(answer, id);
    }
    expect_looks(id, key, 5000, 0600);
    because(errno_tells);
    left_in_errno(a, "ENOENT");
    expect_created(ask(a, "obtain 0x%08x 5000 0600", (unsigned)key), false);
    suggest(NULL);

    because("A negative number is a key like any other.");
    key_t negative = fresh_negative_key();
    given_segment(negative, 4096, 0600);
    expect_created(ask(a, "obtain 0x%08x 4096 0600", (unsigned)negative), false);

    because("The same process asks a second time: now the segment exists already.");
    struct answer first = ask(a, "obtain 0x%08x 4096 0600", (unsigned)other_key);
    expect_promised_segment(first);
    expect_created(first, true);
    int descriptors = process_descriptors(actor_pid(a));
    expect_created(ask(a, "obtain 0x%08x 4096 0600", (unsigned)other_key), false);
    expect_segment_count(3);
    because("No call leaves a file descriptor behind.");
    expect_descriptors(a, descriptors);

    because(
        "The creator has ended, and nobody is attached: the segment is found, and it "
        "stays as it is.");
    key = fresh_key();
    id = given_orphan('O', key, 0640);
    unsigned long address = (unsigned long)expect_address(ask(scene(), "shmat %d", id));
    ask(scene(), "poke 0x%lx kept", address);
    expect_ok(ask(scene(), "shmdt 0x%lx", address));
    expect_found(ask(a, "obtain 0x%08x 4096 0600", (unsigned)key), id);
    expect_looks(id, key, 4096, 0640);
    address = (unsigned long)expect_address(ask(scene(), "shmat %d", id));
    expect_answer(ask(scene(), "peek 0x%lx 4", address), "ok 4 \"kept\"");

    because("It does not matter whose segment it is.");
    id = given_foreign_segment(a);
    key = expect_segment(id).key;
    expect_found(ask(a, "obtain 0x%08x 4096 0600", (unsigned)key), id);
}

CHECK(lab2, obtain_refuses_a_smaller_segment, 5,
      "segment_obtain fails with EINVAL when the segment that exists is smaller than "
      "asked, and leaves *created untouched.",
      "shmget(2) tells you when the size is too much for the segment: hand the size on "
      "also when you only look for it.",
      "Write to *created only once you know that you succeed.")
{
    struct actor *a = student_shell('A');
    key_t key = fresh_key();
    int id = given_segment(key, 5000, 0600);

    because("The segment has 5000 bytes; that it takes whole pages does not count.");
    expect_error(ask(a, "obtain 0x%08x 5001 0600", (unsigned)key), EINVAL);
    expect_error(ask(a, "obtain 0x%08x 8192 0600", (unsigned)key), EINVAL);
    expect_error(ask(a, "obtain 0x%08x 100000 0600", (unsigned)key), EINVAL);
    because("Only the upper half of this size is large.");
    suggest("Which type holds the size on its whole way to shmget(2)?");
    size_t large = ((size_t)1 << (sizeof large * 4)) + 1;
    expect_error(ask(a, "obtain 0x%08x 0x%zx 0600", (unsigned)key, large), EINVAL);
    because("size_t has no sign: this is the largest size of all.");
    expect_error(ask(a, "obtain 0x%08x 0x%zx 0600", (unsigned)key, SIZE_MAX), EINVAL);
    suggest(NULL);
    expect_looks(id, key, 5000, 0600);
    expect_segment_count(1);
}

CHECK(
    lab2, obtain_refuses_what_cannot_be_created, 5,
    "Where segment_obtain would have to create, it refuses permission bits beyond 0777 "
    "and size 0 with EINVAL; *created is untouched, nothing is created.",
    "The same test of perms as in segment_create, on the path that creates.")
{
    static const unsigned bad[] = {01600, 02600, 010600, 0200600, 020000000600};
    struct actor *a = student_shell('A');
    struct answer answer = ask(a, "obtain 0x%08x 1 0777", (unsigned)fresh_key());
    expect_promised_segment(answer);
    expect_created(answer, true);

    for (size_t i = 0; i < COUNT(bad); i++)
        expect_error(ask(a, "obtain 0x%08x 4096 0%o", (unsigned)fresh_key(), bad[i]),
                     EINVAL);
    suggest(impossible_size);
    expect_error(ask(a, "obtain 0x%08x 0 0600", (unsigned)fresh_key()), EINVAL);
    because("No system allows a segment that fills the whole address space.");
    expect_error(ask(a, "obtain 0x%08x 0x%zx 0600", (unsigned)fresh_key(), SIZE_MAX),
                 EINVAL);
    suggest(NULL);
    expect_segment_count(1);
}

/* What one racer made as it should is no leak when the other one is wrong. */
static void promise_made(struct answer answer)
{
    if (answer_is_ok(answer) && answer.text[2])
        is_promised((int)strtol(answer.text + 3, NULL, 10));
}

/* Both racers have answered: one created, both have the one segment. */
static void expect_one_creator(struct answer first, struct answer second, key_t key)
{
    promise_made(first);
    promise_made(second);
    int first_id = expect_promised_segment(first);
    int second_id = expect_promised_segment(second);
    bool first_created = was_created(first), second_created = was_created(second);

    because("Of all that race for one key, exactly one is told created=true.");
    expect(first_created != second_created,
           "Exactly one of the terminals A and B is told created=true.",
           first_created ? "Both are told created=true."
                         : "Neither is told created=true.");
    expect(first_id == second_id, "Both have the same id.",
           says("Terminal A has id %d, terminal B has id %d.", first_id, second_id));
    expect_looks(first_id, key, 4096, 0600);
}

/* Holds A at its nth call of shmget while B runs through.  Returns false when A
 * makes fewer calls than that. */
static bool race(struct actor *a, struct actor *b, unsigned nth, bool after)
{
    key_t key = fresh_key();

    if (after)
        hold_after(a, CALL_shmget, nth);
    else
        hold_before(a, CALL_shmget, nth);
    begin(a, "obtain 0x%08x 4096 0600", (unsigned)key);
    bool held = reaches(a);
    if (held) {
        begin(b, "obtain 0x%08x 4096 0600", (unsigned)key);
        /* B may wait for a lock that A holds: then A goes on first. */
        finish_or_block(b);
        struct answer first, second;
        if (has_answered(b)) {
            second = answer_of(b);
            go_on(a);
            first = answer_of(a);
        } else {
            go_on(a);
            first = answer_of(a);
            second = answer_of(b);
        }
        expect_one_creator(first, second, key);
    } else {
        struct answer answer = answer_of(a);
        expect_promised_segment(answer);
        expect_created(answer, true);
    }
    drop_rules(a);
    return held;
}

CHECK(lab2, obtain_has_one_winner, 8,
      "Of two processes that race for one key, exactly one is told that it created the "
      "segment, however their steps fall.",
      "Between a look (is it there?) and a deed (create it) the other process can act.",
      "Let the kernel decide: the process whose IPC_CREAT | IPC_EXCL succeeds is the "
      "creator, and nobody else is.")
{
    struct actor *a = student_shell('A'), *b = student_shell('B');
    unsigned held = 0;

    for (int after = 0; after <= 1; after++)
        for (unsigned nth = 1; nth <= MOST_CALLS && race(a, b, nth, after); nth++)
            held++;
    if (held == 0)
        cannot_check("segment_obtain never called shmget where the grader can hold it.",
                     "Call shmget(2) by its name.");
}

/* What becomes of the key while segment_obtain works, who asks for these bytes. */
#define ASKED 5000
struct changes {
    int there; /* bytes of the segment that is there at the start; 0: none is */
    int comes; /* bytes of each one that appears */
    unsigned first_turn; /* the first call before which one appears or vanishes */
    unsigned turns;      /* and how often that happens */
};

/* Puts the world in the state that the held call does not expect: what it wants to
 * create is there, what it wants to find is gone.  Of IPC_CREAT alone nobody knows what
 * it expects: the world turns round.  Returns whether anything changed. */
static bool turn_the_world(struct call_record call, key_t key, int bytes, int *gone)
{
    bool asks = call.call == CALL_shmget;
    bool creates = asks && (call.arguments[2] & IPC_CREAT);
    bool exclusive = asks && (call.arguments[2] & IPC_EXCL);
    struct segment segment;
    bool there = segment_by_key(key, &segment);

    if (creates && !there) {
        given_segment(key, (size_t)bytes, 0640);
    } else if (there && !(creates && exclusive)) {
        given_removal(segment.id);
        *gone = segment.id;
    } else {
        return false;
    }
    return true;
}

/* The answer after all that; `gone` is the segment that vanished last, or -1. */
static void expect_decided(struct answer answer, const struct changes *changes,
                           int gone)
{
    because(
        "A segment that appears or vanishes between two steps is not an error: look "
        "again.");
    bool met_smaller =
        (changes->there > 0 && changes->there < ASKED) || changes->comes < ASKED;
    if (met_smaller && strncmp(answer.text, "error EINVAL:", 13) == 0) {
        expect_error(answer, EINVAL);
        return;
    }
    int got = expect_id(answer);
    if (got == gone) { /* it may have vanished after the last step */
        expect_field(answer, "created");
        return;
    }
    expect_promised_segment(answer);
    struct segment segment = expect_segment(got);
    bool made = segment.creator == actor_pid(answer.actor);
    expect_created(answer, made);
    because("A segment that is found must be large enough, also after many rounds.");
    expect(made || segment.size >= ASKED,
           says("Segment %d has at least %d bytes, as asked.", got, ASKED),
           says("/proc/sysvipc/shm shows %zu bytes.", segment.size));
}

/* Who was held so often and gives nothing to do is not held any more: it may loop. */
#define MOST_HELD 5000

/* Lets the segment vanish or appear, each time before one of these calls.  Returns how
 * often the actor was held. */
static unsigned turn_round(struct actor *a, key_t key, const struct changes *changes,
                           const enum call *calls, size_t count)
{
    unsigned held = 0, turned = 0;
    int gone = -1;

    for (size_t i = 0; i < count; i++)
        hold_before(a, calls[i], 0);
    begin(a, "obtain 0x%08x %d 0640", (unsigned)key, ASKED);
    while (turned < changes->turns && held < MOST_HELD && reaches(a)) {
        if (++held >= changes->first_turn)
            turned += turn_the_world(held_at(a), key, changes->comes, &gone);
        if (turned == changes->turns || held == MOST_HELD)
            drop_rules(a);
        go_on(a);
    }
    expect_decided(answer_of(a), changes, gone);
    drop_rules(a);
    return held;
}

static void expect_patience(struct actor *a, struct changes changes)
{
    /* Who looks for the key in the kernel's table may need shmget only to create.  Then
     * the answer can be right without a held call, and such a look is a step, too. */
    static const enum call steps[] = {CALL_shmget, CALL_shmctl, CALL_fopen, CALL_open,
                                      CALL_openat};
    key_t key = fresh_key();

    if (changes.there > 0)
        given_segment(key, (size_t)changes.there, 0640);
    if (turn_round(a, key, &changes, steps, 2) == 0 &&
        turn_round(a, key, &changes, steps, COUNT(steps)) == 0)
        cannot_check("segment_obtain never called shmget where the grader can hold it.",
                     "Call shmget(2) by its name.");
}

CHECK(
    lab2, obtain_survives_a_vanishing_segment, 5,
    "A segment that vanishes, or appears, between two steps of segment_obtain is not an "
    "error.",
    "After EEXIST you look for the segment, and it may be gone by then: ENOENT. What "
    "then?",
    "Start again from the first step: a loop around both calls.")
{
    static const struct changes some[] = {
        {ASKED, ASKED, 1, 2}, {ASKED, ASKED, 1, 1},
        {ASKED, ASKED, 2, 1}, {ASKED, ASKED, 3, 1},
        {ASKED, ASKED, 4, 2}, {0, ASKED, 2, 1}, /* what this call created vanishes */
        {ASKED, 4096, 1, 2},  {4096, ASKED, 3, 1},
    };
    struct actor *a = student_shell('A');

    for (size_t i = 0; i < COUNT(some); i++)
        expect_patience(a, some[i]);
}

CHECK(
    lab2, obtain_never_gives_up, 4,
    "segment_obtain goes on looking, also when the segment vanishes 20 times in a row.",
    "A loop that counts its attempts gives up too early. End it when the question is "
    "decided, or on another error.")
{
    expect_patience(student_shell('A'), (struct changes){ASKED, ASKED, 1, 41});
}

CHECK(lab2, passes_errors_on, 3,
      "An error of shmget that the contract does not name is handed on with its errno.",
      "Return -1 and leave errno alone: it still holds what shmget(2) wrote there.",
      "In segment_obtain, only EEXIST and ENOENT are reasons to try again.")
{
    static const int errors[] = {ENOSPC, ENOMEM, ENFILE, EPERM};
    struct actor *a = student_shell('A');

    expect_promised_segment(ask(a, "create 0x%08x 4096 0600", (unsigned)fresh_key()));
    for (size_t i = 0; i < COUNT(errors); i++) {
        fail_call(a, CALL_shmget, 0, errors[i]);
        struct answer created =
            ask(a, "create 0x%08x 4096 0600", (unsigned)fresh_key());
        struct answer obtained =
            ask(a, "obtain 0x%08x 4096 0600", (unsigned)fresh_key());
        if (answer_is_ok(created) && answer_is_ok(obtained) &&
            rule_fired(a, CALL_shmget) == 0) {
            are_promised(a);
            cannot_check(
                "The functions never called shmget where the grader can see it.",
                "Call shmget(2) by its name.");
        }
        expect_error(created, errors[i]);
        expect_error(obtained, errors[i]);
    }
    expect_segment_count(1);
}

/* --- segment_footprint ------------------------------------------------------------ */

/* What the kernel itself accounts for all segments of this namespace, in bytes. */
static size_t accounted(void)
{
    struct shm_info info;
    if (shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&info) == -1)
        cannot_check("The grader cannot ask the kernel for SHM_INFO.",
                     "Type `make doctor` to see what is missing.");
    return info.shm_tot * (size_t)sysconf(_SC_PAGESIZE);
}

CHECK(
    lab2, footprint_is_whole_pages, 5,
    "segment_footprint tells the bytes that the kernel sets aside: whole pages.",
    "4097 bytes need two pages. Ask sysconf(_SC_PAGESIZE) how large one is.",
    "(size + page - 1) / page * page rounds up. Look what it gives for 0 and for 4096.")
{
    /* The last one is another one in each run: no table of answers will do. */
    const size_t sizes[] = {
        1, 4095, 4096, 4097, 8192, 100000, 1 + ((size_t)fresh_key() & 0xfffff)};
    struct actor *a = student_shell('A');
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    expect_answer(ask(a, "footprint 0"), "ok 0");
    for (size_t i = 0; i < COUNT(sizes); i++) {
        size_t before = accounted();
        int id = given_segment(fresh_key(), sizes[i], 0600);
        size_t set_aside = accounted() - before;
        given_removal(id);
        /* Only in a shared world, where others create and remove meanwhile. */
        if (set_aside < sizes[i] || set_aside - sizes[i] >= page)
            cannot_check("Other programs changed the kernel's account meanwhile.",
                         "Try again while nobody else creates or removes segments.");
        struct answer answer = ask(a, "footprint %zu", sizes[i]);
        expect(
            (size_t)expect_number(answer) == set_aside,
            says("Terminal A answers: ok %zu (the kernel's own account, SHM_INFO, grew "
                 "by that much).",
                 set_aside),
            says("Terminal A answered: %s", answer.text));
    }
}

CHECK(lab2, footprint_overflow, 4,
      "segment_footprint answers 0 with EOVERFLOW when rounding up does not fit.",
      "size + page - 1 can wrap around: then the sum is smaller than size.",
      "Compare before you add: is size greater than SIZE_MAX - (page - 1)?")
{
    struct actor *a = student_shell('A');
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t largest = SIZE_MAX - (page - 1);

    because("The largest size that still fits is a whole number of pages.");
    expect_answer(ask(a, "footprint 0x%zx", largest), says("ok %zu", largest));
    expect_answer(ask(a, "footprint 0x%zx", largest - 1), says("ok %zu", largest));
    because("Whole numbers count to the byte; a double does not beyond 2 to the 53rd.");
    size_t large = SIZE_MAX / 16 + 1; /* a power of 2 */
    expect_answer(ask(a, "footprint 0x%zx", large + 1), says("ok %zu", large + page));
    large = ((size_t)fresh_key() << (sizeof large * 8 - 33)) + 1;
    expect_answer(ask(a, "footprint 0x%zx", large),
                  says("ok %zu", (large / page + 1) * page));
    because("The next page boundary lies beyond SIZE_MAX.");
    size_t beyond = largest + 1 + ((size_t)fresh_key() & (page / 2));
    expect_error(ask(a, "footprint 0x%zx", largest + 1), EOVERFLOW);
    expect_error(ask(a, "footprint 0x%zx", beyond), EOVERFLOW);
    expect_error(ask(a, "footprint 0x%zx", SIZE_MAX), EOVERFLOW);
}
