"""The pictures in the feedback: who called what, and what became of the segments.

build/scope draws them from the trace of a failed check, as `make lab4 PICTURE=1` does for a student.
The trace holds what a stranger's program printed and called. So scope and Graphviz run contained,
and what they draw is read by an XML parser and written anew: only the shapes, attributes and values
that such a picture has are kept.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import contained
from course import ROOT
from model import CheckResult, LabResult, Student
from results import Json
from text import printable

SCOPE = ROOT / "build/scope"
PER_LAB = 3
BYTES_MAX = 300_000  # of all pictures of a student
TEXT_MAX = 300  # of a single text in a picture
SCALE = 0.64  # of the picture on the page: Graphviz draws for 14 points

_SVG = "{http://www.w3.org/2000/svg}"
_ELEMENTS = frozenset("svg title desc g polygon polyline path ellipse text".split())
_ATTRIBUTES = frozenset(
    "role aria-label viewBox width height class transform points d x y cx cy rx ry fill stroke"
    " stroke-width stroke-dasharray text-anchor font-family font-size font-weight".split()
)
_VALUE = re.compile(r"(?!.*url)[\w#.,()\s+-]*", re.ASCII | re.DOTALL)
_SIZE = re.compile(r"([\d.]+)pt")


class NoPictures(Exception):
    """Nothing can be drawn; the text says why, and what to do."""


@dataclass
class Pictures:
    """The pictures of one student: SVG by the check's name; by lab, how many were left out."""

    svg: dict[str, str] = field(default_factory=dict)
    left_out: dict[int, int] = field(default_factory=dict)


def require() -> None:
    """Before a class is graded for an hour."""
    if not os.access(SCOPE, os.X_OK):
        raise NoPictures(f"{SCOPE} draws the pictures, and is not built. Type: make build/scope")
    if not shutil.which("dot"):
        raise NoPictures("Graphviz draws the pictures, and is not installed. Type: ./setup class")


# --- What is drawn --------------------------------------------------------------------


def _shows_something(record: Json) -> bool:
    """A run without a segment is told by its lines alone."""
    steps = record.get("steps", [])
    calls = [call for step in steps for call in step.get("calls", [])]
    return any(step.get("segments") for step in steps) or any(
        str(call.get("call")).startswith("shm") for call in calls
    )


def _clean(value: object) -> object:
    """A trace whose texts are printable, and short."""
    if isinstance(value, str):
        return printable(value)[:TEXT_MAX]
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {name: _clean(one) for name, one in value.items()}
    return value


def _records(traces: dict[str, Json], lab: LabResult) -> Iterator[tuple[CheckResult, Json]]:
    """The failed checks of a lab that have something to draw."""
    for check in lab.checks:
        record = traces.get(str(lab.lab.number), {}).get(check.check.name, {})
        if check.outcome == "failed" and _shows_something(record):
            yield check, record


def draw(student: Student, traces: dict[str, Json]) -> Pictures:
    """The pictures of a student, within the limits."""
    pictures = Pictures()
    wanted: list[tuple[CheckResult, Json]] = []
    for lab in student.labs:
        all_of_lab = list(_records(traces, lab))
        wanted += all_of_lab[:PER_LAB]
        if len(all_of_lab) > PER_LAB:
            pictures.left_out[lab.lab.number] = len(all_of_lab) - PER_LAB
    size = 0
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as executor:
        drawn = executor.map(lambda one: _draw_check(*one), wanted)
        for (check, _), svg in zip(wanted, drawn, strict=True):
            if svg and size + len(svg.encode()) <= BYTES_MAX:
                size += len(svg.encode())
                pictures.svg[check.check.name] = svg
            else:
                number = check.check.lab
                pictures.left_out[number] = pictures.left_out.get(number, 0) + 1
    return pictures


def _draw_check(check: CheckResult, record: Json) -> str:
    """One picture; an empty text where there is none to be had of this trace."""
    told = _clean(record | {"promise": check.check.promise})
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".json") as file:
        json.dump(told, file)
        file.flush()
        path = Path(file.name)
        program = [str(SCOPE), "--picture", str(path), check.check.name]
        run = subprocess.run(
            contained.command(program, [SCOPE, path]),
            capture_output=True,
            check=False,
        )
    return safe_svg(run.stdout.decode("utf-8", "replace")) if run.returncode == 0 else ""


# --- What is kept of it ---------------------------------------------------------------


def safe_svg(drawn: str) -> str:
    """The picture with nothing in it but shapes and words; empty where it is no picture."""
    try:
        root = ElementTree.fromstring(drawn)
    except ElementTree.ParseError:
        return ""
    kept = _kept(root)
    if kept is None or kept.tag != "svg":
        return ""
    for name in ("width", "height"):
        size = _SIZE.fullmatch(kept.get(name, ""))
        kept.set(name, f"{float(size[1]) * SCALE:.0f}pt" if size else "100%")
    return ElementTree.tostring(kept, encoding="unicode")


def _kept(element: ElementTree.Element) -> ElementTree.Element | None:
    name = element.tag.removeprefix(_SVG) if isinstance(element.tag, str) else ""
    if name not in _ELEMENTS:
        return None
    made = ElementTree.Element(name)
    for key, value in element.items():
        # The label is a sentence; everything else is numbers, colours and names.
        if key in _ATTRIBUTES and (key == "aria-label" or _VALUE.fullmatch(value)):
            made.set(key, value)
    made.text = element.text
    for child in element:
        kept = _kept(child)
        if kept is not None:
            kept.tail = "\n"
            made.append(kept)
    return made
