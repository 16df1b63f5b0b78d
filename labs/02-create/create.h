/*
 * create.h - the contract of lab 2: IPC_CREAT versus IPC_EXCL
 *
 * shmget(2) turns a key into the id of a segment. Two flags decide whether it
 * finds the segment, creates it, or does whichever is needed. You write the
 * four functions below in create.c.
 *
 * These rules hold for every function of the labs:
 *
 * - A failure is reported as "Return:" says. errno is then what the failing
 *   call left there, or the value that is named.
 * - What a pointer parameter would receive is untouched on failure.
 * - Callers pass valid pointers. NULL is not judged, except where it is named.
 * - Nothing is printed, and the process is never ended.
 * - No segment, attachment, file descriptor or file is left behind that the
 *   contract does not promise.
 */
#ifndef CREATE_H
#define CREATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * segment_create() - create a segment that is certainly new
 * @key: the key under which others will find the segment
 * @size: bytes; the kernel remembers exactly this number, and sets whole pages
 *        aside
 * @perms: permission bits, 0 to 0777; the umask does not change them
 *
 * The new segment is filled with zeros, and it outlives the process that made
 * it. With @perms 0 not even its creator may attach it.
 *
 * Return: the id (0 is a good one), or -1 with errno:
 *
 * - EEXIST: the key is taken, also by a segment that the caller may not use.
 * - EINVAL: @perms has bits beyond 0777. shmget(2) takes some of these bits for
 *   flags and ignores the others: refuse them yourself.
 * - EINVAL: @size is 0, or more than the system allows.
 * - Another error of shmget(2), unchanged, for example ENOSPC.
 *
 * Not judged: IPC_PRIVATE as @key; which errno wins when two things are wrong.
 *
 * Source: shmget(2). That the umask does not count, and that EEXIST comes
 * before any question of permission, is measured kernel behaviour.
 */
int segment_create(key_t key, size_t size, mode_t perms);

/**
 * segment_find() - the id of the segment that has this key
 * @key: the key to look for
 *
 * Finds a segment of any size and of any permissions, also one that the caller
 * may neither read nor write. Never creates one.
 *
 * Return: the id (0 is a good one), or -1 with errno:
 *
 * - ENOENT: no segment has this key.
 * - EINVAL: @key is IPC_PRIVATE. No segment can be found under it: with a size
 *   above 0, shmget(2) would create a new one, even without IPC_CREAT.
 *
 * Source: shmget(2). That no permission is needed to get an id, as long as no
 * permission bit is asked for, is measured kernel behaviour.
 */
int segment_find(key_t key);

/**
 * segment_obtain() - find the segment, or create it, and say which
 * @key: the key to look for, and to create the segment under
 * @size: bytes; a segment that is found may be larger. 0 is fine for a segment
 *        that exists
 * @perms: permission bits of a new segment, 0 to 0777
 * @created: receives true if this call created the segment, and false if it
 *           found one
 *
 * Of any number of processes that race for one key, exactly one is told true.
 * A segment that vanishes between two of your steps is not an error, however
 * often that happens: look again, until the question is decided.
 *
 * Return: the id (0 is a good one) and the answer in *@created, or -1 with
 * errno:
 *
 * - EINVAL: the segment exists, and it is smaller than @size.
 * - EINVAL: the segment must be created, and @perms has bits beyond 0777, or
 *   @size is 0 or more than the system allows.
 * - Another error of shmget(2), unchanged, for example ENOSPC.
 *
 * Not judged: IPC_PRIVATE as @key; a call that finds a segment, with bits
 * beyond 0777 in @perms or with permissions that the segment denies; which
 * errno wins when two things are wrong.
 *
 * Source: shmget(2).
 */
int segment_obtain(key_t key, size_t size, mode_t perms, bool *created);

/**
 * segment_footprint() - the memory that the kernel sets aside for a segment
 * @size: bytes that are asked for
 *
 * The kernel sets whole pages aside. A segment of 4097 bytes costs two pages of
 * 4096, though its own size stays 4097. How large a page is differs between
 * machines: ask the system.
 *
 * Return: bytes, a multiple of the page size; 0 for a @size of 0. If the
 * rounded number does not fit in a size_t: 0 with errno EOVERFLOW.
 *
 * Source: sysconf(3) for the page size; shmget(2), "rounded up to a multiple of
 * PAGE_SIZE". That the segment's own size stays is measured kernel behaviour.
 */
size_t segment_footprint(size_t size);

#endif
