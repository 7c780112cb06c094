"""The samples: what comes out is what `expected.md` says, and converting its rendering again changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from converter.model import Options, Source
from converter.pipeline import convert

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
INPUTS = sorted(SAMPLES.glob("*/input.*"))


def read(path: Path) -> Source:
    """Read one sample the way a batch over `samples/` names it."""
    inner = path.relative_to(SAMPLES).as_posix()
    return Source(f"samples/{inner}", path.read_bytes(), inner)


def test_there_are_samples() -> None:
    """An empty glob would make every test of this file pass."""
    assert len(INPUTS) >= 10


def test_every_sample_is_whole() -> None:
    """A folder without an input, or an input without its expectation, would go unnoticed."""
    folders = {path for path in SAMPLES.iterdir() if path.is_dir()}
    assert folders == {path.parent for path in INPUTS} == {path.parent for path in SAMPLES.glob("*/expected.md")}


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.parent.name)
def test_sample_becomes_what_is_expected(path: Path, update: bool) -> None:  # noqa: FBT001 (a fixture)
    result = convert(read(path), Options())
    assert not result.error
    expected = path.with_name("expected.md")
    if update:
        expected.write_bytes(result.markdown.encode())
    assert result.markdown == expected.read_bytes().decode()


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.parent.name)
def test_rendering_converts_to_the_same_markdown(
    path: Path, render: Callable[[str], str], split: Callable[[str], tuple[str, str]]
) -> None:
    """Law 3. A post that was Markdown already passes through untouched and has nothing to show here."""
    first = convert(read(path), Options())
    if not first.profile:
        pytest.skip("already Markdown")
    _, body = split(first.markdown)
    again = convert(Source(path.parent.name, render(body).encode(), f"{path.parent.name}.html"), Options())
    assert not again.error
    assert split(again.markdown)[1] == body
