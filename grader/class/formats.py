"""The forms that other systems read: one class a format, each fed one student at a time.

An Output gets every student in order and writes as it goes, so that a class of any size needs
the memory of one student. In each format a check that could not be checked is never a pass, and
a student who could not be checked never has a plain 0.
"""

from __future__ import annotations

import base64
import csv
import json
import os
from pathlib import Path
from typing import IO
from xml.sax.saxutils import XMLGenerator

from folder import REPORTS
from model import CheckResult, Course, LabResult, Student, outcome_text, story_text
from results import Json, dump, write_atomically
from text import annotation, annotation_property, csv_cell, one_line, tap_description
from words import Words


class Output:
    """Something that is written from a class."""

    def __init__(self, out: Path, course: Course, words: Words) -> None:
        self.out = out
        self.course = course
        self.words = words
        self.begin()

    def begin(self) -> None:
        """Before the first student."""

    def add(self, student: Student) -> None:
        """One student."""
        raise NotImplementedError

    def end(self) -> None:
        """After the last student."""


class WholeFile(Output):
    """An output that is one file for the class; it appears under its name when it is complete."""

    name = ""
    file: IO[str]

    def begin(self) -> None:
        self.path = self.out / self.name
        self.temporary = self.out / f".{self.name}.new"
        # pylint: disable-next=consider-using-with
        self.file = open(self.temporary, "w", encoding="utf-8", newline="")
        self.head()

    def head(self) -> None:
        """What stands before the first student."""

    def foot(self) -> None:
        """What stands after the last student."""

    def end(self) -> None:
        self.foot()
        self.file.close()
        os.replace(self.temporary, self.path)


class FileEach(Output):
    """An output that is a file for each student, in a folder."""

    folder = ""

    def begin(self) -> None:
        (self.out / self.folder).mkdir(exist_ok=True)

    def write(self, student: Student, ending: str, text: str) -> None:
        assert ending in REPORTS[self.folder]  # what an earlier run wrote is found by this list
        name = student.stem + ending
        write_atomically(self.out / self.folder / name, text, durable=False)

    def remove(self, student: Student) -> None:
        """There is nothing to tell; what an earlier run told is no longer true."""
        for ending in REPORTS[self.folder]:
            (self.out / self.folder / (student.stem + ending)).unlink(missing_ok=True)


def status_sentences(student: Student, words: Words) -> list[str]:
    """What a student should know first: that there is nothing, or not everything, to tell."""
    if student.known:
        points = student.unchecked_points
        return [words("feedback.unchecked_points", n=points)] if points else []
    return [words(f"feedback.status_{student.status}")]


def bounded(told: str, room: int) -> str:
    """A text that takes at most so many bytes as a string of JSON."""
    if len(json.dumps(told, ensure_ascii=False).encode()) <= room:
        return told
    # In JSON a newline or a quotation mark takes two bytes.
    return told.encode()[: room // 2 - 8].decode(errors="ignore") + " \u2026"


def remarks(student: Student, words: Words) -> list[str]:
    """Everything that is to be known of a student's points, as sentences."""
    told = list(student.notes)
    if student.on_roster is False:
        told.append(words("csv.not_on_roster"))
    if not student.known:
        return told + [words(f"csv.{student.status}")]
    for result in student.labs:
        number = result.lab.number
        if result.outcome in ("broken", "missing"):
            told.append(words(f"csv.lab_{result.outcome}", number=number))
        elif result.unchecked_points:
            told.append(words("csv.lab_unchecked", number=number, n=result.unchecked_points))
    return told


class Grades(WholeFile):
    """grades.csv: a row a student, a column a lab (RFC 4180).

    A lab that could not be checked has an empty cell, and no zero, and so has the total: a
    spreadsheet must not average what nobody measured. Where single checks have no verdict, the
    notes say how many points are open.
    """

    name = "grades.csv"

    def head(self) -> None:
        self.rows = csv.writer(self.file, lineterminator="\r\n")
        labs = [self.words("csv.lab", number=lab.number) for lab in self.course.labs]
        rest = [self.words(f"csv.{name}") for name in ("total", "late", "notes")]
        self.rows.writerow([self.words("csv.id"), self.words("csv.name"), *labs, *rest])

    def add(self, student: Student) -> None:
        missing = student.status == "missing"
        points = [result.points if result.known or missing else "" for result in student.labs]
        cells = [csv_cell(student.id), csv_cell(student.name), *points]
        total = student.points if student.final or missing else ""
        notes = csv_cell(" ".join(remarks(student, self.words)))
        self.rows.writerow([*cells, total, csv_cell(student.late), notes])


class JUnit(WholeFile):
    """junit.xml: a suite for each lab of each student."""

    name = "junit.xml"

    def head(self) -> None:
        self.xml = XMLGenerator(self.file, "utf-8", short_empty_elements=True)
        self.xml.startDocument()
        self.start("testsuites", name=self.course.name)

    def start(self, tag: str, **attributes: object) -> None:
        self.xml.startElement(tag, {name: str(value) for name, value in attributes.items()})

    def add(self, student: Student) -> None:
        for result in student.labs:
            self.suite(student, result)

    def suite(self, student: Student, result: LabResult) -> None:
        suite = f"{student.id}.lab{result.lab.number}"
        self.start(
            "testsuite",
            name=suite,
            tests=len(result.checks),
            failures=result.count("failed"),
            errors=result.count("unchecked") + result.count("broken"),
            skipped=result.count("missing"),
        )
        for check in result.checks:
            self.start("testcase", name=check.check.name, classname=suite)
            self.verdict(check)
            self.xml.endElement("testcase")
        if result.messages:
            self.start("system-err")
            self.xml.characters(result.messages)
            self.xml.endElement("system-err")
        self.xml.endElement("testsuite")
        self.file.write("\n")

    def verdict(self, check: CheckResult) -> None:
        tags = {"failed": "failure", "missing": "skipped", "passed": ""}
        tag = tags.get(check.outcome, "error")
        if not tag:
            return
        told = check.check.promise if tag == "failure" else self.words(f"outcome.{check.outcome}")
        self.start(tag, message=told, **({} if tag == "skipped" else {"type": check.outcome}))
        self.xml.characters(story_text(check, self.words))
        self.xml.endElement(tag)

    def foot(self) -> None:
        self.xml.endElement("testsuites")
        self.xml.endDocument()
        self.file.write("\n")


class Tap(FileEach):
    """tap/ID.tap, TAP 14: a check that did not pass for whatever reason is "not ok"."""

    folder = "tap"

    def add(self, student: Student) -> None:
        checks = list(student.checks())
        lines = ["TAP version 14", f"1..{len(checks)}"]
        for number, check in enumerate(checks, 1):
            lines += self.test(number, check)
        self.write(student, ".tap", "\n".join(lines) + "\n")

    def test(self, number: int, check: CheckResult) -> list[str]:
        passed = check.outcome == "passed"
        text = f"lab{check.check.lab} {check.check.name}: {check.check.promise}"
        line = f"{'ok' if passed else 'not ok'} {number} - {tap_description(text)}"
        if passed:
            return [line]
        facts = {
            "verdict": self.words(f"outcome.{check.outcome}"),
            "points": check.check.points,
            "message": story_text(check, self.words),
        }
        # A string of JSON is a string of YAML, whatever is in it.
        told = [
            f"  {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in facts.items()
        ]
        return [line, "  ---", *told, "  ..."]


class JsonEach(FileEach):
    """An object of JSON for each student."""

    def add(self, student: Student) -> None:
        text = json.dumps(self.document(student), ensure_ascii=False, indent=1)
        self.write(student, ".json", text + "\n")

    def document(self, student: Student) -> Json:
        raise NotImplementedError

    def output(self, check: CheckResult, result: LabResult) -> str:
        told = story_text(check, self.words) if check.has_story else ""
        return told or outcome_text(result, self.words)

    def head(self, student: Student) -> str:
        """What to say before the checks: why there are none, remarks, the compiler's words."""
        told = list(student.notes)
        told += status_sentences(student, self.words)
        for result in student.labs:
            if result.messages:
                told.append(
                    f"{self.words('lab.name', number=result.lab.number)}\n{result.messages}"
                )
        return "\n\n".join(told)

    def test_name(self, check: CheckResult) -> str:
        one = check.check
        return self.words("formats.test", lab=one.lab, number=one.number, promise=one.promise)


class Gradescope(JsonEach):
    """gradescope/ID.json, to be put at /autograder/results/results.json.

    Without any score Gradescope says that the autograder failed, which is what a submission
    that could not be checked should show.
    """

    folder = "gradescope"

    def document(self, student: Student) -> Json:
        document: Json = {
            "output": self.head(student),
            "output_format": "text",
            "visibility": "visible",
            "stdout_visibility": "hidden",
            "extra_data": {
                "id": student.id,
                "checks": self.course.version,
                "isolation": self.course.isolation,
            },
        }
        if not student.known and student.status != "missing":
            return document
        tests = [self.test(check, result) for result in student.labs for check in result.checks]
        return {"score": student.points} | document | {"tests": tests}

    def test(self, check: CheckResult, result: LabResult) -> Json:
        return {
            "name": self.test_name(check),
            "number": f"{check.check.lab}.{check.check.number}",
            "score": check.points,
            "max_score": check.check.points,
            "status": "passed" if check.outcome == "passed" else "failed",
            "output": self.output(check, result),
            "output_format": "text",
            "tags": [f"lab{check.check.lab}", check.outcome],
            "visibility": "visible",
        }


class PrairieLearn(JsonEach):
    """prairielearn/ID.json, to be put at /grade/results/results.json."""

    folder = "prairielearn"
    room = 900_000  # bytes for all messages: PrairieLearn takes at most 1 MB

    def message(self, check: CheckResult, result: LabResult) -> str:
        if check.outcome == "passed":
            return ""
        return bounded(self.output(check, result), self.room // len(self.course.checks))

    def document(self, student: Student) -> Json:
        if not student.known:
            return {"gradable": False, "format_errors": [self.head(student)], "message": ""}
        return {
            "gradable": True,
            "score": student.points / self.course.points,
            "message": self.words(
                "feedback.points", points=student.points, possible=self.course.points
            ),
            "output": self.head(student),
            "tests": [
                {
                    "name": self.test_name(check),
                    "description": check.check.name,
                    "points": check.points,
                    "max_points": check.check.points,
                    "message": self.message(check, result),
                }
                for result in student.labs
                for check in result.checks
            ],
        }


class Autolab(FileEach):
    """autolab/ID.json: the last line that Autolab's driver prints."""

    folder = "autolab"

    def add(self, student: Student) -> None:
        if not student.known and student.status != "missing":
            self.remove(student)
            return
        scores = {
            self.words("lab.name", number=result.lab.number): result.points
            for result in student.labs
            if result.known
        }
        self.write(student, ".json", dump({"scores": scores}) + "\n")


class Classroom(FileEach):
    """classroom/ID.json for the reporter of GitHub Classroom, the same in base64, and the
    annotations for a workflow's log."""

    folder = "classroom"
    room = 80_000  # bytes for all messages: the base64 must fit into an environment variable

    def add(self, student: Student) -> None:
        text = json.dumps(self.document(student), ensure_ascii=False)
        self.write(student, ".json", text + "\n")
        encoded = base64.b64encode(text.encode()).decode()
        self.write(student, ".base64", encoded + "\n")
        failed = [check for check in student.checks() if check.outcome != "passed"]
        self.write(student, ".annotations", "".join(self.annotate(one) for one in failed))

    def document(self, student: Student) -> Json:
        tests = [self.test(check, result) for result in student.labs for check in result.checks]
        statuses = {test["status"] for test in tests}
        status = "fail" if "fail" in statuses else "pass"
        if student.status == "unchecked" or "error" in statuses:
            status = "error"
        return {
            "version": 1,
            "status": status,
            "max_score": self.course.points,
            "tests": tests,
        }

    def lab_of(self, check: CheckResult) -> str:
        lab = next(lab for lab in self.course.labs if lab.number == check.check.lab)
        return f"labs/{lab.directory}/{lab.files[0]}"

    def test(self, check: CheckResult, result: LabResult) -> Json:
        statuses = {"passed": "pass", "unchecked": "error"}
        keys = {"failed": ("story.expected", "story.seen"), "unchecked": ("story.reason",)}
        told = zip(keys.get(check.outcome, ()), (check.expected, check.seen))
        lines = [f"{self.words(key)}: {value}" for key, value in told]
        message = "\n".join(lines) or outcome_text(result, self.words)
        share = self.room // len(self.course.checks) - 350
        return {
            "name": self.test_name(check),
            "status": statuses.get(check.outcome, "fail"),
            "score": check.points,
            "message": bounded(message, share),
            "test_code": f"make lab{check.check.lab} ALL=1",
            "filename": self.lab_of(check),
            "line_no": 1,
            "duration": 0,
        }

    def test_name(self, check: CheckResult) -> str:
        one = check.check
        return self.words("formats.test", lab=one.lab, number=one.number, promise=one.promise)

    def annotate(self, check: CheckResult) -> str:
        if check.outcome == "failed":
            told = self.words(
                "formats.annotation",
                promise=check.check.promise,
                expected=check.expected,
                seen=check.seen,
            )
        else:
            told = f"{check.check.promise} {self.words(f'outcome.{check.outcome}')}"
        place = annotation_property(self.lab_of(check))
        title = annotation_property(f"lab{check.check.lab} {check.check.name}")
        return f"::error file={place},line=1,title={title}::{annotation(one_line(told))}\n"
