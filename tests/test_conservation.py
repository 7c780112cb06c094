"""Every visible character of a page is converted, or went by a rule that has a name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from test_spec import CASES

from converter import convert
from converter.inspection import inspect
from converter.model import Inspection, Options, Source

SAMPLES: Final = Path(__file__).resolve().parent.parent / "samples"
STEP: Final = 5  # of a corpus, every fifth post: the account is slow

# HTML, and what the note says was swallowed; empty when nothing was.
PAGES: Final = (
    ("<p>one</p><!-- x <p>two</p>", "a comment that never ends swallowed 4 characters: xtwo"),
    ("<p>one</p><!-- x --><p>two</p>{<!-- -->}", ""),
    ("<p>one</p><script>a <p>two</p>", "a <script> that never ends swallowed 4 characters: atwo"),
    ("<p>one</p><script>a < b && '<p>'</script><style>p > a {}</style>", ""),
    ('<p>one <a href="x>two</a> three</p>', "a quote in a tag that never ends swallowed 10 characters: x>twothree"),
    (
        '<p>one <a href="x>two</a></p><p class="c">three</p>',
        "the quote of href that never ends swallowed 5 characters: x>two",
    ),
    ("<p>one <img alt='a > b' title='<'> two</p>", ""),
    ('<p>one <img src="a.png" alt="the tag <b>x</b>"> two</p>', ""),
    ('<p>one <img src="data:image/svg+xml;utf8,<svg xmlns=\'a\'></svg>" data-src="http://e.org/1.png"> two</p>', ""),
    (
        '<p>one <img src="data:image/svg+xml;utf8,<svg></svg>> two</p><p class="c">three</p>',
        "the quote of src that never ends swallowed 4 characters: >two",
    ),
    ("<p>a < b and c<d e</p>", ""),
    ("<p>a &lt; b &copy; &nosuch; &#x4e2d;</p>", ""),
    ("<body><p>one</p></body></html><p>two</p>", ""),
    ("<b>" * 3000 + "deep", ""),
    ("<p>one</p><textarea>two <p>three</p>", ""),
)


@pytest.mark.parametrize(("html", "swallowed"), PAGES)
def test_swallowed_text_is_a_note(html: str, swallowed: str) -> None:
    notes = convert(html, path="a.html").notes
    assert [note.text for note in notes if note.rule == "text-swallowed"] == [swallowed] * bool(swallowed)
    assert not swallowed or all(note.rule != "hidden-rest" for note in notes)


def balance(found: Inspection) -> tuple[int, int]:
    """Return what no rule accounts for, and what is missing in the sum: twice 0."""
    before, after = found.text
    return found.gone.get("", 0), before - sum(found.gone.values()) - after


@pytest.mark.exhaustive
def test_account_of_samples_and_cases() -> None:
    sources = [Source(path.name, path.read_bytes(), path.name) for path in sorted(SAMPLES.glob("*/input.*"))]
    sources += [Source(f"{case.title}.html", case.html.encode("utf-8", "replace"), "a.html") for case in CASES]
    found = {source.name: inspect(source, Options()) for source in sources}
    assert {name: balance(one) for name, one in found.items() if any(balance(one))} == {}
    assert sum(one.text[0] > 0 for one in found.values()) > 500
    assert len({rule for one in found.values() for rule in one.gone}) > 10


def test_account_of_a_corpus(request: pytest.FixtureRequest) -> None:
    directory = request.config.getoption("--corpus")
    if directory is None:
        pytest.skip("needs --corpus DIR")
    paths = sorted(path for path in directory.rglob("*") if path.is_file())[::STEP]
    found = {path.name: inspect(Source(path.name, path.read_bytes(), path.name), Options()) for path in paths}
    assert {name: balance(one) for name, one in found.items() if any(balance(one))} == {}
