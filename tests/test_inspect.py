"""The account: every rule has a name and a sentence, everything that goes is listed, and what is kept stays."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from click.testing import CliRunner
from test_spec import CASES, Case, name

from converter import profiles
from converter.batch import options_key
from converter.cleaner import PASSES
from converter.cli import cli
from converter.errors import ConfigError
from converter.inspection import inspect
from converter.model import Inspection, Options, Source
from converter.pipeline import check, convert
from converter.rules import OPTIONAL, RULE_OF, RULES, about, kind_of

if TYPE_CHECKING:
    from click.testing import Result

ROOT: Final = Path(__file__).resolve().parent.parent
SAMPLES: Final = sorted((ROOT / "samples").glob("*/input.*"))
BY_RULE: Final = {"drop_noise", "tidy_images", "tidy_links"}
"""Passes that follow several rules and count by rule themselves."""

POST: Final = """---
title: "An-old-slug"
date: 2024-03-01 08:30:00 +0800
tags: ['无标签', 'Bash']
---
<div class="blog-content-box"><h1 id="articleContentId">An old slug</h1>
<div id="content_views"><p>An old slug</p><div class="toc"><ul><li><a href="#a">One</a></li></ul></div>
<h2 id="a">One</h2><p>Text <span style="display:none">secret</span></p>
<p><img src="https://example.com/aggbug.gif"><img src="https://picsum.photos/1">
<img src="/x.png" width="1" height="1"></p>
<pre><code class="language-bash">ls<button class="copy-btn">copy</button></code>
<ul class="pre-numbering"><li>1</li></ul></pre>
<div class="bdsharebuttonbox">share me</div><script>run()</script></div></div>
"""


def account(text: str, *keep: str, profile: str = "auto") -> Inspection:
    return inspect(Source("post.html", text.encode(), "post.html"), Options(profile=profile, keep=tuple(sorted(keep))))


def listed(found: Inspection) -> Counter[str]:
    """Count what an account lists, without shapes."""
    return Counter(one.rule for one in (*found.removed, *found.changed) if kind_of(one.rule) != "form")


def run(*args: str) -> Result:
    return CliRunner().invoke(cli, list(args))


# --- the names ---


def test_every_pass_has_a_rule() -> None:
    named = {step.run.__name__ for step in PASSES}
    assert named == RULE_OF.keys() | BY_RULE
    assert set(RULE_OF.values()) <= RULES.keys()


@pytest.mark.parametrize("name", profiles.names())
def test_every_rule_of_a_profile_has_a_name(name: str) -> None:
    assert {kind_of(rule) for rule in profiles.load(name).drop.rules()} <= {"noise"}
    assert profiles.load(name).drop.rules() <= RULES.keys()


def test_rules_that_only_a_users_profile_knows_are_noise() -> None:
    assert (kind_of("side-bar"), about("side-bar")) == ("noise", "A rule of the profile.")


def documented() -> dict[str, str]:
    text = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| (.*) \|$", text, re.MULTILINE)
    assert len(rows) == len(dict(rows))
    return dict(rows)


def test_every_rule_is_documented_by_its_sentence() -> None:
    assert {name: rule.about for name, rule in RULES.items()}.items() <= documented().items()


def notes_in_the_code() -> set[str]:
    """First arguments of `Note(...)` and `.note(...)` that are literals."""
    found = set()
    for path in (ROOT / "converter").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
                if name in {"Note", "note"}:
                    found.add(str(node.args[0].value))
    return found


def test_every_note_is_documented_and_nothing_else_is() -> None:
    assert notes_in_the_code()
    assert documented().keys() == RULES.keys() | notes_in_the_code()


# --- the account ---


def test_everything_that_goes_is_listed() -> None:
    found = account(POST)
    listed = {(one.rule, one.element, one.excerpt) for one in found.removed}
    assert {
        ("repeated-title", "p", "An old slug"),
        ("toc", "div.toc", "One"),
        ("hidden", "span", "secret"),
        ("share-bar", "div.bdsharebuttonbox", "share me"),
        ("code-gutter", "ul.pre-numbering", "1"),
        ("copy-button", "button.copy-btn", "copy"),
        ("tracking-image", "img[src=https://example.com/aggbug.gif]", ""),
        ("tracking-image", "img[src=/x.png][width=1][height=1]", ""),
        ("random-image", "img[src=https://picsum.photos/1]", ""),
        ("invisible", "script", "run()"),
    } <= listed
    assert (found.profile, found.chosen, found.root) == ("csdn", "#content_views", "#content_views")
    assert found.encoding == ("utf-8", "valid UTF-8")
    assert [note.rule for note in found.notes] == ["rescue-names", "placeholder-dropped"]


def test_each_field_says_where_it_comes_from() -> None:
    origins = {one.field: one.origin for one in account(POST).fields}
    assert origins == {
        "title": "page: h1#articleContentId",
        "date": "front matter: date",
        "tags": "front matter: tags",
    }
    bare = {one.field: one.origin for one in account("<p>x</p><h2>Name</h2>").fields}
    assert bare == {"title": "first heading of the body"}
    assert account("<p>x</p>").fields[0].origin == "file name"


def test_markdown_has_fields_too() -> None:
    source = Source("a.md", b"---\ntitle: A\nlang: en\n---\ntext\n", "a.md")
    found = inspect(source, Options())
    assert (found.kind, found.profile, found.removed) == ("markdown", "", ())
    assert {one.field: one.origin for one in found.fields} == {
        "title": "front matter: title",
        "language": "front matter: lang",
    }


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_inspecting_is_converting(path: Path) -> None:
    """The account of each sample ends in the fields that converting ends in, and counts what converting counts."""
    source = Source("x", path.read_bytes(), path.name)
    found, result = inspect(source, Options()), convert(source, Options())
    assert not found.error
    assert str(next(one.value for one in found.fields if one.field == "title")) == result.title
    assert found.counts == {rule: n for rule, n in result.facts.removed.items() if kind_of(rule) != "form"}
    assert listed(found) == found.counts
    assert {rule: f"{n} removed" for rule, n in found.counts.items() if kind_of(rule) == "noise"} == {
        note.rule: note.text for note in result.notes if kind_of(note.rule) == "noise" and note.rule in RULES
    }


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", CASES, ids=name)
def test_all_that_is_counted_is_listed(case: Case) -> None:
    """Each case of `tests/spec`, as converting it counts."""
    found = inspect(Source("case", case.html.encode("utf-8", "replace"), "case.html"), Options(verify=False))
    assert listed(found) == found.counts


BOXES: Final = """---
title: Box
---

Some *words* before the box.

<div class="blog-content-box"><div id="content_views"><p>In a box<img src="https://e.org/aggbug.gif"></p>
<pre><code>ls<button>copy</button></code></pre></div></div>

More **words**.

<div class="blog-content-box"><div id="content_views"><p>A <a class="keylink" href="https://e.org/">word</a></p>
<pre><code>cd<button>copy</button></code></pre></div></div>
"""


def test_boxes_in_a_post_that_is_markdown_are_accounted_for() -> None:
    source = Source("a.md", BOXES.encode(), "a.md")
    found, result = inspect(source, Options()), convert(source, Options())
    assert {note.rule: note.text for note in result.notes} == {
        "copy-button": "2 removed",
        "keyword-link": "1 removed",
        "tracking-image": "1 removed",
    }
    assert listed(found) == found.counts == {"copy-button": 2, "keyword-link": 1, "tracking-image": 1}
    assert (found.text, found.gone) == ((23, 15), {"copy-button": 8})
    assert not found.notes
    assert not inspect(source, Options(keep=("copy-button",))).gone


@pytest.mark.parametrize(
    ("page", "row"),
    [
        (
            "<pre><code>ls\n复制代码</code></pre>",
            ("copy-button", "code", "复制代码"),
        ),
        (
            "<p>Title<br><br>Text</p><p>b</p>",
            ("repeated-title", "p", "Title"),
        ),
        (
            (
                '<p><a class="LinkCard" href="https://e.org/"><span class="LinkCard-backdrop"></span>'
                '<span class="LinkCard-content"><span class="LinkCard-title">Soil</span>'
                '<span class="LinkCard-meta">e.org</span></span></a></p>'
            ),
            ("link-card", "a.LinkCard[href=https://e.org/]", "e.org"),
        ),
        (
            '<p>a</p><pre><div class="bar"><span>bash</span><button>copy</button></div><code>ls</code></pre>',
            ("copy-button", "button", "copy"),
        ),
    ],
    ids=["the end of a text", "a line of a text", "parts of a card", "a bar in a listing"],
)
def test_what_goes_from_what_stays_is_listed(page: str, row: tuple[str, str, str]) -> None:
    page = f"---\ntitle: Title\n---\n<div id='content_views'>{page}</div>"
    found = account(page)
    assert [(one.rule, one.element, one.excerpt) for one in found.removed if one.rule == row[0]] == [row]
    assert listed(found) == found.counts


def test_words_that_became_bold_are_listed_with_their_asterisks() -> None:
    found = account("<p>一**重点：**先备份</p>")
    assert [(one.rule, one.element, one.excerpt) for one in found.removed] == [("written-bold", "strong", "**重点：**")]
    assert found.gone == {"written-bold": 4}


def test_an_encoding_says_how_it_was_found() -> None:
    def how(data: bytes, encoding: str | None = None) -> tuple[str, str]:
        return inspect(Source("a.html", data, "a.html"), Options(encoding=encoding)).encoding

    text = "<meta charset=gb2312><p>编码怎么找到的，一看便知。</p>"
    assert how(text.encode("gb18030")) == ("gb18030", "declared by the page")
    assert how(text[21:].encode("gb18030")) == ("gb18030", "no encoding is declared")
    assert how(b"\xef\xbb\xbf<p>a</p>") == ("utf-8", "byte order mark")
    assert how(b"<p>a</p>", "ascii") == ("ascii", "as asked for by --encoding")


def test_an_attribute_says_what_it_was() -> None:
    found = account('<p><img src="data:," data-src="https://example.com/a.png"></p>')
    assert [(one.rule, one.excerpt) for one in found.changed] == [
        ("lazy-image", "src: data:, -> https://example.com/a.png"),
    ]


# --- what is kept ---


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        ("repeated-title", "\n\nAn old slug\n"),
        ("toc", "[One](#one)"),
        ("hidden", "secret"),
        ("share-bar", "share me"),
        ("tracking-image", "aggbug.gif"),
        ("tracking-image", "/x.png"),
        ("random-image", "picsum.photos/1"),
        ("code-gutter", "1\n"),
        ("copy-button", "\nls\ncopy\n"),
        ("placeholder", "- 无标签"),
    ],
)
def test_what_is_kept_stays(rule: str, shown: str) -> None:
    source = Source("post.html", POST.encode(), "post.html")
    assert rule in OPTIONAL
    assert shown not in convert(source, Options()).markdown
    assert shown in convert(source, Options(keep=(rule,))).markdown
    assert rule not in {one.rule for one in account(POST, rule).removed}


def test_numbers_beside_the_lines_of_a_box_can_be_kept() -> None:
    cells = "".join(
        f'<td class="{kind}">{"".join(f"<div class=line>{line}</div>" for line in lines)}</td>'
        for kind, lines in (("gutter", (1, 2)), ("code", ("a = b", "c")))
    )
    page = f'<p>x</p><div class="syntaxhighlighter"><table><tr>{cells}</tr></table></div>'
    source = Source("a.html", page.encode(), "a.html")
    plain, kept = (convert(source, Options(keep=keep)) for keep in ((), ("code-gutter",)))
    assert plain.markdown.endswith("\n\n```\na = b\nc\n```\n")
    assert plain.facts.removed["code-gutter"] == 1
    assert "| 1<br>2 | a = b<br>c |" in kept.markdown
    assert "code-gutter" not in kept.facts.removed


def test_what_readers_could_see_is_a_note_of_each_conversion() -> None:
    notes = convert(Source("post.html", POST.encode(), "post.html"), Options()).notes
    assert {note.rule: note.text for note in notes if note.rule in RULES} == {
        "code-gutter": "1 removed",
        "copy-button": "1 removed",
        "hidden": "1 removed",
        "random-image": "1 removed",
        "repeated-title": "1 removed",
        "share-bar": "1 removed",
        "toc": "1 removed",
        "tracking-image": "2 removed",
    }


def test_rules_that_are_kept_are_part_of_what_an_output_was_made_with() -> None:
    keys = {options_key(Options(keep=keep)) for keep in ((), ("toc",), ("share-bar", "toc"))}
    assert len(keys) == 3


def test_placeholders_of_a_post_that_is_markdown_can_be_kept() -> None:
    source = Source("a.md", "---\ntitle: A\ntags: [无标签]\n---\ntext\n".encode(), "a.md")
    assert "无标签" not in convert(source, Options()).markdown
    assert "- 无标签" in convert(source, Options(keep=("placeholder",))).markdown


def test_unknown_rules_are_refused_with_those_that_are_known() -> None:
    with pytest.raises(ConfigError, match="no rule 'tocs' to keep; rules that can be kept are advertisement"):
        check(Options(keep=("tocs",)))
    with pytest.raises(ConfigError, match="'empty'"):
        check(Options(keep=("empty",)))


def test_rules_of_a_users_profile_can_be_kept(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\nextends: generic\nroot: [main]\ndrop:\n  side-bar: [.side]\n", encoding="utf-8")
    check(Options(profile=str(file), keep=("side-bar",)))
    page = '<main><p>a</p><p class="side">b</p></main>'
    assert [one.rule for one in account(page, profile=str(file)).removed] == ["side-bar"]
    assert account(page, "side-bar", profile=str(file)).removed == ()


# --- the commands ---


def test_inspect_prints_the_account(tmp_path: Path) -> None:
    (tmp_path / "post.html").write_text(POST, encoding="utf-8")
    shown = run("inspect", str(tmp_path / "post.html"))
    assert shown.exit_code == 0
    for line in (
        "  encoding  utf-8 (valid UTF-8)",
        "  profile   csdn (recognised by #content_views)",
        "    title        An old slug   <- page: h1#articleContentId",
        "    date         2024-03-01T08:30:00+08:00   <- front matter: date",
        "    toc 1: Generated tables of contents: their links lead to anchors that Markdown has no more.",
        "      div.toc  One",
        "    placeholder-dropped: tags: 无标签",
    ):
        assert line in shown.stdout.splitlines()


def test_standard_input_is_inspected_as_it_is_converted() -> None:
    """Nobody says that it is HTML."""
    for text, told in (("Some *Markdown*\n\n- a\n", "the post is Markdown already"), ("<p>a</p>", "generic")):
        shown = CliRunner().invoke(cli, ["inspect", "-"], input=text).stdout
        assert told in shown.splitlines()[2], text


def test_inspect_as_json_lists_all(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(POST, encoding="utf-8")
    (tmp_path / "b.html").write_text("", encoding="utf-8")
    shown = run("inspect", "--json", "--keep", "toc", str(tmp_path))
    assert shown.exit_code == 1
    first, second = map(json.loads, shown.stdout.splitlines())
    assert first["counts"]["tracking-image"] == 2
    assert "toc" not in first["counts"]
    assert first["encoding"] == "utf-8"
    assert first["fields"][0] == {"field": "title", "value": "An old slug", "origin": "page: h1#articleContentId"}
    assert "the file is empty" in second["error"]


def test_keep_is_an_option_of_convert(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(POST, encoding="utf-8")
    assert "share me" in run(str(tmp_path / "a.html"), "--keep", "share-bar").stdout
    refused = run(str(tmp_path / "a.html"), "--keep", "nothing")
    assert refused.exit_code == 2
    assert "there is no rule 'nothing' to keep" in refused.stderr


def test_profiles_are_listed_and_printed() -> None:
    shown = run("profiles").stdout
    for known in profiles.names():
        assert re.search(rf"^{known} +\S", shown, re.MULTILINE)
    assert run("profiles", "csdn").stdout == (ROOT / "converter/profiles/csdn.yaml").read_text(encoding="utf-8")
    assert run("profiles", "csdm").exit_code == 2


def test_what_changed_in_an_address_is_listed_with_its_rule_and_can_be_kept() -> None:
    page = (
        '<p><img src="//e.org/a.png#pic_center" alt="img"> '
        '<a href="https://link.zhihu.com/?target=https%3A//e.org">b</a> '
        '<a href="https://e.org/?spm=1">c</a> <a class="keylink" href="https://e.org/d">d</a> <a href="#x">e</a></p>'
    )
    found = account(page)
    assert {(one.rule, one.excerpt) for one in found.changed} == {
        ("picture-parameter", "src: //e.org/a.png#pic_center -> https://e.org/a.png"),
        ("placeholder-alt", "alt: img -> "),
        ("redirector", "href: https://link.zhihu.com/?target=https%3A//e.org -> https://e.org"),
        ("tracking-parameter", "href: https://e.org/?spm=1 -> https://e.org/"),
    }
    assert {(one.rule, one.excerpt) for one in found.removed} == {("keyword-link", "d"), ("page-link", "e")}
    rules = {one.rule for one in (*found.changed, *found.removed)}
    kept = account(page, *rules)
    assert not kept.removed
    assert {one.rule for one in kept.changed} == {"address-scheme"}
