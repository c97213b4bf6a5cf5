"""Who may do what: roles, and the API keys that hold them.

A key reads `dialer_kqwhzvtm_...`: a mark by which secret scanners find one that got loose, the key's id, then 256
random bits and a checksum, so that a mistyped key is told without asking Redis. Only a SHA-256 of it is kept. A slow
hash (for passwords) would buy nothing: no speed of guessing gets through 2**256, and it would cost every request its
time.
"""

from __future__ import annotations

import hmac
import re
import secrets
import string
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from zlib import crc32


class Role(StrEnum):
    """What the holder of a key may do."""

    READ = "read"  # see all there is of campaigns, calls and people: numbers, results and recordings too
    OPERATE = "operate"  # steer what is under way, and say whom nobody calls
    LAUNCH = "launch"  # make phones ring: create, import, start and change
    ADMIN = "admin"  # everything: keys, the audit log, erasing, the carrier's applications


_IMPLIED = {
    Role.READ: {Role.READ},
    Role.OPERATE: {Role.OPERATE, Role.READ},
    Role.LAUNCH: {Role.LAUNCH, Role.READ},
    Role.ADMIN: set(Role),
}

OPERATE_OR_LAUNCH = (Role.OPERATE, Role.LAUNCH)
"""Of what stops calls: whoever may make phones ring may stop that, too."""

_PREFIX = "dialer"
_ID_LENGTH = 7  # 33 bits after the `k`; should two ever meet, the store says so
_SECRET_BYTES = 32
_KEY = re.compile(rf"{_PREFIX}_(k[a-z]{{{_ID_LENGTH}}})_([a-z2-7]{{52}})([0-9a-f]{{8}})", re.ASCII)


def granted(roles: Iterable[Role]) -> frozenset[Role]:
    """These roles and those that follow from them."""
    return frozenset(role for each in roles for role in _IMPLIED[each])


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept.

    Attributes:
        digest: SHA-256 of the whole key, in hex.
        expires_at: from when on it is refused; None for never.
        used_at: when it was last used, to a minute; None for never. It is kept beside the rest.
    """

    id: str
    name: str
    roles: frozenset[Role]
    digest: str
    created_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None

    def is_lapsed(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= now


def make_key() -> str:
    """A new key, as its holder sends it."""
    # Letters only: nothing in an id may look like a number, which would be masked in logs.
    key_id = "k" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(_ID_LENGTH))
    begun = f"{_PREFIX}_{key_id}_{b32encode(secrets.token_bytes(_SECRET_BYTES)).decode().lower().rstrip('=')}"
    return begun + _checksum(begun)


def id_of(key: str) -> str | None:
    """The id in a key; None for what is none, or was mistyped."""
    found = _KEY.fullmatch(key)
    return found[1] if found and _checksum(key[: -len(found[3])]) == found[3] else None


def digest_of(key: str) -> str:
    """What is kept of a key."""
    # aiohttp decodes headers with surrogates where they are no UTF-8.
    return sha256(key.encode(errors="surrogateescape")).hexdigest()


def is_same(digest: str, other: str) -> bool:
    """Whether two digests are the same, in constant time."""
    return hmac.compare_digest(digest, other)


def _checksum(text: str) -> str:
    return f"{crc32(text.encode()):08x}"
