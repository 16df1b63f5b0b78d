"""Builds and checks many programs, each in a build directory of its own.

What the kill matrix (mutants.py) and the mechanical mutation (mechanical.py) share.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, TypeVar

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
LABS = (1, 2, 3, 4, 5)

Record = dict[str, Any]
Sources = dict[str, bytes]  # "03-attach/attach.c" and its text
Task = TypeVar("Task")
Answer = TypeVar("Answer")


@dataclass
class Outcome:
    """What the checks said of one program; `trouble` where they did not come to it."""

    records: list[Record]
    trouble: str = ""

    def names(self, verdict: str) -> list[str]:
        return [record["name"] for record in self.records if record.get("verdict") == verdict]


def files_of(lab: int) -> list[str]:
    """The student's files of a lab, as "03-attach/attach.c"."""
    command = [str(BUILD / "shmlab"), "files", str(lab)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def checks_of(lab: int) -> list[Record]:
    """The list of checks, in their order."""
    every = json.loads((BUILD / "checks.json").read_text())["checks"]
    return [check for check in every if check["lab"] == f"lab{lab}"]


def clean_solution(lab: int) -> Sources:
    """The reference without the marks from which the skeletons are made."""
    command = ["awk", "-v", "mode=solution", "-f", str(ROOT / "grader/tools/skeleton.awk")]
    return {
        name: subprocess.run(
            [*command, str(ROOT / "solutions" / name)], check=True, capture_output=True
        ).stdout
        for name in files_of(lab)
    }


def check(lab: int, sources: Sources, environment: dict[str, str] | None = None) -> Outcome:
    """Builds a program and runs the lab's checks on it."""
    (BUILD / "mutants").mkdir(exist_ok=True)
    own = Path(tempfile.mkdtemp(prefix=f"lab{lab}-", dir=BUILD / "mutants"))
    try:
        for name, text in sources.items():
            path = own / "sources" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
        (own / "build").mkdir()
        (own / "build" / "course").symlink_to(BUILD / "course")
        # No symbolic links: the checks put an empty file system over /tmp, and where the
        # course itself stands there, they see nothing of it but this directory.
        for part in ("checks", "checks.json", "plain"):
            os.link(BUILD / part, own / "build" / part)
        run = subprocess.run(
            [str(BUILD / "shmlab"), "lab", str(lab)],
            cwd=ROOT,
            env={
                **os.environ,
                "SHMLAB_SOURCES": str(own / "sources"),
                "SHMLAB_BUILD": str(own / "build"),
                **(environment or {}),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        results = own / "build" / f"lab{lab}" / "results.json"
        if not results.exists():
            return Outcome([], run.stdout + run.stderr)
        return Outcome(json.loads(results.read_text()))
    finally:
        shutil.rmtree(own, ignore_errors=True)


def in_parallel(
    work: Callable[[Task], Answer], tasks: Iterable[Task]
) -> Iterator[tuple[Task, Answer]]:
    """The answers in the order of the tasks, a few at a time."""
    every = list(tasks)
    with ThreadPoolExecutor(max_workers=int(os.environ.get("JOBS", os.cpu_count() or 1))) as pool:
        yield from zip(every, pool.map(work, every))
