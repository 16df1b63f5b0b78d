/* build.h - compiles a student's files and links them with the course's objects. */
#ifndef SHMLAB_BUILD_H
#define SHMLAB_BUILD_H

#include "labs.h"

/* NULL when the lab's program was built, for the checks; else what is wrong, as
 * text for the student: the compiler's first errors, or a sentence on the file.
 * `*warnings` is what the compiler said all the same, "" for nothing. */
const char *build_program(const struct lab *lab, const char **warnings);

/* What became of a lab's program: `trouble` and `warnings` as build_program has them. */
struct built {
    const char *trouble, *warnings;
    bool not_tried; /* the sandbox failed: this says nothing of the files */
};

/* Builds the programs of these labs; in a sandbox, where one is wanted (sandbox.h). */
void build_labs(const struct lab *const *chosen, int count, struct built *built);

/* The same, not in a sandbox, or already in it; prints what became of them as JSON. */
void build_and_tell(const struct lab *const *chosen, int count);

/* The same for the lab shell with line editing, labs 1 to 4. */
const char *build_shell(const struct lab *lab);

/* Where the built things are: "build", or what SHMLAB_BUILD says. */
const char *build_directory(void);

#endif
