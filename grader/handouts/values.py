"""Named values: what differs from run to run, and must agree with itself in each."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field

# A number as a kernel prints it, and whether two declared values of the kind stay two.
DECIMAL = {"shmid": True, "pid": True, "number": False}
HEXADECIMAL = {"key": True, "address": True, "hex": False}
KINDS = {*DECIMAL, *HEXADECIMAL, "time", "word"}

WORD_BEFORE = r"(?:(?<![0-9A-Za-z_])|(?<=SYSV))"
WORD_AFTER = r"(?![0-9A-Za-z_])"


class ValueMistake(Exception):
    """A declaration, or a use of a value, that cannot be understood."""


@dataclass(frozen=True)
class Value:
    """One declared value: `text` stands for it in the handout."""

    text: str
    kind: str
    base: str = ""  # of a sum: the text of the other value
    offset: int = 0

    def number(self, text: str) -> int | str:
        """What a piece of output says, in a form that can be compared."""
        if self.kind in DECIMAL:
            return int(text)
        if self.kind in HEXADECIMAL:
            return int(text, 16)
        return text

    def in_handout(self) -> str:
        """A regular expression for this value where the handout names it."""
        if self.kind in HEXADECIMAL:
            return "(?:0x)?0*" + re.escape(self.text.removeprefix("0x").lstrip("0"))
        return re.escape(self.text)

    def in_output(self, written: str) -> str:
        """A regular expression for what a run may print where the handout has `written`."""
        if self.kind in DECIMAL:
            return r"\d+"
        if self.kind in HEXADECIMAL:
            return "0x[0-9a-f]+" if written.startswith("0x") else "[0-9a-f]+"
        if self.kind == "time":
            return shape_of(written)
        return r"\S+" if "/" in written else r"[^\s/]+"

    def write(self, value: int | str, written: str) -> str:
        """The value in the form in which the handout has it."""
        if isinstance(value, str):
            return value
        if self.kind in DECIMAL:
            return str(value)
        digits = written.removeprefix("0x")
        padded = f"{value:0{len(digits)}x}"
        return "0x" + padded if written.startswith("0x") else padded


def shape_of(text: str) -> str:
    """Letters for letters; a digit may be a blank, as in "Nov  2"."""
    shape = ""
    for character in text:
        if character.isalpha():
            shape += "[A-Za-z]"
        elif character.isdigit() or character == " ":
            shape += "[ 0-9]"
        else:
            shape += re.escape(character)
    return shape


def read_declarations(text: str, known: dict[str, Value]) -> list[Value]:
    """Reads the text of a `values:` comment."""
    found: list[Value] = []
    for word in shlex.split(text):
        name, equals, kind = word.rpartition("=")
        if not equals or not name:
            raise ValueMistake(f"'{word}' is not VALUE=kind")
        found.append(read_declaration(name, kind, {**known, **{v.text: v for v in found}}))
    return found


def read_declaration(name: str, kind: str, known: dict[str, Value]) -> Value:
    kind = kind.partition(":")[0]
    if kind in KINDS:
        value = Value(name, kind)
    else:
        base, plus, offset = kind.partition("+")
        if not plus or base not in known or not offset.isdigit():
            kinds = ", ".join(sorted(KINDS))
            raise ValueMistake(
                f"'{kind}' is no kind of value ({kinds}) and no sum of a value declared before"
            )
        value = Value(name, known[base].kind, base, int(offset))
    try:
        number = value.number(name)
        if value.base and number != int(str(known[value.base].number(base)), 0) + value.offset:
            raise ValueMistake(f"{name} is not {kind}")
    except ValueError as error:
        raise ValueMistake(f"'{name}' cannot be a {value.kind}") from error
    return value


@dataclass
class Disagreement:
    """A line of the right form whose value is not what it was before."""

    value: Value
    before: str
    seen: str
    where: str

    def __str__(self) -> str:
        return (
            f"{self.value.text} stands for the {self.value.kind} {self.before} "
            f"({self.where}); here it is {self.seen}"
        )


@dataclass
class Values:
    """The declared values of an experiment, and what they are in this run."""

    declared: dict[str, Value] = field(default_factory=dict)
    bound: dict[str, int | str] = field(default_factory=dict)
    where: dict[str, str] = field(default_factory=dict)

    def declare(self, text: str) -> None:
        for value in read_declarations(text, self.declared):
            self.declared[value.text] = value

    def copy(self) -> Values:
        return Values(self.declared, dict(self.bound), dict(self.where))

    def places(self) -> re.Pattern[str] | None:
        """Finds declared values in a text of the handout."""
        if not self.declared:
            return None
        names = sorted(self.declared.values(), key=lambda value: -len(value.text))
        parts = [f"(?P<v{i}>{value.in_handout()})" for i, value in enumerate(names)]
        return re.compile(f"{WORD_BEFORE}(?:{'|'.join(parts)}){WORD_AFTER}")

    def value_at(self, match: re.Match[str]) -> Value:
        names = sorted(self.declared.values(), key=lambda value: -len(value.text))
        return names[int(str(match.lastgroup)[1:])]

    def known(self, value: Value) -> int | str | None:
        """What a value is in this run, or None if no output has shown it yet."""
        if not value.base:
            return self.bound.get(value.text)
        base = self.known(self.declared[value.base])
        return None if base is None else int(base) + value.offset

    def in_command(self, text: str) -> tuple[str, list[str]]:
        """A command as it is typed in this run, and the values that are not known yet."""
        places = self.places()
        unknown: list[str] = []
        if not places:
            return text, unknown

        def replace(match: re.Match[str]) -> str:
            value = self.value_at(match)
            known = self.known(value)
            if known is None:
                unknown.append(value.text)
                return match.group()
            return value.write(known, match.group())

        return places.sub(replace, text), unknown

    def in_handout(self, line: str) -> str:
        """A line of output with the handout's values instead of this run's."""
        for text, seen in sorted(self.bound.items(), key=lambda item: -len(str(item[1]))):
            value = self.declared[text]
            if value.kind in HEXADECIMAL:
                found = f"(?P<x>0x)?0*{seen:x}"
                bare = text.removeprefix("0x")
                line = re.sub(
                    f"{WORD_BEFORE}{found}{WORD_AFTER}",
                    lambda match, bare=bare: (match["x"] or "") + bare,  # type: ignore[misc]
                    line,
                )
            elif value.kind != "number" or int(seen) > 99:
                line = re.sub(
                    f"{WORD_BEFORE}{re.escape(str(seen))}{WORD_AFTER}", lambda _: text, line
                )
        return line

    def match(self, expected: str, seen: str, where: str) -> bool | Disagreement:
        """Compares a line of the handout with a line of this run; binds values."""
        uses: list[tuple[Value, str]] = []
        pattern = ""
        at = 0
        places = self.places()
        for match in places.finditer(expected) if places else ():
            value = self.value_at(match)
            pattern += gaps(expected[at : match.start()])
            pattern += f"({value.in_output(match.group())})"
            uses.append((value, match.group()))
            at = match.end()
        pattern += gaps(expected[at:])
        found = re.fullmatch(pattern, seen.strip())
        if not found:
            return False
        for (value, _), text in zip(uses, found.groups()):
            trouble = self.bind(value, text, where)
            if trouble:
                return trouble
        return True

    def bind(self, value: Value, text: str, where: str) -> Disagreement | None:
        if value.kind == "time":
            return None
        number = value.number(text)
        known = self.known(value)
        if known is not None:
            if known == number:
                return None
            first = value.base or value.text
            return Disagreement(value, value.write(known, text), text, self.where[first])
        if value.base:
            return self.bind(
                self.declared[value.base],
                value.write(int(number) - value.offset, text),
                where,
            )
        for other, taken in self.bound.items():
            if self.declared[other].kind == value.kind and taken == number:
                if {**DECIMAL, **HEXADECIMAL}.get(value.kind):
                    return Disagreement(value, f"that is not {other}", text, self.where[other])
        self.bound[value.text] = number
        self.where[value.text] = where
        return None


def gaps(text: str) -> str:
    """Any gap between columns matches any other, and `...` any text."""
    return re.sub(r"(?:\\ )+", " +", re.escape(text)).replace(r"\.\.\.", ".*")
