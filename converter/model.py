"""What flows between the stages: named tuples, no behaviour.

    Source -> Page -> Article -> (str) -> Result

Frozen dataclasses would take ten times as long to define, and three times as long to make.

`Source` and `Result` cross process borders and are picklable; `Article` holds an lxml tree and is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lxml.etree import _Element

Engine = Literal["native", "markdownify"]
HardBreak = Literal["backslash", "spaces"]
Kind = Literal["html", "markdown"]
OnLoss = Literal["warn", "fail", "keep-html"]
Target = Literal["commonmark", "jekyll", "hexo", "hugo"]
TemplateGuard = Literal["none", "liquid", "nunjucks", "hugo"]


_NOTHING: Final[Mapping[str, int]] = {}


class Options(NamedTuple):
    r"""How to convert; the same options and bytes always give the same Markdown.

    Attributes:
        profile: `auto`, the name of a profile that comes with the package, or the path of a profile file.
        engine: which emitter writes the Markdown.
        encoding: name of the input's character encoding; None detects it.
        hard_break: how a line break inside a paragraph is written: `\` or two spaces (kramdown without GFM).
        title_heading: repeat the title as a level-1 heading above the body.
        keep: rules for noise that are not applied, sorted.
        verify: render the Markdown and compare what a reader sees with the article.
        on_loss: what to do when it is not the same.
        template_guard: the site generator's template language that must not run what a post only shows.
        target: the site generator that shall read the Markdown; what it reads otherwise is written so that it does not.

    """

    profile: str = "auto"
    engine: Engine = "native"
    encoding: str | None = None
    hard_break: HardBreak = "backslash"
    title_heading: bool = False
    keep: tuple[str, ...] = ()
    verify: bool = True
    on_loss: OnLoss = "warn"
    template_guard: TemplateGuard = "none"
    target: Target = "commonmark"


class Note(NamedTuple):
    """Something the reader of the output should know: a repair, a guess, a thing left out.

    Attributes:
        rule: stable name of what happened, such as `encoding-guessed`; lower case with hyphens.
        text: one line for people, with the value concerned.

    """

    rule: str
    text: str


class Source(NamedTuple):
    """One input, read but not decoded.

    Attributes:
        name: how messages call it: the path as the user gave it, or `-`.
        data: its bytes.
        path: its path inside the batch with `/` between the parts (`2024/post.html`), empty for standard input.
            Gives the fallback title and tells HTML from Markdown by its suffix.
        url: where it was published, as its container (MHTML, WARC) says; empty when it says nothing.
        encoding: its character encoding, as its container says; empty when it says nothing.

    """

    name: str
    data: bytes
    path: str = ""
    url: str = ""
    encoding: str = ""


class Page(NamedTuple):
    """A decoded input.

    Attributes:
        name: as in `Source`.
        path: as in `Source`.
        kind: `html` for a post to convert, `markdown` for one that already is Markdown.
        front_matter: the text between the `---` lines, None when there is no such block.
        body: the text after it; LF line ends.
        encoding: the encoding that the bytes were decoded with.
        notes: what decoding had to guess or drop.
        data: the body as UTF-8, when somebody had to make it anyway.

    """

    name: str
    path: str
    kind: Kind
    front_matter: str | None
    body: str
    encoding: str
    notes: tuple[Note, ...] = ()
    data: bytes = b""


class Metadata(NamedTuple):
    """What a page says about its article outside of the front matter. Empty strings and tuples mean: not said.

    Attributes:
        title: text of the article's own heading (`h1#articleContentId` on CSDN), white space collapsed.
        first_heading: text of the first heading of the body.
        stem: file name without suffix, or empty.
        source_url: where the post was published.
        location: where its container says it was published; used when nothing else says it.
        source_id: the site's number of the post.
        author: name of the author.
        date: when it was published, as the page writes it.
        updated: when it was last changed, as the page writes it.
        description: summary from the page's head.
        keywords: search phrase from the page's head.
        tags: tags, as the page lists them.
        categories: categories, as the page lists them.
        language: BCP 47 tag of the page's `lang` attribute.
        math: whether the body holds formulas.

    """

    title: str = ""
    first_heading: str = ""
    stem: str = ""
    source_url: str = ""
    location: str = ""
    source_id: str = ""
    author: str = ""
    date: str = ""
    updated: str = ""
    description: str = ""
    keywords: str = ""
    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    language: str = ""
    math: bool = False


class FieldPolicy(NamedTuple):
    """What a site's profile says about front matter values.

    Attributes:
        placeholders: tags and categories that mean "none" (`无标签`).
        random_images: substrings of image addresses that return another picture at each request.
        utc_offset: zone of dates that name none, such as `+08:00`.
        picture_marks: how a part of a picture's address begins that only says how to show it.

    """

    placeholders: frozenset[str] = frozenset()
    random_images: tuple[str, ...] = ()
    utc_offset: str = "+00:00"
    picture_marks: tuple[str, ...] = ()


class FrontMatter(NamedTuple):
    """Normalized fields in output order, and what had to be repaired, guessed or left out to get them."""

    fields: Mapping[str, object]
    notes: tuple[Note, ...] = ()


class Article(NamedTuple):
    """The cut-out article.

    Attributes:
        root: the element that holds the body. The cleaner changes this tree in place.
        profile: name of the profile that found it.
        metadata: what the page around it says.
        prettified: whether a pretty-printer put every inline tag on a line of its own, so that white space at
            inline boundaries says nothing.
        notes: what scraping had to guess or repair.
        source: the HTML that the tree was made from as UTF-8, if it is known.
        elements: all elements of the article as it was found. Nobody reads them: as long as their proxies live, lxml
            makes no new ones in each pass, and need not climb the tree when one goes (minutes at a depth of 100,000).
        frame: of the source the part around the article, as it was parsed, where the article was cut out of it.
        tags: the start tags of the source (from `<` to before the next `>`), and the beginnings of a few other tags.

    """

    root: _Element
    profile: str
    metadata: Metadata
    prettified: bool = False
    notes: tuple[Note, ...] = ()
    source: bytes = b""
    elements: tuple[_Element, ...] = ()
    frame: bytes = b""
    tags: Sequence[bytes] = ()


class Removal(NamedTuple):
    """One thing that was taken out of an article, or changed in it.

    Attributes:
        rule: name of the rule; `converter.rules` describes it.
        element: the element as a short selector, such as `div.toc`.
        excerpt: the beginning of its text, or what an attribute was and is; may be empty.

    """

    rule: str
    element: str
    excerpt: str


class Origin(NamedTuple):
    """A field of the front matter, and where its value comes from: `article: h1.title`, `front matter: date`."""

    field: str
    value: object
    origin: str


class Inspection(NamedTuple):
    """What converting one source does, in full.

    Attributes:
        name: as in `Source`.
        kind: `html`, or `markdown` for a post that already was; empty when it could not be read.
        encoding: the character encoding, and how it was found.
        profile: name of the profile; empty for Markdown.
        chosen: why this profile: the selector that recognised the page, or the option.
        root: the selector that found the article.
        outside: characters of text around the article, which are not part of it.
        text: visible characters of the article as it was found, and as it is converted.
        gone: how many of them went by each rule, below 0 where it wrote some; under no name those that nothing accounts
            for, of which there are none.
        fields: the front matter of the output.
        counts: how often something went or changed, by rule, as a conversion counts it; shapes left out.
        removed: what was taken out, in the order it went.
        changed: attributes that have another value now.
        reshaped: how many elements were brought into another form, by rule.
        notes: as in `Result`.
        error: as in `Result`.

    """

    name: str
    kind: str = ""
    encoding: tuple[str, str] = ("", "")
    profile: str = ""
    chosen: str = ""
    root: str = ""
    outside: int = 0
    text: tuple[int, int] = (0, 0)
    gone: Mapping[str, int] = _NOTHING
    fields: tuple[Origin, ...] = ()
    counts: Mapping[str, int] = _NOTHING
    removed: tuple[Removal, ...] = ()
    changed: tuple[Removal, ...] = ()
    reshaped: Mapping[str, int] = _NOTHING
    notes: tuple[Note, ...] = ()
    error: str = ""


class Facts(NamedTuple):
    """What was removed from an article or changed in it: count by the name of the rule (`converter.rules`)."""

    removed: Mapping[str, int] = _NOTHING


class Result(NamedTuple):
    """The outcome for one source: Markdown, or an error.

    Attributes:
        name: as in `Source`.
        markdown: the whole output file, front matter included; empty when there is an error.
        title: the title that was chosen.
        profile: name of the profile used; empty for posts that already were Markdown.
        notes: everything worth telling, in the order it happened.
        facts: what was removed.
        error: one line that names the input and the remedy; empty when all went well.
        article: site and number, or address, of the article: the same for two exports of it. Empty when not known.
        differences: at how many places the rendering of the Markdown says something else than the article; -1 when
            nobody looked.

    """

    name: str
    markdown: str = ""
    title: str = ""
    profile: str = ""
    notes: tuple[Note, ...] = ()
    facts: Facts = Facts()
    error: str = ""
    article: str = ""
    differences: int = -1
