"""Read a cleaned article into the Markdown tree: one walk, no recursion, marks as state.

Block elements end the paragraph that is under construction and begin another one; inline elements only change the
state (marks, link) that the next run of text takes along. So text beside blocks becomes paragraphs, emphasis around
blocks is pushed into each of them, and neither depth nor odd nesting matters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from lxml import etree

from converter.nodes import (
    BREAK,
    CODE,
    DEL,
    EM,
    IMAGE,
    KBD,
    STRONG,
    SUB,
    SUP,
    TEX,
    TEXT,
    Block,
    Fence,
    Formula,
    Heading,
    Html,
    Item,
    Link,
    List,
    Paragraph,
    Quote,
    Rule,
    Run,
)
from converter.spacing import CJK, had_space

Element = etree._Element  # noqa: SLF001 (lxml publishes no other name for it)

_WS: Final = " \t\n\r\f"
_SPACES: Final = re.compile(r"[ \t\n\r\f]+")
# A line end inside a text between two ideographs was put there by an editor that wraps lines; Chinese has no spaces.
_WRAP: Final = re.compile(f"(?<=[{CJK}])[ \t]*\n[ \t\n]*(?=[{CJK}])")
_BOLD: Final = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_NORMAL: Final = re.compile(r"font-weight\s*:\s*(?:normal|[1-4]00)", re.IGNORECASE)
_ITALIC: Final = re.compile(r"font-style\s*:\s*(?:italic|oblique)", re.IGNORECASE)
_UPRIGHT: Final = re.compile(r"font-style\s*:\s*normal", re.IGNORECASE)
_LINE_THROUGH: Final = re.compile(r"line-through", re.IGNORECASE)
_LANGUAGE: Final = re.compile(r"(?:^|\s)language-(\S+)")

_MARKS: Final = {
    "strong": STRONG,
    "b": STRONG,
    "em": EM,
    "i": EM,
    "del": DEL,
    "s": DEL,
    "strike": DEL,
    "sup": SUP,
    "sub": SUB,
    "kbd": KBD,
}
_BLOCKS: Final = frozenset(
    "address article aside body caption center dd details dialog div dl dt fieldset figcaption figure footer form "
    "header hgroup html legend main menu nav p section summary tbody td tfoot th thead tr".split()
)
_HEADINGS: Final = {f"h{n}": n for n in range(1, 7)}
_CODE: Final = frozenset({"code", "tt", "samp"})
_UNKNOWN, _SPACE, _NONE = 2, 1, 0
_MAX_START: Final = 999_999_999  # CommonMark: at most nine digits
MAX_DEPTH: Final = 40
"""Lists and quotes nested deeper than this are read as if the deeper ones were not there (9 levels are the deepest
list in 24,624 posts); without a limit the indentation alone makes the output grow with the square of the depth."""


class _Frame:
    """What to restore when a block element ends."""

    __slots__ = ("blocks", "element", "heading", "runs")

    def __init__(self, element: Element, blocks: list[Block], runs: list[Run], heading: int) -> None:
        self.element = element
        self.blocks = blocks
        self.runs = runs
        self.heading = heading


class Reader:
    """The state of one walk.

    Args:
        prettified: white space with a line end in it, at the edge of a text, says nothing.
        read_table: called for each `table` with this reader; returns its blocks.

    """

    def __init__(self, *, prettified: bool, read_table: Callable[[Reader, Element], list[Block]], depth: int = 0) -> None:
        """Start with nothing read."""
        self.prettified = prettified
        self.read_table = read_table
        self.depth = depth
        self.blocks: list[Block] = []
        self.runs: list[Run] = []
        self.marks = 0
        self.link: Link | None = None
        self.gap = _NONE
        self.edge = "span"
        self.heading = 0
        self.links = 0
        self.inline: list[tuple[int, Link | None]] = []
        self.frames: list[_Frame] = []
        self.lists: list[List | None] = []

    def read(self, root: Element) -> list[Block]:
        """Read what is in the element (not its tail)."""
        walker = etree.iterwalk(root, events=("start", "end"))
        enter, leave = _ENTER.get, _LEAVE.get
        for event, element in walker:
            if event == "start":
                if element is not root:
                    handler = enter(element.tag)
                    if handler is None:
                        _enter_inline(self, element)
                    elif handler(self, element):
                        walker.skip_subtree()
                        continue
                text = element.text
                if text:
                    self.add_text(text)
            elif element is not root:
                handler = leave(element.tag)
                if handler is None:
                    if element.tag not in _LEAVES:
                        self.marks, self.link = self.inline.pop()
                else:
                    handler(self, element)
                text = element.tail
                if text:
                    self.add_text(text)
        self.flush()
        return self.blocks

    # ------------------------------------------------------------------------------------------------ inlines
    def add_text(self, text: str) -> None:
        """Add a text node: its inner white space collapsed, that at its edges noted as a gap."""
        inner = text.strip(_WS)
        if not inner:
            self.add_gap(text)
            return
        if text[0] in _WS:
            self.add_gap(text[: len(text) - len(text.lstrip(_WS))])
        if "\n" in inner:
            inner = _WRAP.sub("", inner)
        if "\n" in inner or "  " in inner or "\t" in inner or "\r" in inner or "\f" in inner:
            inner = _SPACES.sub(" ", inner)
        self.runs.append(Run(TEXT, inner, self.marks, self.link, self.space_before(inner, "span")))
        if text[-1] in _WS:
            self.add_gap(text[len(text.rstrip(_WS)) :])

    def add_gap(self, white: str) -> None:
        """Note white space: real, or put there by a pretty-printer for all we know."""
        gap = _UNKNOWN if self.prettified and "\n" in white else _SPACE
        if self.gap != _SPACE:
            self.gap = gap

    def space_before(self, right: str, kind: str) -> bool:
        """Decide about the gap before the next run, and close it."""
        gap, edge = self.gap, self.edge
        self.gap, self.edge = _NONE, "span"
        if gap == _NONE or not self.runs:
            return False
        if gap == _SPACE:
            return True
        last = self.runs[-1]
        if last.kind == BREAK:
            return False
        left = last.text if last.kind in {TEXT, CODE} else "x"
        return had_space(left or "x", right or "x", kind if kind != "span" else edge)

    def add_atom(self, kind: int, text: str, edge: str, src: str = "", title: str = "") -> None:
        """Add a run that is no text."""
        right = text if kind == CODE else "x"
        self.runs.append(Run(kind, text, self.marks, self.link, self.space_before(right, edge), src, title))
        self.edge = edge

    # ------------------------------------------------------------------------------------------------- blocks
    def flush(self) -> None:
        """End the paragraph under construction. Two breaks in a row end one as well."""
        self.gap = _NONE
        if not self.runs:
            return
        if self.heading:
            return
        runs, self.runs = self.runs, []
        start = at = 0
        while at < len(runs):
            if runs[at].kind == BREAK and at + 1 < len(runs) and runs[at + 1].kind == BREAK:
                self._paragraph(runs[start:at])
                while at < len(runs) and runs[at].kind == BREAK:
                    at += 1
                start = at
            else:
                at += 1
        self._paragraph(runs[start:])

    def _paragraph(self, runs: list[Run]) -> None:
        while runs and runs[0].kind == BREAK:
            runs.pop(0)
        while runs and runs[-1].kind == BREAK:
            runs.pop()
        if runs:
            self.blocks.append(Paragraph(runs))

    def open_block(self, element: Element, blocks: list[Block], heading: int = 0) -> None:
        """Begin a container: what follows goes to `blocks`."""
        if not self.heading:
            self.flush()
        self.frames.append(_Frame(element, self.blocks, self.runs, self.heading))
        self.blocks, self.runs, self.heading = blocks, [], heading
        self.gap = _NONE

    def close_block(self) -> None:
        """End the container that was begun last."""
        if not self.heading:
            self.flush()
        frame = self.frames.pop()
        self.blocks, self.runs, self.heading = frame.blocks, frame.runs, frame.heading
        self.gap = _SPACE if self.heading else _NONE


Handler = Callable[[Reader, Element], bool]


def _enter_inline(reader: Reader, element: Element) -> bool:
    """Any element without a meaning of its own: only its style counts."""
    reader.inline.append((reader.marks, reader.link))
    style = element.get("style")
    if style:
        reader.marks = _styled(reader.marks, style)
    classes = element.get("class")
    if classes and "kdocs-" in classes:
        reader.marks |= (STRONG if "kdocs-bold" in classes else 0) | (EM if "kdocs-italic" in classes else 0)
    return False


def _styled(marks: int, style: str) -> int:
    """Marks under a style attribute: bold, italic and struck text that no tag says."""
    if "font-" in style:
        if _BOLD.search(style):
            marks |= STRONG
        elif _NORMAL.search(style):
            marks &= ~STRONG
        if _ITALIC.search(style):
            marks |= EM
        elif _UPRIGHT.search(style):
            marks &= ~EM
    if "line-through" in style and _LINE_THROUGH.search(style):
        marks |= DEL
    return marks


def _enter_mark(reader: Reader, element: Element) -> bool:
    _enter_inline(reader, element)
    tag = element.tag
    mark = _MARKS[tag]
    style = element.get("style") or ""
    if not (mark == STRONG and _NORMAL.search(style)) and not (mark == EM and _UPRIGHT.search(style)):
        reader.marks |= mark
    reader.edge = "strong" if mark == STRONG else "em" if mark == EM else reader.edge
    return False


def _leave_mark(reader: Reader, element: Element) -> None:
    reader.marks, reader.link = reader.inline.pop()
    mark = _MARKS[element.tag]
    reader.edge = "strong" if mark == STRONG else "em" if mark == EM else reader.edge


def _enter_link(reader: Reader, element: Element) -> bool:
    _enter_inline(reader, element)
    href = (element.get("href") or "").strip()
    if href and reader.link is None:
        reader.links += 1
        reader.link = Link(href, (element.get("title") or "").strip(), reader.links)
    reader.edge = "a"
    return False


def _leave_link(reader: Reader, element: Element) -> None:  # noqa: ARG001 (all handlers are called alike)
    reader.marks, reader.link = reader.inline.pop()
    reader.edge = "a"


def _enter_code(reader: Reader, element: Element) -> bool:
    """Inline code: its text, without the white space that a pretty-printer puts inside; pictures after it."""
    if len(element) == 0:
        _add_code(reader, element.text or "")
        return True
    pending: list[str] = []
    before = reader.link

    def flush() -> None:
        _add_code(reader, "".join(pending))
        pending.clear()

    for event, e in etree.iterwalk(element, events=("start", "end")):
        if e.tag in {"a", "br", "img"}:  # a link inside covers a part of the code, a break ends it
            flush()
            if e.tag == "a" and before is None and event == "start":
                reader.links += 1
                href = (e.get("href") or "").strip()
                reader.link = Link(href, "", reader.links) if href else None
            elif e.tag == "a":
                reader.link = before
            elif event == "start":
                _enter_break(reader, e) if e.tag == "br" else _enter_image(reader, e)
        if event == "start":
            pending.append(e.text or "")
        elif e is not element:
            pending.append(e.tail or "")
    flush()
    reader.link = before
    return True


def _add_code(reader: Reader, raw: str) -> None:
    text = _SPACES.sub(" ", raw).strip(_WS)
    if raw[:1] in _WS and raw:
        reader.add_gap(raw[: len(raw) - len(raw.lstrip(_WS))])
    if text:
        reader.add_atom(CODE, text, "code")
        if raw[-1] in _WS:
            reader.add_gap(raw[len(raw.rstrip(_WS)) :])


def _enter_image(reader: Reader, element: Element) -> bool:
    src = (element.get("src") or "").strip()
    if src:
        alt = _SPACES.sub(" ", element.get("alt") or "").strip()
        reader.add_atom(IMAGE, alt, "span", src, (element.get("title") or "").strip())
    return True


def _enter_break(reader: Reader, element: Element) -> bool:  # noqa: ARG001
    reader.gap = _NONE
    reader.runs.append(Run(BREAK, ""))
    return False


def _enter_tex(reader: Reader, element: Element) -> bool:
    tex = (element.text or "").strip()
    if not tex:
        return True
    if element.get("display") == "block" and not reader.heading and reader.link is None:
        reader.flush()
        reader.blocks.append(Formula(tex))
    else:
        reader.add_atom(TEX, tex, "math")
    return True


def _enter_block(reader: Reader, element: Element) -> bool:
    _enter_inline(reader, element)
    if reader.heading:
        reader.gap = _SPACE
    else:
        reader.flush()
    return False


def _leave_block(reader: Reader, element: Element) -> None:  # noqa: ARG001
    reader.marks, reader.link = reader.inline.pop()
    if reader.heading:
        reader.gap = _SPACE
    else:
        reader.flush()


def _enter_heading(reader: Reader, element: Element) -> bool:
    if reader.heading:
        return _enter_block(reader, element)
    _enter_inline(reader, element)
    reader.open_block(element, [], _HEADINGS[element.tag])
    return False


def _leave_heading(reader: Reader, element: Element) -> None:
    if not reader.frames or reader.frames[-1].element is not element:
        _leave_block(reader, element)
        return
    reader.marks, reader.link = reader.inline.pop()
    runs, level, after = reader.runs, reader.heading, reader.blocks
    reader.heading, reader.runs = 0, []
    reader.close_block()
    before, own, behind = _without_pictures(runs)
    reader.blocks += before
    if own:
        reader.blocks.append(Heading(level, own))
    reader.blocks += behind
    reader.blocks += after


def _without_pictures(runs: list[Run]) -> tuple[list[Block], list[Run], list[Block]]:
    """Split a heading at its breaks: lines of pictures alone, at its start or end, are paragraphs beside it."""
    lines: list[list[Run]] = [[]]
    for run in runs:
        if run.kind == BREAK:
            lines.append([])
        else:
            lines[-1].append(run)
    lines = [line for line in lines if line]
    before: list[Block] = []
    behind: list[Block] = []
    while lines and all(run.kind == IMAGE for run in lines[0]):
        before.append(Paragraph(lines.pop(0)))
    while lines and all(run.kind == IMAGE for run in lines[-1]):
        behind.insert(0, Paragraph(lines.pop()))
    own: list[Run] = []
    for line in lines:
        own += [line[0]._replace(space=bool(own)), *line[1:]]
    return before, own, behind


def _too_deep(reader: Reader) -> bool:
    return reader.depth + len(reader.frames) >= MAX_DEPTH


def _enter_quote(reader: Reader, element: Element) -> bool:
    if _too_deep(reader):
        return _enter_block(reader, element)
    _enter_inline(reader, element)
    reader.open_block(element, [])
    return False


def _leave_quote(reader: Reader, element: Element) -> None:
    if not reader.frames or reader.frames[-1].element is not element:
        _leave_block(reader, element)
        return
    reader.marks, reader.link = reader.inline.pop()
    reader.flush()
    inner = reader.blocks
    reader.close_block()
    if inner:
        reader.blocks.append(Quote(inner))


def _enter_list(reader: Reader, element: Element) -> bool:
    if _too_deep(reader):
        reader.lists.append(None)
        return _enter_block(reader, element)
    _enter_inline(reader, element)
    reader.open_block(element, [])
    reader.lists.append(List(_start(element) if element.tag == "ol" else None))
    return False


def _start(element: Element) -> int:
    value = (element.get("start") or "1").strip()
    return int(value) if value.isascii() and value.isdigit() and int(value) <= _MAX_START else 1


def _leave_list(reader: Reader, element: Element) -> None:
    found = reader.lists.pop()
    if found is None:
        _leave_block(reader, element)
        return
    reader.marks, reader.link = reader.inline.pop()
    reader.flush()
    stray = reader.blocks
    reader.close_block()
    if stray:  # what stood in the list without an item, after the last of them
        _into_last_item(found, stray)
    if found.start is None:
        found.items = [item for item in found.items if not _is_empty(item)]
    while found.items and _is_empty(found.items[-1]):
        found.items.pop()
    if found.items:
        reader.blocks.append(found)


def _is_empty(item: Item) -> bool:
    """Whether an item holds nothing; in the middle of an ordered list it still takes a number."""
    return not item.blocks and item.checked is None


def _into_last_item(found: List, stray: list[Block]) -> None:
    """A list or text directly in a list belongs to the item before it (`<ul><li>a</li><ul>…`)."""
    if found.items:
        found.items[-1].blocks.extend(stray)
    else:
        found.items.append(Item(stray))


def _enter_item(reader: Reader, element: Element) -> bool:
    found = reader.lists[-1] if reader.lists else None
    if found is None or not reader.frames or reader.frames[-1].element.tag not in _LIST_TAGS:
        return _enter_block(reader, element)
    _enter_inline(reader, element)
    reader.flush()
    if reader.blocks:
        _into_last_item(found, reader.blocks[:])
        reader.blocks.clear()
    item = Item()
    if not found.items and found.start is not None:
        value = element.get("value") or ""
        if value.isascii() and value.isdigit() and int(value) <= _MAX_START and not element.getparent().get("start"):
            found.start = int(value)
    reader.open_block(element, item.blocks)
    found.items.append(item)
    # Lists inside of the item are none of this one's.
    reader.lists.append(None)
    return False


def _leave_item(reader: Reader, element: Element) -> None:
    if not reader.frames or reader.frames[-1].element is not element:
        _leave_block(reader, element)
        return
    reader.lists.pop()
    reader.marks, reader.link = reader.inline.pop()
    reader.close_block()


def _enter_input(reader: Reader, element: Element) -> bool:
    found = next((one for one in reversed(reader.lists) if one is not None), None)
    if (element.get("type") or "") == "checkbox" and found is not None and found.items and not reader.runs:
        found.items[-1].checked = element.get("checked") is not None
        reader.gap = _NONE
    return True


def _enter_pre(reader: Reader, element: Element) -> bool:
    text = "".join(element.itertext())
    if not text.strip():
        return True
    code = element.find("code")
    named = _LANGUAGE.search((code.get("class") or "") if code is not None else element.get("class") or "")
    _add_block(reader, Fence(text.strip("\n") if text.strip("\n") else text, named[1] if named else ""))
    return True


def _enter_rule(reader: Reader, element: Element) -> bool:  # noqa: ARG001
    _add_block(reader, Rule())
    return True


def _enter_table(reader: Reader, element: Element) -> bool:
    if not reader.heading:
        reader.flush()
    for block in reader.read_table(reader, element):
        _add_block(reader, block)
    return True


def _add_block(reader: Reader, block: Block) -> None:
    if not reader.heading:
        reader.flush()
    reader.blocks.append(block)


_LIST_TAGS: Final = frozenset({"ul", "ol", "menu", "dir"})
_LEAVES: Final = frozenset({"br", "img", "hr", "input", "wbr", "x-tex", "pre", "table"}) | _CODE


def _leave_leaf(reader: Reader, element: Element) -> None:
    """Elements that were read whole leave nothing to restore."""


_ENTER: Final[dict[str, Handler]] = {
    **dict.fromkeys(_MARKS, _enter_mark),
    **dict.fromkeys(_BLOCKS, _enter_block),
    **dict.fromkeys(_HEADINGS, _enter_heading),
    **dict.fromkeys(_LIST_TAGS, _enter_list),
    **dict.fromkeys(_CODE, _enter_code),
    "a": _enter_link,
    "img": _enter_image,
    "br": _enter_break,
    "x-tex": _enter_tex,
    "blockquote": _enter_quote,
    "li": _enter_item,
    "input": _enter_input,
    "pre": _enter_pre,
    "hr": _enter_rule,
    "table": _enter_table,
    "wbr": lambda _reader, _element: False,
}
_LEAVE: Final[dict[str, Callable[[Reader, Element], None]]] = {
    **dict.fromkeys(_MARKS, _leave_mark),
    **dict.fromkeys(_BLOCKS, _leave_block),
    **dict.fromkeys(_HEADINGS, _leave_heading),
    **dict.fromkeys(_LIST_TAGS, _leave_list),
    **dict.fromkeys(_LEAVES, _leave_leaf),
    "a": _leave_link,
    "blockquote": _leave_quote,
    "li": _leave_item,
}
