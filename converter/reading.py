"""The state of a walk over an article: the block under construction, and what the next run of text takes along."""

from __future__ import annotations

import functools
import re
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from converter.nodes import BREAK, CODE, DEL, EM, IMAGE, STRONG, TEXT, Block, Heading, Item, Link, List, Paragraph, Run
from converter.spacing import CJK, Quotes, at_quote, had_space

if TYPE_CHECKING:
    from collections.abc import Callable

    from converter.tree import Element

WHITE: Final = " \t\n\r\f"
SPACES: Final = re.compile(r"[ \t\n\r\f][ \t\n\r\f]*")  # `re` tries `[...]+` at every place, in twice the time
# A line end inside a text between two ideographs was put there by an editor that wraps lines; Chinese has no spaces,
# and none beside its own full-width marks.
_WRAP: Final = f"(?<=[{CJK}，。、；：？！）】》”])[ \t]*\n[ \t\n]*(?=[{CJK}（【《“])"
# Where an element was taken out of a pretty-printed text, its line end and indent are left in the middle.
_MERGED: Final = re.compile(r"(\S\S?\S?)[ \t]*\n[ \t\n]*  (?=(\S\S?))")
_BOLD: Final = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
NORMAL: Final = re.compile(r"font-weight\s*:\s*(?:normal|[1-4]00)", re.IGNORECASE)
_ITALIC: Final = re.compile(r"font-style\s*:\s*(?:italic|oblique)", re.IGNORECASE)
UPRIGHT: Final = re.compile(r"font-style\s*:\s*normal", re.IGNORECASE)
_LINE_THROUGH: Final = re.compile(r"line-through", re.IGNORECASE)
_KIND: Final = itemgetter(0)
_NEW: Final = tuple.__new__  # what Run() calls in the end, at a third of its price
_A_BREAK: Final = Run(BREAK, "")
UNKNOWN, SPACE, NONE = 2, 1, 0
"""What stands between two runs: a pretty-printer's white space, real white space, nothing."""


@functools.cache
def _wraps() -> re.Pattern[str]:
    """Compile the pattern when a text needs it: its classes take 3 ms, and a small post starts and ends without it."""
    return re.compile(_WRAP)


def _joint(match: re.Match[str]) -> str:
    left, right = match[1], match[2]
    return f"{left} " if had_space(left, right, "span") else left


class Frame:
    """What to restore when a block element ends."""

    __slots__ = ("blocks", "element", "heading", "quotes", "runs")

    def __init__(self, element: Element, state: State) -> None:
        """Keep the state that the element interrupts."""
        self.element = element
        self.blocks = state.blocks
        self.runs = state.runs
        self.heading = state.heading
        self.quotes = state.quotes


class State:
    """The state of one walk.

    Args:
        prettified: white space with a line end in it, at the edge of a text, says nothing.
        enter_table: handler of `table` elements.
        tables: how many tables the walk is in already.
        exact: empty elements and the like are meant, and said as far as Markdown can.

    """

    def __init__(
        self,
        *,
        prettified: bool,
        enter_table: Callable[[State, Element], bool],
        tables: int = 0,
        exact: bool = False,
    ) -> None:
        """Start with nothing read."""
        self.prettified = prettified
        self.enter_table = enter_table
        self.tables = tables
        self.exact = exact
        self.blocks: list[Block] = []
        self.runs: list[Run] = []
        self.quotes: Quotes | None = None
        self.marks = 0
        self.link: Link | None = None
        self.gap = NONE
        self.edge = "span"
        self.heading = 0
        self.in_cell = False  # of a pipe table
        self.links = 0
        self.frames: list[Frame] = []
        self.lists: list[List | None] = []

    # ------------------------------------------------------------------------------------------------ inlines
    def add_text(self, text: str) -> None:
        """Add a text node: its inner white space collapsed, that at its edges noted as a gap."""
        behind = text.lstrip(WHITE)
        inner = behind.rstrip(WHITE)
        runs = self.runs
        if not inner or (inner.isspace() and ("\u3000" not in inner or self.begins_line())):
            if runs:  # at the start of a block it means nothing
                self.add_gap(text)
            return
        begin, end = len(text) - len(behind), len(inner)
        if begin and runs:
            self.add_gap(text[:begin])
        if "  " in inner or not inner.isprintable():  # a line end and the like are not printable
            inner = self.collapse(inner)
        space = self.gap != NONE and self.space_before(inner, "span")
        self.edge = "span"
        runs.append(_NEW(Run, (TEXT, inner, self.marks, self.link, space, "", "")))
        if end < len(behind):
            self.add_gap(behind[end:])

    def begins_line(self) -> bool:
        """Whether what comes next begins a line; wide spaces there are an indent, and a line of them is empty."""
        return not self.runs or self.runs[-1].kind == BREAK

    def collapse(self, text: str) -> str:
        """Collapse the white space inside of a text."""
        if "\n" in text:
            if self.prettified and "\n  " in text:
                text = _MERGED.sub(_joint, text)
            if not text.isascii():
                text = _wraps().sub("", text)
        if "\n" in text or "  " in text or "\t" in text or "\r" in text or "\f" in text:
            text = SPACES.sub(" ", text)
        return text

    def add_gap(self, white: str) -> None:
        """Note white space: real, or put there by a pretty-printer for all we know."""
        gap = UNKNOWN if self.prettified and "\n" in white else SPACE
        if self.gap != SPACE:
            self.gap = gap

    def space_before(self, right: str, kind: str) -> bool:
        """Decide about the gap before the next run, and close it."""
        gap, edge = self.gap, self.edge
        self.gap, self.edge = NONE, "span"
        if gap == NONE or not self.runs:
            return False
        if gap == SPACE:
            return True
        last = self.runs[-1]
        if last.kind == BREAK:
            return False
        left = (last.text if last.kind in {TEXT, CODE} else "") or "x"
        right = right or "x"
        if not had_space(left, right, kind if kind != "span" else edge):
            return False
        return not at_quote(left, right) or not self._glued_by_quote(last, right if kind == "span" else "")

    def _glued_by_quote(self, last: Run, right: str) -> bool:
        """Whether a straight quote at the gap belongs to what is on its other side; each run is read for them once."""
        runs, quotes = self.runs, self.quotes
        if quotes is None or quotes.line is not runs:
            quotes = self.quotes = Quotes(runs)
        line = [run.text if run.kind == TEXT else "\n" if run.kind == BREAK else "" for run in runs[quotes.read :]]
        return quotes.glue(line, last.text if last.kind == TEXT else "", right)

    def add_atom(self, kind: int, text: str, edge: str, src: str = "", title: str = "") -> None:
        """Add a run that is no text."""
        right = text if kind == CODE else "x"
        self.runs.append(Run(kind, text, self.marks, self.link, self.space_before(right, edge), src, title))
        self.edge = edge

    def add_break(self) -> None:
        """Add a line break; white space before it means nothing, nor does an indent with nothing behind it."""
        self.gap = NONE
        while self.runs and self.runs[-1].kind == TEXT and self.runs[-1].text.isspace():
            self.runs.pop()
        self.runs.append(_A_BREAK)

    # ------------------------------------------------------------------------------------------------- blocks
    def lone_run(self, text: str | None) -> Run | None:
        """Make a run of a text that has a block to itself; None when there is only white space in it."""
        inner = text.strip(WHITE) if text else ""
        if not inner or inner.isspace():
            return None
        if "  " in inner or not inner.isprintable():
            inner = self.collapse(inner)
        return _NEW(Run, (TEXT, inner, self.marks, self.link, False, "", ""))

    def end_paragraph(self) -> None:
        """Note the border of a block: it ends the paragraph under construction; in a heading it is a break."""
        if self.heading:
            if not self.begins_line():
                self.add_break()
        elif self.runs:
            self.flush()
        else:
            self.gap = NONE

    def restyle(self, element: Element) -> None:
        """Let the style of an element change the marks: bold, italic and struck text that no tag says."""
        if not element.keys():  # most have no attributes, and this is one question instead of two
            return
        self.marks = restyled(self.marks, element)

    def flush(self) -> None:
        """End the paragraph under construction. Two breaks in a row end one as well."""
        self.gap = NONE
        if not self.runs or self.heading:
            return
        runs, self.runs = self.runs, []
        if BREAK not in map(_KIND, runs):
            self.blocks.append(Paragraph(runs))
            return
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
        self.frames.append(Frame(element, self))
        self.blocks, self.runs, self.heading = blocks, [], heading
        self.gap = NONE

    def close_block(self) -> None:
        """End the container that was begun last."""
        if not self.heading:
            self.flush()
        frame = self.frames.pop()
        self.blocks, self.runs, self.heading = frame.blocks, frame.runs, frame.heading
        self.quotes = frame.quotes
        self.gap = SPACE if self.heading else NONE


def restyled(marks: int, element: Element) -> int:
    """Marks under the style and the classes of an element."""
    style = element.get("style")
    if style and ("font-" in style or "line-through" in style):
        marks = styled(marks, style)
    classes = element.get("class")
    if classes and "kdocs-" in classes:
        marks |= (STRONG if "kdocs-bold" in classes else 0) | (EM if "kdocs-italic" in classes else 0)
    return marks


def styled(marks: int, style: str) -> int:
    """Marks under a style attribute."""
    on, off = _effect(style)
    return marks & ~off | on


@functools.lru_cache(maxsize=1024)
def _effect(style: str) -> tuple[int, int]:
    """Tell which marks a style sets, and which it takes away; a post has few styles and many elements."""
    on = off = 0
    if "font-" in style:
        if _BOLD.search(style):
            on |= STRONG
        elif NORMAL.search(style):
            off |= STRONG
        if _ITALIC.search(style):
            on |= EM
        elif UPRIGHT.search(style):
            off |= EM
    if "line-through" in style and _LINE_THROUGH.search(style):
        on |= DEL
    return on, off


def split_heading(runs: list[Run], *, bold: bool = False) -> tuple[list[Block], list[Run], list[Block]]:
    """Split a heading at its breaks: lines of pictures alone, at its start or end, are paragraphs beside it.

    Bold goes unless it shall stay, since a heading is bold already: by tags it is gone by now, by styles and from
    outside it is not.

    Returns:
        The paragraphs before the heading, its own runs on one line, the paragraphs behind it.

    """
    if len(runs) == 1 and runs[0].kind == TEXT and not runs[0].marks & STRONG:
        return [], [runs[0]._replace(space=False)] if runs[0].space else runs, []
    lines: list[list[Run]] = [[]]
    for run in runs:
        if run.kind == BREAK:
            lines.append([])
        else:
            lines[-1].append(run._replace(marks=run.marks & ~STRONG) if run.marks & STRONG and not bold else run)
    lines = [line for line in lines if line]
    before: list[Block] = []
    behind: list[Block] = []
    while lines and all(run.kind == IMAGE for run in lines[0]):
        before.append(Paragraph(lines.pop(0)))
    while lines and all(run.kind == IMAGE for run in lines[-1]):
        behind.insert(0, Paragraph(lines.pop()))
    own: list[Run] = []
    for line in lines:
        if own:
            _strip_ends(own, line)
        own += [line[0]._replace(space=bool(own)), *line[1:]]
    return before, own, behind


def _strip_ends(before: list[Run], behind: list[Run]) -> None:
    """Take the wide spaces off both sides of the place where two lines meet."""
    last, first = before[-1], behind[0]
    if last.kind == TEXT and last.text[-1:] == "\u3000":
        before[-1:] = [last._replace(text=text)] if (text := last.text.rstrip("\u3000 ")) else []
    if first.kind == TEXT and first.text[:1] == "\u3000" and (text := first.text.lstrip("\u3000 ")):
        behind[0] = first._replace(text=text)


def settle_task(item: Item) -> None:
    """A check box needs text to stand beside: a heading becomes a paragraph; alone it says nothing and goes."""
    first = item.blocks[0] if item.blocks else None
    if isinstance(first, Heading):
        item.blocks[0] = Paragraph([run._replace(marks=run.marks | STRONG) for run in first.runs])
    elif first is None:
        item.checked = None
