"""What a profile says about pictures and links, in the form in which the cleaner asks for it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from converter.parameters import Parameters, Places

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping


class Pictures(NamedTuple):
    """What is known of pictures; a rule that is kept has nothing here.

    Attributes:
        lazy: attributes that hold the address until a script moves it to `src`.
        tracking: parts of addresses that count visitors.
        random: parts of addresses that answer with another picture each time.
        icons: parts of addresses and alternative texts of icons beside links.
        nowhere: parts of addresses that were to be filled in and never were.
        tool_alts: alternative texts of buttons.
        marks: how the parts of an address begin that only say how to show the picture.
        origins: parameters that hold the address of the picture itself, pages (`e.org/p?`) that it stands behind.
        alts: alternative texts that say nothing.
        alt_pattern: the same as an expression, not compiled: most posts need none; empty when there is none.

    """

    lazy: tuple[str, ...]
    tracking: tuple[str, ...]
    random: tuple[str, ...]
    icons: tuple[str, ...]
    nowhere: tuple[str, ...]
    tool_alts: frozenset[str]
    marks: tuple[str, ...]
    origins: tuple[str, ...]
    alts: frozenset[str]
    alt_pattern: str

    def says_nothing(self, alt: str) -> bool:
        """Whether an alternative text, or a title, says nothing of the picture."""
        text = alt.strip()
        if text in self.alts:
            return True
        return bool(self.alt_pattern) and _whole(self.alt_pattern)(text) is not None


@lru_cache(maxsize=16)
def _whole(pattern: str) -> Callable[[str], re.Match[str] | None]:
    """Compile a pattern; `re` remembers too, but asks about its flags each time, which takes longer than the search."""
    return re.compile(pattern, re.IGNORECASE | re.DOTALL).fullmatch


class Links(NamedTuple):
    """What is known of links; a rule that is kept has nothing here.

    Attributes:
        parameters: what addresses carry along to count who came from where.
        redirectors: addresses that hold in a parameter where they lead.
        keywords: classes of links that a site puts on words by itself.
        lexicons: parts of addresses of pages about the word that the link is on.
        searches: addresses of searches for the very words that the link is on.

    """

    parameters: Parameters
    redirectors: Places
    keywords: frozenset[str]
    lexicons: tuple[str, ...]
    searches: Places


_RULES: Final = {
    "tracking": "tracking-image",
    "random": "random-image",
    "icons": "link-card",
    "tool_alts": "button-image",
    "marks": "picture-parameter",
    "origins": "picture-parameter",
    "alts": "placeholder-alt",
    "alt_patterns": "placeholder-alt",
    "parameters": "tracking-parameter",
    "redirectors": "redirector",
    "keywords": "keyword-link",
    "lexicons": "keyword-link",
    "searches": "keyword-link",
}
"""Row of `images` or `links` -> the rule that needs it."""


def pictures(table: Mapping[str, list[str]], keep: Collection[str]) -> Pictures:
    """Compile the table `images` without the rows of rules that are kept."""
    rows = _rows(table, keep)
    return Pictures(
        lazy=rows("lazy"),
        tracking=rows("tracking"),
        random=rows("random"),
        icons=rows("icons"),
        nowhere=rows("nowhere"),
        tool_alts=frozenset(rows("tool_alts")),
        marks=rows("marks"),
        origins=rows("origins"),
        alts=frozenset(rows("alts")),
        alt_pattern="|".join(f"(?:{pattern})" for pattern in rows("alt_patterns")),
    )


def links(table: Mapping[str, list[str]], keep: Collection[str]) -> Links:
    """Compile the table `links` without the rows of rules that are kept."""
    rows = _rows(table, keep)
    return Links(
        parameters=Parameters.of(rows("parameters")),
        redirectors=Places.of(rows("redirectors")),
        keywords=frozenset(rows("keywords")),
        lexicons=rows("lexicons"),
        searches=Places.of(rows("searches")),
    )


def _rows(table: Mapping[str, list[str]], keep: Collection[str]) -> Callable[[str], tuple[str, ...]]:
    return lambda name: () if _RULES.get(name) in keep else tuple(table.get(name, ()))
