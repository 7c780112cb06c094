"""HTML to tokens, by the rules of the HTML standard: only for pages that libxml2 reads otherwise than a browser.

One pass from left to right, linear in the length of the text. Comments, declarations and processing instructions are
left out. What an open comment or tag hides to the end of the page is told as `HIDDEN`.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEXT, START, END, HIDDEN = range(4)

RAW: Final = frozenset({"script", "style", "xmp", "iframe", "noembed", "noframes", "noscript"})
"""Elements whose content is text without references and tags (of `noscript` in a browser that runs scripts)."""
_DECODED: Final = frozenset({"textarea", "title"})
_TEXT_ONLY: Final = RAW | _DECODED | {"plaintext"}

_NAME: Final = re.compile(r"[A-Za-z][^\t\n\f />]*")
_BETWEEN: Final = re.compile(r"[\t\n\f /]*")
_ATTRIBUTE: Final = re.compile(
    r"""([^\t\n\f />][^\t\n\f />=]*)(?:[\t\n\f ]*=[\t\n\f ]*(?:"([^"]*)"|'([^']*)'|(["'])|([^\t\n\f >]*)))?"""
)
_COMMENT_END: Final = re.compile(r"--!?>")
# A script in a comment of a script does not end it.
_SCRIPT_IN_COMMENT: Final = re.compile(
    r"<!--(?:(?!-->).)*<script(?=[\t\n\f />])(?:(?!-->|</script).)*\Z", re.IGNORECASE | re.DOTALL
)
# In an attribute `&copy=1` is no reference.
_REFERENCE: Final = re.compile(r"&(?:#[xX]?[0-9a-fA-F]+;?|[A-Za-z][A-Za-z0-9]*(?:;|(?![A-Za-z0-9=])))")


class Token(NamedTuple):
    """A piece of a page.

    Attributes:
        kind: TEXT, START, END or HIDDEN.
        name: name of the tag in lower case; of a text, the text.
        attributes: of a start tag; the first of a name counts.
        closed: whether the tag ends in `/>`.

    """

    kind: int
    name: str
    attributes: dict[str, str]
    closed: bool = False


def tokens(text: str, is_foreign: Callable[[], bool]) -> Iterator[Token]:
    """Read a page.

    Args:
        text: HTML with line ends of one character.
        is_foreign: tells, between two tokens, whether the place is inside of SVG or MathML.

    Yields:
        The tokens in their order; texts may come in pieces.

    """
    at, length = 0, len(text)
    while at < length:
        begin = text.find("<", at)
        if begin < 0:
            yield Token(TEXT, unescape(text[at:]), {})
            return
        if begin > at:
            yield Token(TEXT, unescape(text[at:begin]), {})
        after = text[begin + 1 : begin + 2]
        if after.isascii() and after.isalpha():
            token, at = _tag(text, begin + 1, START)
            yield token
            if token.kind == START and token.name in _TEXT_ONLY and not is_foreign():
                found, at = _content(text, at, token.name)
                yield from found
        elif after == "/":
            ended, at = _end(text, begin + 2)
            yield ended
        elif after in {"!", "?"}:
            declared, at = _declaration(text, begin, is_foreign)
            yield from declared
        else:
            yield Token(TEXT, "<", {})
            at = begin + 1


def _content(text: str, at: int, name: str) -> tuple[list[Token], int]:
    """Read the text in an element that holds nothing but text, and its end tag."""
    if name == "plaintext":
        return [Token(TEXT, text[at:], {})], len(text)
    end_tag = re.compile(rf"</{name}(?=[\t\n\f />])", re.IGNORECASE)
    found = end_tag.search(text, at)
    while found is not None and name == "script" and _SCRIPT_IN_COMMENT.search(text, at, found.start()):
        found = end_tag.search(text, found.end())
    inner = text[at : len(text) if found is None else found.start()]
    content = Token(TEXT, unescape(inner) if name in _DECODED else inner, {})
    if found is not None:
        token, end = _tag(text, found.start() + 2, END)
        return [content, token], end
    hidden = [Token(HIDDEN, inner, {})] if inner.strip() and name != "textarea" else []
    return [content, Token(END, name, {}), *hidden], len(text)


def _end(text: str, at: int) -> tuple[Token, int]:
    """Read an end tag; what does not begin with a letter is none, and nothing of it is seen."""
    first = text[at : at + 1]
    if first.isascii() and first.isalpha():
        return _tag(text, at, END)
    return (Token(TEXT, "", {}), _behind(text, ">", at)) if first else (Token(TEXT, "</", {}), at)


def _behind(text: str, sign: str, at: int) -> int:
    found = text.find(sign, at)
    return len(text) if found < 0 else found + len(sign)


def _declaration(text: str, begin: int, is_foreign: Callable[[], bool]) -> tuple[list[Token], int]:
    """Skip a comment, a declaration or a processing instruction."""
    if text.startswith("<!--", begin):
        found = _COMMENT_END.search(text, begin + 2)
        if found is None:
            return [Token(HIDDEN, text[begin + 4 :], {})], len(text)
        return [], found.end()
    if text.startswith("<![CDATA[", begin) and is_foreign():
        end = text.find("]]>", begin)
        end = len(text) if end < 0 else end
        return [Token(TEXT, text[begin + 9 : end], {})], min(len(text), end + 3)
    return [], _behind(text, ">", begin + 2)


def _tag(text: str, at: int, kind: int) -> tuple[Token, int]:
    """Read a tag from its name on; a page that ends in the middle of one shows nothing of it."""
    begin = at
    name = _NAME.match(text, at)
    assert name is not None  # noqa: S101 (the caller has seen its first letter)
    at = name.end()
    attributes: dict[str, str] = {}
    while True:
        space = _BETWEEN.match(text, at)
        at = at if space is None else space.end()
        if at >= len(text):
            return Token(HIDDEN, text[begin:], {}), len(text)
        if text[at] == ">":
            break
        found = _ATTRIBUTE.match(text, at)
        if found is None or found[4]:  # a quotation mark that no other follows
            return Token(HIDDEN, text[begin:], {}), len(text)
        at = found.end()
        value = found[2] or found[3] or found[5] or ""
        attributes.setdefault(found[1].lower(), _REFERENCE.sub(_decoded, value) if "&" in value else value)
    return Token(kind, name[0].lower(), attributes, text[at - 1] == "/"), at + 1


def _decoded(found: re.Match[str]) -> str:
    return unescape(found[0])
