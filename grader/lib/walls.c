/* walls.c - makes the namespaces of a check, and the warden that keeps them. */
#include "walls.h"

#include "filter.h"
#include "kernel.h"
#include "settings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What the actors of one check may have together.  The memory is what they have
 * allocated and written to, with segments and files. */
#define MEMORY_MAX     (512L << 20)
#define SEGMENTS_MAX   "512"
#define PROCESSES_MAX  96
#define PROCESSES_MANY 80 /* no check starts so many */
/* Sockets, pipes and other open files keep memory that no file of /proc shows: a socket's
 * queue at most 416 KiB. */
#define OPEN_FILES_MANY 1024
/* A program that watches files needs one of the first kind, and some of the second.  All
 * processes of a user have 128 of the first: more than the checks of a few submissions
 * may take. */
#define INOTIFY_INSTANCES "8"
#define INOTIFY_WATCHES   "1024"
#define FILES_OPTIONS     "mode=1777,size=16m,nr_inodes=4096"
/* And each of them.  Address space is no memory: lab 3 attaches 5 GiB. */
#define HEAP_MAX    (512L << 20)
#define STACK_MAX   (8L << 20)
#define ADDRESS_MAX (16L << 30)
#define CPU_SECONDS 60
#define OPEN_FILES  256

/* Less shared memory than this is not asked for in detail. */
#define SHARED_MUCH (1L << 20)

#define WATCH_MS 100

static pid_t warden;
static int outer_proc = -1; /* /proc of the namespace in which this process is */
static int actors_user = -1;

bool walls_wanted(void)
{
    const char *text = getenv("SHMLAB_ISOLATION");
    return text && strcmp(text, "bubblewrap") == 0;
}

bool walls_stand(void)
{
    return warden > 0;
}

static const char *trouble(const char *what)
{
    static char text[200];
    snprintf(text, sizeof text, "The walls cannot be made: %s: %s.", what,
             strerror(errno));
    return text;
}

static bool write_to(int directory, const char *path, const char *text)
{
    int fd = openat(directory, path, O_WRONLY | O_CLOEXEC);
    if (fd == -1)
        return false;
    bool done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return done;
}

/* --- The warden ------------------------------------------------------------------- */

/* What all processes behind the walls have together, in bytes. */
struct use {
    long own;    /* memory that no other process can have, with the tables of pages */
    long shared; /* theirs of what is mapped with others: segments, files, and memory
                  * that has no name */
    long files;  /* in files that have no name */
    int processes, open_files;
};

/* A line "Name:  1234 kB", and where its bytes are added. */
struct line {
    const char *name;
    long *sum;
};

static void add_lines(const char *path, const struct line *lines)
{
    char text[256];
    long value;
    FILE *file = fopen(path, "re");
    while (file && fgets(text, sizeof text, file))
        for (const struct line *line = lines; line->name; line++) {
            size_t length = strlen(line->name);
            if (strncmp(text, line->name, length) == 0 &&
                sscanf(text + length, ": %ld kB", &value) == 1)
                *line->sum += value * 1024;
        }
    if (file)
        fclose(file);
}

static void add_memory(const char *pid, struct use *use)
{
    long mapped = 0;
    const struct line status[] = {{"RssAnon", &use->own},
                                  {"VmSwap", &use->own},
                                  {"VmPTE", &use->own},
                                  {"RssShmem", &mapped},
                                  {0}};
    const struct line part[] = {{"Pss_Shmem", &use->shared}, {0}};
    char path[300];
    snprintf(path, sizeof path, "/proc/%.255s/status", pid);
    add_lines(path, status);
    if (mapped < SHARED_MUCH)
        return;
    /* A page that three processes have mapped counts a third for each. */
    snprintf(path, sizeof path, "/proc/%.255s/smaps_rollup", pid);
    add_lines(path, part);
}

/* Where the kernel keeps the files of memfd_create(2). */
static dev_t nameless;

static void add_open_files(const char *pid, struct use *use)
{
    char path[300];
    struct stat status;
    snprintf(path, sizeof path, "/proc/%.255s/fd", pid);
    DIR *directory = opendir(path);
    for (const struct dirent *entry; directory && (entry = readdir(directory));) {
        if (entry->d_name[0] == '.' || ++use->open_files > OPEN_FILES_MANY)
            continue;
        if (fstatat(dirfd(directory), entry->d_name, &status, 0) == 0 &&
            status.st_dev == nameless)
            use->files += status.st_blocks * 512;
    }
    if (directory)
        closedir(directory);
}

static struct use what_they_use(void)
{
    struct use use = {0};
    DIR *directory = opendir("/proc");
    for (const struct dirent *entry; directory && (entry = readdir(directory));)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') {
            add_memory(entry->d_name, &use);
            add_open_files(entry->d_name, &use);
            use.processes++;
        }
    if (directory)
        closedir(directory);
    return use;
}

static long files_memory(const char *path)
{
    struct statfs status;
    if (statfs(path, &status) == -1)
        return 0;
    return (long)(status.f_blocks - status.f_bfree) * status.f_bsize;
}

/* Whether this is no check any more, but a bomb.  What is mapped may have a name, too:
 * so it is not known how much of it is counted twice, and the larger number is taken. */
static bool is_too_much(void)
{
    const struct use use = what_they_use();
    const long named = (long)table_resident() + files_memory("/tmp") +
                       files_memory("/dev/shm") + use.files;
    return use.own + (named > use.shared ? named : use.shared) > MEMORY_MAX ||
           use.processes > PROCESSES_MANY || use.open_files > OPEN_FILES_MANY;
}

/* Orphans become its children: it reaps them.  Now and then it looks at what there is;
 * most checks are done before the first look. */
__attribute__((noreturn)) static void keep_watch(void)
{
    const struct timespec pause = {0, WATCH_MS * 1000000L};
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    for (;;) {
        sigtimedwait(&child, NULL, &pause);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
        if (is_too_much())
            _exit(EXIT_FAILURE);
    }
}

/* The limits of this IPC namespace.  The size of a segment has no limit of its own:
 * only pages that are written to take memory. */
static bool limit_segments(void)
{
    return write_to(AT_FDCWD, "/proc/sys/kernel/shmmni", SEGMENTS_MAX) &&
           write_to(AT_FDCWD, "/proc/sys/kernel/msgmni", "16") &&
           write_to(AT_FDCWD, "/proc/sys/kernel/sem", "64 1024 64 16");
}

/* Of the new user namespace.  A kernel may be without inotify. */
static bool limit_user(void)
{
    return write_to(AT_FDCWD, "/proc/sys/user/max_user_namespaces", "0") &&
           (write_to(AT_FDCWD, "/proc/sys/user/max_inotify_instances",
                     INOTIFY_INSTANCES) ||
            errno == ENOENT) &&
           (write_to(AT_FDCWD, "/proc/sys/user/max_inotify_watches", INOTIFY_WATCHES) ||
            errno == ENOENT);
}

static dev_t device_of_nameless_files(void)
{
    struct stat status = {0};
    int fd = memfd_create("probe", MFD_CLOEXEC);
    if (fd != -1) {
        fstat(fd, &status);
        close(fd);
    }
    return status.st_dev;
}

/* The first process of the new PID namespace.  On the pipe it says how far it is. */
__attribute__((noreturn)) static void be_warden(int word)
{
    sigset_t child;

    /* This is a copy of the check's memory: nobody may look into it. */
    prctl(PR_SET_DUMPABLE, 0);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);

    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (mount("proc", "/proc", "proc", flags, NULL) == -1 || !limit_segments() ||
        unshare(CLONE_NEWUSER) == -1 || !limit_user())
        _exit(errno);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* unshare(2) has cleared it */
    /* One for the check, one for itself: two readers need two positions. */
    int tables[2] = {open("/proc/sysvipc/shm", O_RDONLY | O_CLOEXEC),
                     open("/proc/sysvipc/shm", O_RDONLY | O_CLOEXEC)};
    if (tables[1] == -1 || dup2(tables[0], STDIN_FILENO) == -1 ||
        dup2(tables[1], STDOUT_FILENO) == -1)
        _exit(errno);
    table_read_from(STDOUT_FILENO);
    nameless = device_of_nameless_files();
    /* It needs none of those calls: this shows if the actors' filter can be had. */
    if (!filter_calls()) {
        int error = errno;
        _exit(write(word, "f", 1) == 1 ? error : errno);
    }
    if (write(word, "w", 1) != 1)
        _exit(errno);
    close_range(2, ~0U, 0);
    keep_watch();
}

/* --- The check's side ------------------------------------------------------------- */

/* Root's number in both namespaces is one and the same user, without capabilities
 * behind the walls. */
static bool map_users(void)
{
    return write_to(AT_FDCWD, "/proc/1/setgroups", "deny") &&
           write_to(AT_FDCWD, "/proc/1/uid_map", "0 0 1") &&
           write_to(AT_FDCWD, "/proc/1/gid_map", "0 0 1");
}

/* So nobody changes the limits of /proc/sys, nor whom the kernel ends first when memory
 * is short (oom_score_adj). */
static bool make_proc_read_only(void)
{
    const unsigned long flags =
        MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
    return mount(NULL, "/proc", NULL, flags, NULL) == 0;
}

/* The names of the keys that the one who grades has.  A kernel may be without keys. */
static bool hide(const char *path)
{
    return mount("/dev/null", path, NULL, MS_BIND, NULL) == 0 || errno == ENOENT;
}

/* The kernel's table as the warden opened it: with the pids of its namespace. */
static int wardens_table(void)
{
    int pidfd = (int)syscall(SYS_pidfd_open, warden, 0);
    int table = (int)syscall(SYS_pidfd_getfd, pidfd, STDIN_FILENO, 0);
    close(pidfd);
    return table;
}

static const char *start_warden(void)
{
    int word[2];
    char byte = 0;

    if (pipe2(word, O_CLOEXEC) == -1)
        return trouble("pipe");
    warden = fork();
    if (warden == 0)
        be_warden(word[1]);
    close(word[1]);
    bool told = warden != -1 && read(word[0], &byte, 1) == 1;
    close(word[0]);
    if (told && byte == 'w')
        return NULL;
    int status = 0;
    if (warden != -1 && waitpid(warden, &status, 0) == warden)
        errno = WEXITSTATUS(status);
    warden = 0;
    return trouble(told ? "the filter of system calls (seccomp)"
                        : "the first process of the PID namespace");
}

const char *walls_raise(void)
{
    const unsigned long flags = MS_NOSUID | MS_NODEV;

    outer_proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (outer_proc == -1 || unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID) == -1)
        return trouble("unshare");
    if (mount("tmpfs", "/tmp", "tmpfs", flags, FILES_OPTIONS) == -1 ||
        mount("tmpfs", "/dev/shm", "tmpfs", flags, FILES_OPTIONS) == -1)
        return trouble("mount");
    const char *reason = start_warden();
    if (reason)
        return reason;
    actors_user = open("/proc/1/ns/user", O_RDONLY | O_CLOEXEC);
    int table = wardens_table();
    if (!map_users() || !hide("/proc/keys") || !hide("/proc/key-users") ||
        !make_proc_read_only() || actors_user == -1 || table == -1)
        return trouble("the user namespace of the actors");
    table_read_from(table);
    return NULL;
}

static void limit(__rlimit_resource_t resource, long value)
{
    const struct rlimit limits = {(rlim_t)value, (rlim_t)value};
    setrlimit(resource, &limits);
}

bool walls_enter(void)
{
    /* Until the exec this is a copy of the check's memory. */
    prctl(PR_SET_DUMPABLE, 0);
    if (setns(actors_user, CLONE_NEWUSER) == -1)
        return false;
    /* Where the machine itself runs out of memory, these go first. */
    write_to(outer_proc, "self/oom_score_adj", "1000");
    /* The same program shows the same addresses in each run. */
    personality(ADDR_NO_RANDOMIZE);
    limit(RLIMIT_NPROC, PROCESSES_MAX);
    limit(RLIMIT_DATA, HEAP_MAX);
    limit(RLIMIT_STACK, STACK_MAX);
    limit(RLIMIT_AS, ADDRESS_MAX);
    limit(RLIMIT_CPU, (long)(CPU_SECONDS * timeout_scale()));
    limit(RLIMIT_MEMLOCK, 64 << 10);
    limit(RLIMIT_MSGQUEUE, 0);
    limit(RLIMIT_SIGPENDING, 256);
    limit(RLIMIT_NICE, 0);
    limit(RLIMIT_RTPRIO, 0);
    limit(RLIMIT_NOFILE, OPEN_FILES);
    return filter_calls();
}

pid_t walls_number(pid_t child)
{
    char path[32], line[256];
    pid_t number = child;

    if (!walls_stand())
        return child;
    snprintf(path, sizeof path, "%d/status", (int)child);
    int fd = openat(outer_proc, path, O_RDONLY | O_CLOEXEC);
    FILE *file = fd == -1 ? NULL : fdopen(fd, "r");
    if (!file)
        return child;
    while (fgets(line, sizeof line, file))
        /* "NSpid:  OURS  BEHIND THE WALLS  IN A NAMESPACE BELOW": the second one. */
        if (sscanf(line, "NSpid: %*d %d", &number) == 1)
            break;
    fclose(file);
    return number;
}

pid_t walls_reaper(void)
{
    return walls_stand() ? 1 : getpid();
}

/* Below the one of the walls, so that its processes can still be seen in /proc.  A
 * process behind the walls makes it, and another one is the first in it. */
static bool nested_pid_namespace(void)
{
    int word[2];
    char byte, path[64];

    if (pipe2(word, O_CLOEXEC) == -1)
        return false;
    pid_t maker = fork();
    if (maker == 0) {
        prctl(PR_SET_DUMPABLE, 0);
        pid_t first = unshare(CLONE_NEWPID) == 0 ? fork() : -1;
        if (first > 0 && write(word[1], "n", 1) == 1)
            close(word[1]);
        close_range(0, ~0U, 0);
        if (first == -1)
            _exit(EXIT_FAILURE);
        for (;;)
            pause();
    }
    close(word[1]);
    bool made = maker != -1 && read(word[0], &byte, 1) == 1;
    close(word[0]);
    snprintf(path, sizeof path, "/proc/%d/ns/pid_for_children",
             (int)walls_number(maker));
    int fd = made ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    bool entered = fd != -1 && setns(fd, CLONE_NEWPID) == 0;
    if (fd != -1)
        close(fd);
    return entered;
}

bool walls_new_pid_namespace(void)
{
    return walls_stand() ? nested_pid_namespace() : unshare(CLONE_NEWPID) == 0;
}

void walls_end(void)
{
    if (warden <= 0)
        return;
    kill(warden, SIGKILL);
    /* The kernel lets it go when all others are gone and reaped; some are ours. */
    while (waitpid(-1, NULL, 0) > 0)
        continue;
}
