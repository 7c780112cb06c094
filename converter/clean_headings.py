"""Passes for headings: bold in them; paragraphs behind breaks and screenshots, which make them more than headings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from converter.clean_structure import part_nested_headings
from converter.tree import HEADINGS, Element, append_text_before, is_blank, neutralize

if TYPE_CHECKING:
    from converter.profiles import Profile

_BLOCKS: Final = ("p", "div", "ul", "ol", "dl", "pre", "table", "blockquote", "hr", "section", "center", "figure")
_LEVELS: Final = 10  # of elements around a break; what lies deeper stays in the heading
_LONGEST_REST: Final = 40  # characters of a second line, and
_LONGEST_LINES: Final = 20  # of several lines, that are read as part of a heading
_END_OF_SENTENCE: Final = ("。", "！", "？", "；")
_LARGE: Final = 100  # pixels; no icon is as wide or high
_PIXELS: Final = r"(?i)\s*(\d{1,5})(?:\.\d*)?(?:px)?\s*"


class _Line:
    """A line of a heading: the break before it, what it says without white space, its pictures."""

    __slots__ = ("begin", "images", "leading", "pieces", "trailing")

    def __init__(self, begin: Element | None) -> None:
        """Begin a line behind a break."""
        self.begin = begin
        self.pieces: list[str] = []
        self.images: list[Element] = []
        self.leading = 0  # pictures before its first word
        self.trailing = 0  # pictures up to its last word

    def is_picture(self) -> bool:
        """Whether it holds pictures alone."""
        return bool(self.images) and not self.pieces

    def text(self) -> str:
        """Return what it says."""
        return "".join(self.pieces)

    def is_blank(self) -> bool:
        """Whether it holds nothing."""
        return not self.images and not self.pieces


def unwrap_bold_in_headings(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Unwrap bold in headings, which are bold anyway; 2,257 posts of 24,597 have it."""
    headings = [heading for heading in root.iter(*HEADINGS) if len(heading)]
    # In a nested heading (`part_nested_headings`) it would be found once for each of them.
    found = dict.fromkeys(e for heading in headings for e in heading.iter("strong", "b"))
    for element in found:
        neutralize(element)
    part_nested_headings(headings)
    return len(found)


def part_long_headings(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """End a heading after its first line where the others are paragraphs, and put screenshots at its ends beside it.

    Two short lines are one heading (387 posts of 24,597 have breaks in headings); a long second line, one that ends a
    sentence, several lines, or a picture between two are what an editor took into the heading: 6 posts of 1,027.
    Pictures of 100 pixels and more beside the words: 5 posts; smaller ones, and those without a size, may be icons.
    """
    count = 0
    for heading in list(root.iter(*HEADINGS)):
        if not len(heading) or next(heading.iterdescendants("br", "img"), None) is None:
            continue
        if heading.getparent() is None or next(heading.iterdescendants(*_BLOCKS), None) is not None:
            continue
        parted = _part(heading, _lines_of(heading))
        beside = _put_pictures_beside(heading, _lines_of(heading))
        count += parted or beside
    return count


def _lines_of(heading: Element) -> list[_Line]:
    lines = [_Line(None)]
    for event, element in etree.iterwalk(heading, events=("start", "end")):
        if event == "start" and element.tag == "br":
            lines.append(_Line(element))
        elif event == "start" and element.tag == "img":
            lines[-1].images.append(element)
        text = element.text if event == "start" else element.tail if element is not heading else None
        if text and not text.isspace():
            if not lines[-1].pieces:
                lines[-1].leading = len(lines[-1].images)
            lines[-1].trailing = len(lines[-1].images)
            lines[-1].pieces.append("".join(text.split()))
    return lines


def _part(heading: Element, lines: list[_Line]) -> bool:
    """Make paragraphs of what follows the first line of a heading, where that is more than a second short one."""
    said = [place for place, line in enumerate(lines) if not line.is_blank()]
    while said and lines[said[0]].is_picture():
        said.pop(0)
    core = said[:]
    while core and lines[core[-1]].is_picture():
        core.pop()
    if not _are_paragraphs([lines[place] for place in core[1:]]):
        return False
    pictures = [place for place in said if lines[place].is_picture()]
    begins = {core[0] + 1, *pictures, *(place + 1 for place in pictures)}
    cuts = [lines[place].begin for place in sorted(begins, reverse=True) if place < len(lines)]
    if any(cut is None or _depth(cut, heading) > _LEVELS for cut in cuts):
        return False
    for cut in cuts:
        if cut is not None:
            _put_behind(heading, _cut(heading, cut))
    return True


def _are_paragraphs(rest: list[_Line]) -> bool:
    if any(line.is_picture() or line.text().endswith(_END_OF_SENTENCE) for line in rest):
        return True
    return sum(len(line.text()) for line in rest) > (_LONGEST_LINES if len(rest) > 1 else _LONGEST_REST)


def _depth(element: Element, heading: Element) -> int:
    depth = 0
    above = element.getparent()
    while above is not None and above is not heading and depth <= _LEVELS:
        above = above.getparent()
        depth += 1
    return depth


def _put_behind(heading: Element, block: Element) -> None:
    tail, heading.tail = heading.tail, None
    heading.addnext(block)
    block.tail = tail


def _cut(heading: Element, cut: Element) -> Element:
    """Take all behind a break out of a heading, into a paragraph; the elements around the break are there twice."""
    rest = etree.Element("p")
    parent = cut.getparent()
    inner: Element | None = None
    before: Element = cut
    while parent is not None:
        outer = rest
        if parent is not heading:
            outer = _again(parent)
        following = list(before.itersiblings())
        if inner is None:
            outer.text = before.tail
        else:
            inner.tail = before.tail
            outer.append(inner)
        before.tail = None
        outer.extend(following)
        if parent is heading:
            break
        inner, before, parent = outer, parent, parent.getparent()
    above = cut.getparent()
    if above is not None:
        above.remove(cut)
    return rest


def _again(phrase: Element) -> Element:
    """Make an empty element of the same kind; a name is there once."""
    again = etree.Element(phrase.tag)
    for name, value in phrase.items():
        if name != "id":
            again.set(name, value)
    return again


def _put_pictures_beside(heading: Element, lines: list[_Line]) -> bool:
    """Make paragraphs of large pictures before the first and behind the last word of a heading."""
    said = [line for line in lines if line.pieces]
    if not said:
        return False
    first, last = said[0], said[-1]
    before = [image for image in first.images[: first.leading] if first is lines[0]]
    behind = last.images[last.trailing :]
    count = 0
    for image in before:
        unit = _large_picture(image, heading)
        if unit is None:
            break
        heading.addprevious(_paragraph(unit))
        count += 1
    for image in reversed(behind):
        unit = _large_picture(image, heading)
        if unit is None:
            break
        _put_behind(heading, _paragraph(unit))
        count += 1
    return count > 0


def _large_picture(image: Element, heading: Element) -> Element | None:
    """Return a large picture with the phrases around it alone; None when it is small, or in a link with words."""
    if not any(
        (found := re.fullmatch(_PIXELS, image.get(name) or "")) and int(found[1]) >= _LARGE
        for name in ("width", "height")
    ):
        return None
    unit = image
    above = unit.getparent()
    while above is not None and above is not heading and _is_alone(unit, above):
        unit, above = above, above.getparent()
    while above is not None and above is not heading:
        if above.tag == "a":
            return None
        above = above.getparent()
    return unit


def _is_alone(unit: Element, above: Element) -> bool:
    beside = unit.getprevious() is not None or unit.getnext() is not None
    return not beside and is_blank(above.text) and is_blank(unit.tail)


def _paragraph(unit: Element) -> Element:
    """Take a picture out of where it is, into a paragraph; the text behind it stays."""
    if not is_blank(unit.tail):  # white space at the end of a line means nothing
        append_text_before(unit, unit.tail or "")
    unit.tail = None
    block = etree.Element("p")
    block.append(unit)
    return block
