"""What a page says of its article in JSON-LD, as schema.org names it: for search engines, and often the only date."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from converter.tree import Element

_KIND: Final = "application/ld+json"
_TYPES: Final = frozenset({"Article", "BlogPosting", "NewsArticle", "TechArticle", "SocialMediaPosting"})
_FIELDS: Final = {"title": "headline", "date": "datePublished", "updated": "dateModified", "author": "author"}
_DEEPEST: Final = 3  # levels of lists and things in a value
_MOST: Final = 1_000  # things that one page describes
_LONGEST: Final = 1_000_000  # characters of one description


def read_linked_data(tree: Element) -> dict[str, str]:
    """Read the first article that a page describes: title, date, updated, author, as far as they are there.

    What is no JSON says nothing. A comment is no article, though it has a date and an author.
    """
    for script in tree.iter("script"):
        text = script.text or ""
        if (script.get("type") or "").strip().lower() != _KIND or len(text) > _LONGEST:
            continue
        try:
            described: object = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        if (article := _article_in(described)) is not None:
            said = {field: _words(article.get(name)) for field, name in _FIELDS.items()}
            return {field: words for field, words in said.items() if words}
    return {}


def _article_in(described: object) -> dict[str, object] | None:
    """Find the article among the things described: alone, in a list, in a graph, or what a page is about."""
    waiting = [described]
    for _ in range(_MOST):
        if not waiting:
            break
        one = waiting.pop(0)
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            kinds = one.get("@type")
            if not _TYPES.isdisjoint(kind for kind in _listed(kinds) if isinstance(kind, str)):
                return one
            waiting += [one[key] for key in ("@graph", "mainEntity", "mainEntityOfPage") if key in one]
    return None


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _words(value: object, depth: int = 0) -> str:
    """Write a value as one line: a text, a thing by its name, a list of these with commas; sites escape it as HTML."""
    if depth > _DEEPEST:
        return ""
    if isinstance(value, dict):
        return _words(value.get("name"), depth + 1)
    if isinstance(value, list):
        return ", ".join(filter(None, (_words(item, depth + 1) for item in value)))
    return " ".join(html.unescape(value).split()) if isinstance(value, str) else ""
