"""The second parser, for pages of which lxml builds another tree than a browser would.

lxml drops what is nested deeper than 2,047 levels without a word, closes headings before paragraphs, and knows nothing
of formatting that ends in another block than it began in. The tree is built by the rules of the HTML standard, for
input of any depth, and is then made as shallow as a browser's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from converter.html5 import build
from converter.shallow import limit_depth

if TYPE_CHECKING:
    from converter.open_elements import Node
    from converter.tree import Element

_BAD_NAME: Final = re.compile(r"[^\w.-]", re.ASCII)
_BAD_TEXT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def parse(text: str) -> tuple[Element, list[str]]:
    """Parse HTML and copy the tree into lxml elements; comments are left out. Iterative.

    Returns:
        The root of the tree; and what an open comment, tag or script hides to the end of the page.

    """
    page, hidden = build(text)
    limit_depth(page)
    root = etree.Element("html", _attributes(page))
    todo: list[tuple[Node, Element]] = [(page, root)]
    while todo:
        node, element = todo.pop()
        last: Element | None = None
        pieces: list[str] = []
        for child in node.children:
            if isinstance(child, str):
                pieces.append(child)
                continue
            _set_text(element, last, pieces)
            last = etree.SubElement(element, _name(child.name), _attributes(child))
            todo.append((child, last))
        _set_text(element, last, pieces)
    return root, hidden


def _set_text(element: Element, last: Element | None, pieces: list[str]) -> None:
    if not pieces:
        return
    text = _BAD_TEXT.sub("", "".join(pieces))
    pieces.clear()
    if last is None:
        element.text = text
    else:
        last.tail = text


def _name(name: str) -> str:
    clean = _BAD_NAME.sub("-", name.lower())
    return clean if clean[:1].isalpha() else f"x-{clean}"


def _attributes(node: Node) -> dict[str, str]:
    out: dict[str, str] = {}
    for key, value in node.attributes.items():
        name = _BAD_NAME.sub("-", key)
        out[name if name[:1].isalpha() or name[:1] == "_" else f"x-{name}"] = _BAD_TEXT.sub("", value)
    return out
