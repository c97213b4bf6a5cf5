"""`/v1/audit`: who did what, when. Read in pages, exported as a whole, checked against its own chain."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Self

from aiohttp import web
from pydantic import Field, JsonValue

from dialer.access import Role
from dialer.api.audited import Audit
from dialer.api.keys import REQUEST_ID, RUNTIME
from dialer.api.middleware import REQUEST_ID_HEADER
from dialer.api.models import Incoming, Moment, Outgoing
from dialer.api.routing import Answer, Routes
from dialer.api.streaming import write_pieces
from dialer.audit import Action, KeptEntry
from dialer.forms import AUDIT_CURSOR, OUR_ID
from dialer.store import AuditFilter, Store

NDJSON = "application/x-ndjson"

routes = Routes()


class AuditExportQuery(Incoming):
    """Which entries."""

    campaign_id: str | None = Field(None, pattern=OUR_ID, max_length=64, description="Those about one campaign.")
    action: Action | None = None
    from_: Moment | None = Field(None, alias="from", description="The first moment.")
    to: Moment | None = Field(None, description="The first moment no more wanted.")

    def wanted(self) -> AuditFilter:
        """The same in the store's terms."""
        return AuditFilter(campaign_id=self.campaign_id, action=self.action, since=self.from_, before=self.to)


class AuditQuery(AuditExportQuery):
    """Which page of them."""

    limit: int = Field(100, ge=1, le=1000, description="How many at most.")
    cursor: str | None = Field(None, pattern=AUDIT_CURSOR, description="`next_cursor` of the page before.")


class AuditEntryOut(Outgoing):
    """One entry of the audit log."""

    id: str
    at: datetime
    action: str | None = Field(description="Null where somebody made the entry unreadable.")
    outcome: str | None = Field(
        description="`asked` before it began; then `done`, `refused` (nothing changed, or not all) or `failed`."
    )
    actor: str | None = Field(description="`key:` and the id of an API key, or `dialer` itself.")
    on_behalf_of: str | None = Field(description="The header X-Dialer-Actor, where it was sent.")
    request_id: str | None
    campaign_id: str | None
    details: dict[str, JsonValue]
    hash: str = Field(description="SHA-256 over the hash before, a line feed, the id, a line feed, and `text`.")
    text: str = Field(description="The entry as it was stored.")

    @classmethod
    def of(cls, entry: KeptEntry) -> Self:
        """The answer for one entry."""
        told: dict[str, Any] = entry.told()
        plain = {name: told.get(name) for name in _PLAIN}
        texts = {name: value if isinstance(value, str) else None for name, value in plain.items()}
        details = told.get("details")
        shown = details if isinstance(details, dict) else {}
        return cls(id=entry.id, at=entry.at, hash=entry.hash, text=entry.text, details=shown, **texts)


_PLAIN = ("action", "outcome", "actor", "on_behalf_of", "request_id", "campaign_id")


class AuditOut(Outgoing):
    """A page of the audit log, newest first."""

    entries: list[AuditEntryOut]
    next_cursor: str | None


class AuditVerdictOut(Outgoing):
    """What became of checking the chain."""

    intact: bool
    entries: int = Field(description="How many were in order, from the oldest on.")
    trimmed: int = Field(description="How many were deleted by age.")
    head: str = Field(description="The newest entry's hash. Noted elsewhere, it shows later that none was rewritten.")
    broken_at: str | None = Field(description="The first entry that does not fit.")
    fault: str | None = Field(description="What is wrong.")


@routes.get("/v1/audit", role=Role.ADMIN, answers={200: Answer(description="A page of entries.", model=AuditOut)})
async def list_audit(request: web.Request, *, query: AuditQuery) -> web.StreamResponse:
    """Who did what, newest first.

    A page may hold fewer than `limit`, or none, while there is a next one.
    """
    store = request.app[RUNTIME].store
    found, cursor = await store.audit_page(query.wanted(), cursor=query.cursor, limit=query.limit)
    page = AuditOut(entries=[AuditEntryOut.of(entry) for entry in found], next_cursor=cursor)
    return web.json_response(text=page.model_dump_json())


@routes.get(
    "/v1/audit/export",
    role=Role.ADMIN,
    answers={200: Answer(description="An entry a line, oldest first.", media_types=(NDJSON,))},
    audit=Audit(Action.AUDIT_EXPORTED, tells=("campaign_id", "action", "from", "to")),
)
async def export_audit(request: web.Request, *, query: AuditExportQuery) -> web.StreamResponse:
    """All entries as NDJSON, oldest first. A stream that ends without its last chunk broke off: ask again."""
    headers = {"Content-Type": f"{NDJSON}; charset=utf-8", REQUEST_ID_HEADER: request[REQUEST_ID]}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    if request.method != "HEAD":
        await write_pieces(request, response, _lines(request.app[RUNTIME].store, query.wanted()))
    return response


@routes.get(
    "/v1/audit/verify", role=Role.ADMIN, answers={200: Answer(description="What was found.", model=AuditVerdictOut)}
)
async def verify_audit(request: web.Request) -> web.StreamResponse:
    """Check that no entry was changed, added or removed since it was written."""
    verdict = await request.app[RUNTIME].store.verify_audit()
    answer = AuditVerdictOut(
        intact=verdict.fault is None,
        entries=verdict.entries,
        trimmed=verdict.trimmed,
        head=verdict.head,
        broken_at=verdict.broken_at,
        fault=verdict.fault,
    )
    return web.json_response(text=answer.model_dump_json())


async def _lines(store: Store, wanted: AuditFilter) -> AsyncIterator[bytes]:
    async for page in store.all_audit(wanted):
        yield "".join(f"{AuditEntryOut.of(entry).model_dump_json()}\n" for entry in page).encode()
