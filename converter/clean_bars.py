"""Bars over listings that chats, themes and highlighters draw: the name of the language, and buttons."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from converter.code_language import canonical_name, is_known, language_of
from converter.listings import set_language
from converter.tree import Element, classes_of, drop, drop_all, is_blank, outermost, squeezed, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_NO_WORDS: Final = tuple("a img iframe video audio embed object input table ul ol pre x-tex".split())
_NAMELESS: Final = frozenset({"plaintext", "text", "plain", "txt", "code"})
# What buttons say, the name of an icon, and how a page is lit. Compiled where there is a bar: start-up counts.
_COPY: Final = r"copytoclipboard|copycode|copy|content_copy|复制代码|复制"
_BUTTONS: Final = rf"{_COPY}|编辑|edit|运行|run|下载|download|收起|展开|自动换行|深色版本|浅色版本|代码语言[:：]"
_OF_COPYING: Final = r"(?i)copy(?!right)"
# Where a bar is found, and what it is made of: a paragraph is an author's.
_CELLS: Final = frozenset({"td", "tr", "tbody", "table"})  # around nothing but the listing, its numbers are gone
_AROUND: Final = _CELLS | {"div", "figure", "section", "code-block"}
_PARTS: Final = frozenset({"div", "span", "button", "i", "svg", "a"})
_NO_PARTS: Final = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "code", "blockquote", "br", *_NO_WORDS[1:])
_MOST_PARTS: Final = 4
_MOST_LEVELS: Final = 6
_LONGEST: Final = 40  # characters


def settle_bar(listing: Element) -> list[Element]:
    """Drop the bar that a chat has in a listing, above its one `code`: the name of the language, and buttons.

    The name becomes the language where the listing states none. Returns the elements that went.
    """
    codes = list(islice(listing.iter("code"), 2))
    if len(codes) != 1:
        return []
    bars: list[Element] = []
    inner = codes[0]
    while inner is not listing:
        around = cast("Element", inner.getparent())
        if not is_blank(around.text) or any(not is_blank(child.tail) for child in around):
            return []
        for child in around:
            if child is inner:
                break
            bars.append(child)
        inner = around
    words, name = _words_and_name(bars)
    if not words or not _is_name(name, listing, codes[0]):
        return []
    for bar in bars:
        drop(bar)
    return bars


def drop_bars(root: Element) -> int:
    """Drop the bar in the box around a listing: the name of its language and a button, or a button that copies it.

    Of Prism's toolbar (behind the listing), themes of Hexo, and chats. A name alone, and what buttons say in the words
    of an author (`<p>复制</p>`), stay; of a bar with the name of a file only the button goes.
    """
    count = 0
    for listing in list(root.iter("pre")):
        code = next(iter(listing), None)
        bars = _bars_beside(listing, root)
        if code is None or code.tag != "code" or not bars:
            continue
        words, name = _words_and_name(bars)
        buttons = [part for bar in bars for part in bar.iter() if _copies(part)]
        # A name needs a button beside it, buttons that copy need no name.
        whole = bool(buttons) if not name or name == words else True
        if words and whole and (name or re.search(_COPY, words)) and _is_name(name, listing, code):
            drop_all(bars)
            count += 1
        elif found := [button for button in buttons if re.fullmatch(_COPY, squeezed(button).lower())]:
            drop_all(outermost(found))
            count += 1
    return count


def _bars_beside(listing: Element, root: Element) -> list[Element]:
    """Find what says something in the nearest box around a listing and may be a bar; nothing when it is more."""
    inner = listing
    for _ in range(_MOST_LEVELS):
        around = inner.getparent()
        if around is None or around is root or around.tag not in _AROUND or not is_blank(around.text):
            break
        beside = list(islice((e for e in around if e is not inner), _MOST_PARTS + 1))
        if beside and around.tag in _CELLS:
            break
        if len(beside) > _MOST_PARTS or not is_blank(inner.tail) or not all(map(_may_be_bar, beside)):
            break
        if any(e.tag == "button" or not is_blank(text_of(e)) for e in beside):
            return beside
        inner = around
    return []


def _may_be_bar(element: Element) -> bool:
    if element.tag not in _PARTS or not is_blank(element.tail) or next(element.iter(*_NO_PARTS), None) is not None:
        return False
    if any((link.get("href") or "#")[0] != "#" for link in element.iter("a")):
        return False  # to a page that runs the code
    length = 0
    for text in element.itertext():
        length += len(text.strip())
        if length > _LONGEST:
            return False
    return True


def _copies(part: Element) -> bool:
    """Whether a part of a bar is a button, by its element, its role, or its class and what it says."""
    if part.tag == "button" or part.get("role") == "button":
        return True
    if not any(re.search(_OF_COPYING, name) for name in classes_of(part)):
        return False
    said = squeezed(part).lower()
    return not said or re.fullmatch(_BUTTONS, said) is not None


def _words_and_name(bars: Iterable[Element]) -> tuple[str, str]:
    """Return what bars say, and what of it is no button; nothing when there are pictures, links or blocks in them."""
    bars = list(bars)
    if any(e.tag != "a" or not _is_button(e) for bar in bars for e in bar.iter(*_NO_WORDS)):
        return "", ""
    words = "".join(squeezed(bar) for bar in bars).lower()
    return words, re.sub(_BUTTONS, "", words)


def _is_button(link: Element) -> bool:
    return (link.get("href") or "#")[0] == "#" or re.fullmatch(_BUTTONS, squeezed(link).lower()) is not None


def _is_name(name: str, listing: Element, code: Element) -> bool:
    """Whether this names a language, or nothing; a listing that states none is told so, others may be guesses."""
    if not name or name in _NAMELESS:
        return True
    name = canonical_name(name)
    stated = language_of(listing, text_of(code))
    if not stated and is_known(name):
        set_language(code, name)
    return is_known(name) or (name != "" and stated == name)
