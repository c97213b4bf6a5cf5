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
from dialer.tokens import read_token
from dialer.webhook_signature import verify

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
    runtime = request.app[RUNTIME]
    secret = runtime.settings.signature_secret
    if secret is None:
        return
    body = await raw_body(request)
    distrust = verify(
        request.headers.get("Authorization"),
        body if request.method == "POST" else [*request.query.items()],
        secret=secret.get_secret_value(),
        now=moment(now_ms(runtime.clock)),
        application_id=runtime.settings.carrier_application_id,
    )
    if distrust:
        metrics.CALLBACKS_IGNORED.labels(f"signature_{distrust}").inc()
        raise Problem(UNAUTHORIZED, "The carrier's signature is missing or does not fit.", field="Authorization")


async def raw_body(request: web.Request) -> bytes:
    """The body as it came, read once."""
    if RAW_BODY not in request:
        try:
            request[RAW_BODY] = await read_bounded(request, MAX_EVENT_BYTES)
        except Problem:
            metrics.CALLBACKS_IGNORED.labels("unreadable").inc()
            raise
    return request[RAW_BODY]


def ignored(reason: str) -> Problem:
    """What a callback that means nothing here is answered; counted by reason."""
    # The same words for a forged token and a deleted attempt: whoever guesses learns nothing.
    metrics.CALLBACKS_IGNORED.labels(reason).inc()
    return Problem(NOT_FOUND, "There is nothing at this address.")
