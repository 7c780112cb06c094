"""Exports of whole blogs in one XML file: what comes out, what is refused, and that memory stays flat."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from converter.batch import Rules, make_plan, run
from converter.model import Options, Source
from converter.pipeline import convert
from converter.sources import Inputs, reading
from converter.sources.directory import expand, is_several
from converter.sources.spool import Spool
from converter.sources.wordpress import rendered

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE: Final = Path(__file__).resolve().parent / "feeds"
FEEDS: Final = sorted(HERE.glob("*.xml"))
ITEM: Final = (
    "<item><title>T{0}</title><content:encoded><![CDATA[{1}]]></content:encoded><wp:post_id>{0}</wp:post_id>"
    "<wp:post_type>post</wp:post_type><wp:status>publish</wp:status></item>"
)


def feed(*items: str, before: str = "") -> str:
    return f"<?xml version='1.0'?>{before}<rss><channel><title>Blog</title>{''.join(items)}</channel></rss>"


def members(text: str | bytes, folder: Path) -> Inputs:
    file = folder / "blog.xml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return expand([str(file)])


def texts(inputs: Inputs) -> dict[str, str]:
    """Markdown of every item, by its path."""
    found = {}
    for one in inputs.found:
        content = reading.read(one.file, one.member, one.name)
        result = convert(Source(one.name, content.data, one.path, content.url, content.encoding), Options())
        assert not result.error
        assert result.profile == "feed"
        found[one.path] = result.markdown
    return found


def said(inputs: Inputs) -> list[str]:
    return [str(problem).partition(": ")[2] for problem in inputs.problems]


def test_there_are_feeds() -> None:
    assert [path.stem for path in FEEDS] == ["blogger", "rss", "takeout", "wordpress"]


@pytest.mark.parametrize("path", FEEDS, ids=lambda path: path.stem)
def test_feed_becomes_what_is_expected(path: Path, update: bool) -> None:  # noqa: FBT001 (a fixture)
    """Each feed has a folder of its name with the Markdown of its posts, and no more posts than these."""
    inputs = expand([str(path)])
    assert inputs.problems == ()
    folder = path.with_suffix("")
    ours = {Path(name).with_suffix(".md").name: text for name, text in texts(inputs).items()}
    if update:
        folder.mkdir(exist_ok=True)
        for name, text in ours.items():
            (folder / name).write_bytes(text.encode())
    assert ours == {file.name: file.read_bytes().decode() for file in folder.glob("*.md")}


def test_a_feed_is_a_batch_with_a_manifest(tmp_path: Path) -> None:
    members(feed(*(ITEM.format(number, "text") for number in range(5))), tmp_path)

    def statuses() -> list[str]:
        plan = make_plan(expand([str(tmp_path / "blog.xml")]), tmp_path / "out")
        outcomes = run(plan, Options(), Rules(), workers=1, stopped=lambda: False)
        return [outcome.status for outcome in outcomes]

    assert statuses() == ["converted"] * 5
    assert statuses() == ["unchanged"] * 5
    assert (tmp_path / "out/blog/T3.md").exists()


def test_other_xml_is_no_feed(tmp_path: Path) -> None:
    (tmp_path / "page.xml").write_text("<html><body><p>XHTML</p></body></html>")
    assert not is_several(str(tmp_path / "page.xml"))
    assert [one.member for one in expand([str(tmp_path / "page.xml")]).found] == [None]


def test_feeds_in_a_directory_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "blog.xml").write_text(feed(ITEM.format(1, "x")))
    assert expand([str(tmp_path)]).found == ()


@pytest.mark.parametrize(
    "before",
    [
        '<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE rss [<!ENTITY file SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss [<!ENTITY % all SYSTEM "http://example.invalid/x.dtd">%all;]>',
    ],
)
def test_entities_are_refused(before: str, tmp_path: Path) -> None:
    inputs = members(feed(ITEM.format(1, "x"), before=before), tmp_path)
    assert inputs.found == ()
    assert ["declares the entity" in problem for problem in said(inputs)] == [True]


def test_an_external_dtd_is_not_read(tmp_path: Path) -> None:
    inputs = members(feed(ITEM.format(1, "x"), before='<!DOCTYPE rss SYSTEM "http://example.invalid/x.dtd">'), tmp_path)
    assert len(texts(inputs)) == 1


def test_what_stands_before_the_damage_is_converted(tmp_path: Path) -> None:
    whole = feed(ITEM.format(1, "one"), ITEM.format(2, "two"))
    inputs = members(whole[: whole.index("two")], tmp_path)
    assert list(texts(inputs)) == ["blog/T1.html"]
    assert ["damaged" in problem for problem in said(inputs)] == [True]


def test_control_characters_do_not_end_it(tmp_path: Path) -> None:
    (text,) = texts(members(feed(ITEM.format(1, "a\x0bb \x08c")), tmp_path)).values()
    assert text.endswith("\na b c\n")


@pytest.mark.parametrize(
    ("encoding", "problem"), [("utf-16", "only encodings that contain ASCII"), ("gbk", "encoding"), ("no-such", "")]
)
def test_encodings_that_cannot_be_read_are_said(encoding: str, problem: str, tmp_path: Path) -> None:
    text = feed(ITEM.format(1, "x")).replace("version='1.0'", f"version='1.0' encoding='{encoding}'")
    inputs = members(text, tmp_path)
    assert inputs.found == ()
    assert problem in " ".join(said(inputs))


def test_latin_1_is_read(tmp_path: Path) -> None:
    text = feed(ITEM.format(1, "café")).replace("version='1.0'", "version='1.0' encoding='ISO-8859-1'")
    (text,) = texts(members(text.encode("latin-1"), tmp_path)).values()
    assert "café" in text


def test_names_cannot_lead_out_and_may_repeat(tmp_path: Path) -> None:
    def named(number: int, slug: str) -> str:
        return ITEM.format(number, "x").replace("</item>", f"<wp:post_name>{slug}</wp:post_name></item>")

    inputs = members(
        feed(named(1, "../../etc/x"), named(2, "a%2f..%2fb"), named(3, "same"), named(4, "same")), tmp_path
    )
    assert sorted(one.path for one in inputs.found) == [
        "blog/a-..-b.html",
        "blog/etc-x.html",
        "blog/same.html",
        "blog/same.html",
    ]
    assert len({place.output for _, place in make_plan(inputs, tmp_path / "out")}) == 4


def test_items_of_one_name_are_told_apart_in_linear_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claimed: list[str] = []
    claim = Spool.claim_member

    def counted(spool: Spool, identity: str) -> bool:
        claimed.append(identity)
        return claim(spool, identity)

    monkeypatch.setattr(Spool, "claim_member", counted)
    item = "<item><title>T</title><description>x</description></item>"
    found = list(members(feed(*[item] * 200), tmp_path).found)
    assert {one.name.rpartition(":")[2] for one in found} == {"T", *(f"T#{number}" for number in range(2, 201))}
    assert len(claimed) < 500


def test_a_feed_that_changed_since_is_not_read(tmp_path: Path) -> None:
    inputs = members(feed(ITEM.format(1, "x")), tmp_path)
    members(feed(ITEM.format(1, "other")), tmp_path)
    one = inputs.found[0]
    assert one.member is not None
    stale = one.member._replace(stamp=1)
    with pytest.raises(Exception, match="changed since it was listed"):
        reading.read(one.file, stale, one.name)


def test_listing_is_flat_in_memory_and_deep_items_are_harmless(tmp_path: Path) -> None:
    """Ten times the posts of 50 kB take no more than their names do."""

    def peak(count: int, items: Iterable[str]) -> int:
        file = tmp_path / f"{count}.xml"
        file.write_text(feed(*items))
        tracemalloc.start()
        try:
            assert len(expand([str(file)]).found) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    body = "word " * 10_000
    few, many = (peak(count, [ITEM.format(n, body) for n in range(count)]) for count in (40, 400))
    assert many < few + 2_000_000 < 400 * len(body)
    deep = ITEM.format(1, "x").replace("<wp:post_id>", f"{'<a>' * 50_000}{'</a>' * 50_000}<wp:post_id>")
    assert len(texts(members(feed(deep), tmp_path))) == 1


# --- what WordPress makes of its texts ---


@pytest.mark.parametrize(
    ("content", "html"),
    [
        ("a\nb\n\nc", "<p>a<br>\nb</p>\n<p>c</p>"),
        ("a\r\n\r\nb", "<p>a</p>\n<p>b</p>"),
        ("<p>a\nb</p>\nc", "<p>a<br>\nb</p><p>c</p>"),
        ("<ul>\n<li>a\nb</li>\n<li>c\n\nd</li>\n</ul>", None),
        ("<div>a\n\nb</div>", "<div><p>a</p>\n<p>b</p></div>"),
        ("<pre>a\n\nb</pre>", "<pre>a\n\nb</pre>"),
        ("a <!--more--> b", "<p>a <!--more--> b</p>"),
        ('<img\nsrc="a.png">\ntext', '<p><img\nsrc="a.png"><br>\ntext</p>'),
        ("[code]\na &lt; b\n\n<c>[/code]", "<pre><code>a &lt; b\n\n&lt;c&gt;</code></pre>"),
        ("[php]echo 1;[/php]", '<pre><code class="language-php">echo 1;</code></pre>'),
        ("[sourcecode language='sql']x[/sourcecode]", '<pre><code class="language-sql">x</code></pre>'),
        (
            '[caption width="3" caption="Old style"]<img src="a">[/caption]',
            '<figure><img src="a"><figcaption>Old style</figcaption></figure>',
        ),
        ("[caption]no picture[/caption]", "<p>no picture</p>"),
        ("[embed]https://example.com/v[/embed]", '<p><a href="https://example.com/v">https://example.com/v</a></p>'),
        ("[gallery ids=1]", "<p>[gallery ids=1]</p>"),
        ("<!-- wp:paragraph -->\n<p>a\nb</p>\n<!-- /wp:paragraph -->", None),
        ("</div></div>a", "</div></div><p>a</p>"),
        ("", ""),
    ],
)
def test_content_of_wordpress(content: str, html: str | None) -> None:
    out = rendered(content)
    if html is not None:
        assert out == html
    elif "wp:" in content:
        assert out == content
    else:
        assert "<li>a<br>\nb</li>" in out
        assert "<li><p>c</p>\n<p>d</p></li>" in out


@pytest.mark.parametrize("piece", ["[code]", "[caption]", "<pre>", "<!--", "<p>", "\n\n", "[embed]", "<"])
def test_content_of_wordpress_takes_linear_time(piece: str) -> None:
    """100,000 of anything; the time limit is that of the test run."""
    assert rendered(piece * 20_000) is not None
