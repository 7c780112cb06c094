"""The names of the rules by which passes that follow several took something out or changed it, for `trace`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from converter.clean_images import image_rule, picture_address
from converter.clean_links import link_address, link_rule
from converter.listings import noise_rule
from converter.tree import Element, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from converter.profiles import Profile

_OF_GONE: Final[Mapping[str, Callable[[Element, Profile], str | None]]] = {
    "drop_noise": lambda element, profile: profile.drop.rule_of_any(element),
    "tidy_images": lambda image, profile: image_rule(image, profile) or "tracking-image",
    "tidy_links": lambda _link, _profile: "permalink",  # the others become their text
    # Shapes: what they leave out counts by its own rule.
    "listing": noise_rule,
    "highlighter-box": noise_rule,
}


class Names(NamedTuple):
    """Names the rules for one pass.

    Attributes:
        known: the rule of the pass, or its own name where it follows several.
        profile: the profile that it works with.

    """

    known: str
    profile: Profile

    def of_gone(self, element: Element) -> str | None:
        """Name the rule by which an element went; None where that is the rule of the pass."""
        name = _OF_GONE.get(self.known)
        return name(element, self.profile) if name is not None else None

    def of_unwrapped(self, link: Element) -> str | None:
        """Name the rule by which a link became its text."""
        href = (link.get("href") or "").strip()
        return "page-link" if href[:1] == "#" != href else link_rule(link, href, self.profile)

    def of_changed(self, element: Element, attribute: str) -> str | None:
        """Name the rule by which an attribute of a picture or a link, which is given as it was, says something else."""
        if element.tag == "img":
            return "placeholder-alt" if attribute == "alt" else picture_address(element, self.profile)[1][-1]
        href = (element.get("href") or "").strip()
        return "page-link" if href[:1] == "#" else link_address(href, text_of(element), self.profile)[1]
