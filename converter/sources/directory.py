"""Files, directories and glob patterns -> the list of input files.

In directories, only names with one of the four suffixes of posts are taken; names that begin with a dot are skipped
(`.git`, `.obsidian`, and the `._post.html` that macOS leaves on foreign disks), and symbolic links to directories are
not followed, since they may form loops. A file given by name is taken whatever it is called.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from converter.errors import ConfigError, ConverterError, SourceError
from converter.names import SUFFIXES, sort_key
from converter.sources import Found, Inputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAGIC: Final = re.compile(r"[*?\[]")


def is_pattern(text: str) -> bool:
    """Whether an INPUT is a glob that the shell left to us; an existing file called `a[1].html` is not."""
    return bool(MAGIC.search(text)) and not os.path.lexists(text)


def expand(texts: Iterable[str]) -> Inputs:
    """Find the files that INPUTs stand for. The result does not depend on the order of the INPUTs.

    A directory gives paths relative to it, a pattern paths relative to its part before the first wildcard, a file
    its bare name. A file that several INPUTs reach is one input, with the deepest of its paths.
    """
    best: dict[str, Found] = {}
    problems: list[ConverterError] = []
    directories: list[str] = []
    for text in sorted(set(texts)):
        before = len(problems)
        found = list(_expand_one(text, problems, directories))
        if not found and len(problems) == before:
            problems.append(_nothing_in(text))
        for one in found:
            best[one.file] = min(best.get(one.file, one), one, key=_depth)
    ordered = sorted(best.values(), key=lambda found: (sort_key(found.path), found))
    return Inputs(tuple(ordered), tuple(sorted(problems, key=str)), tuple(directories))


def _depth(found: Found) -> tuple[int, Found]:
    return -found.path.count("/"), found


def _nothing_in(text: str) -> ConverterError:
    if is_pattern(text):
        return ConfigError("no file matches this pattern", source=text, remedy="check the path and the wildcards")
    return ConfigError(
        "no posts in this directory",
        source=text,
        remedy=f"posts end in {', '.join(SUFFIXES)}; give other files by name or as a pattern",
    )


def _expand_one(text: str, problems: list[ConverterError], directories: list[str]) -> Iterator[Found]:
    if not text:
        problems.append(ConfigError("an INPUT is empty", remedy="check the variable that it comes from"))
    elif is_pattern(text):
        yield from _from_pattern(text, problems)
    elif os.path.isdir(text):  # noqa: PTH112 (Path.is_dir raises for names that are too long or not ours to see)
        directories.append(text)
        yield from _from_directory(text, text, problems)
    elif not os.path.lexists(text):
        problems.append(SourceError("no such file or directory", source=text, remedy="check the path"))
    else:
        yield _found(text, os.path.dirname(text) or os.curdir)  # noqa: PTH120 (Path would eat a leading `./`)


def _found(file: str, base: str) -> Found:
    """Describe a file that was found below the directory `base`."""
    absolute = _absolute(file)
    root = _absolute(base)
    path = absolute.relative_to(root).as_posix()
    return Found(path=path, origin=f"{root.name}/{path}", file=str(absolute), name=file)


def _absolute(path: str) -> Path:
    """Make a path absolute without following links: a linked post is a post of its own."""
    return Path(os.path.abspath(path))  # noqa: PTH100 (Path.resolve follows links, Path.absolute keeps `..`)


def _from_directory(top: str, base: str, problems: list[ConverterError]) -> Iterator[Found]:
    pending = [top]
    while pending:
        directory = pending.pop()
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir():
                        if not entry.is_symlink():
                            pending.append(entry.path)
                    elif entry.name.lower().endswith(SUFFIXES):
                        yield _found(entry.path, base)
        except OSError as error:
            problem = f"cannot list this directory: {error.strerror}"
            problems.append(SourceError(problem, source=directory, remedy="check its permissions"))


def _from_pattern(text: str, problems: list[ConverterError]) -> Iterator[Found]:
    """Expand a pattern: files of any suffix that it names, and posts in the directories that it names.

    A last part without a suffix of its own (`posts/*`) takes files with the suffixes of posts only.
    """
    base, pattern = _split_pattern(text)
    any_suffix = bool(Path(pattern).suffix)
    deep = "**" in pattern
    try:
        for path in Path(base).glob(pattern):
            if _is_hidden(path, base, pattern):
                continue
            if path.is_dir():
                if not deep and not any_suffix and not path.is_symlink():
                    yield from _from_directory(str(path), base, problems)
            elif any_suffix or path.name.lower().endswith(SUFFIXES):
                yield _found(str(path), base)
    except (ValueError, NotImplementedError) as error:
        problems.append(ConfigError(f"not a valid pattern: {error}", source=text, remedy="see archive2md --help"))


def _split_pattern(text: str) -> tuple[str, str]:
    """Cut a glob into the directory before its first wildcard and the rest; `x/**` means all files below x."""
    parts = Path(text).parts
    first = next(number for number, part in enumerate(parts) if MAGIC.search(part))
    rest = [*parts[first:], "*"] if parts[-1] == "**" else parts[first:]
    return str(Path(*parts[:first])), "/".join(rest)


def _is_hidden(path: Path, base: str, pattern: str) -> bool:
    """Wildcards do not match a leading dot, unless the pattern itself writes one."""
    if "/." in f"/{pattern}":
        return False
    return any(part.startswith(".") for part in path.relative_to(base).parts)
