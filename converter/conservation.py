"""Is all the text of a page in the tree that the parser made of it? What is not, nobody downstream can miss.

A comment, a quote or a script that never ends swallows the rest of a page without an error. So the visible characters
are counted twice: in the bytes, outside of everything that looks like a tag, and in the tree. They are the same number
for each of 1,028 posts of two archives; where they are not, a closer look tells what went.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from converter.model import Note

if TYPE_CHECKING:
    from converter.model import Article
    from converter.tree import Element

_TEXTS: Final = re.compile(rb">[ \t\r\n]*+([^<\s][^<]*+)").findall
_COMMENT: Final = re.compile(rb"<!--.*?-->", re.DOTALL)
_RAW: Final = re.compile(rb"<(script|style)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
# Compiled when something is amiss.
_RAW_BEGIN: Final = rb"(?i)<(script|style)\b[^>]*>"
_OPEN_TAG: Final = rb"(?s)<[a-zA-Z](?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+([\"'])(.*)\Z"
_WHITE: Final = b" \t\n\r\f"
_ADDRESSES: Final = ("href", "src", "class", "id", "name", "alt", "title")
_SHOWN: Final = 40


def unread_text(article: Article) -> tuple[Note, ...]:
    """Tell what text of a page its tree does not hold.

    Args:
        article: as it was found, not cleaned yet.

    """
    data = article.source
    if not data:
        return ()
    root = article.root
    whole = root if article.frame else root.getroottree().getroot()
    frame = article.frame or b""
    # Scripts are text to both here, and comments rarely hold a tag: most pages need no closer look at either.
    if len(_texts(data)) == len(_all_text(whole)) + (len(_texts(frame)) if frame else 0):
        return ()
    if len(_visible(data)) == _count(whole) + (len(_visible(frame)) if frame else 0):
        return ()
    return tuple(_losses(data, whole))


def _visible(data: bytes) -> bytes:
    """Take the visible characters out of HTML, in a way that no parser goes."""
    return _texts(_RAW.sub(b"", _COMMENT.sub(b"", data)))


def _texts(data: bytes) -> bytes:
    """Take out the characters that stand outside of everything that looks like a tag."""
    text = b"".join(_TEXTS(b">" + data))
    if b"&" in text:
        from html import unescape

        text = unescape(text.decode("utf-8", "replace")).encode("utf-8", "replace")
    return text.translate(None, _WHITE)


def _count(tree: Element) -> int:
    """Count the bytes of the visible characters of a tree."""
    count = len(_all_text(tree))
    for element in tree.iter("script", "style"):
        count -= len((element.text or "").encode("utf-8", "replace").translate(None, _WHITE))
    return count


def _all_text(tree: Element) -> bytes:
    """Take the characters out of a tree, those of scripts as well."""
    return etree.tostring(tree, encoding="utf-8", method="text", with_tail=False).translate(None, _WHITE)


def _losses(data: bytes, tree: Element) -> list[Note]:
    """Look closer: markup that does not end. Another difference has another reason, such as a `<` that is text."""
    found = []
    rest = _COMMENT.sub(b"", data)
    start = rest.find(b"<!--")
    if start >= 0:
        found.append(_note("a comment", rest[start + 4 :]))
        rest = rest[:start]
    rest = _RAW.sub(b"", rest)
    raw = re.search(_RAW_BEGIN, rest)
    if raw is not None:
        found.append(_note(f"a <{raw[1].decode().lower()}>", rest[raw.end() :]))
    for element in tree.iter():
        for name in _ADDRESSES:
            value = element.get(name)
            if value and "</" in value and _holds_end_of_tag(value := _behind_drawing(value)):
                found.append(_note(f"the quote of {name}", value.encode("utf-8", "replace")))
    tag = re.search(_OPEN_TAG, rest) if not found else None
    if tag is not None and tag[1] not in tag[2]:
        found.append(_note("a quote in a tag", tag[2]))
    return [note for note in found if note is not None]


def _behind_drawing(value: str) -> str:
    """Leave out the drawing that an address holds: `data:image/svg+xml;utf8,<svg></svg>`, until a picture is loaded."""
    _, end, rest = value.partition("</svg>")
    return rest if end and value.lstrip()[:5].lower() == "data:" else value


def _holds_end_of_tag(value: str) -> bool:
    """Whether a value runs on behind its tag: it holds the end of that before any other. `alt="<b>x</b>"` does not."""
    return "</" in value and 0 <= value.find(">") < value.find("<")


def _note(what: str, swallowed: bytes) -> Note | None:
    text = _visible(swallowed).decode("utf-8", "replace")
    if not text:
        return None
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return Note("text-swallowed", f"{what} that never ends swallowed {len(text)} characters: {shown}")
