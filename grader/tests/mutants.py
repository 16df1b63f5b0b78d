#!/usr/bin/python3
"""mutants.py [LAB...] - the kill matrix: every wrong program against every check.

Builds and checks each mutant of grader/mutants/ and each right program, a few at a time.
Prints a line a mutant: a column a check ('X' where a check failed that its patch names,
'x' where another one did, '?' where one could not be checked), and its name.

What each check is about is nowhere written down: the reference is checked once, and the
checks record which of the student's functions they call (SHMLAB_COVERAGE).  So a mutant
of segment_stat must be caught by a check that calls segment_stat itself.  See
grader/mutants/README.md for what counts as a failure.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import functions
import gradings
from gradings import ROOT, Outcome, Sources

MUTANTS = ROOT / os.environ.get("SHMLAB_MUTANTS", "grader/mutants")


@dataclass
class Program:
    """A wrong program or a right one, and what is to be said of it."""

    lab: int
    path: Path
    wrong: bool
    named: list[str]  # the checks that its patch names
    unchecked: list[str]  # the checks that cannot come to a verdict on it
    base: str  # the right program from which it differs; "" for the reference

    @property
    def name(self) -> str:
        return self.path.stem


def header(text: str, field: str) -> list[str]:
    found = re.search(rf"^[/* ]*{field}: *(.*?)[*/ ]*$", text, re.M)
    return re.split(r"[, ]+", found[1]) if found else []


def wrong_programs(lab: int) -> list[Program]:
    programs = []
    for path in sorted((MUTANTS / f"lab{lab}").iterdir()):
        text = (sorted(path.glob("*.c"))[0] if path.is_dir() else path).read_text()
        base = (header(text, "Base") or [""])[0]
        programs.append(
            Program(
                lab, path, True, header(text, "Caught by"), header(text, "Not checked by"), base
            )
        )
    return programs


def right_programs(lab: int) -> list[Program]:
    folder = MUTANTS / f"right/lab{lab}"
    return [Program(lab, path, False, [], [], "") for path in sorted(folder.iterdir())]


def directory_of(lab: int) -> str:
    return str(Path(gradings.files_of(lab)[0]).parent)


def sources_in(lab: int, path: Path) -> Sources:
    """The files of a right program: lab 5 has a folder with two."""
    files = sorted(path.glob("*.c")) if path.is_dir() else [path]
    names = (
        [file.name for file in files]
        if path.is_dir()
        else [Path(f).name for f in gradings.files_of(lab)]
    )
    return {f"{directory_of(lab)}/{name}": file.read_bytes() for name, file in zip(names, files)}


def base_of(program: Program) -> Sources:
    if program.base:
        path = MUTANTS / f"right/lab{program.lab}" / program.base
        return sources_in(program.lab, path if path.is_dir() else path.with_suffix(".c"))
    return gradings.clean_solution(program.lab)


def sources_of(program: Program) -> Sources | None:
    """None where the patch does not fit."""
    if program.path.suffix != ".patch":
        return sources_in(program.lab, program.path)
    sources = base_of(program)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in sources.items():
            (Path(folder) / Path(name).name).write_bytes(text)
        patch = subprocess.run(
            ["patch", "--quiet", "--force", f"--directory={folder}"],
            input=program.path.read_bytes(),
            capture_output=True,
            check=False,
        )
        if patch.returncode != 0:
            return None
        return {name: (Path(folder) / Path(name).name).read_bytes() for name in sources}


def check(program: Program) -> Outcome:
    sources = sources_of(program)
    if sources is None:
        return Outcome([], "The patch does not fit: make it anew.")
    return gradings.check(program.lab, sources)


# --- Which check tries which function ---------------------------------------------------


def tried_by_checks(lab: int) -> dict[str, set[str]]:
    """The student's functions that each check calls, as it has recorded itself."""
    outcome = gradings.check(lab, gradings.clean_solution(lab), {"SHMLAB_COVERAGE": "1"})
    if outcome.names("passed") != [check["name"] for check in gradings.checks_of(lab)]:
        sys.exit(f"The reference of lab {lab} does not pass all checks.")
    return {
        record["name"]: {line.split()[0] for line in record["coverage"]}
        for record in outcome.records
    }


# --- Verdicts ---------------------------------------------------------------------------


def complaints(program: Program, outcome: Outcome, tried: dict[str, set[str]]) -> list[str]:
    """What is wrong with what became of a mutant."""
    failed = outcome.names("failed")
    found = [f"There is no check {name}." for name in program.named if name not in tried]
    if not failed:
        return found + ["SURVIVED"]
    if failed[0] not in program.named:
        found.append(f"CAUGHT BY ANOTHER CHECK first: {failed[0]}")
    unchecked = outcome.names("unchecked")
    if unchecked != program.unchecked:
        found.append(f"could not be checked by: {', '.join(unchecked) or 'none'}")
    if sources := sources_of(program):
        changed = functions.changed(program.lab, base_of(program), sources)
        for name in program.named:
            if changed and not changed & tried.get(name, set()):
                found.append(f"{name} does not call {', '.join(sorted(changed))}")
    return found


def marks(program: Program, outcome: Outcome) -> str:
    def mark(name: str, verdict: str) -> str:
        if verdict == "failed":
            return "X" if name in program.named else "x"
        return "." if verdict == "passed" else "?"

    return "".join(mark(record["name"], record["verdict"]) for record in outcome.records)


def shorten(text: str) -> list[str]:
    return [f"    {line}" for line in text.splitlines()[:5]]


def run_lab(lab: int, pattern: str) -> tuple[int, int, int]:
    """Returns the numbers of mutants, of right programs, and of failures."""
    names = [check["name"] for check in gradings.checks_of(lab)]
    tried = tried_by_checks(lab)
    every = wrong_programs(lab) + right_programs(lab)
    programs = [program for program in every if re.search(pattern, program.name)]
    failures = 0
    firsts = set()

    print(f"Lab {lab}")
    for number, name in enumerate(names, 1):
        print(f"  {number}. {name}: {', '.join(sorted(tried[name]))}")
    for program, outcome in gradings.in_parallel(check, programs):
        if outcome.trouble:
            print(f"  NOT CHECKED  {program.name}", *shorten(outcome.trouble), sep="\n")
            failures += 1
        elif program.wrong:
            firsts |= set(outcome.names("failed")[:1])
            wrong = complaints(program, outcome, tried)
            failures += bool(wrong)
            print(f"  {marks(program, outcome)}  {program.name}", *wrong, sep="   ", flush=True)
        elif outcome.names("passed") != names:
            failures += 1
            print(f"  A RIGHT PROGRAM LOSES POINTS: {program.path.relative_to(MUTANTS)}")
            for record in outcome.records:
                if record["verdict"] != "passed":
                    print(f"    {record['name']}: {record['expected']} {record['seen']}")
    if not pattern:
        for name in names:
            if name not in firsts:
                print(f"  NO MUTANT is caught by {name} alone or first.")
                failures += 1
    wrong_ones = sum(program.wrong for program in programs)
    return wrong_ones, len(programs) - wrong_ones, failures


def main() -> int:
    parser = argparse.ArgumentParser(description="The kill matrix.")
    parser.add_argument("labs", nargs="*", type=int, help="1 to 5; all without any")
    parser.add_argument("--only", default="", help="programs whose name matches this pattern")
    arguments = parser.parse_args()
    sums = [run_lab(lab, arguments.only) for lab in arguments.labs or gradings.LABS]
    wrong, right, failures = (sum(column) for column in zip(*sums))
    print(f"{wrong} mutants and {right} right programs; {failures} failures.")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
