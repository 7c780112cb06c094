"""The small part of CSS that profiles speak, in two compiled forms.

A selector is `tag#id.class[attr=value]` with any part left out, `*=`, `^=`, `$=` and bare `[attr]` as in CSS, parts
joined by a space (descendant) or `>` (child). `find` compiles it to XPath for looking things up once in a page;
`Index` compiles many single-part selectors into tables, so that one walk over a tree finds the matches of all. A single
part is matched without XPath, which takes two thirds of a microsecond for each element that it looks at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from converter.errors import ConfigError
from converter.tree import Element, Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PART: Final = re.compile(
    r"""(?P<tag>[a-zA-Z][\w-]*|\*) | \#(?P<id>[\w-]+) | \.(?P<cls>[\w-]+)
      | \[ \s* (?P<attr>[\w:-]+) \s* (?: (?P<op>[*^$]?=) \s* (?P<value>"[^"]*"|'[^']*'|[^\]\s]+) \s* )? \]""",
    re.VERBOSE,
)
_COMBINATOR: Final = re.compile(r"\s*>\s*|\s+")
_BRACKETED: Final = re.compile(r"\[[^\]]*\]")


class Attribute(NamedTuple):
    """A condition on one attribute; `op` is one of `=`, `*=`, `^=`, `$=`, or empty for presence."""

    name: str
    op: str
    value: str

    def holds(self, found: str | None) -> bool:
        """Tell whether the attribute's value (None when absent) meets the condition."""
        if found is None:
            return False
        match self.op:
            case "=":
                return found == self.value
            case "*=":
                return self.value in found
            case "^=":
                return found.startswith(self.value)
            case "$=":
                return found.endswith(self.value)
            case _:
                return True


@dataclass(frozen=True, slots=True)
class Compound:
    """One part of a selector: conditions that a single element meets."""

    tag: str = ""
    id: str = ""
    classes: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()

    def matches(self, element: Element, classes: Iterable[str]) -> bool:
        """Tell whether the element (whose classes are split already) meets all conditions."""
        if (self.tag and element.tag != self.tag) or (self.id and element.get("id") != self.id):
            return False
        for name in self.classes:
            if name not in classes:
                return False
        for attribute in self.attributes:  # noqa: SIM110 (a generator takes longer than the loop)
            if not attribute.holds(element.get(attribute.name)):
                return False
        return True

    def first(self, tree: Element) -> Element | None:
        """Find the first match in a tree."""
        for element in tree.iter(self.tag or None):
            if self.matches(element, (element.get("class") or "").split() if self.classes else ()):
                return element
        return None


def parse_compound(text: str) -> Compound:
    """Parse one part of a selector.

    Raises:
        ConfigError: the text is not in the dialect of this module.

    """
    tag, ident, at = "", "", 0
    classes: list[str] = []
    attributes: list[Attribute] = []
    while at < len(text):
        m = _PART.match(text, at)
        if m is None or (m["tag"] and at):
            msg = f"selector {text!r} is not understood"
            raise ConfigError(msg, remedy="use tag, #id, .class and [attr=value], joined by spaces or >")
        at = m.end()
        if m["tag"]:
            tag = "" if m["tag"] == "*" else m["tag"].lower()
        elif m["id"]:
            ident = m["id"]
        elif m["cls"]:
            classes.append(m["cls"])
        else:
            attributes.append(Attribute(m["attr"], m["op"] or "", (m["value"] or "").strip("\"'")))
    return Compound(tag, ident, tuple(classes), tuple(attributes))


def _quoted(text: str) -> str:
    return f'"{text}"' if '"' not in text else f"'{text}'"


def _xpath_condition(a: Attribute) -> str:
    name, value = f"@{a.name}", _quoted(a.value)
    ends = f"substring({name}, string-length({name}) - {len(a.value) - 1}) = {value}"
    return {
        "": name,
        "=": f"{name} = {value}",
        "*=": f"contains({name}, {value})",
        "^=": f"starts-with({name}, {value})",
        "$=": ends,
    }[a.op]


def _xpath_step(c: Compound) -> str:
    conditions = [f"@id = {_quoted(c.id)}"] if c.id else []
    conditions += [f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')" for name in c.classes]
    conditions += [_xpath_condition(a) for a in c.attributes]
    return (c.tag or "*") + "".join(f"[{one}]" for one in conditions)


def find(selector: str) -> Query:
    """Compile a selector to an XPath that yields its matches in document order, anywhere below the context.

    Raises:
        ConfigError: the selector is not in the dialect of this module.

    """
    path, at = "", 0
    text = selector.strip()
    for m in _COMBINATOR.finditer(re.sub(r"\[[^\]]*\]", lambda m: "_" * len(m.group()), text)):
        axis = "/" if ">" in m.group() else "//"
        path += _xpath_step(parse_compound(text[at : m.start()])) + axis
        at = m.end()
    return Query("descendant-or-self::" + path + _xpath_step(parse_compound(text[at:])))


def telling_word(selector: str) -> str:
    """Find a word that stands in the source of every page on which the selector finds anything; may be empty."""
    words = [""]
    for text in _COMBINATOR.split(_BRACKETED.sub(_hide_spaces, selector.strip())):
        part = parse_compound(text.replace("\0", " "))
        values = [a.value for a in part.attributes if a.op and not set(a.value) & set("&<>\"'")]
        words += [part.id, *part.classes, *values]
    return max(words, key=len)


def _hide_spaces(match: re.Match[str]) -> str:
    return match.group().replace(" ", "\0")


class Around:
    """The elements around an article, for lookup after lookup: an XPath costs more than all of a small tree."""

    __slots__ = ("_by_class", "_by_id", "_filed", "_tree")

    def __init__(self, tree: Element) -> None:
        """Look at the elements below and including one."""
        self._tree = tree
        self._filed = False
        self._by_id: dict[str, list[Element]] = {}
        self._by_class: dict[str, list[Element]] = {}

    def _file(self) -> None:
        """File the elements; most pages need no lookup that asks for this."""
        self._filed = True
        for element in self._tree.iter():
            if ident := element.get("id"):
                self._by_id.setdefault(ident, []).append(element)
            for name in dict.fromkeys((element.get("class") or "").split()):
                self._by_class.setdefault(name, []).append(element)

    def find(self, compound: Compound) -> list[Element]:
        """Find the elements that meet all conditions, in document order."""
        found: Iterable[Element]
        if compound.tag or not (compound.id or compound.classes):
            found = self._tree.iter(compound.tag or None)
        else:
            if not self._filed:
                self._file()
            table, key = (self._by_id, compound.id) if compound.id else (self._by_class, compound.classes[0])
            found = table.get(key, ())
        return [e for e in found if compound.matches(e, (e.get("class") or "").split() if compound.classes else ())]


def parse_single(selector: str) -> Compound | None:
    """Parse a selector of one part; None when it has several.

    Raises:
        ConfigError: the selector is not in the dialect of this module.

    """
    text = selector.strip()
    return None if _COMBINATOR.search(_BRACKETED.sub("", text)) else parse_compound(text)


def _is_filed_by_class(compound: Compound) -> bool:
    return bool(compound.classes) and not compound.id


@dataclass(slots=True)
class Index:
    """Rules with single-part selectors, filed by the most telling condition: id, else class, else tag.

    Attributes:
        by_id: id -> [(selector, rule)].
        by_class: class -> [(selector, rule)].
        by_tag: tag -> [(selector, rule)].
        others: finds what the selectors filed by tag match; None when there are none.
        classes: first classes of the selectors that name any.
        words: start tags without any of them hold nothing that another selector matches; an empty one: no telling.

    """

    by_id: dict[str, list[tuple[Compound, str]]] = field(default_factory=dict)
    by_class: dict[str, list[tuple[Compound, str]]] = field(default_factory=dict)
    by_tag: dict[str, list[tuple[Compound, str]]] = field(default_factory=dict)
    others: Query | None = None
    classes: frozenset[bytes] = frozenset()
    words: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, rules: Mapping[str, Iterable[str]]) -> Index:
        """File the selectors of `rule name -> selectors`.

        Raises:
            ConfigError: a selector has several parts, or none of tag, id and class.

        """
        index = cls()
        for rule, selectors in rules.items():
            for text in selectors:
                index._add(parse_compound(text), rule, text)
        filed = [f"descendant::{_xpath_step(compound)}" for rows in index.by_tag.values() for compound, _ in rows]
        if filed:
            index.others = Query(" | ".join(filed))
        index.classes = frozenset(name.encode() for name in index.by_class)
        texts = (text for selectors in rules.values() for text in selectors)
        words = {telling_word(text).lower().encode() for text in texts if not _is_filed_by_class(parse_compound(text))}
        # One that holds another one says nothing more.
        index.words = tuple(sorted(w for w in words if not any(o in w for o in words - {w})))
        return index

    def _add(self, compound: Compound, rule: str, text: str) -> None:
        if compound.id:
            self.by_id.setdefault(compound.id, []).append((compound, rule))
        elif compound.classes:
            self.by_class.setdefault(compound.classes[0], []).append((compound, rule))
        elif compound.tag:
            self.by_tag.setdefault(compound.tag, []).append((compound, rule))
        else:
            msg = f"selector {text!r} would be tried on every element"
            raise ConfigError(msg, remedy="name a tag, an #id or a .class in it")

    def rules(self) -> set[str]:
        """Name all rules."""
        tables = (self.by_id, self.by_class, self.by_tag)
        return {rule for table in tables for rows in table.values() for _, rule in rows}

    def rule_of_any(self, element: Element) -> str | None:
        """Name the first rule that the element meets in whatever way; slower than `rule_of`, which knows no tags."""
        classes = (element.get("class") or "").split()
        rule = self.rule_of(element, element.get("id"), classes)
        if rule is None and isinstance(element.tag, str):
            rows = self.by_tag.get(element.tag, ())
            rule = next((rule for compound, rule in rows if compound.matches(element, classes)), None)
        return rule

    def rule_of(self, element: Element, ident: str | None, classes: list[str]) -> str | None:
        """Name the first rule that the element meets by its id or one of its classes; None when there is none."""
        rows: list[tuple[Compound, str]] = []
        if ident:
            rows += self.by_id.get(ident, ())
        for name in classes:
            rows += self.by_class.get(name, ())
        return next((rule for compound, rule in rows if compound.matches(element, classes)), None)
