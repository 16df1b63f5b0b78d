"""The roster: a CSV file with a column of ids and one of names."""

from __future__ import annotations

import csv
import io
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path


class BadRoster(Exception):
    """A roster that cannot be used; the text says why."""


def tidy(text: str) -> str:
    """A name or an id as people compare it: composed letters, single spaces, no control bytes."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join(text.split())


@dataclass
class Roster:
    """Who takes part: names by id. `warnings` are sentences on lines that were not used."""

    names: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def id_of(self, text: str) -> str | None:
        """The id of a student who is known by this id or, if only one is, by this name."""
        text = tidy(text)
        if text in self.names:
            return text
        folded = text.casefold()
        same = [key for key, name in self.names.items() if name and name.casefold() == folded]
        return same[0] if len(same) == 1 else None


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


def _columns(first: list[str]) -> tuple[int, int, bool]:
    """Where ids and names are, and whether the first row is a heading."""
    titles = [tidy(cell).casefold() for cell in first]
    ids = [i for i, title in enumerate(titles) if title in ("id", "sid", "student id", "username")]
    names = [i for i, title in enumerate(titles) if title in ("name", "student", "full name")]
    if not ids:
        return 0, 1, False
    return ids[0], names[0] if names else -1, True


def read_roster(path: Path) -> Roster:
    """Reads a roster, with comma or semicolon, with or without a heading."""
    roster = Roster()
    text = _decode(path, roster)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as error:
        raise BadRoster(f"The roster {path} is no CSV file: {error}.") from error
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        raise BadRoster(f"The roster {path} is empty. It has a line for each student: id,name")
    id_column, name_column, heading = _columns(rows[0])
    for row in rows[1 if heading else 0 :]:
        _add(roster, row, id_column, name_column)
    if not roster.names:
        raise BadRoster(f"The roster {path} names no student. It has a line for each: id,name")
    return roster


def _add(roster: Roster, row: list[str], id_column: int, name_column: int) -> None:
    student = tidy(row[id_column]) if id_column < len(row) else ""
    name = tidy(row[name_column]) if 0 <= name_column < len(row) else ""
    if not student:
        roster.warnings.append(f"A line of the roster has no id, and is left out: {','.join(row)}")
    elif student in roster.names:
        other = roster.names[student]
        if other != name:
            roster.warnings.append(
                f"The roster has the id {student} twice, for {other!r} and for {name!r}."
                " The first one counts."
            )
    else:
        roster.names[student] = name
