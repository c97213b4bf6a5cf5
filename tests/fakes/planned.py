"""A campaign that begins an escalation for each call that it gives up, on the real scripts."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from dialer.clock import moment
from dialer.dispositions import Disposition, Fact
from dialer.escalations.escalation import Plan
from dialer.model import NewCall, Redial
from dialer.providers.base import CallEvent
from dialer.store.escalating import Planned
from jobs.context import ArqContext, Context
from jobs.escalating import escalate
from tests.fakes.alarm import REDIAL, SCRIPT, plan
from tests.fakes.engine import Engine, draft, event
from tests.fakes.gathering import HeldCalls

FENNA = NewCall(number="+31612345678", external_id="klant-77", variables={"Name": "Fenna de Boer", "street": "Kade 4"})
TEXT = "{{ call_name }}, {{ call_number }}, does not answer. {{ call_id }}"
ESCALATES = {Disposition.BUSY: Redial(0, 0, then="escalate"), Disposition.NO_ANSWER: Redial(0, 0)}


def planned(made: Plan | None = None, **fields: Any) -> dict[str, Any]:
    """What a campaign begins: Ann and Bob are called, then Cas."""
    wishes = {"kind": "escalation", "script": SCRIPT | {"text": TEXT}, "redial": REDIAL} | fields
    return Planned(draft("", created_at=moment(0), **wishes), made or plan("ann bob", "cas")).to_dict()


async def campaign(engine: Engine, *calls: NewCall, **fields: Any) -> None:
    """The campaign `c1` with these calls, or the one to Fenna; it runs."""
    await engine.run_campaign("c1", calls=0, **{"redial": ESCALATES, "escalation": planned()} | fields)
    await engine.store.add_calls("c1", calls or [FENNA], import_id="i1")
    await engine.store.end_import("c1", "i1")


async def given_up(engine: Engine, *facts: Fact) -> CallEvent:
    """The next call is placed and ends in vain: busy, or by these facts; the event that told it."""
    dial = await engine.ring()
    told = event("end", *(facts or (Fact.BUSY,)))
    await engine.store.apply_event(str(dial.attempt), told)
    return told


class _Parts:
    def __init__(self, engine: Engine) -> None:
        self.store, self.clock, self.batch = engine.store, engine.clock, engine.batch


async def look(engine: Engine, workers: int = 1) -> None:
    """The job runs, on so many workers at once."""
    context = Context(cast("Any", _Parts(engine)), engine.dialing, engine.leases, cast("Any", HeldCalls()))
    await asyncio.gather(*(escalate(ArqContext(context=context)) for _ in range(workers)))


async def begun(engine: Engine) -> list[str]:
    """The escalations there are."""
    return [one.campaign.id for one in (await engine.store.escalations(limit=20))[0]]
