"""Code blocks: whatever shape a listing has, `<pre><code class="language-x">text</code></pre>` comes out.

Highlighters wrap every token, number the lines in lists, tables or spans, add copy buttons, put each line into an
element of its own. The text of the listing is kept byte for byte, the rest goes.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from lxml import etree

from converter.code_language import bears_out, canonical_name, is_known, language_of
from converter.listings import (
    BLOCKS,
    LINE_LISTS,
    copy_image,
    is_noise,
    line_text,
    listing_element,
    text_and_images,
    texts_of_lines,
)
from converter.tree import (
    Element,
    Query,
    classes_of,
    drop,
    inside,
    is_blank,
    neutralize,
    replace,
    squeezed,
    text_of,
    weight,
    with_class,
)

if TYPE_CHECKING:
    from converter.profiles import Profile

LISTINGS: Final = ("pre", "textarea", "xmp", "listing")

# SyntaxHighlighter 1.5: div.dp-highlighter > (div.bar > div.tools) + ol > li, one item a line. The
# script drew it before the `pre` that it read, and hid that.
_DRAWN: Final = Query(f".//div[{with_class('dp-highlighter')}]")
_TOOL_BARS: Final = Query(
    f".//div[{with_class('bar')}]/div[{with_class('tools')}]/.."
    f" | .//div[{with_class('dp-highlighter')}]/*[{with_class('tools')}]"
)
_BAR_LABELS: Final = Query(f"./div[{with_class('tools')}]/*[self::b or self::strong][1]")
_LABEL: Final = re.compile(r"\s*\[[\w+# ]+\]\s*")  # [java]
# The collapsed listings of cnblogs: an icon to open them, and a label.
_COLLAPSED: Final = Query(
    f".//img[{with_class('code_img_opened', 'code_img_closed')}] | .//span[{with_class('cnblogs_code_collapse')}]"
)
_FOLDED: Final = Query(f".//div[{with_class('cnblogs_code_hide')}]")
_COLLAPSE_LABEL: Final = re.compile(r"(?:View Code|Code|代码|展开|查看代码)?", re.IGNORECASE)
_BROKEN_BARS: Final = Query(f".//div[{with_class('cnblogs_code_toolbar')}][.//pre]")
# Paragraphs of code elements alone: the lines of a listing, copied off a page without its box.
# Inline code that an editor broke into lines, and lines of it beside other content.
_NO_LISTING_IN: Final = ("pre", "table", "a", "h1", "h2", "h3", "h4", "h5", "h6")
_FEWEST_LINES: Final = 3
_NAMELESS: Final = frozenset({"plaintext", "text", "plain", "txt", "code"})
_BUTTONS: Final = re.compile(r"copycode|copy|复制代码|复制|编辑|edit|运行|run")
_PROGRAMS: Final = frozenset({"bash", "php", "python"})
_MIN_TOKENS: Final = 3


def normalize_code_blocks(root: Element, profile: Profile) -> int:
    """Bring every listing into the canonical shape, before any other pass looks into it."""
    gone: set[Element] = set()
    count = 0
    for element in list(root.iter("ol")):
        if element not in gone and _holds_lines(element) and not inside(element, ("pre",)):
            if any(child.tag != "li" or not is_blank(child.tail) for child in element) or not is_blank(element.text):
                # A list around the list, or a broken copy: what stands beside the lines would go.
                if next(element.iterchildren("li"), None) is None:
                    neutralize(element)
                continue
            gone.update(element.iterdescendants("ol"))
            _normalize_line_list(element, profile)
            count += 1
    for element in list(root.iter(*LISTINGS)):
        if element.getparent() is not None and not inside(element, ("pre",)):
            _normalize(element, profile)
            count += 1
    return count


def _holds_lines(element: Element) -> bool:
    parent = element.getparent()
    boxed = parent is not None and "dp-highlighter" in (parent.get("class") or "")
    return boxed or LINE_LISTS.search(element.get("class") or "") is not None or _lost_its_listing(element)


def _lost_its_listing(lines: Element) -> bool:
    """Whether a list without a class stands right behind a `pre` that it was torn out of, and holds lines of code."""
    before = lines.getprevious()
    if before is None or before.tag != "pre" or not is_blank(before.tail) or not is_blank(text_of(before)):
        return False
    items = list(lines)
    if len(items) < _FEWEST_LINES or before.find(".//img") is not None or lines.find(".//code") is None:
        return False
    return all(is_blank(text_of(item)) or _is_line_of_list(item) for item in items)


def _is_line_of_list(item: Element) -> bool:
    code: Element | None = None
    for element in item.iterdescendants():
        if element.tag not in {"p", "code"}:
            return False
        code = element if element.tag == "code" else code
    return code is not None and weight(code) == weight(item)


def drop_code_tool_bars(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Drop the bars over listings ("view plain copy"), and the icon and label of a listing that can be folded.

    A label that an author wrote stays.
    """
    count = 0
    for bar in _TOOL_BARS(root):
        # Broken pages nest half an article into a tool bar.
        if next(bar.iter("pre", "li"), None) is None:
            drop(bar)
            count += 1
            continue
        for label in _BAR_LABELS(bar):
            if _LABEL.fullmatch(text_of(label)):
                drop(label)
                count += 1
    for bar in _BROKEN_BARS(root):
        neutralize(bar)
        bar.tag = "div"
    for folded in _FOLDED(root):
        folded.attrib.pop("style", "")  # `display:none` until a reader opens it
    for element in _COLLAPSED(root):
        if element.tag == "img" or _COLLAPSE_LABEL.fullmatch(" ".join(text_of(element).split())):
            drop(element)
            count += 1
    return count


def drop_drawn_listings(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop the list that a highlighter drew of the `pre` right behind it, when both say the same."""
    count = 0
    for box in _DRAWN(root):
        source, lists = box.getnext(), box.findall("ol")
        if source is None or source.tag != "pre" or not is_blank(box.tail) or len(lists) != 1:
            continue
        lines = lists[0]
        if lines.find(".//img") is None and squeezed(lines) == squeezed(source):
            drop(lines)
            count += 1
    return count


def join_lines_of_code(root: Element, profile: Profile) -> int:
    """Make one listing of paragraphs that hold nothing but `code`, one token of a highlighter each.

    One paragraph must have three of them; the paragraphs of code right beside it are lines of the same listing. A
    paragraph alone must divide its lines itself, or it is prose that lists three names.
    """
    count = 0
    for first in [p for p in root.iter("p", "div") if len(p) >= _MIN_TOKENS and _is_line_of_code(p)]:
        if sum(1 for _ in first.iterchildren("code")) < _MIN_TOKENS or first.getparent() is None:
            continue
        start = first
        while (before := start.getprevious()) is not None and is_blank(before.tail) and _is_line_of_code(before):
            start = before
        run = [start]
        while is_blank(run[-1].tail) and (after := run[-1].getnext()) is not None and _is_line_of_code(after):
            run.append(after)
        if len(run) == 1 and first.find("br") is None:
            continue
        text = "\n".join(line_text(line, profile) for line in run)
        for line in run[1:]:
            drop(line)
        put_listing(run[0], text, "", [])
        count += 1
    return count


def fold_broken_code(root: Element, profile: Profile) -> int:
    """Make listings of inline code that breaks divide into three lines or more, in one element or in one each.

    Fewer lines stay what they are. So do those in a table, a heading or a link, which can hold no listing.
    """
    count = 0
    # Code in code has no more lines than the one around it.
    for code in [c for c in root.iter("code") if len(c) and not inside(c, ("code",)) and _is_broken(c)]:
        text = texts_of_lines([code], profile, blank_lines=True)[0]
        if text.count("\n") + 1 - text.count("\n\n") < _FEWEST_LINES or inside(code, _NO_LISTING_IN):
            continue
        language, text = _language_and_rest(code, text)
        put_listing(code, text, language, [copy_image(image) for image in code.iter("img") if image.get("src")])
        count += 1
    for parent in _parents_of_lines(root):
        if parent.tag in BLOCKS and not inside(parent, _NO_LISTING_IN) and parent.tag not in _NO_LISTING_IN:
            count += sum(_fold_lines(lines, profile) for lines in _paragraphs_of_code(parent))
    return count


def _language_and_rest(code: Element, text: str) -> tuple[str, str]:
    """Tell the language of a fence that was read as inline code in a list item: its first line names it.

    The first line of any other code may be such a word as well, so the rest must bear it out; and where the word is a
    program that is started on that line, there must be the line on which the fence ended.
    """
    first, _, rest = text.partition("\n")
    language = canonical_name(first.strip())
    if not is_known(language) or not bears_out(language, rest):
        return "", text
    last = code[-1]
    if language in _PROGRAMS and (last.tag != "br" or not is_blank(last.tail)):
        return "", text
    return language, rest


def _is_broken(code: Element) -> bool:
    parent = code.getparent()
    breaks = sum(1 for _ in code.iter("br"))
    return breaks >= _FEWEST_LINES - 1 and parent is not None and parent.tag != "pre"


def _parents_of_lines(root: Element) -> list[Element]:
    """Find the elements that hold three lines of code, each in an element of its own, and breaks between them."""
    parents = Counter(code.getparent() for code in root.iter("code"))
    found = {p for p, count in parents.items() if p is not None and count >= _FEWEST_LINES and p.find("br") is not None}
    return [element for element in root.iterdescendants() if element in found] if found else []


def _paragraphs_of_code(parent: Element) -> list[list[Element]]:
    """Find the `code` and `br` elements between two ends of paragraphs where nothing else stands between those."""
    found: list[list[Element]] = []
    now: list[Element] = []
    alone, after_break = is_blank(parent.text), False
    for child in parent:
        if child.tag in BLOCKS or (child.tag == "br" and after_break):
            found += [now] if alone else []
            now, alone = [], True
        elif child.tag in {"code", "br"}:
            now.append(child)
        else:
            alone = False
        alone = alone and is_blank(child.tail)
        after_break = child.tag == "br" and is_blank(child.tail)
    return [*found, now] if alone else found


def _fold_lines(lines: list[Element], profile: Profile) -> int:
    first = next((at for at, element in enumerate(lines) if element.tag == "code"), len(lines))
    while lines and lines[-1].tag == "br":
        lines = lines[:-1]
    lines = lines[first:]
    if sum(element.tag == "code" for element in lines) < _FEWEST_LINES or all(e.tag == "code" for e in lines):
        return 0
    listing = etree.Element("pre")
    listing.tail = lines[-1].tail
    lines[0].addprevious(listing)
    together = etree.Element("p")
    together.extend(lines)
    put_listing(listing, line_text(together, profile), "", [])
    return 1


def _is_line_of_code(element: Element) -> bool:
    return (
        element.tag in {"p", "div"}
        and is_blank(element.text)
        and len(element) > 0
        and element[0].tag == "code"
        and all(is_blank(child.tail) and child.tag in {"code", "br"} for child in element)
    )


def _is_canonical(element: Element) -> bool:
    """Whether a listing is `<pre><code>text</code></pre>` already, as 55 % are."""
    if element.tag != "pre" or len(element) != 1 or not is_blank(element.text):
        return False
    code = element[0]
    return code.tag == "code" and len(code) == 0 and not is_blank(code.text) and is_blank(code.tail)


def _normalize(element: Element, profile: Profile) -> None:
    if _is_canonical(element):
        code = element[0]
        text = _with_line_ends((code.text or "").removeprefix("\n"))
        language = language_of(element, text)
        element.text = code.tail = None
        element.attrib.pop("class", "")  # <pre class="language-js"> beside <code class="language-javascript">
        code.text = text
        _set_language(code, language)
        return
    if is_noise(element, profile) and not text_of(element).strip("0123456789.: \t\n"):
        drop(element)  # <pre class="lineno">: a gutter
        return
    if len(element) and element[0].tag == "div":
        _drop_bar(element)
    text, images = text_and_images(element, profile)
    put_listing(element, text, language_of(element, text), images)


def _drop_bar(listing: Element) -> None:
    """Drop the bar that a chat has in a listing, above its one `code`: the name of the language, and buttons."""
    codes = list(islice(listing.iter("code"), 2))
    if len(codes) != 1:
        return
    bars: list[Element] = []
    inner = codes[0]
    while inner is not listing:
        around = cast("Element", inner.getparent())
        if not is_blank(around.text) or any(not is_blank(child.tail) for child in around):
            return
        bars += [child for child in around if child is not inner]
        inner = around
    words = "".join(squeezed(bar) for bar in bars).lower()
    name = _BUTTONS.sub("", words)
    language = canonical_name(name)
    stated = language != "" and language == language_of(listing, text_of(codes[0]))
    if words and (not name or name in _NAMELESS or stated or is_known(language)):
        for bar in bars:
            drop(bar)


def put_listing(element: Element, text: str, language: str, images: list[Element]) -> None:
    """Replace a listing by its canonical form, pictures that were in it after it; drop it when there is no text."""
    if element.getparent() is None:
        return
    text = _with_line_ends(text)
    last: Element | None = None
    for image in reversed(images):
        paragraph = etree.Element("p")
        image.tail = None
        paragraph.append(image)
        element.addnext(paragraph)
        last = paragraph if last is None else last
    if last is not None:
        last.tail, element.tail = element.tail, None
    if is_blank(text):
        drop(element)
        return
    replace(element, listing_element(text, language))


def _with_line_ends(text: str) -> str:
    """Write the carriage returns that `&#13;` makes as line ends: that is what Markdown takes them for."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _set_language(code: Element, language: str) -> None:
    if language:
        code.set("class", f"language-{language}")
    elif "class" in code.attrib:
        del code.attrib["class"]


def _normalize_line_list(element: Element, profile: Profile) -> None:
    """Turn a numbered listing that is no `pre` (`ol.dp-java`) into one."""
    items = list(element.iterchildren("li"))
    text = "\n".join(texts_of_lines(items, profile)).rstrip("\n") + "\n"  # an empty last item is the editor's
    # The box knows better: <div class="dp-highlighter bg_html"> holds <ol class="dp-xml">.
    box = next((a for a in element.iterancestors("div") if "dp-highlighter" in classes_of(a)), None)
    teller = element if box is None or "bg_" not in (box.get("class") or "") else box
    language = language_of(teller, text)
    before = element.getprevious()
    if not language and before is not None and before.tag == "pre" and is_blank(text_of(before)):
        # <pre class="prettyprint linenums lang-sh"></pre><ol class="linenums">: torn apart by a parser
        language = language_of(before, text)
    put_listing(element, text, language, [copy_image(image) for image in element.iter("img") if image.get("src")])
