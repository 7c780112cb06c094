"""What a text is: HTML to convert, Markdown that stays as it is, or Markdown around boxes of HTML."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from converter.model import Kind, Source

_WRAPPERS: Final = ("blog-content-box", "content_views", "article_content", "cnblogs_post_body", "js_content")
_WRAPPER_TAG: Final = re.compile(
    r"""<[a-z][a-z0-9]*\b[^<>]{0,2000}?\b(?:class\s*=\s*["']?[^"'<>]{0,500}\bblog-content-box\b"""
    r"""|id\s*=\s*["']?(?:content_views|article_content|cnblogs_post_body|js_content)\b)""",
    re.IGNORECASE,
)
_FENCE: Final = re.compile(r" *(`{3,}|~{3,})").match  # in a list it stands further in
_WHOLE_PAGE: Final = re.compile(r"<(?:!doctype|html|head|body)\b", re.IGNORECASE).match
_LEADING_COMMENTS: Final = re.compile(r"\s*(?:(?:<!--.*?-->|<\?xml[^>]*>)\s*)*", re.DOTALL).match
_STARTS_AS_TAG: Final = re.compile(r"</?[a-zA-Z][^\s:@]*[\s>]").match  # not the autolinks <https://...> and <me@...>
_VERBATIM: Final = re.compile(r"<(pre|textarea|script|style|svg)\b|<!--", re.IGNORECASE)
_BLANK_LINES: Final = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_STRUCTURE: Final = re.compile(r" {0,3}(?:#{1,6}[ \t]|`{3}|~{3}|[-*+][ \t]|\d{1,9}[.)][ \t]|>|\|.*\|)").match
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)(?:\s[^<>]*?)?(/?)>")
_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_ENDS_BY_ITSELF: Final = frozenset("p li dt dd tr td th thead tbody tfoot option colgroup rt rp".split())
_VERBATIM_TAG: Final = re.compile(r"<(/?)(pre|textarea|script|style)\b", re.IGNORECASE)
_BACKTICKS: Final = re.compile(r"`+")
_LINE_END: Final = re.compile(r"\n[ \t]*\n")
_END_TAGS: Final = re.compile(r"(?:\s*</[a-zA-Z][^<>]*>)+")
_NO_TEXT: Final = re.compile(
    r"<[!?/]?[A-Za-z\[][^<>\"']*(?:\"[^\"]*\"[^<>\"']*|'[^']*'[^<>\"']*)*>|&#?\w{1,31};", re.DOTALL
)
_ENDS_A_PARAGRAPH: Final = frozenset(
    "address article aside blockquote details div dl fieldset figure footer form h1 h2 h3 h4 h5 h6 header main nav ol p"
    " pre section table ul".split()
)
# What is an element at all: `List<String>` is none.
_NAMES: Final = (
    _ENDS_A_PARAGRAPH
    | _ENDS_BY_ITSELF
    | frozenset(
        "a abbr b bdo big body button canvas caption center cite code data del dfn dir em figcaption font head html i"
        " iframe ins kbd label legend map mark menu noscript object output picture q ruby s samp script select small"
        " span strike strong style sub summary sup svg template textarea time title tt u var video audio".split()
    )
)
# What stands in a line; its end tags end no block around them.
_PHRASES: Final = frozenset(
    "a abbr b bdo big cite code data del dfn em font i ins kbd label mark q ruby s samp small span strike strong sub"
    " sup time tt u var".split()
)
_INDENT: Final = 3  # CommonMark: what is further in is code
_NOTHING: Final = "\0"  # no page has it: `decode` takes it out
_BLANK: Final = " \t" + _NOTHING
_GAP: Final = 200  # characters between two tags of a line that are looked at
_HTML_SUFFIXES: Final = (".html", ".htm", ".xhtml", ".shtml", ".mhtml", ".mht")


def kind_of(source: Source, body: str) -> Kind:
    """Tell whether a body is HTML to convert; Markdown may have boxes of HTML in it, see `pieces`."""
    if (source.path or source.name).lower().endswith(_HTML_SUFFIXES):
        return "html"
    if _has_wrapper(body):
        return "markdown" if _is_markdown_in_boxes(body) or _has_markdown_outside(body) else "html"
    return "html" if _is_html(body) else "markdown"


def pieces(body: str) -> list[tuple[Kind, str]]:
    """Cut Markdown into itself and the boxes of HTML that a site put around its posts, pasted between paragraphs.

    Args:
        body: of kind `markdown`.

    Returns:
        The pieces in their order; joined they are the body. HTML without such a box in it belongs to the Markdown.

    """
    if not _has_wrapper(body) or _is_markdown_in_boxes(body):
        return [("markdown", body)]
    out: list[tuple[Kind, str]] = []
    done = 0
    for start, end in _boxes(_masked(body)):
        out += ("markdown", body[done:start]), ("html", body[start:end])
        done = end
    return [*out, ("markdown", body[done:])]


def _boxes(masked: str) -> list[tuple[int, int]]:
    """Find the outermost elements with a box of a site in them; of a box that nobody closes, the elements in it."""
    found: list[tuple[int, int]] = []
    elements = _elements(masked)
    at = number = 0
    while wrapper := _WRAPPER_TAG.search(masked, at):
        start = wrapper.start()
        while number < len(elements) and elements[number][1] <= start:
            number += 1
        if number < len(elements) and elements[number][0] <= start:
            found.append(elements[number])
            at = elements[number][1]
            continue
        at = wrapper.end()
        if _begins_line(masked, start):
            at = _end_of_open(masked, masked.find(">", at) + 1 or len(masked), elements, number)
            found.append((start, at))
    return found


def _begins_line(masked: str, at: int) -> bool:
    before = masked[max(at - _INDENT - 1, 0) : at]
    line = before.rfind("\n") + 1
    return (line > 0 or at <= _INDENT) and not before[line:].strip(_BLANK)


def _end_of_open(masked: str, start: int, elements: list[tuple[int, int]], number: int) -> int:
    """Find where a box ends that is not closed: behind the elements in it, before text; else with its paragraph."""
    end = start
    while number < len(elements) and not _is_text(masked[end : elements[number][0]]):
        end = elements[number][1]
        number += 1
    if end == start:
        blank = _LINE_END.search(masked, start)
        return blank.start() if blank else len(masked)
    tags = _END_TAGS.match(masked, end)
    return tags.end() if tags else end


class _Open:
    """The elements that are open at a place of a text, and where each starts; -1: not with a line."""

    def __init__(self) -> None:
        self.blocks: list[tuple[str, int]] = []
        self._phrases: list[dict[str, list[int]]] = [{}]  # of the text, and of each block
        self._count: dict[str, int] = {}

    def begin(self, name: str, start: int) -> None:
        """Open an element."""
        if name in _PHRASES:
            self._phrases[-1].setdefault(name, []).append(start)
        else:
            self.blocks.append((name, start))
            self._phrases.append({})
            self._count[name] = self._count.get(name, 0) + 1

    def end(self, name: str) -> int:
        """Close the nearest element of a name, with all in it; tells its start, -1 also when there is none."""
        if name in _PHRASES:
            same = self._phrases[-1].get(name)
            return same.pop() if same else -1
        if not self._count.get(name):
            return -1
        while True:
            top, start = self.blocks.pop()
            self._phrases.pop()
            self._count[top] -= 1
            if top == name:
                return start


def _elements(masked: str) -> list[tuple[int, int]]:
    """Find the elements that begin a line, have an end and stand in no other such element.

    An end tag ends the nearest element of its name, whatever is open in that; so one tag too many, or what only looks
    like one, does not take in the rest of the text.
    """
    found: list[tuple[int, int]] = []
    open_ = _Open()
    line = solid = searched = 0
    for tag in _TAG.finditer(masked):
        name, at = tag[2].lower(), tag.start()
        while (end := masked.find("\n", searched, at)) >= 0:
            line = searched = end + 1
        searched = at
        if name not in _NAMES and name not in _VOID:
            continue
        # A tag begins a line also behind whole elements and other such tags.
        before = masked[max(line, solid) : at] if at - max(line, solid) < _GAP else "x"
        indented = solid < line and len(before) - len(before.lstrip(" \t")) > _INDENT and not open_.blocks
        begins = not indented and not before.strip(_BLANK)
        start = -1
        if tag[1]:
            start = open_.end(name)
            _add(found, start, tag.end())
        elif not tag[3] and name not in _VOID:
            if open_.blocks and open_.blocks[-1][0] == "p" and name in _ENDS_A_PARAGRAPH:
                _add(found, open_.end("p"), at)
            open_.begin(name, at if begins else -1)
        if begins or start >= 0:
            solid = tag.end()
    return found


def _add(found: list[tuple[int, int]], start: int, end: int) -> None:
    """Add an element that begins a line to those that stand in no other, in the place of those in it."""
    if start < 0:
        return
    while found and found[-1][0] >= start:
        found.pop()
    found.append((start, end))


def _masked(body: str) -> str:
    """Write over fences and code, which are text, and over comments and verbatim elements; the rest stays in place."""
    text = _without_code(body, html=True)
    kept: list[str] = []
    done = 0
    for start, end in _verbatim(text):
        kept += text[done:start], _NOTHING * (end - start)
        done = end
    return "".join(kept) + text[done:]


def _without_code(body: str, *, html: bool = False) -> str:
    """Write over fences and code; the rest stays in place.

    Args:
        body: Markdown.
        html: there are elements in it: what is verbatim in them is no fence, and what they indent is no code, which
            text before them is by its indent.

    """
    lines, fence, verbatim, tags = [], "", "", not html
    for line in body.split("\n"):
        line = _without_spans(line) if "`" in line and "<" in line and not fence else line  # noqa: PLW2901
        mark = None if verbatim else _FENCE(line)
        hidden = bool(fence) or (not tags and line.startswith(("    ", "\t")))
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip(" \t" + fence[0]):
                fence = ""
        elif mark:
            fence, hidden = mark[1], True
        elif html and "<" in line and not hidden:
            tags = tags or line[0] == "<"
            for tag in _VERBATIM_TAG.finditer(line):
                if not verbatim and not tag[1]:
                    verbatim = tag[2].lower()
                elif tag[1] and tag[2].lower() == verbatim:
                    verbatim = ""
        lines.append("x" * len(line) if hidden else line)
    return "\n".join(lines)


def _without_spans(line: str) -> str:
    """Write over inline code with a tag in it: from a run of backticks to the next one of the same length."""
    runs = [(run.start(), run.end()) for run in _BACKTICKS.finditer(line)]
    following: dict[int, int] = {}
    ends = [-1] * len(runs)
    for number in range(len(runs) - 1, -1, -1):
        length = runs[number][1] - runs[number][0]
        ends[number] = following.get(length, -1)
        following[length] = number
    kept: list[str] = []
    done = number = 0
    while number < len(runs):
        last = ends[number]
        if last < 0:
            number += 1
            continue
        start, end = runs[number][0], runs[last][1]
        if "<" in line[start:end]:
            kept += line[done:start], "x" * (end - start)
            done = end
        number = last + 1
    return "".join(kept) + line[done:]


def _has_markdown_outside(body: str) -> bool:
    """Whether Markdown stands before the first box, or behind the last element of the text.

    What stands in elements of its own is the frame of the page. Behind a box that closes too early there is HTML.
    """
    first = _WRAPPER_TAG.search(body)
    comments = _LEADING_COMMENTS(body)
    if first is None or _WHOLE_PAGE(body, comments.end() if comments else 0):
        return False
    start = first.start()
    if "```" in body[:start] or "~~~" in body[:start]:
        boxes = _boxes(_masked(body))
        start = boxes[0][0] if boxes else start
    head = _masked(body[:start]) if body[:start].strip() else ""
    # What seems to stand outside may be in an element that ends behind the box.
    if head and _is_any_outside(head, start) and _is_any_outside(_masked(body), start):
        return True
    tail = body[max(body.rfind("</div>"), body.rfind("</article>")) :].partition(">")[2].strip()
    return _is_text(tail) and tail[0] != "<"


def _is_any_outside(masked: str, end: int) -> bool:
    """Whether there is text outside of elements, up to a place."""
    done = 0
    for start, after in _elements(masked):
        if _is_text(masked[done : min(start, end)]):
            return True
        done = after
        if done >= end:
            return False
    return _is_text(masked[done:end])


def _is_text(text: str) -> bool:
    """Whether there is a letter beside tags and references; a formatter leaves a few marks of a fence."""
    return any(map(str.isalnum, _NO_TEXT.sub("", text)))


def _is_markdown_in_boxes(body: str) -> bool:
    """Whether the text in the boxes is Markdown: no HTML in them but in code, and two lines are signs of Markdown."""
    for tag in ("<p", "<br", "<li", "<span"):
        at = body.find(tag)
        if at >= 0 and body.find("`", 0, at) < 0 and body.find("~~~", 0, at) < 0:
            return False  # nearly always
    code = min(at if at >= 0 else len(body) for at in (body.find("`"), body.find("~~~")))
    html, marks = _signs()
    if html.search(body, 0, code):
        return False
    text = _without_code(body)
    if html.search(text):
        return False
    lines = filter(marks.match, text.split("\n"))
    return next(lines, None) is not None and next(lines, None) is not None


@functools.cache
def _signs() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Compile what is HTML, and what begins a line of Markdown, when a box without paragraphs asks for it."""
    return (
        re.compile(r"<(?:p|h[1-6]|ul|ol|li|pre|table|blockquote|br|span|strong|b|img|a|code)\b", re.IGNORECASE),
        re.compile(
            r" {0,3}(?:#{1,6}[ \t]+\S|[-*+][ \t]+\S|\d{1,9}[.)][ \t]+\S|!?\[[^\]]*\]\(|>)|.*\*\*\S",
        ),
    )


def _has_wrapper(body: str) -> bool:
    if not any(map(body.__contains__, _WRAPPERS)):
        return False
    found = _WRAPPER_TAG.search(body)
    if not found:
        return False
    # A Markdown post that quotes such a page has it inside a fence.
    before = body[: found.start()]
    if "```" not in before and "~~~" not in before:
        return True
    return bool(_WRAPPER_TAG.search(_without_code(body)))


def _is_html(body: str) -> bool:
    """Whether a body without any known wrapper is HTML from end to end."""
    comments = _LEADING_COMMENTS(body)
    rest = body[comments.end() :] if comments else body
    if _WHOLE_PAGE(rest):
        return True
    if not rest:
        return bool(body.strip())  # comments alone
    if not _STARTS_AS_TAG(rest) or not rest.rstrip().endswith(">"):
        return False
    return not _has_markdown_structure(rest)


def _has_markdown_structure(body: str) -> bool:
    """Whether a heading, fence, list or paragraph stands between the blocks of HTML.

    Only what follows a blank line can be one: an HTML block of CommonMark ends there and nowhere else.
    """
    depth = 0
    for chunk in _BLANK_LINES.split(_without_verbatim(body)):
        text = chunk.strip()
        if not text:
            continue
        if _STRUCTURE(chunk) or (depth <= 0 and text[0] != "<"):
            return True
        for closing, name, empty in _TAG.findall(chunk):
            if not empty and name.lower() not in _VOID:
                depth += -1 if closing else 1
    return False


def _without_verbatim(body: str) -> str:
    """Put a void tag in the place of comments and of elements whose blank lines and signs mean nothing."""
    kept: list[str] = []
    done = 0
    for start, end in _verbatim(body):
        kept += body[done:start], "<br>"
        done = end
    return "".join(kept) + body[done:]


def _verbatim(body: str) -> list[tuple[int, int]]:
    """Find comments and elements whose text is no markup."""
    found, unclosed, start = [], set[str](), 0
    lower = body.lower()
    while begin := _VERBATIM.search(body, start):
        end_mark = f"</{begin[1].lower()}" if begin[1] else "-->"
        end = -1 if end_mark in unclosed else lower.find(end_mark, begin.end())
        if end < 0:
            unclosed.add(end_mark)  # not searched for again: many unclosed tags must not cost the square
            start = begin.end()
            continue
        start = body.find(">", end) + 1 or len(body)
        found.append((begin.start(), start))
    return found
