"""The pass for what holds nothing: empty headings, paragraphs, items and emphasis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from converter.tree import Element, append_text_before, drop, is_blank

if TYPE_CHECKING:
    from collections.abc import Iterator

    from converter.profiles import Profile

# Elements that mean something without text: the rest of what holds nothing goes.
_KEPT_EMPTY: Final = frozenset(
    {"img", "br", "hr", "td", "th", "input", "x-tex", "x-ref", "tr", "tbody", "thead", "col"}
)
_BLOCKS: Final = frozenset(
    "address article aside blockquote center dd details div dl dt fieldset figcaption figure footer form h1 h2 "
    "h3 h4 h5 h6 header hr li main nav ol p pre section table tbody td tfoot th thead tr ul".split()
)


def drop_empty_elements(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop elements without text and images, from the inside out; cells of tables stay, spaces between words too."""
    count = 0
    leaves: list[Element] = []
    for leaf in root.iterdescendants():
        if not len(leaf) and leaf.tag not in _KEPT_EMPTY:
            text = leaf.text
            if not text or not text.strip(" \t\r\n"):  # a wide space is more than the white space of HTML
                leaves.append(leaf)
    for run in _neighbours(leaves):
        element: Element | None = run[0]
        if len(run) > 1:
            element = run[0].getparent()
            _drop_together(run)
            count += len(run)
        while element is not None and element is not root and _is_empty(element):
            parent = element.getparent()
            if _separates(element):
                break
            # White space in an inline element still separates words: <b>a</b><span> </span><b>b</b>.
            if element.text and parent is not None and element.tag not in _BLOCKS:
                element.tail = element.text + (element.tail or "")
            drop(element)
            count += 1
            element = parent
    return count


def _neighbours(leaves: list[Element]) -> Iterator[list[Element]]:
    """Group the inline ones that stand side by side: one by one, the text between them would be copied for each."""
    run: list[Element] = []
    for leaf in leaves:
        if run and (leaf.tag in _BLOCKS or run[-1].tag in _BLOCKS or run[-1].getnext() is not leaf):
            yield run
            run = []
        run.append(leaf)
    if run:
        yield run


def _drop_together(run: list[Element]) -> None:
    """Drop empty inline elements that stand side by side; what is in and behind them stays."""
    append_text_before(run[0], "".join([(leaf.text or "") + (leaf.tail or "") for leaf in run]))
    for leaf in run:
        leaf.tail = None
        drop(leaf)


def _is_empty(element: Element) -> bool:
    return len(element) == 0 and is_blank(element.text) and element.tag not in _KEPT_EMPTY


def _separates(element: Element) -> bool:
    """Whether an empty element still means something.

    A block between two texts without paragraphs of their own divides them; an item of an ordered list takes a number.
    """
    parent = element.getparent()
    if element.tag == "li":
        return parent is not None and parent.tag == "ol" and element.getnext() is not None
    if element.tag not in _BLOCKS or parent is None:
        return False
    before, after = element.getprevious(), element.getnext()
    inline_before = not is_blank(parent.text if before is None else before.tail)
    inline_before = inline_before or (before is not None and before.tag not in _BLOCKS)
    inline_after = not is_blank(element.tail) or (after is not None and after.tag not in _BLOCKS)
    return inline_before and inline_after
