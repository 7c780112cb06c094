"""Where the blocks of an article begin that `seen` tells of; asked when blocks are kept as HTML."""

from __future__ import annotations

from operator import length_hint
from typing import TYPE_CHECKING

from converter.seen import BLOCK, Walk
from converter.seen_tags import ELEMENTS, HEADINGS

if TYPE_CHECKING:
    from converter.seen import Token


class _Places(Walk):
    """A walk that also notes at which token each block begins."""

    def arrive(self) -> None:
        """Note the place in the sign of a new block; with a minus what is said when its element ends."""
        before = len(self.out)
        last = self.pending[-1] if self.pending else ""
        super().arrive()
        if len(self.out) > before and self.out[before].startswith(BLOCK):
            place = len(self.tokens) - length_hint(self.rest) - 1
            whole = last in HEADINGS or last.startswith("code ") or self.tokens[place][0] == "/x-tex"
            self.out[before] = f"{BLOCK}{-place if whole else place}{self.out[before]}"


def places_of(tokens: list[Token], blocks: set[int]) -> list[int]:
    """Find the elements that hold the beginnings of some blocks, as numbers in document order.

    Args:
        tokens: of an article.
        blocks: numbers of blocks, from 1.

    """
    walk = _Places(article=True)
    walk.read(tokens, ELEMENTS)
    starts = "".join(walk.out).split(BLOCK)[1::2]
    wanted = {int(start) for number, start in enumerate(starts, 1) if number in blocks}
    found: list[int] = []
    open_ones: list[int] = []
    count = -1
    for place, (tag, attributes, _) in enumerate(tokens):
        if tag[0] == "/":
            number = open_ones.pop()
            found += [number] if -place in wanted else []
            found += open_ones[-1:] if place in wanted else []
            continue
        count += 1
        open_ones.append(count)
        found += [count] if place in wanted else []
        if attributes[-1:] == "/":
            open_ones.pop()
    return found
