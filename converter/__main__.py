"""`python -m converter` is `archive2md`."""

from __future__ import annotations

from converter.cli import main

if __name__ == "__main__":
    main()
