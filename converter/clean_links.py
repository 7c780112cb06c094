"""The passes for links: where they lead, which of them are none, and those that are drawn as cards."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import unquote, unquote_plus

from lxml import etree

from converter.clean_noise import is_alone
from converter.parameters import host_of, name_of_file
from converter.tree import (
    HEADINGS,
    Element,
    Query,
    Values,
    classes_of,
    drop_all,
    is_blank,
    neutralize,
    squeezed,
    text_of,
    with_class,
)
from converter.urls import runs_script

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from converter.profiles import Profile

_NOWHERE: Final = frozenset({"", "#", "null", "undefined", "about:blank", "http://", "https://", "http:", "https:"})
_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII).fullmatch
_PICTURE: Final = re.compile(r".\.(?:png|jpe?g|gif|bmp|webp|svg)", re.IGNORECASE).search
_LONGEST_LABEL: Final = 63  # https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
_SUFFIXES: Final = frozenset({"sh", "md", "py", "rs", "pl", "so", "zip", "ps", "cc"})
_ASCII_HOST: Final = "http://xn--"
_MOST_LEVELS: Final = 4
_BACK: Final = frozenset("↩↑^")
_HEADING_MARKS: Final = frozenset({"\xb6", "\U0001f517", "\uf0c1"})
_NAMES: Final = Values("descendant-or-self::*/@id | descendant-or-self::*/@name")
_NO_ANCHORS: Final = ("li", "table", "dl")
_NOT_IN_ANCHORS: Final = re.compile(r"[^\w\- ]")
_LONGEST_WORD: Final = 16
# CSDN, Zhihu, Ghost, Notion
_CARDS: Final = ("has-card", "LinkCard", "kg-bookmark-container", "bookmark", "video-box", "kg-file-card-container")
_LINK_CARDS: Final = Query(f".//a[{with_class(*_CARDS)}]")
_CARD_TITLES: Final = frozenset(
    {"link-title", "LinkCard-title", "kg-bookmark-title", "bookmark-title", "kg-file-card-title", "title"}
)
_CARD_PARTS: Final = ("link-", "LinkCard-", "kg-", "bookmark-")
_VIDEO_PARTS: Final = frozenset({"title", "content", "url", "thumbnail"})


def tidy_links(root: Element, profile: Profile) -> Mapping[str, int]:
    """Give links the address that they lead to; those that lead nowhere, or to what is there already, become text."""
    counts: dict[str, int] = {}
    inner: list[Element] = []
    anchors: list[Element] = []
    for link in list(root.iter("a")):
        href = (link.get("href") or "").strip()
        if href[:1] == "#" and len(href) > 1:
            inner.append(link)
            continue
        rule = link_rule(link, href, profile)
        if rule:
            if rule == "keyword-link":
                link.attrib.pop("style", "")  # the site's, like the link: bold and red
            # Places that links lead to, mostly headings, keep their names until those are settled.
            if href or not (link.get("id") or link.get("name")):
                neutralize(link)
            else:
                anchors.append(link)
            counts[rule] = counts.get(rule, 0) + 1
            continue
        for name in (*_readdress(link, href, profile), *_tidy_title(link)):
            counts[name] = counts.get(name, 0) + 1
    inner = _without_heading_marks(inner, profile, counts)
    if inner and "page-link" not in profile.keep:
        counts |= _settle_page_links(root, inner)
    for anchor in anchors:
        neutralize(anchor)
    return counts


def _without_heading_marks(links: list[Element], profile: Profile, counts: dict[str, int]) -> list[Element]:
    """Drop the marks of headings that no class names; returns the other links."""
    alone: dict[Element, bool] = {}
    marks = [] if "permalink" in profile.keep else [link for link in links if _marks_its_heading(link, alone)]
    if not marks:
        return links
    drop_all(marks)
    counts["permalink"] = len(marks)
    gone = set(marks)
    return [link for link in links if link not in gone]


def _marks_its_heading(link: Element, alone: dict[Element, bool]) -> bool:
    """Whether a link is a mark that nobody writes, in a heading of more: `¶`; a `#` could be that of C#.

    `alone` remembers which headings hold one text only.
    """
    above = link.getparent()
    if text_of(link).strip() not in _HEADING_MARKS or above is None or above.tag not in HEADINGS:
        return False
    return not is_alone(link, alone)


def _is_note(link: Element) -> bool:
    """Whether a link leads to a footnote, or back from it: a raised number, or an arrow."""
    raised = any(above.tag == "sup" for above in itertools.islice(link.iterancestors(), _MOST_LEVELS))
    return raised or link.find("sup") is not None or text_of(link).strip()[:1] in _BACK


def link_rule(link: Element, href: str, profile: Profile) -> str | None:
    """Name the rule by which a link becomes its text; None when it stays a link."""
    if href in _NOWHERE or runs_script(href):
        return "dead-link"
    known = profile.links
    if _is_on_a_keyword(link, known.keywords):
        return "keyword-link"
    if any(part in href for part in known.lexicons) and _is_one_word(link):
        return "keyword-link"
    if "?" in href:
        wanted = known.searches.value(known.redirectors.target(href) or href)
        if wanted and _squeezed(unquote_plus(wanted)) == squeezed(link):
            return "keyword-link"
    if href.startswith(_ASCII_HOST) and "keyword-link" not in profile.keep and _is_made_of_its_text(link, href):
        return "keyword-link"
    if len(link) and "picture-link" not in profile.keep and _shows_its_target(link, href):
        return "picture-link"
    return None


def _is_on_a_keyword(link: Element, names: frozenset[str]) -> bool:
    """Whether a site put a link on a word, as its class tells, or that of the `span` that it put around it."""
    own = link.get("class")
    if own and not names.isdisjoint(own.split()):
        return True
    above = link.getparent()
    if above is None or above.tag != "span" or not (its := above.get("class")) or names.isdisjoint(its.split()):
        return False
    if link.getprevious() is not None or not is_blank(above.text):
        return False
    # A span that nobody closed has all that follows in it, and only words of one word were linked.
    return (link.getnext() is None and is_blank(link.tail)) or _is_one_word(link)


def _is_one_word(link: Element) -> bool:
    """Whether the text of a link is a word that a site may look up: an address and a sentence are the author's."""
    words = text_of(link).split()
    short = len(words) == 1 and len(words[0]) <= _LONGEST_WORD and "/" not in words[0]
    return short and link.find(".//img") is None


def _is_made_of_its_text(link: Element, href: str) -> bool:
    """Whether an editor took a sentence that ends in `start-all.sh` for the name of a host, and wrote that in ASCII."""
    labels = href.partition("//")[2].partition("/")[0].split(".")
    if any(len(label) > _LONGEST_LABEL for label in labels):
        return False
    try:
        host = ".".join(part[4:].encode().decode("punycode") if part.startswith("xn--") else part for part in labels)
    except ValueError:
        return False
    said = squeezed(link)
    if host.isascii() or "/" in said or not said.lower().endswith(host.lower()):
        return False
    # What is the name of a host and no more may be one, unless it ends like a file, or as only a sentence writes it.
    return len(said) > len(host) or labels[-1].lower() in _SUFFIXES or labels[-1].isupper()


def _shows_its_target(link: Element, href: str) -> bool:
    """Whether a link leads to nothing but the picture in it."""
    pictures = [image.get("src") or "" for image in link.iter("img")]
    if href in pictures:
        return True
    alone = len(pictures) == 1 and is_blank(text_of(link)) and _PICTURE(href) is not None
    # On another host the same name is a copy; on the same one it is another size: s1600/a.jpg around s320/a.jpg.
    return alone and name_of_file(href) == name_of_file(pictures[0]) and host_of(href) != host_of(pictures[0])


def link_address(href: str, text: str, profile: Profile) -> tuple[str, str | None]:
    """Find the address that a link leads to, and the rule that had a part in it.

    An address that is the text of its link is left alone: it is what the reader sees.
    """
    if href[:2] == "//":
        return f"https:{href}", "address-scheme"
    if "?" not in href and "&" not in href:
        return (f"mailto:{href}", "address-scheme") if "@" in href and _MAIL(href) else (href, None)
    known = profile.links
    if target := known.redirectors.target(href):
        rule, new = "redirector", known.parameters.strip(target)
    else:
        rule, new = "tracking-parameter", known.parameters.strip(href)
    return (href, None) if new == href or _squeezed(text) == _squeezed(href) else (new, rule)


def _squeezed(text: str) -> str:
    # A pretty-printer puts white space between the pieces of an address.
    return "".join(text.split())


def _readdress(link: Element, href: str, profile: Profile) -> tuple[str, ...]:
    if not ("?" in href or "@" in href or "&" in href or href[:2] == "//"):
        return ()
    new, rule = link_address(href, text_of(link), profile)
    if rule is None:
        return ()
    link.set("href", new)
    return (rule,)


def _tidy_title(link: Element) -> tuple[str, ...]:
    """Take away a title that repeats the text or the address of its link, or a part of them."""
    title = link.get("title")
    if not title:
        return ()
    words = " ".join(title.split())
    if words != (link.get("href") or "").strip() and words not in " ".join(text_of(link).split()):
        return ()
    del link.attrib["title"]
    return ("repeated-title-attribute",)


def _settle_page_links(root: Element, links: list[Element]) -> dict[str, int]:
    """Let links into the page lead to what renderers name a heading; those to anything else become their text.

    A heading is named by its own words, small and with hyphens, as GitHub does it. The site's own anchors are gone.
    """
    anchors = _anchors(root)
    counts: dict[str, int] = {}
    for link in links:
        name = unquote((link.get("href") or "").strip()[1:])
        anchor = anchors.get(name) or anchors.get(name.lower())
        if anchor is None:
            if _is_note(link):
                continue
            neutralize(link)
        elif anchor != name:
            link.set("href", f"#{anchor}")
        if anchor != name:
            counts["page-link"] = counts.get("page-link", 0) + 1
        for name in _tidy_title(link):
            counts[name] = counts.get(name, 0) + 1
    return counts


def _anchors(root: Element) -> dict[str, str]:
    """Map every name of a heading in the page to the one it has in a rendering.

    Left out are those whose rendered text cannot be told here (several pieces, a break in it), those of which there are
    two, and one with which the article begins: it may repeat the title, and go.
    """
    words: dict[str, list[Element]] = {}
    headings = list(root.iter(*HEADINGS))
    first = headings[0] if headings else None
    # Headings in headings are read in pieces; without them no text is looked at twice.
    headings = [heading for heading in headings if next(heading.iterdescendants(*HEADINGS), None) is None]
    for heading in headings:
        words.setdefault(squeezed(heading).lower(), []).append(heading)
    found: dict[str, str] = {}
    free = _outside_lists(root)
    for heading in headings:
        text = _one_piece(heading)
        if not text or len(words["".join(text.split()).lower()]) > 1 or heading not in free:
            continue
        if heading is first and _begins(root, heading):
            continue
        anchor = _NOT_IN_ANCHORS.sub("", text.lower()).replace(" ", "-")
        if anchor:
            before = heading.getprevious()
            named = [*_NAMES(heading), *(_NAMES(before) if before is not None and is_blank(text_of(before)) else ())]
            for name in (*named, anchor):
                found.setdefault(name, anchor)
    return found


def _outside_lists(root: Element) -> set[Element]:
    """Find the headings that come out as headings for sure: in a cell they are bold, in a task too."""
    depth = 0
    found: set[Element] = set()
    for event, element in etree.iterwalk(root, events=("start", "end"), tag=(*HEADINGS, *_NO_ANCHORS)):
        if element.tag in _NO_ANCHORS:
            depth += 1 if event == "start" else -1
        elif not depth:
            found.add(element)
    return found


def _one_piece(heading: Element) -> str:
    """Return the text of a heading that stands in one piece; empty when it does not, or holds more than text."""
    if heading.find(".//img") is not None or heading.find(".//br") is not None or heading.find(".//x-tex") is not None:
        return ""
    pieces = [text.strip() for text in cast("Iterable[str]", heading.itertext()) if not is_blank(text)]
    return pieces[0] if len(pieces) == 1 and "\n" not in pieces[0] and "  " not in pieces[0] else ""


def _begins(root: Element, heading: Element) -> bool:
    first = next((e for e in root.iter() if e.tag in {"img", "hr", "pre"} or not is_blank(e.text)), None)
    return first is not None and (first is heading or heading in first.iterancestors())


def simplify_link_cards(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Turn a card (title, description, icon, address in one link) into a link with the title as its text."""
    count = 0
    for card in _LINK_CARDS(root):
        title = next((e for e in card.iter() if not _CARD_TITLES.isdisjoint(classes_of(e))), None)
        if title is None or is_blank(text_of(title)) or not _is_all_parts(card):
            continue
        text = " ".join(text_of(title).split())
        tail = card.tail
        href = card.get("href") or ""
        card.clear()
        card.text, card.tail = text, tail
        card.set("href", href)
        before = card.getprevious()
        if before is not None and before.tag == "a" and is_blank(before.tail):
            card.addprevious(etree.Element("br"))  # a box of its own on the page
        count += 1
    return count


def _is_all_parts(card: Element) -> bool:
    """Whether all that a card shows stands in parts that a site makes; words between them are the author's."""
    left = [card]
    while left:
        element = left.pop()
        if element is not card and any(
            name.startswith(_CARD_PARTS) or name in _VIDEO_PARTS for name in classes_of(element)
        ):
            continue
        if element.tag == "img" or not is_blank(element.text):
            return False
        for child in element:
            if not is_blank(child.tail):
                return False
            left.append(child)
    return True
