"""What each element means to `seen`: what it does to the state of the walk when it begins and when it ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from lxml import etree

from converter.seen import (
    BOLD,
    HEAD,
    IMAGE,
    IN_CODE,
    ITALIC,
    KEY,
    LINE,
    LOOK,
    MATH,
    MAYBE,
    PART,
    STRUCK,
    SUB,
    SUP,
    Enter,
    Heading,
    List,
    Token,
    Walk,
    apart,
    attribute,
    enter_block,
    number_of,
    tells,
    unescaped,
)
from converter.seen_tables import enter_caption, enter_cell, enter_row, enter_table, is_html

if TYPE_CHECKING:
    from converter.tree import Element

TOKEN: Final = re.compile(r"<(/?[^\s/>]+)([^>]*)>([^<]*)")
_TAG_MARKS: Final = {
    **dict.fromkeys(("strong", "b"), BOLD),
    **dict.fromkeys(("em", "i"), ITALIC),
    **dict.fromkeys(("del", "s", "strike"), STRUCK),
    **dict.fromkeys(("code", "tt", "samp"), IN_CODE),
    "sup": SUP,
    "sub": SUB,
    "kbd": KEY,
}
HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCK_TAGS: Final = tuple(
    "address article aside body center dd details dialog dl dt fieldset figcaption figure footer form "
    "header hgroup html legend main nav p section summary tbody tfoot thead".split()
)
_WIDE_BLANK: Final = f"\u3000 {MAYBE}"
_LINE_ENDS: Final = dict.fromkeys(map(ord, "\t\n\r\f"))
_DEEPEST: Final = 40
"""Deeper lists and quotes are read as if they were not there; a list counts twice, its items are boxes as well."""
_PICTURES: Final = re.compile(f"(?:{IMAGE}[^{IMAGE}]*{IMAGE}|{LOOK}[^{LOOK}]*{LOOK}|[ \u3000{MAYBE}])+")


def address(href: str) -> str:
    """Write an address in one way, whether it was percent-encoded or not."""
    href = href.strip()
    if "%" not in href and href.isprintable():
        return href
    return unquote(href.translate(_LINE_ENDS))


def tokens_of(root: Element) -> list[Token]:
    """Cut a tree into tags, each with the text behind it."""
    tokens: list[Token] = TOKEN.findall(etree.tostring(root, encoding="unicode", with_tail=False))
    return tokens


def seen(tokens: list[Token], *, article: bool = False, prettified: bool = False) -> str:
    """Say what a reader sees of a piece of HTML.

    Args:
        tokens: well-formed, from `tokens_of`.
        article: it is what has to be said, not what was made of it: it may leave open whether there is a space.
        prettified: white space with a line end in it says nothing.

    """
    walk = Walk(article=article, prettified=prettified)
    walk.read(tokens, ELEMENTS)
    return "".join(walk.out)


# --------------------------------------------------------------------------------------------------------- inlines
def _enter_mark(walk: Walk, tag: str, attributes: str, _: str) -> None:
    walk.stack.append((None, walk.marks, walk.link))
    if walk.marks & IN_CODE:
        return  # code is bold as a whole or not at all
    walk.marks |= _TAG_MARKS[tag]
    if attributes:
        walk.restyle(attributes)


def _enter_sup(walk: Walk, tag: str, attributes: str, text: str) -> str | None:
    """Begin a superscript; the renderer writes references to footnotes in it, and the labels of those."""
    # Posts have classes like these: `footnote-ref` is markdown-it's, and mdnice's.
    if "footnote-reference" not in attributes and "footnote-definition-label" not in attributes:
        _enter_mark(walk, tag, attributes, text)
        return None
    _, inside, behind = _text_to(walk, "/sup")
    if "footnote-reference" in attributes:
        _refer(walk, unquote(attribute(inside, "href")[1:]))
    return behind


def _enter_reference(walk: Walk, _: str, attributes: str, text: str) -> str:
    _refer(walk, attribute(attributes, "label"))
    return text if attributes[-1:] == "/" else _text_to(walk, "/x-ref")[2]


def _refer(walk: Walk, label: str) -> None:
    walk.atom(f"{IMAGE}[^{label}]{IMAGE}")


def _enter_link(walk: Walk, _tag: str, attributes: str, _: str) -> None:
    walk.stack.append((None, walk.marks, walk.link))
    walk.link = walk.link or address(attribute(attributes, "href"))
    if tells(attributes):
        walk.restyle(attributes)


def _enter_image(walk: Walk, _: str, attributes: str, behind: str) -> str:
    source = address(attribute(attributes, "src"))
    if source:
        alt = " ".join(attribute(attributes, "alt").split())
        title = " ".join(attribute(attributes, "title").split())
        title = "" if title in {alt, source} else title
        walk.atom(f"{IMAGE}{source}{PART}{alt}{PART}{title}{IMAGE}")
    return behind


def _enter_break(walk: Walk, _tag: str, _: str, behind: str) -> str:
    if walk.heading is not None:
        walk.gap = ""
        walk.out.append(LINE)
    elif walk.in_cell:
        walk.end()
    else:
        walk.boundary = min(walk.boundary + 1, 2)
        walk.gap = ""
    return behind


def _enter_nothing(walk: Walk, _: str, attributes: str, behind: str) -> str | None:
    """Begin an element that holds nothing; libxml2 does not know all of them, and puts what follows into them."""
    if attributes[-1:] == "/" or is_html(walk):
        return behind
    walk.stack.append(None)
    return None


def _enter_span(walk: Walk, _: str, attributes: str, text: str) -> str | None:
    """Begin a span; the renderer writes formulas in it."""
    if 'class="math math-' in attributes:
        return _read_formula(walk, "/span", text, block="math-display" in attributes)
    if attributes and tells(attributes):
        walk.stack.append((None, walk.marks, walk.link))
        walk.restyle(attributes)
    else:
        walk.stack.append(None)
    return None


def _enter_tex(walk: Walk, _: str, attributes: str, text: str) -> str:
    if attributes[-1:] == "/":
        return text
    return _read_formula(walk, "/x-tex", text, block='display="block"' in attributes)


def _read_formula(walk: Walk, end: str, text: str, *, block: bool) -> str:
    inside, _, behind = _text_to(walk, end)
    tex = " ".join((unescaped(text) + inside).split())
    if tex[:1] == "$" == tex[-1:]:
        tex = tex.strip("$ ")  # dollars of an editor's source inside of a formula
    if tex and walk.tables and is_html(walk):
        _say_tex(walk, tex, block=block)
    elif tex and block and walk.heading is None and not walk.link:
        walk.end()
        walk.atom(MATH + ("" if walk.in_cell else MATH) + tex + MATH)
        walk.end()
    elif tex:
        # A renderer takes no dollar beside a digit, or another one, for math: the writer puts a space between.
        walk.gap = walk.gap or (MAYBE if walk.article else "")
        walk.atom(MATH + tex + MATH)
        walk.gap = MAYBE if walk.article else ""
    return behind


def _say_tex(walk: Walk, tex: str, *, block: bool) -> None:
    if block:
        walk.end()
    walk.put(f"${tex}$")
    if block:
        walk.end()


def _text_to(walk: Walk, end: str) -> tuple[str, str, str]:
    """Read to an end tag; returns the text inside, the attributes of what is inside, the text behind."""
    inside: list[str] = []
    attributes: list[str] = []
    depth = 1
    for tag, more, text in walk.rest:
        if tag == end:
            depth -= 1
            if not depth:
                return unescaped("".join(inside)), " ".join(attributes), text
        elif tag == end[1:] and more[-1:] != "/":
            depth += 1
        inside.append(text)
        attributes.append(more)
    return unescaped("".join(inside)), " ".join(attributes), ""


# ---------------------------------------------------------------------------------------------------------- blocks
def _enter_division(walk: Walk, tag: str, attributes: str, text: str) -> None:
    """Begin a division; the renderer writes footnotes in it."""
    if attributes and 'class="footnote-definition"' in attributes:
        _begin_note(walk, attribute(attributes, "id"))
    else:
        enter_block(walk, tag, attributes, text)


def _enter_note(walk: Walk, _tag: str, attributes: str, _: str) -> None:
    _begin_note(walk, attribute(attributes, "label"))


def _begin_note(walk: Walk, label: str) -> None:
    walk.begin(f"[^{label}]")
    walk.path.append("n")
    walk.stack.append((_leave_note, walk.marks, None))


def _leave_note(walk: Walk, marks: int, _: None) -> None:
    walk.marks = marks
    walk.path.pop()
    walk.close()


def _enter_heading(walk: Walk, tag: str, attributes: str, text: str) -> None:
    if walk.heading is not None:
        enter_block(walk, tag, attributes, text)
        return
    if walk.in_cell or (walk.pending and walk.pending[-1][-1] == "]"):  # no headings in cells and beside check boxes
        enter_block(walk, tag, attributes, text)
        walk.marks |= BOLD
        return
    heading = Heading(tag, walk)
    walk.stack.append((_leave_heading, walk.marks, heading))
    walk.heading, walk.out, walk.pending = heading, [], []
    walk.boundary, walk.gap, walk.said = 0, "", (0, "")
    walk.mask &= ~BOLD
    if attributes and tells(attributes):
        walk.restyle(attributes)


def _leave_heading(walk: Walk, marks: int, heading: Heading) -> None:
    """Say a heading: its lines as one; lines of pictures at its edges are paragraphs beside it."""
    text = "".join(walk.out)
    walk.out, walk.pending, walk.heading = heading.out, heading.pending, None
    walk.marks, walk.mask, walk.gap = marks, heading.mask, ""
    if LINE in text or IMAGE in text:
        lines = [line for line in (line.strip(_WIDE_BLANK) for line in text.split(LINE)) if line]
        first, last = 0, len(lines)
        while first < last and _PICTURES.fullmatch(lines[first]):
            first += 1
        while last > first and _PICTURES.fullmatch(lines[last - 1]):
            last -= 1
        lines = [*lines[:first], " ".join(lines[first:last]).strip(_WIDE_BLANK), *lines[last:]]
        for place, line in enumerate(apart(lines)):
            _say_line(walk, line, heading.level if place == first else "")
    else:
        _say_line(walk, text.strip(_WIDE_BLANK), heading.level)
    walk.boundary = 2
    walk.out += heading.behind


def _say_line(walk: Walk, line: str, sign: str) -> None:
    if line:
        walk.boundary = 2
        if sign:
            walk.pending.append(sign)
        walk.arrive()
        walk.out.append(line)


def _enter_quote(walk: Walk, tag: str, attributes: str, text: str) -> None:
    if walk.in_cell or walk.depth >= _DEEPEST:
        enter_block(walk, tag, attributes, text)
        return
    walk.begin(">")
    walk.path.append(">")
    walk.depth += 1
    walk.stack.append((_leave_quote, walk.marks, None))
    if attributes and tells(attributes):
        walk.restyle(attributes)


def _leave_quote(walk: Walk, marks: int, _: None) -> None:
    walk.marks = marks
    walk.path.pop()
    walk.depth -= 1
    walk.close()


def _enter_list(walk: Walk, tag: str, attributes: str, text: str) -> None:
    if walk.depth >= _DEEPEST:
        walk.lists.append(None)
        enter_block(walk, tag, attributes, text)
        walk.stack[-1] = (_leave_deep_list, walk.marks, None)
        return
    around = walk.lists[-1] if walk.lists else None
    stray = around is not None and not around.started
    if around is not None and stray:
        walk.begin(around.item())
    walk.begin("ul" if tag != "ol" else tag)
    walk.path.append("o" if tag == "ol" else "u")
    walk.depth += 2
    walk.lists.append(List(tag, attributes))
    walk.stack.append((_leave_list, walk.marks, stray))
    if attributes and tells(attributes):
        walk.restyle(attributes)


def _leave_list(walk: Walk, marks: int, stray: bool) -> None:  # noqa: FBT001 (it stands in a list without an item)
    walk.marks = marks
    walk.lists.pop()
    walk.path.pop()
    walk.depth -= 2
    walk.close()
    if stray:
        walk.close()


def _leave_deep_list(walk: Walk, marks: int, _: None) -> None:
    walk.lists.pop()
    walk.marks = marks
    walk.end()


def _enter_item(walk: Walk, tag: str, attributes: str, text: str) -> None:
    found = walk.lists[-1] if walk.lists else None
    if found is None:
        enter_block(walk, tag, attributes, text)
        return
    if found.number >= 0 and attributes and (value := attribute(attributes, "value")):
        found.number = 0 if value.strip() == "0" else number_of(value) or found.number
    walk.begin(found.item())
    walk.lists.append(None)
    walk.stack.append((_leave_item, walk.marks, None))
    if attributes and tells(attributes):
        walk.restyle(attributes)


def _leave_item(walk: Walk, marks: int, _: None) -> None:
    walk.marks = marks
    walk.lists.pop()
    found = walk.lists[-1]
    if found is not None:
        found.unsaid = walk.pending[-1].partition("[")[0] if walk.pending else ""
    walk.close()


def _enter_input(walk: Walk, _: str, attributes: str, behind: str) -> str:
    if "checkbox" in attributes and walk.tables and is_html(walk):
        walk.put("\u2611" if re.search(r"\schecked\b", attributes) else "\u2610")
    elif "checkbox" in attributes and walk.pending and walk.pending[-1][-1] in "-.":
        walk.pending[-1] += "[x]" if re.search(r"\schecked\b", attributes) else "[ ]"
    return behind


def _enter_pre(walk: Walk, _: str, attributes: str, text: str) -> str:
    if attributes[-1:] == "/":
        return text
    inside, more, behind = _text_to(walk, "/pre")
    code = unescaped(text) + inside
    if code.strip():
        found = re.search(r"(?:^|[\s\"])language-([^\s\"]+)", attributes + " " + more)
        walk.block(f"code {found[1] if found else ''}", code.lstrip("\n").removesuffix("\n"))
    return behind


def _enter_rule(walk: Walk, _tag: str, _: str, behind: str) -> str:
    """Say a rule; one directly after a rule says nothing."""
    if walk.out[-1:] == ["\u2015"] and not walk.pending and walk.out[-2].endswith(f":{''.join(walk.path)}{HEAD}"):
        return behind
    walk.block("rule", "\u2015")
    return behind


ELEMENTS: Final[dict[str, Enter]] = {
    **dict.fromkeys(_TAG_MARKS, _enter_mark),
    **dict.fromkeys(_BLOCK_TAGS, enter_block),
    **dict.fromkeys(HEADINGS, _enter_heading),
    **dict.fromkeys(("ul", "ol", "menu", "dir"), _enter_list),
    **dict.fromkeys(("td", "th"), enter_cell),
    **dict.fromkeys(("wbr", "col", "embed", "source", "area", "track", "param"), _enter_nothing),
    "a": _enter_link,
    "sup": _enter_sup,
    "x-ref": _enter_reference,
    "x-note": _enter_note,
    "div": _enter_division,
    "img": _enter_image,
    "br": _enter_break,
    "span": _enter_span,
    "x-tex": _enter_tex,
    "blockquote": _enter_quote,
    "li": _enter_item,
    "input": _enter_input,
    "pre": _enter_pre,
    "hr": _enter_rule,
    "table": enter_table,
    "tr": enter_row,
    "caption": enter_caption,
}
