"""Deliberate damage to a correct Markdown, one kind a function: each changes what a reader sees, and nothing else.

A kind gets a `Text` and yields damaged versions of it; none where it finds nothing to damage. They know the Markdown
that the package writes, not Markdown at large.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FENCE: Final = re.compile(r"(?:\[\^\w+\]:)?[\s>\-*\d.]*(`{3,})(\S*)$")
PLAIN: Final = re.compile(r"[^\W\d_][^`\\<>*_~\[\]|$!&#]*")  # a line, or the beginning of one, without any syntax
BOLD: Final = re.compile(r"(?<![*\\])\*\*(?!\*)([^\s*`\\\[\]|<$][^*`\\\[\]|<$]*)\*\*(?!\*)")
ITALIC: Final = re.compile(r"(?<![*\\])\*(?![*\s])([^*`\\\[\]|<$]+)\*(?!\*)")
STRUCK: Final = re.compile(r"(?<![~\\])~~([^~`\\\[\]|<$]+)~~(?!~)")
LINK: Final = re.compile(r"(?<![!\\\]])\[([^\[\]`\\]*\w[^\[\]`\\]*)\]\(([^()\s\"]+)\)")
IMAGE: Final = re.compile(r"!\[([^\[\]\\]*)\]\(([^()\s\"]+)\)")
CODE: Final = re.compile(r"(?<![`\\])`([^`\s][^`]*)`(?!`)")
TEX: Final = re.compile(r"(?<![\\$\w])\$([^\s$`\\](?:[^$`\\]*[^\s$`\\])?)\$(?![\w$])")
HEADING: Final = re.compile(r"(#{1,6}) (.*\w.*)$")
ITEM: Final = re.compile(r"( *)- (?!\[[ x]\] )(\w.*)$")
NUMBERED: Final = re.compile(r"( *)(\d+)\. (\w.*)$")
BOX: Final = re.compile(r" *- \[([ x])\] ")
TAGGED: Final = re.compile(r"<(sup|sub|kbd)>(\w[^<]*)</\1>")
DELIMITERS: Final = re.compile(r"\|(?: :?-+:? \|)+$")


class Text:
    """A Markdown body cut into lines: which of them are code, which are prose."""

    def __init__(self, markdown: str) -> None:
        """Cut it."""
        self.lines = markdown.split("\n")
        self.code: list[int] = []  # lines inside of fences
        self.fences: list[int] = []  # lines that begin one
        self.prose: list[int] = []
        fence = ""
        tex = False
        for number, line in enumerate(self.lines):
            found = FENCE.match(line)
            if fence:
                if line.strip(" >") == fence:
                    fence = ""
                else:
                    self.code.append(number)
            elif found:
                fence = found[1]
                self.fences.append(number)
            elif line.strip(" >") == "$$":
                tex = not tex
            elif not tex and line and not line.startswith("<"):
                self.prose.append(number)

    def with_line(self, number: int, *lines: str) -> str:
        """Put lines in the place of one."""
        return "\n".join((*self.lines[:number], *lines, *self.lines[number + 1 :]))

    def paragraphs(self) -> Iterator[int]:
        """Lines that are a whole paragraph of plain text, outside of lists and quotes."""
        for number in self.prose:
            line = self.lines[number]
            if PLAIN.match(line) and not self.near(number, -1) and not self.near(number, 1):
                yield number

    def near(self, number: int, step: int) -> str:
        """The line before or behind."""
        return self.lines[number + step] if 0 <= number + step < len(self.lines) else ""


def _in_prose(pattern: re.Pattern[str], change: Callable[[re.Match[str]], str]) -> Callable[[Text], Iterator[str]]:
    """Make a kind that changes one match in a line of prose."""

    def kind(text: Text) -> Iterator[str]:
        for number in text.prose:
            line = text.lines[number]
            for match in pattern.finditer(line):
                before = line[: match.start()]
                new = change(match)
                if before.count("`") % 2 == 0 and new != match[0]:
                    yield text.with_line(number, before + new + line[match.end() :])

    return kind


def _swapped(pattern: re.Pattern[str], group: int) -> Callable[[Text], Iterator[str]]:
    """Make a kind that swaps one part of two matches with each other."""

    def kind(text: Text) -> Iterator[str]:
        body = "\n".join(text.lines)
        prose = {number: sum(len(line) + 1 for line in text.lines[:number]) for number in text.prose}
        found = [
            (start + match.start(group), start + match.end(group))
            for number, start in prose.items()
            for match in pattern.finditer(text.lines[number])
            if text.lines[number][: match.start()].count("`") % 2 == 0
        ]
        for (a, b), (c, d) in pairwise(found):
            if body[a:b] != body[c:d]:
                yield body[:a] + body[c:d] + body[b:c] + body[a:b] + body[d:]

    return kind


def _in_plain(pattern: str, change: Callable[[re.Match[str]], str]) -> Callable[[Text], Iterator[str]]:
    """Make a kind that changes one match in a paragraph without syntax."""
    compiled = re.compile(pattern)

    def kind(text: Text) -> Iterator[str]:
        for number in text.paragraphs():
            line = text.lines[number]
            if PLAIN.fullmatch(line):
                for match in compiled.finditer(line, 1):
                    yield text.with_line(number, line[: match.start()] + change(match) + line[match.end() :])

    return kind


# ------------------------------------------------------------------------------------------------------------ blocks
def swap_headings(text: Text) -> Iterator[str]:
    """Give two headings each other's text."""
    found = [n for n in text.prose if HEADING.match(text.lines[n])]
    for a, b in pairwise(found):
        one, two = HEADING.match(text.lines[a]), HEADING.match(text.lines[b])
        if one and two and one[2] != two[2]:
            lines = text.lines.copy()
            lines[a], lines[b] = f"{one[1]} {two[2]}", f"{two[1]} {one[2]}"
            yield "\n".join(lines)


def drop_block(text: Text) -> Iterator[str]:
    """Drop a paragraph."""
    for number in text.paragraphs():
        yield text.with_line(number)


def merge_paragraphs(text: Text) -> Iterator[str]:
    """Lose the empty line between two paragraphs."""
    found = set(text.paragraphs())
    for number in sorted(found):
        if number + 2 in found:
            yield text.with_line(number + 1)


def swap_paragraphs(text: Text) -> Iterator[str]:
    """Put a paragraph behind the next one."""
    found = set(text.paragraphs())
    for number in sorted(found):
        if number + 2 in found and text.lines[number] != text.lines[number + 2]:
            lines = text.lines.copy()
            lines[number], lines[number + 2] = lines[number + 2], lines[number]
            yield "\n".join(lines)


def lose_line_break(text: Text) -> Iterator[str]:
    """Lose a hard break."""
    for number in text.prose:
        line = text.lines[number]
        if re.search(r"(?<!\\)\\$", line) and not line.startswith(("|", "#")):
            yield text.with_line(number, line[:-1])


def quote_paragraph(text: Text) -> Iterator[str]:
    """Make a quote of a paragraph."""
    for number in text.paragraphs():
        yield text.with_line(number, f"> {text.lines[number]}")


def unquote(text: Text) -> Iterator[str]:
    """Take a quote of one line off."""
    for number in text.prose:
        line = text.lines[number]
        alone = not text.near(number, -1) and not text.near(number, 1)
        if line.startswith("> ") and alone and PLAIN.match(line[2:]):
            yield text.with_line(number, line[2:])


def drop_rule(text: Text) -> Iterator[str]:
    """Lose a thematic break."""
    for number in text.prose:
        if text.lines[number] == "---" and not text.near(number, -1):
            yield text.with_line(number)


# ------------------------------------------------------------------------------------------------------------- lists
def drop_item(text: Text) -> Iterator[str]:
    """Drop an item of one line."""
    for number in text.prose:
        if ITEM.match(text.lines[number]) and not text.near(number, 1).startswith("  "):
            yield text.with_line(number)


def indent_item(text: Text) -> Iterator[str]:
    """Move an item one level down."""
    for number in text.prose:
        item, before = ITEM.match(text.lines[number]), ITEM.match(text.near(number, -1))
        if item and before and item[1] == before[1] and not text.near(number, 1).startswith("  "):
            yield text.with_line(number, f"  {text.lines[number]}")


def swap_items(text: Text) -> Iterator[str]:
    """Swap two items that follow each other."""
    for number in text.prose:
        item, behind = ITEM.match(text.lines[number]), ITEM.match(text.near(number, 1))
        if item and behind and item[1] == behind[1] and item[2] != behind[2]:
            lines = text.lines.copy()
            lines[number], lines[number + 1] = lines[number + 1], lines[number]
            if not text.near(number + 1, 1).startswith(" "):
                yield "\n".join(lines)


def renumber(text: Text) -> Iterator[str]:
    """Begin a numbered list with the next number."""
    for number in text.prose:
        item = NUMBERED.match(text.lines[number])
        if item and not text.near(number, -1) and not NUMBERED.match(text.near(number, -2)):
            new = f"{item[1]}{int(item[2]) + 1}. {item[3]}"
            if len(str(int(item[2]) + 1)) == len(item[2]) and _is_first(text, number, item[1]):
                yield text.with_line(number, new)


def _is_first(text: Text, number: int, indent: str) -> bool:
    """Whether no other item can stand before this one in the same list."""
    for line in reversed(text.lines[:number]):
        if line and not line.startswith(f"{indent} "):
            return not re.match(rf"{indent}\d+[.)] ", line)
    return True


def number_bullets(text: Text) -> Iterator[str]:
    """Make a numbered list of a list of one item."""
    for number in text.prose:
        item = ITEM.match(text.lines[number])
        if item and not item[1] and not text.near(number, -1) and not text.near(number, 1):
            yield text.with_line(number, f"1. {item[2]}")


def tick(text: Text) -> Iterator[str]:
    """Tick a box, or take the tick away."""
    for number in text.prose:
        box = BOX.match(text.lines[number])
        if box:
            line = text.lines[number]
            yield text.with_line(number, f"{line[: box.start(1)]}{' ' if box[1] == 'x' else 'x'}{line[box.end(1) :]}")


# -------------------------------------------------------------------------------------------------------------- code
def drop_code_line(text: Text) -> Iterator[str]:
    """Lose a line of code."""
    for number in text.code:
        if text.lines[number].strip(" >"):
            yield text.with_line(number)


def change_code_space(text: Text) -> Iterator[str]:
    """Double a space in code."""
    for number in text.code:
        line = text.lines[number]
        at = line.find(" ", len(line) - len(line.lstrip(" >")))
        if at > 0:
            yield text.with_line(number, f"{line[:at]} {line[at:]}")


def change_code_indent(text: Text) -> Iterator[str]:
    """Indent a line of code by one more."""
    for number in text.code:
        line = text.lines[number]
        if line and not line.startswith((" ", ">")):
            yield text.with_line(number, f" {line}")


def change_code_character(text: Text) -> Iterator[str]:
    """Change one character of code."""
    for number in text.code:
        line = text.lines[number]
        if match := re.search(r"[A-Za-z]", line):
            at = match.start()
            yield text.with_line(number, f"{line[:at]}{line[at].swapcase()}{line[at + 1 :]}")


def change_language(text: Text) -> Iterator[str]:
    """Name another language."""
    for number in text.fences:
        if (match := FENCE.match(text.lines[number])) and match[2]:
            yield text.with_line(number, text.lines[number][: match.start(2)] + "brainfuck")


def drop_language(text: Text) -> Iterator[str]:
    """Name no language."""
    for number in text.fences:
        if (match := FENCE.match(text.lines[number])) and match[2]:
            yield text.with_line(number, text.lines[number][: match.start(2)])


# ------------------------------------------------------------------------------------------------------------ tables
def _rows(text: Text) -> Iterator[tuple[int, list[str]]]:
    for number in text.prose:
        line = text.lines[number]
        if line.startswith("| ") and "\\|" not in line and not DELIMITERS.match(line):
            yield number, line[2:-2].split(" | ")


def lose_cell(text: Text) -> Iterator[str]:
    """Empty a cell."""
    for number, cells in _rows(text):
        for at, cell in enumerate(cells):
            if re.search(r"\w", cell):
                yield text.with_line(number, f"| {' | '.join([*cells[:at], '', *cells[at + 1 :]])} |")


def swap_cells(text: Text) -> Iterator[str]:
    """Swap two cells of a row."""
    for number, cells in _rows(text):
        for at in range(len(cells) - 1):
            if cells[at] != cells[at + 1]:
                new = [*cells[:at], cells[at + 1], cells[at], *cells[at + 2 :]]
                yield text.with_line(number, f"| {' | '.join(new)} |")


def drop_row(text: Text) -> Iterator[str]:
    """Drop a row that is no header."""
    for number, cells in _rows(text):
        if any(re.search(r"\w", cell) for cell in cells) and not DELIMITERS.match(text.near(number, 1)):
            yield text.with_line(number)


def _other(address: str) -> str:
    return f"{address}x" if not address.endswith("x") else f"{address}y"


KINDS: Final[dict[str, Callable[[Text], Iterator[str]]]] = {
    "drop a character": _in_plain(r"\w", lambda _: ""),
    "change a character": _in_plain(r"[^\W\d_]", lambda m: "x" if m[0] != "x" else "y"),
    "change a full stop": _in_plain(r"[。，.,](?=.)", lambda m: "；" if m[0] in "。，" else ";"),
    "double a word": _in_plain(r"(?<=\w)\w\w", lambda m: m[0] * 2),
    "lose a space": _in_plain(r"(?<=[a-zA-Z]) (?=[a-zA-Z])", lambda _: ""),
    "add a space": _in_plain(r"(?<=[a-zA-Z])(?=[a-zA-Z])", lambda _: " "),
    "bold a word": _in_plain(r"(?<= )[a-zA-Z]+(?= )", lambda m: f"**{m[0]}**"),
    "escape for nothing": _in_plain(r"(?<=\w)(?=\w)", lambda _: "\\"),
    "split a paragraph": _in_plain(r"(?<=[。.!?！？]) ?(?=[^\W\d_])", lambda _: "\n\n"),
    "break a line": _in_plain(r"(?<=[。.!?！？]) ?(?=[^\W\d_])", lambda _: "\\\n"),
    "swap headings": swap_headings,
    "change a heading's level": _in_prose(HEADING, lambda m: f"{'#' if len(m[1]) > 1 else '##'} {m[2]}"),
    "heading to paragraph": _in_prose(HEADING, lambda m: m[2] if m[2][0].isalpha() else m[0]),
    "drop a block": drop_block,
    "merge paragraphs": merge_paragraphs,
    "swap paragraphs": swap_paragraphs,
    "lose a line break": lose_line_break,
    "quote a paragraph": quote_paragraph,
    "take a quote off": unquote,
    "drop a rule": drop_rule,
    "drop a list item": drop_item,
    "move an item one level": indent_item,
    "swap items": swap_items,
    "renumber": renumber,
    "number bullets": number_bullets,
    "tick a box": tick,
    "drop a line of code": drop_code_line,
    "change a space in code": change_code_space,
    "change an indent in code": change_code_indent,
    "change a character in code": change_code_character,
    "change a language": change_language,
    "drop a language": drop_language,
    "lose a cell": lose_cell,
    "swap cells": swap_cells,
    "drop a row": drop_row,
    "unbold": _in_prose(BOLD, lambda m: m[1] if re.search(r"[^\W_]", m[1]) else m[0]),
    "bold to italic": _in_prose(BOLD, lambda m: f"*{m[1]}*" if re.search(r"[^\W_]", m[1]) else m[0]),
    "unitalic": _in_prose(ITALIC, lambda m: m[1] if re.search(r"[^\W_]", m[1]) else m[0]),
    "unstrike": _in_prose(STRUCK, lambda m: m[1] if re.search(r"[^\W_]", m[1]) else m[0]),
    "code to text": _in_prose(CODE, lambda m: m[1] if re.fullmatch(r"\w+", m[1]) else m[0]),
    "change a space in a code span": _in_prose(CODE, lambda m: m[0].replace(" ", "", 1)),
    "unlink": _in_prose(LINK, lambda m: m[1]),
    "change a link's target": _in_prose(LINK, lambda m: f"[{m[1]}]({_other(m[2])})"),
    "swap link targets": _swapped(LINK, 2),
    "drop an image": _in_prose(IMAGE, lambda _: ""),
    "change an image's address": _in_prose(IMAGE, lambda m: f"![{m[1]}]({_other(m[2])})"),
    "change an alternative text": _in_prose(IMAGE, lambda m: f"![{m[1]}x]({m[2]})"),
    "swap images": _swapped(IMAGE, 2),
    "change TeX": _in_prose(TEX, lambda m: f"${m[1]}x$"),
    "TeX to text": _in_prose(TEX, lambda m: f"\\${m[1]}$"),
    "superscript to text": _in_prose(TAGGED, lambda m: m[2]),
}
