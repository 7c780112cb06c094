"""Many posts to one directory: plan, convert, write, remember. The command line shows what is yielded here.

    INPUTs -> Inputs -> [Job] -> (in this process or in workers) -> [Outcome] in plan order

The bytes of the output tree, state files included, depend on the inputs and options only: not on the number of jobs,
the order of the INPUTs, or how often it ran.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from converter import pipeline
from converter.errors import ConfigError, ConverterError, SourceError
from converter.model import Note, Options, Source
from converter.names import STATE_DIRECTORY, output_names
from converter.store import decide, digest, read_input, unwritable, write

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from converter.manifest import Manifest, Record
    from converter.sources import Inputs

POOL_FROM: Final = 64
"""Fewer posts than this are done before a pool of processes has started."""

Status = Literal["converted", "unchanged", "failed"]


@dataclass(frozen=True, slots=True)
class Rules:
    """How outputs are written.

    Attributes:
        force: replace files that are not ours, too.
        dry_run: write nothing at all.
        list_failures: keep `failures.txt` up to date.

    """

    force: bool = False
    dry_run: bool = False
    list_failures: bool = True


@dataclass(frozen=True, slots=True)
class Job:
    """One post to convert.

    Attributes:
        file: the input file.
        name: how messages call it.
        path: its path inside the batch, for `Source`.
        output: the output file, as messages call it and as it is opened.
        recorded: hash of what an earlier run wrote there; empty when there was none.
        refusal: why the output must not be written, known before the post is read; empty when nothing speaks
            against it.
        position: its place in the plan.

    """

    file: str
    name: str
    path: str
    output: str
    recorded: str = ""
    refusal: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one post; small, since it travels between processes.

    Attributes:
        name: how messages call the input.
        output: the output file; empty for an INPUT that is no post at all.
        status: what happened, or in a dry run what would happen.
        replaced: whether an older output was there.
        error: one line; empty unless `status` is `failed`.
        notes: what the user should know about this post.
        sha256: hash of what the output holds now; empty when the post failed.
        position: place of its job in the plan; a run that was stopped leaves gaps.

    """

    name: str
    output: str = ""
    status: Status = "failed"
    replaced: bool = False
    error: str = ""
    notes: tuple[Note, ...] = ()
    sha256: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch will do.

    Attributes:
        root: the output directory.
        jobs: the posts, in order, with their outputs.
        outputs: for each job the output's path relative to `root`, `/` between the parts.
        origins: for each job what the manifest calls its source.
        problems: errors for INPUTs that gave no posts.

    """

    root: Path
    jobs: tuple[Job, ...]
    outputs: tuple[str, ...]
    origins: tuple[str, ...]
    problems: tuple[ConverterError, ...] = ()

    def __len__(self) -> int:
        """Count the outcomes that this plan will have."""
        return len(self.jobs) + len(self.problems)


class Stop:
    """Whether the user asked to stop; an instance is a signal handler."""

    def __init__(self) -> None:
        """Begin with nobody having asked."""
        self.asked = False

    def __call__(self, *_: object) -> None:
        """Take the wish down; at the second time stop at once."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


@contextlib.contextmanager
def stoppable() -> Iterator[Stop]:
    """Turn Ctrl-C and SIGTERM into `Stop.asked` for a while, so that posts are finished or not begun.

    A signal that is ignored stays so: shells start background jobs with Ctrl-C ignored.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    before = {number: handler for number, handler in before.items() if handler not in {signal.SIG_IGN, None}}
    for number in before:
        signal.signal(number, stop)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def make_plan(inputs: Inputs, root: Path) -> Plan:
    """Decide where each input goes.

    Raises:
        ConfigError: the output directory is a file, or lies in an input directory.

    """
    _check_root(inputs.directories, root)
    outputs = output_names([(found.path, found.origin) for found in inputs.found])
    real_root = root.resolve()
    folders = {Path(found.file).parent for found in inputs.found}
    is_near = any(folder.resolve().is_relative_to(real_root) for folder in folders)
    own = {str(Path(found.file).resolve()) for found in inputs.found} if is_near else set()
    jobs = []
    for position, (found, output) in enumerate(zip(inputs.found, outputs, strict=True)):
        path = found.path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        job = Job(file=found.file, name=found.name, path=path, output=str(root / output), position=position)
        if str(real_root / output) in own:
            error = SourceError("would replace an input", source=job.output, remedy="choose another -o")
            job = replace(job, refusal=_for(job, error))
        jobs.append(job)
    origins = tuple(found.origin.encode("utf-8", "backslashreplace").decode() for found in inputs.found)
    return Plan(root, tuple(jobs), tuple(outputs), origins, inputs.problems)


def _check_root(directories: Sequence[str], root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise ConfigError("is a file, but a batch needs a directory", source=str(root), remedy="choose another -o")
    for directory in directories:
        top = Path(directory).resolve()
        if root.resolve().is_relative_to(top):
            problem = f"the output directory lies in the input directory {directory}"
            remedy = f"choose one outside of it, such as -o {top.parent / (top.name + '-md')}"
            raise ConfigError(problem, source=str(root), remedy=remedy)


def run(plan: Plan, options: Options, rules: Rules, *, workers: int, stopped: Callable[[], bool]) -> Generator[Outcome]:
    """Convert what was planned; yield the outcomes in plan order, problems first.

    The manifest and the list of failures are saved when the generator ends or is closed, also after a stop.

    Args:
        plan: from `make_plan`.
        options: how to convert.
        rules: what may be written.
        workers: number of processes; small batches use one all the same.
        stopped: asked between posts; the run ends early once it says yes.

    Raises:
        ConfigError: before the first outcome, when the manifest cannot be used.
        SourceError: when the state files cannot be written.

    """
    from converter.manifest import Manifest  # sqlite3: for directories only

    failures = [str(problem) for problem in plan.problems]
    with Manifest(plan.root, read_only=rules.dry_run) as manifest:
        try:
            yield from (Outcome(name=problem.source, error=str(problem)) for problem in plan.problems)
            outcomes = _outcomes(plan, manifest, partial(convert_file, options=options, rules=rules), workers, stopped)
            with contextlib.closing(outcomes):
                for outcome in outcomes:
                    if outcome.error:
                        failures.append(outcome.error)
                    elif not rules.dry_run:
                        manifest.put(plan.outputs[outcome.position], _record(plan.origins[outcome.position], outcome))
                    yield outcome
        finally:
            if rules.list_failures and not rules.dry_run:
                _write_failures(plan.root, failures)


def _record(origin: str, outcome: Outcome) -> Record:
    from converter.manifest import Record

    return Record(origin, outcome.sha256)


def _outcomes(
    plan: Plan, manifest: Manifest, handle: Callable[[Job], Outcome], workers: int, stopped: Callable[[], bool]
) -> Generator[Outcome]:
    """Work through the plan, in this process or in several."""
    jobs = _informed(plan, manifest)
    if workers > 1 and len(plan.jobs) >= POOL_FROM:
        from converter import pool  # multiprocessing: for large batches only

        yield from pool.run(jobs, handle, _lost, workers=workers, stopped=stopped)
        return
    for job in jobs:
        if stopped():
            return
        yield handle(job)


def _informed(plan: Plan, manifest: Manifest) -> Iterator[Job]:
    """Tell each job what the manifest knows about its output.

    What was written from an input that is not part of this run does not count as ours: of two runs over two
    directories, each with an `index.html`, the second must not eat the output of the first.
    """
    origins = frozenset(plan.origins)
    root = plan.root.resolve()
    for job, output in zip(plan.jobs, plan.outputs, strict=True):
        record = manifest.get(output)
        recorded = record.sha256 if record and record.source in origins else ""
        refusal = job.refusal
        if Path(job.file).is_relative_to(root) and manifest.get(Path(job.file).relative_to(root).as_posix()):
            refusal = str(SourceError("is an output of an earlier run", source=job.name, remedy="leave it out"))
        yield replace(job, recorded=recorded, refusal=refusal)


def _for(job: Job, error: ConverterError) -> str:
    """One line about an output that also names the input."""
    return str(ConverterError(str(error), source=job.name))


def convert_file(job: Job, *, options: Options, rules: Rules) -> Outcome:
    """Convert one file to one file. Never raises for what can be wrong with them."""
    failed = Outcome(name=job.name, output=job.output, position=job.position)
    if job.refusal:
        return replace(failed, error=job.refusal)
    try:
        data = read_input(job.file, job.name)
    except ConverterError as error:
        return replace(failed, error=str(error))
    return convert_bytes(Source(job.name, data, job.path), job, options=options, rules=rules)


def convert_bytes(source: Source, job: Job, *, options: Options, rules: Rules) -> Outcome:
    """Convert one input that was read already, to the output of a job. Never raises either."""
    result = pipeline.convert(source, options)
    failed = Outcome(name=job.name, output=job.output, position=job.position, notes=result.notes)
    if result.error:
        return replace(failed, error=result.error)
    target = Path(job.output)
    try:
        data = encode(result.markdown, job.name)
        step = decide(target, data, name=job.output, recorded=job.recorded, force=rules.force)
        if step != "keep" and not rules.dry_run:
            write(target, data, name=job.output)
    except ConverterError as error:
        return replace(failed, error=str(error) if error.source == job.name else _for(job, error))
    status: Status = "unchanged" if step == "keep" else "converted"
    return replace(failed, status=status, replaced=step == "replace", sha256=digest(data))


def encode(markdown: str, name: str) -> bytes:
    """Turn Markdown into the bytes of a file: UTF-8, LF.

    Raises:
        SourceError: it holds half of a surrogate pair, which no encoding has.

    """
    try:
        return markdown.encode()
    except UnicodeEncodeError as error:
        problem = f"holds the character U+{ord(markdown[error.start]):04X}, which is half of one"
        raise SourceError(problem, source=name, remedy="give the right --encoding") from None


def _lost(job: Job) -> Outcome:
    error = SourceError("killed its worker process, twice", source=job.name, remedy="convert it alone to see why")
    return Outcome(name=job.name, output=job.output, position=job.position, error=str(error))


def failures_path(root: Path) -> Path:
    """Where the failures of the last run are listed, one line each."""
    return root / STATE_DIRECTORY / "failures.txt"


def _write_failures(root: Path, failures: Sequence[str]) -> None:
    """List what failed, or remove the list of an earlier run; an equal list is left alone."""
    path = failures_path(root)
    if not failures:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(str(path), error) from None
        return
    data = "".join(f"{line}\n" for line in failures).encode("utf-8", "backslashreplace")
    if not path.exists() or path.read_bytes() != data:
        write(path, data, name=str(path))
