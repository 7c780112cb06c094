"""Read a user's own profile, and say what is wrong with it: the file, the line, the key, and what was meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NoReturn

import yaml

from converter.errors import ConfigError
from converter.profiles.keys import FIELDS, IMAGES, LINKS, LISTS, MAX_DEPTH, RULED_TAGS, TABLES, TEXTS
from converter.selectors import Index, find

if TYPE_CHECKING:
    from collections.abc import Collection

_KEYS: Final = (*TEXTS, *LISTS, *TABLES)
_ROWS: Final = {"metadata": FIELDS, "images": IMAGES, "links": LINKS, "elements": RULED_TAGS}
_PLACES: Final = frozenset({"redirectors", "searches"})
_PATTERNS: Final = frozenset({"alt_patterns"})
_PLACE: Final = re.compile(r"[\w.-]+(?:/[^?\s]*)?\?[^\s=&]+").fullmatch
_RULE_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*").fullmatch
_OFFSET: Final = re.compile(r"[+-](?:0\d|1[0-4]):[0-5]\d").fullmatch
_GUIDE: Final = "see docs/profiles.md, or start from: archive2md profiles generic"


def checked(name: str, text: str, known: Collection[str]) -> dict[str, object]:
    """Read a profile and check all of it.

    Args:
        name: its path, as messages call it.
        text: its text.
        known: names of the profiles that it can extend, besides paths.

    Raises:
        ConfigError: for the first thing that is wrong.

    """
    try:
        _refuse_deep(name, text)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
        data = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        where = f"{name}:{mark.line + 1}" if mark else name
        problem = f"the profile is not valid YAML: {e.problem or e.context}"
        if "nesting depth" in problem:  # the limit of newer libyaml
            problem = "the profile nests too deep"
        raise ConfigError(problem, source=where, remedy=_GUIDE) from e
    except yaml.YAMLError as e:  # characters that no YAML may hold
        raise ConfigError(f"the profile is not valid YAML: {e}", source=name, remedy=_GUIDE) from e
    check = _Check(name)
    if not isinstance(node, yaml.MappingNode) or not isinstance(data, dict):
        raise ConfigError("a profile is a mapping", source=name, remedy="begin with `name:` and `extends: generic`")
    for key, value in check.rows(node, "", _KEYS):
        if key in TEXTS:
            check.text(key, value, known)
        elif key in LISTS:
            check.strings(key, value, selectors=key != "placeholders")
        else:
            check.table(key, value)
    return data


def _refuse_deep(name: str, text: str) -> None:
    """Refuse what nests deeper than any profile: libyaml composes on the C stack, and 100,000 brackets end the process.

    Its parser, which this asks, is a loop.
    """
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        mark = event.start_mark
        where = f"{name}:{mark.line + 1}" if mark else name
        if depth > MAX_DEPTH:
            raise ConfigError("the profile nests too deep", source=where, remedy=_GUIDE)
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError("a profile has no aliases", source=where, remedy="write the value out")


class _Check:
    """The checks of one file, which all fail in the same way."""

    def __init__(self, name: str) -> None:
        self._name = name

    def fail(self, node: yaml.Node, problem: str, remedy: str = _GUIDE) -> NoReturn:
        """Raise the error for a line."""
        raise ConfigError(problem, source=f"{self._name}:{node.start_mark.line + 1}", remedy=remedy)

    def rows(self, node: yaml.MappingNode, table: str, allowed: Collection[str]) -> list[tuple[str, yaml.Node]]:
        """List the rows of a mapping; each key is a known text and there once."""
        found: dict[str, yaml.Node] = {}
        for key_node, value in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            shown = f"{table}: {key}" if table else key
            if allowed and key not in allowed:
                self.fail(key_node, f"unknown key '{shown}' in the profile", _did_you_mean(key, allowed))
            if not allowed and not _RULE_NAME(key):
                self.fail(key_node, f"'{shown}' is no name of a rule", "use small letters and hyphens: side-bar")
            if key in found:
                self.fail(key_node, f"'{shown}' is there twice", "join the two")
            found[key] = value
        return list(found.items())

    def text(self, key: str, node: yaml.Node, known: Collection[str]) -> None:
        """Check the value of a key that holds one text."""
        if not isinstance(node, yaml.ScalarNode) or not node.tag.endswith(":str"):
            self.fail(node, f"'{key}' must be a text", "put it in quotes")
        value = node.value
        if key == "utc_offset" and not _OFFSET(value):
            self.fail(node, f"'{key}' is no offset: {value}", "write it like '+08:00'")
        if key == "base_url" and not value.startswith(("https://", "http://")):
            self.fail(node, f"'{key}' is no address: {value}", "write it like https://example.com")
        if key == "extends" and value not in known and not value.endswith((".yaml", ".yml")):
            self.fail(node, f"'{key}' names no profile: {value}", _did_you_mean(value, known))
        if key == "boilerplate":
            try:
                re.compile(value)
            except re.error as e:
                self.fail(node, f"'{key}' is no regular expression: {e}", "mend it, or leave it out")

    def strings(self, key: str, node: yaml.Node, *, selectors: bool, single: bool = False) -> None:
        """Check a list of texts, and each of them when they are selectors."""
        if not isinstance(node, yaml.SequenceNode):
            self.fail(node, f"'{key}' must be a list", "write a line `- text` for each value")
        for item in node.value:
            if not isinstance(item, yaml.ScalarNode) or not item.tag.endswith(":str") or not item.value.strip():
                self.fail(item, f"'{key}' must be a list of texts", "put those that begin with # or [ in quotes")
            if selectors:
                try:
                    if single:
                        Index.of({key: [item.value]})
                    else:
                        find(item.value.partition("@")[0] if key.startswith("metadata") else item.value)
                except ConfigError as e:
                    self.fail(item, f"'{key}': {e.problem}", e.remedy)

    def table(self, key: str, node: yaml.Node) -> None:
        """Check a mapping of lists."""
        if isinstance(node, yaml.ScalarNode) and not node.value:
            return  # `drop:` with nothing below
        if not isinstance(node, yaml.MappingNode):
            self.fail(node, f"'{key}' must be a mapping", "write lines `name: [value]` below it")
        for row, value in self.rows(node, key, _ROWS.get(key, ())):
            single = key in {"drop", "elements"}
            self.strings(f"{key}: {row}", value, selectors=key not in {"images", "links"}, single=single)
            if row in _PLACES or row in _PATTERNS:
                self.forms(f"{key}: {row}", value.value, places=row in _PLACES)

    def forms(self, key: str, items: list[yaml.ScalarNode], *, places: bool) -> None:
        """Check expressions, or places that say where a redirector keeps its target."""
        for item in items:
            if places and not _PLACE(item.value):
                self.fail(item, f"'{key}': {item.value!r} is no place", "write host/path?parameter: link.e.org/go?to")
            try:
                re.compile("" if places else item.value)
            except re.error as e:
                self.fail(item, f"'{key}' is no regular expression: {e}", "mend it, or leave it out")


def _did_you_mean(word: str, known: Collection[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), n=1)
    return f"did you mean '{close[0]}'?" if close else f"known are {', '.join(sorted(known))}"
