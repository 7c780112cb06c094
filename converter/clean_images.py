"""The passes for pictures: which of them go, and what their addresses, alternative texts and captions say."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from converter.clean_media import NO_ADDRESS
from converter.parameters import is_whole, name_of_file, parameter, without_marks
from converter.tree import Element, Query, classes_of, drop, drop_all, is_blank, text_of, with_class
from converter.urls import runs_script

if TYPE_CHECKING:
    from collections.abc import Mapping

    from converter.profiles import Profile
    from converter.profiles.addresses import Pictures

_PIXELS: Final = r"\s*(\d{1,4})(?:px)?\s*"
_ONE: Final = frozenset({"0", "1", "0px", "1px"})
_NARROW: Final = 200
_THIN: Final = 10
_ANY_SIZE: Final = 10_000
_LAZY: Final = frozenset({"lazy", "lazyload", "lazyloading", "b-lazy", "j-lazy", "js-lazy"})
# loading.gif, squares.svg (segmentfault), 1x1.trans.gif (WordPress), default_lazy.png
_STAND_INS: Final = tuple(
    "loading blank 1x1 spacer placeholder lazy transparent trans.gif squares grey gray pixel".split()
)
_PICTURES: Final = (".gif", ".png", ".svg", ".jpg", ".jpeg")
_DRAWINGS: Final = (".png", ".jpg", ".jpeg", ".webp", ".svg", ".bmp")
_LONGEST_NUMBER: Final = 10
_TINY: Final = 200  # bytes of a `data:` address: spacers and dots; the smallest real picture seen has 1,094

CAPTION: Final = "添加图片注释，不超过"
"""How Zhihu's editor asks for a caption, of up to 140 characters."""

ASKED: Final = "请点击此处输入图片描述"
"""How an editor of Tencent's asks for one; whoever did not answer has it below each picture."""

_CAPTIONS: Final = Query(
    f".//figcaption | .//*[{with_class('image-caption')}] | .//p[starts-with(normalize-space(), '{CAPTION}')]"
    f" | .//p[normalize-space() = '编辑切换为居中' or normalize-space() = '{ASKED}']"
)
_LONGEST_CAPTION: Final = 40


def drop_captions(root: Element, profile: Profile) -> int:
    """Drop captions that an editor wrote where the author wrote none, right below a picture.

    They say what it writes as alternative text, too: `<figcaption>img</figcaption>` below `alt="img"`, the name of a
    file below pictures of Jianshu; Zhihu's asks for one, below two buttons.
    """
    count = 0
    for caption in _CAPTIONS(root):
        if _asks_or_repeats(caption, profile):
            drop(caption)
            count += 1
    return count


def _asks_or_repeats(caption: Element, profile: Profile) -> bool:
    said = " ".join(text_of(caption).split())
    before = caption.getprevious()
    if before is None or not said or len(said) > _LONGEST_CAPTION or "/" in said or not is_blank(before.tail):
        return False
    if not profile.pictures.says_nothing(said) or caption.find(".//img") is not None:
        return False
    image = before if before.tag == "img" else before.find(".//img")
    if image is None or caption.tag != "figcaption" or said.startswith(CAPTION):
        return image is not None
    return said == (image.get("alt") or "").strip()


def tidy_images(root: Element, profile: Profile) -> Mapping[str, int]:
    """Drop images that say nothing; give the others the address of the picture alone, and no empty words."""
    counts: dict[str, int] = {}
    images = [(image, _address_of(image, profile)) for image in root.iter("img")]
    suspects = _suspects("\n".join([f"{src}\n{image.get('alt') or ''}" for image, src in images]), profile.pictures)
    gone: list[Element] = []
    lines = {address for image, address in images if _is_line(image) and _least(image) == 1}
    for image, address in images:
        rule = _rule_of(image, address, profile, suspects)
        if rule is None and address in lines and _least(image) <= _THIN and "tracking-image" not in profile.keep:
            rule = "tracking-image"
        if rule:
            gone.append(image)
            counts[rule] = counts.get(rule, 0) + 1
            continue
        src, used = _settled(image, address, profile)
        if image.get("src") != src:
            image.set("src", src)
        for name in (*used, *_tidy_words(image, profile)):
            counts[name] = counts.get(name, 0) + 1
    drop_all(gone)
    return counts


def image_rule(image: Element, profile: Profile) -> str | None:
    """Name the rule by which an image goes; None for one without a rule of its own, which may be a line elsewhere."""
    src = _address_of(image, profile)
    return _rule_of(image, src, profile, _suspects(f"{src}\n{image.get('alt') or ''}", profile.pictures))


def _suspects(addresses: str, known: Pictures) -> list[tuple[str, str]]:
    """List what stands in any of the addresses and words of pictures of what is known of those that go; mostly nothing.

    Returns:
        Pairs of a part of addresses and the rule that it belongs to, in the order of the rules.

    """
    return [
        (part, rule)
        for parts, rule in (
            (known.nowhere, "image-without-address"),
            (known.tracking, "tracking-image"),
            (known.random, "random-image"),
            (known.icons, "link-card"),
        )
        for part in parts
        if part in addresses
    ]


def _rule_of(image: Element, src: str, profile: Profile, suspects: list[tuple[str, str]]) -> str | None:
    if src in NO_ADDRESS or runs_script(src, picture=True):
        return "image-without-address"
    for part, rule in suspects:
        if rule != "link-card" and part in src and not (_is_kind_of_host(part) and _is_drawing(src)):
            return rule
    alt = image.get("alt") or ""
    if alt in profile.pictures.tool_alts or image.get("title", "") in profile.pictures.tool_alts:
        return "button-image"
    for part, rule in suspects:
        if rule == "link-card" and (part in src or part in alt):
            return rule
    if _is_line(image) and "tracking-image" not in profile.keep:
        return "tracking-image"
    tiny = src[:5] == "data:" and len(src) < _TINY
    return "spacer-image" if tiny and "spacer-image" not in profile.keep else None


def _is_kind_of_host(part: str) -> bool:
    """Whether a part of addresses says no more than how the name of a host begins: `//stat.`."""
    return part[:2] == "//" and part[-1:] == "."


def _is_drawing(src: str) -> bool:
    """Whether an address names a file that counters do not answer with: theirs are programs and GIFs."""
    return name_of_file(src).lower().endswith(_DRAWINGS)


def _is_line(image: Element) -> bool:
    """Whether a picture is shown at most one pixel high or wide: a counter, or what held old pages open.

    The latter come in other sizes, too (`c.gif` of IBM's old pages: 100x1, 8x100); 4 of 1,034 posts have 85 of them. A
    large picture that is given one pixel on one side is an author's mistake.
    """
    if (image.get("width") or "").strip() not in _ONE and (image.get("height") or "").strip() not in _ONE:
        return False
    width, height = _pixels(image, "width"), _pixels(image, "height")
    return max(width, height) <= _NARROW or _ANY_SIZE in (width, height)


def _least(image: Element) -> int:
    return min(_pixels(image, "width"), _pixels(image, "height"))


def _pixels(image: Element, name: str) -> int:
    """Read a size; a large number where none is given in pixels."""
    size = image.get(name)
    found = re.fullmatch(_PIXELS, size) if size is not None else None
    return int(found[1]) if found is not None else _ANY_SIZE


def picture_address(image: Element, profile: Profile) -> tuple[str, tuple[str, ...]]:
    """Find the address of a picture, and the rules that had a part in it."""
    return _settled(image, _address_of(image, profile), profile)


def _settled(image: Element, src: str, profile: Profile) -> tuple[str, tuple[str, ...]]:
    known = profile.pictures
    used: tuple[str, ...] = () if src == (image.get("src") or "").strip() else ("lazy-image",)
    if src[:2] == "//":
        src = f"https:{src}"
        used += ("address-scheme",)
    if ("?" in src or "#" in src or ";" in src) and src[:5] != "data:" and known.marks:
        bare = without_marks(_origin(src, known.origins) or src, known.marks)
        if bare != src:
            return bare, (*used, "picture-parameter")
    return src, used


def _address_of(image: Element, profile: Profile) -> str:
    src = (image.get("src") or "").strip()
    shown = src not in NO_ADDRESS and not src.startswith("data:") and not src.endswith("/undefined")
    for name in profile.pictures.lazy:
        lazy = (image.get(name) or "").strip()
        if _is_address(lazy):
            return src if shown and not _stands_in(image, src) else lazy
    return src if shown else _largest(image.get("srcset") or "") or src


def _is_address(lazy: str) -> bool:
    """Whether the attribute of a script holds an address, and no switch or number: `true`, `#`, `12345`."""
    return ("/" in lazy or "." in lazy) and lazy[:1] != "#" and lazy not in NO_ADDRESS


def _stands_in(image: Element, src: str) -> bool:
    """Whether a script puts another picture in the place of this one: told by its name, or the class of the element."""
    name = name_of_file(src).lower()
    named = name.endswith(_PICTURES) and any(word in name for word in _STAND_INS)
    return named or not _LAZY.isdisjoint(classes_of(image))


def _largest(srcset: str) -> str:
    """Return the address for the largest screen out of a `srcset`: `a.png 1x, b.png 2x`, `a.png 300w, b.png 1024w`.

    A comma ends an address only at its end, for there may be some in it, and a size anywhere.
    """
    found: list[tuple[float, str]] = []
    url, size = "", 0.0
    for word in srcset.split():
        rest = word
        if url:
            descriptor, comma, rest = word.partition(",")
            size = max(size, _size(descriptor))
            if comma:
                found.append((size, url))
                url = ""
        if not url and (rest := rest.lstrip(",")):
            url, size = rest.rstrip(","), 0.0
            if url != rest:
                found.append((size, url))
                url = ""
    return max([*found, (size, url)], key=itemgetter(0))[1]


def _size(descriptor: str) -> float:
    number = descriptor.rstrip("wxh")
    return float(number) if number.replace(".", "", 1).isdecimal() and len(number) < _LONGEST_NUMBER else 0.0


def _origin(src: str, names: tuple[str, ...]) -> str:
    """Return the address in a parameter of a stand-in for a picture that a site could not copy; empty: there is none.

    A path on the disk of the author is none, and whoever has only that keeps the stand-in. A name with a question mark
    at its end is a page that fetches pictures, and all behind it is the address.
    """
    for name in names:
        if name[-1:] == "?":
            value = src.partition(f"//{name}")[2]
        else:
            value = unquote(parameter(src, name)) if f"{name}=" in src else ""
        if value and is_whole(value):
            return value
    return ""


def _tidy_words(image: Element, profile: Profile) -> tuple[str, ...]:
    """Take away an alternative text that says nothing, and a title that says nothing more."""
    used: tuple[str, ...] = ()
    alt, title = image.get("alt"), image.get("title")
    if title and (title.strip() == (alt or "").strip() or profile.pictures.says_nothing(title)):
        del image.attrib["title"]
        used = ("repeated-title-attribute",)
    if alt and profile.pictures.says_nothing(alt):
        image.set("alt", "")
        used += ("placeholder-alt",)
    return used
