r"""What site generators read otherwise than CommonMark, written so that they and CommonMark read the same.

The tables were measured with Jekyll 4.3 (kramdown 2.4 with GFM), Hexo 8 (marked 15) and Hugo 0.111 and 0.168 (goldmark)
over 1,033 posts; docs/sites.md says what each class did to them. In CommonMark a backslash before punctuation changes
nothing, so the Markdown for one of them still says the same everywhere.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from converter.model import Note
from converter.nodes import (
    BREAK,
    CODE,
    IMAGE,
    RAW,
    TEXT,
    Block,
    Fence,
    Heading,
    Html,
    Item,
    List,
    Paragraph,
    Quote,
    Run,
    Table,
)
from converter.nodes import Note as Footnote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from converter.model import Options, Target, TemplateGuard

# kramdown knows no backslash before these.
_REFERENCES: Final = {"&": "&amp;", "^": "&#94;"}
_TAG: Final = r"<(?=[A-Za-z/!?_\u0080-\U0010ffff])"  # kramdown and marked take `<stdio.h>` and `<job_id>` for tags
_OPTION: Final = r"(?<!-)--(?=[A-Za-z])"  # typographers write a dash: `--force` would be a command nobody can copy
_ANGLES: Final = r"<<+|>>+"  # and guillemets
_NUMBER: Final = re.compile(r"(\d{1,9})([.)])(?=\s|$)")


class _Dialect(NamedTuple):
    r"""What a generator takes for syntax.

    Attributes:
        text: signs to write with a backslash wherever text stands.
        flowing: the same outside of headings and cells.
        heading: the same in headings alone.
        starts: signs at the start of a line of a paragraph.
        numbers: whether a number begins a list on any line of a paragraph.
        starting: whether the number that a list begins with must be said in a line of attributes.
        lists: whether only a comment keeps a list from the one before it, and an empty item from being read away.
        headers: whether a table needs rows below its header.
        nested_fences: whether a listing cannot begin an item of a list in a list.

    """

    text: str
    flowing: str = ""
    heading: str = ""
    starts: str = ""
    numbers: bool = False
    starting: bool = False
    lists: bool = False
    headers: bool = False
    nested_fences: bool = False


class _Signs(NamedTuple):
    """The patterns of a dialect: for cells, for paragraphs, for headings, for the start of a line."""

    text: re.Pattern[str]
    flowing: re.Pattern[str]
    heading: re.Pattern[str]
    starts: re.Pattern[str] | None


_DIALECTS: Final = {
    "jekyll": _Dialect(
        # A lone `*` finds a partner lines away; `$$` is math, `{:` a list of attributes, `{#x}` the name of a heading.
        text=rf"{_TAG}|{_ANGLES}|{_OPTION}|\*|__+|&(?=#?\w+;)|\$\$|\{{(?=:)|\](?=\()",
        flowing=r"\|",  # a table
        heading=r"\{(?=#)",
        starts=r":(?=\s)|\^$",
        numbers=True,
        starting=True,
        lists=True,
        headers=True,
    ),
    "hexo": _Dialect(
        # marked makes links of `www.`, with the Chinese behind it, and strikes what is between two single tildes.
        text=rf"{_TAG}|{_OPTION}|\*|~|(?<=[wW]{{3}})\.(?=[^\s<]{{0,200}}[^\x00-\x7f\s<])",
        numbers=True,
        nested_fences=True,
    ),
    "hugo": _Dialect(text=rf"{_ANGLES}|{_OPTION}|~", heading=r"\{(?=[#.])", starts=r":(?=\s)"),
}
_GUARDS: Final[Mapping[str, TemplateGuard]] = {"jekyll": "liquid", "hexo": "nunjucks", "hugo": "hugo"}
_DATED: Final = re.compile(r"\d{4}-\d{2}-\d{2}-.").match
_DATE: Final = re.compile(r"---\n(?:(?!---\n).*\n)*?date: '?(\d{4}-\d{2}-\d{2})").match
_ADDRESS: Final = re.compile(r"(?:(?:https?|ftp)://|www\.)[^\s<]*", re.IGNORECASE)
_ATTRIBUTES: Final = re.compile(r'((?:[ >]|[-*] |\d{1,9}[.)] )*)\{:start="\d+"\}').fullmatch
_FENCE: Final = re.compile(r"(?:[ >]|[-*] |\d{1,9}[.)] )*(`{3,})[^`]*$").match
_ITEM: Final = re.compile(r"[ >]*\d{1,9}[.)](?=\s|$)").match
_COMMENT: Final = "<!-- -->"


def options_for(options: Options) -> Options:
    """Fill in what a target implies: its template language, and for Hexo that footnotes stay what they were."""
    if options.target == "commonmark":
        return options
    guard = _GUARDS[options.target] if options.template_guard == "none" else options.template_guard
    # marked has none: the text of a note would be the address of a link.
    keep = tuple(sorted({*options.keep, "footnote"})) if options.target == "hexo" else options.keep
    return options._replace(template_guard=guard, keep=keep)


def fields_for(fields: Mapping[str, object], target: Target) -> Mapping[str, object]:
    """Write dates as a generator reads them.

    Hexo adds the zone of its machine to a date with a zone (882 of 882 dates were hours off, 68 on another day); one
    without is read as the author's own time.
    """
    if target != "hexo":
        return fields
    return {
        name: value.replace(tzinfo=None) if isinstance(value, datetime) else value for name, value in fields.items()
    }


def notes_for(path: str, markdown: str, target: Target) -> tuple[Note, ...]:
    """Tell of a file that a generator would leave out."""
    name = path.rpartition("/")[2]
    if target != "jekyll" or not name or _DATED(name):
        return ()
    day = _DATE(markdown)
    called = f"{day[1] if day else 'YYYY-MM-DD'}-{name.rpartition('.')[0] or name}.md"
    return (Note("undated-file", f"Jekyll leaves out posts whose file has no date in its name: call it {called}"),)


def adapt(blocks: list[Block], target: Target) -> None:
    """Change a tree, in place, so that a generator reads it as CommonMark does."""
    if target == "commonmark":
        return
    dialect = _DIALECTS[target]
    signs = _Signs(
        re.compile(dialect.text),
        re.compile(f"{dialect.text}|{dialect.flowing}" if dialect.flowing else dialect.text),
        re.compile(f"{dialect.text}|{dialect.heading}" if dialect.heading else dialect.text),
        re.compile(dialect.starts) if dialect.starts else None,
    )
    waiting: list[tuple[list[Block], int, bool]] = [(blocks, 0, False)]
    while waiting:
        inner, depth, in_item = waiting.pop()
        for at, block in enumerate(inner):
            if isinstance(block, List):
                waiting += [(_settled(item, dialect, depth), depth + 1, True) for item in block.items]
                # Behind a bullet there is no place for them.
                if dialect.starting and block.start not in {None, 1} and (at or not in_item):
                    block.attributes = f'{{:start="{block.start}"}}'
            elif isinstance(block, (Quote, Footnote)):
                waiting.append((block.blocks, depth, False))
            else:
                _guard(block, dialect, signs)
        if dialect.lists:
            inner[:] = _parted(inner)


def without_attributes(body: str) -> str:
    """Leave out the lines of attributes that `adapt` adds, which CommonMark takes for text; listings keep theirs."""
    if "{:start=" not in body:
        return body
    out: list[str] = []
    fence = prefix = ""
    lines = body.split("\n")
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        found = _FENCE(line)
        if fence:
            fence = "" if found is not None and found[1] == fence and line.endswith(fence) else fence
        elif found is not None:
            fence = found[1]
        elif (attributes := _ATTRIBUTES(line)) and _ITEM(following):
            prefix = attributes[1]  # it may hold the marker of an item
            continue
        out.append(prefix + line[len(prefix) :])
        prefix = ""
    return "\n".join(out)


def _guard(block: Block, dialect: _Dialect, signs: _Signs) -> None:
    """Write the text of one block with the backslashes that it needs."""
    match block:
        case Paragraph(runs):
            runs[:] = [*_guarded(runs, signs.flowing, signs.starts, numbers=dialect.numbers)]
        case Heading(_, runs):
            runs[:] = [*_guarded(runs, signs.heading, None, numbers=False)]
        case Table(header, rows):
            for cell in (*header, *(cell for row in rows for cell in row)):
                cell[:] = [*_guarded(cell, signs.text, None, numbers=False)]
            if dialect.headers and not rows:
                block.header, block.rows = [[] for _ in header], [header]
        case _:
            pass


def _settled(item: Item, dialect: _Dialect, depth: int) -> list[Block]:
    """Put a comment into an item that would be read otherwise without."""
    blocks = item.blocks
    if (dialect.lists and not blocks) or (dialect.nested_fences and depth and blocks and isinstance(blocks[0], Fence)):
        blocks.insert(0, Html(_COMMENT))
    return blocks


def _parted(blocks: list[Block]) -> Iterator[Block]:
    """Put a comment between two lists of one kind, which CommonMark tells apart by their markers."""
    last: Block | None = None
    for block in blocks:
        if isinstance(block, List) and isinstance(last, List) and (block.start is None) == (last.start is None):
            yield Html(_COMMENT)
        yield block
        last = block


def _guarded(
    runs: list[Run], signs: re.Pattern[str], starts: re.Pattern[str] | None, *, numbers: bool
) -> Iterator[Run]:
    begins, first = True, True
    for place, run in enumerate(runs):
        if run.kind == TEXT:
            at = 0
            if begins and numbers and not first and (number := _NUMBER.match(run.text)):
                yield run._replace(text=number[1])
                yield run._replace(kind=RAW, text=f"\\{number[2]}", space=False)
                at = number.end()
            elif begins and starts is not None and (start := starts.match(run.text)):
                yield run._replace(kind=RAW, text=_escaped(start[0]))
                at = start.end()
            yield from _split(run, signs, at, _behind(runs, place))
        else:
            yield run
        begins = run.kind == BREAK
        first = first and run.kind not in {BREAK, TEXT, CODE, IMAGE}


def _behind(runs: list[Run], place: int) -> str:
    """Return how the next run begins, where nothing stands between: a sign may need it to be one."""
    following = runs[place + 1] if place + 1 < len(runs) else None
    return following.text[:2] if following is not None and following.kind == TEXT and not following.space else ""


def _split(run: Run, signs: re.Pattern[str], at: int, behind: str) -> Iterator[Run]:
    """Cut a text from a place on before and behind each sign; the signs are written with their backslashes."""
    text, space, done = run.text, run.space and not at, at
    if at < len(text) and at and text[at] == " ":
        space = True
    for begin, end in _places(text, signs, at, behind):
        if begin > done:
            piece = text[done:begin]
            bare = piece.strip(" ")
            if bare:
                yield run._replace(text=bare, space=space or piece[0] == " ")
                space = False
            space = space or piece[-1] == " "
        yield run._replace(kind=RAW, text=_escaped(text[begin:end]), space=space)
        done, space = end, False
    if done == 0:
        yield run
    elif done < len(text):
        piece = text[done:]
        if bare := piece.strip(" "):
            yield run._replace(text=bare, space=space or piece[0] == " ")


def _places(text: str, signs: re.Pattern[str], at: int, behind: str) -> Iterator[tuple[int, int]]:
    """Find the signs of a text, those that need what follows it to be one included; none in addresses.

    What makes a link of an address would show its backslashes; one with Chinese in it is none any more.
    """
    addresses = [m.span() for m in _ADDRESS.finditer(text) if m[0].isascii()] if "/" in text or "." in text else []
    passed = 0
    for match in signs.finditer(text + behind, at):
        begin, end = match.span()
        if end > len(text):
            return
        while passed < len(addresses) and addresses[passed][1] <= begin:
            passed += 1
        if passed == len(addresses) or addresses[passed][0] > begin:
            yield begin, end


def _escaped(signs: str) -> str:
    return _REFERENCES.get(signs, "".join(f"\\{sign}" for sign in signs))
