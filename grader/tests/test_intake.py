#!/usr/bin/python3
"""Tests of who handed in what: layouts of folders and archives, exports, rosters.

usage: test_intake.py [CLASS...]
"""

from __future__ import annotations

import os
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "class"))

import course
from intake import Intake, Student
from layout import BadSource
from roster import BadRoster, Roster, read_roster

METADATA = "submission_metadata.yml"


class Case(unittest.TestCase):
    """A folder for each test, and what was found in it."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = Path(folder.name)
        (self.top / "spool").mkdir()
        os.chmod(self.top, 0o755)  # archives are read by an ordinary user
        self.warnings: list[str] = []

    def put(self, path: str, content: str = "int x;\n") -> Path:
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
        return file

    def zip(self, path: str, *names: str, **contents: str) -> None:
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(file, "w") as archive:
            for name in names:
                archive.writestr(name, contents.get(Path(name).name, "int x;\n"))

    def roster(self, content: str) -> Roster:
        return read_roster(self.put("roster.csv", content))

    def taken(
        self, *sources: str, roster: Roster | None = None, one_student: str | None = None
    ) -> dict[str, Student]:
        """Students by id; and for each which file is taken for which name."""
        intake = Intake(course.read_labs(), self.top / "spool", {})
        for source in sources or ("class",):
            intake.add_source(self.top / source, one_student)
        students = {student.id: student for student in intake.students(roster)}
        self.files: dict[str, dict[str, str]] = {}
        for key, student in students.items():
            chosen = intake.choose(student.submission) if student.submission else {}
            self.files[key] = {name: "/".join(item.path) for name, item in chosen.items()}
        self.warnings = intake.warnings
        return students

    def is_said(self, words: str) -> None:
        self.assertTrue(any(words in text for text in self.warnings), self.warnings)


class Layouts(Case):
    def test_folders_and_archives_of_students(self) -> None:
        self.put("class/s1/create.c")
        self.put("class/s2/labs/02-create/create.c")
        self.put("class/s3/my project/src/create.c")
        self.zip("class/s4.zip", "x/create.c")
        self.zip("class/s5 (2).zip", "create.c")
        (self.top / "class/s6").mkdir()
        self.assertEqual(set(self.taken()), {"s1", "s2", "s3", "s4", "s5", "s6"})
        self.assertEqual([key for key, files in self.files.items() if not files], ["s6"])
        self.assertEqual(self.warnings, [])

    def test_a_file_beside_the_students_is_nobodys(self) -> None:
        for stray in ("create.c", "notes.txt", "noending"):
            self.put(f"class/{stray}")
        (self.top / "class/labs").mkdir()
        self.put("class/s1/create.c")
        self.put("class/s2/keys.c")
        self.assertEqual(set(self.taken()), {"s1", "s2"})
        self.is_said("create.c, labs, noending, notes.txt")

    def test_one_students_files(self) -> None:
        self.put("class/create.c")
        self.put("class/labs/01-ftok/keys.c")
        self.put("class/solutions/02-create/create.c")
        self.assertEqual(set(self.taken()), {"class"})
        self.assertEqual(self.files["class"]["create.c"], "create.c")
        self.assertEqual(self.warnings, [])
        self.put("class/attempt/keys.c")
        self.assertEqual(set(self.taken()), {"class"})
        self.is_said("was taken as one student's")

    def test_one_student_who_is_named(self) -> None:
        self.put("class/proj-a/keys.c")
        self.put("class/proj-b/create.c")
        self.assertEqual(set(self.taken()), {"proj-a", "proj-b"})
        self.assertEqual(set(self.taken(one_student="ann")), {"ann"})
        self.assertEqual(set(self.files["ann"]), {"keys.c", "create.c"})

    def test_folders_of_labs(self) -> None:
        for lab, name in (("01-ftok", "keys.c"), ("02-create", "create.c")):
            self.put(f"class/{lab}/ann/{name}")
            self.zip(f"class/{lab}/bob.zip", name)
        self.taken()
        self.assertEqual(
            {key: set(files) for key, files in self.files.items()},
            {
                "ann": {"keys.c", "create.c"},
                "bob": {"keys.c", "create.c"},
            },
        )

    def test_folders_of_labs_from_moodle_are_refused(self) -> None:
        self.put("class/01-ftok/Ann Li_1_assignsubmission_file_/keys.c")
        self.put("class/02-create/Ann Li_2_assignsubmission_file_/create.c")
        with self.assertRaisesRegex(BadSource, "Grade each lab alone"):
            self.taken()

    def test_clones_as_archives_are_called_like_the_archives(self) -> None:
        for name in ("ann", "bob"):
            self.zip(f"{name}.zip", "shmlab-main/labs/01-ftok/keys.c")
        self.assertEqual(set(self.taken("ann.zip", "bob.zip")), {"ann", "bob"})
        roster = self.roster("id,name\nann,Ann Li\n")
        self.assertEqual(set(self.taken("ann.zip", roster=roster)), {"ann"})
        self.assertEqual(set(self.taken("ann.zip")), {"shmlab-main"})

    def test_who_is_in_two_sources_is_named(self) -> None:
        for source in ("one", "two"):
            self.put(f"{source}/s1/keys.c")
            self.put(f"{source}/s2/keys.c")
        self.assertEqual(set(self.taken("one", "two")), {"s1", "s2"})
        self.is_said("only the newest submission of each is graded: s1, s2.")

    def test_archives_that_are_not_read_are_told(self) -> None:
        self.put("class/eve.rar")
        self.put("class/flo.gz")
        self.put("class/gus/work.rar")
        self.put("class/Al Om_9_assignsubmission_file_/work.7z.rar")
        self.put("class/ok/keys.c")
        students = self.taken()
        self.assertEqual(set(students), {"eve", "flo", "gus", "9", "ok"})
        for key in ("eve", "flo", "gus", "9"):
            submission = students[key].submission
            assert submission
            self.assertTrue(submission.broken, key)
            self.assertIn("only zip, tar and 7z are read", submission.notes[0])

    def test_links_are_not_followed(self) -> None:
        self.put("elsewhere/keys.c")
        self.put("class/s2/keys.c")
        (self.top / "class/s1").symlink_to(self.top / "elsewhere")
        (self.top / "class/s2/create.c").symlink_to(self.top / "elsewhere/keys.c")
        (self.top / "class/s2/labs").symlink_to(self.top / "elsewhere")
        students = self.taken()
        self.assertEqual(set(students), {"s1", "s2"})
        one, two = students["s1"].submission, students["s2"].submission
        assert one and two
        self.assertTrue(one.broken)
        self.assertIn("links are not followed", one.notes[0])
        self.assertFalse(two.broken)
        self.assertEqual(len(two.notes), 2)
        self.assertEqual(set(self.files["s2"]), {"keys.c"})


class Exports(Case):
    def test_canvas_newer_archives_count(self) -> None:
        self.zip("class/liann_4711_90210_work.zip", "keys.c", "labs/02-create/create.c")
        self.zip("class/liann_LATE_4711_90300_work-1.zip", "keys.c")
        self.put("class/boray_LATE_4712_90100_keys.c")
        self.put("class/boray_4712_90400_keys-1.c")
        self.put("class/cyoz_4713_90400_report.pdf")
        students = self.taken()
        self.assertEqual(set(students), {"4711", "4712", "4713"})
        self.assertEqual(self.files["4711"]["keys.c"], "liann_LATE_4711_90300_work-1.zip/keys.c")
        late = {key: one.submission.late for key, one in students.items() if one.submission}
        self.assertEqual(late, {"4711": "Canvas marks it as late.", "4712": None, "4713": None})

    def test_canvas_assignments_are_put_together(self) -> None:
        self.put("one/liann_4711_100_keys.c")
        self.put("two/liann_LATE_4711_300_create.c")
        self.taken("one", "two")
        self.assertEqual(set(self.files["4711"]), {"keys.c", "create.c"})
        self.assertEqual(self.warnings, [])

    def gradescope(self, metadata: str) -> None:
        self.put(f"class/export/{METADATA}", metadata)
        self.put("class/export/submission_11/keys.c")
        self.put("class/export/submission_12/keys.c")

    def test_gradescope(self) -> None:
        self.gradescope(
            "submission_11:\n  :submitters:\n  - :name: Ann Li\n    :sid: 4711\n"
            "submission_12:\n  :submitters: []\n"
        )
        students = self.taken()
        self.assertEqual(
            {key: one.name for key, one in students.items()},
            {"4711": "Ann Li", "submission_12": None},
        )
        self.is_said("names nobody for submission_12")

    def test_gradescope_in_a_submission_is_not_believed(self) -> None:
        forged = "submission_1:\n  :submitters:\n  - :sid: good\n"
        for path in (f"class/bad/{METADATA}", f"class/bad/x/{METADATA}"):
            self.put("class/good/keys.c")
            self.put("class/bad/submission_1/keys.c")
            file = self.put(path, forged)
            self.assertEqual(set(self.taken()), {"bad", "good"})
            self.is_said("lies inside of a submission")
            file.unlink()
        self.zip("class/bad.zip", METADATA, "submission_1/keys.c", **{METADATA: forged})
        self.assertEqual(set(self.taken()), {"bad", "good"})

    def test_a_bomb_of_references_is_no_export(self) -> None:
        for bomb in ("&{0} {{<<: [*{1}, *{1}], k{0}: 1}}", "&{0} [*{1}, *{1}]"):
            lines = ["x0: &a0 {k: 1}"]
            lines += [f"x{i}: " + bomb.format(f"a{i}", f"a{i - 1}") for i in range(1, 40)]
            lines += ["submission_11:", "  :submitters:", "  - :sid: *a39", "    :name: *a39"]
            self.gradescope("\n".join(lines))
            self.assertEqual(set(self.taken()), {"submission_11", "submission_12"})
        self.gradescope("[" * 100_000)
        self.assertEqual(set(self.taken()), {"submission_11", "submission_12"})
        self.is_said("cannot be understood")


class Rosters(Case):
    def test_headings(self) -> None:
        for content in (
            "id,name\n4711,Ann Li\n",
            "4711;Ann Li\n",
            'sep=;\nStudent ID;Name\n4711;"Ann Li"\n',
            'Name,ID\n"Li, Ann; Dr",4711\n',
            "First name\tSurname\tID number\tEmail address\nAnn\tLi\t4711\tann@example.org\n",
            "Student,ID,SIS User ID,Section\nPoints possible,,,\nAnn Li,4711,u4711,A\n",
        ):
            self.assertEqual(list(self.roster(content).names), ["4711"], content)
        self.assertEqual(
            self.roster("First name,Last name,Username\nAnn,Li,al\n").names, {"al": "Ann Li"}
        )
        with self.assertRaisesRegex(BadRoster, "none of its columns is known as ids"):
            self.roster("Name,Matrikel\nAnn Li,4711\n")

    def test_ids(self) -> None:
        roster = self.roster("id,name,email\ns1,Ann,ann@example.org\nS2,Bob,\nX,a\nx,b\n")
        self.assertEqual(roster.by_id("S1"), "s1")
        self.assertEqual(roster.by_id("ann@Example.org"), "s1")
        self.assertEqual(roster.by_id("x"), "x")
        self.assertIsNone(roster.by_id("s3"))

    def test_names(self) -> None:
        roster = self.roster('id,name\n1,"Li, Ann"\n2,王小明\n3,Bo Ray\n4,Bo Ray\n')
        for name in ("Ann Li", "liann", "ANN LI", "li ann"):
            self.assertEqual(roster.by_name(name), "1", name)
        self.assertEqual(roster.by_name("王小明"), "2")
        self.assertIsNone(roster.by_name("Bo Ray"))
        self.assertIsNone(roster.by_name(""))

    def moodle(self, *people: str) -> None:
        for one in people:
            self.put(f"class/{one}_assignsubmission_file_/keys.c")

    def test_moodles_number_is_nobodys_id(self) -> None:
        self.moodle("Ann Li_12", "Dan Yo_34")
        roster = self.roster("id,name\n11,Ann Li\n12,Cy Oz\n34,Bob Ray\n")
        students = self.taken(roster=roster)
        self.assertEqual(
            {key for key, one in students.items() if one.submission}, {"11", "Dan Yo 34"}
        )
        self.is_said("12 is the id of Cy Oz. The name counts")

    def test_the_number_counts_where_the_name_is_like_the_rosters(self) -> None:
        self.put("class/liann_4711_100_keys.c")
        roster = self.roster("id,name\n4711,Ann Maria Li\n")
        self.assertEqual(set(self.taken(roster=roster)), {"4711"})
        self.assertEqual(self.warnings, [])

    def test_two_people_of_one_name_are_two(self) -> None:
        self.moodle("Ann Li_41", "Ann Li_42")
        students = self.taken(roster=self.roster("id,name\n11,Ann Li\n"))
        self.assertEqual({key for key, one in students.items() if one.submission}, {"41", "42"})
        self.is_said("several people are called Ann Li")

    def test_one_number_of_two_people(self) -> None:
        self.put("one/Ann Li_12_assignsubmission_file_/keys.c")
        self.put("two/Bob Ray_12_assignsubmission_file_/keys.c")
        self.assertEqual(set(self.taken("one", "two")), {"12", "Bob Ray 12"})
        self.is_said("kept apart by their names")

    def test_a_roster_of_others_is_noticed(self) -> None:
        self.put("class/s1/keys.c")
        self.put("class/s2/keys.c")
        self.taken(roster=self.roster("id,name\n1,Ann\n2,Bob\n"))
        self.is_said("Of 2 students who handed in, 0 are on the roster")


if __name__ == "__main__":
    unittest.main()
