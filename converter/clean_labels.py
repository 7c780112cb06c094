"""Passes for labels of a page's tools that have lost their tools: plain words, without the class of a button."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from converter.tree import Element, Query, drop, drop_all, is_blank, outermost, squeezed, text_of

if TYPE_CHECKING:
    from converter.profiles import Profile

_BUTTON: Final = re.compile(r"\s*\[\s*\]\(\s*javascript:void\(0\)\W*").fullmatch
COPY: Final = "复制代码"
"""What copy buttons of Chinese sites say; 123 posts of 24,597 hold it."""

_LEAVES: Final = Query(f".//*[not(*)][normalize-space()='{COPY}']")
_AROUND: Final = frozenset("a b center div em font i p span strong u".split())
TITLE: Final = "代码如下"
"""How the title of a listing begins on jb51.net: `<div class="codetitle"><u>复制代码</u> 代码如下:</div>`."""

_SEVERAL: Final = 2
_TOP: Final = re.compile(
    r"[\[【（(]?(?:(?:回到|返回)(?:页面)?(?:顶部|顶端|页首|目录)(?:[(（](?:go|back)to(?:the)?top[)）])?"
    r"|回页首|(?:back|go|return)to(?:the)?top)[\]】）)]?[↑▲]?"
).fullmatch
_ARTICLES: Final = frozenset({"article", "main"})
_META: Final = re.compile(
    r"(?:^|[\s_-])(?:meta|metadata|breadcrumbs?|byline|share|tags?|dates?|authors?|categories)(?:[\s_-]|$)",
    re.IGNORECASE,
)
_BRACKETS: Final = "[]【】（）()|↑▲ \t\n"


def drop_copy_labels(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Drop the words of copy buttons: at the end of a listing, in a block right beside one, in the title of one.

    At the end of a listing they must be a line of their own in at least one listing of the post, or end two; elsewhere
    an author may have written them.
    """
    found = [label for leaf in _LEAVES(root) if _belongs_to_code(label := _outermost(leaf))]
    drop_all(found)
    listings = [code for code in root.iter("code") if (code.text or "").rstrip().endswith(COPY) and _is_listing(code)]
    rests = [(code.text or "").rstrip().removesuffix(COPY) for code in listings]
    if len(listings) < _SEVERAL and not any(rest.endswith("\n") for rest in rests):
        return len(found)
    for code, rest in zip(listings, rests, strict=True):
        code.text = rest.rstrip(" \t\n") + "\n"
    return len(found) + len(listings)


def _is_listing(code: Element) -> bool:
    parent = code.getparent()
    return not len(code) and parent is not None and parent.tag == "pre"


def _outermost(label: Element) -> Element:
    """Find the outermost element that says nothing but the label."""
    parent = label.getparent()
    while parent is not None and parent.tag in _AROUND and _is_alone(label, parent):
        label, parent = parent, parent.getparent()
    return label


def _is_alone(element: Element, parent: Element) -> bool:
    """Whether an element holds all that its parent does; lxml counts children one by one, so they are not counted."""
    beside = element.getprevious() is not None or element.getnext() is not None
    return not beside and is_blank(parent.text) and is_blank(element.tail)


def _belongs_to_code(label: Element) -> bool:
    before, after = label.getprevious(), label.getnext()
    if label.tag not in _AROUND:
        return False
    if is_blank(label.tail):
        if after is not None and (_holds_listing(after) or text_of(after).lstrip().startswith(TITLE)):
            return True
    elif (label.tail or "").lstrip().startswith(TITLE):
        return True
    return before is not None and is_blank(before.tail) and _holds_listing(before)


def _holds_listing(element: Element) -> bool:
    """Whether an element is a listing, or a box around nothing else."""
    while element.tag == "div" and (inner := next(iter(element), None)) is not None and _is_alone(inner, element):
        element = inner
    return element.tag == "pre"


def drop_written_buttons(root: Element, profile: Profile) -> int:
    """Drop a button that an editor wrote as Markdown: `[![复制代码](a.png)](javascript:void(0);)`."""
    count = 0
    for paragraph in [p for p in root.iter("p") if _BUTTON(text_of(p))]:
        images = list(paragraph.iter("img"))
        if len(images) == 1 and images[0].get("alt") in profile.pictures.tool_alts:
            drop(paragraph)
            count += 1
    return count


def drop_top_links(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop links back to the top of the page, or to contents that are gone, with the brackets or the table around them.

    A table of nothing but such a link and its arrow is how IBM's old pages set it.
    """
    found = [_with_table(link) for link in root.iter("a") if _leads_to_top(link)]
    around = dict.fromkeys(link.getparent() for link in found)
    drop_all(found)
    for parent in around:
        if parent is not None and parent.tag in _AROUND and next(iter(parent), None) is None:
            parent.text = (parent.text or "").strip(_BRACKETS) and parent.text
    return len(found)


def _with_table(link: Element) -> Element:
    """Return the table that says nothing but a link, or the link."""
    table = next(link.iterancestors("table"), None)
    return link if table is None or squeezed(table) != squeezed(link) else table


def _leads_to_top(link: Element) -> bool:
    return "#" in (link.get("href") or "") and _TOP(squeezed(link).lower()) is not None


def drop_page_frame(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop what a theme writes around the text of an article: links to other posts, dates and tags, the footer.

    Only where the article is the page's own `article` or `main`; what a header holds besides (the title, a picture, a
    lead) stays, and so does a footer with text of its own.
    """
    if root.tag not in _ARTICLES:
        return 0
    found = list(root.iter("nav"))
    first, last = next(iter(root), None), next(root.iterchildren(reversed=True), None)
    if first is not None and first.tag == "header":
        found += [e for e in first.iterdescendants() if e.tag == "time" or _META.search(e.get("class") or "")]
    if last is not None and last.tag == "footer" and is_blank(last.tail) and next(last.iter("p", "pre"), None) is None:
        found.append(last)
    found = outermost(found)
    drop_all(found)
    return len(found)
