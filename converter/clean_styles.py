"""Passes for what only a style sheet or a font tells, or what a browser draws: in Markdown it must be said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from lxml import etree

from converter.tree import Element, append_text_before, inside, is_blank, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from converter.profiles import Profile

_WINGDINGS: Final = re.compile(r"font-family\s*:\s*[\"']?Wingdings(?!\s*[23])", re.IGNORECASE)
_SYMBOLS: Final = {
    "l": "●",
    "n": "■",
    "u": "◆",
    "v": "❖",
    "q": "❑",
    "§": "▪",
    "Ø": "➢",
    "ü": "✓",
    "û": "✗",
    "à": "→",
    "è": "➔",
    "ð": "⇨",
    "J": "☺",
    "þ": "☑",
    "¨": "◻",
}
_BULLETS: Final = frozenset("lnuv§Ø")
_RAISED: Final = re.compile(r"vertical-align\s*:\s*(super|sub)\s*(?:;|$)", re.IGNORECASE)
_LONGEST_SCRIPT: Final = 20  # more is a whole phrase that some editor shifted
_PHRASES: Final = ("span", "a", "b", "strong", "i", "em", "font", "label")
_INLINE: Final = frozenset({*_PHRASES, "img", "code", "u", "s", "sub", "sup", "kbd", "small", "big"})
_VERBATIM: Final = ("pre", "code", "button", "x-tex")
_ON_ONE_LINE: Final = ("h1", "h2", "h3", "h4", "h5", "h6", "a")
_BLOCKS: Final = tuple("p div ul ol dl li pre table blockquote hr section article center h1 h2 h3 h4 h5 h6".split())
_BLOCK: Final = re.compile(r"display\s*:\s*block(?![\w-])", re.IGNORECASE)


def name_raised_phrases(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Read what a style raises or lowers as `sup` and `sub`: `x<span style="vertical-align:super">2</span>`."""
    count = 0
    for phrase in list(root.iter("span", "font")):
        found = _RAISED.search(phrase.get("style") or "")
        if found and not is_blank(text_of(phrase)) and len(text_of(phrase).strip()) <= _LONGEST_SCRIPT:
            phrase.tag = "sup" if found[1].lower() == "super" else "sub"
            count += 1
    return count


def write_drawn_marks(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Write what a browser draws: the quotation marks of `q`, and how a word is read beside it, as `rp` would."""
    count = 0
    written = {mark.getparent() for mark in root.iter("rp")}
    quotes = _quotes_around_blocks(root)
    for element in list(root.iter("q", "rt")):
        if element in quotes or is_blank(text_of(element)) or (element.tag == "rt" and element.getparent() in written):
            continue
        opening, closing = "“”" if element.tag == "q" else "()"
        element.text = opening + (element.text or "")
        if len(element):
            element[-1].tail = (element[-1].tail or "") + closing
        else:
            element.text += closing
        count += 1
    return count


def _quotes_around_blocks(root: Element) -> set[Element]:
    """Find each `q` with a block in it, whose marks would be paragraphs of their own, and what lies between."""
    found: set[Element] = set()
    seen: set[Element] = set()
    for quote in root.iter("q"):
        if quote in seen:
            continue
        seen.update(quote.iterdescendants("q"))
        for block in quote.iterdescendants(*_BLOCKS):
            above = block.getparent()
            while above is not None and above not in found:
                found.add(above)
                above = above.getparent() if above is not quote else None
    return found


def write_symbols(root: Element, profile: Profile) -> Mapping[str, int]:
    """Write what Wingdings shows for a letter, as for the characters that Word makes of them (`characters._SIGNS`).

    Bullets that begin an item of a list, which has one already, go.
    """
    counts: dict[str, int] = {}
    for phrase in list(root.iter("span", "font")):
        letter = text_of(phrase).strip()
        if letter not in _SYMBOLS or not _is_in_wingdings(phrase) or inside(phrase, ("pre", "code")):
            continue
        inner = next((e for e in phrase.iter() if letter in (e.text or "")), None)
        if inner is None or any("font-family" in (e.get("style") or "") for e in phrase.iterdescendants()):
            continue
        bullet = letter in _BULLETS and "item-bullet" not in profile.keep and _begins_item(phrase)
        inner.text = (inner.text or "").replace(letter, "" if bullet else _SYMBOLS[letter])
        rule = "item-bullet" if bullet else "symbol"
        counts[rule] = counts.get(rule, 0) + 1
    return counts


def _begins_item(phrase: Element) -> bool:
    """Whether a phrase is the first thing in an item of a list."""
    while phrase.getprevious() is None and (parent := phrase.getparent()) is not None and is_blank(parent.text):
        if parent.tag == "li":
            return True
        phrase = parent
    return False


def _is_in_wingdings(phrase: Element) -> bool:
    return _WINGDINGS.search(phrase.get("style") or "") is not None or phrase.get("face") == "Wingdings"


def break_around_blocks(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Put breaks around phrases that a style shows as blocks: the caption under a picture, in the same paragraph.

    In a heading and in a link, which are one line, a space.
    """
    count = 0
    for phrase in [e for e in root.iter(*_PHRASES) if _BLOCK.search(e.get("style") or "")]:
        if inside(phrase, _VERBATIM) or is_blank(text_of(phrase)):
            continue
        on_one_line = inside(phrase, _ON_ONE_LINE)
        before, after = phrase.getprevious(), phrase.getnext()
        text = before.tail if before is not None else cast("Element", phrase.getparent()).text
        if not is_blank(text) or (before is not None and before.tag in _INLINE):
            _part_before(phrase, on_one_line=on_one_line)
            count += 1
        if not is_blank(phrase.tail) or (after is not None and after.tag in _INLINE and not _is_block(after)):
            if on_one_line:
                phrase.tail = " " + (phrase.tail or "")
            else:
                line_end = etree.Element("br")
                line_end.tail, phrase.tail = phrase.tail, None
                phrase.addnext(line_end)
            count += 1
    return count


def _part_before(phrase: Element, *, on_one_line: bool) -> None:
    if on_one_line:
        append_text_before(phrase, " ")
    else:
        phrase.addprevious(etree.Element("br"))


def _is_block(phrase: Element) -> bool:
    """Whether a phrase gets a break of its own in front of it."""
    return phrase.tag in _PHRASES and _BLOCK.search(phrase.get("style") or "") is not None
