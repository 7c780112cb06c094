"""Cut the article out of a page and read what the page says about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from converter import profiles
from converter.beside import joined, with_what_is_beside
from converter.errors import EmptyArticle, NoArticle
from converter.likely import most_likely
from converter.model import Article, Note, Page
from converter.page_metadata import read_metadata, without_site
from converter.tree import Element, text_of, weight
from converter.urls import gist_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from converter.profiles import Lookup, Profile

_VERBATIM: Final = frozenset({"pre", "textarea"})  # where a pretty-printer leaves white space alone
_ENOUGH: Final = 40  # pieces of text that are looked at
_MOST: Final = 0.6

# libxml2 closes these before blocks where HTML5 nests them (h2..h6 before p, pre before ul); its end tag is then one
# too many. 54 posts of 24,597.
_MOVED_END: Final = re.compile(r"Unexpected end tag : (?:h[1-6]|pre)$")
# Nothing that these could end is ever open.
_NO_PROBLEM: Final = re.compile(r"Unexpected end tag : (?:img|br|hr|input|wbr|link|meta|embed|col|area|source|param)$")
# A browser makes an empty paragraph of an end tag without a beginning; so the text behind it begins a new line.
_STRAY_END: Final = "Unexpected end tag : p"
_PARAGRAPH_TAG: Final = (  # compiled where one is missing
    r"(?i)<(/?)(p|address|article|aside|blockquote|center|dd|details|dir|div|dl|dt|fieldset|figcaption|figure|footer|form"
    r"|h[1-6]|header|hr|li|main|menu|nav|ol|pre|section|table|td|th|tr|ul)(?=[\s>/])[^>]*>"
)
# Start tags, for the cleaner; and what else needs a closer look: comments, and three end tags (and a few that look
# alike). One search for all: each costs as much as the page is long.
_TAGS: Final = re.compile(rb"<(?:[a-zA-Z][^>]*|!--|/[hHbB][tToOrR])").findall
_COMMENT: Final = b"<!--"
_ENDS: Final = frozenset(bytes([60, 47, a, b]) for a in b"hHbB" for b in b"tToOrR")
_BREAK_END: Final = re.compile(r"</br\s*/?>", re.IGNORECASE)
_MOVED: Final = re.compile(rb"<(/?)(h[1-6]|pre)(?=[\s>/])", re.IGNORECASE)
_RENAMED: Final = ("x-pre", "x-h1", "x-h2", "x-h3", "x-h4", "x-h5", "x-h6")
_PAGE: Final = re.compile(rb"<(?:html|head|body|title)[\s>]", re.IGNORECASE).search
_HEAD: Final = 2_000  # bytes in which a page says that it is one
_END_OF_PAGE: Final = re.compile(r"</(?:html|body)\s*>", re.IGNORECASE)
# libxml2 compares each attribute of a tag with all before it: a million of them take hours. No real tag has fifty.
_LARGE: Final = 50_000
_STRETCH: Final = 20_000
_MANY: Final = 2_000  # values in quotes, of one tag
_BUT_SIGNS: Final = bytes(set(range(256)) - set(b"<>\"'"))
_MANY_VALUES: Final = re.compile(rb"""<(?:"[^"]*+"|'[^']*+'){2000}+""")  # of nothing but these signs
_CROWDED: Final = re.compile(rb"""<[a-zA-Z](?:[^"'<>]{20000}|(?:[^"'<>]++|"[^"]*+"|'[^']*+'){4000}+)""")
_LONG_TAG: Final = re.compile(rb"""<[a-zA-Z](?:[^"'<>]++|"[^"]*+"|'[^']*+')*+""")
_FIRST_ATTRIBUTES: Final = re.compile(
    rb"""<[^\s"'<>/]++(?:[\s/]++[^\s"'<>=/]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'<>]++))?+){0,1000}+\s*+/?+"""
)
_PROBLEMS: Final = frozenset(
    {
        etree.ErrorTypes.ERR_RESOURCE_LIMIT,
        etree.ErrorTypes.ERR_NAME_TOO_LONG,
        etree.ErrorTypes.ERR_TAG_NAME_MISMATCH,
        etree.ErrorTypes.HTML_STRUCURE_ERROR,
    }
)
# What may stand beside a tag of a table; between rows no cells.
_BESIDE: Final = (
    rb"\s*+(?!<(?:/?(?:t(?:able|body|head|foot|r|emplate)|caption|col|colgroup|form|input|script|style)\b"
    rb"|%bt[dh]\b|!--))"
)
_MISPLACED_IN_TABLE: Final = (  # compiled where there is a table
    rb"(?i)<(?:/(?:t(?:[dh]>%(row)b|(?:r|body|head|foot)>%(table)b)|(?:caption|colgroup)>%(table)b)"
    rb"|t(?:r(?=[\s>])[^>]*+>%(row)b|(?:able|body|head|foot)(?=[\s>])[^>]*+>%(table)b))"
    % {b"row": _BESIDE % rb"/?", b"table": _BESIDE % rb"/"}
)
_TEXT_IN_SVG: Final = re.compile(rb"<(?:p|div|br|img|span)[\s>/]", re.IGNORECASE)
_SWALLOWING: Final = frozenset({"script", "style", "title", "iframe", "noscript", "xmp", "noembed", "noframes"})
_OPEN_TAG: Final = re.compile(rb"</?[A-Za-z]")
_EXCERPT: Final = 60
_PHRASES: Final = 20  # around a link; more would be looked at again and again for links in very deep phrases
_BLOCKS: Final = frozenset("p li td th h1 h2 h3 h4 h5 h6 blockquote dd dt pre body".split())


def scrape(page: Page, profile_name: str = "auto", seen: dict[str, str] | None = None) -> Article:
    """Find the article of an HTML page.

    Args:
        page: a page of kind `html`.
        profile_name: `auto`, the name of a profile, or the path of one.
        seen: gets the selector by which each thing was found: `profile`, `root`, fields of the metadata; None when
            nobody asks.

    Returns:
        The article, not cleaned yet; `root.tail` is not part of it.

    Raises:
        NoArticle: the page has no article by the profile's rules.
        EmptyArticle: there is no element in the page at all.
        ConfigError: there is no such profile.

    """
    source = page.data or page.body.encode("utf-8", "replace")
    tags: list[bytes] = _TAGS(source)
    tree, notes = parse(page.body, source, tags)
    piece = not _PAGE(source, 0, _HEAD)
    if piece:
        settle_head(tree)
    profile, root = find_article(tree, source, profile_name, seen)
    heading: Element | None = None
    if piece and profile.name != "generic":
        root, heading = with_what_is_beside(root, profile)
    parent = root.getparent()
    if parent is not None and profile.name != "generic":
        # What is left is the frame around the article, small enough for lookup after lookup; and a copied page inside
        # of the article, with metadata of its own, is not in the way.
        parent.remove(root)
        if seen is not None:
            seen["outside"] = str(weight(tree))
    # Words are searched in the frame alone; that of an export is a thirtieth of the page.
    frame = b"" if root.getparent() is not None or root is tree else etree.tostring(tree, encoding="utf-8")
    metadata = without_site(read_metadata(tree, profile, page, frame or source, seen), tree, root, frame or source)
    if heading is not None:
        words = " ".join(text_of(heading).split())
        if not metadata.title:
            metadata = metadata._replace(title=words)
        elif metadata.title != words:
            root = joined([heading, root])  # something else is the title
    return Article(
        root=root,
        profile=profile.name if profile_name == "auto" else profile_name,
        metadata=metadata,
        source=source,
        frame=frame,
        tags=tags,
        elements=tuple(root.iter()),
        prettified=is_prettified(root),
        notes=notes,
    )


def parse(text: str, data: bytes = b"", tags: Sequence[bytes] = ()) -> tuple[Element, tuple[Note, ...]]:
    """Parse HTML into the tree that a browser would build, without comments and processing instructions.

    Where lxml builds another tree than a browser, which it mostly tells itself, a second parser reads the page. Not
    looked for are: empty tags that HTML knows nothing of (`<b/>`), headings in headings, cells without a table.

    Args:
        text: HTML.
        data: the same as UTF-8, when somebody has it already.
        tags: what `_TAGS` finds in it, likewise.

    Raises:
        EmptyArticle: nothing in the text makes an element.

    """
    data = data or text.encode("utf-8", "replace")
    if len(data) > _LARGE and _is_crowded(data):
        data = _LONG_TAG.sub(_with_fewer_attributes, data)
        text = data.decode("utf-8", "replace")
    telling = frozenset(tags or _TAGS(data))
    if not telling.isdisjoint(_ENDS):
        mended = _BREAK_END.sub("<br>", _without_early_ends(text))  # what a browser reads it as
        if mended != text:
            text, data = mended, mended.encode("utf-8", "replace")
            telling = frozenset(_TAGS(data))
    tree, problem = _parse_lxml(data)
    notes: tuple[Note, ...] = ()
    if problem == _STRAY_END:
        text = _with_whole_paragraphs(text)
        data = text.encode("utf-8", "replace")
        tree, problem = _parse_lxml(data)
    elif _MOVED_END.match(problem):
        # libxml2 leaves elements that it does not know where they are; so those it moves get names that it does not
        # know.
        notes = (Note("rescue-names", f"read with other names for headings and listings: {problem}"),)
        tree, problem = _parse_lxml(_MOVED.sub(rb"<\1x-\2", data))
        for element in tree.iter(*_RENAMED):
            element.tag = element.tag[2:]
    if problem or (problem := _silent_problem(tree, data, telling)):
        from converter import rescue

        tree, hidden = rescue.parse(text)
        notes = (Note("rescue-parser", f"read with the second parser: {problem}"),)
        for left in hidden:
            excerpt = " ".join(left.split())[:_EXCERPT]
            notes += (
                Note(
                    "hidden-rest",
                    f"what follows is open and hides the rest of the page, {len(left)} characters: {excerpt}",
                ),
            )
    return tree, notes


def _silent_problem(tree: Element, data: bytes, telling: frozenset[bytes]) -> str:
    """Find what libxml2 reads otherwise than a browser without a word, and what hides the rest of the page."""
    if _are_any(b"<table", telling) and re.search(_MISPLACED_IN_TABLE, data):
        return "something stands between the cells of a table"
    at = data.find(b"<svg") if _are_any(b"<svg", telling) else -1
    while at >= 0:
        end = data.find(b"</svg", at)
        if end < 0 or (_TEXT_IN_SVG.search(data, at, end) and b"<foreignobject" not in data[at:end].lower()):
            return "a block in a drawing"
        at = data.find(b"<svg", end)
    if _has_link_in_link(tree):
        return "a link in a link"
    return _open_end(tree, data, telling)


def _open_end(tree: Element, data: bytes, telling: frozenset[bytes]) -> str:
    """Find what is open at the end of a page, and hides all behind its beginning."""
    if _COMMENT in telling and data.find(b"-->", data.rfind(b"<!--")) < 0:
        return "a comment without an end"
    last = tree
    while len(last):
        last = last[-1]
    if last.tag in _SWALLOWING:
        name = last.tag.encode()
        if data.rfind(b"<" + name) > data.rfind(b"</" + name):
            return f"{last.tag} without an end"
    # Behind a quotation mark that is not closed there is no other.
    for sign in (b'="', b"='"):
        if (quote := data.rfind(sign[1:])) > 0 and data.startswith(sign, quote - 1):
            return "a value without an end"
    end = data.rfind(b">") + 1
    return "a tag without an end" if data.find(b"<", end) >= 0 and _OPEN_TAG.search(data, end) else ""


def _has_link_in_link(tree: Element) -> bool:
    """Whether a link stands in another one, with other phrases between them; libxml2 ends only the one right around."""
    for link in tree.iter("a"):
        above = link.getparent()
        for _ in range(_PHRASES):
            if above is None or above.tag in _BLOCKS:
                break
            if above.tag == "a":
                return True
            above = above.getparent()
    return False


def _are_any(beginning: bytes, tags: Iterable[bytes]) -> bool:
    for tag in tags:  # noqa: SIM110 (a generator takes twice the time)
        if tag.startswith(beginning):
            return True
    return False


def _is_crowded(data: bytes) -> bool:
    """Tell whether a tag has so many attributes, or so much in front of its end, that libxml2 takes seconds for it."""
    half = _STRETCH // 2
    for at in range(0, len(data) - half, half):
        if data.find(b"<", at, at + half) < 0:  # the half of a stretch without any sign
            return _CROWDED.search(data) is not None
    # All that is left are four thousand pieces, every other one a value in quotes; looking for those takes less time,
    # the more so without all that is between the signs.
    if data.count(b'"') + data.count(b"'") < 2 * _MANY:
        return False
    signs = data.translate(None, _BUT_SIGNS)
    return len(signs) > 2 * _MANY and _MANY_VALUES.search(signs) is not None and _CROWDED.search(data) is not None


def _with_fewer_attributes(tag: re.Match[bytes]) -> bytes:
    """Leave out what comes after the first thousand attributes of a tag."""
    kept = _FIRST_ATTRIBUTES.match(tag[0])
    return tag[0] if kept is None or kept.end() >= len(tag[0]) - 2 else kept[0]


def _without_early_ends(text: str) -> str:
    """Take out the end of a page that does not end there: libxml2 reads nothing behind it, a browser reads on."""
    first = _END_OF_PAGE.search(text)
    if first is None or not text[first.end() :].strip():
        return text
    return _END_OF_PAGE.sub("", text)


def _with_whole_paragraphs(text: str) -> str:
    """Begin each paragraph that only ends: `text</p>more` -> `text<p></p>more`. One too many changes nothing."""
    inside = False

    def begin(tag: re.Match[str]) -> str:
        nonlocal inside
        stray = bool(tag[1]) and tag[2] in "pP" and not inside
        inside = not tag[1] and tag[2] in "pP"
        return "<p></p>" if stray else tag[0]

    return re.sub(_PARAGRAPH_TAG, begin, text)


def _parse_lxml(data: bytes) -> tuple[Element, str]:
    """Parse with lxml; also tells the first problem that made its tree another one than a browser's."""
    parser = etree.HTMLParser(
        huge_tree=True, remove_comments=True, remove_pis=True, collect_ids=False, encoding="utf-8"
    )
    # A page may declare another charset; the text is decoded already, so the parser is told what it really gets.
    tree = etree.fromstring(data, parser)
    if tree is None:
        raise EmptyArticle("the page has no content", remedy="check that the export of this post is complete")
    stray = ""
    for entry in parser.error_log:
        if entry.type not in _PROBLEMS:
            continue
        message = entry.message.strip()
        if message == _STRAY_END:
            stray = _STRAY_END
        elif not _NO_PROBLEM.match(message):
            return tree, message
    return tree, stray


def find_article(
    tree: Element, source: bytes, profile_name: str, seen: dict[str, str] | None = None
) -> tuple[Profile, Element]:
    """Choose the profile of a parsed page and find the article by it.

    With `auto`, profiles that recognise the page are tried in their order, the generic one last. One that finds no
    article leaves the page to the next: pages of other sites name it as the place where they were published first.
    It does not where it knows how its posts are addressed, and the page is none: that is a list of posts.

    Raises:
        NoArticle: the page has no article by the profile's rules.
        ConfigError: there is no such profile.

    """
    last = ""
    for name in profiles.names() if profile_name == "auto" else (profile_name,):
        place = "" if profile_name != "auto" or name == "generic" else _mark_of(name, tree, source)
        if place is None:
            continue
        profile = profiles.load(name)
        root = _find_root(tree, profile, source, seen)
        if root is not None:
            if seen is not None and (place or last):
                seen["profile"] = place or f"profile {last} recognised the page and found no article in it"
            return profile, root
        last = last or profile.name
        if profile.posts and all(source.find(post.word) < 0 or post.first(tree) is None for post in profile.posts):
            break
    remedy = "export the post itself, not a list of posts, or name the site with --profile"
    raise NoArticle(f"the page has no article by the rules of profile {last!r}", remedy=remedy)


def _mark_of(name: str, tree: Element, source: bytes) -> str | None:
    """Find what tells that a page is of a profile's site; None when nothing does."""
    for mark in profiles.marks(name):
        if source.find(mark.word) >= 0 and mark.first(tree) is not None:
            return mark.place
    return None


def is_prettified(root: Element) -> bool:
    """Tell whether a pretty-printer has put every tag, and the text between two tags, on lines of their own.

    Looks at the first pieces of text outside of `pre`: after a pretty-printer all of them begin and end a line.
    """
    printed = other = 0
    element, begins = root, True
    while begins or element is not root:
        inner = begins and element.tag not in _VERBATIM
        text = element.text if inner else None if begins else element.tail
        if text and not text.isspace():
            if text[0] == "\n" and text[text.rfind("\n") :].isspace():
                printed += 1
            else:
                other += 1
            if printed > _MOST * _ENOUGH or other >= (1 - _MOST) * _ENOUGH:
                break  # the rest of the first pieces cannot change the answer
        if inner and len(element):
            element = element[0]
        elif begins:
            begins = False
        else:
            following = element.getnext()
            begins = following is not None
            onward = following if following is not None else element.getparent()
            if onward is None:
                break
            element = onward
    return printed > _MOST * (printed + other)


def _find_root(tree: Element, profile: Profile, source: bytes, seen: dict[str, str] | None) -> Element | None:
    found: tuple[Lookup, Element] | None = None
    if profile.name != "generic":
        found = next(((place, root) for place in profile.root if (root := place.first(tree)) is not None), None)
    elif _PAGE(source):
        found = most_likely(tree, profile)
    else:
        # A piece of HTML has nothing around its text, and a box in it may be a quotation.
        found = next(((place, root) for place in profile.root[-1:] if (root := place.first(tree)) is not None), None)
    if found is None:
        return None
    if seen is not None:
        seen["root"] = found[0].place
    return found[1]


def settle_head(tree: Element) -> None:
    """Move the scripts that show snippets into the body: a parser leaves what a piece of HTML begins with in a head."""
    head = next(tree.iterchildren("head"), None)
    gists = [] if head is None else [e for e in head.iter("script") if gist_of(e.get("src") or "")]
    if not gists:
        return
    body = tree.find("body")
    if body is None:
        body = etree.SubElement(tree, "body")
    for gist in reversed(gists):
        body.insert(0, gist)
    # The text of the body stands before its first element.
    gists[-1].tail, body.text = body.text, None
