"""Worker processes that survive the death of one of them, keep the order and stop between two jobs.

The standard pools do not say which job killed a worker; here each worker has its own pipe, so the parent knows.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from itertools import chain, islice
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from converter.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")

CHUNK: Final = 32
"""Jobs sent at once: few enough to stop soon, enough to make the pipe cheap."""

PASSED: Final = 1024
"""Jobs and outcomes in one chunk at most: where hardly anything is to be done, the run still moves on."""

AHEAD: Final = 4
"""Chunks a worker may be ahead of the slowest one: bounds the outcomes that wait for their turn."""

RECYCLE: Final = 5000
"""Jobs after which a worker is replaced: what it may have leaked goes with it."""

TRIES: Final = 3
"""Workers in a row that end before they have got a job: then it is not the jobs that end them."""

UNTRIED: Final = 1 << 16
"""An exit code that no process has."""

WAKE_SECONDS: Final = 0.2
"""How long a signal may wait until the parent tells its workers to stop."""


class Limits(NamedTuple):
    """What one job may take; 0 for no limit. Systems without timers or limits (Windows) have none.

    Attributes:
        seconds: a worker that needs longer for one job is ended by its own alarm clock.
        megabytes: address space of a worker; beyond it, the job meets a `MemoryError`.

    """

    seconds: float = 0
    megabytes: int = 0


NO_LIMITS: Final = Limits()


class Done(NamedTuple, Generic[Outcome]):
    """An outcome that stands among the jobs, since there was nothing to do: it only keeps its place in the order."""

    outcome: Outcome


def ignore(_: object) -> None:
    """Do nothing about an outcome that nobody takes."""


def run(  # noqa: PLR0913 (what is different between callers, each by its name)
    jobs: Iterable[Job | Done[Outcome]],
    handle: Callable[[Job], Outcome],
    lost: Callable[[Job, int], Outcome],
    *,
    workers: int,
    stopped: Callable[[], bool],
    limits: Limits = NO_LIMITS,
    drop: Callable[[Outcome], None] = ignore,
) -> Generator[Outcome, None, Iterator[Job | Done[Outcome]]]:
    """Handle jobs in several processes; yield the outcomes in the order of the jobs.

    Where the system allows fewer processes, those that could be started do the work. Returns the jobs that are left
    when there is none at all, or after a stop.

    Args:
        jobs: read lazily, never more than a bounded number ahead.
        handle: run in the workers, so it must be picklable; an exception in it ends the worker.
        lost: makes the outcome of a job that killed its worker twice, from the job and the worker's exit code (minus
            the number of the signal that ended it); from `UNTRIED` when no process can be had to try it again.
        workers: number of processes.
        stopped: asked now and then; once it says yes, running jobs finish and no further ones begin.
        limits: what one job may take.
        drop: run in the workers, picklable: takes an outcome back when the parent is gone and nobody takes it.

    Raises:
        SourceError: workers end before they have got a job.

    """
    pool: _Pool[Job, Outcome] = _Pool(handle, lost, stopped, limits, drop)
    ended = False
    try:
        rest = yield from pool.run(jobs, workers)
        ended = True
    finally:
        pool.close(kill=not ended)
    return rest


class _Worker(Generic[Job, Outcome]):
    """One process, the parent's end of its pipe, and the chunk that it works on."""

    def __init__(
        self,
        context: BaseContext,
        handle: Callable[[Job], Outcome],
        limits: Limits,
        drop: Callable[[Outcome], None],
        siblings: Sequence[_Worker[Job, Outcome]],
    ) -> None:
        self.connection, theirs = context.Pipe()
        is_fork = context.get_start_method() == "fork"
        inherited = [*(worker.connection for worker in siblings), self.connection] if is_fork else []
        self.process: BaseProcess = context.Process(  # type: ignore[attr-defined]  # typeshed: only on the subclasses
            target=_serve, args=(theirs, inherited, handle, limits, drop), daemon=True
        )
        self.process.start()
        theirs.close()
        self.index = -1
        self.served = 0
        self.items: tuple[Job | Done[Outcome], ...] = ()
        self.chunk: tuple[Job, ...] = ()

    def send(self, index: int, items: tuple[Job | Done[Outcome], ...]) -> None:
        """Give the worker something to do. That it died meanwhile shows when its answer is read."""
        self.index, self.items = index, items
        self.chunk = tuple(item for item in items if not isinstance(item, Done))
        self.served += len(self.chunk)
        try:
            self.connection.send(self.chunk)
        except OSError:
            return

    def stop(self) -> None:
        """Ask the worker to end after its present job; closing the pipe says the same."""
        try:
            self.connection.send(None)
        except OSError:
            return


class _Torn(Generic[Job, Outcome]):
    """A chunk whose worker died: it is done again job by job, to find the culprit."""

    def __init__(self, worker: _Worker[Job, Outcome]) -> None:
        self.index, self.items, self.chunk = worker.index, worker.items, worker.chunk
        self.outcomes: list[Outcome] = []


class _Pool(Generic[Job, Outcome]):
    """The workers of one run."""

    def __init__(
        self,
        handle: Callable[[Job], Outcome],
        lost: Callable[[Job, int], Outcome],
        stopped: Callable[[], bool],
        limits: Limits,
        drop: Callable[[Outcome], None],
    ) -> None:
        # Linux: forked workers share the parent's imports. Elsewhere forking is impossible or unsafe.
        self.context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
        self.handle, self.lost, self.stopped, self.limits = handle, lost, stopped, limits
        self.drop = drop
        self.workers: list[_Worker[Job, Outcome]] = []
        self.idle: list[_Worker[Job, Outcome]] = []
        self.busy: list[_Worker[Job, Outcome]] = []
        self.done: dict[int, list[Outcome]] = {}
        self.torn: list[_Torn[Job, Outcome]] = []
        self.held: tuple[int, tuple[Job | Done[Outcome], ...]] | None = None
        self.most = sys.maxsize

    def run(
        self, jobs: Iterable[Job | Done[Outcome]], count: int
    ) -> Generator[Outcome, None, Iterator[Job | Done[Outcome]]]:
        """Keep every worker busy with one chunk; yield finished chunks when it is their turn."""
        chunks = enumerate(self._chunks(jobs))
        turn = 0
        told = False
        while True:
            self._mend()
            self._feed(chunks, count, turn)
            if not self.busy and turn not in self.done:
                return chain(self.held[1] if self.held else (), chain.from_iterable(items for _, items in chunks))
            if self.stopped() and not told:
                told = True
                for worker in self.busy:
                    worker.stop()
            for worker in _ready(self.busy):
                self.busy.remove(worker)
                answer = self._receive(worker)
                if answer is None:
                    self.torn.append(_Torn(worker))
                    continue
                self.done[worker.index] = self._merged(worker.items, answer)
                if worker.served < RECYCLE:
                    self.idle.append(worker)
                else:
                    worker.stop()
                    self._bury(worker)
            while turn in self.done:
                yield from self.done.pop(turn)
                turn += 1

    def _feed(self, chunks: Iterator[tuple[int, tuple[Job | Done[Outcome], ...]]], count: int, turn: int) -> None:
        """Give chunks to workers that have none, not too far ahead; chunks without a job are done already."""
        while len(self.busy) < min(count, self.most) and len(self.busy) + len(self.done) < AHEAD * count:
            if turn in self.done or self.stopped() or (entry := self.held or next(chunks, None)) is None:
                return
            self.held = None
            index, items = entry
            if all(isinstance(item, Done) for item in items):
                self.done[index] = self._merged(items, [])
                continue
            worker = self.idle.pop() if self.idle else self._spawn()
            if worker is None:
                self.held, self.most = entry, len(self.busy)  # the system allows no more: those that run do the rest
                return
            self.busy.append(worker)
            worker.send(index, items)

    def _chunks(self, items: Iterable[Job | Done[Outcome]]) -> Iterator[tuple[Job | Done[Outcome], ...]]:
        chunk: list[Job | Done[Outcome]] = []
        jobs = 0
        for item in items:
            chunk.append(item)
            jobs += not isinstance(item, Done)
            if jobs == CHUNK or len(chunk) == PASSED:
                yield tuple(chunk)
                chunk, jobs = [], 0
        if chunk:
            yield tuple(chunk)

    def _merged(self, items: Iterable[Job | Done[Outcome]], answer: Iterable[Outcome]) -> list[Outcome]:
        """Put the answers for the jobs of a chunk between its other outcomes; a stopped worker answers less."""
        answers = iter(answer)
        merged: list[Outcome] = []
        for item in items:
            merged += [item.outcome] if isinstance(item, Done) else list(islice(answers, 1))
        return merged

    def _spawn(self) -> _Worker[Job, Outcome] | None:
        """Start a worker; None when the system does not allow it."""
        try:
            worker = _Worker(self.context, self.handle, self.limits, self.drop, self.workers)
        except OSError:
            return None
        self.workers.append(worker)
        return worker

    def _spare(self) -> _Worker[Job, Outcome] | None:
        """Find a worker in place of one that died; one that is new has to say that it lives."""
        if self.idle:
            return self.idle.pop()
        code = 0
        for _ in range(TRIES):
            if (worker := self._spawn()) is None:
                return None
            worker.send(-1, ())
            if self._receive(worker) is not None:
                return worker
            code = worker.process.exitcode or 0
        problem = f"worker processes end as soon as they have started (exit code {code})"
        remedy = "give them more with --memory-limit, or " if self.limits.megabytes else ""
        raise SourceError(problem, remedy=f"{remedy}convert in one process: -j 1")

    def _mend(self) -> None:
        """Do the chunks again whose workers died, as far as there are workers for it."""
        while self.torn:
            torn = self.torn[0]
            worker = None
            while len(torn.outcomes) < len(torn.chunk) and not self.stopped():
                job = torn.chunk[len(torn.outcomes)]
                if worker is None and (worker := self._spare()) is None:
                    if self.busy:
                        return  # one of them will have time
                    torn.outcomes.append(self.lost(job, UNTRIED))
                    continue
                worker.send(-1, (job,))
                answer = self._receive(worker)
                torn.outcomes += [self.lost(job, worker.process.exitcode or 0)] if answer is None else answer
                worker = None if answer is None else worker
            if worker is not None:
                self.idle.append(worker)
            self.done[torn.index] = self._merged(torn.items, torn.outcomes)
            del self.torn[0]

    def _receive(self, worker: _Worker[Job, Outcome]) -> list[Outcome] | None:
        try:
            answer: list[Outcome] = worker.connection.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return None
        return answer

    def _bury(self, worker: _Worker[Job, Outcome]) -> None:
        worker.connection.close()
        worker.process.join()
        self.workers.remove(worker)

    def close(self, *, kill: bool) -> None:
        """End all workers.

        Args:
            kill: nobody takes what they have under way, as after a second Ctrl-C, which they do not hear themselves.
                What they leave half-written, the caller has to sweep.

        """
        for worker in self.workers:
            worker.connection.close()
            if kill:
                worker.process.kill()
        for worker in self.workers:
            worker.process.join()


def _ready(busy: Sequence[_Worker[Job, Outcome]]) -> list[_Worker[Job, Outcome]]:
    """Wait a moment for workers that answered or died."""
    if not busy:
        return []
    ready = wait([worker.connection for worker in busy], timeout=WAKE_SECONDS)
    return [worker for worker in busy if worker.connection in ready]


def _limit_memory(megabytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = megabytes << 20
    resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _serve(
    connection: Connection,
    inherited: Sequence[Connection],
    handle: Callable[[Job], Outcome],
    limits: Limits,
    drop: Callable[[Outcome], None],
) -> None:
    """Work off chunks until the pipe closes: the life of a worker.

    Ctrl-C reaches all processes of a terminal; only the parent decides what it means. A forked worker inherits the
    parent's ends of the pipes and closes them, or it would never see that the parent is gone. Then what it has done is
    nobody's: a later run may be over already when a long job ends.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for other in inherited:
        other.close()
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # it ends the process, whatever code that is in
    if limits.megabytes:
        _limit_memory(limits.megabytes)
    outcomes: list[Outcome] = []
    try:
        while (chunk := connection.recv()) is not None:
            for job in chunk:
                _ring_after(limits.seconds)
                outcomes.append(handle(job))
                if connection.poll():
                    break
            _ring_after(0)
            connection.send(outcomes)
            outcomes = []
    except (EOFError, OSError, MemoryError):  # the parent is gone, or there is no room for a chunk: it sees the end
        for outcome in outcomes:
            drop(outcome)


def _ring_after(seconds: float) -> None:
    """Set the alarm clock of this process; 0 stops it."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
