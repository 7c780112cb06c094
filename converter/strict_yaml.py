"""Front matter by PyYAML: a module of its own, since nine posts in ten get along without it. A part of `lenient_yaml`.

Reading builds plain values straight from the node tree: no constructors, so tags like `!!python/object` and merge keys
have no power, and a count of nodes stops aliases that multiply.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import yaml

from converter.plain_yaml import TEXT_KEYS, scalar

_MAX_NODES: Final = 10_000
_MAX_DEPTH: Final = 24


class _TooLarge(Exception):
    """There are more nodes than front matter has, or deeper ones; or a key is no text."""


class _Loader(yaml.CSafeLoader):
    """Composes nodes only; every plain scalar is text until `scalar` has looked at it."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  (shape given by PyYAML)


def read(text: str, *, as_text: bool) -> list[tuple[str, object]] | None:
    """Read a YAML mapping into pairs, duplicates included.

    Args:
        text: YAML that does not nest deep: the composer of libyaml recurses.
        as_text: whether plain scalars are text, whatever their key.

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
            (_key(key), _build(value, as_text or key.value in TEXT_KEYS, _MAX_DEPTH, budget))
            for key, value in node.value
        ]
    except (yaml.YAMLError, ValueError, _TooLarge):
        return None


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _TooLarge
    return str(node.value)


def _build(node: yaml.Node, as_text: bool, depth: int, budget: list[int]) -> object:  # noqa: FBT001  (recursion)
    budget[0] -= 1
    if depth == 0 or budget[0] < 0:
        raise _TooLarge
    if isinstance(node, yaml.ScalarNode):
        return scalar(node.value, as_text=as_text) if not node.style else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, as_text, depth - 1, budget) for item in node.value]
    fields: dict[object, object] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _TooLarge
        name = scalar(key.value, as_text=as_text) if not key.style else key.value
        fields[name] = _build(value, as_text or key.value in TEXT_KEYS, depth - 1, budget)
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
