"""Text from outside made safe: file names, names of people, what compilers and programs say.

Everything that a report shows goes through printable() once, when it is read. After that each
format adds its own escaping: Jinja's for HTML, an XML writer's for JUnit, and the functions
below for the formats that no library knows.
"""

from __future__ import annotations

import re
import unicodedata

# A single text in a report; results.json has all of it.
LIMIT = 4000

# Characters that a reader cannot see or that reorder the others: a name must not look like
# another one, and a line must not look like another line.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    "\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb"
)
_UNSAFE = re.compile(
    f"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff{_INVISIBLE}]"
    "|[\U000e0000-\U000e0fff]|[\U0001fffe\U0001ffff]"
)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, as Python keeps it
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def printable(text: object) -> str:
    """The text with every character that could do harm written as an escape, as \\x1b.

    Newlines and tabs stay.
    """
    plain = str(text).replace("\r\n", "\n").replace("\r", "\n")
    return plain if plain.isascii() and plain.isprintable() else _UNSAFE.sub(_escaped, plain)


def one_line(text: object) -> str:
    """The same on one line."""
    return " ".join(printable(text).split())


def cut(text: str, more: str) -> str:
    """A text of bearable length; `more` says {count} characters were left out."""
    if len(text) <= LIMIT:
        return text
    return text[:LIMIT] + "\n" + more.format(count=len(text) - LIMIT)


def some(names: list[str], most: int) -> str:
    """The first few of many names, for a sentence."""
    return ", ".join(names if len(names) <= most else [*names[:most], "…"])


def _as_words(part: str) -> str:
    first = unicodedata.normalize("NFKC", part.lstrip("'\" "))[:1]
    return "'" + part if first in tuple("=+-@") else part


def csv_cell(text: object) -> str:
    """A cell that no spreadsheet takes for a formula: such a text gets an apostrophe in front.

    Where a comma divides whole numbers from fractions, spreadsheets begin a cell after each
    semicolon, too.
    """
    return ";".join(_as_words(part) for part in one_line(text).split(";"))


# What means something inside a line of Markdown; an underscore within a word does not.
_MARKDOWN = re.compile(r"[\\`*\[\]<>|~$&]|(?<!\w)_|_(?!\w)")
# What begins a heading, a list, a quotation or a rule, where it begins a line.
_BLOCK = re.compile(r"^(\d*)([#+\-=.)>])")


def markdown(text: object) -> str:
    """A text as plain words of one line of Markdown."""
    return _BLOCK.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\g<0>", one_line(text)))


def fenced(text: str) -> str:
    """A block of Markdown that shows a text as it is, whatever is in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text.rstrip()}\n{fence}"


def tap_description(text: object) -> str:
    """A description in TAP, where # would begin a directive."""
    return one_line(text).replace("\\", "\\\\").replace("#", "\\#")


def annotation(text: object) -> str:
    """The message of a command to GitHub's runner (::error …::message)."""
    return str(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def annotation_property(text: object) -> str:
    """A property of such a command."""
    return annotation(text).replace(":", "%3A").replace(",", "%2C")
