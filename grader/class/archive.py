"""Reads archives that nobody vouches for: zip, tar and 7z, with libarchive.

The work is done in a child process with limits on time, memory and file size. It takes regular
files whose names a lab asks for, and archives inside of the archive; everything else is skipped,
and nothing is ever unpacked by name: what is taken goes to numbered files of a spool folder. When
the child gives up, or is ended by a limit, what it took so far is kept, and a sentence says so.
"""

from __future__ import annotations

import json
import locale
import os
import resource
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from libarchive import ArchiveError, ffi
from libarchive.entry import ArchiveEntry
from libarchive.read import ArchiveRead

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".7z")

# Formats and filters that read the archive and nothing else: mtree would open files by their
# paths, and lrzip, lzop and grzip would start programs.
FORMATS = ("zip", "tar", "7zip")
FILTERS = ("gzip", "bzip2", "xz", "lzma", "zstd")

SOURCE_MAX = 512 << 10  # bytes of one source file; those of the course have 5 KiB
NESTED_MAX = 64 << 20  # bytes of an archive inside of an archive
NESTED_DEPTH = 2
ENTRIES_MAX = 200_000
CPU_SECONDS = 120
MEMORY_MAX = 1 << 30
SPOOL_MAX = 2 << 30  # bytes of all files that are taken from one archive


@dataclass(frozen=True)
class Found:
    """A file, or a folder, in a submission. `spooled` is None where it was not taken."""

    path: tuple[str, ...]
    size: int
    time: float
    spooled: Path | None
    trouble: str = ""


def is_archive(name: str) -> bool:
    """By its name, as a person sees it."""
    return name.lower().endswith(SUFFIXES)


def stem(name: str) -> str:
    """The name of an archive without its ending."""
    lowered = name.lower()
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
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


class _Spool:
    """Writes down what was found, line by line."""

    def __init__(self, folder: Path, index: IO[str], wanted: Callable[[str], bool]) -> None:
        self.folder = folder
        self.index = index
        self.wanted = wanted
        self.entries = 0
        self.bytes = 0
        self.files = 0

    def note(self, parts: tuple[str, ...], **told: object) -> None:
        json.dump({"path": parts, **told}, self.index)
        self.index.write("\n")
        self.index.flush()

    def new_path(self) -> Path:
        self.files += 1
        return self.folder / f"{os.getpid()}-{self.files}"

    def copy(self, entry: ArchiveEntry, limit: int) -> tuple[Path, int] | None:
        """The content of an entry as a file; None when it is longer than the limit."""
        path = self.new_path()
        size = 0
        with open(path, "xb") as file:
            for block in entry.get_blocks():
                size += len(block)
                if size > limit:
                    break
                file.write(block)
        if size > limit:
            path.unlink()
            return None
        self.bytes += size
        if self.bytes > SPOOL_MAX:
            raise _GiveUp(f"holds more than {SPOOL_MAX >> 30} GiB of files")
        return path, size


def _reader(path: Path) -> Iterator[ArchiveEntry]:
    pointer = ffi.read_new()
    try:
        for name in FORMATS:
            getattr(ffi, f"read_support_format_{name}")(pointer)
        for name in FILTERS:
            getattr(ffi, f"read_support_filter_{name}")(pointer)
        ffi.read_open_filename_w(pointer, str(path), 65536)
        yield from ArchiveRead(pointer)
    finally:
        ffi.read_free(pointer)


def _take(spool: _Spool, entry: ArchiveEntry, parts: tuple[str, ...], depth: int) -> None:
    name = parts[-1]
    time = float(entry.mtime or 0)
    if entry.isdir:
        spool.note(parts, kind="folder", time=time)
        return
    nested = is_archive(name) and depth < NESTED_DEPTH
    if not nested and not spool.wanted(name):
        spool.note(parts, kind="other", time=time)
        return
    if not entry.isreg or entry.islnk or entry.linkname:
        spool.note(parts, kind="trouble", text=f"{name} is a link or a device, and is not taken.")
        return
    try:
        copied = spool.copy(entry, NESTED_MAX if nested else SOURCE_MAX)
    except ArchiveError as error:
        spool.note(parts, kind="trouble", text=_why(name, error))
        return
    if copied is None:
        spool.note(parts, kind="trouble", text=f"{name} is too large, and is not taken.")
    elif nested:
        _read(spool, copied[0], parts, depth + 1)
        copied[0].unlink()
    else:
        spool.note(parts, kind="file", time=time, size=copied[1], spooled=str(copied[0]))


def _why(name: str, error: Exception) -> str:
    text = str(error)
    if "assphrase" in text or "ncrypt" in text:
        return f"{name} is protected by a password, and cannot be read."
    return f"{name} cannot be read: it is broken, or no archive."


def _read(spool: _Spool, path: Path, above: tuple[str, ...], depth: int) -> None:
    spool.note(above, kind="archive")
    try:
        for entry in _reader(path):
            spool.entries += 1
            if spool.entries > ENTRIES_MAX:
                raise _GiveUp(f"has more than {ENTRIES_MAX} entries")
            name = entry.pathname
            if isinstance(name, bytes):
                name = os.fsdecode(name)
            parts = components(name or "")
            if parts is None:
                spool.note(above, kind="trouble", text="A path that leads out of it is not taken.")
            elif parts and not is_noise(parts):
                _take(spool, entry, above + parts, depth)
    except (ArchiveError, ValueError) as error:
        spool.note(above, kind="trouble", text=_why(above[-1] if above else path.name, error))


def _child(path: Path, spool: Path, index: Path, wanted: Callable[[str], bool]) -> None:
    locale.setlocale(locale.LC_ALL, "C.UTF-8")
    for what, limit in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_MAX),
        (resource.RLIMIT_FSIZE, 2 * NESTED_MAX),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))
    with open(index, "x", encoding="utf-8", errors="surrogateescape") as file:
        notes = _Spool(spool, file, wanted)
        try:
            _read(notes, path, (), 0)
        except _GiveUp as reason:
            notes.note((), kind="trouble", text=f"The archive {path.name} {reason}.")
        except MemoryError:
            notes.note((), kind="trouble", text=f"The archive {path.name} needs too much memory.")
        except OSError as error:
            notes.note((), kind="trouble", text=f"{path.name} cannot be read: {error.strerror}.")
        notes.note((), kind="end")


# --- For intake -----------------------------------------------------------------------


def read_archive(path: Path, spool: Path, wanted: Callable[[str], bool]) -> Iterator[Found]:
    """What is in an archive. Paths below an inner archive go through its name.

    `wanted` says of a file's name whether it is to be taken. A Found with an empty path and a
    trouble is about the archive itself.
    """
    index = spool / f"index-{len(list(spool.iterdir()))}"
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            _child(path, spool, index, wanted)
        except BaseException:  # the parent tells from the index that it has no end
            os._exit(1)
        os._exit(0)
    os.waitpid(child, 0)
    ended = False
    if index.exists():
        with open(index, encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                if not line.endswith("\n"):
                    break
                told = json.loads(line)
                ended = ended or told["kind"] == "end"
                if told["kind"] != "end":
                    yield _found(told)
    if not ended:
        yield Found(
            (), 0, 0, None, f"Reading {path.name} took too long, or ended early: it is not whole."
        )


def _found(told: dict[str, object]) -> Found:
    parts = tuple(str(part) for part in told["path"])  # type: ignore[attr-defined]
    spooled = told.get("spooled")
    return Found(
        path=parts,
        size=int(str(told.get("size", -1))),
        time=float(str(told.get("time", 0))),
        spooled=Path(str(spooled)) if spooled else None,
        trouble=str(told.get("text", "")),
    )
