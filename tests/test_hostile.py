"""Hostile input: whatever a page brings, nothing in the rendering of our Markdown runs, loads or means anything else.

The vectors are data in `tests/hostile/`; `tests/test_browser.py` loads the same ones in a browser.
"""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import html5lib
import pytest
import yaml
from inert import RENDERERS, alive, render
from markdown_it import MarkdownIt

from converter import templates, to_markdown
from converter.model import Engine, Options, Source, TemplateGuard
from converter.pipeline import convert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Split = Callable[[str], tuple[str, str]]

pytestmark = pytest.mark.exhaustive

HERE: Final = Path(__file__).resolve().parent / "hostile"
ENGINES: Final = get_args(Engine)
KNOWN: Final = frozenset(
    "title date updated description author categories tags keywords cover source_url source_id language math".split()
)
OTHER: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])
PLACES: Final = {
    "paragraph": "<p>{}</p>",
    "second line": "<p>a<br>{}</p>",
    "item": "<ul><li>{}</li></ul>",
    "quote": "<blockquote>{}</blockquote>",
    "heading": "<h2>{}</h2>",
    "cell": "<table><tr><th>a</th><th>b</th></tr><tr><td>{}</td><td>c</td></tr></table>",
    "bold": "<p>a <b>{}</b> b</p>",
    "link": '<p>a <a href="x">{}</a> b</p>',
    "inline code": "<p>a <code>{}</code> b</p>",
    "listing": "<pre><code>{}</code></pre>",
    "superscript": "<p>a<sup>{}</sup></p>",
    "between images": '<p><img src="x" alt="y">{}<img src="x" alt="y"></p>',
}
MEANT: Final = {
    "item": {"ul", "li"},
    "quote": {"blockquote"},
    "heading": {"h2"},
    "cell": {"table", "thead", "tbody", "tr", "th", "td"},
    "bold": {"strong"},
    "link": {"a"},
    "inline code": {"code"},
    "listing": {"pre", "code"},
    "superscript": {"sup"},
    "second line": {"br"},
    "between images": {"img"},
}


@cache
def load(name: str) -> Any:  # noqa: ANN401 (each file has its shape)
    """Read one file of vectors."""
    return yaml.safe_load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))


@cache
def pages() -> dict[str, str]:
    """Give all vectors that are pages, by name."""
    return {
        f"{file}: {name}": page
        for file in ("scripts", "handlers", "urls", "pages")
        for name, page in load(file).items()
    }


def converted(page: str, engine: Engine = "native", **extra: bool) -> str:
    """Convert a page; the whole output, or one with an empty body when the page is refused."""
    result = convert(Source("case", page.encode(), "case.html"), Options(engine=engine, **extra))  # type: ignore[arg-type]
    assert "internal error" not in result.error
    return result.markdown or "---\ntitle: case\n---\n"


def renderings(markdown: str) -> Iterator[tuple[str, str]]:
    """Render with two programs, with and without formulas: renderers differ at the edges."""
    for name, options in RENDERERS.items():
        yield name, render(markdown, options)
    yield "markdown-it", str(OTHER.render(markdown))


def test_there_are_enough_vectors() -> None:
    assert len(pages()) > 300
    assert len(load("markdown")) > 90


def test_the_check_sees_what_is_alive() -> None:
    """Nine vectors in ten are alive as they stand: else the check would be blind."""
    seen = [bool(alive(page)) for page in pages().values()]
    assert sum(seen) > 0.7 * len(seen)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", pages())
def test_nothing_comes_out_alive(name: str, engine: Engine, split: Split) -> None:
    markdown = split(converted(pages()[name], engine))[1]
    assert "\r" not in markdown
    for renderer, rendered in renderings(markdown):
        assert not alive(rendered), f"{renderer}:\n{markdown}"


@pytest.mark.parametrize("name", pages())
def test_nothing_comes_out_alive_that_nobody_cleans(name: str) -> None:
    markdown = to_markdown(pages()[name], clean=False)
    for renderer, rendered in renderings(markdown):
        assert not alive(rendered), f"{renderer}:\n{markdown}"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", load("markdown"))
def test_text_stays_text(text: str, place: str, split: Split) -> None:
    """The rendering has the elements of the place and no other, and shows the text."""
    escaped = html.escape(text, quote=False)
    markdown = split(converted(f"<p>before</p>{PLACES[place].format(escaped)}<p>after</p>"))[1]
    root = html5lib.parse(render(markdown), namespaceHTMLElements=False)
    tags = {str(element.tag) for element in root.iter()}
    assert tags <= {"html", "head", "body", "p"} | MEANT.get(place, set()), markdown
    if place not in {"link", "between images", "second line"} or "](" not in text:
        assert not alive(render(markdown)), markdown
    shown = "".join(root.itertext()).split()
    assert "".join(shown).endswith("after")
    assert "".join(text.split()) in "".join(shown), markdown


def attack(case: dict[str, str], split: Split, engine: Engine = "native") -> tuple[dict[str, object], str]:
    """Convert a case of front matter; its fields and its body."""
    front, body = split(converted(case["input"], engine))
    return yaml.safe_load(front), body


@pytest.mark.parametrize("case", load("front_matter"), ids=lambda case: repr(case["input"][:60]))
def test_front_matter_is_what_we_wrote(case: dict[str, str], split: Split) -> None:
    fields, body = attack(case, split)
    assert fields["title"] == case["title"]
    assert set(fields) <= KNOWN | {"<<"}
    assert not any("script:" in str(value).lower() for key, value in fields.items() if key != "title")
    assert not alive(render(body))


@pytest.mark.parametrize("text", [*load("markdown"), "<script>HIT()</script>", "a\n\n<img src=x onerror=HIT()>"])
def test_a_title_as_a_heading_is_a_heading(text: str, split: Split) -> None:
    page = f"<h1>{html.escape(text, quote=False)}</h1><p>after</p>"
    front, markdown = split(converted(page, title_heading=True))
    title = str(yaml.safe_load(front)["title"])
    root = html5lib.parse(render(markdown), namespaceHTMLElements=False)
    assert {str(element.tag) for element in root.iter()} == {"html", "head", "body", "h1", "p"}, markdown
    heading = "".join(root.find("body/h1").itertext())
    assert "".join(heading.split()) == "".join(title.split()), markdown


@pytest.mark.parametrize("attribute", ["href", "src"])
def test_what_is_no_script_stays(attribute: str, split: Split) -> None:
    """The check must not cost addresses that people write."""
    element = '<a href="{}">text</a>' if attribute == "href" else '<img src="{}" alt="text">'
    addresses = (
        "http://e.org/javascript:a",
        "javascripts/a.js",
        "mailto:a@e.org",
        "thunder://QUFo",
        "magnet:?xt=urn:btih:abc",
        "ftp://e.org/a",
        "file:///C:/a.png",
        "data/a.png",
        "java.html",
        "weixin://dl/chat",
    )
    body = split(converted("<p>" + " ".join(element.format(address) for address in addresses) + "</p>"))[1]
    assert re.findall(r"\]\((\S+)\)", body) == list(addresses)


def test_pictures_in_the_page_stay(split: Split) -> None:
    dot = f"data:image/gif;base64,R0lGODlhAQABAA{'A' * 200}CwA"
    assert split(converted(f'<p>a <img src="{dot}" alt="b"></p>'))[1] == f"a ![b]({dot})\n"


@pytest.mark.parametrize("case", load("templates"), ids=lambda case: case["text"])
def test_template_syntax_is_told(case: dict[str, Any]) -> None:
    result = convert(Source("case", f"<p>{html.escape(case['text'])}</p>".encode(), "case.html"), Options())
    told = [note.text for note in result.notes if note.rule == "template-syntax"]
    assert bool(told) == bool(case["systems"])
    assert all(system in told[0] for system in case["systems"])
    assert "render_with_liquid" not in result.markdown


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("liquid", ("render_with_liquid: false", "`{{< a >}}` {{ b }}")),
        ("nunjucks", ("disableNunjucks: true", "`{{< a >}}` {{ b }}")),
        ("hugo", ("", "`{{</* a */>}}` {{ b }}")),
        ("none", ("", "`{{< a >}}` {{ b }}")),
    ],
)
def test_template_guard(kind: TemplateGuard, expected: tuple[str, str], split: Split) -> None:
    page = "<p><code>{{&lt; a &gt;}}</code> {{ b }}</p>"
    result = convert(Source("case", page.encode(), "case.html"), Options(template_guard=kind))
    front, body = split(result.markdown)
    assert expected[0] in front
    assert body == f"{expected[1]}\n"
    assert any(note.rule == "template-syntax" for note in result.notes) == (kind == "none")
    plain = convert(Source("case", b"<p>a</p>", "case.html"), Options(template_guard=kind))
    assert plain.markdown == "---\ntitle: case\n---\n\na\n"


def test_shortcodes_without_an_end_are_told() -> None:
    page = "<pre>{{&lt; a\n{{% b %}}\n{{%/* c */%}}</pre>"
    result = convert(Source("case", page.encode(), "case.html"), Options(template_guard="hugo"))
    # Hugo 0.168 takes `/*` and `*/` off once: what a post shows with them needs them twice.
    assert "{{< a\n{{%/* b */%}}\n{{%/*/* c */*/%}}" in result.markdown
    assert [note.text for note in result.notes if note.rule == "template-syntax"] == [
        "1 beginnings of shortcodes have no end"
    ]


def test_a_post_that_is_written_for_hugo_is_guarded_once() -> None:
    body = b"---\ntitle: a\n---\n\n{{</* a */>}} {{% b %}} {{</*/* c */*/>}} {{</* d */>}}\n"
    once = convert(Source("a", body, "a.md"), Options(template_guard="hugo")).markdown
    assert once.endswith("\n{{</* a */>}} {{%/* b */%}} {{</*/* c */*/>}} {{</* d */>}}\n")
    assert convert(Source("a", once.encode(), "a.md"), Options(template_guard="hugo")).markdown == once


def test_shortcodes_of_other_generators_are_no_news_to_one() -> None:
    """`--target hugo` of `{{ a }}` said that Liquid would run it, and to pass an option that changes nothing there."""
    for target in ("jekyll", "hexo", "hugo"):
        notes = convert(Source("case", b"<p>{{ a }} {# b</p>", "2024-01-02-case.html"), Options(target=target)).notes
        assert [note.rule for note in notes] == ["title-guessed"], target


def test_beginnings_of_shortcodes_in_a_row_take_no_search_each() -> None:
    body = "{{< {{% " * 100_000
    _, guarded, notes = templates.guard({}, body, "hugo")
    assert guarded == templates.as_hugo_shows(body) == body
    assert notes[0].text == "200000 beginnings of shortcodes have no end"
