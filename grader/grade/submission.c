/* submission.c - builds and checks one submission, and prints what came of it. */
#include "submission.h"

#include "build.h"
#include "results.h"

#include <stdio.h>

/* Without a sandbox the compiler's words come as they are. */
static json_t *text_of(const char *text)
{
    json_t *whole = json_string(text);
    return whole ? whole : json_string("The compiler's messages are no UTF-8.");
}

static json_t *build_of(const struct build *build)
{
    return json_pack("{s:b, s:b, s:o}", "ok", build->result == BUILT, "tried",
                     build->result != NOT_BUILT, "messages",
                     text_of(build->result == BUILT ? build->warnings : build->words));
}

/* Those of one lab; of a lab that was not built, all are "unchecked". */
static json_t *checks_of(const json_t *results, const struct lab *lab,
                         const struct build *build)
{
    if (build->result != BUILT)
        return results_not_built(lab);
    json_t *own = json_array(), *result;
    size_t i;
    json_array_foreach(results, i, result) if (results_is_of_lab(result, lab))
        json_array_append(own, result);
    return own;
}

bool submission_tell(const struct lab *const *chosen, int count)
{
    const struct lab *checked[LAB_COUNT];
    struct build builds[LAB_COUNT];
    bool shared = false;
    int checked_count = 0;

    build_labs(chosen, count, builds);
    for (int i = 0; i < count; i++)
        if (builds[i].result == BUILT)
            checked[checked_count++] = chosen[i];
    json_t *results = checked_count > 0
                          ? results_of_run(checked, checked_count, &shared)
                          : json_array();
    json_t *labs = json_object();
    for (int i = 0; i < count; i++)
        json_object_set_new(labs, path_of("%d", chosen[i]->number),
                            json_pack("{s:o, s:o}", "build", build_of(&builds[i]),
                                      "checks",
                                      checks_of(results, chosen[i], &builds[i])));
    json_t *all = json_pack("{s:b, s:o}", "shared", shared, "labs", labs);
    bool told = json_dumpf(all, stdout, JSON_COMPACT) == 0;
    json_decref(all);
    json_decref(results);
    return told;
}
