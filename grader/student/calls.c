/* calls.c - the names of the interposed calls, from calls.def. */
#include "control.h"

const char *call_name(enum call call)
{
    static const char *const names[] = {
#define CALL(name) [CALL_##name] = #name,
#include "calls.def"
#undef CALL
    };
    return call < CALL_COUNT ? names[call] : "?";
}
