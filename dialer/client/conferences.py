"""Conferences: people called into one conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from dialer.api.conference_answers import ConferenceOut, ConferencesOut, MemberOut
from dialer.api.conference_bodies import NewConference, NewMember
from dialer.client.resource import Fields, Resource, first, path_of
from dialer.client.wire import told

_PAGE = 20
_PATH = "/v1/conferences"


class AsyncConferences(Resource):
    """`/v1/conferences`."""

    async def create(
        self, body: NewConference | Fields | None = None, /, *, key: str | None = None, **fields: Any
    ) -> ConferenceOut:
        """Begin one: everyone is called at once. Under one key only once."""
        return await self._wire.create(ConferenceOut, _PATH, told(body, fields), key=key)

    async def get(self, conference_id: str) -> ConferenceOut:
        """Who is in, who is being called, and who is not coming."""
        return await self._wire.get(ConferenceOut, path_of(_PATH, conference_id))

    async def all(self, *, limit: int | None = None) -> AsyncIterator[ConferenceOut]:
        """All of them, the newest first; `limit` of them at the most."""
        pages = self._wire.pages(ConferencesOut, _PATH, limit=limit, at_once=_PAGE)
        async for one in first(limit, pages, lambda page: page.conferences):
            yield one

    async def end(self, conference_id: str) -> ConferenceOut:
        """Hang up on everyone and call nobody any more."""
        return await self._wire.change("POST", ConferenceOut, path_of(_PATH, conference_id, "end"))

    async def add_member(
        self, conference_id: str, body: NewMember | Fields | None = None, /, **fields: Any
    ) -> MemberOut:
        """Call one more person into it; who is a member already stays one."""
        return await self._wire.change("POST", MemberOut, path_of(_PATH, conference_id, "members"), told(body, fields))

    async def mute(self, conference_id: str, call_id: str) -> MemberOut:
        """Let the others not hear a member."""
        return await self._steer(conference_id, call_id, "mute")

    async def unmute(self, conference_id: str, call_id: str) -> MemberOut:
        """Let the others hear a member again."""
        return await self._steer(conference_id, call_id, "unmute")

    async def drop(self, conference_id: str, call_id: str) -> MemberOut:
        """Hang up on a member, who is not called again by itself."""
        return await self._steer(conference_id, call_id, "drop")

    async def call_again(self, conference_id: str, call_id: str) -> MemberOut:
        """Call a member again who is not on the phone."""
        return await self._steer(conference_id, call_id, "call-again")

    async def _steer(self, conference_id: str, call_id: str, verb: str) -> MemberOut:
        return await self._wire.do(MemberOut, path_of(_PATH, conference_id, "members", call_id, verb))
