"""What calls leave by: the carrier accounts, their voices, and the applications at the carrier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dialer.api.applications import ApplicationOut, ApplicationsOut, ApplicationToMake, WholeApplication
from dialer.api.trunks import TrunkOut, TrunksOut
from dialer.api.voices import VoiceOut, VoicesOut
from dialer.client.resource import Fields, Resource, path_of
from dialer.client.wire import given, told

_APPLICATIONS = "/v1/applications"


class AsyncTrunks(Resource):
    """`/v1/trunks`."""

    async def all(self) -> Sequence[TrunkOut]:
        """The carrier accounts: pace, what was taken and refused, and whether they let calls out now."""
        return (await self._wire.get(TrunksOut, "/v1/trunks")).trunks


class AsyncVoices(Resource):
    """`/v1/voices`."""

    async def all(self, *, language: str | None = None, generation: str | None = None) -> Sequence[VoiceOut]:
        """What the carrier can speak: all, or a language's such as `nl` or `en-GB`."""
        query = given(language=language, generation=generation)
        return (await self._wire.get(VoicesOut, "/v1/voices", query)).voices


class AsyncApplications(Resource):
    """`/v1/applications`; `trunk` names the carrier account, the main one if left out."""

    async def all(self, *, trunk: str | None = None) -> Sequence[ApplicationOut]:
        """All applications at the carrier."""
        return (await self._wire.get(ApplicationsOut, _APPLICATIONS, given(trunk=trunk))).applications

    async def get(self, application_id: str, *, trunk: str | None = None) -> ApplicationOut:
        """One of them."""
        return await self._wire.get(ApplicationOut, path_of(_APPLICATIONS, application_id), given(trunk=trunk))

    async def create(
        self, body: ApplicationToMake | Fields | None = None, /, *, trunk: str | None = None, **fields: Any
    ) -> ApplicationOut:
        """Make one. Asked once: the carrier takes the same name twice."""
        return await self._wire.do(ApplicationOut, _APPLICATIONS, told(body, fields), trunk=trunk)

    async def change(
        self,
        application_id: str,
        body: WholeApplication | Fields | None = None,
        /,
        *,
        trunk: str | None = None,
        **fields: Any,
    ) -> ApplicationOut:
        """Make it what is told, as a whole."""
        path, query = path_of(_APPLICATIONS, application_id), given(trunk=trunk)
        return await self._wire.change("PUT", ApplicationOut, path, told(body, fields), query)

    async def delete(self, application_id: str, *, trunk: str | None = None) -> None:
        """Remove it for ever."""
        await self._wire.drop(path_of(_APPLICATIONS, application_id), given(trunk=trunk))
