"""Decoding: encodings, line ends, HTML or Markdown, character hygiene."""

from __future__ import annotations

import codecs
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.decode import decode, hygiene
from converter.errors import ConfigError, ConverterError, DecodeError, EmptyArticle
from converter.model import Page, Source

CHINESE = "<p>春天的花园里有一棵苹果树，园丁每天给它浇水。</p>\n"


def _decode(data: bytes | str, path: str = "post.md", encoding: str | None = None) -> Page:
    return decode(Source(path, data.encode() if isinstance(data, str) else data, path), encoding)


def _rules(page: Page) -> list[str]:
    return [note.rule for note in page.notes]


# --- encodings ---


@pytest.mark.parametrize(
    ("data", "encoding", "rules"),
    [
        (CHINESE.encode(), "utf-8", []),
        (codecs.BOM_UTF8 + CHINESE.encode(), "utf-8", []),
        (codecs.BOM_UTF16_LE + CHINESE.encode("utf-16-le"), "utf-16-le", []),
        (codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"), "utf-16-be", []),
        (codecs.BOM_UTF32_LE + CHINESE.encode("utf-32-le"), "utf-32-le", []),
        (CHINESE.encode("gb18030"), "gb18030", ["encoding-guessed"]),
    ],
)
def test_detects_the_encoding(data: bytes, encoding: str, rules: list[str]) -> None:
    page = _decode(data)
    assert (page.body, page.encoding, _rules(page)) == (CHINESE, encoding, rules)


@pytest.mark.parametrize(
    ("declared", "actual", "text"),
    [
        ("gb2312", "gb18030", "<p>園丁給蘋果樹澆水</p>"),  # characters of GBK under the name of the smaller standard
        ("gbk", "gb18030", "<p>园丁</p>"),
        ("big5", "big5", "<p>園丁每天給蘋果樹澆水</p>"),
        ("shift_jis", "cp932", "<p>庭の林檎①</p>"),
        ("iso-8859-1", "cp1252", "<p>Caf\xe9 \u201cjardin\u201d</p>"),
    ],
)
def test_declared_encoding_needs_no_note(declared: str, actual: str, text: str) -> None:
    page = _decode(f'<meta charset="{declared}">{text}'.encode(actual), "post.html")
    assert page.body.endswith(text)
    assert (page.encoding, _rules(page)) == (actual, [])


def test_wrong_declaration_is_noted() -> None:
    page = _decode(b'<meta charset="utf-8">' + CHINESE.encode("gb18030"), "post.html")
    assert page.body.endswith(CHINESE)
    assert _rules(page) == ["encoding-guessed"]


@pytest.mark.parametrize("declared", ["utf-16", "hex", "unicode_escape", "no-such-thing", "mbcs"])
def test_useless_declaration_is_ignored(declared: str) -> None:
    page = _decode(f'<meta charset="{declared}">{CHINESE}'.encode("gb18030"), "post.html")
    assert page.body.endswith(CHINESE)
    assert page.encoding == "gb18030"


def test_western_letters_are_not_chinese() -> None:
    page = _decode("Le jardin est tr\xe8s pr\xe8s, \xe9tait-il d\xe9sert ?\n".encode("cp1252"))
    assert page.body == "Le jardin est très près, était-il désert ?\n"
    assert (page.encoding, _rules(page)) == ("cp1252", ["encoding-guessed"])


def test_utf8_with_a_broken_byte_stays_utf8() -> None:
    data = CHINESE.encode() * 3
    page = _decode(data[:40] + b"\xff" + data[40:])
    assert page.encoding == "utf-8"
    assert "�" not in page.body
    assert abs(len(page.body) - len(CHINESE) * 3) <= 1
    assert _rules(page) == ["bytes-dropped"]


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("It’s “fine” — really.\n" + "Plain words. " * 500, b"\xe2\x80"),
        ("<meta charset=utf-8><h1>Café</h1><p>naïve</p>", b"\xe2\x80"),
        ("<p>中文测试内容", b"\xe5\xbe"),
    ],
)
def test_few_characters_with_a_broken_one_stay_utf8(text: str, broken: bytes) -> None:
    page = decode(Source("post", text.encode() + broken + b"</p>", "post.html"))
    assert page.body == f"{text}</p>"
    assert [note.rule for note in page.notes] == ["bytes-dropped"]


def test_declared_utf8_in_ascii_with_a_broken_byte_stays_utf8() -> None:
    page = _decode(b'<meta charset="utf-8">' + b"<p>words</p>" * 100 + b"\xe9", "post.html")
    assert (page.encoding, _rules(page)) == ("utf-8", ["bytes-dropped"])


def test_utf16_without_mark() -> None:
    page = _decode("<p>words and words</p>".encode("utf-16-le"))
    assert (page.body, page.encoding, _rules(page)) == ("<p>words and words</p>", "utf-16-le", ["encoding-guessed"])


def test_given_encoding_is_strict() -> None:
    assert _decode(CHINESE.encode("gbk"), encoding="GBK").body == CHINESE
    assert _decode(codecs.BOM_UTF8 + b"x", encoding="utf8").body == "x"
    with pytest.raises(DecodeError, match=r"post\.md: the bytes are not utf-8 .*--encoding"):
        _decode(CHINESE.encode("gbk"), encoding="utf-8")


@pytest.mark.parametrize("encoding", ["no-such-encoding", "hex", "rot13", "a\0b", "zip"])
def test_given_encoding_that_is_none(encoding: str) -> None:
    with pytest.raises(ConfigError, match="unknown encoding"):
        _decode("x", encoding=encoding)


# --- what is no text ---


@pytest.mark.parametrize("data", ["", " \n\t\r\n", "\ufeff", "\ufeff \n"])
def test_empty(data: str) -> None:
    with pytest.raises(EmptyArticle, match="the file is empty; "):
        _decode(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        b"GIF89a\x10\0\x10\0\xf0",
        b"PK\x03\x04\x14\0",
        b"\x1f\x8b\x08\0",
        b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n",
        b"SQLite format 3\0\x10\0",
        b"words" + b"\0" * 5,
        bytes(range(256)) * 10,
    ],
)
def test_binary(data: bytes) -> None:
    with pytest.raises(DecodeError, match="looks like a binary file"):
        _decode(data)


def test_a_feed_is_no_post() -> None:
    """It comes here through standard input, or under a name that is not its own; a post that begins otherwise stays."""
    for data in (b"<?xml version='1.0'?>\n<!-- WXR -->\n<rss version='2.0'><channel>", b"\n<feed xmlns='x'>"):
        with pytest.raises(DecodeError, match="an export of many posts"):
            decode(Source("-", data))
    assert decode(Source("-", b"<?xml version='1.0'?><html><p>rss</p></html>")).kind == "html"


def test_text_about_a_format_is_text() -> None:
    assert _decode("GIF89a 是一种图片").body == "GIF89a 是一种图片"


def test_line_ends_and_nul() -> None:
    page = _decode("a\r\nb\rc\n" + "d" * 200 + "\0")
    assert page.body == "a\nb\nc\n" + "d" * 200
    assert _rules(page) == ["nul-dropped"]


def test_front_matter_is_cut_off() -> None:
    page = _decode("---\r\ntitle: a\r\n---\r\n<p>x</p>\r\n")
    assert (page.front_matter, page.body, page.kind) == ("title: a\n", "<p>x</p>\n", "html")
    assert (page.name, page.path) == ("post.md", "post.md")


@given(st.binary())
def test_nothing_but_our_errors(data: bytes) -> None:
    with contextlib.suppress(ConverterError):
        page = _decode(data)
        assert not {"\r", "\0"} & set(page.body)


@given(st.text(alphabet="树木苹果花园春夏秋冬水土", min_size=4))
def test_chinese_survives_every_encoding(text: str) -> None:
    for encoding in ("utf-8", "gb18030", "utf-8-sig", "utf-16"):
        # Not the text alone: four times D4 B0 is Chinese in one encoding and Armenian in the other.
        assert _decode((CHINESE + text).encode(encoding)).body == CHINESE + text


# --- HTML or Markdown ---

BOX = '<div class="blog-content-box">\n<div id="content_views">\n\n# x\n\n</div>\n</div>\n'


@pytest.mark.parametrize(
    "body",
    [
        BOX,
        "</p>" + BOX,
        BOX + "````\n",
        "<!DOCTYPE html>\n# no heading\n",
        "  <html><p>x",
        "<!-- saved -->\n<body>x",
        "<p>a</p>\n\n<p>b</p>\n",
        "<!-- note -->\n<p>a</p>",
        "<div>\n\nwords between the tags\n\n</div>",
        "<p>a<br>\n- b</p>",
        "<pre>\n\n# comment\n\n- x\n</pre>",
        "</p>\n<p>a</p>",
        # What may be signs of Markdown stands in paragraphs, cells or code of HTML, in attributes, or between breaks.
        "<b>a</b> and <i>b</i>",
        "<b>Intro</b><br><br>Text, 2*3*4<br><br><i>x</i>",
        "<p>use `x` and *y*</p>\n\n<p>[a](b)</p>",
        "<div>\n\nwords\n\n<p>use `x`</p>\n\n</div>",
        "<div>\n\n<p>\n\nuse `x`\n\n</p>\n\n</div>",
        "<div>\n\nuse `x`\n<p>y</p>\n\n</div>",
        "<p>open\n\n<h2>use `x`\n\nand `y`</h2>",
        "<span>a</span><p>use `x`</p>",
        "<b>\n a `x`\n</b>",
        "<code>a*b*c</code> <b>x</b>",
        "<a href='a*b*c' title='`x`'>x</a> <b>y</b>",
        "<a href=x><img src=y></a>\n\n<a href=x><img src=y></a>",
        "<H1>a</H1>\n\n<Div>b</Div>",
    ],
)
def test_html(body: str) -> None:
    assert _decode(f"---\ntitle: t\n---\n{body}").kind == "html"
    assert _decode(body, "-").kind == "html"


@pytest.mark.parametrize(
    "body",
    [
        "# Title\n\nwords\n",
        "plain words",
        "* content\n{:toc}\n\n## Part\n",
        f"# How such a page looks\n\n```html\n{BOX}```\n",
        f"~~~~\n~~~\n{BOX}\n~~~~\nwords",
        "The class `blog-content-box` and the id content_views.\n",
        "<!-- a comment -->\n\n# Title\n",
        "<div align=center>\n\n# Title\n\n</div>",
        "<p>a</p>\n\n- item\n\n<p>b</p>",
        "<p>a</p>\n\nwords\n\n<p>b</p>",
        "<kbd>Ctrl</kbd> is a key",
        "<https://example.com> and <me@example.com>",
        # A paragraph that begins with a phrase, as our own output has them.
        "<sup>1</sup> One, *Title*, <https://e.org/x>\n\n<sup>2</sup> Two, `a*b`, <https://e.org/y>",
        "<kbd>F5</kbd> runs `make`, or <kbd>F6</kbd>",
        "<kbd>F5</kbd> one <kbd>a</kbd>\n\n<kbd>F6</kbd> two <kbd>b</kbd>",
        "<kbd>F5</kbd>\\\n2\\*3 <kbd>F6</kbd>",
        "<kbd>F5</kbd> C:\\\\ <kbd>F6</kbd>",
        "<kbd>F5</kbd> *1 * 2* <kbd>F6</kbd>",
        "<kbd>F5</kbd> (\n\n<<sub>2</sub>",
        "<span id=x></span>Text *em* <b>x</b>",
        "<b>Note</b>: use `x` here.<br>",
        "<a href='#x'>x</a> takes `<div>` and <b>y</b>",
        "<kbd>F5</kbd> x\n\n<HTTPS://e.org/a>\n\n<kbd>F6</kbd>",
        # Text in an element whose HTML ends at a blank line.
        "<details>\n<summary>Answer</summary>\n\nThe *answer* is `42`.\n\n</details>",
        "<details>\n<summary>Answer</summary>\n\nAs [1] says.\n\n    code\n\n[1]: http://e.org\n\n</details>",
        "<details>\n<summary>Answer</summary>\n\nTitle\n=====\n\n</details>",
        "<p align=center><img src=l.png></p>\n\n<details>\n<summary>x</summary>\n\n[it](http://e.org)\n</details>",
        "<table><tr><td>\n\n**x**\n\n</td></tr></table>",
        "<div markdown='1'>\n**bold**\n* item\n</div>",
        "<Tabs>\n  <TabItem value='a'>\n    Text *em* and `code`\n  </TabItem>\n</Tabs>",
        "<details>\n<summary>x</summary>\n\n{% highlight html %}\n<p>x</p>\n{% endhighlight %}\n\n</details>",
        "<div id='js_content'>\n\n# Heading\n\nSome `code`.\n\n</div>",
        "<iframe src='x'></iframe>\n\n```sh\nls\n```\n\n<br>",
        # Around boxes of a site, which are converted; read as HTML, all beside them would go.
        "Some words before.\n\n" + BOX,
        "```\ncode\n```\n" + BOX,
        "<div class='a blog-content-box b'>x</div> text",
        "<div id=article_content>x</div> text",
    ],
)
def test_markdown(body: str) -> None:
    assert _decode(f"---\ntitle: t\n---\n{body}").kind == "markdown"


@pytest.mark.parametrize("path", ["a.html", "a.HTM", "b/c.xhtml"])
def test_suffix_of_html_decides(path: str) -> None:
    assert _decode("# words", path).kind == "html"


@pytest.mark.parametrize(
    "body",
    [
        "<pre>" * 20_000,
        "<!--" * 20_000,
        "<div>" + "```a\n" * 20_000 + "<i id=content_views>",
        "<div " + "class=" * 50_000 + "blog-content-box",
        "<p>" + "<" * 50_000 + ">",
        "<p>" + "\n\n" * 50_000 + "</p>",
    ],
    ids=["pre", "comments", "fences", "class", "less-than", "blank lines"],
)
def test_long_odd_bodies_end(body: str) -> None:
    assert _decode(body).body == body


# --- hygiene ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\xa0b&nbsp;c&#160;d&#xA0;e&nbsp f", "a b c d e  f"),
        ("a\u2003b\u2009c\u2028d\u2029e&emsp;f", "a b c d e f"),
        ("a\u200bb\u2060c\ufeffd\xade\u200cf\u200dg", "abcdefg"),
        ("a\u200eb\u200fc\u202ad\u202ee\u2066f\u2069g", "abcdefg"),
        ("a\u3164b\uffa0c\u115fd\u1160e", "abcde"),
        ("a\ufffcb\ufffdc\ue627d", "ab\ufffdc\ue627d"),
        ("\uf0b7a\uf0e0b<pre>\uf0e0</pre>&#xF06C;<code>\uf0b7</code>", "•a→b<pre>\uf0e0</pre>●<code>\uf0b7</code>"),
        ("a\x01b\x1fc\x7fd\x80e\x9ff", "abcdef"),
        ("a&#8203;b&#x200B;c&shy;d&zwj;e&#65279;f&#0;g", "abcdefg"),
        ("a&#150;b&#x93;c", "a\u2013b\u201cc"),  # windows-1252, as browsers read them
        ("👩\u200d💻 ❤\ufe0f\u200d🔥 a\u200d💻", "👩\u200d💻 ❤\ufe0f\u200d🔥 a💻"),
        ("a\x0cb", "a b"),
    ],
)
def test_hygiene_cleans(text: str, expected: str) -> None:
    assert hygiene(text) == expected
    assert hygiene("树" * 3000 + text) == "树" * 3000 + expected
    assert hygiene("<i>" * 3000 + text) == "<i>" * 3000 + expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain <b>words</b>\n\tand tabs",
        "树，“苹果”——……　全角",
        "1\ufe0f\u20e3 ☺\ufe0f 👍🏽",
        "&lt;p&gt; &amp;nbsp; &amp;#160; &#xff0c; &#34; &copy; &unknown;",
        "⼀ ㈱ ＡＢＣ",
    ],
)
def test_hygiene_leaves_clean_text_alone(text: str) -> None:
    assert hygiene(text) is text


@given(st.text())
def test_hygiene_is_idempotent_and_adds_nothing(text: str) -> None:
    once = hygiene(text)
    assert hygiene(once) == once
    assert len(once) <= len(text)
