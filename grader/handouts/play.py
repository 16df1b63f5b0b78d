"""Plays the experiments of a handout, and compares what is printed with what it shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from document import Block, Comment, Document, Mistake, Section, Step
from values import Disagreement, ValueMistake, Values
from world import NoWorld, World

ELSE = (
    "If the output that was seen is right, `make handouts` writes it into the handout;\n"
    "if not, mend the command, the text or the program."
)
MEND = "Mend the session: the commands, their order, or the terminals' names."
PROBES = {"strace": "strace -o /dev/null true"}


@dataclass
class Mismatch:
    """A place in a handout that is not as it is in reality."""

    place: str  # FILE:LINE
    experiment: str
    terminal: str
    command: str
    expected: list[str]
    seen: list[str]
    reason: str = ""
    lasting: bool = False  # new output does not mend it

    def __str__(self) -> str:
        parts = [f"{self.place}: experiment '{self.experiment}', terminal {self.terminal}"]
        parts.append(f"  command   {self.command}")
        parts += labelled("expected", self.expected)
        parts += labelled("seen", self.seen)
        if self.reason:
            parts.append(f"  because   {self.reason}")
        parts += labelled("to do", (MEND if self.lasting else ELSE).splitlines())
        return "\n".join(parts)


def labelled(label: str, lines: list[str]) -> list[str]:
    lines = lines or ["(nothing)"]
    return [f"  {label if at == 0 else '':<9} {line}" for at, line in enumerate(lines)]


@dataclass
class Result:
    """What came of one experiment."""

    document: Document
    section: Section
    mismatches: list[Mismatch] = field(default_factory=list)
    not_run: str = ""
    outputs: dict[int, list[str]] = field(default_factory=dict)  # id(step): as it should read


def trimmed(text: str) -> list[str]:
    """Lines without blanks at their ends, and without empty lines around them."""
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def blocks_text(block: Block, outputs: dict[int, list[str]]) -> list[str]:
    """The lines between the fences."""
    lines: list[str] = []
    for step in block.steps:
        if step.kind == "command":
            lines.append(f"{step.prompt} {step.text[0]}".rstrip())
            lines += [f"> {more}".rstrip() for more in step.text[1:]]
        else:
            lines += step.text
        lines += outputs.get(id(step), step.output)
    return lines


@dataclass
class Alignment:
    """How far the expected lines agree with the seen ones."""

    good: bool
    values: Values
    line: int = 0  # index of the first expected line that does not
    reason: str = ""


def align(expected: list[str], seen: list[str], values: Values, place: list[str]) -> Alignment:
    """Compares outputs line by line; `...` stands for any number of lines."""
    values = values.copy()
    for index, line in enumerate(expected):
        if line.strip() == "...":
            return skip_lines(expected, seen, values, place, index)
        if index >= len(seen):
            return Alignment(False, values, index, "the output ends here")
        answer = values.match(line, seen[index], place[index])
        if isinstance(answer, Disagreement):
            return Alignment(False, values, index, str(answer))
        if not answer:
            return Alignment(False, values, index)
    if len(seen) > len(expected):
        return Alignment(False, values, len(expected), "more is printed than the handout shows")
    return Alignment(True, values)


def skip_lines(
    expected: list[str], seen: list[str], values: Values, place: list[str], index: int
) -> Alignment:
    rest = expected[index + 1 :]
    best = Alignment(False, values, index)
    for start in range(index, len(seen) + 1):
        found = align(rest, seen[start:], values, place[index + 1 :])
        if found.good:
            return found
        if found.line + index + 1 > best.line:
            best = Alignment(False, values, found.line + index + 1, found.reason)
    return best


class Player:
    """Plays one experiment in one world."""

    def __init__(self, document: Document, section: Section, world: World) -> None:
        self.document = document
        self.section = section
        self.world = world
        self.values = declared_values(document, section)
        self.result = Result(document, section)
        self.state: dict[str, dict[str, Any]] = {}
        self.pending: dict[str, str] = {}
        self.segments: list[dict[str, Any]] = []
        self.processes: dict[str, str] = {}

    def run(self) -> Result:
        for block in self.section.blocks():
            for step in block.steps:
                self.play(block, step)
        self.find_unshown()
        return self.result

    def ask(self, do: str, terminal: str, text: str = "") -> str:
        """Asks the stage.  Returns what is wrong, or an empty text."""
        answer = self.world.ask(do, terminal, text)
        for name, state in answer["terminals"].items():
            self.state[name] = state
            self.pending[name] = self.pending.get(name, "") + state["output"]
        self.segments = answer["segments"]
        self.processes = answer["processes"]
        return str(answer.get("trouble", ""))

    def take(self, terminal: str) -> list[str]:
        return trimmed(self.pending.pop(terminal, ""))

    def play(self, block: Block, step: Step) -> list[str]:
        """Types a step, compares, and returns the output."""
        trouble = self.type(block, step)
        seen = self.take(block.terminal)
        self.compare(block, step, seen, trouble)
        return seen

    def type(self, block: Block, step: Step) -> str:
        name = block.terminal
        if name not in self.state:
            self.ask("open", name)
        if step.kind == "before":
            return ""
        if self.state[name]["ended"]:
            return "the terminal's shell has ended"
        if step.kind == "command" and self.state[name]["prompt"] != step.prompt:
            return f"the terminal is not at the prompt `{step.prompt}`: {self.standing(name)}"
        if step.kind == "typed" and self.state[name]["prompt"]:
            return f"no program waits for a line: {self.standing(name)}"
        if step.kind == "command" and self.pending.get(name, "").strip():
            early = self.take(name)
            return "before this command the terminal had printed: " + " / ".join(early)
        if step.kind == "key":
            return self.ask("press", name, step.text[0])
        return self.type_lines(name, step)

    def type_lines(self, name: str, step: Step) -> str:
        for index, line in enumerate(step.text):
            if index > 0 and self.state[name]["prompt"] != ">":
                return "the command is complete before the line: " + line
            typed, _ = self.values.in_command(line)
            trouble = self.ask("type", name, typed)
            if trouble:
                return trouble
        if self.state[name]["prompt"] == ">":
            return "the command is not complete: the shell asks for more"
        return ""

    def standing(self, name: str) -> str:
        prompt = self.state[name]["prompt"]
        if self.state[name]["ended"]:
            return "its shell has ended"
        return f"it stands at `{prompt}`" if prompt else "a command still runs"

    def compare(self, block: Block, step: Step, seen: list[str], trouble: str) -> None:
        first = step.line + len(step.text)
        expected = step.output
        while expected and not expected[-1].strip():
            expected = expected[:-1]
        while expected and not expected[0].strip():
            expected, first = expected[1:], first + 1
        places = [f"{self.document.path}:{first + at}" for at in range(len(expected) + 1)]
        found = align(expected, seen, self.values, places)
        if found.good and not trouble:
            self.values = found.values
            return
        if not found.good:
            self.bind_what_fits(expected, seen, places)
            self.result.outputs[id(step)] = [self.values.in_handout(line) for line in seen]
        self.result.mismatches.append(
            Mismatch(
                places[found.line] if not found.good else f"{self.document.path}:{step.line}",
                self.section.title,
                block.terminal,
                " ".join([step.prompt, *step.text]).strip() or "(what came since the last block)",
                expected,
                seen,
                trouble or found.reason,
                bool(trouble),
            )
        )

    def bind_what_fits(self, expected: list[str], seen: list[str], places: list[str]) -> None:
        """After a mismatch, so that the rest of the experiment can still be played."""
        for line, text, place in zip(expected, seen, places):
            attempt = self.values.copy()
            if attempt.match(line, text, place) is True:
                self.values = attempt

    def find_unshown(self) -> None:
        last = {block.terminal: block for block in self.section.blocks()}
        for name in list(self.pending):
            seen = self.take(name)
            if seen:
                self.result.mismatches.append(
                    Mismatch(
                        f"{self.document.path}:{last[name].end}",
                        self.section.title,
                        name,
                        "(the end of the experiment)",
                        ["no more output"],
                        seen,
                        "a further block of this terminal has to show it",
                        True,
                    )
                )


def declared_values(document: Document, section: Section) -> Values:
    values = Values()
    for comment in section.values:
        declare(document, values, comment)
    return values


def declare(document: Document, values: Values, comment: Comment) -> None:
    try:
        values.declare(comment.text)
    except ValueMistake as mistake:
        raise Mistake(document.path, comment.line, str(mistake)) from mistake


def code_for(section: Section, mine: bool = False) -> str:
    if "skeletons" in section.option("world"):
        return "skeleton"
    return "mine" if mine else "solution"


@lru_cache(maxsize=None)
def offers(need: str) -> bool:
    """Can the programs of a world do this here?"""
    with World() as world:
        probe = PROBES.get(need, f"command -v {need}")
        answer = world.ask("type", "probe", f"{{ {probe}; }} > /dev/null 2>&1 && echo yes")
        return "yes" in str(answer["terminals"]["probe"]["output"])


def play(document: Document, section: Section) -> Result:
    declared_values(document, section)
    try:
        missing = [need for need in section.option("needs") if not offers(need)]
        if missing:
            reason = f"this machine does not offer {', '.join(missing)}"
            return Result(document, section, not_run=reason)
        with World(code_for(section), "fresh" in section.option("world")) as world:
            return Player(document, section, world).run()
    except NoWorld as refusal:
        return Result(document, section, not_run=f"no namespaces here: {refusal}")
