"""Files, directories, glob patterns, lists and containers -> the list of inputs.

In directories, only names with one of the suffixes of posts are taken; names that begin with a dot are skipped
(`.git`, `.obsidian`, and the `._post.html` that macOS leaves on foreign disks), and symbolic links to directories are
not followed, since they may form loops. A file given by name is taken whatever it is called. Containers are opened
when they are named, by a pattern or list as well; those that lie in a directory are not: posts have attachments.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from converter.errors import ConfigError, ConverterError, SourceError
from converter.sources import POSTS, Found, Inputs
from converter.sources.containers import Listing, kind_of
from converter.sources.patterns import Pattern, is_pattern, parse
from converter.sources.selection import everything
from converter.sources.spool import Spool
from converter.store import read_input, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Wanted = Callable[[str], bool]


def is_list(text: str) -> bool:
    """Whether an INPUT is `@FILE`, a list of inputs; an existing file called `@x.html` is not."""
    return text.startswith("@") and not os.path.lexists(text)


def is_several(text: str) -> bool:
    """Whether an INPUT may stand for more than one post."""
    return is_pattern(text) or is_list(text) or os.path.isdir(text) or bool(_container_kind(text))  # noqa: PTH112 (as below)


def _container_kind(file: str) -> str:
    """Tell which container a file is; XML that is no feed is none."""
    kind = kind_of(file)
    if kind != "feed" or not os.path.lexists(file):
        return kind
    from converter.sources.feed import is_feed

    return kind if is_feed(file) else ""


def expand(texts: Iterable[str], wanted: Wanted = everything) -> Inputs:
    """Find the files that INPUTs stand for. The result does not depend on the order of the INPUTs.

    A directory gives paths relative to it, a pattern paths relative to its part before the first wildcard, a file
    its bare name, a list paths relative to its folder; a container gives the paths of its members in a folder that is
    called like it. A file that several INPUTs reach is one input, with the deepest of its paths.

    Args:
        texts: the INPUTs.
        wanted: asked about each post of directories, patterns and containers: its path there.

    """
    spool = Spool()
    search = _Search(wanted, spool)
    different = sorted(set(texts))
    for text in different:
        before = len(search.problems), search.left_out
        if not spool.add(search.expand_one(text)) and (len(search.problems), search.left_out) == before:
            search.problems.append(_nothing_in(text))
    if len(different) > 1 or not os.path.isdir(different[0]):  # noqa: PTH112 (as below)
        spool.keep_one_of_each()
    if not search.problems and not len(spool):
        remedy = "check the patterns: * does not match /, and ** does"
        search.problems.append(ConfigError("--include and --exclude leave no post", remedy=remedy))
    problems = tuple(sorted(search.problems, key=str))
    containers = tuple(sorted(search.containers))
    return Inputs(spool, problems, tuple(search.directories), containers, tuple(search.patterns), wanted)


def _nothing_in(text: str) -> ConverterError:
    if is_pattern(text):
        return ConfigError("no file matches this pattern", source=text, remedy="check the path and the wildcards")
    kind = "directory" if os.path.isdir(text) else "list" if is_list(text) else "container"  # noqa: PTH112 (as below)
    return ConfigError(
        f"no posts in this {kind}",
        source=text,
        remedy=f"posts end in {', '.join(POSTS)}; give other files by name or as a pattern",
    )


def _missing(text: str, name: str) -> ConverterError:
    """Say why there is nothing, which nobody knows in a directory that is not ours to see."""
    try:
        os.lstat(text)
    except PermissionError as error:
        return unreadable(name, error)
    except (OSError, ValueError):
        pass
    return SourceError("no such file or directory", source=name, remedy="check the path")


def _found(file: str, base: str) -> Found:
    """Describe a file that was found below the directory `base`."""
    absolute = _absolute(file)
    root = _absolute(base)
    path = absolute.relative_to(root).as_posix()
    return Found(path=path, origin=f"{root.name}/{path}", file=str(absolute), name=file)


def _finder(top: str, base: str) -> Callable[[str, str], Found]:
    """Make a function that does the same for files below the directory `top`, given what is behind it, too."""
    folder = _absolute(top)
    root = _absolute(base)
    above = folder.relative_to(root).as_posix()
    before = "" if above == os.curdir else f"{above}/"
    start = os.path.join(folder, "")  # noqa: PTH118 (a Path per post costs more than all the rest)

    def find(file: str, inner: str) -> Found:
        path = before + inner.replace(os.sep, "/")
        return Found(path, f"{root.name}/{path}", start + inner, file)

    return find


def _absolute(path: str) -> Path:
    """Make a path absolute without following links: a linked post is a post of its own."""
    return Path(os.path.abspath(path))  # noqa: PTH100 (Path.resolve follows links, Path.absolute keeps `..`)


class _Search:
    """What is found, and what goes wrong, while INPUTs are expanded.

    What is wrong in a container is told once, also when several INPUTs reach it; each lists it, as the depth of its
    paths may differ.
    """

    def __init__(self, wanted: Wanted, spool: Spool) -> None:
        self._wanted = wanted
        self._spool = spool
        self.containers: list[str] = []
        self.problems: list[ConverterError] = []
        self.directories: list[str] = []
        self.patterns: list[Pattern] = []
        self.left_out = 0
        self._listed: set[str] = set()
        self._unlisted: set[str] = set()

    def wanted(self, path: str) -> bool:
        """Ask whether a post is wanted, and count those that are not."""
        answer = self._wanted(path)
        self.left_out += not answer
        return answer

    def expand_one(self, text: str) -> Iterator[Found]:
        """Find what one INPUT stands for."""
        if not text:
            self.problems.append(ConfigError("an INPUT is empty", remedy="check the variable that it comes from"))
        elif is_list(text):
            yield from self.from_list(text)
        elif is_pattern(text):
            yield from self.from_pattern(text)
        else:
            yield from self.from_path(text, "", text)

    def from_path(self, text: str, base: str, name: str) -> Iterator[Found]:
        """Find what a path stands for that has no wildcards.

        Args:
            text: the path.
            base: the directory that the paths are relative to; empty for what the kind of INPUT says.
            name: how messages call it when nothing is there.

        """
        if os.path.isdir(text):  # noqa: PTH112 (Path.is_dir raises for names that are too long or not ours to see)
            self.directories.append(text)
            yield from self.from_directory(text, base or text)
        elif not os.path.lexists(text):
            self.problems.append(_missing(text, name))
        else:
            yield from self.from_file(_found(text, base or os.path.dirname(text) or os.curdir))  # noqa: PTH120 (Path would eat a leading `./`)

    def from_file(self, found: Found) -> Iterator[Found]:
        """Take a file, or the posts in it when it is a container."""
        kind = _container_kind(found.file)
        if not kind:
            yield found
            return
        again = found.file in self._listed
        self._listed.add(found.file)
        problems: list[ConverterError] = [] if again else self.problems
        listing = Listing(self.wanted, problems, self._spool, set())
        try:
            if kind == "warc":
                from converter.sources.warc import warc_members as members
            elif kind == "zip":
                from converter.sources.archive import zip_members as members
            elif kind == "feed":
                from converter.sources.feed import feed_members as members
            else:
                from converter.sources.archive import tar_members as members
            yield from members(found, listing)
            if not listing.broken:
                self.containers.append(found.file)
        except ConverterError as error:
            problems.append(error)
        if again:
            self.left_out += len(problems)

    def from_list(self, text: str) -> Iterator[Found]:
        """Take what a list names: a path a line, relative to the folder of the list; no wildcards."""
        file = text[1:]
        base = os.path.dirname(file)  # noqa: PTH120 (as above)
        try:
            lines = read_input(file, file).removeprefix(b"\xef\xbb\xbf").splitlines()
        except ConverterError as error:
            self.problems.append(error)
            return
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith(b"#"):
                continue
            try:
                entry = line.decode()
            except UnicodeDecodeError:
                remedy = "save the list as UTF-8"
                self.problems.append(ConfigError(f"line {number} is not UTF-8", source=file, remedy=remedy))
                continue
            path = os.path.join(base, entry)  # noqa: PTH118 (as above)
            inside = not os.path.isabs(entry) and os.pardir not in Path(entry).parts  # noqa: PTH117 (as above)
            yield from self.from_path(path, (base or os.curdir) if inside else "", f"{path} (line {number} of {file})")

    def from_directory(self, top: str, base: str) -> Iterator[Found]:
        """Find the posts below a directory."""
        start = len(os.path.join(top, ""))  # noqa: PTH118 (Path would eat a leading `./`)
        find = _finder(top, base)
        pending = [top]
        while pending:
            directory = pending.pop()
            try:
                with os.scandir(directory) as entries:
                    for entry in entries:
                        if entry.name.startswith("."):
                            continue
                        if entry.is_dir(follow_symlinks=False):
                            pending.append(entry.path)
                        elif _is_post(entry):
                            inner = entry.path[start:]
                            if self.wanted(inner.replace(os.sep, "/")):
                                yield find(entry.path, inner)
            except OSError as error:
                self._refused(directory, error)

    def _refused(self, directory: str, error: OSError) -> None:
        """Report a directory that cannot be listed, once: `**` and several INPUTs come by more often."""
        if directory in self._unlisted:
            self.left_out += 1
            return
        self._unlisted.add(directory)
        problem = f"cannot list this directory: {error.strerror}"
        self.problems.append(SourceError(problem, source=directory, remedy="check its permissions"))

    def from_pattern(self, text: str) -> Iterator[Found]:
        """Expand a pattern: files of any suffix that it names, and posts in the directories that it names.

        A last part without a suffix of its own (`posts/*`) takes files with the suffixes of posts only.
        """
        pattern = parse(text)
        base, any_suffix = pattern.base, pattern.any_suffix
        try:
            for path in pattern.files(self._refused):
                if os.path.isdir(path):  # noqa: PTH112 (as below)
                    if pattern.into_directories and not os.path.islink(path):  # noqa: PTH114 (as below)
                        yield from self.from_directory(path, base)
                elif _container_kind(path) or (
                    (any_suffix or path.lower().endswith(POSTS))
                    and self.wanted(Path(path).relative_to(base).as_posix())
                ):
                    yield from self.from_file(_found(path, base))
            self.patterns.append(pattern)
        except ValueError as error:
            self.problems.append(
                ConfigError(f"not a valid pattern: {error}", source=text, remedy="see archive2md --help")
            )


def _is_post(entry: os.DirEntry[str]) -> bool:
    """Whether a file is a post by its suffix; a link that leads to itself is one too, and fails when it is read."""
    if not entry.name.lower().endswith(POSTS):
        return False
    return not (entry.is_symlink() and os.path.isdir(entry.path))  # noqa: PTH112 (DirEntry.is_dir raises for loops)
