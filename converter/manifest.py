"""What earlier batches wrote to an output directory: only our own files are ever replaced, nothing is done twice.

An sqlite file at `OUT/.archive2md/manifest.sqlite`: one row an output. It holds no times of ours and is packed at the
end of a run, so the same inputs and outputs always give the same bytes. While a run writes, the file is in WAL mode:
what is committed survives the death of the process, and the mode tells the next run that this one did not end.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from converter.errors import ConfigError, SourceError
from converter.names import STATE_DIRECTORY
from converter.snapshot import busy, code_of, is_locked, log_path, open_to_read
from converter.store import discard, temporary_name, unreadable, unwritable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

VERSION: Final = 3
APPLICATION_ID: Final = 0x61326D64
"""`a2md`: tells our files from other people's sqlite files."""


class Record(NamedTuple):
    """What is known about one output.

    Attributes:
        source: what the batch calls the input (`Found.origin`).
        sha256: hash of what we wrote.
        size: bytes that we wrote; -1 when not known.
        before: hashes of what may be there still, while the new text is on its way; else empty.
        file: path of the input file, relative to the output directory where that is possible.
        source_size: bytes of the input; -1 when not known.
        source_mtime: when the input was changed, in nanoseconds; of a member, the stamp of its container.
        source_sha256: hash of the input.
        key: version and options that it was converted with.
        notes: the notes of the conversion, one a line.
        article: which article it is, the same for two exports of it; empty when not known.
        body: hash of the text without its front matter; empty when there is none.

    """

    source: str
    sha256: str
    size: int = -1
    before: str = ""
    file: str = ""
    source_size: int = -1
    source_mtime: int = -1
    source_sha256: str = ""
    key: str = ""
    notes: str = ""
    article: str = ""
    body: str = ""

    @property
    def hashes(self) -> tuple[str, ...]:
        """Hashes of what we wrote there: one of them is there, unless it was edited."""
        return self.sha256, *self.before.split()


_COLUMNS: Final = ", ".join(
    f"{name} {'INTEGER' if name in {'size', 'source_size', 'source_mtime'} else 'TEXT'} NOT NULL"
    for name in Record._fields
)
_SCHEMA: Final = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
    f"CREATE TABLE output (path TEXT PRIMARY KEY, {_COLUMNS}) WITHOUT ROWID",
)
_NO_WRITING: Final = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
)
_FORMER: Final = {1: 2, 2: 10}
"""Version -> how many of the fields it knew."""
_PUT: Final = f"INSERT OR REPLACE INTO output VALUES ({', '.join('?' * (len(Record._fields) + 1))})"  # noqa: S608 (question marks)


def manifest_path(root: Path) -> Path:
    """Where the manifest of an output directory is."""
    return root / STATE_DIRECTORY / "manifest.sqlite"


def is_there(root: Path) -> bool:
    """Whether a batch wrote to a directory.

    Raises:
        SourceError: the system does not let us look.

    """
    path = manifest_path(root)
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise unreadable(str(path), error) from None
    return True


class Manifest:
    """The open manifest of one output directory; use it in a `with` block, from one process at a time.

    Attributes:
        path: the file.
        mtime: when it was changed last, in nanoseconds, as it was opened; 0 for a new one. What is older than this and
            has the recorded size was not edited since.
        unfinished: the run before this one did not end: it may have left temporary files.

    """

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
        self._log = log_path(self.path)
        self.mtime = 0
        self.unfinished = False
        self._changes = 0
        self._is_indexed = False
        self._know(Record._fields)
        self._connection: sqlite3.Connection | None = None
        if not is_there(root):
            if read_only:
                return
        else:
            self.mtime = self.path.stat().st_mtime_ns
        try:
            self._connection = open_to_read(self.path) if read_only else self._begin_run()
            self._check(read_only=read_only)
        except OSError as error:
            raise (unreadable if read_only else unwritable)(str(self.path), error) from None
        except sqlite3.Error as error:
            self._close()
            raise self._unusable(error) from None
        except ConfigError:
            self._close()
            raise

    @property
    def changed(self) -> bool:
        """Whether this run has changed anything; it is packed then."""
        return self._changes > 0

    def _begin_run(self) -> sqlite3.Connection:
        """Open the file and lock it for this run, or fail when another one has it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            self.path.touch(0o644, exist_ok=False)
        found = self.path.stat()
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=0)
        try:
            for statement in ("PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE", "COMMIT"):
                connection.execute(statement)
            is_there = os.path.samestat(found, self.path.stat())
        except BaseException:
            connection.close()
            raise
        if not is_there:  # another run has just ended and put a packed file in its place
            connection.close()
            raise busy(self.path)
        return connection

    def _check(self, *, read_only: bool) -> None:
        """Make sure that the file is ours; write the schema into a new one."""
        if not read_only:
            self._execute("PRAGMA synchronous = NORMAL")
            self.unfinished = self._execute("PRAGMA journal_mode").fetchone()[0] == "wal"
            self._changes = int(self.unfinished)  # it is to be packed, whatever this run does
        application = self._number("PRAGMA application_id")
        version = self._number("PRAGMA user_version")
        is_empty = self._number("SELECT count(*) FROM sqlite_master") == 0
        if is_empty and not application:
            if read_only:  # a run that was killed while it began: there is nothing to be asked
                self._close()
            else:
                self._change(_SCHEMA)
            return
        if application != APPLICATION_ID:
            raise self._foreign("is not a manifest of archive2md")
        if version not in {*_FORMER, VERSION}:
            raise self._foreign(f"was written by a newer archive2md (format {version}, this one knows {VERSION})")
        # Of a last page that is cut off, sqlite takes what is missing for zeros. A log may still hold pages.
        if not self._log.exists() and self.path.stat().st_size % self._number("PRAGMA page_size"):
            raise self._foreign("is damaged (it is cut off)")
        self._execute("SELECT path, source, sha256 FROM output LIMIT 1")
        if version == VERSION:
            return
        self._know(Record._fields[: _FORMER[version]])
        if not read_only:
            self._change(self._taking_over())
            self._know(Record._fields)

    def _know(self, fields: Sequence[str]) -> None:
        """Set which fields the file has."""
        self._names = ", ".join(fields)
        self._get = f"SELECT {self._names} FROM output WHERE path = ?"  # noqa: S608 (our own names)

    def _taking_over(self) -> Iterator[str]:
        """Change a manifest of a former version; what it does not know is learnt by converting each post again."""
        yield "ALTER TABLE output RENAME TO former"
        yield from _SCHEMA
        known = self._names.split(", ")
        values = [
            name if name in known and name != "key" else repr(Record._field_defaults[name]) for name in Record._fields
        ]
        yield f"INSERT INTO output SELECT path, {', '.join(values)} FROM former"  # noqa: S608 (our own names)
        yield "DROP TABLE former"

    def _change(self, statements: Iterable[str]) -> None:
        """Change the schema: all of it or nothing."""
        self._begin()
        for statement in statements:
            self._execute(statement)
        self._execute("COMMIT")

    def _begin(self) -> None:
        """Begin a transaction; the first one of a run also says that a run is under way."""
        if not self._changes:
            self._execute("PRAGMA journal_mode = WAL")
        self._changes += 1
        self._execute("BEGIN")

    def _foreign(self, problem: str) -> ConfigError:
        remedy = "choose another -o, or move this file away and pass --force to replace what is there"
        return ConfigError(problem, source=str(self.path), remedy=remedy)

    def _unusable(self, error: sqlite3.Error) -> ConfigError | SourceError:
        if is_locked(error):
            return busy(self.path)
        if code_of(error) in _NO_WRITING:
            remedy = "make room there or check its permissions, then run it again: it goes on from here"
            return SourceError(f"cannot be written: {error}", source=str(self.path), remedy=remedy)
        return self._foreign(f"is damaged ({error})")

    def _execute(self, statement: str, *values: str | int) -> sqlite3.Cursor:
        return self._open().execute(statement, values)

    def _execute_many(self, statement: str, rows: Iterable[tuple[str | int, ...]]) -> None:
        self._open().executemany(statement, rows)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            message = "the manifest is closed"
            raise ValueError(message)
        return self._connection

    def _number(self, statement: str) -> int:
        return int(self._execute(statement).fetchone()[0])

    def get(self, output: str) -> Record | None:
        """Look an output up by its path relative to the output directory."""
        if self._connection is None:
            return None
        try:
            row = self._connection.execute(self._get, (output,)).fetchone()
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        return Record(*row) if row else None

    def put(
        self, records: Iterable[tuple[str, Record]], *, gone: Iterable[str] = (), arrived: Iterable[str] = ()
    ) -> None:
        """Change what is remembered; all of it or nothing, and for good.

        Args:
            records: outputs by their paths.
            gone: paths of outputs to forget.
            arrived: paths of outputs whose new texts have taken their places: `before` is no more.

        """
        try:
            self._begin()
            self._execute_many("UPDATE output SET before = '' WHERE path = ?", ((output,) for output in arrived))
            self._execute_many(_PUT, ((output, *record) for output, record in records))
            self._execute_many("DELETE FROM output WHERE path = ?", ((output,) for output in gone))
            self._execute("COMMIT")
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        finally:
            self._roll_back()  # a second Ctrl-C may come in here, and the run has more to put when it ends

    def _roll_back(self) -> None:
        if self._connection is not None and self._connection.in_transaction:
            self._connection.rollback()

    def __iter__(self) -> Iterator[tuple[str, Record]]:
        """Go through all outputs in the order of their paths."""
        if self._connection is None:
            return
        try:
            for output, *values in self._execute(f"SELECT path, {self._names} FROM output ORDER BY path"):  # noqa: S608 (as above)
                yield output, Record(*values)
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def made_from(self, source: str, file: str) -> list[str]:
        """Tell which outputs were made from an input; the first question makes an index of its own, beside the file.

        Of what is put after it, nothing is known here.
        """
        if self._connection is None or "file" not in self._names:
            return []
        try:
            if not self._is_indexed:
                self._execute("CREATE TEMP TABLE made AS SELECT source, file, path FROM output")
                self._execute("CREATE INDEX by_input ON made (source, file)")
                self._is_indexed = True
            rows = self._execute("SELECT path FROM made WHERE source = ? AND file = ?", source, file).fetchall()
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        return [path for (path,) in rows]

    def below(self, folder: str) -> Iterator[tuple[str, Record]]:
        """Go through the outputs in a folder and those below it."""
        if self._connection is None:
            return
        rows = f"SELECT path, {self._names} FROM output WHERE path > ? AND path < ? ORDER BY path"  # noqa: S608 (as above)
        try:
            for output, *values in self._execute(rows, f"{folder}/", f"{folder}0"):  # 0 comes after /
                yield output, Record(*values)
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def repeated(self, field: str) -> Iterator[tuple[str, list[str]]]:
        """Find outputs that share a value: what it is, and which they are, in the order of their paths.

        Args:
            field: `article` or `body`.

        """
        if self._connection is None or field not in self._names:
            return
        several = f"SELECT {field} FROM output WHERE {field} <> '' GROUP BY 1 HAVING count(*) > 1"  # noqa: S608 (as above)
        try:
            rows = self._execute(f"SELECT {field}, path FROM output WHERE {field} IN ({several}) ORDER BY 1, 2")  # noqa: S608 (as above)
            for value, group in groupby(rows, key=itemgetter(0)):
                yield value, [path for _, path in group]
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def close(self) -> None:
        """Pack the file when anything changed. Closing twice does no harm."""
        if self._connection is None:
            return
        packed = self.path.with_name(temporary_name())
        try:
            if self._changes:
                self._roll_back()
                self._execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                self._execute("VACUUM INTO ?", str(packed))
                with contextlib.closing(sqlite3.connect(packed, isolation_level=None)) as copy:
                    copy.execute("PRAGMA schema_version = 1")  # it counts how often the file was packed
                if os.name == "nt":  # it gives no open file's place away, so that another run may come in between
                    self._close()
                self._check_log()
                packed.replace(self.path)  # still locked: who opens the old file meanwhile may not have it
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        except OSError as error:
            raise unwritable(str(self.path), error) from None
        finally:
            self._close()
            if self._changes:  # else there is nothing to remove, and a system that is read-only refuses all the same
                discard(str(packed))

    def _check_log(self) -> None:
        """Make sure that no log is left, as the next run would take it for the packed file's, and damage that.

        Closing a file says nothing when there is no room to move its log into it. It does not remove a log that is
        empty either once its file has lost its place.
        """
        with contextlib.suppress(FileNotFoundError):
            if self._log.stat().st_size:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._log.unlink()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def __enter__(self) -> Self:
        """Return the open manifest itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        """Save and close, also when the run broke off: what was written was written.

        Who does not want to wait for posts under way does not wait for the packing either; the next run does it.
        """
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            self._close()
        self.close()
