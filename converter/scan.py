"""What a CommonMark parser makes of a line of inline text: which characters it takes for syntax.

The writer asks this before it escapes anything, so that it escapes what would really be read as markup and nothing
else. Implements the inline part of CommonMark 0.31 (backslash escapes, entities, code spans, links, raw HTML,
autolinks, emphasis by delimiter runs) with GFM strikethrough and `$math$`; links by reference do not exist, since we
never write a definition. Linear in the length of the text.
"""

from __future__ import annotations

import html.entities
import re
import unicodedata
from typing import Final, NamedTuple

_SPECIAL: Final = re.compile(r"[\\`*_\[\]<&~$!]")
_ESCAPABLE: Final = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\n")
# Next to a dollar, these keep every renderer from seeing a formula; U+3000 does not keep pulldown-cmark.
_SPACES: Final = " \t\n"
_RUN: Final = re.compile(r"`+|\*+|_+|~+")
_AUTOLINK: Final = re.compile(
    r"<(?:[A-Za-z][A-Za-z0-9.+-]{1,31}:[^<>\x00-\x20]*"
    r"|[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*)>"
)
_ATTRIBUTE: Final = r"(?:\s+[a-zA-Z_:][a-zA-Z0-9:._-]*(?:\s*=\s*(?:[^\s\"'=<>`]+|'[^']*'|\"[^\"]*\"))?)"
_TAG: Final = re.compile(
    rf"<(?:[A-Za-z][A-Za-z0-9-]*{_ATTRIBUTE}*\s*/?>|/[A-Za-z][A-Za-z0-9-]*\s*>|\?.*?\?>|![A-Za-z][^>]*>"
    r"|!\[CDATA\[.*?\]\]>|!-->|!--->|!--.*?-->)",
    re.DOTALL,
)
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|([A-Za-z][A-Za-z0-9]{1,31}));")
_DESTINATION: Final = re.compile(r"<(?:[^<>\\\n]|\\.)*>|")
_TITLE: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\)", re.DOTALL)
_BLANK: Final = re.compile(r"[ \t]*\n?[ \t]*")
_MAX_PARENTHESES: Final = 32


class Span(NamedTuple):
    """One construct that the parser found.

    Attributes:
        kind: `escape`, `code`, `html`, `autolink`, `entity`, `math`, `link`, `image`, `em`, `strong` or `del`;
            `doubtful-del` and `doubtful-math` where renderers differ, `clash` where tildes of two lengths meet;
            `block-math` for two dollars at the start of a line.
        start: where it begins.
        end: where it ends (exclusive); for emphasis the position of the closing delimiter.
        width: length of the opening delimiter.

    """

    kind: str
    start: int
    end: int
    width: int


class _Delimiter:
    """A run of `*`, `_` or `~`."""

    __slots__ = ("at", "char", "closes", "doubtful", "length", "opens", "original")

    def __init__(self, char: str, at: int, length: int, original: int, *, opens: bool, closes: bool) -> None:
        self.char = char
        self.at = at  # first character that is still there
        self.length = length
        self.original = original
        self.opens = opens
        self.closes = closes
        self.doubtful = (False, False)  # whether it opens, or closes, for some parsers only


class _Bracket:
    __slots__ = ("active", "at", "delimiters", "image")

    def __init__(self, at: int, delimiters: int, *, image: bool) -> None:
        self.at = at
        self.image = image
        self.active = True
        self.delimiters = delimiters


def is_punctuation(char: str) -> bool:
    """Tell whether CommonMark counts a character as punctuation: Unicode categories P and S."""
    return unicodedata.category(char)[0] in "PS"


def scan(text: str, *, math: bool = True, borders: frozenset[int] = frozenset()) -> list[Span]:
    """Find every construct in the inline text of one block, in no particular order.

    Args:
        text: the text.
        math: whether formulas are known.
        borders: positions of brackets that count as white space for the delimiters beside them; markdown-it reads the
            text of a link as if nothing stood around it.

    """
    return _Scanner(text, math=math, borders=borders).run()


class _Scanner:
    """The state of one scan."""

    def __init__(self, text: str, *, math: bool, borders: frozenset[int]) -> None:
        self.text = text
        self.borders = borders
        self.math = math
        self.spans: list[Span] = []
        self.delimiters: list[_Delimiter] = []
        self.brackets: list[_Bracket] = []
        self.ticks: dict[int, list[int]] | None = None
        self.last_angle = text.rfind(">")

    def run(self) -> list[Span]:
        text, at = self.text, 0
        while m := _SPECIAL.search(text, at):
            at = self.step(m.group(), m.start())
        self.match_delimiters(0)
        return self.spans

    def step(self, char: str, at: int) -> int:
        """Handle the special character at a position; return where to go on."""
        if char == "\\":
            return self.escape(at)
        if char == "`":
            return self.code(at)
        if char in "*_~":
            return self.delimiter(char, at)
        if char == "<":
            return self.angle(at)
        if char == "&":
            return self.entity(at)
        if char == "$":
            return self.dollar(at)
        if char == "]":
            return self.close_bracket(at)
        image = char == "!"
        if image and self.text[at + 1 : at + 2] != "[":
            return at + 1
        self.brackets.append(_Bracket(at, len(self.delimiters), image=image))
        return at + 1 + image

    def escape(self, at: int) -> int:
        if self.text[at + 1 : at + 2] in _ESCAPABLE and at + 1 < len(self.text):
            self.spans.append(Span("escape", at, at + 2, 1))
            return at + 2
        return at + 1

    def code(self, at: int) -> int:
        run = _RUN.match(self.text, at)
        width = run.end() - at if run else 1
        if self.ticks is None:
            self.ticks = self.find_ticks(at)
        places = self.ticks.get(width, [])
        while places and places[-1] <= at:
            places.pop()
        if not places:
            return at + width
        end = places[-1] + width
        self.spans.append(Span("code", at, end, width))
        return end

    def find_ticks(self, at: int) -> dict[int, list[int]]:
        """Find all runs of backticks from a position on: by their length, the last one first."""
        text, ticks = self.text, dict[int, list[int]]()
        while at >= 0:
            end = at + 1
            while text.startswith("`", end):
                end += 1
            ticks.setdefault(end - at, []).append(at)
            at = text.find("`", end)
        for places in ticks.values():
            places.reverse()
        return ticks

    def angle(self, at: int) -> int:
        if at > self.last_angle:
            return at + 1
        for kind, pattern in (("autolink", _AUTOLINK), ("html", _TAG)):
            if m := pattern.match(self.text, at):
                self.spans.append(Span(kind, at, m.end(), 1))
                return m.end()
        return at + 1

    def entity(self, at: int) -> int:
        m = _ENTITY.match(self.text, at)
        if m and (m[1] is None or f"{m[1]};" in html.entities.html5):
            self.spans.append(Span("entity", at, m.end(), 1))
            return m.end()
        return at + 1

    def dollar(self, at: int) -> int:
        """`$x$` or `$$x$$`: no space inside the dollars.

        Where `$$` does not close, its second dollar is looked at alone, as renderers do that know no inline `$$`.
        """
        width = 2 if self.text.startswith("$$", at) else 1
        if not self.math:
            return at + width
        if width == 2 and (not at or self.text[at - 1] == "\n"):  # noqa: PLR2004 (two dollars)
            self.spans.append(Span("block-math", at, at + 2, 2))
            return at + 1
        mark = "$" * width
        inside = at + width
        if inside >= len(self.text) or (width == 1 and self.text[inside] in _SPACES):
            return at + 1
        end = self.text.find(mark, inside)
        while end > 0 and self.is_escaped(end):
            end = self.text.find(mark, end + 1)
        if end < inside:
            return at + 1
        after = self.text[end + width : end + width + 1]
        before = self.text[at - 1 : at] if at else ""
        # Behind a break that is a backslash, renderers (Pandoc) let a dollar close, though it begins a line.
        broken = self.text[end - 2 : end] == "\\\n" and end - 2 > inside
        if width == 1 and self.text[end - 1] in _SPACES and not broken:
            return at + 1
        # Behind a dollar, before a digit (`$5-$6`) and around nothing, some renderers see a formula, others do not.
        doubtful = before == "$" and self.spans[-1:] != [Span("escape", at - 2, at, 1)]
        doubtful = doubtful or (width == 1 and after.isdigit()) or broken
        doubtful = doubtful or not self.text[inside:end].strip(_SPACES)
        self.spans.append(Span("doubtful-math" if doubtful else "math", at, end + width, width))
        return end + width

    def is_escaped(self, at: int) -> bool:
        """Tell whether an odd number of backslashes stands before a position."""
        before = at
        while before and self.text[before - 1] == "\\":
            before -= 1
        return (at - before) % 2 == 1

    def delimiter(self, char: str, at: int) -> int:
        run = _RUN.match(self.text, at)
        end = run.end() if run else at + 1
        before = self.text[at - 1] if at and at - 1 not in self.borders else "\n"
        after = self.text[end] if end < len(self.text) and end not in self.borders else "\n"
        space_before, space_after = before.isspace(), after.isspace()
        punct_before, punct_after = is_punctuation(before), is_punctuation(after)
        left = not space_after and (not punct_after or space_before or punct_before)
        right = not space_before and (not punct_before or space_after or punct_after)
        if char == "_":
            opens, closes = left and (not right or punct_before), right and (not left or punct_after)
        else:
            opens, closes = left, right
        doubtful = (False, False)
        if char == "~" and end - at > 1:
            # pulldown-cmark asks two tildes for no more than text beside them.
            doubtful = (not space_after and not opens, not space_before and not closes)
            opens, closes = opens or doubtful[0], closes or doubtful[1]
        if opens or closes:
            # Three and more tildes are text for cmark-gfm; markdown-it takes them for pairs. We are careful for both.
            width = 2 if char == "~" and end - at > 1 else end - at
            for start in range(end - (end - at) // width * width, end, width):
                self.delimiters.append(_Delimiter(char, start, width, end - at, opens=opens, closes=closes))
                self.delimiters[-1].doubtful = doubtful
        return end

    def close_bracket(self, at: int) -> int:
        if not self.brackets:
            return at + 1
        opener = self.brackets.pop()
        if not opener.active:
            return at + 1
        end = self.target_end(at + 1)
        if end is None:
            return at + 1
        self.match_delimiters(opener.delimiters)
        self.spans.append(Span("image" if opener.image else "link", opener.at, end, at - opener.at))
        if not opener.image:
            for other in self.brackets:
                other.active = other.active and other.image
        return end

    def target_end(self, at: int) -> int | None:
        """Where `(destination "title")` ends that begins at a position; None when there is none."""
        text = self.text
        if text[at : at + 1] != "(":
            return None
        at = self.skip(at + 1)
        m = _DESTINATION.match(text, at)
        at = m.end() if m and m.group() else self.bare_destination(at)
        if at < 0:
            return None
        after = self.skip(at)
        if after > at and (m := _TITLE.match(text, after)):
            after = self.skip(m.end())
        return after + 1 if text[after : after + 1] == ")" else None

    def bare_destination(self, at: int) -> int:
        """Where an address without angle brackets ends; -1 when its parentheses do not pair up."""
        depth, text = 0, self.text
        while at < len(text) and text[at] > " ":
            if text[at] == "\\" and text[at + 1 : at + 2] in _ESCAPABLE:
                at += 1
            elif text[at] == "(":
                depth += 1
                if depth > _MAX_PARENTHESES:
                    return at
            elif text[at] == ")":
                if not depth:
                    break
                depth -= 1
            at += 1
        return -1 if depth else min(at, len(text))

    def skip(self, at: int) -> int:
        m = _BLANK.match(self.text, at)
        return m.end() if m else at

    def match_delimiters(self, bottom: int) -> None:
        """Pair the delimiter runs from `bottom` on, as the specification's algorithm does, and forget them."""
        runs = self.delimiters[bottom:]
        stack: list[_Delimiter] = []
        del self.delimiters[bottom:]
        floors: dict[tuple[str, int, bool], int] = {}
        for closer in runs:
            while closer.closes and closer.length:
                key = (closer.char, closer.original % 3 if closer.char != "~" else closer.length, closer.opens)
                found = self.find_opener(stack, closer, floors.get(key, 0))
                if found is None:
                    floors[key] = len(stack)
                    break
                self.pair(stack[found], closer)
                # Runs between the two match nothing any more.
                del stack[found + (stack[found].length > 0) :]
                for one, floor in floors.items():
                    floors[one] = min(floor, len(stack))
            if closer.opens and closer.length:
                stack.append(closer)

    def find_opener(self, stack: list[_Delimiter], closer: _Delimiter, floor: int) -> int | None:
        for at in range(len(stack) - 1, floor - 1, -1):
            opener = stack[at]
            if opener.char != closer.char or not opener.opens:
                continue
            if closer.char == "~":
                if opener.length == closer.length <= 2:  # noqa: PLR2004 (GFM: one or two tildes)
                    return at
                # cmark-gfm and others forget both where one tilde meets two.
                self.spans.append(Span("clash", opener.at, closer.at, opener.length))
                continue
            both = (opener.closes or closer.opens) and closer.original % 3
            if both and (opener.original + closer.original) % 3 == 0:
                continue
            return at
        return None

    def pair(self, opener: _Delimiter, closer: _Delimiter) -> None:
        if closer.char == "~":
            width = closer.length
            sure = opener.original <= 2 >= closer.original  # noqa: PLR2004 (as above)
            sure = sure and not opener.doubtful[0] and not closer.doubtful[1]
            kind = "del" if sure else "doubtful-del"
        else:
            width = 2 if opener.length > 1 and closer.length > 1 else 1
            kind = "strong" if width > 1 else "em"
        start = opener.at + opener.length - width
        self.spans.append(Span(kind, start, closer.at, width))
        opener.length -= width
        closer.at += width
        closer.length -= width
