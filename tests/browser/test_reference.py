"""The API's reference at /docs: all of it is there, and it tries requests with the key of the page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.fakes.browser import Desk
from tests.fakes.world import World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """A dialer that dials nothing."""
    async with open_world(workers=0) as opened:
        yield opened


async def test_operation_is_tried_with_the_key_of_the_page(desk: Desk, world: World) -> None:
    """Every operation is listed; one that is tried is answered as the key may, and nothing breaks the policy."""
    document = await world.get("/openapi.json")
    await desk.page.goto(f"{desk.origin}/docs")
    operations = desk.page.locator(".opblock")
    await operations.first.wait_for()
    assert await operations.count() == sum(len(methods) for methods in document["paths"].values())

    own = desk.page.locator("#operations-me-get_own_key")
    await own.locator(".opblock-summary-control").click()
    await own.get_by_role("button", name="Try it out").click()
    await own.get_by_role("button", name="Execute").click()
    answer = own.locator(".live-responses-table")
    await expect(answer.locator(".response-col_status").last).to_contain_text("200")
    await expect(answer).to_contain_text("admin")
