"""Tables of the markdownify engine: spans to a grid, the header row, tables that are only layout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from converter.soup_inline import Piece, build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bs4 import BeautifulSoup, Tag

_MAX_SPAN: Final = 999
"""Browsers cap colspan at 1,000; wider ones are typing errors."""

_FREE_CELLS: Final = 10_000
_MOST_PER_CELL: Final = 20
_CORNER_AND_ONE: Final = 2
_NO_TEXT: Final = frozenset({"br", "img", "tex", "display"})
"""A grid of more cells than these for each real one is a hostile table: its spans and short rows are not filled up."""


@dataclass(slots=True)
class Cell:
    """A cell of the grid; `source` is None where a span or a short row left a hole."""

    source: Tag | None = None
    head: bool = False
    pieces: list[Piece] = field(default_factory=list)


def is_layout(table: Tag) -> bool:
    """Tell whether a table only places things: it holds another table, or no more than one cell has content."""
    if table.find("table") is not None:
        return True
    filled = 0
    for cell in table.find_all(["td", "th"]):
        filled += bool(cell.get_text(strip=True) or cell.find(["img", "input"]))
    return filled <= 1


def grid_of(table: Tag) -> list[list[Cell]]:
    """Return the rows, all of the same length, the text of a span in its first cell."""
    grid: list[dict[int, Cell]] = []
    taken: set[tuple[int, int]] = set()
    rows = list(_rows(table))
    cells = [
        (cell, len(rows) - y) for y, row in enumerate(rows) for cell in row.find_all(["td", "th"], recursive=False)
    ]
    most = _FREE_CELLS + _MOST_PER_CELL * len(cells)
    spans = sum(_span(cell, "colspan") * min(_span(cell, "rowspan"), left) for cell, left in cells) <= most
    for y, row in enumerate(rows):
        grid.append({})
        x = 0
        for cell in row.find_all(["td", "th"], recursive=False):
            while (y, x) in taken:
                x += 1
            parent = row.parent
            head = cell.name == "th" or (parent is not None and parent.name == "thead")
            grid[y][x] = Cell(cell, head=head)
            wide, high = (_span(cell, "colspan"), _span(cell, "rowspan")) if spans else (1, 1)
            taken.update((y + j, x + i) for i in range(wide) for j in range(1, high))
            x += wide
    width = max((max(row, default=0) + 1 for row in grid), default=0)
    hollow = width * len(grid) > most
    widths = [max(row, default=0) + 1 if hollow and y else width for y, row in enumerate(grid)]
    return [[row.get(x, Cell()) for x in range(wide)] for row, wide in zip(grid, widths, strict=True)]


def _rows(table: Tag) -> Iterator[Tag]:
    """Yield the rows in the order in which a browser shows them."""
    parts = table.find_all(["thead", "tbody", "tfoot", "tr"], recursive=False)
    for part in sorted(parts, key=lambda tag: {"thead": 0, "tfoot": 2}.get(tag.name, 1)):
        yield from [part] if part.name == "tr" else part.find_all("tr", recursive=False)


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name) or "").strip()
    return min(max(int(value[:10]), 1), _MAX_SPAN) if value.isdecimal() else 1


def write_table(soup: BeautifulSoup, rows: list[list[Cell]]) -> Tag:
    """Return a table whose first row, and only that, is a header: an empty one if the source has none."""
    first = rows[0]
    if not (all(cell.head for cell in first if cell.source) or _is_header(rows)):
        rows = [[Cell() for _ in first], *rows]
    table = soup.new_tag("table")
    for y, row in enumerate(rows):
        line = soup.new_tag("tr")
        for cell in row:
            tag = soup.new_tag("td" if y else "th")
            if y == 0:
                for piece in cell.pieces:
                    piece.marks -= {"strong"}
            build(soup, tag, cell.pieces)
            line.append(tag)
        table.append(line)
    return table


def _is_header(rows: list[list[Cell]]) -> bool:
    """Whether all text of the first row is bold, and no cell of it is empty but the corner, as for the other engine."""
    first = rows[0]
    texts = [p for cell in first for p in cell.pieces if p.kind not in _NO_TEXT and p.text.strip()]
    if not texts or not all("strong" in piece.marks for piece in texts):
        return False
    written = [cell.source for cell in first if cell.source is not None]
    wide = any(_span(tag, "colspan") > 1 for tag in written)
    if not wide and len(written) < len(first):
        return False
    used = max(x for row in rows for x, cell in enumerate(row) if cell.pieces)
    shown = [bool(cell.pieces) for cell in first[: used + 1] if cell.source is not None]
    if all(shown):
        return len(written) > 1 or not wide
    return len(written) > _CORNER_AND_ONE and all(shown[1:])
