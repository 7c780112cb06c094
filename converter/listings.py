"""The text of a listing, out of whatever a highlighter, an editor or a copy from a page made of it.

Tokens in spans are joined as they stand. Where lines are elements of their own (list items, table rows, `div.line`),
the white space around them is a pretty-printer's, and each becomes one line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from converter.spacing import had_space
from converter.tree import Element, classes_of, is_blank, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converter.profiles import Profile

BLOCKS: Final = frozenset(
    "address article aside blockquote center dd details div dl dt figcaption figure footer form h1 h2 h3 h4 h5 "
    "h6 header hr li main nav ol p pre section table tbody td tfoot th thead tr ul".split()
)
LINE_LISTS: Final = re.compile(r"(?:^|\s)(?:dp-[\w-]+|linenums|hljs-ln|highlighter-[\w-]+)(?:\s|$)")
"""Classes of numbered lists that hold one line of code an item."""

_LETTER: Final = re.compile(r"[^\W\d_]")
_SKIPPED: Final = frozenset(["script", "style", "template", "button", "svg", "select", "noscript"])
_CONTAINERS: Final = frozenset({"ol", "ul", "table", "tbody", "tr"})
_TOKENS: Final = frozenset("span font b strong i em u a s".split())
_WHITE: Final = " \t\n"
_UNKNOWN: Final = "?"


def text_and_images(element: Element, profile: Profile) -> tuple[str, list[Element]]:
    """Text of a listing, and copies of the pictures in it."""
    images: list[Element] = []
    text = text_of(element) if _holds_tokens_only(element) else _gather(element, profile, images)
    # HTML drops the first line end in <pre>; lxml keeps it.
    return text.removeprefix("\n"), images


def _holds_tokens_only(element: Element) -> bool:
    """Whether nothing in a listing asks for a closer look: no lines or pictures, one `code` at most, no gutters."""
    codes = 0
    for node in element.iterdescendants():
        tag = node.tag
        if tag == "span":
            names = node.get("class")
            # Written out, since listings have most of a post's elements: a tuple to go through takes twice the time.
            if names and ("lin" in names or "gutter" in names or "copy" in names):
                return False
        elif tag not in _TOKENS:
            codes += 1
            if tag != "code" or codes > 1:
                return False
    return True


def is_noise(node: Element, profile: Profile) -> bool:
    """Tell whether a rule of the profile drops an element: line numbers, buttons."""
    if node.tag in _SKIPPED:
        return True
    if not node.keys():
        return False
    names = classes_of(node)
    ident = node.get("id")
    rules = profile.drop
    if not ident and rules.by_class.keys().isdisjoint(names):
        return False  # nearly all tokens of a highlighter
    rule = rules.rule_of(node, ident, names)
    return rule is not None and (rule != "code-gutter" or holds_numbers_only(node))


def holds_numbers_only(gutter: Element) -> bool:
    """Whether line numbers are all there is; where a copy closed their element too late, all that follows is in it."""
    return _LETTER.search(text_of(gutter)) is None and gutter.find(".//img") is None


def listing_element(text: str, language: str) -> Element:
    """Make the canonical element of a listing."""
    pre = etree.Element("pre")
    code = etree.SubElement(pre, "code")
    code.text = text
    if language:
        code.set("class", f"language-{language}")
    return pre


def copy_image(node: Element) -> Element:
    """Copy an image without the text after it."""
    new = etree.Element("img")
    for name in ("src", "alt", "title"):
        if value := node.get(name):
            new.set(name, value)
    return new


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
            if node is not element and is_noise(node, profile):
                walker.skip_subtree()
                continue
            if node in lines:
                walker.skip_subtree()
                out.end_line()
                out.add(lines[node] + line_text(node, profile) + "\n")
                continue
            _enter(node, element, out, images)
        elif node is not element:
            ends = node.tag in BLOCKS and node.tag != "pre" and not is_noise(node, profile) and node not in lines
            tail = node.tail
            if ends or (one_code_a_line and node.tag == "code" and node.getparent() is element):
                if not ends and tail and tail.lstrip(" \t").startswith("\n"):
                    tail = tail.lstrip(" \t")  # the line ends there by itself
                else:
                    out.end_line()
            # Between lines that are elements of their own there is only a pretty-printer's white space.
            out.add("" if lines and tail and tail.isspace() else tail)
    return "".join(out.parts)


def _enter(node: Element, element: Element, out: _Lines, images: list[Element]) -> None:
    if node.tag == "br":
        out.add("\n")
    elif node.tag == "img":
        if node.get("src"):
            images.append(copy_image(node))
    else:
        if node is not element and node.tag in BLOCKS and node.tag != "pre":
            out.end_line()
        out.add("" if node.tag in _CONTAINERS and is_blank(node.text) else node.text)


def _line_items(element: Element) -> dict[Element, str]:
    """Find the list items that each hold one line, with its indent: those of a numbered listing, not of a list."""
    out: dict[Element, str] = {}
    for ol in element.iter("ol"):
        if len(ol) > 1 or LINE_LISTS.search(ol.get("class") or ""):
            items = list(ol.iterchildren("li"))
            out.update(zip(items, indents(items), strict=True))
    return out


def indents(items: Sequence[Element]) -> list[str]:
    r"""Tell which part of the white space at the start of elements that hold one line each is indent of the code.

    What the lines with the least of it have behind a line end is a pretty-printer's, or nothing; more was written with
    `&nbsp;`, in front of which a host puts a line end: `<li>\n&nbsp;&nbsp;b();</li>`.
    """
    widths = [_width_behind_line_end(item.text) for item in items]
    least = min((width for width in widths if width >= 0), default=0)
    return [" " * (width - least) for width in widths]


def _width_behind_line_end(text: str | None) -> int:
    if not text or text[0] != "\n":
        return -1
    code = text.lstrip(_WHITE)
    return len(text) - len(code) - text.rfind("\n", 0, len(text) - len(code)) - 1 if code else -1


def line_text(item: Element, profile: Profile, *, blank_lines: bool = False) -> str:
    """Text of an element that holds one line of a listing, or several where blocks or `br` in it divide them.

    The line ends and indents that a pretty-printer put around it and its tokens go; so do blank lines, unless wanted.
    """
    line = _Line(blank_lines=blank_lines)
    if not len(item):
        line.add(item.text)
        return line.text()
    walker = etree.iterwalk(item, events=("start", "end"))
    for event, node in walker:
        if event == "start" and node is not item and is_noise(node, profile):
            walker.skip_subtree()
        elif event == "start":
            if node is not item and (node.tag == "br" or node.tag in BLOCKS):
                line.end()
            line.add(node.text)
        elif node is not item:
            if node.tag in BLOCKS:
                line.end()
            line.add(node.tail)
    return line.text()


class _Line:
    """A line under construction, token by token."""

    def __init__(self, *, blank_lines: bool) -> None:
        self.done: list[str] = []
        self.blank_lines = blank_lines
        self.now = ""
        self.gap = ""  # what stands before the next token; a pretty-printer's line end hides it

    def add(self, part: str | None) -> None:
        if not part:
            return
        if "\n" not in part and not self.gap:
            self.now += part
            return
        # White space with a line end and an indent is a pretty-printer's; spaces before that line end are the author's.
        # A line end without an indent is a space: `-put a.txt` broken before its next token, in a page as served.
        begin, end = len(part) - len(part.lstrip(_WHITE)), len(part.rstrip(_WHITE))
        opens, closes = "\n" in part[:begin], part.find("\n", end)
        if begin == len(part) and opens:
            self.gap = " " if part[-1] == "\n" else _UNKNOWN
            return
        if opens:
            self.gap = " " if part[begin - 1] == "\n" else _UNKNOWN
        inner = part[begin if opens else 0 : closes if closes >= 0 else len(part)]
        now = self.now
        gap = self.gap if now and not now[-1].isspace() else ""
        if gap == _UNKNOWN:
            gap = " " if had_space(now, inner, "token") else ""
        self.now = now + gap + inner
        self.gap = "" if closes < 0 else " " if part[-1] == "\n" else _UNKNOWN

    def end(self) -> None:
        if self.now and not self.now.isspace():
            self.done.append(self.now)
        elif self.blank_lines and self.done and self.done[-1]:
            self.done.append("")
        self.now = self.gap = ""

    def text(self) -> str:
        return "\n".join(_unwrapped(line).rstrip() for line in (*self.done, self.now)).rstrip()


def _unwrapped(line: str) -> str:
    """Join what an editor wrapped inside one text."""
    if "\n" not in line:
        return line
    first, *others = line.split("\n")
    return " ".join([first.rstrip(), *(stripped for part in others if (stripped := part.strip(_WHITE)))])
