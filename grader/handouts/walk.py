#!/usr/bin/python3
"""walk.py LAB - plays a handout's experiments live, at the reader's pace.

The text, the questions and the commands are the handout's; the processes are real, in a
world of their own (world.py), and end with this program however it ends.  Lines are only
ever added at the bottom of the terminal, so it works in any terminal, and through a pipe.
"""

from __future__ import annotations

import argparse
import os
import re
import select
import signal
import sys
import termios
import tty
from pathlib import Path
from typing import Any, NoReturn

try:
    from rich.console import Console, RenderableType
    from rich.markdown import Markdown
    from rich.markup import escape
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text
    from rich.theme import Theme

    import play
    from document import Answer, Block, Document, Listing, Mistake, Prose, Question, Section, Step
    from document import read as read_document
    from world import ROOT, NoWorld, World
except ModuleNotFoundError as missing:
    sys.exit(f"There is no Python module {missing.name} here. Install it: ./setup walk")

WIDE = 120  # columns from which the table stands at the side
SIDE = 52  # columns of the table there
TEXT = 88  # longer lines are hard to read

HELP = """\
Enter or space   type the next line
r                the rest of this block without a stop
b                back to the start of this experiment, or of the one before
n                go on to the next experiment
q                quit (so do Ctrl-C and Ctrl-D); nothing is left behind"""


class Quit(Exception):
    """The reader wants to stop."""


class Back(Exception):
    """Back to the start of an experiment."""


class Next(Exception):
    """On to the next experiment."""


def lab_files() -> dict[str, Path]:
    """The handouts by number, from the list of labs."""
    text = (ROOT / "grader/grade/labs.def").read_text(encoding="utf-8")
    found = re.findall(r'^LAB\((\d+), "([^"]+)"', text, re.MULTILINE)
    return {number: Path("labs") / directory / "README.md" for number, directory in found}


class Screen:
    """What is shown, and which keys are pressed."""

    def __init__(self) -> None:
        # The library's own style has a black ground, which hurts on a white terminal.
        theme = Theme({"markdown.code": "bold cyan"})
        self.console = Console(highlight=False, theme=theme)
        self.asks = sys.stdin.isatty() and sys.stdout.isatty()
        self.plain = not self.console.is_terminal or self.console.is_dumb_terminal
        self.bar = "|" if not str(self.console.encoding).startswith("utf") else "│"
        self.told_keys = False

    @property
    def wide(self) -> bool:
        return self.console.width >= WIDE

    @property
    def column(self) -> int:
        """The width of the text, beside the table if that has a place there."""
        room = self.console.width - SIDE - 2 if self.wide else self.console.width
        return min(room, TEXT)

    def show(self, what: RenderableType = "") -> None:
        self.console.print(what)

    def title(self, text: str) -> None:
        self.show()
        line = "=" if self.plain else "━"
        self.show(Text(text, style="bold"))
        self.show(Text(line * min(len(text), self.column), style="blue"))

    def prose(self, text: str) -> None:
        if text.startswith("!["):
            text = re.sub(r"!\[([^]]*)\]\([^)]*\)", r"(Figure: \1)", text)
        if text.startswith("|"):  # a table is readable as it is
            self.show(Text(text))
        else:
            self.show_trimmed(Markdown(text, hyperlinks=False))
        self.show()

    def show_trimmed(self, what: RenderableType, style: str = "") -> None:
        """Shows a text within the column, without the blanks that fill its lines."""
        with self.console.capture() as capture:
            self.console.print(what, width=self.column, style=style or None)
        for line in capture.get().rstrip("\n").split("\n"):
            self.console.file.write(line.rstrip() + "\n")

    def show_line(self, line: Text) -> None:
        """Shows a line of a terminal; one that is too long is wrapped by the reader's own."""
        self.console.print(line, soft_wrap=True)

    def key(self, prompt: str) -> str:
        """Waits for a key; the prompt goes away again where the terminal can do that."""
        if not self.asks:
            return "\n"
        descriptor = sys.stdin.fileno()
        saved = termios.tcgetattr(descriptor)
        try:
            # Before the prompt is seen, and without throwing away what was typed early.
            tty.setcbreak(descriptor, termios.TCSADRAIN)
            self.console.print(Text(prompt, style="dim"), end="")
            self.console.file.flush()
            pressed = self.read_key(descriptor)
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, saved)
        self.console.file.write("\n" if self.plain else "\r\x1b[K")
        self.console.file.flush()
        return pressed

    def read_key(self, descriptor: int) -> str:
        wait_for_input()
        pressed = os.read(descriptor, 1).decode("latin-1")
        while pressed == "\x1b":  # an arrow: three bytes of which none is ours
            os.read(descriptor, 2)
            wait_for_input()
            pressed = os.read(descriptor, 1).decode("latin-1")
        if pressed in ("", "\x04"):
            raise Quit
        return pressed

    def pause(self, what: str) -> str:
        """Waits until the reader goes on.  Returns "rest" when a whole block is to run."""
        keys = "r: rest of the block  b: back  ?: keys  q: quit"
        while True:
            pressed = self.key(f"[Enter: {what}  {keys}] ")
            if pressed in "\r\n ":
                return "next"
            if pressed == "r":
                return "rest"
            if pressed == "b":
                raise Back
            if pressed == "n":
                raise Next
            if pressed in "qQ":
                raise Quit
            self.show(HELP)

    def line(self, prompt: str) -> str:
        """A line that the reader types."""
        if not self.asks:
            return ""
        self.console.print(Text(prompt, style="bold"), end="")
        sys.stdout.flush()
        wait_for_input()
        line = sys.stdin.readline()
        if not line:
            raise Quit
        return line.strip()


def wait_for_input() -> None:
    """Waits until a line can be read, or a signal came. A read alone would sleep on when Ctrl-C is
    pressed just before it begins: Python looks for signals before and after, and not in between."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing)
    try:
        select.select([sys.stdin, reading], [], [])
    finally:
        signal.set_wakeup_fd(before)
        os.close(reading)
        os.close(writing)


def changes(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> Table:
    """The table of segments, with what has changed since it was shown last."""
    table = Table(box=None, padding=(0, 1), header_style="bold")
    for name in ("", "key", "shmid", "perms", "bytes", "nattch", "status"):
        table.add_column(name, no_wrap=True)
    old = {row["shmid"]: row for row in before}
    for row in now:
        table.add_row(*cells(old.pop(row["shmid"], None), row))
    for row in old.values():
        was = [f"{row['key']:#010x}", str(row["shmid"]), "", "", "", "gone"]
        table.add_row("-", *was, style="red strike")
    if not now and not before:
        table.add_row("", "(none)")
    return table


def cells(old: dict[str, Any] | None, row: dict[str, Any]) -> list[Text]:
    nattch = str(row["nattch"])
    if old and old["nattch"] != row["nattch"]:
        nattch = f"{old['nattch']} -> {row['nattch']}"
    status = "dest" if row["dest"] else ""
    values = [
        "+" if old is None else "*" if old != row else "",
        f"{row['key']:#010x}",
        str(row["shmid"]),
        f"{row['perms']:03o}",
        str(row["bytes"]),
        nattch,
        status,
    ]
    same = old is not None and old == row
    style = "" if same else "green" if old is None else "yellow"
    return [Text(value, style="yellow" if value == "dest" else style) for value in values]


class Walk:
    """A walk through one handout."""

    def __init__(self, document: Document, screen: Screen, mine: bool) -> None:
        self.document = document
        self.screen = screen
        self.mine = mine
        self.experiments = document.experiments()
        self.guess: tuple[Question, str] | None = None
        self.shown: list[dict[str, Any]] = []
        self.introduced = False
        self.moved = False  # was anything typed in this experiment?
        self.rest = False  # run to the end of the block

    def run(self, first: int) -> None:
        at = first - 1  # the introduction to the first one
        while at < len(self.experiments):
            self.moved = False
            try:
                if at < first and not self.introduced:
                    self.introduce()
                else:
                    self.experiment(at)
                    self.finish(at)
                at += 1
            except Back:
                at = at if self.moved else max(0, at - 1)
                self.screen.show(Text("Back to the start, in a fresh world.", style="bold"))
            except Next:
                at += 1
        self.screen.show(Text("This is the end of the walk. Now it is your turn.", style="bold"))
        self.screen.show("Your part is in " + str(self.document.path) + ".")

    def introduce(self) -> None:
        self.introduced = True
        head = self.document.sections[1] if len(self.document.sections) > 1 else None
        if not head or head.level != 1:
            return
        self.screen.title(head.title)
        for part in head.parts:
            if isinstance(part, Prose):
                self.screen.prose(part.text)
        whose = "your code in labs/" if self.mine else "the reference solution"
        self.screen.show(
            f"{len(self.experiments)} experiments, each in a world of its own, with {whose}."
        )
        if self.screen.asks:
            self.screen.show(HELP)
            self.screen.pause("begin")

    def finish(self, at: int) -> None:
        last = at == len(self.experiments) - 1
        self.screen.pause("end" if last else "the next experiment")

    def experiment(self, at: int) -> None:
        section = self.experiments[at]
        self.screen.title(section.title)
        missing = [need for need in section.option("needs") if not play.offers(need)]
        if missing:
            self.screen.show(f"Not run: this machine does not offer {', '.join(missing)}.")
            self.only_tell(section)
            return
        fresh = "fresh" in section.option("world")
        with World(play.code_for(section, self.mine), fresh) as world:
            player = play.Player(self.document, section, world)
            self.guess, self.shown = None, []
            for part in section.parts:
                self.part(player, part)
            self.screen.show()

    def only_tell(self, section: Section) -> None:
        for part in section.parts:
            if isinstance(part, Block):
                lines = self.document.lines[part.line : part.end - 1]
                self.screen.show(Padding(Text("\n".join(lines)), (0, 4)))
            elif not isinstance(part, Listing):
                self.screen.prose(part.text)

    def part(self, player: play.Player, part: object) -> None:
        if isinstance(part, Prose):
            self.screen.prose(part.text)
        elif isinstance(part, Question):
            self.ask(part)
        elif isinstance(part, Answer):
            self.answer(part)
        elif isinstance(part, Listing):
            self.screen.show(Padding(Text(part.content.rstrip()), (0, 4)))
            self.screen.show()
        elif isinstance(part, Block):
            self.block(player, part)

    def ask(self, question: Question) -> None:
        self.screen.show(Text("?  Guess first.", style="bold magenta"))
        self.screen.prose(question.text)
        for number, choice in enumerate(question.choices, 1):
            line = Markdown(choice, hyperlinks=False)
            grid = Table.grid(padding=(0, 1))
            grid.add_row(Text(f"  {number})", style="bold"), line)
            self.screen.show_trimmed(grid)
        if question.choices:
            self.screen.show()
        self.guess = (question, self.read_guess(question))

    def read_guess(self, question: Question) -> str:
        numbers = [str(number + 1) for number in range(len(question.choices))]
        if not self.screen.asks:
            return ""
        wanted = f"1-{len(numbers)}" if numbers else "some words"
        while True:
            said = self.screen.line(f"Your guess ({wanted}, or Enter alone; q quits): ")
            if said in ("q", "Q"):
                raise Quit
            if said == "b":
                raise Back
            if not said or not numbers or said in numbers:
                self.screen.show()
                return said
            self.screen.show(f"Type one of {', '.join(numbers)}.")

    def answer(self, answer: Answer) -> None:
        if self.guess:
            self.judge(*self.guess)
            self.guess = None
        self.screen.prose(answer.text)

    def judge(self, question: Question, said: str) -> None:
        """Compares the guess with what was measured."""
        if not question.answers:
            return
        right = " or ".join(question.answers)
        if question.choices:
            right = ", ".join(question.choices[int(answer) - 1] for answer in question.answers)
        if said and fits(said, question):
            text, style = f"You said so: {right}", "bold green"
        elif said:
            text, style = f"You said {said}. Measured: {right}", "bold yellow"
        else:
            text, style = f"Measured: {right}", "bold"
        self.screen.show_trimmed(Markdown(text, hyperlinks=False), style)
        self.screen.show()

    def block(self, player: play.Player, block: Block) -> None:
        self.rest = not self.screen.asks
        for step in block.steps:
            if step.kind == "before":
                self.step(player, block, step)
                continue
            lines = [player.values.in_command(line)[0] for line in step.text]
            self.show_typed(block, step, lines)
            if not self.rest:
                what = {"key": "press it"}.get(step.kind, "type it")
                self.rest = self.screen.pause(what) == "rest"
            self.step(player, block, step)
        self.screen.show()

    def show_typed(self, block: Block, step: Step, lines: list[str]) -> None:
        for index, line in enumerate(lines):
            prompt = ">" if index else step.prompt
            self.screen.show_line(self.marked(block, f"{prompt} {line}".strip(), "bold"))

    def marked(self, block: Block, line: str, style: str = "") -> Text:
        """A line of a terminal, with the terminal's name in front."""
        name = f"{block.terminal} {self.screen.bar} "
        return Text.assemble((name, "cyan"), (line, style))

    def step(self, player: play.Player, block: Block, step: Step) -> None:
        self.moved = True
        known = len(player.result.mismatches)
        seen = player.play(block, step)
        lines = [self.marked(block, line) for line in seen]
        for mismatch in player.result.mismatches[known:]:
            lines += self.difference(block, mismatch)
        changed = player.segments != self.shown
        if changed and self.screen.wide:
            grid = Table.grid(padding=(0, 2))
            grid.add_column(width=self.screen.column)
            grid.add_column(width=SIDE)
            grid.add_row(Text("\n").join(lines), changes(self.shown, player.segments))
            self.screen.show(grid)
        else:
            for line in lines:
                self.screen.show_line(line)
            if changed:
                table = changes(self.shown, player.segments)
                self.screen.show_trimmed(Padding(table, (0, 0, 0, 6)))
        self.shown = player.segments

    def difference(self, block: Block, mismatch: play.Mismatch) -> list[Text]:
        text = "the handout shows: " + (" / ".join(mismatch.expected) or "nothing")
        lines = [self.marked(block, text, "yellow")]
        if mismatch.reason:
            lines.append(self.marked(block, mismatch.reason, "yellow"))
        return lines


def fits(said: str, question: Question) -> bool:
    return said.lower() in [answer.lower().strip("`") for answer in question.answers]


def leave(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make walk")
    parser.add_argument("lab", help="its number, or the file of any handout")
    parser.add_argument("--with", dest="code", default="", help="mine: with your own code")
    parser.add_argument("--from", dest="first", default="", help="the experiment to begin with")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    os.chdir(ROOT)
    files = lab_files()
    if options.lab.endswith(".md"):
        files[options.lab] = Path(options.lab)
    if options.lab not in files:
        print(f"There is no lab '{options.lab}'. Write: make walk LAB=1 (to {max(files)}).")
        return 2
    if options.code not in ("", "mine", "solution"):
        print(f"WITH={options.code}: write WITH=mine, or leave it out for the solution.")
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    document = read_document(files[options.lab])
    walk = Walk(document, Screen(), options.code == "mine")
    first = int(options.first) if options.first.isdigit() else 1
    if not 1 <= first <= len(walk.experiments):
        print(f"FROM={options.first}: the experiments are 1 to {len(walk.experiments)}.")
        return 2
    try:
        walk.run(first - 1)
    except (Quit, KeyboardInterrupt):
        print("\nYou left the walk. Nothing is left behind.")
    except NoWorld as refusal:
        print(f"Not run: this machine gives no private world ({escape(str(refusal))}).")
        print(f"`make doctor` says how to get one. The text is in {document.path}.")
        return 3
    except Mistake as mistake:
        print(mistake)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
