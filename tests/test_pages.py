"""Whole inputs, front matter and wrappers and all: dotted cases of `tests/pages/*.md`.

A title, a line with one dot, the input, a dot, the output, a dot, the rules of its notes, a dot. A title may end in the
name of the input's file in braces. Each output is also converted once more: a post that is Markdown keeps its
body and its fields.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from converter.model import Options, Result, Source
from converter.pipeline import convert

if TYPE_CHECKING:
    from collections.abc import Callable

HERE: Final = Path(__file__).resolve().parent / "pages"
CASE: Final = re.compile(
    r"^(?P<title>\S[^\n]*?)(?: \{(?P<file>[^}\n]+)\})?\n"
    r"\.\n(?P<input>.*?)^\.\n(?P<output>.*?)^\.\n(?P<notes>(?:[a-z-]+\n)*)\.$",
    re.DOTALL | re.MULTILINE,
)


class Case(NamedTuple):
    """One case: its title, the name of its file, what goes in, what comes out, the rules of its notes."""

    title: str
    file: str
    input: str
    output: str
    notes: list[str]


def cases() -> list[Case]:
    """Read all cases; what belongs to none is an error."""
    found = []
    for path in sorted(HERE.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        assert not CASE.sub("", text).strip(), f"{path.name}: a case out of format"
        found += [
            Case(m["title"], m["file"] or "post.md", m["input"], m["output"], m["notes"].split())
            for m in CASE.finditer(text)
        ]
    return found


CASES: Final = tuple(cases())
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)


def result(case: Case) -> Result:
    """Convert the input of a case."""
    return convert(Source(case.file, case.input.encode(), case.file), Options())


def test_titles_are_distinct() -> None:
    assert len({case.title for case in CASES}) == len(CASES) >= 30


@each_case
def test_case(case: Case) -> None:
    found = result(case)
    if found.error:
        assert case.output == f"error: {found.error.partition(': ')[2].partition(';')[0]}\n"
        return
    assert found.markdown == case.output
    assert [note.rule for note in found.notes] == case.notes


@each_case
def test_output_is_stable(case: Case, split: Callable[[str], tuple[str, str]]) -> None:
    if case.output.startswith("error:"):
        pytest.skip("nothing comes out")
    again = convert(Source("post.md", case.output.encode(), "post.md"), Options())
    assert again.markdown == case.output or split(again.markdown)[1] == split(case.output)[1]
    # What stays in the text is told each time.
    assert {note.rule for note in again.notes} <= {"empty-article", "template-syntax"}
