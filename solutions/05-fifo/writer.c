/* Lab 5: the writer sends each line of its standard input. channel.h has the rules. */

/* [solution] */
/* reader.c draws how the two take turns with the segment, and says what keeps them safe
 * from each other and from leftovers.
 */
/* [/solution] */

#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* [solution] */
#define PROGRAM "writer"
#define INBOX   CHANNEL_TAKEN /* the FIFO that this program reads */
#define OUTBOX  CHANNEL_READY /* the FIFO that this program writes, and locks */

/* From here to the matching remark, reader.c has the same lines. */

/* What lies in the segment. The length of the message goes through ready.fifo. */
struct channel {
    char message[CHANNEL_CAPACITY - 1];
    bool complete; /* false while the one who came first is alone */
};
_Static_assert(sizeof(struct channel) == CHANNEL_CAPACITY, "the segment is full");

struct session {
    sigset_t mask; /* what was blocked before */
    int signals;   /* can be read when SIGINT or SIGTERM has come */
    int door;      /* DIR */
    int in;        /* INBOX, or -1 */
    int out;       /* OUTBOX, or -1 */
    int shmid;
    struct channel *channel;
};

/* A signal must not come between making a thing and noting that it exists. From now on
 * SIGINT and SIGTERM are blocked: they stay pending, and poll(2) sees them.
 */
static bool hold_signals(struct session *session)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, &session->mask);
    signal(SIGPIPE, SIG_IGN); /* a closed output is an error like any other */
    session->signals = signalfd(-1, &set, 0);
    return session->signals != -1;
}

/* Waits until the descriptor is ready or has hung up. False if a signal asks to end. */
static bool wait_for(const struct session *session, int fd, short events)
{
    struct pollfd fds[] = {
        {.fd = session->signals, .events = POLLIN},
        {.fd = fd, .events = events},
    };
    return poll(fds, 2, -1) > 0 && fds[0].revents == 0;
}

/* Waits for a word of the other program: its size, 0 if that program is gone, or -1. */
static ssize_t hear(const struct session *session, void *word, size_t size)
{
    while (wait_for(session, session->in, POLLIN)) {
        ssize_t got = read(session->in, word, size);
        if (got != -1 || errno != EAGAIN)
            return got;
    }
    return -1;
}

/* A word is shorter than PIPE_BUF, so it arrives as a whole. It always finds room. */
static bool say(const struct session *session, const void *word, size_t size)
{
    return write(session->out, word, size) == (ssize_t)size;
}

/* Opens both FIFOs, and waits for nobody. INBOX: Linux reports no hang-up before the
 * first writer has come, so poll(2) can wait for it. OUTBOX: opened for both directions
 * it needs no reader, never gives SIGPIPE, and keeps what is said until the other
 * program comes.
 */
static bool open_fifos(struct session *session)
{
    session->in = open(INBOX, O_RDONLY | O_NONBLOCK);
    session->out = open(OUTBOX, O_RDWR | O_NONBLOCK);
    return session->in != -1 && session->out != -1;
}

/* Removes a FIFO. If we have one open (fd is not -1), then only that very one: the
 * other program may have been quicker, and the next pair may have made a new one. While
 * we have ours open, no other file can get its inode number.
 */
static void remove_fifo(const char *name, int fd)
{
    struct stat named, own;
    if (lstat(name, &named) == -1 || !S_ISFIFO(named.st_mode))
        return;
    if (fd == -1 || (fstat(fd, &own) == 0 && own.st_ino == named.st_ino))
        (void)unlink(name);
}

static void remove_all(const struct session *session)
{
    remove_fifo(INBOX, session->in);
    remove_fifo(OUTBOX, session->out);
    (void)shmctl(session->shmid, IPC_RMID, NULL); /* gone already: no harm */
}

static bool attach(struct session *session, int shmid)
{
    session->shmid = shmid;
    session->channel = shmid == -1 ? (void *)-1 : shmat(shmid, NULL, 0);
    return session->channel != (void *)-1;
}

/* Joins the other program, if it is there and waits for its first partner. Its lock is
 * on the very descriptor that it writes to us with. We opened INBOX before we see the
 * lock: so we cannot miss the hang-up, even if it is killed right now.
 */
static bool join(struct session *session, key_t key)
{
    if (session->in == -1 || session->out == -1)
        return false;
    if (flock(session->in, LOCK_EX | LOCK_NB) == 0)
        return false;
    if (!attach(session, shmget(key, CHANNEL_CAPACITY, 0)))
        return false;
    if (session->channel->complete) {
        (void)shmdt(session->channel);
        return false;
    }
    session->channel->complete = true;
    return true;
}

/* Everything that is there was left over by a pair that was killed. New FIFOs and a new
 * segment cannot be mixed up with the old ones, even if somebody still has those open.
 */
static bool start_afresh(struct session *session, key_t key)
{
    session->shmid = shmget(key, 0, 0); /* of any size */
    remove_all(session);
    (void)close(session->in);
    (void)close(session->out);
    session->in = session->out = -1;

    if (mkfifo(INBOX, 0600) == 0 && mkfifo(OUTBOX, 0600) == 0 && open_fifos(session) &&
        flock(session->out, LOCK_EX | LOCK_NB) == 0 &&
        attach(session, shmget(key, CHANNEL_CAPACITY, IPC_CREAT | IPC_EXCL | 0600)))
        return true;
    perror(PROGRAM ": cannot make the FIFOs and the segment");
    remove_all(session);
    return false;
}

/* Comes back with both FIFOs open and the segment attached, or says why not. */
static bool enter(struct session *session)
{
    key_t key = ftok(".", CHANNEL_PROJ_ID);
    session->door = open(".", O_RDONLY | O_DIRECTORY);
    /* A signal that comes while we wait for the door ends us: nothing is made yet. */
    if (key == -1 || session->door == -1 || flock(session->door, LOCK_EX) == -1 ||
        !hold_signals(session)) {
        perror(PROGRAM ": cannot enter the directory");
        return false;
    }
    (void)open_fifos(session);
    if (session->out != -1 && flock(session->out, LOCK_EX | LOCK_NB) == -1) {
        fputs(PROGRAM ": another " PROGRAM " is at work in this directory\n", stderr);
        return false;
    }
    bool entered = join(session, key) || start_afresh(session, key);
    (void)flock(session->door, LOCK_UN);
    return entered;
}

/* The one who goes first removes the names. The other one keeps what it has open. */
static void leave(const struct session *session)
{
    (void)flock(session->door, LOCK_EX);
    remove_all(session); /* still attached, so the id cannot be another segment's */
    (void)flock(session->door, LOCK_UN);
    (void)shmdt(session->channel);
    /* A pending signal now ends the program, as the one who sent it expects. */
    sigprocmask(SIG_SETMASK, &session->mask, NULL);
}

/* End of the lines that reader.c has, too. */

/* Standard input, not yet cut into lines. The longest one and its newline just fit. */
struct input {
    char bytes[CHANNEL_CAPACITY];
    size_t used;
    bool ended;
    bool refused; /* there was a line that is too long */
};

/* Waits for more input, and watches the reader meanwhile: while the segment is ours,
 * the only news in INBOX is a hang-up.
 */
static bool read_more(const struct session *session, struct input *input)
{
    struct pollfd fds[] = {
        {.fd = session->signals, .events = POLLIN},
        {.fd = session->in, .events = POLLIN},
        {.fd = STDIN_FILENO, .events = POLLIN},
    };
    if (poll(fds, 3, -1) == -1 || fds[0].revents != 0)
        return false;
    if (fds[1].revents != 0) {
        fputs("writer: the reader is gone\n", stderr);
        return false;
    }
    ssize_t got = read(STDIN_FILENO, input->bytes + input->used,
                       sizeof input->bytes - input->used);
    if (got == -1 && errno != EAGAIN) {
        perror("writer: standard input");
        return false;
    }
    input->ended = got == 0;
    input->used += got > 0 ? (size_t)got : 0;
    return true;
}

static void drop(struct input *input, size_t count)
{
    input->used -= count;
    memmove(input->bytes, input->bytes + count, input->used);
}

/* Moves the next line into the segment: its length, or -1. At the end of the input
 * input->ended is true then; else there is another reason to stop.
 */
static ssize_t put_line(const struct session *session, struct input *input)
{
    bool skipping = false; /* inside a line that is too long */
    for (;;) {
        const char *newline = memchr(input->bytes, '\n', input->used);
        size_t size = newline == NULL ? input->used : (size_t)(newline - input->bytes);
        if (newline != NULL || (input->ended && size > 0)) {
            memcpy(session->channel->message, input->bytes, size);
            drop(input, newline == NULL ? size : size + 1);
            if (!skipping)
                return (ssize_t)size;
            skipping = false; /* that was the end of it, and nobody reads the copy */
        } else if (input->ended) {
            return -1;
        } else if (size == sizeof input->bytes) {
            if (!skipping)
                fprintf(stderr, "writer: a line of more than %d bytes is not sent\n",
                        CHANNEL_CAPACITY - 1);
            input->refused = skipping = true;
            input->used = 0;
        } else if (!read_more(session, input)) {
            return -1;
        }
    }
}

static int send_lines(const struct session *session)
{
    struct input input = {.used = 0};
    char taken;
    ssize_t heard;
    while ((heard = hear(session, &taken, 1)) > 0) {
        ssize_t size = put_line(session, &input);
        if (size == -1)
            return input.ended && !input.refused ? EXIT_SUCCESS : EXIT_FAILURE;
        size_t length = (size_t)size;
        if (!say(session, &length, sizeof length))
            return EXIT_FAILURE;
    }
    if (heard == 0)
        fputs("writer: the reader is gone\n", stderr);
    return EXIT_FAILURE;
}
/* [/solution] */

int main(int argc, char *argv[])
{
    /* [todo 1]
     * Check the arguments. If there is not exactly one, or if it names no
     * directory, say on standard error how the program is used, and end with
     * status 2. Look up chdir(2): it checks the directory and shortens all names.
     * [stub]
     * (void)argc;
     * (void)argv;
     */
    if (argc != 2 || chdir(argv[1]) == -1) {
        fputs("usage: writer DIR    (an existing directory)\n", stderr);
        return 2;
    }
    /* [/todo] */

    /* [todo 2]
     * Find the FIFOs and the segment that the reader made, or make them: mkfifo(3),
     * fifo(7), shmget(2). Think of what a killed pair left behind: flock(2). Before
     * you make anything, think of SIGINT and SIGTERM: sigprocmask(2), ppoll(2),
     * signalfd(2).
     * [stub]
     */
    struct session session;
    if (!enter(&session))
        return EXIT_FAILURE;
    /* [/todo] */

    /* [todo 3]
     * Again and again: wait until the segment is free, wait for a line, copy it into
     * the segment, and say that it is ready. Look up what read(2) and write(2) answer
     * on a FIFO whose other end has gone, and what SIGPIPE does.
     * [stub]
     */
    int status = send_lines(&session);
    /* [/todo] */

    /* [todo 4]
     * Remove what is there: unlink(2), shmctl(2). The reader may be quicker than
     * you, and the next pair may be there already.
     * [stub]
     * return EXIT_FAILURE;
     */
    leave(&session);
    return status;
    /* [/todo] */
}
