/* watch.c - records by looking: nobody is traced, and anybody may come and go. */
#include "watch.h"

#include "history.h"
#include "recording.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Attachments can change while the table stays as it is (mprotect and back): so all is
 * read now and then. */
#define FULL_SECONDS 2.0

static bool look(struct history *history, struct recording *recording)
{
    struct moment moment;
    size_t before = history->event_count + history->forgotten;
    bool first = history->last.time.tv_sec == 0;

    if (!moment_read(&moment))
        return false;
    history_look(history, &moment);
    size_t after = history->event_count + history->forgotten;
    for (size_t i = before; i < after && !first; i++) {
        const struct event *event = &history->events[i - history->forgotten];
        recording_step(recording, event->pid, event->text, NULL,
                       i + 1 == after ? &history->last : NULL, false);
    }
    return true;
}

int watch(const char *path, int milliseconds)
{
    struct recording recording;
    struct history history = {.track_count = 0};
    const struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    sigset_t ends;

    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    if (!recording_begin(&recording, path, "What happened in this IPC namespace"))
        return EXIT_FAILURE;
    fputs("scope records; Ctrl-C ends the recording.\n", stderr);
    double full = 0;
    do {
        if (!history_is_stale(&history) && history_clock() - full < FULL_SECONDS)
            continue;
        full = history_clock();
        if (!look(&history, &recording))
            break;
    } while (sigtimedwait(&ends, NULL, &pause) == -1 &&
             (errno == EAGAIN || errno == EINTR));
    look(&history, &recording);
    bool written = recording_end(&recording);
    history_free(&history);
    return written ? EXIT_SUCCESS : EXIT_FAILURE;
}
