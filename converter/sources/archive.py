"""Zip and tar files -> their posts, without unpacking anything to disk.

Listing yields one `Found` at a time and keeps nothing. Zip files are read by their table of contents, entry
by entry, since the reader of the standard library keeps all entries, and gives up the whole file for one bad name.
Sources: PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5; POSIX.1-2017 `pax`.
"""

from __future__ import annotations

import bz2
import lzma
import stat
import struct
import sys
import tarfile
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from converter.errors import ConfigError
from converter.sources import Found, Member
from converter.sources.containers import FREE, RATIO, Gate, damaged, decode_name, open_container

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from converter.sources.containers import Listing

_END: Final = struct.Struct("<4s4H2LH")
_LOCATOR: Final = struct.Struct("<4sLQL")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_LONGEST_COMMENT: Final = 0xFFFF
_IN_EXTRA: Final = 0xFFFFFFFF
_ZIP64: Final = 1
_ENCRYPTED: Final = 1
_UTF8: Final = 0x800
_STORED, _DEFLATED, _BZIP2 = 0, 8, 12
_STEP: Final = 1 << 20
_LARGEST_HEADER: Final = 1 << 20
"""Bytes of the extended headers of one member of a tar: long names, times; a few hundred in practice."""


# --- zip -------------------------------------------------------------------------------------------------------------


class _Entry(NamedTuple):
    """One line of a zip file's table of contents."""

    raw_name: bytes
    flags: int
    mode: int
    member: Member


def zip_members(container: Found, listing: Listing) -> Iterator[Found]:
    """List the posts of a zip file.

    Names without the UTF-8 flag are read as UTF-8 or GBK; backslashes, which some Windows tools write, separate too.
    """
    stream, size, stamp = open_container(container.file, container.name)
    gate = Gate(container, size, listing)
    with stream:
        try:
            for entry in _entries(stream, size, stamp):
                raw = entry.raw_name
                name = raw.decode("utf-8", "replace") if entry.flags & _UTF8 else decode_name(raw)
                inner = name.replace("\\", "/")
                if gate.is_post(inner) and (found := gate.admit(inner, entry.member, _unreadable(entry, size))):
                    yield found
        except (OSError, ValueError, struct.error) as error:
            gate.give_up(f"is not a zip file, or is damaged: {error}")


def _unreadable(entry: _Entry, size: int) -> str:
    if entry.member.offset >= size:  # with 64 bits, it may be more than any database or file takes
        return "lies outside of the container"
    if entry.flags & _ENCRYPTED:
        return "is encrypted"
    if stat.S_IFMT(entry.mode) not in {0, stat.S_IFREG}:
        return "is a link" if stat.S_ISLNK(entry.mode) else "is no regular file"
    if entry.member.method not in _UNPACKERS:
        return f"is compressed by method {entry.member.method}, which archive2md does not know"
    return ""


def _entries(stream: BinaryIO, size: int, stamp: int) -> Iterator[_Entry]:
    """Read the table of contents.

    Raises:
        ValueError: there is none where it should be.

    """
    start, count, shift = _contents(stream, size)
    position = start + shift
    for _ in range(count):
        stream.seek(position)
        head = _unpack(_ENTRY, stream.read(_ENTRY.size), b"PK\1\2")
        flags, method, check, packed, length = head[3], head[4], *head[7:10]
        sizes = head[10:13]
        tail = stream.read(sum(sizes))
        if len(tail) < sum(sizes):
            raise ValueError("its table of contents is cut off")
        length, packed, offset = _wide(tail[sizes[0] :][: sizes[1]], (length, packed, head[16]))
        member = Member("zip", stamp, offset + shift, length, packed, method, check)
        unix_mode = head[15] >> 16
        yield _Entry(tail[: sizes[0]], flags, unix_mode, member)
        position += _ENTRY.size + sum(sizes)


def _contents(stream: BinaryIO, size: int) -> tuple[int, int, int]:
    """Find the table of contents: where it says that it begins, its number of entries, and what all offsets lack.

    The last is not zero when something was put before the archive, such as the program of a self-extracting one.
    """
    base = max(0, size - _END.size - _LONGEST_COMMENT)
    stream.seek(base)
    last = stream.read()
    at = last.rfind(b"PK\5\6")
    if at < 0 or len(last) - at < _END.size:
        raise ValueError("it has no table of contents, so it may be cut off")
    _, disk, _, _, count, length, start, _ = _END.unpack_from(last, at)
    end = base + at
    if (locator := end - _LOCATOR.size) >= 0:
        stream.seek(locator)
        found = _LOCATOR.unpack(stream.read(_LOCATOR.size))
        if found[0] == b"PK\6\7":
            end = locator - _END64.size
            stream.seek(max(0, end))
            *_, disk, _, _, count, length, start = _unpack(_END64, stream.read(_END64.size), b"PK\6\6")
    if disk:
        raise ValueError("it is a part of several")
    shift = end - length - start
    if shift < 0:
        raise ValueError("its table of contents is not where it should be")
    return start, count, shift


def _unpack(shape: struct.Struct, data: bytes, signature: bytes) -> tuple[int, ...]:
    if not data.startswith(signature):
        raise ValueError("its table of contents is not where it should be")
    values: tuple[int, ...] = shape.unpack(data)
    return values


def _wide(extra: bytes, values: tuple[int, int, int]) -> tuple[int, int, int]:
    """Take sizes and offset of more than 32 bits from the extra field; what is missing there stays impossible."""
    if _IN_EXTRA not in values:
        return values
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, position)
        if kind == _ZIP64:
            given = iter(extra[position + 4 + at : position + 12 + at] for at in range(0, length, 8))
            size, packed, offset = (
                int.from_bytes(next(given, b""), "little") if value == _IN_EXTRA else value for value in values
            )
            return size, packed, offset
        position += 4 + length
    return values


def read_zip(stream: BinaryIO, member: Member, name: str) -> bytes:
    """Read one member of a zip file.

    Raises:
        SourceError: its bytes are not those that the table of contents promises.

    """
    try:
        stream.seek(member.offset)
        head = _unpack(_LOCAL, stream.read(_LOCAL.size), b"PK\3\4")
        stream.seek(head[9] + head[10], 1)
        data = _UNPACKERS[member.method](stream.read(member.packed), member.size)
    except (OSError, EOFError, ValueError, struct.error, zlib.error):
        raise damaged(name) from None
    if len(data) != member.size or zlib.crc32(data) != member.check:
        raise damaged(name)
    return data


def _inflate(packed: bytes, size: int) -> bytes:
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)


def _bunzip(packed: bytes, size: int) -> bytes:
    return bz2.BZ2Decompressor().decompress(packed, size + 1)


_UNPACKERS: Final[dict[int, Callable[[bytes, int], bytes]]] = {
    _STORED: lambda packed, _: packed,
    _DEFLATED: _inflate,
    _BZIP2: _bunzip,
}
"""Method -> packed bytes and expected size to bytes; never much more than expected, whatever a bomb holds."""


def read_stored(stream: BinaryIO, member: Member, name: str) -> bytes:
    """Read a member that lies in its container as it is.

    Raises:
        SourceError: the container ends before it.

    """
    stream.seek(member.offset)
    data = stream.read(member.size)
    if len(data) != member.size:
        raise damaged(name)
    return data


# --- tar -------------------------------------------------------------------------------------------------------------


class Forward:
    """A stream that is read from its beginning to its end and counts its bytes; `tarfile` takes it for a file.

    Args:
        file: the tar file.
        stream: what it unpacks to; the file itself when it is not compressed.
        most: bytes after which it is a bomb; None for what can be sought in.
        errors: what the stream raises for damaged data.

    """

    def __init__(
        self, file: BinaryIO, stream: BinaryIO, most: int | None = None, errors: tuple[type[Exception], ...] = ()
    ) -> None:
        """Begin at the beginning."""
        self.file, self.stream, self.most, self.errors = file, stream, most, errors
        self.position = 0
        self.header = 0
        self.last = b""

    def read(self, size: int) -> bytes:
        """Read a part of the headers of one member.

        Raises:
            ValueError: they have more bytes than headers have.

        """
        self.header += size
        if self.header > _LARGEST_HEADER:
            raise ValueError("one of its headers is too large")
        return self.take(size)

    def take(self, size: int) -> bytes:
        """Read so many bytes, or as many as there are.

        Raises:
            ValueError: the data is damaged, or the container unpacks to more than it may.

        """
        try:
            data = self.stream.read(size)
        except self.errors as error:
            raise ValueError(str(error)) from None
        self.position += len(data)
        if self.most is not None and self.position > self.most:
            raise ValueError(f"it unpacks to more than {RATIO} times its size")
        self.last = data
        return data

    def seek(self, position: int) -> int:
        """Go forward; what lies between is unpacked but not kept.

        Raises:
            ValueError: the way leads back, which a member of negative size asks for, and would ask for again and again.

        """
        if position < self.position:
            raise ValueError("one of its members has a negative size")
        if self.most is None:
            self.position = self.stream.seek(position)
        while self.position < position and self.take(min(_STEP, position - self.position)):
            pass
        return self.position

    def tell(self) -> int:
        """Count the bytes before this place."""
        return self.position

    def close(self) -> None:
        """Close the stream and the file."""
        self.stream.close()
        self.file.close()


def _open_tar(container: str, name: str) -> tuple[Forward, int]:
    """Open a tar file, compressed or not, and say when it was changed (nanoseconds).

    Raises:
        ConfigError: it is compressed by zstd, and there is no library for it.
        SourceError: it cannot be read.

    """
    file, size, stamp = open_container(container, name)
    try:
        magic = file.read(6)
        file.seek(0)
        unpack = next((unpack for start, unpack in _COMPRESSIONS if magic.startswith(start)), None)
        if unpack is None:
            return Forward(file, file), stamp
        stream, errors = unpack(file, name)
        return Forward(file, stream, max(FREE, RATIO * size), errors), stamp
    except BaseException:
        file.close()
        raise


def _gunzip(file: BinaryIO, _: str) -> tuple[BinaryIO, tuple[type[Exception], ...]]:
    import gzip

    return cast("BinaryIO", gzip.GzipFile(fileobj=file)), (OSError, EOFError, zlib.error)


def _bunzip_stream(file: BinaryIO, _: str) -> tuple[BinaryIO, tuple[type[Exception], ...]]:
    return cast("BinaryIO", bz2.BZ2File(file)), (OSError, EOFError, ValueError)


def _unxz(file: BinaryIO, _: str) -> tuple[BinaryIO, tuple[type[Exception], ...]]:
    return cast("BinaryIO", lzma.LZMAFile(file)), (EOFError, lzma.LZMAError)


def _unzstd(file: BinaryIO, name: str) -> tuple[BinaryIO, tuple[type[Exception], ...]]:
    try:
        import zstandard
    except ImportError:
        remedy = "pip install 'archive2md[zstd]', or compress it with gzip"
        raise ConfigError("reading .tar.zst needs the package zstandard", source=name, remedy=remedy) from None
    stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True, closefd=False)
    return cast("BinaryIO", stream), (zstandard.ZstdError,)


_COMPRESSIONS: Final = (
    (b"\x1f\x8b", _gunzip),
    (b"BZh", _bunzip_stream),
    (b"\xfd7zXZ\0", _unxz),
    (b"\x28\xb5\x2f\xfd", _unzstd),
)


def tar_members(container: Found, listing: Listing) -> Iterator[Found]:
    """List the posts of a tar file in the order in which they lie there.

    `tarfile` ends without a word where a header is damaged; here that is an error, since the rest is missing. What
    stands behind the end mark of a compressed one is unpacked, too: the checksum of all of it comes last.
    """
    tar, stamp = _open_tar(container.file, container.name)
    gate = Gate(container, 0, listing)
    gate.most = tar.most or sys.maxsize
    try:
        for info in _infos(tar):
            inner = decode_name(info.name.encode("utf-8", "surrogateescape"))
            if not info.isdir() and gate.is_post(inner):
                member = Member("tar" if tar.most else "stored", stamp, info.offset_data, info.size)
                if found := gate.admit(inner, member, _not_plain(info)):
                    yield found
        if not tar.last or tar.last.strip(b"\0"):
            gate.give_up("is damaged or cut off: it has no end mark")
        else:
            while tar.most and tar.take(_STEP):
                pass
    except (OSError, ValueError, struct.error, tarfile.TarError, RecursionError) as error:
        gate.give_up(f"is no tar file, is damaged, or is not to be trusted: {error}")
    finally:
        tar.close()


def _infos(tar: Forward) -> Iterator[tarfile.TarInfo]:
    with tarfile.TarFile(fileobj=cast("BinaryIO", tar), mode="r") as archive:
        while (info := archive.next()) is not None:
            archive.members = []  # type: ignore[attr-defined]  # it would keep all of them
            tar.header = 0
            yield info


def _not_plain(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "is a link"
    if not info.isreg():
        return "is no regular file"
    return "is a sparse file" if info.issparse() else ""


class LastTar:
    """The compressed tar file that this process read from last, kept open: it is read in one go through all jobs."""

    def __init__(self) -> None:
        """Begin with none."""
        self.file = ""
        self.stamp = 0
        self.tar: Forward | None = None

    def read(self, file: str, member: Member, name: str) -> bytes:
        """Read one member.

        Raises:
            SourceError: the tar file was changed since it was listed, or is damaged.

        """
        tar = self._at(file, member, name)
        try:
            tar.seek(member.offset)
            data = tar.take(member.size)
        except (OSError, ValueError):
            self.close()
            raise damaged(name) from None
        except BaseException:  # the time limit of a post may ring in here: nobody knows how far the stream is then
            self.close()
            raise
        if len(data) != member.size:
            raise damaged(name)
        return data

    def _at(self, file: str, member: Member, name: str) -> Forward:
        """Open the tar file, unless it is open and not read further than the member."""
        tar = self.tar
        if tar and (self.file, self.stamp) == (file, member.stamp) and tar.position <= member.offset:
            return tar
        self.close()
        self.tar, self.stamp = _open_tar(file, name)
        self.file = file
        return self.tar

    def close(self) -> None:
        """Close what is open."""
        if self.tar is not None:
            self.tar.close()
        self.tar = None

    def __del__(self) -> None:
        """Close what is open at the end of the process."""
        self.close()
