"""What runs are about: each theme throws together what is dangerous together, as chance alone seldom does.

A seed draws its theme first; a theme asked for by name gives the same seed another plan.
"""

from __future__ import annotations

from dataclasses import dataclass

from dialer.simulator import PlaceFault, WebhookFault

_LOST_REPLIES = (
    PlaceFault.LOST_REPLY, PlaceFault.CUT_REPLY, PlaceFault.SLOW_REPLY, PlaceFault.HTML_PLACED,
    PlaceFault.STATUS_500_PLACED, PlaceFault.STATUS_502_PLACED, PlaceFault.STATUS_503_PLACED,
    PlaceFault.STATUS_504_PLACED, PlaceFault.STARTED_FIRST,
)  # fmt: skip
_REFUSALS = (
    PlaceFault.STATUS_429, PlaceFault.STATUS_500, PlaceFault.STATUS_502, PlaceFault.STATUS_503, PlaceFault.RESET,
    PlaceFault.STATUS_401, PlaceFault.HTML,
)  # fmt: skip
_WEBHOOKS = (WebhookFault.SWAPPED, WebhookFault.DOUBLED, WebhookFault.LOST, WebhookFault.LATE, WebhookFault.ODD_STATUS)


@dataclass(frozen=True, slots=True)
class Thrown:
    """Something that a theme throws into a run.

    Attributes:
        what: events, one of which is drawn each time.
        times: how many, one of these.
        at: whom it strikes: a `worker`, the `api`, either (`machine`), a `campaign`, the last `person` of one; or all.
        between: the part of the run in which it comes (s).
        lasts_s, amounts: how long, and how much of it, one of these.
    """

    what: tuple[str, ...]
    times: tuple[int, ...] = (1,)
    at: str = ""
    between: tuple[float, float] = (0.5, 12.0)
    lasts_s: tuple[float, ...] = (0.0,)
    amounts: tuple[float, ...] = (0.0,)


@dataclass(frozen=True, slots=True)
class Theme:
    """What a run is about.

    Attributes:
        workers, per_second, campaigns, people: how many there are, and how fast they dial: one of these each.
        redials, expires, slots, import_twice, shares: the chance that a campaign redials, expires soon, has but few
            slots, is imported twice, and has the people of the one before.
        skewed: the chance that a machine's clock is off.
    """

    thrown: tuple[Thrown, ...]
    workers: tuple[int, ...] = (1, 1, 2, 2, 3)
    per_second: tuple[float, ...] = (1.0, 2.0, 3.0)
    campaigns: tuple[int, ...] = (1, 1, 2, 3)
    people: tuple[int, ...] = (1, 3, 6, 10)
    redials: float = 0.3
    expires: float = 0.1
    slots: float = 0.1
    import_twice: float = 0.15
    shares: float = 0.1
    skewed: float = 0.1


def _place(faults: tuple[PlaceFault, ...]) -> tuple[str, ...]:
    return tuple(f"place:{fault}" for fault in faults)


def _webhook(*faults: WebhookFault) -> tuple[str, ...]:
    return tuple(f"webhook:{fault}" for fault in faults or _WEBHOOKS)


_NO_WEBHOOKS = Thrown(_webhook(WebhookFault.LOST), between=(0, 0), lasts_s=(20,), amounts=(0.7, 1.0))
_KILLED = ("kill_before:redis", "kill_after:redis")
_KILLED_SPEAKING = ("kill_before:place", "kill_after:place")
_SLOW = Thrown(("redis_slow", "network_slow"), (0, 1), "machine", lasts_s=(2, 8), amounts=(0.02, 0.2, 1.0, 6.0))
_ORDERS = Thrown(("pause", "cancel", "hang_up"), (0, 0, 1), "campaign", (2, 12), (0.5, 4, 10))
_URGENT = Thrown(("urgent",), (0, 0, 1), "campaign")
_SUPPRESSED = Thrown(("suppress",), (0, 0, 1), "person", (2, 8))
_PLACING = Thrown(_place(_LOST_REPLIES + _REFUSALS), (0, 1), lasts_s=(4, 10), amounts=(0.3, 1.0))
_MANY = (6, 10, 15)

THEMES = {
    "quiet": Theme((_ORDERS, _URGENT, _SUPPRESSED)),
    "killed": Theme(
        (
            Thrown(("kill_after:place", *_KILLED_SPEAKING), (1, 2), "worker", (1, 4), (0.5, 3, 12), (1,)),
            Thrown(_KILLED, (0, 0, 1), "machine", lasts_s=(0.5, 3, 12), amounts=tuple(range(1, 31))),
            _NO_WEBHOOKS,
        ),
        workers=(1, 2),
        people=(6, 10),
    ),
    "in doubt": Theme(
        (
            Thrown(_place(_LOST_REPLIES), (1, 2), between=(0, 3), lasts_s=(12,), amounts=(0.6, 1.0)),
            Thrown(_webhook(WebhookFault.LOST, WebhookFault.LATE), between=(0, 1), lasts_s=(20,), amounts=(0.6, 1.0)),
            Thrown(_KILLED_SPEAKING, (0, 0, 1), "worker", lasts_s=(0.5, 3, 12), amounts=(1, 2)),
        ),
    ),
    "unavailable": Theme(
        (
            Thrown(
                _place((PlaceFault.STATUS_503_PLACED, PlaceFault.STATUS_503)),
                (1, 2),
                between=(0, 2),
                lasts_s=(6,),
                amounts=(0.6, 1.0),
            ),
            Thrown(_webhook(WebhookFault.LOST, WebhookFault.LATE), between=(0, 0), lasts_s=(20,), amounts=(1.0,)),
        ),
    ),
    "refused": Theme(
        (
            Thrown(_place(_REFUSALS), (1, 2, 3), lasts_s=(2, 6), amounts=(0.4, 1.0)),
            Thrown(("token_down",), (0, 1), lasts_s=(3, 20)),
            Thrown(("revoke",), (0, 1)),
            _ORDERS,
        ),
        per_second=(2.0, 3.0),
        people=_MANY,
    ),
    "stopped": Theme(
        (
            Thrown(("pause", "cancel", "pause", "hang_up"), (1, 2), "campaign", (2, 4), (4, 8)),
            Thrown(("suppress",), (1, 2), "person", (1.5, 3)),
            Thrown(("redis_slow",), (0, 0, 1), "worker", (1, 4), (3, 8), (0.02, 0.1)),
            _URGENT,
            _SLOW,
        ),
        per_second=(2.0, 3.0, 3.0),
        people=(10, 15, 20),
    ),
    "expiring": Theme(
        (
            Thrown(("pause",), (0, 1), "campaign", (2, 4), (3, 6)),
            Thrown(_place((PlaceFault.STATUS_429,)), (0, 1), between=(1, 4), lasts_s=(2,), amounts=(1.0,)),
            _SLOW,
            _URGENT,
        ),
        people=_MANY,
        expires=1.0,
    ),
    "imported": Theme(
        (
            Thrown(
                (*_KILLED, "kill_before:http", "kill_after:http"), (1, 2), "api", (0, 2), (0.5, 3), tuple(range(1, 41))
            ),
            Thrown(("cuts",), (0, 1), between=(0, 2), lasts_s=(3,), amounts=(0.05, 0.2)),
            Thrown(("redis_slow", "network_slow", "freeze"), (0, 1), "api", (0, 2), (3, 12), (0.2, 1.0)),
            _SUPPRESSED,
        ),
        campaigns=(1, 2, 3),
        import_twice=0.6,
        shares=0.5,
    ),
    "outage": Theme(
        (
            Thrown(("redis_kill",), (1, 1, 2), lasts_s=(0.2, 2, 8)),
            Thrown(("cuts",), (0, 1), lasts_s=(2, 10), amounts=(0.02, 0.2)),
            _PLACING,
            _ORDERS,
        ),
    ),
    "starved": Theme(
        (
            Thrown(("freeze",), (2, 3), "worker", (1, 4), (0.5, 1, 2, 6, 6, 12)),
            Thrown(("redis_slow",), (0, 0, 1), "worker", (1, 6), (3, 8), (0.2, 0.4, 1.0)),
            _SLOW,
            _PLACING,
        ),
        workers=(1, 2, 2, 2),
        per_second=(2.0, 3.0),
        people=_MANY,
    ),
    "endings": Theme(
        (
            Thrown(_webhook(), (1, 2, 3), between=(0, 6), lasts_s=(8, 25), amounts=(0.3, 0.6, 1.0)),
            _PLACING,
            _ORDERS,
        ),
        redials=0.8,
    ),
    "clocks": Theme(
        (
            Thrown(("clock_jump",), (0, 1, 2), amounts=(-30, -2, 2, 30)),
            Thrown(("freeze", "restart"), (0, 1), "worker", lasts_s=(0.5, 2, 12)),
            _SLOW,
            _PLACING,
        ),
        skewed=0.6,
    ),
    "crowded": Theme(
        (Thrown(_webhook(), (0, 1), lasts_s=(5, 20), amounts=(0.2, 0.6)), _ORDERS, _SUPPRESSED, _URGENT, _PLACING),
        campaigns=(2, 3),
        shares=1.0,
        slots=0.5,
    ),
    "restarted": Theme(
        (
            Thrown(("restart",), (1, 2, 3), "machine", lasts_s=(0.3, 2, 12)),
            Thrown(_KILLED, (0, 1), "machine", lasts_s=(0.5, 3), amounts=tuple(range(1, 31))),
            _PLACING,
            _SUPPRESSED,
        ),
    ),
    "restored": Theme(
        (
            Thrown(
                ("put_back", "put_back:restarted", "put_back:stopped"),
                between=(1, 8),
                lasts_s=(10, 20),
                amounts=(0.5, 2, 5),
            ),
            Thrown(_webhook(WebhookFault.LOST, WebhookFault.LATE), (0, 0, 1), "", (0, 6), (8, 25), (0.6, 1.0)),
            _PLACING,
            _ORDERS,
            _SUPPRESSED,
            _URGENT,
        ),
        per_second=(2.0, 3.0),
        people=_MANY,
    ),
    # As by a replica that lacked the end: some workers have begun nothing since, and know of nothing that is missing.
    "promoted": Theme(
        (Thrown(("put_back",), between=(1, 4), lasts_s=(0, 10), amounts=(0.3, 0.5, 0.8)), _PLACING, _ORDERS),
        workers=(2, 3),
        per_second=(2.0, 3.0),
        people=_MANY,
    ),
    "anything": Theme(
        (
            Thrown(("freeze", "restart"), (0, 0, 1), "machine", lasts_s=(0.3, 2, 15, 30)),
            Thrown(
                (*_KILLED, *_KILLED_SPEAKING), (0, 0, 1), "machine", lasts_s=(0.5, 3, 15), amounts=tuple(range(1, 31))
            ),
            Thrown(("redis_kill",), (0, 0, 0, 1), lasts_s=(0.2, 2, 8)),
            Thrown(("cuts",), (0, 0, 1), lasts_s=(2, 15), amounts=(0.02, 0.2)),
            Thrown(("clock_jump",), (0, 0, 0, 1), amounts=(-30, -2, 2, 30)),
            Thrown(("token_down",), (0, 0, 0, 1), lasts_s=(3, 30)),
            Thrown(_webhook(), (0, 1), lasts_s=(5, 30), amounts=(0.2, 0.6, 1.0)),
            _SLOW,
            _PLACING,
            _ORDERS,
            _SUPPRESSED,
            _URGENT,
        ),
    ),
}
LATER = ("promoted", "restored")
"""Drawn apart from those that were there before, so that a seed about one of these stays the run that it was."""
