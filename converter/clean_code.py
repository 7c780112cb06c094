"""Code blocks: whatever shape a listing has, `<pre><code class="language-x">text</code></pre>` comes out.

Highlighters wrap every token, number the lines in lists, tables or spans, add copy buttons, put each line into an
element of its own. The text of the listing is kept byte for byte, the rest goes.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from lxml import etree

from converter.code_language import language_of
from converter.listings import (
    LINE_LISTS,
    copies_of_images,
    listing_element,
    noise_rule,
    set_language,
    tally,
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
    from collections.abc import Mapping

    from converter.listings import Gone
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
_FEWEST_LINES: Final = 3


def normalize_code_blocks(root: Element, profile: Profile) -> Mapping[str, int]:
    """Bring every listing into the canonical shape, before any other pass looks into it."""
    nested: set[Element] = set()
    counts: Gone = Counter()
    for element in list(root.iter("ol")):
        if element not in nested and _holds_lines(element) and not inside(element, ("pre",)):
            if any(child.tag != "li" or not is_blank(child.tail) for child in element) or not is_blank(element.text):
                # A list around the list, or a broken copy: what stands beside the lines would go.
                if next(element.iterchildren("li"), None) is None:
                    neutralize(element)
                continue
            nested.update(element.iterdescendants("ol"))
            _normalize_line_list(element, profile, counts)
            counts["listing"] += 1
    for element in list(root.iter(*LISTINGS)):
        if element.getparent() is not None and not inside(element, ("pre",)):
            _normalize(element, profile, counts)
            counts["listing"] += 1
    return counts


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


def _is_canonical(element: Element) -> bool:
    """Whether a listing is `<pre><code>text</code></pre>` already, as 55 % are."""
    if element.tag != "pre" or len(element) != 1 or not is_blank(element.text):
        return False
    code = element[0]
    return code.tag == "code" and len(code) == 0 and not is_blank(code.text) and is_blank(code.tail)


def _normalize(element: Element, profile: Profile, gone: Gone) -> None:
    if _is_canonical(element):
        code = element[0]
        text = _with_line_ends((code.text or "").removeprefix("\n"))
        language = language_of(element, text)
        element.text = code.tail = None
        element.attrib.pop("class", "")  # <pre class="language-js"> beside <code class="language-javascript">
        code.text = text
        set_language(code, language)
        return
    if (rule := noise_rule(element, profile)) and not text_of(element).strip("0123456789.: \t\n"):
        drop(element)  # <pre class="lineno">: a gutter
        gone[rule] += 1
        return
    if len(element) and element[0].tag == "div" and "copy-button" not in profile.keep:
        from converter.clean_bars import settle_bar  # here: few posts have one, and start-up counts

        tally(settle_bar(element), profile, gone)
    text, images = text_and_images(element, profile, gone)
    put_listing(element, text, language_of(element, text), images)


def put_listing(element: Element, text: str, language: str, images: list[Element]) -> None:
    """Replace a listing by its canonical form, pictures that were in it after it.

    One without text is an empty paragraph, which goes with others where it does not part two texts.
    """
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
    replace(element, etree.Element("p") if is_blank(text) else listing_element(text, language))


def _with_line_ends(text: str) -> str:
    """Write the carriage returns that `&#13;` makes as line ends: that is what Markdown takes them for."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _normalize_line_list(element: Element, profile: Profile, gone: Gone) -> None:
    """Turn a numbered listing that is no `pre` (`ol.dp-java`) into one."""
    items = list(element.iterchildren("li"))
    text = (
        "\n".join(texts_of_lines(items, profile, gone=gone)).rstrip("\n") + "\n"
    )  # an empty last item is the editor's
    # The box knows better: <div class="dp-highlighter bg_html"> holds <ol class="dp-xml">.
    box = next((a for a in element.iterancestors("div") if "dp-highlighter" in classes_of(a)), None)
    teller = element if box is None or "bg_" not in (box.get("class") or "") else box
    language = language_of(teller, text)
    before = element.getprevious()
    if not language and before is not None and before.tag == "pre" and is_blank(text_of(before)):
        # <pre class="prettyprint linenums lang-sh"></pre><ol class="linenums">: torn apart by a parser
        language = language_of(before, text)
    put_listing(element, text, language, copies_of_images([element]))
