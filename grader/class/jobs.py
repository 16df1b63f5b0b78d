"""Builds and checks submissions, some at a time, each in a process of its own.

The process is `shmlab submission`: it makes the sandboxes, and it ends, with everything that it
started, when this one ends.
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course import Lab
from results import Json

# A submission in which every call hangs needs some minutes. One that needs longer has found a
# way to keep the grader itself busy.
JOB_SECONDS = 1800
CHECKS_AT_ONCE = 4


@dataclass
class Work:
    """One submission to grade: the files by lab, and a text from which its keys are made."""

    student: str
    labs: list[Lab]
    files: dict[str, bytes]
    seed: str


@dataclass
class Done:
    """What came of it; `answer` is None where the grader itself failed, and `trouble` says why."""

    work: Work
    answer: Json | None
    trouble: str
    seconds: float


@dataclass
class _Running:
    work: Work
    folder: Path
    process: subprocess.Popen[bytes]
    pidfd: int
    start: float


class Jobs:
    """Runs at most `count` at once."""

    def __init__(self, count: int, course: Path, folder: Path, environment: dict[str, str]) -> None:
        self.count = count
        self.course = course
        self.folder = folder
        self.environment = environment
        self.number = 0
        # All watches of epoll that a user has are counted together, with the submissions' own.
        self.selector = selectors.PollSelector()
        self.running: dict[int, _Running] = {}

    def run(self, works: Iterator[Work]) -> Iterator[Done]:
        """Yields each submission as it is done, in whatever order that is."""
        try:
            for work in works:
                while len(self.running) >= self.count:
                    yield from self._wait()
                self._start(work)
            while self.running:
                yield from self._wait()
        finally:
            for one in list(self.running.values()):
                self._kill(one)

    def _start(self, work: Work) -> None:
        self.number += 1
        folder = self.folder / str(self.number)
        self._prepare(folder, work)
        environment = self.environment | {
            "SHMLAB_SOURCES": str(folder / "labs"),
            "SHMLAB_BUILD": str(folder / "build"),
            "SHMLAB_SEED": work.seed,
            "SHMLAB_JOBS": str(CHECKS_AT_ONCE),
        }
        numbers = [str(lab.number) for lab in work.labs]
        with open(folder / "answer", "wb") as answer, open(folder / "errors", "wb") as errors:
            process = subprocess.Popen(
                [self.course / "build/shmlab", "submission", *numbers],
                cwd=self.course,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=errors,
                start_new_session=True,
            )
        pidfd = os.pidfd_open(process.pid)
        self.running[pidfd] = _Running(work, folder, process, pidfd, time.monotonic())
        self.selector.register(pidfd, selectors.EVENT_READ)

    def _prepare(self, folder: Path, work: Work) -> None:
        build = folder / "build"
        build.mkdir(parents=True)
        for name in ("checks", "runner", "checks.json", "plain"):
            os.link(self.course / "build" / name, build / name)
        (build / "course").symlink_to(self.course / "build/course")
        for lab in work.labs:
            place = folder / "labs" / lab.directory
            place.mkdir(parents=True)
            for name in lab.files:
                if name in work.files:
                    (place / name).write_bytes(work.files[name])

    def _wait(self) -> Iterator[Done]:
        ready = [key.fd for key, _ in self.selector.select(timeout=5)]
        for pidfd in ready:
            yield self._finish(self.running[pidfd], "")
        for one in list(self.running.values()):
            if time.monotonic() - one.start > JOB_SECONDS:
                self._kill(one)
                yield self._finish(
                    one, f"The grader gave up after {JOB_SECONDS // 60} minutes.", killed=True
                )

    @staticmethod
    def _kill(one: _Running) -> None:
        try:
            os.killpg(one.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        one.process.wait()

    def _finish(self, one: _Running, trouble: str, killed: bool = False) -> Done:
        self.selector.unregister(one.pidfd)
        del self.running[one.pidfd]
        os.close(one.pidfd)
        status = one.process.wait()
        answer = None if killed else self._answer(one.folder / "answer")
        if answer is None and not trouble:
            errors = (one.folder / "errors").read_bytes()[-500:].decode("utf-8", "replace")
            trouble = f"The grader ended without an answer (status {status}). {errors.strip()}"
        shutil.rmtree(one.folder, ignore_errors=True)
        return Done(one.work, answer, trouble, time.monotonic() - one.start)

    @staticmethod
    def _answer(path: Path) -> Json | None:
        try:
            answer = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return answer if isinstance(answer, dict) and "labs" in answer else None
