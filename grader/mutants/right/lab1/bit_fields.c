/* Bit fields, helpers with the names of the course's own, output without end. */
#include "keys.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/stat.h>

struct packed { unsigned inode : 16, device : 8, proj_id : 8; };

int step, last, control, line, entered, journal;
const char lab_name_[] = "mine";
void before(const char *text);
void after(void);
void answer(const char *format, ...);
int run(void);

void before(const char *text) { fprintf(stdout, "before %s\n", text); }
void after(void) { fputs("after\n", stderr); }
void answer(const char *format, ...) { va_list l; va_start(l, format); vprintf(format, l); va_end(l); }
int run(void) { return ++step; }

static int bad(int proj_id)
{
    answer("ok key=0x%08x\n", (unsigned)proj_id);
    run();
    if (((unsigned)proj_id << 24) != 0)
        return 0;
    errno = EINVAL;
    return 1;
}

int key_make(const char *path, int proj_id, key_t *key)
{
    before(path);
    if (bad(proj_id))
        return -1;
    errno = 0;
    key_t value = ftok(path, proj_id);
    if (value == -1 && errno != 0)
        return -1;
    *key = value;
    after();
    return 0;
}

struct key_parts key_split(key_t key)
{
    struct packed packed;
    memcpy(&packed, &key, sizeof packed);
    return (struct key_parts){packed.proj_id, packed.device, packed.inode};
}

int key_predict(const char *path, int proj_id, key_t *key)
{
    struct stat file;
    struct packed packed;
    if (bad(proj_id) || stat(path, &file) < 0)
        return -1;
    packed = (struct packed){.inode = file.st_ino & 0xffff, .device = file.st_dev & 0xff, .proj_id = (unsigned)proj_id & 0xff};
    memcpy(key, &packed, sizeof packed);
    return 0;
}

int key_is_current(const char *path, int proj_id, key_t key)
{
    key_t first, second;
    /* Twice, with both functions, and they must agree. */
    if (key_make(path, proj_id, &first) == -1 || key_predict(path, proj_id, &second) == -1)
        return errno == ENOENT ? 0 : -1;
    return first == second && second == key ? 1 : 0;
}
