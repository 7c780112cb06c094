"""Markdown to the bytes of a file."""

from __future__ import annotations

from converter.errors import SourceError


def encode(markdown: str, name: str) -> bytes:
    """Turn Markdown into the bytes of a file: UTF-8, LF.

    Raises:
        SourceError: it holds half of a surrogate pair, which no encoding has.

    """
    try:
        return markdown.encode()
    except UnicodeEncodeError as error:
        problem = f"holds the character U+{ord(markdown[error.start]):04X}, which is half of one"
        raise SourceError(problem, source=name, remedy="give the right --encoding") from None
