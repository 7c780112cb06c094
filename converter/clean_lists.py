"""Passes for lists that editors cut into pieces: of one item each, and in items that hold nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from lxml import etree

from converter.tree import Element, classes_of, drop, is_blank

if TYPE_CHECKING:
    from converter.profiles import Profile

_LISTS: Final = frozenset({"ul", "ol", "menu", "dir"})
_DIGITS: Final = 10
_ROUNDS: Final = 8  # until nothing moves any more; posts need one or two
_SINGLE: Final = frozenset({"numbered-list", "bulleted-list"})
_ITEM_MARGIN: Final = re.compile(r"margin-left\s*:\s*(\d{1,3}(?:\.\d{1,3})?)em", re.IGNORECASE)


class _Open:
    """A list that goes on, and the number of its next item; `next` is 0 where no number is known."""

    __slots__ = ("list", "margin", "next")

    def __init__(self, one: Element, margin: float) -> None:
        """Begin with a list of one item."""
        self.list = one
        self.margin = margin
        self.next = _start(one) + 1

    def goes_on(self, one: Element) -> bool:
        """Whether a list is more of this one."""
        return self.list.tag == one.tag and (one.tag != "ol" or (self.next > 1 and _start(one) == self.next))


def nest_lists_of_one_item(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Make one list of lists with one item each, nested as the margins of the items say: so kdocs exports them.

    A numbered one goes on where its `start` is the next number. What an item holds is looked at for itself: Notion
    nests its lists of one item in each other.
    """
    count = 0
    open_in: dict[Element | None, list[_Open]] = {}
    for one in list(root.iter("ul", "ol")):
        margin = _margin_of_only_item(one)
        if margin is None:
            continue
        before = one.getprevious()
        open_lists = open_in.setdefault(one.getparent(), [])
        if open_lists and (before is not open_lists[0].list or not is_blank(before.tail)):
            open_lists.clear()
        while open_lists and open_lists[-1].margin > margin:
            open_lists.pop()
        if open_lists and open_lists[-1].margin == margin and not open_lists[-1].goes_on(one):
            open_lists.pop()
        if not open_lists:
            open_lists.append(_Open(one, margin))
            continue
        last = open_lists[-1]
        tail, one.tail = one.tail, None
        if last.margin == margin:
            last.list.append(one[0])
            last.next += 1
            drop(one)
        else:
            last.list[-1].append(one)
            open_lists.append(_Open(one, margin))
        # What follows the whole of it follows the outermost list now.
        open_lists[0].list.tail = tail
        count += 1
    return count


def _margin_of_only_item(one: Element) -> float | None:
    if next(one.iterchildren(), None) is None or one[0].getnext() is not None:
        return None
    if one[0].tag != "li" or not is_blank(one.text) or not is_blank(one[0].tail):
        return None
    style = one[0].get("style") or ""
    if found := _ITEM_MARGIN.search(style) if "list-style-type" in style.lower() else None:
        return float(found[1])
    # Notion: <ol class="numbered-list" start="2">, <ul class="bulleted-list">
    return 0.0 if not _SINGLE.isdisjoint(classes_of(one)) else None


def _start(one: Element) -> int:
    """Return the number of the first item, -1 when the page says something that is none."""
    value = one.get("start") or "1"
    return int(value) if value.isdecimal() and len(value) < _DIGITS else -1


class _Move(NamedTuple):
    """A list that leaves the item that holds nothing else.

    Attributes:
        one: the list.
        hollow: the item that it stands in; the list itself where it stands in no item.
        above: the item that it goes to; None when its own items take the place of the hollow one.

    """

    one: Element
    hollow: Element
    above: Element | None


def join_lists_in_hollow_items(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Give lists that are alone in an item to the item before; where there is none, their items move up a level.

    Editors that indent an item write `<li>a</li><li><ul><li>b</li></ul></li>` (15 posts of 1,027), where a browser
    shows a bullet of nothing before the nested one. Numbers that other items have stay what they are: in an ordered
    list, a hollow item goes only where no other follows.
    """
    count = 0
    for _ in range(_ROUNDS):
        moves = _moves(root)
        if not moves:
            break
        _carry_out(moves)
        count += len(moves)
    return count


def _moves(root: Element) -> list[_Move]:
    """Find the lists to move, in document order. Those that move may bring hollow items to others before them."""
    places = {one: place for place, one in enumerate(root.iter(*_LISTS))}
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
    """Return the list in which a list stands without an item, or as the first thing in an item."""
    parent = one.getparent()
    if parent is None or parent.tag in _LISTS:
        return parent
    if parent.tag != "li" or not is_blank(parent.text):
        return None
    before = one.getprevious()
    while before is not None and before.tag == "br" and is_blank(before.tail):
        before = before.getprevious()
    above = parent.getparent()
    return above if before is None and above is not None and above.tag in _LISTS else None


def _lists_alone_in(item: Element) -> list[Element]:
    """Return the lists of which a child of a list consists; none where anything else is in it or behind it."""
    if not is_blank(item.tail):
        return []
    found = [item]
    if item.tag not in _LISTS:
        found = []
        for child in item if is_blank(item.text) else ():
            if child.tag == "br" and is_blank(child.tail):
                continue
            if child.tag not in _LISTS or not is_blank(child.tail):
                return []
            found.append(child)
    return found if all(_holds_items_only(one) for one in found) else []


def _holds_items_only(one: Element) -> bool:
    return is_blank(one.text) and all((e.tag == "li" or e.tag in _LISTS) and is_blank(e.tail) for e in one)


def _moves_in(around: Element, hollow: set[Element]) -> list[_Move]:
    """Decide what happens to the hollow items of a list; those that lists below it lose are known."""
    items = [(item, _lists_alone_in(item)) for item in around]
    last = max((place for place, (_, lists) in enumerate(items) if not lists), default=-1)
    if last < 0:
        return _moves_of_all(around, items, hollow)
    numbered = around.tag == "ol"
    moves: list[_Move] = []
    above: Element | None = None
    first = True
    for place, (item, lists) in enumerate(items):
        if not lists:
            above = item if not is_blank(item.text) or next(item.iterchildren(), None) is not None else None
            first = False
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
    before = around.getprevious()
    if around.tag == "ul" and before is not None and before.tag in _LISTS and is_blank(before.tail):
        # Yuque cuts a nested list into lists side by side: <ol><li>a</li></ol><ul><li><ul><li>b</li></ul></li></ul>
        above = next(before.iterchildren(reversed=True), None)
        if above is not None and above.tag == "li" and above not in hollow:
            return [_Move(one, item, above) for item, found in items for one in found]
    kind = lists[0].tag
    if not is_blank(around.text) or any(one.tag != kind for one in lists):
        return []
    numbers = sum(item.tag == "li" for item, _ in items) if around.tag == "ol" else 0
    if (kind != "ol" and numbers > 1) or (numbers and _says_number(around, items[0][0])):
        return []
    if kind == "ol" and len(lists) > 1:
        following = _start(lists[0])
        for one in lists:
            if following < 1 or _start(one) != following or any(item in hollow for item in one):
                return []
            following += sum(1 for _ in one.iterchildren("li"))
    around.tag = kind
    around.set("start", lists[0].get("start") or "1")
    return [_Move(one, item, None) for item, found in items for one in found]


def _says_number(one: Element, item: Element) -> bool:
    return (one.get("start") or "1") != "1" or bool(item.get("value"))


def _carry_out(moves: list[_Move]) -> None:
    """Move the lists, given in document order.

    lxml walks all below an element that moves. So the lists leave the tree first, inner ones before outer ones, and
    come back in the other order: what moves is small each time.
    """
    holders: dict[Element, Element] = {}
    for one, hollow, _ in reversed(moves):
        holder = hollow
        if hollow is one:
            holder = etree.Element("li")
            one.addprevious(holder)
        holders[one] = holder
        one.tail = None
        one.getparent().remove(one)  # type: ignore[union-attr]
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
    for holder in dict.fromkeys(reversed(holders.values())):
        around = holder.getparent()
        drop(holder)
        if around is not None and around.tag in _LISTS and next(around.iterchildren(), None) is None:
            _close_gap(around)


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
    style = one.get("style")
    if style and not item.get("style"):
        item.set("style", style)


def _goes_on(before: Element, one: Element, emptied: frozenset[Element], following: dict[Element, int]) -> bool:
    """Whether a list is more of the one before it; numbers must go on, and be certain."""
    if before.tag != one.tag or before.tag not in _LISTS or not is_blank(before.tail):
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
        following[before] = _start(before) + sum(1 for _ in before.iterchildren("li"))
    if _start(one) != following[before]:
        return False
    following[before] += count
    return True
