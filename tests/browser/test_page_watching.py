"""The operator page as somebody uses it who watches and decides: log in, see, pause, hang up, look at one call."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.fakes.browser import PHONE, Desk, open_desk
from tests.fakes.campaign import CampaignRun
from tests.fakes.hostile import BREAKERS, MARKUP, TEMPLATES
from tests.fakes.world import QUICK, World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """A dialer whose phones ring as quickly as in the acceptance tests."""
    async with open_world(QUICK) as opened:
        yield opened


async def test_wrong_key_is_refused_in_words(browser: Browser, world: World) -> None:
    """A wrong key opens nothing and is said to be wrong; the right one opens the campaigns, and logging out ends it."""
    async with open_desk(browser, world.settings["PUBLIC_URL"]) as desk:
        page = desk.page
        await page.goto(desk.origin)
        await expect(page.get_by_label("API key")).to_be_focused()
        await page.keyboard.type("wrong")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("This key is not taken")
        await desk.log_in()
        assert "Bearer" not in await page.evaluate("document.cookie + JSON.stringify(localStorage)")
        await page.get_by_role("button", name="Log out").click()
        await expect(page.get_by_label("API key")).to_be_visible()
        assert await page.evaluate("sessionStorage.getItem('dialer.key')") is None


async def test_pausing_is_confirmed_first(desk: Desk, world: World) -> None:
    """Pause says what it means for whom, with the safe button focused; only the other one pauses."""
    run = await world.campaign(name="To be paused", windows={"hours": [], "not_before": "2099-01-01T00:00:00Z"})
    await run.add(world.people(7))
    await run.step("start")
    page = desk.page
    card = page.get_by_role("listitem").filter(has_text="To be paused")
    await card.get_by_role("button", name="Pause").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("7 people wait until you resume it")
    await expect(dialog).to_contain_text("Within a second")
    await expect(page.get_by_role("button", name="Keep dialing")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    assert "running" == (await world.get(f"/v1/campaigns/{run.id}"))["state"]
    await card.get_by_role("button", name="Pause").click()
    await dialog.get_by_role("button", name="Pause").click()
    await expect(dialog).to_have_count(0)
    await expect(card).to_contain_text("Paused: nothing goes out until it is resumed.")
    assert "paused" == (await world.get(f"/v1/campaigns/{run.id}"))["state"]


async def test_standing_still_is_explained(desk: Desk, world: World) -> None:
    """A campaign outside of its hours tells so on its card."""
    run = await world.campaign(name="Not now", windows={"hours": [], "not_before": "2099-01-01T00:00:00Z"})
    await run.add(world.people(2))
    await run.step("start")
    card = desk.page.get_by_role("listitem").filter(has_text="Not now")
    await expect(card).to_contain_text(re.compile("(1 Jan 2099|31 Dec 2098), "))


async def test_hundred_campaigns_and_long_lists(desk: Desk, world: World) -> None:
    """A hundred campaigns are shown at once and searched; of a long list only a page of calls is ever loaded."""
    run = await world.campaign(name="Whole city")
    await run.add(world.people(20_000))
    for first in range(0, 100, 10):
        await asyncio.gather(*(world.campaign(name=f"Street {number}") for number in range(first, first + 10)))
    page = desk.page
    await expect(page.locator(".card").filter(has_text="Street")).to_have_count(100)
    await page.get_by_role("searchbox").fill("street 77")
    await expect(page.locator(".card h3")).to_have_text(["Street 77"])
    await desk.go(f"/campaigns/{run.id}", "Whole city")
    rows = page.get_by_role("rowheader")
    await expect(rows).to_have_count(50)
    await page.get_by_role("button", name="Show more").click()
    await expect(rows).to_have_count(100)


async def test_urgent_ones_are_on_top(desk: Desk, world: World) -> None:
    """A campaign that is urgent stands before all others, under a heading of its own."""
    for name, priority in (("Can wait", "background"), ("Fire", "urgent"), ("Usual", "normal")):
        run = await world.campaign(name=name, priority=priority, windows={"not_before": "2099-01-01T00:00:00Z"})
        await run.add(world.people(1))
        await run.step("start")
    await expect(desk.page.get_by_role("region", name="Urgent")).to_contain_text("Fire")
    assert "Fire" == await desk.page.locator(".card h3").first.inner_text()


async def test_as_many_run_as_are_listed(desk: Desk, world: World) -> None:
    """The campaign of calls that were enqueued alone is always there, and neither listed nor counted once all ended."""
    (person,) = world.people(1)
    made = await world.call(person)
    await CampaignRun(world, made["campaign_id"]).until_done()
    await world.campaign(name="Drafted behind it")
    await expect(desk.page.get_by_role("listitem").filter(has_text="Drafted behind it")).to_be_visible()
    everyone = (await world.get("/v1/campaigns?limit=200"))["campaigns"]
    running = [one for one in everyone if one["state"] == "running" and not one["id"].startswith("direct")]
    figures = desk.page.get_by_label("The dialer now").locator(".figure")
    await expect(figures.filter(has_text="Running").locator("dd")).to_have_text(str(len(running)))
    await expect(desk.page.locator(".card.running")).to_have_count(len(running))


async def test_a_call_is_told_as_a_time_line(desk: Desk, world: World) -> None:
    """A campaign's calls are searched by number, and the call shows what happened in its order."""
    first, second = world.people(2)
    run = await world.dial([first, second], name="Told")
    await run.until_done()
    page = desk.page
    await desk.go(f"/campaigns/{run.id}", "Told")
    await expect(page.get_by_role("cell", name="Answered")).to_have_count(2)
    await page.get_by_label("Search by number").fill(second)
    await page.get_by_role("button", name="Search").click()
    await expect(page.get_by_role("rowheader")).to_have_text([second])
    await page.get_by_role("link", name=second).click()
    await expect(page.get_by_role("heading", name=second, level=1)).to_be_focused()
    line = page.get_by_role("region", name="Time line")
    words = await line.inner_text()
    order = [words.index(word) for word in ("Asked of the carrier", "Rings", "Picked up", "Over")]
    assert sorted(order) == order


async def test_hostile_names_are_only_text(desk: Desk, world: World) -> None:
    """Whatever people wrote is shown as they wrote it, and nothing of it runs."""
    name = "<img src=x onerror=alert(1)><b>\"x'</b>"
    run = await world.campaign(name=name, script={"text": "Hello {{ name }}."})
    texts = [*MARKUP, *TEMPLATES, *BREAKERS][:50]
    rows = [{"number": number, "name": text} for number, text in zip(world.people(50), texts, strict=True)]
    async with world.http.post(f"{run.path}/calls", json=rows) as response:
        assert 50 == (await response.json())["accepted"]
    await desk.go(f"/campaigns/{run.id}", name)
    await expect(desk.page.get_by_role("rowheader")).to_have_count(50)
    assert 0 == await desk.page.locator("main img, main script, main b b").count()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True])
async def test_everybody_can_read_it(browser: Browser, world: World, scheme: str, *, phone: bool) -> None:
    """In both colour schemes, on a desk and on a phone, axe finds nothing serious and nothing is cut off."""
    (number,) = world.people(1)
    run = await world.dial([number], name=f"Read {scheme} {phone}")
    await run.until_done()
    call = (await world.get(f"/v1/campaigns/{run.id}/calls"))["calls"][0]["id"]
    options = {"color_scheme": scheme} | ({"viewport": PHONE} if phone else {})
    async with open_desk(browser, world.settings["PUBLIC_URL"], **options) as desk:
        await desk.page.goto(desk.origin)
        found = await desk.grave()
        await desk.log_in()
        views = {"/": "Campaigns", f"/campaigns/{run.id}": f"Read {scheme} {phone}", f"/calls/{call}": number}
        for view, heading in views.items():
            await desk.go(view, heading)
            await desk.page.get_by_role("status").filter(has_text="Loading").wait_for(state="detached")
            found += await desk.grave()
            assert not await desk.is_wider(), view
        assert ([], []) == (found, desk.faults)


async def test_lost_connection_is_said(browser: Browser, world: World) -> None:
    """While the API cannot be heard the page says that what it shows may be old, and goes on by itself."""
    async with open_desk(browser, world.settings["PUBLIC_URL"]) as desk:
        await desk.log_in()
        await world.api.kill()
        await expect(desk.page.get_by_role("alert")).to_contain_text("may be old")
        await world.start_api()
        await expect(desk.page.get_by_role("alert")).to_have_count(0)
        await expect(desk.page.locator(".heard")).to_have_text(re.compile("Live|Asked"))


async def test_without_the_stream_it_asks(browser: Browser, world: World) -> None:
    """Where a proxy lets no stream through, what changes is asked for, and shown all the same."""
    async with open_desk(browser, world.settings["PUBLIC_URL"]) as desk:
        await desk.page.route("**/v1/events", lambda route: route.abort())
        await desk.log_in()
        await expect(desk.page.locator(".heard")).to_have_text("Asked every 2 s")
        await world.campaign(name="Without a stream")
        await expect(desk.page.get_by_role("link", name="Without a stream")).to_be_visible()
