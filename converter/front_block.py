"""Where the front matter of a text is, and what it says: YAML in the forms of Jekyll, Hexo and Hugo, or TOML."""

from __future__ import annotations

import re
from datetime import time
from typing import TYPE_CHECKING, Final

from converter import lenient_yaml

if TYPE_CHECKING:
    from converter.model import Note

_OPENING: Final = re.compile(r"(?:[ \t]*\n)*---[ \t]*\n").match
_CLOSING: Final = re.compile(r"\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_REST_OF_LINE: Final = re.compile(r"[ \t]*(?:\n|\Z)").match
_MARKUP_LINE: Final = re.compile(r"(?:\A|\n)<[a-zA-Z!/]").search
_NAME: Final = r"(?:[\"'][^\"'\n]{1,60}[\"']|[^\W\d][\w.$-]{0,59})[ \t]*"
_FIRST_KEY: Final = re.compile(rf"(?:[ \t]*(?:#[^\n]*)?\n)*{_NAME}:(?:\s|\Z)").match
_FIRST_LINES: Final = 200
# What else may begin a mapping, where YAML reads all of the block as one: `{"title": "T"}`, `? title`, `my key: 1`.
# Compiled where it is asked for, as start-up counts.
_FIRST_OF_MAPPING: Final = r"\{|\?\s|[\"'][^\"'\n]{1,60}[\"'][ \t]*:\s|[^\W\d][\w.$ -]{0,59}:\s"
_KNOWN_KEY: Final = re.compile(
    r"^(?:layout|title|date|description|keywords|categories|category|tags|tag|author|artid|image|cover|slug|permalink"
    r"|draft|url|lang|updated|lastmod)[ \t]*[:：]",
    re.MULTILINE | re.IGNORECASE,
)
_TOML: Final = "+++\n"
_TOML_CLOSING: Final = re.compile(r"\n\+\+\+[ \t]*(?:\n|\Z)").search
_FEWEST: Final = 2
_DEEPEST: Final = 20
_LARGEST: Final = 10**18
_MAPPING_LINE: Final = re.compile(rf"[ \t]|#|-[ \t]|[\[\]{{}}]|$|{_NAME}:(?:\s|$)").match


def split(text: str) -> tuple[str | None, str]:
    """Cut a text into front matter and body.

    Args:
        text: the whole text, LF line ends.

    Returns:
        The lines between `---` and `---` (or `...`), None when there is no front matter, and the rest of the text. A
        block that nobody closed ends before the first line of HTML or the first blank line; Hexo reads one that nobody
        opened. Of TOML (`+++`, Hugo) the line that opens it is in the block, which tells `parse`.

    """
    opening = _OPENING(text)
    if not opening:
        return _toml(text) if text.startswith(_TOML) else _unopened(text)
    start = opening.end()
    closing = _closing(text, start - 1)
    raw = text[start : closing[0] + 1] if closing else text[start:]
    if raw.startswith(_TOML):
        return None, text
    if closing and not raw.strip():
        return raw, text[closing[1] :]
    is_closed = closing is not None and not has_markup(raw)
    begins = _FIRST_KEY(raw) or _KNOWN_KEY.search(raw[:_FIRST_LINES])
    if closing and is_closed:
        known = begins and (_KNOWN_KEY.search(raw) or all(map(_MAPPING_LINE, raw.split("\n"))))
        return (raw, text[closing[1] :]) if known or _is_mapping(raw) else (None, text)
    if not begins:
        return None, text
    raw = raw[: _end_of_unclosed(raw)]
    return (raw, text[start + len(raw) :]) if _KNOWN_KEY.search(raw) else (None, text)


def _is_mapping(raw: str) -> bool:
    """Whether all of a block is a mapping. Below a thematic break there is a blank line first, as a rule."""
    return re.match(_FIRST_OF_MAPPING, raw) is not None and lenient_yaml.is_mapping(raw)


def parse(raw: str) -> tuple[dict[str, object], tuple[Note, ...]]:
    """Read a block that `split` cut off, see `lenient_yaml.parse`; TOML is valid, or it were none."""
    if not raw.startswith(_TOML):
        return lenient_yaml.parse(raw)
    import tomllib

    return {key: _as_yaml(value) for key, value in tomllib.loads(raw[len(_TOML) :]).items()}, ()


def _as_yaml(value: object) -> object:
    """Write what TOML knows and YAML does not, an hour without a day, as text."""
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _as_yaml(item) for key, item in value.items()}
    return [_as_yaml(item) for item in value] if isinstance(value, list) else value


def _toml(text: str) -> tuple[str | None, str]:
    import tomllib

    closing = _TOML_CLOSING(text, len(_TOML) - 1)
    if closing is None:
        return None, text
    try:
        fields = tomllib.loads(text[len(_TOML) : closing.start() + 1])
    except (ValueError, RecursionError):  # a number of 5,000 digits is none of TOMLDecodeError
        return None, text
    if _is_deep(fields, _DEEPEST):
        return None, text
    return text[: closing.start() + 1], text[closing.end() :]


def _is_deep(value: object, left: int) -> bool:
    """Whether tables and lists nest deeper than any front matter does, or a number is longer than can be written."""
    if not isinstance(value, (dict, list)):
        return isinstance(value, int) and abs(value) > _LARGEST
    return not left or any(_is_deep(one, left - 1) for one in (value.values() if isinstance(value, dict) else value))


def _unopened(text: str) -> tuple[str | None, str]:
    """Cut off a block without its first line, which must name two fields: one alone is a heading of Markdown."""
    if not _FIRST_KEY(text) or text[:1] in " \t\n#":
        return None, text
    closing = _closing(text, 0)
    if closing is None:
        return None, text
    raw = text[: closing[0] + 1]
    lines = raw.rstrip("\n").split("\n")
    if len(_KNOWN_KEY.findall(raw)) < _FEWEST or not all(_is_of_mapping(line) for line in lines):
        return None, text
    return raw, text[closing[1] :]


def has_markup(raw: str) -> bool:
    """Whether a line begins with a tag."""
    return ("<" in raw[:1] or "\n<" in raw) and _MARKUP_LINE(raw) is not None


def _is_of_mapping(line: str) -> bool:
    """Whether a line can only be one of front matter: a `#` may be a heading, and a blank line ends a paragraph."""
    return bool(line.strip()) and line[0] != "#" and _MAPPING_LINE(line) is not None


def _closing(text: str, start: int) -> tuple[int, int] | None:
    """Find the line that closes a block: where the line end before it is, and where the text goes on after it."""
    at = text.find("\n---", start)
    # Nearly always the first `---` after the opening is a line of its own; the pattern looks at each character.
    if at < 0 or not (rest := _REST_OF_LINE(text, at + 4)) or text.find("\n...", start, at) >= 0:
        found = _CLOSING.search(text, start)
        return found.span() if found else None
    return at, rest.end()


def _end_of_unclosed(raw: str) -> int:
    end = 0
    for line in raw.splitlines(keepends=True):
        if not line.strip() or not _MAPPING_LINE(line.rstrip("\n")):
            break
        end += len(line)
    return end
