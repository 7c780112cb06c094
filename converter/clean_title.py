"""The pass for a title that an article begins with, which the front matter says already."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from converter.clean_toc import letters
from converter.tree import HEADINGS, Element, drop, drop_all, is_blank, squeezed, text_of, weight

if TYPE_CHECKING:
    from collections.abc import Iterable

_BEGINNING: Final = 60  # characters
_AT_A_CUT: Final = 2  # characters that may be one with what is behind them
_TITLES: Final = frozenset({"p", "div", *HEADINGS, "center", "section"})
_AROUND_TITLE: Final = _TITLES | {"article", "main", "header", "body"}
_AROUND_ROW: Final = frozenset({"td", "th", "tbody", "thead", "table"})


def drop_repeated_title(root: Element, title: str) -> int:
    """Drop the first block of an article when it says the title once more; 1,893 posts of 24,597 begin so.

    That is one heading and one other block at most, and no paragraph that is all of a post: what is said again and
    again is text.

    Args:
        root: the cleaned article.
        title: the title that the front matter of the output has, from the page or from its front matter.

    Returns:
        How many blocks went.

    """
    wanted = letters(title)
    heading, line = 0, 0
    while wanted and (block := _first_block(root)) is not None and _says(block, wanted):
        if heading if block.tag in HEADINGS else line or _is_all(block, root):
            return heading + line
        heading, line = (1, line) if block.tag in HEADINGS else (heading, 1)
        drop(block)
    return heading + line + (wanted != "" and not line and _drop_first_line(root, wanted))


def _says(block: Element, wanted: str) -> bool:
    """Whether a block says the title and nothing else; of most blocks the beginning tells that it does not."""
    text = text_of(block)
    if len(text) > _BEGINNING:
        start = letters(text[:_BEGINNING])[:-_AT_A_CUT]
        if not wanted.startswith(start[: len(wanted)]):
            return False
    return letters(text) == wanted


def _is_all(block: Element, root: Element) -> bool:
    """Whether nothing is in an article but its first block."""
    return weight(block) == weight(root) and next(root.iter("img", "input", "hr", "x-tex"), None) is None


def _drop_first_line(root: Element, wanted: str) -> bool:
    """Drop the title where it is the first line of a paragraph and an empty line follows: `<p>Title<br><br>Text`."""
    first = next((e for e in root.iter() if not is_blank(e.text)), None)
    if first is None or first.tag not in {"p", "div"} or first.getparent() is not root:
        return False
    lines = list(islice(first, 2))
    if [line.tag for line in lines] != ["br", "br"] or not is_blank(lines[0].tail):
        return False
    if letters(first.text or "") != wanted:
        return False
    first.text = None
    drop_all(lines)
    return True


def _first_block(root: Element) -> Element | None:
    """Find the block that holds the first thing a reader sees; None when it is more than a line of text.

    Pictures, links to elsewhere, formulas and code in it would go with it.
    """
    block = next((e for e in root.iter() if e.tag in {"img", "hr", "pre"} or not is_blank(e.text)), None)
    while block is not None and block.tag not in _TITLES:
        if block is root or block.tag in {"img", "hr", "table", "pre", "li", "td", "blockquote", "x-tex", "code"}:
            return None
        block = block.getparent()
    if block is None or block is root or not _stands_free(block, root):
        return None
    alone = next(block.iter("img", "a", "br", "pre", "code", "x-tex", "input", "table", "li"), None) is None
    return block if alone and is_blank(block.tail) else None


def _stands_free(block: Element, root: Element) -> bool:
    """Whether only boxes are around a block; around a heading, rows of tables too when it has its row to itself."""
    for above in _between(block, root):
        if above.tag == "tr" and block.tag in HEADINGS and squeezed(above) == squeezed(block):
            continue
        if above.tag not in _AROUND_TITLE and (above.tag not in _AROUND_ROW or block.tag not in HEADINGS):
            return False
    return True


def _between(element: Element, root: Element) -> Iterable[Element]:
    for above in element.iterancestors():
        if above is root:
            return
        yield above
