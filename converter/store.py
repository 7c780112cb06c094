"""Files on disk: read inputs, decide whether an output may be written, write it whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from converter.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

TEMPORARY: Final = ".archive2md-{}.tmp"
_TRIES: Final = 3
_LEFT: Final = re.compile(r"\.archive2md-[0-9a-f]{16}\.tmp")

_FULL: Final = "make room and run it again, it goes on from here; or choose another -o"
_MORE_FILES: Final = "allow more open files (ulimit -n 1024), or use fewer processes (-j 1)"
_REMEDIES: Final = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EMFILE: _MORE_FILES,
    errno.ENFILE: _MORE_FILES,
    errno.EACCES: "check its permissions, or choose another -o",
    errno.EPERM: "check its permissions, or choose another -o",
}
"""What helps against an error of the system when writing; for all others another directory."""

Step = Literal["create", "replace", "keep"]


class Input(NamedTuple):
    """The bytes of an input file, and when it was changed: nanoseconds."""

    data: bytes
    mtime: int


def read_input(file: str, name: str) -> bytes:
    """Read one input; see `read_stable`."""
    return read_stable(file, name).data


def read_stable(file: str, name: str) -> Input:
    """Read one input as it was at one moment.

    Only regular files are opened: reading a named pipe would wait for ever, a device would never end.

    Args:
        file: its path.
        name: how messages call it.

    Raises:
        SourceError: it does not exist, is no regular file, cannot be read, or changes all the time.

    """
    try:
        mode = os.stat(file).st_mode  # noqa: PTH116 (a Path per post costs more than the call)
        if stat.S_ISREG(mode):
            for _ in range(_TRIES):
                with open(file, "rb") as stream:  # noqa: PTH123 (as above)
                    before = os.fstat(stream.fileno())
                    data = stream.read()
                    after = os.fstat(stream.fileno())
                if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, len(data)):
                    return Input(data, after.st_mtime_ns)
            raise SourceError("changes while it is read", source=name, remedy="wait until it is written")
    except FileNotFoundError:
        problem = "a link to a file that does not exist" if os.path.islink(file) else "no such file"  # noqa: PTH114
        raise SourceError(problem, source=name, remedy="check the path") from None
    except OSError as error:
        remedy = _MORE_FILES if error.errno in {errno.EMFILE, errno.ENFILE} else "check its permissions"
        raise SourceError(f"cannot be read: {error.strerror}", source=name, remedy=remedy) from None
    if stat.S_ISDIR(mode):
        raise SourceError("is a directory", source=name, remedy="give -o DIR to convert the posts in it")
    raise SourceError("is not a regular file", source=name, remedy="pipe it in instead: archive2md < INPUT")


def decide(target: Path, data: bytes, *, name: str, recorded: Sequence[str] = (), force: bool = False) -> Step:
    """Say what writing `data` to `target` means: a new file, an unchanged one, or one that may be replaced.

    Args:
        target: the output file.
        data: what it shall hold.
        name: how messages call the output.
        recorded: hashes of what earlier runs wrote there.
        force: replace files that we did not write, too.

    Raises:
        SourceError: something is there that must not be replaced.

    """
    try:
        mode = target.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "create"
    except OSError as error:
        raise unwritable(name, error) from None
    if stat.S_ISLNK(mode) and not force:
        raise SourceError("is a symbolic link", source=name, remedy="remove it, or pass --force to replace the link")
    if stat.S_ISDIR(mode):
        raise SourceError("is a directory", source=name, remedy="move it away, or choose another output")
    if stat.S_ISLNK(mode):
        return "replace"
    if not stat.S_ISREG(mode):
        raise SourceError("is not a regular file", source=name, remedy="leave -o out to write to standard output")
    present = read_input(str(target), name)
    if present == data:
        return "keep"
    if force or (recorded and digest(present) in recorded):
        return "replace"
    raise SourceError(
        "exists and was not written by archive2md from this input, or was edited since",
        source=name,
        remedy="move it away, or pass --force to replace it",
    )


def write(target: Path, data: bytes, *, name: str) -> None:
    """Write a file whole or not at all: a temporary file beside it takes its place.

    Raises:
        SourceError: the directory or the file cannot be written; nothing is left behind.

    """
    publish(stage(target, data, name=name), target, name=name)


def stage(target: Path, data: bytes, *, name: str) -> Path:
    """Write a temporary file beside the file whose place it shall take; returns its path.

    Raises:
        SourceError: as `write`.

    """
    temporary = target.with_name(TEMPORARY.format(secrets.token_hex(8)))
    try:
        try:
            _create(temporary, data)
        except FileNotFoundError:  # the directory is not there yet: once in a thousand posts
            target.parent.mkdir(parents=True, exist_ok=True)
            _create(temporary, data)
    except OSError as error:
        raise unwritable(name, error) from None
    return temporary


def _create(temporary: Path, data: bytes) -> None:
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
    except FileNotFoundError:
        raise
    except BaseException:
        discard(temporary)
        raise


def publish(temporary: Path, target: Path, *, name: str) -> None:
    """Let a temporary file take the place of its target, at once.

    Raises:
        SourceError: as `write`.

    """
    try:
        temporary.replace(target)
    except BaseException as error:
        discard(temporary)
        if isinstance(error, OSError):
            raise unwritable(name, error) from None
        raise


def discard(temporary: Path) -> None:
    """Remove a temporary file. One that cannot be removed is swept by the next run."""
    with contextlib.suppress(OSError):
        temporary.unlink()


def sweep(root: Path) -> int:
    """Remove the temporary files that a killed run left below a directory; returns how many there were."""
    count = 0
    for directory, _, names in os.walk(root):
        for name in names:
            if _LEFT.fullmatch(name):
                discard(Path(directory, name))
                count += 1
    return count


def unwritable(name: str, error: OSError) -> SourceError:
    """Make the error for an output that the system refuses."""
    if isinstance(error, (NotADirectoryError, FileExistsError)):
        return SourceError("a part of its path is a file", source=name, remedy="move that file, or choose another -o")
    remedy = _REMEDIES.get(error.errno or 0, "choose another -o")
    return SourceError(f"cannot be written: {error.strerror}", source=name, remedy=remedy)


def digest(data: bytes) -> str:
    """SHA-256 in hex, as the manifest keeps it."""
    return hashlib.sha256(data).hexdigest()
