"""Redis: does it answer, is it young enough, does every write survive, is there room, may we write.

What managed servers keep back (`CONFIG`) is read from `INFO` where it stands there too, and named where it does not.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from redis.exceptions import RedisError

from dialer import keys, probe
from dialer.causes import CERTIFICATE, NAME
from dialer.doctor.finding import Finding, failed, ok, warning
from dialer.doctor.patient import Patient
from dialer.errors import OtherData
from dialer.redis.life import ADVICE, Told
from dialer.redis.program import OLDEST, Version
from dialer.redis.seen import Seen
from dialer.schema import WRITES, Stamp, check, is_older

_BYTES_PER_CALL = 1_100  # a finished call, measured (README, Figures)
_ROOM_FOR = 100_000  # calls: below it a large list may not fit
_FULL = 0.95
_SLOW_MS = 50.0  # a call takes about ten such steps, and so does every webhook
_MEGABYTE = 1_000_000
_REMEDY = "in redis.conf (an example: deploy/redis/redis.conf)"
_MAKE_ROOM = "Make room on the disk of Redis' files (its log says more): it tries again by itself."


async def reachable(patient: Patient) -> Finding:
    """It answers, and is a server that the scripts run on."""
    if patient.redis is None:
        return failed(patient.redis_trouble, _way_to_it(patient.redis_trouble))
    told = await patient.store.info("server")
    if told.get("redis_mode") == "cluster":
        return failed("it is a Redis Cluster", "Use one primary, with replicas if you like: arq needs a single one.")
    version = Version.parse(f"redis {told.get('redis_version')}")
    if version is None or version.number < OLDEST:
        wanted = f"{OLDEST[0]}.{OLDEST[1]}"
        return failed(f"version {told.get('redis_version')}", f"Version {wanted} or newer is needed: upgrade it.")
    return ok(f"version {told.get('valkey_version') or told.get('redis_version')} answers")


async def append_only(patient: Patient) -> Finding:
    """Writes go into a file that outlives the server."""
    told = await patient.store.info("persistence")
    if told.get("aof_enabled") != 1:
        return failed("appendonly no: a restart of Redis loses calls", f"Set `appendonly yes` {_REMEDY}.")
    if told.get("aof_last_bgrewrite_status") == "err":
        return warning("it could not be rewritten, so it goes on growing", _MAKE_ROOM)
    return ok("appendonly yes")


async def synced(patient: Patient) -> Finding:
    """Each write is on disk before it is acknowledged."""
    told = await _configured(patient, "*appendfsync*")
    if told is None:
        advice = "Ask whoever runs it whether `appendfsync` is `always`; with `everysec` a crash may lose a second."
        return warning("could not be looked at: this Redis refuses CONFIG", advice)
    policy = told.get("appendfsync", "")
    advice = f"Set `appendfsync always` {_REMEDY}."
    if policy == "no":
        return failed("appendfsync no: a crash loses what was written in the last half minute", advice)
    if policy != "always":
        return warning(f"appendfsync {policy}: a crash loses up to a second, and a phone may ring twice", advice)
    if told.get("no-appendfsync-on-rewrite") == "yes":
        advice = f"Set `no-appendfsync-on-rewrite no` {_REMEDY}."
        return warning("not while the file is rewritten (no-appendfsync-on-rewrite yes)", advice)
    return ok("appendfsync always")


async def eviction(patient: Patient) -> Finding:
    """Nothing is thrown away to make room."""
    memory = await patient.store.info("memory")
    policy, limit = memory.get("maxmemory_policy"), int(memory.get("maxmemory", 0))
    advice = f"Set `maxmemory-policy noeviction` {_REMEDY}: a key that is thrown away is a lost call."
    if policy == "noeviction":
        return ok("maxmemory-policy noeviction")
    if not limit:
        return warning(f"maxmemory-policy {policy}, without a limit as yet", advice)
    return failed(f"maxmemory-policy {policy}", advice)


async def room(patient: Patient) -> Finding:
    """There is memory for more calls."""
    memory = await patient.store.info("memory")
    used, limit = int(memory["used_memory"]), int(memory.get("maxmemory", 0))
    most = limit or int(memory.get("total_system_memory", 0))
    if not most:
        return warning(f"{used / _MEGABYTE:.0f} MB used, of how much is not told", "Look at it where Redis runs.")
    name = "maxmemory" if limit else "the machine's memory"
    free = max(0, most - used)
    found = f"{used / _MEGABYTE:.0f} of {most / _MEGABYTE:.0f} MB ({name}): room for {free // _BYTES_PER_CALL:,} calls"
    advice = "Give Redis more memory, or shorten DIALER_RETENTION_DAYS."
    if used > most * _FULL:
        return failed(found, advice)
    return warning(found, advice) if free < _ROOM_FOR * _BYTES_PER_CALL else ok(found)


async def written(patient: Patient) -> Finding:
    """A key can be written, read back and removed, in good time."""
    started = time.perf_counter()
    try:
        nonce, _ = await probe.offer(patient.store, "")
        there = await patient.store.delete(keys.probe(nonce)) == 1
    except RedisError as error:
        return failed(f"a write was refused: {error}", "Give the dialer's user all rights on a primary (no replica).")
    took_ms = (time.perf_counter() - started) * 1000
    if not there:
        return failed("what was written is not there", "DIALER_REDIS_URL must lead to one primary, not to several.")
    if took_ms > _SLOW_MS:
        return warning(f"written and removed in {took_ms:.0f} ms", "Run Redis near the workers, on a faster disk.")
    return ok(f"written and removed in {took_ms:.1f} ms")


async def version(patient: Patient) -> Finding:
    """The data is of a version that this release works on."""
    read: Any = patient.store.hmget(keys.SCHEMA, ["version", "needs"])
    told, needs = await read
    if told is None:
        return ok("nothing is stored, or by a release from before there were versions")
    stamp = Stamp(int(told), int(needs))
    try:
        check(stamp)
    except OtherData as error:
        return failed(f"version {stamp.version}, for programs of {stamp.needs} or newer", str(error))
    if is_older(stamp):
        advice = "Run `dialer migrate` once every process is of this release."
        return warning(f"version {stamp.version}, and this release writes {WRITES}", advice)
    return ok(f"version {stamp.version}")


async def past(patient: Patient) -> Finding:
    """The data is not older than what was seen of it: here, or by a process that said so."""
    asked: Any = patient.store.hget(keys.LIFE, "id")
    if (life := await asked) is None:
        return ok("no process has worked on this data yet")
    try:
        seen = await asyncio.to_thread(Seen(patient.settings.data_dir).read, life)
    except OSError as error:
        return warning(f"what this machine knows of it cannot be read ({error.strerror})", "See DIALER_DATA_DIR.")
    # In this order: attempts begin meanwhile.
    read: Any = patient.store.hmget(keys.LIFE, ["begun", "known", "before"])
    told = Told.read(life, *await read)
    told = told._replace(known=max(told.known, seen if seen > told.begun else 0))
    if told.known:
        return failed(f"older than what was seen of it: it lacks {told.lacks}", ADVICE)
    return ok(f"{told.begun} attempts since its life began, and nobody here knows of more")


def _way_to_it(trouble: str) -> str:
    if CERTIFICATE in trouble:
        return "Renew Redis' certificate, or set DIALER_REDIS_CA_FILE to the authority that signed it."
    if "MISCONF" in trouble:
        return _MAKE_ROOM
    if NAME in trouble:
        return "Mend this machine's DNS or the name's entry there, or DIALER_REDIS_URL."
    return "Start it, or mend DIALER_REDIS_URL (redis://host:6379/0)."


async def _configured(patient: Patient, pattern: str) -> dict[str, Any] | None:
    """The parameters of these names; None where they are kept back."""
    try:
        told = await patient.store.config_get(pattern)
    except RedisError:
        return None
    return dict(told) or None
