"""Patterns of `--include` and `--exclude` -> one question about a path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from converter.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_PIECE: Final = re.compile(r"\*\*/|\*\*|\*|\?|\[!?(?:\][^\]/]*|[^\]/]+)\]|[^*?\[]+|\[")
_WILD: Final = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]", "[": r"\["}


def everything(_: str) -> bool:
    """Want each post."""
    return True


def selection(include: Iterable[str] = (), exclude: Iterable[str] = ()) -> Callable[[str], bool]:
    """Make the question whether a post is wanted, by its path in its directory or container.

    A pattern without `/` is matched with the name of the post and of each folder above it: `drafts` means all posts
    in folders of this name, `*.htm` all posts of this suffix. One with `/` is matched with the path from its
    beginning, and means all that is in a folder that it matches. `*` and `?` match no `/`, `**` does; `[a-z]` and
    `[!a-z]` are classes. Large and small letters differ. `--exclude` wins.

    Args:
        include: a post has to match one of them; none means that all do.
        exclude: a post must not match any.

    Raises:
        ConfigError: a class in a pattern is none, such as `[z-a]`.

    """
    included, excluded = _any_of(include), _any_of(exclude)
    if not included and not excluded:
        return everything

    def wanted(path: str) -> bool:
        return (not included or bool(included.match(path))) and not (excluded and excluded.match(path))

    return wanted


def _any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    parts = []
    for pattern in patterns:
        parts.append(_translate(pattern))
        try:
            re.compile(parts[-1])
        except re.error:
            remedy = "write classes as [a-z]"
            raise ConfigError("not a valid pattern", source=pattern, remedy=remedy) from None
    return re.compile(rf"(?s:(?:{'|'.join(parts)})(?:/|\Z))") if parts else None


def _translate(pattern: str) -> str:
    anchored = "/" in pattern.rstrip("/")
    text = "".join(map(_piece, _PIECE.findall(pattern.strip("/"))))
    return text if anchored else rf"(?:[^/]+/)*{text}"


def _piece(piece: str) -> str:
    if piece in _WILD:
        return _WILD[piece]
    if not piece.startswith("["):
        return re.escape(piece)
    negated = piece.startswith("[!") and piece != "[!]"
    inside = re.sub(r"([\\\[\]^&~|])", r"\\\1", piece[2 if negated else 1 : -1])
    return f"[{'^/' if negated else ''}{inside}]"
