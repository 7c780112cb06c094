"""Regular front matter, nearly all there is, read and written without a YAML parser, and the types of plain scalars.

Only what every YAML reader takes the same way: a key at the beginning of a line; its value on that line, plain, quoted
with the plainest escapes or a flow list; or such a list below it, or a list or one mapping of such values. For all else
both functions answer None, and the caller asks PyYAML; where they answer, they answer what PyYAML does. Two common
mistakes that no YAML reader takes are told at once, too.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from converter.dates import read_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# Text by nature: `title: 2.10` is not the number 2.1, and `tags: [No]` is not false. That holds for the fields of the
# post: what `params: {tags: no}` says, its theme knows.
_LIST_KEYS: Final = frozenset({"categories", "category", "tags", "tag", "keywords"})
_DATE_KEYS: Final = frozenset(
    {"date", "updated", "lastmod", "last_modified_at", "modified", "post_date", "pubDatetime", "datePublished"}
)
_NAME_KEYS: Final = frozenset({"title", "post_title", "description", "author", "language", "lang"})
_SOURCE_KEYS: Final = frozenset({"artid", "source_id", "arturl_encode", "source_url", "original_url", "canonical_url"})
LIST_KEYS: Final = _LIST_KEYS
TEXT_KEYS: Final = _LIST_KEYS | _DATE_KEYS | _NAME_KEYS | _SOURCE_KEYS
# A mapping below one of these stays a mapping, with the types in it; below the others it is text again.
MAPPING_KEYS: Final = frozenset({"author"})
TEXT_BELOW: Final = {"image": "alt"}
_BOOLEANS: Final = {
    spelling: value
    for word, value in (("true", True), ("yes", True), ("on", True), ("false", False), ("no", False), ("off", False))
    for spelling in (word, word.capitalize(), word.upper())
}
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9]\d{0,17})", re.ASCII).fullmatch  # octal-looking 0123 stays text
_NUMERIC: Final = frozenset("-+.0123456789")
_LONGEST_NUMBER: Final = 1_000  # Python neither reads nor writes numbers of 5,000 digits


def scalar(text: str, *, as_text: bool) -> object:
    """Give a plain scalar its type: text, None, and unless it is text by nature a number, a boolean or a date."""
    if text in _NULLS:
        return None
    if as_text:
        return text
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in _NUMERIC:
        return text
    return int(text) if _INTEGER(text) else _typed(text)


def _typed(text: str) -> object:
    """Give what begins like a number the type of YAML 1.1. Where readers differ, `0123` and `12:30`, it is text."""
    found = _number()(text) if len(text) < _LONGEST_NUMBER else None
    read_type = _TYPES.get(found.lastgroup or "") if found else None
    if read_type is None:
        return text
    try:
        return read_type(text)
    except ValueError:  # `0x_`, `2024-02-31`
        return text


def _read_based(text: str) -> int:
    value = int(text.replace("_", ""), 0)
    if abs(value) >= 10 ** (_LONGEST_NUMBER - 2):
        raise ValueError  # it would come out as text, when that is read
    return value


def _read_moment(text: str) -> object:
    moment = read_date(text, "+00:00")
    if moment is None:
        return text
    # Behind the day, a sign can only be that of a zone.
    return moment if any(sign in text[8:] for sign in "Z+-") else moment.replace(tzinfo=None)


_TYPES: Final[Mapping[str, Callable[[str], object]]] = {
    "float": lambda text: float(text.replace("_", "")),
    "endless": lambda text: float(text.replace(".", "")),
    "based": _read_based,
    "whole": lambda text: int(text.replace("_", "")),
    "day": date.fromisoformat,
    "moment": _read_moment,
}


# --- reading ---------------------------------------------------------------------------------------------------------

_LONGEST: Final = 16_000  # what fits in has fewer nodes than the strict reader allows
# Not printable, or line breaks. What is said by a few characters compiles in a tenth of the time of the others.
_ODD: Final = "\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\\ud800-\\udfff\ufeff\ufffe\uffff"
_FIRST: Final = r"[^\s\-?:,\[\]{}#&*!|>'\"%@`]"  # no indicator
# `"a \"word\", \t"`: one post in forty, by its description. Each other escape, and a wrong one, is PyYAML's business.
_QUOTED: Final = r"\"{0}[^\"\\]*(?:\\[\"\\nt][^\"\\]*)*{1}\" *|'{0}[^']*{1}' *"
# `"\w of one"`, `"D:\photos"`: what stands behind the sign is no escape of YAML 1.1.
_WRONG_ESCAPE: Final = (
    r"[A-Za-z_][A-Za-z0-9_-]{0,59}: +\"[^\"\\]*(?:\\[0abtnvfre \"/\\N_LP][^\"\\]*)*\\[^0abtnvfre \"/\\N_LPxuU]"
)
_ESCAPE: Final = r"\\(.)"
_ESCAPED: Final = {"n": "\n", "t": "\t"}
_FLOW_ITEM: Final = _QUOTED.format("", "") + rf"|{_FIRST}[^:#,?\[\]{{}}'\"]*"
# No two neighbouring parts can take the same space, so a line that does not match costs linear time.
_LINE: Final = (
    r"( *)(?:- +|([A-Za-z_][A-Za-z0-9_-]{0,59}):(?: +|$))(?:"
    + _QUOTED.format("(", ")")
    + rf"|\[ *((?:(?:{_FLOW_ITEM})(?:, *(?:{_FLOW_ITEM}))*)?)\] *"
    + rf"|((?:{_FIRST}|-(?=\S))[^:#]*(?:(?::(?=[^ ])|(?<=[^ ])#)[^:#]*)*))?"
)
_ITEMS: Final = _QUOTED.format("(", ")") + rf"|({_FIRST}[^,]*)"
_KEY, _DOUBLE, _FLOW, _PLAIN = 2, 3, 5, 6


class NotYamlError(ValueError):
    """No YAML reader takes this block; PyYAML need not be asked."""


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Compile what finds an unreadable character, and what reads a line, when there is front matter at all."""
    return re.compile(f"[{_ODD}]"), re.compile(_LINE)


def read(text: str) -> list[tuple[str, object]] | None:
    """Read a block mapping of regular lines into pairs, duplicates included; None when one is not, or there is none.

    Raises:
        NotYamlError: a regular line is followed by what is a mistake there for sure.

    """
    unreadable, regular = _patterns()
    if len(text) > _LONGEST or unreadable.search(text):
        return None
    pairs: list[tuple[str, object]] = []
    below: dict[object, object] | list[object] | None = None  # the value of the last key, while lines may add to it
    indent, kind, is_open, is_text = 0, 0, False, False  # kind: what the line before was, when it began with a key
    lines = iter(text.split("\n"))
    for line in lines:
        if not line.strip(" "):
            continue
        m = regular.fullmatch(line) or regular.fullmatch(_flow_below(line, lines, pairs, kind))
        if not m:
            return None
        depth, key = m.end(1), m[_KEY]
        kind = 0 if depth else m.lastindex or 0
        if key and not depth:
            is_text = key in TEXT_KEYS
            pairs.append((key, _value(m, as_text=is_text)))
            is_open, below = kind == _KEY, None
            continue
        if not is_open or (not key and m.lastindex == 1):
            return None
        if below is None:
            indent, below = depth, {} if key else []
            parent = pairs[-1][0]
            pairs[-1] = parent, below
            is_text = is_text and not (key and parent in MAPPING_KEYS)
        if depth != indent or isinstance(below, dict) is not bool(key):
            return None
        if isinstance(below, dict):
            below[scalar(key, as_text=is_text)] = _value(m, as_text=is_text or TEXT_BELOW.get(parent) == key)
        else:
            below.append(_value(m, as_text=is_text))
    return pairs or None


def _flow_below(line: str, lines: Iterator[str], pairs: list[tuple[str, object]], kind: int) -> str:
    """Join a flow list that stands below its key to the line it could be, and take the key back; empty when it is none.

    Raises:
        NotYamlError: as `read`.

    """
    if "\\" in line and re.match(_WRONG_ESCAPE, line):
        raise NotYamlError
    item = line.strip(" ")
    if line[0] != " " or item[0] != "[":
        return ""
    if kind == _FLOW:  # 101 posts of one archive: a formatter wrote `tags: []` and moved the list to the next lines
        raise NotYamlError
    parts = [f"{pairs.pop()[0]}: {item}"] if kind == _KEY else [""]
    while not parts[-1].endswith("]"):
        line = next(lines, "")
        item = line.strip(" ")
        if not item or not parts[0] or line[0] != " " or item[0] in "-#":
            return ""
        parts.append(item)
    return " ".join(parts)


def _value(m: re.Match[str], *, as_text: bool) -> object:
    kind = m.lastindex or 0
    if kind <= _KEY:
        return None
    if kind != _FLOW:
        return _one(m, _DOUBLE, _PLAIN, as_text=as_text)
    double, plain = 1, 3
    return [_one(item, double, plain, as_text=as_text) for item in re.finditer(_ITEMS, m[_FLOW])]


def _one(m: re.Match[str], double: int, plain: int, *, as_text: bool) -> object:
    """Read the one value that matched, by the numbers of the groups for double quotes and for none."""
    kind = m.lastindex or 0
    text = m[kind]
    if kind == plain:
        return scalar(text.rstrip(" "), as_text=as_text)
    return re.sub(_ESCAPE, lambda m: _ESCAPED.get(m[1], m[1]), text) if kind == double and "\\" in text else text


# --- writing ---------------------------------------------------------------------------------------------------------

_UNWRITABLE: Final = re.compile(f"[\n{_ODD}]").search
_ASTRAL: Final = re.compile("[\U00010000-\U0010ffff]").search
_WRITABLE_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,59}").fullmatch
# What libyaml does not write without quotes in a block, besides what would be read as another type.
_INDICATORS: Final = frozenset(",[]{}#&*!|>'\"%@`")
_INDICATED: Final = ("- ", "? ", "---", "...")
_INDICATOR_ALONE: Final = ("-", "?")
_WORDS: Final = frozenset({*_BOOLEANS, *_NULLS, "<<", "=", "!", "&", "*"})
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?(?:[+-]\d\d:\d\d)?", re.ASCII).fullmatch


def write(fields: Mapping[str, object]) -> str | None:
    """Write a mapping of texts, numbers, moments and lists of texts, in block style.

    Returns:
        The lines; None when a value needs escapes, or is of another kind.

    """
    lines: list[str] = []
    for key, value in fields.items():
        if not _is_plain_key(key):
            return None
        if type(value) is list and value:
            lines.append(f"{key}:")
            for item in value:
                text = _text(item)
                if text is None:
                    return None
                lines.append(f"- {text}")
            continue
        write_value = _WRITERS.get(type(value))
        text = write_value(value) if write_value else None
        if text is None:
            return None
        lines.append(f"{key}: {text}")
    # One look at all of them; what Python calls printable is at least that, and it says so at once.
    whole = "".join(lines)
    if not whole.isascii() and _ASTRAL(whole):
        return None
    if not whole.isprintable() and _UNWRITABLE(whole):
        return None
    lines.append("")
    return "\n".join(lines)


@lru_cache(maxsize=256)
def _is_plain_key(key: str) -> bool:
    return _WRITABLE_KEY(key) is not None and not _is_typed(key)


def _is_typed(text: str) -> bool:
    """Whether YAML 1.1 takes a plain scalar for something else than text."""
    return text in _WORDS or (text[0] in "-+.0123456789" and bool(_number()(text)))


@cache
def _number() -> Callable[[str], re.Match[str] | None]:
    """Match floats, integers and timestamps of YAML 1.1, as PyYAML does; few texts begin like one."""
    return re.compile(
        r"""(?P<float>[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)? | \.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)
        | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]* | (?P<endless>[-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN))
        | (?P<based>[-+]?0b[0-1_]+ | [-+]?0x[0-9a-fA-F_]+) | [-+]?0[0-7_]+ | (?P<whole>[-+]?(?:0|[1-9][0-9_]*))
        | [-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+
        | (?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})
        | (?P<moment>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}
          (?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)""",
        re.VERBOSE,
    ).fullmatch


def _text(value: object) -> str | None:
    """Write a text; whether all of its characters can be written, `write` finds out."""
    if not isinstance(value, str) or not value or value[0] == " " or value[-1] == " ":
        return None
    if _needs_quotes(value) or _is_typed(value):
        value = value.replace("'", "''")
        return f"'{value}'"
    return value


def _needs_quotes(text: str) -> bool:
    return (
        text[0] in _INDICATORS
        or text[-1] == ":"
        or ": " in text
        or " #" in text
        or text.startswith(_INDICATED)
        or text in _INDICATOR_ALONE
    )


def _moment(value: object) -> str | None:
    text = value.isoformat() if isinstance(value, datetime) else ""
    return text if _MOMENT(text) else None


_WRITERS: Final[Mapping[type, Callable[[object], str | None]]] = {
    str: _text,
    bool: lambda value: "true" if value else "false",
    int: str,
    datetime: _moment,
    date: str,
}
