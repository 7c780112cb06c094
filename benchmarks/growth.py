"""How the time grows with the size: each shape at n and at 10 n. Ten times the input should cost ten times, at most 11.

Only the ratio means something. The best of several runs is taken, for both sizes; a shape that is over the limit is
measured again with more runs before it counts.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from converter.model import Options, Source
from converter.pipeline import convert

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from converter.model import Engine

LIMIT: Final = 11.0
RUNS: Final = 3
MORE_RUNS: Final = 7
ENGINES: Final[tuple[Engine, ...]] = ("native", "markdownify")


class Shape(NamedTuple):
    """Something to grow: how it is called, the smaller size, and the HTML of a size."""

    name: str
    size: int
    html: Callable[[int], str]


def nested(start: str, end: str) -> Callable[[int], str]:
    """Return what writes n elements, each in the one before it."""
    return lambda n: f"<p>first</p>{start * n}deep{end * n}<p>last</p>"


def repeated(piece: str, before: str = "<p>", after: str = "</p>") -> Callable[[int], str]:
    """Return what writes n pieces side by side."""
    return lambda n: before + piece * n + after


def runs_of_backticks(n: int) -> str:
    """Write about n backticks, as runs of 1, 2, 3 ... of them."""
    return f"<p>{' '.join('`' * width for width in range(1, int((2 * n) ** 0.5)))}</p>"


def numbered_lines(n: int) -> str:
    """Write a listing of n lines with their numbers in front, as cnblogs does."""
    lines = (f'<span style="color: #008080;">{number}</span> a' for number in range(1, n + 1))
    return '<div class="cnblogs_code"><pre>' + "\n".join(lines) + "</pre></div>"


def footnotes(n: int) -> str:
    """Write n references, and their notes."""
    references = (f'<p>a<sup id="r{i}"><a href="#n{i}">{i}</a></sup></p>' for i in range(n))
    notes = (f'<li id="n{i}"><p>b <a href="#r{i}">↩</a></p></li>' for i in range(n))
    return f"{''.join(references)}<ol>{''.join(notes)}</ol>"


SHAPES: Final = (
    Shape("depth of div", 3_000, nested("<div>", "</div>")),
    Shape("depth of span", 3_000, nested("<span>", "</span>")),
    Shape("depth of strong", 3_000, nested("<strong>", "</strong>")),
    Shape("depth of blockquote", 3_000, nested("<blockquote>", "</blockquote>")),
    Shape("depth of ul > li", 1_500, nested("<ul><li>", "</li></ul>")),
    Shape("depth of table", 1_000, nested("<table><tr><td>", "</td></tr></table>")),
    Shape("siblings: p", 3_000, repeated("<p>word</p>", "", "")),
    Shape("siblings: strong", 2_000, repeated("<strong>b</strong> a ")),
    Shape("siblings: strong that ends in a colon", 2_000, repeated("<strong>甲：</strong>乙")),
    Shape("siblings: links", 2_000, repeated('<a href="https://e.org/a">b</a> a ')),
    Shape("siblings: code", 2_000, repeated("<code>b</code> a ")),
    Shape("siblings: strong, em, del that touch", 1_000, repeated("<b>x</b><i>y</i><del>z</del>")),
    Shape("text without markup", 200_000, repeated("word ")),
    Shape("lines", 3_000, repeated("word<br>")),
    Shape("breaks", 5_000, repeated("<br>", "<p>a", "b</p>")),
    Shape("*", 5_000, repeated("*a")),
    Shape("**", 5_000, repeated("a**")),
    Shape("**, bold that nobody read", 2_000, repeated("**甲：**乙")),
    Shape("**, bold that nobody read, in lines", 2_000, repeated("**甲：**乙<br>")),
    Shape("_", 5_000, repeated(" _a")),
    Shape("~", 5_000, repeated("a~")),
    Shape("[", 5_000, repeated("[")),
    Shape("](", 5_000, repeated("[a](b")),
    Shape("backticks", 5_000, repeated("`a")),
    Shape("backticks, runs of all lengths", 20_000, runs_of_backticks),
    Shape("<", 5_000, repeated("&lt;a ")),
    Shape("&", 5_000, repeated("&amp;a")),
    Shape("$", 5_000, repeated("$a")),
    Shape("\\", 5_000, repeated("\\*")),
    Shape("list items", 2_000, repeated("<li>a</li>", "<ul>", "</ul>")),
    Shape("list items of two blocks", 1_000, repeated("<li><p>a</p><p>b</p></li>", "<ol>", "</ol>")),
    Shape("rows", 1_000, repeated("<tr><td>a</td><td>b</td></tr>", "<table>", "</table>")),
    Shape("cells of a row", 1_000, repeated("<td>a</td>", "<table><tr><td>a</td></tr><tr>", "</tr></table>")),
    Shape("lines of code", 20_000, repeated("int a = 1;\n", "<pre><code>", "</code></pre>")),
    Shape("tokens of code", 5_000, repeated("<span>a</span> ", "<pre><code>", "</code></pre>")),
    Shape("listings", 1_000, repeated("<pre><code>a</code></pre>", "", "")),
    Shape("listings with a picture", 1_000, repeated('<pre>a<img src="/b.png">c</pre>', "", "")),
    Shape(
        "drawn listings", 1_000, repeated('<div class="dp-highlighter"><ol><li>a</li></ol></div><pre>a</pre>', "", "")
    ),
    Shape("numbered lines of code", 2_000, numbered_lines),
    Shape("lines of inline code", 500, repeated("<code>a</code><br>" * 3 + "<p>b</p>", "<div>", "</div>")),
    Shape("contents", 2_000, repeated('<li><a href="#a">b</a></li>', "<ul>", "</ul>")),
    Shape("depth of contents", 2_000, nested('<ul><li><a href="#a">b</a>', "</li></ul>")),
    Shape("footnotes", 500, footnotes),
    Shape("boxes of contents", 1_000, repeated('<div class="toc">a</div><p>b</p>', "", "")),
    Shape("contents in contents", 3_000, nested('<div class="toc"><a href="#a">b</a>', "</div>")),
    Shape("links into the page, in depth", 3_000, nested('<div><a href="#a">b</a>', "</div>")),
    Shape("empty strong in depth", 3_000, nested("<b>", "</b><i></i>")),
    Shape("numbered lists of code in depth", 1_500, nested('<ol class="linenums"><li>a', "</li></ol>")),
    Shape("checkboxes", 2_000, repeated('<input type="checkbox"> a ')),
    Shape("drawings", 1_000, repeated("<svg><text>a</text></svg>", "", "")),
    Shape("drawings in depth", 3_000, nested("<div><svg><text>a</text></svg>", "</div>")),
    Shape("headings in depth", 1_500, nested("<h2>a<div>", "</div></h2>")),
    Shape("hidden boxes", 1_000, repeated('<div style="display:none">a</div><p>b</p>', "", "")),
    Shape("marks of headings", 2_000, repeated('<a class="headerlink" href="#x"> </a>', "<div>", "</div>")),
    Shape("marks in one heading", 2_000, repeated('<a href="#x">\xb6</a>', "<p>q</p><h2>a", "</h2>")),
    Shape("marks for contents", 1_000, repeated("<tr><td>[TOC]</td><td>x</td></tr>", "<table>", "</table>")),
    Shape("addresses that touch", 5_000, repeated("http://")),
    Shape("headings", 2_000, repeated("<h2>a</h2>", "<p>x</p>", "")),
    Shape("videos", 2_000, repeated('<div class="video"><iframe src="//e.org/a"></iframe><p>b</p></div>', "", "")),
    Shape("images", 2_000, repeated('<img src="https://e.org/a.png" alt="b"> ')),
    Shape("items that count down", 1_000, repeated("<li>a</li>", "<ol reversed>", "</ol>")),
    Shape(
        "bars over listings",
        500,
        repeated("<span>js</span><button>Copy</button><pre><code>a</code></pre>", "<div>", "</div>"),
    ),
    Shape(
        "captions in a figure",
        1_000,
        repeated('<img src="/a.png" alt="img"><figcaption>img</figcaption>', "<figure>", "</figure>"),
    ),
    Shape(
        "rows of a table that stays HTML",
        500,
        repeated("<tr><td>c<ul><li>a</li></ul></td></tr>", "<table>", "</table>"),
    ),
    Shape("formulas", 1_000, repeated('<script type="math/tex">x</script> a ')),
)


def seconds(html: str, options: Options, runs: int) -> float:
    """Convert some HTML several times; seconds of processor time of the best run."""
    source = Source("growth", html.encode(), "growth.html")
    best = float("inf")
    for _ in range(runs):
        gc.collect()
        begin = time.process_time()
        error = convert(source, options).error
        best = min(best, time.process_time() - begin)
        if error:
            raise SystemExit(error)
    return best


def measure(shape: Shape, options: Options) -> tuple[float, float]:
    """Time a shape at its size and at ten times its size, in seconds."""
    for runs in (RUNS, MORE_RUNS):
        small, large = (seconds(shape.html(size), options, runs) for size in (shape.size, 10 * shape.size))
        if large / small <= LIMIT:
            break
    return small, large


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table of all shapes; 1 when one of them grows faster than its size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shapes", nargs="*", metavar="SHAPE", help="part of the name of a shape; without: all shapes")
    parser.add_argument("--engine", choices=ENGINES, default="native")
    parser.add_argument("--verify", action="store_true", help="with the verification, which a batch does")
    chosen = parser.parse_args(arguments)
    shapes = [s for s in SHAPES if not chosen.shapes or any(part in s.name for part in chosen.shapes)]
    options = Options(engine=chosen.engine, verify=chosen.verify)
    print(f"{'shape':40} {'n':>8} {'ms at n':>9} {'ms at 10 n':>11} {'ratio':>6}")
    seconds(repeated("a")(10), options, 1)  # imports, compiled patterns
    over = 0
    for shape in shapes:
        small, large = measure(shape, options)
        over += large / small > LIMIT
        verdict = "  over the limit" if large / small > LIMIT else ""
        print(f"{shape.name:40} {shape.size:8} {small * 1e3:9.1f} {large * 1e3:11.1f} {large / small:6.1f}{verdict}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
