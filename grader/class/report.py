"""report.html: the instructor's page, whole in one file.

The page holds everything: the table as plain HTML, and each student's story packed (deflate,
base64), which the browser unpacks when it is opened. That keeps a class of a thousand at a few
megabytes. A policy in the page lets only its own script and style run, known by their hashes, so
that nothing that a student wrote can, whatever else goes wrong.
"""

from __future__ import annotations

import base64
import hashlib
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import IO, Any
from urllib.parse import quote

from markupsafe import Markup, escape

from compare import Comparison, sentences
from feedback import TEMPLATES, environment, fragment
from formats import WholeFile, remarks
from model import OUTCOMES, Check, Student
from results import file_stem

LETTERS = {outcome: outcome[0] for outcome in OUTCOMES}  # the class names of report.css
KINDS = ("open", "trouble", "broken", "missing", "late")
BAR_STEP = 27
BAR_HEIGHT = 72


@dataclass(frozen=True)
class Row:
    """A student in the table."""

    id: str
    title: str
    link: str
    total: object
    points: tuple[object, ...]
    kinds: str
    late: str
    notes: str
    change: str
    change_class: str
    cells_source: tuple[tuple[int, str], ...]
    cell: dict[tuple[int, str], Markup]

    @property
    def cells(self) -> Markup:
        """The cells of all checks. They are made when they are written, and not kept."""
        return Markup(
            "".join(
                self.cell[lab, letter] for lab, letters in self.cells_source for letter in letters
            )
        )


@dataclass(frozen=True)
class Failure:
    """A check, and how many students failed it."""

    check: Check
    failed: int
    ran: int
    unchecked: int

    @property
    def key(self) -> str:
        return f"{self.check.lab}.{self.check.name}"

    @property
    def percent(self) -> float:
        return round(100 * self.failed / self.ran, 1)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _number(value: float) -> str:
    return f"{value:g}"


class Report(WholeFile):
    """report.html."""

    name = "report.html"
    comparison: Comparison | None = None
    """Set before end(), when there is a run to compare with."""

    def head(self) -> None:
        self.students: list[tuple[Any, ...]] = []
        self.counts: Counter[tuple[str, str]] = Counter()
        self.labs: Counter[tuple[int, str]] = Counter()
        # pylint: disable-next=consider-using-with
        self.stories: IO[str] = tempfile.TemporaryFile("w+", encoding="ascii")

    def add(self, student: Student) -> None:
        for check in student.checks():
            self.counts[f"{check.check.lab}.{check.check.name}", check.outcome] += 1
        for result in student.labs:
            self.labs[result.lab.number, result.outcome] += 1
        letters = tuple(
            (result.lab.number, "".join(LETTERS[check.outcome] for check in result.checks))
            for result in student.labs
        )
        points = tuple(result.points for result in student.labs)
        graded = student.status == "graded"
        self.students.append(
            (
                student.id,
                student.title,
                student.status,
                student.points if graded else "",
                points if graded else ("",) * len(points),
                " ".join(self.kinds(student)),
                student.late,
                " ".join(remarks(student, self.words)),
                student.on_roster,
                letters,
            )
        )
        packed = zlib.compress(fragment(student, self.words).encode(), 9)
        self.stories.write(base64.b64encode(packed).decode() + "\n")

    def kinds(self, student: Student) -> Iterator[str]:
        """The filters to which a student belongs."""
        outcomes = {check.outcome for check in student.checks()}
        if student.points < self.course.points:
            yield "open"
        if student.status == "unchecked" or "unchecked" in outcomes:
            yield "trouble"
        if "broken" in outcomes:
            yield "broken"
        if student.status == "missing" or "missing" in outcomes:
            yield "missing"
        if student.late:
            yield "late"

    # --- What the page shows --------------------------------------------------------

    def rows(self) -> list[Row]:
        words = self.words
        cell = {
            (lab.number, letter): Markup(f"<td class={letter}{lab.number}>")
            + escape(words(f"outcome.{outcome}"))
            for lab in self.course.labs
            for outcome, letter in LETTERS.items()
        }
        return [self.row(student, cell) for student in self.students]

    def row(self, student: tuple[Any, ...], cell: dict[tuple[int, str], Markup]) -> Row:
        student_id, title, _, total, points, kinds, late, notes, _, letters = student
        change, change_class = self.change(student_id)
        if self.comparison and student_id in self.comparison.changed_ids:
            kinds += " changed"
        return Row(
            id=student_id,
            title=title,
            link="feedback/" + quote(file_stem(student_id) + ".html"),
            total=total,
            points=points,
            kinds=kinds.strip(),
            late=late,
            notes=notes,
            change=change,
            change_class=change_class,
            cells_source=letters,
            cell=cell,
        )

    def change(self, student_id: str) -> tuple[str, str]:
        """How many points more or fewer than in the run before, and its class."""
        if not self.comparison:
            return "", ""
        points = self.comparison.points.get(student_id)
        text = "" if points is None else f"{points:+d}".replace("-", "\u2212") if points else "0"
        if student_id in {change.id for change in self.comparison.defects}:
            return text, "alarmed"
        return text, "up" if (points or 0) > 0 else "down" if (points or 0) < 0 else ""

    def summary(self) -> list[str]:
        statuses = Counter(student[2] for student in self.students)
        facts = {
            "graded": statuses["graded"],
            "missing": statuses["missing"],
            "unchecked": statuses["unchecked"],
            "late": sum(bool(student[6]) for student in self.students),
            "not_on_roster": sum(student[8] is False for student in self.students),
        }
        return [
            self.words(f"report.{name}", n=count)
            for name, count in facts.items()
            if count or name == "graded"
        ]

    def charts(self) -> list[dict[str, Any]]:
        graded = [student for student in self.students if student[2] == "graded"]
        charts = [
            self.chart(
                self.words("lab.title", number=lab.number, title=lab.title),
                [student[4][index] for student in graded],
                lab.points,
            )
            for index, lab in enumerate(self.course.labs)
        ]
        total = [student[3] for student in graded]
        title = self.words("report.histogram_total")
        return [*charts, self.chart(title, total, self.course.points)]

    def chart(self, title: str, points: list[int], possible: int) -> dict[str, Any]:
        """A histogram: none, ten equal ranges, and all points."""
        ranges = [(0, 0)]
        ranges += [(possible * i // 10 + 1, possible * (i + 1) // 10) for i in range(10)]
        ranges[-1] = (ranges[-1][0], possible - 1)
        ranges.append((possible, possible))
        counts = [sum(low <= one <= high for one in points) for low, high in ranges]
        highest = max([*counts, 1])
        facts = {
            "n": len(points),
            "median": _number(median(points)) if points else "",
            "possible": possible,
            "full": counts[-1],
            "none": counts[0],
        }
        told = "report.histogram_facts" if points else "report.histogram_none"
        label = f"{title}. {self.words(told, **facts)}"
        if points:
            label = self.words("report.histogram_label", lab=title, **facts)
        return {
            "title": title,
            "facts": self.words(told, **facts),
            "label": label,
            "width": BAR_STEP * len(ranges),
            "bars": [
                self.bar(index, low, high, count, highest)
                for index, ((low, high), count) in enumerate(zip(ranges, counts, strict=True))
            ],
        }

    def bar(self, index: int, low: int, high: int, count: int, highest: int) -> dict[str, Any]:
        text = str(low) if low == high else f"{low}\u2013{high}"
        return {
            "x": index * BAR_STEP,
            "count": count,
            "height": max(2, round(BAR_HEIGHT * count / highest)),
            "title": self.words("report.histogram_bar", range=text, n=count),
            "tick": str(high) if index in (0, 5, 11) else "",
        }

    def failures(self) -> list[Failure]:
        """Every check, the one that most students failed first."""
        listed = []
        for check in self.course.checks:
            key = f"{check.lab}.{check.name}"
            failed, passed = self.counts[key, "failed"], self.counts[key, "passed"]
            ran = failed + passed
            listed.append(Failure(check, failed, ran, self.counts[key, "unchecked"]))
        return sorted(listed, key=lambda one: -one.failed)

    def nothing_ran(self) -> list[str]:
        told = []
        for lab in self.course.labs:
            broken, missing = (self.labs[lab.number, name] for name in ("broken", "missing"))
            if broken + missing:
                name = self.words("lab.name", number=lab.number)
                facts = {"n": broken + missing, "broken": broken, "missing": missing}
                told.append(self.words("report.checks_broken", lab=name, **facts))
        return told

    def legend(self) -> Markup:
        marks = dict(zip(OUTCOMES, "\u00b7\u2715?\u2205\u2013", strict=True))
        sentence = self.words("report.legend", **{name: f"\0{name}\0" for name in OUTCOMES})
        text = str(escape(sentence))
        for name, mark in marks.items():
            text = text.replace(f"\0{name}\0", f"<b>{mark}</b>")
        return Markup(text)

    def story_lines(self) -> Iterator[Markup]:
        self.stories.seek(0)
        for line in self.stories:
            yield Markup(line.rstrip("\n"))

    def foot(self) -> None:
        made = environment(self.words.language)
        facts: dict[str, Any] = {"course": self.course, "words": self.words}
        style = made.get_template("page.css").render() + made.get_template("report.css").render(
            facts
        )
        script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
        failures = self.failures()
        comparison = self.comparison
        page = made.get_template("report.html.j2").generate(
            facts,
            style=Markup(style),
            style_hash=_hash(style),
            script=Markup(script),
            script_hash=_hash(script),
            script_words=self.script_words(),
            rows=self.rows(),
            kinds=[*KINDS, *(["changed"] if comparison else [])],
            summary=self.summary(),
            charts=self.charts(),
            failures=[one for one in failures if one.failed],
            quiet=[one for one in failures if not one.failed],
            nothing_ran=self.nothing_ran(),
            legend=self.legend(),
            comparison=comparison,
            compared=sentences(comparison, self.words) if comparison else [],
            stories=self.story_lines(),
        )
        self.file.writelines(page)
        self.file.write("\n")
        self.stories.close()

    def script_words(self) -> dict[str, Any]:
        """The sentences that the script fills by itself."""
        report = self.words.section("report")
        return {
            "language": self.words.language,
            "shown": report["shown"],
            "no_stories": report["no_stories"],
            "points": self.words.section("feedback")["points"],
            "possible": self.course.points,
        }
