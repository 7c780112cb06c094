"""The command line: golden cases, and what only real processes can show (pipes, signals, imports)."""

from __future__ import annotations

import contextlib
import io
import os
import re
import select
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import click
import pytest
import stub_pipeline
import yaml
from click.testing import CliRunner, Result

import converter
from converter import console as console_module
from converter import task
from converter.cli import cli
from converter.console import Console, visible
from converter.manifest import Manifest

HERE: Final = Path(__file__).resolve().parent
SCRIPT: Final = (sys.executable, str(HERE / "stub_pipeline.py"))
CASES: Final = yaml.safe_load((HERE / "cli" / "cases.yaml").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every test runs in an empty directory, with the stand-in for the pure middle."""
    module = stub_pipeline.module()
    monkeypatch.setitem(sys.modules, "converter.pipeline", module)
    monkeypatch.setattr(converter, "pipeline", module, raising=False)
    for name in ("batch", "plan", "work"):
        monkeypatch.delitem(sys.modules, f"converter.{name}", raising=False)
        monkeypatch.delattr(converter, name, raising=False)
    monkeypatch.chdir(tmp_path)


def run(*args: str, stdin: str = "") -> Result:
    return CliRunner().invoke(cli, list(args), input=stdin)


def start(*args: str, **how: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 (passed through to Popen)
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent), **how.pop("env", {})}
    pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([*SCRIPT, *args], env=environment, **(pipes | how))


def process(*args: str, **how: Any) -> tuple[int, str, str]:  # noqa: ANN401 (as above)
    with start(*args, **how) as child:
        out, err = child.communicate()
    return child.returncode, (out or b"").decode(), (err or b"").decode()


def write_posts(count: int, text: str = "post") -> Path:
    folder = Path("posts")
    folder.mkdir(exist_ok=True)
    for number in range(count):
        (folder / f"{number:04}.html").write_text(f"{text} {number}\n", encoding="utf-8")
    return folder


def files_below(root: Path) -> dict[str, bytes]:
    if not root.is_dir():
        return {}
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_golden(case: dict[str, Any], tmp_path: Path) -> None:
    for name, content in case.get("files", {}).items():
        (tmp_path / name if name.endswith("/") else (tmp_path / name).parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            (tmp_path / name).write_text(content, encoding="utf-8")
    for args in case.get("first", []):
        assert run(*args).exit_code == 0
    result = run(*case["args"], stdin=case.get("stdin", ""))
    stderr = re.sub(r"in \d+\.\d s", "in S s", result.stderr.replace(str(tmp_path), "CWD"))
    assert stderr == case.get("stderr", "")
    assert result.stdout_bytes.decode() == case.get("stdout", "")
    assert result.exit_code == case.get("exit", 0)
    check_tree(case, files_below(tmp_path))


def check_tree(case: dict[str, Any], present: dict[str, bytes]) -> None:
    below = case["only"] + "/" if "only" in case else ""
    state = sorted(name for name in present if "/.archive2md/" in f"/{name}")
    if "state" in case:
        assert state == case["state"]
    if "tree" in case:
        posts = {name: data for name, data in present.items() if name.startswith(below) and name not in state}
        assert sorted(posts) == sorted(case["tree"])
        assert {n: t for n, t in case["tree"].items() if t} == {
            name: posts[name].decode() for name, text in case["tree"].items() if text
        }


def test_help_teaches() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: archive2md [convert] [OPTIONS] [INPUT]...")
    for text in ("archive2md posts/ -o out/", "archive2md < post.html > post.md", "archive2md post.html -o post.md"):
        assert text in result.stdout
    assert all(f"\n    {code} " in result.stdout for code in ("0", "1", "2", "130"))
    assert run("convert", "--help").stdout == result.stdout


@pytest.mark.parametrize("option", ["--time-limit", "--memory-limit"])
@pytest.mark.parametrize("value", ["inf", "nan", "1e20", "-1", "999999999999999"])
def test_limits_that_no_system_takes(option: str, value: str) -> None:
    write_posts(1)
    result = run("posts", "-o", "out", option, value)
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(rf"error: Invalid value for '{option}': .*; see archive2md --help\n", result.stderr)
    assert not Path("out").exists()


@pytest.mark.parametrize(("count", "jobs"), [(1, "1"), (64, "2")])
def test_the_largest_limits_are_taken(count: int, jobs: str) -> None:
    write_posts(count)
    limits = ("--time-limit", "1000000000", "--memory-limit", "1000000000000")
    assert process("posts", "-o", "out", "-q", "-j", jobs, *limits) == (0, "", "")


def test_every_option_is_explained() -> None:
    options = [option for option in cli.commands["convert"].params if isinstance(option, click.Option)]
    assert len(options) >= 13
    assert all(len(option.help or "") > 15 for option in options)


@pytest.mark.parametrize("text", ["posts", "posts/*.html", "posts/**"])
def test_the_last_post_is_gone(text: str) -> None:
    """That no post is there is an error as before; what was made of those that were is reported, and pruned."""
    write_posts(2)
    Path("posts/not-a-post.txt").write_text("x", encoding="utf-8")
    assert run(text, "-o", "out").exit_code == 0
    for path in Path("posts").glob("*.html"):
        path.unlink()
    told = ("--no-progress", "2 outputs have no input any more", 2)
    for option, said, left in (told, ("--prune", "pruned 2", 0), ("--prune", "failed 1", 0)):
        result = run(text, "-o", "out", option)
        assert result.exit_code == 2
        assert result.stderr.startswith("error: posts")
        assert said in result.stderr
        assert len(list(Path("out").glob("*.md"))) == left
    before = files_below(Path("out"))
    result = run("psots", "-o", "out", "--prune")
    assert (result.exit_code, result.stderr) == (1, "error: psots: no such file or directory; check the path\n")
    assert files_below(Path("out")) == before


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo terminal")
def test_a_terminal_as_input_gets_the_help() -> None:
    ours, theirs = os.openpty()
    code, out, err = process(stdin=theirs)
    os.close(ours)
    os.close(theirs)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: archive2md")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo terminal")
@pytest.mark.parametrize("option", [None, "--no-progress", "-q"])
def test_progress_is_for_terminals(option: str | None) -> None:
    write_posts(3)
    ours, theirs = os.openpty()
    code, _, _ = process("posts", "-o", "out", *([option] if option else []), stderr=theirs)
    os.set_blocking(ours, False)
    os.close(theirs)
    try:
        shown = os.read(ours, 4096)
    except OSError:
        shown = b""
    os.close(ours)
    assert code == 0
    assert (b"3/3, " in shown) == (option is None)
    assert (b"/s, 0:00 left" in shown) == (option is None)
    assert (b"converted 3" in shown) == (option != "-q")


def test_standard_input_imports_little() -> None:
    program = (
        "import sys, stub_pipeline, converter\n"
        "sys.modules['converter.pipeline'] = converter.pipeline = stub_pipeline.module()\n"
        "from converter.pipe import main\n"
        "main()\n"
        "print(sorted({'multiprocessing', 'sqlite3', 'bs4', 'yaml', 'lxml', 'click'} & set(sys.modules)))\n"
    )
    # Not measured: coverage itself imports sqlite3.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environment["PYTHONPATH"] = f"{HERE.parent}{os.pathsep}{HERE}"
    done = subprocess.run([sys.executable, "-c", program], input=b"x", capture_output=True, env=environment, check=True)
    assert done.stdout == b"# \n\nx\n[]\n"


@pytest.mark.parametrize(
    ("text", "code"), [("one<br>two", 0), ("FAIL", 1), ("", 1), ("标题 \ud800".encode("utf-8", "surrogatepass"), 0)]
)
def test_a_bare_pipe_does_what_the_command_line_does(text: str | bytes, code: int) -> None:
    Path("in").write_bytes(text if isinstance(text, bytes) else text.encode())
    ended = []
    for arguments in ((), ("-",), ("convert", "-"), ("-", "--no-progress")):
        with Path("in").open("rb") as stream:
            ended.append(process(*arguments, stdin=stream))
    assert [end[0] for end in ended] == [code] * 4
    assert len(set(ended)) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_a_bare_pipe() -> None:
    Path("in").write_bytes(b"x")
    with Path("/dev/full").open("wb") as full, Path("in").open("rb") as stream:
        assert process(stdin=stream, stdout=full) == (
            1,
            "",
            "error: standard input or output: No space left on device\n",
        )


def test_a_file_that_fails_where_nobody_expects_it_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    def read() -> None:
        Path("a.html/b").read_bytes()

    Path("a.html").touch()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(console_module, "silence", lambda _: None)
        assert console_module.guarded(read) == 1
    assert capsys.readouterr().err == "error: a.html/b: Not a directory\n"


INTERRUPTED_START: Final = """
import sys
from importlib.abc import MetaPathFinder

class Interrupting(MetaPathFinder):
    def find_spec(self, name, *_):
        if name == "click":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
from converter.__main__ import main
main()
"""


def test_an_interrupt_while_modules_load() -> None:
    """Python showed where it was, over thirty lines."""
    command = [sys.executable, "-c", INTERRUPTED_START, "posts", "-o", "out"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "interrupted\n")


def test_a_closed_pipe_is_no_error() -> None:
    Path("big.html").write_text("word " * 200_000, encoding="utf-8")
    with start("big.html") as child:
        assert child.stdout
        assert child.stderr
        child.stdout.read(10)
        child.stdout.close()
        err = child.stderr.read()
    assert (child.returncode, err) == (0, b"")


def test_a_listing_may_be_cut_short() -> None:
    write_posts(2000)
    with start("posts", "-o", "out", "--dry-run", "-q", "-j1") as child:
        assert child.stdout
        assert child.stderr
        child.stdout.readline()
        child.stdout.close()
        err = child.stderr.read()
    assert (child.returncode, err) == (0, b"")
    assert not Path("out").exists()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_batch_goes_on_when_nobody_reads_its_lines(jobs: str) -> None:
    """The posts are what it is for: exit code 0 says that all of them are converted."""
    write_posts(300)
    Path("posts/0299.html").write_text("FAIL", encoding="utf-8")
    with start("posts", "-o", "out", "--json", "-q", "-j", jobs) as child:
        assert child.stdout
        assert child.stderr
        child.stdout.readline()
        child.stdout.close()
        err = child.stderr.read()
    assert (child.returncode, err) == (1, b"error: posts/0299.html: no article; remove it\n")
    assert len(list(Path("out").glob("*.md"))) == 299


def test_closed_standard_error_does_not_stop_a_batch() -> None:
    write_posts(300, "FAIL")
    reader, writer = os.pipe()
    os.close(reader)
    code, _, _ = process("posts", "-o", "out", "-j1", stderr=writer)
    os.close(writer)
    assert code == 1
    assert len(Path("out/.archive2md/failures.txt").read_text(encoding="utf-8").splitlines()) == 300


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output() -> None:
    Path("a.html").write_text("x", encoding="utf-8")
    with Path("/dev/full").open("wb") as full:
        code, _, err = process("a.html", stdout=full)
    assert code == 1
    assert err == "error: standard input or output: No space left on device\n"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("latin-1:strict", "\\u6807\\u9898"),
        ("ascii:strict", "\\u6807\\u9898"),
        ("utf-8", "标题"),
    ],  # click takes ASCII for a mistake
)
def test_terminals_without_unicode_do_not_crash(encoding: str, shown: str) -> None:
    Path("标题.html").write_text("FAIL", encoding="utf-8")
    environment = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"}
    assert process("标题.html", env=environment) == (1, "", f"error: {shown}.html: no article; remove it\n")
    Path("标题.html").write_text("正文", encoding="utf-8")
    assert process("标题.html", env=environment) == (0, "# 标题\n\n正文\n", "")


def test_names_that_are_no_utf8() -> None:
    folder = os.fsencode(Path.cwd() / "posts")
    os.mkdir(folder)  # noqa: PTH102 (pathlib takes no bytes)
    try:
        with open(folder + b"/\xb1\xea.html", "wb") as stream:  # noqa: PTH123 (as above)
            stream.write(b"text")
    except OSError:
        pytest.skip("this file system takes only Unicode names")
    code, out, _ = process("posts", "-o", "out", "--dry-run")
    assert (code, out) == (0, "would write out/__.md from posts/\\udcb1\\udcea.html (new)\n")
    assert process("posts", "-o", "out", "-q")[0] == 0
    assert Path("out/__.md").read_text(encoding="utf-8") == "# \ufffd\ufffd\n\ntext\n"


@pytest.mark.parametrize(("jobs", "count"), [("1", 60), ("2", 400)])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_whole_files(jobs: str, count: int, number: signal.Signals) -> None:
    write_posts(count, "SLOW NOTE")
    with start("posts", "-o", "out", "-v", "-j", jobs, start_new_session=True) as child:
        assert child.stderr
        first = child.stderr.readline()
        os.killpg(child.pid, number)
        err = first + child.stderr.read()
    assert child.returncode == 130
    match = re.search(r"interrupted: (\d+) of (\d+) done; the same command again does the rest\n\Z", err.decode())
    assert match
    assert 0 < int(match[1]) < int(match[2]) == count
    outputs = {name: data for name, data in files_below(Path("out")).items() if not name.startswith(".archive2md")}
    assert len(outputs) == int(match[1])
    assert all(data == f"# {name[:4]}\n\nSLOW NOTE {int(name[:4])}\n".encode() for name, data in outputs.items())
    assert not [name for name in files_below(Path("out")) if name.endswith((".tmp", "-journal"))]
    write_posts(count, "quick")
    code, _, said = process("posts", "-o", "out", "-q")
    assert code == 0, said
    assert len(files_below(Path("out"))) == count + 1


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_second_interrupt_stops_at_once(jobs: str) -> None:
    """Whatever a worker has under way, here with the first post of its chunk; the next run does the rest."""
    write_posts(99, "NOTE")
    Path("posts/0032.html").write_text("ENDLESS", encoding="utf-8")
    with start("posts", "-o", "out", "-v", "-j", jobs, "--time-limit", "0", start_new_session=True) as child:
        assert child.stderr
        child.stderr.readline()
        try:
            for _ in range(2):
                child.send_signal(signal.SIGINT)
                select.select([], [], [], 0.3)  # two of them at once are one
            assert child.wait(20) == 130
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
    assert not list(Path("out").rglob("*.tmp"))
    write_posts(99)
    code, _, said = process("posts", "-o", "out", "-q")
    assert code == 0, said


def test_a_second_interrupt_between_two_posts_is_at_once_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes where a post is shown, and not where one is converted."""
    write_posts(99)
    assert run("posts", "-o", "whole", "-q").exit_code == 0
    shown: list[object] = []

    def show(*arguments: object) -> bool:
        shown.append(arguments)
        if len(shown) > 50:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        return True

    with monkeypatch.context() as patched:
        patched.setattr(task, "_show", show)
        assert run("posts", "-o", "out", "-q").exit_code == 130
    assert len(shown) == 51
    assert not list(Path("out").rglob("*.tmp"))
    with contextlib.closing(sqlite3.connect("out/.archive2md/manifest.sqlite")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)  # nobody waited until it was packed
    assert run("posts", "-o", "out", "-q").exit_code == 0
    assert {file.name for file in Path("out").iterdir()} == {file.name for file in Path("whole").iterdir()}
    assert (
        Path("out/.archive2md/manifest.sqlite").read_bytes() == Path("whole/.archive2md/manifest.sqlite").read_bytes()
    )


@pytest.mark.parametrize("option", ["--prune", "--json"])
def test_stopping_while_outputs_without_an_input_are_told(monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    """All posts are done by then, and yet the run is not."""
    write_posts(9)
    assert run("posts", "-o", "out", "-q").exit_code == 0
    for number in range(4):
        Path(f"posts/{number:04}.html").unlink()
    shown: list[str] = []

    def show(outcome: Any, *_: object) -> bool:  # noqa: ANN401 (an outcome of a module that is loaded anew)
        shown.append(outcome.status)
        if shown.count("pruned") + shown.count("vanished") == 2:
            signal.raise_signal(signal.SIGINT)
        return True

    monkeypatch.setattr(task, "_show", show)
    result = run("posts", "-o", "out", option, "-q", "--report", "r.json")
    word = "pruned" if option == "--prune" else "vanished"
    assert shown == ["unchanged"] * 5 + [word] * 2
    assert result.exit_code == 130
    assert "interrupted: 5 of 5 done, but not all outputs without an input; the same command again" in result.stderr
    assert '"complete": false' in Path("r.json").read_text(encoding="utf-8")


def test_a_finished_run_needs_nothing_of_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run begins, and locks the manifest, as soon as this one has ended; here it does so at once."""
    write_posts(3, "same")
    Path("posts/0002.html").write_text("FAIL", encoding="utf-8")
    for number in range(2):
        Path(f"posts/{number:04}.html").write_text(f"{number} ARTICLE 1", encoding="utf-8")
    others: list[sqlite3.Connection] = []
    close = Manifest.close

    def close_and_lock(manifest: Manifest) -> None:
        close(manifest)
        others.append(sqlite3.connect(manifest.path, isolation_level=None))
        others[-1].execute("BEGIN EXCLUSIVE")

    monkeypatch.setattr(Manifest, "close", close_and_lock)
    result = run("posts", "-o", "out", "--report", "r.json")
    for other in others:
        other.close()
    lines = result.stderr.splitlines()
    assert result.exit_code == 1
    assert lines[0] == "error: posts/0002.html: no article; remove it"
    assert lines[1].startswith("converted 2, unchanged 0, failed 1 in ")
    assert lines[2].startswith("outputs that repeat each other: 1 with the same article; ")
    assert lines[3].startswith("failures are listed in out/.archive2md/failures.txt; ")
    assert '"0000.md"' in Path("r.json").read_text(encoding="utf-8")


def test_interrupting_standard_input() -> None:
    with start(stdin=subprocess.PIPE) as child:
        assert child.stdin
        assert child.stderr
        child.stdin.write(b"more than a pipe holds, so it has begun to read " * 20_000)
        # A signal between two reads is seen by Python when the next one ends, as a user sees: press again.
        while not select.select([child.stderr], [], [], 0.1)[0]:
            child.send_signal(signal.SIGINT)
        err = child.stderr.read()
    assert child.returncode == 130
    assert err.endswith(b"interrupted\n")
    assert b"Traceback" not in err


def test_visible_escapes_what_a_terminal_obeys() -> None:
    assert visible("标题 👩\u200d💻\x1b[0m") == "标题 👩\u200d💻\\x1b[0m"
    assert visible("a \u3000b\xa0\u2028") == "a \u3000b\\xa0\\u2028"
    assert visible("\u202egnp.exe\r\n\udc80") == "\\u202egnp.exe\\r\\n\\udc80"


def test_the_console_goes_on_without_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    silenced: list[int] = []

    def broken(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", SimpleNamespace(write=broken))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(flush=broken))
    monkeypatch.setattr(console_module, "silence", silenced.append)
    console = Console(bar=True, total=1)
    console.fail("x")
    assert not console.data(b"x")
    assert silenced[-1] == 1
    assert 2 in silenced


def test_standard_input_that_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    errors = io.StringIO()
    monkeypatch.setattr(sys, "stderr", errors)
    with pytest.raises(SystemExit) as end:
        cli.main(["-"])
    assert end.value.code == 1
    assert errors.getvalue() == "error: -: standard input is closed; give a file, or pipe one in\n"
