"""What a page says about its article: title, dates, author, address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from converter.model import Metadata, Page
from converter.profiles import Around
from converter.tree import HEADINGS, Element, text_of
from converter.urls import decode_hex_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from converter.profiles import Lookup, Profile

_DATE: Final = re.compile(
    r"\d{4}[-/年.]\d{1,2}[-/月.]\d{1,2}日?(?:[T\s]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*(?:Z\b|[+-]\d{2}:?\d{2}))?)?"
)
_SITE: Final = re.compile(r"\s+[-|–—·«»]\s+\S|\s*[_|]\s*\S|-CSDN").match  # "Title - Site", "Title_Name的博客-CSDN博客"
_TITLE: Final = b"<title"
_LINKED_DATA: Final = b"ld+json"
_ID: Final = re.compile(r"/(?:article/details|archive/\d+/\d+/\d+)/(\d+)")


def read_metadata(
    tree: Element,
    profile: Profile,
    page: Page,
    source: bytes,
    seen: dict[str, str] | None = None,
) -> Metadata:
    """Read what the page around an article says about it.

    Args:
        tree: the page without the article.
        profile: where to look.
        page: the page as it was decoded, for its name.
        source: the page as bytes: what is not in there is not looked for.
        seen: gets the selector by which each field was found; None when nobody asks.

    """
    around = Around(tree)
    every: dict[str, list[str]] = {}
    for field, places in profile.metadata.items():
        said = [place for place in places if source.find(place.word) >= 0]  # far cheaper than looking for the element
        if said:
            every[field] = _values(tree, said, around, field, seen)
    if "author" in every:
        every["author"] = [name for name in every["author"] if "://" not in name]  # Facebook's pages of authors
    if source.find(_LINKED_DATA) >= 0:
        from converter.linked_data import read_linked_data  # few pages of exports have any

        for field, said_there in read_linked_data(tree).items():
            known = every.get(field)
            # The title of a page names the site, too.
            longer = field == "title" and known is not None and known[:1] != [] and known[0].startswith(said_there)
            if not known or (longer and _SITE(known[0], len(said_there))):
                every[field] = [said_there]
                if seen is not None:
                    seen[field] = "script[type=application/ld+json]"
    first = {field: values[0] if values else "" for field, values in every.items()}
    addresses = (profile.base_url + v if v[:1] == "/" != v[1:2] else v for v in every.get("source_url", ()))
    urls = [url for value in addresses if (url := decode_hex_url(_last_article(value)))]
    url = urls[0] if urls else ""
    found_id = _ID.search(url)
    date, updated = _date_in(every.get("date", ()), min), _date_in(every.get("updated", ()), max)
    return Metadata(
        title=first.get("title", ""),
        stem=page.path.rpartition("/")[2].rpartition(".")[0],
        source_url=url,
        source_id=found_id[1] if found_id else "",
        author=first.get("author", ""),
        date=date,
        updated=updated if updated != date else "",
        description=profile.boilerplate.sub("", first.get("description", ""))
        if profile.boilerplate
        else first.get("description", ""),
        keywords=first.get("keywords", ""),
        tags=tuple(every.get("tags", ())),
        categories=tuple(every.get("categories", ())),
        language=first.get("language", ""),
    )


def without_site(metadata: Metadata, tree: Element, root: Element, source: bytes) -> Metadata:
    """Take the name of the site off a title that the page's `title` gave, where a heading of the article tells it."""
    named = tree.find("head/title") if metadata.title and _TITLE in source else None
    if named is None or metadata.title.split() != text_of(named).split():
        return metadata
    # The heading of the article is the only one of its kind, and the first of all; others are of its parts.
    heading = next(root.iter(*HEADINGS), None)
    if heading is None or heading.tag != "h1" or sum(1 for _ in root.iter("h1")) > 1:
        return metadata
    words = " ".join(text_of(heading).split())
    alone = words and metadata.title.startswith(words) and _SITE(metadata.title, len(words))
    return metadata._replace(title=words) if alone else metadata


def _last_article(text: str) -> str:
    """Take the last address of an article: the author's own words on copyright, before it, may name others."""
    return next((word for word in reversed(text.split()) if "://" in word and _ID.search(word)), text)


def _values(
    tree: Element,
    places: list[Lookup],
    around: Around,
    field: str,
    seen: dict[str, str] | None,
) -> list[str]:
    """List what the first place that says anything says; for the address all places speak, since some hold junk."""
    values: list[str] = []
    for place in places:
        for element in place.all(tree, around):
            text = element.get(place.attribute, "") if place.attribute else text_of(element)
            values.append(" ".join(text.split()))
        values = [v for v in values if v]
        if (
            values
            and seen is not None
            and (field != "source_url" or any(v[:1] == "/" or decode_hex_url(v) for v in values))
        ):
            seen.setdefault(field, place.place)
        if values and field != "source_url":
            break
    return values


def _date_in(texts: Iterable[str], choose: Callable[[list[str]], str]) -> str:
    """Find the date in the first text that has any; other texts of the same place may name author and category.

    Where it says when a post was published and when it was changed, `choose` tells which of them is wanted.
    """
    for text in texts:
        if found := _DATE.findall(text):
            # They can only be compared when they are written alike.
            return choose(found) if len(set(map(len, found))) == 1 else str(found[0])
    return ""
