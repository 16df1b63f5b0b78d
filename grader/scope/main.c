/* main.c - scope: who is attached to which segment, now and over time.  See scope(1). */
#include "dot.h"
#include "follow.h"
#include "graphviz.h"
#include "json.h"
#include "live.h"
#include "moment.h"
#include "run.h"
#include "table.h"
#include "watch.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USAGE = 2 };

enum form { FORM_TABLE, FORM_LIVE, FORM_JSON, FORM_DOT, FORM_SVG };

struct wish {
    enum form form;
    const char *output;  /* NULL: standard output */
    const char *record;  /* the file to record to */
    const char *results; /* the grader's results, for --picture */
    int milliseconds;    /* between two looks */
};

static const char help[] =
    "usage: scope [--live | --json | --dot | --svg] [--output FILE]\n"
    "       scope --record FILE [COMMAND...]\n"
    "       scope --svg | --dot RECORDING\n"
    "       scope --picture RESULTS CHECK\n"
    "\n"
    "Shows the System V shared memory segments of this IPC namespace, and which\n"
    "processes have them attached, where, and how.\n"
    "\n"
    "  -l, --live             fill the terminal, and keep the history; q quits\n"
    "  -j, --json             the same as JSON\n"
    "  -d, --dot              a picture, as a description for Graphviz\n"
    "  -s, --svg              a picture, drawn by Graphviz\n"
    "  -r, --record FILE      record every change until Ctrl-C; or run COMMAND, and\n"
    "                         record each of its calls\n"
    "  -p, --picture RESULTS  the picture of a check that failed, as SVG;\n"
    "                         RESULTS is build/labN/results.json\n"
    "  -o, --output FILE      write to FILE\n"
    "  -e, --every MS         look every so many milliseconds (20 to 60000); else 100\n"
    "  -h, --help             this page; grader/scope/scope.1 tells more\n"
    "\n"
    "Exit status: 0 done, 1 not possible, 2 wrong usage; of --record COMMAND the\n"
    "command's own.\n";

static const struct option options[] = {
    {"live", no_argument, NULL, 'l'},         {"json", no_argument, NULL, 'j'},
    {"dot", no_argument, NULL, 'd'},          {"svg", no_argument, NULL, 's'},
    {"record", required_argument, NULL, 'r'}, {"picture", required_argument, NULL, 'p'},
    {"output", required_argument, NULL, 'o'}, {"every", required_argument, NULL, 'e'},
    {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
};

/* --- Writing ---------------------------------------------------------------------- */

/* Whole or not at all: the text is complete before the file is opened. */
static int write_text(const char *text, const char *path)
{
    FILE *out = path ? fopen(path, "we") : stdout;
    bool written = out && fputs(text, out) != EOF && fflush(out) != EOF;
    int error = errno;
    if (out && path)
        written = fclose(out) == 0 && written;
    if (written)
        return EXIT_SUCCESS;
    fprintf(stderr, "scope: %s cannot be written: %s\n", path ? path : "the output",
            strerror(error));
    return EXIT_FAILURE;
}

/* A file in memory. */
struct page {
    char *text;
    size_t size;
    FILE *out;
};

static void page_begin(struct page *page)
{
    *page = (struct page){NULL, 0, NULL};
    page->out = open_memstream(&page->text, &page->size);
    if (!page->out)
        abort();
}

static int page_end(struct page *page, bool good, const char *path)
{
    fclose(page->out);
    int status = good ? write_text(page->text, path) : EXIT_FAILURE;
    free(page->text);
    return status;
}

/* A picture: its description, or as SVG with a title and the same in sentences. */
static int write_picture(const struct wish *wish, const char *dot, const char *title,
                         const char *description)
{
    struct page page;
    if (wish->form == FORM_DOT)
        return write_text(dot, wish->output);
    page_begin(&page);
    bool drawn = graphviz_svg(dot, title, description, page.out);
    return page_end(&page, drawn, wish->output);
}

/* --- This moment ------------------------------------------------------------------ */

static int picture_moment(const struct wish *wish, const struct moment *moment)
{
    struct page dot, description;

    page_begin(&dot);
    page_begin(&description);
    dot_of_moment(moment, dot.out);
    describe_moment(moment, description.out);
    fclose(dot.out);
    fclose(description.out);
    int status = write_picture(wish, dot.text,
                               "Shared memory segments and the processes that have "
                               "them attached",
                               description.text);
    free(dot.text);
    free(description.text);
    return status;
}

static int print_moment(const struct wish *wish, const struct moment *moment)
{
    struct page page;
    bool good = true;

    page_begin(&page);
    if (wish->form == FORM_JSON) {
        json_t *object = json_of_moment(moment);
        good = json_dumpf(object, page.out, JSON_INDENT(2)) == 0;
        putc('\n', page.out);
        json_decref(object);
    } else {
        table_print(moment, page.out);
    }
    return page_end(&page, good, wish->output);
}

static int no_table(void)
{
    fprintf(
        stderr,
        "scope: /proc/sysvipc/shm cannot be read: %s\n"
        "It is the kernel's table of segments. Is /proc mounted? (mount -t proc proc "
        "/proc)\nDoes this kernel have System V IPC (CONFIG_SYSVIPC)? Then ipcs -m "
        "shows more.\n",
        strerror(errno));
    return EXIT_FAILURE;
}

static int show_moment(const struct wish *wish)
{
    struct moment moment;
    if (!moment_read(&moment))
        return no_table();
    int status = wish->form == FORM_DOT || wish->form == FORM_SVG
                     ? picture_moment(wish, &moment)
                     : print_moment(wish, &moment);
    moment_free(&moment);
    return status;
}

/* --- A recorded run --------------------------------------------------------------- */

static json_t *load(const char *path)
{
    json_error_t error;
    json_t *object = json_load_file(path, 0, &error);
    if (!object)
        fprintf(stderr, "scope: %s: %s\n", path, error.text);
    return object;
}

static int picture_run(const struct wish *wish, const json_t *record)
{
    struct page dot, description;
    struct run run;

    run_load(&run, record);
    page_begin(&dot);
    page_begin(&description);
    dot_of_run(&run, dot.out);
    describe_run(&run, description.out);
    fclose(dot.out);
    fclose(description.out);
    int status = write_picture(wish, dot.text, run.title, description.text);
    free(dot.text);
    free(description.text);
    run_free(&run);
    return status;
}

static int show_recording(const struct wish *wish, const char *path)
{
    json_t *record = load(path);
    if (!record)
        return EXIT_FAILURE;
    int status = EXIT_FAILURE;
    if (json_is_array(json_object_get(record, "steps")))
        status = picture_run(wish, record);
    else
        fprintf(stderr,
                "scope: %s is no recording: make one with scope --record FILE\n", path);
    json_decref(record);
    return status;
}

/* The result of a check, wherever it stands: results.json is a list of results, and
 * holds them by lab for a class (traces/ID.json). */
static const json_t *find_check(const json_t *where, const char *check)
{
    const json_t *found = NULL, *item;
    const char *name = json_string_value(json_object_get(where, "name"));
    const char *key;
    size_t i;

    if (name && strcmp(name, check) == 0 && json_object_get(where, "verdict"))
        return where;
    json_array_foreach(where, i, item) if (!found) found = find_check(item, check);
    json_object_foreach((json_t *)(uintptr_t)where, key, item) if (!found) found =
        find_check(item, check);
    return found;
}

static int show_check(const struct wish *wish, const char *check)
{
    json_t *results = load(wish->results);
    if (!results)
        return EXIT_FAILURE;
    const json_t *result = find_check(results, check);
    int status = EXIT_FAILURE;
    if (!result)
        fprintf(stderr, "scope: %s has no result of a check %s.\n", wish->results,
                check);
    else if (json_array_size(json_object_get(result, "steps")) == 0)
        fprintf(stderr, "scope: %s has no steps: there is nothing to draw.\n", check);
    else
        status = picture_run(wish, result);
    json_decref(results);
    return status;
}

/* --- Recording -------------------------------------------------------------------- */

static int record(const struct wish *wish, int count, char *words[])
{
    struct segment_table table;
    if (!table_read(&table))
        return no_table();
    table_free(&table);
    return count > 0 ? follow(wish->record, words)
                     : watch(wish->record, wish->milliseconds);
}

/* --- The command line ------------------------------------------------------------- */

static int wrong(const char *message)
{
    fprintf(stderr, "scope: %s\nscope --help shows what there is.\n", message);
    return USAGE;
}

static bool read_milliseconds(const char *text, int *milliseconds)
{
    char *rest;
    long value = strtol(text, &rest, 10);
    *milliseconds = (int)value;
    return rest != text && !*rest && value >= 20 && value <= 60000;
}

/* Takes one option.  Returns NULL, or what is wrong with it. */
static const char *take_option(struct wish *wish, int option)
{
    switch (option) {
    case 'l':
        wish->form = FORM_LIVE;
        return NULL;
    case 'j':
        wish->form = FORM_JSON;
        return NULL;
    case 'd':
        wish->form = FORM_DOT;
        return NULL;
    case 's':
        wish->form = FORM_SVG;
        return NULL;
    case 'r':
        wish->record = optarg;
        return NULL;
    case 'p':
        wish->results = optarg;
        return NULL;
    case 'o':
        wish->output = optarg;
        return NULL;
    case 'e':
        return optarg && read_milliseconds(optarg, &wish->milliseconds)
                   ? NULL
                   : "--every needs milliseconds, from 20 to 60000.";
    default:
        return "this option is not known, or lacks its value.";
    }
}

static int obey(struct wish *wish, int count, char *words[])
{
    const bool picture = wish->form == FORM_DOT || wish->form == FORM_SVG;

    if (wish->record)
        return record(wish, count, words);
    if (wish->results && count == 1)
        return show_check(wish, words[0]);
    if (wish->results)
        return wrong("--picture needs the name of one check.");
    if (picture && count == 1)
        return show_recording(wish, words[0]);
    if (count > 0)
        return wrong("only --svg, --dot, --record and --picture take further words.");
    return wish->form == FORM_LIVE ? live(wish->milliseconds) : show_moment(wish);
}

int main(int argc, char *argv[])
{
    struct wish wish = {.milliseconds = 100};
    char **words = calloc((size_t)argc + 1, sizeof *words);
    int option, count = 0;

    if (!words)
        abort();
    /* "-": words come in their order, as option 1.  With the first word after --record
     * its command begins: the options of that one are its own. */
    while ((option = getopt_long(argc, argv, "-ljdsr:p:o:e:h", options, NULL)) != -1) {
        if (option == 1 && wish.record) {
            optind--;
            break;
        }
        if (option == 1) {
            words[count++] = optarg;
            continue;
        }
        if (option == 'h')
            return write_text(help, NULL);
        const char *trouble = take_option(&wish, option);
        if (trouble)
            return wrong(trouble);
    }
    /* What is left stands behind the words that came before "--". */
    for (; optind < argc; optind++)
        words[count++] = argv[optind];
    words[count] = NULL;
    int status = obey(&wish, count, words);
    free(words);
    return status;
}
