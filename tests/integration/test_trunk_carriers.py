"""Two carriers with credentials of their own: whatever is said about a call is said to the one that has it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from dialer import keys
from dialer.cli import main as command_line
from dialer.clock import now_ms
from dialer.errors import CarrierError
from dialer.leases import Lapsed
from dialer.planning import Assumed
from dialer.processes.heartbeat import WORKER_LISTS, beat
from dialer.providers.base import Refusal, Refused
from dialer.providers.kpn import KpnVoice
from dialer.recordings.claims import RecordingClaims
from dialer.recordings.fetching import Fetcher
from dialer.recordings.storage import Storage
from dialer.simulator import Simulator, SimulatorConfig
from dialer.tokens import callback_url
from jobs.context import ArqContext
from jobs.place import _conclude
from jobs.renewal import renew_token
from jobs.rescue import _look_up
from jobs.stopping import pause
from tests.fakes.recordings import told
from tests.fakes.switchboard import KEY, Switchboard, open_switchboard

SOUTH_NUMBER = "+31207654321"
CONNECTS = {"steps": [{"do": "connect", "endpoint": {"type": "phone", "number": "31201234999"}}], "language": "en-GB"}


@dataclass(frozen=True, slots=True)
class Twins:
    """A dialer of two trunks, and the second one's carrier; neither takes the other's credentials."""

    board: Switchboard
    south: Simulator


@pytest.fixture
async def twins(redis: Redis, redis_url: str) -> AsyncIterator[Twins]:
    """A dialer on an empty Redis, with `main` and `south`."""
    assert redis is not None
    config = SimulatorConfig(
        time_scale=0.05, ring_s=2.0, control_grace_s=0.0, calls_per_second=1000, client_secret="south's"
    )
    async with Simulator(config) as south:
        further = {
            "south": {
                "carrier_url": south.url,
                "carrier_token_url": south.token_url,
                "carrier_client_id": "south",
                "carrier_client_secret": "south's",
                "carrier_application_id": "south",
                "from_number": SOUTH_NUMBER,
                "calls_per_second": 50,
            }
        }
        async with open_switchboard(redis_url, further=further, client_secret="tests") as board:
            yield Twins(board, south)


async def _up_at_south(twins: Twins, number: str = "+31612345678", **wishes: object) -> str:
    await twins.board.campaign([number], trunks=["south"], **wishes)
    (call,) = await twins.board.place(trunk="south")
    await twins.board.attempt_is(str(call), lambda attempt: attempt.state == "answered")
    return str(call)


async def test_calls_of_each_campaign_arrive_at_its_carrier(twins: Twins) -> None:
    """With its credentials, and from its number where the campaign has none."""
    board = twins.board
    await board.campaign(["+31612345678"])
    await board.campaign(["+31612345679"], trunks=["south"])
    await board.place()
    await board.place(trunk="south")

    assert ["31612345678"] == [record.number for record in board.carrier.log if record.number]
    assert ["31612345679"] == [record.number for record in twins.south.log if record.number]
    assert SOUTH_NUMBER.lstrip("+") == twins.south.leg("+31612345679").caller_id


async def test_an_order_goes_to_the_carrier_that_has_the_call(twins: Twins) -> None:
    """Muted, transferred and hung up there; the other carrier hears nothing of it."""
    call_id = await _up_at_south(twins)
    script = {"steps": [{"do": "say", "text": "Goodbye."}], "language": "en-GB"}

    for order in ({"do": "mute"}, {"do": "transfer", "script": script}, {"do": "hang_up"}):
        assert 200 == (await twins.board.order(call_id, **order))[0]
    assert ["PUT"] * 3 == [record.method for record in twins.south.log if record.method in {"PUT", "DELETE"}]
    assert [] == twins.board.orders()


async def test_a_call_that_connects_takes_tokens_of_its_own_trunk(twins: Twins) -> None:
    """A transfer to a script that calls somebody uses the budget by which the call left."""
    call_id = await _up_at_south(twins)
    batch = twins.board.runtime.batch
    before = [int(await batch.command("HGET", keys.trunk(name), "index") or 0) for name in ("main", "south")]

    assert 200 == (await twins.board.order(call_id, do="transfer", script=CONNECTS))[0]
    after = [int(await batch.command("HGET", keys.trunk(name), "index") or 0) for name in ("main", "south")]
    assert [0, 1] == [late - early for early, late in zip(before, after, strict=True)]


async def test_what_a_call_says_calls_from_the_trunks_number(twins: Twins) -> None:
    """A `connect` without a caller id of its own shows that of the account."""
    board = twins.board
    await board.campaign(["+31612345678"], trunks=["south"], kind="script", script=CONNECTS)
    (call,) = await board.place(trunk="south")
    path = callback_url(board.runtime.settings, f"{call}-1").removeprefix(board.runtime.settings.callback_base)
    async with board.http.get(f"{path}/answer") as response:
        (connect,) = await response.json()

    assert SOUTH_NUMBER.lstrip("+") == connect["from"]


async def test_a_doubtful_call_is_looked_for_at_its_own_carrier(twins: Twins) -> None:
    """Its list has it; the other's is not asked. A trunk that is not set up here has no list."""
    call_id = await _up_at_south(twins)
    attempt = await twins.board.attempt(call_id)
    asked = len(twins.board.carrier.log)
    listed, was_asked = await _look_up(attempt, 1000, twins.board.context)

    assert (attempt.uuid, True) == (listed and listed.uuid, was_asked)
    assert asked == len(twins.board.carrier.log)
    with pytest.raises(CarrierError, match="west is not set up"):
        twins.board.context.carrier("west")


async def test_recordings_are_fetched_from_the_carrier_of_the_call(twins: Twins, tmp_path: Path) -> None:
    """With the token of the account by which the call left."""
    call_id = await _up_at_south(twins)
    runtime, asked = twins.board.runtime, list[str]()
    await runtime.store.note_recording(f"{call_id}-1", told("https://api.nexmo.com/v1/files/1"))

    def carrier(trunk: str) -> KpnVoice:
        asked.append(trunk)
        raise CarrierError("asked enough", retryable=True)

    fetcher = Fetcher(RecordingClaims(runtime.batch, runtime.clock), carrier, Storage(tmp_path.as_uri()))
    await fetcher.work_off(told("https://api.nexmo.com/v1/files/1").id)
    assert ["south"] == asked


async def test_each_account_has_an_access_token_and_a_share_of_its_own(twins: Twins) -> None:
    """Both are renewed by the schedule, and the other requests are counted for each carrier."""
    context, batch = twins.board.context, twins.board.runtime.batch
    await renew_token(ArqContext(context=context))
    tokens = [await batch.command("GET", keys.access_token(name)) for name in ("main", "south")]
    assert 2 == len({json.loads(token)["access_token"] for token in tokens})

    await beat("worker", context.runtime, WORKER_LISTS)
    voices = [context.carrier(name) for name in ("main", "south")]
    assert 1 == len({voice._channel._share_per_s for voice in voices if isinstance(voice, KpnVoice)})


async def test_trunks_are_told_by_api_command_and_metrics(twins: Twins) -> None:
    """Pace, what was accepted, gate and slots; attempts and counters bear the trunk."""
    call_id = await _up_at_south(twins)
    await twins.board.order(call_id, do="hang_up")
    await twins.board.call_is(call_id, lambda call: call.disposition is not None)
    told_ = (await twins.board.get("/v1/trunks"))["trunks"]
    seen = [(one["name"], one["calls_per_second"], one["accepted"], one["gate_s"], one["up"]) for one in told_]

    assert [("main", 100, 0, 0, None), ("south", 50, 1, 0, None)] == seen
    ended = {"trunk": "south", "disposition": "answered"}
    assert 1 <= (REGISTRY.get_sample_value("dialer_attempts_total", ended) or 0)
    async with twins.board.http.get("/metrics") as response:
        assert 'dialer_budget_accepted{trunk="south"} 1.0' in await response.text()
    words = ["trunk", "list", "--url", twins.board.url, "--api-key", KEY]
    said = (await asyncio.to_thread(CliRunner().invoke, command_line, words)).stdout
    assert any(line.startswith("south ") and "+31207654321" in line and " open " in line for line in said.splitlines())
    attempts = (await twins.board.get(f"/v1/calls/{call_id}"))["attempts"]
    assert ["south"] == [attempt["trunk"] for attempt in attempts]


@pytest.mark.parametrize(
    ("path", "wishes", "field"),
    [
        ("/v1/campaigns", {"trunks": ["main", "west"]}, "trunks"),
        ("/v1/campaigns", {"trunks": []}, "trunks"),
        ("/v1/campaigns", {"trunks": ["No"]}, "trunks.0"),
        ("/v1/campaigns", {"trunks": ["main", "south"], "kind": "conference"}, "trunks"),
        ("/v1/conferences", {"trunk": "west"}, "trunk"),
        ("/v1/escalations", {"trunks": ["west"]}, "trunks"),
    ],
)
async def test_unknown_trunks_are_refused(twins: Twins, path: str, wishes: dict[str, Any], field: str) -> None:
    """With the field's name; a conference is in one account, for accounts have no common conversations."""
    person = {"number": "+31612345678"}
    bodies: dict[str, dict[str, Any]] = {
        "/v1/campaigns": {"kind": "notification", "script": {"text": "Hello."}},
        "/v1/conferences": {"text": "Hello.", "people": [person]},
        "/v1/escalations": {"text": "Hello.", "steps": [{"people": [person]}]},
    }
    body = {"name": "Test"} | bodies[path] | wishes
    async with twins.board.http.post(path, json=body) as response:
        problem = await response.json()

    assert (422, field) == (response.status, problem["field"]), problem


async def test_a_campaign_tells_its_trunks_and_another_round_has_the_same(twins: Twins) -> None:
    """In order of their names, each once; a change of anything else leaves them alone."""
    board = twins.board
    campaign_id = await board.campaign(["+31612345678"], trunks=["south", "main", "south"])
    async with board.http.patch(f"/v1/campaigns/{campaign_id}", json={"weight": 3}) as response:
        changed = await response.json()
    async with board.http.post(f"/v1/campaigns/{campaign_id}/again", json={"name": "Again"}) as response:
        again = await response.json()

    assert [["main", "south"]] * 2 == [changed["trunks"], again["trunks"]]


async def test_applications_are_those_of_the_trunk(twins: Twins) -> None:
    """Made at the carrier that is named, `main` if none is; one that is not set up is refused."""
    board = twins.board
    body = {"name": "South", "answer_url": "https://d.test/answer", "event_url": "https://d.test/event"}
    async with board.http.post("/v1/applications?trunk=south", json=body) as response:
        assert 201 == response.status
    listed = [(await board.get(f"/v1/applications{query}"))["applications"] for query in ("", "?trunk=south")]
    assert [[], ["South"]] == [[one["name"] for one in found] for found in listed]
    async with board.http.get("/v1/applications?trunk=west") as response:
        assert (422, "trunk") == (response.status, (await response.json())["field"])


async def test_a_campaign_that_can_only_fail_by_a_trunk_says_by_which(twins: Twins) -> None:
    """Whoever reads why it was paused knows whose account to look at."""
    board, context = twins.board, twins.board.context
    campaign_id = await board.campaign(["+31612345678"], trunks=["south"])
    claimed = await context.dialing.claim(1, trunk="south")
    (dial,) = await context.dialing.read(claimed.claims)
    await pause(dial.claim, "the carrier refused: no product", context)

    assert (
        "the carrier refused: no product (trunk south)" == (await board.get(f"/v1/campaigns/{campaign_id}"))["reason"]
    )


async def test_wrong_credentials_of_one_trunk_pause_nobody_who_has_another(twins: Twins) -> None:
    """The campaign goes on by the other one, and is paused once that refuses all of it as well."""
    board, context = twins.board, twins.board.context
    campaign_id = await board.campaign(["+31612345678"], trunks=["main", "south"])
    states = []
    for trunk in ("south", "main"):
        (dial,) = await context.dialing.read((await context.dialing.claim(1, trunk=trunk)).claims)
        refused = Refused(Refusal.MISCONFIGURED, "no such application")
        await _conclude(dial, "n1", refused, context)
        await context.leases.lapse(Lapsed(dial.attempt, dial.claim.deadline_ms))
        states.append((await board.get(f"/v1/campaigns/{campaign_id}"))["state"])

    assert ["running", "paused"] == states


async def test_a_forecast_counts_the_budgets_of_all_trunks(twins: Twins) -> None:
    """Whoever is on some of them takes no more than theirs; whoever is on none nothing; margins are those of now."""
    board, planning = twins.board, twins.board.runtime.planning
    asked, *others = [
        await board.campaign([f"+3161234567{number}"], name=f"c{number}", trunks=trunks)
        for number, trunks in enumerate((["main", "south"], ["south"], ["main", "south"]))
    ]
    campaigns = [await board.runtime.store.campaign(one) for one in (asked, others[0])]
    whole, of_south = [
        await planning._plan(one, Assumed(), await planning._people(one, whole=True)) for one in campaigns
    ]

    assert (150, 0.015, 0.005) == pytest.approx((whole.calls_per_second, whole.margin, whole.least_margin))
    assert {others[0]: 50, others[1]: None} == {one.id: one.calls_per_second for one in whole.others}
    assert (50, {asked, others[1]}) == (of_south.calls_per_second, {one.id for one in of_south.others})


async def test_a_forecast_begins_when_the_first_trunk_is_open(twins: Twins) -> None:
    """One that was refused waits; where all wait, so does the forecast."""
    board, planning = twins.board, twins.board.runtime.planning
    one = await board.runtime.store.campaign(await board.campaign(["+31612345678"], trunks=["main", "south"]))
    opens_ms = now_ms(board.runtime.clock) + 600_000
    for trunk, later_ms in (("main", 60_000), ("south", 0)):
        await board.runtime.batch.command("HSET", keys.trunk(trunk), "gate", opens_ms + later_ms)
    plan = await planning._plan(one, Assumed(), await planning._people(one, whole=True))

    assert 0 <= plan.starts - opens_ms / 1000 < 10


async def test_trunks_are_named_on_the_command_line(twins: Twins) -> None:
    """Once for each account; one that is not there is refused by name."""
    words = ["campaign", "create", "Harbour", "--text", "Hello.", "--url", twins.board.url, "--api-key", KEY]
    made = await asyncio.to_thread(CliRunner().invoke, command_line, [*words, "--trunk", "south", "--trunk", "main"])
    refused = await asyncio.to_thread(CliRunner().invoke, command_line, [*words, "--trunk", "west"])
    (campaign,) = (await twins.board.get("/v1/campaigns"))["campaigns"]

    assert (0, 1) == (made.exit_code, refused.exit_code)
    assert ["main", "south"] == campaign["trunks"]
    assert "there is no trunk 'west'; there are main, south" in refused.stderr
