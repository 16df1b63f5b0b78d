/* sandbox.c - the command lines of bwrap(1). */
#include "sandbox.h"

#include "build.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_WORDS 256

static char *words[MAX_WORDS + 1];
static int word_count;

static void add(const char *word)
{
    if (word_count == MAX_WORDS)
        abort();
    words[word_count++] = (char *)(uintptr_t)word;
    words[word_count] = NULL;
}

static void add_all(const char *const *list)
{
    for (; *list; list++)
        add(*list);
}

static void show(const char *option, const char *source, const char *target)
{
    add(option);
    add(source);
    add(target);
}

static void set(const char *name, const char *value)
{
    show("--setenv", name, value);
}

bool sandbox_wanted(void)
{
    const char *text = getenv("SHMLAB_ISOLATION");
    return text && strcmp(text, "bubblewrap") == 0;
}

/* What both have in common. */
static void begin(void)
{
    static const char *const walls[] = {"bwrap",
                                        "--unshare-user",
                                        "--unshare-pid",
                                        "--unshare-net",
                                        "--unshare-uts",
                                        "--unshare-ipc",
                                        "--die-with-parent",
                                        "--new-session",
                                        "--hostname",
                                        "shmlab",
                                        "--clearenv",
                                        "--symlink",
                                        "usr/lib",
                                        "/lib",
                                        "--symlink",
                                        "usr/lib64",
                                        "/lib64",
                                        "--ro-bind-try",
                                        "/usr/lib64",
                                        "/usr/lib64",
                                        "--dev",
                                        "/dev",
                                        NULL};
    word_count = 0;
    add_all(walls);
    set("PATH", "/usr/bin");
    set("LANG", "C.UTF-8");
}

/* --- To compile ------------------------------------------------------------------- */

#define COURSE "/course"

/* The contracts, at the place that they have in the course, too: so the compiler's
 * messages read as in a student's own run. */
static void show_headers(const char *pattern)
{
    glob_t paths;
    if (glob(pattern, 0, NULL, &paths) == 0)
        for (size_t i = 0; i < paths.gl_pathc; i++)
            show("--ro-bind", keep_text(strdup(paths.gl_pathv[i])),
                 path_of(COURSE "/%s", paths.gl_pathv[i]));
    globfree(&paths);
}

static void show_lab(const struct lab *lab)
{
    show_headers(path_of("labs/%s/*.h", lab->directory));
    for (int i = 0; i < LAB_FILES && lab->files[i]; i++)
        show("--ro-bind-try",
             path_of("%s/%s/%s", sources_directory(), lab->directory, lab->files[i]),
             path_of(COURSE "/labs/%s/%s", lab->directory, lab->files[i]));
    show("--bind", path_of("%s/lab%d", build_directory(), lab->number),
         path_of(COURSE "/build/lab%d", lab->number));
}

char **sandbox_to_build(const struct lab *const *chosen, int count)
{
    static const char *const root[] = {"--unshare-cgroup-try",
                                       "--cap-drop",
                                       "ALL",
                                       "--ro-bind",
                                       "/usr/bin",
                                       "/usr/bin",
                                       "--ro-bind",
                                       "/usr/lib",
                                       "/usr/lib",
                                       "--ro-bind",
                                       "/usr/include",
                                       "/usr/include",
                                       "--ro-bind-try",
                                       "/usr/libexec",
                                       "/usr/libexec",
                                       "--symlink",
                                       "usr/bin",
                                       "/bin",
                                       "--ro-bind-try",
                                       "/etc/alternatives",
                                       "/etc/alternatives",
                                       "--size",
                                       "134217728",
                                       "--tmpfs",
                                       "/tmp",
                                       "--dir",
                                       COURSE,
                                       "--chdir",
                                       COURSE,
                                       NULL};
    char self[PATH_MAX];

    begin();
    add_all(root);
    const char *cc = getenv("CC");
    set("CC", cc && *cc ? cc : "cc");
    show_headers("labs/*.h");
    for (int i = 0; i < count; i++)
        show_lab(chosen[i]);
    show("--ro-bind", path_of("%s/course", build_directory()), COURSE "/build/course");
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length > 0 ? length : 0] = '\0';
    show("--ro-bind", path_of("%s", self), COURSE "/build/shmlab");
    add("--");
    add(COURSE "/build/shmlab");
    add("build");
    for (int i = 0; i < count; i++)
        add(path_of("%d", chosen[i]->number));
    return words;
}

/* --- To check --------------------------------------------------------------------- */

#define PROGRAMS "/programs"

/* The directory of the C library, such as /usr/lib/x86_64-linux-gnu. */
static const char *library_directory(void)
{
    Dl_info info;
    void *function = dlsym(RTLD_DEFAULT, "printf");
    char *path =
        function && dladdr(function, &info) ? realpath(info.dli_fname, NULL) : NULL;
    char *slash = path ? strrchr(path, '/') : NULL;
    if (!slash)
        return "/usr/lib";
    *slash = '\0';
    return keep_text(path);
}

static int descriptor_of(const char *path)
{
    int fd = open(path, O_RDONLY);
    if (fd == -1) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    return fd;
}

static void show_programs(const struct lab *lab)
{
    static const char *const shell[] = {"program", NULL}, *const pair[] = {"reader",
                                                                           "writer",
                                                                           NULL};
    for (const char *const *name = lab_has_shell(lab) ? shell : pair; *name; name++)
        show("--ro-bind", path_of("%s/lab%d/%s", build_directory(), lab->number, *name),
             path_of(PROGRAMS "/lab%d/%s", lab->number, *name));
}

char **sandbox_to_check(const struct lab *const *chosen, int count)
{
    /* Root's number, and its privileges, as far as these namespaces go: the checks
     * make further namespaces with them. */
    static const char *const privileges[] = {"--uid",    "0",         "--gid",
                                             "0",        "--cap-add", "ALL",
                                             "--tmpfs",  "/tmp",      "--tmpfs",
                                             "/dev/shm", "--proc",    "/proc",
                                             NULL};
    const char *libraries = library_directory();

    begin();
    add_all(privileges);
    set("SHMLAB_ISOLATION", "bubblewrap");
    set("SHMLAB_WORLD", "private");
    set("SHMLAB_REPORT", path_of("%d", STDOUT_FILENO));
    set("SHMLAB_PROGRAMS", PROGRAMS);
    const char *scale = getenv("GRADER_TIMEOUT_SCALE");
    set("GRADER_TIMEOUT_SCALE", scale ? scale : "1");
    const char *seed = getenv("SHMLAB_SEED");
    if (seed)
        set("SHMLAB_SEED", seed);
    show("--ro-bind", libraries, libraries);
    for (int i = 0; i < count; i++)
        show_programs(chosen[i]);
    /* Without permission to read: so no process of a student may trace it. */
    add("--perms");
    add("0111");
    show("--ro-bind-data",
         path_of("%d", descriptor_of(path_of("%s/plain", build_directory()))),
         PROGRAMS "/plain");
    add("--remount-ro");
    add("/");
    add("--");
    add(path_of("/proc/self/fd/%d",
                descriptor_of(path_of("%s/runner", build_directory()))));
    const char *jobs = getenv("SHMLAB_JOBS");
    add(jobs ? jobs : path_of("%ld", 2 * sysconf(_SC_NPROCESSORS_ONLN)));
    for (int i = 0; i < count; i++)
        add(path_of("lab%d", chosen[i]->number));
    return words;
}
