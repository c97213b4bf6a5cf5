"""Explains a campaign or a call: reads what stands against it, works out the hours that it lacks, and judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from dialer.cohorts import zones_for
from dialer.dialing import Pace, paces_of
from dialer.dispositions import Disposition
from dialer.erasures.hashes import erasure_secret, suppressed_digest
from dialer.explaining.groups import Explained, explain_call, explain_campaign
from dialer.explaining.reasons import Group
from dialer.explaining.seen import Seen, SeenCall
from dialer.model import Attempt, Call
from dialer.openings import Openings
from dialer.settings import Settings
from dialer.states import CallState
from dialer.store import Store
from dialer.store.explaining import Hours


class CampaignExplained(NamedTuple):
    """Why nothing of a campaign is being dialed now, and why each of its calls is not; the groups sum to its size."""

    seen: Seen
    explained: Explained
    groups: list[Group]


class CallExplained(NamedTuple):
    """Why a call is not being dialed now, and what was looked at."""

    call: Call
    seen: Seen
    of_call: SeenCall
    explained: Explained
    last: Attempt | None


@dataclass(frozen=True, slots=True)
class Explainer:
    """Tells why calls are not being dialed. Every method raises NotFound, and StoreUnavailable when Redis is away."""

    store: Store
    openings: Openings
    paces: Mapping[str, Pace]
    region: str
    unknown_hold_ms: int
    erasure_secret: str = ""

    @classmethod
    def of(cls, settings: Settings, store: Store, openings: Openings) -> Explainer:
        """As a process is set up."""
        return cls(
            store,
            openings,
            paces_of(settings),
            settings.default_region,
            round(settings.unknown_hold_s * 1000),
            erasure_secret(settings),
        )

    async def campaign(self, campaign_id: str) -> CampaignExplained:
        """One campaign, all of it at one moment."""
        seen = await self._seen(campaign_id)
        return CampaignExplained(seen, *explain_campaign(seen))

    async def call(self, call_id: str) -> CallExplained:
        """One call."""
        call = await self.store.call(call_id)
        seen = await self._seen(call.campaign_id)
        digests = [suppressed_digest(number, self.erasure_secret) for number in (call.number, *call.others)]
        of_call = await self.store.look_at_call(call, seen.campaign, digests)
        [last] = await self.store.last_attempts([call])
        of_call = replace(of_call, last=last.disposition if last else None)
        return CallExplained(_moved(call, of_call.where), seen, of_call, explain_call(seen, of_call), last)

    async def _seen(self, campaign_id: str) -> Seen:
        seen, hours = await self.store.look_at_campaign(campaign_id, self.paces, self.unknown_hold_ms)
        return await self._with_hours(seen, hours)

    async def _with_hours(self, seen: Seen, hours: Hours) -> Seen:
        """With the stretches of all cohorts; those of which nobody knows are worked out as a worker would."""
        windows = seen.campaign.windows
        if windows is None or seen.campaign.override_windows:
            return seen
        stretches = await self.openings.stretches(windows, hours.cohorts, hours.stretches, seen.now_ms)
        zones = {number: zones_for(cohort, windows, self.region) for number, cohort in hours.cohorts.items()}
        return replace(seen, stretches=stretches, zones=zones)


def _moved(call: Call, where: CallState | Disposition) -> Call:
    """The call where it stands by the later look."""
    if isinstance(where, Disposition):
        return replace(call, state=CallState.DONE, disposition=where, due_at=None)
    return replace(call, state=where, disposition=None)
