"""One post from standard input to standard output. A part of `cli` that does without options: it has to start fast."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from converter.console import Console, guarded, visible
from converter.encoding import encode
from converter.errors import EXIT_FAILED, EXIT_OK, SourceError
from converter.model import Options, Source

if TYPE_CHECKING:
    from collections.abc import Sequence


def is_bare(arguments: Sequence[str]) -> bool:
    """Whether a command line says nothing but "convert what comes in"; click is not needed to understand it.

    A terminal means that somebody asks what to do, and click's variable that a shell asks how words go on.
    """
    if list(arguments) not in ([], ["-"]) or "_ARCHIVE2MD_COMPLETE" in os.environ:
        return False
    return bool(arguments) or sys.stdin is None or sys.stdin.closed or not sys.stdin.isatty()


def main() -> int:
    """Convert standard input with the default options; returns the exit code."""
    return guarded(lambda: to_stdout(read_stdin(), Options(), Console()))  # which also empties standard output


def load() -> int:
    """Import the rest of the command line, which takes long enough for a Ctrl-C to come in between."""

    def imported() -> None:
        import converter.cli  # noqa: F401 (for its caller)

    return guarded(imported)


def read_stdin() -> Source:
    """Read standard input.

    Raises:
        SourceError: it is closed.

    """
    if not sys.stdin:
        raise SourceError("standard input is closed", source="-", remedy="give a file, or pipe one in")
    return Source("-", sys.stdin.buffer.read())


def to_stdout(source: Source, options: Options, console: Console, *, dry_run: bool = False) -> int:
    """Convert one post and write its Markdown to standard output; returns the exit code."""
    from converter.pipeline import convert

    result = convert(source, options)
    console.note(source.name, result.notes)
    console.differ(source.name, result.differences)
    if result.error:
        console.fail(result.error)
        return EXIT_FAILED
    if dry_run:
        console.data(f"would write {visible(source.name)} to standard output\n".encode())
    else:
        console.data(encode(result.markdown, source.name))
    return EXIT_OK
