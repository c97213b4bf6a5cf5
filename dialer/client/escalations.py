"""Escalations: people called step by step until enough have confirmed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from dialer.api.escalation_answers import EscalationOut, EscalationsOut
from dialer.api.escalation_bodies import NewEscalation
from dialer.client.resource import Fields, Resource, first, path_of
from dialer.client.wire import given, told

_PAGE = 20
_PATH = "/v1/escalations"


class AsyncEscalations(Resource):
    """`/v1/escalations`."""

    async def create(
        self, body: NewEscalation | Fields | None = None, /, *, key: str | None = None, **fields: Any
    ) -> EscalationOut:
        """Begin one: its first step begins at once. Under one key only once."""
        return await self._wire.create(EscalationOut, _PATH, told(body, fields), key=key)

    async def get(self, escalation_id: str) -> EscalationOut:
        """Which step is on, who has confirmed, and how everybody stands."""
        return await self._wire.get(EscalationOut, path_of(_PATH, escalation_id))

    async def all(self, *, limit: int | None = None) -> AsyncIterator[EscalationOut]:
        """All of them, the newest first; `limit` of them at the most."""
        pages = self._wire.pages(EscalationsOut, _PATH, limit=limit, at_once=_PAGE)
        async for one in first(limit, pages, lambda page: page.escalations):
            yield one

    async def confirm(self, escalation_id: str, person: str, *, by: str | None = None) -> EscalationOut:
        """Confirm for somebody, an own id or number, who has told it in another way; `by` says who tells us."""
        path = path_of(_PATH, escalation_id, "confirm")
        return await self._wire.change("POST", EscalationOut, path, given(person=person, by=by))

    async def end(self, escalation_id: str) -> EscalationOut:
        """Call nobody any more, and hang up what rings."""
        return await self._wire.change("POST", EscalationOut, path_of(_PATH, escalation_id, "end"))
