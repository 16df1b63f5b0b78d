"""Makes two runs tell the same story.

A key from ftok holds the low 8 bits of a device number, and Linux numbers the file systems in
memory as they come: the next run has others. They are replaced by fixed ones, in the labs that
show keys of files. The name of a check's own directory has a random end, which is cut off. In
lab 5 two programs run at the same time, and which of them makes the next call is for the kernel to
decide: there the trace, from which a picture of the run is drawn, is left out. Everything else that
a story shows is the same in each run: keys come from a seed, pids and ids from namespaces of their
own, addresses are not randomised.
"""

from __future__ import annotations

import re
from typing import Any

from results import Json

LABS_WITH_FILE_KEYS = (1, 5)
LABS_OF_TWO_PROGRAMS = (5,)
_SCRATCH = re.compile(r"(/check)-[A-Za-z0-9]{6}\b")  # grader/lib/check.c makes it
_KEY = re.compile(r"0x([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{4})\b")
_DEVICE = re.compile(r"(device[= ])0x[0-9a-f]*?([0-9a-f]{1,2})\b")
_FIRST = 0x2A


def _steady_text(text: str, places: dict[str, str]) -> str:
    text = _SCRATCH.sub(r"\1", text)
    text = _KEY.sub(lambda key: f"0x{key[1]}{places.get(key[2], key[2])}{key[3]}", text)
    return _DEVICE.sub(lambda found: _device(found, places), text)


def _device(found: re.Match[str], places: dict[str, str]) -> str:
    place = places.get(found[2].zfill(2))
    return f"{found[1]}0x{place}" if place else found[0]


def _steady_key(key: int, places: dict[str, str]) -> int:
    place = places.get(f"{key >> 16 & 0xFF:02x}")
    return key & ~0xFF0000 | int(place, 16) << 16 if place else key


def _steady(value: Any, places: dict[str, str]) -> Any:
    if isinstance(value, str):
        return _steady_text(value, places)
    if isinstance(value, list):
        return [_steady(one, places) for one in value]
    if isinstance(value, dict):
        # A line that splits a key of the check's own has no device number in it.
        if str(value.get("line", "")).startswith("split "):
            return value
        return {name: _steady(one, places) for name, one in value.items()}
    return value


def _steady_trace(lab: int, step: Json, places: dict[str, str]) -> None:
    if lab in LABS_OF_TWO_PROGRAMS:
        for name in ("calls", "segments", "ended"):
            step.pop(name, None)
    for segment in step.get("segments", []):
        if "key" in segment:
            segment["key"] = _steady_key(segment["key"], places)
    for call in step.get("calls", []):
        if call["call"] == "ftok" and "result" in call:
            call["result"] = _steady_key(call["result"], places)
        if call["call"] == "shmget" and call.get("arguments"):
            call["arguments"][0] = _steady_key(call["arguments"][0], places)


def steady_messages(messages: str) -> str:
    """A compiler that finds no memory says how much it had already: a little more, or less."""
    return re.sub(r"(out of memory .*?) after a total of \d+ bytes", r"\1", messages)


def steady_record(lab: int, record: Json) -> Json:
    """The record of a check, without what differs from run to run."""
    record = dict(record)
    devices = record.pop("devices", [])
    record.pop("seconds", None)
    if lab not in LABS_WITH_FILE_KEYS:
        return record
    places: dict[str, str] = {}
    # The last one is of no file system: a check of lab 1 turns a bit of the first one round.
    flipped = [int(device) ^ 0x80 for device in devices[:1]]
    for index, device in enumerate([*devices, *flipped]):
        places.setdefault(f"{int(device):02x}", f"{_FIRST + index:02x}")
    steady: Json = {name: _steady(value, places) for name, value in record.items()}
    for leak in steady.get("leaks", []):
        leak["key"] = _steady_key(leak["key"], places)
    for step in [*steady.get("steps", []), steady.get("final", {})]:
        _steady_trace(lab, step, places)
    if lab in LABS_OF_TWO_PROGRAMS:
        for name in ("final", "trace_cut"):
            steady.pop(name, None)
    return steady
