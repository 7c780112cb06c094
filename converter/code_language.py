"""The language of a listing: what its markup states, told apart from what an editor or a highlighter made up.

Markup states a language by class (`language-java`, `brush: java`, `kdocs-java`, `dp-j`) or attribute (`lang`). Editors
write one where they know none (`language-html` is the default of one of them: 422 of 874 such listings hold no tag),
and highlight.js guesses (of 424 posts with a bare `hljs lasso` most are wrong). Neither is taken at its word.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from converter.tree import Element

# Names that mean "no language": written for want of a better one, class names of highlighters, what an editor
# makes of a fence that it does not know (`apl`, `clike`, `yacas`: 31 posts, none of them in that language), and what
# stands beside the language (Pandoc's `numberSource`) or in its place (Enlighter's `generic` and `raw`).
_NO_LANGUAGE: Final = frozenset(
    "plain plaintext text txt none highlight undefined null code nohighlight brush prettyprint prettyprinted linenums "
    "hljs has default unknown auto line-numbers apl clike yacas linux a s output error generic raw "
    "numbersource numberlines lineanchors".split()
)
_ALIASES: Final = {
    "js": "javascript",
    "ecmascript": "javascript",
    "jscript": "javascript",
    "node": "javascript",
    "nodejs": "javascript",
    "py": "python",
    "python2": "python",
    "python3": "python",
    "ipython": "python",
    "ipython2": "python",
    "ipython3": "python",
    "cs": "csharp",
    "c#": "csharp",
    "c-sharp": "csharp",
    "c++": "cpp",
    "cc": "cpp",
    "sh": "bash",
    "yml": "yaml",
    "ts": "typescript",
    "md": "markdown",
    "objc": "objectivec",
    "objective-c": "objectivec",
    "golang": "go",
    "markup": "html",
    "htm": "html",
    "html5": "html",
    "rb": "ruby",
    "rs": "rust",
    "kt": "kotlin",
    "ps1": "powershell",
    "docker": "dockerfile",
}
# What may stand as a class without a prefix; any other bare class is the page's own (`displaycode`).
_KNOWN: Final = frozenset(
    "java javascript python bash shell html xml cpp c sql css csharp php json yaml go ruby kotlin swift perl lua scala "
    "groovy matlab r delphi pascal vb vbnet asp aspx actionscript objectivec typescript powershell bat batch cmd ini "
    "stylus less scss sass jsx tsx vim toml http protobuf graphql julia elixir clojure fsharp dos diff cmake "
    "properties diff dart rust markdown latex dockerfile nginx makefile asm haskell erlang lisp plsql jsp vue".split()
)
_BRUSHES: Final = {
    "j": "java",
    "c": "csharp",
    "d": "delphi",
    "py": "python",
}  # SyntaxHighlighter 1.5: <ol class="dp-j">

# Crayon writes `lang:java decode:true`.
_STATED: Final = re.compile(
    r"(?:^|\s)(?:(?:language-|lang-)+|lang:(?=[^\s:;?]+ decode:))([^\s:;?]+)|(?:^|\s)brush:\s*([^\s:;]+)", re.IGNORECASE
)
# Host-specific spellings: <pre class="kdocs-java">, <ol class="dp-sql">, <div class="dp-highlighter bg_cpp">; of Org,
# <pre class="src src-c">, whose names are those of languages.
_HOSTED: Final = re.compile(r"(?:^|\s)(?:(src-)|kdocs-|dp-(?!highlighter)|bg_)([A-Za-z][\w+#-]*)")
_FIRST_WORD: Final = re.compile(r"^\s*([A-Za-z][\w+#-]*)(?=:|\s|$)")  # <textarea class="java:nogutter" name="code">
# Around the listing: Sphinx, GitHub; MediaWiki; JupyterLab.
_BOXED: Final = re.compile(
    r"(?:^|\s)(?:highlight-(?:source-|text-)?|mw-highlight-lang-|hl-(?=ipython))([A-Za-z][\w+#]*)"
)
_LANGUAGES: Final = ("lang", "data-lang", "data-language", "data-enlighter-language", "data-ke-language")
_PARAMETERS: Final = "data-syntaxhighlighter-params"  # Confluence: `brush: java; gutter: false`
# What themes of Hexo write beside the language.
_OF_THE_BOX: Final = frozenset("wrap wrapper open closed center centered left right copyright full wide figure".split())
_NAME: Final = re.compile(r"[a-z][a-z0-9+#_-]*")  # no file names (`models.py`), no words of a message (`[ERROR]`)
_NATURAL: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)?")  # lang="zh-CN" is about the words

_TAG: Final = re.compile(r"<[A-Za-z/!?]")
# Bare classes that are believed when the text bears them out. No pattern looks far, so none costs the square. They are
# compiled where one is asked for: start-up counts.
_PLAUSIBLE: Final = {
    "java": (
        r"\b(?:public|private|protected)\s+(?:[\w<>\[\]]+\s+){1,6}\w+\s*[({;=]|\bimport\s+java|System\.out\.|@Override\b"
    ),
    "bash": (
        r"(?m)^[ \t]*(?:[$#][ \t]*)?(?:#!/bin/|(?:sudo|apt(?:-get)?|yum|cd|ls|mkdir|rm|cp|mv|tar|wget|curl|export|chmod"
        r"|echo|git)\s)"
    ),
    "xml": r"\A\s*(?:<\?xml|<!--|<[A-Za-z][\w.:-]*[\s/>])",
    "sql": (
        r"(?im)^[ \t]*(?:\w+>[ \t]*)?(?:select\b[^;]{1,500}\bfrom|insert\s+into"
        r"|create\s+(?:table|database|index|view|user)|update\s+\w+\s+set|delete\s+from|(?:alter|drop)\s+table)\b"
    ),
    "python": (
        r"(?m)^[ \t]*(?:def \w+\([^\n]*\):|from [\w.]+ import |import [\w.]+[ \t]*$|class \w+[^\n{]*:[ \t]*$"
        r"|(?:if|for|while) [^\n{]*:[ \t]*$)"
    ),
    "cpp": r"#include\s*[<\"]|\bstd::|\busing\s+namespace\b|\b(?:cout|cin)\s*(?:<<|>>)",
    "javascript": r"\b(?:var|let|const)\s+[\w$]+\s*=|\bfunction(?:\s+\w+)?\s*\(|console\.log\(|=>\s*[{(\w]",
    "json": r"\A\s*[\[{]\s*(?:\"[^\"\n]*\"\s*[:,\]]|[\[{\]}])",
    "css": r"\{\s*[a-z-]+\s*:[^{};]+[;}]",
    "php": r"<\?php|\$\w+\s*(?:->|=[^=])",
}
_MOST_PROSE: Final = 5  # one character in five: more than comments make
_BELIEVABLE: Final = 20_000
"""So much of a listing is looked at: enough to tell a language."""


def language_of(element: Element, text: str) -> str:
    """Name the language of a listing; empty when its markup states none that can be believed.

    Args:
        element: the listing, with its `code` elements still in it.
        text: the text of the listing.

    """
    own = element.get("class") or ""
    inner = [c.get("class") or "" for c in element.iter("code")] if len(element) else []
    for name in _stated(element, own, inner):
        found = canonical_name(name)
        if found and (found != "html" or _TAG.search(text)):
            return found
    guesses = {_ALIASES.get(name, name) for names in (own, *inner) for name in names.lower().split()}
    if guesses.isdisjoint(_PLAUSIBLE):
        return ""
    head = text[:_BELIEVABLE]
    # The pattern is compiled when the first listing asks for it; most are ASCII.
    if not head.isascii() and _MOST_PROSE * len(re.findall("[\u4e00-\u9fff]", head)) > len("".join(head.split())):
        return ""  # Chinese prose with some code in it
    return next((name for name, telling in _PLAUSIBLE.items() if name in guesses and re.search(telling, head)), "")


@lru_cache(maxsize=1024)  # an archive has a few hundred spellings, and many listings
def canonical_name(name: str) -> str:
    """Fold the spellings of a language into one; empty for what names none."""
    clean = name.lower()
    clean = _ALIASES.get(clean, clean)
    return clean if clean not in _NO_LANGUAGE and _NAME.fullmatch(clean) else ""


def is_known(name: str) -> bool:
    """Tell whether a word is the name of a language even where nothing says that it is one."""
    return name in _KNOWN


def bears_out(name: str, text: str) -> bool:
    """Tell whether a text shows that it is in a language; never of one that has no telling signs."""
    telling = _PLAUSIBLE.get("xml" if name == "html" else name)
    return telling is not None and re.search(telling, text[:_BELIEVABLE]) is not None


def language_of_names(names: Iterable[str]) -> str:
    """Name the first language among class names."""
    return next((found for name in names if (found := canonical_name(name))), "")


def _stated(element: Element, own: str, inner: list[str]) -> Iterator[str]:
    """Yield what the markup states, the most telling first: the innermost class, then the spellings of hosts."""
    for names in reversed(inner):
        yield from _named(names)
    yield from _named(own)
    if own:
        yield from (m[2] if m[1] else _BRUSHES.get(m[2], m[2]) for m in _HOSTED.finditer(own))
    if own.startswith("sourceCode "):  # Pandoc: <pre class="sourceCode numberSource bash numberLines">
        yield language_of_names(own.split()[1:])
    # <pre name="code" class="java">: the one class is the language; `has` is none.
    if (
        (element.tag == "textarea" or element.get("name") == "code")
        and (m := _FIRST_WORD.match(own))
        and canonical_name(m[1]) in _KNOWN
    ):
        yield m[1]
    for one in (element, *element.iterchildren("code")):
        lang = next((value for name in _LANGUAGES if (value := one.get(name))), "").lower()
        if lang and (lang in _ALIASES or not _NATURAL.fullmatch(lang)):
            yield lang
    if parameters := element.get(_PARAMETERS):
        yield from _named(parameters)
    if found := _around(element):
        yield found


@lru_cache(maxsize=1024)
def _named(names: str) -> tuple[str, ...]:
    """List the languages that a class attribute names as such, the last first."""
    return tuple([m[1] or m[2] for m in _STATED.finditer(names)][::-1]) if names else ()


def _around(element: Element) -> str | None:
    """Find the language that the box around a listing names."""
    for _, box in zip(range(2), element.iterancestors("div", "figure"), strict=False):
        names = box.get("class") or ""
        if m := _BOXED.search(names):
            return m[1]
        # Rouge, VuePress: <div class="language-ruby highlight">
        if "language-" in names and (stated := _named(names)) and is_known(canonical_name(stated[0])):
            return stated[0]
        if names.startswith("highlight ") and box.tag == "figure":  # Hexo: <figure class="highlight js">
            found = names.split()
            known = next((name for name in found if is_known(canonical_name(name))), None)
            return known or (found[1] if found[1] not in _OF_THE_BOX and "-" not in found[1] else None)
    return None
