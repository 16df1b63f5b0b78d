/* calls.c - the names of the interposed calls, from calls.def, and of their flags
 * and commands. */
#include "control.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/shm.h>

#ifndef SHM_HUGETLB
#define SHM_HUGETLB 04000
#endif
#ifndef SHM_NORESERVE
#define SHM_NORESERVE 010000
#endif

const char *call_name(enum call call)
{
    static const char *const names[] = {
#define CALL(name) [CALL_##name] = #name,
#include "calls.def"
#undef CALL
    };
    return call < CALL_COUNT ? names[call] : "?";
}

const char *shmctl_command(long long command)
{
    static const struct {
        int command;
        const char *name;
    } commands[] = {
        {IPC_RMID, "IPC_RMID"}, {IPC_SET, "IPC_SET"},
        {IPC_STAT, "IPC_STAT"}, {IPC_INFO, "IPC_INFO"},
        {SHM_LOCK, "SHM_LOCK"}, {SHM_UNLOCK, "SHM_UNLOCK"},
        {SHM_STAT, "SHM_STAT"}, {SHM_STAT_ANY, "SHM_STAT_ANY"},
        {SHM_INFO, "SHM_INFO"},
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (commands[i].command == command)
            return commands[i].name;
    return NULL;
}

struct flag {
    long long value;
    const char *text;
};

/* Names joined by "|"; what is left of the value as an octal number. */
static const char *flags_text(const struct flag *flags, long long value,
                              char text[FLAGS_TEXT])
{
    size_t used = 0;
    for (const struct flag *flag = flags; flag->text; flag++)
        if (value & flag->value) {
            used += (size_t)snprintf(text + used, FLAGS_TEXT - used, "%s%s",
                                     used ? "|" : "", flag->text);
            value &= ~flag->value;
        }
    if (value != 0)
        snprintf(text + used, FLAGS_TEXT - used, "%s0%llo", used ? "|" : "",
                 (unsigned long long)value);
    else if (!used)
        snprintf(text, FLAGS_TEXT, "0");
    return text;
}

const char *shmget_flags(long long value, char text[FLAGS_TEXT])
{
    static const struct flag flags[] = {
        {IPC_CREAT, "IPC_CREAT"},
        {IPC_EXCL, "IPC_EXCL"},
        {SHM_HUGETLB, "SHM_HUGETLB"},
        {SHM_NORESERVE, "SHM_NORESERVE"},
        {0, NULL},
    };
    return flags_text(flags, value, text);
}

const char *shmat_flags(long long value, char text[FLAGS_TEXT])
{
    static const struct flag flags[] = {
        {SHM_RDONLY, "SHM_RDONLY"},
        {SHM_RND, "SHM_RND"},
        {SHM_REMAP, "SHM_REMAP"},
        {SHM_EXEC, "SHM_EXEC"},
        {0, NULL},
    };
    return flags_text(flags, value, text);
}
