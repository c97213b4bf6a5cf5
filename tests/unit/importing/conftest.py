"""How the tests of this folder read a list: whole, from bytes cut as they like."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field

import pytest

from dialer.importing import Rejection, RowChecks, read_calls
from dialer.model import NewCall


@dataclass(frozen=True)
class Outcome:
    """Everything that came of a list, and how many rows each batch had."""

    calls: dict[int, NewCall] = field(default_factory=dict)
    rejections: dict[int, Rejection] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)

    @property
    def numbers(self) -> dict[int, str]:
        """The number of each call by its row."""
        return {row: call.number for row, call in self.calls.items()}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A way of reading a list; called with the list it answers the outcome."""

    media_type: str = "text/csv"
    charset: str | None = None
    checks: RowChecks = field(default_factory=lambda: RowChecks("NL"))
    executor: Executor | None = None
    cut: int = 1000

    def __call__(self, body: bytes | Iterable[bytes]) -> Outcome:
        """Read a list from start to end."""
        return asyncio.run(self._read(body))

    async def _read(self, body: bytes | Iterable[bytes]) -> Outcome:
        outcome = Outcome()
        async for batch in read_calls(
            arriving(body, self.cut),
            media_type=self.media_type,
            charset=self.charset,
            checks=self.checks,
            executor=self.executor,
        ):
            outcome.calls.update(batch.calls)
            outcome.rejections.update((rejection.row, rejection) for rejection in batch.rejections)
            outcome.batches.append(len(batch.calls) + len(batch.rejections))
        return outcome


async def arriving(body: bytes | Iterable[bytes], cut: int) -> AsyncIterator[bytes]:
    """A list as a network brings it: chunk by chunk."""
    chunks = (body[at : at + cut] for at in range(0, len(body), cut)) if isinstance(body, bytes) else body
    for chunk in chunks:
        yield chunk


@pytest.fixture(scope="session")
def reading() -> Callable[..., Reading]:
    """Makes a way of reading: `reading(charset="cp1252")(body)` is the outcome."""
    return Reading
