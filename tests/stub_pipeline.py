"""Run the command line with a stand-in for the pure middle; also as a script, for tests with real processes.

The stand-in makes a heading of the file name and copies the text. Inputs steer it: `FAIL` is an error, `NOTE` gives a
note, `DIE` kills the process that converts it, `ABORT` ends it without a word, `SLOW` takes a twentieth of a second,
`ENDLESS` ten minutes, `HUGE` all memory, `HOLD` waits for the end of the named pipe `hold`; what stands behind
`ARTICLE` names the article.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from pathlib import Path, PurePosixPath
from types import ModuleType

from converter.errors import ConfigError, EmptyArticle, no_memory
from converter.model import Note, Options, Result, Source


def convert(source: Source, options: Options) -> Result:
    """Convert nothing, quickly."""
    text = source.data.decode(errors="replace")
    if not text:
        error = EmptyArticle("the file is empty", source=source.name, remedy="remove it")
        return Result(source.name, error=str(error))
    if "FAIL" in text:
        return Result(source.name, error=f"{source.name}: no article; remove it")
    if "HUGE" in text:
        return Result(source.name, error=str(no_memory(source.name)))
    if "DIE" in text:
        os.kill(os.getpid(), signal.SIGKILL)
    if "ABORT" in text:
        os._exit(1)
    if "HOLD" in text:
        Path("hold").read_bytes()
    if "SLOW" in text or "ENDLESS" in text:
        select.select([], [], [], 0.05 if "SLOW" in text else 600)
    notes = (Note("stand-in", f"noted {text.strip()}"),) if "NOTE" in text else ()
    break_ = "\\\n" if options.hard_break == "backslash" else "  \n"
    markdown = f"# {PurePosixPath(source.path).stem}\n\n{text.strip().replace('<br>', break_)}\n"
    return Result(source.name, markdown=markdown, notes=notes, article=text.partition("ARTICLE")[2].strip())


def check(options: Options) -> None:
    """Know two profiles."""
    if options.profile not in {"auto", "csdn"}:
        raise ConfigError(f"unknown profile {options.profile!r}", remedy="try auto or csdn")


def module() -> ModuleType:
    """Make the stand-in for `converter.pipeline`."""
    stand_in = ModuleType("converter.pipeline")
    vars(stand_in).update(convert=convert, check=check)
    return stand_in


if __name__ == "__main__":
    import converter

    sys.modules["converter.pipeline"] = module()
    vars(converter)["pipeline"] = sys.modules["converter.pipeline"]
    from converter.__main__ import main

    # A test run that a shell started in the background ignores Ctrl-C, and its children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()
