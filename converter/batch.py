"""Many posts to one directory: plan, convert, write, remember. The command line shows what is yielded here.

    INPUTs -> Inputs -> [Job] -> (in this process or in workers) -> [Outcome] in plan order

The bytes of the output tree, state files included, depend on the inputs and options only: not on the number of jobs,
the order of the INPUTs, how often it ran, or how often it was killed. To that end a new text first stands in a
temporary file, then the manifest knows its hash, and only then it takes the place of the output.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from converter import __version__
from converter.encoding import encode
from converter.errors import SourceError
from converter.names import STATE_DIRECTORY
from converter.origins import Owners
from converter.plan import Pending, Place, Plan, informed, make_plan
from converter.pruning import vanished
from converter.store import digest, read_input, sweep, sweep_folders, unwritable, write
from converter.work import STATUSES, Job, Outcome, Rules, convert_bytes, convert_file, drop, failed, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from converter.manifest import Manifest, Record
    from converter.model import Options

__all__ = [
    "STATUSES",
    "Job",
    "Outcome",
    "Plan",
    "Rules",
    "Stop",
    "convert_bytes",
    "convert_file",
    "encode",
    "failures_path",
    "make_plan",
    "run",
    "settle",
    "stoppable",
]

POOL_FROM: Final = 64
"""Fewer posts than this are done before a pool of processes has started."""

GROUP: Final = 32
GROUP_SECONDS: Final = 0.2
"""How many outcomes are settled at once, and how long one waits for the others."""


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


def run(  # noqa: PLR0913 (what is different between callers, each by its name)
    plan: Plan,
    options: Options,
    rules: Rules,
    *,
    workers: int,
    stopped: Callable[[], bool],
    finish: Callable[[Manifest], None] | None = None,
    tell: Callable[[str], object] = str,
) -> Generator[Outcome]:
    """Convert what was planned; yield the outcomes in plan order, problems first, sources that are gone last.

    The manifest and the list of failures are saved when the generator ends or is closed, also after a stop. When a
    `KeyboardInterrupt` ends it, nobody waits until the manifest is packed and the tree swept: the next run does that.

    Args:
        plan: from `make_plan`.
        options: how to convert.
        rules: what may be written.
        workers: number of processes; small batches use one all the same.
        stopped: asked between posts; the run ends early once it says yes.
        finish: gets the manifest at the end, also after a stop: once it is closed, the next run may have it.
        tell: gets what the user should know about the run itself.

    Raises:
        ConfigError: before the first outcome, when the manifest cannot be used.
        SourceError: when the state files cannot be written.

    """
    from converter.manifest import Manifest  # sqlite3: for directories only

    failures = [str(problem) for problem in plan.problems]
    key = options_key(options)
    with Manifest(plan.root, read_only=rules.dry_run) as manifest:
        if manifest.unfinished:
            _sweep(plan, manifest)
        ended = in_a_hurry = worked = False
        pending: Pending = {}
        try:
            yield from (Outcome(name=problem.source, error=str(problem)) for problem in plan.problems)
            owners = Owners(plan, manifest)
            jobs = informed(plan, manifest, key, pending, owners, rules)
            processes = workers if plan.count >= POOL_FROM else 1
            outcomes = _outcomes(jobs, processes, options, stopped, rules, tell)
            with contextlib.closing(outcomes):
                for outcome in _listed(_settled(outcomes, pending, manifest, key, rules), failures):
                    if outcome.error:
                        owners.unwritten.add(outcome.output)
                    worked = worked or outcome.status != "unchanged"
                    yield outcome
            if rules.whole and not stopped():
                yield from _listed(vanished(plan, manifest, owners, rules, stopped), failures)
            if finish is not None:
                finish(manifest)
            ended = True
        except KeyboardInterrupt:
            in_a_hurry = True
            raise
        finally:
            if in_a_hurry and not rules.dry_run:
                sweep_folders({str(Path(plan.root, place.output).parent) for place, _ in pending.values()})
            elif not rules.dry_run and (worked or not ended or manifest.changed):
                # What killed workers have left, or a run that was killed before the manifest knew of it.
                _sweep(plan, manifest)
            if rules.whole and not rules.dry_run:
                _write_failures(plan.root, failures)


def _sweep(plan: Plan, manifest: Manifest) -> None:
    def is_ours(folder: str) -> bool:
        return plan.has_folder(folder) or any(True for _ in manifest.below(folder))

    sweep(plan.root, is_ours)


def _listed(outcomes: Iterable[Outcome], failures: list[str]) -> Generator[Outcome]:
    for outcome in outcomes:
        if outcome.error:
            failures.append(outcome.error)
        yield outcome


def options_key(options: Options) -> str:
    """Name the version and the options that an output was made with: the same key, the same output."""
    known = repr(tuple(options)).encode()
    if os.path.isfile(options.profile):  # noqa: PTH113 (a name such as `auto` is no path)
        known += read_input(options.profile, options.profile)
    return f"{__version__} {digest(known)[:16]}"


def _outcomes(
    jobs: Iterable[Job | Outcome],
    workers: int,
    options: Options,
    stopped: Callable[[], bool],
    rules: Rules,
    tell: Callable[[str], object],
) -> Generator[Outcome]:
    """Work through the plan, in this process or in several."""
    if workers > 1:
        from converter import pool  # multiprocessing: for large batches only

        items = (pool.Done(job) if isinstance(job, Outcome) else job for job in jobs)
        limits = pool.Limits(rules.seconds, rules.megabytes)
        handle = partial(convert_file, options=options, rules=rules)
        lost = partial(_lost, rules=rules)
        rest = yield from pool.run(items, handle, lost, workers=workers, stopped=stopped, limits=limits, drop=drop)
        if stopped() or (first := next(rest, None)) is None:
            return
        tell("the system allows no further process: the rest is done in one, as with -j 1")
        jobs = (item.outcome if isinstance(item, pool.Done) else item for item in chain((first,), rest))
    rules = rules._replace(megabytes=0)  # this process has no such limit
    with _Clock(partial(convert_file, options=options, rules=rules), rules) as clock:
        for job in jobs:
            if stopped():
                return
            yield job if isinstance(job, Outcome) else clock.handle(job)


class _Clock:
    """Handles jobs in this process, where a time limit is an exception; memory has no limit here.

    The alarm clock is set anew for each job, and not stopped after it: when it rings between two jobs, nobody listens.
    """

    def __init__(self, handle: Callable[[Job], Outcome], rules: Rules) -> None:
        self._handle = handle
        self._rules = rules
        self._job: Job | None = None
        is_main = threading.current_thread() is threading.main_thread()
        self._seconds = rules.seconds if is_main and hasattr(signal, "setitimer") else 0

    def __enter__(self) -> Self:
        if self._seconds:
            self._before = signal.signal(signal.SIGALRM, self._ring)
        return self

    def __exit__(self, *_: object) -> None:
        if self._seconds:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._before)

    def _ring(self, *_: object) -> None:
        if self._job is not None:
            raise _too_slow(self._job, self._rules)

    def handle(self, job: Job) -> Outcome:
        """Handle one job."""
        if not self._seconds:
            return self._handle(job)
        signal.setitimer(signal.ITIMER_REAL, self._seconds)
        self._job = job
        try:
            return self._handle(job)
        except SourceError as error:  # it rang between two steps that turn errors into outcomes
            return failed(job, str(error))
        finally:
            self._job = None


def _too_slow(job: Job, rules: Rules) -> SourceError:
    remedy = "look at it, or give it more with --time-limit"
    return SourceError(f"takes longer than {rules.seconds:g} s", source=job.name, remedy=remedy)


def _settled(
    outcomes: Iterable[Outcome], pending: Pending, manifest: Manifest, key: str, rules: Rules
) -> Generator[Outcome]:
    """Let the new texts take their places, group by group; the manifest knows them before and after."""
    arrived: list[str] = []
    group: list[Outcome] = []
    try:
        since = time.monotonic()
        for outcome in outcomes:
            group.append(outcome)
            if len(group) >= GROUP or time.monotonic() - since > GROUP_SECONDS:
                ready, group = group, []
                yield from _settle(ready, arrived, pending, manifest, key, rules)
                since = time.monotonic()
        ready, group = group, []
        yield from _settle(ready, arrived, pending, manifest, key, rules)
    finally:
        for outcome in group:
            drop(outcome)
        if arrived:
            manifest.put((), arrived=arrived)


def _settle(
    group: Sequence[Outcome],
    arrived: list[str],
    pending: Pending,
    manifest: Manifest,
    key: str,
    rules: Rules,
) -> list[Outcome]:
    """Settle one group; `arrived` are outputs of earlier ones that the manifest believes to be on their way."""
    places = [pending[outcome.position] for outcome in group]
    settled = list(group) if rules.dry_run else _write_down(group, places, arrived, manifest, key)
    for outcome in group:
        del pending[outcome.position]
    return settled


def _write_down(
    group: Sequence[Outcome],
    places: Sequence[tuple[Place, Record | None]],
    arrived: list[str],
    manifest: Manifest,
    key: str,
) -> list[Outcome]:
    former: dict[str, Record | None] = {}
    records: list[tuple[str, Record]] = []
    for outcome, (place, old) in zip(group, places, strict=True):
        record = _record(outcome, place, old, key)
        if record is None or record == old:
            continue
        output = place.output
        if outcome.temporary:
            former[output] = old
            # Runs that were killed one after the other, each with another text on its way, may have left any of them.
            record = record._replace(before=" ".join(dict.fromkeys(old.hashes)) if old else "-")
        records.append((output, record))
    if records or arrived:
        manifest.put(records, arrived=arrived)
    settled = [settle(outcome) for outcome in group]
    unwritten = {place.output for (place, _), outcome in zip(places, settled, strict=True) if outcome.error}
    if unwritten := unwritten.intersection(former):
        before = {output: former[output] for output in unwritten}
        manifest.put(
            [(output, old) for output, old in before.items() if old],
            gone=[output for output, old in before.items() if not old],
        )
    arrived[:] = [output for output in former if output not in unwritten]
    return settled


def _record(outcome: Outcome, place: Place, old: Record | None, key: str) -> Record | None:
    """What to remember about an output now, instead of `old`; None when there is nothing."""
    from converter.manifest import Record

    if outcome.error or outcome.source_size < 0:  # failed, or up to date and not even read
        return None
    notes = "\n".join(f"{note.rule}: {note.text}" for note in outcome.notes)
    seen = (outcome.source_size, outcome.source_mtime, outcome.source_sha256, key, notes)
    if outcome.size < 0:  # the input was read and is the same: only its time or its place is new
        return old._replace(source_mtime=outcome.source_mtime, file=place.file) if old else None
    article = outcome.article, outcome.body
    return Record(place.origin, outcome.sha256, outcome.size, "", place.file, *seen, *article)


def _lost(job: Job, exit_code: int, *, rules: Rules) -> Outcome:
    from converter.pool import UNTRIED

    if exit_code == UNTRIED:
        problem = "was in a worker process that died, and the system allows no other one"
        return failed(job, str(SourceError(problem, source=job.name, remedy="run it again")))
    # Libraries that get no memory abort or crash; what the system kills would not be spared by a higher limit.
    may_be_memory = rules.megabytes and exit_code != -getattr(signal, "SIGKILL", 0)
    remedy = "convert it alone to see why" + (", or give it more with --memory-limit" if may_be_memory else "")
    error = SourceError("killed its worker process, twice", source=job.name, remedy=remedy)
    if rules.seconds and exit_code == -getattr(signal, "SIGALRM", 0):
        error = _too_slow(job, rules)
    return failed(job, str(error))


def failures_path(root: Path) -> Path:
    """Where the failures of the last run are listed, one line each."""
    return root / STATE_DIRECTORY / "failures.txt"


def past_failures(root: Path) -> list[str]:
    """Read what `failures_path` lists; nothing when it is not there.

    Raises:
        SourceError: it cannot be read.

    """
    path = str(failures_path(root))
    if not os.path.lexists(path):
        return []
    return read_input(path, path).decode("utf-8", "replace").splitlines()


def _write_failures(root: Path, failures: Sequence[str]) -> None:
    """List what failed, or remove the list of an earlier run; an equal list is left alone."""
    path = failures_path(root)
    if not failures:
        if not os.path.lexists(path):
            return
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(str(path), error) from None
        return
    data = "".join(f"{line}\n" for line in failures).encode("utf-8", "backslashreplace")
    with contextlib.suppress(OSError):  # what cannot be read is another one
        if path.read_bytes() == data:
            return
    write(str(path), data, name=str(path))
