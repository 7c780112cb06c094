"""Escapes of the markdownify engine: which characters of a block's text Markdown would read as its own.

A block is looked at as it will be written, markup included, because a character is dangerous only with its neighbours:
`*` between spaces is text, a lone `$` is a dollar. Only characters of text nodes are ever escaped.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from html.entities import html5
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from bs4.element import NavigableString, Tag

from converter.soup_inline import is_punctuation

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPECIAL: Final = re.compile(r"[\\`*_~$\[\]<&!]").search
_LINE_SPECIAL: Final = re.compile(r"(?:^|\n)(?:[-+*#>=|:_`~\[]|\d{1,9}[.)])|#$").search


@dataclass(frozen=True, slots=True)
class _Block:
    """A block as it will be written: the string, and for each character whether it is text of the article."""

    plain: str
    literal: bytes
    is_item: bool = False
    is_heading: bool = False

    def text_at(self, start: int, end: int) -> bool:
        return all(self.literal[start:end])


def escape_block(block: Tag, hard_break: str, notes: frozenset[str] = frozenset()) -> None:
    """Escape the text nodes of a p, heading or table cell in place.

    `hard_break` is how a break is written; `notes` are the labels of the footnotes that there are.
    """
    parts = list(_parts(block, hard_break if block.name == "p" else " "))
    plain = "".join(text for text, _ in parts)
    if not (_SPECIAL(plain) or _LINE_SPECIAL(plain)):
        return
    literal = b"".join(bytes([node is not None]) * len(text) for text, node in parts)
    parent = block.parent
    first_in_item = parent is not None and parent.name == "li" and block.previous_sibling is None
    marks = sorted(_hazards(_Block(plain, literal, first_in_item, block.name.startswith("h")), lines=block.name == "p"))
    references = (m.start() for m in _REFERENCE.finditer(plain) if m[1] in notes and literal[m.start()])
    marks = sorted({*marks, *references})
    at = first = 0
    escaped: dict[int, NavigableString] = {}
    for text, node in parts:
        last = bisect_left(marks, at + len(text), first)
        if node is not None and last > first:
            escaped[id(node)] = NavigableString(_insert(text, [i - at for i in marks[first:last]]))
        at, first = at + len(text), last
    _replace(block, escaped)


def _replace(tag: Tag, new: dict[int, NavigableString]) -> None:
    """Exchange text nodes, all those of an element at once: bs4 searches its children for each single one."""
    children = list(tag.contents)
    for child in children:
        if isinstance(child, Tag):
            _replace(child, new)
    if any(id(child) in new for child in children):
        tag.clear()
        tag.extend([new.get(id(child), child) for child in children])


def escape_text(text: str) -> str:
    """Escape a text that will stand between square brackets (the alt of an image)."""
    block = _Block(f"[{text}]", b"\0" + b"\1" * len(text) + b"\0")
    return _insert(text, [i - 1 for i in sorted(_hazards(block, lines=False))])


def _insert(text: str, positions: list[int]) -> str:
    cuts = [0, *positions, len(text)]
    return "\\".join(text[start:end] for start, end in pairwise(cuts))


_AROUND: Final = {"strong": ("**", "**"), "em": ("*", "*"), "del": ("~~", "~~")}


def _parts(node: Tag, hard_break: str) -> Iterator[tuple[str, NavigableString | None]]:
    """Yield what will be written, piece by piece, with the text node for pieces that are text of the article."""
    for child in node.children:
        if isinstance(child, NavigableString):
            yield str(child), child
        elif isinstance(child, Tag):
            yield from _markup(child, hard_break)


def _markup(tag: Tag, hard_break: str) -> Iterator[tuple[str, NavigableString | None]]:
    name = tag.name
    if name in _AROUND or name == "a":
        opening, closing = _AROUND.get(name) or ("[", f"]({_target(tag, 'href')})")
        yield opening, None
        yield from _parts(tag, hard_break)
        yield closing, None
    elif name in {"sub", "sup", "kbd"}:
        yield f"<{name}>", None
        yield from _parts(tag, hard_break)
        yield f"</{name}>", None
    elif name == "img":
        alt = re.sub(r"[\[\]]", "", str(tag.get("alt") or ""))
        yield f"![{alt}]({_target(tag, 'src')})", None
    elif name == "br":
        yield hard_break, None
    else:
        around = {"code": "`", "x-tex": "$"}.get(name, "")
        yield f"{around}{tag.get_text()}{around}", None


def _target(tag: Tag, attribute: str) -> str:
    return f'{tag.get(attribute)} "{tag["title"]}"' if tag.get("title") else str(tag.get(attribute))


def _hazards(block: _Block, *, lines: bool) -> set[int]:
    """Return the positions that need a backslash."""
    found: set[int] = set()
    for pattern in _INLINE:
        found.update(m.start() for m in pattern.finditer(block.plain) if block.literal[m.start()])
    for rule in (_entities, _brackets, _backticks, _emphasis, _dollars):
        found.update(rule(block))
    if lines:
        found.update(_line_starts(block))
    if block.is_heading and (closing := re.search(r"(?:^|\s)(#+)$", block.plain)):
        found.add(closing.start(1))  # a closing sequence: "## C #" is the heading "C"
    return {i for i in found if block.literal[i]}


_REFERENCE: Final = re.compile(r"\[\^([^\]\s]+)\]")
_TARGET: Final = re.compile(r"\((?:\s*(?:<[^\n]*>|(?!<)\S*)(?:\s+[\"'(].*)?\s*)\)").match
_INLINE: Final = tuple(
    map(
        re.compile,
        (
            r"\\(?=[!-/:-@\[-`{-~\n])",  # a backslash that would escape what follows, or break the line
            r"<(?=[A-Za-z/!?])",  # a tag, comment or autolink: swallows text (25 of 1,500 posts in naive output)
            r"!(?=\[)",  # would turn the link that follows into an image
        ),
    )
)


def _entities(block: _Block) -> Iterator[int]:
    for m in re.finditer(r"&(#\d{1,7};|#[xX][0-9A-Fa-f]{1,6};|\w+;)", block.plain):
        if m.group(1).startswith("#") or m.group(1) in html5:
            yield m.start()


def _brackets(block: _Block) -> Iterator[int]:
    """Find `](` of a literal link, and brackets without a partner inside the text of a link."""
    opened: list[int] = []
    links = 0
    for m in re.finditer(r"[\[\]]", block.plain):
        at = m.start()
        if m.group() == "[":
            opened.append(at)
            links += not block.literal[at]
        elif not block.literal[at]:
            while opened and block.literal[opened[-1]]:
                yield opened.pop()  # inside a link: its closing bracket would pair with this one
            del opened[-1:]
            links -= 1
        elif opened and not block.literal[opened[-1]]:
            yield at  # inside a link: would close it
        else:
            start = opened.pop() if opened else at
            if _TARGET(block.plain[at + 1 : at + 2000]) and 0 <= block.plain.find("[") < at:
                yield at
                if links:
                    yield start  # inside a link: now without a partner


def _backticks(block: _Block) -> Iterator[int]:
    runs = list(re.finditer("`+", block.plain))
    if len(runs) > 1:
        for run in runs:
            yield from range(*run.span())


def _emphasis(block: _Block) -> Iterator[int]:
    """Find runs of `*`, `_`, `~` that could open or close emphasis and have a partner in the block."""
    for char in "*_~":
        if char not in block.plain:
            continue
        runs: list[tuple[range, bool, bool]] = []
        for m in re.finditer(re.escape(char) + "+", block.plain):
            opens, closes = _flanks(block.plain, m.start(), m.end(), intraword=char != "_")
            runs.append((range(*m.span()), opens, closes))
            if any(block.literal[m.start() : m.end()]) and not block.text_at(*m.span()):
                yield from range(*m.span())  # text that touches a delimiter
        runs = [run for run in runs if run[1] or run[2]]
        first = next((i for i, run in enumerate(runs) if run[1]), len(runs))
        if any(closes for _, _, closes in runs[first + 1 :]):
            for places, _, _ in runs:
                yield from places


def _flanks(plain: str, start: int, end: int, *, intraword: bool) -> tuple[bool, bool]:
    """Tell whether a delimiter run can open and whether it can close (CommonMark 6.2)."""
    before, after = plain[start - 1] if start else " ", plain[end] if end < len(plain) else " "
    left = not after.isspace() and (not is_punctuation(after) or before.isspace() or is_punctuation(before))
    right = not before.isspace() and (not is_punctuation(before) or after.isspace() or is_punctuation(after))
    if intraword:
        return left, right
    return left and (not right or is_punctuation(before)), right and (not left or is_punctuation(after))


def _dollars(block: _Block) -> Iterator[int]:
    """Find dollars that could be read as math: no space inside, no digit after the closing one."""
    plain = block.plain
    places = [m.start() for m in re.finditer(r"\$", plain)]
    opens = [i for i in places if not plain[i + 1 : i + 2].isspace() and i + 1 < len(plain)]
    closes = [i for i in places if i and not plain[i - 1].isspace() and not plain[i + 1 : i + 2].isdigit()]
    if opens and closes and opens[0] < closes[-1]:
        yield from (i for i in opens if i < closes[-1])
        yield from (i for i in closes if i > opens[0])


# What begins a block at the start of a paragraph; group 1 begins where the backslash goes.
_FIRST: Final = (
    r"\d{1,9}([.)])(?=\s|$)",
    r"([-+*])(?=\s|$)",
    r"(#{1,6})(?=\s|$)",
    r"(>)",
    r"([-_*])(?:[ \t]*\1){2,}[ \t]*$",
    r"(`{3,})[^`\n]*$",
    r"(~~~)",
    r"(\[)[^\]\n]+\]:",
)
# The same for a line after a hard break: only a list that begins with 1 interrupts a paragraph; an underline makes it
# a heading, a delimiter row a table.
_NEXT: Final = (
    r"0{0,8}1([.)])(?=\s)",
    *_FIRST[1:-1],
    r"(\[)\^[^\]\n]+\]:",
    r"([=-])[=-]*[ \t]*$",
    r"([|:-])(?=[ \t|:-]*$)",
)


_NOTE: Final = re.compile(r"\[\^[^\]\s]+\](:)").match


def _line_starts(block: _Block) -> Iterator[int]:
    at = 0
    for number, line in enumerate(block.plain.split("\n")):
        rows = _NEXT if number else (*_FIRST, r"(\[)[ xX]\](?=\s)") if block.is_item else _FIRST
        if (m := _NOTE(line)) is not None and block.literal[at + m.start(1)]:
            yield at + m.start(1)
            at += len(line) + 1
            continue
        for row in rows:
            if (m := re.match(row, line)) is not None and block.text_at(at, at + m.end(1)):
                yield at + m.start(1)
                if m.group(1)[0] in "~*_`" and (m.group(1)[0] == "~" or "\n" in block.plain):
                    # What the backslash leaves of a run would pair up with one in another line.
                    yield from range(at + 1, at + len(line) - len(line.lstrip(line[0])))
                break
        at += len(line) + 1
