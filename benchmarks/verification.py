"""What verification costs, and what it finds, over a directory of posts.

    python benchmarks/verification.py DIRECTORY

Converts each post with and without, one right after the other, in turns; prints the ratio of CPU times.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

from converter.model import Options, Source
from converter.pipeline import convert

ROUNDS = 3


def main() -> None:
    """Read the command line, convert, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, help="posts to convert")
    paths = sorted(path for path in parser.parse_args().directory.rglob("*") if path.is_file())
    sources = [Source(path.name, path.read_bytes(), path.name) for path in paths]
    seconds = {True: 0.0, False: 0.0}
    counts: Counter[str] = Counter()
    for turn in range(ROUNDS):
        for source in sources:
            for verify in (True, False) if turn % 2 else (False, True):
                started = time.process_time()
                result = convert(source, Options(verify=verify))
                seconds[verify] += time.process_time() - started
                if verify and not turn:
                    counts[
                        "differing" if result.differences > 0 else "verified" if not result.differences else "not"
                    ] += 1
                    for note in result.notes if result.differences > 0 else ():
                        print(f"{source.name}: {note.text}")
    print(f"{counts['verified']} verified, {counts['differing']} differing, {counts['not']} not looked at")
    print(f"verification adds {seconds[True] / seconds[False] - 1:.0%} to converting ({seconds[False]:.1f} s)")


if __name__ == "__main__":
    main()
