/* calls.c - the names of the interposed calls, from calls.def, and of shmctl's commands. */
#include "control.h"

#include <stddef.h>
#include <sys/shm.h>

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
