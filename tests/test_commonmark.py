"""The HTML of the CommonMark specification's examples: through the converter, rendered again, it must come back equal.

Opt-in: `pytest --commonmark-spec spec.txt`, or `make commonmark`, which fetches the file. The examples of raw HTML are
left out. `tests/commonmark_exceptions.yaml` lists by number the examples that do not come back, each with its reason.
The cases of tables, struck text and tasks, which that specification does not have, run always.

Equal means: the same after `normal`, which forgives only what no reader sees (white space that collapses, the spelling of
characters and addresses), and whether the paragraph of a list item is marked as one: a list is written tight unless an
item holds two blocks (docs/style.md).
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import unquote

EXCEPTIONS_FILE: Final = Path(__file__).resolve().parent / "commonmark_exceptions.yaml"
EXAMPLE: Final = re.compile(r"^(`{32}) example\n(.*?)^\.\n(.*?)^\1$|^#{1,6} ([^\n]*)$", re.DOTALL | re.MULTILINE)
RAW_HTML: Final = frozenset({"HTML blocks", "Raw HTML"})
AT_LEAST: Final = 580
"""How many of the 588 examples of version 0.31.2 come back equal; may only rise."""

BLOCKS: Final = frozenset(
    "blockquote h1 h2 h3 h4 h5 h6 hr li ol p pre table tbody td th thead tr ul br".split(),
)
ADDRESSES: Final = frozenset({"href", "src"})


class Example(NamedTuple):
    """One example of the specification."""

    number: int
    section: str
    html: str


class _Normal(HTMLParser):
    """Collects the tags and texts of a fragment in a shape that can be compared."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag with its attributes in order, addresses without percent-encoding."""
        values = sorted((name, value or "") for name, value in attrs)
        spelled = "".join(f" {name}={unquote(v) if name in ADDRESSES else v!r}" for name, v in values)
        # A paragraph in an item ends the text before it like any block, but is no mark of its own.
        self.out.append("\n" if tag == "p" and self.open[-1:] == ["li"] else f"<{tag}{spelled}>")
        if tag not in {"br", "hr", "img", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note the end."""
        while self.open and self.open.pop() != tag:
            pass
        self.out.append("\n" if tag == "p" and self.open[-1:] == ["li"] else f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Note a text, with the white space in it collapsed as a browser does."""
        self.out.append(data if "pre" in self.open else re.sub(r"[ \t\n\r\f]+", " ", data))


def normal(html: str) -> list[str]:
    """Tags and texts of a fragment; equal lists show equal pages."""
    parser = _Normal()
    parser.feed(html)
    parser.close()
    out: list[str] = []
    verbatim = False
    for part in parser.out:
        is_block = part == "\n" or _name(part) in BLOCKS
        verbatim = part == "<pre>" or (verbatim and part != "</pre>")
        if out and not verbatim and _is_text(out[-1]) and is_block:
            out[-1] = out[-1].rstrip(" ")
        text = part.lstrip(" ") if not verbatim and _is_text(part) and (not out or _ends_block(out[-1])) else part
        if out and _is_text(out[-1]) and _is_text(text):
            out[-1] += text
        else:
            out.append(text)
        out = [one for one in out[:-2]] + [one for one in out[-2:] if one]
    return [one for at, one in enumerate(out) if one != "\n" or not _superfluous(out, at)]
