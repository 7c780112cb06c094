"""The text of a listing, out of whatever a highlighter, an editor or a copy from a page made of it.

Tokens in spans are joined as they stand. Where lines are elements of their own (list items, table rows, `div.line`),
the white space around them is a pretty-printer's, and each becomes one line.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from lxml import etree

from converter.spacing import had_space
from converter.tree import Element, classes_of, is_blank, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from converter.profiles import Profile

Gone = Counter[str]
"""How many elements were left out, by rule."""
BLOCKS: Final = frozenset(
    "address article aside blockquote center dd details div dl dt figcaption figure footer form h1 h2 h3 h4 h5 "
    "h6 header hr li main nav ol p pre section table tbody td tfoot th thead tr ul".split()
)
LINE_LISTS: Final = re.compile(r"(?:^|\s)(?:dp-[\w-]+|linenums|hljs-ln|highlighter-[\w-]+)(?:\s|$)")
"""Classes of numbered lists that hold one line of code an item."""

_LETTER: Final = re.compile(r"[^\W\d_]")
_SKIPPED: Final = {
    "button": "copy-button",
    **dict.fromkeys(("script", "style", "template", "svg", "select", "noscript"), "invisible"),
}
"""What is never part of a listing, and the rule by which it goes."""
_LINES: Final = BLOCKS | {"button"}  # one that is kept is not glued to the code before it
_CONTAINERS: Final = frozenset({"ol", "ul", "table", "tbody", "tr"})
_HOLDERS: Final = frozenset({"code", "ol", "table"})
_TOKENS: Final = frozenset("span font b strong i em u a s".split())
_WHITE: Final = " \t\n"
_UNKNOWN: Final = "?"
_OWN: Final = -1  # depth of an indent that no pretty-printer made


def text_and_images(element: Element, profile: Profile, gone: Gone | None = None) -> tuple[str, list[Element]]:
    """Text of a listing, and copies of the pictures in it.

    Args:
        element: the listing.
        profile: names what is no part of it.
        gone: is told what was left out; None when nobody asks. So everywhere here.

    """
    images: list[Element] = []
    holder = _holder_of(element, profile)
    if _holds_tokens_only(element):
        text = text_of(element if holder is None else holder)
        if gone is not None and holder is not None and len(element) > 1:
            tally([child for child in element if child is not holder], profile, gone)
    else:
        text = _gather(element, profile, images, gone, laid_out=holder is not None)
    # HTML drops the first line end in <pre>; lxml keeps it.
    return text.removeprefix("\n"), images


def _holder_of(element: Element, profile: Profile) -> Element | None:
    r"""Find the one child of a listing that holds its code, where white space and a page's tools are all beside it.

    That white space is layout: `<pre><code>a</code>\n <ul class="pre-numbering">...</ul></pre>`, with blank lines that
    nobody wrote.
    """
    if not is_blank(element.text):
        return None
    holders: list[Element] = []
    for child in element:
        if not is_blank(child.tail):
            return None
        if child.tag == "code" or (child.tag in _HOLDERS and not is_noise(child, profile)):
            holders.append(child)
        elif not is_noise(child, profile):
            return None
    if len(holders) > 1:
        holders = [child for child in holders if not _is_empty(child)]
    return holders[0] if len(holders) == 1 else None


def _is_empty(element: Element) -> bool:
    return is_blank(text_of(element)) and next(element.iter("img", "br"), None) is None


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
    """Tell whether an element is no part of the listing that it stands in: line numbers, buttons."""
    return noise_rule(node, profile) is not None


def noise_rule(node: Element, profile: Profile) -> str | None:
    """Name the rule by which an element is left out of a listing; None when it is a part of it."""
    if node.tag in _SKIPPED:
        rule: str | None = _SKIPPED[str(node.tag)]
        return rule if not profile.keep or rule not in profile.keep else None
    if not node.keys():
        return None
    names = classes_of(node)
    ident = node.get("id")
    rules = profile.drop
    if not ident and rules.by_class.keys().isdisjoint(names):
        return None  # nearly all tokens of a highlighter
    rule = rules.rule_of(node, ident, names)
    return rule if rule != "code-gutter" or holds_numbers_only(node) else None


def tally(elements: Iterable[Element], profile: Profile, gone: Gone) -> None:
    """Count what goes with elements that are left out of a listing: themselves or what is in them, by its rule."""
    for element in elements:
        walker = etree.iterwalk(element, events=("start",))
        for _, node in walker:
            if rule := noise_rule(node, profile):
                gone[rule] += 1
                walker.skip_subtree()


def _is_left_out(node: Element, profile: Profile, gone: Gone | None) -> bool:
    rule = noise_rule(node, profile)
    if rule is None:
        return False
    if gone is not None:
        gone[rule] += 1
    return True


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


def set_language(code: Element, language: str) -> None:
    """Let the class of a listing say its language and nothing else."""
    if language:
        code.set("class", f"language-{language}")
    elif "class" in code.attrib:
        del code.attrib["class"]


def copy_image(node: Element) -> Element:
    """Copy an image without the text after it."""
    new = etree.Element("img")
    for name in ("src", "alt", "title"):
        if value := node.get(name):
            new.set(name, value)
    return new


def copies_of_images(elements: Iterable[Element]) -> list[Element]:
    """Copy all pictures in these elements that have an address."""
    return [copy_image(image) for element in elements for image in element.iter("img") if image.get("src")]


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


def _gather(element: Element, profile: Profile, images: list[Element], gone: Gone | None, *, laid_out: bool) -> str:
    """Text of a listing with markup of lines: blocks and `br` end lines, gutters and buttons are left out.

    White space right in a listing that is laid out (see `_holder_of`) is none of its text.
    """
    out = _Lines()
    one_code_a_line = len(element.findall("code")) > 1
    lines = _line_items(element, profile, gone)
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, node in walker:
        if event == "start":
            if node is not element and _is_left_out(node, profile, gone):
                walker.skip_subtree()
                continue
            if node in lines:
                walker.skip_subtree()
                out.end_line()
                out.add(lines[node] + "\n")
                images += copies_of_images([node])
                continue
            if node is not element or not laid_out:
                _enter(node, element, out, images)
        elif node is not element:
            ends = node.tag in _LINES and not is_noise(node, profile) and node not in lines
            tail = node.tail
            if ends or (one_code_a_line and node.tag == "code" and node.getparent() is element):
                if (not ends or node.tag == "pre") and tail and tail.lstrip(" \t").startswith("\n"):
                    tail = tail.lstrip(" \t")  # the line ends there by itself
                else:
                    out.end_line()
            # Between lines that are elements of their own there is only a pretty-printer's white space.
            layout = lines or (laid_out and node.getparent() is element)
            out.add("" if layout and tail and tail.isspace() else tail)
    return "".join(out.parts)


def _enter(node: Element, element: Element, out: _Lines, images: list[Element]) -> None:
    if node.tag == "br":
        out.add("\n")
    elif node.tag == "img":
        if node.get("src"):
            images.append(copy_image(node))
    else:
        if node is not element and node.tag in _LINES:
            out.end_line()
        out.add("" if node.tag in _CONTAINERS and is_blank(node.text) else node.text)


def _line_items(element: Element, profile: Profile, gone: Gone | None) -> dict[Element, str]:
    """Read the list items that each hold one line: those of a numbered listing, not of a list."""
    out: dict[Element, str] = {}
    nested: set[Element] = set()
    for ol in element.iter("ol"):
        if ol not in nested and (len(ol) > 1 or LINE_LISTS.search(ol.get("class") or "")):
            nested.update(ol.iterdescendants("ol"))
            items = list(ol.iterchildren("li"))
            out.update(zip(items, texts_of_lines(items, profile, gone=gone), strict=True))
    return out


def texts_of_lines(
    items: Sequence[Element], profile: Profile, *, blank_lines: bool = False, gone: Gone | None = None
) -> list[str]:
    r"""Text of elements that hold one line each, or several (see `line_text`), with the indent of the code.

    What the lines with the least of it have behind a line end is a pretty-printer's, or nothing; more was written with
    `&nbsp;`, in front of which a host puts a line end: `<li>\n&nbsp;&nbsp;b();</li>`.
    """
    lines = [_read_lines(item, profile, gone, blank_lines=blank_lines) for item in items]
    begins = [begin for line in lines for begin in line.begins if begin is not None]
    # A pretty-printer indents what lies deeper by more, and everything by some; else there was none.
    pretty = all(indent for _, indent in begins)
    least: dict[int, int] = {_OWN: 0}
    for depth, indent in begins:
        least[depth] = min(least.get(depth, len(indent)), len(indent)) if pretty else 0
    return [line.text(least) for line in lines]


def line_text(item: Element, profile: Profile, *, blank_lines: bool = False) -> str:
    """Text of an element that holds one line of a listing, or several where blocks or `br` in it divide them.

    The line ends and indents that a pretty-printer put around it and its tokens go; so do blank lines, unless wanted.
    """
    return _read_lines(item, profile, None, blank_lines=blank_lines).text()


def _read_lines(item: Element, profile: Profile, gone: Gone | None, *, blank_lines: bool) -> _Line:
    line = _Line(blank_lines=blank_lines)
    if not len(item):
        line.add(item.text)
        line.end()
        return line
    walker = etree.iterwalk(item, events=("start", "end"))
    for event, node in walker:
        if event == "start":
            line.depth += 1
            if node is not item and _is_left_out(node, profile, gone):
                walker.skip_subtree()
                continue
            if node is not item and (node.tag == "br" or node.tag in _LINES):
                line.end()
            line.add(node.text)
        else:
            line.depth -= 1
            if node is not item:
                if node.tag in _LINES:
                    line.end()
                line.add(node.tail)
    line.end()
    return line


class _Line:
    """A line under construction, token by token, and those before it."""

    def __init__(self, *, blank_lines: bool) -> None:
        self.done: list[str] = []
        # Depth and indent of each of them; None where a line begins without a line end before it.
        self.begins: list[tuple[int, str] | None] = []
        self.blank_lines = blank_lines
        self.now = ""
        self.gap = ""  # what stands before the next token; a pretty-printer's line end hides it
        self.begin: tuple[int, str] | None = None
        self.depth = 0

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
        if opens and not self.now and self.begin is None:
            # Spaces right behind the tag are nobody's but the author's.
            own = part[: part.index("\n")]
            self.begin = (_OWN, own) if own else (self.depth, part[part.rfind("\n", 0, begin) + 1 : begin])
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
            self.begins.append(self.begin)
        elif self.blank_lines and self.done and self.done[-1]:
            self.done.append("")
            self.begins.append(None)
        self.now = self.gap = ""
        self.begin = None

    def text(self, least: Mapping[int, int] | None = None) -> str:
        """Join the lines, which have ended; with what their indents have beyond the least at their depth, if given."""
        lines = [_unwrapped(line).rstrip() for line in self.done]
        if least:
            starts = ["" if begin is None else begin[1][least[begin[0]] :] for begin in self.begins]
            lines = [start + line for start, line in zip(starts, lines, strict=True)]
        return "\n".join(lines).rstrip()


def _unwrapped(line: str) -> str:
    """Join what an editor wrapped inside one text."""
    if "\n" not in line:
        return line
    first, *others = line.split("\n")
    return " ".join([first.rstrip(), *(stripped for part in others if (stripped := part.strip(_WHITE)))])
