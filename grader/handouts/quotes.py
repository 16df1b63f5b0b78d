"""What the grader says of a wrong program: quoted in a handout, and compared with the grader.

A comment names a mutant, and the fenced block that follows holds lines of what `make labN`
prints for it: `<!-- from grader/mutants/lab3/attach_minus_one.patch -->`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from document import Document, Quote
from world import ROOT

sys.path.insert(0, str(ROOT / "grader" / "tests"))

from submissions import (  # noqa: E402  (the path comes first)
    DoesNotFit,
    Submission,
    Workshop,
    sources_of,
)


def said_of(path: Path, workshop: Workshop) -> str:
    """What the grader prints of a mutant, in one line: the view wraps its texts."""
    mutant = Submission(int(path.parent.name.removeprefix("lab")), "mutant", path)
    output = workshop.check(mutant.lab, sources_of(mutant), {"ALL": "1"}).output
    return " ".join(output.split())


def trouble(document: Document, quote: Quote, workshop: Workshop) -> str:
    """What is wrong with a quotation, or an empty text."""
    path = ROOT / quote.source
    if not path.is_file():
        return f"{document.path}:{quote.line}: there is no such mutant: {path.name}"
    try:
        said = said_of(path, workshop)
    except DoesNotFit:
        return f"{document.path}:{quote.line}: {path.name} does not fit the solution"
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
