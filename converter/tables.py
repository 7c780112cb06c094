"""Read `table` elements: pipe tables where Markdown can say them, HTML where it cannot, blocks where it is layout."""

from __future__ import annotations

from typing import Final, Protocol

from converter.nodes import BREAK, CODE, STRONG, TEX, TEXT, Block, Formula, Html, Paragraph, Quote, Run, Table
from converter.tree import Element, has_content, most_places, span_of


class Read(Protocol):
    """Reads the inside of an element; in the cell of a pipe table, headings are bold text."""

    def __call__(self, element: Element, *, in_cell: bool = False) -> list[Block]:
        """Read it."""
        ...


_CORNER_AND_ONE: Final = 2
_CELLS: Final = ("td", "th")
_ALIGNMENTS: Final = frozenset({"left", "center", "right"})
# What a cell of a pipe table cannot hold.
_UNSAYABLE: Final = ("pre", "ul", "ol", "menu", "dir", "table", "hr", "dl")


def read_table(
    table: Element, read_inside: Read, *, prettified: bool, exact: bool = False, marks: int = 0
) -> list[Block]:
    """Read one table into blocks; `read_inside` reads the inside of a cell.

    A table with one filled cell is a box around that cell; one with content that no pipe table can hold (lists,
    listings, tables with data) is kept as HTML; any other becomes a pipe table. Its caption is a paragraph before it.
    An `exact` table is none that only draws a box, and keeps its empty rows and columns. `marks` hold around it.
    """
    rows = _rows(table)
    if not rows:
        return read_inside(table)
    filled = [cell for _, row in rows for cell in row if has_content(cell)]
    caption = table.find("caption")
    if not filled and not exact:
        return read_inside(table)  # its caption, and rules between its cells
    if len(filled) == 1 and not exact:
        parted = next(table.iter("hr"), None) is not None  # by a rule in a cell of its own
        cells = [cell for _, row in rows for cell in row] if parted else filled
        blocks = [block for cell in cells for block in read_inside(cell)]
    elif (_is_unsayable(table) and any(_is_unsayable(cell) for cell in filled if len(cell))) or _is_hollow(rows):
        from converter.table_html import to_html  # here: few posts need it

        blocks = [Html(to_html(table, prettified=prettified, marks=marks))]
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
    """Inline content of a cell: its blocks joined by breaks."""
    out: list[Run] = []
    for block in read_inside(cell, in_cell=True):
        runs = list(_runs_of(block))
        if out and runs:
            out.append(Run(BREAK, ""))
        out += runs
    return out


def _runs_of(block: Block) -> list[Run]:
    match block:
        case Paragraph(runs):
            return runs
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
