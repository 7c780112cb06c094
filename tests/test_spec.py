"""Dotted cases of `tests/spec/*.md`: a title, a line with one dot, HTML, a dot, the Markdown it becomes, a dot.

Every case is also checked for the laws: its Markdown renders to the facts of its HTML (law 2; not for cases whose title
begins with "Noise", where text goes by rule), and that rendering converts to the same Markdown again (law 3). A number
such as §7.2 at the end of a title is a section of the maintainers' catalog of measured posts: the shape is real.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
from facts import Facts, differences, facts

from converter.model import Options, Source
from converter.pipeline import convert

if TYPE_CHECKING:
    from collections.abc import Callable

SPEC: Final = Path(__file__).resolve().parent / "spec"
CASE: Final = re.compile(r"^(?P<title>\S.*)\n\.\n(?P<html>(?:.*\n)*?)\.\n(?P<markdown>(?:.*\n)*?)\.$", re.MULTILINE)

# Cases whose rendering shows other facts than their HTML, on purpose: the facts concerned, and why.
DIFFERS: Final = {
    "A first row of one bold cell over all columns is a caption": ("look tables", "it is a row no more"),
    "A centred one, and a header above the header": ("tables", "it is a row no more"),
    "A caption over fewer columns than spans tell of": ("tables", "it is a row no more"),
    "A caption that a style makes bold, and a remark below the table": ("look tables", "it is a row no more"),
    "A list directly in a list belongs to the item before it": ("items", "HTML does not say whose list it is"),
    "A list of hollow items right behind a list belongs to its last item": ("items", "as above"),
    "Lists side by side lose nothing, however many there are": ("items", "HTML does not say whose list it is"),
    "A list that begins with a list": ("items", "its items have no item to belong to"),
    "An item that holds only a list, at the start of a list of the same kind": ("items", "as above"),
    "An item that holds only a numbered list": ("items", "the list takes the place of the one around it"),
    "An item that holds only a list gives it to the item before": ("items", "nothing stands beside its bullet"),
    "Several such items are one list": ("items", "as above"),
    "Such items in lists that such items hold": ("items", "as above"),
    "Hollow items are seen through boxes and phrases, whose look goes along": ("items", "as above"),
    "Stray text in the lists around and in a hollow item belongs to their items": ("items", "as above"),
    "Lists by old names are bullets, hollow items and all": ("items", "as above"),
    "A list that an item begins with goes to the item before, the rest stays an item": ("items", "as above"),
    "Numbers that items state themselves stay when lists move": ("items", "as above"),
    "A list of nothing but such items": ("items", "as above"),
    "What holds breaks only is not there for lists in items": ("items", "as above"),
    "A list directly in a list with stray text is in the item before, hollow ones too": ("items", "as above"),
    "A list that such an item joins brings another such item to the one before": ("items", "as above"),
    "Such an item in a numbered list, where no other follows": ("items", "nothing stands beside its number"),
    "Numbers that jump in lists and quotes, with a list between items": ("items", "as for a list directly in a list"),
    "Lists directly in a list are one list": ("items", "HTML does not say whose list it is"),
    "A list of hollow items behind a list in a box": ("items", "nothing stands beside its bullet"),
    "A list of hollow items directly in a list, behind a list in the item before": ("items", "as above"),
    "A list in a box directly in a list": ("items", "a list needs an item to stand in"),
    "A check box alone in an item is no item for the lists beside it": ("items", "nothing stands beside its number"),
    "A list of breaks alone says nothing, and nothing of the lists beside it": ("items", "as above"),
    "Something directly in a list behind an item without words is in that item": ("items", "it needs an item"),
    "Items that hold nothing before one that holds a list only": ("items", "nothing stands beside its bullet"),
    "Items without a list in a column": ("flow items tables", "the column was none, and the items are a list"),
    "Formulas in a table that stays HTML are TeX between dollars": (
        "text look flow formulas tables",
        "HTML has no formulas",
    ),
    "Boxes to check in a table that stays HTML are signs": (
        "text look flow items tables",
        "Markdown is not read in HTML",
    ),
    "A rule alone in a cell parts the contents of a box, and says nothing in a table of data": (
        "flow",
        "a cell of a pipe table holds no rule",
    ),
    "Wide spaces where two lines of a heading meet": ("flow", "the image is a paragraph of its own"),
    "Numbers that Markdown cannot write, and values that are none, change nothing": ("items", "one is below 0"),
    "Items without a list are a list": ("items", "there was no list"),
    "Text directly in a list": ("items", "text needs an item to stand in"),
    "A list in a heading": ("headings flow", "a heading is one line, so blocks move out of it"),
    "CATALOG 7.5: a rule and a listing in a heading part its words": (
        "flow",
        "a heading is one line, so blocks move out of it",
    ),
    "A table in a heading comes after it": ("headings", "a heading is one line, so blocks move out of it"),
    "An image before a break in a heading stands before the heading": ("flow", "the image is a paragraph of its own"),
    "An image in a block of its own at an end of a heading stands beside it": ("flow", "the image is a paragraph"),
    "Paragraphs behind breaks in a heading": ("headings flow", "they are no part of the heading"),
    "Lines and a picture between them in a heading, in phrases": ("headings flow", "they are no part of the heading"),
    "A second line of a heading that is a sentence, and several short ones": (
        "headings flow",
        "the sentence is no part of the heading",
    ),
    "Screenshots at the ends of a heading stand beside it": ("flow", "the image is a paragraph of its own"),
    "A heading after a check box is bold text": ("headings look", "a task is a paragraph"),
    "A numbered listing of an old highlighter": ("text look flow listings items", "the list was the listing"),
    "CATALOG 4.1: several code elements in a listing, pretty-printed or not": ("listings", "one line end is enough"),
    "CATALOG 4.1: breaks, paragraphs and divisions in a listing": ("listings", "a block is a line of its own"),
    "CATALOG 4.1: a line of tokens that was broken between two of them, in a page as it was served": (
        "text look flow listings tables",
        "the table was the listing",
    ),
    "CATALOG 4.4: inline code that breaks divide into three lines is a listing": (
        "text look flow listings",
        "it was no listing",
    ),
    "CATALOG 4.4: the same in a pretty-printed item, with breaks at its edges": (
        "text look flow listings items",
        "it was no listing",
    ),
    "CATALOG 4.4: lines of inline code beside other content, where paragraphs end": (
        "text look flow listings",
        "it was no listing",
    ),
    "Line ends that a style shows are breaks": ("flow", "without its styles, HTML has no lines"),
    "Lines of code around a heading or a list are no listing with it": (
        "text look flow listings",
        "the lines before the heading were no listing",
    ),
    "Words of the author above the code in a listing stay": ("listings", "a block is a line of its own"),
    "CATALOG 4.4: the same in a table that is only a box around one cell": (
        "text look flow listings",
        "it was no listing",
    ),
    "CATALOG 4.1: a heading and a table in a listing": ("listings", "a block is a line of its own"),
    "CATALOG 4.2: an ideographic space stays, a zero-width one goes": ("listings", "hygiene of law 8"),
    "CATALOG 5: KaTeX with an empty comment in it": ("formulas", "a comment is no space"),
    "CATALOG 5: display KaTeX in a list item, a heading, a link and emphasis": (
        "flow formulas",
        "a formula in a phrase stays in it",
    ),
    "CATALOG 5: KaTeX that could not read a formula": ("text look flow formulas", "its message is all that is left"),
    "CATALOG 5: a comment in TeX does not swallow the next line": ("formulas", "the formula becomes one line"),
    "CATALOG 5: a dollar in the text of a formula": ("formulas", "a dollar would end the formula"),
}


class Case(NamedTuple):
    """One dotted case, and where it stands."""

    where: str
    title: str
    html: str
    markdown: str


def read(path: Path) -> list[Case]:
    """Read the cases of one file, in order."""
    text = path.read_text(encoding="utf-8")

    def where(match: re.Match[str]) -> str:
        return f"{path.name}:{text.count(chr(10), 0, match.start()) + 1}"

    return [Case(where(match), match["title"], match["html"], match["markdown"]) for match in CASE.finditer(text)]


CASES: Final = tuple(case for path in sorted(SPEC.glob("*.md")) for case in read(path))
SHOWN: Final = tuple(case for case in CASES if not case.title.startswith("Noise"))


def name(case: Case) -> str:
    """Name a case in the output of pytest."""
    return f"{case.where} {case.title}"


def key(case: Case) -> str:
    """Return the title without its section."""
    return case.title.partition(", §")[0]


def body(html: str, split: Callable[[str], tuple[str, str]]) -> str:
    """Convert a fragment of a body; the Markdown without its front matter."""
    result = convert(Source("case", html.encode(), "case.html"), Options())
    assert not result.error
    return split(result.markdown)[1]


def test_every_dot_belongs_to_a_case() -> None:
    """A case with a missing dot would silently swallow its neighbour."""
    dots = sum(path.read_text(encoding="utf-8").splitlines().count(".") for path in SPEC.glob("*.md"))
    assert dots == 3 * len(CASES)
    assert len(CASES) >= 600


def test_titles_are_distinct() -> None:
    assert len({case.title for case in CASES}) == len(CASES)


def test_exceptions_belong_to_cases() -> None:
    assert DIFFERS.keys() <= {key(case) for case in SHOWN}
    assert all(set(names.split()) <= set(Facts._fields) for names, _ in DIFFERS.values())


@pytest.mark.parametrize(
    ("ours", "theirs", "differ"),
    [
        ("<p>a b</p>", "<p> a\n<span>b</span></p>", ""),
        ("<p>**a**</p>", "<p><b>a</b></p>", "text look flow"),
        ("<p>a<b>b</b></p>", "<p>ab</p>", "look"),
        ("<p><b>a</b>: b</p>", "<p><b>a:</b> b</p>", ""),
        ('<p><a href="x">a</a>b</p>', '<p><a href="x">ab</a></p>', "look"),
        ("<p>a</p><p>b</p>", "<p>a<br>b</p>", "flow"),
        ("<p>a</p><p>b</p>", "<p>a<br><br>b</p>", ""),
        ("<h2>a</h2>", "<h3><b>a</b></h3>", "headings"),
        ('<p><img src="a" alt="b"></p>', '<p><img src="a" alt="c"></p>', "images"),
        ("<pre>a\n  b</pre>", "<pre>a\n b</pre>", "listings"),
        ("<ul><li>a</li><li>b</li></ul>", "<ul><li>a<ul><li>b</li></ul></li></ul>", "items"),
        ("<ol><li>a</li></ol>", '<ol start="2"><li>a</li></ol>', "items"),
        ("<ol><li>a</li><li>b</li></ol>", '<ol><li>a</li><li value="3">b</li></ol>', "items"),
        ("<ol><li>a</li><li>b</li></ol>", "<ol reversed><li>a</li><li>b</li></ol>", "items"),
        ("<ol start=2><li>a</li></ol><ol><li>b</li></ol>", "<ol reversed><li>a</li><li>b</li></ol>", ""),
        ("<blockquote>a</blockquote>", "<p>a</p>", "quotes"),
        ("<table><tr><td>a<td>b</table>", "<table><tr><td>a<tr><td>b</table>", "tables"),
        ('<p><script type="math/tex">x</script></p>', '<p><script type="math/tex">y</script></p>', "formulas"),
    ],
)
def test_facts_see_what_differs(ours: str, theirs: str, differ: str) -> None:
    """What the law is checked with can fail, and only where it should."""
    assert differences(facts(ours), facts(theirs)).keys() == set(differ.split())


@pytest.mark.parametrize("case", CASES, ids=name)
def test_case(case: Case, split: Callable[[str], tuple[str, str]]) -> None:
    assert body(case.html, split) == case.markdown


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", SHOWN, ids=name)
def test_markdown_renders_to_the_facts_of_the_html(case: Case, render: Callable[[str], str]) -> None:
    """Law 2. An exception that is none any more fails as well."""
    found = differences(facts(render(case.markdown)), facts(case.html))
    names, why = DIFFERS.get(key(case), ("", "rendering and HTML say the same"))
    assert found.keys() == set(names.split()), f"{why}; ours, theirs: {found}"


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", CASES, ids=name)
def test_rendering_converts_to_the_same_markdown(
    case: Case, render: Callable[[str], str], split: Callable[[str], tuple[str, str]]
) -> None:
    """Law 3."""
    assert body(render(case.markdown), split) == case.markdown


@pytest.mark.exhaustive
def test_markdown_between_phrases_stays() -> None:
    """What comes out is Markdown, also where it begins and ends with the tag of a key.

    All in one test, since nine in ten of the cases have a sign that nobody could miss.
    """
    changed = []
    for case in CASES:
        html = f"<p><kbd>F5</kbd> x</p>{case.html}<p><kbd>F6</kbd></p>"
        text = convert(Source("case.html", html.encode(), "case.html"), Options()).markdown
        again = convert(Source("case.md", text.encode(), "case.md"), Options()).markdown
        changed += [case.title] if again != text else []
    assert not changed
