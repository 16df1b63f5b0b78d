/* show_info.c - struct segment_info as one line of the lab shell (labs 3 and 4). */
#include "show_info.h"

#include <stdarg.h>
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

/* Appends a field to `used` bytes of text, `unset` where nobody wrote it.  Returns the new
 * length. */
__attribute__((format(printf, 7, 8))) static size_t add(char *text, size_t size,
                                                        size_t used, const char *name,
                                                        const void *field, size_t bytes,
                                                        const char *format, ...)
{
    char value[32] = "unset";
    if (!is_untouched(field, bytes)) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(value, sizeof value, format, arguments);
        va_end(arguments);
    }
    return used + (size_t)snprintf(text + used, used < size ? size - used : 0,
                                   "%s%s=%s", used ? " " : "", name, value);
}

int show_info(char *text, size_t size, const struct segment_info *info)
{
    size_t used = 0;
    unsigned char dest; /* perhaps never written: then no valid bool */
    memcpy(&dest, &info->dest, 1);

#define ADD(name, field, format, value)                                                \
    used = add(text, size, used, name, &info->field, sizeof info->field, format, value)
    ADD("key", key, "0x%08x", (unsigned)info->key);
    ADD("id", shmid, "%d", info->shmid);
    ADD("owner", owner, "%u", (unsigned)info->owner);
    ADD("perms", perms, "%04o", (unsigned)info->perms);
    ADD("size", size, "%zu", info->size);
    ADD("nattch", nattch, "%lu", info->nattch);
    ADD("creator", creator, "%d", (int)info->creator);
    ADD("last", last, "%d", (int)info->last);
    ADD("dest", dest, "%s", dest ? "yes" : "no");
#undef ADD
    return (int)used;
}
