"""Tables that only lay a page out become the blocks in them.

Pages of 1998 to 2010 stand in tables: the article in one cell, its picture or its menu in the next. As HTML in Markdown
they are unreadable, and no pipe table holds them. 50 posts of 24,597 nest tables; 224 have tables of one cell.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from converter.tree import Element, has_content, is_blank, text_of

if TYPE_CHECKING:
    from converter.profiles import Profile

_CELLS: Final = ("td", "th")
_PARTS: Final = frozenset({"tbody", "thead", "tfoot", "tr", "caption"})
# What no cell of a pipe table can hold.
_BLOCKS: Final = ("pre", "ul", "ol", "hr", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote")
_LOOKED_AT: Final = 20  # tables in one table; of more than that none is data
_ARTICLE: Final = 600  # characters, and
_PARTS_OF_ARTICLE: Final = 4  # elements: no cell of a table of data says as much in blocks


def unwrap_layout_tables(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Turn tables without a header into blocks where their content shows that they lay out a page.

    That is: a table of data inside, beside other cells or not; or blocks or long texts in a single column; or most of
    an article, in blocks, in one cell; or one filled cell in the cell of another table.
    """
    count = 0
    nested: set[Element] = set()
    for table in list(root.iter("table")):
        inner = list(islice(table.iterdescendants("table"), _LOOKED_AT + 1))
        nested.update(inner)
        if table not in nested and table.find("thead") is not None:
            continue  # a table of data, whatever its cells hold; nearly all are
        if len(inner) > _LOOKED_AT and table.find("thead") is None:
            _unwrap(table)  # without a look into its cells, which takes long in deep ones
            count += 1
            continue
        cells = [[cell for cell in row if has_content(cell)] for row in _own_cells(table)]
        # A box around one cell that is not nested, the reader takes off.
        if table in nested if sum(map(len, cells)) <= 1 else _is_layout(table, cells, inner):
            _unwrap(table)
            count += 1
    return count


def _own_cells(table: Element) -> list[list[Element]]:
    rows = [child for child in table if child.tag == "tr"]
    rows += [row for group in table if group.tag in {"tbody", "thead", "tfoot"} for row in group if row.tag == "tr"]
    return [[cell for cell in row if cell.tag in _CELLS] for row in rows]


def _is_layout(table: Element, rows: list[list[Element]], inner: list[Element]) -> bool:
    if table.find("thead") is not None:
        return False
    if len(inner) > _LOOKED_AT or any(_is_data(one) for one in inner):
        return True
    cells = [cell for row in rows for cell in row]
    blocks = [cell for cell in cells if _holds_blocks(cell)]
    if all(len(row) <= 1 for row in rows):
        return not any(cell.tag == "th" for cell in cells) or bool(blocks) or any(_is_long(cell) for cell in cells)
    if any(cell.tag == "th" for cell in cells):
        return False
    return any(_is_long(cell) and len(cell) >= _PARTS_OF_ARTICLE for cell in blocks)


def _is_data(table: Element) -> bool:
    """Whether more than one cell is filled."""
    return sum(1 for row in _own_cells(table) for cell in row if has_content(cell)) > 1


def _holds_blocks(cell: Element) -> bool:
    return len(cell) > 0 and next(cell.iter(*_BLOCKS), None) is not None


def _is_long(cell: Element) -> bool:
    # A pretty-printer's indent is no text.
    return len(text_of(cell)) > _ARTICLE and sum(len(text.strip()) for text in cell.itertext()) > _ARTICLE


def _unwrap(table: Element) -> None:
    """Make boxes of a table and its own parts; what lies in the cells stays as it is."""
    groups = [part for part in table if part.tag in _PARTS]
    rows = [row for group in groups if group.tag != "tr" for row in group if row.tag == "tr"]
    cells = [cell for row in _own_cells(table) for cell in row]
    for part in (table, *groups, *rows, *cells):
        part.attrib.clear()
        part.tag = "div"
        if is_blank(part.text):
            part.text = None
