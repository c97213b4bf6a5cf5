"""What happens, as it happens: the server-sent events of `/v1/events`, typed by their names."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass

from pydantic import BaseModel

from dialer.api.event_answers import EVENTS
from dialer.client.resource import Resource
from dialer.client.wire import given

_PATH = "/v1/events"


@dataclass(frozen=True, slots=True)
class Heard:
    """One event.

    Attributes:
        name: such as `call`.
        data: the model of that name in `EVENTS`.
        place: where to go on after this one; None where it has none.
    """

    name: str
    data: BaseModel
    place: str | None


class AsyncEvents(Resource):
    """`/v1/events`."""

    async def listen(
        self, campaign_ids: Collection[str] = (), *, calls: bool | None = None, after: str | None = None
    ) -> AsyncGenerator[Heard, None]:
        """Campaigns, calls and the budget as they change, until the API ends it or the connection breaks.

        Whoever comes back with `after`, the last `place` that was heard, misses no change of a call.
        """
        query = [("campaign_id", one) for one in campaign_ids] + list(given(calls=calls).items())
        headers = {} if after is None else {"Last-Event-ID": after}
        lines: dict[str, str] = {}
        async for line in self._wire.lines(_PATH, query, headers):
            name, _, value = line.partition(":")
            if line:
                lines[name] = value.removeprefix(" ")
                continue
            kind = EVENTS.get(lines.get("event", ""))
            if kind is not None:  # others are those of a newer API
                yield Heard(lines["event"], kind.model_validate_json(lines["data"]), lines.get("id"))
            lines = {}
