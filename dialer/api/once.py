"""`Idempotency-Key` around a creation: run it once, give its first answer to every repetition."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Awaitable, Callable

from aiohttp import web
from pydantic import BaseModel

from dialer import idempotency
from dialer.api.keys import LOG_FIELDS, RUNTIME
from dialer.api.problems import INVALID_INPUT, KEY_IN_USE, KEY_REUSED, FieldError, Problem
from dialer.errors import StoreUnavailable
from dialer.idempotency import IdempotencyKey, KeptAnswer, KeyReused, StillRunning

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
REPLAY = {REPLAYED: "`true` on an answer that is given again."}
CREATED = {"Location": "Its address.", **REPLAY}
"""Headers of an answer that is kept."""
PARAMETER = {
    HEADER: {
        "description": "A text of your choice; the same request sent again under it within a day does no more, and "
        "is answered as the first was.",
        "schema": {"type": "string", "maxLength": idempotency.MAX_KEY_LENGTH, "pattern": "^[ -~]+$"},
    }
}
_PRINTABLE = re.compile(rf"[\x20-\x7e]{{1,{idempotency.MAX_KEY_LENGTH}}}", re.ASCII)

Creation = Callable[[str | None], Awaitable[KeptAnswer]]


async def answer_once(request: web.Request, scope: str, body: BaseModel | str, create: Creation) -> web.Response:
    """The answer of `create`, or the first one given under this request's key.

    Args:
        request: may carry the key; without one, `create` simply runs.
        scope: which kind of request.
        body: the checked body: what "the same request" means; or a text that tells it without what must not be kept,
            not even as a digest.
        create: gets a name derived from the key, None without one, and must create the same thing under the same name.
    """
    given = request.headers.get(HEADER)
    if given is None:
        return _response(await create(None))
    key = IdempotencyKey(
        scope=scope, key=_checked(given), body=body if isinstance(body, str) else body.model_dump_json()
    )
    kept = await _begin(request, key)
    if kept is not None:
        request[LOG_FIELDS]["replayed"] = True
        return _response(kept, {REPLAYED: "true"})
    return _response(await _run(request, key, create))


async def _begin(request: web.Request, key: IdempotencyKey) -> KeptAnswer | None:
    try:
        return await idempotency.begin(request.app[RUNTIME].batch, key)
    except StillRunning as error:
        raise Problem(KEY_IN_USE, str(error), field=HEADER, headers={"Retry-After": "1"}) from None
    except KeyReused as error:
        raise Problem(KEY_REUSED, str(error), field=HEADER) from None


async def _run(request: web.Request, key: IdempotencyKey, create: Creation) -> KeptAnswer:
    batch = request.app[RUNTIME].batch
    try:
        answer = await create(key.derived_id())
    except Exception:
        # A marker that cannot be removed lapses by itself.
        with contextlib.suppress(StoreUnavailable):
            await idempotency.release(batch, key)
        raise
    await idempotency.keep(batch, key, answer)
    return answer


def _checked(given: str) -> str:
    if _PRINTABLE.fullmatch(given):
        return given
    message = f"must be 1 to {idempotency.MAX_KEY_LENGTH} printable ASCII characters"
    raise Problem(INVALID_INPUT, f"`{HEADER}`: {message}.", field=HEADER, errors=[FieldError(HEADER, message)])


def _response(answer: KeptAnswer, headers: dict[str, str] | None = None) -> web.Response:
    location = {} if answer.location is None else {"Location": answer.location}
    return web.Response(
        status=answer.status, text=answer.body, content_type="application/json", headers=location | (headers or {})
    )
