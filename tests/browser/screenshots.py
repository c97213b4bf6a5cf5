"""The README's pictures of the operator page, made anew: `python -m tests.browser.screenshots` (about a minute)."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import Browser

from dialer.simulator import SimulatorConfig
from dialer.simulator.config import LIFELIKE
from tests.fakes.browser import PHONE, open_browser, open_desk
from tests.fakes.campaign import CampaignRun
from tests.fakes.world import World, open_world

FOLDER = Path(__file__).parents[2] / "docs"
DESK = {"width": 1240, "height": 900}
_LIFELIKE = SimulatorConfig(time_scale=0.35, calls_per_second=4, shares=LIFELIKE)
_SECONDS = 75
"""Until the line of the pace has something to show."""
_TEXT = {"text": "Hello {{ name }}, the power is back at {{ time }}.", "language": "en-GB"}
_NAMES = ("Ann de Vries", "Jan Jansen", "Fatima El Idrissi", "Sanne Bakker", "Tom O'Neill")


async def _filled(world: World, name: str, people: int, *steps: str, **wishes: object) -> CampaignRun:
    run = await world.campaign(**{"name": name, "script": _TEXT, "windows": {}} | wishes)
    rows = [f"{number},{_NAMES[place % len(_NAMES)]},14:00" for place, number in enumerate(world.people(people))]
    await run.add_csv("\n".join(["number,name,time", *rows]))
    for step in steps:
        await run.step(step)
    return run


async def _fill(world: World) -> CampaignRun:
    redial = {"busy": {"times": 2, "after_s": 60}, "no_answer": {"times": 1, "after_s": 600}}
    shown = await _filled(world, "Power cut in the harbour district", 1800, "start", redial=redial)
    ask = {"text": "This is the dike watch. Can you come to post 4?", "language": "en-GB"}
    await _filled(world, "Dike watch: volunteers to post 4", 250, "start", priority="urgent", script=ask)
    days = {"hours": [{"days": "mo-su", "from": "03:00", "to": "03:01"}]}
    await _filled(world, "Appointments of tomorrow", 240, "start", windows=days)
    await _filled(world, "Water off in Delfshaven", 500, "start", "pause")
    await _filled(world, "Siren test", 12, "start", "cancel")
    return shown


async def _take(browser: Browser, world: World, shown: CampaignRun) -> None:
    origin = world.settings["PUBLIC_URL"]
    async with (
        open_desk(browser, origin, viewport=DESK, color_scheme="light") as desk,
        open_desk(browser, origin, viewport=PHONE, color_scheme="dark") as phone,
    ):
        await desk.log_in()
        await phone.log_in()
        await phone.go(f"/campaigns/{shown.id}", "Power cut in the harbour district")
        await asyncio.sleep(_SECONDS)
        await desk.page.screenshot(path=FOLDER / "page-campaigns.png")
        await phone.page.screenshot(path=FOLDER / "page-phone.png")


async def _main() -> None:
    settings = {"CALLS_PER_SECOND": "4", "BURST": "1"}
    async with open_world(_LIFELIKE, settings=settings) as world, open_browser() as browser:
        await _take(browser, world, await _fill(world))


if __name__ == "__main__":
    asyncio.run(_main())
