"""What stands in the start tags of an article: the words by which the cleaner knows that a pass has nothing to do.

Looking for words in a few thousand bytes is far cheaper than looking at elements, and most passes find nothing in most
posts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_START_TAG: Final = re.compile(rb"<[a-zA-Z][^>]*")
# The same where values of attributes hold a `>`. A quote that nobody closes takes all of the rest, which loses nothing.
_QUOTED_START_TAG: Final = re.compile(rb"""<[a-zA-Z][^>"']*(?:(?:"[^"]*"?|'[^']*'?)[^>"']*)*""")
_APOSTROPHES: Final = re.compile(rb"=\s*'").search
_CLASSES: Final = re.compile(rb' class="([^"]*)').findall
# These three are compiled where there are styles, or what may hide an element: start-up counts.
_STYLES: Final = rb'style\s*=\s*(?:"([^"]*)")?'  # also those that are called `data-style`
# What makes a style or an attribute hide an element; a character reference may stand for any part of a style.
_HIDES: Final = rb"display\s*:\s*none|visibility\s*:\s*hidden|size\s*:\s*0|&"
_HIDDEN: Final = rb"[\s\"'/]hidden(?:[\s=>/<]|$)"  # tags are without their `>`
_PICTURE_DATA: Final = re.compile(rb"data:image/[\w.+-]*;base64,[\w+/=%]*")
_LONG: Final = 100_000  # bytes of start tags: only pictures in them make so many


class Vocabulary(NamedTuple):
    """Words of an article. Each of the searches below costs as much as its text is long, so the texts are short.

    Attributes:
        tags: the different start tags, in small letters; the whole source where tags cannot be told from text.
        classes: the values of `class` alone, as they are; all of the tags where they cannot be told apart.
        styles: the values of `style` alone, in small letters, those of drawings left out, which go anyway; all of the
            tags where they cannot be told apart.
        tokens: the single classes; None where they cannot be told apart.

    """

    tags: bytes = b""
    classes: bytes = b""
    styles: bytes = b""
    tokens: frozenset[bytes] | None = None

    def hides(self) -> bool:
        """Whether a style or an attribute may hide an element."""
        if self.styles and re.search(_HIDES, self.styles):
            return True
        return self.tags.find(b"hidden") >= 0 and re.search(_HIDDEN, self.tags) is not None


def vocabulary(source: bytes, frame: bytes = b"", tags: Sequence[bytes] = ()) -> Vocabulary:
    """Collect the words of an article.

    Args:
        source: the page, as UTF-8.
        frame: what is around the article in it, as it was parsed; its tags are left out where that is certain.
        tags: start tags of the page, see `Article.tags`, when somebody has looked for them already.

    """
    found = _tags(_START_TAG, source, frame, tags)
    joined = b"".join(found)
    # A `>` in the value of an attribute cuts its tag off; then not every `="` has its closing quote.
    simple = 2 * joined.count(b'="') == joined.count(b'"') and not (b"'" in joined and _APOSTROPHES(joined))
    if not simple:
        found = _tags(_QUOTED_START_TAG, source, frame)
        joined = b"".join(found)
        if joined.count(b"<") != len(found):  # a tag in a tag: the quotes do not pair up
            small = source.lower()
            return Vocabulary(small, source + small, small)
    if len(joined) > _LONG:
        joined = _PICTURE_DATA.sub(b"", joined)
    small = joined.lower()
    # Exports of CSDN begin with a drawing that is hidden.
    drawings = small.find(b"<svg") >= 0
    styled = b"".join([tag for tag in found if tag[:4] != b"<svg"]).lower() if drawings else small
    styles = set(re.findall(_STYLES, styled)) if styled.find(b"style") >= 0 else set()
    classes = _CLASSES(joined)
    # Values without quotes, names in capitals, a line end before a name: rare, and any word may then be a class.
    style = b"\n".join(styles) if simple and b"" not in styles else small
    if not simple or small.count(b"class") != len(classes):
        return Vocabulary(small, joined + small, style)
    names = b" ".join(set(classes))
    return Vocabulary(small, names, style, frozenset(names.split()))


def _tags(pattern: re.Pattern[bytes], source: bytes, frame: bytes, known: Sequence[bytes] = ()) -> set[bytes]:
    """Find the different start tags; of those around the article, the ones behind it are left out.

    Each element of the frame has a tag in the source, so the last tags of the source that are the last ones of the
    frame too can go: the hidden id is the last element of a page, and what looks for hidden ids would look at each one.
    """
    tags: list[bytes] = list(known) or pattern.findall(source)
    around: list[bytes] = pattern.findall(frame)
    while around and tags:
        if around[-1] == tags[-1]:
            around.pop()
        elif not tags[-1].startswith((b"</", b"<!")):
            break
        tags.pop()
    return set(tags)
