"""Erasing a person from outside: over the API and the command line, with a worker and a carrier, to the proof."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dialer import idempotency, keys
from dialer.cli import main
from dialer.erasures.proof import is_about, is_genuine, number_digest, signed
from dialer.errors import InvalidInput, StoreUnavailable
from dialer.runtime import keep_to_data, open_runtime
from dialer.store import erasing_calls
from jobs.erase import erase
from jobs.hang_up import HangUpRounds
from tests.fakes.keyspace import dump
from tests.fakes.switchboard import KEY, Switchboard

NUMBER = "+31612345678"
Json = dict[str, Any]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for last webhooks or between looks here."""
    monkeypatch.setattr(erasing_calls, "SETTLE_MS", 0)
    monkeypatch.setattr("jobs.erase.LOOK_AGAIN_MS", 0)
    monkeypatch.setattr("dialer.cli.erase._LOOK_S", 0.05)


async def ask(board: Switchboard, path: str, **body: Any) -> tuple[int, Json]:
    """POST a body; status and answer."""
    async with board.http.post(path, json=body) as response:
        return response.status, await response.json()


async def worked_off(board: Switchboard, erasure_id: str) -> Json:
    """The erasure once a worker has carried it out, hanging up what is to be."""
    hanging_up = asyncio.create_task(HangUpRounds(board.context).run())
    try:
        async with asyncio.timeout(20):
            while not (told := await board.get(f"/v1/erasures/{erasure_id}"))["ended"]:
                await erase({"context": board.context})
                await asyncio.sleep(0.02)
            return told
    finally:
        hanging_up.cancel()


async def test_a_call_that_is_up_is_hung_up_and_erased(board: Switchboard) -> None:
    """From the asking to the proof: the call ends, its webhooks arrive, and nothing of the number stays in Redis."""
    call_id = await board.up(NUMBER)
    status, begun = await ask(board, "/v1/numbers/erase", number="06-12345678", hang_up=True, by="the office")
    ended = await worked_off(board, begun["id"])
    text = json.dumps(await dump(board.runtime.redis), default=str)
    proof = ended["proof"]

    assert (202, False) == (status, begun["ended"])
    assert ("erased", "answered") == ((call := await board.call(call_id)).number, call.disposition)
    assert not [word for word in ("31612345678", "0612345678") if word in text]
    assert ({"calls": 1, "attempts": 1}, "the office", []) == (
        {name: proof["removed"][name] for name in ("calls", "attempts")},
        proof["requested_by"],
        proof["checked"]["left"],
    )


async def test_a_proof_is_checked(board: Switchboard) -> None:
    """It is ours as long as nobody changed it, and about the one number only."""
    _, begun = await ask(board, "/v1/numbers/erase", number=NUMBER, suppress=True)
    proof = (await worked_off(board, begun["id"]))["proof"]
    forged = proof | {"suppression": "none"}
    path = "/v1/erasure-proofs/check"

    assert "hash" == proof["suppression"]
    assert (200, {"genuine": True, "about_number": True}) == await ask(board, path, proof=proof, number="0612345678")
    assert (200, {"genuine": True, "about_number": False}) == await ask(board, path, proof=proof, number="0612345679")
    assert (200, {"genuine": False, "about_number": None}) == await ask(board, path, proof=forged)
    _, stands = await ask(board, "/v1/suppressions/check", number=NUMBER)
    listed = await board.get("/v1/suppressions")
    assert (True, ["erased"]) == (stands["suppressed"], [one["number"] for one in listed["suppressions"]])


async def test_a_runtime_with_another_secret_does_not_open(board: Switchboard) -> None:
    """API and worker say which variable is wrong instead of calling whom nobody may call."""
    await ask(board, "/v1/numbers/erase", number=NUMBER, suppress=True)
    settings = board.runtime.settings.model_copy(update={"erasure_secret": None})

    with pytest.raises(InvalidInput, match="DIALER_ERASURE_SECRET"):
        async with open_runtime(settings):
            pass


async def test_a_worker_with_another_secret_ends(board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs until the first hash is there, and ends by itself with the variable's name."""
    monkeypatch.setattr("dialer.runtime.LOOK_S", 0.02)
    settings = board.runtime.settings.model_copy(update={"erasure_secret": None})
    async with open_runtime(settings) as elsewhere:
        keeping = asyncio.create_task(keep_to_data(elsewhere))
        await asyncio.wait([keeping], timeout=0.1)
        runs = not keeping.done()
        await ask(board, "/v1/numbers/erase", number=NUMBER, suppress=True)
        with pytest.raises(InvalidInput, match="DIALER_ERASURE_SECRET"):
            await asyncio.wait_for(keeping, 5)

    assert runs


@pytest.mark.parametrize("body", [{}, {"number": "12"}, {"number": NUMBER, "by": ""}, {"number": NUMBER, "all": True}])
async def test_what_cannot_be_read_changes_nothing(body: Json, board: Switchboard) -> None:
    """The error names the field, and no erasure begins."""
    status, problem = await ask(board, "/v1/numbers/erase", **body)

    assert (422, True) == (status, bool(problem["errors"]))
    assert "erasing" not in await dump(board.runtime.redis)


async def test_an_unknown_erasure_is_not_found(board: Switchboard) -> None:
    """Also one whose name would be that of another key."""
    for name in ("e1", "e:1"):
        async with board.http.get(f"/v1/erasures/{name}") as response:
            assert 404 == response.status


async def dialer(board: Switchboard, *words: str, answer: str = "") -> Result:
    """Run `dialer erase` with the address of this dialer."""
    told = ["erase", "--url", board.url, "--api-key", KEY, *words]
    return await asyncio.to_thread(CliRunner().invoke, main, told, answer)


async def test_the_command_line_asks_waits_and_prints_the_proof(board: Switchboard) -> None:
    """Without a yes nothing is erased; with it the proof is printed as JSON."""
    await board.campaign([NUMBER])
    refused = await dialer(board, NUMBER, answer="n\n")
    there = len(await board.runtime.store.calls_of(NUMBER))
    asking = asyncio.create_task(dialer(board, NUMBER, "--yes", "--by", "me"))
    async with asyncio.timeout(20):
        while not asking.done():
            await erase({"context": board.context})
            await asyncio.sleep(0.02)
    printed = (await asking).stdout

    assert (1, 1, 0) == (refused.exit_code, there, len(await board.runtime.store.calls_of(NUMBER)))
    assert '"requested_by": "me"' in printed
    assert '"signature": "' in printed


def test_a_signature_covers_every_field() -> None:
    """Whatever is changed, added or taken away, it is no proof any more; nor under another secret."""
    proof = signed("secret", {"a": 1, "salt": "s", "number_digest": number_digest("secret", "s", NUMBER)})

    assert is_genuine("secret", proof)
    assert is_about("secret", proof, NUMBER)
    assert not is_genuine("other", proof)
    assert not any(
        is_genuine("secret", changed)
        for changed in ({**proof, "a": 2}, {**proof, "b": 1}, {k: v for k, v in proof.items() if k != "a"}, {})
    )
    assert not is_about("other", proof, NUMBER)


async def test_erasure_is_begun_once_under_a_key(board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked again it is the same one, also where the process died before its answer; of the number nothing is kept."""
    headers = {"Idempotency-Key": "k"}
    kept = idempotency.keep

    async def die(*_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(idempotency, "keep", die)
    async with board.http.post("/v1/numbers/erase", json={"number": NUMBER}, headers=headers) as lost:
        assert 503 == lost.status
    monkeypatch.setattr(idempotency, "keep", kept)
    await marker_lapses(board)
    begun = []
    for _ in range(2):
        async with board.http.post("/v1/numbers/erase", json={"number": NUMBER}, headers=headers) as response:
            begun.append((response.status, (await response.json())["id"], response.headers["Location"]))
    async with board.http.post("/v1/numbers/erase", json={"number": "+31612345679"}, headers=headers) as other:
        reused = (other.status, (await other.json())["type"])
    await worked_off(board, begun[0][1])
    keys_left = [key async for key in board.runtime.redis.scan_iter(keys.idempotency("*", "*"))]
    text = json.dumps(await dump(board.runtime.redis), default=str)

    assert begun[0] == begun[1]
    assert (202, f"/v1/erasures/{begun[0][1]}") == begun[0][::2]
    assert [begun[0][1]] == [key.rpartition(":")[2] async for key in board.runtime.redis.scan_iter(keys.erasure("*"))]
    assert (422, "/problems/idempotency-key-reused") == reused
    assert 1 == len(keys_left)
    assert NUMBER not in text
    assert "31612345678" not in text


async def marker_lapses(board: Switchboard) -> None:
    """As it does by itself half a minute after a process that died."""
    async for key in board.runtime.redis.scan_iter(keys.idempotency("*", "*")):
        await board.runtime.redis.delete(key)
