"""The units of systemd: taken by its own tools, closed, true to the settings, and run as they say."""

from __future__ import annotations

import asyncio
import ctypes
import re
import sys
from pathlib import Path

import aiohttp
import pytest

from dialer.cli.stack import _API_GRACE_S, _WORKER_GRACE_S
from dialer.processes import child
from dialer.settings import Settings, environment_name
from dialer.simulator import Simulator
from tests.fakes.fleet import environment, free_port
from tests.fakes.programs import run
from tests.fakes.redis_server import redis_server
from tests.fakes.units import SERVICES, UNITS, options_of, seconds, variables_of
from tests.fakes.waiting import until
from tests.fakes.world import QUICK, QUICK_SETTINGS

MOST_EXPOSED = 15
"""Of 100, what `systemd-analyze security` may find open, as it counts: a service without any of it has 96."""
OURS = "/opt/dialer/bin/dialer"
PHONE = "+31612345678"
SECRETS = {
    f"DIALER_{name}": f"{name} of the units"
    for name in ("API_KEY", "WEBHOOK_SECRET", "ERASURE_SECRET", "CARRIER_CLIENT_ID", "CARRIER_CLIENT_SECRET")
}
API, WORKER = SERVICES
EACH_SERVICE = pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem.rstrip("@"))
_PR_SET_MDWE, _REFUSE_EXEC_GAIN = 65, 1


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with all units; the dialer's program is one that is there."""
    for unit in UNITS:
        assert OURS in unit.read_text("utf-8") or unit.suffix == ".target"
        (tmp_path / unit.name).write_text(unit.read_text("utf-8").replace(OURS, "/bin/true"), "utf-8")
    return tmp_path


def verified(folder: Path) -> str:
    """What systemd has to say of the units; it ends well although it does not know a setting."""
    names = ["dialer-api@8080.service", "dialer-worker@1.service", "dialer.target"]
    code, said = run("systemd-analyze", "--man=no", "verify", *(folder / name for name in names))
    return f"{code} {said}".strip()


def test_systemd_has_nothing_to_say(installed: Path) -> None:
    """No setting that it does not know, no value that it does not take."""
    assert "0" == verified(installed)


@pytest.mark.parametrize(("right", "wrong"), [("RestartSec=", "RestartSecs="), ("KillMode=mixed", "KillMode=gentle")])
def test_systemd_says_what_is_wrong(installed: Path, right: str, wrong: str) -> None:
    """A misspelt setting or value is found by the same look."""
    unit = installed / API.name
    unit.write_text(unit.read_text("utf-8").replace(right, wrong), "utf-8")

    assert "dialer-api@.service" in verified(installed)


@EACH_SERVICE
def test_service_is_closed(unit: Path) -> None:
    """What a process of ours could do beyond its work is less than the limit, by systemd's own count."""
    code, said = run("systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", unit)

    assert 0 == code, said
    assert re.search(r"Overall exposure level for .*: 1\.\d OK", said)


def test_services_are_closed_alike() -> None:
    """Below what each has of its own they are the same, but for the key, which a worker has no use for."""
    api, worker = (unit.read_text("utf-8").split("# --- Settings and secrets ---")[1] for unit in SERVICES)

    assert api == worker
    assert "dialer_api_key" in options_of(API)["LoadCredential"]
    assert "dialer_api_key" not in options_of(WORKER)["LoadCredential"]


@EACH_SERVICE
def test_variables_and_secrets_are_settings(unit: Path) -> None:
    """Each DIALER_* of a unit, and each file of a secret, is one that the dialer reads; no secret is a variable."""
    known = {environment_name(name): field for name, field in Settings.model_fields.items()}
    named = set(variables_of(unit, {"i": "1", "d": "/d", "S": "/s"}))
    secrets = {name.upper() for name in options_of(unit)["LoadCredential"]}

    assert set() == (named | secrets) - known.keys()
    assert set() == named & secrets
    assert {name for name, field in known.items() if "SecretStr" in str(field.annotation)} - secrets <= {
        "DIALER_REDIS_SENTINEL_PASSWORD", "DIALER_API_KEY",
    }  # fmt: skip


def test_nobody_is_killed_while_it_ends() -> None:
    """A worker may take its longest time limit and what follows it, an API its grace and its own."""
    (limit,) = (m.le for m in Settings.model_fields["carrier_timeout_s"].metadata if hasattr(m, "le"))
    grace = float(variables_of(API, {"i": "1", "d": "/d", "S": "/s"})["DIALER_API_GRACE_S"])

    assert limit + _WORKER_GRACE_S < seconds(WORKER, "TimeoutStopSec")
    assert grace + _API_GRACE_S < seconds(API, "TimeoutStopSec")


def _allow_no_new_code() -> None:
    """As MemoryDenyWriteExecute does, by the kernel's own means."""
    ctypes.CDLL(None).prctl(_PR_SET_MDWE, _REFUSE_EXEC_GAIN, 0, 0, 0)


async def _started(unit: Path, folder: Path, instance: str, settings: dict[str, str]) -> asyncio.subprocess.Process:
    """The process of a unit, with its command and its environment, and that of the file of settings over it."""
    specifiers = {"i": instance, "d": str(folder / "credentials"), "S": str(folder)}
    (command,) = options_of(unit)["ExecStart"]
    words = command.replace(OURS, f"{sys.executable} -m dialer").split()
    with (folder / f"{unit.stem}.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *words, env=environment({}) | variables_of(unit, specifiers) | settings, stdout=log, stderr=log,
            preexec_fn=_allow_no_new_code, start_new_session=True,
        )  # fmt: skip


@pytest.mark.asyncio
async def test_services_dial_as_they_are_written(tmp_path: Path) -> None:
    """With secrets from files, settings of a file, and no code that was not there at the start, a phone rings once."""
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    port = str(free_port())
    async with Simulator(QUICK) as carrier:
        with redis_server("--appendonly", "yes", "--appendfsync", "always") as url:
            for name, value in {**SECRETS, "DIALER_REDIS_URL": url}.items():
                (credentials / name.lower()).write_text(f"{value}\n", "utf-8")
            settings = {f"DIALER_{name}": value for name, value in QUICK_SETTINGS.items()} | {
                "DIALER_CARRIER_URL": carrier.url, "DIALER_CARRIER_TOKEN_URL": carrier.token_url,
                "DIALER_CARRIER_APPLICATION_ID": "units", "DIALER_FROM_NUMBER": "+31201234567",
                "DIALER_PUBLIC_URL": f"http://127.0.0.1:{port}",
            }  # fmt: skip
            processes = [await _started(API, tmp_path, port, settings), await _started(WORKER, tmp_path, "1", settings)]
            try:
                await _dial(f"http://127.0.0.1:{port}", tmp_path)
                await until(lambda: carrier.rings(PHONE) > 0)
                await until(lambda: carrier.live == 0)
                ends = [await child.end(process, grace_s=seconds(unit, "TimeoutStopSec"))
                        for process, unit in zip(processes, SERVICES, strict=True)]  # fmt: skip
            finally:
                for process in processes:
                    if process.returncode is None:
                        process.kill()
                        await process.wait()
    assert [0, 0] == ends
    assert 1 == carrier.rings(PHONE)


async def _dial(origin: str, folder: Path) -> None:
    """Order one call once the API and the worker are there."""
    logs = [folder / f"{unit.stem}.log" for unit in SERVICES]
    for log, words in zip(logs, ("listens on", "worker.started"), strict=True):
        await until(lambda log=log, words=words: words in log.read_text("utf-8"), within_s=30)  # type: ignore[misc]
    async with aiohttp.ClientSession(origin, headers={"Authorization": f"Bearer {SECRETS['DIALER_API_KEY']}"}) as http:
        answer = await http.post("/v1/calls", json={"number": PHONE, "script": {"text": "Hello."}})
        assert answer.ok, await answer.text()
