"""Passes for what CSS or an attribute hides: elements, phrases among the tokens of a listing, text without a size."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from converter.clean_media import EMBEDS
from converter.tree import Element, Test, Values, classes_of, drop_all, is_blank, outermost, text_of, weight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from converter.profiles import Profile

GONE: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SIZELESS: Final = re.compile(r"font-size\s*:\s*0(?:px|pt|em|%)?\s*(?:;|$)", re.IGNORECASE)
_MEDIA: Final = frozenset({"img", "svg", "canvas", *EMBEDS})
_PHRASES: Final = tuple("span font b strong i em u a s small big sub sup label mark ins del".split())
_LISTINGS: Final = frozenset({"pre", "code", "tt"})
_BOXES: Final = (  # of highlighters, see `fold_highlighter_boxes` and `LINE_LISTS`
    r"(?:^|\s)(?:dp-|linenums|hljs-ln|highlighter-|syntaxhighlighter|CodeMirror|blob-code|blockcode|crayon-syntax)"
)
_STYLES: Final = Values("descendant::*/@style")
_HAS_HIDDEN: Final = Test("descendant::*/@hidden")


def drop_hidden_elements(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Drop what CSS or the `hidden` attribute hides."""
    found = [element for element in _hidden_in(root, root.iterdescendants()) if not _is_box_of_wechat(element)]
    if _is_shown_later(root, found):
        del found[0]
    return _hide(found)


def drop_hidden_tokens(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop phrases that are hidden in a listing, before its tokens become plain text.

    What a script may show stays: all that is in a listing, several lines, and what has an `id`, as folded blocks do.
    """
    phrases = [phrase for phrase in _hidden_in(root, root.iter(*_PHRASES)) if not phrase.get("id")]
    listings: dict[Element, list[Element]] = {}
    for phrase in outermost(phrases):
        listing = next(filter(_is_listing, phrase.iterancestors()), None)
        if listing is not None and "\n" not in text_of(phrase).strip():
            listings.setdefault(listing, []).append(phrase)
    return sum(_hide(found) for listing, found in listings.items() if weight(listing) > sum(map(weight, found)))


def _is_listing(element: Element) -> bool:
    return element.tag in _LISTINGS or re.search(_BOXES, element.get("class") or "") is not None


def _hidden_in(root: Element, elements: Iterable[Element]) -> list[Element]:
    """Find the elements that hide what is in them, by a style or by an attribute."""
    hiding = {style for style in set(_STYLES(root)) if _hides(style)}
    marked = _HAS_HIDDEN(root)
    if not hiding and not marked:
        return []
    return [e for e in elements if e.get("style") in hiding or (marked and e.get("hidden") is not None)]


def _hides(style: str) -> bool:
    # Most styles are colours and fonts; a substring is found faster than a pattern.
    suspect = "isplay" in style or "isibility" in style or "ize:" in style or "ize :" in style or style.isupper()
    return suspect and (GONE.search(style) or _SIZELESS.search(style)) is not None


def _is_box_of_wechat(element: Element) -> bool:
    """Whether an element is the text of an article of WeChat: invisible as served, a script shows it."""
    return element.get("id") == "js_content" or "rich_media_content" in classes_of(element)


def _is_shown_later(root: Element, hidden: list[Element]) -> bool:
    """Whether a script shows the article: one invisible box holds all of it, as WeChat's pages have it."""
    if not hidden or "isibility" not in (hidden[0].get("style") or ""):
        return False
    return not is_blank(text_of(hidden[0])) and weight(root) == weight(hidden[0])


def _hide(found: list[Element]) -> int:
    """Drop hidden elements, in document order; where only text is hidden, the rest stays. Returns how many went."""
    sizeless = [e for e in found if e.get("hidden") is None and not GONE.search(e.get("style") or "")]
    if not sizeless:
        drop_all(found)
        return len(found)
    small, boxes = set(sizeless), set(outermost(sizeless))
    gone: list[Element] = []
    count = 0
    for element in found:
        if element not in small:
            gone.append(element)
        elif element in boxes:
            shows, texts = _texts_without_size(element)
            if shows:
                for one, slot in texts:
                    setattr(one, slot, None)
                count += len(texts)
            else:
                gone.append(element)
    drop_all(gone)
    return count + len(gone)


def _texts_without_size(box: Element) -> tuple[bool, list[tuple[Element, str]]]:
    """Find the texts that `font-size:0` hides, and whether anything else is in its element.

    Around boxes it takes away the gaps between them: texts in those have a size of their own, pictures and players
    need none.
    """
    shows = False
    texts: list[tuple[Element, str]] = []
    hides: list[bool] = []  # for each open element
    for event, element in etree.iterwalk(box, events=("start", "end")):
        if event == "start":
            hides.append(_hides_text(element, around=not hides or hides[-1]))
            shows = shows or element.tag in _MEDIA
            slot = "text"
        else:
            hides.pop()
            slot = "tail"
        if hides and not is_blank(getattr(element, slot)):
            shows = shows or not hides[-1]
            texts += [(element, slot)] if hides[-1] else []
    return shows, texts


def _hides_text(element: Element, *, around: bool) -> bool:
    """Whether the text right in an element has no size; `around` says it of the element around."""
    style = element.get("style") or ""
    if "font-size" in style:
        return _SIZELESS.search(style) is not None
    return around and not (element.tag == "font" and element.get("size"))
