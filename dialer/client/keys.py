"""API keys with roles, one for each system and person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dialer.api.api_keys import KeyOut, KeysOut, MadeKeyOut, NewKey, OwnKeyOut
from dialer.client.resource import Fields, Resource, path_of
from dialer.client.wire import told

_PATH = "/v1/keys"


class AsyncKeys(Resource):
    """`/v1/keys` and `/v1/me`."""

    async def create(self, body: NewKey | Fields | None = None, /, **fields: Any) -> MadeKeyOut:
        """Make one; its `key` is told this once. Asked once: of two keys nobody would know the first."""
        return await self._wire.do(MadeKeyOut, _PATH, told(body, fields))

    async def all(self) -> Sequence[KeyOut]:
        """All of them, oldest first."""
        return (await self._wire.get(KeysOut, _PATH)).keys

    async def get(self, key_id: str) -> KeyOut:
        """One of them."""
        return await self._wire.get(KeyOut, path_of(_PATH, key_id))

    async def own(self) -> OwnKeyOut:
        """The one that this client itself uses."""
        return await self._wire.get(OwnKeyOut, "/v1/me")

    async def revoke(self, key_id: str) -> None:
        """Refuse it from now on, for good."""
        await self._wire.drop(path_of(_PATH, key_id))
