/* Beginner's style: one step at a time, many ifs, printf everywhere. */
#include "create.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

int segment_create(key_t key, size_t size, mode_t perms)
{
    printf("segment_create: key=%x size=%lu perms=%o\n", (unsigned)key, (unsigned long)size, (unsigned)perms);
    int id;
    int flags;
    if (perms > 0777)
    {
        printf("bad permissions\n");
        errno = EINVAL;
        return -1;
    }
    if (size == 0)
    {
        fprintf(stderr, "size is zero!!!\n");
        errno = EINVAL;
        return -1;
    }
    flags = 0;
    flags = flags | IPC_CREAT;
    flags = flags | IPC_EXCL;
    flags = flags | (int)perms;
    id = shmget(key, size, flags);
    if (id == -1)
    {
        int saved = errno;
        perror("shmget");
        errno = saved;
        return -1;
    }
    else
    {
        printf("made segment %d\n", id);
        return id;
    }
}

int segment_find(key_t key)
{
    int id;
    printf("looking for %x", (unsigned)key);
    fflush(stdout);
    if (key == IPC_PRIVATE)
    {
        fprintf(stderr, "private\n");
        errno = EINVAL;
        return -1;
    }
    id = shmget(key, 1, 0);
    if (id == -1)
    {
        int e = errno;
        fprintf(stderr, "not found: %s\n", strerror(e));
        errno = e;
    }
    return id;
}

int segment_obtain(key_t key, size_t size, mode_t perms, bool *created)
{
    int id;
    int done = 0;
    bool answer = false;
    id = -1;
    while (done == 0)
    {
        printf("try to create\n");
        if (perms > 0777)
        {
            printf("bad permissions, even where it exists\n");
            errno = EINVAL;
            return -1;
        }
        id = shmget(key, size, IPC_CREAT | IPC_EXCL | (int)perms);
        if (id >= 0)
        {
            answer = true;
            done = 1;
        }
        else
        {
            if (errno == EEXIST)
            {
                printf("exists, try to find\n");
                id = shmget(key, size, (int)perms);
                if (id >= 0)
                {
                    answer = false;
                    done = 1;
                }
                else
                {
                    if (errno == ENOENT)
                    {
                        printf("gone, again\n");
                    }
                    else
                    {
                        return -1;
                    }
                }
            }
            else
            {
                return -1;
            }
        }
    }
    *created = answer;
    fprintf(stderr, "created is %d\n", *created);
    return id;
}

size_t segment_footprint(size_t size)
{
    size_t page;
    size_t pages;
    size_t rest;
    page = (size_t)getpagesize();
    pages = size / page;
    rest = size % page;
    printf("%zu pages and %zu bytes\n", pages, rest);
    if (rest != 0)
    {
        pages = pages + 1;
    }
    if (pages > (size_t)-1 / page)
    {
        errno = EOVERFLOW;
        return 0;
    }
    return pages * page;
}
