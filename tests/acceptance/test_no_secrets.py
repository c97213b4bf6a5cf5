"""No secret is told by anything that is written or asked: logs, answers, metrics, process lists, Redis, the doctor."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialer.keys import TOKEN
from tests.acceptance.conftest import NewWorld
from tests.fakes.command_line import dialer
from tests.fakes.receiver import receiver
from tests.fakes.world import KEY, SECRET, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

_CALLBACK = b"a secret for callbacks that nobody tells"
SECRETS = {
    "ERASURE_SECRET": "unmistakable-erasure-secret",
    "CARRIER_CLIENT_SECRET": "unmistakable-client-secret",
    "CALLBACK_SECRET": f"whsec_{base64.b64encode(_CALLBACK).decode()}",
}
S3 = {"AWS_ACCESS_KEY_ID": "unmistakable-s3-id", "AWS_SECRET_ACCESS_KEY": "unmistakable-s3-secret"}
WRONG = "an-unmistakable-wrong-key"
_TOKEN_WRITTEN = re.compile(re.escape(TOKEN) + r"\s+\$[0-9]+\s+(\{.*\})")
"""The one place for the access token: the fleet shares it in Redis until it lapses (dialer/keys.py)."""


async def test_a_full_run_tells_no_secret(new_world: NewWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens and callbacks refused, wrong keys and requests, a worker killed: nothing that is told holds a secret."""
    for name, value in S3.items():
        monkeypatch.setenv(name, value)
    async with receiver() as crm:
        crm.statuses = [500, 503]
        settings = SECRETS | {"CALLBACK_ORIGINS": crm.origin, "CALLBACK_URL": crm.url, "LOG_LEVEL": "debug"}
        world = await new_world(workers=2, settings=settings)
        # The stand-in takes any client; callbacks are signed with another secret than the receiver knows.
        told = await _run(world)
        told["processes"] = "\n".join(_command_lines(world))
        token, told["redis"] = _stored(world)
        told["status"] = (await dialer("status", settings=world.settings)).output
        told["doctor"] = (await dialer("doctor", "--json", settings=world.settings)).output

    assert "attempt.answered" in told["worker-1.log"] or "attempt.answered" in told["worker-0.log"]
    assert all(told.values()), [name for name, text in told.items() if not text]
    looked_for = {**SECRETS, **S3, "API_KEY": KEY, "WEBHOOK_SECRET": SECRET, "token": token, "wrong": WRONG}
    assert all(looked_for.values())
    assert [] == [
        (what, where) for what, secret in looked_for.items() for where, text in told.items() if secret in text
    ]


async def _run(world: World) -> dict[str, str]:
    people = world.people(6)
    world.carrier.phone(people[0]).is_busy()
    for fault in ("401", "500", "reset"):
        world.carrier.faults.next_place(fault)
    run = await world.dial(people)
    await world.until_placings(3)
    await world.workers[0].kill()
    await run.until_done(within_s=50)
    answers = await _careless(world)
    for path in ("/metrics", "/openapi.json", "/v1/me", "/v1/audit/export", "/v1/trunks", "/v1/callbacks"):
        async with world.http.get(path) as response:
            answers[path] = await response.text()
    return answers | {file.name: file.read_text("utf-8", "replace") for file in world.folder.glob("*.log")}


async def _careless(world: World) -> dict[str, str]:
    """Errors of the API, to wrong keys, wrong bodies and wrong signatures."""
    wrong = {"Authorization": f"Bearer {WRONG}"}
    requests = [
        ("GET", "/v1/campaigns", wrong, None),
        ("GET", f"/v1/campaigns?key={KEY.replace(' ', '')}", {}, None),
        ("POST", "/v1/campaigns", {}, {"name": "x", "kind": "none", "script": {}}),
        ("POST", "/webhooks/forged/event", wrong, {"status": "ringing"}),
        ("GET", "/v1/nothing", {}, None),
    ]
    told = {}
    for method, path, headers, body in requests:
        async with world.http.request(method, path, headers=headers, json=body) as response:
            assert 400 <= response.status < 500
            told[f"answer to {method} {path}"] = await response.text()
    return told


def _command_lines(world: World) -> Iterator[str]:
    """As `ps` shows them to everybody on the machine."""
    for program in (world.api, world.workers[1]):
        yield Path(f"/proc/{program.process.pid}/cmdline").read_text("utf-8")
    yield Path(f"/proc/{world.redis.pid}/cmdline").read_text("utf-8")


def _stored(world: World) -> tuple[str, str]:
    """The carrier's access token, and all else that was ever written to Redis, as it stands in its file."""
    files = (world.folder / "data").rglob("*.aof")
    whole = "".join(file.read_text("utf-8", "replace") for file in files)
    tokens = re.findall(_TOKEN_WRITTEN, whole)
    return str(json.loads(tokens[-1])["access_token"]), re.sub(_TOKEN_WRITTEN, "", whole)
