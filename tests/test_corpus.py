"""Opt-in: convert a directory of real posts and count how many pass each check (`pytest --corpus DIR`).

The floors are data, in `tests/corpus_floors.yaml`; they may only rise. The text measure is deliberately crude and
shares no code with the package: characters that are letters or digits, counted.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

import pytest
import yaml
from bs4 import BeautifulSoup

from converter.model import Options, Result, Source
from converter.pipeline import convert
from converter.rules import OPTIONAL

if TYPE_CHECKING:
    from collections.abc import Callable

FLOORS: Final = Path(__file__).resolve().parent / "corpus_floors.yaml"
SUFFIXES: Final = frozenset({".md", ".markdown", ".html", ".htm"})
FENCES: Final = re.compile(r"^[ >]*(`{3,}|~{3,})[^\n]*\n.*?^[ >]*\1`*~*[ ]*$", re.DOTALL | re.MULTILINE)
CODE_SPANS: Final = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
WRAPPERS: Final = re.compile(r"htmledit_views|markdown_views|hljs-ln|prism-")
EMPTY_HEADING: Final = re.compile(r"^#{1,6}[ #]*$", re.MULTILINE)
NO_TEXT: Final = (
    "script, style, svg, nav, button, .katex-html, .toc, [id$=-toc], [style*='display:none'], .pre-numbering"
)
EVERYTHING: Final = Options(keep=tuple(sorted(OPTIONAL)), verify=False)
LOST_AT_MOST: Final = 0.02
INVENTED_AT_MOST: Final = 0.02


class Post(NamedTuple):
    """One post, before and after; `whole` is the Markdown with every rule for noise switched off (`--keep`)."""

    source: str
    result: Result
    prose: str
    whole: str

    @property
    def body(self) -> str:
        """The Markdown without its front matter."""
        return self.result.markdown.partition("\n---\n")[2]


def letters(text: str) -> Counter[str]:
    """Count the letters and digits of a text."""
    return Counter(filter(str.isalnum, text))


def source_text(html: str) -> str:
    """Text of the article's body without what the profiles call noise."""
    soup = BeautifulSoup(html, "html.parser")
    root = soup.select_one("#content_views, #article_content, article") or soup
    for element in root.select(NO_TEXT):
        element.decompose()
    return root.get_text()


def missing(wanted: Counter[str], found: Counter[str]) -> float:
    """Share of the wanted letters that were not found."""
    return (wanted - found).total() / max(wanted.total(), 50)


def front_matter(post: Post) -> object:
    """Load the front matter of the output as any reader would."""
    block = post.result.markdown.removeprefix("---\n").partition("\n---\n")[0]
    try:
        return yaml.safe_load(block)
    except yaml.YAMLError:
        return None


def has_title(post: Post) -> bool:
    """The front matter is a mapping with a title."""
    fields = front_matter(post)
    return isinstance(fields, dict) and isinstance(fields.get("title"), str) and bool(fields["title"].strip())


def keeps_text(post: Post) -> bool:
    """Letters of the article are in the output when no rule takes any out; its own URL targets may add some.

    What the rules take is listed by `inspect`, and docs/rules.md says why; nothing else may go.
    """
    return missing(letters(source_text(post.source)), letters(post.whole)) <= LOST_AT_MOST


def invents_no_text(post: Post) -> bool:
    """Letters of the output's body are in the source file, attributes included; addresses may be percent-encoded."""
    known = letters(post.source) + letters(unquote(post.source))
    return missing(letters(unquote(post.body)), known) <= INVENTED_AT_MOST


CHECKS: Final[dict[str, Callable[[Post], bool]]] = {
    "converts": lambda post: not post.result.error,
    "has_title": has_title,
    "no_empty_heading": lambda post: not EMPTY_HEADING.search(post.prose),
    "no_katex_leftover": lambda post: "katex-html" not in post.prose,
    # Asterisks that the author typed (dividers, masked passwords) are text; none may be ours.
    "no_doubled_asterisks": lambda post: post.prose.count("****") <= post.source.count("****"),
    "no_blank_line_run": lambda post: "\n\n\n" not in post.prose,
    "no_wrapper_class": lambda post: not WRAPPERS.search(post.prose),
    "keeps_text": keeps_text,
    "invents_no_text": invents_no_text,
}


@pytest.fixture(scope="module")
def posts(request: pytest.FixtureRequest) -> list[Post]:
    """Convert every post of the corpus once. Markdown posts are not HTML's business and are left out."""
    directory = request.config.getoption("--corpus")
    if directory is None:
        pytest.skip("needs --corpus DIR")
    found: list[Post] = []
    for path in sorted(path for path in directory.rglob("*") if path.suffix in SUFFIXES and path.is_file()):
        data = path.read_bytes()
        result = convert(Source(path.name, data, path.name), Options())
        if result.error or result.profile:
            prose = CODE_SPANS.sub("code", FENCES.sub("code", result.markdown.partition("\n---\n")[2]))
            whole = convert(Source(path.name, data, path.name), EVERYTHING).markdown
            found.append(Post(data.decode(errors="replace"), result, prose, whole))
    assert found
    return found


def test_every_post_settles(
    posts: list[Post], render: Callable[[str], str], split: Callable[[str], tuple[str, str]]
) -> None:
    """Law 3: the rendering of what comes out converts to the same, for each post."""
    failed: list[str] = []
    for post in posts:
        body = "" if post.result.error else split(post.result.markdown)[1]
        again = convert(Source("again", render(body).encode(), "again.html"), Options()) if body else None
        if again is not None and (again.error or split(again.markdown)[1] != body):
            failed.append(post.result.name)
    assert not failed


def test_every_check_has_a_floor() -> None:
    assert yaml.safe_load(FLOORS.read_text(encoding="utf-8")).keys() == CHECKS.keys()


@pytest.mark.parametrize("check", CHECKS)
def test_share_of_posts(check: str, posts: list[Post], update: bool) -> None:  # noqa: FBT001 (a fixture)
    failed = [post.result.name for post in posts if post.result.error or not CHECKS[check](post)]
    share = 100 * (1 - len(failed) / len(posts))
    floor = yaml.safe_load(FLOORS.read_text(encoding="utf-8"))[check]
    if update and share > floor:
        text = FLOORS.read_text(encoding="utf-8")
        raised = f"{check}: {int(share * 100) / 100}"
        FLOORS.write_text(re.sub(rf"^{check}: .*$", raised, text, flags=re.MULTILINE), encoding="utf-8")
    assert share >= floor, f"{check}: {share:.2f} % of {len(posts)} posts, floor {floor}; first: {failed[:10]}"
