"""WARC files (.warc, .warc.gz) -> the pages in them, by the package `warcio` (extra `archive2md[warc]`).

Taken are responses with status 200 that are HTML. Source: ISO 28500:2017.
"""

from __future__ import annotations

import contextlib
import io
import zlib
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from converter.errors import ConfigError, SourceError
from converter.sources import Found, Member
from converter.sources.containers import LARGEST, Gate, damaged, open_container
from converter.sources.mhtml import Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from converter.sources.containers import Listing

_HTML: Final = ("text/html", "application/xhtml+xml")
_SUFFIXES: Final = (".html", ".htm")


class _Records:
    """The records of a WARC file from where its stream stands.

    Args:
        stream: the open file.
        name: how messages call it.

    Raises:
        ConfigError: warcio is missing.

    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        try:
            from warcio.archiveiterator import ArchiveIterator
        except ImportError:
            remedy = "pip install 'archive2md[warc]'"
            raise ConfigError("reading WARC files needs the package warcio", source=name, remedy=remedy) from None
        self._iterator = ArchiveIterator(stream)
        self.complaints = io.StringIO()

    def quietly(self) -> contextlib.AbstractContextManager[object]:
        """Keep what warcio prints about damaged data: only the command line prints, and damage is an error."""
        return contextlib.redirect_stderr(self.complaints)

    def next(self) -> Any:  # noqa: ANN401 (warcio has no annotations)
        """Get the next record; None at the end.

        Raises:
            ValueError: one of its headers is missing or odd, and warcio stumbled over that.

        """
        try:
            with self.quietly():
                return next(self._iterator, None)
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise ValueError(f"a header is missing or damaged ({error})") from None

    def finish(self, record: Any) -> tuple[int, bool]:  # noqa: ANN401 (as above)
        """Read a record to its end; tell where it begins, and whether something is wrong with it."""
        with self.quietly():
            offset: int = self._iterator.get_record_offset()
        is_damaged = bool(self.complaints.getvalue() or getattr(record.raw_stream, "limit", 0))
        self.complaints = io.StringIO()
        return offset, is_damaged


def warc_members(container: Found, listing: Listing) -> Iterator[Found]:
    """List the pages of a WARC file; one that was fetched twice is two posts, told apart by date."""
    stream, size, stamp = open_container(container.file, container.name)
    gate = Gate(container, size, listing)
    with stream:
        records = _Records(stream, container.name)
        try:
            while (record := records.next()) is not None:
                url = record.rec_headers.get_header("WARC-Target-URI") or ""
                path = path_of(url)
                concerns = _is_page(record)
                if concerns:
                    identity = _identity(gate, url, record.rec_headers.get_header("WARC-Date") or "")
                    concerns = gate.is_wanted(path, identity)
                offset, is_damaged = records.finish(record)
                if is_damaged and not concerns:
                    gate.give_up("one of its records is cut off or damaged")
                if not concerns:
                    continue
                if is_damaged:
                    gate.refuse(identity, "is cut off or damaged", "get the container again")
                    continue
                yield gate.found(path, identity, Member("warc", stamp, offset))
        except _errors() as error:
            gate.give_up(f"is no WARC file, or is damaged: {error}", "try: warcio recompress OLD NEW")


def _errors() -> tuple[type[Exception], ...]:
    from warcio.exceptions import ArchiveLoadFailed
    from warcio.statusandheaders import StatusAndHeadersParserException

    return ArchiveLoadFailed, StatusAndHeadersParserException, OSError, EOFError, ValueError, zlib.error


def _is_page(record: Any) -> bool:  # noqa: ANN401 (as above)
    if record.rec_type != "response" or record.http_headers is None:
        return False
    kind = (record.http_headers.get_header("Content-Type") or "").partition(";")[0].strip().lower()
    return record.http_headers.get_statuscode() == "200" and kind in _HTML


def _identity(gate: Gate, url: str, date: str) -> str:
    """Name a record: its address, and for further ones of the same address the date, at last a number."""
    identity, number = url, 1
    while not gate.claim(identity):
        number += 1
        identity = f"{url}@{date}" if number == 2 else f"{url}@{date}-{number - 1}"  # noqa: PLR2004 (the second)
    return identity


def path_of(url: str) -> str:
    """Make a path from an address: host, then the parts of its path, with a suffix of HTML.

    `https://blog.example/a/1?x=2` becomes `blog.example/a/1?x=2.html`; whatever file systems do not take is
    replaced when the output gets its name.
    """
    try:
        address = urlsplit(url)
        host = address.netloc.rpartition("@")[2].lower() or "unknown"
    except ValueError:
        return "unknown/page.html"
    parts = [unquote(part).replace("/", "_") for part in address.path.split("/")]
    name = parts.pop() or "index"
    if address.query:
        name = f"{name}?{unquote(address.query).replace('/', '_')}"
    if not name.lower().endswith(_SUFFIXES):
        name += ".html"
    return "/".join((host, *(part for part in parts if part not in {"", ".", ".."}), name))


def read_warc(stream: BinaryIO, member: Member, name: str) -> Page:
    """Read one page, as a browser would have got it: chunks joined, unpacked.

    Raises:
        SourceError: it is damaged, too large, or packed by a method for which there is no library.

    """
    stream.seek(member.offset)
    records = _Records(stream, name)
    damage: tuple[type[Exception], ...] = (*_errors(), AttributeError)
    try:
        record = records.next()
        headers = record.http_headers
        _check_packing(headers.get_header("Content-Encoding") or "", name)
        content = record.content_stream()
        blocks, size = [], 0
        with records.quietly():
            while size <= LARGEST and (block := content.read(1 << 20)):
                blocks.append(block)
                size += len(block)
    except damage:
        raise damaged(name) from None
    if records.complaints.getvalue():
        raise damaged(name)
    if size > LARGEST:
        problem = f"unpacks to more than {LARGEST >> 20} MB"
        raise SourceError(problem, source=name, remedy="leave it out with --exclude")
    kind = headers.get_header("Content-Type") or ""
    return Page(b"".join(blocks), record.rec_headers.get_header("WARC-Target-URI") or "", _charset(kind))


def _check_packing(encoding: str, name: str) -> None:
    from warcio.bufferedreaders import BufferedReader

    encoding = encoding.strip().lower()
    if encoding in {"", "identity", *BufferedReader.get_supported_decompressors()}:
        return
    remedy = "pip install brotli" if encoding == "br" else "leave it out with --exclude"
    raise SourceError(f"is packed by {encoding}, which cannot be read", source=name, remedy=remedy)


def _charset(kind: str) -> str:
    """Read the charset of a `Content-Type`."""
    from email.message import Message

    message = Message()
    message["Content-Type"] = kind
    return message.get_content_charset() or ""
