/* lanes.c - the picture of a recorded run, in the DOT language.
 *
 * Time goes down.  From left to right: what was typed and called; a lane for each
 * process, with a dot where it acted; a band for each segment, with nattch beside what
 * changed it.  Every place is computed here, in points, and Graphviz draws
 * (layout=nop2): so nothing overlaps, whatever the font.
 */
#include "run.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_COLUMNS 64   /* longer texts are wrapped */
#define COLUMN       8.4  /* points: a character of the code font at 14 points */
#define WORDS_COLUMN 7.6  /* about: a character of the words' font at 14 points */
#define BOLD_COLUMN  10.6 /* at most: of the bold font at 18 points */
#define LINE_HEIGHT  17.0
#define TITLE_HEIGHT 22.0
#define ROW_GAP      8.0
#define LANE_WIDTH   104.0
#define LANE_COLUMNS 10 /* characters of a process's title in a line */
#define BOX_HEIGHT   54.0
#define BAND_WIDTH   150.0
#define HEAD_HEIGHT  78.0
#define MARGIN       16.0

#define SHOWN_LANES 8
#define SHOWN_BANDS 6
/* Rows of a long run that are shown from its start, and from its end. */
#define SHOWN_HEAD 12
#define SHOWN_TAIL 32

/* Where everything stands.  y goes down here, and up in DOT. */
struct page {
    const struct run *run;
    FILE *out;
    size_t lanes[SHOWN_LANES], bands[SHOWN_BANDS];
    size_t lane_count, band_count;
    size_t rows[SHOWN_HEAD + SHOWN_TAIL];
    size_t row_count;
    size_t rows_left;                        /* not shown, between head and tail */
    double top[SHOWN_HEAD + SHOWN_TAIL + 1]; /* of each row; then the end */
    double lanes_at, bands_at, width;
    size_t title_columns;
    unsigned names; /* of nodes given out so far */
};

/* --- What is shown ---------------------------------------------------------------- */

static bool lane_acts(const struct run *run, size_t lane)
{
    for (size_t i = 0; i < run->row_count; i++)
        if (run->rows[i].lane == (int)lane || run->rows[i].held[lane] > 0)
            return true;
    return false;
}

static bool same_state(const struct state *a, const struct state *b)
{
    return a->exists == b->exists && a->gone == b->gone && a->nattch == b->nattch &&
           a->dest == b->dest;
}

/* How much a segment has to tell: the most telling are shown when there are many. */
static size_t weight_of(const struct run *run, size_t band)
{
    size_t weight = run->bands[band].leaked ? 1000 : 0;
    for (size_t i = 0; i < run->row_count; i++) {
        weight += run->rows[i].target == (int)band;
        weight += i > 0 &&
                  !same_state(&run->rows[i].bands[band], &run->rows[i - 1].bands[band]);
    }
    return weight;
}

/* The number of bands that outweigh this one; of equals the earlier. */
static size_t rank_of(const struct run *run, size_t band)
{
    size_t weight = weight_of(run, band), rank = 0;
    for (size_t i = 0; i < run->band_count; i++)
        rank += weight_of(run, i) > weight || (weight_of(run, i) == weight && i < band);
    return rank;
}

static void choose(struct page *page)
{
    const struct run *run = page->run;

    for (size_t i = 0; i < run->lane_count && page->lane_count < SHOWN_LANES; i++)
        if (lane_acts(run, i))
            page->lanes[page->lane_count++] = i;
    for (size_t i = 0; i < run->band_count; i++)
        if (rank_of(run, i) < SHOWN_BANDS)
            page->bands[page->band_count++] = i;
    for (size_t i = 0; i < run->row_count; i++) {
        if (run->row_count > SHOWN_HEAD + SHOWN_TAIL && i == SHOWN_HEAD) {
            page->rows_left = run->row_count - SHOWN_HEAD - SHOWN_TAIL;
            i += page->rows_left;
        }
        page->rows[page->row_count++] = i;
    }
}

/* --- Texts ------------------------------------------------------------------------ */

/* The length of the next line of a text that is at most `columns` wide: cut behind a
 * blank where there is one. */
static size_t line_length(const char *text, size_t columns)
{
    size_t length = strcspn(text, "\n");
    if (length <= columns)
        return length;
    for (size_t i = columns; i > columns / 3; i--)
        if (text[i] == ' ')
            return i;
    /* Not in the middle of a character of UTF-8. */
    for (length = columns; length > 1 && ((unsigned char)text[length] & 0xc0) == 0x80;)
        length--;
    return length;
}

static const char *next_line(const char *text, size_t length)
{
    text += length;
    return text + (*text == ' ' || *text == '\n');
}

static size_t count_lines(const char *text, size_t columns)
{
    size_t count = 0;
    do {
        text = next_line(text, line_length(text, columns));
        count++;
    } while (*text);
    return count;
}

static size_t widest_line(const char *text, size_t columns)
{
    size_t widest = 0;
    do {
        size_t length = line_length(text, columns);
        widest = length > widest ? length : widest;
        text = next_line(text, length);
    } while (*text);
    return widest;
}

/* --- Nodes ------------------------------------------------------------------------ */

/* A box without words. */
static void box(struct page *page, double left, double top, double right, double bottom,
                const char *attributes)
{
    fprintf(page->out,
            "  n%u [shape=box, label=\"\", pos=\"%.1f,%.1f\", width=%.3f, "
            "height=%.3f, %s]\n",
            page->names++, (left + right) / 2, -(top + bottom) / 2, (right - left) / 72,
            (bottom - top) / 72, attributes);
}

/* A text that begins at `left`; `align` is 'l', or 'n' for the middle of `width`. */
static void words(struct page *page, const char *text, size_t columns, double left,
                  double top, double width, char align, const char *attributes)
{
    /* Graphviz centres a text in its node. */
    double height = LINE_HEIGHT * (double)count_lines(text, columns);
    fprintf(page->out,
            "  n%u [class=\"words\", shape=none, margin=0, pos=\"%.1f,%.1f\", "
            "width=%.3f, height=%.3f, %s, label=\"",
            page->names++, left + width / 2, -(top + height / 2), width / 72,
            height / 72, attributes);
    do {
        size_t length = line_length(text, columns);
        char *line = strndup(text, length);
        if (!line)
            abort();
        write_quoted(page->out, line);
        fprintf(page->out, "\\%c", align);
        free(line);
        text = next_line(text, length);
    } while (*text);
    fputs("\"]\n", page->out);
}

#define CODE_14  "fontname=\"" CODE_FONT "\", fontsize=14"
#define CODE_13  "fontname=\"" CODE_FONT "\", fontsize=13"
#define WORDS_14 "fontname=\"" WORDS_FONT "\", fontsize=14"
#define BOLD_14  "fontname=\"" BOLD_FONT "\", fontsize=14"
#define BOLD_18  "fontname=\"" BOLD_FONT "\", fontsize=18"

static double lane_x(const struct page *page, size_t lane)
{
    return page->lanes_at + LANE_WIDTH * ((double)lane + 0.5);
}

static double band_x(const struct page *page, size_t band)
{
    return page->bands_at + BAND_WIDTH * (double)band;
}

static double middle_of(const struct page *page, size_t row)
{
    return (page->top[row] + page->top[row + 1]) / 2;
}

/* --- The page --------------------------------------------------------------------- */

static size_t row_columns(const struct row *row)
{
    return row->kind == ROW_CALL ? TEXT_COLUMNS - 2 : TEXT_COLUMNS;
}

static void lay_out(struct page *page)
{
    size_t widest = 24;

    for (size_t i = 0; i < page->row_count; i++) {
        const struct row *row = &page->run->rows[page->rows[i]];
        size_t columns = widest_line(row->text, row_columns(row));
        widest = columns > widest ? columns : widest;
    }
    page->lanes_at = MARGIN + COLUMN * (double)(widest + 4);
    page->bands_at = page->lanes_at + LANE_WIDTH * (double)page->lane_count + 28;
    page->width = page->bands_at + BAND_WIDTH * (double)page->band_count + MARGIN;
    page->title_columns = (size_t)((page->width - 2 * MARGIN) / BOLD_COLUMN);
    double y =
        MARGIN + HEAD_HEIGHT +
        TITLE_HEIGHT * (double)count_lines(page->run->title, page->title_columns);

    for (size_t i = 0; i < page->row_count; i++) {
        const struct row *row = &page->run->rows[page->rows[i]];
        page->top[i] = y;
        y += LINE_HEIGHT * (double)count_lines(row->text, row_columns(row)) + ROW_GAP;
        if (page->rows_left > 0 && i + 1 == SHOWN_HEAD)
            y += LINE_HEIGHT + ROW_GAP;
    }
    page->top[page->row_count] = y;
}

static void write_heads(struct page *page)
{
    double top = page->top[0] - HEAD_HEIGHT + 8;
    char text[64];

    words(page, page->run->title, page->title_columns, MARGIN, MARGIN / 2, page->width,
          'l', BOLD_18);
    for (size_t i = 0; i < page->lane_count; i++) {
        double x = lane_x(page, i);
        const char *title = page->run->lanes[page->lanes[i]].title;
        box(page, x - LANE_WIDTH / 2 + 5, top, x + LANE_WIDTH / 2 - 5, top + BOX_HEIGHT,
            "class=\"process\", style=\"rounded,filled\", penwidth=2.5, "
            "color=\"" LINE "\", fillcolor=\"#f0f2f4\"");
        double height = LINE_HEIGHT * (double)count_lines(title, LANE_COLUMNS);
        words(page, title, LANE_COLUMNS, x - LANE_WIDTH / 2,
              top + (BOX_HEIGHT - height) / 2, LANE_WIDTH, 'n', BOLD_14);
    }
    for (size_t i = 0; i < page->band_count; i++) {
        const struct band *band = &page->run->bands[page->bands[i]];
        snprintf(text, sizeof text, "segment %d", band->id);
        words(page, text, 20, band_x(page, i), top - 4, BAND_WIDTH, 'n', BOLD_14);
        snprintf(text, sizeof text, "0x%08x\n%zu bytes", band->key, band->size);
        words(page, text, 20, band_x(page, i), top + 14, BAND_WIDTH, 'n', CODE_13);
    }
}

/* --- Lanes ------------------------------------------------------------------------ */

/* The row at which a process ends for good, or the end of the page. */
static double lane_end(const struct page *page, size_t lane)
{
    size_t last = page->row_count;
    while (last > 0 && page->run->rows[page->rows[last - 1]].ended[page->lanes[lane]])
        last--;
    return last < page->row_count ? middle_of(page, last) : page->top[page->row_count];
}

static bool holds(const struct page *page, size_t row, size_t lane)
{
    return page->run->rows[page->rows[row]].held[page->lanes[lane]] > 0;
}

/* A thick bar for as long as the process has something attached. */
static void write_bars(struct page *page, size_t lane)
{
    const double x = lane_x(page, lane);
    for (size_t i = 0; i < page->row_count; i++) {
        if (!holds(page, i, lane))
            continue;
        size_t first = i;
        while (i < page->row_count && holds(page, i, lane))
            i++;
        box(page, x - 7, middle_of(page, first), x + 7,
            i < page->row_count ? middle_of(page, i) : page->top[i],
            "class=\"used\", style=filled, penwidth=2.5, color=\"#1b6b3a\", "
            "fillcolor=\"#e2f3e8\"");
    }
}

static void write_lane(struct page *page, size_t lane)
{
    const double x = lane_x(page, lane), end = lane_end(page, lane);

    box(page, x - 1, page->top[0] - HEAD_HEIGHT + 8 + BOX_HEIGHT, x + 1, end,
        "class=\"process\", style=filled, penwidth=0, fillcolor=\"" LINE "\"");
    write_bars(page, lane);
    if (end < page->top[page->row_count])
        box(page, x - 9, end - 1.5, x + 9, end + 1.5,
            "class=\"process\", style=filled, penwidth=0, fillcolor=\"" LINE "\"");
}

/* --- Bands ------------------------------------------------------------------------ */

static const struct state *state_at(const struct page *page, size_t row, size_t band)
{
    return &page->run->rows[page->rows[row]].bands[page->bands[band]];
}

static enum look look_at(const struct state *state)
{
    return state->gone ? LOOK_GONE : look_of(state->nattch, state->dest);
}

static bool is_shown(const struct state *state)
{
    return state->exists || state->gone;
}

static void write_nattch(struct page *page, size_t row, size_t band)
{
    const struct state *state = state_at(page, row, band);
    char text[64];

    if (state->gone)
        snprintf(text, sizeof text, "destroyed");
    else
        snprintf(text, sizeof text, "%snattch %lu", state->dest ? "dest, " : "",
                 state->nattch);
    words(page, text, 20, band_x(page, band) + 6,
          middle_of(page, row) - LINE_HEIGHT / 2, BAND_WIDTH - 12, 'n', WORDS_14);
}

/* A box for each stretch in which the segment looks the same.  Once it is destroyed,
 * one row says so. */
static void write_boxes(struct page *page, size_t band)
{
    const double x = band_x(page, band);
    for (size_t i = 0; i < page->row_count;) {
        size_t first = i;
        const struct state *state = state_at(page, i, band);
        while (i < page->row_count && is_shown(state_at(page, i, band)) &&
               look_at(state_at(page, i, band)) == look_at(state))
            i++;
        if (i == first) {
            i++;
            continue;
        }
        box(page, x + 14, page->top[first] + 2, x + BAND_WIDTH - 14,
            page->top[state->gone ? first + 1 : i] - 2,
            look_attributes(look_at(state)));
    }
}

/* Whether a row left a segment otherwise than it found it. */
static bool changed_at(const struct page *page, size_t row, size_t band)
{
    const struct state *state = state_at(page, row, band);
    return row > 0 ? !same_state(state, state_at(page, row - 1, band))
                   : is_shown(state);
}

static void write_band(struct page *page, size_t band)
{
    write_boxes(page, band);
    for (size_t i = 0; i < page->row_count; i++)
        if (changed_at(page, i, band))
            write_nattch(page, i, band);
    if (page->run->bands[page->bands[band]].leaked)
        words(page, "leaked", 20, band_x(page, band), page->top[page->row_count],
              BAND_WIDTH, 'n', BOLD_14);
}

/* --- Rows ------------------------------------------------------------------------- */

static int shown_lane(const struct page *page, int lane)
{
    for (size_t i = 0; i < page->lane_count; i++)
        if ((int)page->lanes[i] == lane)
            return (int)i;
    return -1;
}

static int shown_band(const struct page *page, int band)
{
    for (size_t i = 0; i < page->band_count; i++)
        if ((int)page->bands[i] == band)
            return (int)i;
    return -1;
}

static void write_arrow(struct page *page, size_t index, size_t band,
                        const char *attributes)
{
    fprintf(page->out,
            "  t%zu_%zu [shape=point, style=invis, pos=\"%.1f,%.1f\", width=0.01, "
            "height=0.01]\n"
            "  d%zu -> t%zu_%zu [%s]\n",
            index, band, band_x(page, band) + 11, -middle_of(page, index), index, index,
            band, attributes);
}

/* A line that was typed, or the end of a process: to each segment that it changed.  A
 * dashed arrow is what the kernel does by itself. */
static void write_arrows(struct page *page, size_t index, const struct row *row)
{
    if (row->kind == ROW_CALL) {
        int band = shown_band(page, row->target);
        if (band >= 0)
            write_arrow(page, index, (size_t)band,
                        row->refused ? "class=\"call\", arrowhead=tee"
                                     : "class=\"call\"");
        return;
    }
    for (size_t i = 0; i < page->band_count; i++)
        if (changed_at(page, index, i))
            write_arrow(page, index, i,
                        row->ended[row->lane] ? "class=\"auto\", style=dashed"
                                              : "class=\"call\"");
}

/* The dot on the lane, and the arrows from it. */
static void write_act(struct page *page, size_t index, const struct row *row)
{
    int lane = shown_lane(page, row->lane);
    const double y = -middle_of(page, index);

    if (lane < 0 || row->kind == ROW_ANSWER)
        return;
    double size = row->kind == ROW_CALL ? 0.11 : 0.16;
    fprintf(page->out,
            "  d%zu [shape=circle, style=filled, label=\"\", class=\"process\", "
            "pos=\"%.1f,%.1f\", width=%.2f, height=%.2f, color=\"" LINE
            "\", fillcolor=\"" LINE "\"]\n",
            index, lane_x(page, (size_t)lane), y, size, size);
    write_arrows(page, index, row);
}

static void write_row(struct page *page, size_t index)
{
    const struct row *row = &page->run->rows[page->rows[index]];
    double indent = row->kind == ROW_CALL ? 2 * COLUMN : 0;

    words(page, row->text, row_columns(row), MARGIN + indent,
          page->top[index] + ROW_GAP / 2, page->lanes_at - MARGIN - indent, 'l',
          row->kind == ROW_SENTENCE ? WORDS_14 : CODE_14);
    write_act(page, index, row);
}

static void write_left_out(struct page *page)
{
    char text[64];
    if (page->rows_left == 0)
        return;
    snprintf(text, sizeof text, "... %zu more rows ...", page->rows_left);
    words(page, text, TEXT_COLUMNS, MARGIN,
          page->top[SHOWN_HEAD] - LINE_HEIGHT - ROW_GAP / 2, page->lanes_at - MARGIN,
          'l', WORDS_14);
}

/* --- Below the rows --------------------------------------------------------------- */

static void write_foot(struct page *page)
{
    const struct run *run = page->run;
    double top = page->top[page->row_count] + LINE_HEIGHT;
    size_t bands = run->band_count - page->band_count + run->bands_left;
    char text[200];
    size_t columns = (size_t)((page->width - 2 * MARGIN) / WORDS_COLUMN);

    if (*run->outcome)
        words(page, run->outcome, columns, MARGIN, top, page->width - 2 * MARGIN, 'l',
              BOLD_14);
    top +=
        LINE_HEIGHT * (double)(*run->outcome ? count_lines(run->outcome, columns) : 0);
    snprintf(
        text, sizeof text,
        "Time goes down. Thick bar: the process has a segment attached. Dashed "
        "arrow: the kernel did it. Cross line in place of a head: the call failed.");
    words(page, text, columns, MARGIN, top + 6, page->width - 2 * MARGIN, 'l',
          WORDS_14);
    top += 6 + LINE_HEIGHT * (double)count_lines(text, columns);
    if (bands == 0)
        return;
    snprintf(text, sizeof text, "Segments that are not shown: %zu.", bands);
    words(page, text, columns, MARGIN, top, page->width - 2 * MARGIN, 'l', WORDS_14);
}

void dot_of_run(const struct run *run, FILE *out)
{
    struct page page = {.run = run, .out = out};

    choose(&page);
    lay_out(&page);
    fputs("digraph run {\n"
          "  graph [layout=nop2, splines=line, outputorder=edgesfirst, pad=0.1, "
          "bgcolor=\"white\"]\n"
          "  node [fixedsize=true, fontcolor=\"" INK "\"]\n"
          "  edge [penwidth=2, arrowsize=0.9, color=\"" LINE "\"]\n",
          out);
    write_heads(&page);
    for (size_t i = 0; i < page.lane_count; i++)
        write_lane(&page, i);
    for (size_t i = 0; i < page.band_count; i++)
        write_band(&page, i);
    for (size_t i = 0; i < page.row_count; i++)
        write_row(&page, i);
    write_left_out(&page);
    write_foot(&page);
    fputs("}\n", out);
}
