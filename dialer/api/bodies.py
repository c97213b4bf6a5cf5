"""Reading what a client sent: bounded, in time, as UTF-8 JSON, strictly into a pydantic model.

Every way in which a body can be wrong ends in a `Problem` that says which (RFC 9110 for the statuses): its media type
415, its size 413, its pace 408, its encoding or syntax 400 with line and column, its content 422 with the field.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar, get_origin

from aiohttp import web
from pydantic import BaseModel, RootModel, ValidationError

from dialer.api.problems import (
    BAD_REQUEST,
    INVALID_INPUT,
    MALFORMED_JSON,
    TOO_LARGE,
    TOO_SLOW,
    UNSUPPORTED_MEDIA_TYPE,
    WRONG_ENCODING,
    FieldError,
    Problem,
    invalid_input,
)

MAX_JSON_BYTES = 1_048_576  # a campaign or a call; lists of calls are streamed and have a limit of their own
MOST_MEMBERS = 40_000
"""Of all objects of a body together: beyond them no body means anything, and telling why would hold up webhooks."""
JSON_TIMEOUT_S = 30  # for the whole of a small body
CHUNK_TIMEOUT_S = 60  # between two pieces of a streamed list: a mobile link may stall, a dead one must not stay

Model = TypeVar("Model", bound=BaseModel)


async def read_json(request: web.Request, model: type[Model]) -> Model:
    """The body as this model. A body left out stands for `{}` where the model needs nothing."""
    raw = await read_bounded(request, MAX_JSON_BYTES)
    if raw:
        require_media_type(request, ("application/json",))
        _require_utf8(request)
        return decode_json(raw, model)
    if any(f.is_required() for f in model.model_fields.values()):
        raise Problem(MALFORMED_JSON, "A JSON object is needed, but the body is empty.", field="body")
    return model()


def read_query(request: web.Request, model: type[Model]) -> Model:
    """The query string as this model: numbers may be written as text there, unknown names are refused."""
    lists = {name for name, field in model.model_fields.items() if get_origin(field.annotation) is list}
    twice = next((n for n in request.query if n not in lists and len(request.query.getall(n)) > 1), None)
    if twice is not None:
        message = "given more than once"
        raise Problem(INVALID_INPUT, f"`{twice}`: {message}.", field=twice, errors=[FieldError(twice, message)])
    try:
        given = {n: request.query.getall(n) if n in lists else text for n, text in request.query.items()}
        return model.model_validate(given, strict=False)
    except ValidationError as error:
        raise invalid_input(error, whole="query") from None


def decode_json(raw: bytes, model: type[Model]) -> Model:
    """Bytes to a model, strictly; every mistake is a Problem that says where it stands."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise Problem(WRONG_ENCODING, f"Byte {error.start + 1} of the body is not UTF-8.", field="body") from None
    if raw.count(b":") > MOST_MEMBERS:
        detail = f"The body has more than {MOST_MEMBERS:,} fields: is it another file?"
        raise Problem(INVALID_INPUT, detail, field="body")
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise Problem(MALFORMED_JSON, f"{first['msg']}.", field="body") from None
        raise invalid_input(error, whole="body", tagged=issubclass(model, RootModel)) from None


async def read_bounded(request: web.Request, limit: int) -> bytes:
    """The whole body, not more than `limit` bytes of it."""
    refuse_large(request, limit)
    if request.content.is_eof():
        # A webhook's body comes with its head: nothing to wait for, so no timer either.
        with _transfer_told():
            whole = request.content.read_nowait()
        if len(whole) > limit:
            raise too_large(limit)
        return whole
    try:
        async with asyncio.timeout(JSON_TIMEOUT_S):
            return b"".join([piece async for piece in _counted(request, limit)])
    except TimeoutError:
        raise Problem(TOO_SLOW, f"The body took more than {JSON_TIMEOUT_S} s.", field="body") from None


async def stream_bounded(request: web.Request, limit: int) -> AsyncIterator[bytes]:
    """The body piece by piece; ends in 413 past `limit` bytes, in 408 when the client stops sending."""
    refuse_large(request, limit)
    pieces = _counted(request, limit)
    while True:
        try:
            async with asyncio.timeout(CHUNK_TIMEOUT_S):
                piece = await anext(pieces, None)
        except TimeoutError:
            raise Problem(TOO_SLOW, f"Nothing arrived for {CHUNK_TIMEOUT_S} s.", field="body") from None
        if piece is None:
            return
        yield piece


def refuse_large(request: web.Request, limit: int) -> None:
    """Refuse by the announced length, before a byte is read."""
    if (request.content_length or 0) > limit:
        raise too_large(limit)


def require_media_type(request: web.Request, taken: Iterable[str]) -> str:
    """The body's media type if it is one of `taken` and not compressed; else 415."""
    given, names = request.content_type.lower(), ", ".join(taken)
    if "Content-Type" not in request.headers or given not in taken:
        raise Problem(UNSUPPORTED_MEDIA_TYPE, f"Content-Type must be {names}.", field="Content-Type")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem(UNSUPPORTED_MEDIA_TYPE, "A compressed body is not taken.", field="Content-Encoding")
    return given


def _require_utf8(request: web.Request) -> None:
    if (request.charset or "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise Problem(UNSUPPORTED_MEDIA_TYPE, "JSON is UTF-8 (RFC 8259).", field="Content-Type")


async def _counted(request: web.Request, limit: int) -> AsyncIterator[bytes]:
    size = 0
    while True:
        with _transfer_told():
            piece = await request.content.readany()
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        if not piece:
            return
        yield piece


@contextmanager
def _transfer_told() -> Iterator[None]:
    try:
        yield
    except web.RequestPayloadError:
        raise Problem(BAD_REQUEST, "The body's transfer coding is broken.", field="body") from None


def too_large(limit: int) -> Problem:
    """The refusal of whatever is longer."""
    return Problem(TOO_LARGE, f"At most {limit:,} bytes are taken here.", field="body", headers={"Connection": "close"})
