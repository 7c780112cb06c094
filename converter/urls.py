"""Addresses: the hidden id of an exported post, thumbnails, and what runs a script instead of leading somewhere."""

from __future__ import annotations

import re
from typing import Final

_NOT_HEX: Final = re.compile(r"[^0-9a-fA-F]+")
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"\x00-\x20\x7f-\x9f]+")  # a control character is damage
# Browsers skip control characters at the start of an address and line ends and tabs anywhere in it; we and other
# programs on the way take out more. What is left when all of it is gone must not be a script.
_SKIPPED: Final = re.compile(
    r"[\s\x00-\x20\x7f-\xa0\xad\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff0-\uffff]+"
)
_SCRIPT: Final = re.compile(r"(?:(?:feed|view-source):)*(?:(?:java|vb|live)script|mocha|data):", re.IGNORECASE)
_PICTURE: Final = re.compile(r"data:image/", re.IGNORECASE)
_PHOTO: Final = re.compile(r"data:image/(?:png|gif|jpe?g|webp|bmp|avif)[;,]", re.IGNORECASE)
_RESIZE: Final = "x-oss-process="
_GIST: Final = re.compile(r"\s*(?:https?:)?//(gist\.github\.com/[^\s?#]+?)\.js\s*(?:[?#]|$)", re.IGNORECASE).match
_HARMLESS: Final = ("http", "/", "#", ".")


def runs_script(address: str, *, picture: bool = False) -> bool:
    """Tell whether an address runs a script, or is a page in itself: `javascript:`, `vbscript:`, `data:text/html`.

    Args:
        address: as the page has it, character references resolved.
        picture: it is that of a picture, which never runs what it holds; pictures in the page are content.

    """
    if address.startswith(_HARMLESS) or ":" not in address:
        return False
    harmless = _PICTURE if picture else _PHOTO
    if harmless.match(address):  # nothing that is skipped stands in these; a picture may be a megabyte
        return False
    bare = _SKIPPED.sub("", address)
    return _SCRIPT.match(bare) is not None and not harmless.match(bare)


def decode_hex_url(text: str) -> str:
    """Decode the address that an exporter hid as hexadecimal UTF-8 with colons strewn in.

    The colons stand anywhere, also between the two digits of a byte, and a cut-off tag may follow (`HEX/>`), so
    everything but hexadecimal digits goes first. In one archive of 24,624 posts 22,324 of 22,324 decode.

    Returns:
        The address; empty when the text is none (an unfilled `$url` placeholder, for instance).

    """
    if "://" in text:
        return found.group() if (found := _ADDRESS.search(text)) else ""
    digits = _NOT_HEX.sub("", text)
    try:
        url = bytes.fromhex(digits).decode().strip()
    except ValueError:
        return ""
    return url if _ADDRESS.fullmatch(url) else ""


def full_size(url: str) -> str:
    """Take the query off that asks the image server for a thumbnail."""
    if _RESIZE not in url:
        return url
    address, _, query = url.partition("?")
    kept = [part for part in query.split("&") if not (part.startswith(_RESIZE) and "resize" in part)]
    return "?".join(filter(None, (address, "&".join(kept))))


def gist_of(address: str) -> str:
    """Give the address of the snippet of GitHub that a script shows; empty when it shows none."""
    found = _GIST(address)
    return f"https://{found[1]}" if found else ""
