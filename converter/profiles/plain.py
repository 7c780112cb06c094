"""The YAML that our own profiles are written in: mappings, lists and texts, read without a YAML parser.

PyYAML takes 10 ms to import, as long as lxml. For anything that is not said here the answer is None, and the caller
asks PyYAML; where there is an answer, it is that of PyYAML.
"""

from __future__ import annotations

import re
from typing import Final

_LINE: Final = re.compile(r"( *)(?:(- )|([a-z][a-z0-9_-]*):(?: +|$))(.*)").fullmatch
_FIRST: Final = r"(?:[A-Za-z/^\u4e00-\u9fff]|\.[A-Za-z_])"
_PLAIN: Final = re.compile(rf"{_FIRST}[^:#]*(?:(?::(?=\S)|(?<=\S)#)[^:#]*)*").fullmatch
_QUOTED: Final = re.compile(r'"([^"\\]*)"').fullmatch
_ITEM: Final = r"(?:\"[^\"\\]*\"|[^\s\[\]{}\",][^\[\]{}\",]*)"
_FLOW: Final = re.compile(rf"\[ *({_ITEM}(?:, *{_ITEM})*) *\]").fullmatch
_ITEMS: Final = re.compile(_ITEM).findall
_TYPED: Final = frozenset("true false yes no on off null y n .inf .nan".split())

Tree = dict[str, object]


def read(text: str) -> Tree | None:
    """Read a file; None when it is not as simple as that."""
    top: Tree = {}
    owners: list[tuple[int, Tree]] = [(0, top)]  # the mappings around a line, with their indents
    open_key: tuple[int, Tree, str] | None = None
    items: tuple[int, list[str]] | None = None
    for line in text.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        m = _LINE(line.rstrip())
        value = _value(m[4]) if m else None
        if m is None or value is None:
            return None
        indent, key = len(m[1]), m[3]
        if not key:
            if open_key and indent > open_key[0]:
                items = indent, []
                open_key[1][open_key[2]] = items[1]
                open_key = None
            if not items or indent != items[0] or not isinstance(value, str) or not value:
                return None
            items[1].append(value)
            continue
        items = None
        if open_key and indent > open_key[0]:
            below: Tree = {}
            open_key[1][open_key[2]] = below
            owners.append((indent, below))
        while len(owners) > 1 and indent < owners[-1][0]:
            owners.pop()
        if indent != owners[-1][0] or key in owners[-1][1]:
            return None
        owners[-1][1][key] = None if value == "" else value
        open_key = (indent, owners[-1][1], key) if value == "" else None
    return top


def _value(text: str) -> str | list[str] | Tree | None:
    """Read what stands behind a key or a hyphen: nothing, one text, or a list on one line."""
    if text in {"", "[]", "{}"}:
        return {"": "", "[]": [], "{}": {}}[text]  # type: ignore[return-value]
    if m := _QUOTED(text):
        return m[1]
    if m := _FLOW(text):
        found = [_value(item.strip()) for item in _ITEMS(m[1])]
        return [item for item in found if isinstance(item, str)] if all(found) else None
    return text if _PLAIN(text) and text.lower() not in _TYPED else None
