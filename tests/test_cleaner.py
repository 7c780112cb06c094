"""What the cleaner knows without looking at elements: passes that it leaves out would find nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest
from test_samples import INPUTS, read
from test_spec import CASES, Case, name

from converter import cleaner, decode, profiles, scraper
from converter.errors import ConverterError
from converter.model import Options, Page, Source
from converter.pipeline import convert
from converter.vocabulary import vocabulary

if TYPE_CHECKING:
    from pathlib import Path

    from converter.model import Result

BROKEN: Final = (
    b'<p title="a > b" class="toc">x</p>',
    b"<p title='a > b' class='toc'>x</p>",
    b'<p title="a > b" data=\'"\' class="toc">x</p>',
    b'<p title="a <b> c" class="toc">x</p>',
    b'<p title="a > b class=toc>x</p><p title=">">',
    b"<p title=it's class=\"toc\">x</p><b title='>'>",
    b'<P CLASS="TOC">x</P>',
)


def everything(source: Source, monkeypatch: pytest.MonkeyPatch) -> Result:
    """Convert with each pass run, whatever is in the page."""
    with monkeypatch.context() as patch:
        patch.setattr(cleaner, "_may_find", lambda *_arguments: True)
        patch.setattr(cleaner, "PASSES", tuple(step._replace(tags=()) for step in cleaner.PASSES))
        return convert(source, Options())


@pytest.mark.exhaustive
@pytest.mark.usefixtures("interpreted")
@pytest.mark.parametrize("case", CASES, ids=name)
def test_a_pass_that_is_left_out_would_find_nothing(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = re.sub(r"""="([^"\s<>'=`]+)\"""", r"=\1", case.html)
    for html in dict.fromkeys((case.html, re.sub(r"""="([^"'<>]*)\"""", r"='\1'", case.html), bare)):
        source = Source("post", html.encode(), "post.html")
        assert everything(source, monkeypatch) == convert(source, Options())


@pytest.mark.usefixtures("interpreted")
@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.parent.name)
def test_the_same_in_whole_posts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert everything(read(path), monkeypatch) == convert(read(path), Options())


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", CASES, ids=name)
def test_a_pass_makes_no_other_elements_than_its_step_says(case: Case) -> None:
    """Else passes that look for those would be left out."""
    try:
        article = scraper.scrape(Page("post", "post.html", "html", None, decode.hygiene(case.html), "utf-8"))
    except ConverterError:
        pytest.skip("no article")
    profile = profiles.load(article.profile)
    for step in cleaner.PASSES:
        before = {element.tag for element in article.root.iter()}
        step.run(article.root, profile)
        made = {element.tag for element in article.root.iter()} - before
        assert step.run is cleaner.apply_element_rules or made <= step.makes, step.run.__name__


@pytest.mark.parametrize("html", BROKEN)
def test_all_attributes_count_however_odd_the_quotes_are(html: bytes) -> None:
    words = vocabulary(html)
    assert b"toc" in words.tags
    assert b"toc" in words.classes
    assert words.tokens is None or b"toc" in words.tokens


def test_classes_of_plain_pages_are_told_apart() -> None:
    words = vocabulary(b'<p class="a b" id="c" title="d">class e</p><p class="f">')
    assert words.tokens == frozenset({b"a", b"b", b"f"})
    assert set(words.classes.split()) == words.tokens


@pytest.mark.parametrize(
    "tag",
    [
        "<p hidden>",
        '<p hidden="">',
        "<p hidden class=a>",
        '<p id="a"hidden>',
        "<P HIDDEN>",
        "<p/hidden>",
        '<p style="color:red; display : none">',
        "<p style='visibility:hidden'>",
        "<p style=display:none>",
        '<p STYLE="font-size: 0px">',
        '<p style="display&#58;none">',
        '<p data-style="x" style="display:none">',
        '<svg style="color:red"></svg><p style="display:none">',
    ],
)
@pytest.mark.parametrize("behind", ["", "<b>y</b>"])
def test_what_may_hide_an_element_is_seen(tag: str, behind: str) -> None:
    assert vocabulary(f"<i>x</i>{tag}z</p>{behind}".encode()).hides()


def test_a_drawing_that_is_hidden_hides_nothing_else() -> None:
    assert not vocabulary(
        b'<svg style="display:none"><path d="m"></svg><p aria-hidden="true" class="hidden">x</p>'
    ).hides()


def test_only_what_is_certain_counts_as_the_frame() -> None:
    page = b'<div id="box"><p class="a">x</p></div><p alt="68" class_="artid">'
    assert b"artid" not in vocabulary(page, b'<div id="box"></div><p alt="68" class_="artid"></p>').tags
    assert b"artid" in vocabulary(page, b'<div id="box"></div><p alt="69" class_="artid"></p>').tags
    twice = page + page[-27:]
    assert b"artid" in vocabulary(twice, b'<div id="box"></div><p alt="68" class_="artid"></p>').tags
