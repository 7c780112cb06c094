"""Site profiles: what a site's pages look like, as data in YAML.

A profile says which element holds the article, where the page keeps its metadata, which elements are no content, and
which values of the front matter mean nothing. `generic.yaml` documents every key; other profiles extend it.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from converter.errors import ConfigError
from converter.model import FieldPolicy
from converter.selectors import Index, find, find_by_id, telling_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from converter.tree import Query

FIELDS: Final = frozenset(
    {"title", "source_url", "date", "updated", "author", "description", "keywords", "tags", "categories", "language"}
)
"""Metadata that a profile can look for; the names are those of `model.Metadata`."""

_TEXTS: Final = frozenset({"name", "extends", "about", "utc_offset", "boilerplate"})
_LISTS: Final = frozenset({"detect", "root", "placeholders"})
_TABLES: Final = frozenset({"metadata", "drop", "images", "elements"})
_RULED_TAGS: Final = frozenset(
    "unwrap p h1 h2 h3 h4 h5 h6 blockquote pre code ul ol li strong em del sup sub kbd a br hr div span".split()
)
"""What a site's own elements can be read as: the standard element that means the same, or `unwrap`."""
_MAX_DEPTH: Final = 5


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where one piece of metadata may be.

    Attributes:
        xpath: finds the elements.
        attribute: the attribute that holds the value; empty: the text.
        word: what the source of a page with such an element holds for sure, as UTF-8.

    """

    xpath: Query
    attribute: str
    word: bytes


@dataclass(frozen=True, slots=True)
class Profile:
    """One site.

    Attributes:
        name: what `--profile` calls it.
        about: one sentence for people.
        detect: a page on which any of these finds something belongs to the site.
        root: where the article is; the first that finds something wins, and of that its first match.
        metadata: field of `model.Metadata` -> places to look at, best first.
        drop: rules for elements that are no content.
        elements: what the site's own elements are read as: selectors filed under the name of a standard element.
        tracking: substrings of addresses of images that count visitors.
        tool_alts: alternative texts of images that are buttons.
        boilerplate: what the site puts around the description of a page.
        policy: what front matter values mean nothing.

    """

    name: str
    about: str
    detect: tuple[Query, ...]
    root: tuple[Query, ...]
    metadata: Mapping[str, tuple[Lookup, ...]]
    drop: Index
    elements: Index | None
    tracking: tuple[str, ...]
    tool_alts: frozenset[str]
    boilerplate: re.Pattern[str] | None
    policy: FieldPolicy


@functools.cache
def names() -> tuple[str, ...]:
    """Names of the profiles that come with the package, the most general last."""
    found = (f.name.removesuffix(".yaml") for f in resources.files(__package__).iterdir() if f.name.endswith(".yaml"))
    return tuple(sorted(found, key=lambda name: (name == "generic", name)))


@functools.lru_cache(maxsize=32)
def load(name: str) -> Profile:
    """Load a profile by name, or from a file when the name looks like a path.

    Raises:
        ConfigError: there is no such profile, or it is not valid; the message names the file and the key.

    """
    return _build(_merged(name, depth=0))


def _merged(name: str, depth: int) -> dict[str, object]:
    data = _read(name)
    parent = data.get("extends")
    if not parent:
        return data
    if depth >= _MAX_DEPTH:
        raise ConfigError("profiles extend each other in a circle", source=name, remedy="remove one `extends`")
    return _overlay(_merged(str(parent), depth + 1), data)


def _overlay(base: dict[str, object], data: dict[str, object]) -> dict[str, object]:
    """Merge a profile over the one it extends: rules are added up, all other values replaced."""
    out = {**base, **data}
    for key in _TABLES:
        below, above = base.get(key) or {}, data.get(key) or {}
        merged = dict(below) | dict(above)  # type: ignore[call-overload] # _check has seen that both are mappings
        if key in {"drop", "images", "elements"}:
            for row in set(below) & set(above):  # type: ignore[call-overload]
                merged[row] = [*below[row], *above[row]]  # type: ignore[index]
        out[key] = merged
    return out


def _read(name: str) -> dict[str, object]:
    if name in names():
        text = (resources.files(__package__) / f"{name}.yaml").read_text(encoding="utf-8")
    elif "/" in name or "\\" in name or name.endswith((".yaml", ".yml")):
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as e:
            raise ConfigError(f"the profile cannot be read: {e}", source=name, remedy="check the path") from e
    else:
        remedy = f"use one of auto, {', '.join(names())}, or the path of a .yaml file"
        raise ConfigError(f"there is no profile {name!r}", remedy=remedy)
    try:
        _refuse_deep(name, text)
        data = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as e:
        raise ConfigError(f"the profile is not valid YAML: {e}", source=name, remedy="mend that line") from e
    return _checked(name, data)


def _refuse_deep(name: str, text: str) -> None:
    """Refuse what nests deeper than any profile: libyaml composes on the C stack, and 100,000 brackets end the process.

    Its parser, which this asks, is a loop.
    """
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise ConfigError("the profile nests too deep", source=name, remedy="see profiles/generic.yaml")


def _checked(name: str, data: object) -> dict[str, object]:
    if not isinstance(data, dict):
        raise ConfigError("a profile is a mapping", source=name, remedy="begin with `name:` and `extends: generic`")
    kinds = {**dict.fromkeys(_TEXTS, str), **dict.fromkeys(_LISTS, list), **dict.fromkeys(_TABLES, dict)}
    for key, value in data.items():
        if key not in kinds:
            known = ", ".join(sorted(kinds))
            raise ConfigError(f"unknown key {key!r} in the profile", source=name, remedy=f"known keys are {known}")
        if not isinstance(value, kinds[key]):
            raise ConfigError(
                f"{key!r} must be a {kinds[key].__name__}", source=name, remedy="see profiles/generic.yaml"
            )
    for key in _TABLES & data.keys():
        for row, value in data[key].items():
            if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
                raise ConfigError(
                    f"'{key}: {row}' must be a list of strings", source=name, remedy="write `- text` lines"
                )
    if strange := data.get("elements", {}).keys() - _RULED_TAGS:
        remedy = f"use one of {', '.join(sorted(_RULED_TAGS))}"
        raise ConfigError(f"'elements: {min(strange)}' is no standard element", source=name, remedy=remedy)
    if unknown := data.get("metadata", {}).keys() - FIELDS:
        remedy = f"known fields are {', '.join(sorted(FIELDS))}"
        raise ConfigError(f"unknown metadata {min(unknown)!r}", source=name, remedy=remedy)
    return data


def _build(data: dict[str, object]) -> Profile:
    table: dict[str, Mapping[str, list[str]]] = {key: data.get(key) or {} for key in _TABLES}  # type: ignore[misc]
    lists: dict[str, list[str]] = {key: data.get(key) or [] for key in _LISTS}  # type: ignore[misc]
    images = table["images"]
    return Profile(
        name=str(data.get("name") or "unnamed"),
        about=str(data.get("about") or ""),
        detect=tuple(find_by_id(s) for s in lists["detect"]),
        root=tuple(find_by_id(s) for s in lists["root"]),
        metadata={key: tuple(_lookups(places)) for key, places in table["metadata"].items()},
        drop=Index.of(table["drop"]),
        elements=Index.of(table["elements"]) if table["elements"] else None,
        tracking=tuple(images.get("tracking", ())),
        tool_alts=frozenset(images.get("tool_alts", ())),
        boilerplate=_pattern(str(data.get("name")), data.get("boilerplate")),
        policy=FieldPolicy(
            placeholders=frozenset(lists["placeholders"]),
            random_images=tuple(images.get("random", ())),
            utc_offset=str(data.get("utc_offset") or "+00:00"),
        ),
    )


def _pattern(name: str, text: object) -> re.Pattern[str] | None:
    try:
        return re.compile(str(text)) if text else None
    except re.error as e:
        raise ConfigError(f"'boilerplate' is no regular expression: {e}", source=name, remedy="mend it") from e


def _lookups(places: Iterable[str]) -> Iterable[Lookup]:
    for place in places:
        selector, _, attribute = place.partition("@")
        yield Lookup(find(selector), attribute, telling_word(selector).encode())


__all__ = ["FIELDS", "Lookup", "Profile", "load", "names"]
