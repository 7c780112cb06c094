"""Numbers that no class names: cells beside code, in front of each line of it, and at the start of items of lists."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final

from lxml import etree

from converter.clean_code import put_listing
from converter.clean_listings import language_of_token
from converter.listings import BLOCKS, copies_of_images, line_text, text_and_images
from converter.tree import Element, Query, Values, classes_of, drop, drop_all, inside, is_blank, text_of, weight

if TYPE_CHECKING:
    from converter.profiles import Profile

# A cell beside a cell with a listing may be its gutter.
_CODE_CELLS: Final = Query(".//tr[count(*) = 2]/td[2][.//pre or .//code]")
_CLASSES: Final = Values("descendant-or-self::*/@class")
_NAMED: Final = r"gutter|line-?n|numbering|blob-num|nums"  # `lineno`, `linenos`, `line-numbers`
_NUMBERS: Final = re.compile(r"\d{1,5}[.:]?")
# What code says, and the output of a program hardly ever.
_CODE: Final = (
    r"(?m)[;{}\[\]]|\w\(|[=!<>:+-]=|[=-]>|</|//|^[ \t]+\S|^(?:[#$>@] ?\S|(?:import|from|def|class|return|if|for|while"
    r"|public|private|static|int|var|let|const|select|insert|update|create|echo|print|package|using|sudo|cd|git)\b)"
)
_LINE_TAGS: Final = ("p", "div", "li", "br")
_BOX: Final = "cnblogs_code"
_FEWEST_NUMBERED: Final = 3
_FEWEST_ITEMS: Final = 2
_LEVELS: Final = 3  # of its elements around a listing
_NUMBERED: Final = re.compile(r"numbering|line-?num")  # `has-numbering`, `linenums`, `line-numbers`
_TEAL: Final = re.compile(r"\s*color:\s*#008080;?\s*", re.IGNORECASE).fullmatch
_NUMBER: Final = re.compile(r" *\d{1,5}", re.ASCII).fullmatch
_ICONS: Final = frozenset({"div", "span", "i", "em"})
_ICON: Final = r"0?([1-9]\d{0,2})[.、]?"  # compiled where a list has one: start-up counts


def drop_number_gutters(root: Element, profile: Profile) -> int:
    """Drop the cell of line numbers beside a cell with a listing, whatever its class.

    The proof: the table has one row and two cells, the one holds 1, 2, 3 and so on and the other nothing but code. A
    cell that no class calls a gutter has one number for each line, and something tells that the lines are code: what a
    program reads and writes stands in such tables as well.
    """
    count = 0
    for cell in _CODE_CELLS(root):
        row, before = cell.getparent(), cell.getprevious()
        if row is None or before is None or not _is_only_row(row) or before.find(".//img") is not None:
            continue
        listing = cell.find(".//pre") is not None
        if holds_numbers(before, at_least=2 - listing):
            held = sum(weight(e) for e in cell.iter("pre", "code") if not inside(e, ("pre", "code")))
            if held == weight(cell) and (_is_named(before) or _counts_lines_of(cell, before, profile)):
                drop(before)
                if not listing:
                    _name_lines(cell)
                count += 1
    return count


def list_numbered_lines(root: Element, profile: Profile) -> int:
    """Make listings of the inline code beside gutters that went; what has links in it stays what it is."""
    boxes = list(root.iter("x-lines"))
    for box in boxes:
        images = copies_of_images([box])
        text = line_text(box, profile)
        put_listing(box, text, language_of_token(next(box.iter("code"), None)), images)
    return len(boxes)


def _name_lines(cell: Element) -> None:
    """Put the lines of a cell into an element that tells `list_numbered_lines` of them."""
    if next(cell.iter("a", "x-tex", "table"), None) is not None:
        return
    box = etree.Element("x-lines")
    box.text, cell.text = cell.text, None
    box.extend(list(cell))
    cell.append(box)


def _is_named(gutter: Element) -> bool:
    """Whether a class in a cell says that it is a gutter."""
    return any(re.search(_NAMED, names) is not None for names in _CLASSES(gutter))


def _counts_lines_of(cell: Element, gutter: Element, profile: Profile) -> bool:
    """Whether a cell holds 1, 2, 3 and so on, a number a line, for as many lines as the cell beside it has.

    Empty lines may have none, and the end of a listing one more; of two numbers, the second could be anything. Where
    each line has its number and says something, both may be the author's (`1 2 3` and `YES NO YES`).
    """
    lines = [line.strip() for line in text_and_images(gutter, profile)[0].split("\n") if not is_blank(line)]
    if not all(map(_NUMBERS.fullmatch, lines)):
        return False
    last = len(lines)
    if [int(line.rstrip(".:")) for line in lines] != list(range(1, last + 1)):
        return False
    pres = [pre for pre in cell.iter("pre") if not inside(pre, ("pre",))]
    text = "\n".join(text_and_images(pre, profile)[0] for pre in pres) if pres else line_text(cell, profile)
    count = text.strip("\n").count("\n") + 1
    if last < _FEWEST_NUMBERED and last != count:
        return False
    fewest = sum(not is_blank(line) for line in text.split("\n"))
    if fewest == last == count and lines[0] == "1" and _are_alike(gutter, cell) and re.search(_CODE, text) is None:
        return False
    return fewest <= last <= text.count("\n") + 1 + (0 if pres else len(list(cell.iter(*_LINE_TAGS))))


def _are_alike(gutter: Element, cell: Element) -> bool:
    """Whether an author may have written both cells: both are listings, and nothing shows that a script made one.

    A script names them, colours the code, or ends each number with a line end, and the last line of code with none.
    """
    if next(gutter.iterdescendants("pre", "code"), None) is None or set(_CLASSES(gutter)) != set(_CLASSES(cell)):
        return False
    if _ends_line(gutter) != _ends_line(cell):
        return False
    return all((next(one.iterdescendants("span", "font"), None) is None) for one in (gutter, cell))


def _ends_line(cell: Element) -> bool:
    """Whether the code of a cell ends in a line end; behind that, a pretty-printer has put one in each cell."""
    *_, code = cell.iterdescendants("pre", "code")
    return text_of(code).rstrip(" ").endswith("\n")


def drop_number_lists(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop the list of line numbers right behind a listing, whatever its class: it counts the lines of the listing.

    A list without class and style may be the author's: what the listing writes. Then the listing must say that a script
    has numbered it.
    """
    count = 0
    for pre in list(root.iter("pre")):
        after = pre.getnext()
        if after is not None and after.tag in {"ul", "ol"} and is_blank(pre.tail) and _counts_lines(after, pre):
            drop(after)
            count += 1
    return count


def _counts_lines(numbers: Element, listing: Element) -> bool:
    """Whether the items of a list are 1, 2, 3 and so on, one for each line of a listing."""
    if len(numbers) < _FEWEST_NUMBERED or numbers.find(".//img") is not None:
        return False
    if not (numbers.get("class") or numbers.get("style") or _is_numbered(listing)):
        return False
    if len(numbers) != text_of(listing).removeprefix("\n").rstrip().count("\n") + 1:
        return False
    return all(text_of(item).strip() == str(number) for number, item in enumerate(numbers, 1))


def _is_numbered(listing: Element) -> bool:
    return any(_NUMBERED.search(e.get("class") or "") is not None for e in (listing, *listing.iterchildren("code")))


def _is_only_row(row: Element) -> bool:
    section = row.getparent()
    alone = row.getprevious() is None and row.getnext() is None
    if not alone or section is None or section.tag == "table":
        return alone
    before = section.getprevious()
    return section.getnext() is None and (before is None or before.tag == "colgroup")


def holds_numbers(element: Element, at_least: int = 0) -> bool:
    """Whether the text of an element is numbers that count up by one, and nothing else."""
    words = " ".join(map(str, element.itertext())).split()  # `<p>1</p><p>2</p>` are two
    if len(words) < at_least or not all(_NUMBERS.fullmatch(word) for word in words):
        return False
    numbers = [int(word.rstrip(".:")) for word in words]
    return not numbers or numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def drop_numbers_of_lines(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop the numbers that cnblogs writes in front of each line of a listing, in teal: ` 9` and `10`, then a space.

    The proof: there is one for each line, and they count up by one; that of a single line is 1. Some copies have none
    from some line on.
    """
    count = 0
    for listing in [listing for listing in root.iter("pre") if _is_boxed(listing)]:
        spans = [span for span in listing.iter("span") if _is_number(span)]
        if spans and _are_numbered(text_of(listing).strip("\n").split("\n"), [span.text or "" for span in spans]):
            for span in spans:
                span.text, span.tail = None, (span.tail or "").removeprefix(" ")
            count += len(spans)
    return count


def _is_boxed(listing: Element) -> bool:
    around = islice(listing.iterancestors(), _LEVELS)
    return any(_BOX in classes_of(box) for box in around) and next(listing.iterdescendants("pre"), None) is None


def _is_number(span: Element) -> bool:
    return not len(span) and _TEAL(span.get("style") or "") is not None and _NUMBER(span.text or "") is not None


def _are_numbered(lines: list[str], numbers: list[str]) -> bool:
    first = int(numbers[0])
    if len(lines) < len(numbers) or (len(lines) == 1 and first != 1):
        return False
    if len(lines) > len(numbers) and (first != 1 or len(numbers) < _FEWEST_NUMBERED):
        return False
    return all(
        int(number) == wanted and line.startswith(number) and line[len(number) : len(number) + 1] in {"", " "}
        for wanted, (line, number) in enumerate(zip(lines, numbers, strict=False), first)
    )


def drop_item_numbers(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Drop the numbers that a page draws in boxes of their own at the start of the items of a numbered list.

    The proof: each item has one, it is the item's own number, and a block follows. Of Baidu Jingyan:
    `<li><div class="list-icon">1</div><div>Open it.</div></li>`. A paragraph with a number is an author's.
    """
    count = 0
    for numbered in root.iter("ol"):
        items = list(numbered.iterchildren("li"))
        first = next(iter(items[0]), None) if len(items) >= _FEWEST_ITEMS else None
        if first is None or first.tag not in _ICONS:
            continue
        icons = [_icon_of(item, number) for number, item in enumerate(items, 1)]
        if None not in icons and numbered.get("start", "1") == "1":
            drop_all([icon for icon in icons if icon is not None])
            count += len(icons)
    return count


def _icon_of(item: Element, number: int) -> Element | None:
    icon = next(iter(item), None)
    if icon is None or icon.tag not in _ICONS or not is_blank(item.text) or not is_blank(icon.tail):
        return None
    after = icon.getnext()
    if after is None or after.tag not in BLOCKS or icon.find(".//img") is not None:
        return None
    found = re.fullmatch(_ICON, text_of(icon).strip())
    return icon if found is not None and int(found[1]) == number else None
