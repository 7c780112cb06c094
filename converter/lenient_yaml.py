"""YAML of hand-made and machine-damaged front matter: read what can be read, and write what any reader accepts.

Reading builds plain values straight from the node tree: no constructors, so tags like `!!python/object` have no power,
and a count of nodes stops aliases and merge keys that multiply. What strict YAML refuses is read again key by key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from converter import plain_yaml
from converter.model import Note
from converter.plain_yaml import LIST_KEYS, TEXT_BELOW, TEXT_KEYS

_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\\ud800-\\udfff\ufffe\uffff]+")
_YAML_BREAKS: Final = "\x85\u2028\u2029"
# The composer of libyaml recurses on the C stack: 100,000 brackets end the process, so it never sees them.
_DEEP_INDENT: Final = re.compile(r"^[ \t?:-]{200}", re.MULTILINE).search
_MAX_BRACKETS: Final = 400

# YAML-valid, but the text is lost: `title: C #2` (comment), `title: [x]` (list), `title: !x y` (tag), `title: &x y`.
_MISREAD: Final = re.compile(
    r"^(title|description)[ \t]*:[ \t]+((?:!(?!!str[ \t])|[&\[{#])[^\n]*|[^\s\"'|>][^\n]*?[ \t]#[^\n]*)$(?!\n[ \t]+\S)",
    re.MULTILINE,
)
_ALIAS: Final = r"(?m)(?::[ \t]|-[ \t]|[\[,])[ \t]*\*([\w-]+)[ \t]*(?=[,\]}]|$)"  # compiled where one may be
_KEY: Final = re.compile(
    r"(?:\"([^\"]{1,60})\"|'([^']{1,60})'|([^\W\d][\w.$-]{0,59}))[ \t]*:(?:[ \t]+(.*)|)", re.DOTALL
).fullmatch
_GLUED_KEY: Final = re.compile(
    r"(layout|title|date|updated|description|keywords|categories|category|tags|tag|artid|author|image)[ \t]*[:：](.*)",
    re.DOTALL,
).fullmatch


class _Unreadable(Exception):
    """The strict reader gives up."""


def parse(raw: str) -> tuple[dict[str, object], tuple[Note, ...]]:
    """Read a front matter block.

    Args:
        raw: the lines between the `---` lines.

    Returns:
        The fields in their order (dates and everything that is text by nature as strings), and a Note per repair. What
        no meaning could be given to stands verbatim in a Note. Never raises.

    """
    notes: list[Note] = []
    text = _printable(raw, notes)
    aliases = frozenset(re.findall(_ALIAS, text)) if "*" in text and "&" in text else frozenset()
    text = _MISREAD.sub(lambda match: _quote_misread(match, notes, aliases), text)
    try:
        pairs = _strict(text)
    except _Unreadable:
        pairs = _by_key(text, notes, 0)
    return _merge(pairs, notes), tuple(notes)


def is_mapping(raw: str) -> bool:
    """Whether a block is a mapping as it stands, without any repair; one without values, `? what`, is prose."""
    try:
        pairs = _strict(raw)
    except _Unreadable:
        return False
    return not pairs or any(value is not None for _, value in pairs)


def _printable(raw: str, notes: list[Note]) -> str:
    text = raw.replace("\r\n", "\n").replace("\r", "\n") if "\r" in raw else raw
    if not _CONTROL.search(text):
        return text
    notes.append(Note("front-matter-repaired", "control characters were left out"))
    return _CONTROL.sub(lambda match: " " if match[0][0] in _YAML_BREAKS else "", text)


def _quote_misread(match: re.Match[str], notes: list[Note], aliases: frozenset[str]) -> str:
    value = match[2].rstrip()
    if value[0] == "&" and value[1:].partition(" ")[0] in aliases:
        return match[0]
    notes.append(Note("front-matter-repaired", f"{match[1]}: read as text: {value}"))
    return f"{match[1]}: '{value.replace(chr(39), chr(39) * 2)}'"


# --- strict ----------------------------------------------------------------------------------------------------------


def _strict(text: str) -> list[tuple[str, object]]:
    """Read a YAML mapping into pairs, duplicates included.

    Raises:
        _Unreadable: it is no YAML, no mapping, or too deep or too large to be front matter.

    """
    if text.count("[") + text.count("{") > _MAX_BRACKETS or _DEEP_INDENT(text):
        raise _Unreadable
    try:
        regular = plain_yaml.read(text)
    except plain_yaml.NotYamlError as error:
        raise _Unreadable from error
    if regular is not None:
        return regular
    from converter import strict_yaml  # PyYAML: only for what is not regular

    pairs = strict_yaml.read(text)
    if pairs is None:
        raise _Unreadable
    return pairs


def _merge(pairs: list[tuple[str, object]], notes: list[Note]) -> dict[str, object]:
    """Make one mapping of the pairs: the last of equal keys wins, but not over something that says more.

    Later exports write `image:` twice, a mapping and then a random picture's address.
    """
    fields: dict[str, object] = {}
    for key, value in pairs:
        if key not in fields:
            fields[key] = value
            continue
        old = fields[key]
        keep_old = value in (None, "", []) or (isinstance(old, dict) and not isinstance(value, dict))
        lost = value if keep_old else old
        fields[key] = old if keep_old else value
        notes.append(Note("front-matter-duplicate-key", f"{key}: given twice, left out: {lost}"))
    return fields


# --- key by key ------------------------------------------------------------------------------------------------------

_Repair = Callable[[str, str, list[str]], object]
_NO: Final = object()


def _by_key(text: str, notes: list[Note], depth: int) -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = []
    for key, first, rest in _chunks(text, notes):
        pairs.append((key, _read_value(key, first, rest, notes, depth)))
    return pairs


def _key_of(line: str) -> tuple[str, str] | None:
    match = _KEY(line)
    if match:
        return match[1] or match[2] or match[3], match[4] or ""
    match = _GLUED_KEY(line)
    return (match[1], match[2].strip()) if match else None


def _chunks(text: str, notes: list[Note]) -> list[tuple[str, str, list[str]]]:
    """Cut the block at the lines that start with a key: key, rest of the line, following lines."""
    chunks: list[tuple[str, str, list[str]]] = []
    for line in text.split("\n"):
        found = _key_of(line)
        if found:
            if not _KEY(line):
                notes.append(Note("front-matter-repaired", f"{found[0]}: space after the colon: {found[1]}"))
            chunks.append((*found, []))
        elif line.startswith("#") or (not chunks and not line.strip()):
            continue
        elif chunks:
            chunks[-1][2].append(line)
        else:
            notes.append(Note("front-matter-unreadable", line))
    for _, _, rest in chunks:
        while rest and not rest[-1].strip():
            rest.pop()
    return chunks


def _read_value(key: str, first: str, rest: list[str], notes: list[Note], depth: int) -> object:
    value = _strict_value(key, first, rest)
    if value is not _NO:
        return value
    for what, repair in _REPAIRS:
        value = repair(key, first, rest)
        if value is not _NO:
            notes.append(Note("front-matter-repaired", f"{key}: {what}: {_shown(value)}"))
            return value
    if not first and depth == 0 and all(_key_of(line.strip()) for line in rest):
        notes.append(Note("front-matter-repaired", f"{key}: wrong indentation"))
        return _merge(_by_key("\n".join(line.strip() for line in rest), notes, depth + 1), notes)
    value = _strict_value(key, first, [line for line in rest if line[:1] in {" ", "\t", ""}])
    if first and value is not _NO:
        notes.extend(Note("front-matter-unreadable", line) for line in rest if line[:1] not in {" ", "\t", ""})
        return value
    text = _unquote(" ".join([first, *(line.strip() for line in rest)]).strip())
    if key == "description" and text.count("\\") == 1:
        text = re.sub(_LONE_QUOTE, "\u201c", text)
    notes.append(Note("front-matter-repaired", f"{key}: read as text: {_shown(text)}"))
    return text


def _shown(value: object) -> str:
    return " ".join(str(value).split())


def _strict_value(key: str, first: str, rest: list[str]) -> object:
    name = key if key in TEXT_KEYS or key in TEXT_BELOW else "k"
    try:
        pairs = _strict("\n".join([f"{name}: {first}", *rest]))
    except _Unreadable:
        return _NO
    return pairs[0][1] if len(pairs) == 1 else _NO


def _continued_list(_key: str, first: str, rest: list[str]) -> object:
    # 101 posts of one archive: a formatter wrote `tags: []` and moved the real list to the next lines.
    if first.strip() != "[]" or not rest:
        return _NO
    return _strict_value("tags", "", rest)


def _tabs(key: str, first: str, rest: list[str]) -> object:
    if not any("\t" in line for line in [first, *rest]):
        return _NO
    lines = [f"{line[: len(line) - len(line.lstrip())].expandtabs(2)}{line.lstrip()}" for line in rest]
    return _strict_value(key, first.strip(), lines)


def _items(_key: str, first: str, rest: list[str]) -> object:
    lines = [line.strip() for line in rest if line.strip()]
    if first.strip() not in {"", "[]"} or not lines or not all(line.startswith("-") for line in lines):
        return _NO
    return [item for line in lines if (item := _unquote(line[1:].strip()))]


def _flow_list(key: str, first: str, rest: list[str]) -> object:
    text = " ".join([first, *(line.strip() for line in rest)]).strip()
    if key not in LIST_KEYS or not text.startswith("["):
        return _NO
    inner = text[1:].strip().removesuffix("]")
    if len(inner) > _LONGEST_LIST:
        return [item for part in inner.split(",") if (item := _unquote(part.strip()))]
    items = (double or single or plain for double, single, plain in _FLOW_ITEM.findall(inner))
    return [item for part in items if (item := part.strip())]


_LONGEST_LIST: Final = 4_000  # the pattern below looks ahead for a closing quote, at each item
_FLOW_ITEM: Final = re.compile(r"""\s*(?:"(.*?)"|'(.*?)'|([^,]+))\s*(?:,|$)""", re.DOTALL)

_REPAIRS: Final[tuple[tuple[str, _Repair], ...]] = (
    ("list on the lines after []", _continued_list),
    ("tab characters", _tabs),
    ("list items", _items),
    ("list", _flow_list),
)

# `\X\` was `"X"` before the exporter lost the quotes and kept the backslashes. Not in paths: `D:\X\y`, `a\X\b`.
_LOST_QUOTES: Final = re.compile(r"(?<![\x21-\x7e])\\(?=[^\W_])([^\\\"\n]{1,60}?)(?<=[^\s(])\\(?![A-Za-z0-9_\\\"])")
# The same of a pair whose second half was cut off with the rest of a description.
_LONE_QUOTE: Final = r"(?<![\x21-\x27\x29-\x7e])\\(?=[\u4e00-\u9fff])"  # compiled where there is one: start-up counts
# `"a" and "b"` was never quoted as a whole; of `"a"b"c"` nobody can tell.
_TWO_QUOTED: Final = r"""(?s)"[^"]*[^"\s]"\s(?:.*\s)?"[^"\s][^"]*"|'[^']*[^'\s]'\s(?:.*\s)?'[^'\s][^']*'"""
_ESCAPES: Final = re.compile(r"\\([\"\\/]|t(?![A-Za-z]))")


def _unquote(text: str) -> str:
    """Take the quotes off a scalar that strict YAML refuses; text without quotes is what it is."""
    if re.fullmatch(_TWO_QUOTED, text):
        return text
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    if len(text) > 1 and text[0] == text[-1] == '"':
        return _unescape(text[1:-1])
    if text[:1] in {'"', "'"} and text.count(text[0]) == 1:
        return _unescape(text[1:]) if text[0] == '"' else text[1:]
    return text


def _unescape(text: str) -> str:
    """Undo the escapes that the exporter writes; every other backslash is a character."""
    if "\\" not in text:
        return text
    text = _LOST_QUOTES.sub("\u201c\\1\u201d", text)
    return _ESCAPES.sub(lambda match: "\t" if match[1] == "t" else match[1], text)


# --- writing ---------------------------------------------------------------------------------------------------------


def dump(fields: Mapping[str, object]) -> str:
    """Write front matter with its `---` lines.

    Lists are in block style: one item per line makes small diffs, and it is what Obsidian and Prettier rewrite them to.

    Args:
        fields: plain values: text, numbers, booleans, None, datetimes, lists and mappings of them.

    Returns:
        The block; `yaml.safe_load` of it gives the fields back (lone surrogates are dropped).

    """
    if not fields:
        return "---\n---\n"
    text = plain_yaml.write(fields)
    if text is None:
        from converter import strict_yaml

        text = strict_yaml.write(fields)
    return f"---\n{text}---\n"
