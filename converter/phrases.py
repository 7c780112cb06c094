"""What inline elements mean: emphasis, links, code, images, breaks, formulas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from converter.nodes import (
    BOXED,
    CODE,
    DEL,
    EM,
    IMAGE,
    KBD,
    KEPT,
    NEXT,
    RAW,
    STRONG,
    SUB,
    SUP,
    TEX,
    TEXT,
    Formula,
    Link,
)
from converter.reading import NORMAL, SPACES, UPRIGHT, WHITE, State
from converter.tree import Element, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

_LINE_ENDS: Final = re.compile(r"\r\n?|\n")
_DOLLARS: Final = re.compile(r"(\$\$?)\s*([^$]*[^$\\\s])\s*\1")
MARKS: Final = {
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
_EDGES: Final = {STRONG: "strong", EM: "em", SUP: "sup", SUB: "sub"}
_BEHIND: Final = {**_EDGES, SUP: "script", SUB: "script"}


def enter_mark(state: State, element: Element) -> bool:
    """Begin emphasis or a raised, lowered or keyboard text."""
    mark = MARKS[element.tag]
    if mark & BOXED and not state.marks & mark and state.runs:
        state.marks |= _apart(state.runs[-1].marks, mark, element)
    style = ""
    if element.keys():
        state.restyle(element)
        style = element.get("style") or ""
    if not style or (not (mark == STRONG and NORMAL.search(style)) and not (mark == EM and UPRIGHT.search(style))):
        state.marks |= mark | KEPT if state.exact else mark
    state.edge = _EDGES.get(mark, state.edge)
    return False


def _apart(last: int, mark: int, element: Element) -> int:
    """Return what tells an element from one of its kind right before: `<kbd>Ctrl</kbd> <kbd>C</kbd>` are two keys.

    Spans that a style raises are pieces of one text, as editors cut it.
    """
    if not last & mark:
        return 0
    raised = "vertical-align" in (element.get("style") or "")
    return last & mark << NEXT if raised else ~last & mark << NEXT


def leave_mark(state: State, element: Element) -> None:
    """End it."""
    state.edge = _BEHIND.get(MARKS[element.tag], state.edge)


def enter_link(state: State, element: Element) -> bool:
    """Begin a link; one in a link is none."""
    state.restyle(element)
    href = (element.get("href") or "").strip()
    if (href or (state.exact and element.get("href") is not None)) and state.link is None:
        state.links += 1
        state.link = Link(href, _title(state, element), state.links)
    state.edge = "a"
    return False


def _title(state: State, element: Element) -> str:
    """Return the title of a link or an image, on one line."""
    title = element.get("title") or ""
    return _LINE_ENDS.sub("\n", title) if state.exact else " ".join(title.split())


def leave_link(state: State, element: Element) -> None:
    """End a link; one without text is a run without text."""
    if state.exact and next(element.iter("img"), None) is None and not text_of(element).strip():
        enter_link(state, element)
        if state.link is not None:
            state.add_atom(TEXT, "", "a")
            state.link = None
    state.edge = "a"


def enter_code(state: State, element: Element) -> bool:
    """Inline code: its text, without the white space that a pretty-printer puts inside; pictures and formulas after it.

    What MathJax draws in `tt` and `samp` is a formula; that in `code` it leaves alone. A link inside covers a part of
    the code.
    """
    if len(element) == 0:
        _add_code(state, element.text or "")
        return True
    pending: list[str] = []
    outer = state.link
    for event, e in etree.iterwalk(element, events=("start", "end")):
        begins = event == "start"
        if e.tag in _PARTS_CODE:
            _add_code(state, "".join(pending))
            pending.clear()
            if e.tag != "a":
                if begins:
                    _PARTS_CODE[e.tag](state, e)
            elif begins and outer is None:
                state.links += 1
                href = (e.get("href") or "").strip()
                state.link = Link(href, "", state.links) if href else None
            else:
                state.link = outer
        if not begins:
            pending.append(_with_real_spaces(state, e.tail or "") if e is not element else "")
        elif e.tag != "x-tex":
            pending.append(_with_real_spaces(state, e.text or ""))
    _add_code(state, "".join(pending))
    state.link = outer
    return True


def _with_real_spaces(state: State, text: str) -> str:
    """Make line ends at the edges of a text spaces, as they are outside of code: no editor wrapped a line there."""
    if state.prettified or "\n" not in text:
        return text
    inner = text.strip(WHITE)
    start = text.find(inner)
    end = start + len(inner)
    return text[:start].replace("\n", " ") + inner + text[end:].replace("\n", " ")


def _add_code(state: State, raw: str) -> None:
    if state.exact:
        if raw:
            state.add_atom(CODE, _LINE_ENDS.sub(" ", raw), "code")
        return
    text = state.collapse(raw.strip(WHITE))
    if raw[:1] in WHITE and raw:
        state.add_gap(raw[: len(raw) - len(raw.lstrip(WHITE))])
    if text:
        state.add_atom(CODE, text, "code")
        if raw[-1] in WHITE:
            state.add_gap(raw[len(raw.rstrip(WHITE)) :])


def enter_image(state: State, element: Element) -> bool:
    """Add an image that has an address."""
    src = (element.get("src") or "").strip()
    if src or (state.exact and element.get("src") is not None):
        alt = element.get("alt") or ""
        if alt:
            alt = SPACES.sub(" ", alt).strip()
        state.add_atom(IMAGE, alt, "span", src, _title(state, element))
    return True


def enter_break(state: State, element: Element) -> bool:  # noqa: ARG001 (all handlers are called alike)
    """Add a line break."""
    state.add_break()
    return False


def enter_reference(state: State, element: Element) -> bool:
    """Add a reference to a footnote."""
    state.add_atom(RAW, f"[^{element.get('label')}]", "sup")
    state.edge = "span"  # prose goes on behind it
    return True


def enter_tex(state: State, element: Element) -> bool:
    """Add a formula: a block where it may stand as one."""
    tex = tex_of(element)
    if not tex:
        return True
    if element.get("display") == "block" and not state.heading and state.link is None:
        state.flush()
        state.blocks.append(Formula(tex))
    else:
        state.add_atom(TEX, tex, "math")
    return True


def tex_of(element: Element) -> str:
    """Return the TeX of a formula, without dollars of the editor's source inside of what is a formula by its tag."""
    tex = (element.text or "").strip()
    return doubled[2] if tex.startswith("$") and (doubled := _DOLLARS.fullmatch(tex)) else tex


_PARTS_CODE: Final[dict[str, Callable[[State, Element], bool]]] = {
    "a": enter_link,
    "br": enter_break,
    "img": enter_image,
    "x-tex": enter_tex,
}
"""What stands in code and is none."""
