"""The HTML of the CommonMark specification's examples: through the converter, rendered again, it must come back equal.

Opt-in: `pytest --commonmark-spec spec.txt`, or `make commonmark`, which fetches the file. Examples with HTML in their
Markdown are left out. `tests/commonmark_exceptions.yaml` lists by number what does not come back, each with its reason.
The cases of tables, struck text and tasks, which that specification does not have, run always.

Equal means: the same after `normal`, which forgives what no reader sees (white space that collapses, the spelling of
characters and addresses, emphasis inside of the same emphasis or cut in two at a line break) and one thing that a
reader may see: whether the items of a list are paragraphs. A list is written tight unless an item holds two blocks.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

import pytest
import yaml
from bs4 import BeautifulSoup
from bs4.element import CData, Comment, Declaration, ProcessingInstruction, Tag
from lxml import etree
from markdown_it import MarkdownIt

from converter import cleaner, decode, emitter, profiles, reader, scraper, to_markdown
from converter.model import Page

if TYPE_CHECKING:
    from collections.abc import Callable

    from bs4.element import PageElement

EXCEPTIONS_FILE: Final = Path(__file__).resolve().parent / "commonmark_exceptions.yaml"
AT_LEAST: Final = 601
"""How many of the 603 examples of version 0.31.2 without raw HTML come back equal; may only rise."""
AT_LEAST_CLEANED: Final = 550
"""The same when the cleaner takes out what would be noise in a post."""
AT_LEAST_ENGINE: Final = 587
"""The same for what the cleaner leaves of them; may only rise."""

EXAMPLE: Final = re.compile(r"^(`{32}) example\n(.*?)^\.\n(.*?)^\1$", re.DOTALL | re.MULTILINE)
BLOCK_TAGS: Final = r"</?(?:blockquote|br|h[1-6]|hr|input|li|ol|p|pre|table|tbody|td|th|thead|tr|ul)\b[^>]*>"
AROUND_BLOCKS: Final = re.compile(rf"\s*({BLOCK_TAGS}|¶(?:\s*¶)*)\s*")
AFTER_BREAKS: Final = re.compile(r"(<br>(?:<(?:em|strong|del)>)+) ")
BESIDE_BLOCKS: Final = re.compile(rf"({BLOCK_TAGS})¶|¶(?={BLOCK_TAGS})")
WHITE: Final = re.compile(r"[ \t\n\r\f\xa0]+")
INLINE_TAG: Final = r"(?:a|em|strong|del)\b[^>]*>"
AT_EDGES: Final = re.compile(rf"((?:{BLOCK_TAGS}|¶)(?:<{INLINE_TAG})+) | ((?:</{INLINE_TAG})+(?:{BLOCK_TAGS}|¶))")
ADDRESSES: Final = frozenset({"href", "src"})
CELL: Final = frozenset({"style", "align"})
ATTRIBUTES: Final = {
    "a": frozenset({"href", "title"}),
    "img": frozenset({"src", "alt", "title"}),
    "ol": frozenset({"start"}),
    "code": frozenset({"class"}),
    "input": frozenset({"type", "checked", "disabled"}),
    "td": CELL,
    "th": CELL,
}
"""All that Markdown can say about an element."""
BLOCKS: Final = frozenset("blockquote h1 h2 h3 h4 h5 h6 hr ol p pre table ul".split())
VOID: Final = frozenset({"br", "hr", "img", "input"})
SAID: Final = frozenset("a b blockquote br code em h1 h2 h3 h4 h5 h6 hr i img li ol p pre strong ul".split())
UNSEEN: Final = (CData, Comment, Declaration, ProcessingInstruction)
SAME: Final = {"s": "del", "b": "strong", "i": "em"}
EMPHASIS: Final = frozenset({"em", "strong", "del"})
VERBATIM: Final = str.maketrans({" ": "␣", "\n": "␤", "\t": "␉"})

GFM: Final = {
    "table": "<table><thead><tr><th>Tool</th><th>Price</th></tr></thead>"
    "<tbody><tr><td>saw</td><td>12</td></tr><tr><td>file</td><td>3</td></tr></tbody></table>",
    "table, alignments": '<table><thead><tr><th style="text-align:left">a</th><th style="text-align:center">b</th>'
    '<th style="text-align:right">c</th><th>d</th></tr></thead><tbody><tr><td style="text-align:left">1</td>'
    '<td style="text-align:center">2</td><td style="text-align:right">3</td><td>4</td></tr></tbody></table>',
    "table, markup in cells": '<table><thead><tr><th>Name</th><th><a href="/units">Unit</a></th></tr></thead>'
    "<tbody><tr><td><em>length</em> and <strong>width</strong></td><td><code>mm</code></td></tr></tbody></table>",
    "table, pipes": "<table><thead><tr><th>a|b</th><th>shell</th></tr></thead>"
    "<tbody><tr><td><strong>a|b</strong> <code>c|d</code></td><td><code>ls | wc</code></td></tr></tbody></table>",
    "table, backslashes": "<table><thead><tr><th>path</th></tr></thead>"
    "<tbody><tr><td>C:\\dir\\|D:\\</td></tr><tr><td><code>\\|</code></td></tr></tbody></table>",
    "table, empty cells": "<table><thead><tr><th>a</th><th>b</th><th>c</th></tr></thead>"
    "<tbody><tr><td></td><td>1</td><td></td></tr><tr><td>2</td><td></td><td>3</td></tr></tbody></table>",
    "table, text that is a delimiter row": "<table><thead><tr><th>---</th><th>:-:</th></tr></thead>"
    "<tbody><tr><td>---</td><td>:-:</td></tr></tbody></table>",
    "table in a quote": "<blockquote><p>see</p><table><thead><tr><th>x</th><th>y</th></tr></thead>"
    "<tbody><tr><td>1</td><td>2</td></tr></tbody></table></blockquote>",
    "table in an item": "<ul><li>see<table><thead><tr><th>x</th><th>y</th></tr></thead>"
    "<tbody><tr><td>1</td><td>2</td></tr></tbody></table></li></ul>",
    "a paragraph that looks like a table": "<p>a | b<br>--- | ---<br>1 | 2</p>",
    "struck": "<p>costs <del>12</del> 9 now</p>",
    "struck in a word": "<p>un<del>believ</del>able</p>",
    "struck and emphasised": "<p><del>all <strong>of <em>it</em></strong></del> and <em>not <del>this</del></em></p>",
    "struck link": '<p><a href="/old"><del>moved</del></a></p>',
    "literal tildes": "<p>about ~~10~~ or ~5~, ~/bin and a~b</p>",
    "struck tilde": "<p><del>a ~ b</del> and <del>c~d</del></p>",
    "tasks": '<ul><li><input type="checkbox" checked> cut</li><li><input type="checkbox"> glue</li></ul>',
    "tasks, numbered": '<ol><li><input type="checkbox" checked> cut</li><li><input type="checkbox"> glue</li></ol>',
    "tasks, nested": '<ul><li><input type="checkbox"> box<ul><li><input type="checkbox" checked> lid</li>'
    "<li>hinge</li></ul></li></ul>",
    "task with markup": '<ul><li><input type="checkbox"> <strong>two</strong> <code>x</code></li></ul>',
    "text that looks like a task": "<ul><li>[x] cut</li><li>[ ] glue</li><li>[y] paint</li></ul>",
    "table of a head alone": "<table><thead><tr><th>saw</th><th>file</th></tr></thead></table>",
    "table of one column": "<table><thead><tr><th>saw</th></tr></thead><tbody><tr><td>file</td></tr></tbody></table>",
    "table before a quote": "<table><thead><tr><th>x</th><th>y</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr>"
    "</tbody></table><blockquote><p>seen</p></blockquote>",
    "table between paragraphs": "<p>see</p><table><thead><tr><th>x</th><th>y</th></tr></thead><tbody><tr><td>1</td>"
    "<td>2</td></tr></tbody></table><p>seen</p>",
    "table, links and pictures": "<table><thead><tr><th>what</th><th>where</th></tr></thead><tbody><tr><td>"
    '<img src="/a|b.png" alt="a|b"></td><td><a href="/a|b" title="c|d">a|b</a></td></tr></tbody></table>',
    "table, several backslashes before a pipe": "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr>"
    "<td>a\\\\|b</td><td><code>a\\|b</code></td></tr></tbody></table>",
    "struck over two lines": "<p>not <del>this<br>and that</del></p>",
    "struck and bold beside it": "<p><del>old</del><strong>new</strong></p>",
    "struck code": "<p><del><code>goto</code></del> is gone</p>",
    "three literal tildes": "<p>a ~~~not struck~~~ b</p>",
    "tasks beside other items": '<ul><li><input type="checkbox" checked> cut</li><li>glue</li></ul>',
    "tasks in a quote": '<blockquote><ul><li><input type="checkbox"> cut</li></ul></blockquote>',
}
GFM_EXACT: Final = {
    "empty table": "<table><thead><tr><th></th><th></th></tr></thead>"
    "<tbody><tr><td></td><td></td></tr></tbody></table>",
    "empty row": "<table><thead><tr><th>a</th><th>b</th></tr></thead>"
    "<tbody><tr><td></td><td></td></tr><tr><td>1</td><td>2</td></tr></tbody></table>",
    "table of one cell": "<table><thead><tr><th>saw</th></tr></thead></table>",
    "bold head": "<table><thead><tr><th><strong>a</strong></th><th>b</th></tr></thead>"
    "<tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
    "struck punctuation": "<p>a <del>!</del> b</p>",
    "bold heading": "<h2><strong>a</strong> b</h2>",
    "rules": "<hr><hr>",
    "empty items": "<ul><li></li><li>a</li><li></li></ul>",
}


def address(url: str) -> str:
    """Read an address as a browser does: without line ends, percent-encoded or not."""
    return unquote(re.sub(r"[\t\n\r]", "", url))


class Example(NamedTuple):
    """One example of the specification."""

    number: int
    html: str


class Normal(HTMLParser):
    """Spells a fragment of HTML in one way; two that look alike to a reader come out as the same text."""

    def __init__(self) -> None:
        """Start with nothing read."""
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.open: list[str] = []
        self.links: list[bool] = []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """`<br />` is `<br>`, `<li/>` is an empty item."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write a tag with its attributes in order, addresses without percent-encoding."""
        tag = SAME.get(tag, tag)
        emphasis = [one for one in dict.fromkeys(self.open) if one in EMPHASIS]
        if tag == "br":
            self.out += [*(f"</{one}>" for one in reversed(emphasis)), "<br>", *(f"<{one}>" for one in emphasis)]
        elif tag == "p" and self.open[-1:] == ["li"]:
            self.out.append("¶")
        elif tag not in emphasis and tag != "span" and (tag != "a" or "href" in dict(attrs)):
            said = {"alt": ""} if tag == "img" else {}
            said |= {name: value or "" for name, value in attrs if name in ATTRIBUTES.get(tag, ())}
            values = ((name, address(value) if name in ADDRESSES else value) for name, value in said.items())
            self.out.append(f"<{tag}{''.join(f' {name}={escape(value)!r}' for name, value in sorted(values))}>")
        if tag == "a":
            self.links.append("href" in dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Write the end of an element."""
        tag = SAME.get(tag, tag)
        while self.open and self.open.pop() != tag:
            pass
        if tag == "a":
            if self.links.pop():
                self.out.append("</a>")
        elif tag != "span" and (tag not in EMPHASIS or tag not in self.open):
            self.out.append("¶" if tag == "p" and self.open[-1:] == ["li"] else f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Write text; in a listing its white space is kept from collapsing."""
        self.out.append(escape(data.translate(VERBATIM) if "pre" in self.open else data, quote=False))


def as_parsed(html: str) -> str:
    """Spell a fragment as a browser reads it, without white space beside blocks; text beside blocks is a paragraph."""
    soup = BeautifulSoup(html, "html5lib")
    assert soup.body is not None
    beside: list[PageElement] = []
    for node in (*soup.body.contents, None):
        if node is not None and not (isinstance(node, Tag) and node.name in BLOCKS):
            beside.append(node)
            continue
        paragraph = soup.new_tag("p")
        if beside:
            beside[0].insert_before(paragraph)
        paragraph.extend(beside)
        # A link that was not closed is opened again behind its paragraph: there is nothing to see.
        if paragraph.previous_sibling is not None and not paragraph.img and not paragraph.get_text().strip():
            paragraph.extract()
        beside = []
    return soup.body.decode_contents()


def normal(html: str) -> str:
    """Spell a fragment in one way: white space collapsed, none at the edges of blocks."""
    parser = Normal()
    parser.feed(as_parsed(html))
    parser.close()
    text = WHITE.sub(" ", "".join(parser.out))
    text = AROUND_BLOCKS.sub(lambda m: "¶" if m[1].startswith("¶") else m[1], text)
    text = AT_EDGES.sub(lambda m: m[1] or m[2], text)
    text = AFTER_BREAKS.sub(r"\1", text)
    return BESIDE_BLOCKS.sub(r"\1", text).replace("<p></p>", "").strip()


def convert(html: str) -> tuple[str, str]:
    """Convert the body of an article by the stages of the pipeline; returns the cleaned HTML and the Markdown."""
    body = decode.hygiene(f"<html><body>{html}</body></html>")
    article = scraper.scrape(Page("case", "case.html", "html", None, body, "utf-8"), "generic")
    cleaner.clean(article, profiles.load("generic"))
    root = article.root
    inner = "".join(etree.tostring(child, encoding="unicode") for child in root)
    markdown = emitter.emit(reader.read(root, prettified=article.prettified))
    return escape(root.text or "", quote=False) + inner, markdown


@cache
def renderer() -> MarkdownIt:
    """Make the CommonMark renderer of this test."""
    return MarkdownIt("commonmark")


def has_raw_html(html: str) -> bool:
    """Tell whether a fragment holds what Markdown has no syntax for: other elements, comments, instructions."""
    soup = BeautifulSoup(html, "html.parser")
    return any(tag.name not in SAID for tag in soup.find_all(name=True)) or any(
        isinstance(text, UNSEEN) for text in soup.find_all(string=True)
    )


@cache
def examples(path: Path) -> tuple[Example, ...]:
    """Read `spec.txt`: an example is Markdown, a line with one dot, HTML, in a fence of 32 backticks."""
    text = path.read_text(encoding="utf-8").replace("→", "\t")
    found = enumerate(EXAMPLE.finditer(text), start=1)
    return tuple(Example(number, m[3]) for number, m in found if not has_raw_html(m[3]))


@cache
def exceptions() -> dict[str, dict[int, str]]:
    """Load the numbers of the examples that do not come back equal, with reasons, by who is to blame."""
    loaded: dict[str, dict[int, str]] = yaml.safe_load(EXCEPTIONS_FILE.read_text(encoding="utf-8"))
    return loaded


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each example; without the option there are none, and the test is skipped."""
    if "example" in metafunc.fixturenames:
        path = metafunc.config.getoption("--commonmark-spec")
        metafunc.parametrize("example", examples(path) if path else (), ids=lambda one: str(one.number))


def check(example: Example, markdown: str, *groups: str) -> None:
    """An example comes back equal, unless it is listed; a listed one must not."""
    back = normal(renderer().render(markdown))
    if any(example.number in exceptions()[group] for group in groups):
        assert back != normal(example.html), "comes back equal by now: take it out of the exceptions"
    else:
        assert back == normal(example.html), markdown


def test_example_comes_back_equal(example: Example) -> None:
    """What nobody cleans is said as it stands."""
    check(example, to_markdown(example.html, clean=False), "any")


def test_example_comes_back_equal_from_a_post(example: Example) -> None:
    check(example, convert(example.html)[1], "any", "cleaner", "style")


def test_what_the_cleaner_leaves_comes_back_equal(example: Example) -> None:
    """Law 2: what the engine gets is what the Markdown says."""
    cleaned, markdown = convert(example.html)
    if not any(example.number in exceptions()[group] for group in ("any", "style")):
        assert normal(renderer().render(markdown)) == normal(cleaned), markdown


def test_example_converts_to_the_same_markdown_again(example: Example) -> None:
    """Law 3."""
    markdown = convert(example.html)[1]
    assert convert(renderer().render(markdown))[1] == markdown
    exact = to_markdown(example.html, clean=False)
    assert to_markdown(renderer().render(exact), clean=False) == exact


def test_exceptions_are_few(request: pytest.FixtureRequest) -> None:
    path = request.config.getoption("--commonmark-spec")
    if path is None:
        pytest.skip("needs --commonmark-spec FILE")
    numbers = {example.number for example in examples(path)}
    listed = exceptions()
    assert {number for group in listed.values() for number in group} <= numbers
    assert len(numbers - listed["any"].keys()) >= AT_LEAST
    assert len(numbers - listed["any"].keys() - listed["style"].keys()) >= AT_LEAST_ENGINE
    assert len(numbers) - sum(map(len, listed.values())) >= AT_LEAST_CLEANED


def test_every_exception_has_a_reason() -> None:
    assert exceptions().keys() == {"any", "cleaner", "style"}
    numbers = [number for group in exceptions().values() for number in group]
    assert len(numbers) == len(set(numbers))
    assert all(reason.strip() for group in exceptions().values() for reason in group.values())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p>a b</p>", "<p>a c</p>"),
        ("<p>a <em>b</em></p>", "<p>a<em> b</em></p>"),
        ("<p>a<em>b</em></p>", "<p>ab</p>"),
        ("<p>a</p><p>b</p>", "<p>a<br>b</p>"),
        ("<p>a</p><p>b</p>", "<p>a b</p>"),
        ("<pre><code>a\n</code></pre>", "<pre><code>a\n\n</code></pre>"),
        ("<pre><code>a  b</code></pre>", "<pre><code>a b</code></pre>"),
        ('<p><a href="/a">x</a></p>', '<p><a href="/b">x</a></p>'),
        ('<p><a href="/a">x</a></p>', '<p><a href="/a" title="t">x</a></p>'),
        ("<ul><li><p>a</p><p>b</p></li></ul>", "<ul><li>a b</li></ul>"),
        ("<ul><li>a</li></ul><ul><li>b</li></ul>", "<ul><li>a</li><li>b</li></ul>"),
        ("<ol><li>a</li></ol>", '<ol start="2"><li>a</li></ol>'),
        ("<p>&lt;b&gt;</p>", "<p><b></b></p>"),
    ],
)
def test_what_readers_see_is_not_forgiven(one: str, other: str) -> None:
    """A comparison that forgives everything would let everything through."""
    assert normal(one) != normal(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p>a\n  b</p>\n<p>c</p>", "<p>a b</p><p>c</p>"),
        ("<p>&quot;&auml;&quot;</p>", '<p>"ä"</p>'),
        ('<img src="/ä" alt="">', '<img alt="" src="/%C3%A4" />'),
        ("<ul><li><p>a</p></li></ul>", "<ul>\n<li>a</li>\n</ul>"),
        ("<p><em>a <em>b</em></em></p>", "<p><em>a b</em></p>"),
        ("<p><em>a<br>b</em></p>", "<p><em>a</em><br><em>b</em></p>"),
    ],
)
def test_what_no_reader_sees_is_forgiven(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize("html", GFM.values(), ids=GFM.keys())
def test_gfm_comes_back_equal(html: str, render: Callable[[str], str]) -> None:
    markdown = convert(html)[1]
    assert normal(render(markdown)) == normal(html), markdown
    assert convert(render(markdown))[1] == markdown
    exact = to_markdown(html, clean=False)
    assert normal(render(exact)) == normal(html), exact
    assert to_markdown(render(exact), clean=False) == exact


@pytest.mark.parametrize("html", GFM_EXACT.values(), ids=GFM_EXACT.keys())
def test_gfm_that_nobody_cleans_comes_back_equal(html: str, render: Callable[[str], str]) -> None:
    markdown = to_markdown(html, clean=False)
    assert normal(render(markdown)) == normal(html), markdown
    assert to_markdown(render(markdown), clean=False) == markdown
