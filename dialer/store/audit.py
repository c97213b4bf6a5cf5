"""The audit log in Redis: a stream to which a script appends, each entry chained to the one before.

Read newest first in pages, oldest first as a whole. Deleted is by age alone, from the oldest on; what is kept can be
checked all the same, since the hash before it stays.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dialer import keys
from dialer.audit import FIRST_HASH, Action, Entry, KeptEntry, Verdict, chained
from dialer.clock import to_ms
from dialer.store.base import StorePart

_PAGE = 500
_CHANGED = "it was changed, or the entries before it were changed, added or removed"
_MOST_PAGES = 20  # looked through for one answer; the next one goes on from there


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries; `before` is the first moment no more wanted."""

    campaign_id: str | None = None
    action: Action | None = None
    since: datetime | None = None
    before: datetime | None = None

    @property
    def oldest(self) -> str:
        """The stream's id of the first that may be wanted."""
        return str(max(to_ms(self.since), 0)) if self.since else "-"

    @property
    def newest(self) -> str:
        """The stream's id of the last that may be wanted."""
        return str(max(to_ms(self.before) - 1, 0)) if self.before else "+"

    def takes(self, entry: KeptEntry) -> bool:
        """Whether an entry of these moments is wanted."""
        told = entry.told()
        wanted = {"campaign_id": self.campaign_id, "action": self.action}
        return all(value is None or told.get(name) == value for name, value in wanted.items())


class AuditStore(StorePart):
    """The audit log."""

    async def append_audit(self, *entries: Entry) -> str:
        """Write entries; returns the hash of the last, which stands for all before it."""
        texts = [entry.text() for entry in entries]
        _, chain_hash = await self._batch.run("append_audit", [*keys.AUDITED], [self._now_ms(), *texts])
        return str(chain_hash)

    async def audit_page(
        self, wanted: AuditFilter, *, cursor: str | None, limit: int
    ) -> tuple[list[KeptEntry], str | None]:
        """Entries, newest first, and where to go on. A page may hold fewer than `limit` while there is a next one."""
        if cursor and not cursor.strip("0-"):
            return [], None  # nothing lies before the first id of all, which Redis refuses to be asked
        found: list[KeptEntry] = []
        newest = f"({cursor}" if cursor else wanted.newest
        for _ in range(_MOST_PAGES):
            page = await self._read("XREVRANGE", newest, wanted.oldest)
            for entry in page:
                if len(found) == limit:
                    return found, found[-1].id
                if wanted.takes(entry):
                    found.append(entry)
            if len(page) < _PAGE:
                return found, None
            newest = f"({page[-1].id}"
        return found, newest.removeprefix("(")

    async def all_audit(self, wanted: AuditFilter) -> AsyncIterator[list[KeptEntry]]:
        """All that are wanted, oldest first."""
        oldest = wanted.oldest
        while page := await self._read("XRANGE", oldest, wanted.newest):
            yield [entry for entry in page if wanted.takes(entry)]
            oldest = f"({page[-1].id}"

    async def verify_audit(self) -> Verdict:
        """Check the chain from the oldest entry to the newest."""
        while True:
            chain = await self._fields(keys.AUDIT_CHAIN)
            verdict = await self._walk(chain)
            # Trimmed meanwhile, it was right then and is right now, but not half and half.
            if verdict.fault is None or (await self._fields(keys.AUDIT_CHAIN)).get("anchor") == chain.get("anchor"):
                return verdict

    async def _walk(self, chain: dict[str, str]) -> Verdict:
        before, count = chain.get("anchor", FIRST_HASH), 0
        trimmed, head = int(chain.get("trimmed", 0)), chain.get("head", FIRST_HASH)
        oldest = "-"
        while page := await self._read("XRANGE", oldest, chain.get("last", "+")):
            for entry in page:
                if chained(before, entry.id, entry.text) != entry.hash:
                    return Verdict(entries=count, trimmed=trimmed, head=head, broken_at=entry.id, fault=_CHANGED)
                before, count = entry.hash, count + 1
            oldest = f"({page[-1].id}"
        fault = None if before == head else "the newest entries are missing"
        return Verdict(entries=count, trimmed=trimmed, head=head, fault=fault)

    async def trim_audit(self, before_ms: int) -> int:
        """Delete the entries from before a moment; returns how many. Repeatable."""
        deleted = 0
        while True:
            page = int(await self._batch.run("trim_audit", [*keys.AUDITED], [before_ms - 1, _PAGE]))
            deleted += page
            if page < _PAGE:
                return deleted

    async def _read(self, command: str, first: str, last: str) -> list[KeptEntry]:
        found: Any = await self._batch.command(command, keys.AUDIT, first, last, "COUNT", _PAGE)
        return [KeptEntry(entry_id, fields.get("entry", ""), fields.get("hash", "")) for entry_id, fields in found]
