/* prompt_plain.c - reads the shell's lines where nobody edits them. */
#include "shell.h"

#include <stdio.h>
#include <stdlib.h>

char *read_line(const char *prompt)
{
    char *text = NULL;
    size_t size = 0;

    (void)prompt;
    if (getline(&text, &size, stdin) == -1) {
        free(text);
        return NULL;
    }
    return text;
}
