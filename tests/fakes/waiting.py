"""Waiting for what happens elsewhere, and the figures that tests measure, shown at the end of a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

FIGURES: list[str] = []
"""Lines to be shown at the end of the run."""
_POLL_S = 0.02


async def until(reached: Callable[[], bool], *, within_s: float = 20.0) -> None:
    """Wait until it is so; raises TimeoutError when it is not within that time."""
    async with asyncio.timeout(within_s):
        while not reached():  # noqa: ASYNC110 - other processes and their logs set no event
            await asyncio.sleep(_POLL_S)
