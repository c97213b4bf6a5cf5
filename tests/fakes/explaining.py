"""Explanations of what the engine of these tests does, and what an explainer may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dialer import keys
from dialer.dialing import Pace
from dialer.explaining.explainer import Explainer
from dialer.explaining.seen import Seen, SeenCall, Trunk
from dialer.model import MAIN
from dialer.openings import Openings
from dialer.states import CallState, CampaignState
from tests.fakes.clock import START_MS, START_US
from tests.fakes.engine import Engine, draft

UNKNOWN_HOLD_MS = 60_000


def explainer_of(engine: Engine, *, calls_per_second: float = 3, slots: int = 0) -> Explainer:
    """One that sees what a worker of this engine would."""
    openings = Openings(engine.batch, engine.clock, "NL")
    paces = engine.dialing._paces | {MAIN: Pace(calls_per_second, 1, slots)}
    return Explainer(engine.store, openings, paces, "NL", UNKNOWN_HOLD_MS)


async def let_a_worker_live(engine: Engine) -> None:
    """Somebody is there to dial, from now on for some seconds."""
    await engine.batch.command("ZADD", keys.WORKERS, engine.now_ms, "w1")


def seen_call(**fields: Any) -> SeenCall:
    """A call that is due and against which nothing stands, but for the fields given."""
    plain: dict[str, Any] = {
        "where": CallState.WAITING,
        "at_ms": START_MS,
        "lease_ms": None,
        "held": None,
        "cohort": 1,
        "before": 0,
        "expires_ms": None,
        "number": "+31610000001",
        "suppressed": {},
        "dialed_ms": [],
        "other_up": None,
    }
    return SeenCall(**(plain | fields))


def seen_campaign(
    call: SeenCall | None = None,
    *,
    campaign: Mapping[str, Any] | None = None,
    trunk: Mapping[str, Any] | None = None,
    states: Mapping[CallState, int] | None = None,
    **fields: Any,
) -> Seen:
    """A running campaign with one call due, at two calls a second, against which nothing stands but what is given."""
    budget: dict[str, Any] = {
        "tat_us": 0, "margin_ppm": 0, "gate_ms": 0, "closed_by": None, "up": 0, "workers": 1, "ready": (0, 1, 0),
    }  # fmt: skip
    runs: dict[str, Any] = {"state": CampaignState.RUNNING, "total": 10}
    plain: dict[str, Any] = {
        "now_us": START_US,
        "campaign": draft(**(runs | dict(campaign or {}))),
        "states": dict.fromkeys(CallState, 0) | dict(states or {}),
        "dispositions": {},
        "due": 1,
        "later": 0,
        "later_ms": None,
        "held": {},
        "parked": (),
        "unpark": (),
        "release": frozenset(),
        "pace_at_us": 0,
        "unknown_since_ms": None,
        "trunk": Trunk(**(budget | dict(trunk or {}))),
        "pace": Pace(2),
        "unknown_hold_ms": UNKNOWN_HOLD_MS,
        "call": call,
    }
    return Seen(**(plain | fields))
