/* actor.c - starts, drives, holds and ends the processes of a story. */
#include "actor.h"

#include "../student/journal.h"
#include "capabilities.h"
#include "kernel.h"
#include "rest.h"
#include "settings.h"
#include "story.h"
#include "walls.h"
#include "world.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A sanitizer's report ends in a crash, and not in an exit status. */
#define ASAN_VARIABLE                                                                  \
    "ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:abort_on_error=1"

#define MAX_ACTORS  256
#define MAX_MESSAGE 65536
#define PRINTED_MAX (1 << 20) /* bytes that an actor may print to its files */
#define SLICE_MS    20        /* how long one look at the descriptors lasts */
#define PIPE_PAGES  16        /* that a new pipe has, see pipe(7) */
/* Between two looks at what processes do, in microseconds: from the first on. */
#define SHORTEST_NAP 30
#define LONGEST_NAP  2000

/* A line that called a function; in lab 5 every call is the program's own. */
struct visit {
    unsigned line;
    const char *function;
};

struct actor {
    char title[32];    /* "Terminal A", "The reader" */
    char terminal[32]; /* where lines are typed: "Terminal A", "Terminal R" */
    bool is_shell;     /* else a program of lab 5 */
    bool is_students;  /* a shell that has the student's functions */
    char which[16];    /* and then "reader" or "writer" */
    pid_t pid;         /* as this process, its parent, knows it */
    pid_t number;      /* as it knows itself, and as the kernel's table shows it */
    int pidfd;
    int line;    /* the socket to the process, -1 when closed */
    int printed; /* the file that collects what it prints */
    int input;   /* programs: the pipe to its standard input, -1 closed */
    int output;  /* programs: the pipe from its standard output, -1 closed */
    bool unread; /* nobody reads that pipe now */
    bool polls;  /* it never comes to rest: it is not waited for again */
    struct control *control;
    unsigned lines; /* how many were typed; the process counts the same */
    bool held;
    bool stopped;   /* by stop() */
    bool ended;     /* and reaped */
    bool cut_short; /* a program that still ran when the check ended */
    bool hung;      /* a shell that was waited for in vain */
    bool left;      /* a shell that ended inside of a function, instead of an answer */
    int status;     /* as waitpid tells it, once it has ended */
    struct visit *visits; /* which line called which function of the student's */
    size_t visit_count;
    char *message;   /* an answer that came and was not asked for yet */
    char *collected; /* programs: what came from standard output */
    size_t collected_length;
};

static struct actor actors[MAX_ACTORS];
static int actor_count;
static const struct actor *last_student; /* to which a line was typed last */

/* --- Time: how long to wait for a process ----------------------------------------- */

/* The answer of a process that works is there in a millisecond.  One that never
 * comes is the only reason to give up, and the machine may be slow: so a wait
 * ends only when every actor sleeps and nothing moved for two seconds, or when
 * this actor alone used two seconds of CPU, or after ten seconds in which it slept and
 * woke often, or after sixty in any case.  GRADER_TIMEOUT_SCALE multiplies all of
 * them. */
#define QUIET_SECONDS   2
#define BUSY_SECONDS    2
#define LONGEST_SECONDS 10
#define STARVED_SECONDS 60
/* For the whole check: less than the last resort of check.c, which cannot say why. */
#define ALL_SECONDS 100
/* How often one is given a CPU that naps for 50 ms at most. */
#define TURNS_OF_A_NAPPER 200
/* Among a whole class the machine may be so busy that two seconds of CPU time take a
 * minute. */
#define LONGEST_AMONG_MANY 30

struct patience {
    double start, moved;         /* seconds of the monotonic clock */
    bool looked;                 /* at what the actors do, at least once */
    unsigned long long cpu;      /* of the awaited actor at the first look */
    unsigned long long turns;    /* likewise: how often it was given a CPU */
    unsigned long long waits;    /* likewise: how often it gave it up to wait */
    unsigned long long progress; /* of all actors at the last look */
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double longest_seconds(void)
{
    return (walls_stand() ? LONGEST_AMONG_MANY : LONGEST_SECONDS) * timeout_scale();
}

static struct patience new_patience(void)
{
    const double time = now();
    return (struct patience){.start = time, .moved = time};
}

/* A check in which each wait is short may all the same have too many of them. */
static void expect_time_is_left(double time)
{
    static double start;
    const double most = ALL_SECONDS * timeout_scale();
    if (start == 0)
        start = time;
    if (time - start > most)
        cannot_check(
            says("The check did not come to its end within %g s.", most),
            "Look for what makes a program slow, such as a sleep(3), or a poll(2) with a "
            "time-out. On a slow machine set GRADER_TIMEOUT_SCALE, such as "
            "GRADER_TIMEOUT_SCALE=4.");
}

static bool sleeps_by_the_clock(const struct actor *actor)
{
    long number;
    unsigned long long arguments[6];
    return process_syscall(actor->number, &number, arguments) &&
           (number == SYS_nanosleep || number == SYS_clock_nanosleep);
}

/* What to say of an actor that is waited for in vain; NULL: wait on. */
static const char *patience_is_over(struct patience *patience,
                                    const struct actor *actor)
{
    unsigned long long progress = 0;
    bool all_sleep = true;
    double time = now(), scale = timeout_scale();

    expect_time_is_left(time);
    /* Nearly all answer within the first slice: those are not worth a look. */
    if (time - patience->start < SLICE_MS / 1e3)
        return NULL;
    for (int i = 0; i < actor_count; i++) {
        if (actors[i].ended)
            continue;
        struct process process = process_read(actors[i].number);
        progress += process.turns + process.cpu;
        all_sleep &= process.state != 'R' && process.state != 'D';
    }
    if (progress != patience->progress || !all_sleep)
        patience->moved = time;
    patience->progress = progress;

    struct process process = process_read(actor->number);
    if (!patience->looked) {
        patience->looked = true;
        patience->cpu = process.cpu;
        patience->turns = process.turns;
        patience->waits = process_waits(actor->number);
    }
    if (process.state == 'T' && time - patience->moved > QUIET_SECONDS * scale)
        return "it is stopped, as by SIGSTOP";
    if (time - patience->moved > QUIET_SECONDS * scale)
        return sleeps_by_the_clock(actor)
                   ? "it sleeps, and only the clock will wake it, as in sleep(3)"
                   : "it sleeps, and nothing wakes it";
    if ((double)(process.cpu - patience->cpu) / 1e9 > BUSY_SECONDS * scale)
        return "it runs on and on";
    /* On a machine that is very busy, few turns in a long time are no case for a verdict. */
    const unsigned long long turns = process.turns - patience->turns;
    const bool napped = turns > TURNS_OF_A_NAPPER;
    if (time - patience->start <=
        (napped ? longest_seconds() : STARVED_SECONDS * scale))
        return NULL;
    /* Who never waits loses the CPU only when others want it. */
    const unsigned long long waits = process_waits(actor->number) - patience->waits;
    return waits < turns / 2 ? "it runs on and on"
                             : "it wakes and sleeps again and again";
}

/* --- Starting --------------------------------------------------------------------- */

static void limit(__rlimit_resource_t resource, rlim_t value)
{
    const struct rlimit limits = {value, value};
    setrlimit(resource, &limits);
}

/* The actors of a check share one CPU, and one that wakes up does not push the running
 * one aside (SCHED_BATCH).  So a program that is wrong by a race is right or wrong in
 * the same way each time, and the checks that force an order show what it is. */
static void share_one_cpu(int cpu)
{
    const struct sched_param none = {0};
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
    sched_setscheduler(0, SCHED_BATCH, &none);
}

/* In the new process: from here on nothing may fail silently, so the word goes
 * to the file that collects what it prints. */
__attribute__((noreturn)) static void become(const char *path, char *const arguments[],
                                             const int standard[3], int line,
                                             int control, int cpu)
{
    char line_text[64], control_text[64], journal_text[PATH_MAX + 32];
    sigset_t none;

    /* The process dies with the check; setsid() keeps Ctrl-C from it, which is
     * for the grader alone. */
    if (walls_stand() && !walls_enter())
        _exit(127);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid();
    for (int fd = 0; fd < 3; fd++)
        dup2(standard[fd], fd);
    /* Criterion's descriptors are not the student's business. */
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    fcntl(line, F_SETFD, 0);
    fcntl(control, F_SETFD, 0);

    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, PRINTED_MAX);
    drop_capabilities();
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    share_one_cpu(cpu);

    snprintf(line_text, sizeof line_text, LINE_VARIABLE "=%d", line);
    snprintf(control_text, sizeof control_text, CONTROL_VARIABLE "=%d", control);
    snprintf(journal_text, sizeof journal_text, JOURNAL_VARIABLE "=%s/" JOURNAL_NAME,
             world_scratch());
    char *environment[] = {"PATH=/usr/bin:/bin",
                           "LANG=C.UTF-8",
                           ASAN_VARIABLE,
                           "UBSAN_OPTIONS=abort_on_error=1",
                           line_text,
                           control_text,
                           world_is_private() ? NULL : journal_text,
                           NULL};
    /* Without walls it is the caller's right that leads to the program's directory. */
    if (walls_stand())
        give_up_capabilities();
    execve(path, arguments, environment);
    dprintf(STDERR_FILENO, "%s: %s\n", path, strerror(errno));
    _exit(127);
}

/* A new entry, its control block and the file that collects what it prints. */
static struct actor *new_actor(const char *title, int *control)
{
    if (actor_count == MAX_ACTORS)
        cannot_check("The check starts more processes than it has room for.",
                     "Please report this to the course's authors.");
    struct actor *actor = &actors[actor_count];
    *actor = (struct actor){.input = -1, .output = -1};
    snprintf(actor->title, sizeof actor->title, "%s", title);
    snprintf(actor->terminal, sizeof actor->terminal, "%s", title);

    *control = memfd_create("control", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    actor->printed = memfd_create("printed", MFD_CLOEXEC);
    if (*control == -1 || actor->printed == -1 ||
        ftruncate(*control, sizeof *actor->control) == -1 ||
        fcntl(*control, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == -1 ||
        fcntl(actor->printed, F_SETFL, O_APPEND) == -1)
        cannot_check(says("The grader cannot make a file in memory: %s.",
                          strerror(errno)),
                     "Free some memory, and try again.");
    void *memory = mmap(NULL, sizeof *actor->control, PROT_READ | PROT_WRITE,
                        MAP_SHARED, *control, 0);
    if (memory == MAP_FAILED)
        cannot_check(says("The grader cannot map memory: %s.", strerror(errno)),
                     "Free some memory, and try again.");
    actor->control = memory;
    return actor;
}

static void start(struct actor *actor, const char *path, char *const arguments[],
                  int input, int output, int control)
{
    int lines[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, lines) == -1)
        cannot_check(says("The grader cannot make a socket: %s.", strerror(errno)),
                     "Free some descriptors (ulimit -n), and try again.");
    int errors = actor->printed;
    const int standard[3] = {input, output == -1 ? errors : output, errors};

    static int cpu = -1;
    if (cpu == -1)
        cpu = sched_getcpu();
    actor->pid = fork();
    if (actor->pid == 0)
        become(path, arguments, standard, lines[1], control, cpu);
    if (actor->pid == -1)
        cannot_check(
            says("The grader cannot start a process: %s.", strerror(errno)),
            "End some processes, or raise the limit (ulimit -u), and try again.");
    actor->number = walls_number(actor->pid);
    actor->pidfd = (int)syscall(SYS_pidfd_open, actor->pid, 0);
    actor->line = lines[0];
    close(lines[1]);
    close(control);
    actor_count++;
}

static struct actor *shell(char name, const char *program_path)
{
    char title[16];
    int control;

    snprintf(title, sizeof title, "Terminal %c", name);
    struct actor *actor = new_actor(title, &control);
    actor->is_shell = true;
    int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char *arguments[] = {"shell", NULL};
    start(actor, program_path, arguments, input, -1, control);
    close(input);
    return actor;
}

struct actor *student_shell(char name)
{
    struct actor *actor =
        shell(name, says("%s/%s/program", programs_directory(), current_lab()));
    actor->is_students = true;
    return actor;
}

struct actor *plain_shell(char name)
{
    return shell(name, says("%s/plain", programs_directory()));
}

pid_t actor_pid(const struct actor *actor)
{
    return actor->number;
}

pid_t actor_child(const struct actor *actor)
{
    return actor->pid;
}

const char *actor_title(const struct actor *actor)
{
    return actor->title;
}

const char *actor_terminal(const struct actor *actor)
{
    return actor->terminal;
}

/* --- Waiting for what an actor does ----------------------------------------------- */

/* Notes the end of a process, if it has come. */
static bool has_ended(struct actor *actor)
{
    if (!actor->ended && waitpid(actor->pid, &actor->status, WNOHANG) == actor->pid)
        actor->ended = true;
    return actor->ended;
}

/* Takes what stands in a program's output pipe. */
static void collect(struct actor *actor)
{
    char bytes[65536];
    ssize_t count = read(actor->output, bytes, sizeof bytes);

    if (count == 0 || (count == -1 && errno != EAGAIN && errno != EINTR)) {
        close(actor->output);
        actor->output = -1;
    }
    if (count <= 0)
        return;
    char *longer =
        realloc(actor->collected, actor->collected_length + (size_t)count + 1);
    if (!longer)
        abort();
    memcpy(longer + actor->collected_length, bytes, (size_t)count);
    actor->collected = longer;
    actor->collected_length += (size_t)count;
    longer[actor->collected_length] = '\0';
    if (actor->collected_length > PRINTED_MAX)
        fail(says("%s prints no more than what this story asks for.", actor->title),
             says("%s printed more than %d bytes.", actor->title, PRINTED_MAX));
}

/* Takes the next message from the line.  Returns false when there is none. */
static bool take_message(struct actor *actor)
{
    static char text[MAX_MESSAGE];
    ssize_t length = recv(actor->line, text, sizeof text - 1, MSG_DONTWAIT);

    if (length == 0 || (length == -1 && errno == ECONNRESET)) {
        close(actor->line);
        actor->line = -1;
    }
    if (length <= 0)
        return false;
    text[length] = '\0';
    free(actor->message);
    actor->message = strdup(text);
    return true;
}

/* Waits until one of the first `used` descriptors is ready, or there is output to
 * take from an actor; at most so many microseconds. */
static void look_for(struct pollfd fds[MAX_ACTORS + 3], nfds_t used, long microseconds)
{
    const struct timespec time = {microseconds / 1000000,
                                  microseconds % 1000000 * 1000};
    struct actor *talking[MAX_ACTORS];
    nfds_t count = used;

    for (int i = 0; i < actor_count; i++)
        if (actors[i].output != -1 && !actors[i].unread) {
            talking[count - used] = &actors[i];
            fds[count++] = (struct pollfd){actors[i].output, POLLIN, 0};
        }
    if (ppoll(fds, count, &time, NULL) <= 0)
        return;
    for (nfds_t i = used; i < count; i++)
        if (fds[i].revents)
            collect(talking[i - used]);
}

/* Looks once, for at most a slice, at everything that an actor can do: a message,
 * output, its end.  `also` is one more descriptor to write to, or -1. */
static void look(struct actor *actor, int also)
{
    struct pollfd fds[MAX_ACTORS + 3] = {
        {actor->line, POLLIN, 0},
        {actor->pidfd, POLLIN, 0},
        {also, POLLOUT, 0},
    };
    look_for(fds, 3, SLICE_MS * 1000L);
}

/* The student's function that runs, or ran last.  The process may have written anything
 * to this memory. */
static const char *function_of(const struct actor *actor)
{
    return says("%.*s", (int)sizeof actor->control->function - 1,
                actor->control->function);
}

/* Waits for a message.  Returns false when the process ended without one. */
static bool wait_message(struct actor *actor)
{
    struct patience patience = new_patience();
    while (!actor->message) {
        if (actor->line != -1 && take_message(actor))
            return true;
        if (has_ended(actor))
            return actor->line != -1 && take_message(actor);
        look(actor, -1);
        const char *why = patience_is_over(&patience, actor);
        actor->hung = why && actor->is_shell;
        if (actor->hung)
            fail(says("%s answers.", actor->title),
                 atomic_load(&actor->control->active)
                     ? says("%s did not answer within %g s while calling %s: %s.",
                            actor->title, QUIET_SECONDS * timeout_scale(),
                            function_of(actor), why)
                     : says("%s did not answer within %g s: %s.", actor->title,
                            QUIET_SECONDS * timeout_scale(), why));
        if (why)
            return false;
    }
    return true;
}

/* How a process ended, as a whole sentence. */
static const char *ending(const struct actor *actor)
{
    const char *function = actor->is_shell && atomic_load(&actor->control->active)
                               ? function_of(actor)
                               : NULL;

    if (WIFSIGNALED(actor->status) && WTERMSIG(actor->status) == SIGXFSZ)
        return says("%s printed more than %d bytes, and was ended.", actor->title,
                    PRINTED_MAX);
    if (WIFSIGNALED(actor->status) && function)
        return says("%s crashed with SIG%s in %s.", actor->title,
                    sigabbrev_np(WTERMSIG(actor->status)), function);
    if (WIFSIGNALED(actor->status))
        return says("%s was killed by SIG%s.", actor->title,
                    sigabbrev_np(WTERMSIG(actor->status)));
    if (function)
        return says("%s ended the process (exit status %d) inside %s.", actor->title,
                    WEXITSTATUS(actor->status), function);
    return says("%s ended with exit status %d.", actor->title,
                WEXITSTATUS(actor->status));
}

/* --- Lab shells ------------------------------------------------------------------- */

/* Keeps which of the student's functions the last line called, if it called one. */
static void note_visit(struct actor *actor)
{
    if (!actor->is_shell || actor->lines == 0 ||
        atomic_load(&actor->control->step) != actor->lines)
        return;
    size_t size = (actor->visit_count + 1) * sizeof *actor->visits;
    struct visit *longer = realloc(actor->visits, size);
    if (!longer)
        abort();
    longer[actor->visit_count++] = (struct visit){actor->lines, function_of(actor)};
    actor->visits = longer;
}

static void type(struct actor *actor, const char *text)
{
    note_visit(actor);
    story_step(actor, text);
    if (actor->is_students)
        last_student = actor;
    free(actor->message);
    actor->message = NULL;
    actor->lines++;
    if (!has_ended(actor) && actor->line != -1)
        send(actor->line, text, strlen(text), MSG_NOSIGNAL);
}

struct answer answer_of(struct actor *actor)
{
    if (!wait_message(actor)) {
        actor->left = atomic_load(&actor->control->active) && WIFEXITED(actor->status);
        if (WIFSIGNALED(actor->status) && !atomic_load(&actor->control->active))
            suggest(
                "Your function has returned, and its address was used. Is the segment "
                "attached there, and for writing where it should be?");
        story_answer(ending(actor));
        fail(says("%s answers.", actor->title), ending(actor));
    }
    struct answer answer = {actor, says("%s", actor->message)};
    free(actor->message);
    actor->message = NULL;
    story_answer(answer.text);
    return answer;
}

struct answer ask(struct actor *actor, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = says_with(format, arguments);
    va_end(arguments);
    type(actor, text);
    struct answer answer = answer_of(actor);
    /* The command, not the student's code, makes the process. */
    if (strcmp(text, "fork") == 0 && !answer_is_ok(answer))
        cannot_check(
            says("A process cannot be made: %s.", answer.text),
            "End some processes, or raise the limit (ulimit -u), and try again.");
    return answer;
}

void begin(struct actor *actor, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = says_with(format, arguments);
    va_end(arguments);
    type(actor, text);
}

void ask_to_die(struct actor *actor, int signal, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = says_with(format, arguments);
    va_end(arguments);
    type(actor, text);

    const char *expected =
        says("%s is killed by SIG%s.", actor->title, sigabbrev_np(signal));
    if (wait_message(actor)) {
        story_answer(actor->message);
        fail(expected, says("%s answered: %s", actor->title, actor->message));
    }
    story_answer(ending(actor));
    if (!WIFSIGNALED(actor->status) || WTERMSIG(actor->status) != signal)
        fail(expected, ending(actor));
}

void quit(struct actor *actor)
{
    type(actor, "quit");
    if (wait_message(actor))
        fail(says("%s ends.", actor->title),
             says("%s answered: %s", actor->title, actor->message));
    story_answer(ending(actor));
}

bool answer_is_ok(struct answer answer)
{
    return strncmp(answer.text, "ok", 2) == 0 &&
           (answer.text[2] == '\0' || answer.text[2] == ' ');
}

/* --- Interposition ---------------------------------------------------------------- */

static void set_rule(struct actor *actor, enum call call, enum rule_action action,
                     unsigned nth, int error)
{
    struct rule *rule = &actor->control->rules[call];
    atomic_store(&rule->action, RULE_NONE);
    atomic_store(&rule->nth, nth);
    atomic_store(&rule->error, error);
    atomic_store(&rule->seen, 0);
    atomic_store(&rule->fired, 0);
    atomic_store(&rule->action, action);
}

void fail_call(struct actor *actor, enum call call, unsigned nth, int error)
{
    not_by_hand();
    if (nth == 0)
        narrate("The grader makes every %s of %s fail with %s.", call_name(call),
                actor->title, strerrorname_np(error));
    else
        narrate("The grader makes call number %u of %s in %s fail with %s.", nth,
                call_name(call), actor->title, strerrorname_np(error));
    set_rule(actor, call, RULE_FAIL, nth, error);
}

void hold_before(struct actor *actor, enum call call, unsigned nth)
{
    set_rule(actor, call, RULE_HOLD, nth, 0);
}

void hold_after(struct actor *actor, enum call call, unsigned nth)
{
    set_rule(actor, call, RULE_AFTER, nth, 0);
}

void pretend_uid(struct actor *actor, uid_t uid)
{
    not_by_hand();
    set_rule(actor, CALL_geteuid, RULE_PRETEND, 0, (int)uid);
    set_rule(actor, CALL_getuid, RULE_PRETEND, 0, (int)uid);
}

void pretend_owner(struct actor *actor, uid_t uid)
{
    not_by_hand();
    set_rule(actor, CALL_shmctl, RULE_PRETEND, 0, (int)uid);
}

void pretend_real_uid(struct actor *actor, uid_t uid)
{
    not_by_hand();
    set_rule(actor, CALL_getuid, RULE_PRETEND, 0, (int)uid);
}

void drop_rules(struct actor *actor)
{
    for (enum call call = 0; call < CALL_COUNT; call++)
        set_rule(actor, call, RULE_NONE, 0, 0);
}

void finish_or_block(struct actor *actor)
{
    wait_blocked(actor);
    if (!actor->message && actor->line != -1)
        take_message(actor);
}

bool has_answered(const struct actor *actor)
{
    return actor->message != NULL;
}

unsigned rule_fired(const struct actor *actor, enum call call)
{
    return atomic_load(&actor->control->rules[call].fired);
}

unsigned calls_begun(const struct actor *actor, enum call call)
{
    return atomic_load(&actor->control->rules[call].seen);
}

/* The name of a command of shmctl(2), or its number. */
static const char *command_text(int command)
{
    const char *name = shmctl_command(command);
    return name ? name : says("%d", command);
}

/* A program that waits for another one has neither ended, nor is it held. */
static bool settled_message(struct actor *actor)
{
    actor->polls = false; /* one that polls comes to a call, too */
    settle();
    return actor->message || (actor->line != -1 && take_message(actor));
}

bool reaches(struct actor *actor)
{
    /* A program may wait for another one: then it is not held, and has not ended. */
    bool spoke = actor->is_shell ? wait_message(actor) : settled_message(actor);
    if (!spoke || strncmp(actor->message, "held ", 5) != 0)
        return false;
    free(actor->message);
    actor->message = NULL;
    actor->held = true;
    not_by_hand();
    if (!actor->is_shell)
        return true; /* lab 5 tells such things in its own words */
    const struct call_record *call = &actor->control->held;
    char flags[FLAGS_TEXT];
    if (call->call == CALL_shmget)
        narrate("%s is held at its call of shmget(0x%08x, %lld, %s).", actor->title,
                (unsigned)call->arguments[0], (long long)call->arguments[1],
                shmget_flags(call->arguments[2], flags));
    else if (call->call == CALL_shmctl)
        narrate("%s is held at its call of shmctl(%lld, %s).", actor->title,
                (long long)call->arguments[0], command_text((int)call->arguments[1]));
    else
        narrate("%s is held at its call of %s.", actor->title,
                call_name((enum call)call->call));
    return true;
}

struct call_record held_at(const struct actor *actor)
{
    return actor->control->held;
}

void go_on(struct actor *actor)
{
    actor->held = false;
    if (actor->is_shell)
        narrate("%s goes on.", actor->title);
    if (actor->line != -1)
        send(actor->line, "go", 2, MSG_NOSIGNAL);
}

void go_on_failing(struct actor *actor, int error)
{
    const char *word = says("fail %d", error);
    actor->held = false;
    narrate("%s goes on, and its call fails with %s.", actor->title,
            strerrorname_np(error));
    if (actor->line != -1)
        send(actor->line, word, strlen(word), MSG_NOSIGNAL);
}

static size_t logged(const struct actor *actor)
{
    uint32_t count = atomic_load(&actor->control->logged);
    return count < LOG_CAPACITY ? count : LOG_CAPACITY;
}

static bool is_of_this_line(const struct actor *actor, const struct call_record *entry)
{
    return !actor->is_shell || entry->step == actor->lines;
}

const struct call_record *call_made(const struct actor *actor, enum call call,
                                    size_t index)
{
    for (size_t i = 0; i < logged(actor); i++) {
        const struct call_record *entry = &actor->control->log[i];
        if (entry->call == (uint32_t)call && is_of_this_line(actor, entry) &&
            index-- == 0)
            return entry;
    }
    return NULL;
}

size_t calls_made(const struct actor *actor, enum call call)
{
    size_t count = 0;
    while (call_made(actor, call, count))
        count++;
    return count;
}

/* A program that may open no file and answers all the same has its answer from the
 * kernel's calls. */
bool ask_pretending(struct actor *actor, uid_t owner, const char *line,
                    struct answer *answer)
{
    struct rlimit usual, none;

    narrate("The grader lets shmctl show %d as the owner of each segment in %s, which "
            "may open no file meanwhile: ulimit -n 0.",
            (int)owner, actor->title);
    pretend_owner(actor, owner);
    prlimit(actor->pid, RLIMIT_NOFILE, NULL, &usual);
    none = usual;
    none.rlim_cur = 0;
    prlimit(actor->pid, RLIMIT_NOFILE, &none, NULL);
    *answer = ask(actor, "%s", line);
    prlimit(actor->pid, RLIMIT_NOFILE, &usual, NULL);
    bool from_shmctl = answer_is_ok(*answer) && rule_fired(actor, CALL_shmctl) > 0;
    drop_rules(actor);
    return from_shmctl;
}

/* --- Processes -------------------------------------------------------------------- */

/* With the children that work for it: each actor is the leader of a process group, as a
 * program that was started from an interactive shell is. */
void stop(struct actor *actor)
{
    siginfo_t info;
    narrate("%s is stopped: kill -STOP -- -%d.", actor->title, (int)actor->number);
    if (kill(-actor->pid, SIGSTOP) == -1)
        kill(actor->pid, SIGSTOP); /* it has no group of its own yet */
    waitid(P_PID, (id_t)actor->pid, &info, WSTOPPED | WEXITED | WNOWAIT);
    actor->stopped = true;
}

void resume(struct actor *actor)
{
    narrate("%s is continued: kill -CONT -- -%d.", actor->title, (int)actor->number);
    actor->stopped = false;
    kill(-actor->pid, SIGCONT);
}

void kill_actor(struct actor *actor, int signal)
{
    narrate("%s gets a signal: kill -%s %d.", actor->title, sigabbrev_np(signal),
            (int)actor->number);
    if (!has_ended(actor))
        kill(actor->pid, signal);
}

/* Closes what an actor that has ended needs no more: a check may start many. */
static void release(struct actor *actor)
{
    int *const fds[] = {&actor->pidfd, &actor->line, &actor->input};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (*fds[i] != -1)
            close(*fds[i]);
        *fds[i] = -1;
    }
}

static void watch(struct watch *watches, size_t count);

void kill_and_reap(struct actor *actor)
{
    if (!has_ended(actor)) {
        kill_actor(actor, SIGKILL);
        if (actor->stopped)
            kill(-actor->pid, SIGCONT); /* its children, too, were stopped */
        waitpid(actor->pid, &actor->status, 0);
        actor->ended = true;
        /* A child that works for it may have been told to die with it: that takes a
         * moment. */
        struct watch orphans = {.pid = actor->number};
        watch(&orphans, 1);
    }
    release(actor);
}

const char *how_it_stands(struct actor *actor)
{
    if (has_ended(actor))
        return ending(actor);
    switch (process_state(actor->number)) {
    case 'R':
        return says("%s has not ended: it runs.", actor->title);
    case 'T':
        return says("%s has not ended: it is stopped.", actor->title);
    default:
        return says("%s has not ended: it waits.", actor->title);
    }
}

bool is_running(const struct actor *actor)
{
    if (actor->ended)
        return false;
    char state = process_state(actor->number);
    return state != 0 && state != 'Z' && state != 'X';
}

bool has_been_awaited(const struct actor *actor)
{
    return actor->ended;
}

pid_t fork_as(pid_t wanted)
{
    struct clone_args arguments = {.exit_signal = SIGCHLD,
                                   .set_tid = (uintptr_t)&wanted,
                                   .set_tid_size = 1};

    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close_range(0, ~0U, 0);
    }
    return pid;
}

int wait_end(struct actor *actor)
{
    struct patience patience = new_patience();
    while (!has_ended(actor)) {
        look(actor, -1);
        if (actor->line != -1 && take_message(actor) &&
            strncmp(actor->message, "held ", 5) == 0)
            go_on(actor);
        const char *why = patience_is_over(&patience, actor);
        if (why)
            fail(says("%s ends.", actor->title),
                 says("%s did not end within %g s: %s.", actor->title,
                      QUIET_SECONDS * timeout_scale(), why));
    }
    release(actor);
    while (actor->output != -1 && !actor->unread) {
        size_t before = actor->collected_length;
        look(actor, -1);
        if (actor->output != -1 && actor->collected_length == before)
            break; /* a descendant of it holds the pipe open */
    }
    return WIFSIGNALED(actor->status) ? -WTERMSIG(actor->status)
                                      : WEXITSTATUS(actor->status);
}

/* Watches actors until they are at rest, all at the same moment. */
static void watch(struct watch *watches, size_t count)
{
    double start = now();
    long nap = SHORTEST_NAP;

    while (!watch_at_rest(watches, count)) {
        if (now() - start > longest_seconds())
            return;
        struct pollfd fds[MAX_ACTORS + 3];
        look_for(fds, 0, nap);
        nap = nap < LONGEST_NAP ? 2 * nap : LONGEST_NAP;
    }
}

bool wait_blocked(struct actor *actor)
{
    struct watch only = {.pid = actor->number,
                         .stopped = actor->stopped,
                         .strict = !actor->is_shell};
    watch(&only, 1);
    return only.rested;
}

void settle(void)
{
    struct actor *watched[MAX_ACTORS];
    struct watch watches[MAX_ACTORS];
    size_t count = 0;

    for (int i = 0; i < actor_count; i++)
        if (!has_ended(&actors[i])) {
            watches[count] = (struct watch){.pid = actors[i].number,
                                            .stopped = actors[i].stopped,
                                            .polls = actors[i].polls};
            watched[count++] = &actors[i];
        }
    watch(watches, count);
    for (size_t i = 0; i < count; i++) {
        watched[i]->polls = watches[i].polls;
        has_ended(watched[i]);
    }
}

bool is_left_aside(const struct actor *actor)
{
    return actor->polls;
}

/* --- The programs of lab 5 -------------------------------------------------------- */

/* Rules for the next program, which has them from its first call on. */
static struct {
    enum call call;
    unsigned nth;
    enum rule_action action;
    int error;
} prepared[CALL_COUNT];
static int prepared_count;

static void prepare(enum call call, unsigned nth, enum rule_action action, int error)
{
    if (prepared_count == CALL_COUNT)
        abort();
    prepared[prepared_count].call = call;
    prepared[prepared_count].nth = nth;
    prepared[prepared_count].action = action;
    prepared[prepared_count++].error = error;
}

void prepare_hold(enum call call, unsigned nth, bool after)
{
    prepare(call, nth, after ? RULE_AFTER : RULE_HOLD, 0);
}

void prepare_failure(enum call call, unsigned nth, int error)
{
    prepare(call, nth, RULE_FAIL, error);
}

static const enum call waits[] = {CALL_poll,    CALL_ppoll,      CALL_select,
                                  CALL_pselect, CALL_epoll_wait, CALL_epoll_pwait};

void prepare_expiry(void)
{
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
        prepare(waits[i], 0, RULE_EXPIRE, 0);
}

void expire_waits(struct actor *actor)
{
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
        set_rule(actor, waits[i], RULE_EXPIRE, 0, 0);
}

static const char *input_file, *output_file; /* of the next program, or NULL */

void prepare_files(const char *input, const char *output)
{
    input_file = input;
    output_file = output;
}

static const char *shown_argument; /* of the next program, or NULL */

void prepare_argument(const char *shown)
{
    shown_argument = shown;
}

/* Puts a file in the place of one end of a pipe, and closes the other end. */
static void use_file(const char *path, int flags, int *in_place_of, int *other)
{
    if (!path)
        return;
    close(*in_place_of);
    close(*other);
    *other = -1;
    *in_place_of = open(path, flags | O_CLOEXEC, 0644);
    if (*in_place_of == -1)
        cannot_check(says("The grader cannot open %s: %s.", path, strerror(errno)),
                     "Free some space, and try again.");
}

/* "The reader" in "Terminal R"; while that one runs, another is "The second
 * reader" in "Terminal R2". */
static struct actor *new_program(const char *which, int *control)
{
    static const char *const ordinals[] = {"", "second ", "third ", "fourth "};
    const int letter = toupper((unsigned char)*which);
    size_t others = 0;

    for (int i = 0; i < actor_count && others < 3; i++)
        others += !actors[i].is_shell && is_running(&actors[i]) &&
                  actors[i].terminal[strlen("Terminal ")] == letter;
    struct actor *actor = new_actor(says("The %s%s", ordinals[others], which), control);
    snprintf(actor->which, sizeof actor->which, "%s", which);
    if (others == 0)
        snprintf(actor->terminal, sizeof actor->terminal, "Terminal %c", letter);
    else
        snprintf(actor->terminal, sizeof actor->terminal, "Terminal %c%zu", letter,
                 others + 1);
    return actor;
}

/* The line that a person types to start it. */
static void tell_start(const struct actor *actor, const char *which,
                       const char *argument, const char *second)
{
    const char *line = says("build/%s/%s", current_lab(), which);
    if (shown_argument)
        line = says("%s %s", line, shown_argument);
    else if (argument)
        line = says(strchr(argument, ' ') || !*argument ? "%s '%s'" : "%s %s", line,
                    argument);
    if (second)
        line = says("%s %s", line, second);
    if (input_file)
        line = says("%s < %s", line, input_file);
    if (output_file)
        line = says("%s > %s", line, output_file);
    story_step(actor, line);
}

/* The kernel gives a user's new pipes and FIFOs less room when that user's pipes have
 * many pages together (fs.pipe-user-pages-soft). */
static bool met_narrow_pipe;

static void note_room(int pipe_end)
{
    int size = fcntl(pipe_end, F_GETPIPE_SZ);
    met_narrow_pipe |= size != -1 && size < PIPE_PAGES * sysconf(_SC_PAGESIZE);
}

bool programs_lacked_room(void)
{
    bool any = false;
    for (int i = 0; i < actor_count; i++)
        any |= !actors[i].is_shell;
    int fresh[2];
    /* Their FIFOs were made when nobody looked: what a pipe gets now is a hint. */
    if (any && !met_narrow_pipe && pipe2(fresh, O_CLOEXEC) == 0) {
        note_room(fresh[0]);
        close(fresh[0]);
        close(fresh[1]);
    }
    return any && met_narrow_pipe;
}

struct actor *program(const char *which, const char *argument, const char *second)
{
    int control, input[2], output[2];
    struct actor *actor = new_program(which, &control);

    if (pipe2(input, O_CLOEXEC) == -1 || pipe2(output, O_CLOEXEC) == -1)
        cannot_check(says("The grader cannot make a pipe: %s.", strerror(errno)),
                     "Free some descriptors (ulimit -n), and try again.");
    note_room(input[0]);
    note_room(output[0]);
    use_file(input_file, O_RDONLY, &input[0], &input[1]);
    use_file(output_file, O_WRONLY | O_CREAT | O_TRUNC, &output[1], &output[0]);
    /* The whole program is the student's: its calls count from the start. */
    atomic_store(&actor->control->active, 1);
    for (; prepared_count > 0; prepared_count--)
        set_rule(actor, prepared[prepared_count - 1].call,
                 prepared[prepared_count - 1].action, prepared[prepared_count - 1].nth,
                 prepared[prepared_count - 1].error);
    tell_start(actor, which, argument, second);
    char *arguments[] = {(char *)(uintptr_t)which, (char *)(uintptr_t)argument,
                         (char *)(uintptr_t)second, NULL};
    start(actor, says("%s/%s/%s", programs_directory(), current_lab(), which),
          arguments, input[0], output[1], control);
    close(input[0]);
    close(output[1]);
    input_file = output_file = shown_argument = NULL;
    fcntl(input[1], F_SETFL, O_NONBLOCK);
    fcntl(output[0], F_SETFL, O_NONBLOCK);
    actor->input = input[1];
    actor->output = output[0];
    return actor;
}

void type_input(struct actor *actor, const char *bytes, size_t count)
{
    struct patience patience = new_patience();
    void (*old)(int) = signal(SIGPIPE, SIG_IGN);

    while (count > 0 && actor->input != -1) {
        ssize_t written = write(actor->input, bytes, count);
        if (written > 0) {
            bytes += written;
            count -= (size_t)written;
            patience = new_patience();
            continue;
        }
        if (errno != EAGAIN || has_ended(actor))
            break; /* it reads no more: what follows from that is for the check */
        look(actor, actor->input);
        const char *why = patience_is_over(&patience, actor);
        if (why)
            fail(says("%s reads its standard input.", actor->title),
                 says("%s did not read on within %g s: %s.", actor->title,
                      QUIET_SECONDS * timeout_scale(), why));
    }
    signal(SIGPIPE, old);
}

void end_input(struct actor *actor)
{
    story_step(actor, "Ctrl-D");
    if (actor->input != -1)
        close(actor->input);
    actor->input = -1;
}

const char *read_output(struct actor *actor, size_t count, size_t *length)
{
    struct patience patience = new_patience();
    while (actor->collected_length < count && actor->output != -1) {
        size_t before = actor->collected_length;
        look(actor, -1);
        if (actor->collected_length > before)
            patience = new_patience();
        else if (has_ended(actor) && actor->output != -1)
            break;
        if (patience_is_over(&patience, actor))
            break;
    }
    *length = actor->collected_length;
    return actor->collected ? actor->collected : "";
}

size_t leave_output(struct actor *actor)
{
    actor->unread = true;
    fcntl(actor->output, F_SETPIPE_SZ, 1); /* rounded up to a page */
    int size = fcntl(actor->output, F_GETPIPE_SZ);
    return size > 0 ? (size_t)size : 0;
}

void take_output(struct actor *actor)
{
    actor->unread = false;
}

size_t output_now(struct actor *actor)
{
    if (actor->output != -1)
        collect(actor);
    return actor->collected_length;
}

/* What it printed so far on standard error (shells: on both). */
static const char *error_output(const struct actor *actor)
{
    static char text[4096];
    ssize_t count = pread(actor->printed, text, sizeof text - 1, 0);
    text[count > 0 ? count : 0] = '\0';
    return says("%s", text);
}

size_t errors_now(const struct actor *actor)
{
    struct stat status;
    return fstat(actor->printed, &status) == 0 ? (size_t)status.st_size : 0;
}

/* --- For story.c ------------------------------------------------------------------ */

static pid_t others[256]; /* descendants that were reaped here */
static int other_count;

/* Kills every child that this process has now.  Returns how many there were. */
static int kill_children(void)
{
    char path[64];
    int count = 0;
    long pid;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "re");
    for (; file && fscanf(file, "%ld", &pid) == 1; count++)
        kill((pid_t)pid, SIGKILL);
    if (file)
        fclose(file);
    return count;
}

void actors_end(void)
{
    for (int i = 0; i < actor_count; i++)
        if (!has_ended(&actors[i])) {
            actors[i].cut_short = !actors[i].is_shell;
            kill(actors[i].pid, SIGKILL);
        }
    for (int i = 0; i < actor_count; i++)
        if (!actors[i].ended && waitpid(actors[i].pid, &actors[i].status, 0) != -1)
            actors[i].ended = true;
    walls_end();
    /* A child of an actor is ours now: this process is its subreaper. */
    while (!walls_stand() && kill_children() > 0) {
        pid_t pid = waitpid(-1, NULL, 0);
        if (pid > 0 && other_count < 256)
            others[other_count++] = pid;
    }
}

struct actor *actor_by_pid(pid_t pid)
{
    for (int i = 0; i < actor_count; i++)
        if (actors[i].number == pid)
            return &actors[i];
    return NULL;
}

bool actor_was_cut_short(const struct actor *actor)
{
    return actor && actor->cut_short;
}

bool actors_had(pid_t pid)
{
    for (int i = 0; i < other_count; i++)
        if (others[i] == pid)
            return true;
    return actor_by_pid(pid) != NULL;
}

bool actors_made(int id)
{
    for (int i = 0; i < actor_count; i++)
        for (size_t j = 0; j < logged(&actors[i]); j++) {
            const struct call_record *entry = &actors[i].control->log[j];
            if (entry->call == CALL_shmget && entry->result == id)
                return true;
        }
    return false;
}

const struct actor *actor_at(size_t index)
{
    return index < (size_t)actor_count ? &actors[index] : NULL;
}

const struct call_record *actor_log(const struct actor *actor, size_t *count)
{
    *count = logged(actor);
    return actor->control->log;
}

const char *actors_function(void)
{
    return last_student ? function_of(last_student) : "";
}

/* The function that was called by the line in which a call was made, or NULL. */
static const char *function_of_call(const struct actor *actor,
                                    const struct call_record *entry)
{
    if (!actor->is_shell)
        return actor->which;
    for (size_t i = 0; i < actor->visit_count; i++)
        if (actor->visits[i].line == entry->step)
            return actor->visits[i].function;
    return NULL;
}

/* "segment_attach shmat ENOMEM injected" */
static const char *coverage_of_call(const struct actor *actor,
                                    const struct call_record *entry)
{
    const char *function = function_of_call(actor, entry);
    const char *call = call_name((enum call)entry->call);
    if (!function)
        return NULL;
    if (entry->call == CALL_shmctl)
        call = says("%s/%s", call, command_text((int)entry->arguments[1] & 0xff));
    const char *error = entry->error ? strerrorname_np(entry->error) : "0";
    return says("%s %s %s%s", function, call, error ? error : "?",
                entry->injected ? " injected" : "");
}

void actors_coverage(void (*tell)(const char *line))
{
    for (int i = 0; i < actor_count; i++) {
        struct actor *actor = &actors[i];
        note_visit(actor);
        if (!actor->is_shell)
            tell(actor->which);
        for (size_t j = 0; j < actor->visit_count; j++)
            tell(actor->visits[j].function);
        for (size_t j = 0; j < logged(actor); j++) {
            const char *line = coverage_of_call(actor, &actor->control->log[j]);
            if (line)
                tell(line);
        }
    }
}

static const char *hint_about(const struct actor *actor)
{
    if (actor->hung && atomic_load(&actor->control->active))
        return "Which loop has no end, or which call waits for something that never comes? "
               "`trace on` in the lab shell shows the last call.";
    if (actor->left)
        return "A function returns to its caller, whatever went wrong: exit(3), abort(3) "
               "and assert(3) end the whole process.";
    return NULL;
}

const char *actors_hint(void)
{
    const char *hint = NULL;
    for (int i = 0; i < actor_count && !hint; i++)
        hint = hint_about(&actors[i]);
    return hint;
}

/* A check of lab 5 starts many programs: what the earlier ones said is an old story. */
#define PROGRAMS_HEARD 3

const char *actors_output(void)
{
    const char *all = "";
    int programs = 0;
    for (int i = actor_count - 1; i >= 0 && strlen(all) < 4000; i--) {
        if (!actors[i].is_shell && ++programs > PROGRAMS_HEARD)
            break;
        const char *text = error_output(&actors[i]);
        if (*text)
            all = says("%.2000s%s", text, all);
    }
    return all;
}
