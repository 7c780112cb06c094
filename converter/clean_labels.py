"""Passes for labels of a page's tools that have lost their tools: plain words, without the class of a button."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from converter.code_language import canonical_name, is_known
from converter.tree import (
    HEADINGS,
    Element,
    Query,
    classes_of,
    drop,
    drop_all,
    is_blank,
    outermost,
    squeezed,
    text_of,
    weight,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from converter.profiles import Profile

_BUTTON: Final = re.compile(r"\s*\[\s*\]\(\s*javascript:void\(0\)\W*").fullmatch
# Compiled where there is a button: start-up counts.
_BUTTONS: Final = r"(?i)(?:登录后)?复制(?:代码)?|copy(?: code| to clipboard)?|收起|展开|运行"
COPY: Final = "复制代码"
"""What copy buttons of Chinese sites say; 123 posts of 24,597 hold it."""

_BAR: Final = (  # compiled where there is such a button: start-up counts
    rf"\s*([A-Za-z][\w+#.-]{{0,19}}?)(?:(?:\s*体验AI代码助手)?(?:\s*代码解读\s*)?{COPY}|Copy code"
    rf"|[ \t]*\n\s*(?:{COPY}|Copy code)[ \t]*(?=\n))(?:[ \t]*\n)?"
)
FAVOURITE: Final = "收藏代码"
"""The button that iteye has over its listings; copied as text, `Java代码 收藏代码` is a line of its own there."""

_FAVOURITES: Final = Query(f".//*[not(self::pre or self::code)][text()[contains(., '{FAVOURITE}')]]")
_FAVOURITE_BAR: Final = rf"\s*[A-Za-z][\w+#./-]{{0,19}}代码\s+{FAVOURITE}\s*"
_LEAVES: Final = Query(f".//*[not(*)][normalize-space()='{COPY}']")
_BLOCKS: Final = frozenset("p div li td blockquote section article center body".split())
_AROUND: Final = frozenset("a b center div em font i p span strong u".split())
TITLE: Final = "代码如下"
"""How the title of a listing begins on jb51.net: `<div class="codetitle"><u>复制代码</u> 代码如下:</div>`."""

_SEVERAL: Final = 2
_TOP: Final = (  # compiled where a link leads to a place in the page: start-up counts
    r"[\[【（(]?(?:(?:回到|返回)(?:页面)?(?:顶部|顶端|页首|目录)(?:[(（](?:go|back)to(?:the)?top[)）])?"
    r"|回页首|(?:back|go|return)to(?:the)?top)[\]】）)]?[↑▲]?"
)
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
_HEADINGS: Final = frozenset(HEADINGS)
_CELLS: Final = frozenset({"li", "td", "th", "dt", "dd"})
_PHRASES: Final = frozenset("a b em font i small span strong sub sup u".split())
_MOST_BESIDE: Final = 8  # elements beside a link that are looked at
_OPENING: Final = "[【（("
_BRACKETS: Final = "[]【】（）()|↑▲ \t\n"


def drop_copy_buttons(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop buttons that copy or fold a listing; what other buttons say is content."""
    found = [button for button in root.iter("button") if re.fullmatch(_BUTTONS, " ".join(text_of(button).split()))]
    drop_all(found)
    return len(found)


def drop_copy_labels(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Drop the words of copy buttons: at the end of a listing, in a block right beside one, in the title of one.

    At the end of a listing they must be a line of their own in at least one listing of the post, or end two; elsewhere
    an author may have written them. At its start the name of its language stands before them.
    """
    found = [label for leaf in _LEAVES(root) if _belongs_to_code(label := _outermost(leaf))]
    drop_all(found)
    all_listings = [code for code in root.iter("code") if _is_listing(code)]
    begun = _drop_words_of_bars(all_listings)
    listings = [code for code in all_listings if (code.text or "").rstrip().endswith(COPY)]
    rests = [(code.text or "").rstrip().removesuffix(COPY) for code in listings]
    if len(listings) < _SEVERAL and not any(rest.endswith("\n") for rest in rests):
        return len(found) + begun
    for code, rest in zip(listings, rests, strict=True):
        code.text = rest.rstrip(" \t\n") + "\n"
    return len(found) + begun + len(listings)


def drop_lines_of_bars(root: Element, profile: Profile) -> int:  # noqa: ARG001 (as above)
    """Drop the lines that the bar over a listing of iteye becomes when it is copied, and a break behind each."""
    count = 0
    for box in _FAVOURITES(root):
        changed: set[Element] = set()
        for one in reversed(list(box.iterchildren("br"))):
            behind = one.getnext()
            if _is_line_of_bar(one.tail, behind):
                one.tail = None
                changed.add(one)
                if behind is not None and behind not in changed:
                    drop(behind)
        first = next(iter(box), None)
        if box.tag in _BLOCKS and _is_line_of_bar(box.text, first):
            box.text = None
            count += 1
            if first is not None and first not in changed:
                drop(first)
        count += len(changed)
    return count


def _is_line_of_bar(text: str | None, behind: Element | None) -> bool:
    return (behind is None or behind.tag == "br") and re.fullmatch(_FAVOURITE_BAR, text or "") is not None


def _drop_words_of_bars(listings: list[Element]) -> int:
    """Drop the words of a bar that begin a listing, the name of its language first.

    `js复制代码let a`, `bash 体验AI代码助手 代码解读复制代码ls` out of Juejin; `python` and `Copy code`, glued together
    or a line each, out of chats. The name is one of a language, or two listings begin so.
    """
    found = [(code, bar) for code in listings if (bar := re.match(_BAR, code.text or ""))]
    count = 0
    for code, bar in found:
        name = canonical_name(bar[1])
        if is_known(name) or len(found) >= _SEVERAL:
            code.text = (code.text or "")[bar.end() :]
            if is_known(name) and not code.get("class"):
                code.set("class", f"language-{name}")
            count += 1
    return count


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

    Only what stands on a line of its own or ends a heading: how to build such a link is what many a post is about. A
    table of nothing but such a link and its arrow is how IBM's old pages set it.
    """
    boxes: dict[Element, bool] = {}
    found = [link for link in root.iter("a") if _leads_to_top(link) and _stands_alone(link, boxes)]
    for link in found:
        _unbracket(link)
    gone = list(dict.fromkeys(_with_table(link, boxes) for link in found))
    drop_all(gone)
    return len(gone)


def _with_table(link: Element, boxes: Mapping[Element, bool]) -> Element:
    """Put a table in the place of a link that is all it says, but for arrows."""
    table = next(link.iterancestors("table"), None)
    return table if table is not None and boxes.get(table) and _holds_arrows_only(table) else link


def _unbracket(link: Element) -> None:
    """Take away the brackets and bars that are left of a line of links to the top."""
    tail = link.tail or ""
    if tail.strip(_BRACKETS) == "":
        link.tail = "".join(filter(str.isspace, tail))
    before, parent = link.getprevious(), link.getparent()
    if before is not None:
        before.tail = _unopened(before.tail)
    elif parent is not None:
        parent.text = _unopened(parent.text)


def _unopened(text: str | None) -> str | None:
    """Take an opening bracket off the end of a text, and all that separates links when there is nothing else."""
    if not text or not _says(text):
        return text and "".join(filter(str.isspace, text))
    bare = text.rstrip()
    return bare[:-1] if bare[-1] in _OPENING else text


def _holds_arrows_only(table: Element) -> bool:
    if next(table.iter(*_EMBEDDED), None) is not None:
        return False
    for image in table.iter("img"):
        sizes = [re.fullmatch(_NUMBER, image.get(name) or "") for name in ("width", "height")]
        if not any(size and int(size[1]) <= _SMALL for size in sizes):
            return False
    return True


def _leads_to_top(link: Element) -> bool:
    return "#" in (link.get("href") or "") and re.fullmatch(_TOP, squeezed(link).lower()) is not None


def _stands_alone(link: Element, boxes: dict[Element, bool]) -> bool:
    """Whether there are only brackets and links of its kind on the line of a link, or a heading before it.

    `boxes` remembers which tables and lists say nothing else; in others it is an example.
    """
    begins = True
    element = link
    while (parent := element.getparent()) is not None:
        if any(map(_says, _texts_beside(element))):
            return False
        begins = begins and not any(map(_says, _texts_beside(element, before=True)))
        if parent.tag in _HEADINGS:
            return True
        if not begins:
            return False
        if parent.tag not in _PHRASES:
            break
        element = parent
    if parent is not None and parent.tag not in _CELLS and (above := parent.getparent()) is not None:
        parent = above if _is_alone(parent, above) else parent
    box = None if parent is None or parent.tag not in _CELLS else next(parent.iterancestors("table", "ul", "ol"), None)
    if box is not None and box not in boxes:
        boxes[box] = squeezed(box) == squeezed(link)
    return box is None or boxes[box]


def _says(text: str | None) -> bool:
    return text is not None and text.strip(_BRACKETS) != ""


def _texts_beside(element: Element, *, before: bool = False) -> Iterator[str | None]:
    """Yield what is said before or behind an element, links to the top left out, up to the end of its line.

    Of a line with many elements the rest is only said to be there.
    """
    if not before:
        yield element.tail
    for number, one in enumerate(element.itersiblings(preceding=before)):
        if before:
            yield one.tail
        if one.tag not in _PHRASES and one.tag != "img":
            return
        yield "more" if number == _MOST_BESIDE else None if re.fullmatch(_TOP, squeezed(one).lower()) else text_of(one)
        if not before:
            yield one.tail
    parent = element.getparent()
    if before and parent is not None:
        yield parent.text


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
