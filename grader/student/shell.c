/* shell.c - the lab shell's loop: read a line, call, answer. */
#include "shell.h"

#include "interpose.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_LINE 65536

static unsigned step;          /* the number of the line that is obeyed */
static int kept_errno;         /* errno after the student's function    */
static int left_over;          /* the sign that it did not set errno    */
static int chosen_errno;       /* by the command errno; 0: none         */
static unsigned long last;     /* what `$` stands for                   */
static jmp_buf not_understood; /* back to the loop from number_at       */

void before(const char *function)
{
    interpose_enter(step, function);
    /* No function of the library sets errno to 0: a program finds there what some earlier
     * failure left.  No function of the labs meets one of these two. */
    left_over = step % 2 == 0 ? EDOM : EXDEV;
    errno = chosen_errno ? chosen_errno : left_over;
    chosen_errno = 0;
}

void after(void)
{
    kept_errno = errno == left_over ? 0 : errno;
    interpose_leave();
}

void choose_errno(int error)
{
    chosen_errno = error;
}

void answer(const char *format, ...)
{
    static char text[MAX_LINE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof text)
        length = sizeof text - 1;

    if (interpose_line() == -1) {
        puts(text);
        fflush(stdout);
    } else {
        send(interpose_line(), text, (size_t)length, MSG_NOSIGNAL);
    }
}

void answer_errno(int error, const char *remark)
{
    const char *name = strerrorname_np(error);
    const char *text = strerrordesc_np(error);

    if (error == 0) {
        name = "0";
        text = "errno was not set";
    }
    if (remark)
        answer("error %s: %s; %s", name ? name : "?", text ? text : "?", remark);
    else
        answer("error %s: %s", name ? name : "?", text ? text : "?");
}

void answer_failure(const char *remark)
{
    answer_errno(kept_errno, remark);
}

void answer_status(int result)
{
    if (result == -1)
        answer_failure(NULL);
    else if (result == 0)
        answer("ok");
    else
        answer("ok %d; neither 0 nor -1", result);
}

void answer_number(long result)
{
    if (result == -1) {
        answer_failure(NULL);
        return;
    }
    remember((unsigned long)result);
    answer("ok %ld", result);
}

void remember(unsigned long value)
{
    last = value;
}

__attribute__((noreturn)) static void refuse(const char *word, const char *wanted)
{
    answer("usage: '%s' is not %s", word, wanted);
    longjmp(not_understood, 1);
}

long long number_at(const struct words *words, int index)
{
    const char *word = words->word[index];
    char *end;

    if (strcmp(word, "$") == 0)
        return (long long)last;
    errno = 0;
    unsigned long long value = strtoull(word, &end, 0);
    if (end == word || *end || errno == ERANGE)
        refuse(word, "a number (write 12, 0x0c or 014)");
    return (long long)value;
}

key_t key_at(const struct words *words, int index)
{
    if (strcmp(words->word[index], "private") == 0)
        return IPC_PRIVATE;
    long long value = number_at(words, index);
    if (value < INT32_MIN || value > UINT32_MAX)
        refuse(words->word[index], "a key (32 bits)");
    return (key_t)(uint32_t)value;
}

int flags_at(const struct words *words, int index)
{
    static const struct {
        const char *name;
        int flag;
    } names[] = {{"create", IPC_CREAT}, {"excl", IPC_EXCL}, {"0", 0}};
    int flags = 0;
    char *text = strdup(words->word[index]);
    char *position = text;

    for (char *name; (name = strsep(&position, "|"));) {
        size_t i = 0;
        while (i < sizeof names / sizeof names[0] && strcmp(name, names[i].name) != 0)
            i++;
        char *end = name;
        if (i < sizeof names / sizeof names[0])
            flags |= names[i].flag;
        else
            flags |= (int)strtol(name, &end, 8);
        if (end == name && i == sizeof names / sizeof names[0]) {
            free(text);
            refuse(words->word[index], "a list of flags (write create|excl|0600)");
        }
    }
    free(text);
    return flags;
}

void show_bytes(char *text, size_t size, const unsigned char *bytes, size_t count)
{
    size_t used = 0;
    size_t same = 1;
    while (same < count && bytes[same] == bytes[0])
        same++;
    bool repeated = count > 8 && same == count;

    text[used++] = '"';
    for (size_t i = 0; i < (repeated ? 1 : count) && used + 24 < size; i++) {
        if (bytes[i] == '"' || bytes[i] == '\\')
            used += (size_t)snprintf(text + used, size - used, "\\%c", bytes[i]);
        else if (bytes[i] >= 0x20 && bytes[i] < 0x7f)
            text[used++] = (char)bytes[i];
        else
            used += (size_t)snprintf(text + used, size - used, "\\x%02x", bytes[i]);
    }
    text[used++] = '"';
    text[used] = '\0';
    if (repeated)
        snprintf(text + used, size - used, "*%zu", count);
}

/* The value of an escape in a quoted word; `*at` stands behind the backslash. */
static char unescape(const char **at)
{
    char c = *(*at)++;
    if (c == 'n')
        return '\n';
    if (c == 't')
        return '\t';
    if (c == 'x' && isxdigit((unsigned char)(*at)[0]) &&
        isxdigit((unsigned char)(*at)[1])) {
        const char digits[3] = {(*at)[0], (*at)[1], '\0'};
        *at += 2;
        return (char)strtoul(digits, NULL, 16);
    }
    return c;
}

/* Takes one word: bare or in double quotes, perhaps repeated with *COUNT. */
static void take_word(const char **at, struct words *words)
{
    size_t length = 0;
    char *word = malloc(strlen(*at) + 1);
    if (!word)
        abort();

    if (**at == '"') {
        ++*at;
        while (**at && **at != '"') {
            char c = *(*at)++;
            if (c == '\\' && **at)
                c = unescape(at);
            word[length++] = c;
        }
        if (**at == '"')
            ++*at;
    } else {
        while (**at && !isspace((unsigned char)**at) && **at != '*')
            word[length++] = *(*at)++;
    }
    word[length] = '\0';

    if (**at == '*') {
        char *end;
        size_t times = strtoul(*at + 1, &end, 10);
        *at = end;
        if (times > 1 << 20)
            times = 1 << 20;
        char *longer = malloc(length * times + 1);
        if (!longer)
            abort();
        for (size_t i = 0; i < times; i++)
            memcpy(longer + i * length, word, length);
        free(word);
        word = longer;
        length *= times;
        word[length] = '\0';
    }
    words->word[words->count] = word;
    words->length[words->count++] = length;
}

static void cut(const char *text, struct words *words)
{
    words->count = 0;
    for (;;) {
        while (isspace((unsigned char)*text))
            text++;
        if (!*text || *text == '#' || words->count == MAX_WORDS)
            return;
        take_word(&text, words);
    }
}

static const struct command *find(const struct command *list, const char *name)
{
    for (; list->name; list++)
        if (strcmp(list->name, name) == 0)
            return list;
    return NULL;
}

static void list_commands(const struct command *list)
{
    for (; list->name; list++)
        printf("  %-10s %-22s %s\n", list->name, list->arguments, list->help);
}

static void help(void)
{
    if (lab_commands[0].name) {
        puts("Your functions:");
        list_commands(lab_commands);
        putchar('\n');
    }
    puts("Straight to the kernel, without your code:");
    list_commands(plain_commands);
    puts(
        "\nWrite numbers as in C: 4096, 0x1234, 0600.  $ is the id or the address that\n"
        "was answered last.  \"x\"*100 is a text of 100 letters x.  A # starts a comment.");
}

static void run(const struct words *words)
{
    const char *name = words->word[0];
    const struct command *command = find(lab_commands, name);
    if (!command)
        command = find(plain_commands, name);

    if (strcmp(name, "help") == 0)
        help();
    else if (!command)
        answer("usage: there is no command '%s'; type help", name);
    else if (words->count - 1 < command->least || words->count - 1 > command->most)
        answer("usage: %s %s", command->name, command->arguments);
    else
        command->run(words);
}

/* Returns false when the shell is to end. */
static bool obey(const char *text)
{
    static struct words words;
    cut(text, &words);
    if (words.count == 0)
        return true;
    step++;
    if (strcmp(words.word[0], "quit") == 0)
        return false;
    if (setjmp(not_understood) == 0)
        run(&words);
    for (int i = 0; i < words.count; i++)
        free(words.word[i]);
    return true;
}

/* A check types: each message on the line is one line of the shell. */
static void serve(void)
{
    static char text[MAX_LINE];
    for (;;) {
        ssize_t length = recv(interpose_line(), text, sizeof text - 1, 0);
        if (length == -1 && errno == EINTR)
            continue;
        if (length <= 0)
            return;
        text[length] = '\0';
        if (!obey(text))
            return;
    }
}

int main(void)
{
    char prompt[32];

    /* A student's printf shows in the right place, also in a file. */
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (getenv(EXEC_VARIABLE)) {
        unsetenv(EXEC_VARIABLE);
        answer("ok");
    }
    if (interpose_line() != -1) {
        serve();
        return EXIT_SUCCESS;
    }
    if (isatty(STDIN_FILENO))
        printf("Lab shell for %s, process %d.  Type help, or quit.\n", lab_name,
               (int)getpid());
    snprintf(prompt, sizeof prompt, "%s> ", lab_name);
    bool more = true;
    while (more) {
        char *text = read_line(prompt);
        more = text && obey(text);
        free(text);
    }
    return EXIT_SUCCESS;
}
