"""The markdownify engine: a cleaned article -> Markdown.

lxml tree -> BeautifulSoup -> canonical tree (`soup_tree`, `soup_inline`, `soup_tables`) -> escapes (`soup_escape`)
-> markdownify. What arrives at markdownify has no white space to decide and no block where a line is expected, so
that its conversions, which return strings and cannot see their neighbours, are right.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bs4 import BeautifulSoup, Tag
from lxml import etree
from markdownify import ATX, MarkdownConverter

from converter.errors import EmitError
from converter.soup_escape import escape_block, escape_text
from converter.soup_tree import HEADINGS, canonical

if TYPE_CHECKING:
    from converter.model import Article, HardBreak

_BREAKS: Final = {"backslash": "\\\n", "spaces": "  \n"}


def emit(article: Article, hard_break: HardBreak = "backslash") -> str:
    """Write the body of a cleaned article as Markdown.

    Args:
        article: its tree is read, not changed.
        hard_break: how a line break inside a paragraph is written.

    Returns:
        Markdown without front matter that ends in one newline; an empty string for an empty body.

    Raises:
        EmitError: the article nests deeper than the interpreter can follow.

    """
    try:
        # As XML: written as HTML, libxml2 percent-encodes spaces and every non-ASCII character of addresses.
        html = etree.tostring(article.root, encoding="unicode", with_tail=False)
        tree = canonical(BeautifulSoup(html, "html.parser"), prettified=article.prettified)
        notes = frozenset(str(note["label"]) for note in tree.find_all("x-note"))
        for block in tree.find_all(["p", "td", "th", *HEADINGS]):
            escape_block(block, _BREAKS[hard_break], notes)
        text = Converter(_BREAKS[hard_break]).convert_soup(tree)
    except RecursionError as error:
        problem = "elements are nested too deeply for the markdownify engine"
        raise EmitError(problem, remedy="convert it with --engine native") from error
    return f"{text}\n" if text else ""


class Converter(MarkdownConverter):
    """markdownify with the conversions that need to know more than their own text."""

    class Options(MarkdownConverter.DefaultOptions):  # type: ignore[name-defined,misc]  # stubs omit it
        """The house style."""

        autolinks = False
        bullets = "-"
        heading_style = ATX

    def __init__(self, hard_break: str) -> None:
        """Remember how a break inside a paragraph is written."""
        super().__init__()
        self._hard_break = hard_break

    def escape(self, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """Return the text as it is: it has been escaped with its neighbours in view."""
        return text

    def convert_p(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """Write a paragraph; in a tight list without blank lines around it."""
        gap = "\n" if _in_tight_list(el) else "\n\n"
        return f"{gap}{text}{gap}"

    def convert_br(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """Write a hard break; inside a cell or heading, which are one line, what stands for it there."""
        if parent_tags & {"td", "th"}:
            return "<br>"
        if "_inline" in parent_tags:
            return " "
        return self._hard_break

    def convert_blockquote(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """Put `>` before every line, the empty ones as well, or the quote would end there."""
        lines = text.strip("\n").split("\n")
        quoted = "\n".join(f"> {line}" if line else ">" for line in lines)
        return f"\n\n{quoted}\n\n"

    def convert_list(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """Write a list; inside a tight one without blank lines around it."""
        gap = "\n" if _in_tight_list(el) else "\n\n"
        return gap + text.strip("\n") + gap

    convert_ul = convert_list
    convert_ol = convert_list

    def convert_li(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """Indent an item to its content column."""
        parent = _parent(el)
        marker = parent["marker"]
        if parent.name == "ol":
            marker = f"{el['number']}{marker}"
        indent = " " * (len(marker) + 1)
        lines = text.strip("\n").split("\n")
        body = "\n".join(f"{indent}{line}" if line and number else line for number, line in enumerate(lines))
        return f"{marker} {body}" + ("\n" if parent.has_attr("tight") else "\n\n")

    def convert_x_note(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """Write a footnote: everything behind its first line is indented."""
        lines = text.strip("\n").split("\n")
        body = "\n".join(f"    {line}" if line and number else line for number, line in enumerate(lines))
        return f"\n\n[^{el['label']}]: {body}\n\n"

    def convert_hr(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """Write a thematic break; `- ---` would be one break instead of an item that holds one."""
        first_in_item = _parent(el).name == "li" and el.previous_sibling is None
        return "\n\n***\n\n" if first_in_item else "\n\n---\n\n"

    def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """Write a fence that is longer than every run of backticks in the code."""
        code = el.get_text().removesuffix("\n")
        fence = "`" * max(3, 1 + _longest_run(code))
        return f"\n\n{fence}{el.get('language') or ''}\n{code}\n{fence}\n\n"

    def convert_code(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """Write inline code; spaces keep backticks at its edges away from the delimiters."""
        code = el.get_text()
        fence = "`" * _free_run(code)
        pad = " " if code.startswith("`") or code.endswith("`") else ""
        return f"{fence}{pad}{code}{pad}{fence}"

    def convert_x_tex(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """Write a formula between dollars, display math as a block."""
        tex = el.get_text()
        return f"\n\n$$\n{tex}\n$$\n\n" if el.get("display") else f"${tex}$"

    def convert_x_raw(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """Write Markdown or HTML that is ready: a task box, a code block in a cell."""
        return el.get_text()

    def convert_x_url(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """Write a link whose text is its address."""
        return f"<{el.get_text()}>"

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """Write an inline link."""
        return f"[{text}]({_target(el, 'href')})" if text else ""

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """Write an image."""
        return f"![{escape_text(str(el.get('alt') or ''))}]({_target(el, 'src')})"

    def _keep(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return f"<{el.name}>{text}</{el.name}>"

    convert_sub = _keep
    convert_sup = _keep
    convert_kbd = _keep

    def convert_td(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """Write a cell; GFM reads the escape of a pipe before everything else, also in code."""
        escaped = text.replace("|", "\\|")
        return f" {escaped} |"

    convert_th = convert_td


def _parent(el: Tag) -> Tag:
    parent = el.parent
    if parent is None:
        message = f"<{el.name}> outside of a tree"
        raise TypeError(message)
    return parent


def _in_tight_list(el: Tag) -> bool:
    parent = _parent(el)
    return parent.name == "li" and _parent(parent).has_attr("tight")


def _longest_run(code: str) -> int:
    return max(map(len, re.findall("`+", code)), default=0)


def _free_run(code: str) -> int:
    """Return the least number of backticks that occurs nowhere in the code as a run."""
    runs = set(map(len, re.findall("`+", code)))
    return next(length for length in range(1, len(runs) + 2) if length not in runs)


def _target(el: Tag, attribute: str) -> str:
    """Write destination and title of a link or image (CommonMark 6.3)."""
    url = str(el.get(attribute) or "").replace("\\", "%5C")
    url = re.sub(r"&(?=#?\w+;)", "&amp;", url)
    url = re.sub(r"[\s<>]", lambda m: f"%{ord(m.group()):02X}", url)
    url = url if _balanced(url) else f"<{url}>"
    title = re.sub(r'(["\\])', r"\\\1", str(el.get("title") or ""))
    return f'{url} "{title}"' if title else url


def _balanced(url: str) -> bool:
    depth = 0
    for char in re.findall("[()]", url):
        depth += 1 if char == "(" else -1
        if depth < 0:
            return False
    return depth == 0
