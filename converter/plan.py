"""What a batch will do: where each input goes, and what need not be done because an earlier run did it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from converter.errors import ConfigError, ConverterError, SourceError
from converter.model import Note
from converter.names import output_names
from converter.store import digest, read_input
from converter.work import Job, Outcome, about

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from converter.manifest import Manifest, Record
    from converter.sources import Inputs

EDITED: Final = Note("output-edited", "the output was edited since it was written; it is left as it is")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch will do.

    Attributes:
        root: the output directory.
        jobs: the posts, in order, with their outputs.
        outputs: for each job the output's path relative to `root`, `/` between the parts.
        origins: for each job what the manifest calls its source.
        directories: the input directories.
        problems: errors for INPUTs that gave no posts.

    """

    root: Path
    jobs: tuple[Job, ...]
    outputs: tuple[str, ...]
    origins: tuple[str, ...]
    directories: tuple[str, ...] = ()
    problems: tuple[ConverterError, ...] = ()

    def __len__(self) -> int:
        """Count the outcomes that this plan will have."""
        return len(self.jobs) + len(self.problems)


def make_plan(inputs: Inputs, root: Path) -> Plan:
    """Decide where each input goes.

    Raises:
        ConfigError: the output directory is a file, or lies in an input directory.

    """
    _check_root(inputs.directories, root)
    outputs = output_names([(found.path, found.origin) for found in inputs.found])
    real_root = root.resolve()
    folders = {os.path.dirname(found.file) for found in inputs.found}  # noqa: PTH120 (25,000 Paths take a second)
    is_near = any(Path(folder).resolve().is_relative_to(real_root) for folder in folders)
    own = {str(Path(found.file).resolve()) for found in inputs.found} if is_near else set()
    prefix = "" if str(root) == os.curdir else os.path.join(root, "")  # noqa: PTH118 (as above)
    from converter.sources import reading_order  # a pipe has no plan

    order = reading_order(inputs.found)
    outputs = [outputs[index] for index in order]
    jobs = []
    for position, (found, output) in enumerate(zip(map(inputs.found.__getitem__, order), outputs, strict=True)):
        path = found.path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        target = prefix + output
        job = Job(found.file, found.name, path, target, position=position, member=found.member)
        if is_near and str(real_root / output) in own:
            error = SourceError("would replace an input", source=job.output, remedy="choose another -o")
            job = replace(job, refusal=about(job.name, error))
        jobs.append(job)
    origins = tuple(inputs.found[index].origin.encode("utf-8", "backslashreplace").decode() for index in order)
    return Plan(root, tuple(jobs), tuple(outputs), origins, inputs.directories, inputs.problems)


def _check_root(directories: Sequence[str], root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise ConfigError("is a file, but a batch needs a directory", source=str(root), remedy="choose another -o")
    for directory in directories:
        top = Path(directory).resolve()
        if root.resolve().is_relative_to(top):
            problem = f"the output directory lies in the input directory {directory}"
            remedy = f"choose one outside of it, such as -o {top.parent / (top.name + '-md')}"
            raise ConfigError(problem, source=str(root), remedy=remedy)


def relative_to(root: Path, file: str) -> str:
    """Path of an input as the manifest keeps it: from the output directory, so that both can move together."""
    try:
        path = os.path.relpath(file, root)
    except ValueError:  # on another drive of Windows
        path = file
    return path.replace(os.sep, "/").encode("utf-8", "backslashreplace").decode()


def informed(plan: Plan, manifest: Manifest, key: str, *, force: bool) -> Iterator[Job | Outcome]:
    """Tell each job what the manifest knows about its output; what is up to date is done without being read.

    What was written from an input that is not part of this run does not count as ours: of two runs over two
    directories, each with an `index.html`, the second must not eat the output of the first.
    """
    origins = frozenset(plan.origins)
    root = plan.root.resolve()
    for job, output, origin in zip(plan.jobs, plan.outputs, plan.origins, strict=True):
        record = manifest.get(output)
        refusal = job.refusal
        if job.file.startswith(f"{root}{os.sep}") and manifest.get(Path(job.file).relative_to(root).as_posix()):
            refusal = str(SourceError("is an output of an earlier run", source=job.name, remedy="leave it out"))
        if record is None or record.source not in origins or refusal:
            yield replace(job, refusal=refusal) if refusal else job
            continue
        told = replace(job, recorded=tuple(filter(None, (record.sha256, record.before))))
        if force or record.key != key or record.source != origin or record.before:
            yield told
            continue
        yield _up_to_date(told, record, manifest.mtime) or told


def _up_to_date(job: Job, record: Record, since: int) -> Job | Outcome | None:
    """Find out whether there is anything to do; None when there is."""
    state = _state_of(job.output, record, since)
    if state == "gone":
        return None
    try:
        found = os.stat(job.file)  # noqa: PTH116 (a Path per post costs more than the call)
    except OSError:
        return None
    same_size = job.member is not None or found.st_size == record.source_size
    if same_size and found.st_mtime_ns == record.source_mtime:
        notes = (EDITED,) if state == "edited" else ()
        return Outcome(job.name, job.output, "unchanged", notes=notes, sha256=record.sha256, position=job.position)
    if state == "intact" and same_size:
        return replace(job, known=record.source_sha256)
    return None


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
