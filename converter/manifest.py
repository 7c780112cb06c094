"""What earlier batches wrote to an output directory, so that only our own files are ever replaced.

An sqlite file at `OUT/.archive2md/manifest.sqlite`: one row an output, with its source and the hash of what we wrote.
It holds no times and is packed at the end of a run, so the same outputs always give the same bytes.
"""

from __future__ import annotations

import secrets
import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from converter.errors import ConfigError, SourceError
from converter.names import STATE_DIRECTORY
from converter.store import TEMPORARY, unwritable

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

VERSION: Final = 1
APPLICATION_ID: Final = 0x61326D64
"""`a2md`: tells our files from other people's sqlite files."""

COMMIT_EVERY: Final = 512
"""Rows to a transaction: a crash forgets at most so many outputs, and those are found again by their content."""

_SCHEMA: Final = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
    "CREATE TABLE output (path TEXT PRIMARY KEY, source TEXT NOT NULL, sha256 TEXT NOT NULL) WITHOUT ROWID",
)


class Record(NamedTuple):
    """Which source an output was written from, and the hash of what was written."""

    source: str
    sha256: str


def manifest_path(root: Path) -> Path:
    """Where the manifest of an output directory is."""
    return root / STATE_DIRECTORY / "manifest.sqlite"


class Manifest:
    """The open manifest of one output directory; use it in a `with` block, from one process at a time."""

    def __init__(self, root: Path, *, read_only: bool = False) -> None:
        """Open the manifest of an output directory, or begin one.

        Args:
            root: the output directory.
            read_only: neither create nor change anything; a manifest that does not exist is an empty one.

        Raises:
            ConfigError: the file is damaged, belongs to something else, to a newer version, or to a running batch.
            SourceError: the directory cannot be written.

        """
        self.path = manifest_path(root)
        self._changes = 0
        self._connection: sqlite3.Connection | None = None
        if read_only and not self.path.exists():
            return
        try:
            self._connection = self._connect(read_only=read_only)
            self._check(read_only=read_only)
        except OSError as error:
            raise unwritable(str(self.path), error) from None
        except sqlite3.Error as error:
            self._close()
            raise self._unusable(error) from None
        except ConfigError:
            self._close()
            raise

    def _connect(self, *, read_only: bool) -> sqlite3.Connection:
        if read_only:
            uri = f"{self.path.absolute().as_uri()}?mode=ro"
            return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return sqlite3.connect(self.path, isolation_level=None, timeout=0)

    def _check(self, *, read_only: bool) -> None:
        """Lock the file for this run and make sure that it is ours; write the schema into a new one."""
        if not read_only:
            self._execute("PRAGMA locking_mode = EXCLUSIVE")
            self._execute("BEGIN EXCLUSIVE")
            self._execute("COMMIT")
        application = self._number("PRAGMA application_id")
        version = self._number("PRAGMA user_version")
        is_empty = self._number("SELECT count(*) FROM sqlite_master") == 0
        if is_empty and not application:
            if not read_only:
                for statement in _SCHEMA:
                    self._execute(statement)
                self._changes = 1
            return
        if application != APPLICATION_ID:
            raise self._foreign("is not a manifest of archive2md")
        if version != VERSION:
            raise self._foreign(f"was written by a newer archive2md (format {version}, this one knows {VERSION})")
        self._execute("SELECT path, source, sha256 FROM output LIMIT 1")

    def _foreign(self, problem: str) -> ConfigError:
        remedy = "choose another -o, or move this file away and pass --force to replace what is there"
        return ConfigError(problem, source=str(self.path), remedy=remedy)

    def _unusable(self, error: sqlite3.Error) -> ConfigError | SourceError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            remedy = "wait for it, or choose another -o"
            return ConfigError(
                "another archive2md is writing there", source=str(self.path.parent.parent), remedy=remedy
            )
        if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
            return SourceError(f"cannot be written: {error}", source=str(self.path), remedy="choose another -o")
        return self._foreign(f"is damaged ({error})")

    def _execute(self, statement: str, *values: str) -> sqlite3.Cursor:
        if self._connection is None:
            message = "the manifest is closed"
            raise ValueError(message)
        return self._connection.execute(statement, values)

    def _number(self, statement: str) -> int:
        return int(self._execute(statement).fetchone()[0])

    def get(self, output: str) -> Record | None:
        """Look an output up by its path relative to the output directory."""
        if self._connection is None:
            return None
        try:
            row = self._execute("SELECT source, sha256 FROM output WHERE path = ?", output).fetchone()
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        return Record(*row) if row else None

    def put(self, output: str, record: Record) -> None:
        """Remember what was written to an output; the same again changes nothing."""
        if self.get(output) == record:
            return
        try:
            if self._connection is not None and not self._connection.in_transaction:
                self._execute("BEGIN")
            self._execute("INSERT OR REPLACE INTO output VALUES (?, ?, ?)", output, *record)
            self._changes += 1
            if self._changes % COMMIT_EVERY == 0:
                self._execute("COMMIT")
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def close(self) -> None:
        """Save, and pack the file when anything changed. Closing twice does no harm."""
        if self._connection is None:
            return
        packed = self.path.with_name(TEMPORARY.format(secrets.token_hex(8)))
        try:
            if self._connection.in_transaction:
                self._execute("COMMIT")
            if self._changes:
                self._execute("VACUUM INTO ?", str(packed))
            self._close()
            if self._changes:
                packed.replace(self.path)
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        except OSError as error:
            raise unwritable(str(self.path), error) from None
        finally:
            self._close()
            packed.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def __enter__(self) -> Self:
        """Return the open manifest itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        """Save and close, also when the run broke off: what was written was written."""
        self.close()
