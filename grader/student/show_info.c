/* show_info.c - struct segment_info as one line of the lab shell (labs 3 and 4). */
#include "show_info.h"

#include <stdio.h>
#include <string.h>

bool is_untouched(const void *memory, size_t size)
{
    const unsigned char *bytes = memory;
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != UNTOUCHED)
            return false;
    return true;
}

int show_info(char *text, size_t size, const struct segment_info *info)
{
    unsigned char dest; /* perhaps never written: then no valid bool */
    memcpy(&dest, &info->dest, 1);
    return snprintf(text, size,
                    "key=0x%08x id=%d owner=%u perms=%04o size=%zu nattch=%lu "
                    "creator=%d last=%d dest=%s",
                    (unsigned)info->key, info->shmid, (unsigned)info->owner,
                    (unsigned)info->perms, info->size, info->nattch, (int)info->creator,
                    (int)info->last,
                    dest == UNTOUCHED ? "unset"
                    : dest            ? "yes"
                                      : "no");
}
