"""Grades a class: takes everybody's files, has them graded, and writes each result when it is ready.

A result is a file of its own, students/ID.json, written whole or not at all. The same command
again finds those that are there: a submission is not graded anew when its files, the checks, the
compiler and the isolation are the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import folder
from archive import SOURCE_MAX
from course import Lab
from intake import Intake, Student
from jobs import Done, Jobs, Work
from progress import Progress
from results import (
    GOES_ON,
    GOES_ON_WITHOUT_FORCE,
    STORY,
    Json,
    dump,
    file_stem,
    in_order,
    not_written,
    write_atomically,
    write_results,
    write_traces,
)
from steady import steady_messages, steady_record, take_traces


class EngineError(Exception):
    """Grading cannot go on; the text says why, and what to do."""


@dataclass
class Plan:
    """What the command line asks for."""

    out: Path
    labs: list[Lab]
    header: Json
    force: bool = False
    shard: tuple[int, int] = (1, 1)


@dataclass
class Entry:
    """A student while the class is graded; the files themselves are read when they are needed."""

    student: Student
    hashes: dict[str, str] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    traces: dict[str, Json] = field(default_factory=dict)
    broken: bool = False


class Engine:
    """One grading of a class."""

    def __init__(self, plan: Plan, intake: Intake) -> None:
        self.plan = plan
        self.intake = intake
        self.students = plan.out / "students"
        self.entries: dict[str, Entry] = {}
        self.everybody = 0
        """How many students the class has, with those of other shards."""
        self.seconds: dict[str, float] = {}
        self.kept = 0
        """How many were not graded again: an earlier run did."""
        self.unchecked: list[str] = []

    # --- What there is ------------------------------------------------------------

    def enrol(self, students: list[Student]) -> None:
        """Keeps those of this shard."""
        part, parts = self.plan.shard
        self.everybody = len(students)
        for student in students:
            number = hashlib.sha256(os.fsencode(student.id)).digest()
            if int.from_bytes(number[:8], "big") % parts == part - 1:
                self.entries[student.id] = self._entry(student)

    def _entry(self, student: Student) -> Entry:
        entry = Entry(student, notes=list(student.notes))
        if not student.submission:
            return entry
        chosen = self.intake.choose(student.submission)
        for name, found in chosen.items():
            data = self._bytes(entry, name, found.spooled)
            if data is not None and found.spooled:
                entry.hashes[name] = hashlib.sha256(data).hexdigest()
                entry.paths[name] = found.spooled
                if _is_utf16(data):
                    entry.notes.append(f"{name} is UTF-16, and was read as such.")
        entry.notes += student.submission.notes
        wanted = {name for lab in self.plan.labs for name in lab.files}
        if student.submission.broken and wanted - entry.hashes.keys():
            entry.broken = True
        elif not entry.hashes and not entry.broken:
            entry.notes.append("The submission holds none of the files that the labs ask for.")
        return entry

    @staticmethod
    def _bytes(entry: Entry, name: str, path: Path | None) -> bytes | None:
        try:
            assert path
            # It was a regular file a moment ago; whoever may have replaced it is not followed.
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(fd, "rb") as file:
                data = file.read(SOURCE_MAX + 1)
        except OSError as error:
            entry.notes.append(f"{name} cannot be read: {error.strerror}.")
            entry.broken = True
            return None
        return data[:SOURCE_MAX]

    # --- Grading ------------------------------------------------------------------

    def grade(self, jobs: Jobs) -> None:
        """Grades whoever is not graded yet."""
        folder.note(self.plan.out, self.stems)
        self._same_header()
        ids = in_order(self.entries)
        again = {key: old for key in ids if (old := self._old(key)) is not None}
        for key, labs in again.items():
            self._write(key, self._told(self.entries[key], labs), again=True)
        self.kept = len(again)
        progress = Progress(len(ids), len(again))
        waiting = [key for key in ids if key not in again]
        works: list[str] = []
        for key in waiting:
            entry = self.entries[key]
            if self._labs(entry, entry.hashes):
                works.append(key)
            else:
                self._write(key, self._told(entry, self._no_files(entry)))
                progress.add(key, self._is_unchecked(key), graded=False)
        for done in jobs.run(self._work(key) for key in works):
            key = done.work.student
            self._write(key, self._graded(self.entries[key], done))
            self.seconds[key] = round(done.seconds, 3)
            progress.add(key, self._is_unchecked(key))
        progress.end()

    def _same_header(self) -> None:
        """Results of other checks, another compiler or another isolation do not count."""
        path = self.plan.out / "header.json"
        text = dump(self.plan.header) + "\n"
        try:
            same = path.read_text(encoding="utf-8") == text
        except OSError:
            same = False
        self.students.mkdir(parents=True, exist_ok=True)
        if not same or self.plan.force:
            for old in self.students.glob("*.json"):
                old.unlink()
            shutil.rmtree(self.plan.out / "traces", ignore_errors=True)
            write_atomically(path, text)

    def _old(self, key: str) -> dict[str, Json] | None:
        """The labs of an earlier result that is still true."""
        entry = self.entries[key]
        try:
            text = (self.students / f"{file_stem(key)}.json").read_text(encoding="utf-8")
            old = json.loads(text)
            files = (old["submission"] or {"files": None})["files"]
            if old["status"] != "graded" or not entry.hashes or files != entry.hashes:
                return None
            labs: dict[str, Json] = old["labs"]
            return labs
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _labs(self, entry: Entry, files: Container[str]) -> list[Lab]:
        """The labs that have something to compile."""
        return [
            lab
            for lab in self.plan.labs
            if any(name in files for name in lab.files) and not _lacks(entry, lab)
        ]

    def _work(self, key: str) -> Work:
        entry = self.entries[key]
        files = {}
        for name, path in entry.paths.items():
            data = self._bytes(entry, name, path)
            if data is not None:
                # A compiler reads UTF-8; some editors write UTF-16.
                utf16 = _is_utf16(data)
                files[name] = data.decode("utf-16", "replace").encode() if utf16 else data
        labs = self._labs(entry, files)
        seed = hashlib.sha256(
            dump([self.plan.header["course"], sorted(entry.hashes.items())]).encode()
        )
        return Work(key, labs, files, seed.hexdigest()[:16])

    # --- Results ------------------------------------------------------------------

    def _no_files(self, entry: Entry) -> dict[str, Json]:
        if not entry.student.submission or entry.broken:
            return {}
        return {str(lab.number): _missing(lab) for lab in self.plan.labs}

    def _graded(self, entry: Entry, done: Done) -> Json:
        labs: dict[str, Json] = {}
        if done.answer is None:
            entry.notes.append(f"This submission could not be checked. {done.trouble}")
            return self._told(entry, labs, unchecked=True)
        unchecked = False
        for lab in self.plan.labs:
            told = done.answer["labs"].get(str(lab.number))
            if _lacks(entry, lab):
                unchecked = True
                continue
            result = _lab_result(lab, told) if told else _missing(lab)
            if told and not told["build"].get("tried", True):
                result["verdict"] = "unchecked"
            unchecked = unchecked or _has_unchecked(result)
            labs[str(lab.number)] = result
        entry.traces = take_traces(labs)
        return self._told(entry, labs, unchecked)

    def _told(self, entry: Entry, labs: dict[str, Json], unchecked: bool = False) -> Json:
        student, submission = entry.student, entry.student.submission
        status = "graded" if submission else "missing"
        if unchecked or entry.broken:
            status = "unchecked"
        return {
            "id": student.id,
            "name": student.name,
            "on_roster": student.on_roster,
            "status": status,
            "late": submission.late if submission else None,
            "notes": entry.notes,
            "submission": (
                {
                    "source": submission.source,
                    "superseded": student.superseded,
                    "files": dict(sorted(entry.hashes.items())),
                }
                if submission
                else None
            ),
            "points": sum(lab["points"] for lab in labs.values()),
            "labs": labs,
        }

    def _write(self, key: str, result: Json, again: bool = False) -> None:
        if result["status"] == "unchecked":
            self.unchecked.append(key)
        path = self.students / f"{file_stem(key)}.json"
        try:
            if not again:
                write_traces(self.plan.out, file_stem(key), self.entries[key].traces)
            write_atomically(path, dump(result) + "\n")
        except OSError as error:
            raise EngineError(self._not_written(error, path)) from error

    def _is_unchecked(self, key: str) -> bool:
        return bool(self.unchecked) and self.unchecked[-1] == key

    def results(self) -> Iterator[Json]:
        """Every student's result, in order, one at a time."""
        for key in in_order(self.entries):
            path = self.students / f"{file_stem(key)}.json"
            yield json.loads(path.read_text(encoding="utf-8"))

    def write_results(self, warnings: Iterable[str] = ()) -> None:
        """OUT/results.json; `warnings` are sentences about the class, in their order."""
        more: Json = {"warnings": list(warnings)}
        part, parts = self.plan.shard
        if parts > 1:
            more["shard"] = {"part": part, "parts": parts, "students": self.everybody}
        try:
            write_results(self.plan.out, self.plan.header | more, self.results())
        except OSError as error:
            raise EngineError(self._not_written(error, self.plan.out)) from error

    def _not_written(self, error: OSError, path: Path) -> str:
        return not_written(error, path, GOES_ON_WITHOUT_FORCE if self.plan.force else GOES_ON)

    @property
    def stems(self) -> set[str]:
        """The names (without ending) of the files of this run's students."""
        return {file_stem(key) for key in self.entries}

    @property
    def superseded(self) -> int:
        """How many submissions were not graded, for their students handed in newer ones."""
        return sum(len(entry.student.superseded) for entry in self.entries.values())


def _lacks(entry: Entry, lab: Lab) -> bool:
    """Whether a file of this lab is perhaps among what could not be read. That is not the same as a
    file that was not handed in, which costs points."""
    return entry.broken and not entry.hashes.keys() >= set(lab.files)


def _is_utf16(data: bytes) -> bool:
    return data.startswith((b"\xff\xfe", b"\xfe\xff"))


def _missing(lab: Lab) -> Json:
    names = " and ".join(lab.files)
    return {
        "points": 0,
        "verdict": "missing",
        "build": {"ok": False, "messages": f"There is no {names} in the submission."},
        "checks": [],
    }


def _slim(lab: Lab, record: Json) -> Json:
    """What the header tells already, and the story of a check that passed, are left out."""
    told = ("name", "verdict", "leaks", *(STORY if record["verdict"] != "passed" else ()))
    slim = {name: record[name] for name in told if record.get(name)}
    return steady_record(lab.number, slim | {"devices": record.get("devices", [])})


def _safe(text: str) -> str:
    """The compiler quotes the student's file: control bytes are written as \\xHH."""
    return "".join(
        char if char in "\n\t" or char.isprintable() else f"\\x{ord(char):02x}" for char in text
    )


def _lab_result(lab: Lab, told: Json) -> Json:
    records = told["checks"]
    passed = [record for record in records if record["verdict"] == "passed"]
    verdicts = {record["verdict"] for record in records}
    verdict = "passed"
    if "failed" in verdicts or not told["build"]["ok"]:
        verdict = "failed"
    elif verdicts != {"passed"}:
        verdict = "unchecked"
    return {
        "points": sum(record["points"] for record in passed),
        "verdict": verdict,
        "build": {
            "ok": told["build"]["ok"],
            "messages": _safe(steady_messages(told["build"]["messages"])),
        },
        "checks": [_slim(lab, record) for record in records],
    }


def _has_unchecked(result: Json) -> bool:
    """A lab that does not compile has no check that could be done; that is no trouble of ours."""
    if result["verdict"] == "unchecked":
        return True
    return result["build"]["ok"] and any(
        record["verdict"] not in ("passed", "failed") for record in result["checks"]
    )


def remove_folder(path: Path) -> None:
    """Removes a folder with everything in it, whatever its permissions."""
    for top, names, _ in os.walk(path):
        for name in names:
            if not (Path(top) / name).is_symlink():
                os.chmod(Path(top) / name, 0o700)
    shutil.rmtree(path, ignore_errors=True)
