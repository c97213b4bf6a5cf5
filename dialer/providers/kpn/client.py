"""KPN's "Nexmo Voice" over HTTP: places, reads, lists and steers calls; keeps applications; fetches recordings.

Placing sends exactly one request and turns whatever becomes of it into a value. Everything else goes through
`channel`, paced so that housekeeping never competes with dialing, and raises `CarrierError`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
from redis.asyncio import Redis
from yarl import URL

from dialer.causes import cause
from dialer.errors import CarrierError, InvalidInput
from dialer.keys import access_token
from dialer.model import MAIN
from dialer.providers.assets import Access, Recording, RecordingSink
from dialer.providers.base import (
    CallEvent,
    CallRequest,
    CarrierCall,
    Doubt,
    Placed,
    PlaceResult,
    Refusal,
    Refused,
    Unknown,
)
from dialer.providers.kpn.account import KpnAccount
from dialer.providers.kpn.answers import clean
from dialer.providers.kpn.applications import KpnApplications
from dialer.providers.kpn.calls import Paging, parse_call
from dialer.providers.kpn.channel import Channel
from dialer.providers.kpn.dialect import Dialect, dialect_from_settings
from dialer.providers.kpn.events import parse_event
from dialer.providers.kpn.orders import write_order
from dialer.providers.kpn.outcomes import is_unknown, outcome_of
from dialer.providers.kpn.own_token import OwnToken
from dialer.providers.kpn.placing import write_call
from dialer.providers.kpn.recordings import Recordings
from dialer.providers.kpn.requests import exchange
from dialer.providers.kpn.shared_token import SharedToken, TokenKeys, TokenUnavailable
from dialer.providers.kpn.steering import Sleep, Steering
from dialer.providers.kpn.token import TokenIssuer, TokenSource
from dialer.providers.steering import Order
from dialer.settings import Settings

_LONGEST_LIST = 2 * 1024 * 1024  # bytes; a page of 100 calls is some 70,000
_MOST_PAGES = 1_000  # 100,000 calls are nine hours at three a second, and no span we ask for is that long
_TOKENS_TRIED = 3  # one may be revoked, and the next as well; a third is no accident, and a person must look
_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)


class KpnVoice:
    """One carrier account: a `Provider`.

    Attributes:
        tokens: where its access token comes from; renewed ahead by a schedule (`renew_if_stale`).
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        account: KpnAccount,
        tokens: TokenSource,
        *,
        dialect: Dialect | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.tokens = tokens
        self._session = session
        self._account = account
        self._dialect = dialect or Dialect()
        self._channel = Channel(session, account, tokens)
        self._steering = Steering(self._channel, self._dialect, get_call=self.get_call, sleep=sleep)
        self._recordings = Recordings(self._channel, self._dialect, sleep=sleep)
        self._applications = KpnApplications(self._channel)
        self._refused: set[str] = set()  # tokens refused since one was last accepted

    @property
    def applications(self) -> KpnApplications:
        """The account's applications."""
        return self._applications

    def set_share(self, per_second: float) -> None:
        """How many requests other than placing this process may send per second; they are spaced evenly."""
        self._channel.set_share(per_second)

    async def place(self, request: CallRequest) -> PlaceResult:
        """Ask for one call with at most one request for it; never raises for what the network or the carrier does.

        Takes at most `token.WAIT_LIMIT_S` for a token, where none is at hand, and the account's `timeout_s`. What this
        carrier would not take is refused unsent, as a bad request.
        """
        try:
            body = write_call(request, self._dialect)
            token = await self.tokens.token()
        except InvalidInput as error:
            return Refused(Refusal.BAD_REQUEST, clean(f"{error.field}: {error}"))
        except CarrierError as error:
            return _without_token(error)
        result = await self._post(body, token)
        if isinstance(result, Placed):
            self._refused.clear()
        if isinstance(result, Refused) and result.reason is Refusal.TOKEN:
            return await self._with_token_refused(result, token)
        return result

    async def make_ready(self) -> None:
        """Have an access token at hand, so that placing is one request. Raises CarrierError."""
        await self.tokens.token()

    async def renew_ahead(self) -> bool:
        """Renew the fleet's token if its end is near; True if this call asked the token server. Raises CarrierError."""
        return await self.tokens.renew_if_stale()

    async def get_call(self, uuid: str) -> CarrierCall | None:
        """The call as the carrier knows it now; None if it knows none: it forgets in two days. Raises CarrierError."""
        answer = await self._channel.ask("GET", self._channel.call_address(uuid))
        if is_unknown(answer):
            return None
        call = parse_call(self._channel.successful(answer).fields())
        if call is None:
            raise self._channel.senseless(answer)
        return call

    async def list_calls(self, since: datetime, until: datetime) -> AsyncIterator[CarrierCall]:
        """All calls of the account in a span of time, each once, oldest first. Raises CarrierError."""
        paging = Paging(since, until)
        for _ in range(_MOST_PAGES):
            if paging.query is None:
                return
            url = URL(self._account.calls_url).with_query(paging.query)
            answer = self._channel.successful(await self._channel.ask("GET", url, at_most=_LONGEST_LIST))
            page = answer.fields()
            if not {"_embedded", "count"} & page.keys():
                raise self._channel.senseless(answer)
            for call in paging.take(page):
                yield call
        raise CarrierError("The carrier's list of calls does not end", retryable=False)

    async def hang_up(self, uuid: str) -> None:
        """End a call, ringing or answered; one that is over is no error. Raises CarrierError."""
        await self._steering.hang_up(uuid)

    async def steer(self, uuid: str, order: Order) -> None:
        """Do something to a live call, once. Raises InvalidInput, CallOver, NotAnswered, TooEarly, CarrierError."""
        await self._steering.steer(uuid, order)

    def check_request(self, request: CallRequest) -> None:
        """Raise InvalidInput, with the field, for a call that would be refused unsent."""
        write_call(request, self._dialect)

    def check_order(self, order: Order) -> None:
        """Raise InvalidInput, with the field, for an order that would be refused unsent."""
        write_order(order, self._dialect)

    async def recording_token(self) -> str:
        """A token for the recordings of our application. Raises CarrierError."""
        return await self._recordings.token()

    async def fetch_recording(self, url: str, sink: RecordingSink) -> Recording:
        """Read a recording whole, within 30 days of its making. Raises CarrierError."""
        return await self._recordings.fetch(url, sink)

    async def products(self) -> frozenset[str]:
        """The names of the products in our project, told by the token server. Raises CarrierError."""
        return (await self.tokens.check()).products

    async def check_access(self) -> Access:
        """What the token server grants us now. Raises CarrierError."""
        return await self.tokens.check()

    def parse_event(self, payload: dict[str, Any]) -> CallEvent:
        """Translate a decoded callback; its `kind` is always one of `EventKind`."""
        return parse_event(payload)

    async def aclose(self) -> None:
        """End a token renewal under way. The session belongs to whoever gave it."""
        await self.tokens.aclose()

    def __repr__(self) -> str:
        return f"KpnVoice({self._account.base_url!r})"

    async def _post(self, body: dict[str, Any], token: str) -> PlaceResult:
        if self._session.closed:
            return Refused(Refusal.NOT_SENT, "This process is shutting down")
        try:
            answer = await exchange(
                self._session,
                "POST",
                url=URL(self._account.calls_url),
                json=body,
                headers=self._channel.headers(token),
                timeout=self._account.patience(),
            )
        except (aiohttp.ClientError, OSError) as error:
            return _without_answer(error)
        return outcome_of(answer, now=datetime.now(UTC), hide=(token, *self._account.secrets))

    async def _with_token_refused(self, refused: Refused, token: str) -> Refused:
        """Drop the token. Several refused in a row mean that renewing does not help (REFERENCE 10 and 13)."""
        await self.tokens.invalidate(token)
        self._refused.add(token)
        if len(self._refused) < _TOKENS_TRIED:
            return refused
        self._refused.clear()
        why = "One access token after another is refused: is Voice in this project, and the application id right?"
        return replace(refused, reason=Refusal.MISCONFIGURED, detail=clean(f"{why} ({refused.detail})"))


def kpn_from_settings(
    settings: Settings,
    session: aiohttp.ClientSession,
    redis: Redis,
    *,
    trunk: str = MAIN,
    dialect: Dialect | None = None,
) -> KpnVoice:
    """The account that the settings name for a trunk. Close with `aclose`.

    Raises InvalidInput where credentials are missing, or there is no such trunk.
    """
    settings = settings.over(trunk)
    account = KpnAccount.from_settings(settings)
    shared = SharedToken(redis, account.fingerprint, TokenKeys(access_token(trunk)))
    tokens = TokenSource(TokenIssuer(account, session), shared)
    voice = KpnVoice(session, account, tokens, dialect=dialect or dialect_from_settings(settings))
    voice.set_share(settings.other_requests_per_second)
    return voice


def kpn_without_fleet(settings: Settings, session: aiohttp.ClientSession) -> KpnVoice:
    """The same for one command, with a token of its own: no Redis and no application needed; close with `aclose`."""
    account = KpnAccount.from_settings(settings, of_application=False)
    tokens = TokenSource(TokenIssuer(account, session), OwnToken())
    return KpnVoice(session, account, tokens, dialect=dialect_from_settings(settings))


def _without_token(error: CarrierError) -> Refused:
    """Nothing was sent. Where the client itself is wrong, no wait mends it and a person must."""
    reason = Refusal.TOKEN if error.retryable else Refusal.MISCONFIGURED
    wait_ms = error.retry_after_ms if isinstance(error, TokenUnavailable) and error.retryable else None
    return Refused(reason, clean(str(error)), wait_ms)


def _without_answer(error: aiohttp.ClientError | OSError) -> PlaceResult:
    """Before the connection stood nothing can have been sent; after that, all of it may have been.

    A time-out of the whole cannot fall into connecting: see `KpnAccount.patience`.
    """
    detail = cause(error)
    if isinstance(error, _NOT_SENT):
        return Refused(Refusal.NOT_SENT, detail)
    if isinstance(error, TimeoutError):
        return Unknown(Doubt.TIMED_OUT, detail)
    is_garbage = isinstance(error, aiohttp.ClientResponseError)
    return Unknown(Doubt.UNREADABLE if is_garbage else Doubt.CONNECTION_LOST, detail)
