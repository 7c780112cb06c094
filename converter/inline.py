"""Runs to text: the only place that knows neighbours.

Emphasis is a question of what stands on both sides of a delimiter, an escape of what else is in the line. Most lines
have neither, and cost one search for a hazardous character.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from converter.emphasis import BOXES, INNER, Extent, settle
from converter.nodes import BREAK, CODE, DEL, EM, EMPHASIS, IMAGE, STRONG, TEX, TEXT, Link, Run
from converter.protect import Draft
from converter.unsafe import is_hazardous

_DELIMITERS: Final = {
    mark << shift: written
    for mark, written in ((STRONG, ("**", "strong")), (EM, ("*", "em")), (DEL, ("~~", "del")))
    for shift in (0, INNER)
}
# Extents that begin and end together, from the outside in; `***x***` is read as strong in em.
_ORDER: Final = {DEL: 1, EM: 2, STRONG: 3, DEL << INNER: 1, EM << INNER: 2, STRONG << INNER: 3}
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9.+-]{1,31}:[^\s<>\x00-\x1f]*")
_EMAIL: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_ENTITY: Final = re.compile(r"&(?=#?\w+;)")
_PLAIN_ADDRESS: Final = re.compile(r"[A-Za-z0-9/:?=#.,_~!@+;-]*")
_SAFE: Final = "%;/?:@&=+$,-_.!~*'()#"
_PERCENT: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LINE_ENDS: Final = dict.fromkeys(map(ord, "\t\n\r\f"))
_EDGE_SPACES: Final = "\u3000 "  # the indent of Chinese paragraphs


def render(runs: list[Run], *, hard_break: str = "\\\n", cell: bool = False, heading: bool = False) -> str:
    """Write the inline content of one block.

    Args:
        runs: its content; spaces at the very ends are left out.
        hard_break: what a BREAK becomes.
        cell: in a cell of a pipe table: `|` is escaped, a BREAK becomes `<br>`.
        heading: in a heading: a BREAK becomes a space.

    Returns:
        Markdown without block-level guards; lines are separated by BREAKs only.

    """
    if len(runs) == 1:
        run = runs[0]
        if run.kind == TEXT and not run.marks and run.link is None:
            text = run.text.strip(_EDGE_SPACES)
            if not is_hazardous(text):
                return text.replace("|", "\\|") if cell else text
    if cell:
        hard_break = "<br>"
    elif heading:
        hard_break = " "
    runs = _merged(_trimmed(runs))
    if not runs:
        return ""
    runs, extents = settle(runs)
    text = _write(runs, extents, hard_break)
    return text.replace("|", "\\|") if cell else text


def destination(href: str) -> str:
    """Write an address so that it ends where it should, and as every renderer writes it: percent-encoded.

    Characters that end an address, that bind tighter than a link, or that are not ASCII are encoded; parentheses are
    when they do not pair up.
    """
    if _PLAIN_ADDRESS.fullmatch(href):
        return href
    url = quote(_STRAY_PERCENT.sub("%25", href.translate(_LINE_ENDS)), safe=_SAFE)
    if "(" in url or ")" in url:
        depth = 0
        for char in url:
            depth += (char == "(") - (char == ")")
            if depth < 0:
                break
        if depth:
            url = url.replace("(", "%28").replace(")", "%29")
    return _ENTITY.sub("&amp;", url) if "&" in url else url


def _title(title: str, *same: str) -> str:
    """Write the title of a link or an image; one that repeats what is there anyway is left out."""
    text = " ".join(title.split())
    if not text or text in same:
        return ""
    text = re.sub(r"\\(?=[!-/:-@\[-`{-~])", r"\\\\", text).replace('"', '\\"')
    return f' "{_ENTITY.sub("&amp;", text)}"'


def _trimmed(runs: list[Run]) -> list[Run]:
    """Drop the indent of Chinese paragraphs, breaks at the ends, and spaces beside breaks."""
    out: list[Run] = []
    line_start = True
    for run in runs:
        if run.kind == BREAK:
            _strip_last(out)
            if out and out[-1].kind != BREAK:
                out.append(run)
            line_start = True
            continue
        current = run
        if line_start:
            if run.kind == TEXT and run.text[:1] in _EDGE_SPACES:
                stripped = run.text.lstrip(_EDGE_SPACES)
                if not stripped:
                    continue
                current = run._replace(text=stripped)
            if current.space:
                current = current._replace(space=False)
            line_start = False
        out.append(current)
    _strip_last(out)
    while out and out[-1].kind == BREAK:
        out.pop()
        _strip_last(out)
    return out


def _strip_last(out: list[Run]) -> None:
    while out and out[-1].kind == TEXT and out[-1].text[-1:] in _EDGE_SPACES:
        text = out[-1].text.rstrip(_EDGE_SPACES)
        if text:
            out[-1] = out[-1]._replace(text=text)
            return
        out.pop()


def _without_echoes(runs: list[Run]) -> list[Run]:
    """Drop titles of links that repeat the text of the link, piece by piece where an editor cut the link in two."""
    texts: dict[Link, str] = {}
    for run in runs:
        if run.link is not None and run.link.title:
            texts[run.link] = texts.get(run.link, "") + (" " if run.space else "") + run.text
    echoes = {link for link, text in texts.items() if link.title in {text.lstrip(), link.href}}
    return [
        run._replace(link=run.link._replace(title="")) if run.link is not None and run.link in echoes else run
        for run in runs
    ]


def _merged(runs: list[Run]) -> list[Run]:
    """Join neighbours that nothing tells apart; links to the same place that touch are one link."""
    if any(run.link is not None and run.link.title for run in runs):
        runs = _without_echoes(runs)
    out: list[Run] = []
    for run in runs:
        current = run
        if out:
            last = out[-1]
            if (
                current.link is not None
                and last.link is not None
                and current.link[:2] == last.link[:2]
                and not run.space
            ):
                current = current._replace(link=last.link)
            if current.kind == last.kind and current.marks == last.marks and current.link == last.link:
                if current.kind == TEXT:
                    out[-1] = last._replace(
                        text=f"{last.text} {current.text}" if run.space else last.text + current.text
                    )
                    continue
                if current.kind == CODE and not run.space:
                    out[-1] = last._replace(text=last.text + current.text)
                    continue
        out.append(current)
    return out


# ------------------------------------------------------------------------------------------------------- writing
def _write(runs: list[Run], extents: list[Extent], hard_break: str) -> str:
    """Write runs with the delimiters of their extents; longer extents open first, boxes before emphasis."""
    draft = Draft()
    opens: dict[int, list[Extent]] = {}
    ends: set[int] = set()
    for extent in extents:
        opens.setdefault(extent.start, []).append(extent)
        ends.add(extent.end)
    stack: list[Extent] = []
    skip_until = 0
    for at, run in enumerate(runs):
        if at < skip_until:
            continue
        if at in ends:
            _close(draft, stack, at, runs)
        if run.space:
            draft.add(" ")
        if at in opens:
            skip_until = _open_all(draft, stack, opens[at], runs)
        if at >= skip_until:
            _put(draft, run, hard_break)
    _close(draft, stack, len(runs), runs)
    return draft.finish()


def _open_all(draft: Draft, stack: list[Extent], opening: list[Extent], runs: list[Run]) -> int:
    """Open the extents that begin at a run; returns where to go on when an autolink was written instead, else 0."""
    if len(opening) > 1:
        opening.sort(key=lambda e: (-e.end, e.kind != 0, _ORDER.get(e.kind, 0)))
    for extent in opening:
        # Emphasis that begins and ends with the address has no place in an autolink.
        if extent.link is not None and extent is opening[-1] and (auto := _autolink(runs, extent)):
            draft.atom(auto, "autolink")
            return extent.end
        _open(draft, extent)
        stack.append(extent)
    return 0


def _close(draft: Draft, stack: list[Extent], at: int, runs: list[Run]) -> None:
    """Close every extent that ends here; what lies above it on the stack closes with it and opens again."""
    again: list[Extent] = []
    while any(extent.end <= at for extent in stack):
        extent = stack.pop()
        if extent.link is not None:
            text = "".join(run.text for run in runs[extent.start : extent.end])
            link = extent.link
            draft.close_link(f"]({destination(link.href)}{_title(link.title, text, link.href)})")
        elif extent.kind in BOXES:
            draft.markup(BOXES[extent.kind][1])
        else:
            draft.close_emphasis()
        if extent.end > at:
            again.append(extent)
    for extent in reversed(again):
        _open(draft, extent)
        stack.append(extent)


def _open(draft: Draft, extent: Extent) -> None:
    if extent.link is not None:
        draft.open_link("[")
    elif extent.kind in BOXES:
        draft.markup(BOXES[extent.kind][0])
    else:
        opening, tag = _DELIMITERS[extent.kind]
        draft.open_emphasis(opening, tag)


def _autolink(runs: list[Run], extent: Extent) -> str:
    """`<url>` when the text of a link is its address; else empty."""
    run = runs[extent.start]
    link = extent.link
    if link is None or extent.end - extent.start != 1 or run.kind != TEXT or run.marks & ~EMPHASIS:
        return ""
    same = run.text == link.href or (not run.text.isascii() and destination(run.text) == destination(link.href))
    # Some renderers show the characters that %E6%96%87 stands for; in a link the text stays as it is.
    same = same and not _PERCENT.search(run.text)
    if same and _SCHEME.fullmatch(run.text) and not _title(link.title, link.href, run.text):
        return f"<{run.text}>"
    if link.href == f"mailto:{run.text}" and _EMAIL.fullmatch(run.text):
        return f"<{run.text}>"
    return ""


def _put(draft: Draft, run: Run, hard_break: str) -> None:
    if run.kind == TEXT:
        draft.text(run.text)
    elif run.kind == CODE:
        draft.atom(code_span(run.text), "code")
    elif run.kind == IMAGE:
        draft.open_link("![")
        draft.text(run.text)
        draft.close_link(f"]({destination(run.src)}{_title(run.title, run.text, run.src)})")
    elif run.kind == TEX:
        draft.tex(run.text)
    elif run.kind == BREAK:
        draft.markup(hard_break)
    else:
        draft.markup(run.text)


def code_span(text: str) -> str:
    """Write inline code: a delimiter longer than any run inside, padded where a backtick is at an edge."""
    if "`" not in text:
        return f"`{text}`"
    runs = {len(run) for run in re.findall("`+", text)}
    width = next(n for n in range(1, len(runs) + 2) if n not in runs)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{'`' * width}{pad}{text}{pad}{'`' * width}"
