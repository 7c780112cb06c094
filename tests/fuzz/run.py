"""Fuzz one target: `python tests/fuzz/run.py TARGET [SECONDS]`, with atheris where it is installed, else at random.

Begins with the samples and the cases. A finding is written to the current directory, one for each place in the code
that raised, and the run goes on.
"""

from __future__ import annotations

import importlib
import random
import sys
import tempfile
import time
import traceback
import zipfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

HERE: Final = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent.parent)]
LONGEST: Final = 4096
LATE: Final = ("rescue", "verify", "losses", "sources.archive", "sources.feed", "sources.mhtml", "sources.warc")


def seeds(target: str) -> list[bytes]:
    """Give inputs to begin with."""
    found = [file.read_bytes() for file in sorted(HERE.glob(f"cases/{target}/*"))]
    samples = sorted(HERE.parent.parent.glob("samples/*/input.*"))
    if target in {"page", "front_matter"}:
        found += [file.read_bytes()[:LONGEST] for file in samples]
    elif target == "article":
        found += [bytes(range(start, start + 40)) for start in range(0, 200, 20)]
    else:
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a/post.html", "<p>text</p>")
            archive.writestr("b.md", "text")
        found.append(b"\0" + packed.getvalue())
        found += containers()
    return found


def containers() -> list[bytes]:
    """Make one container of each kind; the first byte names the kind."""
    import bz2
    import gzip
    import lzma
    import tarfile

    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        info = tarfile.TarInfo("a/post.html")
        info.size = 11
        archive.addfile(info, BytesIO(b"<p>text</p>"))
    tar = packed.getvalue()
    warc = (
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://e.org/a\r\nWARC-Date: 2020-01-01T00:00:00Z\r\n"
        b"WARC-Record-ID: <urn:uuid:1>\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: 60\r\n"
        b"\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>some text</p>\r\n\r\n\r\n"
    )
    mhtml = (
        b"From: x\r\nSnapshot-Content-Location: http://e.org/a\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/related; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n'
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>te=78t</p>\r\n--b--\r\n"
    )
    feed = (
        b'<?xml version="1.0"?><rss version="2.0"><channel><title>a</title><item><title>b</title>'
        b"<link>http://e.org/b</link><description>&lt;p&gt;text&lt;/p&gt;</description></item></channel></rss>"
    )
    return [
        b"\1" + tar,
        b"\2" + gzip.compress(tar, mtime=0),
        b"\3" + warc,
        b"\4" + gzip.compress(warc, mtime=0),
        b"\5" + mhtml,
        b"\6" + mhtml,
        b"\7" + bz2.compress(tar),
        b"\x08" + lzma.compress(tar),
        b"\x0a" + feed,
    ]


class Collector:
    """Calls a target, and keeps the first input for each place that raised."""

    def __init__(self, name: str, target: Callable[[bytes], None]) -> None:
        """Begin with nothing found."""
        self.name, self.target = name, target
        self.count = 0
        self.places: set[str] = set()

    def __call__(self, data: bytes) -> None:
        """Try one input; what it raises is written down."""
        self.count += 1
        try:
            self.target(data)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is a finding)
            frames = traceback.extract_tb(error.__traceback__)
            last = [one for one in frames if "site-packages" not in one.filename][-1]
            place = f"{type(error).__name__}-{Path(last.filename).stem}-{last.lineno}"
            if place not in self.places:
                self.places.add(place)
                Path(f"finding-{self.name}-{place}").write_bytes(data)
                sys.stdout.write(f"FINDING {self.name} {place} after {self.count}: {str(error)[:2000]!r}\n")
                sys.stdout.flush()


def main(target: str, seconds: int) -> None:
    """Run until the time is over or something is found."""
    try:
        import atheris
    except ImportError:
        _at_random(target, seconds)
        return
    with atheris.instrument_imports(include=["converter"]):
        for name in LATE:  # modules that are imported where they are needed would not be watched
            importlib.import_module(f"converter.{name}")
        from targets import TARGETS
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds(target)):
            Path(corpus, str(number)).write_bytes(seed)
        limits = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=30", "-rss_limit_mb=2048"]
        atheris.Setup([sys.argv[0], corpus, *limits], Collector(target, TARGETS[target]))
        atheris.Fuzz()


def _at_random(target: str, seconds: int) -> None:
    """Change seeds at random: bytes replaced, doubled, left out, and two seeds cut together."""
    from targets import TARGETS

    pool, end, chance = seeds(target), time.monotonic() + seconds, random.Random(0)  # noqa: S311 (no secrets)
    attempt = Collector(target, TARGETS[target])
    while time.monotonic() < end:
        data = bytearray(chance.choice(pool))
        for _ in range(chance.randint(1, 8)):
            at = chance.randint(0, len(data))
            kind = chance.randrange(4)
            if kind == 0:
                data[at : at + 1] = bytes([chance.randrange(256)])
            elif kind == 1:
                data[at:at] = data[at : at + chance.randint(1, 64)]
            elif kind == 2:
                del data[at : at + chance.randint(1, 64)]
            else:
                other = chance.choice(pool)
                data[at:] = other[chance.randint(0, len(other)) :]
        attempt(bytes(data[:LONGEST]))
    sys.stdout.write(f"{target}: {attempt.count} inputs in {seconds} s, {len(attempt.places)} findings\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1800)
