"""The open elements of a page under construction: where the next one goes, and what its end closes.

The half of the HTML standard's "tree construction" that knows no names of blocks: the stack of open elements, the list
of formatting to be opened again, the place before a table, and the "adoption agency".
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converter.tokens import Token

SPECIAL: Final = frozenset(
    "address applet area article aside base basefont bgsound blockquote body br button caption center col colgroup dd "
    "details dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header "
    "hgroup hr html iframe img input keygen li link listing main marquee menu meta nav noembed noframes noscript "
    "object ol p param plaintext pre script search section select source style summary table tbody td template "
    "textarea tfoot th thead title tr track ul wbr xmp".split()
)
SCOPE: Final = frozenset("applet caption html table td th marquee object template".split())
BUTTON_SCOPE: Final = SCOPE | {"button"}
IMPLIED: Final = frozenset("dd dt li optgroup option p rb rp rt rtc".split())
BODIES: Final = frozenset({"tbody", "thead", "tfoot"})
CELLS: Final = frozenset({"td", "th"})
PARTS: Final = BODIES | CELLS | {"caption", "col", "colgroup", "tr"}
FOSTERING: Final = BODIES | {"table", "tr"}
_MODES: Final = PARTS | {"table"}
INTEGRATION: Final = {
    "": frozenset[str](),
    "svg": frozenset({"foreignobject", "desc", "title"}),
    "math": frozenset({"mi", "mo", "mn", "ms", "mtext", "annotation-xml"}),
}
_ROUNDS = 8  # of the adoption agency, by the standard
_ALIKE = 3  # formatting elements that are opened again, by the standard
_LOOKED_BACK = 200  # for those; the standard knows no limit, but 100,000 different ones would take hours


def place_of(item: object, items: Sequence[object]) -> int:
    """Place of an item, looked for from the end, where it mostly is: pages nest 100,000 deep."""
    for at in range(len(items) - 1, -1, -1):
        if items[at] is item:
            return at
    return -1


class Node:
    """An element of the tree."""

    __slots__ = ("attributes", "children", "foreign", "is_open", "name", "parent")

    def __init__(self, name: str, attributes: dict[str, str], foreign: str = "") -> None:
        """Make an element without a place; a foreign one is of `svg` or `math`."""
        self.name = name
        self.attributes = attributes
        self.children: list[Node | str] = []
        self.parent: Node | None = None
        self.foreign = foreign
        self.is_open = False

    def take(self, child: Node, before: Node | None = None) -> None:
        """Move an element here, to the end or before another one."""
        if child.parent is not None:
            del child.parent.children[place_of(child, child.parent.children)]
        child.parent = self
        if before is None:
            self.children.append(child)
        else:
            self.children.insert(place_of(before, self.children), child)


class Elements:
    """The state of the construction of one tree."""

    def __init__(self) -> None:
        """Start with the elements that every page has."""
        self.html, self.head, self.body = Node("html", {}), Node("head", {}), Node("body", {})
        self.html.take(self.head)
        self.html.take(self.body)
        self.open: list[Node] = []
        self.counts = Counter[str]()
        self.formatting: list[Node | None] = []
        self.tables: list[Node] = []
        self.push(self.html)
        self.push(self.body)
        self.in_head = True
        self.form: Node | None = None
        self.fosters = False
        self.drops_line_end = False
        self.hidden: list[str] = []

    # ------------------------------------------------------------------------------------------------- the stack
    @property
    def current(self) -> Node:
        """The innermost open element."""
        return self.open[-1]

    @property
    def mode(self) -> str:
        """Name of the innermost open part of a table; empty outside of tables."""
        return self.tables[-1].name if self.tables else ""

    def push(self, node: Node) -> None:
        """Open an element."""
        self.open.append(node)
        self.counts[node.name] += 1
        node.is_open = True
        if node.name in _MODES and not node.foreign:
            self.tables.append(node)

    def pop(self) -> Node:
        """Close the innermost element."""
        node = self.open.pop()
        self.closed(node)
        return node

    def closed(self, node: Node) -> None:
        """Note that an element left the stack."""
        self.counts[node.name] -= 1
        node.is_open = False
        if self.tables and self.tables[-1] is node:
            self.tables.pop()

    def pop_until(self, names: frozenset[str]) -> None:
        """Close elements up to and including one of these."""
        while len(self.open) > 2 and self.pop().name not in names:  # noqa: PLR2004 (html and body stay)
            pass

    def clear_to(self, names: frozenset[str]) -> None:
        """Close elements down to one of these."""
        while len(self.open) > 2 and self.current.name not in names:  # noqa: PLR2004
            self.pop()

    def in_scope(self, names: frozenset[str], borders: frozenset[str] = SCOPE) -> bool:
        """Whether one of the elements is open, and no border between."""
        if not any(self.counts[name] for name in names):
            return False
        for node in reversed(self.open):
            if node.name in names:
                return True
            if node.name in borders or node.name in INTEGRATION[node.foreign]:
                return False
        return False

    def imply_ends(self, besides: str = "") -> None:
        """Close what need not be closed in HTML."""
        while self.current.name in IMPLIED and self.current.name != besides:
            self.pop()

    def close_p(self) -> None:
        """End the open paragraph, if there is one."""
        if self.counts["p"] and self.in_scope(frozenset({"p"}), BUTTON_SCOPE):
            self.imply_ends("p")
            self.pop_until(frozenset({"p"}))

    # ------------------------------------------------------------------------------------------------- insertion
    def place(self, target: Node | None = None) -> tuple[Node, Node | None]:
        """Find where a node goes: into the current one, or before the table that it has no place in."""
        target = target or self.current
        if self.fosters and target.name in FOSTERING:
            for at in range(len(self.open) - 1, 0, -1):
                table = self.open[at]
                if table.name == "table":
                    return (table.parent, table) if table.parent is not None else (self.open[at - 1], None)
        return target, None

    def insert(self, name: str, attributes: dict[str, str], foreign: str = "") -> Node:
        """Open a new element."""
        node = Node(name, attributes, foreign)
        parent, before = self.place()
        parent.take(node, before)
        self.push(node)
        return node

    def insert_text(self, text: str) -> None:
        """Add text."""
        parent, before = self.place()
        if before is None:
            parent.children.append(text)
        else:
            parent.children.insert(place_of(before, parent.children), text)

    # ------------------------------------------------------------------------------------------------ formatting
    def format_again(self) -> None:
        """Open formatting again that ended with a block but was not closed."""
        entries = self.formatting
        if not entries or entries[-1] is None or entries[-1].is_open:
            return
        at = len(entries) - 1
        while at and (before := entries[at - 1]) is not None and not before.is_open:
            at -= 1
        for n in range(at, len(entries)):
            old = entries[n]
            if old is not None:
                entries[n] = self.insert(old.name, dict(old.attributes))

    def format(self, token: Token) -> None:
        """Open a formatting element."""
        alike = 0
        for n in range(len(self.formatting) - 1, max(-1, len(self.formatting) - _LOOKED_BACK), -1):
            old = self.formatting[n]
            if old is None:
                break
            if old.name == token.name and old.attributes == token.attributes:
                alike += 1
                if alike == _ALIKE:
                    del self.formatting[n]
                    break
        self.formatting.append(self.insert(token.name, token.attributes))

    def clear_formatting(self) -> None:
        """Forget formatting up to the border of a cell or an object."""
        while self.formatting and self.formatting.pop() is not None:
            pass

    def open_format(self, name: str) -> Node | None:
        """Find the last formatting element of a name."""
        for node in reversed(self.formatting):
            if node is None:
                return None
            if node.name == name:
                return node
        return None

    def adopt(self, name: str) -> None:
        """End formatting that may have begun outside of the block that it ends in."""
        if self.current.name == name and place_of(self.current, self.formatting) < 0:
            self.pop()
            return
        for _ in range(_ROUNDS):
            element = self.open_format(name)
            if element is None:
                self.end_other(name)
                return
            if not element.is_open:
                del self.formatting[place_of(element, self.formatting)]
                return
            if not self.in_scope(frozenset({name})):
                return
            at = place_of(element, self.open)
            block = next((node for node in self.open[at + 1 :] if node.name in SPECIAL and not node.foreign), None)
            if block is None:
                while self.pop() is not element:
                    pass
                del self.formatting[place_of(element, self.formatting)]
                return
            self.rearrange(element, at, block)

    def rearrange(self, element: Node, at: int, block: Node) -> None:
        """Take a block out of a formatting element, and repeat the formatting inside of it."""
        entries = self.formatting
        bookmark = place_of(element, entries)
        place = place_of(block, self.open)
        last, inner = block, 0
        for n in range(place - 1, at, -1):
            node, inner = self.open[n], inner + 1
            entry = place_of(node, entries)
            if entry >= 0 and inner > _ALIKE:
                bookmark -= entry < bookmark
                del entries[entry]
                entry = -1
            if entry < 0:
                self.closed(self.open.pop(n))
                continue
            copy = Node(node.name, dict(node.attributes))
            entries[entry] = self.open[n] = copy
            node.is_open, copy.is_open = False, True
            if last is block:
                bookmark = entry + 1
            copy.take(last)
            last = copy
        fosters, self.fosters = self.fosters, True
        parent, before = self.place(self.open[at - 1])
        self.fosters = fosters
        parent.take(last, before)
        copy = Node(element.name, dict(element.attributes))
        copy.children, block.children = block.children, []
        for child in copy.children:
            if isinstance(child, Node):
                child.parent = copy
        block.take(copy)
        entries.insert(bookmark, copy)
        del entries[place_of(element, entries)]
        del self.open[place_of(element, self.open)]
        self.closed(element)
        self.open.insert(place_of(block, self.open) + 1, copy)
        self.counts[copy.name] += 1
        copy.is_open = True

    def end_other(self, name: str) -> None:
        """Take the end tag of an element without rules of its own."""
        if not self.counts[name]:
            return
        for n in range(len(self.open) - 1, 1, -1):
            node = self.open[n]
            if node.name == name:
                self.imply_ends(name)
                while self.pop() is not node:
                    pass
                return
            if node.name in SPECIAL and not node.foreign:
                return
