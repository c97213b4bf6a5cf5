"""What was recorded: each recording from its beginning to its download, and who may have it.

A recording is served to whoever shows a token of the application that made it, for as long as it is kept. Times are
those of the imitated world: a minute of talk is a minute, however fast it passed here.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from dialer.simulator.config import SimulatorConfig
from dialer.simulator.faults import Faults, RecordingFault
from dialer.simulator.legs import Leg
from dialer.simulator.passes import PassDesk
from dialer.simulator.replies import Ending, Verdict, kpn, vonage
from dialer.simulator.sound import wav, wav_size

FILES = "/v1/files"
DAY_S = 86_400.0


@dataclass(slots=True, eq=False, kw_only=True)
class Recording:
    """One recording.

    Attributes:
        file_id: stands in its address, and is not its uuid.
        number: whose call it is; None for a conference.
        conference: name of the conference; None for a call.
        sound: what its sound is made from, besides the seed.
        begun_at, ended_at: Unix seconds; `ended_at` is 0 while it runs.
        beep: whether a beep told of it.
    """

    application_id: str
    conversation_uuid: str
    number: str | None = None
    conference: str | None = None
    sound: str = ""
    channels: int = 1
    beep: bool = False
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    file_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    begun_at: float = field(default_factory=time.time)
    ended_at: float = 0.0
    _begun_s: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, leg: Leg, *, channels: int = 1, beep: bool = False) -> Recording:
        """One of a call that begins now."""
        return cls(
            application_id=leg.application_id,
            conversation_uuid=leg.conversation_uuid,
            number=leg.order.to,
            sound=f"{leg.order.to}|{leg.nth}",
            channels=channels,
            beep=beep,
        )

    @property
    def ended(self) -> bool:
        """Whether it is complete."""
        return self.ended_at > 0

    @property
    def size(self) -> int:
        """Bytes of its file."""
        return wav_size(self.channels)

    def end(self, time_scale: float) -> None:
        """Nothing more is recorded; its length is in carrier seconds, one at least."""
        lasted_s = (time.monotonic() - self._begun_s) / time_scale if time_scale else 1.0
        self.ended_at = self.begun_at + max(1.0, lasted_s)


class Archive:
    """All recordings, in the order of their beginning."""

    def __init__(self, config: SimulatorConfig, faults: Faults, passes: PassDesk) -> None:
        self._config = config
        self._faults = faults
        self._passes = passes
        self._recordings: dict[str, Recording] = {}
        self.origin = ""

    def __iter__(self) -> Iterator[Recording]:
        return iter(self._recordings.values())

    def add(self, recording: Recording) -> Recording:
        """Keep one that begins now."""
        self._recordings[recording.file_id] = recording
        return recording

    def url(self, recording: Recording) -> str:
        """Where it is downloaded from."""
        return f"{self._config.recording_origin or self.origin}{FILES}/{recording.file_id}"

    def download(self, authorization: str, file_id: str) -> Verdict:
        """Judge a request for a file."""
        application_id = self._passes.application_of(authorization)
        recording = self._recordings.get(file_id)
        if application_id is None:
            return vonage(401, "UNAUTHORIZED", "Unauthorized")
        if recording is None or not recording.ended or self._is_gone(recording):
            return vonage(404, "NOT_FOUND", "Not Found")
        if recording.application_id != application_id:
            return vonage(403, "FORBIDDEN", "Forbidden")
        return self._serve(recording)

    def _is_gone(self, recording: Recording) -> bool:
        kept_days = self._config.recording_kept_days
        return kept_days is not None and time.time() - recording.begun_at >= kept_days * DAY_S

    def _serve(self, recording: Recording) -> Verdict:
        fault = self._faults.draw_recording(recording.file_id)
        if fault is RecordingFault.HTTP_500:
            judged = kpn(500, "The request could not be served")
        else:
            body = wav(self._config.seed, recording.sound, recording.channels)
            judged = Verdict(body=body, content_type="audio/wav")
        judged.ending = Ending.CUT if fault is RecordingFault.CUT else Ending.REPLY
        judged.delay_s = self._config.slow_download_s if fault is RecordingFault.SLOW else 0.0
        judged.fault = None if fault is None else fault.value
        return judged
