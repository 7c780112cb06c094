"""Does the Markdown say what the article says? Renders it and compares what a reader sees of both.

The renderer is pulldown-cmark, compiled: CommonMark with GFM tables, strikethrough and task items, and dollar math.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, Protocol

from lxml import etree

from converter.seen import Difference, same
from converter.seen_tags import TOKEN, places_of, seen, tokens_of

if TYPE_CHECKING:
    from converter.seen import Token
    from converter.tree import Element

__all__ = ["Difference", "compare", "elements_of", "look_at", "look_at_markdown", "render"]

_LAYOUT: Final = frozenset({"div", "section", "article", "main", "center", "body", "form", "header", "footer"})


class _Renderer(Protocol):
    def html(self, markdown: str, /) -> str: ...


@cache
def _renderer() -> _Renderer:
    import pyromark  # here, since it takes 5 ms

    options = pyromark.Options
    flags = options.ENABLE_TABLES | options.ENABLE_STRIKETHROUGH | options.ENABLE_TASKLISTS
    flags |= options.ENABLE_MATH | options.ENABLE_FOOTNOTES
    renderer: _Renderer = pyromark.Markdown(options=flags)
    return renderer


def look_at(root: Element, *, prettified: bool = False) -> str:
    """Take down what a reader sees of a cleaned article, for `compare`; before anybody may change the tree.

    Args:
        root: the element that holds the article.
        prettified: a pretty-printer put every inline tag on a line of its own.

    """
    return seen(tokens_of(root), article=True, prettified=prettified)


def look_at_markdown(markdown: str) -> str:
    """Take down what a reader sees of the rendering of a Markdown body."""
    return seen(_rendered(markdown))


def render(markdown: str) -> str:
    """Render a Markdown body to HTML; raw HTML in it comes out as it is."""
    try:
        return _renderer().html(markdown)
    except UnicodeEncodeError:  # half of a surrogate pair
        return _renderer().html(markdown.encode("utf-8", "replace").decode())


def compare(article: str, markdown: str) -> list[Difference]:
    """Compare what was seen of an article with the rendering of its Markdown.

    Args:
        article: from `look_at`.
        markdown: the body, without front matter.

    Returns:
        Where they differ, in the order of the article; usually nothing.

    """
    rendered = look_at_markdown(markdown)
    if same(article, rendered):
        return []
    from converter.differences import differences

    return differences(article, rendered)


def elements_of(root: Element, blocks: set[int]) -> list[Element]:
    """Find the outermost elements with a meaning that hold these blocks of an article; see `Difference.block`.

    A block that stands between the elements of `root` itself has none.
    """
    elements = list(root.iter())
    found: dict[Element, None] = {}
    for place in places_of(tokens_of(root), blocks):
        path = [elements[place], *elements[place].iterancestors()]
        path = path[: path.index(root)]
        outermost = next((e for e in reversed(path) if e.tag not in _LAYOUT), path[0] if path else None)
        if outermost is not None:
            found[outermost] = None
    return [e for e in found if not any(above in found for above in e.iterancestors())]


def _rendered(markdown: str) -> list[Token]:
    """Render Markdown and cut the HTML into tokens."""
    html = render(markdown)
    if "<" not in markdown:  # then all tags are the renderer's own, and balanced
        tokens: list[Token] = TOKEN.findall(html)
        return tokens
    parser = etree.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    tree = etree.fromstring(f"<body>{html or '<p>'}".encode("utf-8", "replace"), parser)
    return tokens_of(tree)
