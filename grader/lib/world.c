/* world.c - enters the namespaces, and makes the file systems in them. */
#include "world.h"

#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define VARIABLE "SHMLAB_WORLD"
/* Between the process outside and the one inside, while the world is entered: the
 * pipe on which the inner one says that it is there, and the saved stderr. */
#define INSIDE "SHMLAB_INSIDE"
#define ERRORS "SHMLAB_ERRORS"

static bool says_variable(const char *value)
{
    const char *text = getenv(VARIABLE);
    return text && strcmp(text, value) == 0;
}

bool world_is_private(void)
{
    return says_variable("private");
}

const char *world_scratch(void)
{
    const char *text = getenv("SHMLAB_SCRATCH");
    return text ? text : "/tmp";
}

bool world_enter_ipc(void)
{
    return world_is_private() && unshare(CLONE_NEWIPC) == 0;
}

/* unshare(1) with these options; the first form for root, the second for all. */
static char *const root_prefix[] = {"unshare", "--mount",      "--pid",        "--ipc",
                                    "--fork",  "--kill-child", "--mount-proc", NULL};
static char *const user_prefix[] = {"unshare", "--user",       "--map-root-user",
                                    "--mount", "--pid",        "--ipc",
                                    "--fork",  "--kill-child", "--mount-proc",
                                    NULL};
/* Runs PREFIX COMMAND..., as this process. */
__attribute__((noreturn)) static void run_under(char *const *prefix,
                                                char *const *command)
{
    char *arguments[64];
    size_t count = 0;

    for (; *prefix; prefix++)
        arguments[count++] = *prefix;
    for (; *command && count < 63; command++)
        arguments[count++] = *command;
    arguments[count] = NULL;
    execvp(arguments[0], arguments);
    _exit(127);
}

/* Runs this program again under a prefix.  Does not come back if it got inside:
 * ends with its exit status then.  Comes back if the prefix was refused. */
static void try_prefix(char *const *prefix, char *argv[])
{
    int inside[2];
    char text[16], byte;
    int status;

    if (pipe(inside) == -1)
        return;
    snprintf(text, sizeof text, "%d", inside[1]);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(inside[0]);
        setenv(INSIDE, text, 1);
        /* What unshare(1) says about its failure is not for the student. */
        int errors = fcntl(STDERR_FILENO, F_DUPFD, 10);
        if (errors != -1 && freopen("/dev/null", "w", stderr)) {
            snprintf(text, sizeof text, "%d", errors);
            setenv(ERRORS, text, 1);
        }
        char self[PATH_MAX];
        ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
        self[length > 0 ? length : 0] = '\0';
        argv[0] = self;
        run_under(prefix, argv);
    }
    close(inside[1]);
    bool entered = child != -1 && read(inside[0], &byte, 1) == 1;
    close(inside[0]);
    if (child == -1 || waitpid(child, &status, 0) != child || !entered)
        return;
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* Makes the directories of an absolute path. */
static bool make_path(const char *directory)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", directory);
    for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        if (mkdir(path, 0755) == -1 && errno != EEXIST)
            return false;
        *at = '/';
    }
    return mkdir(path, 0755) == 0 || errno == EEXIST;
}

/* Where an open directory can be reached by path, also when it is hidden. */
static void show_again(int directory, const char *path)
{
    char source[64];
    snprintf(source, sizeof source, "/proc/self/fd/%d", directory);
    if (make_path(path))
        mount(source, path, NULL, MS_BIND | MS_REC, NULL);
}

/* Puts an empty file system on `covered`.  A checkout may live below it (in /tmp):
 * then the programs of the checks stay visible at their old place. */
static bool cover(const char *covered)
{
    char programs[PATH_MAX];
    size_t length = strlen(covered);

    if (!realpath(programs_directory(), programs))
        return false;
    bool hidden = strncmp(programs, covered, length) == 0 && programs[length] == '/';
    int directory = open(programs, O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool done =
        mount("tmpfs", covered, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") == 0;
    if (done && hidden && directory != -1)
        show_again(directory, programs);
    if (directory != -1)
        close(directory);
    return done;
}

/* We are the first process of the new namespaces. */
static void settle_inside(const char *pipe_end)
{
    int inside = (int)strtol(pipe_end, NULL, 10);
    const char *errors = getenv(ERRORS);

    if (!cover("/tmp") || !cover("/dev/shm"))
        _exit(1); /* no byte: the one outside goes on in the shared world */
    if (errors) {
        int fd = (int)strtol(errors, NULL, 10);
        dup2(fd, STDERR_FILENO);
        close(fd);
    }
    if (write(inside, "i", 1) != 1)
        _exit(1);
    close(inside);
    unsetenv(INSIDE);
    unsetenv(ERRORS);
    unsetenv("SHMLAB_SCRATCH");
    setenv(VARIABLE, "private", 1);
}

void world_enter(char *argv[])
{
    const char *inside = getenv(INSIDE);
    if (inside) {
        settle_inside(inside);
        return;
    }
    if (getenv(VARIABLE))
        return;
    if (geteuid() == 0)
        try_prefix(root_prefix, argv);
    try_prefix(user_prefix, argv);
    setenv(VARIABLE, "shared", 1);
}
