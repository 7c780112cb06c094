"""One item of a feed -> its fields and its content, whoever wrote it: WordPress, Blogger, other Atom and RSS.

One small function per field, as the formats name it.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from converter.sources.wordpress import rendered

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIGITS: Final = re.compile(r"(?:\.post-|\.page-|^)(\d+)$").search
_TAG: Final = re.compile(r"<(/?(?:a|abbr|b|code|em|i|q|s|span|strong|sub|sup|u)\b)?[^>]*>", re.IGNORECASE)
_NO_DATE: Final = "0000-00-00"
_KINDS_OF_POST: Final = frozenset({"post", "page"})
_NOT_THERE: Final = frozenset({"trash", "auto-draft", "inherit", "deleted", "soft_trashed"})
_SLASHES: Final = re.compile(r"^(\d{4})/(\d{1,2})/(\d{1,2})(?=\s|$)")
_LIVE: Final = frozenset({"", "publish", "live"})
_KIND: Final = "http://schemas.google.com/g/2005#kind"
_SHORTEST_UPDATE: Final = 60
"""Seconds: an update within the minute of publication is the same event."""


@dataclass(slots=True)
class Node:
    """An XML element; names keep their prefix as written."""

    name: str
    attributes: Mapping[str, str]
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def all(self, name: str) -> list[Node]:
        """Find the children of a name."""
        return [child for child in self.children if child.name == name]

    def said(self, *names: str) -> str:
        """Text of the first child of these names that says something."""
        texts = (child.text.strip() for name in names for child in self.all(name))
        return next(filter(None, texts), "")


class Item(NamedTuple):
    """What an item says.

    Attributes:
        kind: `wxr`, `atom` or `rss`.
        is_post: whether it is a post or a page of the blog.
        title: its title, one line.
        slug: the name that its address ends in; may be empty.
        date: when it was published.
        number: the blog's number of it; may be empty.
        url: where it was published.
        fields: front matter: key -> text or list of texts, empty ones too.
        content: HTML.

    """

    kind: str
    is_post: bool
    title: str
    slug: str
    date: str
    number: str
    url: str
    fields: Mapping[str, str | list[str]]
    content: str


def read_item(node: Node, authors: Mapping[str, str]) -> Item:
    """Read an item of any kind.

    Args:
        node: the `item` or `entry`.
        authors: login -> name.

    """
    return _atom(node) if node.name == "entry" else _rss(node, authors)


def _rss(node: Node, authors: Mapping[str, str]) -> Item:
    is_wordpress = any(child.name.startswith("wp:") for child in node.children)
    creator = node.said("dc:creator", "author")
    terms = [(c.attributes.get("domain", ""), c.text.strip()) for c in node.all("category")]
    date = _moment(node.said("wp:post_date"), node.said("wp:post_date_gmt")) or _rfc822(node.said("pubDate"))
    updated = _moment(node.said("wp:post_modified"), node.said("wp:post_modified_gmt"))
    status = node.said("wp:status").lower()
    number = node.said("wp:post_id")
    link = node.said("link", "guid")
    url = link if link.startswith(("http://", "https://")) else ""
    content = node.said("content:encoded") or ("" if is_wordpress else node.said("description"))
    fields: dict[str, str | list[str]] = {
        "title": html.unescape(node.said("title")),
        "date": date,
        "updated": updated if _later(date, updated) else "",
        "description": _plain(node.said("excerpt:encoded")),
        "author": authors.get(creator) or creator,
        "categories": [name for domain, name in terms if domain in {"category", ""} and name],
        "tags": [name for domain, name in terms if domain in {"post_tag", "tag"} and name],
        "source_url": url,
        "source_id": number,
        "status": "" if status in _LIVE else status,
    }
    return Item(
        kind="wxr" if is_wordpress else "rss",
        is_post=(not is_wordpress or node.said("wp:post_type") in _KINDS_OF_POST) and status not in _NOT_THERE,
        title=str(fields["title"]),
        slug=node.said("wp:post_name"),
        date=date,
        number=number,
        url=url,
        fields=fields,
        content=rendered(content) if is_wordpress else content,
    )


def _atom(node: Node) -> Item:
    categories = [child.attributes for child in node.all("category")]
    kinds = {one.get("term", "").rpartition("#")[2] for one in categories if one.get("scheme") == _KIND}
    kinds |= {child.text.strip().lower() for child in node.all("blogger:type")}
    drafts = [draft.text for control in node.all("app:control") for draft in control.all("app:draft")]
    status = "draft" if "yes" in drafts else node.said("blogger:status").lower()
    date, updated = node.said("published"), node.said("updated")
    links = [link.attributes for link in node.all("link") if link.attributes.get("rel", "alternate") == "alternate"]
    url = next((link.get("href", "") for link in links), "")
    found = _DIGITS(node.said("id"))
    slug = (node.said("blogger:filename") or url).rpartition("/")[2].partition(".")[0]
    body = next((child for name in ("content", "summary") for child in node.all(name) if child.text.strip()), None)
    content = body.text if body else ""
    if body is not None and body.attributes.get("type", "text") == "text":
        content = f"<p>{html.escape(content)}</p>"
    fields: dict[str, str | list[str]] = {
        "title": _plain(node.said("title")),
        "date": date or updated,
        "updated": updated if _later(date, updated) else "",
        "author": next((name for author in node.all("author") if (name := author.said("name"))), ""),
        "tags": [term for one in categories if one.get("scheme") != _KIND and (term := one.get("term", "").strip())],
        "source_url": url,
        "source_id": found[1] if found else "",
        "status": "" if status in _LIVE else status,
    }
    return Item(
        kind="atom",
        is_post=(not kinds or not kinds.isdisjoint(_KINDS_OF_POST)) and status not in _NOT_THERE,
        title=str(fields["title"]),
        slug=slug,
        date=date or updated,
        number=found[1] if found else "",
        url=url,
        fields=fields,
        content=content,
    )


def _plain(text: str) -> str:
    """Text of a field that may hold markup."""
    if "<" in text or "&" in text:
        text = html.unescape(_TAG.sub(lambda match: "" if match[1] else " ", text))
    return " ".join(text.split())


def _moment(local: str, utc: str) -> str:
    """Write a date of WordPress with its zone, which is the difference of its two clocks."""
    here, there = _parsed(local), _parsed(utc)
    if here is None:
        return f"{utc} +0000" if there else ""
    if there is None:
        return local
    minutes = round((here - there).total_seconds() / 60)
    if abs(minutes) > 14 * 60:  # hours: no zone is that far away
        return local
    sign = "-" if minutes < 0 else "+"
    return f"{local} {sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _parsed(text: str) -> datetime | None:
    if not text or text.startswith(_NO_DATE):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _rfc822(text: str) -> str:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).isoformat(" ") if text else ""
    except (ValueError, TypeError):
        # CSDN writes `2019/3/4 12:30:15`.
        return _SLASHES.sub(lambda found: f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}", text)


def _later(date: str, updated: str) -> bool:
    """Whether an update is one: not the moment of publication again."""
    first, last = _parsed(date), _parsed(updated)
    if first is None or last is None or (first.tzinfo is None) != (last.tzinfo is None):
        return bool(updated) and updated != date
    return (last - first).total_seconds() > _SHORTEST_UPDATE
