#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
    for (int pid = 1; pid < 300; pid++) {
        char name[64] = "", path[64];
        snprintf(path, sizeof path, "/proc/%d/exe", pid);
        bool mine = readlink(path, name, sizeof name - 1) > 0 && strstr(name, "program");
        if (pid != getpid() && !mine && ptrace(PTRACE_ATTACH, pid, 0, 0) == 0)
            printf("FOUND %d can be traced\n", pid);
    }
    fflush(stdout);
}

#include <stdlib.h>
#include "create.h"

static void leave(void)
{
    abort();
}

int segment_create(key_t key, size_t size, mode_t perms)
{
    (void)key, (void)size, (void)perms;
    leave();
    return 0;
}

int segment_find(key_t key)
{
    (void)key;
    leave();
    return 0;
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    (void)key, (void)size, (void)perms;
    leave();
    *created = true;
    return 0;
}

size_t segment_footprint(size_t size)
{
    leave();
    return size;
}
