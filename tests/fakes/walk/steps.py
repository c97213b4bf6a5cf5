"""A random walk over all that can happen to four campaigns on two trunks, beside a model in plain Python that judges.

What every step must leave: each call in exactly one set, the one the model says; leases for calls in flight and no
others; no attempt begun twice; no more requests in any second than the budget; no due call that nobody will look
at; and whoever listens knows where each call stands.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.fakes.walk.judges import Judges
from tests.fakes.walk.listeners import Listeners
from tests.fakes.walk.owners import Owners
from tests.fakes.walk.sweepers import Sweepers
from tests.fakes.walk.workers import Workers


class Walk(Owners, Workers, Sweepers, Judges, Listeners):
    """One walk."""

    async def walk(self, steps: int) -> None:
        """Take so many steps, and judge after each."""
        await self.begin_to_listen()
        for name in self.lists:
            await self.engine.store.suppress(on=name)
        for number in range(4):
            await self.create(f"c{number}")
        taken: list[str] = []
        for _ in range(steps):
            (step,) = self.random.choices([*WEIGHTS], [*WEIGHTS.values()])
            taken.append(step.__name__)
            try:
                await step(self)
                await self.judge()
                await self.listeners_know()
            except AssertionError as error:
                raise AssertionError(f"step {len(taken)}, after {' '.join(taken[-10:])}: {error}") from error


WEIGHTS: dict[Callable[[Walk], Awaitable[None]], int] = {
    Walk.place: 14, Walk.event: 14, Walk.wait: 10, Walk.add: 8, Walk.begin: 8, Walk.record: 6, Walk.claim: 6,
    Walk.sweep: 6, Walk.sweep_late: 4, Walk.redial: 4, Walk.complete: 3, Walk.expire: 3, Walk.renew: 3, Walk.tune: 3,
    Walk.recall: 8, Walk.step: 2, Walk.end: 1, Walk.change: 2, Walk.expire_calls: 3, Walk.amend: 3, Walk.suppress: 3,
    Walk.adopt: 2, Walk.give_up: 2, Walk.erase: 3, Walk.expire_call: 2,
}  # fmt: skip
