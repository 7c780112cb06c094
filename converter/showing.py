"""Markdown nodes -> HTML to look at: inert whatever they hold, since every text and address in it is escaped."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from converter.nodes import (
    BREAK,
    CODE,
    DEL,
    EM,
    IMAGE,
    KBD,
    STRONG,
    SUB,
    SUP,
    TEX,
    Block,
    Fence,
    Formula,
    Heading,
    Html,
    List,
    Note,
    Paragraph,
    Quote,
    Run,
    Table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TAGS: Final = {STRONG: "b", EM: "i", DEL: "s", SUP: "sup", SUB: "sub", KBD: "kbd"}
_BOXES: Final = {None: "", True: "☑ ", False: "☐ "}
_LONGEST: Final = 20_000
"""Characters of one listing or kept table that are shown."""


def show(block: Block) -> str:
    """Write one block as HTML without links, pictures, attributes of the source, or anything else that could act."""
    match block:
        case Paragraph(runs):
            return f"<p>{_inline(runs)}</p>"
        case Heading(level, runs):
            return f'<p class="h"><small>{"#" * level}</small> {_inline(runs)}</p>'
        case Fence(text, language):
            return f"<pre><small>{escape(language)}</small>\n{_cut(text)}</pre>"
        case Formula(tex):
            return f'<pre class="tex">{_cut(tex)}</pre>'
        case Html(text):
            return f'<pre class="html">{_cut(text)}</pre>'
        case Quote(blocks):
            return f"<blockquote>{''.join(map(show, blocks))}</blockquote>"
        case List(start, items):
            tag, first = ("ul", "") if start is None else ("ol", f' start="{start}"')
            shown = (f"<li>{_BOXES[item.checked]}{''.join(map(show, item.blocks))}</li>" for item in items)
            return f"<{tag}{first}>{''.join(shown)}</{tag}>"
        case Table(header, rows, _):
            head = "".join(f"<th>{_inline(cell)}</th>" for cell in header)
            body = "".join(f"<tr>{''.join(f'<td>{_inline(cell)}</td>' for cell in row)}</tr>" for row in rows)
            return f"<table><tr>{head}</tr>{body}</table>"
        case Note(label, blocks):
            return f"<p><small>[^{escape(label)}]</small></p>{''.join(map(show, blocks))}"
    return "<hr>"


def _cut(text: str) -> str:
    rest = f"\n[{len(text) - _LONGEST} characters more]" if len(text) > _LONGEST else ""
    return escape(text[:_LONGEST]) + rest


def _inline(runs: Iterable[Run]) -> str:
    out = []
    for run in runs:
        text = _run(run)
        for mark, tag in _TAGS.items():
            if run.marks & mark:
                text = f"<{tag}>{text}</{tag}>"
        if run.link is not None:
            text = f'<span class="a">{text}</span> <small>{escape(run.link.href)}</small>'
        out.append(f" {text}" if run.space else text)
    return "".join(out)


def _run(run: Run) -> str:
    if run.kind == BREAK:
        return "<br>"
    if run.kind == IMAGE:
        return f'<span class="img">{escape(run.text)} <small>{escape(run.src)}</small></span>'
    tag = {CODE: "code", TEX: "code"}.get(run.kind)
    return f"<{tag}>{escape(run.text)}</{tag}>" if tag else escape(run.text)


def essence(block: Block) -> str:
    """Write what a block says in a form in which two blocks are equal if a reader sees no difference.

    White space and the borders of emphasis do not count; kinds, levels, addresses and the text of listings do.
    """
    match block:
        case Paragraph(runs):
            return _said(runs)
        case Heading(level, runs):
            return f"{level}#{_said(runs)}"
        case Fence(text, _):
            return f"```{text.strip()}"
        case Formula(tex):
            return f"$${_bare(tex)}"
        case Html(text):
            return f"<{_bare(text)}"
        case Quote(blocks):
            return f"> {'¶'.join(map(essence, blocks))}"
        case List(start, items):
            inner = ("".join(("•", str(item.checked), *map(essence, item.blocks))) for item in items)
            return f"{start}{''.join(inner)}"
        case Table(header, rows, _):
            return "¦".join("|".join(map(_said, row)) for row in (header, *rows))
        case Note(label, blocks):
            return f"[^{label}]:{'¶'.join(map(essence, blocks))}"  # as a renderer without footnotes shows it
    return "---"


def _said(runs: Iterable[Run]) -> str:
    return _bare("".join(_pieces(runs)))


def _pieces(runs: Iterable[Run]) -> Iterator[str]:
    link = ""
    for run in runs:
        href = unquote(run.link.href) if run.link is not None else ""
        if href != link:
            yield f"<{href}>"
            link = href
        yield f"!{unquote(run.src)}!{run.text}" if run.kind == IMAGE else run.text
    if link:
        yield "<>"


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def text_of_block(block: Block) -> str | None:
    """Give the text of a paragraph or heading; None for blocks that are more than text."""
    if isinstance(block, (Paragraph, Heading)) and not any(run.kind == IMAGE for run in block.runs):
        return "".join((" " if run.space else "") + ("\n" if run.kind == BREAK else run.text) for run in block.runs)
    return None
