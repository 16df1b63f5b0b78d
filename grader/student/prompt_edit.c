/* prompt_edit.c - reads the shell's lines with editing, history and completion
 * (libedit), or plainly where standard input is no terminal. */
#include "shell.h"

#include <editline/readline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Command number `number` of both lists, or NULL. */
static const char *command_name(int number)
{
    const struct command *list = lab_commands;
    for (int i = 0; i < number && list->name; i++)
        list++;
    int own = (int)(list - lab_commands);
    return list->name ? list->name : plain_commands[number - own].name;
}

/* libedit calls this again and again for one word: the next name that fits. */
static char *next_name(const char *start, int again)
{
    static int number;
    const char *name;
    if (!again)
        number = 0;
    while ((name = command_name(number))) {
        number++;
        if (strncmp(name, start, strlen(start)) == 0)
            return strdup(name);
    }
    return NULL;
}

static char *read_plainly(void)
{
    char *text = NULL;
    size_t size = 0;
    if (getline(&text, &size, stdin) == -1) {
        free(text);
        return NULL;
    }
    return text;
}

char *read_line(const char *prompt)
{
    if (!isatty(STDIN_FILENO))
        return read_plainly();
    rl_completion_entry_function = next_name;
    char *text = readline(prompt);
    if (text && *text)
        add_history(text);
    else if (!text)
        putchar('\n');
    return text;
}
