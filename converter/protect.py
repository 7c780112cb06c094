"""A line under construction: literal text and markup side by side, escaped only where a parser would be misled.

`Draft` collects both and remembers what the markup is meant to be. If nothing in the text is hazardous and no two
delimiters touch, the parts are simply joined. Otherwise the line is scanned the way a CommonMark parser does; literal
characters that would be taken for syntax get a backslash, and emphasis that would not be recognised falls back to an
HTML tag.
"""

from __future__ import annotations

import bisect
import re
from typing import Final

from converter.scan import Span, scan
from converter.unsafe import HALVES, is_hazardous

_BRACKETS: Final = re.compile(r"[\[\]]")
_ROUNDS: Final = 12
_ROUNDS_OF_HALVES: Final = 4
_ANY_SPECIAL: Final = re.compile(r"[\\`*_\[\]<&~$]")
_LITERAL, _MARKUP = 0, 1


class _Intent:
    """A construct that is meant: indices of the parts that begin and end it."""

    __slots__ = ("close", "kind", "open", "tag")

    def __init__(self, kind: str, opening: int, tag: str = "") -> None:
        self.kind = kind
        self.open = opening
        self.close = opening
        self.tag = tag


class Draft:
    """One block's inline text, part by part."""

    def __init__(self) -> None:
        """Start empty."""
        self.parts: list[str] = []
        self.kinds: list[int] = []
        self.intents: list[_Intent] = []
        self.open_ones: list[_Intent] = []
        self.risky = False
        self.after_math = False
        self.links = 0

    def _add(self, text: str, kind: int) -> int:
        self.parts.append(text)
        self.kinds.append(kind)
        return len(self.parts) - 1

    def add(self, white: str) -> None:
        """Add white space."""
        self._add(white, _MARKUP)

    def markup(self, text: str) -> None:
        """Add markup that needs no check, such as an HTML tag or a hard break."""
        self._add(text, _MARKUP)

    def text(self, text: str) -> None:
        """Add literal text."""
        if not text:
            return
        if self.after_math and text[0].isdigit() and self.kinds[-1] == _MARKUP and self.parts[-1].endswith("$"):
            self.add(" ")
        half = self.parts and self.kinds[-1] == _LITERAL and self.parts[-1][-1] in HALVES
        self._add(text, _LITERAL)
        if not self.risky and (half or is_hazardous(text) or (self.links and _BRACKETS.search(text))):
            self.risky = True

    def atom(self, text: str, kind: str) -> None:
        """Add a construct that is complete: a code span or an autolink."""
        if self.parts and kind == "code" and self.parts[-1].endswith("`"):
            self.risky = True
        self.intents.append(_Intent(kind, self._add(text, _MARKUP)))

    def tex(self, tex: str) -> None:
        """Add inline math; digits beside it would keep a renderer from seeing it, so a space goes between."""
        last = self.parts[-1] if self.parts else ""
        if last[-1:].isdigit() or (last.endswith("$") and self.kinds[-1] == _MARKUP):
            self.add(" ")
        self.intents.append(_Intent("math", self._add(f"${tex}$", _MARKUP)))
        self.after_math = True

    def open_link(self, text: str) -> None:
        """Begin a link (`[`) or an image (`![`)."""
        if text == "[" and self.parts and self.parts[-1].endswith("!"):
            self.risky = True
        self.links += 1
        intent = _Intent("link" if text == "[" else "image", self._add(text, _MARKUP))
        self.intents.append(intent)
        self.open_ones.append(intent)

    def close_link(self, text: str) -> None:
        """End the link or image that was begun last."""
        self.links -= 1
        self.open_ones.pop().close = self._add(text, _MARKUP)

    def open_emphasis(self, delimiter: str, tag: str) -> None:
        """Begin emphasis."""
        self._touch()
        intent = _Intent(tag, self._add(delimiter, _MARKUP), tag)
        self.intents.append(intent)
        self.open_ones.append(intent)

    def close_emphasis(self) -> None:
        """End the emphasis that was begun last."""
        self._touch()
        intent = self.open_ones.pop()
        intent.close = self._add(self.parts[intent.open], _MARKUP)

    def _touch(self) -> None:
        """Two delimiters side by side make one run, which may be read in another way."""
        if self.parts and self.kinds[-1] == _MARKUP and self.parts[-1][-1:] in {"*", "~"}:
            self.risky = True

    def finish(self) -> str:
        """Join the parts, with the escapes that they need."""
        if not self.risky:
            return "".join(self.parts)
        for _ in range(_ROUNDS):
            text, mask, starts = self._flat()
            escaped = _escapes(text, mask, self._meant(starts), self._borders(starts))
            if escaped is None:
                break
            text, failed = escaped
            if not failed:
                return text
            self._use_tags(failed)
        return self._escape_all()

    def _flat(self) -> tuple[str, bytearray, list[int]]:
        starts, at = [], 0
        mask = bytearray()
        for part, kind in zip(self.parts, self.kinds, strict=True):
            starts.append(at)
            at += len(part)
            mask += bytes([kind]) * len(part)
        return "".join(self.parts), mask, starts

    def _meant(self, starts: list[int]) -> list[Span]:
        out: list[Span] = []
        for number, one in enumerate(self.intents):
            begin, last, width = starts[one.open], starts[one.close], len(self.parts[one.open])
            end = last if one.tag else last + len(self.parts[one.close])
            if one.tag and self.parts[one.open].startswith("<"):
                continue
            out.append(Span(f"{one.kind}#{number}", begin, end, width))
        return out

    def _borders(self, starts: list[int]) -> list[int]:
        """Positions of the brackets around the texts of links and images, where there is emphasis."""
        if not any(one.tag for one in self.intents):
            return []
        around = [one for one in self.intents if one.kind in {"link", "image"}]
        return [p for one in around for p in (starts[one.open] + len(self.parts[one.open]) - 1, starts[one.close])]

    def _use_tags(self, failed: list[int]) -> None:
        """Write emphasis that no delimiter can express as HTML tags."""
        for number in failed:
            one = self.intents[number]
            if one.tag:
                self.parts[one.open], self.parts[one.close] = f"<{one.tag}>", f"</{one.tag}>"
            else:
                # A link or code span that is not recognised: nothing literal may be left that could disturb it.
                self._escape_literals()
                return

    def _escape_literals(self) -> None:
        for at, kind in enumerate(self.kinds):
            if kind == _LITERAL:
                self.parts[at] = _ANY_SPECIAL.sub(r"\\\g<0>", self.parts[at])
                self.kinds[at] = _MARKUP

    def _escape_all(self) -> str:
        self._escape_literals()
        return "".join(self.parts)


def _escapes(text: str, mask: bytearray, meant: list[Span], borders: list[int]) -> tuple[str, list[int]] | None:
    """Escape literal characters until a parser sees what is meant and nothing else.

    Returns:
        The text, and the numbers of the intents that the parser does not see even so; None when it does not settle.

    """
    for number in range(_ROUNDS):
        at, missing = _wrong(text, mask, meant, scan(text), both=number > _ROUNDS_OF_HALVES)
        if not at and borders:
            found = scan(text, borders=frozenset(borders))
            at, _ = _wrong(text, mask, meant, found, both=number > _ROUNDS_OF_HALVES)
        if not at:
            return text, [int(s.kind.partition("#")[2]) for s in missing]
        text, mask, meant, borders = _insert(text, mask, meant, borders, sorted(at))
    return None


def _wrong(
    text: str, mask: bytearray, meant: list[Span], found: list[Span], *, both: bool
) -> tuple[set[int], list[Span]]:
    """Compare what a parser finds with what is meant: the characters to escape, and what it does not find."""
    seen = {(s.kind, s.start, s.end) for s in found}
    wanted = {(s.kind.partition("#")[0], s.start, s.end) for s in meant}
    at = {p for s in found if (s.kind, s.start, s.end) not in wanted for p in _culprits(s, mask, both=both)}
    missing = [s for s in meant if (s.kind.partition("#")[0], s.start, s.end) not in seen]
    return at or {p for s in missing for p in _disturbers(s, text, mask)}, missing


def _culprits(span: Span, mask: bytearray, *, both: bool) -> list[int]:
    """Literal characters to escape so that a construct that nobody meant is not one.

    One side of a pair is enough; then its other side may pair up with the next one. A line with hundreds of delimiters
    would take a round for each halving, so in the end both sides are escaped.
    """
    start = span.start
    if span.kind == "clash":
        return [] if mask[start] == mask[span.end] else [start if mask[start] == _LITERAL else span.end]
    if span.kind == "image":
        return [start + 1] if mask[start + 1] == _LITERAL else [start] if mask[start] == _LITERAL else []
    if span.kind in {"em", "strong", "del", "doubtful-del"}:
        opening = [p for p in range(start, start + span.width) if mask[p] == _LITERAL]
        if opening and not both:
            return opening
        return opening + [p for p in range(span.end, span.end + span.width) if mask[p] == _LITERAL]
    return [start] if mask[start] == _LITERAL else []


def _disturbers(span: Span, text: str, mask: bytearray) -> list[int]:
    """Literal characters that keep a construct from being seen: beside its delimiters, or brackets in its text."""
    kind = span.kind.partition("#")[0]
    end = span.end + span.width if kind in {"em", "strong", "del"} else span.end
    beside = [p for p in (span.start - 1, end) if 0 <= p < len(text) and mask[p] == _LITERAL and text[p] in "`*~$_"]
    if kind in {"link", "image"}:
        beside += [m.start() for m in _BRACKETS.finditer(text, span.start, span.end) if mask[m.start()] == _LITERAL]
    if kind in {"em", "strong", "del"}:
        inside = (span.start + span.width, span.end - 1)
        beside += [p for p in inside if mask[p] == _LITERAL and text[p] in "*~_"]
    return beside


def _insert(
    text: str, mask: bytearray, meant: list[Span], borders: list[int], at: list[int]
) -> tuple[str, bytearray, list[Span], list[int]]:
    """Put a backslash before each of the positions, and move everything behind them."""
    parts: list[str] = []
    new_mask = bytearray()
    done = 0
    for position in at:
        parts += (text[done:position], "\\", text[position])
        new_mask += mask[done:position] + bytes([_MARKUP, _MARKUP])
        done = position + 1
    parts.append(text[done:])
    new_mask += mask[done:]

    def moved(position: int) -> int:
        return position + bisect.bisect_left(at, position)

    spans = [Span(s.kind, moved(s.start), moved(s.end), s.width) for s in meant]
    return "".join(parts), new_mask, spans, [moved(p) for p in borders]
