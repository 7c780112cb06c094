"""Markdown for site generators: cases of `tests/targets/*.md`, in the form of `tests/spec`, and what holds for all.

For CommonMark the Markdown for a target says what that for no target says.
"""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

import pytest
from facts import Facts, differences, facts
from test_spec import CASES, Case, key, name, read

from converter import dialects
from converter.errors import ConfigError
from converter.model import Options, Source, Target
from converter.pipeline import check, convert

if TYPE_CHECKING:
    from collections.abc import Callable

    from converter.model import Result

TARGETS: Final[tuple[Target, ...]] = tuple(target for target in get_args(Target) if target != "commonmark")
OWN: Final = [
    pytest.param(target, case, id=f"{target} {case.title}")
    for target in TARGETS
    for case in read(Path(__file__).resolve().parent / "targets" / f"{target}.md")
]
ROOT: Final = Path(__file__).resolve().parent.parent
NO_NOTES: Final = re.compile(r"\[\^")
POST: Final = b"---\ndate: 2024-03-01 02:30:00 +0800\n---\n<p>{{ a }}</p>"


def converted(case: Case, target: Target) -> Result:
    result = convert(Source("case", case.html.encode(), "case.html"), Options(target=target))
    assert not result.error
    return result


@pytest.mark.parametrize(("target", "case"), OWN)
def test_case(target: Target, case: Case, split: Callable[[str], tuple[str, str]]) -> None:
    result = converted(case, target)
    assert split(result.markdown)[1] == case.markdown
    assert result.differences == 0


@lru_cache(maxsize=1)  # the targets of a case are tested one behind the other
def plainly(case: Case) -> Result:
    return converted(case, "commonmark")


@lru_cache(maxsize=1)
def plain_facts(markdown: str, render: Callable[[str], str]) -> Facts:
    return facts(render(markdown))


@pytest.mark.exhaustive
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", CASES, ids=name)
def test_says_the_same_in_commonmark(
    case: Case, target: Target, render: Callable[[str], str], split: Callable[[str], tuple[str, str]]
) -> None:
    plain, ours = plainly(case), converted(case, target)
    if target == "hexo" and NO_NOTES.search(plain.markdown):
        return  # its footnotes stay what they were
    assert ours.differences == plain.differences
    body, expected = dialects.without_attributes(split(ours.markdown)[1]), split(plain.markdown)[1]
    # The same Markdown says the same.
    assert body == expected or not differences(facts(render(body)), plain_facts(expected, render)), key(case)


@pytest.mark.parametrize(
    ("target", "date", "switch"),
    [
        ("commonmark", "2024-03-01T02:30:00+08:00", ""),
        ("jekyll", "2024-03-01T02:30:00+08:00", "render_with_liquid: false"),
        ("hexo", "2024-03-01T02:30:00", "disableNunjucks: true"),
        ("hugo", "2024-03-01T02:30:00+08:00", ""),
    ],
)
def test_front_matter(target: Target, date: str, switch: str) -> None:
    """Hexo adds the zone of its machine to a date that has one."""
    markdown = convert(Source("a", POST, "a.html"), Options(target=target)).markdown
    assert f"\ndate: {date}\n" in markdown
    assert switch in markdown
    assert datetime.fromisoformat(date).hour == 2


def test_a_file_that_jekyll_leaves_out_is_told() -> None:
    result = convert(Source("a/b.html", POST, "a/b.html"), Options(target="jekyll"))
    assert "call it 2024-03-01-b.md" in next(note.text for note in result.notes if note.rule == "undated-file")
    others: tuple[tuple[str, Target], ...] = (("a/2024-03-01-b.html", "jekyll"), ("a/b.html", "hugo"), ("", "jekyll"))
    for path, target in others:
        notes = convert(Source("a", POST, path), Options(target=target)).notes
        assert not any(note.rule == "undated-file" for note in notes)


def test_the_date_counts_that_the_output_has_in_its_name(tmp_path: Path) -> None:
    for source, output, told in (
        ("2024-03-01-b.html", "b.md", "call it 2024-03-01-b.md"),
        ("b.html", "2024-03-01-b.md", ""),
    ):
        (tmp_path / source).write_bytes(POST)
        command = [sys.executable, "-m", "converter", source, "-o", output, "--target", "jekyll", "-v", "--force"]
        run = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=True)
        assert (b"undated-file" in run.stderr) == bool(told)
        assert told in run.stderr.decode()


def test_the_second_engine_has_no_targets() -> None:
    with pytest.raises(ConfigError, match="CommonMark only"):
        check(Options(engine="markdownify", target="hexo"))
