"""Where a pretty-printer hid the spaces: was there one at this inline boundary?

A pretty-printer puts every inline tag on a line of its own, so the white space around it says nothing any more. What
stood there can only be guessed from the characters on both sides. The table is measured on 11,207 posts that never
went through a pretty-printer: the share of boundaries of a kind that had a space (in brackets below).
"""

from __future__ import annotations

import re
from bisect import bisect
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

CJK: Final = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003fffd"
)
"""Ideographs, kana and the like, as the inside of a character class of a regular expression."""

CJK_PUNCTUATION: Final = (
    "\u3000-\u3004\u3008-\u3020\u302a-\u3030\u3036-\u303a\u303c-\u303f\u2014\u2018\u2019\u201c\u201d\u2026\u00b7"
    "\ufe10-\ufe1f\ufe30-\ufe4f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0-\uffee"
)
"""Full-width punctuation, and the quotation marks, dashes and dots that Chinese text shares with Latin."""

_EDGES: Final = sorted(
    edge
    for first, last in re.findall("(.)(?:-(.))?", CJK + CJK_PUNCTUATION)
    for edge in (first, chr(ord(last or first) + 1))
)
"""Where one of these ranges begins or has just ended: as fast as a pattern, and that takes 3 ms to compile."""


def _touches_cjk(char: str) -> bool:
    return bisect(_EDGES, char) % 2 == 1


# left, right character -> no space, whatever the kind of the boundary. The text matched is LEFT + NUL + RIGHT.
_ROWS: Final = (
    r"[(\[{<]\0",  # after an opening bracket [0.01]
    r".\0[).,;:!?\]>]",  # before closing punctuation [0.02-0.08]
    r"@\0|\(!\0",  # names and negations: "@" + "param", "if(!" + "found"
    r"[/]\0|.\0/",  # paths and alternatives [0.08, 0.27]
)
_BEFORE_NUMBER: Final = "$\u20ac\u00a3#"
_BEHIND_NUMBER: Final = "%\u2103\u00b0\u2030"
_GLUED: Final = re.compile("|".join(f"(?:{row})" for row in _ROWS), re.DOTALL).search
# A control word before a bracket is none that is called [17 of 20, calls 7 of 100].
_CONTROL: Final = re.compile(r"(?:^|[^\w.])(?:if|for|while|switch|catch|elif|return|and|or|not|in|from|FROM)$").search
_PROSE_WORD: Final = re.compile(r"\s[A-Za-z]+$").search
_LONGEST_WORD: Final = 20
_CLOSERS: Final = ")]}\"'"
_OPERATORS: Final = ("!=", "-=", "+=", "//")  # before them there is a space, though "!" and "/" alone stick
_SHARED: Final = frozenset("\u2014\u2018\u2019\u201c\u201d\u2026")
_OPENING: Final = frozenset("\u2018\u201c")
_DASH: Final = "\u2014"
_DASHES: Final = "-\u2013"
_NEAR: Final = 20  # characters in which Chinese would show
_SCRIPTS: Final = frozenset({"sup", "sub"})
# A word of prose, no part of a formula: not log<sub>2</sub>n, y<sub>i</sub>sin x.
_PROSE_BEHIND: Final = (
    r"(?!(?:sin|cos|tan|log|exp|max|min|lim)\b)(?:[a-z]{3,}|an|as|at|be|by|if|in|is|it|no|of|on|or|so|to|we)(?![\w(])"
)
_AFTER_EMPHASIS: Final = frozenset({"strong", "em"})
_PROSE: Final = frozenset({"strong", "em", "a"})  # what has such an edge is prose; the others may be tokens of code
_AFTER_COLON: Final = frozenset({"strong", "em", "a", "code", "token"})
# What may be a quote: an apostrophe between letters is none, nor one at the start of a text that goes on as `'s`.
_APOSTROPHE: Final = r"'(?:s|t|d|m|re|ve|ll)(?![A-Za-z0-9])"  # compiled where there are quotes: start-up counts
_SINGLE: Final = r"(?<![A-Za-z0-9])'|(?<=[A-Za-z0-9])(')(?![A-Za-z0-9])"
_QUOTES: Final = "\"'"
_BEFORE_QUOTATION: Final = tuple("([{<=")
_BEHIND_QUOTATION: Final = tuple(").,;:!?]}，。、；：！？）】》")


def had_space(left: str, right: str, kind: str) -> bool:
    """Guess whether a space stood between two inline runs before the page was pretty-printed.

    Args:
        left: the text before the boundary; at least one character, none of it trailing white space.
        right: the text after it; at least one character, none of it leading white space.
        kind: what ends or begins there: `strong`, `em`, `a`, `code`, `math` or `span`; `sup` or `sub` when one begins,
            `script` when one has ended; `token` in a listing.

    Returns:
        True when a space belongs there. Next to CJK there is none, but for dashes: 87 % of CJK-CJK boundaries, 81 % of
        CJK-Latin and 92 % of those at full-width punctuation have none.

    """
    a, b = left[-1], right[0]
    if kind in _SCRIPTS or _is_sign(a, b, kind):
        return False
    if kind == "script":
        return re.match(_PROSE_BEHIND, right) is not None  # 10<sup>6</sup> rows, but H<sub>2</sub>O
    if _stands_between_spaces(left, right, kind):
        return True
    if _touches_cjk(a) or _touches_cjk(b):
        return (a in _SHARED or b in _SHARED) and _at_shared_mark(left, right)
    if _GLUED(f"{left[-2:]}\0{b}"):
        # "installed into" + `/usr/java`; not `GET` + "/POST", nor "/user" + `/hive`.
        return kind == "code" and b == "/" and right[1:2].isalpha() and _PROSE_WORD(left[-_LONGEST_WORD:]) is not None
    if a in ":.-":
        return _behind(left, right, kind)
    if b in "}-":
        # Prose has none behind "{", and both sides are alike; a block in a listing has one. Option flags [0.50], but
        # not <b>Wi</b>-<b>Fi</b>, where there is none behind the hyphen either.
        return kind == "token" if b == "}" else kind in _AFTER_EMPHASIS and right != "-"
    if b == "(":
        return kind in {"strong", "a"} or _CONTROL(left) is not None  # prose, not a call [0.40]
    if b in "[<":
        return kind in _PROSE  # an index, a type parameter
    return True  # letters and digits [0.90], "," [0.76], closing brackets [0.88-0.96], "=" [0.6]


def _stands_between_spaces(left: str, right: str, kind: str) -> bool:
    """Whether an operator of a listing, or a dash with a space on its other side, stands between two words.

    Before a hyphen that a space follows there was one [Chinese 0.96, Latin 0.88]. Behind one that follows a space there
    is one before a link; before other tags it may begin an option, as in `ls -<b>l</b>`.
    """
    a = left[-1]
    if right.startswith(_OPERATORS):
        return (a.isalnum() or a in _CLOSERS) and not _touches_cjk(a)
    if right[0] in _DASHES and right[1:2].isspace():
        return (a.isalnum() or a in _CLOSERS) and kind != "token"
    return kind == "a" and a in _DASHES and left[-2:-1].isspace()


def _is_sign(a: str, b: str, kind: str) -> bool:
    """Whether one of two characters is the sign of a number, and no operator between two of a listing."""
    if a in _BEFORE_NUMBER and b.isdigit():
        return True
    return b in _BEHIND_NUMBER and a.isdigit() and kind != "token"


def _at_shared_mark(left: str, right: str) -> bool:
    """Guess beside a mark that Latin text shares with Chinese: as Latin text where there is no Chinese near.

    Behind a closing one there was a space [3 of 3]; Chinese puts none. A dash has one on both sides, or on none.
    """
    if any(map(_is_chinese, left[-_NEAR:])) or any(map(_is_chinese, right[:_NEAR])):
        return False
    a, b = left[-1], right[0]
    if b in _SHARED:
        return a.isalnum() and (right[1:2].isalnum() if b in _OPENING else b == _DASH and right[1:2].isspace())
    if a == _DASH:
        return left[-2:-1].isspace()
    return a not in _OPENING and left[-2:-1].isalnum() and b.isalnum()


def _is_chinese(char: str) -> bool:
    return char not in _SHARED and _touches_cjk(char)


def _behind(left: str, right: str, kind: str) -> bool:
    """Guess behind a colon, a dot and a hyphen."""
    if left[-1] == ":":
        # [bold 0.84, em 1.0, links 0.86, code 0.77, tokens 0.89; else 0.5]
        return kind in _AFTER_COLON and left[-2:-1] != ":"
    if left[-1] == "-":
        return right[0] == "-" and kind in _AFTER_EMPHASIS  # [0.20]
    # "java." + "util" [0.21] against "sentence." + "Next"; in a listing it is always the former, as is "Field.Store." +
    # "YES": a sentence does not end with a word that has a dot in it.
    if kind == "token" or not right[0].isupper() or "." in left[:-1].rpartition(" ")[2]:
        return False
    return len(left) > 2 and left[-2].isalpha() and left[-3:-2].isalpha()  # noqa: PLR2004


def at_quote(left: str, right: str) -> bool:
    """Whether a straight quote stands at a boundary; both sides hold something."""
    return left[-1] in _QUOTES or right[0] in _QUOTES


class Quotes:
    """The straight quotes of a line, of which nobody sees whether they open or close a quotation.

    Inside of a quotation there is no space at its edges: before emphasis, links and code an opening quote had none in
    24 places of 28, a closing one in 21 of 25.

    Attributes:
        line: what the line is made of, to know it again.
        read: how much of it was read.

    """

    __slots__ = ("double", "line", "read", "single")

    def __init__(self, line: object) -> None:
        """Begin with nothing read."""
        self.line = line
        self.read = 0
        self.double = self.single = False

    def _add(self, text: str) -> None:
        """Read a text node; a line end says that no quotation is open."""
        if text == "\n":
            self.double = self.single = False
        if '"' in text and text.count('"') % 2:
            self.double = not self.double
        if "'" in text:
            start = 1 if re.match(_APOSTROPHE, text) else 0
            for quote in re.finditer(_SINGLE, text[start:]):
                self.single = quote[1] is None and not self.single

    def glue(self, line: Iterable[str], left: str, right: str) -> bool:
        """Tell whether a quote at a boundary belongs to what is on its other side: `"<b>x</b>"`, `<b>x</b>'s`.

        Args:
            line: what of the line was not read yet, up to the boundary: text nodes, a line end for a break, and empty
                texts for the rest.
            left: the text node before the boundary, the last of the line; empty when it is something else.
            right: the same for what is behind it.

        """
        for text in line:
            self._add(text)
            self.read += 1
        if left and left[-1] in _QUOTES:
            before = left[:-1]
            if before[-1:].isspace() or before.endswith(_BEFORE_QUOTATION) or self._is_open(left[-1]):
                return True
        if not right or right[0] not in _QUOTES:
            return False
        if right[1:2].isascii() and right[1:2].isalnum():
            # Whatever a mark for inches has left open: `12" <b>x</b> "y"`.
            return re.match(_APOSTROPHE, right) is not None
        if self._is_open(right[0]):
            return True
        if right[1:2].isspace():
            return right[0] not in right[1:]  # else it is a string like `" and "`
        return right[1:].startswith(_BEHIND_QUOTATION)

    def _is_open(self, quote: str) -> bool:
        return self.double if quote == '"' else self.single
