"""Formulas: whatever a renderer made of them, `<x-tex>` (or `<x-tex display="block">`) with the TeX source comes out.

KaTeX leaves three copies of a formula: glyphs as MathML, the TeX source, glyphs as HTML. MathJax leaves a preview, a
rendering and a script with the source.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from lxml import etree

from converter.tree import Element, Query, classes_of, drop, inside, is_blank, replace, text_of

if TYPE_CHECKING:
    from converter.profiles import Profile

_KATEX: Final = frozenset({"katex", "katex--inline", "katex--display", "katex-display"})
_RENDERINGS: Final = frozenset({"MathJax", "MathJax_Display", "MathJax_SVG", "MathJax_SVG_Display", "MathJax_CHTML"})
_WITH_CLASS: Final = Query(
    ".//*[contains(@class, 'katex') or contains(@class, 'MathJax')] | .//math"
    " | .//img[contains(@class, 'mathcode') or contains(@src, 'latex.csdn.net/eq?') or contains(@src, 'codecogs.com/')]"
)
_IMAGE_PREFIX: Final = re.compile(r"^(?:gif\.latex|eq|equation|png\.latex|svg\.latex)\?")
_STYLING: Final = re.compile(r"^(?:\\(?:fn_[a-z]+|large|inline|dpi\{\d+\}|bg_[a-z]+)\s*)+")


def recover_formulas(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Replace rendered formulas by their TeX source; what has no source stays as the text that it shows."""
    count = _from_scripts(root)
    for element in _WITH_CLASS(root):
        if element.getparent() is None or inside(element, ("pre", "code", "x-tex")):
            continue
        if element.tag == "img":
            count += _from_image(element)
        elif element.tag == "math" or not _KATEX.isdisjoint(classes_of(element)):
            count += _from_katex(element)
    return count


def tex_element(tex: str, *, display: bool) -> Element:
    """Make the canonical element of a formula; white space collapsed, since TeX does not tell it apart."""
    new = etree.Element("x-tex")
    new.text = " ".join(tex.split())
    if display:
        new.set("display", "block")
    return new


def _from_scripts(root: Element) -> int:
    count = 0
    for script in list(root.iter("script")):
        kind = script.get("type") or ""
        if not kind.startswith("math/tex"):
            continue
        tex = script.text or ""
        ident = script.get("id") or ""
        for beside in (script.getprevious, script.getnext):  # preview and rendering stand right beside the script
            while (sibling := beside()) is not None and _renders(sibling, ident):
                drop(sibling)
        if is_blank(tex):
            drop(script)
        else:
            replace(script, tex_element(tex, display="display" in kind))
            count += 1
    return count


def _renders(element: Element, script_id: str) -> bool:
    """Tell whether an element beside a math script is what MathJax made of that script."""
    if script_id and element.get("id") == f"{script_id}-Frame":
        return True
    own = classes_of(element)
    if "MathJax_Preview" in own:
        return True
    if script_id and not _RENDERINGS.isdisjoint(own):
        return any(e.get("id") == f"{script_id}-Frame" for e in element.iter())
    return False


def _from_katex(element: Element) -> int:
    tex = _tex_of(element)
    if tex is None:
        return 0
    display = element.get("display") == "block" or any("-display" in (e.get("class") or "") for e in element.iter())
    if is_blank(tex):
        drop(element)
        return 0
    replace(element, tex_element(tex, display=display))
    return 1


def _tex_of(element: Element) -> str | None:
    """TeX source of a rendered formula: its annotation, else the last line of the flattened MathML; None if lost.

    The MathML of exported posts has lost its tags; glyphs come first and the source is the last line that is not
    blank (3,935 of 3,959 formulas; the rest shows an error text of KaTeX).
    """
    for e in element.iter("annotation"):
        if "tex" in (e.get("encoding") or ""):
            return text_of(e)
    for e in element.iter():
        if "katex-mathml" in (e.get("class") or ""):
            lines = [line.strip() for line in text_of(e).split("\n")]
            return next((line for line in reversed(lines) if line), "")
    return None


def _from_image(image: Element) -> int:
    """Read the TeX of a formula that an image service rendered, from its alternative text or its address."""
    alt = _IMAGE_PREFIX.sub("", (image.get("alt") or "").strip())
    tex = unquote(alt) if "%5C" in alt or "%5c" in alt else alt
    if not tex:
        tex = unquote((image.get("src") or "").partition("?")[2])
    tex = _STYLING.sub("", tex.replace("&plus;", "+"))
    if is_blank(tex):
        return 0
    replace(image, tex_element(tex, display=False))
    return 1
