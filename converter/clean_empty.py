"""The pass for what holds nothing: empty headings, paragraphs, items and emphasis."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from converter.tree import LISTS, Element, drop, drop_all, is_blank, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from converter.profiles import Profile

# Elements that mean something without text: the rest of what holds nothing goes.
_KEPT_EMPTY: Final = frozenset(
    {"img", "br", "hr", "td", "th", "input", "x-tex", "x-ref", "tr", "tbody", "thead", "col"}
)
_BLOCKS: Final = frozenset(
    "address article aside blockquote center dd details div dl dt fieldset figcaption figure footer form h1 h2 "
    "h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
# What WebKit, Word and CSDN's first editor put around a space or a tab; compiled where it is needed: start-up counts.
_FOR_SPACE: Final = r"(?i)Apple-(?:converted-space|tab-span)|mso-(?:spacerun|tab-count)|white-space\s*:\s*pre"
_WHITE: Final = " \t\r\n"


def drop_empty_elements(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop elements without text and images, from the inside out; cells of tables stay, spaces between words too."""
    leaves: list[Element] = []
    for leaf in root.iterdescendants():
        if not len(leaf) and leaf.tag not in _KEPT_EMPTY:
            text = leaf.text
            # A wide space is more than the white space of HTML; stripping a text copies it, so few are stripped.
            if not text or (text.isspace() and not text.strip(" \t\r\n")):
                leaves.append(leaf)
    if not leaves:
        return 0
    count = 0
    for run in _runs(_outermost(leaves, root)):
        last: Element | None = run[-1]
        if run[0].tag not in _BLOCKS:
            last = run[0].getparent()
            count += sum([1 + sum(1 for _ in one.iterdescendants()) for one in run])
            _drop_inline(run)
        elif len(run) > 1:
            count += len(run) - 1
            drop_all(run[:-1])
        count += _drop_upwards(last, root)
    return count


def _outermost(leaves: list[Element], root: Element) -> list[Element]:
    """Put in the place of empty inline elements the outermost inline ones that hold nothing but them."""
    found: list[Element] = []
    missing: dict[Element, int] = {}  # of the children; to count them takes a step for each
    for leaf in leaves:
        one = leaf
        found.append(one)
        while one.tag not in _BLOCKS:
            parent = one.getparent()
            if parent is None or parent is root or parent.tag in _BLOCKS or parent.tag in _KEPT_EMPTY:
                break
            missing[parent] = left = (missing[parent] if parent in missing else len(parent)) - 1
            if left or not _is_blank_between(parent):
                break
            found[-len(parent) :] = [parent]
            one = parent
    return found


def _is_blank_between(element: Element) -> bool:
    return is_blank(element.text) and all(is_blank(child.tail) for child in element)


def _runs(found: list[Element]) -> Iterator[list[Element]]:
    """Group those that go together: inline ones side by side, and blocks with nothing but white space between them.

    One by one, the text between them would be copied for each. Of such blocks, only the last may mean something
    (`_separates`); an item of a list is always looked at for itself.
    """
    run: list[Element] = []
    for one in found:
        if run and not _go_together(run[-1], one):
            yield run
            run = []
        run.append(one)
    yield run


def _go_together(one: Element, other: Element) -> bool:
    block = one.tag in _BLOCKS
    if block != (other.tag in _BLOCKS) or one.getnext() is not other:
        return False
    return not block or (is_blank(one.tail) and one.tag != "li" != other.tag)


def _drop_inline(run: list[Element]) -> None:
    """Drop empty inline elements that stand side by side.

    The white space in them still separates words: <b>a</b><span> </span><b>b</b>. Of a line end nobody knows whether it
    does, but in an element that is there to hold a space: a pretty-printer has put it in the place of that.
    """
    for one in run:
        space = text_of(one)
        if "\n" in space and _is_for_space(one):
            _strip_before(one)
            one.tail = " " + (one.tail or "").lstrip(_WHITE)
        elif space:
            one.tail = space + (one.tail or "")
    drop_all(run)


def _is_for_space(element: Element) -> bool:
    """Whether an element, or one in it, was made for the space in it; seen in 14 of 875 posts."""
    return any(
        leaf.text
        and leaf.keys()
        and re.search(_FOR_SPACE, f"{leaf.get('class') or ''};{leaf.get('style') or ''}") is not None
        for leaf in element.iter()
    )


def _strip_before(element: Element) -> None:
    """Take the white space from the end of the text before an element."""
    before, parent = element.getprevious(), element.getparent()
    if before is not None:
        before.tail = (before.tail or "").rstrip(_WHITE)
    elif parent is not None:
        parent.text = (parent.text or "").rstrip(_WHITE)


def _drop_upwards(element: Element | None, root: Element) -> int:
    """Drop an element that holds nothing, then the one around it, and so on; return how many went."""
    count = 0
    while element is not None and element is not root and _is_empty(element) and not _separates(element):
        parent = element.getparent()
        if element.text and parent is not None and element.tag not in _BLOCKS:
            element.tail = element.text + (element.tail or "")
        drop(element)
        count += 1
        element = parent
    return count


def _is_empty(element: Element) -> bool:
    alone = next(element.iterchildren(), None) is None  # `len` counts them all
    return alone and is_blank(element.text) and element.tag not in _KEPT_EMPTY


def _separates(element: Element) -> bool:
    """Whether an empty element still means something.

    A block between two texts without paragraphs of their own divides them; an item of an ordered list takes a number.
    """
    parent = element.getparent()
    if element.tag == "li" and parent is not None and parent.tag in LISTS:
        return parent.tag == "ol" and element.getnext() is not None
    if element.tag not in _BLOCKS:
        return False
    return _touches_phrase(element, before=True) and _touches_phrase(element, before=False)


def _touches_phrase(element: Element, *, before: bool) -> bool:
    """Whether text or an inline element stands beside an element, or beside the inline ones that it begins or ends."""
    one = element
    while (parent := one.getparent()) is not None:
        other = one.getprevious() if before else one.getnext()
        text = one.tail if not before else parent.text if other is None else other.tail
        if not is_blank(text):
            return True
        if other is not None:
            return other.tag not in _BLOCKS
        if parent.tag in _BLOCKS:
            return False
        one = parent
    return False
