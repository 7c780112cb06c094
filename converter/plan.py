"""What a batch will do: where each input goes, and what need not be done because an earlier run did it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from itertools import tee
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from converter.errors import ConfigError, ConverterError, SourceError
from converter.names import folders, output_names
from converter.origins import Owners, locator, printable
from converter.pruning import Way
from converter.sources.selection import everything
from converter.store import digest, read_input, signed
from converter.work import EDITED, Job, Outcome, Rules, about

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from converter.manifest import Manifest, Record
    from converter.sources import Inputs
    from converter.sources.patterns import Pattern
    from converter.sources.spool import Spool


class Place(NamedTuple):
    """Where a post comes from and goes to, as the manifest writes it.

    Attributes:
        output: the output, relative to the output directory, `/` between the parts.
        origin: name of the input.
        file: path of the input, from the output directory.

    """

    output: str
    origin: str
    file: str


Pending: TypeAlias = "dict[int, tuple[Place, Record | None]]"
"""Jobs that are under way by their positions: where they belong, and what the manifest knew about their outputs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch will do. Its posts wait on disk, so it is small however many they are.

    Attributes:
        root: the output directory.
        spool: the posts, in order, with their outputs.
        count: how many they are.
        directories: the input directories.
        containers: the input containers that could be listed to their ends.
        problems: errors for INPUTs that gave no posts.
        patterns: the INPUTs that are patterns.
        locate: says where a directory is, as the manifest keeps it.
        selected: `--include` or `--exclude` may have left posts out.

    """

    root: Path
    spool: Spool
    count: int
    locate: Callable[[str], str]
    directories: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    problems: tuple[ConverterError, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    selected: bool = False

    def __len__(self) -> int:
        """Count the outcomes that this plan will have."""
        return self.count + len(self.problems)

    def has_folder(self, folder: str) -> bool:
        """Whether outputs of this run are in a folder of the output directory, or below it."""
        return all(self.spool.is_claimed(key) for key in folders(f"{folder}/"))

    def __iter__(self) -> Iterator[tuple[Job, Place]]:
        """Go through the posts, in the order in which they are best read."""
        prefix = "" if str(self.root) == os.curdir else os.path.join(self.root, "")  # noqa: PTH118 (a Path per post costs more than all the rest)
        parent, folder = "", ""
        for position, (output, refusal, found) in enumerate(self.spool.jobs()):
            path = found.path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            target = prefix + output
            job = Job(found.file, found.name, path, target, position=position, member=found.member)
            if refusal:
                error = SourceError(refusal, source=target, remedy="choose another -o")
                job = job._replace(refusal=about(job.name, error))
            above, name = os.path.split(found.file)
            if above != parent:
                parent, folder = above, self.locate(above)
            yield job, Place(output, found.origin, f"{folder}/{printable(name)}")


def make_plan(inputs: Inputs, root: Path) -> Plan:
    """Decide where each input goes.

    Raises:
        ConfigError: the output directory is a file, or lies in an input directory or in what a pattern names.

    """
    _check_root(inputs.directories, root)
    spool = inputs.spool
    refusal = _look_around(spool, root.resolve())
    first, second = tee(spool.named())
    names = output_names(((path, origin) for _, path, origin in first), spool)
    count = spool.plan((output, refusal(output), number) for output, (number, *_) in zip(names, second, strict=True))
    _check_patterns(inputs, root)
    sources = inputs.directories, inputs.containers, inputs.problems, inputs.patterns
    return Plan(root, spool, count, locator(root), *sources, selected=inputs.wanted is not everything)


def _look_around(spool: Spool, root: Path) -> Callable[[str], str]:
    """Take the names of all folders, and make the question why an output must not be written, as it is an input."""
    folder, parent, is_near, any_near = "", "", False, False
    for path, file in spool.places():
        if (above := path.rpartition("/")[0]) != folder:
            folder = above
            for name in folders(path):
                spool.claim(name)
        if (above := os.path.dirname(file)) != parent:  # noqa: PTH120 (as above)
            parent = above
            is_near = Path(parent).resolve().is_relative_to(root)
            any_near = any_near or is_near
        if is_near:
            spool.own(str(Path(file).resolve()))

    def refusal(output: str) -> str:
        return "would replace an input" if any_near and spool.is_own(str(root / output)) else ""

    return refusal


def _check_root(directories: Sequence[str], root: Path) -> None:
    if os.path.exists(root) and not os.path.isdir(root):  # noqa: PTH110, PTH112 (a Path raises for what is not ours to see)
        raise ConfigError("is a file, but a batch needs a directory", source=str(root), remedy="choose another -o")
    for directory in directories:
        top = Path(directory).resolve()
        if root.resolve().is_relative_to(top):
            raise _inside(root, f"the input directory {directory}", top)


def _inside(root: Path, what: str, top: Path) -> ConfigError:
    remedy = f"choose one outside of it, such as -o {top.parent / (top.name + '-md')}"
    return ConfigError(f"the output directory lies in {what}", source=str(root), remedy=remedy)


def _check_patterns(inputs: Inputs, root: Path) -> None:
    """Refuse an output directory in which a pattern would name what this run writes: the next one would convert that.

    Inputs that may be outputs themselves are no evidence.
    """
    real = root.resolve()
    for pattern in inputs.patterns:
        base = Path(pattern.base).resolve()
        if not real.is_relative_to(base) or not pattern.may_name(".md"):
            continue
        above = real.relative_to(base).as_posix()
        before = "" if above == os.curdir else f"{above}/"
        inside = os.path.join(real, "")  # noqa: PTH118 (as above)
        for output, _, found in inputs.spool.jobs():
            may_be_output = found.file.endswith(".md") and os.path.realpath(found.file).startswith(inside)
            path = before + output
            if not may_be_output and inputs.wanted(path) and pattern.would_name(path):
                raise _inside(root, f"what the pattern {Path(pattern.base, pattern.rest)} names", base)


def informed(
    plan: Plan, manifest: Manifest, key: str, pending: Pending, owners: Owners, rules: Rules
) -> Iterator[Job | Outcome]:
    """Tell each job what the manifest knows about its output, and let it come to its place; see `_informed`."""
    way = Way(plan, manifest, owners, rules)
    for job, place in _informed(plan, manifest, key, pending, owners, rules):
        yield job if isinstance(job, Outcome) or job.refusal else way.open(job, place)


def _informed(
    plan: Plan, manifest: Manifest, key: str, pending: Pending, owners: Owners, rules: Rules
) -> Iterator[tuple[Job | Outcome, Place]]:
    """Tell each job what the manifest knows about its output; what is up to date is done without being read.

    What was written from an input that is not part of this run does not count as ours: of two runs over two
    directories, each with an `index.html`, the second must not eat the output of the first.

    Args:
        plan: what is to be done.
        manifest: what was done.
        key: version and options of this run.
        pending: gets the jobs that are under way.
        owners: whose the outputs are.
        rules: what may be written.

    """
    place_in_root = _finder_of_places(plan.root)
    for job, place in plan:
        record = manifest.get(place.output)
        pending[job.position] = place, record
        if not job.refusal and (itself := place_in_root(job.file)) and manifest.get(itself):
            error = SourceError("is an output of an earlier run", source=job.name, remedy="leave it out")
            yield job._replace(refusal=str(error)), place
        elif record is None and not job.refusal:
            yield job._replace(why="new"), place
        elif job.refusal or record is None:
            yield job, place
        elif owners.is_ours(record, place, job):
            is_same = not rules.force and record.key == key and record.source == place.origin and not record.before
            is_there = record.file == place.file
            done = _up_to_date(job, record, manifest.mtime, is_there=is_there) if is_same else job
            if isinstance(done, Outcome):
                yield done, place
            else:
                yield _knowing(done, record)._replace(why=_why(job, record, key, force=rules.force)), place
        elif owners.is_gone(record):
            former = "" if rules.prune else owners.name(record)
            yield _knowing(job, record)._replace(former=former, why="the post that was there is gone"), place
        elif owners.may_have_moved(record):
            why = _why(job, record, key, force=rules.force)
            yield _knowing(job, record)._replace(moved=record.source_sha256, why=why), place
        else:
            yield job, place


def _finder_of_places(root: Path) -> Callable[[str], str]:
    """Make the function that says where in the output directory a file lies, by any path; empty when it does not."""
    start = os.path.join(os.path.realpath(root), "")  # noqa: PTH118 (as above)
    parent, folder = "", ""

    def find(file: str) -> str:
        nonlocal parent, folder
        above, name = os.path.split(file)
        if above != parent:
            parent, folder = above, os.path.join(os.path.realpath(above), "")  # noqa: PTH118 (as above)
        return printable(f"{folder[len(start) :]}{name}".replace(os.sep, "/")) if folder.startswith(start) else ""

    return find


def _knowing(job: Job, record: Record) -> Job:
    return job._replace(recorded=record.hashes)


def _why(job: Job, record: Record, key: str, *, force: bool) -> str:
    """Say why a post is converted again."""
    if not os.path.lexists(job.output):
        return "its output is missing"
    if record.key != key:
        return "other options or version"
    if record.before:
        return "an earlier run was interrupted"
    return "--force" if force else "its input changed"


def _up_to_date(job: Job, record: Record, since: int, *, is_there: bool) -> Outcome | Job:
    """Find out whether there is anything to do; else tell the job with which hash of the input there would not be.

    An input that is not there where it was has to be read: the manifest learns where it is now.
    """
    state = _state_of(job.output, record, since)
    if state == "gone":
        return job
    try:
        same_size, time = _looked_at(job, record.source_size)
    except OSError:
        return job
    if not same_size:
        return job
    if is_there and time == record.source_mtime:
        notes = (EDITED,) if state == "edited" else ()
        return Outcome(job.name, job.output, "unchanged", notes=notes, sha256=record.sha256, position=job.position)
    return job._replace(known=record.source_sha256, edited=state == "edited")


def _looked_at(job: Job, size: int) -> tuple[bool, int]:
    """Look at an input: whether it may have so many bytes, and when it was changed.

    What is read of a feed or a WARC file has other sizes than it has there; the stamp of a container knows its own.
    """
    member = job.member
    if member is None:
        found = os.stat(job.file)  # noqa: PTH116 (a Path per post costs more than the call)
        return found.st_size == size, signed(found.st_mtime_ns)
    return member.kind in {"feed", "warc"} or member.size == size, member.stamp


def _state_of(output: str, record: Record, since: int) -> str:
    """Tell whether an output is as we wrote it: `intact`, `edited`, or `gone`.

    One that has the size that we wrote and is no younger than the manifest is taken to be; others are read.
    """
    try:
        found = os.lstat(output)
        if not stat.S_ISREG(found.st_mode):
            return "gone"
        if found.st_size != record.size:
            return "edited"
        if found.st_mtime_ns <= since or digest(read_input(output, output)) == record.sha256:
            return "intact"
    except (OSError, ConverterError):
        return "gone"
    return "edited"
