"""The words of the reports: whole sentences, in words/LANGUAGE.toml and nowhere else.

A sentence has named places, as {points}. Where its form depends on a number it is a table with
the keys `one` and `other`, chosen by {n}; a language with one form has `other` alone.
A translation is a file beside en.toml with the same keys.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("words")


class Words:
    """The sentences of one language: words("feedback.points", points=3, possible=100)."""

    def __init__(self, language: str = "en") -> None:
        with open(FOLDER / f"{language}.toml", "rb") as file:
            self._sections: dict[str, dict[str, Any]] = tomllib.load(file)
        self.language = language

    def __call__(self, key: str, /, **places: object) -> str:
        section, _, name = key.partition(".")
        sentence = self._sections[section][name]
        if isinstance(sentence, dict):
            form = "one" if places["n"] == 1 and "one" in sentence else "other"
            sentence = sentence[form]
        return str(sentence).format(**places)

    def section(self, name: str) -> dict[str, Any]:
        """All sentences of one section, for a program that fills the places itself."""
        return self._sections[name]


def languages() -> list[str]:
    """The languages that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))
