"""Front matter by PyYAML: a module of its own, since nearly all posts get along without it. A part of `lenient_yaml`.

Reading builds plain values straight from the node tree: no constructors, so tags like `!!python/object` have no power,
and a count of nodes stops aliases and merge keys that multiply.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

import yaml

from converter.plain_yaml import MAPPING_KEYS, TEXT_BELOW, TEXT_KEYS, scalar

_MAX_NODES: Final = 10_000
_MAX_DEPTH: Final = 24
_TAG: Final = "tag:yaml.org,2002:"
_TYPED: Final = frozenset({f"{_TAG}{name}" for name in ("int", "float", "bool", "null", "timestamp")})


class _TooLarge(Exception):
    """There are more nodes than front matter has, or deeper ones; or a key is no text."""


class _Loader(yaml.CSafeLoader):
    """Composes nodes only; every plain scalar is text until `scalar` has looked at it."""

    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: tuple[bool, bool] | bool | None) -> str:  # noqa: ARG002, FBT001  (signature of PyYAML)
        """Tell plain scalars without a tag from `!!str`."""
        return "" if isinstance(implicit, tuple) and implicit[0] else f"{_TAG}str"


def read(text: str) -> list[tuple[str, object]] | None:
    """Read a YAML mapping into pairs, duplicates included.

    Args:
        text: YAML that does not nest deep: the composer of libyaml recurses.

    Returns:
        The pairs; None when it is no YAML, no mapping, or too deep or too large to be front matter.

    """
    try:
        node = _Loader(text).get_single_node()
        if node is None:
            return []
        if not isinstance(node, yaml.MappingNode):
            return None
        budget = [_MAX_NODES]
        return [
            (key.value, _build(value, _is_text(key.value, value), _MAX_DEPTH, budget, TEXT_BELOW.get(key.value, "")))
            for key, value in _entries(node, _MAX_DEPTH, budget)
        ]
    except (yaml.YAMLError, ValueError, _TooLarge):
        return None


def _is_text(key: str, value: yaml.Node) -> bool:
    if key not in MAPPING_KEYS:
        return key in TEXT_KEYS
    items = value.value if isinstance(value, yaml.SequenceNode) else [value]
    return not any(isinstance(item, yaml.MappingNode) for item in items)


def _entries(node: yaml.MappingNode, depth: int, budget: list[int]) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    """Give the keys and values of a mapping; those that a merge key `<<` names come last, where they are not there."""
    if depth == 0 or budget[0] < 0:
        raise _TooLarge
    entries: list[tuple[yaml.ScalarNode, yaml.Node]] = []
    merged: list[tuple[yaml.ScalarNode, yaml.Node]] = []
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _TooLarge
        sources = _merged(value) if key.value == "<<" and not key.style else ()
        if not sources:
            entries.append((key, value))
        for source in sources:
            budget[0] -= len(source.value) + 1
            merged += _entries(source, depth - 1, budget)
    seen = {key.value for key, _ in entries} if merged else set()
    for key, value in merged:
        if key.value not in seen:
            seen.add(key.value)
            entries.append((key, value))
    return entries


def _merged(value: yaml.Node) -> list[yaml.MappingNode]:
    """Give the mappings that a merge key names; none when it names something else, and is a key like others."""
    nodes = value.value if isinstance(value, yaml.SequenceNode) else [value]
    found = [node for node in nodes if isinstance(node, yaml.MappingNode)]
    return found if len(found) == len(nodes) else []


def _scalar(node: yaml.ScalarNode, *, as_text: bool) -> object:
    text: str = node.value
    if node.tag not in _TYPED and (node.style or node.tag == f"{_TAG}str"):
        return text
    value = scalar(text, as_text=as_text)
    return float(value) if isinstance(value, int) and node.tag == f"{_TAG}float" else value


def _build(node: yaml.Node, as_text: bool, depth: int, budget: list[int], text_below: str = "") -> object:  # noqa: FBT001  (recursion)
    budget[0] -= 1
    if depth == 0 or budget[0] < 0:
        raise _TooLarge
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node, as_text=as_text)
    if not isinstance(node, yaml.MappingNode):
        return [_build(item, as_text, depth - 1, budget) for item in node.value]
    fields: dict[object, object] = {}
    for key, value in _entries(node, depth, budget):
        name = _scalar(key, as_text=as_text)
        name = key.value if isinstance(name, date) else name  # JSON has keys of all other types
        fields[name] = _build(value, as_text or key.value == text_below, depth - 1, budget)
    return fields


# --- writing ---------------------------------------------------------------------------------------------------------


class _CDumper(yaml.CSafeDumper):
    """The fast writer; it escapes text above U+FFFF."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  (signature of PyYAML)
        """Write equal values twice: readers of front matter do not know anchors."""
        return True


class _PyDumper(yaml.SafeDumper):
    """The writer that leaves emoji as they are."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  (signature of PyYAML)
        """Write equal values twice: readers of front matter do not know anchors."""
        return True


_LINE_BREAK: Final = re.compile("[\n\r\x85\u2028\u2029]").search
_Dumper = _CDumper | _PyDumper


def _write_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # Quoted on one line with \\n inside: nothing in the text can look like the closing `---` to a line reader.
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if _LINE_BREAK(text) else None)


def _write_moment(dumper: _Dumper, moment: datetime) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:timestamp", moment.isoformat())


for _class in (_CDumper, _PyDumper):
    _class.add_representer(str, _write_text)
    _class.add_representer(datetime, _write_moment)

_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_ESCAPED_ASTRAL: Final = re.compile(r"\\U000[1-9A-F]|\\U0010").search
_UNLIMITED: Final = 2**31 - 1


def write(fields: Mapping[str, object]) -> str:
    """Write a mapping in block style; lone surrogates, which no file can hold, are dropped."""
    text = _emit(fields, _CDumper)
    return _emit(fields, _PyDumper) if _ESCAPED_ASTRAL(text) else text


def _emit(fields: Mapping[str, object], dumper: type[_Dumper]) -> str:
    text: str = yaml.dump(_encodable(fields), Dumper=dumper, allow_unicode=True, sort_keys=False, width=_UNLIMITED)
    return text


def _encodable(value: object) -> object:
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATES.sub("", value)
    if isinstance(value, Mapping):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encodable(item) for item in value]
    return value
