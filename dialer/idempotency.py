"""Idempotency keys: a request sent again under the same key gets the first answer again, for a day.

    begin   nothing known → a short marker is set, the request runs
            marker found  → the first one is still running: StillRunning
            answer found  → it is given again; under another body: KeyReused
    keep    the answer replaces the marker
    release the request was refused: the key is free again

A crash in between blocks the key only until the marker lapses. What the retry creates then is named after the key and
body (`derived_id`), so it finds what the first one may have created. They are the same whatever API key they come with:
a client whose API key was changed between two tries must not make a phone ring twice.
"""

from __future__ import annotations

import json
from base64 import b32encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from dialer import keys
from dialer.errors import DialerError
from dialer.redis.batch import Batch

KEPT_S = 86_400  # a day: clients that retry longer than that have a person look first
RUNNING_MS = 30_000  # longer than any creation takes, short enough to wait for after a crash
MAX_KEY_LENGTH = 255


class StillRunning(DialerError):
    """The first request under this key has not been answered yet."""


class KeyReused(DialerError):
    """The key stands for another request already."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was first given. `location` is the header of that name."""

    status: int
    body: str
    location: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """One key in one scope, and the body it came with.

    Attributes:
        scope: which kind of request (`post-calls`); the same key elsewhere is another one.
        key: as the client sent it.
        body: the request's meaning as text: equal for equal requests.
    """

    scope: str
    key: str
    body: str

    @property
    def name(self) -> str:
        """The Redis key; a digest, because clients' keys may hold anything."""
        return keys.idempotency(self.scope, _digest(self.key).hex()[:32])

    @property
    def fingerprint(self) -> str:
        """Tells one body from another."""
        return _digest(self.body).hex()[:32]

    def derived_id(self) -> str:
        """A name for what this request creates, the same each time."""
        return b32encode(_digest(f"{self.scope}\n{_digest(self.key).hex()}\n{self.fingerprint}")).decode().lower()[:26]


async def begin(batch: Batch, key: IdempotencyKey) -> KeptAnswer | None:
    """The answer to give again, or None: then run the request and `keep` or `release`.

    Raises:
        StillRunning: the first one is not done.
        KeyReused: the key came with another body before.
        StoreUnavailable: Redis does not answer.
    """
    # Unconfirmed, or a client would be told for the marker's time that its own refused request still runs.
    if await batch.command("SET", key.name, _record(key, None), "NX", "PX", RUNNING_MS, confirmed=False):
        return None
    known = await batch.command("GET", key.name)
    # Gone in between: the marker lapsed or was released this moment; the client's next try will find it free.
    record: dict[str, Any] = json.loads(known) if known else {"answer": None, "fingerprint": key.fingerprint}
    if record["fingerprint"] != key.fingerprint:
        raise KeyReused("This Idempotency-Key was used for another request; take a new key for a new request.")
    if record["answer"] is None:
        raise StillRunning("The first request with this Idempotency-Key is still running; try again shortly.")
    return KeptAnswer(**record["answer"])


async def keep(batch: Batch, key: IdempotencyKey, answer: KeptAnswer) -> None:
    """Give this answer to every repetition for a day."""
    await batch.command("SET", key.name, _record(key, answer), "EX", KEPT_S)


async def release(batch: Batch, key: IdempotencyKey) -> None:
    """Forget the key: its request was refused and created nothing."""
    await batch.command("DEL", key.name)


def _record(key: IdempotencyKey, answer: KeptAnswer | None) -> str:
    told = None if answer is None else {"status": answer.status, "body": answer.body, "location": answer.location}
    return json.dumps({"fingerprint": key.fingerprint, "answer": told})


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()
