"""Characters of HTML that no text needs: odd spaces, invisible ones, those that only a font of Word's can show."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from converter.model import Page

# Zero-width and soft hyphens, bidi marks, Hangul fillers, C0, DEL, C1 and U+FFFC: in one archive of 24,597 posts about
# 1,300 hold some of them, and no reader sees any. U+FFFD and characters for private use are seen, so they stay (law 1).
_DROPPED: Final = (
    "\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u115f\u1160\u200b\u200c\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\u3164"
    "\\ud800-\\udfff\ufeff\uffa0\ufffc"
)
_SPACES: Final = "\x0b\x0c\xa0\u2000-\u200a\u2028\u2029"
# What Wingdings and Symbol draw from U+F020 on, as they stand in posts out of Word: bullets, and the arrow that Word
# makes of `-->`. Without the font they are boxes, or nothing: `a\uf0e0b` is "a -> b" to who has it, and "ab" to nobody.
# In 8 of 1,027 posts. What the other such characters show nobody knows.
_SIGNS: Final = {
    "\uf04a": "☺",
    "\uf06c": "●",
    "\uf06d": "❍",
    "\uf06e": "■",
    "\uf06f": "□",
    "\uf075": "◆",
    "\uf076": "❖",
    "\uf0a7": "▪",
    "\uf0a8": "◻",
    "\uf0b7": "•",
    "\uf0d8": "➢",
    "\uf0e0": "→",
    "\uf0e8": "➔",
    "\uf0f0": "⇨",
    "\uf0fc": "✓",
    "\uf0fe": "☑",
}
# At the start of an item they are a second bullet; arrows, ticks and boxes say something there, too.
_BULLETS: Final = frozenset("\uf06c\uf06d\uf06e\uf075\uf076\uf0a7\uf0b7\uf0d8")
_ITEM: Final = re.compile(r"<li\b[^>]*>(?:\s|<(?:p|div|span|font|b|strong)\b[^>]*>)*", re.IGNORECASE).fullmatch
_NEAR: Final = 400  # characters of tags between an item's and its text
_EMOJI: Final = "\u2190-\u2bff\U0001f000-\U0001faff"
# Three that few posts need are compiled when one does: start-up counts.
_DROP: Final = f"[{_DROPPED}]+"
_TO_SPACE: Final = re.compile(f"[{_SPACES}]")
# `;` and `&`: emoji that are written as numbers.
_LONE_JOINER: Final = f"(?<![{_EMOJI}\ufe0f;])\u200d+|\u200d+(?![{_EMOJI}&])"
_ANY: Final = re.compile(f"[{_DROPPED}{_SPACES}{''.join(_SIGNS)}\u200d]")
_SIGN_OR_CODE: Final = f"(?i)</?(?:pre|code|textarea)\\b|[{''.join(_SIGNS)}]"
# Numbers count without a semicolon, too, and with any number of zeros.
_ENTITY: Final = re.compile(
    r"&(?:nbsp;?|(?:ensp|emsp|thinsp|shy|zwnj|zwj|lrm|rlm);|#(?:0*\d{1,7}(?!\d)|[xX]0*[0-9a-fA-F]{1,6}(?![0-9a-fA-F]));?)",
    re.ASCII,
)
# The button of CSDN's editor on a picture, and the space of no width before it, copied with the picture. The contents
# of 4 posts of 880 have it, for headings with pictures.
_BUTTON: Final = "\u200b编辑"
_BUTTON_ON_PICTURE: Final = rf"(?i)(<img\b[^<>]*>(?:\s|</(?:img|a|span|strong)>)*){_BUTTON}(?=[\s\xa0\u200b<])"
_CLEAN_ASCII: Final = b"\t\n" + bytes(range(0x20, 0x7F))
_CHINESE: Final = 2  # bytes a character, of a text that is mostly Chinese
_FEW: Final = 6  # kinds of odd characters in a text that are replaced one kind at a time


def hygiene(text: str) -> str:
    """Clean the characters of HTML: odd spaces become spaces, invisible ones go.

    Args:
        text: HTML source.

    Returns:
        The cleaned source; the very same object when there is nothing to clean.

    """
    return _cleaned(text, b"")[0]


def with_clean_characters(page: Page) -> Page:
    """Clean the characters of a page's body, see `hygiene`, and keep the UTF-8 of it that was made on the way."""
    body, data = _cleaned(page.body, page.data)
    return page._replace(body=body, data=data)


def _cleaned(text: str, data: bytes) -> tuple[str, bytes]:
    if "&" in text and _ENTITY.search(text):
        spaced = text.replace("&nbsp;", " ")
        unhidden = _ENTITY.sub(_unhide, spaced)
        if unhidden != text:
            # Nearly always these are all; to put spaces for them costs less than to make the bytes of a text.
            text, data = unhidden, data.replace(b"&nbsp;", b" ") if unhidden == spaced else b""
    data = data or text.encode("utf-8", "surrogatepass")
    odd = _odd_characters(text, data)
    if not odd:
        return text, data
    if "\u200b" in odd and _BUTTON in text:
        text = re.sub(_BUTTON_ON_PICTURE, rf"\1<span class=archive2md-button>{_BUTTON}</span>", text)  # `copy-button`
    if not odd.isdisjoint(_SIGNS):
        text = _with_signs(text)
        odd -= _SIGNS.keys()
    if len(odd) <= _FEW:
        for character in odd - {"\u200d"}:
            text = text.replace(character, " " if _TO_SPACE.match(character) else "")
    else:
        text = re.sub(_DROP, "", _TO_SPACE.sub(" ", text))
    text = re.sub(_LONE_JOINER, "", text) if "\u200d" in odd else text
    return text, text.encode()


def _with_signs(text: str) -> str:
    """Write the bullets and arrows of Word's fonts as characters that every font has; code keeps its own."""
    pieces: list[str] = []
    at = depth = 0
    for found in re.finditer(_SIGN_OR_CODE, text):
        if found[0][0] == "<":
            depth = max(0, depth + (1 if found[0][1] != "/" else -1))
        elif not depth:
            sign = _SIGNS[found[0]]
            if found[0] in _BULLETS and _begins_item(text, found.start()):
                sign = f"<span class=archive2md-bullet>{sign}</span>"  # the rule `item-bullet`
            pieces += text[at : found.start()], sign
            at = found.end()
    return "".join(pieces) + text[at:]


def _begins_item(text: str, at: int) -> bool:
    """Whether nothing but tags stands between the start of a list item and a place."""
    start = max(text.rfind("<li", max(0, at - _NEAR), at), text.rfind("<LI", max(0, at - _NEAR), at))
    return start >= 0 and _ITEM(text, start, at) is not None


def _unhide(match: re.Match[str]) -> str:
    """Write the entity of an odd character as the character, and leave every other entity."""
    entity = match[0]
    if entity[1] == "#" and _number(entity) == 0:
        return ""  # a NUL; browsers show a replacement character, but nobody wrote one
    character = html.unescape(f"&#{_number(entity)};" if entity[1] == "#" else entity)
    # Numbers 128-159 mean windows-1252 to a browser (`&#150;` is a dash) but C1 controls to libxml2.
    is_c1 = entity[1] == "#" and not character.isascii() and _number(entity) in range(0x80, 0xA0)
    return character if is_c1 or _ANY.match(character) else entity if character else ""


def _number(entity: str) -> int:
    digits = entity[2:].rstrip(";")
    # Python converts no more than 4,300 digits.
    return int(digits[1:].lstrip("0") or "0", 16) if digits[0] in "xX" else int(digits.lstrip("0") or "0")


def _odd_characters(text: str, data: bytes) -> set[str]:
    """Find the odd characters of a text and its UTF-8; on markup in half the time of the search alone.

    `bytes.translate` throws clean ASCII away at memory speed and leaves little to search. Text that is mostly Chinese
    has little ASCII to throw away.
    """
    if len(data) > _CHINESE * len(text):
        return set(_ANY.findall(text))
    return set(_ANY.findall(data.translate(None, _CLEAN_ASCII).decode("utf-8", "surrogatepass")))
