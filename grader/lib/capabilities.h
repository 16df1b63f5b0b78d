/* capabilities.h - takes from this process what only root may do.
 *
 * Source: capabilities(7).
 */
#ifndef SHMLAB_CAPABILITIES_H
#define SHMLAB_CAPABILITIES_H

/* Of every program that it executes from now on, also as root. */
void drop_capabilities(void);

/* Those of this moment, too: whoever may read a program by CAP_DAC_OVERRIDE when it is
 * started makes a process that others may trace, whatever mode the file has. */
void give_up_capabilities(void);

#endif
