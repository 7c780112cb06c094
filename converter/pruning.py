"""Outputs whose input is gone, or goes elsewhere now: telling of them, and with `--prune` removing them.

A part of `batch`. Nothing goes that was edited since, and no folder but an empty one that held an output.
"""

from __future__ import annotations

import contextlib
import os
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from converter.errors import ConverterError, SourceError
from converter.origins import GONE, MOVED_ON
from converter.store import digest, read_input, remove_empty, unwritable
from converter.work import Outcome, about

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from converter.manifest import Manifest, Record
    from converter.origins import Owners
    from converter.plan import Place, Plan
    from converter.work import Job, Rules


def vanished(
    plan: Plan, manifest: Manifest, owners: Owners, rules: Rules, stopped: Callable[[], bool]
) -> Iterator[Outcome]:
    """Find outputs whose input is gone, or goes elsewhere now, and concerns this run; with `prune` they go, too.

    One that somebody has removed together with its input is forgotten without a word.
    """
    present = plan.spool.outputs()
    planned = next(present, None)
    for output, record in takewhile(lambda _: not stopped(), manifest):
        while planned is not None and planned < output:
            planned = next(present, None)
        if planned != output and (owners.is_gone(record) or owners.has_left(output, record)):
            plan.spool.lose(output)
    for output in takewhile(lambda _: not stopped(), plan.spool.lost()):
        lost = manifest.get(output)
        if lost is None:
            continue
        outcome = _told(output, lost, plan.root, owners, rules)
        if not rules.dry_run and (outcome is None or outcome.status == "pruned"):
            manifest.put((), gone=(output,))
        if outcome is not None:
            yield outcome


def _told(output: str, record: Record, root: Path, owners: Owners, rules: Rules) -> Outcome | None:
    """Say what is to be told about an output without an input, after removing it if that is wanted."""
    if not rules.prune and _is_absent(root, output):
        return None
    why = MOVED_ON if owners.successor(record) else GONE
    outcome = Outcome(owners.name(record), str(Path(root, output)), "vanished", why=why)
    if rules.prune and owners.is_another(output):
        return outcome._replace(status="pruned")
    return _prune(outcome, root, output, record, rules) if rules.prune else outcome


def _prune(outcome: Outcome, root: Path, output: str, record: Record, rules: Rules) -> Outcome:
    """Remove an output, unless it was edited since."""
    target = Path(outcome.output)
    try:
        if target.is_dir() and not target.is_symlink():  # the folder of other posts has taken the place of ours
            return outcome._replace(status="pruned")
        if not rules.force and _is_edited(target, record):
            problem = f"{outcome.why}, but it was edited since it was written"
            raise SourceError(problem, source=str(target), remedy="remove it yourself, or pass --force")
        if not rules.dry_run:
            _remove(root, output)
    except ConverterError as error:
        return outcome._replace(status="failed", error=about(outcome.name, error))
    except OSError as error:
        return outcome._replace(status="failed", error=str(unwritable(str(target), error)))
    return outcome._replace(status="pruned")


def _is_edited(target: Path, record: Record) -> bool:
    """Whether something is there that we did not write."""
    return target.exists() and digest(read_input(str(target), str(target))) not in record.hashes


def _remove(root: Path, output: str) -> None:
    """Remove an output, and the folders above it that are empty now."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):  # a run was killed before it could forget it
        Path(root, output).unlink()
    remove_empty(root, output.rpartition("/")[0])


def _above(output: str) -> Iterator[str]:
    """Name the folders above an output, the deepest first."""
    while output := output.rpartition("/")[0]:
        yield output


def _is_absent(root: Path, output: str) -> bool:
    """Whether an output is not there, for sure: what a link leads to may be on a disk that is not mounted."""
    try:
        Path(root, output).lstat()
    except (FileNotFoundError, NotADirectoryError):
        return not any(Path(root, folder).is_symlink() for folder in _above(output))
    except OSError:
        return False
    return False


class Way:
    """Whether the outputs of posts that are gone stand in the way: `a.md` of `a.md/b.md`, or the other way round."""

    def __init__(self, plan: Plan, manifest: Manifest, owners: Owners, rules: Rules) -> None:
        """Ask about a plan, and what the manifest knows."""
        self._root, self._manifest, self._owners, self._rules = plan.root, manifest, owners, rules
        self._folder = self._blocked = ""

    def open(self, job: Job, place: Place) -> Job | Outcome:
        """Let a post come to its place: with `prune` what is in the way goes, without it the post fails.

        A dry run says that it would be converted.
        """
        if (blocked := self._blocked_above(place.output)) and (record := self._manifest.get(blocked)):
            return self._past(job, blocked, record)
        if self._rules.prune and os.path.isdir(job.output) and not os.path.islink(job.output):  # noqa: PTH112, PTH114 (a Path per post costs more)
            below = list(self._manifest.below(place.output))
            if _holds_nothing_else(job.output, self._root, [output for output, _ in below]):
                return self._freed(job, below)
        return job

    def _past(self, job: Job, output: str, record: Record) -> Job | Outcome:
        """Let a post come past an output in the place of its folder, or say what is to be done."""
        target, name = str(Path(self._root, output)), self._owners.name(record)
        if self._owners.is_gone(record):
            if self._rules.prune:
                return self._freed(job, [(output, record)])
            problem = f"{target} was made from {name}, which is gone"
            remedy = "pass --prune to let this post take its place, or move it away"
        elif self._owners.successor(record):  # that one has to be written before
            problem = f"{target} was made from {name}, which has another output now"
            remedy = "run it again" if self._rules.prune else "pass --prune, and run it again"
        else:
            return job
        return job._replace(refusal=about(job.name, SourceError(problem, source=job.output, remedy=remedy)))

    def _blocked_above(self, output: str) -> str:
        """Tell which output of an earlier run is a file where a post needs a folder; empty when there is none."""
        folder = output.rpartition("/")[0]
        if folder != self._folder:
            self._folder = folder
            known = (above for above in _above(output) if self._manifest.get(above))
            self._blocked = next((above for above in known if Path(self._root, above).is_file()), "")
        return self._blocked

    def _freed(self, job: Job, outputs: list[tuple[str, Record]]) -> Job | Outcome:
        """Remove outputs if all may go; that they are pruned is said, and noted, at the end."""
        try:
            for output, record in outputs:
                target = Path(self._root, output)
                if not self._owners.is_gone(record) or (not self._rules.force and _is_edited(target, record)):
                    return job
            if self._rules.dry_run:
                return Outcome(job.name, job.output, "converted", position=job.position, why=job.why)
            for output, _ in outputs:
                _remove(self._root, output)
        except (ConverterError, OSError):
            return job  # it will meet what is left
        self._folder = self._blocked = ""
        return job


def _holds_nothing_else(folder: str, root: Path, outputs: list[str]) -> bool:
    """Whether a folder holds nothing but outputs and the folders that they are in, or were, if a run was killed."""
    files = {str(Path(root, output)) for output in outputs}
    folders = {str(Path(root, above)) for output in outputs for above in _above(output)}
    return all(
        above in folders
        and all(str(Path(above, name)) in files for name in names)
        and not any(Path(above, name).is_symlink() for name in inner)
        for above, inner, names in os.walk(folder)
    )
