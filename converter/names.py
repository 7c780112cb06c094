"""Names of output files: valid on every file system, and never two for one place.

`output_names` is total and injective: every list of inputs gets as many outputs, all different even on a file system
that folds case and Unicode forms, and none of them is also a directory of another one.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SUFFIXES: Final = (".md", ".markdown", ".html", ".htm")
"""What a post's name ends in, in the order in which they win a name: `a.md` keeps `a.md`, `a.html` gives way."""

STATE_DIRECTORY: Final = ".archive2md"
"""Where a batch keeps its manifest, below the output directory; no post may have this name."""

LONGEST_NAME: Final = 255
"""Bytes of one path component on ext4, btrfs and XFS; NTFS and APFS count characters, so they allow more."""

FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff]')
"""What Windows forbids, control characters, and the surrogates that stand for bytes that are no UTF-8."""

RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(?=\.|\Z)", re.IGNORECASE)
"""Devices of Windows: also with any suffix, so `nul.txt` is the null device."""

_LONGEST_KEY: Final = 255
"""Characters of a name that is claimed; longer ones are hashed, or all folders above a post would take as much as the
square of their number."""

_RANKS: Final = {suffix: rank for rank, suffix in enumerate((*SUFFIXES, ".txt", ".xhtml", ".mhtml", ".mht"))}


def split_suffix(name: str) -> tuple[str, str]:
    """Cut the suffix of a text file off; what follows another dot (`Node.js`, `v1.2`) belongs to the title."""
    stem, _, suffix = name.rpartition(".")
    return (stem, f".{suffix}") if stem and f".{suffix.lower()}" in _RANKS else (name, "")


def sort_key(path: str) -> tuple[tuple[str, ...], str, int, str]:
    """Order of posts in a plan: by directory, stem, rank of the suffix, suffix.

    Args:
        path: path of an input inside its batch, `/` between the parts.

    """
    *parents, name = path.split("/")
    stem, suffix = split_suffix(name)
    rank = _RANKS[suffix.lower()] if suffix else len(_RANKS)
    return tuple(parents), stem, rank, suffix


class Taken(Protocol):
    """Which names are taken; a set for few of them, a table on disk for many."""

    def claim(self, key: str) -> bool:
        """Take a name; false when it was taken before."""


def folders(path: str) -> Iterator[str]:
    """Name the directories above the output of an input; all of them are to be claimed before `output_names` begins."""
    key, whole = "", hashlib.sha256()
    for part in path.split("/")[:-1]:
        piece = f"{'/' if key else ''}{fold(safe_name(part))}"
        whole.update(piece.encode())
        if len(key) <= _LONGEST_KEY:
            key += piece
        yield key if len(key) <= _LONGEST_KEY else f"//{whole.hexdigest()}"


def _key(output: str) -> str:
    """Name the place of an output as `folders` names those above it."""
    key = fold(output)
    return key if len(key) <= _LONGEST_KEY else f"//{hashlib.sha256(key.encode()).hexdigest()}"


def output_names(inputs: Iterable[tuple[str, str]], taken: Taken) -> Iterator[str]:
    """Give every input its output path, relative to the output directory.

    A post `2024/post.html` becomes `2024/post.md`. When that is taken (`post.md` beside `post.html`, `A.md` beside
    `a.md`, the same name in two input directories, or a directory called `post.md`), the first one in `sort_key`
    order keeps the plain name, the next keeps its suffix (`post.html.md`), and further ones get a hash of their
    identity (`post.html~1b4f0e98.md`) and at last a number behind it.

    Args:
        inputs: path inside the batch and identity of each input, sorted by `sort_key` of the path and then by
            whatever makes the order total. The identity is what the hash is made of.
        taken: holds the `folders` of all inputs; gets the outputs.

    Yields:
        The outputs in the same order, `/` between the parts, in Unicode normal form C.

    """
    former, prefix = "", ""
    for path, identity in inputs:
        parent, _, name = path.rpartition("/")
        if parent != former:
            former, prefix = parent, "".join(f"{safe_name(part)}/" for part in parent.split("/"))
        for candidate in _candidates(name, identity):
            output = (prefix if parent else "") + candidate
            if taken.claim(_key(output)):
                yield output
                break


def _candidates(name: str, identity: str) -> Iterator[str]:
    yield safe_name(split_suffix(name)[0], ".md")
    yield safe_name(name, ".md")
    ending = f"~{_digest(identity)}"
    yield safe_name(name, f"{ending}.md")
    number = 2
    while True:
        yield safe_name(name, f"{ending}-{number}.md")
        number += 1


def safe_name(name: str, suffix: str = "") -> str:
    """Make one path component that every file system takes, with `suffix` behind it.

    Forbidden characters become `_`; a name that ends in a dot or a space (Windows drops those) or that names a
    device gets a `_`; a name of more than 255 bytes is cut at a character border and marked with `~` and a hash.
    """
    safe = FORBIDDEN.sub("_", name if name.isascii() else unicodedata.normalize("NFC", name))
    if match := RESERVED.match(safe):
        safe = f"{match[0]}_{safe[match.end() :]}"
    if not suffix and (not safe or safe[-1] in ". "):
        safe += "_"
    if not suffix and fold(safe) == STATE_DIRECTORY:
        safe += "_"
    if len((safe + suffix).encode()) <= LONGEST_NAME:
        return safe + suffix
    ending = f"~{_digest(name)}{suffix}"
    return safe.encode()[: LONGEST_NAME - len(ending.encode())].decode(errors="ignore") + ending


def fold(path: str) -> str:
    """Give the same key to all paths that some file system may take for one: canonical caseless matching."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
