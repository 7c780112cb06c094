"""Pages that a browser saved whole (.mhtml, .mht) -> the page itself, and where it was saved from.

Source: RFC 2557; Chrome writes `Snapshot-Content-Location`, and no charset since it writes UTF-8.
"""

from __future__ import annotations

import re
from email.parser import BytesParser
from typing import TYPE_CHECKING, Final, NamedTuple

from converter.errors import SourceError

if TYPE_CHECKING:
    from email.message import Message

_WEB: Final = re.compile(r"https?://[^\s<>\"]+").fullmatch
_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})


class Page(NamedTuple):
    """The HTML of a saved page, its address, and its encoding; both are empty when they are not said."""

    data: bytes
    url: str
    encoding: str


def page_of(data: bytes, name: str) -> Page:
    """Take the page out of its container; pictures and frames stay behind.

    Raises:
        SourceError: there is no HTML in it.

    """
    try:
        message = BytesParser().parsebytes(data)
        root = _root(message)
        content = root.get_payload(decode=True) if root is not None else None
    except RecursionError:
        raise SourceError("is nested too deep", source=name, remedy="save the page again") from None
    if root is None or not isinstance(content, bytes):
        raise SourceError("holds no HTML page", source=name, remedy="save the page again, or leave it out")
    addresses = (root["Content-Location"], message["Snapshot-Content-Location"], message["Content-Location"])
    url = next((text for text in map(_address, addresses) if text), "")
    return Page(content, url, root.get_content_charset() or "")


def _root(message: Message) -> Message | None:
    """Find the part that the others belong to: the one that `start` names, else the first HTML."""
    pages = [part for part in message.walk() if part.get_content_type() in _HTML]
    start = str(message.get_param("start") or "").strip()
    return next((part for part in pages if start and str(part["Content-ID"]).strip() == start), next(iter(pages), None))


def _address(header: object) -> str:
    """Read an address, which may be folded; those of files and of parts (`cid:`) say nothing."""
    text = "".join(str(header or "").split())
    return text if _WEB(text) else ""
