/* calls.c - writes calls with the names of their flags and commands. */
#include "calls.h"

#include "../student/control.h"

#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

static void write_command(FILE *out, long long value)
{
    const char *name = shmctl_command(value);
    if (name)
        fputs(name, out);
    else
        fprintf(out, "%lld", value);
}

static void write_address(FILE *out, long long value)
{
    if (value == 0)
        fputs("NULL", out);
    else
        fprintf(out, "0x%llx", (unsigned long long)value);
}

long long call_argument(const json_t *call, size_t index)
{
    return json_integer_value(
        json_array_get(json_object_get(call, "arguments"), index));
}

static void write_arguments(FILE *out, const char *name, const json_t *call)
{
    const long long first = call_argument(call, 0), second = call_argument(call, 1),
                    third = call_argument(call, 2);
    char flags[FLAGS_TEXT];

    if (strcmp(name, "shmget") == 0) {
        if (first == IPC_PRIVATE)
            fprintf(out, "IPC_PRIVATE, %lld, ", second);
        else
            fprintf(out, "0x%08x, %lld, ", (unsigned)first, second);
        fputs(shmget_flags(third, flags), out);
    } else if (strcmp(name, "shmat") == 0) {
        fprintf(out, "%lld, ", first);
        write_address(out, second);
        fputs(", ", out);
        fputs(shmat_flags(third, flags), out);
    } else if (strcmp(name, "shmdt") == 0) {
        write_address(out, first);
    } else if (strcmp(name, "shmctl") == 0) {
        fprintf(out, "%lld, ", first);
        write_command(out, second);
    } else if (strcmp(name, "ftok") == 0) {
        fprintf(out, "..., 0x%llx", (unsigned long long)second);
    } else if (strcmp(name, "read") == 0 || strcmp(name, "write") == 0) {
        fprintf(out, "%lld, ..., %lld", first, third);
    } else if (strcmp(name, "kill") == 0) {
        fprintf(out, "%lld, %lld", first, second);
    } else {
        fputs("...", out); /* paths: the record has only their address */
    }
}

static void write_result(FILE *out, const char *name, const json_t *call)
{
    const long long result = json_integer_value(json_object_get(call, "result"));
    const char *error = json_string_value(json_object_get(call, "error"));

    if (error)
        fprintf(out, " = -1 %s", error);
    else if (strcmp(name, "shmat") == 0)
        fprintf(out, " = 0x%llx", (unsigned long long)result);
    else if (strcmp(name, "ftok") == 0)
        fprintf(out, " = 0x%08x", (unsigned)result);
    else
        fprintf(out, " = %lld", result);
}

void call_text(const json_t *call, char *text, size_t size)
{
    const char *name = json_string_value(json_object_get(call, "call"));
    const long long times = json_integer_value(json_object_get(call, "times"));

    FILE *out = fmemopen(text, size, "w");
    text[0] = '\0';
    if (!out)
        return;
    name = name ? name : "?";
    fprintf(out, "%s(", name);
    write_arguments(out, name, call);
    putc(')', out);
    write_result(out, name, call);
    if (times > 1)
        fprintf(out, ", %lld times", times);
    fclose(out);
    text[size - 1] = '\0';
}
