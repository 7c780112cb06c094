"""Site profiles: what a site's pages look like, as data in YAML.

A profile says which element holds the article, where the page keeps its metadata, which elements are no content, and
which values of the front matter mean nothing. `generic.yaml` documents every key; other profiles extend it.
"""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from converter.errors import ConfigError
from converter.model import FieldPolicy
from converter.profiles import plain
from converter.profiles.addresses import Links, Pictures, links, pictures
from converter.profiles.keys import FIELDS, LISTS, MAX_DEPTH, TABLES
from converter.selectors import Around, Compound, Index, find, parse_single, telling_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from converter.tree import Element, Query


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where one piece of metadata may be.

    Attributes:
        selector: finds the elements; an XPath where it has several parts.
        attribute: the attribute that holds the value; empty: the text.
        word: what the source of a page with such an element holds for sure, as UTF-8.
        place: the selector as the profile writes it.

    """

    selector: Compound | Query
    attribute: str
    word: bytes
    place: str

    def first(self, tree: Element) -> Element | None:
        """Find the first element in a tree."""
        if isinstance(self.selector, Compound):
            return self.selector.first(tree)
        return next(iter(self.selector(tree)), None)

    def all(self, tree: Element, around: Around) -> list[Element]:
        """Find all elements in a tree, of which the elements may be filed already."""
        return around.find(self.selector) if isinstance(self.selector, Compound) else self.selector(tree)


@dataclass(frozen=True, slots=True)
class Profile:
    """One site.

    Attributes:
        name: what `--profile` calls it.
        about: one sentence for people.
        detect: a page on which any of these finds something belongs to the site.
        posts: which pages of the site are posts; empty when it does not say.
        root: where the article is; the first that finds something wins, and of that its first match.
        metadata: field of `model.Metadata` -> places to look at, best first.
        drop: rules for elements that are no content.
        elements: what the site's own elements are read as: selectors filed under the name of a standard element.
        pictures: what is known of addresses and alternative texts of pictures.
        links: what is known of addresses and classes of links.
        boilerplate: what the site puts around the description of a page.
        base_url: what addresses of posts that begin with `/` are relative to; empty when nobody knows.
        policy: what front matter values mean nothing.
        keep: rules that are not applied.

    """

    name: str
    about: str
    detect: tuple[Lookup, ...]
    posts: tuple[Lookup, ...]
    root: tuple[Lookup, ...]
    metadata: Mapping[str, tuple[Lookup, ...]]
    drop: Index
    elements: Index | None
    pictures: Pictures
    links: Links
    boilerplate: re.Pattern[str] | None
    base_url: str
    policy: FieldPolicy
    keep: frozenset[str] = frozenset()


_HERE: Final = os.path.dirname(__file__)  # noqa: PTH120 (as below)


@functools.cache
def names() -> tuple[str, ...]:
    """Names of the profiles that come with the package, in the order in which they are tried.

    Of items of a feed the whole body is the article, whatever they quote. Posts of `csdn` quote whole pages of other
    sites (2,000 of 24,597), not the other way round. The most general profile is last.
    """
    try:
        files = os.listdir(_HERE)  # noqa: PTH208 (pathlib takes 4 ms to import, which a pipe has no use for)
    except OSError:  # the package lies in a zip file
        from importlib import resources

        files = [file.name for file in resources.files(__package__).iterdir()]
    found = (file.removesuffix(".yaml") for file in files if file.endswith(".yaml"))
    return tuple(sorted(found, key=lambda name: (name == "generic", name != "feed", name != "csdn", name)))


@functools.cache
def marks(name: str) -> tuple[Lookup, ...]:
    """Give what tells a page of the site, without all the rest of the profile, which most pages need of one only."""
    return _marks(_merged(name, depth=0))


def load(name: str, keep: frozenset[str] = frozenset()) -> Profile:
    """Load a profile by name, or from a file when the name looks like a path.

    Args:
        name: the name, or the path.
        keep: names of rules that are left out of it.

    Raises:
        ConfigError: there is no such profile, or it is not valid; the message names the file, the line and the key.

    """
    return _load(name, keep, () if name in names() else _stamp(name))


@functools.lru_cache(maxsize=64)
def _load(name: str, keep: frozenset[str], stamp: tuple[object, ...]) -> Profile:  # noqa: ARG001 (see `_stamp`)
    return _build(_merged(name, depth=0), keep)


def _stamp(path: str) -> tuple[object, ...]:
    """Tell whether a profile's file is still the one that was read: by where it is, its time and its size."""
    try:
        status = os.stat(path)  # noqa: PTH116 (as above)
    except OSError:
        return ()  # reading it says what is wrong
    return os.path.abspath(path), status.st_mtime_ns, status.st_size, status.st_ino  # noqa: PTH100 (as above)


def source_of(name: str) -> str:
    """Return the YAML text of a profile, as it was written.

    Raises:
        ConfigError: there is no such profile, or its file cannot be read.

    """
    if name in names():
        path = os.path.join(_HERE, f"{name}.yaml")  # noqa: PTH118 (as above)
        data: bytes = globals()["__loader__"].get_data(path)  # from a zip file, too
        return data.decode()
    if "/" in name or "\\" in name or name.endswith((".yaml", ".yml")):
        from pathlib import Path

        try:
            return Path(name).read_text(encoding="utf-8")
        except OSError as e:
            raise ConfigError(f"the profile cannot be read: {e.strerror}", source=name, remedy="check the path") from e
        except UnicodeDecodeError as e:
            raise ConfigError("the profile is not UTF-8", source=name, remedy="save it as UTF-8") from e
    remedy = f"use one of auto, {', '.join(names())}, or the path of a .yaml file"
    raise ConfigError(f"there is no profile {name!r}", remedy=remedy)


def _merged(name: str, depth: int) -> dict[str, object]:
    data = _read(name)
    parent = data.get("extends")
    if not parent:
        return data
    if depth >= MAX_DEPTH:
        raise ConfigError("profiles extend each other in a circle", source=name, remedy="remove one `extends`")
    return _overlay(_merged(str(parent), depth + 1), data)


def _overlay(base: dict[str, object], data: dict[str, object]) -> dict[str, object]:
    """Merge a profile over the one it extends: rules are added up, all other values replaced."""
    out = {**base, **data}
    for key in TABLES:
        below, above = base.get(key) or {}, data.get(key) or {}
        merged = dict(below) | dict(above)  # type: ignore[call-overload] # the check has seen that both are mappings
        if key in {"drop", "images", "links", "elements"}:
            for row in set(below) & set(above):  # type: ignore[call-overload]
                merged[row] = [*below[row], *above[row]]  # type: ignore[index]
        out[key] = merged
    return out


def _read(name: str) -> dict[str, object]:
    if name in names():
        return _packaged(name)
    from converter.profiles.checking import checked  # only for users' own profiles

    return checked(name, source_of(name), names())


@functools.cache
def _packaged(name: str) -> dict[str, object]:
    """Read a profile of the package, which the tests have checked; they are written so that `plain` reads them."""
    text = source_of(name)
    data: dict[str, object] | None = plain.read(text)
    if data is None:
        import yaml  # a third of what a pipe would import

        data = yaml.load(text, Loader=yaml.CSafeLoader)
    return data or {}


def _build(data: dict[str, object], keep: frozenset[str]) -> Profile:
    table: dict[str, Mapping[str, list[str]]] = {key: data.get(key) or {} for key in TABLES}  # type: ignore[misc]
    lists: dict[str, list[str]] = {key: data.get(key) or [] for key in LISTS}  # type: ignore[misc]
    known = pictures(table["images"], keep)
    boilerplate = data.get("boilerplate")
    return Profile(
        name=str(data.get("name") or "unnamed"),
        about=str(data.get("about") or ""),
        detect=_marks(data),
        posts=tuple(map(_lookup, lists["posts"])),
        root=tuple(map(_lookup, lists["root"])),
        metadata={
            key: tuple(_lookup(*place.partition("@")[::2]) for place in places)
            for key, places in table["metadata"].items()
        },
        drop=Index.of({rule: selectors for rule, selectors in table["drop"].items() if rule not in keep}),
        elements=Index.of(table["elements"]) if table["elements"] else None,
        pictures=known,
        links=links(table["links"], keep),
        boilerplate=re.compile(str(boilerplate)) if boilerplate else None,
        base_url=str(data.get("base_url") or "").rstrip("/"),
        policy=FieldPolicy(
            placeholders=frozenset(() if "placeholder" in keep else lists["placeholders"]),
            random_images=known.random,
            picture_marks=known.marks,
            utc_offset=str(data.get("utc_offset") or "+00:00"),
        ),
        keep=keep,
    )


def _marks(data: Mapping[str, object]) -> tuple[Lookup, ...]:
    places: list[str] = data.get("detect") or []  # type: ignore[assignment] # the check has seen that it is a list
    return tuple(map(_lookup, places))


def _lookup(selector: str, attribute: str = "") -> Lookup:
    place = f"{selector}@{attribute}" if attribute else selector
    return Lookup(parse_single(selector) or find(selector), attribute, telling_word(selector).encode(), place)


__all__ = ["FIELDS", "Around", "Lookup", "Profile", "load", "marks", "names", "source_of"]
