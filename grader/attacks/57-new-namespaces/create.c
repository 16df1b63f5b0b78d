#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};
    inet_pton(AF_INET, "1.1.1.1", &address.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (unshare(CLONE_NEWUSER) == 0 || unshare(CLONE_NEWIPC) == 0 || unshare(CLONE_NEWNS) == 0)
        puts("FOUND a namespace");
    if (mount("tmpfs", "/tmp", "tmpfs", 0, 0) == 0 || umount2("/proc/sys", MNT_DETACH) == 0)
        puts("FOUND a mount");
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        puts("FOUND a network");
    if (setuid(1) == 0 || chroot("/tmp") == 0)
        puts("FOUND a privilege");
    fflush(stdout);
}

#include <stdlib.h>
#include "create.h"

static void leave(void)
{
    abort();
}

int segment_create(key_t key, size_t size, mode_t perms)
{
    (void)key, (void)size, (void)perms;
    leave();
    return 0;
}

int segment_find(key_t key)
{
    (void)key;
    leave();
    return 0;
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    (void)key, (void)size, (void)perms;
    leave();
    *created = true;
    return 0;
}

size_t segment_footprint(size_t size)
{
    leave();
    return size;
}
