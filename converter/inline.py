"""Runs to text: the only place that knows neighbours.

Emphasis is a question of what stands on both sides of a delimiter, an escape of what else is in the line. Most lines
have neither, and cost one search for a hazardous character.
"""

from __future__ import annotations

import re
from typing import Final

from converter.nodes import BREAK, CODE, DEL, EM, EMPHASIS, IMAGE, KBD, RAW, STRONG, SUB, SUP, TEX, TEXT, Link, Run
from converter.protect import Draft
from converter.scan import is_punctuation
from converter.unsafe import HAZARD

_INNER: Final = 6  # shift of the marks of emphasis that is kept inside of a link
_DELIMITERS: Final = {
    mark << shift: written
    for mark, written in ((STRONG, ("**", "strong")), (EM, ("*", "em")), (DEL, ("~~", "del")))
    for shift in (0, _INNER)
}
_BOXES: Final = {SUP: ("<sup>", "</sup>"), SUB: ("<sub>", "</sub>"), KBD: ("<kbd>", "</kbd>")}
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9.+-]{1,31}:[^\s<>\x00-\x1f]*")
_EMAIL: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_ENTITY: Final = re.compile(r"&(?=#?\w+;)")
# Percent-encoded in addresses: what would end them, or bind tighter than a link.
_ENCODED: Final = {ord(c): f"%{ord(c):02X}" for c in " <>`\\\"^{|}"} | dict.fromkeys(map(ord, "\t\n\r\f"))
_ALNUM: Final = re.compile(r"[^\W_]")
_EDGE_SPACES: Final = "\u3000"  # the indent of Chinese paragraphs


class _Piece:
    """A run that is being arranged: `groups` are the emphasis groups it is in, by mark."""

    __slots__ = ("boxes", "groups", "run", "space")

    def __init__(self, run: Run) -> None:
        self.run = run
        self.space = run.space
        self.groups: dict[int, int] = {}
        self.boxes: list[tuple[object, int]] = []


class _Extent:
    """A stretch of pieces, `start` to `end` (exclusive), that a mark or a link covers."""

    __slots__ = ("end", "kind", "link", "start")

    def __init__(self, kind: int, start: int, end: int, link: Link | None = None) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.link = link


def render(runs: list[Run], *, hard_break: str = "\\\n", cell: bool = False, heading: bool = False) -> str:
    """Write the inline content of one block.

    Args:
        runs: its content; spaces at the very ends are left out.
        hard_break: what a BREAK becomes.
        cell: in a cell of a pipe table: `|` is escaped, a BREAK becomes `<br>`.
        heading: in a heading: a BREAK becomes a space.

    Returns:
        Markdown without block-level guards; lines are separated by BREAKs only.

    """
    if len(runs) == 1:
        run = runs[0]
        if run.kind == TEXT and not run.marks and run.link is None:
            text = run.text.strip(_EDGE_SPACES)
            if not HAZARD.search(text):
                return text.replace("|", "\\|") if cell else text
    if cell:
        hard_break = "<br>"
    elif heading:
        hard_break = " "
    runs = _merged(_trimmed(runs))
    if not runs:
        return ""
    boxes = _boxes(runs)
    runs, groups, boxes = _settle(runs, boxes)
    text = _write(runs, groups, boxes, hard_break)
    return text.replace("|", "\\|") if cell else text


def destination(href: str) -> str:
    """Write an address so that it ends where it should: spaces and the like percent-encoded, parentheses balanced."""
    url = href.translate(_ENCODED)
    if "(" in url or ")" in url:
        depth = 0
        for char in url:
            depth += (char == "(") - (char == ")")
            if depth < 0:
                break
        if depth:
            url = url.replace("(", "%28").replace(")", "%29")
    return _ENTITY.sub("&amp;", url) if "&" in url else url


def _title(title: str, *same: str) -> str:
    """Write the title of a link or an image; one that repeats what is there anyway is left out."""
    text = " ".join(title.split())
    if not text or text in same:
        return ""
    text = re.sub(r"\\(?=[!-/:-@\[-`{-~])", r"\\\\", text).replace('"', '\\"')
    return f' "{_ENTITY.sub("&amp;", text)}"'


def _trimmed(runs: list[Run]) -> list[Run]:
    """Drop the indent of Chinese paragraphs, breaks at the ends, and spaces beside breaks."""
    out: list[Run] = []
    line_start = True
    for run in runs:
        if run.kind == BREAK:
            _strip_last(out)
            if out and out[-1].kind != BREAK:
                out.append(run)
            line_start = True
            continue
        current = run
        if line_start:
            if run.kind == TEXT and run.text[:1] in _EDGE_SPACES:
                stripped = run.text.lstrip("\u3000 ")
                if not stripped:
                    continue
                current = run._replace(text=stripped)
            if current.space:
                current = current._replace(space=False)
            line_start = False
        out.append(current)
    _strip_last(out)
    while out and out[-1].kind == BREAK:
        out.pop()
        _strip_last(out)
    return out


def _strip_last(out: list[Run]) -> None:
    while out and out[-1].kind == TEXT and out[-1].text[-1:] in _EDGE_SPACES:
        text = out[-1].text.rstrip("\u3000 ")
        if text:
            out[-1] = out[-1]._replace(text=text)
            return
        out.pop()


def _merged(runs: list[Run]) -> list[Run]:
    """Join neighbours that nothing tells apart; links to the same place that touch are one link."""
    out: list[Run] = []
    for run in runs:
        current = run
        if out:
            last = out[-1]
            if current.link is not None and last.link is not None and current.link[:2] == last.link[:2] and not run.space:
                current = current._replace(link=last.link)
            if current.kind == last.kind and current.marks == last.marks and current.link == last.link:
                if current.kind == TEXT:
                    out[-1] = last._replace(text=f"{last.text} {current.text}" if run.space else last.text + current.text)
                    continue
                if current.kind == CODE and not run.space:
                    out[-1] = last._replace(text=last.text + current.text)
                    continue
        out.append(current)
    return out


def _boxes(runs: list[Run]) -> list[_Extent]:
    """Stretches of links, superscripts and the like: they nest outside of emphasis that fits into them."""
    out: list[_Extent] = []
    current: _Extent | None = None
    for at, run in enumerate(runs):
        if run.link is None:
            current = None
        elif current is not None and current.link == run.link:
            current.end = at + 1
        else:
            current = _Extent(0, at, at + 1, run.link)
            out.append(current)
    for mark in _BOXES:
        current = None
        for at, run in enumerate(runs):
            if not run.marks & mark:
                current = None
            elif current is not None and (run.link is None or run.link == runs[at - 1].link):
                current.end = at + 1
            else:
                current = _Extent(mark, at, at + 1)
                out.append(current)
    return out


# ------------------------------------------------------------------------------------------------------ emphasis
def _settle(runs: list[Run], boxes: list[_Extent]) -> tuple[list[Run], list[_Extent], list[_Extent]]:
    """Decide where each emphasis begins and ends so that its delimiters flank; returns runs and extents to match."""
    marks = 0
    for run in runs:
        marks |= run.marks
    if not marks & EMPHASIS:
        return runs, [], boxes
    groups: list[_Extent] = []
    for mark in (STRONG, EM, DEL):
        if marks & mark:
            runs = _push_into_boxes(runs, boxes, mark)
            for one in (mark, mark << _INNER):
                runs = _move_punctuation_out(runs, boxes, one)
                boxes = _boxes(runs)
    for mark in (STRONG, EM, DEL):
        if marks & mark:
            groups += _groups(runs, boxes, mark) + _groups(runs, boxes, mark << _INNER)
    return runs, groups, boxes


def _push_into_boxes(runs: list[Run], boxes: list[_Extent], mark: int) -> list[Run]:
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
                    run._replace(marks=run.marks & ~mark | (run.marks & mark) << _INNER) if box.start <= at < box.end else run
                    for at, run in enumerate(out)
                ]
    return out


def _groups(runs: list[Run], boxes: list[_Extent], mark: int) -> list[_Extent]:
    """Stretches of a mark: whole boxes or parts of one box, never across the border of one."""
    out: list[_Extent] = []
    start: int | None = None
    for at in range(len(runs) + 1):
        marked = at < len(runs) and runs[at].marks & mark and runs[at].kind != BREAK
        if marked and start is None:
            start = at
        elif not marked and start is not None:
            out += _split_at_boxes(_Extent(mark, start, at), boxes)
            start = None
    return out


def _split_at_boxes(group: _Extent, boxes: list[_Extent]) -> list[_Extent]:
    for box in boxes:
        for border in (box.start, box.end):
            crosses = box.start < group.start < box.end or box.start < group.end < box.end
            inside = box.start <= group.start and group.end <= box.end
            if crosses and not inside and group.start < border < group.end:
                return [
                    *_split_at_boxes(_Extent(group.kind, group.start, border), boxes),
                    *_split_at_boxes(_Extent(group.kind, border, group.end), boxes),
                ]
    return [group]


def _move_punctuation_out(runs: list[Run], boxes: list[_Extent], mark: int) -> list[Run]:
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


def _trim_group(
    inner: list[Run], mark: int, before: str, after: str, boxes: list[_Extent], group: _Extent
) -> list[Run]:
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
    import unicodedata  # noqa: PLC0415 (already loaded; a name for one use)

    return unicodedata.category(char)[0] == "S"


def _lead(inner: list[Run], mark: int, before: str, boxes: list[_Extent], group: _Extent) -> Run | None:
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


def _trail(inner: list[Run], mark: int, after: str, boxes: list[_Extent], group: _Extent) -> Run | None:
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


def _box_at(boxes: list[_Extent], border: int, group: _Extent, *, at_start: bool) -> bool:
    """Whether a box that holds the whole group has this border too: then the box's own markup stands outside."""
    return any(
        (box.start if at_start else box.end) == border and box.start <= group.start and group.end <= box.end
        for box in boxes
    )


def _char_before(runs: list[Run], at: int, boxes: list[_Extent], group: _Extent) -> str:
    if at == 0 or runs[at].space or runs[at - 1].kind == BREAK:
        return ""
    if any(box.end == at and not (box.start <= group.start and group.end <= box.end) for box in boxes):
        return ")"
    return _edge_char(runs[at - 1], last=True)


def _char_after(runs: list[Run], at: int, boxes: list[_Extent], group: _Extent) -> str:
    if at >= len(runs) or runs[at].space or runs[at].kind == BREAK:
        return ""
    if any(box.start == at and not (box.start <= group.start and group.end <= box.end) for box in boxes):
        return "["
    return _edge_char(runs[at], last=False)


def _edge_char(run: Run, *, last: bool) -> str:
    if run.kind in {TEXT, RAW}:
        return run.text[-1] if last else run.text[0]
    return {CODE: "`", TEX: "$"}.get(run.kind, ")" if last else "!")


# ------------------------------------------------------------------------------------------------------- writing
def _write(runs: list[Run], groups: list[_Extent], boxes: list[_Extent], hard_break: str) -> str:
    """Write runs with the delimiters of their extents; longer extents open first, boxes before emphasis."""
    draft = Draft()
    opens: dict[int, list[_Extent]] = {}
    for extent in (*boxes, *groups):
        opens.setdefault(extent.start, []).append(extent)
    stack: list[_Extent] = []
    skip_until = 0
    for at, run in enumerate(runs):
        if at < skip_until:
            continue
        _close(draft, stack, at, runs)
        if run.space:
            draft.add(" ")
        opening = sorted(opens.get(at, ()), key=lambda e: (-e.end, e.kind != 0, e.kind in _DELIMITERS, e.kind))
        for extent in opening:
            # Emphasis that begins and ends with the address has no place in an autolink.
            if extent.link is not None and extent is opening[-1] and (auto := _autolink(runs, extent)):
                draft.atom(auto, "autolink")
                skip_until = extent.end
                break
            _open(draft, extent)
            stack.append(extent)
        if at < skip_until:
            continue
        _put(draft, run, hard_break)
    _close(draft, stack, len(runs), runs)
    return draft.finish()


def _close(draft: Draft, stack: list[_Extent], at: int, runs: list[Run]) -> None:
    """Close every extent that ends here; what lies above it on the stack closes with it and opens again."""
    again: list[_Extent] = []
    while any(extent.end <= at for extent in stack):
        extent = stack.pop()
        if extent.link is not None:
            text = "".join(run.text for run in runs[extent.start : extent.end])
            link = extent.link
            draft.close_link(f"]({destination(link.href)}{_title(link.title, text, link.href)})")
        elif extent.kind in _BOXES:
            draft.markup(_BOXES[extent.kind][1])
        else:
            draft.close_emphasis()
        if extent.end > at:
            again.append(extent)
    for extent in reversed(again):
        _open(draft, extent)
        stack.append(extent)


def _open(draft: Draft, extent: _Extent) -> None:
    if extent.link is not None:
        draft.open_link("[")
    elif extent.kind in _BOXES:
        draft.markup(_BOXES[extent.kind][0])
    else:
        opening, tag = _DELIMITERS[extent.kind]
        draft.open_emphasis(opening, tag)


def _autolink(runs: list[Run], extent: _Extent) -> str:
    """`<url>` when the text of a link is its address; else empty."""
    run = runs[extent.start]
    link = extent.link
    if link is None or extent.end - extent.start != 1 or run.kind != TEXT or run.marks & ~EMPHASIS:
        return ""
    if run.text == link.href and _SCHEME.fullmatch(link.href) and not _title(link.title, link.href):
        return f"<{link.href}>"
    if link.href == f"mailto:{run.text}" and _EMAIL.fullmatch(run.text):
        return f"<{run.text}>"
    return ""


def _put(draft: Draft, run: Run, hard_break: str) -> None:
    if run.kind == TEXT:
        draft.text(run.text)
    elif run.kind == CODE:
        draft.atom(code_span(run.text), "code")
    elif run.kind == IMAGE:
        draft.open_link("![")
        draft.text(run.text)
        draft.close_link(f"]({destination(run.src)}{_title(run.title, run.text, run.src)})")
    elif run.kind == TEX:
        draft.tex(run.text)
    elif run.kind == BREAK:
        draft.markup(hard_break)
    else:
        draft.markup(run.text)


def code_span(text: str) -> str:
    """Write inline code: a delimiter longer than any run inside, padded where a backtick is at an edge."""
    if "`" not in text:
        return f"`{text}`"
    runs = {len(run) for run in re.findall("`+", text)}
    width = next(n for n in range(1, len(runs) + 2) if n not in runs)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{'`' * width}{pad}{text}{pad}{'`' * width}"
