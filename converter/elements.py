"""What each element means: what it does to the state of the walk when it begins and when it ends."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from converter.nodes import STRONG, Block, Fence, Heading, Html, Item, List, Note, Paragraph, Quote, Rule
from converter.phrases import (
    MARKS,
    enter_break,
    enter_code,
    enter_image,
    enter_link,
    enter_mark,
    enter_reference,
    enter_tex,
    leave_link,
    leave_mark,
)
from converter.reading import NONE, SPACE, State, settle_task, split_heading
from converter.tree import LISTS, Element, text_of

# What a quote or an angle bracket in a name becomes depends on the renderer; the cleaner lets none through anyway.
_LANGUAGE: Final = re.compile(r"(?:^|\s)language-([^\s\"'<>=`]+)(?=\s|$)")

_BLOCKS: Final = frozenset(
    "address article aside body caption center dd details dialog div dl dt fieldset figcaption figure footer "
    "form header hgroup html legend main menu nav p section summary tbody td tfoot th thead tr".split()
)
_HEADINGS: Final = {f"h{n}": n for n in range(1, 7)}
_CODE: Final = frozenset({"code", "tt", "samp"})
_MOST_DIGITS: Final = 9  # of a number in CommonMark; Python refuses to read more than 4,300
MAX_DEPTH: Final = 40
"""Lists and quotes nested deeper than this are read as if the deeper ones were not there (9 levels are the deepest
list in 24,624 posts); without a limit the indentation alone makes the output grow with the square of the depth."""


Handler = Callable[[State, Element], bool]


def enter_block(state: State, element: Element) -> bool:
    """Begin a block without a meaning of its own."""
    state.restyle(element)
    state.end_paragraph()
    return False


def leave_block(state: State, element: Element) -> None:  # noqa: ARG001
    """End such a block."""
    state.end_paragraph()


def _enter_heading(state: State, element: Element) -> bool:
    if state.heading or state.in_cell:
        enter_block(state, element)
        state.marks |= STRONG if state.in_cell else 0  # a cell holds no headings
        return False
    state.restyle(element)
    state.open_block(element, [], _HEADINGS[element.tag])
    return False


def _leave_heading(state: State, element: Element) -> None:
    if not state.frames or state.frames[-1].element is not element:
        leave_block(state, element)
        return
    runs, level, after = state.runs, state.heading, state.blocks
    state.heading, state.runs = 0, []
    state.close_block()
    before, own, behind = split_heading(runs, bold=state.exact)
    state.blocks += before
    if own or (state.exact and not (before or behind or after)):
        state.blocks.append(Heading(level, own))
    state.blocks += behind
    state.blocks += after


def _read_heading(state: State, element: Element) -> None:
    """Read a heading that holds text only."""
    if state.heading or state.in_cell:
        read_around(state, element)
        return
    marks = state.marks
    state.restyle(element)
    state.end_paragraph()
    run = state.lone_run(element.text)
    if run is not None:
        state.blocks.append(Heading(_HEADINGS[element.tag], split_heading([run], bold=state.exact)[1]))
    elif state.exact:
        state.blocks.append(Heading(_HEADINGS[element.tag], []))
    state.marks = marks


def _too_deep(state: State) -> bool:
    return len(state.frames) >= MAX_DEPTH


def _enter_quote(state: State, element: Element) -> bool:
    if _too_deep(state):
        return enter_block(state, element)
    state.restyle(element)
    state.open_block(element, [])
    return False


def _leave_quote(state: State, element: Element) -> None:
    if not state.frames or state.frames[-1].element is not element:
        leave_block(state, element)
        return
    state.flush()
    inner = state.blocks
    state.close_block()
    if inner or state.exact:
        state.blocks.append(Quote(inner))


def _enter_note(state: State, element: Element) -> bool:
    state.open_block(element, [])
    return False


def _leave_note(state: State, element: Element) -> None:
    state.flush()
    inner = state.blocks
    state.close_block()
    if inner:
        state.blocks.append(Note(element.get("label") or "", inner))


def _enter_list(state: State, element: Element) -> bool:
    if _too_deep(state):
        state.lists.append(None)
        return enter_block(state, element)
    state.restyle(element)
    state.open_block(element, [])
    state.lists.append(List(_start(element) if element.tag == "ol" else None))
    return False


def _start(element: Element) -> int:
    value = (element.get("start") or "1").strip()
    return int(value) if _is_start(value) else 1


def _is_start(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS


def _leave_list(state: State, element: Element) -> None:
    found = state.lists.pop()
    if found is None:
        leave_block(state, element)
        return
    state.flush()
    stray = state.blocks
    state.close_block()
    if stray:  # what stood in the list without an item, after the last of them
        _into_last_item(found, stray)
    if not state.exact:
        _drop_empty_items(found)
    if found.items:
        state.blocks.append(found)


def _drop_empty_items(found: List) -> None:
    if found.start is None:
        found.items = [item for item in found.items if not _is_empty(item)]
    while found.items and _is_empty(found.items[-1]):
        found.items.pop()


def _is_empty(item: Item) -> bool:
    """Whether an item holds nothing; in the middle of an ordered list it still takes a number."""
    return not item.blocks and item.checked is None


def _into_last_item(found: List, stray: list[Block]) -> None:
    """A list or text directly in a list belongs to the item before it (`<ul><li>a</li><ul>…`)."""
    if found.items:
        found.items[-1].blocks.extend(stray)
    else:
        found.items.append(Item(stray))


def _enter_item(state: State, element: Element) -> bool:
    found = state.lists[-1] if state.lists else None
    if found is None or not state.frames or state.frames[-1].element.tag not in LISTS:
        return enter_block(state, element)
    state.restyle(element)
    state.flush()
    if state.blocks:
        _into_last_item(found, state.blocks[:])
        state.blocks.clear()
    item = Item()
    if not found.items and found.start is not None:
        value = element.get("value") or ""
        if _is_start(value) and not _has_start(element):
            found.start = int(value)
    state.open_block(element, item.blocks)
    found.items.append(item)
    # Lists inside of the item are none of this one's.
    state.lists.append(None)
    return False


def _read_item(state: State, element: Element) -> None:
    """Read an item that holds text only."""
    found = state.lists[-1] if state.lists else None
    if found is None or not state.frames or state.frames[-1].element.tag not in LISTS or element.get("value"):
        read_around(state, element)
        return
    state.end_paragraph()
    if state.blocks:
        _into_last_item(found, state.blocks[:])
        state.blocks.clear()
    marks = state.marks
    state.restyle(element)
    run = state.lone_run(element.text)
    state.marks = marks
    found.items.append(Item([] if run is None else [Paragraph([run])]))


def _has_start(item: Element) -> bool:
    parent = item.getparent()
    return parent is not None and bool(parent.get("start"))


def _leave_item(state: State, element: Element) -> None:
    if not state.frames or state.frames[-1].element is not element:
        leave_block(state, element)
        return
    state.lists.pop()
    state.close_block()
    item = state.lists[-1].items[-1] if state.lists and state.lists[-1] is not None else None
    if item is not None and item.checked is not None:
        settle_task(item)


def _enter_input(state: State, element: Element) -> bool:
    found = next((one for one in reversed(state.lists) if one is not None), None)
    if (element.get("type") or "") == "checkbox" and found is not None and found.items and not state.runs:
        found.items[-1].checked = element.get("checked") is not None
        state.gap = NONE
    return True


def _enter_pre(state: State, element: Element) -> bool:
    text = text_of(element)
    if not state.exact:
        text = text.lstrip("\n")
        if not text.strip():
            return True
    else:
        # HTML drops the line end right behind <pre>; `&#13;` is none in HTML, but one in Markdown.
        text = text[(element.text or "").startswith("\n") :].replace("\r\n", "\n").replace("\r", "\n")
    code = element.find("code")
    named = _LANGUAGE.search((code.get("class") or "") if code is not None else element.get("class") or "")
    add_block(state, Fence(text.removesuffix("\n") or text, named[1] if named else ""))
    return True


def _enter_html(state: State, element: Element) -> bool:
    """What verification found that Markdown cannot say: HTML in a box that Markdown leaves alone."""
    from converter.table_html import to_html  # here: few posts need it

    inner = to_html(element, prettified=state.prettified, marks=state.marks)
    add_block(state, Html(f"<div>{inner}</div>"))
    return True


def _enter_rule(state: State, element: Element) -> bool:  # noqa: ARG001
    if state.heading:
        state.gap = SPACE
    else:
        state.flush()
    if state.exact or not state.blocks or not isinstance(state.blocks[-1], Rule):
        state.blocks.append(Rule())  # else there is one already, in an element of its own
    return True


def add_block(state: State, block: Block) -> None:
    """Add a finished block; the paragraph before it ends. In a heading it comes after the heading."""
    if state.heading:
        state.gap = SPACE
    else:
        state.flush()
    state.blocks.append(block)


def read_inline(state: State, element: Element) -> None:
    """Read an element without a meaning of its own that holds text only."""
    text = element.text
    if text:
        marks = state.marks
        state.restyle(element)
        state.add_text(text)
        state.marks = marks


def _read_block(state: State, element: Element) -> None:
    """Read a block without a meaning of its own that holds text only."""
    if state.heading:
        read_around(state, element)
        return
    state.end_paragraph()
    text = element.text
    if text:
        marks = state.marks
        state.restyle(element)
        run = state.lone_run(text)
        if run is not None:
            state.blocks.append(Paragraph([run]))
        state.marks = marks


def read_around(state: State, element: Element) -> None:
    """Read an element that holds text only in the way of those that may hold anything."""
    marks, link, tag = state.marks, state.link, element.tag
    if ENTER[tag](state, element):
        return
    if element.text:
        state.add_text(element.text)
    state.marks, state.link = marks, link
    if tag in LEAVE:
        LEAVE[tag](state, element)


ENTER: Final[dict[str, Handler]] = {
    **dict.fromkeys(MARKS, enter_mark),
    **dict.fromkeys(_BLOCKS, enter_block),
    **dict.fromkeys(_HEADINGS, _enter_heading),
    **dict.fromkeys(LISTS, _enter_list),
    **dict.fromkeys(_CODE, enter_code),
    "a": enter_link,
    "img": enter_image,
    "br": enter_break,
    "x-tex": enter_tex,
    "x-ref": enter_reference,
    "x-note": _enter_note,
    "x-html": _enter_html,
    "blockquote": _enter_quote,
    "li": _enter_item,
    "input": _enter_input,
    "pre": _enter_pre,
    "table": lambda state, element: state.enter_table(state, element),
    "hr": _enter_rule,
    "wbr": lambda _state, _element: False,
}
"""What an element does when it begins; true when it was read whole. Missing elements only have a style."""
LEAVE: Final[dict[str, Callable[[State, Element], None]]] = {
    **dict.fromkeys(MARKS, leave_mark),
    **dict.fromkeys(_BLOCKS, leave_block),
    **dict.fromkeys(_HEADINGS, _leave_heading),
    **dict.fromkeys(LISTS, _leave_list),
    "a": leave_link,
    "blockquote": _leave_quote,
    "x-note": _leave_note,
    "li": _leave_item,
}
"""What an element does when it ends that was not read whole; the walk itself restores marks and link."""
READ: Final[dict[str, Callable[[State, Element], object]]] = {
    **dict.fromkeys(ENTER, read_around),
    **dict.fromkeys(_BLOCKS, _read_block),
    **dict.fromkeys(_HEADINGS, _read_heading),
    **dict.fromkeys(_CODE, enter_code),
    "img": enter_image,
    "br": enter_break,
    "li": _read_item,
}
"""What is done with an element that has no children, in one step; missing ones are read by `read_inline`."""
