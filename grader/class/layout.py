"""Whose it is: from the paths of one source to submissions.

    one folder a student      s01/create.c, s01/labs/02-create/create.c, s01/my-project/create.c
    one archive a student     s01.zip, s01.tar.gz
    Moodle                    Ann Li_4711_assignsubmission_file_/create.c, or with create.c behind
    Canvas                    liann_LATE_4711_90210_create.c
    Gradescope                submission_90210/create.c, beside submission_metadata.yml
    one folder a lab          02-create/s01/create.c, 02-create/s01.zip
    one student's files       create.c: the folder's name is the student's id
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import gradescope
from archive import Found, is_archive, is_noise, is_other_archive, stem
from course import Lab
from names import CANVAS, COPY, METADATA, MOODLE, lab_file
from roster import tidy

# Folders of the course itself that hold files with the same names.
COURSE_FOLDERS = frozenset(("solutions", "grader", "build", "slides"))
NAMED_MAX = 5  # files that one sentence names

_GRADESCOPE = re.compile(r"submission_(\d+)")

Groups = dict[str, list[Found]]


class BadSource(Exception):
    """A source that cannot be graded at all; the text says why."""


@dataclass
class Submission:
    """What one student handed in once."""

    student: str
    name: str | None
    source: str
    system: str = ""  # moodle, canvas, gradescope
    order: int = 0
    late: str | None = None
    files: list[Found] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    broken: bool = False  # there is something that could not be read
    given: int = 0  # which one of the sources on the command line, from 0
    alone: str | None = None  # the name of an archive in which there is nothing else

    @property
    def time(self) -> float:
        return max((found.time for found in self.files), default=0.0)


class Layout:
    """The submissions of one source."""

    def __init__(self, labs: list[Lab], source: str) -> None:
        self.names = frozenset(name for lab in labs for name in lab.files)
        self.directories = frozenset(lab.directory for lab in labs)
        self.source = source
        self.submissions: list[Submission] = []
        self.warnings: list[str] = []
        self.ignored: list[str] = []

    def sort(self, found: list[Found], one_student: str | None) -> None:
        """Fills the submissions. All is of one student, where somebody says so."""
        found = [item for item in found if not is_noise(item.path)]
        if one_student is not None:
            self._add(one_student, None, self.source, found, 0)
            return
        metadata = [item for item in found if item.path[-1] == METADATA and item.spooled]
        for item in metadata:
            if self._is_export(found, item):
                self._gradescope(item, found)
                break
        else:
            if metadata:
                self.warnings.append(
                    f"{self._shown('/'.join(metadata[0].path))} lies inside of a submission, and is"
                    " not used. For an export of Gradescope, name the export itself as SUBMISSIONS."
                )
            self._plain(found)
        if self.ignored:
            self.warnings.append(_not_graded(self.source, self.ignored))

    def _shown(self, path: str) -> str:
        return f"{self.source}/{path}"

    # --- Gradescope ---------------------------------------------------------------

    def _is_export(self, found: list[Found], metadata: Found) -> bool:
        """Whether the file is the export's own: all work lies in submissions beside it. A student
        can hand in a file of that name, too."""
        above = metadata.path[:-1]
        depth = len(above)
        if any(map(is_archive, above)):
            return False
        return all(
            item.path[:depth] == above and _GRADESCOPE.fullmatch(stem(item.path[depth]))
            for item in found
            if self._is_work(item)
        )

    def _is_work(self, item: Found) -> bool:
        return bool(item.trouble) or (item.spooled is not None and item.path[-1] != METADATA)

    def _gradescope(self, metadata: Found, found: list[Found]) -> None:
        """The export of Gradescope names its students in a file of YAML."""
        assert metadata.spooled
        depth = len(metadata.path) - 1
        people = gradescope.people(metadata.spooled)
        if people is None:
            self.warnings.append(
                f"{METADATA} cannot be understood: submissions are listed by their numbers."
            )
        inside = [item for item in found if len(item.path) > depth and item != metadata]
        for top, items in _groups(inside, depth).items():
            match = _GRADESCOPE.fullmatch(stem(top))
            if not match:
                self.ignored.append(top)
                continue
            told = (people or {}).get(stem(top))
            if people is not None and not told:
                self.warnings.append(
                    f"{METADATA} names nobody for {stem(top)}: it is listed by its number."
                )
            for student, name in told or [(stem(top), None)]:
                shown = f"Gradescope {top}"
                self._add(student, name, shown, items, depth + 1, "gradescope", int(match[1]))

    # --- Folders and archives -----------------------------------------------------

    def _plain(self, found: list[Found]) -> None:
        depth = self._class_depth(found)
        tops = _groups(found, depth)
        holders = self._holders(tops)
        if self._is_by_lab(holders, depth):
            found = [self._turned(item, depth) for item in found if len(item.path) > depth + 1]
            tops = _groups(found, depth)
            holders = self._holders(tops)
        elif self._is_one_student(holders):
            self._add(self.source, None, self.source, found, 0)
            return
        for top, items in tops.items():
            if self._is_part(top) and top not in holders:
                self.ignored.append(top)  # labs/ without anything is no student's name
            else:
                self._student(top, items, depth)

    def _holders(self, groups: Groups) -> Groups:
        """Those in which there is work."""
        return {top: items for top, items in groups.items() if any(map(self._is_work, items))}

    def _is_part(self, name: str) -> bool:
        """Whether a file or a folder of this name is a part of one student's submission."""
        if MOODLE.fullmatch(name) or CANVAS.fullmatch(name):
            return False
        is_file = lab_file(name, self.names) is not None
        return is_file or name == "labs" or name in self.directories

    def _class_depth(self, found: list[Found]) -> int:
        """How deep below the source the students are: folders that hold nothing but one folder,
        which holds several, are on the way."""
        depth = 0
        while True:
            tops = _groups(found, depth)
            if len(tops) != 1 or lab_file(next(iter(tops)), self.names):
                return depth
            holders = self._holders(_groups(found, depth + 1))
            if len(holders) < 2 or any(map(self._is_part, holders)):
                return depth
            depth += 1

    def _is_by_lab(self, holders: Groups, depth: int) -> bool:
        """Whether the folders are those of labs, and the students are inside."""
        if len(holders) < 2 or not holders.keys() <= self.directories:
            return False
        inside = [self._holders(_groups(items, depth + 1)) for items in holders.values()]
        names = {name for groups in inside for name in groups}
        if any(map(self._is_part, names)):
            return False
        if any(map(MOODLE.fullmatch, names)):
            raise BadSource(
                f"{self.source} has a folder of Moodle's for each lab, and Moodle gives a student"
                " another number in each. Nothing of it was graded. Grade each lab alone, as with:"
                f" --labs 1 --out build/lab1 {self.source}/{min(holders)}"
            )
        return any(len(groups) > 1 for groups in inside)

    @staticmethod
    def _turned(item: Found, depth: int) -> Found:
        """LAB/STUDENT/FILE as STUDENT/LAB/FILE."""
        lab, student = item.path[depth : depth + 2]
        return replace(item, path=(*item.path[:depth], student, lab, *item.path[depth + 2 :]))

    def _is_one_student(self, holders: Groups) -> bool:
        parts = [top for top in holders if self._is_part(top)]
        if holders.keys() <= {*parts, *COURSE_FOLDERS}:
            return bool(parts)
        # Files beside folders: the folders are the students', and the files are a slip. The
        # course's own folders, however, are made by nobody but a student who works in them.
        folders = [top for top in parts if not lab_file(top, self.names)]
        if folders:
            self.warnings.append(
                f"{self.source} was taken as one student's, for it has {folders[0]}/. If it is a"
                f" class, move {folders[0]}/ out of it, and run the same command again."
            )
        return bool(folders)

    def _student(self, top: str, items: list[Found], depth: int) -> None:
        """One folder, archive or file at the level of students."""
        is_holder = any(item.folder or len(item.path) > depth + 1 for item in items)
        is_packed = is_archive(top) or is_other_archive(top)
        moodle, canvas = MOODLE.fullmatch(top), CANVAS.fullmatch(top)
        shown = self._shown(top)
        if moodle:
            self._join(moodle["id"], tidy(moodle["name"]), shown, items, depth, "moodle")
        elif canvas and (is_packed or not is_holder):
            order = int(canvas["order"])
            self._join(canvas["id"], tidy(canvas["name"]), shown, items, depth, "canvas", order)
        elif is_holder or any(item.trouble for item in items):
            copy = COPY.fullmatch(stem(top) if is_packed else top)
            plain = copy["stem"] if copy else stem(top) if is_packed else top
            order = int(copy["order"] or 1) if copy else 0
            self._add(plain, None, shown, items, depth + 1, "", order)
        else:
            self.ignored.append(top)

    def _join(
        self,
        student: str,
        name: str,
        source: str,
        items: list[Found],
        depth: int,
        system: str,
        order: int = 0,
    ) -> None:
        """Files of one submission that lie side by side, as Moodle and Canvas put them."""
        for submission in self.submissions:
            if submission.student == student and submission.name == name:
                submission.files += _relative(items, depth)
                submission.order = max(submission.order, order)
                return
        self._add(student, name, source, items, depth, system, order)

    def _add(
        self,
        student: str,
        name: str | None,
        source: str,
        items: list[Found],
        depth: int,
        system: str = "",
        order: int = 0,
    ) -> None:
        self.submissions.append(
            Submission(student, name, source, system, order, files=_relative(items, depth))
        )


def _groups(found: Iterable[Found], depth: int) -> Groups:
    """By the name at a depth."""
    groups: Groups = {}
    for item in found:
        if len(item.path) > depth:
            groups.setdefault(item.path[depth], []).append(item)
    return groups


def _relative(items: list[Found], depth: int) -> list[Found]:
    return [
        replace(item, path=item.path[depth:] or ("",)) for item in items if len(item.path) >= depth
    ]


def _not_graded(source: str, ignored: list[str]) -> str:
    shown = ", ".join(ignored[:NAMED_MAX])
    more = len(ignored) - NAMED_MAX
    if more > 0:
        return (
            f"In {source}, these files are beside the students' folders, are nobody's, and were not"
            f" graded: {shown}, and {more} more."
        )
    return (
        f"In {source}, these files are beside the students' folders, are nobody's, and were not"
        f" graded: {shown}."
    )
