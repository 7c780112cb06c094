"""The boxes of highlighters that hold each line of a listing in an element of its own."""

from __future__ import annotations

import re
from collections import Counter
from copy import deepcopy
from typing import TYPE_CHECKING, Final

from lxml import etree

from converter.clean_code import put_listing
from converter.clean_gutters import holds_numbers
from converter.clean_labels import COPY
from converter.code_language import language_of_names
from converter.listings import copies_of_images, listing_element, tally, text_and_images, texts_of_lines
from converter.tree import (
    Element,
    Query,
    Values,
    drop,
    has_content,
    innermost,
    inside,
    neutralize,
    outermost,
    squeezed,
    text_of,
    weight,
    with_class,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from converter.listings import Gone
    from converter.profiles import Profile

# SyntaxHighlighter 2 and 3, CodeMirror, GitHub, Discuz: boxes that hold a line an element, and where the lines are.
# Only the innermost of nested ones counts, which also keeps this linear. First the word without which there is none:
# most pages have one kind, and a search of the tree for each costs more than all the rest.
_LINED_BOXES: Final = (
    (
        "syntaxhighlighter",
        Query(f".//*[{with_class('syntaxhighlighter')}]"),
        Query(f".//*[{with_class('line')}][not(ancestor::td[{with_class('gutter')}])]"),
        Query(f".//*[{with_class('gutter', 'toolbar', 'number')}]"),
    ),
    (
        "CodeMirror",
        Query(f".//div[{with_class('CodeMirror')}]"),
        Query(f".//*[{with_class('CodeMirror-code')}]//pre"),
        Query(f".//*[{with_class('CodeMirror-linenumber', 'CodeMirror-measure', 'CodeMirror-cursors')}]"),
    ),
    (
        "blob-code",
        Query(f".//td[{with_class('blob-code')}]/ancestor::table[1]"),
        Query(f".//td[{with_class('blob-code')}]"),
        Query(f".//td[{with_class('blob-num')}]"),
    ),
    (
        "code",
        # <div class="blockcode"><div id="code_Abc"><ol>; the class is lost where the post was copied by an editor.
        Query(
            f".//div[{with_class('blockcode')}] | .//div[starts-with(@id, 'code_') and string-length(@id) = 8]"
            f"[ol][not(ancestor::div[{with_class('blockcode')}])]"
        ),
        Query(".//ol/li"),
        Query(f".//*[not(*)][normalize-space()='{COPY}'][not(ancestor-or-self::li)]"),
    ),
    (
        "crayon-syntax",
        # Crayon of WordPress: tool bar, the source in a text field, then a table of numbers and lines.
        Query(f".//div[{with_class('crayon-syntax')}]"),
        Query(f".//*[{with_class('crayon-line')}]"),
        Query(f".//*[{with_class('crayon-toolbar', 'crayon-info', 'crayon-plain-wrap', 'crayon-nums')}]"),
    ),
)
_NAMES: Final = Values("descendant::*/@class | descendant::div/@id")
_TITLES: Final = Query(f".//*[{with_class('crayon-title')}]")
_LANGUAGE: Final = Query(f".//span[{with_class('crayon-language')}]")
_GUTTER: Final = r"gutter|number|blob-num|nums"
# What a class of such a box may say besides the language.
_BOX_WORDS: Final = frozenset(
    "blockcode codemirror collapsed crayon-syntax ie nogutter notranslate printing syntaxhighlighter".split()
)
_BOX_PREFIXES: Final = ("cm-", "codemirror", "js-", "highlight", "tab-", "crayon-")


def fold_highlighter_boxes(root: Element, profile: Profile) -> Mapping[str, int]:
    """Turn the boxes of highlighters that hold each line in an element of its own into listings.

    A box that holds anything but lines, gutters and tool bars is a broken copy and stays as it is.
    """
    counts: Gone = Counter()
    named = " ".join(_NAMES(root))
    for word, boxes, lines_of, tools_of in _LINED_BOXES:
        for box in innermost(boxes(root) if word in named else []):
            if box.getparent() is None or inside(box, ("pre",)):
                continue
            tools = tools_of(box)
            if word == "crayon-syntax":
                lines = innermost(lines_of(box))
                if not lines or weight(box) != sum(map(weight, (*tools, *lines))):
                    continue
                if _settle_crayon(box, lines):
                    tally([box], profile, counts)
                    counts["highlighter-box"] += 1
                    continue
            drops = "code-gutter" not in profile.keep
            gone = [t for t in tools if not re.search(_GUTTER, t.get("class") or "") or (drops and holds_numbers(t))]
            tally(outermost(gone), profile, counts)
            for tool in gone:
                drop(tool)
            counts["highlighter-box"] += _fold(box, innermost(lines_of(box)), profile, counts)
    return counts


def _settle_crayon(box: Element, lines: list[Element]) -> bool:
    """Save what the tools of a box of Crayon hold beside its lines; true when its copy of the source took its place.

    The title becomes a paragraph. The copy of the source goes when it says less than the lines; when it says as much,
    and its indents are the author's, or more, the lines go; and when each says something of its own, the copy is a
    listing before them.
    """
    language = ""
    for label in _LANGUAGE(box):
        language = text_of(label).strip()
        box.set("data-lang", language)
    for title in _TITLES(box):
        if has_content(title):
            again = deepcopy(title)
            again.tail = None
            neutralize(again)
            paragraph = etree.Element("p")
            paragraph.append(again)
            box.addprevious(paragraph)
    source = next((field for field in box.iter("textarea")), None)
    drawn = "".join(map(squeezed, lines))
    if source is None or (squeezed(source) in drawn and squeezed(source) != drawn):
        return False
    text = text_of(source).removeprefix("\n")
    if drawn in squeezed(source):
        put_listing(box, text, language_of_names((language,)), copies_of_images(lines))
        return True
    box.addprevious(listing_element(text, language_of_names((language,))))
    return False


def _fold(box: Element, lines: list[Element], profile: Profile, gone: Gone) -> int:
    held = sum(weight(line) for line in lines)
    if not lines or weight(box) != held:
        if weight(box) == 0 and box.find(".//img") is None:
            drop(box)
            return 1
        return 0
    texts = zip(lines, texts_of_lines(lines, profile, gone=gone), strict=True)
    text = "\n".join(_verbatim(line, profile) or text for line, text in texts) + "\n"
    names = [name for name in (box.get("class") or "").lower().split() if name not in _BOX_WORDS]
    named = (name for name in names if not name.startswith(_BOX_PREFIXES))
    language = language_of_names((box.get("data-lang") or "", *named))
    put_listing(box, text, language, copies_of_images(lines))
    return 1


def _verbatim(line: Element, profile: Profile) -> str:
    """Text of one line that stands in a `pre`; broken copies hold several lines of their own in one."""
    if line.tag == "pre":
        return text_and_images(line, profile)[0].rstrip("\n")
    inner = list(line.iter("pre"))
    if inner and sum(weight(pre) for pre in inner) == weight(line):
        return "\n".join(text_and_images(pre, profile)[0].rstrip("\n") for pre in inner)
    return ""
