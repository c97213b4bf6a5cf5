"""What the carrier stand-in saw, set against what the dialer says: the proof at the end of a demonstration."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aiohttp
from rich.table import Table
from rich.text import Text

from dialer.api.answers import CallOut
from dialer.cli.showing import shown
from dialer.errors import DialerError
from dialer.simulator.remote import BASE


@dataclass(frozen=True, slots=True)
class Account:
    """The stand-in's own log, summed up.

    Attributes:
        placings: requests to place a call, of any outcome.
        refused: those over the limit.
        peak: most accepted in any rolling second.
        rings: how often each phone rang, by its digits.
    """

    placings: int
    refused: int
    peak: int
    rings: Mapping[str, int]

    def rang(self, call: CallOut) -> int:
        """How often the phone of this call rang."""
        return self.rings.get(call.number.removeprefix("+"), 0)

    def twice(self, calls: Sequence[CallOut]) -> list[str]:
        """The numbers that rang more often than they were tried."""
        return [call.number for call in calls if self.rang(call) > call.tries]

    def strangers(self, calls: Sequence[CallOut]) -> set[str]:
        """The numbers that rang and stand on no list."""
        return set(self.rings) - {call.number.removeprefix("+") for call in calls}

    def text(self, calls: Sequence[CallOut], budget: float) -> str:
        """The account in words."""
        return (
            f"The carrier stand-in's own log: {self.placings} call requests, {self.refused} refused for the rate, "
            f"at most {self.peak} in any rolling second (allowed: {budget:g}), "
            f"{len(self.twice(calls))} phones that rang more than once for one attempt."
        )

    def check(self, calls: Sequence[CallOut], budget: float) -> None:
        """Raise DialerError when the dialer broke a promise."""
        broken = {
            "a phone rang more than once for one attempt": bool(self.twice(calls)),
            "somebody was called who is on no list": bool(self.strangers(calls)),
            "more calls than allowed were let in within a second": self.peak > max(budget, 1),
            "a call ended without a disposition": any(call.disposition is None for call in calls),
        }
        if any(broken.values()):
            raise DialerError(f"This must never happen: {'; '.join(name for name, is_so in broken.items() if is_so)}.")


async def ask_stand_in(origin: str) -> Account:
    """Read the log of a running stand-in."""
    async with aiohttp.ClientSession(origin, raise_for_status=True) as http:
        async with http.get(f"{BASE}/summary") as response:
            summary = await response.json()
        async with http.get(f"{BASE}/log") as response:
            records = [json.loads(line) async for line in response.content]
    rings = Counter(record["number"] for record in records if record["rang"])
    return Account(summary["placings"], summary["refused"], summary["peak"], rings)


def people_table(calls: Sequence[CallOut], account: Account) -> Table:
    """What happened to everyone."""
    table = Table("name", "number", "disposition", "tries", "rang", box=None, header_style="bold", pad_edge=False)
    for call in calls:
        name, tries = Text(shown(call.variables.get("name", ""))), str(call.tries)
        table.add_row(name, call.number, call.disposition, tries, str(account.rang(call)))
    return table
