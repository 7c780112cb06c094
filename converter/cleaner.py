"""Take out of an article what is no content, and bring what is left into canonical shapes.

Each pass is a function `(root, profile) -> number of changes` that works on the tree in place. Their order matters:
listings and formulas first, since later passes must not look into them; empty elements last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from converter.clean_boxes import fold_highlighter_boxes
from converter.clean_code import (
    LISTINGS,
    drop_code_tool_bars,
    drop_drawn_listings,
    normalize_code_blocks,
)
from converter.clean_code_lines import fold_broken_code, join_lines_of_code, push_code_into_blocks
from converter.clean_controls import CONTROLS, unwrap_buttons
from converter.clean_empty import drop_empty_elements
from converter.clean_gutters import (
    drop_item_numbers,
    drop_number_gutters,
    drop_number_lists,
    drop_numbers_of_lines,
    list_numbered_lines,
)
from converter.clean_headings import part_long_headings, unwrap_bold_in_headings
from converter.clean_hidden import drop_hidden_elements, drop_hidden_tokens
from converter.clean_images import ASKED, CAPTION, drop_captions, tidy_images
from converter.clean_labels import (
    COPY,
    FAVOURITE,
    drop_copy_buttons,
    drop_copy_labels,
    drop_lines_of_bars,
    drop_page_frame,
    drop_top_links,
    drop_written_buttons,
)
from converter.clean_layout import drop_hollow_columns, name_captions, unwrap_layout_tables
from converter.clean_links import simplify_link_cards, tidy_links
from converter.clean_listings import (
    TOKENS,
    fold_boxes_of_code_lines,
    fold_copy_boxes,
    fold_tables_of_code,
    join_listings_of_a_line,
    join_tokens_of_code,
    mark_unboxed_listings,
    turn_prose_listings_into_paragraphs,
    unwrap_code_around_listings,
)
from converter.clean_lists import join_lists_in_hollow_items
from converter.clean_math import recover_formula_images, recover_formulas
from converter.clean_media import (
    EMBEDS,
    link_embeds,
    link_gists,
    list_labels_of_drawings,
    list_sources_of_drawings,
)
from converter.clean_noise import INVISIBLE, MARKED, drop_invisible_elements, drop_noise
from converter.clean_notes import link_footnotes
from converter.clean_structure import (
    PRIVATE,
    merge_adjacent_rules,
    move_stray_content_out_of_tables,
    part_jumping_lists,
    unname_private_elements,
    wrap_stray_items,
)
from converter.clean_styles import (
    SAME_TAGS,
    break_around_blocks,
    break_at_line_ends,
    flatten_emphasis,
    name_raised_phrases,
    write_drawn_marks,
    write_symbols,
)
from converter.clean_title import drop_repeated_title
from converter.clean_toc import drop_copied_contents, drop_labels_of_hidden_contents, drop_toc_blocks
from converter.clean_toc_links import drop_absolute_contents, drop_page_contents
from converter.clean_toc_marks import drop_toc_marks
from converter.clean_written import embolden_written_bold
from converter.model import Article, Facts
from converter.profiles import Profile
from converter.rules import RULE_OF
from converter.tree import HEADINGS, Element, classes_of, drop_all, is_blank, neutralize, text_of
from converter.urls import runs_script
from converter.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from converter.trace import Trace

Pass = Callable[[Element, Profile], int | Mapping[str, int]]
"""Tells how many changes it made, by rule when it follows several."""

_EMPHASIS: Final = frozenset({"strong", "b", "em", "i"})
_PICTURE_WRAPPERS: Final = _EMPHASIS | frozenset(HEADINGS) | {"span", "font", "a", "u"}
_NOTHING: Final[Mapping[str, int]] = {}
_MADE: Final = frozenset("a br caption code div img li p pre span strong sub sup ul x-note x-ref x-tex".split())
"""Names of the elements that passes put in the place of others."""
_IN_PAGE: Final = (b'"#', b"'#", b"=#", b"= #")  # how addresses in the page begin, whatever their quotes
_NO_ELEMENTS: Final = frozenset[str]()


def clean(article: Article, profile: Profile, trace: Trace | None = None) -> Facts:
    """Run all passes over the article's tree, in place; those whose rule the profile keeps are left out.

    Args:
        article: the article, as it was found.
        profile: its profile.
        trace: is told what each pass did; None when nobody asks.

    Returns:
        How many elements were removed or changed, by rule; rules that found nothing are left out.

    """
    removed: dict[str, int] = {}
    names = {element.tag for element in article.elements or article.root.iter()}
    words = vocabulary(article.source, article.frame, article.tags) if article.source else None
    for step in PASSES:
        one = step.run
        if (step.tags and names.isdisjoint(step.tags)) or (words and not _may_find(step, words, article, profile)):
            continue
        if step.as_written and article.prettified:
            continue
        if profile.keep and RULE_OF.get(one.__name__) in profile.keep:
            continue
        if trace is not None:
            trace.begin(article.root)
        count = one(article.root, profile)
        own = RULE_OF.get(one.__name__, "")
        counts = count if not isinstance(count, int) else {own: count} if count else _NOTHING
        if trace is not None:
            from converter.clean_names import Names  # here: only `inspect` asks

            trace.end(own, counts.get(own, 0), Names(own or one.__name__, profile))
        for rule, number in counts.items():
            if number:
                removed[rule] = removed.get(rule, 0) + number
        if counts and own:
            names |= step.makes if one is not apply_element_rules else {e.tag for e in article.root.iter()}
    return Facts(removed=removed)


def _may_find(step: Step, words: Vocabulary, article: Article, profile: Profile) -> bool:
    """Whether a pass can find anything in an article with these words."""
    if step.run is drop_noise:
        rules = profile.drop
        return words.tokens is None or not words.tokens.isdisjoint(rules.classes) or _holds_any(words.tags, rules.words)
    if step.phrase and not _holds(article.source, step.phrase):
        return False
    if step.source is not None:
        return step.source.search(article.source) is not None
    if step.hides:
        return words.hides()
    if not step.words and not step.classes and not step.styles:
        return True
    if _holds_any(words.classes, step.classes) or _holds_any(words.styles, step.styles):
        return True
    return _holds_any(words.tags, step.words)


def _holds(source: bytes, phrase: bytes) -> bool:
    # Looking for one byte takes a twentieth of the time, and seven posts of ten hold no `*` at all.
    start = source.find(phrase[:1])
    return start >= 0 and source.find(phrase, start) >= 0


def _holds_any(text: bytes, words: tuple[bytes, ...]) -> bool:
    # A loop: a generator for each pass and post takes longer than what it asks. And `in` asks bytes whether they are a
    # number first, which costs as much as a search of 1,000 bytes.
    for word in words:  # noqa: SIM110
        if text.find(word) >= 0:
            return True
    return False


def settle(article: Article, profile: Profile) -> None:
    """Do what even an article without noise needs, in place: formulas and footnotes in one shape, nothing that runs."""
    root = article.root
    for one in (
        unname_private_elements,
        recover_formulas,
        link_footnotes,
        drop_invisible_elements,
        part_jumping_lists,
    ):
        one(root, profile)
    push_code_into_blocks(root)
    for link in [link for link in root.iter("a") if runs_script((link.get("href") or "").strip())]:
        neutralize(link)
    drop_all([image for image in root.iter("img") if runs_script((image.get("src") or "").strip(), picture=True)])


def drop_title(article: Article, title: str, facts: Facts, trace: Trace | None = None) -> Facts:
    """Drop the title where the cleaned article begins with it, in place; the front matter says it.

    Returns:
        The facts of `clean` with what went.

    """
    if trace is not None:
        trace.begin(article.root)
    count = drop_repeated_title(article.root, title)
    if trace is not None:
        trace.end("repeated-title", count)
    return facts._replace(removed={**facts.removed, "repeated-title": count}) if count else facts


def apply_element_rules(root: Element, profile: Profile) -> int:
    """Turn the site's own elements into the standard ones that the profile says they are."""
    if profile.elements is None:
        return 0
    count = 0
    for element in MARKED(root):
        tag = profile.elements.rule_of(element, element.get("id"), classes_of(element))
        if tag == "unwrap":
            neutralize(element)
        elif tag:
            element.tag = tag
        count += tag is not None
    return count


def unwrap_picture_wrappers(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """A heading that holds only images is a paragraph; emphasis around images or breaks alone is none."""
    count = 0
    seen: set[Element] = set()
    for leaf in list(root.iter("img", "br")):
        child, parent = leaf, leaf.getparent()
        while parent is not None and parent.tag in _PICTURE_WRAPPERS and parent not in seen:
            seen.add(parent)
            if not _holds_no_text_but(parent, child):
                break
            above = parent.getparent()
            if parent.tag in HEADINGS:
                parent.tag = "p"
                count += 1
            elif parent.tag in _EMPHASIS:
                neutralize(parent)
                count += 1
            child = parent
            parent = above
    return count


def _holds_no_text_but(parent: Element, child: Element) -> bool:
    """Whether all of an element but one child, which was looked at before, is without text."""
    if not is_blank(parent.text):
        return False
    return all(
        is_blank(other.tail) and (other is child or (other.tag != "x-tex" and is_blank(text_of(other))))
        for other in parent
    )


def drop_bars_of_boxes(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Drop the bar in the box around a listing; see `clean_bars`, which few posts need."""
    from converter.clean_bars import drop_bars

    return drop_bars(root)


def nest_lists_of_one_item(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Make one list of lists of one item each; see `clean_list_pieces`, which few posts need."""
    from converter.clean_list_pieces import nest_pieces

    return nest_pieces(root)


class Step(NamedTuple):
    """A pass, and when it is worth running.

    Attributes:
        run: the pass.
        tags: names of elements; without one of them it finds nothing. None given: it does not depend on names.
        words: what stands in start tags, in small letters; without one of them, or of the classes, it finds nothing.
        classes: parts of classes, which are searched in a far shorter text.
        styles: parts of styles, in small letters; likewise.
        hides: it is about what a style or an attribute hides; without such a one it finds nothing.
        phrase: without it in the source it finds nothing.
        source: without a match of it in the source it finds nothing.
        as_written: it is about line ends of the source, which say nothing once a pretty-printer has been there.
        makes: names of the elements that it puts in the place of others, where that is known better than for all.

    """

    run: Pass
    tags: tuple[str, ...] = ()
    words: tuple[bytes, ...] = ()
    classes: tuple[bytes, ...] = ()
    styles: tuple[bytes, ...] = ()
    hides: bool = False
    phrase: bytes = b""
    source: re.Pattern[bytes] | None = None
    as_written: bool = False
    makes: frozenset[str] = _MADE


PASSES: Final = (
    Step(unname_private_elements, PRIVATE),
    Step(apply_element_rules),
    Step(
        recover_formulas,
        words=(b"math", b"<mjx", b"data-tex", b"data-latex", b"data-formula", b"data-value"),
        classes=(b"katex", b"MathJax", b"mjx-"),  # those with `math` in their names are among the words
    ),
    Step(
        recover_formula_images,
        ("img",),
        (b"\\", b"{", b"latex", b"codecogs", b"equation?tex", b"cht=tx", b"/math"),
        (b"mathcode",),
    ),
    Step(list_sources_of_drawings, classes=(b"mermaid",)),
    Step(drop_code_tool_bars, classes=(b"tools", b"cnblogs_code", b"code_img_")),
    Step(drop_hidden_tokens, ("pre", "ol", "code", "tt", "div", "table"), hides=True),
    Step(mark_unboxed_listings, ("ol", "pre"), (b"viewsource", b"copytoclipboard"), (b"star",)),
    Step(drop_drawn_listings, ("pre",), classes=(b"dp-highlighter",)),
    Step(turn_prose_listings_into_paragraphs, ("pre",), classes=(b"best-text", b"answer-text", b"reply-text")),
    Step(
        fold_highlighter_boxes,
        words=(b"code_",),
        classes=(b"syntaxhighlighter", b"CodeMirror", b"blob-code", b"blockcode", b"crayon-syntax"),
    ),
    Step(unwrap_code_around_listings, ("pre",), words=(b"<code",)),
    Step(drop_number_gutters, ("td",), makes=_MADE | {"x-lines"}),
    Step(list_numbered_lines, ("x-lines",)),
    Step(drop_number_lists, ("pre",)),
    Step(fold_tables_of_code, ("table",)),
    Step(fold_copy_boxes, ("table", "div"), classes=(b"copyclass", b"codebody")),
    Step(
        fold_boxes_of_code_lines,
        ("div",),
        classes=(b"ql-code-block", b"fragment"),
        styles=(b"white-space:pre", b"white-space: pre", b"en-codeblock"),
    ),
    Step(drop_numbers_of_lines, ("pre",), classes=(b"cnblogs_code",)),
    Step(join_lines_of_code, ("code", "tt")),
    Step(join_tokens_of_code, ("code",), classes=tuple(f" {kind}".encode() for kind in TOKENS)),
    Step(join_listings_of_a_line, ("pre",)),
    Step(normalize_code_blocks, ("ol", *LISTINGS), makes=frozenset({"pre", "code", "p", "img", "span"})),
    Step(drop_bars_of_boxes, ("pre",), (b"button", b"copy", b"code-block", b"toolbar")),
    Step(drop_copy_labels, phrase=COPY.encode()),
    Step(drop_copy_labels, ("pre",), phrase=b"Copy code"),
    Step(drop_lines_of_bars, phrase=FAVOURITE.encode()),
    Step(list_labels_of_drawings, ("svg",), (b"foreign", b"<text", b"<tspan")),
    Step(link_gists, ("script",), (b"gist.github",)),
    Step(drop_invisible_elements, INVISIBLE, makes=_NO_ELEMENTS),
    Step(drop_labels_of_hidden_contents, hides=True),
    Step(drop_hidden_elements, hides=True, makes=_NO_ELEMENTS),
    Step(link_footnotes, ("a", "sup"), (b"note", b"<sup")),
    Step(drop_toc_blocks, words=(b"-toc",), makes=_NO_ELEMENTS),
    Step(drop_noise),
    Step(drop_item_numbers, ("ol",)),
    Step(drop_page_frame, ("nav", "header", "footer")),
    Step(drop_copied_contents, ("a",), phrase=b"(?)"),
    Step(drop_top_links, ("a",), (*_IN_PAGE, b"#top", b"#main")),
    Step(drop_page_contents, ("a",), _IN_PAGE, makes=_NO_ELEMENTS),
    Step(drop_absolute_contents, ("a",), (b"#",)),
    Step(link_embeds, EMBEDS),
    Step(
        simplify_link_cards, ("a",), classes=(b"has-card", b"LinkCard", b"bookmark-title", b"video-box", b"file-card")
    ),
    Step(drop_copy_buttons, ("button",)),
    Step(unwrap_buttons, CONTROLS),
    Step(drop_written_buttons, ("img",), phrase=b"javascript:void(0)"),
    Step(drop_captions, ("img",), (b"<figcaption",), (b"image-caption",)),
    Step(drop_captions, ("img",), phrase=CAPTION.encode()),
    Step(drop_captions, ("img",), phrase=ASKED.encode()),
    Step(tidy_images, ("img",)),
    Step(tidy_links, ("a",)),
    # Punctuation at the inner side, as far as bytes tell it; not the stars of comments and of `**kwargs` in listings.
    Step(
        embolden_written_bold,
        phrase=b"**",
        source=re.compile(rb"""[*](?:(?<=[\x80-\xbf!?.,:;%"')\]]\*)\*(?![*/])|(?<![*/]\*)\*(?=[\xe2\xe3\xef("\[]))"""),
    ),
    Step(unwrap_bold_in_headings, HEADINGS, makes=frozenset({"span"})),
    Step(write_drawn_marks, ("q", "rt")),
    Step(write_symbols, words=(b"wingdings",)),
    Step(name_raised_phrases, styles=(b"align:su", b"align: su")),
    Step(break_around_blocks, styles=(b"display:block", b"display: block")),
    Step(
        break_at_line_ends,
        styles=(b"space:pre", b"space: pre", b"space:break-", b"space: break-", b"collapse:pre", b"collapse: pre"),
        as_written=True,
    ),
    Step(flatten_emphasis, SAME_TAGS, makes=frozenset({"span"})),
    Step(unwrap_picture_wrappers, ("img", "br"), makes=frozenset({"p", "span"})),
    Step(part_long_headings, ("img", "br")),
    Step(move_stray_content_out_of_tables, ("table",)),
    Step(unwrap_layout_tables, ("table",)),
    Step(drop_hollow_columns, ("table",), (b"colspan",)),
    Step(name_captions, ("table",), (b"colspan",)),
    Step(fold_broken_code, ("code", "tt", "samp")),
    Step(part_jumping_lists, ("ol",), (b"value", b"reversed")),
    Step(drop_empty_elements, makes=_NO_ELEMENTS),
    Step(merge_adjacent_rules, ("hr",)),
    Step(nest_lists_of_one_item, ("li",), classes=(b"ed-list",), styles=(b"list-style-type",)),
    Step(wrap_stray_items, ("li",)),
    Step(join_lists_in_hollow_items, ("ul", "ol", "menu", "dir")),
    Step(drop_toc_marks, phrase=b"[", source=re.compile(rb"\[(?:[\s_]|<[^<>]*>)*[tT][oO][cC]")),
)
