"""Checks that every link of a Markdown file leads somewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Callable
from urllib.parse import unquote, urlsplit

from document import Document, Link


def trouble(document: Document, link: Link, read: Callable[[Path], Document]) -> str:
    """What is wrong with a link, or an empty text.  Links out of the repository are not followed."""
    parts = urlsplit(link.target)
    if parts.scheme or parts.netloc:
        return ""
    target = document.path
    if parts.path:
        target = document.path.parent / unquote(parts.path)
        # The slides' pictures are made from these when the slides are.
        made = target.suffix == ".svg" and target.with_suffix(".dot").exists()
        if not made and not target.exists():
            return f"the link leads to {parts.path}, and there is no such file"
    if parts.fragment and target.suffix == ".md":
        anchors = read(target).anchors
        if parts.fragment not in anchors:
            near = ", ".join(f"#{anchor}" for anchor in sorted(anchors))
            return f"the link leads to #{parts.fragment}; {target} has: {near}"
    return ""


def check(documents: list[Document], read: Callable[[Path], Document]) -> list[str]:
    found = []
    for document in documents:
        for link in document.links:
            text = trouble(document, link, read)
            if text:
                found.append(f"{document.path}:{link.line}: {text}")
    return found
