"""What in a rendered page is alive: everything that is not on a short list of elements, attributes and addresses.

Shares no code with the package: it reads HTML as a browser does, and knows what may be there, not what may not.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import html5lib
import pyromark

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

ELEMENTS: Final = frozenset(
    "html head body div p h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code em strong b i s del sup sub kbd a img "
    "br hr table caption thead tbody tfoot tr th td dl dt dd input".split()
)
ATTRIBUTES: Final = frozenset(
    {
        ("a", "href"),
        ("a", "title"),
        ("img", "src"),
        ("img", "alt"),
        ("img", "title"),
        ("ol", "start"),
        ("td", "colspan"),
        ("td", "rowspan"),
        ("th", "colspan"),
        ("th", "rowspan"),
        ("input", "checked"),
        ("input", "disabled"),
    }
)
VALUES: Final = {
    ("code", "class"): re.compile(r"language-[a-z0-9+#_.-]+"),
    ("td", "style"): re.compile(r"text-align: (?:left|right|center)"),
    ("th", "style"): re.compile(r"text-align: (?:left|right|center)"),
    ("input", "type"): re.compile("checkbox"),
}
STRIPPED: Final = re.compile(r"\A[\x00-\x20]+|[\t\n\r]+")
"""What a browser takes out of an address before it looks for the scheme."""
SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
LIVE_SCHEMES: Final = frozenset("javascript vbscript livescript mocha data".split())
PICTURES: Final = re.compile(r"data:image/[a-z+.-]+[;,]", re.IGNORECASE)

_PLAIN: Final = (
    pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_STRIKETHROUGH | pyromark.Options.ENABLE_TASKLISTS
)
RENDERERS: Final = {"plain": _PLAIN, "math": _PLAIN | pyromark.Options.ENABLE_MATH}
"""Formulas are the business of some renderers only, so both kinds have to see nothing alive."""


def render(markdown: str, options: pyromark.Options = _PLAIN) -> str:
    """Render as sites do that let raw HTML through."""
    return str(pyromark.html(markdown, options=options))


@lru_cache(maxsize=256)  # the renderers say the same of most texts, and so do the engines
def alive(html: str) -> tuple[str, ...]:
    """List what a browser would run, load as a page, or style by, in a rendered body; empty when nothing would."""
    root = html5lib.parse(f"<body>{html}", namespaceHTMLElements=False)
    return tuple(problem for element in root.iter() for problem in _problems(element))


def _problems(element: Element) -> Iterator[str]:
    tag = str(element.tag)
    if tag.startswith("<"):  # the tag of a comment is a function
        yield "comment"
        return
    if tag not in ELEMENTS and not _is_formula(element):
        yield f"<{tag}>"
    for name, value in element.attrib.items():
        place = (tag, str(name))
        allowed = place in ATTRIBUTES or (place in VALUES and VALUES[place].fullmatch(value))
        if not allowed and not _is_formula(element):
            yield f"<{tag} {name}={value!r}>"
        if name in {"href", "src"} and (found := SCHEME.match(STRIPPED.sub("", value))):
            is_picture = tag == "img" and PICTURES.match(value)
            if found[1].lower() in LIVE_SCHEMES and not is_picture:
                yield f"<{tag} {name}={value!r}>"
    if tag == "input" and element.get("type") != "checkbox":
        yield "<input>"


def _is_formula(element: Element) -> bool:
    return element.tag == "span" and (element.get("class") or "").startswith("math math-") and len(element.attrib) == 1
