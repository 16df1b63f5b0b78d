/* record.h - what a check leaves behind: one message of JSON for the grade program.
 *
 *   {"lab": "lab3", "check": "twice_counts_twice", "verdict": "failed",
 *    "steps": [{"where": "Terminal A", "line": "attach 0", "answer": "ok 0x7f.."},
 *              {"line": "Terminal A is stopped: kill -STOP 12."}],
 *    "expected": "...", "seen": "...", "because": "...",
 *    "function": "segment_attach", "hint": "...", "by_hand": true,
 *    "leaks": [{"key": 4660, "id": 0, "size": 4096, "by": "Terminal A", "step": 2}],
 *    "printed": "...", "world": "private", "seconds": 0.01}
 *
 * The record of a passed check has no steps; that of a failed one also holds what a
 * picture of the run is drawn from (trace.h).
 *
 * The verdict is "passed", "failed" or "unchecked".  For "unchecked", `expected`
 * holds the reason and `seen` the remedy.  `function` is the one of the student's that
 * was called last, if any.  `hint` says what to look for where a process hung, ended
 * inside of a function or leaked: the check's own hints are about its promise.
 * `by_hand` is false when a person cannot do all of the steps, because the grader makes a
 * call fail, or holds a process in the middle.  Text that came from a student's process
 * is made safe: control bytes and broken UTF-8 are written as \xHH.
 */
#ifndef SHMLAB_RECORD_H
#define SHMLAB_RECORD_H

#include <jansson.h>
#include <stddef.h>

struct record {
    json_t *object;
    double start;
};

void record_begin(struct record *record, const char *lab, const char *check);
/* A line typed in a terminal; or, where `where` is NULL, a sentence. */
void record_step(struct record *record, const char *where, const char *line);
/* The answer to the last step. */
void record_answer(struct record *record, const char *answer);
int record_step_count(const struct record *record);
/* What the check covers (actors_coverage); a line that is there already is kept once. */
void record_coverage(struct record *record, const char *line);
void record_leak(struct record *record, unsigned key, int id, size_t size,
                 const char *by, int step);
void record_function(struct record *record, const char *function);
/* In place of the check's first hint; NULL: none. */
void record_hint(struct record *record, const char *hint);
void record_not_by_hand(struct record *record);
/* Sends the record to SHMLAB_REPORT, if there is one. */
void record_send(struct record *record, const char *verdict, const char *expected,
                 const char *seen, const char *because, const char *printed);

/* A copy of a text with every unsafe byte written as \xHH. */
char *record_safe(const char *text);

#endif
