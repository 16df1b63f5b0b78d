/* graphviz.c - the look of the figures, and the way through Graphviz' program dot. */
#include "graphviz.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* --- Looks ------------------------------------------------------------------------ */

enum look look_of(unsigned long nattch, bool dest)
{
    if (dest)
        return LOOK_DEST;
    return nattch > 0 ? LOOK_USED : LOOK_LIVE;
}

const char *look_attributes(enum look look)
{
    static const char *const attributes[] = {
        [LOOK_LIVE] = "class=\"live\", style=\"rounded,filled\", penwidth=2.5, "
                      "color=\"#1f5f9e\", fillcolor=\"#e6f0fa\"",
        [LOOK_USED] = "class=\"used\", style=\"rounded,filled\", penwidth=4.5, "
                      "color=\"#1b6b3a\", fillcolor=\"#e2f3e8\"",
        [LOOK_DEST] = "class=\"dest\", style=\"rounded,filled,dashed\", penwidth=2.5, "
                      "color=\"#8a4b00\", fillcolor=\"#fdf0da\"",
        [LOOK_GONE] = "class=\"gone\", style=\"rounded,filled,dotted\", penwidth=2.5, "
                      "color=\"#55616d\", fillcolor=\"#f0f2f4\"",
    };
    return attributes[look];
}

/* --- Texts ------------------------------------------------------------------------ */

void write_escaped(FILE *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            putc(*text, out);
        }
}

/* A backslash would begin an escape sequence of DOT. */
void write_quoted(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putc('\\', out);
        putc(*text, out);
    }
}

/* --- SVG -------------------------------------------------------------------------- */

#define BOLD_FAMILY " font-family=\"Inter Bold,"

/* Copies `from` up to `end`, without ids and without the titles that dot makes of the
 * nodes' names. */
static void copy_plainly(const char *from, const char *end, FILE *out)
{
    while (from < end) {
        const char *rest = NULL;
        if (strncmp(from, BOLD_FAMILY, strlen(BOLD_FAMILY)) == 0) {
            fputs(" font-weight=\"bold\" font-family=\"", out);
            from += strlen(BOLD_FAMILY);
        }
        if (strncmp(from, " id=\"", 5) == 0)
            rest = strchr(from + 5, '"');
        else if (strncmp(from, "<title>", 7) == 0)
            rest = strstr(from, "</title>\n");
        if (!rest)
            putc(*from++, out);
        else
            from = rest + (*rest == '"' ? 1 : strlen("</title>\n"));
    }
}

/* The prologue, which names a DTD, may not stand inside a page. */
static bool write_svg(const char *svg, const char *title, const char *description,
                      FILE *out)
{
    const char *root = strstr(svg, "<svg");
    const char *inside = root ? strchr(root, '>') : NULL;
    if (!inside)
        return false;
    fprintf(out,
            "<svg role=\"img\" style=\"font-variant-ligatures:none\" aria-label=\"");
    write_escaped(out, title);
    putc('"', out);
    copy_plainly(root + strlen("<svg"), inside + 1, out);
    fputs("\n<title>", out);
    write_escaped(out, title);
    fputs("</title>\n<desc>", out);
    write_escaped(out, description);
    fputs("</desc>", out);
    copy_plainly(inside + 1, svg + strlen(svg), out);
    return true;
}

/* --- The program dot -------------------------------------------------------------- */

/* An unnamed file that holds a text, or is empty; at its start. */
static FILE *file_with(const char *text)
{
    FILE *file = tmpfile();
    if (file && (fputs(text, file) == EOF || fflush(file) == EOF)) {
        fclose(file);
        return NULL;
    }
    if (file)
        rewind(file);
    return file;
}

static char *whole_text(FILE *file)
{
    char *text = NULL;
    size_t size = 0;
    rewind(file);
    ssize_t length = getdelim(&text, &size, '\0', file);
    if (length > 0)
        return text;
    free(text);
    return NULL;
}

/* Runs dot -Tsvg from one file to another.  Returns 0, or an errno; `*status` is the
 * program's. */
static int run_dot(FILE *in, FILE *out, int *status)
{
    char *const arguments[] = {(char[]){"dot"}, (char[]){"-q"}, (char[]){"-Tsvg"},
                               NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(in), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
    int error = posix_spawnp(&pid, "dot", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error)
        return error;
    while (waitpid(pid, status, 0) == -1)
        if (errno != EINTR)
            return errno;
    return 0;
}

/* Returns the SVG, which the caller frees, or NULL after a message. */
static char *draw(const char *dot)
{
    char *svg = NULL;
    int status = 0;
    FILE *in = file_with(dot), *drawn = file_with("");

    int error = in && drawn ? run_dot(in, drawn, &status) : errno;
    if (error == ENOENT)
        fputs("scope: Graphviz draws the pictures, and its program dot is not "
              "installed.\nWhat to do: sudo apt-get install graphviz; or take the "
              "description: --dot\n",
              stderr);
    else if (error)
        fprintf(stderr, "scope: Graphviz' program dot cannot be run: %s\n",
                strerror(error));
    else if (status != 0 || !(svg = whole_text(drawn)))
        fputs("scope: Graphviz' program dot did not draw the picture.\n", stderr);
    if (in)
        fclose(in);
    if (drawn)
        fclose(drawn);
    return svg;
}

bool graphviz_svg(const char *dot, const char *title, const char *description,
                  FILE *out)
{
    char *svg = draw(dot);
    if (!svg)
        return false;
    bool written = write_svg(svg, title, description, out);
    if (!written)
        fputs("scope: Graphviz' program dot wrote no SVG.\n", stderr);
    free(svg);
    return written;
}
