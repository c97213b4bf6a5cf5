"""Times that a histogram keeps, with an example of what took so long: the trace of an attempt, where one is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import Histogram

from dialer.tracing import Tracing


@contextmanager
def timed(histogram: Histogram, attempt_id: str, tracing: Tracing) -> Iterator[None]:
    """Observe how long the block takes, also one that raises."""
    started = perf_counter()
    try:
        yield
    finally:
        histogram.observe(perf_counter() - started, tracing.exemplar(attempt_id))
