"""What a student gets to read: feedback/ID.md and feedback/ID.html.

They show what the student's own `make lab3 ALL=1` shows, and nothing of anybody else.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from formats import FileEach, status_sentences
from model import Student, by_hand_text, find_it_text, leaks_text, outcome_text, steps_text
from pictures import Pictures, draw
from results import read_traces
from text import fenced, markdown
from words import Words

TEMPLATES = Path(__file__).with_name("templates")
_CODE = re.compile("`([^`]+)`")


def code(text: str) -> Markup:
    """A sentence for HTML: `this` becomes code, everything else is escaped."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


@cache
def environment(language: str) -> jinja2.Environment:
    """The templates of all reports: everything is escaped, and an unknown name is an error."""
    words = Words(language)
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=lambda name: not (name or "").endswith(".md.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        words=words,
        outcome_text=lambda result: outcome_text(result, words),
        by_hand_text=lambda result, lab: by_hand_text(result, lab, words),
        find_it_text=lambda result, lab: find_it_text(result, lab, words),
        status_sentences=lambda student: status_sentences(student, words),
    )
    made.filters.update(
        code=code,
        md=lambda text: Markup(markdown(text)),
        fenced=lambda text: Markup(fenced(text)),
        svg=Markup,  # pictures.py has made it safe
        steps=lambda result: Markup(steps_text(result, words)),
        leaks=lambda result: leaks_text(result, words),
    )
    return made


def fragment(student: Student, words: Words) -> str:
    """A student's story as a piece of HTML, for the student's page and the instructor's."""
    if "fragment" not in student.shared:
        template = environment(words.language).get_template("story.html.j2")
        student.shared["fragment"] = template.render(student=student, pictures=Pictures())
    return student.shared["fragment"]


class Feedback(FileEach):
    """feedback/ID.md and feedback/ID.html."""

    folder = "feedback"
    pictures = False
    """Whether the failed checks get pictures; they cost time."""

    def story(self, student: Student) -> Markup:
        """The fragment; with pictures, where they are wanted."""
        if not self.pictures:
            return Markup(fragment(student, self.words))
        template = environment(self.words.language).get_template("story.html.j2")
        traces = read_traces(self.out, student.stem)
        return Markup(template.render(student=student, pictures=draw(student, traces)))

    def add(self, student: Student) -> None:
        templates = environment(self.words.language)
        facts = {"student": student, "course": self.course}
        page = templates.get_template("feedback.html.j2").render(facts, story=self.story(student))
        self.write(student, ".html", page + "\n")
        text = templates.get_template("feedback.md.j2").render(facts)
        self.write(student, ".md", re.sub(r"\n{3,}", "\n\n", text).strip() + "\n")
