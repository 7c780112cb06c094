"""The pass for footnotes: a reference in the text and the note that it leads to, whatever renderer wrote them.

A note is an item of a list that a raised or named link leads to, and that leads back or stands in a section of notes.
The reference becomes `<x-ref label="1">`, the note `<x-note label="1">` at the end of the article. Numbers are given
anew in the order of the references, as renderers do. What lacks one half stays what it is.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import unquote

from converter.listings import BLOCKS
from converter.tree import (
    Element,
    Query,
    append_text_before,
    classes_of,
    drop,
    inside,
    is_blank,
    neutralize,
    page_links,
    squeezed,
    text_of,
    weight,
)

if TYPE_CHECKING:
    from converter.profiles import Profile

_NAMED: Final = Query("descendant::*[@id]")
_NUMBERS: Final = Query("descendant::span[@class='footnote-num']")
# markdown-it: sup.footnote-ref > a, a.footnote-backref; kramdown: a.footnote, a.reversefootnote; PHP Markdown Extra,
# goldmark and pandoc: a.footnote-ref, a.footnote-back; GitHub: data-footnote-ref, -backref; DPUB-ARIA roles.
_REFERENCE: Final = re.compile(
    r"(?:^|[\s_-])(?:foot|end)note(?:[\s_-]?(?:ref|link|identifier)\S*)?(?:\s|$)", re.IGNORECASE
)
_BACK: Final = re.compile(r"foot(?:note)?-?back|reversefootnote|back-?(?:ref|link)", re.IGNORECASE)
_SECTION: Final = re.compile(r"(?:foot|end)notes?\b|(?:^|\s)references(?:\s|$)", re.IGNORECASE)
_BRACKETS: Final = (("[", "]"), ("(", ")"), ("［", "］"), ("〔", "〕"))
_AROUND_REFERENCE: Final = frozenset({"sup", "span", "b", "strong", "small", "font"})
_NO_REFERENCE_IN: Final = ("pre", "code", "textarea", "x-note")
# With one of these in it a table is kept as HTML, where Markdown is not read.
_NOT_IN_PIPES: Final = ("pre", "ul", "ol", "table", "hr", "dl")
_NO_NOTES_IN: Final = ("table", "a", "pre")
_MOST_LEVELS: Final = 3
_LONG: Final = 10  # digits; no list counts so far


def link_footnotes(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Make footnotes of references and notes that lead to each other: in 8 of 1,027 posts."""
    numbered = _link_numbered_notes(root)
    links = [link for link in page_links(root) if _is_reference(link)]
    if not links:
        return numbered
    named = {element.get("id", ""): element for element in _NAMED(root)}
    references: dict[Element, list[Element]] = {}
    for link in links:
        note = _target(link, named)
        if note is not None and note.tag == "li" and note not in link.iterancestors():
            references.setdefault(note, []).append(link)
    proven = {note: found for note, found in references.items() if _is_proven(note, found, named)}
    # Of other lists all items must be notes: an item less would change the numbers of the others.
    lists = dict.fromkeys(note.getparent() for note in proven if not _in_section(note))
    mixed = {one for one in lists if one is not None and any(item not in proven for item in one.iterchildren("li"))}
    ordered = _in_order({note: found for note, found in proven.items() if note.getparent() not in mixed})
    for number, note in enumerate(ordered, start=numbered + 1):
        _drop_ways_back(note, references[note], named)
        for link in references[note]:
            _refer(link, str(number))
    for number, note in enumerate(ordered, start=numbered + 1):
        _move(root, note, str(number))
    return numbered + len(ordered)


def _link_numbered_notes(root: Element) -> int:
    """Make footnotes of what only counts: mdnice, whose posts WeChat shows without links.

    `<sup class="footnote-ref">[1]</sup>`, and in the section of notes `<span id="fn1" class="footnote-item"><span
    class="footnote-num">[1] </span><p>Note</p></span>`.
    """
    references = [sup for sup in root.iter("sup") if "footnote-ref" in classes_of(sup) and not len(sup)]
    if not references:
        return 0
    notes = _numbered_notes(root)
    for reference in references:  # one in its own note refers to nothing
        own = notes.get(squeezed(reference))
        if own is not None and any(above is own.getparent() for above in reference.iterancestors()):
            del notes[squeezed(reference)]
    labels: dict[str, str] = {}
    for reference in references:
        said = squeezed(reference)
        if said in notes and not _cannot_refer(reference) and not inside(reference, ("a",)):
            _refer(reference, labels.setdefault(said, str(len(labels) + 1)))
    for said, label in labels.items():
        note = cast("Element", notes[said].getparent())
        _drop_with_space(notes[said])
        _move(root, note, label)
    return len(labels)


def _numbered_notes(root: Element) -> dict[str, Element]:
    """Find the numbers of notes that say something, by what they show."""
    notes: dict[str, Element] = {}
    places: dict[Element, bool] = {}
    for number in _NUMBERS(root):
        note = number.getparent()
        around = note.getparent() if note is not None else None
        if note is None or around is None or note.tag == "li" or not _is_note(note):
            continue
        if around not in places:
            places[around] = _holds_notes(around)
        if places[around] and (weight(note) > weight(number) or note.find(".//img") is not None):
            notes.setdefault(squeezed(number), number)
    return notes


def _is_note(element: Element) -> bool:
    return "footnote-item" in classes_of(element)


def _holds_notes(around: Element) -> bool:
    """Whether an element is a block where notes can stand: no text or phrase beside them, no table or link around."""
    if around.tag not in BLOCKS or around.tag in _NO_NOTES_IN or inside(around, _NO_NOTES_IN):
        return False
    if not is_blank(around.text):
        return False
    return all(is_blank(e.tail) and (e.tag in BLOCKS or e.tag == "br" or _is_note(e)) for e in around)


def _target(link: Element, named: dict[str, Element]) -> Element | None:
    name = (link.get("href") or "")[1:]
    return named.get(name, named.get(unquote(name)))


def _is_reference(link: Element) -> bool:
    if link.get("role") == "doc-noteref" or link.get("data-footnote-ref") is not None:
        return True
    if link.get("role") == "doc-backlink" or _BACK.search(link.get("class") or ""):
        return False
    if link.get("rel") == "footnote" or _REFERENCE.search(link.get("class") or ""):
        return True
    above = link.getparent()
    while above is not None and above.tag in _AROUND_REFERENCE:
        if above.tag == "sup":
            return True
        above = above.getparent()
    return len(link) == 1 and link[0].tag == "sup" and is_blank(link.text) and is_blank(link[0].tail)


def _is_proven(note: Element, links: list[Element], named: dict[str, Element]) -> bool:
    """Whether a note is one, and both it and its references stand where footnotes can."""
    if any(_cannot_refer(link) for link in links) or inside(note, ("table", "pre")):
        return False
    own = squeezed(note)
    if own == "".join(squeezed(link) for link in page_links(note)) and note.find(".//img") is None:
        return False
    return any(_leads_back(link, links, named) for link in page_links(note)) or _in_section(note)


def _cannot_refer(link: Element) -> bool:
    if inside(link, _NO_REFERENCE_IN):
        return True
    outer = next(reversed(list(link.iterancestors("table"))), None)
    return outer is not None and any(inner is not outer for inner in outer.iter(*_NOT_IN_PIPES))


def _in_section(note: Element) -> bool:
    return any(_is_section(above) for above in itertools.islice(note.iterancestors(), _MOST_LEVELS))


def _is_section(element: Element) -> bool:
    said = f"{element.get('class') or ''} {element.get('role') or ''}"
    return element.get("data-footnotes") is not None or _SECTION.search(said) is not None


def _leads_back(link: Element, references: list[Element], named: dict[str, Element]) -> bool:
    target = _target(link, named)
    return target is not None and any(
        target is reference or target in reference.iterancestors() or reference in target.iterancestors()
        for reference in references
        if target.tag in _AROUND_REFERENCE or target.tag == "a"
    )


def _in_order(proven: dict[Element, list[Element]]) -> list[Element]:
    """Sort notes by their first reference; one that only notes refer to comes behind them."""
    holder = {
        link: next((above for above in link.iterancestors("li") if above in proven), None)
        for links in proven.values()
        for link in links
    }
    within: dict[Element, list[Element]] = {}
    ordered: dict[Element, None] = {}
    for note, links in proven.items():
        for above in dict.fromkeys(holder[link] for link in links):
            if above is None:
                ordered[note] = None
            else:
                within.setdefault(above, []).append(note)
    queue = list(ordered)
    for note in queue:  # it grows under way
        for other in within.get(note, ()):
            if other not in ordered:
                ordered[other] = None
                queue.append(other)
    return list(ordered)


def _drop_ways_back(note: Element, references: list[Element], named: dict[str, Element]) -> None:
    for link in page_links(note):
        marked = link.get("role") == "doc-backlink" or link.get("data-footnote-backref") is not None
        marked = marked or _BACK.search(link.get("class") or "") is not None
        if not marked and not _leads_back(link, references, named):
            continue
        around = link.getparent()
        _drop_with_space(link)
        while around is not None and around is not note and around.tag in _AROUND_REFERENCE:
            outer = around.getparent()
            if any(char.isalnum() for char in text_of(around)):
                break
            _drop_with_space(around)
            around = outer


def _drop_with_space(element: Element) -> None:
    """Drop an element, and the space before it, which only held it off the text."""
    before, parent = element.getprevious(), element.getparent()
    if before is not None and before.tail:
        before.tail = before.tail.rstrip()
    elif before is None and parent is not None and parent.text:
        parent.text = parent.text.rstrip()
    drop(element)


def _refer(link: Element, label: str) -> None:
    """Put the reference in the place of a link, and of the raised text and brackets that hold nothing else."""
    beside = link.getnext()
    if beside is not None and beside.tag == "a" and beside.get("href") is None and squeezed(beside) == "":
        drop(beside)  # VuePress: what the note leads back to
    tail = link.tail
    link.clear()
    link.tag, link.tail = "x-ref", tail
    link.set("label", label)
    above = link.getparent()
    while above is not None and above.tag in _AROUND_REFERENCE and len(above) == 1:
        before, after = (above.text or "").strip(), (above[0].tail or "").strip()
        if (before or after) and (before, after) not in _BRACKETS:
            break
        above.text = above[0].tail = None
        neutralize(above)
        above = above.getparent()


def _move(root: Element, note: Element, label: str) -> None:
    """Move a note to the end of the article; what is left of its section without notes goes."""
    above = note.getparent()
    if note.tail:
        append_text_before(note, note.tail)
        note.tail = None
    number = _number_of(note, above) if above is not None and above.tag == "ol" else 0
    after = note.getnext()
    if number and after is not None and above is not None and above[0] is note:
        above.set("start", str(number + 1))
    note.attrib.clear()
    note.tag = "x-note"
    note.set("label", label)
    root.append(note)
    while above is not None and above is not root and _holds_nothing(above):
        outer, before = above.getparent(), above.getprevious()
        drop(above)
        if before is not None and before.tag == "hr" and "footnotes-sep" in classes_of(before):
            drop(before)
        above = outer


def _number_of(note: Element, above: Element) -> int:
    value = note.get("value") or above.get("start") or "1"
    return int(value) if value.isascii() and value.isdigit() and len(value) < _LONG else 0


def _holds_nothing(element: Element) -> bool:
    """Whether only rules and hidden labels are left in what held the notes."""
    return (
        (element.tag in {"ol", "ul"} or _is_section(element))
        and is_blank(element.text)
        and all(is_blank(child.tail) and (child.tag == "hr" or "sr-only" in classes_of(child)) for child in element)
    )
