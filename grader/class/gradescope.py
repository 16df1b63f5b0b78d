"""What Gradescope's export says about who handed in: the file submission_metadata.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from roster import tidy

METADATA_MAX = 64 << 20  # bytes; it also holds what other graders said of each submission
DEPTH_MAX = 50  # of lists within lists; the loader would overflow its stack at some 10,000
TEXT_MAX = 1000  # characters of an id or a name

People = dict[str, list[tuple[str, str | None]]]


class _Loader(yaml.CSafeLoader):
    """Merges nothing (<<): a few lines of merges upon merges would fill all memory."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        del node


def people(path: Path) -> People | None:
    """Ids and names by the name of a submission; None for a file that cannot be understood."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(METADATA_MAX)
        if _is_deep(text):
            return None
        told: Any = yaml.load(text, Loader=_Loader)
        return {
            key: [_person(one, key) for one in value[":submitters"]]
            for key, value in told.items()
            if isinstance(key, str)
        }
    except (OSError, ValueError, AttributeError, KeyError, TypeError, yaml.YAMLError):
        return None
    except (MemoryError, RecursionError):
        return None


def _is_deep(text: str) -> bool:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_MAX:
            return True
    return False


def _person(told: Any, fallback: str) -> tuple[str, str | None]:
    student = _text(told.get(":sid")) or _text(told.get(":email")) or fallback
    return student, _text(told.get(":name")) or None


def _text(value: Any) -> str:
    """A text or a number; anything else could be of any size when it is written out."""
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return tidy(str(value)[:TEXT_MAX])
    return ""
