/* live.c - the view that fills the terminal.
 *
 * Above: the segments, those that are gone too, each with a lane in which a character
 * is a stretch of time: the digit is the highest nattch in it, + * and x mark what
 * happened.  Below: what happened, in sentences.  Colour is never the only sign.
 */
#include "live.h"

#include "history.h"
#include "table.h"
#include "text.h"

#include <errno.h>
#include <locale.h>
#include <ncurses.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

#define FULL_SECONDS   2.0 /* between two looks at all maps when the table is quiet */
#define SMALLEST_LINES 8
#define SMALLEST_COLS  40
#define MOST_COLS      512
#define LANE_AT        51 /* the column at which the lanes begin */

enum paint { PAINT_PLAIN, PAINT_LIVE, PAINT_USED, PAINT_DEST, PAINT_GONE };

/* One line of the upper part. */
struct line {
    char text[MOST_COLS];
    enum paint paint;
};

struct view {
    struct history history;
    int milliseconds;
    double stretch; /* seconds that a character of a lane stands for */
    bool paused;
    bool lost;   /* the table cannot be read any more */
    size_t top;  /* the first line that is shown of the upper part */
    size_t back; /* how many of the newest events are scrolled away */
    struct line *lines;
    size_t line_count;
};

static volatile sig_atomic_t ended;

static void end(int number)
{
    (void)number;
    ended = 1;
}

/* --- The lanes -------------------------------------------------------------------- */

/* One character: what happened in a stretch of time, or else the highest nattch. */
static char cell(const struct track *track, double from, double to)
{
    unsigned long highest = 0;
    bool exists = false;
    char sign = 0;

    for (size_t i = 0; i < track->count; i++) {
        const struct change *change = &track->changes[i];
        if (change->at >= to)
            break;
        bool ends_before = i + 1 < track->count && track->changes[i + 1].at <= from;
        if (ends_before || (change->mark == 'x' && change->at < from))
            continue;
        exists = true;
        highest = change->nattch > highest ? change->nattch : highest;
        if (change->at >= from && change->mark)
            sign = change->mark;
    }
    if (sign)
        return sign;
    if (!exists)
        return ' ';
    return "0123456789*"[highest > 9 ? 10 : highest];
}

/* Now is at the right end.  The stretches are cut at fixed times, so that the lane
 * moves on by whole characters. */
static void write_cells(const struct track *track, double stretch, char *text,
                        size_t width)
{
    double last = (double)(long long)(history_clock() / stretch) * stretch;
    for (size_t i = 0; i < width; i++) {
        double from = last - stretch * (double)(width - 1 - i);
        text[i] = cell(track, from, from + stretch);
    }
    text[width] = '\0';
}

/* --- The upper part --------------------------------------------------------------- */

static struct line *add_line(struct view *view, enum paint paint)
{
    if (view->line_count % 64 == 0) {
        struct line *longer =
            realloc(view->lines, (view->line_count + 64) * sizeof *longer);
        if (!longer)
            abort();
        view->lines = longer;
    }
    struct line *line = &view->lines[view->line_count++];
    *line = (struct line){.paint = paint};
    return line;
}

static enum paint paint_of(const struct track *track)
{
    if (track->gone)
        return PAINT_GONE;
    if (track->row.mode & SHM_DEST)
        return PAINT_DEST;
    return track->row.nattch > 0 ? PAINT_USED : PAINT_LIVE;
}

static void add_segment(struct view *view, const struct track *track)
{
    char owner[32], cells[MOST_COLS - LANE_AT - 64] = "";
    const struct segment *row = &track->row;
    int width = COLS - LANE_AT;

    user_name(row->uid, owner, sizeof owner);
    if (width > 0)
        write_cells(track, view->stretch, cells,
                    (size_t)width < sizeof cells ? (size_t)width : sizeof cells - 1);
    struct line *line = add_line(view, paint_of(track));
    snprintf(line->text, sizeof line->text,
             "0x%08x %7d %-8.8s %04o %8zu %3lu %-4.4s %s", track->key, row->id, owner,
             (unsigned)row->mode & 0777, row->size, track->gone ? 0 : row->nattch,
             track->gone ? "gone" : status_word(row), cells);
}

static void add_holders(struct view *view, const struct segment *row)
{
    const struct moment *moment = &view->history.last;
    for (size_t i = 0; i < moment->count; i++) {
        const struct attachment *one = &moment->attachments[i];
        if (one->id != row->id)
            continue;
        struct line *line = add_line(view, PAINT_PLAIN);
        snprintf(line->text, sizeof line->text, "    %7d %-15s %-7s 0x%012lx %s",
                 (int)one->pid, one->name, *one->terminal ? one->terminal : "-",
                 (unsigned long)one->address, access_word(one->access));
    }
    unsigned long unseen = moment_unseen(moment, row);
    if (unseen > 0)
        snprintf(add_line(view, PAINT_PLAIN)->text, MOST_COLS,
                 "            not seen: %lu of nattch %lu", unseen, row->nattch);
}

static void build_lines(struct view *view)
{
    const struct history *history = &view->history;

    view->line_count = 0;
    for (size_t i = 0; i < history->track_count; i++) {
        add_segment(view, &history->tracks[i]);
        if (!history->tracks[i].gone)
            add_holders(view, &history->tracks[i].row);
    }
    if (history->track_count == 0)
        snprintf(add_line(view, PAINT_PLAIN)->text, MOST_COLS,
                 "This IPC namespace has no segment now. Make one: make shell LAB=2");
}

/* --- The screen ------------------------------------------------------------------- */

/* Bold, dim and underlined are there without colour, too. */
static attr_t attributes_of(enum paint paint)
{
    static const attr_t plain[] = {A_NORMAL, A_NORMAL, A_BOLD, A_UNDERLINE, A_DIM};
    attr_t colour = has_colors() && !getenv("NO_COLOR") && paint != PAINT_PLAIN
                        ? (attr_t)COLOR_PAIR((int)paint)
                        : A_NORMAL;
    return plain[paint] | colour;
}

static void put_line(int y, const char *text, attr_t attributes)
{
    (void)attrset((int)attributes);
    mvaddnstr(y, 0, text, COLS);
    for (int x = getcurx(stdscr); getcury(stdscr) == y && x < COLS; x++)
        addch(' ');
    (void)attrset(A_NORMAL);
}

static void clock_text(double at, char *text, size_t size)
{
    struct tm parts;
    time_t seconds = (time_t)at;
    localtime_r(&seconds, &parts);
    strftime(text, size, "%H:%M:%S", &parts);
}

static void draw_head(const struct view *view)
{
    char text[MOST_COLS], clock[16];
    const struct moment *moment = &view->history.last;

    clock_text(history_clock(), clock, sizeof clock);
    snprintf(text, sizeof text,
             " scope  %s  segments: %zu  processes: %zu  not readable: %zu%s", clock,
             moment->table.count, moment->looked, moment->hidden,
             view->lost     ? "  the table cannot be read"
             : view->paused ? "  paused"
                            : "");
    put_line(0, text, A_REVERSE);
    snprintf(text, sizeof text, "%-10s %7s %-8s %4s %8s %3s %-4s nattch, %g s each",
             "KEY", "ID", "OWNER", "PERM", "BYTES", "N", "STAT", view->stretch);
    put_line(1, text, A_BOLD);
}

static void draw_lines(struct view *view, int from, int height)
{
    size_t most =
        view->line_count > (size_t)height ? view->line_count - (size_t)height : 0;
    view->top = view->top > most ? most : view->top;
    for (int i = 0; i < height; i++) {
        size_t index = view->top + (size_t)i;
        if (index < view->line_count)
            put_line(from + i, view->lines[index].text,
                     attributes_of(view->lines[index].paint));
    }
}

static void draw_events(struct view *view, int from, int height)
{
    const struct history *history = &view->history;
    char text[MOST_COLS], clock[16];
    size_t count = history->event_count;
    size_t most = count > (size_t)height ? count - (size_t)height : 0;

    view->back = view->back > most ? most : view->back;
    size_t first = most - view->back;
    for (int i = 0; i < height && first + (size_t)i < count; i++) {
        const struct event *event = &history->events[first + (size_t)i];
        clock_text(event->at, clock, sizeof clock);
        snprintf(text, sizeof text, "%s  %s", clock, event->text);
        put_line(from + i, text, A_NORMAL);
    }
}

static void draw_rule(const struct view *view, int y)
{
    char text[MOST_COLS];
    size_t below = view->line_count > view->top + (size_t)(y - 2)
                       ? view->line_count - view->top - (size_t)(y - 2)
                       : 0;
    if (below > 0)
        snprintf(text, sizeof text,
                 "-- What happened -- (%zu more lines above: arrow keys) ", below);
    else
        snprintf(text, sizeof text, "-- What happened ");
    size_t length = strlen(text);
    size_t width = COLS < MOST_COLS ? (size_t)COLS : MOST_COLS - 1;
    if (length < width)
        memset(text + length, '-', width - length);
    text[width > length ? width : length] = '\0';
    put_line(y, text, A_BOLD);
}

static void draw(struct view *view)
{
    erase();
    if (LINES < SMALLEST_LINES || COLS < SMALLEST_COLS) {
        mvaddnstr(0, 0, "scope needs 40 by 8; q quits", COLS);
        refresh();
        return;
    }
    int events = LINES / 3;
    int height = LINES - events - 4;
    build_lines(view);
    draw_head(view);
    draw_lines(view, 2, height);
    draw_rule(view, 2 + height);
    draw_events(view, 3 + height, events);
    put_line(LINES - 1,
             " q quit | arrows PgUp PgDn | +/- time | p pause | "
             "+ created D dest x gone",
             A_REVERSE);
    refresh();
}

/* --- The loop --------------------------------------------------------------------- */

static void look(struct view *view)
{
    static double full;
    struct moment moment;

    if (view->paused ||
        (!history_is_stale(&view->history) && history_clock() - full < FULL_SECONDS))
        return;
    full = history_clock();
    view->lost = !moment_read(&moment);
    if (!view->lost)
        history_look(&view->history, &moment);
}

static void scroll_by(size_t *place, int by)
{
    if (by >= 0)
        *place += (size_t)by;
    else
        *place = *place > (size_t)-by ? *place - (size_t)-by : 0;
}

static void change_stretch(struct view *view, bool longer)
{
    static const double steps[] = {0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60};
    const size_t count = sizeof steps / sizeof steps[0];
    size_t at = 0;

    while (at + 1 < count && steps[at] < view->stretch)
        at++;
    if (longer && at + 1 < count)
        at++;
    if (!longer && at > 0)
        at--;
    view->stretch = steps[at];
}

/* Returns false to quit. */
static bool obey(struct view *view, int key)
{
    switch (key) {
    case 'q':
    case 'Q':
        return false;
    case 'p':
    case ' ':
        view->paused = !view->paused;
        break;
    case '+':
    case '-':
        change_stretch(view, key == '+');
        break;
    case KEY_UP:
    case 'k':
        scroll_by(&view->top, -1);
        break;
    case KEY_DOWN:
    case 'j':
        scroll_by(&view->top, 1);
        break;
    case KEY_PPAGE:
        scroll_by(&view->back, LINES / 3);
        break;
    case KEY_NPAGE:
        scroll_by(&view->back, -(LINES / 3));
        break;
    default:
        break;
    }
    return true;
}

static void open_screen(int milliseconds)
{
    setlocale(LC_ALL, "");
    initscr();
    cbreak();
    noecho();
    curs_set(0);
    keypad(stdscr, TRUE);
    timeout(milliseconds);
    if (!has_colors())
        return;
    start_color();
    use_default_colors();
    init_pair(PAINT_LIVE, COLOR_BLUE, -1);
    init_pair(PAINT_USED, COLOR_GREEN, -1);
    init_pair(PAINT_DEST, COLOR_YELLOW, -1);
    init_pair(PAINT_GONE, -1, -1);
}

int live(int milliseconds)
{
    struct view view = {.milliseconds = milliseconds, .stretch = 0.5};
    const struct sigaction action = {.sa_handler = end};

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        fputs("scope: --live needs a terminal. Without one: scope, or scope --json\n",
              stderr);
        return EXIT_FAILURE;
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    open_screen(milliseconds);
    do {
        look(&view);
        draw(&view);
    } while (!ended && obey(&view, getch()));
    endwin();
    free(view.lines);
    history_free(&view.history);
    return EXIT_SUCCESS;
}
