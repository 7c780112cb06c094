"""The whole flow for one source, and the one place where errors become results."""

from __future__ import annotations

import dataclasses

from converter import cleaner, decode, emitter, frontmatter, profiles, reader, scraper
from converter.errors import ConfigError, ConverterError, EmptyArticle
from converter.model import Article, Metadata, Note, Options, Page, Result, Source
from converter.tree import text_of

ENGINES = ("native", "markdownify")


def check(options: Options) -> None:
    """Find out before a run starts whether its options make sense.

    Raises:
        ConfigError: the profile or the engine is unknown, or the profile is not valid.

    """
    if options.profile != "auto":
        profiles.load(options.profile)
    if options.engine not in ENGINES:
        raise ConfigError(f"there is no engine {options.engine!r}", remedy=f"use one of {', '.join(ENGINES)}")


def convert(source: Source, options: Options) -> Result:
    """Convert one source; never raises, an error becomes the `error` of the result.

    The same bytes, path and options give the same Markdown, whatever was converted before.
    """
    try:
        page = decode.decode(source, options.encoding)
        return _from_markdown(page) if page.kind == "markdown" else _from_html(page, options, source.url)
    except ConverterError as e:
        return Result(name=source.name, error=str(e.about(source.name)))
    except Exception as e:  # noqa: BLE001 (law 6: whatever one post does to us, the batch goes on and says which post)
        problem = f"internal error {type(e).__name__}: {e}"
        error = ConverterError(problem, source=source.name, remedy="please report it with this post")
        return Result(name=source.name, error=str(error))


def convert_fragment(html: str) -> str:
    """Convert a piece of HTML without a page around it; see `converter.to_markdown`."""
    if not html.strip():
        return ""
    source = decode.hygiene(html)
    try:
        tree, notes = scraper.parse(source)
    except EmptyArticle:
        return ""
    body = tree.find("body")
    root = tree if body is None else body
    data = source.encode("utf-8", "replace")
    article = Article(root, "generic", Metadata(), scraper.is_prettified(root), notes, data, tuple(root.iter()))
    cleaner.clean(article, profiles.load("generic"))
    return _emit(article, Options())


def _from_markdown(page: Page) -> Result:
    """Normalize the front matter of a post that already is Markdown; its body stays as it is."""
    raw, notes = frontmatter.parse(page.front_matter) if page.front_matter is not None else ({}, ())
    heading = next((line.lstrip("#").strip() for line in page.body.split("\n") if line.startswith("# ")), "")
    stem = page.path.rpartition("/")[2].rpartition(".")[0]
    # Placeholders are the site's, but a post exported as Markdown names no site; they mean nothing anywhere.
    policy = profiles.load("csdn").policy
    front = frontmatter.normalize(raw, Metadata(first_heading=heading, stem=stem), policy)
    body = page.body if page.front_matter is not None or page.body.startswith("\n") else "\n" + page.body
    return Result(
        name=page.name,
        markdown=frontmatter.dump(front.fields) + body,
        title=str(front.fields["title"]),
        notes=(*page.notes, *notes, *front.notes),
    )


def _from_html(page: Page, options: Options, url: str) -> Result:
    raw, notes = frontmatter.parse(page.front_matter) if page.front_matter is not None else ({}, ())
    article = scraper.scrape(decode.with_clean_characters(page), options.profile)
    profile = profiles.load(article.profile)
    facts = cleaner.clean(article, profile)
    front = frontmatter.normalize(raw, _with_body(article, url), profile.policy)
    title = str(front.fields["title"])
    if article.metadata.title or raw.get("title"):  # else the title was taken from the body
        facts = cleaner.drop_title(article, title, facts)
    body = _emit(article, options)
    if options.title_heading:
        body = f"# {title}\n\n{body}" if body else f"# {title}\n"
    empty = () if body else (Note("empty-article", "the article has no text and no image"),)
    return Result(
        name=page.name,
        markdown=frontmatter.dump(front.fields) + ("\n" + body if body else ""),
        title=title,
        profile=profile.name,
        notes=(*page.notes, *notes, *article.notes, *front.notes, *empty),
        facts=facts,
    )


def _with_body(article: Article, url: str) -> Metadata:
    """Add to the page's metadata what only the cleaned body can tell, and the address that its container has."""
    heading = next(article.root.iter("h1", "h2", "h3", "h4", "h5", "h6"), None)
    return dataclasses.replace(
        article.metadata,
        location=url,
        first_heading="" if heading is None else " ".join(text_of(heading).split()),
        math=next(article.root.iter("x-tex"), None) is not None,
    )


def _emit(article: Article, options: Options) -> str:
    if options.engine == "markdownify":
        # Imported here: bs4 and markdownify take 100 ms, which the native engine does not need.
        from converter import soup

        return soup.emit(article, options.hard_break)
    return emitter.emit(reader.read(article.root, prettified=article.prettified), options.hard_break)
