"""The page of `report --html`: what a whole run did, and the posts that need a human, source and output side by side.

Everything on it comes from the manifest, from our own nodes, and escaped: nothing of a page or of a Markdown file gets
there as it stands. Its style and script are named by their hashes in its content security policy; nothing else may act.
"""

from __future__ import annotations

import base64
import difflib
import hashlib
import re
from collections import Counter
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from lxml import etree
from lxml import html as lxml_html

from converter import __version__, decode, frontmatter, pipeline, reader, verify
from converter.errors import ConverterError, SourceError
from converter.model import Options, Source
from converter.rules import RULES, about, kind_of
from converter.showing import essence, show, text_of_block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from converter.manifest import Record
    from converter.nodes import Block
    from converter.sources.reading import Content

SIDE_BY_SIDE: Final = 200
"""Posts that are shown in full."""
BUDGET: Final = 16 << 20
"""Characters that they may take all together; the others are listed."""
LISTED: Final = 100_000
"""Posts in the list of all."""
_ROWS: Final = 500
"""Posts of the list in one fold."""
_BLOCKS: Final = 400
"""Blocks of one post that are shown."""
_NOTES: Final = 50
_LONGEST: Final = 300

_ROUTINE: Final = frozenset({"description-tail-cut", "placeholder-dropped", "random-image-dropped", "template-syntax"})
"""Notes that ask for nobody: noise went by a rule. What was repaired or guessed is worth a look."""
_REMOVED: Final = re.compile(r"(\d+) removed").fullmatch
_WORDS: Final = re.compile(r"[A-Za-z0-9_]+|\s+|.", re.DOTALL)  # an ideograph is a word
KNOWN: Final = re.compile(rb'<!doctype html>(?s:.*?)<meta name="generator" content="archive2md">')
"""How each page begins."""
_TEMPLATE: Final = Path(__file__).with_name("report.html")


class Post(NamedTuple):
    """One output: where it is, what it was made of, and what was noted about it, as pairs of rule and text."""

    output: str
    record: Record
    notes: tuple[tuple[str, str], ...]

    @property
    def concerns(self) -> list[str]:
        """Name the notes that a human should look at, each once."""
        return list(dict.fromkeys(rule for rule, text in self.notes if _asks(rule, text)))


def _asks(rule: str, text: str) -> bool:
    return rule not in _ROUTINE and not (_REMOVED(text) and kind_of(rule) == "noise")


def page(root: Path, manifest: Iterable[tuple[str, Record]], failures: Sequence[str]) -> str:
    """Write the page for an output directory.

    Args:
        root: the output directory.
        manifest: its outputs and what is known about them.
        failures: one error message for each post that failed in the last run.

    """
    posts = [Post(output, record, tuple(_notes(record.notes))) for output, record in manifest]
    troubled = sorted((post for post in posts if post.concerns), key=lambda post: -len(post.concerns))
    slots = {
        "title": f"archive2md: {escape(root.name or str(root))}",
        "totals": _totals(posts, failures, len(troubled)),
        "rules": "".join(_rules(posts)),
        "failed": "".join(
            f'<li class="find"><code>{escape(_short(failure, 2000))}</code></li>' for failure in failures
        ),
        "posts": "".join(_troubled(root, troubled)),
        "all": "".join(_list(posts)),
        "version": escape(__version__),
    }
    text = _TEMPLATE.read_text(encoding="utf-8")
    for kind in ("style", "script"):
        inner = re.search(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256((inner[1] if inner else "").encode()).digest()).decode()
        text = text.replace(f"{{{kind}-hash}}", f"'sha256-{digest}'")
    return re.sub(r"<!--slot:(\w+)-->", lambda match: slots[match[1]], text)


def _notes(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        rule, _, rest = line.partition(": ")
        if rule:
            yield rule, rest


def _short(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


# ------------------------------------------------------------------------------------------------------------- tables
def _totals(posts: Sequence[Post], failures: Sequence[str], troubled: int) -> str:
    made = Counter(post.record.key or "not known" for post in posts)
    rows: list[tuple[str, str]] = [
        ("outputs", f"{len(posts):,}"),
        ("failed in the last run", f"{len(failures):,}"),
        ("with something to look at", f"{troubled:,}"),
        ("read", f"{sum(max(0, post.record.source_size) for post in posts):,} bytes"),
        ("written", f"{sum(max(0, post.record.size) for post in posts):,} bytes"),
        *((f"made by {key[:40]}", f"{count:,}") for key, count in made.most_common(5)),
    ]
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{value}</dd></div>" for name, value in rows)


def _rules(posts: Sequence[Post]) -> Iterator[str]:
    """List what was removed by which rule, and what else was noted: in how many posts, and how often."""
    in_posts: Counter[str] = Counter()
    times: Counter[str] = Counter()
    for post in posts:
        in_posts.update({rule for rule, _ in post.notes})
        for rule, text in post.notes:
            removed = _REMOVED(text)
            times[rule] += int(removed[1]) if removed else 1
    for rule, count in in_posts.most_common():
        what = about(rule) if rule in RULES else ""
        kind = "removed" if rule in RULES else "note" if rule in _ROUTINE else "look"
        yield (
            f'<tr class="{kind}"><td><code>{escape(rule)}</code></td><td>{kind}</td><td>{count:,}</td>'
            f"<td>{times[rule]:,}</td><td>{escape(what)}</td></tr>"
        )


def _list(posts: Sequence[Post]) -> Iterator[str]:
    shown = posts[:LISTED]
    for start in range(0, len(shown), _ROWS):
        part = shown[start : start + _ROWS]
        rows = "".join(
            f'<li class="find">{escape(_short(post.output))} <small>{escape(_short(post.record.source))}</small>'
            f"{_badges(post.concerns)}</li>"
            for post in part
        )
        last = start + len(part)
        head = f"<summary>{start + 1:,} to {last:,} of {len(posts):,}</summary>"
        yield f'<details>{head}<ol start="{start + 1}">{rows}</ol></details>'
    if len(posts) > LISTED:
        yield f"<p>{len(posts) - LISTED:,} more are not listed.</p>"


def _badges(rules: Iterable[str]) -> str:
    return "".join(f" <em>{escape(rule)}</em>" for rule in rules)


# ------------------------------------------------------------------------------------------------------- side by side
def _troubled(root: Path, posts: Sequence[Post]) -> Iterator[str]:
    used = 0
    for number, post in enumerate(posts):
        if number == SIDE_BY_SIDE or used > BUDGET:
            yield f"<p>{len(posts) - number:,} more have something to look at; they are in the list of all posts.</p>"
            return
        text = _post(root, post)
        used += len(text)
        yield text


def _post(root: Path, post: Post) -> str:
    notes = "".join(f"<li><b>{escape(rule)}</b> {escape(_short(text))}</li>" for rule, text in post.notes[:_NOTES])
    sides, differences = _sides(root, post)
    count = f" <strong>{differences} differ</strong>" if differences else ""
    return (
        f'<details class="post find"><summary>{escape(_short(post.output))}{_badges(post.concerns)}{count}</summary>'
        f"<p>made of <code>{escape(_short(post.record.source))}</code></p><ul>{notes}</ul>{sides}</details>"
    )


def _sides(root: Path, post: Post) -> tuple[str, int]:
    try:
        left, right = source_blocks(root, post.record), output_blocks(root / post.output)
    except ConverterError as error:
        return f'<p class="error">{escape(_short(str(error)))}</p>', 0
    rows, differences = [], 0
    for kind, ours, theirs in pairs(left[:_BLOCKS], right[:_BLOCKS]):
        differences += kind != "same"
        rows.append(f'<div class="{kind}">{ours}</div><div class="{kind}">{theirs}</div>')
    more = max(len(left), len(right)) - _BLOCKS
    rest = f"<p>{more:,} more blocks are not shown.</p>" if more > 0 else ""
    return f'<div class="sides"><h4>Source</h4><h4>Output</h4>{"".join(rows)}</div>{rest}', differences


def pairs(left: Sequence[Block], right: Sequence[Block]) -> Iterator[tuple[str, str, str]]:
    """Lay two lists of blocks side by side: `same`, `changed`, `lost` or `new`, and both as HTML."""
    matcher = difflib.SequenceMatcher(None, [*map(essence, left)], [*map(essence, right)], autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            yield from (("same", show(ours), show(theirs)) for ours, theirs in zip(left[a:b], right[c:d], strict=True))
        else:
            yield from _unequal(list(left[a:b]), list(right[c:d]))


def _unequal(left: list[Block], right: list[Block]) -> Iterator[tuple[str, str, str]]:
    """Lay blocks side by side that differ: those of one kind; of two kinds, the longer side has one of its own."""
    left, right = left[::-1], right[::-1]
    while left or right:
        if left and right and type(left[-1]) is type(right[-1]):
            yield "changed", *_marked(left.pop(), right.pop())
        elif len(left) >= len(right):
            yield "lost", show(left.pop()), ""
        else:
            yield "new", "", show(right.pop())


def _marked(ours: Block, theirs: Block) -> tuple[str, str]:
    """Show two blocks that differ; in text, the words that do are marked."""
    left, right = text_of_block(ours), text_of_block(theirs)
    if left is None or right is None or left == right:
        return show(ours), show(theirs)
    a, b = _WORDS.findall(left[: _BLOCKS * 10]), _WORDS.findall(right[: _BLOCKS * 10])
    out: tuple[list[str], list[str]] = ([], [])
    for kind, i, j, k, m in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        for side, text in zip(out, (escape("".join(a[i:j])), escape("".join(b[k:m]))), strict=True):
            side.append(text if kind == "equal" or not text else f"<mark>{text}</mark>")
    return f"<p>{''.join(out[0])}</p>", f"<p>{''.join(out[1])}</p>"


# -------------------------------------------------------------------------------------------------------- both sides
def source_blocks(root: Path, record: Record) -> list[Block]:
    """Read the cleaned article of a post once more.

    Raises:
        ConverterError: the source is gone, was changed since, or cannot be converted any more.

    """
    content = _read(root, record)
    if record.source_sha256 and content.digest != record.source_sha256:
        raise SourceError("was changed since it was converted", source=record.source, remedy="run the batch again")
    page = decode.decode(Source(record.source, content.data, record.source, content.url, content.encoding))
    if page.kind == "markdown":
        return _of_markdown(page.body)
    article = pipeline.cleaned(page, Options(verify=False)).article
    return reader.read(article.root, prettified=article.prettified)


def _read(root: Path, record: Record) -> Content:
    from converter.sources.containers import kind_of as container_kind
    from converter.sources.reading import read

    file = str((root.resolve() / record.file).resolve())
    if not record.file or container_kind(file):
        raise SourceError("is in a container; unpack it to compare", source=record.source, remedy="unpack it first")
    return read(file, None, record.source)


def output_blocks(file: Path) -> list[Block]:
    """Read what an output shows when it is rendered.

    Raises:
        SourceError: it cannot be read.

    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"cannot be read: {error}", source=str(file), remedy="convert it again") from None
    return _of_markdown(frontmatter.split(text)[1])


def _of_markdown(body: str) -> list[Block]:
    """Render Markdown, and read that into nodes, so that both sides are shown by the same hand."""
    rendered = verify.render(body)
    if not rendered.strip():
        return []
    try:
        root = lxml_html.fragment_fromstring(rendered, create_parent="div")
    except (etree.ParserError, ValueError):
        return []
    for element in root.iter("x-tex", "span"):
        math = (element.get("class") or "").partition("math-")[2]
        if math and not len(element):
            element.tag = "x-tex"
            element.attrib.clear()
            if math == "display":
                element.set("display", "block")
    return reader.read(root, prettified=False)
