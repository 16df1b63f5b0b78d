/* dot.c - a moment in the DOT language.
 *
 * Processes stand to the left, segments to the right.  Each attachment has a line of
 * its own in its process's box, where its edge begins: so no word lies on an edge.
 */
#include "dot.h"

#include "graphviz.h"
#include "text.h"

#include <sys/shm.h>

/* The cells reach to the outline, where their edges begin; blanks stand at both ends. */
#define TABLE                                                                          \
    "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"3\">"
#define SMALL "<FONT POINT-SIZE=\"19\">"
#define CODE  "<FONT FACE=\"" CODE_FONT "\" POINT-SIZE=\"18\">"
#define BOLD  "<B>"
#define GAP   "<TD WIDTH=\"8\"></TD>"
#define END   "&#160;</FONT></TD></TR>"

static void write_head(FILE *out)
{
    fputs("digraph scope {\n"
          "  graph [rankdir=LR, splines=line, nodesep=0.35, ranksep=1.9, pad=0.2, "
          "bgcolor=\"white\"]\n"
          "  node [shape=box, margin=\"0,0.08\", fontname=\"" WORDS_FONT
          "\", fontsize=24, fontcolor=\"" INK "\"]\n"
          "  edge [penwidth=2.5, arrowsize=1.2, color=\"" LINE "\"]\n",
          out);
}

/* --- Processes -------------------------------------------------------------------- */

static bool is_first_of(const struct moment *moment, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (moment->attachments[i].pid == moment->attachments[index].pid)
            return false;
    return true;
}

static void write_process(const struct moment *moment, size_t first, FILE *out)
{
    const struct attachment *process = &moment->attachments[first];

    fprintf(out,
            "  p%d [class=\"process\", style=\"rounded,filled\", penwidth=2.5, "
            "color=\"" LINE "\", fillcolor=\"#f0f2f4\", label=<" TABLE "<TR>" GAP "<TD "
            "ALIGN=\"LEFT\">" BOLD,
            (int)process->pid);
    write_escaped(out, process->name);
    fprintf(out, "&#160;</B></TD></TR><TR>" GAP "<TD ALIGN=\"LEFT\">" SMALL "pid %d",
            (int)process->pid);
    if (*process->terminal)
        fprintf(out, " on %s", process->terminal);
    fputs(END, out);
    for (size_t i = first; i < moment->count; i++) {
        const struct attachment *attachment = &moment->attachments[i];
        if (attachment->pid == process->pid)
            fprintf(out,
                    "<TR>" GAP "<TD ALIGN=\"LEFT\" PORT=\"a%zu\">" CODE
                    "0x%012lx %s" END,
                    i, (unsigned long)attachment->address,
                    access_short(attachment->access));
    }
    fputs("</TABLE>>]\n", out);
}

/* --- Segments --------------------------------------------------------------------- */

static void write_segment(const struct segment *row, FILE *out)
{
    char owner[64];
    bool dest = (row->mode & SHM_DEST) != 0;

    user_name(row->uid, owner, sizeof owner);
    fprintf(out,
            "  s%d [%s, label=<" TABLE "<TR>" GAP "<TD ALIGN=\"LEFT\">" BOLD
            "segment %d&#160;</B>"
            "</TD></TR><TR>" GAP "<TD ALIGN=\"LEFT\">" CODE "key 0x%08x" END "<TR>" GAP
            "<TD ALIGN=\"LEFT\">" SMALL "%zu bytes, %04o, ",
            row->id, look_attributes(look_of(row->nattch, dest)), row->id,
            (unsigned)row->key, row->size, (unsigned)row->mode & 0777);
    write_escaped(out, owner);
    fprintf(out, END "<TR>" GAP "<TD ALIGN=\"LEFT\">" SMALL "nattch %lu%s", row->nattch,
            dest ? ", marked dest" : "");
    fputs(END "</TABLE>>]\n", out);
}

/* What nobody visible holds. */
static void write_unseen(const struct moment *moment, const struct segment *row,
                         FILE *out)
{
    unsigned long unseen = moment_unseen(moment, row);
    if (unseen == 0)
        return;
    fprintf(out,
            "  u%d [class=\"words\", shape=plain, fontsize=19, label=\"not seen: %lu "
            "of nattch %lu\"]\n"
            "  u%d -> s%d [style=dotted]\n",
            row->id, unseen, row->nattch, row->id, row->id);
}

/* Segments that nobody has attached stand among the others. */
static void write_rank(const struct moment *moment, FILE *out)
{
    fputs("  { rank=same", out);
    for (size_t i = 0; i < moment->table.count; i++)
        fprintf(out, "; s%d", moment->table.rows[i].id);
    fputs(" }\n", out);
}

void dot_of_moment(const struct moment *moment, FILE *out)
{
    write_head(out);
    for (size_t i = 0; i < moment->count; i++)
        if (is_first_of(moment, i))
            write_process(moment, i, out);
    for (size_t i = 0; i < moment->table.count; i++) {
        write_segment(&moment->table.rows[i], out);
        write_unseen(moment, &moment->table.rows[i], out);
    }
    write_rank(moment, out);
    for (size_t i = 0; i < moment->count; i++)
        if (table_by_id(&moment->table, moment->attachments[i].id))
            fprintf(out, "  p%d:a%zu:e -> s%d\n", (int)moment->attachments[i].pid, i,
                    moment->attachments[i].id);
    if (moment->table.count == 0)
        fputs("  none [class=\"words\", shape=plain, label=\"This IPC namespace has no "
              "segment.\"]\n",
              out);
    fputs("}\n", out);
}

void describe_moment(const struct moment *moment, FILE *out)
{
    if (moment->table.count == 0)
        fputs("This IPC namespace has no segment.", out);
    for (size_t i = 0; i < moment->table.count; i++) {
        const struct segment *row = &moment->table.rows[i];
        fprintf(out, "%sSegment %d: key 0x%08x, %zu bytes, nattch %lu%s.", i ? " " : "",
                row->id, (unsigned)row->key, row->size, row->nattch,
                row->mode & SHM_DEST ? ", marked dest" : "");
    }
    for (size_t i = 0; i < moment->count; i++) {
        const struct attachment *attachment = &moment->attachments[i];
        fprintf(out, " Process %d (%s) has segment %d attached at 0x%lx, %s.",
                (int)attachment->pid, attachment->name, attachment->id,
                (unsigned long)attachment->address, access_word(attachment->access));
    }
}
