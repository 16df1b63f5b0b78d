#include "channel.h"

#include <unistd.h>

int main(void)
{
    if (fork() == 0 && setsid() != -1)
        for (;;)
            pause();
    return 0;
}
