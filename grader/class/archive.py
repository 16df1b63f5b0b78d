#!/usr/bin/python3
"""Reads archives that nobody vouches for: zip, tar and 7z, with libarchive.

usage: archive.py NAME... < ARCHIVE     what is in it, for read_archive()

The work is done by a program of its own, contained.py says how: it gets the open archive, and gives
back what it found through a pipe, a line of JSON for each entry, and the content behind the line. It
takes regular files whose names a lab asks for, and archives inside of the archive; everything else
is skipped, and nothing is ever unpacked by name: what is taken goes to numbered files of a spool
folder. When the program gives up, or is ended by a limit, what it took so far is kept, and a
sentence says so.
"""

from __future__ import annotations

import itertools
import json
import locale
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from libarchive import ArchiveError, ffi
from libarchive.entry import ArchiveEntry
from libarchive.read import ArchiveRead

import contained
from names import is_wanted

SUFFIXES = (
    *(".zip", ".7z", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz"),
    *(".tar.zst", ".tzst"),
)
# Archives, and compressed files, that are known and not read.
OTHER_SUFFIXES = (
    *(".rar", ".gz", ".bz2", ".xz", ".zst", ".lz", ".lzma", ".lz4", ".z", ".arj", ".lzh", ".lha"),
    *(".cab", ".iso", ".dmg", ".jar", ".cpio", ".ace", ".zipx"),
)

# Formats and filters that read the archive and nothing else: mtree would open files by their
# paths, and lrzip, lzop and grzip would start programs.
FORMATS = ("zip", "tar", "7zip")
FILTERS = ("gzip", "bzip2", "xz", "lzma", "zstd")

SOURCE_MAX = 512 << 10  # bytes of one source file; those of the course have 5 KiB
NESTED_MAX = 64 << 20  # bytes of an archive inside of an archive
NESTED_DEPTH = 2
ENTRIES_MAX = 200_000
LINE_MAX = 1 << 20
ITSELF = "<this archive>"
SPOOL_MAX = 2 << 30  # bytes of all files that are taken from one archive


@dataclass(frozen=True)
class Found:
    """A file, or a folder, in a submission. `spooled` is None where it was not taken."""

    path: tuple[str, ...]
    size: int
    time: float
    spooled: Path | None
    trouble: str = ""
    folder: bool = False  # a folder, or an archive that was read


def is_archive(name: str) -> bool:
    """By its name, as a person sees it."""
    return name.lower().endswith(SUFFIXES)


def is_other_archive(name: str) -> bool:
    """By its name, an archive of a kind that is not read."""
    return name.lower().endswith(OTHER_SUFFIXES) and not is_archive(name)


def not_read(name: str) -> str:
    """What is said of such an archive."""
    return (
        f"{name} cannot be read: it is an archive, and only zip, tar and 7z are read. Unpack it"
        " into a folder of its name, remove it, and run the same command again."
    )


def stem(name: str) -> str:
    """The name of an archive without its ending."""
    lowered = name.lower()
    for suffix in sorted((*SUFFIXES, *OTHER_SUFFIXES), key=len, reverse=True):
        if lowered.endswith(suffix):
            return name[: -len(suffix)]
    return name


def components(path: str) -> tuple[str, ...] | None:
    """The parts of a path; None for one that leads out of its folder."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts or path.startswith("/"):
        return None
    return tuple(parts)


def is_noise(parts: tuple[str, ...]) -> bool:
    """Files that systems leave behind, and what lies in hidden folders."""
    return any(part == "__MACOSX" or part.startswith(".") for part in parts)


# --- In the child ---------------------------------------------------------------------


class _GiveUp(Exception):
    pass


class _Taker:
    """Writes down what was found, entry by entry."""

    def __init__(self, out: IO[bytes], names: frozenset[str]) -> None:
        self.out = out
        self.names = names
        self.entries = 0
        self.bytes = 0

    def note(self, parts: tuple[str, ...], data: bytes = b"", **told: object) -> None:
        line = json.dumps({"path": parts, "size": len(data), **told}) + "\n"
        self.out.write(line.encode() + data)
        self.out.flush()

    def copy(self, entry: ArchiveEntry, limit: int, file: IO[bytes]) -> bool:
        """The content of an entry into a file; False when it is longer than the limit."""
        size = 0
        for block in entry.get_blocks():
            size += len(block)
            if size > limit:
                return False
            file.write(block)
        file.seek(0)
        self.bytes += size
        if self.bytes > SPOOL_MAX:
            raise _GiveUp(f"holds more than {SPOOL_MAX >> 30} GiB of files")
        return True


def _reader(fd: int) -> Iterator[ArchiveEntry]:
    pointer = ffi.read_new()
    try:
        for name in FORMATS:
            getattr(ffi, f"read_support_format_{name}")(pointer)
        for name in FILTERS:
            getattr(ffi, f"read_support_filter_{name}")(pointer)
        ffi.read_open_fd(pointer, fd, 65536)
        yield from ArchiveRead(pointer)
    finally:
        ffi.read_free(pointer)


def _take(taker: _Taker, entry: ArchiveEntry, parts: tuple[str, ...], depth: int) -> None:
    name = parts[-1]
    time = float(entry.mtime or 0)
    if entry.isdir:
        taker.note(parts, kind="folder", time=time)
        return
    nested = is_archive(name)
    if is_other_archive(name):
        taker.note(parts, kind="trouble", text=not_read(name))
        return
    if nested and depth >= NESTED_DEPTH:
        text = f"{name} cannot be read: it is an archive within {depth} other archives."
        taker.note(parts, kind="trouble", text=text)
        return
    if not nested and not is_wanted(name, taker.names):
        taker.note(parts, kind="other", time=time)
        return
    if not entry.isreg or entry.islnk or entry.linkname:
        taker.note(parts, kind="trouble", text=f"{name} is a link or a device, and is not taken.")
        return
    with tempfile.TemporaryFile() as file:
        try:
            whole = taker.copy(entry, NESTED_MAX if nested else SOURCE_MAX, file)
        except ArchiveError as error:
            taker.note(parts, kind="trouble", text=_why(name, error))
            return
        if not whole:
            taker.note(parts, kind="trouble", text=f"{name} is too large, and is not taken.")
        elif nested:
            file.flush()
            _read(taker, file.fileno(), parts, depth + 1)
        else:
            taker.note(parts, file.read(), kind="file", time=time)


def _why(name: str, error: Exception) -> str:
    text = str(error)
    if "assphrase" in text or "ncrypt" in text:
        return f"{name} is protected by a password, and cannot be read."
    return f"{name} cannot be read: it is broken, or no archive."


def _read(taker: _Taker, fd: int, above: tuple[str, ...], depth: int) -> None:
    taker.note(above, kind="archive")
    try:
        for entry in _reader(fd):
            taker.entries += 1
            if taker.entries > ENTRIES_MAX:
                raise _GiveUp(f"has more than {ENTRIES_MAX} entries")
            name = entry.pathname
            if isinstance(name, bytes):
                name = os.fsdecode(name)
            parts = components(name or "")
            if parts is None:
                taker.note(above, kind="trouble", text="A path that leads out of it is not taken.")
            elif parts and not is_noise(parts):
                _take(taker, entry, above + parts, depth)
    except (ArchiveError, ValueError) as error:
        taker.note(above, kind="trouble", text=_why(above[-1] if above else ITSELF, error))


def main(names: list[str]) -> None:
    """What is in the archive on standard input."""
    locale.setlocale(locale.LC_ALL, "C.UTF-8")
    taker = _Taker(sys.stdout.buffer, frozenset(names))
    try:
        _read(taker, sys.stdin.fileno(), (), 0)
    except _GiveUp as reason:
        taker.note((), kind="trouble", text=f"The archive {ITSELF} {reason}.")
    except MemoryError:
        taker.note((), kind="trouble", text=f"The archive {ITSELF} needs too much memory.")
    except OSError as error:
        taker.note((), kind="trouble", text=f"{ITSELF} cannot be read: {error.strerror}.")
    taker.note((), kind="end")


# --- For intake -----------------------------------------------------------------------


def read_archive(path: Path, spool: Path, names: Collection[str]) -> Iterator[Found]:
    """What is in an archive. Paths below an inner archive go through its name.

    A Found with an empty path and a trouble is about the archive itself.
    """
    here = Path(__file__).resolve()
    program = ["/usr/bin/python3", "-BEs", str(here), *sorted(names)]
    ended = False
    try:
        with open(path, "rb") as archive, subprocess.Popen(
            contained.command(program, [here.with_name(name) for name in _MODULES]),
            stdin=archive,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as child:
            assert child.stdout
            try:
                for told in _told(child.stdout, spool):
                    ended = told == _END
                    if not ended:
                        yield replace(told, trouble=told.trouble.replace(ITSELF, path.name))
            finally:
                child.kill()
    except OSError as error:
        yield Found((), 0, 0, None, f"{path.name} cannot be read: {error.strerror}.")
        return
    if not ended:
        yield Found(
            (), 0, 0, None, f"Reading {path.name} took too long, or ended early: it is not whole."
        )


_MODULES = ("archive.py", "names.py", "contained.py")
_NUMBERS = itertools.count(1)
_END = Found((), 0, 0, None, "end")


def _told(stream: IO[bytes], spool: Path) -> Iterator[Found]:
    """What the program found. It has read what a stranger wrote, so it is not believed either: a
    line that it cannot have meant ends everything."""
    room, entries = SPOOL_MAX, 0
    while line := stream.readline(LINE_MAX):
        entries += 1
        try:
            told = json.loads(line)
            parts = tuple(str(part) for part in told["path"])
            kind, size, time = str(told["kind"]), int(told["size"]), float(told.get("time", 0))
            text = str(told.get("text", ""))
        except (ValueError, TypeError, KeyError):
            return
        room -= size
        if entries > 2 * ENTRIES_MAX or not 0 <= size <= SOURCE_MAX or room < 0:
            return
        if kind == "end":
            yield _END
            return
        if kind != "file":
            yield Found(parts, -1, time, None, text, kind in ("folder", "archive"))
            continue
        data = stream.read(size)
        if len(data) < size or components("/".join(parts)) != parts:
            return
        spooled = spool / str(next(_NUMBERS))
        spooled.write_bytes(data)
        yield Found(parts, size, time, spooled)


if __name__ == "__main__":
    main(sys.argv[1:])
