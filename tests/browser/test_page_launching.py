"""The operator page as somebody uses it who acts: launch from a file, hang up, hear, suppress, steer a conference."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, expect

from dialer.simulator import SimulatorConfig
from tests.fakes.browser import PHONE, WAIT_MS, Desk, open_desk
from tests.fakes.recorded_world import record, ringing
from tests.fakes.world import World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = SimulatorConfig(time_scale=0.1, calls_per_second=1000, speech_characters_per_second=1.5)
"""A carrier second takes 100 ms, and speech ten times as long: calls stay up until somebody has looked at them."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """A dialer whose calls take some seconds."""
    async with open_world(LONG) as opened:
        yield opened


def _list(*lines: str) -> FilePayload:
    return FilePayload(name="power_cut.csv", mimeType="text/csv", buffer="\r\n".join(lines).encode())


async def test_campaign_is_launched_from_a_file(desk: Desk, world: World) -> None:
    """List, text, rules, forecast, launch: the people of the file are called as the forecast said, until it is done."""
    page, (first, second) = desk.page, world.people(2)
    await page.get_by_role("link", name="New campaign").click()
    await page.get_by_label("Choose the list").set_input_files(
        _list("Telefoon;naam", f"{first};Ann", f'{second};"<b>Bob; & Co</b>"', "12;Nobody")
    )
    await expect(page.get_by_label("Phone numbers are in")).to_have_value("Telefoon")
    await expect(page.get_by_role("rowheader")).to_have_text([first, second])
    await expect(page.get_by_text("Row 3")).to_be_visible()
    await page.get_by_role("button", name="Next: Text").click()
    said, after = page.get_by_label("What is said"), page.get_by_role("button", name="Next: Rules")
    await said.fill("Hello {{ nobody }}")
    await expect(page.get_by_role("alert")).to_have_text("The list has no column “nobody”.")
    await expect(after).to_be_disabled()
    await said.fill("Hello {{ naam }}")
    await expect(page.get_by_role("figure")).to_contain_text("Hello Ann")
    await page.get_by_label("Language").select_option("en-GB")
    await after.click()
    await expect(page.get_by_label("Name")).to_have_value("power cut")
    await page.get_by_label("Hours").select_option("any")
    await page.get_by_role("button", name="Next: Forecast").click()
    await expect(page.get_by_text("2 people taken, 1 row not taken.")).to_be_visible()
    assert [] == await desk.grave()
    await page.get_by_role("button", name="Launch …").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("2 people will be called")
    assert not world.placings(first)
    await dialog.get_by_role("button", name="Launch").click()
    await expect(page.get_by_role("heading", name="power cut", level=1)).to_be_visible()
    await expect(page.locator(".title")).to_contain_text("Completed", timeout=2 * WAIT_MS)
    assert (1, 1) == (world.carrier.rings(first), world.carrier.rings(second))


async def test_going_back_gives_the_draft_up(desk: Desk, world: World) -> None:
    """A forecast that is left by going back leaves no draft that could be launched by mistake."""
    page, (number,) = desk.page, world.people(1)
    await page.get_by_role("link", name="New campaign").click()
    await page.get_by_label("Choose the list").set_input_files(_list("number", number))
    await page.get_by_role("button", name="Next: Text").click()
    await page.get_by_label("What is said").fill("Hello.")
    await page.get_by_role("button", name="Next: Rules").click()
    await page.get_by_label("Name").fill("Given up")
    await page.get_by_role("button", name="Next: Forecast").click()
    await page.get_by_role("button", name="Launch …").wait_for()
    await page.get_by_role("button", name="Back").click()
    await page.get_by_role("navigation").get_by_role("link", name="Campaigns").click()
    card = page.get_by_role("listitem").filter(has_text="Given up")
    await expect(card).to_contain_text("Cancelled")


async def test_hanging_up_all_is_told_and_done(desk: Desk, world: World) -> None:
    """The dialog says how many calls are up, how long it takes and who is not called; then all of them are over."""
    script = {"text": "A very long text. " * 20}
    run = await world.dial(world.people(3), name="Talks on", script=script)
    await run.until(lambda seen: bool(seen["counts"]["live"] == 3))
    await desk.go(f"/campaigns/{run.id}", "Talks on")
    page, dialog = desk.page, desk.page.get_by_role("dialog")
    await page.get_by_role("button", name="Hang up all").click()
    await expect(dialog).to_contain_text(re.compile(r"3 calls are up: they are ended within about \d+ s"))
    await expect(dialog.get_by_role("button", name="Let them talk")).to_be_focused()
    assert [] == await desk.grave()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await page.get_by_role("button", name="Hang up all").click()
    await dialog.get_by_role("button", name="Hang up all").click()
    await run.until_done()
    await expect(page.get_by_role("region", name="Progress")).to_contain_text("How they ended")


async def test_recording_is_heard(desk: Desk, world: World) -> None:
    """A call's recording plays in the page."""
    attempt_id = await ringing(world)
    await record(world, attempt_id)
    call = await world.get(f"/v1/calls/{attempt_id.removesuffix('-1')}")
    await desk.go(f"/calls/{call['id']}", call["number"])
    await desk.page.get_by_role("button", name="Play").click()
    sound = desk.page.locator("audio")
    await expect(sound).to_have_js_property("ended", value=True)
    assert 0.4 < await sound.evaluate("(audio) => audio.duration") < 0.6
    await desk.go("/recordings", "Recordings")
    await expect(desk.page.get_by_role("button", name="Play")).to_be_visible()
    assert [] == await desk.grave()


async def test_number_is_found_and_suppressed(desk: Desk, world: World) -> None:
    """A number is found with its calls, and taken off the phone after a question."""
    (number,) = world.people(1)
    await world.dial([number], name="Called once")
    page = desk.page
    await desk.go("/find", "Find a number")
    await page.get_by_role("searchbox", name="Number").fill(number)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Called once")).to_be_visible()
    await page.get_by_role("button", name="Suppress …").click()
    await page.get_by_role("dialog").get_by_role("button", name="Suppress").click()
    await expect(page.get_by_text("No campaign calls this number")).to_be_visible()
    async with world.http.post("/v1/suppressions/check", json={"number": number}) as response:
        assert (await response.json())["suppressed"]


async def test_conference_is_steered_live(desk: Desk, world: World) -> None:
    """Members are seen as they come in, muted, and let go with the conference."""
    people = [{"number": n, "name": name} for n, name in zip(world.people(2), ("Ann", "Bob"), strict=True)]
    made = await world.post("/v1/conferences", {"name": "Crisis team", "people": people, "text": "Hello."})
    page = desk.page
    await desk.go("/conferences", "Conferences")
    await page.get_by_role("link", name="Crisis team").click()
    ann = page.get_by_role("listitem").filter(has_text="Ann")
    await expect(ann).to_contain_text("In the conference")
    await ann.get_by_role("button", name="Mute").click()
    await expect(ann).to_contain_text("Muted")
    assert [] == await desk.grave()
    await page.get_by_role("button", name="End conference").click()
    await page.get_by_role("dialog").get_by_role("button", name="End conference").click()
    await expect(page.get_by_text("Over since")).to_be_visible()
    assert "over" == (await world.get(f"/v1/conferences/{made['id']}"))["state"]


async def test_escalation_is_seen_and_confirmed_by_hand(desk: Desk, world: World) -> None:
    """An escalation shows its people and how many have confirmed; a confirmation by hand ends it."""
    (number,) = world.people(1)
    step = {"people": [{"number": number, "name": "Ann"}], "wait_s": 60}
    made = await world.post("/v1/escalations", {"name": "Pump three", "text": "Pump three stopped.", "steps": [step]})
    page = desk.page
    await desk.go(f"/campaigns/{made['id']}", "Pump three")
    panel = page.get_by_role("region", name="Escalation")
    await expect(panel).to_contain_text("0 of 1 confirmed")
    assert [] == await desk.grave()
    await panel.get_by_role("button", name="Confirm for this person").click()
    await page.get_by_role("dialog").get_by_role("button", name="Confirm").click()
    await expect(panel).to_contain_text("1 of 1 confirmed")
    await expect(panel).to_contain_text("Over since")


async def test_alarm_that_nobody_took_over_does_not_look_done(desk: Desk, world: World) -> None:
    """Among the campaigns that are over it says so; `dialer status` is asked for by the same field."""
    (number,) = world.people(1)
    world.carrier.phone(number).is_busy()
    step = {"people": [{"number": number, "name": "Ann"}], "wait_s": 10}
    made = await world.post("/v1/escalations", {"name": "Pump nine", "text": "Pump nine stopped.", "steps": [step]})
    await desk.go("/", "Campaigns")
    card = desk.page.get_by_role("listitem").filter(has_text="Pump nine")
    await expect(card).to_contain_text("Not confirmed", timeout=40_000)
    await expect(card).to_contain_text("Nobody has taken it over")

    assert "exhausted" == (await world.get(f"/v1/campaigns/{made['id']}"))["over_reason"]

    await desk.go(f"/campaigns/{made['id']}", "Pump nine")
    await desk.page.get_by_role("button", name="Confirm for this person").click()
    await desk.page.get_by_role("dialog").get_by_role("button", name="Confirm").click()
    await expect(desk.page.get_by_role("region", name="Escalation")).to_contain_text("taken over late")
    await desk.go("/", "Campaigns")
    await expect(card).to_contain_text("Pump nine")
    await expect(card).not_to_contain_text("Nobody has taken it over")


async def test_conference_whose_moderator_does_not_come_says_so(desk: Desk, world: World) -> None:
    """Nobody waits for a moderator without being told who it is and what can be done."""
    chair, bob = world.people(2)
    people = [{"number": chair, "id": "chair", "name": "Lena"}, {"number": bob, "name": "Bob"}]
    plan = {"name": "Crisis team", "people": people, "text": "Hello.", "moderator": "chair", "join_key": "1"}
    made = await world.post("/v1/conferences", plan)
    await desk.go(f"/conferences/{made['id']}", "Crisis team")

    await expect(desk.page.get_by_text("It waits for its moderator, Lena")).to_be_visible()


async def test_key_that_may_only_read_has_its_buttons_off(browser: Browser, world: World) -> None:
    """What a key may not do cannot be clicked, and says which role it needs."""
    made = await world.post("/v1/keys", {"name": "night shift", "roles": ["read"]})
    run = await world.campaign(name="Only looked at")
    await run.add(world.people(1))
    async with open_desk(browser, world.settings["PUBLIC_URL"]) as desk:
        await desk.log_in(made["key"])
        await desk.go(f"/campaigns/{run.id}", "Only looked at")
        button = desk.page.get_by_role("button", name="Launch …")
        await expect(button).to_be_disabled()
        await expect(button).to_have_attribute("title", re.compile("role “launch”"))
        await expect(desk.page.get_by_text("Your key “night shift” has not every right")).to_be_visible()
        people = [{"number": number} for number in world.people(1)]
        held = await world.post("/v1/conferences", {"name": "Held", "people": people, "text": "Hello."})
        await desk.go(f"/conferences/{held['id']}", "Held")
        await expect(desk.page.get_by_role("button", name="Call now")).to_be_disabled()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True])
async def test_all_other_views_can_be_read(browser: Browser, world: World, scheme: str, *, phone: bool) -> None:
    """Every further view holds what axe asks for, and fits a phone."""
    options = {"color_scheme": scheme} | ({"viewport": PHONE} if phone else {})
    views = {"find": "Find a number", "suppression": "Suppression", "health": "Health", "new": "New campaign"}
    async with open_desk(browser, world.settings["PUBLIC_URL"], **options) as desk:
        await desk.log_in()
        found = []
        for view, heading in views.items():
            await desk.go(f"/{view}", heading)
            await desk.page.get_by_role("status").filter(has_text="Loading").wait_for(state="detached")
            found += await desk.grave()
            assert not await desk.is_wider(), view
        assert ([], []) == (found, desk.faults)
