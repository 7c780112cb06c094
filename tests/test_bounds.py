"""Small inputs that ask for much: each has to return, with an output that is in proportion. No clock.

`--huge` (some minutes and 2 GB) tries 100 MB of text as well.
"""

from __future__ import annotations

from typing import Final, get_args

import pytest
from lxml import etree

from converter.model import Engine, Options, Source
from converter.pipeline import convert

pytestmark = pytest.mark.exhaustive

ENGINES: Final = get_args(Engine)
BILLION: Final = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
ALIASES: Final = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
ROW: Final = "<tr><td>text</td></tr>"
ATTRIBUTES: Final = 100_000
INPUTS: Final = {
    "a million attributes": f"<p {' '.join(f'a{n}' for n in range(10 * ATTRIBUTES))}>text</p>",
    "attributes with values": "<p " + " ".join(f'a{n}="\'<>"' for n in range(ATTRIBUTES)) + ">text</p>",
    "one attribute again and again": "<p " + "class='x' " * ATTRIBUTES + ">text</p>",
    "a million classes": f"<p class='{'x ' * 1_000_000}'>text</p>",
    "one attribute of a megabyte": f"<p style='{'font-weight:normal;' * 50_000}'>text</p>",
    "tags that never end": "<p>text" + '<a "' * 50_000,
    "references to characters": "<p>text " + "&#99999999;&#x41;&#65" * 20_000 + "</p>",
    "references to nothing": "<p>text " + "&nothing;&amp;lt;&" * 20_000 + "</p>",
    "a billion laughs": f"<!DOCTYPE html [<!ENTITY a0 'ha'>{BILLION}]><p>text &a11;</p>",
    "aliases of YAML": f"---\ntitle: a\na0: &a0 [x]\n{ALIASES}---\n<p>text</p>",
    "many keys of front matter": "---\ntitle: a\n" + "".join(f"k{n}: v\n" for n in range(10_000)) + "---\n<p>text</p>",
    "front matter without an end": "---\ntitle: a\n" + "x" * 500_000 + "<p>text</p>",
    "cells that span": f"<table><tr>{'<td colspan=1000 rowspan=1000>a</td>' * 20}</tr>{ROW * 200}</table>",
    "one wide row, many narrow ones": f"<table><tr>{'<td>a</td>' * 1_000}</tr>{ROW * 1_000}</table>",
    "comments": "<p>text</p>" + "<!-- a -->" * 50_000,
    "a title of a megabyte": f"<title>{'x' * 1_000_000}</title><article>text</article>",
}
SLACK: Final = 5_000


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", INPUTS)
def test_small_inputs_stay_small(name: str, engine: Engine) -> None:
    source = INPUTS[name].encode()
    result = convert(Source("case", source, "case.html"), Options(engine=engine))
    assert not result.error
    assert "text" in result.markdown
    assert len(result.markdown) < 4 * len(source) + SLACK


@pytest.mark.usefixtures("interpreted")
@pytest.mark.parametrize("numbered", [False, True])
def test_a_post_that_takes_more_memory_than_there_is(monkeypatch: pytest.MonkeyPatch, *, numbered: bool) -> None:
    """Python has an exception of its own for that, and lxml says it by the number of an error."""

    def full(*_: object) -> None:
        if numbered:
            raise etree.XMLSyntaxError("unknown error", 2, 0, 0)  # type: ignore[arg-type, call-arg]  # as it is made
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(etree, "fromstring", full)
        result = convert(Source("case", b"<p>text</p>", "case.html"), Options())
    assert result.error == "case: takes more memory than there is; look at it, or convert it where there is more"


def test_attributes_that_count_stay() -> None:
    many = " ".join(f"data-a{n}='{n}'" for n in range(20_000))
    picture = f"data:image/png;base64,{'A' * 90_000}"
    page = f"<p><a href='https://e.org/a' {many}>text</a></p><p><img alt='b' src='{picture}'></p>"
    markdown = convert(Source("case", page.encode(), "case.html"), Options()).markdown
    assert "[text](https://e.org/a)" in markdown
    assert f"![b]({picture})" in markdown


@pytest.mark.parametrize("engine", ENGINES)
def test_a_hundred_megabytes(engine: Engine, request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--huge"):
        pytest.skip("needs --huge")
    count = 6_000_000 if engine == "native" else 600_000
    result = convert(
        Source("case", b"<p>" + b"lorem ipsum dolor " * count + b"</p>", "case.html"), Options(engine=engine)
    )
    assert not result.error
    assert result.markdown.count("ipsum") == count
