"""Profiles: those of the package are valid, a user's own is checked line by line, the guide's example works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
import yaml

from converter import profiles
from converter.errors import ConfigError
from converter.model import Options, Source
from converter.pipeline import convert
from converter.profiles import keys, plain
from converter.profiles.checking import checked

ROOT: Final = Path(__file__).resolve().parent.parent
GUIDE: Final = (ROOT / "docs/profiles.md").read_text(encoding="utf-8")


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        checked("my.yaml", text, profiles.names())
    assert caught.value.exit_code == 2
    return str(caught.value)


def fence(language: str, number: int = 0) -> str:
    return str(re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)[number])


@pytest.mark.parametrize("name", profiles.names())
def test_our_own_profiles_need_no_yaml_parser(name: str) -> None:
    """A profile that `plain` cannot read costs every pipe the import of PyYAML: write it more simply."""
    text = profiles.source_of(name)
    assert plain.read(text) == yaml.safe_load(text)


BEYOND: Final = (
    *("a: {b: c}", "a: |\n  b", "a: 1", "a: yes", "a: 'b'", "a: b # c", "- a", "a:\n - b\n  - c", "a:\n  b:\n - c"),
    *("a: b\na: c", "a: &b c", "a: *b", "a: !c d", "a: [[b]]", "a: b: c", "a:b", "a: ~", 'a: "\\x"', "a:\n  - b: c"),
    *("a: [1]", "A: b", "a: b\n  c", "a: [b, 'c']", "a: [b", "  a: b", "\ta: b", "a: @b", "a: -", "a: .5", "a: .inf"),
)
SIMPLE: Final = (
    *("a:\n- b\n- c\nd: e", "a:\nb: []\nc: {}", "# x\na:\n  b:\n    - c: d", "a:\n  b:\n    c:\n  d: e", "a: b c"),
    *('a:\n  b: [c, "d, e"]\n\n# f\n  g:\n  - h', "a: .b", "a: b#c", "a: [ b , c ]", "a: b  "),
)


@pytest.mark.parametrize("text", BEYOND)
def test_the_simple_reader_knows_its_limits(text: str) -> None:
    assert plain.read(text) is None


@pytest.mark.parametrize("text", SIMPLE)
def test_the_simple_reader_reads_as_pyyaml_does(text: str) -> None:
    assert plain.read(text) in (None, yaml.safe_load(text))


@pytest.mark.parametrize("name", profiles.names())
def test_profiles_of_the_package_are_valid(name: str) -> None:
    """They are not checked when they are loaded."""
    data = checked(f"{name}.yaml", profiles.source_of(name), profiles.names())
    assert data["name"] == name
    assert str(data["about"]).endswith(".")
    assert profiles.load(name).root


def test_the_order_of_profiles() -> None:
    assert profiles.names()[:2] == ("feed", "csdn")
    assert profiles.names()[-1] == "generic"
    assert {"cnblogs", "jianshu", "juejin", "oschina", "51cto", "wordpress", "blogger"} < set(profiles.names())


@pytest.mark.parametrize("path", sorted((ROOT / "samples").glob("host-*")), ids=lambda path: path.name)
def test_pages_of_a_host_are_recognised(path: Path) -> None:
    """By their own profile, and also when the site names itself nowhere: canonical link and generator are gone."""
    text = (path / "input.html").read_text(encoding="utf-8")
    name = path.name.removeprefix("host-")
    assert convert(Source("a.html", text.encode(), "a.html"), Options()).profile == name
    bare = re.sub(r"<(?:link[^>]*canonical|meta[^>]*generator)[^>]*>", "", text)
    assert convert(Source("a.html", bare.encode(), "a.html"), Options()).profile in {name, "generic"}


def test_a_post_that_quotes_another_site_is_still_its_own() -> None:
    page = '<div id="content_views"><p>a</p><div id="cnblogs_post_body"><p>b</p></div></div>'
    result = convert(Source("a.html", page.encode(), "a.html"), Options())
    assert result.profile == "csdn"
    assert result.markdown.endswith("\na\n\nb\n")


def test_rows_of_a_profile_are_added_and_fields_replaced(tmp_path: Path) -> None:
    file = tmp_path / "mine.yml"
    file.write_text("extends: csdn\ndrop:\n  toc: [.mine]\nmetadata:\n  title: [h3]\n", encoding="utf-8")
    mine, csdn = profiles.load(str(file)), profiles.load("csdn")
    assert "mine" in mine.drop.by_class
    assert csdn.drop.by_class.keys() < mine.drop.by_class.keys()
    assert [place.place for place in mine.metadata["title"]] == ["h3"]
    assert mine.policy == csdn.policy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\ndetects: [p]\n", "my.yaml:2: unknown key 'detects' in the profile; did you mean 'detect'?"),
        ("name: a\n\nzzz: 1\n", "my.yaml:3: unknown key 'zzz' in the profile; known are about, base_url, "),
        (
            "metadata:\n  titel: [h1]\n",
            "my.yaml:2: unknown key 'metadata: titel' in the profile; did you mean 'title'?",
        ),
        ("elements:\n  h7: [p.a]\n", "my.yaml:2: unknown key 'elements: h7' in the profile; known are a, blockquote"),
        (
            "images:\n  trackers: [x]\n",
            "my.yaml:2: unknown key 'images: trackers' in the profile; did you mean 'tracking'",
        ),
        ("name: [a]\n", "my.yaml:1: 'name' must be a text; put it in quotes"),
        ("name: 51\n", "my.yaml:1: 'name' must be a text; put it in quotes"),
        ("root: div\n", "my.yaml:1: 'root' must be a list; write a line `- text` for each value"),
        ("root:\n- a\n- 7\n", "my.yaml:3: 'root' must be a list of texts; put those that begin with # or [ in quotes"),
        ("root:\n- a\n- #b\n", "my.yaml:3: 'root' must be a list of texts; put those that begin with # or [ in quotes"),
        (
            "root:\n- p:first-child\n",
            "my.yaml:2: 'root': selector 'p:first-child' is not understood; use tag, #id, .class",
        ),
        ("drop:\n  toc: [div p]\n", "my.yaml:2: 'drop: toc': selector 'div p' is not understood; use tag, #id"),
        (
            "drop:\n  toc: ['[a=b]']\n",
            "my.yaml:2: 'drop: toc': selector '[a=b]' would be tried on every element; name a",
        ),
        ("drop: [a]\n", "my.yaml:1: 'drop' must be a mapping; write lines `name: [value]` below it"),
        (
            "drop:\n  Side Bar: [.a]\n",
            "my.yaml:2: 'drop: Side Bar' is no name of a rule; use small letters and hyphens",
        ),
        ("root: [a]\nroot: [b]\n", "my.yaml:2: 'root' is there twice; join the two"),
        ("utc_offset: 8\n", "my.yaml:1: 'utc_offset' must be a text; put it in quotes"),
        ("utc_offset: '8'\n", "my.yaml:1: 'utc_offset' is no offset: 8; write it like '+08:00'"),
        ("base_url: example.com\n", "my.yaml:1: 'base_url' is no address: example.com; write it like https://"),
        ("boilerplate: '('\n", "my.yaml:1: 'boilerplate' is no regular expression: "),
        ("extends: csdm\n", "my.yaml:1: 'extends' names no profile: csdm; did you mean 'csdn'?"),
        ("- a\n", "my.yaml: a profile is a mapping; begin with `name:` and `extends: generic`"),
        ("", "my.yaml: a profile is a mapping; begin with `name:` and `extends: generic`"),
        ("a: b: c\n", "my.yaml:1: the profile is not valid YAML: mapping values are not allowed in this context; see"),
        ("a: \x07\n", "my.yaml: the profile is not valid YAML: "),
        ("a: &x [b]\nc: *x\n", "my.yaml:2: a profile has no aliases; write the value out"),
        ("a:\n  " + "[" * 100_000, "my.yaml:2: the profile nests too deep; see docs/profiles.md"),
        ("{" * 100_000, "my.yaml:1: the profile nests too deep; see docs/profiles.md"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, message: str) -> None:
    assert problem(text).startswith(message)


def test_files_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"about: caf\xe9\n")
    (tmp_path / "round.yaml").write_text(f"extends: {tmp_path}/round.yaml\n", encoding="utf-8")
    for name, message in (
        ("no.yaml", "cannot be read: No such file"),
        ("latin.yaml", "is not UTF-8"),
        ("round.yaml", "extend each other in a circle"),
    ):
        with pytest.raises(ConfigError, match=message):
            profiles.load(str(tmp_path / name))
    with pytest.raises(ConfigError, match="there is no profile 'nosuch'; use one of auto, feed, csdn"):
        profiles.load("nosuch")


# --- the guide ---


def test_the_example_of_the_guide_works(tmp_path: Path) -> None:
    file = tmp_path / "kettle.yaml"
    file.write_text(fence("yaml"), encoding="utf-8")
    profiles.load(str(file))
    result = convert(Source("tea.html", fence("html").encode(), "tea.html"), Options(profile=str(file)))
    assert not result.error
    assert result.markdown == fence("markdown")
    assert result.facts.removed["related-posts"] == 1


def test_the_mistake_of_the_guide_is_answered_so() -> None:
    wrong = fence("yaml").replace("about:", "# one more line\nabout:").replace("detect:", "detects:")
    assert problem(wrong).replace("my.yaml", "error: kettle.yaml") == fence("text").strip()


def test_the_guide_names_every_key() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", GUIDE, re.MULTILINE))
    assert rows.keys() == {**keys.TEXTS, **keys.LISTS, **keys.TABLES}.keys()
    fields = GUIDE[GUIDE.index("Fields of `metadata`") :].partition(". A\ndate")[0]
    assert set(re.findall(r"`(\w+)`", fields)) - {"metadata"} == keys.FIELDS


def test_every_row_of_images_and_links_is_known() -> None:
    """A row that no code reads would be a rule that does nothing."""
    generic = yaml.safe_load(profiles.source_of("generic"))
    assert generic["images"].keys() == keys.IMAGES
    assert generic["links"].keys() == keys.LINKS


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("images:\n  alt: [x]\n", "mine.yaml:2: unknown key 'images: alt'"),
        ("images:\n  alt_patterns: ['(']\n", "mine.yaml:2: 'images: alt_patterns' is no regular expression"),
        ("links:\n  redirectors:\n    - go.e.org\n", "mine.yaml:3: 'links: redirectors': 'go.e.org' is no place"),
        (
            "links:\n  searches: ['https://e.org/?q']\n",
            "mine.yaml:2: 'links: searches': 'https://",
        ),
        ("links:\n  parameters: x\n", "mine.yaml:2: 'links: parameters' must be a list"),
    ],
)
def test_rows_that_are_wrong_are_refused_with_their_line(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as error:
        checked("mine.yaml", text, profiles.names())
    assert str(error.value).startswith(problem)


def test_a_profile_of_your_own_adds_to_what_is_known_of_links(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "extends: generic\nimages:\n  marks: [size=]\n  alts: [nothing]\n"
        "links:\n  redirectors: [go.example.org/out?to]\n  parameters: [ref example.net]\n  keywords: [glossary]\n",
        encoding="utf-8",
    )
    page = (
        '<p><img src="https://e.org/a.png?size=3#pic_center" alt="nothing"> '
        '<a href="https://go.example.org/out?to=https%3A%2F%2Fwww.example.net%2Fb%3Fref%3D1">b</a> '
        '<a class="glossary" href="/c">c</a></p>'
    )
    result = convert(Source("a.html", page.encode(), "a.html"), Options(profile=str(file)))
    assert result.markdown.endswith("\n![](https://e.org/a.png) [b](https://www.example.net/b) c\n")
