"""The access token: one for the whole fleet, renewed by one process at a time and ahead of its end.

Whoever needs it takes the local copy and waits for nothing. From `AHEAD_S` before its end the token is *stale*: still
used, while one task in the background renews it, so a token server that is away for less than that harms nobody. Only
where no usable token is left does `token()` wait, and at most `WAIT_LIMIT_S`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

import aiohttp
from redis.exceptions import RedisError
from yarl import URL

from dialer.causes import cause
from dialer.errors import CarrierError
from dialer.providers.assets import Access
from dialer.providers.kpn.account import KpnAccount
from dialer.providers.kpn.answers import Answer
from dialer.providers.kpn.own_token import OwnToken
from dialer.providers.kpn.requests import exchange
from dialer.providers.kpn.shared_token import Failure, Granted, SharedToken, TokenUnavailable
from dialer.providers.kpn.token_answers import read_products, read_status, read_token

AHEAD_S = 120.0
"""Two minutes: an outage of the token server of 30 s passes unnoticed, four times over. Half of a shorter life."""
FETCH_LIMIT_S = 5.0
"""The longest one token request may take. Below LOCK_MS, or two processes could renew at once."""
WAIT_LIMIT_S = 8.0
"""The longest a caller waits for a token: a dead holder's lock (7 s) and a little. Add it to the time of a placing."""

Result = Literal["renewed", "failed"]


class TokenIssuer:
    """Asks KPN's token server, once, over HTTP."""

    def __init__(self, account: KpnAccount, session: aiohttp.ClientSession) -> None:
        self._account = account
        self._session = session
        url = URL(account.token_url)
        self._url = url if "grant_type" in url.query else url.update_query(grant_type="client_credentials")

    async def issue(self) -> tuple[str, float]:
        """A new token and its lifetime in seconds. Raises CarrierError; may be repeated."""
        return read_token(await self._ask(), hide=self._account.secrets)

    async def check(self) -> Access:
        """What is granted, from an answer whose token is dropped. Raises CarrierError."""
        answer = await self._ask()
        _, lifetime_s = read_token(answer, hide=self._account.secrets)
        return Access(lifetime_s=lifetime_s, status=read_status(answer), products=read_products(answer))

    async def _ask(self) -> Answer:
        account = self._account
        form = {"client_id": account.client_id, "client_secret": account.client_secret.get_secret_value()}
        try:
            return await exchange(
                self._session,
                "POST",
                url=self._url,
                data=form,
                headers={"Accept": "application/json"},
                timeout=account.patience(FETCH_LIMIT_S),
            )
        except (aiohttp.ClientError, OSError) as error:
            message = f"The token server does not answer ({cause(error)})"
            raise CarrierError(message, retryable=True) from error


class TokenSource:
    """The token of this process, kept in step with the fleet's.

    Attributes:
        on_renewal: told of each request to the token server that this process made.
    """

    def __init__(
        self,
        issuer: TokenIssuer,
        shared: SharedToken | OwnToken,
        *,
        on_renewal: Callable[[Result], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.on_renewal = on_renewal
        self._issuer = issuer
        self._shared = shared
        self._clock = clock
        self._held: Granted | None = None
        self._ends_s = 0.0
        self._refused: str | None = None  # never taken from Redis again, even if it could not be removed there
        self._failures = 0
        self._quiet_until_s = 0.0
        self._renewing: asyncio.Task[bool | CarrierError] | None = None

    async def token(self) -> str:
        """An access token that is good as far as anybody knows.

        Raises:
            CarrierError: there is none now (`TokenUnavailable` names the wait); not retryable if the client is wrong.
        """
        held = self._held
        if held is None or self.lifetime_left_s() <= 0:
            return await self._awaited()
        if self._is_stale() and self._clock() >= self._quiet_until_s:
            self._renew()
        return held.access_token

    async def renew_if_stale(self) -> bool:
        """Renew the fleet's token if its end is near; True if this call asked the token server.

        For a schedule: several processes may call it at once. Raises CarrierError if the renewal failed.
        """
        if not self._is_stale():
            return False
        renewed = await asyncio.shield(self._renew())
        if isinstance(renewed, CarrierError):
            raise renewed
        return renewed

    async def invalidate(self, token: str) -> None:
        """The carrier did not take this token: drop it here and for the fleet, unless a newer one is there already."""
        self._refused = token
        if self._held and self._held.access_token == token:
            self._held = None
        with suppress(RedisError, OSError):
            await self._shared.forget(token)
        if self._held is None:
            self._renew()  # so that the next placing finds one and leaves at its moment

    async def check(self) -> Access:
        """What is granted, asked for anew; the token in use stays. Raises CarrierError."""
        return await self._issuer.check()

    def lifetime_left_s(self) -> float:
        """Seconds until the token held here ends; 0 without one."""
        return max(self._ends_s - self._clock(), 0.0) if self._held else 0.0

    @property
    def secrets(self) -> tuple[str, ...]:
        """The tokens in use here, to be hidden in texts for people."""
        held = self._held.access_token if self._held else None
        return tuple(token for token in (held, self._refused) if token)

    async def aclose(self) -> None:
        """End a renewal under way."""
        if self._renewing:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)

    def __repr__(self) -> str:
        return f"TokenSource(lifetime_left_s={self.lifetime_left_s():.0f})"

    def _is_stale(self) -> bool:
        return self._held is None or self.lifetime_left_s() <= min(AHEAD_S, self._held.lifetime_s / 2)

    async def _awaited(self) -> str:
        renewed = await asyncio.shield(self._renew())
        if self._held and self.lifetime_left_s() > 0:
            return self._held.access_token
        if isinstance(renewed, CarrierError):
            raise renewed
        raise CarrierError("The access token ended as soon as it came", retryable=True)

    def _renew(self) -> asyncio.Task[bool | CarrierError]:
        """The one renewal of this process; whoever comes while it runs shares it."""
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renewed(), name="token-renewal")
        return self._renewing

    async def _renewed(self) -> bool | CarrierError:
        try:
            async with asyncio.timeout(WAIT_LIMIT_S):
                return await self._renew_once()
        except CarrierError as error:
            return error
        except (RedisError, OSError) as error:  # TimeoutError among them
            return CarrierError(f"The fleet's access token cannot be reached ({type(error).__name__})", retryable=True)

    async def _renew_once(self) -> bool:
        """True if this process asked the token server, False if it took over what another had got."""
        while True:
            async with self._shared.lock() as mine:
                # Looked at inside the lock: whoever held it before may just have finished.
                await self._take_over()
                if not self._is_stale():
                    return False
                if mine:
                    await self._fetch()
                    return True
            if self.lifetime_left_s() > 0:
                return False
            # Somebody else is at it; a little random, or all waiters would ask Redis in step.
            await asyncio.sleep(random.uniform(0.02, 0.06))  # noqa: S311 - jitter, no secret

    async def _take_over(self) -> None:
        """Take the fleet's token if it outlives ours. Raises TokenUnavailable while the server is to be left alone."""
        granted, failure = await self._shared.read()
        if granted and granted.access_token != self._refused and granted.left_s > self.lifetime_left_s():
            self._hold(granted, since_s=self._clock())
        if failure and self._is_stale():
            self._be_quiet(failure)
            raise TokenUnavailable(failure)

    async def _fetch(self) -> None:
        asked_s = self._clock()  # the carrier counts from later than this, so we end no later than it does
        try:
            access_token, lifetime_s = await self._issuer.issue()
        except CarrierError as error:
            failure = Failure.after(self._failures, error)
            await self._fail(failure)
            raise TokenUnavailable(failure) from error
        self._hold(Granted(access_token, lifetime_s, lifetime_s), since_s=asked_s)
        self._tell("renewed")
        with suppress(RedisError, OSError):  # then it serves this process alone
            await self._shared.write(Granted(access_token, lifetime_s, self.lifetime_left_s()))

    async def _fail(self, failure: Failure) -> None:
        self._be_quiet(failure)
        self._tell("failed")
        with suppress(RedisError, OSError):
            await self._shared.fail(failure)

    def _hold(self, granted: Granted, *, since_s: float) -> None:
        self._held, self._ends_s = granted, since_s + granted.left_s
        self._failures, self._quiet_until_s = 0, 0.0

    def _be_quiet(self, failure: Failure) -> None:
        self._failures = max(self._failures, failure.count)
        self._quiet_until_s = self._clock() + failure.pause_ms / 1000

    def _tell(self, result: Result) -> None:
        if self.on_renewal:
            self.on_renewal(result)
