"""Time every stage of the conversion on a directory of posts, one process, medians."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from converter import cleaner, decode, emitter, frontmatter, profiles, reader, scraper, soup, store, verify
from converter.errors import ConverterError
from converter.model import Article, Options, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
SUFFIXES: Final = frozenset({".md", ".markdown", ".html", ".htm"})


def emit_native(article: Article) -> str:
    """Read and write with the native engine."""
    return emitter.emit(reader.read(article.root, prettified=article.prettified))


ENGINES: Final[dict[str, Callable[[Article], str]]] = {"native": emit_native, "markdownify": soup.emit}
STAGES: Final = (
    *("read", "decode", "front matter", "parse", "find article", "clean", "emit", "look at article", "compare", "hash"),
    "write",
)


class Clock:
    """Seconds spent in each stage, since it was made."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.spent: defaultdict[str, float] = defaultdict(float)

    def time(self, stage: str, work: Callable[[], T]) -> T:
        """Do some work and charge it to a stage."""
        begin = time.process_time()
        try:
            return work()
        finally:
            self.spent[stage] += time.process_time() - begin


def find(directory: Path, limit: int | None) -> list[Path]:
    """Find the posts of a directory, sorted; at most `limit`, spread evenly."""
    found = sorted(path for path in directory.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    if not found:
        raise SystemExit(f"{directory}: no posts ({', '.join(sorted(SUFFIXES))})")
    step = max(1, len(found) // limit) if limit else 1
    return found[::step][:limit]


def run(clock: Clock, path: Path, engine: str, out: Path) -> bool:
    """Convert one post stage by stage; false when it is no HTML post or has no article."""
    data = clock.time("read", lambda: store.read_stable(str(path), str(path)).data)
    try:
        page = clock.time("decode", lambda: decode.decode(Source(str(path), data, path.name)))
        if page.kind == "markdown":
            return False
        page = clock.time("decode", lambda: decode.with_clean_characters(page))
        raw, _ = clock.time("front matter", lambda: frontmatter.parse(page.front_matter or ""))
        before = clock.spent["parse"]
        clock.time("parse", lambda: scraper.parse(page.body, page.data))
        clock.spent["find article"] -= clock.spent["parse"] - before  # it parses again
        article: Article = clock.time("find article", lambda: scraper.scrape(page))
        profile = profiles.load(article.profile)
        clock.time("clean", lambda: cleaner.clean(article, profile))
        seen = clock.time("look at article", lambda: verify.look_at(article.root, prettified=article.prettified))
        body = clock.time("emit", lambda: ENGINES[engine](article))
        clock.time("compare", lambda: verify.compare(seen, body))
        fields = clock.time("front matter", lambda: frontmatter.normalize(raw, article.metadata, profile.policy).fields)
        block = clock.time("front matter", lambda: frontmatter.dump(fields))
        written = f"{block}\n{body}".encode()
        clock.time("hash", lambda: (store.digest(data), store.digest(written)))
        clock.time("write", lambda: store.write(str(out / path.name), written, name=path.name))
    except ConverterError:
        return False
    return True


def show(rounds: Sequence[Clock], posts: int, megabytes: float) -> None:
    """Print the table: medians over the rounds."""
    medians = {stage: statistics.median(clock.spent[stage] for clock in rounds) for stage in STAGES}
    total = sum(medians.values())
    print(f"{posts} posts, {megabytes:.2f} MB, {len(rounds)} rounds, one process")
    print(f"{'stage':<16}{'ms/post':>10}{'share':>8}{'MB/s':>10}")
    for stage, seconds in (*medians.items(), ("total", total)):
        speed = megabytes / seconds if seconds else 0.0
        print(f"{stage:<16}{1000 * seconds / posts:>10.3f}{seconds / total:>8.1%}{speed:>10.1f}")


def main() -> None:
    """Read the command line, do the rounds, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path, help="posts to convert")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds to take the median of (default: 3)")
    parser.add_argument("--limit", type=int, metavar="N", help="use at most N posts, spread over the directory")
    parser.add_argument("--engine", choices=sorted(ENGINES), default=Options().engine, help="default: %(default)s")
    arguments = parser.parse_args()
    paths = find(arguments.directory, arguments.limit)
    with tempfile.TemporaryDirectory() as out:
        # The first round warms the caches up and tells which posts count.
        paths = [path for path in paths if run(Clock(), path, arguments.engine, Path(out))]
        if not paths:
            raise SystemExit(f"{arguments.directory}: no post has an article")
        rounds = [Clock() for _ in range(arguments.rounds)]
        for clock in rounds:
            for path in paths:
                run(clock, path, arguments.engine, Path(out))
    print("interpreted modules" if str(cleaner.__file__).endswith(".py") else "compiled modules")
    show(rounds, len(paths), sum(path.stat().st_size for path in paths) / 1e6)


if __name__ == "__main__":
    main()
