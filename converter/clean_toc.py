"""Passes for what a post says twice: tables of contents, marks where an editor would put one, the title.

A table of contents says again what the headings say, and its links lead to anchors that Markdown has no more.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from converter.tree import Element, Query, Values, drop, is_blank, page_links, text_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from converter.profiles import Profile

_TOC_BLOCKS: Final = Query(".//*[@id and substring(@id, string-length(@id) - 3) = '-toc']")
_TOC_TITLE: Final = re.compile(r"目录|contents", re.IGNORECASE)
_TOC_TITLE_LENGTH: Final = 14
# `目录`, `文章目录：`, `阅读目录(Content)`, `❉ 文章目录`, `Table of Contents`, `目录(?)[-]` of the site's old script.
_LABEL: Final = re.compile(
    r"\W*(?:文章|本文|博客|阅读|内容)?(?:目\s*录|table\s+of\s+contents|contents)\W*(?:contents?)?\W*", re.IGNORECASE
).fullmatch
_MARK: Final = re.compile(r"\s*@?\[{1,2}_?toc_?\]{1,2}(?:\([^\n]*\))?\s*", re.IGNORECASE).fullmatch
_MARKS: Final = Query("descendant::text()[contains(., 'TOC') or contains(., 'toc') or contains(., 'Toc')]/parent::*")
_NAMES: Final = Values("descendant::*/@id | descendant::a/@name")
_HEADING: Final = "[self::h1 or self::h2 or self::h3 or self::h4 or self::h5 or self::h6]"
_NAMES_OF_HEADINGS: Final = Values(
    f"descendant::*{_HEADING}/descendant-or-self::*/@*[name() = 'id' or name() = 'name']"
    f" | descendant::*[@id or @name][following-sibling::*[1]{_HEADING}]/@*[name() = 'id' or name() = 'name']"
)
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_SAID_AGAIN: Final = frozenset({"a", *_HEADINGS})
_LISTS: Final = frozenset({"ul", "ol", "dl"})
_LINES: Final = frozenset({"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "center", "blockquote"})
_TITLES: Final = frozenset({"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "center", "section"})
_AROUND_TITLE: Final = _TITLES | {"article", "main", "header", "body"}
_FEWEST: Final = 2  # links of a table of contents without a label
_MOST: Final = 0.8  # of its links lead to what is in the post


def drop_toc_blocks(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Drop the editor's table of contents: blocks whose id ends in `-toc`, unless the author re-used them for prose.

    `#main-toc` holds the label, the blocks after it one in-page link each.
    """
    count = 0
    for element in _TOC_BLOCKS(root):
        text = _squeezed(element)
        label = len(text) <= _TOC_TITLE_LENGTH and _TOC_TITLE.search(text)
        if (_linked(element) == text or label) and element.find(".//img[@src]") is None:
            drop(element)
            count += 1
    return count


def words_of_headings(root: Element, gone: Container[Element] = ()) -> Counter[str]:
    """Count the letters of each heading, those in the second argument left out."""
    return Counter([letters(text_of(heading)) for heading in root.iter(*_HEADINGS) if heading not in gone])


def holds_more_than_contents(block: Element, headings: Counter[str]) -> bool:
    """Whether a block that a class calls a table of contents holds pictures, listings or prose as well.

    `@[TOC](title)` and the lines right after it became one block: 5 of 98 posts would lose their text or their only
    picture. Contents are links, a heading, a label, numbers, and words that are those of headings in the post
    (`words_of_headings`), outside of the block.
    """
    if block.find(".//img") is not None or block.find(".//pre") is not None:
        return True
    pieces = _pieces_outside(block, _SAID_AGAIN)
    pieces = [text for text in pieces if letters(text).strip("0123456789") and not _LABEL(text.strip())]
    if not pieces:
        return False
    own = words_of_headings(block)
    return any(headings[said] <= own[said] for said in map(letters, pieces))


def _pieces_outside(block: Element, tags: frozenset[str]) -> list[str]:
    """List the texts of a block that stand in none of these elements."""
    pieces = [block.text or ""]
    inside: set[Element] = set()
    for element in block.iterdescendants():
        if element.getparent() in inside:
            inside.add(element)
        elif element.tag in tags:
            inside.add(element)
            pieces.append(element.tail or "")
        else:
            pieces += [element.text or "", element.tail or ""]
    return [text for text in pieces if not is_blank(text)]


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
    runs = _runs([block for block in found if _linked(block) == _squeezed(block) and block.find(".//img") is None])
    texts = _texts(root, {block for run in runs for block in run})
    every, of_headings = frozenset(_NAMES(root)), frozenset(_NAMES_OF_HEADINGS(root))
    count = 0
    for run in runs:
        label = _before(run[0])
        labelled = label is not None and _is_label(label)
        inside = [link for block in run for link in page_links(block) if not is_blank(text_of(link))]
        # Without a label it may be a list of figures.
        targets = every if labelled else of_headings
        proven = sum(_leads_somewhere(link, targets, texts) for link in inside)
        if (len(inside) < _FEWEST and not labelled) or proven < _MOST * len(inside):
            continue
        for block in (*run, label) if label is not None and labelled else run:
            drop(block)
            count += 1
    return count


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


def _is_label(block: Element) -> bool:
    text = " ".join(text_of(block).split())
    return len(text) <= 2 * _TOC_TITLE_LENGTH and bool(_LABEL(text)) and block.find(".//img") is None


def _leads_somewhere(link: Element, targets: frozenset[str], texts: frozenset[str]) -> bool:
    href = (link.get("href") or "")[1:]
    return href in targets or unquote(href) in targets or letters(text_of(link)) in texts


def _texts(root: Element, contents: set[Element]) -> frozenset[str]:
    """Collect the texts of headings and of bold lines, but for those in tables of contents.

    Not those of paragraphs: whether a text is one depends on what stands beside it, and a caption is none of a chapter.
    """
    blocks = root.iter("h1", "h2", "h3", "h4", "h5", "h6", "strong")
    return frozenset(
        letters(text_of(e)) for e in blocks if e not in contents and contents.isdisjoint(e.iterancestors())
    )


def drop_toc_marks(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop `[TOC]` and `@[TOC](title)` where they are all of a block: an editor was to put the contents there."""
    count = 0
    for element in _MARKS(root):
        block: Element | None = element
        while block is not None and block is not root and block.tag not in {"p", "div", "li", *_TITLES}:
            block = block.getparent()
        if block is None or block is root or block.tag == "pre" or not _MARK(text_of(block)):
            continue
        if element.tag not in {"code", "pre"} and block.find(".//img") is None:
            drop(block)
            count += 1
    return count


def drop_repeated_title(root: Element, title: str) -> int:
    """Drop the first block of an article when it says the title once more; 1,893 posts of 24,597 begin so.

    Args:
        root: the cleaned article.
        title: the title that the front matter of the output has, from the page or from its front matter.

    Returns:
        How many blocks went.

    """
    wanted = letters(title)
    count = 0
    while wanted and (block := _first_block(root)) is not None and letters(text_of(block)) == wanted:
        drop(block)
        count += 1
    return count


def _first_block(root: Element) -> Element | None:
    """Find the block that holds the first thing a reader sees; None when it is more than a line of text.

    Pictures, links to elsewhere, formulas and code in it would go with it.
    """
    first = next((e for e in root.iter() if e.tag in {"img", "hr", "table", "pre"} or not is_blank(e.text)), None)
    block = first
    while block is not None and block.tag not in _TITLES:
        if block is root or block.tag in {"img", "hr", "table", "pre", "li", "td", "blockquote", "x-tex", "code"}:
            return None
        block = block.getparent()
    if block is None or block is root or any(above.tag not in _AROUND_TITLE for above in _between(block, root)):
        return None
    alone = next(block.iter("img", "a", "br", "pre", "code", "x-tex", "input", "table", "li"), None) is None
    return block if alone and is_blank(block.tail) else None


def _between(element: Element, root: Element) -> Iterable[Element]:
    for above in element.iterancestors():
        if above is root:
            return
        yield above


def letters(text: str) -> str:
    """Reduce a text to what makes two titles the same: width, case, white space and punctuation do not count."""
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", text).casefold())


_NOT_WORD: Final = re.compile(r"[^\w+#]+|_")  # C, C++ and C# are three languages


def _squeezed(element: Element) -> str:
    return "".join(text_of(element).split())


def _linked(element: Element) -> str:
    return "".join(_squeezed(link) for link in page_links(element))
