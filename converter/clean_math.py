"""Formulas: whatever a renderer made of them, `<x-tex>` (or `<x-tex display="block">`) with the TeX source comes out.

KaTeX leaves three copies of a formula: glyphs as MathML, the TeX source, glyphs as HTML. MathJax leaves a preview, a
rendering and a script with the source; where the script is lost, the glyphs are all that is left, and stay as text.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from lxml import etree

from converter.listings import BLOCKS
from converter.tree import Element, Query, classes_of, drop, inside, is_blank, replace, text_of

if TYPE_CHECKING:
    from converter.profiles import Profile

_KATEX: Final = frozenset({"katex", "katex--inline", "katex--display", "katex-display"})
_RENDERINGS: Final = frozenset({"MathJax", "MathJax_Display", "MathJax_SVG", "MathJax_SVG_Display", "MathJax_CHTML"})
# The text of elements that Pandoc, Sphinx and MkDocs call math: one formula, \\( \\) or \\[ \\], read in pairs.
_TEX: Final = r"((?:\\[^()\[\]]|[^\\])+)"
_WRITTEN: Final = rf"(?s)\s*(?:\\\({_TEX}\\\)|\\\[{_TEX}\\\])\s*"
_NAMED: Final = frozenset({"math", "arithmatex"})
_GLYPHS: Final = _RENDERINGS | {"mjx-chtml", "mjx-container", "MathJax_CHTML"}
_PHRASES: Final = frozenset("a em i strong b u s del mark".split())
_MARKS: Final = frozenset({"data-tex", "data-latex", "data-formula"})
_SOURCES: Final = (*sorted(_MARKS), "alttext")
"""Attributes that hold TeX: of Zhihu (`span.ztext-math`), of others, of MathML made from LaTeX."""

_TAGS: Final = frozenset({"math", "mjx-container"})
_IMAGES: Final = Query(".//img[@src]")
_SERVICES: Final = (
    "latex.csdn.net/eq?",
    "codecogs.com/gif.",
    "codecogs.com/png.",
    "codecogs.com/svg.",
    "codecogs.com/eq",
    "/equation?tex=",
    "chart.googleapis.com/chart?cht=tx",
    "wikimedia.org/api/rest_v1/media/math/",
    "math.jianshu.com/math?",
    "s0.wp.com/latex.php?",
    "render.githubusercontent.com/render/math?",
)
"""Parts of addresses of images that are formulas, whatever their class."""

_IMAGE_PREFIX: Final = re.compile(r"^(?:gif\.latex|eq|equation|png\.latex|svg\.latex)\?(?:tex=)?")
_QUERY_TEX: Final = re.compile(r"[?&](?:tex|chl|formula|latex|math)=([^&]*)")
_STYLING: Final = (
    r"^(?:\\(?:fn_[a-z]+|(?:tiny|small|large|Large|LARGE|huge|Huge|inline)(?![A-Za-z])|dpi\{\d+\}|bg_[a-z]+)\s*)+"
)
_DISPLAY_STYLE: Final = re.compile(r"^\{\\displaystyle (.*)\}$", re.DOTALL)  # alternative texts of Wikipedia
_DELIMITED: Final = re.compile(r"^(?:\$\$(.+)\$\$|\$([^$]+)\$|\\\((.+)\\\)|\\\[(.+)\\\])$", re.DOTALL)
_ANNOTATED: Final = re.compile(r"<annotation[^>]*tex[^>]*>(.*?)</annotation>", re.DOTALL)  # in `data-mathml`
_INNER_MATH: Final = re.compile(r"(?<!\\)\$([^$]+)(?<!\\)\$")  # \text{where $x$ is}
_LONE_DOLLAR: Final = re.compile(r"(?<!\\)\$")
_MARKUP: Final = re.compile(r"<[^>]*>")
# Where a renderer knows no formulas, their source is Markdown: what would be a tag, a picture or a link to more than a
# file, or the fence of a listing, gets a space there, which TeX does not see. `a<b` stays: a tag has to end, or to go
# on with an attribute.
_MARKUP_IN_TEX: Final = (
    r"<(?=[A-Za-z][A-Za-z0-9-]*(?:\s+[A-Za-z_:]|\s*/?>|/)|/[A-Za-z]|[!?]|[A-Za-z][A-Za-z0-9.+-]+:|[^\s<>@]+@)"
    r"|\](?=\([^)]*[:&\\])|!(?=\[[^\]]*\]\()|\A[`~](?=[`~]{2})"
)
_COMMENT: Final = re.compile(r"(?<!\\)%[^\n]*\n")
# An alternative text is TeX when a command of TeX stands in it (and not just `C:\Users`) or a braced script.
_TEX_ALT: Final = (
    r"\\(?:[dt]?frac|sum|prod|int|sqrt|alpha|beta|gamma|delta|epsilon|theta|lambda|mu|pi|rho|sigma|phi|omega|Delta|Sigma"
    r"|Omega|left|right|cdot|times|leq?|geq?|neq|approx|infty|partial|nabla|mathrm|mathbf|mathbb|mathcal|operatorname"
    r"|begin|hat|bar|vec|overline|in|to|rightarrow|Rightarrow|log|ln|lim|max|min|text)(?![A-Za-z])|[\^_]\{[^{}]+\}"
)
# What is a formula holds no words but as names in commands; `HKLM\Software\log` is a path, and a picture that becomes a
# formula is lost.
_NO_TEX: Final = r"://|^[A-Za-z]:\\|(?<!\\)%|(?<![A-Za-z\\])[A-Za-z]{4,}"
_NAMES_IN_TEX: Final = r"\\(?:text|math|operatorname|mbox|begin|end)[a-z]*\*?\s*\{[^{}]*\}"


def recover_formulas(root: Element, profile: Profile) -> int:  # noqa: ARG001 (all passes are called alike)
    """Replace rendered formulas by their TeX source; what has no source stays as the text that it shows."""
    count = _from_scripts(root)
    gone: set[Element] = set()  # what lies in a formula that was replaced
    for element in [e for e in root.iterdescendants() if _may_be_formula(e)]:
        if element in gone or element.getparent() is None or inside(element, ("pre", "code", "x-tex")):
            continue
        if _from_markup(element):
            gone.update(element.iter())
            count += 1
    return count


def _may_be_formula(element: Element) -> bool:
    keys = element.keys()
    if not keys:
        return element.tag in _TAGS
    # Written out: this is asked of every element.
    names = element.get("class")
    if names:
        if "katex" in names or "MathJax" in names or "mwe-math-element" in names or "mjx-chtml" in names:
            return True
        if names in _NAMED or "math " in names or "formula" in names:
            return True
    return element.tag in _TAGS or not _MARKS.isdisjoint(keys) or "data-value" in keys


def recover_formula_images(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Replace pictures of formulas, as image services draw them, by the TeX in their text or address."""
    return sum(_from_image(image) for image in _IMAGES(root) if not inside(image, ("pre", "code")))


def _from_markup(element: Element) -> int:
    """Replace one rendered formula: by its source where one is left, else by its glyphs, each of them once."""
    names = classes_of(element)
    if element.tag == "math":
        return _from_katex(element) or _from_glyphs(element)
    if not _KATEX.isdisjoint(names) or "mwe-math-element" in names:
        return _from_katex(element)
    if any(element.get(name) for name in _SOURCES):
        return 0 if _is_of_a_sheet(element) else _from_katex(element)
    if (value := element.get("data-value")) and ("ql-formula" in names or element.get("data-w-e-type") == "formula"):
        replace(element, tex_element(value, display=False))
        return 1
    plain = element.tag in {"span", "div", "p"} and not len(element)
    if plain and not _NAMED.isdisjoint(names) and (written := re.fullmatch(_WRITTEN, element.text or "")):
        replace(element, tex_element(written[1] or written[2], display=bool(written[2]) and not _in_a_phrase(element)))
        return 1
    if element.tag == "mjx-container" or not _GLYPHS.isdisjoint(names):
        return _from_katex(element) or _from_glyphs(element)
    return 0


def _is_of_a_sheet(element: Element) -> bool:
    """Whether a formula is that of a spreadsheet, whose value is shown: `<td data-formula="=B2+B3">6</td>`."""
    if (element.get("data-formula") or "").lstrip()[:1] == "=" or element.tag in {"td", "th"}:
        return True
    return element.get("data-formula") is not None and next(element.iterdescendants(*BLOCKS), None) is not None


def tex_element(tex: str, *, display: bool) -> Element:
    """Make the canonical element of a formula; white space collapsed, since TeX does not tell it apart."""
    tex = tex.strip()
    if "%" in tex and "\n" in tex:
        tex = _COMMENT.sub("\n", tex)  # on one line, the comment would swallow the rest
    if "$" in tex:
        tex = _LONE_DOLLAR.sub(r"\\$", _INNER_MATH.sub(r"\\(\1\\)", tex))  # a dollar would end the formula
    if "<" in tex or "](" in tex or tex[:1] in {"`", "~"}:
        tex = re.sub(_MARKUP_IN_TEX, r"\g<0> ", tex)
    tex = " ".join(tex.split())
    if (len(tex) - len(tex.rstrip("\\"))) % 2:
        tex = tex[:-1].rstrip()  # of a `\ ` at the end; it would take the dollar behind it for a part of the formula
    new = etree.Element("x-tex")
    new.text = tex
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
        failed = False
        for beside in (script.getprevious, script.getnext):  # preview and rendering stand right beside the script
            while (sibling := beside()) is not None and _renders(sibling, ident):
                failed = failed or any("noError" in classes_of(e) for e in sibling.iter())
                drop(sibling)
        if failed:
            replace(script, _as_text(tex, "$$" if "display" in kind else "$"))
        elif is_blank(tex):
            drop(script)
        else:
            replace(script, tex_element(tex, display="display" in kind and not _in_a_phrase(script)))
            count += 1
    return count


def _as_text(tex: str, dollars: str) -> Element:
    """Write what is no TeX as it was typed: MathJax could not read it, since its dollars are those of a shell."""
    new = etree.Element("span")
    first, *lines = f"{dollars}{tex}{dollars}".split("\n")
    new.text = first
    for line in lines:
        etree.SubElement(new, "br").tail = line
    return new


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
    tex = _bare(tex)
    shown = element.get("display") or ""
    display = shown in {"block", "true"} or any("-display" in (e.get("class") or "") for e in element.iter())
    display = display or any(e.get("display") == "block" for e in element.iter("math"))
    if is_blank(tex):
        drop(element)
        return 0
    replace(element, tex_element(tex, display=display and not _in_a_phrase(element)))
    return 1


def _in_a_phrase(element: Element) -> bool:
    """Whether a formula is a part of emphasised or linked words, which a block of its own would tear apart.

    On a line of its own, or alone, it is not.
    """
    child, parent = element, element.getparent()
    while parent is not None and parent.tag in _PHRASES:
        before, after = child.getprevious(), child.getnext()
        text = parent.text if before is None else before.tail
        beside = [e for e in (before, after) if e is not None and e.tag != "br"]
        if beside or not is_blank(text) or not is_blank(child.tail):
            return True
        child, parent = parent, parent.getparent()
    return False


def _bare(tex: str) -> str:
    """Take off the delimiters and the wrapping that are no part of a formula."""
    tex = tex.strip()
    if m := _DISPLAY_STYLE.match(tex):
        tex = m[1].strip()
    if (m := _DELIMITED.match(tex)) and "$" not in (inner := next(g for g in m.groups() if g)):
        tex = inner.strip()
    return tex


def _from_glyphs(element: Element) -> int:
    """Replace a rendering without a source by the text that it shows.

    The white space between its elements is a pretty-printer's. MathJax adds the formula a second time for screen
    readers (`.MJX_Assistive_MathML`, 7 of 10 posts), and its third version shows glyphs by style sheet only, so that
    this copy is the only text.
    """
    seen = next((e for e in element.iter() if "math" in classes_of(e)), None)
    copies = (e for e in element.iter() if e.tag == "mjx-assistive-mml" or "MJX_Assistive_MathML" in classes_of(e))
    texts = (_glyphs_of(e) for e in (seen, *copies, element) if e is not None)
    kept = (unescape(_MARKUP.sub("", e.get("data-mathml") or "")) for e in element.iter())
    text = next((text for text in (*texts, *kept) if text), None)
    if text is None:
        return 0
    new = etree.Element("span")
    new.text = text
    replace(element, new)
    return 1


def _glyphs_of(element: Element) -> str:
    notes = {inner for note in element.iter("annotation", "annotation-xml") for inner in note.iter()}
    parts: list[str | None] = [element.text]
    for e in element.iterdescendants():
        if e not in notes:
            parts.append(e.text)
        if e not in notes or e.tag in {"annotation", "annotation-xml"}:
            parts.append(e.tail)
    return "".join(" ".join(part.split()) for part in parts if part)


def _tex_of(element: Element) -> str | None:
    """TeX source of a rendered formula: its annotation, else the last line of the flattened MathML; None if lost.

    The MathML of exported posts has lost its tags; glyphs come first and the source is the last line that is not
    blank (3,935 of 3,959 formulas; the rest shows an error text of KaTeX).
    """
    for e in element.iter("annotation"):
        if "tex" in (e.get("encoding") or "").lower():
            return text_of(e)
    for e in element.iter():
        if "katex-mathml" in (e.get("class") or ""):
            lines = [line.strip() for line in text_of(e).split("\n")]
            return next((line for line in reversed(lines) if line), "")
    for e in element.iter():
        if tex := next((e.get(name) for name in _SOURCES if e.get(name)), None):
            return tex
    found = (_ANNOTATED.search(e.get("data-mathml") or "") for e in element.iter())
    return next((unescape(m[1]) for m in found if m), None)


def _from_image(image: Element) -> int:
    """Read the TeX of a formula that an image service rendered, from its alternative text or its address."""
    src = image.get("src") or ""
    alt = (image.get("alt") or "").strip()
    if not ("mathcode" in (image.get("class") or "") or any(part in src for part in _SERVICES)) and not (
        re.search(_TEX_ALT, alt) is not None
        and not re.search(_NO_TEX, re.sub(_NAMES_IN_TEX, "", alt))
        and not any("\u4e00" <= char <= "\u9fff" for char in alt)
    ):
        return 0
    alt = _IMAGE_PREFIX.sub("", alt)
    tex = unquote(alt) if "%5C" in alt or "%5c" in alt else alt
    if not tex:
        named = _QUERY_TEX.search(src)
        tex = unquote(named[1] if named else src.partition("?")[2])
    tex = _bare(re.sub(_STYLING, "", _bare(tex.replace("&plus;", "+").replace("&space;", " "))))
    if is_blank(tex):
        return 0
    replace(image, tex_element(tex, display="math-block" in classes_of(image)))
    return 1
