"""What stands beside the box of an article: where there is no page around it, an author wrote that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from converter.profiles import Around
from converter.tree import Element, has_content, outermost
from converter.urls import gist_of

if TYPE_CHECKING:
    from converter.profiles import Profile

_MARKS_END: Final = 0x2000  # an emoji is said, the marks of a fence are not
_HIDDEN: Final = r"(?i)display\s*:\s*none"
_INLINE: Final = frozenset(
    "a abbr acronym b bdi bdo big br cite code data del dfn em font i img ins kbd mark math picture q ruby s samp"
    " small span strike strong sub sup time tt u var wbr".split()
)
_BLOCKS: Final = frozenset(
    "address article blockquote center details div dl figure h1 h2 h3 h4 h5 h6 main ol p pre section table ul".split()
)
_SHOWN: Final = frozenset({"hr", "iframe", "video", "audio", "embed", "object"})  # without any text in them
# A listing has the class of its language and a heading the id of a link to it, whoever wrote them.
_NAMED: Final = frozenset({"pre", "h2", "h3", "h4", "h5", "h6"})
# Parts of what a box stands in, when they stand beside it: rows get a table, cells and the like are boxes themselves.
_ROWS: Final = frozenset({"tr", "tbody", "thead", "tfoot"})
_CELLS: Final = frozenset({"td", "th", "dt", "dd", "summary", "caption", "figcaption"})
_SAID: Final = _BLOCKS | _SHOWN | _ROWS | _CELLS | {"li"}


def with_what_is_beside(root: Element, profile: Profile) -> tuple[Element, Element | None]:
    """Add to an article what stands beside its box, and beside each element around that.

    So it is with the rest of an article whose box ends too early. Exports have nothing there. What has a class or a
    name is the site's, but for further boxes of its posts.

    Args:
        root: the box.
        profile: its profile.

    Returns:
        The article, and the heading that may be its title, which is not in it.

    """
    before: list[list[Element]] = []
    behind: list[Element] = []
    words = frozenset([place.word.decode() for place in profile.root])
    place = root
    around = root.getparent()
    while around is not None and around.tag != "html":
        first, last = _said_in(around, place, profile, words)
        before.append(first)
        behind += last
        place, around = around, around.getparent()
    above = [part for level in reversed(before) for part in level]
    heading = None
    if above and above[0].tag == "h1" and next(above[0].iter("a", "img", "br"), None) is None:
        heading = above.pop(0)
    if all(part.tag == "hr" for part in (*above, *behind)):
        return root, heading
    return joined([*above, root, *behind]), heading


def joined(parts: list[Element]) -> Element:
    """Put elements into one, in this order."""
    whole = etree.Element("div")
    table: Element | None = None
    for part in parts:
        part.tail = None
        if part.tag in _ROWS:
            if table is None:
                table = etree.SubElement(whole, "table")
            table.append(part)
            continue
        table = None
        if part.tag in _CELLS:
            part.tag = "div"
        whole.append(part)
    return whole


def _said_in(
    around: Element, place: Element, profile: Profile, words: frozenset[str]
) -> tuple[list[Element], list[Element]]:
    """Find what an author wrote before and behind an element: blocks, and runs of text, which become paragraphs."""
    before: list[Element] = []
    behind: list[Element] = []
    side = before
    run: list[str | Element] = [around.text or ""]
    for child in list(around):
        if child.tag in _INLINE and child is not place:
            run += child, child.tail or ""
            continue
        side += _paragraph(run, profile)
        if child is place:
            side = behind
        elif _is_said(child, profile):
            side.append(child)
        else:
            side += _boxes(child, profile, words)
        run = [child.tail or ""]
    side += _paragraph(run, profile)
    return before, behind


def _paragraph(run: list[str | Element], profile: Profile) -> list[Element]:
    """Make a paragraph of a run of text and of what stands in its line, if anything in it is said."""
    if len(run) == 1 and (not run[0] or str(run[0]).isspace()):
        return []
    kept = [piece for piece in run if isinstance(piece, str) or not _is_gone(piece, profile)]
    if not any(map(_is_own, kept)):
        return []
    made = etree.Element("p")
    last: Element | None = None
    texts: list[str] = []
    for piece in kept:
        if isinstance(piece, str):
            texts.append(piece)
            continue
        _put(made, last, texts)
        texts = []
        piece.tail = None
        made.append(piece)
        last = piece
    _put(made, last, texts)
    return [made]


def _put(made: Element, last: Element | None, texts: list[str]) -> None:
    """Put text behind the last element of a paragraph, or at its beginning."""
    if last is None:
        made.text = "".join(texts)
    else:
        last.tail = "".join(texts)


def _is_own(piece: str | Element) -> bool:
    """Whether a piece of a run is an author's: text, or what has no name. The marks of a fence are a formatter's."""
    if isinstance(piece, str):
        return not piece.isspace() and any(char.isalnum() or ord(char) > _MARKS_END for char in piece)
    return not _is_named(piece) and has_content(piece)


def _is_named(element: Element) -> bool:
    return bool(element.get("class") or element.get("id"))


def _is_gone(element: Element, profile: Profile) -> bool:
    return re.search(_HIDDEN, element.get("style") or "") is not None or profile.drop.rule_of_any(element) is not None


def _is_said(element: Element, profile: Profile) -> bool:
    """Whether an element is content by its tag, has no name, and no rule drops it."""
    if element.tag == "script":
        return gist_of(element.get("src") or "") != ""
    if element.tag not in _SAID:
        return False
    if _is_named(element) and (element.tag not in _NAMED or (element.tag != "pre" and element.get("class"))):
        return False
    return not _is_gone(element, profile) and (element.tag in _SHOWN or has_content(element))


def _boxes(element: Element, profile: Profile, words: frozenset[str]) -> list[Element]:
    """Find the boxes of further posts in an element of the site; most have no name of one, `words`, in them."""
    for one in element.iter():
        if one.tag in words or one.get("id") in words or one.get("itemprop") in words:
            break
        names = one.get("class")
        if names and not words.isdisjoint(names.split()):
            break
    else:
        return []
    around = Around(element)
    found = {box for place in profile.root for box in place.all(element, around)}
    return outermost([box for box in element.iter() if box in found])
