#!/usr/bin/python3
"""mechanical.py [LAB...] - mutates the solutions mechanically, and prints what survives.

Each mutant differs from a solution in one place: a flag dropped, a constant changed, a
branch negated or fixed, a call removed or its answer replaced, a comparison, an operator
or a return value changed.  Mutants that the compiler turns into the very code of the
solution, or of another mutant, are left out.  The others must be caught by a check, or
stand in grader/mutants/equivalent/labN with the reason why nobody can tell the
difference, or why the contract leaves it open.  An entry that is not needed any more, or
that fits no mutant, is a failure as well.  See grader/mutants/README.md.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

from clang import cindex
from clang.cindex import Cursor, CursorKind, TypeKind

from submissions import LABS, ROOT, Outcome, Sources, Workshop, in_parallel, lab_files, pattern

EQUIVALENT = ROOT / os.environ.get("SHMLAB_EQUIVALENT", "grader/mutants/equivalent")
# What a message says is not judged.
SPEAKS = {"fputs", "fprintf", "perror", "puts", "printf"}
SWAPPED = {
    "==": ["!="],
    "!=": ["=="],
    "<": ["<=", ">"],
    "<=": ["<", ">="],
    ">": [">=", "<"],
    ">=": [">", "<="],
    "&&": ["||"],
    "||": ["&&"],
    "+": ["-"],
    "-": ["+"],
    "*": ["/"],
    "/": ["*"],
    "<<": [">>"],
    ">>": ["<<"],
    "&": ["|"],
    "|": ["&"],
    "+=": ["=", "-="],
    "-=": ["=", "+="],
    "|=": ["=", "&="],
    "&=": ["=", "|="],
}
# Of these, either side alone is a mutant, too: a flag or a test is dropped.
DROPPED = {"|", "&", "&&", "||", "+", "-"}
INTEGERS = {
    TypeKind.INT,
    TypeKind.UINT,
    TypeKind.LONG,
    TypeKind.ULONG,
    TypeKind.ENUM,
    TypeKind.USHORT,
    TypeKind.SHORT,
}


@dataclass(frozen=True)
class Edit:
    """Replaces the bytes from `start` to `end` of a file."""

    file: str
    function: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Mutant:
    """An edit, as the list of equivalent mutants and a reader know it."""

    edit: Edit
    line: int
    nth: int  # of the places in the function that read the same
    before: str
    after: str
    source: bytes

    @property
    def name(self) -> str:
        return f"{self.edit.file}:{self.line}"


@dataclass
class Entry:
    """A place in the list of equivalent mutants."""

    where: str
    file: str
    function: str
    nth: int | None
    before: str
    afters: list[str] = field(default_factory=list)
    reason: str = ""


# --- The edits --------------------------------------------------------------------------


class Mutator:
    """Walks through one file of a solution."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.path = ROOT / "solutions" / file
        self.source = self.path.read_bytes()
        self.options = [
            "-std=gnu11",
            "-D_GNU_SOURCE",
            f"-I{ROOT}/labs/{Path(file).parent}",
            f"-I{ROOT}/labs",
        ]
        self.function = ""

    def text(self, cursor: Cursor) -> str:
        return self.source[cursor.extent.start.offset : cursor.extent.end.offset].decode()

    def edit(self, cursor: Cursor, text: str) -> Edit:
        return Edit(
            self.file, self.function, cursor.extent.start.offset, cursor.extent.end.offset, text
        )

    def edits(self) -> Iterator[Edit]:
        unit = cindex.Index.create().parse(str(self.path), args=self.options)
        trouble = [str(diagnostic) for diagnostic in unit.diagnostics if diagnostic.severity > 2]
        if trouble:
            sys.exit(f"{self.file} does not compile: {trouble[0]}")
        for cursor in unit.cursor.get_children():
            place = cursor.location.file
            if place and place.name == str(self.path) and cursor.kind == CursorKind.FUNCTION_DECL:
                self.function = cursor.spelling
                for child in cursor.get_children():
                    if child.kind == CursorKind.COMPOUND_STMT:
                        yield from self.walk(child, cursor.result_type)

    def walk(self, cursor: Cursor, result: cindex.Type) -> Iterator[Edit]:
        kind = cursor.kind
        children = list(cursor.get_children())
        if kind == CursorKind.CALL_EXPR and cursor.spelling in SPEAKS:
            yield from self.of_call(cursor)
            return
        if kind in (CursorKind.COMPOUND_STMT, CursorKind.IF_STMT, CursorKind.FOR_STMT):
            for child in children:
                yield from self.of_statement(child)
        if kind in (CursorKind.IF_STMT, CursorKind.WHILE_STMT, CursorKind.CONDITIONAL_OPERATOR):
            yield from self.of_condition(children[0])
        elif kind == CursorKind.FOR_STMT and len(children) == 4:
            yield from self.of_condition(children[1])
        elif kind in (CursorKind.BINARY_OPERATOR, CursorKind.COMPOUND_ASSIGNMENT_OPERATOR):
            yield from self.of_operator(cursor, children)
        elif kind == CursorKind.UNARY_OPERATOR:
            yield from self.of_unary(cursor)
        elif kind == CursorKind.CALL_EXPR:
            yield from self.of_call(cursor)
        elif kind in (CursorKind.INTEGER_LITERAL, CursorKind.CHARACTER_LITERAL):
            yield from self.of_constant(cursor)
        elif kind == CursorKind.STRING_LITERAL:
            yield self.edit(cursor, '"other"')
        elif kind == CursorKind.DECL_REF_EXPR and cursor.referenced.kind == (
            CursorKind.ENUM_CONSTANT_DECL
        ):
            yield self.edit(cursor, f"({self.text(cursor)} + 1)")
        elif kind == CursorKind.CXX_UNARY_EXPR:  # sizeof
            yield self.edit(cursor, "1")
        elif kind == CursorKind.RETURN_STMT and children:
            yield from self.of_value(children[0], result)
        elif kind == CursorKind.INIT_LIST_EXPR:
            for child in children:
                yield from self.of_initializer(child)
        for child in children:
            yield from self.walk(child, result)

    def of_statement(self, cursor: Cursor) -> Iterator[Edit]:
        """A statement is left out."""
        if cursor.kind in (
            CursorKind.CALL_EXPR,
            CursorKind.CSTYLE_CAST_EXPR,
            CursorKind.UNARY_OPERATOR,
            CursorKind.BINARY_OPERATOR,
            CursorKind.COMPOUND_ASSIGNMENT_OPERATOR,
            CursorKind.BREAK_STMT,
            CursorKind.CONTINUE_STMT,
        ):
            yield self.edit(cursor, "(void)0")

    def of_condition(self, cursor: Cursor) -> Iterator[Edit]:
        text = self.text(cursor)
        for new in (f"!({text})", "0", "1"):
            yield self.edit(cursor, new)

    def of_operator(self, cursor: Cursor, children: list[Cursor]) -> Iterator[Edit]:
        left, right = children
        between = self.source[left.extent.end.offset : right.extent.start.offset].decode()
        operator = re.sub(r"/\*.*?\*/", "", between, flags=re.S).strip()
        for new in SWAPPED.get(operator, []):
            yield Edit(
                self.file,
                self.function,
                left.extent.end.offset,
                right.extent.start.offset,
                f" {new} ",
            )
        if operator in DROPPED:
            yield self.edit(cursor, self.text(left))
            yield self.edit(cursor, self.text(right))

    def of_unary(self, cursor: Cursor) -> Iterator[Edit]:
        text = self.text(cursor)
        if text[0] in "!~-" and text[1:2] != "-":
            yield self.edit(cursor, text[1:])
        if text.endswith("++"):
            yield self.edit(cursor, text[:-2] + "--")

    def of_call(self, cursor: Cursor) -> Iterator[Edit]:
        if "(" in self.text(cursor):  # errno is a call, too
            yield from self.of_value(cursor, cursor.type)

    def of_value(self, cursor: Cursor, wanted: cindex.Type) -> Iterator[Edit]:
        canonical = wanted.get_canonical()
        news: tuple[str, ...] = ()
        if canonical.kind == TypeKind.BOOL:
            news = ("false", "true")
        elif canonical.kind == TypeKind.POINTER:
            news = ("(void *)0", "(void *)-1")
        elif canonical.kind in INTEGERS:
            news = ("0", "-1", "1")
        for new in news:
            yield self.edit(cursor, new)

    def of_constant(self, cursor: Cursor) -> Iterator[Edit]:
        text = self.text(cursor)
        if text == "NULL":
            yield self.edit(cursor, "(void *)1")
        elif text in ("true", "false"):
            yield self.edit(cursor, "false" if text == "true" else "true")
        elif re.fullmatch(r"E[A-Z0-9]+", text):
            yield self.edit(cursor, "EDOM")
        else:
            for new in (f"({text} + 1)", f"({text} - 1)", "0"):
                yield self.edit(cursor, new)

    def of_initializer(self, cursor: Cursor) -> Iterator[Edit]:
        """A field gets no value."""
        if cursor.kind == CursorKind.UNEXPOSED_EXPR or cursor.kind.is_expression():
            text = self.text(cursor)
            if text and not text.startswith("{"):
                value = text.split("=", 1)[1].strip() if text.startswith(".") else text
                yield Edit(
                    self.file,
                    self.function,
                    cursor.extent.end.offset - len(value.encode()),
                    cursor.extent.end.offset,
                    "0",
                )


# --- From edits to mutants --------------------------------------------------------------


def as_read(text: str) -> str:
    return " ".join(text.split())


def line_bounds(source: bytes, start: int, end: int) -> tuple[int, int]:
    first = source.rfind(b"\n", 0, start) + 1
    last = source.find(b"\n", end)
    return first, last


def mutant_of(edit: Edit, source: bytes) -> Mutant:
    first, last = line_bounds(source, edit.start, edit.end)
    text = edit.text.encode()
    before = as_read(source[first:last].decode())
    after = as_read((source[first : edit.start] + text + source[edit.end : last]).decode())
    return Mutant(
        edit,
        source.count(b"\n", 0, edit.start) + 1,
        0,
        before,
        after,
        source[: edit.start] + text + source[edit.end :],
    )


def number_places(mutants: list[Mutant]) -> list[Mutant]:
    """Tells places of a function apart that read the same."""
    lines: dict[tuple[str, str, str], list[int]] = {}
    for mutant in mutants:
        key = (mutant.edit.file, mutant.edit.function, mutant.before)
        if mutant.line not in lines.setdefault(key, []):
            lines[key].append(mutant.line)
    return [
        Mutant(
            one.edit,
            one.line,
            lines[(one.edit.file, one.edit.function, one.before)].index(one.line) + 1,
            one.before,
            one.after,
            one.source,
        )
        for one in mutants
    ]


def code_of(source: bytes, options: list[str]) -> str | None:
    """What the compiler makes of it, as a hash; None where it refuses."""
    with tempfile.NamedTemporaryFile(suffix=".o") as target:
        run = subprocess.run(
            ["gcc", "-O1", "-w", *options, "-x", "c", "-", "-c", "-o", target.name],
            input=source,
            capture_output=True,
            check=False,
        )
        return (
            hashlib.sha256(Path(target.name).read_bytes()).hexdigest()
            if not run.returncode
            else None
        )


def mutants_of(lab: int, chosen: re.Pattern[str], counts: Counter[str]) -> list[Mutant]:
    found: list[Mutant] = []
    for file in lab_files(lab):
        mutator = Mutator(file)
        every = {mutant_of(edit, mutator.source).source: edit for edit in mutator.edits()}
        edits = sorted(every.values(), key=lambda edit: (edit.start, edit.end, edit.text))
        mutants = [mutant_of(edit, mutator.source) for edit in edits]
        codes = {code_of(mutator.source, mutator.options)}
        numbered = [
            one
            for one in number_places(mutants)
            if chosen.search(f"{one.name} {one.edit.function}")
        ]
        for mutant, code in in_parallel(lambda one: code_of(one.source, mutator.options), numbered):
            if code is None:
                counts["refused by the compiler"] += 1
            elif code in codes:
                counts["the same code"] += 1
            else:
                codes.add(code)
                found.append(mutant)
    return found


def check(lab: int, mutant: Mutant, workshop: Workshop) -> Outcome:
    sources: Sources = {name: (ROOT / "solutions" / name).read_bytes() for name in lab_files(lab)}
    sources[mutant.edit.file] = mutant.source
    # The first check that fails decides.
    return workshop.check(lab, sources, {"CRITERION_FAIL_FAST": "1"})


# --- The list of equivalent mutants -----------------------------------------------------


def entries_of(lab: int) -> list[Entry]:
    """Reads the list: "FILE FUNCTION [#N]", "- before", "+ after"..., and the reason."""
    path = EQUIVALENT / f"lab{lab}"
    entries: list[Entry] = []
    if not path.exists():
        return entries
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path.name}:{number}"
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("- ") and entries:
            entries[-1].before = as_read(line[2:])
        elif line.startswith("+ ") and entries:
            entries[-1].afters.append(as_read(line[2:]))
        elif line.startswith("  ") and entries:
            entries[-1].reason = (entries[-1].reason + " " + line.strip()).strip()
        elif match := re.fullmatch(r"(\S+) (\w+)(?: #(\d+))?", line):
            nth = int(match[3]) if match[3] else None
            entries.append(Entry(where, match[1], match[2], nth, ""))
        else:
            sys.exit(f"{where}: this line is none of an entry's lines.")
    for entry in entries:
        if not (entry.before and entry.afters and entry.reason):
            sys.exit(f"{entry.where}: the entry lacks a line before, a line after or a reason.")
    return entries


def fits(entry: Entry, after: str, mutant: Mutant) -> bool:
    return (
        fnmatch.fnmatch(Path(mutant.edit.file).name, entry.file)
        and mutant.edit.function == entry.function
        and entry.nth in (None, mutant.nth)
        and mutant.before == entry.before
        and mutant.after == after
    )


def show(mutant: Mutant, what: str) -> None:
    print(f"  {what}  {mutant.name}, in {mutant.edit.function}")
    print(f"    - {mutant.before}")
    print(f"    + {mutant.after}", flush=True)


def judge(
    lab: int, outcomes: Iterator[tuple[Mutant, Outcome]], counts: Counter[str], whole: bool
) -> int:
    """Compares what survived with the list.  Returns the number of failures."""
    failures = 0
    listed = [(entry, after) for entry in entries_of(lab) for after in entry.afters]
    used: set[tuple[str, str]] = set()
    needed: set[tuple[str, str]] = set()
    for mutant, outcome in outcomes:
        pairs = {(entry.where, after) for entry, after in listed if fits(entry, after, mutant)}
        used |= pairs
        if outcome.results is None:
            counts["refused by the grader"] += 1
        elif outcome.names("failed"):
            counts["caught"] += 1
        elif pairs:
            counts["equivalent"] += 1
            needed |= pairs
        else:
            what = "NOT CHECKED" if outcome.names("unchecked") else "SURVIVED"
            counts[what.lower()] += 1
            failures += 1
            show(mutant, what)
    for entry, after in listed:
        pair = (entry.where, after)
        if pair not in used and whole:
            print(f"  NO SUCH MUTANT  {EQUIVALENT.name}/{entry.where}\n    + {after}")
            failures += 1
        elif pair in used - needed:
            print(
                f"  CAUGHT ALL THE SAME, needs no entry  {EQUIVALENT.name}/{entry.where}\n    + {after}"
            )
            failures += 1
    return failures


def run_lab(lab: int, chosen: re.Pattern[str], workshop: Workshop) -> int:
    counts: Counter[str] = Counter()
    mutants = mutants_of(lab, chosen, counts)
    print(f"Lab {lab}: {len(mutants)} mutants", flush=True)
    if not mutants:
        return 0
    outcomes = in_parallel(lambda mutant: check(lab, mutant, workshop), mutants, told=True)
    failures = judge(lab, outcomes, counts, not chosen.pattern)
    print(
        "  " + ", ".join(f"{what}: {count}" for what, count in sorted(counts.items())), flush=True
    )
    return failures


def main() -> int:
    parser = argparse.ArgumentParser(description="Mutates the solutions mechanically.")
    parser.add_argument("labs", nargs="*", type=int, help="1 to 5; all without any")
    parser.add_argument(
        "--only",
        type=pattern,
        default="",
        help="mutants whose FILE:LINE FUNCTION matches this pattern",
    )
    arguments = parser.parse_args()
    with Workshop("mechanical") as workshop:
        failures = sum(run_lab(lab, arguments.only, workshop) for lab in arguments.labs or LABS)
    print("Every survivor is on the list." if failures == 0 else f"{failures} failures.")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
