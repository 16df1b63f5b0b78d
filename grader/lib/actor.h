/* actor.h - the processes of a story: lab shells, and the programs of lab 5.
 *
 * A check never runs a student's code itself.  It starts actors, types lines to
 * them and reads their answers, stops and kills them, and, through the
 * interposition (control.h), makes a call fail or holds a process at a call.
 *
 * Actors have no capabilities: root's actors are refused what an ordinary user's
 * are refused.  They die with the check.  A wait ends with what was waited for,
 * or with the check's failure; see patience() in actor.c for how long it waits.
 */
#ifndef SHMLAB_ACTOR_H
#define SHMLAB_ACTOR_H

#include "../student/control.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct actor;

/* One answer of a lab shell; the text lives as long as the check. */
struct answer {
    struct actor *actor;
    const char *text; /* "ok 0", "error EEXIST: File exists", never NULL */
};

/* --- Starting --------------------------------------------------------------------- */

/* A lab shell with the student's functions, in a terminal named `name`; and one
 * without them, to set the scene. */
struct actor *student_shell(char name);
struct actor *plain_shell(char name);

/* Its pid, as getpid answers it, and as the kernel's table and /proc show it here. */
pid_t actor_pid(const struct actor *actor);
/* The number by which this process, its parent, waits for it, or signals it: another
 * one where there are walls (walls.h). */
pid_t actor_child(const struct actor *actor);
/* "Terminal A", or "The reader": begins a sentence. */
const char *actor_title(const struct actor *actor);
/* Where a person types to it: "Terminal A", "Terminal R". */
const char *actor_terminal(const struct actor *actor);

/* --- Lab shells ------------------------------------------------------------------- */

/* Types a line and waits for the answer.  When there is none (the process died,
 * or hangs), the check has failed. */
__attribute__((format(printf, 2, 3))) struct answer ask(struct actor *actor,
                                                        const char *format, ...);

/* Types a line that must kill the process with this signal. */
__attribute__((format(printf, 3, 4))) void ask_to_die(struct actor *actor, int signal,
                                                      const char *format, ...);

/* Types a line and does not wait: then reaches() or answer_of() must follow. */
__attribute__((format(printf, 2, 3))) void begin(struct actor *actor,
                                                 const char *format, ...);
struct answer answer_of(struct actor *actor);

/* Waits until the actor has answered, or is blocked: perhaps on a lock that an
 * actor holds who is held himself.  has_answered() tells which; answer_of() then
 * waits on. */
void finish_or_block(struct actor *actor);
bool has_answered(const struct actor *actor);

/* Lets the shell end by itself, and reaps it. */
void quit(struct actor *actor);

bool answer_is_ok(struct answer answer);

/* --- Interposition ---------------------------------------------------------------- */

/* Rules for the actor's calls from now on; `nth` counts from 1, 0 is every call.
 * One rule for each call at a time; setting a rule starts its count anew. */
void fail_call(struct actor *actor, enum call call, unsigned nth, int error);
void hold_before(struct actor *actor, enum call call, unsigned nth);
void hold_after(struct actor *actor, enum call call, unsigned nth);
void pretend_uid(struct actor *actor, uid_t uid);
/* Every segment is shown as this user's, where shmctl tells of it. */
void pretend_owner(struct actor *actor, uid_t uid);
/* Types a line while each segment is shown as this user's.  Returns whether the answer
 * is made from what shmctl told, and so must show it. */
bool ask_pretending(struct actor *actor, uid_t owner, const char *line,
                    struct answer *answer);
/* Only getuid answers this, as in a set-user-ID program that `uid` started. */
void pretend_real_uid(struct actor *actor, uid_t uid);
void drop_rules(struct actor *actor);

/* How often the rule for `call` did its work, and how many calls it saw: those that
 * were begun since the rule was set, or without one since the start. */
unsigned rule_fired(const struct actor *actor, enum call call);
unsigned calls_begun(const struct actor *actor, enum call call);

/* Waits until the actor is held: true.  False when it does not come to that: a
 * shell has answered (answer_of returns the answer at once), a program has ended or
 * waits for something that does not come while all others wait, too. */
bool reaches(struct actor *actor);

/* The call at which the actor is held. */
struct call_record held_at(const struct actor *actor);

/* Lets a held actor make its call, and go on. */
void go_on(struct actor *actor);
/* Lets an actor that is held before a call go on; the call is not made, it fails
 * with this errno.  Thus one can choose the call by its arguments. */
void go_on_failing(struct actor *actor, int error);

/* How often the student's code made this call since the last begin() or ask();
 * in lab 5 since the start. */
size_t calls_made(const struct actor *actor, enum call call);
/* The nth of them (from 0); NULL where there is none. */
const struct call_record *call_made(const struct actor *actor, enum call call,
                                    size_t index);

/* --- Processes -------------------------------------------------------------------- */

/* SIGSTOP for it and its process group; back when it is stopped.  SIGCONT. */
void stop(struct actor *actor);
void resume(struct actor *actor);
void kill_actor(struct actor *actor, int signal); /* any signal; does not wait */
void kill_and_reap(struct actor *actor);          /* SIGKILL, and it is gone */
bool is_running(const struct actor *actor);       /* also when stopped; not a zombie */
bool has_been_awaited(const struct actor *actor); /* the story knows that it ended */

/* As fork(2), under a pid that the check chooses: -1 where the kernel lets nobody choose.
 * The child has no descriptors, and dies with the check. */
pid_t fork_as(pid_t wanted);

/* Waits for the end of a process.  Returns its exit status, or minus the number
 * of the signal that ended it. */
int wait_end(struct actor *actor);

/* "The reader ended with exit status 1.", or "The reader has not ended: it waits." */
const char *how_it_stands(struct actor *actor);

/* Waits until the process is at rest (rest.h): blocked in a call that has no
 * time-out, or at least half a second; or ended.  Returns false when instead it goes
 * on and on: it polls, or, in lab 5, sleeps for some time again and again. */
bool wait_blocked(struct actor *actor);

/* Waits until all actors are at rest at the same time, those that poll left aside:
 * nothing will happen before the check does something. */
void settle(void);
/* Whether settle() has left it aside. */
bool is_left_aside(const struct actor *actor);

/* --- The programs of lab 5 -------------------------------------------------------- */

/* One of the student's programs, "reader" or "writer", run with up to two arguments
 * (NULL ends).  Its standard input and output are pipes.  The step says how a person
 * starts it, in terminal R or W. */
struct actor *program(const char *which, const char *argument, const char *second);

/* The next program's standard input is read from a file, or its standard output is
 * written to one (NULL: a pipe).  Nothing can be typed to it, or read from it, then. */
void prepare_files(const char *input, const char *output);

/* How a person types the next program's first argument, where that is long or holds where
 * the check works. */
void prepare_argument(const char *shown);

/* A rule that the next program has from its very first call on. */
void prepare_hold(enum call call, unsigned nth, bool after);
void prepare_failure(enum call call, unsigned nth, int error);
/* When the next program, or this one, waits with a time-out, that ends at once: nobody can
 * know how long another one takes. */
void prepare_expiry(void);
void expire_waits(struct actor *actor);

/* Writes to its standard input; closes it. */
void type_input(struct actor *actor, const char *bytes, size_t count);
void end_input(struct actor *actor);

/* Reads its standard output until there are `count` bytes, and returns all that was
 * read, `*length` bytes: fewer than asked when the output has ended, or when nothing
 * more comes. */
const char *read_output(struct actor *actor, size_t count, size_t *length);
/* What there is now, without waiting. */
size_t output_now(struct actor *actor);
/* From now on nobody reads its standard output; returns how many bytes the pipe takes.
 * And somebody reads it again. */
size_t leave_output(struct actor *actor);
void take_output(struct actor *actor);
/* Whether the pipes of these programs had less room than a new pipe has, or one made now
 * has less.  A right program may then wait for ever. */
bool programs_lacked_room(void);
/* How many bytes the actor has printed so far on standard error (shells: on both). */
size_t errors_now(const struct actor *actor);

/* --- For story.c ------------------------------------------------------------------ */

/* After actors_end(): whether this is a program that still ran, and so had no chance to
 * clean up. */
bool actor_was_cut_short(const struct actor *actor);

/* Ends every process that the check started, and their descendants. */
void actors_end(void);
/* Whether a process with this pid was one of ours. */
bool actors_had(pid_t pid);
struct actor *actor_by_pid(pid_t pid);
/* Whether an actor's log shows that it made segment `id`. */
bool actors_made(int id);
/* Every actor that was started, from 0; NULL behind the last. */
const struct actor *actor_at(size_t index);
/* The calls in an actor's log, oldest first. */
const struct call_record *actor_log(const struct actor *actor, size_t *count);
/* The function of the student's that was called last; "" for none, as in lab 5. */
const char *actors_function(void);
/* Which of the student's functions (in lab 5: programs) the check called, a line each,
 * and a line for each of their calls: function, call, errno ("0": it succeeded), and
 * "injected" where the grader let it fail.  Lines may come more than once. */
void actors_coverage(void (*tell)(const char *line));
/* Where one of the student's processes hung, or was ended in the middle of a function:
 * what to look for, which helps more than a hint of the check.  Else NULL. */
const char *actors_hint(void);
/* What all actors printed, cut to a few lines; "" for nothing. */
const char *actors_output(void);

#endif
