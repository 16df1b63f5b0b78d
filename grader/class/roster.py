"""The roster: a CSV file with a column of ids and one of names."""

from __future__ import annotations

import csv
import io
import itertools
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

# What the column of ids is called, the best one first. The others are other names of the same
# student: a system that collects submissions may use any of them.
IDS = (
    *("id", "sid", "student id", "student number", "学号", "id number", "sis user id", "user id"),
    *("matriculation number", "username", "user name", "login", "login id", "sis login id"),
    *("email", "e-mail", "email address"),
)
NAMES = ("name", "student", "full name", "student name", "display name", "姓名")
FIRST_NAMES = ("first name", "firstname", "given name", "given names")
LAST_NAMES = ("last name", "lastname", "surname", "family name")
PARTS_MAX = 5  # parts of a name that are turned round


class BadRoster(Exception):
    """A roster that cannot be used; the text says why."""


def tidy(text: str) -> str:
    """A name or an id as people compare it: composed letters, single spaces, no control bytes."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join(text.split())


def same_person(one: str, other: str) -> bool:
    """Whether two names can be one person's: systems turn them round, and leave parts out."""
    first, second = _parts(one), _parts(other)
    return _share(first, "".join(second)) or _share(second, "".join(first))


def _parts(name: str) -> list[str]:
    return re.findall(r"\w+", tidy(name).casefold())


def _share(parts: list[str], text: str) -> bool:
    """Whether a part of a name, which is more than an initial, is in the text."""
    return any(part in text for part in parts if len(part) > 1 or not part.isascii())


def _turned(name: str) -> set[str]:
    """The name with its parts in any order, and run together, as Canvas writes liann for Li, Ann."""
    parts = _parts(name)
    if not parts or len(parts) > PARTS_MAX:
        return set()
    return {"".join(several) for several in itertools.permutations(parts)}


@dataclass
class Roster:
    """Who takes part: names by id. `warnings` are sentences on lines that were not used."""

    names: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    # Ids by what else they may be called, without case: a class is looked up one by one.
    ids: dict[str, set[str]] = field(default_factory=dict)
    others: dict[str, set[str]] = field(default_factory=dict)
    full: dict[str, set[str]] = field(default_factory=dict)
    turned: dict[str, set[str]] = field(default_factory=dict)

    def add(self, student: str, name: str, others: list[str]) -> None:
        """Somebody new, with the id, and what the other columns of ids say."""
        self.names[student] = name
        self.ids.setdefault(student.casefold(), set()).add(student)
        for text in others:
            self.others.setdefault(text.casefold(), set()).add(student)
        self.full.setdefault(name.casefold(), set()).add(student)
        for text in _turned(name):
            self.turned.setdefault(text, set()).add(student)

    def by_id(self, text: str) -> str | None:
        """The student who has this id, or, if only one has it, another id like this."""
        text = tidy(text)
        if text in self.names:
            return text
        folded = text.casefold()
        return _only(self.ids.get(folded) or self.others.get(folded))

    def by_name(self, text: str) -> str | None:
        """The student who has this name, if only one has it."""
        folded = tidy(text).casefold()
        return _only(self.full.get(folded) or self.turned.get("".join(_parts(text))))


def _only(keys: set[str] | None) -> str | None:
    return next(iter(keys)) if keys and len(keys) == 1 else None


def _decode(path: Path, roster: Roster) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadRoster(f"The roster {path} cannot be read: {error.strerror}.") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        roster.warnings.append(
            f"The roster {path.name} is not UTF-8; it was read as Windows-1252. Names may be wrong."
        )
        return data.decode("cp1252", "replace")


@dataclass(frozen=True)
class _Columns:
    """Where ids and names are."""

    ids: tuple[int, ...]
    name: Callable[[list[str]], str]


def _cell(row: list[str], column: int) -> str:
    return tidy(row[column]) if column < len(row) else ""


def _columns(path: Path, first: list[str]) -> tuple[_Columns, bool]:
    """The columns, and whether the first row is a heading."""
    titles = [tidy(cell).casefold().replace("_", " ") for cell in first]
    ids = [titles.index(title) for title in IDS if title in titles]
    whole, given, family = (
        [titles.index(title) for title in known if title in titles][:1]
        for known in (NAMES, FIRST_NAMES, LAST_NAMES)
    )
    if ids:
        parts = whole or given + family
        return _Columns(tuple(ids), lambda row: tidy(" ".join(_cell(row, i) for i in parts))), True
    if whole or given or family:
        raise BadRoster(
            f"The roster {path} has a heading, and none of its columns is known as ids:"
            f" {', '.join(first)}. Call that column: id"
        )
    return _Columns((0,), lambda row: _cell(row, 1)), False


def _delimiter(text: str) -> tuple[str, str]:
    """What separates the cells, and the text without the line in which Excel says so."""
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and len(first.rstrip("\r")) == 5:
        return first[4], rest
    plain = re.sub(r'"[^"]*"', "", first)
    return max(",;\t", key=plain.count), text


def read_roster(path: Path) -> Roster:
    """Reads a roster, with comma, semicolon or tab, with or without a heading."""
    roster = Roster()
    delimiter, text = _delimiter(_decode(path, roster))
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as error:
        raise BadRoster(f"The roster {path} is no CSV file: {error}.") from error
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        raise BadRoster(f"The roster {path} is empty. It has a line for each student: id,name")
    columns, heading = _columns(path, rows[0])
    for row in rows[1 if heading else 0 :]:
        _add(roster, row, columns)
    if not roster.names:
        raise BadRoster(f"The roster {path} names no student. It has a line for each: id,name")
    return roster


def _add(roster: Roster, row: list[str], columns: _Columns) -> None:
    ids = [text for column in columns.ids if (text := _cell(row, column))]
    name = columns.name(row)
    if not ids:
        roster.warnings.append(f"A line of the roster has no id, and is left out: {','.join(row)}")
        return
    student = ids[0]
    if student in roster.names:
        other = roster.names[student]
        if other != name:
            roster.warnings.append(
                f"The roster has the id {student} twice, for {other!r} and for {name!r}."
                " The first one counts."
            )
        return
    roster.add(student, name, ids[1:])
