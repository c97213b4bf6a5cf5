"""Traces: what became of a request and of each attempt, step by step, for OpenTelemetry. Off by default.

This is the part that every process has: it makes none, imports none of OpenTelemetry and costs nothing. With
`DIALER_TRACING` on, `dialer/tracing/spans.py` takes its place.

**An attempt is a trace of its own**, and the ids of it follow from the attempt's id under the webhook secret
(`trace_ids`). So any process, the worker that places, an API that gets a webhook, a sweeper hours later, makes spans of
the same trace, and nothing is stored or sent along for it: a waiting call costs no byte more. To the request that
brought the call it is linked, not joined: a trace of a million calls could be shown by no one.

Nothing personal gets into a span: attributes are ids, counts, words of closed lists and HTTP statuses. Names are
declared routes, never paths: that of a webhook is a secret.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, NamedTuple, Self

import aiohttp

from dialer.clock import Clock
from dialer.dispositions import Disposition
from dialer.errors import InvalidInput
from dialer.settings import Settings, environment_name

if TYPE_CHECKING:
    from dialer.tracing.spans import Traces

Told = str | int | float | bool
STATUS = "http.response.status_code"
"""The attribute for it, as OpenTelemetry calls it."""


class TraceIds(NamedTuple):
    """Of an attempt: its trace, and the span that spans all of it."""

    trace_id: int
    span_id: int


def trace_ids(secret: str, attempt_id: str) -> TraceIds:
    """Both ids, the same in every process of a fleet and for nobody else to foresee."""
    digest = hmac.digest(secret.encode(), f"trace of {attempt_id}".encode("utf-8", "surrogatepass"), "sha256")
    return TraceIds(int.from_bytes(digest[:16], "big"), int.from_bytes(digest[16:24], "big"))


class Span:
    """A step that is under way; this one is none and keeps nothing."""

    def tell(self, **told: Told | None) -> None:
        """Add attributes: `result` becomes `dialer.result`. What is None is left out."""

    def end(self, status: int) -> None:
        """It is over, and was answered with that HTTP status. For those that `Tracing.request` began."""


NO_SPAN = Span()
NO_STEP: AbstractContextManager[Span] = nullcontext(NO_SPAN)


class Tracing:
    """Makes no traces. What makes them overrides every method."""

    def request(self, name: str, traceparent: str | None) -> Span:  # noqa: ARG002 - none is made
        """Begin a span of the API, under that of whoever sent the header; what this task does belongs to it."""
        return NO_SPAN

    def origin(self) -> str | None:
        """The span that is under way, as the text that `Tracing.step` is given for its links."""
        return None

    def step(
        self,
        name: str,  # noqa: ARG002 - none is made
        attempt_id: str,  # noqa: ARG002
        *,
        links: Sequence[str | None] = (),  # noqa: ARG002
        **told: Told | None,  # noqa: ARG002
    ) -> AbstractContextManager[Span]:
        """A step of an attempt, as long as the block runs."""
        return NO_STEP

    def webhook(self, name: str, attempt_id: str, duration_s: float, told: Mapping[str, Told | None]) -> None:
        """A request of the carrier about an attempt, which was answered just now."""

    def ended(self, attempt_id: str, disposition: Disposition, *, began_ms: int, trunk: str) -> None:
        """An attempt is over: the whole of it, since its request left."""

    def trace_id(self, attempt_id: str) -> str | None:  # noqa: ARG002 - none is made
        """The trace of an attempt in hex; None where none is sent."""
        return None

    def exemplar(self, attempt_id: str) -> dict[str, str] | None:
        """What a histogram keeps beside a value of this attempt; None where no trace is sent."""
        trace_id = self.trace_id(attempt_id)
        return {"trace_id": trace_id} if trace_id else None

    def client_traces(self) -> list[aiohttp.TraceConfig]:
        """For a client session whose requests are to be seen in the step that makes them."""
        return []

    async def __aenter__(self) -> Self:
        """Be used."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Send what is left, for `sending.FLUSH_S` at the most."""


OFF = Tracing()


def tracing_of(settings: Settings, clock: Clock) -> Tracing:
    """What makes the traces of this process. Raises InvalidInput where it is to be on and OpenTelemetry is missing."""
    if not settings.tracing:
        return OFF
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
    return traces_class()(secret, clock)


def traces_class() -> type[Traces]:
    """What makes traces. Raises InvalidInput where OpenTelemetry is not installed."""
    try:
        from dialer.tracing.spans import Traces  # noqa: PLC0415 - an extra, and 0.1 s that nobody waits for who has none
    except ModuleNotFoundError as error:
        name = environment_name("tracing")
        message = (
            f"{name} is on, but {error.name} is not installed: run `pip install 'dialer[otel]'`, or leave {name} unset"
        )
        raise InvalidInput(message, field=name) from error
    return Traces
