"""What a run did, for programs and for people: counters, one JSON line a post, a summary, a past run."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from converter import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converter.batch import Outcome
    from converter.manifest import Manifest

KNOWN: Final = re.compile(rb'\{\s*"archive2md": ')
"""How each document of `--report` begins."""


class Report:
    """Counters of one run; failures are the only thing that is kept one by one."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.tally: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()
        self.looked_at: Counter[str] = Counter()
        self.bytes = 0
        self.failures: list[tuple[str, str]] = []
        self.repeated: dict[str, list[list[str]]] | None = None
        self.repeats: dict[str, int] = {}

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        self.tally[outcome.status] += 1
        if outcome.notes:
            self.notes.update(note.rule for note in outcome.notes)
        if outcome.differences >= 0:
            self.looked_at["differing" if outcome.differences else "verified"] += 1
        self.bytes += max(0, outcome.source_size)
        if outcome.error:
            self.failures.append((outcome.name, outcome.error))

    def look(self, manifest: Manifest, *, listed: bool) -> None:
        """Learn how many outputs repeat each other; with `listed` also which."""
        if listed:
            self.repeated = repeated(manifest)
            self.repeats = {what: len(groups) for what, groups in self.repeated.items()}
        else:
            self.repeats = count_repeated(manifest)

    def document(self, *, command: Sequence[str], seconds: float, complete: bool) -> dict[str, Any]:
        """Make the JSON document of `--report`.

        Args:
            command: the command line; the same again retries what failed and nothing else.
            seconds: how long the run took.
            complete: whether it got to its end.

        """
        return {
            "archive2md": __version__,
            "command": list(command),
            "complete": complete,
            "seconds": round(seconds, 3),
            "bytes_read": self.bytes,
            "posts": dict(sorted(self.tally.items())),
            "verification": {word: self.looked_at[word] for word in ("verified", "differing")},
            "notes": dict(self.notes.most_common()),
            "failures": [{"input": name, "error": error} for name, error in self.failures],
            "retry": list(command) if self.failures else None,
            **({} if self.repeated is None else {"repeated": self.repeated}),
        }


def line(outcome: Outcome) -> str:
    """Make the line of `--json` for one post: one JSON object, ASCII, without a line end."""
    found: dict[str, Any] = {"input": outcome.name, "output": outcome.output or None, "status": outcome.status}
    if outcome.error:
        found["error"] = outcome.error
    if outcome.differences >= 0:
        found["differences"] = outcome.differences
    if outcome.sha256:
        found["sha256"] = outcome.sha256
    if outcome.notes:
        found["notes"] = [{"rule": note.rule, "text": note.text} for note in outcome.notes]
    return json.dumps(found)


def dumps(document: dict[str, Any]) -> bytes:
    """Write a JSON document as a file holds it."""
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")


def repeated(manifest: Manifest) -> dict[str, list[list[str]]]:
    """List which outputs are one article, and which have one text."""
    return {what: [paths for _, paths in manifest.repeated(field)] for what, field in _SHARED.items()}


_SHARED: Final = {"article": "article", "text": "body"}


def count_repeated(manifest: Manifest) -> dict[str, int]:
    """Count articles, and texts, that are there more than once."""
    return {what: sum(1 for _ in manifest.repeated(field)) for what, field in _SHARED.items()}


def past(manifest: Manifest, failures: Sequence[str]) -> dict[str, Any]:
    """Summarise what a manifest and a list of failures know about earlier runs.

    Args:
        manifest: outputs and what is known about them.
        failures: one error message a line.

    """
    outputs = read = written = 0
    keys: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    for _, record in manifest:
        outputs += 1
        read += max(0, record.source_size)
        written += max(0, record.size)
        keys[record.key or "not known"] += 1
        notes.update(note.partition(":")[0] for note in record.notes.split("\n") if note)
    return {
        "outputs": outputs,
        "bytes_read": read,
        "bytes_written": written,
        "made_by": dict(keys.most_common()),
        "notes": dict(notes.most_common()),
        "repeated": repeated(manifest),
        "failures": list(failures),
    }


def as_text(document: dict[str, Any]) -> str:
    """Say a summary of `past` in lines for people."""
    lines = [
        f"outputs        {document['outputs']}",
        f"bytes read     {document['bytes_read']}",
        f"bytes written  {document['bytes_written']}",
        *(f"made by        {key}: {count}" for key, count in document["made_by"].items()),
        *(f"note           {rule}: {count}" for rule, count in document["notes"].items()),
        *(f"same {what:<10}{', '.join(paths)}" for what, groups in document["repeated"].items() for paths in groups),
        *(f"failed         {failure}" for failure in document["failures"]),
    ]
    return "\n".join(lines) + "\n"
