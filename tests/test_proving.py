"""`archive2md verify` and `archive2md check`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args
from zipfile import ZipFile

import pytest

from converter.checks import RULES, check
from converter.comparison import compare
from converter.errors import ConverterError
from converter.model import Options, Source, Target
from converter.pipeline import convert

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT: Final = Path(__file__).resolve().parent.parent
POST: Final = b"""---
title: "2024-03-01-pears"
---
<div class="blog-content-box"><h1 class="title-article" id="articleContentId">Pears</h1>
<div class="htmledit_views" id="content_views"><p>One pear.</p><h2>More</h2><p>Two <b>ripe</b> pears.</p></div></div>
"""
RIGHT: Final = "---\ntitle: Pears\n---\n\nOne pear.\n\n## More\n\nTwo **ripe** pears.\n"
FRONT: Final = "---\ntitle: a\ndate: 2024-01-02\n---\n\n"


def places(markdown: str, post: bytes = POST, name: str = "a.html") -> list[tuple[int, str]]:
    """Compare, and return lines and kinds."""
    found = compare(Source(name, post, name), Source("b.md", markdown.encode(), "b.md"), Options())
    return [(place.line, place.difference.kind) for place in found]


@pytest.mark.parametrize(
    "markdown",
    [
        RIGHT,
        RIGHT.partition("---\n\n")[2],
        RIGHT.replace("One", "# Pears\n\nOne"),
        RIGHT.replace("One pear.", "One\npear.").replace("## More", "More\n----").replace("**", "__"),
    ],
    ids=["ours", "without front matter", "with the title", "in another style"],
)
def test_right_markdown(markdown: str) -> None:
    assert places(markdown) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("pears", "apples", [(9, "text")]),
        ("## More", "### More", [(7, "heading")]),
        ("**ripe**", "ripe", [(9, "bold")]),
        ("One pear.\n\n", "", [(0, "text")]),
        ("One", "# Apples\n\nOne", [(5, "text")]),
    ],
)
def test_differences_have_lines(old: str, new: str, found: list[tuple[int, str]]) -> None:
    assert places(RIGHT.replace(old, new)) == found


def test_markdown_against_markdown() -> None:
    post = b"---\ntitle: x\n---\n\n# A\n\n* b\n"
    assert places("# A\n\n- b\n", post, "a.md") == []
    assert places("# A\n\n- c\n", post, "a.md") == [(3, "text")]


def test_boxes_in_a_post_that_is_markdown_are_compared_as_they_are_converted() -> None:
    box = '<div class="blog-content-box"><div id="content_views"><p>b</p><pre>c<button>copy</button></pre></div></div>'
    post = f"---\ntitle: x\n---\n\n*a*\n\n{box}\n\nd\n".encode()
    markdown = convert(Source("a.md", post, "a.md"), Options()).markdown
    assert "```\nc\n```" in markdown
    assert places(markdown, post, "a.md") == []
    assert places(markdown.replace("\nc\n", "\ne\n"), post, "a.md") == [(10, "code")]


def test_nothing_against_a_post() -> None:
    assert [kind for _, kind in places("")] == ["text"]


def test_no_article_is_an_error() -> None:
    with pytest.raises(ConverterError):
        places(RIGHT, b"\x89PNG\r\n\x1a\n\0\0\0")


# Shortcodes, escaped ones, Liquid and Nunjucks, in text and in a listing; footnotes, and a list that begins with 5.
TEMPLATES: Final = b"""<html><body><article><h1>Short codes</h1>
<p>Write {{&lt; figure src="a.png" &gt;}}, {{% note %}} or {{&lt;/* figure */&gt;}}.</p>
<pre><code class="language-go">{{%/* c */%}}
{{&lt; youtube abc &gt;}} {{ .Title }} {% raw %} {# d
</code></pre>
<ol start="5"><li>five<sup class="footnote-ref"><a href="#fn1" id="fnref1">[1]</a></sup></li></ol>
<section class="footnotes"><ol><li id="fn1"><p>note <a href="#fnref1" class="footnote-backref">back</a></p></li></ol>
</section></article></body></html>"""


@pytest.mark.parametrize("target", get_args(Target))
def test_what_was_written_for_a_target_is_right_for_it(target: Target) -> None:
    post = Source("a.html", TEMPLATES, "2024-01-02-a.html")
    options = Options(target=target)
    written = convert(post, options)
    markdown = Source("b.md", written.markdown.encode(), "b.md")
    assert written.differences == 0
    assert compare(post, markdown, options) == []
    found = check(markdown.data, bool, target).findings
    assert ("template-syntax" in {one.rule for one in found}) == (target == "commonmark")
    assert {one.rule for one in found} <= {"template-syntax", "no-date"}
    # It is still compared.
    wrong = markdown._replace(data=markdown.data.replace(b"youtube", b"vimeo"))
    assert [place.difference.kind for place in compare(post, wrong, options)] == ["code"]


def test_a_guard_without_a_target_is_right_as_well() -> None:
    post = Source("a.html", TEMPLATES, "a.html")
    options = Options(template_guard="hugo")
    markdown = Source("b.md", convert(post, options).markdown.encode(), "b.md")
    assert compare(post, markdown, options) == []
    assert compare(post, markdown, Options()) != []
    # A post that is Markdown was written for Hugo itself.
    written = Source("a.md", b"---\ntitle: x\n---\n\n{{</* a */>}} {{< b >}}\n", "a.md")
    guarded = Source("b.md", convert(written, options).markdown.encode(), "b.md")
    assert b"{{</* a */>}} {{</* b */>}}" in guarded.data
    assert compare(written, guarded, options) == []


# --- check ---
CASES: Final[tuple[tuple[str, list[tuple[str, int]]], ...]] = (
    (FRONT + "fine\n", []),
    ("text\n", [("no-front-matter", 1)]),
    ("---\ntitle: a\n---\n", [("no-date", 1)]),
    ("---\ndate: 2024-01-02\n---\n", [("no-title", 1)]),
    ("---\ntitle: a\ntitle: b\ndate: 2024-01-02\n---\n", [("front-matter-invalid", 1)]),
    ("---\ntitle: a\ndate: 2024-13-02\n---\n", [("date-invalid", 3)]),
    ("---\ntitle: a\ndate: 2024-01-02T03:04:05+08:00\nupdated: yesterday\n---\n", [("date-invalid", 4)]),
    (FRONT + "```\ncode\n", [("open-fence", 6)]),
    (FRONT + "- ~~~~\n  code\n  ~~~\n", [("open-fence", 6)]),
    (FRONT + "````\n```\n````\n\n> ```c\n> a\n> ```\n", []),
    (FRONT + "$$\na\n", [("open-fence", 6)]),
    (FRONT + "1. $$\n   a\n   $$\n", []),
    (FRONT + "[a](there.md) [b](b/) ![c](gone.png)\n[d](#e) [f](https://e.org/) [g](/h)\n", [("dead-link", 6)]),
    (FRONT + "[a](there.html) [b](not%20there.md#c)\n", [("dead-link", 6)]),
    (FRONT + "x<sup>2</sup> <br> <https://e.org> `<script>`\n", []),
    (FRONT + "a <font>b</font>\n\n```\n<font>\n```\n", [("raw-html", 6)]),
    (FRONT + "\n<script>a</script>\n", [("unsafe-html", 7)]),
    (FRONT + "\n<p onclick='a'>b</p>\n", [("unsafe-html", 7)]),
    (FRONT + "[a](javascript:b)\n", [("unsafe-html", 6)]),
    (FRONT + "a\n\n```\n{{ b }}\n```\n", [("template-syntax", 9)]),
    (FRONT.replace("date", "render_with_liquid: false\ndate") + "{% raw %}\n", []),
    (FRONT.replace("date", "disableNunjucks: true\ndate") + "{% raw %}\n", []),
    (FRONT + "{{</* a */>}} {{%/* b\n*/%}}\n", []),
    (
        FRONT + "{{</* a */>}} {% b %}\n{{%/* a */%}} {{ b }}\n{{% b %}}\n",
        [("template-syntax", line) for line in (6, 7, 8)],
    ),
)
EXECUTED: Final[dict[Target, tuple[str, ...]]] = {
    "commonmark": ("{{ a }}", "{% a %}", "{{< a >}}", "{{% a %}}"),
    "jekyll": ("{{ a }}", "{% a %}", "{{< a >}}", "{{% a %}}", "{{</* a */>}}", "{{%/* a */%}}"),
    "hexo": ("{{ a }}", "{% a %}", "{# a", "{{< a >}}", "{{% a %}}", "{{</* a */>}}", "{{%/* a */%}}"),
    "hugo": ("{{< a >}}", "{{% a %}}"),
}
"""What each generator executes."""


@pytest.mark.parametrize(("text", "found"), CASES)
def test_check(text: str, found: list[tuple[str, int]]) -> None:
    findings = check(text.encode(), {"there.md", "b/"}.__contains__).findings
    assert [(finding.rule, finding.line) for finding in findings] == found


@pytest.mark.parametrize("target", get_args(Target))
def test_check_for_a_generator(target: Target) -> None:
    for text in sorted({text for texts in EXECUTED.values() for text in texts}):
        found = check(f"{FRONT}{text}\n".encode(), bool, target).findings
        assert [finding.rule for finding in found] == ["template-syntax"] * (text in EXECUTED[target]), text
    for field, generator in (("render_with_liquid: false", "jekyll"), ("disableNunjucks: true", "hexo")):
        found = check(
            f"{FRONT.replace('date', f'{field}{chr(10)}date')}{{{{% a %}}}}\n".encode(), bool, target
        ).findings
        assert bool(found) == (target not in {generator, "commonmark"})


def test_check_of_other_bytes() -> None:
    findings = check(b"---\ntitle: \xb4\n---\n", bool).findings
    assert [(finding.rule, finding.line) for finding in findings] == [("not-utf-8", 2)]


def test_every_rule_is_documented_and_tested() -> None:
    text = (ROOT / "docs/verification.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.*?)(?:;.*)? \|$", text, re.MULTILINE))
    assert {rule: about.partition(";")[0] for rule, about in RULES.items()} == rows
    assert {rule for _, found in CASES for rule, _ in found} == RULES.keys() - {"duplicate-id", "not-utf-8"}


# --- the commands ---
def run(arguments: Sequence[str], folder: Path, given: bytes = b"") -> tuple[int, str]:
    """Run the command in a folder; returns exit code and standard output."""
    code, out, _ = run_whole(arguments, folder, given)
    return code, out


def run_whole(arguments: Sequence[str], folder: Path, given: bytes = b"") -> tuple[int, str, str]:
    """Run the command in a folder with a standard input; returns exit code, standard output and standard error."""
    command = [sys.executable, "-m", "converter", *arguments]
    env = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=env, input=given, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A post with Markdown that is right and Markdown that is not."""
    (tmp_path / "post.html").write_bytes(POST)
    (tmp_path / "right.md").write_text(RIGHT, encoding="utf-8")
    (tmp_path / "wrong.md").write_text(RIGHT.replace("Two", "Three"), encoding="utf-8")
    return tmp_path


def test_verify_command(folder: Path) -> None:
    assert run(["verify", "post.html", "right.md"], folder) == (0, "right.md: says what the post says\n")
    assert run(["verify", "post.html", "wrong.md"], folder) == (
        1,
        "wrong.md:9: block 3, text: the article has “Two ripe pears.”, the Markdown “Three ripe pears.”\n",
    )
    assert run(["verify", "post.html", "none.md"], folder) == (2, "")
    assert run(["verify", "post.html"], folder) == (2, "")


def test_verify_reads_standard_input(folder: Path) -> None:
    same = (0, "right.md: says what the post says\n")
    assert run(["verify", "-", "right.md"], folder, POST) == same
    assert run(["verify", "post.html", "-"], folder, RIGHT.encode()) == (0, "-: says what the post says\n")
    assert run(["verify", "-", "-"], folder, POST) == (2, "")


SAVED: Final = b"""From: <Saved by Blink>
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="----X"

------X
Content-Type: text/html
Content-Transfer-Encoding: quoted-printable
Content-Location: https://blog.example.com/a/1

<html><head><title>Pears</title></head><body><article><h1>Pears</h1><p>One =
pear, caf=C3=A9.</p></article></body></html>
------X--
"""


def test_verify_reads_posts_as_convert_does(folder: Path) -> None:
    """It compared with the letters of the transfer encoding."""
    (folder / "saved.mhtml").write_bytes(SAVED)
    (folder / "saved.md").write_text("One pear, caf\u00e9.\n", encoding="utf-8")
    assert run(["verify", "saved.mhtml", "saved.md"], folder) == (0, "saved.md: says what the post says\n")
    with ZipFile(folder / "one.zip", "w") as archive:
        archive.writestr("a/post.html", POST)
    assert run(["verify", "one.zip", "right.md"], folder) == (0, "right.md: says what the post says\n")
    with ZipFile(folder / "two.zip", "w") as archive:
        archive.writestr("a/post.html", POST)
        archive.writestr("b/post.html", POST)
    code, _, told = run_whole(["verify", "two.zip", "right.md"], folder)
    assert (code, told) == (2, "error: two.zip: holds several posts; name one post, and its Markdown\n")
    (folder / "none.txt").write_bytes(b"")
    assert run(["verify", "@none.txt", "right.md"], folder)[0] == 2


def test_verify_says_what_it_cannot_read(folder: Path) -> None:
    """Not what `convert` would say of the same: no `-o` and no `--encoding` helps."""
    (folder / "other.md").write_bytes(b"\xb4\xff")
    code, _, told = run_whole(["verify", ".", "right.md"], folder)
    assert (code, told) == (2, "error: .: is a directory; name one post, and its Markdown\n")
    code, _, told = run_whole(["verify", "post.html", "other.md"], folder)
    assert (code, told) == (2, "error: other.md: the bytes are not UTF-8; write the Markdown so\n")


def test_verify_command_in_json(folder: Path) -> None:
    code, text = run(["verify", "post.html", "wrong.md", "--json"], folder)
    found = json.loads(text)
    assert (code, found["same"], len(found["differences"])) == (1, False, 1)
    assert found["differences"][0]["line"] == 9
    assert found["differences"][0]["kind"] == "text"


def test_check_command(folder: Path) -> None:
    archive = folder / "archive"
    archive.mkdir()
    front = "---\ntitle: a\ndate: 2024-01-02\nsource_url: https://blog.example.com/a/1\nsource_id: '1'\n---\n"
    (archive / "a.md").write_text(front, encoding="utf-8")
    assert run(["check", "archive"], folder) == (0, "")
    (archive / "b.md").write_text(front.replace("blog.", "www."), encoding="utf-8")
    (archive / ".hidden.md").write_text("", encoding="utf-8")
    where = Path("archive", "b.md")
    expected = f"{where}:1: duplicate-id: example.com 1 is also in {Path('archive', 'a.md')}\n"
    assert run(["check", "archive"], folder) == (1, expected)
    (archive / "a.md").write_text(front + "\n{{ a }}\n", encoding="utf-8")
    assert run(["check", "archive", "--target", "hugo", "--ignore", "duplicate-id"], folder) == (0, "")
    assert run(["check", "archive", "--target", "jekyll", "--ignore", "duplicate-id"], folder)[0] == 1
    (archive / "a.md").write_text(front, encoding="utf-8")
    code, text = run(["check", "archive", "--json"], folder)
    assert (code, json.loads(text)["rule"]) == (1, "duplicate-id")
    assert run(["check", "archive", "--ignore", "duplicate-id"], folder) == (0, "")
    assert run(["check", "archive", "--ignore", "duplicates"], folder) == (2, "")
    assert run(["check", "nowhere"], folder) == (2, "")
