"""Reads a handout: what the Markdown library says, as experiments, blocks and links.

README.md in this folder explains the format.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Union

from markdown_it import MarkdownIt
from markdown_it.token import Token


class Mistake(Exception):
    """Something in a handout that cannot be understood; says where."""

    def __init__(self, path: Path, line: int, text: str) -> None:
        super().__init__(f"{path}:{line}: {text}")


@dataclass
class Comment:
    """`<!-- word: text -->`."""

    word: str
    text: str
    line: int


@dataclass
class Step:
    """One thing that is typed, and what is printed then."""

    kind: str  # "command", "typed", "key", or "before": printed since the last block
    prompt: str
    text: list[str]  # more than one line: the shell asks for more
    line: int
    output: list[str] = field(default_factory=list)


@dataclass
class Block:
    """A played session of one terminal."""

    terminal: str
    steps: list[Step]
    line: int  # of the opening fence
    end: int  # of the closing fence


@dataclass
class Prose:
    text: str
    line: int


@dataclass
class Question:
    text: str
    choices: list[str]
    answers: list[str]
    line: int


@dataclass
class Answer:
    text: str
    line: int


@dataclass
class Listing:
    """A piece of a compiled file."""

    path: str
    region: str
    line: int
    end: int
    content: str


@dataclass
class Quote:
    """What the grader says of a mutant."""

    source: str
    content: str
    line: int


Part = Union[Prose, Question, Block, Answer, Listing]


@dataclass
class Section:
    """A heading and what stands directly below it.  With blocks, it is an experiment."""

    title: str
    level: int
    line: int
    parts: list[Part] = field(default_factory=list)
    values: list[Comment] = field(default_factory=list)
    options: dict[str, list[str]] = field(default_factory=dict)

    def blocks(self) -> list[Block]:
        return [part for part in self.parts if isinstance(part, Block)]

    def option(self, word: str) -> list[str]:
        return self.options.get(word, [])


@dataclass
class Link:
    target: str
    line: int


@dataclass
class Document:
    path: Path
    lines: list[str]
    sections: list[Section] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    puzzles: list[Comment] = field(default_factory=list)
    quotes: list[Quote] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    def experiments(self) -> list[Section]:
        return [section for section in self.sections if section.blocks()]

    def listings(self) -> list[Listing]:
        parts = [part for section in self.sections for part in section.parts]
        return [part for part in parts if isinstance(part, Listing)]


class Html(HTMLParser):
    """What matters in a piece of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.comments: list[tuple[int, str]] = []
        self.links: list[tuple[int, str]] = []
        self.anchors: list[str] = []
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.feed(text)
        self.close()

    def handle_comment(self, data: str) -> None:
        self.comments.append((self.getpos()[0] - 1, data.strip()))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append(tag)
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append((self.getpos()[0] - 1, value))
            if name in ("id", "name") and value:
                self.anchors.append(value)

    def handle_endtag(self, tag: str) -> None:
        self.closed.append(tag)


COMMENTS = ("puzzles", "values", "typed", "world", "needs", "ask", "answer", "code")
LAB_PROMPT = re.compile(r"(lab[1-9]>) ?(.*)")
KEYS = ("^C", "^D", "^Z", "^\\")


def slug(title: str, taken: set[str]) -> str:
    """GitHub's rule for the anchor of a heading."""
    plain = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
    name, number = plain, 0
    while name in taken:
        number += 1
        name = f"{plain}-{number}"
    return name


def plain_text(token: Token) -> str:
    return "".join(
        child.content
        if child.type in ("text", "code_inline")
        else " " * (child.type == "softbreak")
        for child in token.children or ()
    )


class Reader:
    """Goes through the tokens of one file."""

    def __init__(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        self.document = Document(path, text.splitlines())
        self.section = Section("", 1, 1)
        self.document.sections.append(self.section)
        self.typed: list[str] = []  # of the next block
        self.code: Comment | None = None  # of the next block
        self.source = ""  # of the next block: a mutant
        self.asking = False
        self.in_details = False
        self.tokens = MarkdownIt("commonmark").enable("table").parse(text)

    def mistake(self, line: int, text: str) -> None:
        self.document.mistakes.append(Mistake(self.document.path, line, text))

    def read(self) -> Document:
        for index, token in enumerate(self.tokens):
            if token.type == "inline":
                self.read_inline(token)
            if token.map is None or token.level > 0:
                continue
            if token.type == "heading_open":
                self.open_section(token, self.tokens[index + 1])
            elif token.type == "html_block":
                self.read_html(token.content, token.map[0] + 1)
            elif token.type == "fence":
                self.read_fence(token)
            elif token.nesting >= 0 and token.type != "inline":
                self.read_prose(token)
        return self.document

    def open_section(self, token: Token, inline: Token) -> None:
        assert token.map
        title = plain_text(inline)
        self.document.anchors.add(slug(title, self.document.anchors))
        self.section = Section(title, int(token.tag[1]), token.map[0] + 1)
        self.document.sections.append(self.section)

    def read_inline(self, token: Token) -> None:
        assert token.map
        line = token.map[0] + 1
        for child in token.children or ():
            if child.type in ("softbreak", "hardbreak"):
                line += 1
            for name in ("href", "src"):
                if child.type in ("link_open", "image") and child.attrGet(name):
                    self.document.links.append(Link(str(child.attrGet(name)), line))
            if child.type == "html_inline":
                self.read_html(child.content, line)

    def read_html(self, text: str, line: int) -> None:
        html = Html(text)
        self.document.anchors.update(html.anchors)
        self.document.links += [Link(target, line + at) for at, target in html.links]
        for at, comment in html.comments:
            self.read_comment(comment, line + at)
        if "details" in html.opened:
            self.in_details = "details" not in html.closed
        elif "details" in html.closed:
            self.in_details = False
        elif not html.comments and html.opened and not self.in_details:
            self.section.parts.append(Prose(text.strip(), line))

    def read_comment(self, text: str, line: int) -> None:
        word, colon, rest = text.partition(":")
        word = word.strip()
        comment = Comment(word, rest.strip(), line)
        if text.startswith("from grader/mutants/"):
            self.source = text.removeprefix("from ").strip()
            return
        if word not in COMMENTS:
            if colon and word.isalpha():
                known = ", ".join(COMMENTS)
                self.mistake(line, f"there is no comment '{word}:' (there are: {known})")
            return
        if word == "puzzles":
            self.document.puzzles.append(comment)
        elif word == "values":
            self.section.values.append(comment)
        elif word in ("world", "needs"):
            self.section.options.setdefault(word, []).extend(comment.text.split())
        elif word == "typed":
            self.typed = shlex.split(comment.text)
        elif word == "code":
            self.code = comment
        elif word == "ask":
            self.asking = True
        elif word == "answer":
            self.read_answer(comment)

    def read_answer(self, comment: Comment) -> None:
        questions = [part for part in self.section.parts if isinstance(part, Question)]
        if not questions or questions[-1].answers:
            self.mistake(comment.line, "this answer belongs to no question: <!-- ask -->")
            return
        question = questions[-1]
        question.answers = [answer.strip() for answer in comment.text.split("|")]
        if question.choices:
            numbers = [str(number + 1) for number in range(len(question.choices))]
            if not set(question.answers) <= set(numbers):
                self.mistake(comment.line, f"the choices are {', '.join(numbers)}")

    def read_fence(self, token: Token) -> None:
        assert token.map
        line, end = token.map[0] + 1, token.map[1]
        words = token.info.split()
        if words[:1] == ["console"]:
            if len(words) != 2 or not words[1].isalnum():
                self.mistake(line, "a session names its terminal: ```console A")
                return
            steps = self.read_steps(token.content.split("\n")[:-1], line + 1)
            self.section.parts.append(Block(words[1], steps, line, end))
        elif self.code:
            path, _, region = self.code.text.partition(" ")
            self.section.parts.append(Listing(path, region.strip(), line, end, token.content))
            self.code = None
        else:
            if self.source:
                self.document.quotes.append(Quote(self.source, token.content, line))
                self.source = ""
            self.add_text("\n".join(self.document.lines[line - 1 : end]), line)

    def read_steps(self, lines: list[str], first: int) -> list[Step]:
        steps = [Step("before", "", [], first)]
        typed, self.typed = self.typed, []
        for number, text in enumerate(lines, first):
            step = steps[-1]
            lab = LAB_PROMPT.fullmatch(text)
            if text.startswith("$ ") or text == "$":
                steps.append(Step("command", "$", [text[2:]], number))
            elif lab:
                steps.append(Step("command", lab[1], [lab[2]], number))
            elif text in KEYS:
                steps.append(Step("key", "", [text], number))
            elif text.startswith("> ") and step.kind == "command" and not step.output:
                step.text.append(text[2:])
            elif typed and text == typed[0]:
                steps.append(Step("typed", "", [typed.pop(0)], number))
            else:
                step.output.append(text)
        if typed:
            self.mistake(first - 1, f"this line is said to be typed, and is not here: {typed[0]}")
        return steps if steps[0].output else steps[1:]

    def read_prose(self, token: Token) -> None:
        assert token.map
        line, end = token.map[0] + 1, token.map[1]
        text = "\n".join(self.document.lines[line - 1 : end]).strip("\n")
        last = self.section.parts[-1] if self.section.parts else None
        if self.asking:
            self.section.parts.append(Question(text, [], [], line))
            self.asking = False
        elif isinstance(last, Question) and not last.choices and "_list_open" in token.type:
            last.choices = self.items(token)
        else:
            self.add_text(text, line)

    def items(self, opening: Token) -> list[str]:
        """The items of a list, as they are written."""
        assert opening.map
        found = []
        for token in self.tokens:
            if token.type == "list_item_open" and token.level == 1 and token.map:
                if opening.map[0] <= token.map[0] < opening.map[1]:
                    lines = self.document.lines[token.map[0] : token.map[1]]
                    text = " ".join(line.strip() for line in lines).strip()
                    found.append(re.sub(r"^([-*+]|\d+[.)]) +", "", text))
        return found

    def add_text(self, text: str, line: int) -> None:
        if self.in_details:
            self.section.parts.append(Answer(text, line))
        else:
            self.section.parts.append(Prose(text, line))


def read(path: Path) -> Document:
    return Reader(path).read()
