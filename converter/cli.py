"""The command line: the only module that prints or exits.

    archive2md [convert] [OPTIONS] [INPUT]...

Standard output carries data only: Markdown, or the listing of `--dry-run`. Messages go to standard error. What a small
pipe does not need (process pools, sqlite3) is imported where it is needed.
"""

from __future__ import annotations

import math
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, get_args

import click

from converter import __version__
from converter.console import Console, guarded, visible_lines
from converter.errors import (
    EXIT_OK,
    EXIT_USAGE,
    ConfigError,
)
from converter.inspecting import choosing, inspect_command, options_of, profiles_command
from converter.model import Engine, HardBreak, OnLoss, Options
from converter.proving import check_command, verify_command
from converter.task import Task, check_report, run

if TYPE_CHECKING:
    from collections.abc import Callable


DEFAULTS: Final = Options()
COMMAND: Final = "archive2md.command"

MOST_SECONDS: Final = 10**9
MOST_MEGABYTES: Final = 10**12
"""What alarm clocks and limits of the system take; more ended in its error, or in the death of each worker."""

EPILOG: Final = """\b
Examples:
  archive2md posts/ -o out/            a directory, with everything below it
  archive2md < post.html > post.md     one post in a pipe
  archive2md post.html -o post.md      one post to a file
  archive2md 'posts/**/*.html' -o out/ a pattern (quoted: archive2md expands it)
  archive2md backup.zip -o out/        the posts in an archive; nothing is unpacked to disk

\b
Exit codes:
  0    everything was converted, or was up to date
  1    some posts failed; the others were converted
  2    wrong use: options, arguments, profile
  130  stopped by Ctrl-C; what was written is whole

A file that archive2md did not write, or that was edited since, is never replaced without --force. A batch
remembers what it wrote in OUT/.archive2md/; the posts that failed are listed there in failures.txt. A file that is
called like a command is given as ./convert.
"""


class Verbs(click.Group):
    """Commands, `convert` being meant when none is named; errors are one line, and end in our exit codes."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default verb before arguments that do not begin with a verb; what was typed can be told to retry."""
        ctx.meta[COMMAND] = tuple(args)
        if not args or args[0] not in self.commands:
            args = ["convert", *args]
        return super().parse_args(ctx, args)

    def main(self, *args: Any, **extra: Any) -> NoReturn:  # noqa: ANN401 (the signature of click, passed through)
        """Run, print what went wrong, exit."""
        extra["standalone_mode"] = False
        extra["prog_name"] = "archive2md"
        sys.exit(guarded(partial(_clicked, partial(super().main, *args, **extra))))


def _clicked(command: Callable[[], object]) -> object:
    """Turn the errors of click into ours."""
    try:
        return command()
    except click.ClickException as error:
        raise ConfigError(error.format_message().rstrip("."), remedy="see archive2md --help") from None
    except click.Abort:
        raise KeyboardInterrupt from None


def _a_number(_: click.Context, option: click.Parameter, value: float) -> float:
    """Refuse `nan`, which is in every range."""
    if math.isnan(value):
        raise click.BadParameter(f"{value} is not a number", param=option)
    return value


class Verb(click.Command):
    """A command whose usage line says that the default verb may be left out."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write `archive2md [convert] ...`."""
        formatter.write_usage("archive2md [convert]", " ".join(self.collect_usage_pieces(ctx)))


@click.group(cls=Verbs, invoke_without_command=True, add_help_option=False)
def cli() -> None:
    """Convert exported blog posts to clean Markdown."""


@cli.command(cls=Verb, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("inputs", metavar="[INPUT]...", nargs=-1)
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    help="""File or directory to write to. A directory mirrors the
    directories of the inputs; several inputs need one. Without it, and with -, one post goes to standard output.""",
)
@choosing
@click.option(
    "--engine",
    type=click.Choice(get_args(Engine)),
    default=DEFAULTS.engine,
    show_default=True,
    help="Which program part writes the Markdown.",
)
@click.option(
    "--hard-break",
    type=click.Choice(get_args(HardBreak)),
    default=DEFAULTS.hard_break,
    show_default=True,
    help="How a line break inside a paragraph is written; kramdown without GFM only knows spaces.",
)
@click.option(
    "--verify/--no-verify",
    default=DEFAULTS.verify,
    show_default=True,
    help="Render the Markdown and compare what a reader sees with the article.",
)
@click.option(
    "--on-loss",
    type=click.Choice(get_args(OnLoss)),
    default=DEFAULTS.on_loss,
    show_default=True,
    help="""What to do with a post whose Markdown would say something else; keep-html writes the blocks
    concerned as HTML.""",
)
@click.option("--title-heading", is_flag=True, help="Repeat the title as a level-1 heading above the text.")
@click.option("--force", is_flag=True, help="Replace existing files, also those that archive2md did not write.")
@click.option("--prune", is_flag=True, help="Remove the outputs of posts that are no longer in the inputs.")
@click.option("--dry-run", is_flag=True, help="Convert, but write nothing; list what would happen to each file.")
@click.option(
    "-j",
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    help="""Number of processes for a batch; one for
    each processor unless given. The result does not depend on it.""",
)
@click.option(
    "--time-limit",
    metavar="SECONDS",
    type=click.FloatRange(min=0, max=MOST_SECONDS),
    callback=_a_number,
    default=120,
    show_default=True,
    help="What one post may take before it counts as failed; 0 for no limit.",
)
@click.option(
    "--memory-limit",
    metavar="MB",
    type=click.IntRange(min=0, max=MOST_MEGABYTES),
    default=4096,
    show_default=True,
    help="What one process of several may take; 0 for no limit.",
)
@click.option("--report", metavar="FILE", help="Write what the run did to a file, as JSON.")
@click.option("--json", is_flag=True, help="Write one JSON object for each post to standard output.")
@click.option(
    "--include",
    metavar="GLOB",
    multiple=True,
    help="""Take only posts that match, of what directories, patterns and
    containers hold: by name (*.htm) or by path in there (2024/**). May be given several times.""",
)
@click.option("--exclude", metavar="GLOB", multiple=True, help="Leave out posts that match; it wins over --include.")
@click.option("-q", "--quiet", is_flag=True, help="Show errors only.")
@click.option("-v", "--verbose", is_flag=True, help="Also show what was repaired, guessed or left out, post by post.")
@click.option("--no-progress", is_flag=True, help="No progress bar. There is none outside of a terminal anyway.")
@click.version_option(__version__, "-V", "--version", prog_name="archive2md", message="%(prog)s %(version)s")
@click.pass_context
def convert(ctx: click.Context, /, inputs: tuple[str, ...], output: str | None, **flags: Any) -> int:  # noqa: ANN401
    """Convert exported blog posts (HTML in site wrappers, with or without front matter) to clean Markdown.

    INPUT is a file, a directory, a quoted pattern, a container (zip, tar, WARC, WordPress or
    Blogger export), @FILE for a list of these, or - for
    standard input, which is also read when there is no INPUT. In directories and containers, files that end in .md,
    .markdown, .html, .htm, .mhtml or .mht are posts.
    """
    console = Console(quiet=flags["quiet"], verbose=flags["verbose"] and not flags["quiet"])
    console.bar = not (console.quiet or flags["no_progress"]) and _is_terminal(sys.stderr)
    if not inputs and _is_terminal(sys.stdin):
        click.echo(ctx.get_help(), err=True)
        return EXIT_USAGE
    from converter.pipeline import check

    options = options_of(flags)
    check(options)
    task = Task(
        inputs or ("-",),
        None if output == "-" else output,
        options,
        force=flags["force"],
        dry_run=flags["dry_run"],
        jobs=flags["jobs"],
        prune=flags["prune"],
        seconds=flags["time_limit"],
        megabytes=flags["memory_limit"],
        report=flags["report"],
        json=flags["json"],
        include=flags["include"],
        exclude=flags["exclude"],
        command=ctx.meta[COMMAND],
    )
    return run(task, console)


def _is_terminal(stream: Any) -> bool:  # noqa: ANN401 (sys.stdin may be anything that has been put there)
    """Whether people look at a stream; one that was closed before we started is None."""
    return stream is not None and not stream.closed and bool(stream.isatty())


@cli.command(name="report", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("directory", metavar="OUT")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--html", "page", metavar="FILE", help="Write a page that shows the run, with source and output side by side."
)
def report_command(directory: str, *, as_json: bool, page: str | None) -> int:
    """Say what the runs so far wrote to the output directory OUT, and what failed in the last one."""
    from converter.batch import past_failures
    from converter.manifest import Manifest, is_there
    from converter.report import as_text, dumps, past

    if page is not None:
        from converter import fidelity
        from converter.store import write_report

        check_report(page, fidelity.KNOWN)
    root = Path(directory)
    if not is_there(root):
        raise ConfigError("no batch wrote there", source=directory, remedy="name the directory that was given with -o")
    lines = past_failures(root)
    with Manifest(root, read_only=True) as manifest:
        if page is not None:
            data = fidelity.page(root, manifest, lines).encode("utf-8", "backslashreplace")
            write_report(os.path.realpath(page), data, known=fidelity.KNOWN, name=page)
            return EXIT_OK
        document = past(manifest, lines)
    Console().data(dumps(document) if as_json else visible_lines(as_text(document)).encode())
    return EXIT_OK


cli.add_command(check_command)
cli.add_command(inspect_command)
cli.add_command(profiles_command)
cli.add_command(verify_command)


def main() -> NoReturn:
    """Run the command line; the entry point of `archive2md`."""
    cli.main()
