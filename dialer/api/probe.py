"""`/webhooks/probe/{nonce}`: answers `dialer doctor` through the public address (see `dialer/probe.py`)."""

from __future__ import annotations

from aiohttp import web
from redis.exceptions import RedisError

from dialer import probe
from dialer.api.keys import RUNTIME, WEBHOOK_SECRET
from dialer.api.models import Outgoing
from dialer.api.problems import NOT_FOUND, Problem
from dialer.api.routing import Answer, Routes
from dialer.errors import StoreUnavailable

routes = Routes()


class ProbeOut(Outgoing):
    """What shows that the request arrived at this dialer."""

    proof: str


async def get_probe(request: web.Request) -> web.StreamResponse:
    """Whether this address leads to the dialer that offered the nonce. A body is not read."""
    nonce = request.match_info["nonce"]
    try:
        proof = await probe.answer(request.app[RUNTIME].redis, request.app[WEBHOOK_SECRET], nonce)
    except (RedisError, OSError) as error:
        raise StoreUnavailable("Redis does not answer") from error
    if proof is None:
        raise Problem(NOT_FOUND, "There is nothing at this address.")
    return web.json_response(text=ProbeOut(proof=proof).model_dump_json())


_PATH = "/webhooks/probe/{nonce}"
_ANSWERS = {200: Answer(description="The nonce is known here.", model=ProbeOut)}
# The carrier asks with GET and tells with POST: a proxy may let only one of them through.
routes.add("GET", _PATH, get_probe, answers=_ANSWERS, public=True)
routes.add("POST", _PATH, get_probe, answers=_ANSWERS, public=True, name="post_probe")
