"""Code blocks: whatever shape a listing has, `<pre><code class="language-x">text</code></pre>` comes out.

Highlighters wrap every token, number the lines in lists, tables or spans, add copy buttons, put each line into an
element of its own. The text of the listing is kept byte for byte, the rest goes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from converter.spacing import had_space
from converter.tree import Element, Query, Test, classes_of, drop, inside, is_blank, replace, text_of

if TYPE_CHECKING:
    from converter.profiles import Profile

# Names that mean "no language", written by editors for want of a better one.
_NO_LANGUAGE: Final = frozenset(
    "plain plaintext text txt none highlight undefined null code nohighlight brush prettyprint".split()
)
_ALIASES: Final = {
    "js": "javascript",
    "ecmascript": "javascript",
    "py": "python",
    "python3": "python",
    "cs": "csharp",
    "c#": "csharp",
    "c-sharp": "csharp",
    "c++": "cpp",
    "cc": "cpp",
    "sh": "bash",
    "yml": "yaml",
    "ts": "typescript",
    "md": "markdown",
    "objc": "objectivec",
    "objective-c": "objectivec",
    "golang": "go",
    "markup": "html",
    "htm": "html",
    "rb": "ruby",
    "rs": "rust",
    "kt": "kotlin",
    "ps1": "powershell",
}
_NAMED: Final = re.compile(r"(?:^|\s)(?:language-|lang-)+([^\s:;?]+)|(?:^|\s)brush:\s*([^\s:;]+)", re.IGNORECASE)
# Host-specific spellings: <pre class="kdocs-java">, <textarea class="java:nogutter" name="code">, <ol class="dp-sql">.
_HOSTED: Final = re.compile(r"(?:^|\s)(?:kdocs-|dp-(?!highlighter)|bg_)([A-Za-z][\w+#-]*)")
_BRUSHES: Final = {"j": "java", "c": "csharp", "d": "delphi"}  # SyntaxHighlighter 1.5: <ol class="dp-j">
_TEXTAREA: Final = re.compile(r"^([A-Za-z][\w+#-]*)(?::|$)")
_NOT_INFO: Final = re.compile(r"[^A-Za-z0-9+#._-]")

_BLOCKS: Final = frozenset(
    "address article aside blockquote center dd details div dl dt figcaption figure footer form h1 h2 h3 h4 h5 "
    "h6 header hr li main nav ol p pre section table tbody td tfoot th thead tr ul".split()
)
_SKIPPED: Final = frozenset(["script", "style", "template", "button", "svg", "select", "noscript"])
# Whether a listing holds anything but tokens: one test in C for the many that do not.
_ODD: Final = Test(
    "descendant::*[not(self::span or self::code or self::font or self::b or self::strong or self::i "
    "or self::em or self::u or self::a or self::s)]"
    " | descendant::code[2] | descendant::span[contains(@class, 'lin') or contains(@class, 'gutter')]"
)
_LINE_LISTS: Final = re.compile(r"(?:^|\s)(?:dp-[\w-]+|linenums|hljs-ln|highlighter-[\w-]+)(?:\s|$)")
# SyntaxHighlighter 1.5: div.dp-highlighter > (div.bar > div.tools) + ol > li, one item a line.
_TOOL_BARS: Final = Query(
    ".//div[contains(concat(' ', @class, ' '), ' bar ')]/div[contains(concat(' ', @class, ' '), ' tools ')]/.."
)


def normalize_code_blocks(root: Element, profile: Profile) -> int:
    """Bring every listing into the canonical shape, before any other pass looks into it."""
    count = 0
    for element in list(root.iter("pre", "textarea", "xmp", "listing")):
        if element.getparent() is not None and not inside(element, ("pre",)):
            _normalize(element, profile)
            count += 1
    for element in list(root.iter("ol")):
        parent = element.getparent()
        boxed = parent is not None and "dp-highlighter" in (parent.get("class") or "")
        if (boxed or _LINE_LISTS.search(element.get("class") or "")) and not inside(element, ("pre",)):
            _normalize_line_list(element, profile)
            count += 1
    return count


def drop_code_tool_bars(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Drop the bars over listings ("view plain copy")."""
    count = 0
    for bar in _TOOL_BARS(root):
        # Broken pages nest half an article into a tool bar.
        if next(bar.iter("pre", "li"), None) is None:
            drop(bar)
            count += 1
    return count


def language_of(element: Element) -> str:
    """Name the language that the classes of a listing state; empty when they state none.

    A bare `hljs lasso` is a guess of the highlighter (of 424 posts with such classes most are wrong) and no statement.
    """
    own = element.get("class") or ""
    names = [own, *(c.get("class") or "" for c in element.iter("code"))]
    found = [m[1] or m[2] for text in names for m in _NAMED.finditer(text)]
    if not found:
        found = [_BRUSHES.get(m[1], m[1]) for m in _HOSTED.finditer(own)]
    if not found and element.tag == "textarea":
        found = [m[1] for m in _TEXTAREA.finditer(own)]
    for name in reversed(found):
        clean = name.lower()
        if clean not in _NO_LANGUAGE and not _NOT_INFO.search(clean):  # "language-[ERROR]" is no language
            return _ALIASES.get(clean, clean)
    return ""


def _is_canonical(element: Element) -> bool:
    """Whether a listing is `<pre><code>text</code></pre>` already, as 55 % are."""
    if element.tag != "pre" or len(element) != 1 or not is_blank(element.text):
        return False
    code = element[0]
    return code.tag == "code" and len(code) == 0 and not is_blank(code.text) and is_blank(code.tail)


def _normalize(element: Element, profile: Profile) -> None:
    if _is_canonical(element):
        code = element[0]
        language = language_of(element)
        element.text = code.tail = None
        code.text = (code.text or "").removeprefix("\n")
        _set_language(code, language)
        return
    images: list[Element] = []
    simple = len(element) == 0 or not _ODD(element)
    text = text_of(element) if simple else _gather(element, profile, images)
    # HTML drops the first line end in <pre>; lxml keeps it.
    _put(element, text.removeprefix("\n"), language_of(element), images)


def _put(element: Element, text: str, language: str, images: list[Element]) -> None:
    """Replace a listing by its canonical form, pictures that were in it after it; drop it when there is no text."""
    parent = element.getparent()
    if parent is None:
        return
    at = parent.index(element) + 1
    for image in reversed(images):
        paragraph = etree.Element("p")
        image.tail = None
        paragraph.append(image)
        parent.insert(at, paragraph)
    if images:
        parent[at + len(images) - 1].tail, element.tail = element.tail, None
    if is_blank(text):
        drop(element)
        return
    pre = etree.Element("pre")
    code = etree.SubElement(pre, "code")
    code.text = text
    _set_language(code, language)
    replace(element, pre)


def _set_language(code: Element, language: str) -> None:
    if language:
        code.set("class", f"language-{language}")
    elif "class" in code.attrib:
        del code.attrib["class"]


class _Lines:
    """Text under construction, with line ends asked for rather than written."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.at_line_start = True

    def add(self, text: str | None) -> None:
        if text:
            self.parts.append(text)
            self.at_line_start = text.endswith("\n")

    def end_line(self) -> None:
        if not self.at_line_start:
            self.add("\n")


def _gather(element: Element, profile: Profile, images: list[Element]) -> str:
    """Text of a listing with markup of lines: blocks and `br` end lines, gutters and buttons are left out."""
    out = _Lines()
    one_code_a_line = len(element.findall("code")) > 1
    lines = _line_items(element)
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, node in walker:
        if event == "start":
            if node is not element and _is_noise(node, profile):
                walker.skip_subtree()
                continue
            if node in lines:
                walker.skip_subtree()
                out.end_line()
                out.add(_line_text(node, profile) + "\n")
                continue
            _enter(node, element, out, images)
        elif node is not element:
            ends = node.tag in _BLOCKS and node.tag != "pre" and not _is_noise(node, profile) and node not in lines
            if ends or (one_code_a_line and node.tag == "code" and node.getparent() is element):
                out.end_line()
            tail = node.tail
            # Between lines that are elements of their own there is only a pretty-printer's white space.
            out.add("" if lines and tail and tail.isspace() else tail)
    return "".join(out.parts)


def _enter(node: Element, element: Element, out: _Lines, images: list[Element]) -> None:
    if node.tag == "br":
        out.add("\n")
    elif node.tag == "img":
        if node.get("src"):
            images.append(_copy_without_tail(node))
    else:
        if node is not element and node.tag in _BLOCKS and node.tag != "pre":
            out.end_line()
        out.add("" if node.tag in {"ol", "ul", "table", "tbody", "tr"} and is_blank(node.text) else node.text)


def _copy_without_tail(node: Element) -> Element:
    new = etree.Element("img")
    for name in ("src", "alt", "title"):
        if value := node.get(name):
            new.set(name, value)
    return new


def _is_noise(node: Element, profile: Profile) -> bool:
    if node.tag in _SKIPPED:
        return True
    names = classes_of(node)
    ident = node.get("id")
    return bool(names or ident) and profile.drop.rule_of(node, ident, names) is not None


def _line_items(element: Element) -> set[Element]:
    """Find the list items that each hold one line: those of a numbered listing, not of a list in the text."""
    lists = element.iter("ol")
    numbered = (ol for ol in lists if len(ol) > 1 or _LINE_LISTS.search(ol.get("class") or ""))
    return {li for ol in numbered for li in ol.iterchildren("li")}


def _line_text(item: Element, profile: Profile) -> str:
    """Text of one line of a numbered listing, without the line ends that a pretty-printer put around it."""
    out = ""
    unknown = False  # a line end at the edge of a text hides whether there was a space
    walker = etree.iterwalk(item, events=("start", "end"))
    for event, node in walker:
        part = ""
        if event == "start" and node is not item and _is_noise(node, profile):
            walker.skip_subtree()
        elif event == "start":
            part = node.text or ""
        elif node is not item:
            part = node.tail or ""
        inner = re.sub(r"\A[ \t]*\n\s*|\n\s*\Z", "", part)
        if inner:
            unknown = unknown or bool(re.match(r"[ \t]*\n", part))
            glue = " " if unknown and out and not out[-1].isspace() and had_space(out, inner, "span") else ""
            out += glue + inner
            unknown = bool(re.search(r"\n\s*\Z", part))
        elif "\n" in part:
            unknown = True
    return out.replace("\n", " ").rstrip()


def _normalize_line_list(element: Element, profile: Profile) -> None:
    """Turn a numbered listing that is no `pre` (`ol.dp-java`) into one, with the tool bar of its box gone."""
    lines = [_line_text(item, profile) for item in element.iterchildren("li")]
    box = next((a for a in element.iterancestors("div") if "dp-highlighter" in classes_of(a)), None)
    language = language_of(element) if box is None else language_of(box) or language_of(element)
    _put(element, "\n".join(lines) + "\n", language, [])
