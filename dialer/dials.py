"""A claimed call on its way out: the claim, which travels through the queue, and what is read of its call for it.

Reading changes nothing. What it finds may be old by the time the call is begun: `Dialing.begin` looks once more.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import structlog

from dialer import keys
from dialer.call_record import CallRecord
from dialer.model import MAIN, AttemptRef, CallRef, Terms
from dialer.notification import KIND
from dialer.redis.batch import Batch

log = structlog.get_logger()

_READ = ("class", "terms", "lists", "script_version", "kind", "origin")


class Claim(NamedTuple):
    """A call taken out of the line with a token of the budget. Travels through the queue as a JSON list."""

    campaign_id: str
    seq: int
    due_ms: int
    place_at_us: int
    token: int  # its number, counted since the trunk exists
    deadline_ms: int  # of the lease: who holds another one holds nothing
    interval_us: int  # between tokens when this one was given, margin included
    cohort: int = 0  # which calls of its campaign open and close with it; 0 where the campaign keeps no windows
    trunk: str = MAIN  # whose token it is, and by which the call leaves

    @classmethod
    def of(cls, stored: Sequence[str | int], interval_us: int, trunk: str = MAIN) -> Claim:
        """From the script's answer; a due time has a fraction there, which keeps calls in the order of their list."""
        campaign_id, seq, due, *numbers = stored
        place_at, token, deadline, cohort = map(int, numbers)
        return cls(str(campaign_id), int(seq), int(float(due)), place_at, token, deadline, interval_us, cohort, trunk)

    @property
    def call(self) -> CallRef:
        """Which call."""
        return CallRef(self.campaign_id, self.seq)


@dataclass(frozen=True, slots=True)
class Dial:
    """A claimed call, read from the store: whom to call, as which attempt, on which terms.

    Attributes:
        number: the address, as it is stored: that of the person's numbers whose turn it is.
        urgency: 1 urgent, 2 normal, 3 background.
        endpoint: what the address needs besides itself.
        numbers: all of the person's, in their order.
        lists: names of the suppression lists that its campaign keeps to, as they were read.
        script_version: of its campaign's text, from which the terms follow, as it was read.
        kind: of its campaign.
        origins: the requests that brought the call and its campaign, where traces are made (`Tracing.origin`).
    """

    claim: Claim
    attempt: AttemptRef
    number: str
    urgency: int
    terms: Terms
    endpoint: Mapping[str, Any]
    numbers: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    script_version: int = 1
    kind: str = KIND
    origins: tuple[str | None, ...] = ()


async def read_dials(batch: Batch, claims: Sequence[Claim], *, traced: bool) -> list[Dial]:
    """What these calls need, in one round trip, and where they came from if it is `traced`.

    Those without a campaign, or with an odd record, are left out.
    """
    campaign_ids = list({claim.campaign_id for claim in claims})
    campaigns, calls, origins = await asyncio.gather(
        asyncio.gather(*(batch.command("HMGET", keys.campaign(i), *_READ) for i in campaign_ids)),
        asyncio.gather(*(batch.command("HMGET", keys.bucket(*c.call), c.seq, f"{c.seq}t") for c in claims)),
        asyncio.gather(*(_origin(batch, claim) for claim in claims if traced)),
    )
    of = dict(zip(campaign_ids, campaigns, strict=True))
    found = zip(claims, calls, origins or [None] * len(claims), strict=True)
    dials = (_readable(claim, of[claim.campaign_id], call, origin) for claim, call, origin in found)
    return [dial for dial in dials if dial]


async def _origin(batch: Batch, claim: Claim) -> str | None:
    """Which request brought a call of a list."""
    key = keys.origins(claim.campaign_id)
    found = await batch.command("ZREVRANGEBYSCORE", key, claim.seq, "-inf", "LIMIT", 0, 1)
    return found[0].partition(" ")[0] if found else None


def _readable(
    claim: Claim, campaign: Sequence[str | None], call: Sequence[str | None], origin: str | None
) -> Dial | None:
    record, tries = call
    if not (campaign[0] and record):
        return None
    try:
        return _dial(claim, campaign, record, tries, origin)
    except (KeyError, TypeError, ValueError):
        # Another release may have written it. Its lease brings it back; the others of the batch go out.
        log.exception("call.not_read", call_id=str(claim.call))
        return None


def _dial(claim: Claim, campaign: Sequence[str | None], record: str, tries: str | None, origin: str | None) -> Dial:
    urgency, terms, lists, script_version, kind, made_by = campaign
    tried = json.loads(tries) if tries else {"n": 0}
    call = CallRecord.read(record)
    on = Terms.from_dict(call.own["terms"]) if call.own else _terms(terms or "{}")
    endpoint = call.own["endpoint"] if call.own else {}
    return Dial(
        claim,
        AttemptRef(claim.call, tried["n"] + 1),
        call.numbers[tried.get("place", 1) - 1],
        int(urgency or 0),
        on,
        endpoint,
        call.numbers,
        tuple((lists or "").split()),
        int(script_version or 1),
        kind or KIND,
        (call.own.get("origin") if call.own else origin, made_by),
    )


@lru_cache(maxsize=256)
def _terms(stored: str) -> Terms:
    """Those of a campaign, which are the same for all of its calls."""
    return Terms.from_dict(json.loads(stored))
