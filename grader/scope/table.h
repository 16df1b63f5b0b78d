/* table.h - the table that `scope` prints once. */
#ifndef SHMLAB_TABLE_H
#define SHMLAB_TABLE_H

#include "moment.h"

#include <stdio.h>

/* The table, and what could not be seen, in whole sentences, a line each. */
void table_print(const struct moment *moment, FILE *out);

#endif
