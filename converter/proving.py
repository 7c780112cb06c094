"""The commands that prove: `verify` and `check`. A part of `cli`."""

from __future__ import annotations

import json
import os
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import click

from converter.console import Console, visible
from converter.errors import EXIT_FAILED, EXIT_OK, EXIT_USAGE, ConfigError, SourceError
from converter.inspecting import choosing, options_of
from converter.model import Source, Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from converter.comparison import Place

_HELP: Final = {"help_option_names": ["-h", "--help"]}
_SUFFIXES: Final = (".md", ".markdown")


@click.command(name="verify", context_settings=_HELP)
@click.argument("source", metavar="SOURCE")
@click.argument("markdown", metavar="MARKDOWN")
@choosing
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def verify_command(source: str, markdown: str, *, as_json: bool, **flags: Any) -> int:  # noqa: ANN401 (options of click)
    """Say whether a Markdown file still says what a post says, whoever wrote or edited it; - is standard input.

    Exit code 0: it does; 1: it does not, each difference is listed; 2: it cannot be told.
    """
    from converter.comparison import compare
    from converter.errors import ConverterError
    from converter.pipeline import check

    options = options_of(flags)
    check(options)
    if source == markdown == "-":
        raise ConfigError("standard input is one text", remedy="name the file of the post, or that of the Markdown")
    console = Console()
    try:
        post = _read_post(source)
        other = _read_markdown(markdown)
        found = compare(post, other, options)
    except ConverterError as error:
        console.fail(str(error.about(source)))
        return EXIT_USAGE
    text = _as_json(source, markdown, found) if as_json else "".join(_lines(markdown, found))
    console.data(text.encode("utf-8", "backslashreplace"))
    return EXIT_FAILED if found else EXIT_OK


def _read_post(name: str) -> Source:
    """Read a post as `convert` reads it: out of a saved page or a container, too.

    Raises:
        ConverterError: it cannot be read, or there are several.

    """
    from converter.pipe import read_stdin
    from converter.sources.directory import expand
    from converter.sources.reading import read

    if name == "-":
        return read_stdin()
    several = "name one post, and its Markdown"
    if os.path.isdir(name):  # noqa: PTH112 (as everywhere)
        raise SourceError("is a directory", source=name, remedy=several)
    inputs = expand([name])
    for problem in inputs.problems:
        raise problem
    found = list(islice(inputs.spool, 2))
    if len(found) != 1:
        raise SourceError("holds several posts" if found else "names no post", source=name, remedy=several)
    one = found[0]
    content = read(one.file, one.member, one.name)
    return Source(one.name, content.data, one.path, content.url, content.encoding)


def _read_markdown(name: str) -> Source:
    from converter.pipe import read_stdin
    from converter.store import read_input

    if name == "-":
        return read_stdin()._replace(path="x.md")
    if os.path.isdir(name):  # noqa: PTH112 (as everywhere)
        raise SourceError("is a directory", source=name, remedy="name the Markdown of one post")
    return Source(name, read_input(name, name), "x.md")


def _lines(markdown: str, found: list[Place]) -> Iterator[str]:
    if not found:
        yield f"{visible(markdown)}: says what the post says\n"
    for place in found:
        where = f":{place.line}" if place.line else ""
        yield f"{visible(markdown)}{where}: {visible(str(place.difference))}\n"


def _as_json(source: str, markdown: str, found: list[Place]) -> str:
    differences = [{"line": place.line or None, **place.difference._asdict()} for place in found]
    document = {"source": source, "markdown": markdown, "same": not found, "differences": differences}
    return json.dumps(document, ensure_ascii=False) + "\n"


@click.command(name="check", context_settings=_HELP)
@click.argument("directory", metavar="DIR")
@click.option("--ignore", metavar="RULE", multiple=True, help="A rule whose findings do not count; several times.")
@click.option(
    "--target",
    type=click.Choice(get_args(Target)),
    default="commonmark",
    show_default=True,
    help="Site generator that reads the archive: only its template syntax counts. Without it, that of all does.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, one object for each finding.")
def check_command(directory: str, *, ignore: tuple[str, ...], target: Target, as_json: bool) -> int:
    """Look for what is wrong in an archive of Markdown files: front matter, ids, fences, links, HTML, template syntax.

    Exit code 0: nothing; 1: findings, listed one a line; 2: there is no such directory, or no such rule.
    """
    from converter.checks import RULES

    if unknown := sorted(set(ignore) - RULES.keys()):
        raise ConfigError(f"there is no rule {unknown[0]!r}", remedy=f"rules are {', '.join(sorted(RULES))}")
    if not os.path.isdir(directory):  # noqa: PTH112 (as everywhere in walks over directories)
        raise ConfigError("no such directory", source=directory, remedy="name the directory of an archive")
    console = Console()
    counts: Counter[str] = Counter()
    files = 0
    for file, findings in _checked(directory, frozenset(ignore), target):
        files += 1
        counts.update(rule for rule, _, _ in findings)
        text = "".join(_finding(file, *finding, as_json=as_json) for finding in findings)
        if text and not console.data(text.encode("utf-8", "backslashreplace")):
            return EXIT_FAILED
    total = ", ".join(f"{rule} {count}" for rule, count in counts.most_common())
    console.inform(f"{files} files, {counts.total()} findings{f': {total}' if total else ''}")
    return EXIT_FAILED if counts else EXIT_OK


def _finding(file: str, rule: str, line: int, text: str, *, as_json: bool) -> str:
    if as_json:
        return json.dumps({"file": file, "line": line or None, "rule": rule, "text": text}, ensure_ascii=False) + "\n"
    return f"{visible(file)}:{line or 1}: {rule}: {visible(text)}\n"


def _checked(
    directory: str, ignored: frozenset[str], target: Target
) -> Iterator[tuple[str, list[tuple[str, int, str]]]]:
    """Check one file after the other; of those before, only the names of their articles are kept."""
    from converter.checks import check
    from converter.store import read_input

    known: dict[int, str] = {}
    for file in _files(directory):
        folder = os.path.dirname(file)  # noqa: PTH120 (25,000 times)

        def exists(path: str, folder: str = folder) -> bool:
            return "\0" not in path and os.path.exists(os.path.join(folder, path))  # noqa: PTH110, PTH118 (as above)

        found = check(read_input(file, file), exists, target)
        findings: list[tuple[str, int, str]] = list(found.findings)
        for name in found.ids:
            first = known.setdefault(hash(name), file)
            if first != file:
                findings.append(("duplicate-id", 1, f"{name} is also in {first}"))
        yield file, [finding for finding in findings if finding[0] not in ignored]


def _files(directory: str) -> Iterator[str]:
    """Find the Markdown files below a directory in the order of their names, without hidden ones."""
    for folder, folders, names in os.walk(directory):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(_SUFFIXES) and not name.startswith("."):
                yield str(Path(folder, name))
