"""Requests other than placing: paced so that housekeeping never competes with dialing, and with the fleet's token.

Each may be repeated, and is repeated once by itself where the token was not taken: then nothing was done. What the
carrier refuses or leaves unanswered is a `CarrierError` in words for people, without secrets.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import aiohttp
from aiolimiter import AsyncLimiter
from yarl import URL

from dialer.causes import cause
from dialer.errors import CarrierError
from dialer.providers.base import Refusal
from dialer.providers.kpn.account import KpnAccount
from dialer.providers.kpn.answers import Answer, clean, describe
from dialer.providers.kpn.outcomes import refusal_of
from dialer.providers.kpn.requests import exchange
from dialer.providers.kpn.token import TokenSource

_SUCCESS = range(200, 300)
_FIRST_SERVER_ERROR = 500


class NoAnswer(CarrierError):
    """The request may have arrived or not: no status came back."""


class Channel:
    """The way to the carrier for one process.

    Attributes:
        account: whose.
        limiter: this process' share of the other requests; one token each, spaced evenly.
    """

    def __init__(self, session: aiohttp.ClientSession, account: KpnAccount, tokens: TokenSource) -> None:
        self.account = account
        self._session = session
        self._tokens = tokens
        self._share_per_s = 1.0
        self.limiter = AsyncLimiter(1, 1 / self._share_per_s)

    def set_share(self, per_second: float) -> None:
        """How many requests this process may send per second. The same again forgets nothing of what was used."""
        if per_second != self._share_per_s:
            self._share_per_s = per_second
            self.limiter = AsyncLimiter(1, 1 / per_second)

    async def ask(self, method: str, url: URL, *, of_application: bool = True, **options: Any) -> Answer:
        """One request, and its answer whatever it says. Raises CarrierError without a token, NoAnswer."""
        token = await self._tokens.token()
        answer = await self._ask_with(token, method, of_application=of_application, url=url, **options)
        if refusal_of(answer) is not Refusal.TOKEN:
            return answer
        await self._tokens.invalidate(token)
        return await self._ask_with(
            await self._tokens.token(), method, of_application=of_application, url=url, **options
        )

    def successful(self, answer: Answer) -> Answer:
        """The answer, if it is a success. Raises CarrierError with its words otherwise."""
        if answer.status in _SUCCESS:
            return answer
        retryable = answer.status >= _FIRST_SERVER_ERROR or refusal_of(answer) in {None, Refusal.RATE, Refusal.QUOTA}
        raise CarrierError(self.said(answer), status=answer.status, retryable=retryable)

    def said(self, answer: Answer, *more_secrets: str) -> str:
        """The answer for people."""
        return describe(answer, (*more_secrets, *self._tokens.secrets, *self.account.secrets))

    def senseless(self, answer: Answer) -> CarrierError:
        """The error for a success that cannot be read."""
        message = clean(f"The carrier's answer makes no sense: {self.said(answer)}")
        return CarrierError(message, status=answer.status, retryable=True)

    def headers(self, token: str, *, of_application: bool = True) -> dict[str, str]:
        """Who asks; requests about applications themselves are not made in the name of one (REFERENCE 2.2)."""
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        return headers | ({"ApplicationId": self.account.application_id} if of_application else {})

    def address(self, *parts: str) -> URL:
        """A path below the API's base, each part quoted. Raises CarrierError for one that would lead elsewhere."""
        if not all(part.strip(".") for part in parts):
            raise CarrierError("What has no id cannot be asked for", retryable=False)
        return URL("/".join((self.account.base_url, *(quote(part, safe="") for part in parts))), encoded=True)

    def call_address(self, uuid: str, *parts: str) -> URL:
        """Where one call is."""
        return self.address("voice", "calls", uuid, *parts)

    async def _ask_with(self, token: str, method: str, *, of_application: bool, **options: Any) -> Answer:
        await self.limiter.acquire()
        headers = self.headers(token, of_application=of_application)
        try:
            return await exchange(self._session, method, headers=headers, timeout=self.account.patience(), **options)
        except (aiohttp.ClientError, OSError) as error:
            raise NoAnswer(f"The carrier does not answer ({cause(error)})", retryable=True) from error
