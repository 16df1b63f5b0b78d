"""The list of puzzles, and the places where each is met."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from document import Document

HERE = Path(__file__).resolve().parent


@dataclass
class Puzzle:
    """A claim, and what is true."""

    id: str
    verdict: str
    claim: str
    truth: str


def load(path: Path = HERE / "puzzles.tsv") -> dict[str, Puzzle]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(
            (line for line in file if not line.startswith("#")),
            delimiter="\t",
            quoting=csv.QUOTE_NONE,
        )
        return {row[0]: Puzzle(*row) for row in rows}


def in_programs(root: Path) -> list[tuple[str, str]]:
    """(id, place) of each `Puzzle:` line in the header of a mutant or a right program."""
    found = []
    for path in sorted((root / "grader/mutants").rglob("*")):
        if not path.is_file():
            continue
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines[:30], 1):
            header = re.match(r"[#/* ]*Puzzles?: *(.*)", line)
            for word in header[1].rstrip("*/ ").replace(",", " ").split() if header else ():
                found.append((word, f"{path.relative_to(root)}:{number}"))
    return found


def in_documents(documents: list[Document]) -> list[tuple[str, str]]:
    return [
        (word, f"{document.path}:{comment.line}")
        for document in documents
        for comment in document.puzzles
        for word in comment.text.replace(",", " ").split()
    ]


@dataclass
class Coverage:
    """Where each row is met."""

    puzzles: dict[str, Puzzle]
    places: dict[str, list[str]]
    unknown: list[str]  # whole sentences

    def missing(self) -> list[str]:
        return [
            f"{puzzle.id} is met nowhere: {puzzle.claim}"
            for puzzle in self.puzzles.values()
            if not self.places.get(puzzle.id)
        ]


def cover(documents: list[Document], root: Path) -> Coverage:
    puzzles = load()
    places: dict[str, list[str]] = {}
    unknown = []
    for word, place in in_documents(documents) + in_programs(root):
        if word in puzzles:
            places.setdefault(word, []).append(place)
        else:
            unknown.append(f"{place}: '{word}' is no row of grader/handouts/puzzles.tsv")
    return Coverage(puzzles, places, unknown)
