"""The fleet's one access token of a trunk in Redis: who has it, who renews it, and whether the last try failed.

| Key | Type | Holds | Expires |
|---|---|---|---|
| `{dialer}:token` | string | JSON: access_token, lifetime_s, account | with the token |
| `{dialer}:token:lock` | string | the renewing process's own random value | after `LOCK_MS`, holder dead or not |
| `{dialer}:token:failed` | string | JSON: failures in a row, retryable, reason | after 1 to 10 s, growing |

Those of a further trunk begin with `{dialer}:trunk:<its name>:token`.

How long a token still lives is read from its key's expiry, so no two machines' clocks are ever compared.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field

from redis.asyncio import Redis
from redis.exceptions import RedisError

from dialer import keys as names
from dialer.errors import CarrierError
from dialer.lua import script
from dialer.providers.kpn.answers import inside, read_json

LOCK_MS = 7_000
"""A token request takes at most 5 s (`token.FETCH_LIMIT_S`); two more for storing what it brought."""
_LONGEST_PAUSE_MS = 10_000


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The names of the three keys; they share a hash tag."""

    token: str = names.TOKEN

    @property
    def lock(self) -> str:
        """Held by whoever renews it."""
        return f"{self.token}:lock"

    @property
    def failed(self) -> str:
        """Why it could not be renewed."""
        return f"{self.token}:failed"


@dataclass(frozen=True, slots=True)
class Granted:
    """An access token; `left_s` seconds of its `lifetime_s` remained when it was read or issued."""

    access_token: str = field(repr=False)
    lifetime_s: float
    left_s: float


@dataclass(frozen=True, slots=True)
class Failure:
    """The fleet's last try to renew failed, `count` times in a row; nobody asks again for `pause_ms`."""

    count: int
    retryable: bool
    reason: str
    pause_ms: int

    @classmethod
    def after(cls, failures: int, error: CarrierError) -> Failure:
        """One more failure: 1, 2, 4, 8, 10, 10 ... seconds of peace for the token server."""
        pause_ms = min(1_000 * 2 ** min(failures, 10), _LONGEST_PAUSE_MS)
        return cls(failures + 1, error.retryable, str(error), pause_ms)


class TokenUnavailable(CarrierError):
    """There is no access token to be had now.

    Attributes:
        retry_after_ms: when the fleet asks again.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason, retryable=failure.retryable)
        self.retry_after_ms = failure.pause_ms


class SharedToken:
    """Reads and writes the three keys. Raises RedisError where Redis is away, except in `lock`'s release."""

    def __init__(self, redis: Redis, account: str, keys: TokenKeys | None = None) -> None:
        self._redis = redis
        self._account = account
        self._keys = keys or TokenKeys()
        self._delete_if_equal = redis.register_script(script("release_lock").text)

    async def read(self) -> tuple[Granted | None, Failure | None]:
        """The token of this account and the last failure, as far as there are any. One round trip."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for key in (self._keys.token, self._keys.failed):
                pipe.get(key)
                pipe.pttl(key)
            raw, left_ms, failed, pause_ms = await pipe.execute()
        return self._granted(raw, left_ms), _failure(failed, pause_ms)

    async def write(self, granted: Granted) -> None:
        """Share a new token until its end and forget the failures before it."""
        told = {"access_token": granted.access_token, "lifetime_s": granted.lifetime_s, "account": self._account}
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(self._keys.token, json.dumps(told), px=max(int(granted.left_s * 1000), 1))
            pipe.delete(self._keys.failed)
            await pipe.execute()

    async def fail(self, failure: Failure) -> None:
        """Let the fleet know that asking is of no use for a while."""
        await self._redis.set(self._keys.failed, json.dumps(asdict(failure)), px=failure.pause_ms)

    async def forget(self, access_token: str) -> None:
        """Remove the token if it is still this one; a newer one stays."""
        raw = await self._redis.get(self._keys.token)
        if inside(read_json(raw or b""), "access_token") == access_token:
            await self._delete_if_equal(keys=[self._keys.token], args=[raw])

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[bool]:
        """Hold the right to renew; False if somebody else has it."""
        owner = secrets.token_hex(16)
        mine = bool(await self._redis.set(self._keys.lock, owner, nx=True, px=LOCK_MS))
        try:
            yield mine
        finally:
            if mine:
                with suppress(RedisError):  # then it lapses
                    await self._delete_if_equal(keys=[self._keys.lock], args=[owner])

    def _granted(self, raw: str | bytes | None, left_ms: int) -> Granted | None:
        told = read_json(raw or b"")
        token, lifetime_s = inside(told, "access_token"), inside(told, "lifetime_s")
        if inside(told, "account") != self._account or left_ms <= 0:
            return None
        return Granted(str(token), float(lifetime_s or 0), left_ms / 1000)


def _failure(raw: str | bytes | None, pause_ms: int) -> Failure | None:
    told = read_json(raw or b"")
    if not isinstance(told, dict) or pause_ms <= 0:
        return None
    return Failure(int(told.get("count", 1)), bool(told.get("retryable")), str(told.get("reason")), pause_ms)
