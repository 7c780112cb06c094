"""What a reader sees of a piece of HTML: the facts that a conversion has to keep. Shares no code with the package.

Letters carry their look (bold, link, code ...) one by one, so it does not matter how the source cuts its emphasis and
links into elements. Left out is what Markdown cannot or need not say: bold and italic of punctuation, code and pictures
(the edges of emphasis may have to move), bold in headings and in the first row of a table, white space.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

import footnotes
import html5lib

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MARKS: Final = {
    "b": "bold",
    "strong": "bold",
    "em": "italic",
    "i": "italic",
    "del": "deleted",
    "s": "deleted",
    "strike": "deleted",
    "sup": "sup",
    "sub": "sub",
    "kbd": "kbd",
    "code": "code",
    "tt": "code",
    "samp": "code",
}
MOVABLE: Final = frozenset({"bold", "italic", "deleted"})
STYLES: Final = (
    (re.compile(r"font-weight:\s*(?:bold|[6-9]00)"), "bold", True),
    (re.compile(r"font-weight:\s*(?:normal|[1-4]00)"), "bold", False),
    (re.compile(r"font-style:\s*italic"), "italic", True),
    (re.compile(r"font-style:\s*normal"), "italic", False),
    (re.compile(r"text-decoration:[^;]*line-through"), "deleted", True),
    (re.compile(r"^kdocs-bold$"), "bold", True),
    (re.compile(r"^kdocs-italic$"), "italic", True),
)
BLOCKS: Final = frozenset(
    "address article aside blockquote caption center dd details div dl dt fieldset figcaption figure footer form h1 h2 "
    "h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
UNSEEN: Final = frozenset({"style", "head", "template", "svg", "title", "link", "meta"})
HEADING: Final = re.compile(r"h([1-6])$")
END, BREAK, IMAGE, RULE, LISTING, FORMULA = "¶", "↵", "▣", "―", "⌘", "∑"
TOO_LONG: Final = 10
"""CommonMark takes at most nine digits for the number of a list item."""
CELL_LINE: Final = "↧"
"""End of a line in a cell, where a paragraph, a break and several breaks are all the same."""


class Letter(NamedTuple):
    """One visible character and its look."""

    char: str
    marks: frozenset[str]
    href: str


class ListItem(NamedTuple):
    """One list item: how deep, what kind of list, its number, its check box, its own text and that below it."""

    depth: int
    ordered: bool
    number: int
    checked: bool | None
    text: str


class Facts(NamedTuple):
    """Everything that two renderings of one article have in common.

    Attributes:
        text: the visible characters in order, without white space.
        look: the same characters with their marks and links.
        flow: the characters with paragraph ends and line breaks between them, and signs for pictures and the like.
        headings: level and text.
        images: address and alternative text.
        listings: texts of the code blocks.
        formulas: TeX, and whether it is a block.
        items: list items.
        quotes: texts of the quotes.
        tables: for each table its rows, each a list of the texts of the cells that are not empty.

    """

    text: str
    look: list[Letter]
    flow: str
    headings: list[tuple[int, str]]
    images: list[tuple[str, str]]
    listings: list[str]
    formulas: list[tuple[str, bool]]
    items: list[ListItem]
    quotes: list[str]
    tables: list[list[list[str]]]

    @property
    def links(self) -> list[tuple[str, str]]:
        """Address and text of each link; neighbours with one address are one."""
        found: list[tuple[str, str]] = []
        last = ""
        for letter in self.look:
            if letter.href:
                text = found.pop()[1] if letter.href == last else ""
                found.append((letter.href, text + letter.char))
            last = letter.href
        return found


def facts(html: str) -> Facts:
    """Read the facts of a fragment of HTML."""
    reader = _Reader()
    # Not parseFragment, which loses what an HTML5 parser moves out of a table.
    body = html5lib.parse(f"<body>{html}", namespaceHTMLElements=False).find("body")
    if 'href="#' in html:
        footnotes.fold(body)
    reader.walk(body)
    return reader.done()


def differences(
    ours: Facts, theirs: Facts, *, ignore: frozenset[str] = frozenset()
) -> dict[str, tuple[object, object]]:
    """Return the facts that differ, by name; `ignore` names those that may."""
    pairs = zip(Facts._fields, ours, theirs, strict=True)
    return {name: (a, b) for name, a, b in pairs if a != b and name not in ignore}


class _Reader:
    """The state of one walk: what holds for the next character."""

    def __init__(self) -> None:
        self.look: list[Letter] = []
        self.flow: list[str] = []
        self.marks: frozenset[str] = frozenset()
        self.href = ""
        self.kept_bold = True
        self.depth = 0
        self.in_heading = self.in_cell = False
        self.found = Facts("", [], "", [], [], [], [], [], [], [])
        self.tables: list[list[list[str]]] = []

    def done(self) -> Facts:
        text = "".join(letter.char for letter in self.look)
        flow = re.sub(f"{CELL_LINE}+", BREAK, "".join(self.flow))
        flow = re.sub(f"{BREAK}*{END}[{END}{BREAK}]*|{BREAK}{{2,}}", END, flow).strip(END + BREAK)
        return self.found._replace(text=text, look=self.look, flow=flow, tables=self.tables)

    # ------------------------------------------------------------------------------------------------ characters
    def say(self, text: str | None) -> None:
        for char in text or "":
            if char.isspace() or unicodedata.category(char) in {"Cf", "Co"}:  # joiners and the like are not seen
                continue
            movable = not char.isalnum() or "code" in self.marks
            marks = self.marks - MOVABLE if movable else self.marks if self.kept_bold else self.marks - {"bold"}
            self.look.append(Letter(char, frozenset(marks), self.href))
            self.flow.append(unicodedata.normalize("NFC", char))

    def sign(self, sign: str) -> None:
        self.flow.append(sign)

    def end(self) -> None:
        """End a paragraph; in a heading a space, in a cell a line."""
        self.sign("" if self.in_heading else CELL_LINE if self.in_cell else END)

    def text_since(self, start: int) -> str:
        return "".join(letter.char for letter in self.look[start:])

    # -------------------------------------------------------------------------------------------------- elements
    def walk(self, element: Element) -> None:
        self.say(element.text)
        for child in element:
            self.element(child)
            self.say(child.tail)

    def element(self, element: Element) -> None:
        tag = str(element.tag)
        if tag in UNSEEN or tag.startswith("<"):  # the tag of a comment is a function
            return
        classes = (element.get("class") or "").split()
        if tag == "script" or "katex" in " ".join(classes):
            self.formula(element, classes)
        elif tag == "br":
            self.sign("" if self.in_heading else CELL_LINE if self.in_cell else BREAK)
        elif tag == "img":
            self.image(element)
        elif tag == "hr":
            self.sign(END + RULE + END)
        elif tag in {"pre", "textarea"} and not self.in_cell:
            self.listing(element)
        elif tag in BLOCKS:
            self.block(element, tag)
        else:
            self.inline(element, tag, classes)

    def inline(self, element: Element, tag: str, classes: list[str]) -> None:
        marks, href = self.marks, self.href
        if tag in MARKS:
            self.marks |= {MARKS[tag]}
        for text in (element.get("style") or "", *classes):
            for pattern, mark, on in STYLES:
                if pattern.search(text):
                    self.marks = self.marks | {mark} if on else self.marks - {mark}
        target = (element.get("href") or "").strip()
        if tag == "a" and not target.startswith(("#", "javascript:")):
            self.href = unquote(target) or self.href
        self.walk(element)
        self.marks, self.href = marks, href

    def block(self, element: Element, tag: str) -> None:
        start = len(self.look)
        self.end()
        heading = HEADING.match(tag)
        if heading and self.in_cell:
            self.inline(element, "b", [])
        elif heading and not self.in_heading:
            self.in_heading, self.kept_bold = True, False
            self.inline(element, tag, [])
            self.in_heading, self.kept_bold = False, True
            if self.text_since(start):
                self.found.headings.append((int(heading[1]), self.text_since(start)))
        elif tag in {"ul", "ol"}:
            self.items(element)
        elif tag == "table":
            self.table(element)
        else:
            self.inline(element, "", (element.get("class") or "").split())
            if tag == "blockquote" and not self.in_cell and self.text_since(start):
                self.found.quotes.append(self.text_since(start))
        self.end()

    def items(self, element: Element) -> None:
        self.depth += 1
        down = element.get("reversed") is not None
        start = element.get("start") or (str(sum(child.tag == "li" for child in element)) if down else "1")
        number = _number(start, 1) if start.isdigit() else 1
        self.say(element.text)
        for child in element:
            self.end()
            at, place = len(self.look), len(self.found.items)
            box = next((e for e in child.iter("input") if e.get("type") == "checkbox"), None)
            checked = None if box is None or child.tag != "li" else box.get("checked") is not None
            self.element(child)
            number = _number(child.get("value") or "", number)
            if child.tag == "li" and len(self.look) > at:
                ordered = element.tag == "ol"
                item = ListItem(self.depth, ordered, number if ordered else 0, checked, self.text_since(at))
                self.found.items.insert(place, item)
            number += (-1 if down else 1) * (child.tag == "li")
            self.end()
            self.say(child.tail)
        self.depth -= 1

    def table(self, element: Element) -> None:
        if sum(cell.tag in {"td", "th"} and _has_content(cell) for cell in element.iter()) == 1:  # a box
            self.walk(element)
            return
        for child in element.iter("caption"):
            self.element(child)
        outer, self.in_cell = self.in_cell, True
        head = {row for group in element.iter("thead") for row in group}
        rows: list[list[str]] = []
        for row in element.iter("tr"):
            start = len(self.look)
            cells = [text for cell in row if (text := self.cell(cell))]
            if not rows and cells:
                self.look[start:] = _without_bold(
                    self.look[start:], sure=row in head or all(c.tag == "th" for c in row)
                )
            if cells:
                rows.append(cells)
        self.in_cell = outer
        if rows:
            self.tables.append(rows)

    def cell(self, cell: Element) -> str:
        start = len(self.look)
        self.sign(END)
        self.inline(cell, "", [])
        self.sign(END)
        return self.text_since(start)

    def image(self, element: Element) -> None:
        src = (element.get("src") or "").strip()
        if src:
            self.sign(IMAGE)
            self.found.images.append((unquote(src), " ".join((element.get("alt") or "").split())))

    def listing(self, element: Element) -> None:
        """Note a code block; breaks, paragraphs and one code element after the other are its lines."""
        parts: list[str] = []
        _lines(element, parts, many=len(element.findall("code")) > 1)
        text = "".join(parts).replace("\u00a0", " ").strip("\n")
        self.sign(END)  # also around nothing
        if text.strip():
            self.sign(LISTING + END)
            self.found.listings.append(text)
        for image in element.iter("img"):
            self.sign(END)
            self.image(image)
            self.sign(END)

    def formula(self, element: Element, classes: list[str]) -> None:
        """Note a formula: a script of MathJax, or the TeX in what KaTeX made (an annotation, or the last line)."""
        block = "display" in (element.get("type") or "") or "display" in " ".join(classes)
        block = block and not self.in_cell and not self.in_heading
        whole = element.tag == "script"
        mathml = next((e for e in element.iter() if "katex-mathml" in (e.get("class") or "")), element)
        source = next((e for e in element.iter() if str(e.tag).endswith("annotation")), mathml)
        lines = "".join(source.itertext()).strip().split("\n")
        self.sign(END + FORMULA + END if block else FORMULA)
        self.found.formulas.append((" ".join(" ".join(lines if whole else lines[-1:]).split()), block))


def _number(text: str, otherwise: int) -> int:
    """Read the number of an item, which may be below 0."""
    bare = text.removeprefix("-")
    return int(text) if bare.isascii() and bare.isdigit() and len(bare) < TOO_LONG else otherwise


def _has_content(cell: Element) -> bool:
    return bool("".join(cell.itertext()).strip()) or next(cell.iter("img"), None) is not None


def _without_bold(letters: list[Letter], *, sure: bool) -> list[Letter]:
    """Take bold off a header row: one that says so, or one in which every letter is bold."""
    if not sure and not all("bold" in letter.marks for letter in letters if letter.char.isalnum()):
        return letters
    return [letter._replace(marks=letter.marks - {"bold"}) for letter in letters]


def _lines(element: Element, parts: list[str], *, many: bool) -> None:
    if not str(element.tag).startswith("<"):
        parts.append(element.text or "")
    for child in element:
        _lines(child, parts, many=False)
        if child.tag in {"br", "p"} or (many and child.tag == "code"):
            parts.append("\n")
        parts.append(child.tail or "")
