"""Surgery on lxml trees that keeps the text around what is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterable

Element = etree._Element  # noqa: SLF001 (lxml publishes no other name for it)

HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
LISTS: Final = frozenset({"ul", "ol", "menu", "dir"})
_MAX_SPAN: Final = 100
_FREE_PLACES: Final = 10_000  # of a table without a cell, and
_MOST_PER_CELL: Final = 20  # for each cell: 12 KB with spans can ask for ten million
# The first condition is there for speed: few elements pass it.
_WITH_CLASS: Final = "(contains(@class, '{0}') and contains(concat(' ', normalize-space(@class), ' '), ' {0} '))"


class Query:
    """A compiled XPath that yields elements."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        """Compile the path."""
        self._path = etree.XPath(path, smart_strings=False)

    def __call__(self, context: Element) -> list[Element]:
        """Find the elements, in document order."""
        return cast("list[Element]", self._path(context))


def with_class(*names: str) -> str:
    """Write the condition of XPath for elements with any of these classes."""
    return " or ".join(_WITH_CLASS.format(name) for name in names)


class Values:
    """A compiled XPath that yields the values of attributes."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        """Compile the path."""
        self._path = etree.XPath(path, smart_strings=False)

    def __call__(self, context: Element) -> list[str]:
        """Find the values, in document order."""
        return cast("list[str]", self._path(context))


class Test:
    """A compiled XPath that yields true or false."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        """Compile the path."""
        self._path = etree.XPath(f"boolean({path})")

    def __call__(self, context: Element) -> bool:
        """Evaluate it."""
        return bool(self._path(context))


def append_text_before(element: Element, text: str) -> None:
    """Put text right before the element."""
    parent = element.getparent()
    if parent is None or not text:
        return
    before = element.getprevious()
    if before is None:
        parent.text = (parent.text or "") + text
    else:
        before.tail = (before.tail or "") + text


def drop(element: Element) -> None:
    """Remove the element with all that is in it; the text after it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        append_text_before(element, element.tail)
    parent.remove(element)


def drop_all(elements: list[Element]) -> None:
    """Remove elements, given in document order, with all that is in them; the texts after them stay.

    Those that stand side by side go together: one by one, the text between them would be copied for each.
    """
    start = 0
    for end, element in enumerate(elements, 1):
        if end < len(elements) and element.getnext() is elements[end]:
            continue
        if end - start > 1:
            run = elements[start:end]
            append_text_before(run[0], "".join([one.tail or "" for one in run]))
            for one in run:
                one.tail = None
        for one in elements[start:end]:
            drop(one)
        start = end


def neutralize(element: Element) -> None:
    """Take the meaning from an element and leave its content: it becomes a `span` with nothing but its style.

    Taking it out of the tree would come to the same, but lxml walks through all that is below an element that moves:
    ten thousand nested ones took seconds.
    """
    style = element.get("style")
    element.attrib.clear()
    element.tag = "span"
    if style:
        element.set("style", style)


def replace(element: Element, new: Element) -> None:
    """Put another element in its place; the text after it stays."""
    parent = element.getparent()
    if parent is None:
        return
    new.tail = element.tail
    parent.replace(element, new)


def put_lines(element: Element, slot: str, lines: list[str]) -> None:
    """Put lines with breaks between them in the place of the `text` or the `tail` of an element."""
    breaks: list[Element] = []
    for line in lines[1:]:
        breaks.append(etree.Element("br"))
        breaks[-1].tail = line
    setattr(element, slot, None)  # else it would come behind the breaks
    for one in reversed(breaks):
        if slot == "text":
            element.insert(0, one)
        else:
            element.addnext(one)
    setattr(element, slot, lines[0])


_STRING: Final = etree.XPath("string()", smart_strings=False)


def text_of(element: Element) -> str:
    """Join the texts of the element and all below it, white space as it stands."""
    # XPath takes a fifth of the time of `itertext`, which makes a proxy of each element and a string of each text.
    return cast("str", _STRING(element)) if len(element) else element.text or ""


def squeezed(element: Element) -> str:
    """Join the texts of the element and all below it, without any white space."""
    return "".join(text_of(element).split())


def weight(element: Element) -> int:
    """Count the characters that can be seen."""
    return sum(map(len, text_of(element).split()))


def is_blank(text: str | None) -> bool:
    """Tell whether a text slot holds nothing, or white space only."""
    return not text or text.isspace()


def innermost(found: list[Element]) -> list[Element]:
    """Leave out what holds another one that was found; only the nearest one above each is looked for."""
    every, outer = set(found), set()
    for element in found:
        above = next((a for a in element.iterancestors() if a in every), None)
        if above is not None:
            outer.add(above)
    return [element for element in found if element not in outer]


def classes_of(element: Element) -> list[str]:
    """Split the class attribute."""
    return (element.get("class") or "").split()


def inside(element: Element, tags: Iterable[str]) -> bool:
    """Tell whether the element lies in one of these tags."""
    return next(element.iterancestors(*tags), None) is not None


class Inside:
    """Tells which elements of a tree lie in one of these, each step up taken once.

    What it has seen it keeps, so it must not be asked again for what has moved out of such an element since.
    """

    def __init__(self, elements: Iterable[Element]) -> None:
        """Look for these elements."""
        self._known: dict[Element, bool] = dict.fromkeys(elements, True)

    def __call__(self, element: Element) -> bool:
        """Tell it of one element."""
        way: list[Element] = []
        known = self._known
        above = element.getparent()
        while above is not None and above not in known:
            way.append(above)
            above = above.getparent()
        found = above is not None and known[above]
        known.update(dict.fromkeys(way, found))
        return found


def outermost(found: list[Element]) -> list[Element]:
    """Leave out what lies in another one of those that were found."""
    inside = Inside(found)
    return [element for element in found if not inside(element)]


def has_content(element: Element) -> bool:
    """Tell whether the element holds text, a picture or an input field."""
    return not is_blank(text_of(element)) or next(element.iter("img", "input"), None) is not None


def page_links(element: Element) -> list[Element]:
    """List the links below an element that lead to a place in the same page."""
    # XPath sorts what it finds, which takes long where it lies deep.
    return [link for link in element.iterdescendants("a") if (link.get("href") or "").startswith("#")]


def span_of(cell: Element, name: str) -> int:
    """Read the `colspan` or `rowspan` of a cell: 1 where it says nothing sensible, and never more than 100."""
    value = (cell.get(name) or "1").strip()
    return min(max(int(value[:10]), 1), _MAX_SPAN) if value.isascii() and value.isdigit() else 1


def most_places(cells: int) -> int:
    """Return how many places the spans of a table of so many cells may ask for; one that asks for more is hostile."""
    return _FREE_PLACES + _MOST_PER_CELL * cells
