"""Does the Markdown say what the article says? Renders it and compares what a reader sees of both.

The renderer is pulldown-cmark, compiled: CommonMark with GFM tables, strikethrough and task items, and dollar math.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, Protocol

from lxml import etree

from converter.seen import Difference, same
from converter.seen_tags import TOKEN, seen, tokens_of

if TYPE_CHECKING:
    from converter.seen import Token
    from converter.tree import Element

__all__ = ["Difference", "compare", "elements_of", "look_at", "look_at_markdown", "render"]

_LAYOUT: Final = frozenset({"div", "section", "article", "main", "center", "body", "form", "header", "footer"})

_OTHER_ENTITY: Final = re.compile("&(?!(?:lt|gt|quot|amp|#x27);)").search
_ATTRIBUTES: Final = re.compile(r'(?: [a-z]+="[^"<>]*")*').fullmatch
_VOID: Final = frozenset({"br", "hr", "img", "input"})
_FLOW: Final = frozenset({"", "blockquote", "div", "li", "td", "th"})
_LINES: Final = frozenset({"p", "pre", "h1", "h2", "h3", "h4", "h5", "h6"})
_PHRASES: Final = frozenset({"a", "code", "del", "em", "kbd", "span", "strong", "sub", "sup"})
_PARENTS: Final = {
    **dict.fromkeys((*_LINES, "blockquote", "div", "hr", "ol", "table", "ul"), _FLOW),
    **dict.fromkeys((*_PHRASES, "br", "img", "input"), _FLOW | _LINES | _PHRASES),
    "li": frozenset({"ol", "ul"}),
    "tbody": frozenset({"table"}),
    "td": frozenset({"tr"}),
    "th": frozenset({"tr"}),
    "thead": frozenset({"table"}),
    "tr": frozenset({"table", "tbody", "thead"}),
}
"""Where an element may stand without a parser closing another one before it."""


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
    from converter.seen_places import places_of  # here: few runs ask

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
    tokens: list[Token] = TOKEN.findall(html)
    if "<" not in markdown or _is_well_formed(html, tokens):  # without `<` all tags are the renderer's own
        return tokens
    parser = etree.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    tree = etree.fromstring(f"<body>{html or '<p>'}".encode("utf-8", "replace"), parser)
    return tokens_of(tree)


def _is_well_formed(html: str, tokens: list[Token]) -> bool:
    """Tell whether HTML, cut into tokens, is so simple that a parser would find the same tags in it.

    Raw HTML of the Markdown stands in it as it is: a `<` that begins no tag, ends that are missing or implied,
    attributes without quotes and entities of its own all need a parser.
    """
    if html.count("<") != len(tokens) or _OTHER_ENTITY(html):
        return False
    open_ones: list[str] = [""]
    for tag, attributes, _ in tokens:
        if tag[0] == "/":
            if open_ones.pop() != tag[1:] or attributes:
                return False
        else:
            parents = _PARENTS.get(tag)
            if parents is None or open_ones[-1] not in parents or (tag == "a" and "a" in open_ones):
                return False
            if tag not in _VOID:
                if attributes and not _ATTRIBUTES(attributes):
                    return False
                open_ones.append(tag)
            elif attributes and not _ATTRIBUTES(attributes.removesuffix("/").removesuffix(" ")):
                return False
    return len(open_ones) == 1
