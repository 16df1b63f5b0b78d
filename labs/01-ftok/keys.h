/*
 * keys.h - the contract of lab 1: how do two strangers agree on a name?
 *
 * A System V key is a number by which unrelated processes find the same
 * segment. ftok(3) makes one from a file that both know. You write the four
 * functions below in keys.c.
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
#ifndef KEYS_H
#define KEYS_H

#include <sys/types.h>

/**
 * struct key_parts - the three numbers that glibc packs into a key
 * @proj_id: the low 8 bits of the project id (0 to 0xff), from the top byte
 * @device: the low 8 bits of the file's device number (0 to 0xff)
 * @inode: the low 16 bits of the file's inode number (0 to 0xffff)
 *
 * The bits of a key, the highest first: ppppppppddddddddiiiiiiiiiiiiiiii.
 * The rest of the three numbers is lost, so that two files can share a key.
 *
 * Source: measured behaviour of glibc; ftok(3), NOTES, tells the same.
 */
struct key_parts {
    unsigned proj_id;
    unsigned device;
    unsigned inode;
};

/**
 * key_make() - the key that a file and a project id give
 * @path: an existing file of any kind, also a directory; symbolic links are
 *        followed, and a relative path starts at the working directory
 * @proj_id: tells several keys of one file apart; only its low 8 bits count, so
 *           that 0x1246 and 0x46 mean the same
 * @key: receives the key
 *
 * The same file and the same project id give the same key in every process.
 * How you find the key is free. A project id from 0x80 up gives a negative key,
 * and a negative key is a good one: only (key_t)-1 stands for a failure.
 *
 * Return: 0 and the key in *@key, or -1 with errno:
 *
 * - EINVAL: the low 8 bits of @proj_id are all zero. POSIX leaves it open what
 *   ftok(3) answers then, and glibc answers with a key: refuse it yourself.
 * - ENOENT: @path names nothing.
 * - ENOTDIR: @path goes through something that is no directory.
 * - EACCES: @path goes through a directory that the caller may not search.
 * - Another error of stat(2), unchanged.
 *
 * Not judged: which errno wins when @path and @proj_id are both bad; a file
 * whose key would be exactly (key_t)-1, which ftok(3) cannot tell from a
 * failure.
 *
 * Source: ftok(3), stat(2), POSIX ftok().
 */
int key_make(const char *path, int proj_id, key_t *key);

/**
 * key_split() - the numbers that are packed in a key
 * @key: any key, also a negative one
 *
 * Every key can be split, also one that no file gave.
 *
 * Return: the three parts, each alone and shifted down to bit 0. Of the key
 * 0x46010004 they are 0x46, 0x01 and 0x0004. It cannot fail.
 *
 * Source: measured behaviour of glibc; ftok(3), NOTES.
 */
struct key_parts key_split(key_t key);

/**
 * key_predict() - the answer of key_make(), worked out without ftok(3)
 * @path: as for key_make()
 * @proj_id: as for key_make()
 * @key: receives the key
 *
 * ftok(3) is a little arithmetic on what stat(2) tells about a file. Do this
 * arithmetic yourself, from stat(2) or one of its kin that follows symbolic
 * links. Do not call ftok(3) here.
 *
 * Return: as key_make(), with the same key and the same errno values.
 *
 * Not judged: as for key_make().
 *
 * Source: stat(2), inode(7); ftok(3), NOTES.
 */
int key_predict(const char *path, int proj_id, key_t *key);

/**
 * key_is_current() - does this path still give this key?
 * @path: as for key_make(); the file may be gone
 * @proj_id: as for key_make()
 * @key: the key that somebody got from @path and @proj_id some time ago
 *
 * A key belongs to the file and not to its name. When another file takes over
 * the name, a process that started before and a process that starts now have
 * different keys, and they never meet.
 *
 * Return: 1 if the path still gives this key; 0 if it no longer does, because
 * the file was replaced or because it is gone (ENOENT); or -1 with errno:
 *
 * - EINVAL: the low 8 bits of @proj_id are all zero.
 * - EACCES: @path goes through a directory that the caller may not search.
 * - Another error of stat(2), unchanged.
 *
 * Not judged: a path that goes through something that is no directory, and
 * what is not judged of key_make().
 *
 * Source: ftok(3), stat(2).
 */
int key_is_current(const char *path, int proj_id, key_t key);

#endif
