#!/usr/bin/python3
"""Tests of what comes out of a class grading: formats, escaping, comparison, merging.

usage: SHMLAB_POOL=POOL test_reports.py [CLASS...]     POOL is from class_sample.py
"""

from __future__ import annotations

import base64
import copy
import csv
import errno
import filecmp
import html
import io
import json
import os
import re
import shutil
import string
import subprocess
import sys
import tempfile
import tomllib
import unittest
import unittest.mock
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import class_sample  # finds grader/class, too
import jsonschema

import compare
import merge
import model
import pictures
import reports
import results
import steady
import text
import words
from folder import EACH, GRADED, MARK, WHOLE

Json = dict[str, Any]
CLASS = class_sample.ROOT / "grader" / "class"
EVERY = tuple(reports.FORMATS)
CAN_DRAW = pictures.SCOPE.exists() and shutil.which("dot") is not None

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>]]>-->\x1b[31m\x00\x07\x9b\u202e"
    "\r\n=cmd|' /C calc'!A0,\"&amp;'{{ 7 * 7 }}{% raw %}\n```\n# title\n1..9\nok 1 - forged\n"
    "::error::forged\n</textarea></script></style>%0A\udc80\ufffe\U0001f600"
)


def pool() -> Json:
    return json.loads(Path(os.environ["SHMLAB_POOL"]).read_text(encoding="utf-8"))


def hostile_step(number: int) -> Json:
    """A step with a trace in which every text and number is hostile."""
    call = {"where": HOSTILE, "pid": -1, "call": "shmat" + HOSTILE, "error": HOSTILE}
    segment = {"id": -number, "key": -1, "size": 2**63 - 1, "nattch": 2**63 - 1}
    return {
        "where": f"{number}{HOSTILE}",
        "line": HOSTILE,
        "answer": HOSTILE,
        "calls": [call | {"arguments": [2**63 - 1, -1], "result": -(2**63)}] * 3,
        "segments": [segment | {"attached": [HOSTILE] * 3}],
        "ended": [HOSTILE],
    }


def hostile_student(student: Json, student_id: str) -> Json:
    """A student of whom every text is hostile."""
    made = copy.deepcopy(student)
    made.update(id=student_id, name=HOSTILE, late=HOSTILE, notes=[HOSTILE])
    made["submission"].update(source=HOSTILE, superseded=[HOSTILE])
    for lab in made["labs"].values():
        lab["verdict"] = "failed"
        lab["points"] = 0
        lab["build"]["messages"] = HOSTILE * 300
        for record in lab["checks"]:
            record.update(
                verdict="failed",
                expected=HOSTILE,
                seen=HOSTILE,
                because=HOSTILE,
                hint=HOSTILE,
                printed=HOSTILE * 40,
                steps=[hostile_step(number) for number in range(40)],
                leaks=[{"key": -1, "id": 3, "size": 1, "by": HOSTILE, "step": 1}],
            )
    made["points"] = 0
    made["labs"]["1"]["checks"][0]["printed"] = HOSTILE * 5000
    made["labs"]["2"]["checks"][0]["steps"] = [hostile_step(1)] * 2  # small enough for a picture
    return made


class Folder(unittest.TestCase):
    """A test with a folder of its own and a class in it."""

    count = 20

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="shmlab-reports.")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.header, self.students = class_sample.make_class(pool(), self.count)
        self.out = self.write("out", self.students)

    def write(self, name: str, students: list[Json], header: Json | None = None) -> Path:
        out = self.folder / name
        class_sample.write_class(out, header or self.header, students)
        return out


def check_count() -> int:
    """How many checks the course has."""
    return len(
        json.loads((class_sample.ROOT / "build" / "checks.json").read_text(encoding="utf-8"))[
            "checks"
        ]
    )


def schema_errors(path: Path) -> list[str]:
    schema = json.loads((CLASS / "results.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(path.read_text(encoding="utf-8"))
    return [
        error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(document)
    ]


class Schema(Folder):
    """results.json is what its schema says, and is read line by line."""

    def test_a_class_is_valid(self) -> None:
        self.assertEqual(schema_errors(self.out / "results.json"), [])

    def test_a_wrong_verdict_is_not(self) -> None:
        self.students[0]["labs"]["1"]["checks"][0]["verdict"] = "fine"
        self.assertTrue(schema_errors(self.write("wrong", self.students) / "results.json"))

    def test_another_layout_is_read_as_well(self) -> None:
        document = json.loads((self.out / "results.json").read_text(encoding="utf-8"))
        other = self.folder / "other.json"
        other.write_text(json.dumps(document, indent=2), encoding="utf-8")
        kept = list(results.read_students(self.out))
        self.assertEqual(list(results.read_students(other)), kept)
        self.assertEqual([one["id"] for one in kept], [one["id"] for one in self.students])
        self.assertEqual(results.read_header(other), results.read_header(self.out))

    def test_a_cut_file_is_refused(self) -> None:
        whole = (self.out / "results.json").read_text(encoding="utf-8")
        (self.out / "results.json").write_text(whole[: len(whole) * 2 // 3], encoding="utf-8")
        with self.assertRaises(results.BadResults):
            list(results.read_students(self.out))

    def test_another_schema_is_refused(self) -> None:
        other = self.write("other", [], self.header | {"schema": 2})
        with self.assertRaisesRegex(results.BadResults, "schema 2"):
            results.read_header(other)

    def test_no_two_ids_share_a_file_and_none_leaves_the_folder(self) -> None:
        ids = ["a", "..", ".", "", "a/b", "a%2Fb", "-x", "x\n", "x\0", "é", "\udc80", "y" * 300]
        ids += ["y" * 299 + "z", "../../etc/passwd", "%"]
        stems = [results.file_stem(one) for one in ids]
        self.assertEqual(len(set(stems) | {"%"}), len(ids) if "%" in stems else len(ids) + 1)
        for stem in stems:
            self.assertRegex(stem, r"\A[A-Za-z0-9_%@+][A-Za-z0-9_.%@+-]{0,199}\Z")


class Safe(HTMLParser):
    """Collects the tags of a page, and the attributes that could run something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name.startswith("on") or "javascript:" in (value or ""):
                self.bad.append(f"{tag} {name}")


class Escaping(unittest.TestCase):
    """Nothing that a student writes becomes markup, a formula, a directive or a control byte."""

    made: Path

    @classmethod
    def setUpClass(cls) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="shmlab-reports.")
        cls.addClassCleanup(temporary.cleanup)
        cls.made = Path(temporary.name)
        header, students = class_sample.make_class(pool(), 20)
        whole = next(one for one in students if len(one["labs"]) == 5)
        honest = copy.deepcopy(whole) | {"id": "honest", "name": "Honest Name"}
        students = [hostile_student(whole, HOSTILE), honest]
        order = results.in_order(student["id"] for student in students)
        students.sort(key=lambda student: order.index(student["id"]))
        class_sample.write_class(cls.made, header, students)
        reports.write_reports(cls.made, EVERY, pictures=CAN_DRAW)

    def setUp(self) -> None:
        self.out = self.made
        self.stem = results.file_stem(HOSTILE)

    def files(self) -> list[Path]:
        written = [path for path in self.out.rglob("*") if path.is_file()]
        return [path for path in written if path.suffix != ".json" or path.parent != self.out]

    def test_no_control_bytes_anywhere(self) -> None:
        kept = ("students", "traces")
        made = [path for path in self.files() if path.parent.name not in kept]
        self.assertGreater(len(made), 15)
        for path in made:
            content = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
            found = re.search("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ufffe]", content)
            self.assertIsNone(found, f"{path}: {found and found[0]!r}")

    def test_pages_have_no_foreign_tags(self) -> None:
        for path in [self.out / "report.html", *(self.out / "feedback").glob("*.html")]:
            page = Safe()
            page.feed(path.read_text(encoding="utf-8"))
            self.assertNotIn("img", page.tags)
            self.assertNotIn("textarea", page.tags)
            self.assertEqual(page.tags.count("script"), 3 if path.name == "report.html" else 0)
            self.assertEqual(page.bad, [])
            self.assertNotIn("alert(1)</script>", path.read_text(encoding="utf-8"))
            if CAN_DRAW and path.stem == self.stem:
                self.assertGreaterEqual(page.tags.count("svg"), 1)

    def test_a_name_is_shown_in_full(self) -> None:
        page = (self.out / "feedback" / f"{self.stem}.html").read_text(encoding="utf-8")
        self.assertIn("<script>alert(1)</script>", html.unescape(page))
        self.assertIn("{{ 7 * 7 }}", html.unescape(page))

    def test_huge_outputs_are_cut(self) -> None:
        for path in self.files():
            if path.parent.name not in ("students", "traces", ""):
                self.assertLess(path.stat().st_size, 4_000_000, path)
        prairie = self.out / "prairielearn" / f"{self.stem}.json"
        self.assertLess(prairie.stat().st_size, 1_000_000)
        encoded = self.out / "classroom" / f"{self.stem}.base64"
        self.assertLess(encoded.stat().st_size, 131_072)  # MAX_ARG_STRLEN of Linux

    def test_many_leaks_are_told_by_some_and_a_number(self) -> None:
        english = words.Words("en")
        for count in (0, 8, 9, 237):
            result = unittest.mock.Mock(leaks=tuple(f"segment {i}" for i in range(count)))
            told = model.leaks_text(result, english)
            self.assertEqual(told[:8], list(result.leaks[:8]))
            more = {9: ["… (1 more segment)"], 237: ["… (229 more segments)"]}
            self.assertEqual(told[8:], more.get(count, []))

    def test_what_cannot_be_seen_is_written_as_an_escape(self) -> None:
        for code in (
            *(0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180E, 0x200B, 0x202E),
            *(0x2066, 0x3164, 0xFEFF, 0xFFA0, 0xE0041),
        ):
            told = text.one_line(f"Ann{chr(code)}Lee")
            self.assertTrue(told.isascii(), hex(code))
            self.assertIn(f"{code:x}", told)
        for name in ("Zoë", "Ἀριστοτέλης", "ជា", "ᠮᠣᠩᠭᠣᠯ", "한국", "ﾊﾛｰ"):
            self.assertEqual(text.one_line(name), name)

    def test_a_full_disk_is_told_from_other_limits(self) -> None:
        error = OSError(errno.ENOSPC, "No space left on device")
        disk = unittest.mock.Mock(f_bavail=1 << 20, f_frsize=4096, f_files=1000, f_favail=900)
        with unittest.mock.patch("os.statvfs", return_value=disk):
            self.assertNotIn("disk is full", results.not_written(error, self.out / "not/there"))
            disk.f_bavail = 2
            self.assertIn("disk is full", results.not_written(error, self.out / "not/there"))
            disk.f_bavail, disk.f_favail = 1 << 20, 0
            self.assertIn("no inode is free", results.not_written(error, self.out))
            disk.f_files = 0  # this file system does not count them
            self.assertNotIn("disk is full", results.not_written(error, self.out))

    def test_a_spreadsheet_sees_no_formula(self) -> None:
        for cell in ("=1+1", " =1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", '"=1', "'=1"):
            self.assertTrue(text.csv_cell(cell).startswith("'"), cell)
        for begin in (";", "x;", 'x; "', "x;;", "x;' "):
            for sign in "=+-@＝":
                told = text.csv_cell(f"{begin}{sign}1;y")
                for part in told.split(";"):
                    self.assertNotIn(part.lstrip(' "')[:1], [*"=+-@＝"], told)
        self.assertEqual(text.csv_cell("a;=1;b"), "a;'=1;b")
        for cell in ("Ann", "", "O'Neil", "12", "a;b; c", ";"):
            self.assertEqual(text.csv_cell(cell), cell)
        for row in csv.reader(io.StringIO((self.out / "grades.csv").read_text(encoding="utf-8"))):
            self.assertEqual(len(row), 10)
            for cell in row:
                self.assertNotIn(cell[:1], tuple("=+-@\t\r"), cell)

    def test_markdown_stays_text(self) -> None:
        page = (self.out / "feedback" / f"{self.stem}.md").read_text(encoding="utf-8")
        outside, fence = [], ""
        for line in page.split("\n"):
            opened = re.match("(`{3,})(text)?$", line)
            if opened and not fence:
                fence = opened[1]
            elif fence and line == fence:
                fence = ""
            elif not fence:
                outside.append(line)
        self.assertEqual(fence, "", "a block was left open")
        self.assertNotRegex("\n".join(outside), r"(?<!\\)<")
        self.assertEqual([line for line in outside if line == "# title"], [])

    def test_tap_has_no_forged_line(self) -> None:
        lines = (self.out / "tap" / f"{self.stem}.tap").read_text(encoding="utf-8").splitlines()
        self.assertEqual(sum(line.startswith(("ok", "1..")) for line in lines), 1)
        self.assertEqual(sum(line.startswith("not ok") for line in lines), check_count())

    def test_annotations_are_one_line_each(self) -> None:
        path = self.out / "classroom" / f"{self.stem}.annotations"
        lines = path.read_text(encoding="utf-8").splitlines()
        self.assertEqual(len(lines), check_count())
        for line in lines:
            self.assertRegex(line, r"^::error file=labs/[^,]*,line=1,title=[^,:]*::")

    def test_feedback_names_no_other_student(self) -> None:
        for ending in (".md", ".html"):
            told = (self.out / "feedback" / f"{self.stem}{ending}").read_text(encoding="utf-8")
            self.assertNotIn("Honest", told)
            self.assertNotIn("honest", told)


class Formats(Folder):
    """Each format is valid, complete, and never says "passed" of what was not checked."""

    def setUp(self) -> None:
        super().setUp()
        reports.write_reports(self.out, EVERY)
        self.by_id = {student["id"]: student for student in self.students}

    def test_all_kinds_of_students_are_there(self) -> None:
        statuses = {student["status"] for student in self.students}
        self.assertLessEqual({"graded", "missing"}, statuses)

    def test_csv(self) -> None:
        content = (self.out / "grades.csv").read_bytes()
        self.assertEqual(content.count(b"\n"), content.count(b"\r\n"))
        rows = list(csv.DictReader(io.StringIO(content.decode())))
        self.assertEqual([row["id"] for row in rows], [one["id"] for one in self.students])
        for row in rows:
            labs = [int(row[f"lab{number}"] or 0) for number in range(1, 6)]
            self.assertEqual(sum(labs), int(row["total"] or 0))
            self.assertEqual(sum(labs), self.by_id[row["id"]]["points"])

    def test_an_unchecked_student_has_no_zeros(self) -> None:
        student: Json = self.students[0] | {"status": "unchecked", "labs": {}, "points": 0}
        out = self.write("unchecked", [student])
        reports.write_reports(out, EVERY)
        row = next(csv.DictReader(io.StringIO((out / "grades.csv").read_text())))
        self.assertEqual((row["lab1"], row["total"]), ("", ""))
        name = results.file_stem(student["id"]) + ".json"
        gradescope = json.loads((out / "gradescope" / name).read_text())
        self.assertNotIn("score", gradescope)
        self.assertNotIn("tests", gradescope)
        self.assertFalse(json.loads((out / "prairielearn" / name).read_text())["gradable"])
        self.assertEqual(json.loads((out / "classroom" / name).read_text())["status"], "error")
        self.assertFalse((out / "autolab" / name).exists())
        self.assertNotIn("\nok ", (out / "tap" / name.replace(".json", ".tap")).read_text())

    def test_what_the_grader_could_not_build_is_not_the_students_fault(self) -> None:
        student = copy.deepcopy(next(one for one in self.students if one["labs"].get("2")))
        lab = student["labs"]["2"]
        lab.update(points=0, verdict="unchecked", checks=[], build={"ok": False, "messages": "?"})
        student.update(status="unchecked", labs={"2": lab}, points=0)
        out = self.write("unbuilt", [student])
        reports.write_reports(out, ["csv"])
        rows = list(csv.DictReader(io.StringIO((out / "grades.csv").read_text(encoding="utf-8"))))
        self.assertEqual((rows[0]["lab2"], rows[0]["total"]), ("", ""))
        self.assertNotIn("does not compile", rows[0]["notes"])

    def test_one_unchecked_check_leaves_the_rest_known(self) -> None:
        student = copy.deepcopy(next(one for one in self.students if one["points"] == 500))
        lab = student["labs"]["4"]
        name = lab["checks"][0]["name"]
        lab["checks"][0] = {"name": name, "verdict": "unchecked", "expected": "No namespaces."}
        points = self.header["labs"][3]["checks"][0]["points"]
        lab.update(points=100 - points, verdict="unchecked")
        student.update(status="unchecked", points=500 - points)
        out = self.write("partly", [student])
        reports.write_reports(out, EVERY)
        row = next(csv.DictReader(io.StringIO((out / "grades.csv").read_text(encoding="utf-8"))))
        self.assertEqual((row["lab4"], row["total"]), (str(100 - points), str(500 - points)))
        self.assertIn(f"Lab 4: {points} points could not be checked.", row["notes"])
        gradescope = json.loads((out / "gradescope" / f"{student['id']}.json").read_text())
        self.assertEqual(gradescope["score"], 500 - points)
        self.assertIn(f"{points} points could not be checked", gradescope["output"])
        for ending in (".md", ".html"):
            told = (out / "feedback" / (student["id"] + ending)).read_text(encoding="utf-8")
            self.assertIn("No namespaces.", told)
            self.assertIn("They are not lost", told)

    def test_junit(self) -> None:
        path = self.out / "junit.xml"
        subprocess.run(["xmllint", "--noout", path], check=True)
        suites = ElementTree.parse(path).getroot().findall("testsuite")
        self.assertEqual(len(suites), 5 * len(self.students))
        for suite in suites:
            cases = suite.findall("testcase")
            self.assertEqual(len(cases), int(suite.attrib["tests"]))
            for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
                self.assertEqual(len(suite.findall(f"testcase/{tag}")), int(suite.attrib[kind]))

    def test_tap(self) -> None:
        for student in self.students:
            path = self.out / "tap" / f"{student['id']}.tap"
            lines = path.read_text(encoding="utf-8").splitlines()
            self.assertEqual(lines[:2], ["TAP version 14", f"1..{check_count()}"])
            numbers = [int(m[1]) for line in lines if (m := re.match(r"(?:not )?ok (\d+) ", line))]
            self.assertEqual(numbers, list(range(1, check_count() + 1)))
            passed = sum(line.startswith("ok ") for line in lines)
            records = [one for lab in student["labs"].values() for one in lab["checks"]]
            self.assertEqual(passed, sum(one["verdict"] == "passed" for one in records))

    def test_gradescope_and_prairielearn(self) -> None:
        for student in self.students:
            name = f"{student['id']}.json"
            gradescope = json.loads((self.out / "gradescope" / name).read_text(encoding="utf-8"))
            if student["status"] != "unchecked":
                self.assertEqual(gradescope["score"], student["points"])
                self.assertEqual(
                    sum(test["score"] for test in gradescope["tests"]), student["points"]
                )
                self.assertEqual(sum(test["max_score"] for test in gradescope["tests"]), 500)
            prairie = json.loads((self.out / "prairielearn" / name).read_text(encoding="utf-8"))
            if student["status"] == "graded":
                self.assertAlmostEqual(prairie["score"], student["points"] / 500)
                points = sum(test["points"] for test in prairie["tests"])
                self.assertEqual(points, student["points"])

    def test_classroom(self) -> None:
        for student in self.students:
            path = self.out / "classroom" / f"{student['id']}.base64"
            document = json.loads(base64.b64decode(path.read_text()))
            self.assertEqual(document["version"], 1)
            self.assertEqual(sum(test["score"] for test in document["tests"]), student["points"])
            if student["points"] == 500:
                self.assertEqual(document["status"], "pass")
            else:
                self.assertIn(document["status"], ("fail", "error"))

    def test_feedback_has_every_story(self) -> None:
        for student in self.students:
            told = (self.out / "feedback" / f"{student['id']}.md").read_text(encoding="utf-8")
            failed = [
                record["name"]
                for lab in student["labs"].values()
                for record in lab["checks"]
                if record["verdict"] == "failed"
            ]
            for name in failed:
                self.assertIn(f"### failed: {name}", told)

    def test_a_hint_that_fits_stands_in_place_of_the_first(self) -> None:
        student = copy.deepcopy(next(one for one in self.students if one["points"] == 500))
        student["labs"]["4"]["checks"][0].update(verdict="failed", hint="Which path leaks?")
        usual = self.header["labs"][3]["checks"][0]["hints"][0]
        out = self.write("hint", [student])
        reports.write_reports(out, EVERY)
        for ending in (".md", ".html"):
            told = (out / "feedback" / (student["id"] + ending)).read_text(encoding="utf-8")
            self.assertIn("Which path leaks?", told)
            self.assertNotIn(html.escape(usual) if ending == ".html" else usual, told)
        self.assertIn("Which path leaks?", (out / "junit.xml").read_text(encoding="utf-8"))

    def test_every_file_is_known_as_one_of_ours(self) -> None:
        whole, each = {MARK}, set(EACH)
        for path in self.out.rglob("*"):
            if path.is_file():
                place, *rest = path.relative_to(self.out).parts
                known = path.name.endswith(EACH[place]) if rest else place in WHOLE
                self.assertTrue(known or place in whole, path)
        self.assertEqual({path.name for path in self.out.iterdir() if path.is_dir()}, each)

    def test_who_is_no_longer_there_has_no_files(self) -> None:
        gone, stays = self.students[0]["id"], self.students[1]["id"]
        foreign = self.out / "tap" / "notes.tap"
        foreign.write_text("1..0\n", encoding="utf-8")
        before = [path.name for path in self.out.rglob(f"{stays}.*")]
        results.write_results(self.out, self.header, self.students[1:])
        reports.write_reports(self.out, ["csv"])
        # What was graded stays for the next grading; the reports go.
        left = [path.relative_to(self.out).parts[0] for path in self.out.rglob(f"{gone}.*")]
        self.assertLessEqual(set(left), set(GRADED))
        self.assertEqual([path.name for path in self.out.rglob(f"{stays}.*")], before)
        self.assertTrue(foreign.exists())

    def test_a_grade_that_is_no_longer_known_is_not_left_for_autolab(self) -> None:
        students = copy.deepcopy(self.students)
        student = next(one for one in students if one["status"] == "graded")
        path = self.out / "autolab" / f"{student['id']}.json"
        self.assertTrue(path.exists())
        student.update(status="unchecked", labs={}, points=0)
        results.write_results(self.out, self.header, students)
        reports.write_reports(self.out, ["autolab"])
        self.assertFalse(path.exists())

    def test_what_is_to_be_known_of_the_class_is_on_the_page(self) -> None:
        self.assertNotIn('class="remark warnings"', (self.out / "report.html").read_text())
        header = self.header | {
            "shard": {"part": 2, "parts": 3, "students": 60},
            "warnings": ["a.zip is <b>no archive</b>.", HOSTILE],
        }
        out = self.write("warned", self.students, header)
        self.assertEqual(schema_errors(out / "results.json"), [])
        self.assertEqual(results.read_header(out), header)
        reports.write_reports(out, ["report"])
        page = (out / "report.html").read_text(encoding="utf-8")
        self.assertIn("2 things were left out or are doubtful:", page)
        self.assertIn("<li>a.zip is &lt;b&gt;no archive&lt;/b&gt;.</li>", page)
        self.assertNotIn("<script>alert", page)
        self.assertIn("part 2 of 3 of the class", page)
        superseded = sum(
            len(one["submission"]["superseded"]) for one in self.students if one["submission"]
        )
        self.assertGreater(superseded, 0)
        self.assertRegex(page, rf"{superseded} submissions? (was|were) not graded")

    def test_no_sentence_ends_twice(self) -> None:
        students = copy.deepcopy(self.students)
        for student in students:
            student["late"] = "Canvas marks it as late."
        out = self.write("late", students)
        reports.write_reports(out, EVERY)
        for path in (*(out / "feedback").iterdir(), out / "grades.csv"):
            self.assertNotRegex(path.read_text(encoding="utf-8"), r"late\.\.")
        other = self.header | {"isolation": {"level": "bubblewrap", "text": "In a sandbox."}}
        new = self.write("new", self.students, other)
        told = compare.text(compare.compare(self.out, new))
        self.assertIn("Before: The submissions ran without a sandbox. Now: In a sandbox.", told)
        self.assertNotIn("..", told)

    def test_reports_are_the_same_twice(self) -> None:
        again = self.write("again", self.students)
        reports.write_reports(again, EVERY)
        self.assertEqual(differences(self.out, again), [])


def differences(one: Path, other: Path) -> list[str]:
    names = {str(path.relative_to(one)) for path in one.rglob("*") if path.is_file()}
    names |= {str(path.relative_to(other)) for path in other.rglob("*") if path.is_file()}
    names -= {MARK}  # the sample class is not written by a run
    _, mismatch, errors = filecmp.cmpfiles(one, other, names, shallow=False)
    return mismatch + errors


class Steady(unittest.TestCase):
    """A key of a file holds the number of a device, which is another one in the next run."""

    def told(self, device: int) -> Json:
        key = device << 16 | 0x46000003
        low = key | 0x80000000
        text = f"ok key=0x{key:08x}; returned {key}, neither 0 nor -1; process 123456789"
        negative = f"ok 0x{low:08x} is {low - (1 << 32)}"
        return {"seen": text, "expected": negative, "devices": [device]}

    def test_a_key_is_the_same_as_a_number_too(self) -> None:
        one, other = (steady.steady_record(1, self.told(device)) for device in (0x31, 0x7F))
        self.assertEqual(one, other)
        self.assertIn("key=0x462a0003; returned 1177157635,", one["seen"])
        self.assertIn("process 123456789", one["seen"])

    def test_other_labs_are_left_alone(self) -> None:
        told = self.told(0x31)
        self.assertEqual(steady.steady_record(2, dict(told))["seen"], told["seen"])


class Compare(Folder):
    """Two runs: what changed, and what changed without a reason."""

    def change_a_verdict(self, students: list[Json]) -> Json:
        student = next(one for one in students if one["points"] > 400)
        lab = next(lab for lab in student["labs"].values() if lab["verdict"] == "passed")
        lab["checks"][0] = {"name": lab["checks"][0]["name"], "verdict": "failed", "expected": "x"}
        lab["verdict"] = "failed"
        lab["points"] -= 5
        student["points"] -= 5
        return student

    def test_the_same_is_the_same(self) -> None:
        again = self.write("again", self.students)
        result = compare.compare(self.out, again)
        self.assertTrue(result.same)
        self.assertIn("Nothing changed", compare.text(result))

    def test_another_grade_for_the_same_files_is_a_defect(self) -> None:
        students = copy.deepcopy(self.students)
        changed = self.change_a_verdict(students)
        new = self.write("new", students)
        result = reports.write_reports(new, ["report"], self.out)
        assert result is not None
        self.assertEqual([change.id for change in result.defects], [changed["id"]])
        self.assertIn("this is a defect", compare.text(result))
        page = (new / "report.html").read_text(encoding="utf-8")
        self.assertIn('class="alarm">1 grade changed although the files did not', page)
        self.assertIn("alarmed", page)

    def test_the_same_points_by_other_checks_are_a_defect(self) -> None:
        students = copy.deepcopy(self.students)
        student = self.change_a_verdict(students)
        student["points"] += 5
        for lab in student["labs"].values():
            if lab["verdict"] == "failed" and len(lab["checks"][0]) == 3:
                lab["points"] += 5
        result = compare.compare(self.out, self.write("new", students))
        self.assertEqual(len(result.defects), 1)

    def test_other_files_are_a_reason(self) -> None:
        students = copy.deepcopy(self.students)
        changed = self.change_a_verdict(students)
        for name in changed["submission"]["files"]:
            changed["submission"]["files"][name] = "f" * 64
        result = compare.compare(self.out, self.write("new", students))
        self.assertEqual(result.defects, [])
        self.assertEqual([change.id for change in result.other_files], [changed["id"]])

    def test_other_checks_are_a_reason(self) -> None:
        students = copy.deepcopy(self.students)
        self.change_a_verdict(students)
        header = self.header | {"course": {"name": "shmlab", "checks": "other"}}
        result = compare.compare(self.out, self.write("new", students, header))
        self.assertEqual(result.defects, [])
        self.assertEqual(len(result.same_files), 1)
        self.assertIn("The checks are not those of the run before", compare.text(result))

    def test_who_came_and_went(self) -> None:
        result = compare.compare(
            self.write("old", self.students[1:]), self.write("new", self.students[:-1])
        )
        self.assertEqual(result.added, [self.students[0]["id"]])
        self.assertEqual(result.removed, [self.students[-1]["id"]])


class Merge(Folder):
    """Shards put together are one run, to the byte."""

    def test_three_shards_are_one_run(self) -> None:
        parts = [self.write(f"part{k}", self.students[k::3]) for k in range(3)]
        merged = self.folder / "merged"
        merge.merge([parts[2], parts[0], parts[1]], merged)
        for folder in (self.out, merged):
            reports.write_reports(folder, EVERY)
        self.assertEqual(differences(self.out, merged), [])

    def test_an_equal_overlap_is_fine(self) -> None:
        parts = [self.write("a", self.students[:12]), self.write("b", self.students[8:])]
        merge.merge(parts, self.folder / "merged")
        self.assertEqual(differences(self.out, self.folder / "merged"), [])

    def test_a_different_overlap_is_refused(self) -> None:
        other = copy.deepcopy(self.students)
        other[3]["points"] += 1
        with self.assertRaisesRegex(merge.CannotMerge, self.students[3]["id"]):
            merge.merge([self.out, self.write("b", other)], self.folder / "merged")

    def test_other_checks_are_refused(self) -> None:
        other = self.write("b", [], self.header | {"compiler": "another"})
        with self.assertRaisesRegex(merge.CannotMerge, "compiler"):
            merge.merge([self.out, other], self.folder / "merged")

    def shards(self, parts: int, students: int = 20) -> list[Path]:
        return [
            self.write(
                f"part{part}",
                self.students[part - 1 :: parts],
                self.header
                | {
                    "shard": {"part": part, "parts": parts, "students": students},
                    "warnings": ["The roster has the id x twice.", "b.zip is no archive."],
                },
            )
            for part in range(1, parts + 1)
        ]

    def test_what_is_known_of_the_class_is_merged_too(self) -> None:
        one = self.shards(3)
        self.assertEqual(merge.merge(one[::-1], self.folder / "merged"), [])
        warnings = ["The roster has the id x twice.", "b.zip is no archive."]
        whole = self.write("whole", self.students, self.header | {"warnings": warnings})
        self.assertEqual(differences(whole, self.folder / "merged"), [])

    def test_missing_parts_are_told(self) -> None:
        parts = self.shards(4)
        told = merge.merge([parts[0], parts[2]], self.folder / "merged")
        self.assertEqual(len(told), 1)
        self.assertIn("Parts 2, 4 of 4 are missing", told[0])
        self.assertIn("--shard 2/4", told[0])
        kept = results.read_header(self.folder / "merged")
        self.assertEqual(kept["warnings"][0], told[0])
        self.assertNotIn("shard", kept)

    def test_parts_of_other_divisions_are_refused(self) -> None:
        first = self.shards(2)[0]
        other = self.write(
            "other", [], self.header | {"shard": {"part": 2, "parts": 3, "students": 20}}
        )
        with self.assertRaisesRegex(merge.CannotMerge, "is one of 2 parts, and .* is one of 3"):
            merge.merge([first, other], self.folder / "merged")

    def test_parts_of_other_lists_of_students_are_told(self) -> None:
        first = self.shards(2)[0]
        second = self.write(
            "second", [], self.header | {"shard": {"part": 2, "parts": 2, "students": 21}}
        )
        told = merge.merge([first, second], self.folder / "merged")
        self.assertIn("different size (20 and 21 students)", told[0])

    def test_who_is_in_no_part_is_not_in_the_folder(self) -> None:
        merged = self.folder / "merged"
        parts = self.shards(2)
        merge.merge(parts, merged)
        reports.write_reports(merged, EVERY)
        merge.merge(parts[:1], merged)
        gone = self.students[1]["id"]
        self.assertEqual([path.name for path in merged.rglob(f"{gone}.*")], [])
        self.assertEqual(len(list((merged / "students").iterdir())), 10)

    def test_shards_have_the_same_pictures(self) -> None:
        if not CAN_DRAW:
            self.skipTest("needs build/scope and Graphviz")
        students = [one for one in self.students if one["id"] in ("s001", "s002", "s003")]
        whole = self.write("whole", students)
        parts = [self.write(f"part{k}", students[k::2]) for k in range(2)]
        merge.merge(parts, self.folder / "merged")
        for folder in (whole, self.folder / "merged"):
            reports.write_reports(folder, ["feedback"], pictures=True)
        self.assertEqual(differences(whole, self.folder / "merged"), [])

    def test_results_json_alone_will_do(self) -> None:
        shutil.rmtree(self.out / "traces")  # what pictures are drawn from is lost
        part = self.folder / "alone"
        part.mkdir()
        (part / "results.json").write_bytes((self.out / "results.json").read_bytes())
        merge.merge([part], self.folder / "merged")
        self.assertEqual(differences(self.out, self.folder / "merged"), [])


@unittest.skipUnless(CAN_DRAW, "needs build/scope and Graphviz")
class Pictures(Folder):
    """The pictures of failed checks in a student's page."""

    def page(self, student_id: str) -> str:
        reports.write_reports(self.out, ["feedback"], pictures=True)
        return (self.out / "feedback" / f"{student_id}.html").read_text(encoding="utf-8")

    def one_who_failed(self, lab: str) -> Json:
        """A student with many failed checks in a lab: one who handed the skeleton in."""
        entries = [one for one in pool()["results"] if one["variant"] == "skeleton"]
        student = next(one for one in self.students if one["labs"])
        student["labs"] = {str(one["lab"]): one["result"] for one in entries}
        self.assertGreater(len(student["labs"][lab]["checks"]), pictures.PER_LAB)
        self.out = self.write("failed", [student])
        return student

    def test_a_picture_has_the_segments_of_its_check(self) -> None:
        page = self.page(self.one_who_failed("3")["id"])
        self.assertIn('<figure class="picture"><svg', page)
        drawn = "".join(re.findall("<figure.*?</figure>", page, re.DOTALL))
        for shown in ("segment 0", "4096 bytes", "shmget 0x", "Terminal G", "nattch 0"):
            self.assertIn(shown, drawn)

    def test_there_are_at_most_three_a_lab_and_the_page_says_so(self) -> None:
        student = self.one_who_failed("3")
        page = self.page(student["id"])
        section = page[page.index("<h2>Lab 3") : page.index("<h2>Lab 4")]
        self.assertEqual(section.count("<figure"), pictures.PER_LAB)
        self.assertRegex(section, r"For \d+ more failed checks of this lab there are no pictures")
        self.assertIn("<code>make lab3 PICTURE=1</code>", section)
        self.assertNotIn("<figure", page[: page.index("<h2>Lab 2")])  # keys alone draw nothing

    def test_large_pictures_are_left_out(self) -> None:
        with unittest.mock.patch.object(pictures, "BYTES_MAX", 1000):
            page = self.page(self.one_who_failed("3")["id"])
        self.assertNotIn("<figure", page)
        self.assertIn("there are no pictures here", page)

    def test_only_shapes_and_words_are_kept(self) -> None:
        hostile = (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
            ' width="100pt" onload="x()" style="background:url(x)"><script>x()</script>'
            '<a xlink:href="javascript:x()"><text>gone</text></a><g class="call" id="main">'
            '<foreignObject><p>gone</p></foreignObject><image href="x"/><use href="x"/>'
            '<path d="M0,0" fill="url(x)" stroke="#16202c"/>'
            "<text>&lt;b&gt; stays</text></g><set/><animate/></svg>"
        )
        self.assertEqual(
            pictures.safe_svg(hostile).replace("\n", ""),
            '<svg width="64pt" height="100%"><g class="call"><path d="M0,0" stroke="#16202c" />'
            "<text>&lt;b&gt; stays</text></g></svg>",
        )
        for broken in ("", "words", "<svg>", "<html/>", "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg>&a;"):
            self.assertEqual(pictures.safe_svg(broken), "")


class Words(unittest.TestCase):
    """Every sentence is used, and every language has the same places in each."""

    def sentences(self, language: str) -> dict[str, set[str]]:
        with open(words.FOLDER / f"{language}.toml", "rb") as file:
            sections = tomllib.load(file)
        places = {}
        for section, entries in sections.items():
            for name, sentence in entries.items():
                forms = sentence.values() if isinstance(sentence, dict) else [sentence]
                found = {place for form in forms for _, place, *_ in string.Formatter().parse(form)}
                places[f"{section}.{name}"] = {place for place in found if place} - {"n"}
        return places

    def test_every_sentence_is_used(self) -> None:
        sources = [*CLASS.glob("*.py"), CLASS / "shmlab-class", *(CLASS / "templates").iterdir()]
        used = "\n".join(path.read_text(encoding="utf-8") for path in sources)
        families = re.findall(r"[\"'(]([a-z]+\.(?:[a-z]+_)*)[\"'{]", used)
        for key in self.sentences("en"):
            section, name = key.split(".")
            direct = key in used or f'"{name}"' in used or f"_{name}" in used
            family = any(key.startswith(prefix) for prefix in families if prefix != f"{section}.")
            by_section = any(prefix == f"{section}." for prefix in families)
            self.assertTrue(direct or family or by_section, key)

    def test_languages_agree(self) -> None:
        english = self.sentences("en")
        for language in words.languages():
            self.assertEqual(self.sentences(language), english, language)


if __name__ == "__main__":
    if "SHMLAB_POOL" not in os.environ:
        sys.exit(__doc__)
    unittest.main()
