"""The names of everything that is taken out or changed, and a sentence on each: the one list that people are shown.

Names never change: `--keep`, reports and other people's scripts use them. docs/rules.md is made of the same words.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Kind = Literal["noise", "gone", "form"]


class Rule(NamedTuple):
    """What a rule does.

    Attributes:
        kind: `noise` takes out what a reader of the page could see, unless `--keep` names it; `gone` takes out what no
            reader can see or what Markdown cannot hold; `form` brings something into another shape.
        about: one sentence.

    """

    kind: Kind
    about: str


RULES: Final[dict[str, Rule]] = {
    # Noise by the selectors of a profile; a user's own profile may add names of its own.
    "advertisement": Rule("noise", "Banners of other sites that were copied with a post, known by their class."),
    "code-gutter": Rule(
        "noise",
        "Line numbers beside or inside of listings. "
        "One of that name that holds words or pictures, or stands in a phrase, is none, and stays.",
    ),
    "comments": Rule("noise", "What readers wrote below a post, and the form for more, known by name."),
    "copy-button": Rule("noise", "Buttons and labels of a page's tools: copy, view source, fold, run."),
    "drawn-listing": Rule("noise", "Listings that a highlighter drew right before the ones it drew them from."),
    "edit-link": Rule("noise", "Links in headings of an encyclopedia that edit the section below."),
    "hidden-id": Rule("noise", "The hidden element with the post's hexadecimal address; it becomes `source_url`."),
    "hover-menu": Rule("noise", "Menus that a forum shows over its pictures, and the names and sizes of their files."),
    "item-bullet": Rule(
        "noise", "Bullets of Word's fonts and drawn numbers that begin items of lists, which have their own."
    ),
    "math-preview": Rule("noise", "What MathJax shows before a formula is drawn."),
    "page-footer": Rule(
        "noise", "What sites write around a post, copied with it: account, date, counters, links, copyright."
    ),
    "permalink": Rule("noise", "Marks in a heading (`¶`, `#`) that link to the heading itself."),
    "related-posts": Rule("noise", "Lists of, and links to, other posts of the site around a post."),
    "share-bar": Rule("noise", "Rows of buttons that share a post."),
    "toc": Rule("noise", "Generated tables of contents: their links lead to anchors that Markdown has no more."),
    # Noise by a pass of its own.
    "button-image": Rule("noise", "Icons of code tool bars, known by their alternative text."),
    "code-tool-bar": Rule("noise", "Bars over listings (`view plain copy`), icons and labels that fold a listing."),
    "hidden": Rule(
        "noise",
        "What CSS or the `hidden` attribute hides, in listings too; "
        "what a script shows, such as an article of WeChat, stays.",
    ),
    "keyword-link": Rule("noise", "Links that a site puts on words by itself: to a search for them, to its own pages."),
    "link-card": Rule("noise", "Icon, description and address in a link that is drawn as a card; its title stays."),
    "page-link": Rule("noise", "Links into the page, but for those to a heading: they get the name renderers give it."),
    "picture-link": Rule("noise", "Links around a picture that lead to that picture."),
    "picture-parameter": Rule("noise", "What the address of a picture says of watermark, size and place on the page."),
    "placeholder-alt": Rule(
        "noise", "Alternative texts and captions that say nothing: words of editors, names of files, addresses."
    ),
    "placeholder": Rule("noise", "Tags and categories that mean none (`无标签`)."),
    "random-image": Rule("noise", "Pictures, covers too, of services that answer with another picture each time."),
    "redirector": Rule("noise", "Pages that count a click and send it on; the link leads where they would."),
    "repeated-title": Rule("noise", "A first block that says the title once more; the front matter has it."),
    "spacer-image": Rule("noise", "Pictures of a few bytes that stand in their own address."),
    "top-link": Rule(
        "noise", "Links back to the top of the page, or to its contents, on lines of their own and behind headings."
    ),
    "tracking-image": Rule("noise", "Pictures that count visitors, by their address or a size of one pixel."),
    "tracking-parameter": Rule("noise", "What addresses carry along to tell who came from where: `spm`, `utm_source`."),
    "written-bold": Rule(
        "noise", "Asterisks of bold that the site could not read for the punctuation inside; the words become bold."
    ),
    # What nobody can see, or Markdown cannot say.
    "empty": Rule("gone", "Elements without text and pictures; cells of tables stay."),
    "form-control": Rule(
        "gone", "Input fields; the text of buttons and labels stays, check boxes become tasks or ☐ and ☑."
    ),
    "image-without-address": Rule("gone", "Pictures without an address, or with one that is a script or a blank."),
    "invisible": Rule("gone", "Scripts, styles, vector icons, menus of forms."),
    "repeated-line": Rule("gone", "A rule directly after a rule, or alone in the cell of a table."),
    # Other shapes; the text stays.
    "address-scheme": Rule("form", "Addresses that begin with `//` get `https:`, addresses of mail get `mailto:`."),
    "caption-row": Rule(
        "form", "A first row of one short cell over all columns, bold or centred, becomes the caption of its table."
    ),
    "code-lines": Rule(
        "form",
        "Lines of code outside of `pre` become one listing: paragraphs and tables of `code`, a `div` a line, breaks; "
        "code around blocks goes into them.",
    ),
    "dead-link": Rule("form", "Links without a target, or with a script for one, become their text."),
    "drawn-mark": Rule("form", "Marks that a browser draws, around `q` and beside `ruby`, are written."),
    "symbol": Rule("form", "Letters that Wingdings shows as symbols become those symbols."),
    "drawing": Rule(
        "form", "A drawing becomes its source, as a listing for Mermaid; where that is lost, the list of its labels."
    ),
    "embed": Rule("form", "Players and pages in the page become links."),
    "footnote": Rule("form", "References and the notes that they lead to become footnotes; links back go."),
    "formula": Rule("form", "Rendered formulas become their TeX."),
    "formula-image": Rule("form", "Pictures of formulas become their TeX."),
    "heading-bold": Rule("form", "Bold in headings is unwrapped: they are bold already."),
    "highlighter-box": Rule("form", "Boxes of highlighters with an element for each line become listings."),
    "hollow-item": Rule(
        "form", "Lists alone in an item belong to the item before; where there is none, they move up a level."
    ),
    "hollow-column": Rule("form", "Spans of a table become narrower by the columns in which no cell begins."),
    "layout-table": Rule("form", "A table that only lays a page out becomes the blocks in it."),
    "lazy-image": Rule("form", "The address that a script was to load becomes the picture's."),
    "listing": Rule("form", "Listings of every shape become plain ones; line numbers and buttons in them go."),
    "long-heading": Rule(
        "form", "A heading ends after its first line where paragraphs follow in it; screenshots stand beside it."
    ),
    "nested-emphasis": Rule("form", "Emphasis in the same emphasis is unwrapped."),
    "picture-wrapper": Rule("form", "Headings and emphasis around pictures alone are unwrapped."),
    "prose-listing": Rule("form", "Prose that a site keeps in `pre` becomes paragraphs."),
    "private-element": Rule("form", "Elements that are called like archive2md's own inner ones become plain text."),
    "repeated-title-attribute": Rule("form", "Titles of links and pictures that repeat what is there anyway."),
    "site-element": Rule("form", "A site's own elements are read as the standard ones that its profile names."),
    "item-number": Rule("form", "A list begins anew where its numbers jump, and with each item where they count down."),
    "stray-item": Rule("form", "List items that stand in no list get one."),
    "single-items": Rule("form", "Lists of one item each become one list, nested as their margins say."),
    "raised": Rule("form", "What a style raises or lowers becomes `sup` or `sub`."),
    "shown-line-end": Rule("form", "Line ends that a style shows (`white-space:pre-wrap`) become breaks."),
    "styled-block": Rule("form", "A phrase that a style shows as a block of its own stands on a line of its own."),
    "table-stray": Rule("form", "What stands between the cells of a table moves before it."),
}

RULE_OF: Final[dict[str, str]] = {
    "unname_private_elements": "private-element",
    "apply_element_rules": "site-element",
    "recover_formulas": "formula",
    "recover_formula_images": "formula-image",
    "drop_code_tool_bars": "code-tool-bar",
    "drop_drawn_listings": "drawn-listing",
    "turn_prose_listings_into_paragraphs": "prose-listing",
    "fold_highlighter_boxes": "highlighter-box",
    "drop_number_gutters": "code-gutter",
    "drop_number_lists": "code-gutter",
    "drop_numbers_of_lines": "code-gutter",
    "drop_item_numbers": "item-bullet",
    "join_lines_of_code": "code-lines",
    "list_numbered_lines": "code-lines",
    "fold_broken_code": "code-lines",
    "fold_tables_of_code": "code-lines",
    "join_tokens_of_code": "code-lines",
    "mark_unboxed_listings": "code-tool-bar",
    "drop_bars_of_boxes": "code-tool-bar",
    "fold_boxes_of_code_lines": "code-lines",
    "fold_copy_boxes": "code-lines",
    "join_listings_of_a_line": "listing",
    "unwrap_code_around_listings": "code-lines",
    "normalize_code_blocks": "listing",
    "list_labels_of_drawings": "drawing",
    "list_sources_of_drawings": "drawing",
    "drop_invisible_elements": "invisible",
    "drop_hidden_elements": "hidden",
    "drop_hidden_tokens": "hidden",
    "link_footnotes": "footnote",
    "drop_toc_blocks": "toc",
    "drop_toc_marks": "toc",
    "drop_absolute_contents": "toc",
    "drop_labels_of_hidden_contents": "toc",
    "drop_copied_contents": "toc",
    "drop_page_contents": "toc",
    "link_embeds": "embed",
    "link_gists": "embed",
    "write_drawn_marks": "drawn-mark",
    "write_symbols": "symbol",
    "simplify_link_cards": "link-card",
    "drop_copy_buttons": "copy-button",
    "drop_copy_labels": "copy-button",
    "drop_lines_of_bars": "copy-button",
    "drop_captions": "placeholder-alt",
    "drop_written_buttons": "copy-button",
    "drop_page_frame": "page-footer",
    "drop_top_links": "top-link",
    "unwrap_buttons": "form-control",
    "unwrap_bold_in_headings": "heading-bold",
    "flatten_emphasis": "nested-emphasis",
    "nest_lists_of_one_item": "single-items",
    "name_raised_phrases": "raised",
    "break_around_blocks": "styled-block",
    "break_at_line_ends": "shown-line-end",
    "unwrap_picture_wrappers": "picture-wrapper",
    "move_stray_content_out_of_tables": "table-stray",
    "unwrap_layout_tables": "layout-table",
    "name_captions": "caption-row",
    "drop_hollow_columns": "hollow-column",
    "part_long_headings": "long-heading",
    "drop_empty_elements": "empty",
    "join_lists_in_hollow_items": "hollow-item",
    "merge_adjacent_rules": "repeated-line",
    "wrap_stray_items": "stray-item",
    "part_jumping_lists": "item-number",
    "embolden_written_bold": "written-bold",
}
"""Cleaning pass -> its rule. Passes that follow several rules (`drop_noise`) count by rule themselves."""

OPTIONAL: Final = frozenset(name for name, rule in RULES.items() if rule.kind == "noise")
"""What `--keep` takes; a profile's own rules come on top."""


def kind_of(name: str) -> Kind:
    """Tell the kind of a rule; one that only a user's profile knows is noise."""
    return RULES[name].kind if name in RULES else "noise"


def about(name: str) -> str:
    """Describe a rule in one sentence."""
    return RULES[name].about if name in RULES else "A rule of the profile."
