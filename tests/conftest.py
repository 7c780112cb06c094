"""Options of the test run, and the renderer that is independent of the package: markdown-it."""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import settings
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.utils import EnvType, OptionsDict

# The checks try the same examples each time; `HYPOTHESIS_PROFILE=explore make test` looks for new ones.
settings.register_profile("same", derandomize=True)
settings.register_profile("explore", print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

ROOT: Final = Path(__file__).resolve().parent.parent
FRONT_MATTER: Final = re.compile(r"\A---\n(.*?)^---\n\n?", re.DOTALL | re.MULTILINE)
TASK: Final = re.compile(r"\[([ xX])\] ")
INLINE_MATH: Final = re.compile(r"\$(?![\s$])((?:[^$\\]|\\.)*?)(?<![\s\\])\$(?!\d)", re.DOTALL)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what this project's tests ask for."""
    parser.addoption("--update", action="store_true", help="rewrite samples/*/expected.md and raise the corpus floors")
    parser.addoption("--corpus", type=Path, metavar="DIR", help="also run tests/test_corpus.py over the posts in DIR")
    parser.addoption("--huge", action="store_true", help="also convert 100 MB in tests/test_bounds.py")
    parser.addoption("--browser", action="store_true", help="also run tests/test_browser.py, in a headless Chromium")
    parser.addoption(
        "--commonmark-spec",
        type=Path,
        metavar="FILE",
        help="also run tests/test_commonmark.py over a CommonMark spec.txt",
    )


@pytest.fixture(scope="session")
def update(request: pytest.FixtureRequest) -> bool:
    """Whether expected results shall be rewritten."""
    return bool(request.config.getoption("--update"))


@pytest.fixture(scope="session")
def interpreted() -> None:
    """Skip a test that puts something in the place of a function: compiled modules call their functions directly."""
    if not str(importlib.import_module("converter.cleaner").__file__).endswith(".py"):
        pytest.skip("the modules are compiled")


@pytest.fixture(scope="session")
def render() -> Callable[[str], str]:
    """Render Markdown as our readers do: CommonMark, GFM tables, struck text, tasks, footnotes and dollar math."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(footnote_plugin, inline=False)
    parser.inline.ruler.before("escape", "math", _inline_math)
    parser.block.ruler.before("fence", "math", _display_math, {"alt": ["paragraph", "blockquote", "list"]})
    parser.core.ruler.after("inline", "task_items", _task_items)
    parser.add_render_rule("math", _render_math)
    return parser.render


@pytest.fixture(scope="session")
def split() -> Callable[[str], tuple[str, str]]:
    """Cut an output into its front matter (without the `---` lines) and its body."""
    return _split


def _split(markdown: str) -> tuple[str, str]:
    match = FRONT_MATTER.match(markdown)
    assert match, f"no front matter in {markdown[:80]!r}"
    return match[1], markdown[match.end() :]


def _task_items(state: StateCore) -> None:
    for item, _, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        mark = TASK.match(inline.content) if item.type == "list_item_open" and inline.type == "inline" else None
        if mark and inline.children:
            inline.children[0].content = inline.children[0].content[mark.end() :]
            box = Token("html_inline", "", 0, content=f'<input type="checkbox"{" checked" if mark[1] != " " else ""}> ')
            inline.children.insert(0, box)


def _inline_math(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 (the signature of a markdown-it rule)
    match = INLINE_MATH.match(state.src, state.pos)
    if not match:
        return False
    if not silent:
        token = state.push("math", "", 0)
        token.content = match[1]
    state.pos = match.end()
    return True


def _display_math(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 (as above)
    def line(number: int) -> str:
        return state.getLines(number, number + 1, state.blkIndent, keepLastLF=False)

    if line(start).strip() != "$$":
        return False
    close = next((n for n in range(start + 1, end) if line(n).strip() == "$$"), None)
    if close is None:
        return False
    if not silent:
        token = state.push("math", "", 0)
        token.block = True
        token.content = state.getLines(start + 1, close, state.blkIndent, keepLastLF=False)
        state.line = close + 1
    return True


def _render_math(
    _renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType
) -> str:
    token = tokens[index]
    if token.block:
        return f'<p><script type="math/tex; mode=display">{token.content}</script></p>\n'
    return f'<script type="math/tex">{token.content}</script>'
