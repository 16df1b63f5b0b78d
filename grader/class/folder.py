"""The result folder: how it is recognised, whose it is, and what of an earlier run is removed.

A folder of ours has a file .shmlab-class, which names those whose files may be in it. So what an
earlier run wrote can be told from what somebody else put there: nothing else is ever removed or
given to another user.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from pathlib import Path

from results import (
    BadResults,
    file_stem,
    no_room,
    not_written,
    read_students,
    write_atomically,
)

MARK = ".shmlab-class"
LOCK = ".lock"
WORK = ".work"

# Everything that a run writes: files for the class, and folders with files for each student.
WHOLE = ("results.json", "run.json", "header.json", "grades.csv", "report.html", "junit.xml")
GRADED = {"students": (".json",), "traces": (".json",)}
REPORTS = {
    "feedback": (".md", ".html"),
    "tap": (".tap",),
    "gradescope": (".json",),
    "classroom": (".json", ".base64", ".annotations"),
    "prairielearn": (".json",),
    "autolab": (".json",),
}
EACH = GRADED | REPORTS

_TITLE = "# A result folder of shmlab-class. These students have files here:"
_OURS = re.compile(r'\{\s*"schema":\s*\d+,\s*"course":\s*\{\s*"name":\s*"shmlab"')
# What may be in a folder in which grading had only just begun, or in an empty file system.
_BEGUN = frozenset((LOCK, WORK, "students", "lost+found"))


class BadFolder(Exception):
    """The folder cannot be used; the text says why, and what to do."""


# --- Which folder ---------------------------------------------------------------------


def _is_ours(out: Path) -> bool:
    if (out / MARK).is_file():
        return True
    for name in ("header.json", "results.json"):
        try:
            with open(out / name, encoding="utf-8", errors="replace") as file:
                if _OURS.match(file.read(1000)):
                    return True
        except OSError:
            continue  # it is not there
    begun = out / "students"
    return {entry.name for entry in os.scandir(out)} <= _BEGUN and not (
        begun.is_dir() and any(begun.iterdir())
    )


def open_folder(out: Path) -> None:
    """Makes the folder; one that holds something else is refused."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        why = "Not a directory" if isinstance(error, FileExistsError) else error.strerror
        raise BadFolder(
            f"The result folder {out} cannot be made: {why}. Name another folder: --out"
        ) from error
    if not _is_ours(out):
        raise BadFolder(
            f"{out} holds files, and is no result folder of shmlab-class: there is no {MARK},"
            " header.json or results.json of ours in it. Nothing was written. Name a new or an"
            " empty folder: --out"
        )
    (out / "students").mkdir(exist_ok=True)


def cannot_use(error: OSError, out: Path) -> str:
    """Why nothing can be written into the folder, and what to do."""
    path = Path(os.path.abspath(error.filename2 or error.filename or out))
    place = Path(os.path.abspath(out))
    if error.errno == errno.EROFS:
        return (
            f"{path} cannot be written: its file system is read-only. Name a result folder on"
            " another one."
        )
    if error.errno in (errno.EACCES, errno.EPERM) and path.is_relative_to(place):
        try:
            owner_id = place.stat().st_uid
        except OSError:
            return f"{path}: {error.strerror}. A folder above it is closed: name another folder."
        return (
            f"{path} cannot be written: {error.strerror}. The result folder belongs to user"
            f" {owner_id}, and the grader is user {os.geteuid()}. Run the same command as the user"
            " who owns the folder, or name another folder."
        )
    if no_room(error) or path.is_relative_to(place):
        return not_written(error, out)
    return f"{path} cannot be used: {error.strerror}."


# --- Whose files ----------------------------------------------------------------------


def known(out: Path) -> set[str]:
    """The names (without ending) of the files of everybody who may have some here."""
    try:
        text = (out / MARK).read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return _known_without_mark(out)
    lines = text.splitlines()
    return {line for line in lines if line and not line.startswith("#") and "/" not in line}


def _known_without_mark(out: Path) -> set[str]:
    """The folder is new, or was made by an earlier version."""
    stems = {path.stem for path in (out / "students").glob("*.json")}
    try:
        stems |= {file_stem(student["id"]) for student in read_students(out)}
    except (BadResults, OSError, KeyError, TypeError):
        pass  # what cannot be read names nobody
    return stems


def note(out: Path, stems: Iterable[str], keep: bool = True) -> None:
    """Writes who may have files here; `keep`: besides those who may already."""
    everybody = set(stems) | (known(out) if keep else set())
    write_atomically(out / MARK, "".join(f"{line}\n" for line in [_TITLE, *sorted(everybody)]))


def remove_gone(out: Path, stems: Iterable[str], folders: dict[str, tuple[str, ...]]) -> None:
    """Removes from these folders what earlier runs wrote for students who are not among `stems`."""
    gone = known(out) - set(stems)
    for name, endings in folders.items():
        place = out / name
        if place.is_symlink() or not place.is_dir():
            continue
        for stem in gone:
            for ending in endings:
                (place / (stem + ending)).unlink(missing_ok=True)


# --- Whose folder ---------------------------------------------------------------------


def owner(out: Path, parts: Iterable[Path] = ()) -> tuple[int, int] | None:
    """The user and group to whom root gives what it writes: the folder's owner, the one who called
    sudo, or the owner of what is merged. None where root keeps it, or is not here."""
    if os.geteuid() != 0:
        return None
    told = [(status.st_uid, status.st_gid) for status in _statuses([out])]
    caller = os.environ.get("SUDO_UID", "")
    if caller.isdigit():
        told.append((int(caller), int(caller)))
    told += [(status.st_uid, status.st_gid) for status in _statuses(parts)]
    return next((one for one in told if one[0] != 0), None)


def give_away(out: Path, parts: Iterable[Path] = ()) -> None:
    """What root wrote belongs to the same user as what a grading writes."""
    to = owner(out, parts)
    if to and (out / MARK).is_file():
        hand_over(out, *to)


def _statuses(paths: Iterable[Path]) -> list[os.stat_result]:
    return [path.stat() for path in paths if path.exists()]


def hand_over(out: Path, uid: int, gid: int) -> None:
    """Root gives the folder, and what we wrote into it, to an ordinary user."""
    os.chown(out, uid, gid)
    for name in (MARK, LOCK, WORK, *WHOLE, *EACH):
        for path in (out / name, out / f".{name}.new"):
            if path.is_symlink() or not path.exists():
                continue
            os.chown(path, uid, gid, follow_symlinks=False)
            if path.is_dir():
                _hand_over_files(path, EACH.get(name, ()), uid, gid)


def _hand_over_files(place: Path, endings: tuple[str, ...], uid: int, gid: int) -> None:
    for entry in os.scandir(place):
        ours = entry.name.removesuffix(".new").endswith(endings)
        if ours and entry.is_file(follow_symlinks=False):
            os.chown(entry.path, uid, gid, follow_symlinks=False)
