"""A process that dies in the middle of what it does."""

from __future__ import annotations

from typing import Any

from dialer.errors import StoreUnavailable
from dialer.redis.batch import Batch


class Mortal(Batch):
    """A batch whose process dies behind so many steps: what it sent before that is done."""

    def __init__(self, batch: Batch, steps: int) -> None:
        self._batch = batch
        self.left = steps

    async def run(self, name: str, keys: Any, args: Any) -> Any:
        """Run a script, while it lives."""
        self._live()
        return await self._batch.run(name, keys, args)

    async def command(self, *parts: Any, confirmed: bool = True) -> Any:
        """Run a command, while it lives."""
        self._live()
        return await self._batch.command(*parts, confirmed=confirmed)

    async def read(self, *parts: Any) -> Any:
        """Read, while it lives."""
        self._live()
        return await self._batch.read(*parts)

    def _live(self) -> None:
        if self.left == 0:
            raise StoreUnavailable("the process is gone")
        self.left -= 1
