"""One HTTP exchange with the carrier: exactly one request, a bounded answer, nothing followed or repeated.

Read in aiohttp 3.14 (`client.py`, `_request`): a request is sent again by itself in two cases only. One is a redirect,
which is off here. The other is a kept-alive connection that turns out to be dead, and that is limited to
`IDEMPOTENT_METHODS`: GET, HEAD, OPTIONS, TRACE, PUT and DELETE. **A POST is never sent again**; a test counts the
arrivals. The session's middlewares could repeat one as well, so they are left out. Of the others, `once` keeps those
from being sent again whose effect is heard twice.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import aiohttp
from yarl import URL

from dialer.providers.kpn.answers import Answer

LONGEST_BODY = 64 * 1024
"""Bytes: a call is some 200, an error page a few thousand."""


async def exchange(
    session: aiohttp.ClientSession,
    method: str,
    *,
    url: URL,
    at_most: int = LONGEST_BODY,
    once: bool = False,
    **options: Any,
) -> Answer:
    """Send one request and read its answer, or as much of the body as came.

    Args:
        session: its connections are used, its middlewares are not.
        method: of the request.
        url: absolute.
        at_most: bytes of the body that are read.
        once: never send it again, whatever its method.
        options: as `aiohttp.ClientSession.request` takes them.

    Raises:
        aiohttp.ClientError, OSError: no status arrived. Once there is one, it counts, whatever follows.
    """
    answer: Answer | None = None
    try:
        async with session.request(
            method,
            url,
            allow_redirects=False,
            raise_for_status=False,
            middlewares=(_sent_once,) if once else (),
            **options,
        ) as response:
            body = await _read(response.content, at_most)
            answer = Answer(response.status, response.headers, body)
    except (aiohttp.ClientError, OSError):
        if answer is None:
            raise
    return answer


async def _sent_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Turn the two errors after which aiohttp sends a PUT again into one after which it does not."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise  # nothing was sent, and aiohttp does not try again either
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(str(error)) from error


async def _read(content: aiohttp.StreamReader, at_most: int) -> bytes:
    body = bytearray()
    with suppress(aiohttp.ClientError, OSError):  # cut off, too late, badly packed
        while len(body) < at_most and (chunk := await content.read(at_most - len(body))):
            body += chunk
    return bytes(body)
