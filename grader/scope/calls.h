/* calls.h - one System V call of a recorded run, as a programmer reads it. */
#ifndef SHMLAB_SCOPE_CALLS_H
#define SHMLAB_SCOPE_CALLS_H

#include <jansson.h>
#include <stddef.h>

/* "shmget(0x00001234, 4096, IPC_CREAT|0600) = -1 EEXIST" */
void call_text(const json_t *call, char *text, size_t size);

/* The number of an argument (from 0). */
long long call_argument(const json_t *call, size_t index);

#endif
