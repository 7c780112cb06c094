"""Where posts come from: each module here turns something that the user names into a list of inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converter.errors import ConverterError


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """One input file of a batch.

    Attributes:
        path: its path inside the batch, `/` between the parts; the output mirrors it.
        origin: the same with the name of the input directory before it; what the manifest remembers it by.
        file: where it is: absolute path.
        name: how messages call it: the path as the user gave it.

    """

    path: str
    origin: str
    file: str
    name: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the INPUTs of a command line stand for, in an order that does not depend on theirs.

    Attributes:
        found: the files, sorted by `names.sort_key`, each file once.
        problems: one error for each INPUT or directory that cannot be read or holds no post.
        directories: the INPUTs that are directories, as the user gave them.

    """

    found: tuple[Found, ...]
    problems: tuple[ConverterError, ...]
    directories: tuple[str, ...]
