"""Passes for tables of contents, and for marks where an editor would put one.

A table of contents says again what the headings say, and its links lead to anchors that Markdown has no more.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from converter.tree import (
    Element,
    Inside,
    Query,
    Values,
    drop,
    is_blank,
    outermost,
    page_links,
    squeezed,
    text_of,
    weight,
)
from converter.urls import runs_script

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from converter.profiles import Profile

_TOC_BLOCKS: Final = Query(".//*[@id and substring(@id, string-length(@id) - 3) = '-toc']")
_TOC_TITLE: Final = re.compile(r"目录|contents", re.IGNORECASE)
_TOC_TITLE_LENGTH: Final = 14
# `目录`, `文章目录：`, `阅读目录(Content)`, `❉ 文章目录`, `Table of Contents`, `目录(?)[-]` of the site's old script.
_LABEL: Final = re.compile(
    r"\W*(?:文章|本文|博客|阅读|内容)?(?:目\s*录|table\s+of\s+contents|contents)\W*(?:contents?)?\W*", re.IGNORECASE
).fullmatch
# The contents of pages of CSDN until 2017, copied with a post: a label with two buttons, and links to t0, t1, ...
_OLD_LABEL: Final = r"目录\(\?\)\[[-+]\]"
_OLD_TARGET: Final = r"#t\d+$"
_HIDES: Final = r"(?i)display\s*:\s*none|visibility\s*:\s*hidden"
_FOLD: Final = frozenset({"展开", "收起", "折叠", "隐藏"})
_IDS: Final = Values("descendant::*/@id")  # a union of two paths takes the square of what it finds
_NAMES: Final = Values("descendant::a/@name")
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_SAID_AGAIN: Final = frozenset({"a", *_HEADINGS})
_LISTS: Final = frozenset({"ul", "ol", "dl"})
_LINES: Final = frozenset({"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "center", "blockquote"})
_NUMBERS: Final = "0123456789一二三四五六七八九十第章节"
_LONGEST_LINE: Final = 500  # a pretty-printer's indent included
_FEWEST: Final = 2  # links of a table of contents without a label
_FEWEST_ABSOLUTE: Final = 3  # links of one with the address of the page
_LONGEST_NUMBER: Final = 8  # `2.1.3`, an icon
_MOST_LEVELS: Final = 8  # of contents in contents; each takes a look at all that is in it
_MOST: Final = 0.8  # of its links lead to what is in the post


def drop_toc_blocks(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Drop the editor's table of contents: blocks whose id ends in `-toc`, unless the author re-used them for prose.

    `#main-toc` holds the label, the blocks after it one in-page link each.
    """
    blocks = _TOC_BLOCKS(root)
    if not blocks:
        return 0
    more, with_images = _hold_more(root, page_links(root)), _around_images(root)
    gone: set[Element] = set()
    labels: dict[Element, None] = {}
    asked: set[Element] = set()
    count = 0
    for element in blocks:
        if element in gone or element in with_images:
            continue
        text = squeezed(element)
        if element not in more or (len(text) <= _TOC_TITLE_LENGTH and _TOC_TITLE.search(text)):
            if text and (label := _label_before(element, asked)) is not None:
                labels[label] = None
            gone.update(element.iter())
            drop(element)
            count += 1
    for label in labels:
        if label not in gone:
            drop(label)
            count += 1
    return count


def _label_before(block: Element, asked: set[Element]) -> Element | None:
    """Return the label right before a block, empty blocks left out; each block is asked once."""
    before = block.getprevious()
    while before is not None and before not in asked and is_blank(before.tail):
        asked.add(before)
        if before.find(".//img") is not None or before.tag == "img" or not is_blank(text_of(before)):
            return before if _is_label(before) else None
        before = before.getprevious()
    return None


def drop_labels_of_hidden_contents(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop the label above contents that a style hides: nothing else will be left of them."""
    count = 0
    for label in list(root.iter("p", *_HEADINGS)):
        after = label.getnext()
        if (
            after is None
            or not is_blank(label.tail)
            or not re.search(_HIDES, after.get("style") or "")
            or not _is_label(label)
        ):
            continue
        links = page_links(after)
        if links and sum(map(weight, links)) == weight(after):
            drop(label)
            count += 1
    return count


class Contents:
    """Tells whether blocks that a class calls tables of contents hold pictures, listings or prose as well.

    `@[TOC](title)` and the lines right after it became one block: 5 of 98 posts would lose their text or their only
    picture. Contents are links, not all to other pages, a heading, a label, numbers, and words that are those of
    headings outside of the block.
    """

    def __init__(self, root: Element, gone: Container[Element]) -> None:
        """Read the headings of an article, but for those that are gone."""
        self._headings = _words_of_headings(root, gone)
        self._levels: Counter[Element] = Counter()

    def forget(self, element: Element) -> None:
        """Leave the headings in an element out, which goes."""
        self._headings.subtract(_words_of_headings(element))

    def hold_more(self, block: Element) -> bool:
        """Tell it of a block; those around it were asked for before. What lies too deep in others stays."""
        if self._levels[block] >= _MOST_LEVELS:
            return True
        if not self._says_more(block) and block.find(".//img") is None and block.find(".//pre") is None:
            return False
        self._levels.update(block.iterdescendants())
        return True

    def _says_more(self, block: Element) -> bool:
        own: Counter[str] | None = None
        for text in _pieces_outside(block, _SAID_AGAIN):
            said = letters(text)
            if said.strip("0123456789") and not _LABEL(text.strip()):
                own = _words_of_headings(block) if own is None else own
                if self._headings[said] <= own[said]:
                    return True
        links = [href for link in block.iter("a") if (href := (link.get("href") or "").strip())]
        return bool(links) and all("#" not in href and not runs_script(href) for href in links)


def _words_of_headings(root: Element, gone: Container[Element] = ()) -> Counter[str]:
    """Count the letters of each heading, those in the second argument left out, and those in another heading."""
    return Counter(letters(text_of(h)) for h in outermost(list(root.iter(*_HEADINGS))) if h not in gone)


def _pieces_outside(block: Element, tags: frozenset[str]) -> Iterator[str]:
    """Yield the texts of a block that stand in none of these elements."""
    if not is_blank(block.text):
        yield block.text or ""
    inside: set[Element] = set()
    for element in block.iterdescendants():
        if element.getparent() in inside:
            inside.add(element)
            continue
        if element.tag in tags:
            inside.add(element)
        elif not is_blank(element.text):
            yield element.text or ""
        if not is_blank(element.tail):
            yield element.tail or ""


def drop_page_contents(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop tables of contents that no class names: lists and paragraphs of nothing but links into the page.

    Their links must lead to what is in the post: a target (of a heading, when no label says what the links are), or a
    block with the same text. A label before them goes with them; a label before anything else stays (more than 100 of
    319: contents of books, chapters to come).
    """
    links = page_links(root)
    if len(links) < _FEWEST:
        return 0
    found = list(dict.fromkeys(_blocks_of(links, root)))
    more = _hold_more(root, links) | _around_images(root)
    runs = _runs(outermost([block for block in found if block not in more]))
    texts = _texts(root, [block for run in runs for block in run])
    every, of_headings = frozenset([*_IDS(root), *_NAMES(root)]), frozenset(_names_of_headings(root))
    count = 0
    lines: frozenset[str] | None = None
    for run in runs:
        label = _label_of(run)
        labelled = label is not None
        inside = [link for block in run for link in page_links(block) if not is_blank(text_of(link))]
        # Without a label it may be a list of figures.
        targets = every if labelled else of_headings
        proven = sum(_leads_somewhere(link, targets, texts) for link in inside)
        if labelled and proven < _MOST * len(inside):
            lines = _numberless_lines(root, [block for one in runs for block in one]) if lines is None else lines
            proven = sum(_numberless(text_of(link)) in lines for link in inside)
        if (len(inside) < _FEWEST and not labelled) or proven < _MOST * len(inside):
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
    headings = {_numberless(text_of(heading)): heading for heading in root.iter(*_HEADINGS)}
    told = sum(_numberless(text_of(link)) in headings for link in links)
    if told < _FEWEST_ABSOLUTE and _TOC_TITLE.search(text_of(root)) is None:
        return 0
    found = list(dict.fromkeys(_blocks_of(links, root)))
    more = _hold_more(root, links) | _around_images(root)
    runs = _runs(outermost([block for block in found if block not in more]))
    if not runs:
        return 0
    known = frozenset(links)
    named = frozenset([*_IDS(root), *_NAMES(root)])
    labels = [_label_of(run) for run in runs]
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
    return {_numberless(text_of(line)): places[line] for line in root.iter("p", "strong", *_HEADINGS)}


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


def _runs(blocks: list[Element]) -> list[list[Element]]:
    """Group blocks that follow each other with nothing between them."""
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


def _label_of(run: list[Element]) -> Element | None:
    """Return the label of contents that stands before them."""
    before = _before(run[0])
    return before if before is not None and _is_label(before) else None


def _is_label(block: Element) -> bool:
    text = " ".join(text_of(block).split())
    return len(text) <= 2 * _TOC_TITLE_LENGTH and bool(_LABEL(text)) and block.find(".//img") is None


def _leads_somewhere(link: Element, targets: frozenset[str], texts: frozenset[str]) -> bool:
    href = (link.get("href") or "")[1:]
    return href in targets or unquote(href) in targets or letters(text_of(link)) in texts


def _is_named(link: Element, names: frozenset[str]) -> bool:
    name = (link.get("href") or "").partition("#")[2]
    return name in names or unquote(name) in names


def _numberless_lines(root: Element, contents: list[Element]) -> frozenset[str]:
    """Collect the texts of lines outside of the contents, without numbers in front: `1、甲` is the line of `甲`."""
    inside = Inside(contents)
    gone = frozenset(contents)
    lines = (e for e in root.iter("p", "strong", *_HEADINGS) if e not in gone and not inside(e))
    return frozenset(_numberless(text_of(e)) for e in lines) - {""}


def _numberless(text: str) -> str:
    """Reduce a text as `letters` does, and by its number; nothing is left of what is no line of contents."""
    return letters(text).lstrip(_NUMBERS) if len(text) < _LONGEST_LINE else ""


def _texts(root: Element, contents: list[Element]) -> frozenset[str]:
    """Collect the texts of headings and of bold lines, but for those in tables of contents.

    Not those of paragraphs: whether a text is one depends on what stands beside it, and a caption is none of a chapter.
    """
    blocks = [*outermost(list(root.iter(*_HEADINGS))), *outermost(list(root.iter("strong")))]
    inside = Inside(contents)
    gone = frozenset(contents)
    return frozenset(letters(text_of(e)) for e in blocks if e not in gone and not inside(e))


def _names_of_headings(root: Element) -> Iterator[str]:
    """Yield the names by which a link can lead to a heading: on it, in it, and on the element right before it."""
    for heading in outermost(list(root.iter(*_HEADINGS))):
        before = heading.getprevious()
        for element in heading.iter() if before is None else (before, *heading.iter()):
            yield from filter(None, (element.get("id"), element.get("name")))


def _hold_more(root: Element, links: list[Element]) -> set[Element]:
    """Find the elements that hold text which is in none of these links, numbers and icons before them left out."""
    found: set[Element] = set()
    in_link = Inside(links)
    known = frozenset(links)
    for element in root.iter():
        if not is_blank(element.text) and element not in known and not in_link(element) and _says(element.text):
            _mark_upwards(element, found)
        if not is_blank(element.tail) and not in_link(element) and _says(element.tail):
            _mark_upwards(element.getparent(), found)
    return found


def _says(text: str | None) -> bool:
    """Whether a text beside a link is more than a number, an icon or the label of a button that folds contents."""
    said = (text or "").strip()
    return len(said) > _LONGEST_NUMBER or (said not in _FOLD and letters(said).strip("0123456789") != "")


def _around_images(root: Element) -> set[Element]:
    found: set[Element] = set()
    for image in root.iter("img"):
        _mark_upwards(image, found)
    return found


def _mark_upwards(element: Element | None, found: set[Element]) -> None:
    while element is not None and element not in found:
        found.add(element)
        element = element.getparent()


def drop_copied_contents(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop the contents that CSDN's old script put above a post, where they were copied with it."""
    count = 0
    buttons = [link for link in root.iter("a") if (link.text or "").strip() == "(?)"]
    for label in dict.fromkeys(next(button.iterancestors("p", "div"), None) for button in buttons):
        if label is None or label is root or not re.fullmatch(_OLD_LABEL, squeezed(label)):
            continue
        contents = _after(label)
        drop(label)
        count += 1
        if contents is not None and contents.tag in _LISTS and _holds_old_links_only(contents):
            drop(contents)
    return count


def _after(block: Element) -> Element | None:
    """Return what stands right behind a block, or behind a box that holds nothing else."""
    parent = block.getparent()
    if not is_blank(block.tail):
        return None
    if block.getnext() is None and block.getprevious() is None and parent is not None and parent.tag == "div":
        return parent.getnext() if is_blank(parent.text) and is_blank(parent.tail) else None
    return block.getnext()


def _holds_old_links_only(contents: Element) -> bool:
    # Contents in contents begin with a button, whose target is none: the look at them ends there.
    if not all(re.search(_OLD_TARGET, link.get("href") or "") for link in contents.iter("a")):
        return False
    return sum(map(weight, contents.iter("a"))) == weight(contents)


def letters(text: str) -> str:
    """Reduce a text to what makes two titles the same: width, case, white space and punctuation do not count."""
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", text).casefold())


_NOT_WORD: Final = re.compile(r"[^\w+#]+|_")  # C, C++ and C# are three languages
