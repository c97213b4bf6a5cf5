"""The client of the HTTP API, against a server that answers what it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dialer.cli.client import ApiAbsent, ApiRefusal, Upload, open_client
from dialer.errors import DialerError


async def _answering(status: int, body: object, content_type: str = "application/problem+json") -> TestServer:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response(body, status=status, content_type=content_type)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    server = TestServer(app)
    await server.start_server()
    return server


async def _refusal(status: int, body: object) -> ApiRefusal:
    server = await _answering(status, body)
    try:
        async with open_client(str(server.make_url("")), "key") as client:
            with pytest.raises(ApiRefusal) as caught:
                await client.campaign("c1")
    finally:
        await server.close()
    return caught.value


async def test_problem_becomes_a_sentence() -> None:
    """Of a problem reply the detail is shown, with the fields that are wrong."""
    errors = [{"field": "script.text", "message": "is empty"}]
    refusal = await _refusal(
        400, {"title": "Bad", "status": 400, "detail": "This was not understood.", "errors": errors}
    )
    assert "This was not understood.\n  script.text: is empty" == str(refusal)


async def test_wrong_key_says_where_to_find_the_right_one() -> None:
    """A refused key tells how to give one."""
    assert "DIALER_API_KEY" in str(await _refusal(401, {"title": "Unauthorized", "status": 401}))


async def test_answer_of_somebody_else_is_shown_as_it_is() -> None:
    """An error that is no problem reply shows its status."""
    assert "502 Bad Gateway" == str(await _refusal(502, ["not", "ours"]))


async def test_nobody_there_is_its_own_error() -> None:
    """A refused connection is told apart, so that watching can wait for a restart."""
    async with open_client("http://127.0.0.1:9", "key") as client:
        with pytest.raises(ApiAbsent):
            await client.campaign("c1")


async def test_answer_that_is_no_json_is_an_error() -> None:
    """A success that cannot be read is a sentence, not a traceback."""
    server = await _answering(200, "hello", content_type="text/plain")
    async with open_client(str(server.make_url("")), "key") as client:
        with pytest.raises(DialerError, match="broke off"):
            await client.campaign("c1")
    await server.close()


async def test_list_is_streamed_with_its_length_and_key() -> None:
    """An upload arrives whole, with length, type and key."""
    seen: list[object] = []

    async def take(request: web.Request) -> web.Response:
        wanted = ("Content-Length", "Content-Type", "Authorization")
        seen.extend([await request.text(), *(request.headers[name] for name in wanted)])
        return web.json_response({"accepted": 1, "duplicates": 0, "rejected": 0, "rejections": []})

    async def chunks() -> AsyncIterator[bytes]:
        yield b"number\n"
        yield b"+31612345678\n"

    app = web.Application()
    app.router.add_post("/v1/campaigns/c1/calls", take)
    async with TestServer(app) as server, open_client(str(server.make_url("")), "key") as client:
        await client.import_calls("c1", Upload(chunks(), 20, "text/csv"))
    assert ["number\n+31612345678\n", "20", "text/csv", "Bearer key"] == seen
