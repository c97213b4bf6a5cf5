"""Explanations of what the engine of these tests does, by the engine's clock and pace."""

from __future__ import annotations

from dialer import keys
from dialer.dialing import Pace
from dialer.explaining.explainer import Explainer
from dialer.model import MAIN
from dialer.openings import Openings
from tests.fakes.engine import Engine

UNKNOWN_HOLD_MS = 60_000


def explainer_of(engine: Engine, *, calls_per_second: float = 3, slots: int = 0) -> Explainer:
    """One that sees what a worker of this engine would."""
    openings = Openings(engine.batch, engine.clock, "NL")
    paces = engine.dialing._paces | {MAIN: Pace(calls_per_second, 1, slots)}
    return Explainer(engine.store, openings, paces, "NL", UNKNOWN_HOLD_MS)


async def let_a_worker_live(engine: Engine) -> None:
    """Somebody is there to dial, from now on for some seconds."""
    await engine.batch.command("ZADD", keys.WORKERS, engine.now_ms, "w1")
