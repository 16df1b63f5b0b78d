/* build.c - compiles a student's files and links them with the course's objects.
 *
 * A student's file is compiled alone, against its contract header.  For labs 1 to
 * 4 it is linked with build/course/labN.o: lab shell and interposition in one
 * object whose own names are hidden, so that no name of the student's can clash
 * with them.  For lab 5 each program is linked with the interposition alone.
 */
#include "build.h"

#include "process.h"
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ARGUMENTS 160

/* The words live until the program ends. */
struct arguments {
    char *word[MAX_ARGUMENTS];
    int count;
};

static void add(struct arguments *arguments, const char *word)
{
    if (arguments->count < MAX_ARGUMENTS - 1)
        arguments->word[arguments->count++] = (char *)(uintptr_t)word;
    arguments->word[arguments->count] = NULL;
}

/* Adds the words of a text that is cut at spaces. */
static void add_words(struct arguments *arguments, const char *text)
{
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, " ");
        if (length > 0)
            add(arguments, path_of("%.*s", (int)length, at));
        at += length + (at[length] == ' ');
    }
}

const char *build_directory(void)
{
    const char *text = getenv("SHMLAB_BUILD");
    return text && *text ? text : "build";
}

static struct arguments compiler(void)
{
    struct arguments arguments = {.count = 0};
    const char *cc = getenv("CC");
    add_words(&arguments, cc && *cc ? cc : "cc");
    if (getenv("SANITIZE"))
        add_words(&arguments,
                  "-fsanitize=address,undefined "
                  "-fno-sanitize-recover=undefined -fno-omit-frame-pointer");
    return arguments;
}

/* The options that send the calls of calls.def through the interposition. */
static void add_wraps(struct arguments *arguments)
{
    static const char *const wraps[] = {
#define CALL(name)        "-Wl,--wrap=" #name,
#define ALIAS(name, call) "-Wl,--wrap=" #name,
#include "../student/calls.def"
#undef CALL
    };
    for (size_t i = 0; i < sizeof wraps / sizeof wraps[0]; i++)
        add(arguments, wraps[i]);
}

/* --- What the machine lacks ------------------------------------------------------- */

static enum build_result lacks(struct build *build, const char *reason,
                               const char *remedy)
{
    build->words = reason;
    build->remedy = remedy;
    return NOT_BUILT;
}

static enum build_result is_wrong(struct build *build, const char *words)
{
    build->words = words;
    return NOT_COMPILED;
}

/* Whether a file of some size can be made in a directory; else false with errno. */
static bool can_write_in(const char *directory)
{
    static const char bytes[65536];
    const char *path = path_of("%s/probe-%d", directory, (int)getpid());
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd == -1)
        return false;
    ssize_t written = 0;
    for (int i = 0; i < 8 && written != -1; i++)
        written = write(fd, bytes, sizeof bytes);
    int error = errno;
    close(fd);
    unlink(path);
    errno = error;
    return written != -1;
}

static enum build_result cannot_write(struct build *build, const char *directory)
{
    return lacks(
        build, path_of("Nothing can be written to %s: %s.", directory, strerror(errno)),
        errno == ENOSPC || errno == EDQUOT
            ? path_of("Make room on the disk (`df -h %s` shows it), and try again.",
                      directory)
            : path_of("Copy the course to a place that you may write to; `make doctor` "
                      "looks at %s.",
                      directory));
}

static const char *temporary_directory(void)
{
    const char *text = getenv("TMPDIR");
    return text && *text ? text : "/tmp";
}

/* Whether a process, such as the compiler, can start another one. */
static bool can_start_two(void)
{
    char *const arguments[] = {(char *)"sh", (char *)"-c", (char *)"env true; exit $?",
                               NULL};
    const char *output;
    int status = run_collecting(arguments, &output);
    return status != -1 && status != 2;
}

/* Runs the compiler.  That it fails may be the machine's fault, and not the file's. */
static enum build_result run(const struct arguments *arguments, const char *directory,
                             struct build *build)
{
    const char *output;
    int status = run_collecting(arguments->word, &output);

    build->words = output;
    if (status == 0)
        return BUILT;
    if (status == -1)
        return lacks(build,
                     path_of("The compiler `%s` cannot be started: %s.",
                             arguments->word[0], strerror(errno)),
                     "End some processes, or raise the limit (`ulimit -u`), and try "
                     "again.");
    if (status == 127 && !*output)
        return lacks(build,
                     path_of("The compiler `%s` cannot be started: there is no such "
                             "program.",
                             arguments->word[0]),
                     "Type `./setup` to install what is missing; `make doctor` tells "
                     "more.");
    if (status > 128)
        return lacks(build,
                     path_of("The compiler was ended by signal %d.", status - 128),
                     "Free some memory, and try again.");
    if (!can_start_two())
        return lacks(build,
                     "The compiler cannot start its parts: Resource temporarily "
                     "unavailable.",
                     "End some processes, or raise the limit (`ulimit -u`), and try "
                     "again.");
    if (!can_write_in(directory))
        return cannot_write(build, directory);
    if (!can_write_in(temporary_directory()))
        return cannot_write(build, temporary_directory());
    return is_wrong(build,
                    *output ? output
                            : path_of("The compiler ended with status %d.\n", status));
}

/* What is wrong with a source file before the compiler sees it, or NULL. */
static const char *trouble_with(const char *path, const char *lab)
{
    struct stat status;
    if (stat(path, &status) == -1)
        return path_of("%s: %s. `make reset LAB=%s` puts the skeleton back.\n", path,
                       strerror(errno), lab);
    if (!S_ISREG(status.st_mode))
        return path_of(
            "%s is not a regular file. `make reset LAB=%s` puts the skeleton "
            "back.\n",
            path, lab);
    FILE *file = fopen(path, "re");
    if (!file)
        return path_of("%s cannot be read: %s. `chmod u+r %s` may mend that.\n", path,
                       strerror(errno), path);
    fclose(file);
    if (status.st_size == 0)
        return path_of("%s is empty. `make reset LAB=%s` puts the skeleton back.\n",
                       path, lab);
    return NULL;
}

static enum build_result compile(const struct lab *lab, const char *file,
                                 const char *directory, const char *object,
                                 struct build *build)
{
    const char *number = path_of("%d", lab->number);
    const char *source = path_of("%s/%s/%s", sources_directory(), lab->directory, file);
    const char *trouble = trouble_with(source, number);
    if (trouble) {
        build->words = trouble;
        return NO_FILE;
    }

    struct arguments arguments = compiler();
    add_words(&arguments, "-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -g -O1 -fPIE "
                          "-fdiagnostics-color=never");
    add(&arguments, path_of("-Ilabs/%s", lab->directory));
    add_words(&arguments, "-Ilabs -c -o");
    add(&arguments, object);
    add(&arguments, source);
    return run(&arguments, directory, build);
}

static enum build_result link_program(const char *directory, const char *object,
                                      const char *course, const char *library,
                                      const char *target, struct build *build)
{
    struct arguments arguments = compiler();
    /* Sections of an object can ask the linker's plugin to compile them, with options of
     * their own, and assembler in the student's file can write such sections. */
    add_words(&arguments, "-fno-lto -fno-use-linker-plugin -pie");
    add(&arguments, object);
    add(&arguments, course);
    add_wraps(&arguments);
    if (library)
        add(&arguments, library);
    add(&arguments, "-o");
    add(&arguments, target);
    enum build_result result = run(&arguments, directory, build);
    if (result == NOT_COMPILED && strstr(build->words, "multiple definition of `main'"))
        build->words = path_of("%s\nYour file has a main() of its own. The lab's "
                               "program has one already: remove yours.\n",
                               build->words);
    return result;
}

/* The directory of a lab's programs, or NULL with errno. */
static const char *lab_directory(const struct lab *lab)
{
    const char *directory = path_of("%s/lab%d", build_directory(), lab->number);
    if (mkdir(directory, 0777) == -1 && errno != EEXIST)
        return NULL;
    return directory;
}

/* Builds one program of the student's file. */
static enum build_result build_file(const struct lab *lab, const char *directory,
                                    const char *file, struct build *build)
{
    const char *object = path_of("%s/%s.o", directory, file);
    enum build_result result = compile(lab, file, directory, object, build);
    if (result != BUILT)
        return result;
    if (*build->words)
        build->warnings = path_of("%s%s", build->warnings, build->words);
    /* reader.c becomes reader; the file of labs 1 to 4 becomes program. */
    const char *target =
        lab_has_shell(lab) ? path_of("%s/program", directory)
                           : path_of("%s/%.*s", directory, (int)strlen(file) - 2, file);
    const char *course =
        lab_has_shell(lab)
            ? path_of("%s/course/lab%d.o", build_directory(), lab->number)
            : path_of("%s/course/interpose.o", build_directory());
    return link_program(directory, object, course, NULL, target, build);
}

static enum build_result build_files(const struct lab *lab, struct build *build)
{
    const char *directory = lab_directory(lab);
    if (!directory)
        return cannot_write(build, build_directory());

    for (int i = 0; i < LAB_FILES && lab->files[i]; i++) {
        enum build_result result = build_file(lab, directory, lab->files[i], build);
        if (result != BUILT)
            return result;
    }
    return BUILT;
}

static void build_program(const struct lab *lab, struct build *build)
{
    *build = (struct build){BUILT, "", "", ""};
    build->result = build_files(lab, build);
}

/* What the compiler says is for a person to read: a page or two of it. */
#define WORDS_MAX 16384

static json_t *cut_text(const char *text)
{
    size_t length = text ? strlen(text) : 0;
    json_t *whole = json_stringn(text ? text : "", length < WORDS_MAX ? length : 0);
    if (whole && length < WORDS_MAX)
        return whole;
    json_decref(whole);
    /* It is too long, or no UTF-8: it quotes the student's file. */
    char *copy = strndup(text ? text : "", WORDS_MAX);
    for (char *at = copy; at && *at; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    json_t *part =
        json_sprintf("%s%s", copy ? copy : "",
                     length < WORDS_MAX ? "" : "\n(The rest is left out.)\n");
    free(copy);
    return part;
}

static json_t *json_of(const struct build *build)
{
    return json_pack("{s:i, s:o, s:o, s:o}", "result", (int)build->result, "words",
                     cut_text(build->words), "warnings", cut_text(build->warnings),
                     "remedy", cut_text(build->remedy));
}

void build_and_tell(const struct lab *const *chosen, int count)
{
    json_t *all = json_array();
    for (int i = 0; i < count; i++) {
        struct build build;
        build_program(chosen[i], &build);
        json_array_append_new(all, json_of(&build));
    }
    json_dumpf(all, stdout, JSON_COMPACT);
    json_decref(all);
}

static const char *text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? path_of("%s", text) : "";
}

static struct build build_of(const json_t *told, const char *output)
{
    if (!told)
        return (
            struct build){NOT_BUILT,
                          path_of("The sandbox in which the compiler runs ended too "
                                  "early. %.500s\n",
                                  output),
                          "", "Grade this submission again."};
    return (struct build){(enum build_result)json_integer_value(
                              json_object_get(told, "result")),
                          text_at(told, "words"), text_at(told, "warnings"),
                          text_at(told, "remedy")};
}

static void build_in_sandbox(const struct lab *const *chosen, int count,
                             struct build *builds)
{
    const char *output;
    for (int i = 0; i < count; i++)
        lab_directory(chosen[i]);
    run_limited(sandbox_to_build(chosen, count), &output);
    json_t *all = json_loads(output, 0, NULL);
    for (int i = 0; i < count; i++)
        builds[i] = build_of(json_array_get(all, (size_t)i), output);
    json_decref(all);
}

void build_labs(const struct lab *const *chosen, int count, struct build *builds)
{
    if (sandbox_wanted()) {
        build_in_sandbox(chosen, count, builds);
        return;
    }
    for (int i = 0; i < count; i++)
        build_program(chosen[i], &builds[i]);
}

static enum build_result build_shell_files(const struct lab *lab, struct build *build)
{
    const char *directory = lab_directory(lab);
    if (!directory)
        return cannot_write(build, build_directory());
    const char *object = path_of("%s/%s.o", directory, lab->files[0]);
    enum build_result result = compile(lab, lab->files[0], directory, object, build);
    if (result != BUILT)
        return result;
    return link_program(directory, object,
                        path_of("%s/course/lab%d-edit.o", build_directory(),
                                lab->number),
                        "-ledit", path_of("%s/shell", directory), build);
}

void build_shell(const struct lab *lab, struct build *build)
{
    *build = (struct build){BUILT, "", "", ""};
    build->result = build_shell_files(lab, build);
}
