"""Passes for what only a style sheet or a font tells, or what a browser draws: in Markdown it must be said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from lxml import etree

from converter.listings import BLOCKS
from converter.tree import (
    HEADINGS,
    Element,
    append_text_before,
    inside,
    is_blank,
    neutralize,
    outermost,
    put_lines,
    text_of,
)

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
# Elements that say the same, and the style that takes it back.
_SAME: Final = {
    "strong": (("strong", "b"), r"(?i)font-weight\s*:\s*(?:normal|[1-4]00)"),
    "em": (("em", "i"), r"(?i)font-style\s*:\s*normal"),
    "del": (("del", "s", "strike"), ""),
}
SAME_TAGS: Final = tuple(tag for tags, _ in _SAME.values() for tag in tags)
_BULLETS: Final = frozenset("lnuv§Ø")
_RAISED: Final = re.compile(r"vertical-align\s*:\s*(super|sub)\s*(?:;|$)", re.IGNORECASE)
_LONGEST_SCRIPT: Final = 20  # more is a whole phrase that some editor shifted
_PHRASES: Final = ("span", "a", "b", "strong", "i", "em", "font", "label")
_INLINE: Final = frozenset({*_PHRASES, "img", "code", "u", "s", "sub", "sup", "kbd", "small", "big"})
_VERBATIM: Final = ("pre", "code", "button", "x-tex")
_ON_ONE_LINE: Final = (*HEADINGS, "a")
_BLOCKS: Final = tuple("p div ul ol dl li pre table blockquote hr section article center h1 h2 h3 h4 h5 h6".split())
_WHITE_SPACE: Final = r"(?i)white-space(?:-collapse)?\s*:\s*([\w-]+)"  # compiled where one is: start-up counts
_SHOWN_LINE_ENDS: Final = frozenset("pre pre-wrap pre-line break-spaces preserve preserve-breaks".split())
_OWN_LINES: Final = frozenset({*_VERBATIM, *_ON_ONE_LINE, "tt", "samp", "x-ref"})
_ENDS_OF_LINES: Final = BLOCKS | {"br", "caption", "fieldset", "legend", "summary"}
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


def break_at_line_ends(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Put breaks where a style shows line ends (`white-space:pre-wrap`), as in what is copied out of chats.

    A line end beside a block or a break is layout of the source; headings and links are one line.
    """
    found = [element for element in root.iterdescendants() if _keeps_line_ends(element, around=False)]
    places = [place for box in outermost(found) if not inside(box, _OWN_LINES) for place in _texts_of_lines(box)]
    for element, slot, lines in places:
        put_lines(element, slot, lines)
    return len(places)


def _keeps_line_ends(element: Element, *, around: bool) -> bool:
    """Whether line ends in an element are shown; `around` says it of the element around."""
    values = re.findall(_WHITE_SPACE, element.get("style") or "")
    return values[-1].lower() in _SHOWN_LINE_ENDS if values and values[-1].lower() != "inherit" else around


def _texts_of_lines(box: Element) -> list[tuple[Element, str, list[str]]]:
    """Find the texts of several lines: whose they are, whether its `text` or `tail`, and the lines."""
    found: list[tuple[Element, str, list[str]]] = []
    keeps: list[bool] = []  # for each open element
    walker = etree.iterwalk(box, events=("start", "end"))
    for event, element in walker:
        if event == "start":
            keeps.append(_keeps_line_ends(element, around=bool(keeps) and keeps[-1]) and element.tag not in _OWN_LINES)
            if element.tag in _OWN_LINES:
                walker.skip_subtree()
            slot, text = "text", element.text
            before, after = None, next(iter(element), None)
        else:
            keeps.pop()
            slot, text = "tail", element.tail
            before, after = element, element.getnext()
        if text and "\n" in text and keeps and keeps[-1]:
            around = element if slot == "text" else element.getparent()
            lines = _lines_of(text, *(_is_in_line(around if one is None else one) for one in (before, after)))
            if len(lines) > 1 and not (is_blank(text) and (before is None or after is None)):
                found.append((element, slot, lines))
    return found


def _is_in_line(element: Element | None) -> bool:
    return element is not None and element.tag not in _ENDS_OF_LINES


def _lines_of(text: str, opens: bool, closes: bool) -> list[str]:  # noqa: FBT001 (whether a line can end there)
    """Cut a text into lines; empty ones at its ends count where a line can end there."""
    first, *lines = text.split("\n")
    lines = [first.rstrip(), *(line.strip() for line in lines[:-1]), lines[-1].lstrip()]
    if is_blank(text):
        return lines if opens and closes else []
    while not opens and is_blank(lines[0]):
        lines.pop(0)
    while not closes and is_blank(lines[-1]):
        lines.pop()
    return lines


def flatten_emphasis(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Take the meaning from emphasis in the same emphasis; an unclosed tag nests up to 254 of them.

    Where a style has taken the outer one back, the inner one says something: Google Docs puts all of a text into
    `<b style="font-weight:normal">`.
    """
    outer = [element for element in root.iter(*SAME_TAGS) if len(element)]
    count = 0
    for tags, upright in _SAME.values() if outer else ():
        inner: set[Element] = set()
        seen: set[Element] = set()
        for element in outer:
            if element.tag in tags and element not in seen:
                found = [e for e in element.iter(*tags) if e is not element]
                seen.update(found)
                inner.update(found if not upright or not found else _in_effect(element, tags, upright))
        for element in inner:
            neutralize(element)
        count += len(inner)
    return count


def _in_effect(outer: Element, tags: tuple[str, ...], upright: str) -> list[Element]:
    """Find the elements in an emphasis to which it reaches: no style between takes it back."""
    found: list[Element] = []
    around: list[bool] = []
    reaches = False
    for event, element in etree.iterwalk(outer, events=("start", "end")):
        if event == "end":
            reaches = around.pop()
            continue
        around.append(reaches)
        style = element.get("style") or ""
        back = "font-" in style and re.search(upright, style) is not None
        if element.tag in tags and reaches and not back:
            found.append(element)
        reaches = (reaches or element.tag in tags) and not back
    return found
