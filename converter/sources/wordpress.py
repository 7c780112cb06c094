"""What WordPress keeps in its database -> the HTML that it would show: paragraphs out of blank lines, short codes.

Source: `wpautop` and the short code API of WordPress 6, `docs` of the plugin SyntaxHighlighter Evolved; described from
what they do. Posts of the block editor (`<!-- wp:paragraph -->`) hold their paragraphs already.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_VERBATIM: Final = re.compile(r"<(pre|script|style|textarea|svg)\b[^<>]*>|<!--", re.IGNORECASE)
_BLOCK: Final = re.compile(
    r"(</?(?:address|article|aside|blockquote|caption|center|col|colgroup|dd|details|dir|div|dl|dt|fieldset|figcaption"
    r"|figure|footer|form|h[1-6]|header|hr|iframe|legend|li|main|menu|nav|object|ol|p|pre|script|section|style|summary"
    r"|svg|table|tbody|td|textarea|tfoot|th|thead|tr|ul)(?=[\s>/])[^<>]*>)",
    re.IGNORECASE,
)
_TAG_NAME: Final = re.compile(r"</?([a-zA-Z0-9]+)").match
_BLANK_LINE: Final = re.compile(r"\n[ \t]*\n\s*")
_LINE_END: Final = re.compile(r"(<[^<>]*>)|\n")
_VOID: Final = frozenset({"hr", "col", "iframe"})
# What holds paragraphs only when a blank line parts them, and what holds none at all.
_LOOSE: Final = frozenset({"li", "td", "th", "dd"})
_CONTAINERS: Final = frozenset(
    "address article aside blockquote center details div fieldset footer form header main nav section object".split()
)
_MARK: Final = "\x00{}\x00"
_MARKED: Final = re.compile("\x00(\\d+)\x00")
_LANGUAGES: Final = (
    "as3|actionscript3|bash|shell|coldfusion|cpp|csharp|css|delphi|diff|erlang|fsharp|groovy|html|java|javafx"
    "|javascript|js|latex|matlab|objc|perl|php|powershell|python|py|r|ruby|scala|sql|vb|xml"
)
_CODE: Final = re.compile(rf"\[(code|sourcecode|source|{_LANGUAGES})((?:\s[^\[\]\n]*)?)\]", re.IGNORECASE)
_CODE_LANGUAGE: Final = re.compile(r"\blang(?:uage)?\s*=\s*[\"']?([\w+#-]+)|^\s*=\s*[\"']?([\w+#-]+)", re.IGNORECASE)
_CAPTION: Final = re.compile(r"\[(caption|wp_caption)(\s[^\[\]]*)?\]", re.IGNORECASE)
_CAPTION_TEXT: Final = re.compile(r"\bcaption\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_PICTURE: Final = re.compile(r"\s*((?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?)", re.IGNORECASE).match
_EMBED: Final = re.compile(r"\[embed[^\]\n]*\]\s*(https?://[^\s<>\"\[\]]+)\s*\[/embed\]", re.IGNORECASE)
_GUTENBERG: Final = "<!-- wp:"


def rendered(content: str) -> str:
    """Turn the content of a post into the HTML that its page would hold.

    Args:
        content: what the database holds: `content:encoded` of an export.

    """
    content = content.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    listings: list[str] = []

    def put_aside(html: str) -> str:
        listings.append(html)
        return _MARK.format(len(listings) - 1)

    content = _between(_CODE, r"\[/{}\]", content, lambda tag, text, _: put_aside(_listing(tag, text)))
    content = _between(_CAPTION, r"\[/{}\]", content, lambda tag, text, _: _figure(tag, text))
    content = _EMBED.sub(r'<a href="\1">\1</a>', content)
    if _GUTENBERG not in content:
        content = _between(_VERBATIM, r"</{}\s*>", content, lambda _, __, whole: put_aside(whole))
        content = _with_paragraphs(content, listings)
    # A listing may hold what was put aside before it: a short code in a `pre`.
    for _ in range(2):
        content = _MARKED.sub(lambda match: listings[int(match[1])], content)
    return content


def _between(
    opening: re.Pattern[str], closing: str, content: str, write: Callable[[re.Match[str], str, str], str]
) -> str:
    """Write anew what stands between two tags, tags included; what is not closed stays as it is.

    Args:
        opening: its first group is a name.
        closing: pattern of the end, with the name for `{}`; without a name it is the end of a comment.
        content: the text.
        write: gets the opening tag, the text between, and all together.

    """
    out, at = [], 0
    unclosed: set[str] = set()
    for tag in opening.finditer(content):
        ending = closing.format(tag[1].lower()) if tag[1] else "-->"
        if tag.start() < at or ending in unclosed:
            continue
        end = re.compile(ending, re.IGNORECASE).search(content, tag.end())
        if end is None:
            unclosed.add(ending)  # not looked for again: 10,000 of them would take the square of that
            continue
        inner, whole = content[tag.end() : end.start()], content[tag.start() : end.end()]
        out += [content[at : tag.start()], write(tag, inner, whole)]
        at = end.end()
    return "".join([*out, content[at:]])


def _listing(match: re.Match[str], text: str) -> str:
    """Write a code short code as a listing; what the editor has not escaped is."""
    name = match[1].lower()
    said = _CODE_LANGUAGE.search(match[2])
    language = (said[1] or said[2]) if said else "" if name in {"code", "sourcecode", "source"} else name
    text = text.strip("\n").replace("<", "&lt;").replace(">", "&gt;")
    kind = f' class="language-{language}"' if language else ""
    return f"<pre><code{kind}>{text}</code></pre>"


def _figure(match: re.Match[str], inner: str) -> str:
    said = _CAPTION_TEXT.search(match[2] or "")
    picture = _PICTURE(inner)
    if not picture:
        return inner
    caption = (said[1] or said[2] or "") if said else inner[picture.end() :].strip()
    return f"<figure>{picture[1]}<figcaption>{caption}</figcaption></figure>" if caption else f"<p>{picture[1]}</p>"


def _with_paragraphs(content: str, listings: list[str]) -> str:
    """Make paragraphs of what blank lines part, and breaks of line ends; inside of tags nothing changes."""
    out: list[str] = []
    opened: list[str] = []
    count: dict[str, int] = {}
    for number, piece in enumerate(_parts(content, listings)):
        if number % 2 == 0:
            out.append(_paragraphs(piece, opened[-1] if opened else ""))
            continue
        out.append(piece)
        found = _TAG_NAME(piece)
        name = found[1].lower() if found else ""
        if not name or name in _VOID or piece.endswith("/>"):
            continue
        if not piece.startswith("</"):
            opened.append(name)
            count[name] = count.get(name, 0) + 1
        elif count.get(name):
            while (closed := opened.pop()) != name:
                count[closed] -= 1
            count[name] -= 1
    return "".join(out)


def _parts(content: str, listings: list[str]) -> list[str]:
    """Split into text and tags of blocks, in turn; a listing that was put aside counts as a tag, a comment does not."""
    pieces: list[str] = []
    for piece in _BLOCK.split(content):
        pieces.append("")
        at = 0
        for mark in _MARKED.finditer(piece):
            if listings[int(mark[1])].startswith("<!--"):
                continue
            pieces[-1] += piece[at : mark.start()]
            pieces += [mark[0], ""]
            at = mark.end()
        pieces[-1] += piece[at:]
    return pieces


def _paragraphs(text: str, parent: str) -> str:
    if not text.strip():
        return text
    paragraphs = [part.strip("\n") for part in _BLANK_LINE.split(text) if part.strip()]
    wraps = not parent or parent in _CONTAINERS or (parent in _LOOSE and len(paragraphs) > 1)
    if not wraps:
        return _breaks(text.strip("\n")) if parent not in {"table", "tr", "ul", "ol"} else text
    return "\n".join(f"<p>{_breaks(part)}</p>" for part in paragraphs)


def _breaks(text: str) -> str:
    return _LINE_END.sub(lambda match: match[1] or "<br>\n", text)
