"""The second parser, for pages of which lxml builds another tree than an HTML5 parser would.

lxml drops what is nested deeper than 2,047 levels without a word, and closes headings before paragraphs. Python's
`html.parser` (through BeautifulSoup) nests tags as they are written, to any depth.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PreformattedString, Tag
from bs4.exceptions import ParserRejectedMarkup
from lxml import etree

if TYPE_CHECKING:
    from converter.tree import Element

_BAD_NAME: Final = re.compile(r"[^\w.-]", re.ASCII)
_TAG: Final = re.compile(r"</?[A-Za-z]|<[!?]")
_NO_TAG: Final = re.compile(r"</[^A-Za-z>][^>]*(?:>|\Z)")  # a comment for a browser
_BAD_TEXT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def parse(text: str) -> Element | None:
    """Parse HTML with BeautifulSoup and copy its tree into lxml elements; comments are left out. Iterative.

    Returns:
        The root of the tree; None for the rare markup that `html.parser` gives up on, such as `<![*`.

    """
    text = _NO_TAG.sub("", text)
    unfinished = text.rfind("<")
    if unfinished > text.rfind(">") and _TAG.match(text, unfinished):
        text = text[:unfinished]  # as a browser does; `html.parser` makes text of it
    try:
        soup = BeautifulSoup(text, "html.parser", multi_valued_attributes=None)
    except ParserRejectedMarkup:
        return None
    root = etree.Element("html")
    todo: list[tuple[Tag, Element]] = [(soup, root)]
    # A proxy that goes makes lxml climb to the next ancestor that has one; kept ones end that at the parent. Without
    # them a depth of 100,000 takes minutes.
    kept: list[Element] = [root]
    while todo:
        tag, element = todo.pop()
        last: Element | None = None
        for child in tag.contents:
            if isinstance(child, Tag):
                last = etree.SubElement(element, _name(child.name), _attributes(child))
                todo.append((child, last))
                kept.append(last)
            elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
                _append_text(element, last, _BAD_TEXT.sub("", child))
    return _with_body(root)


def _with_body(root: Element) -> Element:
    """Give a fragment the `html` and `body` around it that every parsed page has."""
    inner = root.find("html")
    if inner is not None:
        return inner
    if root.find("body") is None:
        body = etree.Element("body")
        body.text, root.text = root.text, None
        body.extend(list(root))
        root.append(body)
    return root


def _append_text(element: Element, last: Element | None, text: str) -> None:
    if last is None:
        element.text = (element.text or "") + text
    else:
        last.tail = (last.tail or "") + text


def _name(name: str) -> str:
    clean = _BAD_NAME.sub("-", name.lower())
    return clean if clean[:1].isalpha() else f"x-{clean}"


def _attributes(tag: Tag) -> dict[str, str]:
    out: dict[str, str] = {}
    for key, value in tag.attrs.items():
        name = _BAD_NAME.sub("-", key)
        out[name if name[:1].isalpha() or name[:1] == "_" else f"x-{name}"] = _BAD_TEXT.sub("", str(value or ""))
    return out
