"""Time the whole conversion against other tools on the same posts, in one process and one run, medians."""

from __future__ import annotations

import argparse
import statistics
import time
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bs4 import BeautifulSoup
from markdownify import MarkdownConverter

from converter import cleaner
from converter.model import Options, Source
from converter.pipeline import convert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from converter.model import Result

SUFFIXES: Final = frozenset({".md", ".markdown", ".html", ".htm"})
OURS: Final = "archive2md"


def whole_job(data: bytes) -> Result:
    """Convert as the command does, without the verification, which no peer has."""
    return convert(Source("post", data, "post.md"), Options(verify=False))


def ours(data: bytes) -> str:
    """Do the whole job: cut out, clean, front matter, Markdown."""
    return whole_job(data).markdown


def plain_markdownify(data: bytes) -> str:
    """Do what most scripts do: Beautiful Soup with lxml, then markdownify as it comes."""
    return MarkdownConverter(heading_style="ATX").convert_soup(BeautifulSoup(data, "lxml"))


def tools() -> Iterator[tuple[str, Callable[[bytes], object]]]:
    """Name and function of every tool that is installed."""
    yield OURS, ours
    yield "bs4 + lxml + markdownify", plain_markdownify
    for module, function in (("html_to_markdown", "convert"), ("html2text", "html2text")):
        try:
            peer = getattr(import_module(module), function)
        except ImportError:
            print(f"({module} is not installed)")
            continue
        yield module, partial(_from_text, peer)


def _from_text(tool: Callable[[str], object], data: bytes) -> object:
    return tool(data.decode(errors="replace"))


def seconds(tool: Callable[[bytes], object], posts: list[bytes]) -> float:
    """Time one round over all posts."""
    begin = time.perf_counter()
    for data in posts:
        tool(data)
    return time.perf_counter() - begin


def usable(tool: Callable[[bytes], object], data: bytes) -> bool:
    """Whether a tool gets through a post at all; it also warms up. We say ourselves what is no HTML post."""
    try:
        return (
            convert(Source("post", data, "post.md"), Options(verify=False)).profile != ""
            if tool is ours
            else tool(data) != ""
        )
    except (RecursionError, ValueError, RuntimeError, AssertionError):
        return False


def main() -> None:
    """Read the command line, take the tools in turns, print ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path, help="posts to convert")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds to take the median of (default: 3)")
    parser.add_argument("--limit", type=int, metavar="N", help="use at most N posts, spread over the directory")
    arguments = parser.parse_args()
    found = sorted(path for path in arguments.directory.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    step = max(1, len(found) // arguments.limit) if arguments.limit else 1
    chosen = [path.read_bytes() for path in found[::step][: arguments.limit]]
    peers = dict(tools())
    posts = [data for data in chosen if all(usable(tool, data) for tool in peers.values())]
    if not posts:
        raise SystemExit(f"{arguments.directory}: no post that every tool can convert")
    # In turns, so that a machine that slows down slows all of them.
    rounds = [{name: seconds(tool, posts) for name, tool in peers.items()} for _ in range(arguments.rounds)]
    megabytes = sum(map(len, posts)) / 1e6
    medians = {name: statistics.median(spent[name] for spent in rounds) for name in peers}
    build = "interpreted" if str(cleaner.__file__).endswith(".py") else "compiled"
    print(f"{len(posts)} of {len(chosen)} posts (HTML for every tool), {megabytes:.2f} MB, one process, {build}")
    print(f"{'tool':<28}{'ms/post':>10}{'MB/s':>8}{'time, ' + OURS + ' = 1':>24}")
    for name, spent in sorted(medians.items(), key=lambda item: item[1]):
        ratio = spent / medians[OURS]
        print(f"{name:<28}{1000 * spent / len(posts):>10.3f}{megabytes / spent:>8.1f}{ratio:>24.2f}")


if __name__ == "__main__":
    main()
