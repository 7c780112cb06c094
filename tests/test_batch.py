"""Batches: the same bytes from any number of jobs, nothing of other people's replaced, no file half written."""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import os
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import zipfile
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import stub_pipeline

import converter
from converter import pool, report, store
from converter.errors import ConfigError, ConverterError, SourceError, no_memory, unexpected
from converter.manifest import APPLICATION_ID, VERSION, Manifest, Record, manifest_path
from converter.model import Options
from converter.sources import Found
from converter.sources.directory import expand
from converter.sources.patterns import parse
from converter.sources.spool import _CALLED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


@pytest.fixture(autouse=True)
def batch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """`converter.batch` over the stand-in for the pure middle, in an empty directory."""
    module = stub_pipeline.module()
    monkeypatch.setitem(sys.modules, "converter.pipeline", module)
    monkeypatch.setattr(converter, "pipeline", module, raising=False)
    for name in ("batch", "plan", "pruning", "work"):
        monkeypatch.delitem(sys.modules, f"converter.{name}", raising=False)
        monkeypatch.delattr(converter, name, raising=False)
    monkeypatch.chdir(tmp_path)
    from converter import batch as fresh

    return fresh


def write_posts(count: int, **special: str) -> None:
    for number in range(count):
        path = Path("posts", f"d{number % 3}", f"{number:04}.html")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(special.get(f"p{number}", f"post {number}<br>end"), encoding="utf-8")


def run(batch: ModuleType, *inputs: str, out: str = "out", workers: int = 1, **how: Any) -> list[Any]:  # noqa: ANN401 (fields of Options and Rules)
    plan = batch.make_plan(expand(inputs or ("posts",)), Path(out))
    rules = batch.Rules(force=how.pop("force", False), dry_run=how.pop("dry_run", False), prune=how.pop("prune", False))
    stopped = how.pop("stopped", lambda: False)
    return list(batch.run(plan, Options(**how), rules, workers=workers, stopped=stopped))


def tree(root: str) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in Path(root).rglob("*") if path.is_file()}


def test_jobs_and_repetition_do_not_change_a_byte(batch: ModuleType) -> None:
    write_posts(200, p7="FAIL", p100="", p150="NOTE")
    outcomes = [run(batch, out=out, workers=workers) for out, workers in (("one", 1), ("two", 2), ("three", 3))]
    names = [[outcome.name for outcome in each] for each in outcomes]
    assert names[0] == names[1] == names[2] == sorted(names[0])
    assert tree("one") == tree("two") == tree("three")
    assert len(tree("one")) == 198 + 2
    before = tree("one")
    again = run(batch, out="one", workers=2)
    assert tree("one") == before
    assert [outcome.status for outcome in again].count("unchanged") == 198


def test_unchanged_outputs_are_not_touched(batch: ModuleType) -> None:
    write_posts(3)
    run(batch)
    for path in Path("out").rglob("*"):
        os.utime(path, ns=(1, 1))
    run(batch)
    assert {path.stat().st_mtime_ns for path in Path("out").rglob("*") if path.is_file()} == {1}


@pytest.mark.parametrize("workers", [1, 2])
def test_edited_outputs_are_refused(batch: ModuleType, workers: int) -> None:
    write_posts(80)
    run(batch, workers=workers)
    Path("out/d0/0003.md").write_text("edited", encoding="utf-8")
    Path("out/d0/0006.md").unlink()
    outcomes = run(batch, workers=workers, hard_break="spaces")
    assert [o.name for o in outcomes if o.status == "failed"] == ["posts/d0/0003.html"]
    assert "edited since" in Path("out/.archive2md/failures.txt").read_text(encoding="utf-8")
    assert Path("out/d0/0003.md").read_text(encoding="utf-8") == "edited"
    assert not any(o.error for o in run(batch, workers=workers, hard_break="spaces", force=True))
    assert not Path("out/.archive2md/failures.txt").exists()
    assert not any(o.error for o in run(batch, workers=workers))


def test_a_post_that_kills_its_worker_is_one_failure(batch: ModuleType) -> None:
    write_posts(200, p50="DIE", p51="DIE", p190="DIE")
    outcomes = run(batch, workers=2)
    assert [o.name for o in outcomes] == [f.name for f in expand(["posts"]).found]
    assert sorted(o.name[-9:-5] for o in outcomes if o.error) == ["0050", "0051", "0190"]
    assert all("killed its worker process" in o.error for o in outcomes if o.error)
    assert len([name for name in tree("out") if name.endswith(".md")]) == 197


def test_a_batch_that_is_abandoned_saves_what_it_did(batch: ModuleType) -> None:
    write_posts(200)
    plan = batch.make_plan(expand(["posts"]), Path("out"))
    running = batch.run(plan, Options(), batch.Rules(), workers=2, stopped=lambda: False)
    done = [next(running) for _ in range(40)]
    running.close()
    with Manifest(Path("out"), read_only=True) as manifest:
        assert all(manifest.get(o.output.removeprefix("out/")) for o in done[:-1])
    assert not any(o.error for o in run(batch))


def test_stopping_is_between_posts(batch: ModuleType) -> None:
    write_posts(10)
    answers = iter([False, False, False, True])
    assert len(run(batch, stopped=lambda: next(answers, True))) == 3


def test_a_stop_in_the_middle_of_chunks_mixes_nothing_up(batch: ModuleType) -> None:
    """Each worker leaves a chunk half done, so the outcomes have gaps."""
    write_posts(256, **dict.fromkeys((f"p{number}" for number in range(256)), "SLOW NOTE"))
    answers = iter([False] * 4)
    outcomes = run(batch, workers=2, stopped=lambda: next(answers, True))
    assert 2 <= len(outcomes) < 256
    with Manifest(Path("out"), read_only=True) as manifest:
        for outcome in outcomes:
            data = Path(outcome.output).read_bytes()
            record = manifest.get(Path(outcome.output).relative_to("out").as_posix())
            assert record
            assert (record.source, record.sha256, record.before) == (outcome.name, store.digest(data), "")
            assert record.source_sha256 == store.digest(Path(outcome.name).read_bytes())


def test_the_second_stop_is_at_once(batch: ModuleType) -> None:
    with batch.stoppable() as stop:
        assert not stop.asked
        stop()
        assert stop.asked
        with pytest.raises(KeyboardInterrupt):
            stop()


@pytest.mark.parametrize("where", ["put", "settle", "convert"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_stop_leaves_the_rest_to_the_next_run(
    batch: ModuleType, monkeypatch: pytest.MonkeyPatch, where: str, workers: int
) -> None:
    """The manifest is not packed, the tree not walked through; what is under way goes, and nothing else is wrong."""
    write_posts(200)
    run(batch, out="whole")
    Path("out/d0").mkdir(parents=True)
    left = Path("out/elsewhere/.archive2md-0123456789abcdef.tmp")
    left.parent.mkdir()
    left.touch()
    calls = iter(range(1000))

    def interrupted(real: Any) -> Any:  # noqa: ANN401 (passed through)
        def call(*arguments: Any, **how: Any) -> Any:  # noqa: ANN401 (passed through)
            if next(calls) == {"put": 3, "settle": 40}[where]:
                raise KeyboardInterrupt
            return real(*arguments, **how)

        return call

    plan = batch.make_plan(expand(["posts"]), Path("out"))
    running = batch.run(plan, Options(), batch.Rules(), workers=workers, stopped=lambda: False)

    def go_on() -> None:
        for _ in running:
            if where == "convert" and next(calls) == 50:
                running.throw(KeyboardInterrupt)

    with monkeypatch.context() as patched:
        if where == "put":
            patched.setattr(Manifest, "put", interrupted(Manifest.put))
        elif where == "settle":
            patched.setattr(batch, "settle", interrupted(batch.settle))
        with pytest.raises(KeyboardInterrupt):
            go_on()
    assert list(Path("out").rglob("*.tmp")) == [left]
    with contextlib.closing(sqlite3.connect(manifest_path(Path("out")))) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert not any(o.error for o in run(batch))
    assert not left.parent.exists()
    assert tree("out") == tree("whole")


def test_an_interrupt_amid_a_change_of_the_manifest(tmp_path: Path) -> None:
    """What it has begun is undone: the run has more to say when it ends."""

    def records() -> Iterator[tuple[str, Record]]:
        yield "b.md", Record("b", "1")
        raise KeyboardInterrupt

    with Manifest(tmp_path) as manifest:
        manifest.put([("a.md", Record("a", "0", before="-"))])
        with pytest.raises(KeyboardInterrupt):
            manifest.put(records())
        manifest.put((), arrived=["a.md"])
        assert [(output, record.before) for output, record in manifest] == [("a.md", "")]


@pytest.mark.parametrize("where", ["looking", "removing"])
def test_a_stop_while_outputs_without_an_input_are_removed(batch: ModuleType, where: str) -> None:
    """The rest is not begun; the next run does it."""
    write_posts(30)
    run(batch)
    for number in range(20):
        Path(f"posts/d{number % 3}/{number:04}.html").unlink()
    asked = iter([False] * {"looking": 10 + 5, "removing": 10 + 1 + 30 + 5}[where])
    outcomes = run(batch, prune=True, stopped=lambda: next(asked, True))
    assert [o.status for o in outcomes] == ["unchanged"] * 10 + ["pruned"] * {"looking": 0, "removing": 5}[where]
    assert {o.status for o in run(batch, prune=True)} == {"unchanged", "pruned"}
    assert len(list(Path("out").rglob("*.md"))) == 10


def test_the_pool_reads_jobs_lazily_and_keeps_order() -> None:
    taken: list[int] = []

    def jobs() -> Iterator[int]:
        for number in range(1, 5001):
            taken.append(number)
            yield number

    outcomes = pool.run(jobs(), abs, max, workers=2, stopped=lambda: False)
    assert next(outcomes) == 1
    assert len(taken) <= (pool.AHEAD * 2 + 1) * pool.CHUNK
    assert list(outcomes) == list(range(2, 5001))


def test_a_stopped_pool_reads_no_further() -> None:
    """Also not to tell which jobs are left: each one that is read is looked at on disk."""
    taken: list[int] = []

    def jobs() -> Iterator[int]:
        for number in range(100_000):
            taken.append(number)
            yield -number

    answers = iter([False] * 8)
    list(pool.run(jobs(), abs, max, workers=2, stopped=lambda: next(answers, True)))
    assert 0 < len(taken) < 2000


def test_the_pool_does_nothing_once_stopped() -> None:
    assert list(pool.run(range(100), abs, max, workers=2, stopped=lambda: True)) == []


def test_dry_runs_write_nothing(batch: ModuleType) -> None:
    write_posts(3, p1="FAIL")
    statuses = [outcome.status for outcome in run(batch, dry_run=True)]
    assert sorted(statuses) == ["converted", "converted", "failed"]
    assert not Path("out").exists()
    run(batch)
    before = tree("out")
    assert any(outcome.replaced for outcome in run(batch, dry_run=True, hard_break="spaces"))
    assert tree("out") == before


def test_problems_of_the_output_tree(batch: ModuleType) -> None:
    write_posts(6)
    Path("out/d0/0000.md").mkdir(parents=True)
    Path("out/d1").write_text("in the way", encoding="utf-8")
    Path("out/d2").mkdir()
    Path("out/d2/0002.md").symlink_to("elsewhere.md")
    os.mkfifo("out/d2/0005.md")
    errors = {o.name[-9:-5]: o.error.partition(".md: ")[2] for o in run(batch) if o.error}
    assert errors == {
        "0000": "is a directory; move it away, or choose another output",
        "0001": "a part of its path is a file; move that file, or choose another -o",
        "0002": "is a symbolic link; remove it, or pass --force to replace the link",
        "0004": "a part of its path is a file; move that file, or choose another -o",
        "0005": "is not a regular file; leave -o out to write to standard output",
    }
    assert [o.name[-9:-5] for o in run(batch, force=True) if not o.error] == ["0003", "0002"]
    assert not Path("out/d2/elsewhere.md").exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_links_in_the_output_directory_that_lead_nowhere(batch: ModuleType, workers: int) -> None:
    """Their disk is not mounted: the message was to move a file, or that something is not there."""
    write_posts(70)
    Path("posts/d0/sub").mkdir()
    Path("posts/d0/sub/x.html").write_text("x", encoding="utf-8")
    Path("out").mkdir()
    Path("out/d0").symlink_to("nowhere")
    problem = "a part of its path is a link that leads nowhere; mount or make what it leads to, or choose another -o"
    errors = [(o.name, o.error) for o in run(batch, workers=workers) if o.error]
    assert {error.partition(".md: ")[2] for _, error in errors} == {problem}
    assert len(errors) == 25
    Path("dangling").symlink_to("nowhere")
    with pytest.raises(SourceError, match=f"manifest.sqlite: {problem}"):
        run(batch, out="dangling", workers=workers)
    assert not Path("nowhere").exists()


def test_a_dry_run_fails_where_a_part_of_the_path_is_a_file(batch: ModuleType) -> None:
    write_posts(3)
    Path("out").mkdir()
    Path("out/d1").write_text("in the way", encoding="utf-8")
    errors = [[o.error for o in run(batch, dry_run=dry_run) if o.error] for dry_run in (True, False)]
    assert errors[0] == errors[1]
    assert len(errors[0]) == 1
    assert errors[0][0].endswith("out/d1/0001.md: a part of its path is a file; move that file, or choose another -o")


def test_half_a_character_is_one_failure(batch: ModuleType) -> None:
    with pytest.raises(SourceError, match=r"a.md: holds the character U\+D83D, which is half of one"):
        batch.encode("x\ud83d", "a.md")


def test_inputs_do_not_depend_on_their_order(tmp_path: Path) -> None:
    write_posts(4)
    Path("posts/loop").symlink_to(tmp_path / "posts")
    Path("posts/linked.md").symlink_to("d0/0000.html")
    texts = ["posts", "posts/d0", "posts/d1/0001.html", str(tmp_path / "posts/d2/0002.html"), "posts/**/*.html", "none"]
    results = {expand(order).found for order in permutations(texts)}
    assert len(results) == 1
    found = expand(texts)
    assert [f.path for f in found.found] == [
        "linked.md",
        "d0/0000.html",
        "d0/0003.html",
        "d1/0001.html",
        "d2/0002.html",
    ]
    assert [str(problem) for problem in found.problems] == ["none: no such file or directory; check the path"]


def test_patterns() -> None:
    write_posts(4)
    for name in ("posts/d0/p.png", "posts/.hidden.md", "posts/d0/[x].md", "posts/top.txt"):
        Path(name).write_text("x", encoding="utf-8")
    found = {
        text: [f.path for f in expand([text]).found] for text in ("posts/d0/*", "posts/*", "posts/**", "posts/*.txt")
    }
    assert found["posts/d0/*"] == ["0000.html", "0003.html", "[x].md"]
    assert found["posts/*"] == found["posts/**"]
    assert found["posts/**"] == ["d0/0000.html", "d0/0003.html", "d0/[x].md", "d1/0001.html", "d2/0002.html"]
    assert found["posts/*.txt"] == ["top.txt"]
    assert [f.path for f in expand(["posts/d0/[x].md"]).found] == ["[x].md"]
    assert [f.path for f in expand(["posts/.h*"]).found] == [".hidden.md"]


@pytest.mark.parametrize("base", ["posts", ".", "../{}/posts", "{}/posts"])
def test_patterns_name_what_pathlib_finds(tmp_path: Path, base: str) -> None:
    """Also by several ways, over links and back; each path once, and nobody follows links in `**`."""
    base = base.format(tmp_path if base.startswith("{") else tmp_path.name)
    for name in (
        "a/a/b.html",
        "a/b/a/c.md",
        "a/.git/x.html",
        "d1/a.html",
        "d2/a.html",
        ".h/a.html",
        "[k]/p.html",
        "e.txt",
    ):
        Path("posts", name).parent.mkdir(parents=True, exist_ok=True)
        Path("posts", name).touch()
    for name, target in (("a/loop", "loop"), ("a/nowhere", "gone"), ("link", "a"), ("d1/up", "..")):
        Path("posts", name).symlink_to(target)
    texts = "** **/* **/*.html * */* */*.md **/a/**/*.html **/a/** */d?/* **/.git/* .*/* **/.h* d*/../*/*.html */a"
    texts += " **/**/*.md **/a.html */a.html [ab]* */l* */l*/* li*/*/* **/link/* */[[]k]/* *k]/p.html **/nowhere/*"
    for rest in texts.split():
        text = rest if base == "." else f"{base}/{rest}"
        pattern = parse(text)
        found = list(pattern.files(refused=no_reading))
        by_pathlib = set(Path(pattern.base).glob(pattern.rest))
        if "/." not in f"/{pattern.rest}":
            by_pathlib = {path for path in by_pathlib if "/." not in f"/{path.relative_to(pattern.base).as_posix()}"}
        assert sorted(found) == sorted(map(str, by_pathlib)), text
    with pytest.raises(ValueError, match="entire path component"):
        list(parse("posts/**x").files(refused=no_reading))


@pytest.mark.parametrize("text", ["**", "**/*.html", "*/*.html", "*", "*/0001.html", "d1/*", "**/d1/*.html", "d?/**"])
def test_patterns_say_which_directories_they_could_not_look_into(
    batch: ModuleType, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Posts in there were missing without a word, with exit code 0; they have not gone either."""
    write_posts(9)
    run(batch)

    def forbidden(real: Any) -> Any:  # noqa: ANN401 (as below)
        def call(path: Any, **how: Any) -> Any:  # noqa: ANN401 (passed through)
            if "posts/d1" in str(path) and not (real is lstat and str(path).endswith("d1")):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return real(path, **how)

        return call

    lstat = os.lstat
    for name in ("lstat", "scandir"):
        monkeypatch.setattr(os, name, forbidden(getattr(os, name)))
    outcomes = run(batch, f"posts/{text}", "posts/*/*.html", prune=True)
    said = "posts/d1: cannot list this directory: Permission denied; check its permissions"
    assert [o.error for o in outcomes if o.error] == [said]
    assert {o.status for o in outcomes} == {"failed", "unchanged"}
    with Manifest(Path("out"), read_only=True) as manifest:
        assert len(list(manifest)) == 9


def test_an_input_that_is_not_ours_to_see(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows whether it is there."""

    def forbidden(path: Any) -> os.stat_result:  # noqa: ANN401 (passed through)
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "lstat", forbidden)
        (problem,) = expand(["closed/a.html"]).problems
    assert str(problem) == "closed/a.html: cannot be read: Permission denied; check its permissions"
    (problem,) = expand(["closed/a.html"]).problems
    assert str(problem) == "closed/a.html: no such file or directory; check the path"


def test_only_regular_files_are_read() -> None:
    Path("dangling").symlink_to("nowhere")
    os.mkfifo("fifo")
    Path("x.md").mkdir()
    said = {}
    for name in ("dangling", "fifo", "x.md", "gone", "z" * 300):
        with pytest.raises(SourceError) as error:
            store.read_input(name, name)
        said[name[:8]] = error.value.problem
    assert said == {
        "dangling": "a link to a file that does not exist",
        "fifo": "is not a regular file",
        "x.md": "is a directory",
        "gone": "no such file",
        "zzzzzzzz": "cannot be read: File name too long",
    }


def test_a_failed_write_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(SourceError, match=r"new/a\.md: cannot be written: No space left on device"):
        store.write("new/a.md", b"x", name="new/a.md")
    assert tree("new") == {}


def test_systems_that_read_and_write_a_little_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Network shares read less than they are asked for, full disks write less: it goes on where that ended."""
    read, write = os.read, os.write
    monkeypatch.setattr(os, "read", lambda number, size: read(number, min(size, 3)))
    monkeypatch.setattr(os, "write", lambda number, data: write(number, data[:3]))
    for data in (b"", b"x", b"12345678"):
        store.write("a.md", data, name="a.md")
        assert store.read_input("a.md", "a.md") == data


def test_an_input_that_grows_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its time may be too coarse to show it; its size does."""
    Path("a.md").write_text("x", encoding="utf-8")
    found, read = Path("a.md").stat(), os.read

    def growing(number: int, size: int) -> bytes:
        with Path("a.md").open("a", encoding="utf-8") as stream:
            stream.write("x")
        os.utime("a.md", ns=(1, found.st_mtime_ns))
        return read(number, size)

    monkeypatch.setattr(os, "read", growing)
    with pytest.raises(SourceError, match=r"a\.md: changes while it is read; wait"):
        store.read_input("a.md", "a.md")


def limited(*command: str, **limits: int) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process that may have less than others."""
    resource = pytest.importorskip("resource")

    def limit() -> None:
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))

    script = [sys.executable, str(Path(stub_pipeline.__file__)), *command, "--no-progress"]
    return subprocess.run(script, check=False, capture_output=True, text=True, preexec_fn=limit)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_full_disk(batch: ModuleType, jobs: str) -> None:
    """No file may grow beyond a size: the manifest meets it first. The next run ends as if nothing had been."""
    write_posts(400)
    run(batch, out="whole")
    ended = limited("posts", "-o", "out", "-j", jobs, FSIZE=60_000)
    assert ended.returncode == 1
    path = Path("out/.archive2md/manifest.sqlite")
    assert ended.stderr.startswith(f"error: {path}: cannot be written: ")
    assert "run it again: it goes on from here" in ended.stderr
    assert 0 < len(list(Path("out").rglob("*.md"))) < 400
    assert not any(o.error for o in run(batch))
    assert tree("out") == tree("whole")


@pytest.mark.parametrize(
    ("number", "way_out"),
    [
        (errno.ENOSPC, "make room and run it again, it goes on from here; or choose another -o"),
        (errno.EROFS, "choose another -o"),
        (errno.EACCES, "check its permissions, or choose another -o"),
        (errno.EMFILE, "allow more open files (ulimit -n 1024), or use fewer processes (-j 1)"),
    ],
)
@pytest.mark.parametrize("step", ["open", "replace"])
def test_outputs_that_cannot_be_written(
    batch: ModuleType, monkeypatch: pytest.MonkeyPatch, number: int, way_out: str, step: str
) -> None:
    """Each is one failure with its way out; nothing is left behind, and the next run writes them."""
    write_posts(9)
    run(batch, out="whole")
    real = getattr(os, step)

    def refuse(path: Any, *arguments: Any, **how: Any) -> Any:  # noqa: ANN401 (passed through)
        if isinstance(path, str) and path.endswith(".tmp") and Path(path).parent.name == "d1":
            raise OSError(number, os.strerror(number))
        return real(path, *arguments, **how)

    with monkeypatch.context() as patched:
        patched.setattr(os, step, refuse)
        errors = [o.error for o in run(batch) if o.error]
    assert errors == [
        f"posts/d1/000{i}.html: out/d1/000{i}.md: cannot be written: {os.strerror(number)}; {way_out}"
        for i in (1, 4, 7)
    ]
    assert len(list(Path("out").rglob("*.md"))) == 6
    assert not list(Path("out").rglob("*.tmp"))
    assert [o.status for o in run(batch)].count("converted") == 3
    assert tree("out") == tree("whole")


def test_inputs_that_cannot_be_read(batch: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    write_posts(3)
    real = os.stat

    def refuse(path: Any, **how: Any) -> os.stat_result:  # noqa: ANN401 (passed through)
        if str(path).endswith("0001.html"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path, **how)

    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", refuse)
        errors = [o.error for o in run(batch) if o.error]
    assert errors == ["posts/d1/0001.html: cannot be read: Permission denied; check its permissions"]


@pytest.mark.parametrize("jobs", ["1", "2", "8"])
def test_few_open_files(batch: ModuleType, jobs: str) -> None:
    """Where the system allows no further process, those that run do the work."""
    write_posts(300)
    run(batch, out="whole")
    ended = limited("posts", "-o", "out", "-j", jobs, NOFILE=20)
    assert (ended.returncode, ended.stderr.partition(" in ")[0]) == (0, "converted 300, unchanged 0, failed 0")
    assert tree("out") == tree("whole")


@pytest.mark.parametrize("allowed", [0, 1, 2, 3])
def test_no_further_process(batch: ModuleType, monkeypatch: pytest.MonkeyPatch, allowed: int) -> None:
    """Those that run do the work, also that of one that died; without any, this process does, and says so."""
    start = vars(pool)["_Worker"]
    begun: list[object] = []

    def refuse(*args: Any) -> Any:  # noqa: ANN401 (passed through)
        if len(begun) == allowed:
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        begun.append(args)
        return start(*args)

    monkeypatch.setattr(pool, "_Worker", refuse)
    write_posts(400, **({"p0": "DIE"} if allowed else {}))
    told: list[str] = []
    plan = batch.make_plan(expand(["posts"]), Path("out"))
    running = batch.run(plan, Options(), batch.Rules(), workers=4, stopped=lambda: False, tell=told.append)
    outcomes = list(running)
    assert [o.name for o in outcomes] == [f.name for f in expand(["posts"]).found]
    errors = [o.error for o in outcomes if o.error]
    if allowed < 3:
        assert told == ["the system allows no further process: the rest is done in one, as with -j 1"]
    else:
        assert not told
    if allowed == 1:
        assert len(errors) == pool.CHUNK
        assert {error.partition(": ")[2] for error in errors} == {
            "was in a worker process that died, and the system allows no other one; run it again"
        }
    elif allowed:
        assert errors[0].startswith("posts/d0/0000.html: killed its worker process, twice")


@pytest.mark.parametrize("limits", [pool.NO_LIMITS, pool.Limits(megabytes=100)])
def test_workers_that_cannot_start(limits: pool.Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something is missing there, or they are killed at once: each post would be told to have killed its worker."""
    monkeypatch.setattr(pool, "_serve", die)
    problem = r"worker processes end as soon as they have started \(exit code -?\d+\); .*convert in one process: -j 1"
    with pytest.raises(SourceError, match=problem) as caught:
        list(pool.run(range(1000), abs, max, workers=2, stopped=lambda: False, limits=limits))
    assert ("--memory-limit" in str(caught.value)) is bool(limits.megabytes)


def die(*_: object) -> None:
    os._exit(3)


def test_a_library_that_finds_no_room_is_no_internal_error() -> None:
    """With a low `--memory-limit`, each post was to be reported as a bug."""
    said = "_pyromark.so: failed to map segment from shared object"
    assert str(unexpected(ImportError(said), "a.html")) == str(no_memory("a.html"))
    assert "internal error ImportError: no module" in str(unexpected(ImportError("no module"), "a.html"))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_internal_error_is_one_failure(batch: ModuleType, monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    """It ended the run, or the worker that met it, and that again for each post."""
    write_posts(100)
    read = vars(store)["_read"]

    def read_badly(file: str, size: int) -> Any:  # noqa: ANN401 (passed through)
        return 1 // 0 if "d1" in file else read(file, size)

    monkeypatch.setattr(store, "_read", read_badly)
    outcomes = run(batch, workers=workers)
    assert len(outcomes) == 100
    problem = "internal error ZeroDivisionError: integer division or modulo by zero; please report it with this post"
    assert [o.error for o in outcomes if o.error] == [f"{o.name}: {problem}" for o in outcomes if "d1" in o.name]


def test_the_manifest_remembers(tmp_path: Path) -> None:
    with Manifest(tmp_path) as manifest:
        manifest.put((f"{number}.md", Record("a/标题", "0" * 64, 7)) for number in range(3))
        manifest.put((), gone=["1.md"])
    with Manifest(tmp_path, read_only=True) as manifest:
        assert manifest.get("2.md") == Record("a/标题", "0" * 64, 7)
        assert manifest.get("1.md") is None
        assert [output for output, _ in manifest] == ["0.md", "2.md"]
    with Manifest(tmp_path / "none", read_only=True) as manifest:
        assert manifest.get("x") is None
    assert sorted(tree(str(tmp_path))) == [".archive2md/manifest.sqlite"]


def test_a_file_system_that_is_read_only(batch: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux refuses to remove a file there before it looks whether there is one."""
    write_posts(3)
    run(batch)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    for name in ("unlink", "remove", "replace", "rename", "mkdir"):
        monkeypatch.setattr(os, name, refuse)
    for workers in (1, 2):
        assert {outcome.status for outcome in run(batch, dry_run=True, workers=workers)} == {"unchanged"}
        assert {outcome.status for outcome in run(batch, workers=workers)} == {"unchanged"}
    with Manifest(Path("out"), read_only=True) as manifest:
        assert report.past(manifest, [])["outputs"] == 3


def damage(path: Path, how: str) -> None:
    if how == "garbage":
        path.write_bytes(b"not a database at all" * 100)
        return
    connection = sqlite3.connect(path)
    connection.execute(
        {"newer": "PRAGMA user_version = 99", "foreign": "PRAGMA application_id = 7", "torn": "DROP TABLE output"}[how]
    )
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ("garbage", "is damaged (file is not a database)"),
        ("torn", "is damaged (no such table: output)"),
        ("foreign", "is not a manifest of archive2md"),
        ("newer", "was written by a newer archive2md (format 99, this one knows 3)"),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_unusable_manifests(batch: ModuleType, how: str, problem: str, *, dry_run: bool) -> None:
    write_posts(2)
    run(batch)
    damage(manifest_path(Path("out")), how)
    before = tree("out")
    with pytest.raises(ConfigError) as error:
        run(batch, dry_run=dry_run)
    remedy = "choose another -o, or move this file away and pass --force to replace what is there"
    assert str(error.value) == f"out/.archive2md/manifest.sqlite: {problem}; {remedy}"
    assert tree("out") == before


@pytest.mark.parametrize("left", [512, 2000, 4096, 5000, 8000, 8191])
@pytest.mark.parametrize("dry_run", [False, True])
def test_manifests_that_are_cut_off(batch: ModuleType, left: int, *, dry_run: bool) -> None:
    """Whatever is left of one, also where only its last page is cut off, which sqlite does not notice."""
    write_posts(2)
    run(batch)
    path = manifest_path(Path("out"))
    assert path.stat().st_size == 8192
    os.truncate(path, left)
    with pytest.raises(ConfigError, match=r"manifest\.sqlite: is damaged \(.*\); choose another -o, or move this file"):
        run(batch, dry_run=dry_run)
    assert path.stat().st_size == left


def test_the_manifest_is_for_one_run_at_a_time(tmp_path: Path) -> None:
    with Manifest(tmp_path), pytest.raises(ConfigError, match="another archive2md is writing there; wait"):
        Manifest(tmp_path)
    Manifest(tmp_path).close()


def test_the_manifest_is_locked_until_the_packed_one_is_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run opened the old file in between, and its work went with that."""
    manifest = Manifest(tmp_path)
    manifest.put([("a.md", Record("a", "0"))])
    replace, seen = Path.replace, []

    def replacing(file: Path, target: Path) -> Path:
        for moment in ("before", "after"):
            if moment == "after":
                replace(file, target)
            try:
                with Manifest(tmp_path) as other:
                    other.put([("b.md", Record("b", "0"))])
                    seen.append(moment)
                    monkeypatch.undo()
            except ConfigError as error:
                assert "another archive2md is writing there; wait" in str(error)  # noqa: PT017 (either is right)
        return target

    monkeypatch.setattr(Path, "replace", replacing)
    manifest.close()
    assert seen == ["after"]
    with Manifest(tmp_path, read_only=True) as both:
        assert [output for output, _ in both] == ["a.md", "b.md"]
    assert [file.name for file in Path(tmp_path, ".archive2md").iterdir()] == ["manifest.sqlite"]


@pytest.mark.parametrize("is_new", [False, True])
def test_a_manifest_that_is_replaced_while_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_new: bool
) -> None:
    """The lock is had, but of a file that is in no directory any more."""
    if not is_new:
        Manifest(tmp_path).close()
    connect = sqlite3.connect

    def late(path: Path, **how: Any) -> sqlite3.Connection:  # noqa: ANN401 (passed through)
        connection: sqlite3.Connection = connect(path, **how)
        monkeypatch.undo()
        with Manifest(tmp_path) as other:
            other.put([("a.md", Record("a", "0"))])
        return connection

    monkeypatch.setattr(sqlite3, "connect", late)
    with pytest.raises(ConfigError, match="another archive2md is writing there; wait"):
        Manifest(tmp_path)
    with Manifest(tmp_path, read_only=True) as manifest:
        assert [output for output, _ in manifest] == ["a.md"]


def test_a_manifest_can_be_read_while_a_run_writes(tmp_path: Path) -> None:
    """Also before that run has changed anything, and however far its log is moved into the file."""

    def outputs() -> int:
        with Manifest(tmp_path, read_only=True) as manifest:
            return sum(1 for _ in manifest)

    with Manifest(tmp_path) as manifest:
        assert outputs() == 0
        manifest.put([("a.md", Record("a", "0"))])
        assert outputs() == 1
    with Manifest(tmp_path) as manifest:
        assert outputs() == 1
        for number in range(100):
            manifest.put((f"{number}-{other}.md", Record("a", "0" * 64)) for other in range(30))
            if number % 10 == 0:
                assert outputs() == 1 + 30 * (number + 1)
    assert outputs() == 3001


def test_a_manifest_that_moves_on_while_it_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file from before its log began anew, and the log from after that, would be no manifest."""
    copy = shutil.copyfile
    moves = iter([True, False])
    with Manifest(tmp_path) as manifest:
        manifest.put((f"{number}.md", Record("a", "0" * 64)) for number in range(3000))
        connection = vars(manifest)["_connection"]

        def copying(source: Path, target: Path) -> Any:  # noqa: ANN401 (passed through)
            copy(source, target)
            if target.suffix == ".sqlite" and next(moves, True):
                connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
                manifest.put([("new.md", Record("a", "0"))])

        monkeypatch.setattr(shutil, "copyfile", copying)
        with Manifest(tmp_path, read_only=True) as reader:
            assert sum(1 for _ in reader) == 3001
        with pytest.raises(ConfigError, match="another archive2md is writing there; ask again when it has ended"):
            Manifest(tmp_path, read_only=True)


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_manifest_that_was_begun_and_no_more(batch: ModuleType, *, dry_run: bool) -> None:
    """A run was killed before it had written anything there: that is no damage."""
    write_posts(2)
    path = manifest_path(Path("out"))
    path.parent.mkdir(parents=True)
    path.touch()
    with Manifest(Path("out"), read_only=True) as manifest:
        assert report.past(manifest, [])["outputs"] == 0
    assert [(o.status, o.why) for o in run(batch, dry_run=dry_run)] == [("converted", "new")] * 2


def test_who_only_reads_leaves_nothing_beside_the_manifest_of_a_killed_run(batch: ModuleType) -> None:
    """It was killed when its log was in the file already: sqlite made a file for locks there, and left it."""
    write_posts(2)
    run(batch)
    with contextlib.closing(sqlite3.connect(manifest_path(Path("out")))) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    before = tree("out")
    assert {o.status for o in run(batch, dry_run=True)} == {"unchanged"}
    with Manifest(Path("out"), read_only=True) as manifest:
        assert report.past(manifest, [])["outputs"] == 2
    assert tree("out") == before


def test_a_manifest_that_is_damaged_where_nobody_has_looked(batch: ModuleType) -> None:
    """The question which posts are there twice goes through all of it."""
    write_posts(400)
    run(batch)
    path = manifest_path(Path("out"))
    data = bytearray(path.read_bytes())
    data[-3 * 4096 :] = bytes(range(256)) * 48
    path.write_bytes(data)
    with Manifest(Path("out"), read_only=True) as manifest, pytest.raises(ConfigError, match=r"sqlite: is damaged \("):
        report.repeated(manifest)


def test_a_manifest_that_nobody_may_see(batch: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    write_posts(2)
    run(batch)
    real = os.stat

    def forbidden(path: Any, *arguments: Any, **how: Any) -> os.stat_result:  # noqa: ANN401 (passed through)
        if str(path).endswith("manifest.sqlite"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path, *arguments, **how)

    monkeypatch.setattr(os, "stat", forbidden)
    for dry_run in (False, True):
        with pytest.raises(SourceError) as error:
            run(batch, dry_run=dry_run)
        assert str(error.value) == (
            "out/.archive2md/manifest.sqlite: cannot be read: Permission denied; check its permissions"
        )


def test_a_list_of_failures_that_cannot_be_read(batch: ModuleType) -> None:
    Path("out/.archive2md/failures.txt").mkdir(parents=True)
    with pytest.raises(SourceError, match=r"failures\.txt: is a directory"):
        batch.past_failures(Path("out"))
    Path("out/.archive2md/failures.txt").rmdir()
    assert batch.past_failures(Path("out")) == []
    Path("out/.archive2md/failures.txt").write_bytes(b"a\nb\xff\n")
    assert batch.past_failures(Path("out")) == ["a", "b\ufffd"]


def test_a_manifest_for_which_there_is_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has grown in its log only, and the packed file fits: a log that is left would be taken for that one's.

    Closing says nothing, so it is tried before; and what still has a log does not get another file's place.
    """
    resource = pytest.importorskip("resource")

    def record(number: int) -> tuple[str, Record]:
        return f"{number:05}.md", Record("a", "0" * 64, 1, "", "f" * 30, 1, 2, "1" * 64, "k" * 20)

    def rows() -> list[str]:
        with Manifest(tmp_path) as manifest:
            return [output for output, _ in manifest]

    def closed(manifest: Manifest) -> str:
        """Close it while no file may grow beyond what the packed one takes."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (packed_size, before[1]))
        try:
            manifest.close()
        except SourceError as error:
            return str(error)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        return ""

    path = manifest_path(tmp_path)
    with Manifest(tmp_path) as manifest:
        manifest.put(record(number) for number in range(0, 3000, 3))
    shutil.copy(path, tmp_path / "before.sqlite")

    def change(manifest: Manifest) -> None:
        for number in range(1200, 1500, 3):
            manifest.put([record(number + 1)])
            manifest.put([record(number + 2)])
        manifest.put((), gone=[record(number)[0] for number in range(0, 900, 3)])

    with Manifest(tmp_path) as manifest:
        change(manifest)
    expected, packed_size = rows(), path.stat().st_size
    real = vars(Manifest)["_execute"]

    def not_trying(manifest: Manifest, statement: str, *values: Any) -> Any:  # noqa: ANN401 (passed through)
        return real(manifest, "SELECT 1" if "checkpoint" in statement else statement, *values)

    for is_tried_before in (True, False):
        shutil.copy(tmp_path / "before.sqlite", path)
        manifest = Manifest(tmp_path)
        change(manifest)
        with monkeypatch.context() as patched:
            if not is_tried_before:
                patched.setattr(Manifest, "_execute", not_trying)
            assert "run it again" in closed(manifest)
        assert rows() == expected
        assert not list(path.parent.glob("*.tmp"))
        assert sorted(file.name for file in path.parent.iterdir()) == ["manifest.sqlite"]
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_resumed_run_is_as_quick_to_remember(batch: ModuleType) -> None:
    """It does not wait for the disk after each group of posts, as no other run does."""
    write_posts(2)
    run(batch)
    for mode in ("delete", "WAL"):  # as a run leaves it that ends, or is killed
        with contextlib.closing(sqlite3.connect(manifest_path(Path("out")))) as connection:
            connection.execute(f"PRAGMA journal_mode = {mode}")
        with Manifest(Path("out")) as manifest:
            assert manifest.unfinished is (mode == "WAL")
            manifest.put([("x.md", Record("x", "0"))])
            assert vars(manifest)["_connection"].execute("PRAGMA synchronous").fetchone() == (1,)


def test_a_manifest_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / ".archive2md").write_text("in the way", encoding="utf-8")
    with pytest.raises(SourceError, match="a part of its path is a file"):
        Manifest(tmp_path)
    with Manifest(tmp_path / "other") as manifest:
        manifest.close()
        with pytest.raises(ConverterError):
            Manifest(tmp_path)
    assert int.from_bytes(b"a2md") == APPLICATION_ID


def no_reading(*_: object, **__: object) -> None:
    raise AssertionError("nothing is to be read")


def test_a_second_run_reads_nothing(batch: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    write_posts(100, p7="FAIL")
    run(batch)
    monkeypatch.setattr("converter.sources.reading.read_stable", no_reading)
    monkeypatch.setattr("converter.plan.read_input", no_reading)
    Path("posts/d1/0007.html").unlink()
    again = run(batch)
    assert [outcome.status for outcome in again] == ["unchanged"] * 99


def test_only_what_changed_is_converted(batch: ModuleType) -> None:
    write_posts(9)
    run(batch)
    Path("posts/d0/0003.html").write_text("another text", encoding="utf-8")
    os.utime("posts/d1/0001.html", ns=(5, 5))  # touched, and yet the same
    Path("out/d2/0002.md").unlink()
    statuses = {outcome.name[-9:-5]: outcome.status for outcome in run(batch)}
    assert sorted(name for name, status in statuses.items() if status == "converted") == ["0002", "0003"]
    with Manifest(Path("out"), read_only=True) as manifest:
        record = manifest.get("d1/0001.md")
    assert record
    assert record.source_mtime == 5
    assert {outcome.status for outcome in run(batch)} == {"unchanged"}
    assert {outcome.status for outcome in run(batch, force=True)} == {"unchanged"}
    assert [outcome.status for outcome in run(batch, hard_break="spaces")].count("converted") == 8


def test_a_dry_run_says_why(batch: ModuleType) -> None:
    write_posts(5)
    assert {o.why for o in run(batch, dry_run=True)} == {"new"}
    run(batch)
    Path("posts/d0/0000.html").write_text("another text", encoding="utf-8")
    Path("out/d1/0001.md").unlink()
    Path("posts/d2/0005.html").write_text("one more", encoding="utf-8")
    why = {o.name[-9:-5]: o.why for o in run(batch, dry_run=True)}
    assert why == {
        **dict.fromkeys(("0002", "0003", "0004"), ""),
        "0000": "its input changed",
        "0001": "its output is missing",
        "0005": "new",
    }
    assert {o.why for o in run(batch, dry_run=True, hard_break="spaces")} == {
        "other options or version",
        "its output is missing",
        "new",
    }


@pytest.mark.parametrize("workers", [1, 2])
def test_posts_that_are_there_twice(batch: ModuleType, workers: int) -> None:
    """By the article that they are, and by their text; the second run, which converts nothing, says the same."""
    special = {"p3": "first ARTICLE 7", "p5": "second ARTICLE 7", "p40": "third ARTICLE 8"}
    write_posts(70, **special)
    for name in ("posts/d0/a/0009.html", "posts/d1/0009.html"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(Path("posts/d0/0009.html").read_text(encoding="utf-8"), encoding="utf-8")
    expected = {
        "article": [["d0/0003.md", "d2/0005.md"]],
        "text": [["d0/0009.md", "d0/a/0009.md", "d1/0009.md"]],
    }
    for _ in range(2):
        run(batch, workers=workers)
        with Manifest(Path("out"), read_only=True) as manifest:
            assert report.repeated(manifest) == expected
            assert report.count_repeated(manifest) == {"article": 1, "text": 1}
            lines = report.as_text(report.past(manifest, [])).splitlines()
    assert "same article   d0/0003.md, d2/0005.md" in lines
    assert "same text      d0/0009.md, d0/a/0009.md, d1/0009.md" in lines


def test_an_edited_output_of_an_unchanged_post_is_reported_and_left(batch: ModuleType) -> None:
    write_posts(3)
    run(batch)
    output = Path("out/d1/0001.md")
    output.write_text(output.read_text(encoding="utf-8").replace("post", "note"), encoding="utf-8")
    edited = output.read_bytes()
    again = run(batch)
    assert [(o.status, [note.rule for note in o.notes]) for o in again] == [
        ("unchanged", []),
        ("unchanged", ["output-edited"]),
        ("unchanged", []),
    ]
    assert output.read_bytes() == edited


@pytest.mark.parametrize("workers", [1, 2])
def test_an_edited_output_stays_while_only_the_time_of_its_input_is_new(batch: ModuleType, workers: int) -> None:
    """A container gives all its posts another time, whatever was added to it."""
    write_posts(70)
    run(batch, workers=workers)
    for name in ("d1/0001", "d2/0002"):
        Path(f"out/{name}.md").write_text("mine", encoding="utf-8")
        os.utime(f"posts/{name}.html", ns=(5, 5))
    for _ in range(2):
        noted = [o.name for o in run(batch, workers=workers) if o.status == "unchanged" and o.notes]
        assert noted == ["posts/d1/0001.html", "posts/d2/0002.html"]
    Path("posts/d1/0001.html").write_text("post 2<br>end", encoding="utf-8")
    os.utime("posts/d2/0002.html", ns=(6, 6))
    (error,) = [o.error for o in run(batch, workers=workers) if o.error]
    assert "d1/0001.md: exists and was not written by archive2md from this input, or was edited since" in error
    assert {Path(f"out/{name}.md").read_text(encoding="utf-8") for name in ("d1/0001", "d2/0002")} == {"mine"}


@pytest.mark.parametrize("prune", [False, True])
def test_outputs_without_an_input(batch: ModuleType, *, prune: bool) -> None:
    write_posts(9)
    run(batch)
    Path("posts/d0/0003.html").unlink()
    Path("posts/d0/0006.html").unlink()
    Path("out/d0/0006.md").write_text("edited", encoding="utf-8")
    run(batch, "posts/d1")  # another directory says nothing about this one
    gone = [(o.output, o.status) for o in run(batch, prune=prune) if o.status != "unchanged"]
    first = ("out/d0/0003.md", "pruned" if prune else "vanished")
    assert gone == [first, ("out/d0/0006.md", "failed" if prune else "vanished")]
    assert Path("out/d0/0003.md").exists() is not prune
    assert Path("out/d0/0006.md").exists()
    failures = Path("out/.archive2md/failures.txt")
    assert failures.exists() is prune
    assert not prune or "its input is gone, but it was edited" in failures.read_text(encoding="utf-8")
    assert len(run(batch)) == 7 + 1 + (not prune)


def test_a_folder_in_the_place_of_an_output_without_an_input(batch: ModuleType) -> None:
    """A run was killed when an output had gone, before the manifest knew; then came posts that need a folder."""
    write(a_md="a", b_html="b")
    run(batch)
    Path("posts/a.md").unlink()
    Path("out/a.md").unlink()
    Path("posts/a.md").mkdir()
    Path("posts/a.md/c.html").write_text("c", encoding="utf-8")
    statuses = [sorted((o.output, o.status) for o in run(batch, prune=True)) for _ in range(2)]
    rest = [("out/a.md/c.md", "converted"), ("out/b.md", "unchanged")]
    assert statuses == [[("out/a.md", "pruned"), *rest], [("out/a.md/c.md", "unchanged"), rest[1]]]
    run(batch, out="fresh")
    assert tree("out") == tree("fresh")


def pruned_as_foreseen(batch: ModuleType, workers: int) -> list[tuple[str, str, str]]:
    """Run with `--prune`, after a dry run that says the same and changes nothing; return what was not unchanged."""
    before = tree("out")
    foreseen = [(o.output, o.status, o.error) for o in run(batch, prune=True, dry_run=True, workers=workers)]
    assert tree("out") == before
    happened = [(o.output, o.status, o.error) for o in run(batch, prune=True, workers=workers)]
    assert happened == foreseen
    return [seen for seen in happened if seen[1] != "unchanged"]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_post_that_was_replaced_by_a_folder_of_its_name(batch: ModuleType, workers: int) -> None:
    write_posts(70)
    write(a_md="a")
    run(batch, workers=workers)
    Path("posts/a.md").unlink()
    Path("posts/a.md/sub").mkdir(parents=True)
    Path("posts/a.md/sub/c.html").write_text("c", encoding="utf-8")
    before = tree("out")
    problems = [o.error for o in run(batch, workers=workers) if o.error]
    remedy = "pass --prune to let this post take its place, or move it away"
    why = "out/a.md was made from ../posts/a.md, which is gone"
    assert problems == [f"posts/a.md/sub/c.html: out/a.md/sub/c.md: {why}; {remedy}"]
    Path("out/.archive2md/failures.txt").unlink()
    assert tree("out") == before
    assert pruned_as_foreseen(batch, workers) == [
        ("out/a.md/sub/c.md", "converted", ""),
        ("out/a.md", "pruned", ""),
    ]
    run(batch, out="fresh")
    assert tree("out") == tree("fresh")


@pytest.mark.parametrize("prune", [False, True])
def test_a_post_that_gives_its_name_to_a_folder(batch: ModuleType, *, prune: bool) -> None:
    """It has another output then, which has to be there before the former one may go."""
    write(a_html="a")
    run(batch)
    Path("posts/a.md").mkdir()
    Path("posts/a.md/c.html").write_text("c", encoding="utf-8")
    problem = "out/a.md was made from ../posts/a.html, which has another output now"
    remedy = "run it again" if prune else "pass --prune, and run it again"
    outcomes = run(batch, prune=prune)
    assert [o.error for o in outcomes if o.error] == [f"posts/a.md/c.html: out/a.md/c.md: {problem}; {remedy}"]
    run(batch, prune=True)
    assert not any(o.error for o in run(batch))
    run(batch, out="fresh")
    assert tree("out") == tree("fresh")


def test_what_a_killed_run_did_not_forget_is_no_obstacle(batch: ModuleType) -> None:
    """The manifest knows both the post and the folder of its name, as the run was killed before it came to its end."""
    Path("posts/a.md").mkdir(parents=True)
    Path("posts/a.md/c.html").write_text("c", encoding="utf-8")
    run(batch)
    shutil.copytree("posts", "first")
    with Manifest(Path("out"), read_only=True) as manifest:
        former = manifest.get("a.md/c.md")
    shutil.rmtree("posts/a.md")
    write(a_md="a")
    run(batch, prune=True)
    with Manifest(Path("out")) as manifest:
        assert former
        manifest.put([("a.md/c.md", former)])
    shutil.rmtree("posts")
    Path("first").rename("posts")
    assert [o.status for o in run(batch, prune=True)] == ["converted", "pruned"]
    run(batch, out="fresh")
    assert tree("out") == tree("fresh")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_folder_that_was_replaced_by_a_post_of_its_name(batch: ModuleType, workers: int) -> None:
    write_posts(70)
    Path("posts/a.md/sub").mkdir(parents=True)
    Path("posts/a.md/sub/c.html").write_text("c", encoding="utf-8")
    run(batch, workers=workers)
    Path("posts/a.md/d.html").write_text("d", encoding="utf-8")
    run(batch, workers=workers)
    shutil.rmtree("posts/a.md")
    write(a_md="a")
    Path("out/a.md/sub/c.md").unlink()  # as a run does that is killed then
    assert pruned_as_foreseen(batch, workers) == [
        ("out/a.md", "converted", ""),
        ("out/a.md/d.md", "pruned", ""),
        ("out/a.md/sub/c.md", "pruned", ""),
    ]
    run(batch, out="fresh")
    assert tree("out") == tree("fresh")


def test_what_was_edited_does_not_make_way(batch: ModuleType) -> None:
    """Neither a post for a folder, nor what is in a folder for a post."""
    write(a_md="a")
    Path("posts/b.md").mkdir()
    for name in "cde":
        Path(f"posts/b.md/{name}.html").write_text(name, encoding="utf-8")
    run(batch)
    Path("posts/a.md").unlink()
    shutil.rmtree("posts/b.md")
    Path("posts/a.md").mkdir()
    Path("posts/a.md/c.html").write_text("c", encoding="utf-8")
    write(b_md="b")
    for name in ("out/a.md", "out/b.md/d.md"):
        Path(name).write_text("edited", encoding="utf-8")
    Path("out/b.md/note.txt").write_text("the user's", encoding="utf-8")
    for dry_run in (True, False):
        outcomes = run(batch, prune=True, dry_run=dry_run)
        assert [(o.output, o.status) for o in outcomes] == [
            ("out/b.md", "failed"),
            ("out/a.md/c.md", "failed"),
            ("out/a.md", "failed"),
            ("out/b.md/c.md", "pruned"),
            ("out/b.md/d.md", "failed"),
            ("out/b.md/e.md", "pruned"),
        ]
    assert sorted(name for name in tree("out") if ".archive2md" not in name) == ["a.md", "b.md/d.md", "b.md/note.txt"]
    Path("out/b.md/note.txt").unlink()
    rules = batch.Rules(force=True, prune=True)
    plan = batch.make_plan(expand(["posts"]), Path("out"))
    outcomes = list(batch.run(plan, Options(), rules, workers=1, stopped=lambda: False))
    assert [o.status for o in outcomes] == ["converted", "converted", "pruned", "pruned"]
    assert sorted(name for name in tree("out") if ".archive2md" not in name) == ["a.md/c.md", "b.md"]


def test_folders_that_pruning_leaves_empty_go(batch: ModuleType, tmp_path: Path) -> None:
    """Those that held an output: not one of the user's, none with anything in it, none behind a link, never OUT."""
    for name in ("x/y/z/1", "x/y/2", "kept/3", "link/deep/4"):
        Path("posts", f"{name}.html").parent.mkdir(parents=True, exist_ok=True)
        Path("posts", f"{name}.html").write_text(name, encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    Path("out/x/mine").mkdir(parents=True)
    Path("out/kept/.git").mkdir(parents=True)
    Path("out/link").symlink_to(elsewhere)
    run(batch)
    assert Path("out/x/y/z/1.md").exists()
    assert Path("elsewhere/deep/4.md").exists()
    for path in Path("posts").rglob("*.html"):
        path.unlink()
    run(batch)
    run(batch, prune=True, dry_run=True)
    assert Path("out/x/y/z/1.md").exists()
    assert [o.status for o in run(batch, prune=True)] == ["failed", *["pruned"] * 4]
    left = sorted(path.relative_to("out").as_posix() for path in Path("out").rglob("*"))
    assert [name for name in left if not name.startswith(".archive2md")] == ["kept", "kept/.git", "link", "x", "x/mine"]
    assert Path("elsewhere/deep").is_dir()
    shutil.rmtree("out/x")
    Path("posts/only.html").write_text("only", encoding="utf-8")
    run(batch)
    Path("posts/only.html").unlink()
    run(batch, prune=True)
    assert Path("out").is_dir()


def test_an_input_and_its_output_that_are_both_gone(batch: ModuleType) -> None:
    """Who removes both has done all there is to do: nobody need be told about it, and the manifest forgets it."""
    write_posts(4)
    run(batch)
    for name in ("0000", "0003"):
        Path(f"posts/d0/{name}.html").unlink()
    shutil.rmtree("out/d0")
    assert {o.status for o in run(batch, dry_run=True)} == {"unchanged"}
    assert {o.status for o in run(batch)} == {"unchanged"}
    run(batch, out="fresh")
    assert tree("out") == tree("fresh")


def test_what_is_behind_a_link_that_leads_nowhere_is_not_gone(batch: ModuleType, tmp_path: Path) -> None:
    """The disk may not be mounted."""
    write_posts(4)
    Path("disk").mkdir()
    Path("out").mkdir()
    Path("out/d0").symlink_to(tmp_path / "disk")
    run(batch)
    Path("posts/d0/0000.html").unlink()
    Path("disk").rename("other")
    Path("posts/d0/0003.html").unlink()
    assert [o.status for o in run(batch)] == ["unchanged", "unchanged", "vanished", "vanished"]
    Path("other").rename("disk")
    assert [o.status for o in run(batch, prune=True)] == ["unchanged", "unchanged", "pruned", "pruned"]
    assert not list(Path("disk").iterdir())


@pytest.mark.parametrize("prune", [False, True])
def test_outputs_whose_input_a_pattern_would_have_named(batch: ModuleType, *, prune: bool) -> None:
    """What is gone and would have been found is known for sure; what the pattern does not name does not concern it."""
    write_posts(9)
    for path in Path("posts").rglob("000[0345].html"):
        path.with_suffix(".htm").write_bytes(path.read_bytes())
    Path("posts/top.html").write_text("x", encoding="utf-8")
    run(batch, "posts/**")
    for name in ("d0/0003.html", "d0/0003.htm", "d1/0001.html", "d2/0002.html"):
        Path("posts", name).unlink()

    def gone(*inputs: str, prune: bool = False) -> list[str]:
        outcomes = run(batch, *inputs, prune=prune)
        assert not any(o.error for o in outcomes)
        return sorted(o.name.removeprefix("../posts/") for o in outcomes if o.status in {"vanished", "pruned"})

    assert gone("posts/d0/*.html") == ["d0/0003.html"]
    assert gone("posts/d0/*") == ["d0/0003.htm", "d0/0003.html"]
    assert gone("posts/d[12]/*.html") == ["d1/0001.html", "d2/0002.html"]
    assert gone("posts/d[12]") == ["d1/0001.html", "d2/0002.html"]
    assert gone("posts/*/*.htm") == ["d0/0003.htm"]
    assert gone("posts/**/*.htm") == ["d0/0003.htm"]
    assert gone("posts/*.html") == []
    assert gone("posts/d0/../d[12]/*.html", "posts/d1/../d*/0000.html") == ["d1/0001.html", "d2/0002.html"]
    assert gone("posts/d*/../d0/*.html") == []
    status = gone("posts/**", prune=prune)
    assert status == ["d0/0003.htm", "d0/0003.html", "d1/0001.html", "d2/0002.html"]
    assert len(gone("posts/**")) == (0 if prune else 4)


def test_a_pattern_that_cannot_be_answered_says_nothing(batch: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is not mounted, or a directory that is not ours to see, has lost nothing."""
    write_posts(9)
    run(batch, "posts/d0/*.html", "posts/d1/*.html")
    Path("posts/d1").rename("unmounted")
    assert {o.status for o in run(batch, "posts/d0/*.html", "posts/d1/*.html", prune=True)} == {"unchanged", "failed"}
    Path("unmounted").rename("posts/d1")
    Path("posts/d1/0001.html").unlink()
    real = os.lstat

    def forbidden(path: Any) -> Any:  # noqa: ANN401 (passed through)
        if str(path).endswith("0001.html"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "lstat", forbidden)
        assert {o.status for o in run(batch, "posts/d*/*.html", prune=True)} == {"converted"}
        assert {o.status for o in run(batch, prune=True)} == {"unchanged"}
    assert [o.status for o in run(batch, prune=True)].count("pruned") == 1


NOT_OURS = "exists and was not written by archive2md from this input, or was edited since"


def write(**posts: str) -> None:
    """Write posts by the names of their files: `a_html` is `a.html`, `d__a_html` is `d/a.html`."""
    for name, text in posts.items():
        path = Path("posts", name.replace("__", "/").replace("_", "."))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_an_output_directory_behind_a_link(batch: ModuleType, tmp_path: Path) -> None:
    """`..` leads out of where the link leads to; the same posts are the same by every path to both directories."""
    write(a_html="a", b_html="b")
    Path("big/store").mkdir(parents=True)
    Path("out").symlink_to("big/store")
    run(batch)
    with Manifest(Path("out"), read_only=True) as manifest:
        assert [record.file for _, record in manifest] == ["../../posts/a.html", "../../posts/b.html"]
    before = tree("out")
    for out in ("out", "big/store", str(tmp_path / "out"), "posts/../out"):
        assert [o.status for o in run(batch, out=out, prune=True)] == ["unchanged"] * 2
        plan = batch.make_plan(expand(["posts"], lambda path: path != "b.html"), Path(out))
        outcomes = batch.run(plan, Options(), batch.Rules(prune=True), workers=1, stopped=lambda: False)
        assert [o.status for o in outcomes] == ["unchanged"]
        assert tree("out") == before
    Path("posts/b.html").unlink()
    assert [o.status for o in run(batch, prune=True)] == ["unchanged", "pruned"]


def test_a_link_above_both_directories_moves_with_them(batch: ModuleType) -> None:
    """As `/tmp` of macOS, which leads to `/private/tmp`."""
    Path("real/here").mkdir(parents=True)
    Path("short").symlink_to("real/here")
    write(a_html="a")
    Path("posts").rename("real/here/posts")
    for number, posts in enumerate(("short/posts", "real/here/posts")):
        run(batch, posts, out=f"short/out{number}")
        with Manifest(Path(f"short/out{number}"), read_only=True) as manifest:
            assert [record.file for _, record in manifest] == ["../posts/a.html"]


def test_outputs_are_no_inputs_by_whatever_path(batch: ModuleType) -> None:
    """A name of bytes that are no text in there is asked for like any other, and no output has it."""
    write(d__a_html="a")
    run(batch)
    Path("link").symlink_to(".")
    for text in ("out/d/a.md", "link/out/d/a.md", "link/link/out/d"):
        (outcome,) = run(batch, text)
        assert outcome.error.endswith("a.md: is an output of an earlier run; leave it out")
    assert [name for name in tree("out") if name.endswith(".md")] == ["d/a.md"]
    own = b"out/d/\xff.html"
    Path(os.fsdecode(own)).write_text("mine", encoding="utf-8")
    assert [o.status for o in run(batch, os.fsdecode(own), "posts")] == ["converted", "unchanged"]


def test_directories_of_one_name_have_outputs_of_their_own(batch: ModuleType) -> None:
    """Two blogs with `_posts/`: of two runs, the second does not eat the output of the first."""
    for top in "xy":
        Path(top, "posts").mkdir(parents=True)
        Path(top, "posts/index.html").write_text(f"from {top}", encoding="utf-8")
    run(batch, "x/posts")
    before = tree("out")
    for _ in range(2):
        (outcome,) = run(batch, "y/posts")
        assert NOT_OURS in outcome.error
        assert tree("out") == before | {".archive2md/failures.txt": f"{outcome.error}\n".encode()}
    assert [o.status for o in run(batch, "x/posts")] == ["unchanged"]
    assert tree("out") == before
    assert [o.status for o in run(batch, "x/posts", "y/posts")] == ["unchanged", "converted"]
    assert Path("out/index.html.md").read_text(encoding="utf-8") == "# index\n\nfrom y\n"
    assert [o.status for o in run(batch, "y/posts", out="both")] == ["converted"]
    run(batch, "x/posts", "y/posts", out="both")  # where y goes now is another place, and it is part of the run
    both = tree("both")
    assert Path("both/index.md").read_bytes().endswith(b"from x\n")
    run(batch, "x/posts", "y/posts", out="fresh")
    assert both == tree("fresh")


def test_a_post_that_has_an_output_is_not_one_that_was_moved(batch: ModuleType) -> None:
    """Two blogs with `_posts/`, one of them gone: its output may be all that is left of it."""
    for top in "xy":
        Path(top, "posts").mkdir(parents=True)
        Path(top, "posts/index.html").write_text(f"from {top}", encoding="utf-8")
    run(batch, "x/posts", "y/posts")
    shutil.rmtree("x")
    for dry_run in (True, False):
        (outcome,) = run(batch, "y/posts", dry_run=dry_run)
        assert NOT_OURS in outcome.error
        assert Path("out/index.md").read_bytes().endswith(b"from x\n")
        assert Path("out/index.html.md").read_bytes().endswith(b"from y\n")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_directory_that_was_renamed_goes_on_with_other_options(batch: ModuleType, workers: int) -> None:
    """What has the bytes of an input that is no more is that one; what has others may be any."""
    write_posts(80)
    run(batch)
    Path("posts").rename("articles")
    Path("out/d0/0003.md").write_text("edited", encoding="utf-8")
    Path("articles/d0/0006.html").write_text("another text", encoding="utf-8")
    for dry_run in (True, False):
        outcomes = run(batch, "articles", hard_break="spaces", workers=workers, dry_run=dry_run)
        failed = [o for o in outcomes if o.error]
        assert [o.name for o in failed] == ["articles/d0/0003.html", "articles/d0/0006.html"]
        assert all(NOT_OURS in o.error for o in failed)
        assert {(o.status, o.why) for o in outcomes if not o.error} == {("converted", "other options or version")}
    assert {o.status for o in run(batch, "articles", hard_break="spaces")} == {"unchanged", "failed"}
    run(batch, "articles", hard_break="spaces", force=True)
    run(batch, "articles", out="fresh", hard_break="spaces")
    assert tree("out") == tree("fresh")


def test_a_directory_that_was_copied_and_renamed_is_not_eaten(batch: ModuleType) -> None:
    """As long as the input of an output is there, another one of the same bytes is another one."""
    write_posts(3)
    run(batch)
    shutil.copytree("posts", "copy")
    assert {o.status for o in run(batch, "copy", hard_break="spaces")} == {"failed"}
    assert {o.status for o in run(batch)} == {"unchanged"}


@pytest.mark.parametrize("how", ["moved", "absolute", "together", "linked"])
def test_a_tree_that_was_moved_goes_on(batch: ModuleType, tmp_path: Path, how: str) -> None:
    """What was not edited is not converted again, what was is no other post, and the third run reads nothing."""
    write(a_html="a", b_html="b", c_html="c")
    run(batch)
    posts, out = "posts", "out"
    if how == "absolute":
        posts, out = str(tmp_path / "posts"), str(tmp_path / "out")
    elif how == "linked":
        Path("link").symlink_to(".")
        posts = "link/posts"
    else:
        Path("later").mkdir()
        posts = shutil.move("posts", "later/posts")
        out = shutil.move("out", "later/out") if how == "together" else out
    Path(posts, "b.html").write_text("edited", encoding="utf-8")
    assert [o.status for o in run(batch, posts, out=out)] == ["unchanged", "converted", "unchanged"]
    Path(posts, "c.html").unlink()
    assert [o.status for o in run(batch, posts, out=out, prune=True)] == ["unchanged", "unchanged", "pruned"]
    with Manifest(Path(out), read_only=True) as manifest:
        assert {Path(out, record.file).parent.resolve() for _, record in manifest} == {Path(posts).resolve()}


def test_the_place_of_a_post_that_is_gone(batch: ModuleType) -> None:
    """What is left of a post whose input is gone may be its last copy: only --prune lets another one take its place."""
    write(a_html="from html", a_md="from md", b_html="one", c_html="same", d_html="d")
    run(batch)
    assert Path("out/a.md").read_text(encoding="utf-8").endswith("from md\n")
    Path("posts/a.md").unlink()
    for name in "bcd":  # renamed; one of them is edited, too, and the output of another one
        Path("posts", f"{name}.html").rename(f"posts/{name}.htm")
    Path("posts/b.htm").write_text("two", encoding="utf-8")
    Path("posts/d.htm").write_text("two", encoding="utf-8")
    Path("out/d.md").write_text("edited", encoding="utf-8")
    before = tree("out")
    for dry_run in (True, False):
        outcomes = run(batch, dry_run=dry_run)
        assert [(o.name, o.status) for o in outcomes if o.status != "failed"] == [("posts/c.htm", "unchanged")]
        way_out = "; pass --prune to let this post take its place, or move it away"
        assert [o.error.partition(".md: ")[2].removesuffix(way_out) for o in outcomes if o.error] == [
            "was made from ../posts/a.md, which is gone",
            "was made from ../posts/b.html, which is gone",
            f"{NOT_OURS}; move it away, or pass --force to replace it",
        ]
        assert before.items() - tree("out").items() <= {(name, before[name]) for name in before if "archive2md" in name}
    for dry_run in (True, False):
        outcomes = run(batch, dry_run=dry_run, prune=True)
        statuses = {o.output: (o.status, o.replaced) for o in outcomes if not o.output.startswith("out/a.html")}
        assert statuses == {
            "out/a.md": ("converted", True),
            "out/b.md": ("converted", True),
            "out/c.md": ("unchanged", False),
            "out/d.md": ("failed", False),
        }
    assert Path("out/a.md").read_text(encoding="utf-8").endswith("from html\n")
    assert Path("out/b.md").read_text(encoding="utf-8").endswith("two\n")
    assert [o.status for o in run(batch, prune=True)][:3] == ["unchanged"] * 3


def test_the_place_of_a_member_that_is_gone(batch: ModuleType) -> None:
    zipped("a.html", "a.md")
    run(batch, "x.zip")
    with zipfile.ZipFile("x.zip", "w") as archive:
        archive.writestr("a.html", "another text")
    (outcome,) = [o for o in run(batch, "x.zip") if o.error]
    assert f"was made from {Path.cwd().name}/x.zip/a.md, which is gone; pass --prune" in outcome.error
    assert not any(o.error for o in run(batch, "x.zip", prune=True))
    assert Path("out/x/a.md").read_text(encoding="utf-8").endswith("another text\n")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_new_post_that_wins_a_name(batch: ModuleType, workers: int) -> None:
    """The place that a post has left is no place of its any more; the tree is that of a first run."""
    write_posts(70)
    write(a_html="one", b_md="md", b_html="html", c_html="old")
    run(batch, workers=workers)
    write(A_html="two", c_md="new")
    Path("posts/b.md").unlink()
    run(batch, out="fresh", workers=workers)
    left = ["out/a.md", "out/b.html.md"]
    for dry_run in (True, False):
        outcomes = run(batch, workers=workers, dry_run=dry_run, prune=True)
        assert not any(o.error for o in outcomes)
        assert [o.output for o in outcomes if o.status == "pruned"] == left
        assert [o.why for o in outcomes if o.status == "pruned"] == ["its input has another output now"] * 2
    assert tree("out") == tree("fresh")
    assert {o.status for o in run(batch, workers=workers)} == {"unchanged"}


def test_what_a_post_has_left_stays_until_it_is_somewhere_else(batch: ModuleType) -> None:
    write(a_html="one", b_html="same", b_md="same")
    run(batch)
    write(A_html="two", a_html="FAIL")
    assert [o.status for o in run(batch, prune=True)].count("failed") == 1
    assert Path("out/a.md").exists()
    write(a_html="three")
    assert [o.output for o in run(batch) if o.status == "vanished"] == ["out/a.md"]
    Path("out/a.md").write_text("edited", encoding="utf-8")
    (error,) = [o.error for o in run(batch, prune=True) if o.error]
    assert "its input has another output now, but it was edited since it was written" in error
    before = tree("out")
    for some in (["posts/b.html", "posts/a.html"], ["posts/*.html"], ["posts"]):  # where names are given otherwise
        plan = batch.make_plan(expand(some, lambda path: path != "b.md"), Path("out"))
        list(batch.run(plan, Options(), batch.Rules(prune=True), workers=1, stopped=lambda: False))
        assert before.items() - tree("out").items() <= {(n, before[n]) for n in before if "archive2md" in n}


def test_large_and_small_letters_that_are_one(batch: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `A.md` is `a.md`, the place that a post has left is that of another one: it is forgotten, and stays."""
    write(a_html="one")
    run(batch)
    write(A_html="one")
    real = os.path.samefile
    monkeypatch.setattr(os.path, "samefile", lambda a, b: real(*(Path(x).with_name("a.md") for x in (a, b))))
    assert [o.output for o in run(batch, prune=True) if o.status == "pruned"] == ["out/a.md"]
    assert Path("out/a.md").exists()
    assert {o.status for o in run(batch, prune=True)} == {"unchanged"}


@pytest.mark.parametrize(
    ("text", "out", "refused"),
    [
        ("posts/**/*", "posts/out", True),
        ("posts/**", "posts/out", True),
        ("posts/*", "posts", True),
        ("posts/*", "posts/out", True),
        ("posts/*/*.*", "posts/out", False),
        ("posts/**/*.[a-m]*", "posts/d/out", True),
        ("posts/**/*.html", "posts/out", False),
        ("posts/*.html", "posts", False),
        ("posts/*.*", "posts/out", False),
        ("posts/*", "out", False),
    ],
)
def test_patterns_that_would_name_the_outputs(batch: ModuleType, text: str, out: str, *, refused: bool) -> None:
    """The next run would convert what this one has written; what is left out or has another suffix is no input."""
    write(a_html="a", d__b_html="b")
    if refused:
        with pytest.raises(ConfigError, match=r"the output directory lies in what the pattern posts/.* names; choose"):
            run(batch, text, out=out)
        assert sorted(tree("posts")) == ["a.html", "d/b.html"]
    inputs = expand([text], lambda path: not path.endswith(".md")) if refused else expand([text])
    for status in ("converted", "unchanged"):
        plan = batch.make_plan(inputs, Path(out))
        outcomes = batch.run(plan, Options(), batch.Rules(), workers=1, stopped=lambda: False)
        assert {o.status for o in outcomes} == {status}
        inputs = expand([text], inputs.wanted)


def test_inputs_are_found_by_their_names_without_a_search(batch: ModuleType) -> None:
    """Of 25,000 posts that were moved, each one is asked for: a search of the list took 20 ms."""
    write_posts(3)
    spool = batch.make_plan(expand(["posts"]), Path("out")).spool
    assert spool.called("posts/d1/0001.html") == [(str(Path("posts/d1/0001.html").absolute()), "d1/0001.md")]
    plan = spool._connection.execute(f"EXPLAIN QUERY PLAN {_CALLED}", ("x",))  # noqa: SLF001 (as above)
    assert [text.partition(" ")[0] for *_, text in plan] == ["SEARCH", "SEARCH"]


def zipped(*members: str) -> None:
    with zipfile.ZipFile("x.zip", "w") as archive:
        for name in members:
            archive.writestr(name, "post")
    os.utime("x.zip", ns=(1, len(members)))


@pytest.mark.parametrize("prune", [False, True])
def test_members_that_are_gone(batch: ModuleType, *, prune: bool) -> None:
    """What a container no longer holds has vanished; what the user leaves out or must not be read is still there."""
    zipped("a.html", "b.html", "d/c.html", "e.html")
    run(batch, "x.zip")
    Path("out/x/e.md").write_text("edited", encoding="utf-8")
    zipped("a.html", "./b.html", "b.html")
    plan = batch.make_plan(expand(["x.zip"], lambda path: path != "a.html"), Path("out"))
    outcomes = list(batch.run(plan, Options(), batch.Rules(prune=prune), workers=1, stopped=lambda: False))
    assert [(o.name, o.status) for o in outcomes] == [
        ("x.zip:b.html", "failed"),  # the second one of this name
        ("x.zip:b.html", "unchanged"),
        (f"{Path.cwd().name}/x.zip/d/c.html", "pruned" if prune else "vanished"),
        (f"{Path.cwd().name}/x.zip/e.html", "failed" if prune else "vanished"),
    ]
    assert sorted(tree("out")) == sorted(
        [".archive2md/failures.txt", ".archive2md/manifest.sqlite", "x/a.md", "x/b.md", "x/e.md"]
        + ["x/d/c.md"] * (not prune)
    )


def test_a_damaged_container_says_nothing_about_what_it_does_not_hold(batch: ModuleType) -> None:
    zipped("a.html", "b.html")
    run(batch, "x.zip")
    Path("x.zip").write_bytes(Path("x.zip").read_bytes()[:-10])
    assert [o.status for o in run(batch, "x.zip", prune=True)] == ["failed"]
    assert Path("out/x/a.md").exists()


def test_a_full_directory_for_temporary_files() -> None:
    write_posts(3)
    inputs = expand(["posts"])
    inputs.spool._connection.execute("PRAGMA max_page_count = 10")  # noqa: SLF001 (a disk that is full)
    with pytest.raises(SourceError, match=r"cannot keep the list of posts: database or disk is full; make room"):
        inputs.spool.add(Found("p" * 5000, "o", "f", "n") for _ in range(100))


def test_messages_name_files_as_they_are(batch: ModuleType) -> None:
    """Of a message that is one line, only the ends of lines in a name have to be written otherwise."""
    Path("posts").mkdir()
    for name in ("a  b", " a", "a\tb", "2024\u3000x", "x\ny", "\r\n", "x\x0by\x1cz\x85\u2028"):
        Path("posts", f"{name}.html").touch()
    run(batch)
    lines = batch.failures_path(Path("out")).read_text(encoding="utf-8").splitlines()
    expected = (" a", "2024\u3000x", "\\r\\n", "a  b", "a\tb", "x\\ny", "x\\x0by\\x1cz\\x85\\u2028")
    assert sorted(lines) == sorted(f"posts/{name}.html: the file is empty; remove it" for name in expected)
    Path("out/a  b.md").touch()
    Path("posts/a  b.html").write_text("x", encoding="utf-8")
    (said,) = [o.error for o in run(batch) if o.name == "posts/a  b.html"]
    assert said.startswith("posts/a  b.html: out/a  b.md: exists and was not written by archive2md")


def test_names_of_files_that_are_no_text(batch: ModuleType) -> None:
    Path("posts").mkdir()
    for name in ("a\udcff.html", "b\\udcff.html", "标题.html"):
        Path("posts", name).write_text("x", encoding="utf-8")
    assert [o.status for o in run(batch)] == ["converted"] * 3
    assert [o.status for o in run(batch)] == ["unchanged"] * 3
    Path("posts/a\udcff.html").unlink()
    assert [o.status for o in run(batch, prune=True)] == ["unchanged", "unchanged", "pruned"]


def test_manifests_of_the_second_format_are_taken_over(batch: ModuleType) -> None:
    write_posts(3, p1="x ARTICLE 1")
    run(batch)
    fresh = tree("out")
    connection = sqlite3.connect(manifest_path(Path("out")))
    connection.execute("PRAGMA user_version = 2")
    connection.execute("ALTER TABLE output DROP COLUMN article")
    connection.execute("ALTER TABLE output DROP COLUMN body")
    connection.commit()
    connection.close()
    assert {outcome.status for outcome in run(batch, dry_run=True)} == {"unchanged"}
    assert {outcome.status for outcome in run(batch)} == {"unchanged"}
    assert tree("out") == fresh


def test_manifests_of_the_first_format_are_taken_over(batch: ModuleType) -> None:
    write_posts(3)
    run(batch)
    fresh = tree("out")
    path = manifest_path(Path("out"))
    with Manifest(Path("out"), read_only=True) as manifest:
        rows = [(output, record.source, record.sha256) for output, record in manifest]
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    connection.execute("CREATE TABLE output (path TEXT PRIMARY KEY, source TEXT NOT NULL, sha256 TEXT NOT NULL)")
    connection.executemany("INSERT INTO output VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.close()
    assert {outcome.status for outcome in run(batch, dry_run=True)} == {"unchanged"}
    assert {outcome.status for outcome in run(batch, dry_run=True, hard_break="spaces")} == {"converted"}
    assert {outcome.status for outcome in run(batch)} == {"unchanged"}
    assert tree("out").keys() == fresh.keys()
    with Manifest(Path("out"), read_only=True) as manifest:
        assert [record.source_size for _, record in manifest] == [13, 13, 13]
    assert VERSION == 3


def test_an_input_that_changes_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.md").write_text("x", encoding="utf-8")
    times = iter(range(100))
    real = os.fstat

    def restless(number: int) -> object:
        os.utime("a.md", ns=(1, next(times)))
        return real(number)

    monkeypatch.setattr(os, "fstat", restless)
    with pytest.raises(SourceError, match=r"a\.md: changes while it is read; wait"):
        store.read_input("a.md", "a.md")


@pytest.mark.parametrize("year", [1970, 2300, 2400])
def test_times_that_sqlite_does_not_know(batch: ModuleType, year: int) -> None:
    """Times after 2262, which a broken clock wrote."""
    write_posts(3)
    time = (year - 1970) * 31_557_600 * 10**9 + 7
    os.utime("posts/d1/0001.html", ns=(1, time))
    assert [o.status for o in run(batch)] == ["converted"] * 3
    before = tree("out")
    assert [o.status for o in run(batch)] == ["unchanged"] * 3
    assert tree("out") == before
    Path("posts/d1/0001.html").write_text("post 9<br>end", encoding="utf-8")
    os.utime("posts/d1/0001.html", ns=(1, time + 10**9))
    assert [o.status for o in run(batch)] == ["unchanged", "converted", "unchanged"]
    assert -(1 << 63) <= store.signed(time) < 1 << 63


def test_what_a_killed_run_has_left_is_swept(batch: ModuleType) -> None:
    write_posts(2)
    run(batch)
    fresh = tree("out")
    for name in (".archive2md/.archive2md-{}.tmp", ".archive2md/.archive2md-{}.tmp-journal", "d1/.archive2md-{}.tmp"):
        path = Path("out", name.format("0123456789abcdef"))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    Path("out/d1/.archive2md-notes.tmp").write_bytes(b"the user's")
    Path("out/new/deep").mkdir(parents=True)
    Path("out/new/deep/.archive2md-0123456789abcdef.tmp").write_bytes(b"x")
    with contextlib.closing(sqlite3.connect(manifest_path(Path("out")))) as connection:
        connection.execute("PRAGMA journal_mode = WAL")  # as it is during a run
    assert {outcome.status for outcome in run(batch)} == {"unchanged"}
    assert tree("out") == fresh | {"d1/.archive2md-notes.tmp": b"the user's"}
    assert not Path("out/new").exists()


@pytest.mark.parametrize("is_known", [False, True])
def test_what_a_killed_run_has_left_behind_a_link_is_swept(
    batch: ModuleType, tmp_path: Path, *, is_known: bool
) -> None:
    """In folders that have outputs, now or by the manifest: what else a link leads to is somebody else's."""
    write_posts(6)
    names = ("out", "out/mine", "disk/d1", "disk/d1/sub", "other", "disk/d0/.archive2md")
    for name in names:
        Path(name).mkdir(parents=True, exist_ok=True)
    for link, target in (("d1", "disk/d1"), ("mine/other", "other"), ("d0", "disk/d0"), ("mine/loop", "out")):
        Path("out", link).symlink_to(tmp_path / target)
    if is_known:
        run(batch)
    manifest_path(Path("out")).parent.mkdir(exist_ok=True)
    with contextlib.closing(sqlite3.connect(manifest_path(Path("out")))) as connection:
        connection.execute("PRAGMA journal_mode = WAL")  # as it is during a run
    for name in names:
        Path(name, ".archive2md-0123456789abcdef.tmp").write_bytes(b"x")
    run(batch, "posts/d2" if is_known else "posts")
    left = sorted(path.parent.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.tmp"))
    assert left == ["disk/d0/.archive2md", "disk/d1/sub", "other"]


@pytest.mark.parametrize("workers", [1, 2])
def test_another_output_directory_below_is_not_swept(batch: ModuleType, workers: int) -> None:
    """A run may be under way there, whose new texts would be gone; its own next run sweeps it."""
    write_posts(70)
    run(batch, out="out/sub", workers=workers)
    for name in ("out/sub/d1", "out/sub/.archive2md", "out/d1"):
        Path(name).mkdir(exist_ok=True, parents=True)
        Path(name, ".archive2md-0123456789abcdef.tmp").write_bytes(b"x")
    for out, left in (("out", 2), ("out/sub", 0)):
        manifest_path(Path(out)).parent.mkdir(exist_ok=True)
        with contextlib.closing(sqlite3.connect(manifest_path(Path(out)))) as connection:
            connection.execute("PRAGMA journal_mode = WAL")  # as it is during a run
        assert not any(o.error for o in run(batch, out=out, workers=workers))
        assert len(list(Path("out").rglob("*.tmp"))) == left


@pytest.mark.parametrize("workers", ["1", "2"])
def test_killed_runs_leave_nothing_behind(workers: str) -> None:
    """Killed again and again at other moments, the last run ends as if nothing had been."""
    write_posts(300, p100="SLOW", p200="SLOW", p250="SLOW")
    script = Path(stub_pipeline.__file__)
    command = [sys.executable, str(script), "posts", "-j", workers, "--no-progress", "-o"]
    subprocess.run([*command, "whole"], check=True, capture_output=True)
    for number in range(8):
        process = subprocess.Popen([*command, "out"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.15 + 0.06 * number)
        process.send_signal((signal.SIGKILL, signal.SIGTERM)[number % 2])
        process.wait(20)
    subprocess.run([*command, "out"], check=True, capture_output=True)
    assert tree("out") == tree("whole")


@pytest.mark.parametrize("last", ["three", "", None])
def test_runs_that_are_killed_each_with_another_text_on_its_way(
    batch: ModuleType, monkeypatch: pytest.MonkeyPatch, last: str | None
) -> None:
    """All know the output as ours: the first text is there, and the manifest has heard of two others since."""
    write(a_html="one", b_html="b")
    run(batch)

    def killed(_: object) -> None:
        os._exit(9)

    for text in ("two", "three"):
        write(a_html=text)
        if not (child := os.fork()):
            monkeypatch.setattr(batch, "settle", killed)
            run(batch)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        assert Path("out/a.md").read_bytes().endswith(b"one\n")
    if last is None:
        Path("posts/a.html").unlink()
        assert [o.status for o in run(batch, prune=True)] == ["unchanged", "pruned"]
        assert not Path("out/a.md").exists()
        return
    write(a_html=last or "one")
    assert [o.status for o in run(batch)] == ["converted" if last else "unchanged", "unchanged"]
    run(batch, out="whole")
    assert tree("out") == tree("whole")


def test_a_worker_whose_run_was_killed_leaves_nothing(batch: ModuleType) -> None:
    """It ends its post when the next run is over already, and takes the new text back itself."""
    write_posts(70, p0="HOLD")
    os.mkfifo("hold")
    command = [sys.executable, stub_pipeline.__file__, "posts", "-j", "2", "--no-progress", "-o", "out"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        with Path("hold").open("wb"):  # waits until the worker reads
            process.kill()
            process.wait()
            plan = batch.make_plan(expand(["posts"], lambda path: path != "d0/0000.html"), Path("out"))
            outcomes = list(batch.run(plan, Options(), batch.Rules(), workers=1, stopped=lambda: False))
            assert [o.error for o in outcomes] == [""] * 69
            before = tree("out")
        assert process.stdout
        process.stdout.read()  # waits until the worker has ended
    assert tree("out") == before
    assert not list(Path("out").rglob("*.tmp"))


@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_left_before_the_manifest_knew_is_swept(batch: ModuleType, workers: int) -> None:
    """A run that is killed with its first posts: the next one has them to convert."""
    write_posts(70)
    run(batch)
    left = Path("out/d1/.archive2md-0123456789abcdef.tmp")
    left.write_bytes(b"x")
    run(batch, workers=workers)
    assert left.exists()  # there was nothing to do, and a walk through all outputs takes its time
    Path("posts/d1/0001.html").write_text("another text", encoding="utf-8")
    run(batch, workers=workers)
    assert not left.exists()
    left.write_bytes(b"x")
    Path("out/d1/0001.md").unlink()  # the text is the one that the manifest knows
    run(batch, workers=workers)
    assert not left.exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_one_post_may_take_so_much_time(batch: ModuleType, workers: int) -> None:
    write_posts(80, p40="ENDLESS")
    plan = batch.make_plan(expand(["posts"]), Path("out"))
    rules = batch.Rules(seconds=1)  # on a machine that has more to do, other posts took longer than 0.02 s
    outcomes = list(batch.run(plan, Options(), rules, workers=workers, stopped=lambda: False))
    assert len(outcomes) == 80
    assert [o.error for o in outcomes if o.error] == [
        "posts/d1/0040.html: takes longer than 1 s; look at it, or give it more with --time-limit"
    ]


def test_nobody_waits_for_the_workers_of_a_run_that_is_given_up() -> None:
    """What they have under way is lost in any case."""
    outcomes = pool.run([0] * pool.CHUNK + [600], sleepy_pid, max, workers=2, stopped=lambda: False)
    assert next(outcomes) != os.getpid()
    outcomes.close()
    assert not multiprocessing.active_children()


def sleepy_pid(seconds: int) -> int:
    select.select([], [], [], seconds)
    return os.getpid()


def test_workers_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "RECYCLE", 64)
    pids = list(pool.run(range(640), worker_pid, max, workers=2, stopped=lambda: False))
    assert len(pids) == 640
    assert len(set(pids)) > 4


def worker_pid(_: int) -> int:
    return os.getpid()


def test_a_worker_has_so_much_memory() -> None:
    limits = pool.Limits(megabytes=4096)
    outcomes = list(pool.run([1 << 20, 8 << 30], can_have, max, workers=2, stopped=lambda: False, limits=limits))
    assert outcomes == [1, 0]


def can_have(count: int) -> int:
    try:
        return len(bytes(count)) > 0
    except MemoryError:
        return 0


@pytest.mark.parametrize("workers", [1, 2])
def test_what_takes_too_much_memory_says_so(
    batch: ModuleType, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], workers: int
) -> None:
    """While it is converted, while it is read, and in a library that knows no way out but the end of the process."""
    write_posts(80, p3="HUGE", p4="read", p5="ABORT" if workers > 1 else "x")

    def read(file: str, name: str) -> store.Input:
        if name.endswith("0004.html"):
            raise MemoryError
        return store.read_stable(file, name)

    monkeypatch.setattr("converter.sources.reading.read_stable", read)
    plan = batch.make_plan(expand(["posts"]), Path("out"))
    outcomes = list(batch.run(plan, Options(), batch.Rules(megabytes=4000), workers=workers, stopped=lambda: False))
    errors = sorted(o.error.removeprefix("posts/") for o in outcomes if o.error)
    limited = "takes more than 4000 MB of memory; look at it, or give it more with --memory-limit"
    unlimited = "takes more memory than there is; look at it, or convert it where there is more"
    killed = "killed its worker process, twice; convert it alone to see why, or give it more with --memory-limit"
    if workers > 1:
        assert errors == [f"d0/0003.html: {limited}", f"d1/0004.html: {limited}", f"d2/0005.html: {killed}"]
    else:
        assert errors == [f"d0/0003.html: {unlimited}", f"d1/0004.html: {unlimited}"]
    assert capfd.readouterr() == ("", "")


def test_the_manifest_tells_what_was_done(batch: ModuleType) -> None:
    write_posts(3, p1="NOTE", p2="FAIL")
    run(batch)
    failures = batch.failures_path(Path("out")).read_text(encoding="utf-8").splitlines()
    with Manifest(Path("out"), read_only=True) as manifest:
        document = report.past(manifest, failures)
    key = batch.options_key(Options())
    assert document == {
        "outputs": 2,
        "bytes_read": len("post 0<br>end") + len("NOTE"),
        "bytes_written": sum(path.stat().st_size for path in Path("out").rglob("*.md")),
        "made_by": {key: 2},
        "notes": {"stand-in": 1},
        "repeated": {"article": [], "text": []},
        "failures": ["posts/d2/0002.html: no article; remove it"],
    }
    lines = report.as_text(document).splitlines()
    assert lines[0] == "outputs        2"
    assert lines[-2:] == ["note           stand-in: 1", "failed         posts/d2/0002.html: no article; remove it"]
