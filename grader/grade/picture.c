/* picture.c - asks build/scope for a picture of each check that failed. */
#include "picture.h"

#include "build.h"
#include "process.h"
#include "results.h"

#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

void pictures_remove(const struct lab *lab)
{
    glob_t found;
    if (glob(path_of("%s/lab%d/*.svg", build_directory(), lab->number), 0, NULL,
             &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        unlink(found.gl_pathv[i]);
    globfree(&found);
}

/* Returns whether scope drew it; else `*trouble` is what scope said. */
static bool draw(const char *results, const char *check, const char *picture,
                 const char **trouble)
{
    const char *words[] = {path_of("%s/scope", build_directory()),
                           "--output",
                           picture,
                           "--picture",
                           results,
                           check,
                           NULL};
    char *arguments[7];

    for (size_t i = 0; i < 7; i++)
        arguments[i] = (char *)(uintptr_t)words[i];
    int status = run_collecting(arguments, trouble);
    if (status == 127)
        *trouble = "build/scope is not there. Build it: make build/scope\n";
    return status == 0;
}

void pictures_draw(const json_t *results, const struct lab *lab)
{
    const char *kept = path_of("%s/lab%d/results.json", build_directory(), lab->number);
    const char *trouble;
    const json_t *result;
    size_t i;

    json_array_foreach(results, i, result)
    {
        const char *check = result_text(result, "name");
        if (!result_is(result, "failed") ||
            json_array_size(json_object_get(result, "steps")) == 0)
            continue;
        const char *picture =
            path_of("%s/lab%d/%s.svg", build_directory(), lab->number, check);
        if (!draw(kept, check, picture, &trouble)) {
            printf("  No pictures: %s", trouble);
            return;
        }
        printf("  Picture: %s\n", picture);
    }
}
