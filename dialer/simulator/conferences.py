"""Conferences: rooms by name within an application, who is in them, and when they begin and end.

A room opens when a leg's flow reaches its `conversation`. It starts with the first member who may start it; until then
everybody hears music. It ends when a member with `endOnExit` leaves, which ends the others' calls, or when it is empty.
Its name keeps its conversation id for good, so the same people can meet in it again.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from dialer.simulator import events
from dialer.simulator.legs import Leg, Sense
from dialer.simulator.listening import TRUE
from dialer.simulator.orders import MAX_LENGTH_TIMER_S
from dialer.simulator.recorder import report_address
from dialer.simulator.recordings import Recording

if TYPE_CHECKING:
    from dialer.simulator.exchange import Exchange

Action = Mapping[str, Any]
MAX_MEMBERS = 50


class ConferenceState(StrEnum):
    """How far a conference is."""

    EMPTY = "empty"  # nobody has ever come
    WAITING = "waiting"  # for somebody who may start it
    STARTED = "started"
    ENDED = "ended"  # everybody has left


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of a conference's log.

    Attributes:
        at_s: on the monotonic clock, in seconds.
        what: joined, left, started or ended.
        number: whose; None where it is about all.
    """

    at_s: float = field(default_factory=time.monotonic, compare=False)
    what: str
    number: str | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class Member:
    """A leg in a conference, and what its action said about it."""

    leg: Leg
    action: Action
    since_s: float = field(default_factory=time.monotonic)

    @property
    def starts(self) -> bool:
        """Whether the conference may begin with it; whoever is transferred into one only joins."""
        return self.action.get("startOnEnter", self.action["action"] == "conversation") in TRUE

    def wants(self, flag: str) -> bool:
        """Whether its action sets a flag; KPN's own example writes them as text."""
        return self.action.get(flag) in TRUE

    def hears(self, other: Member) -> bool:
        """Whether it hears another one, as far as the two of them decide it."""
        can_hear, can_speak = self.action.get("canHear"), other.action.get("canSpeak")
        return (
            not self.leg.earmuffed
            and not other.leg.muted
            and (can_hear is None or other.leg.uuid in can_hear)
            and (can_speak is None or self.leg.uuid in can_speak)
        )


class Conference:
    """One room."""

    def __init__(self, name: str, application_id: str, exchange: Exchange) -> None:
        self.name = name
        self.application_id = application_id
        self.conversation_uuid = f"CON-{uuid.uuid4()}"
        self.state = ConferenceState.EMPTY
        self.members: list[Member] = []
        self.log: list[Happening] = []
        self.newest_s = 0.0
        self._exchange = exchange
        self._recording: tuple[Recording, Member] | None = None
        self._sessions = 0

    @property
    def started(self) -> bool:
        """Whether its members hear each other."""
        return self.state is ConferenceState.STARTED

    @property
    def full(self) -> bool:
        """Whether nobody more may come."""
        return len(self.members) >= MAX_MEMBERS

    def enter(self, member: Member) -> None:
        """Somebody comes."""
        self.members.append(member)
        member.leg.room = self.name
        self.newest_s = time.monotonic()
        self._say("joined", member)
        if not self.started:
            self.state = ConferenceState.WAITING
            if member.starts:
                self._start()
        self._record()

    def leave(self, member: Member) -> None:
        """Somebody goes; nothing happens where it ended for them before."""
        if member not in self.members:
            return
        self._let_go(member)
        if member.wants("endOnExit"):
            self._end()
        elif not self.members:
            self._close()

    def hears(self, listener: str, speaker: str) -> bool:
        """Whether one number in it hears another one."""
        legs = {member.leg.order.to: member for member in self.members}
        if not self.started or listener not in legs or speaker not in legs:
            return False
        return legs[listener].hears(legs[speaker])

    def _start(self) -> None:
        self.state = ConferenceState.STARTED
        self._sessions += 1
        self._say("started")
        for member in self.members:
            member.leg.wake()

    def _end(self) -> None:
        others = tuple(self.members)
        for member in others:
            self._let_go(member)
        self._close()
        for member in others:
            member.leg.end("platform")

    def _close(self) -> None:
        self.state = ConferenceState.ENDED
        self._say("ended")
        if self._recording is not None:
            self._finish_recording(*self._recording)

    def _let_go(self, member: Member) -> None:
        self.members.remove(member)
        member.leg.room = None
        self._say("left", member)

    def _say(self, what: str, member: Member | None = None) -> None:
        self.log.append(Happening(what=what, number=member.leg.order.to if member else None))

    def _record(self) -> None:
        wanting = next((member for member in self.members if member.wants("record")), None)
        if not self.started or self._recording is not None or wanting is None:
            return
        recording = Recording(
            application_id=self.application_id,
            conversation_uuid=self.conversation_uuid,
            conference=self.name,
            sound=f"{self.name}|{self._sessions}",
        )
        self._recording = self._exchange.archive.add(recording), wanting

    def _finish_recording(self, recording: Recording, wanting: Member) -> None:
        self._recording = None
        recording.end(self._exchange.config.time_scale)
        address = report_address(wanting.leg, wanting.action)
        if address is not None:
            told = events.recorded(recording, self._exchange.archive.url(recording))
            self._exchange.webhooks.tell(wanting.leg, told, to=address)


class Conferences:
    """All rooms, by application and name."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._rooms: dict[tuple[str, str], Conference] = {}

    def __iter__(self) -> Iterator[Conference]:
        return iter(self._rooms.values())

    def room(self, name: str, application_id: str) -> Conference:
        """The room of this name, opened if nobody has been in it."""
        key = (application_id, name)
        if key not in self._rooms:
            self._rooms[key] = Conference(name, application_id, self._exchange)
        return self._rooms[key]

    def of_conversation(self, conversation_uuid: str) -> Conference | None:
        """The room of this conversation."""
        return next((room for room in self if room.conversation_uuid == conversation_uuid), None)

    def named(self, name: str, application_id: str | None) -> Conference:
        """A room to look at, in any application unless one is named; a room apart where there is none."""
        found = (room for room in self if room.name == name and application_id in {None, room.application_id})
        return next(found, None) or Conference(name, application_id or "", self._exchange)


class Visit:
    """One leg's stay in a conference."""

    def __init__(self, member: Member, room: Conference, exchange: Exchange) -> None:
        self._member = member
        self._leg = member.leg
        self._room = room
        self._config = exchange.config
        self._exchange = exchange

    @classmethod
    def announced(cls, leg: Leg, exchange: Exchange, action: Action) -> Visit | None:
        """What a `conversation` or `transfer` action asks for; None, and an error event, where it cannot be."""
        if action["action"] == "conversation":
            room: Conference | None = exchange.conferences.room(action["name"], leg.application_id)
        else:
            room = exchange.conferences.of_conversation(action["conversationId"])
        if leg.over or leg.redirect is not None:
            return None
        if room is None or room.full:
            reason = "Conversation not found." if room is None else "Conversation is full."
            exchange.webhooks.tell(leg, events.error(leg, reason))
            return None
        return cls(Member(leg=leg, action=action), room, exchange)

    async def stay(self) -> None:
        """Be in it until its end, the person's leaving, or a transfer to elsewhere."""
        self._move(self._room.conversation_uuid)
        if "mute" in self._member.action:
            self._leg.muted = self._member.wants("mute")
        self._room.enter(self._member)
        try:
            self._hear_music()
            await self._remain()
        finally:
            self._room.leave(self._member)
        if self._leg.redirect is None:
            self._leg.end("user")
        elif not self._leg.over:
            self._move(f"CON-{uuid.uuid4()}")

    def _move(self, conversation_uuid: str) -> None:
        left, self._leg.conversation_uuid = self._leg.conversation_uuid, conversation_uuid
        self._exchange.webhooks.tell(self._leg, events.transferred(self._leg, left))

    def _hear_music(self) -> None:
        music = self._member.action.get("musicOnHoldUrl")
        if music and not self._room.started:
            self._exchange.note(self._leg, Sense.MUSIC, music if isinstance(music, str) else music[0])

    async def _remain(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._leg.over and self._leg.redirect is None:
            left_s = self._until_s() - loop.time()
            if left_s <= 0:
                return
            await self._leg.pause(left_s)

    def _until_s(self) -> float:
        """When the person leaves: as told, else when nothing begins, or nobody has come for a while."""
        turn, config, since_s = self._leg.turn, self._config, self._member.since_s
        if turn.drops_after_s is not None:
            return since_s + turn.drops_after_s * config.time_scale
        if turn.hangs_up_after_s is not None or self._is_guest():
            return since_s + MAX_LENGTH_TIMER_S * config.time_scale
        if self._room.started:
            return self._room.newest_s + config.talk_s * config.time_scale
        return since_s + config.hold_s * config.time_scale

    def _is_guest(self) -> bool:
        """Whether somebody is there who will end it: guests stay until then."""
        others = (member for member in self._room.members if member is not self._member)
        return not self._member.wants("endOnExit") and any(member.wants("endOnExit") for member in others)
