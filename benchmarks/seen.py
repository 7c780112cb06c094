"""What a reader sees of a cleaned article, or of a rendering: text and structure in a form that can be compared.

One walk over an lxml tree. The text is all characters that are no white space, with one sign for each picture, rule
and listing; everything else is said in places of that text, so two trees that cut the same text into other elements
have the same facts. It knows nothing of `reader`: what that one takes for granted, this one looks at again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Callable

    from converter.tree import Element

IMAGE, RULE, LISTING = "\ufffc", "\u2015", "\u2318"

_BOLD, _ITALIC, _STRUCK, _CODE, _SUP, _SUB, _KBD = range(7)
MARKS: Final = ("bold", "italic", "struck", "inline code", "superscript", "subscript", "keys")
MOVABLE: Final = frozenset({_BOLD, _ITALIC, _STRUCK})
"""Marks whose edges may move over punctuation, since CommonMark cannot delimit them otherwise."""

_MARK_TAGS: Final = {
    **dict.fromkeys(("strong", "b"), _BOLD),
    **dict.fromkeys(("em", "i"), _ITALIC),
    **dict.fromkeys(("del", "s", "strike"), _STRUCK),
    **dict.fromkeys(("code", "tt", "samp"), _CODE),
    "sup": _SUP,
    "sub": _SUB,
    "kbd": _KBD,
}
_BLOCK_TAGS: Final = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup html legend li main menu nav ol p section summary table tbody td "
    "tfoot th thead tr ul".split()
)
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_STYLED: Final = (
    (re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE), _BOLD, True),
    (re.compile(r"font-weight\s*:\s*(?:normal|[1-4]00)", re.IGNORECASE), _BOLD, False),
    (re.compile(r"font-style\s*:\s*(?:italic|oblique)", re.IGNORECASE), _ITALIC, True),
    (re.compile(r"font-style\s*:\s*normal", re.IGNORECASE), _ITALIC, False),
    (re.compile(r"line-through", re.IGNORECASE), _STRUCK, True),
)
_CLASSES: Final = {"kdocs-bold": _BOLD, "kdocs-italic": _ITALIC}


_CELLS: Final = frozenset({"td", "th", "tr", "thead", "tbody", "tfoot", "table", "caption"})


class Span(NamedTuple):
    """A stretch of the text, and what it is: an address, a level, TeX."""

    start: int
    end: int
    value: str


class Item(NamedTuple):
    """One list item: where its text begins, how deep it is, its number (0 for a bullet), its check box (or None)."""

    start: int
    depth: int
    number: int
    checked: bool | None


class Table(NamedTuple):
    """The texts of a table's cells that are not empty, row by row, and where it begins."""

    start: int
    rows: list[list[str]]


class Facts(NamedTuple):
    """The facts of one tree.

    Attributes:
        text: the visible characters.
        marks: for each of `MARKS` one byte a character: whether it has the mark.
        links: address of each linked stretch; neighbours with one address are one.
        headings: level of each heading.
        images: address and alternative text of each picture, in order.
        listings: code blocks, in order.
        formulas: TeX without white space, `$$` before that of a block.
        items: list items that hold something.
        quotes: quotes that hold something, by where they begin and end, and how deep they are.
        tables: tables that hold something.
        heads: first rows of tables, where bold says nothing.
        ends: places where a paragraph ends.
        breaks: places where a line ends.

    """

    text: str
    marks: tuple[bytearray, ...]
    links: list[Span]
    headings: list[Span]
    images: list[tuple[str, str]]
    listings: list[str]
    formulas: list[str]
    items: list[Item]
    quotes: list[Span]
    tables: list[Table]
    heads: list[Span]
    ends: set[int]
    breaks: set[int]


def facts_of(root: Element) -> Facts:
    """Read the facts of what is in an element."""
    reader = _Reader()
    reader.walk(root)
    return reader.facts()


class _Reader:
    """The state of one walk."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.at = 0
        self.ranges: tuple[list[tuple[int, int, bool]], ...] = tuple([] for _ in MARKS)
        self.links: list[Span] = []
        self.headings: list[Span] = []
        self.images: list[tuple[str, str]] = []
        self.listings: list[str] = []
        self.formulas: list[str] = []
        self.items: list[Item] = []
        self.quotes: list[Span] = []
        self.tables: list[Table] = []
        self.ends: set[int] = set()
        self.broken: dict[int, int] = {}
        self.heads: list[Span] = []
        self.first_rows: set[Element] = set()
        self.open: list[Callable[[], None] | None] = []
        self.lists: list[list[int]] = []
        self.depth = 0
        self.in_heading = self.in_table = 0

    # ------------------------------------------------------------------------------------------------------- text
    def say(self, text: str) -> None:
        piece = "".join(text.split())
        if piece:
            self.pieces.append(piece)
            self.at += len(piece)

    def walk(self, root: Element) -> None:
        walker = etree.iterwalk(root, events=("start", "end"))
        for event, element in walker:
            if event == "start":
                if element is not root and self.enter(element):
                    walker.skip_subtree()
                    self.open.append(None)
                elif element.text:
                    self.say(element.text)
            elif element is root:
                break
            else:
                leave = self.open.pop()
                if leave is not None:
                    leave()
                if element.tail:
                    self.say(element.tail)

    def enter(self, element: Element) -> bool:
        """Begin an element; true when its inside has been read."""
        tag = element.tag
        leaf = _LEAVES.get(tag)
        if tag == "span" and (element.get("class") or "").startswith("math math-"):
            leaf = _Reader.formula
        if leaf is not None:
            leaf(self, element)
            return True
        if tag in _BLOCK_TAGS:
            self.open.append(self.block(element, tag))
            return False
        self.open.append(self.inline(element, tag))
        return False

    # ---------------------------------------------------------------------------------------------------- inlines
    def inline(self, element: Element, tag: str) -> Callable[[], None] | None:
        marks = self.styles(element)
        if tag in _MARK_TAGS:
            marks.insert(0, (_MARK_TAGS[tag], True))
        href = unquote((element.get("href") or "").strip()) if tag == "a" else ""
        if not marks and not href:
            return None
        start = self.at

        def leave() -> None:
            for mark, on in marks:
                self.ranges[mark].append((start, self.at, on))
            if href and self.at > start:
                last = self.links[-1] if self.links else None
                if last and last.end == start and last.value == href:
                    self.links[-1] = Span(last.start, self.at, href)
                else:
                    self.links.append(Span(start, self.at, href))

        return leave

    def styles(self, element: Element) -> list[tuple[int, bool]]:
        style = element.get("style")
        marks = []
        if style and ("font-" in style or "line-through" in style):
            marks = [(mark, on) for pattern, mark, on in _STYLED if pattern.search(style)]
        classes = element.get("class")
        if classes and "kdocs-" in classes:
            marks += [(mark, True) for name, mark in _CLASSES.items() if name in classes]
        return marks

    def line_break(self, _: Element) -> None:
        if not self.in_heading:
            self.broken[self.at] = 1 if self.in_table else self.broken.get(self.at, 0) + 1

    def image(self, element: Element) -> None:
        source = (element.get("src") or "").strip()
        if source:
            self.images.append((unquote(source), " ".join((element.get("alt") or "").split())))
            self.say(IMAGE)

    def formula(self, element: Element) -> None:
        tex = "".join((element.text or "").split())
        block = element.get("display") == "block" or "math-display" in (element.get("class") or "")
        block = block and not self.in_heading and not self.in_table
        if block:
            self.ends.add(self.at)
        self.formulas.append(f"$${tex}" if block else tex)
        self.say(tex)
        if block:
            self.ends.add(self.at)

    # ----------------------------------------------------------------------------------------------------- blocks
    def block(self, element: Element, tag: str) -> Callable[[], None]:
        start = self.at
        self.end(tag)
        marks = self.styles(element)
        if tag in _HEADINGS and not self.in_heading and not self.in_table:
            return self.heading(str(_HEADINGS[tag]), marks)
        if tag in {"ul", "ol"}:
            return self.list_(element, tag)
        if tag == "li":
            return self.item(element)
        if tag == "table":
            return self.table(element)

        def leave() -> None:
            for mark, on in marks:
                self.ranges[mark].append((start, self.at, on))
            if tag == "tr" and element in self.first_rows:
                self.heads.append(Span(start, self.at, ""))
            if tag == "blockquote" and self.at > start and not self.in_table:
                self.quotes.append(Span(start, self.at, ""))
            self.end(tag)

        return leave

    def end(self, tag: str = "") -> None:
        """A paragraph ends here; in a heading that is a space, in a cell a line."""
        if self.in_heading:
            return
        if self.in_table and tag not in _CELLS:
            self.broken.setdefault(self.at, 1)
        else:
            self.ends.add(self.at)

    def heading(self, level: str, marks: list[tuple[int, bool]]) -> Callable[[], None]:
        start = self.at
        self.in_heading += 1

        def leave() -> None:
            self.in_heading -= 1
            for mark, on in marks:
                self.ranges[mark].append((start, self.at, on))
            begin, stop = self.trimmed(start)
            if stop > begin:
                self.headings.append(Span(begin, stop, level))
            self.end()

        return leave

    def trimmed(self, start: int) -> tuple[int, int]:
        """Where the text of a heading begins and ends, without pictures at its edges: those may stand beside it."""
        text = "".join(self.pieces)[start:]
        return start + len(text) - len(text.lstrip(IMAGE)), self.at - len(text) + len(text.rstrip(IMAGE))

    def list_(self, element: Element, tag: str) -> Callable[[], None]:
        start = (element.get("start") or "1").strip()
        number = int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 1  # noqa: PLR2004 (CommonMark: nine digits)
        self.lists.append([number if tag == "ol" else 0])

        def leave() -> None:
            self.lists.pop()
            self.end()

        return leave

    def item(self, element: Element) -> Callable[[], None]:
        start, place = self.at, len(self.items)
        depth = len(self.lists) or 1
        counter = self.lists[-1] if self.lists else [0]
        box = next((e for e in element.iter("input") if e.get("type") == "checkbox"), None)
        checked = None if box is None else box.get("checked") is not None
        number = counter[0]

        def leave() -> None:
            if self.at > start:
                self.items.insert(place, Item(start, depth, number, checked))
                counter[0] += number > 0
            self.end()

        return leave

    def table(self, element: Element) -> Callable[[], None]:
        """Begin a table; one with a single filled cell is a box around that."""
        if sum(_is_filled(cell) for cell in element.iter("td", "th")) == 1 and not self.in_table:
            return self.end
        start = self.at
        self.in_table += 1
        first = next(element.iter("tr"), element)
        self.first_rows.add(first)

        def leave() -> None:
            self.in_table -= 1
            if self.at > start:
                self.tables.append(Table(start, []))
            self.end()

        return leave

    def listing(self, element: Element) -> None:
        text = "".join(map(str, element.itertext()))
        if text.strip():
            self.ends.add(self.at)
            self.listings.append(text.strip("\n"))
            self.say(LISTING)
            self.ends.add(self.at)

    def rule(self, _: Element) -> None:
        self.ends.add(self.at)
        self.say(RULE)
        self.ends.add(self.at)

    def facts(self) -> Facts:
        text = "".join(self.pieces)
        marks = tuple(self.mask(ranges) for ranges in self.ranges)
        ends = self.ends | {place for place, count in self.broken.items() if count > 1}
        return Facts(
            text,
            marks,
            self.links,
            self.headings,
            self.images,
            self.listings,
            self.formulas,
            self.items,
            sorted(self.quotes),
            self.tables,
            self.heads,
            ends - {0, self.at},
            set(self.broken) - ends - {0, self.at},
        )

    def mask(self, ranges: list[tuple[int, int, bool]]) -> bytearray:
        """Paint the ranges, inner ones over outer ones: an inner one ends first, so it was noted first."""
        mask = bytearray(self.at)
        for start, end, on in reversed(ranges):
            mask[start:end] = (b"\1" if on else b"\0") * (end - start)
        return mask


def _is_filled(cell: Element) -> bool:
    has_picture = next(cell.iter("img", "input"), None) is not None
    return has_picture or bool("".join(map(str, cell.itertext())).strip())


_LEAVES: Final[dict[str, Callable[[_Reader, Element], None]]] = {
    "br": _Reader.line_break,
    "img": _Reader.image,
    "x-tex": _Reader.formula,
    "pre": _Reader.listing,
    "hr": _Reader.rule,
}
