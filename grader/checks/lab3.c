/* lab3.c - the checks of lab 3: attach, detach and nattch.
 *
 * What stands in a segment is seen through terminal G's own attachment; who is
 * attached, and how often, in the kernel's table and in /proc/PID/maps.
 */
#include "check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

/* More calls of one kind than segment_write or segment_read needs. */
#define MOST_CALLS 6

/* More attachments of one process than a table of fixed size would hold. */
#define MANY_ATTACHMENTS 70

/* --- The scene -------------------------------------------------------------------- */

/* Terminal G writes into a segment; `text` as it is typed. */
static void given_bytes(int id, size_t offset, const char *text)
{
    unsigned long address = expect_address(ask(scene(), "shmat %d", id));
    expect_number(ask(scene(), "poke 0x%lx %s", address + offset, text));
    expect_ok(ask(scene(), "shmdt 0x%lx", address));
}

/* Terminal G reads there: also behind the end, to the end of the page. */
static void expect_bytes(int id, size_t offset, size_t count, const char *shown)
{
    unsigned long address = expect_address(ask(scene(), "shmat %d ro", id));
    expect_answer(ask(scene(), "peek 0x%lx %zu", address + offset, count),
                  says("ok %zu %s", count, shown));
    expect_ok(ask(scene(), "shmdt 0x%lx", address));
}

static void given_perms(int id, unsigned perms)
{
    expect_ok(ask(scene(), "set %d perms %04o", id, perms));
}

static int given_removed_id(void)
{
    int id = given_segment(fresh_key(), 4096, 0600);
    given_removal(id);
    return id;
}

static void expect_attachments(struct actor *a, int id, int count)
{
    int seen = process_attachments(actor_pid(a), id, NULL);
    expect(seen == count,
           says("Number of attachments of segment %d in %s: %d.", id, actor_title(a),
                count),
           says("/proc/%d/maps shows %d.", (int)actor_pid(a), seen));
}

/* The address of A's first attachment, as the kernel shows it. */
static unsigned long first_attachment(struct actor *a, int id)
{
    uintptr_t address = 0;
    process_attachments(actor_pid(a), id, &address);
    return address;
}

/* The kernel's index of a segment is in the lower bits of its id: 15, or 24 with
 * ipcmni_extend.  SHM_STAT looks at nothing else. */
#define ABOVE_THE_INDEX (1 << 24)

/* Ids that name no segment: none at all, a key, what was an id once, and one that has only
 * the lower bits of an id. */
static void expect_ids_refused(struct actor *a, const char *command, const char *more)
{
    key_t key = fresh_key();
    int id = given_segment(key, 4096, 0600);
    because("No segment has this id.");
    expect_error(ask(a, "%s -1%s", command, more), EINVAL);
    because("This is a key, and no id.");
    expect_error(ask(a, "%s 0x%08x%s", command, (unsigned)key, more), EINVAL);
    because("This segment was removed.");
    expect_error(ask(a, "%s %d%s", command, given_removed_id(), more), EINVAL);
    because("No segment has this id: one bit of it differs from an id.");
    expect_error(ask(a, "%s %d%s", command, id ^ ABOVE_THE_INDEX, more), EINVAL);
}

/* Types a line, and lets the nth IPC_STAT on the way fail with EIDRM.  Returns whether
 * it came to that.  answer_of() must follow. */
__attribute__((format(printf, 3, 4))) static bool
refuse_stat(struct actor *a, unsigned nth, const char *format, ...)
{
    char line[128];
    unsigned asked = 0;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);

    hold_before(a, CALL_shmctl, 0);
    begin(a, "%s", line);
    while (reaches(a)) {
        asked += (held_at(a).arguments[1] & 0xff) == IPC_STAT;
        if (asked == nth) {
            drop_rules(a);
            go_on_failing(a, EIDRM);
        } else {
            go_on(a);
        }
    }
    drop_rules(a);
    return asked >= nth;
}

/* --- segment_attach --------------------------------------------------------------- */

CHECK(lab3, attach_gives_memory, 6,
      "segment_attach returns the address of the segment's bytes; another process that "
      "attached sees what is written there.",
      "shmat(2) returns the address. Which address do you ask for if the kernel may "
      "choose?",
      "shmat(shmid, NULL, 0) attaches for reading and writing; return what it returns.")
{
    struct actor *a = student_shell('A'), *b = student_shell('B');
    int id = given_segment(fresh_key(), 4096, 0600);

    unsigned long in_a = expect_address(ask(a, "attach %d", id));
    expect_nattch(id, 1);
    expect_attachments(a, id, 1);
    unsigned long mapped = first_attachment(a, id);
    expect(in_a == mapped, says("The address is 0x%lx.", mapped),
           says("Terminal A answered 0x%lx.", in_a));

    unsigned long in_b = expect_address(ask(b, "attach %d", id));
    expect_nattch(id, 2);
    ask(a, "poke 0x%lx \"hello from A\"", in_a);
    because("Both terminals look at the same memory.");
    expect_answer(ask(b, "peek 0x%lx 12", in_b), "ok 12 \"hello from A\"");
    ask(b, "poke 0x%lx \"B was here\"", in_b + 4086);
    expect_answer(ask(a, "peek 0x%lx 10", in_a + 4086), "ok 10 \"B was here\"");
}

CHECK(
    lab3, attach_twice_counts_twice, 5,
    "nattch counts attachments, and not processes: attaching twice in one process "
    "gives two addresses and nattch 2.",
    "Each call makes an attachment of its own. Does your function remember an earlier "
    "one, or ask for a fixed address?",
    "Let the kernel choose: NULL as the second argument of shmat(2), at each call.")
{
    struct actor *a = student_shell('A');
    int id = given_segment(fresh_key(), 4096, 0600);

    unsigned long first = expect_address(ask(a, "attach %d", id));
    unsigned long second = expect_address(ask(a, "attach %d", id));
    unsigned long third = expect_address(ask(a, "attach %d ro", id));
    expect(first != second && second != third && third != first,
           "The three addresses differ.",
           says("They are 0x%lx, 0x%lx and 0x%lx.", first, second, third));
    expect_nattch(id, 3);
    expect_attachments(a, id, 3);

    ask(a, "poke 0x%lx hello", first);
    because("All attachments show the same segment.");
    expect_answer(ask(a, "peek 0x%lx 5", second), "ok 5 \"hello\"");
    expect_answer(ask(a, "peek 0x%lx 5", third), "ok 5 \"hello\"");

    because("The kernel lets a process attach a segment thousands of times.");
    suggest(
        "The kernel keeps the list of all attachments. Does your code keep one, too, "
        "with room for a few?");
    for (int i = 3; i < MANY_ATTACHMENTS; i++)
        expect_address(ask(a, "attach %d", id));
    expect_nattch(id, MANY_ATTACHMENTS);

    /* Where a limit refuses two such attachments, the rest is left out. */
    int large = given_large_segment();
    if (large != -1 && answer_is_ok(ask(scene(), "shmat %d", large)) &&
        answer_is_ok(ask(scene(), "shmat %d", large))) {
        because("The segment has 5 GiB, and there is room for it twice.");
        suggest(
            "The kernel knows where there is room. Does your code choose the address?");
        expect_address(ask(a, "attach %d", large));
        expect_address(ask(a, "attach %d", large));
        expect_nattch(large, 4);
    }
    suggest(NULL);
}

CHECK(lab3, attach_read_only_cannot_write, 5,
      "Through a read-only attachment the bytes can be read, and a write ends the "
      "process with SIGSEGV.",
      "Which flag makes an attachment read-only?",
      "SHM_RDONLY as the third argument of shmat(2), but only if read_only is true.")
{
    struct actor *a = student_shell('A');
    int id = given_segment(fresh_key(), 4096, 0600);
    given_bytes(id, 0, "hello");

    unsigned long address = expect_address(ask(a, "attach %d ro", id));
    expect_answer(ask(a, "peek 0x%lx 5", address), "ok 5 \"hello\"");
    expect_nattch(id, 1);
    because("The hardware refuses to write to a page that is attached read-only.");
    ask_to_die(a, SIGSEGV, "poke 0x%lx no", address);
    expect_nattch(id, 0);
    expect_bytes(id, 0, 5, "\"hello\"");
}

CHECK(
    lab3, attach_needs_what_it_asks_for, 6,
    "Attaching read-only needs the permission to read, else to read and write; without "
    "it, NULL with EACCES.",
    "A third argument of 0 asks shmat(2) for reading and writing, whatever the "
    "segment grants.",
    "Read-only is SHM_RDONLY, and nothing else; other flags ask for more permissions.")
{
    static const struct {
        unsigned perms;
        bool read, both;
    } some[] = {{0600, true, true},   {0400, true, false}, {0444, true, false},
                {0200, false, false}, {0, false, false},   {0066, false, false}};
    struct actor *a = student_shell('A');

    for (size_t i = 0; i < COUNT(some); i++) {
        int id = given_segment(fresh_key(), 4096, some[i].perms);
        because(says("The owner's bits are 0400 (read) and 0200 (write); the segment "
                     "has %04o.",
                     some[i].perms));
        struct answer read = ask(a, "attach %d ro", id);
        if (some[i].read)
            expect_ok(ask(a, "shmdt 0x%lx", expect_address(read)));
        else
            expect_error(read, EACCES);
        struct answer both = ask(a, "attach %d", id);
        if (some[i].both)
            expect_ok(ask(a, "shmdt 0x%lx", expect_address(both)));
        else
            expect_error(both, EACCES);
        expect_nattch(id, 0);
    }
}

CHECK(lab3, attach_fails_with_null, 5,
      "segment_attach fails with NULL: EINVAL where no segment has the id, and any "
      "other errno as shmat left it.",
      "How does shmat(2) report a failure? It is not NULL.",
      "Compare its result with (void *)-1, and return NULL then.")
{
    struct actor *a = student_shell('A');
    int id = given_segment(fresh_key(), 4096, 0600);

    expect_address(ask(a, "attach %d", id));
    expect_ids_refused(a, "attach", "");
    expect_ids_refused(a, "attach", " ro");

    static const int errors[] = {ENOMEM, EIDRM, ENFILE};
    for (size_t i = 0; i < COUNT(errors); i++) {
        fail_call(a, CALL_shmat, 0, errors[i]);
        struct answer answer = ask(a, "attach %d", id);
        if (rule_fired(a, CALL_shmat) == 0) {
            because("Each successful call makes an attachment.");
            expect_nattch(id, 2);
            cannot_check(
                "segment_attach did not call shmat where the grader can see it.",
                "Call shmat(2) by its name.");
        }
        because("shmat failed, and why is for the caller to know.");
        expect_error(answer, errors[i]);
        expect_nattch(id, 1);
    }
}

CHECK(lab3, attachments_follow_the_process, 4,
      "A child inherits each attachment; exec, the end of a process and kill -9 take "
      "them away.",
      "The kernel does all this by itself. Attach once at each call, and keep nothing "
      "else.")
{
    struct actor *a = student_shell('A'), *b = student_shell('B');
    int id = given_segment(fresh_key(), 4096, 0600);

    expect_address(ask(a, "attach %d", id));
    expect_address(ask(a, "attach %d ro", id));
    expect_nattch(id, 2);
    because("The child has an attachment for each one of its parent.");
    long child = expect_number(ask(a, "fork"));
    expect_nattch(id, 4);
    expect_ok(ask(a, "end %ld", child));
    expect_nattch(id, 2);

    because("exec gives the process a new and empty memory.");
    ask(a, "exec");
    ask(a, "pid"); /* answered by the new program */
    expect_nattch(id, 0);

    because("The end of a process ends its attachments.");
    expect_address(ask(a, "attach %d", id));
    expect_address(ask(b, "attach %d", id));
    expect_nattch(id, 2);
    quit(a);
    expect_nattch(id, 1);
    kill_and_reap(b);
    expect_nattch(id, 0);
}

/* --- segment_detach --------------------------------------------------------------- */

CHECK(lab3, detach_takes_one_attachment_away, 6,
      "segment_detach takes this one attachment away: nattch falls by 1, the segment "
      "and its bytes stay.",
      "shmdt(2) takes the address that shmat(2) returned.",
      "Detaching is not removing: IPC_RMID has no place here.")
{
    struct actor *a = student_shell('A');
    int id = given_segment(fresh_key(), 4096, 0600);
    unsigned long first = expect_address(ask(a, "attach %d", id));
    unsigned long second = expect_address(ask(a, "attach %d", id));
    ask(a, "poke 0x%lx hello", first);

    expect_ok(ask(a, "detach 0x%lx", first));
    expect_nattch(id, 1);
    unsigned long left = first_attachment(a, id);
    expect(left == second, says("The attachment at 0x%lx is left.", second),
           says("/proc/%d/maps shows the one at 0x%lx.", (int)actor_pid(a), left));
    expect_answer(ask(a, "peek 0x%lx 5", second), "ok 5 \"hello\"");
    expect_ok(ask(a, "detach 0x%lx", second));
    expect_nattch(id, 0);
    because("The segment stays with its bytes, also when nobody is attached.");
    expect_bytes(id, 0, 5, "\"hello\"");

    first = expect_address(ask(a, "attach %d", id));
    given_removal(id);
    because("A marked segment stays until its last attachment is gone.");
    second = expect_address(ask(a, "attach %d ro", id));
    expect_answer(ask(a, "peek 0x%lx 5", second), "ok 5 \"hello\"");
    expect_ok(ask(a, "detach 0x%lx", first));
    expect_nattch(id, 1);
    expect_ok(ask(a, "detach 0x%lx", second));
    expect_no_segment(id);

    unsigned long addresses[MANY_ATTACHMENTS];
    id = given_segment(fresh_key(), 4096, 0600);
    for (size_t i = 0; i < MANY_ATTACHMENTS; i++)
        addresses[i] = expect_address(ask(a, "attach %d", id));
    expect_nattch(id, MANY_ATTACHMENTS);
    because("segment_attach returned this address, and nobody detached it since.");
    suggest("The kernel keeps the list of all attachments. Does your code keep one, "
            "too, and forget some of them?");
    for (size_t i = 0; i < MANY_ATTACHMENTS; i++)
        expect_ok(ask(a, "detach 0x%lx", addresses[i]));
    expect_nattch(id, 0);
    suggest(NULL);
}

CHECK(lab3, detach_refuses_what_is_no_attachment, 5,
      "segment_detach fails with EINVAL for an address at which no attachment starts; "
      "so also the second time.",
      "shmdt(2) knows which addresses are attachments. Hand it the address as it is, "
      "and its failure on.")
{
    struct actor *a = student_shell('A');
    unsigned long page = (unsigned long)sysconf(_SC_PAGESIZE);
    int id = given_segment(fresh_key(), 2 * page, 0600);
    unsigned long address = expect_address(ask(a, "attach %d", id));
    const unsigned long wrong[] = {
        address + 1,    address + page, address + 2 * page,
        address - page, 0x1000,         ~0UL, /* what shmat(2) returns on failure */
        -page};

    because("No attachment starts at this address.");
    for (size_t i = 0; i < COUNT(wrong); i++) {
        expect_error(ask(a, "detach 0x%lx", wrong[i]), EINVAL);
        expect_nattch(id, 1);
    }
    expect_ok(ask(a, "detach 0x%lx", address));
    expect_nattch(id, 0);
    because("This attachment was taken away before.");
    expect_error(ask(a, "detach 0x%lx", address), EINVAL);
    expect_nattch(id, 0);
}

/* --- segment_stat ----------------------------------------------------------------- */

/* The answer that tells every field of the kernel's row. */
static const char *described(const struct segment *row)
{
    return says("ok key=0x%08x id=%d owner=%u perms=%04o size=%zu nattch=%lu "
                "creator=%d last=%d dest=%s",
                (unsigned)row->key, row->id, (unsigned)row->uid,
                (unsigned)row->mode & 0777, row->size, row->nattch, (int)row->creator,
                (int)row->last, row->mode & SHM_DEST ? "yes" : "no");
}

/* Every field, against the kernel's row; and the row before, against the one after. */
static void expect_stat(struct actor *a, int id)
{
    struct segment before = expect_segment(id);
    struct answer answer = ask(a, "stat %d", id);
    struct segment row = expect_segment(id);

    expect_answer(answer, described(&before));
    expect(row.nattch == before.nattch && row.last == before.last,
           says("Asking changes nothing: nattch %lu, last process %d.", before.nattch,
                (int)before.last),
           says("/proc/sysvipc/shm shows nattch %lu, last process %d.", row.nattch,
                (int)row.last));
}

CHECK(lab3, stat_tells_what_the_kernel_tells, 6,
      "segment_stat fills every field of *info with what the kernel knows of the "
      "segment.",
      "shmctl(2) with IPC_STAT fills a struct shmid_ds. Look up its fields.",
      "The key is shm_perm.__key, the owner shm_perm.uid, the creator's process "
      "shm_cpid, the last one shm_lpid.")
{
    static const struct {
        size_t size;
        unsigned perms;
    } some[] = {{4096, 0600}, {4097, 0640}, {1, 0400}, {100000, 0777}};
    struct actor *a = student_shell('A'), *b = plain_shell('B');

    for (size_t i = 0; i < COUNT(some); i++) {
        int id = given_segment(fresh_key(), some[i].size, some[i].perms);
        because("Nobody was attached yet.");
        expect_stat(a, id);
        expect_address(ask(b, "shmat %d ro", id));
        because("Terminal G made the segment, and terminal B is attached.");
        expect_stat(a, id);
    }
    int id = given_segment(IPC_PRIVATE, 4096, 0600);
    because("A segment that was made with IPC_PRIVATE has the key 0.");
    expect_stat(a, id);

    suggest("Hand each field on as IPC_STAT tells it, in the type that segment.h gives "
            "it.");
    because("A key may be negative: ftok(3) gives such keys, too.");
    expect_stat(a, given_segment(fresh_negative_key(), 4096, 0600));
    int large = given_large_segment();
    because("The segment has 5 GiB: such a size needs more than 32 bits.");
    if (large != -1)
        expect_stat(a, large);
    because("The creator has ended, and its pid is told all the same.");
    expect_stat(a, orphan('D', 0600));

    /* The next question about this segment has another answer. */
    because("A segment that was made with IPC_PRIVATE has the key 0.");
    expect_stat(a, id);
    if (is_given_away(id, STRANGER)) {
        suggest(
            "The owner is shm_perm.uid, as IPC_STAT tells it now. Does your code take "
            "another field, or keep an earlier answer?");
        because("The segment was given away: the owner is not the creator.");
        expect_stat(a, id);
        suggest("A user id is a uid_t: it may be larger than 65535.");
        if (is_given_away(id, FAR_STRANGER))
            expect_stat(a, id);
        suggest(NULL);
        return;
    }
    suggest(NULL);
    struct answer answer;
    if (ask_pretending(a, FAR_STRANGER, says("stat %d", id), &answer))
        expect(expect_field_number(answer, "owner") == FAR_STRANGER,
               says("Terminal A answers: ok, with owner=%d", FAR_STRANGER),
               says("Terminal A answered: %s", answer.text));
}

CHECK(
    lab3, stat_tells_the_present, 5,
    "segment_stat tells what is true now: nattch goes up and down, and asking changes "
    "nothing.",
    "Ask the kernel at each call. You need not be attached to ask.")
{
    struct actor *a = student_shell('A'), *b = plain_shell('B'), *c = plain_shell('C');
    int id = given_segment(fresh_key(), 4096, 0600);

    expect_stat(a, id);
    unsigned long address = expect_address(ask(b, "shmat %d", id));
    expect_stat(a, id);
    expect_address(ask(b, "shmat %d ro", id));
    expect_address(ask(c, "shmat %d ro", id));
    expect_stat(a, id);
    expect_ok(ask(b, "shmdt 0x%lx", address));
    expect_stat(a, id);
    ask(b, "fork");
    expect_stat(a, id);
    kill_and_reap(c);
    expect_stat(a, id);
    given_perms(id, 0440);
    expect_stat(a, id);
}

CHECK(lab3, stat_knows_a_marked_segment, 5,
      "Of a segment marked for destruction segment_stat tells dest; perms are the nine "
      "permission bits alone.",
      "The kernel keeps its marks in shm_perm.mode, too. Which bits are permissions?",
      "perms is mode & 0777; dest is true if mode has the bit SHM_DEST.")
{
    struct actor *a = student_shell('A'), *b = plain_shell('B');
    int id = given_segment(fresh_key(), 4096, 0640);
    expect_stat(a, id);

    if (shmctl(id, SHM_LOCK, NULL) == 0) {
        not_by_hand();
        narrate("The grader locks segment %d in memory: shmctl(2) with SHM_LOCK.", id);
        because("The mark SHM_LOCKED (02000) is no permission, and it is not dest.");
        expect_stat(a, id);
    }
    unsigned long address = expect_address(ask(b, "shmat %d", id));
    given_removal(id);
    because("The segment is marked, and terminal B still keeps it: its key is 0 now.");
    suggest(
        "Compare each field. The marks are in shm_perm.mode, too; and the key is not "
        "what it was before: ask the kernel at each call.");
    expect_stat(a, id);
    suggest(NULL);
    expect_ok(ask(b, "shmdt 0x%lx", address));
    because("The last attachment is gone, and so is the segment.");
    expect_error(ask(a, "stat %d", id), EINVAL);
}

CHECK(
    lab3, stat_refuses_and_touches_nothing, 4,
    "segment_stat fails with EACCES where the caller may not read, and with EINVAL for "
    "a wrong id; *info is untouched.",
    "Let shmctl(2) fill a variable of your own, and write to *info only when it "
    "succeeded.",
    "/proc/sysvipc/shm shows every segment to everybody; IPC_STAT asks for the "
    "permission to read.")
{
    static const unsigned closed[] = {0, 0200, 0066};
    struct actor *a = student_shell('A');

    because("The permission to read is enough.");
    expect_stat(a, given_segment(fresh_key(), 4096, 0400));
    for (size_t i = 0; i < COUNT(closed); i++) {
        int id = given_segment(fresh_key(), 4096, closed[i]);
        because(says("The permissions %04o do not let the owner read.", closed[i]));
        expect_error(ask(a, "stat %d", id), EACCES);
    }
    expect_ids_refused(a, "stat", "");

    int id = given_segment(fresh_key(), 4096, 0600);
    expect_address(
        ask(scene(), "shmat %d", id)); /* nattch is not 0, as in empty memory */
    because("IPC_STAT failed with EIDRM: the segment was removed during the call.");
    suggest("Test the result of each call of shmctl(2).");
    for (unsigned nth = 1, refused = 1; nth <= MOST_CALLS && refused; nth++) {
        refused = refuse_stat(a, nth, "stat %d", id);
        struct answer answer = answer_of(a);
        struct segment row = expect_segment(id);
        if (answer_is_ok(answer)) /* who knows it from elsewhere is not refused */
            expect_answer(answer, described(&row));
        else
            expect_error(answer, EIDRM);
    }
    suggest(NULL);
}

/* --- segment_write and segment_read ----------------------------------------------- */

CHECK(
    lab3, written_bytes_are_read_elsewhere, 6,
    "What segment_write writes at an offset, another process reads there with "
    "segment_read; both return the count.",
    "Attach, copy `count` bytes and not one more with memcpy(3), detach; the offset is "
    "counted in bytes.",
    "Add the offset to a char pointer: the sum with a pointer of another type counts "
    "in units of that type.")
{
    struct actor *a = student_shell('A'), *b = student_shell('B');
    int id = given_segment(fresh_key(), 4096, 0600);

    expect_answer(ask(a, "write %d 100 \"hello from A\"", id), "ok 12");
    expect_bytes(id, 99, 14, "\"\\x00hello from A\\x00\"");
    expect_answer(ask(b, "read %d 100 12", id), "ok 12 \"hello from A\"");
    expect_answer(ask(b, "read %d 106 4", id), "ok 4 \"from\"");
    expect_answer(ask(b, "write %d 111 \"B, too\"", id), "ok 6");
    expect_answer(ask(a, "read %d 100 17", id), "ok 17 \"hello from B, too\"");

    because("The first and the last byte belong to the segment.");
    expect_answer(ask(a, "write %d 0 first", id), "ok 5");
    expect_answer(ask(a, "write %d 4092 last", id), "ok 4");
    expect_bytes(id, 0, 5, "\"first\"");
    expect_bytes(id, 4092, 4, "\"last\"");
    expect_answer(ask(b, "read %d 0 5", id), "ok 5 \"first\"");
    expect_answer(ask(b, "read %d 4092 4", id), "ok 4 \"last\"");

    expect_address(ask(scene(), "shmat %d", id));
    given_removal(id);
    because("A marked segment keeps its id and its bytes while somebody is attached.");
    suggest("A marked segment can be attached like others. Does your code refuse it?");
    expect_answer(ask(a, "write %d 0 \"still here\"", id), "ok 10");
    expect_answer(ask(b, "read %d 0 10", id), "ok 10 \"still here\"");
    suggest(NULL);
}

CHECK(lab3, bytes_are_bytes, 4,
      "Any bytes are copied, NUL included, exactly `count` of them, few or many.",
      "A function for strings stops at the first NUL, or adds one.",
      "memcpy(3) copies `count` bytes, whatever they are.")
{
    struct actor *a = student_shell('A');
    int id = given_segment(fresh_key(), 4096, 0600);
    int large = given_segment(fresh_key(), 100000, 0600);
    given_bytes(id, 0, "\"z\"*20");

    expect_answer(ask(a, "write %d 5 \"a\\x00b\\x00\\xff\\n\"", id), "ok 6");
    expect_bytes(id, 0, 16, "\"zzzzza\\x00b\\x00\\xff\\x0azzzzz\"");
    expect_answer(ask(a, "read %d 4 8", id), "ok 8 \"za\\x00b\\x00\\xff\\x0az\"");
    expect_answer(ask(a, "write %d 6 \"\\x00\"*3", id), "ok 3");
    expect_bytes(id, 4, 8, "\"za\\x00\\x00\\x00\\xff\\x0az\"");

    because("All of a segment can be written and read at once.");
    expect_answer(ask(a, "write %d 0 \"q\"*100000", large), "ok 100000");
    expect_bytes(large, 0, 100000, "\"q\"*100000");
    expect_answer(ask(a, "read %d 0 100000", large), "ok 100000 \"q\"*100000");
}

CHECK(lab3, ranges_end_with_the_segment, 6,
      "A range that is not wholly inside the segment's own size is ERANGE, and not one "
      "byte is copied.",
      "The memory goes on to the end of the page, and nothing warns you. Who knows the "
      "segment's size?",
      "Compare offset and count with shm_segsz before you copy: all or nothing.")
{
    struct actor *a = student_shell('A');
    int small = given_segment(fresh_key(), 10, 0600);
    int id = given_segment(fresh_key(), 4097, 0600);
    given_bytes(id, 4090, "\"ABCDEFG\"");

    because("The segment has 10 bytes, though its page has more.");
    expect_answer(ask(a, "write %d 5 56789", small), "ok 5");
    expect_error(ask(a, "write %d 5 567890", small), ERANGE);
    expect_error(ask(a, "write %d 10 x", small), ERANGE);
    expect_error(ask(a, "read %d 0 11", small), ERANGE);
    expect_bytes(small, 0, 12, "\"\\x00\\x00\\x00\\x00\\x0056789\\x00\\x00\"");

    because("The segment has 4097 bytes: the last one has the offset 4096.");
    expect_answer(ask(a, "write %d 4096 x", id), "ok 1");
    expect_error(ask(a, "write %d 4097 y", id), ERANGE);
    expect_error(ask(a, "write %d 4090 12345678", id), ERANGE);
    expect_error(ask(a, "write %d 8192 y", id), ERANGE);
    expect_bytes(id, 4090, 9, "\"ABCDEFx\\x00\\x00\"");
    expect_answer(ask(a, "read %d 4090 7", id), "ok 7 \"ABCDEFx\"");
    expect_error(ask(a, "read %d 4097 1", id), ERANGE);
    expect_error(ask(a, "read %d 4090 8", id), ERANGE);
    expect_error(ask(a, "read %d 0 4098", id), ERANGE);
    expect_error(ask(a, "read %d 8192 1", id), ERANGE);

    int large = given_segment(fresh_key(), 100000, 0600);
    because("The segment has 100000 bytes. It is all or nothing.");
    suggest("Test the whole range before you copy the first byte.");
    expect_error(ask(a, "write %d 0 \"q\"*100001", large), ERANGE);
    expect_bytes(large, 0, 100000, "\"\\x00\"*100000");

    suggest(NULL);
}

CHECK(lab3, large_numbers_do_not_wrap, 4,
      "Offsets and counts may be as large as a size_t: a sum that overflows is ERANGE, "
      "too.",
      "offset + count can be smaller than offset: then the sum has wrapped around.",
      "Compare without a sum: is offset > size, or count > size - offset? And keep "
      "sizes in a size_t: an int is too small.")
{
    struct actor *a = student_shell('A');
    int id = given_segment(fresh_key(), 4096, 0600);
    expect_answer(ask(a, "write %d 4095 x", id), "ok 1");
    expect_answer(ask(a, "read %d 4095 1", id), "ok 1 \"x\"");

    static const char *const wrapping[][2] = {
        {"16", "0xffffffffffffffff"}, {"0xfffffffffffffff0", "32"},
        {"1", "0xffffffffffffffff"},  {"0x8000000000000000", "0x8000000000000000"},
        {"0x7fffffffffffffff", "1"},  {"1", "0x7fffffffffffffff"},
        {"0x100000000", "1"},         {"0", "0x100000001"},
    };
    because("The segment has 4096 bytes.");
    for (size_t i = 0; i < COUNT(wrapping); i++) {
        expect_error(ask(a, "write %d %s bytes %s", id, wrapping[i][0], wrapping[i][1]),
                     ERANGE);
        suggest("It is all or nothing: test the whole range before you copy the first "
                "byte.");
        expect_bytes(id, 0, 4095, "\"\\x00\"*4095");
        suggest(NULL);
        expect_error(ask(a, "read %d %s %s", id, wrapping[i][0], wrapping[i][1]),
                     ERANGE);
    }

    /* Where a limit refuses such a segment, the rest is left out. */
    int large = given_large_segment();
    if (large == -1 || !answer_is_ok(ask(scene(), "shmat %d", large)))
        return;
    because("The segment has 5 GiB.");
    expect_answer(ask(a, "write %d 0x100000010 far", large), "ok 3");
    expect_answer(ask(a, "read %d 0x100000010 3", large), "ok 3 \"far\"");
    expect_bytes(large, 0x100000010, 3, "\"far\"");
    expect_bytes(large, 0x10, 3, "\"\\x00\\x00\\x00\"");
    expect_error(ask(a, "write %d 0x13fffffff ab", large), ERANGE);
    because("The segment has 5 GiB: behind this offset are 4 GiB and one byte.");
    suggest(
        "Is what is left behind the offset kept in a size_t? An unsigned int is too "
        "small.");
    expect_answer(ask(a, "write %d 0x3fffffff abc", large), "ok 3");
    expect_answer(ask(a, "read %d 0x3fffffff 3", large), "ok 3 \"abc\"");
    suggest(NULL);
}

CHECK(
    lab3, empty_ranges_follow_the_rule, 4,
    "An empty range is 0 up to and including the segment's end, and ERANGE beyond it.",
    "Is there a short way out for count 0 in your code? The offset counts all the "
    "same.",
    "offset == size is still inside, so compare with > and not with >=.")
{
    static const char *const inside[] = {"0", "1", "4096", "4097"};
    static const char *const outside[] = {"4098", "8192", "0xffffffffffffffff"};
    struct actor *a = student_shell('A');
    int id = given_segment(fresh_key(), 4097, 0600);

    because("The segment has 4097 bytes.");
    for (size_t i = 0; i < COUNT(inside); i++) {
        expect_answer(ask(a, "write %d %s \"\"", id, inside[i]), "ok 0");
        expect_answer(ask(a, "read %d %s 0", id, inside[i]), "ok 0 \"\"");
    }
    for (size_t i = 0; i < COUNT(outside); i++) {
        expect_error(ask(a, "write %d %s \"\"", id, outside[i]), ERANGE);
        expect_error(ask(a, "read %d %s 0", id, outside[i]), ERANGE);
    }
    expect_no_attachment_more(id, 0);

    suggest(
        "Is there a short way out for count 0 in your code? The segment must be there "
        "all the same; and to read nothing one needs the permission to read.");
    expect_ids_refused(a, "write", " 0 \"\"");
    expect_ids_refused(a, "read", " 0 0");
    int closed = given_segment(fresh_key(), 4096, 0);
    because("The permissions 0000 do not let the owner read.");
    expect_error(ask(a, "read %d 0 0", closed), EACCES);
    suggest(NULL);
}

CHECK(
    lab3, reading_needs_no_permission_to_write, 4,
    "segment_read needs the permission to read alone; segment_write needs both, or it "
    "fails with EACCES.",
    "How do you attach a segment that you may only read?",
    "Read through a read-only attachment: segment_attach(shmid, true).")
{
    struct actor *a = student_shell('A');
    int id = given_segment(fresh_key(), 4096, 0600);
    given_bytes(id, 10, "hello");
    expect_answer(ask(a, "write %d 10 J", id), "ok 1");

    given_perms(id, 0400);
    because("The owner may read the segment, and not write it.");
    expect_answer(ask(a, "read %d 10 5", id), "ok 5 \"Jello\"");
    expect_error(ask(a, "write %d 10 H", id), EACCES);
    expect_bytes(id, 10, 5, "\"Jello\"");

    static const unsigned closed[] = {0200, 0, 0066};
    for (size_t i = 0; i < COUNT(closed); i++) {
        int other = given_segment(fresh_key(), 4096, closed[i]);
        because(says("The permissions %04o do not let the owner read.", closed[i]));
        expect_error(ask(a, "read %d 10 5", other), EACCES);
        expect_error(ask(a, "write %d 10 H", other), EACCES);
        expect_no_attachment_more(other, 0);
    }

    int foreign = given_foreign_segment(a);
    because("The segment is another user's, but the owner's permissions are the "
            "creator's, too.");
    suggest("Who may read and write is for the kernel to decide: shmat(2) knows all "
            "rules.");
    expect_answer(ask(a, "write %d 10 J", foreign), "ok 1");
    expect_answer(ask(a, "read %d 10 1", foreign), "ok 1 \"J\"");
    suggest(NULL);
    drop_rules(a);
}

/* --- segment_write and segment_read: nothing stays -------------------------------- */

CHECK(lab3, copying_leaves_nothing_behind, 6,
      "After segment_write and segment_read nattch is what it was before, also when "
      "they fail.",
      "Look at each `return` behind the attaching: is the segment detached there?",
      "Check the range before you attach, or detach on every path out of the function.",
      "Detach the address that you attached yourself, and no other attachment of the "
      "caller.")
{
    struct actor *a = student_shell('A'), *b = plain_shell('B');
    int id = given_segment(fresh_key(), 4096, 0600);
    given_bytes(id, 0, "hello");
    unsigned long own = expect_address(ask(a, "shmat %d", id));
    expect_address(ask(b, "shmat %d", id));
    int descriptors = process_descriptors(actor_pid(a));

    because("Terminal A is attached once, and so is terminal B.");
    for (int round = 0; round < 3; round++) {
        expect_answer(ask(a, "write %d 5 \", world\"", id), "ok 7");
        expect_no_attachment_more(id, 2);
        expect_answer(ask(a, "read %d 0 12", id), "ok 12 \"hello, world\"");
        expect_no_attachment_more(id, 2);
        expect_error(ask(a, "write %d 4096 x", id), ERANGE);
        expect_no_attachment_more(id, 2);
        expect_error(ask(a, "read %d 4000 97", id), ERANGE);
        expect_no_attachment_more(id, 2);
        expect_answer(ask(a, "write %d 4096 \"\"", id), "ok 0");
        expect_answer(ask(a, "read %d 4096 0", id), "ok 0 \"\"");
        expect_no_attachment_more(id, 2);
    }
    given_perms(id, 0400);
    expect_error(ask(a, "write %d 0 x", id), EACCES);
    expect_no_attachment_more(id, 2);
    expect_attachments(a, id, 1);
    because("The caller's own attachment stays where it was.");
    expect_answer(ask(a, "peek 0x%lx 12", own), "ok 12 \"hello, world\"");

    expect_ids_refused(a, "write", " 0 x");
    expect_ids_refused(a, "read", " 0 1");

    because("The segment has 4096 bytes.");
    suggest(
        "Without a segment there is no range. Does your code keep the size of an earlier "
        "call, or ask for it by another number than the id?");
    int gone = given_segment(fresh_key(), 4096, 0600);
    expect_answer(ask(a, "write %d 0 x", gone), "ok 1");
    given_removal(gone);
    because("This segment was removed.");
    expect_error(ask(a, "write %d 200000 x", gone), EINVAL);
    expect_error(ask(a, "read %d 200000 1", gone), EINVAL);
    expect_ids_refused(a, "write", " 200000 x");
    expect_ids_refused(a, "read", " 200000 1");
    suggest(NULL);
    because("What is opened must be closed again, also on a failure.");
    expect_descriptors(a, descriptors);
}

/* What happens to the segment while A is held: it is closed to all, or removed. */
enum turn { TURN_CLOSE, TURN_REMOVE };

/* Holds A before its nth such call and lets the segment take a turn.  Whether A had
 * attached by then is its own affair: it succeeds, or it fails with the errno that
 * says what happened.  Returns false when A makes fewer calls than that. */
static bool copy_meets(struct actor *a, const char *copy, enum call call, unsigned nth,
                       enum turn turn)
{
    int id = given_segment(fresh_key(), 16384, 0600);
    bool writes = strcmp(copy, "write") == 0;

    /* A closed segment is looked at through an attachment that was made before. */
    unsigned long own =
        turn == TURN_CLOSE ? expect_address(ask(scene(), "shmat %d", id)) : 0;
    /* Three pages: who attaches anew for each one may fail in the middle. */
    hold_before(a, call, nth);
    begin(a, "%s %d 10 %s", copy, id, writes ? "\"x\"*12288" : "12288");
    bool held = reaches(a);
    if (held && turn == TURN_CLOSE)
        given_perms(id, 0);
    else if (held)
        given_removal(id);
    if (held)
        go_on(a);
    struct answer answer = answer_of(a);
    drop_rules(a);

    if (held && !answer_is_ok(answer))
        expect_error(answer, turn == TURN_CLOSE ? EACCES : EINVAL);
    else
        expect_answer(answer, writes ? "ok 12288" : "ok 12288 \"\\x00\"*12288");
    if (held && turn == TURN_REMOVE)
        expect_no_segment(id);
    else
        expect_no_attachment_more(id, own != 0);
    if (own != 0 && writes && !answer_is_ok(answer)) {
        suggest("It is all or nothing. Does your code attach once, and copy all?");
        expect_answer(ask(scene(), "peek 0x%lx 12288", own + 10),
                      "ok 12288 \"\\x00\"*12288");
        suggest(NULL);
    }
    if (own != 0)
        expect_ok(ask(scene(), "shmdt 0x%lx", own));
    return held;
}

/* At each of its calls. */
static void expect_copy_survives(struct actor *a, const char *copy, enum turn turn)
{
    static const enum call calls[] = {CALL_shmat, CALL_shmctl};
    for (size_t i = 0; i < COUNT(calls); i++) {
        unsigned nth = 1;
        while (nth <= MOST_CALLS && copy_meets(a, copy, calls[i], nth, turn))
            nth++;
    }
}

/* Asking for the size fails with EIDRM: then nothing is known of the range, and a guess
 * copies too much or refuses too much.  Who knows the size from elsewhere succeeds. */
static void expect_no_guess(struct actor *a, const char *copy)
{
    int id = given_segment(fresh_key(), 4096, 0600);
    bool writes = strcmp(copy, "write") == 0;

    for (unsigned nth = 1, refused = 1; nth <= MOST_CALLS && refused; nth++) {
        because("IPC_STAT failed with EIDRM: the segment was removed during the call.");
        refused = refuse_stat(a, nth, "%s %d 10 %s", copy, id, writes ? "hello" : "5");
        struct answer inside = answer_of(a);
        if (!answer_is_ok(inside))
            expect_error(inside, EIDRM);
        refuse_stat(a, nth, "%s %d 4096 %s", copy, id, writes ? "x" : "1");
        struct answer outside = answer_of(a);
        if (strncmp(outside.text, "error ERANGE", strlen("error ERANGE")) != 0)
            expect_error(outside, EIDRM);
        expect_no_attachment_more(id, 0);
    }
}

CHECK(lab3, a_failing_step_leaves_nothing_behind, 4,
      "When a step of segment_write or segment_read fails, errno is that step's, and "
      "nattch is what it was before.",
      "What if shmat(2) fails, or if the size cannot be asked once you are attached?",
      "Test the result of each call. Detach on every path behind a successful "
      "shmat(2), and on no other.")
{
    struct actor *a = student_shell('A');

    because(
        "The segment is closed or removed between two steps: a failure like others.");
    for (enum turn turn = TURN_CLOSE; turn <= TURN_REMOVE; turn++) {
        expect_copy_survives(a, "write", turn);
        expect_copy_survives(a, "read", turn);
    }
    expect_no_guess(a, "write");
    expect_no_guess(a, "read");

    static const int errors[] = {ENOMEM, EIDRM};
    int id = given_segment(fresh_key(), 4096, 0600);
    for (size_t i = 0; i < COUNT(errors); i++) {
        fail_call(a, CALL_shmat, 0, errors[i]);
        because("shmat failed, and why is for the caller to know.");
        struct answer written = ask(a, "write %d 10 hello", id);
        struct answer read = ask(a, "read %d 10 5", id);
        if (rule_fired(a, CALL_shmat) < 2) {
            expect_bytes(id, 10, 5, "\"hello\"");
            cannot_check(
                "The functions did not call shmat where the grader can see it.",
                "Call shmat(2) by its name.");
        }
        expect_error(written, errors[i]);
        expect_error(read, errors[i]);
        expect_no_attachment_more(id, 0);
    }
}
