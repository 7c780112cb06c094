"""Passes for tables of contents that no class and no id names: their links alone tell what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from converter.clean_toc import around_images, has_title, hold_more, is_label, letters
from converter.tree import HEADINGS, Element, Inside, Values, drop, is_blank, outermost, page_links, text_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from converter.profiles import Profile

_IDS: Final = Values("descendant::*/@id")  # a union of two paths takes the square of what it finds
_NAMES: Final = Values("descendant::a/@name")
_LISTS: Final = frozenset({"ul", "ol", "dl"})
_LINES: Final = frozenset({"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "center", "blockquote"})
_NUMBERS: Final = "0123456789一二三四五六七八九十第章节"
_LONGEST_LINE: Final = 500  # a pretty-printer's indent included
_FEWEST: Final = 2  # links of a table of contents without a label
_FEWEST_ABSOLUTE: Final = 3  # links of one with the address of the page
_MOST: Final = 0.8  # of its links lead to what is in the post


def drop_page_contents(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop tables of contents that no class names: lists and paragraphs of nothing but links into the page.

    Their links must lead to what is in the post: a target, or a block with the same text. Without a label that says
    what they are, to headings further down, and no sentence may lead up to them ("please read these sections:"). A
    label before them goes with them; a label before anything else stays (more than 100 of 319: contents of books,
    chapters to come).
    """
    links = page_links(root)
    if len(links) < _FEWEST:
        return 0
    runs = _runs_of(links, root)
    if not runs:
        return 0
    contents = [block for run in runs for block in run]
    places = {element: place for place, element in enumerate(root.iter())}
    texts, of_headings = _texts(root, contents, places), _names_of_headings(root, places)
    every = frozenset([*_IDS(root), *_NAMES(root)])
    count = 0
    lines: frozenset[str] | None = None
    for run in runs:
        before = _before(run[0])
        label = _label(before)
        inside = [link for block in run for link in page_links(block) if not is_blank(text_of(link))]
        if label is None and (len(inside) < _FEWEST or _leads_up(before)):
            continue
        if label is None:
            # It may be a list of figures.
            proven = sum(_leads_behind(link, places[run[-1]], of_headings, texts) for link in inside)
        else:
            proven = sum(_leads_somewhere(link, every, texts) for link in inside)
        if label is not None and proven < _MOST * len(inside):
            lines = _numberless_lines(root, contents) if lines is None else lines
            proven = sum(_numberless(text_of(link)) in lines for link in inside)
        if proven < _MOST * len(inside):
            continue
        for block in run if label is None else (*run, label):
            drop(block)
            count += 1
    return count


def drop_absolute_contents(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop tables of contents that were copied with the address of the page that they belong to.

    All their links lead to places in one and the same page, and they say what headings further down say: lines too,
    where a label stands before them. Without one, the places must be in the post.
    Copies of pages of cnblogs and Baike: 2 posts of 1,027.
    """
    pages: dict[str, list[Element]] = {}
    for link in root.iter("a"):
        href = link.get("href")
        if href and (at := href.find("#")) > 0 and at + 1 < len(href):
            pages.setdefault(href[:at], []).append(link)
    links = max(pages.values(), key=len, default=[])
    if len(links) < _FEWEST_ABSOLUTE:
        return 0
    headings = {_numberless(text_of(heading)): heading for heading in root.iter(*HEADINGS)}
    told = sum(_numberless(text_of(link)) in headings for link in links)
    if told < _FEWEST_ABSOLUTE and not has_title(text_of(root)):
        return 0
    runs = _runs_of(links, root)
    if not runs:
        return 0
    known = frozenset(links)
    named = frozenset([*_IDS(root), *_NAMES(root)])
    labels = [_label(_before(run[0])) for run in runs]
    places = {element: place for place, element in enumerate(root.iter())}
    sections = {text: places[heading] for text, heading in headings.items()}
    lines = _places_of_lines(root, places) if any(label is not None for label in labels) else {}
    count = 0
    for run, label in zip(runs, labels, strict=True):
        inside = [link for block in run for link in block.iter("a") if link in known]
        # Without a label it may be a list of places in the documentation of somebody else, with a section for each.
        if label is None and sum(_is_named(link, named) for link in inside) < _MOST * len(inside):
            continue
        said = [_numberless(text_of(link)) for link in inside]
        end = places[run[-1]]
        proven = sum((sections if label is None else lines).get(one, 0) > end for one in said if one)
        if len(said) < _FEWEST_ABSOLUTE or proven < _MOST * len(said):
            continue
        for block in run if label is None else (*run, label):
            drop(block)
            count += 1
    return count


def _places_of_lines(root: Element, places: Mapping[Element, int]) -> dict[str, int]:
    """Tell where the lines of an article are, by their texts as `_numberless` leaves them."""
    return {_numberless(text_of(line)): places[line] for line in root.iter("p", "strong", *HEADINGS)}


def _blocks_of(links: list[Element], root: Element) -> Iterator[Element]:
    """Yield for each link the outermost list, else the innermost line, that it stands in; none for some."""
    known: dict[Element, tuple[Element | None, Element | None]] = {root: (None, None)}
    for link in links:
        way: list[Element] = []
        above = link.getparent()
        while above is not None and above not in known:
            way.append(above)
            above = above.getparent()
        outer, line = (None, None) if above is None else known[above]
        for element in reversed(way):
            if element.tag in _LISTS:
                outer = element if outer is None else outer
            elif element.tag in _LINES:
                line = element
            known[element] = (outer, line)
        block = line if outer is None else outer
        if block is not None:
            yield block


def _runs_of(links: list[Element], root: Element) -> list[list[Element]]:
    """Find the blocks of nothing but links, and group those that follow each other with nothing between them."""
    found = list(dict.fromkeys(_blocks_of(links, root)))
    more = hold_more(root, links) | around_images(root)
    blocks = outermost([block for block in found if block not in more])
    runs: list[list[Element]] = []
    for block in blocks:
        if runs and _before(block) is runs[-1][-1]:
            runs[-1].append(block)
        else:
            runs.append([block])
    return runs


def _before(block: Element) -> Element | None:
    """Return the block before, empty ones and rules left out; None when text stands between."""
    before = block.getprevious()
    while before is not None and is_blank(before.tail):
        if before.find(".//img") is not None or before.tag == "img" or not is_blank(text_of(before)):
            return before
        before = before.getprevious()
    return None


def _label(before: Element | None) -> Element | None:
    """Return what stands before contents if it is their label."""
    return before if before is not None and is_label(before) else None


def _leads_somewhere(link: Element, targets: Container[str], texts: Container[str]) -> bool:
    href = (link.get("href") or "")[1:]
    return href in targets or unquote(href) in targets or letters(text_of(link)) in texts


def _leads_behind(link: Element, end: int, targets: Mapping[str, int], texts: Mapping[str, int]) -> bool:
    """Whether a link leads to a heading or a bold line behind a place."""
    href = (link.get("href") or "")[1:]
    said = letters(text_of(link))
    return max(targets.get(href, 0), targets.get(unquote(href), 0), texts.get(said, 0)) > end


def _leads_up(before: Element | None) -> bool:
    """Whether a sentence leads up to what comes next; it would be left without its end."""
    return before is not None and text_of(before).rstrip()[-1:] in {":", "\uff1a"}


def _is_named(link: Element, names: frozenset[str]) -> bool:
    name = (link.get("href") or "").partition("#")[2]
    return name in names or unquote(name) in names


def _numberless_lines(root: Element, contents: list[Element]) -> frozenset[str]:
    """Collect the texts of lines outside of the contents, without numbers in front: `1、甲` is the line of `甲`."""
    inside = Inside(contents)
    gone = frozenset(contents)
    lines = (e for e in root.iter("p", "strong", *HEADINGS) if e not in gone and not inside(e))
    return frozenset(_numberless(text_of(e)) for e in lines) - {""}


def _numberless(text: str) -> str:
    """Reduce a text as `letters` does, and by its number; nothing is left of what is no line of contents."""
    return letters(text).lstrip(_NUMBERS) if len(text) < _LONGEST_LINE else ""


def _texts(root: Element, contents: list[Element], places: Mapping[Element, int]) -> dict[str, int]:
    """Collect the texts of headings and of bold lines, but for those in tables of contents, and where the last is.

    Not those of paragraphs: whether a text is one depends on what stands beside it, and a caption is none of a chapter.
    """
    blocks = [*outermost(list(root.iter(*HEADINGS))), *outermost(list(root.iter("strong")))]
    inside = Inside(contents)
    gone = frozenset(contents)
    found: dict[str, int] = {}
    for block in blocks:
        if block not in gone and not inside(block):
            text = letters(text_of(block))
            found[text] = max(places[block], found.get(text, 0))
    return found


def _names_of_headings(root: Element, places: Mapping[Element, int]) -> dict[str, int]:
    """Find the names by which a link can lead to a heading: on it, in it, on the element right before it; and where."""
    found: dict[str, int] = {}
    for heading in outermost(list(root.iter(*HEADINGS))):
        before = heading.getprevious()
        for element in heading.iter() if before is None else (before, *heading.iter()):
            for name in filter(None, (element.get("id"), element.get("name"))):
                found[name] = places[heading]
    return found
