"""Where elements, code and comments are in a text that is HTML, Markdown or both. A part of `page_kind`."""

from __future__ import annotations

import re
from typing import Final

LISTING: Final = r"\{%-?[ \t]*(?:highlight|codeblock)\b|\{\{[<%][ \t]*highlight\b"  # of Jekyll, Hexo and Hugo
_LISTING_BEGIN: Final = re.compile(LISTING).search
_FENCE: Final = re.compile(rf" *(`{{3,}}|~{{3,}}|{LISTING})").match  # in a list it stands further in
_LISTING_END: Final = r"\{%-?[ \t]*end(?:highlight|codeblock)\b|\{\{[<%][ \t]*/[ \t]*highlight\b"
_RULE_LINE: Final = r"(?m)^---[ \t]*$"
_LISTING_LINE: Final = rf"(?m)^ *(?:{LISTING}|{_LISTING_END})[^\n]*"
_VERBATIM: Final = re.compile(r"<(pre|textarea|script|style|svg)\b|<!--", re.IGNORECASE)
TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)(?:\s[^<>]*?)?(/?)>")
VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_ENDS_BY_ITSELF: Final = frozenset("p li dt dd tr td th thead tbody tfoot option colgroup rt rp".split())
_VERBATIM_TAG: Final = re.compile(r"<(/?)(pre|textarea|script|style)\b", re.IGNORECASE)
_BACKTICKS: Final = re.compile(r"`+")
_ENDS_A_PARAGRAPH: Final = frozenset(
    "address article aside blockquote details div dl fieldset figure footer form h1 h2 h3 h4 h5 h6 header main nav ol p"
    " pre section table ul".split()
)
# What is an element at all: `List<String>` is none.
NAMES: Final = (
    _ENDS_A_PARAGRAPH
    | _ENDS_BY_ITSELF
    | frozenset(
        "a abbr b bdo big body button canvas caption center cite code data del dfn dir em figcaption font head html i"
        " iframe ins kbd label legend map mark menu noscript object output picture q ruby s samp script select small"
        " span strike strong style sub summary sup svg template textarea time title tt u var video audio".split()
    )
)
# What stands in a line; its end tags end no block around them.
PHRASES: Final = frozenset(
    "a abbr b bdo big cite code data del dfn em font i ins kbd label mark q ruby s samp small span strike strong sub"
    " sup time tt u var".split()
)
INDENT: Final = 3  # CommonMark: what is further in is code
NOTHING: Final = "\0"  # no page has it: `decode` takes it out
BLANK: Final = " \t" + NOTHING
_GAP: Final = 200  # characters between two tags of a line that are looked at


class Open:
    """The elements that are open at a place of a text, and where each starts; -1: not with a line."""

    def __init__(self) -> None:
        """Begin outside of all elements."""
        self.blocks: list[tuple[str, int]] = []
        self._phrases: list[dict[str, list[int]]] = [{}]  # of the text, and of each block
        self._count: dict[str, int] = {}

    def begin(self, name: str, start: int) -> None:
        """Open an element."""
        if name in PHRASES:
            self._phrases[-1].setdefault(name, []).append(start)
        else:
            self.blocks.append((name, start))
            self._phrases.append({})
            self._count[name] = self._count.get(name, 0) + 1

    def end(self, name: str) -> int:
        """Close the nearest element of a name, with all in it; tells its start, -1 also when there is none."""
        if name in PHRASES:
            same = self._phrases[-1].get(name)
            return same.pop() if same else -1
        if not self._count.get(name):
            return -1
        while True:
            top, start = self.blocks.pop()
            self._phrases.pop()
            self._count[top] -= 1
            if top == name:
                return start


def elements_in(masked: str) -> list[tuple[int, int]]:
    """Find the elements that begin a line, have an end and stand in no other such element.

    An end tag ends the nearest element of its name, whatever is open in that; so one tag too many, or what only looks
    like one, does not take in the rest of the text.
    """
    found: list[tuple[int, int]] = []
    open_ = Open()
    line = solid = searched = 0
    for tag in TAG.finditer(masked):
        name, at = tag[2].lower(), tag.start()
        while (end := masked.find("\n", searched, at)) >= 0:
            line = searched = end + 1
        searched = at
        if name not in NAMES and name not in VOID:
            continue
        # A tag begins a line also behind whole elements and other such tags.
        before = masked[max(line, solid) : at] if at - max(line, solid) < _GAP else "x"
        indented = solid < line and len(before) - len(before.lstrip(" \t")) > INDENT and not open_.blocks
        begins = not indented and not before.strip(BLANK)
        start = -1
        if tag[1]:
            start = open_.end(name)
            _add(found, start, tag.end())
        elif not tag[3] and name not in VOID:
            if open_.blocks and open_.blocks[-1][0] == "p" and name in _ENDS_A_PARAGRAPH:
                _add(found, open_.end("p"), at)
            open_.begin(name, at if begins else -1)
        if begins or start >= 0:
            solid = tag.end()
    return found


def _add(found: list[tuple[int, int]], start: int, end: int) -> None:
    """Add an element that begins a line to those that stand in no other, in the place of those in it."""
    if start < 0:
        return
    while found and found[-1][0] >= start:
        found.pop()
    found.append((start, end))


def mask(body: str) -> str:
    """Write over fences and code, which are text, and over comments and verbatim elements; the rest stays in place."""
    text = without_code(body, html=True)
    kept: list[str] = []
    done = 0
    for start, end in verbatim_in(text):
        kept += text[done:start], NOTHING * (end - start)
        done = end
    return "".join(kept) + text[done:]


def for_renderer(body: str) -> str:
    """Change what a renderer takes for a heading and no author does.

    Tags of site generators around a listing become fences. A line `---` is a rule, or the end of front matter that is
    none, sooner than it underlines what stands above it.
    """
    body = re.sub(_RULE_LINE, "***", body)
    if not ("{%" in body or "{{" in body) or not _LISTING_BEGIN(body):
        return body
    return re.sub(_LISTING_LINE, lambda line: line[0] if _is_whole_listing(line[0]) else "~" * 30, body)


def _is_whole_listing(line: str) -> bool:
    return _LISTING_BEGIN(line) is not None and re.search(_LISTING_END, line) is not None


def may_hold_code(text: str) -> bool:
    """Whether there can be a fence, or a listing of a site generator, in a text."""
    return "```" in text or "~~~" in text or (("{%" in text or "{{" in text) and _LISTING_BEGIN(text) is not None)


def without_code(body: str, *, html: bool = False) -> str:
    """Write over fences and code; the rest stays in place.

    Args:
        body: Markdown.
        html: there are elements in it: what is verbatim in them is no fence, and what they indent is no code, which
            text before them is by its indent.

    """
    lines, fence, verbatim, tags = [], "", "", not html
    ends = len(re.findall(_LISTING_END, body)) if "{" in body else 0
    for line in body.split("\n"):
        line = without_spans(line) if "`" in line and "<" in line and not fence else line  # noqa: PLW2901
        mark = None if verbatim else _FENCE(line)
        closed = len(re.findall(_LISTING_END, line)) if ends and "{" in line else 0
        ends -= closed
        hidden = bool(fence) or (not tags and line.startswith(("    ", "\t")))
        if fence:
            if closed if fence[0] == "{" else _closes(line, mark, fence):
                fence = ""
        elif mark and (mark[1][0] != "{" or ends or closed):
            fence, hidden = "" if closed else mark[1], True
        elif html and "<" in line and not hidden:
            tags = tags or line[0] == "<"
            for tag in _VERBATIM_TAG.finditer(line):
                if not verbatim and not tag[1]:
                    verbatim = tag[2].lower()
                elif tag[1] and tag[2].lower() == verbatim:
                    verbatim = ""
        lines.append("x" * len(line) if hidden else line)
    return "\n".join(lines)


def _closes(line: str, mark: re.Match[str] | None, fence: str) -> bool:
    return mark is not None and mark[1].startswith(fence) and not line.strip(" \t" + fence[0])


def without_spans(line: str) -> str:
    """Write over inline code with a tag in it: from a run of backticks to the next one of the same length."""
    runs = [(run.start(), run.end()) for run in _BACKTICKS.finditer(line)]
    following: dict[int, int] = {}
    ends = [-1] * len(runs)
    for number in range(len(runs) - 1, -1, -1):
        length = runs[number][1] - runs[number][0]
        ends[number] = following.get(length, -1)
        following[length] = number
    kept: list[str] = []
    done = number = 0
    while number < len(runs):
        last = ends[number]
        if last < 0:
            number += 1
            continue
        start, end = runs[number][0], runs[last][1]
        if "<" in line[start:end]:
            kept += line[done:start], "x" * (end - start)
            done = end
        number = last + 1
    return "".join(kept) + line[done:]


def verbatim_in(body: str) -> list[tuple[int, int]]:
    """Find comments and elements whose text is no markup."""
    found, unclosed, start = [], set[str](), 0
    lower = body.lower()
    while begin := _VERBATIM.search(body, start):
        end_mark = f"</{begin[1].lower()}" if begin[1] else "-->"
        end = -1 if end_mark in unclosed else lower.find(end_mark, begin.end())
        if end < 0:
            unclosed.add(end_mark)  # not searched for again: many unclosed tags must not cost the square
            start = begin.end()
            continue
        start = body.find(">", end) + 1 or len(body)
        found.append((begin.start(), start))
    return found
