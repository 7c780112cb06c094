"""Where the article of a page is that no profile knows: what themes call it, and how much of the text is in there."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final

from converter.profiles import Around
from converter.tree import Element, classes_of, has_content, outermost, weight

if TYPE_CHECKING:
    from converter.profiles import Lookup, Profile

_FRAMES: Final = ("article", "main")
_BESIDE: Final = frozenset(
    "comment comments comment-body comment-list commentlist comments-area sidebar widget widgets related related-posts"
    " teaser teasers".split()
)
_FURNITURE: Final = ("header", "footer", "nav", "aside")


def most_likely(tree: Element, profile: Profile) -> tuple[Lookup, Element] | None:
    """Find the article by the first rule that a good part of the text around it is found by.

    A teaser, a comment or an empty frame may be called like the post, and a part of a post like the whole. Of several
    matches the longest counts; where they share an `article` or `main`, that does.
    """
    around = Around(tree)
    whole = weight(tree)
    matches = [
        (place, outermost([e for e in place.all(tree, around) if e.tag != "meta" and has_content(e)]))
        for place in profile.root
    ]
    weights: dict[Element, int] = {}
    for lenient in (False, True):
        for place, found in matches[:-1] if not lenient else matches:
            own = [e for e in found if not _is_beside_the_post(e, weights, whole if lenient else 0)]
            root = _one_of(own)
            if root is not None and (root.tag in _FRAMES or _is_most_of_its_frame(root)):
                return place, root
    # All of it is beside something, or there is no text at all.
    told = next(((place, found[0]) for place, found in reversed(matches) if found), None)
    return told or next(((place, root) for place in profile.root if (root := place.first(tree)) is not None), None)


def _one_of(found: list[Element]) -> Element | None:
    if len(found) < 2:  # noqa: PLR2004
        return found[0] if found else None
    longest = max(((weight(element), element) for element in found), key=itemgetter(0))[1]
    frame = _frame_of(longest)
    if frame is not None and sum(_frame_of(element) is frame for element in found) > 1:
        return frame
    return longest


def _frame_of(element: Element) -> Element | None:
    for tag in _FRAMES:
        if (frame := next(element.iterancestors(tag), None)) is not None:
            return frame
    return None


def _is_most_of_its_frame(root: Element) -> bool:
    """Whether at least half of what an `article` or `main` says is in here, what themes put around it not counted."""
    frame = _frame_of(root)
    if frame is None:
        return True
    furniture = [e for e in frame.iterdescendants() if e.tag in _FURNITURE or not _BESIDE.isdisjoint(_names_of(e))]
    above = set(root.iterancestors())
    beside = sum(weight(e) for e in outermost(furniture) if e not in above and root not in e.iterancestors())
    return 2 * weight(root) >= weight(frame) - beside


def _names_of(element: Element) -> list[str]:
    return [*classes_of(element), element.get("id") or ""]


def _is_beside_the_post(element: Element, weights: dict[Element, int], whole: int) -> bool:
    """Whether an element is a comment, or lies in what a page has beside its post.

    With the weight of the whole page given, half of it is never beside. `weights` remembers those of other elements.
    """
    if element.tag == "aside" or not _BESIDE.isdisjoint(_names_of(element)):
        return True
    for one in element.iterancestors():
        if one.tag == "aside" or not _BESIDE.isdisjoint(_names_of(one)):
            if not whole:
                return True
            if one not in weights:
                weights[one] = weight(one)
            if 2 * weights[one] < whole:
                return True
    return False
