"""Opt-in (`make browser`): the vectors, and the page of `report --html`, in a real headless Chromium."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

import pytest
from browser import PATIENCE, Browser, Server, executable
from click.testing import CliRunner
from inert import render
from test_hostile import converted, load, pages

from converter.cli import cli
from converter.model import Engine

if TYPE_CHECKING:
    from collections.abc import Callable

    Split = Callable[[str], tuple[str, str]]

SAMPLES: Final = Path(__file__).resolve().parent.parent / "samples"
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
        if path.startswith("/v/") and path[3:].isdigit():  # else a picture beside it
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
    assert sum(map(bool, hits)) > 120
    assert len(requests) > 15


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


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Convert the samples twenty times over, damage some outputs, write the page."""
    place = tmp_path_factory.mktemp("report")
    posts = place / "posts"
    for number in range(20):
        for sample in sorted(SAMPLES.glob("*/input.html")):
            copy = posts / f"{number}" / f"{sample.parent.name}.html"
            copy.parent.mkdir(parents=True, exist_ok=True)
            broken = b"---\ntitle: a\ntitle: b\n---\n" if number % 4 == 0 else b""
            copy.write_bytes(broken + sample.read_bytes())
    CliRunner().invoke(cli, [str(posts), "-o", str(place / "out"), "-q"])
    for file in sorted((place / "out").glob("0/*.md")):
        file.write_text(file.read_text(encoding="utf-8") + "\nadded by hand\n", encoding="utf-8")
    page = place / "page.html"
    result = CliRunner().invoke(cli, ["report", str(place / "out"), "--html", str(page)])
    assert result.exit_code == 0, result.output
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_works(report: Path, scheme: str) -> None:
    def shown() -> int:
        return int(browser.run("document.querySelectorAll('.post:not([hidden])').length"))

    with Browser() as browser:
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.open(report.as_uri())
        paper = browser.run("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(22, 25, 29)") == (scheme == "dark")
        everything = shown()
        assert everything > 30
        # Keys: search, clear, next, open, next difference.
        browser.press("/", "/")
        assert browser.run("document.activeElement.id") == "search"
        assert browser.run("document.activeElement.value") == ""
        browser.call("Input.insertText", text="0/ front-matter-duplicate")
        browser.wait(f"document.querySelectorAll('.post:not([hidden])').length < {everything}")
        assert 0 < shown() < everything
        assert browser.run("document.querySelector('#count').textContent").endswith("entries")
        browser.press("Escape")
        browser.wait(f"document.querySelectorAll('.post:not([hidden])').length === {everything}")
        browser.press("j", "j")
        browser.press("j", "j")
        browser.press("k", "k")
        assert browser.run("document.activeElement === document.querySelector('.post > summary')")
        assert not browser.run("document.querySelector('.post').open")
        browser.call(
            "Input.dispatchKeyEvent", type="keyDown", key="Enter", code="Enter", text="\r", windowsVirtualKeyCode=13
        )
        browser.call("Input.dispatchKeyEvent", type="keyUp", key="Enter", code="Enter", windowsVirtualKeyCode=13)
        browser.wait("document.querySelector('.post').open")
        box = "document.querySelector('.post[open] .sides').getBoundingClientRect()"
        assert browser.run(f"{box}.height") > 30
        browser.run("document.querySelectorAll('.post').forEach(one => one.open = true)")
        browser.press("n", "n")
        assert browser.run("document.activeElement.className") in {"new", "lost", "changed"}
        assert browser.errors() == []
        browser.screenshot(report.with_name(f"{scheme}.png"))
        assert report.with_name(f"{scheme}.png").stat().st_size > 10_000


def test_the_report_runs_nothing_of_a_post(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    for number, page in enumerate(pages().values()):
        (tmp_path / "posts" / f"{number}<img src=x onerror=HIT()>.html").write_text(
            f"---\ntitle: a\ntitle: b\n---\n{page}".replace("\0", ""), encoding="utf-8", errors="replace"
        )
    CliRunner().invoke(cli, [str(tmp_path / "posts"), "-o", str(tmp_path / "out"), "-q"])
    file = tmp_path / "page.html"
    CliRunner().invoke(cli, ["report", str(tmp_path / "out"), "--html", str(file)])
    with Browser() as browser:
        browser.open(file.as_uri())
        assert browser.run("document.querySelectorAll('.post').length") == 200
        handlers = "[...document.querySelectorAll('*')].some(e => e.getAttributeNames().some(n => n.startsWith('on')))"
        assert not browser.run(handlers)
        assert browser.run("document.querySelectorAll('script, iframe, img, a, form, svg, link').length") == 1
        assert browser.errors() == []
