/* lab1.c - the checks of lab 1: ftok keys.
 *
 * The right key is what the grader packs itself from its own stat(2) of the same
 * file.  The files of a story stand in the check's empty working directory; files
 * of the system bring the larger inode numbers and other devices.
 */
#include "check.h"
#include "world.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- Files and their keys --------------------------------------------------------- */

static key_t packed(const struct stat *file, int project)
{
    unsigned bits = ((unsigned)project & 0xff) << 24;
    bits |= (unsigned)(file->st_dev & 0xff) << 16;
    bits |= (unsigned)(file->st_ino & 0xffff);
    return (key_t)bits;
}

/* The key that a path gives now, and where it comes from. */
static key_t key_of(const char *path, int project)
{
    struct stat file;
    if (stat(path, &file) == -1)
        cannot_check(says("The grader cannot stat %s: %s.", path, strerror(errno)),
                     "Make sure that everybody may see this file.");
    key_t key = packed(&file, project);
    if (key == (key_t)-1 || key != ftok(path, project))
        cannot_check(says("ftok(3) has no key for %s that can be compared.", path),
                     "Try again: the next run takes other files.");
    because(says("stat(2) of %s shows device 0x%llx and inode %llu (0x%llx); the low 8 "
                 "bits of the project id are 0x%02x.",
                 path, (unsigned long long)file.st_dev, (unsigned long long)file.st_ino,
                 (unsigned long long)file.st_ino, (unsigned)project & 0xff));
    return key;
}

/* The answer is the key of this file. */
static void expect_key(struct answer answer, const char *path, int project)
{
    key_t key = key_of(path, project);
    expect_answer(answer, says("ok key=0x%08x", (unsigned)key));
    because(NULL); /* the next step has another project id, or another file */
}

/* The same from key_make and key_predict; the actor may see the file under another
 * path than the check. */
static void expect_both(struct actor *a, const char *typed, const char *path)
{
    expect_key(ask(a, "make %s 0x46", typed), path, 0x46);
    expect_key(ask(a, "predict %s 0x46", typed), path, 0x46);
}

/* Nearly as long as a path may be.  Wherever a buffer of a round size cuts it, another file
 * is left, or none. */
#define LONG_PATH "\"elsewhere/../\"*314"

/* And this key is current. */
static void expect_current(struct actor *a, const char *typed, const char *path)
{
    key_t key = key_of(path, 0x46);
    expect_answer(ask(a, "current %s 0x46 0x%08x", typed, (unsigned)key), "ok 1");
}

/* What a step of the scene returned; the check cannot go on without it. */
static void done(int result, const char *what)
{
    if (result == -1)
        cannot_check(says("The grader could not do `%s`: %s.", what, strerror(errno)),
                     "Free some space on the disk, and try again.");
    narrate("The grader does: %s", what);
}

static void given_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    done(fd, says("touch %s", path));
    close(fd);
}

static void given_directory(const char *path)
{
    done(mkdir(path, 0755), says("mkdir %s", path));
}

static void given_symlink(const char *target, const char *path)
{
    done(symlink(target, path), says("ln -s %s %s", target, path));
}

static void given_rename(const char *from, const char *to)
{
    done(rename(from, to), says("mv %s %s", from, to));
}

static void given_mode(const char *path, mode_t mode)
{
    done(chmod(path, mode), says("chmod %04o %s", (unsigned)mode, path));
}

/* A path that fails, as it is typed, and the errno of its stat(2). */
struct bad_path {
    const char *typed;
    int error;
};

static const struct bad_path bad_paths[] = {
    {"missing", ENOENT},
    {"missing/file", ENOENT},
    {"\"\"", ENOENT},
    {"lost", ENOENT},
    {"meeting/below", ENOTDIR},
    {"closed/file", EACCES},
    {"loop", ELOOP},
    {"\"x\"*300", ENAMETOOLONG},
    {"meeting/", ENOTDIR},
    {"\"./\"*3000", ENAMETOOLONG}, /* as a whole */
};

/* The file "meeting", and what the bad paths need. */
static void given_bad_paths(void)
{
    given_file("meeting");
    given_symlink("nowhere", "lost");
    given_symlink("loop", "loop");
    given_directory("closed");
    given_mode("closed", 0);
}

/* Project ids as they are typed.  The low 8 bits of the bad ones are all zero. */
static const char *const projects[] = {"0x46", "0x1246", "1",  "0x7fffff01", "0x80",
                                       "0x94", "0x6194", "-2", "-1",         "-186"};
static const char *const bad_projects[] = {"0",    "256",        "0x1200",
                                           "-256", "0x7fffff00", "-2147483648"};

/* The same while a directory has this mode.  An ordinary user cannot empty it then: it is
 * given back before a verdict. */
static void expect_both_while(struct actor *a, const char *directory, mode_t mode,
                              const char *typed, const char *path)
{
    given_mode(directory, mode);
    struct answer made = ask(a, "make %s 0x46", typed);
    struct answer predicted = ask(a, "predict %s 0x46", typed);
    given_mode(directory, 0755);
    expect_key(made, path, 0x46);
    expect_key(predicted, path, 0x46);
}

/* Errors that these functions know. */
static const char *const left_overs[] = {"ENOENT", "EACCES", "EINVAL"};

static int number(const char *text)
{
    return (int)strtol(text, NULL, 0);
}

/* A new file system with a device number that is even (0) or odd (1).  The kernel numbers
 * them as they come, those of other checks, too: so one is mounted over the other until
 * the number fits. */
static void given_file_system(const char *name, unsigned low_bit)
{
    enum { TRIES = 16 };
    struct stat status = {0};

    given_directory(name);
    for (int i = 0; i < TRIES && (i == 0 || (status.st_dev & 1) != low_bit); i++)
        if (mount("tmpfs", name, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") == -1 ||
            stat(name, &status) == -1)
            return;
    narrate("The grader does: mount -t tmpfs tmpfs %s", name);
}

/* Tries files of all sorts of devices and inode numbers; `command` is "make" or
 * "predict".  /proc has inode numbers beyond 16 bits; the disk has a device beyond 8
 * bits on most machines, and so has /etc/hosts in most containers. */
static void expect_everywhere(struct actor *a, const char *command)
{
    static const char *const paths[] = {
        "meeting", ".",        "/",          "/proc",  "/proc/version", "/dev/null",
        "/sys",    "/usr/bin", "/etc/hosts", "disk-1", "disk-2"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        /* Only in namespaces of our own, and then it is no loss. */
        if (strncmp(paths[i], "disk-", 5) == 0 && world_is_private())
            given_file_system(paths[i], paths[i][5] == '2');
        if (access(paths[i], F_OK) == -1)
            continue;
        struct answer answer = ask(a, "%s %s 0x46", command, paths[i]);
        if (strncmp(answer.text, "error 0:", strlen("error 0:")) == 0)
            suggest(errno_is_old);
        expect_key(answer, paths[i], 0x46);
    }
    for (size_t i = 0; i < COUNT(left_overs); i++) {
        left_in_errno(a, left_overs[i]);
        expect_key(ask(a, "%s meeting 0x46", command), "meeting", 0x46);
    }
    suggest(NULL);
}

static void expect_projects_refused(struct actor *a, const char *command)
{
    because("The low 8 bits of this project id are all zero.");
    for (size_t i = 0; i < COUNT(bad_projects); i++)
        expect_error(ask(a, "%s meeting %s", command, bad_projects[i]), EINVAL);
    expect_key(ask(a, "%s meeting 0x101", command), "meeting", 0x101);
}

static void expect_paths_refused(struct actor *a, const char *command)
{
    because("This is the errno of stat(2) for this path.");
    for (size_t i = 0; i < COUNT(bad_paths); i++)
        expect_error(ask(a, "%s %s 0x46", command, bad_paths[i].typed),
                     bad_paths[i].error);
}

/* The name is the same, and the file is not: nothing that was remembered of it is true. */
static void expect_the_new_file(struct actor *a, const char *command)
{
    given_file("another");
    given_rename("another", "meeting");
    because("Another file was renamed over the path.");
    expect_key(ask(a, "%s meeting 0x46", command), "meeting", 0x46);
}

/* The file vanishes while a function is at work: before one of its calls.  It may have
 * seen the file before: then it gives that file's key.  Else the path names nothing. */
static void expect_lost_midway(struct actor *a, const char *command)
{
    static const enum call calls[] = {CALL_ftok, CALL_stat};
    enum { MOST_CALLS = 2 };
    bool asks_current = strcmp(command, "current") == 0;

    suggest("The file may vanish between two calls. Which of them was not tested?");
    for (size_t i = 0; i < COUNT(calls) * MOST_CALLS; i++) {
        given_file("fleeting");
        key_t key = key_of("fleeting", 0x46);
        const char *earlier =
            asks_current ? "ok 1" : says("ok key=0x%08x", (unsigned)key);
        hold_before(a, calls[i / MOST_CALLS], (unsigned)(i % MOST_CALLS) + 1);
        if (asks_current)
            begin(a, "current fleeting 0x46 0x%08x", (unsigned)key);
        else
            begin(a, "%s fleeting 0x46", command);
        bool held = reaches(a);
        done(unlink("fleeting"), "rm fleeting");
        if (held)
            go_on(a);
        struct answer answer = answer_of(a);
        drop_rules(a);
        because("The file was removed while the function was at work.");
        if (strcmp(answer.text, earlier) == 0)
            continue;
        if (asks_current)
            expect_answer(answer, "ok 0");
        else
            expect_error(answer, ENOENT);
    }
    because(NULL);
    suggest(NULL);
}

/* --- key_make --------------------------------------------------------------------- */

CHECK(lab1, make_gives_the_key_of_the_file, 6,
      "key_make gives the key that ftok gives for this file and this project id.",
      "ftok(3) takes the same path and project id, and returns the key.",
      "Store what ftok(path, proj_id) returns in *key, and return 0.")
{
    struct actor *a = student_shell('A');
    given_file("meeting");
    expect_everywhere(a, "make");
}

CHECK(lab1, make_agrees_in_every_process, 4,
      "The same file and the same project id give the same key in every process, at "
      "every call.",
      "Does the answer depend on anything but the path and the project id: on the "
      "process, on the time, on an earlier call?")
{
    struct actor *a = student_shell('A'), *b = student_shell('B');
    given_file("meeting");
    given_file("other");

    expect_key(ask(a, "make meeting 0x46"), "meeting", 0x46);
    expect_key(ask(b, "make other 0x46"), "other", 0x46);
    expect_key(ask(b, "make meeting 0x46"), "meeting", 0x46);
    expect_key(ask(a, "make other 0x46"), "other", 0x46);
    expect_key(ask(a, "make meeting 0x46"), "meeting", 0x46);
    expect_key(ask(a, "make meeting 0x47"), "meeting", 0x47);
    quit(a);
    struct actor *c = student_shell('C');
    expect_key(ask(c, "make meeting 0x46"), "meeting", 0x46);
    expect_the_new_file(c, "make");
}

CHECK(lab1, make_counts_the_low_8_bits, 6,
      "Only the low 8 bits of the project id count: 0x1246 gives the same key as 0x46.",
      "Which bits of the project id does ftok(3) use? It needs no help from you.",
      "Refuse a project id only when (proj_id & 0xff) == 0; a large one is fine.")
{
    static const char *const alike[] = {"0x46",    "0x1246",     "0x146",
                                        "0x10046", "0x7fffff46", "-186"};
    struct actor *a = student_shell('A');
    given_file("meeting");

    for (size_t i = 0; i < COUNT(alike); i++)
        expect_key(ask(a, "make meeting %s", alike[i]), "meeting", 0x46);
}

CHECK(lab1, make_takes_negative_keys, 6,
      "A project id from 0x80 up gives a negative key, and this is a good key.",
      "A program said \"ftok failed: Success\" for the project id 0x6194. What did it "
      "test?",
      "Only one value means a failure: compare with == (key_t)-1, and not with < 0.")
{
    static const char *const some[] = {"0x80", "0x94", "0x6194", "0xfe", "0xff", "-1"};
    struct actor *a = student_shell('A');
    given_file("meeting");

    for (size_t i = 0; i < COUNT(some); i++)
        expect_key(ask(a, "make meeting %s", some[i]), "meeting", number(some[i]));
}

CHECK(lab1, make_refuses_a_project_id_without_low_bits, 5,
      "key_make refuses a project id whose low 8 bits are all zero with EINVAL, and "
      "leaves *key untouched.",
      "POSIX leaves open what ftok(3) does with such a project id, and glibc gives a "
      "key. Who can refuse it?",
      "Test (proj_id & 0xff) == 0 first, set errno to EINVAL yourself, and return -1.")
{
    struct actor *a = student_shell('A');
    given_file("meeting");
    expect_key(ask(a, "make meeting 1"), "meeting", 1);
    expect_projects_refused(a, "make");
}

CHECK(lab1, make_hands_errors_on, 5,
      "A path without a file is -1 with the errno of stat: ENOENT, ENOTDIR, EACCES or "
      "another; *key is untouched.",
      "When ftok(3) fails it leaves in errno what stat(2) said.",
      "Keep the answer of ftok(3) in a variable of your own, and write to *key only "
      "when you know that it is a key.")
{
    struct actor *a = student_shell('A');
    given_bad_paths();
    expect_key(ask(a, "make meeting 0x46"), "meeting", 0x46);
    expect_paths_refused(a, "make");
    expect_error(ask(a, "make missing 0x46"), ENOENT); /* it comes last of all */
    because("The file is there now.");
    suggest("Does a path without a file stay so? Ask for the file anew at each call.");
    given_file("missing");
    expect_key(ask(a, "make missing 0x46"), "missing", 0x46);
    expect_lost_midway(a, "make");
}

/* --- key_split -------------------------------------------------------------------- */

static void expect_split(struct actor *a, unsigned key)
{
    because("The bits of a key, the highest first: ppppppppddddddddiiiiiiiiiiiiiiii.");
    expect_answer(ask(a, "split 0x%08x", key),
                  says("ok proj_id=0x%02x device=0x%02x inode=0x%04x", key >> 24,
                       key >> 16 & 0xff, key & 0xffff));
}

CHECK(lab1, split_takes_the_key_apart, 5,
      "key_split gives the project id, the device and the inode that are packed in a "
      "key.",
      "A shift to the right brings a field down to bit 0, and & cuts off what stands "
      "above it.",
      "The inode is key & 0xffff, the device (key >> 16) & 0xff, the project id the "
      "top byte.")
{
    static const unsigned some[] = {0x46010004, 0x12345678, 0x7fffffff, 0x00ff0000,
                                    0x0000ffff, 0x01000000, 0};
    struct actor *a = student_shell('A');

    for (size_t i = 0; i < COUNT(some); i++)
        expect_split(a, some[i]);
    expect_split(a, (unsigned)fresh_key());
}

CHECK(lab1, split_takes_negative_keys_apart, 5,
      "key_split gives the same three parts of a negative key, each without any sign.",
      "A negative number that is shifted to the right keeps its sign: 0x94000000 >> 24 "
      "becomes 0xffffff94.",
      "Copy the key to an unsigned int, and shift the copy; or cut the project id with "
      "& 0xff, too.")
{
    static const unsigned some[] = {0x94010004, 0x80000000, 0xffffffff, 0xff00ff00,
                                    0x80ff8000};
    struct actor *a = student_shell('A');

    for (size_t i = 0; i < COUNT(some); i++)
        expect_split(a, some[i]);
    expect_split(a, (unsigned)fresh_key() | 0x80000000);
}

/* --- key_predict ------------------------------------------------------------------ */

CHECK(
    lab1, predict_gives_the_key_of_the_file, 7,
    "key_predict works out the same key as ftok, for every file and every project id.",
    "Try `make . 0x46`, `split $`, and compare the parts with `stat .` in another "
    "terminal.",
    "The project id's low 8 bits, the low 8 bits of st_dev, the low 16 bits of "
    "st_ino: the top byte, the next byte, the rest.",
    "Cut each field with & before you put them together: inode numbers and devices "
    "can be larger than their fields.")
{
    struct actor *a = student_shell('A');
    given_file("meeting");

    expect_everywhere(a, "predict");
    for (size_t i = 0; i < COUNT(projects); i++)
        expect_key(ask(a, "predict meeting %s", projects[i]), "meeting",
                   number(projects[i]));
    expect_key(ask(a, "predict meeting 0x46"), "meeting", 0x46);
    expect_the_new_file(a, "predict");
}

static void expect_no_ftok(struct actor *actor)
{
    size_t count = calls_made(actor, CALL_ftok);
    expect(count == 0, "key_predict does not call ftok(3).",
           says("key_predict called ftok(3); number of calls: %zu.", count));
}

CHECK(lab1, predict_does_without_ftok, 4,
      "key_predict does not call ftok, neither itself nor through key_make.",
      "What does ftok(3) do inside? Ask stat(2) yourself.")
{
    struct actor *a = student_shell('A');
    given_file("meeting");

    expect_key(ask(a, "predict meeting 0x46"), "meeting", 0x46);
    expect_no_ftok(a);
    expect_key(ask(a, "predict . 0x94"), ".", 0x94);
    expect_no_ftok(a);
    because("The path is bad: key_predict must not call ftok then, either.");
    ask(a, "predict missing 0x46");
    expect_no_ftok(a);
}

CHECK(
    lab1, predict_fails_as_make_does, 6,
    "key_predict refuses what key_make refuses, with the same errno, and leaves *key "
    "untouched.",
    "The same test of the project id as in key_make, before anything else.",
    "Return -1 when stat(2) does, and leave errno as it is: a struct stat that stat(2) "
    "did not fill holds nothing.")
{
    struct actor *a = student_shell('A');
    given_bad_paths();
    expect_key(ask(a, "predict meeting 0x46"), "meeting", 0x46);
    expect_projects_refused(a, "predict");
    suggest("What did stat(2) answer for this path? When it fails, its struct holds "
            "nothing.");
    expect_paths_refused(a, "predict");

    static const int rare[] = {EIO, ENOMEM, EOVERFLOW};
    const char *right = says("ok key=0x%08x", (unsigned)key_of("meeting", 0x46));
    because("stat(2) failed with this errno.");
    for (size_t i = 0; i < COUNT(rare); i++) {
        fail_call(a, CALL_stat, 0, rare[i]);
        struct answer answer = ask(a, "predict meeting 0x46");
        bool failed = rule_fired(a, CALL_stat) > 0;
        drop_rules(a);
        /* Another call may have told all. */
        if (failed && strcmp(answer.text, right) != 0)
            expect_error(answer, rare[i]);
    }
    expect_lost_midway(a, "predict");
}

/* --- key_make and key_predict: which file is it? ---------------------------------- */

CHECK(
    lab1, all_names_of_a_file_agree, 5,
    "All names of one file give one key: hard links, symbolic links, paths with dots.",
    "The key comes from the file. Does your call look at the symbolic link, or at "
    "the file behind it?",
    "stat(2) follows symbolic links, lstat(2) does not.")
{
    static const char *const names[] = {
        "here/meeting",        "twin",          "alias",
        "alias-of-alias",      "way/meeting",   "./here/./meeting",
        "here/../way/meeting", "elsewhere/link"};
    struct actor *a = student_shell('A');
    given_directory("here");
    given_file("here/meeting");
    given_directory("elsewhere");
    done(link("here/meeting", "twin"), "ln here/meeting twin");
    given_symlink("here/meeting", "alias");
    given_symlink("alias", "alias-of-alias");
    given_symlink("here", "way");
    given_symlink("../here/meeting", "elsewhere/link");

    for (size_t i = 0; i < COUNT(names); i++)
        expect_both(a, names[i], "here/meeting");
    expect_both(a, "way", "here");
    expect_both(a, LONG_PATH, ".");
}

CHECK(lab1, any_kind_of_file_will_do, 4,
      "A file of any kind gives a key, also one that the caller may not read.",
      "What must a program know of the file? Must the file be opened for that?",
      "stat(2) needs no permission on the file itself, and it never waits.")
{
    static const char *const names[] = {"directory", "secret", "closed", "/dev/null",
                                        "fifo"};
    struct actor *a = student_shell('A');
    given_directory("directory");
    given_file("secret");
    given_mode("secret", 0);
    given_directory("closed");
    given_mode("closed", 0);
    done(mkfifo("fifo", 0600), "mkfifo fifo");

    for (size_t i = 0; i < COUNT(names); i++)
        expect_both(a, names[i], names[i]);
    /* Not each file system takes one. */
    if (mknod("socket", S_IFSOCK | 0600, 0) == 0) {
        narrate("The grader makes a socket with the name `socket`.");
        expect_both(a, "socket", "socket");
    }

    suggest("A name may have any characters. Hand the path on as it is.");
    given_file("a b%s;c");
    expect_both(a, "\"a b%s;c\"", "a b%s;c");
    suggest(
        "To search a directory is another right than to read it. Must the directory "
        "of the file be opened?");
    given_file("directory/file");
    expect_both_while(a, "directory", 0111, "directory/file", "directory/file");
}

CHECK(
    lab1, a_relative_path_starts_at_the_working_directory, 4,
    "The same relative path means another file, and another key, in another working "
    "directory.",
    "Hand the path on as it is. What was made absolute, or kept from an earlier call, "
    "may name another file now.")
{
    struct actor *a = student_shell('A'), *b = student_shell('B');
    given_directory("here");
    given_file("here/meeting");
    given_directory("there");
    given_file("there/meeting");

    expect_ok(ask(a, "cd here"));
    expect_ok(ask(b, "cd there"));
    expect_both(a, "meeting", "here/meeting");
    expect_both(b, "meeting", "there/meeting");
    expect_both(b, "../here/meeting", "here/meeting");
    expect_both(b, "meeting", "there/meeting"); /* it has not moved */
    expect_ok(ask(a, "cd ../there"));
    expect_both(a, "meeting", "there/meeting");
    expect_both(a, ".", "there");

    /* The way from the root to the working directory is closed; the relative path is not. */
    given_directory("outer");
    given_directory("outer/inner");
    expect_ok(ask(a, "cd ../outer/inner"));
    expect_both_while(a, "outer", 0, ".", "outer/inner");
}

/* --- key_is_current --------------------------------------------------------------- */

/* In this directory is nothing but what the scene has put there; `known`: " NAME NAME ". */
static void expect_only(const char *directory, const char *known)
{
    DIR *opened = opendir(directory);
    const struct dirent *entry;
    const char *unknown = "";

    if (!opened)
        cannot_check("The grader cannot read its own directory.", "Try again.");
    while ((entry = readdir(opened)) != NULL)
        if (!strstr(known, says(" %s ", entry->d_name)))
            unknown = says("%s/%s", directory, entry->d_name);
    closedir(opened);
    because(NULL);
    suggest(
        "Which call makes this file? No function of this lab needs a file of its own.");
    expect(!*unknown, "No function makes a file.",
           says("There is a new file: %s.", unknown));
    suggest(NULL);
}

/* Asks, and compares with what the path gives the grader. */
static void expect_truth(struct actor *a, const char *path, const char *project,
                         key_t key)
{
    struct stat file;
    bool there = stat(path, &file) == 0;
    key_t now = there ? packed(&file, number(project)) : 0;

    because(there ? says("%s gives the key 0x%08x now.", path, (unsigned)now)
                  : says("%s names no file now.", path));
    expect_answer(ask(a, "current %s %s 0x%08x", path, project, (unsigned)key),
                  there && now == key ? "ok 1" : "ok 0");
    expect(there || access(path, F_OK) == -1, "key_is_current makes no file.",
           says("%s names a file again.", path));
}

CHECK(lab1, current_compares_the_key, 7,
      "key_is_current is 1 while the path gives this key, and 0 for a key that it does "
      "not give.",
      "Which key does the path give now? You have two functions that can tell.",
      "Make the key anew and compare: 1 when both are equal, else 0.")
{
    struct actor *a = student_shell('A');
    given_file("meeting");
    given_file("other");

    for (size_t i = 0; i < COUNT(projects); i++)
        expect_truth(a, "meeting", projects[i], key_of("meeting", number(projects[i])));

    key_t key = key_of("meeting", 0x46);
    expect_truth(a, "meeting", "0x47", key);
    expect_truth(a, "other", "0x46", key);
    static const unsigned bits[] = {0x00800000, 0x80000000, 0x01000000, 0x00008000,
                                    0x00000001};
    for (size_t i = 0; i < COUNT(bits); i++)
        expect_truth(a, "meeting", "0x46", (key_t)((unsigned)key ^ bits[i]));
    expect_truth(a, "meeting", "0x46", -1);

    done(truncate("meeting", 100), "truncate -s 100 meeting");
    given_mode("meeting", 0);
    done(link("meeting", "twin"), "ln meeting twin");
    given_symlink("twin", "alias");
    expect_truth(a, "meeting", "0x46", key);
    expect_truth(a, "twin", "0x46", key);
    expect_truth(a, "alias", "0x46", key);
    given_rename("meeting", "moved");
    expect_truth(a, "moved", "0x46", key);

    suggest(
        "key_make gives a key for a file of any kind, and for any path that stat(2) "
        "takes. Is a key current for all of them?");
    given_directory("elsewhere");
    done(mkfifo("fifo", 0600), "mkfifo fifo");
    expect_current(a, "elsewhere", "elsewhere");
    expect_current(a, "fifo", "fifo");
    expect_current(a, "/dev/null", "/dev/null");
    expect_current(a, LONG_PATH, ".");

    for (size_t i = 0; i < COUNT(left_overs); i++) {
        left_in_errno(a, left_overs[i]);
        expect_current(a, "moved", "moved");
    }
}

CHECK(lab1, current_sees_a_replaced_file, 5,
      "When another file was renamed over the path, the old key is no longer current "
      "(0), and the new file's key is (1).",
      "The name is the same, and the file is not. Which of the two gives the key?",
      "Ask for the file anew at each call: what you remember of it may be out of date.")
{
    struct actor *a = student_shell('A');
    given_file("meeting");
    given_file("other");
    key_t old = key_of("meeting", 0x46), new = key_of("other", 0x46);

    expect_truth(a, "meeting", "0x46", old);
    expect_truth(a, "meeting", "0x46", new);
    given_rename("other", "meeting");
    expect_truth(a, "meeting", "0x46", old);
    expect_truth(a, "meeting", "0x46", new);
    given_file("third");
    given_symlink("third", "link");
    given_rename("link", "meeting");
    expect_truth(a, "meeting", "0x46", new);
    expect_truth(a, "meeting", "0x46", key_of("third", 0x46));
}

CHECK(lab1, current_sees_a_lost_file, 4,
      "key_is_current is 0 when the file is gone: ENOENT is an answer here, and no "
      "failure.",
      "Which errno does a path have whose file was deleted?",
      "When the key cannot be made and errno is ENOENT, return 0.")
{
    struct actor *a = student_shell('A');
    given_directory("here");
    given_file("here/meeting");
    given_symlink("here/meeting", "alias");
    key_t key = key_of("here/meeting", 0x46);

    expect_truth(a, "here/meeting", "0x46", key);
    done(unlink("here/meeting"), "rm here/meeting");
    expect_truth(a, "here/meeting", "0x46", key);
    expect_truth(a, "alias", "0x46", key);
    /* ftok(3) says -1 now: that is no key to compare with. */
    expect_truth(a, "here/meeting", "0x46", -1);
    expect_only("here", " . .. ");
    done(rmdir("here"), "rmdir here");
    expect_truth(a, "here/meeting", "0x46", key);

    given_directory("here");
    given_file("here/meeting");
    suggest("Does a path without a file stay so? Ask for the file anew at each call.");
    expect_truth(a, "here/meeting", "0x46", key);
    expect_truth(a, "here/meeting", "0x46", key_of("here/meeting", 0x46));
    suggest(NULL);
    because("stat(2) of an empty path is ENOENT.");
    expect_answer(ask(a, "current \"\" 0x46 0x%08x", (unsigned)key), "ok 0");
    expect_lost_midway(a, "current");
}

CHECK(lab1, current_reports_other_failures, 4,
      "On any other failure key_is_current is -1 with errno: EINVAL for the project "
      "id, EACCES and others for the path.",
      "Only ENOENT says that the file is gone. With EACCES nobody knows.",
      "A bad project id is EINVAL, as in key_make; other errors go on unchanged.")
{
    struct actor *a = student_shell('A');
    given_bad_paths();
    key_t key = key_of("meeting", 0x46);
    expect_truth(a, "meeting", "0x46", key);

    because("The low 8 bits of this project id are all zero.");
    suggest("The same test of the project id as in key_make, before anything else.");
    for (size_t i = 0; i < COUNT(bad_projects); i++) {
        expect_error(ask(a, "current meeting %s 0x%08x", bad_projects[i],
                         (unsigned)key & 0xffffff),
                     EINVAL);
        expect_error(ask(a, "current meeting %s 0x%08x", bad_projects[i],
                         (unsigned)key),
                     EINVAL);
    }
    because("This is the errno of stat(2) for this path.");
    suggest(NULL);
    for (size_t i = 0; i < COUNT(bad_paths); i++) {
        const struct bad_path *bad = &bad_paths[i];
        if (bad->error == ENOENT || bad->error == ENOTDIR)
            continue;
        expect_error(ask(a, "current %s 0x46 0x%08x", bad->typed, (unsigned)key),
                     bad->error);
        expect_error(ask(a, "current %s 0x46 0xffffffff", bad->typed), bad->error);
    }
}

/* --- Two files, one key ----------------------------------------------------------- */

#define MOST_FILES 8000 /* how many are looked at */

/* The first file that was met for each low 16 bits of the inode number. */
static struct {
    char *path;
    ino_t inode;
} met[65536];
static const char *collision[2];
static int files_seen;

static bool is_easy_to_type(const char *path)
{
    for (; *path; path++)
        if (!isalnum((unsigned char)*path) && !strchr("/._-", *path))
            return false;
    return true;
}

static int look_for_collision(const char *path, const struct stat *file, int kind,
                              struct FTW *place)
{
    (void)place;
    if (files_seen++ == MOST_FILES)
        return 1;
    if (kind != FTW_F || !is_easy_to_type(path))
        return 0;
    size_t low = file->st_ino & 0xffff;
    if (met[low].path && met[low].inode != file->st_ino) {
        collision[0] = met[low].path;
        collision[1] = says("%s", path);
        return 1;
    }
    met[low].path = strdup(path);
    met[low].inode = file->st_ino;
    return 0;
}

CHECK(lab1, two_files_can_share_a_key, 4,
      "Two files whose device and inode agree in the bits that count have one key: "
      "key_is_current cannot tell them apart.",
      "16 bits of inode are not many. The contract asks for the key that the path "
      "gives, and not for the file that somebody meant.")
{
    struct actor *a = student_shell('A');
    given_file("meeting");
    expect_both(a, "meeting", "meeting");
    expect_truth(a, "meeting", "0x46", key_of("meeting", 0x46));

    /* On one device, as find -xdev does.  A small system may have no such pair. */
    nftw("/usr", look_for_collision, 16, FTW_PHYS | FTW_MOUNT);
    if (!collision[0])
        return;
    narrate("The grader searches /usr for two files whose inode numbers agree in the "
            "low 16 bits.");
    expect_both(a, collision[0], collision[0]);
    expect_truth(a, collision[1], "0x46", key_of(collision[0], 0x46));
    expect_both(a, collision[1], collision[1]);
    expect_truth(a, collision[0], "0x46", key_of(collision[1], 0x46));
}

/* --- Nothing is left behind ------------------------------------------------------- */

#define ROUNDS    10
#define BAD_PATHS " . .. meeting lost loop closed " /* for expect_only() */

/* A function in each way in which it can end, again and again. */
static void expect_nothing_open(struct actor *a, const char *function, const char *key)
{
    static const char *const ways[] = {"meeting 0x46", "missing 0x46",
                                       "closed/file 0x46", "meeting 0"};
    int before = process_descriptors(actor_pid(a));

    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < COUNT(ways); i++)
            ask(a, "%s %s%s", function, ways[i], key);
    because("What is opened must be closed again, also on a failure.");
    expect_descriptors(a, before);
    expect_only(".", BAD_PATHS);
}

CHECK(
    lab1, nothing_is_left_behind, 4,
    "No call leaves an open descriptor or a file behind, whether it succeeds or fails.",
    "What you open you must close, on every path out of the function. Do you need to "
    "open anything?",
    "stat(2) takes the path itself and leaves nothing open.")
{
    struct actor *a = student_shell('A');
    given_bad_paths();
    key_t key = key_of("meeting", 0x46);

    /* After each function, so that the one is named that makes a file. */
    expect_key(ask(a, "make meeting 0x46"), "meeting", 0x46);
    expect_only(".", BAD_PATHS);
    expect_key(ask(a, "predict meeting 0x46"), "meeting", 0x46);
    expect_only(".", BAD_PATHS);
    expect_truth(a, "meeting", "0x46", key);
    expect_nothing_open(a, "make", "");
    expect_nothing_open(a, "predict", "");
    expect_nothing_open(a, "current", says(" 0x%08x", (unsigned)key));
    expect_nothing_open(a, "current", says(" 0x%08x", (unsigned)key ^ 1));
}
