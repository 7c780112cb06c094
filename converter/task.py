"""One `convert` command: standard input, one file, or a batch. A part of `cli`."""

from __future__ import annotations

import contextlib
import os
import shlex
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from converter.console import visible
from converter.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, ConfigError
from converter.model import Options, Source
from converter.names import FORBIDDEN
from converter.pipe import read_stdin, to_stdout

if TYPE_CHECKING:
    import re

    from converter.batch import Outcome, Plan, Rules
    from converter.console import Console
    from converter.report import Report


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
    seconds: float = 0
    megabytes: int = 0
    report: str | None = None
    json: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    is_one_file: bool = False
    command: tuple[str, ...] = ()

    @property
    def rules(self) -> Rules:
        """How outputs are written; one file leaves the list of failures to the runs over all of them."""
        from converter.batch import Rules

        whole = not self.is_one_file
        writing = Rules(force=self.force, dry_run=self.dry_run, whole=whole, prune=self.prune)
        return writing._replace(seconds=self.seconds, megabytes=self.megabytes)


def run(task: Task, console: Console) -> int:
    """Choose between standard input, one file, and a batch; returns the exit code.

    Raises:
        ConfigError: the command line makes no sense.
        SourceError: the only input cannot be read, or the output not be written.

    """
    if task.report is not None:
        from converter.report import KNOWN

        check_report(task.report, KNOWN)
    if task.output == "":
        raise ConfigError("the output of -o is empty", remedy="check the variable that it comes from")
    if "-" in task.inputs:
        if len(task.inputs) > 1:
            raise ConfigError("standard input (-) cannot be mixed with other inputs", remedy="convert it alone")
        return _convert_stdin(task, console)

    from converter.sources.directory import is_several

    if len(task.inputs) > 1 or is_several(only := task.inputs[0]):
        return _convert_batch(task, console)
    return _convert_file(task, only, console)


def check_report(name: str, known: re.Pattern[bytes]) -> None:
    """Find out before a run starts whether a report may be written to a file; `--force` is about outputs.

    Raises:
        ConfigError: something else is there, such as a post, when the name of the report was forgotten.

    """
    from converter.store import NO_REPORT, obstacle

    if problem := obstacle(os.path.realpath(name), known):
        raise ConfigError(problem, source=name, remedy=NO_REPORT)


def _is_directory(output: str) -> bool:
    """Whether -o means a directory: it is one, or is written like one."""
    return output.endswith(("/", os.sep)) or os.path.isdir(output)  # noqa: PTH112 (Path.is_dir raises for names that are too long)


def _convert_stdin(task: Task, console: Console) -> int:
    output = task.output
    if output is not None and _is_directory(output):
        remedy = f"give one: -o {Path(output, 'post.md')}"
        raise ConfigError("standard input has no name for a file in a directory", source=output, remedy=remedy)
    source = read_stdin()
    if output is None:
        _no_json(task)
        return to_stdout(source, task.options, console, dry_run=task.dry_run)
    from converter.batch import Job, convert_bytes, settle

    started = time.perf_counter()
    job = Job(file="", name="-", path="", output=os.path.realpath(output))
    outcome = settle(convert_bytes(source, job, options=task.options, rules=task.rules))
    return _finish_one(outcome, task, console, started)


def _no_json(task: Task) -> None:
    if task.json:
        raise ConfigError("--json and the Markdown both go to standard output", remedy="write to a file with -o")


def _convert_file(task: Task, text: str, console: Console) -> int:
    """Convert one file that was given by name."""
    from converter.sources.directory import expand
    from converter.sources.reading import read

    inputs = expand([text])
    for problem in inputs.problems:
        raise problem
    found = inputs.found[0]
    if task.output is None:
        _no_json(task)
        content = read(found.file, found.member, found.name)
        source = Source(found.name, content.data, found.path, content.url, content.encoding)
        return to_stdout(source, task.options, console, dry_run=task.dry_run)
    from converter.batch import Job, convert_file, make_plan, settle
    from converter.manifest import is_there

    started = time.perf_counter()
    if not _is_directory(task.output):
        # Through a link to the real file: replacing the link would leave the old text where it points to.
        job = Job(file=found.file, name=found.name, path=found.path, output=os.path.realpath(task.output))
    elif is_there(Path(task.output)):
        return _convert_batch(replace(task, is_one_file=True), console)
    else:
        job, _ = next(iter(make_plan(inputs, Path(task.output))))
    if os.path.exists(job.output) and Path(job.output).samefile(found.file):  # noqa: PTH110 (as above)
        raise ConfigError("the output is the input itself", source=found.name, remedy="choose another -o")
    outcome = settle(convert_file(job, options=task.options, rules=task.rules))
    return _finish_one(outcome, task, console, started)


def _finish_one(outcome: Outcome, task: Task, console: Console, started: float) -> int:
    from converter.report import Report

    report = Report()
    report.add(outcome)
    _show(outcome, task, console)
    console.inform(_summary(report, started, task))
    _save_report(report, task, started, complete=True)
    return EXIT_FAILED if outcome.error else EXIT_OK


def _save_report(report: Report, task: Task, started: float, *, complete: bool) -> None:
    """Write the file of `--report`; an older report is replaced."""
    if task.report is None:
        return
    from converter.report import KNOWN, dumps
    from converter.store import write_report

    seconds = time.perf_counter() - started
    document = report.document(command=("archive2md", *task.command), seconds=seconds, complete=complete)
    write_report(os.path.realpath(task.report), dumps(document), known=KNOWN, name=task.report)


def _convert_batch(task: Task, console: Console) -> int:
    from converter.batch import make_plan
    from converter.sources.directory import expand
    from converter.sources.selection import selection

    if task.output is None:
        words = " ".join(_quoted(text) for text in task.inputs[:3]) + (" ..." if len(task.inputs) > 3 else "")  # noqa: PLR2004 (as many as a line takes)
        raise ConfigError("several posts need a directory", remedy=f"try: archive2md {words} -o out/")
    inputs = expand(task.inputs, selection(task.include, task.exclude))
    plan = make_plan(inputs, Path(task.output))
    if plan.count:
        return _run_batch(plan, task, console)
    worst = max(problem.exit_code for problem in plan.problems)
    if _may_have_lost_posts(plan):
        return max(worst, _run_batch(plan, task, console))
    for problem in plan.problems:
        console.fail(str(problem))
    return worst


def _may_have_lost_posts(plan: Plan) -> bool:
    """Whether an earlier run may have found posts where there are none now: its outputs are left over."""
    from converter.manifest import is_there

    return bool(plan.directories or plan.patterns or plan.containers) and is_there(plan.root)


def _quoted(text: str) -> str:
    """Quote an INPUT for a shell, when it needs it."""
    return f"'{text}'" if FORBIDDEN.search(text.replace("/", "")) or " " in text or "[" in text else text


def _run_batch(plan: Plan, task: Task, console: Console) -> int:
    from converter import batch
    from converter.report import Report

    started = time.perf_counter()
    console.total = len(plan)
    report = Report()
    tally = report.tally
    workers = task.jobs or _processors()
    tells_all = task.rules.whole and not task.dry_run
    listed = task.report is not None
    finish = partial(report.look, listed=listed) if listed or tells_all else None
    heeded = False
    with batch.stoppable() as stop:

        def stopped() -> bool:
            nonlocal heeded
            heeded = heeded or stop.asked
            return heeded

        outcomes = batch.run(
            plan, task.options, task.rules, workers=workers, stopped=stopped, finish=finish, tell=console.say
        )
        with contextlib.closing(outcomes):
            try:
                for outcome in outcomes:
                    report.add(outcome)
                    if not _show(outcome, task, console) and task.dry_run:
                        return EXIT_OK  # a run that writes has more to do than to tell
                    console.progress(tally["failed"])
            except KeyboardInterrupt as second:
                outcomes.throw(second)  # wherever it came, it is the run that has to make haste
    done = tally.total() - tally["vanished"] - tally["pruned"]
    console.inform(_summary(report, started, task))
    if tally["vanished"]:
        console.say(f"{tally['vanished']} outputs have no input any more; --prune removes them")
    if tells_all:
        _inform_about_repeated(report, plan.root, console)
    if tally["failed"] and tells_all:
        again = shlex.join(("archive2md", *task.command))
        where = f"failures are listed in {batch.failures_path(plan.root)}"
        console.inform(visible(f"{where}; this tries them again: {again}"))
    cut = heeded or done < len(plan)
    if cut:
        but = ", but not all outputs without an input" if done >= len(plan) else ""
        console.say(f"interrupted: {done} of {len(plan)} done{but}; the same command again does the rest")
    _save_report(report, task, started, complete=not cut)
    return EXIT_INTERRUPTED if cut else EXIT_FAILED if tally["failed"] else EXIT_OK


def _inform_about_repeated(report: Report, root: Path, console: Console) -> None:
    """Say how many posts seem to be there more than once."""
    counts = report.repeats
    if any(counts.values()):
        again = shlex.join(("archive2md", "report", str(root)))
        words = ", ".join(f"{count} with the same {what}" for what, count in counts.items() if count)
        console.inform(visible(f"outputs that repeat each other: {words}; this lists them: {again}"))


def _processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _show(outcome: Outcome, task: Task, console: Console) -> bool:
    """Tell what became of a post; false when nobody reads the listing any more."""
    console.note(outcome.name, outcome.notes)
    console.differ(outcome.name, outcome.differences)
    if outcome.error:
        console.fail(outcome.error)
    if task.json:
        from converter.report import line

        return console.data(f"{line(outcome)}\n".encode())
    if outcome.error:
        return True
    if not task.dry_run:
        return True
    if outcome.status in {"vanished", "pruned"}:
        word = "remove" if task.prune else "keep"
        return console.data(f"would {word} {visible(outcome.output)}, {outcome.why}\n".encode())
    step = "keep" if outcome.status == "unchanged" else "replace" if outcome.replaced else "write"
    why = f" ({outcome.why})" if outcome.why and step != "keep" else ""
    return console.data(f"would {step} {visible(outcome.output)} from {visible(outcome.name)}{why}\n".encode())


def _summary(report: Report, started: float, task: Task) -> str:
    tally = report.tally
    words = ["converted", "unchanged", "failed", *(word for word in ("vanished", "pruned") if tally[word])]
    counts = ", ".join(f"{word} {tally[word]}" for word in words)
    if differing := report.looked_at["differing"]:
        counts += f", differing from the article {differing}"
    prefix = "dry run, nothing was written: " if task.dry_run else ""
    return f"{prefix}{counts} in {time.perf_counter() - started:.1f} s"
