"""Time `archive2md < small.html > out.md` against what no HTML converter over lxml can do without; prints ratios.

    python benchmarks/startup.py [--rounds N]

Each round runs all commands one after the other, so that they meet the same machine; what counts is the median of the
processor times.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from converter import cleaner

if TYPE_CHECKING:
    from collections.abc import Sequence

SMALL: Final = """---
title: "一篇很短的文章"
date: 2024-01-02 03:04:05
tags: [Python, 笔记]
---
<div class="blog-content-box"><h1 id="articleContentId">一篇很短的文章</h1><div id="content_views">
<h2>开始</h2><p>先装好 <strong>工具</strong>，再看<a href="https://docs.example/">文档</a>。</p>
<pre><code class="language-python">print("hello")</code></pre><ul><li>一</li><li>二</li></ul></div></div>
"""
COMMANDS: Final = {
    "python -c pass": ("-c", "pass"),
    "import lxml.etree": ("-c", "import lxml.etree"),
    "archive2md < small.html": ("-P", "-m", "converter"),
    "archive2md - -q": ("-P", "-m", "converter", "-", "-q"),
}
FLOOR: Final = "import lxml.etree"


def milliseconds(arguments: Sequence[str]) -> float:
    """Processor time of one Python process that reads a small post."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], input=SMALL.encode(), stdout=subprocess.PIPE, check=True)  # noqa: S603 (our own)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, metavar="N", help="how often each runs (default: 20)")
    rounds = parser.parse_args(arguments).rounds
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed has its bytecode beside it
    spent: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(rounds + 1):
        for name, command in COMMANDS.items():
            value = milliseconds(command)
            if turn:  # the first one fills caches
                spent[name].append(value)
    print("interpreted modules" if str(cleaner.__file__).endswith(".py") else "compiled modules")
    floor = statistics.median(spent[FLOOR])
    for name, values in spent.items():
        middle = statistics.median(values)
        print(f"{name:26} {middle:7.1f} ms {middle / floor:6.2f} x {FLOOR}")


if __name__ == "__main__":
    main()
