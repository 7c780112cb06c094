"""Blocks to lines: containers only prefix lines, blank lines are a function of two neighbouring blocks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from converter import inline
from converter.footnotes import guard_labels
from converter.nodes import (
    TEXT,
    Block,
    Fence,
    Formula,
    Heading,
    Html,
    Item,
    List,
    Note,
    Paragraph,
    Quote,
    Rule,
    Run,
    Table,
)
from converter.unsafe import guard_heading, guard_item, guard_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from converter.model import HardBreak

_TICKS: Final = re.compile(r"^[ \t]*(`{3,})", re.MULTILINE)
_INFO: Final = re.compile(r"`|\\(?=[!-/:-@\[-`{-~])|&(?=#?\w+;)")
_HARD_BREAKS: Final = {"backslash": "\\\n", "spaces": "  \n"}
_MAX_NUMBER: Final = 999_999_999  # CommonMark: at most nine digits
# A marker and dashes, or stars, make a rule together.
_RULE: Final = re.compile(r"(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}")
_RULERS: Final = frozenset("-*_")
_BOXES: Final = {True: "\u2611", False: "\u2610"}
_DELIMITER_CELLS: Final = {"": "---", "left": ":--", "center": ":-:", "right": "--:"}


class _Style:
    """Options of one document."""

    __slots__ = ("hard_break",)

    def __init__(self, hard_break: str) -> None:
        self.hard_break = hard_break


def emit(blocks: list[Block], hard_break: HardBreak = "backslash") -> str:
    """Write the body of an article: Markdown ending in one line end, or nothing at all when there are no blocks."""
    labels = frozenset(block.label for block in blocks if type(block) is Note)
    if labels:
        guard_labels(blocks, labels)
    lines = _lines(blocks, _Style(_HARD_BREAKS[hard_break]))
    return "\n".join(lines) + "\n" if lines else ""


def title_blocks(title: str) -> list[Block]:
    """Make a level-1 heading of a title, in which it is text whatever it holds."""
    return [Heading(1, [Run(TEXT, title)])]


def _lines(blocks: list[Block], style: _Style, *, tight: bool = False) -> list[str]:
    """Lines of blocks that follow each other in one container."""
    out: list[str] = []
    last: Block | None = None
    marker = 0
    for block in blocks:
        if type(block) is Paragraph:
            lines = _paragraph(inline.render(block.runs, hard_break=style.hard_break))
        elif type(block) is List:
            # A list right after a list would go on with it, so it takes the other marker.
            same = isinstance(last, List) and (last.start is None) == (block.start is None)
            marker = 1 - marker if same else 0
            lines = _list(block, style, marker)
        else:
            lines = _WRITERS[type(block)](block, style)
        if not lines:
            continue
        if out and not (tight and isinstance(block, List) and isinstance(last, Paragraph)):
            out.append("")
        out += lines
        last = block
    return out


def _write_heading(block: Heading, style: _Style) -> list[str]:  # noqa: ARG001 (all writers are called alike)
    text = inline.render(block.runs, heading=True)
    if not block.runs:
        return ["#" * block.level]
    return [f"{'#' * block.level} {guard_heading(text)}"] if text else []


def _write_quote(block: Quote, style: _Style) -> list[str]:
    if not block.blocks:
        return [">"]
    return [f"> {line}" if line else ">" for line in _lines(block.blocks, style)]


def _write_note(block: Note, style: _Style) -> list[str]:
    return _indented(_lines(block.blocks, style), f"[^{block.label}]: ", "    ")


def _paragraph(text: str) -> list[str]:
    return guard_lines(text) if text else []


def _write_fence(block: Fence, style: _Style) -> list[str]:  # noqa: ARG001
    text = block.text
    longest = max((len(run) for run in _TICKS.findall(text)), default=0) if "```" in text else 0
    fence = "`" * max(3, longest + 1)
    language = _INFO.sub(lambda m: f"&#{ord(m[0])};", block.language)
    return [fence + language, *text.split("\n"), fence] if text else [fence + language, fence]


def _list(block: List, style: _Style, marker: int) -> list[str]:
    """Write a list: tight unless one of its items holds two blocks, nested lists at its end not counted."""
    items = [_with_text(item) for item in block.items]
    tight = all(_is_tight(item) for item in items)
    out: list[str] = [block.attributes] if block.attributes else []
    number = block.start
    for item in items:
        if number is None:
            mark = "-*"[marker]
        else:
            mark = f"{number}{'.)'[marker]}"
            number = min(number + 1, _MAX_NUMBER)  # only the first one counts
        lines = _item(item, style, mark, tight=tight)
        if item is not items[0] and not tight:
            out.append("")
        out += lines
    return out


def _with_text(item: Item) -> Item:
    """A check box needs text beside it; where there is none a ballot box stands for it."""
    if item.checked is None or (item.blocks and isinstance(item.blocks[0], Paragraph)):
        return item
    return Item([Paragraph([Run(TEXT, _BOXES[item.checked])]), *item.blocks])


def _is_tight(item: Item) -> bool:
    blocks = item.blocks
    if len(blocks) <= 1:
        return True
    rest_lists = all(isinstance(b, List) and _may_interrupt(b) for b in blocks[1:])
    return len(blocks) == 2 and rest_lists and isinstance(blocks[0], Paragraph)  # noqa: PLR2004


def _may_interrupt(block: List) -> bool:
    """Whether a list may stand right below a paragraph: not one that begins with another number than 1, or empty."""
    return block.start in {None, 1} and (not block.items or _has_more_than_a_marker(block.items[0]))


def _has_more_than_a_marker(item: Item) -> bool:
    return bool(item.blocks) or item.checked is not None


def _item(item: Item, style: _Style, mark: str, *, tight: bool) -> list[str]:
    blocks = item.blocks
    if len(blocks) == 1 and type(blocks[0]) is Paragraph:
        lines = _paragraph(inline.render(blocks[0].runs, hard_break=style.hard_break))
    else:
        lines = _lines(blocks, style, tight=tight)
    if not lines:
        return [mark]
    if item.checked is not None:
        lines[0] = f"{'[x]' if item.checked else '[ ]'} {lines[0]}"
    elif isinstance(item.blocks[0], Paragraph):
        lines[0] = guard_item(lines[0])
    if lines[0][:1] in _RULERS and _RULE.fullmatch(f"{mark} {lines[0]}"):
        lines[0] = "___" if isinstance(item.blocks[0], Rule) else f"\\{lines[0]}"
    return _indented(lines, mark + " ", " " * (len(mark) + 1))


def _indented(lines: list[str], first: str, rest: str) -> list[str]:
    if len(lines) == 1:
        return [first + lines[0]]
    return [first + lines[0], *[rest + line if line else "" for line in lines[1:]]]


def _write_table(table: Table, style: _Style) -> list[str]:  # noqa: ARG001
    width = len(table.header)
    rows = [[inline.render(cell, cell=True) for cell in row] for row in (table.header, *table.rows)]
    out = [_row(row + [""] * (width - len(row))) for row in rows]
    out.insert(1, _row([_DELIMITER_CELLS[a] for a in table.alignments]))
    return out


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


_WRITERS: Final[dict[type, Callable[..., list[str]]]] = {
    Heading: _write_heading,
    Fence: _write_fence,
    Formula: lambda block, _style: ["$$", block.tex, "$$"],
    Rule: lambda _block, _style: ["---"],
    Html: lambda block, _style: [block.text],
    Quote: _write_quote,
    Table: _write_table,
    Note: _write_note,
}
