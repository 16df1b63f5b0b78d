/* table.c - prints a moment as a table: a row for each segment, and below it who has it
 * attached. */
#include "table.h"

#include "text.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* The columns of a segment's row.  Each knows its title and writes its cell. */
struct column {
    const char *title;
    bool right; /* numbers stand to the right */
    void (*cell)(const struct segment *segment, char *text, size_t size);
};

static void key_cell(const struct segment *segment, char *text, size_t size)
{
    snprintf(text, size, "0x%08x", (unsigned)segment->key);
}

static void id_cell(const struct segment *segment, char *text, size_t size)
{
    snprintf(text, size, "%d", segment->id);
}

static void owner_cell(const struct segment *segment, char *text, size_t size)
{
    user_name(segment->uid, text, size);
}

static void perms_cell(const struct segment *segment, char *text, size_t size)
{
    snprintf(text, size, "%04o", (unsigned)segment->mode & 0777);
}

static void bytes_cell(const struct segment *segment, char *text, size_t size)
{
    snprintf(text, size, "%zu", segment->size);
}

static void nattch_cell(const struct segment *segment, char *text, size_t size)
{
    snprintf(text, size, "%lu", segment->nattch);
}

static void rss_cell(const struct segment *segment, char *text, size_t size)
{
    snprintf(text, size, "%zu", segment->rss);
}

static void status_cell(const struct segment *segment, char *text, size_t size)
{
    snprintf(text, size, "%s", status_word(segment));
}

static const struct column columns[] = {
    {"KEY", false, key_cell},     {"ID", true, id_cell},
    {"OWNER", false, owner_cell}, {"PERMS", true, perms_cell},
    {"BYTES", true, bytes_cell},  {"NATTCH", true, nattch_cell},
    {"RSS", true, rss_cell},      {"STATUS", false, status_cell},
};
#define COLUMNS (sizeof columns / sizeof columns[0])

static void find_widths(const struct segment_table *table, int widths[COLUMNS])
{
    char text[64];
    for (size_t i = 0; i < COLUMNS; i++) {
        widths[i] = (int)strlen(columns[i].title);
        for (size_t row = 0; row < table->count; row++) {
            columns[i].cell(&table->rows[row], text, sizeof text);
            if ((int)strlen(text) > widths[i])
                widths[i] = (int)strlen(text);
        }
    }
}

/* The last column is not filled up: no line ends with blanks. */
static void print_cell(FILE *out, size_t i, const char *text, int width)
{
    const char *gap = i ? "  " : "";
    if (columns[i].right)
        fprintf(out, "%s%*s", gap, width, text);
    else if (i + 1 < COLUMNS)
        fprintf(out, "%s%-*s", gap, width, text);
    else if (*text)
        fprintf(out, "%s%s", gap, text);
}

static void print_row(FILE *out, const struct segment *segment,
                      const int widths[COLUMNS])
{
    char text[64];
    for (size_t i = 0; i < COLUMNS; i++) {
        columns[i].cell(segment, text, sizeof text);
        print_cell(out, i, text, widths[i]);
    }
    putc('\n', out);
}

static void print_attachment(FILE *out, const struct attachment *attachment)
{
    fprintf(out, "    %-7d %-15s %-7s 0x%012lx  %s", (int)attachment->pid,
            attachment->name, *attachment->terminal ? attachment->terminal : "-",
            (unsigned long)attachment->address, access_word(attachment->access));
    if (attachment->shares)
        fprintf(out, ", the memory of process %d, counted once",
                (int)attachment->shares);
    else if (attachment->pieces > 1)
        fprintf(out, ", in %u pieces that count each", attachment->pieces);
    putc('\n', out);
}

static void print_people(FILE *out, const struct segment *segment)
{
    fprintf(out, "    created by process %d", (int)segment->creator);
    if (segment->last != 0)
        fprintf(out, ", last attached or detached by process %d", (int)segment->last);
    putc('\n', out);
}

static void print_segment(FILE *out, const struct moment *moment,
                          const struct segment *segment, const int widths[COLUMNS])
{
    print_row(out, segment, widths);
    print_people(out, segment);
    for (size_t i = 0; i < moment->count; i++)
        if (moment->attachments[i].id == segment->id)
            print_attachment(out, &moment->attachments[i]);
    unsigned long unseen = moment_unseen(moment, segment);
    if (unseen > 0)
        fprintf(out, "    not seen: %lu of nattch %lu\n", unseen, segment->nattch);
}

static bool any_unseen(const struct moment *moment)
{
    for (size_t i = 0; i < moment->table.count; i++)
        if (moment_unseen(moment, &moment->table.rows[i]) > 0)
            return true;
    return false;
}

/* What could not be seen. */
static void print_notes(const struct moment *moment, FILE *out)
{
    fprintf(out, "Segments: %zu. Processes looked into: %zu.\n", moment->table.count,
            moment->looked);
    if (moment->hidden > 0)
        fprintf(out,
                "Processes that you may not look into (of other users, or protected): "
                "%zu.\n",
                moment->hidden);
    if (moment->hidden > 0 && geteuid() != 0)
        fputs("Root sees more: sudo build/scope\n", out);
    if (moment->elsewhere > 0)
        fprintf(out,
                "Processes of other IPC namespaces, with tables of their own, left "
                "out: %zu.\n",
                moment->elsewhere);
    if (any_unseen(moment))
        fprintf(out,
                "\"not seen\": held by a process that you may not look into, that "
                "/proc does not\nshow, or that took its attachment into another IPC "
                "namespace.\n");
    if (!moment->steady)
        fprintf(out, "The table changed while the processes were read: the rows may "
                     "mix two moments.\n");
}

void table_print(const struct moment *moment, FILE *out)
{
    int widths[COLUMNS];

    find_widths(&moment->table, widths);
    for (size_t i = 0; i < COLUMNS; i++)
        print_cell(out, i, columns[i].title, widths[i]);
    putc('\n', out);
    for (size_t i = 0; i < moment->table.count; i++)
        print_segment(out, moment, &moment->table.rows[i], widths);
    putc('\n', out);
    print_notes(moment, out);
}
