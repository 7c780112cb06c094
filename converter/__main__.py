"""The entry point of `archive2md`, which `python -m converter` is, too."""

from __future__ import annotations

import gc
import os
import sys

from converter import pipe


def main() -> None:
    """Run the command line; a bare pipe does not load it.

    A process that lives for one post has no use for a search for cycles while its modules load (5 ms), nor for taking
    them apart at its end (15 ms): all that it had to say is written by then.
    """
    if pipe.is_bare(sys.argv[1:]):
        gc.disable()
        os._exit(pipe.main())
    if code := pipe.load():
        sys.exit(code)
    from converter import cli

    cli.main()


if __name__ == "__main__":
    main()
