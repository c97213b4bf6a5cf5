"""When a call is dialed again, as a client says it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dialer.api.models import Incoming
from dialer.dispositions import NEXT_NUMBER, Disposition
from dialer.errors import InvalidInput
from dialer.model import MOST_AFTER_MS, Redial, Then

MAX_TRIES = 1_000
MAX_REDIAL_AFTER_S = MOST_AFTER_MS // 1000

# dispositions.REDIALABLE, which a test compares: a type cannot be made from it.
Redialable = Literal["busy", "no_answer", "failed", "rejected", "machine", "answered", "invalid_number"]


class RedialBody(Incoming):
    """When a call is dialed again after one disposition."""

    times: int = Field(ge=0, le=100, description="How often at most.")
    after_s: float | None = Field(
        None, ge=0, le=MAX_REDIAL_AFTER_S, description="How many seconds later; needed where `times` is above 0."
    )
    growth: float = Field(1, ge=1, le=10, description="Each further redial waits so many times longer.")
    most_after_s: float | None = Field(None, ge=0, le=MAX_REDIAL_AFTER_S, description="The longest wait, in seconds.")
    then: Then = Field(
        "finish",
        description="Once no redial is left: `suppress` the number for every campaign, too; or, once the call is given "
        "up, `escalate`: begin the campaign's `escalation` for it.",
    )
    next_number: bool | None = Field(
        None,
        description="Whether the next try is at the person's next number, where there is one: after the wait, or at "
        "once where no redial is left. If left out, only after invalid_number and failed.",
    )
    other_hour: bool = Field(
        default=False,
        description="The next try waits on until the hour of the day is three or more from those of all tries before.",
    )

    def redial(self, disposition: Disposition) -> Redial:
        """The same in the project's own terms. Raises InvalidInput."""
        if self.times and self.after_s is None:
            raise InvalidInput("needed where `times` is above 0", field=f"redial.{disposition}.after_s")
        return Redial(
            times=self.times,
            after_ms=round((self.after_s or 0) * 1000),
            growth_pct=round(self.growth * 100),
            most_after_ms=MOST_AFTER_MS if self.most_after_s is None else round(self.most_after_s * 1000),
            then=self.then,
            next_number=disposition in NEXT_NUMBER if self.next_number is None else self.next_number,
            other_hour=self.other_hour,
        )


class RedialsBody(Incoming):
    """When somebody is dialed again, and how often."""

    redial: dict[Redialable, RedialBody] = Field(default_factory=dict, description="Redials, per disposition.")
    max_tries: int | None = Field(
        None, ge=1, le=MAX_TRIES, description="How often one call is tried at the most, whatever `redial` says."
    )

    def redials(self) -> dict[Disposition, Redial]:
        """The policy in the project's own terms. Raises InvalidInput."""
        return {d: body.redial(d) for d, body in ((Disposition(name), body) for name, body in self.redial.items())}
