"""The manifest for those who only read it, also while a run writes or after one was killed. A part of `manifest`."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Final

from converter.errors import ConfigError

_VERSIONS: Final = slice(18, 20)
_WAL: Final = b"\2\2"
"""Versions for writing and reading in the header of a file in WAL mode: SQLite's file format, section 1.3.3."""
_LOG_HEADER: Final = 32
"""Bytes of the header of a log: section 4.1. It holds a salt that is another one each time the log begins anew."""
_TRIES: Final = 3


def log_path(path: Path) -> Path:
    """Where sqlite keeps what is committed and not in the file yet."""
    return path.with_name(f"{path.name}-wal")


def code_of(error: sqlite3.Error) -> int:
    """Tell the kind of an error of sqlite."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_locked(error: sqlite3.Error) -> bool:
    """Whether an error says that another process has the file."""
    return code_of(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def busy(path: Path, remedy: str = "wait for it, or choose another -o") -> ConfigError:
    """Make the error for a manifest that another run has."""
    return ConfigError("another archive2md is writing there", source=str(path.parent.parent), remedy=remedy)


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a manifest without writing anything beside it, and without waiting for a run that has it.

    Raises:
        ConfigError: it changes faster than it can be copied.
        OSError, sqlite3.Error: it cannot be read.

    """
    if log_path(path).exists():
        return _copied(path)
    # In WAL mode, sqlite would make a file for the locks beside it, and leave that there.
    how = "mode=ro&immutable=1" if _is_in_wal_mode(path) else "mode=ro"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, timeout=0)
    try:
        connection.execute("PRAGMA schema_version")
    except sqlite3.Error as error:
        connection.close()
        if is_locked(error):  # by a run that has not written yet
            return _copied(path)
        raise
    return connection


def _is_in_wal_mode(path: Path) -> bool:
    """Whether the last run did not end, by the header of the file: it was killed, or a second Ctrl-C stopped it."""
    with path.open("rb") as file:
        return file.read(_VERSIONS.stop)[_VERSIONS] == _WAL


def _copied(path: Path) -> sqlite3.Connection:
    """Copy a file and its log: sqlite cannot read both together without writing beside them.

    What a log holds is moved into the file before the log begins anew, by another header. So a file, and a log that is
    copied after it, belong together as long as that header is the same.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, path.name)
        for _ in range(_TRIES):
            log_path(copy).unlink(missing_ok=True)
            before = _state(path)
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(path, copy)
                shutil.copyfile(log_path(path), log_path(copy))
            if before == _state(path):
                break
        else:
            raise busy(path, "ask again when it has ended")
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            private = sqlite3.connect("", isolation_level=None)  # on disk, once it is large
            connection.backup(private)
            return private


def _state(path: Path) -> tuple[int, bytes]:
    """Tell which file and which log are there; a log that has not begun is none."""
    with contextlib.suppress(FileNotFoundError), log_path(path).open("rb") as log:
        return path.stat().st_ino, log.read(_LOG_HEADER)
    return path.stat().st_ino, b""
