"""What the cleaning passes took out and changed: compares the tree before and after each of them.

Nothing in the passes knows of it, and nothing of it runs unless somebody asks (`archive2md inspect`). It is slow: each
pass costs a copy of the tree.
"""

from __future__ import annotations

import copy
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final, Protocol

from converter.model import Removal
from converter.rules import kind_of
from converter.tree import Element, squeezed, weight

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from converter.model import FieldPolicy, FrontMatter, Metadata

_WATCHED: Final = ("href", "src", "alt", "title")
_BLOCKS: Final = ("p", "div", "li", "tr", "td", "h1", "h2", "h3", "h4", "h5", "h6", "br")
_PARTS: Final = frozenset({"link-card"})
"""Rules by which parts of an element go, which counts once."""
_LARGEST: Final = 4000  # characters that are compared one by one
_SHOWN: Final = ("id", "class", "href", "src", "alt", "type", "width", "height")
_LONGEST: Final = 60


class Names(Protocol):
    """Names the rules by which one pass works; see `clean_names`."""

    def of_gone(self, element: Element, /) -> str | None:
        """Name the rule by which an element went; None where that is the rule of the pass."""

    def of_unwrapped(self, link: Element, /) -> str | None:
        """Name the rule by which a link became its text."""

    def of_changed(self, element: Element, attribute: str, /) -> str | None:
        """Name the rule by which an attribute says something else now; the element is given as it was."""


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
    """The account of one article, or of the boxes with HTML in a post that is Markdown.

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
        self._article: Element | None = None
        self._left_before = 0  # of the boxes before this one, in a post that is Markdown
        self._root: Element | None = None
        self._before: list[Element] = []
        self._copies: list[Element] = []

    def begin(self, root: Element) -> None:
        """Remember how the tree looks before a pass."""
        self._root = root
        if root is not self._article:
            count = _visible(root)
            self._article, self._left_before = root, max(0, self.left)
            self.found, self.left = max(0, self.found) + count, self._left_before + count
        self._listed = 0
        self._before = list(root.iter())
        self._copies = list(copy.deepcopy(root).iter())

    def end(self, rule: str, count: int, names: Names | None = None) -> None:
        """Find out what a pass did.

        Args:
            rule: the rule of the pass; empty when it follows several.
            count: how often it says that it applied that rule.
            names: names the rule by which an element goes or changes, for passes that follow several, and for what
                the shape of a listing leaves out.

        """
        root = self._root
        if root is None:
            return
        present = set(root.iter())
        former = dict(zip(self._copies, self._before, strict=True))
        gone = {c for c, element in former.items() if element not in present}
        pairs = {e: c for c, e in former.items() if e in present}
        if rule in _PARTS:
            self._list_parts(rule, gone, former)
        elif not rule or kind_of(rule) != "form":
            # Of what is empty each element counts: there is nothing in the outer one that would say it all.
            found = [c for c in self._copies if c in gone and (rule == "empty" or c.getparent() not in gone)]
            texts = _shortened(pairs) if rule not in {"", "written-bold"} and len(found) != count else []
            for c in found:
                if not texts or _visible(c):  # the breaks behind a line that went are no removals of their own
                    self._add(rule or (names and names.of_gone(c)) or "", c)
            self.removals += [Removal(rule, start_tag(c), excerpt(text)) for c, text in texts]
        elif gone:
            self._compare_texts(rule, gone, former, names)
        self._list_others(rule, pairs, present.difference(former.values()), names)
        before, self.left = self.left, self._left_before + _visible(root)
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
        names: Names | None,
    ) -> None:
        """Find the text that is not there any more where elements were put into another shape."""
        if names is not None:
            self._take_noise(gone, names)
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

    def _list_others(self, rule: str, pairs: dict[Element, Element], made: set[Element], names: Names | None) -> None:
        """List what happened to elements that are still there, and what went by rules that drop no element."""
        if rule == "form-control":
            self._list_unwrapped(rule, pairs)
        elif rule == "symbol":
            self._list_bullets(pairs)
        elif rule == "written-bold":
            self._list_written(rule, made)
        self._compare_attributes(rule, pairs, names)
        if not rule and names is not None:
            self._find_unwrapped(pairs, names)

    def _list_parts(self, rule: str, gone: set[Element], former: dict[Element, Element]) -> None:
        """List the elements of which parts went, each with the text of those."""
        holders = dict.fromkeys(c.getparent() for c in self._copies if c in gone and c.getparent() not in gone)
        for holder in holders:
            if holder is not None:
                text = " ".join(_lost(holder, former[holder]))
                self.removals.append(Removal(rule, start_tag(holder), excerpt(text)))

    def _list_unwrapped(self, rule: str, pairs: dict[Element, Element]) -> None:
        """List the elements that became plain ones; their text stays."""
        for now, before in pairs.items():
            if now.tag != before.tag:
                self.changes.append(Removal(rule, start_tag(before), f"{before.tag} -> {now.tag}"))

    def _take_noise(self, gone: set[Element], names: Names) -> None:
        """List what went by a rule of its own, and take its text out of the comparison."""
        taken: set[Element] = set()
        for c in self._copies:
            named = names.of_gone(c) if c in gone else None
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

    def _list_bullets(self, pairs: dict[Element, Element]) -> None:
        """List the letters that were bullets; others became symbols."""
        for now, before in pairs.items():
            if before.text and not now.text:
                self._add("item-bullet", before)

    def _find_unwrapped(self, pairs: dict[Element, Element], names: Names) -> None:
        """List the links that became their text, but for those that never led anywhere."""
        for now, before in pairs.items():
            if before.tag == "a" != now.tag and (rule := names.of_unwrapped(before)) and kind_of(rule) != "form":
                self.removals.append(Removal(rule, start_tag(before), excerpt(_words(before))))

    def _compare_attributes(self, rule: str, pairs: dict[Element, Element], names: Names | None) -> None:
        for now, before in pairs.items():
            for name in _WATCHED:
                old, new = before.get(name), now.get(name)
                if old is not None and new is not None and old.strip() != new.strip():
                    named = rule or (names and names.of_changed(before, name)) or ""
                    self.changes.append(Removal(named, start_tag(before), f"{name}: {excerpt(old)} -> {excerpt(new)}"))


def _shortened(pairs: Mapping[Element, Element]) -> list[tuple[Element, str]]:
    """Find the texts of elements that are still there, directly in them or behind them, of which a part went."""
    found: list[tuple[Element, str]] = []
    for now, before in pairs.items():
        for old, new in ((before.text, now.text), (before.tail, now.tail)):
            if old and old != new and (lost := _part_that_went(old, new or "")):
                found.append((before, lost))
    return found


def _part_that_went(old: str, new: str) -> str:
    """Cut what two texts have in common off both ends of the first; empty when the second says all of it.

    The second may end in what stood behind elements that went.
    """
    old, new = old.strip(), new.strip()
    if old in new:
        return ""
    begin = end = 0
    most = min(len(old), len(new))
    while begin < most and old[begin] == new[begin]:
        begin += 1
    if 0 < begin < len(new) and old[begin - 1 : begin + 1].isalnum():
        begin = 0  # two words that begin alike: another text stands there now
    while end < most - begin and old[-1 - end] == new[-1 - end]:
        end += 1
    return old[begin : len(old) - end].strip()


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
