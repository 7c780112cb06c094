"""The pass for marks where an editor would put a table of contents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from converter.clean_layout import is_in_data
from converter.listings import BLOCKS
from converter.tree import HEADINGS, Element, Query, drop, inside, is_blank, text_of

if TYPE_CHECKING:
    from converter.profiles import Profile

_MARK: Final = re.compile(r"\s*@?\[{1,2}_?toc_?\]{1,2}(?:\([^\n]*\))?\s*", re.IGNORECASE).fullmatch
_MARKS: Final = Query("descendant::text()[contains(., 'TOC') or contains(., 'toc') or contains(., 'Toc')]/parent::*")
_AROUND_MARK: Final = frozenset({"p", "div", "li", "center", "section", *HEADINGS})
_MARKED_PHRASES: Final = frozenset("span font strong b em i u".split())

_QUOTING: Final = frozenset({"blockquote", "dt", "dd", "caption"})


def drop_toc_marks(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop `[TOC]` and `@[TOC](title)` where they are all of a block, or of a paragraph that breaks or blocks end.

    An editor was to put the contents there.
    """
    count = 0
    more: set[Element] = {root}  # blocks that hold more than a mark
    boxes: dict[Element, bool] = {}
    for element in _MARKS(root):
        block: Element | None = element
        while block is not None and block is not root and block.tag not in _AROUND_MARK:
            block = block.getparent()
        if element.tag in {"code", "pre"} or block is None or block.tag == "pre" or _is_quoted(element, block, boxes):
            continue
        if block in more or not _MARK(text_of(block)) or block.find(".//img") is not None:
            more.add(block)
            count += _drop_marks_in(element)
        else:
            drop(block)
            count += 1
    return count


def _is_quoted(element: Element, block: Element, boxes: dict[Element, bool]) -> bool:
    """Whether a mark stands where somebody writes about it: in a table of data, a quotation, a list of more, a term."""
    if block.tag == "li" and any(True for before in (False, True) for _ in block.itersiblings("li", preceding=before)):
        return True
    return element.tag in _QUOTING or inside(element, _QUOTING) or is_in_data(element, boxes)


def _drop_marks_in(element: Element) -> int:
    """Drop the marks among the texts right in an element that are paragraphs by themselves."""
    if len(element) == 0 and element.tag in _MARKED_PHRASES:
        return _drop_marked_phrase(element)
    count = 0
    if element.tag not in BLOCKS and element.tag not in {"body", "html"}:
        return count
    if element.text and _MARK(element.text) and _begins_paragraph(next(element.iterchildren(), None)):
        element.text = None
        count += 1
    for child in element:
        if child.tail and _MARK(child.tail) and _ends_paragraph(child) and _begins_paragraph(child.getnext()):
            child.tail = None
            count += 1
    return count


def _drop_marked_phrase(phrase: Element) -> int:
    """Drop a phrase that is all of a paragraph, and holds a mark."""
    before, above = phrase.getprevious(), phrase.getparent()
    if above is None or above.tag not in BLOCKS or not _MARK(phrase.text or "") or not is_blank(phrase.tail):
        return 0
    if not (is_blank(above.text) if before is None else is_blank(before.tail) and _ends_paragraph(before)):
        return 0
    if not _begins_paragraph(phrase.getnext()):
        return 0
    drop(phrase)
    return 1


def _begins_paragraph(after: Element | None) -> bool:
    """Whether a paragraph ends before this element: a block, the first of two breaks, or none at all."""
    if after is None or after.tag in BLOCKS:
        return True
    following = after.getnext()
    return after.tag == "br" and is_blank(after.tail) and (following is None or following.tag in {"br", *BLOCKS})


def _ends_paragraph(before: Element) -> bool:
    """Whether a paragraph begins behind this element: a block, the last of two breaks, or one at the begin."""
    if before.tag in BLOCKS:
        return True
    if before.tag != "br":
        return False
    first, above = before.getprevious(), before.getparent()
    if first is None:
        return above is None or is_blank(above.text)
    return first.tag in {"br", *BLOCKS} and is_blank(first.tail)
