"""The parsers against html5lib, which builds the tree of a browser by the book.

`html5_cases.txt` holds pieces of HTML, one a line: what is not closed, closed in the wrong order, in the wrong place.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import html5lib
import pytest
from lxml import etree

from converter import rescue, scraper, shallow, to_markdown

if TYPE_CHECKING:
    from types import ModuleType

HERE: Final = Path(__file__).resolve().parent
LINES: Final = (HERE / "html5_cases.txt").read_text(encoding="utf-8").splitlines()
CASES: Final = [line.replace("\\n", "\n").replace("\\0", "\0") for line in LINES]


def _trees() -> ModuleType:
    spec = importlib.util.spec_from_file_location("trees", HERE.parent / "benchmarks" / "trees.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TREES: Final = _trees()


def row(root: object) -> list[str]:
    """A tree as a row of characters and tags."""
    return list(TREES.meaning(TREES.row_of(root)))


def truth(html: str) -> list[str]:
    """The tree of a browser that runs scripts."""
    return row(html5lib.parse(f"<!DOCTYPE html>{html}", namespaceHTMLElements=False, scripting=True))


def text(row: list[str]) -> str:
    """The characters of a row."""
    return "".join(sign for sign in row if len(sign) == 1)


@pytest.mark.parametrize("html", CASES)
@pytest.mark.parametrize("frame", ["{}", '<html><body><div id="content_views">{}</div></body></html>'])
def test_second_parser(html: str, frame: str) -> None:
    page = frame.format(html) if "{" not in html else frame.replace("{}", html)
    assert row(rescue.parse(page)[0]) == truth(page)


@pytest.mark.parametrize("html", [case for case in CASES if "\0" not in case])
def test_text_of_a_page(html: str) -> None:
    assert text(row(scraper.parse(html)[0])) == text(truth(html))


@pytest.mark.parametrize(
    ("html", "hidden"),
    [
        ("<p>one</p><!-- <p>two</p>", "<p>two</p>"),
        ("<p>one</p><style>p { } <p>two</p>", "p { } <p>two</p>"),
        ('<p>one</p><a href="two>three</a>', 'a href="two>three</a>'),
        ("<p>one</p><script>two()", "two()"),
    ],
)
def test_what_an_open_tag_hides_is_noted(html: str, hidden: str) -> None:
    notes = scraper.parse(html)[1]
    assert [note.rule for note in notes] == ["rescue-parser", "hidden-rest"]
    assert hidden in notes[1].text
    assert to_markdown(html) == "one\n"


@pytest.mark.parametrize("html", ["<p>a<!-- b --></p>", "<p>a</p><script>b</script>", "<p>a</p><p>1 < 2</p>"])
def test_nothing_is_noted_where_nothing_is_hidden(html: str) -> None:
    assert scraper.parse(html)[1] == ()


DEEP: Final = (HERE / "depth_cases.txt").read_text(encoding="utf-8").splitlines()
DEEP_CASES: Final = [line.replace("\\n", "\n").split(" => ") for line in DEEP]


@pytest.mark.parametrize(("html", "wanted"), DEEP_CASES)
def test_what_lies_too_deep_goes_side_by_side(html: str, wanted: str) -> None:
    """`{}` is x in 100 spans, the rest stands in so many boxes that these are deeper than a browser goes."""
    boxes = shallow.DEEPEST - 2  # html and body
    element = rescue.parse("<div>" * boxes + html.replace("{}", "<span>" * 100 + "x" + "</span>" * 100))[0][-1]
    for _ in range(boxes):
        element = element[-1]
    written = etree.tostring(element, encoding="unicode", method="html", with_tail=False)
    written = re.sub(r"(?:<span>)+x(?:</span>)+", "<span>x</span>", written)  # as many as still fit
    assert written == f"<div>{wanted}</div>"


@pytest.mark.exhaustive
@pytest.mark.parametrize("wrapper", ["div", "section", "font", "center"])
def test_the_article_in_many_boxes_is_the_article(wrapper: str) -> None:
    article = "<h2>a</h2><ul><li>b<ol><li>c</li></ol></li></ul><table><tr><th>d</th></tr><tr><td>e</td></tr></table>"
    article += '<p>f <b>g</b> <a href="https://e.org/h">h</a></p><pre><code>i\n  j</code></pre>'
    assert to_markdown(f"<{wrapper}>" * 5_000 + article) == to_markdown(f"<{wrapper}>{article}")
