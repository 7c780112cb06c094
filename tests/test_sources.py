"""Where posts come from: lists, selections, containers; what is hostile or damaged is refused, one by one."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import random
import stat
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final

import pytest

import converter
from converter.batch import Rules, make_plan, run
from converter.errors import ConfigError, ConverterError, SourceError
from converter.model import Options, Result, Source
from converter.sources import Found, Inputs, containers, reading
from converter.sources.archive import LastTar
from converter.sources.directory import expand, is_list, is_several
from converter.sources.mhtml import page_of
from converter.sources.selection import everything, selection
from converter.sources.warc import path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE: Final = b"<html><body><h1>Title</h1><p>Text</p></body></html>"


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    reading._last_tar().close()  # noqa: SLF001 (it stays open for the life of a worker)


def touch(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(PAGE)


def said(inputs: Inputs) -> list[str]:
    return [str(problem).partition(";")[0] for problem in inputs.problems]


def paths(inputs: Inputs) -> list[str]:
    return [found.path for found in inputs.found]


def read(found: Found) -> bytes:
    return reading.read(found.file, found.member, found.name).data


# --- containers that hold the same posts, in every format ------------------------------------------------------------

MEMBERS: Final = {
    f"d{number % 7}/{number:03}.html": PAGE.replace(b"Text", b"%d " % number * 50) for number in range(100)
}


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


def tar_of(members: dict[str, bytes], shape: int = tarfile.PAX_FORMAT) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=shape) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return target.getvalue()


def zstd_of(members: dict[str, bytes]) -> bytes:
    zstandard = pytest.importorskip("zstandard")
    packed: bytes = zstandard.ZstdCompressor(write_checksum=True).compress(tar_of(members))
    return packed


FORMATS: Final[dict[str, Callable[[dict[str, bytes]], bytes]]] = {
    "x.zip": zip_of,
    "stored.zip": lambda members: zip_of(members, zipfile.ZIP_STORED),
    "bzip2.ZIP": lambda members: zip_of(members, zipfile.ZIP_BZIP2),
    "after-a-program.zip": lambda members: b"MZ program" * 99 + zip_of(members),
    "x.tar": tar_of,
    "gnu.tar": lambda members: tar_of(members, tarfile.GNU_FORMAT),
    "ustar.tar": lambda members: tar_of(members, tarfile.USTAR_FORMAT),
    "x.tar.gz": lambda members: gzip.compress(tar_of(members)),
    "x.tgz": lambda members: gzip.compress(tar_of(members)[:5000]) + gzip.compress(tar_of(members)[5000:]),
    "x.tar.bz2": lambda members: bz2.compress(tar_of(members)),
    "x.tar.xz": lambda members: __import__("lzma").compress(tar_of(members)),
    "x.tar.zst": zstd_of,
}


def feed_of(members: dict[str, bytes]) -> bytes:
    items = (
        f"<item><title>{name}</title><description>{data.decode()}</description></item>"
        for name, data in members.items()
    )
    return f"<rss><channel>{''.join(items)}</channel></rss>".encode()


@pytest.mark.parametrize("name", ["x.zip", "stored.zip", "x.tar", "x.tar.gz", "x.rss"])
def test_containers_that_are_replaced_and_keep_their_time(name: str) -> None:
    """As `cp -p`, `rsync -t` and reproducible builds do; a tar file may keep its size, too, as it is padded."""
    pack = FORMATS.get(name, feed_of)
    page = b"<p>first text</p>" if name in FORMATS else b"first text"
    for data, statuses in (
        (page, ["converted", "converted"]),
        (page, ["unchanged", "unchanged"]),
        (page.replace(b"first", b"second, much longer"), ["converted", "unchanged"]),
        (page.replace(b"first", b"second, much longer"), ["unchanged", "unchanged"]),
    ):
        Path(name).write_bytes(pack({"a.html": data, "b.html": page}))
        os.utime(name, ns=(1, 1_700_000_000_000_000_001))
        plan = make_plan(expand([name]), Path("out"))
        outcomes = list(run(plan, Options(), Rules(), workers=1, stopped=lambda: False))
        assert [outcome.status for outcome in outcomes] == statuses


def test_times_of_containers_after_2262() -> None:
    Path("x.zip").write_bytes(zip_of({"a.html": PAGE}))
    for year, statuses in ((2300, ["converted"]), (2300, ["unchanged"]), (2400, ["unchanged"])):
        os.utime("x.zip", ns=(1, (year - 1970) * 31_557_600 * 10**9))
        outcomes = run(make_plan(expand(["x.zip"]), Path("out")), Options(), Rules(), workers=1, stopped=lambda: False)
        assert [outcome.status for outcome in outcomes] == statuses


@pytest.mark.parametrize("name", FORMATS)
def test_members_are_read_whatever_the_format_and_order(name: str) -> None:
    shuffled = list(MEMBERS.items())
    random.Random(1).shuffle(shuffled)  # noqa: S311 (the same order each time)
    Path(name).write_bytes(FORMATS[name](dict(shuffled)))
    inputs = expand([name])
    assert not inputs.problems
    folder = containers.without_suffix(name)
    assert paths(inputs) == sorted(f"{folder}/{member}" for member in MEMBERS)
    assert [found.name for found in inputs.found[:1]] == [f"{name}:d0/000.html"]
    assert {found.path.partition("/")[2]: read(found) for found in inputs.found[::9]}.items() <= MEMBERS.items()
    jobs = [job for job, _ in make_plan(inputs, Path("out"))]
    assert [job.path.partition("/")[2] for job in jobs] == [member for member, _ in shuffled]
    assert {job.path.partition("/")[2]: reading.read(job.file, job.member, job.name).data for job in jobs} == MEMBERS
    assert is_several(name)


def test_a_compressed_tar_is_unpacked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shuffled = list(MEMBERS.items())
    random.Random(2).shuffle(shuffled)  # noqa: S311 (as above)
    Path("x.tar.gz").write_bytes(gzip.compress(tar_of(dict(shuffled))))
    plan = make_plan(expand(["x.tar.gz"]), Path("out"))
    opened = []
    monkeypatch.setattr(LastTar, "close", lambda tar: opened.append(tar.file))
    for job, _ in plan:
        assert job.member
        reading.read(job.file, job.member, job.name)
    assert len(opened) == 1
    monkeypatch.undo()


def test_a_tar_that_was_interrupted_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time limit of a post may ring while it is read; the next one must not get the bytes of another place."""
    Path("x.tar.gz").write_bytes(gzip.compress(tar_of(MEMBERS)))
    inputs = expand(["x.tar.gz"])
    assert read(inputs.found[0]) in MEMBERS.values()
    tar = reading._last_tar().tar  # noqa: SLF001 (as in the fixture)
    assert tar is not None
    stream = tar.stream

    def ring(size: int) -> bytes:
        stream.read(size)
        raise SourceError("takes too long")

    with monkeypatch.context() as patched:
        patched.setattr(tar, "take", ring)
        with pytest.raises(SourceError, match="takes too long"):
            read(inputs.found[1])
    assert {found.path.partition("/")[2]: read(found) for found in inputs.found} == MEMBERS


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz", "x.tar"])
def test_a_batch_from_a_container_is_that_from_its_directory(name: str, workers: int) -> None:
    for member, data in MEMBERS.items():
        touch(f"x/{member}")
        Path("x", member).write_bytes(data)
    Path(name).write_bytes(FORMATS[name](MEMBERS))
    for text, out in ((name, "one"), ("x", "two/x")):
        plan = make_plan(expand([text]), Path(out))
        outcomes = list(run(plan, Options(), Rules(), workers=workers, stopped=lambda: False))
        assert [outcome.error for outcome in outcomes] == [""] * len(MEMBERS)
    made = {path.relative_to("one"): path.read_bytes() for path in Path("one/x").rglob("*.md")}
    assert made == {path.relative_to("two"): path.read_bytes() for path in Path("two/x").rglob("*.md")}
    assert len(made) == len(MEMBERS)


def test_a_second_run_reads_only_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    def convert() -> list[str]:
        plan = make_plan(expand(["x.zip"]), Path("out"))
        return [str(o.status) for o in run(plan, Options(), Rules(), workers=1, stopped=lambda: False)]

    Path("x.zip").write_bytes(zip_of(MEMBERS))
    assert convert() == ["converted"] * len(MEMBERS)
    with monkeypatch.context() as patched:
        patched.setattr("converter.sources.reading.read", lambda *_: pytest.fail("nothing is to be read"))
        assert convert() == ["unchanged"] * len(MEMBERS)
    Path("x.zip").write_bytes(zip_of(MEMBERS | {"d0/000.html": PAGE}))
    os.utime("x.zip", ns=(1, 1))
    converted: list[str] = []
    real = converter.pipeline.convert

    def convert_one(source: Source, options: Options) -> Result:
        converted.append(source.name)
        return real(source, options)

    with monkeypatch.context() as patched:
        patched.setattr("converter.pipeline.convert", convert_one)
        assert sorted(convert()) == ["converted"] + ["unchanged"] * (len(MEMBERS) - 1)
    assert converted == ["x.zip:d0/000.html"]


def test_a_container_that_changed_meanwhile_is_not_misread() -> None:
    for name in ("x.zip", "x.tar", "x.tar.gz"):
        Path(name).write_bytes(FORMATS[name](MEMBERS))
        found = expand([name]).found[5]
        os.utime(name, ns=(1, 1))
        with pytest.raises(SourceError, match="changed since it was listed"):
            read(found)


def test_only_posts_are_taken() -> None:
    names = [
        "a.html",
        "b.md",
        "c.MHTML",
        "d.png",
        "e.txt",
        ".f.html",
        "g/.h/i.html",
        "__MACOSX/a.html",
        "j/",
        "k.html.gz",
    ]
    for name, make in (("x.zip", zip_of), ("y.tar", tar_of)):
        Path(name).write_bytes(make(dict.fromkeys(names, b"x")))
    inputs = expand(["x.zip", "y.tar"])
    assert paths(inputs) == [f"{folder}/{name}" for folder in "xy" for name in ("a.html", "b.md", "c.MHTML")]
    assert not inputs.problems
    Path("z.zip").write_bytes(zip_of({"d.png": b"x"}))
    Path("z.tar").write_bytes(tar_of({}))
    assert said(expand(["z.zip", "z.tar"])) == [
        "z.tar: no posts in this container",
        "z.zip: no posts in this container",
    ]


# --- names of members ------------------------------------------------------------------------------------------------


def raw_named_zip(name: bytes, *, utf8: bool = False) -> bytes:
    """Make a zip file with a member of any name; the placeholder is as long, so that no length changes."""
    plain = "x" * (len(name) - 5) + ".html"
    data = bytearray(zip_of({plain: PAGE}).replace(plain.encode(), name))
    if utf8:
        data[data.index(b"PK\1\2") + 9] |= 8
    return bytes(data)


@pytest.mark.parametrize(
    ("raw", "utf8", "path"),
    [
        ("中文/教程.html".encode("gbk"), False, "中文/教程.html"),
        ("中文/教程.html".encode(), False, "中文/教程.html"),
        ("中文/教程.html".encode(), True, "中文/教程.html"),
        (
            "镕\\ab.html".encode("gbk"),
            False,
            "镕/ab.html",
        ),  # the second byte of 镕 in GBK is not a backslash, that of 誠 is
        ("誠.html".encode("gbk"), False, "誠.html"),
        (b"a\\b\\c.html", False, "a/b/c.html"),
        (b"./a//b.html", False, "a/b.html"),
        (b"bad\xff\xff.html", True, "bad\ufffd\ufffd.html"),
        (b"caf\xe9\xff.html", False, "caf\ufffd\ufffd.html"),
    ],
)
def test_names_of_members(raw: bytes, utf8: bool, path: str) -> None:  # noqa: FBT001 (a column of the table)
    Path("x.zip").write_bytes(raw_named_zip(raw, utf8=utf8))
    inputs = expand(["x.zip"])
    assert paths(inputs) == [f"x/{path}"]
    assert read(inputs.found[0]) == PAGE


def test_names_of_members_of_tar_files() -> None:
    gbk = tar_of({"x" * 9 + ".html": PAGE}, tarfile.USTAR_FORMAT)
    with tarfile.open("x.tar", "w", format=tarfile.GNU_FORMAT, encoding="gbk") as archive:
        for name in ("中文/教程.html", "很长的名字" * 40 + ".html"):
            info = tarfile.TarInfo(name)
            info.size = len(PAGE)
            archive.addfile(info, io.BytesIO(PAGE))
    assert gbk
    assert sorted(paths(expand(["x.tar"]))) == sorted(["x/中文/教程.html", f"x/{'很长的名字' * 40}.html"])


def test_names_do_not_depend_on_the_order_and_never_collide() -> None:
    for name in ("a/x.zip", "b/x.zip"):
        Path(name).parent.mkdir()
        Path(name).write_bytes(zip_of({"p.html": PAGE, "p.md": PAGE, "P.html": PAGE}))
    Path("x.tar").write_bytes(tar_of({"p.html": PAGE}))
    inputs = expand(["a/x.zip", "b/x.zip", "x.tar"])
    assert inputs.found == expand(["x.tar", "b/x.zip", "a/x.zip"]).found
    names = [place.output for _, place in make_plan(inputs, Path("out"))]
    assert len({name.casefold() for name in names}) == 7
    assert all(name.startswith("x/") for name in names)
    assert paths(expand(["[ab]/x.zip"]))[:3] == ["a/x/P.html", "a/x/p.md", "a/x/p.html"]


# --- hostile members -------------------------------------------------------------------------------------------------


def patched(data: bytes, offset: int, value: int, *, size: int = 2) -> bytes:
    """Change a field of the only entry of the table of contents."""
    at = data.index(b"PK\1\2") + offset
    return data[:at] + value.to_bytes(size, "little") + data[at + size :]


def with_mode(mode: int) -> bytes:
    return patched(zip_of({"bad.html": b"/etc/passwd"}), 38, mode << 16, size=4)


HOSTILE: Final[dict[str, tuple[bytes, str]]] = {
    "absolute": (raw_named_zip(b"/etc/a.html"), "/etc/a.html: its name is an absolute path"),
    "backslash": (raw_named_zip(b"\\etc\\a.html"), "/etc/a.html: its name is an absolute path"),
    "upwards": (raw_named_zip(b"a/../../b.html"), "a/../../b.html: its name leads out of the container"),
    "drive": (raw_named_zip(b"C:\\a.html"), "C:/a.html: its name begins with a drive letter"),
    "nul": (raw_named_zip(b"a.exe\0.html"), "a.exe\0.html: its name has a NUL character"),
    "link": (with_mode(stat.S_IFLNK | 0o777), "bad.html: is a link"),
    "device": (with_mode(stat.S_IFBLK), "bad.html: is no regular file"),
    "encrypted": (patched(zip_of({"bad.html": PAGE}), 8, 1), "bad.html: is encrypted"),
    "method": (
        zip_of({"bad.html": PAGE}, zipfile.ZIP_LZMA),
        "bad.html: is compressed by method 14, which archive2md does not know",
    ),
    "bomb": (zip_of({"bad.html": b" " * (8 << 20)}), "bad.html: unpacks to more than 200 times its size"),
    "size": (patched(zip_of({"bad.html": PAGE}), 24, 1 << 30, size=4), "bad.html: unpacks to more than 256 MB"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_members_of_zip_files_are_refused_one_by_one(case: str) -> None:
    data, message = HOSTILE[case]
    target = io.BytesIO(data)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("good.html", PAGE)
    if case not in {"nul", "backslash", "drive"}:  # the library writes these names in another way
        Path("x.zip").write_bytes(target.getvalue())
        inputs = expand(["x.zip"])
        assert [read(found) for found in inputs.found if found.path == "x/good.html"] == [PAGE]
    Path("x.zip").write_bytes(data)
    inputs = expand(["x.zip"])
    assert said(inputs) == [" ".join(f"x.zip:{message}".split())]
    assert not inputs.found


def tar_with(kind: bytes, name: str = "bad.html", link: str = "") -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, link
        archive.addfile(info)
        good = tarfile.TarInfo("good.html")
        good.size = len(PAGE)
        archive.addfile(good, io.BytesIO(PAGE))
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (tar_with(tarfile.SYMTYPE, link="/etc/passwd"), "bad.html: is a link"),
        (tar_with(tarfile.LNKTYPE, link="good.html"), "bad.html: is a link"),
        (tar_with(tarfile.CHRTYPE), "bad.html: is no regular file"),
        (tar_with(tarfile.FIFOTYPE), "bad.html: is no regular file"),
        (tar_with(tarfile.REGTYPE, "/a.html"), "/a.html: its name is an absolute path"),
        (tar_with(tarfile.REGTYPE, "a/../../b.html"), "a/../../b.html: its name leads out of the container"),
        (tar_with(tarfile.REGTYPE, "good.html"), "good.html: a second member of this name"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_hostile_members_of_tar_files_are_refused_one_by_one(
    data: bytes, message: str, pack: Callable[[bytes], bytes]
) -> None:
    Path("x.tar").write_bytes(pack(data))
    inputs = expand(["x.tar"])
    assert said(inputs) == [f"x.tar:{message}"]
    assert paths(inputs) == ["x/good.html"]


def test_a_second_member_of_a_name_is_refused() -> None:
    Path("x.zip").write_bytes(zip_of({"a.html": b"one", "b.html": b"two"}).replace(b"b.html", b"a.html"))
    inputs = expand(["x.zip"])
    assert [read(found) for found in inputs.found] == [b"one"]
    assert said(inputs) == ["x.zip:a.html: a second member of this name"]


def test_the_total_of_a_container_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "FREE", 10_000)
    monkeypatch.setattr(containers, "RATIO", 5)
    members = {f"{number}.html": b"x" * 4000 for number in range(9)}
    Path("x.zip").write_bytes(zip_of(members))
    inputs = expand(["x.zip"])
    assert paths(inputs) == ["x/0.html", "x/1.html"]
    assert len(inputs.problems) == 7
    assert "with it, the container unpacks to more than 5 times its size" in str(inputs.problems[0])


def test_a_bomb_in_a_compressed_tar_ends_it_but_what_came_before_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("converter.sources.archive.FREE", 1 << 20)
    Path("x.tar.gz").write_bytes(gzip.compress(tar_of({"a.html": PAGE, "b.bin": bytes(30 << 20), "c.html": PAGE})))
    inputs = expand(["x.tar.gz"])
    assert [read(found) for found in inputs.found] == [PAGE]
    assert said(inputs) == [
        "x.tar.gz: is no tar file, is damaged, or is not to be trusted: it unpacks to more than 200 times its size"
    ]


def test_a_member_that_holds_more_than_it_says_is_damaged() -> None:
    data = zip_of({"a.html": b"x" * 100_000})
    Path("x.zip").write_bytes(patched(data, 24, 10, size=4))
    (found,) = expand(["x.zip"]).found
    with pytest.raises(SourceError, match=r"x\.zip:a\.html: is damaged"):
        read(found)


TOO_LONG: Final = (
    "a/" * 3000 + "a.html",
    "a/" * 256 + "b.html",
    f"{'m' * 20}/" * 200 + "c.html",
    f"{'x' * 255}/" * 16 + "d.html",
)
FITS: Final = ("b/" * 255 + "e.html", "y" * 5000 + ".html", f"{'中' * 100}/" * 14 + "f.html", "ok.html")


@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz", "x.warc"])
def test_paths_that_no_system_takes_are_refused(name: str) -> None:
    """The names of all folders above a post are kept: of a name of 80 KB with 40,000 of them, that took 1.7 GB."""
    if name == "x.warc":
        records = [(f"http://h/{path}", OK, [HTML], PAGE) for path in (*TOO_LONG, "ok.html")]
        Path(name).write_bytes(warc_of(*records, packed=False))
    else:
        Path(name).write_bytes(FORMATS[name](dict.fromkeys((*TOO_LONG, *FITS), PAGE)))
    inputs = expand([name])
    fits = ["h/ok.html"] if name == "x.warc" else list(FITS)
    assert sorted(paths(inputs)) == sorted(f"x/{path}" for path in fits)
    assert len(inputs.problems) == len(TOO_LONG)
    for problem in inputs.problems:
        assert "is longer than any system takes, or has more than 255 folders" in str(problem)
        assert len(str(problem)) < 700
    jobs = [job.output for job, _ in make_plan(inputs, Path("out"))]
    assert len(set(jobs)) == len(fits)


@pytest.mark.parametrize("offset", [2**64 - 1, 2**63, 2**63 - 1, 200])
def test_a_member_that_lies_outside_of_its_zip_file_is_refused(offset: int) -> None:
    """No number of 64 bits is too large for a zip file; for databases and files it is, and the run ended."""
    data = zip_of({"a.html": PAGE, "b.html": PAGE})
    at = data.rindex(b"PK\1\2")
    wide = (1).to_bytes(2, "little") + (8).to_bytes(2, "little") + offset.to_bytes(8, "little")
    entry = data[at : at + 30] + len(wide).to_bytes(2, "little") + data[at + 32 : at + 42] + b"\xff" * 4
    end = data.index(b"PK\5\6")
    length = end - data.index(b"PK\1\2") + len(wide)
    tail = data[end : end + 12] + length.to_bytes(4, "little") + data[end + 16 :]
    Path("x.zip").write_bytes(data[:at] + entry + data[at + 46 : end] + wide + tail)
    inputs = expand(["x.zip"])
    found = {one.path: one for one in inputs.found}
    assert read(found.pop("x/a.html")) == PAGE
    if offset == 200:  # inside, but no member begins there
        with pytest.raises(SourceError, match=r"x\.zip:b\.html: is damaged"):
            read(found["x/b.html"])
    else:
        assert said(inputs) == ["x.zip:b.html: lies outside of the container"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_members_of_tar_files_that_end_beyond_all_bounds(pack: Callable[[bytes], bytes]) -> None:
    good, bad = tarfile.TarInfo("good.html"), tarfile.TarInfo("bad.html")
    good.size, bad.size = len(PAGE), 2**70
    data = good.tobuf(tarfile.GNU_FORMAT) + PAGE.ljust(512, b"\0") + bad.tobuf(tarfile.GNU_FORMAT) + bytes(2048)
    Path("x.tar").write_bytes(pack(data))
    inputs = expand(["x.tar"])
    assert [read(found) for found in inputs.found] == [PAGE]
    assert said(inputs)[-1] == "x.tar:bad.html: unpacks to more than 256 MB"
    assert len(inputs.problems) == 2


def test_headers_of_a_tar_file_are_limited() -> None:
    """A pax header that says it has 8 GB would be read into memory; a negative size would be read for ever."""
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 8 << 30
    Path("x.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(4096))
    assert "one of its headers is too large" in said(expand(["x.tar"]))[0]
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("a.html"))
        info = tarfile.TarInfo("b.html")
        info.pax_headers = {"size": "-512"}
        archive.addfile(info)
    Path("y.tar").write_bytes(target.getvalue())
    assert "negative size" in said(expand(["y.tar"]))[0]
    chained = tarfile.TarInfo("x")
    chained.type, chained.size = tarfile.GNUTYPE_LONGNAME, 1
    Path("z.tar").write_bytes((chained.tobuf(tarfile.GNU_FORMAT) + b"a".ljust(512, b"\0")) * 3000)
    assert len(expand(["z.tar"]).problems) == 1


# --- damaged containers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_containers_that_are_cut_off_say_so(name: str) -> None:
    data = FORMATS[name](MEMBERS)
    for length in (0, 3, 30, len(data) // 2, len(data) - 5 if ".tar" not in name else len(data) * 2 // 3):
        Path(name).write_bytes(data[:length])
        inputs = expand([name])
        assert inputs.problems or len(inputs.found) == len(MEMBERS), length
        assert all(str(problem).startswith(name) for problem in inputs.problems)
        for found in inputs.found:
            try:
                assert read(found) == MEMBERS[found.path.partition("/")[2]]
            except SourceError as error:
                assert "is damaged" in str(error)  # noqa: PT017 (the last one may be cut off itself)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", FORMATS)
def test_damage_raises_nothing_but_our_errors(name: str) -> None:
    """Bytes changed at random places: each post is read as it was, or fails with an error of ours."""
    chance = random.Random(name)  # noqa: S311 (as above)
    whole = FORMATS[name]({f"{number}.html": chance.randbytes(200) for number in range(20)})
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 1, 5))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        Path(name).write_bytes(data)
        for found in expand([name]).found:
            try:
                assert isinstance(read(found), bytes)
            except ConverterError as error:
                assert name in str(error)  # noqa: PT017 (most of them read well)


@pytest.mark.parametrize("name", ["x.tar.gz", "x.tar.bz2", "x.tar.xz", "x.tar.zst"])
def test_the_checksum_of_a_compressed_tar_is_read(name: str) -> None:
    """It stands behind the end mark: a letter that is another one, and all else as it was, is seen only there."""
    chance = random.Random(3)  # noqa: S311 (as above)
    members = {f"{number}.html": bytes(chance.choices(b"abcdefgh \n", k=2000)) for number in range(5)}
    data = bytearray(FORMATS[name](members))
    Path(name).write_bytes(data)
    assert not expand([name]).problems
    for at in range(len(data) // 4, len(data) - 1, len(data) // 23):
        Path(name).write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        inputs = expand([name])
        if not inputs.problems:
            assert {found.path.partition("/")[2]: read(found) for found in inputs.found} == members


def test_damage_in_the_middle_of_a_tar_file_is_not_its_end() -> None:
    data = bytearray(tar_of({f"{number}.html": PAGE for number in range(9)}))
    data[1024 * 4 + 150] ^= 0xFF
    Path("x.tar").write_bytes(data)
    inputs = expand(["x.tar"])
    assert 0 < len(inputs.found) < 9
    assert said(inputs) == ["x.tar: is damaged or cut off: it has no end mark"]


def test_containers_that_cannot_be_opened() -> None:
    Path("gone.zip").symlink_to("nowhere")
    os.mkfifo("pipe.tar")
    Path("dir.zip").mkdir()
    touch("dir.zip/a.html")
    inputs = expand(["gone.zip", "pipe.tar", "dir.zip"])
    assert paths(inputs) == ["a.html"]
    assert said(inputs) == [
        "gone.zip: cannot be read: No such file or directory",
        "pipe.tar: is not a regular file",
    ]


def test_large_zip_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fields for more than 65,535 members or 4 GB are used when the others are full."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
    Path("x.zip").write_bytes(zip_of(MEMBERS))
    inputs = expand(["x.zip"])
    assert len(inputs.found) == len(MEMBERS)
    assert {found.path.partition("/")[2]: read(found) for found in inputs.found} == MEMBERS


@pytest.mark.parametrize(
    ("module", "name", "package"), [("zstandard", "x.tar.zst", "zstd"), ("warcio.archiveiterator", "x.warc", "warc")]
)
def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, module: str, name: str, package: str) -> None:
    Path(name).write_bytes(b"\x28\xb5\x2f\xfd" + bytes(99))
    touch("a.html")
    monkeypatch.setitem(sys.modules, module, None)
    inputs = expand([name, "a.html"])
    assert paths(inputs) == ["a.html"]
    assert f"pip install 'archive2md[{package}]'" in str(inputs.problems[0])


# --- saved pages -----------------------------------------------------------------------------------------------------

CHROME: Final = """From: <Saved by Blink>
Snapshot-Content-Location: https://blog.example/a/1
Subject: =?utf-8?Q?t?=
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="--B"

----B
Content-Type: text/html
Content-ID: <frame@x>
Content-Transfer-Encoding: quoted-printable
Content-Location: https://blog.example/a/1

<p>=E4=B8=AD=E6=96=87 a=3D1 lo=
ng</p>
----B
Content-Type: image/png
Content-Transfer-Encoding: base64

AAAA
----B--
"""
EXPLORER: Final = """MIME-Version: 1.0
Content-Type: multipart/related; start="<root>"; boundary="B"

--B
Content-Type: text/html
Content-ID: <frame>
Content-Location: https://ads.example/

frame
--B
Content-Type: text/html; charset="gb2312"
Content-ID: <root>
Content-Transfer-Encoding: base64
Content-Location: https://blog.example/
 folded/2

PHA+1tDOxDwvcD4=
--B--
"""
SINGLE: Final = (
    "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\nContent-Location: file:///C:/a.html\n\n<p>x</p>"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CHROME, ("<p>中文 a=1 long</p>".encode(), "https://blog.example/a/1", "")),
        (EXPLORER, ("<p>中文</p>".encode("gbk"), "https://blog.example/folded/2", "gb2312")),
        (SINGLE, (b"<p>x</p>", "", "utf-8")),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_saved_pages(text: str, expected: tuple[bytes, str, str], line_end: str) -> None:
    data, url, encoding = page_of(text.replace("\n", line_end).encode(), "a.mht")
    assert (data.strip(), url, encoding) == expected


@pytest.mark.parametrize("text", ["", "x", "MIME-Version: 1.0\nContent-Type: image/png\n\nx"])
def test_saved_pages_without_a_page(text: str) -> None:
    with pytest.raises(SourceError, match=r"a\.mht: holds no HTML page"):
        page_of(text.encode(), "a.mht")


def test_saved_pages_that_are_nested_too_deep() -> None:
    parts = "".join(f'Content-Type: multipart/mixed; boundary="b{depth}"\n\n--b{depth}\n' for depth in range(5000))
    with pytest.raises(SourceError, match=r"a\.mht: "):
        page_of(parts.encode(), "a.mht")


def test_saved_pages_in_a_batch() -> None:
    """In directories and containers; the address is used when the page has none, the charset before a guess."""
    Path("posts").mkdir()
    Path("posts/a.mht").write_text(EXPLORER, encoding="utf-8")
    Path("x.zip").write_bytes(zip_of({"b.mhtml": CHROME.encode()}))
    plan = make_plan(expand(["posts", "x.zip"]), Path("out"))
    outcomes = list(run(plan, Options(), Rules(), workers=1, stopped=lambda: False))
    assert [outcome.error for outcome in outcomes] == ["", ""]
    first, second = (Path("out", name).read_text(encoding="utf-8") for name in ("a.md", "x/b.md"))
    assert "source_url: https://blog.example/folded/2\n" in first
    assert first.endswith("\n中文\n")
    assert "source_url: https://blog.example/a/1\n" in second
    assert second.endswith("\n中文 a=1 long\n")


def test_pages_that_are_called_like_saved_ones_are_none() -> None:
    """Titles of posts and addresses may end in `.mht`; only files and members of archives are what they are called."""
    item = "<item><title>How to open page.mht</title><description>&lt;p&gt;Hi&lt;/p&gt;</description></item>"
    Path("f.xml").write_text(f'<rss version="2.0"><channel>{item}</channel></rss>', encoding="utf-8")
    Path("x.warc").write_bytes(warc_of(("http://x.example/a.mht", OK, [HTML], PAGE), packed=False))
    post, page = expand(["f.xml", "x.warc"]).found
    assert b"<p>Hi</p>" in read(post)
    assert read(page) == PAGE


# --- WARC ------------------------------------------------------------------------------------------------------------

OK: Final = "200 OK"
HTML: Final = ("Content-Type", "text/html; charset=gbk")


def warc_record(kind: str, url: str, date: str, content: bytes) -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}\r\n"
    head += f"WARC-Record-ID: <urn:x>\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content + b"\r\n\r\n"


def warc_of(*records: tuple[str, str, list[tuple[str, str]], bytes], packed: bool = True) -> bytes:
    pack = gzip.compress if packed else bytes
    made = [pack(warc_record("warcinfo", "x", "2024-01-02T03:04:05Z", b"software: test\r\n"))]
    for number, (url, status, headers, body) in enumerate(records):
        http = "".join(f"{key}: {value}\r\n" for key, value in headers)
        content = f"HTTP/1.1 {status}\r\n{http}\r\n".encode() + body
        made.append(pack(warc_record("response", url, f"2024-01-02T03:04:{number:02}Z", content)))
    return b"".join(made)


@pytest.mark.parametrize("packed", [True, False])
def test_pages_of_warc_files(packed: bool) -> None:  # noqa: FBT001 (a column of the table)
    page = "<p>中文</p>".encode("gbk")
    chunked = b"5\r\n" + page[:5] + b"\r\n" + f"{len(page) - 5:x}".encode() + b"\r\n" + page[5:] + b"\r\n0\r\n\r\n"
    url = "https://blog.example/a/"
    records = (
        (url + "1", OK, [HTML], page),
        (url + "2.html", OK, [HTML, ("Transfer-Encoding", "chunked")], chunked),
        (url + "3?x=1", OK, [HTML, ("Content-Encoding", "gzip")], gzip.compress(page)),
        (url, OK, [("content-type", "application/xhtml+xml")], page),
        (url + "1", OK, [HTML], page + b"later"),
        (url + "moved", "301 Moved", [HTML], page),
        (url + "gone", "404 Not Found", [HTML], page),
        (url + "4.png", OK, [("Content-Type", "image/png")], page),
        (url + "5.br", OK, [HTML, ("Content-Encoding", "zstd")], page),
    )
    name = "x.warc.gz" if packed else "x.warc"
    Path(name).write_bytes(warc_of(*records, packed=packed))
    inputs = expand([name])
    assert not inputs.problems
    found = {one.name: one for one in inputs.found}
    said_by = {key: reading.read(one.file, one.member, one.name) for key, one in found.items() if "5.br" not in key}
    assert {key.removeprefix(f"{name}:{url}"): content.data for key, content in said_by.items()} == {
        "1": page,
        "1@2024-01-02T03:04:04Z": page + b"later",
        "2.html": page,
        "3?x=1": page,
        "": page,
    }
    assert {content.url for content in said_by.values()} == {url, url + "1", url + "2.html", url + "3?x=1"}
    assert said_by[f"{name}:{url}1"].encoding == "gbk"
    with pytest.raises(SourceError, match="is packed by zstd, which cannot be read"):
        read(found[f"{name}:{url}5.br"])
    names = [place.output for _, place in make_plan(inputs, Path("out"))]
    assert len(set(names)) == len(names) == 6
    assert {"x/blog.example/a/1.md", "x/blog.example/a/3_x=1.md", "x/blog.example/a/index.md"} < set(names)


def test_a_batch_from_a_warc_file() -> None:
    Path("x.warc.gz").write_bytes(warc_of(("https://blog.example/1", OK, [HTML], "<p>中文</p>".encode("gbk"))))
    plan = make_plan(expand(["x.warc.gz"]), Path("out"))
    (outcome,) = run(plan, Options(), Rules(), workers=1, stopped=lambda: False)
    assert outcome.error == ""
    text = Path("out/x/blog.example/1.md").read_text(encoding="utf-8")
    assert "source_url: https://blog.example/1\n" in text
    assert text.endswith("\n中文\n")


def test_damaged_warc_files(capfd: pytest.CaptureFixture[str]) -> None:
    records = [(f"https://blog.example/{number}", OK, [HTML], b"x" * 3000) for number in range(9)]
    plain, packed = warc_of(*records, packed=False), warc_of(*records)
    for name, data in (
        ("cut.warc", plain[: len(plain) * 2 // 3]),
        ("cut.warc.gz", packed[: len(packed) * 2 // 3]),
        ("one.warc.gz", gzip.compress(plain)),
        ("none.warc", b"hello"),
        ("empty.warc", b""),
        ("length.warc", plain.replace(b"Content-Length: 3048", b"Content-Length: 3000", 3)),
    ):
        Path(name).write_bytes(data)
        inputs = expand([name])
        assert inputs.problems or name == "length.warc"
        for found in inputs.found:
            try:
                assert read(found)
            except ConverterError as error:
                assert name in str(error)  # noqa: PT017 (some of them read well)
    assert capfd.readouterr() == ("", "")


def in_chunks(body: bytes, size: int = 700) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x ;x=1\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


BODY: Final = b"<html><body>" + b"".join(b"<p>%d</p>\n" % (number * 7919) for number in range(400))
HALF: Final = len(BODY) // 2
BODIES: Final[dict[str, tuple[str, bytes]]] = {
    "gzip": ("gzip", gzip.compress(BODY, mtime=0)),
    "several members": ("GZIP", gzip.compress(BODY[:HALF], mtime=0) + gzip.compress(BODY[HALF:], mtime=0)),
    "zlib": ("deflate", zlib.compress(BODY)),
    "deflate": ("deflate", raw_deflate(BODY)),
}


def read_body(body: bytes, **headers: str) -> bytes:
    fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
    Path("x.warc").write_bytes(warc_of(("https://blog.example/1", OK, [HTML, *fields], body), packed=False))
    (found,) = expand(["x.warc"]).found
    return read(found)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("case", BODIES)
def test_packed_bodies_of_warc_files_are_whole_or_damaged(case: str, chunked: bool) -> None:  # noqa: FBT001 (as above)
    encoding, body = BODIES[case]
    fields = {"Content_Encoding": encoding, **({"Transfer_Encoding": "Chunked"} if chunked else {})}
    send = in_chunks if chunked else bytes
    assert read_body(send(body), **fields) == BODY
    assert read_body(send(body) + b"\r\n", **fields) == BODY
    assert read_body(send(BODY), **fields) == BODY  # some crawlers unpack, and keep the header
    assert read_body(body, **fields) == BODY  # or join the chunks
    broken = [body[:20], body[: len(body) // 2], body[:-1], body + b"more"]
    if case != "deflate":  # which has no checksum
        middle = len(body) // 2
        broken += [body[:-3] + b"\0\0\0", body[:middle] + bytes([body[middle] ^ 64]) + body[middle + 1 :]]
    for data in broken:
        with pytest.raises(SourceError, match=r"x\.warc:https://blog\.example/1: is damaged"):
            read_body(send(data), **fields)


@pytest.mark.parametrize("end", [3000, -5, -9])
def test_bodies_of_warc_files_that_lack_chunks_are_damaged(end: int) -> None:
    body = in_chunks(BODY)
    assert read_body(body, Transfer_Encoding="chunked") == BODY
    assert read_body(body[:-2], Transfer_Encoding="chunked") == BODY
    assert read_body(body[:-2] + b"Expires: 0\r\n\r\n", Transfer_Encoding="chunked") == BODY
    with pytest.raises(SourceError, match="is damaged"):
        read_body(body[:end], Transfer_Encoding="chunked")
    with pytest.raises(SourceError, match="is damaged"):
        read_body(body.replace(b"2bc ;", b"2bd ;", 2), Transfer_Encoding="chunked")


def brotli() -> object:
    """Give what has the names of the package `brotli`, which is no dependency, and unpacks what zlib packs."""

    def decompressor() -> object:
        inner = zlib.decompressobj()
        return SimpleNamespace(process=inner.decompress, is_finished=lambda: inner.eof)

    return SimpleNamespace(error=zlib.error, Decompressor=decompressor)


def test_brotli_in_warc_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that warcio has is used: it sets a name on the object, which the one of this package refuses."""
    body = zlib.compress(BODY)
    monkeypatch.setitem(sys.modules, "brotli", None)
    with pytest.raises(SourceError, match="is packed by br, which cannot be read; pip install brotli"):
        read_body(body, Content_Encoding="br")
    monkeypatch.setitem(sys.modules, "brotli", brotli())
    assert read_body(body, Content_Encoding="br") == BODY
    assert read_body(BODY, Content_Encoding="br") == BODY
    for data in (body[:-1], body[:100], b"\0" + body):
        with pytest.raises(SourceError, match="is damaged"):
            read_body(data, Content_Encoding="br")


def test_bodies_of_warc_files_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("converter.sources.warc.LARGEST", 1 << 20)
    bomb = b"<" + bytes(8 << 20)
    bodies = ("gzip", gzip.compress(bomb)), ("deflate", zlib.compress(bomb)), ("", bomb)
    for encoding, body in bodies:
        with pytest.raises(SourceError, match="unpacks to more than 1 MB"):
            read_body(body, Content_Encoding=encoding)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://Blog.Example/a/b.html", "blog.example/a/b.html"),
        ("https://u:p@blog.example:8080/", "blog.example:8080/index.html"),
        ("http://blog.example/%E4%B8%AD/%2e%2e/../x%2Fy", "blog.example/中/x_y.html"),
        ("http://blog.example/a?q=1/2&r=%20", "blog.example/a?q=1_2&r= .html"),
        ("http://[broken/", "unknown/page.html"),
        ("", "unknown/index.html"),
    ],
)
def test_paths_of_addresses(url: str, path: str) -> None:
    assert path_of(url) == path


# --- directories, lists, selections ----------------------------------------------------------------------------------


def test_loops_of_links_do_not_hide_a_directory() -> None:
    touch("posts/a.html", "posts/z.html", "posts/sub/b.html")
    for link, target in (
        ("loop", "loop"),
        ("up", ".."),
        ("sub/again", "../sub"),
        ("c.html", "sub"),
        ("d.html", "d.html"),
    ):
        Path("posts", link).symlink_to(target)
    inputs = expand(["posts"])
    assert paths(inputs) == ["a.html", "d.html", "z.html", "sub/b.html"]
    assert not inputs.problems


def test_a_container_that_several_inputs_reach_tells_each_error_once() -> None:
    Path("x.zip").write_bytes(zip_of({"a.html": PAGE, "../b.html": PAGE, "/c.html": PAGE}))
    Path("bad.zip").write_bytes(zip_of({"../b.html": PAGE}))
    Path("cut.tar").write_bytes(tar_of(MEMBERS)[:700])
    Path("list.txt").write_text("x.zip\ncut.tar\n", encoding="utf-8")
    once = said(expand(["x.zip", "bad.zip", "cut.tar"]))
    assert len(once) == 4
    texts = ["x.zip", "./x.zip", "./*.zip", "./bad.zip", "@list.txt", "./cut.tar"]
    for order in (texts, texts[::-1]):
        inputs = expand(order)
        assert sorted(text.removeprefix("./") for text in said(inputs)) == once
        assert paths(inputs) == ["cut/d0/000.html", "x/a.html"]


def test_containers_in_directories_are_left_alone() -> None:
    touch("posts/a.html")
    Path("posts/x.zip").write_bytes(zip_of(MEMBERS))
    assert paths(expand(["posts"])) == ["a.html"]
    assert len(expand(["posts/*.zip"]).found) == len(MEMBERS)


def test_lists() -> None:
    touch("l/a.html", "l/b c.html", "l/d/e.html", "l/d/f.txt", "l/#g.html", "other/h.html", "l/[i].html", "l/last.htm")
    Path("l/x.zip").write_bytes(zip_of({"j.html": PAGE}))
    lines = "a.html", "", "# comment", "b c.html", "d", "  ", "d/f.txt", "./#g.html", "../other/h.html", "[i].html"
    text = "\ufeff" + "\r\n".join((*lines, "x.zip", "gone.html", str(Path("other/h.html").resolve()), "last.htm"))
    Path("l/list.txt").write_bytes(text.encode() + b"\nb\xffd.html\na.html")
    inputs = expand(["@l/list.txt"])
    assert sorted(paths(inputs)) == sorted(
        ["a.html", "b c.html", "d/e.html", "d/f.txt", "#g.html", "h.html", "[i].html", "x/j.html", "last.htm"]
    )
    assert said(inputs) == [
        "l/gone.html (line 12 of l/list.txt): no such file or directory",
        "l/list.txt: line 15 is not UTF-8",
    ]
    assert inputs.directories == ("l/d",)
    Path("empty.txt").touch()
    assert said(expand(["@empty.txt", "@none.txt"])) == [
        "@empty.txt: no posts in this list",
        "none.txt: no such file",
    ]


def test_a_file_with_an_at_is_a_file() -> None:
    touch("@a.html")
    assert not is_list("@a.html")
    assert paths(expand(["@a.html"])) == ["@a.html"]


@pytest.mark.parametrize(
    ("include", "exclude", "wanted"),
    [
        ([], [], "a.html b.htm 2024/c.html 2024/05/d.html 2024/drafts/e.html x[1].md"),
        (["*.html"], [], "a.html 2024/c.html 2024/05/d.html 2024/drafts/e.html"),
        (["2024/*.html"], [], "2024/c.html"),
        (["2024/**/*.html"], [], "2024/c.html 2024/05/d.html 2024/drafts/e.html"),
        (["2024/**"], ["drafts"], "2024/c.html 2024/05/d.html"),
        (["2024/0?"], [], "2024/05/d.html"),
        (["[ab].*"], [], "a.html b.htm"),
        (["[!ab].*"], [], "2024/c.html 2024/05/d.html 2024/drafts/e.html"),
        (["x[[]1[]].md", "/a.html"], [], "a.html x[1].md"),
        (["**/[c-d].html"], [], "2024/c.html 2024/05/d.html"),
        (["2024/"], ["*.html"], ""),
        (["[]", "[!]", "*.HTML"], [], ""),
    ],
)
def test_selections(include: list[str], exclude: list[str], wanted: str) -> None:
    names = ("a.html", "b.htm", "2024/c.html", "2024/05/d.html", "2024/drafts/e.html", "x[1].md")
    asked = selection(include, exclude)
    assert [name for name in names if asked(name)] == wanted.split()


def test_selections_reach_directories_patterns_and_containers() -> None:
    touch("posts/a.html", "posts/drafts/b.html", "c.html")
    Path("x.zip").write_bytes(zip_of({"a.html": PAGE, "drafts/b.html": PAGE}))
    Path("y.tar").write_bytes(tar_of({"a.html": PAGE, "drafts/b.html": PAGE}))
    asked = selection((), ["drafts", "c.html"])
    inputs = expand(["posts", "x.zip", "y.tar", "c.html"], asked)
    assert paths(inputs) == ["a.html", "c.html", "x/a.html", "y/a.html"]
    assert paths(expand(["posts/**/*.html"], asked)) == ["a.html"]
    assert not inputs.problems
    assert said(expand(["posts"], selection(["*.md"]))) == ["--include and --exclude leave no post"]
    assert selection() is everything
    with pytest.raises(ConfigError, match=r"\[z-a\]: not a valid pattern"):
        selection(["[z-a]"])


@pytest.mark.parametrize("name", ["s.tar.gz", "s.zip"])
@pytest.mark.parametrize("before", ["./", ".//", ""])
def test_selections_ask_for_the_path_that_a_member_has(name: str, before: str) -> None:
    """`tar -C posts .` writes `./a.html`."""
    members = {f"{before}{inner}": PAGE for inner in ("a.html", "drafts/./d.html", "__MACOSX/a.html")}
    Path(name).write_bytes(FORMATS[name.replace("s.", "x.")](members))
    assert paths(expand([name])) == ["s/a.html", "s/drafts/d.html"]
    assert paths(expand([name], selection((), ["drafts/**"]))) == ["s/a.html"]
    assert paths(expand([name], selection(["drafts/*.html"]))) == ["s/drafts/d.html"]
