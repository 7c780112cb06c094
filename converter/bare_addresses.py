"""Addresses that are plain text: renderers that make links of them take what stands behind them for a part of them.

The autolinks of GFM (GitHub, marked and with it Hexo; not part of our dialect) go on to the next white space or `<`.
So `**http://e.org**中文` shows its asterisks there, a backslash that breaks the line ends up in the link (41 lines in
24 of 1,027 posts), and Chinese, which puts no space behind an address, becomes a link that leads nowhere (57 in 39
posts). The rules are those of https://github.github.com/gfm/#autolinks-extension-.
"""

from __future__ import annotations

import bisect
import re
from typing import Final

from converter.scan import Span, scan

# What follows a scheme; `www.` at the start of a line, behind white space or signs that may be markup. What
# begins with a set of characters is searched in a third of the time, since `re` does not try the places in between.
_SIGN: Final = re.compile(r"[:wW](?:(?<=:)(?=//[^\s<])|(?<!:)(?<![^\s*_~(][wW])[wW]{2}(?=\.[^\s<]))")
_SCHEMES: Final = ("https", "http", "ftp")
_MARKUP: Final = "\\`*[~$!"
_END: Final = re.compile(r"[\s<]")
_NOT_AT_ITS_END: Final = "?!.,:*_~'\""
_EMPHASIS: Final = frozenset({"em", "strong", "del"})
_ATOMS: Final = frozenset({"code", "autolink", "math", "link", "image"})


def guard_addresses(text: str) -> str:
    """Keep such addresses away from the text behind them.

    One with markup or Chinese in its reach gets a backslash before its first sign, so that no renderer takes it for an
    address; where only a backslash that breaks the line follows, that break is written as two spaces, and the link
    stays.

    Args:
        text: the Markdown of one block's inline content.

    """
    return _guarded(text) if "://" in text or "www." in text else text


def _guarded(text: str) -> str:
    links = "\\[" not in text and "\\]" not in text
    if links and _are_destinations(text):
        return text
    found: list[Span] | None = None
    pieces: list[str] = []
    done = end = last = 0
    foreign = markup = -1
    breaks = False
    for start, sign in _signs(text):
        if start < done or (links and text.endswith("](", 0, start)):
            continue
        if start >= end:
            end = _end_of_run(text, sign)
            breaks = text[end - 1] == "\\" and text.startswith("\n", end)
            last = start + len(text[start : end - breaks].rstrip(_NOT_AT_ITS_END))
            # Once for all that begin in this run: each of them reaches to its end.
            foreign = _last_foreign(text, sign, last)
            markup = max([text.rfind(char, sign, last) for char in _MARKUP])
        swallows = foreign >= sign
        if not breaks and not swallows and markup < sign:
            continue
        if found is None:
            found = scan(text)
            covers = _covered(found)
            delimiters = sorted(_delimiters(found))
        at = bisect.bisect_right(covers, (start, len(text))) - 1
        if at >= 0 and start < covers[at][1]:
            continue  # in a link, in code
        if swallows or bisect.bisect_right(delimiters, start) < bisect.bisect_left(delimiters, last):
            pieces += text[done:sign], "\\"
            done = sign
        elif breaks:
            pieces += text[done : end - 1], "  "
            done = end
    return "".join(pieces) + text[done:] if pieces else text


def _signs(text: str) -> list[tuple[int, int]]:
    """Find where addresses begin, and the sign behind their scheme or `www`."""
    out: list[tuple[int, int]] = []
    for match in _SIGN.finditer(text):
        start, end = match.span()
        if text[start] != ":":
            out.append((start, end))
        elif (begin := _start_of_scheme(text, start)) >= 0:
            out.append((begin, start))
    return out


def _start_of_scheme(text: str, colon: int) -> int:
    """Find where the scheme before a colon begins, behind anything but a letter; -1 for one that makes no link."""
    for scheme in _SCHEMES:
        start = colon - len(scheme)
        if start >= 0 and text[start:colon].lower() == scheme:
            before = text[start - 1 : start]
            return -1 if before.isascii() and before.isalpha() else start
    return -1


def _are_destinations(text: str) -> bool:
    """Whether all are those of links and pictures, as nearly all are: counting takes a tenth of looking at each."""
    if text.count("://") != text.count("](https://") + text.count("](http://"):
        return False
    return text.count("www.") == text.count("://www.")


def _end_of_run(text: str, at: int) -> int:
    end = _END.search(text, at)
    return len(text) if end is None else end.start()


def _last_foreign(text: str, start: int, end: int) -> int:
    """Find the last character of a stretch that is not ASCII; -1 when all are."""
    if not text[start:end].isascii():
        for at in range(end - 1, start - 1, -1):
            if text[at] > "\x7f":
                return at
    return -1


def _delimiters(found: list[Span]) -> list[int]:
    """Find the signs that are no text: delimiters, and the backslashes of escapes."""
    opening = [span.start for span in found if span.kind in _EMPHASIS or span.kind in _ATOMS or span.kind == "escape"]
    return opening + [span.end for span in found if span.kind in _EMPHASIS]


def _covered(found: list[Span]) -> list[tuple[int, int]]:
    """Merge the stretches in which nothing is plain text; they nest, and never overlap."""
    covers: list[tuple[int, int]] = []
    for start, end in sorted((span.start, span.end) for span in found if span.kind in _ATOMS):
        if not covers or start >= covers[-1][1]:
            covers.append((start, end))
    return covers
