"""The pass for lists that editors export in pieces of one item each."""

from __future__ import annotations

import re
from typing import Final

from converter.clean_lists import start_of
from converter.tree import Element, classes_of, drop, is_blank

_SINGLE: Final = frozenset({"numbered-list", "bulleted-list"})
_ITEM_MARGIN: Final = re.compile(r"margin-left\s*:\s*(\d{1,3}(?:\.\d{1,3})?)em", re.IGNORECASE)


class _Open:
    """A list that goes on, and the number of its next item; `next` is 0 where no number is known."""

    __slots__ = ("list", "margin", "next")

    def __init__(self, one: Element, margin: float) -> None:
        """Begin with a list of one item."""
        self.list = one
        self.margin = margin
        self.next = start_of(one) + 1

    def goes_on(self, one: Element) -> bool:
        """Whether a list is more of this one."""
        return self.list.tag == one.tag and (one.tag != "ol" or (self.next > 1 and start_of(one) == self.next))


def nest_pieces(root: Element) -> int:
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
