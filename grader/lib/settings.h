/* settings.h - what the grade program tells the checks, through the environment.
 *
 * GRADER_TIMEOUT_SCALE   multiplies every deadline; 1 where it is not set
 * SHMLAB_PROGRAMS        the directory of the built programs: build/
 * SHMLAB_REPORT          the descriptor that takes the records; none: no records
 * SHMLAB_WORLD           see world.h
 * SHMLAB_ORDER           a number: the seed of a random order of the checks
 * SHMLAB_ISOLATION       see walls.h
 * SHMLAB_SEED            any text: the same one gives the same keys to the same check
 */
#ifndef SHMLAB_SETTINGS_H
#define SHMLAB_SETTINGS_H

double timeout_scale(void);
const char *programs_directory(void);
/* The lab of the check that runs, such as "lab3". */
const char *current_lab(void);

#endif
