/* Terse: the expert who saves lines; the kernel itself refuses IPC_PRIVATE with size 0. */
#include "create.h"
#include <errno.h>
#include <sys/shm.h>
#include <unistd.h>
int segment_create(key_t k, size_t n, mode_t p) { return p >> 9 ? errno = EINVAL, -1 : shmget(k, n, (int)p | IPC_CREAT | IPC_EXCL); }
int segment_find(key_t k) { return shmget(k, 0, 0); }
int segment_obtain(key_t k, size_t n, mode_t p, bool *c)
{
    int id;
    do
        if ((id = segment_create(k, n, p)) != -1) return *c = true, id;
        else if (errno == EEXIST && (id = shmget(k, n, 0)) != -1) return *c = false, id;
        else if (errno != EEXIST && errno != ENOENT) return -1;
    while (1);
}
size_t segment_footprint(size_t n) { size_t m = (size_t)sysconf(_SC_PAGE_SIZE) - 1, r = (n + m) & ~m; return r < n ? errno = EOVERFLOW, 0 : r; }
