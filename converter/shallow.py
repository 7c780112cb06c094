"""Trees that are deeper than any page a browser shows.

Blink and WebKit build trees of 512 levels at most and put what is deeper side by side. Without such a limit many steps
take the square of the depth: lxml climbs to the root for each element that it moves, XPath for each two that it sorts.
Nothing that a reader sees is lost: the text, its order and its parting into blocks stay, and whatever is not deep in
itself (the article in ten thousand boxes) stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from converter.open_elements import PARTS, SPECIAL, Node

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST: Final = 512
"""Levels that stay as they are; the limit of Blink and WebKit."""
_HIGHEST: Final = 64  # levels of what is kept whole below those
_INLINE: Final = frozenset("area br button embed iframe img input object script select style wbr".split())
_BLOCKS: Final = SPECIAL - _INLINE
_KEPT: Final = frozenset("h1 h2 h3 h4 h5 h6 listing p pre textarea xmp".split())
_PIECES: Final = PARTS | frozenset("dd dt figcaption legend li optgroup option param source summary track".split())
"""Elements that mean something in others only."""
_MOST_AROUND: Final = 8  # inline elements; each name once


def limit_depth(page: Node) -> None:
    """Put what lies deeper than 512 levels side by side, in the tree itself. Iterative, linear."""
    order: list[Node] = []
    level = [page]
    top: list[Node] = []
    depth = 0
    while level:
        order += level
        depth += 1
        if depth == DEEPEST:
            top = level
        level = [child for node in level for child in node.children if isinstance(child, Node)]
    if depth <= DEEPEST + _HIGHEST:
        return
    heights: dict[Node, int] = {}
    for node in reversed(order):
        heights[node] = 1 + max((heights[child] for child in node.children if isinstance(child, Node)), default=0)
    for node in top:
        if heights[node] > _HIGHEST:
            node.children = _Row(heights).of(node)


class _Row:
    """What stood in each other, side by side."""

    def __init__(self, heights: dict[Node, int]) -> None:
        self._heights = heights
        self._out: list[Node | str] = []
        self._box: list[Node | str] | None = None  # the content of the block that is being filled
        self._blocks: list[Node] = []  # that are open, and will not be there
        self._inlines: list[list[Node]] = [[]]  # likewise; each with those around it, the last of each name

    def of(self, top: Node) -> list[Node | str]:
        """Write all that lies in an element as its children."""
        todo: list[tuple[Node, Iterator[Node | str]]] = [(top, iter(top.children))]
        while todo:
            node, rest = todo[-1]
            child = next(rest, None)
            if child is None:
                todo.pop()
                if todo:
                    self._leave(node)
            elif isinstance(child, str):
                self._add_text(child)
            elif self._heights[child] > _HIGHEST or (child.name in _PIECES and not child.foreign):
                self._enter(child)
                todo.append((child, iter(child.children)))
            else:
                self._add(child)
        return self._out

    def _enter(self, node: Node) -> None:
        if _is_block(node):
            self._box = None
            self._blocks.append(node)
        else:
            around = [inline for inline in self._inlines[-1] if inline.name != node.name]
            self._inlines.append([*around, node][-_MOST_AROUND:])

    def _leave(self, node: Node) -> None:
        if _is_block(node):
            self._box = None
            self._blocks.pop()
        else:
            self._inlines.pop()

    def _add_text(self, text: str) -> None:
        if not text.isspace():
            self._fill(self._around(text))
        elif self._box is not None or not self._blocks or self._blocks[-1].name in _KEPT:
            self._fill(text)

    def _add(self, node: Node) -> None:
        if _is_block(node):
            self._box = None
            self._out.append(self._around(node))
        else:
            self._fill(self._around(node))

    def _fill(self, piece: Node | str) -> None:
        if self._box is None:
            self._box = self._out
            if self._blocks and self._blocks[-1].name in _KEPT:
                self._begin(Node(self._blocks[-1].name, self._blocks[-1].attributes))
            elif self._blocks or self._out:
                self._begin(Node("div", {}))
        self._box.append(piece)

    def _begin(self, block: Node) -> None:
        self._out.append(block)
        self._box = block.children

    def _around(self, piece: Node | str) -> Node | str:
        """Put the inline elements around it that were around it."""
        for inline in reversed(self._inlines[-1]):
            around = Node(inline.name, inline.attributes, inline.foreign)
            around.children.append(piece)
            piece = around
        return piece


def _is_block(node: Node) -> bool:
    return node.name in _BLOCKS and not node.foreign
