"""What converting one post does, and why: the same conversion, with somebody taking notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from converter import decode, frontmatter, pipeline
from converter.errors import ConverterError
from converter.model import Inspection, Metadata, Options, Origin, Page, Source
from converter.rules import kind_of
from converter.trace import Account

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What a piece of metadata is called that no selector found.
_PLACES: Final = {
    "stem": "file name",
    "first_heading": "first heading of the body",
    "location": "its container",
    "math": "formulas in the body",
}
_CONTEXT: Final = ("layout",)
"""Front matter keys that tell how to read others."""


def inspect(source: Source, options: Options) -> Inspection:
    """Convert one source and tell how the result came about; an error becomes the `error` of the inspection."""
    account = Account()
    found = Inspection(source.name)
    try:
        page = decode.decode(source, options.encoding)
        found = found._replace(kind=page.kind, encoding=_encoding(page, source, options))
        result = pipeline.from_page(page, options, source.url, account)
    except ConverterError as e:
        return found._replace(error=str(e.about(source.name)))
    chosen = account.seen.get("profile", "")
    if options.profile != "auto":
        chosen = "as asked for by --profile"
    return found._replace(
        profile=result.profile,
        chosen=chosen or ("no profile recognised the page" if result.profile else ""),
        root=account.seen.get("root", ""),
        outside=int(account.seen.get("outside", 0)),
        text=(max(0, account.trace.found), max(0, account.trace.left)),
        gone={rule: count for rule, count in sorted(account.trace.gone.items()) if count},
        fields=tuple(_origins(account)),
        counts={rule: n for rule, n in sorted(result.facts.removed.items()) if kind_of(rule) != "form"},
        removed=tuple(account.trace.removals),
        changed=tuple(account.trace.changes),
        reshaped={rule: n for rule, n in sorted(result.facts.removed.items()) if kind_of(rule) == "form"},
        notes=tuple(note for note in result.notes if note.rule not in result.facts.removed),
    )


def _encoding(page: Page, source: Source, options: Options) -> tuple[str, str]:
    if options.encoding:
        return page.encoding, "as asked for by --encoding"
    guess = next((note.text for note in page.notes if note.rule == "encoding-guessed"), "")
    if guess:
        return page.encoding, guess.partition(";")[0]
    if source.data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
        return page.encoding, "byte order mark"
    if page.encoding == "utf-8":
        damaged = any(note.rule == "bytes-dropped" for note in page.notes)
        return page.encoding, "UTF-8 with broken bytes" if damaged else "valid UTF-8"
    return page.encoding, "declared by its container" if source.encoding else "declared by the page"


def _origins(account: Account) -> Iterator[Origin]:
    """Tell for each field what it was made of: by leaving out every source in turn, and by leaving out all others."""
    raw, metadata = account.raw, account.metadata
    pieces = [name for name in metadata._fields if getattr(metadata, name)]
    context = {key: raw[key] for key in _CONTEXT if key in raw}

    def alone(one: Mapping[str, object], page: Metadata) -> Mapping[str, object]:
        return frontmatter.normalize({**context, **one}, page, account.policy).fields

    def without(key: str, piece: str) -> Mapping[str, object]:
        rest = {name: value for name, value in raw.items() if name != key}
        page = metadata._replace(**{piece: getattr(Metadata(), piece)}) if piece else metadata
        return frontmatter.normalize(rest, page, account.policy).fields

    sources: list[tuple[str, tuple[Mapping[str, object], Metadata], tuple[str, str]]] = [
        *((_place(piece, account), ({}, _only(metadata, piece)), ("", piece)) for piece in pieces)
    ]
    sources += [(f"front matter: {key}", ({key: value}, Metadata()), (key, "")) for key, value in raw.items()]
    nothing = alone({}, Metadata())
    tried = [(place, alone(*only), without(*rest)) for place, only, rest in sources]
    for name, value in account.front.fields.items():
        enough = [place for place, only, _ in tried if only.get(name) == value and nothing.get(name) != value]
        needed = [place for place, _, rest in tried if rest.get(name) != value]
        enough = [place for place in enough if place in needed] or enough
        yield Origin(name, value, "; ".join(enough or needed) or "nothing better")


def _only(metadata: Metadata, piece: str) -> Metadata:
    return Metadata(**{piece: getattr(metadata, piece)})


def _place(piece: str, account: Account) -> str:
    if piece in _PLACES:
        return _PLACES[piece]
    if piece == "source_id":
        return "number in the address"
    return f"page: {account.seen[piece]}" if piece in account.seen else "page"
