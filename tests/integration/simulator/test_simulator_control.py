"""Steering a live call: each request changes what whoever is on the phone hears, and can be seen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from dialer.simulator import LegView, Simulator

if TYPE_CHECKING:
    from tests.integration.simulator.conftest import Side

NUMBER = "31612345678"

Start = Callable[..., Awaitable[Simulator]]
Place = Callable[..., Awaitable[tuple[int, Any]]]
Ask = Callable[..., Awaitable[tuple[int, Any]]]
Until = Callable[[Callable[[], Any]], Awaitable[None]]
Live = Callable[..., Awaitable[tuple[Simulator, str]]]


@pytest.fixture
def live(start: Start, place: Place, flow: list[Any], until: Until) -> Live:
    """Gives a stand-in and the path of a call that somebody has answered and that goes on and on."""

    async def begin(**settings: Any) -> tuple[Simulator, str]:
        sim = await start(control_grace_s=0, **settings)
        flow[:] = [{"action": "wait", "timeout": 7200}]
        _, placed = await place(sim)
        await until(lambda: sim.leg(NUMBER).status == "answered")
        return sim, f"/{placed['uuid']}"

    return begin


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (["mute"], (True, False)),
        (["mute", "unmute"], (False, False)),
        (["earmuff"], (False, True)),
        (["mute", "earmuff", "unearmuff"], (True, False)),
    ],
)
async def test_leg_is_muted_and_earmuffed(
    actions: list[str], expected: tuple[bool, bool], live: Live, ask: Ask
) -> None:
    """Each of the four has no body in its answer, and shows."""
    sim, path = await live()

    answers = [await ask(sim, "PUT", path, {"action": action}) for action in actions]

    leg = sim.leg(NUMBER)
    assert [(204, None)] * len(actions) == answers
    assert (expected, actions) == ((leg.muted, leg.earmuffed), leg.controls)


async def test_text_plays_until_it_is_stopped(live: Live, ask: Ask) -> None:
    """A text without end is heard now, and no longer once it is stopped."""
    sim, path = await live()

    await ask(sim, "PUT", f"{path}/talk", {"text": "On and on.", "loop": 0})
    playing = sim.leg(NUMBER)
    await ask(sim, "DELETE", f"{path}/talk")
    stopped = sim.leg(NUMBER)

    assert ("On and on.", None) == (playing.talking, stopped.talking)
    assert (["On and on."], ["talk", "stop talk"]) == (stopped.heard, stopped.controls)


async def test_stream_plays_until_it_is_stopped(live: Live, ask: Ask) -> None:
    """The same for audio, by its URL."""
    sim, path = await live()

    await ask(sim, "PUT", f"{path}/stream", {"stream_url": ["https://example.com/a.mp3"], "loop": 0})
    playing = sim.leg(NUMBER)
    await ask(sim, "DELETE", f"{path}/stream")
    stopped = sim.leg(NUMBER)

    assert ("https://example.com/a.mp3", None) == (playing.streaming, stopped.streaming)
    assert (["https://example.com/a.mp3"], ["stream", "stop stream"]) == (stopped.streams, stopped.controls)


async def test_short_text_ends_by_itself(live: Live, ask: Ask, until: Until) -> None:
    """Played once, a text is over after its time."""
    sim, path = await live()

    await ask(sim, "PUT", f"{path}/talk", {"text": "Once."})
    await until(lambda: sim.leg(NUMBER).talking is None)

    assert ["Once."] == sim.leg(NUMBER).heard


async def test_keys_arrive(live: Live, ask: Ask) -> None:
    """Digits sent into a call are received."""
    sim, path = await live()

    for digits in ("12", "3#"):
        await ask(sim, "PUT", f"{path}/dtmf", {"digits": digits})

    assert "123#" == sim.leg(NUMBER).received


async def test_call_is_sent_to_the_ncco_of_a_url(live: Live, ask: Ask, side: Side) -> None:
    """The URL is asked for an NCCO, which replaces the flow."""
    sim, path = await live()
    side.flows["elsewhere"] = [{"action": "talk", "text": "Elsewhere."}]

    destination = {"type": "ncco", "url": [f"{side.site}/ncco/elsewhere"]}
    status, _ = await ask(sim, "PUT", path, {"action": "transfer", "destination": destination})
    await sim.quiet()

    assert (204, ["Elsewhere."], ["transfer"]) == (status, sim.heard(NUMBER), sim.leg(NUMBER).controls)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("talk", {"text": "x" * 1501}),
        ("talk", {"text": "Hello", "loop": -1}),
        ("talk", {}),
        ("stream", {"stream_url": "https://example.com/a.mp3"}),
        ("stream", {"stream_url": ["a.mp3"]}),
        ("dtmf", {"digits": "one"}),
    ],
)
async def test_wrong_sound_is_refused(kind: str, body: Any, live: Live, ask: Ask) -> None:
    """What the carrier cannot play gets a 400, and is not heard."""
    sim, path = await live()

    assert 400 == (await ask(sim, "PUT", f"{path}/{kind}", body))[0]
    assert [] == sim.leg(NUMBER).notes


@pytest.mark.parametrize("action", ["mute", "unmute", "earmuff", "unearmuff", "transfer"])
async def test_ringing_call_is_only_hung_up(action: str, start: Start, place: Place, ask: Ask) -> None:
    """Everything else needs somebody who has answered."""
    sim = await start(time_scale=100, control_grace_s=0)
    _, placed = await place(sim)
    body = {"action": action, "destination": {"type": "ncco", "ncco": []}}

    refused, _ = await ask(sim, "PUT", f"/{placed['uuid']}", body)
    hung_up, _ = await ask(sim, "PUT", f"/{placed['uuid']}", {"action": "hangup"})

    assert (400, 204) == (refused, hung_up)


@pytest.mark.parametrize(
    "wish",
    [("PUT", "", {"action": "mute"}), ("PUT", "/talk", {"text": "Hello"}), ("DELETE", "/stream", None)],
)
@pytest.mark.parametrize("status", [400, 404])
async def test_finished_call_is_not_steered(wish: tuple[str, str, Any], status: int, live: Live, ask: Ask) -> None:
    """After the end each request gets a 404, or the 400 that was seen too."""
    sim, path = await live(finished_call_status=status)
    await ask(sim, "PUT", path, {"action": "hangup"})
    await sim.quiet()

    verb, further, body = wish
    assert status == (await ask(sim, verb, f"{path}{further}", body))[0]
    assert ("platform", ["hangup"]) == (sim.leg(NUMBER).ended_by, sim.leg(NUMBER).controls)


async def test_scenario_says_from_when_on_a_call_is_steered(start: Start, place: Place, ask: Ask) -> None:
    """In the scenario of an early request it is refused first, then taken."""
    sim = await start(talk_s=7200)
    sim.phone(NUMBER).plays_scenario("put_too_early_400")
    _, placed = await place(sim)

    async def hung_up() -> int:
        return (await ask(sim, "PUT", f"/{placed['uuid']}", {"action": "hangup"}))[0]

    seen = [await hung_up()]
    while seen[-1] == 400:
        seen.append(await hung_up())

    assert (400, 204) == (seen[0], seen[-1])


async def test_calls_of_a_phone_are_read_by_http(live: Live, ask: Ask, http: aiohttp.ClientSession) -> None:
    """Another process sees what the object shows."""
    sim, path = await live()
    await ask(sim, "PUT", f"{path}/dtmf", {"digits": "42"})

    async with http.get(f"{sim.origin}/_simulator/phones/{NUMBER}/legs") as response:
        (leg,) = await response.json()

    assert ("42", "answered", [["control", "dtmf"], ["received", "42"]]) == (
        leg["received"],
        leg["status"],
        leg["notes"],
    )


async def test_phone_never_called_has_no_leg(start: Start) -> None:
    """There is nothing to show of a phone that never rang."""
    sim = await start()

    assert [] == sim.phone_log(NUMBER)
    with pytest.raises(LookupError):
        sim.leg(NUMBER)


async def test_every_call_of_a_phone_is_kept_apart(start: Start, place: Place) -> None:
    """Each ringing has its own account, oldest first."""
    sim = await start()
    sim.phone(NUMBER).is_busy().then().answers()

    for _ in range(2):
        await place(sim)
        await sim.quiet()

    legs: list[LegView] = sim.phone_log(f"+{NUMBER}")
    assert [("busy", []), ("completed", ["Good morning."])] == [(leg.status, leg.heard) for leg in legs]
