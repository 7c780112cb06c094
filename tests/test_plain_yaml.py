"""The short cuts around PyYAML: where they answer, they answer what PyYAML does; where they do not, PyYAML is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from converter import lenient_yaml, plain_yaml, strict_yaml

_MARKS = "-?:,[]{}#&*!|>'\"%@`=~ <.\\/+_()"
_WORDS = [
    "yes",
    "No",
    "on",
    "null",
    "~",
    "0",
    "12",
    "-3",
    "1.5",
    "0x1f",
    "1e3",
    "12:30",
    "2024-01-02",
    "树",
    "a b",
    "é",
]
_PIECES = st.one_of(st.sampled_from(_MARKS), st.sampled_from(_WORDS), st.characters(codec="utf-8"))
_TEXTS = st.lists(_PIECES, max_size=8).map("".join)
_QUOTES = st.lists(st.one_of(st.sampled_from(["\\", '\\"', "\\t", "\\n", "\\\\", ", ", "'"]), _PIECES), max_size=6).map(
    lambda pieces: f'"{"".join(pieces)}"'
)
_KEYS = st.sampled_from(
    ["title", "date", "tags", "image", "weight", "on", "no", "n", "null", "toc-depth", "_x", "path", "author", "alt"]
)


def _parse_by_pyyaml(text: str) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_yaml, "read", lambda *_, **__: None)
        return lenient_yaml.parse(text)


def _dump_by_pyyaml(fields: dict[str, object]) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_yaml, "write", lambda _: None)
        return lenient_yaml.dump(fields)


def _agrees(text: str) -> None:
    assert repr(lenient_yaml.parse(text)) == repr(_parse_by_pyyaml(text))


REGULAR = [
    "title: two words\n",
    "title: 'single'\ndate: 2024-01-02 03:04:05 +0800\n",
    'title: "double: [x] # no"   \n',
    "title: a:b c#d http://host/?a=b&c=d\n",
    "draft: yes\nweight: 007\nratio: 1.50\nbig: 12345678901234567890\nnothing: ~\n",
    "tags: [a, 'b c', \"d,e\", C++, 1, no]\nkeywords: []\nsizes: [1, 2.5, true, '3']\nodd: [ a ,b ]\n",
    "tags:\n- one\n- 'two'\n- \"three\"\nlist:\n  - 1\n  - no\n  - [a, 2]\n",
    "image:\n    path: https://host/a.png?x=1\n    alt: no\n    size: 3\n    tags: [1]\n    empty:\ntitle: x\n",
    "title:\ndate: \n\n\ntags: ''\n",
    "title: a\ntitle: b\n",
    "on: 1\nimage:\n  on: 1\n  null: 2\n  on: 3\n",
    "title: 全角：冒号，、。“引号”\n",
    "opens: 2024-01-02 03:04:05\nday: 2024-01-02\nat: 12:30\nends: 2024-01-02T03:04:05Z\n",
    "size: 0x1F\nsum: 1_0.5e+3\nlots: .inf\nnone: 0x_\nbig: 99999999999999999999\n",
    "author:\n  name: No\n  active: no\nimage:\n  alt: no\n  lazy: no\nmore:\n  alt: no\n  title: 5\n",
    "title: \U0001f600 a\u3000b\xa0c\n",
    'title: "a \\"b\\" \\\\ c\\n\\td"\ntags: ["\\"a\\"", \'\\"\', "\\\\"]\n',
    'tags:\n- "\\t"\nimage:\n  alt: "\\\\n"\n',
    "title: -a\nimage:\n  alt: -b- c\n  path: -1\n  x: -.inf\ntags:\n- -5x\n- --\n- -:a\n",
    "title: --- a\nother: -#a\nmore: -'a'\n",
    "tags:\n  [a, 'b']\ntitle: x\n",
    'tags:\n  [\n    a b,\n    "c",\n  d\n  e\n  ]\ntitle: x\n',
    "sizes:\n  [1,\n   'a\n   b', 2]   \n",
]

MISTAKES = [
    "tags: []\n  [a]\n",
    "tags: [b]\n\n  [\n  a\n  ]\n",
    'title: "a \\b c \\d"\n',
    'x: 1\npath: "D:\\photos"\n',
    'image:\n  alt: a\ntitle: "\\算"\n',
    "tags:\n  [a]\n  [b]\n",
]


@pytest.mark.parametrize("text", REGULAR)
def test_regular_lines_need_no_parser(text: str) -> None:
    assert plain_yaml.read(text) is not None
    _agrees(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "words\n",
        "title: a\n  b\n",
        "title: a\n- b\n",
        "title: a: b\n",
        "title: a:\n",
        "title: a #b\n",
        "title: - a\n",
        "title: -: a\n",
        "tags: - a\n",
        "title: 'it''s'\n",
        'title: "a\\x41b"\n',
        'title: "a\\\n  b"\n',
        "tags:\n[a, b]\n",
        "tags:\n  [a,\n  - b]\n",
        "tags:\n  [a,\n\n  b]\n",
        "tags:\n  [a\n  ] b\n",
        "tags:\n  [a,\n  # b\n  ]\n",
        "tags:\n  [a,\n  b: c]\n",
        "tags:\n  [a,\n  b\n",
        'title: a\n  - "\\d"\n',
        'tags:\n- a\n- "\\d"\n',
        "tags:\n- a\n  [b]\n",
        "image:\n  a: 1\n  [b]\n",
        'title: "a" b\n',
        "title: |\n  a\n",
        "title: &x a\nkeywords: *x\n",
        "title: !!str a\n",
        "title: a\tb\n",
        "title: a\x85b\n",
        "title: \ufeffa\n",
        "tags: [a,\n  b]\n",
        "tags: [a: b]\n",
        "tags: [a,]\n",
        "tags: [a?b]\n",
        "tags:\n- a\n  - b\n",
        "tags:\n-\n",
        "tags:\n- a: b\n",
        "image:\n  a: 1\n   b: 2\n",
        "image:\n  a:\n    b: 1\n",
        "image:\n  a: 1\n- b\n",
        "  title: a\n",
        "title:a\n",
        "? title\n: a\n",
        "# words\ntitle: a\n",
        "title: a\n...\n",
        "title: a\n---\nb: c\n",
        "<<: {a: b}\n",
        "tags: [" + "a," * 20_000 + "a]\n",
    ],
)
def test_everything_else_is_left_to_the_parser(text: str) -> None:
    assert plain_yaml.read(text) is None


@pytest.mark.parametrize("text", MISTAKES)
def test_mistakes_need_no_parser(text: str) -> None:
    with pytest.raises(plain_yaml.NotYamlError):
        plain_yaml.read(text)
    assert strict_yaml.read(text) is None
    _agrees(text)


_LINES = st.one_of(
    st.builds("{}: {}".format, _KEYS, _QUOTES),
    st.builds("{}{}".format, st.sampled_from(["  ", "    "]), _QUOTES),
    st.builds("{}[{}".format, st.sampled_from(["  ", "    ", ""]), _TEXTS),
    st.builds("{}{}]".format, st.sampled_from(["  ", "    ", ""]), _TEXTS),
    st.builds("{}: {}".format, _KEYS, _TEXTS),
    st.builds("{}:".format, _KEYS),
    st.builds("{}: [{}]".format, _KEYS, st.lists(_TEXTS, max_size=3).map(", ".join)),
    st.builds("{}- {}".format, st.sampled_from(["", "  "]), _TEXTS),
    st.builds("{}{}: {}".format, st.sampled_from(["  ", "    "]), _KEYS, _TEXTS),
    _TEXTS,
)


@pytest.mark.exhaustive
@given(st.lists(_LINES, max_size=6).map("\n".join))
def test_reads_as_pyyaml_does(text: str) -> None:
    _agrees(text)


@pytest.mark.parametrize(
    "text", ["title: " + " " * 15_000 + ":", "tags: [" + "a" + " " * 15_000 + "x: ]", "a: " + "x#" * 7_000]
)
def test_long_odd_lines_end(text: str) -> None:
    plain_yaml.read(text)


@pytest.mark.parametrize(
    "value",
    [
        "words",
        "a: b",
        "a:b",
        "a #b",
        "a#b",
        "ends with:",
        "-",
        "- a",
        "-a",
        "?",
        "? a",
        "?a",
        ":",
        ":a",
        "---",
        "--- a",
        "...",
        ".a",
        "it's 'so'",
        "'so'",
        '"so"',
        "a  b",
        "[a]",
        "a, [b] {c}",
        *"~=<%@`!&*|>#,{}",
        "<<",
        *_WORDS,
        "yes please",
        "1_000",
        "0o17",
        "0b1",
        ".5",
        ".inf",
        ".nan",
        "2024-01-02T03:04:05Z",
        "687474703a2f2f",
        "全角：冒号",
        "　a",
        "a　",
        "x" * 300,
        "x " * 300 + "x",
        "\ufffd\ue000",
    ],
)
def test_texts_are_written_as_pyyaml_does(value: str) -> None:
    fields: dict[str, object] = {"title": value, "tags": [value, "a"]}
    written = plain_yaml.write(fields)
    assert written is not None
    assert f"---\n{written}---\n" == _dump_by_pyyaml(fields)


@pytest.mark.parametrize(
    "value", ["", " a", "a ", "a\nb", "a\tb", "\U0001f600", "a\x85", "\ufeff", "\ud800", None, 1.5, {}, [], [1], [[]]]
)
def test_other_values_are_left_to_pyyaml(value: object) -> None:
    assert plain_yaml.write({"key": value}) is None


@pytest.mark.parametrize("key", ["", "no", "null", "a b", "键", "1", "=", "k" * 130, "a:"])
def test_other_keys_are_left_to_pyyaml(key: str) -> None:
    assert plain_yaml.write({key: "a"}) is None


_ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_VALUES = st.one_of(
    _TEXTS, st.lists(_TEXTS, max_size=3), st.booleans(), st.integers(), st.datetimes(timezones=_ZONES | st.just(UTC))
)


@pytest.mark.exhaustive
@given(st.dictionaries(_KEYS | _TEXTS, _VALUES, min_size=1, max_size=4))
@example({"date": datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=8)))})
@example({"date": datetime(1, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "math": True, "weight": -3})
def test_writes_as_pyyaml_does(fields: dict[str, object]) -> None:
    written = plain_yaml.write(fields)
    if written is not None:
        assert f"---\n{written}---\n" == _dump_by_pyyaml(fields)
        assert yaml.safe_load(written) is not None
