/* helper.c - attachments of the unusual kind, for scope.bats: a process that says
 * "ready", waits for a line, and ends. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

static char *attached(int id)
{
    void *memory = shmat(id, NULL, 0);
    if (memory == (void *)-1) {
        perror("shmat");
        exit(EXIT_FAILURE);
    }
    return memory;
}

/* The attachment of three pages in three pieces; then with its middle gone. */
static void protect(int id)
{
    char *memory = attached(id);
    mprotect(memory + PAGE, PAGE, PROT_READ);
    printf("ready %p\n", (void *)memory);
}

static void unmap(int id)
{
    char *memory = attached(id);
    munmap(memory + PAGE, PAGE);
    printf("ready %p\n", (void *)memory);
}

/* Takes its attachment into another IPC namespace. */
static void leave(int id)
{
    char *memory = attached(id);
    if (unshare(CLONE_NEWIPC) == -1)
        perror("unshare");
    printf("ready %p\n", (void *)memory);
}

/* A child that shares this process's memory, as long as it has not called exec. */
__attribute__((noreturn)) static int do_nothing(void *unused)
{
    (void)unused;
    for (;;)
        pause();
}

static pid_t sharer;

static void share(int id)
{
    static char stack[65536];
    char *memory = attached(id);
    sharer = clone(do_nothing, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL);
    printf("ready %p\n", (void *)memory);
}

/* Nobody but root may look into it. */
static void hide(int id)
{
    char *memory = attached(id);
    prctl(PR_SET_DUMPABLE, 0);
    printf("ready %p\n", (void *)memory);
}

/* A life: made, attached twice, inherited, marked, detached; the end destroys it. */
static int live(void)
{
    int id = shmget(0x4242, 5000, IPC_CREAT | 0600);
    char *memory = attached(id);
    shmat(id, NULL, SHM_RDONLY);
    pid_t child = fork();
    if (child == 0) {
        shmat(123456789, NULL, 0);
        shmdt(memory);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    shmctl(id, IPC_RMID, NULL);
    shmdt(memory);
    return 3;
}

int main(int argc, char *argv[])
{
    static const struct {
        const char *name;
        void (*act)(int id);
    } acts[] = {{"protect", protect},
                {"unmap", unmap},
                {"leave", leave},
                {"share", share},
                {"hide", hide}};
    char byte;
    const char *name = argc > 1 ? argv[1] : "";
    int id = argc > 2 ? atoi(argv[2]) : 0;

    if (strcmp(name, "live") == 0)
        return live();
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
        if (strcmp(acts[i].name, name) == 0)
            acts[i].act(id);
    fflush(stdout);
    (void)!read(STDIN_FILENO, &byte, 1);
    if (sharer > 0) {
        kill(sharer, SIGKILL);
        waitpid(sharer, NULL, 0);
    }
    return 0;
}
