"""Inputs that break converters: very deep, very long, very many. No clock: each must return, and say what it said.

How the time grows with the size is measured by `benchmarks/growth.py`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from converter import profiles
from converter.errors import ConfigError
from converter.model import Options, Source
from converter.pipeline import convert

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Split = Callable[[str], tuple[str, str]]

pytestmark = pytest.mark.exhaustive

NESTS: Final = {
    "div": ("<div>", "</div>"),
    "span": ("<span>", "</span>"),
    "strong": ("<strong>", "</strong>"),
    "blockquote": ("<blockquote>", "</blockquote>"),
    "ul": ("<ul><li>", "</li></ul>"),
    "table": ("<table><tr><td>", "</td></tr></table>"),
    "em in strong": ("<strong><em>", "</em></strong>"),
    "link": ('<a href="https://e.org/a">', "</a>"),
    "heading": ("<h3>", "</h3>"),
    "superscript": ("<sup>", "</sup>"),
    "paragraph": ("<p>", "</p>"),
    "font in div": ("<div><font>", "</font></div>"),
}
DEEPEST: Final = ("div", "span", "strong", "blockquote", "ul", "table")
RUNS: Final = (
    "*",
    "**",
    "_",
    "[",
    "![",
    "]",
    "](",
    "`",
    "``",
    "<",
    "<a",
    "</",
    "<!--",
    "&",
    "&#",
    "$",
    "$$",
    "~",
    "~~",
    "\\",
)
MANY: Final = 100_000
SIGNS: Final = re.compile(r"[^a-z]")


def body(source: str, split: Split) -> str:
    """Convert a fragment of a body; the Markdown without its front matter."""
    result = convert(Source("case", source.encode(), "case.html"), Options())
    assert not result.error
    return split(result.markdown)[1]


def words(markdown: str) -> list[str]:
    """Return the words of some Markdown, addresses and syntax left out."""
    return re.findall(r"[a-z]+", re.sub(r"\]\(\S*\)|</?\w+>", "", markdown))


def escaped(text: str) -> str:
    """Write text as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


@pytest.mark.parametrize("depth", [300, 3_000])
@pytest.mark.parametrize("shape", NESTS)
def test_deep_nesting_keeps_all_text(shape: str, depth: int, split: Split) -> None:
    start, end = NESTS[shape]
    source = f"<p>first</p>{start * depth}deep{end * depth}<p>last</p>"
    assert words(body(source, split)) == ["first", "deep", "last"]


@pytest.mark.parametrize("shape", DEEPEST)
def test_deepest_nesting_keeps_all_text(shape: str, split: Split) -> None:
    """Deeper than any parser's limit: lxml drops what lies below 2,047 levels without a word."""
    start, end = NESTS[shape]
    depth = MANY // start.count("<")
    source = f"<p>first</p>{start * depth}deep{end * depth}<p>last</p>"
    assert words(body(source, split)) == ["first", "deep", "last"]


@pytest.mark.parametrize("shape", NESTS)
def test_text_on_every_level_keeps_its_order(shape: str, split: Split) -> None:
    start, end = NESTS[shape]
    numbered = "".join(f"{start}w{n}." for n in range(300))
    behind = "".join(f"{end}v{n}." for n in range(300))
    found = re.findall(r"[wv]\d+", body(f"<p>x</p>{numbered}{behind}", split))
    assert found == [f"w{n}" for n in range(300)] + [f"v{n}" for n in range(300)]


@pytest.mark.parametrize("shape", NESTS)
def test_tags_that_never_end_keep_all_text(shape: str, split: Split) -> None:
    start, _ = NESTS[shape]
    assert words(body(f"<p>first</p>{(start + 'x ') * 1_000}<p>last</p>", split)).count("x") == 1_000


@pytest.mark.parametrize("sign", RUNS)
@pytest.mark.parametrize("filler", ["", "a", " ", " a"], ids=["alone", "between letters", "spaced", "before words"])
def test_many_signs_come_back(sign: str, filler: str, split: Split, render: Callable[[str], str]) -> None:
    """2,000 of each through the renderer, which is slower than we are."""
    text = f"x{filler}" + f"{sign}{filler}" * (2_000 // len(sign)) + "x"
    rendered = render(body(f"<p>{escaped(text)}</p>", split))
    shown = re.sub(r"</?p>", "", rendered).replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    assert "".join(shown.replace("&amp;", "&").split()) == "".join(text.split())


@pytest.mark.parametrize("sign", RUNS)
@pytest.mark.parametrize("filler", ["", "a", " a"], ids=["alone", "between letters", "before words"])
def test_very_many_signs_are_all_there(sign: str, filler: str, split: Split) -> None:
    count = MANY // len(sign + filler)
    markdown = body(f"<p>x{escaped(sign + filler) * count}x</p>", split)
    kept = re.sub(r"\\(?=[!-/:-@\[-`{-~])", "", markdown) if sign != "\\" else markdown
    assert kept.count(sign[0]) >= count * sign.count(sign[0])
    assert kept.count("a") == count * (sign + filler).count("a")


def test_many_list_items(split: Split) -> None:
    lines = body(f"<ol>{''.join(f'<li>w{n}</li>' for n in range(10_000))}</ol>", split).splitlines()
    assert lines == [f"{n + 1}. w{n}" for n in range(10_000)]


def test_many_loose_items(split: Split) -> None:
    markdown = body(f"<ul>{'<li><p>a</p><p>b</p></li>' * 10_000}</ul>", split)
    assert markdown == "\n\n".join(["- a\n\n  b"] * 10_000) + "\n"


@pytest.mark.parametrize(("rows", "columns"), [(10_000, 2), (1_000, 10), (2, 5_000)])
def test_many_cells(rows: int, columns: int, split: Split) -> None:
    row = f"<tr>{'<td>a</td>' * columns}</tr>"
    markdown = body(f"<table>{row * rows}</table>", split)
    assert markdown.count(" a |") == rows * columns
    assert len(markdown.splitlines()) == rows + 2


@pytest.mark.parametrize("markup", ['<ol start="{}"><li>a</li></ol>', '<ol><li value="{}">a</li></ol>'])
@pytest.mark.parametrize("name", ["", ' class="numbered-list"'])
def test_a_number_longer_than_python_reads(markup: str, name: str, split: Split) -> None:
    html = markup.format("9" * 5_000).replace("<ol", f"<ol{name}")
    assert body(html + html, split) == "1. a\n\n1) a\n"


@pytest.mark.parametrize("value", ["100000", "99999999999999999999", "9" * 5_000])
@pytest.mark.parametrize("name", ["colspan", "rowspan"])
def test_a_huge_span_makes_no_huge_table(name: str, value: str, split: Split) -> None:
    row = f'<tr><td {name}="{value}">a</td><td>b</td></tr>'
    markdown = body(f"<table>{row * 50}</table>", split)
    assert words(markdown) == ["a", "b"] * 50
    assert len(markdown) < 200_000


def test_many_breaks_are_one(split: Split) -> None:
    assert body(f"<p>one{'<br>' * MANY}two</p>", split) == "one\n\ntwo\n"


def test_many_lines(split: Split) -> None:
    assert body(f"<p>{'a<br>' * MANY}</p>", split) == "\\\n".join(["a"] * MANY) + "\n"


def test_many_paragraphs(split: Split) -> None:
    assert body("<p>a</p>" * MANY, split) == "\n\n".join(["a"] * MANY) + "\n"


@pytest.mark.parametrize("tag", ["strong", "em", "del", "code", "sup", 'a href="https://e.org/a"'])
def test_many_inline_elements(tag: str, split: Split) -> None:
    """Parted by words, so that each is one of its own."""
    markdown = body(f"<p>{f'<{tag}>b</{tag.split(maxsplit=1)[0]}> a ' * 10_000}</p>", split)
    assert words(markdown) == ["b", "a"] * 10_000


@pytest.mark.parametrize("tag", ["strong", "em", "span", "code", "sup"])
def test_many_neighbours_are_one(tag: str, split: Split) -> None:
    markdown = body(f"<p>x {f'<{tag}>b</{tag}>' * 20_000} x</p>", split)
    assert words(markdown) == ["x", "b" * 20_000, "x"]


def test_alternating_marks(split: Split) -> None:
    markdown = body(f"<p>{'<b>x</b><i>y</i><del>z</del>' * 2_000}</p>", split)
    assert "".join(words(markdown)) == "xyz" * 2_000


def test_punctuation_at_every_edge(split: Split) -> None:
    """Each bold run has to be moved off its colon (the commonest shape of all posts)."""
    assert body(f"<p>{'<b>甲：</b>乙' * 10_000}</p>", split) == "**甲**：乙" * 10_000 + "\n"


def test_many_formulas(split: Split) -> None:
    assert body(f"<p>{'<script type=math/tex>x</script> a ' * 10_000}</p>", split) == "$x$ a " * 9_999 + "$x$ a\n"


def test_a_very_long_word(split: Split) -> None:
    assert body(f"<p>{'a' * 3_000_000}</p>", split) == "a" * 3_000_000 + "\n"


def test_a_very_long_listing(split: Split) -> None:
    code = "line of code\n" * MANY
    assert body(f"<pre><code>{code}</code></pre>", split) == f"```\n{code}```\n"


def test_a_listing_of_many_tokens(split: Split) -> None:
    markdown = body(f"<pre><code>{'<span>a</span> <span>b</span>' * 30_000}</code></pre>", split)
    assert markdown == f"```\n{'a b' * 30_000}\n```\n"


def test_a_listing_of_backticks(split: Split) -> None:
    markdown = body(f"<pre>{'`' * 10_000}</pre>", split)
    assert markdown == f"{'`' * 10_001}\n{'`' * 10_000}\n{'`' * 10_001}\n"


def test_many_attributes(split: Split) -> None:
    many = " ".join(f'data-a{n}="x"' for n in range(10_000))
    assert body(f"<p {many}>a</p>", split) == "a\n"


def test_a_very_long_address(split: Split) -> None:
    address = "https://e.org/" + "(a)" * 30_000
    assert body(f'<p><a href="{address}">b</a></p>', split) == f"[b]({address})\n"


@pytest.mark.parametrize("text", ["[" * 100_000, "about: " + "{a: " * 100_000, "a:\n" + "- " * 100_000])
def test_deep_profile_is_refused(tmp_path: Path, text: str) -> None:
    """The composer of libyaml recurses on the C stack; without the guard the process dies."""
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"too deep|maximum nesting depth"):  # newer libyaml has a limit of its own
        profiles.load(str(path))
