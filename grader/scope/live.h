/* live.h - the view that fills the terminal and keeps the history. */
#ifndef SHMLAB_LIVE_H
#define SHMLAB_LIVE_H

/* Looks every so many milliseconds until the user quits.  Returns an exit status. */
int live(int milliseconds);

#endif
