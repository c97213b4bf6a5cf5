"""The table of Redis keys in `dialer/keys.py` tells every key that the module makes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from dialer import keys

_ROW = re.compile(r"^\| (`.*?) \|", re.MULTILINE)
_NAME = re.compile(r"`([^`]+)`")
_MADE = re.compile(r'f"\{TAG\}([^"]*)"')


def told() -> Iterator[str]:
    """Every name of the table; one that begins with a colon takes the place of as many parts of the one before."""
    for row in _ROW.findall(keys.__doc__ or ""):
        first: list[str] = []
        for name in _NAME.findall(row):
            if not name.startswith(":"):
                first = name.split(":")
            parts = name.removeprefix(":").split(":")
            yield ":".join([*first[: len(first) - len(parts)], *parts])


def test_every_key_stands_in_the_table() -> None:
    """With what its id is replaced by there."""
    names = [*told()]
    made = _MADE.findall(inspect.getsource(keys))
    shapes = {one: re.sub(r"\\\{.*?\\\}", "[^:]+", re.escape(one)) for one in made}

    assert len(made) > 50
    assert [] == [one for one, shape in shapes.items() if not any(re.fullmatch(shape, name) for name in names)]
