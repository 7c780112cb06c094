"""What a conversion does when the Markdown would say something else than the article: `--on-loss`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from lxml import etree

from converter import verify
from converter.errors import FactsDiffer, TextLost
from converter.model import Note

if TYPE_CHECKING:
    from collections.abc import Callable

    from converter.model import Article, Options
    from converter.verify import Difference

_TOLD: Final = 5  # differences of one post that become notes


class Verified(NamedTuple):
    """A body, what has to be said about it, and at how many places it differs from the article."""

    body: str
    notes: tuple[Note, ...]
    differences: int


def emit_verified(article: Article, options: Options, emit: Callable[[Article, Options], str]) -> Verified:
    """Write the body of an article and look whether it says what the article says.

    Args:
        article: cleaned.
        options: `on_loss` says what is to be done when it does not.
        emit: an engine.

    Raises:
        TextLost: text would be lost or invented, and `on_loss` is `fail`.
        FactsDiffer: anything else would be.

    """
    seen = verify.look_at(article.root, prettified=article.prettified)
    body = emit(article, options)
    found = _compare(seen, body, options)
    if not found:
        return Verified(body, (), 0)
    if options.on_loss == "fail":
        raise _error(found)
    notes: list[Note] = []
    if options.on_loss == "keep-html" and options.engine == "native":
        body, found, notes = _with_html(article, options, emit, seen, body, found)
    notes += [_note(difference) for difference in found[:_TOLD]]
    if len(found) > _TOLD:
        notes.append(Note("more-differences", f"{len(found) - _TOLD} more"))
    return Verified(body, tuple(notes), len(found))


def _compare(seen: str, body: str, options: Options) -> list[Difference]:
    if options.target == "jekyll":
        from converter import dialects

        body = dialects.without_attributes(body)
    return verify.compare(seen, body)


def _note(difference: Difference) -> Note:
    if difference.kind == "text":
        return Note("text-differs", str(difference))
    return Note("markdown-differs", str(difference))


def _error(found: list[Difference]) -> TextLost | FactsDiffer:
    kind = TextLost if any(difference.kind == "text" for difference in found) else FactsDiffer
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return kind(f"the Markdown would differ: {found[0]}{more}", remedy="pass --on-loss warn to write it all the same")


def _with_html(
    article: Article,
    options: Options,
    emit: Callable[[Article, Options], str],
    seen: str,
    body: str,
    found: list[Difference],
) -> tuple[str, list[Difference], list[Note]]:
    """Keep the blocks that differ as HTML, if that helps."""
    elements = verify.elements_of(article.root, {difference.block for difference in found})
    if not elements:
        return body, found, []
    for element in elements:
        box = etree.Element("x-html")
        element.addprevious(box)
        box.tail, element.tail = element.tail, None
        box.append(element)
    new = emit(article, options)
    left = _compare(seen, new, options)
    if len(left) >= len(found):
        return body, found, []
    return new, left, [Note("kept-html", f"{len(elements)} blocks are HTML, since Markdown cannot say them")]
