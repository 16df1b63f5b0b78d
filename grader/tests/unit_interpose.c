/* unit_interpose.c - the three powers over a student's process, and the fourth:
 * record, fail, hold, pretend.  The student is the reference solution of lab 2. */
#include "check.h"

#include <errno.h>
#include <string.h>
#include <sys/ipc.h>

CHECK(lab2, calls_are_recorded, 0,
      "Every call of the student's function is recorded, with arguments and result.",
      "-")
{
    struct actor *a = student_shell('A');
    key_t key = fresh_key();

    int id = expect_promised_segment(ask(a, "create 0x%x 4096 0600", (unsigned)key));
    cr_assert(calls_made(a, CALL_shmget) == 1);
    const struct call_record *call = call_made(a, CALL_shmget, 0);
    cr_expect(call->arguments[0] == key && call->arguments[1] == 4096);
    cr_expect(call->arguments[2] == (IPC_CREAT | IPC_EXCL | 0600));
    cr_expect(call->result == id && call->error == 0 && call->pid == actor_pid(a));

    expect_error(ask(a, "create 0x%x 4096 0600", (unsigned)key), EEXIST);
    cr_assert(calls_made(a, CALL_shmget) == 1, "only the calls of the last line count");
    cr_expect(call_made(a, CALL_shmget, 0)->error == EEXIST);
    cr_expect(call_made(a, CALL_shmget, 0)->result == -1);
}

CHECK(lab2, the_shells_own_calls_do_not_count, 0,
      "A plain command is not the student's: it is neither recorded nor failed.", "-")
{
    struct actor *a = student_shell('A');
    fail_call(a, CALL_shmget, 0, ENOSPC);
    is_promised(
        expect_id(ask(a, "shmget 0x%x 100 create|0600", (unsigned)fresh_key())));
    cr_expect(calls_made(a, CALL_shmget) == 0 && rule_fired(a, CALL_shmget) == 0);
}

CHECK(lab2, the_nth_call_fails, 0, "Call number n fails with the errno, and no other.",
      "-")
{
    struct actor *a = student_shell('A');
    key_t key = fresh_key();
    int id = given_segment(key, 4096, 0600);

    fail_call(a, CALL_shmget, 2, ENOMEM);
    expect_error(ask(a, "obtain 0x%x 4096 0600", (unsigned)key), ENOMEM);
    cr_expect(calls_made(a, CALL_shmget) == 2 && rule_fired(a, CALL_shmget) == 1);
    expect_answer(ask(a, "find 0x%x", (unsigned)key), says("ok %d", id));
    drop_rules(a);
    fail_call(a, CALL_shmget, 0, EACCES);
    expect_error(ask(a, "find 0x%x", (unsigned)key), EACCES);
    expect_error(ask(a, "find 0x%x", (unsigned)key), EACCES);
    drop_rules(a);
    expect_answer(ask(a, "find 0x%x", (unsigned)key), says("ok %d", id));
    expect_segment_count(1);
}

CHECK(lab2, a_process_is_held_before_its_call, 0,
      "Held before a call, the call has not happened; it happens on go_on().", "-")
{
    struct actor *a = student_shell('A');
    key_t key = fresh_key();
    struct segment segment;

    hold_before(a, CALL_shmget, 1);
    begin(a, "create 0x%x 4096 0600", (unsigned)key);
    cr_assert(reaches(a));
    cr_expect(held_at(a).call == CALL_shmget && held_at(a).arguments[0] == key);
    cr_expect(!segment_by_key(key, &segment));
    go_on(a);
    expect_promised_segment(answer_of(a));
    cr_expect(segment_by_key(key, &segment));
}

CHECK(lab2, a_process_is_held_after_its_call, 0,
      "Held after a call, the call has happened, and the student does not know yet.",
      "-")
{
    struct actor *a = student_shell('A');
    key_t key = fresh_key();
    struct segment segment;

    hold_after(a, CALL_shmget, 1);
    begin(a, "create 0x%x 4096 0600", (unsigned)key);
    cr_assert(reaches(a));
    cr_expect(segment_by_key(key, &segment));
    cr_expect(!has_answered(a));
    go_on(a);
    expect_promised_segment(answer_of(a));
}

CHECK(lab2, reaches_is_false_when_it_answers, 0,
      "A process that never makes the call answers, and the answer is kept.", "-")
{
    struct actor *a = student_shell('A');
    hold_before(a, CALL_shmat, 1);
    begin(a, "find private");
    cr_expect(!reaches(a));
    expect_error(answer_of(a), EINVAL);
}

CHECK(lab2, a_dead_process_leaves_its_log, 0,
      "What a killed process has logged stays readable.", "-")
{
    struct actor *a = student_shell('A');
    int id =
        expect_promised_segment(ask(a, "create 0x%x 10 0600", (unsigned)fresh_key()));
    kill_and_reap(a);
    cr_expect(!is_running(a));
    cr_expect(actors_made(id) && actors_had(actor_pid(a)));
}
