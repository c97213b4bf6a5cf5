"""One HTTP exchange with the carrier: exactly one request, a bounded answer, nothing followed or repeated.

Read in aiohttp 3.14 (`client.py`, `_request`): a request is sent again by itself in two cases only. One is a redirect,
which is off here. The other is a kept-alive connection that turns out to be dead, and that is limited to
`IDEMPOTENT_METHODS`: GET, HEAD, OPTIONS, TRACE, PUT and DELETE. **A POST is never sent again**; a test counts the
arrivals. The session's middlewares could repeat one as well, so they are left out.
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
    session: aiohttp.ClientSession, method: str, *, url: URL, at_most: int = LONGEST_BODY, **options: Any
) -> Answer:
    """Send one request and read its answer, or as much of the body as came.

    Raises:
        aiohttp.ClientError, OSError: no status arrived. Once there is one, it counts, whatever follows.
    """
    answer: Answer | None = None
    try:
        async with session.request(
            method, url, allow_redirects=False, raise_for_status=False, middlewares=(), **options
        ) as response:
            body = await _read(response.content, at_most)
            answer = Answer(response.status, response.headers, body)
    except (aiohttp.ClientError, OSError):
        if answer is None:
            raise
    return answer


async def _read(content: aiohttp.StreamReader, at_most: int) -> bytes:
    body = bytearray()
    with suppress(aiohttp.ClientError, OSError):  # cut off, too late, badly packed
        while len(body) < at_most and (chunk := await content.read(at_most - len(body))):
            body += chunk
    return bytes(body)
