"""Cuts listings out of compiled files: a function, a type, or a marked region."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from world import ROOT, data_file, skeleton

PLACES = ("solutions", "labs", "grader", "slides")


class NoListing(Exception):
    """There is no such file or region; says what there is."""


def clean_text(path: Path) -> str:
    """The file as a reader sees it: a solution without its markers."""
    if "solutions" in path.parts:
        return skeleton(path, "solution").decode()
    return path.read_text(encoding="utf-8")


def tags(text: str) -> list[dict[str, str]]:
    """What ctags finds in a C file."""
    descriptor = data_file(text.encode())
    try:
        output = subprocess.run(
            [
                *"ctags --output-format=json --fields=+ne --kinds-C=+p --language-force=C".split(),
                *["-f", "-", f"/proc/self/fd/{descriptor}"],
            ],
            pass_fds=[descriptor],
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
    finally:
        os.close(descriptor)
    return [json.loads(line) for line in output.splitlines()]


def marked(lines: list[str], region: str) -> list[str] | None:
    """The lines between /* [region] */ and /* [/region] */, without inner markers."""
    first = [at for at, line in enumerate(lines) if line.strip() == f"/* [{region}] */"]
    last = [at for at, line in enumerate(lines) if line.strip() == f"/* [/{region}] */"]
    if len(first) != 1 or len(last) != 1 or last[0] < first[0]:
        return None
    marker = re.compile(r"\s*/\* \[/?[\w-]+\] \*/")
    return [line for line in lines[first[0] + 1 : last[0]] if not marker.fullmatch(line)]


def with_comment(lines: list[str], start: int) -> int:
    """Moves a start upwards over the comment directly above."""
    at = start
    if at > 0 and lines[at - 1].rstrip().endswith("*/"):
        while at > 0 and "/*" not in lines[at - 1]:
            at -= 1
        at -= 1
        # A comment behind code does not belong to what follows.
        return at if lines[at].lstrip().startswith("/*") else start
    while at > 0 and lines[at - 1].lstrip().startswith("//"):
        at -= 1
    return at


def named(lines: list[str], region: str, found: list[dict[str, str]]) -> list[str] | None:
    """The function, type or macro of this name."""
    fitting = [tag for tag in found if tag["name"] == region and tag["kind"] != "member"]
    fitting.sort(key=lambda tag: tag["kind"] == "prototype")
    if not fitting:
        return None
    start = int(fitting[0]["line"]) - 1
    end = int(fitting[0].get("end", start + 1))
    while fitting[0]["kind"] in ("prototype", "macro", "externvar", "variable") and (
        lines[end - 1].endswith("\\")
        if fitting[0]["kind"] == "macro"
        else not lines[end - 1].rstrip().endswith(";")
    ):
        end += 1
    # The type of a function may stand on the line above its name.
    while start > 0 and re.fullmatch(r"(static |const |struct )*\w[\w *]*", lines[start - 1]):
        start -= 1
    return lines[with_comment(lines, start) : end]


def cut(path: str, region: str) -> str:
    """The text of a region; a path is relative to the repository."""
    file = ROOT / path
    if Path(path).parts[:1] and Path(path).parts[0] not in PLACES:
        raise NoListing(f"{path} is not below {', '.join(PLACES)}")
    if not file.is_file():
        raise NoListing(f"there is no file {path}")
    lines = clean_text(Path(path) if file.is_absolute() is False else file).splitlines()
    if not region:
        return "\n".join(lines) + "\n"
    found = tags("\n".join(lines) + "\n")
    piece = marked(lines, region) or named(lines, region, found)
    if piece is None:
        names = sorted({tag["name"] for tag in found if tag["kind"] in ("function", "prototype")})
        raise NoListing(f"{path} has no region '{region}'; its functions are: {', '.join(names)}")
    indents = [len(line) - len(line.lstrip()) for line in piece if line.strip()]
    shift = min(indents, default=0)
    return "\n".join(line[shift:] for line in piece).strip("\n") + "\n"
