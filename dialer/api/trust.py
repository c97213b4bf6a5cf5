"""Whether a callback is the carrier's: the token in its path always, its signature where the secret is set.

The token is checked before a body is read and costs no Redis round trip. The signature is checked over the raw body,
which is read once and kept with the request. Neither is ever logged.
"""

from __future__ import annotations

from aiohttp import web

from dialer import metrics
from dialer.api.bodies import read_bounded
from dialer.api.keys import LOG_FIELDS, RAW_BODY, RUNTIME, WEBHOOK_SECRET
from dialer.api.problems import NOT_FOUND, UNAUTHORIZED, Problem
from dialer.clock import moment, now_ms
from dialer.runtime import Runtime
from dialer.tokens import read_token
from dialer.webhook_signature import Distrust, verify

MAX_EVENT_BYTES = 65_536  # the largest known, a transcription's, has some 2 KB


async def trusted(request: web.Request) -> str:
    """The attempt that the token in the path speaks of, once everything says that the carrier asks."""
    attempt_id = read_token(request.app[WEBHOOK_SECRET], request.match_info["token"])
    if attempt_id is None:
        raise ignored("forged_token")
    request[LOG_FIELDS]["attempt_id"] = attempt_id
    await _require_signature(request)
    return attempt_id


async def _require_signature(request: web.Request) -> None:
    # The secrets of all trunks are set or none; which of them the attempt left by would cost a look into Redis.
    runtime = request.app[RUNTIME]
    if runtime.settings.signature_secret is None:
        return
    body = await raw_body(request)
    signed = body if request.method == "POST" else [*request.query.items()]
    distrusts = [_distrust(request, signed, runtime, trunk) for trunk in runtime.settings.trunk_names]
    if None in distrusts:
        return
    # Another account's secret never fits: what is wrong is told by the one that did.
    distrust = next((one for one in distrusts if one is not Distrust.SIGNATURE), Distrust.SIGNATURE)
    count_ignored(f"signature_{distrust}")
    raise Problem(UNAUTHORIZED, "The carrier's signature is missing or does not fit.", field="Authorization")


def _distrust(
    request: web.Request, signed: bytes | list[tuple[str, str]], runtime: Runtime, trunk: str
) -> Distrust | None:
    settings = runtime.settings.over(trunk)
    return verify(
        request.headers.get("Authorization"),
        signed,
        secret=settings.signature_secret.get_secret_value() if settings.signature_secret else "",
        now=moment(now_ms(runtime.clock)),
        application_id=settings.carrier_application_id,
    )


async def raw_body(request: web.Request) -> bytes:
    """The body as it came, read once."""
    if RAW_BODY not in request:
        try:
            request[RAW_BODY] = await read_bounded(request, MAX_EVENT_BYTES)
        except Problem:
            count_ignored("unreadable")
            raise
    return request[RAW_BODY]


def ignored(reason: str) -> Problem:
    """What a callback that means nothing here is answered; counted by reason."""
    # The same words for a forged token and a deleted attempt: whoever guesses learns nothing.
    count_ignored(reason)
    return Problem(NOT_FOUND, "There is nothing at this address.")


def count_ignored(reason: str) -> None:
    """Count a callback that changes nothing."""
    metrics.CALLBACKS_IGNORED.labels(reason).inc()
