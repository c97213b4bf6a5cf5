"""Numbers that are not called: one list for every campaign, and named ones for those that keep to them.

On the list of all are whoever pressed an opt-out key, whom a redial policy gave up, and whom somebody put there. Each
list is one sorted set, read by `begin_attempt` in the very step that lets an attempt go. So what is written here holds
at once, for calls already claimed too; nothing else has to be done about it. Each list has a version, which the record
of an attempt names. Of a number that was erased a keyed hash stands there (`dialer/erasing.py`), which the same
functions find.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from dialer import keys
from dialer.clock import moment
from dialer.decisions import ALL_CAMPAIGNS
from dialer.erasures.hashes import MARK, suppressed_digest
from dialer.errors import IllegalStep, InvalidInput, NotFound
from dialer.forms import OUR_ID
from dialer.model import ERASED
from dialer.store.base import StorePart

MOST_AT_ONCE = 1_000
"""Numbers in one step: some ms of Redis' time."""
MOST_NAME = 40
_NAMED = 20
_OTHERS_OPEN = -1
"""What `drop_suppression_list` answers where a campaign was created or ended since it was read which ones are open."""


class Suppressed(NamedTuple):
    """A number that is not called, and since when; `erased` where only its hash is there."""

    number: str
    since: datetime

    @property
    def is_erased(self) -> bool:
        """Whether nobody can tell the number any more."""
        return self.number == ERASED


class SuppressionList(NamedTuple):
    """A list, how many numbers are on it, and how often it was changed."""

    name: str
    size: int
    version: int


class SuppressionStore(StorePart):
    """The suppressed numbers. Addresses are as they are stored with calls: E.164, or a URI.

    A list is named as in `check_list_name`; `ALL_CAMPAIGNS` is the one that every campaign keeps to.
    """

    async def suppress(self, *numbers: str, on: str = ALL_CAMPAIGNS) -> int:
        """Put up to 1,000 numbers on a list; returns how many were not on it yet. Makes the list. Repeatable."""
        hashes = [suppressed_digest(number, self._erasure_secret) for number in numbers]
        there = await self._batch.command("ZMSCORE", suppression_key(on), *hashes) if numbers else []
        new = [number for number, since in zip(numbers, there, strict=True) if since is None]
        # Also where none is left: that makes the list.
        return await self._change("add", new, on)

    async def unsuppress(self, *numbers: str, on: str = ALL_CAMPAIGNS) -> int:
        """Take them off; returns how many were on it. Calls that ended so stay ended. Repeatable."""
        return await self._change("remove", self._members(numbers), on)

    async def _change(self, how: Literal["add", "remove"], numbers: Sequence[str], name: str) -> int:
        names = [suppression_key(name), keys.SUPPRESSION]
        return int(await self._batch.run("change_suppression", names, [name, self._now_ms(), how, *numbers]))

    async def suppressed_since(self, number: str, on: str = ALL_CAMPAIGNS) -> datetime | None:
        """Since when it is on a list; None where it is not."""
        (since,) = await self._suppressed_since(number, on=on)
        return since

    async def suppressed_among(self, numbers: Sequence[str]) -> frozenset[str]:
        """Who of these is called by no campaign."""
        found = await self._suppressed_since(*numbers) if numbers else []
        return frozenset(number for number, since in zip(numbers, found, strict=True) if since is not None)

    async def _suppressed_since(self, *numbers: str, on: str = ALL_CAMPAIGNS) -> list[datetime | None]:
        """The same of several."""
        found = await self._batch.command("ZMSCORE", suppression_key(on), *self._members(numbers))
        each = len(found) // len(numbers)
        parts = (found[first : first + each] for first in range(0, len(found), each))
        return [min((moment(since) for since in part if since is not None), default=None) for part in parts]

    def _members(self, numbers: Sequence[str]) -> list[str]:
        """What may stand there for these numbers, as much for each."""
        return [
            member
            for number in numbers
            for member in (number, suppressed_digest(number, self._erasure_secret))
            if member
        ]

    async def suppressed(self, *, offset: int, limit: int, on: str = ALL_CAMPAIGNS) -> list[Suppressed]:
        """A page of a list, longest ago first."""
        return [_shown(*one) for one in await self._listed(on, offset, limit)]

    async def all_suppressed(self, on: str = ALL_CAMPAIGNS) -> AsyncIterator[list[Suppressed]]:
        """All of a list in pages, longest ago first. Who is on it all the while is told, whoever else is taken off."""
        offset = 0
        while page := await self._listed(on, offset, MOST_AT_ONCE):
            yield [_shown(*one) for one in page]
            offset = await self._behind(page, on)

    async def _listed(self, name: str, offset: int, limit: int) -> list[tuple[str, str]]:
        """Members and since when (ms)."""
        found = await self._batch.command("ZRANGE", suppression_key(name), offset, offset + limit - 1, "WITHSCORES")
        return list(zip(found[::2], found[1::2], strict=True))

    async def _behind(self, page: Sequence[tuple[str, str]], name: str) -> int:
        """Where the next page begins: behind the last of this one that is still there."""
        for member, _ in reversed(page):
            place = await self._batch.command("ZRANK", suppression_key(name), member)
            if place is not None:
                return int(place) + 1
        # All of them were taken off: those of the same millisecond may be told again.
        return int(await self._batch.command("ZCOUNT", suppression_key(name), "-inf", f"({page[0][1]}"))

    async def suppression_lists(self) -> list[SuppressionList]:
        """All lists by name, that of all campaigns first."""
        versions = {ALL_CAMPAIGNS: "0"} | await self._fields(keys.SUPPRESSION)
        return [
            SuppressionList(name, int(await self._batch.command("ZCARD", suppression_key(name))), int(version))
            for name, version in sorted(versions.items())
        ]

    async def require_lists(self, names: Sequence[str], *, field: str) -> None:
        """Raises InvalidInput, naming the field, where one of these lists is not there."""
        for position, name in enumerate(names):
            if not await self._batch.command("HEXISTS", keys.SUPPRESSION, check_list_name(name)):
                message = f"there is no suppression list {name!r}; make it by putting a number on it or importing one"
                raise InvalidInput(message, field=f"{field}.{position}")

    async def require_list(self, name: str) -> None:
        """Raises NotFound where there is no such list."""
        if name != ALL_CAMPAIGNS and not await self._batch.command("HEXISTS", keys.SUPPRESSION, name):
            raise _no_list(name)

    async def drop_list(self, name: str) -> int:
        """Forget a named list; returns how many numbers were on it.

        Raises:
            NotFound: there is no such list.
            IllegalStep: campaigns that are not over keep to it.
        """
        answer = await self._drop(name)
        while answer == [_OTHERS_OPEN]:
            answer = await self._drop(name)
        match answer:
            case [0]:
                raise _no_list(name)
            case [1, size]:
                return int(size)
        shown = sorted(answer[1:])
        more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
        raise IllegalStep(
            f"the list {name!r} is kept to by campaigns that are not over: {', '.join(shown[:_NAMED])}{more};"
            " take it out of their suppression_lists first"
        )

    async def _drop(self, name: str) -> list[Any]:
        campaigns = list(await self._batch.command("SMEMBERS", keys.OPEN))
        names = [suppression_key(name), keys.SUPPRESSION, keys.OPEN, *map(keys.campaign, campaigns)]
        return list(await self._batch.run("drop_suppression_list", names, [name, *campaigns]))


def _shown(member: str, since: str) -> Suppressed:
    return Suppressed(ERASED if member.startswith(MARK) else member, moment(since))


def _no_list(name: str) -> NotFound:
    return NotFound(f"there is no suppression list {name!r}")


def check_list_name(name: str) -> str:
    """The name of a list that is not the one of all campaigns. Raises InvalidInput."""
    if len(name) > MOST_NAME or not re.fullmatch(OUR_ID, name):
        raise InvalidInput(f"{name!r} is no name of a list: small letters, digits and single hyphens", field="list")
    return name


def suppression_key(name: str) -> str:
    """The sorted set of a list."""
    return keys.SUPPRESSED if name == ALL_CAMPAIGNS else keys.suppressed_on(name)
