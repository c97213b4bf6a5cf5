"""API keys in Redis: a hash of their records, and one beside it of when each was last used.

A lapsed key stays until it is revoked, so that a listing tells why a system was refused.
"""

from __future__ import annotations

import asyncio
import json
from datetime import datetime

from dialer import keys
from dialer.access import ApiKey, Role
from dialer.clock import moment, to_ms
from dialer.errors import IllegalStep, NotFound
from dialer.store.base import StorePart

MOST_KEYS = 1_000
"""A key for each system and person; somebody who makes more wants something else."""
_FULL = -1


class AccessStore(StorePart):
    """The API keys."""

    async def create_api_key(self, key: ApiKey) -> bool:
        """Keep a new key; False where its id is taken. Raises IllegalStep where there are as many as there may be."""
        answer = await self._batch.run("create_api_key", [keys.API_KEYS], [key.id, _record(key), MOST_KEYS])
        if answer == _FULL:
            raise IllegalStep(f"there are {MOST_KEYS} API keys: revoke those that nobody uses any more")
        return bool(answer)

    async def api_key(self, key_id: str) -> ApiKey | None:
        """One key without when it was used: one round trip, on the path of every request."""
        record = await self._batch.command("HGET", keys.API_KEYS, key_id)
        return read_key(key_id, record) if record else None

    async def known_api_key(self, key_id: str) -> ApiKey:
        """One key with when it was used. Raises NotFound."""
        record, used = await asyncio.gather(
            self._batch.command("HGET", keys.API_KEYS, key_id), self._batch.command("HGET", keys.API_KEYS_USED, key_id)
        )
        if record is None:
            raise NotFound(f"there is no API key {key_id!r}: it was revoked, or never there")
        return read_key(key_id, record, used)

    async def api_keys(self) -> list[ApiKey]:
        """All keys, oldest first, with when each was used."""
        records, used = await asyncio.gather(self._fields(keys.API_KEYS), self._fields(keys.API_KEYS_USED))
        found = (read_key(key_id, record, used.get(key_id)) for key_id, record in records.items())
        return sorted(found, key=lambda key: (key.created_at, key.id))

    async def revoke_api_key(self, key_id: str) -> None:
        """Forget a key; it is refused from the next request on. Raises NotFound."""
        if not await self._batch.run("revoke_api_key", [*keys.OF_API_KEYS], [key_id]):
            raise NotFound(f"there is no API key {key_id!r}: it was revoked, or never there")

    async def use_api_key(self, key_id: str, at: datetime) -> None:
        """Write down that it was used; nothing where it is revoked by now."""
        await self._batch.run("use_api_key", [*keys.OF_API_KEYS], [key_id, to_ms(at)])


def _record(key: ApiKey) -> str:
    expires = key.expires_at and to_ms(key.expires_at)
    told = {"name": key.name, "roles": sorted(key.roles), "digest": key.digest}
    return json.dumps(told | {"created": to_ms(key.created_at), "expires": expires})


def read_key(key_id: str, record: str, used: str | None = None) -> ApiKey:
    """A key from its record and, where that was read, the moment of its last use (ms)."""
    told = json.loads(record)
    return ApiKey(
        id=key_id,
        name=told["name"],
        roles=frozenset(map(Role, told["roles"])),
        digest=told["digest"],
        created_at=moment(told["created"]),
        expires_at=None if told["expires"] is None else moment(told["expires"]),
        used_at=moment(used) if used else None,
    )
