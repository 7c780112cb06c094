"""Inline runs of the markdownify engine: flatten a run of nodes, repair what strings cannot repair, build it again.

markdownify turns every element into a string and cannot see its neighbours, yet spaces, hard breaks and the flanking
of emphasis depend on them. So each run of inline nodes is first a flat list of pieces that know their marks; there the
white space is decided and emphasis is moved; then it becomes a tree again that any converter would write correctly.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

from bs4.element import NavigableString, PreformattedString, Tag

from converter.spacing import Quotes, had_space

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bs4 import BeautifulSoup

MARKS: Final = {"strong": "strong", "b": "strong", "em": "em", "i": "em", "del": "del", "s": "del", "strike": "del"}
WRAPPERS: Final = frozenset({"a", "sub", "sup", "kbd"})
_CODE: Final = frozenset({"code", "tt"})
_KINDS: Final = {**MARKS, "del": "span", "s": "span", "strike": "span", "a": "a", "code": "code", "tt": "code"}
_KIND_ORDER: Final = ("code", "math", "a", "strong", "em", "script", "span")
_NESTING: Final = ("strong", "em", "del")
_SPACE: Final = " \t\n\r\f\v\xa0"
_SPACES: Final = re.compile(f"[{_SPACE}]+")
_LINES: Final = re.compile(f"([^{_SPACE}]{{1,3}})[ \t]*\n[{_SPACE}]*(?=([^{_SPACE}]{{1,2}}))")
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>\x00-\x20]+").fullmatch

Kind = Literal["text", "code", "img", "br", "tex", "display", "raw", "note", "group"]


@dataclass(frozen=True, slots=True)
class Context:
    """The inline elements around a piece of text.

    Attributes:
        marks: emphasis, by its Markdown name (`strong`, `em`, `del`).
        wraps: links and sub, sup, kbd elements, outermost first.
        code: the code element around it.

    """

    marks: frozenset[str] = frozenset()
    wraps: tuple[Tag, ...] = ()
    code: Tag | None = None

    def inside(self, tag: Tag) -> Context:
        """Return the context of the children of an inline element."""
        name = tag.name
        if name in MARKS:
            return replace(self, marks=self.marks | {MARKS[name]})
        if name in _CODE:
            return replace(self, code=self.code or tag)
        if name == "a" and (not tag.get("href") or any(wrap.name == "a" for wrap in self.wraps)):
            return self
        return replace(self, wraps=(*self.wraps, tag)) if name in WRAPPERS else self


@dataclass(slots=True)
class Piece:
    """Part of a line: text, an atom such as an image, or (kind `group`) a link with the pieces inside it."""

    kind: Kind
    text: str = ""
    context: Context = field(default_factory=Context)
    node: Tag | None = None
    inner: list[Piece] = field(default_factory=list)
    marks: frozenset[str] = frozenset()

    def edge(self, end: int) -> str:
        """Return the first (0) or last (-1) character that will stand there; a space for a break."""
        if self.kind == "text":
            return self.text[end]
        return " " if self.kind in {"br", "display"} else "*"

    def continues(self, last: Piece, *, glued: bool) -> bool:
        """Tell whether this is more of the same code: cut by highlighting, or glued to it, as two spans cannot be."""
        same = self.node is last.node or glued
        return self.kind == last.kind == "code" and same and self.context.wraps == last.context.wraps


class _Stream:
    """Collects pieces and decides, when the next one comes, whether a space stands before it."""

    def __init__(self, *, prettified: bool, one_line: bool) -> None:
        self.pieces: list[Piece] = []
        self._prettified = prettified
        self._one_line = one_line
        self._gap = 0  # 1: a pretty-printer may have put it there; 2: nobody but the author
        self._crossed: set[str] = set()
        self._quotes = Quotes(self.pieces)

    def cross(self, tag: str) -> None:
        """An inline tag opens or closes here."""
        self._crossed.add(_KINDS.get(tag, "span"))

    def text(self, raw: str, context: Context) -> None:
        """Add the text of one node."""
        if self._prettified:
            raw = _LINES.sub(_join_lines, raw)  # an inline element that said nothing stood here
        self._gap = max(self._gap, _gap_of(raw[: len(raw) - len(raw.lstrip(_SPACE))]))
        self._crossed.add("span")
        if body := _SPACES.sub(" ", raw).strip(" "):
            self.add(Piece("code" if context.code else "text", body, context, context.code))
            self._gap = _gap_of(raw[len(raw.rstrip(_SPACE)) :])

    def add(self, piece: Piece) -> None:
        """Add a piece, with a space before it if one belongs there."""
        if piece.kind == "display" and (self._one_line or piece.context.wraps):
            piece.kind, piece.text = "tex", " ".join(piece.text.split())
        last = self.pieces[-1] if self.pieces else None
        line_start = last is None or {last.kind, piece.kind} & {"br", "display"}
        space = last is not None and not line_start and self._space(last, piece)
        self._gap, self._crossed = 0, {"math"} if piece.kind == "tex" else set()
        if last is not None and piece.continues(last, glued=not space):
            last.text += " " * space + piece.text
            return
        if space and last is not None:
            self.pieces.append(Piece("text", " ", _common(last.context, piece.context)))
        self.pieces.append(piece)

    def _space(self, last: Piece, piece: Piece) -> bool:
        left, right = (p.text if p.kind in {"text", "code", "tex"} else "x" for p in (last, piece))
        if last.kind == "raw" or ("tex" in {last.kind, piece.kind} and _digit_at_dollar(last, piece)):
            return True
        if self._gap != 1 or not self._prettified or not self._crossed:
            return self._gap > 0
        if _scripts(piece) - _scripts(last):
            return False  # x<sup>2</sup>, H<sub>2</sub>: never a space before
        crossed = self._crossed | ({"math"} if piece.kind == "tex" else set())
        crossed |= {"script"} if _scripts(last) - _scripts(piece) else set()
        space = had_space(left, right, next(kind for kind in _KIND_ORDER if kind in crossed))
        unread = map(_words, self.pieces[self._quotes.read :])
        return space and not self._quotes.glue(unread, _words(last), _words(piece))


def _words(piece: Piece) -> str:
    return piece.text if piece.kind == "text" else "\n" if piece.kind in {"br", "display"} else ""


def _join_lines(match: re.Match[str]) -> str:
    return match[1] + " " * had_space(match[1], match[2], "span")


def _gap_of(white: str) -> int:
    return 0 if not white else 1 if "\n" in white else 2


def _scripts(piece: Piece) -> set[int]:
    return {id(wrap) for wrap in piece.context.wraps if wrap.name in {"sub", "sup"}}


def _digit_at_dollar(last: Piece, piece: Piece) -> bool:
    """Tell whether a digit would touch the dollar of a formula: `$x$2` is no formula."""
    return (last.kind == "tex" and piece.text[:1].isdigit()) or (piece.kind == "tex" and last.text[-1:].isdigit())


def _common(a: Context, b: Context) -> Context:
    """Return what surrounds a space between two pieces: never more than surrounds both."""
    wraps: tuple[Tag, ...] = ()
    for one, other in zip(a.wraps, b.wraps, strict=False):
        if one is not other:
            break
        wraps = (*wraps, one)
    return Context(a.marks & b.marks, wraps)


def _walk(node: Tag | NavigableString, context: Context, stream: _Stream) -> None:
    if isinstance(node, NavigableString):
        if not isinstance(node, PreformattedString):
            stream.text(str(node), context)
        return
    if node.name in _ATOMS:
        stream.cross(node.name)
        if (piece := _atom(node, context)) is not None:
            stream.add(piece)
        stream.cross(node.name)
        return
    stream.cross(node.name)
    for child in node.children:
        if isinstance(child, Tag | NavigableString):
            _walk(child, context.inside(node), stream)
    stream.cross(node.name)


_ATOMS: Final = frozenset({"br", "img", "x-tex", "x-ref", "input", "pre"})


def _atom(node: Tag, context: Context) -> Piece | None:
    context = replace(context, code=None)
    if node.name == "br":
        return Piece("br", "", replace(context, marks=frozenset()))
    if node.name == "img":
        return Piece("img", "", context, node) if node.get("src") else None
    if node.name == "input":
        return Piece("raw", "[x]" if node.has_attr("checked") else "[ ]", Context())
    if node.name == "x-ref":
        return Piece("note", f"[^{node['label']}]", context)
    if node.name == "pre":
        return Piece("raw", _html_pre(node), replace(context, marks=frozenset()))
    tex = node.get_text()
    if node.get("display") == "block":
        lines = (line.rstrip() for line in tex.strip().split("\n"))
        return Piece("display", "\n".join(line for line in lines if line), replace(context, marks=frozenset()))
    tex = " ".join(tex.split())
    return Piece("tex", tex, context) if tex else None


def _html_pre(node: Tag) -> str:
    """Write a code block for a table cell: HTML on one line, with everything that Markdown reads as entities."""
    code = node.get_text().strip("\n")
    text = re.sub(r"[^\w\s]", lambda m: f"&#{ord(m.group())};" if m.group().isascii() else m.group(), code)
    text = text.replace("_", "&#95;").replace("\n", "<br>")
    inner = node.find("code")
    names = inner.get("class") if isinstance(inner, Tag) else None
    attribute = f' class="{" ".join(names)}"' if names else ""
    return f"<pre><code{attribute}>{text}</code></pre>"


def flatten(
    nodes: Iterable[tuple[Tag | NavigableString, Context]], *, prettified: bool, one_line: bool = False
) -> list[Piece]:
    """Return the pieces of a run of inline nodes, white space decided; `one_line`: no display math, breaks collapse."""
    stream = _Stream(prettified=prettified, one_line=one_line)
    for node, context in nodes:
        _walk(node, context, stream)
    pieces = _trim(_trim(stream.pieces)[::-1], end=True)[::-1]
    for piece in pieces:
        piece.marks = piece.context.marks
    return _collapse(pieces) if one_line else pieces


def _trim(pieces: list[Piece], *, end: bool = False) -> list[Piece]:
    """Drop white space that indents a line, or ends it: U+3000 in 554 posts, most of it indentation."""
    kept: list[Piece] = []
    edge = True
    for piece in pieces:
        if edge and piece.kind == "text":
            piece.text = piece.text.rstrip() if end else piece.text.lstrip()
        if piece.kind != "text" or piece.text:
            kept.append(piece)
            edge = piece.kind in {"br", "display"}
    return kept


def paragraphs(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Split at display math (alone in its list) and wherever two or more breaks meet; drop breaks at the edges."""
    current: list[Piece] = []
    breaks: list[Piece] = []
    for piece in pieces:
        if piece.kind == "br":
            breaks.append(piece)
            continue
        if current and (len(breaks) > 1 or piece.kind == "display"):
            yield current
            current = []
        if piece.kind == "display":
            yield [piece]
        else:
            current += [*(breaks[:1] if current else ()), piece]
        breaks = []
    if current:
        yield current


def _collapse(pieces: Sequence[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for paragraph in paragraphs(pieces):
        joined += [*([Piece("br")] if joined else ()), *paragraph]
    return joined


def has_text(pieces: Iterable[Piece]) -> bool:
    """Tell whether there is more than images and breaks."""
    return any(p.kind in {"code", "tex", "raw"} or (p.kind == "text" and p.text.strip()) for p in pieces)


def build(soup: BeautifulSoup, parent: Tag, pieces: Sequence[Piece]) -> None:
    """Append the pieces to `parent` as a tree whose emphasis CommonMark can delimit."""
    items = _nest(pieces, 0)
    _settle(items, " ", " ")
    _assemble(soup, parent, items, frozenset())


def _nest(pieces: Sequence[Piece], depth: int) -> list[Piece]:
    """Put neighbours that share a link (or sub, sup, kbd) into one group."""
    items: list[Piece] = []
    start = 0
    while start < len(pieces):
        wraps = pieces[start].context.wraps
        if len(wraps) <= depth:
            items.append(pieces[start])
            start += 1
            continue
        end = start
        while end < len(pieces) and pieces[end].context.wraps[depth : depth + 1] == (wraps[depth],):
            end += 1
        items.append(Piece("group", node=wraps[depth], inner=_nest(pieces[start:end], depth + 1)))
        start = end
    return items


def _settle(items: list[Piece], before: str, after: str) -> None:
    """Move emphasis until every delimiter flanks: first around groups, then inside them."""
    for index, item in enumerate(items):
        if item.kind == "group":
            near = [p.marks for p in items[max(0, index - 1) : index + 2] if p is not item and p.kind != "br"]
            near += [_shared(p) for p in items[index + 1 : index + 2] if p.kind == "group"]
            outside = _shared(item) if _is_url(item) else _shared(item) & frozenset().union(*near)
            _change(item, outside, add=True)
    _untangle(items, before, after)
    for mark in _NESTING:
        _flank(items, mark, before, after)
    for item in items:
        if item.kind == "group":
            _settle(item.inner, "[", "]")


def _is_url(group: Piece) -> bool:
    """Tell whether a link can be written as `<address>`."""
    text = "".join(piece.text for piece in group.inner if piece.kind == "text")
    plain = all(piece.kind == "text" for piece in group.inner)
    node = group.node
    return plain and node is not None and node.get("href") == text and not node.get("title") and bool(_ABSOLUTE(text))


def _untangle(items: list[Piece], before: str, after: str) -> None:
    """Drop emphasis that begins or ends together with strikethrough inside a word: `a**~~b~~**` cannot flank."""
    emphasis = frozenset({"strong", "em"})
    for index, item in enumerate(items):
        if "del" not in item.marks or not item.marks & emphasis:
            continue
        for near, end, outside in ((index - 1, -1, before), (index + 1, 0, after)):
            marks = items[near].marks if 0 <= near < len(items) else frozenset()
            if "del" not in marks and not marks & emphasis and _blocked("*", _edge(items, near, end, outside)):
                _change(item, emphasis, add=False)


def _shared(group: Piece) -> frozenset[str]:
    marks = [p.marks for p in group.inner if p.kind not in {"br", "raw"}]
    return frozenset.intersection(*marks) if marks else frozenset()


def _change(item: Piece, marks: frozenset[str], *, add: bool) -> None:
    """Lift marks from the inside of a group to the group itself, or push them back down."""
    item.marks = item.marks | marks if add else item.marks - marks
    for piece in item.inner:
        piece.marks = piece.marks - marks if add else piece.marks | marks


def _flank(items: list[Piece], mark: str, before: str, after: str) -> None:
    """Shorten each span of `mark` until its delimiters flank (CommonMark 6.2), or unwrap it."""
    start = 0
    while start < len(items):
        if mark not in items[start].marks:
            start += 1
            continue
        end = start
        while end + 1 < len(items) and mark in items[end + 1].marks:
            end += 1
        if not any(_has_word(item) for item in items[start : end + 1]):
            for item in items[start : end + 1]:
                _change(item, frozenset({mark}), add=False)
            start = end + 1
            continue
        while start <= end and _blocked(items[start].edge(0), _edge(items, start - 1, -1, before)):
            end += _peel(items, start, mark, 0)
            start += 1
        while end >= start and _blocked(items[end].edge(-1), _edge(items, end + 1, 0, after)):
            end += _peel(items, end, mark, -1) - 1
        start = max(start, end + 1)


def _edge(items: list[Piece], index: int, end: int, outside: str) -> str:
    return items[index].edge(end) if 0 <= index < len(items) else outside


def _blocked(inner: str, outer: str) -> bool:
    """Tell whether a delimiter between these two characters cannot flank."""
    return inner.isspace() or (is_punctuation(inner) and not outer.isspace() and not is_punctuation(outer))


def is_punctuation(char: str) -> bool:
    """Tell whether CommonMark counts the character as punctuation (Unicode P and S)."""
    return unicodedata.category(char)[0] in "PS"


def _has_word(item: Piece) -> bool:
    if item.kind == "group":
        return any(_has_word(piece) for piece in item.inner)
    return item.kind in {"text", "code", "tex"} and any(map(str.isalnum, item.text))


def _peel(items: list[Piece], index: int, mark: str, end: int) -> int:
    """Take `mark` from one character or atom at the edge of a span; return by how many pieces the list grew."""
    item = items[index]
    gone = frozenset({mark})
    if item.kind != "text" or len(item.text) == 1:
        _change(item, gone, add=False)
        return 0
    at = 1 if end == 0 else len(item.text) - 1
    halves = [replace(item, text=item.text[:at]), replace(item, text=item.text[at:])]
    halves[end].marks -= gone
    items[index : index + 1] = halves
    return 1


def _assemble(soup: BeautifulSoup, parent: Tag, items: Sequence[Piece], done: frozenset[str]) -> None:
    """Write the items with as few elements as possible: the mark that reaches furthest is the outermost."""
    start = 0
    while start < len(items):
        reach = {mark: _reach(items, start, mark) for mark in _NESTING if mark in items[start].marks - done}
        if not reach:
            _append(soup, parent, items[start])
            start += 1
            continue
        mark = max(reach, key=lambda name: reach[name])
        tag = soup.new_tag(mark)
        parent.append(tag)
        _assemble(soup, tag, items[start : reach[mark]], done | {mark})
        start = reach[mark]


def _reach(items: Sequence[Piece], start: int, mark: str) -> int:
    return next((at for at in range(start, len(items)) if mark not in items[at].marks), len(items))


def _append(soup: BeautifulSoup, parent: Tag, item: Piece) -> None:
    if item.kind == "text":
        parent.append(NavigableString(item.text))
        return
    source = item.node
    name = source.name if item.kind == "group" and source is not None else item.kind
    tag = soup.new_tag({"tex": "x-tex", "raw": "x-raw", "note": "x-raw"}.get(name, name))
    for key in ("href", "src", "alt", "title"):
        if source is not None and source.get(key):
            tag[key] = " ".join(str(source[key]).split())
    if item.text:
        tag.string = item.text
    parent.append(tag)
    if item.kind == "group":
        _assemble(soup, tag, item.inner, frozenset())
        if _is_url(item):
            tag.name = "x-url"
