"""The documents say what is there: options, commands, files."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import pytest

from converter import __version__, errors
from converter.cli import cli
from converter.model import Options, Source
from converter.pipeline import convert

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
DOCUMENTS: Final = tuple(
    sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "samples/README.md", ROOT / "benchmarks/README.md"})
)
LINK: Final = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")
FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
OPTION: Final = re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*")


def read(name: str) -> str:
    """Read a document of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def parameters(command: click.Command) -> Iterator[str]:
    """Every spelling of every option of a command and its verbs."""
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            yield from (*parameter.opts, *parameter.secondary_opts)
    if isinstance(command, click.Group):
        for verb in command.commands.values():
            yield from parameters(verb)


OPTIONS: Final = tuple(sorted(set(parameters(cli))))


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_documented(option: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", read("README.md"))


def test_every_documented_option_exists() -> None:
    """The options table names nothing that the command does not know."""
    table = "".join(line for line in read("README.md").splitlines(keepends=True) if line.startswith("| `-"))
    documented = set(OPTION.findall("".join(re.findall(r"^\| (`-.*?) \|", table, re.MULTILINE))))
    assert documented
    assert documented <= {*OPTIONS, "--help", "-h", "--version", "-V"}


def commands() -> Iterator[list[str]]:
    """Every `archive2md` command line in a fence of the README."""
    for language, text in FENCE.findall(read("README.md")):
        if language in {"bash", "sh", "console"}:
            yield from (shlex.split(line, comments=True) for line in text.splitlines() if "archive2md" in line)


def test_commands_of_the_readme_are_valid() -> None:
    """Each option of each command shown is one the command knows."""
    shown = [words for words in commands() if "archive2md" in words and words[0] != "pip"]
    assert shown
    for words in shown:
        used = {word for word in words[words.index("archive2md") :] if word.startswith("-") and word != "-"}
        assert used <= {*OPTIONS, "--help"}


def test_make_targets_of_the_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        assert set(re.findall(r"`make ([a-z]+)[^`]*`|^make ([a-z]+)", text, re.MULTILINE)) <= {
            pair for target in targets for pair in ((target, ""), ("", target))
        }
    assert {"demo", "test", "bench", "clean", "help"} <= targets


def test_ci_runs_what_the_readme_says() -> None:
    assert read(".ci/run").rstrip().endswith("make test")
    assert "make test" in read("README.md")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_to_files_resolve(document: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", document.read_text(encoding="utf-8")))
    targets = [target for target in LINK.findall(text) if "://" not in target and not target.startswith("mailto:")]
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_changelog_has_one_unreleased_section() -> None:
    headings = re.findall(r"^## (.*)$", read("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert headings.count("[Unreleased]") == 1
    assert f"[{__version__}]" in headings or headings == ["[Unreleased]"]


def test_exit_codes_are_documented() -> None:
    codes = {errors.EXIT_OK, errors.EXIT_FAILED, errors.EXIT_USAGE, errors.EXIT_INTERRUPTED}
    assert set(re.findall(r"^\| (\d+) \|", read("README.md"), re.MULTILINE)) == {str(code) for code in codes}


def test_default_engine_is_the_one_documented() -> None:
    assert re.search(rf"`--engine[^|]*\|[^|]*default[^|]*`{Options().engine}`", read("README.md"))


def test_architecture_names_every_module() -> None:
    """The first column of the module table is what there is in the package: no more, no less."""
    column = re.findall(r"^\| (`[^|]*`) \|", read("docs/architecture.md"), re.MULTILINE)
    named = {name.rstrip("/") for cell in column for name in re.findall(r"`([\w/]+)`", cell)}
    package = ROOT / "converter"
    modules = {path.stem for path in package.glob("*.py") if not path.stem.startswith("__")}
    folders = {path.name for path in package.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert named == modules | folders


def test_example_of_the_readme_is_true() -> None:
    """What stands after "becomes" is what comes out."""
    before, after = (text for language, text in FENCE.findall(read("README.md")) if language in {"html", "markdown"})
    result = convert(Source("post.md", before.encode(), "post.md"), Options())
    assert result.markdown == after
