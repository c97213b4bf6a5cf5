"""`dialer doctor`: everything that a first live day needs, looked at step by step, with advice.

`CHECKS` is the one list: a new check is a function in the module of its subject and a line here. A step whose
groundwork is not well is not looked at, so one broken thing is told once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from redis.exceptions import RedisError

from dialer.doctor import (
    access,
    carrier,
    clocks,
    permissions,
    processes,
    reach,
    recordings,
    replicas,
    store,
    variables,
)
from dialer.doctor.finding import Finding, State, failed, skipped
from dialer.doctor.patient import Patient
from dialer.errors import CarrierError


@dataclass(frozen=True, slots=True)
class Check:
    """One step.

    Attributes:
        step: what it is called.
        after: the steps without which it makes no sense.
    """

    step: str
    look: Callable[[Patient], Awaitable[Finding]]
    after: tuple[str, ...] = ()


_REDIS, _TOKEN, _REACHED = "redis", "access token", "reached from outside"

CHECKS = (
    Check("settings", variables.complete),
    Check("spelling", variables.spelt),
    Check("secrets", variables.secret),
    Check("caller id", variables.caller_id),
    Check("voice", variables.voice),
    Check("traces", variables.traces),
    Check(_REDIS, store.reachable),
    Check("append-only file", store.append_only, (_REDIS,)),
    Check("sync to disk", store.synced, (_REDIS,)),
    Check("eviction", store.eviction, (_REDIS,)),
    Check("memory", store.room, (_REDIS,)),
    Check("write", store.written, (_REDIS,)),
    Check("data", store.version, (_REDIS,)),
    Check("past", store.past, (_REDIS,)),
    Check("permissions", permissions.granted, (_REDIS, "write")),
    Check("replicas", replicas.followed, (_REDIS, "write")),
    Check("clock here", clocks.here, (_REDIS,)),
    Check("carrier's clock", clocks.carrier, (_REDIS,)),
    Check("api", processes.api, (_REDIS, "write")),
    Check("api keys", access.lasting, (_REDIS,)),
    Check("workers", processes.workers, (_REDIS,)),
    Check(_TOKEN, carrier.token),
    Check("product", carrier.product, (_TOKEN,)),
    Check("application", carrier.application, (_TOKEN,)),
    Check("recordings", carrier.recordings, (_TOKEN,)),
    Check("trunks", carrier.trunks),
    Check("storage", recordings.storage),
    Check("public address", reach.address),
    Check(_REACHED, reach.reached, (_REDIS, "write")),
    Check("closed to strangers", reach.closed, (_REACHED,)),
    Check("metrics", reach.metrics, (_REACHED,)),
)


async def examine(patient: Patient, checks: tuple[Check, ...] = CHECKS) -> AsyncIterator[tuple[str, Finding]]:
    """Look at one after another; each step's name and what was found."""
    ended: dict[str, State] = {}
    for check in checks:
        lacking = next((step for step in check.after if ended[step] in {State.FAILED, State.SKIPPED}), None)
        finding = await _looked(check, patient) if lacking is None else skipped(f"needs {lacking}")
        ended[check.step] = finding.state
        yield check.step, finding


async def _looked(check: Check, patient: Patient) -> Finding:
    try:
        return await check.look(patient)
    except CarrierError as error:
        return failed(str(error), "Try again in a minute.")
    except (RedisError, OSError) as error:
        return failed(f"Redis broke off ({type(error).__name__})", "Look at Redis, and run this again.")
