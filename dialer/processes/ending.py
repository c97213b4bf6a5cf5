"""Ending tasks for certain.

A task that is cancelled while redis-py waits with a time limit can swallow the cancellation (Python 3.11's
`asyncio.wait_for` drops it when its result arrives in the same turn), and then runs on. So: cancel until it has ended.
"""

from __future__ import annotations

import asyncio
from typing import Any

_AGAIN_S = 0.1


async def ended(*tasks: asyncio.Task[Any]) -> None:
    """Cancel these tasks and return when all have ended; what they raised is theirs to keep (`task.exception()`)."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_S)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # seen: asyncio shall not complain at the end that nobody looked
