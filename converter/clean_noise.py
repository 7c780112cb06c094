"""Passes for what is no content at all: what nobody can see, and what a profile names."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final

from converter.clean_toc import Contents
from converter.listings import holds_numbers_only
from converter.tree import (
    HEADINGS,
    Element,
    Query,
    classes_of,
    drop_all,
    inside,
    is_blank,
    outermost,
    squeezed,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from converter.profiles import Profile

MARKED: Final = Query("descendant::*[@class or @id]")
"""Finds the elements that a rule may be about."""

INVISIBLE: Final = tuple("link style script svg noscript template meta title base select head".split())
_AROUND_CODE: Final = ("pre", "code", "td")
_OF_A_THREAD: Final = frozenset(
    "comment comment-body comment-list commentlist comment- comment-respond comment_content disqus_thread".split()
)
_MARKS: Final = frozenset({"", "¶", "#", "§", "🔗", "\uf0c1"})  # the last is a chain link in Sphinx's font
_MARKED_BY_LINKS: Final = (*HEADINGS, "dt", "caption", "figcaption")
_ATTACHED: Final = r"(?i)\S+\.(?:png|jpe?g|gif|bmp|webp)\([\d.]+[KM]?B(?:ytes)?,下[载載]次[数數]:\d+\)"
_MOST_BELOW: Final = 4


def drop_invisible_elements(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Drop what a browser does not show: styles, scripts, vector icons, form menus."""
    found = outermost(list(root.iter(*INVISIBLE)))
    drop_all(found)
    return len(found)


def _is_content(element: Element, rule: str, alone: dict[Element, bool]) -> bool:
    """Whether an element is not what its class says: a gutter with text in it, a mark that is the heading itself.

    `alone` remembers which elements hold one text only.
    """
    if rule == "comments":
        return element.tag != "a" and not _is_thread(element)
    if rule == "permalink":
        if element.tag == "a" and not (element.get("href") or "#").startswith("#"):
            return True
        mark = text_of(element).strip()
        if any(map(str.isalnum, mark)) or not (mark in _MARKS or inside(element, _MARKED_BY_LINKS)):
            return True
        return is_alone(element, alone) or element.find(".//img") is not None
    if rule == "hover-menu" and element.tag == "p" and "mbn" in classes_of(element):
        return not _names_a_picture(element)
    if rule != "code-gutter" or holds_numbers_only(element):
        # A number of that class in a phrase: "a total of <span class="ln">12</span>".
        return rule == "code-gutter" and element.tag == "span" and not inside(element, _AROUND_CODE)
    if element.tag in {"ul", "ol"}:
        _unwrap(element)
    return True


def _is_thread(element: Element) -> bool:
    """Whether there are comments or a form for them in an element; a section on comments has none."""
    if next(element.iter("form", "iframe", "textarea"), None) is not None or "commentlist" in classes_of(element):
        return True
    for one in element.iter("li", "article", "div", "ol"):
        named = (*classes_of(one), (one.get("id") or "").rstrip("0123456789"))
        if not _OF_A_THREAD.isdisjoint(named):
            return True
    return is_blank(text_of(element))


def is_alone(mark: Element, known: dict[Element, bool]) -> bool:
    """Whether there is no other text around a mark. Asked for each of the marks in an element, answered once."""
    around = mark.getparent()
    if around is None:
        return True
    if around not in known:
        texts = (text for text in around.itertext() if not str(text).isspace())
        known[around] = len(list(islice(texts, 2))) < 2  # noqa: PLR2004 (its own, and another)
    return known[around]


def _names_a_picture(line: Element) -> bool:
    """Whether a line tells name, size and downloads of the picture of a forum that stands below it."""
    link = line.find("a")
    if link is None or "mod=attachment" not in (link.get("href") or "") or not re.fullmatch(_ATTACHED, squeezed(line)):
        return False
    below = islice(line.itersiblings(), _MOST_BELOW)
    return any((img.get("id") or "").startswith("aimg_") for e in below for img in islice(e.iter("img"), 1))


def _unwrap(gutter: Element) -> None:
    """Read the items of a list of numbers that holds more as blocks; a bullet before a listing would be wrong."""
    for element in (gutter, *gutter.iterchildren("li")):
        element.tag = "div"
        element.attrib.clear()


def _named(root: Element, profile: Profile) -> list[Element]:
    """List the elements that have a class or an id of a rule, in document order."""
    by_class, by_id = profile.drop.by_class, profile.drop.by_id
    known: dict[str, bool] = {"": False}  # a post has few values of `class` and many elements
    found: list[Element] = []
    for element in root.iterdescendants():
        names = element.get("class") or ""
        if (named := known.get(names)) is None:
            named = known[names] = not by_class.keys().isdisjoint(names.split())
        if named or element.get("id") in by_id:
            found.append(element)
    return found


def drop_noise(root: Element, profile: Profile) -> Mapping[str, int]:
    """Drop the elements that the profile names: tool bars, gutters, tables of contents, the hidden id."""
    rules = profile.drop
    named = _named(root, profile)
    # `<p class_="artid">`: rules without id and class.
    found = set(rules.others(root)) if rules.others else set()
    if not named and not found:
        return {}
    counts: dict[str, int] = {}
    gone: list[Element] = []
    inside: set[Element] = set()
    alone: dict[Element, bool] = {}
    contents: Contents | None = None
    for element in list(root.iterdescendants()) if found else named:
        rule = rules.rule_of(element, element.get("id"), classes_of(element))
        if rule is None and element in found:
            rule = rules.rule_of_any(element)
        # What stands in something that went has gone with it.
        if rule is None or element in inside:
            continue
        if rule == "toc":
            contents = contents or Contents(root, inside)
            if contents.hold_more(element):
                continue
        elif _is_content(element, rule, alone):
            continue
        gone.append(element)
        inside.update(element.iter())
        if contents is not None:
            contents.forget(element)
        counts[rule] = counts.get(rule, 0) + 1
    drop_all(gone)
    return counts
