"""One campaign as its user sees it over HTTP, and the judges of what became of it.

Each look at a campaign is judged: the counts by state add up to its size, the dispositions to those done. At the end
every call is held against the carrier's account: no phone rang more often than it was tried.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from tests.fakes.world import World

Json = dict[str, Any]

_POLL_S = 0.1
_SHOWN = 3
_PAGE = 1000


@dataclass(slots=True)
class CampaignRun:
    """A campaign in a world."""

    world: World
    id: str

    @property
    def path(self) -> str:
        """Its path in the API."""
        return f"/v1/campaigns/{self.id}"

    async def add(self, people: Sequence[str]) -> Json:
        """Import these numbers as a CSV file."""
        return await self.add_csv("number\n" + "\n".join(people) + "\n")

    async def add_csv(self, text: str) -> Json:
        """Import a CSV file."""
        headers = {"Content-Type": "text/csv; charset=utf-8"}
        async with self.world.http.post(f"{self.path}/calls", data=BytesIO(text.encode()), headers=headers) as response:
            assert HTTPStatus.OK == response.status, await response.text()
            told: Json = await response.json()
            return told

    async def step(self, verb: str) -> float:
        """Start, pause, resume or cancel; the moment of the API's answer, on the clock of the carrier's log."""
        await self.world.post(f"{self.path}/{verb}")
        return time.monotonic()

    async def look(self) -> Json:
        """The campaign as it is now; its sums must hold."""
        seen = await self.world.get(self.path)
        _judge_sums(seen)
        return seen

    async def look_if_there(self) -> Json | None:
        """The same, or None where the API says that Redis is away."""
        async with self.world.http.get(self.path) as response:
            if response.status == HTTPStatus.SERVICE_UNAVAILABLE:
                return None
            assert HTTPStatus.OK == response.status, await response.text()
            seen: Json = await response.json()
        _judge_sums(seen)
        return seen

    async def until(self, reached: Callable[[Json], bool], *, within_s: float = 30.0) -> Json:
        """Look again and again until it is so; outages are passed over. Returns the last look."""
        seen: Json | None = None
        try:
            async with asyncio.timeout(within_s):
                while not ((seen := await self._look_through_outages()) and reached(seen)):  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            raise AssertionError(f"not within {within_s} s:\n{await self._explain_open(seen)}") from None
        return seen

    async def until_done(self, *, within_s: float = 30.0) -> Json:
        """Wait until every call has its disposition."""
        return await self.until(lambda seen: bool(seen["counts"]["done"] == seen["total"] > 0), within_s=within_s)

    async def calls(self, **filters: str) -> list[Json]:
        """All of its calls, in the order of the list."""
        found: list[Json] = []
        query: dict[str, str] = {"limit": str(_PAGE), **filters}
        while True:
            async with self.world.http.get(f"{self.path}/calls", params=query) as response:
                assert HTTPStatus.OK == response.status, await response.text()
                page = await response.json()
            found += page["calls"]
            if not page["next_cursor"]:
                return found
            query["cursor"] = page["next_cursor"]

    async def call_of(self, number: str) -> Json:
        """The call to this number, with its attempts."""
        call_id = next(call["id"] for call in await self.calls() if call["number"] == number)
        return await self.world.get(f"/v1/calls/{call_id}")

    async def disposition_of(self, number: str) -> str | None:
        """How the call to this number ended."""
        told: str | None = (await self.call_of(number))["disposition"]
        return told

    async def judge(self) -> list[Json]:
        """Hold all calls against the carrier's account: no phone rang more often than it was tried."""
        calls = await self.calls()
        carrier = self.world.carrier
        wrong = [call for call in calls if carrier.rings(call["number"]) > max(1, call["tries"])]
        assert not wrong, f"{len(wrong)} phones rang too often:\n{await self._explain(wrong)}"
        return calls

    async def judge_done(self, *, most_rings: int = 1) -> list[Json]:
        """Besides, every call has one disposition, and no phone rang more than so often."""
        calls = await self.judge()
        carrier = self.world.carrier
        assert len({call["number"] for call in calls}) == len(calls)
        wrong = [c for c in calls if c["disposition"] is None or carrier.rings(c["number"]) > most_rings]
        assert not wrong, f"{len(wrong)} calls are wrong:\n{await self._explain(wrong)}"
        return calls

    async def _look_through_outages(self) -> Json | None:
        try:
            return await self.look_if_there()
        except aiohttp.ClientConnectionError:
            return None

    async def _explain_open(self, seen: Json | None) -> str:
        calls = [call for call in await self.calls() if call["state"] != "done"]
        return f"{seen and seen['state']}, {seen and seen['counts']}\n{await self._explain(calls)}"

    async def _explain(self, calls: Sequence[Json]) -> str:
        """The attempts of some calls as the API tells them, and the carrier's log of their numbers."""
        lines = []
        for call in calls[:_SHOWN]:
            lines.append(str(await self.world.get(f"/v1/calls/{call['id']}")))
            lines.append(f"  rang {self.world.carrier.rings(call['number'])} times; carrier's log:")
            lines += [f"    {record}" for record in self.world.placings(call["number"])]
        return "\n".join(lines)


def _judge_sums(seen: Json) -> None:
    counts, dispositions = seen["counts"], seen["dispositions"]
    assert seen["total"] == sum(counts.values()), f"the states do not add up: {seen}"
    assert counts["done"] == sum(dispositions.values()), f"the dispositions do not add up: {seen}"
