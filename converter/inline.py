"""Runs to text: the only place that knows neighbours.

Emphasis is a question of what stands on both sides of a delimiter, an escape of what else is in the line. Most lines
have neither, and cost one search for a hazardous character.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from converter.bare_addresses import guard_addresses
from converter.emphasis import BOXES, INNER, Extent, settle, shows
from converter.nodes import BREAK, CODE, DEL, EM, EMPHASIS, IMAGE, KEPT, STRONG, TEX, TEXT, Link, Run
from converter.protect import Draft
from converter.unsafe import HALVES, is_hazardous

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
_PLAIN_MARKS: Final = {STRONG: "**", EM: "*", DEL: "~~"}
_TOUCHING: Final = frozenset(_PLAIN_MARKS.values())
_ALNUM: Final = re.compile(r"[^\W_]")
_EDGE_SPACES: Final = "\u3000 "  # the indent of Chinese paragraphs
_EDGE: Final = frozenset(_EDGE_SPACES)


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
                text = guard_addresses(text)
                return text.replace("|", "\\|") if cell else text
    if cell:
        hard_break = "<br>"
    elif heading:
        hard_break = " "
    plain = _Plain(hard_break).write(runs)
    text = guard_addresses(_woven(runs, hard_break) if plain is None else plain)
    # goldmark (Hugo) knows no break by a backslash behind an escaped one.
    text = text.replace("\\\\\\\n", "\\\\  \n")
    return text.replace("|", "\\|") if cell else text


def _woven(runs: list[Run], hard_break: str) -> str:
    """Write runs whose marks or characters need more than one look."""
    runs = _merged(_trimmed(runs))
    if not runs:
        return ""
    runs, extents = settle(runs)
    return _write(runs, extents, hard_break)


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


def _target(href: str, title: str) -> str:
    """Write an address and a title; without an address the title would be taken for it."""
    return (destination(href) or ("<>" if title else "")) + title


def _title(title: str, *same: str) -> str:
    """Write the title of a link or an image; one that repeats what is there anyway is left out."""
    if not title or title in same:
        return ""
    text = re.sub(r"\\(?=[!-/:-@\[-`{-~]|$)", r"\\\\", title).replace('"', '\\"')
    text = _ENTITY.sub("&amp;", text)
    return f' "{text}"' if "\n" not in text else f' "{text.replace(chr(10), "&#10;")}"'


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
            if run.kind == TEXT and run.text[:1] in _EDGE:
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
    while out and out[-1].kind == TEXT and out[-1].text[-1:] in _EDGE:
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


# ------------------------------------------------------------------------------------------- runs without a question
class _Plain:
    """Write runs of which none raises a question: no hazardous text, and each emphasis flanks where it stands.

    Nine lines in ten are like that. It decides nothing itself: where there is something to decide, it gives up.
    """

    __slots__ = ("hard_break", "last", "link", "marks", "opened", "out", "shows")

    def __init__(self, hard_break: str) -> None:
        self.hard_break = hard_break
        self.out: list[str] = []
        self.marks = 0
        self.link: Link | None = None
        self.opened = 0  # where in `out` the link begins
        self.shows = False  # whether the emphasis can be seen
        self.last: Run | None = None  # None at the start of a line

    def write(self, runs: list[Run]) -> str | None:
        """Write the runs; None when they need the closer look of `settle` and `Draft`."""
        for run in runs:
            if not (self.add_break() if run.kind == BREAK else self.add(run)):
                return None
        return "".join(self.out) if self.last is not None and self.close(border=True) else None

    def add_break(self) -> bool:
        """Write a hard break; false when it stands at the start of a line."""
        if self.last is None or not self.close(border=True):
            return False
        self.out.append(self.hard_break)
        self.last = None
        return True

    def add(self, run: Run) -> bool:
        """Write a run with the delimiters between it and the run before; false when it raises a question."""
        kind, text, marks, link, space, _, _ = run
        if self.last is None:
            space = False  # at the start of a line it means nothing
            if kind == TEXT and text[:1] in _EDGE:
                text = text.lstrip(_EDGE_SPACES)
                if not text:
                    return False
        turns = marks != self.marks or (link is not self.link and not self.goes_on(link, space=space))
        if turns and not self.close(border=space):
            return False
        if space:
            self.out.append(" ")
        opens = turns and (marks or link is not None)
        if opens and not self.open(run, text, border=space or self.last is None):
            return False
        self.last = run
        return self.put(run, text)

    def goes_on(self, link: Link | None, *, space: bool) -> bool:
        """Whether a link is the open one, or touches it and leads to the same place."""
        own = self.link
        return link == own or (link is not None and own is not None and not space and link[:2] == own[:2])

    def close(self, *, border: bool) -> bool:
        """End the open emphasis or link; false when it is a question where. `border`: white space follows."""
        last = self.last
        if last is None:
            return True
        if border and last.kind == TEXT and last.text[-1:].isspace():
            return False
        if self.marks:
            if not self.shows or not (border or (last.kind == TEXT and last.text[-1:].isalnum())):
                return False
            self.out.append(_PLAIN_MARKS[self.marks])
            self.marks = 0
        elif self.link is not None:
            href = self.link.href
            text = "".join(self.out[self.opened + 1 :]) if last.kind == TEXT else ""
            if text and (auto := _autolink(text, self.link)):
                self.out[self.opened :] = [auto]
            else:
                self.out.append(f"]({destination(href)})")
            self.link = None
        return True

    def open(self, run: Run, text: str, *, border: bool) -> bool:
        """Begin an emphasis or a link; false when it is a question how. `border`: white space stands before."""
        before = self.out[-1] if self.out else ""
        if run.link is not None:
            if run.marks or run.link.title or before[-1:] == "!":
                return False
            self.link, self.opened = run.link, len(self.out)
            self.out.append("[")
            return True
        delimiter = _PLAIN_MARKS.get(run.marks)
        first = text[:1] if run.kind == TEXT else ""
        if delimiter is None or before in _TOUCHING or first.isspace() or not (border or first.isalnum()):
            return False
        self.marks, self.shows = run.marks, False
        self.out.append(delimiter)
        return True

    def put(self, run: Run, text: str) -> bool:
        """Write the run itself; false when its text may be taken for syntax."""
        kind, out = run.kind, self.out
        if kind == CODE:
            if out and out[-1][-1:] == "`":
                return False
            out.append(code_span(text))
            self.shows = True
            return True
        if kind > IMAGE:
            return False
        if text and (text[-1] in HALVES or is_hazardous(text)):
            return False
        if kind == TEXT:
            if self.link is not None and ("[" in text or "]" in text):
                return False
            out.append(text)
            self.shows = self.shows or not self.marks or _ALNUM.search(text) is not None
            return True
        if "[" in text or "]" in text:
            return False
        out.append(f"![{text}]({_target(run.src, _title(run.title, text, run.src))})")
        return True


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
        elif run.space:
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
        run = runs[extent.start]
        alone = extent.end - extent.start == 1 and run.kind == TEXT and not run.marks & ~(EMPHASIS | KEPT)
        if extent.link is not None and extent is opening[-1] and alone and (auto := _autolink(run.text, extent.link)):
            draft.atom(auto, "autolink")
            return extent.end
        _open(draft, extent)
        stack.append(extent)
    return 0


def _close(draft: Draft, stack: list[Extent], at: int, runs: list[Run]) -> None:
    """Close every extent that ends here; what lies above it on the stack closes with it and opens again.

    A space goes between, where it neither keeps a delimiter from flanking nor is the first thing in a box.
    """
    again: list[Extent] = []
    while any(extent.end <= at for extent in stack):
        extent = stack.pop()
        if extent.link is not None:
            text = "".join(run.text for run in runs[extent.start : extent.end])
            link = extent.link
            draft.close_link(f"]({_target(link.href, _title(link.title, text, link.href))})")
        elif extent.kind in BOXES:
            draft.markup(BOXES[extent.kind][1])
        else:
            draft.close_emphasis()
        if extent.end > at and (extent.kind not in _DELIMITERS or shows(runs[at : extent.end])):
            again.append(extent)
    if at < len(runs) and runs[at].space:
        draft.add(" ")
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


def _autolink(text: str, link: Link) -> str:
    """`<url>` when the text of a link is its address; else empty."""
    href = link.href
    if href == f"mailto:{text}" and _EMAIL.fullmatch(text):
        return f"<{text}>"
    # Some renderers show the characters that %E6%96%87 stands for; in a link the text stays as it is.
    if not _SCHEME.fullmatch(text) or _PERCENT.search(text) or _title(link.title, href, text):
        return ""
    same = text == href or (not text.isascii() and destination(text) == destination(href))
    return f"<{text}>" if same else ""


def _put(draft: Draft, run: Run, hard_break: str) -> None:
    if run.kind == TEXT:
        draft.text(run.text)
    elif run.kind == CODE:
        draft.atom(code_span(run.text), "code")
    elif run.kind == IMAGE:
        draft.open_link("![")
        draft.text(run.text)
        draft.close_link(f"]({_target(run.src, _title(run.title, run.text, run.src))})")
    elif run.kind == TEX:
        draft.tex(run.text)
    elif run.kind == BREAK:
        draft.markup(hard_break)
    else:
        draft.markup(run.text)


def code_span(text: str) -> str:
    """Write inline code: a delimiter longer than any run inside, padded where a backtick is at an edge."""
    pad = " " if text[0] == " " == text[-1] and not text.isspace() else ""  # a parser takes one off both edges
    if "`" not in text:
        return f"`{pad}{text}{pad}`"
    runs = {len(run) for run in re.findall("`+", text)}
    width = next(n for n in range(1, len(runs) + 2) if n not in runs)
    pad = pad or (" " if text[0] == "`" or text[-1] == "`" else "")
    return f"{'`' * width}{pad}{text}{pad}{'`' * width}"
