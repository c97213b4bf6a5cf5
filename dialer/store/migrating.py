"""The version of the data in Redis, and bringing it to the one that this program writes, page by page.

How far a migration is stands in Redis and moves in the step that writes a page. So it may be ended at any moment and
begun again, and several may run at once: each page is done once. A text that changes between the look and the step
(a call is dialed meanwhile) has its page read again. Nothing is stopped for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from dialer import keys
from dialer.errors import IllegalStep
from dialer.migrations import Migration
from dialer.schema import NEEDS, UNSTAMPED, WRITES, Stamp, check, version_of
from dialer.store.base import StorePart

_BUCKETS = 20  # a page: a thousand calls, of which each may have to be written
_CAMPAIGNS = 100
_REST_S = 0.002  # after each page: calls that are dialed meanwhile go first


class Cursor(NamedTuple):
    """The next page.

    Attributes:
        created: the campaign's score, as Redis tells it.
        bucket: the first of the page; none where the campaign is done and the next one follows.
    """

    created: str = "-inf"
    campaign_id: str = ""
    bucket: int | None = None

    @classmethod
    def read(cls, stored: str) -> Cursor:
        """From what `write` wrote."""
        if not stored:
            return cls()
        created, campaign_id, bucket = stored.split(" ")
        return cls(created, campaign_id, int(bucket) if bucket else None)

    def write(self) -> str:
        """As it is stored."""
        return f"{self.created} {self.campaign_id} {'' if self.bucket is None else self.bucket}"


class Page(NamedTuple):
    """What one page looked at and changes.

    Attributes:
        changes: key, field, its text as it was read, the new one.
        following: the page behind it; None behind the last.
    """

    changes: list[tuple[str, str, str, str]]
    following: Cursor | None
    campaigns: int
    calls: int


@dataclass(frozen=True, slots=True)
class Migrated:
    """How far a migration is: campaigns and calls looked at, and texts that were, or would be, written anew."""

    campaigns: int = 0
    calls: int = 0
    changed: int = 0

    def with_page(self, page: Page) -> Migrated:
        """And this page."""
        return Migrated(self.campaigns + page.campaigns, self.calls + page.calls, self.changed + len(page.changes))


class MigratingStore(StorePart):
    """Versions of the data."""

    async def stamp(self) -> Stamp:
        """The version of the data; what has none is given one."""
        version, needs = await self._batch.command("HMGET", keys.SCHEMA, "version", "needs")
        if version is None:
            await self._batch.run("stamp_schema", [keys.SCHEMA, *keys.KEPT], [WRITES, NEEDS, UNSTAMPED, UNSTAMPED])
            version, needs = await self._batch.command("HMGET", keys.SCHEMA, "version", "needs")
        return Stamp(int(version), int(needs))

    async def check_schema(self) -> Stamp:
        """The version of the data. Raises OtherData where this program cannot work on it."""
        stamp = await self.stamp()
        check(stamp)
        return stamp

    async def check_processes(self, needs: int) -> None:
        """Raises IllegalStep while a process is there that could not read data that needs this version."""
        since = self._now_ms() - keys.WORKER_ALIVE_MS
        heard = (self._batch.command("ZRANGEBYSCORE", key, since, "+inf") for key in keys.PROCESSES)
        older = sorted({name for names in await asyncio.gather(*heard) for name in names if version_of(name) < needs})
        if older:
            raise IllegalStep(
                f"{len(older)} processes of an older release run yet, which could not read the data then: end them "
                f"first ({', '.join(older[:3])}{', ...' if older[3:] else ''})"
            )

    async def migrate(self, migration: Migration) -> AsyncIterator[Migrated]:
        """Do a migration to its end, or go on with it; tells after each page how far it is, whoever did it.

        Raises IllegalStep as `check_processes` does.
        """
        await self.check_processes(migration.needs)
        while (await self.stamp()).version < migration.version:
            begun = await self._fields(keys.MIGRATION)
            if begun.get("version") != str(migration.version):
                begun = {}
            at, told = begun.get("at", ""), _told(begun)
            page = await self._next_page(migration, Cursor.read(at))
            if await self._write(migration, at, page):
                yield told.with_page(page)
            await asyncio.sleep(_REST_S)

    async def rehearse(self, migration: Migration) -> AsyncIterator[Migrated]:
        """What a migration would look at and change, from its beginning; nothing is written."""
        told, cursor = Migrated(), Cursor()
        while True:
            page = await self._next_page(migration, cursor)
            told = told.with_page(page)
            yield told
            if page.following is None:
                return
            cursor = page.following

    async def campaign_count(self) -> int:
        """How many campaigns there are."""
        return int(await self._batch.command("ZCARD", keys.CAMPAIGNS))

    async def _next_page(self, migration: Migration, cursor: Cursor) -> Page:
        """What this page would change; a campaign's own hash comes with its first calls."""
        here = cursor if cursor.bucket is not None else await self._campaign_after(cursor)
        if here is None:
            return Page([], None, 0, 0)
        key, first = keys.campaign(here.campaign_id), here.bucket or 0
        campaign = await self._fields(key)
        last = int(campaign.get("total", 0)) // keys.CALLS_PER_BUCKET
        behind = first + _BUCKETS
        numbers = range(first, min(behind, last + 1))
        names = [keys.bucket(here.campaign_id, number * keys.CALLS_PER_BUCKET) for number in numbers]
        found = await asyncio.gather(*map(self._fields, names))
        changes = [] if first else [(key, *one) for one in _changed(campaign, migration.of_campaign(campaign))]
        for name, bucket in zip(names, found, strict=True):
            changes += [(name, *one) for one in _changed(bucket, migration.of_calls(bucket))]
        is_done = behind > last
        following = here._replace(bucket=None if is_done else behind)
        return Page(changes, following, int(is_done), sum(map(_calls_in, found)))

    async def _campaign_after(self, cursor: Cursor) -> Cursor | None:
        """The next campaign by when it was created, then by id; None behind the last."""
        offset = 0
        while True:
            found = await self._batch.command(
                "ZRANGEBYSCORE", keys.CAMPAIGNS, cursor.created, "+inf", "WITHSCORES", "LIMIT", offset, _CAMPAIGNS
            )
            for campaign_id, created in zip(found[::2], found[1::2], strict=True):
                if (float(created), campaign_id) > (float(cursor.created), cursor.campaign_id):
                    return Cursor(created, campaign_id, 0)
            if len(found) < 2 * _CAMPAIGNS:
                return None
            offset += _CAMPAIGNS

    async def _write(self, migration: Migration, at: str, page: Page) -> bool:
        """Whether it is written; else it is to be read again."""
        names = list(dict.fromkeys(key for key, *_ in page.changes))
        numbers = {key: number for number, key in enumerate(names, 3)}
        args: list[str | int] = [migration.version, migration.needs, at]
        args += [page.following.write() if page.following else "", page.campaigns, page.calls]
        for key, field, before, after in page.changes:
            args += [numbers[key], field, before, after]
        return bool(await self._batch.run("migrate_page", [keys.SCHEMA, keys.MIGRATION, *names], args))


def _told(fields: Mapping[str, str]) -> Migrated:
    return Migrated(*(int(fields.get(name, 0)) for name in ("campaigns", "calls", "changed")))


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    return ((name, before[name], text) for name, text in after.items())


def _calls_in(bucket: Mapping[str, str]) -> int:
    return sum(name.isdecimal() for name in bucket)
