"""Which of a contract's functions a change of a program is about."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from clang import cindex
from clang.cindex import Cursor, CursorKind, StorageClass

from submissions import ROOT, Sources


@dataclass
class Function:
    """A function as the parser sees it."""

    text: str
    exported: bool
    uses: set[str] = field(default_factory=set)


def uses_of(cursor: Cursor) -> set[str]:
    return {
        one.spelling
        for one in cursor.walk_preorder()
        if one.kind == CursorKind.DECL_REF_EXPR and one.spelling
    }


def functions_of(name: str, source: bytes) -> dict[str, Function]:
    """The functions of a file, and what stands outside of them under the name ""."""
    with tempfile.NamedTemporaryFile(suffix=".c") as file:
        file.write(source)
        file.flush()
        options = ["-std=gnu11", "-D_GNU_SOURCE", f"-I{ROOT}/labs/{Path(name).parent}", "-w"]
        unit = cindex.Index.create().parse(file.name, args=options)
        found: dict[str, Function] = {}
        rest = source
        for cursor in unit.cursor.get_children():
            place = cursor.location.file
            if not (place and place.name == file.name):
                continue
            if cursor.kind != CursorKind.FUNCTION_DECL or not cursor.is_definition():
                continue
            text = source[cursor.extent.start.offset : cursor.extent.end.offset]
            rest = rest.replace(text, b"", 1)
            found[cursor.spelling] = Function(
                " ".join(text.decode(errors="replace").split()),
                cursor.storage_class != StorageClass.STATIC,
                uses_of(cursor),
            )
        found[""] = Function(" ".join(rest.decode(errors="replace").split()), False)
        return found


def changed_in(name: str, before: bytes, after: bytes) -> set[str]:
    old, new = functions_of(name, before), functions_of(name, after)
    touched = {
        one
        for one in old.keys() | new.keys()
        if one not in old or one not in new or old[one].text != new[one].text
    }
    if touched == {""}:  # a macro or a variable: whoever uses it
        return {one for one, function in new.items() if function.exported}
    exported = {one for one in touched if one in new and new[one].exported}
    # A helper speaks for the functions that use it, by way of other helpers as well.
    helpers = {one for one in touched if one and one in new and not new[one].exported}
    while helpers:
        helper = helpers.pop()
        for one, function in new.items():
            if helper not in function.uses or one == helper:
                continue
            if function.exported:
                exported.add(one)
            elif one not in touched:
                touched.add(one)
                helpers.add(one)
    return exported


def changed(lab: int, before: Sources, after: Sources) -> set[str]:
    """The functions of the contract, or the programs of lab 5."""
    if lab == 5:
        return {Path(name).stem for name in after if before[name] != after[name]}
    result: set[str] = set()
    for name, source in after.items():
        result |= changed_in(name, before[name], source)
    return result
