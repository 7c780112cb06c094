"""Files on disk: read inputs, decide whether an output may be written, write it whole or not at all.

Each post passes here twice, so these are the system's calls themselves: a `Path` or a stream per post costs more than
the calls do.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from converter.errors import SourceError
from converter.names import STATE_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

TEMPORARY: Final = ".archive2md-{}.tmp"
_TRIES: Final = 3
# SQLite writes a journal beside a manifest that it packs.
_LEFT: Final = re.compile(r"\.archive2md-[0-9a-f]{16}\.tmp(?:-journal|-wal|-shm)?")
_READ: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_MODE: Final = 0o666
"""Permissions of a new file, of which the umask takes its part."""

_HALF: Final = 1 << 63

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

NO_REPORT: Final = "name another file, or move this one away"
"""What helps when a report must not be written where it should be."""
_START: Final = 4096
"""Bytes by which a report is known."""

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
        for _ in range(_TRIES):
            before = os.stat(file)
            if not stat.S_ISREG(before.st_mode):
                break
            data, after = _read(file, before.st_size)
            if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, len(data)):
                return Input(data, signed(after.st_mtime_ns))
        else:
            raise SourceError("changes while it is read", source=name, remedy="wait until it is written")
    except FileNotFoundError:
        problem = "a link to a file that does not exist" if os.path.islink(file) else "no such file"
        raise SourceError(problem, source=name, remedy="check the path") from None
    except OSError as error:
        raise unreadable(name, error) from None
    if stat.S_ISDIR(before.st_mode):
        raise SourceError("is a directory", source=name, remedy="give -o DIR to convert the posts in it")
    raise SourceError("is not a regular file", source=name, remedy="pipe it in instead: archive2md < INPUT")


def signed(time: int) -> int:
    """Make a time (nanoseconds) one that fits into 64 bits with a sign, as sqlite keeps it: it ends in 2262.

    Times only tell whether something was changed since; those that a broken clock wrote go round.
    """
    return (time + _HALF) % (2 * _HALF) - _HALF


def _read(file: str, size: int) -> tuple[bytes, os.stat_result]:
    """Read a file that should have so many bytes, and look at it again; one byte more shows that it has grown."""
    handle = os.open(file, _READ)
    try:
        data = os.read(handle, size + 1)
        while 0 < len(data) < size and (more := os.read(handle, size + 1 - len(data))):  # network shares may do so
            data += more
        return data, os.fstat(handle)
    finally:
        os.close(handle)


def decide(
    target: str, data: bytes, *, name: str, recorded: Sequence[str] = (), former: str = "", force: bool = False
) -> Step:
    """Say what writing `data` to `target` means: a new file, an unchanged one, or one that may be replaced.

    Args:
        target: the output file.
        data: what it shall hold.
        name: how messages call the output.
        recorded: hashes of what earlier runs wrote there.
        former: what they made that from, when it is gone and only `--prune` may remove what is left of it.
        force: replace files that we did not write, too.

    Raises:
        SourceError: something is there that must not be replaced.

    """
    try:
        mode = os.lstat(target).st_mode
    except FileNotFoundError:
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
    present = read_input(target, name)
    if present == data:
        return "keep"
    if force or (recorded and digest(present) in recorded):
        if former and not force:
            remedy = "pass --prune to let this post take its place, or move it away"
            raise SourceError(f"was made from {former}, which is gone", source=name, remedy=remedy)
        return "replace"
    raise SourceError(
        "exists and was not written by archive2md from this input, or was edited since",
        source=name,
        remedy="move it away, or pass --force to replace it",
    )


def write(target: str, data: bytes, *, name: str) -> None:
    """Write a file whole or not at all: a temporary file beside it takes its place.

    Raises:
        SourceError: the directory or the file cannot be written; nothing is left behind.

    """
    publish(stage(target, data, name=name), target, name=name)


def stage(target: str, data: bytes, *, name: str) -> str:
    """Write a temporary file beside the file whose place it shall take; returns its path.

    Raises:
        SourceError: as `write`.

    """
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, temporary_name())
    try:
        try:
            _create(temporary, data)
        except FileNotFoundError:  # the directory is not there yet: once in a thousand posts
            os.makedirs(folder or os.curdir, exist_ok=True)
            _create(temporary, data)
    except OSError as error:
        raise unwritable(name, error) from None
    return temporary


def temporary_name() -> str:
    """Make a name that no other file has: `sweep` knows it by its shape."""
    return TEMPORARY.format(os.urandom(8).hex())


def _create(temporary: str, data: bytes) -> None:
    handle = os.open(temporary, _NEW, _MODE)
    try:
        try:
            written = os.write(handle, data)
            while written < len(data):  # the disk is full, a signal came, or it is more than the system takes at once
                written += os.write(handle, data[written:])
        finally:
            os.close(handle)
    except BaseException:
        discard(temporary)
        raise


def publish(temporary: str, target: str, *, name: str) -> None:
    """Let a temporary file take the place of its target, at once.

    Raises:
        SourceError: as `write`.

    """
    try:
        os.replace(temporary, target)
    except BaseException as error:
        discard(temporary)
        if isinstance(error, OSError):
            raise unwritable(name, error) from None
        raise


def discard(temporary: str) -> None:
    """Remove a temporary file. One that cannot be removed is swept by the next run."""
    with contextlib.suppress(OSError):
        os.unlink(temporary)


def remove_empty(root: str | os.PathLike[str], folder: str) -> None:
    """Remove a folder of the output directory if it is empty, then the one above it; none behind a link.

    Args:
        root: the output directory, which stays.
        folder: path in it, `/` between the parts.

    """
    top = os.path.realpath(root)
    while folder:
        path = os.path.join(top, folder)
        if os.path.realpath(path) != os.path.normpath(path):
            return
        try:
            os.rmdir(path)
        except FileNotFoundError:
            pass
        except OSError:
            return
        folder = folder.rpartition("/")[0]


def sweep(root: str | os.PathLike[str], is_ours: Callable[[str], bool]) -> int:
    """Remove the temporary files that a killed run left below a directory; returns how many there were.

    A folder that held nothing else goes, too. Another output directory below it has runs of its own, and one may be
    under way.

    Args:
        root: the output directory.
        is_ours: whether a folder in it, `/` between the parts, has outputs: only then a link to it is followed.

    """
    count = 0
    tops = [os.fspath(root)]
    for top in tops:  # grows meanwhile
        for directory, folders, names in os.walk(top):
            if STATE_DIRECTORY in folders and directory != os.fspath(root):
                folders.clear()
                continue
            if left := _discard_left(directory, names):
                count += left
                remove_empty(root, _inside(root, directory))
            inner = [(name, os.path.join(directory, name)) for name in folders]
            is_behind = top != tops[0]
            known = {path for _, path in inner if (is_behind or os.path.islink(path)) and is_ours(_inside(root, path))}
            tops += [path for path in known if os.path.islink(path)]
            if is_behind:
                folders[:] = [name for name, path in inner if path in known]
    return count


def _inside(root: str | os.PathLike[str], path: str) -> str:
    return path[len(os.path.join(root, "")) :].replace(os.sep, "/")


def sweep_folders(folders: Iterable[str]) -> None:
    """Do the same in a few directories, not below them: a walk through all takes its time."""
    for folder in folders:
        with contextlib.suppress(OSError):
            _discard_left(folder, os.listdir(folder))


def _discard_left(directory: str, names: Iterable[str]) -> int:
    left = [name for name in names if _LEFT.fullmatch(name)]
    for name in left:
        discard(os.path.join(directory, name))
    return len(left)


def obstacle(target: str, known: re.Pattern[bytes]) -> str:
    """Say why a report must not be written to a file; empty when nothing is there but an older one, or no bytes.

    No manifest knows reports, so an older one is told by how it begins.

    Args:
        target: the file.
        known: matches the first bytes of the reports that may be replaced.

    """
    try:
        mode = os.stat(target).st_mode
        if not stat.S_ISREG(mode):
            return "is a directory" if stat.S_ISDIR(mode) else "is not a regular file"
        handle = os.open(target, _READ)
        try:
            start = os.read(handle, _START)
        finally:
            os.close(handle)
    except FileNotFoundError:
        return ""
    except OSError as error:
        below_a_file = isinstance(error, NotADirectoryError)
        return "a part of its path is a file" if below_a_file else f"cannot be read: {error.strerror}"
    return "" if not start or known.match(start) else "exists, and is no report of archive2md"


def write_report(target: str, data: bytes, *, known: re.Pattern[bytes], name: str) -> None:
    """Write a report to a new file, or in place of an older report.

    Raises:
        SourceError: as `write`, and when something else is there.

    """
    if problem := obstacle(target, known):
        raise SourceError(problem, source=name, remedy=NO_REPORT)
    write(target, data, name=name)


def unreadable(name: str, error: OSError) -> SourceError:
    """Make the error for a file that the system refuses to read."""
    remedy = _MORE_FILES if error.errno in {errno.EMFILE, errno.ENFILE} else "check its permissions"
    return SourceError(f"cannot be read: {error.strerror}", source=name, remedy=remedy)


def unwritable(name: str, error: OSError) -> SourceError:
    """Make the error for an output that the system refuses."""
    if isinstance(error, (FileNotFoundError, FileExistsError)) and _leads_nowhere(str(error.filename or "")):
        problem = "a part of its path is a link that leads nowhere"
        return SourceError(problem, source=name, remedy="mount or make what it leads to, or choose another -o")
    if isinstance(error, (NotADirectoryError, FileExistsError)):
        return SourceError("a part of its path is a file", source=name, remedy="move that file, or choose another -o")
    remedy = _REMEDIES.get(error.errno or 0, "choose another -o")
    return SourceError(f"cannot be written: {error.strerror}", source=name, remedy=remedy)


def _leads_nowhere(path: str) -> bool:
    """Whether a path, or one above it, is a link to what is not there, such as a disk that is not mounted."""
    while path:
        if os.path.islink(path):
            return not os.path.exists(path)
        above = os.path.dirname(path)
        path = above if above != path else ""
    return False


def digest(data: bytes) -> str:
    """SHA-256 in hex, as the manifest keeps it."""
    return hashlib.sha256(data).hexdigest()
