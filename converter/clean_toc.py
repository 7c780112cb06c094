"""Passes for tables of contents that a class, an id or a label tells.

A table of contents says again what the headings say, and its links lead to anchors that Markdown has no more.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Final

from converter.clean_hidden import GONE
from converter.tree import (
    HEADINGS,
    Element,
    Inside,
    Query,
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
    from collections.abc import Container, Iterator

    from converter.profiles import Profile

_TOC_BLOCKS: Final = Query(".//*[@id and substring(@id, string-length(@id) - 3) = '-toc']")
_TOC_TITLE_LENGTH: Final = 14
# `目录`, `文章目录：`, `阅读目录(Content)`, `❉ 文章目录`, `Table of Contents`, `目录(?)[-]` of the site's old script.
_LABEL: Final = re.compile(
    r"\W*(?:文章|本文|博客|阅读|内容)?(?:目\s*录|table\s+of\s+contents|contents)\W*(?:contents?)?\W*", re.IGNORECASE
).fullmatch
# The contents of pages of CSDN until 2017, copied with a post: a label with two buttons, and links to t0, t1, ...
_OLD_LABEL: Final = r"目录\(\?\)\[[-+]\]"
_OLD_TARGET: Final = r"#t\d+$"
_FOLD: Final = frozenset({"展开", "收起", "折叠", "隐藏"})
_LISTS: Final = frozenset({"ul", "ol", "dl"})
_SAID_AGAIN: Final = frozenset({"a", *HEADINGS})
_LONGEST_NUMBER: Final = 8  # `2.1.3`, an icon
_MOST_LEVELS: Final = 8  # of contents in contents; each takes a look at all that is in it


def drop_toc_blocks(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Drop the editor's table of contents: blocks whose id ends in `-toc`, unless the author re-used them for prose.

    `#main-toc` holds the label, the blocks after it one in-page link each.
    """
    blocks = _TOC_BLOCKS(root)
    if not blocks:
        return 0
    more, with_images = hold_more(root, page_links(root)), around_images(root)
    gone: set[Element] = set()
    labels: dict[Element, None] = {}
    asked: set[Element] = set()
    count = 0
    for element in blocks:
        if element in gone or element in with_images:
            continue
        if element not in more or is_label(element) or _is_title(element, more):
            if not is_blank(text_of(element)) and (label := _label_before(element, asked)) is not None:
                labels[label] = None
            gone.update(element.iter())
            drop(element)
            count += 1
    for label in labels:
        if label not in gone:
            drop(label)
            count += 1
    return count


def _is_title(block: Element, more: Container[Element]) -> bool:
    """Whether a block is the editor's title of contents, whatever else it says, with the first of them behind it."""
    text = squeezed(block)
    if len(text) > _TOC_TITLE_LENGTH or not has_title(text):
        return False
    after = block.getnext()
    return after is not None and after not in more and is_blank(block.tail) and next(after.iter("a"), None) is not None


def _label_before(block: Element, asked: set[Element]) -> Element | None:
    """Return the label right before a block, empty blocks left out; each block is asked once."""
    before = block.getprevious()
    while before is not None and before not in asked and is_blank(before.tail):
        asked.add(before)
        if before.find(".//img") is not None or before.tag == "img" or not is_blank(text_of(before)):
            return before if is_label(before) else None
        before = before.getprevious()
    return None


def drop_labels_of_hidden_contents(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop the label above contents that a style hides: nothing else will be left of them."""
    count = 0
    for label in list(root.iter("p", *HEADINGS)):
        after = label.getnext()
        if (
            after is None
            or not is_blank(label.tail)
            or not GONE.search(after.get("style") or "")
            or not is_label(label)
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
    return Counter(letters(text_of(h)) for h in outermost(list(root.iter(*HEADINGS))) if h not in gone)


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


def has_title(text: str) -> bool:
    """Whether the title of contents may stand in a text."""
    return "目录" in text or "contents" in text.lower()


def is_label(block: Element) -> bool:
    """Whether a block says that contents follow, and nothing else."""
    text = " ".join(text_of(block).split())
    return len(text) <= 2 * _TOC_TITLE_LENGTH and bool(_LABEL(text)) and block.find(".//img") is None


def hold_more(root: Element, links: list[Element]) -> set[Element]:
    """Find the elements that hold text which is in none of these links, numbers and icons before them left out."""
    found: set[Element] = set()
    in_link = Inside(links)
    known = frozenset(links)
    for element in root.iter():
        if element not in found:  # nothing more can be learned of it
            text = element.text
            if not is_blank(text) and element not in known and not in_link(element) and _says(text):
                _mark_upwards(element, found)
        tail = element.tail
        if not is_blank(tail) and (around := element.getparent()) not in found and not in_link(element) and _says(tail):
            _mark_upwards(around, found)
    return found


def _says(text: str | None) -> bool:
    """Whether a text beside a link is more than a number, an icon or the label of a button that folds contents."""
    said = (text or "").strip()
    return len(said) > _LONGEST_NUMBER or (said not in _FOLD and letters(said).strip("0123456789") != "")


def around_images(root: Element) -> set[Element]:
    """Find all pictures and the elements around them."""
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
            count += 1
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
    # Without its punctuation Chinese is normal already, which is found out far faster than it is made.
    said = text.translate(_PUNCTUATION)
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", said).casefold())


_PUNCTUATION: Final = dict.fromkeys(
    map(ord, " \t\n\r\f\xa0\u3000!\"$%&'()*,-./:;<=>?@[\\]^`{|}~—‘’“”…、。〈〉《》「」『』【】！（），：；？")
)
_NOT_WORD: Final = re.compile(r"[^\w+#]+|_")  # C, C++ and C# are three languages
