"""The page of `report --html`: whole, escaped, bounded; `tests/test_browser.py` opens it in a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import html5lib
import pytest
from click.testing import CliRunner
from test_hostile import pages

from converter import fidelity
from converter.cli import cli
from converter.manifest import Manifest, Record
from converter.nodes import CODE, TEXT, Block, Fence, Heading, Html, Link, List, Note, Paragraph, Quote, Run, Table
from converter.nodes import Item as ListItem
from converter.showing import essence, show

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

EVIL: Final = "\"'><script>HIT()</script><img src=x onerror=HIT()> & </pre></style></details><!-- -->"
SHOWN: Final = frozenset(
    "html head meta title style script body h1 h2 h4 dl div dt dd label input span small kbd main ul ol li code p "
    "table tbody tr th td details summary em strong b i s sup sub pre blockquote br hr mark".split()
)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Convert a few posts: good ones, one that fails, one that is repaired, one that is edited afterwards."""
    posts = tmp_path / "posts"
    posts.mkdir()
    for number in range(3):
        (posts / f"good{number}.html").write_text(f"<h1>good {number}</h1><p>text</p>", encoding="utf-8")
    (posts / "empty.html").write_text("<title>empty</title><article><div></div></article>", encoding="utf-8")
    (posts / "edited.html").write_text(
        "---\ntitle: edited\ntitle: twice\n---\n<p>one two three</p><h2>lost</h2><ul><li>a</li></ul>", encoding="utf-8"
    )
    (posts / "evil<b>.html").write_text(
        f"---\ntitle: evil\ntitle: {EVIL!r}\n---\n<p>{''.join(pages().values())}</p>", encoding="utf-8"
    )
    (posts / "bad.html").write_bytes(b"\x89PNG\r\n\x1a\n")
    CliRunner().invoke(cli, [str(posts), "-o", str(tmp_path / "out"), "-q", "-j", "1"])
    edited = tmp_path / "out" / "edited.md"
    text = edited.read_text(encoding="utf-8")
    edited.write_text(text.replace("two", "2").replace("## lost\n", "").replace("- a", "- a\n- new"), encoding="utf-8")
    return tmp_path / "out"


def page_of(out: Path) -> str:
    file = out.parent / "page.html"
    result = CliRunner().invoke(cli, ["report", str(out), "--html", str(file)])
    assert result.exit_code == 0, result.output
    return file.read_text(encoding="utf-8")


def parsed(page: str) -> Element:
    root: Element = html5lib.parse(page, namespaceHTMLElements=False)
    return root


def test_the_page_is_whole_and_says_what_happened(out: Path) -> None:
    page = page_of(out)
    assert "<!--slot" not in page
    text = "".join(parsed(page).itertext())
    assert "bad.html" in text
    assert "front-matter-duplicate-key" in text
    assert "good0.md" in text


def test_the_page_takes_the_place_of_an_older_page_only(out: Path) -> None:
    page = page_of(out)
    assert page_of(out) == page
    output = out / "good0.md"
    before = output.read_bytes()
    result = CliRunner().invoke(cli, ["report", str(out), "--html", str(output)])
    assert (result.exit_code, "exists, and is no report of archive2md" in result.output) == (2, True)
    assert output.read_bytes() == before


def test_differences_are_marked(out: Path) -> None:
    page = page_of(out)
    assert re.search(r'class="changed"><p>one <mark>two</mark> three</p>', page)
    assert re.search(r'class="changed"><p>one <mark>2</mark> three</p>', page)
    assert re.search(r'class="lost"><p class="h"><small>##</small> lost</p>', page)


def test_nothing_of_a_page_is_alive_on_it(out: Path) -> None:
    page = page_of(out)
    root = parsed(page)
    assert {str(element.tag) for element in root.iter()} <= SHOWN
    assert len(root.findall(".//script")) == 1
    assert len(root.findall(".//style")) == 1
    for element in root.iter():
        assert not any(name.startswith("on") or name in {"href", "src", "style"} for name in element.attrib)
    policy = next(str(element.get("content")) for element in root.iter("meta") if element.get("http-equiv"))
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_a_source_that_is_gone_or_changed_is_said(out: Path) -> None:
    (out.parent / "posts" / "edited.html").unlink()
    (out.parent / "posts" / "empty.html").write_text("<p>else</p>", encoding="utf-8")
    page = page_of(out)
    assert "was changed since" in page
    assert page.count('class="error"') == 2


def test_a_page_that_a_browser_saved_is_not_called_changed(tmp_path: Path) -> None:
    """Its address is a part of what its hash is made of, and its encoding stands in its envelope."""
    posts = tmp_path / "posts"
    posts.mkdir()
    body = "<title>saved</title><h1>saved</h1><p>&#8220;一二三&#8221; 四五六七</p>".encode("gbk")
    head = b"Content-Type: text/html; charset=gbk\r\nContent-Transfer-Encoding: 8bit\r\n"
    address = b"Content-Location: https://blog.example/a?title=1\r\n"
    (posts / "a.mhtml").write_bytes(b"MIME-Version: 1.0\r\n" + head + address + b"\r\n" + body)
    result = CliRunner().invoke(cli, [str(posts), "-o", str(tmp_path / "out"), "-q", "-j", "1"])
    assert result.exit_code == 0, result.output
    with Manifest(tmp_path / "out", read_only=True) as manifest:
        ((output, record),) = manifest
    assert output == "a.md"
    assert "一二三" in "".join(map(show, fidelity.source_blocks(tmp_path / "out", record)))


@pytest.mark.exhaustive
def test_the_page_is_bounded(tmp_path: Path) -> None:
    """25,000 posts, each with a note: the first are shown in full, all are listed."""
    record = Record("posts/a" * 100 + ".html", "", notes="front-matter-repaired: " + "x" * 10_000)
    page = fidelity.page(tmp_path, ((f"{number}.md", record) for number in range(25_000)), ["failed"] * 3)
    assert len(page) < 20 << 20
    assert page.count('class="post find"') == fidelity.SIDE_BY_SIDE
    assert page.count('<li class="find">') == 25_003
    assert "24,800 more have something to look at" in page


def test_every_block_is_shown_escaped() -> None:
    run = Run(TEXT, EVIL, marks=63, link=Link(EVIL, EVIL, 1), title=EVIL, src=EVIL)
    blocks: list[Block] = [
        Paragraph([run, run._replace(kind=CODE, space=True), run._replace(kind=2), run._replace(kind=3, link=None)]),
        Heading(2, [run]),
        Fence(EVIL * 10_000, EVIL),
        Html(EVIL),
        Quote([Paragraph([run])]),
        List(3, [ListItem([Paragraph([run])], checked=True)]),
        Table([[run]], [[[run]]], [""]),
        Note(EVIL, [Paragraph([run])]),
    ]
    for block in blocks:
        root = parsed(show(block))
        assert {str(element.tag) for element in root.iter()} <= SHOWN
        assert "HIT()" in "".join(root.itertext())
        assert essence(block)
        assert len(show(block)) < 200_000
