/* shell.h - the lab shell: one line typed is one call, one line printed its result.
 *
 * The shell is linked with the student's file of labs 1 to 4.  A person uses it
 * at a terminal (make shell LAB=3), a check drives it through a socket; both
 * type the same lines and read the same answers:
 *
 *     create 0x1234 4096 0600        ok 0
 *     create 0x1234 4096 0600        error EEXIST: File exists
 *
 * An answer starts with "ok", with "error" and the errno's name, or with "usage"
 * when the line could not be understood (then nothing was called).
 */
#ifndef SHMLAB_SHELL_H
#define SHMLAB_SHELL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MAX_WORDS 8

/* Set by the command exec for the shell that it starts. */
#define EXEC_VARIABLE "SHMLAB_EXEC"

/* A line, cut into words.  Words may hold any byte, so each has its length. */
struct words {
    int count;
    char *word[MAX_WORDS];
    size_t length[MAX_WORDS];
};

struct command {
    const char *name;
    const char *arguments; /* as shown by help, such as "KEY SIZE PERMS" */
    const char *help;      /* one sentence */
    int least, most;       /* how many arguments it takes */
    void (*run)(const struct words *words);
};

/* What the lab's own file supplies: its name and the student's functions; both
 * lists end with a command whose name is NULL. */
extern const char lab_name[];
extern const struct command lab_commands[];
extern const struct command plain_commands[];

/* Around each call of a student's function.  `before` puts an error into errno that no
 * function of the labs meets, as if it were left over from an earlier call; `after` keeps
 * errno, and when it still is that error, it was not set.  The calls in between are the
 * student's. */
void before(const char *function);
void after(void);

/* What errno holds instead at the next call of a student's function. */
void choose_errno(int error);

/* The one answer to a line.  `answer_failure` tells the errno that `after` kept;
 * `remark` is NULL or a sentence such as "*key was changed". */
__attribute__((format(printf, 1, 2))) void answer(const char *format, ...);
void answer_failure(const char *remark);
void answer_errno(int error, const char *remark);

/* For a function that returns 0 or -1. */
void answer_status(int result);
/* For a function that returns an id or a count, or -1. */
void answer_number(long result);

/* The value that `$` stands for in the next line. */
void remember(unsigned long value);

/* Words as values.  On a word that is no such value the shell answers "usage"
 * and does not come back to the command. */
long long number_at(const struct words *words, int index);
key_t key_at(const struct words *words, int index);
int flags_at(const struct words *words, int index);

/* Writes bytes as they can be typed: "abc", or "x"*4096 for one byte repeated.
 * The text is cut where it does not fit. */
void show_bytes(char *text, size_t size, const unsigned char *bytes, size_t count);

/* Reads a line for the shell; NULL at the end.  The caller frees it. */
char *read_line(const char *prompt);

#endif
