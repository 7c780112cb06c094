"""The markdownify engine alone: cleaned trees in, Markdown out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from converter.errors import EmitError
from converter.model import Article, Metadata
from converter.soup import emit

if TYPE_CHECKING:
    from collections.abc import Callable

    from converter.model import HardBreak

FILE: Final = Path(__file__).resolve().parent / "soup_cases.md"
CASE: Final = re.compile(r"^(?P<title>\S.*)\n\.\n(?P<html>(?:.*\n)*?)\.\n(?P<markdown>(?:.*\n)*?)\.$", re.MULTILINE)
CASES: Final = [(m["title"], m["html"], m["markdown"]) for m in CASE.finditer(FILE.read_text(encoding="utf-8"))]
TITLES: Final = [title for title, _, _ in CASES]
NOT_COMPARABLE: Final = frozenset({"Tasks", "Code in a cell"} | {title for title in TITLES if "math" in title})
"""Cases that the renderer shows in its own way: task boxes, formulas, breaks in code."""


def article(html: str, *, prettified: bool = False) -> Article:
    """Return a cleaned article with this body."""
    return Article(lxml.html.fragment_fromstring(html, create_parent="div"), "test", Metadata(), prettified)


def convert(html: str, *, prettified: bool = False, hard_break: HardBreak = "backslash") -> str:
    """Convert a cleaned fragment."""
    return emit(article(html, prettified=prettified), hard_break)


def visible(html: str) -> str:
    """Return the text of a fragment without white space."""
    return "".join("".join(map(str, lxml.html.fragment_fromstring(html, create_parent="div").itertext())).split())


def test_every_dot_belongs_to_a_case() -> None:
    assert FILE.read_text(encoding="utf-8").splitlines().count(".") == 3 * len(CASES)
    assert len(CASES) > 50


@pytest.mark.parametrize(("title", "html", "markdown"), CASES, ids=TITLES)
def test_case(title: str, html: str, markdown: str) -> None:
    assert convert(html) == markdown, title


@pytest.mark.parametrize(("title", "html", "markdown"), CASES, ids=TITLES)
def test_rendering_has_the_text_and_comes_back(
    title: str, html: str, markdown: str, render: Callable[[str], str]
) -> None:
    """Laws 2 and 3."""
    back = render(markdown)
    if title not in NOT_COMPARABLE:
        assert visible(back) == visible(html)
        assert convert(back) == markdown


@pytest.mark.parametrize(
    "html", ["", "  \n ", "<p> </p><div><span> </span></div>", "<p><br></p>", "<ul><li> </li></ul>"]
)
def test_nothing_becomes_nothing(html: str) -> None:
    assert convert(html) == ""


def test_the_tree_stays_as_it_is() -> None:
    given_article = article("<p>a <b>b：</b>c</p><li>d</li>text<table><tr><td>1</td><td>2</td></tr></table>")
    before = etree.tostring(given_article.root)
    emit(given_article)
    assert etree.tostring(given_article.root) == before


def test_hard_breaks_with_spaces() -> None:
    assert convert("<p>a<br>---<br>b</p>", hard_break="spaces") == "a  \n\\---  \nb\n"


def test_text_after_the_root_is_not_part_of_it() -> None:
    page = lxml.html.fragment_fromstring("<p>in</p>outside", create_parent="div")
    assert emit(Article(page[0], "test", Metadata())) == "in\n"


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>\n 使用\n <code>\n  pip\n </code>\n 安装\n</p>", "使用`pip`安装\n"),
        ("<p>\n the\n <strong>\n  big\n </strong>\n one\n</p>", "the **big** one\n"),
        ("<p>\n see (\n <a href='u'>\n  x\n </a>\n ).\n</p>", "see ([x](u)).\n"),
        ("<p>\n <strong>\n  名称：\n </strong>\n 值\n</p>", "**名称**：值\n"),
        ("<p>\n H\n <sub>\n  2\n </sub>\n O\n</p>", "H<sub>2</sub>O\n"),
        ("<p>\n 一行\n 又一行 two\n three\n</p>", "一行又一行 two three\n"),
        ("<p>\n <code>\n  a\n  <span>\n   b\n  </span>\n </code>\n</p>", "`a b`\n"),
    ],
)
def test_spaces_of_a_pretty_printer(html: str, markdown: str) -> None:
    assert convert(html, prettified=True) == markdown


def test_deep_nesting_is_an_error_with_a_way_out() -> None:
    root = etree.Element("div")
    inner = root
    for _ in range(3000):
        inner = etree.SubElement(inner, "blockquote")
    inner.text = "x"
    with pytest.raises(EmitError, match=r"nested too deeply.*--engine native"):
        emit(Article(root, "test", Metadata()))


def test_a_deep_chain_of_inline_elements_converts() -> None:
    assert convert("<p>" + "<font>" * 150 + "x" + "</font>" * 150 + "</p>") == "x\n"


WORDS: Final = st.text(alphabet="ab 文：（$*_`~<>[]()!#&;|\\-+.1=", min_size=1, max_size=12)
INLINE: Final = st.recursive(
    WORDS.map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;")),
    lambda inner: st.tuples(
        st.sampled_from(["strong", "del", "span", "a href='u'"]), st.lists(inner, min_size=1, max_size=3)
    ).map(lambda pair: f"<{pair[0]}>{''.join(pair[1])}</{pair[0].split()[0]}>"),
    max_leaves=5,
)
BLOCK: Final = st.builds(
    lambda shape, parts: shape.format("".join(parts)),
    st.sampled_from(
        ["<p>{}</p>", "<h2>{}</h2>", "<ul><li>{}</li></ul>", "<blockquote>{}</blockquote>", "<div>{}</div>"]
    ),
    st.lists(INLINE, min_size=1, max_size=3),
)


@pytest.mark.exhaustive
@settings(max_examples=300, deadline=None)
@given(st.lists(BLOCK, min_size=1, max_size=4))
def test_any_text_survives(render: Callable[[str], str], blocks: list[str]) -> None:
    """Law 1 on text full of Markdown: what is written renders to what was said."""
    html = "".join(blocks)
    assert visible(render(convert(html))) == visible(html)
