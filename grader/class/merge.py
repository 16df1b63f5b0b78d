"""Puts the result folders of several shards together: the same bytes as one run over all.

Nothing is graded and nothing is changed: the students' files are copied as they are, and
results.json is made from them as a run makes it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from results import (
    HEADER,
    BadResults,
    Json,
    dump,
    file_stem,
    in_order,
    read_header,
    read_students,
    read_traces,
    write_atomically,
    write_results,
    write_traces,
)


class CannotMerge(Exception):
    """Two folders that do not belong together; the text says why and what to do."""


def _same_header(parts: Sequence[Path]) -> Json:
    first = read_header(parts[0])
    for part in parts[1:]:
        header = read_header(part)
        differing = [name for name in HEADER if header[name] != first[name]]
        if differing:
            raise CannotMerge(
                f"{parts[0]} and {part} were not graded in the same way: they differ in"
                f" {', '.join(differing)}. Grade one of them again, with the checks and the"
                " compiler of the other."
            )
    return first


def _places(parts: Sequence[Path]) -> dict[str, Path]:
    """Which folder holds each student; the same student in two must be the same to the byte."""
    places: dict[str, Path] = {}
    for part in parts:
        for student in read_students(part):
            student_id = student["id"]
            other = places.setdefault(student_id, part)
            if other != part and _student(other, student_id) != student:
                raise CannotMerge(
                    f"The student {student_id!r} is in {other} and in {part}, with different"
                    " results. Shards of one class share no student: merge folders of the same"
                    " class, graded with --shard 1/N to N/N."
                )
    return places


def _student(part: Path, student_id: str) -> Json:
    return next(student for student in read_students(part) if student["id"] == student_id)


def _in_order(parts: Sequence[Path], places: dict[str, Path]) -> Iterator[Json]:
    """All students in order, with one student of each shard in memory."""
    readers = {part: read_students(part) for part in parts}
    waiting: dict[Path, Json] = {}
    for student_id in in_order(places):
        part = places[student_id]
        student = waiting.pop(part, None) or next(readers[part])
        while student["id"] != student_id:  # a student that an earlier shard has as well
            student = next(readers[part])
        yield student


def merge(parts: Sequence[Path], out: Path) -> None:
    """Writes OUT/students/ and OUT/results.json from the folders in `parts`."""
    if not parts:
        raise CannotMerge("There is nothing to merge: name the result folders of the shards.")
    if out.resolve() in [part.resolve() for part in parts]:
        raise CannotMerge(f"{out} is one of the folders to merge. Name another folder after --out.")
    header = _same_header(parts)
    places = _places(parts)
    (out / "students").mkdir(parents=True, exist_ok=True)
    for student_id, part in places.items():
        name = file_stem(student_id) + ".json"
        _copy_student(part, name, out / "students" / name, student_id)
        write_traces(out, file_stem(student_id), read_traces(part, file_stem(student_id)))
    write_results(out, header, _in_order(parts, places))


def _copy_student(part: Path, name: str, target: Path, student_id: str) -> None:
    source = part / "students" / name
    if source.is_file():
        shutil.copyfile(source, target)
        return
    # A shard of which results.json alone was kept.
    write_atomically(target, dump(_student(part, student_id)) + "\n", durable=False)


__all__ = ["BadResults", "CannotMerge", "merge"]
