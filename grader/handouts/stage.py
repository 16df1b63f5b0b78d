"""Inside a world: opens terminals, types, and waits until everything is at rest.

Started by world.py as the first program of fresh namespaces.  Reads requests from
standard input, a JSON object a line, and answers each with one.  Ends with its input.

Nothing here waits for a time to pass.  A typed line is done when
  - the terminal has echoed it, and no byte of it is left to be read,
  - some process ran since, and now all sleep and none has run between two looks,
  - what they printed has arrived: the kernel hands on the bytes of a terminal in
    order, so a mark that we write behind them arrives last.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import resource
import select
import shutil
import signal
import struct
import sys
import termios
import time
from dataclasses import dataclass, field
from typing import Any

import pexpect  # type: ignore[import]

COURSE = "/home/student/shmlab"
MADE = "/run/shmlab/build"  # what `make ready` made, read-only
PROMPT = "\x1e$ "  # the shell's own; no program prints the first byte
MORE = "\x1e> "
LAB_PROMPTS = tuple(f"lab{number}> " for number in range(1, 10))
MARK = "\x1d"
KEYS = {"^C": b"\x03", "^D": b"\x04", "^Z": b"\x1a", "^\\": b"\x1c"}
WIDTH = 200  # nothing wraps
LOOKS = 20  # how often a program without a prompt must be seen at rest
TIOCGPTPEER = 0x5441  # opens the other end of a terminal: ioctl_tty(2)

ENVIRONMENT = {
    "HOME": "/home/student",
    "USER": "student",
    "LOGNAME": "student",
    "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
    "TZ": "UTC",
    "SHELL": "/bin/bash",
    "PS1": PROMPT,
    "PS2": MORE,
    "HISTFILE": "",
}

Snapshot = dict[str, tuple[str, ...]]


class Unrest(Exception):
    """The world did not come to rest."""


@dataclass
class Terminal:
    """A terminal with a shell."""

    child: Any  # pexpect.spawn
    slave: int
    text: str = ""  # printed, and not taken yet
    prompt: str = ""  # the prompt at which it stands, "" while a command runs
    ended: bool = False

    def read(self) -> bool:
        """Takes what has been printed.  Returns whether there was anything."""
        try:
            self.text += self.child.read_nonblocking(65536, timeout=0)
        except pexpect.TIMEOUT:
            return False
        except pexpect.EOF:
            return False
        return True

    def drain(self) -> bool:
        """Makes sure that all that was printed has been read.  Returns whether there was more."""
        before = len(self.text)
        while self.read():
            pass
        os.write(self.slave, MARK.encode())
        self.child.expect_exact(MARK, timeout=deadline())
        self.text += self.child.before
        return len(self.text) > before

    def unread(self) -> int:
        """How many typed bytes no program has read yet."""
        answer = fcntl.ioctl(self.slave, termios.FIONREAD, struct.pack("i", 0))
        return int(struct.unpack("i", answer)[0])

    def is_busy(self, snapshot: Snapshot) -> bool:
        return (not self.prompt and self.unread() > 0) or self.changes_hands(snapshot)

    def changes_hands(self, snapshot: Snapshot) -> bool:
        """Has the foreground command ended or stopped, and the shell not noticed yet?"""
        if self.ended or not self.child.isalive():
            return False
        group = os.tcgetpgrp(self.child.child_fd)
        members = [entry for pid, entry in snapshot.items() if group_of(pid) == group]
        return all(entry[0] in "TZX" for entry in members)

    def prompt_at_end(self) -> str:
        """The prompt behind all that was printed, as it stands there."""
        for prompt in (PROMPT, MORE, *LAB_PROMPTS):
            if self.text.endswith(prompt):
                before = self.text.removesuffix(prompt)
                # A prompt stands at the beginning of a line, or behind output that
                # has no newline: only the shell's can be told from such output.
                if prompt not in LAB_PROMPTS or not before or before.endswith(("\n", "\r")):
                    return prompt
        return ""

    def waits_for_us(self) -> bool:
        """Does it stand at a prompt, or has it ended?  If not, a program may be at work."""
        return bool(self.prompt or self.prompt_at_end()) or not self.child.isalive()

    def look_for_prompt(self) -> None:
        if not self.child.isalive():
            self.ended = True
            self.prompt = ""
        elif prompt := self.prompt_at_end():
            self.text = self.text.removesuffix(prompt)
            self.prompt = prompt.lstrip("\x1e").strip()

    def take(self) -> str:
        text, self.text = self.text, ""
        return text.replace("\r\n", "\n").replace("\r", "")


def deadline() -> float:
    """For what never comes; on a slow machine it is longer, as for the checks."""
    return 30 * float(os.environ.get("GRADER_TIMEOUT_SCALE", "1") or 1)


def look() -> Snapshot:
    """Every thread of the world: its state, whether it truly sleeps, how often it ran.

    A process that ends shows as a zombie a moment before its parent is woken; the kernel
    does both under one lock (exit_notify).  kill(2) of a group takes this lock, so of a
    zombie that the last look has seen the parent is awake now.
    """
    os.kill(0, 0)
    found: Snapshot = {}
    for pid in os.listdir("/proc"):
        if not pid.isdigit() or pid in (str(os.getpid()), "1"):
            continue
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                found[thread] = look_at(f"/proc/{pid}/task/{thread}")
        except OSError:  # it has ended meanwhile
            continue
    return found


def look_at(thread: str) -> tuple[str, ...]:
    with open(f"{thread}/status", encoding="utf-8") as file:
        lines = file.read().splitlines()
    state = [line.split()[1] for line in lines if line.startswith("State:")]
    turns = [line.split()[1] for line in lines if "ctxt_switches" in line]
    return (*state, call_of(thread), *turns)


def call_of(thread: str) -> str:
    """The number of the system call in which a thread sleeps, or "running".

    A thread that is about to sleep, or that reaps a child in wait(2), shows the state S
    while it still runs.  This file tells the truth: it waits for the thread to be gone
    from its processor.
    """
    try:
        with open(f"{thread}/syscall", encoding="ascii") as file:
            return file.read().split()[0]
    except PermissionError:  # ptrace_scope(5) of the Yama module may forbid it
        return "?"


def group_of(pid: str) -> int:
    try:
        return os.getpgid(int(pid))
    except OSError:
        return -1


def all_sleep(snapshot: Snapshot) -> bool:
    """A process in a tracing stop (t) does not rest: strace is about to let it go on."""
    return all(entry[0] in "STZX" and entry[1] != "running" for entry in snapshot.values())


@dataclass
class Stage:
    """All terminals of a world."""

    terminals: dict[str, Terminal] = field(default_factory=dict)

    def settle(self, before: Snapshot | None) -> None:
        """Waits until something has run since `before`, and everything sleeps again.

        A prompt is a sign that a command is done.  Where there is none, a program waits for
        something, or it was seen in a moment in which nothing ran: these are told apart by
        looking more often.
        """
        end = time.monotonic() + deadline()
        last: Snapshot = {}
        calm = 0  # looks that have shown nothing new
        while time.monotonic() < end:
            masters = [t.child.child_fd for t in self.terminals.values() if not t.ended]
            select.select(masters, [], [], 0.001)  # a pause that output cuts short
            for terminal in self.terminals.values():
                terminal.read()
            now = look()
            quiet = now == last and all_sleep(now) and (before is None or now != before)
            last = now
            if not quiet or any(t.is_busy(now) for t in self.terminals.values()):
                calm = 0
                continue
            if any([t.drain() for t in self.terminals.values()]):
                calm, last = 0, {}
                continue
            calm += 1
            if calm == LOOKS or all(t.waits_for_us() for t in self.terminals.values()):
                for terminal in self.terminals.values():
                    terminal.look_for_prompt()
                return
        raise Unrest(f"After {deadline():.0f} s the processes are still busy: {busy(last)}")

    def open(self, name: str) -> Terminal:
        if name in self.terminals:
            return self.terminals[name]
        child = pexpect.spawn(
            "/bin/bash",
            ["--noprofile", "--norc", "--noediting", "-i"],
            env=ENVIRONMENT,
            cwd=COURSE,
            dimensions=(24, WIDTH),
            encoding="utf-8",
            codec_errors="replace",
            preexec_fn=default_manners,
        )
        child.delaybeforesend = None
        slave = fcntl.ioctl(child.child_fd, TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY)
        terminal = Terminal(child, slave)
        self.terminals[name] = terminal
        child.expect_exact(PROMPT, timeout=deadline())
        terminal.prompt = "$"
        self.settle(None)
        return terminal

    def type(self, name: str, line: str) -> None:
        terminal = self.open(name)
        before = look()
        unread_text, terminal.text = terminal.text, ""
        terminal.prompt = ""
        terminal.child.sendline(line)
        self.wait_for_echo(terminal, line)
        self.settle(before)
        terminal.text = unread_text + terminal.text

    def wait_for_echo(self, terminal: Terminal, line: str) -> None:
        end = time.monotonic() + deadline()
        echo = visible(line)
        while time.monotonic() < end:
            select.select([terminal.child.child_fd], [], [], 0.1)
            terminal.read()
            head, newline, rest = terminal.text.lstrip("\r").partition("\n")
            if newline and head.rstrip("\r") == echo:
                terminal.text = rest
                return
            if newline:
                break
        raise Unrest(f"The terminal did not take the line {line!r}; it shows {terminal.text!r}")

    def press(self, name: str, key: str) -> None:
        terminal = self.open(name)
        before = look()
        terminal.prompt = ""
        old = terminal.text
        terminal.text = ""
        os.write(terminal.child.child_fd, KEYS[key])
        self.settle(before)
        text = terminal.text.removeprefix(key)
        terminal.text = old + text.removeprefix("\r\n")

    def answer(self) -> dict[str, Any]:
        return {
            "terminals": {
                name: {
                    "output": terminal.take(),
                    "prompt": terminal.prompt,
                    "ended": terminal.ended,
                }
                for name, terminal in self.terminals.items()
            },
            "segments": segments(),
            "processes": processes(),
        }


def default_manners() -> None:
    """Python ignores SIGPIPE; the programs of an experiment must not inherit that.

    No core dumps: a limit of 1 forbids them also where they go through a pipe (core(5)),
    so that bash says "Segmentation fault" and nothing more on every machine.
    """
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))


def visible(line: str) -> str:
    """How a terminal echoes a line."""
    return "".join(f"^{chr(ord(c) ^ 64)}" if c < " " and c != "\t" else c for c in line)


def busy(snapshot: Snapshot) -> str:
    names = []
    for thread, entry in snapshot.items():
        try:
            with open(f"/proc/{thread}/cmdline", encoding="utf-8") as file:
                command = file.read().replace("\0", " ").strip()
        except OSError:
            continue
        names.append(f"{command} (pid {thread}, state {' '.join(entry)})")
    return "; ".join(names) or "none that still runs"


def segments() -> list[dict[str, Any]]:
    rows = []
    with open("/proc/sysvipc/shm", encoding="ascii") as file:
        next(file)
        for line in file:
            word = line.split()
            mode = int(word[2], 8)
            rows.append(
                {
                    "key": int(word[0]) & 0xFFFFFFFF,
                    "shmid": int(word[1]),
                    "perms": mode & 0o777,
                    "dest": bool(mode & 0o1000),
                    "bytes": int(word[3]),
                    "nattch": int(word[6]),
                    "creator": int(word[4]),
                }
            )
    return rows


def processes() -> dict[str, str]:
    """The processes of the world by pid: who may be a creator in the table."""
    names = {}
    for pid in os.listdir("/proc"):
        if pid.isdigit() and pid not in ("1", str(os.getpid())):
            try:
                with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                    names[pid] = file.read().strip()
            except OSError:
                continue
    return names


def use_table() -> None:
    """Uses each place of the kernel's table once, as on a machine that is up for a while.

    The first ids of a new namespace are 0 to 63; then come 32768, 32769 and so on.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    create, private, rmid = 0o1000, 0, 0
    while True:
        identifier = libc.shmget(private, ctypes.c_size_t(1), create | 0o600)
        if identifier == -1:
            raise OSError(ctypes.get_errno(), "shmget")
        libc.shmctl(identifier, rmid, None)
        if identifier % 32768 == 63 or identifier >= 32768:
            return


def prepare() -> None:
    """The course's programs, in a folder where more can be built."""
    for name in ("shmlab", "checks", "checks.json", "plain", "runner"):
        shutil.copy2(f"{MADE}/{name}", f"{COURSE}/build/{name}")
    shutil.copytree(f"{MADE}/course", f"{COURSE}/build/course")
    if "fresh" not in sys.argv[1:]:
        use_table()


def obey(stage: Stage, request: dict[str, Any]) -> dict[str, Any]:
    try:
        if request["do"] == "type":
            stage.type(request["terminal"], request["text"])
        elif request["do"] == "press":
            stage.press(request["terminal"], request["text"])
        elif request["do"] == "open":
            stage.open(request["terminal"])
    except (Unrest, pexpect.TIMEOUT) as trouble:
        return {**stage.answer(), "trouble": str(trouble).splitlines()[0]}
    return stage.answer()


def main() -> int:
    prepare()
    stage = Stage()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(obey(stage, json.loads(line))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
