"""Render what comes out for a directory of posts and list where it says something else than the cleaned article.

    python benchmarks/rendering.py DIRECTORY

A first step to verification at run time: it prints how many posts differ in what, with places, and what looking costs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyromark
from lxml import etree
from seen import MARKS, MOVABLE, Facts, facts_of

from converter import cleaner, decode, emitter, profiles, reader, scraper
from converter.errors import ConverterError
from converter.model import Article, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

LISTS: Final = ("links", "headings", "images", "listings", "formulas", "items", "quotes")
SETS: Final = ("ends", "breaks")
SHOWN: Final = 8
AROUND: Final = 10
OPTIONS: Final = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
    | pyromark.Options.ENABLE_MATH
)


def rendered(markdown: str) -> _Element:
    """Render Markdown and parse what comes out."""
    html = pyromark.Markdown(options=OPTIONS).html(markdown)
    parser = etree.HTMLParser(huge_tree=True, encoding="utf-8")
    tree = etree.fromstring(f"<body>{html or '<p>'}".encode("utf-8", "replace"), parser)
    body = tree.find("body")
    return tree if body is None else body


def cleaned(path: Path) -> Article | None:
    """Do what a conversion does up to the cleaned article; None for what has none."""
    try:
        page = decode.decode(Source(path.name, path.read_bytes(), path.name), None)
        if page.kind != "html":
            return None
        article = scraper.scrape(page._replace(body=decode.hygiene(page.body)))
    except ConverterError:
        return None
    cleaner.clean(article, profiles.load(article.profile))
    return article


def differences(ours: Facts, theirs: Facts) -> Iterator[tuple[str, str]]:
    """Yield what differs, and where."""
    text = ours.text
    if text != theirs.text:
        at = next((n for n, (a, b) in enumerate(zip(text, theirs.text, strict=False)) if a != b), len(theirs.text))
        yield (
            "text",
            f"{text[max(0, at - AROUND) : at + AROUND]!r} / {theirs.text[max(0, at - AROUND) : at + AROUND]!r}",
        )
        return
    plain = bytearray(len(text))  # headings and header rows are bold anyway
    for span in (*ours.headings, *ours.heads):
        plain[span.start : span.end] = b"\1" * (span.end - span.start)
    for mark, name in enumerate(MARKS):
        left, right = ours.marks[mark], theirs.marks[mark]
        for at, (a, b) in enumerate(zip(left, right, strict=True)) if left != right else ():
            if a != b and (mark not in MOVABLE or text[at].isalnum()) and not (mark == 0 and plain[at]):
                yield name, text[max(0, at - AROUND) : at + AROUND]
                break
    for name in LISTS:
        left, right = getattr(ours, name), getattr(theirs, name)
        if left != right:
            padding = [None] * max(len(left), len(right))
            first = next((a, b) for a, b in zip(left + padding, right + padding, strict=False) if a != b)
            yield name, f"{first[0]} / {first[1]}"
    for name in SETS:
        if places := sorted(getattr(ours, name) ^ getattr(theirs, name)):
            at = places[0]
            yield name, f"{len(places)}: {text[max(0, at - AROUND) : at]}|{text[at : at + AROUND]}"


def main() -> None:
    """Read the command line, look at every post, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, help="posts to convert")
    found = sorted(path for path in parser.parse_args().directory.rglob("*") if path.is_file())
    counts: Counter[str] = Counter()
    examples: defaultdict[str, list[str]] = defaultdict(list)
    posts = 0
    converting = looking = 0.0
    for path in found:
        times = [time.process_time()]
        article = cleaned(path)
        times.append(time.process_time())
        if article is None:
            continue
        ours = facts_of(article.root)
        times.append(time.process_time())
        markdown = emitter.emit(reader.read(article.root, prettified=article.prettified))
        times.append(time.process_time())
        differing = dict(differences(ours, facts_of(rendered(markdown))))
        times.append(time.process_time())
        converting += times[1] - times[0] + times[3] - times[2]
        looking += times[2] - times[1] + times[4] - times[3]
        posts += 1
        counts["posts that differ"] += bool(differing)
        for what, where in differing.items():
            counts[what] += 1
            examples[what].append(f"{path.name}: {where}")
    print(f"{posts} posts; looking costs {looking / max(converting, 1e-9):.0%} of converting")
    for what, count in counts.most_common():
        print(f"{count:6} {what}")
        for line in examples[what][:SHOWN]:
            sys.stdout.write(f"       {line}\n".encode("utf-8", "replace").decode())


if __name__ == "__main__":
    main()
