"""Where the inputs of a batch wait for their turn: a temporary database, so that memory does not grow with them.

    Found, in any order --add--> found --plan--> job --jobs--> in reading order

The database belongs to this process alone: sqlite makes it in the directory for temporary files once it outgrows a few
hundred KB, and unlinks it at once, so nothing is left of it however the process ends.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from converter.errors import SourceError
from converter.names import sort_key
from converter.sources import Found, Member

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CACHE_KIB: Final = 512
"""Memory of the database; the sorter takes as much again."""

_FOUND: Final = "path, origin, file, name, kind, stamp, at, size, packed, method, crc"
_SCHEMA: Final = (
    f"CREATE TABLE found (id INTEGER PRIMARY KEY, key, depth, {_FOUND})",
    "CREATE TABLE job (output, refusal, found)",
    "CREATE TABLE claimed (name PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE member (name PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE spared (origin PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE own (file PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE gone (output)",
)
_ADD: Final = f"INSERT INTO found VALUES (NULL, {', '.join('?' * 13)})"  # noqa: S608 (question marks)
_ONE_OF_EACH: Final = """
    DELETE FROM found WHERE id IN (
        SELECT id FROM (
            SELECT id, row_number() OVER (PARTITION BY file, at ORDER BY depth DESC, key) AS number FROM found
        ) WHERE number > 1
    )"""
_JOBS: Final = f"SELECT output, refusal, {_FOUND} FROM job JOIN found ON found.id = job.found"  # noqa: S608 (our own names)
_BY_ORIGIN: Final = (
    "CREATE INDEX IF NOT EXISTS by_origin ON found (origin)",
    "CREATE INDEX IF NOT EXISTS by_found ON job (found)",
)
# The plus: as a column that is a number, `id` would have the other one compared as one, which no index of it does.
_CALLED: Final = "SELECT file, output FROM found CROSS JOIN job ON job.found = +found.id WHERE origin = ?"


class Planned(NamedTuple):
    """An input with its output (relative to the output directory), and why that must not be written, if so."""

    output: str
    refusal: str
    found: Found


class Named(NamedTuple):
    """The parts of an input that its name is made of, with its number in the spool."""

    number: int
    path: str
    origin: str


class Spool:
    """The inputs of one batch, from when they are found until they are done."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._connection = sqlite3.connect("", isolation_level=None)
        with _clear():
            for statement in (
                f"PRAGMA cache_size = -{CACHE_KIB}",
                "PRAGMA journal_mode = OFF",
                "BEGIN",
                *_SCHEMA,
            ):
                self._connection.execute(statement)

    def add(self, found: Iterable[Found]) -> int:
        """Take inputs in; returns how many."""
        with _clear():
            return max(0, self._connection.executemany(_ADD, map(_row, found)).rowcount)

    def keep_one_of_each(self) -> None:
        """Forget inputs that were found twice, but for the one of the deepest path."""
        with _clear():
            self._connection.execute(_ONE_OF_EACH)

    def __len__(self) -> int:
        """Count the inputs that were found."""
        return self._number("SELECT count(*) FROM found")

    def __iter__(self) -> Iterator[Found]:
        """Go through the inputs, sorted by `names.sort_key`."""
        with _clear():
            for row in self._connection.execute(f"SELECT {_FOUND} FROM found ORDER BY key"):  # noqa: S608 (as above)
                yield _found(row)

    def places(self) -> Iterator[tuple[str, str]]:
        """Go through the inputs as they were found: their paths in the batch, and their files."""
        with _clear():
            for path, file in self._connection.execute("SELECT path, file FROM found"):
                yield _text(path), _text(file)

    def named(self) -> Iterator[Named]:
        """Go through the inputs, sorted by `names.sort_key`."""
        with _clear():
            for number, path, origin in self._connection.execute("SELECT id, path, origin FROM found ORDER BY key"):
                yield Named(number, _text(path), origin)

    def claim(self, key: str) -> bool:
        """Take an output name, folded; false when it was taken before."""
        return self._insert("INSERT OR IGNORE INTO claimed VALUES (?)", key)

    def is_claimed(self, key: str) -> bool:
        """Whether an output name, folded, is taken."""
        return bool(self._number("SELECT EXISTS (SELECT 1 FROM claimed WHERE name = ?)", _value(key)))

    def claim_member(self, name: str) -> bool:
        """Take a name in the container that is being listed; false when it was taken before."""
        return self._insert("INSERT OR IGNORE INTO member VALUES (?)", name)

    def end_container(self) -> None:
        """Forget which names are taken in the last container."""
        with _clear():
            self._connection.execute("DELETE FROM member")

    def spare(self, origin: str) -> None:
        """Remember that an input is there, although it is not taken."""
        self._insert("INSERT OR IGNORE INTO spared VALUES (?)", _printable(origin))

    def is_spared(self, origin: str) -> bool:
        """Whether an input is there that was not taken."""
        return bool(self._number("SELECT EXISTS (SELECT 1 FROM spared WHERE origin = ?)", origin))

    def own(self, file: str) -> None:
        """Remember the real path of an input, where an output may come to lie."""
        self._insert("INSERT OR IGNORE INTO own VALUES (?)", file)

    def is_own(self, file: str) -> bool:
        """Whether a path is that of an input."""
        return bool(self._number("SELECT EXISTS (SELECT 1 FROM own WHERE file = ?)", _value(file)))

    def plan(self, jobs: Iterable[tuple[str, str, int]]) -> int:
        """Take in each output, why it must not be written, and the number of its input; returns how many."""
        with _clear():
            return max(0, self._connection.executemany("INSERT INTO job VALUES (?, ?, ?)", jobs).rowcount)

    def jobs(self) -> Iterator[Planned]:
        """Go through what was planned in the order in which it is best read.

        Members of containers come last, as they lie in their container: a compressed tar can only be read forward, and
        in any other order each step back would unpack it from its beginning.
        """
        for order in ("kind = '' ORDER BY job.rowid", "kind > '' ORDER BY file, at"):
            with _clear():
                for output, refusal, *row in self._connection.execute(f"{_JOBS} WHERE {order}"):
                    yield Planned(output, refusal, _found(row))

    def called(self, origin: str) -> list[tuple[str, str]]:
        """Tell the files and outputs of the planned inputs of a name; the first question makes indexes.

        They are several where two INPUTs are directories called alike.
        """
        with _clear():
            for statement in _BY_ORIGIN:
                self._connection.execute(statement)
            rows = self._connection.execute(_CALLED, (origin,)).fetchall()
        return [(_text(file), output) for file, output in rows]

    def outputs(self) -> Iterator[str]:
        """Go through the planned outputs, sorted as the manifest sorts."""
        with _clear():
            for (output,) in self._connection.execute("SELECT output FROM job ORDER BY output"):
                yield output

    def lose(self, output: str) -> None:
        """Remember an output whose input is gone."""
        self._insert("INSERT INTO gone VALUES (?)", output)

    def lost(self) -> Iterator[str]:
        """Go through the outputs whose inputs are gone."""
        with _clear():
            for (output,) in self._connection.execute("SELECT output FROM gone ORDER BY rowid"):
                yield output

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()

    def __del__(self) -> None:
        """Forget everything at the latest when nobody asks any more."""
        self.close()

    def _insert(self, statement: str, text: str) -> bool:
        with _clear():
            return self._connection.execute(statement, (_value(text),)).rowcount > 0

    def _number(self, statement: str, *values: str | bytes) -> int:
        with _clear():
            return int(self._connection.execute(statement, values).fetchone()[0])


@contextlib.contextmanager
def _clear() -> Iterator[None]:
    """Say what is wrong when the database cannot be written."""
    try:
        yield
    except sqlite3.Error as error:
        remedy = "make room in the directory for temporary files, or name another one in SQLITE_TMPDIR"
        raise SourceError(f"cannot keep the list of posts: {error}", remedy=remedy) from None


def _value(text: str) -> str | bytes:
    """Bind a text; one with bytes of a file name that are no UTF-8 is bound as bytes."""
    if text.isascii():
        return text
    data = text.encode("utf-8", "surrogatepass")
    return data if b"\xed" in data and _has_surrogates(text) else text


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "surrogatepass")


def _printable(origin: str) -> str:
    """Write the name of an input as the manifest does."""
    return origin.encode("utf-8", "backslashreplace").decode()


def _row(found: Found) -> tuple[object, ...]:
    """Put a key before an input that sorts as `sort_key` and, between equal paths, the rest of it do."""
    path, origin, file, name, member = found.path, found.origin, found.file, found.name, found.member or _NO_MEMBER
    parents, stem, rank, suffix = sort_key(path)
    key = "\0".join((*parents, "", stem, f"{rank}{suffix}", path, origin, file, name))
    texts = _value(path), _printable(origin), _value(file), _value(name)
    return key.encode("utf-8", "surrogatepass"), path.count("/"), *texts, *member


_NO_MEMBER: Final = Member("", 0, -1)


def _found(row: list[Any]) -> Found:
    path, origin, file, name, kind, *numbers = row
    return Found(_text(path), origin, _text(file), _text(name), Member(kind, *numbers) if kind else None)
