"""Says how far the grading is: one line that changes on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time

LINE_SECONDS = 10.0  # between two lines where there is no terminal
RATE_SECONDS = 2.0  # before that nobody knows how fast it goes
SHOWN = 60


def printable(text: str) -> str:
    """Text from outside, for a terminal: no control bytes, no broken letters."""
    return "".join(c if c.isprintable() else "?" for c in text)


def duration(seconds: float) -> str:
    """As 48 s, 12 min or 3 h 20 min."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


class Progress:
    """Counts what is done of `total`; `again` of them took no time: an earlier run graded them."""

    def __init__(self, total: int, again: int) -> None:
        self.total = total
        self.again = again
        self.done = again
        self.unchecked: list[str] = []
        self.start = time.monotonic()
        self.told = 0.0
        self.terminal = sys.stderr.isatty()

    def add(self, student: str = "", unchecked: bool = False, graded: bool = True) -> None:
        """One student, or another thing that is counted, is done; not `graded`: in no time."""
        self.done += 1
        self.again += not graded
        if unchecked:
            self.unchecked.append(printable(student))
        self._show()

    def _text(self) -> str:
        now = time.monotonic()
        graded = self.done - self.again
        parts = [f"{self.done} of {self.total} done"]
        if graded and now - self.start >= RATE_SECONDS:
            rate = graded / (now - self.start)
            parts.append(f"{rate:.1f} a second" if rate >= 0.1 else f"{rate * 60:.1f} a minute")
            if self.done < self.total:
                parts.append(f"{duration((self.total - self.done) / rate)} left")
        if self.unchecked:
            names = ", ".join(self.unchecked[-3:])
            parts.append(f"{len(self.unchecked)} could not be checked ({names[:SHOWN]})")
        return "; ".join(parts)

    def _show(self) -> None:
        now = time.monotonic()
        if self.terminal:
            print(f"\r{self._text()}\033[K", end="", file=sys.stderr, flush=True)
        elif now - self.told >= LINE_SECONDS or self.done == self.total:
            print(self._text(), file=sys.stderr, flush=True)
            self.told = now

    def clear(self) -> None:
        """Takes the line away, for somebody else is about to print one."""
        if self.terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leaves the line."""
        if self.terminal and self.told >= 0:
            print(file=sys.stderr)
