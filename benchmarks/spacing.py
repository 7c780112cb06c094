"""Put posts through a pretty-printer and see what the conversion makes of the spaces that it hides.

    python benchmarks/spacing.py DIRECTORY [--rows FILE] [--list]

The posts must be ones that never went through a pretty-printer: the white space in them is the truth. Each is converted
as it is and after `BeautifulSoup(html).prettify()`, both are rendered, and what a reader sees is compared:

- identical: the same Markdown, byte for byte;
- same text: the same characters but for white space;
- boundaries: places between two characters where tags stand and no line ends, outside of `pre` and `textarea`. There
  the pretty-printer puts white space whether there was any or not, so only the characters around can tell. They are
  right where the rendering has a space exactly if the post had one. What the conversion leaves out does not count.

`--rows FILE` writes the boundaries one by one, to try other rules on; `--list` names the posts whose text differs.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PreformattedString, Tag
from lxml import etree

from converter import spacing, verify
from converter.decode import decode
from converter.model import Options, Source
from converter.pipeline import convert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lxml.etree import _Element

_CHARACTER: Final = re.compile(f"[{spacing.CJK}]").match
_MARK: Final = re.compile(f"[{spacing.CJK_PUNCTUATION}]").match
SUFFIXES: Final = frozenset({".md", ".markdown", ".html", ".htm"})
NONE, SPACE, LINE = 0, 1, 2
INLINE: Final = frozenset(
    "a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd label mark math q s samp small span strike "
    "strong sub sup tt u var wbr x-tex svg img".split()
)
KINDS: Final = {
    **dict.fromkeys(("code", "tt", "samp", "kbd"), "code"),
    **dict.fromkeys(("math", "x-tex"), "math"),
    **dict.fromkeys(("sup", "sub"), "script"),
    "a": "link",
    **dict.fromkeys(("strong", "b"), "bold"),
    **dict.fromkeys(("em", "i"), "italic"),
}
ORDER: Final = ("code", "math", "script", "link", "bold", "italic", "span")
HIDDEN: Final = frozenset({"script", "style", "template", "title", "head", "noscript", "svg", "iframe"})
VERBATIM: Final = frozenset({"pre", "textarea"})
AROUND: Final = 6
KEY, WINDOW = 10, 4_000


def rendered(markdown: str) -> _Element:
    """Render Markdown and parse what comes out."""
    parser = etree.HTMLParser(huge_tree=True, encoding="utf-8")
    html = verify.render(markdown) or "<p>"
    tree = etree.fromstring(f"<body>{html}".encode("utf-8", "replace"), parser)
    body = tree.find("body")
    return tree if body is None else body


class Boundary(NamedTuple):
    """A place where a pretty-printer may have put the space."""

    post: str
    left: str
    right: str
    kind: str
    had: bool
    has: bool

    @property
    def classes(self) -> str:
        """Classes of the characters on both sides."""
        return f"{class_of(self.left[-1])}-{class_of(self.right[0])}"


def class_of(character: str) -> str:
    """Latin letter or digit, CJK, its punctuation, or the character itself when it is ASCII."""
    if _CHARACTER(character):
        return "C"
    if _MARK(character):
        return "P"
    if character.isalnum():
        return "L"
    return character if character.isascii() else "o"


def walk(soup: Tag) -> Iterator[tuple[str, Tag | str]]:
    """Go through a tree without recursion: `in`, `out` and `text` in the order of the source."""
    todo: list[tuple[str, Tag | str]] = [("in", soup)]
    while todo:
        step, node = todo.pop()
        yield step, node
        if step == "in" and isinstance(node, Tag):
            todo.append(("out", node))
            if node.name not in HIDDEN:
                for child in reversed(node.contents):
                    if isinstance(child, Tag):
                        todo.append(("in", child))
                    elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
                        todo.append(("text", str(child)))


class Text:
    """The characters of an article that are no white space, with what stands before each of them."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.characters: list[str] = []
        self.gaps: list[int] = []
        self.kinds: list[str] = []  # of the tags before the character; empty where there are none, or in `pre`
        self._gap, self._crossed = LINE, set[str]()

    def cross(self, kind: str) -> None:
        """Note a tag."""
        self._crossed.add(kind)

    def end_line(self) -> None:
        """Note the border of a block."""
        self._gap = LINE

    def add(self, text: str) -> None:
        """Add a text node."""
        for character in text:
            if character.isspace():
                self._gap = max(self._gap, SPACE)
                continue
            self.characters.append(character)
            self.gaps.append(self._gap)
            self.kinds.append(next((kind for kind in ORDER if kind in self._crossed), ""))
            self._gap = NONE
            self._crossed.clear()


def source_text(soup: Tag) -> Text:
    """Read the article of a post that was not pretty-printed."""
    text = Text()
    verbatim = 0
    for step, node in walk(soup):
        if isinstance(node, str):
            text.add(node)
        elif step != "text" and isinstance(node, Tag):
            if node.name in VERBATIM:
                verbatim += 1 if step == "in" else -1
            if node.name == "img" or (node.name not in INLINE and node.name not in VERBATIM):
                text.end_line()  # a picture is no character here
            elif not verbatim:
                text.cross(KINDS.get(node.name, "span"))
    return text


def rendered_text(root: _Element) -> Text:
    """Read what a reader sees of a rendering."""
    text = Text()
    todo: list[tuple[bool, _Element]] = [(True, root)]
    while todo:
        begins, element = todo.pop()
        inline = element.tag in INLINE and element.tag != "img"
        if not inline:
            text.end_line()
        if begins:
            text.add(element.text or "")
            todo.append((False, element))
            todo += [(True, child) for child in reversed(element)]
        elif element is not root:
            text.add(element.tail or "")
    return text


def places(source: str, out: str) -> Iterator[tuple[int, int]]:
    """Pair the places of two texts of which the second lacks parts of the first."""
    i = j = 0
    while i < len(source) and j < len(out):
        if source[i] == out[j]:
            yield i, j
            i, j = i + 1, j + 1
            continue
        found = out.find(source[i : i + KEY], j, j + WINDOW)
        if found >= 0:
            j = found
            continue
        i += 1


def boundaries(post: str, truth: Text, out: Text) -> Iterator[Boundary]:
    """Yield the places of a post where only the characters can tell."""
    last = (-1, -1)
    source, found = "".join(truth.characters), "".join(out.characters)
    for i, j in places(source, found):
        if i and j and last == (i - 1, j - 1) and truth.kinds[i] and truth.gaps[i] != LINE:
            left, right = source[max(0, i - AROUND) : i], source[i : i + AROUND]
            yield Boundary(post, left, right, truth.kinds[i], truth.gaps[i] == SPACE, out.gaps[j] == SPACE)
        last = (i, j)


def article_of(soup: BeautifulSoup) -> Tag:
    """Find the element that holds the article."""
    return soup.select_one("#content_views, #article_content, article") or soup


def body_of(markdown: str) -> str:
    """Cut off the front matter."""
    return markdown.partition("\n---\n")[2] if markdown.startswith("---\n") else markdown


def compare(path: Path, convert_to: Callable[[str, str], str]) -> tuple[str, str, list[Boundary]]:
    """Convert a post as it is and pretty-printed; returns both, and the boundaries of the second."""
    page = decode(Source(path.name, path.read_bytes(), path.name), None)
    head = f"---\n{page.front_matter}\n---\n" if page.front_matter is not None else ""
    soup = BeautifulSoup(page.body, "html.parser")
    truth = source_text(article_of(soup))
    plain = convert_to(path.name, head + page.body)
    printed = convert_to(path.name, head + soup.prettify())
    out = rendered_text(rendered(body_of(printed)))
    return plain, printed, list(boundaries(path.name, truth, out))


def text_of(markdown: str) -> str:
    """Return the characters that a reader sees."""
    return "".join(rendered_text(rendered(body_of(markdown))).characters)


def converted(name: str, html: str) -> str:
    """Convert a post; empty when it has no article."""
    return convert(Source(name, html.encode("utf-8", "replace"), name), Options()).markdown


def table(title: str, found: list[Boundary], key: Callable[[Boundary], str], least: int) -> None:
    """Print how many boundaries are right, by something."""
    counts, right, had = Counter(map(key, found)), Counter[str](), Counter[str]()
    for one in found:
        right[key(one)] += one.had == one.has
        had[key(one)] += one.had
    print(f"\n{title:16} {'places':>7} {'right':>7} {'had one':>8}")
    for name, count in counts.most_common():
        if count >= least:
            print(f"{name:16} {count:7} {right[name] / count:7.1%} {had[name] / count:8.1%}")


def main() -> int:
    """Run the comparison and print what it finds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--rows", type=Path, help="file for the boundaries, one JSON list a line")
    parser.add_argument("--list", action="store_true", help="name the posts whose text differs")
    arguments = parser.parse_args()
    posts = identical = same = 0
    found: list[Boundary] = []
    for path in sorted(path for path in arguments.directory.rglob("*") if path.suffix in SUFFIXES):
        plain, printed, here = compare(path, converted)
        if not plain:
            continue
        posts += 1
        identical += plain == printed
        equal = text_of(plain) == text_of(printed)
        same += equal
        if arguments.list and not equal:
            print("differs:", path.name)
        found += here
    if not found:
        print("no posts, or nothing in them to compare", file=sys.stderr)
        return 1
    wrong = {one.post for one in found if one.had != one.has}
    print(f"{posts} posts: {identical / posts:.1%} identical, {same / posts:.1%} with the same text,")
    print(f"{1 - len(wrong) / posts:.1%} with every boundary right")
    table("all", found, lambda _: "all", 1)
    table("kind", found, lambda one: one.kind, 1)
    table("characters", found, lambda one: one.classes, len(found) // 200)
    table("kind and classes", found, lambda one: f"{one.kind} {one.classes}", len(found) // 100)
    if arguments.rows:
        arguments.rows.write_text(
            "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in found), encoding="utf-8"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
