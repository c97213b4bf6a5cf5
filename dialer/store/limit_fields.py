"""What limits a campaign, as fields of its hash: its share of the budget, caps for numbers and money, its breaker."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dialer.keys import DAY_MS
from dialer.model import Breaker, Campaign, Caps, EuroCap, Share, Tripped

EURO = 100_000_000
"""Money is stored in whole 0.00000001 euro, the last digit of the carrier's prices."""
LIMIT_FIELDS = ("weight", "slots", "calls_per_second", "pace", "caps", "lists", "euros", "breaker")

Fields = dict[str, str | int | None]


def limits_to_fields(campaign: Campaign) -> Fields:
    """What is not None is stored."""
    return {
        **_share_fields(campaign.share),
        "caps": _caps_field(campaign.caps),
        "lists": " ".join(campaign.lists) or None,
        "euros": _euros_field(campaign.euro_cap),
        "breaker": _breaker_field(campaign.breaker),
    }


def limits_from_fields(fields: Mapping[str, str], now_ms: int) -> dict[str, Any]:
    """The same as fields of a Campaign, with what was spent until this moment, and whether the breaker is open."""
    return {
        "share": _share(fields),
        "caps": _caps(fields.get("caps")),
        "lists": tuple(fields.get("lists", "").split()),
        "euro_cap": _euro_cap(fields.get("euros")),
        "breaker": _breaker(fields.get("breaker")),
        "tripped": Tripped.read(fields.get("tripped_until"), fields.get("tripped_why")),
        "spent": _money(fields.get("spent", 0)),
        "dearest": _money(fields.get("dearest", 0)),
        "spent_today": _money(_of_day(fields.get("spent_day", ""), now_ms // DAY_MS)),
    }


def _share_fields(share: Share) -> Fields:
    """The claim reads `weight`, `slots` and `pace`, the microseconds between two tokens."""
    rate = share.calls_per_second
    return {
        "weight": share.weight if share.weight > 1 else None,
        "slots": share.slots,
        "calls_per_second": None if rate is None else str(rate),
        "pace": None if rate is None else round(1_000_000 / rate),
    }


def _share(fields: Mapping[str, str]) -> Share:
    rate = fields.get("calls_per_second")
    return Share(
        weight=int(fields.get("weight", 1)),
        slots=int(fields["slots"]) if "slots" in fields else None,
        calls_per_second=float(rate) if rate else None,
    )


def _caps_field(caps: Caps) -> str | None:
    """As the scripts read them: tries a day and a week, 0 for any number, and the spacing."""
    return f"{caps.day or 0} {caps.week or 0} {caps.spacing_ms}" if caps != Caps() else None


def _caps(text: str | None) -> Caps:
    day, week, spacing_ms = map(int, (text or "0 0 0").split())
    return Caps(day=day or None, week=week or None, spacing_ms=spacing_ms)


def _euros_field(cap: EuroCap) -> str | None:
    """As the scripts read them: in all and a day, 0 for any amount, and what to reserve for a call."""
    if cap.total is None and cap.day is None:
        return None
    return " ".join(str(int((amount or 0) * EURO)) for amount in (cap.total, cap.day, cap.per_call))


def _euro_cap(text: str | None) -> EuroCap:
    if text is None:
        return EuroCap()
    total, day, per_call = map(_money, text.split())
    return EuroCap(total=total or None, day=day or None, per_call=per_call)


def _breaker_field(breaker: Breaker | None) -> str | None:
    return f"{breaker.failures} {breaker.of} {breaker.wait_ms} {breaker.resume}" if breaker else None


def _breaker(text: str | None) -> Breaker | None:
    if text is None:
        return None
    failures, of, wait_ms, resume = text.split()
    return Breaker(
        failures=int(failures), of=int(of), wait_ms=int(wait_ms), resume="person" if resume == "person" else "probe"
    )


def _money(units: str | int) -> Decimal:
    return Decimal(units) / EURO


def _of_day(text: str, today: int) -> int:
    day, _, units = text.partition(" ")
    return int(units) if day == str(today) else 0
