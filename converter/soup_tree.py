"""Block structure of the markdownify engine: any cleaned HTML becomes a small canonical tree.

In the tree that comes out, root, li and blockquote hold blocks only (p, h1-h6, ul, ol, blockquote, pre, table, hr,
display math), the others hold inline elements only, and layout wrappers are gone. Blocks inside inline elements stay
blocks: emphasis and links are carried along and end up inside each of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag

from converter.soup_inline import Context, Piece, build, flatten, has_text, paragraphs
from converter.soup_tables import Cell, grid_of, is_layout, write_table

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
LISTS: Final = {"ul": "ul", "menu": "ul", "dir": "ul", "ol": "ol"}
_LEAVES: Final = frozenset({*HEADINGS, *LISTS, "blockquote", "pre", "table", "hr", "x-note"})
_DIVISIONS: Final = frozenset(
    {
        "address",
        "article",
        "aside",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hgroup",
        "html",
        "legend",
        "li",
        "main",
        "nav",
        "p",
        "section",
        "summary",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
    }
)
_BLOCKS: Final = _LEAVES | _DIVISIONS
_PAIR: Final = 2
_MAX_NUMBER: Final = 999_999_999  # CommonMark 5.2: at most nine digits; only the first number of a list counts


@dataclass(slots=True)
class _Job:
    """What stays the same for one article.

    Attributes:
        soup: makes the new elements.
        prettified: white space at inline boundaries says nothing.
        mixed: ids of inline elements that hold blocks.

    """

    soup: BeautifulSoup
    prettified: bool
    mixed: set[int] = field(default_factory=set)


_Run = list[tuple[Tag | NavigableString, Context]]


def canonical(source: Tag, *, prettified: bool) -> BeautifulSoup:
    """Return a new tree with the content of `source` in canonical form."""
    job = _Job(BeautifulSoup("", "html.parser"), prettified)
    for block in source.find_all(_BLOCKS):
        parent = block.parent
        while parent is not None and parent.name not in _BLOCKS and id(parent) not in job.mixed:
            job.mixed.add(id(parent))
            parent = parent.parent
    _adopt_items(job.soup, source)
    _drop_echoes(source)
    _fill(job, job.soup, source, Context())
    return job.soup


def _drop_echoes(source: Tag) -> None:
    """Drop titles of links and images that repeat what is there anyway."""
    for tag in source.find_all(["a", "img"], title=True):
        title = " ".join(str(tag["title"]).split())
        text = "".join(tag.get_text().split())
        if title in {tag.get("href"), tag.get("src"), tag.get("alt")} or "".join(title.split()) == text:
            del tag["title"]


def _adopt_items(soup: BeautifulSoup, source: Tag) -> None:
    """Put items without a list (23 of 11,207 posts that no pretty-printer has seen) into one, neighbours together."""
    for item in source.find_all("li"):
        only = [part for part in item.contents if isinstance(part, Tag) or str(part).strip()]
        spliced = len(only) == 1 and isinstance(only[0], Tag) and only[0].name in LISTS
        if spliced or item.parent is None or item.parent.name in LISTS:
            continue
        rest = [item]
        for sibling in item.next_siblings:
            if isinstance(sibling, Tag) and sibling.name == "li":
                rest.append(sibling)
            elif isinstance(sibling, Tag) or str(sibling).strip():
                break
        adopter = item.wrap(soup.new_tag("ul"))
        for sibling in rest[1:]:
            adopter.append(sibling)


def _fill(job: _Job, out: Tag, source: Tag, context: Context) -> None:
    """Append the content of `source` to `out` as blocks."""
    run: _Run = []
    for node, around in _parts(job, source, context):
        if isinstance(node, Tag) and node.name in _BLOCKS:
            _flush(job, out, run)
            _block(job, out, node, around)
        else:
            run.append((node, around))
    _flush(job, out, run)


def _parts(job: _Job, source: Tag, context: Context) -> Iterator[tuple[Tag | NavigableString, Context]]:
    """Yield the children; of inline elements that hold blocks, yield the content instead."""
    for child in source.children:
        if isinstance(child, Tag) and id(child) in job.mixed:
            yield from _parts(job, child, context.inside(child))
        elif isinstance(child, Tag | NavigableString):
            yield child, context


def _flush(job: _Job, out: Tag, run: _Run) -> None:
    for pieces in paragraphs(flatten(run, prettified=job.prettified)):
        if pieces[0].kind == "display":
            math = job.soup.new_tag("x-tex", attrs={"display": "block"})
            math.string = pieces[0].text
            out.append(math)
        else:
            _leaf(job, out, "p", pieces)
    run.clear()


def _leaf(job: _Job, out: Tag, name: str, pieces: list[Piece]) -> None:
    tag = job.soup.new_tag(name)
    build(job.soup, tag, pieces)
    out.append(tag)


def _block(job: _Job, out: Tag, block: Tag, context: Context) -> None:
    name = block.name
    if name in HEADINGS:
        _heading(job, out, block, context)
    elif name in LISTS:
        _list(job, out, block, context)
    elif name == "pre":
        _code(job, out, block)
    elif name == "table":
        _table(job, out, block, context)
    elif name in {"blockquote", "x-note"}:
        quote = job.soup.new_tag(name, attrs={"label": str(block.get("label") or "")})
        _fill(job, quote, block, context)
        if quote.contents:
            out.append(quote)
    elif name == "hr":
        if not (out.contents and isinstance(out.contents[-1], Tag) and out.contents[-1].name == "hr"):
            out.append(job.soup.new_tag("hr"))
    else:
        _fill(job, out, block, context)


def _heading(job: _Job, out: Tag, block: Tag, context: Context) -> None:
    """Write a heading on one line.

    What cannot be on a line (code, lists, tables) follows it; lines of images only, before and after the text, are
    paragraphs: they were illustrations (214 posts).
    """
    run: _Run = []
    after: list[tuple[Tag, Context]] = []
    _spread(job, block, context, run, after)
    pieces = flatten(run, prettified=job.prettified, one_line=True)
    for piece in pieces:
        piece.marks -= {"strong"}
    lines = list(_lines(pieces))
    text = [number for number, line in enumerate(lines) if has_text(line)] or [len(lines), -1]
    for line in lines[: text[0]]:
        _leaf(job, out, "p", line)
    if heading := lines[text[0] : text[-1] + 1]:
        _leaf(job, out, block.name, [piece for line in heading for piece in (Piece("br"), *line)][1:])
    for line in lines[max(text[-1] + 1, text[0]) :]:
        _leaf(job, out, "p", line)
    for node, around in after:
        _block(job, out, node, around)


def _lines(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """Split at the breaks."""
    line: list[Piece] = []
    for piece in pieces:
        if piece.kind == "br":
            yield line
            line = []
        else:
            line.append(piece)
    if line:
        yield line


def _spread(job: _Job, source: Tag, context: Context, run: _Run, after: list[tuple[Tag, Context]]) -> None:
    """Collect the inline content of a heading, with a break where one block ends and another begins."""
    for node, around in _parts(job, source, context):
        if isinstance(node, Tag) and node.name in _LEAVES:
            after.append((node, around))
        elif isinstance(node, Tag) and node.name in _DIVISIONS:
            run.append((job.soup.new_tag("br"), around))
            _spread(job, node, around, run, after)
            run.append((job.soup.new_tag("br"), around))
        else:
            run.append((node, around))


def _code(job: _Job, out: Tag, block: Tag) -> None:
    code = block.find("code")
    text = block.get_text()
    if not text.strip():
        return
    tag = job.soup.new_tag("pre")
    names = code.get("class") if isinstance(code, Tag) else None
    tag["language"] = next((name[9:] for name in names or () if name.startswith("language-")), "")
    tag.string = text
    out.append(tag)


def _list(job: _Job, out: Tag, block: Tag, context: Context) -> None:
    """Write a list; a child that is no item becomes an item of its own, a list in a list too."""
    before = out.contents[-1] if out.contents else None
    tag = job.soup.new_tag(LISTS[block.name])
    start = str(block.get("start") or "1")
    tag["start"] = start if start.isdecimal() and len(start) < 10 else "1"  # noqa: PLR2004  CommonMark 5.2: 9 digits
    follows = isinstance(before, Tag) and before.name in {"ul", "ol"}
    tag["marker"] = _marker(tag.name, before if isinstance(before, Tag) and follows else None)
    for node, around in _parts(job, block, context):
        if isinstance(node, NavigableString) and not node.strip():
            continue
        item = job.soup.new_tag("li")
        if isinstance(node, Tag) and node.name == "li":
            _fill(job, item, node, around)
        elif isinstance(node, Tag) and node.name in _BLOCKS:
            _block(job, item, node, around)
        else:
            _flush(job, item, [(node, around)])
        if item.contents:
            item["number"] = str(min(int(str(tag["start"])) + len(tag.contents), _MAX_NUMBER))
            tag.append(item)
    if tag.contents:
        out.append(tag)
        if all(_is_tight(item) for item in tag.contents if isinstance(item, Tag)):
            tag["tight"] = ""


def _marker(name: str, before: Tag | None) -> str:
    """Return another marker than that of the list before, or both would be one list."""
    if name == "ul":
        return "-" if before is None or before["marker"] == "*" else "*"
    return ")" if before is not None and before["marker"] == "." else "."


def _is_tight(item: Tag) -> bool:
    """Tell whether an item is one block, or a paragraph with one list that may interrupt it (CommonMark 5.2)."""
    blocks = [block for block in item.contents if isinstance(block, Tag)]
    if len(blocks) < _PAIR:
        return True
    first, second = blocks[:_PAIR]
    interrupts = second.name == "ul" or (second.name == "ol" and second["start"] == "1")
    return len(blocks) == _PAIR and first.name == "p" and interrupts and second.has_attr("tight")


def _table(job: _Job, out: Tag, table: Tag, context: Context) -> None:
    if is_layout(table):
        _fill(job, out, table, context)
        return
    for caption in table.find_all("caption"):
        _fill(job, out, caption, context)
    rows = [[_cell(job, cell, context) for cell in row] for row in grid_of(table)]
    out.append(write_table(job.soup, rows))


def _cell(job: _Job, cell: Cell, context: Context) -> Cell:
    run: _Run = []
    if cell.source is not None:
        _gather(job, cell.source, context, run)
    cell.pieces = flatten(run, prettified=job.prettified, one_line=True)
    return cell


def _gather(job: _Job, source: Tag, context: Context, run: _Run) -> None:
    """Collect everything in a cell as inline content: blocks become lines, code blocks stay whole."""
    for node, around in _parts(job, source, context):
        if isinstance(node, Tag) and node.name in _BLOCKS:
            run.append((job.soup.new_tag("br"), around))
            if node.name == "pre":
                run.append((node, around))
            else:
                _gather(job, node, around, run)
            run.append((job.soup.new_tag("br"), around))
        else:
            run.append((node, around))
