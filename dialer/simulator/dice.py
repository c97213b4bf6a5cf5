"""Chance that can be repeated: numbers drawn from a seed and what they are for, not from an order of events.

Two runs place the same calls in different orders; a common generator would then deal other fates. So each fate is
derived from its own key, by a hash: far cheaper than seeding a generator for each call.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator

_FULL = 2.0**64


def roll(seed: int, *key: object) -> Iterator[float]:
    """Eight numbers in [0, 1), always the same for the same seed and key."""
    text = f"{seed}|{'|'.join(map(str, key))}"
    digest = hashlib.blake2b(text.encode(), digest_size=64).digest()
    return (value / _FULL for value in struct.unpack("<8Q", digest))
