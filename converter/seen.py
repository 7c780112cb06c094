r"""What a reader sees of a piece of HTML, as one string: two pieces that say the same in other elements have the same.

Both sides of a verification become such strings, the cleaned article and the rendering of its Markdown, so that the
usual question - are they the same? - costs one comparison. It shares nothing with the reader and the engines: what
those take for granted is looked at again here.

The string is a sequence of blocks. Each begins with `BLOCK`, then what contains it (`h2`, `ul|-`, `table|tr|td1`; a
container is named where it begins), how deep it lies, and `HEAD`; then its text, white space collapsed, with
signs where the look of the characters changes. Bold, italic and struck are said of letters and digits only, since their
edges may have to move over punctuation (`**a:**b` cannot be written).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BLOCK, HEAD, LOOK, MARK, IMAGE, PART, MATH = "\x1d", "\x1e", "\x02", "\x03", "\x04", "\x05", "\x06"
MAYBE: Final = "\x1f"
"""A space or nothing: white space of which nobody knows whether the author or a pretty-printer put it there."""
LINE: Final = "\x0b"
"""A line break inside of a block."""

Token = tuple[str, str, str]
"""A tag (`p`, `/p`), its attributes as they are written, the text behind it."""
Enter = Callable[["Walk", str, str, str], "str | None"]
"""What an element does when it begins: walk, tag, attributes, text behind the tag. A leaf is read to its end and gives
the text behind it; others put on the stack what is to be done when they end."""

Leave = Callable[["Walk", int, Any], None]
"""What an element does when it ends."""
_Open = tuple[Leave | None, int, Any]

BOLD, ITALIC, STRUCK, IN_CODE, SUP, SUB, KEY = 1, 2, 4, 8, 16, 32, 64
_MOVABLE: Final = BOLD | ITALIC | STRUCK
_OF_ATOMS: Final = SUP | SUB | KEY
_ALL: Final = 127
_STYLES: Final = (
    # Compiled when a style is met that tells something: most posts have none.
    (r"(?i)font-weight\s*:\s*(?:bold|[6-9]00)", BOLD, 0),
    (r"(?i)font-weight\s*:\s*(?:normal|[1-4]00)", 0, BOLD),
    (r"(?i)font-style\s*:\s*(?:italic|oblique)", ITALIC, 0),
    (r"(?i)font-style\s*:\s*normal", 0, ITALIC),
    (r"(?i)line-through", STRUCK, 0),
    (r"kdocs-bold", BOLD, 0),
    (r"kdocs-italic", ITALIC, 0),
)
_EDGES: Final = " \t\n\r\f\u3000"
_SPACES: Final = re.compile(r"[ \t\n\r\f]+")
_ALNUM: Final = re.compile(r"[^\W_]")
_PLAIN: Final = f"{LOOK}0 {LOOK}"
_LOOKS: Final = re.compile(f"{LOOK}[^{LOOK}]*{LOOK}")
_DIGITS: Final = 9


class Difference(NamedTuple):
    """One difference.

    Attributes:
        kind: what differs: `text`, `heading`, `link`, ...
        block: number of the block in the article, from 1.
        article: what the article says there; empty when it has nothing there.
        markdown: what the Markdown says there.

    """

    kind: str
    block: int
    article: str
    markdown: str

    def __str__(self) -> str:
        """One line for people."""
        ours, theirs = (f"“{text}”" if text else "nothing" for text in (self.article, self.markdown))
        return f"block {self.block}, {self.kind}: the article has {ours}, the Markdown {theirs}"


def same(article: str, markdown: str) -> bool:
    """Tell whether both say the same; where the article may have a space, the Markdown may have one."""
    if MAYBE not in article:
        return article == markdown
    at, first = 0, True
    for part in article.split(MAYBE):
        if not first and markdown.startswith(" ", at):
            at += 1
        first = False
        if not markdown.startswith(part, at):
            return False
        at += len(part)
    return at == len(markdown)


class Walk:
    """The state of one walk: what holds for the next character, and what stands before it.

    `stack` has an entry for each open element, None when its end changes nothing. The others are what to call, the
    marks that held around it, and what else the call needs; inline elements and plain blocks, which most are, have None
    to call and the link around them, None for a block.
    """

    def __init__(self, *, article: bool = False, prettified: bool = False) -> None:
        """Begin with nothing read; see `seen`."""
        self.article = article
        self.prettified = prettified
        self.out: list[str] = []
        self.marks = 0
        self.mask = _ALL  # without bold in headings and header rows, which are bold anyway
        self.link = ""
        self.said = (0, "")
        self.boundary = 2
        """0: inside of a line, 1: a line break comes before the next character, 2: a new block."""
        self.gap = ""
        self.pending: list[str] = []  # containers in which nothing has been said yet
        self.path: list[str] = []
        self.depth = 0
        self.lists: list[List | None] = []
        self.tables: list[Table | None] = []
        self.filled: dict[int, int] | None = None  # the cells of each that hold something, once a table has begun
        self.unsayable: set[int] | None = None  # those with blocks in their cells, once it was asked
        self.in_cell = False
        self.heading: Heading | None = None
        self.outer: list[tuple[Heading, list[str], str, tuple[int, str]] | None] = []
        self.stack: list[_Open | None] = []
        self.tokens: list[Token] = []
        self.rest: Iterator[Token] = iter(())

    def read(self, tokens: list[Token], elements: Mapping[str, Enter]) -> None:
        """Read all tokens; `elements` says what each tag does, the others have a style at most."""
        self.tokens = tokens
        self.rest = iter(tokens)
        stack = self.stack
        push, pop, known = stack.append, stack.pop, elements.get
        for tag, attributes, text in self.rest:
            if tag[0] == "/":
                if stack and (ended := pop()) is not None:
                    self.leave(ended)
            else:
                enter = known(tag)
                if enter is not None:
                    behind = enter(self, tag, attributes, text)
                elif attributes and tells(attributes):
                    push((None, self.marks, self.link))
                    self.restyle(attributes)
                    behind = None
                else:
                    push(None)
                    behind = None
                if behind is not None:  # a leaf, read to its end
                    text = behind  # noqa: PLW2901
                elif attributes and attributes[-1] == "/":
                    ended = pop()
                    if ended is not None:
                        self.leave(ended)
            if text and not (self.boundary and text.isspace()):  # white space between blocks is half of all texts
                self.say(text)

    def leave(self, ended: _Open) -> None:
        """End an element."""
        call, marks, more = ended
        if call is not None:
            call(self, marks, more)
            return
        self.marks = marks
        if more is None:
            self.end()
        else:
            self.link = more

    def restyle(self, attributes: str) -> None:
        """Let style and classes change the marks; inside of code they cannot be said."""
        if self.marks & IN_CODE:
            return
        for pattern, on, off in _STYLES:
            if re.search(pattern, attributes):
                self.marks = self.marks & ~off | on

    # ------------------------------------------------------------------------------------------------- characters
    def say(self, text: str) -> None:
        """Say a text node."""
        right = text.lstrip(_EDGES)
        if not right:
            self.space(text)
            return
        inner = right.rstrip(_EDGES)
        behind = len(right) - len(inner)
        if len(right) != len(text):
            self.space(text[: len(text) - len(right)])
        if "&" in inner:
            inner = unescaped(inner)
        if not inner.isprintable() or "  " in inner:  # without control characters there is no other white space
            inner = _SPACES.sub(self.collapsed, inner)
        self.put(inner)
        if behind:
            self.space(right[-behind:])

    def collapsed(self, match: re.Match[str]) -> str:
        """White space inside of a text: lines that an editor wrapped are joined in Chinese, and not in English."""
        if "\n" not in match[0]:
            return " "
        around = match.string[match.start() - 1], match.string[match.end()]
        return MAYBE if self.prettified or not (around[0].isascii() and around[1].isascii()) else " "

    def space(self, white: str) -> None:
        """Note white space before the next character."""
        if self.boundary:
            return
        if "\u3000" in white:
            may = MAYBE if self.gap == MAYBE and white[0] == "\u3000" and not self.prettified else ""
            self.gap = may + _SPACES.sub(" ", ("" if may else self.gap.replace(MAYBE, " ")) + white)
        elif self.prettified and "\n" in white:
            self.gap = self.gap or MAYBE
        elif self.gap in {"", MAYBE}:
            self.gap = " "
        elif self.gap[-1] != " ":
            self.gap += " "

    def put(self, text: str) -> None:
        """Say characters that are no white space, at the place reached."""
        if self.boundary or self.gap:
            self.arrive()
        marks = self.marks & self.mask
        if marks != self.said[0] or self.link != self.said[1]:
            text = self.look(text, marks)
        self.out.append(text)

    def arrive(self) -> None:
        """Say what stands before the next character: a new block, a line break, a space."""
        if self.boundary:
            if self.boundary == 2 or self.pending:  # noqa: PLR2004 (levels of `boundary`)
                if self.lists and (found := self.lists[-1]) is not None and (sign := found.sign_of_stray()):
                    self.pending.insert(self._behind_list(), sign)
                self.out.append(f"{BLOCK}{'|'.join(self.pending)}:{''.join(self.path)}{HEAD}")
                self.pending.clear()
                self.said = (0, "")
            else:
                self.out.append(LINE)
            self.boundary = 0
        elif self.gap:
            self.out.append(self.gap)
        self.gap = ""

    def _behind_list(self) -> int:
        """Where in `pending` the sign of the innermost list stands, plus one."""
        places = [place for place, sign in enumerate(self.pending, 1) if sign in {"ul", "ol"}]
        return places[-1] if places else len(self.pending)

    def look(self, text: str, marks: int) -> str:
        """Put signs into a text where the look of its characters changes."""
        fixed, said = marks & ~_MOVABLE, self.said[0]
        if fixed != said & ~_MOVABLE or self.link != self.said[1]:
            self.out.append(f"{LOOK}{fixed} {self.link}{LOOK}")
            said = fixed | said & _MOVABLE
        if (marks ^ said) & _MOVABLE and (first := _ALNUM.search(text)):
            text = f"{text[: first.start()]}{MARK}{marks & _MOVABLE}{text[first.start() :]}"
            said = marks
        self.said = (said, self.link)
        return text

    def atom(self, text: str) -> None:
        """Say something that is no text and has no weight of letters: a picture, a formula."""
        self.arrive()
        marks = self.marks & _OF_ATOMS | self.said[0] & _MOVABLE
        if marks != self.said[0] or self.link != self.said[1]:
            text = self.look(text, marks)
        self.out.append(text)

    # ----------------------------------------------------------------------------------------------------- blocks
    def end(self) -> None:
        """End a paragraph; in a heading and in a cell that is a line break."""
        self.boundary = self.boundary or 1 if self.in_cell or self.heading is not None else 2

    def block(self, sign: str, text: str) -> None:
        """Say a block that is no text."""
        marks, link, self.marks, self.link = self.marks, self.link, 0, ""
        self.begin(sign)
        self.put(text)
        self.marks, self.link = marks, link
        self.close()

    def begin(self, sign: str) -> None:
        """Begin a container or a block; it is named when something is said in it. In a heading it comes behind that."""
        heading = self.heading
        if self.pending and self.pending[-1][-1] == "]":  # a check box needs text; beside a block it becomes a sign
            box = self.pending[-1][-3:]
            self.pending[-1] = self.pending[-1][:-3]
            self.put("\u2610" if box == "[ ]" else "\u2611")
        if heading is None:
            self.outer.append(None)
        else:
            self.outer.append((heading, self.out, self.gap, self.said))
            self.heading, self.out = None, heading.behind
        self.boundary = 2
        self.pending.append(sign)

    def close(self) -> None:
        """End what `begin` began last."""
        if self.pending:  # nothing was said in it
            self.pending.pop()
        outer = self.outer.pop()
        if outer is None:
            self.boundary = 2
        else:
            self.heading, self.out, self.gap, self.said = outer
            self.boundary = 0
            self.space(" ")


class Heading:
    """A heading under construction: where it will stand, the mask around it, the blocks in it, which come behind it."""

    __slots__ = ("behind", "level", "mask", "out", "pending")

    def __init__(self, level: str, walk: Walk) -> None:
        """Begin a heading; what is said next goes to a new `out` of the walk."""
        self.level = level
        self.mask = walk.mask
        self.out = walk.out
        self.pending = walk.pending
        self.behind: list[str] = []


class List:
    """A list: the number of its next item, below 0 for bullets."""

    __slots__ = ("number", "started", "unsaid")

    def __init__(self, tag: str, attributes: str) -> None:
        """Begin a list."""
        start = attribute(attributes, "start") if attributes else ""
        self.number = (number_of(start) or 1 if start != "0" else 0) if tag == "ol" else -1
        self.started = False
        self.unsaid = ""
        """The sign of the last item, where nothing was said in it."""

    def sign_of_stray(self) -> str:
        """Return the sign that something directly in the list needs: without an item, or behind one without words."""
        sign = self.unsaid if self.started else self.item()
        self.unsaid = ""
        return sign

    def item(self) -> str:
        """Begin an item; returns its sign."""
        self.started = True
        if self.number < 0:
            return "-"
        self.number += 1
        return f"{self.number - 1}."


class Table:
    """A table: which columns the cells of earlier rows still take, and at which token it begins."""

    __slots__ = ("column", "is_new", "place", "taken")

    def __init__(self, place: int) -> None:
        """Begin a table."""
        self.place = place
        self.column = 0
        self.is_new = True
        self.taken: dict[int, int] = {}


def apart(lines: list[str]) -> list[str]:
    """Let each line say its look anew, as blocks do; a link may go on from one to the next."""
    out: list[str] = []
    said = _PLAIN
    for line in lines:
        looks = _LOOKS.findall(line)
        first = looks[0] if looks and line.startswith(looks[0]) else ""
        rest = line[len(first) :]
        begin = first or said
        out.append(rest if begin == _PLAIN or not rest else begin + rest)
        said = looks[-1] if looks else said
    return out


def attribute(attributes: str, name: str) -> str:
    """Read an attribute of a start tag as a serializer writes it; empty when it is not there."""
    start = attributes.find(f' {name}="')
    if start < 0:
        return ""
    start += len(name) + 3
    value = attributes[start : attributes.index('"', start)]
    return unescaped(value) if "&" in value else value


def unescaped(text: str) -> str:
    """Undo the escapes of the two serializers; any other entity is text by now."""
    if "&" not in text:
        return text
    if "&#" in text:
        text = re.sub(r"&#(?:x([0-9A-Fa-f]+)|(\d+));", _character, text)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    return text.replace("&amp;", "&")


def _character(match: re.Match[str]) -> str:
    return chr(int(match[1], 16) if match[1] else int(match[2]))


def tells(attributes: str) -> bool:
    """Whether style or classes may change the look of the text."""
    low = attributes.lower()
    return "font-weight" in low or "font-style" in low or "line-through" in low or "kdocs-" in low


def number_of(text: str) -> int:
    """Read the number of an item or a span; 0 when it is none, or longer than CommonMark takes."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0


def enter_block(walk: Walk, _tag: str, attributes: str, _: str) -> None:
    """Begin a block without a meaning of its own."""
    walk.end()
    walk.stack.append((None, walk.marks, None))
    if attributes and tells(attributes):
        walk.restyle(attributes)
