"""What people see of a run: messages and progress on standard error, data on standard output. A part of `cli`."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING, Final

from converter.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, ConverterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from converter.model import Note

STDOUT: Final = 1
STDERR: Final = 2
_HARMLESS: Final = "\u200d\u3000"
COLUMNS: Final = 20
"""Width of the progress bar."""
BAR_SECONDS: Final = 0.1
"""How long a bar stands at least: terminals are slower than we are."""


class Console:
    """Where output goes; a reader who closed the pipe is no error, we just stop talking to it.

    Attributes:
        quiet: show errors only.
        verbose: show what happened to each post.
        bar: show progress.
        done: posts so far.
        total: posts in all.

    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False, bar: bool = False, total: int = 0) -> None:
        """Begin with nothing done."""
        self.quiet, self.verbose, self.bar, self.total = quiet, verbose, bar, total
        self.done = 0
        self._began = time.monotonic()
        self._shown = 0.0

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

    def differ(self, name: str, differences: int) -> None:
        """Warn of a post whose Markdown does not say what the article says."""
        if differences > 0:
            where = "" if self.verbose else "; -v tells where"
            self.inform(
                visible(f"warning: {name}: the Markdown differs from the article at {differences} places{where}")
            )

    def data(self, data: bytes) -> bool:
        """Write bytes to standard output; false when nobody reads them any more."""
        try:
            if sys.stdout:
                sys.stdout.flush()
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
        except BrokenPipeError:
            silence(STDOUT)
            return False
        return True

    def progress(self, failed: int) -> None:
        """Count one more post, and show on a terminal how far, how fast, how long still, and how many failed."""
        self.done += 1
        if not self.bar:
            return
        now = time.monotonic()
        if now - self._shown < BAR_SECONDS and self.done != self.total:
            return
        self._shown = now
        filled = COLUMNS * self.done // max(1, self.total)
        rate = self.done / max(now - self._began, 1e-3)
        left = round((self.total - self.done) / rate)
        words = [f"{self.done}/{self.total}", f"{rate:.0f}/s", f"{left // 60}:{left % 60:02} left"]
        words += [f"{failed} failed"] * bool(failed)
        self._write(f"\r\x1b[K[{'#' * filled:<{COLUMNS}}] {', '.join(words)}")

    def _wipe(self) -> None:
        if self.bar:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        try:
            if sys.stderr:
                sys.stderr.write(text)
                sys.stderr.flush()
        except BrokenPipeError:
            silence(STDERR)


def visible(text: str) -> str:
    """Escape what a terminal would obey (colours, cursor, line breaks, writing direction) or cannot show.

    Names and titles come from other people's archives. The joiner inside emoji and the wide space of Chinese text are
    harmless and stay.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in _HARMLESS else ascii(char)[1:-1] for char in text)


def visible_lines(text: str) -> str:
    """Do the same for a text of several lines, which stay lines."""
    return "".join(f"{visible(line)}\n" for line in text.split("\n")[:-1])


def silence(number: int) -> None:
    """Point a closed pipe to nowhere, or Python complains about it when it flushes at exit."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def guarded(command: Callable[[], object]) -> int:
    """Run a command, and turn every way in which it can end into an exit code."""
    console = Console()
    try:
        code = command()
        if sys.stdout:
            sys.stdout.flush()
    except BrokenPipeError:
        silence(STDOUT)
        return EXIT_OK
    except ConverterError as error:
        console.fail(str(error))
        return error.exit_code
    except OSError as error:  # a full disk behind standard output; most files have errors of their own
        silence(STDOUT)  # or Python tries again at exit, and fails with an exit code of its own
        console.fail(f"{error.filename or 'standard input or output'}: {error.strerror}")
        return EXIT_FAILED
    except KeyboardInterrupt:
        console.say("interrupted")
        return EXIT_INTERRUPTED
    return code if isinstance(code, int) else EXIT_OK
