"""ETag and If-Match of campaigns: nobody takes back, unseen, what somebody else changed (RFC 9110, section 13.1.1).

The tag is that of what can be changed, not of the counts, which change with every call: it is the number of changes.
Whether it still holds is looked at in the step that changes the campaign.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import ETag, hdrs, web

from dialer.api.answers import CampaignOut
from dialer.errors import ChangedMeanwhile, InvalidInput
from dialer.model import Campaign

ETAG: Mapping[str, str] = {hdrs.ETAG: "Of what can be changed of it, not of its counts: for `If-Match`."}
IF_MATCH = {
    hdrs.IF_MATCH: {
        "description": "The `ETag` of the campaign as you read it: if it was changed since, nothing is done (412). If "
        "left out, or `*`, that is not looked at.",
        "schema": {"type": "string"},
    }
}


def campaign_answer(campaign: Campaign, answer: CampaignOut) -> web.Response:
    """A campaign with its tag."""
    return web.json_response(text=answer.model_dump_json(), headers={hdrs.ETAG: f'"{campaign.version}"'})


def wanted_version(request: web.Request, campaign: Campaign) -> int | None:
    """Of which version a change was thought out; None where that is not told. Raises InvalidInput, ChangedMeanwhile."""
    given = request.headers.get(hdrs.IF_MATCH)
    if given is None or given.strip() == "*":
        return None
    tags = request.if_match
    if not tags:
        raise InvalidInput('must be the ETag as it was given, in its quotes, such as "3"', field=hdrs.IF_MATCH)
    if ETag(str(campaign.version)) not in tags:
        raise ChangedMeanwhile(campaign.id)
    return campaign.version
