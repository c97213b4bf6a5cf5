"""One Chromium for all tests of the page, a window for each, and a dialer for each module."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.fakes.browser import MISSING, Desk, open_browser, open_desk
from tests.fakes.world import World


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests of this folder where there is no Chromium."""
    for item in items:
        if MISSING and "/browser/" in str(item.path):
            item.add_marker(pytest.mark.skip(reason="no Chromium on PATH"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The browser."""
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser: Browser, world: World) -> AsyncIterator[Desk]:
    """A window of the page of the module's world, logged in; whatever went wrong in it fails the test."""
    async with open_desk(browser, world.settings["PUBLIC_URL"]) as opened:
        await opened.log_in()
        yield opened
        assert [] == opened.faults
