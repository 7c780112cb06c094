"""What all containers have in common: their suffixes, their limits, and which of their members are taken."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Final, NamedTuple

from converter.errors import SourceError
from converter.names import LONGEST_NAME
from converter.sources import POSTS, Found, Member
from converter.store import signed

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from converter.errors import ConverterError
    from converter.sources.spool import Spool

KINDS: Final = {
    ".zip": "zip",
    **dict.fromkeys((".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst"), "tar"),
    **dict.fromkeys((".warc", ".warc.gz"), "warc"),
    **dict.fromkeys((".xml", ".atom", ".rss", ".wxr"), "feed"),
}
"""Suffix -> format of the container."""

LARGEST: Final = 256 << 20
"""Bytes of one member. The largest real posts have 3 MB; pages saved with their pictures reach tens of MB."""

RATIO: Final = 200
"""How often a container or a member may unpack to its own size. HTML packs 5 to 10 times; a bomb 1,000 times."""

UNSUSPICIOUS: Final = 1 << 20
"""A member of fewer bytes may pack as well as it likes."""

FREE: Final = 256 << 20
"""Bytes that any container may unpack to, however small it is."""

LONGEST_PATH: Final = 4096
"""Bytes of a path on Linux; macOS takes fewer, Windows only when it is told to."""

DEEPEST: Final = 255
"""Folders above a member; the deepest real ones have some 30."""

_SHOWN: Final = 300
_MOST_NUMBERS: Final = 10_000  # names shared by several members that are remembered

_SUFFIX: Final = re.compile(rf"(?:{'|'.join(re.escape(suffix) for suffix in KINDS)})\Z", re.IGNORECASE)
_DRIVE: Final = re.compile(r"[A-Za-z]:/").match
_UNPACK: Final = "unpack it yourself if you trust it, and give the directory"


def kind_of(file: str) -> str:
    """Tell by its suffix which container a file is; empty when it is none."""
    match = _SUFFIX.search(file)
    return KINDS[match[0].lower()] if match else ""


def without_suffix(path: str) -> str:
    """Name the folder that stands for a container: `2024/posts` for `2024/posts.tar.gz`."""
    return _SUFFIX.sub("", path) or path


class Opened(NamedTuple):
    """A container that was just opened: its stream, its size, and a number that is another one once it was changed.

    That is when it was changed (nanoseconds) and its size: one that a program replaces may keep its time, and what is
    remembered of its members knows no size of it.
    """

    stream: BinaryIO
    size: int
    stamp: int


def open_container(file: str, name: str) -> Opened:
    """Open a container for reading; the caller closes the stream.

    Raises:
        SourceError: it is no regular file, or cannot be read.

    """
    try:
        if not stat.S_ISREG(os.stat(file).st_mode):  # noqa: PTH116 (a pipe would wait for ever)
            raise SourceError("is not a regular file", source=name, remedy="copy it to a file first")
        stream = open(file, "rb")  # noqa: PTH123, SIM115 (the caller closes it)
        state = os.fstat(stream.fileno())
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", source=name, remedy="check its permissions") from None
    return Opened(stream, state.st_size, signed(state.st_mtime_ns + state.st_size))


def decode_name(raw: bytes) -> str:
    """Decode the name of a member: UTF-8, else GBK, which Chinese Windows writes; else what can be decoded."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "replace")


class Listing(NamedTuple):
    """What the search for inputs wants to know, and what it learns, while a container is listed.

    Attributes:
        wanted: asked about the path of each post inside the container.
        problems: gets one error for each post that is refused.
        spool: knows which names are taken in this container, and which posts are there but not taken.
        broken: gets the file of each container that could not be listed to its end.

    """

    wanted: Callable[[str], bool]
    problems: list[ConverterError]
    spool: Spool
    broken: set[str]


class Gate:
    """Lets the posts of one container through, and says why others are refused.

    Args:
        container: the container, as a file of the batch.
        size: its bytes.
        listing: the search that this belongs to.

    """

    def __init__(self, container: Found, size: int, listing: Listing) -> None:
        """Begin with nothing unpacked and no name taken."""
        self.container, self.listing = container, listing
        self.most = max(FREE, RATIO * size)
        self.used = 0
        self.folder = without_suffix(container.path)
        self._numbers: dict[str, int] = {}  # the last number of names that several members share
        listing.spool.end_container()

    def is_post(self, inner: str) -> bool:
        """Whether a member concerns us by its name: a post, not hidden, and wanted."""
        if not inner.lower().endswith(POSTS):
            return False
        plain = _plain(inner)
        hidden = any(part.startswith(".") and part != ".." for part in plain.split("/"))
        if hidden or plain.startswith("__MACOSX/"):
            return False
        return self.is_wanted(plain, plain)

    def is_wanted(self, path: str, identity: str) -> bool:
        """Whether the user wants a post; one that is left out is there all the same."""
        if self.listing.wanted(path):
            return True
        self.listing.spool.spare(self._origin(identity))
        return False

    def claim(self, identity: str) -> bool:
        """Take a name in this container; false when it was taken before."""
        return self.listing.spool.claim_member(identity)

    def claim_first(self, name: Callable[[int], str]) -> str:
        """Take the first free one of the names `name(1)`, `name(2)` and so on, for members that share the first."""
        first = name(1)
        number = self._numbers.get(first, 1)
        while not self.claim(identity := name(number)):
            number += 1
        if number > 1:  # ten thousand items may be called "Untitled"
            if len(self._numbers) > _MOST_NUMBERS:
                self._numbers.clear()
            self._numbers[first] = number
        return identity

    def admit(self, inner: str, member: Member, refusal: str = "") -> Found | None:
        """Make the input for a post, unless something speaks against it.

        Args:
            inner: its name in the container, `/` between the parts.
            member: where it is.
            refusal: why its format forbids to read it; empty when nothing does.

        """
        refusal = refusal or _bad_name(inner) or self._too_large(member)
        plain = _plain(inner)
        if not refusal and not self.claim(plain):
            refusal = "a second member of this name"
        if refusal:
            self.listing.spool.spare(self._origin(plain))
            self.refuse(inner, refusal)
            return None
        self.used += member.size
        return self.found(plain, plain, member)

    def found(self, inner: str, identity: str, member: Member) -> Found:
        """Describe a member; two members may have one path, but not one identity."""
        return Found(
            path=f"{self.folder}/{inner}",
            origin=self._origin(identity),
            file=self.container.file,
            name=f"{self.container.name}:{identity}",
            member=member,
        )

    def refuse(self, inner: str, problem: str, remedy: str = _UNPACK) -> None:
        """Report a member that is left out."""
        self.listing.spool.spare(self._origin(inner))
        shown = inner if len(inner) <= _SHOWN else f"{inner[:_SHOWN]}..."
        self.listing.problems.append(SourceError(problem, source=f"{self.container.name}:{shown}", remedy=remedy))

    def give_up(self, problem: str, remedy: str = "get it again, or repair it") -> None:
        """Report what is wrong with the container itself; what was found in it before stays."""
        self.listing.problems.append(SourceError(problem, source=self.container.name, remedy=remedy))
        self.listing.broken.add(self.container.file)

    def _origin(self, identity: str) -> str:
        return f"{self.container.origin}/{identity}"

    def _too_large(self, member: Member) -> str:
        if max(member.size, member.packed) > LARGEST:
            return f"unpacks to more than {LARGEST >> 20} MB"
        if member.packed and member.size > max(UNSUSPICIOUS, RATIO * member.packed):
            return f"unpacks to more than {RATIO} times its size"
        if self.used + member.size > self.most:
            return f"with it, the container unpacks to more than {RATIO} times its size"
        return ""


def _plain(inner: str) -> str:
    """Drop what leads nowhere from the name of a member."""
    return "/".join(part for part in inner.split("/") if part not in {"", "."})


def _bad_name(inner: str) -> str:
    if inner.startswith("/"):
        return "its name is an absolute path"
    if _DRIVE(inner):
        return "its name begins with a drive letter"
    if ".." in inner.split("/"):
        return "its name leads out of the container"
    return "its name has a NUL character" if "\0" in inner else too_long(inner)


def too_long(path: str) -> str:
    """Say why no output can have this path: not each part, which is cut, but the whole is too long, or too deep."""
    parts = path.split("/")
    size = len(path) * 4  # at most; measured only where it matters
    if size > LONGEST_PATH:
        size = sum(1 + min(LONGEST_NAME, len(part.encode("utf-8", "surrogatepass"))) for part in parts)
    if size <= LONGEST_PATH and len(parts) <= DEEPEST + 1:
        return ""
    return f"its path is longer than any system takes, or has more than {DEEPEST} folders"


def damaged(name: str) -> SourceError:
    """Make the error for a member whose bytes are not what its container says."""
    return SourceError("is damaged", source=name, remedy="get the container again")
