"""The command line: the only module that prints or exits.

    archive2md [convert] [OPTIONS] [INPUT]...

Standard output carries data only: Markdown, or the listing of `--dry-run`. Messages go to standard error. What a small
pipe does not need (process pools, sqlite3) is imported where it is needed.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, get_args

import click

from converter import __version__
from converter.console import STDOUT, Console, silence, visible
from converter.errors import (
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_USAGE,
    ConfigError,
    ConverterError,
    SourceError,
)
from converter.model import Engine, HardBreak, Options, Source
from converter.names import FORBIDDEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from converter.batch import Outcome, Plan, Rules

DEFAULTS: Final = Options()

EPILOG: Final = """\b
Examples:
  archive2md posts/ -o out/            a directory, with everything below it
  archive2md < post.html > post.md     one post in a pipe
  archive2md post.html -o post.md      one post to a file
  archive2md 'posts/**/*.html' -o out/ a pattern (quoted: archive2md expands it)

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
        """Put the default verb before arguments that do not begin with a verb."""
        if not args or args[0] not in self.commands:
            args = ["convert", *args]
        return super().parse_args(ctx, args)

    def main(self, *args: Any, **extra: Any) -> NoReturn:  # noqa: ANN401 (the signature of click, passed through)
        """Run, print what went wrong, exit."""
        extra["standalone_mode"] = False
        extra["prog_name"] = "archive2md"
        sys.exit(_guard(partial(super().main, *args, **extra)))


def _guard(command: Callable[[], object]) -> int:
    """Turn every way in which a command can end into an exit code."""
    console = Console()
    try:
        code = command()
        if sys.stdout:
            sys.stdout.flush()
    except BrokenPipeError:
        silence(STDOUT)
        return EXIT_OK
    except ConverterError as error:
        console.fail(str(error))
        return error.exit_code
    except OSError as error:  # a full disk behind standard output; files have errors of their own
        console.fail(f"standard input or output: {error.strerror}")
        return EXIT_FAILED
    except click.ClickException as error:
        console.fail(f"{error.format_message().rstrip('.')}; see archive2md --help")
        return EXIT_USAGE
    except (KeyboardInterrupt, click.Abort):
        console.say("interrupted")
        return EXIT_INTERRUPTED
    return code if isinstance(code, int) else EXIT_OK


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
    directories of the inputs; several inputs need one. Without it, one post goes to standard output.""",
)
@click.option(
    "-p",
    "--profile",
    metavar="NAME|FILE",
    default=DEFAULTS.profile,
    show_default=True,
    help="How the site wraps its posts: a profile that comes with archive2md, or the path of your own YAML file.",
)
@click.option(
    "--engine",
    type=click.Choice(get_args(Engine)),
    default=DEFAULTS.engine,
    show_default=True,
    help="Which program part writes the Markdown.",
)
@click.option(
    "--encoding",
    metavar="NAME",
    help="""Character encoding of the inputs, such as gb18030. Without it,
    UTF-8 is tried first, then what the page declares.""",
)
@click.option(
    "--hard-break",
    type=click.Choice(get_args(HardBreak)),
    default=DEFAULTS.hard_break,
    show_default=True,
    help="How a line break inside a paragraph is written; kramdown (Jekyll) only knows spaces.",
)
@click.option("--title-heading", is_flag=True, help="Repeat the title as a level-1 heading above the text.")
@click.option("--force", is_flag=True, help="Replace existing files, also those that archive2md did not write.")
@click.option("--prune", is_flag=True, help="Remove the outputs of posts that are no longer in the input directories.")
@click.option("--dry-run", is_flag=True, help="Convert, but write nothing; list what would happen to each file.")
@click.option(
    "-j",
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    help="""Number of processes for a batch; one for
    each processor unless given. The result does not depend on it.""",
)
@click.option("-q", "--quiet", is_flag=True, help="Show errors only.")
@click.option("-v", "--verbose", is_flag=True, help="Also show what was repaired, guessed or left out, post by post.")
@click.option("--no-progress", is_flag=True, help="No progress bar. There is none outside of a terminal anyway.")
@click.version_option(__version__, "-V", "--version", prog_name="archive2md", message="%(prog)s %(version)s")
@click.pass_context
def convert(ctx: click.Context, /, inputs: tuple[str, ...], output: str | None, **flags: Any) -> int:  # noqa: ANN401
    """Convert exported blog posts (HTML in site wrappers, with or without front matter) to clean Markdown.

    INPUT is a file, a directory, a quoted pattern, or - for standard input, which is also read when there is no INPUT.
    In directories, files that end in .md, .markdown, .html or .htm are posts.
    """
    console = Console(quiet=flags["quiet"], verbose=flags["verbose"] and not flags["quiet"])
    console.bar = not (console.quiet or flags["no_progress"]) and _is_terminal(sys.stderr)
    if not inputs and _is_terminal(sys.stdin):
        click.echo(ctx.get_help(), err=True)
        return EXIT_USAGE
    from converter.pipeline import check

    options = _options(flags)
    check(options)
    task = Task(
        inputs or ("-",),
        output,
        options,
        force=flags["force"],
        dry_run=flags["dry_run"],
        jobs=flags["jobs"],
        prune=flags["prune"],
    )
    return _dispatch(task, console)


@dataclass(frozen=True)
class Task:
    """A command line that makes sense so far."""

    inputs: tuple[str, ...]
    output: str | None
    options: Options
    force: bool
    dry_run: bool
    jobs: int | None
    prune: bool = False
    is_one_file: bool = False

    @property
    def rules(self) -> Rules:
        """How outputs are written; one file leaves the list of failures to the runs over all of them."""
        from converter.batch import Rules

        return Rules(force=self.force, dry_run=self.dry_run, whole=not self.is_one_file, prune=self.prune)


def _options(flags: dict[str, Any]) -> Options:
    """Collect the options of the conversion.

    Raises:
        ConfigError: there is no such character encoding.

    """
    encoding = flags["encoding"]
    if encoding is not None and not _is_encoding(encoding):
        raise ConfigError(f"unknown encoding {encoding!r}", remedy="use a name such as utf-8 or gb18030")
    return Options(
        profile=flags["profile"],
        engine=flags["engine"],
        encoding=encoding,
        hard_break=flags["hard_break"],
        title_heading=flags["title_heading"],
    )


def _is_encoding(name: str) -> bool:
    """Whether Python knows how to decode text by this name; `hex` is no text encoding."""
    try:
        bytes(4).decode(name)  # empty bytes would not even be looked at
    except UnicodeError:
        return True
    except (LookupError, ValueError):
        return False
    return True


def _is_terminal(stream: Any) -> bool:  # noqa: ANN401 (sys.stdin may be anything that has been put there)
    """Whether people look at a stream; one that was closed before we started is None."""
    return stream is not None and not stream.closed and bool(stream.isatty())


def _dispatch(task: Task, console: Console) -> int:
    """Choose between standard input, one file, and a batch."""
    if task.output == "":
        raise ConfigError("the output of -o is empty", remedy="check the variable that it comes from")
    if "-" in task.inputs:
        if len(task.inputs) > 1:
            raise ConfigError("standard input (-) cannot be mixed with other inputs", remedy="convert it alone")
        return _convert_stdin(task, console)

    from converter.sources.directory import is_pattern

    only = task.inputs[0]
    if len(task.inputs) > 1 or is_pattern(only) or Path(only).is_dir():
        return _convert_batch(task, console)
    return _convert_file(task, only, console)


def _is_directory(output: str) -> bool:
    """Whether -o means a directory: it is one, or is written like one."""
    return output.endswith(("/", os.sep)) or Path(output).is_dir()


def _convert_stdin(task: Task, console: Console) -> int:
    output = task.output
    if output is not None and _is_directory(output):
        remedy = f"give one: -o {Path(output, 'post.md')}"
        raise ConfigError("standard input has no name for a file in a directory", source=output, remedy=remedy)
    source = Source("-", _read_stdin())
    if output is None:
        return _to_stdout(source, task, console)
    from converter.batch import Job, convert_bytes, settle

    started = time.perf_counter()
    job = Job(file="", name="-", path="", output=os.path.realpath(output))
    outcome = settle(convert_bytes(source, job, options=task.options, rules=task.rules))
    return _finish_one(outcome, task, console, started)


def _read_stdin() -> bytes:
    if not sys.stdin:
        raise SourceError("standard input is closed", source="-", remedy="give a file, or pipe one in")
    return sys.stdin.buffer.read()


def _to_stdout(source: Source, task: Task, console: Console) -> int:
    from converter.batch import encode
    from converter.pipeline import convert as convert_one

    result = convert_one(source, task.options)
    console.note(source.name, result.notes)
    if result.error:
        console.fail(result.error)
        return EXIT_FAILED
    if task.dry_run:
        console.data(f"would write {visible(source.name)} to standard output\n".encode())
    else:
        console.data(encode(result.markdown, source.name))
    return EXIT_OK


def _convert_file(task: Task, text: str, console: Console) -> int:
    """Convert one file that was given by name."""
    from converter.sources.directory import expand
    from converter.store import read_input

    inputs = expand([text])
    for problem in inputs.problems:
        raise problem
    found = inputs.found[0]
    if task.output is None:
        return _to_stdout(Source(found.name, read_input(found.file, found.name), found.path), task, console)
    from converter.batch import Job, convert_file, make_plan, settle
    from converter.manifest import manifest_path

    started = time.perf_counter()
    if not _is_directory(task.output):
        # Through a link to the real file: replacing the link would leave the old text where it points to.
        job = Job(file=found.file, name=found.name, path=found.path, output=os.path.realpath(task.output))
    elif manifest_path(Path(task.output)).exists():
        return _convert_batch(replace(task, is_one_file=True), console)
    else:
        job = make_plan(inputs, Path(task.output)).jobs[0]
    if Path(job.output).exists() and Path(job.output).samefile(found.file):
        raise ConfigError("the output is the input itself", source=found.name, remedy="choose another -o")
    outcome = settle(convert_file(job, options=task.options, rules=task.rules))
    return _finish_one(outcome, task, console, started)


def _finish_one(outcome: Outcome, task: Task, console: Console, started: float) -> int:
    _show(outcome, task, console)
    tally: Counter[str] = Counter([outcome.status])
    console.inform(_summary(tally, started, task))
    return EXIT_FAILED if outcome.error else EXIT_OK


def _convert_batch(task: Task, console: Console) -> int:
    from converter.batch import make_plan
    from converter.sources.directory import expand

    if task.output is None:
        words = " ".join(_quoted(text) for text in task.inputs[:3]) + (" ..." if len(task.inputs) > 3 else "")  # noqa: PLR2004 (as many as a line takes)
        raise ConfigError("several posts need a directory", remedy=f"try: archive2md {words} -o out/")
    inputs = expand(task.inputs)
    plan = make_plan(inputs, Path(task.output))
    if not plan.jobs:
        for problem in plan.problems:
            console.fail(str(problem))
        return max(problem.exit_code for problem in plan.problems)
    return _run_batch(plan, task, console)


def _quoted(text: str) -> str:
    """Quote an INPUT for a shell, when it needs it."""
    return f"'{text}'" if FORBIDDEN.search(text.replace("/", "")) or " " in text or "[" in text else text


def _run_batch(plan: Plan, task: Task, console: Console) -> int:
    from converter import batch

    started = time.perf_counter()
    console.total = len(plan)
    tally: Counter[str] = Counter()
    workers = task.jobs or _processors()
    with batch.stoppable() as stop:

        def stopped() -> bool:
            return stop.asked

        outcomes = batch.run(plan, task.options, task.rules, workers=workers, stopped=stopped)
        with contextlib.closing(outcomes):
            for outcome in outcomes:
                tally[outcome.status] += 1
                if not _show(outcome, task, console):
                    return EXIT_OK
                console.progress()
    console.inform(_summary(tally, started, task))
    if tally["vanished"]:
        console.say(f"{tally['vanished']} outputs have no input any more; --prune removes them")
    if tally["failed"] and task.rules.whole and not task.dry_run:
        console.inform(f"failures are listed in {visible(str(batch.failures_path(plan.root)))}")
    if (done := tally.total() - tally["vanished"] - tally["pruned"]) < len(plan):
        console.say(f"interrupted: {done} of {len(plan)} done; the same command again does the rest")
        return EXIT_INTERRUPTED
    return EXIT_FAILED if tally["failed"] else EXIT_OK


def _processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _show(outcome: Outcome, task: Task, console: Console) -> bool:
    """Tell what became of a post; false when nobody reads the listing any more."""
    console.note(outcome.name, outcome.notes)
    if outcome.error:
        console.fail(outcome.error)
        return True
    if not task.dry_run:
        return True
    if outcome.status in {"vanished", "pruned"}:
        word = "remove" if task.prune else "keep"
        return console.data(f"would {word} {visible(outcome.output)}, its input is gone\n".encode())
    step = "keep" if outcome.status == "unchanged" else "replace" if outcome.replaced else "write"
    return console.data(f"would {step} {visible(outcome.output)} from {visible(outcome.name)}\n".encode())


def _summary(tally: Counter[str], started: float, task: Task) -> str:
    words = ["converted", "unchanged", "failed", *(word for word in ("vanished", "pruned") if tally[word])]
    counts = ", ".join(f"{word} {tally[word]}" for word in words)
    prefix = "dry run, nothing was written: " if task.dry_run else ""
    return f"{prefix}{counts} in {time.perf_counter() - started:.1f} s"


def main() -> NoReturn:
    """Run the command line; the entry point of `archive2md`."""
    cli.main()
