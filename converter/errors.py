"""The exceptions of archive2md, and the exit code that each one means on the command line.

    ConverterError              anything that can be wrong with an input, an option or an output
    |- ConfigError              options, profiles, command-line use (exit 2)
    |- SourceError              an input that cannot be read, an output that cannot be written
    |- DecodeError              bytes that are no text
    |- FrontMatterError         a front matter block that nothing can be made of
    |- ScrapeError              no article to convert
    |  |- NoArticle             a page without an article (listing page, error page)
    |  `- EmptyArticle          an input without any content at all
    |- EmitError                an engine that cannot write this article
    `- VerifyError              the Markdown does not say what the article says
       |- TextLost              text is missing or was invented
       `- FactsDiffer           structure, links, images or code differ

Every message is one line: what input, what is wrong, and what to do about it.
"""

from __future__ import annotations

from typing import ClassVar, Final

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

_LINE_ENDS: Final = {ord(sign): ascii(sign)[1:-1] for sign in "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"}
"""Where `str.splitlines` parts lines, as readers of the list of failures do."""


class ConverterError(Exception):
    """Something is wrong with one input; `str()` is one line that names it and the way out.

    Args:
        problem: what is wrong, without the name of the input and without a final stop.
        source: the input as the user named it; empty when it is not known yet (see `about`).
        remedy: what the user can do, as an imperative sentence or a command; may be empty.

    """

    exit_code: ClassVar[int] = EXIT_FAILED

    def __init__(self, problem: str, *, source: str = "", remedy: str = "") -> None:
        """Keep the three parts; the message is put together by `str()`."""
        super().__init__(problem)
        self.problem = problem
        self.source = source
        self.remedy = remedy

    def __str__(self) -> str:
        """One line: `source: problem; remedy`. The source is named as it is; line ends in it are escaped."""
        told = f"{self.problem}; {self.remedy}" if self.remedy else self.problem
        told = " ".join(filter(None, map(str.strip, told.splitlines())))
        return f"{self.source.translate(_LINE_ENDS)}: {told}" if self.source else told

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling: errors travel from worker processes to the parent."""
        return _rebuild, (type(self), self.problem, self.source, self.remedy)

    def about(self, source: str) -> ConverterError:
        """Return the same error with the name of its input filled in, unless it has one."""
        return self if self.source else type(self)(self.problem, source=source, remedy=self.remedy)


def _rebuild(kind: type[ConverterError], problem: str, source: str, remedy: str) -> ConverterError:
    return kind(problem, source=source, remedy=remedy)


def unexpected(error: Exception, name: str) -> ConverterError:
    """Make the error for an exception that none of ours stands for."""
    if isinstance(error, ImportError) and ("failed to map segment" in str(error) or "llocate memory" in str(error)):
        return no_memory(name)  # what glibc says when a compiled module finds no room
    problem = f"internal error {type(error).__name__}: {error}"
    return ConverterError(problem, source=name, remedy="please report it with this post")


def no_memory(source: str, megabytes: int = 0) -> ConverterError:
    """Make the error for an input that takes more memory than there is, or than a process may take."""
    if not megabytes:
        remedy = "look at it, or convert it where there is more"
        return ConverterError("takes more memory than there is", source=source, remedy=remedy)
    remedy = "look at it, or give it more with --memory-limit"
    return ConverterError(f"takes more than {megabytes} MB of memory", source=source, remedy=remedy)


class ConfigError(ConverterError):
    """Options, profiles or arguments that make no sense together."""

    exit_code = EXIT_USAGE


class SourceError(ConverterError):
    """An input that cannot be read, or an output that cannot be written."""


class DecodeError(ConverterError):
    """Bytes that are not text in any encoding we know."""


class FrontMatterError(ConverterError):
    """A front matter block of which no field can be read."""


class ScrapeError(ConverterError):
    """No article can be cut out of the page."""


class NoArticle(ScrapeError):
    """The page has no article: a listing page, an error page, a page of another site."""


class EmptyArticle(ScrapeError):
    """The input has no content at all."""


class EmitError(ConverterError):
    """The engine cannot write this article."""


class VerifyError(ConverterError):
    """The Markdown does not say what the cleaned article says."""


class TextLost(VerifyError):
    """Text of the article is missing from the Markdown, or the Markdown has text of its own."""


class FactsDiffer(VerifyError):
    """Headings, links, images, code, tables or lists differ."""
