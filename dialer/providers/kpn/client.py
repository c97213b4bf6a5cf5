"""KPN's "Nexmo Voice" over HTTP: places, reads, lists and ends calls.

Placing sends exactly one request and turns whatever becomes of it into a value. Everything else may be repeated, is
paced so that housekeeping never competes with dialing, and raises `CarrierError`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus as Http
from typing import Any
from urllib.parse import quote

import aiohttp
from aiolimiter import AsyncLimiter
from redis.asyncio import Redis
from yarl import URL

from dialer.dispositions import Fact
from dialer.errors import CarrierError
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
from dialer.providers.kpn.answers import Answer, clean, describe
from dialer.providers.kpn.calls import Paging, parse_call
from dialer.providers.kpn.events import parse_event
from dialer.providers.kpn.outcomes import outcome_of, refusal_of
from dialer.providers.kpn.requests import exchange
from dialer.providers.kpn.shared_token import SharedToken, TokenUnavailable
from dialer.providers.kpn.token import TokenIssuer, TokenSource
from dialer.settings import Settings

_LONGEST_LIST = 2 * 1024 * 1024  # bytes; a page of 100 calls is some 70,000
_MOST_PAGES = 1_000  # 100,000 calls are nine hours at three a second, and no span we ask for is that long
_TOKENS_TRIED = 3  # one may be revoked, and the next as well; a third is no accident, and a person must look
_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)
_UNDER_WAY = frozenset({Fact.STARTED, Fact.RINGING, Fact.ANSWERED, Fact.HUMAN, Fact.MACHINE})
_SUCCESS = range(200, 300)
_FIRST_SERVER_ERROR = 500


class KpnVoice:
    """One carrier account: a `Provider`.

    Attributes:
        tokens: where its access token comes from; renewed ahead by a schedule (`renew_if_stale`).
    """

    def __init__(self, session: aiohttp.ClientSession, account: KpnAccount, tokens: TokenSource) -> None:
        self.tokens = tokens
        self._session = session
        self._account = account
        self._share_per_s = 1.0
        self._limiter = AsyncLimiter(1, 1 / self._share_per_s)
        self._refused: set[str] = set()  # tokens refused since one was last accepted

    def set_share(self, per_second: float) -> None:
        """How many requests other than placing this process may send per second; they are spaced evenly."""
        if per_second != self._share_per_s:
            self._share_per_s = per_second
            self._limiter = AsyncLimiter(1, 1 / per_second)

    async def place(self, request: CallRequest) -> PlaceResult:
        """Ask for one call with at most one request for it; never raises for what the network or the carrier does.

        Takes at most `token.WAIT_LIMIT_S` for a token, where none is at hand, and the account's `timeout_s`.
        """
        try:
            token = await self.tokens.token()
        except CarrierError as error:
            return _without_token(error)
        result = await self._post(request, token)
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
        answer = await self._ask("GET", self._call_url(uuid))
        if _is_unknown_call(answer):
            return None
        call = parse_call(self._successful(answer).fields())
        if call is None:
            raise CarrierError(self._unreadable(answer), status=answer.status, retryable=True)
        return call

    async def list_calls(self, since: datetime, until: datetime) -> AsyncIterator[CarrierCall]:
        """All calls of the account in a span of time, each once, oldest first. Raises CarrierError."""
        paging = Paging(since, until)
        for _ in range(_MOST_PAGES):
            if paging.query is None:
                return
            url = URL(self._account.calls_url).with_query(paging.query)
            answer = self._successful(await self._ask("GET", url, at_most=_LONGEST_LIST))
            page = answer.fields()
            if not {"_embedded", "count"} & page.keys():
                raise CarrierError(self._unreadable(answer), status=answer.status, retryable=True)
            for call in paging.take(page):
                yield call
        raise CarrierError("The carrier's list of calls does not end", retryable=False)

    async def hang_up(self, uuid: str) -> None:
        """End a call, ringing or answered; one that is over is no error.

        Raises:
            CarrierError: not done. Retryable with status 400: asked within two seconds of placing, ask again then.
        """
        answer = await self._ask("PUT", self._call_url(uuid), json={"action": "hangup"})
        if _is_unknown_call(answer):
            return
        if answer.status == Http.BAD_REQUEST:
            # Both "too early" and "already over" are 400 (REFERENCE 5); the call itself tells which.
            if (call := await self.get_call(uuid)) and call.facts <= _UNDER_WAY:
                raise CarrierError(self._said(answer), status=answer.status, retryable=True)
            return
        self._successful(answer)

    def parse_event(self, payload: dict[str, Any]) -> CallEvent:
        """Translate a decoded callback; its `kind` is always one of `EventKind`."""
        return parse_event(payload)

    async def aclose(self) -> None:
        """End a token renewal under way. The session belongs to whoever gave it."""
        await self.tokens.aclose()

    def __repr__(self) -> str:
        return f"KpnVoice({self._account.base_url!r})"

    async def _post(self, request: CallRequest, token: str) -> PlaceResult:
        if self._session.closed:
            return Refused(Refusal.NOT_SENT, "This process is shutting down")
        try:
            answer = await exchange(
                self._session,
                "POST",
                url=URL(self._account.calls_url),
                json=_body(request),
                headers=self._headers(token),
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

    async def _ask(self, method: str, url: URL, **options: Any) -> Answer:
        """One request that may be repeated, and is repeated once with a new token where the first was not taken."""
        token = await self.tokens.token()
        answer = await self._ask_with(token, method, url=url, **options)
        if refusal_of(answer) is not Refusal.TOKEN:
            return answer
        await self.tokens.invalidate(token)
        return await self._ask_with(await self.tokens.token(), method, url=url, **options)

    async def _ask_with(self, token: str, method: str, **options: Any) -> Answer:
        await self._limiter.acquire()
        headers, timeout = self._headers(token), self._account.patience()
        try:
            return await exchange(self._session, method, headers=headers, timeout=timeout, **options)
        except (aiohttp.ClientError, OSError) as error:
            raise CarrierError(f"The carrier does not answer ({type(error).__name__})", retryable=True) from error

    def _headers(self, token: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {token}",
            "ApplicationId": self._account.application_id,
            "Accept": "application/json",
        }

    def _call_url(self, uuid: str) -> URL:
        if not uuid.strip("."):
            raise CarrierError("A call without an id cannot be asked for", retryable=False)
        return URL(f"{self._account.calls_url}/{quote(uuid, safe='')}", encoded=True)

    def _successful(self, answer: Answer) -> Answer:
        if answer.status in _SUCCESS:
            return answer
        retryable = answer.status >= _FIRST_SERVER_ERROR or refusal_of(answer) in {None, Refusal.RATE, Refusal.QUOTA}
        raise CarrierError(self._said(answer), status=answer.status, retryable=retryable)

    def _said(self, answer: Answer) -> str:
        return describe(answer, (*self.tokens.secrets, *self._account.secrets))

    def _unreadable(self, answer: Answer) -> str:
        return clean(f"The carrier's answer makes no sense: {self._said(answer)}")


def kpn_from_settings(settings: Settings, session: aiohttp.ClientSession, redis: Redis) -> KpnVoice:
    """The account that the settings name. Raises InvalidInput where credentials are missing; close with `aclose`."""
    account = KpnAccount.from_settings(settings)
    tokens = TokenSource(TokenIssuer(account, session), SharedToken(redis, account.fingerprint))
    voice = KpnVoice(session, account, tokens)
    voice.set_share(settings.other_requests_per_second)
    return voice


def _body(request: CallRequest) -> dict[str, Any]:
    """The call as POST takes it (REFERENCE 3): bare digits, arrays even for the one value they may hold."""
    body = {
        "to": [_phone(request.to)],
        "from": _phone(request.from_),
        "answer_url": [request.answer_url],
        "answer_method": "GET",
        "event_url": [request.event_url],
        "event_method": "POST",
        "ringing_timer": request.ringing_timer_s,
        "length_timer": request.length_timer_s,
    }
    return body | ({"machine_detection": request.machine_detection} if request.machine_detection else {})


def _phone(number: str) -> dict[str, str]:
    return {"type": "phone", "number": number.removeprefix("+")}


def _without_token(error: CarrierError) -> Refused:
    """Nothing was sent. Where the client itself is wrong, no wait mends it and a person must."""
    reason = Refusal.TOKEN if error.retryable else Refusal.MISCONFIGURED
    wait_ms = error.retry_after_ms if isinstance(error, TokenUnavailable) and error.retryable else None
    return Refused(reason, clean(str(error)), wait_ms)


def _without_answer(error: aiohttp.ClientError | OSError) -> PlaceResult:
    """Before the connection stood nothing can have been sent; after that, all of it may have been.

    A time-out of the whole cannot fall into connecting: see `KpnAccount.patience`.
    """
    detail = type(error).__name__
    if isinstance(error, _NOT_SENT):
        return Refused(Refusal.NOT_SENT, detail)
    if isinstance(error, TimeoutError):
        return Unknown(Doubt.TIMED_OUT, detail)
    is_garbage = isinstance(error, aiohttp.ClientResponseError)
    return Unknown(Doubt.UNREADABLE if is_garbage else Doubt.CONNECTION_LOST, detail)


def _is_unknown_call(answer: Answer) -> bool:
    """A plain 404. One that the gateway itself raises says that the path is wrong, and nothing about the call."""
    return answer.status == Http.NOT_FOUND and not answer.fault_code()
