"""Lists of suppressed numbers in the store: dropped while others name them, and told whole while others change them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialer.decisions import ALL_CAMPAIGNS
from dialer.errors import IllegalStep, InvalidInput, NotFound
from tests.fakes.engine import Engine, draft

MANY = [f"+3161{number:07d}" for number in range(2_500)]


async def _fill(engine: Engine, numbers: list[str], name: str = ALL_CAMPAIGNS) -> None:
    for first in range(0, len(numbers), 1_000):
        await engine.store.suppress(*numbers[first : first + 1_000], on=name)


async def test_a_list_dropped_a_moment_ago_is_named_by_no_campaign(engine: Engine) -> None:
    """Whoever looked at the lists before is refused in the step that would name it, and nothing is changed."""
    await engine.store.create_campaign(draft("c1"))
    seen = await engine.store.campaign("c1")
    await engine.store.suppress("+31610000001", on="vip")
    await engine.store.require_lists(["vip"], field="suppression_lists")
    await engine.store.drop_list("vip")
    before = await engine.keyspace()
    named = replace(seen, lists=("vip",))

    for step in (engine.store.create_campaign(replace(named, id="c2")), engine.store.change_campaign(seen, named)):
        with pytest.raises(InvalidInput, check=lambda error: error.field == "suppression_lists"):
            await step
    assert before == await engine.keyspace()


async def test_a_list_that_campaigns_keep_to_stays(engine: Engine) -> None:
    """Drafts count and names are compared whole; what is cancelled lets it go, though its calls may be up yet."""
    for name in ("vip", "vip-2"):
        await engine.store.suppress("+31610000001", on=name)
    await engine.store.create_campaign(draft("c1", lists=("vip",)))
    await engine.run_campaign("c2", lists=("vip-2", "vip"))
    await engine.run_campaign("c3", lists=("vip-2",))
    with pytest.raises(IllegalStep, match="c1, c2;"):
        await engine.store.drop_list("vip")
    for campaign_id in ("c1", "c2"):
        await engine.store.step(campaign_id, "cancel")

    assert 1 == await engine.store.drop_list("vip")
    assert [ALL_CAMPAIGNS, "vip-2"] == [one.name for one in await engine.store.suppression_lists()]
    with pytest.raises(NotFound):
        await engine.store.drop_list("vip")


async def test_taking_off_makes_no_list(engine: Engine) -> None:
    """A misspelt name leaves nothing behind."""
    assert 0 == await engine.store.unsuppress("+31610000001", on="vip")
    assert {} == await engine.keyspace()


async def test_all_of_a_list_is_told_in_pages(engine: Engine) -> None:
    """Each number once, in order."""
    await _fill(engine, MANY)
    told = [one.number for page in [page async for page in engine.store.all_suppressed()] for one in page]

    assert MANY == told


@pytest.mark.parametrize("gone", [1, 999, 1_000])
async def test_who_is_on_a_list_all_the_while_is_told(engine: Engine, gone: int) -> None:
    """Those who are taken off between two pages keep nobody else from being told."""
    await _fill(engine, MANY)
    told: list[str] = []
    async for page in engine.store.all_suppressed():
        if not told:
            await engine.store.unsuppress(*MANY[1_000 - gone : 1_000])
        told += [one.number for one in page]

    assert MANY == list(dict.fromkeys(told))
