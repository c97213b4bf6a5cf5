"""API keys as tests want them: kept with any end, and forged ones."""

from __future__ import annotations

from datetime import timedelta
from zlib import crc32

from dialer.access import ApiKey, Role, digest_of, id_of, make_key
from dialer.clock import moment, now_ms
from dialer.runtime import Runtime


async def kept(runtime: Runtime, *roles: Role, lasts_s: float | None = None) -> str:
    """A key that is kept, as its holder sends it; it may have lapsed."""
    text, now = make_key(), moment(now_ms(runtime.clock))
    made = ApiKey(
        id=str(id_of(text)),
        name="Quay",
        roles=frozenset(roles or {Role.READ}),
        digest=digest_of(text),
        created_at=now,
        expires_at=None if lasts_s is None else now + timedelta(seconds=lasts_s),
    )
    assert await runtime.store.create_api_key(made)
    return text


def forged(key: str) -> str:
    """A key with the id of this one and a right checksum, made up by somebody who has read the id in a log."""
    begun = f"dialer_{id_of(key)}_{'a' * 52}"
    return f"{begun}{crc32(begun.encode()):08x}"
