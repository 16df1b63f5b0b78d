#!/usr/bin/python3
"""Grades a mixed class twice, once undisturbed and once killed on the way; both must be equal.

The class is drawn with a fixed seed from the solutions, the right programs, the mutants and the
attacks.  The second grading is killed with SIGKILL three times: alone, with all that it started,
and alone again, each time when another quarter of the results is there.  The same command then
goes on to the end.  All that it hands out must be what the first grading hands out, byte for
byte, and of attacks each verdict; and the machine must be as before.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from submissions import LABS, ROOT, Submission, sources_of, submissions, write_solutions

sys.path.insert(0, str(ROOT / "grader" / "attacks"))

import run as attacks  # noqa: E402  (the path comes first)

KILLS = 3
RACING = 5  # the lab of two programs
ATTACKS_IN = 8  # one of so many students attacks
ATTACKS = "-attacks"  # ends the name of one that does
# What may differ between two gradings: times, dates, the order of two processes' calls.
OWN = {"run.json", "students", "traces"}


# --- The class ------------------------------------------------------------------------


def hand_in(where: Path, chosen: list[Submission]) -> None:
    """All files of a student side by side."""
    where.mkdir()
    for one in chosen:
        for file, text in sources_of(one).items():
            (where / Path(file).name).write_bytes(text)


def draw(chance: random.Random, every: dict[int, dict[str, list[Submission]]]) -> list[Submission]:
    """The labs of one student: some are missing, most are right.  The wrong programs of lab 5 are
    left out: two programs that race are wrong in another way each time (flake.py has them)."""
    kinds = ["solution", "solution", "right", "", "mutant", "mutant"]
    drawn = ((lab, chance.choice(kinds[: 4 if lab == RACING else 6])) for lab in LABS)
    return [chance.choice(every[lab][kind]) for lab, kind in drawn if kind]


def has_one_verdict(expected: Path) -> bool:
    """Whether an attack has the same verdict each time: of a few, either of two is right."""
    students = tomllib.loads(expected.read_text(encoding="utf-8"))["student"]
    return not any(isinstance(student["status"], list) for student in students)


def make_class(where: Path, solutions: Path, count: int, seed: int) -> Counter[str]:
    chance = random.Random(seed)
    every: dict[int, dict[str, list[Submission]]] = {lab: {} for lab in LABS}
    for one in submissions(list(LABS)):
        every[one.lab].setdefault(one.kind, []).append(one)
    expected = sorted(attacks.HERE.glob("*/expected.toml"))
    folders = [path.parent for path in expected if has_one_verdict(path)]
    counts: Counter[str] = Counter()
    for number in range(count):
        name = f"s{number:04}"
        if number % ATTACKS_IN == ATTACKS_IN - 1:
            attacks.put_attack(chance.choice(folders), where, name + ATTACKS, solutions)
            counts["attacks"] += 1
            continue
        chosen = draw(chance, every)
        hand_in(where / name, chosen)
        counts.update(one.kind for one in chosen)
    return counts


# --- The gradings ---------------------------------------------------------------------


@contextmanager
def grading(out: Path, where: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A grading, which ends with us: it cleans up, and has a session of its own."""
    process = subprocess.Popen(
        [ROOT / "grader/class/shmlab-class", "--out", out, where],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def ready(out: Path) -> int:
    return len(list((out / "students").glob("*.json")))


def descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text(encoding="ascii").split()):
            yield child
            yield from descendants(child)


def kill(process: subprocess.Popen[bytes], everything: bool) -> None:
    """As the machine's killer of processes does it, or as a power cut does."""
    victims = list(descendants(process.pid)) if everything else []
    for pid in [process.pid, *victims]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    process.wait()


def grade_disturbed(out: Path, where: Path, count: int) -> int:
    """Returns the exit status of the last run."""
    for turn in range(KILLS):
        wanted = count * (turn + 1) // (KILLS + 1)
        with grading(out, where) as process:
            while ready(out) < wanted and process.poll() is None:
                time.sleep(0.02)
            told = f"Killed with {ready(out)} of {count} results"
            kill(process, everything=turn == 1)
        print(f"{told}{' with all that it started' if turn == 1 else ''}.", flush=True)
    return grade_whole(out, where)


def grade_whole(out: Path, where: Path) -> int:
    """Returns the exit status."""
    with grading(out, where) as process:
        return process.wait()


# --- The comparison -------------------------------------------------------------------


def handed_out(out: Path) -> dict[str, bytes]:
    """All files. What an attack is told depends on the moment at which it meets a limit, so of
    attacks only the verdicts are taken: they stand in results.json."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.relative_to(out).parts[0] not in OWN and ATTACKS not in path.name
    }


def told(student: attacks.Json) -> attacks.Json:
    if ATTACKS not in student["id"]:
        return student
    labs = {
        number: lab | {"checks": [(check["name"], check["verdict"]) for check in lab["checks"]]}
        for number, lab in student["labs"].items()
    }
    return student | {"labs": labs}


def results(text: bytes) -> attacks.Json:
    read: attacks.Json = json.loads(text)
    return read | {"students": [told(student) for student in read["students"]]}


def differ(name: str, first: bytes | None, second: bytes | None) -> bool:
    if first is None or second is None:
        return True
    if name == "results.json":
        return results(first) != results(second)
    return first != second


def compare(whole: Path, disturbed: Path) -> int:
    first, second = handed_out(whole), handed_out(disturbed)
    # The page holds the whole of results.json: it can be the same only where that is.
    if first.get("results.json") != second.get("results.json"):
        first.pop("report.html", None)
        second.pop("report.html", None)
    names = first.keys() | second.keys()
    wrong = sorted(name for name in names if differ(name, first.get(name), second.get(name)))
    for name in wrong:
        print(f"not ok {name} differs: diff -u {whole / name} {disturbed / name}")
    print(f"{len(first)} files, {len(wrong)} differ.")
    return len(wrong) + (not first)


def wait_for_machine(machine: attacks.Machine, before: attacks.Json) -> attacks.Json:
    """The kernel takes a moment to end what belonged to a process that was killed."""
    for _ in range(100):
        after: attacks.Json = machine.state()
        if after == before:
            break
        time.sleep(0.1)
    return after


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--number", type=int, default=200, help="submissions (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="another class (default: 1)")
    parser.add_argument("--keep", type=Path, help="keep both results there")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    uids = {os.geteuid()} if os.geteuid() else set(range(60600, 61000))
    with tempfile.TemporaryDirectory(prefix="shmlab-night-") as folder:
        os.chmod(folder, 0o755)
        temporary = Path(folder)
        where, out = temporary / "class", options.keep or temporary / "out"
        where.mkdir()
        write_solutions(temporary / "solutions")
        counts = make_class(where, temporary / "solutions", options.number, options.seed)
        told = ", ".join(f"{kind}: {count}" for kind, count in sorted(counts.items()))
        count = len(list(where.iterdir()))
        print(f"{count} submissions, seed {options.seed}; {told}.", flush=True)
        machine = attacks.Machine(uids)
        before = machine.state()
        begin = time.monotonic()
        status = grade_whole(out / "whole", where)
        print(f"Undisturbed: {time.monotonic() - begin:.0f} s, status {status}.", flush=True)
        again = grade_disturbed(out / "disturbed", where, count)
        failures = compare(out / "whole", out / "disturbed")
        if again != status:
            print(f"not ok the status was {status}, and {again} after the kills")
            failures += 1
        failures += attacks.check_machine(before, wait_for_machine(machine, before))
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
