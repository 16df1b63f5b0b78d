"""Finds out who handed in what: folders, archives, and what Moodle, Canvas and Gradescope export.

Every source becomes a list of found files with their paths. From the paths follows the layout:

    one folder a student      s01/create.c, s01/labs/02-create/create.c, s01/my-project/create.c
    one archive a student     s01.zip, s01.tar.gz
    Moodle                    Ann Li_4711_assignsubmission_file_/create.c, or with create.c behind
    Canvas                    liann_LATE_4711_90210_create.c
    Gradescope                submission_90210/create.c, beside submission_metadata.yml
    one student's files       create.c: the folder's name is the student's id

Only files that a lab names are taken, only as regular files, and only their content.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from archive import SOURCE_MAX, Found, is_archive, is_noise, read_archive, stem
from course import Lab
from names import CANVAS, COPY, METADATA, MOODLE, is_wanted, lab_file
from roster import Roster, tidy

METADATA_MAX = 64 << 20
SKIPPED = frozenset(("__MACOSX", "node_modules"))
# Folders of the course itself that hold files with the same names.
COURSE_FOLDERS = frozenset(("solutions", "grader", "build", "slides"))
FILES_MAX = 100_000  # entries below one source folder of a student

_GRADESCOPE = re.compile(r"submission_(\d+)")


class BadSource(Exception):
    """A source that cannot be read at all; the text says why."""


@dataclass
class Submission:
    """What one student handed in once."""

    student: str
    name: str | None
    source: str
    order: int = 0
    late: str | None = None
    files: list[Found] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    broken: bool = False  # there is something that could not be read

    @property
    def time(self) -> float:
        return max((found.time for found in self.files), default=0.0)


@dataclass
class Student:
    """A student, with the submission that counts, if there is one."""

    id: str
    name: str | None
    on_roster: bool | None
    submission: Submission | None = None
    superseded: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Intake:
    """Collects submissions from all sources."""

    def __init__(self, labs: list[Lab], spool: Path, handed_out: dict[str, str]) -> None:
        self.labs = labs
        self.spool = spool
        self.handed_out = handed_out
        self.names = frozenset(name for lab in labs for name in lab.files)
        self.places = {name: lab.directory for lab in labs for name in lab.files}
        self.submissions: list[Submission] = []
        self.warnings: list[str] = []
        self.failed: list[str] = []

    # --- What is there ------------------------------------------------------------

    def lab_file(self, name: str) -> str | None:
        """The lab's name for a file."""
        return lab_file(name, self.names)

    def add_source(self, path: Path) -> None:
        """Takes in a folder or an archive."""
        try:
            mode = os.stat(path).st_mode
        except OSError as error:
            raise BadSource(f"{path} cannot be read: {error.strerror}.") from error
        name = path.resolve().name
        if stat.S_ISDIR(mode):
            found = list(self._folder(path))
        elif stat.S_ISREG(mode):
            if not os.access(path, os.R_OK):
                raise BadSource(f"{path} cannot be read: Permission denied.")
            found = list(read_archive(path, self.spool, self.names))
            name = stem(name)
            for item in found:
                if item.trouble and not item.path:
                    self.warnings.append(item.trouble)
        else:
            raise BadSource(f"{path} is neither a folder nor an archive.")
        before = len(self.submissions)
        self._sort([item for item in found if item.path], name)
        if len(self.submissions) == before:
            self.warnings.append(f"There is no submission in {path}.")

    def _folder(self, root: Path) -> Iterator[Found]:
        """What lies in a folder. Symbolic links are not followed."""
        waiting: list[tuple[str, ...]] = [()]
        while waiting:
            parts = waiting.pop()
            try:
                with os.scandir(root.joinpath(*parts)) as entries:
                    inside = sorted(entries, key=lambda entry: os.fsencode(entry.name))
            except OSError as error:
                if not parts:
                    raise BadSource(f"{root} cannot be read: {error.strerror}.") from error
                shown = "/".join(parts)
                yield Found(parts, 0, 0, None, f"{shown} cannot be read: {error.strerror}.")
                continue
            if len(inside) > FILES_MAX:
                yield Found(parts, 0, 0, None, f"{'/'.join(parts)} has too many files.")
                continue
            for entry in inside:
                here = parts + (entry.name,)
                if entry.name.startswith(".") or entry.name in SKIPPED:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield Found(here, -1, 0, None)
                    waiting.append(here)
                else:
                    yield from self._file(entry, here)

    def _file(self, entry: os.DirEntry[str], here: tuple[str, ...]) -> Iterator[Found]:
        status = entry.stat(follow_symlinks=False)
        regular = stat.S_ISREG(status.st_mode)
        if is_archive(entry.name) and regular:
            yield Found(here, -1, 0, None)
            for item in read_archive(Path(entry.path), self.spool, self.names):
                yield Found(here + item.path, item.size, item.time, item.spooled, item.trouble)
        elif not is_wanted(entry.name, self.names):
            yield Found(here, -1, 0, None)
        elif not regular:
            yield Found(here, 0, 0, None, f"{entry.name} is not a regular file, and is not taken.")
        elif status.st_size > SOURCE_MAX and entry.name != METADATA:
            yield Found(here, 0, 0, None, f"{entry.name} is too large, and is not taken.")
        else:
            yield Found(here, status.st_size, status.st_mtime, Path(entry.path))

    def found(self) -> Iterator[Found]:
        """Everything that belongs to a submission."""
        for submission in self.submissions:
            yield from submission.files

    # --- Whose it is --------------------------------------------------------------

    def _sort(self, found: list[Found], name: str) -> None:
        """From the paths of one source to submissions."""
        found = [item for item in found if not is_noise(item.path)]
        metadata = next(
            (item for item in found if item.path[-1] == METADATA and item.spooled), None
        )
        if metadata:
            depth = len(metadata.path) - 1
            self._gradescope(metadata, [item for item in found if len(item.path) > depth], depth)
            return
        depth = self._class_depth(found)
        if self._is_one_student(found, depth):
            self._add(name, None, name, found, 0)
            return
        groups: dict[str, list[Found]] = {}
        for item in found:
            if len(item.path) > depth:
                groups.setdefault(item.path[depth], []).append(item)
        for top, items in groups.items():
            self._student(top, items, depth, name)

    def _holds_work(self, found: list[Found]) -> bool:
        return any(item.spooled or item.trouble for item in found)

    def _class_depth(self, found: list[Found]) -> int:
        """How deep below the source the students are: folders that hold nothing but one folder,
        which holds several, are on the way."""
        depth = 0
        while True:
            tops = {item.path[depth] for item in found if len(item.path) > depth}
            if len(tops) != 1 or self.lab_file(next(iter(tops))):
                return depth
            below: dict[str, list[Found]] = {}
            for item in found:
                if len(item.path) > depth + 1:
                    below.setdefault(item.path[depth + 1], []).append(item)
            holders = [top for top, items in below.items() if self._holds_work(items)]
            if len(holders) < 2 or self._are_parts(below):
                return depth
            depth += 1

    def _are_parts(self, names: dict[str, list[Found]]) -> bool:
        """Whether these are the parts of one student's submission."""
        directories = {lab.directory for lab in self.labs}
        return any(
            name in directories or name == "labs" or name.lower() in self.names for name in names
        )

    def _is_one_student(self, found: list[Found], depth: int) -> bool:
        tops: dict[str, list[Found]] = {}
        for item in found:
            if len(item.path) > depth:
                tops.setdefault(item.path[depth], []).append(item)
        return self._are_parts(tops)

    def _student(self, top: str, items: list[Found], depth: int, source: str) -> None:
        """One folder, archive or file at the level of students."""
        is_file = all(len(item.path) == depth + 1 for item in items) and any(
            item.spooled for item in items
        )
        inner = len(items) > 1 or items[0].size == -1 or bool(items[0].trouble)
        moodle, canvas = MOODLE.fullmatch(top), CANVAS.fullmatch(top)
        shown = f"{source}/{top}"
        if moodle:
            self._join(moodle["id"], tidy(moodle["name"]), shown, items, depth, 0, None)
        elif canvas and (is_file or is_archive(top)):
            late = "Canvas marks it as late." if canvas["late"] else None
            order = int(canvas["order"])
            self._join(canvas["id"], tidy(canvas["name"]), shown, items, depth, order, late)
        elif is_archive(top) or (inner and any(item.size == -1 for item in items)):
            if len(items) == 1 and not is_archive(top) and not self._is_folder(items[0]):
                return  # a file that no lab names, beside the students
            plain = stem(top) if is_archive(top) else top
            copy = COPY.fullmatch(plain)
            order = int(copy["order"] or 1) if copy else 0
            self._add(copy["stem"] if copy else plain, None, shown, items, depth + 1, order)
        elif items[0].trouble:
            self._add(stem(top), None, shown, items, depth + 1)

    @staticmethod
    def _is_folder(item: Found) -> bool:
        """A folder, or an archive; a name with an ending is some other file."""
        return "." not in item.path[-1]

    def _join(
        self,
        student: str,
        name: str,
        source: str,
        items: list[Found],
        depth: int,
        order: int,
        late: str | None,
    ) -> None:
        """Files of one submission that lie side by side, as Moodle and Canvas put them."""
        for submission in self.submissions:
            if submission.student == student and submission.name == name:
                submission.files += self._relative(items, depth)
                submission.late = submission.late or late
                return
        self._add(student, name, source, items, depth, order, late)

    def _relative(self, items: list[Found], depth: int) -> list[Found]:
        return [
            Found(item.path[depth:] or ("",), item.size, item.time, item.spooled, item.trouble)
            for item in items
            if len(item.path) >= depth
        ]

    def _add(
        self,
        student: str,
        name: str | None,
        source: str,
        items: list[Found],
        depth: int,
        order: int = 0,
        late: str | None = None,
    ) -> None:
        submission = Submission(
            student=student,
            name=name,
            source=source,
            order=order,
            late=late,
            files=self._relative(items, depth),
        )
        self.submissions.append(submission)

    def _gradescope(self, metadata: Found, found: list[Found], depth: int) -> None:
        """The export of Gradescope names its students in a file of YAML."""
        people = self._people(metadata)
        groups: dict[str, list[Found]] = {}
        for item in found:
            if len(item.path) > depth and item.path[depth] != METADATA:
                groups.setdefault(item.path[depth], []).append(item)
        for top, items in groups.items():
            match = _GRADESCOPE.fullmatch(stem(top))
            order = int(match[1]) if match else 0
            for student, name in people.get(stem(top), [(stem(top), None)]):
                self._add(student, name, f"Gradescope {top}", items, depth + 1, order)

    def _people(self, metadata: Found) -> dict[str, list[tuple[str, str | None]]]:
        people: dict[str, list[tuple[str, str | None]]] = {}
        try:
            assert metadata.spooled
            with open(metadata.spooled, encoding="utf-8") as file:
                told: Any = yaml.load(file.read(METADATA_MAX), Loader=yaml.CSafeLoader)
            for key, value in told.items():
                people[str(key)] = [_person(one, str(key)) for one in value[":submitters"]]
        except (OSError, ValueError, AttributeError, KeyError, TypeError, yaml.YAMLError):
            self.warnings.append(
                f"{METADATA} cannot be understood: submissions are listed by their numbers."
            )
        return people

    # --- What counts --------------------------------------------------------------

    def students(self, roster: Roster | None) -> list[Student]:
        """Everybody: those who handed in, and those on the roster who did not."""
        everybody: dict[str, list[Submission]] = {}
        for submission in self.submissions:
            known = self._known(submission, roster)
            everybody.setdefault(known, []).append(submission)
        students = [self._newest(key, several, roster) for key, several in everybody.items()]
        for key, name in roster.names.items() if roster else ():
            if key not in everybody:
                students.append(Student(key, name or None, True))
        return students

    @staticmethod
    def _known(submission: Submission, roster: Roster | None) -> str:
        """The student's id: as on the roster, where the roster tells."""
        if roster:
            for text in (submission.student, submission.name):
                known = roster.id_of(text) if text else None
                if known:
                    return known
        return submission.student

    @staticmethod
    def _newest(key: str, several: list[Submission], roster: Roster | None) -> Student:
        several = sorted(several, key=lambda one: (one.order, one.time, os.fsencode(one.source)))
        newest = several[-1]
        name = (roster.names.get(key) if roster else None) or newest.name
        student = Student(key, name or None, key in roster.names if roster else None, newest)
        student.superseded = [one.source for one in several[:-1]]
        if student.superseded:
            student.notes.append(
                f"There are {len(several)} submissions; the newest counts: {newest.source}."
            )
        return student

    # --- What is taken ------------------------------------------------------------

    def choose(self, submission: Submission) -> dict[str, Found]:
        """One file for each name that a lab asks for; notes say what was not clear."""
        chosen: dict[str, Found] = {}
        candidates: dict[str, list[Found]] = {}
        for item in submission.files:
            if item.trouble and item.trouble not in submission.notes:
                submission.notes.append(item.trouble)
                # What is "not taken" is the student's doing.
                unread = "cannot be read" in item.trouble or "is not whole" in item.trouble
                submission.broken = submission.broken or unread
            wanted = self.lab_file(item.path[-1]) if item.path else None
            if item.spooled and wanted:
                candidates.setdefault(wanted, []).append(item)
        for name in sorted(candidates):
            ordered = sorted(candidates[name], key=lambda item: self._rank(name, item))
            chosen[name] = ordered[0]
            self._tell(submission, name, ordered)
        return chosen

    def _rank(self, name: str, item: Found) -> tuple[bool, bool, bool, bool, int, float, bytes]:
        """The best candidate has the least rank."""
        folders = item.path[:-1]
        plain = item.path[-1] == name
        canvas = CANVAS.fullmatch(item.path[-1])
        # Canvas numbers what was handed in again: the last one counts.
        newer = float(canvas["order"]) if canvas else 0.0
        return (
            bool(COURSE_FOLDERS.intersection(folders)),
            self._is_untouched(name, item),
            not (folders and folders[-1] == self.places[name]),
            not plain and not canvas,
            len(folders),
            -newer,
            os.fsencode("/".join(item.path)),
        )

    def _is_untouched(self, name: str, item: Found) -> bool:
        """Whether it is the file as the course hands it out."""
        assert item.spooled
        try:
            data = item.spooled.read_bytes()
        except OSError:
            return False
        return hashlib.sha256(data).hexdigest() == self.handed_out.get(name)

    def _tell(self, submission: Submission, name: str, ordered: list[Found]) -> None:
        best = "/".join(ordered[0].path)
        others = [
            "/".join(item.path)
            for item in ordered[1:]
            if not COURSE_FOLDERS.intersection(item.path[:-1])
        ]
        if others:
            submission.notes.append(f"{name}: {best} was taken, and not {', '.join(others[:5])}.")
        elif ordered[0].path[-1] != name and not CANVAS.fullmatch(ordered[0].path[-1]):
            if not MOODLE.fullmatch(ordered[0].path[-1]):
                submission.notes.append(f"{best} was taken as {name}.")


def _person(told: Any, fallback: str) -> tuple[str, str | None]:
    student = told.get(":sid") or told.get(":email") or fallback
    name = told.get(":name")
    return tidy(str(student)), tidy(str(name)) if name else None
