"""Sending webhooks to a server and telling how it took them: what the parts `webhooks` and `answers` have in common.

The servers are an API process of ours and the bare handler (`floors/handler.py`); the senders are processes of their
own (`carrier_calls.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dialer.cli.stack import free_port
from tests.bench import children, machine
from tests.bench.floors.handler import SCRIPT_KEY
from tests.bench.size import Figures, rounded
from tests.bench.stage import HOST, Stage

_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Target:
    """A server to send to, and its process."""

    url: str
    pid: int


async def start_bare(stage: Stage, script: bytes) -> Target:
    """The bare handler, answering with this script."""
    await stage.redis.set(SCRIPT_KEY, script)
    port = free_port(HOST)
    running = stage.keep(
        await children.start_program("floors.handler", stage.log("handler"), redis_url=stage.redis_url, port=port)
    )
    url = f"http://{HOST}:{port}"
    await stage.until_answers(f"{url}/summary", running)
    return Target(url, running.pid)


async def sent(stage: Stage, target: Target, load: dict[str, Any]) -> Figures:
    """Send a load of `carrier_calls`, not while Redis rewrites its file. Raises AssertionError where some failed."""
    log = stage.log(f"carrier-{load['what']}-{load['first']}-{target.pid}")
    await stage.until_file_rewritten()
    forks, overflows = await _forks(stage), machine.listen_overflows()
    found = await children.measured("carrier_calls", log, limit_s=_LIMIT_S, **load)
    if found["failed"]:
        raise AssertionError(f"{found['failed']} {load['what']}s of {found['taken']} failed")
    return {
        "per_s": rounded(found["per_s"]),
        "taken": found["taken"],
        "ms": found["ms"],
        "file_rewrites_meanwhile": await _forks(stage) - forks,
        "listen_overflows_meanwhile": machine.listen_overflows() - overflows,
    }


async def _forks(stage: Stage) -> int:
    """How often Redis has begun to rewrite its file; it does nothing else in a process of its own."""
    stats: dict[str, Any] = await stage.redis.info("stats")
    return int(stats["total_forks"])
