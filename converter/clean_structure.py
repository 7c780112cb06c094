"""Passes for elements that stand where they cannot: they go where a browser shows them.

libxml2 leaves some of them where they were written, and writes no error. Seen in 38 of 11,207 posts that no
pretty-printer has mended.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from lxml import etree

from converter.clean_layout import is_data
from converter.tree import HEADINGS, LISTS, Element, append_text_before, drop, has_content, is_blank, neutralize

if TYPE_CHECKING:
    from converter.profiles import Profile

PRIVATE: Final = ("x-tex", "x-raw", "x-url", "x-ref", "x-note", "x-html", "x-lines")
"""Elements by which our own modules tell each other something; no page may."""
_HEADINGS: Final = frozenset(HEADINGS)
_ROWS_AND_ABOVE: Final = ("table", "tbody", "thead", "tfoot", "tr")
_TABLE_PARTS: Final = ("td", "th", "tr", "tbody", "thead", "tfoot", "caption", "col", "colgroup")
_PARTS: Final = frozenset(_TABLE_PARTS)
_MOST: Final = 999_999_999  # 9 digits, says CommonMark


def unname_private_elements(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Take the meaning from a page's elements that are called like our own: what stands in ours is written as it is."""
    found = list(root.iter(*PRIVATE))
    for element in found:
        neutralize(element)
    return len(found)


def part_nested_headings(headings: list[Element]) -> None:
    """End a heading where another begins, as a browser does: `<h2>a<h3>b</h3>c</h2>`; libxml2 nests them."""
    for heading in headings:
        inner = next((child for child in heading if child.tag in _HEADINGS), None)
        if inner is None or heading.getparent() is None:
            continue
        rest = [inner, *inner.itersiblings()]
        tail, heading.tail = heading.tail, None
        for moved in reversed(rest):
            heading.addnext(moved)
        rest[-1].tail = (rest[-1].tail or "") + (tail or "") or None


def part_jumping_lists(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Begin a new list at each item whose number does not follow the one before: `value` in the middle, `reversed`.

    Markdown numbers on from the first item, and text refers to the numbers that a browser shows. Those below 0 cannot
    be written: such a list stays as it is.
    """
    count = 0
    for one in list(root.iter("ol")):
        items = list(one.iterchildren("li"))
        down = one.get("reversed") is not None
        if not items or not (down or any(item.get("value") for item in items)):
            continue
        numbers = _numbers_of(one, items, step=-1 if down else 1)
        if not all(0 <= number <= _MOST for number in numbers):
            continue
        jumps = [at for at in range(1, len(items)) if numbers[at] != numbers[at - 1] + 1]
        if jumps or numbers[0] != (_number(one.get("start")) if one.get("start") else numbers[0]):
            _part(one, items, numbers, jumps)
            count += 1
    return count


def _numbers_of(one: Element, items: list[Element], step: int) -> list[int]:
    """Tell the number that a browser shows before each item."""
    start = _number(one.get("start"))
    now = start if start is not None else len(items) if step < 0 else 1
    numbers: list[int] = []
    for item in items:
        said = _number(item.get("value"))
        now = now if said is None else said
        numbers.append(now)
        now += step
    return numbers


def _number(text: str | None) -> int | None:
    """Read a number as browsers do: what follows it does not count; None when there is none."""
    found = re.match(r"\s*([-+]?\d{1,12})", text, re.ASCII) if text else None
    return int(found[1]) if found is not None else None


def _part(one: Element, items: list[Element], numbers: list[int], jumps: list[int]) -> None:
    """Move the items from each jump on into a list of their own, with what stands behind them in the list."""
    look = {str(name): str(value) for name, value in one.items() if name not in {"id", "reversed", "start"}}
    if "reversed" in one.attrib:
        del one.attrib["reversed"]
    if numbers[0] != 1 or one.get("start"):
        one.set("start", str(numbers[0]))
    firsts = {items[at]: numbers[at] for at in jumps}
    current = one
    for child in list(one):
        if child in firsts:
            after = etree.Element("ol", look, start=str(firsts[child]))
            after.tail, current.tail = current.tail, None
            current.addnext(after)
            current = after
        if current is not one:
            current.append(child)
    for item in items:
        if "value" in item.attrib:
            del item.attrib["value"]


def wrap_stray_items(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Put list items that stand in no list into one: `<p></p><li>a</li><li>b</li>`; one around a list is a box.

    lxml walks all below an element that moves. So those in others leave the tree first, and come back last: what moves
    is small each time.
    """
    lists: dict[Element, Element] = {}
    boxes = 0
    for item in list(root.iter("li")):
        parent = item.getparent()
        if parent is None or parent.tag in LISTS:
            continue
        before = item.getprevious()
        if before is not None and before in lists and is_blank(before.tail):
            lists[item] = lists[before]
        elif before is not None and before.tag == "ul" and is_blank(before.tail):
            lists[item] = before  # closed too early
        elif _is_box_of_lists(item):
            item.tag = "div"
            boxes += 1
        else:
            lists[item] = etree.Element("ul")
            item.addprevious(lists[item])
    for item, stray in lists.items():
        stray.tail, item.tail = item.tail, None
    for item in reversed(lists):
        cast("Element", item.getparent()).remove(item)
    for item, stray in lists.items():
        stray.append(item)
    return len(lists) + boxes


def _is_box_of_lists(item: Element) -> bool:
    """Whether a stray item holds lists and nothing else, and no other item follows: `<p></p><li><ul>...</ul></li>`."""
    after = item.getnext()
    if not is_blank(item.text) or not len(item) or (after is not None and after.tag == "li"):
        return False
    return all(child.tag in LISTS and is_blank(child.tail) for child in item)


def put_strays_into_items(one: Element) -> None:
    """Put what stands between the items of a list into the one before, or into one of its own, as the reader does."""
    item: Element | None = None
    stray: Element | None = None
    text, one.text = one.text, None
    for child in [None, *one]:
        if child is not None:
            text, child.tail = child.tail, None
            if child.tag == "li":
                item, stray = child, None
            else:
                item = _open_item(one, child, item)
                if child.tag not in LISTS:
                    stray = etree.SubElement(item, "div") if stray is None else stray
                    stray.append(child)
                    child.tail = text
                    continue
                item.append(child)
                stray = None
        if text is not None and not is_blank(text):
            item = _open_item(one, child, item)
            stray = etree.SubElement(item, "div") if stray is None else stray
            stray.text = text


def _open_item(one: Element, child: Element | None, item: Element | None) -> Element:
    """Return the item to which a stray belongs."""
    if item is not None:
        return item
    item = etree.Element("li")
    if child is None:
        one.insert(0, item)
    else:
        child.addprevious(item)
    return item


def move_stray_content_out_of_tables(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Put what stands between the cells of a table before it, as a browser does: `<table>a<tr>...`.

    Cells in it, such as those in a list that no row is around, are cells no more.
    """
    count = 0
    for part in [part for part in root.iter(*_ROWS_AND_ABOVE) if _holds_strays(part)]:
        table = part if part.tag == "table" else next(part.iterancestors("table"), None)
        if table is None or table.getparent() is None:
            continue
        if not is_blank(part.text):
            append_text_before(table, part.text or "")
            part.text = None
            count += 1
        for child in list(part):
            tail = child.tail or ""
            stray = child.tag not in _TABLE_PARTS
            if stray:
                _unname_cells(child, table)
                child.tail = None
                table.addprevious(child)
            if not is_blank(tail):
                child.tail = None
                append_text_before(table, tail)
            count += stray or not is_blank(tail)
    return count


def _holds_strays(part: Element) -> bool:
    if not is_blank(part.text):
        return True
    return any(child.tag not in _PARTS or not is_blank(child.tail) for child in part)


def unwrap_around_rows(form: Element) -> bool:
    """Put the rows in a form in its place, as a browser does; whether there were any."""
    if next(form.iterchildren(*_TABLE_PARTS), None) is None:
        return False
    for child in list(form):
        form.addprevious(child)
    drop(form)
    return True


def _unname_cells(element: Element, table: Element) -> None:
    """Turn cells and rows that lie in an element of a table, but in no table of that element, into plain blocks."""
    for part in list(element.iter(*_TABLE_PARTS)):
        if next(part.iterancestors("table"), None) is table:
            part.tag = "div"


def merge_adjacent_rules(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop a rule directly after a rule, since one line parts two texts as well as three do; so does a cell, alone."""
    found = []
    data: dict[Element | None, bool] = {None: False}
    hollow: dict[Element, bool] = {}
    for rule in root.iter("hr"):
        before = rule.getprevious()
        cell = next(rule.iterancestors("td", "th"), None)
        if cell is not None and cell not in hollow:
            table = next(cell.iterancestors("table"), None)
            if table is not None and table not in data:
                data[table] = is_data(table)
            hollow[cell] = data[table] and not has_content(cell)
        after_rule = before is not None and before.tag == "hr" and is_blank(before.tail)
        if after_rule or (cell is not None and hollow[cell]):
            found.append(rule)
    for rule in found:
        drop(rule)
    for cell in [cell for cell, gone in hollow.items() if gone]:
        del cell[:]  # what was around the rule: empty elements are gone already
    return len(found)
