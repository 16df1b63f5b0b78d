"""Two gradings of one class: what changed, and what changed without a reason.

The same files must get the same grade. Where they did not, and the checks, the compiler and the
isolation are the same, the difference is a defect of the grader or of the machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from model import Course, Student, course_of, student_of
from results import in_order, read_header, read_students
from words import Words


@dataclass(frozen=True)
class LabState:
    """What is compared of one lab of one student."""

    files: tuple[tuple[str, str], ...]
    points: int
    outcome: str
    checks: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class State:
    """What is compared of one student."""

    id: str
    title: str
    status: str
    labs: tuple[LabState, ...]
    points: int


@dataclass(frozen=True)
class Change:
    """One lab, or with lab 0 the status, that is not as it was."""

    stem: str
    id: str
    title: str
    lab: int
    old: str
    new: str
    checks: tuple[str, ...] = ()


@dataclass
class Comparison:
    """Everything that differs between two runs."""

    students: int = 0
    reasons: list[str] = field(default_factory=list)
    same_files: list[Change] = field(default_factory=list)
    other_files: list[Change] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    new: set[str] = field(default_factory=set)
    """The students who were not there before, by the names of their files."""
    points: dict[str, int] = field(default_factory=dict)

    @property
    def defects(self) -> list[Change]:
        """Grades that changed though nothing else did."""
        return [] if self.reasons else self.same_files

    @property
    def same(self) -> bool:
        return not (self.same_files or self.other_files or self.added or self.removed)

    @property
    def changed(self) -> set[str]:
        """The names of the files of those whose result is not as it was."""
        return {change.stem for change in self.same_files + self.other_files} | self.new


def state_of(course: Course, student: Student) -> State:
    """The part of a student that is compared; it is small, so a class fits into memory."""
    labs = tuple(
        LabState(
            files=tuple((name, student.files.get(name, "")) for name in result.lab.files),
            points=result.points,
            outcome=result.outcome,
            checks=tuple((check.check.name, check.outcome) for check in result.checks),
        )
        for result in student.labs
    )
    assert len(labs) == len(course.labs)
    return State(student.id, student.title, student.status, labs, student.points)


class Before:
    """The run before, read as a whole: its folder may be the one that is written next."""

    def __init__(self, path: Path, words: Words | None = None) -> None:
        words = words or Words()
        self.course = course_of(read_header(path))
        self.states: dict[str, State] = {}
        for line in read_students(path):
            student = student_of(self.course, line, words)
            self.states[student.stem] = state_of(self.course, student)


class Comparer:
    """Compares students, as they come, with the run before."""

    def __init__(self, before: Before, new: Course, words: Words) -> None:
        self.words = words
        self.course = new
        self.old = before.states
        self.seen: set[str] = set()
        self.result = Comparison(reasons=self.reasons(before.course, new))

    def reasons(self, old: Course, new: Course) -> list[str]:
        """What other than the files changed between the runs."""
        told = []
        if old.version != new.version or old.labs != new.labs:
            told.append(self.words("compare.new_checks"))
        if old.compiler != new.compiler:
            told.append(self.words("compare.new_compiler", old=old.compiler, new=new.compiler))
        if old.isolation != new.isolation:
            told.append(self.words("compare.new_isolation", old=old.isolation, new=new.isolation))
        return told

    def add(self, student: Student) -> None:
        """One student of the new run."""
        new = state_of(self.course, student)
        old = self.old.get(student.stem)
        self.seen.add(student.stem)
        self.result.students += 1
        if old is None:
            self.result.added.append(student.id)
            self.result.new.add(student.stem)
            return
        self.result.points[student.stem] = new.points - old.points
        if old.status != new.status:
            self.status_changed(student, old, new)
            return
        for lab, one, other in zip(self.course.labs, old.labs, new.labs):
            if (one.points, one.outcome, one.checks) != (other.points, other.outcome, other.checks):
                self.lab_changed(student, lab.number, one, other)

    def status_changed(self, student: Student, old: State, new: State) -> None:
        """From or to "could not be checked" with the same files is a change without a reason."""
        one, other = (self.words(f"compare.status_{state.status}") for state in (old, new))
        change = Change(student.stem, student.id, student.title, 0, one, other)
        handed_in = [[lab.files for lab in state.labs] for state in (old, new)]
        same = "missing" not in (old.status, new.status) and handed_in[0] == handed_in[1]
        (self.result.same_files if same else self.result.other_files).append(change)

    def lab_changed(self, student: Student, lab: int, old: LabState, new: LabState) -> None:
        was = dict(old.checks)
        checks = tuple(
            self.words(
                "compare.check",
                check=name,
                old=self.words(f"outcome.{was[name]}"),
                new=self.words(f"outcome.{outcome}"),
            )
            for name, outcome in new.checks
            if name in was and was[name] != outcome
        )
        change = Change(
            student.stem, student.id, student.title, lab, str(old.points), str(new.points), checks
        )
        same = old.files == new.files
        (self.result.same_files if same else self.result.other_files).append(change)

    def end(self) -> Comparison:
        """After the last student."""
        self.result.removed = in_order(self.old[stem].id for stem in set(self.old) - self.seen)
        return self.result


def compare(old: Path, new: Path, words: Words | None = None) -> Comparison:
    """Compares two result folders."""
    words = words or Words()
    course = course_of(read_header(new))
    comparer = Comparer(Before(old, words), course, words)
    for line in read_students(new):
        comparer.add(student_of(course, line, words))
    return comparer.end()


def sentences(comparison: Comparison, words: Words) -> list[str]:
    """The result in sentences, the most important first."""
    if comparison.same:
        return [*comparison.reasons, words("compare.same", n=comparison.students)]
    told = list(comparison.reasons)
    if comparison.same_files:
        key = "explained" if comparison.reasons else "defects"
        told.insert(0, words(f"compare.{key}", n=len(comparison.same_files)))
    else:
        told.append(words("compare.no_defects"))
    if comparison.other_files:
        students = {change.id for change in comparison.other_files}
        told.append(words("compare.changed", n=len(students)))
    for key, ids in (("added", comparison.added), ("removed", comparison.removed)):
        if ids:
            told.append(words(f"compare.{key}", n=len(ids), ids=", ".join(ids)))
    return told


def _lines(change: Change, words: Words) -> list[str]:
    student = change.id if change.title == change.id else f"{change.id} ({change.title})"
    key = "lab" if change.lab else "status"
    line = words(f"compare.{key}", student=student, lab=change.lab, old=change.old, new=change.new)
    return [f"  {line}", *(f"    {check}" for check in change.checks)]


def text(comparison: Comparison, words: Words | None = None) -> str:
    """The result for a terminal."""
    words = words or Words()
    lines = sentences(comparison, words)
    for key, changes in (
        ("explained_title" if comparison.reasons else "defects_title", comparison.same_files),
        ("changed_title", comparison.other_files),
    ):
        if changes:
            lines += ["", words(f"compare.{key}")]
            lines += [line for change in changes for line in _lines(change, words)]
    return "\n".join(lines) + "\n"
