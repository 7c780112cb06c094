"""The part of `seen_tags` for tables: where a cell stands, and tables that are none."""

from __future__ import annotations

from itertools import takewhile
from operator import length_hint
from typing import TYPE_CHECKING, Final

from converter.seen import BOLD, Table, Walk, attribute, enter_block, number_of, tells

if TYPE_CHECKING:
    from collections.abc import Iterator

    from converter.seen import Token

_DEEPEST: Final = 6
"""Tables in tables; what lies deeper is read as if it were no table."""
_CELL_TAGS: Final = frozenset({"td", "th", "/td", "/th", "/table"})
_CELLS: Final = frozenset({"td", "th"})
_BOLD_TAGS: Final = frozenset({"strong", "b", "h1", "h2", "h3", "h4", "h5", "h6"})
_ATOMS: Final = frozenset({"img", "input", "x-tex", "x-ref"})
_BLOCKS_IN_CELLS: Final = frozenset({"pre", "ul", "ol", "menu", "dir", "table", "hr", "dl"})
_CORNER_AND_ONE: Final = 2
_MOST_TAKEN: Final = 10_000
"""Columns under spans. Tables that ask for more are hostile, and each row looks at all of them."""


def enter_table(walk: Walk, tag: str, attributes: str, text: str) -> None:
    """Begin a table; one with a single filled cell is a box around that."""
    if walk.path.count("t") >= _DEEPEST or _filled_cells(walk) <= 1:
        walk.tables.append(None)
        marks = walk.marks
        enter_block(walk, tag, attributes, text)
        walk.stack[-1] = (_leave_box, marks, None)
        return
    walk.tables.append(Table(_place(walk)))
    walk.begin("table")
    walk.path.append("t")
    walk.stack.append((_leave_table, walk.marks, walk.in_cell))
    walk.in_cell = False


def _leave_table(walk: Walk, marks: int, in_cell: bool) -> None:  # noqa: FBT001 (what was)
    walk.marks, walk.in_cell = marks, in_cell
    walk.tables.pop()
    walk.path.pop()
    walk.close()


def enter_caption(walk: Walk, tag: str, attributes: str, text: str) -> None:
    """Begin a caption: a paragraph before the table."""
    if walk.tables and walk.tables[-1] is not None and walk.pending[-1:] == ["table"]:
        walk.pending.pop()
        walk.path.pop()
        walk.stack.append((_leave_caption, walk.marks, None))
        if attributes and tells(attributes):
            walk.restyle(attributes)
    else:
        enter_block(walk, tag, attributes, text)


def _leave_caption(walk: Walk, marks: int, _: None) -> None:
    walk.marks = marks
    walk.boundary = 2
    walk.pending.append("table")
    walk.path.append("t")


def _leave_box(walk: Walk, marks: int, _: None) -> None:
    walk.tables.pop()
    walk.marks = marks
    walk.end()


def is_html(walk: Walk) -> bool:
    """Whether what comes next is in a table of data with blocks in its cells, which only HTML can say.

    There a formula is its TeX between dollars, which scripts look for, and a check box its sign.
    """
    if walk.unsayable is None:
        walk.unsayable = _with_blocks(walk.tokens)
    unsayable = walk.unsayable
    return any(table is not None and table.place in unsayable for table in walk.tables)


def _with_blocks(tokens: list[Token]) -> set[int]:
    """Find the tables with a block in a cell that holds something, by the places of their tokens."""
    found: set[int] = set()
    tables: list[int] = []  # those that are open
    cells: list[_Cell] = []  # the open cells in which they and we are
    for place, (tag, more, text) in enumerate(tokens):
        if cells:
            cells[-1].blocks |= tag in _BLOCKS_IN_CELLS
            cells[-1].filled |= tag in {"img", "input"}
        if tag in {"/td", "/th"} and cells and cells[-1].table == tables[-1]:
            cell = cells.pop()
            if cell.blocks and cell.filled:
                found.add(cell.table)
            if cells:
                cells[-1].filled |= cell.filled
        elif tag == "/table":
            tables.pop()
        elif more[-1:] != "/" and tag == "table":
            tables.append(place)
        elif more[-1:] != "/" and tag in _CELLS and tables:
            cells.append(_Cell(tables[-1]))
        if cells and text and not text.isspace():
            cells[-1].filled = True
    return found


class _Cell:
    """A cell: its table, and what is in it."""

    __slots__ = ("blocks", "filled", "table")

    def __init__(self, table: int) -> None:
        """Begin it."""
        self.table = table
        self.blocks = self.filled = False


def _place(walk: Walk) -> int:
    """Return the place of the token that the walk is at."""
    return len(walk.tokens) - length_hint(walk.rest) - 1


def _rest(walk: Walk) -> Iterator[Token]:
    """Look at the tokens that come; the walk still gets them."""
    for place in range(_place(walk) + 1, len(walk.tokens)):
        yield walk.tokens[place]


def _filled_cells(walk: Walk) -> int:
    """Count the filled cells of the table that begins."""
    if walk.filled is None:
        walk.filled = _all_filled_cells(walk.tokens)
    return walk.filled[_place(walk)]


def _all_filled_cells(tokens: list[Token]) -> dict[int, int]:
    """Count the filled cells of each table, by the place of its token: in one walk, since tables lie in tables."""
    counts: dict[int, int] = {}
    tables: list[int] = []  # those that are open
    empty: list[int] = []  # those of them in whose open cell nothing has been said yet
    for place, (tag, more, text) in enumerate(tokens):
        if tag == "table":
            counts[place] = 0
            if more[-1:] != "/":
                tables.append(place)
        elif tables and tag in _CELL_TAGS:
            if empty[-1:] == tables[-1:]:
                empty.pop()
            if tag == "/table":
                tables.pop()
            elif tag[0] != "/" and more[-1:] != "/":
                empty.append(tables[-1])
        if empty and (tag in {"img", "input"} or not (not text or text.isspace())):
            for table in empty:
                counts[table] += 1
            empty.clear()
    return counts


def enter_row(walk: Walk, tag: str, attributes: str, text: str) -> None:
    """Begin a row; in a header, bold says nothing."""
    table = walk.tables[-1] if walk.tables else None
    if table is None:
        enter_block(walk, tag, attributes, text)
        return
    table.column = 0
    walk.stack.append((_leave_row, walk.mask, None))
    if table.is_new and _is_header(walk):
        walk.mask &= ~BOLD
    table.is_new = False
    walk.begin("tr")


def _is_header(walk: Walk) -> bool:
    """Whether the row that begins is one of headers; or all bold without an empty cell, which makes it one.

    One cell that spans columns, alone, is a caption, and so is a row shorter than the table. The corner may be empty
    where two cells and more follow, and so may be columns behind the last in which any cell holds something.
    """
    row = list(takewhile(lambda token: token[0] != "/tr", _rest(walk)))
    if walk.tokens[-length_hint(walk.rest) - 2][0] == "thead" or all(token[0] != "td" for token in row):
        return True
    if not _is_bold(walk, row):
        return False
    columns, used, starts, filled = _columns(walk)
    wide = any(tag in _CELLS and _span(attributes, "colspan") > 1 for tag, attributes, _ in row)
    if not wide and len(starts) < columns:
        return False
    shown = [start in filled for start in starts if start < used]
    if all(shown):
        return len(starts) > 1 or not wide
    return len(starts) > _CORNER_AND_ONE and all(shown[1:])


def _is_bold(walk: Walk, row: list[Token]) -> bool:
    """Whether a row has text, and all of it is bold; formulas are neither, but where HTML says them as text."""
    outer, found, formula = walk.marks, False, False
    around: list[int] = []
    for tag, attributes, text in row:
        if tag[0] == "/":
            walk.marks = around.pop() if around else outer
        else:
            around.append(walk.marks)
            if tag in _BOLD_TAGS:
                walk.marks |= BOLD
            if attributes and tells(attributes):
                walk.restyle(attributes)
            if attributes[-1:] == "/":
                walk.marks = around.pop()
        formula = tag == "x-tex" and not is_html(walk)
        if text and not formula and not text.isspace():
            found = True
            if not walk.marks & BOLD:
                walk.marks = outer
                return False
    walk.marks = outer
    return found


def _columns(walk: Walk) -> tuple[int, int, list[int], set[int]]:
    """Look at the rows from the one that begins to the end of its table.

    Returns:
        How many columns it has, how many up to the last that holds something; of the row that begins, the columns
        where its cells begin, and those of them that hold something.

    """
    columns = used = column = depth = rows = 0
    place = -1
    taken: dict[int, int] = {}
    starts: list[int] = []
    filled: set[int] = set()
    for tag, attributes, text in _rest(walk):
        if tag == "table" and attributes[-1:] != "/":
            depth += 1
        elif tag == "/table":
            if not depth:
                break
            depth -= 1
        elif not depth and tag == "tr":
            rows += 1
            column = 0
            taken = {at: left - 1 for at, left in taken.items() if left > 1}
        elif not depth and tag in _CELLS:
            while column in taken:
                column += 1
            place = column
            wide, high = min(_span(attributes, "colspan"), 100), _span(attributes, "rowspan")
            if high > 1 and len(taken) < _MOST_TAKEN:
                taken.update(dict.fromkeys(range(place, place + wide), high))
            column += wide
            columns = max(columns, column)
            starts += [] if rows else [place]
        if place >= 0 and (tag in _ATOMS or not (not text or text.isspace())):
            used = max(used, place + 1)
            filled.update([] if rows else [place])
    return columns, used, starts, filled


def _span(attributes: str, name: str) -> int:
    return number_of(attribute(attributes, name)) or 1


def _leave_row(walk: Walk, mask: int, _: None) -> None:
    table = walk.tables[-1]
    if table is not None:
        table.taken = {column: rows - 1 for column, rows in table.taken.items() if rows > 1}
    walk.mask = mask
    walk.close()


def enter_cell(walk: Walk, tag: str, attributes: str, text: str) -> None:
    """Begin a cell: its column counts, since empty cells are not said."""
    table = walk.tables[-1] if walk.tables else None
    if table is None:
        enter_block(walk, tag, attributes, text)
        return
    while table.column in table.taken:
        table.column += 1
    walk.begin(f"td{table.column}")
    wide, high = _span(attributes, "colspan"), _span(attributes, "rowspan")
    if high > 1 and len(table.taken) < _MOST_TAKEN:
        table.taken.update(dict.fromkeys(range(table.column, table.column + min(wide, 100)), high))
    table.column += min(wide, 100)
    walk.stack.append((_leave_cell, walk.marks, None))
    walk.in_cell = True
    if attributes and tells(attributes):
        walk.restyle(attributes)


def _leave_cell(walk: Walk, marks: int, _: None) -> None:
    walk.marks = marks
    walk.in_cell = False
    walk.close()
