"""Puts the result folders of several shards together: the same bytes as one run over all.

Nothing is graded and nothing is changed: the students' files are copied as they are, and
results.json is made from them as a run makes it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import folder
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


def _same_header(headers: dict[Path, Json]) -> Json:
    (one, first), *others = headers.items()
    for part, header in others:
        differing = [name for name in HEADER if header[name] != first[name]]
        if differing:
            raise CannotMerge(
                f"{one} and {part} were not graded in the same way: they differ in"
                f" {', '.join(differing)}. Grade one of them again, with the checks and the"
                " compiler of the other."
            )
    return {name: first[name] for name in HEADER}


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


def _missing(headers: dict[Path, Json]) -> list[str]:
    """What is not there of the class, as sentences."""
    shards = {part: header["shard"] for part, header in headers.items() if header.get("shard")}
    if not shards:
        return []  # whole classes
    first, *others = shards
    whole = shards[first]["parts"]
    for other in others:
        if shards[other]["parts"] != whole:
            raise CannotMerge(
                f"{first} is one of {whole} parts, and {other} is one of {shards[other]['parts']}."
                " The parts of a class have the same command but for K in --shard K/N: grade them"
                " all with the same N."
            )
    told = []
    there = {shard["part"] for shard in shards.values()}
    missing = [str(part) for part in range(1, whole + 1) if part not in there]
    if missing:
        names = ", ".join(missing)
        which = (
            f"Part {names} of {whole} is" if len(missing) == 1 else f"Parts {names} of {whole} are"
        )
        told.append(
            f"{which} missing: their students are not in these results. Grade what is missing"
            f" (--shard {missing[0]}/{whole}), and merge all {whole} parts again."
        )
    counts = sorted({shard["students"] for shard in shards.values()})
    if len(counts) > 1:
        told.append(
            f"The parts are of classes of different size ({' and '.join(map(str, counts))} students):"
            " students may be missing. Grade all parts with the same submissions and the same"
            " roster, and merge them again."
        )
    return told


def merge(parts: Sequence[Path], out: Path) -> list[str]:
    """Writes OUT/students/ and OUT/results.json from the folders in `parts`. Returns sentences on
    what is missing."""
    if not parts:
        raise CannotMerge("There is nothing to merge: name the result folders of the shards.")
    if out.resolve() in [part.resolve() for part in parts]:
        raise CannotMerge(f"{out} is one of the folders to merge. Name another folder after --out.")
    headers = {part: read_header(part) for part in parts}
    header = _same_header(headers)
    missing = _missing(headers)
    told = [one["warnings"] for one in headers.values() if "warnings" in one]
    if missing or told:
        # Each part says the same of the same submissions.
        header["warnings"] = missing + sorted({text for texts in told for text in texts})
    places = _places(parts)
    folder.open_folder(out)
    stems = {file_stem(student_id) for student_id in places}
    folder.note(out, stems)
    # A grading in this folder must not take the results for those of its own checks.
    (out / "header.json").unlink(missing_ok=True)
    for student_id, part in places.items():
        name = file_stem(student_id) + ".json"
        _copy_student(part, name, out / "students" / name, student_id)
        write_traces(out, file_stem(student_id), read_traces(part, file_stem(student_id)))
    write_results(out, header, _in_order(parts, places))
    folder.remove_gone(out, stems, folder.EACH)
    folder.note(out, stems, keep=False)
    return missing


def _copy_student(part: Path, name: str, target: Path, student_id: str) -> None:
    source = part / "students" / name
    if source.is_file():
        shutil.copyfile(source, target)
        return
    # A shard of which results.json alone was kept.
    write_atomically(target, dump(_student(part, student_id)) + "\n", durable=False)


__all__ = ["BadResults", "CannotMerge", "merge"]
