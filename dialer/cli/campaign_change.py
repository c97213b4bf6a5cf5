"""`dialer campaign change` and `windows`: what becomes otherwise while it runs."""

from __future__ import annotations

import click

from dialer.api.answers import CampaignOut
from dialer.cli.connection import talks_to_api
from dialer.cli.describing import redial_options
from dialer.cli.hours import hours_text, window_options
from dialer.cli.policies import other_script_options
from dialer.cli.shares import share_options
from dialer.client import AsyncDialer
from dialer.client.wire import Json
from dialer.errors import DialerError


@click.command("change")
@talks_to_api
@click.argument("campaign_id")
@redial_options
@other_script_options
@share_options
async def change(  # noqa: PLR0913 - what can be changed
    dialer: AsyncDialer,
    *,
    campaign_id: str,
    says: Json,
    share: Json,
    redial: tuple[tuple[str, Json], ...],
    max_tries: Json,
) -> None:
    """Change a campaign, also while it runs: its share, caps, lists, redials, and what calls say from now on.

    What is not given stays as it is; `none` takes a limit away. Of a notification's script only what is given changes.
    """
    before = await dialer.campaigns.get(campaign_id)
    body = share | max_tries | ({"redial": dict(redial)} if redial else {})
    seen = None
    if says:
        # The new script is made of the one that was read, so it must still be that one.
        _same_kind(says, before)
        body["script"] = (before.script if says["kind"] == "notification" else {}) | says["script"]
        seen = before.version
    view = await dialer.campaigns.change(campaign_id, body, if_match=seen)
    click.echo(f"Campaign {view.id} is changed: {', '.join(sorted(body))}.")


def _same_kind(says: Json, before: CampaignOut) -> None:
    kind = before.kind
    if says["kind"] != kind:
        raise DialerError(f"Campaign {before.id} is a {kind}; its script cannot become that of a {says['kind']}.")


@click.command("windows")
@talks_to_api
@click.argument("campaign_id")
@window_options
async def change_windows(dialer: AsyncDialer, *, campaign_id: str, windows: Json) -> None:
    """Give a campaign other hours, also while it runs; without options those of DIALER_WINDOWS."""
    view = await dialer.campaigns.change_windows(campaign_id, windows)
    click.echo(f"Campaign {view.id}: {hours_text(view)}")
