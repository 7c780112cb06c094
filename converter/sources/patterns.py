"""Glob patterns that the shell left to us: what they name, and whether they would name a file that is gone."""

from __future__ import annotations

import errno
import os
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from converter.sources import POSTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MAGIC: Final = re.compile(r"[*?\[]")


class Pattern(NamedTuple):
    """A glob in its two parts.

    Attributes:
        base: the directory before the first wildcard.
        rest: what is behind it, `/` between the parts.

    """

    base: str
    rest: str

    @property
    def any_suffix(self) -> bool:
        """Whether it names files of any suffix; a last part without one (`posts/*`) names posts only."""
        return bool(Path(self.rest).suffix)

    @property
    def into_directories(self) -> bool:
        """Whether the posts in the directories that it names belong to it."""
        return "**" not in self.rest and not self.any_suffix

    def files(self, refused: Callable[[str, OSError], None]) -> Iterator[str]:
        """Find what it names, in no order.

        `Path.glob` says nothing of directories that may not be listed: posts in them would be missing without a word.
        It also remembers each path that it finds.

        Args:
            refused: gets each directory that the system does not let us look into, and what it says.

        Raises:
            ValueError: it is no valid pattern.

        """
        wanted = self.rest.split("/")
        if any("**" in part and part != "**" for part in wanted):
            raise ValueError("Invalid pattern: '**' can only be an entire path component")
        several = wanted.count("**") > 1
        seen: set[tuple[str, int]] = set()  # only between two `**`, several ways lead to one place
        pending = [(self.base, 0)]
        while pending:
            directory, number = place = pending.pop()
            if several and place in seen:
                continue
            if several:
                seen.add(place)
            if wanted[number] == "**":
                pending.append((directory, number + 1))
            try:
                for path, following in self._step(directory, number, wanted):
                    if following < len(wanted):
                        pending.append((path, following))
                    else:
                        yield self._shown(path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                refused(self._shown(directory), error)

    def _step(self, directory: str, number: int, wanted: Sequence[str]) -> Iterator[tuple[str, int]]:
        """Go on from a directory by one part of the pattern: paths there, and the number of the next part for each."""
        part = wanted[number]
        is_last = number + 1 == len(wanted)
        if not MAGIC.search(part):
            path = os.path.join(directory, part)  # noqa: PTH118 (texts, as `os.scandir` gives them)
            os.lstat(path)
            yield path, number + 1
            return
        with os.scandir(directory) as entries:
            for entry in entries:
                if self._is_hidden((entry.name,)):
                    continue
                if part == "**":
                    if entry.is_dir(follow_symlinks=False):
                        yield entry.path, number
                elif fnmatch(entry.name, part) and (is_last or _may_be_directory(entry)):
                    yield entry.path, number + 1

    def _shown(self, path: str) -> str:
        """Leave the `./` out that nobody has written."""
        return path.removeprefix(f"{os.curdir}{os.sep}") if self.base == os.curdir else path

    def may_name(self, suffix: str) -> bool:
        """Whether it may name files of a suffix."""
        return not self.any_suffix or fnmatch(suffix, Path(self.rest).suffix)

    def would_name(self, path: str) -> bool:
        """Whether it would name a post, if that were there; `path` is relative to the base, `/` between the parts.

        Never for patterns that climb (`*/../x`), where a path does not show what they name.
        """
        parts = path.split("/")
        wanted = self.rest.split("/")
        if os.pardir in wanted or self._is_hidden(parts):
            return False
        if not self.any_suffix and not path.lower().endswith(POSTS):
            return False
        shortest = 1 if self.into_directories else len(parts)
        return any(_match(parts[:length], wanted) for length in range(shortest, len(parts) + 1))

    def _is_hidden(self, parts: Sequence[str]) -> bool:
        """Wildcards do not match a leading dot, unless the pattern itself writes one."""
        return "/." not in f"/{self.rest}" and any(part.startswith(".") for part in parts)


def _may_be_directory(entry: os.DirEntry[str]) -> bool:
    """Whether there may be something to list: a link to itself leads nowhere, one that we may not follow anywhere."""
    try:
        return entry.is_dir()
    except OSError as error:
        return error.errno in {errno.EACCES, errno.EPERM}


def is_pattern(text: str) -> bool:
    """Whether an INPUT is a glob that the shell left to us; an existing file called `a[1].html` is not."""
    return bool(MAGIC.search(text)) and not os.path.lexists(text)


def parse(text: str) -> Pattern:
    """Cut a glob before its first wildcard; `x/**` means all files below x."""
    parts = Path(text).parts
    first = next(number for number, part in enumerate(parts) if MAGIC.search(part))
    rest = [*parts[first:], "*"] if parts[-1] == "**" else parts[first:]
    return Pattern(str(Path(*parts[:first])), "/".join(rest))


def _match(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    """Match a path part by part; `**` stands for any number of directories, also none."""
    if not wanted:
        return not parts
    if wanted[0] == "**":
        return any(_match(parts[skipped:], wanted[1:]) for skipped in range(len(parts)))
    return bool(parts) and fnmatch(parts[0], wanted[0]) and _match(parts[1:], wanted[1:])
