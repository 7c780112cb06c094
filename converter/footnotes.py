"""Text that looks like a reference to a footnote: `[^1]` is one where a note of that label exists, else text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from converter.nodes import RAW, TEXT, Heading, Item, List, Note, Paragraph, Quote, Run, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from converter.nodes import Block

_REFERENCE: Final = re.compile(r"\[(?=\^([^\]\s]+)\])")


def guard_labels(blocks: list[Block], labels: frozenset[str]) -> None:
    """Escape what would be read as a reference to one of these notes, in place."""
    found: list[Block | Item] = list(blocks)
    while found:
        match found.pop():
            case Paragraph(runs) | Heading(_, runs):
                runs[:] = _guarded(runs, labels)
            case Item(inner) | Quote(inner) | Note(_, inner):
                found += inner
            case List(_, items):
                found += items
            case Table(header, rows):
                for cell in (*header, *(cell for row in rows for cell in row)):
                    cell[:] = _guarded(cell, labels)
            case _:
                pass


def _guarded(runs: list[Run], labels: frozenset[str]) -> Iterable[Run]:
    out: list[Run] = []
    for run in runs:
        if run.kind == TEXT and "[^" in run.text:
            out += _split(run, labels)
        else:
            out.append(run)
    return out


def _split(run: Run, labels: frozenset[str]) -> Iterable[Run]:
    """Cut a text before each bracket that would begin a reference; the bracket is written with its backslash."""
    done, space = 0, run.space
    for match in _REFERENCE.finditer(run.text):
        if match[1] in labels:
            if match.start() > done:
                before = run.text[done : match.start()]
                stripped = before.rstrip(" ")
                yield run._replace(text=stripped or before, space=space)
                space = stripped != before
            yield run._replace(kind=RAW, text="\\[", space=space)
            done, space = match.end(), False
    yield run._replace(text=run.text[done:], space=space)
