"""Where inputs are, as the manifest keeps it, and whether those of earlier runs are still there.

A part of `batch`: the same questions are asked before a post is converted, about the output in whose place it comes,
and after the last one, about outputs that no post of this run has.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Final

from converter.names import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from converter.manifest import Manifest, Record
    from converter.plan import Place, Plan
    from converter.work import Job

_ESCAPED: Final = re.compile(r"\\u(dc[0-9a-f]{2})")

GONE: Final = "its input is gone"
MOVED_ON: Final = "its input has another output now"


def locator(root: Path) -> Callable[[str], str]:
    """Make the function that says where a directory is, as the manifest keeps it.

    That is its path from the output directory, so that both can move together. Where the output directory is behind a
    link, `..` leads out of where the link leads to: such a path begins at the real directory.
    """
    shown, real = os.path.abspath(root), os.path.realpath(root)  # noqa: PTH100 (texts are compared)
    agree = [os.path.realpath(above) == same for above, same in zip(_upwards(shown), _upwards(real), strict=False)]

    def locate(directory: str) -> str:
        try:
            path = os.path.relpath(directory, shown)
            climbs = path.split(os.sep).count(os.pardir)  # noqa: PTH206 (a Path costs more)
            if agree[climbs : climbs + 1] != [True]:
                path = os.path.relpath(directory, real)
        except ValueError:  # on another drive of Windows
            path = directory
        return printable(path.replace(os.sep, "/"))

    return locate


def _upwards(directory: str) -> Iterator[str]:
    """Go through a directory and all above it."""
    yield directory
    while (above := os.path.dirname(directory)) != directory:  # noqa: PTH120 (texts)
        directory = above
        yield directory


def printable(path: str) -> str:
    r"""Write bytes of a name that are no text as the manifest does: `\udcff`."""
    return path.encode("utf-8", "backslashreplace").decode()


class Owners:
    """What a run knows about the inputs that outputs of earlier runs were made from.

    Attributes:
        unwritten: outputs of this run that could not be written, as messages call them.

    """

    def __init__(self, plan: Plan, manifest: Manifest) -> None:
        """Ask about the outputs of a plan, and what the manifest knew about them.

        A pattern whose directory is not there says nothing: it may be on a disk that is not mounted.
        """
        self.unwritten: set[str] = set()
        self._shown, self._root = plan.root, os.path.realpath(plan.root)
        self._is_selected = plan.selected
        self._spool = plan.spool
        self._manifest = manifest
        self._locate = locate = plan.locate
        self._containers = frozenset(map(self._place, plan.containers))
        self._tops = tuple(f"{locate(directory)}/" for directory in plan.directories)
        self._below = tuple(
            (f"{locate(pattern.base)}/", pattern)
            for pattern in plan.patterns
            if os.path.isdir(pattern.base)  # noqa: PTH112 (Path.is_dir raises for what is not ours to see)
        )

    def _place(self, file: str) -> str:
        """Say where a file is, as `Place.file` does."""
        folder, name = os.path.split(file)
        return f"{self._locate(folder)}/{printable(name)}"

    def is_ours(self, record: Record, place: Place, job: Job) -> bool:
        """Whether an output was made from an input of this run: mostly from the one that is to go there.

        Posts in two directories called alike have the same names, so it counts where they are, too. What is no more
        where it was, while a post of this name is in this run, was moved with its directory, unless that one has an
        output of its own; manifests of the first format do not say where it was.
        """
        if record.source == place.origin and record.file == place.file:
            return True
        planned = [(self._place(file), output) for file, output in self._spool.called(record.source)]
        if record.file in (file for file, _ in planned):
            return True
        if planned and (not record.file or self._is_absent(record.file)):
            made = self._manifest.made_from
            if any({output}.issuperset(made(record.source, file)) for file, output in planned):
                return True
        return job.member is None and self._is_same_file(record.file, job.file)

    def _is_same_file(self, file: str, other: str) -> bool:
        """Whether the manifest knows a file by another path: a link, or other letters where their case is one."""
        try:
            return os.path.samefile(os.path.join(self._root, file), other)  # noqa: PTH118, PTH121 (as below)
        except (OSError, ValueError):
            return False

    def may_have_moved(self, record: Record) -> bool:
        """Whether an input of the bytes that an output was made from can be that input, whatever it is called now.

        That is so where it is no more where it was: its directory was renamed, say.
        """
        return bool(record.source_sha256 and record.file) and self._is_absent(record.file)

    def name(self, record: Record) -> str:
        """Say what an output was made from, as messages call it when nobody else does."""
        return record.source if record.file in self._containers else record.file

    def is_gone(self, record: Record) -> bool:
        """Whether the input of an output is there no more, for sure, and would be one of this run's."""
        if record.file in self._containers:
            return not self._spool.is_spared(record.source) and not self.successor(record)
        return self._is_in_reach(record.file) and self._is_absent(record.file)

    def successor(self, record: Record) -> str:
        """Tell the output that the input of an output has in this run; empty when it is not part of it."""
        planned = self._spool.called(record.source)
        return next((output for file, output in planned if self._place(file) == record.file), "")

    def has_left(self, output: str, record: Record) -> bool:
        """Whether the input of an output has another output now, and that is written.

        It has lost a name to a further post, or won that of one that is gone. To a part of the posts, names are given
        otherwise: each is as good as before, or better. So a better one says something in a whole directory only.
        """
        is_whole = record.file in self._containers or record.file.startswith(self._tops)
        if not is_whole and not self._is_in_reach(record.file):
            return False
        successor = self.successor(record)
        if not successor or str(self._shown / successor) in self.unwritten:
            return False
        return (is_whole and not self._is_selected) or self._is_claimed(output)

    def _is_claimed(self, output: str) -> bool:
        """Whether a name is that of a planned output or folder, but for large and small letters."""
        return not self._spool.claim(fold(output))

    def is_another(self, output: str) -> bool:
        """Whether removing an output would remove a planned one: where large and small letters are one."""
        folder, name = os.path.split(os.path.join(self._root, output))  # noqa: PTH118 (as above)
        other = os.path.join(folder, name.swapcase())  # noqa: PTH118 (as above)
        return self._is_claimed(output) and self._is_same_file(output, other)

    def _is_in_reach(self, file: str) -> bool:
        """Whether a file, as the manifest writes it, would be an input of this run if it were there."""
        if file.startswith(self._tops):
            return True
        return any(file.startswith(top) and pattern.would_name(file[len(top) :]) for top, pattern in self._below)

    def _is_absent(self, file: str) -> bool:
        r"""Whether a file is not there, for sure: no answer of the system says nothing, a directory says yes.

        The manifest writes bytes of names that are no text as a text may look, too (`\udcff`): neither may be there.
        """
        meant = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), file)
        for name in {file, meant}:
            try:
                found = os.lstat(os.path.join(self._root, name))  # noqa: PTH118 (a Path per post costs more than the call)
                if stat.S_ISDIR(found.st_mode):
                    continue
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                return False
            return False
        return True
