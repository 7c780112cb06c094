"""Signs that a text which begins and ends with a tag is Markdown, not HTML from end to end. A part of `page_kind`."""

from __future__ import annotations

import re
from typing import Final

from converter.page_elements import LISTING, NAMES, PHRASES, TAG, VOID, Open, verbatim_in, without_spans

_BLANK_LINES: Final = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_STRUCTURE: Final = re.compile(
    rf" {{0,3}}(?:#{{1,6}}[ \t]|`{{3}}|~{{3}}|[-*+][ \t]|\d{{1,9}}[.)][ \t]|>|\|.*\||{LISTING})"
).match
_SAYS_SO: Final = re.compile(r"<[a-z][^<>]*\smarkdown\s*=\s*[\"']?(?:1|block|span)\b", re.IGNORECASE).search  # kramdown
_AUTOLINK: Final = r"<(?:(?i:[a-z][a-z0-9+.-]{1,31}://|mailto:|tel:)[^\s<>]+|[\w.+-]+@[\w.-]+)>"
_MARKUP: Final = re.compile(rf"(?!{_AUTOLINK})<[a-z/!?]", re.IGNORECASE).match
_COMPONENT: Final = re.compile(r"<([A-Z][A-Za-z0-9]*)[\s/>]").match  # of MDX
_IN_A_LINE: Final = PHRASES | {"img", "input"}
_HOLDERS: Final = frozenset("p h1 h2 h3 h4 h5 h6".split())  # have the text of HTML, also behind a blank line
_BLOCK: Final = re.compile(
    r"<(?:p|h[1-6]|div|section|article|ul|ol|li|dl|d[dt]|table|tr|t[dh]|blockquote)\b", re.IGNORECASE
)
_BREAK: Final = re.compile(r"<br\b", re.IGNORECASE)
_CODE: Final = re.compile(r"<(?:code|tt)\b[^<>]*>[^<]*</(?:code|tt)>", re.IGNORECASE)
# What nobody writes in HTML.
_STRONG: Final = re.compile(
    r"(?<!`)`{1,3}(?!`)[^`]+`"  # code
    r"|\]\((?!\s)|\[\^[^\[\]\s]+\]"  # links, notes
    r"|\*\*(?=[^\s*])[^*\n]+\*\*"
    r"|(?:\A|\n) {0,3}\[[^\]\n]+\]:[ \t]*\S"  # addresses of links
    r"|\n {0,3}(?:#{1,6}[ \t]|`{3}|~{3}|\|?[ \t]*:?-+:?[ \t]*\||(?:={2,}|-{3,})[ \t]*(?:\n|\Z))"
    rf"|{_AUTOLINK}"
).search
# What may as well be a star or a dollar.
_WEAK: Final = re.compile(
    r"\*(?=[^\s*])(?:[^*\n]|(?<=\s)\*(?=\s))*(?<=\S)\*|~~(?=[^\s~])[^~\n]+~~|(?<!\w)_(?=[^\s_])[^_\n]+(?<=\S)_(?!\w)"
    r"|\$(?=[^\s$])[^$\n]+(?<=\S)\$(?!\d)|\\[*_`#~<>|$&!+.\\\[-]|(?:\\| {2})\n|\n {0,3}[-*+][ \t]+\S"
).search


def has_signs(body: str) -> bool:
    """Whether a heading, fence, list or paragraph of Markdown stands in HTML, or between its blocks.

    Only what follows a blank line can be one, and a paragraph that begins with a phrase: an HTML block of CommonMark
    ends at a blank line and nowhere else. Text without any sign is a paragraph only where no element is open.
    """
    if "markdown" in body and _SAYS_SO(body):
        return True
    depth, follows = 0, False
    open_ = Open()
    for chunk in _BLANK_LINES.split(_without_verbatim(body)):
        text = chunk.strip()
        if not text:
            continue
        if _STRUCTURE(chunk) or (depth <= 0 and not _MARKUP(text)):
            return True
        if _is_component(text):
            return True
        holder = open_.blocks[-1][0] if open_.blocks else ""
        paragraph = _paragraph(text) if holder not in _HOLDERS else ""
        if paragraph and _is_marked(paragraph):
            return True
        # Two paragraphs that only the blank line between them parts.
        alone = bool(paragraph) and depth <= 0 and not _BREAK.search(paragraph) and _has_letters(paragraph)
        if alone and follows:
            return True
        follows = alone
        depth += _follow(open_, chunk)
    return False


def _is_component(text: str) -> bool:
    """Whether a piece begins with an element of MDX, `<TabItem>`; HTML has none of these names."""
    name = _COMPONENT(text)
    return name is not None and not name[1].isupper() and name[1].lower() not in NAMES | VOID


def _paragraph(text: str) -> str:
    """Write over the code in a piece of text that CommonMark takes for a paragraph; nothing if it is HTML."""
    if _MARKUP(text):
        tag = TAG.match(text)
        if tag is None or tag[2].lower() not in _IN_A_LINE:
            return ""
        if not text[tag.end() :].partition("\n")[0].strip():
            return ""  # a tag alone in its line begins a block
    if "`" in text:
        text = "\n".join(map(_without_tags_in_code, text.split("\n")))
    return "" if _BLOCK.search(text) else text


def _without_tags_in_code(line: str) -> str:
    """Put other code in the place of code with tags in it."""
    shown = without_spans(line)
    return line if shown == line else f"{shown}`x`"


def _is_marked(paragraph: str) -> bool:
    """Whether there are signs of Markdown outside of tags and their code."""
    text = TAG.sub("\0", _CODE.sub("x", paragraph))
    return bool(_STRONG(text) or (_WEAK(text) and not _BREAK.search(paragraph)))


def _has_letters(paragraph: str) -> bool:
    return any(map(str.isalnum, TAG.sub("", paragraph)))


def _follow(open_: Open, chunk: str) -> int:
    """Open and close elements; tells how many more are open, by the number of tags."""
    more = 0
    for closing, tag, empty in TAG.findall(chunk):
        name = tag.lower()
        if empty or name in VOID:
            continue
        more += -1 if closing else 1
        if closing:
            open_.end(name)
        else:
            if open_.blocks and open_.blocks[-1][0] in _HOLDERS and name not in PHRASES:
                open_.end(open_.blocks[-1][0])  # nobody closed it
            open_.begin(name, -1)
    return more


def _without_verbatim(body: str) -> str:
    """Put a void tag in the place of comments and of elements whose blank lines and signs mean nothing."""
    kept: list[str] = []
    done = 0
    for start, end in verbatim_in(body):
        kept += body[done:start], "<wbr>"
        done = end
    return "".join(kept) + body[done:]
