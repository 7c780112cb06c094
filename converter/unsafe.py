"""What text can be taken for Markdown, and where: the escape tables, each row with its reason.

Inside a line the rows only say where a closer look is due; `scan` then decides what a parser would really take for
syntax. At the start of a line the rows decide alone.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from typing import Final

# Inside a line: (pattern, why it may be syntax). Each begins with a certain character, which `re` looks for.
INLINE_ROWS: Final = (
    (r"\\(?:[!-/:-@\[-`{-~]|$)", "a backslash before punctuation, or before our own markup, escapes it"),
    (r"`", "two runs of backticks of one length make a code span"),
    (r"\*", "a run that flanks a word opens or closes emphasis"),
    (r"_(?:(?<![^\W_]_)|(?![^\W_]))", "the same, but inside of a word an underscore never does"),
    (r"~", "GFM strikes what is between one or two tildes"),
    (r"\]\(", "text in brackets followed by text in parentheses is a link"),
    (r"<[A-Za-z/!?]", "a tag, a comment or an autolink"),
    (r"&[#A-Za-z]", "a character reference"),
    (r"\$", "math, where the renderer knows it"),
)
HAZARD: Final = re.compile("|".join(pattern for pattern, _ in INLINE_ROWS))

HALVES: Final = "]<&"
"""Characters that the text behind them, in an element of its own, may make syntax of."""

_DIGITS: Final = "0123456789"
_HTML_BLOCK: Final = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt"
    "|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu"
    "|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr"
    "|track|ul"
)

# At the start of a line: (pattern, characters that it can begin with, offset of the backslash from the start of the
# match or -1 for "before its last character", reason). The first row that matches decides.
_FIRST_ROWS: Final = (
    (r"#{1,6}(?=[ \t]|$)", "#", 0, "ATX heading"),
    (r">", ">", 0, "block quote"),
    (r"(?:[*][ \t]*){3,}$|(?:-[ \t]*){3,}$|(?:_[ \t]*){3,}$", "*-_", 0, "thematic break"),
    (r"[-+*](?=[ \t]|$)", "-+*", 0, "bullet"),
    (r"\d{1,9}[.)](?=[ \t]|$)", _DIGITS, -1, "ordered list item"),
    (r"`{3,}(?=[^`]*$)|~~~", "`~", 0, "fence"),
    (rf"</?(?:{_HTML_BLOCK})(?=[ \t>]|/>|$)|<(?:script|pre|style|textarea)(?=[ \t>]|$)", "<", 0, "HTML block"),
    (r"<!--|<\?|<![A-Za-z]|<!\[CDATA\[", "<", 0, "HTML block"),
    (r"\[\^[^\]\[\s\\]+\]:", "[", -1, "definition of a footnote; the brackets may be a reference"),
    (r"\[(?:[^\]\[\\]++|\\.)++\]:", "[", 0, "definition of a link or a footnote"),
)
# On later lines of a paragraph, which only a hard break begins: what can interrupt or change a paragraph.
_LATER_ROWS: Final = (
    (r"=+[ \t]*$", "=", 0, "underline of a heading"),
    (r"-+[ \t]*$", "-", 0, "underline of a heading"),
    (r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$", "|:-", 0, "delimiter row of a table"),
    *(
        row
        for row in _FIRST_ROWS
        if row[3] not in {"ordered list item", "bullet", "definition of a link or a footnote"}
    ),
    (r"\[\^(?:[^\]\[\\]++|\\.)++\]:", "[", 0, "definition of a footnote, which may have spaces in its label"),
    (r"[-+*](?=[ \t]+\S)", "-+*", 0, "bullet"),
    (r"0{0,8}1[.)](?=[ \t]+\S)", "01", -1, "ordered list item that interrupts a paragraph"),
)
_STARTS: Final = frozenset("".join(row[1] for row in (*_FIRST_ROWS, *_LATER_ROWS)))
_TASK: Final = re.compile(r"\[[ xX]\](?=[ \t]|$)")  # some renderers take a box without text as well
# pulldown-cmark takes `- |` under a line with a pipe in it for the delimiter row of a table.
_ROW_BEHIND_BULLET: Final = r"\|[ \t]*(?::?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*)?"
_RUN: Final = re.compile(r"`+|\*+|_+|~+")
_GUARDED_RUN: Final = re.compile(r"\\([*_~`])(\1+)")
_CLOSING_HASHES: Final = re.compile(r"(?:^|[ \t])(#+)[ \t]*$")


def is_hazardous(text: str) -> bool:
    """Tell whether literal text may be taken for inline syntax, as far as it alone can tell."""
    return HAZARD.search(text) is not None


def guard_line(line: str, *, first: bool) -> str:
    """Escape what makes a line of a paragraph something else; `first` is the paragraph's first line."""
    if line[:1] not in _STARTS:
        return line
    pattern, offsets = _rows(line[0], first)
    m = pattern.match(line)
    if not m or not m.lastindex:
        return line
    offset = offsets[m.lastindex - 1]
    at = offset if offset >= 0 else m.end() - 1
    return f"{line[:at]}\\{line[at:]}"


def guard_lines(text: str) -> list[str]:
    """Escape what makes a line of a paragraph something else, in each of its lines.

    What the backslash leaves of a run of delimiters might pair up with another run (a line of stars among others); then
    all of it is escaped. A run of backticks pairs up with one that is as long.
    """
    if "\n" not in text:
        return [guard_line(text, first=True)]
    out: list[str] = []
    runs: Counter[str] | None = None
    for line in text.split("\n"):
        new = guard_line(line, first=not out)
        if new != line and (m := _GUARDED_RUN.match(new)) is not None:
            if runs is None:
                runs = Counter(run if run[0] == "`" else run[0] for run in _RUN.findall(text))
            char, rest = m[1], m[2]
            if runs[rest] if char == "`" else runs[char] > 1:
                new = "\\".join(("", char, *rest)) + new[m.end() :]
        out.append(new)
    return out


@functools.cache
def _rows(start: str, first: bool) -> tuple[re.Pattern[str], tuple[int, ...]]:  # noqa: FBT001
    """Join the rows that can match a line with this start: few lines need them, and most of those one or two."""
    rows = [row for row in (_FIRST_ROWS if first else _LATER_ROWS) if start in row[1]]
    return re.compile("|".join(f"({row[0]})" for row in rows)), tuple(row[2] for row in rows)


def guard_item(line: str) -> str:
    """Escape text at the start of a list item that would be a check box, or with the bullet `-` a row of a table."""
    if line[:1] == "[":
        return "\\" + line if _TASK.match(line) else line
    return "\\" + line if line[:1] == "|" and re.fullmatch(_ROW_BEHIND_BULLET, line) else line


def guard_heading(line: str) -> str:
    """Escape number signs at the end of a heading, which would be its closing sequence."""
    m = _CLOSING_HASHES.search(line) if "#" in line else None
    return line if m is None else f"{line[: m.start(1)]}\\{line[m.start(1) :]}"
