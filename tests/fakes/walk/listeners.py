"""A listener to a random walk: it is told of every change of every call, or where to read again."""

from __future__ import annotations

from dialer import keys
from dialer.changes import Change, Place, What
from dialer.dispositions import Disposition
from dialer.states import CallState
from tests.fakes.walk.ground import Ground

Where = CallState | Disposition


class Listeners(Ground):
    """Hears what changes, and must know where each call stands without looking."""

    heard_to: Place
    heard: dict[str, Where]

    async def begin_to_listen(self) -> None:
        """From here on changes are written."""
        self.heard_to, self.heard = (await self.engine.store.changes(None)).place, {}

    async def listeners_know(self) -> None:
        """After what was told of this step, every call stands where the listener believes it to be."""
        heard = await self.engine.store.changes(self.heard_to, most=10_000)
        assert heard.is_whole
        for change in heard.changes:
            self._hear(change)
        self.heard_to = heard.place
        await self.engine.batch.command("XTRIM", keys.CHANGES, "MAXLEN", 1)

        assert {call_id: call.where for call_id, call in self.expected.calls()} == self.heard

    def _hear(self, change: Change) -> None:
        where = change.disposition or change.state
        if change.what is What.CALL and where:
            self.heard[change.subject] = where
        elif change.what is What.CALLS:
            # It reads again those that are there now.
            calls = ((i, call) for i, call in self.expected.calls() if i.rpartition("-")[0] == change.subject)
            self.heard.update({call_id: call.where for call_id, call in calls if call.where == where})
