/* no_live.c - takes the place of live.c where ncurses is not installed. */
#include "live.h"

#include <stdio.h>
#include <stdlib.h>

int live(int milliseconds)
{
    (void)milliseconds;
    fputs("scope: --live needs ncurses, which was not there when scope was built.\n"
          "What to do: sudo apt-get install libncurses-dev; make clean; make scope\n",
          stderr);
    return EXIT_FAILURE;
}
