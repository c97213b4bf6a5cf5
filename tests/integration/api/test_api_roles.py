"""Each role on each route, at the real API: who is let in does what the table says, and who is not changes nothing."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from dialer.access import Role, id_of, make_key
from dialer.keys import API_KEYS_USED, AUDITED
from dialer.runtime import Runtime
from tests.fakes.api_keys import forged, kept
from tests.integration.api.conftest import KEY
from tests.integration.api.test_api_server import exchange
from tests.unit.test_api_roles import ALLOWED

SENT: Mapping[str, Any] = {
    "POST /v1/campaigns": {"name": "Quay", "kind": "notification", "script": {"text": "Hello."}},
    "PATCH /v1/campaigns/{campaign_id}": {"weight": 3},
    "POST /v1/calls": {"number": "+31201234567", "script": {"text": "Hello."}},
    "POST /v1/calls/{call_id}/orders": {"do": "mute"},
    "POST /v1/campaigns/{campaign_id}/again": {"name": "Second round"},
    "POST /v1/suppressions/add": {"number": "+31201234568"},
    "POST /v1/suppressions/remove": {"number": "+31201234567"},
    "POST /v1/numbers/find": {"number": "+31201234567"},
    "POST /v1/numbers/erase": {"number": "+31201234567"},
    "POST /v1/keys": {"name": "another", "roles": ["admin"]},
}
"""Bodies by which a request would change something if it were let through."""

KEYLESS = ("no key", "a wrong key", "a mistyped key", "a forged key", "a lapsed key", "a revoked key")
ROLES = ("read", "operate", "launch", "admin")


@dataclass(frozen=True, slots=True)
class Keys:
    """Headers by whose key they carry, and a key that nobody uses."""

    headers: Mapping[str, Mapping[str, str]]
    idle: str


@pytest.fixture
async def keys(api: aiohttp.ClientSession, runtime: Runtime) -> Keys:
    """A key of each role, made through the API, and each way to have none."""
    made = {role: await _make(api, role) for role in (*ROLES, "revoked", "idle")}
    async with api.delete(f"/v1/keys/{id_of(made['revoked'])}") as response:
        assert 204 == response.status
    lapsed, admin = await kept(runtime, Role.ADMIN, lasts_s=-1), made["admin"]
    sent = {role: made[role] for role in ROLES} | {
        "the first key": KEY,
        "a wrong key": make_key(),
        "a mistyped key": admin[:-1] + ("0" if admin[-1] != "0" else "1"),
        "a forged key": forged(admin),
        "a lapsed key": lapsed,
        "a revoked key": made["revoked"],
    }
    headers = {whose: {"Authorization": f"Bearer {key}"} for whose, key in sent.items()}
    return Keys(headers | {"no key": {}}, str(id_of(made["idle"])))


async def _make(api: aiohttp.ClientSession, role: str) -> str:
    body = {"name": f"of {role}", "roles": [role if role in ROLES else "admin"]}
    async with api.post("/v1/keys", json=body) as response:
        assert 201 == response.status, await response.text()
        return str((await response.json())["key"])


@pytest.fixture
def path_of(attempt_id: str, keys: Keys) -> Callable[[str], str]:
    """Puts ids of things that are there into a path, where there are any."""
    campaign_id, call_id = attempt_id.partition("-")[0], attempt_id.rpartition("-")[0]
    ids = {"campaign_id": campaign_id, "call_id": call_id, "key_id": keys.idle}
    return lambda path: re.sub(r"{(\w+)}", lambda found: ids.get(found[1], "none"), path)


@pytest.fixture
def state(everything: Callable[[], Awaitable[dict[str, bytes]]], runtime: Runtime) -> Callable[[], Awaitable[object]]:
    """All that stands in Redis, the audit log too; but for when keys were last used."""

    async def read() -> object:
        log = [await runtime.redis.dump(key) for key in AUDITED]
        return log, {key: value for key, value in (await everything()).items() if key != API_KEYS_USED}

    return read


async def _ask(session: aiohttp.ClientSession, operation: str, path: str, headers: Mapping[str, str]) -> int:
    method = operation.partition(" ")[0]
    body = {} if method == "GET" or operation not in SENT else {"json": SENT[operation]}
    async with session.request(method, path, headers=headers, **body) as response:
        return response.status


@pytest.mark.parametrize("whose", KEYLESS)
async def test_nobody_without_a_good_key_gets_in(
    whose: str,
    stranger: aiohttp.ClientSession,
    keys: Keys,
    path_of: Callable[[str], str],
    state: Callable[[], Awaitable[object]],
) -> None:
    """401 everywhere (429 once wrong keys come too often), and nothing is changed; what is open stays open."""
    before = await state()
    found = {
        operation: await _ask(stranger, operation, path_of(operation.partition(" ")[2]), keys.headers[whose])
        for operation, who in ALLOWED.items()
        if who
    }

    assert {} == {operation: status for operation, status in found.items() if status not in {401, 429}}
    assert 401 in found.values()
    assert before == await state()


@pytest.mark.parametrize("role", ROLES)
async def test_a_key_does_what_its_role_says_and_no_more(
    role: str,
    stranger: aiohttp.ClientSession,
    keys: Keys,
    path_of: Callable[[str], str],
    state: Callable[[], Awaitable[object]],
) -> None:
    """Not allowed: 403 and nothing is changed; allowed: whatever else."""
    before, headers = await state(), keys.headers[role]
    barred = [operation for operation, who in ALLOWED.items() if who and role not in who]
    found = {each: await _ask(stranger, each, path_of(each.partition(" ")[2]), headers) for each in barred}

    assert dict.fromkeys(barred, 403) == found
    assert before == await state()

    open_to_it = [operation for operation, who in ALLOWED.items() if role in who]
    found = {each: await _ask(stranger, each, path_of(each.partition(" ")[2]), headers) for each in open_to_it}

    assert {} == {operation: status for operation, status in found.items() if status in {401, 403, 429, 500}}


async def test_the_first_key_may_do_everything(
    stranger: aiohttp.ClientSession, keys: Keys, path_of: Callable[[str], str]
) -> None:
    """DIALER_API_KEY is the administrator's."""
    headers = keys.headers["the first key"]
    wanted = [operation for operation, who in ALLOWED.items() if who]
    found = {each: await _ask(stranger, each, path_of(each.partition(" ")[2]), headers) for each in wanted}

    assert {} == {operation: status for operation, status in found.items() if status in {401, 403, 429, 500}}


async def test_what_is_open_stays_open(
    stranger: aiohttp.ClientSession, keys: Keys, path_of: Callable[[str], str]
) -> None:
    """The carrier, probes and scrapers need no key, and a wrong one does not disturb."""
    open_to_all = [operation for operation, who in ALLOWED.items() if not who]
    for whose in ("no key", "a wrong key"):
        found = {
            each: await _ask(stranger, each, path_of(each.partition(" ")[2]), keys.headers[whose])
            for each in open_to_all
        }

        assert {} == {operation: status for operation, status in found.items() if status in {401, 403, 429, 500}}


async def test_a_refusal_says_what_is_missing(stranger: aiohttp.ClientSession, keys: Keys) -> None:
    """Which role is needed, which the key has, and how to come by another key."""
    async with stranger.post("/v1/calls", headers=keys.headers["operate"]) as response:
        problem = await response.json()

    assert {"type": "/problems/role-missing", "status": 403, "needs": ["launch"], "roles": ["operate"]}.items() <= (
        problem.items()
    )
    assert "dialer key create NAME --role launch" in problem["detail"]


async def test_a_body_is_not_called_for_in_vain(url: str, keys: Keys) -> None:
    """`Expect: 100-continue` is answered where the role allows it, and by the refusal where not."""
    found = {}
    for role in ("operate", "launch"):
        head = f"POST /v1/calls HTTP/1.1\r\nHost: x\r\nAuthorization: {keys.headers[role]['Authorization']}\r\n"
        head += "Content-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        found[role] = (await exchange(url, head.encode()))[9:12]

    assert {"operate": b"403", "launch": b"100"} == found


async def test_a_head_asks_for_the_same_role(stranger: aiohttp.ClientSession, keys: Keys) -> None:
    """It tells less than GET, but to the same."""
    for role, status in {"launch": 403, "admin": 200}.items():
        async with stranger.head("/v1/audit", headers=keys.headers[role]) as response:
            assert status == response.status
