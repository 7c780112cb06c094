"""Time whole runs over an archive of many posts, made by repeating the posts of a directory; prints ratios.

    python benchmarks/archive.py DIRECTORY --posts 25000
    python benchmarks/archive.py DIRECTORY --posts 2000 --kills 200
    python benchmarks/archive.py --memory

The first form times `-j 1` and `-j 2`, with verification and without, a second run, one after 1 % of the posts changed,
and plain loops of other tools that read and write the same files; of the slow one every tenth (`--every`), and its time
is scaled. At 25,000 posts all of that takes about six minutes on two quiet cores. The second form kills runs at random
instants and compares what the last one leaves with what an undisturbed one leaves. The third compares the parent's
memory at 1,000 and at 100,000 posts of one line.

Files that were removed up to five minutes before make new ones dear (ext4 looks at each free inode, whether it was in
use lately): wait that long after another run, or the clock shows the file system.
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
from typing import TYPE_CHECKING, Final, NamedTuple

from converter import cleaner

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SUFFIXES: Final = frozenset({".md", ".markdown", ".html", ".htm"})
PER_DIRECTORY: Final = 1000
AFRESH: Final = 20
FEW_AND_MANY: Final = (1000, 100_000)
COMMAND: Final = (sys.executable, "-P", "-m", "converter", "--no-progress", "-q")
"""-P: the package that this script imports, too, also when another one lies in the current directory."""

SLOW: Final = "bs4 + lxml + markdownify"
FAST: Final = "html-to-markdown"
LOOPS: Final = {
    SLOW: """
from bs4 import BeautifulSoup
from markdownify import MarkdownConverter
converter = MarkdownConverter(heading_style="ATX")
def convert(data): return converter.convert_soup(BeautifulSoup(data, "lxml"))
""",
    FAST: """
from html_to_markdown import convert as inner
def convert(data):
    made = inner(data.decode(errors="replace"))
    return made if isinstance(made, str) else made.content or ""
""",
}
LOOP: Final = """
import sys
from pathlib import Path
source, out = map(Path, sys.argv[1:3])
for path in sorted(path for path in source.rglob("*") if path.is_file())[::int(sys.argv[3])]:
    target = out / path.relative_to(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        text = convert(path.read_bytes())
    except (RecursionError, ValueError, RuntimeError, AssertionError):
        text = ""
    target.write_text(text, encoding="utf-8", errors="replace")
"""


class Spent(NamedTuple):
    """Seconds of one command: by the clock, and of all processors (its processes together)."""

    wall: float
    cpu: float


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


def spend(*command: str) -> Spent:
    """Time one command."""
    os.sync()  # what others wrote is not to be written at its cost
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    process = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 (our own commands)
    wall = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode not in {0, 1}:  # 1: some posts cannot be converted
        raise SystemExit(f"exit code {process.returncode}: {' '.join(command)}")
    return Spent(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def time_runs(archive: Path, out: Path, every: int) -> Iterator[tuple[str, Spent]]:
    """Time our runs and the loops of others. Nothing is removed meanwhile: that makes new files dear for minutes."""
    for jobs in ("1", "2"):
        for option in ((), ("--no-verify",)):
            target = out / f"j{jobs}{''.join(option)}"
            yield " ".join(("-j", jobs, *option)), spend(*COMMAND, str(archive), "-o", str(target), "-j", jobs, *option)
    again = (*COMMAND, str(archive), "-o", str(out / "j1"), "-j", "1")
    yield "-j 1 again", spend(*again)
    for path in sorted(archive.rglob("*.*"))[::100]:
        path.write_bytes(path.read_bytes() + b"\n")
    yield "-j 1, 1 % changed", spend(*again)
    yield f"{FAST}, all", time_loop(FAST, archive, out, 1)
    yield f"{SLOW}, 1 of {every}", time_loop(SLOW, archive, out, every)


def time_loop(name: str, archive: Path, out: Path, every: int) -> Spent:
    """Time a loop of another tool over each so many-th post; all but its start is scaled to all posts."""
    command = (sys.executable, "-c", LOOPS[name] + LOOP)
    empty = out / "empty"
    empty.mkdir(parents=True, exist_ok=True)
    start = spend(*command, str(empty), str(out / name), "1")
    whole = spend(*command, str(archive), str(out / name), str(every))
    wall, cpu = (first + (both - first) * every for first, both in zip(start, whole, strict=True))
    return Spent(wall, cpu)


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
    length = spend(*COMMAND, str(archive), "-o", str(whole), "-j", "2").wall
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
    spend(*COMMAND, str(archive), "-o", str(torn), "-j", "2")
    verdict = "the same" if same_trees(whole, torn) else "ANOTHER ONE"
    left = sum(1 for _ in torn.rglob("*.tmp"))
    print(f"{done} runs killed while they ran, {number} begun; the tree is {verdict}, temporary files: {left}")


def show(runs: Iterable[tuple[str, Spent]], posts: int, size: int) -> None:
    """Print the table, each line when it is known, and the ratios that are promised."""
    spent: dict[str, Spent] = {}
    print(f"{'':34}{'wall s':>9}{'CPU s':>9}{'MB/s':>8}{'CPU ms/post':>13}")
    for name, run in runs:
        spent[name] = run
        speed, each = size / 1e6 / run.wall, 1000 * run.cpu / posts
        print(f"{name:34}{run.wall:9.1f}{run.cpu:9.1f}{speed:8.1f}{each:13.3f}", flush=True)
    fast, slow = list(spent)[-2:]
    for verify in ("", " --no-verify"):
        one, two = spent[f"-j 1{verify}"], spent[f"-j 2{verify}"]
        print(f"-j 2{verify}: {one.wall / two.wall:.2f} times as fast as -j 1 by the clock; ", end="")
        print(f"{spent[fast].wall / two.wall:.2f} times {FAST} by the clock")
        print(f"-j 1{verify}: {spent[slow].cpu / one.cpu:.2f} times as fast as {SLOW} by CPU, ", end="")
        print(f"{spent[slow].wall / one.wall:.2f} by the clock; {spent[fast].cpu / one.cpu:.2f} times {FAST} by CPU")
    again, changed, first = spent["-j 1 again"], spent["-j 1, 1 % changed"], spent["-j 1"]
    print(f"again: {again.cpu / first.cpu:.2%} of the first run; with 1 % changed: {changed.cpu / first.cpu:.2%}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and do one of the two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, nargs="?", help="posts to repeat")
    parser.add_argument("--posts", type=int, default=25_000, metavar="N", help="posts in the archive (default: 25000)")
    parser.add_argument("--kills", type=int, metavar="N", help="kill so many runs instead of timing")
    parser.add_argument("--memory", action="store_true", help="compare the parent's peak memory instead")
    parser.add_argument(
        "--every", type=int, default=10, metavar="N", help="the slow loop takes every Nth post (default: 10)"
    )
    chosen = parser.parse_args(arguments)
    if not chosen.memory and chosen.directory is None:
        parser.error("name a directory with posts")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed has its bytecode beside it
    print("interpreted modules" if str(cleaner.__file__).endswith(".py") else "compiled modules")
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
            show(time_runs(archive, out, chosen.every), chosen.posts, size)
    print(f"children: peak {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.1f} MiB")


if __name__ == "__main__":
    main()
