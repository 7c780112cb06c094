"""The Markdown tree: blocks are a tree, inlines a flat list of runs.

A run is a piece of inline content with everything that holds for it: `<b>a <i>b</i></b>` is the runs `a` (strong) and
`b` (strong + em, a space before it). Nesting, merging and splitting of emphasis are then questions about neighbours,
and a list of neighbours is what the writer has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

# Kinds of runs.
TEXT: Final = 0
CODE: Final = 1
IMAGE: Final = 2
TEX: Final = 3
BREAK: Final = 4
RAW: Final = 5

# Marks of runs, to be or-ed.
STRONG: Final = 1
EM: Final = 2
DEL: Final = 4
SUP: Final = 8
SUB: Final = 16
KBD: Final = 32
KEPT: Final = 512
"""On emphasis that stays even where it cannot be seen, around punctuation."""
EMPHASIS: Final = STRONG | EM | DEL
BOXED: Final = SUP | SUB | KBD
NEXT: Final = 7
"""Shift of the mark that tells a superscript, a subscript or a key from the one of its kind right before it."""


class Link(NamedTuple):
    """Where a link leads; two links of the same target are told apart by `number`."""

    href: str
    title: str
    number: int


class Run(NamedTuple):
    """One piece of inline content.

    Attributes:
        kind: TEXT, CODE, IMAGE (text is the alternative text), TEX, BREAK or RAW (Markdown to be written as it is).
        text: no white space at its ends, single spaces inside; code as it stands.
        marks: or-ed marks.
        link: the link it is part of.
        space: whether white space stands before it.
        src: address of an image.
        title: title of an image.

    """

    kind: int
    text: str
    marks: int = 0
    link: Link | None = None
    space: bool = False
    src: str = ""
    title: str = ""


@dataclass(slots=True)
class Paragraph:
    """Inline content; a BREAK run is a hard line break."""

    runs: list[Run]


@dataclass(slots=True)
class Heading:
    """A heading of level 1 to 6."""

    level: int
    runs: list[Run]


@dataclass(slots=True)
class Fence:
    """A code block."""

    text: str
    language: str = ""


@dataclass(slots=True)
class Formula:
    """Display math."""

    tex: str


@dataclass(slots=True)
class Rule:
    """A thematic break."""


@dataclass(slots=True)
class Html:
    """A block of sanitized HTML, without blank lines."""

    text: str


@dataclass(slots=True)
class Quote:
    """A block quote."""

    blocks: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class Item:
    """A list item; `checked` is None when it is no task."""

    blocks: list[Block] = field(default_factory=list)
    checked: bool | None = None


@dataclass(slots=True)
class List:
    """A list; ordered when `start` is a number. `attributes`: a line right above it, as kramdown wants."""

    start: int | None = None
    items: list[Item] = field(default_factory=list)
    attributes: str = ""


@dataclass(slots=True)
class Table:
    """A table; rows have as many cells as the header. A cell is inline content, its BREAKs are written `<br>`."""

    header: list[list[Run]]
    rows: list[list[list[Run]]]
    alignments: list[str]


@dataclass(slots=True)
class Note:
    """The text of a footnote."""

    label: str
    blocks: list[Block] = field(default_factory=list)


Block = Paragraph | Heading | Fence | Formula | Rule | Html | Quote | List | Table | Note
