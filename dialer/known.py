"""By what a contact is known in its campaign, and where the calls of a number are found. No I/O.

One family of hashes holds both (`keys.known`). A contact is known by the digest of its id, else of its number. Of the
calls which that does not lead to from a number (contacts with an id, further numbers, single calls) the running
numbers stand in a slot beside the digest of the number: a field of one letter, so 64 to a bucket, which others share.
So whoever looks reads the calls that he finds, and keeps those that have the number.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from typing import NamedTuple

from dialer import keys

_DIGEST_BYTES = 9  # 72 bits: among a million contacts two meet with a chance of 1 in 10,000,000,000


class Slot(NamedTuple):
    """Where running numbers stand: a hash, and the letter with which the names of their fields begin.

    The field of one letter holds the latest, separated by commas; what no longer fits moves to `a1`, `a2` and so on,
    as many as `a#` tells. So adding one costs the same however many calls a number has.
    """

    key: str
    letter: str


def digest_of(external_id: str | None, number: str) -> str:
    """By what a contact is known: its own id, or else its number."""
    return _digest(f"id\x00{external_id}" if external_id is not None else f"number\x00{number}")


def known_key(campaign_id: str, digest: str) -> str:
    """The hash in which this digest is looked for."""
    return keys.known(campaign_id, int.from_bytes(urlsafe_b64decode(digest)[:2]) % keys.KNOWN_BUCKETS)


def slot_of(campaign_id: str, number: str) -> Slot:
    """Where the calls of a number stand."""
    digest = digest_of(None, number)
    return Slot(known_key(campaign_id, digest), digest[-1])


def slots_of(campaign_id: str, numbers: Iterable[str]) -> list[Slot]:
    """Where a call with these numbers stands, each slot once."""
    return list(dict.fromkeys(slot_of(campaign_id, number) for number in numbers))


def _digest(name: str) -> str:
    return urlsafe_b64encode(hashlib.blake2b(name.encode(), digest_size=_DIGEST_BYTES).digest()).decode()
