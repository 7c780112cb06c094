"""What fuzzing found, and a few hundred inputs of its own kind; `tests/fuzz/run.py` looks for more."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Final

import pytest

FUZZ: Final = Path(__file__).resolve().parent / "fuzz"
sys.path.append(str(FUZZ))

from run import seeds  # noqa: E402 (its place is known now)
from targets import TARGETS  # noqa: E402 (as above)

CASES: Final = sorted(FUZZ.glob("cases/*/*"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}: {case.name}")
def test_what_was_found_stays_mended(case: Path) -> None:
    TARGETS[case.parent.name](case.read_bytes())


def test_each_case_belongs_to_a_target() -> None:
    assert {case.parent.name for case in CASES} <= set(TARGETS)
    assert CASES


@pytest.mark.exhaustive
@pytest.mark.parametrize("target", TARGETS)
def test_changed_seeds(target: str) -> None:
    """The same changes each time."""
    chance = random.Random(1)  # noqa: S311 (no secrets)
    for seed in seeds(target):
        for _ in range(3):
            data = bytearray(seed)
            for _ in range(chance.randint(1, 4)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            TARGETS[target](bytes(data))
