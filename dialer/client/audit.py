"""Who did what, when, and whether anybody has changed the record of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from dialer.api.audit import AuditEntryOut, AuditOut, AuditVerdictOut
from dialer.client.resource import Resource, first

_PAGE = 1000
_PATH = "/v1/audit"


class AsyncAudit(Resource):
    """`/v1/audit`; moments are datetimes with a zone, or text in ISO 8601."""

    async def all(
        self,
        *,
        campaign_id: str | None = None,
        action: str | None = None,
        since: datetime | str | None = None,
        before: datetime | str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[AuditEntryOut]:
        """The entries, the newest first."""
        chosen = {"campaign_id": campaign_id, "action": action, "from": since, "to": before}
        pages = self._wire.pages(AuditOut, _PATH, limit=limit, at_once=_PAGE, **chosen)
        async for one in first(limit, pages, lambda page: page.entries):
            yield one

    async def export(
        self,
        *,
        campaign_id: str | None = None,
        action: str | None = None,
        since: datetime | str | None = None,
        before: datetime | str | None = None,
    ) -> AsyncIterator[bytes]:
        """The entries as NDJSON, oldest first."""
        chosen = {"campaign_id": campaign_id, "action": action, "from": since, "to": before}
        async for chunk in self._wire.download(f"{_PATH}/export", **chosen):
            yield chunk

    async def verify(self) -> AuditVerdictOut:
        """Whether no entry was changed, added or removed."""
        return await self._wire.get(AuditVerdictOut, f"{_PATH}/verify")
