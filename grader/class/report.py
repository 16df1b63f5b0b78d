"""report.html: the instructor's page, whole in one file.

The page holds everything: the table as plain HTML, and each student's story packed (deflate,
base64), which the browser unpacks when it is opened. That keeps a class of a thousand at a few
megabytes. A policy in the page lets only its own script and style run, known by their hashes, so
that nothing that a student wrote can, whatever else goes wrong.
"""

from __future__ import annotations

import base64
import hashlib
import re
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
from model import OUTCOMES, Check, Lab, Student

LETTERS = {outcome: outcome[0] for outcome in OUTCOMES}  # the class names of report.css
MARKS = dict(zip("pfubm", "\u00b7\u2715?\u2205\u2013", strict=True))
KINDS = ("open", "trouble", "broken", "missing", "late")
_LIST = re.compile("<!--list-->.*?<!--/list-->", re.DOTALL)
FIRST = 12  # checks that are shown at once
BAR_STEP = 27
BAR_HEIGHT = 72


@dataclass(frozen=True)
class Row:
    """A student in the table; small, because those of the whole class are kept."""

    id: str
    stem: str
    title: str
    status: str
    total: int | str
    points: tuple[int | str, ...]
    kinds: str
    late: str
    notes: str
    on_roster: bool | None
    letters: tuple[str, ...]
    """For each lab a letter for each check: p(assed), f(ailed), ..."""

    @property
    def link(self) -> str:
        return "feedback/" + quote(self.stem + ".html")


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
        self.students: list[Row] = []
        self.counts: Counter[tuple[str, str]] = Counter()
        self.labs: Counter[tuple[int, str]] = Counter()
        self.superseded = 0
        # pylint: disable-next=consider-using-with
        self.stories: IO[str] = tempfile.TemporaryFile("w+", encoding="ascii")

    def add(self, student: Student) -> None:
        if student.known:
            self.count(student)
        self.superseded += student.superseded
        points: list[int | str] = [
            result.points if student.known and result.known else "" for result in student.labs
        ]
        self.students.append(
            Row(
                id=student.id,
                stem=student.stem,
                title=student.title,
                status=student.status,
                total=student.points if student.final else "",
                points=tuple(points),
                kinds=" ".join(self.kinds(student)),
                late=student.late,
                notes=" ".join(remarks(student, self.words)),
                on_roster=student.on_roster,
                letters=tuple(
                    "".join(LETTERS[check.outcome] for check in result.checks)
                    for result in student.labs
                ),
            )
        )
        story = _LIST.sub("", fragment(student, self.words))
        packed = zlib.compress(story.encode(), 9)
        self.stories.write(base64.b64encode(packed).decode() + "\n")

    def count(self, student: Student) -> None:
        for check in student.checks():
            self.counts[f"{check.check.lab}.{check.check.name}", check.outcome] += 1
        for result in student.labs:
            self.labs[result.lab.number, result.outcome] += 1

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

    def strips(self, row: Row) -> list[Markup]:
        """For each lab a cell with a mark for each check, and the names of those that failed."""
        return [
            self.strip(lab, letters)
            for lab, letters in zip(self.course.labs, row.letters, strict=True)
        ]

    def strip(self, lab: Lab, letters: str) -> Markup:
        marks = "".join(
            f'<abbr title="{escape(check.name)}">{MARKS[letter]}</abbr>'
            if letter in "fu"
            else MARKS[letter]
            for check, letter in zip(lab.checks, letters, strict=True)
        )
        told = self.words("feedback.of", part=letters.count("p"), whole=len(letters))
        return Markup('<td class="strip" aria-label="{}">{}</td>').format(told, Markup(marks))

    def kinds_of(self, row: Row) -> str:
        changed = self.comparison is not None and row.stem in self.comparison.changed
        return f"{row.kinds} changed".strip() if changed else row.kinds

    def change(self, row: Row) -> tuple[str, str]:
        """How many points more or fewer than in the run before, and its class."""
        if not self.comparison:
            return "", ""
        points = self.comparison.points.get(row.stem)
        text = "" if points is None else f"{points:+d}".replace("-", "\u2212") if points else "0"
        if row.stem in {change.stem for change in self.comparison.defects}:
            return text, "alarmed"
        return text, "up" if (points or 0) > 0 else "down" if (points or 0) < 0 else ""

    def summary(self) -> list[str]:
        statuses = Counter(student.status for student in self.students)
        facts = {
            "graded": statuses["graded"],
            "missing": statuses["missing"],
            "unchecked": statuses["unchecked"],
            "late": sum(bool(student.late) for student in self.students),
            "not_on_roster": sum(student.on_roster is False for student in self.students),
        }
        told = [
            self.words(f"report.{name}", n=count)
            for name, count in facts.items()
            if count or name == "graded"
        ]
        if self.course.part:
            part, parts = self.course.part
            told.insert(0, self.words("run.part", part=part, parts=parts))
        if self.superseded:
            told.append(self.words("run.superseded", n=self.superseded))
        return told

    def charts(self) -> list[dict[str, Any]]:
        charts = [
            self.chart(
                self.words("lab.title", number=lab.number, title=lab.title),
                [int(row.points[index]) for row in self.students if row.points[index] != ""],
                lab.points,
                self.nothing_ran(lab.number),
            )
            for index, lab in enumerate(self.course.labs)
        ]
        total = [int(row.total) for row in self.students if row.total != ""]
        title = self.words("report.histogram_total")
        return [*charts, self.chart(title, total, self.course.points, [])]

    def nothing_ran(self, lab: int) -> list[str]:
        """How many students have no points in a lab because there was nothing to run."""
        return [
            self.words(f"report.histogram_{name}", n=self.labs[lab, name])
            for name in ("broken", "missing")
            if self.labs[lab, name]
        ]

    def chart(
        self, title: str, points: list[int], possible: int, more: list[str]
    ) -> dict[str, Any]:
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
            "facts": " ".join([self.words(told, **facts), *more]),
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

    def legend(self) -> Markup:
        sentence = self.words("report.legend", **{name: f"\0{name}\0" for name in OUTCOMES})
        text = str(escape(sentence))
        for name, letter in LETTERS.items():
            text = text.replace(f"\0{name}\0", f"<b>{MARKS[letter]}</b>")
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
            rows=self.students,
            strips=self.strips,
            change=self.change,
            kinds_of=self.kinds_of,
            kinds=[*KINDS, *(["changed"] if comparison else [])],
            summary=self.summary(),
            charts=self.charts(),
            failures=[one for one in failures if one.failed][:FIRST],
            further=[one for one in failures if one.failed][FIRST:],
            quiet=[one for one in failures if not one.failed],
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
            "labs": {
                lab.number: [[check.name, check.promise] for check in lab.checks]
                for lab in self.course.labs
            },
            "marks": {
                letter: [MARKS[letter], self.words(f"outcome.{outcome}")]
                for outcome, letter in LETTERS.items()
            },
        }
