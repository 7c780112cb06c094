"""What fuzzers call: each target takes bytes, and raises when something does not hold that always must.

A finding becomes a file in `cases/TARGET/`, which `tests/test_fuzz.py` tries on every run.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml
from inert import RENDERERS, alive, render

from converter import cleaner, decode, emitter, frontmatter, profiles, reader, scraper
from converter.errors import ConverterError
from converter.model import FieldPolicy, Metadata, Options, Source
from converter.pipeline import convert
from converter.sources import reading
from converter.sources.directory import expand
from converter.tree import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

FRONT: Final = re.compile(r"\A---\n(.*?)^---\n", re.DOTALL | re.MULTILINE)
LETTERS: Final = re.compile(r"[^\W_]+")
ADDRESSES: Final = re.compile(r"\]\([^)\s]*\)")
POLICY: Final = FieldPolicy(frozenset({"none"}), ("random",), "+08:00")

# The words of the target `article`: a byte of input is one of them, so that structure is found at once.
WORDS: Final = (
    *"<p>|</p>|<b>|</b>|<i>|</i>|<del>|</del>|<code>|</code>|<pre>|</pre>|<ul>|<ol>|<li>|</li>|</ul>|</ol>".split("|"),
    *"<table>|<tr>|<td>|<th>|</td>|</th>|</tr>|</table>|<h1>|</h1>|<h3>|</h3>|<blockquote>|</blockquote>".split("|"),
    *"<br>|<hr>|<div>|</div>|<span>|</span>|<sup>|</sup>|<sub>|</sub>|<kbd>|</kbd>|</a>|<dl>|<dt>|<dd>".split("|"),
    '<a href="https://e.org/a">',
    '<a href="javascript:x()">',
    '<a href="',
    '" title="',
    '">',
    '<img src="https://e.org/i.png" alt="',
    '<img src=x onerror="x()">',
    '<script type="math/tex">',
    '<script type="math/tex; mode=display">',
    "</script>",
    "<script>",
    '<span class="katex"><annotation encoding="application/x-tex">',
    "</annotation></span>",
    '<pre><code class="language-',
    '<input type="checkbox" checked>',
    "<iframe src=//e.org/f></iframe>",
    "<svg><text>",
    "</svg>",
    '<font style="font-weight:bold">',
    "<style>",
    "</style>",
    "<!--",
    "-->",
    "<details><summary>",
    "</summary></details>",
    *"a b c word 中 文 ， 。 ： ** * _ __ ` `` ``` ~ ~~ ~~~ [ ] ( ) ]( ![ ! < > & # - + = | \\ / : 1. 2)".split(),
    *"$ $$ ^ {{ }} {% %}".split(),
    *("&lt;", "&gt;", "&amp;", "&#13;", "&#10;", "&#9;", "&nbsp;", "&quot;", "&amp;lt;", "&amp;#106;", "&#8203;"),
    *(
        " ",
        "\n",
        "\n    ",
        "\n\n",
        "\t",
        "&lt;b&gt;",
        "&lt;!--",
        "--&gt;",
        "&lt;img src=x onerror=x()&gt;",
        "http://e.org/",
    ),
    *(
        "[a](javascript:x())",
        "&lt;javascript:x()&gt;",
        "[^1]: ",
        "[a]: javascript:x()",
        "---",
        "- [ ] ",
        "| - |",
        "&lt;table&gt;",
    ),
)


def page(data: bytes) -> None:
    """Any bytes as a page: an error of ours or a result, the same one each time, and no internal error."""
    source = Source("case", data, "case.html")
    first, second = convert(source, Options()), convert(source, Options())
    assert first == second
    assert "internal error" not in first.error, first.error
    if first.error:
        return
    assert "\0" not in first.markdown
    first.markdown.encode()
    assert FRONT.match(first.markdown) or first.markdown.startswith("---\n"), first.markdown[:80]
    try:
        decoded = decode.decode(source)
    except ConverterError:
        return
    if decoded.kind == "html":
        check_inert(FRONT.sub("", first.markdown))


def article(data: bytes) -> None:
    """A body made of words of HTML and Markdown: its letters survive in their order, and nothing comes out alive."""
    html = "<p>begin</p>" + "".join(WORDS[byte % len(WORDS)] for byte in data) + "<p>end"
    tree, notes = scraper.parse(decode.hygiene(html))
    body = tree.find("body")
    root = tree if body is None else body
    source = html.encode("utf-8", "replace")
    from converter.model import Article

    found = Article(root, "generic", Metadata(), scraper.is_prettified(root), notes, source, tuple(root.iter()))
    cleaner.clean(found, profiles.load("generic"))
    text = text_of(root)
    markdown = emitter.emit(reader.read(root, prettified=found.prettified))
    check_inert(markdown)
    said = LETTERS.findall(markdown)
    for word in ("word", "中", "文"):
        assert sum(one.count(word) for one in said) >= sum(one.count(word) for one in LETTERS.findall(text)), html


def check_inert(markdown: str) -> None:
    """Assert that nothing in a rendering is alive."""
    assert "\r" not in markdown
    for name, options in RENDERERS.items():
        found = alive(render(markdown, options))
        assert not found, f"{name}: {found}\n{markdown}"


def front_matter(data: bytes) -> None:
    """Any text as front matter: what is written can be read by any YAML parser, and reads as the same fields."""
    text = decode.hygiene(data.decode("utf-8", "replace"))
    raw, rest = frontmatter.split(text)
    assert raw is None or rest in text
    for block in dict.fromkeys([raw or text, text]):
        fields, _ = frontmatter.parse(block)
        done = frontmatter.normalize(fields, Metadata(stem="stem"), POLICY)
        written = frontmatter.dump(done.fields)
        assert written.startswith("---\n")
        assert written.endswith("\n---\n")
        inner = written[4:-4]
        assert not re.search(r"^(?:---|\.\.\.)[ \t]*$", inner, re.MULTILINE), written
        assert isinstance(yaml.safe_load(inner), dict)
        split = frontmatter.split(written + "\nbody\n")
        assert split == (inner, "\nbody\n"), written
        again, notes = frontmatter.parse(inner)
        assert not notes, (notes, written)
        twice = frontmatter.dump(frontmatter.normalize(again, Metadata(stem="stem"), POLICY).fields)
        assert twice == written, (written, twice)


SUFFIXES: Final = (
    ".zip",
    ".tar",
    ".tar.gz",
    ".warc",
    ".warc.gz",
    ".mhtml",
    ".mht",
    ".tar.bz2",
    ".tar.xz",
    ".tar.zst",
    ".xml",
)


def container(data: bytes) -> None:
    """Any bytes as a container, its kind told by the first byte: members inside, errors of ours, bounded sizes."""
    suffix = SUFFIXES[data[0] % len(SUFFIXES)] if data else ".zip"
    with tempfile.TemporaryDirectory() as place:
        file = Path(place, f"box{suffix}")
        file.write_bytes(data[1:])
        try:
            inputs = expand([str(file)])  # never as a list: that would name any file of this machine
        except ConverterError:
            return
        for problem in inputs.problems:
            assert isinstance(problem, ConverterError)
        for found in inputs.found:
            parts = found.path.split("/")
            assert ".." not in parts, found
            assert not found.path.startswith("/"), found
            assert "\0" not in found.path, found
            try:
                content = reading.read(found.file, found.member, found.name)
            except ConverterError:
                continue
            assert len(content.data) <= max(1 << 20, 200 * len(data)), (found, len(content.data))
        reading._last_tar().close()  # noqa: SLF001 (it stays open for the life of a worker)


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "page": page,
    "article": article,
    "front_matter": front_matter,
    "container": container,
}
