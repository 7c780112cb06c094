"""The pass for Markdown that a site did not read: its asterisks stand in the text, and the author meant them.

A delimiter beside punctuation is none when a letter stands on its other side, so `**重点：**先备份` came out of the
site's own Markdown as it was written: 326 posts of 24,597, 1,205 texts. What a parser would have read as bold was read,
and is no text any more; so one such pair in a text tells that nobody parsed it, and all of it is left alone.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from lxml import etree

from converter.tree import Element, Query, inside

if TYPE_CHECKING:
    from converter.profiles import Profile

_MARK: Final = "**"
_HOLDING: Final = Query("descendant-or-self::*[text()[contains(., '**')]]")
_AS_IT_STANDS: Final = ("pre", "code", "tt", "samp", "kbd", "x-tex")
_QUOTES: Final = frozenset('“‘「『《〈【〖"')
_BRACKETS: Final = frozenset("（([〔")
_ENDS: Final = frozenset("：:。！!？?；;，…．％%.,\"'")
_CLOSING: Final = frozenset({"Pe", "Pf"})
_COMMAS: Final = frozenset("，,")
_SENTENCE_ENDS: Final = frozenset("。；;")
_PATTERNS: Final = frozenset("/.\\")
_DOTS: Final = frozenset(".,")


def embolden_written_bold(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Make bold of what stands between pairs of asterisks that the site could not read for the punctuation inside."""
    count = 0
    for element in _HOLDING(root):
        if element.tag in _AS_IT_STANDS or inside(element, _AS_IT_STANDS):
            continue
        for child in list(element):
            if child.tail and _MARK in child.tail and (pieces := _pieces(child.tail)):
                child.tail = None
                _put_behind(child, pieces)
                count += len(pieces) // 2
        if element.text and _MARK in element.text and (pieces := _pieces(element.text)):
            first = _bold(pieces[1])
            element.text = pieces[0]
            element.insert(0, first)
            _put_behind(first, pieces[2:])
            count += len(pieces) // 2
    return count


def _put_behind(element: Element, pieces: list[str]) -> None:
    """Put texts behind an element, each second one bold."""
    element.tail = pieces[0]
    for words, after in zip(pieces[1::2], pieces[2::2], strict=True):
        bold = _bold(words)
        tail, element.tail = element.tail, None
        element.addnext(bold)
        element.tail, bold.tail = tail, after
        element = bold


def _bold(words: str) -> Element:
    bold = etree.Element("strong")
    bold.text = words
    return bold


def _pieces(text: str) -> list[str]:
    """Cut a text at its asterisks: plain, bold, plain ...; nothing when not all of them are surely bold that failed."""
    pieces = text.split(_MARK)
    if len(pieces) % 2 == 0 or "*" in "".join(pieces) or not all(pieces[1:-1]):
        return []
    for before, words, after in zip(pieces[::2], pieces[1::2], pieces[2::2], strict=False):
        if not _failed(before[-1:], words, after[:1]):
            return []
    return pieces


def _failed(before: str, words: str, after: str) -> bool:
    """Whether words would be bold but for the punctuation at their edges; `before` and `after` stand outside."""
    if words != words.strip() or "\n" in words or "://" in words or not any(map(str.isalpha, words)):
        return False
    first, last = words[0], words[-1]
    opens, closes = _flanks(before, first), _flanks(after, last)
    if opens and closes:
        return False  # a pair that was not read, so nobody read any
    if not opens and not _may_open(before, words):
        return False
    if not closes and not _may_close(before, words, after):
        return False
    # `**kwargs，**options` are no words in bold.
    name = first == "_" or first.islower() or last in _COMMAS
    return not (name and first.isascii() and after.isascii() and (after == "_" or after.isalpha()))


def _flanks(outside: str, edge: str) -> bool:
    """Whether a delimiter between these two can be one; what lies beyond the text is not known, and may let it."""
    if not outside or outside.isspace() or _kind(outside) in "PS":
        return True
    return not (_kind(edge) == "P" or (edge.isascii() and _kind(edge) == "S"))


def _kind(char: str) -> str:
    return unicodedata.category(char)[0]


def _may_open(before: str, words: str) -> bool:
    """Whether an author would begin bold with this punctuation: `2**(n-1)` is a power, 张**（男）和李** are names."""
    first, ends_in_words = words[0], _kind(words[-1]) != "P"
    if first not in _QUOTES and (first not in _BRACKETS or ends_in_words):
        return False
    return not before.isascii() or not (first.isascii() or ends_in_words)


def _may_close(before: str, words: str, after: str) -> bool:
    """Whether an author would end bold with this punctuation: `/a/**和/b/**都` and `a.**和b.**都` are patterns.

    `**` in a sentence is a power, a pointer, any folder: a sentence that begins with bold begins behind a mark.
    """
    last = words[-1]
    if before and (
        before in _PATTERNS or (before.isascii() and before.isalnum() and not any(c >= "\u4e00" for c in words[:-1]))
    ):
        return False
    if before and words[:-1].isascii() and words[:-1].isidentifier():
        return False
    if last in _SENTENCE_ENDS and before and _kind(before) not in "PSZ":
        return False
    if last not in _ENDS and unicodedata.category(last) not in _CLOSING:
        return False
    if last in _DOTS and words[-2:-1].isascii():
        return False
    return not last.isascii() or not after.isascii()
