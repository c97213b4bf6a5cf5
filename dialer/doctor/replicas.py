"""The replicas of Redis: do they follow, must they confirm what is changed, and how long does that take."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from redis.exceptions import RedisError

from dialer import keys, probe
from dialer.doctor.finding import Finding, failed, ok, warning
from dialer.doctor.patient import Patient

_SETTING = "DIALER_REDIS_REPLICAS_ACKNOWLEDGED"
_CONFIRM_MS = 1000  # as long as a change waits
_SLOW_MS = 20.0  # the intent to place a call is stored 25 ms before its moment
_MANUAL = "docs/redis.md"


async def followed(patient: Patient) -> Finding:
    """It is a primary, and what may be lost with it does no harm."""
    told = await patient.store.info("replication")
    wanted = patient.settings.replicas_acknowledged
    if told.get("role") != "master":
        return failed("it is a replica", "DIALER_REDIS_URL must lead to the primary: name the sentinels, or it.")
    found = sum(one["state"] == "online" for name, one in told.items() if _is_replica(name, one))
    if found < wanted:
        advice = f"Nothing is dialed until {wanted} follow: see {_MANUAL}."
        return failed(f"{found} of the {wanted} replicas that must confirm changes follow", advice)
    if not found:
        return ok("no replicas, none needed")
    if not wanted:
        advice = f"Set {_SETTING}=1: a replica that takes over without it may let phones ring twice ({_MANUAL})."
        return warning(f"{found} follow and need not confirm", advice)
    return await _fenced(patient, found, spare=found > wanted)


async def _fenced(patient: Patient, found: int, *, spare: bool) -> Finding:
    least = await _least(patient)
    if least == "0":
        advice = "Set `min-replicas-to-write 1` (deploy/redis/replicated.conf): the fence for what nobody waits for."
        return warning("min-replicas-to-write 0: a primary that is cut off goes on taking changes", advice)
    took_ms = await _confirmed_in(patient, found)
    if took_ms is None:
        return failed(f"{found} did not confirm a change within a second", f"See that they keep up: {_MANUAL}.")
    words = f"{found} follow and confirmed a change in {took_ms:.1f} ms"
    if took_ms > _SLOW_MS:
        return warning(words, "Calls go out late: a replica nearer, on a faster disk, is needed.")
    if not spare:
        return warning(words, "As soon as one is away, calls stop: run one more.")
    return ok(words)


async def _least(patient: Patient) -> str | None:
    """`min-replicas-to-write`; None where it is kept back."""
    try:
        return dict(await patient.store.config_get("min-replicas-to-write")).get("min-replicas-to-write")
    except RedisError:
        return None


async def _confirmed_in(patient: Patient, replicas: int) -> float | None:
    nonce, _ = await probe.offer(patient.store, "")
    async with patient.store.pipeline(transaction=False) as pipe:
        pipe.delete(keys.probe(nonce))
        pipe.execute_command("WAIT", replicas, _CONFIRM_MS)
        started = time.perf_counter()
        _, confirmed = await pipe.execute()
    return (time.perf_counter() - started) * 1000 if confirmed >= replicas else None


def _is_replica(name: str, told: Any) -> bool:
    return name.startswith("slave") and isinstance(told, Mapping)
