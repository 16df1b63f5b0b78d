"""The results of a class: how they are written, and how they are read again.

results.json is one JSON document (results.schema.json describes it) with a layout that is part
of the promise: the header, then one line for each student, in the order of their ids. So a
program can read a class of any size with the memory of one student, `grep` and `diff` show
students, and two runs that say the same are the same bytes.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

SCHEMA = 1
ROOM = 64 << 20  # bytes; a disk that has less may have been full a moment ago

# The header, in this order; all of it is the same for every shard of one class.
HEADER = ("schema", "course", "compiler", "isolation", "labs")
# What it may have besides: of which part of a class these are, and what was left out or is doubtful.
MORE = ("shard", "warnings")

# What is kept of the record of a check that did not pass.
STORY = tuple("expected seen because hint steps by_hand final trace_cut printed".split())

Json = dict[str, Any]


class BadResults(Exception):
    """A results.json that cannot be used; the text says why, for the person who named it."""


def dump(value: Any) -> str:
    """JSON on one line, always the same for the same value.

    Text stays readable (no \\u for letters). A lone surrogate, which no encoding can hold, is
    written as its \\u escape.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def file_stem(student_id: str) -> str:
    """A file name for a student, without ending: the id itself where that is a plain word.

    Other bytes are written as %HH, so that no id can name a file elsewhere, and no two ids
    share a file. An id that is too long for a file name is cut and ends with its hash. Capitals
    stay as they are: a file system that folds case would mix up "Ann" and "ann".
    """
    data = student_id.encode("utf-8", "surrogatepass")
    plain = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-@+"
    words = [chr(byte) if byte in plain else f"%{byte:02X}" for byte in data]
    if not words:
        return "%"
    if words[0] in (".", "-"):
        words[0] = f"%{data[0]:02X}"
    stem = "".join(words)
    if len(stem) <= 200:
        return stem
    return stem[:150] + "%-" + hashlib.sha256(data).hexdigest()[:32]


def write_atomically(path: Path, chunks: Iterable[str] | str, durable: bool = True) -> None:
    """Writes a file whole or not at all; a durable one also when the power fails.

    Reports need not be durable: they are made again from results.json.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        with open(temporary, "w", encoding="utf-8", newline="") as file:
            file.writelines([chunks] if isinstance(chunks, str) else chunks)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _disk(path: Path) -> os.statvfs_result:
    """Of a file that may not be there."""
    while not path.exists():
        path = path.parent
    return os.statvfs(path)


def _is_full(error: OSError, path: Path) -> bool:
    """Whether a disk has no room. The kernel says ENOSPC of other things, too."""
    if error.errno != errno.ENOSPC:
        return error.errno == errno.EDQUOT
    disk = _disk(path)
    # What was half written is removed again: there may be room for that.
    return disk.f_bavail * disk.f_frsize < ROOM or (disk.f_files > 0 and disk.f_favail < 16)


GOES_ON = "run the same command again: it goes on from here."
# With --force everything is graded again, also what the run before had graded.
GOES_ON_WITHOUT_FORCE = "run the command again without --force: it goes on from here."


def no_room(error: OSError) -> bool:
    """Whether a disk is full, or no folder for temporary files can be written."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT) or _no_temporary(error)


def _no_temporary(error: OSError) -> bool:
    return str(error.strerror).startswith("No usable temporary directory")


def not_written(error: OSError, path: Path, again: str = GOES_ON) -> str:
    """Why a file of the result folder could not be written, and what to do."""
    if _no_temporary(error):
        own = f"{os.environ['TMPDIR']} (TMPDIR), " if os.environ.get("TMPDIR") else ""
        return (
            f"There is no room for temporary files: {own}/tmp and /var/tmp cannot be written, or"
            " are full. Make room in one of them (df -h and df -i show how much there is), or name"
            f" another folder: TMPDIR=/srv/tmp, for example. Then {again}"
        )
    path = Path(os.path.abspath(error.filename2 or error.filename or path))
    if _is_full(error, path):
        why, shows = "The disk is full", "df -h"
        disk = _disk(path)
        if disk.f_files > 0 and disk.f_favail == 0:
            why, shows = "The disk has no room for another file (no inode is free)", "df -i"
        return (
            f"{why}: {path} cannot be written. Nothing that was graded is lost. Make"
            f" room ({shows} shows where), and {again}"
        )
    hint = f" The disk has room: look for a quota, and {again}"
    return (
        f"{path} cannot be written: {error.strerror}.{hint if error.errno == errno.ENOSPC else ''}"
    )


def in_order(ids: Iterable[str]) -> list[str]:
    """The order of students everywhere: by id, as bytes, so that no locale can change it."""
    return sorted(ids, key=lambda student_id: student_id.encode("utf-8", "surrogatepass"))


def result_lines(header: Json, students: Iterable[Json]) -> Iterator[str]:
    """The lines of results.json; `students` come in their order."""
    yield "{"
    for name in (*HEADER, *(name for name in MORE if name in header)):
        yield f"{dump(name)}:{dump(header[name])},\n"
    yield '"students":['
    before = "\n"
    for student in students:
        yield before + dump(student)
        before = ",\n"
    yield "\n]}\n"


def write_results(out: Path, header: Json, students: Iterable[Json]) -> None:
    """Writes OUT/results.json from the header and the students, in their order."""
    write_atomically(out / "results.json", result_lines(header, students))


def traces_path(out: Path, stem: str) -> Path:
    """Where the traces of a student's failed checks are. They are no part of the results: of two
    runs they may differ."""
    return out / "traces" / f"{stem}.json"


def write_traces(out: Path, stem: str, traces: dict[str, Json]) -> None:
    """Writes a student's traces, by lab and check; or removes those of an earlier run."""
    path = traces_path(out, stem)
    if not traces:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, dump(traces) + "\n", durable=False)


def read_traces(out: Path, stem: str) -> dict[str, Json]:
    """A student's traces; none where there is no file of them."""
    try:
        told = json.loads(traces_path(out, stem).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def results_path(path: Path) -> Path:
    """results.json of a result folder; or the file itself, where a file was named."""
    return path / "results.json" if path.is_dir() else path


def _check(header: Json, path: Path) -> Json:
    if header.get("schema") != SCHEMA:
        raise BadResults(
            f"{path} has schema {header.get('schema')!r}; this program reads schema {SCHEMA}."
            " Grade the class again, or use the version of shmlab that wrote it."
        )
    missing = [name for name in HEADER if name not in header]
    if missing:
        raise BadResults(f"{path} is no results.json of shmlab: it lacks {', '.join(missing)}.")
    return header


def _load(path: Path) -> Json:
    """A results.json that somebody laid out in another way, read as a whole."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except OSError as error:
        raise BadResults(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise BadResults(f"{path} is no results.json of shmlab: it is no JSON.") from error
    if not isinstance(document, dict) or not isinstance(document.get("students"), list):
        raise BadResults(f"{path} is no results.json of shmlab: it has no list of students.")
    return _check(document, path)


def _header_lines(path: Path) -> str | None:
    """The text before the students, or None where the file has another layout."""
    lines: list[str] = []
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line == '"students":[\n':
                    return "".join(lines).rstrip().removesuffix(",") + "}"
                lines.append(line)
                if len(lines) > len(HEADER + MORE):
                    return None
    except UnicodeDecodeError:
        return None
    except OSError as error:
        raise BadResults(f"{path} cannot be read: {error.strerror}.") from error
    return None


def read_header(path: Path) -> Json:
    """Everything of a results.json but the students."""
    path = results_path(path)
    text = _header_lines(path)
    if text is None:
        document = _load(path)
        del document["students"]
        return document
    try:
        return _check(json.loads(text), path)
    except json.JSONDecodeError as error:
        raise BadResults(f"{path} cannot be read: {error}.") from error


def read_students(path: Path) -> Iterator[Json]:
    """The students of a results.json, one after the other."""
    path = results_path(path)
    if _header_lines(path) is None:
        yield from _load(path)["students"]
        return
    ended = False
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line == '"students":[\n':
                break
        for line in file:
            if line == "]}\n":
                ended = True
                break
            try:
                yield json.loads(line.rstrip("\n").removesuffix(","))
            except json.JSONDecodeError as error:
                raise BadResults(f"{path} cannot be read: {error}.") from error
    if not ended:
        raise BadResults(f"{path} is not complete: its end is missing.")
