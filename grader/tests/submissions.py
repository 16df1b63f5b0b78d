"""The submissions of the course: solutions, mutants and right programs, and how to check one.

Used by whatever checks many programs: the kill matrix (mutants.py), the mechanical mutation
(mechanical.py), the table of failing calls (faults.py), the gradings in trouble (flake.py), and the
messages in telling situations (golden.py).  Every program is checked in a place of its own, with its
own sources and its own build directory, so that many can be checked at once.
"""

from __future__ import annotations

import argparse
import fcntl
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Iterable, Iterator, TypeVar

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "grader" / "class"))

from progress import Progress  # noqa: E402  (the path comes first)

BUILD = ROOT / os.environ.get("BUILD", "build")
MUTANTS = ROOT / os.environ.get("SHMLAB_MUTANTS", "grader/mutants")
LABS = (1, 2, 3, 4, 5)
PARTS = ("course", "checks", "checks.json", "plain", "shmlab")
# What the one who starts many checks may choose for all of them.
CHOSEN = ("CC", "SHMLAB_WORLD")

Record = dict[str, Any]  # what the grader writes of one check
Sources = dict[str, bytes]  # "03-attach/attach.c" and its text
Verdicts = dict[str, str]  # the name of a check: passed, failed or unchecked
Task = TypeVar("Task")
Answer = TypeVar("Answer")


# --- The labs -----------------------------------------------------------------------


@functools.cache
def lab_files(lab: int) -> tuple[str, ...]:
    """The student's files: ("03-attach/attach.c",)."""
    command = [str(BUILD / "shmlab"), "files", str(lab)]
    return tuple(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def lab_directory(lab: int) -> str:
    return os.path.dirname(lab_files(lab)[0])


def checks_of(lab: int) -> list[Record]:
    """The checks as they describe themselves, in their order."""
    every = json.loads((BUILD / "checks.json").read_text())["checks"]
    return [one for one in every if one["lab"] == f"lab{lab}"]


@functools.cache
def clean_file(file: str) -> bytes:
    """A file of the reference without the marks from which the skeletons are made."""
    command = ["awk", "-v", "mode=solution", "-f", "grader/tools/skeleton.awk", f"solutions/{file}"]
    return subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout


def clean_solution(lab: int) -> Sources:
    return {file: clean_file(file) for file in lab_files(lab)}


# --- The submissions ----------------------------------------------------------------


class DoesNotFit(Exception):
    """A patch was made for another text."""


@dataclass(frozen=True)
class Submission:
    """One solution to one lab: `kind` is solution, mutant or right."""

    lab: int
    kind: str
    path: Path  # a patch, a file of C, or a folder of such files

    @property
    def title(self) -> str:
        return self.path.stem

    @property
    def name(self) -> str:
        return f"lab{self.lab}/{self.kind}/{self.title}"

    @property
    def wanted(self) -> list[str]:
        """The checks that catch a mutant, as it says itself."""
        return self.header("Caught by")

    @property
    def unchecked(self) -> list[str]:
        """The checks that can come to no verdict on it."""
        return self.header("Not checked by")

    @property
    def base(self) -> str:
        """The right program from which a patch starts; "" for the reference."""
        return (self.header("Base") or [""])[0]

    def header(self, field: str) -> list[str]:
        """The words of "FIELD: one, two" in the patch, or in a comment of the program."""
        path = sorted(self.path.glob("*.c"))[0] if self.path.is_dir() else self.path
        found = re.search(rf"^[/* ]*{field}: *(.*?)[*/ ]*$", path.read_text(), re.MULTILINE)
        return re.split(r"[, ]+", found[1]) if found else []


def mutants_of(lab: int) -> list[Submission]:
    folder = MUTANTS / f"lab{lab}"
    return [Submission(lab, "mutant", path) for path in sorted(folder.iterdir())]


def right_programs_of(lab: int) -> list[Submission]:
    folder = MUTANTS / "right" / f"lab{lab}"
    return [Submission(lab, "right", path) for path in sorted(folder.iterdir())]


def submissions(labs: list[int]) -> list[Submission]:
    """All submissions of these labs, in a fixed order."""
    found = []
    for lab in labs:
        found.append(Submission(lab, "solution", ROOT / "solutions" / lab_directory(lab)))
        found += mutants_of(lab) + right_programs_of(lab)
    return found


def sources_in(lab: int, path: Path) -> Sources:
    """The files of a whole program: lab 5 has a folder with two."""
    if not path.is_dir():
        return {lab_files(lab)[0]: path.read_bytes()}
    return {f"{lab_directory(lab)}/{file.name}": file.read_bytes() for file in path.glob("*.c")}


def base_of(submission: Submission) -> Sources:
    """From what a patch starts."""
    if not submission.base:
        return clean_solution(submission.lab)
    path = MUTANTS / "right" / f"lab{submission.lab}" / submission.base
    return sources_in(submission.lab, path if path.is_dir() else path.with_suffix(".c"))


def apply_patch(patch: Path, directory: Path) -> None:
    command = ["patch", "--quiet", "--force", f"--directory={directory}", f"--input={patch}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise DoesNotFit(f"The patch does not fit: make it anew.\n{patch}\n{done.stdout}")


def sources_of(submission: Submission) -> Sources:
    """All files of a submission.  Raises DoesNotFit."""
    if submission.kind == "solution":
        return clean_solution(submission.lab)
    if submission.path.suffix != ".patch":
        return clean_solution(submission.lab) | sources_in(submission.lab, submission.path)
    sources = base_of(submission)
    with tempfile.TemporaryDirectory() as folder:
        write_sources(sources, Path(folder))
        apply_patch(submission.path, Path(folder) / lab_directory(submission.lab))
        return {file: (Path(folder) / file).read_bytes() for file in sources}


def write_sources(sources: Sources, folder: Path) -> None:
    for file, text in sources.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(text)


def write_solutions(folder: Path) -> None:
    """The solutions of all labs, side by side, as a student hands them in."""
    folder.mkdir()
    for lab in LABS:
        for file, text in clean_solution(lab).items():
            (folder / Path(file).name).write_bytes(text)


def write_submission(submission: Submission, folder: Path) -> None:
    write_sources(sources_of(submission), folder)


# --- A place for each ---------------------------------------------------------------


def copy_parts(directory: Path) -> None:
    """What a check needs, copied to a place that every user can read: the course may live in root's
    home directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = BUILD / part
        if source.is_dir():
            shutil.copytree(source, directory / part)
        else:
            shutil.copy(source, directory / part)
    shutil.copytree(ROOT / "labs", directory.parent / "labs")


def make_build(parts: Path, build: Path) -> None:
    """A build directory of its own.  The checks put an empty file system over /tmp, and see nothing
    there any more but this directory: so the programs that they start must lie in it, as hard links.
    The object files of `course` are needed before, when the student's program is linked."""
    build.mkdir(parents=True)
    for part in PARTS:
        if (parts / part).is_dir():
            (build / part).symlink_to(parts / part)
        else:
            os.link(parts / part, build / part)


def locked(path: Path) -> int | None:
    """A descriptor that holds the lock of a folder; None where somebody else holds it, or it is gone."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.exists():
            return fd
    except OSError:
        pass
    os.close(fd)
    return None


def new_workshop(name: str) -> tuple[Path, int]:
    """A folder of this process's own, with its lock.  Those of killed processes are removed."""
    prefix = f"shmlab-{name}-"
    for old in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        if (lock := locked(old)) is not None:
            shutil.rmtree(old, ignore_errors=True)
            os.close(lock)
    while True:
        path = Path(tempfile.mkdtemp(prefix=prefix))
        if (lock := locked(path)) is not None:
            return path, lock


class Workshop:
    """A folder with a copy of what a check needs, and a place for each program that is checked."""

    def __init__(self, name: str) -> None:
        # kill(1) is to leave nothing behind, as Ctrl-C does.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        self.path, self.lock = new_workshop(name)
        self.path.chmod(0o755)
        copy_parts(self.path / "parts")

    def __enter__(self) -> Workshop:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.lock)

    def new_place(self, prefix: str = "") -> Path:
        """An empty place: place/sources is to be filled, place/build is ready."""
        place = Path(tempfile.mkdtemp(prefix=prefix, dir=self.path))
        place.chmod(0o755)
        make_build(self.path / "parts", place / "build")
        return place

    def check(
        self, lab: int, sources: Sources, environment: dict[str, str] | None = None
    ) -> Outcome:
        """Builds a program and runs the lab's checks on it."""
        place = self.new_place()
        chosen = {name: os.environ[name] for name in CHOSEN if name in os.environ}
        try:
            write_sources(sources, place / "sources")
            return check(lab, place, chosen | (environment or {}), [], self.path)
        finally:
            shutil.rmtree(place, ignore_errors=True)


# --- Checking -----------------------------------------------------------------------


@dataclass
class Outcome:
    """What one checking of one lab gave."""

    status: int
    output: str
    results: list[Record] | None  # None where it did not come to them
    seconds: float

    @property
    def verdicts(self) -> Verdicts | None:
        if self.results is None:
            return None
        return {result["name"]: result["verdict"] for result in self.results}

    def names(self, verdict: str) -> list[str]:
        """The checks with this verdict, in their order."""
        return [record["name"] for record in self.results or [] if record["verdict"] == verdict]


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


def pattern(text: str) -> re.Pattern[str]:
    """For argparse: a regular expression that --only takes."""
    try:
        return re.compile(text)
    except re.error as trouble:
        raise argparse.ArgumentTypeError(f"'{text}' is no regular expression: {trouble}") from None


def in_parallel(
    work: Callable[[Task], Answer], tasks: Iterable[Task], told: bool = False
) -> Iterator[tuple[Task, Answer]]:
    """The answers in the order of the tasks, a few at a time.  Told: a line on standard error says how
    far it is, for work that is silent for long."""
    every = list(tasks)
    progress = Progress(len(every), 0) if told else None
    with ThreadPoolExecutor(max_workers=int(os.environ.get("JOBS", os.cpu_count() or 1))) as pool:
        for pair in zip(every, pool.map(work, every)):
            if progress:
                progress.clear()
            yield pair
            if progress:
                progress.add()
    if progress:
        progress.end()
