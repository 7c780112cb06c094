"""Text of a post that a site generator would run as its own template language, and what to do about it.

Jekyll and Eleventy run Liquid over a post, its listings included; Hexo runs Nunjucks over what stands outside of code;
Hugo runs shortcodes. Nothing in Markdown says "this is no template", so each has a switch of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from converter.model import Note

if TYPE_CHECKING:
    from collections.abc import Mapping

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
_SHORTCODE: Final = re.compile(r"\{\{<(?!/\*)(.*?)(?<!\*/)>\}\}|\{\{%(?!/\*)(.*?)(?<!\*/)%\}\}", re.DOTALL)
_ESCAPED: Final = re.compile(r"\{\{[<%]/\*")


def systems(body: str) -> list[str]:
    """Name the template languages that would find something to run in a body."""
    # One character is found at ten times the speed of two; three posts in four hold no brace at all.
    if "{" not in body or not _ANY(body):
        return []
    return [name for name, syntax in _SYNTAX.items() if syntax.search(body)]


def guard(
    fields: Mapping[str, object], body: str, kind: TemplateGuard
) -> tuple[Mapping[str, object], str, tuple[Note, ...]]:
    """Keep a site generator from running what a post only shows.

    Args:
        fields: the front matter.
        body: the Markdown.
        kind: whose language it is; `none` leaves everything as it is and only tells.

    Returns:
        The fields, for `liquid` and `nunjucks` with the generator's switch; the body, for `hugo` with its shortcodes
        written as Hugo wants to be shown them; and a Note when there is something to tell.

    """
    found = systems(body)
    if not found:
        return fields, body, ()
    if kind not in found:
        text = f"{', '.join(found)} would run a part of it; --template-guard keeps one of them from it"
        return fields, body, (Note("template-syntax", text),)
    if kind in _SWITCHES:
        name, value = _SWITCHES[kind]
        return {**fields, name: value}, body, ()
    body = _SHORTCODE.sub(_shown, body)
    rest = tuple(_SYNTAX["hugo"].finditer(_ESCAPED.sub("", body)))
    return fields, body, (Note("template-syntax", f"{len(rest)} beginnings of shortcodes have no end"),) if rest else ()


def _shown(match: re.Match[str]) -> str:
    sign, end, inner = ("<", ">", match[1]) if match[1] is not None else ("%", "%", match[2])
    return f"{{{{{sign}/*{inner}*/{end}}}}}"
