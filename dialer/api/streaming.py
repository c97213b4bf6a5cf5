"""Writing a long answer piece by piece, after its status has left."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from dialer.api.keys import LOG_FIELDS
from dialer.errors import DialerError


async def write_pieces(request: web.Request, response: web.StreamResponse, pieces: AsyncIterator[bytes]) -> None:
    """Write all pieces into a prepared answer; where they break off, so does the connection."""
    try:
        async for piece in pieces:
            await response.write(piece)
    except (DialerError, ConnectionError) as error:
        # The status has left already. What ends short of its last chunk or its length is known to be not all.
        request[LOG_FIELDS]["broke_off"] = type(error).__name__
        if request.transport is not None:
            request.transport.abort()
