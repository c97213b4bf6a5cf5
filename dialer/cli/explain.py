"""`dialer explain`: why a call, or every call of a number, is not being dialed now; the same of a campaign."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import click
from rich.table import Table

from dialer.api.explain import CallExplainOut, CampaignExplainOut
from dialer.cli.as_json import json_option, print_json
from dialer.cli.connection import talks_to_api
from dialer.cli.screens import plain_console
from dialer.cli.showing import shown
from dialer.client import AsyncDialer
from dialer.model import CallRef

_AT_ONCE = 20  # explanations asked for together


@click.command("explain")
@talks_to_api
@click.argument("call_or_number", metavar="CALL_ID|NUMBER")
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1, 1000), help="Calls of a number, at most."
)
@json_option
async def command(dialer: AsyncDialer, *, call_or_number: str, limit: int, as_json: bool) -> None:
    """Tell why a call is not being dialed now, and when that changes; of a NUMBER for each of its calls."""
    if _is_call_id(call_or_number):
        told = await dialer.calls.explain(call_or_number)
        if as_json:
            print_json(told)
        else:
            click.echo(_of_call(told))
        return
    found = await dialer.numbers.find(call_or_number, limit=limit)
    told_of_all = await _explain_all(dialer, [call.call_id for call in found.calls])
    if as_json:
        print_json({"number": found.number, "total": found.total, "calls": told_of_all})
        return
    for told in told_of_all:
        click.echo(_of_call(told) + "\n")
    cut = f" (the first {len(told_of_all)} are shown)" if len(told_of_all) < found.total else ""
    click.echo(f"{shown(found.number)} stands in {_count(found.total)}{cut}.")


async def _explain_all(dialer: AsyncDialer, call_ids: Sequence[str]) -> list[CallExplainOut]:
    told: list[CallExplainOut] = []
    for first in range(0, len(call_ids), _AT_ONCE):
        told += await asyncio.gather(*map(dialer.calls.explain, call_ids[first : first + _AT_ONCE]))
    return told


def _is_call_id(text: str) -> bool:
    """Ids begin with a letter and hold nothing but letters, digits and dashes; a number or a URI does not."""
    return text[:1].isalpha() and ":" not in text and CallRef.parse(text) is not None


def _count(calls: int) -> str:
    return f"{calls} call{'' if calls == 1 else 's'}" if calls else "no call"


def _of_call(told: CallExplainOut) -> str:
    head = f"{told.call_id}  {shown(told.campaign_name)} ({told.campaign_state})"
    facts = {
        "would dial": shown(told.would_dial or ""),
        "tries": f"{told.tries}" + (f" of {told.max_tries}" if told.max_tries else ""),
        "dialed": ", ".join(map(local, told.dialed[:7])),
        "suppressed": ", ".join(f"{shown(number)} since {local(at)}" for number, at in told.suppressed.items()),
        "open": f"{local(told.opens_at)} to {local(told.closes_at)}" if told.opens_at else "",
        "clock of": ", ".join(told.zones) if told.opens_at else "",
    }
    lines = [head, f"  {told.code}: {shown(told.words)}"]
    lines += [f"  also {one.code}: {shown(one.words)}" for one in told.also]
    lines += [f"  {name + ':':<11} {fact}" for name, fact in facts.items() if fact]
    return "\n".join(lines)


def of_campaign(told: CampaignExplainOut) -> None:
    """Print why nothing of a campaign is being dialed now."""
    click.echo(f"Campaign {told.campaign_id} ({told.state}), {told.code}: {shown(told.words)}")
    for one in told.also:
        click.echo(f"Also {one.code}: {shown(one.words)}")
    if told.reasons:
        plain_console().print(_table(told))


def _table(told: CampaignExplainOut) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("calls", justify="right")
    table.add_column("reason", no_wrap=True)
    table.add_column("until", no_wrap=True)
    table.add_column("in words")
    for group in told.reasons:
        reason = group.code + (f" ({group.disposition})" if group.disposition else "")
        table.add_row(f"{group.calls}", reason, local(group.until), shown(group.words))
    table.add_row(f"{told.total}", "in all", "", "")
    return table


def local(moment: datetime | None) -> str:
    """A moment of the API on this machine's own clock."""
    return moment.astimezone().strftime("%d %b %H:%M:%S") if moment else ""
