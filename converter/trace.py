"""What the cleaning passes took out and changed: compares the tree before and after each of them.

Nothing in the passes knows of it, and nothing of it runs unless somebody asks (`archive2md inspect`). It is slow: each
pass costs a copy of the tree.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from converter.model import Removal
from converter.rules import kind_of
from converter.tree import Element, squeezed, weight

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from converter.model import FieldPolicy, FrontMatter, Metadata

_Namer = Callable[[Element], str | None]
_ChangeNamer = Callable[[Element, str], str | None]
_WATCHED: Final = ("href", "src", "alt", "title")
_BLOCKS: Final = ("p", "div", "li", "tr", "td", "h1", "h2", "h3", "h4", "h5", "h6", "br")
_LARGEST: Final = 4000  # characters that are compared one by one
_SHOWN: Final = ("id", "class", "href", "src", "alt", "type", "width", "height")
_LONGEST: Final = 60


class Account:
    """What a conversion tells somebody who asks how it came about.

    Attributes:
        seen: by what selector each thing was found; see `scraper.scrape`.
        trace: what the cleaner did.
        raw: the front matter as it was read.
        metadata: what the page and the body say.
        policy: what the profile says about values.
        front: the front matter of the output.

    """

    raw: Mapping[str, object]
    metadata: Metadata
    policy: FieldPolicy
    front: FrontMatter

    def __init__(self) -> None:
        """Begin with nothing."""
        self.seen: dict[str, str] = {}
        self.trace = Trace()

    def fields(self, raw: Mapping[str, object], metadata: Metadata, policy: FieldPolicy, front: FrontMatter) -> None:
        """Take down what the fields were made of."""
        self.raw, self.metadata, self.policy, self.front = raw, metadata, policy, front


class Trace:
    """The account of one article.

    Attributes:
        removals: what went, in the order it went.
        changes: what an attribute was and is: rule, and one line.
        found: visible characters of the article as it was found.
        left: those that are left.
        gone: how many went by each rule, below 0 where it wrote some; under no name those that no rule accounts for.

    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.removals: list[Removal] = []
        self.changes: list[Removal] = []
        self.found = self.left = -1
        self.gone: Counter[str] = Counter()
        self._listed = 0
        self._root: Element | None = None
        self._before: list[Element] = []
        self._copies: list[Element] = []

    def begin(self, root: Element) -> None:
        """Remember how the tree looks before a pass."""
        self._root = root
        if self.found < 0:
            self.found = self.left = _visible(root)
        self._listed = 0
        self._before = list(root.iter())
        self._copies = list(copy.deepcopy(root).iter())

    def end(self, rule: str, rule_of: _Namer | None = None, rule_of_change: _ChangeNamer | None = None) -> None:
        """Find out what a pass did.

        Args:
            rule: the rule of the pass; empty when it follows several.
            rule_of: names the rule by which an element goes, for passes that follow several, and for what the shape
                of a listing leaves out.
            rule_of_change: names the rule by which an attribute of an element says something else.

        """
        root = self._root
        if root is None:
            return
        present = set(root.iter())
        former = dict(zip(self._copies, self._before, strict=True))
        gone = {c for c, element in former.items() if element not in present}
        if not rule or kind_of(rule) != "form":
            for c in self._copies:
                if c in gone and c.getparent() not in gone:
                    self._add(rule or (rule_of(c) if rule_of else None) or "", c)
        elif gone:
            self._compare_texts(rule, gone, former, rule_of)
        pairs = {e: c for c, e in former.items() if e in present}
        self._compare_attributes(rule, pairs, rule_of_change)
        if not rule and rule_of:
            self._find_unwrapped(pairs, rule_of)
        if rule == "written-bold":
            self._list_written(rule, present.difference(former.values()))
        before, self.left = self.left, _visible(root)
        self.gone[rule] += before - self.left - self._listed  # what the pass did itself
        self._root = None

    def _add(self, rule: str, element: Element) -> None:
        self.removals.append(Removal(rule, start_tag(element), excerpt(_words(element))))
        count = _visible(element)
        self.gone[rule] += count
        self._listed += count

    def _compare_texts(
        self,
        rule: str,
        gone: set[Element],
        former: dict[Element, Element],
        rule_of: _Namer | None,
    ) -> None:
        """Find the text that is not there any more where elements were put into another shape."""
        if rule_of is not None:
            self._take_noise(gone, rule_of)
        parents: dict[Element, None] = {}
        for c in self._copies:
            parent = c.getparent()
            if c in gone and parent is not None and parent not in gone:
                parents[parent] = None
        done: set[Element] = set()
        for parent in parents:
            if done.isdisjoint(parent.iterancestors()):
                done.add(parent)
                for text in _lost(parent, former[parent]):
                    self.removals.append(Removal(rule, start_tag(parent), excerpt(text)))

    def _take_noise(self, gone: set[Element], rule_of: _Namer) -> None:
        """List what went by a rule of its own, and take its text out of the comparison."""
        taken: set[Element] = set()
        for c in self._copies:
            named = rule_of(c) if c in gone else None
            if named and taken.isdisjoint(c.iterancestors()):
                taken.add(c)
                self._add(named, c)
        for c in taken:
            for inner in c.iter():
                inner.text = None
                if inner is not c:
                    inner.tail = None

    def _list_written(self, rule: str, made: set[Element]) -> None:
        """List the texts that became elements; what went is the signs around them."""
        for element in self._root.iter() if self._root is not None else ():
            if element in made:
                self.removals.append(Removal(rule, start_tag(element), excerpt(f"**{_words(element)}**")))

    def _find_unwrapped(self, pairs: dict[Element, Element], rule_of: _Namer) -> None:
        """List the links that became their text, but for those that never led anywhere."""
        for now, before in pairs.items():
            if before.tag == "a" != now.tag and (rule := rule_of(before)) and kind_of(rule) != "form":
                self.removals.append(Removal(rule, start_tag(before), excerpt(_words(before))))

    def _compare_attributes(
        self, rule: str, pairs: dict[Element, Element], rule_of_change: _ChangeNamer | None
    ) -> None:
        for now, before in pairs.items():
            for name in _WATCHED:
                old, new = before.get(name), now.get(name)
                if old is not None and new is not None and old.strip() != new.strip():
                    named = rule or (rule_of_change(before, name) if rule_of_change else None) or ""
                    self.changes.append(Removal(named, start_tag(before), f"{name}: {excerpt(old)} -> {excerpt(new)}"))


def _lost(before: Element, after: Element) -> Iterator[str]:
    """List the texts that are in an element before and not after; white space does not count."""
    pieces = [text for text in before.itertext() if isinstance(text, str) and not text.isspace()]
    old, new = ["".join(text.split()) for text in pieces], squeezed(after)
    at = 0
    gone: list[str] = []
    for piece, bare in zip(pieces, old, strict=True):
        if new.startswith(bare, at):
            at += len(bare)
        else:
            gone.append(piece)
    if at == len(new):  # what is left is there in its order, so the rest went
        yield from gone
        return
    joined = "".join(old)
    if max(len(joined), len(new)) > _LARGEST:
        if len(joined) > len(new):
            yield f"({len(joined) - len(new)} characters of a long text)"
        return
    for action, start, end, _, _ in SequenceMatcher(None, joined, new, autojunk=False).get_opcodes():
        if action in {"delete", "replace"}:
            yield joined[start:end]


def _visible(element: Element) -> int:
    """Count the characters that are no white space."""
    return weight(element)


def _words(element: Element) -> str:
    """Text of an element, blocks apart."""
    joint = " " if next(element.iter(*_BLOCKS), None) is not None else ""
    return joint.join(text for text in element.itertext() if isinstance(text, str))


def start_tag(element: Element) -> str:
    """Write an element short, as a selector: `div.toc`, `img[src=...]`."""
    tag = str(element.tag)
    for name in _SHOWN:
        value = " ".join((element.get(name) or "").split())
        if value and name == "id":
            tag += f"#{value}"
        elif value and name == "class":
            tag += "".join(f".{part}" for part in value.split())
        elif value:
            tag += f"[{name}={excerpt(value)}]"
    return tag if len(tag) <= 2 * _LONGEST else tag[: 2 * _LONGEST - 3] + "..."


def excerpt(text: str) -> str:
    """Shorten a text to one line of at most 60 characters."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."
