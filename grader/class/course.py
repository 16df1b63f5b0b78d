"""What the course is: its labs, its checks, and a number that stands for all that decides a mark."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from results import SCHEMA, Json

ROOT = Path(__file__).resolve().parents[2]

# What decides a verdict, as far as it is the course's: when one of these changes, every submission
# is graded again.
DECIDING = (
    "labs/*.h",
    "labs/*/*.h",
    "grader/checks/*.c",
    "grader/lib/*.[ch]",
    "grader/student/*",
    "grader/grade/build.c",
    "grader/grade/labs.def",
    "grader/grade/sandbox.c",
)


class CourseError(Exception):
    """The course cannot be used as it is; the text says why and what to do."""


@dataclass(frozen=True)
class Lab:
    """A lab, and the files that a student hands in."""

    number: int
    directory: str
    title: str
    files: tuple[str, ...]


def read_labs(root: Path = ROOT) -> list[Lab]:
    """The labs of grader/grade/labs.def, the one list of them."""
    text = (root / "grader/grade/labs.def").read_text(encoding="utf-8")
    labs = []
    for call in re.finditer(r'^LAB\((\d+), "([^"]+)", "([^"]+)", (.*)\)$', text, re.MULTILINE):
        files = tuple(re.findall(r'"([^"]+)"', call[4]))
        labs.append(Lab(int(call[1]), call[2], call[3], files))
    return labs


def skeletons(labs: list[Lab], root: Path = ROOT) -> dict[str, str]:
    """The hash of each file as the course hands it out."""
    hashes = {}
    for lab in labs:
        for name in lab.files:
            path = root / "labs" / lab.directory / name
            if path.is_file():
                hashes[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return hashes


def checks_hash(root: Path = ROOT) -> str:
    """One hash of all files that decide a verdict."""
    digest = hashlib.sha256()
    for pattern in DECIDING:
        for path in sorted(root.glob(pattern)):
            digest.update(f"{path.relative_to(root)}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


# What a compiler in the sandbox sees of /usr.
SANDBOX_PATH = "/usr/bin:/bin"
IN_SANDBOX = ("/usr/bin/", "/usr/lib/", "/usr/libexec/")


def compiler_line(compiler: str, path: str) -> str:
    """The first line of what `cc --version` says; `path` is where grading looks for it."""
    words = compiler.split()
    program = shutil.which(words[0], path=path) if words else None
    if not program:
        raise CourseError(
            f"There is no compiler {compiler} in {path}. Type: ./setup class; or name another one:"
            " make grade CC=gcc"
        )
    place = os.path.realpath(program)
    if path == SANDBOX_PATH and not place.startswith(IN_SANDBOX):
        raise CourseError(
            f"The compiler {place} is not below /usr/bin or /usr/lib, which is all that the sandbox"
            " shows. Name another one: make grade CC=gcc"
        )
    run = subprocess.run(
        [program, *words[1:], "--version"],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    line = run.stdout.partition("\n")[0].strip()
    if run.returncode != 0 or not line:
        raise CourseError(f"{compiler} --version does not say what it is: CC is no C compiler.")
    return f"{line}, called as {compiler}" if words[1:] else line


def header(labs: list[Lab], compiler: str, isolation: Json, root: Path = ROOT) -> Json:
    """Everything of results.json but the students; `compiler` is its own line."""
    checks = json.loads((root / "build/checks.json").read_text(encoding="utf-8"))["checks"]
    told = ("name", "promise", "points", "hints")
    return {
        "schema": SCHEMA,
        "course": {"name": "shmlab", "checks": checks_hash(root)},
        "compiler": compiler,
        "isolation": isolation,
        "labs": [
            {
                "number": lab.number,
                "directory": lab.directory,
                "title": lab.title,
                "files": list(lab.files),
                "points": 100,
                "checks": [
                    {name: check[name] for name in told}
                    for check in checks
                    if check["lab"] == f"lab{lab.number}"
                ],
            }
            for lab in labs
        ],
    }


def stage(target: Path, labs: list[Lab], root: Path = ROOT) -> None:
    """Copies what grading needs to a folder that any user may read.

    So a course in root's own folder can be used by the ordinary user that root becomes, and a
    `make` meanwhile changes nothing.
    """
    build = target / "build"
    build.mkdir(parents=True)
    for name in ("shmlab", "checks", "runner", "checks.json", "plain"):
        shutil.copy(root / "build" / name, build / name)
    shutil.copytree(root / "build/course", build / "course")
    for path in (*root.glob("labs/*.h"), *root.glob("labs/*/*.h")):
        copy = target / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    for lab in labs:
        (target / "labs" / lab.directory).mkdir(parents=True, exist_ok=True)
