"""Listings that no `pre` holds: in tables, in a `div` a line, in bare lists; and `pre` that holds none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from converter.clean_labels import COPY, TITLE
from converter.code_language import canonical_name, is_known
from converter.listings import is_noise, line_text, listing_element, texts_of_lines
from converter.tree import (
    HEADINGS,
    Element,
    Query,
    classes_of,
    drop,
    drop_all,
    innermost,
    inside,
    is_blank,
    neutralize,
    outermost,
    put_lines,
    replace,
    squeezed,
    text_of,
    weight,
    with_class,
)

if TYPE_CHECKING:
    from converter.profiles import Profile

_VERBATIM: Final = re.compile(r"white-space\s*:\s*pre\s*(?:;|$|!)", re.IGNORECASE).search
_MONOSPACE: Final = re.compile(r"monospace|consolas|courier|menlo|monaco", re.IGNORECASE).search
_PARTS_OF_BARS: Final = Query(f".//a[{with_class('ViewSource', 'CopyToClipboard')}] | .//img[@class = 'star']")
_BAR: Final = r"(?i)\[([\w+#]+)\](?: |view plain|copy|print|\?)*|([A-Za-z+#]+)代码 ?(?:收藏代码)?"
TOKENS: Final = tuple("plain keyword string comments value functions variable preprocessor constants".split())
"""What SyntaxHighlighter calls the kinds of its tokens."""

_FEWEST_LINES: Final = 2
_FEWEST_LISTINGS: Final = 3
_COPIED: Final = Query(f".//td[{with_class('copyclass')}] | .//div[{with_class('codebody')}][starts-with(@id, 'code')]")
# Baidu Zhidao keeps answers in <pre>: prose (22 posts).
_PROSE: Final = Query(f".//pre[{with_class('best-text', 'answer-text', 'reply-text')}]")
_STROKES: Final = re.compile(r"^[ \t.]*[\\/|][\\/|.+ \t-]*$", re.MULTILINE)  # a line of a drawing: no prose
_LANGUAGE_AND_KIND: Final = 2
_TOKEN_TAGS: Final = frozenset("span font b strong i em u s code".split())
_DOXYGEN_NUMBERS: Final = Query(f".//span[{with_class('lineno')}]")
_NOT_IN_CODE: Final = tuple(
    "img table pre p ul ol dl h1 h2 h3 h4 h5 h6 hr blockquote iframe video audio embed object input x-tex".split()
)
_NOT_AND_LINKS: Final = ("a", *_NOT_IN_CODE)
_AROUND: Final = frozenset({"pre", "table", "div", "figure"})
_PARAGRAPHS: Final = frozenset({"p", *HEADINGS, "ul", "ol", "blockquote"})


def turn_prose_listings_into_paragraphs(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Read the `pre` of a host that keeps prose in it as paragraphs; its line ends stay as breaks."""
    found = [e for e in _PROSE(root) if e.find(".//code") is None and not _STROKES.search(text_of(e))]
    for element in found:
        element.tag = "div"
        element.attrib.clear()
        element.text = (element.text or "").removeprefix("\n")
        for node in list(element.iter("*")):
            if node.tag != "br" and node.text and "\n" in node.text:
                put_lines(node, "text", node.text.split("\n"))
            if node is not element and node.tail and "\n" in node.tail:
                put_lines(node, "tail", node.tail.split("\n"))
    return len(found)


def unwrap_code_around_listings(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Take away the `code` around a `pre`: themes of Jekyll put a table with numbers and a listing into one.

    What it says of the language, a listing in it without a class says then. A `pre` around listings and prose is none.
    """
    boxes = [listing for listing in outermost(list(root.iter("pre"))) if _holds_listings_and_prose(listing)]
    for box in boxes:
        box.attrib.clear()
        box.tag = "div"
    found = [e for e in root.iter("code") if len(e) and e[0].tag in _AROUND and next(e.iter("pre"), None) is not None]
    for element in found:
        names = element.get("class")
        if names and element[0].tag == "pre" and not element[0].get("class"):
            element[0].set("class", names)
        neutralize(element)
    return len(found) + len(boxes)


def _holds_listings_and_prose(listing: Element) -> bool:
    """Whether a `pre` has no text of its own, but listings and paragraphs, as where an editor lost its end."""
    if listing.find("pre") is None or not is_blank(listing.text):
        return False
    kinds: set[str] = set()
    for child in listing:
        if not is_blank(child.tail):
            return False
        if not is_blank(text_of(child)):
            if child.tag != "pre" and child.tag not in _PARAGRAPHS:
                return False
            kinds.add("pre" if child.tag == "pre" else "prose")
    return len(kinds) > 1


def mark_unboxed_listings(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop the bar before a numbered listing whose boxes are lost, and give the listing the class it had.

    Old highlighters of CSDN (`[cpp] view plain copy`) and iteye (`Java代码` and a star).
    """
    count = 0
    for bar in dict.fromkeys(part.getparent() for part in _PARTS_OF_BARS(root)):
        if bar is None or bar.tag not in {"p", "div"} or not is_blank(bar.tail):
            continue
        listing = bar.getnext()
        label = re.fullmatch(_BAR, " ".join(text_of(bar).split()))
        if listing is None or label is None or listing.tag not in {"ol", "pre"}:
            continue
        if listing.tag == "ol":
            listing.set("class", f"dp-{label[1] or label[2]}")
        drop(bar)
        count += 1
    return count


def fold_tables_of_code(root: Element, profile: Profile) -> int:
    """Make listings of tables whose rows hold an empty cell and one with a line of code, and nothing else.

    The editors of two chats copy theirs so. Their name of the language stands in a paragraph of its own before it.
    """
    count = 0
    for table in list(root.iter("table")):
        lines = _lines_of(table)
        label = table.getprevious()
        named = label is not None and _is_label(label)
        if sum(1 for line in lines if line is not None) < (1 if named else _FEWEST_LINES):
            continue
        text = "\n".join("" if line is None else line_text(line, profile) for line in lines)
        language = ""
        if label is not None and named:
            language = canonical_name(text_of(label).strip())
            drop(label)
        replace(table, listing_element(text.strip("\n") + "\n", language))
        count += 1
    return count


def fold_boxes_of_code_lines(root: Element, profile: Profile) -> int:
    """Make listings of boxes with a `div` for each line: pasted out of VS Code, of Quill, Doxygen and Evernote."""
    count = 0
    for box in innermost([e for e in root.iter("div") if _is_box_of_code(e)]):
        lines = [line for line in box if line.tag != "select"]  # Quill 2 lets a reader choose the language
        if not lines or not is_blank(box.text):
            continue
        if any(line.tag not in {"div", "br"} for line in lines) or any(not is_blank(child.tail) for child in box):
            continue
        # Doxygen links names to their pages; in a listing they are names.
        if next(box.iter(*(_NOT_IN_CODE if "fragment" in classes_of(box) else _NOT_AND_LINKS)), None) is not None:
            continue
        texts = [_line_of(line, profile) for line in lines]
        gaps = all(not text or text[0] == " " for text in texts)
        if gaps and any(is_noise(number, profile) for number in _DOXYGEN_NUMBERS(box)):
            texts = [text[1:] for text in texts]  # between number and line
        language = next((value for line in lines if (value := line.get("data-language"))), "")
        replace(box, listing_element("\n".join(texts) + "\n", language))
        count += 1
    return count


def _is_box_of_code(box: Element) -> bool:
    style = (box.get("style") or "").lower()
    if "-en-codeblock" in style or ("white-space" in style and _VERBATIM(style) and _MONOSPACE(style)):
        return True
    names = classes_of(box)
    if "ql-code-block-container" in names:
        return True
    return "fragment" in names and all("line" in classes_of(line) for line in box)


def _line_of(line: Element, profile: Profile) -> str:
    text = text_of(line)
    # A pretty-printer has been here: what is left of the indent is not the author's. Or there is more than tokens.
    if "\n" in text or any(e.tag not in _TOKEN_TAGS or is_noise(e, profile) for e in line.iterdescendants()):
        return line_text(line, profile, blank_lines=True)
    return text.rstrip()


def fold_copy_boxes(root: Element, profile: Profile) -> int:
    """Make listings of boxes with a button that copies what stands in a cell or a division, its lines parted by breaks.

    Of 111cn.net, `代码如下` and `复制代码` in the first row of a table and `td.copyclass` in the second; of jb51.net,
    `div.codetitle` and `div.codebody#code123`. The label stays as a paragraph.
    """
    count = 0
    for cell in _COPIED(root):
        box = _division_with_title(cell) if cell.tag == "div" else _table_with_label(cell)
        if box is None or next(cell.iter(*_NOT_IN_CODE), None) is not None:
            continue
        text = texts_of_lines([cell], profile, blank_lines=True)[0]
        for label in box.iter("td", "th"):
            if label is not cell:
                paragraph = etree.Element("p")
                paragraph.text = " ".join(text_of(label).split())
                box.addprevious(paragraph)
        replace(box, listing_element(text + "\n", ""))
        count += 1
    return count


def _division_with_title(body: Element) -> Element | None:
    before = body.getprevious()
    return body if before is not None and "codetitle" in classes_of(before) and is_blank(before.tail) else None


def _table_with_label(cell: Element) -> Element | None:
    """Return the table of such a box: two rows, the first of which says nothing but the label and the button."""
    row = cell.getparent()
    above = row.getprevious() if row is not None else None
    if row is None or above is None or cell.getprevious() is not None or cell.getnext() is not None:
        return None
    if above.getprevious() is not None or row.getnext() is not None:
        return None
    if squeezed(above).replace(COPY, "").rstrip(":：") != TITLE or next(above.iter("img", "table"), None) is not None:
        return None
    table = next(row.iterancestors("table"), None)
    labels = sum(map(weight, above.iterchildren("td", "th")))
    return table if table is not None and weight(table) == labels + weight(cell) else None


def join_listings_of_a_line(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Make one listing of three or more that stand side by side and hold a line each.

    Word's style for listings is one of paragraphs: a copy has a `pre` for each, with the same style and without `code`.
    """
    count = 0
    seen: set[Element] = set()
    for first in list(root.iter("pre")):
        after = first.getnext()
        if after is None or after.tag != "pre" or first in seen:
            continue
        run = [first]
        while is_blank(run[-1].tail) and (after := run[-1].getnext()) is not None and after.tag == "pre":
            if after.items() != first.items():
                break
            run.append(after)
        seen.update(run)
        if len(run) < _FEWEST_LISTINGS or first.get("class") or not all(map(_holds_line, run)):
            continue
        lines = [text_of(pre).strip("\n") for pre in run]
        if sum(not is_blank(line) for line in lines) < _FEWEST_LISTINGS:
            continue
        for inner in list(first):
            first.remove(inner)
        first.text, first.tail = "\n".join(lines) + "\n", run[-1].tail
        run[-1].tail = None
        drop_all(run[1:])
        count += len(run) - 1
    return count


def _holds_line(listing: Element) -> bool:
    if any(e.tag not in _TOKEN_TAGS or e.tag == "code" for e in listing.iterdescendants()):
        return False
    return "\n" not in text_of(listing).strip("\n")


def join_tokens_of_code(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Make one inline code of the tokens of SyntaxHighlighter that are left of a line: a copy of it must run."""
    count = 0
    for token in list(root.iter("code")):
        if token.getparent() is None or not _is_token(token) or inside(token, ("pre",)):
            continue
        pieces, others, last = [text_of(token)], list[Element](), token
        while (after := last.getnext()) is not None and is_blank(last.tail) and _is_token(after):
            pieces += " " if last.tail else "", text_of(after)
            others.append(after)
            last = after
        if others:
            tail, last.tail = last.tail, None
            drop_all(others)
            for inner in list(token):
                token.remove(inner)
            token.text, token.tail = "".join(pieces), tail
            count += len(others)
    return count


def _is_token(code: Element) -> bool:
    """Whether it is `<code class="bash plain">`, without pictures."""
    return language_of_token(code) != "" and code.find(".//img") is None


def language_of_token(code: Element | None) -> str:
    """Name the language that the class of a token of SyntaxHighlighter says; empty for other elements."""
    names = classes_of(code) if code is not None and code.tag == "code" else []
    if len(names) != _LANGUAGE_AND_KIND or names[1] not in TOKENS:
        return ""
    name = canonical_name(names[0])
    return name if is_known(name) else ""


def _lines_of(table: Element) -> list[Element | None]:
    """Find the code of each row, None where a row is empty; nothing at all when the table holds anything else."""
    found: list[Element | None] = []
    rows = [row for part in table for row in (part if part.tag == "tbody" else [part])]
    for row in rows:
        if row.tag != "tr" or len(row) != 2 or row[0].tag != "td" or row[1].tag != "td":  # noqa: PLR2004
            return []
        gutter, cell = row
        if len(gutter) or not is_blank(gutter.text):
            return []
        if not len(cell) and is_blank(cell.text):
            found.append(None)
        elif len(cell) == 1 and _is_line_of_code(cell[0]) and is_blank(cell.text):
            found.append(cell[0])
        else:
            return []
    return found


def _is_line_of_code(code: Element) -> bool:
    return code.tag == "code" and is_blank(code.tail) and next(code.iter("a", "img"), None) is None


def _is_label(paragraph: Element) -> bool:
    """Whether a paragraph holds nothing but the name of a language, as code."""
    if paragraph.tag != "p" or len(paragraph) != 1 or paragraph[0].tag != "code" or not is_blank(paragraph.tail):
        return False
    alone = is_blank(paragraph.text) and is_blank(paragraph[0].tail)
    return alone and is_known(canonical_name(text_of(paragraph).strip()))
