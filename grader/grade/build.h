/* build.h - compiles a student's files and links them with the course's objects. */
#ifndef SHMLAB_BUILD_H
#define SHMLAB_BUILD_H

#include "labs.h"

enum build_result {
    BUILT,
    NO_FILE,      /* the student's file is missing, or is no file to read */
    NOT_COMPILED, /* the student's file has errors */
    NOT_BUILT,    /* the machine lacks something: nobody can say how good the file is */
};

struct build {
    enum build_result result;
    const char *words;    /* what is wrong: the compiler's errors, or a sentence */
    const char *warnings; /* what the compiler said all the same, "" for nothing */
    const char *remedy;   /* of NOT_BUILT */
};

/* Builds the programs of these labs, for the checks; in a sandbox, where one is wanted
 * (sandbox.h). */
void build_labs(const struct lab *const *chosen, int count, struct build *builds);

/* The same, not in a sandbox, or already in it; prints what became of them as JSON. */
void build_and_tell(const struct lab *const *chosen, int count);

/* Builds the lab shell with line editing, labs 1 to 4. */
void build_shell(const struct lab *lab, struct build *build);

/* Where the built things are: "build", or what SHMLAB_BUILD says. */
const char *build_directory(void);

#endif
