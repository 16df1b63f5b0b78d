/* labs.h - the list of labs, and where their files are. */
#ifndef SHMLAB_LABS_H
#define SHMLAB_LABS_H

#include <stdbool.h>

#define LAB_COUNT 5
#define LAB_FILES 2

struct lab {
    int number;            /* 1 to LAB_COUNT */
    const char *directory; /* "03-attach", below labs/ and solutions/ */
    const char *title;
    const char *files[LAB_FILES]; /* what the student fills in; NULL: no second one */
};

extern const struct lab all_labs[LAB_COUNT];

/* A lab whose program is a lab shell, linked with the student's one file. */
bool lab_has_shell(const struct lab *lab);

/* "3", "03", "lab3" or "03-attach" as a lab; NULL for none. */
const struct lab *lab_named(const char *text);

/* Where the student's files of all labs are: "labs", or what the environment
 * variable SHMLAB_SOURCES says (the tests take "solutions"). */
const char *sources_directory(void);

/* GRADER_TIMEOUT_SCALE multiplies every deadline. */
double timeout_scale(void);

/* Keeps an allocated text until the program ends. */
const char *keep_text(const char *text);

/* A text made as printf makes it, mostly a path; it is kept until the program ends. */
__attribute__((format(printf, 1, 2))) const char *path_of(const char *format, ...);

#endif
