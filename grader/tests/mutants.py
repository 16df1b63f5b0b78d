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
import re
import sys

import functions
from submissions import (
    LABS,
    MUTANTS,
    DoesNotFit,
    Outcome,
    Submission,
    Workshop,
    base_of,
    checks_of,
    clean_solution,
    in_parallel,
    mutants_of,
    pattern,
    right_programs_of,
    sources_of,
)


def check(program: Submission, workshop: Workshop) -> Outcome:
    try:
        return workshop.check(program.lab, sources_of(program))
    except DoesNotFit as trouble:
        return Outcome(1, str(trouble), None, 0)


# --- Which check tries which function ---------------------------------------------------


def tried_by_checks(lab: int, workshop: Workshop) -> dict[str, set[str]]:
    """The student's functions that each check calls, as it has recorded itself."""
    outcome = workshop.check(lab, clean_solution(lab), {"SHMLAB_COVERAGE": "1"})
    if outcome.names("passed") != [check["name"] for check in checks_of(lab)]:
        sys.exit(f"The reference of lab {lab} does not pass all checks.")
    return {
        record["name"]: {line.split()[0] for line in record["coverage"]}
        for record in outcome.results or []
    }


# --- Verdicts ---------------------------------------------------------------------------


def complaints(program: Submission, outcome: Outcome, tried: dict[str, set[str]]) -> list[str]:
    """What is wrong with what became of a mutant."""
    failed = outcome.names("failed")
    found = [f"There is no check {name}." for name in program.wanted if name not in tried]
    if not failed:
        return found + ["SURVIVED"]
    if failed[0] not in program.wanted:
        found.append(f"CAUGHT BY ANOTHER CHECK first: {failed[0]}")
    unchecked = outcome.names("unchecked")
    if unchecked != program.unchecked:
        found.append(f"could not be checked by: {', '.join(unchecked) or 'none'}")
    changed = functions.changed(program.lab, base_of(program), sources_of(program))
    for name in program.wanted:
        if changed and not changed & tried.get(name, set()):
            found.append(f"{name} does not call {', '.join(sorted(changed))}")
    return found


def marks(program: Submission, outcome: Outcome) -> str:
    def mark(name: str, verdict: str) -> str:
        if verdict == "failed":
            return "X" if name in program.wanted else "x"
        return "." if verdict == "passed" else "?"

    return "".join(mark(record["name"], record["verdict"]) for record in outcome.results or [])


def shorten(text: str) -> list[str]:
    return [f"    {line}" for line in text.splitlines()[:5]]


def run_lab(lab: int, chosen: re.Pattern[str], workshop: Workshop) -> tuple[int, int, int]:
    """Returns the numbers of mutants, of right programs, and of failures."""
    names = [check["name"] for check in checks_of(lab)]
    tried = tried_by_checks(lab, workshop)
    every = mutants_of(lab) + right_programs_of(lab)
    programs = [program for program in every if chosen.search(program.title)]
    failures = 0
    firsts = set()

    print(f"Lab {lab}")
    for number, name in enumerate(names, 1):
        print(f"  {number}. {name}: {', '.join(sorted(tried[name]))}")
    for program, outcome in in_parallel(lambda one: check(one, workshop), programs):
        if outcome.results is None:
            print(f"  NOT CHECKED  {program.title}", *shorten(outcome.output), sep="\n")
            failures += 1
        elif program.kind == "mutant":
            firsts |= set(outcome.names("failed")[:1])
            wrong = complaints(program, outcome, tried)
            failures += bool(wrong)
            print(f"  {marks(program, outcome)}  {program.title}", *wrong, sep="   ", flush=True)
        elif outcome.names("passed") != names:
            failures += 1
            print(f"  A RIGHT PROGRAM LOSES POINTS: {program.path.relative_to(MUTANTS)}")
            for record in outcome.results or []:
                if record["verdict"] != "passed":
                    print(f"    {record['name']}: {record['expected']} {record['seen']}")
    if not chosen.pattern:
        for name in names:
            if name not in firsts:
                print(f"  NO MUTANT is caught by {name} alone or first.")
                failures += 1
    wrong_ones = sum(program.kind == "mutant" for program in programs)
    return wrong_ones, len(programs) - wrong_ones, failures


def main() -> int:
    parser = argparse.ArgumentParser(description="The kill matrix.")
    parser.add_argument("labs", nargs="*", type=int, help="1 to 5; all without any")
    parser.add_argument(
        "--only", type=pattern, default="", help="programs whose name matches this pattern"
    )
    arguments = parser.parse_args()
    with Workshop("mutants") as workshop:
        sums = [run_lab(lab, arguments.only, workshop) for lab in arguments.labs or LABS]
    wrong, right, failures = (sum(column) for column in zip(*sums))
    print(f"{wrong} mutants and {right} right programs; {failures} failures.")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
