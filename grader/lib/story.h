/* story.h - what a check did, what it expected, what it saw.
 *
 * A check tells its story while it acts: each step is a line that a person can
 * type in a lab shell, or a sentence.  When an expectation does not hold, the
 * story so far is what the student reads.
 *
 * Texts are whole sentences, so that they can be translated.
 */
#ifndef SHMLAB_STORY_H
#define SHMLAB_STORY_H

#include "actor.h"
#include "kernel.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* A text made as printf makes it; it lives as long as the check. */
__attribute__((format(printf, 1, 2))) const char *says(const char *format, ...);
__attribute__((format(printf, 1, 0))) const char *says_with(const char *format,
                                                            va_list arguments);

/* A sentence among the steps, for what is not typed in a lab shell:
 * narrate("Terminal B is killed with SIGKILL: kill -9 %d.", pid) */
__attribute__((format(printf, 1, 2))) void narrate(const char *format, ...);

/* A person cannot do all of this story's steps: the grader acts inside of a process. */
void not_by_hand(void);

/* Why the next expectations hold: one sentence, shown when one of them fails.
 * It stands until the next call. */
void because(const char *sentence);

/* What to look for where one of the next expectations fails, in place of the check's own
 * first hint: for a check that tries several things.  It stands until the next call; NULL
 * ends it. */
void suggest(const char *sentence);
void suggest_if_none(const char *sentence);

/* The general expectation; `expected` and `seen` are whole sentences. */
void expect(bool holds, const char *expected, const char *seen);

/* The two other ways to end a check.  `remedy` says how it can be checked. */
__attribute__((noreturn)) void fail(const char *expected, const char *seen);
__attribute__((noreturn)) void cannot_check(const char *reason, const char *remedy);

/* --- What a shell answered -------------------------------------------------------- */

void expect_ok(struct answer answer);                       /* "ok", nothing more   */
void expect_answer(struct answer answer, const char *text); /* exactly this       */
void expect_error(struct answer answer, int error);         /* "error NAME: ..."    */
int expect_id(struct answer answer);                        /* "ok ID ..."          */
long expect_number(struct answer answer);                   /* "ok NUMBER ..."      */
uintptr_t expect_address(struct answer answer);             /* "ok 0x7f..."         */

/* The value of "name=value" in an "ok" answer; fails the check where there is
 * none, or where the answer is an error. */
const char *expect_field(struct answer answer, const char *name);
unsigned long expect_field_number(struct answer answer, const char *name);

/* --- What the kernel shows -------------------------------------------------------- */

struct segment expect_segment(int id); /* there is such a row */
void expect_no_segment(int id);
void expect_nattch(int id, unsigned long nattch);
/* Likewise, where a function attaches only for itself: as many as before. */
void expect_no_attachment_more(int id, unsigned long before);
/* Exactly `count` segments in the whole namespace (or, without namespaces, made
 * by this check). */
void expect_segment_count(size_t count);
/* As many open descriptors as before.  The actor has answered, and makes no step. */
void expect_descriptors(const struct actor *actor, int before);

/* --- Whose segments are whose ----------------------------------------------------- */

/* A key that names no segment: random, positive, at most 0x7effffff. */
key_t fresh_key(void);

/* Likewise, but negative: a key like others. */
key_t fresh_negative_key(void);

/* Terminal G, a plain shell in which the check sets the scene. */
struct actor *scene(void);

/* A segment that the check itself makes there; and removes again. */
int given_segment(key_t key, size_t size, unsigned perms);
/* The answer to a plain shmget of the scene: without the segment nothing can be checked. */
void must_be_made(struct answer answer);
void given_removal(int id);

/* Makes a segment another user's.  False where there is nobody to give it to, as in a user
 * namespace. */
bool is_given_away(int id, uid_t owner);
/* A segment of this user, who is nobody here; where it cannot be given away, shmctl shows it
 * as such to the student's code, until drop_rules().  The caller has made it, and so has the
 * owner's permissions. */
#define STRANGER     4242
#define FAR_STRANGER 70042 /* likewise, with more than 16 bits */
int given_foreign_segment(struct actor *actor);

/* A segment of 5 GiB.  With SHM_NORESERVE it takes no memory until it is touched.  -1 where
 * a limit refuses it. */
int given_large_segment(void);

/* A segment that a certain terminal makes: part of the scene, and no leak; and one whose
 * creator, a terminal of this name, has ended. */
int made_by(struct actor *creator, unsigned perms);
int orphan(char name, unsigned perms);

/* What errno holds when the student's function is called next, and what to say to who
 * takes it for the answer of that call. */
extern const char errno_is_old[];
void left_in_errno(struct actor *actor, const char *name);

/* The contract promises this segment: it is no leak.  The check removes it. */
void is_promised(int id);
/* All that this actor has made so far. */
void are_promised(const struct actor *by);

/* For "ok ID": the segment is there, and it is promised. */
int expect_promised_segment(struct answer answer);

/* --- For check.c ------------------------------------------------------------------ */

struct check;
void story_begin(const struct check *check, bool private_world);
/* The story came to its end.  Returns only if the check has passed. */
void story_end(void);

/* Called by actor.c: a step was typed, and answered. */
void story_step(const struct actor *actor, const char *line);
void story_answer(const char *text);

#endif
