"""What files of a submission are called, by students and by the systems that collect them."""

from __future__ import annotations

import re
from collections.abc import Container

METADATA = "submission_metadata.yml"

MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)", re.DOTALL)
CANVAS = re.compile(
    r"(?P<name>[^_]+)_(?:(?P<late>LATE)_)?(?P<id>\d+)_(?P<order>\d+)_(?P<file>.+)", re.DOTALL
)
AGAIN = re.compile(r"(?P<stem>.+?)-(?P<order>\d+)")
COPY = re.compile(r"(?P<stem>.+?)(?: ?\((?P<order>\d+)\)| - Copy| copy)")


def lab_file(name: str, names: Container[str]) -> str | None:
    """The lab's name for a file: create.c for create.c, Create.C, create (1).c, create-2.c,
    and for what Moodle and Canvas make of it."""
    for pattern in (MOODLE, CANVAS):
        match = pattern.fullmatch(name)
        if match and match["file"]:
            name = match["file"]
    name = name.strip().lower()
    if name in names:
        return name
    base, dot, ending = name.rpartition(".")
    match = COPY.fullmatch(base) or AGAIN.fullmatch(base)
    plain = match["stem"] + dot + ending if match else re.sub("^copy of ", "", name)
    return plain if plain in names else None


def is_wanted(name: str, names: Container[str]) -> bool:
    """Whether a file's name is one that a lab asks for, or nearly."""
    return lab_file(name, names) is not None or name == METADATA
