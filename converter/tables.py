"""Read `table` elements: pipe tables where Markdown can say them, HTML where it cannot, blocks where it is layout."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Final

from lxml import etree

from converter.nodes import BREAK, CODE, STRONG, TEX, TEXT, Block, Formula, Heading, Html, Paragraph, Quote, Run, Table
from converter.spacing import had_space
from converter.tree import Element, has_content, is_blank, most_places, span_of

Read = Callable[[Element], list[Block]]

_CORNER_AND_ONE: Final = 2
_CELLS: Final = ("td", "th")
_ALIGNMENTS: Final = frozenset({"left", "center", "right"})
# What a cell of a pipe table cannot hold.
_UNSAYABLE: Final = ("pre", "ul", "ol", "table", "hr", "dl")
_KEPT_TAGS: Final = frozenset(
    "table thead tbody tfoot tr td th caption p br ul ol li pre code strong b em i del s sub sup kbd a img hr "
    "blockquote h1 h2 h3 h4 h5 h6 dl dt dd".split()
)
_KEPT_ATTRIBUTES: Final = {
    "a": ("href",),
    "img": ("src", "alt"),
    "td": ("colspan", "rowspan"),
    "th": ("colspan", "rowspan"),
    "ol": ("start",),
    "code": ("class",),
}
_LANGUAGE: Final = re.compile(r"(?<!\S)language-[A-Za-z0-9+#_.-]+(?!\S)")
"""The one class that is kept: others are hooks for the scripts and styles of a site."""
_SPACES: Final = " \t\n\r\f"
_WHITE: Final = re.compile(f"[{_SPACES}]+")
_VOID: Final = frozenset({"br", "img", "hr"})
_PHRASES: Final = frozenset("strong b em i del s sub sup kbd a code h1 h2 h3 h4 h5 h6".split())
_INLINE: Final = frozenset("strong b em i del s sub sup kbd a code img".split())
_TAG_NAME: Final = re.compile(r"<(/?)([a-z0-9]+)")
_EDGES: Final = {
    "strong": "strong",
    "b": "strong",
    "em": "em",
    "i": "em",
    "a": "a",
    "code": "code",
    "sub": "sub",
    "sup": "sup",
}
# Boxes that Markdown does not keep, and blocks that no paragraph can hold.
_BOXES: Final = frozenset("div section article center details summary figure figcaption address header footer".split())
_HELD_BLOCKS: Final = ("table", "p", "ul", "ol", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "hr")


def read_table(table: Element, read_inside: Read, *, prettified: bool, exact: bool = False) -> list[Block]:
    """Read one table into blocks; `read_inside` reads the inside of a cell.

    A table with one filled cell is a box around that cell; one with content that no pipe table can hold (lists,
    listings, tables with data) is kept as HTML; any other becomes a pipe table. Its caption is a paragraph before it.
    An `exact` table is none that only draws a box, and keeps its empty rows and columns.
    """
    rows = _rows(table)
    if not rows:
        return read_inside(table)
    filled = [cell for _, row in rows for cell in row if has_content(cell)]
    caption = table.find("caption")
    if not filled and not exact:
        return [] if caption is None else read_inside(caption)
    if len(filled) == 1 and not exact:
        blocks = [block for cell in filled for block in read_inside(cell)]
    elif (_is_unsayable(table) and any(_is_unsayable(cell) for cell in filled if len(cell))) or _is_hollow(rows):
        blocks = [Html(to_html(table, prettified=prettified))]
    else:
        blocks = [_pipe_table(read_inside, rows, exact=exact)]
    if caption is not None and has_content(caption) and not isinstance(blocks[0], Html):
        blocks[:0] = read_inside(caption)
    return blocks


def is_box(table: Element) -> bool:
    """Whether a table draws a box around one filled cell, or around its caption alone."""
    return sum(has_content(cell) for _, row in _rows(table) for cell in row) <= 1


def _is_unsayable(box: Element) -> bool:
    """Whether there is something in a table or cell that no cell of a pipe table can hold."""
    return next(box.iterdescendants(*_UNSAYABLE), None) is not None


def _rows(table: Element) -> list[tuple[bool, list[Element]]]:
    """Rows of the table itself, in order, each with whether it stands in a `thead`; rows without cells left out."""
    found: list[tuple[bool, list[Element]]] = []
    groups = [table, *(e for e in table if e.tag in {"thead", "tbody", "tfoot"})]
    for child in table:
        if child.tag == "tr":
            found.append((False, [c for c in child if c.tag in _CELLS]))
        elif child in groups:
            found += [(child.tag == "thead", [c for c in tr if c.tag in _CELLS]) for tr in child.iterchildren("tr")]
    return [row for row in found if row[1]]


def _has_spans(row: list[Element]) -> bool:
    for cell in row:  # noqa: SIM110 (a generator takes longer than the loop)
        if cell.get("colspan") or cell.get("rowspan"):
            return True
    return False


def _is_hollow(rows: list[tuple[bool, list[Element]]]) -> bool:
    """Whether a pipe table would consist of empty cells, and many of them: 12 KB with spans can ask for ten million."""
    cells = sum(len(row) for _, row in rows)
    width = area = 0
    for _, row in rows:
        wide = len(row)
        if _has_spans(row):
            wide = sum(span_of(cell, "colspan") for cell in row)
            area += sum(span_of(cell, "colspan") * span_of(cell, "rowspan") for cell in row)
        width = max(width, wide)
    return max(area, width * len(rows)) > most_places(cells)


def _grid(rows: list[tuple[bool, list[Element]]]) -> list[list[Element | None]]:
    """Lay the cells out; a spanning cell fills its top left corner, the rest of its area is None."""
    if not any(_has_spans(row) for _, row in rows):
        wide = max(len(row) for _, row in rows)
        return [[*row, *[None] * (wide - len(row))] for _, row in rows]
    taken: dict[tuple[int, int], Element | None] = {}
    for y, (_, row) in enumerate(rows):
        x = 0
        for cell in row:
            while (y, x) in taken:
                x += 1
            wide, high = span_of(cell, "colspan"), min(span_of(cell, "rowspan"), len(rows) - y)
            for dy in range(high):
                for dx in range(wide):
                    taken.setdefault((y + dy, x + dx), None)
            taken[y, x] = cell
            x += wide
    width = max(x for _, x in taken) + 1
    return [[taken.get((y, x)) for x in range(width)] for y in range(len(rows))]


def _pipe_table(read_inside: Read, rows: list[tuple[bool, list[Element]]], *, exact: bool) -> Table:
    grid = _grid(rows)
    head = rows[0][0] or all(c is None or c.tag == "th" for c in grid[0])
    cells = [[[] if c is None else _cell(read_inside, c) for c in row] for row in grid]
    alignments = [_alignment([row[x] for row in grid]) for x in range(len(grid[0]))]
    used = [x for x in range(len(grid[0])) if any(row[x] for row in cells)]
    last = len(grid[0]) if exact else used[-1] + 1 if used else 1
    cells = [row[:last] for row in cells]
    head = head or (not exact and _all_bold(rows[0][1], grid[0], cells[0]))
    if head and not exact:
        cells[0] = [[run._replace(marks=run.marks & ~STRONG) for run in cell] for cell in cells[0]]
    header = cells.pop(0) if head else [[] for _ in range(last)]
    return Table(header, [row for row in cells if exact or any(row)], alignments[:last])


def _all_bold(written: list[Element], places: list[Element | None], row: list[list[Run]]) -> bool:
    """Whether every text of a row is bold, which makes it a header (145 of 376 headless tables with bold in them).

    Its cells may span columns, but one that spans them alone is a caption. The corner may be empty.
    """
    texts = [run for cell in row for run in cell if run.kind in {TEXT, CODE}]
    if not texts or not all(run.marks & STRONG for run in texts):
        return False
    wide = any(span_of(cell, "colspan") > 1 for cell in written)
    if not wide and len(written) < len(places):
        return False
    filled = [bool(cell) for cell, place in zip(row, places, strict=False) if place is not None]
    if all(filled):
        return len(written) > 1 or not wide
    return len(written) > _CORNER_AND_ONE and all(filled[1:])


def _cell(read_inside: Read, cell: Element) -> list[Run]:
    """Inline content of a cell: its blocks joined by breaks, headings in it bold."""
    out: list[Run] = []
    for block in read_inside(cell):
        runs = list(_runs_of(block))
        if out and runs:
            out.append(Run(BREAK, ""))
        out += runs
    return out


def _runs_of(block: Block) -> list[Run]:
    match block:
        case Paragraph(runs):
            return runs
        case Heading(_, runs):
            return [run._replace(marks=run.marks | STRONG) for run in runs]
        case Formula(tex):
            return [Run(TEX, tex)]
        case Quote(blocks):
            out: list[Run] = []
            for inner in blocks:
                out += [Run(BREAK, ""), *_runs_of(inner)] if out else _runs_of(inner)
            return out
    return []


def _alignment(column: list[Element | None]) -> str:
    """Alignment of a column on which all its cells agree; empty when they do not."""
    found = {_alignment_of(cell) for cell in column if cell is not None}
    return found.pop() if len(found) == 1 else ""


def _alignment_of(cell: Element) -> str:
    if not cell.keys():  # most have no attributes, and this is one question instead of two
        return ""
    value = (cell.get("align") or "").strip().lower()
    if not value:
        style = cell.get("style") or ""
        if "text-align" in style:
            value = style.partition("text-align")[2].lstrip(": ").split(";")[0].strip().lower()
    return value if value in _ALIGNMENTS else ""


def to_html(table: Element, *, prettified: bool = False) -> str:
    """Write a table as HTML that Markdown passes through: known tags and attributes only, no blank line in it.

    A phrase and a heading hold no paragraphs: those in them become lines, parted by breaks.
    """
    out: list[str] = []
    walker = etree.iterwalk(table, events=("start", "end"))
    depth_of_pre = phrases = 0
    said = broken = False  # in this paragraph, and whether a line of it has ended
    for event, element in walker:
        tag, begins = element.tag, event == "start"
        boxed = phrases > 0 and (tag == "p" or tag in _BOXES)
        line = not boxed and tag in _BOXES and _is_line(element)
        kept = not boxed and tag in _KEPT_TAGS
        phrases += 0 if tag not in _PHRASES else 1 if begins else -1
        if boxed:
            broken = broken or said
        elif line or (kept and tag not in _INLINE):
            said = broken = False
        if begins:
            if broken and tag == "img":
                out.append("<br>")
                broken = False
            if kept or line:
                out.append("<p>" if line else f"<{tag}{_attributes(element)}>")
            said = said or tag == "img"
        elif line or (kept and tag not in _VOID):
            out.append("</p>" if line else f"</{tag}>")
        depth_of_pre += 0 if tag != "pre" else 1 if begins else -1
        text = element.text if begins else element.tail if element is not table else None
        if text:
            if not text.isspace():
                out += ["<br>"] if broken else []
                said, broken = True, False
            out.append(_text(text, verbatim=depth_of_pre > 0))
    return _joined(out, prettified=prettified)


def _is_line(box: Element) -> bool:
    """Whether a box with no name in Markdown holds one line, and others stand beside it."""
    parent, before = box.getparent(), box.getprevious()
    if parent is None or not has_content(box):
        return False
    alone = before is None and box.getnext() is None and is_blank(parent.text) and is_blank(box.tail)
    return not alone and next(box.iterdescendants(*_BOXES, *_HELD_BLOCKS), None) is None


def _attributes(element: Element) -> str:
    names = _KEPT_ATTRIBUTES.get(element.tag, ())
    values = ((name, " ".join((element.get(name) or "").split())) for name in names)
    kept = ((n, (m[0] if (m := _LANGUAGE.search(v)) else "") if n == "class" else v) for n, v in values)
    return "".join(f' {name}="{html.escape(value)}"' for name, value in kept if value)


def _text(text: str | None, *, verbatim: bool) -> str:
    if not text:
        return ""
    escaped = html.escape(text, quote=False)
    if verbatim:
        return escaped.replace("\r", "&#13;").replace("\n", "&#10;")
    # A carriage return, which a character reference makes, is a line end in Markdown; two of them would end the block.
    escaped = escaped.replace("\r", "\n")
    return escaped if not escaped.isspace() and "\n" not in escaped else _squeezed(escaped)


def _squeezed(text: str) -> str:
    """Collapse white space, at an edge to a line end where it holds one; a wide space (U+3000) is the author's."""
    inner = " ".join(piece for piece in _WHITE.split(text) if piece)
    before = text[: len(text) - len(text.lstrip(_SPACES))]
    after = text[len(text.rstrip(_SPACES)) :] if inner else ""
    edges = ["\n" if "\n" in white else " " if white else "" for white in (before, after)]
    return inner.join(edges)


def _joined(pieces: list[str], *, prettified: bool) -> str:
    """Join tags and texts: a line end between phrases is a space, or where a pretty-printer was may be one."""
    out: list[str] = []
    left, edge = "", "span"
    gap = -1  # where in `out` a space may belong
    for piece in pieces:
        tag = _TAG_NAME.match(piece)
        if tag is not None and tag[2] != "img":
            out.append(piece)
            if tag[2] not in _INLINE:
                left, gap = "", -1
            else:
                edge = "script" if tag[1] and tag[2] in {"sub", "sup"} else _EDGES.get(tag[2], edge)
                gap = _place(out) if gap >= 0 and tag[1] else gap  # behind what ends, before what begins
            continue
        if piece[0] == "\n" and left and gap < 0:
            gap = _place(out)
        text = "x" if tag else html.unescape(piece.strip("\n"))
        if not text:
            continue
        if gap >= 0 and not text.isspace() and (not prettified or had_space(left, text, edge)):
            out[gap] = " "
        out.append(piece.strip("\n"))
        left, edge = text.strip(_SPACES), "span"
        gap = _place(out) if piece[-1] == "\n" else -1
    return "".join(out).strip()


def _place(out: list[str]) -> int:
    """Make place for a space; returns where."""
    out.append("")
    return len(out) - 1
