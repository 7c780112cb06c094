"""The entry point of `archive2md`, which `python -m converter` is, too."""

from __future__ import annotations

import sys

from converter import pipe


def main() -> None:
    """Run the command line; a bare pipe does not load it."""
    if pipe.is_bare(sys.argv[1:]):
        sys.exit(pipe.main())
    from converter import cli

    cli.main()


if __name__ == "__main__":
    main()
