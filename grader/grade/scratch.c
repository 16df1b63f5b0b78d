/* scratch.c - the checks' directory, and the guard that removes it in any case.
 *
 * In a private world (lib/world.h) the kernel removes everything.  In a shared world
 * the segments that the checks made stand in a journal in the scratch directory
 * (student/journal.h), and the directory itself is on disk.
 */
#include "scratch.h"

#include "../student/journal.h"
#include "build.h"
#include "labs.h"
#include "sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t guard;
static int guarded = -1; /* the guard reads the other end: a byte, or our death */

const char *scratch_path(void)
{
    static const char *path;
    if (!path)
        path = path_of("%s/scratch-%d", build_directory(), (int)getpid());
    return path;
}

static int remove_entry(const char *path, const struct stat *status, int kind,
                        struct FTW *place)
{
    (void)status;
    (void)place;
    if (kind == FTW_DNR) /* a check may have closed a directory to its actors */
        chmod(path, 0700);
    remove(path);
    return 0;
}

/* How long the guard waits for killed processes to be gone: 100 times 20 ms. */
#define PATIENCE 100

static const char *pid_file(const char *directory)
{
    return path_of("%s/checks-pid", directory);
}

static void remove_socket(const char *directory)
{
    int pid;
    FILE *file = fopen(pid_file(directory), "re");
    if (file && fscanf(file, "%d", &pid) == 1)
        unlink(path_of("/tmp/criterion_%d.sock", pid));
    if (file)
        fclose(file);
}

static void clear(const char *directory)
{
    remove_socket(directory);
    const char *journal = path_of("%s/" JOURNAL_NAME, directory);
    for (int i = 0; i < PATIENCE * timeout_scale() && sweep_journal(journal) > 0; i++)
        poll(NULL, 0, 20);
    nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void scratch_clear_others(void)
{
    glob_t paths;
    if (glob(path_of("%s/scratch-*", build_directory()), 0, NULL, &paths) == 0)
        for (size_t i = 0; i < paths.gl_pathc; i++) {
            const char *number = strrchr(paths.gl_pathv[i], '-') + 1;
            pid_t pid = (pid_t)strtol(number, NULL, 10);
            if (pid > 0 && kill(pid, 0) == -1 && errno == ESRCH)
                clear(paths.gl_pathv[i]);
        }
    globfree(&paths);
}

/* Waits for the end of file, or for a byte: then it returns 1. */
static ssize_t wait_for_end(int fd)
{
    char byte;
    ssize_t count;
    do
        count = read(fd, &byte, 1);
    while (count == -1 && errno == EINTR);
    return count;
}

__attribute__((noreturn)) static void stand_guard(int read_end, int lifeline)
{

    setsid();
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    /* Whoever reads our output through a pipe must not wait for the guard. */
    int nothing = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++)
        dup2(nothing, fd);
    if (wait_for_end(read_end) == 0) {
        while (wait_for_end(lifeline) > 0)
            continue;
        clear(scratch_path());
    }
    _exit(EXIT_SUCCESS);
}

void scratch_open(int lifeline, int not_ours)
{
    int ends[2];

    scratch_path(); /* named after this process, not after the guard */
    scratch_clear_others();
    mkdir(scratch_path(), 0777);
    if (pipe2(ends, O_CLOEXEC) == -1)
        return;
    guard = fork();
    if (guard == 0) {
        close(ends[1]);
        close(not_ours);
        stand_guard(ends[0], lifeline);
    }
    close(ends[0]);
    guarded = ends[1];
}

void scratch_note_checks(pid_t pid)
{
    FILE *file = fopen(pid_file(scratch_path()), "we");
    if (file) {
        fprintf(file, "%d\n", (int)pid);
        fclose(file);
    }
}

void scratch_close(void)
{
    clear(scratch_path());
    if (guarded != -1 && write(guarded, "", 1) == 1 && guard > 0)
        waitpid(guard, NULL, 0);
    close(guarded);
    guarded = -1;
}
