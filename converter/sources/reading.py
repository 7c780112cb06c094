"""Reads one input, wherever it is. Runs in the workers."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from converter.errors import SourceError
from converter.sources import PAGES
from converter.store import digest, read_stable

if TYPE_CHECKING:
    from converter.sources import Member
    from converter.sources.archive import LastTar


_WITHOUT_FILE_NAMES: Final = frozenset({"feed", "warc"})


class Content(NamedTuple):
    """What an input holds.

    Attributes:
        data: its bytes, as `Source` takes them.
        url: where it was published, as its container says; may be empty.
        encoding: its character encoding, as its container says; may be empty.
        size: bytes that were read for it.
        mtime: when the file was changed, nanoseconds; of a member, the stamp of its container.

    """

    data: bytes
    url: str = ""
    encoding: str = ""
    size: int = -1
    mtime: int = -1

    @property
    def digest(self) -> str:
        """Hash of what makes the output, as the manifest keeps it."""
        return digest(self.data + self.url.encode("utf-8", "replace"))


def read(file: str, member: Member | None, name: str) -> Content:
    """Read a file, or one member of a container.

    Args:
        file: path of the file or of the container.
        member: where in the container it is; None for a file.
        name: how messages call it; the suffix of a saved page is looked for in it, but for posts of feeds and crawls:
            those are pages, and their titles and addresses may end in anything.

    Raises:
        SourceError: it cannot be read, is damaged, or its container changed since it was listed.
        ConfigError: its format needs a package that is missing.

    """
    if member is None:
        data, mtime = read_stable(file, name)
        content = Content(data, size=len(data), mtime=mtime)
    else:
        content = _read_member(file, member, name)
    if not name.lower().endswith(PAGES) or (member is not None and member.kind in _WITHOUT_FILE_NAMES):
        return content
    from converter.sources.mhtml import page_of

    data, url, encoding = page_of(content.data, name)
    return content._replace(data=data, url=url, encoding=encoding)


def _read_member(file: str, member: Member, name: str) -> Content:
    from converter.sources.containers import open_container

    stream, _, stamp = open_container(file, name)
    with stream:
        if stamp != member.stamp:
            raise SourceError("its container changed since it was listed", source=name, remedy="run it again")
        url = encoding = ""
        if member.kind == "warc":
            from converter.sources.warc import read_warc

            data, url, encoding = read_warc(stream, member, name)
        elif member.kind == "feed":
            from converter.sources.feed import read_feed

            data = read_feed(stream, member, file, name)
        elif member.kind == "tar":
            data = _last_tar().read(file, member, name)
        else:
            from converter.sources.archive import read_stored, read_zip

            data = (read_zip if member.kind == "zip" else read_stored)(stream, member, name)
    return Content(data, url, encoding, len(data), stamp)


@cache
def _last_tar() -> LastTar:
    """Give the one of this process."""
    from converter.sources.archive import LastTar

    return LastTar()
