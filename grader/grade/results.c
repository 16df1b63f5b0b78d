/* results.c - runs the checks, takes their records, and joins them with the list. */
#include "results.h"

#include "build.h"
#include "sandbox.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_RECORD (1 << 20)
/* A run that takes so long is broken: its checks have deadlines of their own. */
#define RUN_SECONDS 600

/* --- The list of checks ----------------------------------------------------------- */

static json_t *check_list(void)
{
    static json_t *list;
    json_error_t error;
    if (list)
        return list;
    const char *path = path_of("%s/checks.json", build_directory());
    json_t *file = json_load_file(path, 0, &error);
    list = json_incref(json_object_get(file, "checks"));
    json_decref(file);
    if (!list) {
        fprintf(stderr, "%s: %s. Type `make` to build it.\n", path, error.text);
        exit(EXIT_FAILURE);
    }
    return list;
}

const char *result_text(const json_t *result, const char *name)
{
    const char *text = json_string_value(json_object_get(result, name));
    return text ? text : "";
}

bool result_is(const json_t *result, const char *verdict)
{
    return strcmp(result_text(result, "verdict"), verdict) == 0;
}

bool results_is_of_lab(const json_t *check, const struct lab *lab)
{
    return strcmp(result_text(check, "lab"), path_of("lab%d", lab->number)) == 0;
}

/* The checks of these labs, each as a copy without a verdict. */
static json_t *copies(const struct lab *const *chosen, int count)
{
    json_t *results = json_array(), *check;
    size_t i;
    json_array_foreach(check_list(), i,
                       check) for (int j = 0; j < count;
                                   j++) if (results_is_of_lab(check, chosen[j]))
        json_array_append_new(results, json_deep_copy(check));
    return results;
}

static void set_unchecked(json_t *result, const char *reason, const char *remedy)
{
    json_object_set_new(result, "verdict", json_string("unchecked"));
    json_object_set_new(result, "expected", json_string(reason));
    json_object_set_new(result, "seen", json_string(remedy));
}

/* --- Running ---------------------------------------------------------------------- */

static volatile sig_atomic_t running; /* the process group of the checks */

static void interrupted(int signal_number)
{
    if (running > 0)
        kill(-(pid_t)running, SIGKILL);
    _exit(128 + signal_number);
}

/* Ctrl-C reaches this process alone: the checks have their own process group. */
static void catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = interrupted};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

/* The command that runs the checks: the program under Criterion, or a sandbox around
 * the one without it. */
static char **checks_command(const struct lab *const *chosen, int count)
{
    static char *arguments[5];
    const char *pattern = "";

    if (sandbox_wanted())
        return sandbox_to_check(chosen, count);
    for (int j = 0; j < count; j++)
        pattern = path_of("%s%slab%d", pattern, j ? "|" : "", chosen[j]->number);
    const char *const words[] = {path_of("%s/checks", build_directory()), "--filter",
                                 path_of("@(%s)/*", pattern),
                                 path_of("-j%ld", 2 * sysconf(_SC_NPROCESSORS_ONLN))};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        arguments[i] = (char *)(uintptr_t)words[i];
    return arguments;
}

static pid_t start_checks(const struct lab *const *chosen, int count, int report,
                          int messages)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    /* Criterion closes every descriptor of a test but the standard ones, so the
     * records go to standard output; Criterion itself speaks on standard error.
     * (Its option --quiet would send both to /dev/null.) */
    dup2(report, STDOUT_FILENO);
    dup2(messages, STDERR_FILENO);
    setenv("SHMLAB_REPORT", path_of("%d", STDOUT_FILENO), 1);
    setenv("SHMLAB_PROGRAMS", build_directory(), 1);
    setenv("SHMLAB_SCRATCH", scratch_path(), 1);
    char **arguments = checks_command(chosen, count);
    execvp(arguments[0], arguments);
    dprintf(STDERR_FILENO, "%s: %s\n", arguments[0], strerror(errno));
    _exit(127);
}

static json_t *result_named(json_t *results, const json_t *record)
{
    json_t *result;
    size_t i;
    json_array_foreach(results, i,
                       result) if (strcmp(result_text(result, "lab"),
                                          result_text(record, "lab")) == 0 &&
                                   strcmp(result_text(result, "name"),
                                          result_text(record, "check")) ==
                                       0) return result;
    return NULL;
}

/* Takes the records that are there now.  Returns false when there are none. */
static bool take_record(int report, json_t *results)
{
    static char text[MAX_RECORD];
    ssize_t length = recv(report, text, sizeof text, MSG_DONTWAIT);
    if (length <= 0)
        return false;
    json_t *record = json_loadb(text, (size_t)length, 0, NULL);
    json_t *result = result_named(results, record);
    if (result)
        json_object_update(result, record);
    /* A hint that fits what was seen comes before those of the check. */
    if (result && json_object_get(record, "hint"))
        json_array_insert(json_object_get(result, "hints"), 0,
                          json_object_get(record, "hint"));
    json_decref(record);
    return true;
}

#define FIRST_WORD 4  /* seconds until a person wonders what goes on */
#define NEXT_WORD  10 /* and wonders again */

/* One second has passed in which no check ended. */
static void reassure(json_t *results, int seconds)
{
    size_t i, done = 0;
    json_t *result;
    if (sandbox_wanted() || !isatty(STDERR_FILENO) || seconds % NEXT_WORD != FIRST_WORD)
        return;
    json_array_foreach(results, i, result) done +=
        json_object_get(result, "verdict") != NULL;
    fprintf(stderr, "Still checking: %zu of %zu checks are done. Ctrl-C ends it.\n",
            done, json_array_size(results));
}

/* Waits for the end of the checks, and takes their records on the way. */
static int wait_for_checks(pid_t pid, int report, json_t *results)
{
    int status = 0;
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    int left = (int)(RUN_SECONDS * timeout_scale()), quiet = 0;

    for (;;) {
        struct pollfd fds[] = {{report, POLLIN, 0}, {pidfd, POLLIN, 0}};
        int ready = poll(fds, 2, 1000);
        if (ready == 0 && left-- == 0)
            kill(-pid, SIGKILL);
        if (ready == 0)
            reassure(results, ++quiet);
        while (take_record(report, results))
            continue;
        if (ready > 0 && fds[1].revents)
            break;
    }
    while (take_record(report, results))
        continue;
    close(pidfd);
    waitpid(pid, &status, 0);
    return status;
}

static const char *last_words(int messages)
{
    static char text[2048];
    ssize_t length = pread(messages, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    return text;
}

json_t *results_of_run(const struct lab *const *chosen, int count, bool *shared)
{
    json_t *results = copies(chosen, count), *result;
    int report[2];
    size_t i;

    int messages = memfd_create("messages", MFD_CLOEXEC);
    if (messages == -1 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report) == -1) {
        perror("The checks cannot be started");
        exit(EXIT_FAILURE);
    }
    if (!sandbox_wanted())
        scratch_open(report[0], report[1]);
    catch_interrupts();
    pid_t pid = start_checks(chosen, count, report[1], messages);
    running = pid;
    if (!sandbox_wanted())
        scratch_note_checks(pid);
    close(report[1]);
    int status = pid == -1 ? 0 : wait_for_checks(pid, report[0], results);
    running = 0;
    close(report[0]);
    if (!sandbox_wanted())
        scratch_close();

    *shared = false;
    json_array_foreach(results, i, result)
    {
        if (strcmp(result_text(result, "world"), "shared") == 0)
            *shared = true;
        if (json_object_get(result, "verdict"))
            continue;
        const char *words = last_words(messages);
        set_unchecked(
            result,
            WIFSIGNALED(status)
                ? path_of("The checks were ended by signal %d before this one "
                          "left a record.",
                          WTERMSIG(status))
                : path_of("The check ended without a record. %s", words),
            "Try again; `make doctor` tells whether the machine is as it should "
            "be.");
    }
    close(messages);
    return results;
}

json_t *results_not_built(const struct lab *lab)
{
    json_t *results = copies(&lab, 1), *result;
    size_t i;
    json_array_foreach(results, i, result)
        set_unchecked(result, "not checked: does not compile",
                      "Mend the first error that the compiler names, and try again.");
    return results;
}

/* --- Reading ---------------------------------------------------------------------- */

struct score results_score(const json_t *results, const struct lab *lab)
{
    struct score score = {0, 0, 0, 0, 0, 0, 0};
    json_t *result;
    size_t i;

    json_array_foreach(results, i, result)
    {
        if (!results_is_of_lab(result, lab))
            continue;
        int points = (int)json_integer_value(json_object_get(result, "points"));
        bool passed = result_is(result, "passed");
        bool failed = result_is(result, "failed");
        score.possible += points;
        score.points += passed ? points : 0;
        score.passed += passed;
        score.failed += failed;
        score.unchecked += !passed && !failed;
        score.unchecked_points += !passed && !failed ? points : 0;
        score.leaks += (int)json_array_size(json_object_get(result, "leaks"));
    }
    return score;
}

json_t *results_first_open(const json_t *results, const struct lab *lab)
{
    json_t *result, *unchecked = NULL;
    size_t i;

    json_array_foreach(results, i, result)
    {
        if (!results_is_of_lab(result, lab))
            continue;
        if (result_is(result, "failed"))
            return result;
        if (!unchecked && !result_is(result, "passed"))
            unchecked = result;
    }
    return unchecked;
}

static const char *kept_path(const struct lab *lab)
{
    return path_of("%s/lab%d/results.json", build_directory(), lab->number);
}

void results_keep(const json_t *results, const struct lab *lab)
{
    json_t *own = json_array(), *result;
    size_t i;
    json_array_foreach(results, i, result) if (results_is_of_lab(result, lab))
        json_array_append(own, result);
    /* Whole or not at all. */
    const char *temporary = path_of("%s.new", kept_path(lab));
    if (json_dump_file(own, temporary, JSON_INDENT(1)) != 0 ||
        rename(temporary, kept_path(lab)) == -1) {
        /* Rather no hint than one for an older run. */
        unlink(temporary);
        unlink(kept_path(lab));
    }
    json_decref(own);
}

json_t *results_kept(const struct lab *lab)
{
    return json_load_file(kept_path(lab), 0, NULL);
}

static bool is_later(struct timespec one, struct timespec other)
{
    return one.tv_sec > other.tv_sec ||
           (one.tv_sec == other.tv_sec && one.tv_nsec > other.tv_nsec);
}

bool results_are_old(const struct lab *lab)
{
    struct stat kept, file;
    if (stat(kept_path(lab), &kept) == -1)
        return false;
    for (int i = 0; i < LAB_FILES && lab->files[i]; i++) {
        const char *path =
            path_of("%s/%s/%s", sources_directory(), lab->directory, lab->files[i]);
        if (stat(path, &file) == 0 && is_later(file.st_mtim, kept.st_mtim))
            return true;
    }
    return false;
}
