"""What stops a campaign by itself, as a client sends and sees it: caps in euro, and a breaker for failures."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field

from dialer.api.models import Incoming, Outgoing
from dialer.conferences.conference import KIND as CONFERENCE
from dialer.errors import InvalidInput
from dialer.model import Breaker, Campaign, EuroCap, Priority
from dialer.settings import Settings

WAIT_S = 60
_OFF = "off"


class EuroCapBody(Incoming):
    """What a campaign's calls may cost, as far as the carrier tells prices."""

    total: float | None = Field(None, ge=0.01, le=10_000_000, description="Euros in all; null: any amount.")
    day: float | None = Field(None, ge=0.01, le=10_000_000, description="Euros on one day (UTC); null: any amount.")
    per_call: float | None = Field(
        None, ge=0.000001, le=1000, description="Reserved for each call that is up; DIALER_CALL_EUROS if left out."
    )


class BreakerBody(Incoming):
    """When a burst of failures stops a campaign, and how it goes on."""

    failures: int = Field(
        ge=1, le=999, description="So many attempts that failed, were rejected or are undetermined ..."
    )
    of: int = Field(ge=1, le=999, description="... among so many of the last ones stop it.")
    wait_s: float = Field(
        WAIT_S, ge=1, le=86_400, description="For so long, and twice as long after each failed probe."
    )
    resume: Literal["probe", "person"] = Field(
        "probe", description="Then calls go out one by one until three have gone well; or it is paused for a person."
    )


class BrakesBody(Incoming):
    """What stops a campaign by itself."""

    euro_cap: EuroCapBody | None = Field(None, description="What its calls may cost; null: any amount.")
    breaker: BreakerBody | Literal["off"] | None = Field(
        None, description="A breaker for bursts of failures; DIALER_BREAKER if left out, none for urgent campaigns."
    )


class EuroCapOut(Outgoing):
    """What a campaign's calls may cost, in euro."""

    total: float | None
    day: float | None
    per_call: float


class BreakerOut(Outgoing):
    """What stops a campaign when its calls fail, and how that stands."""

    failures: int
    of: int
    wait_s: float
    resume: Literal["probe", "person"]
    open_until: datetime | None = Field(description="Nothing goes out before, then probes; null while it is closed.")
    seen: str | None = Field(description="Failures of last attempts when it opened, such as 12/15.")


class BrakesOut(Outgoing):
    """What a campaign may cost and has cost, and how its breaker stands."""

    euro_cap: EuroCapOut | None
    spent: float = Field(description="What its calls have cost so far, in euro, as the carrier told.")
    spent_today: float = Field(description="The same on the present day (UTC).")
    breaker: BreakerOut | None


def brakes_told(campaign: Campaign) -> dict[str, EuroCapOut | BreakerOut | float | None]:
    """The fields of BrakesOut for one campaign."""
    return {
        "euro_cap": _cap_shown(campaign.euro_cap),
        "spent": float(campaign.spent),
        "spent_today": float(campaign.spent_today),
        "breaker": _breaker_shown(campaign),
    }


def brakes_retold(campaign: Campaign) -> dict[str, Any]:
    """The fields of BrakesBody that make another campaign stop as this one does."""
    cap, breaker = _cap_shown(campaign.euro_cap), _breaker_shown(campaign)
    policy = breaker.model_dump(include=set(BreakerBody.model_fields)) if breaker else _OFF
    return {"euro_cap": cap.model_dump() if cap else None, "breaker": policy}


def euro_cap_of(body: BrakesBody, settings: Settings) -> EuroCap:
    """The cap of a campaign. Raises InvalidInput."""
    cap = body.euro_cap
    if cap is None or (cap.total is None and cap.day is None):
        return EuroCap()
    per_call = settings.call_euros if cap.per_call is None else cap.per_call
    least = min(amount for amount in (cap.total, cap.day) if amount is not None)
    if per_call > least:
        message = f"is more than the cap of {least}: not one call could be made"
        raise InvalidInput(message, field="euro_cap.per_call")
    return EuroCap(total=_exact(cap.total), day=_exact(cap.day), per_call=Decimal(str(per_call)))


def breaker_of(body: BrakesBody, priority: Priority, kind: str, settings: Settings) -> Breaker | None:
    """The breaker of a campaign; that of all where it does not say. Raises InvalidInput."""
    if body.breaker is None:
        is_exempt = priority is Priority.URGENT or kind == CONFERENCE or settings.breaker == _OFF
        return None if is_exempt else _default(settings.breaker)
    if isinstance(body.breaker, str):
        return None
    if body.breaker.failures > body.breaker.of:
        raise InvalidInput("must not be more than `of`", field="breaker.failures")
    wait_ms = round(body.breaker.wait_s * 1000)
    return Breaker(failures=body.breaker.failures, of=body.breaker.of, wait_ms=wait_ms, resume=body.breaker.resume)


def _default(text: str) -> Breaker:
    failures, of = map(int, text.split("/"))
    return Breaker(failures=failures, of=of, wait_ms=WAIT_S * 1000)


def _cap_shown(cap: EuroCap) -> EuroCapOut | None:
    if cap.total is None and cap.day is None:
        return None
    return EuroCapOut(total=_float(cap.total), day=_float(cap.day), per_call=float(cap.per_call))


def _breaker_shown(campaign: Campaign) -> BreakerOut | None:
    breaker, tripped = campaign.breaker, campaign.tripped
    if breaker is None:
        return None
    return BreakerOut(
        failures=breaker.failures,
        of=breaker.of,
        wait_s=breaker.wait_ms / 1000,
        resume=breaker.resume,
        open_until=tripped.until if tripped else None,
        seen=f"{tripped.failures}/{tripped.of}" if tripped else None,
    )


def _float(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def _exact(amount: float | None) -> Decimal | None:
    return None if amount is None else Decimal(str(amount))
