"""Front matter: cutting, reading damaged YAML, normalizing, writing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from converter import lenient_yaml
from converter.dates import find_date, read_date
from converter.frontmatter import decode_hex_url, dump, normalize, parse, split
from converter.model import FieldPolicy, FrontMatter, Metadata

POLICY = FieldPolicy(frozenset({"无标签", "未分类"}), ("random.example",), "+08:00", ("x-oss-process=", "pic_center"))
_CASE = re.compile(
    r"(?P<title>[^\n]+)\n\.\n(?P<raw>.*?)\n\.\n(?P<yaml>.*?)\.\n(?P<notes>(?:[a-z-]+\n)*)\.\n", re.DOTALL
)


def _cases() -> list[tuple[str, str, str, list[str]]]:
    cases = []
    for path in sorted((Path(__file__).parent / "front_matter").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        found = list(_CASE.finditer(text))
        assert not _CASE.sub("", text).strip(), f"{path.name}: a case out of format"
        cases += [(case["title"], case["raw"], case["yaml"], case["notes"].split()) for case in found]
    return cases


def _normalize(raw: str, page: Metadata | None = None, policy: FieldPolicy = POLICY) -> FrontMatter:
    return normalize(parse(raw)[0], page or Metadata(), policy)


def _rules(fields: FrontMatter) -> list[str]:
    return [note.rule for note in fields.notes]


@pytest.mark.parametrize(("title", "raw", "expected", "rules"), _cases(), ids=lambda value: str(value)[:60])
def test_fixture(title: str, raw: str, expected: str, rules: list[str]) -> None:
    fields, notes = parse(raw)
    result = normalize(fields, Metadata(), POLICY)
    assert dump(result.fields) == f"---\n{expected}---\n", title
    assert [note.rule for note in (*notes, *result.notes)] == rules


@pytest.mark.parametrize(("title", "raw"), [case[:2] for case in _cases()], ids=lambda value: str(value)[:60])
def test_output_is_stable(title: str, raw: str) -> None:
    once = _normalize(raw)
    block, body = split(dump(once.fields) + "body")
    assert body == "body"
    assert block is not None
    assert parse(block)[1] == (), title
    assert _normalize(block).fields == once.fields


# --- split ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\ntitle: a\n---\nbody\n", ("title: a\n", "body\n")),
        ("---  \ntitle: a\n...\nbody\n", ("title: a\n", "body\n")),
        ("---\ntitle: a\n---", ("title: a\n", "")),
        ("---\n---\nbody", ("", "body")),
        ("---\n# comment\n\ntitle: a\n---\nbody", ("# comment\n\ntitle: a\n", "body")),
        ("---\ncustom: a\nother:\n  - b\n---\nbody", ("custom: a\nother:\n  - b\n", "body")),
        ("---\ntitle:a\n---\nbody", ("title:a\n", "body")),
        ('---\n{"title": "T"}\n---\nbody', ('{"title": "T"}\n', "body")),
        ("---\n{\n  weight: 1,\n\n  x: [a]\n}\n---\nbody", ("{\n  weight: 1,\n\n  x: [a]\n}\n", "body")),
        ("---\nmy key: 1\n---\nbody", ("my key: 1\n", "body")),
        ("---\nfirst: 1\nmy key: 2\n---\nbody", ("first: 1\nmy key: 2\n", "body")),
        ("---\n? title\n: T\n---\nbody", ("? title\n: T\n", "body")),
        ('---\n"my key": 1\nother one: 2\n---\nbody', ('"my key": 1\nother one: 2\n', "body")),
        # Nobody closed it.
        ("---\ntitle: a\nlayout: post\n<div>\n</div>\n", ("title: a\nlayout: post\n", "<div>\n</div>\n")),
        ("---\ntitle: a\n\n<p>x</p>\n---\n", ("title: a\n", "\n<p>x</p>\n---\n")),
        ("---\ntitle: a\n\nText", ("title: a\n", "\nText")),
        # Thematic breaks.
        ("---\nSome words\n---\nmore", (None, "---\nSome words\n---\nmore")),
        ("---\n\n# Heading\n\n---\n", (None, "---\n\n# Heading\n\n---\n")),
        ("---\nNote: take care\n\nand read this\n\n---\n", (None, "---\nNote: take care\n\nand read this\n\n---\n")),
        ("---\n\nA note: take care\n\n---\n", (None, "---\n\nA note: take care\n\n---\n")),
        ("---\nA note: take care\nand read this\n---\n", (None, "---\nA note: take care\nand read this\n---\n")),
        ("---\n{{ page.title }}\n---\n", (None, "---\n{{ page.title }}\n---\n")),
        ("---\n{% raw %}\n---\n", (None, "---\n{% raw %}\n---\n")),
        ("---\n{: .box}\n# A\n---\n", (None, "---\n{: .box}\n# A\n---\n")),
        ("---\n? what\n---\n? ", (None, "---\n? what\n---\n? ")),
        ("---\n{a: 1\n---\n", (None, "---\n{a: 1\n---\n")),
        ("---\nNote: take care", (None, "---\nNote: take care")),
        ("----\ntitle: a\n----\n", (None, "----\ntitle: a\n----\n")),
        (" ---\ntitle: a\n---\n", (None, " ---\ntitle: a\n---\n")),
        ("no\n---\ntitle: a\n---\n", (None, "no\n---\ntitle: a\n---\n")),
        ("---\n", (None, "---\n")),
        ("", (None, "")),
    ],
)
def test_split(text: str, expected: tuple[str | None, str]) -> None:
    assert split(text) == expected


@pytest.mark.usefixtures("interpreted")
@pytest.mark.parametrize("raw", ['{"title": "T"}\n', "? title\n: T\n", "my key: 1\n", "my key\n", "<p>: 1\n"])
def test_an_unusual_block_is_read_once_to_split_it(monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    """PyYAML takes its time."""
    seen: list[str] = []
    real = lenient_yaml.is_mapping

    def counted(text: str) -> bool:
        seen.append(text)
        return real(text)

    monkeypatch.setattr(lenient_yaml, "is_mapping", counted)
    split(f"---\n{raw}---\nbody\n")
    assert len(seen) == (not raw.startswith(("my key\n", "<")))


@given(st.text(alphabet="-.\n: ab<#[]\"'"))
def test_split_loses_no_line(text: str) -> None:
    raw, body = split(f"---\n{text}")
    assert text.endswith(body) or raw is None
    kept = [line for line in f"{raw or ''}\n{body}".split("\n") if line.strip(" -.")]
    assert kept == [line for line in text.split("\n") if line.strip(" -.")]


# --- parse ---


@given(st.text())
def test_parse_never_raises(text: str) -> None:
    fields, _ = parse(text)
    assert all(isinstance(key, str) for key in fields)


@given(
    st.lists(
        st.sampled_from(
            [
                "title",
                ": ",
                ":",
                "\n",
                "  ",
                "- ",
                "[",
                "]",
                "{",
                "}",
                '"',
                "'",
                "\\",
                "&a",
                "*a",
                "!!x",
                "|",
                ">",
                "#",
                " #",
                "\t",
                "tags",
                "苹",
                "\x85",
                "\x00",
                "\ud800",
                "---",
            ]
        )
    )
)
def test_parse_of_yaml_shaped_text_never_raises_and_its_result_can_be_written(parts: list[str]) -> None:
    fields, notes = parse("".join(parts))
    result = normalize(fields, Metadata(), POLICY)
    written = dump(result.fields)
    assert yaml.safe_load(written.removesuffix("---\n"))["title"] == result.fields["title"]
    assert all(note.rule.startswith("front-matter-") for note in notes)


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), min_size=1), st.text(max_size=5))
def test_text_of_a_broken_title_is_kept(word: str, tail: str) -> None:
    # `k: v: w` is never YAML, so this always takes the second way.
    fields, _ = parse(f"layout: x: y\ntitle: A {word} B")
    assert fields["title"] == f"A {word} B"
    assert "layout" in parse(f"layout: x: y{tail}")[0]


def test_dates_and_text_keep_their_writing() -> None:
    raw = "date: 2024-01-02\nartid: 0123\ntitle: 1.10\ntags: [yes, 0x1F]\nn: 0123\nbig: 12345678901234567890"
    fields, notes = parse(raw)
    assert fields == {
        "date": "2024-01-02",
        "artid": "0123",
        "title": "1.10",
        "tags": ["yes", "0x1F"],
        "n": "0123",
        "big": 12345678901234567890,
    }
    assert notes == ()


@pytest.mark.parametrize(
    ("raw", "written"),
    [
        (
            "x = nan\n[params]\nauthor = false\ntags = [1, 1.5]\n",
            "x: .nan\nparams:\n  author: false\n  tags:\n  - 1\n  - 1.5\n",
        ),
        ("day = 2024-05-06\nat = 07:32:00\n", "day: 2024-05-06\nat: 07:32:00\n"),
        (
            "local = 2024-05-06 07:32:00\nzone = 2024-05-06T07:32:00.5Z\nendless = -inf\n",
            "local: 2024-05-06T07:32:00\nzone: 2024-05-06T07:32:00.500000+00:00\nendless: -.inf\n",
        ),
        (
            "title = 2024-05-06\ntags = [2024-05-06]\n[author]\nborn = 1999-01-02\n",
            "title: '2024-05-06'\nauthor:\n  born: 1999-01-02\ntags:\n- '2024-05-06'\n",
        ),
    ],
)
def test_toml_comes_out_as_yaml_and_stays(raw: str, written: str) -> None:
    block, body = split(f"+++\ntitle = 't'\n{raw}+++\nbody" if "title" not in raw else f"+++\n{raw}+++\nbody")
    assert block is not None
    once = dump(_normalize(block).fields)
    assert once == ("---\n" if "title" in raw else "---\ntitle: t\n") + f"{written}---\n"
    again, _ = split(once + body)
    assert again is not None
    assert dump(_normalize(again).fields) == once


def test_numbers_that_python_cannot_write_are_text() -> None:
    raw = f"a: {'9' * 900}\nb: {'9' * 5_000}\nc: 0x{'f' * 800}\nd: {'1' * 5_000}.5\ne: 0x{'f' * 900}"
    fields, notes = parse(raw)
    assert [type(value) for value in fields.values()] == [int, str, int, str, str]
    assert parse(dump(fields)[4:-4])[0] == fields
    assert notes == ()


def test_merge_keys_that_name_each_other_end() -> None:
    chain = ["k0: &a0 {x: 0}", *(f"k{n}: &a{n} {{<<: *a{n - 1}, x{n}: {n}}}" for n in range(1, 2_000))]
    for raw in ("a: &a {<<: *a}", "a: &a {b: {<<: *a}}", "&a <<: *a", "\n".join(chain)):
        dump(parse(raw)[0])


@pytest.mark.parametrize(
    "raw",
    [
        "a: " + "[" * 100_000,
        "a: " + "{a: " * 50_000,
        "a:\n " + "- " * 100_000,
        "? " * 100_000,
        "\n".join(" " * depth + "a:" for depth in range(2_000)),
        "a: " + "[" * 300 + "]" * 300,
    ],
    ids=["flow list", "flow mapping", "items", "complex keys", "block mapping", "closed list"],
)
def test_deep_nesting_is_text_and_no_crash(raw: str) -> None:
    fields, notes = parse(raw)
    assert notes
    assert all(isinstance(value, (str, type(None), list, dict)) for value in fields.values())


def test_aliases_and_merge_keys_do_not_multiply() -> None:
    bomb = ["k0: &a0 [x, x, x, x, x, x, x, x, x]"]
    bomb += [f"k{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    fields, notes = parse("\n".join(bomb))
    assert fields["k0"] == ["x"] * 9
    assert isinstance(fields["k11"], str)
    assert "front-matter-repaired" in {note.rule for note in notes}
    merges = ["k0: &a0 {x: y}"]
    merges += [f"k{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    assert len(dump(parse("\n".join(merges))[0])) < 10_000


def test_unreadable_lines_stand_in_the_notes() -> None:
    fields, notes = parse("just words\nlayout: post\nstray: : x\n%%% what")
    assert fields["layout"] == "post"
    assert next(note.text for note in notes if note.rule == "front-matter-unreadable") == "just words"
    assert "%%% what" in " ".join([*(note.text for note in notes), str(fields)])


# --- normalize ---


def test_title_of_the_page_wins_and_a_real_difference_is_noted() -> None:
    same = _normalize("title: 树-剪枝ABC", Metadata(title="《树》：剪枝 ａｂｃ"))
    assert (same.fields["title"], same.notes) == ("《树》：剪枝 ａｂｃ", ())
    other = _normalize("title: 旧题", Metadata(title="新题"))
    assert other.fields["title"] == "新题"
    assert _rules(other) == ["title-replaced"]
    dated = _normalize("title: 2024-01-02-树", Metadata(title="树"))
    assert (dated.fields["title"], dated.notes) == ("树", ())


@pytest.mark.parametrize(
    ("page", "title", "rules"),
    [
        (Metadata(first_heading="First", stem="file"), "First", []),
        (Metadata(stem="2024-01-02-种树"), "种树", ["title-guessed"]),
        (Metadata(), "Untitled", ["title-guessed"]),
    ],
)
def test_title_falls_back(page: Metadata, title: str, rules: list[str]) -> None:
    result = _normalize("layout: post", page)
    assert (result.fields["title"], _rules(result)) == (title, rules)


def test_page_fills_what_front_matter_does_not_say() -> None:
    page = Metadata(
        title="t",
        stem="2024-01-02-123456789",
        source_url="https://blog.example/u/article/details/77777",
        author="A",
        date="于 2024-11-19 16:16:18 首次发布",
        updated="已于 2024-11-20 修改",
        description="d",
        tags=("x", "无标签"),
        categories=("y",),
        language="zh-CN",
        math=True,
    )
    zone = timezone(timedelta(hours=8))
    assert list(_normalize("z: 1\ntags: ['无标签']", page).fields.items()) == [
        ("title", "t"),
        ("date", datetime(2024, 11, 19, 16, 16, 18, tzinfo=zone)),
        ("updated", datetime(2024, 11, 20, tzinfo=zone)),
        ("description", "d"),
        ("author", "A"),
        ("categories", ["y"]),
        ("tags", ["x"]),
        ("source_url", "https://blog.example/u/article/details/77777"),
        ("source_id", "77777"),
        ("language", "zh-CN"),
        ("math", True),
        ("z", 1),
    ]


def test_source_id_comes_from_the_file_name_at_last() -> None:
    assert _normalize("", Metadata(stem="2024-01-02-123456789")).fields["source_id"] == "123456789"
    assert "source_id" not in _normalize("", Metadata(stem="2024-01-02-1234")).fields


def test_other_addresses_are_noted() -> None:
    page = Metadata(title="t", source_url="https://a.example/1", source_id="5")
    result = _normalize("original_url: https://b.example/2\nartid: 6", page)
    assert result.fields["source_url"] == "https://a.example/1"
    assert _rules(result) == ["front-matter-field-dropped"] * 2


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (b"https://a.example/x".hex(), "https://a.example/x"),
        ("6874:7470733a2f2f612e65:78616d706c65/>", "https://a.example"),
        ("687474:70733a2f2f612e6578616d706c6:5", "https://a.example"),
        ("https://a.example/x", "https://a.example/x"),
        ("$url", ""),
        ("placeholder", ""),
        ("68747", ""),
        ("ff" * 10, ""),
        (b"javascript:alert(1)".hex(), ""),
        ("", ""),
    ],
)
def test_decode_hex_url(text: str, url: str) -> None:
    assert decode_hex_url(text) == url


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2025-02-26 18:16:23 +0800", "2025-02-26T18:16:23+08:00"),
        ("2025-02-26 18:16:23 +08:00", "2025-02-26T18:16:23+08:00"),
        ("2025-02-26 18:16:23 -3", "2025-02-26T18:16:23-03:00"),
        ("2025-02-26T18:16:23.5Z", "2025-02-26T18:16:23.500000+00:00"),
        ("2025/2/6 8:06", "2025-02-06T08:06:00+08:00"),
        ("2025.2.6", "2025-02-06T00:00:00+08:00"),
        ("2025年2月6日8时6分", "2025-02-06T08:06:00+08:00"),
        ("2025年2月6日 8时6分3秒", "2025-02-06T08:06:03+08:00"),
        ("2025-02-26 18:16 GMT+8", "2025-02-26T18:16:00+08:00"),
        ("2025-02-30", None),
        ("2025-02-03 25:00:00", None),
        ("2025-02-03 10:00 +9900", None),
        ("tomorrow", None),
        ("٢٠٢٥-٠٢-٠٣", None),
    ],
)
def test_dates(text: str, iso: str | None) -> None:
    moment = read_date(text, "+08:00")
    assert (moment.isoformat() if moment else None) == iso
    found = find_date(f"posted: {text}.", "+08:00")
    assert (found.isoformat() if found else None) == iso


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.text()
    | st.sampled_from(["no", "1_000", "2024-01-02"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


KEYS = st.text(min_size=1) | st.sampled_from(["title", "date", "tags", "image", "author", "math"])


@pytest.mark.exhaustive
@given(st.dictionaries(KEYS, VALUES))
def test_normalize_takes_any_value_and_says_nothing_twice(raw: dict[str, object]) -> None:
    result = normalize(raw, Metadata(stem="x"), POLICY)
    assert isinstance(result.fields["title"], str)
    assert result.fields["title"]
    written = dump(result.fields)
    again = normalize(parse(written[4:-4])[0], Metadata(stem="x"), POLICY)
    assert again.fields["title"] == result.fields["title"]
    assert again.fields.get("tags") == result.fields.get("tags")


# --- dump ---

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.datetimes(timezones=st.just(UTC))
    | st.sampled_from(
        ["--- \n---\n", "a: b", " #c", "yes", "012", "1:30", "<<", "=", "~", "\x85", "\ufeff", "😀", "- x"]
    ),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@pytest.mark.exhaustive
@given(st.dictionaries(st.text(min_size=1), PLAIN, min_size=1))
def test_load_gives_back_what_was_dumped(fields: dict[str, object]) -> None:
    text = dump(fields)
    assert text.startswith("---\n")
    assert text.endswith("\n---\n")
    assert yaml.safe_load(text.removesuffix("---\n")) == fields


@pytest.mark.exhaustive
@given(st.dictionaries(st.sampled_from(["title", "a", "tags"]), st.text() | st.lists(st.text()), min_size=1), st.text())
def test_no_value_breaks_out_of_the_block(fields: dict[str, object], body: str) -> None:
    block, rest = split(dump(fields) + body)
    assert rest == body
    assert block is not None
    assert yaml.safe_load(block) == fields


def test_dump_writes_dates_emoji_and_broken_characters_well() -> None:
    zone = timezone(timedelta(hours=8))
    fields = {"title": "a\ud800 😀", "date": datetime(2025, 2, 26, 18, 16, 23, tzinfo=zone), "tags": ["b"]}
    assert dump(fields) == "---\ntitle: a 😀\ndate: 2025-02-26T18:16:23+08:00\ntags:\n- b\n---\n"
    shared = ["x"]
    assert "&" not in dump({"a": shared, "b": shared})
    assert dump({}) == "---\n---\n"
