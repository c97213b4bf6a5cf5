"""Writing a long answer piece by piece, after its status has left."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from dialer.api.keys import LOG_FIELDS, REQUEST_ID
from dialer.api.middleware import REQUEST_ID_HEADER
from dialer.errors import DialerError

CSV = "text/csv"
NDJSON = "application/x-ndjson"
PARQUET = "application/vnd.apache.parquet"
_ENDINGS = {CSV: "csv", NDJSON: "ndjson", PARQUET: "parquet"}


async def send_file(
    request: web.Request, pieces: AsyncIterator[bytes], *, name: str, media_type: str
) -> web.StreamResponse:
    """Answer with a file of that name, without its ending, as its pieces come."""
    request[LOG_FIELDS]["format"] = _ENDINGS[media_type]
    headers = {"Content-Disposition": f'attachment; filename="{name}.{_ENDINGS[media_type]}"'}
    charset = "" if media_type == PARQUET else "; charset=utf-8"
    headers |= {"Content-Type": f"{media_type}{charset}", REQUEST_ID_HEADER: request[REQUEST_ID]}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    if request.method != "HEAD":
        await write_pieces(request, response, pieces)
    return response


async def write_pieces(request: web.Request, response: web.StreamResponse, pieces: AsyncIterator[bytes]) -> None:
    """Write all pieces into a prepared answer; where they break off, so does the connection."""
    try:
        async for piece in pieces:
            await response.write(piece)
    except (DialerError, ConnectionError) as error:
        # The status has left already. What ends short of its last chunk or its length is known to be not all.
        request[LOG_FIELDS]["broke_off"] = type(error).__name__
        _break_off(request)
    except Exception:
        _break_off(request)  # or the client would wait for the rest
        raise


def _break_off(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
