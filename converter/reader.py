"""Read a cleaned article into the Markdown tree: one walk, no recursion, marks as state.

Block elements end the paragraph that is under construction and begin another one; inline elements only change the
state (marks, link) that the next run of text takes along. So text beside blocks becomes paragraphs, emphasis around
blocks is pushed into each of them, and neither depth nor odd nesting matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lxml import etree

from converter.elements import ENTER, LEAVE, add_block, enter_block, enter_inline, leave_inline
from converter.reading import State
from converter.tables import read_table

if TYPE_CHECKING:
    from converter.nodes import Block
    from converter.tree import Element

_MAX_NESTED: Final = 6  # tables in tables; what lies deeper is read as if it were no table


def read(root: Element, *, prettified: bool) -> list[Block]:
    """Read what is in a cleaned element (not its tail).

    Args:
        root: element that holds the article; not changed.
        prettified: white space with a line end in it, at the edge of a text, says nothing.

    Returns:
        The blocks of the article, in order.

    """
    return _walk(State(prettified=prettified, enter_table=_enter_table), root)


def _walk(state: State, root: Element) -> list[Block]:
    """Go through an element with a state that may have marks and a link already; returns the blocks found."""
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        if event == "start":
            if element is not root and ENTER.get(element.tag, enter_inline)(state, element):
                walker.skip_subtree()
                continue
            text = element.text
        elif element is root:
            break
        else:
            LEAVE.get(element.tag, leave_inline)(state, element)
            text = element.tail
        if text:
            if not text.isspace() or "\u3000" in text:
                state.add_text(text)
            elif state.runs:  # at the start of a block it means nothing
                state.add_gap(text)
    state.flush()
    return state.blocks


def _enter_table(state: State, table: Element) -> bool:
    """Read a table, and what its cells hold, with walks of their own that begin with the marks of this one."""
    if state.tables >= _MAX_NESTED:
        return enter_block(state, table)

    def read_inside(element: Element) -> list[Block]:
        inner = State(prettified=state.prettified, enter_table=_enter_table, tables=state.tables + 1)
        inner.marks, inner.link = state.marks, state.link
        return _walk(inner, element)

    state.flush()
    for block in read_table(table, read_inside):
        add_block(state, block)
    enter_inline(state, table)
    return True
