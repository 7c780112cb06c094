r"""archive2md: exported blog posts to Markdown that says exactly what the post says.

    >>> from converter import convert, to_markdown
    >>> to_markdown("<p>A <b>bold</b> word</p>")
    'A **bold** word\n'
    >>> convert(open("post.html", "rb").read()).markdown   # with front matter

`convert` does the whole job on one post and never raises for what is in it; `to_markdown` is for HTML without a page
around it. Both are pure: they touch neither disk nor network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.model import Note, Options, Result, Source

if TYPE_CHECKING:
    from converter.model import Engine, HardBreak, OnLoss, Target, TemplateGuard

__version__ = "0.1.0"
__all__ = ["Options", "Result", "Source", "convert", "to_markdown"]


def convert(  # noqa: PLR0913 (one keyword for each option of `Options`)
    post: str | bytes,
    *,
    path: str = "",
    profile: str = "auto",
    engine: Engine = "native",
    encoding: str | None = None,
    hard_break: HardBreak = "backslash",
    title_heading: bool = False,
    keep: tuple[str, ...] = (),
    verify: bool = True,
    on_loss: OnLoss = "warn",
    template_guard: TemplateGuard = "none",
    target: Target = "commonmark",
) -> Result:
    """Convert one post: HTML or Markdown, with or without front matter.

    Args:
        post: the post, as text or as the bytes of a file.
        path: its name, such as `2024-01-02-a-title.md`; gives the title when nothing else does. Without a name the post
            is HTML; with one its suffix and content tell.
        profile: `auto`, the name of a site profile, or the path of a profile file.
        engine: `native`, or `markdownify` for the second opinion.
        encoding: character encoding of `bytes`; None detects it.
        hard_break: how a line break inside a paragraph is written: `backslash` or `spaces`.
        title_heading: repeat the title as a heading above the body.
        keep: rules for noise that are not to be applied, such as `toc`.
        verify: render the Markdown and compare what a reader sees with the article.
        on_loss: what to do when it is not the same: `warn` (a note for each difference), `fail`, or `keep-html` for the
            blocks concerned.
        template_guard: keep `liquid` (Jekyll), `nunjucks` (Hexo) or `hugo` from running what a post only shows.
        target: `jekyll`, `hexo` or `hugo` reads the Markdown, and not every renderer alike.

    Returns:
        The outcome: `markdown` (front matter and body), `notes`, counts of what was removed; or `error`, one line, when
        the post cannot be converted.

    Raises:
        ConfigError: an unknown profile, engine, rule or other choice.
        TypeError: the post is neither text nor bytes, the encoding no text, the rules are one text.

    """
    from converter import pipeline

    _check_types(post, encoding, keep)
    notes: tuple[Note, ...] = ()
    if isinstance(post, str):
        data, notes = _encoded(post)
        encoding = "utf-8"
    else:
        data = post
    rules = tuple(sorted(set(keep)))
    options = Options(
        profile, engine, encoding, hard_break, title_heading, rules, verify, on_loss, template_guard, target
    )
    pipeline.check(options)
    result = pipeline.convert(Source(path or "post", data, path or ".html"), options)
    return result._replace(notes=(*notes, *result.notes)) if notes else result


def _check_types(post: object, encoding: object, keep: object) -> None:
    text_or_none = encoding is None or isinstance(encoding, str)
    if not isinstance(post, (str, bytes)) or not text_or_none or isinstance(keep, str):
        raise TypeError("convert() takes text or bytes, the name of an encoding, and a tuple of rules to keep")


def _encoded(text: str) -> tuple[bytes, tuple[Note, ...]]:
    """Encode a text, but for halves of characters and bytes that `surrogateescape` let through."""
    try:
        return text.encode(), ()
    except UnicodeEncodeError:
        data = text.encode("utf-8", "ignore")
        return data, (Note("bytes-dropped", f"{len(text) - len(data.decode())} lone surrogates were left out"),)


def to_markdown(html: str, *, clean: bool = True) -> str:
    """Convert a piece of HTML, such as the body of an article, to Markdown without front matter.

    Noise that no reader of the page sees goes (scripts, hidden elements, tracking images); the rest comes out as
    Markdown that renders to the same. The empty string gives the empty string.

    Args:
        html: the piece of HTML.
        clean: false for HTML without noise, such as another renderer's: what looks like noise is meant then. Empty
            elements, addresses of links and images, languages of listings, spaces at the edges of inline code and
            emphasis of punctuation come out as they stand, as far as Markdown can say them.

    """
    from converter import pipeline

    return pipeline.convert_fragment(html, clean=clean)
