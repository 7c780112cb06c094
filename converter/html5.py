"""The tree that a browser builds, by the rules of the HTML standard ("tree construction").

Only for the few pages of which libxml2 builds another one: formatting that ends outside of the block it began in, text
between the rows of a table. Left out, since nothing of it can be seen: documents without a body, `template`, frames,
and the older rules for what stands in `select`. Rows stand in their table without a `tbody` that the page does
not write.
"""

from __future__ import annotations

from typing import Final

from converter.open_elements import (
    BODIES,
    BUTTON_SCOPE,
    CELLS,
    FOSTERING,
    IMPLIED,
    INTEGRATION,
    PARTS,
    SCOPE,
    SPECIAL,
    Elements,
    Node,
    place_of,
)
from converter.tokens import HIDDEN, START, TEXT, Token, tokens

_VOID: Final = frozenset("area base br col embed frame hr img input keygen link meta param source track wbr".split())
_IN_HEAD: Final = frozenset("base link meta noframes noscript script style title template".split())
_CLOSES_P: Final = frozenset(
    "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer header hgroup "
    "main menu nav ol p search section summary ul pre listing form plaintext table hr xmp".split()
)
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_FORMATTING: Final = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_MARKERS: Final = frozenset({"applet", "marquee", "object"})
_LIST_SCOPE: Final = SCOPE | {"ol", "ul"}
_TABLE_SCOPE: Final = frozenset({"html", "table", "template"})
_BETWEEN_CELLS: Final = FOSTERING | {"colgroup"}
_FOREIGN: Final = frozenset({"svg", "math"})
_BREAKS_OUT: Final = frozenset(
    "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta "
    "nobr ol p pre ruby s small span strong strike sub sup table tt u ul var".split()
)


class Builder(Elements):
    """The state of the construction of one tree."""

    # ---------------------------------------------------------------------------------------------------- tokens
    def add(self, token: Token) -> None:
        """Take the next token."""
        drops, self.drops_line_end = self.drops_line_end, False
        if token.kind == HIDDEN:
            self.hidden.append(token.name)
        elif token.kind == TEXT:
            text = token.name[1:] if drops and token.name[:1] == "\n" else token.name
            if text:
                self.text(text)
        elif token.kind == START:
            self.start(token)
        else:
            self.end(token.name)

    def is_foreign(self) -> bool:
        """Whether the place is inside of SVG or MathML."""
        node = self.current
        return bool(node.foreign) and node.name not in INTEGRATION[node.foreign]

    def text(self, text: str) -> None:
        """Add text where it belongs."""
        if self.in_head and text.isspace():
            return
        self.in_head = False
        if (
            self.is_foreign()
            or self.current.name in {"script", "style", "title", "textarea"}
            or (self.current.name in _BETWEEN_CELLS and text.isspace())
        ):
            self.insert_text(text)
        else:
            if self.current.name == "colgroup":
                self.pop()
            self.fosters = self.mode in FOSTERING
            self.format_again()
            self.insert_text(text)
            self.fosters = False

    def start(self, token: Token) -> None:
        """Take a start tag."""
        name = token.name
        if name in {"html", "head", "body", "frameset"}:
            self.in_head = self.in_head and name != "body"
            target = {"html": self.html, "head": self.head}.get(name, self.body)
            target.attributes = {**token.attributes, **target.attributes}
            return
        if self.in_head and name in _IN_HEAD:
            node = Node(name, token.attributes)
            self.head.take(node)
            if name not in _VOID:
                self.push(node)
            return
        self.in_head = False
        if self.is_foreign():
            if name not in _BREAKS_OUT and not (name == "font" and {"color", "face", "size"} & token.attributes.keys()):
                self.insert(name, token.attributes, self.current.foreign)
                if token.closed:
                    self.pop()
                return
            while self.is_foreign():
                self.pop()
        mode = self.mode
        if name in PARTS and mode in CELLS | {"caption"}:
            self.end_cell()
            self.start(token)
        elif mode in FOSTERING or mode == "colgroup":
            self.start_in_table(token, mode)
        else:
            self.start_in_body(token)

    def start_in_table(self, token: Token, mode: str) -> None:
        """Take a start tag between the cells of a table."""
        name = token.name
        if mode == "colgroup":
            if name == "col":
                self.insert(name, token.attributes)
                self.pop()
                return
            self.clear_to(frozenset({"colgroup"}))
            self.pop()
            self.start(token)
        elif name in CELLS:
            self.clear_to(FOSTERING)
            if self.current.name != "tr":
                self.insert("tr", {})
            self.insert(name, token.attributes)
            self.formatting.append(None)
        elif name in PARTS:
            self.start_part(token)
        elif name == "table":
            self.end("table")
            self.start(token)
        elif name in {"script", "style", "template"} or (name == "input" and token.attributes.get("type") == "hidden"):
            self.insert(name, token.attributes)
            if name in _VOID:
                self.pop()
        elif name != "form":
            self.fosters = True
            self.start_in_body(token)
            self.fosters = False

    def start_part(self, token: Token) -> None:
        """Take the start tag of a row, of a group of rows, of a caption or of columns."""
        name = token.name
        holders = BODIES | {"table"} if name == "tr" else frozenset({"table"})
        self.clear_to(FOSTERING)
        while self.current.name not in holders and len(self.open) > 2:  # noqa: PLR2004
            self.pop()
        self.insert(name, token.attributes)
        if name == "caption":
            self.formatting.append(None)
        elif name == "col":
            self.pop()

    def start_in_body(self, token: Token) -> None:
        """Take a start tag in text."""
        name = token.name
        if name in PARTS or name == "frame" or (name == "form" and self.form is not None):
            return
        if not self.make_room(name) and name not in _IN_HEAD:
            self.start_inline(token._replace(name="img") if name == "image" else token)
            return
        node = self.insert(name, token.attributes)
        if name == "form":
            self.form = node
        if name in _VOID:
            self.pop()

    def make_room(self, name: str) -> bool:
        """End what a block of this name cannot stand in; false for what is no block."""
        if name in _CLOSES_P or name in _HEADINGS:
            self.close_p()
            if name in _HEADINGS and self.current.name in _HEADINGS:
                self.pop()
            self.drops_line_end = name in {"pre", "listing"}
        elif name in {"li", "dd", "dt"}:
            self.end_item(frozenset({name}) if name == "li" else frozenset({"dd", "dt"}))
            self.close_p()
        elif name in {"rb", "rtc", "rp", "rt"}:
            if self.in_scope(frozenset({"ruby"})):
                self.imply_ends("rtc" if name in {"rp", "rt"} else "")
        else:
            return False
        return True

    def start_inline(self, token: Token) -> None:
        """Take the start tag of what stands in a line."""
        name = token.name
        if name == "a" and (before := self.open_format("a")) is not None:
            self.adopt("a")
            if (at := place_of(before, self.formatting)) >= 0:
                del self.formatting[at]
        elif name == "button" and self.in_scope(frozenset({"button"})):
            self.imply_ends()
            self.pop_until(frozenset({"button"}))
        elif name in {"option", "optgroup"} and self.current.name == "option":
            self.pop()
        if name not in {"textarea", "iframe", "noembed"}:
            self.format_again()
        if name == "nobr" and self.in_scope(frozenset({"nobr"})):
            self.adopt("nobr")
            self.format_again()
        if name in _FORMATTING:
            self.format(token)
            return
        self.insert(name, token.attributes, name if name in _FOREIGN else "")
        self.drops_line_end = name == "textarea"
        if name in _VOID or (name in _FOREIGN and token.closed):
            self.pop()
        elif name in _MARKERS:
            self.formatting.append(None)

    def end_item(self, names: frozenset[str]) -> None:
        """End the item before this one."""
        if not any(self.counts[name] for name in names):
            return
        for node in reversed(self.open):
            if node.name in names:
                self.imply_ends(node.name)
                self.pop_until(names)
                return
            if node.name in SPECIAL and node.name not in {"address", "div", "p"}:
                return

    def end_cell(self) -> None:
        """End the open cell or caption."""
        self.imply_ends()
        self.pop_until(CELLS | {"caption"})
        self.clear_formatting()

    def end(self, name: str) -> None:
        """Take an end tag."""
        if name in {"html", "body"}:
            return
        if self.in_head:
            self.end_in_head(name)
        elif self.is_foreign():
            self.end_foreign(name)
        elif name == "table" or name in PARTS:
            self.end_part(name)
        else:
            self.fosters = self.mode in FOSTERING
            self.end_in_body(name)
            self.fosters = False

    def end_in_head(self, name: str) -> None:
        """Take an end tag before the body; one of a paragraph or a break begins it."""
        if self.current.name == name:
            self.pop()
        elif name in {"p", "br"}:
            self.in_head = False
            self.end_in_body(name)

    def end_foreign(self, name: str) -> None:
        """Take an end tag in SVG or MathML."""
        for n in range(len(self.open) - 1, 1, -1):
            node = self.open[n]
            if not node.foreign:
                self.end_in_body(name)
                return
            if node.name == name:
                del_from = len(self.open) - n
                for _ in range(del_from):
                    self.pop()
                return

    def end_part(self, name: str) -> None:
        """Take the end tag of a table or of a part of one."""
        names = frozenset({name})
        if not self.in_scope(names, _TABLE_SCOPE):
            return
        if self.mode in CELLS | {"caption"}:
            if name in CELLS | {"caption"} and name != self.mode:
                return
            self.end_cell()
            if name in CELLS | {"caption"}:
                return
        if name not in CELLS | {"caption", "col"}:
            self.pop_until(names)

    def end_in_body(self, name: str) -> None:
        """Take an end tag in text."""
        if name == "p":
            if not self.in_scope(frozenset({"p"}), BUTTON_SCOPE):
                self.insert("p", {})
            self.close_p()
        elif name == "br":
            self.start_in_body(Token(START, "br", {}))
        elif name in _FORMATTING:
            self.adopt(name)
        elif name == "form":
            self.end_form()
        elif name in _HEADINGS or name in _CLOSES_P or name in _MARKERS or name in {"button", "li", "dd", "dt"}:
            names = _HEADINGS if name in _HEADINGS else frozenset({name})
            if self.in_scope(names, _LIST_SCOPE if name == "li" else SCOPE):
                self.imply_ends(name if name in IMPLIED else "")
                self.pop_until(names)
                if name in _MARKERS:
                    self.clear_formatting()
        else:
            self.end_other(name)

    def end_form(self) -> None:
        """End the form, but not what was opened in it."""
        form, self.form = self.form, None
        if form is not None and form.is_open:
            self.imply_ends()
            del self.open[place_of(form, self.open)]
            self.closed(form)


def build(text: str) -> tuple[Node, list[str]]:
    """Parse a page.

    Returns:
        Its `html` element; and what an open comment, tag or script hides to the end of the page.

    """
    builder = Builder()
    for token in tokens(text, lambda: bool(builder.current.foreign)):
        builder.add(token)
    return builder.html, builder.hidden
