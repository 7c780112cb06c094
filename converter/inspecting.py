"""The commands that explain: `inspect` and `profiles`. A part of `cli`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final, get_args

import click

from converter.console import Console, visible
from converter.errors import EXIT_FAILED, EXIT_OK, ConfigError, SourceError
from converter.model import Options, Target, TemplateGuard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from converter.model import Inspection, Removal, Source

_HELP: Final = {"help_option_names": ["-h", "--help"]}
_SEVERAL: Final = 3  # removals of one rule that are shown without --verbose


def choosing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that decide how a post is read and for whom, which `convert`, `inspect` and `verify` share."""
    for option in (
        click.option(
            "--template-guard",
            type=click.Choice(get_args(TemplateGuard)),
            default=Options().template_guard,
            show_default=True,
            help="""Keep a site generator from running what a post only shows: Liquid (Jekyll) and Nunjucks (Hexo) are
            switched off in the front matter of such posts, shortcodes of Hugo are escaped.""",
        ),
        click.option(
            "--target",
            type=click.Choice(get_args(Target)),
            default=Options().target,
            show_default=True,
            help="Site generator that shall read the Markdown: dates, escapes and its template guard are set for it.",
        ),
        click.option(
            "--keep",
            metavar="RULE",
            multiple=True,
            help="""A rule for noise that is not to be applied, such as toc or repeated-title (docs/rules.md lists
            them). May be given several times.""",
        ),
        click.option(
            "--encoding",
            metavar="NAME",
            help="""Character encoding of the inputs, such as gb18030. Without it,
            UTF-8 is tried first, then what the page declares.""",
        ),
        click.option(
            "-p",
            "--profile",
            metavar="NAME|FILE",
            default=Options().profile,
            show_default=True,
            help="""How the site wraps its posts: a profile that comes with archive2md (archive2md profiles lists
            them), or the path of your own YAML file.""",
        ),
    ):
        command = option(command)
    return command


def options_of(flags: dict[str, Any]) -> Options:
    """Collect the options of the conversion, those of `choosing` and more.

    Raises:
        ConfigError: there is no such character encoding.

    """
    encoding = flags["encoding"]
    if encoding is not None and not _is_encoding(encoding):
        raise ConfigError(f"unknown encoding {encoding!r}", remedy="use a name such as utf-8 or gb18030")
    names = ("engine", "hard_break", "title_heading", "verify", "on_loss", "template_guard", "target")
    others = {name: flags[name] for name in names if name in flags}
    keep = tuple(sorted(set(flags["keep"])))
    return Options(profile=flags["profile"], encoding=encoding, keep=keep, **others)


def _is_encoding(name: str) -> bool:
    """Whether Python knows how to decode text by this name; `hex` is no text encoding."""
    try:
        bytes(4).decode(name)  # empty bytes would not even be looked at
    except UnicodeError:
        return True
    except (LookupError, ValueError):
        return False
    return True


@click.command(name="inspect", context_settings=_HELP)
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@choosing
@click.option("-v", "--verbose", is_flag=True, help="List every removal, also what no reader could see.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, one object for each post.")
def inspect_command(inputs: tuple[str, ...], *, as_json: bool, verbose: bool, **flags: Any) -> int:  # noqa: ANN401 (options of click)
    """Say how posts would be converted: profile, encoding, where each field comes from, and what goes by which rule.

    INPUT is what `convert` takes. Nothing is written.
    """
    from converter.inspection import inspect
    from converter.pipeline import check

    options = options_of(flags)
    check(options)
    console = Console()
    code = EXIT_OK
    for number, source in enumerate(_sources(inputs, console)):
        if source is None:
            code = EXIT_FAILED
            continue
        found = inspect(source, options)
        if found.error:
            console.fail(found.error)
            code = EXIT_FAILED
        if as_json:
            text = _as_json(found)
        else:
            text = ("\n" if number else "") + "".join(f"{visible(line)}\n" for line in _lines(found, verbose=verbose))
        if not console.data(text.encode("utf-8", "backslashreplace")):
            break
    return code


def _sources(inputs: tuple[str, ...], console: Console) -> Iterator[Source | None]:
    """Read what INPUTs stand for; None for each one that cannot be read, after saying so."""
    from converter.model import Source
    from converter.pipe import read_stdin
    from converter.sources.directory import expand
    from converter.sources.reading import read

    if "-" in inputs:
        try:
            yield read_stdin()
        except SourceError as error:
            console.fail(str(error))
            yield None
    rest = [text for text in inputs if text != "-"]
    found = expand(rest) if rest else None
    for problem in found.problems if found else ():
        console.fail(str(problem))
        yield None
    for one in found.spool if found else ():
        try:
            content = read(one.file, one.member, one.name)
        except SourceError as error:
            console.fail(str(error))
            yield None
        else:
            yield Source(one.name, content.data, one.path, content.url, content.encoding)


def _as_json(found: Inspection) -> str:
    import json

    document = found._asdict()
    for name in ("fields", "removed", "changed", "notes"):
        document[name] = [one._asdict() for one in document[name]]
    document["encoding"], document["encoding_found"] = found.encoding
    return json.dumps(document, ensure_ascii=False, default=_shown) + "\n"


def _lines(found: Inspection, *, verbose: bool) -> Iterator[str]:
    yield found.name
    if found.encoding[0]:
        yield f"  encoding  {found.encoding[0]} ({found.encoding[1]})"
    if found.kind == "markdown":
        rest = ", but for what its boxes of a site hold" if found.text[0] else ""
        yield f"  profile   none: the post is Markdown already; its body stays as it is{rest}"
    elif found.profile:
        reason = f"recognised by {found.chosen}" if found.chosen[:1] in "#.[" or "[" in found.chosen else found.chosen
        yield f"  profile   {found.profile} ({reason})"
        yield f"  article   {found.root}; {found.outside} characters around it are the page's"
    if found.profile or found.text[0]:
        gone = "".join(f", {rule or 'NOT ACCOUNTED FOR'} {-count:+}" for rule, count in found.gone.items())
        yield f"  text      {found.text[0]} characters{gone}; {found.text[1]} are converted"
    if found.fields:
        yield "  metadata"
        for one in found.fields:
            value = ", ".join(map(_shown, one.value)) if isinstance(one.value, list) else _shown(one.value)
            yield f"    {one.field:<12} {_short(value)}   <- {one.origin}"
    yield from _table("removed", found.removed, verbose=verbose)
    yield from _table("changed", found.changed, verbose=verbose)
    if found.reshaped:
        yield "  reshaped  " + ", ".join(f"{rule} {count}" for rule, count in found.reshaped.items())
    if found.notes:
        yield "  notes"
        yield from (f"    {note.rule}: {note.text}" for note in found.notes)


def _table(title: str, removals: Iterable[Removal], *, verbose: bool) -> Iterator[str]:
    """List what went, rule by rule; of what nobody could see only the number, unless all is wanted."""
    from converter.rules import about, kind_of

    by_rule: dict[str, list[Removal]] = {}
    for one in removals:
        by_rule.setdefault(one.rule, []).append(one)
    if by_rule:
        yield f"  {title}"
    for rule, rows in sorted(by_rule.items(), key=lambda item: (kind_of(item[0]) == "gone", item[0])):
        yield f"    {rule} {len(rows)}: {about(rule)}"
        shown = rows if verbose else [] if kind_of(rule) == "gone" else rows[:_SEVERAL]
        for one in shown:
            yield f"      {one.element}" + (f"  {one.excerpt}" if one.excerpt else "")
        if shown and len(rows) > len(shown):
            yield f"      ... and {len(rows) - len(shown)} more (-v lists all)"


def _shown(value: object) -> str:
    """Write a value as the front matter of the output does: dates in ISO 8601, `true`."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)


def _short(text: str) -> str:
    limit = 80
    return text if len(text) <= limit else text[: limit - 3] + "..."


@click.command(name="profiles", context_settings=_HELP)
@click.argument("name", metavar="[NAME|FILE]", required=False)
def profiles_command(name: str | None) -> int:
    """List the profiles that come with archive2md; with a NAME print that one as YAML, to start your own from.

    A FILE is checked first, so that this finds mistakes in a profile without converting anything.
    """
    from converter import profiles

    if name is not None:
        profiles.load(name)
        Console().data(profiles.source_of(name).encode())
        return EXIT_OK
    width = max(map(len, profiles.names()))
    lines = [f"{known:<{width}}  {profiles.load(known).about}\n" for known in profiles.names()]
    lines.append("\nPages are tried in this order; --profile names one. Your own: archive2md profiles generic")
    lines.append(" > my.yaml, then docs/profiles.md\n")
    Console().data("".join(lines).encode())
    return EXIT_OK
