"""Finds out who handed in what: folders, archives, and what Moodle, Canvas and Gradescope export.

Every source becomes a list of found files with their paths; layout.py says whose they are. Only
files that a lab names are taken, only as regular files, and only their content.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from archive import SOURCE_MAX, Found, is_archive, is_other_archive, not_read, read_archive, stem
from course import Lab
from layout import COURSE_FOLDERS, NAMED_MAX, BadSource, Layout, Submission
from names import CANVAS, METADATA, MOODLE, is_wanted, lab_file
from roster import Roster, same_person
from text import some

SKIPPED = frozenset(("__MACOSX", "node_modules"))
FILES_MAX = 100_000  # entries below one source folder of a student


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
        self.given = 0

    # --- What is there ------------------------------------------------------------

    def lab_file(self, name: str) -> str | None:
        """The lab's name for a file."""
        return lab_file(name, self.names)

    def add_source(self, path: Path, one_student: str | None = None) -> None:
        """Takes in a folder or an archive: of a class, or of one student, whose id is told."""
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
        layout = Layout(self.labs, name)
        layout.sort([item for item in found if item.path], one_student)
        self.warnings += layout.warnings
        if not layout.submissions:
            self.warnings.append(f"There is no submission in {path}.")
        elif len(layout.submissions) == 1 and not stat.S_ISDIR(mode) and one_student is None:
            layout.submissions[0].alone = name
        for submission in layout.submissions:
            submission.given = self.given
            self._keep(submission)
        self.given += 1

    def _keep(self, submission: Submission) -> None:
        """Adds a submission. Canvas has a folder for each assignment, and the same numbers in all."""
        if submission.system == "canvas":
            for other in self.submissions:
                if (other.student, other.name) == (submission.student, submission.name):
                    other.files += submission.files
                    other.order = max(other.order, submission.order)
                    return
        self.submissions.append(submission)

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
                    yield Found(here, -1, 0, None, folder=True)
                    waiting.append(here)
                elif entry.is_symlink() and (not parts or entry.is_dir()):
                    yield self._link(entry, here)
                else:
                    yield from self._file(entry, here)

    def _link(self, entry: os.DirEntry[str], here: tuple[str, ...]) -> Found:
        """A symbolic link instead of a student's folder or archive, or inside to a folder."""
        if len(here) > 1:
            return Found(here, 0, 0, None, f"{entry.name} is a symbolic link, and is not taken.")
        names = entry.is_dir() or is_archive(entry.name) or is_wanted(entry.name, self.names)
        trouble = (
            f"{entry.name} is a symbolic link, and cannot be read: links are not followed. Put the"
            " folder or the file itself in its place, and run the same command again."
        )
        return Found(here, -1, 0, None, trouble if names else "")

    def _file(self, entry: os.DirEntry[str], here: tuple[str, ...]) -> Iterator[Found]:
        status = entry.stat(follow_symlinks=False)
        regular = stat.S_ISREG(status.st_mode)
        if is_other_archive(entry.name) and regular:
            yield Found(here, -1, 0, None, not_read(entry.name))
        elif is_archive(entry.name) and regular:
            yield Found(here, -1, 0, None, folder=True)
            for item in read_archive(Path(entry.path), self.spool, self.names):
                yield replace(item, path=here + item.path)
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

    # --- What counts --------------------------------------------------------------

    def students(self, roster: Roster | None) -> list[Student]:
        """Everybody: those who handed in, and those on the roster who did not."""
        self._name_lone_archives(roster)
        namesakes = self._namesakes()
        everybody: dict[str, list[Submission]] = {}
        for submission in self.submissions:
            known = self._known(submission, roster, namesakes) if roster else None
            known = known or self._unknown(submission, roster, everybody)
            everybody.setdefault(known, []).append(submission)
        self._warn(everybody, roster)
        students = [self._newest(key, several, roster) for key, several in everybody.items()]
        for key, name in roster.names.items() if roster else ():
            if key not in everybody:
                students.append(Student(key, name or None, True))
        return students

    def _name_lone_archives(self, roster: Roster | None) -> None:
        """An archive for each student, named on the command line, is called like the student; what
        is inside may be called alike in all: the name of the course."""
        lone = [one for one in self.submissions if one.alone and not one.system]
        for submission in lone:
            assert submission.alone
            told = (
                roster and roster.by_id(submission.alone) and not roster.by_id(submission.student)
            )
            if len(lone) > 1 or told:
                submission.student = submission.alone

    def _namesakes(self) -> set[str]:
        """Names that two people have: Moodle and Canvas give each person a number."""
        numbers: dict[tuple[int, str], set[str]] = {}
        for one in self.submissions:
            if one.name and one.system in ("moodle", "canvas"):
                numbers.setdefault((one.given, one.name.casefold()), set()).add(one.student)
        return {name for (_, name), several in numbers.items() if len(several) > 1}

    def _known(self, submission: Submission, roster: Roster, namesakes: set[str]) -> str | None:
        """The student on the roster. The numbers of Moodle and Canvas are their own: where one of
        them is somebody's id on the roster by chance, the name tells."""
        student, name = submission.student, submission.name
        by_id = roster.by_id(student)
        if submission.system not in ("moodle", "canvas") or not name:
            return by_id or roster.by_name(name or student)
        by_name = None if name.casefold() in namesakes else roster.by_name(name)
        if by_id and (by_name == by_id or not roster.names[by_id]):
            return by_id
        if by_id and not by_name and same_person(roster.names[by_id], name):
            return by_id
        if by_id:
            self.warnings.append(
                f"{submission.source}: on the roster, {by_id} is the id of"
                f" {roster.names[by_id]}. The name counts, and not the number."
            )
        if not by_name and name.casefold() in namesakes and roster.by_name(name):
            self.warnings.append(
                f"{submission.source}: several people are called {name}, and the roster does not"
                f" tell which one is {roster.by_name(name)}. None is taken for that one; enter the"
                " grade by hand."
            )
        return by_name

    def _unknown(
        self,
        submission: Submission,
        roster: Roster | None,
        everybody: dict[str, list[Submission]],
    ) -> str:
        """The id of somebody who is not on the roster: nobody else's."""
        student, name = submission.student, submission.name
        if name and roster and roster.by_id(student):
            return f"{name} {student}"
        for other in everybody.get(student, ()):
            if name and other.name and not same_person(name, other.name):
                self.warnings.append(
                    f"{submission.source} and {other.source} have one number, and are of different"
                    " people: they are kept apart by their names."
                )
                return f"{name} {student}"
        return student

    def _warn(self, everybody: dict[str, list[Submission]], roster: Roster | None) -> None:
        twice = [
            key for key, several in everybody.items() if len({one.given for one in several}) > 1
        ]
        if twice:
            self.warnings.append(
                "These students are in several of the sources that were named, and only the newest"
                f" submission of each is graded: {some(twice, NAMED_MAX)}. If the sources are of different"
                " labs, grade each of them alone, with --labs and --out."
            )
        if roster:
            known = sum(key in roster.names for key in everybody)
            if 2 * known < len(everybody):
                self.warnings.append(
                    f"Of {len(everybody)} students who handed in, {known} are on the roster. See"
                    " whether its ids are those by which the submissions are called."
                )

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
        if submission.system == "canvas" and any(map(_is_late, chosen.values())):
            submission.late = "Canvas marks it as late."
        return chosen

    def _rank(self, name: str, item: Found) -> tuple[bool, bool, int, bool, bool, int, bytes]:
        """The best candidate has the least rank."""
        folders = item.path[:-1]
        plain = item.path[-1] == name
        canvas = CANVAS.fullmatch(item.path[-1])
        # Canvas numbers what was handed in again, files and archives: the last one counts.
        orders = [int(match["order"]) for part in item.path if (match := CANVAS.fullmatch(part))]
        return (
            bool(COURSE_FOLDERS.intersection(folders)),
            self._is_untouched(name, item),
            -max(orders, default=0),
            not (folders and folders[-1] == self.places[name]),
            not plain and not canvas,
            len(folders),
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


def _is_late(item: Found) -> bool:
    match = CANVAS.fullmatch(item.path[0])
    return bool(match and match["late"])
