"""The public functions of the package."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

import converter
from converter.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def test_fragment_becomes_markdown_without_front_matter() -> None:
    assert converter.to_markdown("<p>A <b>bold</b> word</p>") == "A **bold** word\n"


@pytest.mark.parametrize("nothing", ["", " \n\t", "<!-- -->", "<p></p>", "<script>x()</script>"])
def test_fragment_without_content_is_empty(nothing: str) -> None:
    assert converter.to_markdown(nothing) == ""


@pytest.mark.parametrize(
    ("html", "cleaned", "exact"),
    [
        ("<h2></h2><p>x</p>", "x\n", "##\n\nx\n"),
        ("<p><code> a </code></p>", "`a`\n", "`  a  `\n"),
        ("<p><b>!</b> x</p>", "! x\n", "**!** x\n"),
        ('<p>x <a href=""></a></p>', "x\n", "x []()\n"),
        ("<pre><code></code></pre><p>x</p>", "x\n", "```\n```\n\nx\n"),
        ("<blockquote></blockquote><p>x</p>", "x\n", ">\n\nx\n"),
        ('<pre><code class="language-a&amp;lt;b">x</code></pre>', "```\nx\n```\n", "```a&#38;lt;b\nx\n```\n"),
        ("<style>p{}</style><p>x</p><script>x()</script>", "x\n", "x\n"),
        ('<p><img src="a" alt="b" title="c\nd"></p>', '![b](a "c d")\n', '![b](a "c&#10;d")\n'),
    ],
)
def test_clean_html_comes_out_as_it_stands(html: str, cleaned: str, exact: str) -> None:
    assert converter.to_markdown(html) == cleaned
    assert converter.to_markdown(html, clean=False) == exact


def test_text_and_bytes_give_the_same() -> None:
    html = "<div id='content_views'><p>Grüße, 世界</p></div>"
    assert converter.convert(html).markdown == converter.convert(html.encode()).markdown


def test_text_is_not_decoded_again() -> None:
    """A declared charset is about bytes, and a text has none."""
    assert "世界" in converter.convert("<meta charset=gbk><body><article><p>世界</p></article>").markdown


def test_name_gives_the_title_of_a_post_without_one() -> None:
    assert converter.convert("<p>x</p>", path="2024-01-02-pears.html").title == "pears"


def test_markdown_passes_through_by_its_name() -> None:
    assert converter.convert("# Pears\n\n* a\n", path="pears.md").markdown.endswith("\n# Pears\n\n* a\n")


def test_bad_post_is_an_error_in_the_result() -> None:
    assert "binary" in converter.convert(b"\x89PNG\r\n\x1a\n\0\0\0").error


@pytest.mark.parametrize("option", [{"profile": "nowhere"}, {"engine": "steam"}])
def test_bad_option_raises(option: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        converter.convert("<p>x</p>", **option)  # type: ignore[arg-type]


def test_profile_reads_own_elements_as_standard_ones(tmp_path: Path) -> None:
    """The extension point of a site: `elements` in a profile file."""
    profile = tmp_path / "site.yaml"
    profile.write_text(
        "name: site\nextends: generic\nroot: [body]\n"
        "elements:\n  blockquote: [div.callout]\n  h3: [p.subtitle]\n  unwrap: [b.loud]\n",
        encoding="utf-8",
    )
    html = "<body><p class=subtitle>Tools</p><div class=callout><p>A <b class=loud>big</b> one</p></div></body>"
    assert converter.convert(html, profile=str(profile)).markdown.endswith("\n### Tools\n\n> A big one\n")


@pytest.mark.parametrize("collects", [True, False])
@pytest.mark.parametrize("data", [b"<p>x</p>", b""], ids=["post", "error"])
def test_the_collector_of_cycles_is_left_as_it_was(data: bytes, *, collects: bool) -> None:
    try:
        (gc.enable if collects else gc.disable)()
        converter.convert(data)
        assert gc.isenabled() is collects
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("name", "value"),
    [("target", "Jekyll"), ("on_loss", "raise"), ("template_guard", "jekyll"), ("hard_break", "x")],
)
def test_a_choice_that_there_is_not_is_an_error(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"^there is no {name} '{value}'; use one of "):
        converter.convert("<p>x</p>", **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("arguments", [{"post": None}, {"post": "x", "encoding": 5}, {"post": "x", "keep": "toc"}])
def test_values_of_other_types_are_errors(arguments: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="text or bytes"):
        converter.convert(**arguments)  # type: ignore[arg-type]


def test_lone_surrogates_are_left_out_and_noted() -> None:
    result = converter.convert(b"<p>caf\xe9</p>".decode("utf-8", "surrogateescape"))
    assert result.markdown.endswith("\ncaf\n")
    assert ("bytes-dropped", "1 lone surrogates were left out") in [(note.rule, note.text) for note in result.notes]


def test_a_profile_file_that_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    html = "<div class=a><p>first</p></div><div class=b><p>second</p></div>"
    text = "name: m\nextends: generic\nabout: x\nroot: [div.{}]\n"
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "p.yaml").write_text(text.format(name), encoding="utf-8")
    monkeypatch.chdir(tmp_path / "a")
    assert converter.convert(html, profile="p.yaml").markdown.endswith("\nfirst\n")
    monkeypatch.chdir(tmp_path / "b")
    assert converter.convert(html, profile="p.yaml").markdown.endswith("\nsecond\n")
    (tmp_path / "b" / "p.yaml").write_text("root: [[[ nonsense", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"p\.yaml"):
        converter.convert(html, profile="p.yaml")


def test_a_conversion_leaves_the_collector_on_that_another_thread_has_just_turned_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_enabled = gc.isenabled

    def just_ended() -> bool:
        gc.enable()
        return False

    assert is_enabled()
    monkeypatch.setattr(gc, "isenabled", just_ended)
    converter.convert("x", path="a.md")
    assert is_enabled()


def test_front_matter_of_markdown_is_read_by_the_profile_that_is_named(tmp_path: Path) -> None:
    profile = tmp_path / "k.yaml"
    profile.write_text(
        "name: k\nextends: generic\nabout: x\nroot: [div.text]\nutc_offset: '+01:00'\nplaceholders: [misc]\n",
        encoding="utf-8",
    )
    post = "---\ntitle: Tea\ndate: 2024-05-06 10:00\ntags: [misc, hot]\n---\n\nText\n"
    fields = converter.convert(post, path="tea.md", profile=str(profile)).markdown
    assert "date: 2024-05-06T10:00:00+01:00\n" in fields
    assert "misc" not in fields
    assert "date: 2024-05-06T10:00:00+08:00\n" in converter.convert(post, path="tea.md").markdown
