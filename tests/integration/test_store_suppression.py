"""Lists of suppressed numbers: they hold for what is claimed, are told whole, and go when nobody names them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.decisions import ALL_CAMPAIGNS
from dialer.dialing import Begun
from dialer.dials import Dial
from dialer.dispositions import Disposition, Fact
from dialer.erasures.hashes import MARK
from dialer.errors import IllegalStep, InvalidInput, NotFound
from dialer.model import ERASED, NewCall
from tests.fakes.engine import Engine, draft, event, make_engine

NUMBER = "+31610000001"
MANY = [f"+3161{number:07d}" for number in range(2_500)]


async def _fill(engine: Engine, numbers: list[str], name: str = ALL_CAMPAIGNS) -> None:
    for first in range(0, len(numbers), 1_000):
        await engine.store.suppress(*numbers[first : first + 1_000], on=name)


@pytest.fixture
def quick(redis: Redis) -> Engine:
    """An engine whose budget lets five calls be claimed at once."""
    return make_engine(redis, calls_per_second=100)


async def _claimed_in_five(engine: Engine, *lists: str) -> list[Dial]:
    """The same number claimed in five campaigns, the last two of which keep to these lists."""
    for number in range(1, 6):
        await engine.run_campaign(f"c{number}", calls=0, lists=lists if number > 3 else ())
        await engine.store.add_calls(f"c{number}", [NewCall(number=NUMBER)], import_id="i1")
    return sorted(await engine.dialing.read(await engine.claim()), key=lambda dial: dial.claim.campaign_id)


async def test_opting_out_holds_for_what_is_claimed_in_five_campaigns(quick: Engine) -> None:
    """From the very event with the key on, while the call on which it was pressed is still up."""
    first, *others = await _claimed_in_five(quick)
    assert Begun.BEGUN is await quick.begin(first)
    await quick.record(first, "n1", "live")
    await quick.store.apply_event(str(first.attempt), event("input", Fact.OPTED_OUT))
    pressed_ms = quick.now_ms
    begun = [await quick.dialing.begin(dial, "n2", lease_ms=60_000) for dial in others]

    assert [Begun.SUPPRESSED] * 4 == begun
    assert pressed_ms == quick.now_ms
    ended = [(await quick.store.call(f"c{number}-1")).disposition for number in range(2, 6)]
    assert [Disposition.SUPPRESSED] * 4 == ended


async def test_a_list_holds_for_what_is_claimed_where_it_is_kept_to(quick: Engine) -> None:
    """The campaigns that keep to it call the number no more; the others do, one after the other."""
    await quick.store.suppress(on="vip")
    dials = await _claimed_in_five(quick, "vip")
    await quick.store.suppress(NUMBER, on="vip")
    begun = [await quick.begin(dial, str(dial.attempt)) for dial in reversed(dials)]

    assert [Begun.SUPPRESSED, Begun.SUPPRESSED, Begun.BEGUN, Begun.HELD, Begun.HELD] == begun


async def test_a_campaign_that_takes_up_a_list_keeps_to_it_at_once(engine: Engine) -> None:
    """What was claimed before goes back, and ends as suppressed when its turn comes again."""
    await engine.store.suppress(NUMBER, on="vip")
    await engine.run_campaign("c1", calls=0)
    await engine.store.add_calls("c1", [NewCall(number=NUMBER)], import_id="i1")
    dial, seen = await engine.claim_one(), await engine.store.campaign("c1")
    await engine.store.change_campaign(seen, replace(seen, lists=("vip",)))

    assert Begun.CHANGED is await engine.begin(dial)
    engine.clock.advance_ms(1_000)
    assert Begun.SUPPRESSED is await engine.begin(await engine.claim_one())


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


async def test_dropping_and_naming_a_list_at_once_never_both_succeed(engine: Engine) -> None:
    """Whichever comes first, no campaign keeps to a list that is gone."""
    for number in range(20):
        campaign = draft(f"c{number}", lists=("vip",))
        await engine.store.suppress(NUMBER, on="vip")
        steps = [engine.store.drop_list("vip"), engine.store.create_campaign(campaign)]
        dropped, created = await asyncio.gather(*steps, return_exceptions=True)

        assert {IllegalStep: True, int: False}[type(dropped)] is (created is True)
        assert (created is True) or isinstance(created, InvalidInput)
        if created is True:
            await engine.store.step(campaign.id, "cancel")


async def test_of_an_erased_number_nothing_is_told(engine: Engine) -> None:
    """Its hash is on the list like a number, and is told as `erased`."""
    await engine.store.suppress(NUMBER)
    await engine.batch.command("ZADD", keys.SUPPRESSED, 1, f"{MARK}c0ffee")
    (page,) = [page async for page in engine.store.all_suppressed()]

    assert [(True, ERASED), (False, NUMBER)] == [(one.is_erased, one.number) for one in page]
