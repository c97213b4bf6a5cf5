"""What the fuzzer begins with, and what it has found: all of it is read without a fault."""

from __future__ import annotations

import pytest

from tests.fuzz.seeds import FOUND, name_of, seeds
from tests.fuzz.targets import LONGEST, TARGETS

TRIES = [(name, seed) for name in TARGETS for seed in seeds(name)]


@pytest.mark.parametrize(("name", "seed"), TRIES, ids=[f"{name}-{name_of(seed)}" for name, seed in TRIES])
def test_strangers_bytes_are_read_or_refused(name: str, seed: bytes) -> None:
    """Nothing that nobody expects is raised, and what is taken keeps its promises."""
    TARGETS[name](seed)


def test_every_target_has_something_to_begin_with() -> None:
    """From nothing a fuzzer does not get far; what was found belongs to a target."""
    assert TARGETS.keys() == {name for name, _ in TRIES}
    assert {file.name.partition("-")[0] for file in FOUND.glob("*")} <= TARGETS.keys()
    assert any(len(seed) <= LONGEST for _, seed in TRIES)
