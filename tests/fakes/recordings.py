"""Recordings in tests: the carrier's event of one, and the catalogue and storage that a worker works with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dialer.errors import StorageUnavailable
from dialer.providers.base import CallEvent, Provider
from dialer.providers.kpn.events import parse_event
from dialer.recordings.claims import RecordingClaims
from dialer.recordings.fetching import Fetcher
from dialer.recordings.records import KeptRecording, ToldRecording, told_recording
from dialer.recordings.storage import PIECE_BYTES, Storage
from dialer.store import Wanted
from tests.fakes.engine import Engine

SOUND = bytes(range(256)) * (PIECE_BYTES // 256 + 2)
"""A little more than one piece of a download."""
URL = "https://api.nexmo.com/v1/files/f-1"
ALL = Wanted()
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


def record_event(url: str = URL, **fields: Any) -> dict[str, Any]:
    """What the carrier sends when a recording is there."""
    return {
        "start_time": "2026-01-02T03:04:05Z",
        "recording_url": url,
        "size": 12222,
        "recording_uuid": f"uuid of {url}",
        "end_time": "2026-01-02T03:05:05Z",
        "conversation_uuid": "CON-1",
        "timestamp": "2026-01-02T03:05:06.000Z",
    } | fields


def recorded(url: str = URL, **fields: Any) -> CallEvent:
    """The same, translated."""
    return parse_event(record_event(url, **fields))


def told(url: str = URL, **fields: Any) -> ToldRecording:
    """What it tells."""
    found = told_recording(recorded(url, **fields))
    assert found
    return found


@dataclass(frozen=True, slots=True)
class Desk:
    """What one worker has for recordings, and what a test looks at."""

    engine: Engine
    claims: RecordingClaims
    fetcher: Fetcher
    storage: Storage
    folder: Path

    async def note(self, url: str, attempt_id: str = "c1-1-1") -> str:
        """Let the carrier tell of a recording; returns its id."""
        await self.engine.store.note_recording(attempt_id, told(url))
        return told(url).id

    async def run(self) -> int:
        """Work off all that is due; returns how much that was."""
        due = await self.claims.due(100)
        for recording_id in due:
            await self.fetcher.work_off(recording_id)
        return len(due)

    async def one(self) -> KeptRecording:
        """The only recording that there is."""
        (found,) = (await self.engine.store.recordings(ALL))[0]
        return found

    def files(self) -> dict[str, bytes]:
        """All that lies in the folder, what is half written too."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()
        }


def open_desk(engine: Engine, provider: Provider, folder: Path) -> Desk:
    """A desk that keeps its files in this folder."""
    storage = Storage(folder.as_uri())
    claims = RecordingClaims(engine.batch, engine.clock)
    return Desk(engine, claims, Fetcher(claims, lambda _trunk: provider, storage), storage, folder)


class BrokenStorage(Storage):
    """A storage that fails until it is mended."""

    broken = True

    async def check(self, name: str, size_bytes: int) -> None:
        """Fail at the end of a write."""
        self._fail()
        await super().check(name, size_bytes)

    async def delete(self, name: str) -> None:
        """Fail to delete."""
        self._fail()
        await super().delete(name)

    def _fail(self) -> None:
        if self.broken:
            raise StorageUnavailable("The storage is full")
