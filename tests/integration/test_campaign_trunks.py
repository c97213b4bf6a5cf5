"""Which trunks a campaign's calls may leave by: asked once, for they never change."""

from __future__ import annotations

import pytest

from dialer import keys
from dialer.model import MAIN
from dialer.trunks import CampaignTrunks, read_trunks, trunks_of, write_trunks
from tests.fakes.engine import Engine, draft

BOTH = ("main", "south")


@pytest.mark.parametrize(
    ("names", "stored"), [((MAIN,), None), (("south",), "south"), (BOTH, "main south"), ((MAIN,), "")]
)
def test_names_are_stored_with_a_campaign(names: tuple[str, ...], stored: str | None) -> None:
    """Most have none but the one that there always is, and store none."""
    assert names == read_trunks(stored)
    assert (stored or None) == write_trunks(names)


async def test_one_campaign_is_asked_for(engine: Engine) -> None:
    """One that is gone stands in the lines of the first trunk, if anywhere."""
    await engine.store.create_campaign(draft("c1", trunks=BOTH))

    assert (BOTH, (MAIN,)) == (await trunks_of(engine.batch, "c1"), await trunks_of(engine.batch, "gone"))


async def test_campaigns_are_asked_for_once(engine: Engine) -> None:
    """But for one that is none yet: it may be made at any moment."""
    await engine.store.create_campaign(draft("c1", trunks=BOTH))
    trunks = CampaignTrunks(engine.batch)
    first = await trunks.of(["c1", "c2"])
    await engine.redis.delete(keys.campaign("c1"))
    await engine.store.create_campaign(draft("c2", trunks=("south",)))
    second, third = await trunks.of(["c2", "c1"]), await trunks.of(iter(["c1"]))

    assert {"c1": BOTH, "c2": (MAIN,)} == first
    assert ({"c2": ("south",), "c1": BOTH}, {"c1": BOTH}) == (second, third)


async def test_no_more_is_kept_than_a_process_has_room_for(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many campaigns there were since it began; each is answered."""
    monkeypatch.setattr("dialer.trunks._MOST_KEPT", 2)
    trunks, names = CampaignTrunks(engine.batch), [f"c{number}" for number in range(7)]
    for name in names:
        await engine.store.create_campaign(draft(name, trunks=("south",)))
    told = [await trunks.of([name, names[0]]) for name in names]

    assert [{name: ("south",), "c0": ("south",)} for name in names] == told
    assert len(trunks._kept) <= 3
