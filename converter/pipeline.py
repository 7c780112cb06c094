"""The whole flow for one source, and the one place where errors become results."""

from __future__ import annotations

import gc
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple, get_args

from lxml import etree

from converter import cleaner, decode, emitter, frontmatter, profiles, reader, scraper, templates
from converter.errors import ConfigError, ConverterError, EmptyArticle, no_memory, unexpected
from converter.model import (
    Article,
    Facts,
    FrontMatter,
    HardBreak,
    Metadata,
    Note,
    OnLoss,
    Options,
    Page,
    Result,
    Source,
    Target,
    TemplateGuard,
)
from converter.rules import OPTIONAL, kind_of
from converter.tree import HEADINGS, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from converter.model import Kind
    from converter.profiles import Profile
    from converter.trace import Account

ENGINES = ("native", "markdownify")
_CHOICES: Final = {
    "hard_break": get_args(HardBreak),
    "on_loss": get_args(OnLoss),
    "template_guard": get_args(TemplateGuard),
    "target": get_args(Target),
}


def check(options: Options) -> None:
    """Find out before a run starts whether its options make sense.

    Raises:
        ConfigError: the profile, the engine, a rule to keep or another choice is unknown, or the profile is not valid.

    """
    for name, choices in _CHOICES.items():
        if (value := getattr(options, name)) not in choices:
            raise ConfigError(f"there is no {name} {value!r}", remedy=f"use one of {', '.join(choices)}")
    if options.profile != "auto":
        profiles.load(options.profile)
    if options.keep:
        used = profiles.names() if options.profile == "auto" else (options.profile,)
        known = OPTIONAL.union(*(profiles.load(name).drop.rules() for name in used))
        if unknown := sorted(set(options.keep) - known):
            remedy = f"rules that can be kept are {', '.join(sorted(known))}"
            raise ConfigError(f"there is no rule {unknown[0]!r} to keep", remedy=remedy)
    if options.target != "commonmark" and options.engine != "native":
        raise ConfigError(
            f"the engine {options.engine!r} writes CommonMark only",
            remedy=f"leave out --engine, or --target {options.target}",
        )
    if options.engine not in ENGINES:
        raise ConfigError(f"there is no engine {options.engine!r}", remedy=f"use one of {', '.join(ENGINES)}")


def convert(source: Source, options: Options) -> Result:
    """Convert one source; never raises, an error becomes the `error` of the result.

    The same bytes, path and options give the same Markdown, whatever was converted before. Python's collector of cycles
    waits meanwhile: it would look at all nodes again and again while they become more, which made a fifth of the time
    for large posts and grew faster than them. What it finds then, it finds afterwards.
    """
    # Of several threads each turns on again only what it has turned off; so the last to end leaves it on.
    collects = gc.isenabled()
    if collects:
        gc.disable()
    try:
        page = decode.decode(source, options.encoding)
        return from_page(page, options, source.url)
    except ConverterError as e:
        return Result(name=source.name, error=str(e.about(source.name)))
    except Exception as e:  # noqa: BLE001 (law 6: whatever one post does to us, the batch goes on and says which post)
        return Result(name=source.name, error=str(_unexpected(e, source.name)))
    finally:
        if collects:
            gc.enable()


def _unexpected(error: Exception, name: str) -> ConverterError:
    """Make the error for an exception that none of ours stands for."""
    code = getattr(error, "code", 0) if isinstance(error, etree.XMLSyntaxError) else 0
    if isinstance(error, MemoryError) or code == etree.ErrorTypes.ERR_NO_MEMORY:  # lxml calls it an unknown error
        return no_memory(name)
    return unexpected(error, name)


def from_page(page: Page, options: Options, url: str, account: Account | None = None) -> Result:
    """Convert one decoded input.

    Args:
        page: the input.
        options: how to convert.
        url: where its container says that it was published.
        account: is told how the result came about; None when nobody asks.

    Raises:
        ConverterError: it cannot be converted.

    """
    if options.target == "commonmark":
        return _from_kind(page, options, url, account)
    from converter import dialects

    result = _from_kind(page, dialects.options_for(options), url, account)
    return result._replace(notes=(*result.notes, *dialects.notes_for(page.path, result.markdown, options.target)))


def placed(result: Result, options: Options, path: str) -> Result:
    """Let the notes tell of the file that a result is written to, where that has another name than its source."""
    if result.error:
        return result
    from converter import dialects

    notes = [note for note in result.notes if note.rule != "undated-file"]
    return result._replace(notes=(*notes, *dialects.notes_for(path, result.markdown, options.target)))


def _from_kind(page: Page, options: Options, url: str, account: Account | None) -> Result:
    if page.kind == "markdown":
        return _from_markdown(page, options, account)
    return _from_html(page, options, url, account)


def convert_fragment(html: str, *, clean: bool = True) -> str:
    """Convert a piece of HTML without a page around it; see `converter.to_markdown`."""
    if not html.strip():
        return ""
    try:
        article = _fragment(html)
    except EmptyArticle:
        return ""
    if not clean:
        cleaner.settle(article, profiles.load("generic"))
        return emitter.emit(reader.read(article.root, prettified=article.prettified, exact=True))
    cleaner.clean(article, profiles.load("generic"))
    return _emit(article, Options())


def _fragment(html: str) -> Article:
    source = decode.hygiene(html)
    tree, notes = scraper.parse(source)
    scraper.settle_head(tree)
    body = tree.find("body")
    root = tree if body is None else body
    data = source.encode("utf-8", "replace")
    return Article(root, "generic", Metadata(), scraper.is_prettified(root), notes, data, tuple(root.iter()))


def _from_markdown(page: Page, options: Options, account: Account | None) -> Result:
    """Normalize the front matter of a post that already is Markdown; its body stays as it is."""
    raw, notes = frontmatter.parse(page.front_matter) if page.front_matter is not None else ({}, ())
    pieces = decode.pieces(page.body)
    titled = str(raw.get("title") or "").strip()
    heading, level = (
        ("", "") if titled else _first_heading("".join(text for kind, text in pieces if kind == "markdown"))
    )
    stem = page.path.rpartition("/")[2].rpartition(".")[0]
    policy = _profile_of_markdown(options).policy
    # What a box says is about the post when nothing else is.
    alone = page.front_matter is None and level != "h1"
    metadata = (_metadata_of_box(page, pieces) if alone else Metadata())._replace(first_heading=heading, stem=stem)
    front = frontmatter.normalize(raw, metadata, policy)
    if account is not None:
        account.fields(raw, metadata, policy, front)
    body, read, differences, facts = _with_boxes_converted(page, pieces, options, account)
    body = body if page.front_matter is not None or body.startswith("\n") else "\n" + body
    fields, body, guarded = templates.guard(_fields(front, options), body, options.template_guard, written=True)
    return Result(
        name=page.name,
        markdown=frontmatter.dump(fields) + body,
        title=str(front.fields["title"]),
        notes=(*page.notes, *notes, *read, *front.notes, *_removals(facts), *guarded),
        facts=facts,
        article=_article_of(front.fields),
        differences=differences,
    )


def _profile_of_markdown(options: Options) -> Profile:
    """Load the profile for what names no site: its placeholders are the site's, but they mean nothing anywhere."""
    return profiles.load(options.profile if options.profile != "auto" else "csdn", frozenset(options.keep))


def _first_heading(body: str) -> tuple[str, str]:
    """Find the first heading of Markdown that has text, as a reader sees it; its text and the name of its element.

    What is no heading, in code or a comment, and what is markup in one, a renderer tells; formulas keep their dollars.
    """
    from converter import verify  # here, with the renderer

    try:
        tree, _ = scraper.parse(decode.hygiene(verify.render(decode.for_renderer(body))))
    except EmptyArticle:
        return "", ""
    for heading in tree.iter(*HEADINGS):
        for part in heading.iter("br", "span", "sup"):
            kind = part.get("class", "")
            if part.tag == "br":
                part.tail = f" {part.tail or ''}"
            elif part.tag == "span" and kind.startswith("math "):
                part.text = f"${part.text or ''}$"
            elif kind == "footnote-reference" and len(part):
                part[0].text = ""
        if text := " ".join(text_of(heading).split()):
            return text, str(heading.tag)
    return "", ""


def _metadata_of_box(page: Page, pieces: list[tuple[Kind, str]]) -> Metadata:
    """Read what the first box of a site says about its post: date, author, address."""
    box = next((text for kind, text in pieces if kind == "html"), "")
    if not box:
        return Metadata()
    try:
        return scraper.scrape(page._replace(kind="html", body=box, data=b"")).metadata
    except ConverterError:
        return Metadata()


def _with_boxes_converted(
    page: Page, pieces: list[tuple[Kind, str]], options: Options, account: Account | None
) -> tuple[str, tuple[Note, ...], int, Facts]:
    """Convert the boxes of a site that stand between paragraphs of Markdown, each by itself; the rest stays."""
    if len(pieces) == 1:
        return page.body, (), -1, Facts()
    if "[^" in page.body or sum(kind == "html" for kind, _ in pieces) > 1:
        # Numbers of footnotes would be those of the text around, or of the next box.
        options = options._replace(keep=(*options.keep, "footnote"))
    chunks: list[str] = []
    notes: tuple[Note, ...] = ()
    removed: Counter[str] = Counter()
    differences = 0 if options.verify else -1
    for kind, piece in pieces:
        text = piece
        if kind == "html":
            box = page._replace(kind="html", body=piece, data=b"")
            text, more, differing, facts = _convert_box(box, options, account)
            notes += more
            removed.update(facts.removed)
            differences += max(differing, 0)
        if text := text.strip("\n"):
            chunks.append(text)
    return "\n" + "\n\n".join(chunks) + "\n", notes, differences, Facts(removed)


def written_body(page: Page, options: Options) -> str:
    """Return the body of a post that is Markdown, with the boxes of a site that stand in it as they are converted."""
    pieces = decode.pieces(page.body)
    return _with_boxes_converted(page, pieces, options._replace(verify=False, on_loss="warn"), None)[0]


def _article_of_box(page: Page) -> Article:
    """A whole box of CSDN has a frame; of others all that is in them counts, also what stands beside the article."""
    if "articleContentId" in page.body:
        try:
            return scraper.scrape(decode.with_clean_characters(page))
        except ConverterError:
            return _fragment(page.body)
    return _fragment(page.body)


def _convert_box(page: Page, options: Options, account: Account | None) -> tuple[str, tuple[Note, ...], int, Facts]:
    try:
        article = _article_of_box(page)
    except EmptyArticle:
        return page.body, (), 0, Facts()
    profile = _profile_of_markdown(options)
    facts = cleaner.clean(article, profile, account.trace if account is not None else None)
    if not options.verify:
        return _emit(article, options), article.notes, -1, facts
    from converter import losses

    body, differing, differences = losses.emit_verified(article, options, _emit)
    return body, (*article.notes, *differing), differences, facts


class Cleaned(NamedTuple):
    """An article as it is written, and what was found out on the way."""

    article: Article
    profile: str
    title: str
    front: FrontMatter
    facts: Facts
    notes: tuple[Note, ...]


def cleaned(page: Page, options: Options, url: str = "", account: Account | None = None) -> Cleaned:
    """Do everything but writing the Markdown.

    Args:
        page: of kind `html`.
        options: how to convert.
        url: where its container says that it was published.
        account: as in `from_page`.

    Raises:
        ConverterError: there is no article.

    """
    raw, notes = frontmatter.parse(page.front_matter) if page.front_matter is not None else ({}, ())
    seen, trace = (account.seen, account.trace) if account is not None else (None, None)
    article = scraper.scrape(decode.with_clean_characters(page), options.profile, seen)
    read = article.notes
    if options.verify:
        from converter import conservation

        unread = conservation.unread_text(article)
        # It says the same as the parser's own note, and also what is hidden: one is enough.
        read = (*unread, *(note for note in read if not unread or note.rule != "hidden-rest"))
    profile = profiles.load(article.profile, frozenset(options.keep))
    facts = cleaner.clean(article, profile, trace)
    metadata = _with_body(article, url)
    front = frontmatter.normalize(raw, metadata, profile.policy)
    if account is not None:
        account.fields(raw, metadata, profile.policy, front)
    title = str(front.fields["title"])
    # Without a title of its own, the article gave its first heading.
    if (article.metadata.title or raw.get("title")) and "repeated-title" not in profile.keep:
        facts = cleaner.drop_title(article, title, facts, trace)
    return Cleaned(article, profile.name, title, front, facts, (*notes, *read, *front.notes))


def _from_html(page: Page, options: Options, url: str, account: Account | None) -> Result:
    article, profile, title, front, facts, notes = cleaned(page, options, url, account)
    if options.verify:
        from converter import losses  # here, with the renderer

        body, differing, differences = losses.emit_verified(article, options, _emit)
    else:
        body, differing, differences = _emit(article, options), (), -1
    if options.title_heading:
        heading = _heading(title, options)
        body = f"{heading}\n{body}" if body else heading
    fields, body, guarded = templates.guard(_fields(front, options), body, options.template_guard)
    empty = () if body else (Note("empty-article", "the article has no text and no image"),)
    return Result(
        name=page.name,
        markdown=frontmatter.dump(fields) + ("\n" + body if body else ""),
        title=title,
        profile=profile,
        notes=(*page.notes, *notes, *_removals(facts), *empty, *differing, *guarded),
        facts=facts,
        article=_article_of(front.fields),
        differences=differences,
    )


def _fields(front: FrontMatter, options: Options) -> Mapping[str, object]:
    if options.target == "commonmark":
        return front.fields
    from converter import dialects

    return dialects.fields_for(front.fields, options.target)


def _removals(facts: Facts) -> Iterator[Note]:
    """Tell what went that a reader of the page could see; what nobody sees, and other shapes, are only counted."""
    for rule, count in sorted(facts.removed.items()):
        if kind_of(rule) == "noise":
            yield Note(rule, f"{count} removed")


def _article_of(fields: Mapping[str, object]) -> str:
    """Name the article wherever it was exported from: a site's numbers hold for all of its hosts."""
    _, _, address = str(fields.get("source_url", "")).partition("://")
    number = fields.get("source_id")
    if not address or not number:
        return address
    return f"{'.'.join(address.partition('/')[0].split('.')[-2:])} {number}"


def _with_body(article: Article, url: str) -> Metadata:
    """Add to the page's metadata what only the cleaned body can tell, and the address that its container has."""
    heading = next(article.root.iter(*HEADINGS), None)
    return article.metadata._replace(
        location=url,
        first_heading="" if heading is None else " ".join(text_of(heading).split()),
        math=next(article.root.iter("x-tex"), None) is not None,
    )


def _heading(title: str, options: Options) -> str:
    blocks = emitter.title_blocks(title)
    if options.target != "commonmark":
        from converter import dialects

        dialects.adapt(blocks, options.target)
    return emitter.emit(blocks)


def _emit(article: Article, options: Options) -> str:
    if options.engine == "markdownify":
        # Imported here: bs4 and markdownify take 100 ms, which the native engine does not need.
        from converter import soup

        return soup.emit(article, options.hard_break)
    blocks = reader.read(article.root, prettified=article.prettified)
    if options.target != "commonmark":
        from converter import dialects

        dialects.adapt(blocks, options.target)
    return emitter.emit(blocks, options.hard_break)
