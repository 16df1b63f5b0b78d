/* view.c - what a person sees of the results.
 *
 * Colour only on a terminal, and never as the only sign.  Lines are at most 80
 * columns wide.
 */
#include "view.h"

#include "results.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WIDTH       80
#define STORY_HEAD  4  /* steps of a long story that are shown from its start */
#define STORY_TAIL  10 /* and from its end */
#define ANSWER_HEAD 4  /* lines of a long answer, likewise */
#define ANSWER_TAIL 3

static const char *colour(const char *code)
{
    static int on = -1;
    if (on == -1)
        on = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    return on ? code : "";
}

#define RED    colour("\033[31m")
#define GREEN  colour("\033[32m")
#define YELLOW colour("\033[33m")
#define BOLD   colour("\033[1m")
#define PLAIN  colour("\033[0m")

/* The columns that a text takes: one for each character of UTF-8. */
static int columns(const char *text, size_t length)
{
    int count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* The bytes of the next word.  A short command in backquotes is one word: who copies it
 * wants it on one line. */
static size_t word_length(const char *text)
{
    enum { LONGEST = 40 };
    size_t length = strcspn(text, " \n");
    const char *open = memchr(text, '`', length);
    if (!open || memchr(open + 1, '`', length - (size_t)(open + 1 - text)))
        return length;
    const char *close = open + 1 + strcspn(open + 1, "`\n");
    if (*close != '`' || close - open > LONGEST)
        return length;
    return (size_t)(close - text) + strcspn(close, " \n");
}

/* Prints a text from column `at` on, wrapped between words; further lines start at
 * column `indent`. */
static void wrap(const char *text, int at, int indent)
{
    bool first = true;
    while (*text) {
        size_t length = word_length(text);
        int wide = columns(text, length);
        if (!first && at + 1 + wide > WIDTH) {
            printf("\n%*s", indent, "");
            at = indent;
        } else if (!first) {
            putchar(' ');
            at++;
        }
        printf("%.*s", (int)length, text);
        at += wide;
        first = false;
        text += length;
        if (*text == '\n') {
            printf("\n%*s", indent, "");
            at = indent;
            first = true;
        }
        text += *text != '\0';
    }
    putchar('\n');
}

/* A text below a story, or below all of them. */
static void remark(const char *text)
{
    printf("  ");
    wrap(text, 2, 2);
}

/* A title of twelve columns, and a text beside it. */
static void paragraph(const char *title, const char *text)
{
    printf("    %s%-10s%s ", BOLD, title, PLAIN);
    wrap(text, 15, 15);
}

/* --- The list of checks ----------------------------------------------------------- */

static void check_line(const json_t *result)
{
    bool passed = result_is(result, "passed"), failed = result_is(result, "failed");
    printf("  %s%-4s%s %3d  ",
           passed   ? GREEN
           : failed ? RED
                    : YELLOW,
           passed   ? "ok"
           : failed ? "FAIL"
                    : "????",
           PLAIN, (int)json_integer_value(json_object_get(result, "points")));
    wrap(result_text(result, "promise"), 12, 12);
}

/* --- A story ---------------------------------------------------------------------- */

/* Where a text's line `number` begins (from 0), or its end. */
static const char *line_at(const char *text, int number)
{
    for (; number > 0 && *text; number--) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return text;
}

static int count_lines(const char *text)
{
    int count = 1;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* A long answer, such as a table, without its middle. */
static const char *shortened(const char *text)
{
    int count = count_lines(text);
    if (count <= ANSWER_HEAD + ANSWER_TAIL + 1)
        return text;
    const char *middle = line_at(text, ANSWER_HEAD);
    return path_of("%.*s... (%d more lines)\n%s", (int)(middle - text), text,
                   count - ANSWER_HEAD - ANSWER_TAIL,
                   line_at(text, count - ANSWER_TAIL));
}

static void step_line(int number, const json_t *step)
{
    const char *where = result_text(step, "where");
    const char *answer = result_text(step, "answer");

    printf("    %3d. ", number);
    if (*where) {
        const char *text = path_of("In %c%s: %s", where[0] | 0x20, where + 1,
                                   result_text(step, "line"));
        wrap(text, 9, 13);
    } else {
        wrap(result_text(step, "line"), 9, 9);
    }
    if (*answer) {
        printf("         -> ");
        wrap(shortened(answer), 12, 12);
    }
}

static void steps(const json_t *list)
{
    int count = (int)json_array_size(list);
    if (count == 0)
        return;
    printf("    %sWhat was done%s\n", BOLD, PLAIN);
    for (int i = 0; i < count; i++) {
        if (count > STORY_HEAD + STORY_TAIL + 1 && i == STORY_HEAD) {
            int left_out = count - STORY_HEAD - STORY_TAIL;
            printf("         ... (%d more steps)\n", left_out);
            i += left_out;
        }
        step_line(i + 1, json_array_get(list, (size_t)i));
    }
}

#define LEAKS_SHOWN 8 /* the same mistake again and again is told so often */

static void leaks(const json_t *list)
{
    json_t *leak;
    size_t i;
    json_array_foreach(list, i, leak)
    {
        if (i == LEAKS_SHOWN) {
            int more = (int)(json_array_size(list) - i);
            paragraph("Leaked", more == 1 ? "... (1 more segment)"
                                          : path_of("... (%d more segments)", more));
            break;
        }
        const char *by = result_text(leak, "by");
        int step = (int)json_integer_value(json_object_get(leak, "step"));
        const char *text = path_of(
            "segment %d, key 0x%08llx, %lld bytes; made by %s, seen after step %d",
            (int)json_integer_value(json_object_get(leak, "id")),
            (unsigned long long)json_integer_value(json_object_get(leak, "key")),
            (long long)json_integer_value(json_object_get(leak, "size")),
            *by ? by : "a process that ended", step);
        paragraph("Leaked", text);
    }
}

#define PRINTED_TAIL   600  /* bytes of what was printed that are shown */
#define PRINTED_REPORT 1000 /* and of a sanitizer's report, from its start */

/* Where the report of a sanitizer begins (SANITIZE=1), or NULL: its first lines name the
 * mistake and the student's line. */
static const char *report_in(const char *text)
{
    const char *report = strstr(text, "ERROR: AddressSanitizer");
    if (!report)
        report = strstr(text, "runtime error: ");
    while (report && report > text && report[-1] != '\n')
        report--;
    return report;
}

/* What the student's processes printed: the last lines of it, or a sanitizer's report. */
static void printed(const char *text)
{
    size_t length = strlen(text);
    if (length == 0)
        return;
    const char *start = report_in(text);
    const size_t most = start ? PRINTED_REPORT : PRINTED_TAIL;
    if (!start)
        start = text + (length > PRINTED_TAIL ? length - PRINTED_TAIL : 0);
    char *copy = strndup(start, most);
    if (!copy)
        abort();
    size_t end = strlen(copy);
    const char *last = strrchr(copy, '\n');
    if (strlen(start) > most && last) /* whole lines */
        copy[end = (size_t)(last - copy)] = '\0';
    while (end > 0 && copy[end - 1] == '\n')
        copy[--end] = '\0';
    paragraph("Printed", copy);
    free(copy);
}

static const char *first_hint(const json_t *result)
{
    return json_string_value(json_array_get(json_object_get(result, "hints"), 0));
}

/* The contract is the one header in the lab's directory. */
static const char *contract_of(const struct lab *lab)
{
    const char *contract = "";
    glob_t paths;
    if (glob(path_of("labs/%s/*.h", lab->directory), 0, NULL, &paths) == 0)
        contract = path_of("%s", paths.gl_pathv[0]);
    globfree(&paths);
    return contract;
}

/* The line of a contract on which a function is documented ("name() - ..."), or 0. */
static int line_of(const char *header, const char *function)
{
    const char *wanted = path_of(" * %s() - ", function);
    char text[256];
    int number = 0;
    bool found = false;

    FILE *file = *function ? fopen(header, "re") : NULL;
    while (file && !found && fgets(text, sizeof text, file)) {
        number++;
        found = strncmp(text, wanted, strlen(wanted)) == 0;
    }
    if (file)
        fclose(file);
    return found ? number : 0;
}

/* Where the broken promise is written down. */
static void where_to_read(const json_t *result, const struct lab *lab)
{
    const char *function = result_text(result, "function");
    const char *contract = contract_of(lab);
    int line = line_of(contract, function);

    if (line)
        paragraph("Read", path_of("%s:%d is the contract of %s. labs/%s/README.md has "
                                  "experiments about it.",
                                  contract, line, function, lab->directory));
    else
        paragraph("Read",
                  path_of("%s is the contract. labs/%s/README.md has experiments "
                          "about it.",
                          contract, lab->directory));
}

/* What a person must know who types the steps of one story, or of several. */
struct typing {
    bool possible;  /* nothing is held, or made to fail, by the grader */
    bool sentences; /* such as: The grader does: touch meeting */
    bool sweeps;    /* segment_sweep removes what it finds */
};

static struct typing typing_of(const json_t *result)
{
    struct typing typing = {.possible =
                                !json_is_false(json_object_get(result, "by_hand"))};
    json_t *step;
    size_t i;
    json_array_foreach(json_object_get(result, "steps"), i, step)
    {
        typing.sentences |= !*result_text(step, "where");
        typing.sweeps |= strcmp(result_text(step, "line"), "sweep") == 0;
    }
    return typing;
}

static void by_hand(struct typing typing, const struct lab *lab)
{
    const char *text;

    if (!typing.possible && lab_has_shell(lab))
        text = path_of("Not all of these steps can be typed: the grader acts between "
                       "your code and the kernel. `trace on` in `make shell LAB=%d` "
                       "shows the calls that your functions make.",
                       lab->number);
    else if (!typing.possible)
        text = "Not all of these steps can be typed: the grader holds one of your "
               "programs at a call, as if it were slow at that moment.";
    else if (!lab_has_shell(lab))
        text =
            "Type the steps in two terminals, R for the reader and W for the writer. The "
            "reader's output is a pipe there: add `| cat` to its line. Pids will differ. "
            "The grader types faster than a person, and does not wait between two steps.";
    else
        text = path_of(
            "Type the steps in `make shell LAB=%d`. Open one window for each terminal; G "
            "is the grader's part. `table` shows what the kernel shows, and `trace on` "
            "what your functions call. Ids, addresses, pids and keys of files will "
            "differ. Segments stay when a shell ends: `rmid ID` removes one.%s%s",
            lab->number,
            typing.sentences ? " A step without a terminal is for your usual shell, in "
                               "the same directory."
                             : "",
            typing.sweeps ? " Careful: `sweep` also removes segments that your other "
                            "programs left."
                          : "");
    paragraph("By hand", text);
}

/* How to find the place of a crash. */
static void find_it(const json_t *result, const struct lab *lab)
{
    const char *seen = result_text(result, "seen");

    if (report_in(result_text(result, "printed")))
        paragraph("Find it",
                  "Under \"Printed\", look for the first line that names a file "
                  "of yours.");
    else if (strstr(seen, "crashed with SIG") || strstr(seen, "killed by SIGSEGV") ||
             strstr(seen, "killed by SIGABRT") || strstr(seen, "killed by SIGBUS"))
        paragraph("Find it",
                  path_of("`make lab%d SANITIZE=1` names the line of your file "
                          "that did it.",
                          lab->number));
}

/* Of many stories, what is needed to type them is told once, below the last. */
static void story(const json_t *result, const struct lab *lab, bool one_of_many)
{
    bool failed = result_is(result, "failed");
    struct typing typing = typing_of(result);

    printf("\n  %s%s%s %s\n", failed ? RED : YELLOW, failed ? "FAIL" : "????", PLAIN,
           result_text(result, "name"));
    paragraph("Promise", result_text(result, "promise"));
    steps(json_object_get(result, "steps"));
    paragraph(failed ? "Expected" : "Reason", result_text(result, "expected"));
    paragraph(failed ? "Seen" : "Remedy", result_text(result, "seen"));
    if (*result_text(result, "because"))
        paragraph("Because", result_text(result, "because"));
    leaks(json_object_get(result, "leaks"));
    printed(result_text(result, "printed"));
    if (failed)
        find_it(result, lab);
    if (failed && first_hint(result))
        paragraph("Hint", first_hint(result));
    if (failed) {
        where_to_read(result, lab);
        if (!one_of_many || !typing.possible)
            by_hand(typing, lab);
    }
}

/* What is needed to type all of these stories that can be typed. */
static void all_by_hand(const json_t *results, const struct lab *lab)
{
    struct typing all = {false, false, false};
    json_t *result;
    size_t i;
    json_array_foreach(results, i, result)
    {
        struct typing typing = typing_of(result);
        if (!result_is(result, "failed") || !typing.possible)
            continue;
        all.possible = true;
        all.sentences |= typing.sentences;
        all.sweeps |= typing.sweeps;
    }
    if (all.possible) {
        putchar('\n');
        by_hand(all, lab);
    }
}

/* --- One lab ---------------------------------------------------------------------- */

static const char *files(const struct lab *lab)
{
    const char *text =
        path_of("%s/%s/%s", sources_directory(), lab->directory, lab->files[0]);
    return lab->files[1] ? path_of("%s and %s", text, lab->files[1]) : text;
}

/* Two files have a line of their own: else it would be too long. */
static void title(const struct lab *lab)
{
    printf("%sLab %d: %s%s%s%s\n\n", BOLD, lab->number, lab->title, PLAIN,
           lab->files[1] ? "\n  " : "   ", files(lab));
}

static void summary(const json_t *results, const struct lab *lab, double seconds)
{
    struct score score = results_score(results, lab);
    bool all = score.points == score.possible;

    printf("\n  %slab %d: %d of %d points.%s  Leaked segments: %d.  Time: %.2f s.\n",
           all ? GREEN : BOLD, lab->number, score.points, score.possible, PLAIN,
           score.leaks, seconds);
    printf("  Checks: %d passed, %d failed, %d could not be checked.\n", score.passed,
           score.failed, score.unchecked);
    if (score.unchecked_points > 0)
        printf("  Points that could not be checked: %d. They are not lost: see the "
               "reason above.\n",
               score.unchecked_points);
}

/* What there is to do now; `open` is the number of stories. */
static void what_next(const json_t *results, const struct lab *lab, int open)
{
    const json_t *first = results_first_open(results, lab);
    if (!first) {
        const struct lab *next =
            lab->number < LAB_COUNT ? &all_labs[lab->number] : NULL;
        remark(
            path_of("`make solution LAB=%d` compares your file with the reference.%s",
                    lab->number,
                    next ? path_of(" Next: labs/%s/README.md.", next->directory) : ""));
        return;
    }
    if (open > 1)
        remark(path_of("This is the story of the first of %d. `make lab%d ALL=1` tells "
                       "all of them.",
                       open, lab->number));
    int elsewhere = results_score(results, lab).leaks -
                    (int)json_array_size(json_object_get(first, "leaks"));
    if (open > 1 && elsewhere > 0)
        remark(path_of("Segments that leaked in other stories: %d.", elsewhere));
    if (result_is(first, "failed"))
        remark(path_of("`make hint LAB=%d` gives another hint.%s", lab->number,
                       getenv("PICTURE")
                           ? ""
                           : path_of(" `make lab%d PICTURE=1` draws the run.",
                                     lab->number)));
}

void view_lab(const json_t *results, const struct lab *lab, bool all_stories,
              double seconds)
{
    json_t *result;
    size_t i;
    int open = 0;

    title(lab);
    json_array_foreach(results, i, result) check_line(result);

    json_t *first = results_first_open(results, lab);
    json_array_foreach(results, i, result)
    {
        if (result_is(result, "passed"))
            continue;
        if (all_stories || result == first)
            story(result, lab, all_stories);
        open++;
    }
    if (all_stories)
        all_by_hand(results, lab);
    putchar('\n');
    what_next(results, lab, all_stories ? 1 : open);
    summary(results, lab, seconds);
}

void view_line(const json_t *results, const struct lab *lab)
{
    struct score score = results_score(results, lab);
    printf("lab%d  %s%3d/%d%s  %2d of %2d checks passed", lab->number,
           score.points == score.possible ? GREEN : "", score.points, score.possible,
           PLAIN, score.passed, score.passed + score.failed + score.unchecked);
    if (score.unchecked > 0)
        printf(", %d could not be checked", score.unchecked);
    if (score.leaks > 0)
        printf(", leaked segments: %d", score.leaks);
    const json_t *first = results_first_open(results, lab);
    if (first && result_is(first, "failed")) {
        printf("\n      first: ");
        wrap(result_text(first, "promise"), 13, 13);
    } else {
        putchar('\n');
    }
}

/* The compiler's words come last, right above the verdict: a list of promises would
 * push them off the screen. */
void view_not_built(const struct lab *lab, const struct build *build)
{
    title(lab);
    if (build->result == NOT_BUILT) {
        printf("  %s????%s The lab could not be built.\n", YELLOW, PLAIN);
        paragraph("Reason", build->words);
        paragraph("Remedy", build->remedy);
        printf("\n  %slab %d: could not be checked.%s  No points are lost: see the "
               "reason above.\n",
               BOLD, lab->number, PLAIN);
        return;
    }
    fputs(build->words, stdout);
    if (build->result == NO_FILE)
        printf("\n  %slab %d: not checked: there is no file to check.%s\n", BOLD,
               lab->number, PLAIN);
    else
        printf("\n  %slab %d: not checked: does not compile.%s  Mend the first error "
               "above;\n  the others may follow from it. %s\n",
               BOLD, lab->number, PLAIN,
               getenv("SHMLAB_WATCH")
                   ? "Then save the file again."
                   : path_of("Then type `make lab%d` again.", lab->number));
}

void view_line_not_built(const struct lab *lab, const struct build *build)
{
    if (build->result == NOT_BUILT)
        printf("lab%d    0/100  could not be checked: %s\n", lab->number, build->words);
    else if (build->result == NO_FILE)
        printf("lab%d    0/100  not checked: %s", lab->number, build->words);
    else
        printf("lab%d    0/100  not checked: does not compile (`make lab%d` shows the "
               "errors)\n",
               lab->number, lab->number);
}

void view_warnings(const char *warnings)
{
    if (*warnings)
        printf("The compiler warns (this costs no points):\n%s\n", warnings);
}

void view_shared_world(void)
{
    printf(
        "Namespaces are refused on this machine: the checks ran one after the other in "
        "the\nmachine's own IPC namespace, together with all other programs. `make "
        "doctor`\nsays how to get namespaces.\n");
}

void view_hint(const json_t *result, const struct lab *lab, int level)
{
    const json_t *hints = json_object_get(result, "hints");
    int count = (int)json_array_size(hints);

    printf("%sLab %d, %s%s\n", BOLD, lab->number, result_text(result, "name"), PLAIN);
    paragraph("Promise", result_text(result, "promise"));
    for (int i = 0; i < count && i <= level; i++)
        paragraph(path_of("Hint %d/%d", i + 1, count),
                  json_string_value(json_array_get(hints, (size_t)i)));
    if (level + 1 < count)
        printf("  `make hint LAB=%d` again gives the next one.\n", lab->number);
    else
        remark(
            path_of("This was the last hint. The handout goes on: labs/%s/README.md. "
                    "`make solution LAB=%d` shows the reference.",
                    lab->directory, lab->number));
}
