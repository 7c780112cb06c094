"""Does a Markdown file say what a post says, whoever wrote it? The work of `archive2md verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from converter import decode, dialects, pipeline, templates, verify
from converter.errors import DecodeError

if TYPE_CHECKING:
    from converter.model import Options, Source
    from converter.verify import Difference


class Place(NamedTuple):
    """A difference, and the line of the Markdown file that it seems to be in; 0 when nothing there tells."""

    line: int
    difference: Difference


def compare(source: Source, markdown: Source, options: Options) -> list[Place]:
    """Compare a post with a Markdown file.

    The post is cleaned as for a conversion: what a rule calls noise need not be there. A post that already is
    Markdown is rendered, too, with the boxes of a site in it as they are converted. A first heading that repeats the
    title, as other tools write it, is not compared. What is written for a generator, such as shortcodes that it is to
    show, counts as what the generator makes of it.

    Raises:
        ConverterError: there is nothing to compare in one of them.

    """
    options = dialects.options_for(options)
    page = decode.decode(source, options.encoding)
    title = ""
    if page.kind == "markdown":
        written = _without_syntax(pipeline.written_body(page, options), options)
        seen = verify.look_at_markdown(written)
    else:
        article, _, title, *_ = pipeline.cleaned(page, options, source.url)
        seen = verify.look_at(article.root, prettified=article.prettified)
    body = _body_of(markdown)
    said = _without_syntax(body, options)
    found = verify.compare(seen, said)
    if found and title and (rest := _without_title(said, title)) != said:
        found = min(found, verify.compare(seen, rest), key=len)
    lines = body.split("\n")
    first = markdown.data.count(b"\n") - body.count("\n")  # lines of the front matter
    return [Place(_line_of(difference, lines, first), difference) for difference in found]


def _body_of(markdown: Source) -> str:
    if not markdown.data.strip():
        return ""
    try:
        return decode.decode(markdown, "utf-8").body
    except DecodeError as error:  # no option would help
        raise DecodeError("the bytes are not UTF-8", source=markdown.name, remedy="write the Markdown so") from error


def _without_syntax(body: str, options: Options) -> str:
    """Read what is written for a generator as that reads it."""
    body = dialects.without_attributes(body) if options.target == "jekyll" else body
    return templates.as_hugo_shows(body) if options.template_guard == "hugo" else body


def _without_title(body: str, title: str) -> str:
    head, _, rest = body.lstrip("\n").partition("\n")
    same = head.startswith("# ") and _letters(head[2:]) == _letters(title)
    return rest if same else body


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _line_of(difference: Difference, lines: list[str], before: int) -> int:
    """Find the line that holds most of what a difference quotes of the Markdown, or of what should be there."""
    for quoted in (difference.markdown, difference.article):
        words = quoted.replace("…", " ").replace("⏎", " ").split()
        scores = [sum(word in line for word in words) for line in lines]
        best = max(scores, default=0)
        if best:
            return before + scores.index(best) + 1
    return 0
