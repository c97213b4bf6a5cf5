"""Who asks, and whether they may: a bearer token (RFC 6750), told apart in constant time.

`DIALER_API_KEY` is the administrator's first key: it asks nothing of Redis and has no limit. Every other key costs one
look-up by its id, which is never kept: what is revoked is refused from the next request on, by every process.

Wrong keys are slowed down by where they come from. A right one never is, however many wrong ones come from the same
proxy: 256 random bits are not guessed. Only a `DIALER_API_KEY` so short that it could be shares its address' fate.
The carrier has no key: its requests under `/webhooks` carry a token of their own in the path.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from ipaddress import ip_address, ip_network

from dialer import metrics
from dialer.access import ApiKey, Role, digest_of, granted, id_of, is_same
from dialer.api.limits import Limits
from dialer.api.problems import ROLE_MISSING, TOO_MANY_FAILURES, TOO_MANY_REQUESTS, UNAUTHORIZED, Problem
from dialer.clock import moment, now_ms
from dialer.runtime import Runtime
from dialer.settings import environment_name
from dialer.store.access import MOST_KEYS

_MOST_ADDRESSES = 10_000  # 7 MB; a stranger with more of them is slowed down by nothing that we could count
_BURST_S = 2  # of its requests a second a key may send so many seconds' at once
_NOT_GUESSED = 16  # characters; the least that is advised
_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Caller:
    """Whoever sent a right key.

    Attributes:
        id: names the key in log and audit log, without telling it.
        key: as it is kept; None for DIALER_API_KEY.
    """

    id: str
    name: str
    roles: frozenset[Role]
    key: ApiKey | None = None

    @property
    def actor(self) -> str:
        """How the audit log names it."""
        return f"key:{self.id}"

    @cached_property
    def may(self) -> frozenset[Role]:
        """Its roles and those that follow from them."""
        return granted(self.roles)

    def require(self, needs: Sequence[Role]) -> None:
        """Raise Problem unless it has one of these roles, or one from which one of them follows."""
        if not self.may.isdisjoint(needs):
            return
        metrics.API_REFUSALS.labels("role").inc()
        wanted, has = (" or ".join(f"`{role}`" for role in roles) for roles in (needs, sorted(self.roles)))
        raise Problem(
            ROLE_MISSING,
            f"This needs a key with the role {wanted}; the key {self.id} ({self.name}) has {has}. An administrator "
            f"makes one by `dialer key create NAME --role {needs[-1]}` or POST /v1/keys.",
            field="Authorization",
            extra={"needs": list(needs), "roles": sorted(self.roles)},
        )


class Doorkeeper:
    """Tells who asks. One for each application."""

    def __init__(self, first_key: str, runtime: Runtime) -> None:
        digest = digest_of(first_key)
        name = environment_name("api_key")
        self._digest, self._could_be_guessed = digest, len(first_key) < _NOT_GUESSED
        self._first = Caller(digest[:8], name, frozenset({Role.ADMIN}))
        self._runtime = runtime
        rate = runtime.settings.api_requests_per_second
        self._requests = Limits(at_once=max(1, rate * _BURST_S), a_second=rate, most=MOST_KEYS)
        wrong = self._wrong_a_minute = runtime.settings.wrong_keys_per_minute
        self._failures = Limits(at_once=wrong, a_second=wrong / 60, most=_MOST_ADDRESSES)
        self._noted: dict[str, datetime] = {}

    async def caller(self, authorization: str | None, address: str | None) -> Caller:
        """Whose key that is, sent from an IP address. Raises Problem (401, 429) and StoreUnavailable."""
        if authorization is None:
            raise _refused("missing_key", "Send an API key as `Authorization: Bearer <key>`.", "")
        scheme, _, given = authorization.partition(" ")
        caller = await self._known(given.strip(), _network(address)) if scheme.lower() == "bearer" else None
        if caller is not None:
            return caller
        if not await self._failures.take(_network(address)):
            raise _slow_down(self._wrong_a_minute)
        raise _refused("wrong_key", "This is no API key, or it was revoked.", ', error="invalid_token"')

    async def _known(self, given: str, network: str) -> Caller | None:
        digest = digest_of(given)
        if is_same(self._digest, digest):
            if self._could_be_guessed and not self._failures.has_room(network):
                raise _slow_down(self._wrong_a_minute)
            return self._first
        key_id = id_of(given)
        key = await self._runtime.store.api_key(key_id) if key_id else None
        return await self._admitted(key) if key and is_same(key.digest, digest) else None

    async def _admitted(self, key: ApiKey) -> Caller:
        if key.expires_at and key.is_lapsed(self._now()):
            detail = f"The key {key.id} ({key.name}) lapsed at {key.expires_at.isoformat()}: ask for another one."
            raise _refused("lapsed_key", detail, ', error="invalid_token"')
        if not await self._requests.take(key.id):
            metrics.API_REFUSALS.labels("rate").inc()
            rate = self._runtime.settings.api_requests_per_second
            detail = f"A key may ask {rate:g} times a second ({environment_name('api_requests_per_second')})."
            raise Problem(TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(math.ceil(1 / rate))})
        return Caller(key.id, key.name, key.roles, key)

    async def note_use(self, caller: Caller) -> None:
        """Write down that a key was used."""
        await self._runtime.store.use_api_key(caller.id, self._now())

    def is_to_be_noted(self, caller: Caller) -> bool:
        """Whether that is worth writing: once a minute for each key."""
        now = self._now()
        last = self._noted.get(caller.id)
        if caller.key is None or (last is not None and now - last < _NOTED_EVERY):
            return False
        if len(self._noted) >= MOST_KEYS:
            self._noted.clear()
        self._noted[caller.id] = now
        return True

    def _now(self) -> datetime:
        return moment(now_ms(self._runtime.clock))


def _network(address: str | None) -> str:
    """Where a request came from: of IPv6 the /64, for whoever has one address of it has them all."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return ""
    return address or "" if parsed.version == 4 else str(ip_network((parsed, 64), strict=False))  # noqa: PLR2004 - IPv4


def _refused(reason: str, detail: str, error: str) -> Problem:
    metrics.API_REFUSALS.labels(reason).inc()
    headers = {"WWW-Authenticate": f'Bearer realm="dialer"{error}'}
    return Problem(UNAUTHORIZED, detail, field="Authorization", headers=headers)


def _slow_down(wrong_a_minute: int) -> Problem:
    metrics.API_REFUSALS.labels("failures").inc()
    detail = (
        "Wrong API keys keep coming from your address: send the right one, and not before some seconds have passed."
    )
    return Problem(TOO_MANY_FAILURES, detail, headers={"Retry-After": str(math.ceil(60 / wrong_a_minute))})
