"""Every panel and every rule, asked of a real Prometheus that scrapes a real dialer at work: none is empty."""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own

from tests.fakes.dashboards import SHIPPED, asked_by_panels, asked_by_variables, asked_of, panels_of
from tests.fakes.prometheus import Prometheus, open_prometheus
from tests.fakes.receiver import SECRET, receiver
from tests.fakes.recorded_world import record, ringing
from tests.fakes.waiting import FIGURES
from tests.fakes.world import QUICK, World, open_world

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    # The first does the work of a morning (40 s here); one that fails waits for WITHIN_S before it says what.
]

DEPLOY = Path(__file__).parents[2] / "deploy" / "prometheus"
PEOPLE, PER_SECOND = 40, 5
WITHIN_S = 30.0
"""From the last call until Prometheus has scraped it twice and looked at its rules, on a busy machine."""
FAULTS = ("429", "503", "500", "lost_reply")
SCRIPT = {"text": "The water is off.", "language": "en-GB", "confirm_key": "1", "opt_out_key": "9"}
LONG = {"text": "The water is off. " * 200, "language": "en-GB"}


def _config(world: World) -> dict[str, Any]:
    """The configuration that is shipped, each second, with this world's API, which tells where the workers are."""
    shipped = (DEPLOY / "prometheus.yml").read_text("utf-8")
    api = str(world.http._base_url).removeprefix("http://").rstrip("/")
    config: dict[str, Any] = yaml.safe_load(shipped.replace("127.0.0.1:8080", api))
    config["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(DEPLOY / file) for file in config["rule_files"]]
    del config["alerting"]["alertmanagers"]  # nobody is told
    for job in config["scrape_configs"]:
        for discovery in job.get("http_sd_configs", []):
            discovery["refresh_interval"] = "1s"
    return config


async def _work(world: World, crm_url: str) -> None:
    """A morning of a dialer: calls that go well and badly, faults, an alarm, a recording, orders, strangers."""
    people = world.people(PEOPLE)
    phones = [world.carrier.phone(number) for number in people]
    for phone in phones[8:]:
        phone.answers(after_s=2).presses("1")
    phones[0].answers().presses("9")
    phones[1].is_busy()
    phones[2].rejects()
    phones[3].is_invalid()
    phones[4].has_voicemail()
    phones[5].does_not_answer()
    for fault in FAULTS:
        world.carrier.faults.next_place(fault)
    run = await world.dial(
        people,
        script=SCRIPT,
        callback_url=crm_url,
        callback_events=["call.ended"],
        redial={"busy": {"times": 1, "after_s": 1}},
    )
    await world.until_placings(len(FAULTS) + 1)
    await asyncio.gather(_alarm(world), _recording(world), _order(world), _strangers(world))
    await run.until_done(within_s=60)
    await _misconfigured(world)


async def _alarm(world: World) -> None:
    (number,) = world.people(1)
    world.carrier.phone(number).answers(after_s=2).presses("1")
    steps = [{"people": [{"number": number}], "wait_s": 30}]
    body = {"name": "Pump", "text": "Pump three has stopped.", "language": "en-GB", "steps": steps}
    await world.post("/v1/escalations", body)
    await world.until_rung(number)


async def _recording(world: World) -> None:
    await record(world, await ringing(world))


async def _order(world: World) -> None:
    (number,) = world.people(1)
    world.carrier.phone(number).answers(after_s=1)
    call = await world.call(number, script=LONG, priority="urgent")
    await world.until_rung(number)
    await world.post(f"/v1/calls/{call['id']}/orders", {"do": "hang_up"})


async def _strangers(world: World) -> None:
    """A wrong key, and a webhook that nobody of ours asked for."""
    async with world.http.get("/v1/campaigns", headers={"Authorization": "Bearer wrong"}) as response:
        assert 401 == response.status
    async with world.http.post("/webhooks/forged/event", json={"status": "ringing"}) as response:
        assert 404 == response.status


async def _misconfigured(world: World) -> None:
    """The carrier does not know our application: its campaign pauses, and an alert fires at once."""
    world.carrier.faults.next_place("404")
    run = await world.dial(world.people(1))
    await run.until(lambda seen: seen["state"] == "paused")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def watched(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prometheus]:
    """A Prometheus that has seen a dialer at work."""
    async with AsyncExitStack() as stack:
        crm = await stack.enter_async_context(receiver())
        settings = {
            "CALLBACK_SECRET": SECRET,
            "CALLBACK_ORIGINS": crm.origin,
            "CALLS_PER_SECOND": str(PER_SECOND),
        }
        world = await stack.enter_async_context(open_world(replace(QUICK, time_scale=0.05), settings=settings))
        folder = tmp_path_factory.mktemp("prometheus")
        watching = await stack.enter_async_context(open_prometheus(_config(world), folder))
        await _until_scraped(watching)
        await _work(world, crm.url)
        yield watching


async def _until_scraped(watching: Prometheus) -> None:
    # Twice: what is counted from now on is an increase.
    async with asyncio.timeout(WITHIN_S):
        seen = 'count_over_time(up{job=~"dialer.*"}[1m]) >= 2'
        while len(await watching.ask(seen)) < 2:  # noqa: ASYNC110 - Prometheus tells nobody
            await asyncio.sleep(0.2)


async def _empty(watching: Prometheus, asked: dict[str, str]) -> dict[str, str]:
    """Those that give no number after a while, by where they stand; an expression that fails raises AssertionError."""
    left = asked
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(WITHIN_S):
            while left := {at: expr for at, expr in left.items() if not await _told(watching, expr)}:  # noqa: ASYNC110
                await asyncio.sleep(0.5)  # Prometheus tells nobody
    return left


async def _told(watching: Prometheus, expr: str) -> bool:
    return any(not math.isnan(value) for _, value in await watching.ask(expr))


async def test_every_panel_shows_something(watched: Prometheus) -> None:
    """Grafana gets a number for each expression of each panel, and a choice for each variable."""
    asked = {one.where: one.filled for one in (*asked_by_panels(), *asked_by_variables())}
    FIGURES.append(f"dashboards: {len(asked)} expressions of {len(SHIPPED)} dashboards asked of Prometheus")

    assert {} == await _empty(watched, asked)


async def test_every_process_can_be_chosen(watched: Prometheus) -> None:
    """Of the variable at the top, the API is one instance and the worker another."""
    for asked in asked_by_variables():
        if asked.where.endswith("$instance"):
            assert 2 == len(await watched.ask(asked.filled))


async def test_every_rule_has_what_it_compares(watched: Prometheus) -> None:
    """Each recording rule gives numbers, and each alert compares such a quantity, without an error."""
    rules = await watched.rules()
    recorded = {rule["name"] for rule in rules if rule["type"] == "recording"}
    alerts = {rule["name"]: rule["query"] for rule in rules if rule["type"] == "alerting"}
    FIGURES.append(f"rules: {len(recorded)} quantities and {len(alerts)} alerts evaluated by Prometheus")

    assert recorded
    assert alerts
    assert {} == await _empty(watched, {name: name for name in recorded})
    assert {} == {rule["name"]: rule["lastError"] for rule in await watched.rules() if rule["health"] != "ok"}
    compared = {name: set(re.findall(r"dialer:\w+(?::\w+)*", query)) for name, query in alerts.items()}
    assert {} == {name: quantities for name, quantities in compared.items() if not quantities or quantities - recorded}


async def test_first_of_its_kind_is_noticed(watched: Prometheus) -> None:
    """One single refusal of our set-up is an increase, and its alert fires."""
    firing = 'ALERTS{alertname="DialerCarrierMisconfigured", alertstate="firing"}'

    assert {} == await _empty(watched, {"firing": firing})


async def test_states_have_words(watched: Prometheus) -> None:
    """Each value that a timeline of states shows is one of its words."""
    wordless = []
    for board in SHIPPED.values():
        for panel in panels_of(board):
            if panel["type"] == "state-timeline":
                for one in asked_of(board, panel):
                    found = await watched.ask(one.filled)
                    wordless += [(one.where, value) for _, value in found if f"{value:g}" not in _words(panel)]

    assert [] == wordless


async def test_first_tile_says_that_people_are_being_called(watched: Prometheus) -> None:
    """On the screen for whoever is woken, the first word is the right one while calls go out."""
    board = SHIPPED["dialer-on-call"]
    panel = panels_of(board)[0]
    (asked,) = asked_of(board, panel)
    ((_, value),) = await watched.ask(asked.filled)

    assert "calling" == _words(panel)[f"{value:g}"]


def _words(panel: dict[str, Any]) -> dict[str, str]:
    """What a panel says instead of a value."""
    mappings = panel["fieldConfig"]["defaults"].get("mappings", [])
    return {
        value: result["text"]
        for mapping in mappings
        if mapping["type"] == "value"
        for value, result in mapping["options"].items()
    }
