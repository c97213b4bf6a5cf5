"""What a campaign may take of the budget and of people's patience: its share, caps for numbers, suppression lists."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints

from dialer.api.models import Incoming, Outgoing
from dialer.forms import OUR_ID
from dialer.model import Caps, Priority, Share
from dialer.settings import Settings
from dialer.store.suppression import MOST_NAME

MOST_LISTS = 10
ListName = Annotated[str, StringConstraints(pattern=OUR_ID, max_length=MOST_NAME)]


class CapsBody(Incoming):
    """How often one number may be dialed, by all campaigns together."""

    tries_day: int | None = Field(None, ge=1, le=1000, description="Within 24 hours; null: any number.")
    tries_week: int | None = Field(None, ge=1, le=1000, description="Within seven times 24 hours; null: any number.")
    spacing_s: float = Field(0, ge=0, le=604_800, description="The least seconds between two tries.")

    def caps(self) -> Caps:
        """The same in the project's own terms."""
        return Caps(day=self.tries_day, week=self.tries_week, spacing_ms=round(self.spacing_s * 1000))


class CapsOut(Outgoing):
    """How often a campaign dials a number; what others dialed counts as well."""

    tries_day: int | None
    tries_week: int | None
    spacing_s: float

    @classmethod
    def of(cls, caps: Caps) -> Self:
        """The answer for these caps."""
        return cls(tries_day=caps.day, tries_week=caps.week, spacing_s=caps.spacing_ms / 1000)


class ShareBody(Incoming):
    """How much a campaign takes beside others, and whom it leaves alone."""

    weight: int = Field(1, ge=1, le=1000, description="Within its priority, tokens are shared in proportion to it.")
    slots: int | None = Field(None, ge=1, le=1_000_000, description="Calls up at the same time; null: any number.")
    calls_per_second: float | None = Field(
        None, ge=0.001, le=10_000, description="Never faster than this; null: as its turn comes."
    )
    caps: CapsBody | None = Field(
        None, description="Tries at one number over all campaigns; what is left out is as DIALER_NUMBER_... say."
    )
    suppression_lists: list[ListName] = Field(
        default_factory=list,
        max_length=MOST_LISTS,
        description="Named lists of numbers that it does not call, besides the one of all campaigns.",
    )

    def lists(self) -> tuple[str, ...]:
        """The named lists, each once."""
        return tuple(dict.fromkeys(self.suppression_lists))

    def share(self) -> Share:
        """The same in the project's own terms."""
        return Share(weight=self.weight, slots=self.slots, calls_per_second=self.calls_per_second)


NO_CAPS = CapsOut.of(Caps()).model_dump()
"""The body that takes all caps away."""


def caps_of(body: ShareBody, priority: Priority, settings: Settings) -> Caps:
    """The caps of a campaign; where it does not say, those of all, but for an urgent one, which has none."""
    given = body.caps.model_dump(exclude_unset=True) if body.caps else {}
    usual = Caps() if priority is Priority.URGENT else settings.default_caps
    return CapsBody(**CapsOut.of(usual).model_dump() | given).caps()
