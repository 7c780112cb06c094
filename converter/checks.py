"""What can be wrong with a Markdown file of an archive, whoever wrote it: the work of `archive2md check`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

from converter import frontmatter, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from converter.model import Target

RULES: Final[dict[str, str]] = {
    "no-front-matter": "the file has no front matter",
    "front-matter-invalid": "the front matter is no valid YAML, or a key is there twice",
    "no-title": "the front matter has no title",
    "no-date": "the front matter has no date",
    "date-invalid": "a date is not ISO 8601, or does not exist",
    "duplicate-id": "another file has the same `source_id` and site, or the same `source_url`",
    "open-fence": "a code block or a formula begins and does not end",
    "dead-link": "a relative link or picture leads to no file",
    "raw-html": "HTML that the output style does not use, which renderers drop or show as text",
    "unsafe-html": "HTML or an address that runs scripts",
    "template-syntax": "`{{` or `{%`, which Jekyll, Hugo, Hexo or Eleventy would execute",
    "not-utf-8": "the bytes are not UTF-8",
}
"""Rule -> what a finding of it means."""

_DATE: Final = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_FENCE: Final = re.compile(r"(?: {0,3}|(?:[ >]|\d+[.)] |[-*+] )*)(`{3,}|~{3,})([^`\n]*)$")
_DOLLARS: Final = re.compile(r"(?:[ >\t]|\d+[.)] |[-*+] )*\$\$\s*")
# What each generator executes. Who says of none is told of all, but not of shortcodes that are written to be shown.
_TEMPLATES: Final[Mapping[Target, re.Pattern[str]]] = {
    "commonmark": re.compile(r"\{\{(?![<%]/\*)|(?<!\{)\{%"),
    "jekyll": re.compile(r"\{\{|\{%"),
    "hexo": re.compile(r"\{[{%#]"),
    "hugo": re.compile(r"\{\{[<%](?!/\*)"),
}
_SWITCHED_OFF: Final = (("jekyll", "render_with_liquid", False), ("hexo", "disableNunjucks", True))
"""Fields of the front matter that say that a generator executes nothing."""
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][\w-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
_TARGET: Final = re.compile(r'<(?:a|img)\b[^>]*? (?:href|src)="([^"]*)"')
_LISTING: Final = re.compile(r"<pre><code[^>]*>.*?</code></pre>|<code>.*?</code>", re.DOTALL)
_SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_SCRIPT: Final = re.compile(r"\s*(?:javascript|vbscript|data:text/html)", re.IGNORECASE)
_HANDLER: Final = re.compile(r"\son\w+\s*=", re.IGNORECASE)
_UNSAFE: Final = frozenset("script iframe object embed form style link meta base svg math".split())
# What the renderer writes, and what docs/style.md keeps as HTML.
_USUAL: Final = frozenset(
    "p a img em strong del code pre br hr h1 h2 h3 h4 h5 h6 ul ol li blockquote table thead tbody tfoot tr th td "
    "caption sub sup kbd span div input dl dt dd b i s".split()
)
_SUFFIXES: Final = (".md", ".markdown", ".html", ".htm")


class Finding(NamedTuple):
    """Something that is wrong: its rule, the line from 1 (0 for the whole file), and one line for people."""

    rule: str
    line: int
    text: str


class Checked(NamedTuple):
    """What was found in one file, and by which names its article is known."""

    findings: tuple[Finding, ...]
    ids: tuple[str, ...]


def check(data: bytes, exists: Callable[[str], bool], target: Target = "commonmark") -> Checked:
    """Check one file.

    Args:
        data: the file.
        exists: tells whether there is a file at a path relative to this one.
        target: the generator that shall read it; `commonmark` for any.

    """
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Checked((Finding("not-utf-8", line, f"byte {error.start} is not UTF-8"),), ())
    front, body = frontmatter.split(text)
    offset = text.count("\n", 0, len(text) - len(body))
    findings: list[Finding] = []
    fields: Mapping[str, object] = {}
    if front is None:
        findings.append(Finding("no-front-matter", 1, "no front matter"))
    else:
        fields, notes = frontmatter.parse(front)
        findings += [Finding("front-matter-invalid", 1, f"{note.rule}: {note.text}") for note in notes]
        findings += _fields(fields, front)
    findings += _templates(body, offset, target, fields)
    findings += _lines(body, offset)
    findings += _rendered(body, offset, exists)
    return Checked(tuple(findings), _ids(fields))


def _fields(fields: Mapping[str, object], front: str) -> Iterator[Finding]:
    if not str(fields.get("title") or "").strip():
        yield Finding("no-title", 1, "no title")
    if not fields.get("date"):
        yield Finding("no-date", 1, "no date")
    for name in ("date", "updated"):
        written = re.search(rf"^{name}:[ \t]*['\"]?(.*?)['\"]?[ \t]*$", front, re.MULTILINE)
        if fields.get(name) and written and not _DATE.fullmatch(written[1]):
            line = front.count("\n", 0, written.start()) + 2
            yield Finding("date-invalid", line, f"{name}: {written[1]}")


def _ids(fields: Mapping[str, object]) -> tuple[str, ...]:
    """Names of the article: its address, and its number on its site."""
    address = str(fields.get("source_url") or "").partition("://")[2]
    number = str(fields.get("source_id") or "")
    site = ".".join(address.partition("/")[0].split(".")[-2:])
    return tuple(filter(None, (address, f"{site} {number}" if number else "")))


def _templates(body: str, offset: int, target: Target, fields: Mapping[str, object]) -> Iterator[Finding]:
    """Look for what template engines execute, in code as well."""
    off = any(target in {name, "commonmark"} and fields.get(key) is value for name, key, value in _SWITCHED_OFF)
    for number, line in enumerate([] if off or "{" not in body else body.split("\n"), offset + 1):
        if "{" in line and (found := _TEMPLATES[target].search(line)):
            yield Finding("template-syntax", number, _cut(line[found.start() :]))


def _lines(body: str, offset: int) -> Iterator[Finding]:
    """Look at the lines: fences of listings and formulas."""
    fence, opened = "", 0
    formula = 0
    for number, line in enumerate(body.split("\n"), offset + 1):
        if fence:
            bare = line.strip(" >\t")
            if bare.startswith(fence) and not bare.strip(fence[0]):
                fence = ""
        elif ("```" in line or "~~~" in line) and (found := _FENCE.match(line)):
            fence, opened = found[1], number
        elif "$$" in line and _DOLLARS.fullmatch(line):
            formula = 0 if formula else number
    if fence:
        yield Finding("open-fence", opened, f"{fence} is not closed")
    elif formula:
        yield Finding("open-fence", formula, "$$ is not closed")


def _rendered(body: str, offset: int, exists: Callable[[str], bool]) -> Iterator[Finding]:
    """Look at the rendering: tags, and where links lead."""
    html = verify.render(body)
    lines = body.split("\n")
    if "<" in body:
        for tag, inside in _tags(html):
            unsafe = tag in _UNSAFE or _HANDLER.search(inside)
            if unsafe or tag not in _USUAL:
                rule = "unsafe-html" if unsafe else "raw-html"
                yield Finding(rule, _find(lines, f"<{tag}", offset), _cut(f"<{tag}{inside}>"))
    for target in dict.fromkeys(_TARGET.findall(html)):
        if _SCRIPT.match(target):
            yield Finding("unsafe-html", _find(lines, target, offset), _cut(target))
        elif _is_relative(target) and not _leads_somewhere(target, exists):
            yield Finding("dead-link", _find(lines, target, offset), _cut(target))


def _tags(html: str) -> Iterator[tuple[str, str]]:
    """Different start tags outside of code that the renderer may not have written itself."""
    told: set[str] = set()
    for closing, name, inside in _TAG.findall(_LISTING.sub("", html)):
        tag = name.lower()
        key = f"{tag} {bool(_HANDLER.search(inside))}"
        if not closing and key not in told:
            told.add(key)
            yield tag, inside


def _is_relative(target: str) -> bool:
    return bool(target) and target[0] not in "#/?" and not _SCHEME.match(target)


def _leads_somewhere(target: str, exists: Callable[[str], bool]) -> bool:
    """Whether a file is there; a site generator writes `a.html` or `a/` of `a.md`."""
    path = unquote(re.split(r"[?#]", target.replace("&amp;", "&"))[0])
    stem = path.removesuffix(".html").rstrip("/")
    return exists(path) or any(exists(stem + suffix) for suffix in _SUFFIXES)


def _find(lines: list[str], text: str, offset: int) -> int:
    """Find the line of a text; 0 when it was written in another way."""
    low = text.lower()
    return next((number for number, line in enumerate(lines, offset + 1) if low in line.lower()), 0)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."  # noqa: PLR2004 (as long as fits into a line)
