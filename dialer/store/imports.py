"""Named imports: how far each is, and the rows that it did not take.

The record is written by the script that adds the calls (`lua/parts/import.lua`), so whoever goes on from it counts no
row twice and misses none. It goes with its campaign.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from dialer import keys
from dialer.clock import moment
from dialer.errors import NotFound
from dialer.importing import Fault, Layout, Place, Rejection
from dialer.store.campaigns import CampaignStore, is_campaign_id

MOST_KEPT = 100_000
"""Rejected rows that are kept of one import; then no further batch of them is."""
_FORGOTTEN = 100  # imports whose rejected rows are forgotten together


@dataclass(frozen=True, slots=True)
class ImportStep:
    """What a named import stores with the calls of a batch.

    Attributes:
        after: the number of the last row before the batch.
        row: that of its last row.
        place: from where to go on after it.
        rejections: its rows that are not taken.
    """

    after: int
    row: int
    place: Place
    rejections: Sequence[Rejection]

    def to_dict(self) -> dict[str, Any]:
        """As the script takes it."""
        layout = json.dumps(asdict(self.place.layout), separators=(",", ":"))
        rejected = [(r.row, r.column, r.value, r.reason, r.code) for r in self.rejections]
        return {
            "from": self.after,
            "row": self.row,
            "offset": self.place.offset,
            "offset_row": self.place.row,
            "layout": layout,
            "refused": len(rejected),
            "rejected": json.dumps(rejected, separators=(",", ":")) if rejected else "",
            "most": MOST_KEPT,
        }


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """How far a named import is.

    Attributes:
        done: whether its list was read to its end.
        row: the number of its last row that was looked at.
        place: from where to go on.
        kept: how many of the rejected rows are kept.
    """

    id: str
    done: bool
    row: int
    place: Place
    accepted: int
    duplicates: int
    rejected: int
    kept: int
    begun_at: datetime
    changed_at: datetime


class ImportStore(CampaignStore):
    """Records of named imports."""

    async def import_record(self, campaign_id: str, import_id: str) -> ImportRecord:
        """How far it is. Raises NotFound."""
        known = is_campaign_id(campaign_id) and ":" not in import_id
        fields = await self._fields(keys.import_record(campaign_id, import_id)) if known else {}
        if not fields:
            raise NotFound(f"campaign {campaign_id} has no import {import_id!r}")
        return _record(import_id, fields)

    async def rejected_rows(self, campaign_id: str, import_id: str) -> AsyncIterator[list[Rejection]]:
        """Those that are kept, in their order, in chunks."""
        key, at = keys.import_rejected(campaign_id, import_id), 0
        while chunk := await self._batch.command("LRANGE", key, at, at):
            at += 1
            yield [_rejection(*fields) for fields in json.loads(chunk[0])]

    async def forget_rejected(self) -> int:
        """Forget the rejected rows of all imports: nobody finds a person in them. Returns of how many. Repeatable."""
        forgotten = 0
        while found := await self._batch.command("ZRANGE", keys.REJECTED, 0, _FORGOTTEN - 1):
            for name in found:
                names = [keys.import_rejected(*name.split("/")), keys.REJECTED]
                forgotten += int(await self._batch.run("forget_rejected", names, [name]))
        return forgotten


def _rejection(row: int, column: str | None, value: str, reason: str, code: str) -> Rejection:
    return Rejection(row, column, value, reason, Fault(code))


def _record(import_id: str, fields: Mapping[str, str]) -> ImportRecord:
    layout = json.loads(fields.get("layout", "{}"))
    layout["header"] = tuple(layout.get("header", ()))
    numbers = {name: int(fields.get(name, 0)) for name in ("row", "accepted", "duplicates", "rejected", "kept")}
    return ImportRecord(
        id=import_id,
        done=fields.get("state") == "done",
        place=Place(int(fields.get("offset", 0)), int(fields.get("offset_row", 0)), Layout(**layout)),
        begun_at=moment(float(fields["begun_at"])),
        changed_at=moment(float(fields["changed_at"])),
        **numbers,
    )
