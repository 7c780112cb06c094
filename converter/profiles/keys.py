"""The keys of a profile, and a sentence on each."""

from __future__ import annotations

from typing import Final

TEXTS: Final = {
    "name": "what `--profile` and reports call it",
    "about": "one sentence for people",
    "extends": "the profile whose rules it adds to",
    "base_url": "what addresses of posts that begin with / are relative to, such as https://example.com",
    "utc_offset": "zone of dates that name none, such as '+08:00'",
    "boilerplate": "regular expression: what the site puts before the description of each page",
}
LISTS: Final = {
    "detect": "selectors: a page with any of them belongs to the site",
    "posts": "selectors: without `root` and without any of them, a page of the site is a list of posts",
    "root": "selectors of the article's body, best first",
    "placeholders": "tags and categories that mean none",
}
TABLES: Final = {
    "metadata": "field -> selectors, best first; `@name` at the end reads an attribute instead of the text",
    "drop": "rule -> selectors of elements that are no content",
    "images": "which pictures say nothing, and what their addresses and alternative texts say without need",
    "links": "which links are none, and what addresses carry along without need",
    "elements": "standard element, or unwrap -> selectors of the site's own elements that mean it",
}
FIELDS: Final = frozenset(
    {"title", "source_url", "date", "updated", "author", "description", "keywords", "tags", "categories", "language"}
)
"""Metadata that a profile can look for; the names are those of `model.Metadata`."""

IMAGES: Final = frozenset("lazy tracking random icons nowhere tool_alts marks origins alts alt_patterns".split())
"""What a profile says about pictures; `profiles.addresses.Pictures` says what each row means."""

LINKS: Final = frozenset({"parameters", "redirectors", "keywords", "lexicons", "searches"})
"""What a profile says about links; see `profiles.addresses.Links`."""

RULED_TAGS: Final = frozenset(
    "unwrap p h1 h2 h3 h4 h5 h6 blockquote pre code ul ol li strong em del sup sub kbd a br hr div span".split()
)
"""What a site's own elements can be read as: the standard element that means the same, or `unwrap`."""

MAX_DEPTH: Final = 5
"""How deep a profile may nest, and how many profiles may extend each other."""
