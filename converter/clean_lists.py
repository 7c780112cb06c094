"""The pass for lists that editors cut into pieces: those in items that hold nothing else."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from lxml import etree

from converter.clean_structure import put_strays_into_items
from converter.tree import LISTS, Element, drop, has_content, is_blank

if TYPE_CHECKING:
    from converter.profiles import Profile

_BULLETS: Final = ("menu", "dir")  # lists of bullets by another name
# What may be around a list in an item and says nothing of it, and what does.
_BOXES: Final = frozenset(
    "div section article center dl dt dd span font p strong b em i u small big address aside details dialog fieldset "
    "figcaption figure footer form header main nav summary".split()
)
_SHOWN: Final = frozenset({"img", "hr", "input", "x-tex", "x-ref", *LISTS})  # also without text
_LOOKS: Final = {
    "strong": "font-weight:bold",
    "b": "font-weight:bold",
    "em": "font-style:italic",
    "i": "font-style:italic",
}
_LEVELS: Final = 20  # of boxes around a list whose look it keeps
_DIGITS: Final = 10
_FEWEST_ITEMS: Final = 2
_ROUNDS: Final = 8  # until nothing moves any more; posts need one or two


def start_of(one: Element) -> int:
    """Return the number of the first item, -1 when the page says something that is none."""
    value = one.get("start")
    if not value:
        first = next(one.iterchildren("li"), None)
        value = (first.get("value") if first is not None else None) or "1"
    return int(value) if value.isdecimal() and len(value) < _DIGITS else -1


def _counts_on(one: Element) -> bool:
    """Whether no item but the first says its number itself."""
    return not any(item.get("value") for item in islice(one.iterchildren("li"), 1, None))


class _Move(NamedTuple):
    """A list that leaves the item that holds nothing else.

    Attributes:
        one: the list.
        hollow: the item that it stands in; the list itself where it stands in no item, or in one that stays.
        above: the item that it goes to; None when its own items take the place of the hollow one.

    """

    one: Element
    hollow: Element
    above: Element | None


def join_lists_in_hollow_items(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Give lists that are alone in an item to the item before; where there is none, their items move up a level.

    Editors that indent an item write `<li>a</li><li><ul><li>b</li></ul></li>` (15 posts of 1,027), where a browser
    shows a bullet of nothing before the nested one. Numbers that other items have stay what they are: in an ordered
    list, a hollow item goes only where no other follows. Where more stands behind the lists, they alone go to the item
    before, and only among bullets.
    """
    concerned: dict[Element, None] = {}
    for one in root.iter(*LISTS):
        if one.tag in _BULLETS:
            one.tag = "ul"
        if (above := _list_around_hollow_item(one)) is not None:
            concerned[above] = concerned[one] = None
    for one in reversed(concerned):
        _settle_hidden_items(one)
        if not _holds_items_only(one):
            put_strays_into_items(one)
    for one in concerned:
        before = _list_right_before(one) if one.tag == "ul" and one.getparent() is not None else None
        if before is not None and not _holds_items_only(before):
            put_strays_into_items(before)
    count = 0
    for _ in range(_ROUNDS if concerned else 0):
        moves = _moves(root)
        if not moves:
            break
        _carry_out(moves)
        count += len(moves)
    return count


def _moves(root: Element) -> list[_Move]:
    """Find the lists to move, in document order. Those that move may bring hollow items to others before them."""
    places = {one: place for place, one in enumerate(root.iter(*LISTS))}
    outer: dict[Element, None] = {}
    for one in places:
        above = _list_around_hollow_item(one)
        if above is not None:
            outer[above] = None
    moves: list[_Move] = []
    hollow: set[Element] = set()
    for around in reversed(outer):  # inner ones first, since they may become lists of another kind
        found = _moves_in(around, hollow)
        hollow.update([move.hollow for move in found])
        moves += found
    moves.sort(key=lambda move: places[move.one])
    return moves


def _list_around_hollow_item(one: Element) -> Element | None:
    """Return the list in which a list stands without an item, or as the first thing in an item, boxes left out."""
    parent = one.getparent()
    while parent is not None:
        if parent.tag in LISTS:
            return parent
        if not _is_first(one, parent):
            return None
        if parent.tag == "li":
            above = parent.getparent()
            return above if above is not None and above.tag in LISTS else None
        if parent.tag not in _BOXES:
            return None
        one, parent = parent, parent.getparent()
    return None


def _is_first(one: Element, parent: Element) -> bool:
    """Whether only breaks stand before an element."""
    return is_blank(parent.text) and _shown_before(one) is None


def _shown_before(one: Element) -> Element | None:
    """Return what stands before an element, breaks without text behind them left out."""
    before = one.getprevious()
    while before is not None and is_blank(before.tail) and _shows_nothing(before):
        before = before.getprevious()
    return before


def _shows_nothing(element: Element) -> bool:
    """Whether nothing but breaks is in an element: `<li><br></li>`, as editors leave a line without words.

    Lists are looked at for themselves, so that no element is walked through more than a few times.
    """
    if element.tag in _SHOWN or not is_blank(element.text):
        return False
    return all(is_blank(e.text) and is_blank(e.tail) and e.tag not in _SHOWN for e in element.iterdescendants())


def _settle_hidden_items(one: Element) -> None:
    """Drop what shows nothing in a list, as the reader will; a number stays, and a list behind it is in its item."""
    for child in reversed(list(one)):
        if not is_blank(child.tail) or not _shows_nothing(child):
            continue
        after = child.getnext() if child.tag == "li" and one.tag == "ol" else None
        if after is None:
            drop(child)
        elif after.tag in LISTS:
            child.append(after)
    if is_blank(one.text) and next(one.iterchildren(), None) is None:
        drop(one)


def _leading_lists(item: Element) -> tuple[list[Element], bool]:
    """Return the lists with which a child of a list begins, and whether nothing else is in it or behind it."""
    if item.tag in LISTS:
        return ([item], True) if is_blank(item.tail) and _holds_items_only(item) else ([], False)
    return _lists_at_begin(item) if is_blank(item.text) else ([], False)


def _lists_at_begin(item: Element) -> tuple[list[Element], bool]:
    found: list[Element] = []
    levels = [(item, item.iterchildren())]
    while levels:
        around, children = levels[-1]
        child = next(children, None)
        if child is None:
            levels.pop()
            if not is_blank(around.tail):
                return found, False
        elif child.tag in LISTS and _holds_items_only(child):
            found.append(child)
            if not is_blank(child.tail):
                return found, False
        elif child.tag in _BOXES and is_blank(child.text):
            levels.append((child, child.iterchildren()))
        elif not is_blank(child.tail) or not _shows_nothing(child):
            return found, False
    return found, True


def _holds_breaks_only(one: Element) -> bool:
    """Whether a list holds no item and says nothing: `<ul><br></ul>`."""
    if next(one.iterchildren(), None) is None or not is_blank(one.text):
        return False
    return all(child.tag not in {"li", *LISTS} and is_blank(child.tail) and _shows_nothing(child) for child in one)


def _holds_items_only(one: Element) -> bool:
    return is_blank(one.text) and all((e.tag == "li" or e.tag in LISTS) and is_blank(e.tail) for e in one)


def _moves_in(around: Element, hollow: set[Element]) -> list[_Move]:
    """Decide what happens to the hollow items of a list; those that lists below it lose are known."""
    parts = [(item, *_leading_lists(item)) for item in around]
    items = [(item, lists if alone else []) for item, lists, alone in parts]
    last = max((place for place, (_, lists) in enumerate(items) if not lists), default=-1)
    if last < 0:
        return _moves_of_all(around, items, hollow)
    numbered = around.tag == "ol"
    moves: list[_Move] = []
    above: Element | None = None
    first = True
    for place, (item, lists, alone) in enumerate(parts):
        if not alone or not lists:
            if above is not None and not numbered:
                moves += [_Move(one, one, above) for one in lists]
            above = None if _shows_nothing(item) else item
            first = first and above is None and not numbered
        elif above is not None and (not numbered or place > last or item.tag != "li"):
            moves += [_Move(one, item, above) for one in lists]
        elif first and not numbered and all(one.tag != "ol" for one in lists):
            moves += [_Move(one, item, None) for one in lists]
    return moves


def _moves_of_all(around: Element, items: list[tuple[Element, list[Element]]], hollow: set[Element]) -> list[_Move]:
    """Put the lists in the place of one that holds nothing else, where they are one list together.

    An ordered list of several items stays, unless what is in them counts as it does: its numbers are all there is.
    """
    lists = [one for _, found in items for one in found]
    before = _list_right_before(around) if around.tag == "ul" else None
    if before is not None:
        # Yuque cuts a nested list into lists side by side: <ol><li>a</li></ol><ul><li><ul><li>b</li></ul></li></ul>
        above = _last_shown(before)
        if above is not None and above.tag == "li" and above not in hollow and _is_settled(above):
            return [_Move(one, item, above) for item, found in items for one in found]
    kind = lists[0].tag
    # One item in one item: nothing tells that an editor made the outer one.
    few = sum(len(one) for one in lists) < _FEWEST_ITEMS
    if few or not is_blank(around.text) or any(one.tag != kind for one in lists):
        return []
    numbers = sum(item.tag == "li" for item, _ in items) if around.tag == "ol" else 0
    if (kind != "ol" and numbers > 1) or (numbers and _says_number(around, items[0][0])):
        return []
    if kind == "ol" and len(lists) > 1:
        following = start_of(lists[0])
        for one in lists:
            if following < 1 or start_of(one) != following or not _counts_on(one):
                return []
            if any(item in hollow for item in one):
                return []
            following += sum(1 for _ in one.iterchildren("li"))
    around.tag = kind
    around.attrib.pop("start", "")
    if start := lists[0].get("start"):
        around.set("start", start)
    return [_Move(one, item, None) for item, found in items for one in found]


def _list_right_before(one: Element) -> Element | None:
    """Return the list that a reader sees right before a list; boxes that change nothing are seen through."""
    for _ in range(_LEVELS):
        parent = one.getparent()
        before = _shown_before(one)
        while before is not None and is_blank(before.tail) and before.tag in LISTS and _holds_breaks_only(before):
            before = _shown_before(before)
        if before is None and parent is not None and is_blank(parent.text) and _is_plain_box(parent):
            one = parent
            continue
        if before is not None and before.tag == "li" and is_blank(before.tail):
            before = _last_shown(before)  # a list directly in a list is in the item before it
        for _ in range(_LEVELS):
            if before is None or not is_blank(before.tail) or before.tag in LISTS:
                break
            before = _last_shown(before) if _is_plain_box(before) else None
        return before if before is not None and before.tag in LISTS and is_blank(before.tail) else None
    return None


def _is_plain_box(box: Element) -> bool:
    style = box.get("style") or ""
    return box.tag in _BOXES and box.tag not in _LOOKS and "font-" not in style and "line-through" not in style


def _last_shown(box: Element) -> Element | None:
    """Return the last element in a box, breaks and the like left out."""
    last = next(box.iterchildren(reversed=True), None)
    while last is not None and is_blank(last.tail) and _shows_nothing(last):
        last = last.getprevious()
    return last


def _is_settled(item: Element) -> bool:
    """Whether an item stays where it is, with words of its own, and gives what comes into it no look."""
    lists, alone = _leading_lists(item)
    around = item.getparent()
    styles = (item.get("style") or "") + ((around.get("style") if around is not None else None) or "")
    return not (lists and alone) and has_content(item) and "font-" not in styles and "line-through" not in styles


def _says_number(one: Element, item: Element) -> bool:
    return (one.get("start") or "1") != "1" or bool(item.get("value"))


def _carry_out(moves: list[_Move]) -> None:
    """Move the lists, given in document order.

    lxml walks all below an element that moves. So the lists leave the tree first, inner ones before outer ones, and
    come back in the other order: what moves is small each time.
    """
    holders = {move.one: _take_out(move) for move in reversed(moves)}
    emptied = frozenset(holders.values())
    following: dict[Element, int] = {}  # number of the next item of an ordered list
    for one, _, above in moves:
        if above is None:
            for item in list(one):
                _keep_style(item, one)
                holders[one].addprevious(item)
            continue
        before = next(above.iterchildren(reversed=True), None)
        if before is not None and _goes_on(before, one, emptied, following):
            for item in list(one):
                _keep_style(item, one)
                before.append(item)
        else:
            above.append(one)
    kept = frozenset([above for _, _, above in moves if above is not None])
    for holder in dict.fromkeys(reversed(holders.values())):
        if holder in kept:
            continue  # something came into it
        around = holder.getparent()
        drop(holder)
        if around is not None and around.tag in LISTS and next(around.iterchildren(), None) is None:
            _close_gap(around)


def _take_out(move: _Move) -> Element:
    """Take a list out of the tree; returns the item that is left of it, which goes in the end."""
    one, holder, _ = move
    if holder is one:
        holder = etree.Element("li")
        one.addprevious(holder)
        holder.tail = one.tail
    _keep_look(one)
    one.tail = None
    one.getparent().remove(one)  # type: ignore[union-attr]
    return holder


def _close_gap(emptied: Element) -> None:
    """Drop a list that has nothing left; lists of bullets that only it parted are one."""
    before, after = emptied.getprevious(), emptied.getnext()
    parted = is_blank(emptied.tail)
    drop(emptied)
    if before is None or after is None or not parted or not is_blank(before.tail):
        return
    if before.tag == after.tag == "ul" and is_blank(after.text):
        for item in list(after):
            before.append(item)
        drop(after)


def _keep_style(item: Element, one: Element) -> None:
    """Give the style of a list to an item that leaves it: it may be bold."""
    if style := one.get("style"):
        own = item.get("style")
        item.set("style", f"{style};{own}" if own else style)


def _keep_look(one: Element) -> None:
    """Give a list that leaves an item the look that the item and the boxes in it have: they may be bold."""
    above = one.getparent()
    for _ in range(_LEVELS):
        if above is None or above.tag in LISTS:
            return
        look = above.get("style") or _LOOKS.get(above.tag, "")
        if "font-" in look or "line-through" in look:
            own = one.get("style")
            one.set("style", f"{look};{own}" if own else look)
        if above.tag == "li":
            return
        above = above.getparent()


def _goes_on(before: Element, one: Element, emptied: frozenset[Element], following: dict[Element, int]) -> bool:
    """Whether a list is more of the one before it; numbers must go on, and be certain."""
    if before.tag != one.tag or before.tag not in LISTS or not is_blank(before.tail):
        return False
    if one.tag != "ol":
        return True
    count = 0
    for item in one:
        if item in emptied:
            return False
        count += 1
    if before not in following:
        if any(item in emptied for item in before):
            return False
        following[before] = start_of(before) + sum(1 for _ in before.iterchildren("li")) if _counts_on(before) else -1
    if start_of(one) != following[before] or following[before] < 1 or not _counts_on(one):
        return False
    following[before] += count
    return True
