/* trace.h - what a picture of a check's run is drawn from: the calls of the student's
 * code, and how the table of segments changed.  scope --picture draws it.
 *
 * Into the record of a failed check go, beside what each step says already:
 *
 *   "steps": [{...,
 *     "calls": [{"where": "Terminal A", "pid": 12, "call": "shmget",
 *                "arguments": [4660, 4096, 1974], "result": -1, "error": "EEXIST",
 *                "times": 2}],
 *     "segments": [{"id": 0, "key": 4660, "size": 4096, "nattch": 1, "dest": false,
 *                   "attached": ["Terminal A"]},
 *                  {"id": 1, "gone": true}],
 *     "ended": ["Terminal B"]}],
 *   "final": {"segments": [...], "ended": [...]}
 *
 * "segments" are the rows that changed in this step; an empty list, and "times" when it
 * is 1, are left out.  "attached" names a terminal once for each attachment.  "final" is
 * how it stood when the check had ended all processes.  A long run is cut: then
 * "trace_cut" is true.
 */
#ifndef SHMLAB_TRACE_H
#define SHMLAB_TRACE_H

#include <jansson.h>

/* A step begins. */
void trace_step(void);
/* Notes what changed in the table since it was last read: the last step did it. */
void trace_table(void);
/* The same, when every process has ended. */
void trace_end(void);
/* Puts what was noted into the record. */
void trace_attach(json_t *record);

#endif
