"""Names of output files: valid everywhere, one for each input, the same in every order."""

from __future__ import annotations

import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.names import FORBIDDEN, RESERVED, fold, folders, output_names, safe_name, sort_key, split_suffix


class Names(set[str]):
    """Names that are taken."""

    def claim(self, key: str) -> bool:
        """Take one; false when it was taken before."""
        is_new = key not in self
        self.add(key)
        return is_new


def plan(*paths: str) -> dict[str, str]:
    """Output by input, in plan order."""
    ordered = sorted(paths, key=lambda path: (sort_key(path), path))
    taken = Names(folder for path in ordered for folder in folders(path))
    return dict(zip(ordered, output_names([(path, path) for path in ordered], taken), strict=True))


@pytest.mark.parametrize(
    ("path", "output"),
    [
        ("post.html", "post.md"),
        ("2024/05/标题.HTM", "2024/05/标题.md"),
        ("😀.markdown", "😀.md"),
        ("Node.js", "Node.js.md"),
        ("notes", "notes.md"),
        ('what? "a|b".html', "what_ _a_b_.md"),
        ("tab\there.md", "tab_here.md"),
        ("nul.txt", "nul_.md"),
        ("con.d/CON.tar.md", "con_.d/CON_.tar.md"),
        ("COM1/lpt9.md", "COM1_/lpt9_.md"),
        ("console.md", "console.md"),
        ("dots.../x.md", "dots..._/x.md"),
        ("space /x.md", "space _/x.md"),
        (".archive2md/x.md", ".archive2md_/x.md"),
        ("bytes\udcff.md", "bytes_.md"),
        ("e\u0301.md", "\u00e9.md"),
        (".md", ".md.md"),
    ],
)
def test_names_are_valid_everywhere(path: str, output: str) -> None:
    assert plan(path) == {path: output}


def test_the_first_keeps_the_plain_name() -> None:
    assert plan("a.html", "a.md", "a.htm") == {"a.md": "a.md", "a.html": "a.html.md", "a.htm": "a.htm.md"}
    assert plan("A.md", "a.md") == {"A.md": "A.md", "a.md": "a.md.md"}
    assert plan("e\u0301.md", "\u00e9.html") == {"e\u0301.md": "\u00e9.md", "\u00e9.html": "\u00e9.html.md"}


def test_a_third_one_gets_a_hash() -> None:
    posts = [("x.md", "one/x.md"), ("x.md", "two/x.md"), ("x.md", "three/x.md"), ("x.md", "three/x.md")]
    outputs = list(output_names(posts, Names()))
    assert outputs[:2] == ["x.md", "x.md.md"]
    assert outputs[2].startswith("x.md~")
    assert outputs[3] == outputs[2].replace(".md", "-2.md").replace("x-2", "x", 1)


def test_a_directory_keeps_its_name_from_files() -> None:
    assert plan("x.md/inner.html", "x.html") == {"x.html": "x.html.md", "x.md/inner.html": "x.md/inner.md"}


def test_the_keys_of_long_paths_are_short() -> None:
    """All folders above a post are claimed, which must not take the square of the length of its path."""
    deep = "a/" * 20_000 + "x.html"
    keys = list(folders(deep))
    assert len(set(keys)) == 20_000
    assert sum(map(len, keys)) < 100 * len(keys)
    nested = "É标/" * 150
    assert plan(f"{nested}x.md/y.html", f"{nested}x.html", f"{nested}X.html") == {
        f"{nested}x.md/y.html": f"{nested}x.md/y.md",
        f"{nested}X.html": f"{nested}X.html.md",
        f"{nested}x.html": f"{nested}x.html~{hashlib.sha256(f'{nested}x.html'.encode()).hexdigest()[:8]}.md",
    }


def test_long_names_are_cut_at_a_character() -> None:
    name = safe_name("标题" * 100, ".md")
    assert len(name.encode()) <= 255
    assert name.startswith("标题标题")
    assert name[-12] == "~"
    assert name.endswith(".md")
    assert safe_name("标题" * 100 + "x", ".md") != name
    assert safe_name("a" * 252, ".md") == "a" * 252 + ".md"


def test_only_known_suffixes_are_cut() -> None:
    assert split_suffix("a.b.HTML") == ("a.b", ".HTML")
    assert split_suffix("Vue 2.0") == ("Vue 2.0", "")


parts = st.text(st.sampled_from("aAb.é\u0301ßs~_:? 标\udc80"), min_size=1, max_size=4).filter(
    lambda part: part.strip(".") != ""
)
files = st.builds(str.__add__, parts, st.sampled_from(["", ".md", ".MD", ".html", ".html.md", ".htm", ".markdown"]))
paths = st.lists(parts | files, min_size=1, max_size=3).map("/".join)
trees = st.sets(paths, max_size=25)


@given(trees)
def test_no_two_outputs_are_one_file(tree: set[str]) -> None:
    outputs = list(plan(*tree).values())
    keys = {fold(output) for output in outputs}
    assert len(keys) == len(outputs) == len(tree)
    folders = {fold(output[:at]) for output in outputs for at in range(len(output)) if output[at] == "/"}
    assert not keys & folders


@given(trees.flatmap(lambda tree: st.tuples(st.permutations(sorted(tree)), st.permutations(sorted(tree)))))
def test_the_order_of_the_inputs_does_not_matter(orders: tuple[list[str], list[str]]) -> None:
    assert plan(*orders[0]) == plan(*orders[1])


@given(st.text(st.characters(), max_size=300), st.sampled_from(["", ".md"]))
def test_every_component_is_safe(name: str, suffix: str) -> None:
    safe = safe_name(name, suffix)
    assert 0 < len(safe.encode()) <= 255
    assert not FORBIDDEN.search(safe)
    assert not RESERVED.match(safe)
    assert safe[-1] not in ". "
    assert safe == unicodedata.normalize("NFC", safe)
