"""Applications and the tokens for recordings: `/applications` and `/jwt`, in both generations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import aiohttp
import jwt
import pytest

from dialer.simulator import Simulator

if TYPE_CHECKING:
    from tests.integration.simulator.conftest import Side

NUMBER = "31612345678"
FORM = {"name": "Ours", "type": "voice", "answer_url": "https://example.com/a", "event_url": "https://example.com/e"}

Start = Callable[..., Awaitable[Simulator]]
Place = Callable[..., Awaitable[tuple[int, Any]]]
Send = Callable[..., Awaitable[tuple[int, Any]]]
Access = Callable[[Simulator], Awaitable[dict[str, str]]]


async def test_token_for_recordings_names_its_application(start: Start, request_other: Send) -> None:
    """The answer has KPN's three fields, and the token says for which application it is and until when."""
    sim = await start(jwt_lifetime_s=60)

    status, body = await request_other(sim, "GET", "/jwt")

    claims = jwt.decode(body["JWT_token"], options={"verify_signature": False})
    assert (200, "our application") == (status, body["application_Id"])
    assert {"app_level", "application_Id", "JWT_token"} == set(body)
    assert ("our application", 60) == (claims["application_id"], round(claims["exp"] - claims["iat"], -1))


async def test_token_for_recordings_needs_an_application(start: Start, http: aiohttp.ClientSession) -> None:
    """Without a gateway token, it is refused."""
    sim = await start()

    async with http.get(f"{sim.url}/jwt", headers={"ApplicationId": "ours"}) as response:
        assert 401 == response.status


async def test_application_lives_from_creation_to_deletion(start: Start, request_other: Send) -> None:
    """It is created by a form, shown, changed by a query, deleted without a body, and then unknown."""
    sim = await start()

    created_status, created = await request_other(sim, "POST", "/applications", data=FORM)
    path = f"/applications/{created['id']}"
    changed_status, _ = await request_other(sim, "PUT", path, params={**FORM, "name": "Theirs"})
    shown_status, shown = await request_other(sim, "GET", path)
    deleted = await request_other(sim, "DELETE", path)
    gone_status, _ = await request_other(sim, "GET", path)

    assert (201, 200, 200, (204, None), 404) == (created_status, changed_status, shown_status, deleted, gone_status)
    assert ("Ours", "Theirs", created["id"]) == (created["name"], shown["name"], shown["id"])


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("2018", {"id", "name", "voice", "keys", "_links"}),
        ("today", {"id", "name", "capabilities", "keys", "privacy", "_links"}),
    ],
)
async def test_application_is_told_in_either_generation(
    shape: str, expected: set[str], start: Start, request_other: Send
) -> None:
    """What an application looks like is a setting."""
    sim = await start(application_shape=shape)

    _, created = await request_other(sim, "POST", "/applications", data=FORM)

    assert expected == set(created)


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"name": ""}, {"name"}),
        ({"type": "fax"}, {"type"}),
        ({"answer_url": "example.com", "event_method": "SEND"}, {"answer_url", "event_method"}),
    ],
)
async def test_wrong_application_is_refused_by_field(
    change: dict[str, str], fields: set[str], start: Start, request_other: Send
) -> None:
    """A 400 names each field that is wrong."""
    sim = await start()

    status, body = await request_other(sim, "POST", "/applications", data=FORM | change)

    assert (400, fields) == (status, set(body["invalid_parameters"]))


async def test_application_as_json_is_refused(start: Start, request_other: Send) -> None:
    """Only a form creates one."""
    sim = await start()

    assert 415 == (await request_other(sim, "POST", "/applications", json=FORM))[0]


@pytest.mark.parametrize(("shape", "first", "key"), [("2018", 0, "page_index"), ("today", 1, "page")])
async def test_applications_are_listed_by_page(
    shape: str, first: int, key: str, start: Start, request_other: Send
) -> None:
    """Pages count from 0 or from 1, and each but the last one names the next."""
    sim = await start(application_shape=shape)
    for name in "abc":
        await request_other(sim, "POST", "/applications", data={**FORM, "name": name})

    pages = [
        (await request_other(sim, "GET", "/applications", params={"page_size": 2, key: page}))[1]
        for page in (first, first + 1)
    ]

    assert [["a", "b"], ["c"]] == [[each["name"] for each in page["_embedded"]["applications"]] for page in pages]
    assert [True, False] == ["next" in page["_links"] for page in pages]
    assert 3 == pages[0].get("count", pages[0].get("total_items"))


@pytest.mark.parametrize(("settings", "expected"), [({"application_list": "refused"}, 403), ({}, 400)])
async def test_list_may_be_refused(settings: dict[str, str], expected: int, start: Start, request_other: Send) -> None:
    """As in the sandbox, or because the page makes no sense."""
    sim = await start(**settings)

    assert expected == (await request_other(sim, "GET", "/applications", params={"page_size": "many"}))[0]


async def test_calls_fall_back_on_their_application(
    start: Start, place: Place, request_other: Send, access: Access, side: Side
) -> None:
    """A call that names no address for its events tells its application's."""
    sim = await start(application_id="another one", webhook_connections=1)
    sim.phone(NUMBER).is_invalid()
    _, created = await request_other(
        sim, "POST", "/applications", data=FORM | {"event_url": f"{side.site}/event", "event_method": "POST"}
    )

    headers = await access(sim) | {"ApplicationId": created["id"]}
    status, _ = await place(sim, headers=headers, event_url=None)
    await sim.quiet()

    assert (201, ["started", "rejected"]) == (status, [event["status"] for event in side.told])


async def test_other_requests_are_counted_and_limited(start: Start, request_other: Send) -> None:
    """Requests about applications and tokens share the rate of all that place no call."""
    sim = await start(other_requests_per_second=0.01)

    seen = [(await request_other(sim, "GET", path))[0] for path in ("/jwt", "/applications")]

    summary = sim.summary()
    assert [200, 429] == seen
    assert (1, 1, 1) == (summary.others, summary.others_refused, summary.others_peak)
