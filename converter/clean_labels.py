"""Passes for labels of a page's tools that have lost their tools: plain words, without the class of a button."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from converter.tree import Element, Query, classes_of, drop, drop_all, is_blank, outermost, squeezed, text_of, weight

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
_META: Final = (  # compiled where a header is: start-up counts
    r"(?i)(?:(?:post|entry|article|page)[-_]+)?(?:meta|metadata|breadcrumbs?|byline|tags|categories|share|date)"
    r"|(?:post|entry|article)[-_]+info"
)
_SAID_IN_HEADERS: Final = tuple("p pre code blockquote table img picture video audio iframe h1 h2 h3 h4 h5 h6".split())
_SAID_IN_FOOTERS: Final = frozenset(
    "ol p pre blockquote table img picture video audio iframe h1 h2 h3 h4 h5 h6".split()
)
_MOSTLY: Final = 0.8
_SMALL: Final = 32  # pixels; an arrow
_NUMBER: Final = r"\s*(\d{1,3})(?:px)?\s*"
_EMBEDDED: Final = ("iframe", "video", "audio", "object", "embed", "pre", "input")
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
    found = _with_tables([link for link in root.iter("a") if _leads_to_top(link)])
    around = dict.fromkeys(link.getparent() for link in found)
    drop_all(found)
    for parent in around:
        if parent is not None and parent.tag in _AROUND and next(iter(parent), None) is None:
            parent.text = (parent.text or "").strip(_BRACKETS) and parent.text
    return len(found)


def _with_tables(links: list[Element]) -> list[Element]:
    """Put tables in the place of links that are all they say, but for arrows."""
    alone: dict[Element, bool] = {}
    out: list[Element] = []
    for link in links:
        table = next(link.iterancestors("table"), None)
        if table is not None and table not in alone:
            alone[table] = squeezed(table) == squeezed(link) and _holds_arrows_only(table)
        out.append(table if table is not None and alone[table] else link)
    return out


def _holds_arrows_only(table: Element) -> bool:
    if next(table.iter(*_EMBEDDED), None) is not None:
        return False
    for image in table.iter("img"):
        sizes = [re.fullmatch(_NUMBER, image.get(name) or "") for name in ("width", "height")]
        if not any(size and int(size[1]) <= _SMALL for size in sizes):
            return False
    return True


def _leads_to_top(link: Element) -> bool:
    return "#" in (link.get("href") or "") and _TOP(squeezed(link).lower()) is not None


def drop_page_frame(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop what a theme writes around the text of an article: links to other posts, dates and tags, the footer.

    Only where the article is the page's own `article` or `main`, and only what classes name, or links make: titles,
    pictures and paragraphs in a header stay, and so does a footer with text, a picture or a quote.
    """
    if root.tag not in _ARTICLES:
        return 0
    found = list(root.iterchildren("nav"))
    first, last = next(iter(root), None), next(root.iterchildren(reversed=True), None)
    if first is not None and first.tag == "header":
        dates: dict[Element, bool] = {}
        found += [e for e in first.iterdescendants() if _is_of_the_theme(e, dates)]
    if last is not None and last.tag == "footer" and is_blank(last.tail) and _is_links_alone(last):
        found.append(last)
    found = outermost(found)
    drop_all(found)
    return len(found)


def _is_of_the_theme(element: Element, dates: dict[Element, bool]) -> bool:
    """Whether an element of a header is its navigation, a date by itself, or what its class calls facts of the post.

    `dates` remembers which elements hold one date alone.
    """
    if element.tag == "nav":
        return True
    if element.tag == "time":
        parent = element.getparent()
        if parent is not None and parent not in dates:
            dates[parent] = squeezed(parent) == squeezed(element)
        return parent is not None and dates[parent]
    held = next(element.iterdescendants(*_SAID_IN_HEADERS), None)
    return held is None and any(map(_is_meta, classes_of(element)))


def _is_links_alone(footer: Element) -> bool:
    """Whether a theme made a footer, as its classes tell, and there is hardly more than links and dates in it."""
    parts = list(footer.iter())
    if not any(part.get("class") for part in parts) or any(part.tag in _SAID_IN_FOOTERS for part in parts):
        return False
    facts = outermost(
        [e for e in parts if e.tag in {"a", "time"} or (e is not footer and any(map(_is_meta, classes_of(e))))]
    )
    return _MOSTLY * weight(footer) <= sum(map(weight, facts))


def _is_meta(name: str) -> bool:
    """Whether a class says that facts of the post stand there."""
    return re.fullmatch(_META, name) is not None
