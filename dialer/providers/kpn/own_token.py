"""A process' own access token, shared with nobody: for a command that asks the carrier a few things and ends.

Stands where `SharedToken` does, so that `dialer app` needs no Redis: an application comes before the first start.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dialer.providers.kpn.shared_token import Failure, Granted


class OwnToken:
    """Keeps nothing: `TokenSource` itself holds the token while the process lives."""

    async def read(self) -> tuple[Granted | None, Failure | None]:
        """Nobody has got one before."""
        return None, None

    async def write(self, granted: Granted) -> None:
        """Nobody else wants it."""

    async def fail(self, failure: Failure) -> None:
        """Nobody else would ask again."""

    async def forget(self, access_token: str) -> None:
        """It is kept nowhere else."""

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[bool]:
        """Nobody else renews it."""
        yield True
