#include <signal.h>
#include <sys/ipc.h>
#include <sys/shm.h>

__attribute__((constructor)) static void attack(void)
{
    int id = shmget(0x5151, 4096, IPC_CREAT | IPC_EXCL | 0600);
    if (id == -1)
        raise(SIGKILL);
    shmctl(id, IPC_RMID, 0);
}

