"""Front matter: cut it off, read it, normalize its fields, write it.

One small function per field; `_FIELDS` is the order of the output. What was said and is not in the output any more, or
means something else there, gets a Note; mere reformatting gets none.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from converter.dates import find_date, read_date
from converter.front_block import has_markup, parse, split
from converter.lenient_yaml import dump
from converter.model import FieldPolicy, FrontMatter, Metadata, Note
from converter.parameters import without_marks
from converter.urls import decode_hex_url, full_size, runs_script

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["decode_hex_url", "dump", "normalize", "parse", "split"]

# --- normalize -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Work:
    """What a field function sees.

    Attributes:
        raw: the fields as read.
        page: what the page says.
        policy: what the site's profile says.
        notes: where to put notes.
        done: the fields before this one.
        kept: known keys whose value is of a kind that only its writer knows; they stay under their own name.

    """

    raw: dict[str, object]
    page: Metadata
    policy: FieldPolicy
    notes: list[Note] = field(default_factory=list)
    done: dict[str, object] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)

    def note(self, rule: str, text: str) -> None:
        """Tell the reader of the output something."""
        self.notes.append(Note(rule, text))


def normalize(raw: Mapping[str, object], page: Metadata, policy: FieldPolicy) -> FrontMatter:
    """Bring fields to the one form of the output.

    Args:
        raw: the fields as `parse` read them.
        page: what the page around the article says; it wins for the title and the source.
        policy: placeholders, random images and time zone of the site.

    Returns:
        The known fields in their fixed order, those that say nothing left out, then the unknown ones in theirs.

    """
    work = _Work({}, page, policy)
    work.raw = _canonical_keys(raw, work)
    for name, read in _FIELDS:
        value = read(work)
        if value is not None and value not in ("", []):
            work.done[name] = value
    for key, value in work.raw.items():
        if (key not in _CONSUMED or key in work.kept) and key not in work.done:
            work.done[key] = value
    return FrontMatter(work.done, tuple(work.notes))


def _canonical_keys(raw: Mapping[str, object], work: _Work) -> dict[str, object]:
    """Write known keys as we know them: `Tags` is `tags`. HTML that YAML took for a key would end the block."""
    fields: dict[str, object] = {}
    for key, value in raw.items():
        name = _SPELLINGS.get(key.lower(), key)
        if has_markup(key):
            work.note("front-matter-unreadable", f"{key}: {_text(value)}")
        elif name in fields or (name != key and name in raw):
            work.note("front-matter-duplicate-key", f"{key}: given twice, left out: {_text(value)}")
        else:
            fields[name] = value
    return fields


_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200c\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffc\ufffd"
    "\\ud800-\\udfff]"
)


def _text(value: object) -> str:
    """Write a scalar as one line of text; mappings and lists of texts too, since `a: b` and `[x]` read as those."""
    if value is None:
        return ""
    if isinstance(value, str):
        # Python calls nearly all of them unprintable, and knows so in a tenth of the time.
        clean = value.isprintable() and "\ufffc" not in value and "\ufffd" not in value
        return " ".join((value if clean else _INVISIBLE.sub("", value)).split())
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        pairs = (f"{_text(key)}: {_text(item)}".strip(": ") for key, item in value.items())
        return " ".join(", ".join(filter(None, pairs)).split())
    if isinstance(value, (list, tuple)):
        return ", ".join(filter(None, map(_text, value)))
    return str(value)


def _first(work: _Work, keys: Iterable[str]) -> str:
    """Take the first key that says something; a Note for each other one that says something else."""
    chosen = ""
    for key in keys:
        text = _text(work.raw.get(key))
        if not chosen:
            chosen = text
        elif text and text != chosen:
            work.note("front-matter-field-dropped", f"{key}: {text}")
    return chosen


# --- title -----------------------------------------------------------------------------------------------------------

_DATE_PREFIX: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}-(?=.)").match
_NOT_WORD: Final = re.compile(r"[\W_]+")


@lru_cache(maxsize=16)  # the same few titles are compared with each other
def _letters(text: str) -> str:
    """Reduce to what makes two titles the same: case, width, space and punctuation do not count."""
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", text).casefold())


def _without_date(text: str) -> str:
    prefix = _DATE_PREFIX(text)
    return text[prefix.end() :] if prefix else text


def _title(work: _Work) -> str:
    given, alt = _first(work, ("title", "post_title")), _image_alt(work)
    bare = _without_date(given)
    if bare != given and alt == bare:
        given = bare
    chosen = _text(work.page.title) or given
    if given and _letters(chosen) not in {_letters(given), _letters(bare)}:
        work.note("title-replaced", f"front matter says: {given}")
    if not chosen:
        stem = _without_date(_text(work.page.stem))
        chosen = _text(work.page.first_heading) or stem or "Untitled"
        if not work.page.first_heading:
            work.note("title-guessed", f"no title is given; taken from the file name: {chosen}")
    return chosen


def _image_alt(work: _Work) -> str:
    image = work.raw.get("image")
    return _text(image.get("alt")) if isinstance(image, Mapping) else ""


# --- dates -----------------------------------------------------------------------------------------------------------


def _date_field(work: _Work, keys: tuple[str, ...], from_page: str) -> datetime | str | None:
    text = _first(work, keys)
    moment = read_date(text, work.policy.utc_offset) if text else find_date(from_page, work.policy.utc_offset)
    text = text or _text(from_page)
    if moment is None and text:
        work.note("date-invalid", f"{keys[0]}: kept as text: {text}")
    return moment or text or None


def _date(work: _Work) -> datetime | str | None:
    return _date_field(work, ("date", "post_date", "pubDatetime", "datePublished"), work.page.date)


def _updated(work: _Work) -> datetime | str | None:
    return _date_field(work, ("updated", "lastmod", "last_modified_at", "modified"), work.page.updated)


# --- text fields -----------------------------------------------------------------------------------------------------


# A row of spaces as an editor writes it; a single one may be what the post is about.
_SPACES: Final = r"(?:\s*&nbsp;){2,}\s*"  # compiled where one is: start-up counts


def _description(work: _Work) -> str:
    text = _text(work.raw.get("description")) or _text(work.page.description)
    if "&nbsp;" in text:
        text = re.sub(_SPACES, " ", text).strip()
    query = _text(work.raw.get("keywords")) or _text(work.page.keywords)
    at = text.find("_") if query else -1
    while at >= 0:
        tail = text[at + 1 :].strip()
        # The site's own summary is `lead_query`, cut at 50 characters. `user_id` is a name, whatever the query.
        named = tail != query and tail.isascii() and text[at - 1 : at].isascii() and text[at - 1 : at].isalnum()
        if tail and query.startswith(tail) and not named:
            work.note("description-tail-cut", f"_{tail}")
            return text[:at].rstrip()
        at = text.find("_", at + 1)
    # Cut right before the query; `tang_bo_hu_` and `以 _` are names.
    if query and text[-1:] == "_" and text[-2:-1] > "\u3000":
        work.note("description-tail-cut", "_")
        return text[:-1].rstrip()
    return text


def _author(work: _Work) -> object:
    value = work.raw.get("author")
    if isinstance(value, (Mapping, list)) and value:
        return value
    return _text(value) or _text(work.page.author)


def _language(work: _Work) -> str:
    return _first(work, ("language", "lang")) or _text(work.page.language)


def _math(work: _Work) -> object:
    value = work.raw.get("math")
    if value in (None, [], {}) or (isinstance(value, str) and not value.strip()):
        return True if work.page.math else None
    if value or not work.page.math:
        return value
    # The page had its formulas drawn; what comes out of it has them as text.
    work.note("front-matter-field-dropped", f"math: {_text(value)}, but the body has formulas")
    return True


# --- lists -----------------------------------------------------------------------------------------------------------

_COMMAS: Final = re.compile(r"[,，、]")


def _flat(value: object) -> list[str]:
    """Flatten to texts; Hexo nests lists of categories, and `- a: b` is a mapping to YAML but a name to its writer."""
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _flat(item)]
    text = _text(value)
    return [text] if text else []


def _distinct(items: Iterable[str]) -> list[str]:
    seen: dict[str, str] = {}
    for item in items:
        seen.setdefault(item.casefold(), item)
    return list(seen.values())


def _terms(work: _Work, keys: tuple[str, str], from_page: tuple[str, ...]) -> list[str]:
    given: list[str] = []
    jekyll = "layout" in work.raw
    for key in keys:
        value = work.raw.get(key)
        if isinstance(value, list) and any(isinstance(item, list) for item in value):
            work.note("terms-flattened", f"{key}: {value}")
        # Jekyll, whose posts have a layout, takes a singular key for one term, and splits the plural at spaces.
        if isinstance(value, str) and not (jekyll and key == keys[1]):
            given += _split_terms(value, spaces=jekyll)
        else:
            given += _flat(value)
    return _meaningful(work, keys[0], given) or _meaningful(work, keys[0], [*map(_text, from_page)])


def _split_terms(text: str, *, spaces: bool) -> list[str]:
    parts = _COMMAS.split(text)
    parts = text.split() if len(parts) == 1 and spaces else parts  # `categories: jekyll update`
    return [term for part in parts if (term := _text(part))]


def _meaningful(work: _Work, key: str, terms: list[str]) -> list[str]:
    kept = []
    for term in _distinct(terms):
        # `\N` is how a database export writes "no value", and each exporter on the way doubled the backslash.
        if term in work.policy.placeholders or ("\\" in term and term.strip("\\") == "N"):
            work.note("placeholder-dropped", f"{key}: {term}")
        elif term:
            kept.append(term)
    return kept


def _categories(work: _Work) -> list[str]:
    return _terms(work, ("categories", "category"), work.page.categories)


def _tags(work: _Work) -> list[str]:
    return _terms(work, ("tags", "tag"), work.page.tags)


def _keywords(work: _Work) -> object:
    value = work.raw.get("keywords")
    return _distinct(_flat(value)) if isinstance(value, list) else _text(value)


# --- cover -----------------------------------------------------------------------------------------------------------

_COVER_KEYS: Final = ("image", "cover", "img", "featuredImage", "featuredImagePreview")


def _cover(work: _Work) -> str:
    chosen = chosen_key = ""
    for key in _COVER_KEYS:
        url = _no_script(work, key, _image_url(work, key))
        if not url or url == chosen:
            continue
        if any(part in url for part in work.policy.random_images):
            work.note("random-image-dropped", f"{key}: {url}")
        elif chosen:
            work.note("front-matter-field-dropped", f"{key}: {url}")
        else:
            chosen, chosen_key = url, key
    alt = _image_alt(work)
    if alt and "image" not in work.kept:
        known = {_letters(_text(text)) for text in (work.raw.get("title"), work.done.get("title"))}
        known |= {_letters(_without_date(_text(work.raw.get("title"))))}
        if _letters(alt) not in known:
            work.note("image-alt-dropped", alt)
    if chosen and "cover" in work.kept:
        # A theme's own `cover` keeps its key, and so does the address.
        work.raw[chosen_key] = chosen
        work.kept.add(chosen_key)
        return ""
    return chosen


def _image_url(work: _Work, key: str) -> str:
    value = work.raw.get(key)
    if isinstance(value, str):
        return _picture(work, value)
    if not isinstance(value, Mapping):
        # `cover: false` switches something off in a theme: not an address, kept under its key.
        if value not in (None, []):
            work.kept.add(key)
        return ""
    if set(value) <= {"path", "alt"}:
        return _picture(work, value.get("path"))
    work.kept.add(key)
    return ""


_REFERENCE: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|amp);")


def _picture(work: _Work, value: object) -> str:
    """Write the address of a picture as in the body: exporters copied it out of HTML, references (`&#61;`) and all."""
    address = _text(value)
    if "&" in address:
        address = _REFERENCE.sub(lambda found: html.unescape(found[0]), address)
    marks = work.policy.picture_marks
    return without_marks(address, marks) if any(mark in address for mark in marks) else full_size(address)


# --- source ----------------------------------------------------------------------------------------------------------

_URL: Final = re.compile(r"https?://[^\s<>\"]+").fullmatch
_ARTICLE_NUMBER: Final = re.compile(r"/article/details/(\d+)").search
_NUMBER_ALONE: Final = re.compile(r"(?:\d{4}-\d{1,2}-\d{1,2}-)?(\d{5,10})").fullmatch  # behind a title it may be a date


def _no_script(work: _Work, key: str, address: str) -> str:
    """Leave out an address that runs a script: themes write these fields into links."""
    if not runs_script(address, picture=key in _COVER_KEYS):
        return address
    work.note("front-matter-field-dropped", f"{key}: {address}")
    return ""


def _source_url(work: _Work) -> str:
    hidden = _text(work.raw.get("arturl_encode"))
    decoded = decode_hex_url(hidden)
    if hidden and not decoded:
        work.note("source-url-unreadable", f"arturl_encode: {hidden}")
    named = _no_script(work, "source_url", _first(work, ("source_url", "original_url", "canonical_url")))
    chosen = _no_script(work, "source_url", _text(work.page.source_url)) or decoded or named
    for url in (decoded, named):
        if url and url != chosen:
            work.note("front-matter-field-dropped", f"source_url: {url}")
    return chosen or work.page.location


def _source_id(work: _Work) -> str:
    given, on_page = _first(work, ("artid", "source_id")), _text(work.page.source_id)
    if given and on_page and given != on_page:
        work.note("front-matter-field-dropped", f"artid: {given}")
    if on_page or given:
        return on_page or given
    in_url = _ARTICLE_NUMBER(str(work.done.get("source_url", "")))
    found = in_url or _NUMBER_ALONE(work.page.stem)
    return found[1] if found else ""


_FIELDS: Final[tuple[tuple[str, Callable[[_Work], object]], ...]] = (
    ("title", _title),
    ("date", _date),
    ("updated", _updated),
    ("description", _description),
    ("author", _author),
    ("categories", _categories),
    ("tags", _tags),
    ("keywords", _keywords),
    ("cover", _cover),
    ("source_url", _source_url),
    ("source_id", _source_id),
    ("language", _language),
    ("math", _math),
)
_SYNONYMS: Final = (
    "lastmod last_modified_at modified category tag original_url canonical_url arturl_encode artid lang post_title"
    " post_date pubDatetime datePublished"
)
_CONSUMED: Final = frozenset([name for name, _ in _FIELDS]) | {*_COVER_KEYS, *_SYNONYMS.split()}
_SPELLINGS: Final = {key.lower(): key for key in _CONSUMED}
