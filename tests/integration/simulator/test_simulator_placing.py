"""The carrier's door: tokens, limits, mistakes in requests, and the ways in which a reply can go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from dialer.simulator import Often, PlaceFault, Simulator

NUMBER = "31612345678"
GRANT = {"grant_type": "client_credentials"}

Start = Callable[..., Awaitable[Simulator]]
Place = Callable[..., Awaitable[tuple[int, Any]]]
Access = Callable[[Simulator], Awaitable[dict[str, str]]]
Until = Callable[[Callable[[], Any]], Awaitable[None]]


async def test_every_value_of_a_token_answer_is_text(start: Start, http: aiohttp.ClientSession) -> None:
    """The token answer holds strings only, the lifetime too."""
    sim = await start()

    async with http.post(sim.token_url, params=GRANT, data={"client_id": "a", "client_secret": "b"}) as response:
        answer = await response.json()

    assert {str} == {type(value) for value in answer.values()}
    assert ("3599", "Bearer", "approved") == (answer["expires_in"], answer["token_type"], answer["status"])


@pytest.mark.parametrize("status", [401, 500])
async def test_wrong_client_gets_no_token(status: int, start: Start, http: aiohttp.ClientSession) -> None:
    """A wrong secret is refused with 401, or with 500 as seen at KPN."""
    sim = await start(client_id="us", client_secret="ours", wrong_client_status=status)

    async with http.post(sim.token_url, params=GRANT, data={"client_id": "us", "client_secret": "?"}) as response:
        assert status == response.status


async def test_token_server_can_be_away(start: Start, http: aiohttp.ClientSession) -> None:
    """Switched off it answers 503, switched on again it issues tokens."""
    sim = await start()
    form = {"client_id": "us", "client_secret": "ours"}

    seen = []
    for up in (False, True):
        sim.token_server_up = up
        async with http.post(sim.token_url, params=GRANT, data=form) as response:
            seen.append(response.status)

    assert [503, 200] == seen


async def test_revoked_expired_and_missing_tokens_are_refused(start: Start, place: Place, access: Access) -> None:
    """Each kind of useless token gets 401 and rings nobody."""
    sim, short = await start(), await start(token_lifetime_s=0)
    revoked = await access(sim)
    sim.revoke_tokens()

    seen = [
        (await place(sim, headers=revoked))[0],
        (await place(short, headers=await access(short)))[0],
        (await place(sim, headers={"ApplicationId": "ours"}))[0],
    ]

    assert [401, 401, 401] == seen
    assert 0 == sim.rings(NUMBER) + short.rings(NUMBER)


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_foreign_application_is_refused(status: int, start: Start, place: Place) -> None:
    """An application of somebody else is refused with the status that was set."""
    sim = await start(application_id="theirs", wrong_application_status=status)

    assert status == (await place(sim))[0]


@pytest.mark.parametrize(
    ("style", "status", "key"),
    [
        ("kpn_429", 429, "transactionId"),
        ("vonage_429", 429, "error_title"),
        ("apigee_429", 429, "fault"),
        ("apigee_500", 500, "fault"),
    ],
)
async def test_more_calls_than_allowed_are_refused(
    style: str, status: int, key: str, start: Start, place: Place
) -> None:
    """A call over the limit is refused in the form that was set, rings nobody and is counted."""
    sim = await start(calls_per_second=0.01, refusal_style=style)  # one, for the length of any test

    replies = [await place(sim) for _ in range(2)]

    assert [201, status] == [code for code, _ in replies]
    assert key in replies[1][1]
    assert (1, 1, 1) == (sim.refused, sim.rings(NUMBER), sim.peak())


async def test_refusal_can_say_when_to_come_back(start: Start, access: Access, http: aiohttp.ClientSession) -> None:
    """Retry-After and the quota's reset are sent when set, for other requests too."""
    sim = await start(other_requests_per_second=0.01, retry_after_s=2, quota_reset_s=30)
    headers = await access(sim)

    for _ in range(2):
        async with http.get(f"{sim.url}/voice/calls", headers=headers) as response:
            status, said = response.status, dict(response.headers)

    assert (429, "2") == (status, said["Retry-After"])
    assert int(said["quota-reset-UTC"]) > 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": {"type": "phone", "number": NUMBER}}, "to"),
        ({"to": [{"type": "phone", "number": "12"}]}, "number"),
        ({"from": [{"type": "phone", "number": "31201234567"}]}, "from"),
        ({"answer_url": "http://127.0.0.1/answer"}, "answer_url"),
        ({"event_url": "http://127.0.0.1/event"}, "event_url"),
        ({"ringing_timer": 121}, "ringing_timer"),
        ({"length_timer": 7201}, "length_timer"),
        ({"machine_detection": "yes"}, "machine_detection"),
        ({"ncco": []}, "ncco"),
    ],
)
async def test_wrong_request_names_its_field(changes: dict[str, Any], field: str, start: Start, place: Place) -> None:
    """A mistake gets a 400 naming the field, in the mapping or the list form, and rings nobody."""
    mapping, listing = await start(), await start(bad_request_style="list")

    status, body = await place(mapping, **changes)
    _, listed = await place(listing, **changes)

    assert (400, [field]) == (status, list(body["invalid_parameters"]))
    assert [field] == [problem["name"] for problem in listed["invalid_parameters"]]
    assert 0 == mapping.rings(NUMBER)


async def test_wrong_path_is_a_fault_of_the_gateway(start: Start, http: aiohttp.ClientSession) -> None:
    """The misprinted path of KPN's example is unknown to the gateway."""
    sim = await start()

    async with http.post(f"{sim.url}/voice/call", json={}) as response:
        fault = (await response.json())["fault"]["detail"]["errorcode"]

    assert (404, "messaging.adaptors.http.flow.ApplicationNotFound") == (response.status, fault)


@pytest.mark.parametrize("fault", [fault for fault in PlaceFault if fault.status is not None])
async def test_fault_with_a_status_rings_or_not(fault: PlaceFault, start: Start, place: Place) -> None:
    """A status on demand hides a call exactly when its name says so, and the log names it."""
    sim = await start()
    sim.faults.next_place(fault)

    status, _ = await place(sim)

    assert fault.status == status
    assert (1 if fault.places else 0) == sim.rings(NUMBER)
    assert (fault, fault.places) == (sim.log[-1].fault, sim.log[-1].rang)


@pytest.mark.parametrize(("fault", "rings"), [("lost_reply", 1), ("cut_reply", 1), ("reset", 0)])
async def test_reply_is_lost(fault: str, rings: int, start: Start, place: Place) -> None:
    """The connection breaks for this request alone; whether the phone rang depends on the fault."""
    sim = await start()
    sim.faults.next_place(fault)

    with pytest.raises(aiohttp.ClientError):
        await place(sim)

    assert rings == sim.rings(NUMBER)
    assert 201 == (await place(sim))[0]


async def test_slow_reply_comes_after_the_call_is_up(
    start: Start, place: Place, statuses: Callable[[], list[str]], until: Until
) -> None:
    """The phone rings and the call ends while the reply is still on its way."""
    sim = await start(slow_reply_s=30)
    sim.faults.next_place("slow_reply")

    placing = asyncio.ensure_future(place(sim))
    await until(lambda: "completed" in statuses())

    assert not placing.done()
    placing.cancel()


async def test_started_can_overtake_the_reply(start: Start, place: Place, statuses: Callable[[], list[str]]) -> None:
    """On demand the dialer has acknowledged `started` before it gets the 201."""
    sim = await start(time_scale=100)
    sim.faults.next_place("started_first")

    await place(sim)

    assert "started" in statuses()


async def test_faults_by_turn_and_by_share(start: Start, place: Place) -> None:
    """Every second request meets the fault; cleared, none does."""
    sim = await start(place_faults={PlaceFault.STATUS_503: Often(every=2)})

    seen = [(await place(sim))[0] for _ in range(4)]
    sim.faults.clear()

    assert [201, 503, 201, 503] == seen
    assert 201 == (await place(sim))[0]


async def test_arrival_is_logged_after_the_networks_delay(start: Start, place: Place) -> None:
    """With latency ahead of the judging, the log shows when a request was judged, not when it was sent."""
    sim = await start(latency_ms=20, latency_jitter_ms=5)
    sent_s = asyncio.get_running_loop().time()

    await place(sim)

    assert sim.log[-1].arrived_s - sent_s >= 0.030  # the token's request was delayed as well
