"""Tables that no pipe table can say, and what `--on-loss keep-html` keeps, as HTML that Markdown passes through."""

from __future__ import annotations

import html
import re
from copy import deepcopy
from typing import Final

from lxml import etree

from converter.nodes import DEL, EM, EMPHASIS, STRONG
from converter.phrases import MARKS, tex_of
from converter.reading import NORMAL, UPRIGHT, restyled
from converter.spacing import had_space
from converter.tree import Element, drop, has_content, is_blank

_KEPT_TAGS: Final = frozenset(
    "table thead tbody tfoot tr td th caption p br ul ol li pre code strong b em i del s sub sup kbd a img hr "
    "blockquote h1 h2 h3 h4 h5 h6 dl dt dd".split()
)
# Old names, and elements that say the same; HTML has dropped the first two.
_RENAMED: Final = {"strike": "del", "tt": "code", "samp": "code", "menu": "ul", "dir": "ul"}
_KEPT_ATTRIBUTES: Final = {
    "a": ("href", "title"),
    "img": ("src", "alt", "title"),
    "td": ("colspan", "rowspan"),
    "th": ("colspan", "rowspan"),
    "ol": ("start",),
    "li": ("value",),
    "code": ("class",),
}
_LANGUAGE: Final = re.compile(r"(?<!\S)language-[A-Za-z0-9+#_.-]+(?!\S)")
"""The one class that is kept: others are hooks for the scripts and styles of a site."""
_SPACES: Final = " \t\n\r\f"
_WHITE: Final = re.compile(f"[{_SPACES}]+")
_VOID: Final = frozenset({"br", "img", "hr"})
_PHRASES: Final = frozenset("strong b em i del s sub sup kbd a code h1 h2 h3 h4 h5 h6".split())
_INLINE: Final = frozenset("strong b em i del s sub sup kbd a code img".split())
_TAG_NAME: Final = re.compile(r"<(/?)([a-z0-9]+)")
_EDGES: Final = {
    "strong": "strong",
    "b": "strong",
    "em": "em",
    "i": "em",
    "a": "a",
    "code": "code",
    "sub": "sub",
    "sup": "sup",
}
_NAMES: Final = ((STRONG, "strong"), (EM, "em"), (DEL, "del"))
_NO_TAGS: Final[tuple[list[str], list[str]]] = ([], [])
_HEADINGS: Final = frozenset("h1 h2 h3 h4 h5 h6".split())  # those in cells are bold text
_VERBATIM: Final = frozenset({"code", "pre"})
_ROWS: Final = frozenset({"table", "tr"})  # whose styles count nowhere
# Boxes that Markdown does not keep, and blocks that no paragraph can hold.
_BOXES: Final = frozenset(
    "div section article center details summary figure figcaption address header footer aside main nav form fieldset "
    "legend dialog hgroup".split()
)
_NAMELESS: Final = "x-nameless"
_HELD_BLOCKS: Final = ("table", "p", "ul", "ol", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "hr")


class _Look:
    """What the text of a place looks like by the tags written around it, and what it should look like.

    Only styles say the difference (`<span style="font-weight:bold">`), and HTML keeps none of them.
    """

    __slots__ = ("_around", "_links", "_said", "_unwritten", "_wanted")

    def __init__(self, table: Element, marks: int) -> None:
        """Find the emphasis that a style takes back somewhere inside: each text in it has to say what holds for it."""
        self._said, self._wanted, self._links = 0, marks, 0
        self._around: list[tuple[int, int, str]] = []
        self._unwritten: set[Element] = set()
        for element in table.iter():
            style = element.get("style") or ""
            if "font-" in style and (taken := _taken_back(style)):
                self._unwrite(element, taken, table)

    def _unwrite(self, element: Element, taken: int, table: Element) -> None:
        above: Element | None = element
        while above is not None and above is not table:
            if _mark_of(above.tag) & taken:
                if above in self._unwritten:
                    break
                self._unwritten.add(above)
            above = above.getparent()

    def begin(self, element: Element, tag: str) -> str:
        """Begin an element; returns the name that it is written by, if at all."""
        outer = self._said, self._wanted
        name = tag
        if tag == "a":
            self._links += 1
            name = tag if self._links == 1 else ""  # a link in a link is none
        if tag in _VERBATIM:
            self._said = self._wanted  # code is bold as a whole or not at all
        else:
            mark = _mark_of(tag)
            style = element.get("style") or ""
            if element.keys() and tag not in _ROWS:
                self._wanted = restyled(self._wanted, element)
            if tag in _HEADINGS or not mark & _taken_back(style):
                self._wanted |= mark
            if element in self._unwritten:
                name = "p" if tag in _HEADINGS else ""
            elif mark and not mark & ~self._said and tag not in _HEADINGS:
                name = ""  # bold in bold
            else:
                self._said |= mark
        self._around.append((*outer, name))
        return name

    def end(self, tag: str) -> str:
        """End it."""
        self._links -= tag == "a"
        self._said, self._wanted, name = self._around.pop()
        return name

    def tags(self) -> tuple[list[str], list[str]]:
        """Return the tags around a text that say what is missing."""
        missing = self._wanted & ~self._said & EMPHASIS
        if not missing:
            return _NO_TAGS
        names = [name for mark, name in _NAMES if missing & mark]
        return [f"<{name}>" for name in names], [f"</{name}>" for name in reversed(names)]


def _mark_of(tag: str) -> int:
    return STRONG if tag in _HEADINGS else MARKS.get(tag, 0) & EMPHASIS


def _taken_back(style: str) -> int:
    """Marks that a style takes away."""
    return (STRONG if NORMAL.search(style) else 0) | (EM if UPRIGHT.search(style) else 0) if style else 0


def to_html(table: Element, *, prettified: bool = False, marks: int = 0) -> str:
    """Write a table as HTML that Markdown passes through: known tags and attributes only, no blank line in it.

    A phrase and a heading hold no paragraphs: those in them become lines, parted by breaks. What a style says becomes
    a tag, a formula its TeX between dollars, which the scripts of math plugins find in HTML, a check box its sign.

    Args:
        table: the table, or another block; not changed.
        prettified: white space with a line end in it says nothing.
        marks: the emphasis around it.

    """
    out: list[str] = []
    table = _with_parted_paragraphs(table)
    look = _Look(table, marks)
    depth_of_pre = phrases = 0
    said = broken = False  # in this paragraph, and whether a line of it has ended
    for event, element in etree.iterwalk(table, events=("start", "end")):
        tag, begins = _RENAMED.get(element.tag, element.tag), event == "start"
        boxed = phrases > 0 and (tag == "p" or tag in _BOXES)
        line = not boxed and tag in _BOXES and _is_line(element)
        around = look.tags() if begins and tag == "code" else _NO_TAGS
        name = look.begin(element, tag) if begins else look.end(tag)
        around = look.tags() if tag == "code" and not begins else around
        kept = name and not boxed and tag in _KEPT_TAGS
        phrases += 0 if tag not in _PHRASES else 1 if begins else -1
        if boxed or (tag in _BOXES and not line) or _is_display(element):
            broken = broken or said
        elif line or (kept and tag not in _INLINE):
            said = broken = False
        if begins:
            if broken and tag == "img":
                out.append("<br>")
                broken = False
            out += around[0]
            if kept or line:
                out.append("<p>" if line else f"<{name}{_attributes(element)}>")
            said = said or tag == "img"
        elif line or (kept and tag not in _VOID):
            out += ["</p>" if line else f"</{name}>", *around[1]]
        depth_of_pre += 0 if tag != "pre" else 1 if begins else -1
        text = _said_by(element) if begins else element.tail if element is not table else None
        if text:
            if not text.isspace():
                out += ["<br>"] if broken else []
                said, broken = True, False
            out += _dressed(_text(text, verbatim=depth_of_pre > 0), *look.tags())
    return _joined(out, prettified=prettified)


def _with_parted_paragraphs(table: Element) -> Element:
    """Part paragraphs that hold blocks, as code that is pushed into its blocks leaves them: browsers end them there."""
    if not any(_phrases_to_paragraph(block) is not None for block in table.iterdescendants(*_HELD_BLOCKS)):
        return table
    table = deepcopy(table)
    for block in table.iterdescendants(*_HELD_BLOCKS):
        for phrase in _phrases_to_paragraph(block) or ():
            phrase.tag = _NAMELESS
    etree.strip_tags(table, _NAMELESS)
    for paragraph in list(table.iterdescendants("p")):
        if any(child.tag in _HELD_BLOCKS for child in paragraph):
            _part(paragraph)
    return table


def _phrases_to_paragraph(block: Element) -> list[Element] | None:
    """List the phrases that are not kept between a block and the paragraph that it stands in; None when in none."""
    phrases: list[Element] = []
    above = block.getparent()
    while above is not None and above.tag not in _KEPT_TAGS and above.tag not in _BOXES:
        phrases.append(above)
        above = above.getparent()
    return phrases if above is not None and above.tag == "p" else None


def _part(paragraph: Element) -> None:
    """Put what stands before, between and behind the blocks in a paragraph into paragraphs of their own."""
    parts = [paragraph]
    for child in list(paragraph):
        if child.tag in _HELD_BLOCKS:
            parts[-1].addnext(child)
            part = etree.Element("p", {str(name): str(value) for name, value in paragraph.items()})
            part.text, child.tail = child.tail, None
            child.addnext(part)
            parts.append(part)
        elif len(parts) > 1:
            parts[-1].append(child)
    parts[-1].tail, paragraph.tail = (parts[-1].tail or "") + (paragraph.tail or ""), None
    for part in parts:
        if not has_content(part):
            drop(part)


def _is_display(element: Element) -> bool:
    return element.tag == "x-tex" and element.get("display") == "block"


def _said_by(element: Element) -> str | None:
    """Return the text that an element begins with."""
    if element.tag == "x-tex":
        return f"${' '.join(tex.split())}$" if (tex := tex_of(element)) else None
    if element.tag == "input":
        box = (element.get("type") or "").lower() == "checkbox"
        return ("\u2610" if element.get("checked") is None else "\u2611") if box else None
    return element.text.lstrip("\n") if element.text and _begins_listing(element) else element.text


def _begins_listing(element: Element) -> bool:
    """Whether nothing of a listing stands before the text of an element; empty lines there are not seen."""
    above = element.getparent()
    if element.tag == "pre" or above is None or above.tag != "pre":
        return element.tag == "pre"
    return element.getprevious() is None and not (above.text or "").strip("\n")


def _dressed(text: str, before: list[str], behind: list[str]) -> list[str]:
    """Put tags around a text, but not around the white space at its edges."""
    inner = text.strip(_SPACES)
    if not before or not inner:
        return [text]
    start = text.index(inner)
    edges = _squeezed(text[:start]), _squeezed(text[start + len(inner) :])
    return [piece for piece in (edges[0], *before, inner, *behind, edges[1]) if piece]


def _is_line(box: Element) -> bool:
    """Whether a box with no name in Markdown holds one line, and others stand beside it."""
    parent, before = box.getparent(), box.getprevious()
    if parent is None or not has_content(box):
        return False
    alone = before is None and box.getnext() is None and is_blank(parent.text) and is_blank(box.tail)
    return not alone and next(box.iterdescendants(*_BOXES, *_HELD_BLOCKS), None) is None


def _attributes(element: Element) -> str:
    names = _KEPT_ATTRIBUTES.get(element.tag, ())
    values = {name: " ".join((element.get(name) or "").split()) for name in names if element.get(name)}
    if values.get("class"):
        values["class"] = found[0] if (found := _LANGUAGE.search(values["class"])) else ""
    if (title := values.get("title")) and title in {values.get("alt"), values.get("src"), values.get("href")}:
        del values["title"]  # one that repeats what is there anyway, as in Markdown
    return "".join(f' {name}="{html.escape(value)}"' for name, value in values.items() if value)


def _text(text: str | None, *, verbatim: bool) -> str:
    if not text:
        return ""
    escaped = html.escape(text, quote=False)
    if verbatim:
        return escaped.replace("\r", "&#13;").replace("\n", "&#10;")
    # A carriage return, which a character reference makes, is a line end in Markdown; two of them would end the block.
    escaped = escaped.replace("\r", "\n")
    return escaped if not escaped.isspace() and "\n" not in escaped else _squeezed(escaped)


def _squeezed(text: str) -> str:
    """Collapse white space, at an edge to a line end where it holds one; a wide space (U+3000) is the author's."""
    inner = " ".join(piece for piece in _WHITE.split(text) if piece)
    before = text[: len(text) - len(text.lstrip(_SPACES))]
    after = text[len(text.rstrip(_SPACES)) :] if inner else ""
    edges = ["\n" if "\n" in white else " " if white else "" for white in (before, after)]
    return inner.join(edges)


def _joined(pieces: list[str], *, prettified: bool) -> str:
    """Join tags and texts: a line end between phrases is a space, or where a pretty-printer was may be one.

    Of spaces that several pieces bring the first stays, since another reader would find them in one text.
    """
    out: list[str] = []
    left, edge = "", "span"
    gap = -1  # where in `out` a space may belong
    spaced = False  # whether the line ends in a space
    depth_of_pre = 0
    for piece in pieces:
        tag = _TAG_NAME.match(piece)
        if piece == "<hr>" == (out or [""])[-1]:
            continue  # the boxes around them are not written, and rules side by side are one
        if tag is not None and tag[2] != "img":
            out.append(piece)
            if tag[2] not in _INLINE:
                left, gap, spaced = "", -1, False
                depth_of_pre += 0 if tag[2] != "pre" else -1 if tag[1] else 1
            else:
                edge = "script" if tag[1] and tag[2] in {"sub", "sup"} else _EDGES.get(tag[2], edge)
                gap = _place(out) if gap >= 0 and tag[1] else gap  # behind what ends, before what begins
            continue
        if piece[0] == "\n" and left and gap < 0:
            gap = _place(out)
        text = "x" if tag else html.unescape(piece.strip("\n"))
        if not text:
            continue
        if gap >= 0 and not text.isspace() and (not prettified or had_space(left, text, edge)):
            out[gap] = "" if spaced else " "
            spaced = True
        said = piece.strip("\n")
        out.append(said.lstrip(" ") if spaced and not depth_of_pre else said)
        spaced = said[-1] == " "
        left, edge = text.strip(_SPACES), "span"
        gap = _place(out) if piece[-1] == "\n" else -1
    return "".join(out).strip()


def _place(out: list[str]) -> int:
    """Make place for a space; returns where."""
    out.append("")
    return len(out) - 1
