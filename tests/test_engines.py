"""Both engines on the same posts: they share neither parser nor writer, so what they agree on is right.

They must agree on the text, links, images, listings, inline code, formulas and headings that a reader sees. Cases in
which they do not are listed with what differs and why; one that agrees again fails, so that the list stays true.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import yaml
from facts import Facts, facts
from test_spec import CASES, Case, key, name

from converter.model import Options, Source
from converter.pipeline import convert

if TYPE_CHECKING:
    from collections.abc import Callable

    from converter.model import Engine

    Render = Callable[[str], str]
    Split = Callable[[str], tuple[str, str]]

pytestmark = pytest.mark.exhaustive

HERE: Final = Path(__file__).resolve().parent
SAMPLES: Final = sorted((HERE.parent / "samples").glob("*/input.*"))
EXCEPTIONS: Final[dict[str, dict[str, str]]] = yaml.safe_load(
    (HERE / "engine_exceptions.yaml").read_text(encoding="utf-8")
)
COMPARED: Final[dict[str, Callable[[Facts], object]]] = {
    "text": lambda found: found.text,
    "links": lambda found: found.links,
    "images": lambda found: found.images,
    "listings": lambda found: found.listings,
    "code": lambda found: "".join(letter.char for letter in found.look if "code" in letter.marks),
    "formulas": lambda found: found.formulas,
    "headings": lambda found: found.headings,
}


def shown(source: Source, engine: Engine, render: Render, split: Split) -> Facts:
    """Convert with one engine and read what its rendering shows."""
    result = convert(source, Options(engine=engine))
    assert not result.error
    return facts(render(split(result.markdown)[1]))


def disagreement(source: Source, render: Render, split: Split) -> dict[str, tuple[object, object]]:
    """Return what the engines show in different ways: native's, markdownify's."""
    native, other = (shown(source, engine, render, split) for engine in ("native", "markdownify"))
    return {what: (of(native), of(other)) for what, of in COMPARED.items() if of(native) != of(other)}


def expected(title: str) -> set[str]:
    """Return what the list of exceptions names for a case or a sample."""
    return set(EXCEPTIONS.get(title, {}).get("differ", "").split())


@pytest.mark.parametrize("case", CASES, ids=name)
def test_engines_agree_on_a_case(case: Case, render: Render, split: Split) -> None:
    found = disagreement(Source("case", case.html.encode(), "case.html"), render, split)
    assert found.keys() == expected(key(case)), f"native, markdownify: {found}"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_engines_agree_on_a_sample(path: Path, render: Render, split: Split) -> None:
    found = disagreement(Source(path.parent.name, path.read_bytes(), path.name), render, split)
    assert found.keys() == expected(f"sample {path.parent.name}"), f"native, markdownify: {found}"


def test_exceptions_name_cases_facts_and_reasons() -> None:
    titles = {key(case) for case in CASES} | {f"sample {path.parent.name}" for path in SAMPLES}
    assert EXCEPTIONS.keys() <= titles
    for title, entry in EXCEPTIONS.items():
        assert expected(title), title
        assert expected(title) <= COMPARED.keys(), title
        assert len(entry["because"].split()) > 2, title
