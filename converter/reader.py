"""Read a cleaned article into the Markdown tree: one walk, no recursion, marks as state.

Block elements end the paragraph that is under construction and begin another one; inline elements only change the
state (marks, link) that the next run of text takes along. So text beside blocks becomes paragraphs, emphasis around
blocks is pushed into each of them, and neither depth nor odd nesting matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from converter.elements import ENTER, LEAVE, READ, add_block, enter_block, read_inline
from converter.nodes import Paragraph
from converter.reading import State
from converter.tables import is_box, read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from converter.nodes import Block, Link
    from converter.tree import Element

    _Open = tuple[Iterator[Element], Element, Callable[[State, Element], None] | None, int, Link | None]

_MAX_NESTED: Final = 6  # tables in tables; what lies deeper is read as if it were no table


def read(root: Element, *, prettified: bool, exact: bool = False) -> list[Block]:
    """Read what is in a cleaned element (not its tail).

    Args:
        root: element that holds the article; not changed.
        prettified: white space with a line end in it, at the edge of a text, says nothing.
        exact: nobody cleaned the article, since all that is in it is meant; empty elements, spaces at the edges of
            inline code and emphasis of punctuation stay.

    Returns:
        The blocks of the article, in order.

    """
    return _walk(State(prettified=prettified, enter_table=_enter_table, exact=exact), root)


def _walk(state: State, root: Element) -> list[Block]:
    """Go through an element with a state that may have marks and a link already; returns the blocks found.

    The way back up is a list: for each open element its siblings to come, what it does when it ends, and the marks and
    the link that held around it. Elements without children, which most are, never get there.
    """
    way: list[_Open] = []
    if root.text:
        state.add_text(root.text)
    children: Iterator[Element] = iter(root)
    while True:
        for child in children:
            tag = child.tag
            if not len(child):
                READ.get(tag, read_inline)(state, child)
            else:
                here = (children, child, LEAVE.get(tag), state.marks, state.link)
                if not ENTER.get(tag, State.restyle)(state, child):
                    way.append(here)
                    text, children = child.text, iter(child)
                    break
            text = child.tail
            # White space at the start of a block means nothing.
            if text and (state.runs or not text.isspace() or "\u3000" in text):
                state.add_text(text)
            continue
        else:
            if not way:
                break
            children, element, leave, state.marks, state.link = way.pop()
            if leave is not None:
                leave(state, element)
            text = element.tail
        if text and (state.runs or not text.isspace() or "\u3000" in text):
            state.add_text(text)
    state.flush()
    return state.blocks


def _enter_table(state: State, table: Element) -> bool:
    """Read a table, and what its cells hold, with walks of their own that begin with the marks of this one."""
    if state.tables >= _MAX_NESTED:
        return enter_block(state, table)

    def read_inside(element: Element, *, in_cell: bool = False) -> list[Block]:
        if not len(element):
            marks = state.marks
            state.restyle(element)
            run = state.lone_run(element.text)
            state.marks = marks
            return [] if run is None else [Paragraph([run])]
        inner = State(prettified=state.prettified, enter_table=_enter_table, tables=state.tables + 1, exact=state.exact)
        inner.marks, inner.link, inner.in_cell = state.marks, state.link, in_cell or state.in_cell
        inner.restyle(element)
        return _walk(inner, element)

    state.flush()
    marks = state.marks
    if table.get("style") and is_box(table):
        state.restyle(table)
    around = state.marks
    for block in read_table(table, read_inside, prettified=state.prettified, exact=state.exact, marks=around):
        add_block(state, block)
    state.marks = marks
    state.end_paragraph()
    return True
