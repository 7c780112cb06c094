"""Time whole runs over an archive of many posts, made by repeating the posts of a directory; prints ratios.

    python benchmarks/archive.py DIRECTORY --posts 25000
    python benchmarks/archive.py DIRECTORY --posts 2000 --kills 200
    python benchmarks/archive.py --memory

The first form times `-j 1`, `-j 2`, a second run, one after 1 % of the posts changed, and plain loops of other tools
that read and write the same files. The second kills runs at random instants and compares what the last one leaves with
what an undisturbed one leaves. The third compares the parent's memory at 1,000 and at 100,000 posts of one line.
"""

from __future__ import annotations

import argparse
import contextlib
import filecmp
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

SUFFIXES: Final = frozenset({".md", ".markdown", ".html", ".htm"})
PER_DIRECTORY: Final = 1000
AFRESH: Final = 20
FEW_AND_MANY: Final = (1000, 100_000)
COMMAND: Final = (sys.executable, "-m", "converter", "--no-progress", "-q")
LOOPS: Final = {
    "bs4 + lxml + markdownify": """
from bs4 import BeautifulSoup
from markdownify import MarkdownConverter
converter = MarkdownConverter(heading_style="ATX")
def convert(data): return converter.convert_soup(BeautifulSoup(data, "lxml"))
""",
    "html-to-markdown": """
from html_to_markdown import convert as inner
def convert(data):
    made = inner(data.decode(errors="replace"))
    return made if isinstance(made, str) else made.content or ""
""",
}
LOOP: Final = """
import sys
from pathlib import Path
source, out = map(Path, sys.argv[1:])
for path in sorted(source.rglob("*")):
    if path.is_file():
        target = out / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            text = convert(path.read_bytes())
        except (RecursionError, ValueError, RuntimeError, AssertionError):
            text = ""
        target.write_text(text, encoding="utf-8", errors="replace")
"""


def make_archive(directory: Path, archive: Path, posts: int) -> int:
    """Fill an archive with so many posts, all with other names and one other word; returns its bytes."""
    found = sorted(path for path in directory.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    if not found:
        raise SystemExit(f"{directory}: no posts ({', '.join(sorted(SUFFIXES))})")
    size = 0
    for number in range(posts):
        source = found[number % len(found)]
        target = archive / f"{number // PER_DIRECTORY:04}" / f"{number:07}-{source.name[-80:]}"
        target.parent.mkdir(parents=True, exist_ok=True)
        data = source.read_bytes() + f"\n<!-- {number} -->\n".encode()
        target.write_bytes(data)
        size += len(data)
    return size


def make_tiny(archive: Path, posts: int) -> None:
    """Fill an archive with so many posts of one line: what counts is their number."""
    for number in range(posts):
        target = archive / f"{number // PER_DIRECTORY:04}" / f"{number:07}-a-short-note.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"<div id='content_views'><p>Note number {number}.</p></div>", encoding="utf-8")


def compare_memory(scratch: Path) -> None:
    """Print the parent's peak memory at few and at many posts, in a first and in a second run."""
    for jobs in (1, 2):
        peaks = []
        for posts in FEW_AND_MANY:
            archive, out = scratch / str(posts), scratch / f"out-{posts}-{jobs}"
            if not archive.exists():
                make_tiny(archive, posts)
            peaks.append([peak_kib(archive, out, jobs) for _ in range(2)])
            first, second = (kib / 1024 for kib in peaks[-1])
            print(f"-j {jobs}, {posts:7} posts: first run {first:.1f} MiB, second run {second:.1f} MiB in the parent")
        print(f"-j {jobs}: {max(peaks[1]) / max(peaks[0]):.2f} times as much")


def seconds(*command: str) -> float:
    """Time one process."""
    begin = time.perf_counter()
    process = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 (our own commands)
    if process.returncode not in {0, 1}:  # 1: some posts cannot be converted
        raise SystemExit(f"exit code {process.returncode}: {' '.join(command)}")
    return time.perf_counter() - begin


def time_runs(archive: Path, out: Path, posts: int) -> dict[str, float]:
    """Time our runs and the loops of others."""
    spent = {}
    for jobs in ("1", "2"):
        spent[f"archive2md -j {jobs}"] = seconds(*COMMAND, str(archive), "-o", str(out / f"j{jobs}"), "-j", jobs)
    spent["second run"] = seconds(*COMMAND, str(archive), "-o", str(out / "j1"), "-j", "1")
    for path in sorted(archive.rglob("*.*"))[:: max(1, posts // max(1, posts // 100))]:
        path.write_bytes(path.read_bytes() + b"\n")
    spent["after 1 % changed"] = seconds(*COMMAND, str(archive), "-o", str(out / "j1"), "-j", "1")
    for name, code in LOOPS.items():
        spent[name] = seconds(sys.executable, "-c", code + LOOP, str(archive), str(out / name.split()[0]))
    return spent


def peak_kib(archive: Path, out: Path, jobs: int) -> int:
    """Peak memory of the parent of a run, in KiB."""
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.execv(sys.executable, (*COMMAND, str(archive), "-o", str(out), "-j", str(jobs)))  # noqa: S606 (no shell is needed)
    _, _, usage = os.wait4(pid, 0)
    return usage.ru_maxrss


def same_trees(left: Path, right: Path) -> bool:
    """Whether two directories hold the same files with the same bytes."""
    names = [sorted(str(p.relative_to(top)) for p in top.rglob("*") if p.is_file()) for top in (left, right)]
    return names[0] == names[1] and all(filecmp.cmp(left / name, right / name, shallow=False) for name in names[0])


def kill_runs(archive: Path, out: Path, kills: int) -> None:
    """Kill runs at random instants, finish one, compare."""
    whole = out / "whole"
    length = seconds(*COMMAND, str(archive), "-o", str(whole), "-j", "2")
    chance = random.Random(1)  # noqa: S311 (instants, no secrets)
    torn = out / "torn"
    done = 0
    for number in count():
        if done == kills:
            break
        command = (*COMMAND, str(archive), "-o", str(torn), "-j", str(1 + number % 2))
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 (our own)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0.05, max(0.3, length / 4)))
        if process.poll() is None:
            process.send_signal(chance.choice((signal.SIGKILL, signal.SIGTERM)))
            done += 1
        process.wait()
        # Begin again now and then, or the later kills would meet runs that have nothing to do.
        if number % AFRESH == AFRESH - 1 and done < kills:
            shutil.rmtree(torn, ignore_errors=True)
    seconds(*COMMAND, str(archive), "-o", str(torn), "-j", "2")
    verdict = "the same" if same_trees(whole, torn) else "ANOTHER ONE"
    left = sum(1 for _ in torn.rglob("*.tmp"))
    print(f"{done} runs killed while they ran, {number} begun; the tree is {verdict}, temporary files: {left}")


def show(spent: dict[str, float], size: int) -> None:
    """Print the table."""
    ours = spent["archive2md -j 1"]
    for name, value in spent.items():
        print(f"{name:28} {value:8.1f} s {size / 1e6 / value:8.2f} MB/s {value / ours:8.3f} x archive2md -j 1")


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and do one of the two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, nargs="?", help="posts to repeat")
    parser.add_argument("--posts", type=int, default=25_000, metavar="N", help="posts in the archive (default: 25000)")
    parser.add_argument("--kills", type=int, metavar="N", help="kill so many runs instead of timing")
    parser.add_argument("--memory", action="store_true", help="compare the parent's peak memory instead")
    chosen = parser.parse_args(arguments)
    if not chosen.memory and chosen.directory is None:
        parser.error("name a directory with posts")
    with tempfile.TemporaryDirectory() as scratch:
        if chosen.memory:
            compare_memory(Path(scratch))
            return
        archive, out = Path(scratch, "posts"), Path(scratch, "out")
        size = make_archive(chosen.directory, archive, chosen.posts)
        print(f"{chosen.posts} posts, {size / 1e6:.0f} MB")
        if chosen.kills:
            kill_runs(archive, out, chosen.kills)
        else:
            show(time_runs(archive, out, chosen.posts), size)
    print(f"children: peak {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.1f} MiB")


if __name__ == "__main__":
    main()
