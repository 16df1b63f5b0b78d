#!/usr/bin/python3
"""Grades every attack of this folder among honest submissions, and compares with what is expected.

usage: run.py [--keep OUT] [NN...]

With numbers only these attacks are tried. The exit status is 0 when each attack and each honest
submission got its verdict, and the machine is as it was before. README.md says how an attack is
written down.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "grader" / "tests"))

from submissions import write_solutions  # noqa: E402  (the path comes first)

HONEST = 4
SECRET = "SHMLAB_SECRET"  # in the grader's environment, and nowhere else

Json = dict[str, Any]


@dataclass
class Expected:
    """What a student has to get."""

    student: str
    attack: str
    status: list[str]  # each of these is right
    least: int
    most: int
    says: list[str] = field(default_factory=list)
    never: list[str] = field(default_factory=list)


# --- The class ------------------------------------------------------------------------


def parts_of(folder: Path, file: str, solutions: Path) -> list[Path]:
    """From what a file is put together; some of it may be missing."""
    each_call = folder / f"{file}.each-call"
    if each_call.exists():
        return [each_call, HERE / "each-call" / file]
    return [folder / f"{file}.before", solutions / file, folder / f"{file}.after"]


def put_attack(folder: Path, where: Path, name: str, solutions: Path) -> None:
    """The files as they are, and those that are put together; README.md says how."""
    if (folder / "make").exists():
        subprocess.run([folder / "make", where, name, solutions], check=True)
        return
    target = where / name
    target.mkdir()
    partial = set(folder.glob("*.c.*"))
    for file in {path.name.rpartition(".")[0] for path in partial}:
        parts = parts_of(folder, file, solutions)
        text = b"".join(part.read_bytes() for part in parts if part.exists())
        (target / file).write_bytes(text)
    for path in set(folder.iterdir()) - partial:
        if path.name != "expected.toml":
            shutil.copy(path, target / path.name)


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def expectations(folder: Path, name: str) -> Iterator[Expected]:
    with open(folder / "expected.toml", "rb") as file:
        told = tomllib.load(file)
    for student in told["student"]:
        yield Expected(
            student=name + student.get("id", ""),
            attack=folder.name,
            status=as_list(student["status"]),
            least=student["points"][0],
            most=student["points"][1],
            says=student.get("says", []),
            never=student.get("never", []),
        )


def make_class(where: Path, solutions: Path, numbers: list[str]) -> list[Expected]:
    """Attacks and honest submissions, mixed by their names."""
    expected: list[Expected] = []
    for folder in sorted(HERE.glob("[0-9]*")):
        number = folder.name.partition("-")[0]
        if numbers and number not in numbers:
            continue
        name = f"a{number}"
        put_attack(folder, where, name, solutions)
        expected += expectations(folder, name)
    for index in range(HONEST):
        # "a05", "a15": among the attacks in the order of ids.
        name = f"a{15 * index + 5:02}-honest"
        shutil.copytree(solutions, where / name)
        expected.append(Expected(name, "honest", ["graded"], 500, 500))
    (where / "a00-skeleton").mkdir()
    for path in ROOT.glob("labs/*/*.c"):
        shutil.copy(path, where / "a00-skeleton" / path.name)
    expected.append(Expected("a00-skeleton", "honest", ["graded"], 0, 0))
    return expected


# --- The machine ----------------------------------------------------------------------


class Machine:
    """What must be after as it was before. On a machine that others use, too, only what belongs to
    the user who grades is compared."""

    def __init__(self, uids: set[int]) -> None:
        self.uids = uids

    def _owned(self, folder: str) -> list[str]:
        found = []
        for entry in os.scandir(folder):
            try:
                if entry.stat(follow_symlinks=False).st_uid in self.uids:
                    found.append(entry.name)
            except OSError:
                continue  # it has gone
        return sorted(found)

    def _processes(self) -> list[str]:
        found = []
        for pid in self._owned("/proc"):
            try:
                line = Path("/proc", pid, "cmdline").read_bytes()
            except OSError:
                continue
            if pid.isdigit() and (b"bwrap" in line or b"/programs/" in line or b"shmlab" in line):
                found.append(f"{pid} {line[:60]!r}")
        return found

    def state(self) -> Json:
        with open("/proc/sysvipc/shm", encoding="ascii") as table:
            rows = [line.split() for line in table][1:]
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            mounted = sorted(line for line in mounts)
        return {
            "processes": self._processes(),
            "segments": sorted(row[1] for row in rows if int(row[7]) in self.uids),
            "mounts": mounted,
            "/tmp": self._owned("/tmp"),
            "TMPDIR": self._owned(tempfile.gettempdir()),  # where the grader works
            "/dev/shm": self._owned("/dev/shm"),
        }


def make_segment() -> int:
    """A segment of the machine's own, which no submission may touch."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = libc.shmget(0, 4096, 0o600)
    assert isinstance(number, int) and number >= 0
    return number


def remove_segment(number: int) -> bool:
    return int(ctypes.CDLL(None).shmctl(number, 0, None)) == 0


# --- The comparison -------------------------------------------------------------------


def strings(value: Any) -> str:
    """All texts of a result, one after the other."""
    if isinstance(value, str):
        return value + "\n"
    if isinstance(value, dict):
        return "".join(strings(one) for one in value.values())
    if isinstance(value, list):
        return "".join(strings(one) for one in value)
    return ""


def compare(expected: Expected, student: Json | None) -> list[str]:
    if student is None:
        return ["is not in results.json"]
    wrong = []
    if student["status"] not in expected.status:
        wrong.append(f"status {student['status']}, and not {' or '.join(expected.status)}")
    if not expected.least <= student["points"] <= expected.most:
        wrong.append(f"{student['points']} points, and not {expected.least} to {expected.most}")
    text = strings(student)
    wrong += [f"does not say {words!r}" for words in expected.says if words not in text]
    wrong += [f"says {words!r}" for words in [*expected.never, SECRET] if words in text]
    return wrong


def check_results(out: Path, expected: list[Expected]) -> int:
    students = json.loads((out / "results.json").read_text(encoding="utf-8"))["students"]
    known = {student["id"]: student for student in students}
    failures = 0
    for one in sorted(expected, key=lambda one: one.student):
        student = known.get(one.student)
        wrong = compare(one, student)
        points = student["points"] if student else "-"
        shown = one.student.replace("\n", "\\n")
        print(f"{'not ok' if wrong else 'ok':6} {shown:28} {points:>4}  {one.attack}")
        for sentence in wrong:
            print(f"       {sentence}")
        failures += bool(wrong)
    print(f"{len(expected)} submissions, {failures} with another verdict than expected.")
    return failures


def check_machine(before: Json, after: Json) -> int:
    failures = 0
    for what, state in before.items():
        if state != after[what]:
            failures += 1
            gone = [one for one in state if one not in after[what]]
            new = [one for one in after[what] if one not in state]
            print(f"not ok the machine: {what}: gone {gone}, new {new}")
    if not failures:
        print("ok     the machine is as before: processes, segments, mounts, /tmp, /dev/shm")
    return failures


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--keep", type=Path, metavar="OUT", help="keep the results there")
    parser.add_argument("numbers", nargs="*", metavar="NN")
    options = parser.parse_args(arguments)
    os.environ[SECRET] = SECRET
    with tempfile.TemporaryDirectory(prefix="shmlab-attacks-") as folder:
        os.chmod(folder, 0o755)
        temporary = Path(folder)
        where, out = temporary / "class", options.keep or temporary / "out"
        where.mkdir()
        write_solutions(temporary / "solutions")
        expected = make_class(where, temporary / "solutions", options.numbers)
        roster = temporary / "roster.csv"
        roster.write_text(
            "id,name\n" + ("a62-none,Nobody\n" if not options.numbers else "a05-honest,H\n")
        )
        # As root the grading is done by one of these users.
        machine = Machine({os.geteuid()} if os.geteuid() else set(range(60600, 61000)))
        segment = make_segment()
        before = machine.state()
        run = subprocess.run(
            [ROOT / "grader/class/shmlab-class", "--out", out, "--roster", roster, where],
            check=False,
        )
        after = machine.state()
        if run.returncode not in (0, 3):
            print(f"not ok shmlab-class ended with status {run.returncode}")
            return 1
        failures = check_results(out, expected) + check_machine(before, after)
        if not remove_segment(segment):
            print("not ok the machine's own segment is gone")
            failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
