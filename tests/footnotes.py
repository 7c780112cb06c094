"""Footnotes as facts: every reference says which note it leads to, every note stands at the end.

Shares no code with the package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

SIGN = "†"


def fold(body: Element) -> None:
    """Rewrite the footnotes of a parsed page, whatever renderer wrote them, into one plain shape."""
    page = _Page(body)
    notes: dict[Element, int] = {}
    pending = [body]
    for place in pending:  # references in notes count behind all those before
        for link in list(place.iter("a")):
            note = page.note_of(link)
            if note is not None and note not in page.above(link) and (place is not body or not page.in_a_note(link)):
                if note not in notes:
                    notes[note] = len(notes) + 1
                    pending.append(note)
                page.references.append((link, note))
    for link, note in page.references:
        page.replace(link, SIGN * notes[note])
    for note in notes:
        page.move(note)


class _Page:
    """A page with what ElementTree does not know: parents and names."""

    def __init__(self, body: Element) -> None:
        self.body = body
        self.parent = {child: parent for parent in body.iter() for child in parent}
        self.named = {element.get("id"): element for element in body.iter() if element.get("id")}
        self.references: list[tuple[Element, Element]] = []

    def above(self, element: Element) -> Iterator[Element]:
        while element in self.parent:
            element = self.parent[element]
            yield element

    def around(self, link: Element) -> list[Element]:
        """Return a reference with its raised text, whichever is inside the other."""
        return [link, *(one for one in self.above(link) if one.tag in {"sup", "span", "b"}), *link.iter("sup")]

    def target(self, link: Element) -> Element | None:
        href = link.get("href") or ""
        return self.named.get(href[1:]) if href.startswith("#") else None

    def note_of(self, link: Element) -> Element | None:
        """Return the item that a raised link leads to and that leads back to it, or to another one like it."""
        note = self.target(link)
        if note is None or note.tag != "li" or not any(one.tag == "sup" for one in self.around(link)):
            return None
        return note if any(self.leads_back(back, note) for back in note.iter("a")) else None

    def leads_back(self, back: Element, note: Element) -> bool:
        target = self.target(back)
        return target is not None and any(self.target(link) is note for link in self.near(target))

    def near(self, element: Element) -> Iterator[Element]:
        yield from element.iter("a")
        for one in self.above(element):
            if one.tag == "a":
                yield one

    def in_a_note(self, link: Element) -> bool:
        return any(one.tag == "li" and any(self.leads_back(a, one) for a in one.iter("a")) for one in self.above(link))

    def replace(self, link: Element, text: str) -> None:
        for one in [link, *self.around(link)[1:]]:
            letters = "".join(one.itertext()).strip().strip("[]()")
            if one is link or letters in {text, "".join(link.itertext()).strip()}:
                tail = one.tail
                one.clear()
                one.tag, one.text, one.tail = "span", text, tail

    def move(self, note: Element) -> None:
        for back in [a for a in note.iter("a") if self.leads_back_by_name(a)]:
            around = self.parent[back]
            brackets = not any(char.isalnum() for char in "".join(around.itertext()))
            one = around if brackets and around.tag == "span" else back
            tail = one.tail
            one.clear()
            one.tag, one.tail = "span", tail
        section = self.parent[note]
        for number, item in enumerate(section, start=1):
            item.set("value", item.get("value") or str(number))
        self.remove(note)
        while section is not self.body and not any(child.tag == "li" for child in section):
            outer = self.parent[section]
            at = list(outer).index(section)
            for one in (*section, *([outer[at - 1]] if at else [])):
                if one.tag == "hr" or one.get("class") == "sr-only":
                    self.remove(one)
            section = outer
        note.tag, note.tail = "div", None
        self.body.append(note)

    def leads_back_by_name(self, back: Element) -> bool:
        return (back.get("href") or "").startswith("#") and "ref" in f"{back.get('href')} {back.get('class')}"

    def remove(self, element: Element) -> None:
        parent = self.parent[element]
        at = list(parent).index(element)
        if element.tail and at:
            parent[at - 1].tail = (parent[at - 1].tail or "") + element.tail
        elif element.tail:
            parent.text = (parent.text or "") + element.tail
        parent.remove(element)
