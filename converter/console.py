"""What people see of a run: messages and progress on standard error, data on standard output. A part of `cli`."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from converter.model import Note

STDOUT: Final = 1
STDERR: Final = 2
COLUMNS: Final = 20
"""Width of the progress bar."""


@dataclass
class Console:
    """Where output goes; a reader who closed the pipe is no error, we just stop talking to it."""

    quiet: bool = False
    verbose: bool = False
    bar: bool = False
    done: int = 0
    total: int = 0

    def say(self, line: str) -> None:
        """Write one line to standard error."""
        self._wipe()
        self._write(f"{line}\n")

    def inform(self, line: str) -> None:
        """Write one line to standard error, unless only errors are wanted."""
        if not self.quiet:
            self.say(line)

    def fail(self, message: str) -> None:
        """Report an error."""
        self.say(f"error: {visible(message)}")

    def note(self, name: str, notes: Iterable[Note]) -> None:
        """Show what happened to a post, for those who want to know."""
        for note in notes if self.verbose else ():
            self.say(visible(f"note: {name}: {note.rule}: {note.text}"))

    def data(self, data: bytes) -> bool:
        """Write bytes to standard output; false when nobody reads them any more."""
        try:
            click.echo(data, nl=False)
        except BrokenPipeError:
            silence(STDOUT)
            return False
        return True

    def progress(self) -> None:
        """Count one more post, and show it on a terminal."""
        self.done += 1
        step = max(1, self.total // 200)
        if self.bar and (self.done % step == 0 or self.done == self.total):
            filled = COLUMNS * self.done // max(1, self.total)
            self._write(f"\r[{'#' * filled:<{COLUMNS}}] {self.done}/{self.total}")

    def _wipe(self) -> None:
        if self.bar:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        try:
            click.echo(text, nl=False, err=True)
        except BrokenPipeError:
            silence(STDERR)


def visible(text: str) -> str:
    """Escape what a terminal would obey (colours, cursor, line breaks, writing direction) or cannot show.

    Names and titles come from other people's archives. The joiner inside emoji is harmless and stays.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\u200d" else ascii(char)[1:-1] for char in text)


def visible_lines(text: str) -> str:
    """Do the same for a text of several lines, which stay lines."""
    return "".join(f"{visible(line)}\n" for line in text.split("\n")[:-1])


def silence(number: int) -> None:
    """Point a closed pipe to nowhere, or Python complains about it when it flushes at exit."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)
