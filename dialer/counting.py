"""What is counted of calls, attempts and recordings, once, by whoever made the change in Redis.

Counters belong to the process that made the change; the gauges of what they amount to are in `metrics/gauging.py`.
"""

from __future__ import annotations

from dialer import metrics
from dialer.dispositions import Disposition
from dialer.store.attempts import EventResult
from dialer.tracing import Tracing


def count_change(result: EventResult, tracing: Tracing) -> None:
    """Count the attempt, and the call, that an event has ended; with an attempt its trace ends."""
    if result.attempt:
        count_attempt(result.trunk, result.attempt)
    if result.call:
        count_calls(result.call, result.kind)
    if result.attempt and result.began_ms:
        tracing.ended(result.attempt_id, result.attempt, began_ms=result.began_ms, trunk=result.trunk)


def count_attempt(trunk: str, disposition: Disposition) -> None:
    """Count an attempt that ended."""
    metrics.ATTEMPTS.labels(trunk, disposition).inc()


def count_calls(disposition: Disposition, kind: str, calls: int = 1) -> None:
    """Count calls of a campaign of that kind that reached their disposition."""
    metrics.CALLS.labels(disposition, kind).inc(calls)


def count_recording(result: str) -> None:
    """Count what became of a recording: a value of the label `result` in `metrics/labels.py`."""
    metrics.RECORDINGS.labels(result).inc()
