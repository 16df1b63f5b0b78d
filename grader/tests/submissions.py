"""The submissions of the course: solutions, mutants and right programs, and how to check one.

Used by flake.py and golden.py.  Every submission is checked in a directory of its own, with its own
sources and its own build directory, so that many can be checked at once.
"""

import functools
import json
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MUTANTS = ROOT / "grader" / "mutants"
PARTS = ("course", "checks", "checks.json", "plain", "shmlab")

Verdicts = dict[str, str]  # the name of a check: passed, failed or unchecked


@dataclass(frozen=True)
class Submission:
    """One solution to one lab: `kind` is solution, mutant or right."""

    lab: int
    kind: str
    path: Path

    @property
    def name(self) -> str:
        return f"lab{self.lab}/{self.kind}/{self.path.stem}"

    @property
    def wanted(self) -> list[str]:
        """The checks that catch a mutant, as its patch names them."""
        if self.kind != "mutant":
            return []
        found = re.search(r"^Caught by: *(.*)$", self.path.read_text(), re.MULTILINE)
        return re.split(r", *", found.group(1).strip()) if found else []


def submissions(labs: list[int]) -> list[Submission]:
    """All submissions of these labs, in a fixed order."""
    found = []
    for lab in labs:
        found.append(Submission(lab, "solution", ROOT / "solutions" / lab_directory(lab)))
        for path in sorted((MUTANTS / f"lab{lab}").glob("*.patch")):
            found.append(Submission(lab, "mutant", path))
        for path in sorted((MUTANTS / "right" / f"lab{lab}").iterdir()):
            found.append(Submission(lab, "right", path))
    return found


@functools.cache
def lab_files(lab: int) -> tuple[str, ...]:
    """The student's files: ("03-attach/attach.c",)."""
    command = [str(ROOT / "build" / "shmlab"), "files", str(lab)]
    return tuple(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def lab_directory(lab: int) -> str:
    return os.path.dirname(lab_files(lab)[0])


@functools.cache
def clean_solution(file: str) -> str:
    """A file of the reference solution without the marks of its regions."""
    command = ["awk", "-v", "mode=solution", "-f", "grader/tools/skeleton.awk", f"solutions/{file}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return done.stdout


def write_solution(lab: int, sources: Path) -> Path:
    """Writes the reference; returns the directory of the lab's files."""
    for file in lab_files(lab):
        (sources / file).parent.mkdir(parents=True, exist_ok=True)
        (sources / file).write_text(clean_solution(file))
    return sources / lab_directory(lab)


def apply_patch(patch: Path, directory: Path) -> None:
    command = ["patch", "--quiet", f"--directory={directory}", f"--input={patch}"]
    subprocess.run(command, check=True, capture_output=True)


def write_submission(submission: Submission, sources: Path) -> None:
    """Writes the files of a submission below `sources`."""
    directory = write_solution(submission.lab, sources)
    path = submission.path
    if submission.kind == "mutant":
        base = re.search(r"^Base: *(\w+)$", path.read_text(), re.MULTILINE)
        if base:
            right = MUTANTS / "right" / f"lab{submission.lab}" / base.group(1)
            for file in right.glob("*.c"):
                shutil.copy(file, directory)
        apply_patch(path, directory)
    elif submission.kind == "right" and path.is_dir():
        for file in path.glob("*.c"):
            shutil.copy(file, directory)
    elif submission.kind == "right":
        shutil.copy(path, sources / lab_files(submission.lab)[0])


def copy_parts(directory: Path) -> None:
    """What a check needs, copied to a place that every user can read: a private world hides /tmp, and
    the course itself may live there, or in root's home directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = ROOT / "build" / part
        if source.is_dir():
            shutil.copytree(source, directory / part)
        else:
            shutil.copy(source, directory / part)
    shutil.copytree(ROOT / "labs", directory.parent / "labs")


def make_build(parts: Path, build: Path) -> None:
    """A build directory of its own, made of links to the parts."""
    build.mkdir(parents=True)
    for part in PARTS:
        if (parts / part).is_dir():
            (build / part).symlink_to(parts / part)
        else:
            os.link(parts / part, build / part)


@dataclass
class Outcome:
    """What one checking of one lab gave."""

    status: int
    output: str
    results: list[dict] | None
    seconds: float

    @property
    def verdicts(self) -> Verdicts | None:
        if self.results is None:
            return None
        return {result["name"]: result["verdict"] for result in self.results}


def start_check(
    lab: int,
    place: Path,
    environment: dict[str, str],
    prefix: list[str],
    cwd: Path,
    words: list[str] | None = None,
) -> subprocess.Popen:
    """Starts `shmlab lab N` (or other words) on place/sources with place/build, in a process group of its own."""
    variables = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": "/tmp",
        "SHMLAB_SOURCES": str(place / "sources"),
        "SHMLAB_BUILD": str(place / "build"),
    }
    command = [*prefix, str(place / "build" / "shmlab"), *(words or ["lab", str(lab)])]
    with open(place / "output", "w", encoding="utf-8") as output:
        return subprocess.Popen(
            command,
            env=variables | environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def finish_check(lab: int, place: Path, process: subprocess.Popen, start: float) -> Outcome:
    """Waits for a check, and reads what it left."""
    status = process.wait()
    results = None
    path = place / "build" / f"lab{lab}" / "results.json"
    if path.exists():
        results = json.loads(path.read_text())
    output = (place / "output").read_text(encoding="utf-8", errors="replace")
    return Outcome(status, output, results, time.monotonic() - start)


def check(
    lab: int,
    place: Path,
    environment: dict[str, str],
    prefix: list[str],
    cwd: Path,
    words: list[str] | None = None,
) -> Outcome:
    start = time.monotonic()
    process = start_check(lab, place, environment, prefix, cwd, words)
    return finish_check(lab, place, process, start)
