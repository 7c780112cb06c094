"""Passes for what Markdown cannot embed: players, pages in pages, drawings."""

from __future__ import annotations

import re
from textwrap import dedent
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from lxml import etree

from converter.tree import Element, Inside, classes_of, drop_all, is_blank, neutralize, replace, text_of
from converter.urls import gist_of, runs_script

if TYPE_CHECKING:
    from converter.profiles import Profile

NO_ADDRESS: Final = frozenset({"", "null", "undefined", "about:blank"})
"""What an attribute that should hold an address says when it has none."""

EMBEDS: Final = ("iframe", "video", "audio", "embed", "object")
_BOXES: Final = frozenset({"video", "csdn-video-box"})
_FILE_OF_OBJECT: Final = frozenset({"movie", "src", "filename", "url"})
# How the source of a diagram begins: prose may begin with `timeline` or `graph` as well.
_DIAGRAM: Final = (  # compiled where one may be: start-up counts
    r"(?:sequence|class|state|er)Diagram\b|gitGraph\b|(?:graph|flowchart)(?:-elk)?(?:[ \t]+(?:T[BD]|BT|RL|LR)\b|;|$)"
    r"|pie(?:[ \t]+showData)?(?:[ \t]+title\b|$)"
    r"|(?:gantt|journey|mindmap|timeline)(?:[ \t]+(?:title|section|dateFormat)\b|;|$)"
)
_FILES: Final = (".mp4", ".webm", ".ogv", ".mov", ".m4v", ".mp3", ".ogg", ".wav", ".m4a", ".flac", ".pdf")
_LABELS: Final = ("text", "foreignobject")
_DRAWN_FORMULAS: Final = frozenset({"katex", "katex-html", "MathJax", "MathJax_SVG", "MathJax_Display"})


def link_embeds(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Turn embedded players and pages into a paragraph with a link; the caption that a player's box has is its text."""
    found = list(root.iter(*EMBEDS))
    gone: list[Element] = []
    for element in found:
        src = _address_of(element)
        if _is_behind_its_link(element, src):
            gone.append(element)
            continue
        # An address that names neither host nor file (a script, inline HTML) leads nowhere.
        if (_is_address(src) or _is_file(src)) and element.getparent() is not None:
            src = f"https:{src}" if src.startswith("//") else src
            if (caption := _caption_of(element)) is not None:
                label = " ".join(text_of(caption).split())
                gone.append(caption)
            else:
                label = "视频" if _is_player(element) else src
            tail = element.tail
            element.clear()
            element.tag, element.tail = "p", tail
            etree.SubElement(element, "a", {"href": src}).text = label
        elif element.tag == "object" and not is_blank(text_of(element)):
            neutralize(element)  # a browser shows what stands in the place of an object that it cannot show
        else:
            gone.append(element)
    drop_all(gone)
    return len(found)


def link_gists(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Turn the script that shows a snippet of GitHub in its place into a link to the snippet."""
    found = [e for e in root.iter("script") if gist_of(e.get("src") or "")]
    for script in found:
        address = gist_of(script.get("src") or "")
        paragraph = etree.Element("p")
        etree.SubElement(paragraph, "a", {"href": address}).text = address
        replace(script, paragraph)
    return len(found)


def _address_of(element: Element) -> str:
    src = (element.get("src") or element.get("data-src") or element.get("data") or "").strip()
    if src not in NO_ADDRESS:
        return src
    files = (s.get("src") for s in element.iter("source", "embed"))
    params = (p.get("value") for p in element.iter("param") if (p.get("name") or "").lower() in _FILE_OF_OBJECT)
    return next((found.strip() for found in (*files, *params) if found), "")


def _is_behind_its_link(element: Element, src: str) -> bool:
    """Whether there is a link to the same right before: CSDN writes `a.link-info` with the title, then the player."""
    before = element.getprevious()
    return before is not None and before.tag == "a" and before.get("href") == src and not is_blank(text_of(before))


def _is_player(element: Element) -> bool:
    parent = element.getparent()
    around = classes_of(parent) if parent is not None else []
    return element.tag == "video" or any("video" in name for name in around)


def _caption_of(element: Element) -> Element | None:
    """Find the caption of a player: `div.video > iframe + p`, and nothing else in the box (CATALOG 3.3)."""
    box, caption = element.getparent(), element.getnext()
    if box is None or caption is None or _BOXES.isdisjoint(classes_of(box)):
        return None
    # lxml counts children one by one, so they are not counted.
    two = element.getprevious() is None and caption.getnext() is None
    alone = two and is_blank(box.text) and is_blank(element.tail) and is_blank(caption.tail)
    plain = caption.tag == "p" and len(caption) == 0 and not is_blank(caption.text)
    return caption if alone and plain else None


def _is_address(text: str) -> bool:
    try:
        return bool(urlsplit(text).netloc) and not runs_script(text)
    except ValueError:
        return False


def _is_file(text: str) -> bool:
    """Whether an address without a host is that of a film, a sound or a paper beside the page."""
    path = text.partition("?")[0].partition("#")[0]
    return ":" not in path and path.lower().endswith(_FILES)


def list_sources_of_drawings(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Read the source of a diagram that Mermaid has not drawn yet as a listing, which renderers draw."""
    count = 0
    for box in list(root.iter("div", "pre")):
        source = box.text or ""
        if "mermaid" in classes_of(box) and not len(box) and _is_diagram(source):
            tail = box.tail
            box.clear()
            box.tag, box.tail = "pre", tail
            etree.SubElement(box, "code", {"class": "language-mermaid"}).text = _evened(source)
            count += 1
    return count


def _evened(source: str) -> str:
    """Take off the indent of a diagram; a pretty-printer indents its first line, and no other."""
    first, _, rest = source.strip("\n").partition("\n")
    if not rest or len(first) - len(first.lstrip()) <= _indent(rest):
        return dedent(source).strip("\n")
    return f"{first.lstrip()}\n{rest}"


def _indent(lines: str) -> int:
    return min((len(line) - len(line.lstrip()) for line in lines.split("\n") if line.strip()), default=0)


def _is_diagram(source: str) -> bool:
    lines = (line.strip() for line in source.split("\n"))
    return re.match(_DIAGRAM, next((line for line in lines if line and not line.startswith("%%")), "")) is not None


def list_labels_of_drawings(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Write the labels of a drawing as a list in its place: all that is left of a diagram whose source is lost.

    Mermaid keeps them in `text` and in `foreignObject`; the styles of the drawing, its titles and arrows are no text.
    A sequence diagram names each actor at both ends: a label counts once.
    """
    drawings = list(root.iter("svg"))
    if not drawings:
        return 0
    in_formula = Inside([e for e in root.iter() if not _DRAWN_FORMULAS.isdisjoint(classes_of(e))])
    count = 0
    for drawing in drawings:
        if drawing.getparent() is None or "none" in (drawing.get("style") or "") or in_formula(drawing):
            continue
        labels = list(dict.fromkeys(filter(None, (_words(e) for e in drawing.iter(*_LABELS)))))
        if labels:
            listed = etree.Element("ul")
            for label in labels:
                etree.SubElement(listed, "li").text = label
            replace(drawing, listed)
            count += 1
    return count


def _words(label: Element) -> str:
    """Text of a label on one line; the lines of a label are `tspan`s."""
    pieces = [text for e in label.iter() if e.tag not in {"style", "title", "desc"} for text in (e.text,) if text]
    tails = len(label) and any(not is_blank(e.tail) for e in label.iterdescendants())
    return " ".join((text_of(label) if tails else " ".join(pieces)).split())
