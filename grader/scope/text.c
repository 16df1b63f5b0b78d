/* text.c - small texts. */
#include "text.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>

/* <linux/shm.h> names this bit, which glibc shows only in part. */
#ifndef SHM_LOCKED
#define SHM_LOCKED 02000
#endif

void text_printable(const char *from, char *to, size_t size)
{
    size_t i = 0;
    for (; from[i] && i + 1 < size; i++) {
        to[i] = from[i];
        if (from[i] < ' ' || from[i] > '~')
            to[i] = '?';
    }
    to[i] = '\0';
}

const char *access_word(enum access access)
{
    static const char *const words[] = {"no access", "read-only", "read/write",
                                        "mixed"};
    return words[access];
}

const char *access_short(enum access access)
{
    static const char *const words[] = {"no", "ro", "rw", "mixed"};
    return words[access];
}

const char *status_word(const struct segment *segment)
{
    bool dest = (segment->mode & SHM_DEST) != 0;
    bool locked = (segment->mode & SHM_LOCKED) != 0;
    if (dest && locked)
        return "dest,locked";
    if (dest)
        return "dest";
    return locked ? "locked" : "";
}

void user_name(uid_t uid, char *name, size_t size)
{
    const struct passwd *entry = getpwuid(uid);
    if (entry)
        text_printable(entry->pw_name, name, size);
    else
        snprintf(name, size, "%u", (unsigned)uid);
}
