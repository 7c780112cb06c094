"""What a text is: HTML to convert, Markdown that stays as it is, or Markdown around boxes of HTML."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final

from converter.page_elements import BLANK, INDENT, elements_in, mask, may_hold_code, without_code

if TYPE_CHECKING:
    from converter.model import Kind, Source

_WRAPPERS: Final = ("blog-content-box", "content_views", "article_content", "cnblogs_post_body", "js_content")
_WRAPPER_TAG: Final = re.compile(
    r"""<[a-z][a-z0-9]*\b[^<>]{0,2000}?\b(?:class\s*=\s*["']?[^"'<>]{0,500}\bblog-content-box\b"""
    r"""|id\s*=\s*["']?(?:content_views|article_content|cnblogs_post_body|js_content)\b)""",
    re.IGNORECASE,
)
_MARKS_OF_CODE: Final = ("`", "~~~", "{%", "{{")
_WHOLE_PAGE: Final = re.compile(r"<(?:!doctype|html|head|body)\b", re.IGNORECASE).match
_LEADING_COMMENTS: Final = re.compile(r"\s*(?:(?:<!--.*?-->|<\?xml[^>]*>)\s*)*", re.DOTALL).match
_STARTS_AS_TAG: Final = re.compile(r"</?[a-zA-Z][^\s:@]*[\s>]").match  # not the autolinks <https://...> and <me@...>
_LINE_END: Final = re.compile(r"\n[ \t]*\n")
_END_TAGS: Final = re.compile(r"(?:\s*</[a-zA-Z][^<>]*>)+")
_NO_TEXT: Final = re.compile(
    r"<[!?/]?[A-Za-z\[][^<>\"']*(?:\"[^\"]*\"[^<>\"']*|'[^']*'[^<>\"']*)*>|&#?\w{1,31};", re.DOTALL
)
_BLOCK_TAGS: Final = ("<p ", *"<p> <div <h1 <h2 <h3 <h4 <ul <ol <table <pre <section <article".split())
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
    for start, end in _boxes(mask(body)):
        out += ("markdown", body[done:start]), ("html", body[start:end])
        done = end
    return [*out, ("markdown", body[done:])]


def _boxes(masked: str) -> list[tuple[int, int]]:
    """Find the outermost elements with a box of a site in them; of a box that nobody closes, the elements in it."""
    found: list[tuple[int, int]] = []
    elements = elements_in(masked)
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
    before = masked[max(at - INDENT - 1, 0) : at]
    line = before.rfind("\n") + 1
    return (line > 0 or at <= INDENT) and not before[line:].strip(BLANK)


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


def _has_markdown_outside(body: str) -> bool:
    """Whether Markdown stands before the first box, or behind the last element of the text.

    What stands in elements of its own is the frame of the page. Behind a box that closes too early there is HTML.
    """
    first = _WRAPPER_TAG.search(body)
    comments = _LEADING_COMMENTS(body)
    if first is None or _WHOLE_PAGE(body, comments.end() if comments else 0):
        return False
    start = first.start()
    if may_hold_code(body[:start]):
        boxes = _boxes(mask(body))
        start = boxes[0][0] if boxes else start
    head = mask(body[:start]) if body[:start].strip() else ""
    # What seems to stand outside may be in an element that ends behind the box.
    if head and _is_any_outside(head, start) and _is_any_outside(mask(body), start):
        return True
    tail = body[max(body.rfind("</div>"), body.rfind("</article>")) :].partition(">")[2].strip()
    return _is_text(tail) and tail[0] != "<"


def _is_any_outside(masked: str, end: int) -> bool:
    """Whether there is text outside of elements, up to a place."""
    done = 0
    for start, after in elements_in(masked):
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
        if at >= 0 and not any(body.find(mark, 0, at) >= 0 for mark in _MARKS_OF_CODE):
            return False  # nearly always
    code = min(at if at >= 0 else len(body) for at in map(body.find, _MARKS_OF_CODE))
    html, marks = _signs()
    if html.search(body, 0, code):
        return False
    text = without_code(body)
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
            r" {0,3}(?:#{1,6}[ \t]+\S|[-*+][ \t]+\S|\d{1,9}[.)][ \t]+\S|!?\[[^\]]*\]\(|>)|.*(?:\*\*\S|`[^`]+`|\]\()",
        ),
    )


def _has_wrapper(body: str) -> bool:
    if not any(map(body.__contains__, _WRAPPERS)):
        return False
    found = _WRAPPER_TAG.search(body)
    if not found:
        return False
    # A Markdown post that quotes such a page has it inside a fence.
    if not may_hold_code(body[: found.start()]):
        return True
    return bool(_WRAPPER_TAG.search(without_code(body)))


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
    if rest.startswith(_BLOCK_TAGS) and "markdown" not in rest and "" not in map(str.strip, rest.strip().split("\n")):
        return True  # nothing stands behind a blank line, where alone Markdown begins in HTML
    from converter.markdown_signs import has_signs  # 2 ms of patterns that small pieces of HTML do without

    return not has_signs(rest)
