"""Bytes to text: which encoding, which line ends, what is front matter, and whether the rest is HTML or Markdown.

Nothing but strict UTF-8 is believed without a word: what the file declares comes next, then guesses, each with a Note.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from converter.characters import hygiene, with_clean_characters
from converter.errors import ConfigError, DecodeError, EmptyArticle
from converter.frontmatter import split
from converter.model import Note, Page, Source
from converter.page_elements import for_renderer
from converter.page_kind import kind_of, pieces

_MAGIC: Final = (
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a rar archive"),
    (b"%PDF-", "a PDF document"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Office document"),
)
_FEED: Final = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:rss|feed)[\s>]", re.DOTALL).match
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its first two bytes are the UTF-16 mark
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Pages say the name of the small standard and use characters of the larger one that contains it (WHATWG Encoding).
_SUPERSETS: Final = {
    "gb2312": ("gb18030",),
    "gbk": ("gb18030",),
    "big5": ("big5", "cp950", "big5hkscs"),
    "shift_jis": ("cp932",),
    "euc_kr": ("cp949",),
    "iso8859-1": ("cp1252",),
    "ascii": ("cp1252",),
}
# Of GBK read as UTF-8 one sequence in seven is valid, of windows-1252 next to none; of damaged UTF-8 most are.
_VALID_PER_BROKEN: Final = 4
_BYTES_PER_BROKEN: Final = 500
_GB_BYTES_PER_CHARACTER: Final = 1.6  # Chinese in GB 18030 has two high bytes each, windows-1252 letters one
_CONTROLS: Final = tuple(chr(code) for code in range(32) if chr(code) not in "\t\n\r\f")
_NON_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
# A declaration that can be read as ASCII is not about UTF-16; `hex` is a codec but no encoding, `mbcs` is any.
_DECLARABLE: Final = re.compile(r"utf-8|gb|big5|cp\d|iso|koi8|shift|euc|mac|hz|ascii|johab|tis|kz").match
_REMEDY_ENCODING: Final = "name the right one with --encoding, or leave the option out to have it detected"


def decode(source: Source, encoding: str | None = None) -> Page:
    """Decode one input and cut it into front matter and body.

    Args:
        source: the input.
        encoding: the name of its encoding, which is then strict; None detects it.

    Returns:
        The page, with LF line ends and without NUL characters.

    Raises:
        ConfigError: there is no such encoding.
        DecodeError: the bytes are no text, or not in the encoding given.
        EmptyArticle: there is nothing but white space.

    """
    data = source.data
    if not data or data.isspace():
        raise _empty(source)
    notes: list[Note] = []
    if encoding:
        text, name = _decode_as(source, encoding)
    else:
        _refuse_magic(source)
        text, name = _detect(source, notes)
    # Bytes are searched at several times the speed of text.
    plain = name == "utf-8" and not notes and b"\r" not in data and b"\0" not in data
    text = (text if plain else _plain_lines(text, source, notes)).removeprefix("\ufeff")
    if not text or text.isspace():
        raise _empty(source)
    front_matter, body = split(text)
    # The body is the end of the text; so are its bytes, where every byte was kept.
    whole = plain and not data.startswith(codecs.BOM_UTF8)
    rest = data[len(text[: len(text) - len(body)].encode()) :] if whole else b""
    return Page(source.name, source.path, kind_of(source, body), front_matter, body, name, tuple(notes), rest)


def _empty(source: Source) -> EmptyArticle:
    return EmptyArticle("the file is empty", source=source.name, remedy="export the post again, or leave the file out")


def _binary(source: Source, what: str) -> DecodeError:
    return DecodeError(
        f"looks like a binary file ({what})",
        source=source.name,
        remedy="give HTML or Markdown files, or leave it out",
    )


def _refuse_magic(source: Source) -> None:
    for magic, what in _MAGIC:
        if source.data.startswith(magic):
            # A post may begin with the word GIF89a or %PDF-1.4; the file format has bytes that no text has.
            if magic.isascii() and b"\0" not in source.data[:4096] and _is_utf8(source.data):
                continue
            raise _binary(source, what)
    if source.data[:200].lstrip()[:1] == b"<" and _FEED(source.data[:4096]):
        remedy = "save it under a name that ends in .xml, and give that with -o DIRECTORY"
        raise DecodeError("is an export of many posts in one", source=source.name, remedy=remedy)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decode_as(source: Source, encoding: str) -> tuple[str, str]:
    name = _codec_name(encoding)
    unknown = ConfigError(f"unknown encoding {encoding!r}", remedy="try utf-8, gb18030 or big5")
    if not name:
        raise unknown
    try:
        text = source.data.decode(name)
    except LookupError as error:  # `hex` and the like: codecs, but not of text
        raise unknown from error
    except ValueError as error:
        problem = f"the bytes are not {encoding}"
        if isinstance(error, UnicodeDecodeError):
            problem += f" (byte {error.start})"
        raise DecodeError(problem, source=source.name, remedy=_REMEDY_ENCODING) from error
    return text.removeprefix("\ufeff"), name


def _detect(source: Source, notes: list[Note]) -> tuple[str, str]:
    data = source.data
    for bom, name in _BOMS:
        if data.startswith(bom):
            return _after_bom(data[len(bom) :], name, notes)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _legacy(source, notes)
    if b"\0" in data:
        wide = _utf16_without_bom(data)
        if wide:
            return _after_bom(data, wide, notes, guessed=True)
    return text, "utf-8"


def _after_bom(data: bytes, name: str, notes: list[Note], *, guessed: bool = False) -> tuple[str, str]:
    if guessed:
        notes.append(Note("encoding-guessed", f"no encoding is declared; read as {name}"))
    try:
        return data.decode(name), name
    except UnicodeDecodeError:
        notes.append(Note("bytes-dropped", f"bytes that are not {name} were left out"))
        return data.decode(name, "ignore"), name


def _utf16_without_bom(data: bytes) -> str:
    """Name the UTF-16 whose markup (ASCII with a NUL beside each letter) the bytes look like, or nothing."""
    sample = data[:4096]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd * 4 > len(sample) // 2 and even * 20 < odd:
        return "utf-16-le"
    if even * 4 > len(sample) // 2 and odd * 20 < even:
        return "utf-16-be"
    return ""


def _legacy(source: Source, notes: list[Note]) -> tuple[str, str]:
    """Decode bytes that are not strict UTF-8: damaged UTF-8, the declared encoding, or a guess."""
    from bs4.dammit import EncodingDetector, UnicodeDammit  # 40 ms that UTF-8 archives do not pay

    data = source.data
    if data[:8192].count(0) * 100 > len(data[:8192]):
        raise _binary(source, "NUL bytes")
    declared = _codec_name(source.encoding or EncodingDetector.find_declared_encoding(data, is_html=True))
    declared = declared if _DECLARABLE(declared) else ""
    salvaged = _damaged_utf8(data, declared, notes)
    if salvaged is not None:
        return salvaged, "utf-8"
    # The explicit list ends with an encoding that never fails, so bs4 does not ask whatever detector is installed.
    candidates = [*_SUPERSETS.get(declared, (declared,) if declared else ())]
    if "gb18030" not in candidates and _plausible_gb18030(data):
        candidates.append("gb18030")
    dammit = UnicodeDammit(data, known_definite_encodings=[*candidates, "cp1252", "latin-1"], is_html=True)
    text, name = dammit.unicode_markup or "", _codec_name(dammit.original_encoding)
    if sum(map(text[:8192].count, _CONTROLS)) * 50 > len(text[:8192]):
        raise _binary(source, "control characters")
    if name not in _SUPERSETS.get(declared, (declared,)):
        reason = f"declared as {declared}, which it is not" if declared else "no encoding is declared"
        notes.append(Note("encoding-guessed", f"{reason}; read as {name}"))
    return text, name


def _codec_name(encoding: str | None) -> str:
    try:
        return codecs.lookup(encoding or "").name
    except (LookupError, ValueError):
        return ""


def _damaged_utf8(data: bytes, declared: str, notes: list[Note]) -> str | None:
    """Decode UTF-8 of which a few bytes are broken; None when it is rather something else."""
    replaced = data.decode("utf-8", "replace")
    broken = replaced.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    text = data.decode("utf-8", "ignore")
    other = sum(map(len, _NON_ASCII.findall(text)))
    trusted = declared == "utf-8" and (broken * _BYTES_PER_BROKEN <= len(data) or other > broken)
    if not trusted and other < broken * _VALID_PER_BROKEN:
        return None
    notes.append(Note("bytes-dropped", f"{broken} broken UTF-8 sequences were left out"))
    return text


def _plausible_gb18030(data: bytes) -> bool:
    """Tell Chinese text from the accented letters of windows-1252, many of which are valid GB 18030 by chance."""
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    high = len(data.translate(None, bytes(range(128))))
    return high >= _GB_BYTES_PER_CHARACTER * sum(map(len, _NON_ASCII.findall(text)))


def _plain_lines(text: str, source: Source, notes: list[Note]) -> str:
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        count = text.count("\0")
        if count * 100 > len(text):
            raise _binary(source, "NUL bytes")
        notes.append(Note("nul-dropped", f"{count} NUL characters were left out"))
        text = text.replace("\0", "")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


__all__ = ["decode", "for_renderer", "hygiene", "pieces", "with_clean_characters"]
