"""What the reports tell, made from results.json: every text cleaned, every verdict counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from results import Json, file_stem
from text import cut, one_line, printable
from words import Words

# A story of many steps is told by its start and its end, as `make lab3` does.
STORY_HEAD = 4
STORY_TAIL = 10
LEAKS_SHOWN = 8  # the same mistake again and again is told so often
# Of what a student's program printed, the end.
PRINTED = 600

# What became of a check, in one word each. `broken` and `missing` are the two ways in which a
# check has nothing to run: the files do not compile, or they were not handed in.
OUTCOMES = ("passed", "failed", "unchecked", "broken", "missing")


@dataclass(frozen=True)
class Check:
    """A check of a lab, as the course describes it."""

    lab: int
    number: int
    name: str
    promise: str
    points: int
    hints: tuple[str, ...]


@dataclass(frozen=True)
class Lab:
    """A lab, and its checks in order."""

    number: int
    directory: str
    title: str
    files: tuple[str, ...]
    points: int
    checks: tuple[Check, ...]

    @property
    def has_shell(self) -> bool:
        """A lab of one file is tried by hand in the lab shell; one of two files are programs."""
        return len(self.files) == 1


@dataclass(frozen=True)
class Course:
    """The header of results.json."""

    name: str
    version: str
    compiler: str
    isolated: bool
    isolation: str
    labs: tuple[Lab, ...]
    warnings: tuple[str, ...] = ()
    """Sentences about the class: what was left out, and what is doubtful."""
    part: tuple[int, int] | None = None
    """The part, and of how many, where not the whole class was graded."""

    @property
    def points(self) -> int:
        return sum(lab.points for lab in self.labs)

    @property
    def checks(self) -> list[Check]:
        return [check for lab in self.labs for check in lab.checks]


@dataclass(frozen=True)
class Step:
    """A step of a story; number 0 stands for `left_out` steps that are not told."""

    number: int
    text: str = ""
    answer: str = ""
    left_out: int = 0


@dataclass(frozen=True)
class CheckResult:
    """What became of one check for one student."""

    check: Check
    outcome: str
    expected: str = ""
    seen: str = ""
    because: str = ""
    hint: str = ""
    printed: str = ""
    steps: tuple[Step, ...] = ()
    leaks: tuple[str, ...] = ()
    by_hand: bool = False
    """A person can type the steps."""
    sentences: bool = False
    """Some of them are sentences: what the grader did beside the terminals."""
    sweeps: bool = False
    """Some of them call segment_sweep, which removes what it finds."""

    @property
    def first_hint(self) -> str:
        """One that fits what was seen, or the first one of the check."""
        return self.hint or next(iter(self.check.hints), "")

    @property
    def points(self) -> int:
        return self.check.points if self.outcome == "passed" else 0

    @property
    def has_story(self) -> bool:
        return self.outcome in ("failed", "unchecked")


@dataclass(frozen=True)
class LabResult:
    """What became of one lab for one student."""

    lab: Lab
    outcome: str
    points: int
    messages: str
    checks: tuple[CheckResult, ...]

    def count(self, outcome: str) -> int:
        return sum(check.outcome == outcome for check in self.checks)

    @property
    def known(self) -> bool:
        """Some of its checks have a verdict, or it is known why there is none."""
        return any(check.outcome != "unchecked" for check in self.checks)

    @property
    def unchecked_points(self) -> int:
        return sum(one.check.points for one in self.checks if one.outcome == "unchecked")

    @property
    def leaks(self) -> int:
        return sum(len(check.leaks) for check in self.checks)


@dataclass
class Student:
    """One student, with everything that a report may say of them."""

    id: str
    stem: str
    """The name of the student's files, without ending: from the id as it is, not as it is shown."""
    name: str
    on_roster: bool | None
    status: str
    late: str
    notes: tuple[str, ...]
    files: dict[str, str]
    points: int
    labs: tuple[LabResult, ...]
    superseded: int = 0
    """How many older submissions were not graded."""
    shared: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return self.name or self.id

    @property
    def known(self) -> bool:
        """There are points to tell, though some may be open."""
        return self.status != "missing" and any(result.known for result in self.labs)

    @property
    def final(self) -> bool:
        """Every lab has points."""
        return self.status != "missing" and all(result.known for result in self.labs)

    @property
    def unchecked_points(self) -> int:
        return sum(result.unchecked_points for result in self.labs)

    def checks(self) -> Iterator[CheckResult]:
        for lab in self.labs:
            yield from lab.checks


def course_of(header: Json) -> Course:
    """The course, from the header of results.json."""
    shard = header.get("shard")
    return Course(
        name=one_line(header["course"]["name"]),
        version=one_line(header["course"]["checks"]),
        compiler=one_line(header["compiler"]),
        isolated=header["isolation"]["level"] != "none",
        isolation=one_line(header["isolation"]["text"]),
        labs=tuple(_lab(lab) for lab in header["labs"]),
        warnings=tuple(one_line(warning) for warning in header.get("warnings", [])),
        part=(int(shard["part"]), int(shard["parts"])) if shard else None,
    )


def _lab(lab: Json) -> Lab:
    return Lab(
        number=int(lab["number"]),
        directory=one_line(lab["directory"]),
        title=one_line(lab["title"]),
        files=tuple(one_line(name) for name in lab["files"]),
        points=int(lab["points"]),
        checks=tuple(
            Check(
                lab=int(lab["number"]),
                number=number,
                name=one_line(check["name"]),
                promise=one_line(check["promise"]),
                points=int(check["points"]),
                hints=tuple(one_line(hint) for hint in check["hints"]),
            )
            for number, check in enumerate(lab["checks"], 1)
        ),
    )


def student_of(course: Course, student: Json, words: Words) -> Student:
    """A student, from one line of results.json."""
    submission = student["submission"] or {}
    return Student(
        id=one_line(student["id"]) or "?",
        stem=file_stem(student["id"]),
        name=one_line(student["name"] or ""),
        on_roster=student["on_roster"],
        status=student["status"],
        # Some systems tell it in words of their own, others in a sentence.
        late=one_line(student["late"] or "").removesuffix("."),
        notes=tuple(one_line(note) for note in student["notes"]),
        files={one_line(k): one_line(v) for k, v in submission.get("files", {}).items()},
        points=int(student["points"]),
        labs=tuple(_lab_result(lab, student, words) for lab in course.labs),
        superseded=len(submission.get("superseded", [])),
    )


def _lab_result(lab: Lab, student: Json, words: Words) -> LabResult:
    result = student["labs"].get(str(lab.number))
    if result is None:
        outcome = "missing" if student["status"] == "missing" else "unchecked"
        checks = tuple(CheckResult(check, outcome) for check in lab.checks)
        return LabResult(lab, outcome, 0, "", checks)
    build = result.get("build") or {"ok": True, "messages": ""}
    outcome = result["verdict"]
    if outcome not in ("missing", "unchecked") and not build["ok"]:
        outcome = "broken"
    records = {record["name"]: record for record in result["checks"]}
    return LabResult(
        lab=lab,
        outcome=outcome,
        points=int(result["points"]),
        messages=_bounded(str(build["messages"]).strip("\r\n"), words),
        checks=tuple(
            _check_result(check, records.get(check.name), outcome, words) for check in lab.checks
        ),
    )


def _bounded(text: str, words: Words) -> str:
    """A text from outside: printable, and not longer than a reader can bear."""
    return cut(printable(text), words.section("common")["cut"])


def _check_result(check: Check, record: Json | None, lab: str, words: Words) -> CheckResult:
    """A check that left no record is never a pass."""
    if lab in ("broken", "missing"):
        return CheckResult(check, lab)
    if record is None:
        return CheckResult(check, "unchecked", expected=words("story.no_record"))

    told = {
        name: _bounded(str(record.get(name) or "").strip(), words)
        for name in ("expected", "seen", "because", "hint")
    }
    verdict = record["verdict"]
    steps = record.get("steps") or []
    printed = printable(record.get("printed") or "").rstrip("\n")
    return CheckResult(
        check=check,
        outcome=verdict if verdict in ("passed", "failed") else "unchecked",
        **told,
        printed=printed[-PRINTED:],
        steps=_steps(steps, words),
        by_hand=bool(record.get("by_hand")),
        sentences=not all(step.get("where") for step in steps),
        sweeps=any(step.get("line") == "sweep" for step in steps),
        leaks=tuple(_leak(leak, words) for leak in record.get("leaks") or []),
    )


def _steps(steps: list[Json], words: Words) -> tuple[Step, ...]:
    left_out = len(steps) - STORY_HEAD - STORY_TAIL
    if left_out <= 1:
        return tuple(_step(number, step, words) for number, step in enumerate(steps, 1))
    tail = range(len(steps) - STORY_TAIL, len(steps))
    return (
        *(_step(number, step, words) for number, step in enumerate(steps[:STORY_HEAD], 1)),
        Step(0, left_out=left_out),
        *(_step(index + 1, steps[index], words) for index in tail),
    )


def _step(number: int, step: Json, words: Words) -> Step:
    text = _bounded(step.get("line") or "", words)
    where = one_line(step.get("where") or "")
    if where:
        text = words("story.step", where=where[:1].lower() + where[1:], line=text)
    answer = _bounded(step.get("answer") or "", words)
    return Step(number, text, answer)


def _leak(leak: Json, words: Words) -> str:
    return words(
        "story.leak",
        id=int(leak["id"]),
        key=f"0x{int(leak['key']):08x}",
        bytes=int(leak["size"]),
        by=one_line(leak.get("by") or "") or words("story.leak_by_nobody"),
        step=int(leak["step"]),
    )


def steps_text(result: CheckResult, words: Words) -> str:
    """The steps of a story as a block of plain text."""
    lines: list[str] = []
    for step in result.steps:
        if step.number == 0:
            lines.append("     " + words("story.left_out", n=step.left_out))
            continue
        lines.append(f"{step.number:3}. {step.text}")
        if step.answer:
            lines.append(f"     -> {step.answer}")
    return "\n".join(lines)


def leaks_text(result: CheckResult, words: Words) -> list[str]:
    """The first leaks, and how many there are more."""
    shown = list(result.leaks[:LEAKS_SHOWN])
    if more := len(result.leaks) - len(shown):
        shown.append(words("story.more_leaks", n=more))
    return shown


_CRASH = re.compile("crashed with SIG|killed by SIG(SEGV|ABRT|BUS)")


def find_it_text(result: CheckResult, lab: Lab, words: Words) -> str:
    """How to find the place of a crash, or an empty text."""
    return words("story.find_it", number=lab.number) if _CRASH.search(result.seen) else ""


def by_hand_text(result: CheckResult, lab: Lab, words: Words) -> str:
    """How to see it again, as `make lab3` says it."""
    kind = "shell" if lab.has_shell else "programs"
    if not result.by_hand:
        return words(f"story.not_by_hand_{kind}", number=lab.number)
    told = [words(f"story.by_hand_{kind}", number=lab.number)]
    if lab.has_shell and result.sentences:
        told.append(words("story.by_hand_sentences"))
    if lab.has_shell and result.sweeps:
        told.append(words("story.by_hand_sweeps"))
    return " ".join(told)


def story_text(result: CheckResult, words: Words) -> str:
    """A story as plain text, for the formats that show text."""
    lines = [steps_text(result, words)] if result.steps else []
    failed = result.outcome == "failed"
    parts: list[tuple[str, Any]] = [
        ("story.expected" if failed else "story.reason", result.expected),
        ("story.seen" if failed else "story.remedy", result.seen),
        ("story.because", result.because),
        *(("story.leaked", leak) for leak in leaks_text(result, words)),
        ("story.printed", result.printed),
    ]
    if failed:
        parts.append(("story.hint", result.first_hint))
    lines += [f"{words(key)}: {value}" for key, value in parts if value]
    return "\n".join(lines)


def outcome_text(result: LabResult, words: Words) -> str:
    """Why a lab has no verdict on its checks, or an empty text."""
    if result.outcome == "missing":
        files = result.lab.files
        return words("lab.missing", n=len(files), files=", ".join(files))
    if result.outcome == "broken":
        return words("lab.broken")
    return ""
