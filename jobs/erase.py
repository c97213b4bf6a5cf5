"""The job that carries out erasures, step by step, and signs what was done. Any worker goes on where another died."""

from __future__ import annotations

import time
from typing import Any

import structlog

from dialer.clock import moment, now_ms
from dialer.erasures.erasure import Erasure, Plan
from dialer.erasures.proof import signed
from dialer.errors import NotFound
from dialer.store.erasing import LOOK_AGAIN_MS
from jobs.context import ArqContext, Context

log = structlog.get_logger()

_MOST = 4  # erasures in one run
_RUN_S = 10.0
"""Then the rest is for the next run, on any worker: a worker dials besides."""
_DAY_MS = 86_400_000


async def erase(ctx: ArqContext) -> None:
    """One run. Repeatable: what is erased is not found again."""
    context = ctx["context"]
    end = time.monotonic() + _RUN_S
    for erasure_id in await context.runtime.store.take_erasures(_MOST):
        try:
            await _go_on(erasure_id, context, end)
        except NotFound:
            log.warning("erasure.not_found", erasure_id=erasure_id)


async def _go_on(erasure_id: str, context: Context, end: float) -> None:
    """As far as it goes in this run."""
    store, before = context.runtime.store, ""
    while time.monotonic() < end and not context.stopping.is_set():
        erasure = await store.erase_some(erasure_id)
        if erasure.step in {"checked", "ended"} or erasure.proof:
            await _end(erasure, context)
            return
        if erasure.step == before and erasure.step in {"calls", "files"}:
            await store.pass_erasure_on(erasure_id, LOOK_AGAIN_MS)
            return
        before = erasure.step
    await store.pass_erasure_on(erasure_id)


async def _end(erasure: Erasure, context: Context) -> None:
    kept_ms = context.settings.retention_days * _DAY_MS
    secret = context.settings.webhook_secret
    proof = erasure.proof
    if proof is None and erasure.plan is not None:
        told = _proof(erasure, erasure.plan, now_ms(context.runtime.clock))
        proof = signed(secret.get_secret_value() if secret else "", told)
    await context.runtime.store.end_erasure(erasure.id, proof or {}, kept_ms)
    log.info("erasure.ended", erasure_id=erasure.id, left=len(erasure.left), **erasure.counts)


def _proof(erasure: Erasure, plan: Plan, now: int) -> dict[str, Any]:
    return {
        "erasure_id": erasure.id,
        "number_digest": plan.number_digest,
        "salt": plan.salt,
        "requested_at": moment(plan.requested_ms).isoformat(),
        "requested_by": plan.by,
        "ended_at": moment(now).isoformat(),
        "removed": dict(erasure.counts),
        "recordings": list(erasure.recordings),
        "suppression": erasure.suppression,
        "checked": {"calls_found": 0, "campaigns": list(erasure.touched), "left": list(erasure.left)},
    }
