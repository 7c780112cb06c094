"""Law 4: the same input and options give the same bytes, in any order and any number of times."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from converter.model import Options, Source
from converter.pipeline import convert

SAMPLES: Final = Path(__file__).resolve().parent.parent / "samples"
DIGEST: Final = """
import hashlib, pathlib, sys
from converter.model import Options, Source
from converter.pipeline import convert
total = hashlib.sha256()
for path in sorted(pathlib.Path(sys.argv[1]).glob("*/input.*")):
    inner = path.relative_to(sys.argv[1]).as_posix()
    total.update(convert(Source(inner, path.read_bytes(), inner), Options()).markdown.encode())
print(total.hexdigest())
"""


def sources() -> list[Source]:
    """Read every sample, in the order of their names."""
    paths = sorted(SAMPLES.glob("*/input.*"))
    assert paths
    return [Source(path.parent.name, path.read_bytes(), path.relative_to(SAMPLES).as_posix()) for path in paths]


def test_order_does_not_matter() -> None:
    forward = {source.name: convert(source, Options()) for source in sources()}
    backward = {source.name: convert(source, Options()) for source in reversed(sources())}
    assert forward == backward
    assert all(result.markdown for result in forward.values())


def test_what_was_converted_before_does_not_matter() -> None:
    """Options, failures and other inputs in between leave nothing behind."""
    source = sources()[0]
    first = convert(source, Options())
    convert(Source("broken", b"\x89PNG\r\n\x1a\n\0\0\0", "broken.html"), Options())
    convert(source, Options(hard_break="spaces", title_heading=True))
    assert convert(source, Options()) == first


def test_hash_seed_does_not_matter() -> None:
    """Sets iterate in another order in every process; nothing of that may reach the output."""
    digests = {_digest(seed) for seed in ("0", "1", "2")}
    assert len(digests) == 1


def _digest(seed: str) -> str:
    environment = os.environ | {"PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", DIGEST, str(SAMPLES)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
