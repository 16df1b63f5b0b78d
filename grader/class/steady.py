"""Makes two runs tell the same story.

A key from ftok holds the low 8 bits of a device number, and Linux numbers the file systems in
memory as they come: the next run has others. They are replaced by fixed ones, in the labs that
show keys of files. So is the random end of a check's own folder. Everything else that a story shows
is the same in each run: keys come from a seed, pids and ids from namespaces of their own, addresses
are not randomised.

The trace of a run is another matter: two processes that run at the same time make their calls in
this order or in that one. It is taken out of the record, and is kept in a file of its own.
"""

from __future__ import annotations

import re
from typing import Any

from results import Json

LABS_WITH_FILE_KEYS = (1, 5)
_KEY = re.compile(r"0x([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{4})\b")
_NUMBER = re.compile(r"-?\b[1-9][0-9]{5,9}\b")
_DEVICE = re.compile(r"(device[= ])0x[0-9a-f]*?([0-9a-f]{1,2})\b")
_FOLDER = re.compile(r"(/tmp/check-)[A-Za-z0-9]{6}\b")
_FIRST = 0x2A
_TRACE_OF_STEP = ("calls", "segments", "ended")
_TRACE = ("final", "trace_cut")


def _steady_text(text: str, places: dict[str, str]) -> str:
    # A function that returns its key is shown with the same one as a number.
    text = _NUMBER.sub(lambda number: _steady_number(number[0], text, places), text)
    text = _KEY.sub(lambda key: f"0x{key[1]}{places.get(key[2], key[2])}{key[3]}", text)
    return _DEVICE.sub(lambda found: _device(found, places), text)


def _steady_number(number: str, text: str, places: dict[str, str]) -> str:
    key = int(number) & 0xFFFFFFFF
    if f"0x{key:08x}" not in text:
        return number
    key = _steady_key(key, places)
    return str(key - (1 << 32) if number.startswith("-") else key)


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
        return _steady_numbers({name: _steady(one, places) for name, one in value.items()}, places)
    return value


def _steady_numbers(told: Json, places: dict[str, str]) -> Json:
    """The keys in a trace: of a segment, or where a call takes or gives one."""
    if "key" in told:
        told["key"] = _steady_key(told["key"], places)
    if told.get("call") == "ftok" and told.get("result", -1) != -1:
        told["result"] = _steady_key(told["result"], places)
    if told.get("call") == "shmget" and told.get("arguments"):
        told["arguments"][0] = _steady_key(told["arguments"][0], places)
    return told


def _steady_folders(value: Any) -> Any:
    if isinstance(value, str):
        return _FOLDER.sub(r"\1000000", value)
    if isinstance(value, list):
        return [_steady_folders(one) for one in value]
    if isinstance(value, dict):
        return {name: _steady_folders(one) for name, one in value.items()}
    return value


def steady_messages(messages: str) -> str:
    """A compiler that finds no memory says how much it had already: a little more, or less. And
    the assembler names a temporary file."""
    messages = re.sub(r"/tmp/cc[A-Za-z0-9]{6}\b", "/tmp/cc000000", messages)
    return re.sub(r"(out of memory .*?) after a total of \d+ bytes", r"\1", messages)


def steady_record(lab: int, record: Json) -> Json:
    """The record of a check, without what differs from run to run."""
    record = _steady_folders(record)
    devices = record.pop("devices", [])
    record.pop("seconds", None)
    if lab not in LABS_WITH_FILE_KEYS:
        return record
    places: dict[str, str] = {}
    # The last one is of no file system: a check of lab 1 turns a bit of the first one round.
    flipped = [int(device) ^ 0x80 for device in devices[:1]]
    for index, device in enumerate([*devices, *flipped]):
        places.setdefault(f"{int(device):02x}", f"{_FIRST + index:02x}")
    return {name: _steady(value, places) for name, value in record.items()}


def _take_trace(record: Json) -> Json | None:
    """Takes the trace out of a record. Returns the record as it was, where it has one."""
    traced = any(name in step for step in record.get("steps", []) for name in _TRACE_OF_STEP)
    whole = record | {"steps": [dict(step) for step in record.get("steps", [])]}
    for name in _TRACE:
        record.pop(name, None)
    for step in record.get("steps", []):
        for name in _TRACE_OF_STEP:
            step.pop(name, None)
    return whole if traced else None


def take_traces(labs: dict[str, Json]) -> dict[str, Json]:
    """The traces of failed checks, by lab and check."""
    traces: dict[str, Json] = {}
    for number, lab in labs.items():
        for record in lab["checks"]:
            trace = _take_trace(record)
            if trace and record["verdict"] == "failed":
                traces.setdefault(number, {})[record["name"]] = trace
    return traces
