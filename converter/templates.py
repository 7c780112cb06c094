"""Text of a post that a site generator would run as its own template language, and what to do about it.

Jekyll and Eleventy run Liquid over a post, its listings included; Hexo runs Nunjucks over what stands outside of code;
Hugo runs shortcodes. Nothing in Markdown says "this is no template", so each has a switch of its own.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from converter.model import Note

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from converter.model import TemplateGuard

_SYNTAX: Final = {
    "liquid": re.compile(r"\{[{%]"),
    "nunjucks": re.compile(r"\{[{%#]"),
    "hugo": re.compile(r"\{\{[<%]"),
}
_ANY: Final = re.compile(r"\{[{%#]").search
_SWITCHES: Final[Mapping[str, tuple[str, bool]]] = {
    "liquid": ("render_with_liquid", False),  # Jekyll 4.0
    "nunjucks": ("disableNunjucks", True),  # Hexo; tag plugins such as asset_img are off with it
}
_BEGINNING: Final = r"\{\{([<%])"  # compiled where there is one: start-up counts
_ENDS: Final = {"<": ">}}", "%": "%}}"}


def systems(body: str) -> list[str]:
    """Name the template languages that would find something to run in a body."""
    # One character is found at ten times the speed of two; three posts in four hold no brace at all.
    if "{" not in body or not _ANY(body):
        return []
    return [name for name, syntax in _SYNTAX.items() if syntax.search(body)]


def guard(
    fields: Mapping[str, object], body: str, kind: TemplateGuard, *, written: bool = False
) -> tuple[Mapping[str, object], str, tuple[Note, ...]]:
    """Keep a site generator from running what a post only shows.

    Args:
        fields: the front matter.
        body: the Markdown.
        kind: whose language it is; `none` leaves everything as it is and only tells.
        written: the body was written for the generator: what it shows already stays as it is. In a post about
            shortcodes a reader sees `{{</* x */>}}`, and so he must once more.

    Returns:
        The fields, for `liquid` and `nunjucks` with the generator's switch; the body, for `hugo` with its shortcodes
        written as Hugo wants to be shown them; and a Note when there is something to tell.

    """
    found = systems(body)
    if not found or kind not in {"none", *found}:
        return fields, body, ()
    if kind == "none":
        text = f"{', '.join(found)} would run a part of it; --template-guard keeps one of them from it"
        return fields, body, (Note("template-syntax", text),)
    if kind in _SWITCHES:
        name, value = _SWITCHES[kind]
        return {**fields, name: value}, body, ()
    body, rest = _rewritten(body, partial(_shown, written=written), written=written)
    return fields, body, (Note("template-syntax", f"{rest} beginnings of shortcodes have no end"),) if rest else ()


def as_hugo_shows(body: str) -> str:
    """Read a body as Hugo does: shortcodes that are written to be shown lose the signs that say so."""
    return _rewritten(body, _read, written=True)[0] if "/*" in body and "{{" in body else body


def _rewritten(body: str, change: Callable[[str], str], *, written: bool) -> tuple[str, int]:
    """Change what stands in each shortcode, and count the beginnings without an end.

    Where it was written for Hugo, only `*/` and the end together end one that is to be shown. An end that is missing is
    looked for once, or a row of beginnings would take a search to the end of the body each.
    """
    parts: list[str] = []
    missing: set[str] = set()
    done = rest = 0
    for match in re.finditer(_BEGINNING, body):
        begin = match.end()
        if begin <= done:
            continue  # inside of one
        end = _ENDS[match[1]]
        if written and body.startswith("/*", begin):
            end = f"*/{end}"
        at = -1 if end in missing else body.find(end, begin + 2 * (end[0] == "*"))
        if at < 0:
            missing.add(end)
            rest += 1
            continue
        at += len(end) - 3
        parts += (body[done:begin], change(body[begin:at]))
        done = at
    return "".join([*parts, body[done:]]), rest


def _shown(inner: str, *, written: bool) -> str:
    return inner if written and _is_shown(inner) else f"/*{inner}*/"


def _read(inner: str) -> str:
    return inner[2:-2] if _is_shown(inner) else inner


def _is_shown(inner: str) -> bool:
    return inner.startswith("/*") and inner.endswith("*/")
