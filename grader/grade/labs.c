/* labs.c - the list of labs, from labs.def. */
#include "labs.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct lab all_labs[LAB_COUNT] = {
#define LAB(number, directory, title, first, second)                                   \
    {number, directory, title, {first, second}},
#include "labs.def"
#undef LAB
};

bool lab_has_shell(const struct lab *lab)
{
    return lab->files[1] == NULL;
}

const struct lab *lab_named(const char *text)
{
    if (strncmp(text, "lab", 3) == 0)
        text += 3;
    for (int i = 0; i < LAB_COUNT; i++) {
        char *end;
        long number = strtol(text, &end, 10);
        if (strcmp(text, all_labs[i].directory) == 0 ||
            (isdigit((unsigned char)*text) && *end == '\0' &&
             number == all_labs[i].number))
            return &all_labs[i];
    }
    return NULL;
}

const char *sources_directory(void)
{
    const char *text = getenv("SHMLAB_SOURCES");
    return text && *text ? text : "labs";
}

double timeout_scale(void)
{
    const char *text = getenv("GRADER_TIMEOUT_SCALE");
    double scale = text ? strtod(text, NULL) : 1;
    return scale > 0 ? scale : 1;
}

/* Texts live as long as the program: they are chained, so that a tool that looks for
 * lost memory finds none. */
struct kept {
    struct kept *next;
    const char *text;
};

const char *keep_text(const char *text)
{
    static struct kept *all;
    struct kept *kept = malloc(sizeof *kept);
    if (!kept)
        abort();
    *kept = (struct kept){all, text};
    all = kept;
    return text;
}

const char *path_of(const char *format, ...)
{
    char *path;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&path, format, arguments) == -1)
        abort();
    va_end(arguments);
    return keep_text(path);
}
