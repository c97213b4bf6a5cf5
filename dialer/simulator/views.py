"""What can be seen of a call and of a conference from outside: snapshots, for whoever checks what happened."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dialer.simulator.conferences import Conference, Conferences, ConferenceState, Happening
from dialer.simulator.legs import Leg, Note, Sense
from dialer.simulator.phones import digits
from dialer.simulator.recordings import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class LegView:
    """One call to a phone, as whoever holds that phone knows it, at the moment of looking.

    Attributes:
        number: or the URI.
        caller_id: what it showed; digits.
        heard: texts spoken, of the flow and by request.
        cut_short: texts that a key ended, or did not let begin.
        streams: audio played, by URL.
        received: keys sent to it, all of them.
        pressed, said: its answers to requests for input.
        controls: what was done by request: hangup, mute, transfer, talk, stop talk ...
        connected: with whom, by `connect`.
        music, ringback: URLs of what it heard while it waited.
        talking, streaming: what plays into it by request now.
        conference: the name of the one it is in.
        headers: those told to a `sip` or `websocket` endpoint.
        beeps: of recordings that began.
        notes: all of it in order, as pairs.
        began_s, ended_s: from when until when it was up, on the monotonic clock; None while it is.
    """

    uuid: str
    conversation_uuid: str
    number: str
    caller_id: str
    status: str
    ended_by: str | None
    muted: bool
    earmuffed: bool
    conference: str | None
    talking: str | None
    streaming: str | None
    headers: Mapping[str, Any] | None
    heard: list[str]
    cut_short: list[str]
    streams: list[str]
    received: str
    pressed: list[str]
    said: list[str]
    controls: list[str]
    connected: list[str]
    music: list[str]
    ringback: list[str]
    beeps: int
    notes: list[Note]
    began_s: float
    ended_s: float | None

    @classmethod
    def of(cls, leg: Leg) -> LegView:
        """How it is now."""
        return cls(
            uuid=leg.uuid,
            conversation_uuid=leg.conversation_uuid,
            number=leg.order.to,
            caller_id=leg.order.from_,
            status=leg.status,
            ended_by=leg.ended_by,
            muted=leg.muted,
            earmuffed=leg.earmuffed,
            conference=leg.room,
            talking=_playing(leg, "talk"),
            streaming=_playing(leg, "stream"),
            headers=leg.order.headers,
            heard=_all(leg, Sense.HEARD),
            cut_short=_all(leg, Sense.CUT),
            streams=_all(leg, Sense.STREAM),
            received="".join(_all(leg, Sense.RECEIVED)),
            pressed=_all(leg, Sense.PRESSED),
            said=_all(leg, Sense.SAID),
            controls=_all(leg, Sense.CONTROL),
            connected=_all(leg, Sense.CONNECTED),
            music=_all(leg, Sense.MUSIC),
            ringback=_all(leg, Sense.RINGBACK),
            beeps=len(_all(leg, Sense.BEEP)),
            notes=list(leg.notes),
            began_s=leg.created_s,
            ended_s=leg.ended_s,
        )


@dataclass(frozen=True, slots=True)
class ConferenceView:
    """A conference by its name, looked up anew with each question; it need not have opened yet."""

    conferences: Conferences
    name: str
    application_id: str | None = None

    @property
    def members(self) -> list[str]:
        """The numbers in it, in the order of their coming."""
        return [member.leg.order.to for member in self._room.members]

    @property
    def state(self) -> ConferenceState:
        """How far it is."""
        return self._room.state

    @property
    def started(self) -> bool:
        """Whether its members hear each other."""
        return self._room.started

    @property
    def conversation_uuid(self) -> str:
        """The carrier's id of it, once it has opened."""
        return self._room.conversation_uuid

    @property
    def log(self) -> list[Happening]:
        """Who joined and left, and when it started and ended, in order."""
        return list(self._room.log)

    def hears(self, listener: str, speaker: str) -> bool:
        """Whether one number in it hears another one now."""
        return self._room.hears(digits(listener), digits(speaker))

    @property
    def _room(self) -> Conference:
        return self.conferences.named(self.name, self.application_id)


def conference_json(room: Conference) -> dict[str, Any]:
    """A conference as JSON."""
    return {
        "name": room.name,
        "application_id": room.application_id,
        "conversation_uuid": room.conversation_uuid,
        "state": room.state,
        "members": [member.leg.order.to for member in room.members],
        "log": [asdict(happening) for happening in room.log],
    }


def recording_json(recording: Recording, url: str) -> dict[str, Any]:
    """A recording as JSON."""
    shown = {key: getattr(recording, key) for key in ("uuid", "number", "conference", "channels", "beep", "ended")}
    return {**shown, "recording_url": url, "size": recording.size, "application_id": recording.application_id}


def _all(leg: Leg, sense: Sense) -> list[str]:
    return [note.what for note in leg.notes if note.sense is sense]


def _playing(leg: Leg, kind: str) -> str | None:
    what, until_s = (leg.sounds or {}).get(kind, ("", 0.0))
    return what if time.monotonic() < until_s and not leg.over else None
