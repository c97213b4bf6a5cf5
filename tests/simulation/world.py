"""One run: the plan carried out on a whole dialer, and all that an outsider can know of it written down."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import arq.worker
from pydantic import SecretStr
from redis.exceptions import RedisError

import dialer.api.app
import dialer.callbacks.sending
import dialer.providers.kpn.client
import dialer.redis.life
import jobs.hang_up
import jobs.worker
from dialer.api.app import serve
from dialer.api.openapi import openapi_document
from dialer.errors import DialerError
from dialer.settings import Settings
from dialer.simulator import Outcome, PlaceFault, Simulator, SimulatorConfig, Turn, WebhookFault
from dialer.simulator.faults import Often
from jobs.worker import run_worker
from tests.simulation import network, processes, redis_wire, virtual_time
from tests.simulation.plan import Event, Plan, PlannedCampaign
from tests.simulation.restoring import Restoring
from tests.simulation.told import Json, Order, Told
from tests.simulation.virtual_time import START_S, passed_s

KEY = "the key of the simulation"
API_PORT = 8080
LONGEST_S = 250.0
"""So long after the last fault every call is over: beyond what one in doubt may take, and one that went silent."""
_LOOK_S = 5.0
_SETTLED_S = 15.0


class World:
    """A dialer and its carrier, in one process and under virtual time."""

    def __init__(self, plan: Plan, machine: redis_wire.RedisMachine) -> None:
        self.plan, self.machine = plan, machine
        self.told = Told()
        self.net = network.Network(random.Random(plan.seed * 7 + 1))
        self.running: dict[str, processes.Process] = {}
        self.all: list[processes.Process] = []
        self.carrier: Simulator
        self.http: aiohttp.ClientSession
        self._chores: list[asyncio.Task[None]] = []
        self.dialing: dict[str, asyncio.Task[None]] = {}
        self._bodies: dict[str, Json] = {}

    async def run(self) -> None:
        """From the empty Redis to the last call's disposition."""
        plan = self.plan
        self.machine.reset(random.Random(plan.seed * 7 + 2))
        network.install(asyncio.get_running_loop(), self.net)
        config = SimulatorConfig(
            seed=plan.seed, calls_per_second=plan.per_second, slow_reply_s=8.0, ring_s=3, latency_ms=20
        )
        async with Simulator(config) as self.carrier:
            headers = {"Authorization": f"Bearer {KEY}"}
            async with aiohttp.ClientSession(f"http://127.0.0.1:{API_PORT}", headers=headers) as self.http:
                self._meet_people()
                for name in self.machines():
                    self.start(name)
                await self._live()
                self.told.ended_s = passed_s()
                await self._read_all()
            for process in self.running.values():
                process.die()
            await asyncio.sleep(1)
            self.told.leftovers += [left for process in self.all for left in process.leftovers]

    async def end(self) -> None:
        """Leave nothing running, however the run went."""
        for process in self.all:
            process.die()
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.sleep(0.1)

    def account(self) -> list[str]:
        """What happened, request by request: two runs of a plan have the same."""
        return [str(record) for record in self.carrier.log] + [str(self.told)]

    def machines(self) -> list[str]:
        """The names of all programs that run."""
        return ["api", *(f"worker-{number}" for number in range(self.plan.workers))]

    def _meet_people(self) -> None:
        for campaign in self.plan.campaigns:
            for person in campaign.people:
                phone = self.carrier.phone(person.number)
                for outcome in person.turns:
                    keys = (person.key,) if person.key and outcome is Outcome.ANSWERS else ()
                    phone.then().takes(Turn(outcome=outcome, keys=keys))

    def start(self, name: str) -> None:
        """Run the program of that name anew."""
        order = self.machines().index(name)
        skews = self.plan.skews
        skew = virtual_time.Skew(skews[order], abs(skews[order]) * 1000) if order < len(skews) else None
        process = processes.Process(name, skew)
        self.running[name] = process
        self.all.append(process)
        settings = self.settings(name)
        process.start(self._kept(name, serve(settings) if name == "api" else run_worker(settings)))

    async def _kept(self, name: str, program: Coroutine[Any, Any, None]) -> None:
        """A program that ends by itself is started again by whoever supervises it, a second later."""
        mine = processes.current()
        try:
            await program
        except (DialerError, RedisError, OSError, TimeoutError):
            pass  # whatever it needs is away
        except Exception as error:  # noqa: BLE001 - none is expected
            self.told.leftovers.append(f"crash: {name} ended by {error!r} at {passed_s():.3f}")
        if mine.alive and self.running.get(name) is mine:
            mine.die()
            asyncio.get_running_loop().call_later(1.0, self._again, name, mine, context=processes.OUTSIDE.context)

    def _again(self, name: str, dead: processes.Process) -> None:
        if self.running.get(name) is dead:
            self.start(name)

    def settings(self, name: str) -> Settings:
        """Those of a program, on a machine of that name."""
        return Settings(
            redis_url=self.machine.url,
            data_dir=self.machine.disks / name,
            port=API_PORT,
            public_url=f"http://127.0.0.1:{API_PORT}",
            api_key=SecretStr(KEY),
            webhook_secret=SecretStr("the secret of the simulation"),
            erasure_secret=SecretStr("the erasure secret of the simulation"),
            carrier_url=self.carrier.url,
            carrier_token_url=self.carrier.token_url,
            carrier_client_id="simulation",
            carrier_client_secret=SecretStr("simulation"),
            carrier_application_id="simulation",
            carrier_timeout_s=5,
            from_number="+31201234567",
            calls_per_second=self.plan.per_second,
            unknown_hold_s=40,
            unavailable_settle_s=10,
            ringing_timer_s=10,
            length_timer_s=20,
        )

    # ------------------------------------------------------------ what happens

    async def _live(self) -> None:
        self._chore(self._look_again_and_again())
        for campaign in self.plan.campaigns:
            self.dialing[campaign.name] = self._chore(self._dial(campaign))
        for event in self.plan.events:
            self._chore(self._happen(event))
        until_s = self.plan.faults_end_s + LONGEST_S + max(one.in_line_s for one in self.plan.campaigns)
        while passed_s() < until_s:
            await asyncio.sleep(_LOOK_S)
            if passed_s() >= self.plan.faults_end_s and await self._is_over():
                break
        for chore in self._chores:
            chore.cancel()
        for end in await asyncio.gather(*self._chores, return_exceptions=True):
            if isinstance(end, Exception):
                raise end
        # Whoever may still ring against the rules gets the time to do so.
        await asyncio.sleep(_SETTLED_S)

    def _chore(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._chores.append(task)
        return task

    async def _happen(self, event: Event) -> None:
        await asyncio.sleep(max(0.0, event.at_s - passed_s()))
        verb, _, which = event.what.partition(":")
        await getattr(self, f"_do_{verb}")(event, which)

    async def _do_kill_before(self, event: Event, kind: str) -> None:
        await self._kill(event, kind, "before")

    async def _do_kill_after(self, event: Event, kind: str) -> None:
        await self._kill(event, kind, "after")

    async def _kill(self, event: Event, kind: str, when: str) -> None:
        while self.running[event.whom].dies_at:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.25)
        victim = self.running[event.whom]
        victim.dies_at = (kind, victim.steps[kind] + int(event.amount), when)
        while victim.alive and passed_s() < event.at_s + 10:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.25)
        victim.die()
        await asyncio.sleep(event.lasts_s)
        self._again(event.whom, victim)

    async def _do_restart(self, event: Event, _: str) -> None:
        """As a rolling restart does it: asked to end, it ends what is under way."""
        old = self.running[event.whom]
        if old.main:
            old.main.cancel()
        await asyncio.sleep(min(event.lasts_s, 20) + 1)
        old.die()
        self._again(event.whom, old)

    async def _do_freeze(self, event: Event, _: str) -> None:
        self.running[event.whom].frost.freeze(event.lasts_s)

    async def _do_redis_kill(self, event: Event, _: str) -> None:
        self.machine.kill()
        await asyncio.sleep(event.lasts_s)
        if not self.machine.up:
            self.machine.start()

    async def _do_put_back(self, event: Event, how: str) -> None:
        await Restoring(self, event, how).run()

    async def _do_redis_slow(self, event: Event, _: str) -> None:
        victim = self.running[event.whom]
        victim.redis_delay_s = event.amount
        await asyncio.sleep(event.lasts_s)
        victim.redis_delay_s = 0.0

    async def _do_network_slow(self, event: Event, _: str) -> None:
        victim = self.running[event.whom]
        victim.network_delay_s = event.amount
        await asyncio.sleep(event.lasts_s)
        victim.network_delay_s = 0.0

    async def _do_cuts(self, event: Event, _: str) -> None:
        self.machine.cut_chance = event.amount
        await asyncio.sleep(event.lasts_s)
        self.machine.cut_chance = 0.0

    async def _do_clock_jump(self, event: Event, _: str) -> None:
        self.machine.skew_s += event.amount

    async def _do_place(self, event: Event, which: str) -> None:
        self.carrier.faults.set_place(PlaceFault(which), Often(share=event.amount))
        await asyncio.sleep(event.lasts_s)
        self.carrier.faults.set_place(PlaceFault(which), Often())

    async def _do_webhook(self, event: Event, which: str) -> None:
        self.carrier.faults.set_webhook(WebhookFault(which), Often(share=event.amount))
        await asyncio.sleep(event.lasts_s)
        self.carrier.faults.set_webhook(WebhookFault(which), Often())

    async def _do_token_down(self, event: Event, _: str) -> None:
        self.carrier.token_server_up = False
        await asyncio.sleep(event.lasts_s)
        self.carrier.token_server_up = True

    async def _do_revoke(self, _event: Event, _: str) -> None:
        self.carrier.revoke_tokens()

    async def _do_pause(self, event: Event, _: str) -> None:
        campaign_id = await self._id_of(event.whom)
        if await self.order("pause", event.whom, f"/v1/campaigns/{campaign_id}/pause"):
            await asyncio.sleep(event.lasts_s)
            self.told.resumed.append((passed_s(), event.whom))
            await self.order("resume", event.whom, f"/v1/campaigns/{campaign_id}/resume")

    async def _do_cancel(self, event: Event, _: str) -> None:
        await self.order("cancel", event.whom, f"/v1/campaigns/{await self._id_of(event.whom)}/cancel")

    async def _do_hang_up(self, event: Event, _: str) -> None:
        await self.order("pause", event.whom, f"/v1/campaigns/{await self._id_of(event.whom)}/hang-up")

    async def _do_suppress(self, event: Event, _: str) -> None:
        await self.order("suppress", event.whom, "/v1/suppressions/add", {"number": event.whom})

    async def _do_urgent(self, event: Event, _: str) -> None:
        """One single call, asked for twice under the same id by a producer that got no answer in time."""
        for _round in range(2):
            await self.ask_for(f"+3162{int(event.at_s * 1000):07d}")

    async def ask_for(self, number: str) -> None:
        """Ask for a single call."""
        body = {"number": number, "priority": "urgent", "script": {"text": "Pump three has stopped."}, "id": number}
        told = await self._post("/v1/calls", body)
        if told:
            self.told.singles.setdefault(number, set()).add(str(told["id"]))

    async def order(self, verb: str, whom: str, path: str, body: Json | None = None) -> bool:
        """Give an order; False where it is not possible any more."""
        done = await self._post(path, body)
        if done is not None:
            self.told.orders.append(Order(passed_s(), verb, whom, path, body))
        return done is not None

    # ------------------------------------------------------------ the producers

    async def _dial(self, campaign: PlannedCampaign) -> None:
        await asyncio.sleep(campaign.at_s)
        await self.bring_in(campaign, [person.number for person in campaign.people])

    async def bring_in(self, campaign: PlannedCampaign, numbers: Sequence[str]) -> None:
        """Make a campaign, unless it is there, put these numbers in, and start it."""
        name, told = campaign.name, self.told
        if name not in self._bodies:
            self._bodies[name] = self._body(campaign)
        made = await self._post("/v1/campaigns", self._bodies[name], {"Idempotency-Key": name})
        if made is None:
            told.missed.add(name)
            return
        campaign_id = told.campaigns[name] = str(made["id"])
        rows = "number\n" + "\n".join(numbers) + "\n"
        for _round in range(1 + campaign.import_twice if numbers else 0):
            if await self._post(f"/v1/campaigns/{campaign_id}/calls", rows) is None:
                return
        spared = told.spared.get(name, ())
        told.imported[name] = [person.number for person in campaign.people if person.number not in spared]
        # By force: where the forecast says that not all can be tried before its end, just these shall expire.
        await self._post(f"/v1/campaigns/{campaign_id}/start", {"force": True})

    def _body(self, campaign: PlannedCampaign) -> Json:
        wishes = dict(campaign.wishes)
        if (expires_in_s := wishes.pop("expires_in_s", None)) is not None:
            self.told.expires[campaign.name] = passed_s() + expires_in_s
            wishes["expires_at"] = (
                datetime.fromtimestamp(START_S, UTC) + timedelta(seconds=passed_s() + expires_in_s)
            ).isoformat()
        script = {"text": "Hello, the water is off.", "language": "en-GB", "confirm_key": "1", "opt_out_key": "9"}
        return {
            "name": campaign.name,
            "kind": "notification",
            "script": script,
            "priority": campaign.priority,
            **wishes,
        }

    async def _post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Json | None:
        """POST until it is answered; None where it is refused for good, as not possible any more."""
        headers = {"Content-Type": "text/csv" if isinstance(body, str) else "application/json", **(headers or {})}
        while True:
            try:
                data: Any = body if isinstance(body, str) else None
                json: Any = None if isinstance(body, str) else body
                async with self.http.post(
                    path,
                    data=data,
                    json=json,
                    headers=headers if data or json else None,
                    timeout=aiohttp.ClientTimeout(total=20),
                ) as response:
                    if response.status < 400:
                        told: Json = await response.json()
                        return told
                    if response.status < 500 and response.status not in {409, 429}:
                        text = await response.text()
                        is_gone = response.status == 404 and self.told.restores
                        if is_gone or "lies in the past" in text:
                            return None
                        raise AssertionError(f"POST {path} gave {response.status}: {text}")
                    if response.status == 409:
                        problem = await response.json()
                        if "idempotency" not in str(problem.get("type")):
                            return None
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            await asyncio.sleep(0.7)

    async def _get(self, path: str) -> Json | None:
        try:
            async with self.http.get(path, timeout=aiohttp.ClientTimeout(total=20)) as response:
                if response.status == 200:
                    told: Json = await response.json()
                    return told
        except (aiohttp.ClientError, TimeoutError, OSError):
            pass
        return None

    async def found(self, path: str) -> Json | None:
        """What is at a path, however long it takes to be told; None where there is nothing."""
        while True:
            with suppress(aiohttp.ClientError, TimeoutError, OSError):
                async with self.http.get(path, timeout=aiohttp.ClientTimeout(total=20)) as response:
                    if response.status in {200, 404}:
                        told: Json = await response.json()
                        return told if response.status == 200 else None
            await asyncio.sleep(0.7)

    async def _id_of(self, name: str) -> str:
        while name not in self.told.imported:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.5)
        return self.told.campaigns[name]

    # ------------------------------------------------------------ looking

    async def _look_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            for name, campaign_id in tuple(self.told.campaigns.items()):
                seen = await self._get(f"/v1/campaigns/{campaign_id}")
                if seen is None:
                    continue
                counts, dispositions = seen["counts"], seen["dispositions"]
                if seen["total"] != sum(counts.values()) or counts["done"] != sum(dispositions.values()):
                    self.told.looks.append(f"{passed_s():.1f} s: the sums of {name} do not add up: {seen}")

    async def _is_over(self) -> bool:
        """Whether every campaign is; whoever is paused is resumed, as a person would do when all is well again."""
        over = len(self.told.imported) + len(self.told.missed) == len(self.plan.campaigns)
        for name, campaign_id in self.told.campaigns.items():
            seen = await self._get(f"/v1/campaigns/{campaign_id}")
            if seen is None:
                return False
            if seen["state"] == "paused":
                self.told.resumed.append((passed_s(), name))
                await self._post(f"/v1/campaigns/{campaign_id}/resume")
            ended = seen["state"] in {"completed", "cancelled"}
            over = over and ended and seen["counts"]["done"] == seen["total"]
        for ids in self.told.singles.values():
            for call_id in ids:
                call = await self._get(f"/v1/calls/{call_id}")
                over = over and call is not None and call["state"] == "done"
        return over

    async def _read_all(self) -> None:
        for name, campaign_id in self.told.campaigns.items():
            self.told.seen[name] = await self._get(f"/v1/campaigns/{campaign_id}") or {}
            page = await self._get(f"/v1/campaigns/{campaign_id}/calls?limit=1000") or {"calls": []}
            self.told.calls[name] = [await self._get(f"/v1/calls/{call['id']}") or call for call in page["calls"]]
        for number, ids in self.told.singles.items():
            self.told.calls[number] = [await self._get(f"/v1/calls/{one}") or {"id": one} for one in sorted(ids)]


class _InOrder(dict[Any, None]):
    """For arq, which starts what is due in the order of a set of objects: another one in each run."""

    def add(self, one: Any) -> None:
        self[one] = None

    def update(self, many: Any) -> None:  # type: ignore[override]
        for one in many:
            self[one] = None

    def remove(self, one: Any) -> None:
        del self[one]


def install(machine: redis_wire.RedisMachine) -> None:
    """Put the simulation's parts in place of the real ones, once for this process."""
    redis_wire.install(machine)
    arq.worker.set = _InOrder  # type: ignore[attr-defined]
    for seldom in ("WATCH_SECONDS", "AGAIN_SECONDS", "ERASE_SECONDS", "ESCALATE_SECONDS", "RECORDING_SECONDS"):
        # No plan has a conference, an escalation, a recording or a number to be forgotten: the looks are saved.
        setattr(jobs.worker, seldom, {0})
    jobs.hang_up.LOOK_S = 1.0
    document = openapi_document(dialer.api.app.ROUTES)
    dialer.api.app.openapi_document = lambda _: document  # type: ignore[assignment, attr-defined, unused-ignore]
    dialer.redis.life.begin = virtual_time.begin_at_once  # type: ignore[attr-defined]
    virtual_time.lend_datetime(arq.worker, dialer.providers.kpn.client, dialer.callbacks.sending)


def run(plan: Plan, machine: redis_wire.RedisMachine) -> World:
    """Carry out a plan."""
    virtual_time.restart()
    dice = random.Random(plan.seed * 7 + 3)
    random.seed(plan.seed)
    os.urandom = random._urandom = dice.randbytes  # type: ignore[attr-defined]
    secrets._sysrand = dice  # type: ignore[attr-defined]
    loop = virtual_time.VirtualLoop()
    loop.set_task_factory(processes.task_factory)
    asyncio.set_event_loop(loop)
    world = World(plan, machine)
    try:
        loop.run_until_complete(world.run())
    finally:
        with suppress(Exception):
            loop.run_until_complete(world.end())
        loop.close()
    return world
