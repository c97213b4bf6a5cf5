"""Stopping what can only fail: a campaign is paused, or one of its trunks shut, where refusals are our own fault."""

from __future__ import annotations

import structlog

from dialer.dialing import Recorded
from dialer.dials import Claim, Dial
from dialer.errors import DialerError, StoreUnavailable
from dialer.model import MAIN
from dialer.providers.base import PlaceResult, Refusal, Refused
from jobs.context import Context

log = structlog.get_logger()

MALFORMED_IN_A_ROW = 5
"""So many requests found malformed one after the other are our fault, not the numbers'."""


async def stop_if_ours(dial: Dial, result: PlaceResult, recorded: Recorded, context: Context) -> None:
    """Pause the campaign when dialing on can only fail: product, application, path or every request is wrong.

    What is wrong of one trunk alone shuts that trunk for a campaign that has another.
    """
    if not isinstance(result, Refused):
        return
    ours = result.reason is Refusal.MISCONFIGURED or recorded.malformed >= MALFORMED_IN_A_ROW
    if not ours:
        return
    reason = f"the carrier refused: {result.detail or result.reason}"
    if result.reason is Refusal.MISCONFIGURED and await shut_trunk(dial.claim, reason, context):
        return
    await pause(dial.claim, reason, context)


async def pause(claim: Claim, reason: str, context: Context) -> None:
    """Pause the campaign of a claimed call; one that is over by now stays so."""
    campaign_id = claim.campaign_id
    reason += "" if claim.trunk == MAIN else f" (trunk {claim.trunk})"
    log.error("campaign.paused", campaign_id=campaign_id, reason=reason)
    try:
        await context.runtime.store.step(campaign_id, "pause", reason=reason)
    except DialerError as error:
        log.warning("campaign.not_paused", campaign_id=campaign_id, reason=str(error))


async def shut_trunk(claim: Claim, reason: str, context: Context) -> bool:
    """Whether the campaign goes on by another of its trunks."""
    try:
        goes_on = await context.runtime.store.shut_trunk(claim.campaign_id, claim.trunk)
    except StoreUnavailable:
        return False
    if goes_on:
        log.error("trunk.shut", campaign_id=claim.campaign_id, trunk=claim.trunk, reason=reason)
    return goes_on
