/* sweep.c - removes the segments that this course's processes left behind. */
#include "sweep.h"

#include "../lib/kernel.h"
#include "../student/journal.h"
#include "build.h"
#include "labs.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

static void read_boot_id(char boot[40])
{
    FILE *file = fopen(BOOT_ID_FILE, "re");
    boot[0] = '\0';
    if (file && fscanf(file, "%39s", boot) != 1)
        boot[0] = '\0';
    if (file)
        fclose(file);
}

static bool is_running(pid_t pid)
{
    return kill(pid, 0) == 0 || errno == EPERM;
}

/* Whether a process runs a program of this course: its pid may be somebody else's by
 * now. */
static bool is_one_of_ours(pid_t pid)
{
    char program[PATH_MAX], build[PATH_MAX];
    ssize_t length =
        readlink(path_of("/proc/%d/exe", (int)pid), program, sizeof program - 1);
    if (length <= 0 || !realpath(build_directory(), build))
        return false;
    program[length] = '\0';
    return strncmp(program, build, strlen(build)) == 0;
}

/* Removes a segment that process `pid` made, unless it is still in use.  Returns
 * whether it had to stay. */
static bool sweep_segment(const struct segment *segment, pid_t pid, bool aloud)
{
    if (segment->nattch > 0 || is_running(pid)) {
        if (aloud)
            printf("segment %d stays: nattch is %lu, and its creator %d %s\n",
                   segment->id, segment->nattch, (int)pid,
                   is_running(pid) ? "runs" : "has ended");
        return true;
    }
    if (shmctl(segment->id, IPC_RMID, NULL) == 0 && aloud)
        printf("removed segment %d: key 0x%08x, %zu bytes, made by process %d\n",
               segment->id, (unsigned)segment->key, segment->size, (int)pid);
    return false;
}

/* Sweeps the segments of one journal; the journal goes when nothing of it is left. */
static int sweep_one(const char *path, bool aloud)
{
    int id, pid, left = 0;
    char boot[40], its_boot[40];
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    read_boot_id(boot);
    struct segment_table table;
    if (!table_read(&table)) {
        fclose(file);
        return 0;
    }
    while (fscanf(file, "%d %d %39s", &id, &pid, its_boot) == 3) {
        if (strcmp(its_boot, boot) != 0)
            continue;
        for (size_t i = 0; i < table.count; i++) {
            const struct segment *row = &table.rows[i];
            if (row->creator == pid && (id == JOURNAL_ANY || row->id == id))
                left += sweep_segment(row, pid, aloud);
        }
        left += id == JOURNAL_ANY && is_one_of_ours(pid);
    }
    table_free(&table);
    fclose(file);
    if (left == 0)
        unlink(path);
    return left;
}

int sweep_journal(const char *path)
{
    return sweep_one(path, false);
}

int sweep(bool aloud)
{
    glob_t paths;

    glob(path_of("%s/" JOURNAL_NAME, build_directory()), 0, NULL, &paths);
    glob(path_of("%s/*/" JOURNAL_NAME, build_directory()), GLOB_APPEND, NULL, &paths);
    for (size_t i = 0; i < paths.gl_pathc; i++)
        sweep_one(paths.gl_pathv[i], aloud);
    globfree(&paths);
    return EXIT_SUCCESS;
}
