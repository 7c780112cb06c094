"""Where posts come from: each module here turns something that the user names into a list of inputs.

INPUT --directory.expand--> [Found] ... in a worker: reading.read(file, member, name) -> Content
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from converter.names import SUFFIXES
from converter.sources.selection import everything

if TYPE_CHECKING:
    from collections.abc import Callable

    from converter.errors import ConverterError
    from converter.sources.patterns import Pattern
    from converter.sources.spool import Spool

PAGES: Final = (".mhtml", ".mht")
"""Suffixes of pages that a browser saved whole."""

POSTS: Final = (*SUFFIXES, *PAGES)
"""Suffixes of what is taken from directories and containers."""


class Member(NamedTuple):
    """Where in a container a post is; enough to read it without reading the container's contents again.

    Attributes:
        kind: how it is read: `zip`, `warc`, `feed`, `tar` for a compressed tar, `stored` for a plain one.
        stamp: which state of the container it was listed in (`Opened`).
        offset: where the member begins: in the file, or in what the file unpacks to (tar).
        size: its bytes, unpacked; not known of records of a WARC file.
        packed: its bytes in the file.
        method: how it is compressed, as zip numbers that.
        check: CRC-32 of its bytes (zip).

    """

    kind: str
    stamp: int
    offset: int
    size: int = 0
    packed: int = 0
    method: int = 0
    check: int = 0


class Found(NamedTuple):
    """One input of a batch: a file, or a member of a container.

    Attributes:
        path: its path inside the batch, `/` between the parts; the output mirrors it.
        origin: the same with the name of the input directory before it; what the manifest remembers it by.
        file: where it is: absolute path; that of the container for a member.
        name: how messages call it: the path as the user gave it; `posts.zip:a/b.html` for a member.
        member: where in the container it is; None for a file.

    """

    path: str
    origin: str
    file: str
    name: str
    member: Member | None = None


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the INPUTs of a command line stand for, in an order that does not depend on theirs.

    Attributes:
        spool: holds the inputs, each file once.
        problems: one error for each INPUT, directory, container or member that cannot be read or holds no post.
        directories: the INPUTs that are directories, as the user gave them.
        containers: absolute paths of the containers that could be listed to their ends.
        patterns: the INPUTs that are patterns.
        wanted: asked about each post of directories, patterns and containers: its path there.

    """

    spool: Spool
    problems: tuple[ConverterError, ...]
    directories: tuple[str, ...]
    containers: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    wanted: Callable[[str], bool] = everything

    @property
    def found(self) -> tuple[Found, ...]:
        """All inputs at once, sorted by `names.sort_key`: for callers who know that there are few."""
        return tuple(self.spool)
