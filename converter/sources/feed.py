"""Exports of whole blogs in one XML file -> their posts: WordPress (WXR), Blogger and other Atom, RSS.

The file is read once to list its items and where they stand; a post is read by its place, so memory stays flat however
long the file is. Each becomes a page with front matter: what the item says about itself, then its content.

Expat, unlike lxml's `iterparse`, tells the byte at which an element begins. Entities are refused where they are
declared, and nothing outside of the file is ever read.
Sources: RFC 4287; WordPress `wp-admin/includes/export.php` (WXR 1.2); Blogger exports of 2015 (`#kind`
categories) and of 2025 (`blogger:type`).
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote
from xml.parsers import expat

from converter.errors import SourceError
from converter.sources import Found, Member
from converter.sources.containers import LARGEST, Gate, damaged, open_container
from converter.sources.feed_item import Item, Node, read_item

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from converter.sources.containers import Listing

_STEP: Final = 1 << 20
_HEAD: Final = 4096
_ROOT: Final = re.compile(rb"<(?:rss|feed|rdf:RDF)[\s>]")
_ITEMS: Final = frozenset({"item", "entry"})
# What listing needs of an item; its content is not held.
_LISTED: Final = frozenset(
    "title link guid id published pubDate updated category wp:post_id wp:post_name wp:post_date wp:post_date_gmt "
    "wp:post_type wp:status blogger:type blogger:status blogger:filename app:draft".split()
)
_AUTHORS: Final = frozenset({"wp:author_login", "wp:author_display_name"})
_LONGEST: Final = 4000  # characters of one of these
# XML forbids these, and exports of databases hold them all the same. A space in their place moves nothing.
_NO_CONTROLS: Final = bytes(32 if code < 32 and code not in {9, 10, 13} else code for code in range(256))  # noqa: PLR2004 (ASCII)
_UNSAFE: Final = re.compile(r"[/\\\x00-\x1f\s]+")
_LONGEST_NAME: Final = 120


class _Place(NamedTuple):
    """Where an item stands, and the little of it that names it."""

    offset: int
    size: int
    node: Node


class Head(NamedTuple):
    """What a feed says before its first item.

    Attributes:
        encoding: character encoding of the file.
        authors: login -> name.

    """

    encoding: str
    authors: dict[str, str]


class _Refused(Exception):
    """Something that no export holds; it ends the parser, and becomes a SourceError."""


def is_feed(file: str) -> bool:
    """Whether an XML file is a feed, by its first bytes; one that cannot be read is told later."""
    try:
        with open_container(file, file).stream as stream:
            return bool(_ROOT.search(stream.read(_HEAD)))
    except SourceError:
        return False


def feed_members(container: Found, listing: Listing) -> Iterator[Found]:
    """List the posts and pages of a feed; attachments, menus, comments, templates and the trash are none."""
    stream, size, stamp = open_container(container.file, container.name)
    gate = Gate(container, size, listing)
    with stream:
        places = _Reader(stream)
        try:
            for place in places.items():
                item = read_item(place.node, {})
                if not item.is_post:
                    continue
                path = _path_of(item)
                identity = _identity(item, gate)
                if not gate.is_wanted(path, identity):
                    continue
                if place.size > LARGEST:
                    gate.refuse(identity, f"has more than {LARGEST >> 20} MB", "leave it out with --exclude")
                    continue
                yield gate.found(path, identity, Member("feed", stamp, place.offset, place.size))
        except (expat.ExpatError, _Refused, LookupError, ValueError) as error:
            gate.give_up(f"is no XML, or is damaged: {error}", "export it again, or mend that line")


def _path_of(item: Item) -> str:
    """Name the page of an item: `2024-03-01-a-slug.html`."""
    name = _UNSAFE.sub("-", unquote(item.slug or item.title)).strip("-. ")[:_LONGEST_NAME].rstrip("-. ")
    day = item.date[:10] if re.match(r"\d{4}-\d\d-\d\d", item.date) else ""
    return "-".join(filter(None, (day, name or item.number or "post"))) + ".html"


def _identity(item: Item, gate: Gate) -> str:
    """Tell items apart by number or address; those that share one by their order."""
    wanted = item.number or item.url or item.title or "post"
    return gate.claim_first(lambda count: wanted if count == 1 else f"{wanted}#{count}")


class _Reader:
    """Reads a feed once, from its beginning."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._done: list[_Place] = []
        self._stack: list[str] = []
        self._node: Node | None = None
        self._chain: list[Node] = []
        self._begin = 0
        self.encoding = "utf-8"
        self._author = ("", "")
        self.authors: dict[str, str] = {}
        self._text: list[str] = []
        parser = self._parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declared
        parser.EntityDeclHandler = _refuse_entity
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters

    def items(self) -> Iterator[_Place]:
        """Yield the items in their order."""
        while block := self._stream.read(_STEP):
            self._parser.Parse(block.translate(_NO_CONTROLS), False)  # noqa: FBT003 (C function)
            done, self._done = self._done, []
            yield from done
        self._parser.Parse(b"", True)  # noqa: FBT003 (as above)
        yield from self._done

    def head(self) -> Head:
        """Read up to the first item."""
        while not self._done and self._node is None and (block := self._stream.read(_STEP)):
            self._parser.Parse(block.translate(_NO_CONTROLS), False)  # noqa: FBT003 (as above)
        return Head(self.encoding, self.authors)

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.encoding = (encoding or "utf-8").lower()
        if self.encoding.startswith(("utf-16", "utf16", "ucs")):
            raise _Refused(f"it is {encoding}, and only encodings that contain ASCII are read")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._stack.append(name)
        self._text = []
        if self._node is None:
            if name in _ITEMS and len(self._stack) <= 3:  # noqa: PLR2004 (rss > channel > item)
                self._begin = self._parser.CurrentByteIndex
                self._node = Node(name, attributes)
                self._chain = [self._node]
            return
        node = Node(name, attributes)
        if name in _LISTED and len(self._chain) == 1:
            self._node.children.append(node)
        self._chain.append(node)

    def _end(self, name: str) -> None:
        self._stack.pop()
        text = "".join(self._text)[:_LONGEST]
        self._text = []
        if self._node is None:
            if name in _AUTHORS:
                login, shown = self._author
                self._author = (text, shown) if name == "wp:author_login" else (login, text)
            elif name == "wp:author" and self._author[0]:
                self.authors[self._author[0]] = self._author[1]
                self._author = ("", "")
            return
        node = self._chain.pop()
        if name in _LISTED:
            node.text = text
        if not self._chain:
            # The end tag begins here; how it is written (`</item  >`) is found out when the item is read.
            size = self._parser.CurrentByteIndex - self._begin
            self._done.append(_Place(self._begin, size, node))
            self._node = None

    def _characters(self, text: str) -> None:
        if self._stack and (self._stack[-1] in _LISTED or self._stack[-1] in _AUTHORS):
            self._text.append(text)


def _refuse_entity(name: str, *_: object) -> None:
    raise _Refused(f"it declares the entity {name!r}, which no export does")


@lru_cache(maxsize=4)
def _head_of(file: str, stamp: int) -> Head:  # noqa: ARG001 (the stamp keeps a changed file apart)
    with open_container(file, file).stream as stream:
        return _Reader(stream).head()


def read_feed(stream: BinaryIO, member: Member, file: str, name: str) -> bytes:
    """Read one item as a page with front matter, UTF-8.

    Raises:
        SourceError: it is damaged.

    """
    try:
        head = _head_of(file, member.stamp)
        stream.seek(member.offset)
        raw = stream.read(member.size).translate(_NO_CONTROLS)
        node = _parse(raw, head.encoding)
    except (expat.ExpatError, _Refused, LookupError, ValueError):
        raise damaged(name) from None
    item = read_item(node, head.authors)
    lines = [f"{key}: {_yaml(value)}\n" for key, value in item.fields.items() if value]
    page = f'<html><head><meta name="archive2md-feed" content="{item.kind}"></head><body>\n{item.content}\n'
    return f"---\n{''.join(lines)}---\n{page}".encode("utf-8", "replace")


def _yaml(value: str | list[str]) -> str:
    """Write a value as JSON, which is YAML too, on one line."""
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    return json.dumps(" ".join(value.split()), ensure_ascii=False)


def _parse(raw: bytes, encoding: str) -> Node:
    """Build the tree of one item, whose end tag is cut off; markup in Atom's `content` stays as it was written."""
    top = Node("", {})
    chain = [top]
    texts: list[list[str]] = [[]]
    verbatim: list[int] = []
    parser = expat.ParserCreate(encoding)
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        node = Node(name, attributes)
        chain[-1].children.append(node)
        chain.append(node)
        texts.append([])
        if attributes.get("type") == "xhtml" and not verbatim:
            verbatim.extend((len(chain), parser.CurrentByteIndex))

    def end(_name: str) -> None:
        node = chain.pop()
        node.text = "".join(texts.pop())
        if verbatim and len(chain) + 1 == verbatim[0]:
            inner = raw[verbatim[1] : parser.CurrentByteIndex]
            node.text = inner[inner.find(b">") + 1 :].decode(encoding, "replace")
            node.children.clear()
            verbatim.clear()

    def characters(text: str) -> None:
        texts[-1].append(text)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.EntityDeclHandler = _refuse_entity
    parser.Parse(raw, False)  # noqa: FBT003 (C function)
    parser.Parse(b"</" + raw[1:].split(b">", 1)[0].split()[0] + b">", True)  # noqa: FBT003 (as above)
    return top.children[0]
