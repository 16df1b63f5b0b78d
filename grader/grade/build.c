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
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ARGUMENTS 96

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
        add_words(&arguments, "-fsanitize=address,undefined -fno-omit-frame-pointer");
    return arguments;
}

/* The options that send the calls of calls.def through the interposition. */
static void add_wraps(struct arguments *arguments)
{
    static const char *const wraps[] = {
#define CALL(name) "-Wl,--wrap=" #name,
#include "../student/calls.def"
#undef CALL
    };
    for (size_t i = 0; i < sizeof wraps / sizeof wraps[0]; i++)
        add(arguments, wraps[i]);
}

/* Runs the compiler.  Returns NULL, or its words when it failed. */
static const char *run(const struct arguments *arguments, const char **output)
{
    int status = run_collecting(arguments->word, output);
    if (status == 0)
        return NULL;
    if (status == 127 && !**output)
        return path_of("The compiler `%s` cannot be started. Type `make doctor`.\n",
                       arguments->word[0]);
    return **output ? *output : path_of("The compiler ended with status %d.\n", status);
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

static const char *compile(const struct lab *lab, const char *file, const char *object,
                           const char **warnings)
{
    const char *number = path_of("%d", lab->number);
    const char *source = path_of("%s/%s/%s", sources_directory(), lab->directory, file);
    const char *trouble = trouble_with(source, number);
    if (trouble)
        return trouble;

    struct arguments arguments = compiler();
    add_words(&arguments, "-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -g -O1 -fPIE "
                          "-fdiagnostics-color=never");
    add(&arguments, path_of("-Ilabs/%s", lab->directory));
    add_words(&arguments, "-Ilabs -c -o");
    add(&arguments, object);
    add(&arguments, source);
    return run(&arguments, warnings);
}

static const char *link_program(const char *object, const char *course,
                                const char *library, const char *target)
{
    const char *output;
    struct arguments arguments = compiler();
    add(&arguments, "-pie");
    add(&arguments, object);
    add(&arguments, course);
    add_wraps(&arguments);
    if (library)
        add(&arguments, library);
    add(&arguments, "-o");
    add(&arguments, target);
    return run(&arguments, &output);
}

static const char *lab_directory(const struct lab *lab)
{
    const char *directory = path_of("%s/lab%d", build_directory(), lab->number);
    if (mkdir(directory, 0777) == -1 && errno != EEXIST)
        return NULL;
    return directory;
}

static const char *no_directory(void)
{
    return path_of("The directory %s cannot be written: %s.\n", build_directory(),
                   strerror(errno));
}

const char *build_program(const struct lab *lab, const char **warnings)
{
    const char *directory = lab_directory(lab);
    *warnings = "";
    if (!directory)
        return no_directory();

    for (int i = 0; i < LAB_FILES && lab->files[i]; i++) {
        const char *words = "";
        const char *object = path_of("%s/%s.o", directory, lab->files[i]);
        const char *trouble = compile(lab, lab->files[i], object, &words);
        if (trouble)
            return trouble;
        if (*words)
            *warnings = path_of("%s%s", *warnings, words);
        /* reader.c becomes reader; the file of labs 1 to 4 becomes program. */
        const char *target =
            lab_has_shell(lab) ? path_of("%s/program", directory)
                               : path_of("%s/%.*s", directory,
                                         (int)strlen(lab->files[i]) - 2, lab->files[i]);
        const char *course =
            lab_has_shell(lab)
                ? path_of("%s/course/lab%d.o", build_directory(), lab->number)
                : path_of("%s/course/interpose.o", build_directory());
        trouble = link_program(object, course, NULL, target);
        if (trouble)
            return trouble;
    }
    return NULL;
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

void build_and_tell(const struct lab *const *chosen, int count)
{
    json_t *all = json_array();
    for (int i = 0; i < count; i++) {
        struct built built;
        built.trouble = build_program(chosen[i], &built.warnings);
        json_t *one =
            json_pack("{s:b, s:o, s:o}", "ok", !built.trouble, "trouble",
                      cut_text(built.trouble), "warnings", cut_text(built.warnings));
        json_array_append_new(all, one);
    }
    json_dumpf(all, stdout, JSON_COMPACT);
    json_decref(all);
}

static void build_in_sandbox(const struct lab *const *chosen, int count,
                             struct built *built)
{
    const char *output;
    for (int i = 0; i < count; i++)
        lab_directory(chosen[i]);
    run_limited(sandbox_to_build(chosen, count), &output);
    json_t *all = json_loads(output, 0, NULL);
    for (int i = 0; i < count; i++) {
        const json_t *one = json_array_get(all, (size_t)i);
        const char *trouble = json_string_value(json_object_get(one, "trouble"));
        const char *warnings = json_string_value(json_object_get(one, "warnings"));
        built[i].warnings = path_of("%s", warnings ? warnings : "");
        built[i].not_tried = !one;
        built[i].trouble = json_is_true(json_object_get(one, "ok")) ? NULL
                           : trouble ? path_of("%s", trouble)
                                     : path_of("The sandbox in which the compiler runs "
                                               "ended too early. %.500s\n",
                                               output);
    }
    json_decref(all);
}

void build_labs(const struct lab *const *chosen, int count, struct built *built)
{
    if (sandbox_wanted()) {
        build_in_sandbox(chosen, count, built);
        return;
    }
    for (int i = 0; i < count; i++) {
        built[i].not_tried = false;
        built[i].trouble = build_program(chosen[i], &built[i].warnings);
    }
}

const char *build_shell(const struct lab *lab)
{
    const char *words;
    const char *directory = lab_directory(lab);
    if (!directory)
        return no_directory();
    const char *object = path_of("%s/%s.o", directory, lab->files[0]);
    const char *trouble = compile(lab, lab->files[0], object, &words);
    if (trouble)
        return trouble;
    return link_program(object,
                        path_of("%s/course/lab%d-edit.o", build_directory(),
                                lab->number),
                        "-ledit", path_of("%s/shell", directory));
}
