"""What the grader says of a wrong program: quoted in a handout, and compared with the grader.

A comment names a mutant, and the fenced block that follows holds lines of what `make labN`
prints for it: `<!-- from grader/mutants/lab3/attach_minus_one.patch -->`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from document import Document, Quote
from world import ROOT, skeleton


class NoProgram(Exception):
    """The mutant cannot be made; says why."""


@dataclass
class Mutant:
    """A patch of grader/mutants/labN/, the lab's sources with it, and what is said of them."""

    path: Path

    @property
    def lab(self) -> str:
        return self.path.parent.name.removeprefix("lab")

    def base(self) -> str:
        """The right program from which the patch starts, where that is not the reference."""
        header = re.search(r"^Base: *(\w+)$", self.path.read_text(encoding="utf-8"), re.MULTILINE)
        return header[1] if header else ""

    def make_sources(self, place: Path) -> None:
        for path in sorted((ROOT / "solutions").glob(f"0{self.lab}-*/*.c")):
            directory = place / path.parent.name
            directory.mkdir(exist_ok=True)
            (directory / path.name).write_bytes(skeleton(path, "solution"))
        if self.base():
            for path in (ROOT / f"grader/mutants/right/lab{self.lab}/{self.base()}").glob("*.c"):
                (directory / path.name).write_bytes(path.read_bytes())
        command = ["patch", "--quiet", f"--directory={directory}", f"--input={self.path}"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            raise NoProgram(f"{self.path.name} does not fit the solution")

    def said(self) -> str:
        """What the grader prints, in one line: the view wraps its texts."""
        if not self.path.is_file():
            raise NoProgram(f"there is no such mutant: {self.path.name}")
        with tempfile.TemporaryDirectory(dir=ROOT / "build", prefix="quote-") as name:
            place = Path(name)
            for part in ("course", "checks.json"):
                (place / part).symlink_to(ROOT / "build" / part)
            # The checks' world hides the folder of a repository below /tmp, but not this one.
            for part in ("checks", "plain"):
                shutil.copy2(ROOT / "build" / part, place / part)
            (place / "sources").mkdir()
            self.make_sources(place / "sources")
            output = subprocess.run(
                [ROOT / "build/shmlab", "lab", self.lab],
                env={
                    **os.environ,
                    "SHMLAB_SOURCES": str(place / "sources"),
                    "SHMLAB_BUILD": str(place),
                    "ALL": "1",
                },
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            ).stdout
        return " ".join(output.split())


def trouble(document: Document, quote: Quote) -> str:
    """What is wrong with a quotation, or an empty text."""
    try:
        said = Mutant(ROOT / quote.source).said()
    except NoProgram as reason:
        return f"{document.path}:{quote.line}: {reason}"
    at = 0
    for number, line in enumerate(quote.content.splitlines(), quote.line + 1):
        text = " ".join(line.split())
        pattern = re.escape(text).replace(r"\.\.\.", ".*?")
        found = re.compile(pattern).search(said, at)
        if not found:
            label, _, rest = text.partition(" ")
            near = re.findall(re.escape(label) + r" (.{1,100})", said)
            return (
                f"{document.path}:{number}: the grader does not say this of {quote.source} "
                f"(any more, or in this order)\n  expected  {rest}\n"
                + "".join(f"  seen      {text}...\n" for text in near)
            )
        at = found.end()
    return ""
