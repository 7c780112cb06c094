"""Where two strings of `seen` differ: which block, which kind of difference, and an excerpt of both sides.

Only called when they do differ, so it may take its time. What Markdown cannot say is let pass here: `_unsayable`.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final, NamedTuple

from converter.seen import (
    BLOCK,
    BOLD,
    HEAD,
    IMAGE,
    IN_CODE,
    ITALIC,
    KEY,
    LINE,
    LOOK,
    MARK,
    MATH,
    MAYBE,
    PART,
    STRUCK,
    SUB,
    SUP,
    Difference,
    same,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKS: Final = {BOLD: "bold", ITALIC: "italic", STRUCK: "strikethrough"}
_LOOKS: Final = {IN_CODE: "inline code", SUP: "superscript", SUB: "subscript", KEY: "keys"}
_MOVABLE: Final = BOLD | ITALIC | STRUCK
_SIGNS: Final = re.compile(f"{LOOK}[^{LOOK}]*{LOOK}|{MARK}\\d|[{MAYBE}{LINE}\\s]+")
_ATOM: Final = re.compile(f"{IMAGE}([^{IMAGE}]*){IMAGE}|{MATH}+([^{MATH}]*){MATH}")
_PIECE: Final = re.compile(
    f"{LOOK}(\\d+) ([^{LOOK}]*){LOOK}|{MARK}(\\d)|([ {MAYBE}{LINE}])"
    f"|({IMAGE}[^{IMAGE}]*{IMAGE}|{MATH}+[^{MATH}]*{MATH})|(.)",
    re.DOTALL,
)
_KINDS: Final = {
    "ul": "list",
    "ol": "list",
    "-": "list item",
    ">": "quote",
    "table": "table",
    "tr": "table row",
    "rule": "rule",
}
_AROUND: Final = 24
_LARGEST: Final = 2000  # blocks that are lined up one by one
MOST: Final = 20
"""Differences that are told; more of them say nothing new."""


class _Letter(NamedTuple):
    """One character, picture or formula: what stands before it, and its look."""

    char: str
    before: str
    fixed: int
    link: str
    marks: int


def differences(article: str, markdown: str) -> list[Difference]:
    """List where they differ, in order, at most `MOST` of them."""
    found: list[Difference] = []
    for difference in _differences(article.split(BLOCK)[1:], markdown.split(BLOCK)[1:]):
        found.append(difference)
        if len(found) == MOST:
            break
    return found


def _differences(ours: list[str], theirs: list[str]) -> Iterator[Difference]:
    start = 0
    while start < min(len(ours), len(theirs)) and same(ours[start], theirs[start]):
        start += 1
    end = 0
    while end < min(len(ours), len(theirs)) - start and same(ours[-1 - end], theirs[-1 - end]):
        end += 1
    a, b = ours[start : len(ours) - end], theirs[start : len(theirs) - end]
    for x, y, number in _lined_up(a, b):
        yield from _of_blocks(x, y, start + number + 1)


def _lined_up(a: list[str], b: list[str]) -> Iterator[tuple[list[str], list[str], int]]:
    """Pair stretches of blocks, by their letters; one to one where they have the same number."""
    stretches = [(0, len(a), 0, len(b))]
    if max(len(a), len(b)) <= _LARGEST:
        keys = [*map(_key, a)], [*map(_key, b)]
        stretches = [code[1:] for code in SequenceMatcher(None, *keys).get_opcodes()]
    for a1, a2, b1, b2 in stretches:
        if a2 - a1 == b2 - b1:
            yield from (([a[a1 + n]], [b[b1 + n]], a1 + n) for n in range(a2 - a1))
        else:
            yield a[a1:a2], b[b1:b2], a1


def _key(block: str) -> str:
    """Letters of a block alone."""
    return _SIGNS.sub("", block.partition(HEAD)[2])


def _of_blocks(ours: list[str], theirs: list[str], number: int) -> Iterator[Difference]:
    if len(ours) == len(theirs) == 1:
        yield from _of_pair(ours[0], theirs[0], number)
        return
    a, b = "".join(map(_key, ours)), "".join(map(_key, theirs))
    if a == b:
        kind = "paragraph"
        at = next((n for n, (x, y) in enumerate(zip(ours, theirs, strict=False)) if _key(x) != _key(y)), 0)
        yield Difference(
            kind, number + at, *(_excerpt(_plain(f" {BLOCK} ".join(x[at : at + 2])), 0) for x in (ours, theirs))
        )
        return
    at = _first(a, b)
    kind = _kind_of_place(a, b, at)
    yield Difference(kind, number, _excerpt(_shown(a), at), _excerpt(_shown(b), at))


def _of_pair(ours: str, theirs: str, number: int) -> Iterator[Difference]:
    """Compare one block with another."""
    if same(ours, theirs):
        return
    (head, _, x), (other, _, y) = ours.partition(HEAD), theirs.partition(HEAD)
    if head != other:
        yield Difference(
            _kind_of_heads(head, other),
            number,
            *(f"{_described(h)} {_excerpt(_plain(t), 0)}" for h, t in ((head, x), (other, y))),
        )
    if "code " in head or "code " in other:
        if x != y:
            at = _first(x, y)
            yield Difference("code", number, _excerpt(x, at), _excerpt(y, at))
        return
    yield from _of_letters([*_letters(x)], [*_letters(y)], number)


def _of_letters(a: list[_Letter], b: list[_Letter], number: int) -> Iterator[Difference]:
    chars, others = [letter.char for letter in a], [letter.char for letter in b]
    if chars != others:
        at = next((n for n, (x, y) in enumerate(zip(chars, others, strict=False)) if x != y), min(len(a), len(b)))
        kind = _kind_of_place(chars, others, at)
        yield Difference(kind, number, _around(a, at), _around(b, at))
        return
    told: set[str] = set()
    free = _unsayable(b)
    for at, (x, y) in enumerate(zip(a, b, strict=True)):
        for kind in _kinds_of_letter(x, y, free=free[at]) if x != y else ():
            if kind not in told:
                told.add(kind)
                yield Difference(kind, number, _around(a, at, kind), _around(b, at, kind))


def _kinds_of_letter(x: _Letter, y: _Letter, *, free: bool) -> Iterator[str]:
    """Name what differs in one letter; `free` of emphasis, which cannot be said there."""
    if x.before != y.before and not (x.before == MAYBE and y.before in {"", " "}):
        yield "line break" if LINE in {x.before, y.before} else "space"
    if x.link != y.link:
        yield "link"
    for mark, name in _LOOKS.items():
        if (x.fixed ^ y.fixed) & mark:
            yield name
    for mark, name in _MARKS.items():
        if (x.marks ^ y.marks) & mark and not free:
            yield name


def _unsayable(letters: list[_Letter]) -> list[bool]:
    """Where emphasis cannot be said: in code that touches a letter or a symbol.

    `x**`code`**` shows its asterisks: a delimiter between a letter and punctuation does not flank, and a backtick
    cannot be moved out of the emphasis as other punctuation is. Before CommonMark 0.31, `★` was no punctuation. Code
    with a space in it cannot be told from two code spans.
    """
    found = [False] * len(letters)
    start = 0
    while start < len(letters):
        end = start + 1
        if letters[start].fixed & IN_CODE:
            while end < len(letters) and letters[end].fixed & IN_CODE and letters[end].before != LINE:
                end += 1
            before = start > 0 and not letters[start].before and _keeps_from_flanking(letters[start - 1].char[-1:])
            behind = end < len(letters) and not letters[end].before and _keeps_from_flanking(letters[end].char[:1])
            found[start:end] = [before or behind] * (end - start)
        start = end
    return found


def _keeps_from_flanking(char: str) -> bool:
    return char.isalnum() or (not char.isascii() and unicodedata.category(char)[0] == "S")


def _letters(text: str) -> Iterator[_Letter]:
    """Take the text of a block apart."""
    fixed, link, marks, before = 0, "", 0, ""
    for look, href, mark, white, atom, char in _PIECE.findall(text):
        if look:
            fixed, link = int(look), href
        elif mark:
            marks = int(mark)
        elif white:
            before = white if not before or white == LINE else before
        else:
            # Of punctuation and of what is no text, nothing is said.
            own = marks if char.isalnum() else 0
            yield _Letter(char or atom, before, fixed, link, own)
            before = ""


# ----------------------------------------------------------------------------------------------------- descriptions
def _first(a: str, b: str) -> int:
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _kind_of_place(a: str | list[str], b: str | list[str], at: int) -> str:
    """Name what stands where two texts begin to differ."""
    for text in (a, b):
        piece = "".join(text[at : at + 1])
        if piece[:1] == IMAGE:
            return "footnote" if piece.startswith(f"{IMAGE}[^") else "image"
        if piece[:1] == MATH:
            return "formula"
        if isinstance(text, str):
            before = text[:at]
            if before.count(IMAGE) % 2:
                return "image"
            if before.count(MATH) % 2:
                return "formula"
    return "text"


def _kind_of_heads(ours: str, theirs: str) -> str:
    """Name the container that differs."""
    a, b = ours.rpartition(":")[0].split("|"), theirs.rpartition(":")[0].split("|")
    for sign in (*(x for x in a if x not in b), *(x for x in b if x not in a)):
        if sign[:1] == "h" and sign[1:].isdigit():
            return "heading"
        if sign.startswith("[^"):
            return "footnote"
        if sign.startswith("td"):
            return "table cell"
        if sign.startswith("code"):
            return "code"
        if sign[:1] == "-" or sign[:1].isdigit():
            return "list item"
        if sign:
            return _KINDS.get(sign, sign)
    return "list" if "u" in ours + theirs or "o" in ours + theirs else "quote"


def _described(head: str) -> str:
    signs, _, path = head.rpartition(":")
    return f"[{' '.join(signs.split('|')) or 'paragraph'}{f', depth {len(path)}' if path else ''}]"


def _plain(text: str) -> str:
    """Take the signs out of the text of a block, for people."""
    return _shown(re.sub(f"{LOOK}[^{LOOK}]*{LOOK}|{MARK}\\d|(?<![^{BLOCK}])[^{BLOCK}{HEAD}]*{HEAD}", "", text))


def _shown(text: str) -> str:
    text = _ATOM.sub(
        lambda match: f"![{match[1].partition(PART)[0]}]" if match[1] is not None else f"${match[2]}$", text
    )
    return text.replace(MAYBE, " ").replace(LINE, "⏎").replace(BLOCK, "¶")


def _excerpt(text: str, at: int) -> str:
    start, end = max(0, at - _AROUND), at + 2 * _AROUND
    cut = " ".join(text[start:end].split())
    return f"{'…' if start else ''}{cut}{'…' if end < len(text) else ''}"


def _around(letters: list[_Letter], at: int, kind: str = "") -> str:
    """Show the text around a place; for a link its address."""
    start, end = max(0, at - _AROUND), min(at + _AROUND, len(letters))
    words = "".join(f"{letter.before}{letter.char}" for letter in letters[start:end])
    shown = f"{'…' if start else ''}{_shown(words).strip()}{'…' if end < len(letters) else ''}"
    if kind == "link":
        return f"{shown} ({letters[at].link or 'no link'})"
    if kind in _MARKS.values() or kind in _LOOKS.values():
        letter = letters[at]
        names = [name for mark, name in {**_MARKS, **_LOOKS}.items() if (letter.fixed | letter.marks) & mark]
        return f"{shown} ({', '.join(names) or 'plain'})"
    return shown
