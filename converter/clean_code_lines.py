"""Listings out of inline code: an element a token or a line, with breaks or paragraphs between the lines."""

from __future__ import annotations

import re
from collections import Counter
from copy import deepcopy
from typing import TYPE_CHECKING, Final

from lxml import etree

from converter.clean_code import put_listing
from converter.clean_layout import is_in_data
from converter.clean_listings import language_of_token
from converter.code_language import bears_out, canonical_name, is_known
from converter.listings import BLOCKS, copies_of_images, line_text, texts_of_lines
from converter.tree import HEADINGS, Element, drop, inside, is_blank, neutralize, outermost, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from converter.profiles import Profile

_CODE: Final = ("code", "tt")
_MONOSPACED: Final = (*_CODE, "samp")
_LINES: Final = frozenset({"br", *_CODE})
_PARAGRAPHS: Final = frozenset({"p", "div", "section", "center"})
_MERE_PHRASES: Final = frozenset("span font small big u ins mark".split())
_LOOK: Final = r"(?i)font-(?:weight|style)|line-through"
_LEVELS: Final = 12  # of phrases that are looked through
_ONE_LINE_OR_LISTING: Final = ("pre", "a", *HEADINGS)
_NO_LISTING_IN: Final = frozenset({"table", *_ONE_LINE_OR_LISTING})
_IN_PROSE: Final = tuple("h1 h2 h3 h4 h5 h6 pre table ul ol dl blockquote hr".split())
_PARTS: Final = BLOCKS | {"caption", "dialog", "dir", "fieldset", "hgroup", "legend", "menu", "summary"}
_ATOMS: Final = frozenset({"pre", "hr", "x-tex", "x-ref", "input"})  # which are no code, whatever is around them
_FEWEST_LINES: Final = 3
_MIN_TOKENS: Final = 3
_PROGRAMS: Final = frozenset({"bash", "php", "python"})


def join_lines_of_code(root: Element, profile: Profile) -> int:
    """Make one listing of paragraphs that hold nothing but `code`, one token of a highlighter each.

    One paragraph must have three of them; the paragraphs of code right beside it are lines of the same listing. A
    paragraph alone must divide its lines itself, or it is prose that lists three names.
    """
    count = 0
    tokens = Counter(_block_around(code) for code in root.iter(*_CODE))
    enough = [block for block, number in tokens.items() if block is not None and number >= _MIN_TOKENS]
    left: set[Element] = set()
    for first in [block for block in enough if _is_line_of_code(block)]:
        if first.getparent() is None or first in left:
            continue
        start = first
        while (before := start.getprevious()) is not None and is_blank(before.tail) and _is_line_of_code(before):
            start = before
        run = [start]
        while is_blank(run[-1].tail) and (after := run[-1].getnext()) is not None and _is_line_of_code(after):
            run.append(after)
        if (len(run) == 1 and first.find(".//br") is None) or any(_holds_more_than_code(line) for line in run):
            left.update(run)
            continue
        text = "\n".join(line_text(line, profile) for line in run)
        images = copies_of_images(run)
        for line in run[1:]:
            drop(line)
        put_listing(run[0], text, language_of_token(next(run[0].iter("code"), None)), images)
        count += 1
    return count


def _block_around(element: Element) -> Element | None:
    """Return what is around an element, phrases that say nothing left out; None where too many of those are."""
    above = element.getparent()
    for _ in range(_LEVELS):
        if above is None or not _is_mere_phrase(above):
            return above
        above = above.getparent()
    return None


def _is_mere_phrase(element: Element) -> bool:
    """Whether an element says nothing of the text in it."""
    if element.tag == "a":
        return not element.get("href")
    if element.tag not in _MERE_PHRASES:
        return False
    style = element.get("style")
    return not (style and re.search(_LOOK, style)) and "kdocs-" not in (element.get("class") or "")


def _holds_more_than_code(element: Element) -> bool:
    """Whether there are links, formulas or headings and the like in an element, which no listing can hold."""
    return any(e.tag != "a" or e.get("href") for e in element.iter("a", "x-tex", *_IN_PROSE))


def fold_broken_code(root: Element, profile: Profile) -> int:
    """Make listings of inline code that breaks divide into three lines or more, in one element or in one each.

    Fewer lines stay what they are. So do those in a table of data, a heading or a link, which can hold no listing. What
    is left of code around blocks becomes code in each of them.
    """
    boxes: dict[Element, bool] = {}
    count = _fold_lines_in_code(root, profile, boxes)
    if pushed := push_code_into_blocks(root):
        count += pushed + _fold_lines_in_code(root, profile, boxes)
    for parent in _parents_of_lines(root):
        if parent.tag in BLOCKS and parent.tag not in _NO_LISTING_IN and not _is_no_place(parent, boxes):
            count += sum(_fold_lines(lines, profile) for lines in _paragraphs_of_code(parent))
    return count


def _fold_lines_in_code(root: Element, profile: Profile, boxes: dict[Element, bool]) -> int:
    """Make listings of inline code with three lines or more in one element."""
    count = 0
    # Code in code has no more lines than the one around it.
    for code in [c for c in root.iter(*_CODE) if len(c) and not inside(c, _CODE) and _is_broken(c)]:
        text = texts_of_lines([code], profile, blank_lines=True)[0]
        if text.count("\n") + 1 - text.count("\n\n") < _FEWEST_LINES or _is_no_place(code, boxes):
            continue
        if _holds_more_than_code(code):
            continue
        language, text = _language_and_rest(code, text)
        put_listing(code, text, language, copies_of_images([code]))
        count += 1
    return count


def push_code_into_blocks(root: Element) -> int:
    """Take code around blocks apart, into code in each of them: `<code>a<p>b</p></code>`. Emphasis is read like that.

    Where its end tag is missing, it is around the rest of a post.

    Returns:
        How many were around blocks.

    """
    count = 0
    for code in outermost([code for code in root.iter(*_MONOSPACED) if len(code)]):
        around = set(_blocks_in(code))
        if not around or inside(code, ("pre",)):
            continue
        for block in list(around):
            above = block.getparent()
            while above is not None and above not in around:
                around.add(above)
                above = above.getparent() if above is not code else None
        for element in [element for element in code.iter() if element in around and element.tag not in _ATOMS]:
            if element.tag in _MONOSPACED:
                neutralize(element)
            _put_code_in(element, around)
        count += 1
    return count


def _blocks_in(code: Element) -> Iterator[Element]:
    walker = etree.iterwalk(code, events=("start",))
    for _, element in walker:
        if element.tag in _PARTS:
            yield element
        if element.tag in _ATOMS:
            walker.skip_subtree()


def _put_code_in(box: Element, around: set[Element]) -> None:
    """Make code of all that stands in an element beside blocks, and what is around blocks."""
    run = _run_of(box.text)
    box.text = None
    for child in list(box):
        if child in around or child.tag in _ATOMS:
            _end_run(run, box, child)
            run = _run_of(child.tail)
            child.tail = None
        else:
            run.append(child)
    _end_run(run, box, None)


def _run_of(text: str | None) -> Element:
    run = etree.Element("code")
    run.text = text
    return run


def _end_run(run: Element, box: Element, after: Element | None) -> None:
    """Put code into an element, before one of its children or as the last; what has no text in it is no code."""
    pieces = [run]
    if is_blank(text_of(run)):
        pieces = list(run)
        before = after.getprevious() if after is not None else next(box.iterchildren(reversed=True), None)
        if before is None:
            box.text = run.text
        else:
            before.tail = run.text
    for piece in pieces:
        if after is None:
            box.append(piece)
        else:
            after.addprevious(piece)


def _is_no_place(element: Element, boxes: dict[Element, bool]) -> bool:
    """Whether no listing can stand where an element is; a table with one filled cell is only a box, and goes."""
    return inside(element, _ONE_LINE_OR_LISTING) or is_in_data(element, boxes)


def _language_and_rest(code: Element, text: str) -> tuple[str, str]:
    """Tell the language of a fence that was read as inline code in a list item: its first line names it.

    The first line of any other code may be such a word as well, so the rest must bear it out; and where the word is a
    program that is started on that line, there must be the line on which the fence ended.
    """
    first, _, rest = text.partition("\n")
    language = canonical_name(first.strip())
    if not is_known(language) or not bears_out(language, rest):
        return "", text
    last = code[-1]
    if language in _PROGRAMS and (last.tag != "br" or not is_blank(last.tail)):
        return "", text
    return language, rest


def _is_broken(code: Element) -> bool:
    parent = code.getparent()
    breaks = sum(1 for _ in code.iter("br"))
    return breaks >= _FEWEST_LINES - 1 and parent is not None and parent.tag != "pre"


def _parents_of_lines(root: Element) -> list[Element]:
    """Find the elements that hold lines of code and the breaks between three of them, phrases looked through."""
    blocks: set[Element] = set()
    for code in root.iter(*_CODE):
        block = _block_around(code)
        if block is not None and block.tag != "pre":
            blocks.add(block)
    breaks: Counter[Element] = Counter()
    for line_end in root.iter("br") if blocks else ():
        block = _block_around(line_end)
        if block is not None and block.tag in _CODE:
            block = _block_around(block)
        if block is not None and block in blocks:
            breaks[block] += 1
    return [block for block, number in breaks.items() if number >= _FEWEST_LINES - 1]


class _Piece:
    """An element in a block, and the texts behind it; no element at the begin of the block."""

    __slots__ = ("element", "texts")

    def __init__(self, element: Element | None) -> None:
        """Begin with nothing behind it."""
        self.element = element
        self.texts: list[str] = []

    def add(self, text: str | None) -> None:
        """Add a text that may be there."""
        if text:
            self.texts.append(text)

    def is_alone(self) -> bool:
        """Whether there is only white space behind it."""
        return all(text.isspace() for text in self.texts)


def _pieces_of(block: Element) -> list[_Piece]:
    """List what stands in a block, phrases that say nothing looked through."""
    pieces = [_Piece(None)]
    walker = etree.iterwalk(block, events=("start", "end"))
    for event, node in walker:
        if node is block:
            pieces[-1].add(node.text if event == "start" else None)
        elif event == "end":
            pieces[-1].add(node.tail)
        elif _is_mere_phrase(node):
            pieces[-1].add(node.text)
        else:
            pieces.append(_Piece(node))
            walker.skip_subtree()
    return pieces


def _ends_in_break(code: Element | None) -> bool:
    last = next(code.iterchildren(reversed=True), None) if code is not None else None
    return last is not None and last.tag == "br" and is_blank(last.tail)


def _paragraphs_of_code(parent: Element) -> list[list[_Piece]]:
    """Find the `code` and `br` elements between two ends of paragraphs where nothing else stands between those."""
    found: list[list[_Piece]] = []
    now: list[_Piece] = []
    alone, after_break = True, False
    for piece in _pieces_of(parent):
        tag = piece.element.tag if piece.element is not None else ""
        if tag in BLOCKS or (tag == "br" and after_break):
            found += [now] if alone else []
            now, alone = [], True
        elif tag in _LINES:
            now.append(piece)
        elif tag:
            alone = False
        blank = piece.is_alone()
        alone = alone and blank
        after_break = blank and (tag == "br" or (tag in _CODE and _ends_in_break(piece.element)))
    return [*found, now] if alone else found


def _fold_lines(pieces: list[_Piece], profile: Profile) -> int:
    elements = [piece.element for piece in pieces if piece.element is not None]
    codes = [place for place, element in enumerate(elements) if element.tag != "br"]
    if not codes or any(_holds_more_than_code(element) for element in elements):
        return 0
    elements, pieces = elements[codes[0] : codes[-1] + 1], pieces[codes[0] : codes[-1] + 1]
    together = etree.Element("p")
    for piece, element in zip(pieces, elements, strict=True):
        again = deepcopy(element)
        again.tail = "".join(piece.texts)
        together.append(again)
    text = line_text(together, profile)
    if text.count("\n") + 1 < _FEWEST_LINES:
        return 0
    listing = etree.Element("pre")
    elements[0].addprevious(listing)
    for element in elements:
        drop(element)
    put_listing(listing, text, "", copies_of_images([together]))
    return 1


def _is_line_of_code(element: Element) -> bool:
    if element.tag not in _PARAGRAPHS or not len(element) or not is_blank(element.text):
        return False
    if element[0].tag not in _CODE and not _is_mere_phrase(element[0]):
        return False
    first, *others = _pieces_of(element)
    if not first.is_alone() or not others or others[0].element is None or others[0].element.tag == "br":
        return False
    return all(piece.is_alone() and piece.element is not None and piece.element.tag in _LINES for piece in others)
