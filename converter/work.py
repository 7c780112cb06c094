"""What becomes of one post of a batch: read, convert, and the new text beside its place. Runs in the workers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from converter import pipeline
from converter.encoding import encode
from converter.errors import ConverterError, no_memory, unexpected
from converter.model import Note, Options, Source
from converter.store import decide, digest, discard, publish, stage

if TYPE_CHECKING:
    from converter.sources import Member

Status = Literal["converted", "unchanged", "failed", "vanished", "pruned"]
STATUSES: Final[tuple[Status, ...]] = ("converted", "unchanged", "failed", "vanished", "pruned")

EDITED: Final = Note("output-edited", "the output was edited since it was written; it is left as it is")


class Rules(NamedTuple):
    """How outputs are written.

    Attributes:
        force: replace files that are not ours, too, and convert what has not changed.
        dry_run: write nothing at all.
        whole: this run is over all posts of its directories: it keeps `failures.txt`, and says which sources are gone.
        prune: remove the outputs of sources that are gone.
        seconds: what one post may take; 0 for no limit.
        megabytes: what one worker process may take; 0 for no limit, as in a process that is no worker.

    """

    force: bool = False
    dry_run: bool = False
    whole: bool = True
    prune: bool = False
    seconds: float = 0
    megabytes: int = 0


class Job(NamedTuple):
    """One post to convert.

    Attributes:
        file: the input file.
        name: how messages call it.
        path: its path inside the batch, for `Source`.
        output: the output file, as messages call it and as it is opened.
        recorded: hashes of what earlier runs wrote there.
        former: the input that the output was made from, when it is gone and only `prune` may remove what is left of it.
        moved: hash of the input that the output was made from, when only an input of the same bytes can be that one,
            moved to another place: what was written there is then ours, else it is not.
        known: hash of the input that the output was made from; empty to convert anyway.
        edited: the output was edited since it was written; it stays when the input is the known one.
        refusal: why the output must not be written, known before the post is read; empty when nothing speaks
            against it.
        position: its place in the plan.
        why: why it is to be converted, as a dry run says it; empty when nobody knows.
        member: where in its container it is; None for a file.

    """

    file: str
    name: str
    path: str
    output: str
    recorded: tuple[str, ...] = ()
    former: str = ""
    moved: str = ""
    known: str = ""
    edited: bool = False
    refusal: str = ""
    position: int = 0
    why: str = ""
    member: Member | None = None


class Outcome(NamedTuple):
    """What became of one post; small, since it travels between processes.

    Attributes:
        name: how messages call the input.
        output: the output file; empty for an INPUT that is no post at all.
        status: what happened, or in a dry run what would happen.
        replaced: whether an older output was there.
        error: one line; empty unless `status` is `failed`.
        notes: what the user should know about this post.
        sha256: hash of what the output holds now; empty when the post failed.
        size: bytes of the output.
        source_size: bytes of the input.
        source_mtime: when the input was changed, nanoseconds (of a member, the stamp of its container); -1 for no file.
        source_sha256: hash of the input.
        article: as in `Result`.
        body: hash of the text without its front matter; empty when there is none.
        temporary: file with the new text, which is to take the place of the output; empty when it is there already.
        position: place of its job in the plan; a run that was stopped leaves gaps.
        why: as in `Job`.
        differences: as in `Result`.

    """

    name: str
    output: str = ""
    status: Status = "failed"
    replaced: bool = False
    error: str = ""
    notes: tuple[Note, ...] = ()
    sha256: str = ""
    size: int = -1
    source_size: int = -1
    source_mtime: int = -1
    source_sha256: str = ""
    article: str = ""
    body: str = ""
    temporary: str = ""
    position: int = 0
    why: str = ""
    differences: int = -1


def convert_file(job: Job, *, options: Options, rules: Rules) -> Outcome:
    """Convert one file, up to the last step: `settle`. Never raises for what can be wrong with it."""
    try:
        return failed(job, job.refusal) if job.refusal else _convert_file(job, options, rules)
    except MemoryError:
        return failed(job, str(no_memory(job.name, rules.megabytes)))
    except ConverterError:
        raise  # the alarm clock of this process: who has set it knows what it means
    except Exception as error:  # noqa: BLE001 (law 6: it ended the run, or its worker, twice)
        return failed(job, str(unexpected(error, job.name)))


def _convert_file(job: Job, options: Options, rules: Rules) -> Outcome:
    from converter.sources.reading import read  # standard input needs none

    try:
        content = read(job.file, job.member, job.name)
    except ConverterError as error:
        return failed(job, str(error))
    sha256 = content.digest
    if job.known == sha256:
        notes = (EDITED,) if job.edited else ()
        outcome = Outcome(job.name, job.output, "unchanged", notes=notes, sha256=job.recorded[0], position=job.position)
    else:
        if job.moved not in {"", sha256}:
            job = job._replace(recorded=(), why="")
        source = Source(job.name, content.data, job.path, content.url, content.encoding)
        outcome = convert_bytes(source, job, options=options, rules=rules)
    return outcome._replace(source_size=content.size, source_mtime=content.mtime, source_sha256=sha256, why=job.why)


def convert_bytes(source: Source, job: Job, *, options: Options, rules: Rules) -> Outcome:
    """Convert one input that was read already, up to the last step: `settle`. Never raises either."""
    result = pipeline.convert(source, options)
    if options.target != "commonmark":
        result = pipeline.placed(result, options, Path(job.output).name)
    if result.error:
        # The pipeline knows no limits.
        full = rules.megabytes and result.error == str(no_memory(source.name))
        error = str(no_memory(source.name, rules.megabytes)) if full else result.error
        return failed(job, error, result.notes)
    temporary = ""
    try:
        data = encode(result.markdown, job.name)
        step = decide(job.output, data, name=job.output, recorded=job.recorded, former=job.former, force=rules.force)
        if step != "keep" and not rules.dry_run:
            temporary = stage(job.output, data, name=job.output)
    except ConverterError as error:
        problem = str(error) if error.source == job.name else about(job.name, error)
        return failed(job, problem, result.notes)
    return Outcome(
        name=job.name,
        output=job.output,
        status="unchanged" if step == "keep" else "converted",
        replaced=step == "replace",
        notes=result.notes,
        sha256=digest(data),
        size=len(data),
        article=result.article,
        body=_body_digest(data),
        temporary=temporary,
        position=job.position,
        differences=result.differences,
    )


def failed(job: Job, error: str, notes: tuple[Note, ...] = ()) -> Outcome:
    """Make the outcome of a post that could not be converted."""
    return Outcome(name=job.name, output=job.output, error=error, notes=notes, position=job.position)


def _body_digest(data: bytes) -> str:
    """Hash what stands behind the front matter; 128 bits of it are enough to tell texts apart."""
    end = data.find(b"\n---\n") + 5 if data.startswith(b"---\n") else 0
    body = data[end:].strip()
    return digest(body)[:32] if body else ""


def settle(outcome: Outcome) -> Outcome:
    """Let the new text take the place of the output. Never raises; what cannot be written is a failure."""
    if not outcome.temporary:
        return outcome
    try:
        publish(outcome.temporary, outcome.output, name=outcome.output)
    except ConverterError as error:
        return outcome._replace(status="failed", error=about(outcome.name, error), sha256="", temporary="")
    return outcome._replace(temporary="")


def drop(outcome: Outcome) -> None:
    """Remove the new text of a post that will not take its place."""
    if outcome.temporary:
        discard(outcome.temporary)


def about(name: str, error: ConverterError) -> str:
    """One line about an output that also names the input."""
    return str(ConverterError(str(error), source=name))
