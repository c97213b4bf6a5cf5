"""What was recorded of calls."""

from __future__ import annotations

from collections.abc import AsyncIterator

from dialer.api.recording_answers import RecordingOut, RecordingsOut
from dialer.client.resource import Resource, first, path_of
from dialer.recordings.records import RecordingState

_PAGE = 1000
_PATH = "/v1/recordings"


class AsyncRecordings(Resource):
    """`/v1/recordings`."""

    async def all(
        self,
        *,
        campaign_id: str | None = None,
        call_id: str | None = None,
        state: RecordingState | str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[RecordingOut]:
        """All of them, the newest first."""
        chosen = {"campaign_id": campaign_id, "call_id": call_id, "state": state}
        pages = self._wire.pages(RecordingsOut, _PATH, limit=limit, at_once=_PAGE, **chosen)
        async for one in first(limit, pages, lambda page: page.recordings):
            yield one

    async def get(self, recording_id: str) -> RecordingOut:
        """One of them, without its sound."""
        return await self._wire.get(RecordingOut, path_of(_PATH, recording_id))

    async def audio(self, recording_id: str) -> AsyncIterator[bytes]:
        """Its sound as a file's bytes; `sha256` of `get` tells whether all came."""
        async for chunk in self._wire.download(path_of(_PATH, recording_id, "audio")):
            yield chunk

    async def delete(self, recording_id: str) -> None:
        """Delete it and its file, for ever."""
        await self._wire.drop(path_of(_PATH, recording_id))
