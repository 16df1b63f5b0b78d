#!/usr/bin/python3
"""golden.py - what a student is shown in telling situations, and whether it is true.

Each folder of grader/tests/golden/ is a situation, named by what happens there:

    situation   how the submission is made, a field a line:
                  About:       one sentence
                  Lab:         the number of the lab
                  Mutant:      a patch of grader/mutants/labN/, without its ending
                  File: Sed:   the file and a command for sed(1); may stand several times
                  Environment: NAME=VALUE for the grader; may stand several times
                  User:        root, where an ordinary user sees another answer
                  Command:     what shmlab is told; `lab N` where nothing is said
                  By hand:     "yes", or why a person cannot replay the story
    expected    the whole output, where what differs from run to run has a name

    golden.py refresh [NAME...]   writes `expected` anew, and prints the difference
    golden.py check [NAME...]     compares, and replays the stories in the lab shell
    golden.py show [NAME...]      prints the outputs of now

A story is replayed in lab shells of the same submission, by an ordinary user, in an IPC namespace of
its own: every line that the message shows is typed, and every answer must be the one that it shows.
"""

import difflib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from submissions import (
    LABS,
    MUTANTS,
    ROOT,
    Outcome,
    Submission,
    Workshop,
    apply_patch,
    check,
    clean_solution,
    lab_directory,
    lab_files,
    write_sources,
    write_submission,
)

GOLDEN = ROOT / "grader" / "tests" / "golden"
ORDINARY_USER = 1000


# --- A situation ------------------------------------------------------------------------


@dataclass
class Situation:
    name: str
    fields: list[tuple[str, str]]

    def all_of(self, field: str) -> list[str]:
        return [value for name, value in self.fields if name == field]

    def one(self, field: str, otherwise: str = "") -> str:
        return (self.all_of(field) or [otherwise])[0]

    @property
    def lab(self) -> int:
        return int(self.one("Lab"))

    @property
    def expected(self) -> Path:
        return GOLDEN / self.name / "expected"


def situations(names: list[str]) -> list[Situation]:
    found = []
    for folder in sorted(GOLDEN.iterdir()):
        if names and folder.name not in names:
            continue
        lines = (folder / "situation").read_text().splitlines()
        fields = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
        situation = Situation(folder.name, fields)
        if situation.one("User") == "root" and os.geteuid() != 0:
            print(f"{situation.name}: what is shown here is shown to root; not compared.")
        else:
            found.append(situation)
    return found


def write_situation(situation: Situation, sources: Path) -> None:
    for lab in LABS:
        write_sources(clean_solution(lab), sources)
    directory = sources / lab_directory(situation.lab)
    mutant = situation.one("Mutant")
    if mutant:
        patch = MUTANTS / f"lab{situation.lab}" / f"{mutant}.patch"
        write_submission(Submission(situation.lab, "mutant", patch), sources)
    file = os.path.basename(lab_files(situation.lab)[0])
    for name, value in situation.fields:
        if name == "File":
            file = value
        elif name == "Sed":
            subprocess.run(["sed", "-i", value, directory / file], check=True)
        elif name == "Patch":
            apply_patch(GOLDEN / situation.name / value, directory)
        elif name == "Skeleton":
            shutil.copy(ROOT / "labs" / lab_files(situation.lab)[0], directory)
        elif name == "Remove":
            (directory / value).unlink()


# --- The output -------------------------------------------------------------------------


class Names:
    """Gives each different value a name of its own: PID1, PID2, ..."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.known: dict[str, str] = {}

    def __call__(self, value: str) -> str:
        return self.known.setdefault(value, f"{self.kind}{len(self.known) + 1}")


def normalise(output: str, place: Path) -> str:
    """Gives what differs from run to run a name, the same one everywhere."""
    pids, keys, addresses = Names("PID"), Names("KEY"), Names("ADDRESS")

    def named(names: Names) -> Callable[[re.Match], str]:
        return lambda found: found.group(1) + names(found.group(2))

    text = output.replace(str(place / "sources"), "labs")
    text = text.replace(f"{place}/", "").replace(f"{ROOT}/", "")
    text = re.sub(r"Time: [0-9.]+ s", "Time: SECONDS s", text)
    text = re.sub(r"(\bkill -\w+ (?:-- -)?)(\d+)", named(pids), text)
    text = re.sub(r"(\b(?:creator|last)=)([1-9]\d*)", named(pids), text)
    text = re.sub(r"(\b(?:fork|pid)\n *-> ok )(\d+)", named(pids), text)
    text = re.sub(r"(\b(?:process|end) )(\d+)", named(pids), text)
    text = re.sub(r"(/proc/)(\d+)", named(pids), text)
    text = re.sub(r"device 0x\w+ and inode \d+ \(0x\w+\)", "device DEVICE and inode INODE", text)
    text = re.sub(r"()\b(0x[0-9a-f]{11,12})\b", named(addresses), text)
    text = re.sub(r"()\b(0x(?!0{8}|f{8})[0-9a-f]{8})\b", named(keys), text)
    return re.sub(r"(\.h:)\d+", r"\1LINE", text)


def flat(text: str) -> str:
    """A value of another length wraps a line elsewhere."""
    return re.sub(r"\s+", " ", text)


# --- Replaying a story -------------------------------------------------------------------


class Mismatch(Exception):
    """The shell does not show what the message says."""


class Terminal:
    """A lab shell, driven through pipes."""

    def __init__(self, program: Path, cwd: Path, prefix: list[str]) -> None:
        self.process = subprocess.Popen(
            [*prefix, str(program)],
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb"},
        )
        self.pid = int(self.lines_until_pid("")[1].split()[1])

    def lines_until_pid(self, line: str) -> tuple[list[str], str]:
        """Types a line, and `pid` after it: its answer ends what belongs to the line."""
        assert self.process.stdin and self.process.stdout
        lines: list[str] = []
        try:
            self.process.stdin.write(f"{line}\npid\n" if line else "pid\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return lines, ""
        prompt = re.compile(r"^(?:lab\d> )+")
        for text in self.process.stdout:
            text = prompt.sub("", text.rstrip("\n"))
            if re.fullmatch(r"ok \d+", text) and self.is_pid(text.split()[1]):
                return lines, text
            if text not in ("pid", line):  # an echo
                lines.append(text)
        return lines, ""

    def is_pid(self, text: str) -> bool:
        return not hasattr(self, "pid") or int(text) == self.pid

    def type(self, line: str, count: int) -> str:
        """Returns the answer, which has so many lines; how it ended, when it gave none."""
        if line == "pid":
            return self.lines_until_pid("")[1]
        lines, end = self.lines_until_pid(line)
        if end:
            return "\n".join(lines[-count:])
        status = self.process.wait()
        if status < 0:
            return f"SIG{signal.Signals(-status).name[3:]}"
        return f"exit status {status}"

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def same_answer(shown: str, given: str, values: dict[str, str]) -> bool:
    """Compares two answers; addresses, keys of files, pids and uids may differ, each in one way only."""
    if shown.startswith("Terminal "):  # how its process ended
        return given in shown or given == "SIGKILL"
    mine, theirs = re.split(r"([\s=]+)", shown), re.split(r"([\s=]+)", given)
    if len(mine) != len(theirs):
        return False
    for i, (one, other) in enumerate(zip(mine, theirs)):
        named = mine[i - 2] if i >= 2 else ""
        if re.fullmatch(r"0x[0-9a-f]{7,}", one) and values.setdefault(one, other) == other:
            continue
        field = f"{named}={one}"
        if named in ("creator", "last", "owner") and values.setdefault(field, other) == other:
            continue
        if one != other:
            return False
    return True


class Replay:
    def __init__(self, lab: int, program: Path, place: Path) -> None:
        self.lab = lab
        self.program = program
        self.cwd = place / "replay"
        self.cwd.mkdir()
        if os.geteuid() == 0:
            os.chown(self.cwd, ORDINARY_USER, ORDINARY_USER)
        self.values: dict[str, str] = {}
        self.terminals: dict[str, Terminal] = {}
        self.keeper = subprocess.Popen(  # holds the IPC namespace
            [*self.unshare(), "sh", "-c", "echo; read line"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.keeper.stdout
        self.keeper.stdout.readline()

    @staticmethod
    def unshare() -> list[str]:
        if os.geteuid() == 0:
            return ["unshare", "--ipc"]
        return ["unshare", "--user", "--map-current-user", "--ipc"]

    def enter(self) -> list[str]:
        target = ["nsenter", f"--target={self.keeper.pid}", "--ipc"]
        become = [
            "setpriv",
            f"--reuid={ORDINARY_USER}",
            f"--regid={ORDINARY_USER}",
            "--clear-groups",
        ]
        if os.geteuid() == 0:
            return [*target, *become]
        return [*target, "--user", "--preserve-credentials"]

    def terminal(self, name: str) -> Terminal:
        if name not in self.terminals:
            self.terminals[name] = Terminal(self.program, self.cwd, self.enter())
        return self.terminals[name]

    def now(self, line: str) -> str:
        """A line of the story with the values of this replay."""
        has_pids = line.startswith("end ") or "kill -" in line
        words = re.split(r"(\s+)", line)
        return "".join(
            word if word.isdigit() and not has_pids else self.value_now(word) for word in words
        )

    def value_now(self, word: str) -> str:
        if word in self.values:
            return self.values[word]
        if not re.fullmatch(r"0x[0-9a-f]{11,12}", word):
            return word
        # An address inside of an attachment: the segments here have two pages at most.
        for old, new in self.values.items():
            offset = int(word, 16) - int(old, 16) if old.startswith("0x") else -1
            if 0 <= offset < 8192:
                return hex(int(new, 16) + offset)
        return word

    def step(self, step: dict) -> None:
        line = self.now(step["line"])
        if "where" not in step:
            self.sentence(line)
            return
        terminal = self.terminal(step["where"])
        shown = step.get("answer", "")
        given = terminal.type(line, shown.count("\n") + 1)
        if line in ("fork", "pid") and re.fullmatch(r"ok \d+", given):
            self.values[shown.split()[1]] = given.split()[1]
        elif shown and not same_answer(shown, given, self.values):
            raise Mismatch(f"{step['where']}: {line}\n  shown {shown}\n  now   {given}")

    def sentence(self, text: str) -> None:
        """What is done outside of the shells."""
        what, colon, command = text.partition(": ")
        if not colon:
            raise Mismatch(f"no command in the sentence: {text}")
        found = re.fullmatch(r"kill -(\w+) \d+\.", command)
        if found:
            name = what.split(" is ")[0].split(" gets ")[0]
            os.kill(self.terminal(name).pid, signal.Signals[f"SIG{found.group(1)}"])
            if found.group(1) == "KILL":
                self.terminals.pop(name).close()
            return
        become = self.enter()
        done = subprocess.run([*become, "sh", "-c", command], cwd=self.cwd, check=False)
        if done.returncode:
            raise Mismatch(f"the command fails: {command}")

    def table(self) -> dict[int, dict[str, str]]:
        command = ["nsenter", f"--target={self.keeper.pid}", "--ipc", "cat", "/proc/sysvipc/shm"]
        if os.geteuid() != 0:
            command[2:2] = ["--user", "--preserve-credentials"]
        rows = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        names, *lines = [row.split() for row in rows.splitlines()]
        return {int(line[1]): dict(zip(names, line)) for line in lines}

    def conclude(self, result: dict) -> None:
        """What the kernel shows in the end, where the message tells it."""
        expected, seen = result.get("expected", ""), result.get("seen", "")
        wanted = re.search(r"nattch of segment (\d+) is", expected)
        shown = re.search(r"shows nattch (\d+)", seen)
        table = self.table()
        if wanted and shown and table[int(wanted.group(1))]["nattch"] != shown.group(1):
            raise Mismatch(f"{seen} Now: {table}")
        for leak in result["leaks"]:
            if leak["id"] not in table or int(table[leak["id"]]["size"]) != leak["size"]:
                raise Mismatch(f"segment {leak['id']} leaked there, and not here: {table}")

    def close(self) -> None:
        for terminal in self.terminals.values():
            terminal.close()
        self.keeper.communicate()


def replay(situation: Situation, outcome: Outcome, place: Path) -> str:
    """Replays the story that is shown.  Returns what is wrong, or nothing."""
    failed = [r for r in outcome.results or [] if r["verdict"] == "failed"]
    by_hand = situation.one("By hand")
    possible = bool(failed) and failed[0]["by_hand"] and "make shell" in outcome.output
    if by_hand != "yes":
        return "" if by_hand else "The field `By hand` is missing."
    if not possible:
        return "By hand: yes, but the message does not say that the steps can be typed."
    environment = {
        "PATH": os.environ["PATH"],
        "SHMLAB_SOURCES": str(place / "sources"),
        "SHMLAB_BUILD": str(place / "build"),
    }
    command = [str(place / "build" / "shmlab"), "shell", str(situation.lab)]
    # Builds the shell, and starts it with nothing to read.
    subprocess.run(
        command, cwd=place.parent, env=environment, stdin=subprocess.DEVNULL, capture_output=True
    )
    again = Replay(situation.lab, place / "build" / f"lab{situation.lab}" / "shell", place)
    try:
        for step in failed[0]["steps"]:
            again.step(step)
        again.conclude(failed[0])
    except Mismatch as mismatch:
        return str(mismatch)
    finally:
        again.close()
    return ""


# --- All of them --------------------------------------------------------------------------


@dataclass
class Seen:
    situation: Situation
    output: str
    trouble: str


def look_at(situation: Situation, workshop: Workshop) -> Seen:
    place = workshop.new_place()
    write_situation(situation, place / "sources")
    environment = dict(text.split("=", 1) for text in situation.all_of("Environment"))
    environment.setdefault("CC", "gcc")
    # The same numbers in the stories each time, where the grader invents one.
    environment.setdefault("SHMLAB_SEED", "golden")
    outcome = check(
        situation.lab,
        place,
        environment,
        # The machine's own table may hold anything.
        Replay.unshare() if environment.get("SHMLAB_WORLD") == "shared" else [],
        workshop.path,
        shlex.split(situation.one("Command", f"lab {situation.lab}")),
    )
    return Seen(situation, normalise(outcome.output, place), replay(situation, outcome, place))


def look_at_all(chosen: list[Situation]) -> list[Seen]:
    with Workshop("golden") as workshop, ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda situation: look_at(situation, workshop), chosen))


def difference(seen: Seen) -> str:
    path = seen.situation.expected
    old = path.read_text() if path.exists() else ""
    if flat(old) == flat(seen.output):
        return ""
    lines = difflib.unified_diff(
        old.splitlines(),
        seen.output.splitlines(),
        f"{seen.situation.name}, expected",
        "now",
        "",
        "",
        2,
        "",
    )
    return "\n".join(lines)


def main() -> int:
    command, names = (sys.argv + ["check"])[1], sys.argv[2:]
    chosen = situations(names)
    if command not in ("check", "refresh", "show") or not chosen:
        print(__doc__)
        return 2
    troubles = 0
    for seen in look_at_all(chosen):
        changed = difference(seen)
        if command == "show":
            print(f"=== {seen.situation.name}: {seen.situation.one('About')}\n{seen.output}")
        elif changed:
            print(changed)
            troubles += command == "check"
        if changed and command == "refresh":
            seen.situation.expected.write_text(seen.output)
        if seen.trouble:
            print(f"{seen.situation.name}: the replay differs.\n{seen.trouble}")
            troubles += 1
    replayed = sum(situation.one("By hand") == "yes" for situation in chosen)
    print(f"{len(chosen)} situations, {replayed} of them replayed; {troubles} troubles.")
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
