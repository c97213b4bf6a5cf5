"""Proof that an address leads to this dialer: a nonce in Redis, asked for through the address, answered with an HMAC.

Who gets the right answer knows that the request arrived at an API that reads this Redis and has this webhook secret.
A stranger gets nothing out of it: without a nonce that somebody put into Redis within the last minute there is no
answer, and what is signed can never be what a callback's token signs, as no attempt's id holds a colon.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from redis.asyncio import Redis

from dialer import keys

LIFE_S = 60
_NONCE = re.compile(r"[0-9a-f]{32}", re.ASCII)


async def offer(redis: Redis, secret: str) -> tuple[str, str]:
    """A new nonce, known to Redis for a minute, and the proof that it is to be answered with."""
    nonce, word = secrets.token_hex(16), secrets.token_hex(16)
    await redis.set(keys.probe(nonce), word, ex=LIFE_S)
    return nonce, _proof(secret, nonce, word)


async def answer(redis: Redis, secret: str, nonce: str) -> str | None:
    """The proof for a nonce that was offered, else None."""
    if not _NONCE.fullmatch(nonce):
        return None
    word: str | None = await redis.get(keys.probe(nonce))
    return None if word is None else _proof(secret, nonce, word)


def is_proof(given: object, expected: str) -> bool:
    """Whether what came back is the proof, compared in constant time."""
    return isinstance(given, str) and hmac.compare_digest(given.encode(), expected.encode())


def _proof(secret: str, nonce: str, word: str) -> str:
    return hmac.digest(secret.encode(), f"probe:{nonce}:{word}".encode(), hashlib.sha256).hex()
