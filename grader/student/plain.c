/* plain.c - the commands of every lab shell: straight to the kernel.
 *
 * They show what the system calls do without the student's code, so that an
 * experiment can set the scene, and so that a reader can compare.
 */
#include "interpose.h"
#include "shell.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void do_shmget(const struct words *words)
{
    long long times = words->count == 5 ? number_at(words, 4) : 1;
    int id = -1;
    if (times < 1) {
        answer("usage: shmget KEY SIZE FLAGS [TIMES], TIMES from 1 on");
        return;
    }
    do {
        id = shmget(key_at(words, 1), (size_t)number_at(words, 2), flags_at(words, 3));
        if (id == -1) {
            answer_errno(errno, NULL);
            return;
        }
    } while (--times > 0);
    remember((unsigned long)id);
    answer("ok %d", id);
}

static void do_shmat(const struct words *words)
{
    bool read_only = words->count == 3 && strcmp(words->word[2], "ro") == 0;
    void *address = shmat((int)number_at(words, 1), NULL, read_only ? SHM_RDONLY : 0);
    if (address == (void *)-1) {
        answer_errno(errno, NULL);
        return;
    }
    remember((unsigned long)(uintptr_t)address);
    answer("ok %p", address);
}

static void do_shmdt(const struct words *words)
{
    if (shmdt((const void *)(uintptr_t)number_at(words, 1)) == -1)
        answer_errno(errno, NULL);
    else
        answer("ok");
}

static void do_rmid(const struct words *words)
{
    if (shmctl((int)number_at(words, 1), IPC_RMID, NULL) == -1)
        answer_errno(errno, NULL);
    else
        answer("ok");
}

/* Changes owner or permissions as ipcs -m would show them. */
static void do_set(const struct words *words)
{
    int id = (int)number_at(words, 1);
    struct shmid_ds status;

    if (shmctl(id, IPC_STAT, &status) == -1) {
        answer_errno(errno, NULL);
        return;
    }
    unsigned long value = (unsigned long)number_at(words, 3);
    if (strcmp(words->word[2], "perms") == 0) {
        status.shm_perm.mode = (unsigned short)value;
    } else if (strcmp(words->word[2], "owner") == 0) {
        status.shm_perm.uid = (uid_t)value;
    } else {
        answer("usage: set ID perms PERMS, or set ID owner UID");
        return;
    }
    if (shmctl(id, IPC_SET, &status) == -1)
        answer_errno(errno, NULL);
    else
        answer("ok");
}

/* A wrong address ends the shell with SIGSEGV, as an experiment wants to see it; a
 * sanitizer would end it in a way of its own. */
static void copy_exposed(void *to, const void *from, size_t count)
{
    const struct sigaction plain = {.sa_handler = SIG_DFL};
    struct sigaction saved;
    sigaction(SIGSEGV, &plain, &saved);
    memcpy(to, from, count);
    sigaction(SIGSEGV, &saved, NULL);
}

static void do_poke(const struct words *words)
{
    char *address = (char *)(uintptr_t)number_at(words, 1);
    copy_exposed(address, words->word[2], words->length[2]);
    answer("ok %zu", words->length[2]);
}

static void do_peek(const struct words *words)
{
    static char text[40000];
    const unsigned char *address =
        (const unsigned char *)(uintptr_t)number_at(words, 1);
    size_t count = (size_t)number_at(words, 2);
    show_bytes(text, sizeof text, address, count);
    answer("ok %zu %s", count, text);
}

/* A child does nothing but keep what it inherited: the attachments. */
static void do_fork(const struct words *words)
{
    (void)words;
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        interpose_forget();
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (getppid() == parent)
            pause();
        _exit(EXIT_SUCCESS);
    }
    if (child == -1)
        answer_errno(errno, NULL);
    else
        answer("ok %d", (int)child);
}

/* Ends a child of this shell with SIGKILL.  It is reaped, unless "zombie". */
static void do_end(const struct words *words)
{
    pid_t child = (pid_t)number_at(words, 1);
    bool zombie = words->count == 3 && strcmp(words->word[2], "zombie") == 0;
    siginfo_t info;

    if (child <= 0 || waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT | WNOHANG)) {
        answer("usage: %d is no child of this shell", (int)child);
        return;
    }
    kill(child, SIGKILL);
    if (waitid(P_PID, (id_t)child, &info, WEXITED | (zombie ? WNOWAIT : 0)) == -1)
        answer_errno(errno, NULL);
    else
        answer("ok");
}

/* The same process, a new program: the attachments are gone.  The new shell gives the
 * answer, when they are gone for certain. */
static void do_exec(const struct words *words)
{
    (void)words;
    interpose_hand_on();
    setenv(EXEC_VARIABLE, "yes", 1);
    execl("/proc/self/exe", "shell", (char *)NULL);
    unsetenv(EXEC_VARIABLE);
    answer_errno(errno, NULL);
}

static void do_cd(const struct words *words)
{
    if (chdir(words->word[1]) == -1)
        answer_errno(errno, NULL);
    else
        answer("ok");
}

/* As if an earlier call had failed like this. */
static void do_umask(const struct words *words)
{
    char *end;
    unsigned long mask = strtoul(words->word[1], &end, 8);
    if (end == words->word[1] || *end || mask > 0777) {
        answer("usage: umask MASK, in octal (write 077)");
        return;
    }
    umask((mode_t)mask);
    answer("ok");
}

static void do_errno(const struct words *words)
{
    enum { LARGEST = 133 }; /* EHWPOISON */
    int error = 1;

    while (error <= LARGEST) {
        const char *name = strerrorname_np(error);
        if (name && strcmp(name, words->word[1]) == 0)
            break;
        error++;
    }
    if (error > LARGEST) {
        answer("usage: '%s' is not the name of an error (write ENOENT)",
               words->word[1]);
        return;
    }
    choose_errno(error);
    answer("ok");
}

static void do_pid(const struct words *words)
{
    (void)words;
    answer("ok %d", (int)getpid());
}

/* What the kernel says of every segment of this IPC namespace. */
static void do_table(const struct words *words)
{
    char row[256];
    (void)words;
    FILE *table = fopen("/proc/sysvipc/shm", "re");
    if (!table) {
        answer_errno(errno, NULL);
        return;
    }
    puts("key        id         perms size       nattch status owner");
    while (fgets(row, sizeof row, table)) {
        int key, id;
        unsigned mode, creator, last, uid;
        unsigned long size, nattch;
        if (sscanf(row, "%d %d %o %lu %u %u %lu %u", &key, &id, &mode, &size, &creator,
                   &last, &nattch, &uid) != 8)
            continue;
        printf("0x%08x %-10d %04o  %-10lu %-6lu %-6s %u\n", (unsigned)key, id,
               mode & 0777, size, nattch, mode & SHM_DEST ? "dest" : "", uid);
    }
    fclose(table);
    answer("ok");
}

/* The arguments as one writes them; of a path the record has only the address. */
static void show_arguments(const struct call_record *record)
{
    const long long first = record->arguments[0], second = record->arguments[1],
                    third = record->arguments[2];
    const char *command = shmctl_command(second);
    char flags[FLAGS_TEXT];

    switch ((enum call)record->call) {
    case CALL_shmget:
        printf("0x%08x, %lld, %s", (unsigned)first, second, shmget_flags(third, flags));
        break;
    case CALL_shmat:
        printf("%lld, 0x%llx, %s", first, (unsigned long long)second,
               shmat_flags(third, flags));
        break;
    case CALL_shmdt:
        printf("0x%llx", (unsigned long long)first);
        break;
    case CALL_shmctl:
        if (command)
            printf("%lld, %s, 0x%llx", first, command, (unsigned long long)third);
        else
            printf("%lld, %lld, 0x%llx", first, second, (unsigned long long)third);
        break;
    case CALL_ftok:
        printf("..., 0x%llx", (unsigned long long)second);
        break;
    case CALL_read:
    case CALL_write:
        printf("%lld, ..., %lld", first, third);
        break;
    case CALL_close:
        printf("%lld", first);
        break;
    case CALL_kill:
        printf("%lld, %lld", first, second);
        break;
    default:
        fputs("...", stdout);
    }
}

static void show_call(const struct call_record *record)
{
    const long long result = record->result;

    printf("  call  %s(", call_name((enum call)record->call));
    show_arguments(record);
    if (record->error)
        printf(") = -1 %s\n", strerrorname_np(record->error));
    else if (record->call == CALL_shmat)
        printf(") = 0x%llx\n", (unsigned long long)result);
    else if (record->call == CALL_ftok)
        printf(") = 0x%08x\n", (unsigned)result);
    else
        printf(") = %lld\n", result);
}

static void do_trace(const struct words *words)
{
    bool on = strcmp(words->word[1], "on") == 0;
    if (!on && strcmp(words->word[1], "off") != 0) {
        answer("usage: trace on, or trace off");
        return;
    }
    interpose_observe(on ? show_call : NULL);
    answer("ok");
}

/* clang-format off */
const struct command plain_commands[] = {
    {"shmget", "KEY SIZE FLAGS [TIMES]", "shmget(2); FLAGS: create|excl|0600, or 0", 3, 4, do_shmget},
    {"shmat",  "ID [ro]",         "shmat(2); ro: SHM_RDONLY", 1, 2, do_shmat},
    {"shmdt",  "ADDRESS",         "shmdt(2)", 1, 1, do_shmdt},
    {"rmid",   "ID",              "shmctl(2) with IPC_RMID", 1, 1, do_rmid},
    {"set",    "ID perms PERMS",  "shmctl(2) with IPC_SET; or: ID owner UID", 3, 3, do_set},
    {"poke",   "ADDRESS TEXT",    "write into memory", 2, 2, do_poke},
    {"peek",   "ADDRESS COUNT",   "read memory", 2, 2, do_peek},
    {"fork",   "",                "start a child that keeps the attachments", 0, 0, do_fork},
    {"end",    "PID [zombie]",    "kill a child; zombie: do not reap it", 1, 2, do_end},
    {"exec",   "",                "replace this shell by a new one, same pid", 0, 0, do_exec},
    {"cd",     "DIR",             "change the working directory", 1, 1, do_cd},
    {"umask",  "MASK",            "the permissions that new files do not get", 1, 1, do_umask},
    {"errno",  "NAME",            "set errno before your next function runs", 1, 1, do_errno},
    {"pid",    "",                "this shell's process", 0, 0, do_pid},
    {"table",  "",                "all segments, from /proc/sysvipc/shm", 0, 0, do_table},
    {"trace",  "on|off",          "show the calls that your functions make", 1, 1, do_trace},
    {"help",   "",                "this list", 0, 0, NULL},
    {"quit",   "",                "end the shell", 0, 0, NULL},
    {0},
};
/* clang-format on */
