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
_CODE: Final = re.compile(r"(?<!`)(`+)(?!`)([^`]*+)\1(?!`)")
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
    """Find the outermost elements with a box of a site in them; one that nobody closes takes all of the rest."""
    return [(start, end) for start, end in _elements(masked) if _WRAPPER_TAG.search(masked, start, end)]


def _elements(masked: str) -> list[tuple[int, int]]:
    """Find the elements that stand in no other; what HTML lets end without an end tag counts only when it is one."""
    found: list[tuple[int, int]] = []
    depth = start = 0
    outermost = ""
    for tag in _TAG.finditer(masked):
        name = tag[2].lower()
        if tag[3] or name in _VOID or name not in _NAMES or (tag[1] and not depth):
            continue
        if depth and name in _ENDS_BY_ITSELF and outermost not in _ENDS_BY_ITSELF:
            continue
        if depth and not tag[1] and outermost == "p" and name in _ENDS_A_PARAGRAPH:
            found.append((start, tag.start()))
            depth = 0
        if not tag[1]:
            start, outermost = (start, outermost) if depth else (tag.start(), name)
            depth += 1
        else:
            depth -= 1
            if not depth:
                found.append((start, tag.end()))
    return [*found, (start, len(masked))] if depth else found


def _masked(body: str) -> str:
    """Write over fences and code, which are text, and over comments and verbatim elements; the rest stays in place."""
    lines, fence, verbatim, html = [], "", "", False
    for line in body.split("\n"):
        line = _CODE.sub(_hidden_code, line) if "`" in line and "<" in line and not fence else line  # noqa: PLW2901
        mark = None if verbatim else _FENCE(line)
        # Code by its indent: before the first tag, since HTML is indented as it likes.
        hidden = bool(fence) or (not html and line.startswith(("    ", "\t")))
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip(" \t" + fence[0]):
                fence = ""
        elif mark:
            fence, hidden = mark[1], True
        elif "<" in line and not hidden:
            html = html or line[0] == "<"
            for tag in _VERBATIM_TAG.finditer(line):
                if not verbatim and not tag[1]:
                    verbatim = tag[2].lower()
                elif tag[1] and tag[2].lower() == verbatim:
                    verbatim = ""
        lines.append("x" * len(line) if hidden else line)
    text = "\n".join(lines)
    kept: list[str] = []
    done = 0
    for start, end in _verbatim(text):
        kept += text[done:start], " " * (end - start)
        done = end
    return "".join(kept) + text[done:]


def _hidden_code(code: re.Match[str]) -> str:
    return "x" * len(code[0]) if "<" in code[2] else code[0]


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
    done = 0
    for begin, end in _elements(head):
        if _is_text(head[done:begin]):
            return True
        done = end
    if _is_text(head[done:]):
        return True
    tail = body[max(body.rfind("</div>"), body.rfind("</article>")) :].partition(">")[2].strip()
    return _is_text(tail) and tail[0] != "<"


def _is_text(text: str) -> bool:
    """Whether there is a letter beside tags and references; a formatter leaves a few marks of a fence."""
    return any(map(str.isalnum, _NO_TEXT.sub("", text)))


def _is_markdown_in_boxes(body: str) -> bool:
    """Whether the text in the boxes is Markdown: nothing in them is HTML, and two lines are signs of Markdown."""
    if "<p" in body or "<br" in body or "<li" in body or "<span" in body:
        return False  # nearly always
    html, marks = _signs()
    if html.search(body):
        return False
    lines = filter(marks.match, _without_fences(body).split("\n"))
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
    return bool(_WRAPPER_TAG.search(_without_fences(body)))


def _without_fences(body: str) -> str:
    kept, fence = [], ""
    for line in body.split("\n"):
        mark = _FENCE(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip(" \t" + fence[0]):
                fence = ""
        elif mark:
            fence = mark[1]
        else:
            kept.append(line)
    return "\n".join(kept)


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
