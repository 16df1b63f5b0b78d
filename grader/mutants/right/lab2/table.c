/* Helpers and a table: what to do with each errno stands in one place. */
#include "create.h"

#include <errno.h>
#include <stddef.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

enum next { GIVE_UP, DONE, NEXT_STEP };

struct step {
    int flags;
    bool with_perms;
    bool creates;
    int go_on_error;
};

static const struct step steps[] = {
    {0, false, false, ENOENT},
    {IPC_CREAT | IPC_EXCL, true, true, EEXIST},
};

static bool good_perms(mode_t perms)
{
    for (unsigned bit = 9; bit < 8 * sizeof perms; bit++)
        if (perms >> bit & 1)
            return false;
    return true;
}

static enum next take(const struct step *step, key_t key, size_t size, mode_t perms, int *id)
{
    if (step->with_perms && !good_perms(perms)) {
        errno = EINVAL;
        return GIVE_UP;
    }
    *id = shmget(key, size, step->flags | (step->with_perms ? (int)perms : 0));
    if (*id != -1)
        return DONE;
    return errno == step->go_on_error ? NEXT_STEP : GIVE_UP;
}

int segment_create(key_t key, size_t size, mode_t perms)
{
    int id = -1;
    return take(&steps[1], key, size, perms, &id) == DONE ? id : -1;
}

int segment_find(key_t key)
{
    int id = -1;
    if (key == IPC_PRIVATE)
        errno = EINVAL;
    else
        take(&steps[0], key, 0, 0, &id);
    return id;
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    for (size_t i = 0;; i = (i + 1) % (sizeof steps / sizeof *steps)) {
        int id;
        switch (take(&steps[i], key, size, perms, &id)) {
        case DONE:
            *created = steps[i].creates;
            return id;
        case GIVE_UP:
            return -1;
        case NEXT_STEP:
            break;
        }
    }
}

/* Each page is a step of the stairs; the number of steps is found without adding. */
size_t segment_footprint(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t stairs = size == 0 ? 0 : (size - 1) / page + 1;
    size_t bytes;

    if (__builtin_mul_overflow(stairs, page, &bytes)) {
        errno = EOVERFLOW;
        return 0;
    }
    return bytes;
}
