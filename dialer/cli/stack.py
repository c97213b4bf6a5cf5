"""All programs of one machine as child processes, in the order in which they need each other.

Redis first (unless there is one elsewhere), the carrier stand-in where one is wanted, the API, then the workers; to be
stopped in reverse. Both `dialer up` and `dialer demo` are this, with different settings.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from dialer.cli.configuration import base_url
from dialer.cli.credentials import Credentials
from dialer.cli.stand_in import pointing_at
from dialer.client import AsyncDialer
from dialer.errors import InvalidInput
from dialer.processes.child import Surroundings
from dialer.processes.supervisor import Program, Supervisor
from dialer.redis.embedded import EmbeddedRedis
from dialer.settings import Settings, environment_name
from dialer.simulator.remote import BASE as CONTROL

_WORKER_GRACE_S = 15.0  # beyond the time limit of a placing under way: its result is stored, connections are closed
_API_GRACE_S = 20.0  # the sum stands in dialer/api/app.py
_STAND_IN_GRACE_S = 5.0
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """The carrier stand-in to run.

    Attributes:
        origin: where it will listen.
        options: what `dialer simulate` is told besides.
    """

    origin: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to run.

    Attributes:
        settings: complete but for `redis_url`, which may be None for a private server.
        logs: folder for what the programs write; None leaves it on our own output.
    """

    settings: Settings
    workers: int
    stand_in: StandIn | None
    logs: Path | None = None

    @property
    def url(self) -> str:
        """Where the API listens."""
        return base_url(self.settings.host, self.settings.port)


async def start(plan: Plan, supervisor: Supervisor, dialer: AsyncDialer, say: Callable[[str], None]) -> None:
    """Start everything and wait until the API answers. Raises DialerError when something does not start."""
    settings = plan.settings
    if settings.redis_url is None:
        origin = plan.stand_in.origin if plan.stand_in else None
        redis = EmbeddedRedis(settings.data_dir, stand_in=origin, api_url=plan.url, say=say)
        await supervisor.keep(redis)
        settings = settings.model_copy(update={"redis_url": redis.url})
    # Somebody else's answer on our port would pass for ours.
    _check_port(settings)
    if plan.stand_in is not None:
        await supervisor.keep(_stand_in(plan, plan.stand_in, dialer))
    await supervisor.keep(_program(plan, "api", settings, _API_GRACE_S + settings.api_grace_s, ready=dialer.is_ready))
    await supervisor.keep(*(_worker(plan, settings, number) for number in range(1, plan.workers + 1)))


def completed(settings: Settings, credentials: Credentials, stand_in: StandIn | None) -> Settings:
    """The settings with a port, keys and, for a stand-in, everything that points at it."""
    port = settings.port or free_port(settings.host)
    changes: dict[str, object] = {
        "port": port,
        "public_url": settings.public_url or base_url(settings.host, port),
        "api_key": settings.api_key or SecretStr(credentials.api_key),
        "webhook_secret": settings.webhook_secret or SecretStr(credentials.webhook_secret),
        "erasure_secret": settings.erasure_secret or SecretStr(credentials.erasure_secret),
    }
    if stand_in is not None:
        changes |= pointing_at(stand_in.origin) | {"public_url": base_url(settings.host, port)}
    return settings.model_copy(update=changes)


def new_stand_in(calls_per_second: float, *options: str) -> StandIn:
    """A stand-in on a free port of this machine that takes so many calls a second."""
    port = free_port(_LOOPBACK)
    fixed = ("--host", _LOOPBACK, "--port", str(port), "--calls-per-second", str(calls_per_second))
    return StandIn(origin=base_url(_LOOPBACK, port), options=(*fixed, *options))


def free_port(host: str) -> int:
    """A port that nobody listens on now."""
    with _bound(host, 0) as listener:
        port: int = listener.getsockname()[1]
        return port


def _stand_in(plan: Plan, stand_in: StandIn, dialer: AsyncDialer) -> Program:
    async def ready() -> bool:
        return await dialer.answers(f"{stand_in.origin}{CONTROL}/summary")

    return Program(
        "carrier stand-in",
        _command("simulate", *stand_in.options),
        surroundings=Surroundings(log=(plan.logs or plan.settings.data_dir) / "stand-in.log"),
        grace_s=_STAND_IN_GRACE_S,
        ready=ready,
    )


def _worker(plan: Plan, settings: Settings, number: int) -> Program:
    # A fixed metrics port is the first worker's; the next ones take those after it.
    port = settings.worker_metrics_port and settings.worker_metrics_port + number - 1
    own = settings.model_copy(update={"worker_metrics_port": port})
    return _program(plan, f"worker {number}", own, settings.carrier_timeout_s + _WORKER_GRACE_S)


def _program(
    plan: Plan, name: str, settings: Settings, grace_s: float, *, ready: Callable[[], Awaitable[bool]] | None = None
) -> Program:
    log = plan.logs / f"{name.replace(' ', '-')}.log" if plan.logs else None
    surroundings = Surroundings(environment=_environment(settings), log=log)
    return Program(name, _command(name.split(maxsplit=1)[0]), surroundings=surroundings, grace_s=grace_s, ready=ready)


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "dialer", *words]


def _environment(settings: Settings) -> dict[str, str]:
    """Ours, with every setting said outright, so that a child reads exactly what was decided here."""
    # No folder of secrets: a file in it would stand in for what was decided to be unset.
    said = {environment_name(name): getattr(settings, name) for name in type(settings).model_fields}
    said[environment_name("secrets_dir")] = os.devnull
    return {**os.environ, **{name: _plain(value) for name, value in said.items()}}


def _plain(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, frozenset | Mapping):
        return ",".join(sorted(value))
    return "" if value is None else str(value)


def _check_port(settings: Settings) -> None:
    try:
        _bound(settings.host, settings.port).close()
    except OSError as error:
        message = (
            f"Port {settings.port} of {settings.host} cannot be used: {error.strerror}. Set DIALER_PORT to another."
        )
        raise InvalidInput(message, field="DIALER_PORT") from error


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener
