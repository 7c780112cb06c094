"""Properties of the native engine, over made-up trees, HTML and text.

The examples are the same in every run; `HYPOTHESIS_PROFILE=explore` looks for new ones, and for many more.
"""

from __future__ import annotations

import html
import os
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pytest
from bs4 import BeautifulSoup
from facts import Facts, facts
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from converter import emitter
from converter.model import Options, Source
from converter.nodes import (
    BREAK,
    CODE,
    DEL,
    EM,
    IMAGE,
    KBD,
    STRONG,
    SUB,
    SUP,
    TEX,
    TEXT,
    Block,
    Fence,
    Formula,
    Heading,
    Item,
    Link,
    List,
    Paragraph,
    Quote,
    Rule,
    Run,
    Table,
)
from converter.pipeline import convert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Render = Callable[[str], str]
    Split = Callable[[str], tuple[str, str]]

pytestmark = pytest.mark.exhaustive

EXAMPLES: Final = 300 if os.environ.get("HYPOTHESIS_PROFILE", "same") == "same" else 2_000
# The fixtures are functions without state, so it does not matter that they are made once for all examples.
thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# ------------------------------------------------------------------------------------------------------- strategies
HAZARDS: Final = (
    *"*_`~[]()<>!#+-=|\\&$.:;/\"'1aZ中，。：“（ \u3000é👉★",
    *"** __ `` ~~ ]( ![ </ <b> <!-- &lt; &#35; $$ 1. http://e.org".split(),
)
SPACES: Final = re.compile(r"[ \u3000]+")


def _tidy(text: str) -> str:
    return SPACES.sub(" ", text).strip()


words: Final = st.lists(
    st.sampled_from(["a", "of", "中文", "字", "x1", "，", "。", ".", ":", "-"]), min_size=1, max_size=4
)
hazardous: Final = st.lists(st.sampled_from(HAZARDS), min_size=1, max_size=8)
texts: Final = st.one_of(words, hazardous).map("".join).map(_tidy).filter(bool)
anything: Final = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cf", "Co", "Cn", "Zl", "Zp")), min_size=1, max_size=30
)
codes: Final = st.lists(st.sampled_from(["a", "`", "``", "\\", " ", "|", "<", "*", "$", "中"]), min_size=1, max_size=6)
code_texts: Final = codes.map("".join).map(_tidy).filter(bool)
formulas: Final = st.sampled_from(["x", "a_1*b_2", r"\alpha", r"\frac{1}{2}", "a<b", "|x|", "x^2"])
links: Final = st.one_of(
    st.none(),
    st.builds(
        Link,
        st.sampled_from(["https://e.org/a", "https://e.org/b_(c)", "a.html", "mailto:a@e.org"]),
        st.sampled_from(["", "", "A title", 'a "b" \\ c']),
        st.just(1),
    ),
)
marks: Final = st.sampled_from([0, 0, 0, STRONG, EM, STRONG | EM, DEL, SUP, SUB, KBD, STRONG | DEL, EM | SUP])


def _run(kind: int, text: st.SearchStrategy[str]) -> st.SearchStrategy[Run]:
    src = st.just("https://e.org/a.png") if kind == IMAGE else st.just("")
    return st.builds(Run, st.just(kind), text, marks, links, st.booleans(), src, st.just(""))


runs: Final = st.one_of(
    _run(TEXT, texts),
    _run(TEXT, texts),
    _run(TEXT, texts),
    _run(CODE, code_texts),
    _run(IMAGE, texts),
    _run(TEX, formulas),
    st.just(Run(BREAK, "")),
)
inlines: Final = st.lists(runs, min_size=1, max_size=5).filter(lambda found: any(run.kind != BREAK for run in found))
titles: Final = st.lists(
    _run(TEXT, texts).map(lambda run: run._replace(marks=run.marks & ~STRONG)), min_size=1, max_size=3
)
listings: Final = st.lists(st.sampled_from(["", "a", "```", "    b", "~~~", "> c", "- d", "`"]), min_size=1, max_size=4)
leaves: Final = st.one_of(
    st.builds(Paragraph, inlines),
    st.builds(Paragraph, inlines),
    st.builds(Heading, st.integers(1, 6), titles),
    st.builds(
        Fence, listings.map("\n".join).filter(str.strip).map(lambda t: t.strip("\n")), st.sampled_from(["", "c"])
    ),
    st.builds(Formula, formulas),
    st.builds(Rule),
)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Draw a table of two columns in which every row and column says something."""
    cell = st.lists(_run(TEXT, texts), min_size=1, max_size=2)
    rows = draw(st.lists(st.lists(cell, min_size=2, max_size=2), min_size=1, max_size=3))
    header = [[run._replace(marks=run.marks & ~STRONG) for run in one] for one in draw(st.tuples(cell, cell))]
    return Table(header, rows, ["", draw(st.sampled_from(["", "left", "center", "right"]))])


def _containers(blocks: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    inner = st.lists(blocks, min_size=1, max_size=3)
    items = st.lists(st.builds(Item, inner, st.sampled_from([None, None, None, True, False])), min_size=1, max_size=3)
    return st.one_of(st.builds(Quote, inner), st.builds(List, st.sampled_from([None, None, 1, 3, 10]), items), tables())


trees: Final = st.lists(st.recursive(leaves, _containers, max_leaves=6), min_size=1, max_size=4)
TAGS: Final = (
    "p div span b strong i em u del sup sub code a h2 h3 ul ol li blockquote table tr td th tbody pre br hr img "
    "center section font kbd dl dt dd figure"
).split()
pieces: Final = st.one_of(
    st.sampled_from(TAGS).map(lambda tag: f'<{tag} href="https://e.org/a">'),
    st.sampled_from(TAGS).map(lambda tag: f"<{tag}>"),
    st.sampled_from(TAGS).map(lambda tag: f"</{tag}>"),
    st.sampled_from(TAGS).map(lambda tag: f"</{tag}>"),
    st.sampled_from(["&amp;", "&lt;", "&nbsp;", "&#x4e2d;", "<!-- c -->", "\n", " ", "<", "</", "<!", "&", "<br/>"]),
    texts.map(html.escape),
)
soups: Final = st.lists(pieces, min_size=1, max_size=25).map("".join)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Draw well-formed HTML with words in it, the way an editor would write it."""
    inline = st.recursive(
        words.map("".join),
        lambda inner: st.builds(
            "<{0}>{1}</{0}>".format,
            st.sampled_from(["b", "em", "span", "sup"]),
            st.lists(inner, min_size=1, max_size=3).map("".join),
        ),
        max_leaves=4,
    )
    linked = inline.map('<a href="https://e.org/a">{}</a>'.format)
    code = words.map("".join).map("<code>{}</code>".format)
    phrase = st.lists(st.one_of(inline, inline, linked, code), min_size=1, max_size=3).map("".join)
    block = st.builds("<{0}>{1}</{0}>".format, st.sampled_from(["p", "h2", "blockquote", "div"]), phrase)
    items = st.lists(phrase.map("<li>{}</li>".format), min_size=1, max_size=3).map("".join)
    listing = st.just("<pre><code>a\n  b</code></pre>")
    blocks = draw(st.lists(st.one_of(block, block, items.map("<ul>{}</ul>".format), listing), min_size=1, max_size=5))
    return "".join(blocks)


# ----------------------------------------------------------------------------------------------------------- helpers
def body(source: str, split: Split) -> str:
    """Convert a fragment; the Markdown without its front matter."""
    result = convert(Source("made-up", source.encode(), "made-up.html"), Options())
    assert not result.error
    return split(result.markdown)[1]


def spoken(blocks: Iterable[Any]) -> str:
    """Return what a tree says: its text without white space, formulas and listings left out."""
    return "".join("".join(_texts(blocks)).split())


def _texts(blocks: Iterable[Any]) -> Iterable[str]:
    for block in blocks:
        match block:
            case Paragraph(found) | Heading(_, found):
                yield from (run.text for run in found if run.kind in {TEXT, CODE})
            case Item(inner, checked):
                if checked is not None and not isinstance(inner[0], Paragraph):
                    yield "☑" if checked else "☐"  # a check box needs text beside it
                yield from _texts(inner)
            case Quote(inner) | List(_, inner):
                yield from _texts(inner)
            case Table(header, rows, _):
                yield from (run.text for row in (header, *rows) for cell in row for run in cell)


def letters(found: Facts) -> Counter[str]:
    """Count the letters and digits that are to be seen, listings included."""
    return Counter(char for char in found.text + "".join(found.listings) if char.isalnum())


# -------------------------------------------------------------------------------------------------------- properties
@thorough
@given(tree=trees)
def test_a_tree_says_its_text_and_comes_back(tree: list[Block], render: Render, split: Split) -> None:
    markdown = emitter.emit(tree)
    rendered = render(markdown)
    assume("<hr />\n<hr />" not in rendered)  # the cleaner makes one of them (CATALOG 6.3)
    assert facts(rendered).text == spoken(tree)
    assert body(f"<p>x</p>{rendered}", split) == (f"x\n\n{markdown}" if markdown else "x\n")


@thorough
@given(soup=soups)
def test_soup_never_fails_and_keeps_its_letters(soup: str, render: Render, split: Split) -> None:
    markdown = body(f"<p>x</p>{soup}", split)
    assert letters(facts(render(markdown))) == letters(facts(f"<p>x</p>{soup}"))


@thorough
@given(soup=soups)
def test_soup_settles(soup: str, render: Render, split: Split) -> None:
    """Law 3, for whatever comes in."""
    markdown = body(f"<p>x</p>{soup}", split)
    assert body(render(markdown), split) == markdown


@thorough
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_bytes_never_break_anything(data: bytes) -> None:
    assert "internal error" not in convert(Source("bytes", data, "bytes.html"), Options()).error


PLACES: Final = {
    "paragraph": "<p>{}</p>",
    "later line": "<p>x<br>{}</p>",
    "heading": "<p>x</p><h2>{}</h2>",
    "item": "<ul><li>{}</li></ul>",
    "quote": "<blockquote><p>{}</p></blockquote>",
    "cell": "<table><tr><th>x</th><th>x</th></tr><tr><td>{}</td><td>x</td></tr></table>",
    "link": '<p>x <a href="https://e.org/a">{}</a> x</p>',
    "bold": "<p>x <b>{}</b> x</p>",
    "inside a word": "<p>x<i>{}</i>x</p>",
    "code": "<p>x <code>{}</code> x</p>",
}


@thorough
@given(place=st.sampled_from(sorted(PLACES)), text=st.one_of(hazardous.map("".join), anything))
def test_text_comes_back(place: str, text: str, render: Render, split: Split) -> None:
    """Character for character, and with the spaces between its words."""
    source = PLACES[place].format(html.escape(text))
    rendered = render(body(source, split))
    assert facts(rendered).text == facts(source).text
    shown = " ".join(BeautifulSoup(rendered, "html.parser").get_text().split())
    assert " ".join(text.split()) in shown


@thorough
@given(document=documents())
def test_a_pretty_printer_changes_spaces_only(document: str, render: Render, split: Split) -> None:
    plain = facts(render(body(document, split)))
    printed = facts(render(body(BeautifulSoup(document, "html.parser").prettify(), split)))
    assert printed.text == plain.text
    assert printed.headings == plain.headings
    assert printed.items == plain.items
    assert printed.listings == plain.listings
    assert printed.links == plain.links
    assert printed.flow == plain.flow
