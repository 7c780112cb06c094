"""Verification: what it says about pairs of HTML and Markdown, and what a conversion does with the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from converter import convert, emitter, verify
from converter.console import Console
from converter.model import Options, Result, Source
from converter.pipe import to_stdout
from converter.report import Report
from converter.seen_tags import seen, tokens_of
from converter.work import Job, Rules, convert_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from converter.model import HardBreak
    from converter.nodes import Block
    from converter.tree import Element

POST: Final = "<div id='content_views'><p>One</p><ul><li>two lossy words</li></ul><h2>Three</h2><p>four</p></div>"

# Title, HTML, Markdown, kinds of differences.
PAIRS: Final = (
    ("the same", "<p>a <b>b</b></p>", "a **b**\n", ""),
    ("a wrapper more", "<div><div><p>a</p></div></div>", "a\n", ""),
    ("two elements for one", "<p><b>a</b><b>b</b></p>", "**ab**\n", ""),
    ("bold without its punctuation", "<p><b>重点：</b>先</p>", "**重点**：先\n", ""),
    ("bold of punctuation", "<p>a<b>，</b>b</p>", "a，b\n", ""),
    ("percent-encoded address", "<p><a href='/a b'>x</a></p>", "[x](/a%20b)\n", ""),
    ("two breaks end a paragraph", "<p>a<br><br>b</p>", "a\n\nb\n", ""),
    ("loose list", "<ul><li>a</li><li>b</li></ul>", "- a\n\n- b\n", ""),
    ("code span that touches a letter", "<p>x<b><code>y</code></b>z</p>", "x`y`z\n", ""),
    ("code span of two words that does", "<p>x<b><code>y ;z</code></b>", "x`y ;z`\n", ""),
    ("code span that touches a symbol", "<p><b><code>y</code></b>★</p>", "`y`★\n", ""),
    ("code span that does not", "<p>x <b><code>y</code></b> z</p>", "x `y` z\n", "bold"),
    ("a character", "<p>abc</p>", "ac\n", "text"),
    ("nothing", "<p>abc</p>", "", "text"),
    ("something from nothing", "", "abc\n", "text"),
    ("a space", "<p>ab c</p>", "a bc\n", "space"),
    ("a line", "<p>a<br>b</p>", "a b\n", "line break"),
    ("a paragraph", "<p>a</p><p>b</p>", "a b\n", "paragraph"),
    ("a level", "<h2>a</h2>", "### a\n", "heading"),
    ("a number", "<ol><li>a</li></ol>", "2. a\n", "list item"),
    ("kind of list", "<ol><li>a</li></ol>", "- a\n", "list"),
    ("a depth", "<ul><li>a<ul><li>b</li></ul></li></ul>", "- a\n- b\n", "list"),
    ("behind a list", "<ul><li>a</li></ul><p>b</p>", "- a\n\n  b\n", "list"),
    ("a box", "<ul><li><input type='checkbox' checked> a</li></ul>", "- [ ] a\n", "list item"),
    ("a quote", "<blockquote><p>a</p></blockquote>", "a\n", "quote"),
    ("a column", "<table><tr><th>a</th><th></th><th>c</th></tr></table>", "| a | c | |\n|-|-|-|\n", "table cell"),
    ("code", "<pre><code>a  b</code></pre>", "```\na b\n```\n", "code"),
    ("a last empty line", "<pre><code>a\n\n</code></pre>", "```\na\n```\n", "code"),
    ("a language", "<pre><code class='language-c'>a</code></pre>", "```cpp\na\n```\n", "code"),
    ("a link", "<p><a href='/a'>b</a></p>", "b\n", "link"),
    ("half a link", "<p><a href='/a'>bc</a></p>", "[b](/a)c\n", "link"),
    ("an image", "<p>a <img src='/b' alt='c'></p>", "a ![d](/b)\n", "image"),
    ("bold", "<p>a <b>b</b></p>", "a b\n", "bold"),
    ("bold and italic", "<p>a <b>b</b> <i>c</i></p>", "a b c\n", "bold italic"),
    ("a struck word", "<p><s>a</s> b</p>", "a b\n", "strikethrough"),
    ("inline code", "<p>a <code>b</code></p>", "a b\n", "inline code"),
    ("a power", "<p>a<sup>2</sup></p>", "a2\n", "superscript"),
    ("TeX", "<p><x-tex>a</x-tex></p>", "$b$\n", "formula"),
    ("display", "<p><x-tex display='block'>a</x-tex></p>", "$a$\n", "formula"),
    ("a footnote", "<p>a<x-ref label='1'></x-ref></p><x-note label='1'>b</x-note>", "a[^1]\n\n[^1]: b\n", ""),
    (
        "a footnote that is text",
        "<p>a<x-ref label='1'></x-ref></p><x-note label='1'>b</x-note>",
        "a[^1]\n\nb\n",
        "footnote footnote",
    ),
    ("a quote directly in a list", "<ul><blockquote>a</blockquote></ul>", "- > a\n", ""),
    ("a header by bold around it", "<b><table><tr><td>a</td><td>b</td></tr></table></b>", "| a | b |\n|-|-|\n", ""),
    ("a rule", "<p>a</p><hr><p>b</p>", "a\n\nb\n", "text"),
)


def tree(html: str) -> Element:
    """Parse a fragment."""
    body = etree.fromstring(f"<body>{html or '<p></p>'}</body>", etree.HTMLParser(remove_comments=True)).find("body")
    assert body is not None
    return body


@pytest.mark.parametrize(("html", "markdown", "kinds"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS])
def test_pair(html: str, markdown: str, kinds: str) -> None:
    found = verify.compare(verify.look_at(tree(html)), markdown)
    assert " ".join(difference.kind for difference in found) == kinds


RAW: Final = (
    *("<br>", "<br/>", "<br />", "<sup>", "</sup>", "<kbd>", "</kbd>", "<b>", "</b>", "<I>", "</i>", "<sub/>", "</p>"),
    *(
        '<a href="/x">',
        "<a href=/x>",
        "<a\nhref='/x'>",
        "<a title='>' href='/x'>",
        "</a>",
        "</a >",
        "<https://x.org/?a&b>",
    ),
    *("\n\n<p>", "\n\n<div>", "</div>\n\n", "\n\n<ul>", "<li>", "</li>", "</ul>\n\n", "\n\n<h2>", "</h2>\n\n"),
    *("\n\n<table><tr><td>", "<td>", "</td></tr></table>\n\n", "\n\n<blockquote>", "</blockquote>\n\n", "<hr>"),
    *("\n\n<pre>", "</pre>\n\n", "<code>", "</code>", '<img src="/y" alt="&quot;">', "<img src=/y>", "<x-y>", "</x-y>"),
    *(
        "<!-- c -->",
        "<?p?>",
        "<![CDATA[ c ]]>",
        "<script>",
        "</script>",
        "<",
        "< b",
        "&lt;i&gt;",
        "&nbsp;",
        "&#97;",
        "&#x80;",
    ),
    *(
        "one",
        "**two**",
        " ",
        "\n\n",
        "`<sup>`",
        "\n\n- ",
        "\n\n> ",
        "$<$",
        "\n\n| a | <br> |\n|-|-|\n| <sup>b</sup> | c |\n\n",
    ),
)


@pytest.mark.exhaustive
@example("<div>a < b</div>")
@example("<div>&nbsp;&copy; <sup>&#x80;</sup></div>")
@example("a <sup title='>'>b</sup> c")
@example('<div><a href=/x title="y">b</a></div>')
@example("<div><p>a<ul><li>b</li></ul>c</p></div>")
@example("<ul><li>a<li>b</li></li></ul>")
@example('a <a href="/x">b <a href="/y">c</a> d</a> e')
@example("a <b>b</b> <sup>c")
@given(st.lists(st.sampled_from(RAW), max_size=12).map("".join))
@settings(max_examples=1000, deadline=None)
def test_raw_html_is_seen_as_a_parser_sees_it(markdown: str) -> None:
    """Simple HTML is cut into tags without a parser: one must find the same."""
    page = verify.render(markdown)
    parser = etree.HTMLParser(remove_comments=True, remove_pis=True, encoding="utf-8")
    parsed = etree.fromstring(f"<body>{page or '<p>'}".encode(), parser)
    assert verify.look_at_markdown(markdown) == seen(tokens_of(parsed))


def test_space_that_nobody_knows() -> None:
    """A pretty-printer put the tags on lines of their own: both answers are right, a third is not."""
    told = verify.look_at(tree("<p>\n the\n <b>\n  word\n </b>\n</p>"), prettified=True)
    assert verify.compare(told, "the **word**\n") == verify.compare(told, "the**word**\n") == []
    assert [difference.kind for difference in verify.compare(told, "the\\\n**word**\n")] == ["line break"]


def test_difference_names_block_and_both_sides() -> None:
    found = verify.compare(verify.look_at(tree("<p>a</p><p>one two</p><p>c</p>")), "a\n\none tow\n\nc\n")
    assert [str(difference) for difference in found] == [
        "block 2, text: the article has “one two”, the Markdown “one tow”"
    ]


def test_later_differences_are_found_too() -> None:
    html = "<p>a</p><p>b</p><p>c</p><p>d</p><p>e</p>"
    found = verify.compare(verify.look_at(tree(html)), "a\n\nx\n\nc\n\n**d**\n\ne\n\nf\n")
    assert [(one.kind, one.block) for one in found] == [("text", 2), ("bold", 4), ("text", 6)]


def test_elements_of_blocks() -> None:
    root = tree("<p>a</p><div><div>b</div>c<ul><li>d</li><li>e</li></ul></div><h2>f</h2>g<pre>h</pre>i")
    found = [[e.tag for e in verify.elements_of(root, {block})] for block in range(1, 10)]
    assert found == [["p"], ["div"], ["div"], ["ul"], ["ul"], ["h2"], [], ["pre"], []]


@pytest.fixture
def lossy(interpreted: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    """Let the engine lose a word; HTML that is passed through it does not touch."""
    right = emitter.emit

    def wrong(blocks: list[Block], hard_break: HardBreak = "backslash") -> str:
        lines = right(blocks, hard_break).split("\n")
        return "\n".join(line if line.startswith("<") else line.replace("lossy ", "") for line in lines)

    monkeypatch.setattr(emitter, "emit", wrong)


def test_correct_post_has_no_note() -> None:
    result = convert(POST)
    assert (result.differences, result.notes) == (0, ())


@pytest.mark.usefixtures("lossy")
def test_difference_is_a_note() -> None:
    result = convert(POST)
    assert result.differences == 1
    assert [note.rule for note in result.notes if note.rule != "title-guessed"] == ["text-differs"]
    assert "two lossy words" in result.notes[0].text
    assert "two words" in result.markdown


@pytest.mark.usefixtures("lossy")
@pytest.mark.parametrize("quiet", [False, True])
def test_difference_is_a_warning(quiet: bool, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: FBT001 (a case)
    code = to_stdout(Source("a.html", POST.encode(), "a.html"), Options(), Console(quiet=quiet))
    warning = "warning: a.html: the Markdown differs from the article at 1 places; -v tells where\n"
    assert (code, capsys.readouterr().err) == (0, "" if quiet else warning)


@pytest.mark.usefixtures("lossy")
def test_nobody_looks_without_verification() -> None:
    result = convert(POST, verify=False)
    assert (result.differences, result.notes) == (-1, ())


@pytest.mark.usefixtures("lossy")
def test_difference_is_an_error() -> None:
    result = convert(POST, on_loss="fail")
    assert result == Result(name="post", error=result.error)
    assert result.error.startswith("post: the Markdown would differ: block 2, text: ")
    assert result.error.endswith("; pass --on-loss warn to write it all the same")


@pytest.mark.usefixtures("lossy")
def test_block_that_differs_is_kept_as_html() -> None:
    result = convert(POST, on_loss="keep-html")
    assert result.differences == 0
    assert [note.rule for note in result.notes] == ["kept-html"]
    assert result.markdown.endswith("One\n\n<div><ul><li>two lossy words</li></ul></div>\n\n## Three\n\nfour\n")


@pytest.mark.usefixtures("lossy")
def test_block_that_has_no_element_stays() -> None:
    result = convert("<div id='content_views'>two lossy words</div>", path="a.html", on_loss="keep-html")
    assert [note.rule for note in result.notes if note.rule != "title-guessed"] == ["text-differs"]


@pytest.mark.usefixtures("lossy")
def test_many_differences_are_counted() -> None:
    result = convert("<div id='content_views'>" + "<p>x lossy y</p><p>z</p>" * 30 + "</div>")
    rules = [note.rule for note in result.notes if note.rule != "title-guessed"]
    assert rules == ["text-differs"] * 5 + ["more-differences"]


@pytest.mark.usefixtures("lossy")
@pytest.mark.parametrize("on_loss", ["warn", "fail"])
def test_batch_counts_and_writes_nothing_that_failed(on_loss: str, tmp_path: Path) -> None:
    job = Job(file="", name="post.html", path="post.html", output=str(tmp_path / "post.md"))
    options = Options(on_loss="fail" if on_loss == "fail" else "warn")
    outcome = convert_bytes(Source("post.html", POST.encode(), "post.html"), job, options=options, rules=Rules())
    report = Report()
    report.add(outcome)
    document = report.document(command=(), seconds=0, complete=True)
    if on_loss == "fail":
        assert (outcome.status, list(tmp_path.iterdir())) == ("failed", [])
        assert document["verification"] == {"verified": 0, "differing": 0}
    else:
        assert (outcome.status, outcome.differences) == ("converted", 1)
        assert document["verification"] == {"verified": 0, "differing": 1}


def test_markdown_of_a_lone_surrogate() -> None:
    assert verify.compare(verify.look_at(tree("<p>a?b</p>")), "a\ud800b\n") == []
