"""Where emphasis begins and ends, so that both its delimiters flank.

A delimiter beside punctuation is read as text unless white space or punctuation stands on its other side, too. Chinese
posts run into that all the time (`**文字：**后文`), so edges are moved until they flank; the text stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from converter.nodes import BREAK, CODE, DEL, EM, EMPHASIS, KBD, RAW, STRONG, SUB, SUP, TEX, TEXT, Link, Run
from converter.scan import is_punctuation

INNER: Final = 6
"""Shift of the marks of emphasis that is kept inside of a link."""
BOXES: Final = {SUP: ("<sup>", "</sup>"), SUB: ("<sub>", "</sub>"), KBD: ("<kbd>", "</kbd>")}
_ALNUM: Final = re.compile(r"[^\W_]")


class Extent:
    """A stretch of pieces, `start` to `end` (exclusive), that a mark or a link covers."""

    __slots__ = ("end", "kind", "link", "start")

    def __init__(self, kind: int, start: int, end: int, link: Link | None = None) -> None:
        """Cover a stretch; `kind` is a mark, 0 for a link."""
        self.kind = kind
        self.start = start
        self.end = end
        self.link = link


def boxes_of(runs: list[Run]) -> list[Extent]:
    """Stretches of links, superscripts and the like: they nest outside of emphasis that fits into them."""
    out: list[Extent] = []
    current: Extent | None = None
    for at, run in enumerate(runs):
        if run.link is None:
            current = None
        elif current is not None and current.link == run.link:
            current.end = at + 1
        else:
            current = Extent(0, at, at + 1, run.link)
            out.append(current)
    for mark in BOXES:
        current = None
        for at, run in enumerate(runs):
            if not run.marks & mark:
                current = None
            elif current is not None and (run.link is None or run.link == runs[at - 1].link):
                current.end = at + 1
            else:
                current = Extent(mark, at, at + 1)
                out.append(current)
    return out


def settle(runs: list[Run], boxes: list[Extent]) -> tuple[list[Run], list[Extent], list[Extent]]:
    """Decide where each emphasis begins and ends so that its delimiters flank; returns runs and extents to match."""
    marks = 0
    for run in runs:
        marks |= run.marks
    if not marks & EMPHASIS:
        return runs, [], boxes
    groups: list[Extent] = []
    for mark in (STRONG, EM, DEL):
        if marks & mark:
            runs = _push_into_boxes(runs, boxes, mark)
            for one in (mark, mark << INNER):
                runs = _move_punctuation_out(runs, boxes, one)
                boxes = boxes_of(runs)
    for mark in (STRONG, EM, DEL):
        if marks & mark:
            groups += _groups(runs, boxes, mark) + _groups(runs, boxes, mark << INNER)
    return runs, groups, boxes


def _push_into_boxes(runs: list[Run], boxes: list[Extent], mark: int) -> list[Run]:
    """Give a link at the edge of an emphasis an emphasis of its own where the common delimiter would not flank.

    `**see [x](u)**y` does not render: `)` is punctuation and cannot be moved out. `**see** [**x**](u)y` does.
    """
    out = runs
    for group in _groups(runs, boxes, mark):
        for box in boxes:
            if box.start < group.start or box.end > group.end or (box.start, box.end) == (group.start, group.end):
                continue
            at_end = box.end == group.end and not _open_border(_char_after(runs, group.end, boxes, group))
            at_start = box.start == group.start and not _open_border(_char_before(runs, group.start, boxes, group))
            if at_end or at_start:
                out = [
                    run._replace(marks=run.marks & ~mark | (run.marks & mark) << INNER)
                    if box.start <= at < box.end
                    else run
                    for at, run in enumerate(out)
                ]
    return out


def _groups(runs: list[Run], boxes: list[Extent], mark: int) -> list[Extent]:
    """Stretches of a mark: whole boxes or parts of one box, never across the border of one."""
    out: list[Extent] = []
    start: int | None = None
    for at in range(len(runs) + 1):
        marked = at < len(runs) and runs[at].marks & mark and runs[at].kind != BREAK
        if marked and start is None:
            start = at
        elif not marked and start is not None:
            out += _split_at_boxes(Extent(mark, start, at), boxes)
            start = None
    return out


def _split_at_boxes(group: Extent, boxes: list[Extent]) -> list[Extent]:
    for box in boxes:
        for border in (box.start, box.end):
            crosses = box.start < group.start < box.end or box.start < group.end < box.end
            inside = box.start <= group.start and group.end <= box.end
            if crosses and not inside and group.start < border < group.end:
                return [
                    *_split_at_boxes(Extent(group.kind, group.start, border), boxes),
                    *_split_at_boxes(Extent(group.kind, border, group.end), boxes),
                ]
    return [group]


def _move_punctuation_out(runs: list[Run], boxes: list[Extent], mark: int) -> list[Run]:
    """Take a mark off the punctuation at the edges of its stretches until both delimiters flank.

    `**文字：**后文` does not render: a closing delimiter after punctuation must be followed by white space or
    punctuation. 23,234 places in 24,624 posts.
    """
    out: list[Run] = []
    done = 0
    for group in _groups(runs, boxes, mark):
        out += runs[done : group.start]
        inner = runs[group.start : group.end]
        before = _char_before(runs, group.start, boxes, group)
        after = _char_after(runs, group.end, boxes, group)
        out += _trim_group(inner, mark, before, after, boxes, group)
        done = group.end
    return out + runs[done:]


def _trim_group(inner: list[Run], mark: int, before: str, after: str, boxes: list[Extent], group: Extent) -> list[Run]:
    if not any(run.kind != TEXT or _ALNUM.search(run.text) for run in inner):
        return [run._replace(marks=run.marks & ~mark) for run in inner]
    head: list[Run] = []
    tail: list[Run] = []
    while inner:
        moved = _lead(inner, mark, before, boxes, group)
        if moved is None:
            break
        head.append(moved)
        before = moved.text[-1:] if moved.kind == TEXT else "x"
        if inner and inner[0].space:
            before = ""
    while inner:
        moved = _trail(inner, mark, after, boxes, group)
        if moved is None:
            break
        tail.append(moved)
        after = " " if moved.space else moved.text[:1] if moved.kind == TEXT else "x"
    return [*head, *inner, *reversed(tail)]


def _open_border(char: str) -> bool:
    """Whether a delimiter may stand between this character (empty: line end) and punctuation."""
    return not char or char.isspace() or _surely_punctuation(char)


def _surely_punctuation(char: str) -> bool:
    """Punctuation for every version of CommonMark: before 0.31 symbols beyond ASCII did not count."""
    return is_punctuation(char) and (char.isascii() or not _is_symbol(char))


def _is_symbol(char: str) -> bool:
    return unicodedata.category(char)[0] == "S"


def _lead(inner: list[Run], mark: int, before: str, boxes: list[Extent], group: Extent) -> Run | None:
    """Take the first character or run out of an emphasis whose opening delimiter does not flank; None when it does."""
    first = inner[0]
    if first.kind == TEXT and first.text[0].isspace():
        return _cut_first(inner, mark)
    if _open_border(before) or _box_at(boxes, group.start, group, at_start=True):
        return None
    if first.kind != TEXT:
        inner.pop(0)
        return first._replace(marks=first.marks & ~mark)
    if not is_punctuation(first.text[0]):
        return None
    return _cut_first(inner, mark)


def _cut_first(inner: list[Run], mark: int) -> Run:
    first = inner[0]
    char, rest = first.text[0], first.text[1:]
    if not rest:
        inner.pop(0)
        return first._replace(marks=first.marks & ~mark)
    stripped = rest.lstrip(" ")
    inner[0] = first._replace(text=stripped, space=stripped != rest)
    return first._replace(text=char, marks=first.marks & ~mark)


def _trail(inner: list[Run], mark: int, after: str, boxes: list[Extent], group: Extent) -> Run | None:
    """The same for the last character and the closing delimiter."""
    last = inner[-1]
    if last.kind == TEXT and last.text[-1].isspace():
        return _cut_last(inner, mark)
    if _open_border(after) or _box_at(boxes, group.end, group, at_start=False):
        return None
    if last.kind != TEXT:
        inner.pop()
        return last._replace(marks=last.marks & ~mark)
    if not is_punctuation(last.text[-1]):
        return None
    return _cut_last(inner, mark)


def _cut_last(inner: list[Run], mark: int) -> Run:
    last = inner[-1]
    char, rest = last.text[-1], last.text[:-1]
    if not rest:
        inner.pop()
        return last._replace(marks=last.marks & ~mark)
    stripped = rest.rstrip(" ")
    inner[-1] = last._replace(text=stripped)
    return Run(TEXT, char, last.marks & ~mark, last.link, stripped != rest)


def _box_at(boxes: list[Extent], border: int, group: Extent, *, at_start: bool) -> bool:
    """Whether a box that holds the whole group has this border too: then the box's own markup stands outside."""
    return any(
        (box.start if at_start else box.end) == border and box.start <= group.start and group.end <= box.end
        for box in boxes
    )


def _char_before(runs: list[Run], at: int, boxes: list[Extent], group: Extent) -> str:
    if at == 0 or runs[at].space or runs[at - 1].kind == BREAK:
        return ""
    if any(box.end == at and not (box.start <= group.start and group.end <= box.end) for box in boxes):
        return ")"
    return _edge_char(runs[at - 1], last=True)


def _char_after(runs: list[Run], at: int, boxes: list[Extent], group: Extent) -> str:
    if at >= len(runs) or runs[at].space or runs[at].kind == BREAK:
        return ""
    if any(box.start == at and not (box.start <= group.start and group.end <= box.end) for box in boxes):
        return "["
    return _edge_char(runs[at], last=False)


def _edge_char(run: Run, *, last: bool) -> str:
    if run.kind in {TEXT, RAW}:
        return run.text[-1] if last else run.text[0]
    return {CODE: "`", TEX: "$"}.get(run.kind, ")" if last else "!")
