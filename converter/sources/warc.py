"""WARC files (.warc, .warc.gz) -> the pages in them, by the package `warcio` (extra `archive2md[warc]`).

Taken are responses with status 200 that are HTML. Source: ISO 28500:2017.
"""

from __future__ import annotations

import contextlib
import io
import re
import zlib
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from converter.errors import ConfigError, SourceError
from converter.sources import Found, Member
from converter.sources.containers import LARGEST, Gate, damaged, open_container, too_long
from converter.sources.mhtml import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from converter.sources.containers import Listing

_HTML: Final = ("text/html", "application/xhtml+xml")
_SUFFIXES: Final = (".html", ".htm")
_STEP: Final = 1 << 20
_PIECE: Final = 1 << 14
_LONGEST_LINE: Final = 4096
_CHUNK: Final = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?\r\n").fullmatch
_CONTROLS: Final = re.compile(rb"[\0-\x08]").search
_BEFORE: Final = b"\xef\xbb\xbf \t\r\n"


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
                if problem := too_long(path):
                    gate.refuse(identity, problem, "leave it out with --exclude")
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
    names = {1: url, 2: f"{url}@{date}"}
    return gate.claim_first(lambda number: names.get(number) or f"{url}@{date}-{number - 1}")


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

    What warcio makes of the body is not used: where one is cut off or damaged, it ends without a word.

    Raises:
        SourceError: it is damaged or cut off, too large, or packed by a method for which there is no library.

    """
    stream.seek(member.offset)
    records = _Records(stream, name)
    damage: tuple[type[Exception], ...] = (*_errors(), AttributeError)
    try:
        record = records.next()
        headers = record.http_headers
        packing = _packing(headers.get_header("Content-Encoding") or "", name)
        in_chunks = (headers.get_header("Transfer-Encoding") or "").strip().lower() == "chunked"
        with records.quietly():
            body = (_unchunked if in_chunks else _blocks)(record.raw_stream)
            data = _UNPACKERS.get(packing, bytes)(_joined(body, name))
    except damage:
        raise damaged(name) from None
    if records.complaints.getvalue():
        raise damaged(name)
    if len(data) > LARGEST:
        raise _too_large(name)
    kind = headers.get_header("Content-Type") or ""
    return Page(data, record.rec_headers.get_header("WARC-Target-URI") or "", _charset(kind))


def _joined(blocks: Iterator[bytes], name: str) -> bytes:
    kept, size = [], 0
    for block in blocks:
        kept.append(block)
        size += len(block)
        if size > LARGEST:
            raise _too_large(name)
    return b"".join(kept)


def _too_large(name: str) -> SourceError:
    problem = f"unpacks to more than {LARGEST >> 20} MB"
    return SourceError(problem, source=name, remedy="leave it out with --exclude")


def _blocks(stream: Any) -> Iterator[bytes]:  # noqa: ANN401 (as above)
    while block := stream.read(_STEP):
        yield block


def _unchunked(stream: Any) -> Iterator[bytes]:  # noqa: ANN401 (as above)
    """Read the chunks of a body (RFC 9112, 7.1); one that has none stays: some crawlers join them, and keep the header.

    Raises:
        ValueError: the last chunk, which is empty, does not come: the body is cut off, or its lengths are damaged.

    """
    line = stream.readline(_LONGEST_LINE)
    head = _CHUNK(line)
    if head is None:
        yield line
        yield from _blocks(stream)
        return
    while left := int(head[1], 16):
        while left and (block := stream.read(min(left, _STEP))):
            left -= len(block)
            yield block
        head = _CHUNK(stream.readline(_LONGEST_LINE)) if not left and stream.read(2) == b"\r\n" else None
        if head is None:
            raise ValueError("a chunk is missing")


def _packing(encoding: str, name: str) -> str:
    """Tell how a body is packed; empty when it is not."""
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        return ""
    remedy = "leave it out with --exclude"
    if encoding == "br":
        remedy = "pip install brotli"
        with contextlib.suppress(ImportError):
            import brotli  # noqa: F401 (it is wanted below)

            return encoding
    elif encoding in _UNPACKERS:
        return encoding
    raise SourceError(f"is packed by {encoding}, which cannot be read", source=name, remedy=remedy)


def _gunzip(data: bytes) -> bytes:
    """Unpack all members of a body; one that is not packed stays: some crawlers unpack it, and keep the header.

    A line end behind it, which scripts of servers wrote there, is none of it, as in browsers.

    Raises:
        EOFError, OSError, zlib.error: it is cut off or damaged.

    """
    if not data.startswith(b"\x1f\x8b"):
        return data
    import gzip

    with gzip.GzipFile(fileobj=io.BytesIO(data.rstrip(b"\r\n"))) as stream:
        return stream.read(LARGEST + 1)


def _inflate(data: bytes) -> bytes:
    """Unpack a `deflate` body: with the header of zlib, as the standard says, or without, as some servers send it."""
    has_header = len(data) > 1 and data[0] & 15 == zlib.DEFLATED and not (data[0] << 8 | data[1]) % 31
    if not has_header and _is_text(data):
        return data
    unpacker = zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
    unpacked = unpacker.decompress(data, LARGEST + 1)
    if len(unpacked) <= LARGEST and (not unpacker.eof or unpacker.unused_data.strip()):
        raise EOFError
    return unpacked


def _unbrotli(data: bytes) -> bytes:
    """Unpack a `br` body, a piece at a time, as not each version of the package limits what comes out."""
    import brotli

    if _is_text(data):
        return data
    unpacker = brotli.Decompressor()
    kept, size = [], 0
    for at in range(0, len(data), _PIECE):
        try:
            kept.append(unpacker.process(data[at : at + _PIECE]))
        except brotli.error as error:
            raise ValueError(str(error)) from None
        size += len(kept[-1])
        if size > LARGEST:
            return b"".join(kept)
    if not unpacker.is_finished():
        raise EOFError
    return b"".join(kept)


_UNPACKERS: Final[dict[str, Callable[[bytes], bytes]]] = {"gzip": _gunzip, "deflate": _inflate, "br": _unbrotli}
"""`Content-Encoding` -> packed body to bytes; never much more than `LARGEST`, whatever a bomb holds."""


def _is_text(data: bytes) -> bool:
    """Whether a body is HTML as it stands, whatever its header says."""
    return data.lstrip(_BEFORE).startswith(b"<") and not _CONTROLS(data[:_PIECE])


def _charset(kind: str) -> str:
    """Read the charset of a `Content-Type`."""
    from email.message import Message

    message = Message()
    message["Content-Type"] = kind
    return message.get_content_charset() or ""
