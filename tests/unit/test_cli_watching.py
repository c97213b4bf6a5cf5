"""Following a campaign through whatever the API says meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dialer.api.answers import CampaignOut
from dialer.cli import watching
from dialer.cli.screens import PlainScreen
from dialer.client import ApiRefusal, AsyncDialer
from dialer.states import CallState
from tests.fakes.answers import filled

_COUNTS = {state.value: int(state is CallState.DONE) for state in CallState}
_ENDED = filled(CampaignOut, id="c1", name="Harbour", state="completed", total=1, counts=_COUNTS).model_dump(
    mode="json"
)


@pytest.fixture
def statuses() -> list[int]:
    """What the API answers, one after the other; 0 breaks the connection off."""
    return []


@pytest.fixture
async def client(statuses: list[int], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsyncDialer]:
    """A client of an API that answers as `statuses` say."""
    monkeypatch.setattr(watching, "_EVERY_S", 0)

    async def answer(request: web.Request) -> web.Response:
        status = statuses.pop(0)
        if status == 0 and request.transport is not None:
            request.transport.abort()
        return web.json_response(_ENDED if status == 200 else {"detail": "No."}, status=status or 200)

    app = web.Application()
    app.router.add_get("/v1/campaigns/c1", answer)
    async with TestServer(app) as server, AsyncDialer(str(server.make_url("")), "key", attempts=1) as client:
        yield client


async def test_outage_of_redis_or_api_is_waited_for(
    client: AsyncDialer, statuses: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    """An API that says 503 or breaks off goes on later, and so does the watching; it is told once."""
    statuses += [503, 503, 0, 0, 200]
    with PlainScreen() as screen:
        ended = await watching.watch(client, "c1", screen=screen, budget=3)
    assert ("completed", 1) == (ended.state, capsys.readouterr().out.count("waiting for it to come back"))


async def test_any_other_refusal_ends_the_watching(client: AsyncDialer, statuses: list[int]) -> None:
    """A campaign that is not there, or a wrong key, does not become right by waiting."""
    statuses += [404]
    with PlainScreen() as screen, pytest.raises(ApiRefusal):
        await watching.watch(client, "c1", screen=screen, budget=3)
