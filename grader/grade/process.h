/* process.h - runs another program, and takes what it prints. */
#ifndef SHMLAB_PROCESS_H
#define SHMLAB_PROCESS_H

/* Runs a program found in PATH; standard input is empty, standard output and error
 * go to `*output` (at most 256 KiB, kept).  Returns the exit status, 128 plus
 * the signal, 127 when there is no such program, or -1 with errno when no process
 * could be made. */
int run_collecting(char *const arguments[], const char **output);

/* The same, with limits on what the program and its children may use each: for a
 * compiler that reads somebody's file. */
int run_limited(char *const arguments[], const char **output);

#endif
