/* The expert who saves lines. */
#include "keys.h"
#include <errno.h>
#include <sys/ipc.h>
#include <sys/stat.h>
#define REFUSE(p) do { if (!((p) & 0xff)) { errno = EINVAL; return -1; } } while (0)
int key_make(const char *p, int j, key_t *k) { REFUSE(j); key_t t = ftok(p, j & 0xff); return t == -1 ? -1 : (*k = t, 0); }
struct key_parts key_split(key_t k) { return (struct key_parts){k >> 24 & 0xff, k >> 16 & 0xff, k & 0xffff}; }
int key_predict(const char *p, int j, key_t *k) { struct stat s; REFUSE(j); return fstatat(-100, p, &s, 0) ? -1 : (*k = (int)((j & 0xffu) << 24 | (s.st_dev & 0xff) << 16 | (s.st_ino & 0xffff)), 0); }
int key_is_current(const char *p, int j, key_t k) { key_t n; return key_predict(p, j, &n) ? errno == ENOENT ? 0 : -1 : n == k; }
