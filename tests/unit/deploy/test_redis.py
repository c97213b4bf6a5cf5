"""The files of deploy/redis/ on each server program here: taken, as durable as doctor asks, closed to others."""

from __future__ import annotations

import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from dialer.doctor import Check, examine, permissions, store
from dialer.doctor.finding import State
from dialer.doctor.patient import open_patient
from dialer.lua import READS
from dialer.redis.program import _candidates
from dialer.settings import load_settings
from tests.fakes.redis_fence import USERS, allowed_users
from tests.fakes.redis_server import redis_server

ROOT = Path(__file__).parents[3]
DEPLOYED = ROOT / "deploy" / "redis"
PASSWORD = "a-password"
PROGRAMS = sorted({str(path) for path in _candidates()})
CHECKS = tuple(
    Check(step, look)
    for step, look in {
        "redis": store.reachable,
        "append-only file": store.append_only,
        "sync to disk": store.synced,
        "eviction": store.eviction,
        "write": store.written,
        "permissions": permissions.granted,
    }.items()
)


def _granted(user: str) -> set[str]:
    line = next(line for line in USERS.read_text().splitlines() if line.startswith(f"user {user} "))
    return {word[1:].upper() for word in line.split() if word.startswith("+")}


def _used() -> set[str]:
    """Every command that stands in a script, or is given to a batch."""
    scripts = "\n".join(path.read_text() for path in (ROOT / "dialer" / "lua").rglob("*.lua"))
    code = "\n".join(path.read_text() for place in ("dialer", "jobs") for path in (ROOT / place).rglob("*.py"))
    given = re.findall(r"\.command\(\s*\"(CLIENT|[A-Z]+)\"(?:, \"([A-Z]+)\")?", code)
    words = {f"{name}|{second}" if name == "CLIENT" else name for name, second in given}
    return {*re.findall(r"redis\.p?call\('([A-Z]+)'", scripts), *words}


def test_whatever_is_used_is_granted_and_looked_at() -> None:
    """A command that comes new into a script or a batch goes into the file of users and into doctor's list."""
    needed = {*permissions.ON_KEYS, *permissions.BESIDES}

    assert set() == _used() - needed
    assert needed | {"CONFIG|GET"} == _granted("dialer")
    assert set() == needed - _used() - READS - {*permissions.BESIDES, "BLPOP", "EXPIRE", "INCRBY", "PSETEX"}


@asynccontextmanager
async def _server(program: str, tmp_path: Path, *options: str) -> AsyncIterator[str]:
    users = tmp_path / "users.acl"
    users.write_text(allowed_users(PASSWORD))
    arguments = (str(DEPLOYED / "redis.conf"), "--aclfile", str(users), *options)
    with redis_server(*arguments, program=program, password=PASSWORD) as url:
        yield url


@pytest.mark.parametrize("program", PROGRAMS)
async def test_doctor_finds_all_well(program: str, tmp_path: Path) -> None:
    """A server with both files is as durable as can be, and its user may do all that is needed."""
    async with (
        _server(program, tmp_path) as url,
        open_patient(
            load_settings(redis_url=url.replace("unix://", "unix://dialer@"), redis_password=PASSWORD), ""
        ) as patient,
    ):
        found = {step: finding async for step, finding in examine(patient, CHECKS)}

    assert {State.OK} == {finding.state for finding in found.values()}, found


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_missing_permission_is_named(program: str, tmp_path: Path) -> None:
    """Doctor names each command that its user may not run, in a script or by itself, and keys that are out of reach."""
    users = allowed_users(PASSWORD)
    for change in (" +zadd", " +wait", " ~arq:*"):
        assert change in users
        users = users.replace(change, "")
    file = tmp_path / "users.acl"
    file.write_text(users)
    with redis_server(str(DEPLOYED / "redis.conf"), "--aclfile", str(file), program=program, password=PASSWORD) as url:
        settings = load_settings(redis_url=url.replace("unix://", "unix://dialer@"), redis_password=PASSWORD)
        async with open_patient(settings, "") as patient:
            finding = await permissions.granted(patient)

    assert (State.FAILED, "refused to the dialer's user: ZADD, scripts on arq:retry:*, WAIT") == (
        finding.state,
        finding.found,
    )


@pytest.mark.parametrize("program", PROGRAMS)
async def test_users_do_theirs_and_nothing_else(program: str, tmp_path: Path) -> None:
    """Strangers are refused, monitoring reads no key, and the dialer neither others' keys nor what ends the server."""
    async with _server(program, tmp_path) as url:
        path = url.removeprefix("unix://")
        for user, words, error in (
            (None, ("PING",), (AuthenticationError, RedisError)),
            ("monitoring", ("GET", "{dialer}:token"), NoPermissionError),
            ("monitoring", ("CONFIG", "SET", "appendonly", "no"), NoPermissionError),
            ("dialer", ("GET", "somebody else's"), NoPermissionError),
            ("dialer", ("FLUSHALL",), NoPermissionError),
            ("dialer", ("SHUTDOWN",), NoPermissionError),
            ("dialer", ("EVAL", "return 1", "0"), NoPermissionError),
            ("replica", ("GET", "{dialer}:token"), NoPermissionError),
            ("sentinel", ("GET", "{dialer}:token"), NoPermissionError),
        ):
            access = {"username": user, "password": PASSWORD} if user else {}
            async with Redis(unix_socket_path=path, **access) as redis:  # type: ignore[arg-type]
                with pytest.raises(error):
                    await redis.execute_command(*words)  # type: ignore[no-untyped-call]
        async with Redis(unix_socket_path=path, username="monitoring", password=PASSWORD) as redis:
            assert {"aof_enabled", "used_memory"} <= {
                **await redis.info("persistence"),
                **await redis.info("memory"),
            }.keys()


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_password_is_shipped(program: str, tmp_path: Path) -> None:
    """As it is, the file of users is refused by the server: nobody goes live with a password that all know."""
    arguments = ["--port", "0", "--unixsocket", str(tmp_path / "s"), "--dir", str(tmp_path), "--aclfile", str(USERS)]
    ended = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 - found by us

    assert 0 != ended.returncode
    assert "ACL" in ended.stdout


@pytest.mark.parametrize("name", ["redis.conf", "replicated.conf", "sentinel.conf"])
def test_each_directive_has_its_reason(name: str) -> None:
    """Above each group of directives stands why they are so."""
    before, unexplained = "", []
    for line in (DEPLOYED / name).read_text().splitlines():
        if line and not line.startswith("#") and not before:
            unexplained.append(line)
        before = line

    assert {"bind 127.0.0.1"} >= {*unexplained}
