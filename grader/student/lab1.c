/* lab1.c - the lab shell's commands for keys.c. */
#include "keys.h"

#include "shell.h"

/* What *key holds before the call: no file's key by any likely chance. */
#define UNTOUCHED 0x5a5a5a5a

const char lab_name[] = "lab1";

static void answer_key(int result, key_t key)
{
    if (result == -1) {
        answer_failure(key == UNTOUCHED ? NULL : "*key was changed");
        return;
    }
    if (key == UNTOUCHED) {
        answer("ok key=unset; returned %d", result);
        return;
    }
    remember((unsigned)key);
    if (result == 0)
        answer("ok key=0x%08x", (unsigned)key);
    else
        answer("ok key=0x%08x; returned %d, neither 0 nor -1", (unsigned)key, result);
}

static void do_make(const struct words *words)
{
    key_t key = UNTOUCHED;
    int project = (int)number_at(words, 2);
    before("key_make");
    int result = key_make(words->word[1], project, &key);
    after();
    answer_key(result, key);
}

static void do_predict(const struct words *words)
{
    key_t key = UNTOUCHED;
    int project = (int)number_at(words, 2);
    before("key_predict");
    int result = key_predict(words->word[1], project, &key);
    after();
    answer_key(result, key);
}

static void do_split(const struct words *words)
{
    key_t key = key_at(words, 1);
    before("key_split");
    struct key_parts parts = key_split(key);
    after();
    answer("ok proj_id=0x%02x device=0x%02x inode=0x%04x", parts.proj_id, parts.device,
           parts.inode);
}

static void do_current(const struct words *words)
{
    int project = (int)number_at(words, 2);
    key_t key = key_at(words, 3);
    before("key_is_current");
    int result = key_is_current(words->word[1], project, key);
    after();
    answer_number(result);
}

const struct command lab_commands[] = {
    {"make", "PATH PROJ_ID", "key_make", 2, 2, do_make},
    {"split", "KEY", "key_split", 1, 1, do_split},
    {"predict", "PATH PROJ_ID", "key_predict", 2, 2, do_predict},
    {"current", "PATH PROJ_ID KEY", "key_is_current", 3, 3, do_current},
    {0},
};
