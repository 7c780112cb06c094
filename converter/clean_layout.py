"""Tables that only lay a page out become the blocks in them; what only spans tell of the others is settled.

Pages of 1998 to 2010 stand in tables: the article in one cell, its picture or its menu in the next. As HTML in Markdown
they are unreadable, and no pipe table holds them. 50 posts of 24,597 nest tables; 224 have tables of one cell.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import islice
from typing import TYPE_CHECKING, Final

from lxml import etree

from converter.tree import Element, drop, has_content, is_blank, most_places, span_of, squeezed, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from converter.profiles import Profile

_CELLS: Final = ("td", "th")
_PARTS: Final = frozenset({"tbody", "thead", "tfoot", "tr", "caption"})
# What no cell of a pipe table can hold; items without a list come into one later.
_BLOCKS: Final = ("pre", "ul", "ol", "li", "hr", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote")
_LOOKED_AT: Final = 20  # tables in one table; of more than that none is data
_ARTICLE: Final = 600  # characters, and
_PARTS_OF_ARTICLE: Final = 4  # elements: no cell of a table of data says as much in blocks
_LONGEST_CAPTION: Final = 40
_ROWS_UNDER_CAPTION: Final = 2
_LEVELS: Final = 12  # of elements around a caption that are looked at
_NO_CAPTION: Final = ("img", "table", "input", *_BLOCKS)
_BOLD: Final = r"(?i)font-weight\s*:\s*(?:bold|[6-9]00)"
_CENTRES: Final = r"(?i)text-align\s*:\s*center"
_CENTRED: Final = r"(?i)\s*(?:center|middle)\s*"


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
    if len(inner) > _LOOKED_AT or any(is_data(one) for one in inner):
        return True
    cells = [cell for row in rows for cell in row]
    blocks = [cell for cell in cells if _holds_blocks(cell)]
    if all(len(row) <= 1 for row in rows):
        return not any(cell.tag == "th" for cell in cells) or bool(blocks) or any(_is_long(cell) for cell in cells)
    if any(cell.tag == "th" for cell in cells):
        return False
    return any(_is_long(cell) and len(cell) >= _PARTS_OF_ARTICLE for cell in blocks)


def is_in_data(element: Element, boxes: dict[Element, bool]) -> bool:
    """Whether an element stands in a table that is more than a box around one filled cell, or is one.

    `boxes` remembers which tables are boxes: each is looked at once, however much asks.
    """
    for above in (element, *element.iterancestors("table")):
        if above.tag == "table":
            if above not in boxes:
                boxes[above] = _filled(above) == 1
            if not boxes[above]:
                return True
    return False


def is_data(table: Element) -> bool:
    """Whether more than one cell of a table is filled."""
    return _filled(table) > 1


def _filled(table: Element) -> int:
    """Count the cells of a table itself that hold something."""
    return sum(1 for row in _own_cells(table) for cell in row if has_content(cell))


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


def _embolden(cell: Element) -> None:
    """Put all that a cell holds into bold."""
    bold = etree.Element("strong")
    bold.text, cell.text = cell.text, None
    for child in list(cell):
        bold.append(child)
    cell.append(bold)


def name_captions(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Read a first row of one short cell over all columns, bold or centred, as the caption of the table.

    Else it would be the header, or the row of data before the real one: 4 posts of 1,027.
    """
    count = 0
    for table in root.iter("table"):
        rows = _rows_of(table)
        if len(rows) <= _ROWS_UNDER_CAPTION or len(rows[0]) != 1 or table.find("caption") is not None:
            continue
        cell = rows[0][0]
        if not _is_caption(cell, rows) or span_of(cell, "colspan") < _starts(rows)[1]:
            continue
        row = cell.getparent()
        around = row.getparent() if row is not None else None
        if row is None or around is None or _has_groups(rows):
            continue
        bold = re.search(_BOLD, (cell.get("style") or "") + (row.get("style") or "")) is not None
        cell.attrib.clear()
        if bold:
            _embolden(cell)
        cell.tag = "caption"
        cell.tail = None
        table.insert(0, cell)
        drop(row)
        if around is not table and next(around.iterchildren(), None) is None:
            drop(around)
        count += 1
    return count


def _has_groups(rows: list[list[Element]]) -> bool:
    """Whether another row but the last, which may be a remark, is one cell over several columns: it begins a group."""
    return any(len(row) == 1 and span_of(row[0], "colspan") > 1 for row in islice(rows, 1, len(rows) - 1))


def _centres_all(rows: list[list[Element]]) -> bool:
    """Whether all cells are centred, so that it says nothing of the first."""
    return all(_is_centred(cell) for row in islice(rows, 1, None) for cell in row)


def _is_centred(one: Element) -> bool:
    return (
        re.fullmatch(_CENTRED, one.get("align") or "") is not None
        or re.search(_CENTRES, one.get("style") or "") is not None
    )


def drop_hollow_columns(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Narrow spans by the columns in which no cell of any row begins; nobody sees those.

    Two cells of two columns each over one of four are `| a | b |`, not `| a |  | b |  |`: 4 posts of 1,027.
    """
    count = 0
    for table in root.iter("table"):
        rows = _rows_of(table)
        if not any(cell.get("colspan") for row in rows for cell in row):
            continue
        starts, _ = _starts(rows)
        begun = sorted({x for row in starts for x in row})
        changed = False
        for row, places in zip(rows, starts, strict=False):
            for cell, x in zip(row, places, strict=True):
                wide = span_of(cell, "colspan")
                narrow = bisect_left(begun, x + wide) - bisect_left(begun, x) if wide > 1 else 1
                if narrow < wide:
                    changed = True
                    if narrow > 1:
                        cell.set("colspan", str(narrow))
                    else:
                        del cell.attrib["colspan"]
        count += changed
    return count


def _is_caption(cell: Element, rows: list[list[Element]]) -> bool:
    """Whether the look of a cell says that it is a title, and the row below it is one of several cells."""
    following = rows[1]
    text = squeezed(cell)
    if not text or len(text) > _LONGEST_CAPTION or span_of(cell, "rowspan") > 1 or not _has_several(following):
        return False
    if len(cell) and next(cell.iter(*_NO_CAPTION), None) is not None:
        return False
    if cell.tag == "th":
        return all(other.tag == "th" for other in following)
    around = list(_around_all(cell, text))
    if any(one.tag in {"strong", "b"} or re.search(_BOLD, one.get("style") or "") for one in around):
        return True
    return any(one.tag == "center" or _is_centred(one) for one in around) and not _centres_all(rows)


def _around_all(cell: Element, text: str) -> Iterator[Element]:
    """Yield a cell and the elements in it that hold all of its text."""
    one: Element | None = cell
    for _ in range(_LEVELS):
        if one is None:
            return
        yield one
        one = next((child for child in one if squeezed(child) == text), None)


def _has_several(row: list[Element]) -> bool:
    return sum(1 for cell in row if has_content(cell)) > 1


def _rows_of(table: Element) -> list[list[Element]]:
    """Return the cells of the rows of a table itself, in document order; rows without cells left out."""
    rows: list[list[Element]] = []
    for child in table:
        if child.tag == "tr":
            rows.append([cell for cell in child if cell.tag in _CELLS])
        elif child.tag in _PARTS:
            rows += [[cell for cell in row if cell.tag in _CELLS] for row in child.iterchildren("tr")]
    return [row for row in rows if row]


def _starts(rows: list[list[Element]]) -> tuple[list[list[int]], int]:
    """Return in which column each cell begins, and how many columns there are; nothing and many of a hostile table."""
    area = cells = 0
    for row in rows:
        cells += len(row)
        for cell in row:
            area += span_of(cell, "colspan") * span_of(cell, "rowspan")
    if area > (most := most_places(cells)):
        return [], most
    taken: set[tuple[int, int]] = set()
    starts: list[list[int]] = []
    width = 0
    for y, row in enumerate(rows):
        places: list[int] = []
        x = 0
        for cell in row:
            while (y, x) in taken:
                x += 1
            places.append(x)
            wide, high = span_of(cell, "colspan"), span_of(cell, "rowspan")
            taken.update([(y + dy, x + dx) for dy in range(1, high) for dx in range(wide)])
            x += wide
        starts.append(places)
        width = max(width, x)
    return starts, width
