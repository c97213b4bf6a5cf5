"""What a run tells whoever judges it: all that its producers asked for, and were told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Json = dict[str, Any]


@dataclass(slots=True)
class Restore:
    """When a backup was taken, and when it was put back; what was acknowledged in between is gone."""

    copied_s: float
    put_back_s: float


class Order(NamedTuple):
    """An order that was acknowledged, and when; `whom` is a campaign's name or a number."""

    at_s: float
    verb: str
    whom: str
    path: str
    body: Json | None = None


@dataclass(slots=True)
class Told:
    """What the producers of a run were told, and when: the list that was put in, and each order that was acknowledged.

    Attributes:
        campaigns: the campaign's id by the plan's name, once its creation was acknowledged.
        imported: the numbers of each campaign whose import was acknowledged.
        singles: ids of single calls by number.
        missed: campaigns that could not be put in before their own end, or were not put in again after a restore.
        restores: backups that were put back.
        former: ids of campaigns that were gone after a restore, and which they were.
        spared: who was not put in again then, by campaign, or single call: the carrier's list had them.
        looks: what was wrong with a look at a campaign while it ran.
    """

    campaigns: dict[str, str] = field(default_factory=dict)
    imported: dict[str, list[str]] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    resumed: list[tuple[float, str]] = field(default_factory=list)
    expires: dict[str, float] = field(default_factory=dict)
    singles: dict[str, set[str]] = field(default_factory=dict)
    missed: set[str] = field(default_factory=set)
    restores: list[Restore] = field(default_factory=list)
    former: dict[str, str] = field(default_factory=dict)
    spared: dict[str, set[str]] = field(default_factory=dict)
    looks: list[str] = field(default_factory=list)
    ended_s: float = 0.0
    calls: dict[str, list[Json]] = field(default_factory=dict)
    seen: dict[str, Json] = field(default_factory=dict)
    leftovers: list[str] = field(default_factory=list)
