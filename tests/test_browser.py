"""Opt-in (`make browser`): the vectors, and the page of `report --html`, in a real headless Chromium."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

import pytest
from browser import PATIENCE, Browser, Server, executable
from inert import render
from test_hostile import converted, load, pages

from converter.model import Engine

if TYPE_CHECKING:
    from collections.abc import Callable

    Split = Callable[[str], tuple[str, str]]

HARNESS: Final = (Path(__file__).resolve().parent / "hostile" / "harness.html").read_text(encoding="utf-8")
PRELUDE: Final = "<!doctype html><meta charset=utf-8><script>function HIT(){parent.hit('ran')}</script><body>\n"


@pytest.fixture(scope="session", autouse=True)
def _wanted(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--browser"):
        pytest.skip("needs --browser")
    assert executable(), "no Chromium; make browser installs one on Debian and Ubuntu"


def load_all(bodies: list[str], host: str = "HOST") -> tuple[list[list[str]], list[str]]:
    """Load pages one after the other; what ran in each, and the requests that hit."""

    def page(path: str) -> bytes | None:
        if path == "/":
            return HARNESS.replace("COUNT", str(len(bodies))).encode()
        if path.startswith("/v/"):
            return (PRELUDE + bodies[int(path[3:])].replace(host, server.host)).encode("utf-8", "replace")
        return None

    server = Server(page)
    try:
        with Browser() as browser:
            browser.open(f"http://{server.host}/")
            end = time.monotonic() + PATIENCE + 2 * len(bodies)
            while not server.sent:
                assert time.monotonic() < end, f"stuck at {server.asked[-3:]}"
                browser.run("1")
                time.sleep(0.2)
    finally:
        server.shutdown()
        server.server_close()
    return json.loads(server.sent[0]), [path for path in server.asked if "hit" in path]


def test_the_harness_sees_what_runs() -> None:
    """The vectors as they stand: most of them run or load something in today's browsers."""
    hits, requests = load_all(list(pages().values()))
    assert sum(map(bool, hits)) > 150
    assert len(requests) > 20


@pytest.mark.parametrize("engine", get_args(Engine))
def test_nothing_runs_and_nothing_is_requested(engine: Engine, split: Split) -> None:
    names = list(pages())
    bodies = [render(split(converted(page, engine))[1]) for page in pages().values()]
    hits, requests = load_all(bodies)
    assert {name: hit for name, hit in zip(names, hits, strict=True) if hit} == {}
    assert requests == []


def test_text_runs_nothing(split: Split) -> None:
    texts = [text.replace("&", "&amp;").replace("<", "&lt;") for text in load("markdown")]
    bodies = [render(split(converted(f"<p>{text}</p><ul><li>{text}</li></ul><h2>{text}</h2>"))[1]) for text in texts]
    hits, requests = load_all(bodies)
    assert {text: hit for text, hit in zip(texts, hits, strict=True) if hit} == {}
    assert requests == []
