"""Fetches recordings before the carrier deletes them, which it does after 30 days.

Each fetch has a session of its own: no cookies, no proxy, no redirect followed unseen, and names that lead into private
networks are refused at connecting. The token of the application goes to the host that was checked and to no other. A
try that breaks off is followed by another from the beginning; reading may be repeated.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from http import HTTPStatus as Http

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from dialer.errors import CarrierError
from dialer.providers.assets import Recording, RecordingSink
from dialer.providers.kpn.answers import Answer, clean
from dialer.providers.kpn.channel import Channel
from dialer.providers.kpn.dialect import Dialect
from dialer.providers.kpn.recording_addresses import check_recording_url
from dialer.providers.kpn.steering import Sleep
from dialer.public_names import PrivateAddressError, PublicNames

CHUNK_BYTES = 64 * 1024
PAUSES_S = (1.0, 4.0)
"""Between three tries within one fetch; a longer outage is for the job that asked."""
KEPT_DAYS = 30

_LIMITS = aiohttp.ClientTimeout(total=1800, connect=5, sock_read=30)
"""Half an hour for 512 MiB are 300 kB/s; half a minute of silence is the end of a connection."""
_MOST_REDIRECTS = 3
_LONGEST_REFUSAL = 4096
_TYPES = ("application/octet-stream", "binary/octet-stream", "application/ogg")
_GONE = frozenset({Http.NOT_FOUND, Http.GONE})
_FOREIGN = frozenset({Http.UNAUTHORIZED, Http.FORBIDDEN})
_PASSING = frozenset({Http.REQUEST_TIMEOUT, Http.TOO_EARLY, Http.TOO_MANY_REQUESTS})
_REDIRECTS = range(300, 400)
_FIRST_SERVER_ERROR = 500


class NoRecordingToken(CarrierError):
    """No token was given to fetch a recording with; of the recording itself nothing is known."""


class Recordings:
    """Reads recordings.

    Args:
        names: makes who looks up host names, for each fetch.
    """

    def __init__(
        self,
        channel: Channel,
        dialect: Dialect,
        *,
        sleep: Sleep,
        names: Callable[[], AbstractResolver | None] = lambda: None,
    ) -> None:
        self._channel = channel
        self._dialect = dialect
        self._sleep = sleep
        self._names = names

    async def token(self) -> str:
        """A new token for the recordings of our application. Raises NoRecordingToken."""
        try:
            answer = self._channel.successful(await self._channel.ask("GET", self._channel.address("jwt")))
        except CarrierError as error:
            raise NoRecordingToken(
                f"No token for recordings: {error}", status=error.status, retryable=error.retryable
            ) from error
        fields = {name.lower(): value for name, value in answer.fields().items()}
        token = fields.get("jwt_token")
        if not (isinstance(token, str) and token and token.isascii() and token.isprintable() and " " not in token):
            # Not shown: a token may stand in it under another name.
            raise NoRecordingToken(
                "The carrier's answer holds no recording token", status=answer.status, retryable=True
            )
        return token

    async def fetch(self, address: str, sink: RecordingSink) -> Recording:
        """Read one whole. Raises CarrierError, NoRecordingToken; what the sink raises passes through."""
        url = check_recording_url(address, self._dialect.recording_origins)
        for pause_s in PAUSES_S:
            try:
                return await self._fetch_once(url, sink)
            except CarrierError as error:
                if not error.retryable:
                    raise
            await self._sleep(pause_s)
        return await self._fetch_once(url, sink)

    async def _fetch_once(self, url: URL, sink: RecordingSink) -> Recording:
        token = await self.token()
        async with self._session() as session:
            response = await self._open(session, url, token)
            async with response:
                self._check_headers(response)
                return await self._pour(response, sink)

    def _session(self) -> aiohttp.ClientSession:
        exempt = {URL(origin).raw_host or "" for origin in self._dialect.recording_origins}
        connector = aiohttp.TCPConnector(resolver=PublicNames(exempt, self._names()), use_dns_cache=False)
        return aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=_LIMITS, auto_decompress=False
        )

    async def _open(self, session: aiohttp.ClientSession, url: URL, token: str) -> aiohttp.ClientResponse:
        """The recording's response. Redirects lead to allowed hosts only, to others than the first without token."""
        origin = url.origin()
        for _ in range(_MOST_REDIRECTS + 1):
            response = await self._ask(session, url, token if url.origin() == origin else None)
            location = response.headers.get("Location", "")
            if response.status not in _REDIRECTS or not location:
                return await self._successful(response, token)
            response.release()
            url = check_recording_url(_joined(url, location), self._dialect.recording_origins)
        raise CarrierError("The recording's address leads from one place to another", retryable=False)

    async def _ask(self, session: aiohttp.ClientSession, url: URL, token: str | None) -> aiohttp.ClientResponse:
        await self._channel.limiter.acquire()
        headers = {"Accept": "audio/*", "Accept-Encoding": "identity"}
        try:
            return await session.get(
                url, headers=headers | ({"Authorization": f"Bearer {token}"} if token else {}), allow_redirects=False
            )
        except (aiohttp.ClientError, OSError) as error:
            raise _unreachable(error) from error

    async def _successful(self, response: aiohttp.ClientResponse, token: str) -> aiohttp.ClientResponse:
        if response.status == Http.OK:
            return response
        async with response:
            try:
                body = await response.content.read(_LONGEST_REFUSAL)
            except (aiohttp.ClientError, OSError):
                body = b""
        raise _refusal(response.status, self._channel.said(Answer(response.status, response.headers, body), token))

    def _check_headers(self, response: aiohttp.ClientResponse) -> None:
        kind = response.content_type
        if not kind.startswith("audio/") and kind not in _TYPES:
            raise CarrierError(clean(f"What lies there is no recording but {kind}"), status=200, retryable=False)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise CarrierError("The recording is packed, which was not asked for", status=200, retryable=False)
        self._check_size(response.content_length or 0)

    def _check_size(self, size_bytes: int) -> None:
        most = self._dialect.largest_recording_bytes
        if size_bytes > most:
            raise CarrierError(f"The recording is larger than the {most} bytes that are allowed", retryable=False)

    async def _pour(self, response: aiohttp.ClientResponse, sink: RecordingSink) -> Recording:
        digest, size_bytes = sha256(), 0
        await sink.begin()
        async for chunk in _chunks(response):
            size_bytes += len(chunk)
            self._check_size(size_bytes)
            digest.update(chunk)
            await sink.write(chunk)
        if not size_bytes:
            raise CarrierError("The recording is empty", status=Http.OK, retryable=True)
        return Recording(size_bytes=size_bytes, sha256=digest.hexdigest(), content_type=response.content_type)


async def _chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The body. Only what the network does becomes a CarrierError, not what is done with a chunk."""
    while True:
        try:
            chunk = await response.content.read(CHUNK_BYTES)
        except (aiohttp.ClientError, OSError) as error:
            raise CarrierError(f"The recording broke off ({type(error).__name__})", retryable=True) from error
        if not chunk:
            return
        yield chunk


def _joined(url: URL, location: str) -> str:
    try:
        return str(url.join(URL(location)))
    except (ValueError, IndexError):  # as in public_names.plain_url
        return location


def _unreachable(error: aiohttp.ClientError | OSError) -> CarrierError:
    if isinstance(getattr(error, "os_error", None), PrivateAddressError):
        return CarrierError("The recording's host leads into a private network", retryable=False)
    return CarrierError(f"The recording's host does not answer ({type(error).__name__})", retryable=True)


def _refusal(status: int, said: str) -> CarrierError:
    if status in _GONE:
        message = f"The carrier has no such recording (any more): it deletes them after {KEPT_DAYS} days ({said})"
        return CarrierError(message, status=status, retryable=False)
    if status in _FOREIGN:
        message = f"The carrier does not give us this recording: is it of another application? ({said})"
        return CarrierError(message, status=status, retryable=False)
    retryable = status >= _FIRST_SERVER_ERROR or status in _PASSING
    return CarrierError(f"The recording was not given: {said}", status=status, retryable=retryable)
