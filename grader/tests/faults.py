#!/usr/bin/python3
"""faults.py [LAB...] - which failing calls of the solutions the checks try.

Each check is run on the reference, and records which calls the student's code made in it
and how they failed: because the story was such that the kernel refused, or because the
grader let them fail ("injected").  Prints a table: function, call, errno, and the checks
in which that happened.

Fails when a call that a solution makes fails in no check, and is not excused in
grader/mutants/unfailing with a reason; and when an excuse is not needed any more.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from submissions import LABS, ROOT, Workshop, clean_solution, lab_files

UNFAILING = ROOT / "grader/mutants/unfailing"


def called_by_solution(lab: int) -> set[str]:
    """The library's functions that the solution is linked with."""
    names: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        for file in lab_files(lab):
            target = Path(folder) / "one.o"
            options = ["-std=gnu11", "-D_GNU_SOURCE", "-O1", f"-I{ROOT}/labs/{Path(file).parent}"]
            subprocess.run(
                ["gcc", *options, "-c", str(ROOT / "solutions" / file), "-o", str(target)],
                check=True,
            )
            symbols = subprocess.run(
                ["nm", "--undefined-only", "--format=just-symbols", str(target)],
                check=True,
                capture_output=True,
                text=True,
            )
            names |= set(symbols.stdout.split())
    return {name for name in names if not name.startswith("_")}


def interposed() -> set[str]:
    text = (ROOT / "grader/student/calls.def").read_text()
    return {line[5:-1] for line in text.splitlines() if line.startswith("CALL(")}


def excuses() -> dict[str, str]:
    """ "lab5 poll" or "segment_scratch shmctl/IPC_RMID", and the reason."""
    found: dict[str, str] = {}
    for line in UNFAILING.read_text().splitlines():
        if line and not line.startswith("#"):
            what, reason = line.split(": ", 1)
            found[what] = reason
    return found


def run_lab(lab: int, excused: dict[str, str], used: set[str], workshop: Workshop) -> int:
    outcome = workshop.check(lab, clean_solution(lab), {"SHMLAB_COVERAGE": "1"})
    if outcome.names("passed") != list(outcome.verdicts or {"": ""}):
        sys.exit(f"The reference of lab {lab} does not pass all checks.\n{outcome.output}")
    made: set[str] = set()
    failed: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for record in outcome.results or []:
        for line in record.get("coverage", []):
            words = line.split(" ", 2)
            if len(words) == 3:
                made.add(f"{words[0]} {words[1]}")
                if words[2] != "0":
                    failed[f"{words[0]} {words[1]}"][words[2]].append(record["name"])
    print(f"Lab {lab}")
    failures = 0
    for name in sorted(made):
        for error, checks in sorted(failed[name].items()):
            more = f" and {len(checks) - 1} more" if len(checks) > 1 else ""
            print(f"  {name:36} {error:22} {checks[0]}{more}")
        if not failed[name]:
            used.add(name)
            print(f"  {name:36} {'-':22} {excused.get(name, 'NO CHECK lets it fail.')}")
            failures += name not in excused
    for call in sorted(called_by_solution(lab) - interposed()):
        if call not in excused:
            print(f"  {call:36} NOBODY SEES IT: it is not in calls.def.")
            failures += 1
        used.add(call)
    return failures


def main() -> int:
    parser = argparse.ArgumentParser(description="Which failing calls the checks try.")
    parser.add_argument("labs", nargs="*", type=int, help="1 to 5; all without any")
    arguments = parser.parse_args()
    excused, used = excuses(), set[str]()
    with Workshop("faults") as workshop:
        failures = sum(run_lab(lab, excused, used, workshop) for lab in arguments.labs or LABS)
    if not arguments.labs:
        for name in sorted(excused.keys() - used):
            print(f"  grader/mutants/unfailing: {name} needs no excuse.")
            failures += 1
    print("Every failing call is tried, or excused." if not failures else f"{failures} failures.")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
