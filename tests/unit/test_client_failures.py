"""The client of the HTTP API, against a server that answers what it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import stamina
from aiohttp import web
from aiohttp.test_utils import TestServer

from dialer.client import (
    ApiAbsent,
    ApiBroken,
    ApiRefusal,
    AsyncDialer,
    Conflict,
    Forbidden,
    Invalid,
    Missing,
    Outdated,
    TooMany,
    Unauthorized,
    Unavailable,
    Upload,
)
from dialer.client.repeating import _hook

FOUND = {"number": "+31612345678", "suppressed": False, "since": None, "total": 0, "calls": []}


class Answers:
    """A server that gives these answers, one after the other, and keeps what it was asked."""

    def __init__(self) -> None:
        self.planned: list[tuple[int, Any, dict[str, str]]] = []
        self.asked: list[tuple[str, str | None]] = []

    def plan(self, status: int, body: Any = None, **headers: str) -> None:
        """Answer so next; status 0 breaks the connection off."""
        self.planned.append((status, body, {name.replace("_", "-"): value for name, value in headers.items()}))

    async def answer(self, request: web.Request) -> web.Response:
        """Give the next one, the last again and again."""
        await request.read()
        self.asked.append((f"{request.method} {request.path}", request.headers.get("Idempotency-Key")))
        status, body, headers = self.planned.pop(0) if len(self.planned) > 1 else self.planned[0]
        if status == 0 and request.transport is not None:
            request.transport.abort()
        return web.json_response(body, status=status or 200, headers=headers)


@pytest.fixture
async def server() -> AsyncIterator[tuple[Answers, TestServer]]:
    """The server, and how it answers."""
    answers, app = Answers(), web.Application()
    app.router.add_route("*", "/{path:.*}", answers.answer)
    listening = TestServer(app)
    async with listening:
        yield answers, listening


@pytest.fixture
def answers(server: tuple[Answers, TestServer]) -> Answers:
    """How it answers."""
    return server[0]


@pytest.fixture
async def dialer(server: tuple[Answers, TestServer]) -> AsyncIterator[AsyncDialer]:
    """A client of it, which does not wait between its tries."""
    with stamina.set_testing(testing=True, attempts=4):
        async with AsyncDialer(str(server[1].make_url("")), "key") as client:
            yield client


async def test_problem_becomes_an_error_with_all_its_parts(dialer: AsyncDialer, answers: Answers) -> None:
    """Type, status, field, detail, all fields, further members and the request's id are told; the message is whole."""
    errors = [{"field": "script.text", "message": "is empty"}]
    problem = {"type": "/problems/invalid-input", "title": "Bad", "status": 422, "detail": "Not understood."}
    answers.plan(422, problem | {"field": "script.text", "errors": errors, "accepted": 3}, X_Request_Id="r1")
    with pytest.raises(Invalid) as caught:
        await dialer.campaigns.create(name="Harbour")
    error = caught.value
    told = (error.type, error.status, error.field, error.detail, error.request_id, error.extra)

    assert ("/problems/invalid-input", 422, "script.text", "Not understood.", "r1", {"accepted": 3}) == told
    assert "Not understood.\n  script.text: is empty" == str(error)


@pytest.mark.parametrize("detail", ["is empty", "`script.text`: is empty."])
async def test_what_is_wrong_is_told_once(detail: str, dialer: AsyncDialer, answers: Answers) -> None:
    """One thing, which the detail tells as well, is one line."""
    answers.plan(422, {"status": 422, "detail": detail, "errors": [{"field": "script.text", "message": "is empty"}]})
    with pytest.raises(Invalid) as caught:
        await dialer.campaigns.create(name="Harbour")

    assert "script.text: is empty" == str(caught.value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, ApiRefusal), (401, Unauthorized), (403, Forbidden), (404, Missing), (409, Conflict), (412, Outdated),
     (422, Invalid), (429, TooMany), (500, ApiRefusal), (503, Unavailable)],
)  # fmt: skip
async def test_each_status_has_its_error(
    status: int, kind: type[ApiRefusal], dialer: AsyncDialer, answers: Answers
) -> None:
    """A program can tell them apart without looking at figures."""
    answers.plan(status, {"detail": "No.", "status": status})
    with pytest.raises(ApiRefusal) as caught:
        await dialer.campaigns.get("c1")

    assert (kind, status) == (type(caught.value), caught.value.status)


async def test_wrong_key_says_where_to_find_the_right_one(dialer: AsyncDialer, answers: Answers) -> None:
    """A refused key tells how to give one."""
    answers.plan(401, {"title": "Unauthorized", "status": 401})
    with pytest.raises(Unauthorized, match="DIALER_API_KEY"):
        await dialer.campaigns.get("c1")


async def test_answer_of_somebody_else_is_shown_as_it_is(dialer: AsyncDialer, answers: Answers) -> None:
    """An error that is no problem reply shows its status."""
    answers.plan(502, ["not", "ours"])
    with pytest.raises(ApiRefusal, match=r"^502 Bad Gateway$"):
        await dialer.campaigns.get("c1")


async def test_nobody_there_is_its_own_error() -> None:
    """A refused connection is told apart, so that watching can wait for a restart."""
    with stamina.set_testing(testing=True, attempts=2):
        async with AsyncDialer("http://127.0.0.1:9", "key") as dialer:
            with pytest.raises(ApiAbsent):
                await dialer.campaigns.get("c1")


async def test_answer_that_is_not_ours_is_an_error(dialer: AsyncDialer, answers: Answers) -> None:
    """A success that cannot be read is a sentence, not a traceback."""
    answers.plan(200, "hello")
    with pytest.raises(ApiBroken, match="broke off"):
        await dialer.campaigns.get("c1")


async def test_creation_is_repeated_under_one_key(dialer: AsyncDialer, answers: Answers) -> None:
    """Through broken connections, 503 and a first request that still runs, the same key goes out each time."""
    answers.plan(0)
    answers.plan(503, {"detail": "No."}, Retry_After="1")
    answers.plan(409, {"type": "/problems/idempotency-key-in-use", "detail": "Runs."}, Retry_After="1")
    answers.plan(422, {"detail": "No."})
    with pytest.raises(Invalid):
        await dialer.calls.create(number="+31612345678")

    assert 4 == len(answers.asked)
    ((what, key),) = set(answers.asked)
    assert ("POST /v1/calls", 32) == (what, len(key or ""))


async def test_two_creations_have_two_keys_and_a_given_key_is_taken(dialer: AsyncDialer, answers: Answers) -> None:
    """Who asks twice wants two, except under one key."""
    answers.plan(422, {"detail": "No."})
    for key in (None, None, "mine"):
        with pytest.raises(Invalid):
            await dialer.calls.create(number="+31612345678", key=key)
    keys = [key for _, key in answers.asked]

    assert (3, "mine") == (len(set(keys)), keys[2])


@pytest.mark.parametrize("status", [0, 503])
async def test_what_may_be_done_twice_is_asked_once(status: int, dialer: AsyncDialer, answers: Answers) -> None:
    """A text is not said twice into a call because an answer was lost."""
    answers.plan(status, {"detail": "No."})
    with pytest.raises((ApiBroken, Unavailable)):
        await dialer.calls.order("c1-1", do="talk", text="Hello")

    assert [("POST /v1/calls/c1-1/orders", None)] == answers.asked


@pytest.mark.parametrize("status", [0, 503, 429])
async def test_reading_goes_on_after_an_outage(status: int, dialer: AsyncDialer, answers: Answers) -> None:
    """What changes nothing is asked again."""
    answers.plan(status, {"detail": "No."})
    answers.plan(200, FOUND)

    assert 0 == (await dialer.numbers.find("+31612345678")).total


async def test_order_too_many_is_asked_again(dialer: AsyncDialer, answers: Answers) -> None:
    """429 says that nothing was done, so even an order may go out again."""
    answers.plan(429, {"detail": "Slowly."}, Retry_After="1")
    answers.plan(200, {"do": "mute", "call_id": "c1-1", "attempt_id": "c1-1-1"})

    assert "mute" == (await dialer.calls.order("c1-1", do="mute")).do


@pytest.mark.parametrize(
    ("refusal", "waits"),
    [
        (TooMany(429, retry_after_s=2.5), 2.5),
        (TooMany(429), True),
        (TooMany(429, retry_after_s=3600), False),
        (Unavailable(503, retry_after_s=1), 1),
        (Unavailable(503, {"type": "/problems/no-carrier"}), False),
        (Conflict(409, {"type": "/problems/idempotency-key-in-use"}, retry_after_s=1), 1),
        (Conflict(409, {"type": "/problems/illegal-step"}), False),
    ],
)
def test_wait_is_what_the_api_asks_for(refusal: ApiRefusal, waits: float | bool) -> None:  # noqa: FBT001 - stamina's own form
    """`Retry-After` is waited for where that is not too long, and what cannot become right is not asked again."""
    assert waits == _hook(once=False)(refusal)


@pytest.mark.parametrize(("told", "at_most"), [("7", 7.0), ("Fri, 01 Jan 1999 00:00:00 GMT", 0.0)])
async def test_retry_after_is_seconds_or_a_date(
    told: str, at_most: float, dialer: AsyncDialer, answers: Answers
) -> None:
    """Both forms of RFC 9110 are read."""
    answers.plan(500, {"detail": "No."}, Retry_After=told)
    with pytest.raises(ApiRefusal) as caught:
        await dialer.campaigns.get("c1")

    assert at_most == caught.value.retry_after_s


async def test_list_is_streamed_with_its_length_and_key() -> None:
    """An upload arrives whole, with length, type, key and for whom it is."""
    seen: list[object] = []

    async def take(request: web.Request) -> web.Response:
        wanted = ("Content-Length", "Content-Type", "Authorization", "X-Dialer-Actor")
        seen.extend([await request.text(), *(request.headers[name] for name in wanted)])
        return web.json_response({"accepted": 1, "duplicates": 0, "rejected": 0, "rejections": []})

    async def chunks() -> AsyncIterator[bytes]:
        yield b"number\n"
        yield b"+31612345678\n"

    app = web.Application()
    app.router.add_post("/v1/campaigns/c1/calls", take)
    async with TestServer(app) as server, AsyncDialer(str(server.make_url("")), "key", on_behalf_of="Ann") as dialer:
        await dialer.campaigns.import_calls("c1", Upload(chunks(), 20, "text/csv"))
    assert ["number\n+31612345678\n", "20", "text/csv", "Bearer key", "Ann"] == seen
