/* run.h - a recorded run: who called what, and what became of the segments.
 *
 * It comes from a check of the grader (results.json) or from scope's own recording;
 * both hold the same steps, which scope(1) documents.  Here they are rows, from top to
 * bottom; each row knows how everything stood after it.
 */
#ifndef SHMLAB_RUN_H
#define SHMLAB_RUN_H

#include "graphviz.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* More would not fit in a picture; what is left out is counted. */
#define MAX_LANES 32
#define MAX_BANDS 64

struct lane {
    char *title; /* "Terminal A", "plain 4711" */
};

struct band {
    int id;
    unsigned key; /* with which it was made */
    size_t size;
    bool leaked;
};

/* How a segment stood. */
struct state {
    bool exists, gone; /* gone: it did exist */
    unsigned long nattch;
    bool dest;
};

enum row_kind {
    ROW_LINE, /* typed in a terminal, or seen of a process */
    ROW_CALL,
    ROW_ANSWER,
    ROW_SENTENCE, /* of the check */
};

struct row {
    enum row_kind kind;
    int lane; /* -1: nobody */
    char *text;
    int target; /* the band that a call names, or -1 */
    bool refused;
    /* After the row: */
    struct state bands[MAX_BANDS];
    unsigned held[MAX_LANES]; /* attachments that a process has */
    bool ended[MAX_LANES];
};

struct run {
    char *title;   /* one sentence */
    char *outcome; /* further sentences, a line each; "" for none */
    struct lane lanes[MAX_LANES];
    struct band bands[MAX_BANDS];
    size_t lane_count, band_count;
    size_t lanes_left, bands_left; /* how many had no room */
    struct row *rows;
    size_t row_count;
};

/* Makes a run of a JSON object with "steps".  Free it with run_free. */
void run_load(struct run *run, const json_t *record);
void run_free(struct run *run);

/* The rows in sentences, for those who do not see the picture. */
void describe_run(const struct run *run, FILE *out);

/* The picture, in the DOT language. */
void dot_of_run(const struct run *run, FILE *out);

#endif
