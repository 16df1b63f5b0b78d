#!/usr/bin/python3
"""handouts.py - plays, refreshes and checks the handouts.  README.md here explains the format."""

from __future__ import annotations

import argparse
import difflib
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

try:
    import links
    import listing
    import play
    import puzzles
    import quotes
    from document import Document, Mistake, Section
    from document import read as read_document
    from world import ROOT, NoWorld, World
except ModuleNotFoundError as missing:
    sys.exit(f"There is no Python module {missing.name} here. Install it: ./setup walk")

SKIPPED = ("build/", "grader/handouts/README.md")  # this one shows the format


@lru_cache(maxsize=None)
def read(path: Path) -> Document:
    return read_document(path)


def all_files() -> list[Path]:
    """The repository's Markdown files."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        names = done.stdout.split("\n")
    except (OSError, subprocess.CalledProcessError):  # not a clone: a released archive
        names = [str(path) for path in Path(".").rglob("*.md")]
    return sorted({Path(name) for name in names if name and Path(name).is_file()})


def documents(files: list[str]) -> list[Document]:
    chosen = [Path(file) for file in files] or all_files()
    return [read(path) for path in chosen if not str(path).startswith(SKIPPED)]


# --- Playing and refreshing -------------------------------------------------------------


def play_all(chosen: list[Document]) -> list[play.Result]:
    """Plays all experiments, some at a time: each has a world of its own."""
    work = [(document, section) for document in chosen for section in document.experiments()]
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        return list(pool.map(lambda pair: play.play(*pair), work))


def refreshed(document: Document, results: list[play.Result]) -> list[str]:
    """The lines of a document with outputs and listings from this run."""
    lines = list(document.lines)
    changes: list[tuple[int, int, list[str]]] = []
    for result in results:
        if result.document is document and result.outputs:
            for block in result.section.blocks():
                new = play.blocks_text(block, result.outputs)
                changes.append((block.line, block.end - 1, new))
    for part in document.listings():
        try:
            new = listing.cut(part.path, part.region).splitlines()
        except listing.NoListing:
            continue
        changes.append((part.line, part.end - 1, new))
    for start, end, new in sorted(changes, reverse=True):
        lines[start:end] = new
    return lines


def drift(document: Document) -> list[str]:
    """Listings that are not what their files say."""
    found = []
    for part in document.listings():
        place = f"{document.path}:{part.line}"
        try:
            wanted = listing.cut(part.path, part.region)
        except listing.NoListing as trouble:
            found.append(f"{place}: {trouble}")
            continue
        if wanted != part.content:
            changes = difflib.unified_diff(
                part.content.splitlines(), wanted.splitlines(), "handout", part.path, lineterm=""
            )
            text = "\n  ".join(changes)
            found.append(
                f"{place}: this listing is not `{part.region}` of {part.path} any more; "
                f"`make handouts` puts it right\n  {text}"
            )
    return found


def replace(path: Path, lines: list[str]) -> None:
    """Writes a file in one step, so that no reader sees half of it."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    os.chmod(file.name, path.stat().st_mode & 0o777)
    os.replace(file.name, path)


def summary(results: list[play.Result]) -> str:
    played = [result for result in results if not result.not_run]
    blocks = sum(len(result.section.blocks()) for result in played)
    steps = sum(len(block.steps) for result in played for block in result.section.blocks())
    text = f"{blocks} blocks of {len(played)} experiments played, {steps} lines typed"
    if len(played) < len(results):
        text += f"; {len(results) - len(played)} experiments not run"
    return text + "."


def tell_not_run(results: list[play.Result]) -> None:
    for result in results:
        if result.not_run:
            place = f"{result.document.path}:{result.section.line}"
            print(f"{place}: not run: '{result.section.title}': {result.not_run}")


def check(options: argparse.Namespace) -> int:
    """Status 0: all is as it says; 1: something is not; 3: something could not be run."""
    chosen = documents(options.files)
    results = play_all(chosen)
    wrong = [str(mistake) for document in chosen for mistake in document.mistakes]
    wrong += [str(mismatch) for result in results for mismatch in result.mismatches[:1]]
    for text in wrong:
        print(text + "\n")
    tell_not_run(results)
    print(summary(results))
    if wrong:
        return 1
    return 3 if any(result.not_run for result in results) else 0


def check_listings(options: argparse.Namespace) -> int:
    chosen = documents(options.files)
    wrong = [text for document in chosen for text in drift(document)]
    print("\n".join(wrong) + "\n" * bool(wrong), end="")
    print(f"{sum(len(document.listings()) for document in chosen)} listings, {len(wrong)} differ.")
    return 1 if wrong else 0


def check_quotes(options: argparse.Namespace) -> int:
    work = [(document, quote) for document in documents(options.files) for quote in document.quotes]
    with quotes.Workshop("quotes") as workshop, ThreadPoolExecutor(
        max_workers=min(4, os.cpu_count() or 1)
    ) as pool:
        found = pool.map(lambda pair: quotes.trouble(pair[0], pair[1], workshop), work)
        wrong = [text for text in found if text]
    print("\n".join(wrong) + "\n" * bool(wrong), end="")
    print(f"{len(work)} quotations of the grader, {len(wrong)} differ.")
    return 1 if wrong else 0


def refresh(options: argparse.Namespace) -> int:
    """Writes what real runs print, and shows the difference."""
    chosen = documents(options.files)
    results = play_all(chosen)
    changed = []
    for document in chosen:
        lines = refreshed(document, results)
        if lines != document.lines:
            changed.append(document.path)
            replace(document.path, lines)
            name = str(document.path)
            print("\n".join(difflib.unified_diff(document.lines, lines, name, name, lineterm="")))
    left = [str(m) for result in results for m in result.mismatches if m.lasting]
    left = left or unstable(changed)
    print("\n".join(text + "\n" for text in left), end="")
    bad = [str(mistake) for document in chosen for mistake in document.mistakes]
    bad += [text for document in chosen for text in drift(document) if " has no " in text]
    print("\n".join(bad) + "\n" * bool(bad), end="")
    tell_not_run(results)
    print(summary(results))
    return 1 if left or bad else 0


def unstable(paths: list[Path]) -> list[str]:
    """What a second run prints otherwise than the first one, which was written just now."""
    again = play_all([read_document(path) for path in paths])
    return [
        f"{mismatch}\n  Two runs differ here: declare the value (<!-- values: ... -->)."
        for result in again
        for mismatch in result.mismatches[:1]
    ]


# --- Pieces, for other tools ------------------------------------------------------------


def find_section(document: Document, title: str) -> Section:
    wanted = title.lower()
    for section in document.experiments():
        name = section.title.lower()
        if name.startswith(wanted) or name.lstrip("0123456789. ").startswith(wanted):
            return section
    there = "\n  ".join(section.title for section in document.experiments())
    raise SystemExit(f"{document.path} has no experiment '{title}'. It has:\n  {there}")


def print_session(options: argparse.Namespace) -> int:
    document = read(Path(options.file))
    blocks = find_section(document, options.title).blocks()
    if options.block:
        if not 1 <= options.block <= len(blocks):
            raise SystemExit(f"The experiment has {len(blocks)} blocks.")
        print("\n".join(play.blocks_text(blocks[options.block - 1], {})))
        return 0
    fenced = ["\n".join(document.lines[block.line - 1 : block.end]) for block in blocks]
    print("\n\n".join(fenced))
    return 0


def print_listing(options: argparse.Namespace) -> int:
    try:
        print(listing.cut(options.file, options.region), end="")
    except listing.NoListing as trouble:
        raise SystemExit(str(trouble)) from trouble
    return 0


def check_links(options: argparse.Namespace) -> int:
    chosen = [read(Path(file)) for file in options.files or map(str, all_files())]
    found = links.check(chosen, lambda path: read(Path(os.path.normpath(path))))
    print("\n".join(found) + "\n" * bool(found), end="")
    total = sum(len(document.links) for document in chosen)
    print(f"{total} links in {len(chosen)} files, {len(found)} lead nowhere.")
    return 1 if found else 0


def coverage(options: argparse.Namespace) -> int:
    found = puzzles.cover(documents(options.files), ROOT)
    missing = found.missing()
    if not options.quiet:
        for puzzle in found.puzzles.values():
            print(f"{puzzle.id}\t{' '.join(found.places.get(puzzle.id, ['-']))}")
    print("\n".join([*found.unknown, *missing, ""]), end="")
    met = len(found.puzzles) - len(missing)
    print(f"{met} of {len(found.puzzles)} rows are met.")
    return 1 if missing or found.unknown else 0


def probe(_: argparse.Namespace) -> int:
    """Status 0 when experiments can be played on this machine; else says why not."""
    try:
        with World():
            return 0
    except NoWorld as refusal:
        print(refusal)
        return 3


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="handouts.py", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, function, text in (
        ("check", check, "play all sessions, and compare"),
        ("listings", check_listings, "compare the listings with their files"),
        ("refresh", refresh, "the same, and write what was seen into the handouts"),
        ("quotes", check_quotes, "compare what the grader is said to say with the grader"),
        ("links", check_links, "check links and anchors"),
        ("coverage", coverage, "where each puzzle is met"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("files", nargs="*", metavar="FILE")
        command.add_argument("--quiet", action="store_true", help="only what is wrong")
        command.set_defaults(run=function)
    command = commands.add_parser("listing", help="print a region of a compiled file")
    command.add_argument("file", metavar="FILE")
    command.add_argument("region", metavar="REGION", nargs="?", default="")
    command.set_defaults(run=print_listing)
    command = commands.add_parser("session", help="print the blocks of an experiment")
    command.add_argument("file", metavar="FILE")
    command.add_argument("title", metavar="HEADING")
    command.add_argument("--block", type=int, metavar="N", help="this block, without its fence")
    command.set_defaults(run=print_session)
    command = commands.add_parser("probe", help="can experiments be played here?")
    command.set_defaults(run=probe)
    return parser


def main() -> int:
    # The worlds end with this process: dying at once is the clean way to stop.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    options = arguments().parse_args()
    os.chdir(ROOT)
    try:
        return int(options.run(options))
    except Mistake as mistake:
        print(mistake, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
