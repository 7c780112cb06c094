"""Dotted cases of `tests/spec/*.md`: a title, a line with one dot, HTML, a dot, the Markdown it becomes, a dot.

Every case is also checked for the laws: its Markdown renders to the text of its HTML (law 2; not for cases whose title
begins with "Noise", where text goes by rule), and that rendering converts to the same Markdown again (law 3).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import lxml.html
import pytest

from converter.model import Options, Source
from converter.pipeline import convert

if TYPE_CHECKING:
    from collections.abc import Callable

SPEC: Final = Path(__file__).resolve().parent / "spec"
CASE: Final = re.compile(r"^(?P<title>\S.*)\n\.\n(?P<html>(?:.*\n)*?)\.\n(?P<markdown>(?:.*\n)*?)\.$", re.MULTILINE)


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


def body(html: str, split: Callable[[str], tuple[str, str]]) -> str:
    """Convert a fragment of a body; the Markdown without its front matter."""
    result = convert(Source("case", html.encode(), "case.html"), Options())
    assert not result.error
    return split(result.markdown)[1]


def visible(html: str) -> str:
    """Return the text of a fragment without white space: what has to survive."""
    return "".join(str(lxml.html.fromstring(f"<div>{html}</div>").xpath("string()")).split())


def test_every_dot_belongs_to_a_case() -> None:
    """A case with a missing dot would silently swallow its neighbour."""
    dots = sum(path.read_text(encoding="utf-8").splitlines().count(".") for path in SPEC.glob("*.md"))
    assert dots == 3 * len(CASES)
    assert len(CASES) >= 30


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.where} {case.title}")
def test_case(case: Case, split: Callable[[str], tuple[str, str]]) -> None:
    assert body(case.html, split) == case.markdown


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.where} {case.title}")
def test_markdown_renders_to_the_text_of_the_html(case: Case, render: Callable[[str], str]) -> None:
    if case.title.startswith("Noise"):
        pytest.skip("text goes by rule")
    assert visible(render(case.markdown)) == visible(case.html)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.where} {case.title}")
def test_rendering_converts_to_the_same_markdown(
    case: Case, render: Callable[[str], str], split: Callable[[str], tuple[str, str]]
) -> None:
    assert body(render(case.markdown), split) == case.markdown
