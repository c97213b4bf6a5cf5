"""The operator page in a real Chromium, as a person at a desk uses it: what is done in a window, and what is seen."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from tests.fakes.world import KEY

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = CHROMIUM is None and "CI" not in os.environ
"""Where it is not there the tests are skipped; under CI they fail."""
PHONE = {"width": 390, "height": 844}
WAIT_MS = 15_000
expect.set_options(timeout=WAIT_MS)

_IN_A_CONTAINER = ["--no-sandbox", "--disable-dev-shm-usage"]
"""There it may make no sandbox and has little shared memory; the one page that it opens is ours."""
_AXE = Path(__file__).parents[1] / "data/axe/axe.min.js"
_GRAVE = {"serious", "critical"}


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """The system's Chromium, without a screen."""
    assert CHROMIUM, "no Chromium here: apt-get install chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_IN_A_CONTAINER)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass(slots=True)
class Desk:
    """One window of the page.

    Attributes:
        faults: what a window must never tell: errors of scripts, and what the page's own policy refused.
    """

    page: Page
    origin: str
    faults: list[str] = field(default_factory=list)

    async def log_in(self, key: str = KEY) -> None:
        """Open the page and log in."""
        await self.page.goto(self.origin)
        await self.page.get_by_label("API key").fill(key)
        await self.page.get_by_role("button", name="Log in").click()
        await self.page.get_by_role("heading", name="Campaigns", level=1).wait_for()

    async def go(self, view: str, heading: str) -> None:
        """Open a view by its address, and wait for its heading."""
        await self.page.goto(f"{self.origin}/#{view}")
        await self.page.get_by_role("heading", name=heading, level=1).wait_for()

    async def grave(self) -> list[str]:
        """What axe finds that is serious or worse, as sentences."""
        await self.page.evaluate(_AXE.read_text("utf-8"))
        found: dict[str, Any] = await self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']}: {one['help']}: {one['nodes'][0]['html']}"
            for one in found["violations"]
            if one["impact"] in _GRAVE
        ]

    async def is_wider(self) -> bool:
        """Whether the window would have to be scrolled sideways."""
        wider: bool = await self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        return wider


@asynccontextmanager
async def open_desk(browser: Browser, origin: str, **options: Any) -> AsyncIterator[Desk]:
    """A window with nothing remembered; options as Chromium's contexts take them."""
    context = await browser.new_context(**options)
    context.set_default_timeout(WAIT_MS)
    desk = Desk(await context.new_page(), origin)
    desk.page.on("pageerror", lambda error: desk.faults.append(str(error)))
    desk.page.on("console", lambda message: desk.faults.extend(_refused(message)))
    desk.page.on("dialog", lambda dialog: desk.faults.append(f"dialog: {dialog.message}"))
    try:
        yield desk
    finally:
        await context.close()


def _refused(message: ConsoleMessage) -> list[str]:
    return [message.text] if "Content Security Policy" in message.text else []
