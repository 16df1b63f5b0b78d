"""walk_test.py TEST - walks through a small handout as a reader does, in a terminal.

Called by handouts.bats.  Status 0 when all was as expected; else pexpect tells what the
terminal showed.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import tempfile
import time
from pathlib import Path

import pexpect  # type: ignore[import]

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 60 * float(os.environ.get("GRADER_TIMEOUT_SCALE", "1") or 1)

HANDOUT = """\
# A small handout

Something to read.

## One: a segment

<!-- values: 32768=shmid -->

```console A
$ make shell LAB=2
...
lab2> shmget 0x1234 100 create|0600
ok 32768
```

<!-- ask -->
Does a second call find it?

- No.
- Yes.

<!-- answer: 2 -->

```console A
lab2> find 0x1234
ok 32768
```

<details><summary>Answer</summary>

The key is all that it needs.
</details>

## Two: words

<!-- ask -->
Which errno?

<!-- answer: ENOENT -->

```console A
$ cat /tmp/nothing; echo end of two
cat: /tmp/nothing: No such file or directory
end of two
```

<details><summary>Answer</summary>

There is no such file.
</details>
"""


class Reader:
    """Somebody at a terminal, walking."""

    def __init__(self, *options: str, **variables: str) -> None:
        self.mark = f"SHMLAB_WALK_TEST={os.getpid()}.{time.monotonic_ns()}"
        name, _, value = self.mark.partition("=")
        environment = {**os.environ, "TERM": "xterm", name: value, **variables}
        environment.pop("NO_COLOR", None) if "NO_COLOR" not in variables else None
        with tempfile.NamedTemporaryFile("w", suffix=".md", delete=False) as file:
            file.write(HANDOUT)
        self.file = Path(file.name)
        self.child = pexpect.spawn(
            str(ROOT / "grader/handouts/walk.py"),
            [file.name, *options],
            env=environment,
            dimensions=(24, 80),
            encoding="utf-8",
            timeout=DEADLINE,
            # Where the tests run in the background of a script, Ctrl-C is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.child.delaybeforesend = None

    def see(self, text: str) -> None:
        self.child.expect_exact(text)

    def type(self, text: str) -> None:
        self.child.send(text)

    def end(self, status: int | None) -> None:
        """Waits for the end, and that no process of the walk is left."""
        self.child.expect(pexpect.EOF)
        self.child.close()
        if status is not None and self.child.exitstatus != status:
            sys.exit(f"The walk ended with status {self.child.exitstatus}, not {status}.")
        self.file.unlink()
        wait_for_none(self.mark)

    def must_live(self) -> None:
        if not processes_with(self.mark):
            sys.exit("The test would not see processes that are left.")


def processes_with(mark: str) -> list[str]:
    """The processes that have this in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (path / "environ").read_bytes().split(b"\0"):
                found.append(f"{path.name} {(path / 'comm').read_text().strip()}")
        except OSError:
            continue
    return found


def wait_for_none(mark: str) -> None:
    end = time.monotonic() + DEADLINE
    while left := processes_with(mark):
        if time.monotonic() > end:
            sys.exit(f"These processes are left: {left}")
        select.select([], [], [], 0.01)


def first_experiment(reader: Reader) -> None:
    reader.see("Something to read.")
    reader.see("Enter: begin")
    reader.type("\n")
    reader.see("One: a segment")
    reader.see("$ make shell LAB=2")
    reader.see("Enter: type it")
    reader.type("?")
    reader.see("the rest of this block")
    reader.see("Enter: type it")
    reader.type("\n")
    reader.see("shmget 0x1234 100 create|0600")
    reader.see("Enter: type it")
    reader.type(" ")
    reader.see("ok 32768")
    reader.see("nattch")
    reader.see("0x00001234")


def to_the_end() -> None:
    reader = Reader()
    first_experiment(reader)
    reader.see("Your guess (1-2")
    reader.type("7\n")
    reader.see("Type one of 1, 2.")
    reader.type("1\n")
    reader.see("find 0x1234")
    reader.see("Enter: type it")
    reader.type("b")
    reader.see("in a fresh world")
    reader.see("$ make shell LAB=2")
    reader.see("Enter: type it")
    reader.type("r")
    reader.see("ok 32768")
    reader.see("Your guess (1-2")
    reader.type("2\n")
    reader.see("Enter: type it")
    reader.type("r")
    reader.see("You said so: Yes.")
    reader.see("The key is all that it needs.")
    reader.see("Enter: the next experiment")
    reader.type("\n")
    reader.see("Which errno?")
    reader.see("Your guess (some words")
    reader.type("EACCES\n")
    reader.see("Enter: type it")
    reader.type("\n")
    reader.see("end of two\r\n")
    reader.see("You said EACCES. Measured: ENOENT")
    reader.see("Enter: end")
    reader.type("\n")
    reader.see("This is the end of the walk.")
    reader.end(0)


def without_colour() -> None:
    for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        reader = Reader(**variables)
        shown = ""
        first_experiment(reader)
        shown += reader.child.before
        reader.see("Your guess")
        shown += reader.child.before
        reader.type("q\n")
        reader.see("Nothing is left behind.")
        for escape in ("\x1b[3", "\x1b[9") if "NO_COLOR" in variables else ("\x1b",):
            if escape in shown:
                sys.exit(f"With {variables} there is a colour in {shown!r}")
        reader.end(0)


def left() -> None:
    for way in ("q", "\x03", "\x04", "hang up", "kill"):
        reader = Reader()
        first_experiment(reader)
        reader.see("Your guess")
        reader.must_live()
        if way == "hang up":
            reader.child.kill(signal.SIGHUP)
            reader.end(None)
        elif way == "kill":
            reader.child.kill(signal.SIGKILL)
            reader.end(None)
        else:
            reader.type(way + "\n" * (way == "q"))
            reader.see("Nothing is left behind.")
            reader.end(0)


def player_killed() -> None:
    """The player dies in the middle of an experiment that waits for ever."""
    for way in (signal.SIGINT, signal.SIGKILL):
        mark = f"SHMLAB_WALK_TEST={os.getpid()}.{time.monotonic_ns()}"
        name, _, value = mark.partition("=")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "waits.md"
            file.write_text("# One\n\n```console A\n$ while :; do :; done\n```\n")
            child = pexpect.spawn(
                str(ROOT / "grader/handouts/handouts.py"),
                ["check", str(file)],
                env={**os.environ, name: value},
            )
            end = time.monotonic() + DEADLINE
            while not any("python3" in name for name in processes_with(mark)[2:]):
                if time.monotonic() > end:
                    sys.exit("The player did not start a world.")
                select.select([], [], [], 0.01)
            child.kill(way)
            child.expect(pexpect.EOF)
            child.close()
            wait_for_none(mark)


def with_mine() -> None:
    """The skeleton stands in labs/, or what its owner has made of it: one fails, one does not."""
    reader = Reader("--with=mine")
    first_experiment(reader)
    reader.see("Your guess")
    reader.type("2\n")
    reader.see("Enter: type it")
    reader.type("r")
    seen = reader.child.expect_exact(["the handout shows: ok 32768", "You said so: Yes."])
    skeleton = "errno = ENOSYS" in (ROOT / "labs/02-create/create.c").read_text()
    if skeleton and seen != 0:
        sys.exit("The skeleton was not played, or the difference was not shown.")
    reader.see("Enter: the next experiment")
    reader.type("q")
    reader.end(0)


if __name__ == "__main__":
    {
        "to_the_end": to_the_end,
        "without_colour": without_colour,
        "left": left,
        "with_mine": with_mine,
        "player_killed": player_killed,
    }[sys.argv[1]]()
