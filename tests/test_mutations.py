"""The proof of the proof: `verify` finds deliberate damage of every kind, and does not complain without any.

Over the samples and the cases of tests/spec; with `--corpus DIR` also over 200 posts of that directory.
"""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
from mutations import KINDS, Text
from test_spec import CASES

from converter import cleaner, decode, emitter, profiles, reader, scraper, verify
from converter.errors import ConverterError
from converter.model import Source
from converter.seen import MAYBE

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLES: Final = Path(__file__).resolve().parent.parent / "samples"
POSTS: Final = 200
PLACES: Final = 3
"""Of each kind in each text; of more places than that, some by chance that is the same each time."""
CONSIDERED: Final = 300


ALARMS: Final = frozenset({"A reference without a note is a link, a note without a reference an item.html"})
"""True ones: pulldown-cmark takes `[^1][9](#n9)` for text and a link; GitHub's parser sees the footnote."""


class Post(NamedTuple):
    """A cleaned article: what a reader sees of it, and its Markdown."""

    name: str
    seen: str
    markdown: str


def post(name: str, data: bytes) -> Post | None:
    """Convert one post up to its body; None for what has no article."""
    try:
        page = decode.decode(Source(name, data, name), None)
        if page.kind != "html":
            return None
        article = scraper.scrape(decode.with_clean_characters(page))
    except ConverterError:
        return None
    cleaner.clean(article, profiles.load(article.profile))
    seen = verify.look_at(article.root, prettified=article.prettified)
    return Post(name, seen, emitter.emit(reader.read(article.root, prettified=article.prettified)))


@pytest.fixture(scope="module")
def posts() -> list[Post]:
    """The samples, and the cases of tests/spec."""
    found = [post(path.parent.name, path.read_bytes()) for path in sorted(SAMPLES.glob("*/input.*"))]
    found += [post(f"{case.title}.html", case.html.encode("utf-8", "replace")) for case in CASES]
    return [one for one in found if one is not None]


@pytest.fixture(scope="module")
def real_posts(request: pytest.FixtureRequest) -> list[Post]:
    """Posts of `--corpus DIR`, spread over it."""
    directory = request.config.getoption("--corpus")
    if directory is None:
        pytest.skip("needs --corpus DIR")
    paths = sorted(path for path in directory.rglob("*") if path.is_file())
    step = max(1, len(paths) // POSTS)
    found = (post(path.name, path.read_bytes()) for path in paths[::step] + paths[1::step])
    return list(islice((one for one in found if one is not None), POSTS))


def damaged(one: Post, kind: str) -> Iterator[str]:
    """Yield damaged versions of a Markdown."""
    found = list(islice(KINDS[kind](Text(one.markdown)), CONSIDERED))
    yield from random.Random(one.name).sample(found, PLACES) if len(found) > PLACES else found  # noqa: S311 (no secret)


def changed_line(one: Post, new: str) -> str:
    """Show where the damage is."""
    pairs = zip(one.markdown.split("\n"), new.split("\n"), strict=False)
    return next((f"{old!r} -> {line!r}" for old, line in pairs if old != line), "the end")


def is_unknown_space(one: Post, new: str) -> bool:
    """Whether only a space went of which nobody knows who put it there: a pretty-printer may have."""
    found = verify.compare(verify.look_at_markdown(one.markdown), new)
    return MAYBE in one.seen and {difference.kind for difference in found} == {"space"}


def missed(posts: list[Post], kind: str) -> tuple[int, list[str]]:
    """Damage posts; returns how often, and where nobody noticed."""
    count, overlooked = 0, []
    for one in posts:
        for new in damaged(one, kind):
            count += 1
            if not verify.compare(one.seen, new) and not is_unknown_space(one, new):
                overlooked.append(f"{one.name}: {changed_line(one, new)}")
    return count, overlooked


def test_there_are_enough_kinds() -> None:
    assert len(KINDS) >= 40


@pytest.mark.exhaustive
def test_no_false_alarm(posts: list[Post]) -> None:
    alarms = {one.name: found for one in posts if (found := verify.compare(one.seen, one.markdown))}
    assert alarms.keys() == ALARMS
    assert len(posts) > 100


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_found(kind: str, posts: list[Post]) -> None:
    count, overlooked = missed(posts, kind)
    assert count, "nothing to damage: the kind is tested by nobody"
    assert not overlooked


def test_no_false_alarm_in_posts(real_posts: list[Post]) -> None:
    assert not {one.name: found for one in real_posts if (found := verify.compare(one.seen, one.markdown))}


@pytest.mark.parametrize("kind", KINDS)
def test_damage_of_posts_is_found(kind: str, real_posts: list[Post]) -> None:
    count, overlooked = missed(real_posts, kind)
    print(f"{kind}: found {count - len(overlooked)} of {count}")  # noqa: T201 (shown with -s or -rP)
    assert not overlooked
