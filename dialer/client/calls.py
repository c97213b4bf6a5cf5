"""Single calls: one number without a campaign of its own, what became of it, and orders while it is up."""

from __future__ import annotations

from typing import Any

from dialer.api.answers import CallOut, CallWithAttemptsOut, OrderOut
from dialer.api.explain import CallExplainOut
from dialer.api.order_bodies import OrderBody
from dialer.api.schemas import NewSingleCall
from dialer.client.resource import Fields, Resource, path_of
from dialer.client.wire import told

_PATH = "/v1/calls"


class AsyncCalls(Resource):
    """`/v1/calls`."""

    async def create(
        self, body: NewSingleCall | Fields | None = None, /, *, key: str | None = None, **fields: Any
    ) -> CallOut:
        """Call one number as soon as its turn comes; under one key only once, however often it is asked."""
        return await self._wire.create(CallOut, _PATH, told(body, fields), key=key)

    async def get(self, call_id: str) -> CallWithAttemptsOut:
        """One call with its attempts and their events."""
        return await self._wire.get(CallWithAttemptsOut, path_of(_PATH, call_id))

    async def explain(self, call_id: str) -> CallExplainOut:
        """Why it is not being dialed now, and when that changes."""
        return await self._wire.get(CallExplainOut, path_of(_PATH, call_id, "explain"))

    async def order(self, call_id: str, body: OrderBody | Fields | None = None, /, **fields: Any) -> OrderOut:
        """Do something to a call that is up: `do` says what. Asked once: a text must not be said twice."""
        return await self._wire.do(OrderOut, path_of(_PATH, call_id, "orders"), told(body, fields))
