"""What sites add to the addresses of links and pictures, and how to take it out again.

Nothing is parsed and put together again: parts are cut out, so that what stays is what was written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

_WHOLE: Final = re.compile(r"(?:https?|ftp)://[^\s<>\"\x00-\x20\ufffd]+", re.IGNORECASE).fullmatch
_HOST: Final = re.compile(r"(?:https?:)?//(?:www\.)?([^/?#]+)([^?#]*)", re.IGNORECASE).match
_PARTS: Final = re.compile(r"([?&;#])")
_MANY: Final = 3  # redirectors behind each other


class Parameters(NamedTuple):
    """Names of parameters that an address works without.

    Attributes:
        anywhere: names that mean the same on every host.
        prefixes: beginnings of such names.
        of_host: host (its subdomains count) -> names.

    """

    anywhere: frozenset[str]
    prefixes: tuple[str, ...]
    of_host: dict[str, frozenset[str]]

    @classmethod
    def of(cls, lines: Iterable[str]) -> Parameters:
        """Read `name`, `name_*` and `name host`."""
        anywhere, prefixes, hosts = set(), [], dict[str, set[str]]()
        for line in lines:
            name, _, host = line.partition(" ")
            if host:
                hosts.setdefault(host.strip(), set()).add(name)
            elif name.endswith("*"):
                prefixes.append(name[:-1])
            else:
                anywhere.add(name)
        of_host = {host: frozenset(names) for host, names in hosts.items()}
        return cls(frozenset(anywhere), tuple(prefixes), of_host)

    def strip(self, address: str) -> str:
        """Cut the parameters out of an address; everything else stays as it is written."""
        whole, hash_, fragment = address.partition("#")
        base, asks, query = whole.partition("?")
        if not query and "&" not in fragment:
            return address
        mine = self._of(address)
        kept = self._kept(query, mine)
        # Copied behind the name of a place in the page: `#part-2&spm=1001`.
        place, joint, behind = fragment.partition("&")
        own = self._kept(behind, mine)
        if len(kept) == query.count("&") + 1 and len(own) == behind.count("&") + 1:
            return address
        asked = asks + "&".join(kept) if kept else ""
        return base + asked + hash_ + ("&".join([place, *own]) if joint else place)

    def _kept(self, query: str, mine: frozenset[str]) -> list[str]:
        anywhere, prefixes = self.anywhere, self.prefixes
        return [
            part
            for part in query.split("&")
            if (name := part.partition("=")[0]) not in anywhere and name not in mine and not name.startswith(prefixes)
        ]

    def _of(self, address: str) -> frozenset[str]:
        found = _HOST(address)
        host = found[1].lower() if found else ""
        while host:
            if host in self.of_host:
                return self.of_host[host]
            host = host.partition(".")[2]
        return frozenset()


class Places(NamedTuple):
    """Pages of which one parameter says all.

    Attributes:
        of_host: host, without `www.` -> pairs of a path and a parameter.

    """

    of_host: dict[str, tuple[tuple[str, str], ...]]

    @classmethod
    def of(cls, lines: Iterable[str]) -> Places:
        """Read `host/path?parameter`."""
        hosts: dict[str, tuple[tuple[str, str], ...]] = {}
        for line in lines:
            place, _, name = line.partition("?")
            host, _, path = place.removeprefix("www.").partition("/")
            hosts[host] = (*hosts.get(host, ()), (path.strip("/"), name))
        return cls(hosts)

    def value(self, address: str) -> str:
        """Find what the parameter holds, as it is written; empty when the address is none of these pages."""
        found = _HOST(address) if self.of_host else None
        if found is None:
            return ""
        path = found[2].strip("/")
        for wanted, name in self.of_host.get(found[1].lower(), ()):
            if path != wanted:
                continue
            query = "&" + address[found.end() :].lstrip("?")
            _, mark, value = query.partition(f"&{name}=")
            if mark:
                # An address that was not encoded keeps the parameters behind its own question mark.
                return value if "://" in value and "?" in value.partition("&")[0] else value.partition("&")[0]
        return ""

    def target(self, address: str) -> str:
        """Follow a redirector, and one behind it; empty when the address is none, or does not say where it leads."""
        target = ""
        for _ in range(_MANY):
            found = _unquoted(self.value(target or address))
            if not found:
                break
            target = found
        return target


def _unquoted(value: str) -> str:
    """Decode an address in a parameter; empty when it is none."""
    host = value.partition("://")[2].partition("/")[0]
    text = value if host and "%2f" not in host.lower() else unquote(value)
    if not _WHOLE(text) and "%3a" in text.lower():
        text = unquote(text)
    return text if _WHOLE(text) else ""


def is_whole(address: str) -> bool:
    """Whether a text is an address with scheme and host, and nothing else."""
    return _WHOLE(address) is not None


def parameter(address: str, name: str) -> str:
    """Return the value of a parameter as it is written; empty when there is none."""
    query = address.partition("?")[2]
    return next((part[len(name) + 1 :] for part in query.split("&") if part.startswith(f"{name}=")), "")


def without_marks(address: str, marks: tuple[str, ...]) -> str:
    """Cut the parts (behind `?`, `&`, `;`, `#`) that begin with a mark out of an address; doubled ones go as well."""
    pieces = _PARTS.split(address)
    kept = pieces[0]
    asked = False
    for sign, part in zip(pieces[1::2], pieces[2::2], strict=True):
        if part.startswith(marks) or (not part and sign in "?&"):
            continue
        begins = sign == "?" or (sign == "&" and not asked)  # the first parameter that stays
        kept += ("?" if begins else sign) + part
        asked = asked or begins
    return kept


def part_of_page(address: str) -> str:
    """Return an address without what stands behind `?`, `&`, `;` or `#`."""
    return _PARTS.split(address, maxsplit=1)[0]


def host_of(address: str) -> str:
    """Return the host of an address, without `www.`; empty when it names none."""
    found = _HOST(address)
    return found[1].lower() if found else ""


def name_of_file(address: str) -> str:
    """Return the last part of an address's path: the name of a picture."""
    return part_of_page(address).rstrip("/").rpartition("/")[2]
