"""The client for programs that are async."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from dialer.client.account import AsyncApplications, AsyncTrunks, AsyncVoices
from dialer.client.audit import AsyncAudit
from dialer.client.callbacks import AsyncCallbacks
from dialer.client.calls import AsyncCalls
from dialer.client.campaigns import AsyncCampaigns
from dialer.client.conferences import AsyncConferences
from dialer.client.escalations import AsyncEscalations
from dialer.client.events import AsyncEvents
from dialer.client.forecasts import AsyncForecasts
from dialer.client.keys import AsyncKeys
from dialer.client.numbers import AsyncNumbers
from dialer.client.recordings import AsyncRecordings
from dialer.client.resource import Resource
from dialer.client.suppressions import AsyncSuppressions
from dialer.client.wire import Connection, Wire
from dialer.errors import InvalidInput

URL = "DIALER_URL"
API_KEY = "DIALER_API_KEY"


class AsyncDialer:
    """One dialer's API, its routes in groups; open it with `async with`.

    Every method raises an ApiError; a creation is made once, however often its request has to be sent.

    Args:
        url: its address; DIALER_URL if left out.
        api_key: its key; DIALER_API_KEY if left out.
        options: further fields of Connection: `on_behalf_of`, `attempts`, `connect_s`, `silence_s`.
    """

    def __init__(self, url: str | None = None, api_key: str | None = None, **options: Any) -> None:
        self._wire = wire = Wire(connection(url, api_key, **options))
        self.applications = AsyncApplications(wire)
        self.audit = AsyncAudit(wire)
        self.callbacks = AsyncCallbacks(wire)
        self.calls = AsyncCalls(wire)
        self.campaigns = AsyncCampaigns(wire)
        self.conferences = AsyncConferences(wire)
        self.escalations = AsyncEscalations(wire)
        self.events = AsyncEvents(wire)
        self.forecasts = AsyncForecasts(wire)
        self.keys = AsyncKeys(wire)
        self.numbers = AsyncNumbers(wire)
        self.recordings = AsyncRecordings(wire)
        self.suppressions = AsyncSuppressions(wire)
        self.trunks = AsyncTrunks(wire)
        self.voices = AsyncVoices(wire)

    async def __aenter__(self) -> Self:
        await self._wire.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._wire.close()

    @property
    def url(self) -> str:
        """Its address."""
        return self._wire.connection.url

    async def is_ready(self) -> bool:
        """Whether it answers, and its Redis does too."""
        return await self.answers(f"{self.url}/readyz")

    async def answers(self, url: str) -> bool:
        """Whether a request to this address succeeds at once."""
        return await self._wire.answers(url)


def connection(url: str | None, api_key: str | None, **options: Any) -> Connection:
    """What the arguments and the environment say. Raises InvalidInput where something is missing."""
    named = {URL: url, API_KEY: api_key}
    found = {name: os.environ.get(name, "") if value is None else value for name, value in named.items()}
    if not found[URL]:
        raise InvalidInput(f"No address: give `url`, or set {URL} (such as http://127.0.0.1:8080).", field=URL)
    if api_key is None and not found[API_KEY]:
        raise InvalidInput(f"No API key: give `api_key`, or set {API_KEY}.", field=API_KEY)
    return Connection(url=found[URL].rstrip("/"), api_key=found[API_KEY], **options)


def resources_of(dialer: AsyncDialer) -> Mapping[str, Resource]:
    """Its groups of routes by name."""
    return {name: value for name, value in vars(dialer).items() if isinstance(value, Resource)}
