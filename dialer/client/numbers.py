"""A number over all campaigns: where it stands, and erasing the person it belongs to."""

from __future__ import annotations

from typing import Any

from dialer.api.erasures import CheckedProofOut, ErasureOut
from dialer.api.numbers import FoundOut
from dialer.client.resource import Fields, Resource, path_of

_PATH = "/v1/numbers"
_ERASURES = "/v1/erasures"


class AsyncNumbers(Resource):
    """`/v1/numbers` and `/v1/erasures`."""

    async def find(self, number: str, *, limit: int = 1000) -> FoundOut:
        """In which calls it stands, and whether it is suppressed."""
        return await self._wire.change("POST", FoundOut, f"{_PATH}/find", {"number": number, "limit": limit})

    async def erase(
        self, number: str, *, suppress: bool = False, hang_up: bool = False, by: str | None = None
    ) -> ErasureOut:
        """Begin to erase the person from all calls, attempts and recordings."""
        body: dict[str, Any] = {"number": number, "suppress": suppress, "hang_up": hang_up}
        return await self._wire.do(ErasureOut, f"{_PATH}/erase", body | ({"by": by} if by else {}))

    async def erasure(self, erasure_id: str) -> ErasureOut:
        """How far that is; the proof, in the end."""
        return await self._wire.get(ErasureOut, path_of(_ERASURES, erasure_id))

    async def check_proof(self, proof: Fields, *, number: str | None = None) -> CheckedProofOut:
        """Whether a proof was signed here and not changed since, and whether it is about this number."""
        body = {"proof": dict(proof)} | ({"number": number} if number else {})
        return await self._wire.change("POST", CheckedProofOut, "/v1/erasure-proofs/check", body)
