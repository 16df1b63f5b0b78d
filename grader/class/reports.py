#!/usr/bin/python3
"""Everything that comes out of a class grading, made from OUT/results.json in one pass.

usage: reports.py OUT [--format NAME,...] [--compare OLD] [--language LANGUAGE]

The students are read one at a time; each output writes as it goes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import folder
import formats
import pictures as drawing
from compare import Before, Comparer, Comparison, text
from feedback import Feedback
from model import course_of, student_of
from report import Report
from results import BadResults, read_header, read_students, results_path
from words import Words, languages

FORMATS: dict[str, type[formats.Output]] = {
    "csv": formats.Grades,
    "feedback": Feedback,
    "report": Report,
    "junit": formats.JUnit,
    "tap": formats.Tap,
    "gradescope": formats.Gradescope,
    "classroom": formats.Classroom,
    "prairielearn": formats.PrairieLearn,
    "autolab": formats.Autolab,
}
DEFAULT = ("csv", "feedback", "report")

# Exit statuses of all commands; argparse has 2 for wrong use.
ALL_GRADED, FAILED, SOME_UNCHECKED, NO_SANDBOX, DEFECTS = 0, 1, 3, 4, 5


def write_reports(
    out: Path,
    chosen: Sequence[str] = DEFAULT,
    old: Path | Before | None = None,
    language: str = "en",
    pictures: bool = False,
) -> Comparison | None:
    """Writes the chosen formats into OUT, and removes what earlier runs wrote for students who are
    not among the results. Returns the comparison with OLD, if there is one."""
    words = Words(language)
    course = course_of(read_header(out))
    folder.note(out, ())
    before = Before(old, words) if isinstance(old, Path) else old
    comparer = Comparer(before, course, words) if before else None
    outputs = [FORMATS[name](out, course, words) for name in dict.fromkeys(chosen)]
    for output in outputs:
        if isinstance(output, Feedback):
            output.pictures = pictures
    stems = set()
    for line in read_students(out):
        student = student_of(course, line, words)
        stems.add(student.stem)
        if comparer:
            comparer.add(student)
        for output in outputs:
            output.add(student)
    comparison = comparer.end() if comparer else None
    for output in outputs:
        if isinstance(output, Report):
            output.comparison = comparison
        output.end()
    folder.note(out, stems)
    folder.remove_gone(out, stems, folder.REPORTS)
    return comparison


def names_of_formats(value: str) -> list[str]:
    """ "csv,junit" as a list; for argparse."""
    names = [name for name in value.split(",") if name]
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise argparse.ArgumentTypeError(
            f"there is no format {', '.join(unknown) or value!r}; the formats are"
            f" {', '.join(FORMATS)}"
        )
    return names


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of everything that writes reports."""
    parser.add_argument(
        "--format",
        type=names_of_formats,
        action="extend",
        metavar="NAME,...",
        help=f"what to write, of {', '.join(FORMATS)} (default: {','.join(DEFAULT)})",
    )
    parser.add_argument(
        "--pictures",
        action="store_true",
        help="draw the runs of failed checks in the feedback: up to 1 second a student",
    )
    parser.add_argument("--compare", type=Path, metavar="OLD", help="an earlier result folder")
    parser.add_argument("--language", choices=languages(), default="en", help="of the reports")


def _is_same(one: Path, other: Path) -> bool:
    paths = [results_path(path) for path in (one, other)]
    return all(path.exists() for path in paths) and paths[0].samefile(paths[1])


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path, metavar="OUT", help="a result folder")
    add_options(parser)
    options = parser.parse_args(arguments)
    if options.compare and _is_same(options.compare, options.out):
        parser.error(
            f"{options.compare} and {options.out} are the same folder, which has nothing to be"
            " compared with. Copy it before the class is graded again, and name the copy; or let"
            " the grading compare: shmlab-class --out OUT --compare OUT SUBMISSIONS"
        )
    try:
        if options.pictures:
            drawing.require()
        comparison = write_reports(
            options.out,
            options.format or DEFAULT,
            options.compare,
            options.language,
            options.pictures,
        )
    except (BadResults, drawing.NoPictures) as error:
        print(error, file=sys.stderr)
        return FAILED
    except OSError as error:
        print(folder.cannot_use(error, options.out), file=sys.stderr)
        return FAILED
    finally:
        folder.give_away(options.out)
    if comparison:
        print(text(comparison, Words(options.language)), end="")
    return DEFECTS if comparison and comparison.defects else ALL_GRADED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
