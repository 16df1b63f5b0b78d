/*
 * attach.h - the contract of lab 3: attach, detach and nattch
 *
 * An id is not yet memory. shmat(2) attaches the segment to the address space
 * of a process, shmdt(2) detaches it, and the kernel counts the attachments:
 * this number is nattch. You write the five functions below in attach.c.
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
#ifndef ATTACH_H
#define ATTACH_H

#include "../segment.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * segment_attach() - make a segment part of the caller's memory
 * @shmid: the segment's id
 * @read_only: true asks for reading alone, and the segment need only grant
 *             reading; false asks for reading and writing, and the segment must
 *             grant both
 *
 * The kernel chooses the address. Each call makes one more attachment, at an
 * address of its own, and adds 1 to nattch. Writing through a read-only
 * attachment ends the process with SIGSEGV.
 *
 * Return: the address, or NULL with errno. (shmat(2) itself says (void *)-1.)
 *
 * - EACCES: the segment does not grant the caller what @read_only asks for.
 * - EINVAL: no segment has this id.
 * - EIDRM: the segment was removed during the call; only a race shows it.
 * - Another error of shmat(2), unchanged, for example ENOMEM.
 *
 * Source: shmat(2).
 */
void *segment_attach(int shmid, bool read_only);

/**
 * segment_detach() - take an attachment out of the caller's memory
 * @address: an address that segment_attach() returned, and not one inside the
 *           segment; any other value is reported as an error
 *
 * Subtracts 1 from nattch. The segment and its bytes stay, unless the segment
 * is marked for destruction and this was the last attachment.
 *
 * Return: 0, or -1 with errno:
 *
 * - EINVAL: no attachment starts at @address; so also the second time.
 *
 * Source: shmdt(2).
 */
int segment_detach(const void *address);

/**
 * segment_stat() - what the kernel knows about a segment
 * @shmid: the segment's id
 * @info: receives the description; segment.h explains its fields
 *
 * Attaching is not needed to ask, and asking changes nothing.
 *
 * Return: 0 and the description in *@info, or -1 with errno:
 *
 * - EACCES: the caller may not read the segment.
 * - EINVAL: no segment has this id.
 * - EIDRM: the segment was removed during the call; only a race shows it.
 *
 * Source: shmctl(2), IPC_STAT.
 */
int segment_stat(int shmid, struct segment_info *info);

/**
 * segment_write() - copy bytes into a segment
 * @shmid: the segment's id
 * @offset: bytes from the segment's start to the first one that is written
 * @bytes: what is copied
 * @count: how many bytes are copied
 *
 * Attaches, copies and detaches. It is all or nothing: if a single byte of the
 * range lies outside the segment, not one is written. The segment's own size
 * counts, and not the end of its last page. nattch is afterwards what it was
 * before, on every path, also when the call fails.
 *
 * Return: @count, or -1 with errno:
 *
 * - ERANGE: the range is not wholly inside the segment; so also when the sum of
 *   @offset and @count does not fit in a size_t. An empty range (@count 0) is
 *   inside up to and including the segment's end, and beyond it is ERANGE.
 * - EACCES: the segment does not grant the caller reading and writing.
 * - EINVAL: no segment has this id.
 * - EIDRM: the segment was removed during the call; only a race shows it.
 * - Another error of shmat(2), unchanged.
 *
 * Not judged: an empty write without permission; which errno wins when range
 * and permission are both bad.
 *
 * Source: shmat(2), shmdt(2), shmctl(2).
 */
ssize_t segment_write(int shmid, size_t offset, const void *bytes, size_t count);

/**
 * segment_read() - copy bytes out of a segment
 * @shmid: the segment's id
 * @offset: bytes from the segment's start to the first one that is read
 * @bytes: receives @count bytes
 * @count: how many bytes are copied
 *
 * As segment_write(), in the other direction. The permission to read is enough.
 *
 * Return: @count, or -1 with errno:
 *
 * - ERANGE: the range is not wholly inside the segment, by the same rule as for
 *   segment_write().
 * - EACCES: the caller may not read the segment.
 * - EINVAL: no segment has this id.
 * - EIDRM: the segment was removed during the call; only a race shows it.
 * - Another error of shmat(2), unchanged.
 *
 * Not judged: which errno wins when range and permission are both bad.
 *
 * Source: shmat(2), shmdt(2), shmctl(2).
 */
ssize_t segment_read(int shmid, size_t offset, void *bytes, size_t count);

#endif
