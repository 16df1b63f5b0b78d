/* unit_kernel.c - the observation of the kernel, against segments made here. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

CHECK(lab0, table_shows_every_segment, 0,
      "table_read finds each segment with all its fields, however long the table is.",
      "-")
{
    struct segment_table table;
    int ids[60];
    key_t key = fresh_key();

    for (size_t i = 0; i < 60; i++)
        ids[i] =
            shmget(i == 7 ? key : IPC_PRIVATE, 1000 + i, IPC_CREAT | IPC_EXCL | 0600);
    shmctl(ids[3], IPC_RMID, NULL);
    cr_assert(table_read(&table));
    cr_expect(table.count >= 59, "60 made, one removed; seen %zu", table.count);
    cr_expect(table_by_id(&table, ids[3]) == NULL);
    for (size_t i = 0; i < 60; i++) {
        const struct segment *row = table_by_id(&table, ids[i]);
        if (i == 3)
            continue;
        cr_assert(row);
        cr_expect(row->size == 1000 + i);
        cr_expect(row->mode == 0600 && row->nattch == 0 && row->creator == getpid());
        cr_expect(row->uid == geteuid() && row->cuid == geteuid() && row->last == 0);
        cr_expect(row->key == (i == 7 ? key : 0));
    }
    cr_expect(table_by_key(&table, key) == table_by_id(&table, ids[7]));
    cr_expect(table_by_key(&table, 0) == NULL, "key 0 names nothing");
    table_free(&table);
    for (size_t i = 0; i < 60; i++)
        shmctl(ids[i], IPC_RMID, NULL);
}

CHECK(lab0, dest_and_nattch_are_seen, 0,
      "A marked segment shows SHM_DEST, key 0 and its attachments.", "-")
{
    struct segment segment;
    int id = shmget(fresh_key(), 4096, IPC_CREAT | IPC_EXCL | 0640);
    void *one = shmat(id, NULL, 0), *two = shmat(id, NULL, SHM_RDONLY);
    uintptr_t address = 0;

    cr_assert(segment_by_id(id, &segment));
    cr_expect(segment.nattch == 2 && segment.mode == 0640 && segment.last == getpid());
    cr_expect(process_attachments(getpid(), id, &address) == 2);
    cr_expect(address == (uintptr_t)one || address == (uintptr_t)two);
    shmctl(id, IPC_RMID, NULL);
    cr_assert(segment_by_id(id, &segment));
    cr_expect(segment.mode == (0640 | SHM_DEST) && segment.key == 0);
    shmdt(one);
    shmdt(two);
    cr_expect(!segment_by_id(id, &segment));
    cr_expect(process_attachments(getpid(), id, NULL) == 0);
}

CHECK(lab0, process_states_are_seen, 0,
      "process_read tells a sleeping, a stopped, a dead and a missing process.", "-")
{
    siginfo_t info;
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    kill(child, SIGSTOP);
    waitid(P_PID, (id_t)child, &info, WSTOPPED | WNOWAIT);
    cr_expect(process_read(child).state == 'T');
    kill(child, SIGKILL);
    waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
    cr_expect(process_read(child).state == 'Z');
    waitpid(child, NULL, 0);
    cr_expect(process_read(child).state == 0);
    cr_expect(process_read(getpid()).state == 'R');
}

CHECK(lab0, descriptors_and_calls_are_seen, 0,
      "Open descriptors are counted; a blocked process shows the call it is in.", "-")
{
    int before = process_descriptors(getpid());
    int fd = open("/dev/null", O_RDONLY);
    cr_expect(process_descriptors(getpid()) == before + 1);
    close(fd);
    cr_expect(process_descriptors(getpid()) == before);

    struct actor *g = plain_shell('H');
    expect_ok(ask(g, "cd /"));
    cr_expect(wait_blocked(g));
    long number;
    unsigned long long arguments[6];
    if (process_syscall(actor_pid(g), &number, arguments))
        cr_expect(number == SYS_recvfrom, "a shell waits for its next line");
}
