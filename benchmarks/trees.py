"""Compare the trees that posts are parsed into with those that an HTML5 parser builds.

    python benchmarks/trees.py DIRECTORY [--shown N]

Each page is parsed by `scraper.parse` and by html5lib, and both trees are written down as a row of characters (white
space left out) and tags. Tags that say nothing to a reader, and those that may be left out in HTML, are not looked at,
nor what no browser shows. Prints the posts that differ with the first place, and how often it needed
the second parser.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import html5lib

from converter.decode import decode
from converter.errors import ConverterError
from converter.model import Source
from converter.scraper import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIXES: Final = frozenset({".md", ".markdown", ".html", ".htm"})
UNSEEN: Final = frozenset("head link meta script style template title noscript iframe noembed noframes".split())
SILENT: Final = frozenset("html body tbody colgroup col span font wbr form".split())
AROUND: Final = 12
_PROLOGUE: Final = 200


def row_of(root: object) -> list[str]:
    """Write a tree down: characters, `<tag` and `tag>` in the order of the page."""
    return list(_events(root))


def _events(root: object) -> Iterator[str]:
    todo: list[tuple[str, object]] = [("in", root)]
    while todo:
        step, node = todo.pop()
        if step == "text":
            yield from "".join(str(node).split())
            continue
        tag = node.tag  # type: ignore[attr-defined] # elements of lxml and of xml.etree alike
        name = tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""
        shown = name and name not in SILENT and name not in UNSEEN
        if step == "out":
            if shown:
                yield f"{name}>"
            continue
        todo.append(("out", node))
        if name in UNSEEN or not name:
            continue
        if shown:
            yield f"<{name}"
        children = list(node)  # type: ignore[call-overload]
        for child in reversed(children):
            if child.tail:
                todo.append(("text", child.tail))
            todo.append(("in", child))
        if node.text:  # type: ignore[attr-defined]
            todo.append(("text", node.text))  # type: ignore[attr-defined]


def meaning(row: list[str]) -> list[str]:
    """Leave out elements around nothing: a browser opens formatting again in each block that it runs into."""
    out: list[str] = []
    for token in row:
        if len(token) > 1 and token.endswith(">") and out and out[-1] == f"<{token[:-1]}" and token not in KEPT:
            out.pop()
        else:
            out.append(token)
    return out


KEPT: Final = frozenset({"img>", "br>", "hr>", "input>", "td>", "th>", "textarea>"})


def difference(html: str, data: bytes = b"") -> tuple[str, str]:
    """Say where the two trees differ first (empty when they do not), and what the parser noted."""
    tree, notes = parse(html, data)
    strict = html if "<!doctype" in html[:_PROLOGUE].lower() else f"<!DOCTYPE html>{html}"
    truth = html5lib.parse(strict, namespaceHTMLElements=False, scripting=True)
    ours, theirs = meaning(row_of(tree)), meaning(row_of(truth))
    noted = ", ".join(note.rule for note in notes)
    if ours == theirs:
        return "", noted
    at = next((n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs)))
    here = slice(max(0, at - AROUND), at + AROUND)
    return f"{' '.join(ours[here])}  |  {' '.join(theirs[here])}", noted


def main() -> int:
    """Compare the trees of a directory of posts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--shown", type=int, default=40, help="posts that are listed")
    arguments = parser.parse_args()
    posts = differ = 0
    noted = Counter[str]()
    for path in sorted(path for path in arguments.directory.rglob("*") if path.suffix in SUFFIXES):
        try:
            page = decode(Source(path.name, path.read_bytes(), path.name), None)
            if page.kind != "html":
                continue
            where, notes = difference(page.body, page.data)
        except ConverterError as e:
            print(path.name, e)
            continue
        posts += 1
        noted[notes or "first reading"] += 1
        if where:
            differ += 1
            if differ <= arguments.shown:
                print(f"{path.name} [{notes}]: {where}")
    print(f"{posts} posts, {differ} with another tree than html5lib's")
    for name, count in noted.most_common():
        print(f"{count:6} {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
